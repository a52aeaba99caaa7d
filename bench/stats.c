/* Statistics over few, noisy samples: order statistics only. See stats.h. */
#include "stats.h"

#include <math.h>
#include <stdlib.h>

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

void stats_spread_of(const double *v, const uint8_t *keep, uint32_t rounds,
		     struct stats_spread *out)
{
	double kept[STATS_ROUNDS_MAX];
	uint32_t i, n = 0;

	for (i = 0; i < rounds && i < STATS_ROUNDS_MAX; i++)
		if (!isnan(v[i]) && (keep == NULL || keep[i]))
			kept[n++] = v[i];
	out->n = n;
	out->median = stats_median(kept, n);
	/* sorted by now */
	out->min = n > 0 ? kept[0] : (double)NAN;
	out->max = n > 0 ? kept[n - 1] : (double)NAN;
}

int stats_side(const struct stats_spread *s, double v)
{
	if (s->n < 2)
		return 0;
	return s->min > v ? 1 : s->max < v ? -1 : 0;
}

int stats_outlying(double probe, double median)
{
	if (isnan(median) || median <= 0)
		return 0;
	if (isnan(probe))
		return 1;
	return probe > STATS_OUT_HIGH * median || probe < STATS_OUT_LOW * median;
}

void stats_ratios(const double *ours, const double *const *others, uint32_t nothers,
		  uint32_t rounds, double *ratio)
{
	uint32_t i, k;

	for (i = 0; i < rounds; i++) {
		double best = (double)NAN;

		for (k = 0; k < nothers; k++)
			if (!isnan(others[k][i]) && !(others[k][i] >= best))
				best = others[k][i];
		ratio[i] = !isnan(ours[i]) && ours[i] > 0 ? best / ours[i] : (double)NAN;
	}
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
