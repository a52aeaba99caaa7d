/* From samples to verdicts: which rounds count, medians, ratios. See plan.h. */
#include <math.h>
#include <string.h>

#include "plan.h"

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

/* Roles that share a CPU wait for each other anyway. */
static int shares_cpus(const struct plan *p, const struct plan_row *row)
{
	return p->opt.oversubscribed || row->b->readers + 1 > p->env->cpus;
}

/* Taken in an unusual state of the machine, or while others, or the host, had its CPUs. */
static int sample_is_outlying(const struct plan *p, const struct plan_row *row, uint32_t r)
{
	const struct plan_sample *s = &row->sample[r];

	return stats_outlying(s->before, p->probe.median) ||
	       stats_outlying(s->after, p->probe.median) ||
	       s->stolen > STATS_WAIT_HIGH ||
	       (s->waiting > STATS_WAIT_HIGH && !shares_cpus(p, row));
}

/* Which samples count. A row that was hardly ever undisturbed is judged on all of them, and says so:
 * a table without a number helps nobody. */
static void judge_samples(struct plan *p, struct plan_row *row)
{
	uint8_t *keep = plan_keep(p, row);
	uint32_t r, taken = 0, kept = 0;

	memset(keep, 0, STATS_ROUNDS_MAX);
	for (r = 0; r < p->rounds; r++) {
		if (isnan(row->sample[r].ns_per_op))
			continue;
		taken++;
		if (!sample_is_outlying(p, row, r)) {
			keep[r] = KEPT;
			kept++;
		}
	}
	row->dropped = taken - kept;
	row->disturbed = kept < STATS_ENOUGH;
	for (r = 0; r < p->rounds && row->disturbed; r++)
		if (keep[r] == 0 && !isnan(row->sample[r].ns_per_op))
			keep[r] = KEPT_DISTURBED;
}

static void series(const struct plan_row *row, uint32_t rounds, double *ns)
{
	uint32_t r;

	for (r = 0; r < rounds; r++)
		ns[r] = row->sample[r].ns_per_op;
}

static void judge_row(struct plan *p, struct plan_row *row)
{
	const uint8_t *keep = plan_keep(p, row);
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
		if (!shares_cpus(p, &p->row[i]) && !isnan(p->row[i].waiting))
			p->scratch[n++] = p->row[i].waiting;
	p->waiting = stats_median(p->scratch, n);
}

enum { OTHERS_MAX = 64 }; /* more than any case has rows */

/* Rows to compare with, and their series. */
struct others {
	const struct plan_row *row[OTHERS_MAX];
	double ns[OTHERS_MAX][STATS_ROUNDS_MAX];
	const double *series[OTHERS_MAX];
	uint32_t n;
};

static void add_other(struct others *o, const struct plan_row *row)
{
	if (o->n < OTHERS_MAX)
		o->row[o->n++] = row;
}

/* What was kept; with `all`, whatever was taken. */
static void kept_series(const struct plan *p, const struct plan_row *row, int all, double *ns)
{
	const uint8_t *keep = plan_keep(p, row);
	uint32_t r;

	series(row, p->rounds, ns);
	for (r = 0; r < p->rounds; r++)
		if (!all && keep[r] != KEPT)
			ns[r] = (double)NAN;
}

/* Against the best of the others, over the rounds in which both were kept: what is dropped on one
 * side of a comparison is dropped on the other. The best one; NULL: none. */
static const struct plan_row *compare(const struct plan *p, const struct plan_row *row,
				      struct others *o, int all, struct stats_spread *out)
{
	double ns[STATS_ROUNDS_MAX], ratio[STATS_ROUNDS_MAX];
	uint32_t i;
	int best;

	kept_series(p, row, all, ns);
	for (i = 0; i < o->n; i++) {
		kept_series(p, o->row[i], all, o->ns[i]);
		o->series[i] = o->ns[i];
	}
	best = stats_best(ns, o->series, o->n, p->rounds, ratio);
	stats_spread_of(ratio, NULL, p->rounds, out);
	return best >= 0 ? o->row[best] : NULL;
}

/* Over the rounds in which both were kept; over all, and *disturbed, where these are too few. */
static const struct plan_row *compare_kept(const struct plan *p, const struct plan_row *row,
					   struct others *o, struct stats_spread *out,
					   int *disturbed)
{
	const struct plan_row *best = compare(p, row, o, 0, out);

	*disturbed = out->n < STATS_ENOUGH;
	return *disturbed ? compare(p, row, o, 1, out) : best;
}

/* Ours against the best peer of its set. */
static void judge_ratio(struct plan *p, struct plan_row *row, struct others *o)
{
	const struct plan_row *best;
	uint32_t i;

	memset(&row->ratio, 0, sizeof(row->ratio));
	row->best_peer = NULL;
	row->ratio_disturbed = 0;
	if (row->b->flags & (BENCH_PEER | BENCH_LIMIT | BENCH_PART))
		return;
	o->n = 0;
	for (i = 0; i < p->rows; i++)
		if (p->row[i].set == row->set && (p->row[i].b->flags & BENCH_PEER) &&
		    !(p->row[i].b->flags & BENCH_SHARING))
			add_other(o, &p->row[i]);
	best = compare_kept(p, row, o, &row->ratio, &row->ratio_disturbed);
	row->best_peer = best != NULL ? best->b->who : NULL;
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

/* Against what b->ref names, or the fastest of what it names. */
static void judge_ref(struct plan *p, struct plan_row *row, struct others *o)
{
	const struct plan_row *best;
	uint32_t i;

	o->n = 0;
	for (i = 0; i < p->rows && row->b->ref[0] != '\0'; i++)
		if (is_ref(p->row[i].b, row->b->ref))
			add_other(o, &p->row[i]);
	best = compare_kept(p, row, o, &row->ref, &row->ref_disturbed);
	row->ref_is_limit = best != NULL && (best->b->flags & BENCH_LIMIT) &&
			    !(best->b->flags & BENCH_PLAIN);
}

static void judge_drain(const struct plan *p, struct plan_row *row)
{
	const uint8_t *keep = plan_keep(p, row);
	double ns[STATS_ROUNDS_MAX];
	uint32_t r;

	memset(&row->drain, 0, sizeof(row->drain));
	if (!(row->b->flags & BENCH_DRAINS))
		return;
	for (r = 0; r < p->rounds; r++)
		ns[r] = isnan(row->sample[r].ns_per_op) ? (double)NAN : row->sample[r].value;
	stats_spread_of(ns, keep, p->rounds, &row->drain);
}

/* Messages of a sample to all readers. */
static double messages_of(const struct plan_row *row)
{
	const uint32_t each = row->b->burst > 0 ? row->b->burst : 1;

	return (double)row->n * each * row->b->readers;
}

/* What readers missed, as a share of what they all should have had; and those that were evicted. */
static void judge_lost(const struct plan *p, struct plan_row *row)
{
	const uint8_t *keep = plan_keep(p, row);
	const double all = messages_of(row);
	double share[STATS_ROUNDS_MAX];
	uint32_t r;

	memset(&row->lost, 0, sizeof(row->lost));
	row->evicted = 0;
	if (!(row->b->flags & BENCH_LOSSY))
		return;
	for (r = 0; r < p->rounds; r++) {
		share[r] = isnan(row->sample[r].ns_per_op) ? (double)NAN
							   : (double)row->sample[r].lost / all;
		row->evicted += keep[r] ? row->sample[r].evicted : 0;
	}
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
	uint32_t i;

	memset(&row->rest, 0, sizeof(row->rest));
	o->n = 0;
	for (i = 0; i < 2 && row->b->less[i][0] != '\0'; i++) {
		const struct plan_row *part = row_named(p, row->b->less[i]);

		if (part == NULL)
			return;
		kept_series(p, part, row->disturbed != 0, o->ns[i]);
		o->series[i] = o->ns[i];
		o->n++;
	}
	if (o->n == 0)
		return;
	kept_series(p, row, row->disturbed != 0, ns);
	stats_rest(ns, o->series, o->n, p->rounds, rest);
	stats_spread_of(rest, NULL, p->rounds, &row->rest);
}

void plan_judge(struct plan *p)
{
	static struct others others; /* large; one thread */
	uint32_t i;

	judge_probes(p);
	for (i = 0; i < p->rows; i++)
		judge_samples(p, &p->row[i]);
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
