/* From samples to verdicts: which rounds count, medians, ratios. See plan.h. */
#include <math.h>
#include <string.h>

#include "plan.h"

#define ROUNDS_ENOUGH 2u /* quiet rounds that a median wants */

/* The state the machine was mostly in. */
static void judge_probes(struct plan *p)
{
	uint32_t i, r, n = 0;

	for (i = 0; i < p->rows; i++)
		for (r = 0; r < p->rounds; r++)
			if (!isnan(p->row[i].sample[r].ns_per_op) &&
			    !isnan(p->row[i].sample[r].after))
				p->scratch[n++] = p->row[i].sample[r].after;
	p->probe.n = n;
	p->probe.median = stats_median(p->scratch, n);
	p->probe.min = n > 0 ? p->scratch[0] : (double)NAN; /* sorted by now */
	p->probe.max = n > 0 ? p->scratch[n - 1] : (double)NAN;
}

/* Taken in an unusual state of the machine, or while others had its CPUs. Roles that share a CPU
 * wait for each other anyway. */
static int sample_is_outlying(const struct plan *p, const struct plan_row *row, uint32_t r)
{
	const struct plan_sample *s = &row->sample[r];

	return stats_outlying(s->before, p->probe.median) ||
	       stats_outlying(s->after, p->probe.median) ||
	       (row->b->readers < 2 && !p->opt.oversubscribed && s->waiting > STATS_WAIT_HIGH);
}

/* A round of a set counts when every sample in it was taken in the usual state: what is dropped on
 * one side of a comparison is dropped on the other. */
static void judge_rounds(struct plan *p)
{
	uint32_t i, r;

	memset(p->keep, 0, (size_t)p->rows * STATS_ROUNDS_MAX);
	for (i = 0; i < p->rows; i++)
		for (r = 0; r < p->rounds; r++)
			if (!isnan(p->row[i].sample[r].ns_per_op))
				p->keep[(size_t)p->row[i].set * STATS_ROUNDS_MAX + r] = KEPT;
	for (i = 0; i < p->rows; i++)
		for (r = 0; r < p->rounds; r++)
			if (!isnan(p->row[i].sample[r].ns_per_op) &&
			    sample_is_outlying(p, &p->row[i], r))
				p->keep[(size_t)p->row[i].set * STATS_ROUNDS_MAX + r] = 0;
}

/* A set that was hardly ever undisturbed is judged on all its rounds, and says so: a table without a
 * number helps nobody. */
static void judge_disturbed(struct plan *p)
{
	uint32_t i, r;

	for (i = 0; i < p->rows; i++) {
		struct plan_row *row = &p->row[i];
		uint8_t *keep = p->keep + (size_t)row->set * STATS_ROUNDS_MAX;
		uint32_t kept = 0;

		for (r = 0; r < p->rounds; r++)
			kept += keep[r] == KEPT;
		row->disturbed = kept < ROUNDS_ENOUGH;
	}
	for (i = 0; i < p->rows; i++)
		for (r = 0; r < p->rounds; r++) {
			uint8_t *keep = &p->keep[(size_t)p->row[i].set * STATS_ROUNDS_MAX + r];

			if (p->row[i].disturbed && *keep == 0 &&
			    !isnan(p->row[i].sample[r].ns_per_op))
				*keep = KEPT_DISTURBED;
		}
}

static void series(const struct plan_row *row, uint32_t rounds, double *ns)
{
	uint32_t r;

	for (r = 0; r < rounds; r++)
		ns[r] = row->sample[r].ns_per_op;
}

static void judge_row(struct plan *p, struct plan_row *row)
{
	const uint8_t *keep = p->keep + (size_t)row->set * STATS_ROUNDS_MAX;
	double ns[STATS_ROUNDS_MAX], waiting[STATS_ROUNDS_MAX];
	uint64_t allocs = 0, sleeps = 0, forced = 0;
	uint32_t r, taken = 0;
	double ops;

	series(row, p->rounds, ns);
	stats_spread_of(ns, keep, p->rounds, &row->ns);
	for (r = 0; r < p->rounds; r++)
		if (!isnan(ns[r])) {
			waiting[taken++] = row->sample[r].waiting;
			allocs += row->sample[r].allocs;
			sleeps += row->sample[r].voluntary;
			forced += row->sample[r].involuntary;
		}
	row->dropped = taken - row->ns.n;
	ops = (double)taken * (double)row->n;
	row->allocs_per_op = ops > 0 ? (double)allocs / ops : (double)NAN;
	row->sleeps_per_op = ops > 0 ? (double)sleeps / ops : (double)NAN;
	row->switches_per_op = ops > 0 ? (double)(sleeps + forced) / ops : (double)NAN;
	row->waiting = stats_median(waiting, taken);
}

/* Had others the CPUs while we measured? Rows whose roles share one wait for each other anyway. */
static void judge_waiting(struct plan *p)
{
	uint32_t i, n = 0;

	for (i = 0; i < p->rows; i++)
		if ((p->opt.oversubscribed ? p->row[i].b->readers == 0 : p->row[i].b->readers < 2) &&
		    !isnan(p->row[i].waiting))
			p->scratch[n++] = p->row[i].waiting;
	p->waiting = stats_median(p->scratch, n);
}

enum { OTHERS_MAX = 16 };

/* Series of the rows to compare with, at most OTHERS_MAX of them. */
struct others {
	double ns[OTHERS_MAX][STATS_ROUNDS_MAX];
	const double *series[OTHERS_MAX];
	uint32_t n;
};

static void add_other(struct others *o, const struct plan_row *row, uint32_t rounds)
{
	if (o->n == OTHERS_MAX)
		return;
	series(row, rounds, o->ns[o->n]);
	o->series[o->n] = o->ns[o->n];
	o->n++;
}

static void compare(const struct plan *p, const struct plan_row *row, const struct others *o,
		    const uint8_t *keep, struct stats_spread *out)
{
	double ns[STATS_ROUNDS_MAX], ratio[STATS_ROUNDS_MAX];

	series(row, p->rounds, ns);
	stats_ratios(ns, o->series, o->n, p->rounds, ratio);
	stats_spread_of(ratio, keep, p->rounds, out);
}

/* Ours against the fastest peer of its set, round by round. */
static void judge_ratio(struct plan *p, struct plan_row *row, struct others *o)
{
	uint32_t i;

	memset(&row->ratio, 0, sizeof(row->ratio));
	if (row->b->flags & (BENCH_PEER | BENCH_LIMIT | BENCH_PART))
		return;
	o->n = 0;
	for (i = 0; i < p->rows; i++)
		if (p->row[i].set == row->set && (p->row[i].b->flags & BENCH_PEER) &&
		    !(p->row[i].b->flags & BENCH_SHARING))
			add_other(o, &p->row[i], p->rounds);
	compare(p, row, o, p->keep + (size_t)row->set * STATS_ROUNDS_MAX, &row->ratio);
}

/* ref names the row in full, or all but who. */
static int is_ref(const struct bench *b, const char *ref)
{
	char name[160];

	bench_full_name(b, name, sizeof(name));
	if (strcmp(name, ref) == 0)
		return 1;
	name[strlen(name) - strlen(b->who) - 1] = '\0';
	return strcmp(name, ref) == 0;
}

/* Against what b->ref names; a round must have been kept on both sides. */
static void judge_ref(struct plan *p, struct plan_row *row, struct others *o)
{
	uint8_t both[STATS_ROUNDS_MAX];
	uint32_t i, r;

	memset(&row->ref, 0, sizeof(row->ref));
	row->ref_is_limit = 0;
	memcpy(both, p->keep + (size_t)row->set * STATS_ROUNDS_MAX, sizeof(both));
	o->n = 0;
	for (i = 0; i < p->rows && row->b->ref[0] != '\0'; i++)
		if (is_ref(p->row[i].b, row->b->ref)) {
			add_other(o, &p->row[i], p->rounds);
			row->ref_is_limit |= p->row[i].b->flags & BENCH_LIMIT;
			for (r = 0; r < p->rounds; r++)
				both[r] &= p->keep[(size_t)p->row[i].set * STATS_ROUNDS_MAX + r];
		}
	compare(p, row, o, both, &row->ref);
}

static void judge_drain(const struct plan *p, struct plan_row *row)
{
	const uint8_t *keep = p->keep + (size_t)row->set * STATS_ROUNDS_MAX;
	double ns[STATS_ROUNDS_MAX];
	uint32_t r;

	memset(&row->drain, 0, sizeof(row->drain));
	if (!(row->b->flags & BENCH_DRAINS))
		return;
	for (r = 0; r < p->rounds; r++)
		ns[r] = isnan(row->sample[r].ns_per_op) ? (double)NAN : row->sample[r].value;
	stats_spread_of(ns, keep, p->rounds, &row->drain);
}

/* What readers missed, as a share of what they all should have had. */
static void judge_lost(const struct plan *p, struct plan_row *row)
{
	const uint8_t *keep = p->keep + (size_t)row->set * STATS_ROUNDS_MAX;
	const double all = (double)row->n * row->b->readers;
	double share[STATS_ROUNDS_MAX];
	uint32_t r;

	memset(&row->lost, 0, sizeof(row->lost));
	if (!(row->b->flags & BENCH_LOSSY))
		return;
	for (r = 0; r < p->rounds; r++)
		share[r] = isnan(row->sample[r].ns_per_op) ? (double)NAN
							   : (double)row->sample[r].lost / all;
	stats_spread_of(share, keep, p->rounds, &row->lost);
}

static const struct plan_row *row_named(const struct plan *p, const char *name)
{
	char full[160];
	uint32_t i;

	for (i = 0; i < p->rows; i++) {
		bench_full_name(p->row[i].b, full, sizeof(full));
		if (strcmp(full, name) == 0)
			return &p->row[i];
	}
	return NULL;
}

/* What is left without the rows that b->less names: none unless all of them are in this run, and
 * only of rounds that were kept for all. */
static void judge_rest(const struct plan *p, struct plan_row *row, struct others *o)
{
	double ns[STATS_ROUNDS_MAX], rest[STATS_ROUNDS_MAX];
	uint8_t all[STATS_ROUNDS_MAX];
	uint32_t i, r;

	memset(&row->rest, 0, sizeof(row->rest));
	memcpy(all, p->keep + (size_t)row->set * STATS_ROUNDS_MAX, sizeof(all));
	o->n = 0;
	for (i = 0; i < 2 && row->b->less[i][0] != '\0'; i++) {
		const struct plan_row *part = row_named(p, row->b->less[i]);

		if (part == NULL)
			return;
		add_other(o, part, p->rounds);
		for (r = 0; r < p->rounds; r++)
			all[r] &= p->keep[(size_t)part->set * STATS_ROUNDS_MAX + r];
	}
	if (o->n == 0)
		return;
	series(row, p->rounds, ns);
	stats_rest(ns, o->series, o->n, p->rounds, rest);
	stats_spread_of(rest, all, p->rounds, &row->rest);
}

void plan_judge(struct plan *p)
{
	static struct others others; /* large; one thread */
	uint32_t i;

	judge_probes(p);
	judge_rounds(p);
	judge_disturbed(p);
	for (i = 0; i < p->rows; i++) {
		judge_row(p, &p->row[i]);
		judge_ratio(p, &p->row[i], &others);
		judge_ref(p, &p->row[i], &others);
		judge_drain(p, &p->row[i]);
		judge_lost(p, &p->row[i]);
		judge_rest(p, &p->row[i], &others);
		judge_latency(p, &p->row[i]);
	}
	judge_waiting(p);
}
