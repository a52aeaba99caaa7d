/* What calls return, and how it reads. */
#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <weir/error.h>

struct row {
	int code;
	const char *name;
	const char *text;
};

static const struct row table[] = {
#define OUTCOME(n, value, t) {value, #n, t},
#define ERROR(n, t) {-n, #n, t},
	WEIR_OUTCOMES(OUTCOME) WEIR_ERRORS(ERROR)
#undef OUTCOME
#undef ERROR
};
#define ROWS (sizeof(table) / sizeof(table[0]))

START_TEST(every_code_has_its_name_and_text)
{
	size_t i;

	for (i = 0; i < ROWS; i++) {
		ck_assert_str_eq(weir_error_name(table[i].code), table[i].name);
		ck_assert_str_eq(weir_error_text(table[i].code), table[i].text);
	}
}
END_TEST

START_TEST(no_two_codes_share_name_or_text)
{
	size_t i, j;

	for (i = 0; i < ROWS; i++)
		for (j = 0; j < i; j++) {
			ck_assert_int_ne(table[i].code, table[j].code);
			ck_assert_str_ne(table[i].name, table[j].name);
			ck_assert_str_ne(table[i].text, table[j].text);
		}
}
END_TEST

START_TEST(outcomes_count_up_from_zero_and_errors_are_negative)
{
	size_t i;

	ck_assert_int_eq(WEIR_OK, 0);
	for (i = 0; i < ROWS; i++)
		if (i < WEIR_OUTCOME_LAST_PLUS_ONE)
			ck_assert_int_eq(table[i].code, (int)i);
		else
			ck_assert_int_lt(table[i].code, 0);
}
END_TEST

START_TEST(unknown_codes_have_a_name_too)
{
	const int unknown[] = {WEIR_OUTCOME_LAST_PLUS_ONE, 4711, -4711, INT32_MAX, INT32_MIN};
	size_t i;

	for (i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		ck_assert_str_eq(weir_error_name(unknown[i]), "?");
		ck_assert_str_ne(weir_error_text(unknown[i]), "");
	}
}
END_TEST

START_TEST(set_fills_and_returns_the_code)
{
	struct weir_error e;

	memset(&e, 0xff, sizeof(e));
	ck_assert_int_eq(weir_error_set(&e, -ENOSPC, "slots", 7, 8), -ENOSPC);
	ck_assert_str_eq(e.what, "slots");
	ck_assert_uint_eq(e.value, 7);
	ck_assert_uint_eq(e.limit, 8);
	ck_assert_int_eq(e.code, -ENOSPC);
	ck_assert_uint_eq(e.reserved, 0);
	ck_assert_int_eq(weir_error_set(NULL, -EBUSY, "nobody listens", 1, 2), -EBUSY);
}
END_TEST

START_TEST(format_says_what_it_has)
{
	struct weir_error e;
	char buf[128];
	size_t n;

	(void)weir_error_set(&e, -EBUSY, "writer", 0, UINT64_MAX);
	n = weir_error_format(&e, buf, sizeof(buf));
	ck_assert_str_eq(buf, "writer: another live process holds it "
			      "(value 0, limit 18446744073709551615)");
	ck_assert_uint_eq(n, strlen(buf));
	(void)weir_error_set(&e, -EINVAL, "x", 1234567890, 10);
	(void)weir_error_format(&e, buf, sizeof(buf));
	ck_assert_str_eq(buf, "x: an argument is out of range (value 1234567890, limit 10)");
	memset(&e, 0, sizeof(e));
	(void)weir_error_format(&e, buf, sizeof(buf));
	ck_assert_str_eq(buf, "done (value 0, limit 0)");
	ck_assert_uint_eq(weir_error_format(NULL, buf, sizeof(buf)), 0);
	ck_assert_str_eq(buf, "");
}
END_TEST

/* Every capacity: the right prefix, terminated, nothing beyond, and always the same length told.
 * The buffer is exactly as long, for AddressSanitizer's sake. */
START_TEST(format_cuts_at_any_length)
{
	struct weir_error e;
	char whole[128], *buf;
	size_t cap, n, cut;

	(void)weir_error_set(&e, -EROFS, "region", 42, 43);
	n = weir_error_format(&e, whole, sizeof(whole));
	ck_assert_uint_eq(weir_error_format(&e, NULL, 0), n);
	for (cap = 1; cap < n + 3; cap++) {
		buf = malloc(cap);
		memset(buf, '#', cap);
		ck_assert_uint_eq(weir_error_format(&e, buf, cap), n);
		cut = cap - 1 < n ? cap - 1 : n;
		ck_assert_uint_eq(strlen(buf), cut);
		ck_assert_int_eq(memcmp(buf, whole, cut), 0);
		free(buf);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("error");
	TCase *t = tcase_create("error");
	SRunner *run;
	int failed;

	tcase_add_test(t, every_code_has_its_name_and_text);
	tcase_add_test(t, no_two_codes_share_name_or_text);
	tcase_add_test(t, outcomes_count_up_from_zero_and_errors_are_negative);
	tcase_add_test(t, unknown_codes_have_a_name_too);
	tcase_add_test(t, set_fills_and_returns_the_code);
	tcase_add_test(t, format_says_what_it_has);
	tcase_add_test(t, format_cuts_at_any_length);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed == 0 ? 0 : 1;
}
