/* bench/stats.h - what is made of samples: medians, spreads, ratios, what to drop. Pure. */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <stdint.h>

/* A round in which nothing was measured is NaN in every series below. Results that do not exist,
 * the median of nothing for one, are NaN as well. */

#define STATS_ROUNDS_MAX 128u
#define STATS_ENOUGH 2u /* rounds that a median wants */
#define STATS_TELLING 6u /* rounds that can tell: all on one side are 1 in 32 by chance */
#define STATS_CHANCE (1.0 / 32) /* that a median's interval does not hold it */
#define STATS_OUT_HIGH 1.6 /* a probe beyond these multiples of the run's median is outlying */
#define STATS_OUT_LOW 0.6
#define STATS_WAIT_HIGH 0.1 /* share of a sample's time in which others had its CPUs */

/* low..high holds the median of all rounds that there could be, but for STATS_CHANCE: a value lies
 * above that median as often as below, so the ranks of an interval for it follow from n alone, whatever
 * the distribution is. With fewer than STATS_TELLING values it is the range, and holds it less often. */
struct stats_spread {
	double median, min, max, low, high;
	uint32_t n; /* values that counted */
};

/* Median of v[0 .. n), the mean of the middle two when n is even. Reorders v; no NaN in it. */
double stats_median(double *v, uint32_t n);

/* Median, range and interval of the rounds that are kept (keep NULL: all) and not NaN.
 * rounds <= STATS_ROUNDS_MAX. */
void stats_spread_of(const double *v, const uint8_t *keep, uint32_t rounds,
		     struct stats_spread *out);

/* Of n values in order, how many lie outside of the median's interval at either end. */
uint32_t stats_outside(uint32_t n);

/* Where the median lies: 1 its interval is above v, -1 below, 0 when it covers v or comes of fewer than
 * two values. */
int stats_side(const struct stats_spread *s, double v);

/* 1 when a probe of the machine tells that it was not in the state it is mostly in. A median of 0
 * or NaN means that nothing could be probed: then nothing is outlying. */
int stats_outlying(double probe, double median);

/* Against the best of the others: the one against which ours does worst, by the median of the ratios
 * (how many times faster ours was, from nanoseconds per operation) of the rounds that both have. Fills
 * ratio[rounds] with these, NaN elsewhere, and returns its index; -1: none has a round in common with
 * ours. One that has fewer than STATS_ENOUGH comes only where all have so few.
 *
 * Not the fastest of each round: the luckiest of many noisy series is faster than any of them is. */
int stats_best(const double *ours, const double *const *others, uint32_t nothers, uint32_t rounds,
	       double *ratio);

/* For each round: what is left of ours when the parts are taken off; below 0 when they overlap. NaN
 * for a round in which one of them is missing. */
void stats_rest(const double *ours, const double *const *parts, uint32_t nparts, uint32_t rounds,
		double *rest);

#endif
