/* bench/hist.h - a log-linear histogram of nanoseconds. C and C++. */
#ifndef BENCH_HIST_H
#define BENCH_HIST_H

#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Values below 256 have a bucket each; above, every octave has 128 buckets of equal width, so a bucket is
 * at most 1/128 (0.8 %) of its values wide. Of fixed size, no pointers: it may lie in shared memory.
 * Zeroed memory is an empty histogram. One thread records; merge when it is done.
 */

#define HIST_BITS 7u	/* 2^7 buckets per octave */
#define HIST_OCTAVES 40 /* values up to 2^40 - 1 ns, eighteen minutes, are told apart */
#define HIST_TOP ((UINT64_C(1) << HIST_OCTAVES) - 1)
#define HIST_BUCKETS ((HIST_OCTAVES - HIST_BITS + 1u) << HIST_BITS)

struct hist {
	uint64_t count;
	uint64_t sum;	   /* exact; a value above HIST_TOP adds HIST_TOP. Wraps after 584 years */
	uint64_t min, max; /* exact, also above HIST_TOP; of no value: 0 */
	uint64_t bucket[HIST_BUCKETS];
};

static inline __attribute__((always_inline, unused)) uint32_t hist_index(uint64_t v)
{
	const uint64_t in = v > HIST_TOP ? HIST_TOP : v;
	const uint32_t shift = 63u - HIST_BITS - (uint32_t)__builtin_clzll(in | 255u);

	return (shift << HIST_BITS) + (uint32_t)(in >> shift);
}

/* A few instructions, no division, no call. A value above HIST_TOP is counted in the last bucket. */
static inline __attribute__((always_inline, unused)) void hist_record(struct hist *h, uint64_t v)
{
	h->bucket[hist_index(v)]++;
	h->sum += v > HIST_TOP ? HIST_TOP : v;
	if (h->count++ == 0 || v < h->min)
		h->min = v;
	if (v > h->max)
		h->max = v;
}

void hist_reset(struct hist *h);

/* into becomes what it would be had it recorded all that h has as well. */
void hist_merge(struct hist *into, const struct hist *h);

/* The smallest and the largest value that bucket i counts, the last one's excesses aside. */
uint64_t hist_low(uint32_t i);
uint64_t hist_high(uint32_t i);

/*
 * The value at a percentile given in millionths: 999000 is p99.9. Rank rule: of n values in ascending
 * order, the one with the number ceil(n * ppm / 10^6), counted from 1; 0 counts as 1, above 10^6 as
 * n. The first and the last are exact; between, the largest value of the bucket, or the
 * exact maximum if that is less: never below the ranked value, and less than 1/128 of it above. A rank
 * in the last bucket, when values above HIST_TOP are in it, gives the maximum. 0 of an empty one.
 */
uint64_t hist_at(const struct hist *h, uint32_t ppm);

/* 1 when a percentile says something: HIST_BEYOND values or more lie beyond it; and of the maximum. */
#define HIST_BEYOND 10u
int hist_tells(const struct hist *h, uint32_t ppm);

double hist_mean(const struct hist *h);	     /* NaN of an empty one */
double hist_deviation(const struct hist *h); /* standard, from the buckets' middles; NaN likewise */

/* HdrHistogram's percentile text, values in nanoseconds: what its plotters read. */
void hist_export(FILE *f, const struct hist *h);

#ifdef __cplusplus
}
#endif
#endif
