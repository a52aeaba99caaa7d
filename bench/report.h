/* bench/report.h - a judged plan as tables on a terminal, as Markdown, and as JSON. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdio.h>

#include "context.h"
#include "plan.h"

/* One table per group, and what to know about it. */
void report_text(FILE *f, const struct plan *p, const struct context *c);
void report_markdown(FILE *f, const struct plan *p, const struct context *c);

/* Everything, each sample included. The schema is described in bench/README.md. */
void report_json(FILE *f, const struct plan *p, const struct context *c);

#endif
