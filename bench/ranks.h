/* bench/ranks.h - do two samples differ, and by how much: rank statistics. Pure. */
#ifndef BENCH_RANKS_H
#define BENCH_RANKS_H

#include <stdint.h>

#define RANKS_EXACT_MAX 25u /* values on each side up to which the distribution of U is exact */

struct ranks_test {
	double u;     /* Mann and Whitney's U of b: pairs in which b is larger; half for a tie */
	double p;     /* two-sided: as far apart as this, or further, by chance; NaN: no values */
	double delta; /* Cliff's delta: -1 every b is smaller than every a, 1 every b is larger */
	int exact;    /* p is exact; otherwise normal, corrected for ties and continuity */
};

/* All values are finite. p and delta are NaN when a side is empty. -1: no memory. */
int ranks_test(const double *a, uint32_t n, const double *b, uint32_t m, struct ranks_test *out);

/* The smallest p that so many values can give: all of one side above all of the other. */
double ranks_least_p(uint32_t n, uint32_t m);

enum ranks_correction { RANKS_NONE, RANKS_HOLM, RANKS_BH };

/* Corrects p[0 .. n) in place for being n tests: Holm's bounds the chance of a single false alarm,
 * Benjamini and Hochberg's the share of false ones among the alarms. NaN are no tests, and stay.
 * -1: no memory. */
int ranks_adjust(double *p, uint32_t n, enum ranks_correction how);

#endif
