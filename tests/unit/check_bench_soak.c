/* How the two sides of a soak account by the second, with clocks made up here, and what it comes to. */
#include <check.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "driver.h"
#include "soak.h"

#define S SOAK_SECOND_NS
#define START UINT64_C(5000)

enum { ASKED = 100 };

static struct soak_shared shared;
static struct soak soak;
static struct soak_second second[ASKED + 1];
static struct soak_account side[SOAK_SIDES];

static void set_up(void)
{
	unsigned i;

	memset(&shared, 0, sizeof(shared));
	memset(&soak, 0, sizeof(soak));
	memset(second, 0xff, sizeof(second));
	shared.last = soak.asked = ASKED;
	soak.cap = ASKED + 1;
	soak.second = second;
	for (i = 0; i < SOAK_SIDES; i++)
		soak_begin(&side[i], &shared, i, START, 10, 20);
}

/* As the loops do: a look at a time. */
static void look(unsigned i, uint64_t at, uint64_t switches)
{
	if (START + at >= side[i].next)
		soak_turn(&side[i], START + at, 10 + switches, 20);
	soak_gap(&side[i], START + at);
}

static void receive(uint64_t at, uint64_t took)
{
	look(SOAK_READER, at, 0);
	hist_record(side[SOAK_READER].response, took);
}

static void both(uint64_t at)
{
	look(SOAK_WRITER, at, 0);
	look(SOAK_READER, at, 0);
}

static void end(uint64_t at)
{
	unsigned i;

	for (i = 0; i < SOAK_SIDES; i++)
		soak_end(&side[i], START + at, 10, 20);
}

/* ---- accounts ---- */

START_TEST(messages_count_in_the_second_in_which_they_are_seen)
{
	receive(0, 100);
	receive(S - 1, 300);
	receive(S, 70);
	receive(2 * S - 1, 70);
	receive(2 * S, 70);
	both(3 * S);
	ck_assert_uint_eq(soak_collect(&soak, &shared, NULL), 3);
	ck_assert_uint_eq(second[0].messages, 2);
	ck_assert_uint_eq(second[0].p50, 100);
	ck_assert_uint_eq(second[0].max, 300);
	ck_assert_uint_eq(second[1].messages, 2);
	ck_assert_uint_eq(second[1].max, 70);
	ck_assert_uint_eq(second[2].messages, 1);
	ck_assert_uint_eq(soak.messages, 5);
	ck_assert_uint_eq(soak.response.max, 300);
}
END_TEST

START_TEST(a_second_is_taken_when_both_sides_have_left_it)
{
	struct hist into;

	hist_reset(&into);
	receive(10, 100);
	look(SOAK_READER, S + 5, 0);
	ck_assert_uint_eq(soak_collect(&soak, &shared, &into), 0);
	look(SOAK_WRITER, S, 0);
	ck_assert_uint_eq(soak_collect(&soak, &shared, &into), 1);
	ck_assert_uint_eq(into.count, 1);
	ck_assert_uint_eq(second[0].messages, 1);
	ck_assert_uint_eq(second[0].ns, S + 5);
	ck_assert_uint_eq(soak_collect(&soak, &shared, &into), 0);
	ck_assert_uint_eq(into.count, 1);
}
END_TEST

START_TEST(a_gap_is_counted_from_a_microsecond_on)
{
	look(SOAK_WRITER, 999, 0);
	look(SOAK_WRITER, 1999, 0);
	look(SOAK_WRITER, 2998, 0);
	look(SOAK_WRITER, 10000, 0);
	look(SOAK_READER, 500, 0);
	end(10000);
	ck_assert_uint_eq(soak_collect(&soak, &shared, NULL), 1);
	ck_assert_uint_eq(second[0].gaps[SOAK_WRITER].count, 2);
	ck_assert_uint_eq(second[0].gaps[SOAK_WRITER].ns, 1000 + 7002);
	ck_assert_uint_eq(second[0].gaps[SOAK_WRITER].longest, 7002);
	ck_assert_uint_eq(second[0].gaps[SOAK_READER].count, 0);
	ck_assert_uint_eq(second[0].gaps[SOAK_READER].longest, 500);
	ck_assert_uint_eq(shared.side[SOAK_WRITER].gaps.count, 2);
	ck_assert_uint_eq(shared.side[SOAK_READER].gaps.count, 0);
}
END_TEST

/* Three seconds without a CPU: the gap is where it ends, as what it held up is. */
START_TEST(a_stall_of_seconds_leaves_empty_ones)
{
	receive(S / 2, 100);
	receive(3 * S + S / 2, 3 * S);
	look(SOAK_WRITER, 3 * S + S / 2, 0);
	both(4 * S);
	ck_assert_uint_eq(soak_collect(&soak, &shared, NULL), 4);
	ck_assert_uint_eq(second[0].messages, 1);
	ck_assert_uint_eq(second[0].ns, 3 * S + S / 2);
	ck_assert_uint_eq(second[1].messages + second[2].messages, 0);
	ck_assert_uint_eq(second[1].ns + second[2].ns, 0);
	ck_assert_uint_eq(second[1].gaps[SOAK_READER].longest, 0);
	ck_assert_uint_eq(second[3].messages, 1);
	ck_assert_uint_eq(second[3].max, 3 * S);
	ck_assert_uint_eq(second[3].gaps[SOAK_READER].longest, 3 * S);
	ck_assert_uint_eq(second[3].gaps[SOAK_WRITER].count, 1);
}
END_TEST

START_TEST(context_switches_are_those_of_the_second)
{
	look(SOAK_WRITER, S, 3);
	look(SOAK_READER, S, 4);
	look(SOAK_WRITER, 2 * S, 5);
	look(SOAK_READER, 2 * S, 4);
	ck_assert_uint_eq(soak_collect(&soak, &shared, NULL), 2);
	ck_assert_uint_eq(second[0].switches, 7);
	ck_assert_uint_eq(second[1].switches, 2);
}
END_TEST

/* Nothing is lost of it, and nothing overwritten: it becomes longer. */
START_TEST(a_side_that_nobody_comes_for_goes_on_in_its_last_second)
{
	uint64_t t;

	for (t = 0; t < 40; t++) {
		receive(t * S + 1, 100);
		look(SOAK_WRITER, t * S + 1, 0);
	}
	ck_assert_uint_eq(soak_collect(&soak, &shared, NULL), SOAK_SLOTS - 1);
	ck_assert_uint_eq(soak.messages, SOAK_SLOTS - 1);
	receive(40 * S, 100);
	look(SOAK_WRITER, 40 * S, 0);
	receive(41 * S, 100);
	look(SOAK_WRITER, 41 * S, 0);
	ck_assert_uint_eq(soak_collect(&soak, &shared, NULL), 41 - (SOAK_SLOTS - 1));
	ck_assert_uint_eq(second[SOAK_SLOTS - 1].messages, 40 - (SOAK_SLOTS - 1));
	ck_assert_uint_eq(second[SOAK_SLOTS - 1].ns, (40 - (SOAK_SLOTS - 1)) * S - 1);
	ck_assert_uint_eq(second[39].messages, 0);
	ck_assert_uint_eq(second[40].messages, 1);
	ck_assert_uint_eq(soak.messages, 41);
}
END_TEST

/* Both were stopped for longer than there are slots: they get back to the second that it is. */
START_TEST(a_stop_longer_than_the_slots_is_caught_up_with)
{
	uint32_t i;

	receive(10, 100);
	for (i = 70; i < 80; i++) {
		both(i * S);
		receive(i * S + 5, 100);
		(void)soak_collect(&soak, &shared, NULL);
	}
	ck_assert_uint_eq(soak.seconds, 79);
	end(80 * S - 1);
	(void)soak_collect(&soak, &shared, NULL);
	ck_assert_uint_eq(soak.seconds, 80);
	ck_assert_uint_eq(soak.messages, 11);
	ck_assert_uint_eq(second[0].messages, 1);
	for (i = 73; i < 80; i++)
		ck_assert_uint_eq(second[i].messages, 1);
}
END_TEST

START_TEST(what_comes_after_the_end_is_one_second)
{
	uint64_t t;

	for (t = 1; t < ASKED; t++) {
		both(t * S);
		soak_collect(&soak, &shared, NULL);
	}
	receive(ASKED * S, 1);
	receive((ASKED + 5) * S, 2);
	side[SOAK_READER].half->lost += 7;
	end((ASKED + 5) * S);
	soak_collect(&soak, &shared, NULL);
	ck_assert_uint_eq(soak.seconds, ASKED + 1);
	ck_assert_uint_eq(second[ASKED].messages, 2);
	ck_assert_uint_eq(second[ASKED].lost, 7);
	ck_assert_uint_eq(soak.lost, 7);
	ck_assert_uint_eq(soak_collect(&soak, &shared, NULL), 0);
}
END_TEST

START_TEST(a_stall_over_the_end_is_not_beyond_it)
{
	uint64_t t;

	for (t = 1; t < ASKED; t++) {
		both(t * S);
		soak_collect(&soak, &shared, NULL);
	}
	receive((ASKED + 3) * S, 4 * S);
	look(SOAK_WRITER, (ASKED + 3) * S, 0);
	end((ASKED + 3) * S);
	soak_collect(&soak, &shared, NULL);
	ck_assert_uint_eq(soak.seconds, ASKED + 1);
	ck_assert_uint_eq(second[ASKED].max, 4 * S);
}
END_TEST

/* Of a run that was interrupted. One side has ended, the other drains what is left. */
START_TEST(the_end_has_all_that_there_was)
{
	both(S);
	both(2 * S);
	soak_end(&side[SOAK_WRITER], START + 2 * S + 10, 10, 20);
	ck_assert_uint_eq(soak_collect(&soak, &shared, NULL), 2);
	receive(3 * S + 5, 100);
	soak_end(&side[SOAK_READER], START + 3 * S + 6, 10, 20);
	ck_assert_uint_eq(soak_collect(&soak, &shared, NULL), 2);
	ck_assert_uint_eq(soak.seconds, 4);
	ck_assert_uint_eq(second[3].messages, 1);
	ck_assert_uint_eq(second[3].ns, 1);
}
END_TEST

START_TEST(slots_are_empty_when_they_come_round_again)
{
	uint64_t t;

	for (t = 0; t < 80; t++) {
		receive(t * S, 100 + t);
		look(SOAK_WRITER, t * S + 500, 0);
		soak_collect(&soak, &shared, NULL);
	}
	for (t = 0; t < 79; t++) {
		ck_assert_uint_eq(second[t].messages, 1);
		ck_assert_uint_eq(second[t].max, 100 + t);
		ck_assert_uint_eq(second[t].gaps[SOAK_WRITER].count, t > 0);
	}
}
END_TEST

/* ---- what it comes to ---- */

static void made_up(uint32_t i, uint64_t messages, uint64_t max, uint64_t writer, uint64_t reader)
{
	memset(&second[i], 0, sizeof(second[i]));
	second[i].messages = messages;
	second[i].p50 = 200;
	second[i].p99 = 5000;
	second[i].max = max;
	second[i].gaps[SOAK_WRITER].longest = writer;
	second[i].gaps[SOAK_READER].longest = reader;
	soak.seconds = i + 1;
}

START_TEST(real_time_sides_leave_the_machine_a_cpu_or_a_share)
{
	ck_assert_int_eq(soak_takes_all(1, 2, -1), 1);
	ck_assert_int_eq(soak_takes_all(99, 1, -1), 1);
	ck_assert_int_eq(soak_takes_all(1, 3, -1), 0);
	ck_assert_int_eq(soak_takes_all(1, 2, 950000), 0);
	ck_assert_int_eq(soak_takes_all(0, 2, -1), 0);
}
END_TEST

START_TEST(the_cpus_explain_what_is_no_longer_than_their_gaps)
{
	uint32_t of, explained;

	made_up(0, 10, 9200, 4000, 5000);
	made_up(1, 10, 9201, 4000, 5000);
	made_up(2, 0, 0, 4000, 5000); /* nothing to explain */
	made_up(3, 10, 200, 0, 0);
	soak_explained(&soak, &of, &explained);
	ck_assert_uint_eq(of, 3);
	ck_assert_uint_eq(explained, 2);
}
END_TEST

START_TEST(the_worst_seconds_come_first)
{
	static const uint64_t max[] = {50, 900, 10, 900, 70, 1000, 0, 60};
	static const uint32_t want[] = {5, 1, 3, 4};
	uint32_t got[4], i;

	for (i = 0; i < 8; i++)
		made_up(i, max[i] > 0, max[i], 0, 0);
	ck_assert_uint_eq(soak_worst(&soak, got, 4), 4);
	for (i = 0; i < 4; i++)
		ck_assert_uint_eq(got[i], want[i]);
	soak.seconds = 3;
	ck_assert_uint_eq(soak_worst(&soak, got, 4), 3);
	ck_assert_uint_eq(got[2], 2);
	soak.seconds = 0;
	ck_assert_uint_eq(soak_worst(&soak, got, 4), 0);
}
END_TEST

START_TEST(medians_are_of_seconds_with_messages)
{
	made_up(0, 1, 30, 0, 0);
	made_up(1, 0, 0, 0, 0);
	made_up(2, 1, 10, 0, 0);
	made_up(3, 1, 50, 0, 0);
	ck_assert_double_eq(soak_median(&soak, offsetof(struct soak_second, max)), 30);
	soak.seconds = 0;
	ck_assert(isnan(soak_median(&soak, offsetof(struct soak_second, max))));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bench_soak");
	TCase *tc = tcase_create("accounts");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_test(tc, messages_count_in_the_second_in_which_they_are_seen);
	tcase_add_test(tc, a_second_is_taken_when_both_sides_have_left_it);
	tcase_add_test(tc, a_gap_is_counted_from_a_microsecond_on);
	tcase_add_test(tc, a_stall_of_seconds_leaves_empty_ones);
	tcase_add_test(tc, context_switches_are_those_of_the_second);
	tcase_add_test(tc, a_side_that_nobody_comes_for_goes_on_in_its_last_second);
	tcase_add_test(tc, a_stop_longer_than_the_slots_is_caught_up_with);
	tcase_add_test(tc, what_comes_after_the_end_is_one_second);
	tcase_add_test(tc, a_stall_over_the_end_is_not_beyond_it);
	tcase_add_test(tc, the_end_has_all_that_there_was);
	tcase_add_test(tc, slots_are_empty_when_they_come_round_again);
	tcase_add_test(tc, real_time_sides_leave_the_machine_a_cpu_or_a_share);
	tcase_add_test(tc, the_cpus_explain_what_is_no_longer_than_their_gaps);
	tcase_add_test(tc, the_worst_seconds_come_first);
	tcase_add_test(tc, medians_are_of_seconds_with_messages);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
