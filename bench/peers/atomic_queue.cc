/*
 * max0x7ba's atomic_queue as a peer, in its mode for one writer and one reader. At 8 B it is
 * AtomicQueue, whose elements are atomic words with one value that means empty; above,
 * AtomicQueue2, which keeps a state per element; without the order of elements that keeps neighbours on
 * different lines, made for many threads: with two, each message would touch another line of states,
 * which takes several times as long. Its capacity is a constant and the queue one block,
 * so it lies in shared memory and is run between processes, too. It has no bulk calls.
 *
 * try_push() and try_pop() are the calls that say "full" and "empty". push() and pop(), its
 * "optimist" use, take the next element at once and wait for its turn inside the library; they
 * never give up, and a run that hangs there is ended from outside.
 */
#ifndef NDEBUG
#define NDEBUG 1 /* without its assertions */
#endif
#include <atomic_queue/atomic_queue.h>

#include <type_traits>

#include "queue.h"

namespace
{

/* 8 B: any value but the one that means empty. No message has that number. */
using words = atomic_queue::AtomicQueue<uint64_t, BENCH_RING_BYTES / 8u, UINT64_MAX, true, true,
					false, true>;

template <size_t Size>
using values = atomic_queue::AtomicQueue2<message<Size>, BENCH_RING_BYTES / Size, false, true,
					  false, true>;

template <size_t Size> struct alignas(BENCH_LINE) atomicq {
	static constexpr size_t stride = 1u << 20;

	std::conditional_t<Size == 8, words, values<Size>> q;

	static atomicq *make(uint8_t *room)
	{
		static_assert(sizeof(atomicq) <= stride, "arena");
		return queue_touched<atomicq, Size>(new (room) atomicq);
	}

	bool put(const message<Size> &m)
	{
		if constexpr (Size == 8)
			return q.try_push(m.number);
		else
			return q.try_push(m);
	}

	template <class Use> bool take(Use &&use)
	{
		message<Size> m;
		bool got;

		if constexpr (Size == 8)
			got = q.try_pop(m.number);
		else
			got = q.try_pop(m);
		if (got)
			use(m);
		return got;
	}
};

/* With the calls that wait; filled and emptied by those that do not. */
template <size_t Size> struct alignas(BENCH_LINE) optimist : atomicq<Size> {
	static optimist *make(uint8_t *room)
	{
		optimist *o = new (room) optimist;

		queue_touched<atomicq<Size>, Size>(o);
		return o;
	}

	bool put(const message<Size> &m)
	{
		if constexpr (Size == 8)
			this->q.push(m.number);
		else
			this->q.push(m);
		return true;
	}

	template <class Use> bool take(Use &&use)
	{
		if constexpr (Size == 8)
			use(message<Size>{this->q.pop()});
		else
			use(this->q.pop());
		return true;
	}
};

int wants(const struct bench_ring_case *c)
{
	return c->readers == 1 && c->batch == 1;
}

/* It spins without end, so each side needs a CPU of its own. */
int optimist_wants(const struct bench_ring_case *c)
{
	if (!wants(c) || c->skew != BENCH_EVEN || (c->flags & BENCH_PROCS))
		return 0;
	return c->size == 1024 ? BENCH_WANTS_FULL : 1;
}

} // namespace

extern "C" void bench_add_atomic_queue(void)
{
	bench_add_ring_cases("atomic_queue", BENCH_PEER, wants, queue_roles<atomicq>::run_ring);
	bench_add_ring_cases("atomic_queue-optimist", BENCH_PEER | BENCH_SPINS, optimist_wants,
			     queue_roles<optimist>::run_ring);
	bench_add_roundtrip_cases("atomic_queue", BENCH_PEER, queue_roles<atomicq>::run_trip);
	bench_add_latency_cases("atomic_queue", BENCH_PEER, queue_roles<atomicq>::run_trip);
	bench_add_rate_cases("atomic_queue", BENCH_PEER, 1, queue_roles<atomicq>::run_rate);
}
