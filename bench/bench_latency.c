/*
 * Rows of group "latency" that are no round trip: what the clock and the machine add to every value, and
 * weir's ring at a fixed rate, committed message by message, one way from the writer to its readers.
 */
#include <stdio.h>
#include <string.h>

#include "flow.h"
#include "pair.h"

/* ---- no library: two readings of the clock; a line there and a line back ---- */

static int read_twice(struct role *me)
{
	uint64_t i, begun;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		begun = latency_begin(me);
		latency_end(me, begun);
	}
	role_done(me, i);
	return 0;
}

static double run_clock(struct bench_env *env, const struct bench *b, uint64_t n,
			struct bench_sample *out)
{
	return driver_run(env, b, read_twice, NULL, 1, n, out);
}

struct line {
	uint64_t word;
} BENCH_ALIGNED;

static struct line *lines(const struct role *me)
{
	return (struct line *)(void *)me->arena;
}

static int await(struct role *me, const uint64_t *word, uint64_t v)
{
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != v)
		if (role_spin(me) != 0)
			return -1;
	return 0;
}

static int ask(struct role *me)
{
	struct line *l = lines(me);
	uint64_t i, begun;

	if (role_start(me) != 0)
		return -1;
	for (i = 1; i <= me->n; i++) {
		begun = latency_begin(me);
		__atomic_store_n(&l[0].word, i, __ATOMIC_RELEASE);
		if (await(me, &l[1].word, i) != 0)
			return -1;
		latency_end(me, begun);
	}
	role_done(me, me->n);
	return 0;
}

static int answer(struct role *me)
{
	struct line *l = lines(me);
	uint64_t i;

	if (role_start(me) != 0)
		return -1;
	for (i = 1; i <= me->n; i++) {
		if (await(me, &l[0].word, i) != 0)
			return -1;
		__atomic_store_n(&l[1].word, i, __ATOMIC_RELEASE);
	}
	role_done(me, me->n);
	return 0;
}

static double run_lines(struct bench_env *env, const struct bench *b, uint64_t n,
			struct bench_sample *out)
{
	memset(env->arena, 0, 2 * sizeof(struct line));
	return driver_run(env, b, ask, answer, 2, n, out);
}

static void add_limit(const char *name, const char *who, const char *unit, uint32_t readers,
		      double (*run)(struct bench_env *, const struct bench *, uint64_t,
				    struct bench_sample *))
{
	struct bench b;

	memset(&b, 0, sizeof(b));
	b.group = "latency";
	b.who = who;
	b.unit = unit;
	b.flags = BENCH_LIMIT | BENCH_TIME | BENCH_LATENCY;
	b.batch = 1;
	b.readers = readers;
	b.run = run;
	snprintf(b.name, sizeof(b.name), "%s", name);
	bench_add(&b);
}

/* ---- weir's ring at a fixed rate ---- */

static int put(struct role *me, void *end, uint64_t seq, const struct flow_stamp *s)
{
	struct weir_ring_writer *w = end;
	struct weir_ring_room room;
	int rc;

	while (BENCH_UNLIKELY((rc = weir_ring_claim(w, 1, FLOW_BYTES, WEIR_RING_GATED, &room)) !=
			      WEIR_OK)) {
		if (rc != WEIR_FULL)
			return role_fail(me, "weir_ring_claim: %s", weir_error_name(rc));
		if (role_idle(me) != 0)
			return -1;
	}
	msg_write(me, room.ptr, FLOW_BYTES, seq);
	memcpy((uint8_t *)room.ptr + sizeof(seq), s, sizeof(*s));
	weir_ring_commit(w);
	return 0;
}

static int writer(struct role *me)
{
	struct weir_ring_writer w;
	struct weir_progress table;

	if (pair_write(me, 0, &table, &w) != 0 || flow_send(me, put, &w) != 0)
		return -1;
	weir_ring_writer_detach(&w);
	return 0;
}

struct reading {
	struct weir_ring_reader r;
	uint64_t pending; /* read, but not said to be */
};

static void deliver(struct reading *in)
{
	if (in->pending > 0)
		weir_ring_deliver(&in->r, 0);
	in->pending = 0;
}

/* Gives space back as the rows of group "ring" do: every 32 messages, and when there is none. */
static int take(struct role *me, void *end, uint64_t seq, struct flow_stamp *s)
{
	struct reading *in = end;
	struct weir_ring_view v;
	int rc;

	if (in->pending == BENCH_BATCH)
		deliver(in);
	rc = weir_ring_poll(&in->r, &v);
	if (rc == WEIR_EMPTY) {
		deliver(in);
		return 0;
	}
	if (BENCH_UNLIKELY(rc != WEIR_OK))
		return role_fail(me, "weir_ring_poll: %s", weir_error_name(rc));
	if (BENCH_UNLIKELY(v.len != FLOW_BYTES || msg_differs(me, v.ptr, FLOW_BYTES, seq) != 0))
		return role_bad_message(me, seq, v.ptr);
	memcpy(s, (const uint8_t *)v.ptr + sizeof(seq), sizeof(*s));
	in->pending++;
	return 1;
}

static int reader(struct role *me)
{
	struct reading in;

	memset(&in, 0, sizeof(in));
	if (pair_read(me, 0, &in.r) != 0 || flow_receive(me, take, &in) != 0)
		return -1;
	deliver(&in);
	weir_ring_leave(&in.r, 0);
	return 0;
}

static double run_rate(struct bench_env *env, const struct bench *b, uint64_t n,
		       struct bench_sample *out)
{
	if (pair_format(env, 1) != 0)
		return -1;
	return driver_run(env, b, writer, reader, 1 + b->readers, n, out);
}

void bench_add_latency(void)
{
	add_limit("clock", "two-readings", "reading", 0, run_clock);
	add_limit("roundtrip/64B/threads", "two-lines", "round trip", 1, run_lines);
	bench_add_rate_cases("weir", 0, 1, run_rate);
	bench_add_rate_cases("weir", 0, 2, run_rate);
}
