/*
 * The run plan. All rows are run once per round, A B C A B C ..., rows that are compared with each
 * other right after one another and in another order each round, so that a machine that changes
 * slowly changes for all alike. The machine is probed between any two samples.
 */
#include "plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"
#include "probe.h"
#include "steal.h"

#define COUNTED_N 256u /* operations whose system calls are counted */
#define LEAST_ROUNDS 3u
#define SURE 0.97  /* of the time that is left is planned for */
#define HASTY 0.25 /* of the time: calibration that takes longer does without what it can */
#define WANTED_ROUNDS (STATS_TELLING + 2u) /* that count: some to spare */
#define FOR_ROUNDS 0.6 /* of the time, in the quick plan; the rest is for what is disturbed */
#define SETTLE_TRIES 4u
#define OFF 2.0 /* times: such a sample is too long or too short */

void plan_free(struct plan *p)
{
	uint32_t i;

	for (i = 0; i < p->rows; i++)
		latency_free(&p->row[i]);
	free(p->row);
	free(p->order);
	free(p->keep);
	free(p->goes_on);
	free(p->scratch);
}

/* ---- running ---- */

int plan_interrupted(const struct plan *p)
{
	return p->stop != NULL && *p->stop != 0;
}

static void fail_row(struct plan *p, struct plan_row *row)
{
	char name[160];

	if (plan_interrupted(p))
		return; /* it was ended */
	snprintf(row->error, sizeof(row->error), "%s",
		 p->env->error[0] != '\0' ? p->env->error : "failed");
	p->failed++;
	bench_full_name(row->b, name, sizeof(name));
	fprintf(stderr, "%s\nFAILED %s: %s\n", isatty(STDOUT_FILENO) ? "\n" : "", name, row->error);
}

/* An untimed run under a tracer. */
static void count_calls(struct plan *p, struct plan_row *row)
{
	const uint64_t step = row->b->batch > 1 ? row->b->batch : 1;
	uint64_t n = COUNTED_N < step ? step : COUNTED_N - COUNTED_N % step;
	struct bench_sample s;
	double ns;

	n = n > row->n ? row->n : n;
	p->env->count_calls = 1;
	ns = row->b->run(p->env, row->b, n, &s);
	p->env->count_calls = 0;
	if (ns < 0)
		fail_row(p, row);
	else
		row->calls_per_op = s.calls / (double)n;
}

/* With what is known of each row now: how long samples may be for all rounds to fit, and how many
 * rounds fit when that would be too short. */
static void fit(struct plan *p)
{
	const double asked = p->opt.sample_ns;
	const int64_t before = driver_now();
	double fixed = 0, live = 0, left, round;
	uint32_t i;

	(void)probe_machine(p->env);
	round = (double)(driver_now() - before);
	for (i = 0; i < p->rows; i++)
		if (p->row[i].error[0] == '\0') {
			fixed += p->row[i].overhead_ns + round;
			live++;
		}
	left = SURE * (p->opt.budget_ns - (double)(driver_now() - p->started));
	round = left * (p->opt.full ? 1 : FOR_ROUNDS) / p->opt.rounds;
	p->opt.sample_ns = plan_fitting_sample(round, fixed, live, p->most_ns);
	round = fixed + live * p->opt.sample_ns;
	left = round > 0 ? floor(left / round) : p->opt.rounds;
	p->rounds_fit = left < LEAST_ROUNDS    ? LEAST_ROUNDS
			: left < p->opt.rounds ? (uint32_t)left
					       : p->opt.rounds;
	if (p->rounds_fit > p->opt.rounds)
		p->rounds_fit = p->opt.rounds;
	for (i = 0; i < p->rows; i++) {
		struct plan_row *row = &p->row[i];

		row->sample_ns = plan_sample_of(
			plan_scaled(row->b, row->n, p->opt.sample_ns, p->opt.sample_ns / asked),
			p->opt.sample_ns);
		row->n = plan_scaled(row->b, row->n, row->sample_ns, row->sample_ns / asked);
	}
}

static void calibrate_all(struct plan *p)
{
	uint32_t i;

	for (i = 0; i < p->rows && !plan_interrupted(p); i++) {
		struct plan_row *row = &p->row[p->order[i]];
		/* a machine so busy that there is hardly time to measure */
		int hasty = (double)(driver_now() - p->started) > HASTY * p->opt.budget_ns;

		plan_progress(p, "calibrating", row);
		row->n = plan_calibrate_row(p->env, row->b, p->opt.sample_ns, hasty,
					    &row->overhead_ns);
		if (row->n == 0)
			fail_row(p, row);
		else if (!hasty)
			count_calls(p, row);
		p->steps_done++;
	}
	if (!plan_interrupted(p))
		fit(p);
	p->calibrated = driver_now();
	p->steps_done = 0;
	if (!plan_interrupted(p))
		plan_progress_line(p, "calibrated");
}

static double measure(struct plan *p, struct plan_row *row, struct bench_sample *got)
{
	double ns = row->b->run(p->env, row->b, row->n, got);

	if (ns >= 0 && !(bench_ns_of(row->b, ns, got) > 0)) {
		snprintf(p->env->error, sizeof(p->env->error), "took no time at all");
		ns = -1;
	}
	return ns;
}

static int is_off(double ns, double wanted)
{
	return ns > OFF * wanted || ns * OFF < wanted;
}

/* The first sample of a row. It was calibrated in a run or two, which others may have disturbed: when
 * two samples in a row are far from what was wanted, they are a better measure. */
static double measure_first(struct plan *p, struct plan_row *row, struct bench_sample *got)
{
	double again, ns = measure(p, row, got);
	uint64_t n;

	if (ns < 0 || !is_off(ns, row->sample_ns))
		return ns;
	n = plan_scaled(row->b, row->n, row->sample_ns, row->sample_ns / ns);
	if (n == row->n || plan_interrupted(p))
		return ns; /* cannot be helped */
	again = measure(p, row, got);
	if (again < 0 || !is_off(again, row->sample_ns))
		return again;
	ns = again < ns ? again : ns;
	row->n = plan_scaled(row->b, row->n, row->sample_ns, row->sample_ns / ns);
	return measure(p, row, got);
}

/* The CPUs that a row's roles run on. */
static void look_at_steal(const struct plan *p, const struct bench *b, struct steal *s)
{
	const unsigned cpus = p->env->cpus;

	steal_look(p->env->cpu, b->readers + 1 < cpus ? b->readers + 1 : cpus, s);
}

/* A sample taken in an unusual state of the machine would be dropped: a moment later it may have
 * another. The probe alone decides, as it does in the end. A machine so busy that there is hardly time
 * for samples has none for this. */
static void settle(struct plan *p)
{
	unsigned i;

	if (p->rounds_fit < STATS_TELLING && p->rounds_fit < p->opt.rounds)
		return;
	for (i = 0;
	     i < SETTLE_TRIES && stats_outlying(p->probe_last, p->usual) && !plan_interrupted(p);
	     i++)
		p->probe_last = probe_machine(p->env);
}

static void take_sample(struct plan *p, struct plan_row *row, uint32_t round)
{
	struct plan_sample *s = &row->sample[round];
	struct bench_sample got;
	struct steal from, to;
	double ns;

	look_at_steal(p, row->b, &from);
	ns = round == 0 ? measure_first(p, row, &got) : measure(p, row, &got);
	look_at_steal(p, row->b, &to);
	s->ns_per_op = bench_ns_of(row->b, ns, &got) / (double)row->n;
	if (ns < 0 || latency_take(p, row, round, &s->ns_per_op) != 0) {
		s->ns_per_op = (double)NAN;
		fail_row(p, row);
		if (!plan_interrupted(p)) /* the next one wants a probe from right before it */
			p->probe_last = probe_machine(p->env);
		return;
	}
	s->before = p->probe_last;
	s->after = p->probe_last = probe_machine(p->env);
	s->stolen = steal_share(&from, &to, sysconf(_SC_CLK_TCK));
	s->allocs = got.allocs;
	s->value = got.value;
	s->waiting = got.waiting;
	s->voluntary = got.voluntary;
	s->involuntary = got.involuntary;
	s->faults = got.faults;
	s->lost = got.lost;
	s->evicted = got.evicted;
}

/* splitmix64: all that is wanted is another order each round, the same for the same seed. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static void shuffle_sets(struct plan *p)
{
	uint32_t from = 0, to, i, k, swap;

	for (; from < p->rows; from = to) {
		for (to = from; to < p->rows; to++)
			if (p->row[p->order[to]].set != p->row[p->order[from]].set)
				break;
		for (i = to - from; i > 1; i--) {
			k = (uint32_t)(next_random(&p->random) % i);
			swap = p->order[from + k];
			p->order[from + k] = p->order[from + i - 1];
			p->order[from + i - 1] = swap;
		}
	}
}

/* A sample takes so long, with all that is about it. */
static double pace(const struct plan *p)
{
	const double done = (double)p->steps_done;

	return done > 0 ? (double)(driver_now() - p->calibrated) / done : 0;
}

static double time_left(const struct plan *p)
{
	return p->opt.budget_ns - (double)(driver_now() - p->started);
}

/* Marks the sets that an extra round is for, as far as there is time for them. How many. */
static uint32_t choose_sets(struct plan *p, uint32_t wanted)
{
	double left = time_left(p) / (pace(p) > 0 ? pace(p) : 1);
	uint32_t s, rows, n = 0;

	for (s = 0; s < p->sets; s++) {
		rows = plan_rows_of(p, s);
		p->goes_on[s] = rows > 0 && rows <= left && plan_lacks_rounds(p, s, wanted);
		left -= p->goes_on[s] ? rows : 0;
		n += p->goes_on[s];
	}
	return n;
}

/* One round over all rows, or over the sets that were chosen. How many samples it was. */
static uint32_t run_round(struct plan *p, int extra)
{
	uint32_t i, ran = 0, round = p->rounds;
	char what[32];

	if (extra)
		snprintf(what, sizeof(what), "extra round %u", (unsigned)(round + 1));
	else
		snprintf(what, sizeof(what), "round %u/%u", (unsigned)(p->whole + 1),
			 (unsigned)(p->whole < p->rounds_fit ? p->rounds_fit : p->whole + 1));
	shuffle_sets(p);
	p->usual = plan_usual_probe(p);
	p->probe_last = probe_machine(p->env);
	for (i = 0; i < p->rows && !plan_interrupted(p); i++) {
		struct plan_row *row = &p->row[p->order[i]];

		if (row->error[0] != '\0' || (extra && !p->goes_on[row->set]))
			continue;
		plan_progress(p, what, row);
		settle(p);
		take_sample(p, row, round);
		p->steps_done++;
		ran++;
	}
	if (ran > 0) {
		p->rounds = round + 1;
		p->whole += extra ? 0 : 1;
		plan_progress_line(p, what);
	}
	return ran;
}

/* A round over all would be done in time. */
static int fits(const struct plan *p)
{
	return pace(p) * p->rows <= time_left(p);
}

/* So many rounds over all rows. A machine so busy that time runs out gets fewer, but some. */
static void run_rounds(struct plan *p, uint32_t rounds)
{
	while (p->whole < rounds && p->rounds < STATS_ROUNDS_MAX && !plan_interrupted(p) &&
	       (p->whole < LEAST_ROUNDS || fits(p)))
		if (run_round(p, 0) == 0)
			break; /* every row has failed */
}

/* Rounds for the sets that have lost too many to the machine, until none has. */
static void run_extra(struct plan *p, uint32_t wanted)
{
	while (p->rounds < STATS_ROUNDS_MAX && !plan_interrupted(p)) {
		plan_judge(p);
		if (choose_sets(p, wanted) == 0 || run_round(p, 1) == 0)
			break;
	}
}

/*
 * When there is no time for all rounds that were planned, all rows get some, and what is left goes
 * first to those that the machine disturbed. Which they are is said by the number of rounds that count,
 * and never by what was measured in them.
 */
void plan_run(struct plan *p)
{
	const uint32_t least = (2 * p->opt.rounds + 2) / 3;

	p->started = driver_now();
	latency_look_at_clocks(p);
	calibrate_all(p);
	if (p->rounds_fit < p->opt.rounds) {
		run_rounds(p, p->rounds_fit < STATS_TELLING ? p->rounds_fit : STATS_TELLING);
		run_extra(p, least < STATS_TELLING ? least : STATS_TELLING);
		run_extra(p, least < WANTED_ROUNDS ? least : WANTED_ROUNDS);
	}
	run_rounds(p, p->opt.rounds);
	run_extra(p, least);
	if (isatty(STDOUT_FILENO))
		printf("\r\033[K");
}
