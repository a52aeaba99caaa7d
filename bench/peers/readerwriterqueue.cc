/*
 * moodycamel::ReaderWriterQueue as a peer: one writer, one reader, values. Its memory is on the heap,
 * so it is run between threads only. One block holds the whole queue, as its documentation allows,
 * and try_enqueue() never asks for another; what is there is looked at in place (peek(), pop()), which
 * saves the copy out. It has no bulk calls.
 */
#ifndef NDEBUG
#define NDEBUG 1 /* without its assertions */
#endif
#include <readerwriterqueue/readerwriterqueue.h>

#include "queue.h"

namespace
{

template <size_t Size> struct alignas(BENCH_LINE) rwq {
	static constexpr size_t slots = BENCH_RING_BYTES / Size;
	static constexpr size_t stride = 0; /* nothing in the arena */

	moodycamel::ReaderWriterQueue<message<Size>, slots> q{slots - 1};

	static rwq *make(uint8_t *)
	{
		return queue_touched<rwq, Size>(new rwq);
	}

	bool put(const message<Size> &m)
	{
		return q.try_enqueue(m);
	}

	template <class Use> bool take(Use &&use)
	{
		const message<Size> *m = q.peek();

		if (m == nullptr)
			return false;
		use(*m);
		q.pop();
		return true;
	}
};

int wants(const struct bench_ring_case *c)
{
	return c->readers == 1 && c->batch == 1;
}

} // namespace

extern "C" void bench_add_readerwriterqueue(void)
{
	bench_add_ring_cases("readerwriterqueue", BENCH_PEER | BENCH_THREADS, wants,
			     queue_roles<rwq>::run_ring);
	bench_add_roundtrip_cases("readerwriterqueue", BENCH_PEER | BENCH_THREADS,
				  queue_roles<rwq>::run_trip);
	bench_add_latency_cases("readerwriterqueue", BENCH_PEER | BENCH_THREADS,
				queue_roles<rwq>::run_trip);
	bench_add_rate_cases("readerwriterqueue", BENCH_PEER | BENCH_THREADS, 1,
			     queue_roles<rwq>::run_rate);
}
