/* bench/meet.h - the loop of every barrier's roles, and the proof that they do wait. C and C++. */
#ifndef BENCH_MEET_H
#define BENCH_MEET_H

#include <string.h>

#include "driver.h"
#include "release.h"

/*
 * A barrier that lets everybody through is the fastest of all. Checking each generation would add
 * line transfers to what is measured, so the same handles go on for some generations after the timed
 * part: each party writes the number it arrives in, and having met, nobody may see another party
 * behind it or more than one ahead.
 *
 * The barrier lies at the start of the arena, the numbers at its end, times between them (release.h).
 */
#define MEET_CHECKS 32u
#define MEET_CHECKS_SLOW 2u /* where a generation takes some time slices of the scheduler */

struct meet_number {
	uint64_t number;
} BENCH_ALIGNED;

BENCH_INLINE struct meet_number *meet_numbers(uint8_t *arena)
{
	return (struct meet_number *)(void *)(arena + BENCH_ARENA_BYTES) - ROLE_MAX;
}

/* Zeroes the barrier's memory and the numbers. */
BENCH_INLINE void meet_clear(struct bench_env *env)
{
	memset(env->arena, 0, MEET_BYTES);
	memset(meet_numbers(env->arena), 0, ROLE_MAX * sizeof(struct meet_number));
}

BENCH_INLINE uint32_t meet_parties(const struct bench *b)
{
	return b->readers + 1;
}

static inline int meet_check(struct role *me, meet_fn meet, void *party)
{
	const int slow = me->shared_cpu && (me->b->flags & BENCH_SPINS);
	const uint64_t last = slow ? MEET_CHECKS_SLOW : MEET_CHECKS;
	struct meet_number *all = meet_numbers(me->arena);
	uint64_t k, seen;
	uint32_t i;

	for (k = 1; k <= last; k++) {
		__atomic_store_n(&all[me->index].number, k, __ATOMIC_RELAXED);
		if (meet(me, party) != 0)
			return -1;
		for (i = 0; i < meet_parties(me->b); i++) {
			seen = __atomic_load_n(&all[i].number, __ATOMIC_RELAXED);
			if (seen - k > 1)
				return role_fail(me, "role %u left before role %u came", me->index,
						 i);
		}
	}
	return 0;
}

BENCH_INLINE int meet_loop_stamped(struct role *me, meet_fn meet, void *party)
{
	int rc;

	if (me->n > RELEASE_STAMPS)
		return role_fail(me, "%llu generations, and room for the times of %u",
				 (unsigned long long)me->n, RELEASE_STAMPS);
	rc = me->b->late_ns > 0 ? release_late(me, meet, party) : release_skew(me, meet, party);
	if (rc != 0 || meet_check(me, meet, party) != 0)
		return -1;
	/* all have gone through generations since they wrote their last */
	if (me->index == 0)
		release_account(me->arena, me->b, me->n, &me->latency->response);
	return 0;
}

/* meet is a constant where this is called: no call through a pointer. */
BENCH_INLINE int meet_loop(struct role *me, meet_fn meet, void *party)
{
	uint64_t i;

	if (me->b->flags & BENCH_STAMPS)
		return meet_loop_stamped(me, meet, party);
	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++)
		if (BENCH_UNLIKELY(meet(me, party) != 0))
			return -1;
	role_done(me, i);
	return meet_check(me, meet, party);
}

#endif
