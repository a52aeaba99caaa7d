/* What a report makes of texts and numbers that come from outside. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int main(void)
{
	Suite *s = suite_create("bench_text");
	TCase *tc = tcase_create("text");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_test(tc, cells);
	suite_add_tcase(s, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
