/* The table of a group. See report_part.h. */
#include <string.h>

#include "cell.h"
#include "latency_report.h"
#include "report_part.h"

#define CELL TABLE_CELL

enum column {
	CASE,
	WHO,
	NS,
	NS_RANGE,
	RATE,
	BANDWIDTH,
	BEST,
	RATIO,
	RATIO_RANGE,
	LIMIT,
	REF,
	LOST,
	EVICTED,
	DRAIN,
	REST,
	COSTS, /* enum cell_cost */
	WAITING = COSTS + CELL_COSTS,
	KEPT_DROPPED,
	COLUMNS
};

static const char *const heading[COLUMNS] = {
	[CASE] = "case",
	[WHO] = "who",
	[NS] = "ns/op",
	[NS_RANGE] = "min..max",
	[RATE] = "M/s",
	[BANDWIDTH] = "GB/s",
	[BEST] = "best peer",
	[RATIO] = "x best peer",
	[RATIO_RANGE] = "x low..high",
	[LIMIT] = "x limit",
	[REF] = "x ref",
	[LOST] = "lost %",
	[EVICTED] = "evicted",
	[DRAIN] = "drain ns",
	[REST] = "rest ns",
	[WAITING] = "wait %",
	[KEPT_DROPPED] = "kept/dropped",
};

/* What is lost is no throughput. */
static void put_rates(const struct plan_row *row, char *rate, char *bandwidth)
{
	double ns = row->ns.median;
	double had = row->lost.n > 0 ? 1 - row->lost.median : 1;

	snprintf(rate, CELL, "-");
	snprintf(bandwidth, CELL, "-");
	if (row->ns.n == 0 || ns <= 0 || (row->b->flags & BENCH_TIME))
		return;
	cell_number(rate, had * 1e3 / ns);
	if (row->b->size > 0)
		cell_number(bandwidth, had * row->b->size / ns);
}

static void put_ratio(const struct plan_row *row, char *median, char *range)
{
	if (row->b->flags & BENCH_PEER)
		snprintf(median, CELL, row->b->flags & BENCH_SHARING ? "(shares)" : "");
	else if (row->b->flags & BENCH_LIMIT)
		return; /* compared with nobody */
	else if (row->ratio.n > 0)
		cell_comparison(median, &row->ratio, row->ratio_disturbed);
	else
		snprintf(median, CELL, "-");
	if (row->ratio.n > 0)
		cell_interval(range, &row->ratio);
}

static void fill(const struct plan *p, const struct plan_row *row, int first_of_set,
		 char (*cell)[CELL])
{
	if (first_of_set)
		cell_case(cell[CASE], p, row);
	snprintf(cell[WHO], CELL, "%s", row->b->who);
	if (row->error[0] != '\0') {
		snprintf(cell[NS], CELL, "FAILED");
		return;
	}
	cell_number(cell[NS], row->ns.median);
	cell_range(cell[NS_RANGE], &row->ns);
	put_rates(row, cell[RATE], cell[BANDWIDTH]);
	if (row->best_peer != NULL)
		snprintf(cell[BEST], CELL, "%s", row->best_peer);
	put_ratio(row, cell[RATIO], cell[RATIO_RANGE]);
	cell_comparison(cell[row->ref_is_limit ? LIMIT : REF], &row->ref, row->ref_disturbed);
	if (row->lost.n > 0)
		cell_number(cell[LOST], row->lost.median * 100);
	cell_evicted(cell[EVICTED], row);
	if (row->drain.n > 0)
		cell_number(cell[DRAIN], row->drain.median);
	if (row->rest.n > 0)
		cell_number(cell[REST], row->rest.median);
	cell_costs(cell + COSTS, p, row);
	cell_number(cell[WAITING], row->waiting * 100);
	cell_kept(cell[KEPT_DROPPED], row);
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
	table_head(&t, COSTS, cell_cost_heading, CELL_COSTS);
	t.goes[BANDWIDTH] = 1; /* the time says as much */
	t.goes[RATE] = 2;
	t.goes[COSTS + CELL_SWITCHES] = 3;
	t.goes[NS_RANGE] = 4;
	t.goes[EVICTED] = 5;
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
