/* The study of CPU pairs: what each pair of this machine's CPUs costs. See cores.h, study.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <string.h>

#include "cores.h"
#include "driver.h"
#include "study.h"

#define SLICE_NS 0.25e9 /* between two looks at the clock and at the interrupt */
#define FIRST_JOBS 64u  /* before it is known how long a visit takes */
#define FIRST_TRIPS 64u /* before it is known how long a trip takes */
#define TRIPS_LEAST 32.0
#define TRIPS_MOST 20000.0
#define SETTING_UP_NS 0.15e6 /* of a visit, about, before anything is measured */

static struct cores cores;
static struct cores_job job[CORES_JOBS_MAX];

static void list(FILE *f)
{
	int k;

	for (k = 0; k < CORES_WHATS; k++)
		fprintf(f, "cores/%s\n", cores_what_name[k]);
}

/* ---- which CPUs ---- */

static void add_cpu(struct cores *c, int cpu)
{
	uint32_t i;

	for (i = 0; i < c->cpus; i++)
		if (c->place[i].cpu == cpu)
			return;
	c->cpus_all++;
	if (c->cpus < CORES_CPUS_MAX)
		c->place[c->cpus++].cpu = cpu;
}

/* Those of which nothing is known are taken to share no more than a node. */
static void find_places(struct cores *c)
{
	struct topology t;
	cpu_set_t set;
	uint32_t i;
	size_t k;

	CPU_ZERO(&set);
	for (i = 0; i < c->cpus; i++) {
		CPU_SET((size_t)c->place[i].cpu, &set);
		c->place[i].core = c->place[i].cache = -1;
	}
	if (topology_read(&t, &set, "/sys/devices/system") != 0) {
		snprintf(c->unknown, sizeof(c->unknown), "%.150s", t.error);
		return;
	}
	for (i = 0; i < c->cpus; i++)
		for (k = 0; k < t.cpus; k++)
			if (t.cpu[k].cpu == c->place[i].cpu)
				c->place[i] = t.cpu[k];
	topology_free(&t);
}

/* Those that were named, or all we may use, be they more than roles have. */
static void take_cpus(struct cores *c, const struct bench_env *env)
{
	cpu_set_t may;
	unsigned i;
	int cpu;

	if (!env->named && driver_usable_cpus(&may) == 0)
		for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
			if (CPU_ISSET((size_t)cpu, &may))
				add_cpu(c, cpu);
	for (i = 0; i < env->cpus; i++)
		add_cpu(c, env->cpu[i]);
}

static const struct study study_cores;

/* A filter that names some of the four: only those. The line is always looked at. */
static unsigned wanted(const struct study_run *r)
{
	char name[32];
	unsigned bits = 0;
	int k;

	for (k = 0; k < CORES_WHATS; k++) {
		snprintf(name, sizeof(name), "cores/%s", cores_what_name[k]);
		if (study_wants(r, &study_cores, name))
			bits |= 1u << k;
	}
	return bits;
}

/* ---- measuring ---- */

/* So that each quantity has an equal part of a visit, by what a trip took the last time. */
static void fill_job(struct cores *c, uint32_t i, uint64_t number, struct cores_job *j)
{
	const struct cores_pair *p = &c->pair[i];
	const struct cores_visit *last =
		p->visits > 0 ? &c->visit[(size_t)i * c->room + p->visits - 1] : NULL;
	double part = (c->visit_ns - SETTING_UP_NS) / (CORES_WHATS + 1), n;
	int k;

	memset(j, 0, sizeof(*j));
	j->cpu[0] = c->place[p->a].cpu;
	j->cpu[1] = c->place[p->b].cpu;
	j->line = (uint32_t)(number * 29 + i); /* all of them in turn */
	for (k = 0; k < CORES_WHATS; k++) {
		if (k != CORES_LINE && !(c->wanted & 1u << k))
			continue;
		n = FIRST_TRIPS;
		if (last != NULL && last->ns[k] > 0)
			n = part / last->ns[k] / (k == CORES_BARRIER ? 1 : 2);
		n = n < TRIPS_LEAST ? TRIPS_LEAST : n > TRIPS_MOST ? TRIPS_MOST : n;
		j->trips[k] = (uint32_t)n;
	}
}

/* Who lost more than a third of its visits, first in the order. How many. */
static uint32_t due(struct cores *c)
{
	uint32_t i, swap, n = 0;

	for (i = 0; i < c->pairs; i++) {
		const struct cores_pair *p = &c->pair[c->order[i]];

		if (p->visits == c->room || 3 * p->kept >= 2 * c->repeats)
			continue;
		swap = c->order[n];
		c->order[n++] = c->order[i];
		c->order[i] = swap;
	}
	return n;
}

struct pace {
	int64_t end;
	double visit_ns; /* so far; 0: none yet */
};

static uint32_t slice(const struct pace *pace)
{
	double n = pace->visit_ns > 0 ? SLICE_NS / pace->visit_ns : FIRST_JOBS;

	return n < 1 ? 1 : n > CORES_JOBS_MAX ? CORES_JOBS_MAX : (uint32_t)n;
}

static int over(const struct study_run *r, const struct pace *pace)
{
	return (r->stop != NULL && *r->stop != 0) || driver_now() > pace->end;
}

/* Visits the first n pairs of the order. 1 all, 0 out of time or stopped, -1 failed. */
static int pass(struct cores *c, const struct study_run *r, struct pace *pace, uint32_t n)
{
	uint32_t at = 0, i, jobs;
	int64_t t0;
	int done;

	while (at < n) {
		if (over(r, pace))
			return 0;
		jobs = slice(pace);
		jobs = jobs < n - at ? jobs : n - at;
		for (i = 0; i < jobs; i++)
			fill_job(c, c->order[at + i], c->pair[c->order[at + i]].visits, &job[i]);
		t0 = driver_now();
		done = cores_visit(r->env, job, jobs, 2 * SLICE_NS);
		if (done < 1)
			return -1;
		pace->visit_ns = (double)(driver_now() - t0) / done;
		for (i = 0; i < (uint32_t)done; i++)
			*cores_next(c, c->order[at + i]) = job[i].got;
		at += (uint32_t)done;
	}
	return 1;
}

static void say(const struct study_run *r, const struct cores *c)
{
	char text[96];

	snprintf(text, sizeof(text), "cores, repeat %u/%u of %u pairs", (unsigned)(c->passes + 1),
		 (unsigned)c->repeats, (unsigned)c->pairs);
	study_progress(r, text);
}

static int measure(struct cores *c, const struct study_run *r, uint64_t random)
{
	struct pace pace = {driver_now() + (int64_t)(r->seconds * 1e9), 0};
	uint32_t n;
	int rc = 1;

	for (c->passes = 0; c->passes < c->repeats && rc == 1; c->passes += rc == 1) {
		say(r, c);
		cores_shuffle(c, &random);
		rc = pass(c, r, &pace, c->pairs);
	}
	cores_judge(c);
	while (rc == 1) {
		cores_shuffle(c, &random);
		n = due(c);
		if (n == 0)
			break;
		rc = pass(c, r, &pace, n);
		cores_judge(c);
	}
	return rc < 0 ? -1 : 0;
}

static int run(const struct study_run *r)
{
	struct cores *c = &cores;
	uint64_t random = r->seed;
	struct cores_time t;

	cores_free(c);
	memset(c, 0, sizeof(*c));
	take_cpus(c, r->env);
	c->wanted = wanted(r);
	if (c->cpus < 2)
		return 0;
	find_places(c);
	cores_divide(c->cpus * (c->cpus - 1), r->seconds, r->full, &t);
	c->repeats = t.repeats;
	c->visit_ns = t.visit_ns;
	if (cores_choose(c, t.pairs, &random) != 0) {
		snprintf(r->env->error, sizeof(r->env->error), "no memory for %u pairs of CPUs",
			 (unsigned)t.pairs);
		return -1;
	}
	return measure(c, r, random);
}

/* ---- what became of it ---- */

static void report(FILE *f, int markdown)
{
	cores_report(f, &cores, markdown);
}

static void json(FILE *f)
{
	cores_json(f, &cores);
}

static FILE *create(const char *dir, const char *name)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/cores-%s.csv", dir, name);

	if (n < 0 || (size_t)n >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return fopen(path, "we");
}

static int finish(FILE *f)
{
	int bad = ferror(f);

	bad |= fclose(f);
	return bad ? -1 : 0;
}

static int files(const char *dir)
{
	FILE *f;
	int k;

	if (cores.cpus < 2)
		return 0;
	for (k = 0; k < CORES_WHATS; k++) {
		if (!(cores.wanted & 1u << k))
			continue;
		f = create(dir, cores_what_name[k]);
		if (f == NULL)
			return -1;
		cores_csv(f, &cores, k);
		if (finish(f) != 0)
			return -1;
	}
	f = create(dir, "pairs");
	if (f == NULL)
		return -1;
	cores_csv_pairs(f, &cores);
	return finish(f);
}

static const struct study study_cores = {
	.name = "cores",
	.list = list,
	.seconds_quick = 8,
	.seconds_full = 60,
	.run = run,
	.report = report,
	.json = json,
	.files = files,
};

void study_add_cores(void)
{
	study_add(&study_cores);
}
