/* bench/release.h - when the parties of a barrier leave it. C and C++. */
#ifndef BENCH_RELEASE_H
#define BENCH_RELEASE_H

#include "latency.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Each party writes one time per generation on lines of its own, read on the clock of its own CPU, and
 * the times are put together after the sample: what parties share in the timed part is the barrier alone.
 *
 * Skew: every party's time is when it left; the distance between the first and the last.
 * One late: the parties are late in turn, by late_ns from when they left the generation before. The
 * late one's time is when it arrived, the others' when they left; the distance from it to the last.
 */
#define MEET_BYTES (256u << 10) /* of the arena, for the barrier; the times are behind it */
#define RELEASE_STAMPS 32768u	/* of each party: generations of a sample, at most */

typedef int (*meet_fn)(struct role *me, void *party); /* one generation; nonzero: failed */

#ifndef RELEASE_CLOCK /* a test has one of its own */
#define RELEASE_CLOCK() clock_ns()
#endif

BENCH_INLINE uint64_t *release_stamps(uint8_t *arena, unsigned party)
{
	return (uint64_t *)(void *)(arena + MEET_BYTES) + (size_t)party * RELEASE_STAMPS;
}

/* Who is late in a generation. */
BENCH_INLINE unsigned release_turn(uint64_t generation, unsigned parties)
{
	return (unsigned)(generation % parties);
}

BENCH_INLINE int release_skew(struct role *me, meet_fn meet, void *party)
{
	uint64_t *stamp = release_stamps(me->arena, me->index), i;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		if (BENCH_UNLIKELY(meet(me, party) != 0))
			return -1;
		stamp[i] = RELEASE_CLOCK();
	}
	role_done(me, i);
	return 0;
}

/* The first generation is one that all leave, so that they know from when on one is late. */
BENCH_INLINE int release_late(struct role *me, meet_fn meet, void *party)
{
	uint64_t *stamp = release_stamps(me->arena, me->index), i, at, left;

	if (role_start(me) != 0 || meet(me, party) != 0)
		return -1;
	left = RELEASE_CLOCK();
	for (i = 0; i < me->n; i++) {
		if (release_turn(i, me->b->readers + 1) == me->index) {
			while ((at = RELEASE_CLOCK()) - left < me->b->late_ns)
				if (role_spin(me) != 0)
					return -1;
			stamp[i] = at;
		}
		if (BENCH_UNLIKELY(meet(me, party) != 0))
			return -1;
		left = RELEASE_CLOCK();
		if (release_turn(i, me->b->readers + 1) != me->index)
			stamp[i] = left;
	}
	role_done(me, i);
	return 0;
}

/* What the times of n generations come to. CPUs' clocks may be apart: nobody leaves before the last one
 * arrives, so a distance below 0 counts as 0. */
void release_account(uint8_t *arena, const struct bench *b, uint64_t n, struct hist *h);

#ifdef __cplusplus
}
#endif
#endif
