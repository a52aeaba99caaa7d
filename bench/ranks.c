/* Rank statistics of two samples. See ranks.h. */
#include "ranks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ranked {
	double value;
	int second; /* of b */
};

static int by_value(const void *x, const void *y)
{
	const struct ranked *a = x, *b = y;

	return (a->value > b->value) - (a->value < b->value);
}

/* Sum of the ranks of b among all, ties sharing theirs; *ties: sum of t^3 - t over groups of t. */
static double rank_sum(struct ranked *all, uint32_t n, double *ties)
{
	double sum = 0;
	uint32_t i, k, end;

	qsort(all, n, sizeof(*all), by_value);
	*ties = 0;
	for (i = 0; i < n; i = end) {
		double t, rank;

		for (end = i + 1; end < n && all[end].value <= all[i].value; end++)
			;
		t = end - i;
		rank = (i + 1 + end) / 2.0;
		for (k = i; k < end; k++)
			sum += all[k].second ? rank : 0;
		*ties += t * t * t - t;
	}
	return sum;
}

/*
 * How many orders of n and m values give U = 0 .. n m: the coefficients of the Gaussian binomial,
 * product over i = 1 .. n of (1 - q^(m + i)) / (1 - q^i). Whole numbers below 2^53 throughout.
 */
static void orders_by_u(uint32_t n, uint32_t m, double *count)
{
	uint32_t i, u, top = n * m;

	memset(count, 0, (top + 1) * sizeof(*count));
	count[0] = 1;
	for (i = 1; i <= n; i++) {
		for (u = top; u >= m + i; u--)
			count[u] -= count[u - m - i];
		for (u = i; u <= top; u++)
			count[u] += count[u - i];
	}
}

static double exact_p(uint32_t n, uint32_t m, double u)
{
	double count[RANKS_EXACT_MAX * RANKS_EXACT_MAX + 1], all = 0, tail = 0, p;
	const uint32_t top = n * m;
	uint32_t i, low = (uint32_t)u;

	if (low > top - low) /* symmetric: the nearer tail */
		low = top - low;
	orders_by_u(n, m, count);
	for (i = 0; i <= top; i++) {
		all += count[i];
		tail += i <= low ? count[i] : 0;
	}
	p = 2 * tail / all;
	return p < 1 ? p : 1;
}

static double normal_p(double n, double m, double u, double ties)
{
	const double all = n + m;
	double variance = n * m / 12 * (all + 1 - ties / (all * (all - 1)));
	double off = fabs(u - n * m / 2) - 0.5;

	if (variance <= 0 || off <= 0) /* all values equal, or U as expected */
		return 1;
	return erfc(off / sqrt(variance) / sqrt(2));
}

int ranks_test(const double *a, uint32_t n, const double *b, uint32_t m, struct ranks_test *out)
{
	struct ranked *all;
	double ties;
	uint32_t i;

	out->u = out->p = out->delta = (double)NAN;
	out->exact = 0;
	if (n == 0 || m == 0)
		return 0;
	all = calloc((size_t)n + m, sizeof(*all));
	if (all == NULL)
		return -1;
	for (i = 0; i < n; i++)
		all[i].value = a[i];
	for (i = 0; i < m; i++) {
		all[n + i].value = b[i];
		all[n + i].second = 1;
	}
	out->u = rank_sum(all, n + m, &ties) - (double)m * (m + 1.0) / 2;
	free(all);
	out->delta = 2 * out->u / ((double)n * m) - 1;
	out->exact = ties <= 0 && n <= RANKS_EXACT_MAX && m <= RANKS_EXACT_MAX;
	out->p = out->exact ? exact_p(n, m, out->u) : normal_p(n, m, out->u, ties);
	return 0;
}

double ranks_least_p(uint32_t n, uint32_t m)
{
	if (n == 0 || m == 0)
		return 1;
	if (n <= RANKS_EXACT_MAX && m <= RANKS_EXACT_MAX)
		return exact_p(n, m, 0);
	return normal_p(n, m, 0, 0);
}

/* ---- many tests ---- */

struct placed {
	double p;
	uint32_t at;
};

static int by_p(const void *x, const void *y)
{
	const struct placed *a = x, *b = y;

	return (a->p > b->p) - (a->p < b->p);
}

/* Step down: each times the number of those not smaller, never below the one before. */
static void holm(struct placed *s, uint32_t n)
{
	double floor = 0;
	uint32_t i;

	for (i = 0; i < n; i++) {
		s[i].p *= n - i;
		floor = s[i].p > floor ? s[i].p : floor;
		s[i].p = floor < 1 ? floor : 1;
	}
}

/* Step up: each times n over its place, never above the one after. */
static void benjamini_hochberg(struct placed *s, uint32_t n)
{
	double ceiling = 1;
	uint32_t i;

	for (i = n; i-- > 0;) {
		s[i].p *= n / (i + 1.0);
		ceiling = s[i].p < ceiling ? s[i].p : ceiling;
		s[i].p = ceiling;
	}
}

int ranks_adjust(double *p, uint32_t n, enum ranks_correction how)
{
	struct placed *s;
	uint32_t i, tests = 0;

	if (how == RANKS_NONE || n == 0)
		return 0;
	s = calloc(n, sizeof(*s));
	if (s == NULL)
		return -1;
	for (i = 0; i < n; i++)
		if (!isnan(p[i])) {
			s[tests].p = p[i];
			s[tests++].at = i;
		}
	qsort(s, tests, sizeof(*s), by_p);
	(how == RANKS_HOLM ? holm : benjamini_hochberg)(s, tests);
	for (i = 0; i < tests; i++)
		p[s[i].at] = s[i].p;
	free(s);
	return 0;
}
