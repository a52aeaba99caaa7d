/* Cells. See cell.h. */
#include "cell.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "alloc.h"
#include "driver.h"

#define CELL TABLE_CELL

const char *const cell_cost_heading[CELL_COSTS] = {
	[CELL_ALLOCS] = "allocs/op",	 [CELL_CALLS] = "syscalls/op", [CELL_SLEEPS] = "sleeps/op",
	[CELL_SWITCHES] = "switches/op", [CELL_FAULTS] = "faults/op",
};

void cell_number(char *cell, double v)
{
	if (isnan(v))
		snprintf(cell, CELL / 2, "-");
	else
		snprintf(cell, CELL / 2, v < 100 ? "%.2f" : v < 1000 ? "%.1f" : "%.0f", v);
}

void cell_count(char *cell, double v)
{
	if (isnan(v))
		snprintf(cell, CELL, "?");
	else
		snprintf(cell, CELL, v > 0 ? "%.3g" : "%.0f", v);
}

static void from_to(char *cell, uint32_t n, double from, double to)
{
	char low[CELL / 3], high[CELL / 3];

	if (n == 0) {
		snprintf(cell, CELL, "-");
		return;
	}
	snprintf(low, sizeof(low), from < 100 ? "%.2f" : "%.0f", from);
	snprintf(high, sizeof(high), to < 100 ? "%.2f" : "%.0f", to);
	snprintf(cell, CELL, "%s..%s", low, high);
}

void cell_range(char *cell, const struct stats_spread *s)
{
	from_to(cell, s->n, s->min, s->max);
}

void cell_interval(char *cell, const struct stats_spread *s)
{
	from_to(cell, s->n, s->low, s->high);
}

char cell_sign(const struct stats_spread *s, int disturbed)
{
	if (s->n == 0)
		return 0;
	if (disturbed || s->n < 2 || (stats_side(s, 1) != 0 && s->n < STATS_TELLING))
		return '?';
	return stats_side(s, 1) == 0 ? '~' : 0;
}

void cell_comparison(char *cell, const struct stats_spread *s, int disturbed)
{
	if (s->n == 0)
		return;
	cell[0] = cell_sign(s, disturbed);
	cell_number(cell + (cell[0] != 0), s->median);
}

void cell_kept(char *cell, const struct plan_row *row)
{
	snprintf(cell, CELL, "%u/%u%s", (unsigned)row->ns.n, (unsigned)row->dropped,
		 row->disturbed ? " !" : "");
}

void cell_evicted(char *cell, const struct plan_row *row)
{
	if (row->b->evicts && row->lost.n > 0)
		snprintf(cell, CELL, "%" PRIu64, row->evicted);
}

void cell_case(char *cell, const struct plan *p, const struct plan_row *row)
{
	snprintf(cell, CELL, "%s%s", row->b->name,
		 driver_oversubscribed(p->env, row->b->readers) ? " *" : "");
}

/* Of all rounds. 0: no more than the harness itself has. */
static double faults_per_op(const struct plan *p, const struct plan_row *row)
{
	double faults = 0, samples = 0;
	uint32_t r;

	for (r = 0; r < p->rounds; r++)
		if (!isnan(row->sample[r].ns_per_op)) {
			faults += (double)row->sample[r].faults;
			samples++;
		}
	return faults > CELL_FAULTS_LEAST * samples ? faults / (samples * (double)row->n) : 0;
}

void cell_costs(char (*cell)[TABLE_CELL], const struct plan *p, const struct plan_row *row)
{
	const double faults = faults_per_op(p, row);

	cell_count(cell[CELL_ALLOCS], alloc_counted() ? row->allocs_per_op : (double)NAN);
	cell_count(cell[CELL_CALLS], row->calls_per_op);
	if (row->b->way != 0)
		cell_count(cell[CELL_SLEEPS], row->sleeps_per_op);
	if (row->switches_per_op > 0)
		cell_count(cell[CELL_SWITCHES], row->switches_per_op);
	if (faults > 0)
		cell_count(cell[CELL_FAULTS], faults);
}
