/* The bench's histogram against sorted values: ranks, edges, merging, what it exports. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "hist.h"

enum { VALUES = 20000 };

static uint64_t value[VALUES];
static struct hist h, other;

static uint64_t state;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static int ascending(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void set_up(void)
{
	state = UINT64_C(0x9e3779b97f4a7c15);
	hist_reset(&h);
	hist_reset(&other);
}

/* ---- distributions ---- */

static uint64_t constant(void)
{
	return 12345;
}

static uint64_t small(void)
{
	return next_random() % 300;
}

static uint64_t uniform(void)
{
	return next_random() % 1000000;
}

static uint64_t any_octave(void)
{
	return next_random() >> (24 + next_random() % 40);
}

/* Around 300 ns with one in a thousand some milliseconds: what a latency looks like. */
static uint64_t heavy_tail(void)
{
	return next_random() % 1000 == 0 ? 1000000 + next_random() % 8000000
					 : 250 + next_random() % 100;
}

static uint64_t two_humps(void)
{
	return next_random() % 2 ? 100 + next_random() % 10 : 40000 + next_random() % 4000;
}

static uint64_t (*const distribution[])(void) = {constant,   small,	 uniform,
						 any_octave, heavy_tail, two_humps};
enum { DISTRIBUTIONS = sizeof(distribution) / sizeof(distribution[0]) };

static void record_all(uint64_t (*draw)(void), uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		value[i] = draw();
		hist_record(&h, value[i]);
	}
	qsort(value, n, sizeof(value[0]), ascending);
}

/* By the rule in hist.h, in wider arithmetic. */
static uint64_t exact_at(uint32_t n, uint32_t ppm)
{
	uint64_t rank = ((uint64_t)n * ppm + 999999) / 1000000;

	rank = rank < 1 ? 1 : rank > n ? n : rank;
	return value[rank - 1];
}

static void compare_with_ranks(uint32_t n)
{
	static const uint32_t ppm[] = {0,      1,      500,    10000,  250000, 333333,
				       500000, 500001, 750000, 900000, 990000, 999000,
				       999900, 999950, 999990, 999999, 1000000};
	uint64_t got, want;
	size_t i;

	for (i = 0; i < sizeof(ppm) / sizeof(ppm[0]); i++) {
		got = hist_at(&h, ppm[i]);
		want = exact_at(n, ppm[i]);
		ck_assert_msg(got >= want, "%u ppm of %u: %llu is below %llu", ppm[i], n,
			      (unsigned long long)got, (unsigned long long)want);
		ck_assert_msg(got - want <= want / 128, "%u ppm of %u: %llu, not %llu", ppm[i], n,
			      (unsigned long long)got, (unsigned long long)want);
	}
}

START_TEST(percentiles_are_within_a_bucket_above_the_exact_rank)
{
	static const uint32_t count[] = {1, 2, 3, 7, 100, 101, 999, 1000, VALUES};
	size_t i;

	for (i = 0; i < sizeof(count) / sizeof(count[0]); i++) {
		hist_reset(&h);
		record_all(distribution[_i], count[i]);
		compare_with_ranks(count[i]);
	}
}
END_TEST

START_TEST(count_ends_and_mean_are_exact)
{
	long double sum = 0;
	uint32_t i;

	record_all(distribution[_i], VALUES);
	for (i = 0; i < VALUES; i++)
		sum += (long double)value[i];
	ck_assert_uint_eq(h.count, VALUES);
	ck_assert_uint_eq(h.min, value[0]);
	ck_assert_uint_eq(h.max, value[VALUES - 1]);
	ck_assert_uint_eq(hist_at(&h, 0), value[0]);
	ck_assert_uint_eq(hist_at(&h, 1000000), value[VALUES - 1]);
	ck_assert_uint_eq(hist_at(&h, 2000000), value[VALUES - 1]);
	ck_assert(fabsl((long double)hist_mean(&h) - sum / VALUES) <= 1e-9L * (sum / VALUES + 1));
}
END_TEST

START_TEST(deviation_is_near_the_exact_one)
{
	double mean, squares = 0;
	uint32_t i;

	record_all(distribution[_i], VALUES);
	mean = hist_mean(&h);
	for (i = 0; i < VALUES; i++)
		squares += ((double)value[i] - mean) * ((double)value[i] - mean);
	/* each value is off by less than 1/128 of itself */
	ck_assert_double_eq_tol(hist_deviation(&h), sqrt(squares / VALUES),
				0.01 * sqrt(squares / VALUES) + mean / 128);
}
END_TEST

START_TEST(merging_is_recording_all_in_one)
{
	static struct hist all, into;
	uint32_t i;

	hist_reset(&all);
	hist_reset(&into);
	for (i = 0; i < VALUES; i++) {
		uint64_t v = distribution[_i]();

		hist_record(&all, v);
		hist_record(i % 3 == 0 ? &h : &other, v);
	}
	hist_merge(&into, &h);
	hist_merge(&into, &other);
	ck_assert_int_eq(memcmp(&into, &all, sizeof(all)), 0);
	hist_reset(&h);
	hist_merge(&into, &h); /* an empty one changes nothing, its minimum neither */
	ck_assert_int_eq(memcmp(&into, &all, sizeof(all)), 0);
	hist_merge(&h, &into);
	ck_assert_int_eq(memcmp(&h, &all, sizeof(all)), 0);
}
END_TEST

/* ---- buckets and edges ---- */

START_TEST(buckets_lie_end_to_end_and_are_narrow)
{
	uint32_t i;

	ck_assert_uint_eq(hist_low(0), 0);
	for (i = 0; i < HIST_BUCKETS; i++) {
		ck_assert_uint_eq(hist_index(hist_low(i)), i);
		ck_assert_uint_eq(hist_index(hist_high(i)), i);
		ck_assert_uint_le((hist_high(i) - hist_low(i)) * 128, hist_low(i));
		if (i > 0)
			ck_assert_uint_eq(hist_low(i), hist_high(i - 1) + 1);
	}
	ck_assert_uint_eq(hist_high(HIST_BUCKETS - 1), HIST_TOP);
}
END_TEST

START_TEST(small_values_are_exact)
{
	uint64_t v;

	for (v = 0; v < 256; v++) {
		hist_reset(&h);
		hist_record(&h, 0);
		hist_record(&h, v);
		hist_record(&h, 255);
		ck_assert_uint_eq(hist_at(&h, 500000), v);
	}
}
END_TEST

START_TEST(above_the_range_is_counted_and_the_maximum_stays_exact)
{
	hist_record(&h, HIST_TOP);
	hist_record(&h, HIST_TOP + 1);
	hist_record(&h, UINT64_MAX);
	ck_assert_uint_eq(h.count, 3);
	ck_assert_uint_eq(h.bucket[HIST_BUCKETS - 1], 3);
	ck_assert_uint_eq(h.min, HIST_TOP);
	ck_assert_uint_eq(h.max, UINT64_MAX);
	ck_assert_uint_eq(hist_at(&h, 500000), UINT64_MAX);
	ck_assert_double_eq_tol(hist_mean(&h), (double)HIST_TOP, 1);
	hist_record(&h, 5);
	hist_record(&h, 6);
	ck_assert_uint_eq(hist_at(&h, 400000), 6);
}
END_TEST

START_TEST(a_percentile_wants_ten_values_beyond_it)
{
	uint32_t i;

	for (i = 0; i < 999; i++)
		hist_record(&h, i);
	ck_assert(hist_tells(&h, 900000) && !hist_tells(&h, 990000));
	ck_assert(hist_tells(&h, 1000000)); /* the maximum is one value */
	hist_record(&h, i);
	ck_assert(hist_tells(&h, 990000) && !hist_tells(&h, 990001));
}
END_TEST

START_TEST(an_empty_one_has_no_values)
{
	ck_assert_uint_eq(hist_at(&h, 500000), 0);
	ck_assert(isnan(hist_mean(&h)) && isnan(hist_deviation(&h)));
}
END_TEST

/* Ranks of many values: 10^12 of one and one of another need exact arithmetic. */
START_TEST(ranks_of_large_counts_are_exact)
{
	h.count = UINT64_C(1000000000000);
	h.bucket[10] = h.count - 1000;
	h.bucket[20] = 1000;
	h.min = 10;
	h.max = 20;
	ck_assert_uint_eq(hist_at(&h, 999999), 10); /* the last of the tens, but for 999000 */
	h.bucket[10] = UINT64_C(999999000000) - 1;
	h.bucket[20] = h.count - h.bucket[10];
	ck_assert_uint_eq(hist_at(&h, 999999), 20);
	ck_assert_uint_eq(hist_at(&h, 999998), 10);
}
END_TEST

START_TEST(recording_and_reading_call_no_heap)
{
	uint64_t before, calls, median, high;
	uint32_t i;

	if (!alloc_counted())
		return;
	free(malloc(1));
	ck_assert_uint_ge(alloc_calls(), 2); /* the counter counts */
	before = alloc_calls();
	for (i = 0; i < VALUES; i++)
		hist_record(&h, any_octave());
	hist_merge(&other, &h);
	median = hist_at(&other, 500000);
	high = hist_at(&other, 990000);
	calls = alloc_calls() - before; /* the assertions below call it themselves */
	ck_assert_uint_eq(calls, 0);
	ck_assert_uint_ge(high, median);
}
END_TEST

/* ---- the export ---- */

enum { LINES_MAX = 400 };

struct line {
	double value, share, inverse;
	unsigned long long count;
	int fields;
};

struct text {
	struct line line[LINES_MAX];
	int lines;
	double mean, deviation, max;
	unsigned long long total;
	int buckets, sub_buckets;
};

/* As plotters read it: a heading, an empty line, numbers in columns, lines with # behind. */
static void read_back(struct text *t)
{
	char buf[256];
	FILE *f = tmpfile();

	memset(t, 0, sizeof(*t));
	ck_assert_ptr_nonnull(f);
	hist_export(f, &h);
	rewind(f);
	ck_assert_ptr_nonnull(fgets(buf, sizeof(buf), f));
	ck_assert_ptr_nonnull(strstr(buf, "Value     Percentile TotalCount 1/(1-Percentile)"));
	ck_assert_ptr_nonnull(fgets(buf, sizeof(buf), f));
	ck_assert_str_eq(buf, "\n");
	while (fgets(buf, sizeof(buf), f) != NULL && buf[0] != '#') {
		struct line *l = &t->line[t->lines];

		ck_assert_int_lt(t->lines, LINES_MAX);
		l->fields = sscanf(buf, "%lf %lf %llu %lf", &l->value, &l->share, &l->count,
				   &l->inverse);
		ck_assert_int_ge(l->fields, 3);
		t->lines++;
	}
	ck_assert_int_eq(sscanf(buf, "#[Mean = %lf, StdDeviation = %lf]", &t->mean, &t->deviation),
			 2);
	ck_assert_ptr_nonnull(fgets(buf, sizeof(buf), f));
	ck_assert_int_eq(sscanf(buf, "#[Max = %lf, Total count = %llu]", &t->max, &t->total), 2);
	ck_assert_ptr_nonnull(fgets(buf, sizeof(buf), f));
	ck_assert_int_eq(
		sscanf(buf, "#[Buckets = %d, SubBuckets = %d]", &t->buckets, &t->sub_buckets), 2);
	ck_assert_ptr_null(fgets(buf, sizeof(buf), f));
	fclose(f);
}

static unsigned long long at_most(double v)
{
	unsigned long long n = 0;

	while (n < VALUES && (double)value[n] <= v)
		n++;
	return n;
}

START_TEST(the_export_says_what_was_recorded)
{
	struct text t;
	int i;

	record_all(distribution[_i], VALUES);
	read_back(&t);
	ck_assert_int_ge(t.lines, 2);
	for (i = 0; i < t.lines; i++) {
		const struct line *l = &t.line[i];

		/* a share of the values at most that large: counted, and enough of them */
		ck_assert_uint_eq(l->count, at_most(l->value));
		ck_assert_double_ge((double)l->count / VALUES, l->share - 1e-9);
		if (i > 0) {
			ck_assert_double_gt(l->share, t.line[i - 1].share);
			ck_assert_double_ge(l->value, t.line[i - 1].value);
		}
		ck_assert_int_eq(l->fields, i + 1 < t.lines ? 4 : 3);
		if (l->fields == 4 && l->inverse < 1e3)
			ck_assert_double_eq_tol(l->inverse, 1 / (1 - l->share), 0.006);
	}
	ck_assert_double_eq(t.line[0].share, 0);
	ck_assert_double_eq(t.line[t.lines - 1].share, 1);
	ck_assert_double_eq(t.line[t.lines - 1].value, (double)value[VALUES - 1]);
	ck_assert_double_eq_tol(t.mean, hist_mean(&h), 0.001);
	ck_assert_double_eq_tol(t.deviation, hist_deviation(&h), 0.001);
	ck_assert_double_eq(t.max, (double)value[VALUES - 1]);
	ck_assert_uint_eq(t.total, VALUES);
	ck_assert_int_eq(t.buckets, 33);
	ck_assert_int_eq(t.sub_buckets, 256);
}
END_TEST

START_TEST(an_empty_export_has_its_frame)
{
	struct text t;

	read_back(&t);
	ck_assert_int_eq(t.lines, 0);
	ck_assert_uint_eq(t.total, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench_hist");
	TCase *tc = tcase_create("hist");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_loop_test(tc, percentiles_are_within_a_bucket_above_the_exact_rank, 0,
			    DISTRIBUTIONS);
	tcase_add_loop_test(tc, count_ends_and_mean_are_exact, 0, DISTRIBUTIONS);
	tcase_add_loop_test(tc, deviation_is_near_the_exact_one, 0, DISTRIBUTIONS);
	tcase_add_loop_test(tc, merging_is_recording_all_in_one, 0, DISTRIBUTIONS);
	tcase_add_test(tc, buckets_lie_end_to_end_and_are_narrow);
	tcase_add_test(tc, small_values_are_exact);
	tcase_add_test(tc, above_the_range_is_counted_and_the_maximum_stays_exact);
	tcase_add_test(tc, an_empty_one_has_no_values);
	tcase_add_test(tc, a_percentile_wants_ten_values_beyond_it);
	tcase_add_test(tc, ranks_of_large_counts_are_exact);
	tcase_add_test(tc, recording_and_reading_call_no_heap);
	tcase_add_loop_test(tc, the_export_says_what_was_recorded, 0, DISTRIBUTIONS);
	tcase_add_test(tc, an_empty_export_has_its_frame);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
