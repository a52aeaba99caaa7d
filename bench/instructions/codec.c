/* Messages to and from their bytes. */
#include <string.h>

#include <weir/codec.h>

#include "cases.h"

#define RULES 64u

static struct weir_codec_message out, in;
static struct weir_merge_rule rule[RULES], got[RULES];
static uint8_t bytes[4096] WEIR_ALIGNED(WEIR_LINE);
static size_t length;

static void encoded(void)
{
	COUNT_MUST(weir_codec_encode(&out, bytes, sizeof(bytes), &length, NULL) == WEIR_OK);
}

static void set_sequence(uint32_t size, uint64_t rounds)
{
	struct weir_merge_map map;
	uint32_t i;

	(void)rounds;
	for (i = 0; i < size; i++)
		rule[i] = i % 4 == 3 ? weir_merge_rule_window(1000 + i, 4)
				     : weir_merge_rule_offset(1000 + i, (int64_t)i - 2);
	map = weir_merge_map_sequence(9, 5, rule, size);
	map.stale_ns = 1000000;
	out = weir_codec_of_map(&map);
	encoded();
}

static void set_timestamp(uint32_t size, uint64_t rounds)
{
	struct weir_merge_map map;
	uint32_t i;

	(void)rounds;
	for (i = 0; i < size; i++)
		rule[i] =
			i % 4 == 3
				? weir_merge_rule_window_ns(1000 + i, WEIR_MERGE_SLOT_HEADER, 5000)
				: weir_merge_rule_offset_ns(1000 + i, WEIR_MERGE_FRAME_DESCRIPTOR,
							    1000 * ((int64_t)i - 2));
	map = weir_merge_map_timestamp(9, 5, WEIR_MERGE_MONOTONIC, rule, size);
	map.stale_ns = 1000000;
	out = weir_codec_of_map(&map);
	encoded();
}

static void set_frame(uint32_t size, uint64_t rounds)
{
	(void)size;
	(void)rounds;
	memset(&out, 0, sizeof(out));
	out.kind = WEIR_CODEC_FRAME;
	out.frame.stream = 1000;
	out.frame.epoch = 5;
	out.frame.seq = 12345;
	out.frame.time_ns = 1700000000;
	out.frame.trace_id = 77;
	out.frame.meta_version = 1;
	encoded();
}

static void set_foreign(uint32_t size, uint64_t rounds)
{
	set_frame(size, rounds);
	bytes[4] = 0; /* a schema that nobody here knows */
}

static void set_keepalive(uint32_t size, uint64_t rounds)
{
	(void)size;
	(void)rounds;
	memset(&out, 0, sizeof(out));
	out.kind = WEIR_CODEC_KEEPALIVE;
	out.keepalive.lease = 3;
	out.keepalive.stream = 1;
	out.keepalive.client = 7;
	out.keepalive.role = WEIR_CODEC_ROLE_PRODUCER;
	encoded();
}

static void encode(uint32_t size, uint64_t rounds)
{
	uint64_t i;
	size_t n;

	(void)size;
	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_codec_encode(&out, bytes, sizeof(bytes), &n, NULL) == WEIR_OK);
}

static void decode(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_codec_decode(bytes, length, WEIR_CODEC_ALL, got, RULES, &in) ==
			   WEIR_CODEC_OK);
}

static void foreign(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_codec_decode(bytes, length, WEIR_CODEC_ALL, got, RULES, &in) ==
			   WEIR_CODEC_SCHEMA);
}

#define MAPS(name, set, run)                                                                       \
	{"codec " name "/1", "a map of 1 rule", set, run, 1, 1, 128},                              \
		{"codec " name "/8", "a map of 8 rules", set, run, 8, 1, 64},                      \
	{                                                                                          \
		"codec " name "/64", "a map of 64 rules", set, run, 64, 1, 16                      \
	}

static const struct count_case cases[] = {
	MAPS("encode sequence map", set_sequence, encode),
	MAPS("decode sequence map", set_sequence, decode),
	MAPS("encode timestamp map", set_timestamp, encode),
	MAPS("decode timestamp map", set_timestamp, decode),
	{"codec encode frame", "a frame descriptor", set_frame, encode, 0, 1, 128},
	{"codec decode frame", "a frame descriptor", set_frame, decode, 0, 1, 128},
	{"codec decode keepalive", "a sign of life", set_keepalive, decode, 0, 1, 128},
	{"codec decode foreign", "a message of another schema, refused", set_foreign, foreign, 0, 1,
	 128},
};
const struct count_table count_codec = COUNT_TABLE(cases);
