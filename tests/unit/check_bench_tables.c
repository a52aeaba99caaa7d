/* What stands in the tables of a report and in the notes below them, and that both fit a terminal. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cell.h"
#include "clock.h"
#include "driver.h"
#include "report_part.h"
#include "wrap.h"

enum { ROWS = 6, ROUNDS = 6 };

static struct plan plan;
static struct plan_row row[ROWS];
static struct bench bench[ROWS];
static struct bench_env env;
static char *text;

/* ---- what a report asks the harness ---- */

struct clock_scale clock_scale;

const char *clock_name(void)
{
	return "test";
}

int alloc_counted(void)
{
	return 1;
}

int driver_oversubscribed(const struct bench_env *e, uint32_t readers)
{
	return readers + 1 > e->cpus;
}

/* ---- a plan that has been judged ---- */

static struct stats_spread spread(double min, double median, double max)
{
	struct stats_spread s = {median, min, max, min, max, ROUNDS};

	return s;
}

static struct plan_row *add(const char *group, const char *name, const char *who, uint32_t flags)
{
	struct plan_row *r = &row[plan.rows];
	struct bench *b = &bench[plan.rows++];
	uint32_t i;

	b->group = group;
	b->who = who;
	b->flags = flags;
	b->batch = 1;
	b->size = 64;
	snprintf(b->name, sizeof(b->name), "%s", name);
	r->b = b;
	r->set = plan.rows - 1;
	r->n = 1000;
	r->ns = spread(9, 10, 11);
	for (i = 0; i < ROUNDS; i++)
		r->sample[i].ns_per_op = 10;
	plan.sets = plan.rows;
	return r;
}

static void set_up(void)
{
	memset(&plan, 0, sizeof(plan));
	memset(row, 0, sizeof(row));
	memset(bench, 0, sizeof(bench));
	env.cpus = 2;
	plan.env = &env;
	plan.row = row;
	plan.rounds = ROUNDS;
	text = NULL;
}

static void tear_down(void)
{
	uint32_t i;

	for (i = 0; i < plan.rows; i++)
		free(row[i].latency);
	free(text);
}

/* The group's table, or its notes, into text. */
static void print(const char *group, int notes, int markdown)
{
	size_t len = 0;
	FILE *f;

	free(text);
	text = NULL;
	f = open_memstream(&text, &len);
	ck_assert_ptr_nonnull(f);
	if (notes)
		report_notes(f, &plan, group, "  ");
	else
		report_table(f, &plan, group, markdown);
	fclose(f);
}

static size_t widest(void)
{
	const char *line = text;
	size_t most = 0;

	while (*line != '\0') {
		const size_t len = strcspn(line, "\n");

		most = len > most ? len : most;
		line += len + (line[len] == '\n');
	}
	return most;
}

#define SAYS(what) ck_assert_msg(strstr(text, what) != NULL, "no '%s' in:\n%s", what, text)
#define SAYS_NOT(what) ck_assert_msg(strstr(text, what) == NULL, "'%s' in:\n%s", what, text)

/* ---- columns ---- */

START_TEST(a_table_of_distributions_has_what_the_others_have)
{
	struct plan_row *r = add("wakeup", "after-200us/threads", "weir", BENCH_LATENCY);

	r->latency = calloc(1, sizeof(*r->latency));
	hist_record(&r->latency->all, 1000);
	r->ref = spread(0.8, 0.85, 0.9);
	r->ref_is_limit = 1;
	r->calls_per_op = 7;
	r->switches_per_op = 2.5;
	print("wakeup", 0, 1);
	SAYS("| x limit |");
	SAYS("| 0.85 |");
	SAYS("| allocs/op | syscalls/op |");
	SAYS("| 7 |");
	SAYS("| 2.5 |");
	SAYS_NOT("x ref");
	SAYS_NOT("lost");
	r->ref_is_limit = 0;
	r->lost = spread(0.5, 0.5, 0.5);
	print("wakeup", 0, 1);
	SAYS("| x ref |");
	SAYS("| lost % |");
	SAYS_NOT("evicted");
	bench[0].evicts = 1;
	r->evicted = 123;
	print("wakeup", 0, 1);
	SAYS("| lost % | evicted |");
	SAYS("| 50.00 | 123 |");
}
END_TEST

START_TEST(percentiles_of_few_values_are_left_out)
{
	struct plan_row *r = add("wakeup", "after-200us/threads", "weir", BENCH_LATENCY);
	static struct hist one;
	uint32_t i;

	r->latency = calloc(1, sizeof(*r->latency));
	r->latency->p99_ratio = r->ratio = spread(2, 3, 4);
	hist_reset(&one);
	r->latency->round[0] = &one;
	for (i = 0; i < 999; i++) {
		hist_record(&r->latency->all, 1000 + i);
		hist_record(&one, 1000 + i);
	}
	print("wakeup", 0, 1);
	SAYS("| p90 |");
	SAYS_NOT("| p99");
	SAYS_NOT("p99 |"); /* nor the ratio */
	SAYS("| max |");
	print("wakeup", 1, 0);
	SAYS("fewer than 10 values is left out: p99 wants 1000");
	hist_record(&r->latency->all, 1);
	print("wakeup", 0, 1);
	SAYS("| p99 |");
	SAYS_NOT("x best peer p99 |");
	hist_record(&one, 1);
	print("wakeup", 0, 1);
	SAYS("x best peer p99 |");
	r->latency->round[0] = NULL;
}
END_TEST

START_TEST(page_faults_get_a_column_where_there_are_any)
{
	struct plan_row *r = add("ring", "1to1", "weir", 0);

	print("ring", 0, 1);
	SAYS_NOT("faults");
	r->sample[0].faults = 384; /* 64 a sample */
	print("ring", 0, 1);
	SAYS_NOT("faults");
	r->sample[1].faults = 216;
	print("ring", 0, 1);
	SAYS("| faults/op |");
	SAYS("| 0.1 |"); /* of six thousand operations */
}
END_TEST

START_TEST(what_is_no_difference_has_a_sign)
{
	char cell[TABLE_CELL] = "";
	struct stats_spread s = spread(0.9, 1.1, 1.2);

	cell_comparison(cell, &s, 0);
	ck_assert_str_eq(cell, "~1.10");
	s.low = 1.01;
	cell_comparison(cell, &s, 0);
	ck_assert_str_eq(cell, "1.10");
	s.n = STATS_TELLING - 1;
	cell_comparison(cell, &s, 0);
	ck_assert_str_eq(cell, "?1.10");
	s.n = STATS_TELLING;
	cell_comparison(cell, &s, 1);
	ck_assert_str_eq(cell, "?1.10");
	cell[0] = '\0';
	s.n = 0;
	cell_comparison(cell, &s, 0);
	ck_assert_str_eq(cell, "");
}
END_TEST

START_TEST(signs_are_explained_where_they_are)
{
	struct plan_row *r = add("ring", "1to1", "weir", 0);

	snprintf(bench[0].ref, sizeof(bench[0].ref), "limits/stream/64B");
	r->ref = spread(0.4, 0.5, 0.6);
	print("ring", 1, 0);
	SAYS_NOT("~:");
	SAYS("x ref of 1to1/weir and its like is against limits/stream/64B\n");
	r->ref.high = 1.1;
	print("ring", 1, 0);
	SAYS("~: no difference seen");
	SAYS_NOT("?:");
	r->ref.n = 1;
	print("ring", 1, 0);
	SAYS("?: fewer than 6 rounds");
}
END_TEST

START_TEST(who_publishes_how_often_is_said)
{
	add("ring", "1to1/64B/batch32/threads", "weir", 0);
	bench[0].batch = 32;
	print("ring", 1, 0);
	SAYS_NOT("single: ");
	add("ring", "1to1/64B/single/threads", "weir", 0);
	print("ring", 1, 0);
	SAYS("single: the reader of weir gives space back every 32 messages");
}
END_TEST

/* ---- width ---- */

static const char *const heading[] = {"case", "who", "nanoseconds each", "much/less", "more"};

static void print_table(const struct table *t, int markdown)
{
	size_t len = 0;
	FILE *f;

	free(text);
	text = NULL;
	f = open_memstream(&text, &len);
	ck_assert_ptr_nonnull(f);
	table_print(f, t, markdown);
	fclose(f);
}

static void put(char *cell, size_t len)
{
	memset(cell, 'x', len);
	cell[len] = '\0';
}

START_TEST(times_between_two_cpus_are_as_good_as_their_clocks)
{
	struct plan_row *r = add("release", "skew/2/threads/spin", "weir", BENCH_LATENCY);

	r->latency = calloc(1, sizeof(*r->latency));
	bench[0].flags |= BENCH_STAMPS;
	plan.clocks_known = 1;
	plan.clocks_low = -30;
	plan.clocks_high = 80;
	print("release", 1, 0);
	SAYS("skew: from when the first party left");
	SAYS("ahead by -30..80 ns");
	SAYS_NOT("rate-N");
	SAYS_NOT("certainly apart");
	plan.clocks_low = 20;
	print("release", 1, 0);
	SAYS("these clocks are certainly apart");
	plan.clocks_known = 0;
	print("release", 1, 0);
	SAYS("could not be compared");
	bench[0].flags = BENCH_LATENCY; /* one clock */
	print("release", 1, 0);
	SAYS_NOT("skew:");
	SAYS_NOT("compared: times");
}
END_TEST

START_TEST(a_table_is_made_as_narrow_as_it_has_to_be)
{
	struct table t;
	char(*cell)[TABLE_CELL];

	ck_assert_int_eq(table_make(&t, heading, 5, 2, 1), 0);
	cell = table_row(&t);
	put(cell[0], 10);
	put(cell[1], 10);
	put(cell[2], 10);
	put(cell[3], 60);
	put(cell[4], 48);
	t.goes[3] = 2;
	t.goes[4] = 1;
	print_table(&t, 0); /* 10 + 10 + 16 + 60 + 48 and what is between */
	SAYS("case        who         nanoseconds each");
	ck_assert_uint_eq(widest(), 152);
	put(cell[4], 57); /* one too many: its case goes up */
	print_table(&t, 0);
	SAYS("\nxxxxxxxxxx\n  xxxxxxxxxx  ");
	ck_assert_uint_eq(widest(), 2 + 10 + 2 + 16 + 2 + 60 + 2 + 57);
	put(cell[4], 67); /* headings of two lines */
	print_table(&t, 0);
	SAYS("nanoseconds");
	SAYS_NOT("nanoseconds each");
	SAYS("/less");
	SAYS_NOT("not shown");
	put(cell[4], 79);
	print_table(&t, 0);
	SAYS("\n  not shown, for the width of this table, but in the Markdown: more\n");
	ck_assert_uint_le(widest(), TABLE_WIDTH);
	print_table(&t, 1);
	SAYS("| case | who | nanoseconds each | much/less | more |\n|---|---|---:|---:|---:|\n");
	table_free(&t);
}
END_TEST

/* All columns at once, and the longest of names. */
START_TEST(no_table_of_rows_is_too_wide)
{
	struct plan_row *r = add("ring", "1to8/1KiB/batch32/processes/slow-writer/lossy",
				 "atomic_queue-optimist", BENCH_LATENCY);
	uint32_t i;

	r->ns = spread(12345678, 23456789, 34567890);
	r->best_peer = "atomic_queue-optimist";
	r->ratio = r->ref = spread(0.01, 123.45, 23456);
	r->lost = r->drain = r->rest = spread(1, 1, 1);
	r->allocs_per_op = r->calls_per_op = r->sleeps_per_op = r->switches_per_op = 1.23e-05;
	r->waiting = 12.345;
	r->disturbed = 1;
	bench[0].way = BENCH_PARK;
	bench[0].readers = 8;
	bench[0].evicts = 1;
	r->evicted = 1234567;
	r->sample[0].faults = 12345;
	print("ring", 0, 0);
	ck_assert_uint_le(widest(), TABLE_WIDTH);
	SAYS("~123.5"); /* the ratio */
	SAYS("  atomic_queue-optimist  ~123.5");
	r->latency = calloc(1, sizeof(*r->latency));
	for (i = 0; i < 10000; i++)
		hist_record(&r->latency->all, 1234567890);
	r->latency->p50 = r->latency->p99 = r->ns;
	r->latency->p99_ratio = r->ratio;
	print("ring", 0, 0);
	ck_assert_uint_le(widest(), TABLE_WIDTH);
}
END_TEST

static void wrap(const char *notes, int markdown)
{
	struct wrap w;
	size_t len = 0;
	FILE *f;

	free(text);
	text = NULL;
	f = open_memstream(&text, &len);
	ck_assert_ptr_nonnull(f);
	fputs(notes, wrap_open(&w, f, markdown));
	wrap_close(&w);
	fclose(f);
}

START_TEST(notes_are_wrapped_on_a_terminal_alone)
{
	char line[400], word[200];
	int i;

	wrap("  short\n\n", 0);
	ck_assert_str_eq(text, "  short\n\n");
	line[0] = '\0';
	for (i = 0; i < 30; i++)
		strcat(line, i == 0 ? "  nine char" : " nine char");
	wrap(line, 1);
	ck_assert_str_eq(text, line);
	wrap(line, 0);
	ck_assert_uint_le(widest(), WRAP_WIDTH);
	ck_assert_uint_gt(widest(), WRAP_WIDTH - 6);
	SAYS("\n    ");
	SAYS_NOT(" \n");
	put(word, 150);
	snprintf(line, sizeof(line), "  %s and\n", word);
	wrap(line, 0);
	snprintf(line, sizeof(line), "  %s\n    and\n", word);
	ck_assert_str_eq(text, line);
	put(line, WRAP_WIDTH);
	line[50] = ' ';
	wrap(line, 0);
	ck_assert_uint_eq(widest(), WRAP_WIDTH);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench tables");
	TCase *tc = tcase_create("tables");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_table_of_distributions_has_what_the_others_have);
	tcase_add_test(tc, percentiles_of_few_values_are_left_out);
	tcase_add_test(tc, page_faults_get_a_column_where_there_are_any);
	tcase_add_test(tc, what_is_no_difference_has_a_sign);
	tcase_add_test(tc, signs_are_explained_where_they_are);
	tcase_add_test(tc, who_publishes_how_often_is_said);
	tcase_add_test(tc, times_between_two_cpus_are_as_good_as_their_clocks);
	tcase_add_test(tc, a_table_is_made_as_narrow_as_it_has_to_be);
	tcase_add_test(tc, no_table_of_rows_is_too_wide);
	tcase_add_test(tc, notes_are_wrapped_on_a_terminal_alone);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
