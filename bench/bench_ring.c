/*
 * The request ring: one gated writer, 1, 2, 4 or 8 registered readers that each see every message.
 * Nothing here is tuned to the case: the writer claims, fills and commits, one by one or 32 at a
 * time; a reader polls, and publishes its progress every 32 messages and whenever it finds nothing.
 * "weir-each" is the reader that gives its space back after every message, as peers that take one at
 * a time do. "weir-run" takes by one call whatever is there, up to 32, and where the writer commits
 * 32 at a time also claims them so: the counterpart of the peers' bulk calls.
 */
#include "pair.h"

BENCH_INLINE int ring_write(struct role *me, size_t size)
{
	const uint32_t mask = me->b->batch - 1; /* 1 or BENCH_BATCH */
	struct weir_ring_writer w;
	struct weir_progress table;
	uint64_t i;

	if (pair_write(me, 0, &table, &w) != 0 || role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		if (pair_put(me, &w, size, i) != 0)
			return -1;
		if ((i & mask) == mask)
			weir_ring_commit(&w);
	}
	weir_ring_commit(&w);
	role_done(me, i);
	weir_ring_writer_detach(&w);
	return 0;
}

BENCH_INLINE int ring_read(struct role *me, size_t size, uint64_t every)
{
	struct weir_ring_reader r;
	uint64_t i = 0, delivered = 0;
	int rc;

	if (pair_read(me, 0, &r) != 0 || role_start(me) != 0)
		return -1;
	while (i < me->n) {
		rc = pair_take(me, &r, size, i);
		if (BENCH_UNLIKELY(rc < 0))
			return -1;
		i += (uint64_t)rc;
		if (i - delivered == every || (rc == 0 && i != delivered)) {
			weir_ring_deliver(&r, 0);
			delivered = i;
		}
		if (rc == 0 && role_idle(me) != 0)
			return -1;
	}
	weir_ring_deliver(&r, 0);
	role_done(me, i);
	weir_ring_leave(&r, 0);
	return 0;
}

/* n is a multiple of BENCH_BATCH: the plan sees to it. */
BENCH_INLINE int run_write(struct role *me, size_t size)
{
	struct weir_ring_writer w;
	struct weir_progress table;
	uint32_t open = 0; /* claimed, not committed */
	uint64_t i = 0;
	int n;

	if (pair_write(me, 0, &table, &w) != 0 || role_start(me) != 0)
		return -1;
	while (i < me->n) {
		n = pair_put_run(me, &w, size, i, BENCH_BATCH - open);
		if (n < 0)
			return -1;
		i += (uint64_t)n;
		open = (open + (uint32_t)n) % BENCH_BATCH;
		if (open == 0)
			weir_ring_commit(&w);
	}
	role_done(me, i);
	weir_ring_writer_detach(&w);
	return 0;
}

BENCH_INLINE int run_read(struct role *me, size_t size)
{
	const uint64_t stride = weir_ring_stride((uint32_t)size);
	struct weir_ring_reader r;
	struct weir_ring_view v;
	uint64_t i = 0;
	uint32_t k, n;
	int rc;

	if (pair_read(me, 0, &r) != 0 || role_start(me) != 0)
		return -1;
	while (i < me->n) {
		rc = weir_ring_poll_run(&r, BENCH_BATCH, &v, &n);
		if (BENCH_UNLIKELY(rc != WEIR_OK)) {
			if (rc != WEIR_EMPTY)
				return role_fail(me, "weir_ring_poll_run: %s", weir_error_name(rc));
			if (role_idle(me) != 0)
				return -1;
			continue;
		}
		for (k = 0; k < n; k++, i++)
			if (BENCH_UNLIKELY(v.len != size ||
					   msg_differs(me, v.ptr + k * stride, size, i) != 0))
				return role_bad_message(me, i, v.ptr + k * stride);
		weir_ring_deliver(&r, 0);
	}
	role_done(me, i);
	weir_ring_leave(&r, 0);
	return 0;
}

static int writer(struct role *me)
{
	return MSG_BY_SIZE(ring_write, me);
}

static int run_writer(struct role *me)
{
	return me->b->batch > 1 ? MSG_BY_SIZE(run_write, me) : writer(me);
}

static int run_reader(struct role *me)
{
	return MSG_BY_SIZE(run_read, me);
}

#define READ_BATCHES(me, size) ring_read(me, size, BENCH_BATCH)
#define READ_EACH(me, size) ring_read(me, size, 1)

static int reader(struct role *me)
{
	return MSG_BY_SIZE(READ_BATCHES, me);
}

static int each_reader(struct role *me)
{
	return MSG_BY_SIZE(READ_EACH, me);
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n,
		  struct bench_sample *out)
{
	if (pair_format(env, 1) != 0)
		return -1;
	return driver_run(env, b, writer, reader, 1 + b->readers, n, out);
}

static double run_each(struct bench_env *env, const struct bench *b, uint64_t n,
		       struct bench_sample *out)
{
	if (pair_format(env, 1) != 0)
		return -1;
	return driver_run(env, b, writer, each_reader, 1 + b->readers, n, out);
}

static double run_runs(struct bench_env *env, const struct bench *b, uint64_t n,
		       struct bench_sample *out)
{
	if (pair_format(env, 1) != 0)
		return -1;
	return driver_run(env, b, run_writer, run_reader, 1 + b->readers, n, out);
}

static int wants_runs(const struct bench_ring_case *c)
{
	return c->batch > 1 ? 1 : bench_ring_consumer_case(c);
}

static int wants(const struct bench_ring_case *c)
{
	(void)c;
	return 1;
}

void bench_add_ring(void)
{
	_Static_assert((BENCH_BATCH & (BENCH_BATCH - 1)) == 0, "used as a mask");
	bench_add_ring_cases("weir", 0, wants, run);
	bench_add_ring_cases("weir-run", 0, wants_runs, run_runs);
	bench_add_ring_cases("weir-each", 0, bench_ring_consumer_case, run_each);
}
