/*
 * Wake-ups that the kernel offers. The limit: a word in shared memory and one futex call on each
 * side, with nothing but that word to look at. And what is used where there is no library: a byte
 * stream (pipe) with the message itself, eventfd and a POSIX semaphore with the message in memory.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <linux/futex.h>
#include <semaphore.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

#include "../msg.h"
#include "../wakeup.h"

/* In the arena; the word and the message on lines of their own. */
struct place {
	uint32_t word BENCH_ALIGNED;
	sem_t sem BENCH_ALIGNED;
	uint8_t message[WAKEUP_SIZE] BENCH_ALIGNED;
};

static int fds[2]; /* made before the roles are */

static struct place *place_of(uint8_t *arena)
{
	return (struct place *)(void *)arena;
}

static int fail(struct role *me, const char *what)
{
	return role_fail(me, "%s: %s", what, strerror(errno));
}

static int looks_right(struct role *me, const void *message, uint64_t i)
{
	if (BENCH_UNLIKELY(msg_differs(me, message, WAKEUP_SIZE, i) != 0))
		return role_bad_message(me, i, message);
	return 0;
}

/* ---- futex ---- */

/* Shared, not private: weir's sleepers may be processes, and so may these. */
static int wake(struct role *me, void *end, uint64_t i)
{
	struct place *p = end;

	__atomic_store_n(&p->word, (uint32_t)i, __ATOMIC_SEQ_CST);
	return syscall(SYS_futex, &p->word, FUTEX_WAKE, 1, NULL, NULL, 0) < 0 ? fail(me, "futex")
									      : 0;
}

static int wait_for(struct role *me, void *end, uint64_t i)
{
	struct place *p = end;

	while (__atomic_load_n(&p->word, __ATOMIC_ACQUIRE) != (uint32_t)i)
		if (syscall(SYS_futex, &p->word, FUTEX_WAIT, (uint32_t)i - 1, NULL, NULL, 0) != 0 &&
		    errno != EAGAIN && errno != EINTR)
			return fail(me, "futex");
	return 0;
}

static int futex_waker(struct role *me)
{
	return wakeup_waker(me, wake, place_of(me->arena));
}

static int futex_sleeper(struct role *me)
{
	return wakeup_sleeper(me, wait_for, place_of(me->arena));
}

/* ---- pipe ---- */

static int pipe_tell(struct role *me, void *end, uint64_t i)
{
	uint8_t *message = end;

	msg_number(me, message, i);
	return write(fds[1], message, WAKEUP_SIZE) != WAKEUP_SIZE ? fail(me, "write") : 0;
}

static int pipe_hear(struct role *me, void *end, uint64_t i)
{
	return read(fds[0], end, WAKEUP_SIZE) != WAKEUP_SIZE ? fail(me, "read")
							     : looks_right(me, end, i);
}

static int pipe_waker(struct role *me)
{
	uint8_t message[WAKEUP_SIZE];

	msg_prepare(me, message, WAKEUP_SIZE);
	return wakeup_waker(me, pipe_tell, message);
}

static int pipe_sleeper(struct role *me)
{
	uint8_t message[WAKEUP_SIZE];

	return wakeup_sleeper(me, pipe_hear, message);
}

/* ---- eventfd, and a semaphore ---- */

static int event_tell(struct role *me, void *end, uint64_t i)
{
	const uint64_t one = 1;
	struct place *p = end;

	msg_write(me, p->message, WAKEUP_SIZE, i);
	return write(fds[0], &one, sizeof(one)) != sizeof(one) ? fail(me, "write") : 0;
}

static int event_hear(struct role *me, void *end, uint64_t i)
{
	struct place *p = end;
	uint64_t got;

	return read(fds[0], &got, sizeof(got)) != sizeof(got) ? fail(me, "read")
							      : looks_right(me, p->message, i);
}

static int event_waker(struct role *me)
{
	return wakeup_waker(me, event_tell, place_of(me->arena));
}

static int event_sleeper(struct role *me)
{
	return wakeup_sleeper(me, event_hear, place_of(me->arena));
}

static int sem_tell(struct role *me, void *end, uint64_t i)
{
	struct place *p = end;

	msg_write(me, p->message, WAKEUP_SIZE, i);
	return sem_post(&p->sem) != 0 ? fail(me, "sem_post") : 0;
}

static int sem_hear(struct role *me, void *end, uint64_t i)
{
	struct place *p = end;

	while (sem_wait(&p->sem) != 0)
		if (errno != EINTR)
			return fail(me, "sem_wait");
	return looks_right(me, p->message, i);
}

static int sem_waker(struct role *me)
{
	return wakeup_waker(me, sem_tell, place_of(me->arena));
}

static int sem_sleeper(struct role *me)
{
	return wakeup_sleeper(me, sem_hear, place_of(me->arena));
}

/* ---- rows ---- */

static double cannot(struct bench_env *env, const char *what)
{
	snprintf(env->error, sizeof(env->error), "%s: %s", what, strerror(errno));
	return -1;
}

static double run_futex(struct bench_env *env, const struct bench *b, uint64_t n,
			struct bench_sample *out)
{
	memset(env->arena, 0, sizeof(struct place));
	return wakeup_run(env, b, futex_waker, futex_sleeper, n, out);
}

static double run_pipe(struct bench_env *env, const struct bench *b, uint64_t n,
		       struct bench_sample *out)
{
	double ns;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return cannot(env, "pipe2");
	ns = wakeup_run(env, b, pipe_waker, pipe_sleeper, n, out);
	close(fds[0]);
	close(fds[1]);
	return ns;
}

static double run_event(struct bench_env *env, const struct bench *b, uint64_t n,
			struct bench_sample *out)
{
	double ns;

	fds[0] = eventfd(0, EFD_CLOEXEC);
	if (fds[0] < 0)
		return cannot(env, "eventfd");
	ns = wakeup_run(env, b, event_waker, event_sleeper, n, out);
	close(fds[0]);
	return ns;
}

static double run_sem(struct bench_env *env, const struct bench *b, uint64_t n,
		      struct bench_sample *out)
{
	struct place *p = place_of(env->arena);
	double ns;

	memset(p, 0, sizeof(*p));
	if (sem_init(&p->sem, 1, 0) != 0)
		return cannot(env, "sem_init");
	ns = wakeup_run(env, b, sem_waker, sem_sleeper, n, out);
	sem_destroy(&p->sem);
	return ns;
}

void bench_add_wakeup_kernel(void)
{
	wakeup_add("futex", BENCH_LIMIT, 0, run_futex);
	wakeup_add("eventfd", BENCH_PEER, WAKEUP_SIZE, run_event);
	wakeup_add("pipe", BENCH_PEER, WAKEUP_SIZE, run_pipe);
	wakeup_add("semaphore", BENCH_PEER, WAKEUP_SIZE, run_sem);
}
