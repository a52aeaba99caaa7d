/* bench/report.h - a judged plan as tables on a terminal, as Markdown, and as CSV, and as JSON. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdio.h>

#include "context.h"
#include "plan.h"

/* One table per group, and what to know about it. */
void report_text(FILE *f, const struct plan *p, const struct context *c);
void report_markdown(FILE *f, const struct plan *p, const struct context *c);

/* A line per row, RFC 4180. */
void report_csv(FILE *f, const struct plan *p, const struct context *c);

/* Everything, each sample included. bench/schema.json describes it. */
void report_json(FILE *f, const struct plan *p, const struct context *c);

#endif
