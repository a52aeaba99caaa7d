/*
 * Round trips of more than one message, timed one by one: a request of `batch` messages, published by
 * one commit, to every reader of a ring; each answers by one message, over a ring of its own, when it
 * has handled the last of them, and the trip is over when the last answer is there. One request is
 * in flight. As in bench_roundtrip.c each side says that it has handled what it received after it
 * has sent what it has to send. "weir-run" claims and takes a request by runs.
 */
#include "latency.h"
#include "pair.h"

#define ANSWERERS_MAX 2u

BENCH_INLINE int put_request(struct role *me, struct weir_ring_writer *w, size_t size,
			     uint64_t trip, int runs)
{
	const uint32_t batch = me->b->batch;
	uint32_t k;
	int n;

	for (k = 0; k < batch; k += (uint32_t)n) {
		n = runs ? pair_put_run(me, w, size, trip * batch + k, batch - k)
			 : pair_put(me, w, size, trip * batch + k) + 1;
		if (n <= 0)
			return -1;
	}
	weir_ring_commit(w);
	return 0;
}

/* Waits for a message, and checks it. */
BENCH_INLINE int take(struct role *me, struct weir_ring_reader *r, size_t size, uint64_t seq)
{
	int rc;

	while ((rc = pair_take(me, r, size, seq)) == 0)
		if (role_idle(me) != 0)
			return -1;
	return rc < 0 ? -1 : 0;
}

/* Takes up to `want` that are there, by one call, and checks them. How many; 0 there was none, -1 give up. */
BENCH_INLINE int take_run(struct role *me, struct weir_ring_reader *r, size_t size, uint64_t seq,
			  uint32_t want)
{
	const uint64_t stride = weir_ring_stride((uint32_t)size);
	struct weir_ring_view v;
	uint32_t k, n;
	int rc = weir_ring_poll_run(r, want, &v, &n);

	if (BENCH_UNLIKELY(rc != WEIR_OK)) {
		if (rc != WEIR_EMPTY)
			return role_fail(me, "weir_ring_poll_run: %s", weir_error_name(rc));
		return 0;
	}
	for (k = 0; k < n; k++)
		if (BENCH_UNLIKELY(v.len != size ||
				   msg_differs(me, v.ptr + k * stride, size, seq + k) != 0))
			return role_bad_message(me, seq + k, v.ptr + k * stride);
	return (int)n;
}

BENCH_INLINE int take_request(struct role *me, struct weir_ring_reader *r, size_t size,
			      uint64_t trip, int runs)
{
	const uint32_t batch = me->b->batch;
	uint32_t k;
	int n;

	for (k = 0; k < batch; k += (uint32_t)n) {
		n = runs ? take_run(me, r, size, trip * batch + k, batch - k)
			 : take(me, r, size, trip * batch + k) + 1;
		if (n < 0 || (n == 0 && (!runs || role_idle(me) != 0)))
			return -1;
	}
	return 0;
}

BENCH_INLINE int ask(struct role *me, size_t size, int runs)
{
	struct weir_ring_reader r[ANSWERERS_MAX];
	struct weir_ring_writer w;
	struct weir_progress table;
	uint64_t i, begun;
	unsigned k;

	if (pair_write(me, 0, &table, &w) != 0)
		return -1;
	for (k = 0; k < me->b->readers; k++)
		if (pair_read(me, 1 + k, &r[k]) != 0)
			return -1;
	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		begun = latency_begin(me);
		if (put_request(me, &w, size, i, runs) != 0)
			return -1;
		for (k = 0; i > 0 && k < me->b->readers; k++)
			weir_ring_deliver(&r[k], 0);
		for (k = 0; k < me->b->readers; k++)
			if (take(me, &r[k], size, i) != 0)
				return -1;
		latency_end(me, begun);
	}
	role_done(me, i);
	for (k = 0; k < me->b->readers; k++)
		weir_ring_leave(&r[k], 0);
	weir_ring_writer_detach(&w);
	return 0;
}

BENCH_INLINE int answer(struct role *me, size_t size, int runs)
{
	struct weir_ring_reader r;
	struct weir_ring_writer w;
	struct weir_progress table;
	uint64_t i;

	if (pair_write(me, me->index, &table, &w) != 0 || pair_read(me, 0, &r) != 0 ||
	    role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		if (take_request(me, &r, size, i, runs) != 0 || pair_put(me, &w, size, i) != 0)
			return -1;
		weir_ring_commit(&w);
		weir_ring_deliver(&r, 0);
	}
	role_done(me, i);
	weir_ring_leave(&r, 0);
	weir_ring_writer_detach(&w);
	return 0;
}

#define ASK(me, size) ask(me, size, 0)
#define ANSWER(me, size) answer(me, size, 0)
#define ASK_RUNS(me, size) ask(me, size, 1)
#define ANSWER_RUNS(me, size) answer(me, size, 1)

static int asker(struct role *me)
{
	return MSG_BY_SIZE(ASK, me);
}

static int answerer(struct role *me)
{
	return MSG_BY_SIZE(ANSWER, me);
}

static int run_asker(struct role *me)
{
	return MSG_BY_SIZE(ASK_RUNS, me);
}

static int run_answerer(struct role *me)
{
	return MSG_BY_SIZE(ANSWER_RUNS, me);
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n,
		  struct bench_sample *out)
{
	if (pair_format(env, 1 + b->readers) != 0)
		return -1;
	return driver_run(env, b, asker, answerer, 1 + b->readers, n, out);
}

static double run_runs(struct bench_env *env, const struct bench *b, uint64_t n,
		       struct bench_sample *out)
{
	if (pair_format(env, 1 + b->readers) != 0)
		return -1;
	return driver_run(env, b, run_asker, run_answerer, 1 + b->readers, n, out);
}

void bench_add_trip(void)
{
	uint32_t readers;

	bench_add_trip_cases("weir", 0, 1, 2, run);
	for (readers = 1; readers <= ANSWERERS_MAX; readers++) {
		bench_add_trip_cases("weir", 0, BENCH_BATCH, readers, run);
		bench_add_trip_cases("weir-run", 0, BENCH_BATCH, readers, run_runs);
	}
}
