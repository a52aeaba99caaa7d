/* Plans, pairs of CPUs and studies. See suite.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "suite.h"

#include <stdio.h>
#include <string.h>

#include "driver.h"
#include "study.h"

/* A study may not take all the time from the rows. */
#define LEAST_SHARE 0.4

/* ---- pairs of CPUs ---- */

/* The CPUs to choose from: those named, or all we may use. */
static int usable_cpus(const struct suite *s, cpu_set_t *may)
{
	unsigned i;

	CPU_ZERO(may);
	if (s->o->cpus == NULL)
		return driver_usable_cpus(may);
	for (i = 0; i < s->env->cpus; i++)
		CPU_SET((size_t)s->env->cpu[i], may);
	return 0;
}

static int take_pair(struct suite *s, const struct topology *t, enum topology_kind kind)
{
	struct bench_env *env = &s->at[s->plans];
	int cpu[2];

	if (topology_pair(t, kind, cpu) != 0) {
		fprintf(stderr, "weir-bench: --pairs %s: left out: no %s among the CPUs to use\n",
			topology_name(kind), topology_what(kind));
		return 0;
	}
	*env = *s->env;
	env->cpu[0] = cpu[0];
	env->cpu[1] = cpu[1];
	env->cpus = 2;
	env->relation = topology_relation(t, cpu[0], cpu[1], &env->apart);
	if (driver_map(env) != 0) { /* near these */
		fprintf(stderr, "weir-bench: --pairs %s: %s\n", topology_name(kind), env->error);
		return -1;
	}
	s->pair[s->plans++] = topology_name(kind);
	return 0;
}

static int find_pairs(struct suite *s)
{
	struct topology t;
	cpu_set_t may;
	unsigned kind;
	int rc = 0;

	memset(&t, 0, sizeof(t));
	if (usable_cpus(s, &may) != 0 || topology_read(&t, &may, "/sys/devices/system") != 0) {
		fprintf(stderr, "weir-bench: --pairs: the topology cannot be read: %s\n", t.error);
		return -1;
	}
	for (kind = 0; kind < TOPOLOGY_KINDS && rc == 0; kind++)
		if (s->o->pairs & 1u << kind)
			rc = take_pair(s, &t, (enum topology_kind)kind);
	topology_free(&t);
	if (rc != 0)
		return -1;
	if (s->plans > 0)
		return 0;
	fprintf(stderr, "weir-bench: --pairs: no such pair of CPUs on this machine\n");
	return -1;
}

/* ---- choosing ---- */

/* Studies know nothing of what selects rows only: with such options they run when they are named. */
static int wants_studies(const struct options *o)
{
	const struct plan_options *p = &o->plan;

	if (p->filter == NULL &&
	    (o->pairs != 0 || p->modes != 0 || p->ways != 0 || p->oversubscribed))
		return 0;
	return study_choose(p->filter) > 0;
}

static int nothing_matches(const struct options *o)
{
	fprintf(stderr, "weir-bench: nothing matches");
	if (o->plan.filter != NULL)
		fprintf(stderr, " --filter '%s'", o->plan.filter);
	if (o->plan.modes != 0 || o->plan.oversubscribed)
		fprintf(stderr, " with this --mode");
	if (o->plan.ways != 0)
		fprintf(stderr, " with this --wait");
	if (o->fifo > 0)
		fprintf(stderr, " with --fifo, which leaves out rows whose roles share a CPU");
	if (o->pairs != 0)
		fprintf(stderr, " among the rows of two roles, which --pairs takes");
	fprintf(stderr, "; --list shows the names\n");
	return -1;
}

static int make_plans(struct suite *s, struct plan_options *opt)
{
	uint32_t rows = 0;
	unsigned i;

	opt->budget_ns /= s->plans;
	for (i = 0; i < s->plans; i++) {
		opt->pair = s->pair[i];
		if (plan_make(&s->plan[i], &s->at[i], opt) < 0)
			return -1;
		rows += s->plan[i].rows;
		if (i > 0)
			s->plan[i - 1].next = &s->plan[i];
	}
	return rows > 0 || s->studies ? 0 : nothing_matches(s->o);
}

int suite_make(struct suite *s, struct bench_env *env, const struct options *o)
{
	struct plan_options opt = o->plan;
	double share;

	memset(s, 0, sizeof(*s));
	s->env = env;
	s->o = o;
	s->studies = wants_studies(o);
	share = s->studies ? 1e9 * study_seconds(opt.full) : 0;
	opt.budget_ns -= share < (1 - LEAST_SHARE) * opt.budget_ns
				 ? share
				 : (1 - LEAST_SHARE) * opt.budget_ns;
	if (o->pairs != 0 && find_pairs(s) != 0)
		return -1;
	if (o->pairs == 0) {
		s->at[0] = *env;
		s->plans = 1;
		if (opt.oversubscribed)
			s->at[0].cpus = 1;
	}
	return make_plans(s, &opt);
}

void suite_free(struct suite *s)
{
	unsigned i;

	for (i = 0; i < s->plans; i++) {
		plan_free(&s->plan[i]);
		if (s->pair[i] != NULL)
			driver_fini(&s->at[i]);
	}
}

/* ---- running ---- */

unsigned suite_run(struct suite *s, const volatile sig_atomic_t *stop)
{
	struct study_run all;
	unsigned i, k, failed = 0;

	s->env->stop = stop;
	for (i = 0; i < s->plans; i++) {
		struct plan *p = &s->plan[i];

		s->at[i].stop = stop;
		p->stop = stop;
		if (p->rows == 0)
			continue;
		p->after_s = s->studies ? study_seconds(p->opt.full) : 0;
		for (k = i + 1; k < s->plans; k++)
			p->after_s += plan_seconds(&s->plan[k]);
		plan_run(p);
		plan_judge(p);
		failed += p->failed;
	}
	if (!s->studies || *stop != 0)
		return failed;
	memset(&all, 0, sizeof(all));
	all.env = s->env;
	all.filter = s->o->plan.filter;
	all.full = s->o->plan.full;
	all.seed = s->o->plan.seed;
	all.stop = stop;
	return failed + study_run_all(&all);
}
