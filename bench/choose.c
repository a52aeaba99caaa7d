/* Which benches are in the plan. See plan.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "realtime.h"

static int is_named(const struct plan_options *o, const struct bench *b)
{
	char name[160];

	bench_full_name(b, name, sizeof(name));
	return bench_matches(o->filter, name);
}

/* Has this group rows of processes as well as of threads? */
static int distinguishes(const char *group)
{
	uint32_t seen = 0;
	size_t i;

	for (i = 0; i < bench_count(); i++)
		if (strcmp(bench_at(i)->group, group) == 0)
			seen |= bench_at(i)->flags & BENCH_PROCS ? 2 : 1;
	return seen == 3;
}

int plan_asked_for(const struct plan_options *o, const struct bench *b)
{
	const uint32_t mode = b->flags & BENCH_PROCS ? PLAN_PROCESSES : PLAN_THREADS;

	if (!is_named(o, b))
		return 0;
	if (o->ways != 0 && b->way != 0 && !(o->ways & (uint32_t)b->way))
		return 0;
	return o->modes == 0 || (o->modes & mode) || !distinguishes(b->group);
}

/* What two CPUs do to each other shows in rows of two roles. */
static int is_of_two(const struct bench *b)
{
	return b->readers == 1 || (b->flags & BENCH_FREE);
}

enum verdict { NOT_ASKED_FOR, NOT_IN_QUICK, SPINS, STAMPS, NOT_AS_ASKED, NOT_OF_TWO, CHOSEN };

static enum verdict judge(const struct plan *p, const struct bench *b, int full)
{
	if (!plan_asked_for(&p->opt, b))
		return NOT_ASKED_FOR;
	if (!full && (b->flags & BENCH_FULL))
		return NOT_IN_QUICK;
	if (p->opt.pair != NULL && !is_of_two(b))
		return NOT_OF_TWO;
	if (realtime_leaves_out(p->env, b))
		return NOT_AS_ASKED;
	if (bench_stamps_in_vain(b, p->env->cpus))
		return STAMPS;
	if ((!full || p->opt.oversubscribed) && bench_spins_in_vain(b, p->env->cpus))
		return SPINS;
	return CHOSEN;
}

static uint32_t count_chosen(struct plan *p, int full)
{
	uint32_t n[CHOSEN + 1] = {0};
	size_t i;

	for (i = 0; i < bench_count(); i++)
		n[judge(p, bench_at(i), full)]++;
	p->left_out = n[SPINS];
	p->left_out_stamps = n[STAMPS];
	p->not_as_asked = n[NOT_AS_ASKED];
	p->not_of_two = n[NOT_OF_TWO];
	return n[CHOSEN];
}

static uint32_t set_of(const struct plan *p, const struct bench *b)
{
	uint32_t i;

	for (i = 0; i < p->rows; i++)
		if (strcmp(p->row[i].b->group, b->group) == 0 &&
		    strcmp(p->row[i].b->name, b->name) == 0)
			return p->row[i].set;
	return p->sets;
}

static int add_row(struct plan *p, const struct bench *b)
{
	struct plan_row *row = &p->row[p->rows];
	uint32_t i;

	row->b = b;
	row->set = set_of(p, b);
	if (row->set == p->sets)
		p->sets++;
	for (i = 0; i < STATS_ROUNDS_MAX; i++)
		row->sample[i].ns_per_op = (double)NAN;
	row->calls_per_op = (double)NAN;
	p->rows++;
	return latency_make(row);
}

/* Many rows get shorter samples, so that the rounds fit into the time; a guess until they are
 * calibrated. */
static void fit_sample(struct plan *p, uint32_t rows)
{
	const double round = p->opt.budget_ns / (p->opt.rounds + PLAN_CALIBRATION);

	p->most_ns = p->opt.sample_ns;
	p->rounds_fit = p->opt.rounds;
	p->opt.sample_ns = plan_fitting_sample(round, rows * PLAN_OVERHEAD_NS, rows, p->most_ns);
}

int plan_make(struct plan *p, struct bench_env *env, const struct plan_options *opt)
{
	uint32_t n, s, i, at = 0;
	int full = opt->full, failed;
	size_t k;

	memset(p, 0, sizeof(*p));
	p->env = env;
	p->opt = *opt;
	p->random = opt->seed;
	n = count_chosen(p, full);
	if (n == 0 && !full) /* asked for, but not of the quick plan */
		n = count_chosen(p, full = 1);
	fit_sample(p, n);
	p->row = calloc(n, sizeof(*p->row));
	p->order = calloc(n, sizeof(*p->order));
	p->keep = calloc(n, STATS_ROUNDS_MAX);
	p->goes_on = calloc(n, sizeof(*p->goes_on));
	p->scratch = calloc((size_t)n * STATS_ROUNDS_MAX, sizeof(*p->scratch));
	failed = n > 0 &&
		 (p->row == NULL || p->order == NULL || p->keep == NULL || p->goes_on == NULL ||
		  p->scratch == NULL);
	for (k = 0; !failed && k < bench_count(); k++)
		if (judge(p, bench_at(k), full) == CHOSEN)
			failed = add_row(p, bench_at(k)) != 0;
	if (failed) {
		fprintf(stderr, "weir-bench: no memory for %u rows\n", (unsigned)n);
		return -1;
	}
	for (s = 0; s < p->sets; s++)
		for (i = 0; i < p->rows; i++)
			if (p->row[i].set == s)
				p->order[at++] = i;
	return 0;
}
