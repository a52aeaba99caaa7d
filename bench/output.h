/* bench/output.h - the files that a run leaves, and whether they can be written at all. */
#ifndef BENCH_OUTPUT_H
#define BENCH_OUTPUT_H

#include "report.h"

struct output {
	const char *prefix; /* of PREFIX.md, PREFIX.json and so on, and the folder PREFIX */
	const char *json, *markdown; /* instead of PREFIX.json, PREFIX.md; NULL: not given */
	int folder;                  /* for data and plots */
};

/* To be called before anything is measured. 0; -1: something cannot be written, stderr says what.
 * Leaves what is there as it is, and only the folder behind. */
int output_check(const struct output *o);

/* Both: 0; -1: something is not written, stderr says what. A file that is there stays as it is until
 * the new one is complete. The figures themselves, JSON and CSV, first of all: */
int output_figures(const struct output *o, const struct plan *p, const struct context *c);
/* what is made of them: data and plots, then the Markdown that shows these; and says what there is. */
int output_views(const struct output *o, const struct plan *p, const struct context *c);

#endif
