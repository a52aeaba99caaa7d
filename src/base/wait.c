/* Waiting: the bell, and the state machine between two looks at a condition.
 *
 * The bell. A ringer that finds nobody asleep must not pay for the possibility, and a sleeper must
 * not miss the last ring before it sleeps.
 *
 *	sleeper                                  ringer
 *	S1  s = seq              (acquire)       R1  publish
 *	S2  waiting = 1          (relaxed)       R2  full fence, when not registered
 *	S3  heavy fence                          R3  waiting == 0 ?  (relaxed)  done
 *	S4  look at the condition                R4  waiting = 0     (relaxed)
 *	S5  sleep while seq == s                 R5  seq += 1        (release)
 *	                                         R6  wake all who sleep on seq
 *
 * BELL.DEKKER. Either S4 sees what R1 published, or R3 sees a value of `waiting` that S2 or a later
 * store wrote. An unregistered ringer has a full fence between R1 and R3, and S3 is one between S2
 * and S4: the classic pair. A registered ringer has none; for it, S3 is membarrier(2), which
 * returns after every running thread of every registered process has executed a full fence at some
 * point between S2 and S4 (a thread that is not running passes through one when it is switched in).
 * If that point lies after R1, S4 sees the publication; if it lies before R1, it lies before R3,
 * which then cannot see anything older than S2.
 *
 * BELL.SEQ. So let R be a ringer whose publication S4 missed. Either R3 read nonzero, and R goes on
 * to R4; or it read zero, which some ringer's R4 had stored after S2 in the modification order of
 * `waiting`. In both cases there is a ringer Q whose R4 follows S2. Q's R5 is not counted in s:
 * had S1 read it or a later increment, then S1 (acquire) would synchronise with it (release; the
 * increments form one release sequence), R4 would happen before S2, and would precede it in the
 * modification order. Therefore Q's increment comes after the snapshot, and the kernel, which
 * compares and enqueues in one step against R6, either finds seq != s and does not sleep, or has
 * the sleeper in its queue when Q wakes it. That Q's ring was meant for an earlier publication or
 * for another sleeper does not matter. `waiting` and the increments need no order for anything
 * else: what the sleeper reads on waking it reads through its condition's own edge.
 *
 * Several sleepers share the flag: each stored it after its own snapshot, and one ring wakes all.
 * Several ringers: two that see the flag both ring; the second ring finds nobody. A spurious wake
 * is a look too many, never one too few. `seq` wraps after 2^32 rings; to be fooled a sleeper would
 * have to stand between S1 and S5 for exactly that many system calls of others.
 *
 * Death. A sleeper that died leaves the flag set: the next ring clears it, at the price of one
 * system call; there is no count that somebody would have to correct. A ringer that died between R1
 * and R6 rings nobody, and if R4 was its last deed it has also silenced the ringers after it. That
 * is why no sleep is longer than the interval of the liveness checks (10 ms unless the caller says
 * otherwise): then the sleeper looks, and announces itself anew.
 *
 * A sleeper that cannot announce itself (read-only mapping), or cannot order the ringers because
 * membarrier(2) is refused (seccomp), sleeps in slices of a millisecond. It may be rung out of
 * them; it never depends on it.
 *
 * The waiter. Looks come in stages: spin, then what the strategy adds, then sleep in two steps, one
 * that announces (S1..S3) and lets the caller look (S4), one that sleeps (S5). The clock is read
 * every 64 looks while spinning, and in every step that costs more than reading it. A deadline
 * found passed grants one more look, so a time-out is never reported for something that was there
 * when the deadline passed. */
#include <errno.h>

#include <ck_pr.h>

#include <weir/wait.h>

#include "os.h"

enum {
	CLOCK_EVERY = 64,      /* looks between two readings of the clock while spinning */
	SPINS_BACKOFF = 16,    /* looks with one pause each, before they get longer */
	SPINS_YIELD = 32,      /* looks before sched_yield(): what a peer on another core needs */
	SPINS_PARK = 128,      /* looks before sleeping: microseconds, less than a wake-up costs */
	YIELDS_PARK = 4,       /* looks with sched_yield() before sleeping, no more than spins */
	BACKOFF_SHIFT_MAX = 10 /* at most 1024 pause hints between two looks */
};

#define CHECK_NS UINT64_C(10000000) /* liveness, unless the caller says otherwise */
#define SLICE_NS UINT64_C(1000000)  /* longest sleep that no ring is sure to end */

void weir_bell_wake(struct weir_bell_shm *bell)
{
	/* relaxed: R4 is ordered before R5 by the release of the increment */
	weir_store_relaxed32(&bell->waiting, 0);
	/* BELL.SEQ release: pairs with announce() */
	(void)weir_fetch_add32(&bell->seq, 1);
	weir_os_futex_wake(&bell->seq);
}

void weir_waiter_init(struct weir_waiter *wt, const struct weir_wait *how,
		      struct weir_bell_shm *bell, uint32_t flags)
{
	static const struct weir_wait plain = {.strategy = WEIR_WAIT_SPIN};

	*wt = (struct weir_waiter){.bell = bell, .flags = flags};
	wt->how = how != NULL ? how : &plain;
	wt->env = wt->how->env != NULL ? wt->how->env : weir_env_system();
}

void weir_waiter_reset(struct weir_waiter *wt)
{
	wt->looks = 0;
	wt->armed = 0;
}

static weir_ns later(weir_ns t, weir_ns by)
{
	return by > WEIR_NS_NEVER - t ? WEIR_NS_NEVER : t + by;
}

static weir_ns earlier(weir_ns a, weir_ns b)
{
	return a < b ? a : b;
}

static weir_ns deadline_of(const struct weir_wait *how)
{
	return how->deadline != 0 ? how->deadline : WEIR_NS_NEVER;
}

/* Reads the clock into *now, and says what the caller has to do about it. */
static int look_at_clock(struct weir_waiter *wt, weir_ns *now)
{
	weir_ns every = wt->how->check_ns != 0 ? wt->how->check_ns : CHECK_NS;

	*now = wt->env->now(wt->env->ctx);
	if (wt->started == 0) {
		wt->started = *now;
		wt->next_check = later(*now, every);
	}
	if (*now >= deadline_of(wt->how) && deadline_of(wt->how) != WEIR_NS_NEVER)
		wt->expired = 1;
	if (*now < wt->next_check || wt->next_check == WEIR_NS_NEVER)
		return WEIR_OK;
	wt->next_check = later(*now, every);
	return WEIR_CHECK_LIVENESS;
}

static void pause_hints(uint32_t n)
{
	for (; n > 0; n--)
		ck_pr_stall();
}

static int step_spin(struct weir_waiter *wt)
{
	weir_ns now;

	pause_hints(1);
	if (wt->looks % CLOCK_EVERY != 0)
		return WEIR_OK;
	return look_at_clock(wt, &now);
}

static int step_backoff(struct weir_waiter *wt, uint32_t since)
{
	weir_ns now;

	pause_hints(UINT32_C(1) << (since < BACKOFF_SHIFT_MAX ? since : BACKOFF_SHIFT_MAX));
	return look_at_clock(wt, &now);
}

static int step_yield(struct weir_waiter *wt)
{
	weir_ns now;

	wt->env->yield(wt->env->ctx);
	wt->yields++;
	return look_at_clock(wt, &now);
}

/* S1..S3: after this the caller must look once more before it sleeps. */
static int announce(struct weir_waiter *wt)
{
	/* BELL.SEQ acquire: pairs with weir_bell_wake() */
	wt->seen = weir_load_acquire32(&wt->bell->seq);
	wt->armed = 1;
	if (wt->flags & WEIR_WAITER_READONLY) {
		wt->sliced = 1;
		return WEIR_OK;
	}
	/* relaxed: BELL.DEKKER announce: ordered by the heavy fence, pairs with weir_bell_ring() */
	weir_store_relaxed32(&wt->bell->waiting, 1);
	wt->sliced = wt->env->heavy_fence(wt->env->ctx) < 0;
	return WEIR_OK;
}

/* S5. Awake again at the deadline, the next liveness check, or the end of a slice. */
static int sleep_once(struct weir_waiter *wt)
{
	weir_ns now, until;
	int rc;

	rc = look_at_clock(wt, &now);
	if (rc != WEIR_OK || wt->expired)
		return rc; /* still armed: the snapshot is older than the look that follows */
	until = earlier(deadline_of(wt->how), wt->next_check);
	if (wt->sliced)
		until = earlier(until, later(now, SLICE_NS));
	if (wt->how->cancel != NULL)
		until = earlier(until, later(now, CHECK_NS));
	wt->env->park(wt->env->ctx, &wt->bell->seq, wt->seen, until);
	wt->sleeps++;
	wt->armed = 0;
	return look_at_clock(wt, &now);
}

static int step_park(struct weir_waiter *wt, uint32_t spins, uint32_t since)
{
	if (since < (spins < YIELDS_PARK ? spins : YIELDS_PARK) || wt->bell == NULL)
		return step_yield(wt);
	return wt->armed ? sleep_once(wt) : announce(wt);
}

static uint32_t spins_of(const struct weir_wait *how)
{
	static const uint32_t usual[] = {
		[WEIR_WAIT_SPIN] = UINT32_MAX,
		[WEIR_WAIT_BACKOFF] = SPINS_BACKOFF,
		[WEIR_WAIT_YIELD] = SPINS_YIELD,
		[WEIR_WAIT_PARK] = SPINS_PARK,
	};

	return how->spins != 0 ? how->spins : usual[how->strategy];
}

int weir_waiter_step(struct weir_waiter *wt)
{
	const struct weir_wait *how = wt->how;
	uint32_t spins, looks;

	if ((unsigned)how->strategy > (unsigned)WEIR_WAIT_PARK)
		return -EINVAL;
	/* relaxed: a wish, nothing is read on the strength of it */
	if (how->cancel != NULL && weir_load_relaxed32(how->cancel) != 0)
		return -ECANCELED;
	if (wt->expired)
		return -ETIMEDOUT;
	spins = spins_of(how);
	looks = ++wt->looks;
	if (looks == UINT32_MAX) /* stay in the last stage, whatever its length */
		wt->looks = looks - CLOCK_EVERY;
	if (how->strategy == WEIR_WAIT_SPIN || looks <= spins)
		return step_spin(wt);
	looks -= spins + 1u;
	switch (how->strategy) {
	case WEIR_WAIT_BACKOFF:
		return step_backoff(wt, looks);
	case WEIR_WAIT_PARK:
		return step_park(wt, spins, looks);
	case WEIR_WAIT_SPIN:
	case WEIR_WAIT_YIELD:
	default:
		return step_yield(wt);
	}
}
