/* bench/cell.h - what stands in the cells of a table of rows. A cell has TABLE_CELL bytes. */
#ifndef BENCH_CELL_H
#define BENCH_CELL_H

#include "plan.h"
#include "table.h"

void cell_number(char *cell, double v);
/* Per operation; should be none. NaN: "?". */
void cell_count(char *cell, double v);
void cell_range(char *cell, const struct stats_spread *s);
void cell_interval(char *cell, const struct stats_spread *s); /* of the median */
/* A median of ratios: "~1.02" when its interval covers 1, which is no difference; "?1.02" when they are too few to tell, or were disturbed. "" of none. */
void cell_comparison(char *cell, const struct stats_spread *s, int disturbed);
char cell_sign(const struct stats_spread *s, int disturbed); /* '~', '?' or 0 */
/* "kept/dropped", and ! of rows judged on all. */
void cell_kept(char *cell, const struct plan_row *row);
/* Readers evicted, of rows whose writer does so. */
void cell_evicted(char *cell, const struct plan_row *row);
/* The name of its case, * where roles share CPUs. */
void cell_case(char *cell, const struct plan *p, const struct plan_row *row);

/* What an operation costs others: heap calls, system calls, context switches, page faults, a cell
 * each. "" of what is not worth a column where there is none. */
enum cell_cost { CELL_ALLOCS, CELL_CALLS, CELL_SLEEPS, CELL_SWITCHES, CELL_FAULTS, CELL_COSTS };
#define CELL_FAULTS_LEAST 64 /* a sample; below: first touches of stacks and histograms */
extern const char *const cell_cost_heading[CELL_COSTS];
void cell_costs(char (*cell)[TABLE_CELL], const struct plan *p, const struct plan_row *row);

#endif
