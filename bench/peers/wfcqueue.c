/*
 * liburcu's wfcqueue as a peer: a linked queue of nodes that are part of the messages, any number of
 * writers, one reader. It copies nothing and knows no capacity. So the messages are an array allocated
 * beforehand, node and payload together, used in turn; the reader says how many it is done with, and
 * the writer fills a message again when the one that lay there last was among those. dequeue has
 * let go of a node when it returns it, splice of all it has moved.
 *
 * Single commits: enqueue and dequeue. By 32: the writer enqueues into a queue of its own and splices
 * that; the reader splices whatever there is into its own, and walks that. With one reader there is
 * nothing to lock, so the calls without the mutex are used, and none that would wait, and sleep,
 * inside. The pointers are the same in all processes, since the memory was mapped before the fork.
 *
 * The calls are inline (_LGPL_SOURCE), and want GNU C.
 */
#define _LGPL_SOURCE 1
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wundef"
#include <urcu/wfcqueue.h>
#pragma GCC diagnostic pop

#include <stddef.h>

#include "../loops.h"
#include "../msg.h"

#define SLOTS(size) (BENCH_RING_BYTES / (size))
#define SLOT_BYTES(size) (sizeof(struct cds_wfcq_node) + (size))

struct line {
	struct __cds_wfcq_head head BENCH_ALIGNED;
	struct cds_wfcq_tail tail BENCH_ALIGNED;
};

struct wfcq {
	struct line queue;
	uint64_t done BENCH_ALIGNED; /* messages that the reader is done with */
	uint8_t slot[SLOTS(8) * SLOT_BYTES(8)] BENCH_ALIGNED;
};

struct end { /* of a queue, one side's */
	struct wfcq *q;
	uint64_t at;   /* of the next message */
	uint64_t done; /* as last seen, or as last said */
	struct line own;
};

static struct wfcq *queue(uint8_t *arena, unsigned i)
{
	return (struct wfcq *)(void *)arena + i;
}

static void setup(uint8_t *arena, unsigned queues)
{
	unsigned i;

	for (i = 0; i < queues; i++) {
		__cds_wfcq_init(&queue(arena, i)->queue.head, &queue(arena, i)->queue.tail);
		queue(arena, i)->done = 0;
	}
}

static void set_end(struct end *e, uint8_t *arena, unsigned i)
{
	e->q = queue(arena, i);
	e->at = 0;
	e->done = 0;
	__cds_wfcq_init(&e->own.head, &e->own.tail);
}

BENCH_INLINE uint8_t *payload(struct cds_wfcq_node *node)
{
	return (uint8_t *)(node + 1);
}

/* ---- one message ---- */

/* The next free message, filled; NULL: give up. */
BENCH_INLINE struct cds_wfcq_node *fill(struct role *me, struct end *e, size_t size, uint64_t seq)
{
	struct cds_wfcq_node *node;

	while (e->at - e->done >= SLOTS(size)) {
		e->done = __atomic_load_n(&e->q->done, __ATOMIC_ACQUIRE);
		if (e->at - e->done >= SLOTS(size) && role_idle(me) != 0)
			return NULL;
	}
	node = (struct cds_wfcq_node *)(void *)(e->q->slot +
						e->at % SLOTS(size) * SLOT_BYTES(size));
	e->at++;
	cds_wfcq_node_init(node);
	msg_write(me, payload(node), size, seq);
	return node;
}

BENCH_INLINE int put(struct role *me, void *end, size_t size, uint64_t seq)
{
	struct end *e = end;
	struct cds_wfcq_node *node = fill(me, e, size, seq);

	if (node == NULL)
		return -1;
	cds_wfcq_enqueue(&e->q->queue.head, &e->q->queue.tail, node);
	return 0;
}

BENCH_INLINE int take(struct role *me, void *end, size_t size, uint64_t seq)
{
	struct end *e = end;
	struct cds_wfcq_node *node;

	for (;;) {
		node = __cds_wfcq_dequeue_nonblocking(&e->q->queue.head, &e->q->queue.tail);
		if (node != NULL && node != CDS_WFCQ_WOULDBLOCK)
			break;
		if (role_idle(me) != 0)
			return -1;
	}
	if (msg_differs(me, payload(node), size, seq))
		return role_bad_message(me, seq, payload(node));
	__atomic_store_n(&e->q->done, seq + 1, __ATOMIC_RELEASE);
	return 0;
}

BENCH_INLINE int write_single(struct role *me, size_t size)
{
	struct end e;

	set_end(&e, me->arena, 0);
	return loop_ring(me, put, &e, size);
}

BENCH_INLINE int read_single(struct role *me, size_t size)
{
	struct end e;

	set_end(&e, me->arena, 0);
	return loop_ring(me, take, &e, size);
}

/* ---- by 32 ---- */

/* n is a multiple of BENCH_BATCH: the plan sees to it. */
BENCH_INLINE int write_batch(struct role *me, size_t size)
{
	struct cds_wfcq_node *node;
	struct end e;
	uint64_t i;

	set_end(&e, me->arena, 0);
	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		node = fill(me, &e, size, i);
		if (node == NULL)
			return -1;
		cds_wfcq_enqueue(&e.own.head, &e.own.tail, node);
		if (i % BENCH_BATCH == BENCH_BATCH - 1)
			__cds_wfcq_splice_blocking(&e.q->queue.head, &e.q->queue.tail, &e.own.head,
						   &e.own.tail);
	}
	role_done(me, i);
	return 0;
}

/* What was spliced: the messages from e->at on. The writer may not have linked the last of them yet. */
BENCH_INLINE int walk(struct role *me, struct end *e, size_t size)
{
	struct cds_wfcq_node *node, *next;

	node = __cds_wfcq_first_nonblocking(&e->own.head, &e->own.tail);
	while (node != NULL) {
		if (node == CDS_WFCQ_WOULDBLOCK)
			return role_fail(me, "a splice gave a queue without a first node");
		if (msg_differs(me, payload(node), size, e->at))
			return role_bad_message(me, e->at, payload(node));
		e->at++;
		while ((next = __cds_wfcq_next_nonblocking(&e->own.head, &e->own.tail, node)) ==
		       CDS_WFCQ_WOULDBLOCK)
			if (role_idle(me) != 0)
				return -1;
		node = next;
	}
	__cds_wfcq_init(&e->own.head, &e->own.tail);
	__atomic_store_n(&e->q->done, e->at, __ATOMIC_RELEASE);
	return 0;
}

BENCH_INLINE int read_spliced(struct role *me, size_t size)
{
	enum cds_wfcq_ret got;
	struct end e;

	set_end(&e, me->arena, 0);
	if (role_start(me) != 0)
		return -1;
	while (e.at < me->n) {
		got = __cds_wfcq_splice_nonblocking(&e.own.head, &e.own.tail, &e.q->queue.head,
						    &e.q->queue.tail);
		if (got == CDS_WFCQ_RET_DEST_EMPTY) {
			if (walk(me, &e, size) != 0)
				return -1;
		} else if (role_idle(me) != 0) {
			return -1;
		}
	}
	role_done(me, e.at);
	return 0;
}

static int writer(struct role *me)
{
	return me->b->batch > 1 ? MSG_BY_SIZE(write_batch, me) : MSG_BY_SIZE(write_single, me);
}

static int reader(struct role *me)
{
	return me->b->batch > 1 ? MSG_BY_SIZE(read_spliced, me) : MSG_BY_SIZE(read_single, me);
}

static int splicing_reader(struct role *me)
{
	return MSG_BY_SIZE(read_spliced, me);
}

static double run_ring(struct bench_env *env, const struct bench *b, uint64_t n,
		       struct bench_sample *out)
{
	setup(env->arena, 1);
	return driver_run(env, b, writer, reader, 2, n, out);
}

/* Enqueued one by one; whatever is there is spliced at once. */
static double run_splice(struct bench_env *env, const struct bench *b, uint64_t n,
			 struct bench_sample *out)
{
	setup(env->arena, 1);
	return driver_run(env, b, writer, splicing_reader, 2, n, out);
}

/* ---- round trip ---- */

BENCH_INLINE int trip(struct role *me, size_t size)
{
	struct end out, in;

	set_end(&out, me->arena, me->index);
	set_end(&in, me->arena, 1 - me->index);
	return loop_trip(me, put, &out, take, &in, size);
}

static int tripper(struct role *me)
{
	return MSG_BY_SIZE(trip, me);
}

static double run_trip(struct bench_env *env, const struct bench *b, uint64_t n,
		       struct bench_sample *out)
{
	setup(env->arena, 2);
	return driver_run(env, b, tripper, tripper, 2, n, out);
}

static int wants(const struct bench_ring_case *c)
{
	return c->readers == 1;
}

void bench_add_wfcqueue(void)
{
	_Static_assert(2 * sizeof(struct wfcq) <= BENCH_ARENA_BYTES, "arena");
	bench_add_ring_cases("wfcqueue", BENCH_PEER, wants, run_ring);
	bench_add_ring_cases("wfcqueue-splice", BENCH_PEER, bench_ring_consumer_case, run_splice);
	bench_add_roundtrip_cases("wfcqueue", BENCH_PEER, run_trip);
	bench_add_latency_cases("wfcqueue", BENCH_PEER, run_trip);
}
