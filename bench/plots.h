/* bench/plots.h - pictures of a run: data as CSV, a gnuplot script each, and what gnuplot makes of them. */
#ifndef BENCH_PLOTS_H
#define BENCH_PLOTS_H

#include <stdio.h>

#include "context.h"
#include "plan.h"

/* Removes what an earlier run has left in the folder: data, scripts and pictures. */
void plots_clear(const char *dir);

/* Writes the data of the rows and, for every plot that there is data for, its script into the folder;
 * then runs gnuplot, if there is one. Data of studies are in the folder already. says: a line about
 * what was not drawn and why, or "". 0; -1: not written, errno says why. */
int plots_make(const char *dir, const struct plan *p, const struct context *c, char *says,
	       size_t cap);

/* How many pictures there are. */
unsigned plots_made(void);
/* A section that shows them; folder is where they are, as seen from the Markdown: kept by reference. */
void plots_seen_from(const char *folder);
void plots_markdown(FILE *f);

#endif
