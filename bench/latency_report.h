/* bench/latency_report.h - distributions in the report: tables, JSON, files. */
#ifndef BENCH_LATENCY_REPORT_H
#define BENCH_LATENCY_REPORT_H

#include <stdio.h>

#include "plan.h"

/* Has the group, or with NULL the plan, rows with distributions? */
int latency_is_in(const struct plan *p, const char *group);

/* The table of such a group, in place of the one of means, and what to know about it. */
void latency_table(FILE *f, const struct plan *p, const char *group, int markdown);
void latency_notes(FILE *f, const struct plan *p, const char *group, const char *bullet);

/* The members "latency" and "service" of a row's object, each with a comma and `end` behind; nothing of a
 * row without. */
void latency_json(FILE *f, const struct plan *p, const struct plan_row *row, const char *end);

/* In the folder dir, of this plan and those after it: latency.csv, and a .hgrm file for each
 * distribution. 0, or -1 with errno. Nothing where there is none. */
int latency_files(const struct plan *p, const char *dir);

#endif
