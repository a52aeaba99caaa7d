/*
 * DPDK's rte_ring as a peer: single producer, single consumer, elements of the payload's size by
 * value, which is the API's own way (rte_ring_elem.h): one copy in, one copy out, a message or 32
 * per call. The ring lies in our memory (rte_ring_get_memsize_elem(), rte_ring_init()) and needs no
 * EAL; init takes the element size from the element calls, so the memory is only cut to size here.
 * The file is compiled with DPDK's own flags.
 */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wundef"
#include <rte_ring.h>
#include <rte_ring_elem.h>
#pragma GCC diagnostic pop

#include <stdio.h>

#include "../flow.h"
#include "../loops.h"
#include "../msg.h"

#define SLOTS(size) (BENCH_RING_BYTES / (size))
#define RING_STRIDE (1u << 20)

static struct rte_ring *queue(uint8_t *arena, unsigned i)
{
	return (struct rte_ring *)(void *)(arena + (size_t)i * RING_STRIDE);
}

static int setup(struct bench_env *env, unsigned queues, uint32_t size)
{
	ssize_t bytes = rte_ring_get_memsize_elem(size, SLOTS(size));
	unsigned i;

	for (i = 0; i < queues; i++)
		if (bytes < 0 || bytes > (ssize_t)RING_STRIDE ||
		    rte_ring_init(queue(env->arena, i), "bench", SLOTS(size),
				  RING_F_SP_ENQ | RING_F_SC_DEQ) != 0) {
			snprintf(env->error, sizeof(env->error), "rte_ring_init failed");
			return -1;
		}
	return 0;
}

/* ---- single ---- */

struct end { /* of a ring; the caller's copy of a message */
	struct rte_ring *r;
	uint64_t msg[MSG_MAX / sizeof(uint64_t)];
};

BENCH_INLINE void set_end(struct role *me, struct end *e, unsigned i, size_t size)
{
	e->r = queue(me->arena, i);
	msg_prepare(me, e->msg, size);
}

BENCH_INLINE int put(struct role *me, void *end, size_t size, uint64_t seq)
{
	struct end *e = end;

	msg_number(me, e->msg, seq);
	while (rte_ring_sp_enqueue_elem(e->r, e->msg, (unsigned)size) != 0)
		if (role_idle(me) != 0)
			return -1;
	return 0;
}

BENCH_INLINE int take(struct role *me, void *end, size_t size, uint64_t seq)
{
	struct end *e = end;

	while (rte_ring_sc_dequeue_elem(e->r, e->msg, (unsigned)size) != 0)
		if (role_idle(me) != 0)
			return -1;
	if (msg_differs(me, e->msg, size, seq))
		return role_bad_message(me, seq, e->msg);
	return 0;
}

BENCH_INLINE int write_single(struct role *me, size_t size)
{
	struct end e;

	set_end(me, &e, 0, size);
	return loop_ring(me, put, &e, size);
}

BENCH_INLINE int read_single(struct role *me, size_t size)
{
	struct end e;

	set_end(me, &e, 0, size);
	return loop_ring(me, take, &e, size);
}

/* ---- bulk ---- */

/* n is a multiple of BENCH_BATCH: the plan sees to it. */
BENCH_INLINE int write_bulk(struct role *me, size_t size)
{
	uint64_t msg[BENCH_BATCH * MSG_MAX / sizeof(uint64_t)];
	struct rte_ring *r = queue(me->arena, 0);
	uint64_t i = 0;
	unsigned k, did;

	for (k = 0; k < BENCH_BATCH; k++)
		msg_prepare(me, (uint8_t *)msg + k * size, size);
	if (role_start(me) != 0)
		return -1;
	while (i < me->n) {
		for (k = 0; k < BENCH_BATCH; k++, i++)
			msg_number(me, (uint8_t *)msg + k * size, i);
		do {
			did = rte_ring_sp_enqueue_bulk_elem(r, msg, (unsigned)size, BENCH_BATCH,
							    NULL);
			if (did == 0 && role_idle(me) != 0)
				return -1;
		} while (did == 0);
	}
	role_done(me, i);
	return 0;
}

BENCH_INLINE int read_bulk(struct role *me, size_t size)
{
	uint64_t msg[BENCH_BATCH * MSG_MAX / sizeof(uint64_t)];
	struct rte_ring *r = queue(me->arena, 0);
	uint64_t i = 0;
	unsigned k, got;

	if (role_start(me) != 0)
		return -1;
	while (i < me->n) {
		got = rte_ring_sc_dequeue_burst_elem(r, msg, (unsigned)size, BENCH_BATCH, NULL);
		if (got == 0 && role_idle(me) != 0)
			return -1;
		for (k = 0; k < got; k++, i++)
			if (msg_differs(me, (uint8_t *)msg + k * size, size, i))
				return role_bad_message(me, i, (uint8_t *)msg + k * size);
	}
	role_done(me, i);
	return 0;
}

static int writer(struct role *me)
{
	return me->b->batch > 1 ? MSG_BY_SIZE(write_bulk, me) : MSG_BY_SIZE(write_single, me);
}

static int reader(struct role *me)
{
	return me->b->batch > 1 ? MSG_BY_SIZE(read_bulk, me) : MSG_BY_SIZE(read_single, me);
}

static int burst_reader(struct role *me)
{
	return MSG_BY_SIZE(read_bulk, me);
}

static double run_ring(struct bench_env *env, const struct bench *b, uint64_t n,
		       struct bench_sample *out)
{
	if (setup(env, 1, b->size) != 0)
		return -1;
	return driver_run(env, b, writer, reader, 2, n, out);
}

/* Put in one by one, taken out by up to 32. */
static double run_burst(struct bench_env *env, const struct bench *b, uint64_t n,
			struct bench_sample *out)
{
	if (setup(env, 1, b->size) != 0)
		return -1;
	return driver_run(env, b, writer, burst_reader, 2, n, out);
}

/* ---- round trip ---- */

BENCH_INLINE int trip(struct role *me, size_t size)
{
	struct end out, in;

	set_end(me, &out, me->index, size);
	set_end(me, &in, 1 - me->index, size);
	return loop_trip(me, put, &out, take, &in, size);
}

static int tripper(struct role *me)
{
	return MSG_BY_SIZE(trip, me);
}

static double run_trip(struct bench_env *env, const struct bench *b, uint64_t n,
		       struct bench_sample *out)
{
	if (setup(env, 2, b->size) != 0)
		return -1;
	return driver_run(env, b, tripper, tripper, 2, n, out);
}

/* A request of 32 by one call; taken by what is there. */
BENCH_INLINE int ask(struct role *me, size_t size)
{
	uint64_t msg[BENCH_BATCH * MSG_MAX / sizeof(uint64_t)];
	struct end in;
	uint64_t i, begun;
	unsigned k;

	set_end(me, &in, 1, size);
	for (k = 0; k < BENCH_BATCH; k++)
		msg_prepare(me, (uint8_t *)msg + k * size, size);
	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		begun = latency_begin(me);
		for (k = 0; k < BENCH_BATCH; k++)
			msg_number(me, (uint8_t *)msg + k * size, i * BENCH_BATCH + k);
		while (rte_ring_sp_enqueue_bulk_elem(queue(me->arena, 0), msg, (unsigned)size,
						     BENCH_BATCH, NULL) == 0)
			if (role_idle(me) != 0)
				return -1;
		if (take(me, &in, size, i) != 0)
			return -1;
		latency_end(me, begun);
	}
	role_done(me, i);
	return 0;
}

BENCH_INLINE int answer(struct role *me, size_t size)
{
	uint64_t msg[BENCH_BATCH * MSG_MAX / sizeof(uint64_t)];
	struct end out;
	uint64_t i, seq = 0;
	unsigned k, got;

	set_end(me, &out, 1, size);
	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		while (seq < (i + 1) * BENCH_BATCH) {
			got = rte_ring_sc_dequeue_burst_elem(queue(me->arena, 0), msg,
							     (unsigned)size, BENCH_BATCH, NULL);
			if (got == 0 && role_idle(me) != 0)
				return -1;
			for (k = 0; k < got; k++, seq++)
				if (msg_differs(me, (uint8_t *)msg + k * size, size, seq))
					return role_bad_message(me, seq, (uint8_t *)msg + k * size);
		}
		if (put(me, &out, size, i) != 0)
			return -1;
	}
	role_done(me, i);
	return 0;
}

static int asker(struct role *me)
{
	return MSG_BY_SIZE(ask, me);
}

static int answerer(struct role *me)
{
	return MSG_BY_SIZE(answer, me);
}

static double run_batch_trip(struct bench_env *env, const struct bench *b, uint64_t n,
			     struct bench_sample *out)
{
	if (setup(env, 2, b->size) != 0)
		return -1;
	return driver_run(env, b, asker, answerer, 2, n, out);
}

/* ---- at a fixed rate ---- */

static int flow_put(struct role *me, void *end, uint64_t seq, const struct flow_stamp *s)
{
	struct end *e = end;

	msg_number(me, e->msg, seq);
	memcpy(e->msg + 1, s, sizeof(*s));
	while (rte_ring_sp_enqueue_elem(e->r, e->msg, FLOW_BYTES) != 0)
		if (role_idle(me) != 0)
			return -1;
	return 0;
}

static int flow_take(struct role *me, void *end, uint64_t seq, struct flow_stamp *s)
{
	struct end *e = end;

	if (rte_ring_sc_dequeue_elem(e->r, e->msg, FLOW_BYTES) != 0)
		return 0;
	if (msg_differs(me, e->msg, FLOW_BYTES, seq))
		return role_bad_message(me, seq, e->msg);
	memcpy(s, e->msg + 1, sizeof(*s));
	return 1;
}

static int flow_writer(struct role *me)
{
	struct end e;

	set_end(me, &e, 0, FLOW_BYTES);
	return flow_send(me, flow_put, &e);
}

static int flow_reader(struct role *me)
{
	struct end e;

	set_end(me, &e, 0, FLOW_BYTES);
	return flow_receive(me, flow_take, &e);
}

static double run_rate(struct bench_env *env, const struct bench *b, uint64_t n,
		       struct bench_sample *out)
{
	if (setup(env, 1, b->size) != 0)
		return -1;
	return driver_run(env, b, flow_writer, flow_reader, 2, n, out);
}

static int wants(const struct bench_ring_case *c)
{
	return c->readers == 1;
}

void bench_add_rte(void)
{
	bench_add_ring_cases("rte_ring", BENCH_PEER, wants, run_ring);
	bench_add_ring_cases("rte_ring-burst", BENCH_PEER, bench_ring_consumer_case, run_burst);
	bench_add_roundtrip_cases("rte_ring", BENCH_PEER, run_trip);
	bench_add_latency_cases("rte_ring", BENCH_PEER, run_trip);
	bench_add_trip_cases("rte_ring", BENCH_PEER, BENCH_BATCH, 1, run_batch_trip);
	bench_add_rate_cases("rte_ring", BENCH_PEER, 1, run_rate);
}
