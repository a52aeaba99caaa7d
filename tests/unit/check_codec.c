/* The codec: lengths, messages back and forth, and what vectors do not say: what is looked for, the
 * order of the reasons, and what the encoder refuses. */
#include <check.h>
#include <string.h>

#include <weir/codec.h>

#define RULES 64u
#define OWN_KINDS (WEIR_CODEC_READY + 1) /* check_codec_attach.c has the others */

static struct weir_merge_rule seq_rule[RULES], time_rule[RULES], got_rule[RULES];
static uint8_t buf[65536];

static void make_rules(void)
{
	uint32_t i;

	for (i = 0; i < RULES; i++) {
		if (i % 2 == 0) {
			seq_rule[i] = weir_merge_rule_offset(i + 1, (int64_t)i - 30);
			time_rule[i] = weir_merge_rule_offset_ns(i + 1, WEIR_MERGE_SLOT_HEADER,
								 -(int64_t)i * 1000000000);
		} else {
			seq_rule[i] = weir_merge_rule_window(i + 1, i);
			time_rule[i] = weir_merge_rule_window_ns(i + 1, WEIR_MERGE_FRAME_DESCRIPTOR,
								 (uint64_t)i << 40);
		}
	}
}

static struct weir_codec_message a_map(unsigned kind, uint32_t n)
{
	struct weir_merge_map map;

	make_rules();
	if (kind == WEIR_CODEC_SEQUENCE_MAP)
		map = weir_merge_map_sequence(9, 2, seq_rule, n);
	else
		map = weir_merge_map_timestamp(9, 2, WEIR_MERGE_REALTIME_SYNCED, time_rule, n);
	return weir_codec_of_map(&map);
}

/* A message of that kind in which every field differs from the others. */
static struct weir_codec_message sample(unsigned kind)
{
	struct weir_codec_message m;

	if (kind == WEIR_CODEC_SEQUENCE_MAP || kind == WEIR_CODEC_TIMESTAMP_MAP)
		return a_map(kind, 3);
	if (kind == WEIR_CODEC_SEQUENCE_REQUEST)
		return weir_codec_ask(WEIR_MERGE_SEQUENCE, 7, 8);
	if (kind == WEIR_CODEC_TIMESTAMP_REQUEST)
		return weir_codec_ask(WEIR_MERGE_TIMESTAMP, 7, 8);
	memset(&m, 0, sizeof(m));
	m.kind = kind;
	if (kind == WEIR_CODEC_FRAME) {
		m.frame.stream = 1;
		m.frame.epoch = 2;
		m.frame.seq = 3;
		m.frame.time_ns = 4;
		m.frame.meta_version = 5;
		m.frame.trace_id = 6;
	} else if (kind == WEIR_CODEC_POOL) {
		m.pool.stream = 1;
		m.pool.producer = 2;
		m.pool.epoch = 3;
		m.pool.time_ns = 4;
		m.pool.clock = WEIR_MERGE_MONOTONIC;
		m.pool.layout_version = 5;
		m.pool.header_nslots = 6;
		m.pool.header_slot_bytes = 256;
	} else if (kind == WEIR_CODEC_SHUTDOWN) {
		m.shutdown.time_ns = 1;
		m.shutdown.reason = 2;
	} else if (kind == WEIR_CODEC_REVOKED) {
		m.revoked.time_ns = 1;
		m.revoked.lease = 2;
		m.revoked.stream = 3;
		m.revoked.client = 4;
		m.revoked.role = 5;
		m.revoked.reason = 6;
	} else {
		m.ready.out = 1;
		m.ready.epoch = 2;
		m.ready.round = 3;
		m.ready.time_ns = 4;
		m.ready.participants = 5;
	}
	return m;
}

static size_t encoded(const struct weir_codec_message *m)
{
	size_t len = 0;

	ck_assert_int_eq(weir_codec_encode(m, buf, sizeof(buf), &len, NULL), WEIR_OK);
	ck_assert_uint_eq(len, weir_codec_length(m));
	return len;
}

static enum weir_codec_reason decode(size_t len, uint32_t accept, struct weir_codec_message *m)
{
	return weir_codec_decode(buf, len, accept, got_rule, RULES, m);
}

START_TEST(back_and_forth)
{
	struct weir_codec_message m = sample((unsigned)_i), back;
	size_t len = encoded(&m);

	ck_assert_int_eq(decode(len, WEIR_CODEC_ALL, &back), WEIR_CODEC_OK);
	ck_assert_uint_eq(back.kind, (unsigned)_i);
	ck_assert_uint_eq(back.version, 1);
	if (_i == WEIR_CODEC_SEQUENCE_MAP || _i == WEIR_CODEC_TIMESTAMP_MAP) {
		ck_assert_int_eq(weir_merge_map_equal(&m.map, &back.map), 1);
		ck_assert_ptr_eq(back.map.rule, got_rule);
		ck_assert_uint_eq(back.consumed, len);
	} else {
		ck_assert_mem_eq(&back.map, &m.map, sizeof(m.map));
	}
}
END_TEST

/* Each kind is found when its bit is set, and is somebody else's when it alone is not. */
START_TEST(the_mask_says_what_is_looked_for)
{
	struct weir_codec_message m = sample((unsigned)_i), back, before;
	uint32_t bit = WEIR_CODEC_BIT((unsigned)_i);
	size_t len = encoded(&m);
	int shared;

	memset(&before, 0x5a, sizeof(before));
	back = before;
	ck_assert_int_eq(decode(len, bit, &back), WEIR_CODEC_OK);
	back = before;
	shared = _i != WEIR_CODEC_READY; /* others of its schema are looked for */
	ck_assert_int_eq(decode(len, WEIR_CODEC_ALL & ~bit, &back),
			 shared ? WEIR_CODEC_TEMPLATE : WEIR_CODEC_SCHEMA);
	ck_assert_int_eq(decode(len, 0, &back), WEIR_CODEC_SCHEMA);
	ck_assert_int_eq(decode(7, 0, &back), WEIR_CODEC_SHORT_HEADER);
	ck_assert_mem_eq(&back, &before, sizeof(before));
}
END_TEST

START_TEST(lengths)
{
	struct weir_codec_message m;
	unsigned kind;
	static const size_t want[OWN_KINDS] = {
		[WEIR_CODEC_SEQUENCE_MAP] = 71,   [WEIR_CODEC_SEQUENCE_REQUEST] = 20,
		[WEIR_CODEC_TIMESTAMP_MAP] = 107, [WEIR_CODEC_TIMESTAMP_REQUEST] = 20,
		[WEIR_CODEC_FRAME] = 48,          [WEIR_CODEC_POOL] = 51,
		[WEIR_CODEC_SHUTDOWN] = 21,       [WEIR_CODEC_REVOKED] = 38,
		[WEIR_CODEC_READY] = 40,
	};

	ck_assert_uint_eq(weir_codec_map_length(WEIR_MERGE_SEQUENCE, 0), 32);
	ck_assert_uint_eq(weir_codec_map_length(WEIR_MERGE_SEQUENCE, 1), 45);
	ck_assert_uint_eq(weir_codec_map_length(WEIR_MERGE_SEQUENCE, 64), 864);
	ck_assert_uint_eq(weir_codec_map_length(WEIR_MERGE_TIMESTAMP, 0), 41);
	ck_assert_uint_eq(weir_codec_map_length(WEIR_MERGE_TIMESTAMP, 1), 63);
	ck_assert_uint_eq(weir_codec_map_length(WEIR_MERGE_TIMESTAMP, 64), 1449);
	ck_assert_uint_eq(weir_codec_map_length(WEIR_MERGE_TIMESTAMP, 65534), 41 + 22 * 65534);
	ck_assert_uint_eq(weir_codec_map_length(WEIR_MERGE_TIMESTAMP, 65535), 0);
	ck_assert_uint_eq(weir_codec_map_length((enum weir_merge_kind)0, 1), 0);
	for (kind = 0; kind < OWN_KINDS; kind++) {
		m = sample(kind);
		ck_assert_uint_eq(weir_codec_length(&m), want[kind]);
	}
	m.kind = WEIR_CODEC_KIND_COUNT;
	ck_assert_uint_eq(weir_codec_length(&m), 0);
}
END_TEST

START_TEST(the_first_bytes_of_each)
{
	static const uint8_t want[OWN_KINDS][8] = {
		{20, 0, 1, 0, 0x87, 3, 1, 0}, {12, 0, 2, 0, 0x87, 3, 1, 0},
		{29, 0, 3, 0, 0x87, 3, 1, 0}, {12, 0, 4, 0, 0x87, 3, 1, 0},
		{40, 0, 4, 0, 0x84, 3, 1, 0}, {35, 0, 1, 0, 0x84, 3, 1, 0},
		{9, 0, 6, 0, 0x85, 3, 1, 0},  {26, 0, 7, 0, 0x85, 3, 1, 0},
		{32, 0, 1, 0, 0x6f, 7, 1, 0},
	};
	struct weir_codec_message m = sample((unsigned)_i);

	encoded(&m);
	ck_assert_mem_eq(buf, want[_i], 8);
}
END_TEST

static void not_encoded(const struct weir_codec_message *m, enum weir_codec_reason why,
			uint64_t rule)
{
	struct weir_error err;
	size_t len = 77;

	memset(&err, 0, sizeof(err));
	memset(buf, 0x5a, 256);
	ck_assert_int_eq(weir_codec_encode(m, buf, sizeof(buf), &len, &err), -EINVAL);
	ck_assert_uint_eq(len, 77);
	ck_assert_uint_eq(buf[0], 0x5a);
	ck_assert_str_eq(err.what, weir_codec_reason_text(why));
	ck_assert_uint_eq(err.limit, why);
	ck_assert_uint_eq(err.value, rule);
}

START_TEST(refuses_to_encode_what_is_refused)
{
	struct weir_codec_message m = a_map(WEIR_CODEC_SEQUENCE_MAP, 5);
	struct weir_error err;
	size_t len = 77;

	seq_rule[3].window = 0;
	not_encoded(&m, WEIR_CODEC_WINDOW_ZERO, 3);
	seq_rule[2].offset = (int64_t)1 << 31;
	not_encoded(&m, WEIR_CODEC_PARAM_RANGE, 2);
	m.kind = WEIR_CODEC_TIMESTAMP_MAP;
	not_encoded(&m, WEIR_CODEC_KIND, 0);
	m = a_map(WEIR_CODEC_TIMESTAMP_MAP, 5);
	m.map.clock = 256 + WEIR_MERGE_MONOTONIC;
	not_encoded(&m, WEIR_CODEC_CLOCK_DOMAIN, 5);
	m = sample(WEIR_CODEC_POOL);
	m.pool.clock = 0;
	not_encoded(&m, WEIR_CODEC_CLOCK_DOMAIN, 0);
	m = sample(WEIR_CODEC_REVOKED);
	m.revoked.reason = 255;
	not_encoded(&m, WEIR_CODEC_REQUIRED_NULL, 0);
	m.revoked.reason = 256;
	not_encoded(&m, WEIR_CODEC_REQUIRED_NULL, 0);
	m = sample(WEIR_CODEC_SHUTDOWN);
	m.shutdown.reason = 256;
	not_encoded(&m, WEIR_CODEC_REQUIRED_NULL, 0);
	m = weir_codec_ask(WEIR_MERGE_SEQUENCE, UINT32_MAX, 1);
	not_encoded(&m, WEIR_CODEC_REQUIRED_NULL, 0);
	m = sample(WEIR_CODEC_FRAME);
	m.frame.seq = UINT64_MAX;
	not_encoded(&m, WEIR_CODEC_REQUIRED_NULL, 0);
	m = sample(WEIR_CODEC_READY);
	m.ready.round = UINT64_MAX;
	not_encoded(&m, WEIR_CODEC_REQUIRED_NULL, 0);
	m.kind = WEIR_CODEC_KIND_COUNT;
	ck_assert_int_eq(weir_codec_encode(&m, buf, sizeof(buf), &len, &err), -EINVAL);
	ck_assert_str_eq(err.what, "codec: kind");
	ck_assert_uint_eq(len, 77);
}
END_TEST

/* The largest map there can be, to the byte. */
START_TEST(the_largest_map)
{
	enum { N = WEIR_MERGE_RULES_MAX };
	static struct weir_merge_rule many[N], back_rules[N];
	static uint8_t bytes[41 + 22 * N];
	struct weir_codec_message m, back;
	struct weir_merge_map map;
	size_t len;
	uint32_t i;

	for (i = 0; i < N; i++)
		many[i] = weir_merge_rule_window_ns(i, WEIR_MERGE_SLOT_HEADER, i + 1);
	map = weir_merge_map_timestamp(9, 2, WEIR_MERGE_MONOTONIC, many, N);
	m = weir_codec_of_map(&map);
	ck_assert_int_eq(weir_codec_encode(&m, bytes, sizeof(bytes), &len, NULL), WEIR_OK);
	ck_assert_uint_eq(len, sizeof(bytes));
	ck_assert_int_eq(weir_codec_decode(bytes, len, WEIR_CODEC_ALL, back_rules, N - 1, &back),
			 WEIR_CODEC_CAPACITY);
	ck_assert_uint_eq(back_rules[0].window, 0);
	ck_assert_int_eq(weir_codec_decode(bytes, len, WEIR_CODEC_ALL, back_rules, N, &back),
			 WEIR_CODEC_OK);
	ck_assert_int_eq(weir_merge_map_equal(&map, &back.map), 1);
	map.n_rules++;
	m = weir_codec_of_map(&map);
	not_encoded(&m, WEIR_CODEC_GROUP_COUNT, N + 1);
}
END_TEST

/* With a fault at every place, mending them from the front brings them out in the stated order. */
START_TEST(reasons_come_in_their_order)
{
	struct weir_codec_message m = a_map(WEIR_CODEC_TIMESTAMP_MAP, 2), back;
	size_t len = encoded(&m);
	uint8_t good[128];

	memcpy(good, buf, len);
	memset(buf, 0xff, len);
	ck_assert_int_eq(decode(7, WEIR_CODEC_ALL, &back), WEIR_CODEC_SHORT_HEADER);
	ck_assert_int_eq(decode(40, WEIR_CODEC_ALL, &back), WEIR_CODEC_SCHEMA);
	memcpy(buf + 4, good + 4, 2);
	ck_assert_int_eq(decode(40, WEIR_CODEC_ALL, &back), WEIR_CODEC_TEMPLATE);
	memcpy(buf + 2, good + 2, 2);
	buf[0] = 28;
	buf[1] = 0;
	ck_assert_int_eq(decode(30, WEIR_CODEC_ALL | WEIR_CODEC_STRICT, &back), WEIR_CODEC_VERSION);
	ck_assert_int_eq(decode(30, WEIR_CODEC_ALL, &back), WEIR_CODEC_BLOCK_SHORT);
	buf[0] = 29;
	ck_assert_int_eq(decode(36, WEIR_CODEC_ALL, &back), WEIR_CODEC_TRUNCATED_BLOCK);
	ck_assert_int_eq(decode(37, WEIR_CODEC_ALL, &back), WEIR_CODEC_REQUIRED_NULL);
	memcpy(buf + 8, good + 8, 4);
	ck_assert_int_eq(decode(37, WEIR_CODEC_ALL, &back), WEIR_CODEC_REQUIRED_NULL);
	memcpy(buf + 12, good + 12, 8);
	ck_assert_int_eq(decode(37, WEIR_CODEC_ALL, &back), WEIR_CODEC_CLOCK_DOMAIN);
	memcpy(buf + 20, good + 20, 17);
	ck_assert_int_eq(decode(40, WEIR_CODEC_ALL, &back), WEIR_CODEC_TRUNCATED_GROUP_HEADER);
	buf[37] = 21;
	buf[38] = 0;
	ck_assert_int_eq(decode(41, WEIR_CODEC_ALL, &back), WEIR_CODEC_GROUP_COUNT);
	memcpy(buf + 39, good + 39, 2);
	ck_assert_int_eq(decode(41, WEIR_CODEC_ALL, &back), WEIR_CODEC_GROUP_BLOCK_SHORT);
	buf[37] = 22;
	ck_assert_int_eq(decode(41 + 43, WEIR_CODEC_ALL, &back), WEIR_CODEC_TRUNCATED_RULES);
	ck_assert_int_eq(weir_codec_decode(buf, 41 + 44, WEIR_CODEC_ALL, got_rule, 1, &back),
			 WEIR_CODEC_CAPACITY);
	ck_assert_int_eq(decode(41 + 44, WEIR_CODEC_ALL, &back), WEIR_CODEC_REQUIRED_NULL);
	memcpy(buf + 41, good + 41, 4);
	ck_assert_int_eq(decode(41 + 44, WEIR_CODEC_ALL, &back), WEIR_CODEC_RULE_TYPE);
	buf[45] = WEIR_MERGE_WINDOW;
	ck_assert_int_eq(decode(41 + 44, WEIR_CODEC_ALL, &back), WEIR_CODEC_TIMESTAMP_SOURCE);
	buf[46] = WEIR_MERGE_SLOT_HEADER;
	ck_assert_int_eq(decode(41 + 44, WEIR_CODEC_ALL, &back), WEIR_CODEC_PARAM_MISSING);
	memset(buf + 55, 0, 8);
	ck_assert_int_eq(decode(41 + 44, WEIR_CODEC_ALL, &back), WEIR_CODEC_PARAM_CONFLICT);
	memcpy(buf + 47, "\0\0\0\0\0\0\0\x80", 8);
	ck_assert_int_eq(decode(41 + 44, WEIR_CODEC_ALL, &back), WEIR_CODEC_WINDOW_ZERO);
	buf[55] = 1;
	ck_assert_int_eq(decode(41 + 44, WEIR_CODEC_ALL, &back), WEIR_CODEC_REQUIRED_NULL);
	memcpy(buf + 63, good + 63, 22);
	ck_assert_int_eq(decode(41 + 44, WEIR_CODEC_ALL, &back), WEIR_CODEC_OK);
}
END_TEST

START_TEST(words)
{
	unsigned i;

	ck_assert_str_eq(weir_codec_kind_name(WEIR_CODEC_READY), "JoinBarrierReady");
	ck_assert_str_eq(weir_codec_kind_name(WEIR_CODEC_KIND_COUNT), "?");
	ck_assert_str_eq(weir_codec_reason_name(WEIR_CODEC_VERSION), "VERSION");
	ck_assert_str_eq(weir_codec_reason_name(WEIR_CODEC_REASON_COUNT), "?");
	ck_assert_str_eq(weir_codec_reason_text(WEIR_CODEC_REASON_COUNT), "?");
	/* the reasons of merge maps have the same numbers here */
	ck_assert_uint_eq(WEIR_CODEC_REASON_COUNT, WEIR_MERGE_REASON_COUNT + 4);
	for (i = 0; i < WEIR_MERGE_REASON_COUNT; i++) {
		ck_assert_str_eq(weir_codec_reason_name(i), weir_merge_reason_name(i));
		ck_assert_str_eq(weir_codec_reason_text(i), weir_merge_reason_text(i));
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("codec");
	TCase *t = tcase_create("codec");
	SRunner *run;
	int failed;

	tcase_add_loop_test(t, back_and_forth, 0, OWN_KINDS);
	tcase_add_loop_test(t, the_mask_says_what_is_looked_for, 0, OWN_KINDS);
	tcase_add_loop_test(t, the_first_bytes_of_each, 0, OWN_KINDS);
	tcase_add_test(t, lengths);
	tcase_add_test(t, refuses_to_encode_what_is_refused);
	tcase_add_test(t, the_largest_map);
	tcase_add_test(t, reasons_come_in_their_order);
	tcase_add_test(t, words);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed == 0 ? 0 : 1;
}
