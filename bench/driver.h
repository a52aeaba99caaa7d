/* bench/driver.h - runs one bench as pinned threads or forked processes. C and C++. */
#ifndef BENCH_DRIVER_H
#define BENCH_DRIVER_H

#include <sched.h>

#include "bench.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Roles. A bench with two sides is two functions: one of role 0 (the writer, the asker) and one of the
 * others. Roles are pinned threads of one forked child, or each is a child of its own; the process
 * that measures sleeps meanwhile, and looks after them (watch.h). A role function
 *
 *	prepares its handles,  calls role_start(), works,  calls role_done(), lets go of its handles
 *
 * and returns 0. role_start() holds everybody back until all are ready; then all spin on one word.
 * Time runs from there until the last role_done(). A wait loop calls role_idle() each time it found
 * nothing, and gives up with -1 when that is nonzero. Nothing else of the harness is called between
 * start and done.
 */

#define ROLE_MAX 16u
#define ROLE_SPINS_ALONE (1u << 16) /* idle looks between two checks of the clock */
#define ROLE_SPINS_SHARED 64u       /* idle looks before the CPU is yielded */

struct latency_pair;

struct role {
	/* hot, and private to the role */
	uint32_t spins;
	uint32_t spins_max;
	uint32_t index;
	uint32_t shared_cpu; /* another role is pinned to this CPU as well */
	uint32_t skew;       /* of b, here so that hot loops find it on this line */
	uint32_t lines;      /* b has BENCH_LINES */
	uint64_t n;          /* operations asked for */
	const struct bench *b;
	uint8_t *arena;
	struct latency_pair *latency; /* what it records; NULL: nothing */
	const uint8_t *source; /* payload to send: see msg.h */
	struct control *ctl;
	int64_t deadline;
	int fifo; /* its priority under SCHED_FIFO while it is timed; 0: it stays what it is */
	int policy, priority; /* what it was before */
	/* at start */
	uint64_t allocs;
	uint64_t voluntary, involuntary, faults, waited;
} BENCH_ALIGNED;

typedef int (*role_fn)(struct role *me);

/* The work: role 0 runs first(), roles 1 .. roles - 1 run others(). Fills *out and returns ns, or
 * negative with env->error set. others may be NULL when roles is 1. With env->count_calls the run is
 * traced: its time means nothing. */
double driver_run(struct bench_env *env, const struct bench *b, role_fn first, role_fn others,
		  unsigned roles, uint64_t n, struct bench_sample *out);

/* The same for the rows of group "progress", by their names. */
double bench_run_progress(struct bench_env *env, const struct bench *b, role_fn publisher,
			  role_fn reading, role_fn fire, uint64_t n, struct bench_sample *out);

/* Sets up env: CPUs (text "0,1"; NULL: all this process may use, two cores that share a cache first),
 * arena, control block. 0, or -1 with env->error set. */
int driver_init(struct bench_env *env, const char *cpus);
/* Maps what roles share, in memory near the first CPU. 0, or -1 with env->error set. driver_fini()
 * lets go of it. */
int driver_map(struct bench_env *env);
/* Those this process may use, as far as the set has room. 0, or -1 with errno. */
int driver_usable_cpus(cpu_set_t *may);
void driver_fini(struct bench_env *env);

/* 1 when two roles of a run with `readers` readers have to share a CPU. */
int driver_oversubscribed(const struct bench_env *env, unsigned readers);

/* Makes every page of a shared mapping present in this process, without changing a byte. */
void driver_populate(uint8_t *p, size_t len);

int64_t driver_now(void); /* CLOCK_MONOTONIC, ns */

/* A role that waits for so long gives up. */
BENCH_INLINE int64_t driver_limit_ns(const struct bench_env *env)
{
	if (env->limit_ns > 0)
		return env->limit_ns;
	return env->fifo > 0 ? INT64_C(10000000000) : INT64_C(60000000000);
}

int role_start(struct role *me);
void role_done(struct role *me, uint64_t ops);
/* Messages that this reader missed and knows of; they are among the operations it did. */
void role_lost(struct role *me, uint64_t messages);
/* How often it evicted a reader: by the writer of a row that does. */
void role_evicted(struct role *me, uint64_t times);
void role_value(struct role *me, double value); /* any role; the last one stands */

/* Another role has failed, or has finished and wants the rest to stop. */
int role_stopped(const struct role *me);
void role_stop_others(struct role *me);

/* Ends the run as failed; the first message stands. Returns -1. */
int role_fail(struct role *me, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Shorthand for the failure that a bench must never hide. Returns -1. */
int role_bad_message(struct role *me, uint64_t want, const void *got);

int role_idle_slow(struct role *me);

BENCH_INLINE void bench_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ __volatile__("yield" ::: "memory");
#else
	__asm__ __volatile__("" ::: "memory");
#endif
}

/* After a look that found nothing: one pause hint; a yield every ROLE_SPINS_SHARED looks where the
 * CPU is shared; a clock reading now and then. Nonzero: give up. The same for every transport. */
BENCH_INLINE int role_idle(struct role *me)
{
	bench_pause();
	if (BENCH_UNLIKELY(++me->spins >= me->spins_max))
		return role_idle_slow(me);
	return 0;
}

/* The same without the pause hint, for the physical limits. */
BENCH_INLINE int role_spin(struct role *me)
{
	if (BENCH_UNLIKELY(++me->spins >= me->spins_max))
		return role_idle_slow(me);
	return 0;
}

#ifdef __cplusplus
}
#endif
#endif
