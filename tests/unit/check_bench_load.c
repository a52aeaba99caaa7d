/* Where the bench sees the knee of a curve of latency over load. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "load.h"

enum { POINTS = 12 };

static struct load_point curve[POINTS];

/* Rates 1, 2, 3, ...: all kept up with, at a p99 of 500. */
static void set_up(void)
{
	unsigned i;

	for (i = 0; i < POINTS; i++) {
		curve[i].rate = i + 1;
		curve[i].achieved = i + 1;
		curve[i].p50 = 100;
		curve[i].p99 = 500;
	}
}

static void tail_from(unsigned i, double p99)
{
	for (; i < POINTS; i++)
		curve[i].p99 = p99;
}

START_TEST(without_a_bend_it_is_the_last_point)
{
	ck_assert_int_eq(load_knee(curve, POINTS), POINTS - 1);
	ck_assert_int_eq(load_knee(curve, 1), 0);
	ck_assert_int_eq(load_knee(curve, 0), -1);
}
END_TEST

START_TEST(it_is_the_last_rate_kept_up_with)
{
	unsigned i;

	for (i = 7; i < POINTS; i++)
		curve[i].achieved = 7.5;
	ck_assert_int_eq(load_knee(curve, POINTS), 6);
}
END_TEST

START_TEST(a_hundredth_less_is_still_kept_up_with)
{
	unsigned i;

	for (i = 0; i < POINTS; i++)
		curve[i].achieved = 0.9901 * curve[i].rate;
	ck_assert_int_eq(load_knee(curve, POINTS), POINTS - 1);
	for (i = 0; i < POINTS; i++)
		curve[i].achieved = 0.9899 * curve[i].rate;
	ck_assert_int_eq(load_knee(curve, POINTS), -1);
}
END_TEST

START_TEST(it_is_the_last_rate_with_a_short_tail)
{
	tail_from(9, 5001);
	ck_assert_int_eq(load_knee(curve, POINTS), 8);
	tail_from(9, 5000); /* ten times the floor, no more */
	ck_assert_int_eq(load_knee(curve, POINTS), POINTS - 1);
}
END_TEST

START_TEST(one_bad_step_is_a_disturbance)
{
	curve[2].p99 = 4e6;
	curve[5].achieved = 1;
	tail_from(9, 1e6);
	ck_assert_int_eq(load_knee(curve, POINTS), 8);
}
END_TEST

START_TEST(two_bad_steps_in_a_row_are_the_knee)
{
	curve[4].p99 = 4e6; /* of either kind */
	curve[5].achieved = 1;
	ck_assert_int_eq(load_knee(curve, POINTS), 3);
}
END_TEST

START_TEST(a_bad_last_step_is_not_the_knee)
{
	curve[POINTS - 1].p99 = 4e6;
	ck_assert_int_eq(load_knee(curve, POINTS), POINTS - 2);
}
END_TEST

START_TEST(the_first_step_may_be_disturbed)
{
	curve[0].p99 = 4e6;
	ck_assert_int_eq(load_knee(curve, POINTS), POINTS - 1);
	curve[1].p99 = 4e6;
	ck_assert_int_eq(load_knee(curve, POINTS), -1);
}
END_TEST

START_TEST(the_floor_is_the_lowest_tail_of_those_that_keep_up)
{
	curve[3].p99 = 400;
	curve[8].p99 = 10; /* hardly anything came through */
	curve[8].achieved = 1;
	ck_assert_double_eq(load_floor(curve, POINTS), 400);
	tail_from(9, 4001);
	ck_assert_int_eq(load_knee(curve, POINTS), 7);
}
END_TEST

START_TEST(what_was_not_measured_is_bad)
{
	curve[6].p99 = (double)NAN;
	ck_assert_int_eq(load_knee(curve, POINTS), POINTS - 1);
	curve[7].achieved = (double)NAN;
	ck_assert_int_eq(load_knee(curve, POINTS), 5);
	ck_assert(isnan(load_floor(curve, 0)));
	curve[POINTS - 1].p99 = (double)NAN;
	ck_assert_double_eq(load_floor(curve, POINTS), 500);
}
END_TEST

START_TEST(where_nothing_keeps_up_there_is_none)
{
	unsigned i;

	for (i = 0; i < POINTS; i++)
		curve[i].achieved = 0;
	ck_assert(isnan(load_floor(curve, POINTS)));
	ck_assert_int_eq(load_knee(curve, POINTS), -1);
}
END_TEST

/* As curves go: flat, a slow rise, a wall. */
START_TEST(a_slow_rise_ends_at_ten_times_the_floor)
{
	static const double p99[POINTS] = {620, 480, 500, 510, 600, 750, 1100, 2300, 4700, 9000,
					   7e5, 3e6};
	unsigned i;

	for (i = 0; i < POINTS; i++)
		curve[i].p99 = p99[i];
	curve[10].achieved = curve[11].achieved = 10.2;
	ck_assert_int_eq(load_knee(curve, POINTS), 8);
}
END_TEST

START_TEST(a_floor_far_above_its_median_is_noise)
{
	ck_assert(!load_floor_is_noise(curve, POINTS));
	tail_from(0, 1000);
	ck_assert(!load_floor_is_noise(curve, POINTS));
	tail_from(0, 1001);
	ck_assert(load_floor_is_noise(curve, POINTS));
	curve[3].p99 = 900; /* one rate that nobody disturbed is enough */
	ck_assert(!load_floor_is_noise(curve, POINTS));
	curve[3].achieved = 0;
	ck_assert(load_floor_is_noise(curve, POINTS));
	ck_assert(!load_floor_is_noise(curve, 0));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bench_load");
	TCase *tc = tcase_create("knee");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_test(tc, without_a_bend_it_is_the_last_point);
	tcase_add_test(tc, it_is_the_last_rate_kept_up_with);
	tcase_add_test(tc, a_hundredth_less_is_still_kept_up_with);
	tcase_add_test(tc, it_is_the_last_rate_with_a_short_tail);
	tcase_add_test(tc, one_bad_step_is_a_disturbance);
	tcase_add_test(tc, two_bad_steps_in_a_row_are_the_knee);
	tcase_add_test(tc, a_bad_last_step_is_not_the_knee);
	tcase_add_test(tc, the_first_step_may_be_disturbed);
	tcase_add_test(tc, the_floor_is_the_lowest_tail_of_those_that_keep_up);
	tcase_add_test(tc, what_was_not_measured_is_bad);
	tcase_add_test(tc, where_nothing_keeps_up_there_is_none);
	tcase_add_test(tc, a_slow_rise_ends_at_ten_times_the_floor);
	tcase_add_test(tc, a_floor_far_above_its_median_is_noise);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
