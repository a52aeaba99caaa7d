/*
 * boost::lockfree::spsc_queue as a peer. This file is C++ because the peer is a class template; to
 * the harness it shows the same C face as every other transport (bench_add_boost()).
 *
 * Used as its documentation advises: compile-time capacity, so that the whole queue is one block
 * that can lie in shared memory; messages by value, copied in once by push(); consumed in place
 * by consume_one() or consume_all(), which is cheaper than pop(). Bulk rows push 32 at a time and
 * consume all there is, which publishes the read index once.
 *
 * For several readers there is a queue each, and the writer pushes every message into all of them:
 * what a user of such queues does to broadcast.
 */
#ifndef NDEBUG
#define NDEBUG 1 /* without its assertions */
#endif
#include <boost/lockfree/spsc_queue.hpp>

#include <new>

#include "../flow.h"
#include "message.h"

namespace
{

template <size_t Size> struct traits {
	using queue =
		boost::lockfree::spsc_queue<message<Size>,
					    boost::lockfree::capacity<BENCH_RING_BYTES / Size>>;
	struct alignas(BENCH_LINE) block {
		queue q;
	};
};

template <size_t Size> typename traits<Size>::queue &queue_at(uint8_t *arena, unsigned i)
{
	using block = typename traits<Size>::block;
	static_assert(8 * sizeof(block) <= BENCH_ARENA_BYTES, "arena");

	return (static_cast<block *>(static_cast<void *>(arena)) + i)->q;
}

template <size_t Size> void setup(uint8_t *arena, unsigned queues)
{
	for (unsigned i = 0; i < queues; i++)
		new (&queue_at<Size>(arena, i)) typename traits<Size>::queue();
}

void setup_for(uint8_t *arena, uint32_t size, unsigned queues)
{
	if (size == 8)
		setup<8>(arena, queues);
	else if (size == 64)
		setup<64>(arena, queues);
	else
		setup<1024>(arena, queues);
}

template <size_t Size> int put(struct role *me, unsigned q, message<Size> &m, uint64_t seq)
{
	msg_number(me, &m.number, seq);
	while (!queue_at<Size>(me->arena, q).push(m))
		if (role_idle(me) != 0)
			return -1;
	return 0;
}

template <size_t Size> int take(struct role *me, unsigned q, checker<Size> &check)
{
	while (!queue_at<Size>(me->arena, q).consume_one(check))
		if (role_idle(me) != 0)
			return -1;
	return check.wrong ? check.verdict() : 0;
}

template <size_t Size> int write_single(struct role *me)
{
	const unsigned queues = me->b->readers;
	message<Size> m;
	uint64_t i;

	msg_prepare(me, &m, Size);
	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++)
		for (unsigned q = 0; q < queues; q++)
			if (put<Size>(me, q, m, i) != 0)
				return -1;
	role_done(me, i);
	return 0;
}

template <size_t Size> int read_single(struct role *me)
{
	const unsigned q = me->index - 1;
	checker<Size> check{me, 0, 0, false};

	if (role_start(me) != 0)
		return -1;
	while (check.next < me->n)
		if (take<Size>(me, q, check) != 0)
			return -1;
	role_done(me, check.next);
	return 0;
}

/* n is a multiple of BENCH_BATCH: the plan sees to it. */
template <size_t Size> int write_bulk(struct role *me)
{
	const unsigned queues = me->b->readers;
	message<Size> m[BENCH_BATCH];
	uint64_t i = 0;

	for (unsigned k = 0; k < BENCH_BATCH; k++)
		msg_prepare(me, &m[k], Size);
	if (role_start(me) != 0)
		return -1;
	while (i < me->n) {
		for (unsigned k = 0; k < BENCH_BATCH; k++, i++)
			msg_number(me, &m[k].number, i);
		for (unsigned q = 0; q < queues; q++)
			for (size_t sent = 0; sent < BENCH_BATCH;) {
				size_t did = queue_at<Size>(me->arena, q)
						     .push(m + sent, BENCH_BATCH - sent);

				if (did == 0 && role_idle(me) != 0)
					return -1;
				sent += did;
			}
	}
	role_done(me, i);
	return 0;
}

template <size_t Size> int read_bulk(struct role *me)
{
	typename traits<Size>::queue &queue = queue_at<Size>(me->arena, me->index - 1);
	checker<Size> check{me, 0, 0, false};

	if (role_start(me) != 0)
		return -1;
	while (check.next < me->n) {
		if (queue.consume_all(check) == 0 && role_idle(me) != 0)
			return -1;
		if (check.wrong)
			return check.verdict();
	}
	role_done(me, check.next);
	return 0;
}

template <size_t Size> int write_any(struct role *me)
{
	return me->b->batch > 1 ? write_bulk<Size>(me) : write_single<Size>(me);
}

template <size_t Size> int read_any(struct role *me)
{
	return me->b->batch > 1 ? read_bulk<Size>(me) : read_single<Size>(me);
}

template <size_t Size> int trip(struct role *me)
{
	const unsigned mine = me->index, other = 1 - me->index;
	checker<Size> check{me, 0, 0, false};
	message<Size> m;
	uint64_t i;

	msg_prepare(me, &m, Size);
	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		const uint64_t begun = latency_begin(me);

		if (mine == 0 && put<Size>(me, mine, m, i) != 0)
			return -1;
		if (take<Size>(me, other, check) != 0)
			return -1;
		latency_end(me, begun);
		if (mine == 1 && put<Size>(me, mine, m, i) != 0)
			return -1;
	}
	role_done(me, i);
	return 0;
}

/* Requests of a batch, pushed at once, to so many readers, each of which consumes what is there until
 * it has the batch, and answers over a queue of its own, behind those of the requests. */
enum { TRIP_READERS_MAX = 2 };

template <size_t Size> int push_batch(struct role *me, unsigned q, const message<Size> *m)
{
	const uint32_t batch = me->b->batch;

	for (size_t sent = 0; sent < batch;) {
		size_t did = queue_at<Size>(me->arena, q).push(m + sent, batch - sent);

		if (did == 0 && role_idle(me) != 0)
			return -1;
		sent += did;
	}
	return 0;
}

template <size_t Size> int ask(struct role *me)
{
	const unsigned readers = me->b->readers;
	checker<Size> check[TRIP_READERS_MAX] = {{me, 0, 0, false}, {me, 0, 0, false}};
	message<Size> m[BENCH_BATCH];

	for (unsigned k = 0; k < BENCH_BATCH; k++)
		msg_prepare(me, &m[k], Size);
	if (role_start(me) != 0)
		return -1;
	for (uint64_t i = 0; i < me->n; i++) {
		const uint64_t begun = latency_begin(me);

		for (uint32_t k = 0; k < me->b->batch; k++)
			msg_number(me, &m[k].number, i * me->b->batch + k);
		for (unsigned q = 0; q < readers; q++)
			if (push_batch<Size>(me, q, m) != 0)
				return -1;
		for (unsigned q = 0; q < readers; q++)
			if (take<Size>(me, readers + q, check[q]) != 0)
				return -1;
		latency_end(me, begun);
	}
	role_done(me, me->n);
	return 0;
}

template <size_t Size> int answer(struct role *me)
{
	const unsigned q = me->index - 1;
	checker<Size> check{me, 0, 0, false};
	message<Size> m;

	msg_prepare(me, &m, Size);
	if (role_start(me) != 0)
		return -1;
	for (uint64_t i = 0; i < me->n; i++) {
		while (check.next < (i + 1) * me->b->batch)
			if (queue_at<Size>(me->arena, q).consume_all(check) == 0 &&
			    role_idle(me) != 0)
				return -1;
		if (check.wrong)
			return check.verdict();
		if (put<Size>(me, me->b->readers + q, m, i) != 0)
			return -1;
	}
	role_done(me, me->n);
	return 0;
}

/* ---- at a fixed rate ---- */

using flow_message = message<FLOW_BYTES>;

int flow_put(struct role *me, void *end, uint64_t seq, const struct flow_stamp *s)
{
	flow_message *m = static_cast<flow_message *>(end);

	memcpy(m->rest, s, sizeof(*s));
	return put<FLOW_BYTES>(me, 0, *m, seq);
}

int flow_take(struct role *me, void *, uint64_t seq, struct flow_stamp *s)
{
	uint64_t wrong = 0, word = 0;
	const auto look = [&](const flow_message &m) {
		wrong = msg_differs(me, &m, FLOW_BYTES, seq);
		word = m.number;
		memcpy(s, m.rest, sizeof(*s));
	};

	if (!queue_at<FLOW_BYTES>(me->arena, 0).consume_one(look))
		return 0;
	return BENCH_UNLIKELY(wrong != 0) ? role_bad_message(me, seq, &word) : 1;
}

int flow_writer(struct role *me)
{
	flow_message m;

	msg_prepare(me, &m, FLOW_BYTES);
	return flow_send(me, flow_put, &m);
}

int flow_reader(struct role *me)
{
	return flow_receive(me, flow_take, nullptr);
}

int writer(struct role *me)
{
	return MESSAGE_BY_SIZE(write_any, me);
}

int reader(struct role *me)
{
	return MESSAGE_BY_SIZE(read_any, me);
}

int bulk_reader(struct role *me)
{
	return MESSAGE_BY_SIZE(read_bulk, me);
}

int tripper(struct role *me)
{
	return MESSAGE_BY_SIZE(trip, me);
}

double run_ring(struct bench_env *env, const struct bench *b, uint64_t n, struct bench_sample *out)
{
	setup_for(env->arena, b->size, b->readers);
	return driver_run(env, b, writer, reader, 1 + b->readers, n, out);
}

/* Pushed one by one; whatever is there is consumed at once. */
double run_all(struct bench_env *env, const struct bench *b, uint64_t n, struct bench_sample *out)
{
	setup_for(env->arena, b->size, b->readers);
	return driver_run(env, b, writer, bulk_reader, 1 + b->readers, n, out);
}

double run_trip(struct bench_env *env, const struct bench *b, uint64_t n, struct bench_sample *out)
{
	setup_for(env->arena, b->size, 2);
	return driver_run(env, b, tripper, tripper, 2, n, out);
}

int asker(struct role *me)
{
	return MESSAGE_BY_SIZE(ask, me);
}

int answerer(struct role *me)
{
	return MESSAGE_BY_SIZE(answer, me);
}

double run_batch_trip(struct bench_env *env, const struct bench *b, uint64_t n,
		      struct bench_sample *out)
{
	setup_for(env->arena, b->size, 2 * b->readers);
	return driver_run(env, b, asker, answerer, 1 + b->readers, n, out);
}

double run_rate(struct bench_env *env, const struct bench *b, uint64_t n, struct bench_sample *out)
{
	setup_for(env->arena, FLOW_BYTES, 1);
	return driver_run(env, b, flow_writer, flow_reader, 2, n, out);
}

int one_reader(const struct bench_ring_case *c)
{
	return c->readers == 1;
}

int several_readers(const struct bench_ring_case *c)
{
	return c->readers > 1;
}

} // namespace

extern "C" void bench_add_boost(void)
{
	bench_add_ring_cases("boost-spsc", BENCH_PEER, one_reader, run_ring);
	bench_add_ring_cases("boost-spsc-each", BENCH_PEER, several_readers, run_ring);
	bench_add_ring_cases("boost-spsc-all", BENCH_PEER, bench_ring_consumer_case, run_all);
	bench_add_roundtrip_cases("boost-spsc", BENCH_PEER, run_trip);
	bench_add_latency_cases("boost-spsc", BENCH_PEER, run_trip);
	bench_add_trip_cases("boost-spsc", BENCH_PEER, BENCH_BATCH, 1, run_batch_trip);
	bench_add_trip_cases("boost-spsc-each", BENCH_PEER, 1, 2, run_batch_trip);
	bench_add_trip_cases("boost-spsc-each", BENCH_PEER, BENCH_BATCH, 2, run_batch_trip);
	bench_add_rate_cases("boost-spsc", BENCH_PEER, 1, run_rate);
}
