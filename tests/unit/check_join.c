/* The join's interface beyond its edge cases: storage, masks, what is remembered, bounds, options,
 * records. */
#include "join_fixture.h"

static const struct weir_merge_rule two[] = {{.input = 1, .window = WEIR_MERGE_NO_WINDOW},
					     {.input = 2, .window = WEIR_MERGE_NO_WINDOW}};

/* ---- storage and configuration ---- */

static void refused(const struct weir_join_config *c, const char *what)
{
	struct weir_error e;
	size_t bytes = 77;

	ck_assert_int_eq(weir_join_bytes(c, &bytes, &e), -EINVAL);
	ck_assert_str_eq(e.what, what);
	ck_assert_uint_eq(bytes, 77);
}

START_TEST(configurations_that_are_refused)
{
	struct weir_join_input_config in[2] = {{.stream = 1}, {.stream = 1}};
	struct weir_join_config c = config_of(WEIR_JOIN_SEQUENCE, 0), bad;
	struct weir_span mem;
	struct weir_error e;
	struct weir_join j, before;

#define REFUSED(field, value, what) (bad = c, bad.field = (value), refused(&bad, what))
	REFUSED(struct_size, 8, "struct_size");
	REFUSED(out, 0, "output stream");
	REFUSED(out, UINT32_MAX, "output stream");
	REFUSED(mode, 0, "mode");
	REFUSED(mode, 4, "mode");
	REFUSED(epoch_policy, 3, "epoch_policy");
	REFUSED(flags, 256, "flags");
	REFUSED(max_rules, 0, "max_rules");
	REFUSED(max_rules, 65535, "max_rules");
	REFUSED(min_present, 9, "min_present");
	REFUSED(n_inputs, 65535, "n_inputs");
	c.input = in;
	in[0].stream = 0;
	REFUSED(n_inputs, 1, "stream of an input");
	in[0].stream = 1;
	in[0].flags = 8;
	REFUSED(n_inputs, 1, "flags of an input");
	in[0].flags = 0;
	c.n_inputs = 2;
	ck_assert_int_eq(weir_join_bytes(&c, &mem.len, NULL), WEIR_OK);
	mem.ptr = aligned_alloc(WEIR_LINE, mem.len);
	memset(&j, 0x5a, sizeof(j));
	before = j;
	ck_assert_int_eq(weir_join_init(&j, &c, mem, &e), -EINVAL);
	ck_assert_str_eq(e.what, "two configurations of one stream");
	in[1].stream = 2;
	mem.len--;
	ck_assert_int_eq(weir_join_init(&j, &c, mem, &e), -ENOBUFS);
	ck_assert_uint_eq(e.limit, mem.len + 1);
	mem.ptr = (char *)mem.ptr + 8;
	ck_assert_int_eq(weir_join_init(&j, &c, mem, &e), -EINVAL);
	ck_assert_str_eq(e.what, "alignment of the storage");
	ck_assert_mem_eq(&j, &before, sizeof(j));
	free((char *)mem.ptr - 8);
}
END_TEST

/* The largest map there is, with exactly the storage that was asked for. */
START_TEST(rules_65534)
{
	struct weir_join_config c = config_of(WEIR_JOIN_SEQUENCE, 0);
	struct weir_merge_rule *r = calloc(WEIR_MERGE_RULES_MAX, sizeof(*r));
	struct weir_merge_map m;
	struct yard y;
	uint32_t i;

	c.max_rules = WEIR_MERGE_RULES_MAX;
	make(&y, &c);
	for (i = 0; i < WEIR_MERGE_RULES_MAX; i++)
		r[i] = weir_merge_rule_offset(1 + i * 40503u % 65537u, (int64_t)(i % 5));
	m = weir_merge_map_sequence(OUT, 1, r, WEIR_MERGE_RULES_MAX + 1);
	want(weir_join_apply(&y.j, &m, 0, NULL), WEIR_JOIN_CAPACITY);
	take(&y, r, WEIR_MERGE_RULES_MAX);
	ck_assert_uint_eq(y.j.n_inputs, WEIR_MERGE_RULES_MAX);
	for (i = 0; i < WEIR_MERGE_RULES_MAX; i++)
		frame(&y, r[i].input, 100, 0);
	ck_assert_int_eq(ready(&y, 96, 0), 1);
	ck_assert_uint_eq(y.v.count[WEIR_JOIN_RULE_READY], WEIR_MERGE_RULES_MAX);
	ck_assert_uint_eq(upto(&y, 0), 96);
	ck_assert_int_eq(ready(&y, 97, 0), 0);
	for (i = weir_join_next(&y.v, WEIR_JOIN_RULE_MISSING, 0); i < WEIR_MERGE_RULES_MAX;
	     i = weir_join_next(&y.v, WEIR_JOIN_RULE_MISSING, i + 1))
		ck_assert_uint_eq(i % 5, 4);
	ck_assert_uint_eq(y.v.count[WEIR_JOIN_RULE_MISSING], WEIR_MERGE_RULES_MAX / 5);
	want(sequence_map(&y, r, WEIR_MERGE_RULES_MAX, 1, NONE), WEIR_JOIN_NO_CHANGE);
	r[7].offset = -1;
	want(sequence_map(&y, r, WEIR_MERGE_RULES_MAX, 1, NONE), WEIR_JOIN_OK);
	ck_assert_int_eq(ready(&y, 97, 0), 0);
	done(&y);
	free(r);
}
END_TEST

START_TEST(closed_for_good)
{
	struct weir_merge_map m = weir_merge_map_sequence(OUT, 1, two, 2);
	struct yard y;
	uint64_t out;

	open_join(&y, WEIR_JOIN_SEQUENCE, 0);
	take(&y, two, 2);
	frame(&y, 1, 5, 0);
	frame(&y, 2, 5, 0);
	ck_assert_int_eq(ready(&y, 5, 0), 1);
	weir_join_close(&y.j);
	weir_join_close(&y.j);
	status_is(&y, 5, WEIR_JOIN_STATUS_CLOSED);
	ck_assert_int_eq(weir_join_commit(&y.j, 5, y.v.generation), -ESTALE);
	ck_assert_int_eq(weir_join_ready_upto(&y.j, 0, &out), WEIR_EMPTY);
	want(weir_join_apply(&y.j, &m, 0, NULL), WEIR_JOIN_CLOSED);
	want(weir_join_set_epoch(&y.j, 1), WEIR_JOIN_CLOSED);
	want(weir_join_observe(&y.j, 1, 1, 5, 0), WEIR_JOIN_CLOSED);
	want(weir_join_observe(&y.j, 1, 1, UINT64_MAX, 0), WEIR_JOIN_CLOSED);
	want(weir_join_observe_time(&y.j, 1, 1, FD, 5, MONO, 0), WEIR_JOIN_CLOSED);
	want(weir_join_processed(&y.j, 1, 1, 5), WEIR_JOIN_CLOSED);
	want(weir_join_processed_time(&y.j, 1, 1, FD, 5), WEIR_JOIN_CLOSED);
	want(weir_join_invalidate(&y.j, 1), WEIR_JOIN_CLOSED);
	want(weir_join_lost(&y.j, 1), WEIR_JOIN_CLOSED);
	done(&y);
}
END_TEST

/* ---- verdicts ---- */

START_TEST(the_last_verdict_is_given_again_while_it_holds)
{
	struct weir_join_verdict v;
	struct yard y;

	open_join(&y, WEIR_JOIN_SEQUENCE, 0);
	want(sequence_map(&y, two, 2, 1, 10), WEIR_JOIN_OK);
	frame(&y, 1, 5, 0);
	frame(&y, 2, 4, 3);
	ck_assert_int_eq(ready(&y, 5, 3), 0);
	ck_assert_uint_eq(y.v.until, 14);
	v = y.v;
	ck_assert_int_eq(ready(&y, 5, 13), 0);
	ck_assert_mem_eq(&v, &y.v, sizeof(v));
	ck_assert_uint_eq(y.j.stats.unchanged, 1);
	frame(&y, 2, 4, 13); /* a repeat: nothing has happened */
	ck_assert_int_eq(ready(&y, 5, 13), 0);
	ck_assert_uint_eq(y.j.stats.unchanged, 2);
	ck_assert_uint_eq(y.j.stats.repeats, 1);
	ck_assert_int_eq(ready(&y, 5, 14), 1); /* time alone */
	ck_assert_uint_eq(y.j.stats.unchanged, 2);
	frame(&y, 2, 5, 14);
	ck_assert_int_eq(ready(&y, 5, 14), 1);
	ck_assert_uint_eq(y.v.count[WEIR_JOIN_RULE_READY], 2);
	ck_assert_int_eq(ready(&y, 6, 14), 0);
	ck_assert_int_eq(ready(&y, 6, 14), 0);
	ck_assert_uint_eq(y.j.stats.unchanged, 3);
	ck_assert_uint_eq(y.j.stats.evaluations, 7);
	ck_assert_uint_eq(y.j.stats.ready, 2);
	done(&y);
}
END_TEST

START_TEST(masks_say_each_rule_once)
{
	struct weir_merge_rule r[130];
	struct weir_join_config c = config_of(WEIR_JOIN_SEQUENCE, 0);
	uint32_t i, n, kind;
	struct yard y;

	for (i = 0; i < 130; i++)
		r[i] = weir_merge_rule_offset(1 + i, i % 3 == 0 ? -100 : 0);
	c.max_rules = 200;
	make(&y, &c);
	take(&y, r, 130);
	for (i = 0; i < 130; i += 2)
		frame(&y, 1 + i, 50, 0);
	ck_assert_int_eq(ready(&y, 50, 0), 0);
	ck_assert_uint_eq(y.v.n_rules, 130);
	ck_assert_uint_eq(y.v.words, 3);
	for (i = 0; i < 130; i++)
		ck_assert_uint_eq(weir_join_rule(&y.v, i), i % 3 == 0   ? WEIR_JOIN_RULE_NOT_YET
							   : i % 2 == 0 ? WEIR_JOIN_RULE_READY
									: WEIR_JOIN_RULE_MISSING);
	for (kind = 0, n = 0; kind < WEIR_JOIN_RULE_VERDICT_COUNT; kind++) {
		uint32_t rule = 0, seen = 0;

		while ((rule = weir_join_next(&y.v, (enum weir_join_rule_verdict)kind, rule)) <
		       130) {
			seen++;
			rule++;
		}
		ck_assert_uint_eq(seen, y.v.count[kind]);
		n += seen;
	}
	ck_assert_uint_eq(n, 130);
	ck_assert_uint_eq(weir_join_next(&y.v, WEIR_JOIN_RULE_READY, 130), 130);
	ck_assert_uint_eq(weir_join_next(&y.v, WEIR_JOIN_RULE_READY, 5000), 130);
	done(&y);
}
END_TEST

START_TEST(optional_inputs_and_how_many_must_be_present)
{
	static const struct weir_join_input_config in[] = {
		{.stream = 3, .flags = WEIR_JOIN_INPUT_OPTIONAL},
		{.stream = 2, .flags = WEIR_JOIN_INPUT_OPTIONAL}};
	struct weir_merge_rule r[] = {weir_merge_rule_offset(1, 0), weir_merge_rule_offset(2, 5),
				      weir_merge_rule_window(3, 4)};
	struct weir_join_config c = config_of(WEIR_JOIN_SEQUENCE, WEIR_JOIN_ANY_ORDER);
	struct yard y;

	c.input = in;
	c.n_inputs = 2;
	c.min_present = 2;
	make(&y, &c);
	take(&y, r, 3);
	frame(&y, 1, 9, 0);
	ck_assert_int_eq(ready(&y, 5, 0), 0); /* one of three */
	ck_assert_uint_eq(upto(&y, 0), EMPTY);
	frame(&y, 2, 8, 0);
	ck_assert_int_eq(ready(&y, 3, 0), 1); /* 1 and 2 */
	ck_assert_uint_eq(y.v.mask[WEIR_JOIN_RULE_MISSING][0], 4);
	ck_assert_int_eq(ready(&y, 4, 0), 0);
	ck_assert_uint_eq(upto(&y, 0), 3);
	frame(&y, 3, 7, 0);
	ck_assert_int_eq(ready(&y, 7, 0), 1); /* 1 and 3 */
	ck_assert_uint_eq(upto(&y, 0), 7);
	ck_assert_int_eq(ready(&y, 2, 0), 1); /* 3 is NOT_YET, and optional */
	ck_assert_uint_eq(y.v.mask[WEIR_JOIN_RULE_NOT_YET][0], 4);
	frame(&y, 3, 12, 0);
	ck_assert_uint_eq(upto(&y, 0), 9);
	want(sequence_map(&y, r, 1, 1, NONE), WEIR_JOIN_OK);
	ck_assert_uint_eq(y.fault.warnings, WEIR_JOIN_WARN_COUNT);
	ck_assert_int_eq(ready(&y, 5, 0), 0);
	done(&y);
}
END_TEST

START_TEST(a_deadline_makes_what_is_missing_absent)
{
	struct yard y;

	open_join(&y, WEIR_JOIN_SEQUENCE, WEIR_JOIN_PROCESSED);
	take(&y, two, 2);
	frame(&y, 1, 5, 0);
	frame(&y, 2, 4, 0);
	want(weir_join_processed(&y.j, 1, 1, 5), WEIR_JOIN_OK);
	ck_assert_int_eq(weir_join_ready_by(&y.j, 5, 100, 99, &y.v), 0);
	ck_assert_uint_eq(y.v.until, 100);
	ck_assert_int_eq(weir_join_ready_by(&y.j, 5, 100, 100, &y.v), 1);
	ck_assert_uint_eq(y.v.mask[WEIR_JOIN_RULE_STALE][0], 2);
	ck_assert_int_eq(ready(&y, 5, 100), 0); /* without the deadline it blocks */
	ck_assert_int_eq(weir_join_ready_by(&y.j, 6, 100, 100, &y.v), 0); /* nobody is present */
	ck_assert_int_eq(weir_join_ready_by(&y.j, 5, 100, 100, &y.v), 0); /* 6 was asked for */
	ck_assert_uint_eq(y.v.status, WEIR_JOIN_STATUS_OUTPUT_REGRESSED);
	frame(&y, 1, 6, 100);
	ck_assert_int_eq(weir_join_ready_by(&y.j, 6, 100, 100, &y.v),
			 0); /* own lag is no absence */
	want(weir_join_processed(&y.j, 1, 1, 6), WEIR_JOIN_OK);
	ck_assert_int_eq(weir_join_ready_by(&y.j, 6, 100, 100, &y.v), 1);
	ck_assert_int_eq(weir_join_commit(&y.j, 6, y.v.generation), WEIR_OK);
	frame(&y, 2, 6, 101); /* the output has gone without it */
	ck_assert_uint_eq(y.j.stats.late, 1);
	frame(&y, 2, 7, 101);
	ck_assert_uint_eq(y.j.stats.late, 1);
	done(&y);
}
END_TEST

/* ---- what can be derived ---- */

START_TEST(upto_and_the_watermark)
{
	struct weir_merge_rule r[] = {weir_merge_rule_offset(1, -2), weir_merge_rule_offset(2, 3),
				      weir_merge_rule_window(1, 3)};
	uint64_t out;
	struct yard y;

	open_join(&y, WEIR_JOIN_SEQUENCE, 0);
	ck_assert_int_eq(weir_join_ready_upto(&y.j, 0, &out), WEIR_EMPTY);
	want(sequence_map(&y, r, 3, 1, 10), WEIR_JOIN_OK);
	ck_assert_int_eq(weir_join_watermark(&y.j, &out), WEIR_EMPTY);
	frame(&y, 1, 20, 0);
	frame(&y, 2, 2, 0);
	ck_assert_uint_eq(upto(&y, 0), EMPTY); /* input 2 is not even there for output 0 */
	frame(&y, 2, 12, 0);
	ck_assert_uint_eq(upto(&y, 0), 9);
	ck_assert_int_eq(weir_join_watermark(&y.j, &out), WEIR_OK);
	ck_assert_uint_eq(out, 9);
	frame(&y, 1, 21, 11);
	ck_assert_uint_eq(upto(&y, 11), 21); /* 2 is stale */
	ck_assert_int_eq(ready(&y, 15, 11), 1);
	frame(&y, 2, 13, 11);
	ck_assert_uint_eq(upto(&y, 11), EMPTY); /* 10, but 15 has been asked for */
	ck_assert_int_eq(weir_join_watermark(&y.j, &out), WEIR_OK);
	ck_assert_uint_eq(out, 21); /* does not move back */
	want(sequence_map(&y, r, 3, 2, 10), WEIR_JOIN_OK);
	ck_assert_int_eq(weir_join_watermark(&y.j, &out), WEIR_EMPTY);
	done(&y);
}
END_TEST

START_TEST(windows_of_rules)
{
	struct weir_merge_rule r[] = {weir_merge_rule_offset(1, -2), weir_merge_rule_window(1, 3)};
	struct weir_merge_rule t[] = {weir_merge_rule_offset_ns(1, FD, 5),
				      weir_merge_rule_window_ns(1, FD, 10)};
	uint64_t lo = 0, hi = 0;
	struct yard y;

	open_join(&y, WEIR_JOIN_SEQUENCE, 0);
	ck_assert_int_eq(weir_join_window(&y.j, 0, 5, &lo, &hi), -EINVAL);
	take(&y, r, 2);
	ck_assert_int_eq(weir_join_window(&y.j, 2, 5, &lo, &hi), -EINVAL);
	ck_assert_int_eq(weir_join_window(&y.j, 0, 1, &lo, &hi), WEIR_EMPTY);
	ck_assert_int_eq(weir_join_window(&y.j, 0, 5, &lo, &hi), WEIR_OK);
	ck_assert(lo == 3 && hi == 3);
	ck_assert_int_eq(weir_join_window(&y.j, 1, 1, &lo, &hi), WEIR_EMPTY);
	ck_assert_int_eq(weir_join_window(&y.j, 1, 2, &lo, &hi), WEIR_OK);
	ck_assert(lo == 0 && hi == 2);
	ck_assert_int_eq(weir_join_window(&y.j, 1, SEQ_MAX + 1, &lo, &hi), WEIR_EMPTY);
	frame(&y, 1, 4, 0);
	ck_assert_int_eq(ready(&y, 4, 0), 1);
	ck_assert_uint_eq(y.v.in_window[0], 2);
	ck_assert_int_eq(ready(&y, 6, 0), 0);
	ck_assert_uint_eq(y.v.in_window[0], 3);
	ck_assert_int_eq(ready(&y, 7, 0), 0);
	ck_assert_uint_eq(y.v.in_window[0], 0);
	done(&y);
	open_join(&y, WEIR_JOIN_TIMESTAMP, 0);
	want(time_map(&y, t, 2, 3, NONE), WEIR_JOIN_OK);
	ck_assert_int_eq(weir_join_window(&y.j, 0, 100, &lo, &hi), WEIR_OK);
	ck_assert(lo == 102 && hi == 105);
	ck_assert_int_eq(weir_join_window(&y.j, 1, 100, &lo, &hi), WEIR_OK);
	ck_assert(lo == 90 && hi == 100);
	done(&y);
}
END_TEST

/* R16, R17: with the ring's size given, a window that is being overwritten is not waited for. */
START_TEST(r17_windows_that_have_been_overwritten)
{
	struct weir_join_input_config in[] = {{.stream = 1, .slots = (uint64_t)_i}};
	struct weir_merge_rule r[] = {weir_merge_rule_window(1, 5)};
	struct weir_join_config c = config_of(WEIR_JOIN_SEQUENCE, WEIR_JOIN_ANY_ORDER);
	struct yard y;

	c.input = in;
	c.n_inputs = 1;
	make(&y, &c);
	take(&y, r, 1);
	frame(&y, 1, 10, 0);
	if (_i == 4) {
		blocked(&y, 10, 0, 0, WEIR_JOIN_RULE_UNREACHABLE);
		ck_assert_uint_eq(upto(&y, 0), EMPTY);
	} else {
		ck_assert_int_eq(ready(&y, 10, 0), 1);
		ck_assert_uint_eq(upto(&y, 0), 10);
		ck_assert_int_eq(ready(&y, 9, 0), _i != 5);
	}
	blocked(&y, 11, 0, 0, WEIR_JOIN_RULE_MISSING);
	blocked(&y, 3, 0, 0, WEIR_JOIN_RULE_NOT_YET);
	done(&y);
}
END_TEST

START_TEST(how_far_an_input_is_ahead)
{
	struct weir_merge_rule r[] = {weir_merge_rule_offset(1, 0), weir_merge_rule_offset(2, -2),
				      weir_merge_rule_offset(2, 1)};
	uint64_t by = 77;
	struct yard y;

	open_join(&y, WEIR_JOIN_SEQUENCE, 0);
	ck_assert_int_eq(weir_join_ahead(&y.j, 1, &by), -EINVAL);
	want(sequence_map(&y, r, 3, 1, 10), WEIR_JOIN_OK);
	frame(&y, 1, 50, 0);
	ck_assert_int_eq(weir_join_ahead(&y.j, 1, &by), WEIR_EMPTY);
	ck_assert_int_eq(weir_join_ahead(&y.j, 3, &by), -EINVAL);
	ck_assert_uint_eq(by, 77);
	frame(&y, 2, 31, 0);
	ck_assert_int_eq(weir_join_ahead(&y.j, 1, &by), WEIR_OK);
	ck_assert_uint_eq(by, 20);
	ck_assert_int_eq(weir_join_ahead(&y.j, 2, &by), WEIR_OK);
	ck_assert_uint_eq(by, 0);
	frame(&y, 1, 51, 11);
	ck_assert_int_eq(weir_join_ahead(&y.j, 1, &by), WEIR_OK);
	ck_assert_uint_eq(by, 0); /* the other one is stale: not waited for */
	ck_assert_int_eq(weir_join_ahead(&y.j, 2, &by), WEIR_OK);
	ck_assert_uint_eq(by, 0);
	done(&y);
}
END_TEST

/* R66, R67. */
START_TEST(r66_r67_the_newest_frame_is_selected)
{
	struct weir_join_input_info info;
	struct weir_join_frame f;
	struct yard y;

	open_join(&y, WEIR_JOIN_LATEST, 0);
	take(&y, two, 2);
	ck_assert_int_eq(weir_join_select(&y.j, 0, &f), WEIR_EMPTY);
	ck_assert_int_eq(weir_join_select(&y.j, 2, &f), -EINVAL);
	want(weir_join_observe(&y.j, 1, 5, 40, 0), WEIR_JOIN_OK);
	want(weir_join_observe(&y.j, 1, 5, 44, 7), WEIR_JOIN_OK);
	want(weir_join_observe(&y.j, 1, 5, 42, 8), WEIR_JOIN_REGRESSED);
	ck_assert_int_eq(weir_join_select(&y.j, 0, &f), WEIR_OK);
	ck_assert(f.stream == 1 && f.epoch == 5 && f.has_sequence && f.sequence == 44);
	ck_assert_uint_eq(f.time, WEIR_MERGE_TIME_NULL);
	ck_assert_int_eq(weir_join_input(&y.j, 1, &info), WEIR_OK);
	ck_assert_uint_eq(info.min_sequence, 40);
	ck_assert(info.has_advanced && info.advanced == 7 && info.valid && !info.optional);
	ck_assert_int_eq(weir_join_input(&y.j, 3, &info), -ENOENT);
	done(&y);
}
END_TEST

/* ---- records ---- */

START_TEST(progress_records_are_inputs)
{
	struct weir_join_input_info info;
	struct weir_progress_writer w;
	struct weir_progress table;
	struct weir_span mem;
	struct yard y;

	ck_assert_int_eq(weir_progress_bytes(2, &mem.len, NULL), WEIR_OK);
	mem.ptr = aligned_alloc(WEIR_LINE, mem.len);
	memset(mem.ptr, 0, mem.len);
	ck_assert_int_eq(weir_progress_format(mem, 2, NULL), WEIR_OK);
	ck_assert_int_eq(weir_progress_attach(&table, mem, NULL), WEIR_OK);
	open_join(&y, WEIR_JOIN_SEQUENCE, WEIR_JOIN_PROCESSED);
	ck_assert_int_eq(weir_join_bind_progress(&y.j, 0, &table, 0), -EINVAL);
	ck_assert_int_eq(weir_join_bind_progress(&y.j, 1, &table, 2), -EINVAL);
	ck_assert_int_eq(weir_join_bind_progress(&y.j, 1, &table, 0), WEIR_OK);
	want(sequence_map(&y, two, 1, 1, 1000), WEIR_JOIN_OK);
	ck_assert_uint_eq(weir_join_refresh(&y.j, 0), 0);
	ck_assert_int_eq(weir_progress_claim(&table, 0, 1, 640, 10, &w, NULL), WEIR_OK);
	ck_assert_uint_eq(weir_join_refresh(&y.j, 0), 0); /* has joined, has done nothing */
	weir_progress_publish_all(&w, 0);
	ck_assert_uint_eq(weir_join_refresh(&y.j, 0), 0);
	blocked(&y, 0, 0, 0, WEIR_JOIN_RULE_MISSING);
	weir_progress_publish(&w, 704, 704, 12, 0);
	w.epoch_state = (w.epoch_state & ~(uint64_t)255) | WEIR_PROGRESS_ACTIVE;
	weir_progress_publish_all(&w, 0);
	ck_assert_uint_eq(weir_join_refresh(&y.j, 0), 1);
	ck_assert_uint_eq(weir_join_refresh(&y.j, 0), 0);
	ck_assert_uint_eq(upto(&y, 0), 11); /* twelve records: 0..11, handled */
	ck_assert_int_eq(weir_join_input(&y.j, 1, &info), WEIR_OK);
	ck_assert(info.sequence == 11 && info.processed == 11 && info.min_sequence == 11);
	want(sequence_map(&y, two, 2, 1, 1000), WEIR_JOIN_OK);
	ck_assert_uint_eq(weir_join_refresh(&y.j, 0), 1); /* for the new map */
	frame(&y, 2, 20, 0);
	want(weir_join_processed(&y.j, 2, 1, 20), WEIR_JOIN_OK);
	blocked(&y, 20, 0, 0, WEIR_JOIN_RULE_MISSING);
	weir_progress_stop(&w, 0);
	ck_assert_uint_eq(weir_join_refresh(&y.j, 0), 1);
	ck_assert_int_eq(ready(&y, 20, 0), 1); /* it has left: absent at once */
	ck_assert_uint_eq(y.v.mask[WEIR_JOIN_RULE_STALE][0], 1);
	done(&y);
	free(mem.ptr);
}
END_TEST

START_TEST(cells_carry_times_and_their_disorder)
{
	struct weir_merge_rule t[] = {weir_merge_rule_offset_ns(1, FD, 0),
				      weir_merge_rule_offset_ns(1, SLOT, 0)};
	static struct weir_join_cell_shm cell;
	struct weir_join_cell_writer w;
	struct weir_join_cell c;
	struct yard y;

	memset(&cell, 0, sizeof(cell));
	ck_assert_int_eq(weir_join_cell_open(&w, NULL, MONO), -EINVAL);
	ck_assert_int_eq(weir_join_cell_open(&w, &cell, (enum weir_merge_clock)3), -EINVAL);
	ck_assert_int_eq(weir_join_cell_open(&w, &cell, MONO), WEIR_OK);
	open_join(&y, WEIR_JOIN_TIMESTAMP, 0);
	ck_assert_int_eq(weir_join_bind_cell(&y.j, 1, NULL), -EINVAL);
	ck_assert_int_eq(weir_join_bind_cell(&y.j, UINT32_MAX, &cell), -EINVAL);
	ck_assert_int_eq(weir_join_bind_cell(&y.j, 1, &cell), WEIR_OK);
	want(time_map(&y, t, 2, NONE, NONE), WEIR_JOIN_OK);
	ck_assert_int_eq(weir_join_cell_publish(&w, 3, 8, 100, 90), WEIR_OK);
	ck_assert_uint_eq(weir_join_refresh(&y.j, 0), 1);
	ck_assert_uint_eq(upto(&y, 0), 90);
	ck_assert_int_eq(weir_join_cell_publish(&w, 3, 9, NONE, 120), WEIR_OK);
	ck_assert_uint_eq(weir_join_refresh(&y.j, 0), 1);
	ck_assert_uint_eq(upto(&y, 0), 100);
	ck_assert_int_eq(weir_join_cell_publish(&w, 3, 8, 130, 130), -ESTALE);
	ck_assert_int_eq(weir_join_cell_publish(&w, 2, 10, 130, 130), -ESTALE);
	ck_assert_int_eq(weir_join_cell_publish(&w, 3, SEQ_MAX + 1, 130, 130), -EINVAL);
	ck_assert_int_eq(weir_join_cell_publish(&w, UINT64_MAX, 10, 130, 130), -EINVAL);
	ck_assert_uint_eq(weir_join_refresh(&y.j, 0), 0);
	/* two frames between two looks, the first of which goes back */
	ck_assert_int_eq(weir_join_cell_publish(&w, 3, 10, 99, 130), WEIR_OK);
	ck_assert_int_eq(weir_join_cell_publish(&w, 3, 11, 150, 150), WEIR_OK);
	ck_assert_uint_eq(weir_join_refresh(&y.j, 0), 1);
	blocked(&y, 100, 0, 0, WEIR_JOIN_RULE_REJECTED);
	ck_assert_uint_eq(y.v.mask[WEIR_JOIN_RULE_READY][0], 2);
	/* a successor goes on in the epoch, the disorder stays until the next */
	ck_assert_int_eq(weir_join_cell_open(&w, &cell, MONO), WEIR_OK);
	ck_assert_int_eq(weir_join_cell_publish(&w, 3, 10, 160, 160), -ESTALE);
	ck_assert_int_eq(weir_join_cell_publish(&w, 4, 0, 160, 160), WEIR_OK);
	ck_assert_uint_eq(weir_join_refresh(&y.j, 0), 1);
	ck_assert_uint_eq(upto(&y, 0), 160);
	/* one that finds the record torn says that there is none */
	cell.version++;
	ck_assert_int_eq(weir_join_cell_read(&cell, &c), -EAGAIN);
	ck_assert_int_eq(weir_join_cell_open(&w, &cell, MONO), WEIR_OK);
	ck_assert_int_eq(weir_join_cell_read(&cell, &c), WEIR_OK);
	ck_assert_uint_eq(c.flags, 0);
	ck_assert_uint_eq(weir_join_refresh(&y.j, 0), 0);
	/* times of another clock are rejected by the map */
	ck_assert_int_eq(weir_join_cell_open(&w, &cell, REAL), WEIR_OK);
	ck_assert_int_eq(weir_join_cell_publish(&w, 4, 1, 170, 170), WEIR_OK);
	ck_assert_uint_eq(weir_join_refresh(&y.j, 0), 1);
	blocked(&y, 160, 0, 1, WEIR_JOIN_RULE_REJECTED);
	done(&y);
}
END_TEST

START_TEST(bindings_are_limited)
{
	static struct weir_join_cell_shm cell;
	struct yard y;
	int i;

	open_join(&y, WEIR_JOIN_SEQUENCE, 0);
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(weir_join_bind_cell(&y.j, 1, &cell), WEIR_OK);
	ck_assert_int_eq(weir_join_bind_cell(&y.j, 1, &cell), -ENOSPC);
	done(&y);
}
END_TEST

/* ---- words ---- */

static void see(void *sum, const struct weir_stat_desc *d, uint64_t value)
{
	ck_assert_ptr_nonnull(d->help);
	*(uint64_t *)sum += value;
}

START_TEST(names_and_stats_are_complete)
{
	union {
		struct weir_join_stats s;
		uint64_t word[sizeof(struct weir_join_stats) / 8];
	} u;
	uint64_t sum = 0, n = weir_join_stat_count, i;

	ck_assert_uint_eq(sizeof(u), 8 + 8 * n);
	for (i = 0; i < n; i++)
		u.word[1 + i] = i;
	weir_stats_visit(weir_join_stat_desc, weir_join_stat_count, &u, sizeof(u), see, &sum);
	ck_assert_uint_eq(sum, n * (n - 1) / 2);
	ck_assert_str_eq(weir_join_status_name(WEIR_JOIN_STATUS_OUTPUT_REGRESSED),
			 "OUTPUT_REGRESSED");
	ck_assert_str_eq(weir_join_status_name(WEIR_JOIN_STATUS_COUNT), "?");
	ck_assert_str_eq(weir_join_verdict_name(WEIR_JOIN_RULE_NOT_YET), "NOT_YET");
	ck_assert_str_eq(weir_join_verdict_name(WEIR_JOIN_RULE_VERDICT_COUNT), "?");
	ck_assert_str_eq(weir_join_answer_name(WEIR_JOIN_MAP_INVALIDATED), "MAP_INVALIDATED");
	ck_assert_str_eq(weir_join_answer_name(WEIR_JOIN_ANSWER_COUNT), "?");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("join");
	TCase *t = tcase_create("join");
	SRunner *run;
	int failed;

	tcase_add_test(t, configurations_that_are_refused);
	tcase_add_test(t, rules_65534);
	tcase_add_test(t, closed_for_good);
	tcase_add_test(t, the_last_verdict_is_given_again_while_it_holds);
	tcase_add_test(t, masks_say_each_rule_once);
	tcase_add_test(t, optional_inputs_and_how_many_must_be_present);
	tcase_add_test(t, a_deadline_makes_what_is_missing_absent);
	tcase_add_test(t, upto_and_the_watermark);
	tcase_add_test(t, windows_of_rules);
	tcase_add_loop_test(t, r17_windows_that_have_been_overwritten, 4, 7);
	tcase_add_test(t, how_far_an_input_is_ahead);
	tcase_add_test(t, r66_r67_the_newest_frame_is_selected);
	tcase_add_test(t, progress_records_are_inputs);
	tcase_add_test(t, cells_carry_times_and_their_disorder);
	tcase_add_test(t, bindings_are_limited);
	tcase_add_test(t, names_and_stats_are_complete);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed == 0 ? 0 : 1;
}
