/* The edge cases of joins by their numbers (E), and the requirements that meet them (R). What can be
 * said with the words of scenarios is in tests/conformance/data as well; here is what needs the
 * interface: masks, options, generations, storage, threads' records. */
#include "join_fixture.h"

static const struct weir_merge_rule one[] = {{.input = 1, .window = WEIR_MERGE_NO_WINDOW}};
static const struct weir_merge_rule two[] = {{.input = 1, .window = WEIR_MERGE_NO_WINDOW},
					     {.input = 2, .window = WEIR_MERGE_NO_WINDOW}};

static struct weir_merge_rule by(uint32_t input, int64_t offset)
{
	return weir_merge_rule_offset(input, offset);
}

START_TEST(e01_r31_r43_an_unseen_cursor_satisfies_nothing)
{
	struct weir_merge_rule r[] = {by(1, -3)};
	struct weir_merge_rule t[] = {weir_merge_rule_offset_ns(1, FD, 0)};
	struct yard y;

	open_join(&y, WEIR_JOIN_SEQUENCE, WEIR_JOIN_ANY_ORDER);
	take(&y, r, 1);
	blocked(&y, 3, 0, 0, WEIR_JOIN_RULE_MISSING);
	ck_assert_uint_eq(upto(&y, 0), EMPTY);
	frame(&y, 1, 0, 0);
	ck_assert_int_eq(ready(&y, 3, 0), 1);
	ck_assert_uint_eq(upto(&y, 0), 3);
	done(&y);
	open_join(&y, WEIR_JOIN_TIMESTAMP, 0);
	want(time_map(&y, t, 1, 100, NONE), WEIR_JOIN_OK);
	blocked(&y, 50, 0, 0, WEIR_JOIN_RULE_MISSING);
	at_time(&y, 1, 0, 0);
	ck_assert_int_eq(ready(&y, 50, 0), 1);
	ck_assert_uint_eq(upto(&y, 0), 100);
	done(&y);
}
END_TEST

START_TEST(e02_r12_sums_beyond_the_ceiling_are_unreachable)
{
	struct weir_merge_rule r[] = {by(1, INT32_MAX)};
	struct weir_merge_rule t[] = {weir_merge_rule_offset_ns(1, FD, INT64_MAX)};
	struct yard y;

	open_join(&y, WEIR_JOIN_SEQUENCE, WEIR_JOIN_ANY_ORDER);
	take(&y, r, 1);
	frame(&y, 1, SEQ_MAX, 0);
	ck_assert_int_eq(ready(&y, SEQ_MAX - INT32_MAX, 0), 1);
	ck_assert_uint_eq(upto(&y, 0), SEQ_MAX - INT32_MAX);
	blocked(&y, SEQ_MAX - INT32_MAX + 1, 0, 0, WEIR_JOIN_RULE_UNREACHABLE);
	blocked(&y, UINT64_MAX - INT32_MAX + 1, 0, 0, WEIR_JOIN_RULE_UNREACHABLE);
	blocked(&y, UINT64_MAX, 0, 0, WEIR_JOIN_RULE_UNREACHABLE);
	done(&y);
	open_join(&y, WEIR_JOIN_TIMESTAMP, WEIR_JOIN_ANY_ORDER);
	want(time_map(&y, t, 1, NONE, NONE), WEIR_JOIN_OK);
	at_time(&y, 1, UINT64_MAX - 1, 0);
	ck_assert_int_eq(ready(&y, INT64_MAX, 0), 1);
	ck_assert_uint_eq(upto(&y, 0), INT64_MAX);
	blocked(&y, (uint64_t)INT64_MAX + 1, 0, 0, WEIR_JOIN_RULE_UNREACHABLE);
	done(&y);
}
END_TEST

START_TEST(e03_r13_r24_lowest_offsets)
{
	struct weir_merge_rule r[] = {by(1, -INT32_MAX)};
	struct weir_merge_rule t[] = {weir_merge_rule_offset_ns(1, FD, -INT64_MAX)};
	struct yard y;

	open_join(&y, WEIR_JOIN_SEQUENCE, WEIR_JOIN_ANY_ORDER);
	r[0].offset = INT32_MIN;
	want(sequence_map(&y, r, 1, 1, NONE), WEIR_JOIN_INVALID);
	ck_assert_uint_eq(y.fault.reason, WEIR_MERGE_PARAM_RANGE);
	r[0].offset = -INT32_MAX;
	take(&y, r, 1);
	frame(&y, 1, SEQ_MAX, 0);
	blocked(&y, INT32_MAX - 1, 0, 0, WEIR_JOIN_RULE_NOT_YET);
	ck_assert_int_eq(ready(&y, INT32_MAX, 0), 1);
	ck_assert_uint_eq(upto(&y, 0), SEQ_MAX + INT32_MAX);
	done(&y);
	open_join(&y, WEIR_JOIN_TIMESTAMP, WEIR_JOIN_ANY_ORDER);
	want(time_map(&y, t, 1, NONE, NONE), WEIR_JOIN_OK);
	at_time(&y, 1, UINT64_MAX - 1, 0);
	blocked(&y, INT64_MAX - 1, 0, 0, WEIR_JOIN_RULE_NOT_YET);
	ck_assert_int_eq(ready(&y, UINT64_MAX, 0), 1);
	ck_assert_uint_eq(upto(&y, 0), UINT64_MAX);
	t[0].offset = INT64_MIN;
	want(time_map(&y, t, 1, NONE, NONE), WEIR_JOIN_INVALID);
	ck_assert_uint_eq(y.fault.reason, WEIR_MERGE_PARAM_MISSING);
	done(&y);
}
END_TEST

START_TEST(e04_r15_r26_windows_larger_than_what_has_been)
{
	struct weir_merge_rule r[] = {weir_merge_rule_window(1, WEIR_MERGE_SEQ_WINDOW_MAX)};
	struct weir_merge_rule t[] = {weir_merge_rule_window_ns(1, FD, UINT64_MAX - 1)};
	struct yard y;

	open_join(&y, WEIR_JOIN_SEQUENCE, WEIR_JOIN_ANY_ORDER);
	take(&y, r, 1);
	frame(&y, 1, SEQ_MAX, 0);
	blocked(&y, WEIR_MERGE_SEQ_WINDOW_MAX - 2u, 0, 0, WEIR_JOIN_RULE_NOT_YET);
	ck_assert_int_eq(ready(&y, WEIR_MERGE_SEQ_WINDOW_MAX - 1u, 0), 1);
	blocked(&y, UINT64_MAX, 0, 0, WEIR_JOIN_RULE_UNREACHABLE);
	ck_assert_uint_eq(upto(&y, 0), SEQ_MAX);
	done(&y);
	open_join(&y, WEIR_JOIN_TIMESTAMP, WEIR_JOIN_ANY_ORDER);
	want(time_map(&y, t, 1, NONE, NONE), WEIR_JOIN_OK);
	at_time(&y, 1, UINT64_MAX - 1, 0);
	blocked(&y, UINT64_MAX - 2, 0, 0, WEIR_JOIN_RULE_NOT_YET);
	ck_assert_int_eq(ready(&y, UINT64_MAX - 1, 0), 1);
	ck_assert_uint_eq(upto(&y, 0), UINT64_MAX - 1);
	done(&y);
}
END_TEST

START_TEST(e05_r31_several_rules_on_one_input)
{
	struct weir_merge_rule r[] = {by(1, 0), weir_merge_rule_window(1, 4), by(1, -3), by(2, 0)};
	struct yard y;

	open_join(&y, WEIR_JOIN_SEQUENCE, 0);
	take(&y, r, 4);
	ck_assert_uint_eq(y.j.n_inputs, 2);
	frame(&y, 1, 7, 0);
	frame(&y, 2, 100, 0);
	ck_assert_int_eq(ready(&y, 7, 0), 1);
	ck_assert_uint_eq(y.v.mask[WEIR_JOIN_RULE_READY][0], 15);
	ck_assert_int_eq(ready(&y, 8, 0), 0);
	ck_assert_uint_eq(y.v.mask[WEIR_JOIN_RULE_MISSING][0], 3);
	ck_assert_uint_eq(y.v.mask[WEIR_JOIN_RULE_READY][0], 12);
	ck_assert_uint_eq(upto(&y, 0), EMPTY); /* 7, but 8 has been asked for */
	done(&y);
}
END_TEST

START_TEST(e06_r11_r22_a_map_without_rules_and_keeping_the_last_good_one)
{
	uint32_t keep = (uint32_t)_i * WEIR_JOIN_KEEP_LAST_GOOD;
	uint64_t generation;
	struct yard y;

	open_join(&y, WEIR_JOIN_SEQUENCE, keep);
	want(sequence_map(&y, NULL, 0, 1, NONE), WEIR_JOIN_INVALID);
	ck_assert_uint_eq(y.fault.reason, WEIR_MERGE_EMPTY_RULES);
	status_is(&y, 0, WEIR_JOIN_STATUS_INVALID);
	take(&y, one, 1);
	frame(&y, 1, 5, 0);
	ck_assert_int_eq(ready(&y, 5, 0), 1);
	generation = y.v.generation;
	want(sequence_map(&y, NULL, 0, 1, NONE), WEIR_JOIN_INVALID);
	ck_assert_int_eq(ready(&y, 5, 0), keep != 0);
	ck_assert_int_eq(weir_join_commit(&y.j, 5, generation), keep != 0 ? WEIR_OK : -ESTALE);
	ck_assert_uint_eq(y.j.stats.maps_invalid, 2);
	done(&y);
}
END_TEST

START_TEST(e07_r46_r54_r55_times_that_go_back_and_null_times)
{
	struct weir_merge_rule t[] = {weir_merge_rule_offset_ns(1, FD, 0),
				      weir_merge_rule_offset_ns(1, SLOT, 0)};
	struct weir_join_input_info info;
	struct yard y;

	open_join(&y, WEIR_JOIN_TIMESTAMP, 0);
	want(time_map(&y, t, 2, NONE, NONE), WEIR_JOIN_OK);
	at_time(&y, 1, 100, 0);
	want(weir_join_observe_time(&y.j, 1, 1, FD, WEIR_MERGE_TIME_NULL, MONO, 0),
	     WEIR_JOIN_NULL_TIME);
	want(weir_join_observe_time(&y.j, 1, 1, SLOT, 100, MONO, 0), WEIR_JOIN_OK);
	ck_assert_int_eq(ready(&y, 100, 0), 1);
	want(weir_join_observe_time(&y.j, 1, 1, FD, 99, MONO, 0), WEIR_JOIN_REJECTED_ORDER);
	blocked(&y, 100, 0, 0, WEIR_JOIN_RULE_REJECTED);
	ck_assert_uint_eq(y.v.count[WEIR_JOIN_RULE_REJECTED], 1);
	ck_assert_int_eq(weir_join_input(&y.j, 1, &info), WEIR_OK);
	ck_assert_uint_eq(info.rejected[0], WEIR_JOIN_REJECTED_ORDER);
	ck_assert_uint_eq(info.rejected[1], 0);
	ck_assert_uint_eq(info.time[0], 100);
	ck_assert_uint_eq(upto(&y, 0), EMPTY);
	ck_assert_uint_eq(y.j.stats.null_times, 1);
	ck_assert_uint_eq(y.j.stats.rejected_order, 1);
	done(&y);
}
END_TEST

START_TEST(e08_r39_r56_time_and_outputs_that_go_back)
{
	struct yard y;

	open_join(&y, WEIR_JOIN_SEQUENCE, 0);
	want(sequence_map(&y, two, 2, 1, 100), WEIR_JOIN_OK);
	frame(&y, 1, 5, 0);
	frame(&y, 2, 4, 0); /* at time 0, which is a time like others */
	blocked(&y, 5, 100, 1, WEIR_JOIN_RULE_MISSING);
	ck_assert_uint_eq(y.v.until, 101);
	ck_assert_int_eq(ready(&y, 5, 101), 1);
	ck_assert_int_eq(ready(&y, 5, 0), 1); /* the time is still 101 */
	status_is(&y, 4, WEIR_JOIN_STATUS_OUTPUT_REGRESSED);
	ck_assert_ptr_null(y.v.mask[0]);
	ck_assert_int_eq(ready(&y, 5, 0), 1);
	frame(&y, 2, 5, UINT64_MAX);
	ck_assert_int_eq(ready(&y, 5, UINT64_MAX), 1);
	blocked(&y, 6, UINT64_MAX, 1, WEIR_JOIN_RULE_MISSING);
	ck_assert_uint_eq(y.v.until, WEIR_NS_NEVER);
	done(&y);
}
END_TEST

START_TEST(e09_r40_r41_r42_staleness_and_its_options)
{
	struct weir_join_input_config in[] = {
		{.stream = 2, .flags = WEIR_JOIN_INPUT_TIMEOUT, .stale_ns = 10},
		{.stream = 1, .flags = WEIR_JOIN_INPUT_TIMEOUT, .stale_ns = NONE}};
	struct weir_join_config c = config_of(WEIR_JOIN_SEQUENCE, 0);
	struct yard y;

	c.input = in;
	c.n_inputs = 2;
	c.startup_grace = 50;
	make(&y, &c);
	want(sequence_map(&y, two, 2, 1, 1000), WEIR_JOIN_OK);
	frame(&y, 1, 5, 0);
	blocked(&y, 5, 50, 1, WEIR_JOIN_RULE_MISSING); /* never seen */
	ck_assert_uint_eq(y.v.until, 51);
	ck_assert_int_eq(ready(&y, 5, 51), 1);
	ck_assert_uint_eq(y.v.mask[WEIR_JOIN_RULE_STALE][0], 2);
	frame(&y, 2, 4, 60);
	blocked(&y, 5, 70, 1, WEIR_JOIN_RULE_MISSING);
	ck_assert_int_eq(ready(&y, 5, 71), 1); /* its own timeout, not the map's */
	frame(&y, 2, 9, 71);
	blocked(&y, 9, 1u << 30, 0, WEIR_JOIN_RULE_MISSING); /* its own: never */
	want(weir_join_lost(&y.j, 1), WEIR_JOIN_OK);
	blocked(&y, 9, 1u << 30, 0, WEIR_JOIN_RULE_MISSING);
	frame(&y, 1, 10, 1u << 30);
	ck_assert_int_eq(ready(&y, 10, 1u << 30), 1);
	done(&y);
	open_join(&y, WEIR_JOIN_SEQUENCE, 0);
	want(sequence_map(&y, two, 2, 1, 1000), WEIR_JOIN_OK);
	frame(&y, 1, 5, 0);
	frame(&y, 2, 4, 0);
	blocked(&y, 5, 0, 1, WEIR_JOIN_RULE_MISSING);
	want(weir_join_lost(&y.j, 2), WEIR_JOIN_OK);
	ck_assert_int_eq(ready(&y, 5, 0), 1); /* as if its timeout had passed */
	ck_assert_uint_eq(upto(&y, 0), 5);
	frame(&y, 2, 5, 0);
	blocked(&y, 6, 0, 1, WEIR_JOIN_RULE_MISSING);
	done(&y);
}
END_TEST

START_TEST(e10_r37_r65_epochs_of_inputs)
{
	struct weir_join_config c = config_of(WEIR_JOIN_SEQUENCE, 0);
	uint64_t generation;
	struct yard y;

	c.epoch_policy = (uint32_t)_i;
	make(&y, &c);
	take(&y, two, 2);
	frame(&y, 1, 5, 0);
	frame(&y, 2, 5, 0);
	ck_assert_int_eq(ready(&y, 5, 0), 1);
	generation = y.v.generation;
	want(weir_join_observe(&y.j, 1, 0, 6, 0), WEIR_JOIN_OLD_EPOCH);
	want(weir_join_processed(&y.j, 1, 2, 6), WEIR_JOIN_NOT_TRACKED);
	ck_assert_int_eq(ready(&y, 5, 0), 1);
	want(weir_join_observe(&y.j, 1, 2, 0, 0),
	     _i == WEIR_JOIN_EPOCH_OUTPUT ? WEIR_JOIN_EPOCH_RESET : WEIR_JOIN_MAP_INVALIDATED);
	if (_i == WEIR_JOIN_EPOCH_OUTPUT) {
		blocked(&y, 5, 0, 0, WEIR_JOIN_RULE_MISSING);
		ck_assert_int_eq(weir_join_commit(&y.j, 5, generation), WEIR_OK);
	} else {
		status_is(&y, 5, WEIR_JOIN_STATUS_NO_MAP);
		ck_assert_int_eq(weir_join_commit(&y.j, 5, generation), -ESTALE);
		ck_assert_uint_eq(y.j.stats.maps_ended, 1);
	}
	done(&y);
}
END_TEST

START_TEST(e11_r28_r29_maps_that_replace_and_repeat)
{
	struct weir_merge_rule other[] = {by(2, 0), by(1, -1)};
	struct weir_merge_rule mine[2];
	uint64_t generation;
	struct yard y;

	memcpy(mine, two, sizeof(mine));
	open_join(&y, WEIR_JOIN_SEQUENCE, 0);
	take(&y, mine, 2);
	mine[0].input = 77; /* the map is the join's own */
	frame(&y, 1, 5, 0);
	frame(&y, 2, 6, 0);
	blocked(&y, 6, 0, 0, WEIR_JOIN_RULE_MISSING);
	ck_assert_int_eq(ready(&y, 6, 0), 0);
	generation = y.j.generation;
	want(sequence_map(&y, two, 2, 1, NONE), WEIR_JOIN_NO_CHANGE);
	ck_assert_uint_eq(y.j.generation, generation);
	want(sequence_map(&y, other, 2, 1, NONE), WEIR_JOIN_OK);
	ck_assert_uint_gt(y.j.generation, generation);
	ck_assert_int_eq(ready(&y, 6, 0), 1);
	ck_assert_int_eq(weir_join_commit(&y.j, 6, generation), -ESTALE);
	ck_assert_int_eq(weir_join_commit(&y.j, 6, y.v.generation), WEIR_OK);
	ck_assert_uint_eq(y.j.stats.stale_commits, 1);
	want(sequence_map(&y, y.j.map.rule, 1, 1, NONE), WEIR_JOIN_OK); /* of itself */
	ck_assert_uint_eq(y.j.n_inputs, 1);
	done(&y);
}
END_TEST

START_TEST(e11_r48_times_of_another_clock_are_forgotten)
{
	struct weir_merge_rule t[] = {weir_merge_rule_offset_ns(1, FD, 0)};
	struct weir_merge_map m = weir_merge_map_timestamp(OUT, 1, REAL, t, 1);
	struct yard y;

	open_join(&y, WEIR_JOIN_TIMESTAMP, 0);
	want(time_map(&y, t, 1, NONE, NONE), WEIR_JOIN_OK);
	at_time(&y, 1, 100, 0);
	ck_assert_int_eq(ready(&y, 50, 0), 1);
	want(weir_join_apply(&y.j, &m, 0, NULL), WEIR_JOIN_OK);
	blocked(&y, 50, 0, 0, WEIR_JOIN_RULE_MISSING);
	want(weir_join_observe_time(&y.j, 1, 1, FD, 60, REAL, 0), WEIR_JOIN_OK);
	ck_assert_int_eq(ready(&y, 50, 0), 1);
	done(&y);
}
END_TEST

/* _i 1: an announcement of the same frame re-validates it. */
START_TEST(e12_r63_r64_r70_a_latest_frame_that_was_overwritten)
{
	struct weir_join_frame f;
	struct yard y;

	open_join(&y, WEIR_JOIN_LATEST, (uint32_t)_i * WEIR_JOIN_REVIVE_ON_REPEAT);
	take(&y, two, 2);
	frame(&y, 1, 10, 0);
	frame(&y, 2, 12, 0);
	ck_assert_int_eq(ready(&y, 0, 0), 1);
	want(weir_join_invalidate(&y.j, 2), WEIR_JOIN_OK);
	blocked(&y, 0, 0, 1, WEIR_JOIN_RULE_MISSING);
	ck_assert_int_eq(weir_join_select(&y.j, 1, &f), WEIR_EMPTY);
	frame(&y, 2, 12, 1);
	ck_assert_int_eq(ready(&y, 0, 1), _i);
	frame(&y, 2, 13, 1);
	ck_assert_int_eq(ready(&y, 0, 1), 1);
	ck_assert_int_eq(weir_join_select(&y.j, 1, &f), WEIR_OK);
	ck_assert_uint_eq(f.sequence, 13);
	done(&y);
}
END_TEST

/* The same by time: neither another frame's sequence nor the time announced once more will do. */
START_TEST(e12_r68_the_same_by_time)
{
	struct weir_merge_rule t[] = {weir_merge_rule_offset_ns(1, FD, 0)};
	struct yard y;

	open_join(&y, WEIR_JOIN_LATEST, WEIR_JOIN_LATEST_BY_TIME);
	want(time_map(&y, t, 1, NONE, NONE), WEIR_JOIN_OK);
	frame(&y, 1, 1, 0);
	at_time(&y, 1, 100, 0);
	ck_assert_int_eq(ready(&y, 0, 0), 1);
	want(weir_join_invalidate(&y.j, 1), WEIR_JOIN_OK);
	blocked(&y, 0, 0, 0, WEIR_JOIN_RULE_MISSING);
	at_time(&y, 1, 100, 0);
	blocked(&y, 0, 0, 0, WEIR_JOIN_RULE_MISSING);
	frame(&y, 1, 2, 0);
	blocked(&y, 0, 0, 0, WEIR_JOIN_RULE_MISSING);
	at_time(&y, 1, 101, 0);
	ck_assert_int_eq(ready(&y, 0, 0), 1);
	done(&y);
}
END_TEST

START_TEST(e13_r48_r49_clocks)
{
	struct weir_merge_rule t[] = {weir_merge_rule_offset_ns(1, FD, 0)};
	struct weir_join_input_info info;
	struct yard y;

	open_join(&y, WEIR_JOIN_TIMESTAMP, 0);
	want(time_map(&y, t, 1, NONE, NONE), WEIR_JOIN_OK);
	at_time(&y, 1, 100, 0);
	ck_assert_int_eq(weir_join_ready_in(&y.j, 100, REAL, 0, &y.v), 0);
	ck_assert_uint_eq(y.v.status, WEIR_JOIN_STATUS_CLOCK);
	ck_assert_int_eq(weir_join_ready_in(&y.j, 90, MONO, 0, &y.v), 1); /* 100 was not taken in */
	ck_assert_uint_eq(y.v.status, WEIR_JOIN_STATUS_OK);
	want(weir_join_observe_time(&y.j, 1, 1, FD, 200, REAL, 0), WEIR_JOIN_REJECTED_CLOCK);
	want(weir_join_observe_time(&y.j, 1, 1, FD, 200, MONO, 0), WEIR_JOIN_OK);
	blocked(&y, 100, 0, 0, WEIR_JOIN_RULE_REJECTED);
	ck_assert_int_eq(weir_join_input(&y.j, 1, &info), WEIR_OK);
	ck_assert_uint_eq(info.rejected[0], WEIR_JOIN_REJECTED_CLOCK);
	want(time_map(&y, t, 1, 0, NONE), WEIR_JOIN_OK);
	ck_assert_int_eq(ready(&y, 200, 0), 1);
	ck_assert_uint_eq(y.j.stats.outputs_clock, 1);
	ck_assert_uint_eq(y.j.stats.rejected_clock, 1);
	done(&y);
}
END_TEST

START_TEST(e14_the_output_as_its_own_input)
{
	struct weir_merge_rule r[] = {by(OUT, 0)}, w[] = {weir_merge_rule_window(OUT, 3)};
	struct yard y;

	open_join(&y, WEIR_JOIN_SEQUENCE, 0);
	take(&y, r, 1);
	ck_assert_uint_eq(y.fault.warnings, WEIR_JOIN_WARN_SELF);
	take(&y, w, 1);
	ck_assert_uint_eq(y.fault.warnings, WEIR_JOIN_WARN_SELF);
	r[0].offset = -1;
	take(&y, r, 1);
	ck_assert_uint_eq(y.fault.warnings, 0);
	blocked(&y, 0, 0, 0, WEIR_JOIN_RULE_NOT_YET);
	frame(&y, OUT, 0, 0);
	ck_assert_int_eq(ready(&y, 1, 0), 1);
	done(&y);
}
END_TEST

START_TEST(e15_sequences_that_no_slot_can_hold)
{
	struct yard y;

	open_join(&y, WEIR_JOIN_SEQUENCE, 0);
	take(&y, one, 1);
	want(weir_join_observe(&y.j, 1, 9, SEQ_MAX + 1, 0), WEIR_JOIN_BAD_SEQ);
	frame(&y, 1, SEQ_MAX, 0); /* epoch 1: 9 was not adopted */
	ck_assert_int_eq(ready(&y, SEQ_MAX, 0), 1);
	blocked(&y, SEQ_MAX + 1, 0, 0, WEIR_JOIN_RULE_UNREACHABLE);
	ck_assert_uint_eq(y.j.stats.bad_seq, 1);
	done(&y);
}
END_TEST

START_TEST(e16_inputs_observed_before_the_map)
{
	struct weir_join_input_config in[] = {{.stream = 1, .flags = WEIR_JOIN_INPUT_WARM}};
	struct weir_join_config c = config_of(WEIR_JOIN_SEQUENCE, 0);
	struct yard y;

	c.input = in;
	c.n_inputs = 1;
	make(&y, &c);
	in[0].stream = 5; /* has been copied */
	frame(&y, 1, 5, 0);
	want(weir_join_observe(&y.j, 2, 1, 5, 0), WEIR_JOIN_NOT_TRACKED);
	status_is(&y, 5, WEIR_JOIN_STATUS_NO_MAP);
	take(&y, two, 2);
	blocked(&y, 5, 0, 1, WEIR_JOIN_RULE_MISSING);
	ck_assert_uint_eq(y.v.count[WEIR_JOIN_RULE_READY], 1);
	done(&y);
}
END_TEST

/* A time from before the map does not make it one that the map reads, whatever its clock. */
START_TEST(e16_warm_times_that_no_rule_reads)
{
	struct weir_join_input_config in[] = {{.stream = 1, .flags = WEIR_JOIN_INPUT_WARM}};
	struct weir_join_config c = config_of(WEIR_JOIN_SEQUENCE, 0);
	struct yard y;
	int clock;

	c.input = in;
	c.n_inputs = 1;
	make(&y, &c);
	want(weir_join_observe_time(&y.j, 1, 1, FD, 70, MONO, 0), WEIR_JOIN_OK);
	frame(&y, 1, 5, 0);
	take(&y, two, 1);
	for (clock = 0; clock <= REAL; clock++)
		want(weir_join_observe_time(&y.j, 1, 1, FD, 90, (enum weir_merge_clock)clock, 0),
		     WEIR_JOIN_NOT_TRACKED);
	ck_assert_int_eq(ready(&y, 5, 0), 1);
	done(&y);
}
END_TEST

START_TEST(e16_r48_warm_times_keep_their_clock)
{
	struct weir_join_input_config in[] = {{.stream = 1, .flags = WEIR_JOIN_INPUT_WARM}};
	struct weir_merge_rule t[] = {weir_merge_rule_offset_ns(1, FD, 0)};
	struct weir_join_config c = config_of(WEIR_JOIN_TIMESTAMP, 0);
	struct yard y;

	c.input = in;
	c.n_inputs = 1;
	make(&y, &c);
	want(weir_join_observe_time(&y.j, 1, 1, FD, 70, REAL, 0), WEIR_JOIN_OK);
	want(weir_join_observe_time(&y.j, 1, 1, FD, 50, _i == 0 ? MONO : REAL, 0),
	     _i == 0 ? WEIR_JOIN_OK : WEIR_JOIN_REJECTED_ORDER);
	want(time_map(&y, t, 1, NONE, NONE), WEIR_JOIN_OK);
	if (_i == 0)
		ck_assert_int_eq(ready(&y, 50, 0), 1);
	else
		blocked(&y, 50, 0, 0, WEIR_JOIN_RULE_MISSING);
	done(&y);
}
END_TEST

START_TEST(e17_r68_r69_latest_by_sequence_and_by_time)
{
	struct weir_merge_rule t[] = {weir_merge_rule_offset_ns(1, SLOT, 5)};
	struct weir_join_frame f;
	struct yard y;

	open_join(&y, WEIR_JOIN_LATEST, _i ? WEIR_JOIN_LATEST_BY_TIME : 0u);
	want(sequence_map(&y, one, 1, 1, NONE), _i ? WEIR_JOIN_WRONG_KIND : WEIR_JOIN_OK);
	want(time_map(&y, t, 1, NONE, NONE), WEIR_JOIN_OK);
	frame(&y, 1, 7, 0);
	ck_assert_int_eq(ready(&y, 0, 0), !_i);
	want(weir_join_observe_time(&y.j, 1, 1, SLOT, 70, MONO, 0), WEIR_JOIN_OK);
	ck_assert_int_eq(ready(&y, 0, 0), 1);
	ck_assert_uint_eq(upto(&y, 0), UINT64_MAX);
	ck_assert_int_eq(weir_join_select(&y.j, 0, &f), WEIR_OK);
	ck_assert_uint_eq(f.sequence, 7);
	ck_assert_uint_eq(f.time, 70);
	done(&y);
}
END_TEST

START_TEST(e18_r47_processed_per_source)
{
	struct weir_merge_rule t[] = {weir_merge_rule_offset_ns(1, FD, 0),
				      weir_merge_rule_offset_ns(1, SLOT, 0)};
	struct yard y;

	open_join(&y, WEIR_JOIN_TIMESTAMP, WEIR_JOIN_PROCESSED);
	want(time_map(&y, t, 2, NONE, NONE), WEIR_JOIN_OK);
	at_time(&y, 1, 100, 0);
	want(weir_join_observe_time(&y.j, 1, 1, SLOT, 100, MONO, 0), WEIR_JOIN_OK);
	want(weir_join_processed_time(&y.j, 1, 1, SLOT, 100), WEIR_JOIN_OK);
	blocked(&y, 90, 0, 0, WEIR_JOIN_RULE_MISSING);
	ck_assert_uint_eq(y.v.mask[WEIR_JOIN_RULE_READY][0], 2);
	want(weir_join_processed_time(&y.j, 1, 1, FD, 95), WEIR_JOIN_OK);
	ck_assert_uint_eq(upto(&y, 0), 95);
	done(&y);
}
END_TEST

START_TEST(e19_r69_maps_of_the_wrong_kind)
{
	struct weir_merge_rule t[] = {weir_merge_rule_offset_ns(1, FD, 0)};
	struct yard y;

	open_join(&y, WEIR_JOIN_SEQUENCE, 0);
	take(&y, one, 1);
	frame(&y, 1, 5, 0);
	want(time_map(&y, t, 1, NONE, NONE), WEIR_JOIN_WRONG_KIND);
	ck_assert_int_eq(ready(&y, 5, 0), 1);
	ck_assert_uint_eq(y.j.stats.maps_other, 1);
	done(&y);
}
END_TEST

START_TEST(e20_a_failed_frame_blocks_and_a_stale_input_does_not)
{
	struct yard y;

	open_join(&y, WEIR_JOIN_LATEST, 0);
	want(sequence_map(&y, two, 2, 1, 10), WEIR_JOIN_OK);
	frame(&y, 1, 1, 0);
	frame(&y, 2, 1, 0);
	ck_assert_int_eq(ready(&y, 0, 0), 1);
	ck_assert_uint_eq(y.v.until, 11);
	want(weir_join_invalidate(&y.j, 2), WEIR_JOIN_OK);
	blocked(&y, 0, 10, 1, WEIR_JOIN_RULE_MISSING);
	frame(&y, 1, 2, 10);
	ck_assert_int_eq(ready(&y, 0, 11), 1);
	ck_assert_uint_eq(y.v.mask[WEIR_JOIN_RULE_STALE][0], 2);
	ck_assert_int_eq(ready(&y, 0, 21), 0); /* nobody is present */
	ck_assert_uint_eq(y.v.count[WEIR_JOIN_RULE_STALE], 2);
	done(&y);
}
END_TEST

/* _i 1: the lateness does not reach further back than the window. */
START_TEST(e21_r52_lateness_larger_than_the_window)
{
	struct weir_merge_rule t[] = {weir_merge_rule_offset_ns(1, FD, 0),
				      weir_merge_rule_window_ns(2, FD, 10)};
	uint64_t lo, hi;
	struct yard y;

	open_join(&y, WEIR_JOIN_TIMESTAMP, (uint32_t)_i * WEIR_JOIN_STRICT_WINDOW);
	want(time_map(&y, t, 2, 50, NONE), WEIR_JOIN_OK);
	at_time(&y, 1, 100, 0);
	at_time(&y, 2, 55, 0);
	ck_assert_int_eq(ready(&y, 100, 0), !_i);
	ck_assert_uint_eq(y.v.in_window[0], 1);
	ck_assert_int_eq(weir_join_window(&y.j, 1, 100, &lo, &hi), WEIR_OK);
	ck_assert_uint_eq(lo, 90);
	ck_assert_uint_eq(hi, 100);
	at_time(&y, 2, 90, 0);
	ck_assert_int_eq(ready(&y, 100, 0), 1);
	ck_assert_uint_eq(y.v.in_window[0], 3);
	ck_assert_uint_eq(upto(&y, 0), _i ? 100 : 140);
	at_time(&y, 2, 101, 0);
	ck_assert_int_eq(ready(&y, 100, 0), 1);
	ck_assert_uint_eq(y.v.in_window[0], 1);
	done(&y);
}
END_TEST

START_TEST(e22_r50_lateness_beyond_zero_and_beyond_the_end)
{
	struct weir_merge_rule t[] = {weir_merge_rule_offset_ns(1, FD, -7)};
	struct yard y;

	open_join(&y, WEIR_JOIN_TIMESTAMP, 0);
	want(time_map(&y, t, 1, UINT64_MAX - 1, NONE), WEIR_JOIN_OK);
	at_time(&y, 1, 3, 0);
	blocked(&y, 6, 0, 0, WEIR_JOIN_RULE_NOT_YET);
	ck_assert_int_eq(ready(&y, 7, 0), 1);
	ck_assert_uint_eq(upto(&y, 0), UINT64_MAX);
	ck_assert_int_eq(ready(&y, UINT64_MAX, 0), 1);
	done(&y);
}
END_TEST

/* _i 1: once committed, an output is over. */
START_TEST(e23_asking_again)
{
	uint64_t out;
	struct yard y;

	open_join(&y, WEIR_JOIN_SEQUENCE, (uint32_t)_i * WEIR_JOIN_CONSUME_ONCE);
	take(&y, one, 1);
	frame(&y, 1, 5, 0);
	ck_assert_int_eq(ready(&y, 5, 0), 1);
	ck_assert_int_eq(ready(&y, 5, 0), 1);
	ck_assert_uint_eq(y.j.stats.unchanged, 1);
	ck_assert_int_eq(weir_join_commit(&y.j, 5, y.v.generation), WEIR_OK);
	ck_assert_int_eq(ready(&y, 5, 0), !_i);
	ck_assert_int_eq(weir_join_commit(&y.j, 5, y.v.generation), _i ? -EEXIST : WEIR_OK);
	ck_assert_int_eq(weir_join_commit(&y.j, 4, y.v.generation), _i ? -EEXIST : WEIR_OK);
	ck_assert_int_eq(weir_join_ready_upto(&y.j, 0, &out), _i ? WEIR_EMPTY : WEIR_OK);
	frame(&y, 1, 6, 0);
	ck_assert_uint_eq(upto(&y, 0), 6);
	ck_assert_int_eq(ready(&y, 6, 0), 1);
	done(&y);
}
END_TEST

START_TEST(e24_more_rules_than_there_is_room_for)
{
	struct weir_merge_rule r[9];
	struct yard y;
	uint32_t i;

	for (i = 0; i < 9; i++)
		r[i] = by(i + 1, 0);
	open_join(&y, WEIR_JOIN_SEQUENCE, 0);
	take(&y, one, 1);
	frame(&y, 1, 5, 0);
	want(sequence_map(&y, r, 9, 2, NONE), WEIR_JOIN_CAPACITY);
	ck_assert_int_eq(ready(&y, 5, 0), 1);
	ck_assert_uint_eq(y.j.stats.maps_capacity, 1);
	want(sequence_map(&y, r, 8, 2, NONE), WEIR_JOIN_OK);
	done(&y);
}
END_TEST

START_TEST(e25_a_record_is_taken_in_whole)
{
	static struct weir_join_cell_shm cell;
	struct weir_join_cell_writer w;
	struct yard y;

	memset(&cell, 0, sizeof(cell));
	ck_assert_int_eq(weir_join_cell_open(&w, &cell, MONO), WEIR_OK);
	open_join(&y, WEIR_JOIN_SEQUENCE, 0);
	take(&y, one, 1);
	ck_assert_int_eq(weir_join_bind_cell(&y.j, 1, &cell), WEIR_OK);
	ck_assert_uint_eq(weir_join_refresh(&y.j, 0), 0);
	blocked(&y, 0, 0, 0, WEIR_JOIN_RULE_MISSING);
	ck_assert_int_eq(weir_join_cell_publish(&w, 1, 900, NONE, NONE), WEIR_OK);
	ck_assert_uint_eq(weir_join_refresh(&y.j, 0), 1);
	ck_assert_uint_eq(weir_join_refresh(&y.j, 0), 0);
	ck_assert_int_eq(ready(&y, 900, 0), 1);
	ck_assert_int_eq(weir_join_cell_publish(&w, 2, 3, NONE, NONE), WEIR_OK);
	ck_assert_uint_eq(weir_join_refresh(&y.j, 0), 1);
	blocked(&y, 900, 0, 0, WEIR_JOIN_RULE_MISSING); /* 900 was of epoch 1 */
	ck_assert_uint_eq(upto(&y, 0), EMPTY);
	want(sequence_map(&y, two, 2, 1, NONE), WEIR_JOIN_OK);
	ck_assert_uint_eq(weir_join_refresh(&y.j, 0), 1); /* for the new map */
	/* a writer that has died in the middle is not waited for, and nothing is taken from it */
	cell.version++;
	ck_assert_uint_eq(weir_join_refresh(&y.j, 0), 0);
	ck_assert_uint_eq(y.j.stats.torn, 1);
	done(&y);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("join edges");
	TCase *t = tcase_create("edges");
	SRunner *run;
	int failed;

	tcase_add_test(t, e01_r31_r43_an_unseen_cursor_satisfies_nothing);
	tcase_add_test(t, e02_r12_sums_beyond_the_ceiling_are_unreachable);
	tcase_add_test(t, e03_r13_r24_lowest_offsets);
	tcase_add_test(t, e04_r15_r26_windows_larger_than_what_has_been);
	tcase_add_test(t, e05_r31_several_rules_on_one_input);
	tcase_add_loop_test(t, e06_r11_r22_a_map_without_rules_and_keeping_the_last_good_one, 0, 2);
	tcase_add_test(t, e07_r46_r54_r55_times_that_go_back_and_null_times);
	tcase_add_test(t, e08_r39_r56_time_and_outputs_that_go_back);
	tcase_add_test(t, e09_r40_r41_r42_staleness_and_its_options);
	tcase_add_loop_test(t, e10_r37_r65_epochs_of_inputs, 0, WEIR_JOIN_EPOCH_MATCH + 1);
	tcase_add_test(t, e11_r28_r29_maps_that_replace_and_repeat);
	tcase_add_test(t, e11_r48_times_of_another_clock_are_forgotten);
	tcase_add_loop_test(t, e12_r63_r64_r70_a_latest_frame_that_was_overwritten, 0, 2);
	tcase_add_test(t, e12_r68_the_same_by_time);
	tcase_add_test(t, e13_r48_r49_clocks);
	tcase_add_test(t, e14_the_output_as_its_own_input);
	tcase_add_test(t, e15_sequences_that_no_slot_can_hold);
	tcase_add_test(t, e16_inputs_observed_before_the_map);
	tcase_add_test(t, e16_warm_times_that_no_rule_reads);
	tcase_add_loop_test(t, e16_r48_warm_times_keep_their_clock, 0, 2);
	tcase_add_loop_test(t, e17_r68_r69_latest_by_sequence_and_by_time, 0, 2);
	tcase_add_test(t, e18_r47_processed_per_source);
	tcase_add_test(t, e19_r69_maps_of_the_wrong_kind);
	tcase_add_test(t, e20_a_failed_frame_blocks_and_a_stale_input_does_not);
	tcase_add_loop_test(t, e21_r52_lateness_larger_than_the_window, 0, 2);
	tcase_add_test(t, e22_r50_lateness_beyond_zero_and_beyond_the_end);
	tcase_add_loop_test(t, e23_asking_again, 0, 2);
	tcase_add_test(t, e24_more_rules_than_there_is_room_for);
	tcase_add_test(t, e25_a_record_is_taken_in_whole);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed == 0 ? 0 : 1;
}
