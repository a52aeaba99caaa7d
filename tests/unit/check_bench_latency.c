/* What the bench makes of a plan's distributions: which rounds count, ratios, what is left as files. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "latency.h"
#include "latency_report.h"
#include "plan.h"

enum { OURS, PEER, OTHER, CLOCK, RATE, ROWS, ROUNDS = 4 };

static struct bench benches[ROWS];
static struct plan_row rows[ROWS];
static uint8_t keep[ROWS * STATS_ROUNDS_MAX];
static double scratch[ROWS * STATS_ROUNDS_MAX];
static struct plan plan;
static struct bench_env env;

/* What files that are linked here call, and no test does. */
struct clock_scale clock_scale;

void clock_init(void)
{
}

int clock_offset(struct bench_env *e, int64_t *low, int64_t *high)
{
	(void)e, (void)low, (void)high;
	return -1;
}

/* A hundred operations, two of them in the tail. */
static void record_with(struct hist *h, uint64_t ns, uint64_t tail)
{
	int i;

	for (i = 0; i < 100; i++)
		hist_record(h, i < 98 ? ns : tail);
}

static void record(struct hist *h, uint64_t ns)
{
	record_with(h, ns, 100 * ns);
}

static void set_row(int i, const char *name, const char *who, uint32_t set, uint32_t flags,
		    uint64_t ns)
{
	uint32_t r;

	memset(&rows[i], 0, sizeof(rows[i]));
	benches[i].group = "latency";
	benches[i].who = who;
	snprintf(benches[i].name, sizeof(benches[i].name), "%s", name);
	benches[i].flags = flags | BENCH_LATENCY;
	benches[i].readers = 1;
	rows[i].b = &benches[i];
	rows[i].set = set;
	rows[i].n = 100;
	ck_assert_int_eq(latency_make(&rows[i]), 0);
	for (r = 0; r < STATS_ROUNDS_MAX; r++) {
		rows[i].sample[r].ns_per_op = r < ROUNDS ? (double)ns : (double)NAN;
		rows[i].sample[r].before = rows[i].sample[r].after = 100;
	}
	for (r = 0; r < ROUNDS; r++) {
		rows[i].latency->round[r] = calloc(1, sizeof(struct hist));
		record(rows[i].latency->round[r], ns);
	}
}

static void set_up(void)
{
	memset(benches, 0, sizeof(benches));
	memset(&plan, 0, sizeof(plan));
	memset(&env, 0, sizeof(env));
	plan.env = &env;
	plan.row = rows;
	plan.rows = ROWS;
	plan.sets = 3;
	plan.rounds = ROUNDS;
	plan.keep = keep;
	plan.scratch = scratch;
	set_row(OURS, "case", "weir", 0, 0, 100);
	set_row(PEER, "case", "peer", 0, BENCH_PEER, 200);
	set_row(OTHER, "case", "other", 0, BENCH_PEER, 400);
	set_row(CLOCK, "clock", "machine", 1, BENCH_LIMIT, 10);
	set_row(RATE, "rate", "weir", 2, BENCH_OPEN, 50);
	env.arena = aligned_alloc(4096, BENCH_ARENA_BYTES + BENCH_LATENCY_BYTES);
	ck_assert_ptr_nonnull(env.arena);
	memset(env.arena, 0, BENCH_ARENA_BYTES + BENCH_LATENCY_BYTES);
	env.cpus = 2;
}

static void tear_down(void)
{
	int i;

	for (i = 0; i < ROWS; i++)
		latency_free(&rows[i]);
	free(env.arena);
}

START_TEST(the_kept_rounds_are_merged)
{
	rows[OURS].sample[1].after = 1000;
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].latency->all.count, 300);
	ck_assert_uint_eq(rows[PEER].latency->all.count, 400);
	ck_assert_uint_eq(rows[CLOCK].latency->all.count, 400);
	ck_assert_uint_eq(rows[OURS].latency->all.max, 10000);
	plan_judge(&plan); /* once more: not once more as many */
	ck_assert_uint_eq(rows[OURS].latency->all.count, 300);
}
END_TEST

START_TEST(percentiles_of_rounds_have_a_spread)
{
	hist_reset(rows[OURS].latency->round[2]);
	record(rows[OURS].latency->round[2], 130);
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].latency->p50.n, ROUNDS);
	ck_assert_double_eq(rows[OURS].latency->p50.median, 100);
	ck_assert_double_eq(rows[OURS].latency->p50.max, 130);
	ck_assert_double_eq_tol(rows[OURS].latency->p99.median, 10000, 100);
	ck_assert_double_eq_tol(rows[OURS].latency->p99.max, 13000, 130);
}
END_TEST

START_TEST(tails_are_compared_with_the_peer_that_is_best_at_them)
{
	uint32_t r;

	/* the second peer has the shorter tail but in one round, slow as it is else */
	for (r = 1; r < ROUNDS; r++) {
		hist_reset(rows[OTHER].latency->round[r]);
		record_with(rows[OTHER].latency->round[r], 400, 15000);
	}
	rows[OTHER].sample[2].before = 1000; /* no pair for ours in this round */
	plan_judge(&plan);
	ck_assert_uint_eq(rows[OURS].latency->p99_ratio.n, ROUNDS - 1);
	ck_assert_double_eq_tol(rows[OURS].latency->p99_ratio.median, 1.5, 0.02);
	ck_assert_double_eq_tol(rows[OURS].latency->p99_ratio.max, 4, 0.05);
	ck_assert_uint_eq(rows[PEER].latency->p99_ratio.n, 0);
	ck_assert_uint_eq(rows[CLOCK].latency->p99_ratio.n, 0);
	ck_assert_uint_eq(rows[RATE].latency->p99_ratio.n, 0); /* nobody to compare with */
}
END_TEST

START_TEST(only_open_loops_have_service_times)
{
	ck_assert_ptr_null(rows[OURS].service);
	ck_assert_ptr_nonnull(rows[RATE].service);
	ck_assert_int_eq(latency_is_in(&plan, "latency"), 1);
	ck_assert_int_eq(latency_is_in(&plan, NULL), 1);
	ck_assert_int_eq(latency_is_in(&plan, "ring"), 0);
}
END_TEST

/* ---- out of shared memory ---- */

START_TEST(the_asker_of_a_closed_loop_and_the_readers_of_an_open_one_record)
{
	struct bench b = benches[OURS];
	struct latency_pair *first = latency_pair_at(env.arena, 0);

	ck_assert_ptr_eq(latency_pair_of(env.arena, &b, 0), first);
	ck_assert_ptr_null(latency_pair_of(env.arena, &b, 1));
	b = benches[RATE];
	ck_assert_ptr_null(latency_pair_of(env.arena, &b, 0));
	ck_assert_ptr_eq(latency_pair_of(env.arena, &b, 1), first);
	ck_assert_ptr_eq(latency_pair_of(env.arena, &b, 2), first + 1);
	ck_assert_ptr_null(latency_pair_of(env.arena, &b, LATENCY_READERS + 1));
	b.flags = 0;
	ck_assert_ptr_null(latency_pair_of(env.arena, &b, 0));
}
END_TEST

START_TEST(readers_are_added_up)
{
	static struct hist response, service;
	uint32_t i;

	hist_reset(&response);
	hist_reset(&service);
	benches[RATE].readers = 2;
	latency_clear(&env, &benches[RATE]);
	for (i = 0; i < 2; i++) {
		record(&latency_pair_at(env.arena, i)->response, 300 + i);
		record(&latency_pair_at(env.arena, i)->service, 200 + i);
	}
	ck_assert_int_eq(latency_collect(&env, &benches[RATE], 100, &response, &service), 0);
	ck_assert_uint_eq(response.count, 200);
	ck_assert_uint_eq(response.min, 300);
	ck_assert_uint_eq(response.max, 30100);
	ck_assert_uint_eq(service.min, 200);
	latency_clear(&env, &benches[RATE]);
	ck_assert_uint_eq(latency_pair_at(env.arena, 1)->service.count, 0);
}
END_TEST

START_TEST(an_operation_that_was_not_recorded_fails_the_row)
{
	double ns = -1;

	latency_clear(&env, &benches[OURS]);
	record(&latency_pair_at(env.arena, 0)->response, 300);
	ck_assert_int_eq(latency_collect(&env, &benches[OURS], 101, NULL, NULL), -1);
	ck_assert_str_eq(env.error, "100 of 101 response times were recorded");
	ck_assert_int_eq(latency_take(&plan, &rows[OURS], ROUNDS, &ns), 0);
	ck_assert_double_eq(ns, 301); /* the bucket's largest */
	ck_assert_uint_eq(rows[OURS].latency->round[ROUNDS]->count, 100);
	/* sent and seen, but not by its sending */
	ck_assert_int_eq(latency_collect(&env, &benches[RATE], 100, NULL, NULL), -1);
	ck_assert_str_eq(env.error, "0 of 100 service times were recorded");
}
END_TEST

/* ---- files ---- */

static int lines_of(const char *path, const char *part)
{
	char buf[256];
	int n = 0;
	FILE *f = fopen(path, "r");

	ck_assert_msg(f != NULL, "%s is not there", path);
	while (fgets(buf, sizeof(buf), f) != NULL)
		n += strstr(buf, part) != NULL;
	fclose(f);
	return n;
}

START_TEST(plans_on_pairs_of_cpus_say_which_in_their_names)
{
	char dir[] = "/tmp/check_bench_latency.XXXXXX", path[96];
	struct plan second = plan;
	struct bench_env there = env;
	int i;

	plan_judge(&plan);
	plan.rows = second.rows = 1;
	plan.opt.pair = second.opt.pair = "core";
	env.cpu[0] = 4;
	env.cpu[1] = 5;
	there.cpu[0] = 4;
	there.cpu[1] = 17;
	second.env = &there;
	plan.next = &second;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(latency_files(&plan, dir), 0);
	snprintf(path, sizeof(path), "%s/latency.csv", dir);
	ck_assert_int_eq(lines_of(path, "case@4-5,weir,50,100\n"), 1);
	ck_assert_int_eq(lines_of(path, "case@4-17,weir,"), 8); /* as below */
	ck_assert_int_eq(unlink(path), 0);
	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/latency-case-weir-4-%d.hgrm", dir, 5 + 12 * i);
		ck_assert_int_eq(unlink(path), 0);
	}
	ck_assert_int_eq(rmdir(dir), 0);
	plan.rows = ROWS;
}
END_TEST

START_TEST(files_have_a_line_per_percentile_and_one_export_per_row)
{
	static const char *const name[] = {
		"latency.csv",
		"latency-case-weir.hgrm",
		"latency-case-peer.hgrm",
		"latency-case-other.hgrm",
		"latency-clock-machine.hgrm",
		"latency-rate-weir.hgrm",
		"latency-rate-weir-service.hgrm",
	};
	char dir[] = "/tmp/check_bench_latency.XXXXXX", path[96];
	uint32_t r;
	size_t i;

	for (r = 0; r < ROUNDS; r++) {
		rows[RATE].service->round[r] = calloc(1, sizeof(struct hist));
		record(rows[RATE].service->round[r], 30);
	}
	plan_judge(&plan);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(latency_files(&plan, dir), 0);
	snprintf(path, sizeof(path), "%s/latency.csv", dir);
	ck_assert_int_eq(lines_of(path, "name,who,percentile,value_ns\n"), 1);
	ck_assert_int_eq(lines_of(path, "case,weir,50,100\n"), 1);
	ck_assert_int_eq(lines_of(path, "case,weir,100,10000\n"), 1);
	ck_assert_int_eq(lines_of(path, "rate/service,weir,0,30\n"), 1);
	/* of 400 values p95 is the last one with ten beyond it; and the maximum */
	ck_assert_int_eq(lines_of(path, "case,peer,"), 8);
	ck_assert_int_eq(lines_of(path, "case,peer,95,"), 1);
	for (i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, name[i]);
		if (i > 0)
			ck_assert_int_eq(lines_of(path, "Total count    =          400]"), 1);
		ck_assert_int_eq(unlink(path), 0);
	}
	ck_assert_int_eq(rmdir(dir), 0); /* and nothing else */
	ck_assert_int_eq(latency_files(&plan, dir), -1);
}
END_TEST

/* ---- the list ---- */

static double no_run(struct bench_env *e, const struct bench *b, uint64_t n,
		     struct bench_sample *out)
{
	(void)e, (void)b, (void)n, (void)out;
	return -1;
}

START_TEST(round_trips_grow_by_size_batch_and_readers_in_the_full_plan_only)
{
	static const char *const name[] = {
		"roundtrip/64B/threads",	  "roundtrip/64B/processes",
		"roundtrip/8B/threads",		  "roundtrip/8B/processes",
		"roundtrip/1KiB/threads",	  "roundtrip/1KiB/processes",
		"roundtrip/8B/batch32/threads",	  "roundtrip/64B/batch32/threads",
		"roundtrip/1KiB/batch32/threads", "roundtrip/1to2/8B/threads",
		"roundtrip/1to2/64B/threads",	  "roundtrip/1to2/1KiB/threads",
		"roundtrip/64B/threads",	  "roundtrip/8B/threads",
		"roundtrip/1KiB/threads",
	};
	const size_t before = bench_count();
	size_t i;

	bench_add_latency_cases("ours", 0, no_run);
	bench_add_trip_cases("ours", 0, BENCH_BATCH, 1, no_run);
	bench_add_trip_cases("ours", 0, 1, 2, no_run);
	bench_add_latency_cases("of threads", BENCH_PEER | BENCH_THREADS, no_run);
	ck_assert_uint_eq(bench_count(), before + 15);
	bench_add_latency_cases("peer", BENCH_PEER, no_run);
	ck_assert_uint_eq(bench_count(), before + 15 + 4); /* processes at 64 B */
	for (i = 0; i < 15; i++) {
		const struct bench *b = bench_at(before + i);

		ck_assert_str_eq(b->name, name[i]);
		ck_assert_uint_eq(b->flags & (BENCH_LATENCY | BENCH_OPEN), BENCH_LATENCY);
		ck_assert_int_eq(bench_is_quick(b, 2), i < 2 || i == 12);
		ck_assert_int_eq((b->flags & BENCH_PROCS) != 0, i == 1 || i == 3 || i == 5);
	}
	ck_assert_uint_eq(bench_at(before + 2)->size, 8);
	ck_assert_uint_eq(bench_at(before + 7)->batch, BENCH_BATCH);
	ck_assert_uint_eq(bench_at(before + 7)->readers, 1);
	ck_assert_uint_eq(bench_at(before + 11)->readers, 2);
	ck_assert_uint_eq(bench_at(before + 11)->size, 1024);
}
END_TEST

START_TEST(rows_at_a_fixed_rate_carry_it_in_their_name)
{
	const size_t before = bench_count();

	bench_set_rate(2500);
	bench_add_rate_cases("ours", 0, 1, no_run);
	bench_add_rate_cases("peer", BENCH_PEER, 2, no_run);
	ck_assert_uint_eq(bench_count(), before + 4);
	ck_assert_str_eq(bench_at(before)->name, "rate-2500/1to1/64B/threads");
	ck_assert_uint_eq(bench_at(before)->rate, 2500);
	ck_assert_uint_eq(bench_at(before)->flags & BENCH_SPINS, 0);
	ck_assert_int_eq(bench_is_quick(bench_at(before + 1), 2), 1);
	ck_assert_str_eq(bench_at(before + 2)->name, "rate-2500/1to2/64B/threads");
	ck_assert_int_eq(bench_is_quick(bench_at(before + 2), 2), 0);
	ck_assert_int_eq(bench_is_quick(bench_at(before + 2), 3), 1);
	ck_assert_int_eq(bench_is_quick(bench_at(before + 3), 16), 0); /* a peer's processes */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bench_latency");
	TCase *tc = tcase_create("latency");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, the_kept_rounds_are_merged);
	tcase_add_test(tc, percentiles_of_rounds_have_a_spread);
	tcase_add_test(tc, tails_are_compared_with_the_peer_that_is_best_at_them);
	tcase_add_test(tc, only_open_loops_have_service_times);
	tcase_add_test(tc, the_asker_of_a_closed_loop_and_the_readers_of_an_open_one_record);
	tcase_add_test(tc, readers_are_added_up);
	tcase_add_test(tc, an_operation_that_was_not_recorded_fails_the_row);
	tcase_add_test(tc, files_have_a_line_per_percentile_and_one_export_per_row);
	tcase_add_test(tc, plans_on_pairs_of_cpus_say_which_in_their_names);
	tcase_add_test(tc, round_trips_grow_by_size_batch_and_readers_in_the_full_plan_only);
	tcase_add_test(tc, rows_at_a_fixed_rate_carry_it_in_their_name);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
