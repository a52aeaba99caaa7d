/* What the bench makes of its samples: medians, spreads, dropped rounds, ratios. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "stats.h"

#define NONE ((double)NAN)
#define EXACT 1e-9

/* ---- order statistics ---- */

START_TEST(median_of_odd_even_one_and_none)
{
	double odd[] = {9, 1, 5}, even[] = {4, 1, 3, 100}, one[] = {7};

	ck_assert_double_eq_tol(stats_median(odd, 3), 5, EXACT);
	ck_assert_double_eq_tol(stats_median(even, 4), 3.5, EXACT);
	ck_assert_double_eq_tol(stats_median(one, 1), 7, EXACT);
	ck_assert(isnan(stats_median(one, 0)));
}
END_TEST

START_TEST(spread_passes_over_rounds_dropped_or_not_measured)
{
	const double v[] = {50, 3, NONE, 1, 2, 900};
	const uint8_t keep[] = {0, 1, 1, 1, 1, 0};
	struct stats_spread s;

	stats_spread_of(v, keep, 6, &s);
	ck_assert_uint_eq(s.n, 3);
	ck_assert_double_eq_tol(s.median, 2, EXACT);
	ck_assert_double_eq_tol(s.min, 1, EXACT);
	ck_assert_double_eq_tol(s.max, 3, EXACT);
	stats_spread_of(v, NULL, 6, &s);
	ck_assert_uint_eq(s.n, 5);
	ck_assert_double_eq_tol(s.median, 3, EXACT);
	ck_assert_double_eq_tol(s.max, 900, EXACT);
}
END_TEST

START_TEST(spread_of_nothing_is_nan)
{
	const double v[] = {NONE, 5};
	const uint8_t keep[] = {1, 0};
	struct stats_spread s;

	stats_spread_of(v, keep, 2, &s);
	ck_assert_uint_eq(s.n, 0);
	ck_assert(isnan(s.median) && isnan(s.min) && isnan(s.max));
}
END_TEST

START_TEST(spread_takes_no_more_rounds_than_there_is_room_for)
{
	double v[STATS_ROUNDS_MAX + 8];
	struct stats_spread s;
	uint32_t i;

	for (i = 0; i < STATS_ROUNDS_MAX + 8; i++)
		v[i] = i;
	stats_spread_of(v, NULL, STATS_ROUNDS_MAX + 8, &s);
	ck_assert_uint_eq(s.n, STATS_ROUNDS_MAX);
}
END_TEST

/* Ranks from tables of the sign test, two sides together at most 1 in 32. */
START_TEST(the_interval_follows_from_the_number_of_rounds)
{
	static const struct {
		uint32_t n, outside;
	} known[] = {{0, 0},  {1, 0},  {5, 0},	{6, 0},	 {8, 0},  {9, 0},   {10, 1},   {12, 1},
		     {15, 2}, {17, 3}, {20, 4}, {25, 6}, {30, 8}, {40, 12}, {100, 38}, {128, 51}};
	double v[30];
	struct stats_spread s;
	uint32_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		ck_assert_msg(stats_outside(known[i].n) == known[i].outside, "%u: %u, not %u",
			      known[i].n, stats_outside(known[i].n), known[i].outside);
	for (i = 0; i < 30; i++)
		v[i] = 30 - i;
	stats_spread_of(v, NULL, 30, &s);
	ck_assert_double_eq_tol(s.low, 9, EXACT);
	ck_assert_double_eq_tol(s.high, 22, EXACT);
	ck_assert_double_eq_tol(s.min, 1, EXACT);
	stats_spread_of(v, NULL, 4, &s);
	ck_assert_double_eq_tol(s.low, s.min, EXACT);
	ck_assert_double_eq_tol(s.high, s.max, EXACT);
}
END_TEST

START_TEST(side_is_where_the_median_lies_by_its_interval)
{
	/* whatever the range is */
	const struct stats_spread above = {1.3, 0.5, 2, 1.01, 1.9, 20},
				  below = {0.9, 0.5, 2, 0.6, 0.99, 20},
				  covers = {1.5, 0.5, 9, 0.99, 8, 20},
				  touches = {1.5, 0.5, 9, 1, 8, 20},
				  single = {1.5, 1.5, 1.5, 1.5, 1.5, 1};

	ck_assert_int_eq(stats_side(&above, 1), 1);
	ck_assert_int_eq(stats_side(&below, 1), -1);
	ck_assert_int_eq(stats_side(&covers, 1), 0);
	ck_assert_int_eq(stats_side(&touches, 1), 0);
	ck_assert_int_eq(stats_side(&single, 1), 0);
}
END_TEST

/* ---- the machine probe ---- */

START_TEST(outlying_is_beyond_the_two_limits)
{
	ck_assert_int_eq(stats_outlying(100, 100), 0);
	ck_assert_int_eq(stats_outlying(159, 100), 0);
	ck_assert_int_eq(stats_outlying(161, 100), 1);
	ck_assert_int_eq(stats_outlying(61, 100), 0);
	ck_assert_int_eq(stats_outlying(59, 100), 1);
}
END_TEST

START_TEST(a_failed_probe_is_outlying_but_not_where_nothing_can_be_probed)
{
	ck_assert_int_eq(stats_outlying(NONE, 100), 1);
	ck_assert_int_eq(stats_outlying(0, 0), 0);
	ck_assert_int_eq(stats_outlying(NONE, NONE), 0);
}
END_TEST

/* ---- ratios ---- */

START_TEST(best_is_against_whom_ours_does_worst_not_the_luckiest_of_each_round)
{
	const double ours[] = {10, 10, 10};
	const double a[] = {12, 90, 12}, b[] = {90, 11, 90}, c[] = {20, 20, 10};
	const double *others[] = {c, b, a};
	double r[3];

	ck_assert_int_eq(stats_best(ours, others, 3, 3, r), 2);
	ck_assert_double_eq_tol(r[0], 1.2, EXACT);
	ck_assert_double_eq_tol(r[1], 9, EXACT);
	ck_assert_double_eq_tol(r[2], 1.2, EXACT);
}
END_TEST

START_TEST(best_needs_rounds_in_common)
{
	const double ours[] = {10, NONE, 10, 10};
	const double never[] = {NONE, 20, NONE, NONE}, once[] = {5, 5, NONE, NONE};
	const double twice[] = {40, 20, 30, NONE};
	const double *others[] = {never, once, twice};
	double r[4];

	/* one lucky round is nothing beside two */
	ck_assert_int_eq(stats_best(ours, others, 3, 4, r), 2);
	ck_assert_double_eq_tol(r[0], 4, EXACT);
	ck_assert(isnan(r[1]));
	ck_assert_double_eq_tol(r[2], 3, EXACT);
	ck_assert(isnan(r[3]));
	ck_assert_int_eq(stats_best(ours, others, 2, 4, r), 1);
	ck_assert_double_eq_tol(r[0], 0.5, EXACT);
	ck_assert_int_eq(stats_best(ours, others, 1, 4, r), -1);
	ck_assert(isnan(r[0]));
	ck_assert_int_eq(stats_best(ours, others, 0, 4, r), -1);
}
END_TEST

/* ---- a whole plan, judged ---- */

enum { OURS, PEER, SHARING, ALONE, ROWS };

static struct bench benches[ROWS];
static struct plan_row rows[ROWS];
static uint8_t keep[ROWS * STATS_ROUNDS_MAX];
static double scratch[ROWS * STATS_ROUNDS_MAX];
static struct plan plan;
static struct bench_env two = {.cpus = 2};

static void set_row(int i, const char *name, const char *who, uint32_t set, uint32_t flags,
		    double ns)
{
	uint32_t r;

	benches[i].group = "g";
	benches[i].who = who;
	snprintf(benches[i].name, sizeof(benches[i].name), "%s", name);
	benches[i].flags = flags;
	rows[i].b = &benches[i];
	rows[i].set = set;
	rows[i].n = 1000;
	for (r = 0; r < STATS_ROUNDS_MAX; r++) {
		rows[i].sample[r].ns_per_op = r < plan.rounds ? ns : NONE;
		rows[i].sample[r].before = 100;
		rows[i].sample[r].after = 100;
	}
}

static void set_up(void)
{
	memset(benches, 0, sizeof(benches));
	memset(rows, 0, sizeof(rows));
	memset(&plan, 0, sizeof(plan));
	plan.row = rows;
	plan.rows = ROWS;
	plan.sets = 2;
	plan.rounds = 4;
	plan.keep = keep;
	plan.scratch = scratch;
	plan.env = &two;
	set_row(OURS, "case", "weir", 0, 0, 10);
	set_row(PEER, "case", "peer", 0, BENCH_PEER, 20);
	set_row(SHARING, "case", "crowd", 0, BENCH_PEER | BENCH_SHARING, 5);
	set_row(ALONE, "limit", "machine", 1, BENCH_LIMIT, 5);
}

START_TEST(a_work_sharing_peer_is_in_no_ratio)
{
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].ratio.n, 4);
	ck_assert_double_eq_tol(rows[OURS].ratio.median, 2, EXACT);
	ck_assert_uint_eq(rows[PEER].ratio.n, 0);
	ck_assert_uint_eq(rows[ALONE].ratio.n, 0);
	ck_assert_double_eq_tol(plan.probe.median, 100, EXACT);
}
END_TEST

START_TEST(an_outlying_sample_is_in_no_ratio_but_spoils_no_other_row)
{
	rows[PEER].sample[1].after = 300;
	rows[PEER].sample[1].ns_per_op = 2000;
	rows[OURS].sample[3].before = 10;
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].ns.n, 3);
	ck_assert_uint_eq(rows[OURS].dropped, 1);
	ck_assert_uint_eq(rows[PEER].ns.n, 3);
	ck_assert_uint_eq(rows[PEER].dropped, 1);
	ck_assert_double_eq_tol(rows[PEER].ns.max, 20, EXACT);
	ck_assert_uint_eq(rows[OURS].ratio.n, 2); /* rounds 0 and 2: both were kept */
	ck_assert_double_eq_tol(rows[OURS].ratio.max, 2, EXACT);
	ck_assert_str_eq(rows[OURS].best_peer, "peer");
	ck_assert(!rows[OURS].ratio_disturbed);
	ck_assert_uint_eq(rows[ALONE].ns.n, 4);
	ck_assert_uint_eq(rows[ALONE].dropped, 0);
}
END_TEST

START_TEST(a_ratio_without_two_quiet_rounds_is_of_all_and_says_so)
{
	rows[PEER].sample[0].after = 300;
	rows[PEER].sample[1].after = 300;
	rows[OURS].sample[2].after = 300;
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].ratio.n, 4);
	ck_assert(rows[OURS].ratio_disturbed);
	ck_assert(!rows[OURS].disturbed);
}
END_TEST

START_TEST(so_is_a_ratio_to_a_reference)
{
	snprintf(benches[OURS].ref, sizeof(benches[OURS].ref), "g/limit/machine");
	plan_judge(&plan);
	ck_assert(!rows[OURS].ref_disturbed);
	rows[ALONE].sample[0].after = 300;
	rows[ALONE].sample[1].after = 300;
	rows[OURS].sample[2].after = 300;
	rows[OURS].sample[3].after = 300;
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].ref.n, 4);
	ck_assert(rows[OURS].ref_disturbed);
	ck_assert(!rows[OURS].disturbed);
}
END_TEST

START_TEST(waiting_counts_wherever_each_role_has_a_cpu)
{
	static struct bench_env eight = {.cpus = 8};

	plan.env = &eight;
	benches[OURS].readers = 4;
	rows[OURS].sample[1].waiting = 0.5;
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].dropped, 1);
	benches[OURS].readers = 8; /* nine roles */
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].dropped, 0);
}
END_TEST

START_TEST(reference_by_full_name_or_the_fastest_of_a_case)
{
	snprintf(benches[OURS].ref, sizeof(benches[OURS].ref), "g/limit/machine");
	snprintf(benches[ALONE].ref, sizeof(benches[ALONE].ref), "g/case");
	rows[ALONE].sample[2].before = 1000;
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].ref.n, 3);
	ck_assert_double_eq_tol(rows[OURS].ref.median, 0.5, EXACT);
	ck_assert_uint_eq(rows[ALONE].ref.n, 3);
	ck_assert_double_eq_tol(rows[ALONE].ref.median, 1, EXACT);
	ck_assert_uint_eq(rows[PEER].ref.n, 0);
	ck_assert(rows[OURS].ref_is_limit);
	ck_assert(!rows[ALONE].ref_is_limit); /* the fastest of our own case */
	benches[ALONE].flags |= BENCH_PLAIN;
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].ref.n, 3);
	ck_assert(!rows[OURS].ref_is_limit);
}
END_TEST

START_TEST(heap_calls_are_per_operation_over_all_samples)
{
	rows[OURS].sample[0].allocs = 3000;
	rows[OURS].sample[1].allocs = 1000;
	plan_judge(&plan);
	ck_assert_double_eq_tol(rows[OURS].allocs_per_op, 1, EXACT);
	ck_assert_double_eq_tol(rows[PEER].allocs_per_op, 0, EXACT);
}
END_TEST

START_TEST(sleeps_are_per_operation_over_all_samples)
{
	rows[OURS].sample[0].voluntary = 500;
	rows[OURS].sample[2].voluntary = 1500;
	rows[OURS].sample[2].after = 1000; /* dropped, but it happened */
	rows[OURS].sample[3].involuntary = 9000;
	plan_judge(&plan);
	ck_assert_double_eq_tol(rows[OURS].sleeps_per_op, 0.5, EXACT);
	ck_assert_double_eq_tol(rows[OURS].switches_per_op, 2.75, EXACT); /* forced ones too */
	ck_assert_double_eq_tol(rows[PEER].sleeps_per_op, 0, EXACT);
	rows[OURS].n = 0; /* never calibrated: nobody counted */
	plan_judge(&plan);
	ck_assert(isnan(rows[OURS].sleeps_per_op));
	ck_assert(isnan(rows[OURS].allocs_per_op));
}
END_TEST

START_TEST(parts_are_in_no_ratio)
{
	benches[OURS].flags = BENCH_PART;
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].ratio.n, 0);
	ck_assert_uint_eq(rows[OURS].ns.n, 4);
}
END_TEST

START_TEST(drains_are_the_values_of_kept_rounds_of_rows_that_have_them)
{
	rows[OURS].sample[0].value = 3;
	rows[OURS].sample[1].value = 5;
	rows[OURS].sample[2].value = 4;
	rows[OURS].sample[3].value = 900;
	rows[OURS].sample[3].after = 1000; /* dropped */
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].drain.n, 0);
	benches[OURS].flags = BENCH_DRAINS;
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].drain.n, 3);
	ck_assert_double_eq_tol(rows[OURS].drain.median, 4, EXACT);
	rows[OURS].sample[1].ns_per_op = NONE; /* not taken */
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].drain.n, 2);
}
END_TEST

START_TEST(lost_is_the_share_of_what_all_readers_should_have_had)
{
	rows[OURS].sample[0].lost = 200;
	rows[OURS].sample[1].lost = 400;
	rows[OURS].sample[2].lost = 300;
	rows[OURS].sample[3].lost = 2000;
	rows[OURS].sample[3].after = 1000; /* dropped */
	benches[OURS].readers = 2;
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].lost.n, 0); /* nobody counts there: a loss would have failed */
	benches[OURS].flags = BENCH_LOSSY;
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].lost.n, 3);
	ck_assert_double_eq_tol(rows[OURS].lost.median, 0.15, EXACT);
	ck_assert_double_eq_tol(rows[OURS].lost.max, 0.2, EXACT);
}
END_TEST

START_TEST(lost_of_an_operation_of_many_messages_is_a_share_of_them)
{
	rows[OURS].sample[0].lost = rows[OURS].sample[1].lost = rows[OURS].sample[2].lost = 500;
	benches[OURS].flags = BENCH_LOSSY;
	benches[OURS].readers = 1;
	benches[OURS].burst = 5;
	plan_judge(&plan);
	ck_assert_double_eq_tol(rows[OURS].lost.median, 0.1, EXACT);
}
END_TEST

START_TEST(evictions_are_those_of_kept_rounds)
{
	rows[OURS].sample[0].evicted = 3;
	rows[OURS].sample[1].evicted = 4;
	rows[OURS].sample[3].evicted = 100;
	rows[OURS].sample[3].after = 1000; /* dropped */
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].evicted, 0); /* waits for its readers */
	benches[OURS].flags = BENCH_LOSSY;
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].evicted, 7);
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].evicted, 7); /* however often it is judged */
}
END_TEST

START_TEST(rest_is_without_the_rows_named_of_the_same_round)
{
	snprintf(benches[OURS].less[0], sizeof(benches[OURS].less[0]), "g/limit/machine");
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].rest.n, 4);
	ck_assert_double_eq_tol(rows[OURS].rest.median, 5, EXACT);
	snprintf(benches[OURS].less[1], sizeof(benches[OURS].less[1]), "g/case/peer");
	rows[ALONE].sample[1].after = 1000; /* dropped there, so not here either */
	rows[OURS].sample[2].ns_per_op = 40;
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].rest.n, 3);
	ck_assert_double_eq_tol(rows[OURS].rest.min, -15, EXACT);
	ck_assert_double_eq_tol(rows[OURS].rest.max, 15, EXACT);
	snprintf(benches[OURS].less[1], sizeof(benches[OURS].less[1]), "g/case/not-in-this-run");
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].rest.n, 0);
	ck_assert_uint_eq(rows[PEER].rest.n, 0);
}
END_TEST

START_TEST(waiting_is_the_median_over_rows_that_need_not_share_cpus)
{
	uint32_t r;

	benches[PEER].readers = 4;
	for (r = 0; r < plan.rounds; r++) {
		rows[OURS].sample[r].waiting = 0.2;
		rows[PEER].sample[r].waiting = 0.9;
		rows[SHARING].sample[r].waiting = 0.1;
		rows[ALONE].sample[r].waiting = 0.3;
	}
	rows[OURS].sample[0].waiting = 0.7;
	plan_judge(&plan);
	ck_assert_double_eq_tol(rows[OURS].waiting, 0.2, EXACT);
	ck_assert_double_eq_tol(plan.waiting, 0.2, EXACT);
}
END_TEST

START_TEST(a_sample_that_had_to_wait_for_its_cpus_is_dropped)
{
	rows[PEER].sample[0].waiting = 0.11;
	rows[OURS].sample[1].waiting = 0.09;
	benches[ALONE].readers = 2; /* shares a CPU by design */
	rows[ALONE].sample[2].waiting = 0.9;
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].ns.n, 4);
	ck_assert_uint_eq(rows[OURS].ratio.n, 3);
	ck_assert_uint_eq(rows[PEER].dropped, 1);
	ck_assert_uint_eq(rows[ALONE].ns.n, 4);
}
END_TEST

START_TEST(a_sample_during_which_the_host_had_the_cpus_is_dropped)
{
	rows[OURS].sample[0].stolen = 0.11;
	rows[OURS].sample[1].stolen = 0.09;
	benches[OURS].readers = 8; /* waits for itself, but that is no steal */
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].dropped, 1);
	ck_assert_uint_eq(rows[OURS].ratio.n, 3);
}
END_TEST

START_TEST(a_row_that_was_never_quiet_is_judged_on_all_its_rounds_and_says_so)
{
	uint32_t r;

	for (r = 0; r < 4; r++)
		rows[PEER].sample[r].waiting = 0.5;
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].ns.n, 4);
	ck_assert_double_eq_tol(rows[OURS].ratio.median, 2, EXACT);
	ck_assert_uint_eq(rows[OURS].disturbed, 0);
	ck_assert(rows[OURS].ratio_disturbed);
	ck_assert_uint_eq(rows[PEER].disturbed, 1);
	ck_assert_uint_eq(rows[PEER].ns.n, 4);
	ck_assert_uint_eq(rows[PEER].dropped, 4);
	ck_assert_uint_eq(rows[ALONE].disturbed, 0);
}
END_TEST

/* ---- the list ---- */

static double no_run(struct bench_env *env, const struct bench *b, uint64_t n,
		     struct bench_sample *out)
{
	(void)env, (void)b, (void)n, (void)out;
	return -1;
}

START_TEST(spinning_is_in_the_quick_plan_only_with_a_cpu_for_each_role)
{
	struct bench b;

	memset(&b, 0, sizeof(b));
	b.readers = 3;
	ck_assert_int_eq(bench_is_quick(&b, 1), 1);
	b.flags = BENCH_SPINS;
	ck_assert_int_eq(bench_is_quick(&b, 3), 0);
	ck_assert_int_eq(bench_is_quick(&b, 4), 1);
	b.flags |= BENCH_FULL;
	ck_assert_int_eq(bench_is_quick(&b, 4), 0);
}
END_TEST

START_TEST(a_barrier_is_listed_at_each_size_in_the_ways_it_has)
{
	const struct bench_meeter ours = {"ours", 0, BENCH_SPIN | BENCH_PARK, 1, NULL, no_run, 0};
	const struct bench_meeter peer = {"peer", BENCH_PEER, BENCH_YIELD, 0, NULL, no_run, 0};
	const size_t before = bench_count();
	uint32_t spins = 0, procs = 0, roles = 0;
	size_t i;

	bench_add_meet_cases(&ours);
	ck_assert_uint_eq(bench_count(), before + 4 * 2 * 2);
	for (i = before; i < bench_count(); i++) {
		spins += (bench_at(i)->flags & BENCH_SPINS) != 0;
		procs += (bench_at(i)->flags & BENCH_PROCS) != 0;
		roles += bench_at(i)->readers + 1;
		ck_assert_int_eq((bench_at(i)->flags & BENCH_SPINS) != 0,
				 bench_at(i)->way == BENCH_SPIN);
	}
	ck_assert_uint_eq(spins, 4 * 2);
	ck_assert_uint_eq(procs, 4 * 2);
	ck_assert_uint_eq(roles, 4 * (2 + 4 + 8 + 16));
	ck_assert_str_eq(bench_at(before)->name, "2/threads/spin");
	ck_assert_str_eq(bench_at(before + 1)->name, "2/processes/spin");
	ck_assert_str_eq(bench_at(before + 1)->ref, "rendezvous/2/threads/spin/ours");
	bench_add_meet_cases(&peer);
	ck_assert_uint_eq(bench_count(), before + 4 * 2 * 2 + 4);
	ck_assert_str_eq(bench_at(bench_count() - 1)->name, "16/threads/yield");
	ck_assert_str_eq(bench_at(bench_count() - 1)->ref, "");
}
END_TEST

START_TEST(a_barrier_of_processes_alone_has_no_rows_of_threads)
{
	const struct bench_meeter peer = {.who = "peer",
					  .flags = BENCH_PEER | BENCH_PROCS,
					  .ways = BENCH_SPIN | BENCH_YIELD,
					  .processes = 1,
					  .run = no_run,
					  .spin_parties = 4};
	const size_t before = bench_count();
	uint32_t spins = 0;
	size_t i;

	bench_add_meet_cases(&peer);
	ck_assert_uint_eq(bench_count(), before + 2 + 4);
	for (i = before; i < bench_count(); i++) {
		ck_assert_uint_ne(bench_at(i)->flags & BENCH_PROCS, 0);
		spins += bench_at(i)->way == BENCH_SPIN;
		ck_assert(bench_at(i)->way != BENCH_SPIN || bench_at(i)->readers + 1 <= 4);
	}
	ck_assert_uint_eq(spins, 2);
	ck_assert_str_eq(bench_at(before)->name, "2/processes/spin");
	ck_assert_str_eq(bench_at(bench_count() - 1)->name, "16/processes/yield");
}
END_TEST

static int all_rings(const struct bench_ring_case *c)
{
	return c->skew == BENCH_EVEN;
}

START_TEST(a_queue_of_threads_alone_has_no_rows_of_processes)
{
	size_t before = bench_count(), i, of_threads = 0;

	bench_add_ring_cases("peer", BENCH_PEER, all_rings, no_run);
	bench_add_roundtrip_cases("peer", BENCH_PEER, no_run);
	for (i = before; i < bench_count(); i++)
		of_threads += !(bench_at(i)->flags & BENCH_PROCS);
	ck_assert_uint_gt(of_threads, 3 * 3 * 2);
	ck_assert_uint_lt(of_threads, bench_count() - before);
	before = bench_count();
	bench_add_ring_cases("peer", BENCH_PEER | BENCH_THREADS, all_rings, no_run);
	bench_add_roundtrip_cases("peer", BENCH_PEER | BENCH_THREADS, no_run);
	ck_assert_uint_eq(bench_count(), before + of_threads);
	for (i = before; i < bench_count(); i++)
		ck_assert_uint_eq(bench_at(i)->flags & BENCH_PROCS, 0);
}
END_TEST

START_TEST(a_fence_is_listed_with_the_parts_it_is_taken_apart_into)
{
	size_t before = bench_count(), i;
	uint32_t quick = 0;

	bench_add_fence_cases("weir-delivery", BENCH_DRAINS, BENCH_YIELD, NULL);
	ck_assert_uint_eq(bench_count(), before + 2 * 4 + 2);
	ck_assert_str_eq(bench_at(before)->name, "2/threads/yield/burst-0");
	ck_assert_str_eq(bench_at(before)->less[0],
			 "fence/2/threads/yield/burst-0/weir-rendezvous");
	ck_assert_str_eq(bench_at(before)->less[1], "");
	ck_assert_str_eq(bench_at(before + 6)->name, "2/processes/yield/burst-16");
	ck_assert_str_eq(bench_at(before + 6)->ref, "fence/2/threads/yield/burst-16/weir-delivery");
	ck_assert_str_eq(bench_at(before + 6)->less[0],
			 "fence/2/processes/yield/burst-0/weir-rendezvous");
	ck_assert_str_eq(bench_at(before + 6)->less[1],
			 "fence/2/processes/yield/burst-16/weir-transfer");
	ck_assert_str_eq(bench_at(before + 9)->name, "4/threads/yield/burst-16");
	for (i = before; i < bench_count(); i++)
		quick += (uint32_t)bench_is_quick(bench_at(i), 2);
	ck_assert_uint_eq(quick, 3);
	before = bench_count();
	bench_add_fence_cases("weir-transfer", BENCH_PART, BENCH_YIELD, NULL);
	ck_assert_uint_eq(bench_count(), before + 2 * 3 + 1); /* an empty burst is none */
	ck_assert_str_eq(bench_at(before)->less[0], "");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench_stats");
	TCase *plain = tcase_create("stats"), *judged = tcase_create("judge"),
	      *listed = tcase_create("list");
	SRunner *runner;
	int failed;

	tcase_add_test(plain, median_of_odd_even_one_and_none);
	tcase_add_test(plain, spread_passes_over_rounds_dropped_or_not_measured);
	tcase_add_test(plain, spread_of_nothing_is_nan);
	tcase_add_test(plain, spread_takes_no_more_rounds_than_there_is_room_for);
	tcase_add_test(plain, the_interval_follows_from_the_number_of_rounds);
	tcase_add_test(plain, side_is_where_the_median_lies_by_its_interval);
	tcase_add_test(plain, outlying_is_beyond_the_two_limits);
	tcase_add_test(plain, a_failed_probe_is_outlying_but_not_where_nothing_can_be_probed);
	tcase_add_test(plain, best_is_against_whom_ours_does_worst_not_the_luckiest_of_each_round);
	tcase_add_test(plain, best_needs_rounds_in_common);
	suite_add_tcase(s, plain);
	tcase_add_checked_fixture(judged, set_up, NULL);
	tcase_add_test(judged, a_work_sharing_peer_is_in_no_ratio);
	tcase_add_test(judged, an_outlying_sample_is_in_no_ratio_but_spoils_no_other_row);
	tcase_add_test(judged, a_ratio_without_two_quiet_rounds_is_of_all_and_says_so);
	tcase_add_test(judged, so_is_a_ratio_to_a_reference);
	tcase_add_test(judged, waiting_counts_wherever_each_role_has_a_cpu);
	tcase_add_test(judged, reference_by_full_name_or_the_fastest_of_a_case);
	tcase_add_test(judged, heap_calls_are_per_operation_over_all_samples);
	tcase_add_test(judged, sleeps_are_per_operation_over_all_samples);
	tcase_add_test(judged, parts_are_in_no_ratio);
	tcase_add_test(judged, drains_are_the_values_of_kept_rounds_of_rows_that_have_them);
	tcase_add_test(judged, lost_is_the_share_of_what_all_readers_should_have_had);
	tcase_add_test(judged, lost_of_an_operation_of_many_messages_is_a_share_of_them);
	tcase_add_test(judged, evictions_are_those_of_kept_rounds);
	tcase_add_test(judged, rest_is_without_the_rows_named_of_the_same_round);
	tcase_add_test(judged, waiting_is_the_median_over_rows_that_need_not_share_cpus);
	tcase_add_test(judged, a_row_that_was_never_quiet_is_judged_on_all_its_rounds_and_says_so);
	tcase_add_test(judged, a_sample_that_had_to_wait_for_its_cpus_is_dropped);
	tcase_add_test(judged, a_sample_during_which_the_host_had_the_cpus_is_dropped);
	suite_add_tcase(s, judged);
	tcase_add_test(listed, spinning_is_in_the_quick_plan_only_with_a_cpu_for_each_role);
	tcase_add_test(listed, a_barrier_is_listed_at_each_size_in_the_ways_it_has);
	tcase_add_test(listed, a_barrier_of_processes_alone_has_no_rows_of_threads);
	tcase_add_test(listed, a_queue_of_threads_alone_has_no_rows_of_processes);
	tcase_add_test(listed, a_fence_is_listed_with_the_parts_it_is_taken_apart_into);
	suite_add_tcase(s, listed);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
