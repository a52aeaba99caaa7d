/* What a report makes of texts and numbers that come from outside. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonw.h"
#include "table.h"

static char buf[256];

static const char *cell(const char *text)
{
	FILE *f = fmemopen(buf, sizeof(buf), "w");

	ck_assert_ptr_nonnull(f);
	buf[0] = '\0';
	table_cell(f, text);
	fclose(f);
	return buf;
}

START_TEST(cells)
{
	ck_assert_str_eq(cell("X(R) Y-7 @ 2.0GHz"), "X(R) Y-7 @ 2.0GHz");
	ck_assert_str_eq(cell("a|b"), "a\\|b");
	ck_assert_str_eq(cell("a\\|<b"), "a\\\\\\|\\<b");
	ck_assert_str_eq(cell(""), "");
}
END_TEST

static const char *json(const char *text)
{
	FILE *f = fmemopen(buf, sizeof(buf), "w");

	ck_assert_ptr_nonnull(f);
	jsonw_text(f, text);
	fclose(f);
	return buf;
}

START_TEST(json_texts)
{
	ck_assert_str_eq(json(""), "\"\"");
	ck_assert_str_eq(json("a \"b\" \\ \n\x7f"), "\"a \\\"b\\\" \\\\ \\u000a\x7f\"");
	ck_assert_str_eq(json("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"),
			 "\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\"");
	/* Latin-1, a character cut short, too long a form, a surrogate, beyond the last one */
	ck_assert_str_eq(json("\xe4 x"), "\"\\u00e4 x\"");
	ck_assert_str_eq(json("\xe2\x82"), "\"\\u00e2\\u0082\"");
	ck_assert_str_eq(json("\xc0\x80"), "\"\\u00c0\\u0080\"");
	ck_assert_str_eq(json("\xed\xa0\x80"), "\"\\u00ed\\u00a0\\u0080\"");
	ck_assert_str_eq(json("\xf4\x90\x80\x80"), "\"\\u00f4\\u0090\\u0080\\u0080\"");
}
END_TEST

static const char *number(double v)
{
	FILE *f = fmemopen(buf, sizeof(buf), "w");

	ck_assert_ptr_nonnull(f);
	jsonw_key_number(f, "k", v, ",");
	fclose(f);
	return buf;
}

START_TEST(json_numbers)
{
	ck_assert_str_eq(number(1.5), "\"k\": 1.5,");
	ck_assert_str_eq(number((double)NAN), "\"k\": null,");
	ck_assert_str_eq(number((double)INFINITY), "\"k\": null,");
	ck_assert_str_eq(number(-(double)INFINITY), "\"k\": null,");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench_text");
	TCase *tc = tcase_create("text");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_test(tc, cells);
	tcase_add_test(tc, json_texts);
	tcase_add_test(tc, json_numbers);
	suite_add_tcase(s, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
