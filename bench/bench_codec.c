/*
 * The codec: messages to and from their bytes. An operation is a message, and its bytes, header and
 * all, are what GB/s counts; maps have 1, 8 or 64 rules. "memcpy" copies the same bytes: no decoder
 * can be faster, and it finds no fault in any of them.
 */
#include <stdio.h>
#include <string.h>

#include <weir/codec.h>

#include "driver.h"

#define RULES_MAX 64u
#define STREAM_MESSAGES 32u
#define MESSAGE_MAX 2048u

struct scene {
	struct weir_codec_message out, in;
	struct weir_merge_rule rule[RULES_MAX], got[RULES_MAX];
	size_t len;
	/* a control stream, message after message; where each begins */
	uint32_t at[STREAM_MESSAGES + 1];
	uint32_t kinds[WEIR_CODEC_KIND_COUNT];
	uint8_t bytes[STREAM_MESSAGES * MESSAGE_MAX] BENCH_ALIGNED;
	uint8_t copy[STREAM_MESSAGES * MESSAGE_MAX] BENCH_ALIGNED;
} BENCH_ALIGNED;

static struct weir_codec_message make_map(struct scene *s, enum weir_merge_kind kind,
					  uint32_t n_rules)
{
	struct weir_merge_map map;
	uint32_t i;

	for (i = 0; i < n_rules; i++)
		s->rule[i] =
			kind == WEIR_MERGE_SEQUENCE
				? (i % 4 == 3 ? weir_merge_rule_window(1000 + i, 4)
					      : weir_merge_rule_offset(1000 + i, (int64_t)i - 2))
			: i % 4 == 3
				? weir_merge_rule_window_ns(1000 + i, WEIR_MERGE_SLOT_HEADER, 5000)
				: weir_merge_rule_offset_ns(1000 + i, WEIR_MERGE_FRAME_DESCRIPTOR,
							    1000 * ((int64_t)i - 2));
	map = kind == WEIR_MERGE_SEQUENCE
		      ? weir_merge_map_sequence(9, 5, s->rule, n_rules)
		      : weir_merge_map_timestamp(9, 5, WEIR_MERGE_MONOTONIC, s->rule, n_rules);
	map.stale_ns = 1000000;
	return weir_codec_of_map(&map);
}

static struct weir_codec_message make_frame(void)
{
	struct weir_codec_message m;

	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_FRAME;
	m.frame.stream = 1000;
	m.frame.epoch = 5;
	m.frame.seq = 12345;
	m.frame.time_ns = 1700000000;
	m.frame.trace_id = 77;
	m.frame.meta_version = 1;
	return m;
}

static int is_of(const struct bench *b, const char *what)
{
	return strncmp(b->name, what, strlen(what)) == 0;
}

/* The message that the row is about, and its bytes. */
static int set_scene(struct role *me, struct scene *s)
{
	const enum weir_merge_kind kind = strstr(me->b->name, "sequence") != NULL
						  ? WEIR_MERGE_SEQUENCE
						  : WEIR_MERGE_TIMESTAMP;
	unsigned rules = 0;
	const char *number = strrchr(me->b->name, '/');
	int rc;

	memset(s, 0, sizeof(*s));
	if (number != NULL)
		sscanf(number + 1, "%u", &rules);
	s->out = rules > 0 ? make_map(s, kind, rules) : make_frame();
	rc = weir_codec_encode(&s->out, s->bytes, sizeof(s->bytes), &s->len, NULL);
	if (rc != WEIR_OK)
		return role_fail(me, "weir_codec_encode: %s", weir_error_name(rc));
	return s->len == me->b->size ? 0 : role_fail(me, "%zu bytes", s->len);
}

static int decode(struct role *me)
{
	struct scene *s = (struct scene *)(void *)me->arena;
	enum weir_codec_reason why;
	uint64_t i;

	if (set_scene(me, s) != 0 || role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		why = weir_codec_decode(s->bytes, s->len, WEIR_CODEC_ALL, s->got, RULES_MAX,
					&s->in);
		if (BENCH_UNLIKELY(why != WEIR_CODEC_OK || s->in.consumed != s->len))
			return role_fail(me, "weir_codec_decode: %s", weir_codec_reason_name(why));
	}
	role_done(me, i);
	return 0;
}

static int encode(struct role *me)
{
	struct scene *s = (struct scene *)(void *)me->arena;
	size_t len;
	uint64_t i;
	int rc;

	if (set_scene(me, s) != 0 || role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		rc = weir_codec_encode(&s->out, s->copy, sizeof(s->copy), &len, NULL);
		if (BENCH_UNLIKELY(rc != WEIR_OK || len != s->len))
			return role_fail(me, "weir_codec_encode: %s", weir_error_name(rc));
	}
	role_done(me, i);
	return memcmp(s->copy, s->bytes, s->len) == 0 ? 0 : role_fail(me, "other bytes");
}

/* ---- a stream with all sorts on it ---- */

/* Every other message is a frame; between them all sorts. A frame in the table stands for a message
 * to others: set_stream() gives it a schema that nobody here knows. */
static struct weir_codec_message nth(struct scene *s, uint32_t i)
{
	static const uint8_t kind[STREAM_MESSAGES / 2] = {WEIR_CODEC_POOL,
							  WEIR_CODEC_SEQUENCE_MAP,
							  WEIR_CODEC_REVOKED,
							  WEIR_CODEC_TIMESTAMP_MAP,
							  WEIR_CODEC_POOL,
							  WEIR_CODEC_FRAME,
							  WEIR_CODEC_REVOKED,
							  WEIR_CODEC_SHUTDOWN,
							  WEIR_CODEC_SEQUENCE_REQUEST,
							  WEIR_CODEC_POOL,
							  WEIR_CODEC_SEQUENCE_MAP,
							  WEIR_CODEC_FRAME,
							  WEIR_CODEC_REVOKED,
							  WEIR_CODEC_TIMESTAMP_MAP,
							  WEIR_CODEC_POOL,
							  WEIR_CODEC_TIMESTAMP_REQUEST};
	struct weir_codec_message m = make_frame();

	if (i % 2 == 0)
		return m;
	switch (kind[i / 2]) {
	case WEIR_CODEC_FRAME:
		return m;
	case WEIR_CODEC_SEQUENCE_MAP:
		return make_map(s, WEIR_MERGE_SEQUENCE, 8);
	case WEIR_CODEC_TIMESTAMP_MAP:
		return make_map(s, WEIR_MERGE_TIMESTAMP, 8);
	default:
		memset(&m, 0, sizeof(m));
		m.kind = kind[i / 2];
		m.pool.epoch = 5; /* all fields of all kinds are in range as 0, but the clock */
		m.pool.clock = m.kind == WEIR_CODEC_POOL ? (uint32_t)WEIR_MERGE_MONOTONIC : 0;
		return m;
	}
}

static int set_stream(struct role *me, struct scene *s)
{
	uint32_t i, at = 0;
	int rc = WEIR_OK;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < STREAM_MESSAGES && rc == WEIR_OK; i++, at += (uint32_t)s->len) {
		s->out = nth(s, i);
		s->at[i] = at;
		rc = weir_codec_encode(&s->out, s->bytes + at, sizeof(s->bytes) - at, &s->len,
				       NULL);
		if (s->out.kind == WEIR_CODEC_FRAME && i % 2 == 1)
			s->bytes[at + 4] = 0; /* schema 768 */
	}
	s->at[i] = at;
	s->len = at;
	return rc == WEIR_OK ? 0 : role_fail(me, "weir_codec_encode: %s", weir_error_name(rc));
}

static int demultiplex(struct role *me)
{
	struct scene *s = (struct scene *)(void *)me->arena;
	const uint64_t each = me->n / STREAM_MESSAGES;
	enum weir_codec_reason why;
	uint64_t i;
	uint32_t k, foreign = 0;

	if (set_stream(me, s) != 0 || role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		k = i % STREAM_MESSAGES;
		why = weir_codec_decode(s->bytes + s->at[k], s->at[k + 1] - s->at[k],
					WEIR_CODEC_ALL, s->got, RULES_MAX, &s->in);
		if (why == WEIR_CODEC_OK)
			s->kinds[s->in.kind]++;
		else if (why == WEIR_CODEC_SCHEMA)
			foreign++;
		else
			return role_fail(me, "message %u: %s", k, weir_codec_reason_name(why));
	}
	role_done(me, i);
	if (foreign != 2 * each || s->kinds[WEIR_CODEC_FRAME] != 16 * each ||
	    s->kinds[WEIR_CODEC_SEQUENCE_MAP] != 2 * each)
		return role_fail(me, "%u messages for others", foreign);
	return 0;
}

/* ---- the limit ---- */

/* Of one message each, the same one or one of the stream. */
static int copy(struct role *me)
{
	struct scene *s = (struct scene *)(void *)me->arena;
	const uint32_t messages = me->b->batch;
	uint64_t i;
	uint32_t k;

	if ((messages > 1 ? set_stream : set_scene)(me, s) != 0)
		return -1;
	if (messages == 1)
		s->at[1] = (uint32_t)s->len;
	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		k = (uint32_t)(i % messages);
		memcpy(s->copy + s->at[k], s->bytes + s->at[k], s->at[k + 1] - s->at[k]);
		__asm__ __volatile__("" : : "r"(s->copy) : "memory");
	}
	role_done(me, i);
	return memcmp(s->copy, s->bytes, s->len) == 0 ? 0 : role_fail(me, "other bytes");
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n,
		  struct bench_sample *out)
{
	return driver_run(env, b,
			  b->flags & BENCH_LIMIT      ? copy
			  : is_of(b, "encode")	      ? encode
			  : is_of(b, "demultiplexed") ? demultiplex
						      : decode,
			  NULL, 1, n, out);
}

static void add(const char *name, size_t size, uint32_t batch, uint32_t flags, uint32_t copy_flags)
{
	struct bench b;

	memset(&b, 0, sizeof(b));
	b.group = "codec";
	b.unit = "message";
	b.size = (uint32_t)size;
	b.batch = batch;
	b.run = run;
	snprintf(b.name, sizeof(b.name), "%s", name);
	b.who = "weir";
	b.flags = flags;
	snprintf(b.ref, sizeof(b.ref), "codec/%s/memcpy", name);
	bench_add(&b);
	b.who = "memcpy";
	b.flags = flags | copy_flags | BENCH_LIMIT;
	b.ref[0] = '\0';
	bench_add(&b);
}

void bench_add_codec(void)
{
	static const enum weir_merge_kind kind[] = {WEIR_MERGE_SEQUENCE, WEIR_MERGE_TIMESTAMP};
	static const char *const word[] = {"sequence", "timestamp"};
	static const uint32_t rules[] = {1, 8, RULES_MAX};
	char name[64];
	unsigned k, i, way;

	for (way = 0; way < 2; way++)
		for (k = 0; k < 2; k++)
			for (i = 0; i < 3; i++) {
				snprintf(name, sizeof(name), "%s-%s/%u",
					 way == 0 ? "decode" : "encode", word[k],
					 (unsigned)rules[i]);
				add(name, weir_codec_map_length(kind[k], rules[i]), 1,
				    way == 0 && k == 0 && i == 2 ? 0 : BENCH_FULL, 0);
			}
	add("decode-frame", WEIR_CODEC_HEADER + 40, 1, 0, BENCH_FULL);
	add("demultiplexed", 0, STREAM_MESSAGES, BENCH_FULL, 0);
}
