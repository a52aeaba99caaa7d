/*
 * The study "load". First what each transport can carry with no schedule at all; then rates from a small
 * part of that upwards, in geometric steps, the same rates for all, transport after transport at
 * each rate, and the whole sweep again as long as time lasts. Transports are the rows at a fixed rate
 * with one reader on threads: weir's, and of the peers' the two that carry most.
 */
#include "load.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "latency.h"
#include "plan.h"
#include "study.h"

#define CAPACITY_NS 30e6 /* one of CAPACITY_TRIES runs */
#define CAPACITY_TRIES 5
#define LOWEST 0.02	/* the lowest rate, of the highest capacity */
#define HIGHEST 1.1	/* the highest */
#define FAR_BEHIND 0.8	/* of the intended rate: twice in a row, and the round goes no further */
#define RUN_LEAST 1000u /* messages */
/* Short, so that there are many rounds, and some of them undisturbed. */
#define QUICK_STEP_S 0.02
#define FULL_STEP_S 0.05

static struct load *load;
static struct bench bench[LOAD_FLOWS_MAX];
static const struct study study;

/* ---- one run ---- */

struct outcome {
	double achieved, waiting;
	struct bench_sample cost;
	struct hist response, service;
};

static int run_once(struct bench_env *env, const struct bench *b, uint64_t n, struct outcome *out)
{
	const struct latency_pair *pair = latency_pair_at(env->arena, 0);

	memset(out, 0, sizeof(*out));
	if (b->run(env, b, n, &out->cost) < 0 ||
	    latency_collect(env, b, n, &out->response, &out->service) != 0)
		return -1;
	out->achieved = (double)n * 1e9 / (double)(pair->until - pair->from);
	out->waiting = out->cost.waiting;
	return 0;
}

/* A peer that fails is left out, and said. 0; -1: that was ours. */
static int peer_failed(struct bench_env *env, const struct bench *b)
{
	if (!(b->flags & BENCH_PEER))
		return -1;
	if (load->failed++ == 0)
		snprintf(load->failure, sizeof(load->failure), "%s FAILED: %s", b->who,
			 env->error[0] != '\0' ? env->error : "it cannot be calibrated");
	fprintf(stderr, "%sFAILED load/%s: %s\n", isatty(STDOUT_FILENO) ? "\n" : "", b->who,
		env->error[0] != '\0' ? env->error : "it cannot be calibrated");
	env->error[0] = '\0';
	return 0;
}

/* ---- who, and how fast ---- */

static int is_flow(const struct bench *b)
{
	return (b->flags & BENCH_OPEN) && !(b->flags & BENCH_PROCS) && b->readers == 1;
}

static void name_of(const struct bench *b, char *buf, size_t cap)
{
	snprintf(buf, cap, "load/%s", b->who);
}

static void list(FILE *f)
{
	char name[64];
	size_t i;

	for (i = 0; i < bench_count(); i++)
		if (is_flow(bench_at(i))) {
			name_of(bench_at(i), name, sizeof(name));
			fprintf(f, "%s\n", name);
		}
}

/* The best of some runs: what disturbs only slows down. */
static double capacity_of(struct bench_env *env, const struct bench *b)
{
	static struct outcome o;
	const uint64_t n = plan_calibrate(env, b, CAPACITY_NS);
	double best = 0;
	int i;

	for (i = 0; n > 0 && i < CAPACITY_TRIES; i++) {
		if (run_once(env, b, n < RUN_LEAST ? RUN_LEAST : n, &o) != 0)
			return -1;
		best = o.achieved > best ? o.achieved : best;
	}
	return n > 0 ? best : -1;
}

/* Ours stay; a peer takes the place of a slower one. */
static void keep_if_best(const struct bench *b, double capacity)
{
	struct load_curve *c = NULL;
	unsigned i;

	if (load->curves < LOAD_FLOWS_MAX)
		c = &load->curve[load->curves++];
	for (i = 0; c == NULL && i < LOAD_FLOWS_MAX; i++)
		if ((bench[i].flags & BENCH_PEER) && load->curve[i].capacity < capacity)
			c = &load->curve[i];
	if (c == NULL)
		return;
	/* the slowest peer goes */
	for (i = 0; c->who != NULL && i < LOAD_FLOWS_MAX; i++)
		if ((bench[i].flags & BENCH_PEER) && load->curve[i].capacity < c->capacity)
			c = &load->curve[i];
	c->who = b->who;
	c->capacity = capacity;
	bench[c - load->curve] = *b;
}

static int choose(const struct study_run *r)
{
	struct bench b;
	char name[64];
	double most;
	size_t i;

	for (i = 0; i < bench_count() && *r->stop == 0; i++) {
		name_of(bench_at(i), name, sizeof(name));
		if (!is_flow(bench_at(i)) || !study_wants(r, &study, name))
			continue;
		b = *bench_at(i);
		b.rate = 0;
		study_progress(r, name);
		most = capacity_of(r->env, &b);
		if (most < 0 && *r->stop != 0) /* an interrupt ends the run at hand */
			return 0;
		if (most >= 0)
			keep_if_best(&b, most);
		else if (peer_failed(r->env, &b) != 0)
			return -1;
	}
	return 0;
}

/* ---- the sweep ---- */

static void set_rates(int full)
{
	double top = 0;
	unsigned c, i;

	load->steps = full ? LOAD_STEPS_MAX : LOAD_STEPS_MAX / 2;
	for (c = 0; c < load->curves; c++)
		top = load->curve[c].capacity > top ? load->curve[c].capacity : top;
	for (c = 0; c < load->curves; c++)
		for (i = 0; i < load->steps; i++)
			load->curve[c].step[i].rate =
				floor(top * LOWEST *
				      pow(HIGHEST / LOWEST, (double)i / (load->steps - 1)));
}

/* A quiet round displaces all that were not; after it only quiet ones count. */
static void add_round(struct load_step *s, const struct outcome *o, uint64_t n, int disturbed)
{
	if (s->rounds > 0 && s->disturbed && !disturbed) {
		hist_reset(&s->response);
		hist_reset(&s->service);
		s->messages = s->allocs = s->switches = s->faults = 0;
		s->rounds = 0;
	}
	if ((s->rounds > 0 && !s->disturbed && disturbed) || s->rounds == LOAD_ROUNDS_MAX)
		return;
	s->disturbed = disturbed;
	hist_merge(&s->response, &o->response);
	hist_merge(&s->service, &o->service);
	s->messages += n;
	s->allocs += o->cost.allocs;
	s->switches += o->cost.voluntary + o->cost.involuntary;
	s->faults += o->cost.faults;
	s->achieved[s->rounds] = o->achieved;
	s->p99[s->rounds] = (double)hist_at(&o->response, LATENCY_P99);
	s->rounds++;
}

static uint64_t messages_of(double rate, double seconds)
{
	const double n = rate * seconds;

	return n < RUN_LEAST ? RUN_LEAST : (uint64_t)n;
}

/* Far behind, and not for others had the CPUs. */
static int is_behind(const struct load_curve *c, double rate, const struct outcome *o)
{
	return o->achieved < FAR_BEHIND * rate &&
	       (o->waiting <= STATS_WAIT_HIGH || rate > c->capacity);
}

/* How far a sweep has come. */
struct sweep {
	double seconds;
	unsigned behind[LOAD_FLOWS_MAX]; /* twice in a row: it goes no further */
	int ran[LOAD_FLOWS_MAX];	 /* at the step at hand */
	struct outcome outcome[LOAD_FLOWS_MAX];
};

/* One transport at one rate. 0; 1: interrupted; -1: failed. */
static int take_step(const struct study_run *r, struct sweep *w, unsigned c, unsigned i)
{
	struct load_curve *curve = &load->curve[c];
	const double rate = curve->step[i].rate;
	char what[64];

	if (*r->stop != 0)
		return 1;
	snprintf(what, sizeof(what), "load/%s %.2f M/s", curve->who, rate / 1e6);
	study_progress(r, what);
	bench[c].rate = (uint64_t)rate;
	if (run_once(r->env, &bench[c], messages_of(rate, w->seconds), &w->outcome[c]) == 0) {
		w->ran[c] = 1;
		w->behind[c] = is_behind(curve, rate, &w->outcome[c]) ? w->behind[c] + 1 : 0;
		return 0;
	}
	if (*r->stop != 0)
		return 1;
	curve->failed = 1;
	return peer_failed(r->env, &bench[c]);
}

/* All transports at one rate: what is dropped of one is dropped of all. */
static int take_rate(const struct study_run *r, struct sweep *w, unsigned i)
{
	int disturbed = 0, rc;
	unsigned c;

	memset(w->ran, 0, sizeof(w->ran));
	for (c = 0; c < load->curves; c++) {
		if (w->behind[c] == 2 || load->curve[c].failed)
			continue;
		rc = take_step(r, w, c, i);
		if (rc != 0)
			return rc;
		disturbed |= w->ran[c] && w->outcome[c].waiting > STATS_WAIT_HIGH;
	}
	for (c = 0; c < load->curves; c++)
		if (w->ran[c])
			add_round(&load->curve[c].step[i], &w->outcome[c],
				  messages_of(load->curve[c].step[i].rate, w->seconds), disturbed);
	return 0;
}

/* 0; 1: no more time; -1: failed. */
static int sweep(const struct study_run *r, int64_t ends, double seconds)
{
	static struct sweep w; /* large; one thread */
	unsigned i;
	int rc = 0;

	memset(&w, 0, sizeof(w));
	w.seconds = seconds;
	for (i = 0; i < load->steps && rc == 0; i++)
		rc = driver_now() < ends ? take_rate(r, &w, i) : 1;
	return rc;
}

static void judge(struct load_curve *c, unsigned steps)
{
	unsigned i;

	for (i = 0; i < steps && c->step[i].rounds > 0; i++) {
		struct load_step *s = &c->step[i];

		c->point[i].rate = s->rate;
		c->point[i].achieved = stats_median(s->achieved, s->rounds);
		c->point[i].p50 = (double)hist_at(&s->response, LATENCY_P50);
		c->point[i].p99 = stats_median(s->p99, s->rounds);
	}
	c->measured = i;
	c->knee = load_knee(c->point, c->measured);
}

static int run(const struct study_run *r)
{
	const int64_t ends = driver_now() + (int64_t)(r->seconds * 1e9);
	const double seconds = r->full ? FULL_STEP_S : QUICK_STEP_S;
	unsigned c;
	int rc = 0;

	load = calloc(1, sizeof(*load));
	if (load == NULL) {
		snprintf(r->env->error, sizeof(r->env->error), "no memory for the curves");
		return -1;
	}
	load->clocks_known = clock_offset(r->env, &load->clocks_low, &load->clocks_high) == 0;
	r->env->error[0] = '\0'; /* that is not what failed */
	if (choose(r) != 0)
		return -1;
	set_rates(r->full);
	while (rc == 0 && load->curves > 0)
		rc = sweep(r, ends, seconds);
	for (c = 0; c < load->curves; c++)
		judge(&load->curve[c], load->steps);
	if (load->curves == 0 || load->curve[0].measured == 0)
		return -1; /* interrupted that early */
	return rc < 0 ? -1 : (int)load->failed;
}

/* ---- the study ---- */

static void report(FILE *f, int markdown)
{
	load_report(f, load, markdown);
}

static void json(FILE *f)
{
	load_json(f, load);
}

static int files(const char *dir)
{
	return load_csv(load, dir);
}

static const struct study study = {
	.name = "load",
	.list = list,
	.seconds_quick = 12,
	.seconds_full = 60,
	.run = run,
	.report = report,
	.json = json,
	.files = files,
};

void load_add(void)
{
	study_add(&study);
}
