/* Which pairs of CPUs the bench looks at, in which order, what counts, and what is written of it. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cores.h"

#define EXACT 1e-9

static struct cores cores;

/* Made-up machines: SMT siblings n and n + half, a cache per four cores, two packages, one node each. CPU
 * numbers have gaps. */
static void make_machine(uint32_t cpus)
{
	uint32_t half = cpus / 2, core, i;

	memset(&cores, 0, sizeof(cores));
	cores.cpus = cores.cpus_all = cpus;
	cores.wanted = 15;
	cores.repeats = 5;
	for (i = 0; i < cpus; i++) {
		core = i % half;
		cores.place[i].cpu = (int)(3 * i + 1);
		cores.place[i].core = (int)core;
		cores.place[i].cache = (int)core / 4;
		cores.place[i].node = cores.place[i].package = core < half / 2 ? 0 : 1;
	}
}

static void choose(uint32_t most, uint64_t seed)
{
	ck_assert_int_eq(cores_choose(&cores, most, &seed), 0);
}

static double made_up(uint32_t a, uint32_t b, int what)
{
	return 1000 * a + b + 0.25 * what;
}

/* One visit to each pair in the order of a repeat, all of them quiet. */
static void visit_all(uint64_t *random)
{
	uint32_t i;
	int k;

	cores_shuffle(&cores, random);
	for (i = 0; i < cores.pairs; i++) {
		const struct cores_pair *p = &cores.pair[cores.order[i]];
		struct cores_visit *v = cores_next(&cores, cores.order[i]);

		if (v == NULL || !isnan(v->ns[CORES_LINE])) /* nobody was here before */
			ck_abort_msg("pair %u", (unsigned)cores.order[i]);
		for (k = 0; k < CORES_WHATS; k++)
			v->ns[k] = made_up(p->a, p->b, k);
		v->line_after = v->ns[CORES_LINE];
	}
}

static void tear_down(void)
{
	cores_free(&cores);
}

/* ---- how far apart ---- */

START_TEST(distance_is_the_nearest_thing_shared)
{
	const struct topology_cpu x = {.cpu = 0, .core = 1, .cache = 1, .package = 0, .node = 0};
	struct topology_cpu y = {.cpu = 9, .core = 2, .cache = 2, .package = 1, .node = 1};

	ck_assert_int_eq(cores_distance(&x, &y), CORES_OTHER_PACKAGE);
	y.package = 0;
	ck_assert_int_eq(cores_distance(&x, &y), CORES_SAME_PACKAGE);
	y.cache = 1; /* a package of two nodes may show one cache */
	ck_assert_int_eq(cores_distance(&x, &y), CORES_SAME_PACKAGE);
	y.node = 0;
	ck_assert_int_eq(cores_distance(&x, &y), CORES_SAME_CACHE);
	y.cache = 2;
	ck_assert_int_eq(cores_distance(&x, &y), CORES_SAME_NODE);
	y.core = 1;
	ck_assert_int_eq(cores_distance(&x, &y), CORES_SAME_CORE);
}
END_TEST

START_TEST(a_core_or_cache_that_is_not_known_is_not_shared)
{
	const struct topology_cpu x = {.cpu = 0, .core = -1, .cache = -1}, y = x;

	ck_assert_int_eq(cores_distance(&x, &y), CORES_SAME_NODE);
}
END_TEST

/* ---- dividing the time ---- */

START_TEST(time_is_kept_whatever_the_number_of_pairs)
{
	struct cores_time t;
	uint32_t cpus;
	int full;

	for (cpus = 2; cpus <= CORES_CPUS_MAX; cpus++)
		for (full = 0; full < 2; full++) {
			double seconds = full ? 60 : 8;

			cores_divide(cpus * (cpus - 1), seconds, full, &t);
			ck_assert_uint_ge(t.pairs, 2);
			ck_assert_uint_le(t.pairs, cpus * (cpus - 1));
			ck_assert_uint_ge(t.repeats, 3);
			ck_assert_uint_le(2 * t.repeats, CORES_REPEATS_MAX);
			ck_assert(t.visit_ns * t.pairs * t.repeats <= seconds * 1e9);
			ck_assert(t.visit_ns >= 0.3e6);
		}
}
END_TEST

START_TEST(few_cpus_are_looked_at_in_whole_and_many_in_part)
{
	struct cores_time t;

	cores_divide(64 * 63, 8, 0, &t);
	ck_assert_uint_eq(t.pairs, 64 * 63);
	cores_divide(512 * 511, 8, 0, &t);
	ck_assert_uint_lt(t.pairs, 512 * 511);
	ck_assert_uint_gt(t.pairs, 1000);
	cores_divide(192 * 191, 60, 1, &t);
	ck_assert_uint_eq(t.pairs, 192 * 191);
}
END_TEST

/* ---- choosing ---- */

START_TEST(all_ordered_pairs_of_64_cpus_once_each)
{
	static uint8_t seen[64][64];
	uint32_t i, a, b;

	memset(seen, 0, sizeof(seen));
	make_machine(64);
	choose(UINT32_MAX, 1);
	ck_assert_uint_eq(cores.pairs, 64 * 63);
	ck_assert_uint_eq(cores.pairs_all, 64 * 63);
	for (i = 0; i < cores.pairs; i++) {
		const struct cores_pair *p = &cores.pair[i];

		seen[p->a][p->b]++;
		ck_assert_ptr_eq(cores_pair_of(&cores, p->a, p->b), p);
		ck_assert_int_eq(p->apart, cores_distance(&cores.place[p->a], &cores.place[p->b]));
	}
	for (a = 0; a < 64; a++)
		for (b = 0; b < 64; b++)
			ck_assert_uint_eq(seen[a][b], a != b);
}
END_TEST

START_TEST(a_sample_is_even_over_the_classes_and_has_both_orders)
{
	uint32_t in[CORES_CLASSES] = {0}, low = 0, i;

	make_machine(256);
	choose(3001, 1);
	ck_assert_uint_eq(cores.pairs, 3000);
	ck_assert_uint_eq(cores.pairs_all, 256 * 255);
	for (i = 0; i < cores.pairs; i++) {
		const struct cores_pair *p = &cores.pair[i];

		in[p->apart]++;
		low += p->a < 128;
		ck_assert_uint_ne(p->a, p->b);
		ck_assert_ptr_nonnull(cores_pair_of(&cores, p->b, p->a));
		if (i > 0) /* none twice */
			ck_assert(p->a != p[-1].a || p->b != p[-1].b);
	}
	ck_assert_uint_eq(in[CORES_SAME_CORE], 256);  /* as many as there are */
	ck_assert_uint_ge(in[CORES_SAME_CACHE], 914); /* a third of the rest, but for a pair */
	ck_assert_uint_ge(in[CORES_SAME_NODE], 914);
	ck_assert_uint_ge(in[CORES_OTHER_PACKAGE], 914);
	ck_assert_uint_ge(low, 1350); /* CPUs of either half alike */
	ck_assert_uint_le(low, 1650);
}
END_TEST

START_TEST(the_same_seed_samples_the_same_pairs_another_others)
{
	struct cores_pair first[1000];
	uint32_t i, same = 0;

	make_machine(256);
	choose(1000, 7);
	memcpy(first, cores.pair, sizeof(first));
	cores_free(&cores);
	choose(1000, 7);
	for (i = 0; i < 1000; i++)
		ck_assert(first[i].a == cores.pair[i].a && first[i].b == cores.pair[i].b);
	cores_free(&cores);
	choose(1000, 8);
	for (i = 0; i < 1000; i++)
		same += cores_pair_of(&cores, first[i].a, first[i].b) != NULL;
	ck_assert_uint_lt(same, 800);
}
END_TEST

/* ---- order ---- */

START_TEST(every_repeat_fills_every_cell_once)
{
	uint64_t random = 1;
	uint32_t i, r;

	make_machine(64);
	choose(UINT32_MAX, 1);
	for (r = 1; r <= 2; r++) {
		visit_all(&random);
		for (i = 0; i < cores.pairs; i++)
			if (cores.pair[i].visits != r)
				ck_abort_msg("pair %u", (unsigned)i);
	}
}
END_TEST

START_TEST(a_pair_has_room_for_twice_the_repeats_and_no_more_than_it_has)
{
	uint64_t random = 1;
	uint32_t i, r;

	make_machine(4);
	choose(UINT32_MAX, 1);
	ck_assert_uint_ge(cores.room, 2 * cores.repeats);
	for (r = 0; r < cores.room; r++)
		visit_all(&random);
	for (i = 0; i < cores.pairs; i++)
		ck_assert_ptr_null(cores_next(&cores, i));
}
END_TEST

START_TEST(the_order_is_the_seeds_and_another_each_repeat)
{
	uint32_t first[64 * 63], second[64 * 63], i, same = 0;
	uint64_t random = 5;

	make_machine(64);
	choose(UINT32_MAX, 1);
	cores_shuffle(&cores, &random);
	memcpy(first, cores.order, sizeof(first));
	cores_shuffle(&cores, &random);
	memcpy(second, cores.order, sizeof(second));
	cores_free(&cores);
	choose(UINT32_MAX, 1);
	random = 5;
	cores_shuffle(&cores, &random);
	ck_assert_mem_eq(first, cores.order, sizeof(first));
	cores_shuffle(&cores, &random);
	ck_assert_mem_eq(second, cores.order, sizeof(second));
	random = 6;
	cores_free(&cores);
	choose(UINT32_MAX, 1);
	cores_shuffle(&cores, &random);
	for (i = 0; i < 64 * 63; i++)
		same += (uint32_t)((first[i] == second[i]) + (first[i] == cores.order[i]));
	ck_assert_uint_lt(same, 100);
}
END_TEST

/* ---- what counts ---- */

static void add_visit(double line, double ring, double after, double waiting)
{
	struct cores_visit *v = cores_next(&cores, 0);

	v->ns[CORES_LINE] = line;
	v->ns[CORES_RING] = ring;
	v->line_after = after;
	v->waiting = waiting;
}

START_TEST(a_visit_with_an_outlying_line_or_waiting_is_dropped)
{
	make_machine(2);
	choose(UINT32_MAX, 1);
	add_visit(100, 200, 100, 0);
	add_visit(110, 210, 90, 0.05);
	add_visit(300, 900, 100, 0);   /* before */
	add_visit(100, 901, 30, 0);    /* after */
	add_visit(100, 902, 100, 0.2); /* others had the CPUs */
	add_visit(90, 220, 100, 0);
	cores_judge(&cores);
	ck_assert_uint_eq(cores.pair[0].kept, 3);
	ck_assert_uint_eq(cores.pair[0].disturbed, 0);
	ck_assert_double_eq_tol(cores.pair[0].cell[CORES_RING].median, 210, EXACT);
	ck_assert_double_eq_tol(cores.pair[0].cell[CORES_RING].max, 220, EXACT);
	ck_assert_double_eq_tol(cores.pair[0].cell[CORES_LINE].min, 90, EXACT);
	ck_assert_uint_eq(cores.pair[0].cell[CORES_BARRIER].n, 0); /* not asked for */
	ck_assert_uint_eq(cores.pair[1].cell[CORES_LINE].n, 0);    /* never visited */
}
END_TEST

START_TEST(a_pair_that_was_never_quiet_is_judged_on_all_and_marked)
{
	make_machine(2);
	choose(UINT32_MAX, 1);
	add_visit(100, 200, 100, 0.5);
	add_visit(100, 210, 100, 0);
	add_visit(100, 220, 100, 0.5);
	cores_judge(&cores);
	ck_assert_uint_eq(cores.pair[0].disturbed, 1);
	ck_assert_uint_eq(cores.pair[0].cell[CORES_RING].n, 3);
	ck_assert_double_eq_tol(cores.pair[0].cell[CORES_RING].median, 210, EXACT);
}
END_TEST

/* ---- what is written ---- */

static char *text;
static size_t text_len;

static FILE *open_text(void)
{
	FILE *f = open_memstream(&text, &text_len);

	ck_assert_ptr_nonnull(f);
	return f;
}

/* Every cell of a CSV matrix is what was measured, or empty. Returns how many are not. */
static uint32_t check_csv(int what)
{
	char *line, *next = text, *cell, *rest;
	uint32_t a, b, filled = 0;

	line = strsep(&next, "\n");
	ck_assert_str_eq(strsep(&line, ","), "cpu");
	for (b = 0; b < cores.cpus; b++)
		ck_assert_int_eq(atoi(strsep(&line, ",")), cores.place[b].cpu);
	ck_assert_ptr_null(line);
	for (a = 0; a < cores.cpus; a++) {
		line = strsep(&next, "\n");
		ck_assert_ptr_nonnull(line);
		ck_assert_int_eq(atoi(strsep(&line, ",")), cores.place[a].cpu);
		for (b = 0; b < cores.cpus; b++) {
			cell = strsep(&line, ",");
			ck_assert_ptr_nonnull(cell);
			if (cores_pair_of(&cores, a, b) == NULL) {
				ck_assert_str_eq(cell, "");
				continue;
			}
			ck_assert_double_eq_tol(strtod(cell, &rest), made_up(a, b, what), 1e-6);
			ck_assert_str_eq(rest, "");
			filled++;
		}
		ck_assert_ptr_null(line);
	}
	ck_assert_str_eq(next, "");
	return filled;
}

START_TEST(csv_reads_back)
{
	uint64_t random = 1;
	int k, sampled;
	FILE *f;

	for (sampled = 0; sampled < 2; sampled++) {
		make_machine(64);
		choose(sampled ? 500 : UINT32_MAX, 1);
		visit_all(&random);
		visit_all(&random);
		cores_judge(&cores);
		for (k = 0; k < CORES_WHATS; k++) {
			f = open_text();
			cores_csv(f, &cores, k);
			fclose(f);
			ck_assert_uint_eq(check_csv(k), sampled ? 500 : 64 * 63);
			free(text);
		}
		cores_free(&cores);
	}
}
END_TEST

static uint32_t count(const char *what)
{
	const char *at = text;
	uint32_t n = 0;

	for (; (at = strstr(at, what)) != NULL; at++)
		n++;
	return n;
}

START_TEST(csv_of_pairs_has_a_line_for_each_that_was_measured)
{
	uint64_t random = 1;
	FILE *f;

	make_machine(8);
	choose(UINT32_MAX, 1);
	visit_all(&random);
	cores_judge(&cores);
	f = open_text();
	cores_csv_pairs(f, &cores);
	fclose(f);
	ck_assert_uint_eq(count("\n"), 1 + 8 * 7 * CORES_WHATS);
	ck_assert_ptr_nonnull(strstr(text, "\n4,1,same cache,ring,1000.25,1000.25,1000.25,1,1,1"));
	free(text);
}
END_TEST

START_TEST(json_has_three_matrices_each_or_none_beyond_its_limit)
{
	uint64_t random = 1;
	FILE *f;

	make_machine(4);
	choose(UINT32_MAX, 1);
	visit_all(&random);
	visit_all(&random);
	cores_judge(&cores);
	f = open_text();
	cores_json(f, &cores);
	fclose(f);
	ck_assert_ptr_nonnull(strstr(text, "\"cpus\": [1,4,7,10]"));
	ck_assert_uint_eq(count("\"median\""), CORES_WHATS);
	ck_assert_uint_eq(count("null"), 3 * CORES_WHATS * 4);
	ck_assert_uint_eq(count("\"samples\": 24"), CORES_WHATS);
	free(text);
	cores_free(&cores);
	make_machine(CORES_JSON_MAX + 2);
	choose(100, 1);
	f = open_text();
	cores_json(f, &cores);
	fclose(f);
	ck_assert_ptr_nonnull(strstr(text, "\"matrices\": []"));
	free(text);
}
END_TEST

static void write_report(int markdown)
{
	FILE *f = open_text();

	cores_report(f, &cores, markdown);
	fclose(f);
}

START_TEST(report_says_what_is_missing)
{
	uint64_t random = 1;

	make_machine(2);
	cores.cpus = 1;
	write_report(0);
	ck_assert_ptr_nonnull(strstr(text, "needs two CPUs"));
	free(text);
	make_machine(64);
	choose(500, 1);
	visit_all(&random);
	cores.passes = 1;
	cores_judge(&cores);
	write_report(1);
	ck_assert_ptr_nonnull(strstr(text, "500 of 4032 pairs"));
	ck_assert_ptr_nonnull(strstr(text, "cores-ring.csv"));
	ck_assert_ptr_nonnull(strstr(text, "1 of 5 repeats"));
	ck_assert_ptr_null(strstr(text, "### ring")); /* no matrix */
	ck_assert_ptr_nonnull(strstr(text, "| same core | 64 |"));
	free(text);
}
END_TEST

START_TEST(report_marks_pairs_that_were_disturbed_or_not_reached)
{
	make_machine(2);
	choose(UINT32_MAX, 1);
	add_visit(100, 200, 100, 0.5);
	add_visit(102, 210, 100, 0.5);
	cores.passes = cores.repeats;
	cores_judge(&cores);
	write_report(1);
	ck_assert_ptr_nonnull(strstr(text, "| 1 |  | 101.0! |"));
	ck_assert_ptr_nonnull(strstr(text, "| 4 | ? |  |"));
	ck_assert_ptr_nonnull(strstr(text, "never quiet, and are judged on all their visits: 1"));
	ck_assert_ptr_nonnull(strstr(text, "marked ? were not reached: 1"));
	free(text);
}
END_TEST

static void add_planned(TCase *t)
{
	tcase_add_test(t, distance_is_the_nearest_thing_shared);
	tcase_add_test(t, a_core_or_cache_that_is_not_known_is_not_shared);
	tcase_add_test(t, time_is_kept_whatever_the_number_of_pairs);
	tcase_add_test(t, few_cpus_are_looked_at_in_whole_and_many_in_part);
	tcase_add_test(t, all_ordered_pairs_of_64_cpus_once_each);
	tcase_add_test(t, a_sample_is_even_over_the_classes_and_has_both_orders);
	tcase_add_test(t, the_same_seed_samples_the_same_pairs_another_others);
	tcase_add_test(t, every_repeat_fills_every_cell_once);
	tcase_add_test(t, a_pair_has_room_for_twice_the_repeats_and_no_more_than_it_has);
	tcase_add_test(t, the_order_is_the_seeds_and_another_each_repeat);
}

int main(void)
{
	Suite *s = suite_create("bench_cores");
	TCase *planned = tcase_create("plan"), *written = tcase_create("written");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(planned, NULL, tear_down);
	add_planned(planned);
	tcase_add_test(planned, a_visit_with_an_outlying_line_or_waiting_is_dropped);
	tcase_add_test(planned, a_pair_that_was_never_quiet_is_judged_on_all_and_marked);
	suite_add_tcase(s, planned);
	tcase_add_checked_fixture(written, NULL, tear_down);
	tcase_add_test(written, csv_reads_back);
	tcase_add_test(written, csv_of_pairs_has_a_line_for_each_that_was_measured);
	tcase_add_test(written, json_has_three_matrices_each_or_none_beyond_its_limit);
	tcase_add_test(written, report_says_what_is_missing);
	tcase_add_test(written, report_marks_pairs_that_were_disturbed_or_not_reached);
	suite_add_tcase(s, written);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
