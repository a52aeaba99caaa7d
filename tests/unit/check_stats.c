/* Walking counters, and the copy that may race. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <weir/atomic.h>
#include <weir/stats.h>

struct snapshot {
	uint32_t struct_size;
	uint32_t reserved;
	uint64_t calls;
	uint64_t bytes;
};

static const struct weir_stat_desc desc[] = {
	{"bytes", "bytes", "what passed", offsetof(struct snapshot, bytes), 0},
	{"calls", "calls", "how often", offsetof(struct snapshot, calls), 0},
};

struct seen {
	const char *name[8];
	uint64_t value[8];
	unsigned n;
};

static void see(void *ctx, const struct weir_stat_desc *d, uint64_t value)
{
	struct seen *s = ctx;

	ck_assert_uint_lt(s->n, 8);
	s->name[s->n] = d->name;
	s->value[s->n++] = value;
}

START_TEST(visits_in_the_order_of_the_table)
{
	struct snapshot snap = {.struct_size = sizeof(snap), .calls = 3, .bytes = UINT64_MAX};
	struct seen s = {.n = 0};

	weir_stats_visit(desc, 2, &snap, sizeof(snap), see, &s);
	ck_assert_uint_eq(s.n, 2);
	ck_assert_str_eq(s.name[0], "bytes");
	ck_assert_uint_eq(s.value[0], UINT64_MAX);
	ck_assert_str_eq(s.name[1], "calls");
	ck_assert_uint_eq(s.value[1], 3);
	s.n = 0;
	weir_stats_visit(desc, 0, &snap, sizeof(snap), see, &s);
	ck_assert_uint_eq(s.n, 0);
}
END_TEST

/* A snapshot of any shorter length: only counters that lie in it whole. */
START_TEST(passes_over_what_the_snapshot_does_not_have)
{
	struct snapshot whole = {.calls = 3, .bytes = 4};
	struct seen s;
	uint8_t *mem;
	size_t n;

	for (n = 0; n <= sizeof(whole); n++) {
		mem = malloc(n + (n == 0));
		memcpy(mem, &whole, n);
		s.n = 0;
		weir_stats_visit(desc, 2, mem, n, see, &s);
		ck_assert_uint_eq(s.n, n >= 24 ? 2 : n >= 16 ? 1 : 0);
		free(mem);
	}
}
END_TEST

START_TEST(offsets_cannot_wrap)
{
	static const struct weir_stat_desc far[] = {
		{"far", "", "", UINT32_MAX, 0},
		{"near", "", "", UINT32_MAX - 7, 0},
		{"odd", "", "", 17, 0},
	};
	struct snapshot snap = {.calls = 1};
	struct seen s = {.n = 0};

	weir_stats_visit(far, 3, &snap, sizeof(snap), see, &s);
	ck_assert_uint_eq(s.n, 0);
}
END_TEST

/* Every alignment of both sides and every length around the word: exactly these bytes. */
START_TEST(copies_every_alignment_and_length)
{
	_Alignas(8) uint8_t from[64], to[64], want[64];
	size_t a, b, n, i;

	for (i = 0; i < sizeof(from); i++)
		from[i] = (uint8_t)(i + 1);
	for (a = 0; a < 9; a++)
		for (b = 0; b < 9; b++)
			for (n = 0; n < 40; n++) {
				memset(to, 0xee, sizeof(to));
				memset(want, 0xee, sizeof(want));
				for (i = 0; i < n; i++)
					want[b + i] = from[a + i];
				weir_copy_racy(to + b, from + a, n);
				ck_assert_int_eq(memcmp(to, want, sizeof(to)), 0);
			}
	weir_copy_racy(NULL, NULL, 0);
}
END_TEST

/* The names carry orders, which a single thread cannot show; here only what they do to a word. */
START_TEST(words_do_what_their_names_say)
{
	uint64_t w = 1;
	uint32_t v = 1;

	weir_store_relaxed64(&w, 2);
	ck_assert_uint_eq(weir_load_acquire64(&w), 2);
	weir_store_release64(&w, UINT64_MAX);
	ck_assert_uint_eq(weir_load_relaxed64(&w), UINT64_MAX);
	ck_assert_uint_eq(weir_fetch_add64(&w, 2), UINT64_MAX);
	ck_assert_uint_eq(w, 1);
	ck_assert_int_eq(weir_cas64(&w, 7, 8), 0);
	ck_assert_uint_eq(w, 1);
	ck_assert_int_ne(weir_cas64(&w, 1, 8), 0);
	ck_assert_uint_eq(w, 8);
	weir_count64(&w, 5);
	ck_assert_uint_eq(w, 13);
	weir_store_relaxed32(&v, 2);
	ck_assert_uint_eq(weir_load_acquire32(&v), 2);
	weir_store_release32(&v, UINT32_MAX);
	ck_assert_uint_eq(weir_load_relaxed32(&v), UINT32_MAX);
	ck_assert_uint_eq(weir_fetch_add32(&v, 2), UINT32_MAX);
	ck_assert_int_eq(weir_cas32(&v, 7, 8), 0);
	ck_assert_int_ne(weir_cas32(&v, 1, 8), 0);
	ck_assert_uint_eq(v, 8);
	weir_fence_acquire();
	weir_fence_release();
	weir_fence_full();
	ck_assert_int_eq(weir_pos_diff(3, UINT64_MAX), 4);
	ck_assert_int_eq(weir_pos_diff(UINT64_MAX, 3), -4);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("stats");
	TCase *t = tcase_create("stats");
	SRunner *run;
	int failed;

	tcase_add_test(t, visits_in_the_order_of_the_table);
	tcase_add_test(t, passes_over_what_the_snapshot_does_not_have);
	tcase_add_test(t, offsets_cannot_wrap);
	tcase_add_test(t, copies_every_alignment_and_length);
	tcase_add_test(t, words_do_what_their_names_say);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed == 0 ? 0 : 1;
}
