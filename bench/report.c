/* Tables: the same cells to the terminal and as Markdown. See report.h. */
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "driver.h"
#include "study.h"

#define WAITING_TOO_MUCH 0.02 /* of the time, median over the rows */

enum { COLUMNS = 16, CELL = 80 };

struct table {
	char (*row)[COLUMNS][CELL];
	uint32_t rows, cap;
};

static const char *const heading[COLUMNS] = {
	"case",       "who",   "ns/op",     "min..max",    "M/s",       "GB/s",   "x best peer",
	"x min..max", "x ref", "drain ns",  "rest ns",     "allocs/op", "syscalls/op", "sleeps/op",
	"wait %",     "kept/dropped",
};

/* ---- cells ---- */

static void put_number(char *cell, double v)
{
	if (isnan(v))
		snprintf(cell, CELL, "-");
	else
		snprintf(cell, CELL, v < 100 ? "%.2f" : v < 1000 ? "%.1f" : "%.0f", v);
}

/* Per operation; should be none. */
static void put_count(char *cell, double v)
{
	if (isnan(v))
		snprintf(cell, CELL, "?");
	else
		snprintf(cell, CELL, v > 0 ? "%.3g" : "%.0f", v);
}

static void put_range(char *cell, const struct stats_spread *s)
{
	char low[CELL / 3], high[CELL / 3];

	if (s->n == 0) {
		snprintf(cell, CELL, "-");
		return;
	}
	snprintf(low, sizeof(low), s->min < 100 ? "%.2f" : "%.0f", s->min);
	snprintf(high, sizeof(high), s->max < 100 ? "%.2f" : "%.0f", s->max);
	snprintf(cell, CELL, "%s..%s", low, high);
}

static void put_rates(const struct plan_row *row, char *rate, char *bandwidth)
{
	double ns = row->ns.median;

	snprintf(rate, CELL, "-");
	snprintf(bandwidth, CELL, "-");
	if (row->ns.n == 0 || ns <= 0 || (row->b->flags & BENCH_TIME))
		return;
	put_number(rate, 1e3 / ns);
	if (row->b->size > 0)
		put_number(bandwidth, row->b->size / ns);
}

static void put_ratio(const struct plan_row *row, char *median, char *range)
{
	if (row->b->flags & BENCH_PEER)
		snprintf(median, CELL, row->b->flags & BENCH_SHARING ? "(shares)" : "");
	else if (row->ratio.n > 0)
		put_number(median, row->ratio.median);
	else
		snprintf(median, CELL, "-");
	if (row->ratio.n > 0)
		put_range(range, &row->ratio);
	else
		range[0] = '\0';
}

static void fill(const struct plan *p, const struct plan_row *row, int first_of_set,
		 char (*cell)[CELL])
{
	if (first_of_set)
		snprintf(cell[0], CELL, "%s%s", row->b->name,
			 driver_oversubscribed(p->env, row->b->readers) ? " *" : "");
	snprintf(cell[1], CELL, "%s", row->b->who);
	if (row->error[0] != '\0') {
		snprintf(cell[2], CELL, "FAILED");
		return;
	}
	put_number(cell[2], row->ns.median);
	put_range(cell[3], &row->ns);
	put_rates(row, cell[4], cell[5]);
	put_ratio(row, cell[6], cell[7]);
	if (row->ref.n > 0)
		put_number(cell[8], row->ref.median);
	if (row->drain.n > 0)
		put_number(cell[9], row->drain.median);
	if (row->rest.n > 0)
		put_number(cell[10], row->rest.median);
	put_count(cell[11], alloc_counted() ? row->allocs_per_op : (double)NAN);
	put_count(cell[12], row->calls_per_op);
	if (row->b->way != 0)
		put_count(cell[13], row->sleeps_per_op);
	put_number(cell[14], row->waiting * 100);
	snprintf(cell[15], CELL, "%u/%u%s", (unsigned)row->ns.n, (unsigned)row->dropped,
		 row->disturbed ? " !" : "");
}

/* ---- tables ---- */

static int make_table(const struct plan *p, const char *group, struct table *t)
{
	uint32_t i, s, set = UINT32_MAX;

	t->rows = 0;
	t->cap = p->rows + 1;
	t->row = calloc(t->cap, sizeof(*t->row));
	if (t->row == NULL)
		return -1;
	for (i = 0; i < COLUMNS; i++)
		snprintf(t->row[0][i], CELL, "%s", heading[i]);
	t->rows = 1;
	/* in the order of declaration, whatever the last round's order was */
	for (s = 0; s < p->sets; s++)
		for (i = 0; i < p->rows; i++) {
			const struct plan_row *row = &p->row[i];

			if (row->set != s || strcmp(row->b->group, group) != 0)
				continue;
			fill(p, row, set != s, t->row[t->rows++]);
			set = s;
		}
	return 0;
}

/* A column that says nothing in any row is left out. */
static int says_something(const struct table *t, int column)
{
	uint32_t i;

	for (i = 1; i < t->rows; i++)
		if (column < 4 ||
		    (t->row[i][column][0] != '\0' && strcmp(t->row[i][column], "-") != 0))
			return 1;
	return 0;
}

static void print_table(FILE *f, const struct table *t)
{
	size_t width[COLUMNS];
	uint32_t i;
	int c;

	for (c = 0; c < COLUMNS; c++) {
		width[c] = 0;
		for (i = 0; i < t->rows && says_something(t, c); i++)
			if (strlen(t->row[i][c]) > width[c])
				width[c] = strlen(t->row[i][c]);
	}
	for (i = 0; i < t->rows; i++) {
		for (c = 0; c < COLUMNS; c++)
			if (width[c] > 0)
				fprintf(f, c < 2 ? "%-*s  " : "%*s  ", (int)width[c], t->row[i][c]);
		fputc('\n', f);
	}
}

static void print_markdown(FILE *f, const struct table *t)
{
	uint32_t i;
	int c;

	for (i = 0; i < t->rows; i++) {
		for (c = 0; c < COLUMNS; c++)
			if (says_something(t, c))
				fprintf(f, "| %s ", t->row[i][c]);
		fprintf(f, "|\n");
		for (c = 0; i == 0 && c < COLUMNS; c++)
			if (says_something(t, c))
				fprintf(f, c < 2 ? "|---" : "|---:");
		if (i == 0)
			fprintf(f, "|\n");
	}
}

/* ---- what stands around them ---- */

static const char *group_after(const struct plan *p, const char *group)
{
	const char *last = NULL;
	uint32_t i, k;

	for (i = 0; i < p->rows; i++) {
		const char *g = p->row[i].b->group;

		for (k = 0; k < i && strcmp(p->row[k].b->group, g) != 0; k++)
			;
		if (k < i)
			continue;
		if (group == NULL || (last != NULL && strcmp(last, group) == 0))
			return g;
		last = g;
	}
	return NULL;
}

/* Who stands in a row's own case and is what its "x ref" is against; NULL: not in that case. */
static const char *ref_in_case(const struct bench *b)
{
	char name[160];
	size_t len;

	bench_full_name(b, name, sizeof(name));
	len = strlen(name) - strlen(b->who);
	return strncmp(b->ref, name, len) == 0 ? b->ref + len : NULL;
}

static int same_ref(const struct bench *a, const struct bench *b)
{
	const char *in_a = ref_in_case(a), *in_b = ref_in_case(b);

	if (in_a != NULL && in_b != NULL)
		return strcmp(a->group, b->group) == 0 && strcmp(in_a, in_b) == 0;
	return strcmp(a->ref, b->ref) == 0;
}

/* What "x ref" compares with: each reference once. Those of processes are all of one kind. */
static void explain_refs(FILE *f, const struct plan *p, const char *group, const char *bullet)
{
	uint32_t i, k;
	int same_case = 0;

	for (i = 0; i < p->rows; i++) {
		const struct bench *b = p->row[i].b;

		if (p->row[i].ref.n == 0 || strcmp(b->group, group) != 0)
			continue;
		if ((b->flags & BENCH_PROCS) && strncmp(b->ref, group, strlen(group)) == 0) {
			same_case = 1;
			continue;
		}
		for (k = 0; k < i; k++)
			if (p->row[k].ref.n > 0 && same_ref(p->row[k].b, b))
				break;
		if (k == i && ref_in_case(b) != NULL)
			fprintf(f, "%sx ref of %s and its like is against %s of the same case\n",
				bullet, b->name, ref_in_case(b));
		else if (k == i)
			fprintf(f, "%sx ref of %s and its like is against %s\n", bullet, b->name,
				b->ref);
	}
	if (same_case)
		fprintf(f, "%sx ref of our processes rows is against the same case on threads\n",
			bullet);
}

/* What "rest ns" is without. The rows of one group differ in their cases only: the first tells. */
static void explain_rest(FILE *f, const struct plan *p, const char *group, const char *bullet)
{
	uint32_t i;

	for (i = 0; i < p->rows; i++) {
		const struct bench *b = p->row[i].b;

		if (p->row[i].rest.n == 0 || strcmp(b->group, group) != 0)
			continue;
		fprintf(f, "%srest ns of %s/%s and its like is without %s%s%s\n", bullet, b->name,
			b->who, b->less[0], b->less[1][0] != '\0' ? " and " : "", b->less[1]);
		return;
	}
}

static void explain(FILE *f, const struct plan *p, const char *group, const char *bullet)
{
	uint32_t i;
	int shared = 0;

	for (i = 0; i < p->rows; i++) {
		const struct plan_row *row = &p->row[i];

		if (strcmp(row->b->group, group) != 0)
			continue;
		shared |= driver_oversubscribed(p->env, row->b->readers);
		if (row->error[0] != '\0')
			fprintf(f, "%s%s/%s FAILED: %s\n", bullet, row->b->name, row->b->who,
				row->error);
	}
	explain_refs(f, p, group, bullet);
	explain_rest(f, p, group, bullet);
	if (shared)
		fprintf(f,
			"%s* oversubscribed: roles share a CPU; scaling over real cores is not "
			"measured\n",
			bullet);
}

static void about_plan(FILE *f, const struct plan *p, const char *bullet)
{
	fprintf(f,
		"%s%u rounds, %u planned; machine probe (round trip of one line): median %.0f ns, "
		"%.0f..%.0f\n",
		bullet, (unsigned)p->rounds, (unsigned)p->opt.rounds, p->probe.median, p->probe.min,
		p->probe.max);
	fprintf(f,
		"%sa round of a comparison is dropped, on all sides, when a probe beside it is "
		"beyond %.1f x or below %.1f x that median, or others had its CPUs for more than "
		"%.0f %% of the time\n",
		bullet, STATS_OUT_HIGH, STATS_OUT_LOW, STATS_WAIT_HIGH * 100);
	fprintf(f,
		"%srows with ! kept fewer than two rounds and are judged on all of them: "
		"indications only\n",
		bullet);
	fprintf(f, "%sreaders look at %s of each message\n", bullet,
		p->rows > 0 && (p->row[0].b->flags & BENCH_LINES) ? "every line"
								  : "the first and last word");
	if (p->left_out > 0)
		fprintf(f,
			"%s%u rows that spin with more roles than CPUs are left out of the quick "
			"plan: "
			"they measure the scheduler's time slice; --full has them\n",
			bullet, (unsigned)p->left_out);
	if (p->waiting > WAITING_TOO_MUCH)
		fprintf(f,
			"%scaution: others had these CPUs for %.0f %% of the time: what is left "
			"after "
			"dropping is little, and the rows with * are not to be trusted\n",
			bullet, p->waiting * 100);
}

static void summary(FILE *f, const struct plan *p, const struct context *c, const char *bullet)
{
	unsigned i;

	if (p->rows > 0)
		about_plan(f, p, bullet);
	for (i = 0; i < c->n; i++)
		if (c->fact[i].warning != NULL)
			fprintf(f, "%scaution, %s = %s: %s\n", bullet, c->fact[i].key,
				c->fact[i].value, c->fact[i].warning);
}

static void report(FILE *f, const struct plan *p, const struct context *c, int markdown)
{
	const char *group = NULL, *bullet = markdown ? "* " : "  ";
	struct table t;

	while ((group = group_after(p, group)) != NULL) {
		if (make_table(p, group, &t) != 0)
			return;
		fprintf(f, markdown ? "\n## %s\n\n" : "\n%s\n", group);
		(markdown ? print_markdown : print_table)(f, &t);
		if (markdown)
			fputc('\n', f);
		explain(f, p, group, bullet);
		free(t.row);
	}
	study_report_all(f, markdown);
	fprintf(f, markdown ? "\n## About this run\n\n" : "\nabout this run\n");
	summary(f, p, c, bullet);
}

void report_text(FILE *f, const struct plan *p, const struct context *c)
{
	report(f, p, c, 0);
}

void report_markdown(FILE *f, const struct plan *p, const struct context *c)
{
	unsigned i;

	fprintf(f, "# weir benchmark report\n");
	report(f, p, c, 1);
	fprintf(f, "\n| | |\n|---|---|\n");
	for (i = 0; i < c->n; i++)
		fprintf(f, "| %s | %s |\n", c->fact[i].key, c->fact[i].value);
}
