/* Merge maps as values: the truth tables of their checks, the order of the reasons, equality. */
#include <check.h>
#include <string.h>

#include <weir/merge_map.h>

#define FD WEIR_MERGE_FRAME_DESCRIPTOR

static void is(enum weir_merge_reason got, enum weir_merge_reason expected)
{
	ck_assert_str_eq(weir_merge_reason_name(got), weir_merge_reason_name(expected));
}

/* Types 0..3 and the null, offset absent or there, window absent, 0 or there: R7 to R10, R19 to R21. */
START_TEST(rules_by_their_parameters)
{
	static const uint16_t types[] = {0, 1, 2, 3, 255};
	static const int64_t offsets[] = {WEIR_MERGE_NO_OFFSET, -1, 0, 1};
	static const uint64_t windows[] = {WEIR_MERGE_NO_WINDOW, 0, 1, 9};
	uint32_t t, o, w, kind;

	for (kind = WEIR_MERGE_SEQUENCE; kind <= WEIR_MERGE_TIMESTAMP; kind++)
		for (t = 0; t < 5; t++)
			for (o = 0; o < 4; o++)
				for (w = 0; w < 4; w++) {
					struct weir_merge_rule r = {offsets[o], windows[w], 5,
								    types[t], FD};
					int good = (t == 0 && o > 0 && w == 0) ||
						   (t == 1 && o == 0 && w > 1);
					enum weir_merge_reason why = weir_merge_rule_check(
						(enum weir_merge_kind)kind, &r);

					ck_assert_int_eq(why == WEIR_MERGE_OK, good);
					if (t > 1)
						is(why, WEIR_MERGE_RULE_TYPE);
					else if (t == 0 ? o == 0 : w == 0)
						is(why, WEIR_MERGE_PARAM_MISSING);
					else if (t == 0 ? w > 0 : o > 0)
						is(why, WEIR_MERGE_PARAM_CONFLICT);
					else if (!good)
						is(why, WEIR_MERGE_WINDOW_ZERO);
				}
}
END_TEST

START_TEST(rules_at_the_ends_of_their_range)
{
	struct weir_merge_rule r = weir_merge_rule_offset(1, INT32_MAX);

	is(weir_merge_rule_check(WEIR_MERGE_SEQUENCE, &r), WEIR_MERGE_OK);
	r.offset = -(int64_t)INT32_MAX;
	is(weir_merge_rule_check(WEIR_MERGE_SEQUENCE, &r), WEIR_MERGE_OK);
	r.offset = INT32_MIN;
	is(weir_merge_rule_check(WEIR_MERGE_SEQUENCE, &r), WEIR_MERGE_PARAM_RANGE);
	r.offset = (int64_t)INT32_MAX + 1;
	is(weir_merge_rule_check(WEIR_MERGE_SEQUENCE, &r), WEIR_MERGE_PARAM_RANGE);
	r = weir_merge_rule_window(1, UINT32_MAX - 1u);
	is(weir_merge_rule_check(WEIR_MERGE_SEQUENCE, &r), WEIR_MERGE_OK);
	r.window = UINT32_MAX;
	is(weir_merge_rule_check(WEIR_MERGE_SEQUENCE, &r), WEIR_MERGE_PARAM_RANGE);
	r = weir_merge_rule_window_ns(1, FD, UINT64_MAX - 1);
	is(weir_merge_rule_check(WEIR_MERGE_TIMESTAMP, &r), WEIR_MERGE_OK);
	r = weir_merge_rule_offset_ns(1, FD, -INT64_MAX);
	is(weir_merge_rule_check(WEIR_MERGE_TIMESTAMP, &r), WEIR_MERGE_OK);
	r.offset = INT64_MAX;
	is(weir_merge_rule_check(WEIR_MERGE_TIMESTAMP, &r), WEIR_MERGE_OK);
}
END_TEST

START_TEST(sources_matter_in_timestamp_maps_only)
{
	struct weir_merge_rule r = weir_merge_rule_offset(1, 0);
	uint16_t i;

	for (i = 0; i < 300; i++) {
		r.source = i;
		is(weir_merge_rule_check(WEIR_MERGE_SEQUENCE, &r), WEIR_MERGE_OK);
		is(weir_merge_rule_check(WEIR_MERGE_TIMESTAMP, &r),
		   i == 1 || i == 2 ? WEIR_MERGE_OK : WEIR_MERGE_TIMESTAMP_SOURCE);
	}
}
END_TEST

/* A rule with every fault; they are mended in the order in which they must be found. */
START_TEST(the_first_fault_of_a_rule_is_told)
{
	struct weir_merge_rule r = {WEIR_MERGE_NO_OFFSET, WEIR_MERGE_NO_WINDOW, UINT32_MAX, 7, 7};

	is(weir_merge_rule_check(WEIR_MERGE_TIMESTAMP, &r), WEIR_MERGE_REQUIRED_NULL);
	r.input = 0;
	is(weir_merge_rule_check(WEIR_MERGE_TIMESTAMP, &r), WEIR_MERGE_RULE_TYPE);
	r.type = WEIR_MERGE_WINDOW;
	is(weir_merge_rule_check(WEIR_MERGE_TIMESTAMP, &r), WEIR_MERGE_TIMESTAMP_SOURCE);
	r.source = FD;
	is(weir_merge_rule_check(WEIR_MERGE_TIMESTAMP, &r), WEIR_MERGE_PARAM_MISSING);
	r.window = 0;
	r.offset = 1;
	is(weir_merge_rule_check(WEIR_MERGE_TIMESTAMP, &r), WEIR_MERGE_PARAM_CONFLICT);
	r.offset = WEIR_MERGE_NO_OFFSET;
	is(weir_merge_rule_check(WEIR_MERGE_TIMESTAMP, &r), WEIR_MERGE_WINDOW_ZERO);
	r.window = 1;
	is(weir_merge_rule_check(WEIR_MERGE_TIMESTAMP, &r), WEIR_MERGE_OK);
}
END_TEST

START_TEST(the_first_fault_of_a_map_is_told)
{
	struct weir_merge_rule r[] = {weir_merge_rule_offset_ns(1, FD, 0),
				      weir_merge_rule_window_ns(0, FD, 0),
				      weir_merge_rule_offset_ns(UINT32_MAX, FD, 0)};
	struct weir_merge_map m = weir_merge_map_timestamp(UINT32_MAX, UINT64_MAX,
							   (enum weir_merge_clock)3, r, 65535);
	uint32_t rule = 0;

	m.kind = 3;
	is(weir_merge_map_check(&m, &rule), WEIR_MERGE_KIND);
	ck_assert_uint_eq(rule, 65535);
	m.kind = WEIR_MERGE_TIMESTAMP;
	is(weir_merge_map_check(&m, &rule), WEIR_MERGE_REQUIRED_NULL);
	m.out = 0;
	is(weir_merge_map_check(&m, &rule), WEIR_MERGE_REQUIRED_NULL);
	m.epoch = 0;
	is(weir_merge_map_check(&m, &rule), WEIR_MERGE_CLOCK_DOMAIN);
	m.clock = 0;
	is(weir_merge_map_check(&m, &rule), WEIR_MERGE_CLOCK_DOMAIN);
	m.clock = WEIR_MERGE_REALTIME_SYNCED;
	is(weir_merge_map_check(&m, &rule), WEIR_MERGE_GROUP_COUNT);
	m.n_rules = 3;
	is(weir_merge_map_check(&m, &rule), WEIR_MERGE_WINDOW_ZERO);
	ck_assert_uint_eq(rule, 1);
	r[1].window = 5;
	is(weir_merge_map_check(&m, &rule), WEIR_MERGE_REQUIRED_NULL);
	ck_assert_uint_eq(rule, 2);
	r[2].input = 3;
	is(weir_merge_map_check(&m, NULL), WEIR_MERGE_OK);
	is(weir_merge_map_check_join(&m, &rule), WEIR_MERGE_ZERO_STREAM);
	ck_assert_uint_eq(rule, 3);
	m.out = 9;
	is(weir_merge_map_check_join(&m, &rule), WEIR_MERGE_ZERO_STREAM);
	ck_assert_uint_eq(rule, 1);
	r[1].input = 2;
	is(weir_merge_map_check_join(&m, &rule), WEIR_MERGE_OK);
	m.n_rules = 0;
	m.rule = NULL;
	is(weir_merge_map_check(&m, &rule), WEIR_MERGE_OK);
	is(weir_merge_map_check_join(&m, &rule), WEIR_MERGE_EMPTY_RULES);
}
END_TEST

START_TEST(what_constructors_leave_absent)
{
	struct weir_merge_rule r = weir_merge_rule_window_ns(4, WEIR_MERGE_SLOT_HEADER, 8);
	struct weir_merge_map m = weir_merge_map_sequence(9, 2, &r, 1);

	ck_assert(r.offset == WEIR_MERGE_NO_OFFSET && r.window == 8 && r.input == 4);
	ck_assert(r.type == WEIR_MERGE_WINDOW && r.source == WEIR_MERGE_SLOT_HEADER);
	ck_assert(m.kind == WEIR_MERGE_SEQUENCE && m.out == 9 && m.epoch == 2 && m.clock == 0);
	ck_assert_uint_eq(m.stale_ns, WEIR_MERGE_NO_TIMEOUT);
	ck_assert_uint_eq(m.lateness_ns, WEIR_MERGE_NO_LATENESS);
}
END_TEST

/* Each field on its own makes a difference, if the kind has it. */
START_TEST(maps_that_differ_in_one_field)
{
	struct weir_merge_rule r[] = {weir_merge_rule_offset_ns(1, FD, 0),
				      weir_merge_rule_window_ns(2, FD, 3)};
	struct weir_merge_rule s[2];
	struct weir_merge_map a = weir_merge_map_timestamp(9, 1, WEIR_MERGE_MONOTONIC, r, 2);
	struct weir_merge_map b;
	int timed;

#define DIFFERS(field, value, expected)                                                            \
	do {                                                                                       \
		memcpy(s, r, sizeof(s));                                                           \
		b = a;                                                                             \
		b.rule = s;                                                                        \
		b.field = (value);                                                                 \
		ck_assert_int_eq(weir_merge_map_equal(&a, &b), !(expected));                       \
		ck_assert_int_eq(weir_merge_map_equal(&b, &a), !(expected));                       \
	} while (0)
#define RULE_DIFFERS(field, value, expected)                                                       \
	do {                                                                                       \
		memcpy(s, r, sizeof(s));                                                           \
		b = a;                                                                             \
		b.rule = s;                                                                        \
		s[1].field = (value);                                                              \
		ck_assert_int_eq(weir_merge_map_equal(&a, &b), !(expected));                       \
	} while (0)
	for (timed = 1; timed >= 0; timed--) {
		a.kind = timed ? WEIR_MERGE_TIMESTAMP : WEIR_MERGE_SEQUENCE;
		DIFFERS(out, 9, 0);
		DIFFERS(kind, timed ? WEIR_MERGE_SEQUENCE : WEIR_MERGE_TIMESTAMP, 1);
		DIFFERS(out, 8, 1);
		DIFFERS(epoch, 2, 1);
		DIFFERS(stale_ns, 0, 1);
		DIFFERS(n_rules, 1, 1);
		DIFFERS(lateness_ns, 0, timed);
		DIFFERS(clock, WEIR_MERGE_REALTIME_SYNCED, timed);
		RULE_DIFFERS(offset, 1, 1);
		RULE_DIFFERS(window, 4, 1);
		RULE_DIFFERS(input, 3, 1);
		RULE_DIFFERS(type, WEIR_MERGE_OFFSET, 1);
		RULE_DIFFERS(source, WEIR_MERGE_SLOT_HEADER, timed);
	}
}
END_TEST

START_TEST(reasons_have_names_and_texts)
{
	unsigned i;

	for (i = 0; i < WEIR_MERGE_REASON_COUNT; i++) {
		ck_assert_str_ne(weir_merge_reason_name(i), "?");
		ck_assert_uint_gt(strlen(weir_merge_reason_text(i)), 5);
	}
	ck_assert_str_eq(weir_merge_reason_name(0), "OK");
	ck_assert_str_eq(weir_merge_reason_name(WEIR_MERGE_EMPTY_RULES), "EMPTY_RULES");
	ck_assert_str_eq(weir_merge_reason_name(WEIR_MERGE_REASON_COUNT), "?");
	ck_assert_str_eq(weir_merge_reason_text(WEIR_MERGE_REASON_COUNT), "?");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("merge_map");
	TCase *t = tcase_create("merge_map");
	SRunner *run;
	int failed;

	tcase_add_test(t, rules_by_their_parameters);
	tcase_add_test(t, rules_at_the_ends_of_their_range);
	tcase_add_test(t, sources_matter_in_timestamp_maps_only);
	tcase_add_test(t, the_first_fault_of_a_rule_is_told);
	tcase_add_test(t, the_first_fault_of_a_map_is_told);
	tcase_add_test(t, what_constructors_leave_absent);
	tcase_add_test(t, maps_that_differ_in_one_field);
	tcase_add_test(t, reasons_have_names_and_texts);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed == 0 ? 0 : 1;
}
