/* weir/wait.h - storey base: how to wait, apart from what is waited for. Needs: base, atomic, error. */
#ifndef WEIR_WAIT_H
#define WEIR_WAIT_H

#include <weir/atomic.h>
#include <weir/base.h>
#include <weir/error.h>

/*
 * Three parts. A *bell* is a futex word in shared memory that sleepers sleep on. A *strategy* says
 * how long to spin, pause and yield before sleeping. A *waiter* is the little state machine that
 * a blocking call steps between two looks at its condition:
 *
 *	struct weir_waiter wt;
 *	weir_waiter_init(&wt, how, bell, 0);
 *	for (;;) {
 *		if (condition())
 *			return WEIR_OK;
 *		rc = weir_waiter_step(&wt);
 *		if (rc < 0)
 *			return rc;
 *		if (rc == WEIR_CHECK_LIVENESS && dead())
 *			return -EOWNERDEAD;
 *	}
 *
 * The argument why no wake-up is lost, although ringing with nobody asleep is one load, stands at
 * the top of src/base/wait.c.
 */

WEIR_BEGIN

/* Lives in shared memory; all zeroes is the initial state. `seq` counts wake-ups and is the futex;
 * `waiting` is nonzero when somebody may be asleep, or is about to be. */
struct weir_bell_shm {
	uint32_t seq;
	uint32_t waiting;
	uint32_t reserved[30];
} WEIR_ALIGNED(WEIR_LINE);
WEIR_ASSERT_LAYOUT(sizeof(struct weir_bell_shm) == WEIR_LINE);

/* Tells the kernel that this process rings bells with a plain load, so that sleepers can order
 * their side for both with membarrier(2). Call once per process (and again in a forked child)
 * before ringing; repeats are cheap. Returns 1 when plain loads suffice from now on, 0 when the
 * kernel cannot and every ring needs its own fence: pass the result to weir_bell_ring(). */
WEIR_API int weir_bell_register(void);

/* Slow half of weir_bell_ring(): clears `waiting`, bumps `seq`, wakes every sleeper. Lock-free,
 * one system call. */
WEIR_API void weir_bell_wake(struct weir_bell_shm *bell);

/* Call after publishing. Wakes every sleeper; with nobody waiting it costs one load (registered)
 * or a fence and a load. Any thread or process that maps the bell writable. */
WEIR_INLINE void weir_bell_ring(struct weir_bell_shm *bell, int registered)
{
	/* BELL.DEKKER publish side: the caller's publication, then this load. Registered: the
	 * sleeper's membarrier() puts a full fence between the two for us; otherwise our own. */
	if (WEIR_UNLIKELY(!registered))
		weir_fence_full();
	if (WEIR_UNLIKELY(weir_load_relaxed32(&bell->waiting) != 0))
		weir_bell_wake(bell);
}

/* Nonzero when somebody has announced that it waits: a batching publisher publishes at once then.
 * Relaxed: a hint, nothing is read on the strength of it. */
WEIR_INLINE int weir_bell_asked(const struct weir_bell_shm *bell)
{
	return weir_load_relaxed32(&bell->waiting) != 0;
}

/* Announces a waiter without going to sleep: batching publishers publish at once, and the next ring
 * is a wake-up. For those who wait on several bells. Wait-free. */
WEIR_INLINE void weir_bell_ask(struct weir_bell_shm *bell)
{
	weir_store_relaxed32(&bell->waiting, 1); /* relaxed: a hint; the sleep is in slices */
}

/* What a blocking helper needs from the outside. Tests replace it whole. All functions get ctx. */
struct weir_env {
	/* monotonic nanoseconds */
	weir_ns (*now)(void *ctx);
	/* sleep while *word == seen, at most until `deadline` on the same clock; may return early */
	void (*park)(void *ctx, const uint32_t *word, uint32_t seen, weir_ns deadline);
	/* order this thread's last store before its next load, and that of every registered ringer's
	 * publication before its load of `waiting`; 0, or negative when it cannot for the others */
	int (*heavy_fence)(void *ctx);
	/* give the CPU away once */
	void (*yield)(void *ctx);
	/* enum weir_owner_state of a process */
	int (*owner_state)(void *ctx, weir_owner who);
	void *ctx;
};

/* CLOCK_MONOTONIC, futex(2), membarrier(2), sched_yield(2), weir_owner_state(). Immutable. */
WEIR_API const struct weir_env *weir_env_system(void);

enum weir_wait_strategy {
	WEIR_WAIT_SPIN = 0,    /* poll with a pause hint; a core of one's own */
	WEIR_WAIT_BACKOFF = 1, /* poll with exponentially more pause hints between two looks */
	WEIR_WAIT_YIELD = 2,   /* spin briefly, then sched_yield() between two looks */
	WEIR_WAIT_PARK = 3     /* spin, yield a little, then sleep on the bell */
};

/* How to wait, as one value. Zero-initialised: spin without a deadline in the system environment. */
struct weir_wait {
	enum weir_wait_strategy strategy;
	uint32_t spins;             /* looks before the next stage; 0: default of the strategy */
	weir_ns deadline;           /* absolute, on env's clock; 0 or WEIR_NS_NEVER: none */
	weir_ns check_ns;           /* how often liveness is asked for; 0: 10 ms */
	const uint32_t *cancel;     /* a word of the caller's: nonzero ends the wait; may be NULL */
	const struct weir_env *env; /* NULL: weir_env_system() */
};

#define WEIR_WAITER_READONLY 1u /* the bell is mapped read-only: sleep in slices of <= 1 ms */

/* Private state of one blocking call; on its stack. */
struct weir_waiter {
	const struct weir_wait *how;
	const struct weir_env *env;
	struct weir_bell_shm *bell; /* NULL: never sleeps, yields instead */
	weir_ns next_check;
	weir_ns started; /* 0 until a clock was read */
	uint64_t yields; /* taken in this wait */
	uint64_t sleeps; /* taken in this wait */
	uint32_t looks;  /* steps since the start or the last reset */
	uint32_t seen;   /* of bell->seq, when armed */
	uint32_t armed;
	uint32_t sliced; /* others cannot be ordered: sleep in slices */
	uint32_t flags;
	uint32_t expired; /* the deadline has passed; one more look is the caller's */
};

/* Begins a wait. *how must outlive it (NULL: as if all zero); bell may be NULL. Reads no clock. */
WEIR_API void weir_waiter_init(struct weir_waiter *wt, const struct weir_wait *how,
			       struct weir_bell_shm *bell, uint32_t flags);

/* One pause of growing length. Call after a look at the condition failed, then look again.
 *	WEIR_OK             look again
 *	WEIR_CHECK_LIVENESS look again, and see whether whom you wait for is alive (every check_ns)
 *	-ETIMEDOUT          the deadline had passed before your last look (never early; late only by
 *	                    one scheduling delay)
 *	-ECANCELED          *how->cancel is nonzero
 *	-EINVAL             how->strategy is none of the four
 * May block (strategy WEIR_WAIT_PARK) or yield. One thread per waiter. */
WEIR_API WEIR_CHECK int weir_waiter_step(struct weir_waiter *wt);

/* The condition made progress: start again from spinning. */
WEIR_API void weir_waiter_reset(struct weir_waiter *wt);

WEIR_END
#endif
