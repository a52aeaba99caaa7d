/* bench/stats.h - what is made of samples: medians, spreads, ratios, what to drop. Pure. */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <stdint.h>

/* A round in which nothing was measured is NaN in every series below. Results that do not exist,
 * the median of nothing for one, are NaN as well. */

#define STATS_ROUNDS_MAX 128u
#define STATS_OUT_HIGH 1.6 /* a probe beyond these multiples of the run's median is outlying */
#define STATS_OUT_LOW 0.6
#define STATS_WAIT_HIGH 0.1 /* share of a sample's time in which others had its CPUs */

struct stats_spread {
	double median, min, max;
	uint32_t n; /* values that counted */
};

/* Median of v[0 .. n), the mean of the middle two when n is even. Reorders v; no NaN in it. */
double stats_median(double *v, uint32_t n);

/* Median and range of the rounds that are kept (keep NULL: all) and not NaN.
 * rounds <= STATS_ROUNDS_MAX. */
void stats_spread_of(const double *v, const uint8_t *keep, uint32_t rounds,
		     struct stats_spread *out);

/* Where a spread lies: 1 all of it above v, -1 all of it below, 0 when it covers v or comes of fewer
 * than two values. */
int stats_side(const struct stats_spread *s, double v);

/* 1 when a probe of the machine tells that it was not in the state it is mostly in. A median of 0
 * or NaN means that nothing could be probed: then nothing is outlying. */
int stats_outlying(double probe, double median);

/* For each round: how many times faster ours was than the fastest of the others, from nanoseconds
 * per operation. NaN for a round without ours or without any other. */
void stats_ratios(const double *ours, const double *const *others, uint32_t nothers,
		  uint32_t rounds, double *ratio);

/* For each round: what is left of ours when the parts are taken off; below 0 when they overlap. NaN
 * for a round in which one of them is missing. */
void stats_rest(const double *ours, const double *const *parts, uint32_t nparts, uint32_t rounds,
		double *rest);

#endif
