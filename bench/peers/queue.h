/* bench/peers/queue.h - the roles of a queue of values, one writer, one reader. C++. */
#ifndef BENCH_QUEUE_H
#define BENCH_QUEUE_H

#include <new>

#include "../flow.h"
#include "message.h"

namespace
{

/*
 * A peer is a template Peer<Size> with
 *
 *	static Peer *make(uint8_t *room)  a queue, in its `stride` bytes of room or on the heap
 *	bool put(const message<Size> &)   false: full
 *	bool take(use)                    calls use(const message<Size> &); false: empty
 *
 * Role 0 makes the queues, in the child where it lives, since some of them are on the heap, and tells
 * the others. make() has each filled and emptied once, so that its memory is there before time runs.
 * What is on the heap ends with the child.
 */
struct queue_desk {
	void *queue[2];
	uint32_t made;
} BENCH_ALIGNED;

inline struct queue_desk *queue_desk_of(uint8_t *arena)
{
	return static_cast<struct queue_desk *>(static_cast<void *>(arena));
}

template <class Peer, size_t Size> Peer *queue_touched(Peer *q)
{
	message<Size> m;

	memset(static_cast<void *>(&m), 0, sizeof(m));
	while (q->put(m))
		;
	while (q->take([](const message<Size> &) {}))
		;
	return q;
}

/* The queues, `count` of them; for role 0 before the others ask. */
template <class Peer> void queue_make(struct role *me, unsigned count)
{
	struct queue_desk *desk = queue_desk_of(me->arena);

	for (unsigned i = 0; i < count; i++)
		desk->queue[i] = Peer::make(me->arena + sizeof(*desk) + i * Peer::stride);
	__atomic_store_n(&desk->made, 1, __ATOMIC_RELEASE);
}

/* Queue i, once it is made; NULL: give up. */
template <class Peer> Peer *queue_open(struct role *me, unsigned i, unsigned count)
{
	struct queue_desk *desk = queue_desk_of(me->arena);

	static_assert(sizeof(*desk) + 2 * Peer::stride <= BENCH_ARENA_BYTES, "arena");
	if (me->index == 0 && desk->made == 0)
		queue_make<Peer>(me, count);
	while (__atomic_load_n(&desk->made, __ATOMIC_ACQUIRE) == 0)
		if (role_idle(me) != 0)
			return nullptr;
	return static_cast<Peer *>(desk->queue[i]);
}

template <class Peer, size_t Size>
BENCH_INLINE int queue_put(struct role *me, Peer *q, message<Size> &m, uint64_t seq)
{
	msg_number(me, &m.number, seq);
	while (!q->put(m))
		if (role_idle(me) != 0)
			return -1;
	return 0;
}

template <class Peer, size_t Size>
BENCH_INLINE int queue_take(struct role *me, Peer *q, checker<Size> &check)
{
	while (!q->take(check))
		if (role_idle(me) != 0)
			return -1;
	return check.wrong ? check.verdict() : 0;
}

template <template <size_t> class Peer> struct queue_roles {
	template <size_t Size> static int write_of(struct role *me)
	{
		Peer<Size> *q = queue_open<Peer<Size>>(me, 0, 1);
		message<Size> m;
		uint64_t i;

		msg_prepare(me, &m, Size);
		if (q == nullptr || role_start(me) != 0)
			return -1;
		for (i = 0; i < me->n; i++)
			if (queue_put<Peer<Size>, Size>(me, q, m, i) != 0)
				return -1;
		role_done(me, i);
		return 0;
	}

	template <size_t Size> static int read_of(struct role *me)
	{
		Peer<Size> *q = queue_open<Peer<Size>>(me, 0, 1);
		checker<Size> check{me, 0, 0, false};

		if (q == nullptr || role_start(me) != 0)
			return -1;
		while (check.next < me->n)
			if (queue_take<Peer<Size>, Size>(me, q, check) != 0)
				return -1;
		role_done(me, check.next);
		return 0;
	}

	template <size_t Size> static int trip_of(struct role *me)
	{
		Peer<Size> *out = queue_open<Peer<Size>>(me, me->index, 2);
		Peer<Size> *in = queue_open<Peer<Size>>(me, 1 - me->index, 2);
		checker<Size> check{me, 0, 0, false};
		message<Size> m;
		uint64_t i;

		msg_prepare(me, &m, Size);
		if (out == nullptr || in == nullptr || role_start(me) != 0)
			return -1;
		for (i = 0; i < me->n; i++) {
			const uint64_t begun = latency_begin(me);

			if (me->index == 0 && queue_put<Peer<Size>, Size>(me, out, m, i) != 0)
				return -1;
			if (queue_take<Peer<Size>, Size>(me, in, check) != 0)
				return -1;
			latency_end(me, begun);
			if (me->index == 1 && queue_put<Peer<Size>, Size>(me, out, m, i) != 0)
				return -1;
		}
		role_done(me, i);
		return 0;
	}

	/* At a fixed rate: one end of the queue, and the writer's copy of a message. */
	struct flow_end {
		Peer<FLOW_BYTES> *q;
		message<FLOW_BYTES> m;
	};

	static int flow_put(struct role *me, void *end, uint64_t seq, const struct flow_stamp *s)
	{
		flow_end *e = static_cast<flow_end *>(end);

		memcpy(e->m.rest, s, sizeof(*s));
		return queue_put<Peer<FLOW_BYTES>, FLOW_BYTES>(me, e->q, e->m, seq);
	}

	static int flow_take(struct role *me, void *end, uint64_t seq, struct flow_stamp *s)
	{
		uint64_t wrong = 0, word = 0;
		const auto look = [&](const message<FLOW_BYTES> &m) {
			wrong = msg_differs(me, &m, FLOW_BYTES, seq);
			word = m.number;
			memcpy(s, m.rest, sizeof(*s));
		};

		if (!static_cast<flow_end *>(end)->q->take(look))
			return 0;
		return BENCH_UNLIKELY(wrong != 0) ? role_bad_message(me, seq, &word) : 1;
	}

	static int flow_writer(struct role *me)
	{
		flow_end e;

		e.q = queue_open<Peer<FLOW_BYTES>>(me, 0, 1);
		msg_prepare(me, &e.m, FLOW_BYTES);
		return e.q == nullptr ? -1 : flow_send(me, flow_put, &e);
	}

	static int flow_reader(struct role *me)
	{
		flow_end e;

		e.q = queue_open<Peer<FLOW_BYTES>>(me, 0, 1);
		return e.q == nullptr ? -1 : flow_receive(me, flow_take, &e);
	}

	static int writer(struct role *me)
	{
		return MESSAGE_BY_SIZE(write_of, me);
	}

	static int reader(struct role *me)
	{
		return MESSAGE_BY_SIZE(read_of, me);
	}

	static int tripper(struct role *me)
	{
		return MESSAGE_BY_SIZE(trip_of, me);
	}

	static double run_ring(struct bench_env *env, const struct bench *b, uint64_t n,
			       struct bench_sample *out)
	{
		memset(env->arena, 0, sizeof(struct queue_desk));
		return driver_run(env, b, writer, reader, 2, n, out);
	}

	static double run_rate(struct bench_env *env, const struct bench *b, uint64_t n,
			       struct bench_sample *out)
	{
		memset(env->arena, 0, sizeof(struct queue_desk));
		return driver_run(env, b, flow_writer, flow_reader, 2, n, out);
	}

	static double run_trip(struct bench_env *env, const struct bench *b, uint64_t n,
			       struct bench_sample *out)
	{
		memset(env->arena, 0, sizeof(struct queue_desk));
		return driver_run(env, b, tripper, tripper, 2, n, out);
	}
};

} // namespace

#endif
