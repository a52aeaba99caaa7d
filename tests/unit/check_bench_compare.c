/* The statistics of weir-bench-compare: rank test, effect, corrections for many tests. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "ranks.h"

#define EXACT 1e-12
#define LEN(v) ((uint32_t)(sizeof(v) / sizeof((v)[0])))

static struct ranks_test test_of(const double *a, uint32_t n, const double *b, uint32_t m)
{
	struct ranks_test t;

	ck_assert_int_eq(ranks_test(a, n, b, m, &t), 0);
	return t;
}

/* Two samples without ties for which U of the second is u. */
static struct ranks_test with_u(uint32_t n, uint32_t m, uint32_t u)
{
	double a[64], b[64];
	uint32_t i;

	/* a is 1 .. n; each of b lies above as many of a as is left to be counted */
	for (i = 0; i < n; i++)
		a[i] = i + 1;
	for (i = 0; i < m; i++) {
		const uint32_t above = u < n ? u : n;

		b[i] = above + 0.5 + 1e-3 * i;
		u -= above;
	}
	ck_assert_uint_eq(u, 0);
	return test_of(a, n, b, m);
}

/* Hollander and Wolfe, Nonparametric Statistical Methods, permeability of the chorioamnion: U = 35
 * of the first sample, that is 15 of the second; P(U >= 35) = 0.1272. */
START_TEST(published_example)
{
	const double term[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46},
		     earlier[] = {1.15, 0.88, 0.90, 0.74, 1.21};
	struct ranks_test t = test_of(term, 10, earlier, 5);

	ck_assert_double_eq_tol(t.u, 15, EXACT);
	ck_assert_double_eq_tol(t.p / 2, 0.1272, 5e-5);
	ck_assert_int_eq(t.exact, 1);
	ck_assert_double_eq_tol(t.delta, 2 * 15 / 50.0 - 1, EXACT);
	t = test_of(earlier, 5, term, 10);
	ck_assert_double_eq_tol(t.u, 35, EXACT);
	ck_assert_double_eq_tol(t.p / 2, 0.1272, 5e-5);
}
END_TEST

/* Few enough to count by hand: of C(6,3) = 20 orders one has U = 0, one 1, two 2, three 3. */
START_TEST(counted_by_hand)
{
	ck_assert_double_eq_tol(with_u(3, 3, 0).p, 2 * 1 / 20.0, EXACT);
	ck_assert_double_eq_tol(with_u(3, 3, 1).p, 2 * 2 / 20.0, EXACT);
	ck_assert_double_eq_tol(with_u(3, 3, 2).p, 2 * 4 / 20.0, EXACT);
	ck_assert_double_eq_tol(with_u(3, 3, 3).p, 2 * 7 / 20.0, EXACT);
	ck_assert_double_eq_tol(with_u(3, 3, 4).p, 1, EXACT);
	ck_assert_double_eq_tol(with_u(3, 3, 9).p, 2 * 1 / 20.0, EXACT);
	ck_assert_double_eq_tol(with_u(1, 4, 0).p, 2 * 1 / 5.0, EXACT);
}
END_TEST

/* The tables of critical values: the largest U that is significant, two-sided. */
START_TEST(published_critical_values)
{
	static const struct {
		uint32_t n, m;
		double alpha;
		uint32_t u;
	} table[] = {
		{5, 5, 0.05, 2},     {8, 8, 0.05, 13},	 {10, 10, 0.05, 23}, {7, 12, 0.05, 18},
		{20, 20, 0.05, 127}, {5, 5, 0.01, 0},	 {8, 8, 0.01, 7},    {10, 10, 0.01, 16},
		{20, 20, 0.01, 105}, {15, 15, 0.01, 51}, {15, 15, 0.05, 64},
	};
	uint32_t i;

	for (i = 0; i < LEN(table); i++) {
		struct ranks_test at = with_u(table[i].n, table[i].m, table[i].u),
				  past = with_u(table[i].n, table[i].m, table[i].u + 1);

		ck_assert_msg(at.p <= table[i].alpha, "%u,%u: p %g", table[i].n, table[i].m, at.p);
		ck_assert_msg(past.p > table[i].alpha, "%u,%u: p %g", table[i].n, table[i].m,
			      past.p);
	}
}
END_TEST

/* At the same size the normal approximation is near the exact value. */
START_TEST(more_than_the_exact_limit_is_normal)
{
	struct ranks_test exact = with_u(25, 25, 200), normal = with_u(26, 25, 208);

	ck_assert_int_eq(exact.exact, 1);
	ck_assert_int_eq(normal.exact, 0);
	ck_assert_double_eq_tol(exact.p, normal.p, 0.005);
	ck_assert(exact.p < 0.03 && exact.p > 0.02);
}
END_TEST

/*
 * 1 2 2 3 against 2 3 4 5. Ranks: 1; 2 2 2 share 3; 3 3 share 5.5; 7; 8. Of the second sample
 * 3 + 5.5 + 7 + 8 = 23.5, U = 13.5. Ties: (27 - 3) + (8 - 2) = 30; variance 16/12 (9 - 30/56)
 * = 11.285714; z = (13.5 - 8 - 0.5) / 3.359422 = 1.488351; p = 0.136658.
 */
START_TEST(ties_by_hand)
{
	const double a[] = {1, 2, 2, 3}, b[] = {2, 3, 4, 5};
	struct ranks_test t = test_of(a, 4, b, 4);

	ck_assert_double_eq_tol(t.u, 13.5, EXACT);
	ck_assert_double_eq_tol(t.delta, 0.6875, EXACT);
	ck_assert_int_eq(t.exact, 0);
	ck_assert_double_eq_tol(t.p, 0.136658, 1e-5);
}
END_TEST

START_TEST(equal_values_never_differ)
{
	const double a[] = {5, 5, 5}, b[] = {5, 5, 5, 5};
	struct ranks_test t = test_of(a, 3, b, 4);

	ck_assert_double_eq_tol(t.p, 1, EXACT);
	ck_assert_double_eq_tol(t.delta, 0, EXACT);
}
END_TEST

START_TEST(nothing_tells_nothing)
{
	const double a[] = {5};
	struct ranks_test t = test_of(a, 1, a, 0);

	ck_assert(isnan(t.p) && isnan(t.delta) && isnan(t.u));
	ck_assert_double_eq_tol(ranks_least_p(0, 7), 1, EXACT);
}
END_TEST

START_TEST(effect_has_a_sign)
{
	const double low[] = {1, 2, 3}, high[] = {10, 11, 12};

	ck_assert_double_eq_tol(test_of(low, 3, high, 3).delta, 1, EXACT);
	ck_assert_double_eq_tol(test_of(high, 3, low, 3).delta, -1, EXACT);
}
END_TEST

/* 2 / C(n + m, n) */
START_TEST(least_p)
{
	ck_assert_double_eq_tol(ranks_least_p(5, 5), 2 / 252.0, EXACT);
	ck_assert_double_eq_tol(ranks_least_p(7, 7), 2 / 3432.0, EXACT);
	ck_assert_double_eq_tol(ranks_least_p(2, 1), 2 / 3.0, EXACT);
	ck_assert(ranks_least_p(40, 40) < 1e-12);
}
END_TEST

/* ---- many tests ---- */

/* p of four tests, and what Holm's and Benjamini and Hochberg's procedures make of them. */
START_TEST(corrections_by_hand)
{
	double none[] = {0.01, 0.04, 0.03, 0.005}, holm[] = {0.01, 0.04, 0.03, 0.005},
	       bh[] = {0.01, 0.04, 0.03, 0.005};
	const double holm_is[] = {0.03, 0.06, 0.06, 0.02}, bh_is[] = {0.02, 0.04, 0.04, 0.02};
	uint32_t i;

	ck_assert_int_eq(ranks_adjust(none, 4, RANKS_NONE), 0);
	ck_assert_int_eq(ranks_adjust(holm, 4, RANKS_HOLM), 0);
	ck_assert_int_eq(ranks_adjust(bh, 4, RANKS_BH), 0);
	ck_assert_double_eq_tol(none[3], 0.005, EXACT);
	for (i = 0; i < 4; i++) {
		ck_assert_double_eq_tol(holm[i], holm_is[i], EXACT);
		ck_assert_double_eq_tol(bh[i], bh_is[i], EXACT);
	}
}
END_TEST

START_TEST(corrections_pass_over_what_was_no_test_and_stay_below_one)
{
	double p[] = {0.6, (double)NAN, 0.5}, q[] = {0.6, (double)NAN, 0.5};

	ck_assert_int_eq(ranks_adjust(p, 3, RANKS_HOLM), 0);
	ck_assert_double_eq_tol(p[0], 1, EXACT);
	ck_assert_double_eq_tol(p[2], 1, EXACT);
	ck_assert(isnan(p[1]));
	ck_assert_int_eq(ranks_adjust(q, 3, RANKS_BH), 0);
	ck_assert_double_eq_tol(q[0], 0.6, EXACT);
	ck_assert_double_eq_tol(q[2], 0.6, EXACT);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench compare");
	TCase *ranks = tcase_create("ranks"), *many = tcase_create("many");
	SRunner *runner;
	int failed;

	tcase_add_test(ranks, published_example);
	tcase_add_test(ranks, counted_by_hand);
	tcase_add_test(ranks, published_critical_values);
	tcase_add_test(ranks, more_than_the_exact_limit_is_normal);
	tcase_add_test(ranks, ties_by_hand);
	tcase_add_test(ranks, equal_values_never_differ);
	tcase_add_test(ranks, nothing_tells_nothing);
	tcase_add_test(ranks, effect_has_a_sign);
	tcase_add_test(ranks, least_p);
	suite_add_tcase(s, ranks);
	tcase_add_test(many, corrections_by_hand);
	tcase_add_test(many, corrections_pass_over_what_was_no_test_and_stay_below_one);
	suite_add_tcase(s, many);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
