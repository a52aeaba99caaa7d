/* A join on storage of its own, and short names for what the tests tell it. */
#ifndef WEIR_TESTS_JOIN_FIXTURE_H
#define WEIR_TESTS_JOIN_FIXTURE_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <weir/join.h>

#define OUT 9u
#define SEQ_MAX WEIR_MERGE_SEQ_MAX
#define MONO WEIR_MERGE_MONOTONIC
#define REAL WEIR_MERGE_REALTIME_SYNCED
#define FD WEIR_MERGE_FRAME_DESCRIPTOR
#define SLOT WEIR_MERGE_SLOT_HEADER
#define N_OF(a) ((uint32_t)(sizeof(a) / sizeof((a)[0])))

struct yard {
	struct weir_join j;
	struct weir_join_config cfg;
	struct weir_join_verdict v;
	struct weir_join_fault fault;
	void *mem;
	size_t bytes;
};

static inline struct weir_join_config config_of(uint32_t mode, uint32_t flags)
{
	struct weir_join_config c;

	memset(&c, 0, sizeof(c));
	c.struct_size = sizeof(c);
	c.out = OUT;
	c.mode = mode;
	c.flags = flags;
	c.max_rules = 8;
	c.max_bindings = 4;
	return c;
}

static inline void make(struct yard *y, const struct weir_join_config *c)
{
	struct weir_span mem;

	memset(y, 0, sizeof(*y));
	y->cfg = *c;
	ck_assert_int_eq(weir_join_bytes(c, &y->bytes, NULL), WEIR_OK);
	y->mem = aligned_alloc(WEIR_LINE, y->bytes);
	ck_assert_ptr_nonnull(y->mem);
	memset(y->mem, 0xa5, y->bytes);
	mem.ptr = y->mem;
	mem.len = y->bytes;
	ck_assert_int_eq(weir_join_init(&y->j, c, mem, NULL), WEIR_OK);
}

static inline void open_join(struct yard *y, uint32_t mode, uint32_t flags)
{
	struct weir_join_config c = config_of(mode, flags);

	make(y, &c);
}

static inline void done(struct yard *y)
{
	free(y->mem);
	y->mem = NULL;
}

/* Maps of epoch 1 without a timeout, unless said otherwise. */
static inline enum weir_join_answer sequence_map(struct yard *y, const struct weir_merge_rule *r,
						 uint32_t n, uint64_t epoch, uint64_t stale)
{
	struct weir_merge_map m = weir_merge_map_sequence(OUT, epoch, r, n);

	m.stale_ns = stale;
	return weir_join_apply(&y->j, &m, 0, &y->fault);
}

static inline enum weir_join_answer time_map(struct yard *y, const struct weir_merge_rule *r,
					     uint32_t n, uint64_t lateness, uint64_t stale)
{
	struct weir_merge_map m = weir_merge_map_timestamp(OUT, 1, MONO, r, n);

	m.stale_ns = stale;
	m.lateness_ns = lateness;
	return weir_join_apply(&y->j, &m, 0, &y->fault);
}

#define NONE UINT64_MAX

static inline void want(enum weir_join_answer got, enum weir_join_answer expected)
{
	ck_assert_str_eq(weir_join_answer_name(got), weir_join_answer_name(expected));
}

static inline void take(struct yard *y, const struct weir_merge_rule *r, uint32_t n)
{
	want(sequence_map(y, r, n, 1, NONE), WEIR_JOIN_OK);
}

static inline void frame(struct yard *y, uint32_t stream, uint64_t sequence, weir_ns now)
{
	want(weir_join_observe(&y->j, stream, 1, sequence, now), WEIR_JOIN_OK);
}

static inline void at_time(struct yard *y, uint32_t stream, uint64_t time, weir_ns now)
{
	want(weir_join_observe_time(&y->j, stream, 1, FD, time, MONO, now), WEIR_JOIN_OK);
}

static inline int ready(struct yard *y, uint64_t out, weir_ns now)
{
	int got = weir_join_ready(&y->j, out, now, &y->v);

	ck_assert_int_eq(got, (int)y->v.ready);
	return got;
}

/* Not ready, for one rule and its verdict alone. */
static inline void blocked(struct yard *y, uint64_t out, weir_ns now, uint32_t rule,
			   enum weir_join_rule_verdict why)
{
	ck_assert_int_eq(ready(y, out, now), 0);
	ck_assert_uint_eq(y->v.status, WEIR_JOIN_STATUS_OK);
	ck_assert_str_eq(weir_join_verdict_name(weir_join_rule(&y->v, rule)),
			 weir_join_verdict_name(why));
}

static inline void status_is(struct yard *y, uint64_t out, enum weir_join_status status)
{
	ck_assert_int_eq(ready(y, out, 0), 0);
	ck_assert_str_eq(weir_join_status_name(y->v.status), weir_join_status_name(status));
}

/* The largest ready output, or EMPTY. */
#define EMPTY (UINT64_MAX - 1u)
static inline uint64_t upto(struct yard *y, weir_ns now)
{
	uint64_t out = 0;

	return weir_join_ready_upto(&y->j, now, &out) == WEIR_OK ? out : EMPTY;
}

#endif
