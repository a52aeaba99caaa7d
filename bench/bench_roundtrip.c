/*
 * A request and its reply: two rings, one message in flight. Each side sends what it has to send
 * while handling what it received, and then says that it has handled it.
 */
#include "latency.h"
#include "pair.h"

BENCH_INLINE int trip(struct role *me, size_t size)
{
	struct weir_ring_writer w;
	struct weir_ring_reader r;
	struct weir_progress table;
	uint64_t i = 0, begun = 0;
	int rc, asks = me->index == 0;

	if (pair_write(me, me->index, &table, &w) != 0 || pair_read(me, 1 - me->index, &r) != 0 ||
	    role_start(me) != 0)
		return -1;
	if (asks) {
		begun = latency_begin(me);
		if (pair_put(me, &w, size, 0) != 0)
			return -1;
		weir_ring_commit(&w);
	}
	while (i < me->n) {
		rc = pair_take(me, &r, size, i);
		if (BENCH_UNLIKELY(rc < 0 || (rc == 0 && role_idle(me) != 0)))
			return -1;
		if (rc == 0)
			continue;
		latency_end(me, begun);
		i++;
		if (!asks || i < me->n) {
			begun = latency_begin(me);
			if (pair_put(me, &w, size, asks ? i : i - 1) != 0)
				return -1;
			weir_ring_commit(&w);
		}
		weir_ring_deliver(&r, 0);
	}
	role_done(me, i);
	weir_ring_leave(&r, 0);
	weir_ring_writer_detach(&w);
	return 0;
}

static int tripper(struct role *me)
{
	return MSG_BY_SIZE(trip, me);
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n,
		  struct bench_sample *out)
{
	if (pair_format(env, 2) != 0)
		return -1;
	return driver_run(env, b, tripper, tripper, 2, n, out);
}

void bench_add_roundtrip(void)
{
	bench_add_roundtrip_cases("weir", 0, run);
	bench_add_latency_cases("weir", 0, run);
}
