/* bench/latency.h - distributions: where roles record them, and what the plan keeps. C and C++. */
#ifndef BENCH_LATENCY_H
#define BENCH_LATENCY_H

#include "clock.h"
#include "driver.h"
#include "hist.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What one role has recorded; behind the arena, empty at the start of each run of a bench that has
 * BENCH_LATENCY. */
struct latency_pair {
	struct hist response; /* closed loop: of round trips; open loop: from when it was due */
	struct hist service;  /* open loop: from when it was sent */
	uint64_t from, until; /* open loop: the first due, the last seen */
} BENCH_ALIGNED;

#define LATENCY_READERS 4u

BENCH_INLINE struct latency_pair *latency_pair_at(uint8_t *arena, unsigned i)
{
	return (struct latency_pair *)(void *)(arena + BENCH_ARENA_BYTES) + i;
}

/* Where role i records: the asker of a closed loop, each reader of an open one. NULL: it does not. */
BENCH_INLINE struct latency_pair *latency_pair_of(uint8_t *arena, const struct bench *b, unsigned i)
{
	if (!(b->flags & BENCH_LATENCY))
		return NULL;
	if (b->flags & BENCH_OPEN)
		return i > 0 && i <= LATENCY_READERS ? latency_pair_at(arena, i - 1) : NULL;
	return i == 0 ? latency_pair_at(arena, 0) : NULL;
}

/* Around one operation of a closed loop; nothing where the role does not record. */
BENCH_INLINE uint64_t latency_begin(const struct role *me)
{
	return BENCH_UNLIKELY(me->latency != NULL) ? clock_ns() : 0;
}

BENCH_INLINE void latency_end(struct role *me, uint64_t begun)
{
	if (BENCH_UNLIKELY(me->latency != NULL))
		hist_record(&me->latency->response, clock_ns() - begun);
}

/* Before a run: nothing recorded yet. */
void latency_clear(struct bench_env *env, const struct bench *b);

/* After a run of n operations: merges what its roles recorded into the histograms, either may be NULL.
 * 0; -1 when not every operation was recorded, env->error says so. */
int latency_collect(struct bench_env *env, const struct bench *b, uint64_t n, struct hist *response,
		    struct hist *service);

#ifdef __cplusplus
}
#endif
#endif
