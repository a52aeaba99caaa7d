/*
 * The ring as an application batches small messages of one size with it: a record is a block of 32
 * messages, one behind the other, made by one claim and published by one commit. A reader has the
 * block in place, goes through its messages, and then gives it back as one. So a message has no
 * header, kind or number of its own in the ring, and what the ring does, it does for blocks: they
 * are published, polled, delivered and lost as one. A record holds at most an eighth of the ring,
 * which is a little less than 32 messages of 1 KiB: there a commit publishes two blocks of 16.
 */
#include "pair.h"

#define BLOCK_MOST (BENCH_RING_BYTES / 8u - WEIR_RING_HEADER) /* bytes of a record */

/* Messages per block; divides BENCH_BATCH. */
#define BLOCK_OF(size) ((size)*BENCH_BATCH <= BLOCK_MOST ? BENCH_BATCH : BENCH_BATCH / 2u)

/* Claims a block and fills it; commits what is there whenever it has to wait. */
BENCH_INLINE int put_block(struct role *me, struct weir_ring_writer *w, size_t size, uint64_t seq)
{
	const uint32_t bytes = (uint32_t)(size * BLOCK_OF(size));
	struct weir_ring_room room;
	uint32_t k;
	int rc;

	while (BENCH_UNLIKELY((rc = weir_ring_claim(w, 1, bytes, WEIR_RING_GATED, &room)) !=
			      WEIR_OK)) {
		if (rc != WEIR_FULL)
			return role_fail(me, "weir_ring_claim: %s", weir_error_name(rc));
		weir_ring_commit(w);
		if (role_idle(me) != 0)
			return -1;
	}
	for (k = 0; k < BLOCK_OF(size); k++)
		msg_write(me, room.ptr + k * size, size, seq + k);
	return 0;
}

/* n is a multiple of BENCH_BATCH: the plan sees to it. */
BENCH_INLINE int block_write(struct role *me, size_t size)
{
	struct weir_ring_writer w;
	struct weir_progress table;
	uint64_t i = 0;

	if (pair_write(me, 0, &table, &w) != 0 || role_start(me) != 0)
		return -1;
	while (i < me->n) {
		if (put_block(me, &w, size, i) != 0)
			return -1;
		i += BLOCK_OF(size);
		if (i % BENCH_BATCH == 0)
			weir_ring_commit(&w);
	}
	role_done(me, i);
	weir_ring_writer_detach(&w);
	return 0;
}

BENCH_INLINE int block_read(struct role *me, size_t size)
{
	struct weir_ring_reader r;
	struct weir_ring_view v;
	uint64_t i = 0;
	uint32_t k;
	int rc;

	if (pair_read(me, 0, &r) != 0 || role_start(me) != 0)
		return -1;
	while (i < me->n) {
		rc = weir_ring_poll(&r, &v);
		if (BENCH_UNLIKELY(rc != WEIR_OK)) {
			if (rc != WEIR_EMPTY)
				return role_fail(me, "weir_ring_poll: %s", weir_error_name(rc));
			if (role_idle(me) != 0)
				return -1;
			continue;
		}
		if (BENCH_UNLIKELY(v.len != size * BLOCK_OF(size)))
			return role_bad_message(me, i, v.ptr);
		for (k = 0; k < BLOCK_OF(size); k++, i++)
			if (BENCH_UNLIKELY(msg_differs(me, v.ptr + k * size, size, i) != 0))
				return role_bad_message(me, i, v.ptr + k * size);
		weir_ring_deliver(&r, 0);
	}
	role_done(me, i);
	weir_ring_leave(&r, 0);
	return 0;
}

static int writer(struct role *me)
{
	return MSG_BY_SIZE(block_write, me);
}

static int reader(struct role *me)
{
	return MSG_BY_SIZE(block_read, me);
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n,
		  struct bench_sample *out)
{
	if (pair_format(env, 1) != 0)
		return -1;
	return driver_run(env, b, writer, reader, 1 + b->readers, n, out);
}

/* In the quick plan: one reader on threads, where messages are small. */
static int wants(const struct bench_ring_case *c)
{
	if (c->batch == 1)
		return 0;
	return c->readers == 1 && c->size <= 64 && !(c->flags & BENCH_PROCS) ? 1 : BENCH_WANTS_FULL;
}

void bench_add_block(void)
{
	_Static_assert(BENCH_BATCH / 2u * MSG_MAX <= BLOCK_MOST, "two blocks make a batch");
	bench_add_ring_cases("weir-block", 0, wants, run);
}
