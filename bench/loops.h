/* bench/loops.h - the roles of a queue that takes and gives one message per call. C and C++. */
#ifndef BENCH_LOOPS_H
#define BENCH_LOOPS_H

#include "driver.h"
#include "latency.h"

/*
 * put() and take() wait until they have succeeded, check what they got, and return nonzero to give up.
 * `end` is the role's handle of one end of a queue. Both are constants where a loop is called, like
 * the size, and inline.
 */
typedef int (*loop_fn)(struct role *me, void *end, size_t size, uint64_t seq);

/* One side of a ring: all messages one way. */
BENCH_INLINE int loop_ring(struct role *me, loop_fn move, void *end, size_t size)
{
	uint64_t i;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++)
		if (move(me, end, size, i) != 0)
			return -1;
	role_done(me, i);
	return 0;
}

/* A request and its reply, one in flight: role 0 asks, and takes the time where that is wanted. */
BENCH_INLINE int loop_trip(struct role *me, loop_fn put, void *out, loop_fn take, void *in,
			   size_t size)
{
	uint64_t i, begun;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		begun = latency_begin(me);
		if (me->index == 0 && put(me, out, size, i) != 0)
			return -1;
		if (take(me, in, size, i) != 0)
			return -1;
		latency_end(me, begun);
		if (me->index == 1 && put(me, out, size, i) != 0)
			return -1;
	}
	role_done(me, i);
	return 0;
}

/* The same of requests of b->batch messages, answered by one message when the last was taken. */
BENCH_INLINE int loop_trip_batch(struct role *me, loop_fn put, void *out, loop_fn take, void *in,
				 size_t size)
{
	const uint64_t batch = me->b->batch;
	const int asks = me->index == 0;
	uint64_t i, k, begun;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		begun = latency_begin(me);
		for (k = 0; k < batch; k++)
			if ((asks ? put(me, out, size, i * batch + k)
				  : take(me, in, size, i * batch + k)) != 0)
				return -1;
		if ((asks ? take(me, in, size, i) : put(me, out, size, i)) != 0)
			return -1;
		latency_end(me, begun);
	}
	role_done(me, i);
	return 0;
}

#endif
