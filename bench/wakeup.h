/* bench/wakeup.h - the roles of a wake-up: one sleeps, one wakes it. */
#ifndef BENCH_WAKEUP_H
#define BENCH_WAKEUP_H

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "latency.h"

/*
 * Role 1 waits in its transport's way until it sleeps in the kernel. Role 0 pauses, makes sure that it
 * does, tells it something, and looks at a word that role 1 writes as soon as it knows. Both ends of
 * the time are role 0's, so no two clocks are compared; the word's way back is one line's, some ten
 * or hundred nanoseconds. What lies between operations is in no time (BENCH_APART) and in no count
 * of system calls.
 */

#define WAKEUP_AT (BENCH_ARENA_BYTES / 2) /* of the arena, for the answer; below: the transport's */
#define WAKEUP_PAUSE_NS 200000
#define WAKEUP_LONG_NS 2000000
#define WAKEUP_SIZE 64u
#define WAKEUP_LEAST 256u /* of a sample; a quarter after long pauses */

/* Tells, or sleeps until told, message i; nonzero: give up. Constants where they are called. */
typedef int (*wakeup_fn)(struct role *me, void *end, uint64_t i);

BENCH_INLINE uint64_t *wakeup_answer(const struct role *me)
{
	return (uint64_t *)(void *)(me->arena + WAKEUP_AT);
}

/* The state of a thread, as the kernel tells it: the letter behind its name. */
BENCH_INLINE int wakeup_sleeps(int fd)
{
	char text[512];
	const char *at;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return 1; /* not told: the pause has to do */
	text[n] = '\0';
	at = strrchr(text, ')');
	return at == NULL || at[1] != ' ' || at[2] == 'S';
}

/* Pauses until the sleeper sleeps. */
BENCH_INLINE int wakeup_pause(struct role *me, int fd)
{
	const int is_long = strstr(me->b->name, "2ms") != NULL;
	const struct timespec ts = {0, is_long ? WAKEUP_LONG_NS : WAKEUP_PAUSE_NS};

	control_store(&me->ctl->result[me->index].idle, 1);
	do {
		nanosleep(&ts, NULL);
		if (role_stopped(me))
			return -1;
		if (driver_now() > me->deadline)
			return role_fail(me, "the other side never sleeps");
	} while (!wakeup_sleeps(fd));
	control_store(&me->ctl->result[me->index].idle, 0);
	return 0;
}

BENCH_INLINE int wakeup_wakes(struct role *me, wakeup_fn tell, void *end, int fd)
{
	const uint64_t *answer = wakeup_answer(me);
	uint64_t i, sum = 0;

	if (role_start(me) != 0)
		return -1;
	for (i = 1; i <= me->n; i++) {
		uint64_t begun, took;

		if (wakeup_pause(me, fd) != 0)
			return -1;
		begun = clock_ns();
		if (tell(me, end, i) != 0)
			return -1;
		while (__atomic_load_n(answer, __ATOMIC_ACQUIRE) != i)
			if (role_spin(me) != 0)
				return -1;
		took = clock_ns() - begun;
		hist_record(&me->latency->response, took);
		sum += took;
	}
	role_value(me, (double)sum);
	role_done(me, me->n);
	return 0;
}

BENCH_INLINE int wakeup_waker(struct role *me, wakeup_fn tell, void *end)
{
	char path[32];
	int fd, rc;

	while (control_load(&me->ctl->ready.word) != 0) /* until then it has not said who it is */
		if (role_idle(me) != 0)
			return -1;
	snprintf(path, sizeof(path), "/proc/%d/stat", me->ctl->result[1].tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	rc = wakeup_wakes(me, tell, end, fd);
	if (fd >= 0)
		close(fd);
	return rc;
}

BENCH_INLINE int wakeup_sleeper(struct role *me, wakeup_fn hear, void *end)
{
	uint64_t i;

	if (role_start(me) != 0)
		return -1;
	for (i = 1; i <= me->n; i++) {
		if (hear(me, end, i) != 0)
			return -1;
		__atomic_store_n(wakeup_answer(me), i, __ATOMIC_RELEASE);
	}
	role_done(me, me->n);
	return 0;
}

BENCH_INLINE double wakeup_run(struct bench_env *env, const struct bench *b, role_fn waker,
			       role_fn sleeper, uint64_t n, struct bench_sample *out)
{
	memset(env->arena + WAKEUP_AT, 0, BENCH_LINE);
	return driver_run(env, b, waker, sleeper, 2, n, out);
}

/* Adds the rows of group "wakeup". size: payload bytes that are told. */
BENCH_INLINE void wakeup_add(const char *who, uint32_t flags, uint32_t size,
			     double (*run)(struct bench_env *, const struct bench *, uint64_t,
					   struct bench_sample *))
{
	struct bench b;
	unsigned i;

	for (i = 0; i < 4; i++) {
		memset(&b, 0, sizeof(b));
		b.group = "wakeup";
		b.who = who;
		b.unit = "wake-up";
		b.flags = flags | BENCH_TIME | BENCH_LATENCY | BENCH_APART |
			  (i & 1 ? BENCH_PROCS : 0) | (i > 0 ? BENCH_FULL : 0);
		b.size = size;
		/* operations come in so many, for a sample that its pauses make short of them */
		b.batch = i & 2 ? WAKEUP_LEAST / 4 : WAKEUP_LEAST;
		b.readers = 1;
		b.way = BENCH_PARK;
		b.run = run;
		snprintf(b.name, sizeof(b.name), "after-%s/%s", i & 2 ? "2ms" : "200us",
			 i & 1 ? "processes" : "threads");
		if (!(flags & BENCH_LIMIT))
			snprintf(b.ref, sizeof(b.ref), "wakeup/%s/futex", b.name);
		bench_add(&b);
	}
}

#endif
