/*
 * eventfd as a peer. It carries a number and no message, so the messages lie in shared memory, in 256
 * KiB of slots used in turn, and two counters say how many there are to take and how many slots are
 * free again. A counter that is read gives all it has: so a write per message or per 32, and a
 * read when what the last one gave is used up. In the round trip it is a doorbell beside one slot.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <sys/eventfd.h>

#include "kernel.h"

#define SLOTS(size) (BENCH_RING_BYTES / (size))

/* One way: q[0] counts messages, q[1] free slots. Round trip: q[i] counts role i's messages. */
static struct kernel_queues queues;

struct side {
	uint8_t *slot;
	uint64_t left; /* of what the last read gave */
	uint64_t owed; /* not yet written */
	int gets, gives;
};

static int open_counters(struct bench_env *env, unsigned free_slots, int flags)
{
	unsigned i;

	kernel_none_open(&queues);
	for (i = 0; i < 2; i++) {
		queues.q[i].in = queues.q[i].out =
			eventfd(i == 1 ? free_slots : 0, EFD_CLOEXEC | flags);
		if (queues.q[i].in < 0) {
			kernel_error(env, "eventfd");
			kernel_close(&queues);
			return -1;
		}
	}
	return 0;
}

/* All the counter has, at least one; 0: give up. */
BENCH_INLINE uint64_t get(struct role *me, int fd)
{
	uint64_t v;

	while (read(fd, &v, sizeof(v)) != (ssize_t)sizeof(v))
		if (kernel_again(me, "read") != 0)
			return 0;
	return v;
}

BENCH_INLINE int give(struct role *me, int fd, uint64_t v)
{
	while (write(fd, &v, sizeof(v)) != (ssize_t)sizeof(v))
		if (kernel_again(me, "write") != 0)
			return -1;
	return 0;
}

/* One more of what this side waits for. */
BENCH_INLINE int get_one(struct role *me, struct side *s)
{
	if (s->left == 0 && (s->left = get(me, s->gets)) == 0)
		return -1;
	s->left--;
	return 0;
}

/* Gives `by` at once; what is owed when the other side might wait for it is given first. */
BENCH_INLINE int give_by(struct role *me, struct side *s, uint64_t by)
{
	if (++s->owed < by && s->left > 0)
		return 0;
	if (give(me, s->gives, s->owed) != 0)
		return -1;
	s->owed = 0;
	return 0;
}

BENCH_INLINE int put(struct role *me, void *side, size_t size, uint64_t seq)
{
	struct side *s = side;

	if (get_one(me, s) != 0)
		return -1;
	msg_write(me, s->slot + seq % SLOTS(size) * size, size, seq);
	return give_by(me, s, me->b->batch);
}

BENCH_INLINE int take(struct role *me, void *side, size_t size, uint64_t seq)
{
	struct side *s = side;
	const uint8_t *at = s->slot + seq % SLOTS(size) * size;

	if (get_one(me, s) != 0)
		return -1;
	if (msg_differs(me, at, size, seq))
		return role_bad_message(me, seq, at);
	return give_by(me, s, BENCH_BATCH);
}

BENCH_INLINE int ring_write(struct role *me, size_t size)
{
	struct side s = {me->arena, 0, 0, queues.q[1].in, queues.q[0].out};

	return loop_ring(me, put, &s, size);
}

BENCH_INLINE int ring_read(struct role *me, size_t size)
{
	struct side s = {me->arena, 0, 0, queues.q[0].in, queues.q[1].out};

	return loop_ring(me, take, &s, size);
}

static int writer(struct role *me)
{
	return MSG_BY_SIZE(ring_write, me);
}

static int reader(struct role *me)
{
	return MSG_BY_SIZE(ring_read, me);
}

static double run_ring(struct bench_env *env, const struct bench *b, uint64_t n,
		       struct bench_sample *out)
{
	double ns;

	if (open_counters(env, SLOTS(b->size), EFD_NONBLOCK) != 0)
		return -1;
	ns = driver_run(env, b, writer, reader, 2, n, out);
	kernel_close(&queues);
	return ns;
}

/* ---- round trip ---- */

BENCH_INLINE uint8_t *slot_of(struct role *me, unsigned i)
{
	return me->arena + (size_t)i * 2 * MSG_MAX;
}

BENCH_INLINE int ring_bell(struct role *me, void *fd, size_t size, uint64_t seq)
{
	msg_write(me, slot_of(me, me->index), size, seq);
	return give(me, *(int *)fd, 1);
}

BENCH_INLINE int wait_bell(struct role *me, void *fd, size_t size, uint64_t seq)
{
	const uint8_t *at = slot_of(me, 1 - me->index);
	uint64_t v = get(me, *(int *)fd);

	if (v != 1)
		return v == 0 ? -1 : role_fail(me, "%llu rings at once", (unsigned long long)v);
	return msg_differs(me, at, size, seq) ? role_bad_message(me, seq, at) : 0;
}

BENCH_INLINE int trip(struct role *me, size_t size)
{
	int out = queues.q[me->index].out, in = queues.q[1 - me->index].in;

	return loop_trip(me, ring_bell, &out, wait_bell, &in, size);
}

static int tripper(struct role *me)
{
	return MSG_BY_SIZE(trip, me);
}

static double run_trip_with(struct bench_env *env, const struct bench *b, uint64_t n,
			    struct bench_sample *out, int flags)
{
	double ns;

	if (open_counters(env, 0, flags) != 0)
		return -1;
	ns = driver_run(env, b, tripper, tripper, 2, n, out);
	kernel_close(&queues);
	return ns;
}

static double run_trip(struct bench_env *env, const struct bench *b, uint64_t n,
		       struct bench_sample *out)
{
	return run_trip_with(env, b, n, out, EFD_NONBLOCK);
}

static double run_trip_blocking(struct bench_env *env, const struct bench *b, uint64_t n,
				struct bench_sample *out)
{
	return run_trip_with(env, b, n, out, 0);
}

void bench_add_eventfd(void)
{
	bench_add_ring_cases("eventfd", BENCH_PEER, kernel_wants, run_ring);
	bench_add_roundtrip_cases("eventfd", BENCH_PEER, run_trip);
	bench_add_roundtrip_cases("eventfd-blocking", BENCH_PEER | BENCH_FULL, run_trip_blocking);
	bench_add_latency_cases("eventfd", BENCH_PEER | BENCH_FULL, run_trip);
	bench_add_latency_cases("eventfd-blocking", BENCH_PEER | BENCH_FULL, run_trip_blocking);
}
