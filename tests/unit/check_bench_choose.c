/* Which rows are in a plan, what is left out of it and why, and how many operations rows have at most. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "realtime.h"
#include "release.h"

#define MS 1000000.0

static struct bench_env env;
static struct plan plan;
static struct plan_options opt;
static double op_ns;
static uint64_t most_ops; /* of any run */

/* ---- what is called and not looked at ---- */

int64_t driver_now(void)
{
	return 0;
}

int driver_oversubscribed(const struct bench_env *e, unsigned readers)
{
	return readers + 1 > e->cpus;
}

int role_fail(struct role *me, const char *format, ...)
{
	(void)me, (void)format;
	return -1;
}

int latency_make(struct plan_row *row)
{
	(void)row;
	return 0;
}

static double run(struct bench_env *e, const struct bench *b, uint64_t n, struct bench_sample *s)
{
	(void)e, (void)b;
	memset(s, 0, sizeof(*s));
	most_ops = n > most_ops ? n : most_ops;
	return op_ns * (double)n;
}

static struct bench bench_of(const char *name, uint32_t roles, uint32_t flags)
{
	struct bench b;

	memset(&b, 0, sizeof(b));
	b.group = "made-up";
	b.who = "weir";
	b.unit = "op";
	b.flags = flags;
	b.readers = roles - 1;
	b.batch = 1;
	b.run = run;
	snprintf(b.name, sizeof(b.name), "%s", name);
	return b;
}

static void add(const char *name, uint32_t roles, uint32_t flags)
{
	const struct bench b = bench_of(name, roles, flags);

	bench_add(&b);
}

static void begin(void)
{
	memset(&env, 0, sizeof(env));
	memset(&opt, 0, sizeof(opt));
	env.cpus = 2;
	opt.rounds = 3;
	opt.sample_ns = 40 * MS;
	opt.budget_ns = 90e9;
	most_ops = 0;
	add("one", 1, 0);
	add("two", 2, BENCH_SPINS);
	add("four", 4, 0);
	add("four-spins", 4, BENCH_SPINS);
	add("two-stamps", 2, BENCH_STAMPS | BENCH_SPINS | BENCH_FULL);
	add("four-stamps", 4, BENCH_STAMPS | BENCH_SPINS | BENCH_FULL);
	add("four-stamps-yield", 4, BENCH_STAMPS | BENCH_FULL);
	add("two-launched", 2, BENCH_FOREIGN);
}

static void choose(void)
{
	ck_assert_int_eq(plan_make(&plan, &env, &opt), 0);
}

static void end(void)
{
	free(plan.row);
	free(plan.order);
	free(plan.keep);
	free(plan.goes_on);
	free(plan.scratch);
}

static int has(const char *name)
{
	uint32_t i;

	for (i = 0; i < plan.rows; i++)
		if (strcmp(plan.row[i].b->name, name) == 0)
			return 1;
	return 0;
}

START_TEST(the_quick_plan_has_none_that_spins_in_vain)
{
	choose();
	ck_assert_uint_eq(plan.rows, 4);
	ck_assert_uint_eq(plan.left_out, 1);
	ck_assert_uint_eq(plan.left_out_stamps, 0); /* none is quick */
	ck_assert(has("one") && has("two") && has("four") && has("two-launched"));
}
END_TEST

/* Parties that share a CPU with one that spins, or is late, measure a time slice: nobody wants a
 * distribution of that. */
START_TEST(rows_with_stamps_need_a_cpu_for_each_in_the_full_plan_too)
{
	opt.full = 1;
	choose();
	ck_assert_uint_eq(plan.rows, 7);
	ck_assert_uint_eq(plan.left_out, 0);
	ck_assert_uint_eq(plan.left_out_stamps, 1);
	ck_assert(has("four-spins") && has("two-stamps") && has("four-stamps-yield"));
	ck_assert(!has("four-stamps"));
	end();
	env.cpus = 4;
	choose();
	ck_assert_uint_eq(plan.left_out_stamps, 0);
	ck_assert(has("four-stamps"));
}
END_TEST

START_TEST(real_time_rows_share_no_cpu)
{
	opt.full = 1;
	env.fifo = 10;
	choose();
	ck_assert_uint_eq(plan.rows, 3);
	ck_assert(has("one") && has("two") && has("two-stamps"));
	ck_assert_uint_eq(plan.not_as_asked, 5); /* each for this reason alone */
	ck_assert_uint_eq(plan.left_out_stamps, 0);
	end();
	opt.full = 0;
	choose();
	ck_assert_uint_eq(plan.rows, 2);
	ck_assert_uint_eq(plan.not_as_asked, 3);
	ck_assert_uint_eq(plan.left_out, 0);
}
END_TEST

START_TEST(locked_memory_is_for_all_but_a_launchers)
{
	env.locked = 1;
	choose();
	ck_assert_uint_eq(plan.not_as_asked, 1);
	ck_assert(has("four") && !has("two-launched"));
}
END_TEST

/* A fast barrier would have more generations in a sample than there is room for. */
START_TEST(no_run_writes_more_times_than_there_is_room_for)
{
	struct bench b = bench_of("fast", 2, BENCH_STAMPS);

	op_ns = 10;
	ck_assert_uint_eq(plan_calibrate(&env, &b, 40 * MS), RELEASE_STAMPS);
	ck_assert_uint_le(most_ops, RELEASE_STAMPS);
	ck_assert_uint_eq(plan_scaled(&b, RELEASE_STAMPS, 40 * MS, 3), RELEASE_STAMPS);
	b.way = BENCH_PARK;
	ck_assert_uint_eq(plan_scaled(&b, RELEASE_STAMPS, 40 * MS, 3), RELEASE_STAMPS);
	op_ns = 100000;
	ck_assert_uint_eq(plan_calibrate(&env, &b, 40 * MS), 400);
	b.flags = 0;
	b.way = BENCH_SPIN;
	op_ns = 10;
	ck_assert_uint_eq(plan_calibrate(&env, &b, 40 * MS), 4000000);
	choose(); /* for the end */
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench_choose");
	TCase *tc = tcase_create("rows");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, the_quick_plan_has_none_that_spins_in_vain);
	tcase_add_test(tc, rows_with_stamps_need_a_cpu_for_each_in_the_full_plan_too);
	tcase_add_test(tc, real_time_rows_share_no_cpu);
	tcase_add_test(tc, locked_memory_is_for_all_but_a_launchers);
	tcase_add_test(tc, no_run_writes_more_times_than_there_is_room_for);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
