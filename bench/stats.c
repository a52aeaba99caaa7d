/* Statistics over few, noisy samples: order statistics only. See stats.h. */
#include "stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double stats_median(double *v, uint32_t n)
{
	if (n == 0)
		return (double)NAN;
	qsort(v, n, sizeof(*v), by_value);
	return n % 2 != 0 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

uint32_t stats_outside(uint32_t n)
{
	/* k of n on one side of the median, as with coins: terms of the binomial distribution */
	double term = exp2(-(double)n), tail = term;
	uint32_t k = 0;

	while (2 * tail <= STATS_CHANCE) {
		k++;
		term *= (double)(n - k + 1) / k;
		tail += term;
	}
	return k > 0 ? k - 1 : 0;
}

void stats_spread_of(const double *v, const uint8_t *keep, uint32_t rounds,
		     struct stats_spread *out)
{
	double kept[STATS_ROUNDS_MAX];
	uint32_t i, n = 0, outside;

	for (i = 0; i < rounds && i < STATS_ROUNDS_MAX; i++)
		if (!isnan(v[i]) && (keep == NULL || keep[i]))
			kept[n++] = v[i];
	out->n = n;
	out->median = stats_median(kept, n);
	/* sorted by now */
	out->min = n > 0 ? kept[0] : (double)NAN;
	out->max = n > 0 ? kept[n - 1] : (double)NAN;
	outside = stats_outside(n);
	out->low = n > 0 ? kept[outside] : (double)NAN;
	out->high = n > 0 ? kept[n - 1 - outside] : (double)NAN;
}

int stats_side(const struct stats_spread *s, double v)
{
	if (s->n < 2)
		return 0;
	return s->low > v ? 1 : s->high < v ? -1 : 0;
}

int stats_outlying(double probe, double median)
{
	if (isnan(median) || median <= 0)
		return 0;
	if (isnan(probe))
		return 1;
	return probe > STATS_OUT_HIGH * median || probe < STATS_OUT_LOW * median;
}

/* Ratios of the rounds that both have; how many, and their median. */
static uint32_t ratios_to(const double *ours, const double *other, uint32_t rounds, double *ratio,
			  double *median)
{
	double v[STATS_ROUNDS_MAX];
	uint32_t i, n = 0;

	for (i = 0; i < rounds; i++) {
		ratio[i] = !isnan(ours[i]) && ours[i] > 0 ? other[i] / ours[i] : (double)NAN;
		if (!isnan(ratio[i]))
			v[n++] = ratio[i];
	}
	*median = stats_median(v, n);
	return n;
}

int stats_best(const double *ours, const double *const *others, uint32_t nothers, uint32_t rounds,
	       double *ratio)
{
	double r[STATS_ROUNDS_MAX], median, lowest = (double)INFINITY;
	int best = -1, best_enough = 0, enough;
	uint32_t k, n;

	for (n = 0; n < rounds; n++)
		ratio[n] = (double)NAN;
	for (k = 0; k < nothers; k++) {
		n = ratios_to(ours, others[k], rounds, r, &median);
		enough = n >= STATS_ENOUGH;
		if (n == 0 || enough < best_enough || (enough == best_enough && !(median < lowest)))
			continue;
		best = (int)k;
		best_enough = enough;
		lowest = median;
		memcpy(ratio, r, rounds * sizeof(*r));
	}
	return best;
}

void stats_rest(const double *ours, const double *const *parts, uint32_t nparts, uint32_t rounds,
		double *rest)
{
	uint32_t i, k;

	for (i = 0; i < rounds; i++) {
		rest[i] = ours[i];
		for (k = 0; k < nparts; k++)
			rest[i] -= parts[k][i]; /* NaN stays NaN */
	}
}
