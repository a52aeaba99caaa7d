/*
 * A sequence barrier: one cursor per input, on lines of its own, and the minimum over all is
 * compared with the output. No offsets, epochs, timeouts or reasons: what any join has to read, not what it
 * has to say. A limit, not a peer.
 */
#include <string.h>

#include "../bench_join.h"

struct cursor {
	uint64_t value;
} BENCH_ALIGNED;

struct cursors {
	uint32_t n;
	uint32_t pick[JOIN_PICKS];
	struct cursor cursor[JOIN_INPUTS_MAX];
} BENCH_ALIGNED;

static __attribute__((noinline)) uint64_t minimum(const struct cursors *c)
{
	uint64_t least = UINT64_MAX, v;
	uint32_t i;

	for (i = 0; i < c->n; i++) {
		v = __atomic_load_n(&c->cursor[i].value, __ATOMIC_ACQUIRE);
		least = v < least ? v : least;
	}
	return least;
}

static struct cursors *set_cursors(struct role *me, uint64_t value, uint64_t last)
{
	struct cursors *c = (struct cursors *)(void *)me->arena;
	uint32_t i;

	memset(c, 0, sizeof(*c));
	c->n = me->b->size;
	for (i = 0; i < c->n; i++)
		c->cursor[i].value = i + 1 < c->n ? value : last;
	join_pick(c->pick, c->n);
	for (i = 0; i < JOIN_PICKS; i++) /* whoever moves a cursor has it at hand */
		c->pick[i] = (c->pick[i] - join_stream(0)) / (join_stream(1) - join_stream(0));
	return c;
}

BENCH_INLINE int compare_all(struct role *me, int ready)
{
	const uint64_t ahead = JOIN_FIRST + me->n + JOIN_AHEAD;
	struct cursors *c = set_cursors(me, ahead, ready ? ahead : 1);
	uint64_t i;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++)
		if (BENCH_UNLIKELY((minimum(c) >= JOIN_FIRST + i) != ready))
			return role_fail(me, "wrong at output %llu", (unsigned long long)i);
	role_done(me, i);
	return 0;
}

int cursors_ready(struct role *me)
{
	return compare_all(me, 1);
}

int cursors_miss(struct role *me)
{
	return compare_all(me, 0);
}

int cursors_follow(struct role *me)
{
	struct cursors *c = set_cursors(me, JOIN_FIRST + me->n + JOIN_AHEAD, 1);
	uint64_t i;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		__atomic_store_n(&c->cursor[c->n - 1].value, JOIN_FIRST + i, __ATOMIC_RELEASE);
		if (BENCH_UNLIKELY(minimum(c) < JOIN_FIRST + i))
			return role_fail(me, "wrong at output %llu", (unsigned long long)i);
	}
	role_done(me, i);
	return 0;
}

int cursors_upto(struct role *me)
{
	struct cursors *c = set_cursors(me, JOIN_FIRST, JOIN_FIRST);
	uint64_t i;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++)
		if (BENCH_UNLIKELY(minimum(c) != JOIN_FIRST))
			return role_fail(me, "wrong minimum");
	role_done(me, i);
	return 0;
}

int cursors_observe(struct role *me)
{
	struct cursors *c = set_cursors(me, 0, 0);
	uint64_t i;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++)
		__atomic_store_n(&c->cursor[c->pick[i % JOIN_PICKS]].value, i + 1,
				 __ATOMIC_RELEASE);
	role_done(me, i);
	return 0;
}
