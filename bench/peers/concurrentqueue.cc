/*
 * moodycamel::ConcurrentQueue as a peer: values, any number of writers and readers. Used by its
 * fastest calls for one writer: an explicit producer token to put in, and taking out from that
 * producer; one at a time or 32. Its blocks are on the heap, so it is run between threads only;
 * 256 KiB of them are there from the start, with an index that can name them all, and try_enqueue()
 * never asks for more.
 *
 * Several readers share the messages out among themselves: shown, and in no ratio.
 */
#ifndef NDEBUG
#define NDEBUG 1 /* without its assertions */
#endif
#include <concurrentqueue/concurrentqueue.h>

#include "queue.h"

namespace
{

template <size_t Size> struct traits : moodycamel::ConcurrentQueueDefaultTraits {
	static const size_t EXPLICIT_INITIAL_INDEX_SIZE = BENCH_RING_BYTES / Size / BLOCK_SIZE;
};

template <size_t Size> struct alignas(BENCH_LINE) concq {
	static constexpr size_t slots = BENCH_RING_BYTES / Size;
	static constexpr size_t stride = 0; /* nothing in the arena */

	moodycamel::ConcurrentQueue<message<Size>, traits<Size>> q{slots};
	moodycamel::ProducerToken token{q};

	static concq *make(uint8_t *)
	{
		return queue_touched<concq, Size>(new concq);
	}

	bool put(const message<Size> &m)
	{
		return q.try_enqueue(token, m);
	}

	template <class Use> bool take(Use &&use)
	{
		message<Size> m;

		if (!q.try_dequeue_from_producer(token, m))
			return false;
		use(m);
		return true;
	}

	bool put_batch(const message<Size> *m)
	{
		return q.try_enqueue_bulk(token, m, BENCH_BATCH);
	}

	/* Up to `max`, 1 or BENCH_BATCH. */
	size_t take_up_to(message<Size> *m, size_t max)
	{
		if (max == 1)
			return q.try_dequeue_from_producer(token, *m) ? 1 : 0;
		return q.try_dequeue_bulk_from_producer(token, m, BENCH_BATCH);
	}
};

/* ---- by 32 ---- */

/* Numbers from `seq` on, or all the same: the end mark. */
template <size_t Size>
int put_batch(struct role *me, concq<Size> *q, message<Size> *m, uint64_t seq, uint64_t step)
{
	for (unsigned k = 0; k < BENCH_BATCH; k++)
		msg_number(me, &m[k].number, seq + k * step);
	while (!q->put_batch(m))
		if (role_idle(me) != 0)
			return -1;
	return 0;
}

/* n is a multiple of BENCH_BATCH: the plan sees to it. */
template <size_t Size> int write_batch(struct role *me)
{
	concq<Size> *q = queue_open<concq<Size>>(me, 0, 1);
	message<Size> m[BENCH_BATCH];
	uint64_t i;

	for (unsigned k = 0; k < BENCH_BATCH; k++)
		msg_prepare(me, &m[k], Size);
	if (q == nullptr || role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i += BENCH_BATCH)
		if (put_batch<Size>(me, q, m, i, 1) != 0)
			return -1;
	role_done(me, i);
	return 0;
}

template <size_t Size> int read_batch(struct role *me)
{
	concq<Size> *q = queue_open<concq<Size>>(me, 0, 1);
	checker<Size> check{me, 0, 0, false};
	message<Size> m[BENCH_BATCH];
	size_t got;

	if (q == nullptr || role_start(me) != 0)
		return -1;
	while (check.next < me->n) {
		got = q->take_up_to(m, BENCH_BATCH);
		if (got == 0 && role_idle(me) != 0)
			return -1;
		for (size_t k = 0; k < got; k++)
			check(m[k]);
		if (check.wrong)
			return check.verdict();
	}
	role_done(me, check.next);
	return 0;
}

/* ---- several readers: who took how many is open, in all it must be n ---- */

constexpr uint64_t end_mark = UINT64_MAX;

/* Ends with as many marks as all readers can take in their last look. */
template <size_t Size> int share_out(struct role *me)
{
	concq<Size> *q = queue_open<concq<Size>>(me, 0, 1);
	message<Size> m[BENCH_BATCH];
	uint64_t i;

	for (unsigned k = 0; k < BENCH_BATCH; k++)
		msg_prepare(me, &m[k], Size);
	if (q == nullptr || role_start(me) != 0)
		return -1;
	if (me->b->batch > 1)
		for (i = 0; i < me->n; i += BENCH_BATCH)
			if (put_batch<Size>(me, q, m, i, 1) != 0)
				return -1;
	if (me->b->batch == 1)
		for (i = 0; i < me->n; i++)
			if (queue_put<concq<Size>, Size>(me, q, m[0], i) != 0)
				return -1;
	for (i = 0; i < me->b->readers; i++)
		if (put_batch<Size>(me, q, m, end_mark, 0) != 0)
			return -1;
	role_done(me, me->n);
	return 0;
}

/* Each reader's share comes in order. */
template <size_t Size> struct share {
	struct role *me;
	uint64_t next, taken;
	bool ended;

	int operator()(const message<Size> &m)
	{
		if (m.number == end_mark) {
			ended = true;
			return 0;
		}
		if (m.number < next || msg_differs(me, &m, Size, m.number) != 0)
			return role_bad_message(me, next, &m);
		next = m.number + 1;
		taken++;
		return 0;
	}
};

template <size_t Size> int take_share(struct role *me)
{
	concq<Size> *q = queue_open<concq<Size>>(me, 0, 1);
	share<Size> mine{me, 0, 0, false};
	message<Size> m[BENCH_BATCH];
	size_t got;

	if (q == nullptr || role_start(me) != 0)
		return -1;
	while (!mine.ended) {
		got = q->take_up_to(m, me->b->batch);
		if (got == 0 && role_idle(me) != 0)
			return -1;
		for (size_t k = 0; k < got; k++)
			if (mine(m[k]) != 0)
				return -1;
	}
	role_done(me, mine.taken);
	return 0;
}

#define ROLE(name, fn)                                                                             \
	int name(struct role *me)                                                                  \
	{                                                                                          \
		return MESSAGE_BY_SIZE(fn, me);                                                    \
	}

ROLE(batch_writer, write_batch)
ROLE(batch_reader, read_batch)
ROLE(sharing_writer, share_out)
ROLE(sharing_reader, take_share)

double run_ring(struct bench_env *env, const struct bench *b, uint64_t n, struct bench_sample *out)
{
	if (b->readers == 1 && b->batch == 1)
		return queue_roles<concq>::run_ring(env, b, n, out);
	memset(env->arena, 0, sizeof(struct queue_desk));
	return driver_run(env, b, b->readers > 1 ? sharing_writer : batch_writer,
			  b->readers > 1 ? sharing_reader : batch_reader, 1 + b->readers, n, out);
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

extern "C" void bench_add_concurrentqueue(void)
{
	const uint32_t flags = BENCH_PEER | BENCH_THREADS;

	bench_add_ring_cases("concurrentqueue", flags, one_reader, run_ring);
	bench_add_ring_cases("concurrentqueue", flags | BENCH_SHARING, several_readers, run_ring);
	bench_add_roundtrip_cases("concurrentqueue", flags, queue_roles<concq>::run_trip);
	bench_add_latency_cases("concurrentqueue", flags, queue_roles<concq>::run_trip);
	bench_add_rate_cases("concurrentqueue", flags, 1, queue_roles<concq>::run_rate);
}
