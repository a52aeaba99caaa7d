/* What weir-bench makes of its compilers' flags. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "flags.h"

START_TEST(the_last_one_counts)
{
	char flag[16];

	flags_last("-O0 -g  -O2 -pipe", "-O", flag, sizeof(flag));
	ck_assert_str_eq(flag, "-O2");
	flags_last("-x-O3 -g", "-O", flag, sizeof(flag));
	ck_assert_str_eq(flag, "");
	flags_last("", "-O", flag, sizeof(flag));
	ck_assert_str_eq(flag, "");
	ck_assert(flags_optimise("-O0 -O2"));
	ck_assert(!flags_optimise("-O2 -O0"));
	ck_assert(!flags_optimise("-g"));
}
END_TEST

START_TEST(alike)
{
	ck_assert(flags_alike("-std=c11 -g -O2", "-std=c++17 -O3 -O2 -Wall"));
	ck_assert(!flags_alike("-O2", "-O3"));
	ck_assert(!flags_alike("-O2", ""));
	ck_assert(!flags_alike("-O2 -march=native", "-O2"));
	ck_assert(!flags_alike("-O2 -mcpu=a", "-O2 -mcpu=b"));
	ck_assert(flags_alike("-march=native -O2", "-O2 -march=native"));
}
END_TEST

START_TEST(cut_ones_differ)
{
	char a[200], b[200], copy_a[64], copy_b[64];

	memset(a, 'x', sizeof(a));
	a[150] = '\0';
	memcpy(b, a, sizeof(b));
	b[149] = 'y';
	flags_copy(copy_a, sizeof(copy_a), a);
	flags_copy(copy_b, sizeof(copy_b), b);
	ck_assert_uint_eq(strlen(copy_a), sizeof(copy_a) - 1);
	ck_assert(strncmp(copy_a, a, 40) == 0);
	ck_assert_str_ne(copy_a, copy_b);
	a[63] = '\0';
	flags_copy(copy_a, sizeof(copy_a), a);
	ck_assert_str_eq(copy_a, a);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench_flags");
	TCase *tc = tcase_create("flags");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_test(tc, the_last_one_counts);
	tcase_add_test(tc, alike);
	tcase_add_test(tc, cut_ones_differ);
	suite_add_tcase(s, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
