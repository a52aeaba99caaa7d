/* The table of a group. See report_part.h. */
#include <math.h>
#include <string.h>

#include "alloc.h"
#include "driver.h"
#include "latency_report.h"
#include "report_part.h"
#include "table.h"

#define CELL TABLE_CELL

enum column {
	CASE,
	WHO,
	NS,
	NS_RANGE,
	RATE,
	BANDWIDTH,
	RATIO,
	RATIO_RANGE,
	LIMIT,
	REF,
	LOST,
	DRAIN,
	REST,
	ALLOCS,
	CALLS,
	SLEEPS,
	SWITCHES,
	WAITING,
	KEPT_DROPPED,
	COLUMNS
};

static const char *const heading[COLUMNS] = {
	[CASE] = "case",	 [WHO] = "who",
	[NS] = "ns/op",		 [NS_RANGE] = "min..max",
	[RATE] = "M/s",		 [BANDWIDTH] = "GB/s",
	[RATIO] = "x best peer", [RATIO_RANGE] = "x min..max",
	[LIMIT] = "x limit",	 [REF] = "x ref",
	[LOST] = "lost %",	 [DRAIN] = "drain ns",
	[REST] = "rest ns",	 [ALLOCS] = "allocs/op",
	[CALLS] = "syscalls/op", [SLEEPS] = "sleeps/op",
	[SWITCHES] = "switches/op", [WAITING] = "wait %",
	[KEPT_DROPPED] = "kept/dropped",
};

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

/* What is lost is no throughput. */
static void put_rates(const struct plan_row *row, char *rate, char *bandwidth)
{
	double ns = row->ns.median;
	double had = row->lost.n > 0 ? 1 - row->lost.median : 1;

	snprintf(rate, CELL, "-");
	snprintf(bandwidth, CELL, "-");
	if (row->ns.n == 0 || ns <= 0 || (row->b->flags & BENCH_TIME))
		return;
	put_number(rate, had * 1e3 / ns);
	if (row->b->size > 0)
		put_number(bandwidth, had * row->b->size / ns);
}

/* A ratio whose range covers 1 is no difference, whatever its median is. */
static void put_comparison(char *cell, const struct stats_spread *s)
{
	size_t len;

	put_number(cell, s->median);
	len = strlen(cell);
	if (s->n < 2)
		snprintf(cell + len, CELL - len, " (1 round)");
	else if (stats_side(s, 1) == 0)
		snprintf(cell + len, CELL - len, " (no diff)");
}

static void put_ratio(const struct plan_row *row, char *median, char *range)
{
	if (row->b->flags & BENCH_PEER)
		snprintf(median, CELL, row->b->flags & BENCH_SHARING ? "(shares)" : "");
	else if (row->ratio.n > 0)
		put_comparison(median, &row->ratio);
	else
		snprintf(median, CELL, "-");
	if (row->ratio.n > 0)
		put_range(range, &row->ratio);
}

static void fill(const struct plan *p, const struct plan_row *row, int first_of_set,
		 char (*cell)[CELL])
{
	if (first_of_set)
		snprintf(cell[CASE], CELL, "%s%s", row->b->name,
			 driver_oversubscribed(p->env, row->b->readers) ? " *" : "");
	snprintf(cell[WHO], CELL, "%s", row->b->who);
	if (row->error[0] != '\0') {
		snprintf(cell[NS], CELL, "FAILED");
		return;
	}
	put_number(cell[NS], row->ns.median);
	put_range(cell[NS_RANGE], &row->ns);
	put_rates(row, cell[RATE], cell[BANDWIDTH]);
	put_ratio(row, cell[RATIO], cell[RATIO_RANGE]);
	if (row->ref.n > 0)
		put_comparison(cell[row->ref_is_limit ? LIMIT : REF], &row->ref);
	if (row->lost.n > 0)
		put_number(cell[LOST], row->lost.median * 100);
	if (row->drain.n > 0)
		put_number(cell[DRAIN], row->drain.median);
	if (row->rest.n > 0)
		put_number(cell[REST], row->rest.median);
	put_count(cell[ALLOCS], alloc_counted() ? row->allocs_per_op : (double)NAN);
	put_count(cell[CALLS], row->calls_per_op);
	if (row->b->way != 0)
		put_count(cell[SLEEPS], row->sleeps_per_op);
	if (row->switches_per_op > 0)
		put_count(cell[SWITCHES], row->switches_per_op);
	put_number(cell[WAITING], row->waiting * 100);
	snprintf(cell[KEPT_DROPPED], CELL, "%u/%u%s", (unsigned)row->ns.n, (unsigned)row->dropped,
		 row->disturbed ? " !" : "");
}

void report_table(FILE *f, const struct plan *p, const char *group, int markdown)
{
	uint32_t i, s, set = UINT32_MAX;
	struct table t;

	if (latency_is_in(p, group)) {
		latency_table(f, p, group, markdown);
		return;
	}
	if (table_make(&t, heading, COLUMNS, WHO + 1, p->rows) != 0)
		return;
	/* in the order of declaration, whatever the last round's order was */
	for (s = 0; s < p->sets; s++)
		for (i = 0; i < p->rows; i++) {
			const struct plan_row *row = &p->row[i];

			if (row->set != s || strcmp(row->b->group, group) != 0)
				continue;
			fill(p, row, set != s, table_row(&t));
			set = s;
		}
	table_print(f, &t, markdown);
	table_free(&t);
}
