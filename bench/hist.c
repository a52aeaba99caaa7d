/* A log-linear histogram: what is read off it. See hist.h. */
#include "hist.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define TICKS 5		  /* lines of the export per halving of what is left above */
#define PPM_ALL 1000000u  /* the 100th percentile */
#define LEVEL_ERROR 1e-12 /* of a share that was computed in two ways */

void hist_reset(struct hist *h)
{
	memset(h, 0, sizeof(*h));
}

void hist_merge(struct hist *into, const struct hist *h)
{
	uint32_t i;

	if (h->count == 0)
		return;
	if (into->count == 0 || h->min < into->min)
		into->min = h->min;
	if (h->max > into->max)
		into->max = h->max;
	into->count += h->count;
	into->sum += h->sum;
	for (i = 0; i < HIST_BUCKETS; i++)
		into->bucket[i] += h->bucket[i];
}

static uint32_t shift_of(uint32_t i)
{
	return i < (2u << HIST_BITS) ? 0 : (i >> HIST_BITS) - 1;
}

uint64_t hist_low(uint32_t i)
{
	const uint32_t shift = shift_of(i);

	return (uint64_t)(i - (shift << HIST_BITS)) << shift;
}

uint64_t hist_high(uint32_t i)
{
	return hist_low(i) + ((UINT64_C(1) << shift_of(i)) - 1);
}

/* What to say of the values in bucket i. */
static uint64_t value_in(const struct hist *h, uint32_t i)
{
	const uint64_t high = hist_high(i);

	return i == HIST_BUCKETS - 1 || high > h->max ? h->max : high;
}

/* ceil(count * ppm / 10^6) without leaving 64 bits. */
static uint64_t rank_of(uint64_t count, uint32_t ppm)
{
	const uint64_t whole = count / PPM_ALL, rest = count % PPM_ALL;

	if (ppm >= PPM_ALL)
		return count;
	return whole * ppm + (rest * ppm + PPM_ALL - 1) / PPM_ALL;
}

uint64_t hist_at(const struct hist *h, uint32_t ppm)
{
	const uint64_t rank = rank_of(h->count, ppm);
	uint64_t seen = 0;
	uint32_t i;

	if (rank <= 1)
		return h->min;
	if (rank == h->count)
		return h->max;
	for (i = 0; i < HIST_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen >= rank)
			break;
	}
	return i < HIST_BUCKETS ? value_in(h, i) : h->max;
}

int hist_tells(const struct hist *h, uint32_t ppm)
{
	return ppm >= 1000000 || (double)h->count * (1e6 - ppm) >= 1e6 * HIST_BEYOND;
}

double hist_mean(const struct hist *h)
{
	return h->count > 0 ? (double)h->sum / (double)h->count : (double)NAN;
}

double hist_deviation(const struct hist *h)
{
	const double mean = hist_mean(h);
	double squares = 0, off;
	uint32_t i;

	for (i = 0; i < HIST_BUCKETS; i++)
		if (h->bucket[i] > 0) {
			off = (double)(hist_low(i) + (hist_high(i) - hist_low(i)) / 2) - mean;
			squares += off * off * (double)h->bucket[i];
		}
	return h->count > 0 ? sqrt(squares / (double)h->count) : (double)NAN;
}

/* ---- HdrHistogram's text ---- */

/* The steps of the export: TICKS of them up to one half, TICKS up to three quarters, ... */
struct level {
	int halvings, tick;
};

static double share_of(const struct level *l)
{
	return 1 - ldexp(1, -l->halvings) + l->tick * ldexp(1, -l->halvings - 1) / TICKS;
}

static void next_level(struct level *l)
{
	if (++l->tick == TICKS) {
		l->tick = 0;
		l->halvings++;
	}
}

static void export_line(FILE *f, uint64_t value, double share, uint64_t seen)
{
	fprintf(f, "%12.3f %2.12f %10" PRIu64, (double)value, share, seen);
	fprintf(f, share < 1 ? " %14.2f\n" : "\n", share < 1 ? 1 / (1 - share) : 0);
}

static void export_lines(FILE *f, const struct hist *h)
{
	struct level level = {0, 0};
	uint64_t seen = 0;
	uint32_t i;

	for (i = 0; i < HIST_BUCKETS && seen < h->count; i++) {
		if (h->bucket[i] == 0)
			continue;
		seen += h->bucket[i];
		while ((double)seen / (double)h->count >= share_of(&level) - LEVEL_ERROR) {
			export_line(f, value_in(h, i), share_of(&level), seen);
			next_level(&level);
			if (seen == h->count)
				break; /* all further levels are this value */
		}
	}
	if (h->count > 0)
		export_line(f, h->max, 1, h->count);
}

void hist_export(FILE *f, const struct hist *h)
{
	fprintf(f, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount",
		"1/(1-Percentile)");
	export_lines(f, h);
	fprintf(f, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n",
		h->count > 0 ? hist_mean(h) : 0, h->count > 0 ? hist_deviation(h) : 0);
	fprintf(f, "#[Max     = %12.3f, Total count    = %12" PRIu64 "]\n", (double)h->max,
		h->count);
	fprintf(f, "#[Buckets = %12d, SubBuckets     = %12d]\n", (int)(HIST_OCTAVES - HIST_BITS),
		(int)(2u << HIST_BITS));
}
