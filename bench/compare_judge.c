/* Matches the rows of two reports and judges them. See compare.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "stats.h"

#define NEARLY_ALL 0.8 /* of Cliff's delta: in nine of ten pairs the same side is larger */

/* ---- matching ---- */

static const struct side_row *find(const struct side *s, const struct side_row *like)
{
	uint32_t i;

	for (i = 0; i < s->rows; i++)
		if (strcmp(s->row[i].group, like->group) == 0 &&
		    strcmp(s->row[i].name, like->name) == 0 &&
		    strcmp(s->row[i].who, like->who) == 0)
			return &s->row[i];
	return NULL;
}

static void match(struct comparison *c)
{
	uint32_t i;

	for (i = 0; i < c->a->rows; i++) {
		const struct side_row *b = find(c->b, &c->a->row[i]);

		if (b == NULL) {
			c->only_a++;
			continue;
		}
		c->row[c->rows].a = &c->a->row[i];
		c->row[c->rows++].b = b;
	}
	c->only_b = c->b->rows - c->rows;
}

/* ---- figures ---- */

static double median_of(const double *v, uint32_t n)
{
	double *copy = n > 0 ? malloc(n * sizeof(*copy)) : NULL, median = (double)NAN;

	if (copy == NULL)
		return median;
	memcpy(copy, v, n * sizeof(*copy));
	median = stats_median(copy, n);
	free(copy);
	return median;
}

/* How many times faster than the peer, in each round that counts for both. How many. */
static uint32_t take_ratios(const struct side_row *row, const struct side_row *peer)
{
	uint32_t r, n = 0;

	for (r = 0; r < row->rounds && r < peer->rounds; r++)
		if (!isnan(row->ns[r]) && !isnan(peer->ns[r]))
			row->ratio[n++] = peer->ns[r] / row->ns[r];
	return n;
}

/* One peer for both reports and all rounds: ratios to whoever was fastest would change with who was
 * there, and be lower the more there were. */
static void choose_peer(const struct comparison *c, struct pair_row *row)
{
	double lowest = (double)INFINITY;
	const struct side_row *in_b = NULL;
	uint32_t i;

	for (i = 0; row->a->ours && !row->a->part && i < c->a->rows; i++) {
		const struct side_row *peer = &c->a->row[i], *b;
		double median;

		if (!peer->judged || strcmp(peer->group, row->a->group) != 0 ||
		    strcmp(peer->name, row->a->name) != 0)
			continue;
		b = find(c->b, peer);
		if (b == NULL || take_ratios(row->b, b) == 0)
			continue;
		median = median_of(row->a->ratio, take_ratios(row->a, peer));
		if (median < lowest) {
			lowest = median;
			row->peer = peer;
			in_b = b;
		}
	}
	if (row->peer == NULL)
		return;
	row->old_ratios = take_ratios(row->a, row->peer);
	row->new_ratios = take_ratios(row->b, in_b);
}

/* Nanoseconds of NEW are turned into those of OLD's machine state by `scale`. */
static int judge_ns(struct pair_row *row, double scale)
{
	double *scaled = calloc((size_t)row->b->n + 1, sizeof(*scaled));
	uint32_t i;
	int rc;

	if (scaled == NULL)
		return -1;
	for (i = 0; i < row->b->n; i++)
		scaled[i] = row->b->kept[i] * scale;
	row->ns.old_median = median_of(row->a->kept, row->a->n);
	row->ns.new_median = median_of(scaled, row->b->n);
	row->ns.times = row->ns.new_median / row->ns.old_median;
	rc = ranks_test(row->a->kept, row->a->n, scaled, row->b->n, &row->ns.test);
	free(scaled);
	return rc;
}

static int judge_ratio(struct pair_row *row)
{
	row->ratio.old_median = median_of(row->a->ratio, row->old_ratios);
	row->ratio.new_median = median_of(row->b->ratio, row->new_ratios);
	row->ratio.times = row->ratio.old_median / row->ratio.new_median;
	if (ranks_test(row->a->ratio, row->old_ratios, row->b->ratio, row->new_ratios,
		       &row->ratio.test) != 0)
		return -1;
	row->ratio.test.delta = -row->ratio.test.delta; /* above 0: NEW is slower, as with ns */
	return 0;
}

static struct pair_figure *deciding(struct pair_row *row)
{
	return row->by == FIGURE_RATIO ? &row->ratio : &row->ns;
}

static void choose_figure(struct pair_row *row, enum figure by)
{
	const int has_ratio = !isnan(row->ratio.test.p);

	row->by = FIGURE_NS;
	if (by == FIGURE_RATIO || (by == FIGURE_AUTO && has_ratio))
		row->by = FIGURE_RATIO;
}

/* ---- verdicts ---- */

/* The rows of ours are the tests that decide; peers and limits are controls, in no correction. */
static int correct(struct comparison *c)
{
	double *p = calloc((size_t)c->rows + 1, sizeof(*p));
	uint32_t i;
	int rc;

	if (p == NULL)
		return -1;
	for (i = 0; i < c->rows; i++)
		p[i] = c->row[i].a->ours ? deciding(&c->row[i])->test.p : (double)NAN;
	for (i = 0; i < c->rows; i++)
		c->tests += isnan(p[i]) ? 0 : 1;
	rc = ranks_adjust(p, c->rows, c->opt.correction);
	for (i = 0; rc == 0 && i < c->rows; i++)
		deciding(&c->row[i])->p = c->row[i].a->ours ? p[i] : deciding(&c->row[i])->test.p;
	free(p);
	return rc;
}

/* Even with all of one side above all of the other p would not be small enough, and nearly all of
 * one side is. */
static int too_few(const struct comparison *c, struct pair_row *row)
{
	const int ratio = row->by == FIGURE_RATIO;
	double least = ranks_least_p(ratio ? row->old_ratios : row->a->n,
				     ratio ? row->new_ratios : row->b->n);

	if (c->opt.correction != RANKS_NONE && row->a->ours)
		least *= c->tests;
	return least >= c->opt.alpha && fabs(deciding(row)->test.delta) >= NEARLY_ALL;
}

static enum verdict judge(const struct comparison *c, struct pair_row *row)
{
	const struct pair_figure *f = deciding(row);
	int slower, faster;

	if (row->b->error != NULL && row->a->error == NULL)
		return FAILED;
	if (isnan(f->test.p))
		return NOTHING;
	slower = f->times > 1 + c->opt.threshold;
	faster = f->times < 1 / (1 + c->opt.threshold);
	if (!slower && !faster)
		return SAME;
	if (f->p >= c->opt.alpha)
		return too_few(c, row) ? UNSURE : SAME;
	if (row->a->disturbed || row->b->disturbed)
		return UNSURE;
	return slower ? SLOWER : FASTER;
}

/* What happened to rows that no change of the library can have changed. */
static void judge_controls(struct comparison *c)
{
	double *times = calloc((size_t)c->rows + 1, sizeof(*times));
	uint32_t i;

	for (i = 0; times != NULL && i < c->rows; i++)
		if (!c->row[i].a->ours && !isnan(c->row[i].ns.times))
			times[c->controls++] = c->row[i].ns.times;
	c->control = median_of(times, c->controls);
	free(times);
}

int compare_make(struct comparison *c, const struct side *a, const struct side *b,
		 const struct compare_options *opt)
{
	double scale = 1;
	uint32_t i;

	memset(c, 0, sizeof(*c));
	c->opt = *opt;
	c->a = a;
	c->b = b;
	c->row = calloc((size_t)a->rows + 1, sizeof(*c->row));
	if (c->row == NULL)
		return -1;
	if (opt->normalise)
		scale = a->probe / b->probe;
	match(c);
	for (i = 0; i < c->rows; i++) {
		choose_peer(c, &c->row[i]);
		if (judge_ns(&c->row[i], scale) != 0 || judge_ratio(&c->row[i]) != 0)
			return -1;
		choose_figure(&c->row[i], opt->by);
	}
	if (correct(c) != 0)
		return -1;
	for (i = 0; i < c->rows; i++) {
		c->row[i].verdict = judge(c, &c->row[i]);
		c->of[c->row[i].verdict] += (uint32_t)c->row[i].a->ours;
	}
	judge_controls(c);
	return 0;
}

void compare_free(struct comparison *c)
{
	free(c->row);
	memset(c, 0, sizeof(*c));
}
