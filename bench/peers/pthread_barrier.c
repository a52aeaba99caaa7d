/*
 * pthread_barrier_t as a peer: process-shared between processes, private between threads. glibc's
 * goes to sleep at once, so it is run beside ours where they yield and where they sleep.
 */
#include <pthread.h>

#include <stdio.h>
#include <string.h>

#include "../meet.h"

struct place {
	pthread_barrier_t barrier;
} BENCH_ALIGNED;

static int meet(struct role *me, void *party)
{
	int rc = pthread_barrier_wait(party);

	if (rc != 0 && rc != PTHREAD_BARRIER_SERIAL_THREAD)
		return role_fail(me, "pthread_barrier_wait: %s", strerror(rc));
	return 0;
}

static int role(struct role *me)
{
	return meet_loop(me, meet, &((struct place *)(void *)me->arena)->barrier);
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n,
		  struct bench_sample *out)
{
	struct place *p = (struct place *)(void *)env->arena;
	pthread_barrierattr_t attr;
	int rc;

	meet_clear(env);
	pthread_barrierattr_init(&attr);
	pthread_barrierattr_setpshared(&attr, b->flags & BENCH_PROCS ? PTHREAD_PROCESS_SHARED
								     : PTHREAD_PROCESS_PRIVATE);
	rc = pthread_barrier_init(&p->barrier, &attr, meet_parties(b));
	pthread_barrierattr_destroy(&attr);
	if (rc != 0) {
		snprintf(env->error, sizeof(env->error), "pthread_barrier_init: %s", strerror(rc));
		return -1;
	}
	return driver_run(env, b, role, role, meet_parties(b), n, out);
}

void bench_add_pthread_barrier(void)
{
	static const struct bench_meeter m = {
		.who = "pthread_barrier",
		.flags = BENCH_PEER,
		.ways = BENCH_YIELD | BENCH_PARK,
		.processes = 1,
		.run = run,
	};

	bench_add_meet_cases(&m);
	bench_add_release_cases(&m);
}
