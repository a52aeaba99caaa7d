/* bench/plots_data.h - the rows as data for plots. For plots.c. */
#ifndef BENCH_PLOTS_DATA_H
#define BENCH_PLOTS_DATA_H

#include <stdio.h>

#include "plan.h"

/* Each writes a heading and its lines; how many lines. */
unsigned plots_ratios(FILE *f, const struct plan *p);
unsigned plots_throughput(FILE *f, const struct plan *p);
unsigned plots_barriers(FILE *f, const struct plan *p);

#endif
