/* bench/report_part.h - what the tables of a report are put together from. For report.c, csv.c, json.c. */
#ifndef BENCH_REPORT_PART_H
#define BENCH_REPORT_PART_H

#include <stdio.h>

#include "plan.h"

/* What the flags of a bench are called in files. */
struct report_flag {
	uint32_t flag;
	const char *name;
};
enum { REPORT_FLAGS = 11 };
extern const struct report_flag report_flag[REPORT_FLAGS];

/* The table of one group. Nothing when there is no memory for it. */
void report_table(FILE *f, const struct plan *p, const char *group, int markdown);

/* "ahead" of the best peer, "behind", "none": no difference seen, "untold": too few quiet rounds, or
 * "" of a row that is compared with nobody. */
const char *report_verdict_word(const struct plan_row *row);

/* What to know about it, a line each: the verdict, what its ratios are against, what failed. */
void report_notes(FILE *f, const struct plan *p, const char *group, const char *bullet);

#endif
