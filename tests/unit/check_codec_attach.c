/* The codec's messages of leases: back and forth, bytes, what an answer of OK must have, and every
 * cut. */
#include <check.h>
#include <string.h>

#include <weir/codec.h>

static uint8_t buf[16384], places[16384];

static struct weir_codec_text text(const char *s)
{
	struct weir_codec_text t = {s, (uint32_t)strlen(s), 0};

	return t;
}

static struct weir_codec_regions regions(void)
{
	struct weir_codec_region pool[2];
	struct weir_codec_regions r;

	memset(pool, 0, sizeof(pool));
	pool[0].id = 1;
	pool[0].nslots = pool[1].nslots = 8;
	pool[0].stride = 4096;
	pool[0].uri = text("shm:file?path=/a");
	pool[1].id = 65534;
	pool[1].stride = 64;
	pool[1].uri = text("b");
	ck_assert_int_eq(weir_codec_regions_make(places, sizeof(places), "ring", pool, 2, &r, NULL),
			 WEIR_OK);
	return r;
}

/* A message of that kind in which every field differs from the others. */
static struct weir_codec_message sample(unsigned kind)
{
	struct weir_codec_message m;

	memset(&m, 0, sizeof(m));
	m.kind = kind;
	if (kind == WEIR_CODEC_ATTACH) {
		m.attach = (struct weir_codec_attach){.correlation = -2,
						      .stream = 3,
						      .client = 4,
						      .role = WEIR_CODEC_ROLE_CONSUMER,
						      .layout_version = 5,
						      .publish_mode = WEIR_CODEC_REQUIRE_EXISTING,
						      .hugepages = 0,
						      .node = WEIR_CODEC_NO_U32};
	} else if (kind == WEIR_CODEC_ATTACHED) {
		m.attached.correlation = INT64_MAX;
		m.attached.lease = 2;
		m.attached.expiry_ns = 3;
		m.attached.epoch = 4;
		m.attached.stream = 5;
		m.attached.layout_version = 6;
		m.attached.header_nslots = 8;
		m.attached.header_slot_bytes = 256;
		m.attached.node = 9;
		m.attached.regions = regions();
		m.attached.text = text("why");
	} else if (kind == WEIR_CODEC_DETACH) {
		m.detach = (struct weir_codec_detach){
			.correlation = 1, .lease = 2, .stream = 3, .client = 4, .role = 5};
	} else if (kind == WEIR_CODEC_DETACHED) {
		m.detached.correlation = 1;
		m.detached.code = WEIR_CODEC_CODE_REJECTED;
		m.detached.text = text("no such lease");
	} else {
		m.keepalive = (struct weir_codec_keepalive){
			.lease = 1, .time_ns = 2, .stream = 3, .client = 4, .role = 1};
	}
	return m;
}

static size_t encoded(const struct weir_codec_message *m)
{
	size_t len = 0;

	memset(buf, 0xee, sizeof(buf));
	ck_assert_int_eq(weir_codec_encode(m, buf, sizeof(buf), &len, NULL), WEIR_OK);
	ck_assert_uint_eq(len, weir_codec_length(m));
	ck_assert_uint_eq(buf[len], 0xee);
	return len;
}

static enum weir_codec_reason decode(size_t len, struct weir_codec_message *m)
{
	return weir_codec_decode(buf, len, WEIR_CODEC_ALL, NULL, 0, m);
}

static int is_text(const struct weir_codec_text *t, const char *s)
{
	return t->len == strlen(s) && memcmp(t->at, s, t->len) == 0;
}

START_TEST(back_and_forth)
{
	struct weir_codec_message m = sample((unsigned)_i), back;
	size_t len = encoded(&m);

	ck_assert_int_eq(decode(len, &back), WEIR_CODEC_OK);
	ck_assert_uint_eq(back.kind, m.kind);
	ck_assert_uint_eq(back.consumed, len);
	if (_i == WEIR_CODEC_ATTACHED) {
		ck_assert_uint_eq(back.attached.regions.len, m.attached.regions.len);
		ck_assert_uint_eq(back.attached.regions.pools, 2);
		ck_assert_mem_eq(back.attached.regions.at, places, back.attached.regions.len);
		ck_assert(is_text(&back.attached.text, "why"));
		back.attached.regions.at = m.attached.regions.at;
		back.attached.text.at = m.attached.text.at;
		ck_assert_mem_eq(&back.attached, &m.attached, sizeof(m.attached));
	} else if (_i == WEIR_CODEC_DETACHED) {
		ck_assert_int_eq(back.detached.correlation, 1);
		ck_assert_int_eq(back.detached.code, WEIR_CODEC_CODE_REJECTED);
		ck_assert(is_text(&back.detached.text, "no such lease"));
	} else {
		ck_assert_mem_eq(&back.attach, &m.attach, sizeof(m.attach));
	}
}
END_TEST

/* Cut anywhere, nothing is decoded and nothing stored; one byte more changes nothing. */
START_TEST(every_cut)
{
	struct weir_codec_message m = sample((unsigned)_i), back, before;
	size_t i, len = encoded(&m);

	memset(&before, 0x5a, sizeof(before));
	for (i = 0; i < len; i++) {
		back = before;
		ck_assert_int_ne(decode(i, &back), WEIR_CODEC_OK);
		ck_assert_mem_eq(&back, &before, sizeof(before));
	}
	ck_assert_int_eq(decode(len + 1, &back), WEIR_CODEC_OK);
	ck_assert_uint_eq(back.consumed, len);
	buf[6] = 2;
	ck_assert_int_eq(decode(len, &back), WEIR_CODEC_VERSION);
	buf[6] = 0;
	ck_assert_int_eq(decode(len, &back), WEIR_CODEC_OK);
}
END_TEST

START_TEST(the_bytes_of_requests)
{
	static const uint8_t attach[] = {
		27, 0, 1, 0, 0x85, 3, 1, 0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 3,	 0,
		0,  0, 4, 0, 0,	   0, 2, 5, 0,	  0,	0,    1,    0,	  0xff, 0xff, 0xff, 0xff};
	static const uint8_t keepalive[] = {25, 0, 5, 0, 0x85, 3, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3,
					    0,	0, 0, 4, 0,    0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t detach[] = {25, 0, 3, 0, 0x85, 3, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2,
					 0,  0, 0, 0, 0,    0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5};
	struct weir_codec_message m = sample(WEIR_CODEC_ATTACH);

	ck_assert_uint_eq(encoded(&m), sizeof(attach));
	ck_assert_mem_eq(buf, attach, sizeof(attach));
	m = sample(WEIR_CODEC_KEEPALIVE);
	ck_assert_uint_eq(encoded(&m), sizeof(keepalive));
	ck_assert_mem_eq(buf, keepalive, sizeof(keepalive));
	m = sample(WEIR_CODEC_DETACH);
	ck_assert_uint_eq(encoded(&m), sizeof(detach));
	ck_assert_mem_eq(buf, detach, sizeof(detach));
}
END_TEST

START_TEST(the_bytes_of_answers)
{
	static const uint8_t group[] = {10, 0, 2, 0, 1, 0, 8, 0, 0, 0, 0, 16, 0, 0, 16, 0, 0, 0};
	static const uint8_t end[] = {0xfe, 0xff, 8,   0, 0,   0, 64, 0,   0,	0,
				      1,    0,	  0,   0, 'b', 4, 0,  0,   0,	'r',
				      'i',  'n',  'g', 3, 0,   0, 0,  'w', 'h', 'y'};
	static const uint8_t bare[] = {10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	struct weir_codec_message m = sample(WEIR_CODEC_ATTACHED);
	size_t len = encoded(&m);

	ck_assert_uint_eq(buf[0], 54);
	ck_assert_uint_eq(buf[2], 2);
	ck_assert_mem_eq(buf + 62, group, sizeof(group));
	ck_assert_mem_eq(buf + len - sizeof(end), end, sizeof(end));
	memset(&m.attached.regions, 0, sizeof(m.attached.regions));
	m.attached.text.len = 0;
	m.attached.code = WEIR_CODEC_CODE_REJECTED;
	len = encoded(&m);
	ck_assert_uint_eq(len, 62 + sizeof(bare));
	ck_assert_mem_eq(buf + 62, bare, sizeof(bare));
	m = sample(WEIR_CODEC_DETACHED);
	ck_assert_uint_eq(encoded(&m), 20 + 4 + 13);
}
END_TEST

START_TEST(regions_are_read_again)
{
	struct weir_codec_regions r = regions(), none = {NULL, 0, 0};
	struct weir_codec_region pool;
	struct weir_codec_text header = weir_codec_regions_header(&r);
	struct weir_error err;

	ck_assert(is_text(&header, "ring"));
	ck_assert_int_eq(weir_codec_regions_pool(&r, 0, &pool), WEIR_OK);
	ck_assert(is_text(&pool.uri, "shm:file?path=/a"));
	ck_assert_uint_eq(pool.stride, 4096);
	ck_assert_int_eq(weir_codec_regions_pool(&r, 1, &pool), WEIR_OK);
	ck_assert(is_text(&pool.uri, "b"));
	ck_assert_uint_eq(pool.id, 65534);
	ck_assert_int_eq(weir_codec_regions_pool(&r, 2, &pool), -EINVAL);
	ck_assert_int_eq(weir_codec_regions_pool(&none, 0, &pool), -EINVAL);
	ck_assert_uint_eq(weir_codec_regions_header(&none).len, 0);
	ck_assert_int_eq(weir_codec_regions_make(buf, 100, NULL, &pool, 65, &r, &err), -EINVAL);
	ck_assert_int_eq(weir_codec_regions_make(buf, 21, "12", &pool, 1, &r, &err), -ENOBUFS);
	ck_assert_uint_eq(err.limit, 25);
	ck_assert_int_eq(weir_codec_regions_make(buf, 25, "12", &pool, 1, &r, &err), WEIR_OK);
	pool.id = 65535;
	ck_assert_int_eq(weir_codec_regions_make(buf, 100, "12", &pool, 1, &r, &err), -EINVAL);
	pool.id = 1;
	pool.uri.len = WEIR_CODEC_URI_MAX + 1;
	ck_assert_int_eq(weir_codec_regions_make(buf, 100, "12", &pool, 1, &r, &err), -EINVAL);
}
END_TEST

static void refused(const struct weir_codec_message *m, enum weir_codec_reason why)
{
	struct weir_error err;
	size_t len = 77;

	memset(buf, 0x5a, 100);
	ck_assert_int_eq(weir_codec_encode(m, buf, sizeof(buf), &len, &err), -EINVAL);
	ck_assert_str_eq(err.what, weir_codec_reason_text(why));
	ck_assert_uint_eq(len, 77);
	ck_assert_uint_eq(buf[0], 0x5a);
}

/* Each field of an answer of OK made null on the wire, and the same given to the encoder. */
START_TEST(ok_needs_everything)
{
	static const struct {
		unsigned at, bytes;
	} field[] = {{12, 8}, {20, 8}, {28, 4}, {32, 8}, {40, 4}, {44, 4}, {48, 2}, {50, 4}};
	struct weir_codec_message m = sample(WEIR_CODEC_ATTACHED), back;
	size_t i, len;

	for (i = 0; i < sizeof(field) / sizeof(field[0]); i++) {
		len = encoded(&m);
		memset(buf + 8 + field[i].at, 0xff, field[i].bytes);
		ck_assert_int_eq(decode(len, &back), WEIR_CODEC_INCOMPLETE);
		buf[8 + 8] = WEIR_CODEC_CODE_REJECTED;
		ck_assert_int_eq(decode(len, &back), WEIR_CODEC_OK);
		refused(&(struct weir_codec_message){.kind = WEIR_CODEC_ATTACHED,
						     .attached = {.code = 0,
								  .header_slot_bytes = 255}},
			WEIR_CODEC_INCOMPLETE);
	}
	m.attached.header_nslots = 16; /* than the pools have */
	refused(&m, WEIR_CODEC_INCOMPLETE);
	m = sample(WEIR_CODEC_ATTACHED);
	m.attached.epoch = WEIR_CODEC_NO_U64;
	refused(&m, WEIR_CODEC_INCOMPLETE);
	m = sample(WEIR_CODEC_ATTACHED);
	memset(&m.attached.regions, 0, sizeof(m.attached.regions));
	refused(&m, WEIR_CODEC_INCOMPLETE);
	m = sample(WEIR_CODEC_ATTACHED);
	places[8 + 6] = 0; /* the length of the first place; its bytes are now another pool's */
	refused(&m, WEIR_CODEC_DATA_LONG);
}
END_TEST

START_TEST(required_fields_and_bounds)
{
	struct weir_codec_message m = sample(WEIR_CODEC_ATTACH), back;
	static char longer[WEIR_CODEC_TEXT_MAX + 1];
	size_t len;

	m.attach.correlation = INT64_MIN;
	refused(&m, WEIR_CODEC_REQUIRED_NULL);
	m = sample(WEIR_CODEC_ATTACH);
	m.attach.publish_mode = 256;
	refused(&m, WEIR_CODEC_REQUIRED_NULL);
	m.attach.publish_mode = WEIR_CODEC_NO_MODE;
	m.attach.role = 200; /* unknown: for the driver to say */
	len = encoded(&m);
	ck_assert_int_eq(decode(len, &back), WEIR_CODEC_OK);
	ck_assert_uint_eq(back.attach.role, 200);
	m = sample(WEIR_CODEC_KEEPALIVE);
	m.keepalive.time_ns = UINT64_MAX;
	refused(&m, WEIR_CODEC_REQUIRED_NULL);
	m = sample(WEIR_CODEC_DETACH);
	m.detach.lease = UINT64_MAX;
	refused(&m, WEIR_CODEC_REQUIRED_NULL);
	m = sample(WEIR_CODEC_DETACHED);
	m.detached.code = INT32_MIN;
	refused(&m, WEIR_CODEC_REQUIRED_NULL);
	m.detached.code = 0;
	memset(longer, 'x', sizeof(longer));
	m.detached.text.at = longer;
	m.detached.text.len = sizeof(longer);
	refused(&m, WEIR_CODEC_DATA_LONG);
	m.detached.text.len--;
	len = encoded(&m);
	ck_assert_int_eq(decode(len, &back), WEIR_CODEC_OK);
	buf[20]++;
	ck_assert_int_eq(decode(len + 1, &back), WEIR_CODEC_DATA_LONG);
	memset(buf + 20, 0xff, 4);
	ck_assert_int_eq(decode(len, &back), WEIR_CODEC_DATA_LONG);
}
END_TEST

/* A longer root block and longer pools are passed over; faults of the group have their reasons. */
START_TEST(groups)
{
	struct weir_codec_message m = sample(WEIR_CODEC_ATTACHED), back;
	size_t len = encoded(&m);

	memmove(buf + 63, buf + 62, len - 62);
	buf[0] = 55;
	ck_assert_int_eq(decode(len + 1, &back), WEIR_CODEC_OK);
	ck_assert_uint_eq(back.consumed, len + 1);
	len = encoded(&m);
	buf[62] = 9;
	ck_assert_int_eq(decode(len, &back), WEIR_CODEC_GROUP_BLOCK_SHORT);
	buf[62] = 10;
	buf[64] = 65;
	ck_assert_int_eq(decode(len, &back), WEIR_CODEC_CAPACITY);
	memset(buf + 64, 0xff, 2);
	ck_assert_int_eq(decode(len, &back), WEIR_CODEC_GROUP_COUNT);
	ck_assert_int_eq(decode(65, &back), WEIR_CODEC_TRUNCATED_GROUP_HEADER);
	buf[64] = 2;
	buf[65] = 0;
	memset(buf + 66, 0xff, 2);
	ck_assert_int_eq(decode(len, &back), WEIR_CODEC_REQUIRED_NULL);
	ck_assert_int_eq(decode(75, &back), WEIR_CODEC_TRUNCATED_DATA);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("codec_attach");
	TCase *t = tcase_create("codec_attach");
	SRunner *run;
	int failed;

	tcase_add_loop_test(t, back_and_forth, WEIR_CODEC_ATTACH, WEIR_CODEC_KIND_COUNT);
	tcase_add_loop_test(t, every_cut, WEIR_CODEC_ATTACH, WEIR_CODEC_KIND_COUNT);
	tcase_add_test(t, the_bytes_of_requests);
	tcase_add_test(t, the_bytes_of_answers);
	tcase_add_test(t, regions_are_read_again);
	tcase_add_test(t, ok_needs_everything);
	tcase_add_test(t, required_fields_and_bounds);
	tcase_add_test(t, groups);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed == 0 ? 0 : 1;
}
