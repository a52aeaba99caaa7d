/*
 * When the parties of a barrier leave it, under a clock of the test's own: what each of them writes down,
 * what the times of all come to, and the rows that do so.
 */
#include <stdint.h>

static uint64_t now;

/* Each look at the clock takes a little. */
static uint64_t fake_clock(void)
{
	now += 20;
	return now;
}

#define RELEASE_CLOCK() fake_clock()
#include "meet.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { BARRIER_NS = 70 };

/* ---- what the loops call ---- */

static struct bench bench;
static struct bench_env env;
static struct role role;
static struct latency_pair recorded;
static char why[160];
static uint64_t generations; /* that the party under test went through */
static uint64_t fails_in;    /* this one fails; 0: none */

int role_start(struct role *me)
{
	(void)me;
	return 0;
}

void role_done(struct role *me, uint64_t ops)
{
	ck_assert_uint_eq(ops, me->n);
}

int role_idle_slow(struct role *me)
{
	me->spins = 0;
	return role_fail(me, "waited too long");
}

int role_fail(struct role *me, const char *format, ...)
{
	va_list ap;

	(void)me;
	va_start(ap, format);
	vsnprintf(why, sizeof(why), format, ap);
	va_end(ap);
	return -1;
}

/* The others are always there: it takes its time, and nobody is behind. */
static int pass(struct role *me, void *party)
{
	unsigned k;

	(void)party;
	now += BARRIER_NS;
	generations++;
	for (k = 0; k < meet_parties(me->b); k++)
		meet_numbers(me->arena)[k].number = meet_numbers(me->arena)[me->index].number;
	return generations == fails_in ? -1 : 0;
}

static void set_up(void)
{
	now = 1000000;
	memset(&bench, 0, sizeof(bench));
	memset(&role, 0, sizeof(role));
	memset(&recorded, 0, sizeof(recorded));
	memset(&env, 0, sizeof(env));
	env.arena = aligned_alloc(4096, BENCH_ARENA_BYTES);
	ck_assert_ptr_nonnull(env.arena);
	memset(env.arena, 0, BENCH_ARENA_BYTES);
	bench.flags = BENCH_LATENCY | BENCH_STAMPS;
	bench.readers = 1;
	role.b = &bench;
	role.arena = env.arena;
	role.n = 6;
	role.spins_max = 1u << 16;
	role.latency = &recorded;
	generations = fails_in = 0;
	why[0] = '\0';
}

static void tear_down(void)
{
	free(env.arena);
}

static void stamp(unsigned party, uint64_t generation, uint64_t at)
{
	release_stamps(env.arena, party)[generation] = at;
}

static uint64_t stamped(unsigned party, uint64_t generation)
{
	return release_stamps(env.arena, party)[generation];
}

/* ---- what is written down ---- */

START_TEST(of_a_skew_each_party_says_when_it_left)
{
	unsigned i;

	ck_assert_int_eq(release_skew(&role, pass, NULL), 0);
	ck_assert_uint_eq(generations, 6);
	for (i = 0; i < 6; i++)
		ck_assert_uint_eq(stamped(0, i), 1000000 + (i + 1) * (BARRIER_NS + 20));
	ck_assert_uint_eq(stamped(0, 6), 0);
	ck_assert_uint_eq(stamped(1, 0), 0); /* nobody else's */
}
END_TEST

/* Of two parties the first is late in the even generations: it left, it waited, and its time is its
 * arrival. In the odd ones it is when it left, right after the one before. */
START_TEST(parties_are_late_in_turn)
{
	uint64_t left, i;

	bench.late_ns = 5000;
	ck_assert_int_eq(release_late(&role, pass, NULL), 0);
	ck_assert_uint_eq(generations, 7); /* one to begin with */
	left = 1000000 + BARRIER_NS + 20;
	for (i = 0; i < 6; i++)
		if (i % 2 == 0) {
			ck_assert_uint_ge(stamped(0, i) - left, 5000);
			ck_assert_uint_le(stamped(0, i) - left, 5020);
			left = stamped(0, i) + BARRIER_NS + 20;
		} else {
			ck_assert_uint_eq(stamped(0, i), left + BARRIER_NS + 20);
			left = stamped(0, i);
		}
}
END_TEST

START_TEST(each_of_many_is_late_once_in_so_many_generations)
{
	uint64_t i, last = 0;
	unsigned late = 0;

	bench.readers = 3;
	role.index = 2;
	role.n = 16;
	bench.late_ns = 1000;
	ck_assert_int_eq(release_late(&role, pass, NULL), 0);
	for (i = 0; i < 16; i++) {
		if (i > 0 && stamped(2, i) - last >= 1000) {
			ck_assert_uint_eq(i % 4, 2);
			late++;
		}
		last = stamped(2, i);
	}
	ck_assert_uint_eq(late, 4);
}
END_TEST

START_TEST(who_is_late_for_ever_gives_up)
{
	bench.late_ns = UINT64_MAX;
	ck_assert_int_eq(release_late(&role, pass, NULL), -1);
	ck_assert_str_eq(why, "waited too long");
}
END_TEST

START_TEST(a_barrier_that_fails_ends_the_row)
{
	fails_in = 3;
	ck_assert_int_eq(meet_loop(&role, pass, NULL), -1);
	generations = 0;
	bench.late_ns = 1000;
	ck_assert_int_eq(meet_loop(&role, pass, NULL), -1);
	ck_assert_uint_eq(recorded.response.count, 0);
}
END_TEST

/* ---- what it comes to ---- */

START_TEST(skew_is_from_the_first_to_the_last)
{
	static const uint64_t at[3][4] = {
		{100, 250, 300, 1}, {180, 200, 300, 500}, {90, 230, 300, 2}};
	struct hist h;
	unsigned k, i;

	for (k = 0; k < 3; k++)
		for (i = 0; i < 4; i++)
			stamp(k, i, at[k][i]);
	stamp(3, 0, 9999); /* not of three parties */
	bench.readers = 2;
	hist_reset(&h);
	release_account(env.arena, &bench, 4, &h);
	ck_assert_uint_eq(h.count, 4);
	ck_assert_uint_eq(h.sum, 90 + 50 + 0 + 499);
	ck_assert_uint_eq(h.max, 499);
	ck_assert_uint_eq(h.min, 0);
}
END_TEST

START_TEST(a_release_is_from_the_late_one_to_the_last_of_the_others)
{
	static const uint64_t at[3][4] = {
		{1000, 2070, 3300, 4000}, /* late in the first and the fourth */
		{1080, 2000, 3100, 4001},
		{1030, 2065, 3000, 3990}, /* its CPU's clock is behind */
	};
	struct hist h;
	unsigned k, i;

	for (k = 0; k < 3; k++)
		for (i = 0; i < 4; i++)
			stamp(k, i, at[k][i]);
	bench.readers = 2;
	bench.late_ns = 1000;
	hist_reset(&h);
	release_account(env.arena, &bench, 4, &h);
	ck_assert_uint_eq(h.count, 4);
	ck_assert_uint_eq(h.sum, 80 + 70 + 300 + 1);
	for (i = 0; i < 4; i++)
		stamp(1, i, at[1][i] - 500);
	bench.readers = 1;
	hist_reset(&h);
	release_account(env.arena, &bench, 1, &h); /* before the late one came */
	ck_assert_uint_eq(h.max, 0);
}
END_TEST

START_TEST(the_first_role_puts_all_together)
{
	unsigned i;

	for (i = 0; i < 6; i++)
		stamp(1, i, 1000000);
	ck_assert_int_eq(meet_loop(&role, pass, NULL), 0);
	ck_assert_uint_eq(recorded.response.count, 6);
	ck_assert_uint_eq(recorded.response.min, BARRIER_NS + 20);
	ck_assert_uint_eq(recorded.response.max, 6 * (BARRIER_NS + 20));
	role.index = 1;
	role.latency = NULL;
	ck_assert_int_eq(meet_loop(&role, pass, NULL), 0);
	ck_assert_uint_eq(recorded.response.count, 6);
}
END_TEST

START_TEST(there_is_room_for_so_many_generations)
{
	role.n = RELEASE_STAMPS;
	ck_assert_int_eq(meet_loop(&role, pass, NULL), 0);
	role.n++;
	ck_assert_int_eq(meet_loop(&role, pass, NULL), -1);
	ck_assert_str_eq(why, "32769 generations, and room for the times of 32768");
	ck_assert((uint8_t *)release_stamps(env.arena, ROLE_MAX) <=
		  (uint8_t *)meet_numbers(env.arena));
}
END_TEST

/* ---- the rows ---- */

static double no_run(struct bench_env *e, const struct bench *b, uint64_t n,
		     struct bench_sample *out)
{
	(void)e, (void)b, (void)n, (void)out;
	return -1;
}

static const struct bench *row(const char *name, const char *who)
{
	size_t i;

	for (i = 0; i < bench_count(); i++)
		if (strcmp(bench_at(i)->name, name) == 0 && strcmp(bench_at(i)->who, who) == 0)
			return bench_at(i);
	return NULL;
}

START_TEST(every_barrier_gets_the_same_rows)
{
	static const struct bench_meeter ours = {
		.who = "ours",
		.ways = BENCH_SPIN | BENCH_YIELD,
		.processes = 1,
		.run = no_run,
	};
	struct bench_meeter peer = ours;
	const struct bench *b;
	size_t i;

	peer.who = "peer";
	peer.flags = BENCH_PEER;
	peer.processes = BENCH_WANTS_FULL;
	bench_add_release_cases(&ours);
	bench_add_release_cases(&peer);
	for (i = 0; i < bench_count(); i++) {
		b = bench_at(i);
		ck_assert_str_eq(b->group, "release");
		ck_assert_int_eq(bench_is_quick(b, 16), 0);
		ck_assert_uint_ne(b->flags & BENCH_LATENCY, 0);
		ck_assert_uint_ne(b->flags & BENCH_STAMPS, 0);
	}
	ck_assert_ptr_nonnull(row("skew/2/processes/spin", "ours"));
	ck_assert_ptr_null(row("skew/2/processes/spin", "peer"));
	ck_assert_ptr_null(row("skew/2/threads/park", "ours"));
	ck_assert_ptr_null(row("skew/8/threads/yield", "ours"));
	b = row("late-1ms/2/threads/yield", "peer");
	ck_assert_ptr_nonnull(b);
	ck_assert_uint_eq(b->late_ns, 1000000);
	/* one that is late keeps its CPU, so all need one */
	ck_assert_int_eq(bench_stamps_in_vain(b, 2), 0);
	ck_assert_int_eq(bench_stamps_in_vain(row("late-1us/4/threads/yield", "ours"), 2), 1);
	ck_assert_int_eq(bench_stamps_in_vain(row("skew/4/threads/yield", "ours"), 2), 0);
	ck_assert_int_eq(bench_stamps_in_vain(row("skew/4/threads/spin", "ours"), 3), 1);
	ck_assert_int_eq(bench_stamps_in_vain(row("skew/16/threads/spin", "ours"), 16), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bench_release");
	TCase *tc = tcase_create("release");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, of_a_skew_each_party_says_when_it_left);
	tcase_add_test(tc, parties_are_late_in_turn);
	tcase_add_test(tc, each_of_many_is_late_once_in_so_many_generations);
	tcase_add_test(tc, who_is_late_for_ever_gives_up);
	tcase_add_test(tc, a_barrier_that_fails_ends_the_row);
	tcase_add_test(tc, skew_is_from_the_first_to_the_last);
	tcase_add_test(tc, a_release_is_from_the_late_one_to_the_last_of_the_others);
	tcase_add_test(tc, the_first_role_puts_all_together);
	tcase_add_test(tc, there_is_room_for_so_many_generations);
	tcase_add_test(tc, every_barrier_gets_the_same_rows);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
