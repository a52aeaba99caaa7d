/* How the bench's plan fits into its time, with a clock that only made-up benches move on. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "plan.h"
#include "probe.h"
#include "realtime.h"
#include "steal.h"

#define MS 1000000.0
#define PROBE_NS (1 * MS)

static int64_t now_ns;

int64_t driver_now(void)
{
	return now_ns;
}

static unsigned probes;
static double (*probe)(unsigned i); /* what the one with that number, from 0 on, finds */

/* Each says which it is; none is unusual. */
static double numbered(unsigned i)
{
	return 10000 + i;
}

static double two_states(unsigned i)
{
	return i % 5 == 0 ? 300 : 100;
}

double probe_machine(struct bench_env *env)
{
	(void)env;
	now_ns += (int64_t)PROBE_NS;
	return probe(probes++);
}

static struct plan plan;

/* ---- made-up benches ---- */

enum { ROWS_MAX = 300 };

static struct bench benches[ROWS_MAX];
static size_t benches_n;
static double op_ns, overhead_ns; /* of each bench */
static unsigned runs, timed_runs, counted_runs;
static unsigned disturbed_run; /* the run, from 1 on, that others disturb; 0: none */
static double disturbed_ns;
static unsigned slow_runs; /* so many runs are slower */
static double slow_op_ns;
static int lies;	  /* about their time */
static unsigned fails_at; /* the run, from 1 on, that fails */

size_t bench_count(void)
{
	return benches_n;
}

const struct bench *bench_at(size_t i)
{
	return &benches[i];
}

int bench_spins_in_vain(const struct bench *b, unsigned cpus)
{
	(void)b;
	(void)cpus;
	return 0;
}

int bench_stamps_in_vain(const struct bench *b, unsigned cpus)
{
	return bench_spins_in_vain(b, cpus);
}

int realtime_leaves_out(const struct bench_env *e, const struct bench *b)
{
	return bench_spins_in_vain(b, e->cpus);
}

int bench_matches(const char *filter, const char *name)
{
	return filter == NULL || strstr(name, filter) != NULL;
}

void bench_full_name(const struct bench *b, char *buf, size_t cap)
{
	snprintf(buf, cap, "%s/%s/%s", b->group, b->name, b->who);
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n, struct bench_sample *s)
{
	double ns = (double)n * (runs < slow_runs ? slow_op_ns : op_ns);

	runs++;
	memset(s, 0, sizeof(*s));
	counted_runs += env->count_calls != 0;
	timed_runs += env->count_calls == 0;
	ns += runs == disturbed_run ? disturbed_ns : 0;
	now_ns += (int64_t)(ns + overhead_ns);
	s->ns = ns;
	if (lies && plan.calibrated != 0) /* not the time that it takes */
		ns *= b->flags & BENCH_PEER ? 1.5 : 0.8 + 0.1 * (runs % 4);
	return runs == fails_at ? -1 : ns;
}

/* ---- what the plan calls that is not looked at here ---- */

/* Every round is kept, but those for which this says otherwise. */
static int (*drops)(unsigned row, unsigned round);

void plan_judge(struct plan *p)
{
	unsigned i, r;

	for (i = 0; i < p->rows; i++)
		for (r = 0; r < STATS_ROUNDS_MAX; r++)
			plan_keep(p, &p->row[i])[r] =
				!isnan(p->row[i].sample[r].ns_per_op) &&
						(drops == NULL || !drops(i, r))
					? KEPT
					: 0;
}

int latency_make(struct plan_row *row)
{
	(void)row;
	return 0;
}

int latency_take(struct plan *p, struct plan_row *row, uint32_t round, double *ns)
{
	(void)p;
	(void)row;
	(void)round;
	(void)ns;
	return 0;
}

void latency_free(struct plan_row *row)
{
	(void)row;
}

void latency_look_at_clocks(struct plan *p)
{
	(void)p;
}

/* ---- a plan of them ---- */

static struct bench_env env;
static struct plan_options opt;

static void add_benches(unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		struct bench *b = &benches[i];

		b->group = "made-up";
		b->who = "weir";
		b->unit = "op";
		snprintf(b->name, sizeof(b->name), "row%u", i);
		b->readers = 1;
		b->run = run;
	}
	benches_n = n;
}

static void begin(void)
{
	memset(benches, 0, sizeof(benches));
	memset(&env, 0, sizeof(env));
	memset(&opt, 0, sizeof(opt));
	env.cpus = 2;
	probe = numbered;
	drops = NULL;
	lies = 0;
	now_ns = 1000;
	op_ns = 10;
	overhead_ns = 3 * MS;
	runs = timed_runs = counted_runs = disturbed_run = slow_runs = fails_at = probes = 0;
	opt.rounds = 15;
	opt.seed = 1;
	opt.sample_ns = 40 * MS;
	opt.budget_ns = 90e9;
}

static double go(void)
{
	const int64_t before = now_ns;

	ck_assert_int_eq(plan_make(&plan, &env, &opt), 0);
	plan_run(&plan);
	plan_judge(&plan);
	return (double)(now_ns - before);
}

static double sample_ns(unsigned row)
{
	return (double)plan.row[row].n * op_ns;
}

/* ---- fitting ---- */

static const struct {
	unsigned rows;
	double overhead_ms;
	uint32_t rounds;
	double least_ms, most_ms; /* of a sample */
} fits[] = {
	{10, 3, 15, 39, 41},	/* time enough */
	{250, 3, 15, 7, 12},	/* shorter samples */
	{250, 0.1, 15, 9, 13},	/* the less a sample takes beside, the longer it is */
	{250, 13, 13, 4.9, 5.1} /* fewer rounds of the shortest samples */
};

START_TEST(rounds_and_samples_fit_into_the_time)
{
	double took;
	uint32_t r;

	add_benches(fits[_i].rows);
	overhead_ns = fits[_i].overhead_ms * MS;
	took = go();
	r = plan.rounds;
	ck_assert_msg(r == fits[_i].rounds, "%u rounds", r);
	ck_assert_msg(took <= opt.budget_ns, "took %.1f s", took / 1e9);
	ck_assert_msg(took > 0.93 * opt.budget_ns || r == 15, "took %.1f s only", took / 1e9);
	ck_assert_msg(sample_ns(0) >= fits[_i].least_ms * MS &&
			      sample_ns(0) <= fits[_i].most_ms * MS,
		      "samples of %.1f ms", sample_ns(0) / MS);
	plan_free(&plan);
}
END_TEST

/* All rounds but for the least few are within the time, and nobody counts what there is no time for. */
START_TEST(a_machine_much_too_slow_gets_the_least_rounds)
{
	add_benches(100);
	probe = two_states;
	overhead_ns = 500 * MS;
	go();
	ck_assert_uint_eq(plan.rounds, 3);
	ck_assert_uint_eq(probes, 1 + 3 * (1 + 100)); /* nor waits for a better moment */
	ck_assert_msg(counted_runs > 0 && counted_runs < 50, "%u counted", counted_runs);
	plan_free(&plan);
}
END_TEST

/* ---- calibrating ---- */

START_TEST(a_run_that_was_disturbed_does_not_calibrate)
{
	unsigned at;

	add_benches(1);
	for (at = 1; at < 8; at++) {
		runs = 0;
		disturbed_run = at;
		disturbed_ns = 50 * MS;
		ck_assert_double_eq_tol((double)plan_calibrate(&env, &benches[0], 10 * MS) * op_ns,
					10 * MS, 0.1 * MS);
	}
}
END_TEST

/* What every run of the calibration suffered from is seen in the first round. */
START_TEST(the_first_round_mends_what_calibration_got_wrong)
{
	add_benches(1);
	opt.rounds = 2;
	slow_runs = 4; /* calibration */
	slow_op_ns = 1000;
	go();
	ck_assert_double_eq_tol(sample_ns(0), 40 * MS, 1 * MS);
	plan_free(&plan);
}
END_TEST

START_TEST(one_disturbed_sample_does_not_change_the_length)
{
	uint64_t n;

	add_benches(1);
	opt.rounds = 2;
	go();
	n = plan.row[0].n;
	plan_free(&plan);
	disturbed_run = runs - 1; /* the first sample */
	disturbed_ns = 200 * MS;
	runs = probes = 0;
	go();
	ck_assert_uint_eq(plan.row[0].n, n);
	plan_free(&plan);
}
END_TEST

START_TEST(operations_are_scaled_as_far_as_a_bench_allows)
{
	struct bench b;

	memset(&b, 0, sizeof(b));
	ck_assert_uint_eq(plan_scaled(&b, 100, 8 * MS, 2.5), 250);
	b.batch = 32;
	ck_assert_uint_eq(plan_scaled(&b, 320, 8 * MS, 0.5), 160);
	ck_assert_uint_eq(plan_scaled(&b, 320, 8 * MS, 0.01), 32);
	b.batch = 0;
	b.way = BENCH_PARK;
	ck_assert_uint_eq(plan_scaled(&b, 60000, 8 * MS, 2), 65536);
	b.flags = BENCH_OPEN;
	b.rate = 1000000;
	ck_assert_uint_eq(plan_scaled(&b, 100, 8 * MS, 2), 8001);
}
END_TEST

START_TEST(slow_operations_get_longer_samples_where_these_are_short)
{
	ck_assert_double_eq(plan_sample_of(100000, 5 * MS), 5 * MS);
	ck_assert_double_eq(plan_sample_of(200, 5 * MS), 5 * MS);
	ck_assert_double_eq(plan_sample_of(160, 5 * MS), 6.25 * MS);
	ck_assert_double_eq(plan_sample_of(10, 5 * MS), 8 * MS);
	ck_assert_double_eq(plan_sample_of(10, 40 * MS), 40 * MS);
}
END_TEST

START_TEST(their_length_is_theirs)
{
	add_benches(250);
	overhead_ns = 13 * MS;
	op_ns = 30000;
	go();
	ck_assert_double_eq_tol(sample_ns(0), 200 * op_ns, 0.1 * MS);
	plan_free(&plan);
}
END_TEST

/* ---- extra rounds ---- */

/* Rows by two, which are compared. */
static void pair_up(unsigned rows)
{
	unsigned i;

	add_benches(rows);
	for (i = 0; i < rows; i++) {
		snprintf(benches[i].name, sizeof(benches[i].name), "case%u", i / 2);
		benches[i].who = i % 2 == 0 ? "weir" : "peer";
		benches[i].flags = i % 2 == 0 ? 0 : BENCH_PEER;
	}
}

/* Of the first hundred rows, two rounds in three. */
static int unlucky(unsigned row, unsigned round)
{
	return row < 100 && round % 3 != 0;
}

static unsigned taken(unsigned row)
{
	unsigned r, n = 0;

	for (r = 0; r < STATS_ROUNDS_MAX; r++)
		n += isnan(plan.row[row].sample[r].ns_per_op) ? 0 : 1;
	return n;
}

START_TEST(short_of_time_the_disturbed_go_first)
{
	double took;

	pair_up(250);
	overhead_ns = 20 * MS;
	drops = unlucky;
	took = go();
	ck_assert_msg(took <= opt.budget_ns, "took %.1f s", took / 1e9);
	ck_assert_uint_lt(plan.rounds_fit, 15);
	/* six that count are wanted; the others have had theirs in the beginning */
	ck_assert_msg(taken(0) > 12, "%u", taken(0));
	ck_assert_uint_le(taken(249), 8);
	ck_assert_uint_ge(taken(249), 6);
	ck_assert_uint_eq(taken(0), taken(1));
	ck_assert_msg(took > 0.93 * opt.budget_ns, "took %.1f s only", took / 1e9);
	plan_free(&plan);
}
END_TEST

/* What was measured has no say: the same rounds whatever the samples were. */
START_TEST(results_do_not_choose_rounds)
{
	unsigned i, n[250];

	pair_up(250);
	overhead_ns = 20 * MS;
	drops = unlucky;
	go();
	for (i = 0; i < 250; i++)
		n[i] = taken(i);
	plan_free(&plan);
	runs = probes = 0;
	now_ns = 1000;
	lies = 1;
	go();
	for (i = 0; i < 250; i++)
		ck_assert_uint_eq(taken(i), n[i]);
	plan_free(&plan);
}
END_TEST

/* Nobody has lost anything: the time is for all. */
START_TEST(without_disturbances_all_rows_get_the_time)
{
	unsigned i;

	pair_up(250);
	overhead_ns = 13 * MS;
	go();
	for (i = 0; i < 250; i++)
		ck_assert_uint_eq(taken(i), plan.rounds);
	ck_assert_uint_gt(plan.rounds, 11);
	plan_free(&plan);
}
END_TEST

static int always(unsigned row, unsigned round)
{
	(void)round;
	return row == 0;
}

static int four_in_five(unsigned row, unsigned round)
{
	return row == 0 && round % 5 != 0;
}

START_TEST(what_is_never_quiet_is_given_up)
{
	pair_up(4);
	drops = always;
	go();
	ck_assert_uint_eq(plan.rounds, 15);
	plan_free(&plan);
	drops = four_in_five; /* there is hope: but no more than twice the rounds */
	runs = 0;
	now_ns = 1000;
	go();
	ck_assert_uint_eq(plan.rounds, 30);
	ck_assert_uint_eq(taken(0), 30);
	ck_assert_uint_eq(taken(3), 15);
	plan_free(&plan);
}
END_TEST

/* One case that is hardly ever quiet takes many rounds, and not those of the others. */
START_TEST(extra_rounds_of_one_case_are_not_those_of_the_others)
{
	double took;

	pair_up(250);
	overhead_ns = 18 * MS;
	drops = four_in_five;
	took = go();
	ck_assert_uint_lt(plan.rounds_fit, 15);
	ck_assert_uint_gt(taken(0), 20);
	ck_assert_msg(taken(249) >= 8, "%u", taken(249));
	ck_assert_msg(took > 0.93 * opt.budget_ns, "took %.1f s only", took / 1e9);
	plan_free(&plan);
}
END_TEST

/* Keeps what the text has a 1 for. */
static void keep(unsigned row, const char *text)
{
	uint8_t *k = plan_keep(&plan, &plan.row[row]);
	unsigned r;

	memset(k, 0, STATS_ROUNDS_MAX);
	for (r = 0; text[r] != '\0'; r++)
		k[r] = text[r] == '1' ? KEPT : text[r] == '2' ? KEPT_DISTURBED : 0;
	plan.rounds = r;
}

START_TEST(rounds_count_where_both_of_two_have_them)
{
	add_benches(5);
	pair_up(4);
	benches[2].who = "weir-too";
	benches[3].who = "shares";
	benches[3].flags = BENCH_PEER | BENCH_SHARING;
	snprintf(benches[2].name, sizeof(benches[2].name), "case0");
	snprintf(benches[3].name, sizeof(benches[3].name), "case0");
	benches_n = 5;
	ck_assert_int_eq(plan_make(&plan, &env, &opt), 0);
	ck_assert_uint_eq(plan.sets, 2);
	ck_assert_uint_eq(plan_rows_of(&plan, 0), 4);
	keep(0, "11110000");
	keep(1, "00111111"); /* the peer */
	keep(2, "11111111");
	keep(3, "00000000"); /* in no ratio */
	keep(4, "01020202"); /* alone */
	ck_assert_uint_eq(plan_common_rounds(&plan, 0), 2);
	keep(0, "11111111");
	ck_assert_uint_eq(plan_common_rounds(&plan, 0), 6);
	ck_assert_uint_eq(plan_common_rounds(&plan, 1), 1);
	snprintf(plan.row[1].error, sizeof(plan.row[1].error), "failed");
	ck_assert_uint_eq(plan_common_rounds(&plan, 0), 0); /* the fewest of those that are left */
	ck_assert_uint_eq(plan_rows_of(&plan, 0), 3);
	snprintf(plan.row[4].error, sizeof(plan.row[4].error), "failed");
	ck_assert_uint_eq(plan_common_rounds(&plan, 1), UINT32_MAX);
	plan_free(&plan);
}
END_TEST

/* ---- probes ---- */

/* Once the first round is over, one in five finds the machine in another state. */
static double one_in_five(unsigned i)
{
	return i > 4 && i % 5 == 0 ? 300 : 100;
}

START_TEST(a_sample_is_not_begun_in_an_unusual_state)
{
	unsigned i, r;

	add_benches(3);
	opt.rounds = 4;
	probe = one_in_five;
	go();
	for (i = 0; i < 3; i++)
		for (r = 1; r < 4; r++)
			ck_assert_double_eq(plan.row[i].sample[r].before, 100);
	plan_free(&plan);
}
END_TEST

static double for_good(unsigned i)
{
	return i > 4 ? 300 : 100;
}

/* The state in which it was is not the one in which it will be: a few probes, and on. */
START_TEST(a_state_that_stays_is_not_waited_for)
{
	unsigned i;

	add_benches(3);
	opt.rounds = 4;
	probe = for_good;
	go();
	for (i = 0; i < 3; i++)
		ck_assert_uint_eq(taken(i), 4);
	ck_assert_double_eq(plan.row[2].sample[3].before, 300);
	ck_assert_uint_le(probes, 5 + 3 * (1 + 3 * 5));
	ck_assert_double_eq(plan_usual_probe(&plan), 300);
	plan_free(&plan);
}
END_TEST

START_TEST(the_probe_before_a_sample_is_never_older_than_a_failed_row)
{
	unsigned i, failed = 0;

	add_benches(3);
	opt.rounds = 1;
	go();
	plan_free(&plan);
	fails_at = runs - 1; /* the second sample of the only round */
	runs = 0;
	go();
	for (i = 0; i < 3; i++)
		failed += plan.row[i].error[0] != '\0';
	ck_assert_uint_eq(failed, 1);
	/* each sample's probes are the two right beside it: consecutive ones */
	for (i = 0; i < 3; i++)
		if (plan.row[i].error[0] == '\0')
			ck_assert_double_eq_tol(plan.row[i].sample[0].after -
							plan.row[i].sample[0].before,
						1, 1e-9);
	/* and of the three probes of the round, one is of the row that failed */
	ck_assert_double_eq_tol(fabs(plan.row[0].sample[0].after - plan.row[2].sample[0].after), 2,
				1e-9);
	plan_free(&plan);
}
END_TEST

/* ---- steal ---- */

START_TEST(steal_is_summed_up_over_the_cpus_used)
{
	static const char text[] = "cpu  9 9 9 9 9 9 9 999 0 0\n"
				   "cpu0 1 2 3 4 5 6 7 80 0 0\n"
				   "cpu1 1 2 3 4 5 6 7 900 0 0\n"
				   "cpu10 1 2 3 4 5 6 7 5000 0 0\n"
				   "intr 5 6\n";
	static const int two[] = {10, 0}, missing[] = {0, 2};

	ck_assert_int_eq(steal_in(text, two, 2), 5080);
	ck_assert_int_eq(steal_in(text, two, 1), 5000);
	ck_assert_int_eq(steal_in(text, missing, 2), -1);
	ck_assert_int_eq(steal_in("cpu0 1 2 3 4 5 6 7\n", two + 1, 1), -1);
	ck_assert_int_eq(steal_in("cpu0 1 2 3 4 5 6 7 x\n", two + 1, 1), -1);
	ck_assert_int_eq(steal_in("", two, 1), -1);
	ck_assert_int_eq(steal_in("cpu0 1 2 3 4 5 6 7 80", two + 1, 1), 80);
}
END_TEST

START_TEST(steal_is_a_share_of_the_time_of_all_cpus_used)
{
	struct steal from = {0, 100, 2}, to = {(int64_t)(100 * MS), 105, 2};

	ck_assert_double_eq_tol(steal_share(&from, &to, 100), 0.25, 1e-9);
	to.ticks = 100;
	ck_assert_double_eq_tol(steal_share(&from, &to, 100), 0, 1e-9);
	to.ticks = 100000;
	ck_assert_double_eq_tol(steal_share(&from, &to, 100), 1, 1e-9);
	to.ticks = 99; /* a counter that goes back */
	ck_assert_double_eq_tol(steal_share(&from, &to, 100), 0, 1e-9);
	from.ticks = -1;
	to.ticks = 105;
	ck_assert_double_eq_tol(steal_share(&from, &to, 100), 0, 1e-9);
	from.ticks = 100;
	to.now = from.now;
	ck_assert_double_eq_tol(steal_share(&from, &to, 100), 0, 1e-9);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench_plan");
	TCase *tc = tcase_create("time");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, begin, NULL);
	tcase_add_loop_test(tc, rounds_and_samples_fit_into_the_time, 0,
			    (int)(sizeof(fits) / sizeof(fits[0])));
	tcase_add_test(tc, a_machine_much_too_slow_gets_the_least_rounds);
	tcase_add_test(tc, a_run_that_was_disturbed_does_not_calibrate);
	tcase_add_test(tc, the_first_round_mends_what_calibration_got_wrong);
	tcase_add_test(tc, one_disturbed_sample_does_not_change_the_length);
	tcase_add_test(tc, operations_are_scaled_as_far_as_a_bench_allows);
	tcase_add_test(tc, slow_operations_get_longer_samples_where_these_are_short);
	tcase_add_test(tc, their_length_is_theirs);
	tcase_add_test(tc, short_of_time_the_disturbed_go_first);
	tcase_add_test(tc, results_do_not_choose_rounds);
	tcase_add_test(tc, without_disturbances_all_rows_get_the_time);
	tcase_add_test(tc, what_is_never_quiet_is_given_up);
	tcase_add_test(tc, extra_rounds_of_one_case_are_not_those_of_the_others);
	tcase_add_test(tc, rounds_count_where_both_of_two_have_them);
	tcase_add_test(tc, a_sample_is_not_begun_in_an_unusual_state);
	tcase_add_test(tc, a_state_that_stays_is_not_waited_for);
	tcase_add_test(tc, the_probe_before_a_sample_is_never_older_than_a_failed_row);
	suite_add_tcase(s, tc);
	tc = tcase_create("steal");
	tcase_add_test(tc, steal_is_summed_up_over_the_cpus_used);
	tcase_add_test(tc, steal_is_a_share_of_the_time_of_all_cpus_used);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
