/* A stage and an authority on a link in memory, what they raise, and short names for what is sent. */
#ifndef WEIR_TESTS_AGENT_FIXTURE_H
#define WEIR_TESTS_AGENT_FIXTURE_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <weir/codec.h>
#include <weir/join_agent.h>

#include "lossy_transport.h"

#define OUT 9u
#define MS UINT64_C(1000000)
#define MONO WEIR_MERGE_MONOTONIC
#define REAL WEIR_MERGE_REALTIME_SYNCED
#define FD WEIR_MERGE_FRAME_DESCRIPTOR
#define LOG_MAX 4096u

struct site {
	struct weir_join_agent a;
	struct weir_join_agent_config cfg;
	struct weir_join_config join;
	struct lossy_end end;
	void *mem;
	uint32_t events[WEIR_JOIN_AGENT_EVENT_COUNT];
	struct weir_join_agent_event last[WEIR_JOIN_AGENT_EVENT_COUNT];
	uint64_t out[LOG_MAX]; /* taken */
	uint32_t stale[LOG_MAX];
	uint32_t n_out, raised;
	int reply;            /* to outputs */
	int close_in_output;  /* the callback closes the agent */
	int close_on;         /* event; -1: none */
	uint32_t after_close; /* callbacks that came then */
	int closed;
	void (*watch)(struct site *s, const struct weir_join_verdict *v);
	const struct weir_join_agent_proposal *wish;
	uint32_t n_wish;
	struct weir_merge_map *new_map; /* announced within the output callback */
};

struct link {
	struct lossy_queue up, down; /* from the stage, to the stage */
	struct site stage, authority;
};

static inline void note_event(void *ctx, struct weir_join_agent *a,
                              const struct weir_join_agent_event *e)
{
	struct site *s = ctx;

	s->after_close += (unsigned)s->closed;
	if (e->kind == WEIR_JOIN_AGENT_CLOSED)
		s->closed = 1;
	s->events[e->kind]++;
	s->last[e->kind] = *e;
	if ((int)e->kind == s->close_on)
		weir_join_agent_close(a);
}

static inline void put_map(struct weir_join_agent *a, const struct weir_merge_map *m, weir_ns now)
{
	struct weir_codec_message msg = weir_codec_of_map(m);
	uint8_t bytes[LOSSY_BYTES];
	size_t len;

	ck_assert_int_eq(weir_codec_encode(&msg, bytes, sizeof(bytes), &len, NULL), WEIR_OK);
	ck_assert_int_eq(weir_join_agent_message(a, bytes, len, now), WEIR_OK);
}

static inline int note_output(void *ctx, struct weir_join_agent *a,
                              const struct weir_join_verdict *v, weir_ns now)
{
	struct site *s = ctx;

	s->after_close += (unsigned)s->closed;
	s->raised++;
	ck_assert_uint_eq(v->ready, 1);
	ck_assert_int_eq(weir_join_agent_do_work(a, now), -EDEADLK);
	if (s->watch != NULL)
		s->watch(s, v);
	if (s->reply == WEIR_JOIN_AGENT_TAKEN && s->n_out < LOG_MAX) {
		s->stale[s->n_out] = v->count[WEIR_JOIN_RULE_STALE];
		s->out[s->n_out++] = v->out;
	}
	if (s->new_map != NULL) {
		put_map(a, s->new_map, now);
		s->new_map = NULL;
	}
	if (s->close_in_output)
		weir_join_agent_close(a);
	return s->reply;
}

static inline int note_propose(void *ctx, struct weir_join_agent *a, weir_ns now,
                               struct weir_join_agent_proposal *p)
{
	struct site *s = ctx;

	(void)a;
	(void)now;
	s->after_close += (unsigned)s->closed;
	if (s->n_wish == 0)
		return WEIR_EMPTY;
	*p = *s->wish++;
	s->n_wish--;
	return WEIR_OK;
}

static inline void site_defaults(struct site *s, uint32_t roles, uint32_t mode,
                                 struct lossy_queue *in, struct lossy_queue *out)
{
	memset(s, 0, sizeof(*s));
	s->close_on = -1;
	lossy_end_init(&s->end, in, out);
	s->join.struct_size = sizeof(s->join);
	s->join.out = OUT;
	s->join.mode = mode;
	s->join.max_rules = 8;
	s->cfg.struct_size = sizeof(s->cfg);
	s->cfg.roles = roles;
	s->cfg.flags = WEIR_JOIN_AGENT_EPOCH_KNOWN;
	s->cfg.epoch = 1;
	s->cfg.join = &s->join;
	s->cfg.control = s->end.transport;
	s->cfg.on_event = note_event;
	s->cfg.on_output = note_output;
	s->cfg.propose = note_propose;
	s->cfg.ctx = s;
}

static inline void site_open(struct site *s)
{
	struct weir_span mem;

	ck_assert_int_eq(weir_join_agent_bytes(&s->cfg, &mem.len, NULL), WEIR_OK);
	mem.ptr = s->mem = aligned_alloc(WEIR_LINE, mem.len);
	ck_assert_ptr_nonnull(s->mem);
	memset(mem.ptr, 0xa5, mem.len);
	ck_assert_int_eq(weir_join_agent_init(&s->a, &s->cfg, mem, NULL), WEIR_OK);
}

static inline struct link *link_make(uint32_t mode)
{
	struct link *l = malloc(sizeof(*l));

	ck_assert_ptr_nonnull(l);
	lossy_init(&l->up, 1);
	lossy_init(&l->down, 2);
	site_defaults(&l->stage, WEIR_JOIN_AGENT_STAGE, mode, &l->down, &l->up);
	site_defaults(&l->authority, WEIR_JOIN_AGENT_AUTHORITY, mode, &l->up, &l->down);
	l->authority.cfg.join = NULL;
	return l;
}

static inline struct link *link_open(uint32_t mode)
{
	struct link *l = link_make(mode);

	site_open(&l->stage);
	site_open(&l->authority);
	return l;
}

static inline void link_close(struct link *l)
{
	free(l->stage.mem);
	free(l->authority.mem);
	free(l);
}

static inline int work(struct site *s, weir_ns now)
{
	int rc = weir_join_agent_do_work(&s->a, now);

	ck_assert_int_ge(rc, 0);
	return rc;
}

static inline void both(struct link *l, weir_ns now)
{
	work(&l->stage, now);
	work(&l->authority, now);
	work(&l->stage, now);
}

/* ---- messages to the stage, past the link ---- */

static inline void tell(struct site *s, const struct weir_codec_message *m, weir_ns now)
{
	uint8_t bytes[LOSSY_BYTES];
	size_t len;

	ck_assert_int_eq(weir_codec_encode(m, bytes, sizeof(bytes), &len, NULL), WEIR_OK);
	ck_assert_int_eq(weir_join_agent_message(&s->a, bytes, len, now), WEIR_OK);
}

static inline struct weir_codec_message frame_of(uint32_t stream, uint64_t epoch, uint64_t seq,
                                                 uint64_t time)
{
	struct weir_codec_message m;

	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_FRAME;
	m.frame.stream = stream;
	m.frame.epoch = epoch;
	m.frame.seq = seq;
	m.frame.time_ns = time;
	m.frame.meta_version = WEIR_CODEC_NO_META;
	return m;
}

static inline void frame(struct site *s, uint32_t stream, uint64_t epoch, uint64_t seq, weir_ns now)
{
	struct weir_codec_message m = frame_of(stream, epoch, seq, WEIR_MERGE_TIME_NULL);

	tell(s, &m, now);
}

static inline void timed(struct site *s, uint32_t stream, uint64_t seq, uint64_t time, weir_ns now)
{
	struct weir_codec_message m = frame_of(stream, 1, seq, time);

	tell(s, &m, now);
}

static inline void pool(struct site *s, uint32_t stream, uint64_t epoch, uint32_t clock,
                        weir_ns now)
{
	struct weir_codec_message m;

	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_POOL;
	m.pool.stream = stream;
	m.pool.epoch = epoch;
	m.pool.clock = clock;
	m.pool.time_ns = now;
	tell(s, &m, now);
}

static inline void lease_void(struct site *s, uint32_t stream, weir_ns now)
{
	struct weir_codec_message m;

	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_REVOKED;
	m.revoked.stream = stream;
	m.revoked.role = 1;
	m.revoked.reason = 2;
	tell(s, &m, now);
}

/* Streams 1 and 2 without offsets, for epoch `epoch`. */
static inline struct weir_merge_map pair_map(struct weir_merge_rule r[2], uint64_t epoch,
                                             uint64_t stale)
{
	struct weir_merge_map m;

	r[0] = weir_merge_rule_offset(1, 0);
	r[1] = weir_merge_rule_offset(2, 0);
	m = weir_merge_map_sequence(OUT, epoch, r, 2);
	m.stale_ns = stale;
	return m;
}

static inline void hold_pair(struct link *l, uint64_t epoch, weir_ns now)
{
	struct weir_merge_rule r[2];
	struct weir_merge_map m = pair_map(r, epoch, WEIR_MERGE_NO_TIMEOUT);

	ck_assert_int_eq(weir_join_agent_hold(&l->authority.a, &m, now, NULL), WEIR_OK);
}

static inline void give_pair(struct site *s, uint64_t epoch, uint64_t stale, weir_ns now)
{
	struct weir_merge_rule r[2];
	struct weir_merge_map m = pair_map(r, epoch, stale);

	put_map(&s->a, &m, now);
}

#endif
