/*
 * Concurrency Kit's ck_ring as a peer. It moves pointers, one at a time.
 *
 * 8 B: the pointer itself is the message, the cheapest use there is. 64 B and 1 KiB: the payload
 * goes into a slot of an array allocated beforehand and the pointer to it through the ring, as its
 * users do; the slots are used in turn. There are two more slots than ring places: the slot of
 * message w comes round for message w + size + 2, which is written after w + size + 1 was accepted,
 * so after w + 2 was taken out and the reader has done with w. Not so with competing readers, where
 * one may stall on its slot; so ck_ring spmc is run at 8 B only. It shares the work out instead of
 * giving every reader every message: it is shown, and kept out of every ratio.
 */
#include <ck_ring.h>

#include <string.h>

#include "../flow.h"
#include "../loops.h"
#include "../msg.h"

#define SLOTS(size) (BENCH_RING_BYTES / (size))

struct ckq {
	struct ck_ring ring BENCH_ALIGNED;
	uint8_t gap[BENCH_LINE]; /* size and mask share their line with nothing that is written */
	ck_ring_buffer_t buffer[SLOTS(8)] BENCH_ALIGNED;
	uint8_t slot[BENCH_RING_BYTES + 2 * MSG_MAX] BENCH_ALIGNED;
};

static struct ckq *queue(uint8_t *arena, unsigned i)
{
	return (struct ckq *)(void *)arena + i;
}

static void setup(uint8_t *arena, unsigned queues, uint32_t size)
{
	unsigned i;

	for (i = 0; i < queues; i++)
		ck_ring_init(&queue(arena, i)->ring, SLOTS(size));
}

/* ---- one message ---- */

struct end { /* of a queue; the slot to fill next is the sender's */
	struct ckq *q;
	uint32_t slot;
};

BENCH_INLINE int put(struct role *me, void *end, size_t size, uint64_t seq)
{
	struct end *e = end;
	void *p;

	if (size == sizeof(p)) {
		msg_write(me, &p, size, seq);
	} else {
		p = e->q->slot + e->slot * size;
		e->slot = e->slot == SLOTS(size) + 1 ? 0 : e->slot + 1;
		msg_write(me, p, size, seq);
	}
	while (!ck_ring_enqueue_spsc(&e->q->ring, e->q->buffer, p))
		if (role_idle(me) != 0)
			return -1;
	return 0;
}

BENCH_INLINE int take(struct role *me, void *end, size_t size, uint64_t seq)
{
	struct end *e = end;
	void *p, *at;

	while (!ck_ring_dequeue_spsc(&e->q->ring, e->q->buffer, &p))
		if (role_idle(me) != 0)
			return -1;
	at = size == sizeof(p) ? (void *)&p : p;
	if (msg_differs(me, at, size, seq))
		return role_bad_message(me, seq, at);
	return 0;
}

/* ---- ring ---- */

BENCH_INLINE int ring_write(struct role *me, size_t size)
{
	struct end e = {queue(me->arena, 0), 0};

	return loop_ring(me, put, &e, size);
}

BENCH_INLINE int ring_read(struct role *me, size_t size)
{
	struct end e = {queue(me->arena, 0), 0};

	return loop_ring(me, take, &e, size);
}

static int writer(struct role *me)
{
	return MSG_BY_SIZE(ring_write, me);
}

static int reader(struct role *me)
{
	return MSG_BY_SIZE(ring_read, me);
}

static double run_spsc(struct bench_env *env, const struct bench *b, uint64_t n,
		       struct bench_sample *out)
{
	setup(env->arena, 1, b->size);
	return driver_run(env, b, writer, reader, 2, n, out);
}

/* ---- competing readers: who took how many is open, in all it must be n ---- */

static int spmc_writer(struct role *me)
{
	struct ckq *q = queue(me->arena, 0);
	uint64_t i;
	void *p;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		msg_write(me, &p, 8, i);
		while (!ck_ring_enqueue_spmc(&q->ring, q->buffer, p))
			if (role_idle(me) != 0)
				return -1;
	}
	/* one end mark per reader: no reader takes another after it has seen one */
	for (i = 0; i < me->b->readers; i++) {
		memset(&p, 0xff, sizeof(p));
		while (!ck_ring_enqueue_spmc(&q->ring, q->buffer, p))
			if (role_idle(me) != 0)
				return -1;
	}
	role_done(me, me->n);
	return 0;
}

static int spmc_reader(struct role *me)
{
	struct ckq *q = queue(me->arena, 0);
	uint64_t seq, next = 0, taken = 0;
	void *p;

	if (role_start(me) != 0)
		return -1;
	for (;;) {
		while (!ck_ring_dequeue_spmc(&q->ring, q->buffer, &p))
			if (role_idle(me) != 0)
				return -1;
		memcpy(&seq, &p, sizeof(seq));
		if (seq == UINT64_MAX)
			break;
		/* each reader's share comes in order */
		if (seq < next)
			return role_bad_message(me, next, &p);
		next = seq + 1;
		taken++;
	}
	role_done(me, taken);
	return 0;
}

static double run_spmc(struct bench_env *env, const struct bench *b, uint64_t n,
		       struct bench_sample *out)
{
	setup(env->arena, 1, b->size);
	return driver_run(env, b, spmc_writer, spmc_reader, 1 + b->readers, n, out);
}

/* ---- round trip ---- */

BENCH_INLINE int trip(struct role *me, size_t size)
{
	struct end out = {queue(me->arena, me->index), 0};
	struct end in = {queue(me->arena, 1 - me->index), 0};

	return loop_trip(me, put, &out, take, &in, size);
}

static int tripper(struct role *me)
{
	return MSG_BY_SIZE(trip, me);
}

/* There are no bulk calls: a request of 32 is 32 calls on each side. */
BENCH_INLINE int batch_trip(struct role *me, size_t size)
{
	struct end out = {queue(me->arena, me->index), 0};
	struct end in = {queue(me->arena, 1 - me->index), 0};

	return loop_trip_batch(me, put, &out, take, &in, size);
}

static int batch_tripper(struct role *me)
{
	return MSG_BY_SIZE(batch_trip, me);
}

static double run_batch_trip(struct bench_env *env, const struct bench *b, uint64_t n,
			     struct bench_sample *out)
{
	setup(env->arena, 2, b->size);
	return driver_run(env, b, batch_tripper, batch_tripper, 2, n, out);
}

static double run_trip(struct bench_env *env, const struct bench *b, uint64_t n,
		       struct bench_sample *out)
{
	setup(env->arena, 2, b->size);
	return driver_run(env, b, tripper, tripper, 2, n, out);
}

/* ---- at a fixed rate ---- */

static int flow_put(struct role *me, void *end, uint64_t seq, const struct flow_stamp *s)
{
	struct end *e = end;
	uint8_t *p = e->q->slot + e->slot * FLOW_BYTES;

	e->slot = e->slot == SLOTS(FLOW_BYTES) + 1 ? 0 : e->slot + 1;
	msg_write(me, p, FLOW_BYTES, seq);
	memcpy(p + sizeof(seq), s, sizeof(*s));
	while (!ck_ring_enqueue_spsc(&e->q->ring, e->q->buffer, p))
		if (role_idle(me) != 0)
			return -1;
	return 0;
}

static int flow_take(struct role *me, void *end, uint64_t seq, struct flow_stamp *s)
{
	struct end *e = end;
	void *p;

	if (!ck_ring_dequeue_spsc(&e->q->ring, e->q->buffer, &p))
		return 0;
	if (msg_differs(me, p, FLOW_BYTES, seq))
		return role_bad_message(me, seq, p);
	memcpy(s, (const uint8_t *)p + sizeof(seq), sizeof(*s));
	return 1;
}

static int flow_writer(struct role *me)
{
	struct end e = {queue(me->arena, 0), 0};

	return flow_send(me, flow_put, &e);
}

static int flow_reader(struct role *me)
{
	struct end e = {queue(me->arena, 0), 0};

	return flow_receive(me, flow_take, &e);
}

static double run_rate(struct bench_env *env, const struct bench *b, uint64_t n,
		       struct bench_sample *out)
{
	setup(env->arena, 1, b->size);
	return driver_run(env, b, flow_writer, flow_reader, 2, n, out);
}

static int spsc_wants(const struct bench_ring_case *c)
{
	return c->readers == 1 && c->batch == 1; /* no bulk calls */
}

static int spmc_wants(const struct bench_ring_case *c)
{
	return c->readers > 1 && c->batch == 1 && c->size == 8;
}

void bench_add_ck_ring(void)
{
	_Static_assert(2 * sizeof(struct ckq) <= BENCH_ARENA_BYTES, "arena");
	_Static_assert(sizeof(void *) == 8, "the 8 B rows carry the message in a pointer");
	bench_add_ring_cases("ck_ring", BENCH_PEER, spsc_wants, run_spsc);
	bench_add_ring_cases("ck_ring-spmc", BENCH_PEER | BENCH_SHARING, spmc_wants, run_spmc);
	bench_add_roundtrip_cases("ck_ring", BENCH_PEER, run_trip);
	bench_add_latency_cases("ck_ring", BENCH_PEER, run_trip);
	bench_add_trip_cases("ck_ring", BENCH_PEER, BENCH_BATCH, 1, run_batch_trip);
	bench_add_rate_cases("ck_ring", BENCH_PEER, 1, run_rate);
}
