/*
 * The bench's open loop under a clock of the test's own: the schedule, and what a stall does to response and to
 * service time. The loops are those that the roles run; the queue between them is a model.
 */
#include <stdint.h>

static uint64_t now;

/* Each look at the clock takes a little. */
static uint64_t fake_clock(void)
{
	now += 20;
	return now;
}

#define FLOW_CLOCK() fake_clock()
#include "flow.h"

#include <check.h>
#include <stdarg.h>
#include <string.h>

enum { MESSAGES = 500000, PLACES = 64, TRANSFER_NS = 100, SERVICE_NS = 100 };

#define MS UINT64_C(1000000)
#define RATE UINT64_C(1000000)

/* ---- what the loops call ---- */

static struct latency_pair recorded;
static struct bench bench;
static struct role role;
static uint64_t started;

int role_start(struct role *me)
{
	(void)me;
	started = now;
	return 0;
}

void role_done(struct role *me, uint64_t ops)
{
	ck_assert_uint_eq(ops, me->n);
}

int role_idle_slow(struct role *me)
{
	me->spins = 0;
	return 0;
}

double driver_run(struct bench_env *env, const struct bench *b, role_fn first, role_fn others,
		  unsigned roles, uint64_t n, struct bench_sample *out)
{
	(void)env, (void)b, (void)first, (void)others, (void)roles, (void)n, (void)out;
	return -1;
}

/* ---- a queue, and the times at which its reader sees what is in it ---- */

static struct flow_stamp stamp[MESSAGES];
static uint64_t seen[MESSAGES];
static uint64_t stall_from, stall_until; /* the reader does nothing */
static uint64_t held_at, held_ns;	 /* the sender is held up once, at message held_at */

static int put(struct role *me, void *end, uint64_t i, const struct flow_stamp *s)
{
	(void)me, (void)end;
	if (held_ns > 0 && i == held_at)
		now += held_ns;
	if (i >= PLACES && seen[i - PLACES] > now)
		now = seen[i - PLACES]; /* full until then */
	stamp[i] = *s;
	seen[i] = now + TRANSFER_NS;
	if (i > 0 && seen[i - 1] + SERVICE_NS > seen[i])
		seen[i] = seen[i - 1] + SERVICE_NS;
	if (seen[i] >= started + stall_from && seen[i] < started + stall_until)
		seen[i] = started + stall_until;
	return 0;
}

static int take(struct role *me, void *end, uint64_t i, struct flow_stamp *s)
{
	(void)me, (void)end;
	*s = stamp[i];
	now = seen[i] - 20; /* as the clock is looked at once more */
	return 1;
}

static void run(void)
{
	ck_assert_int_eq(flow_send(&role, put, NULL), 0);
	ck_assert_int_eq(flow_receive(&role, take, NULL), 0);
	ck_assert_uint_eq(recorded.response.count, MESSAGES);
	ck_assert_uint_eq(recorded.service.count, MESSAGES);
}

static void set_up(void)
{
	now = 1000 * MS;
	stall_from = stall_until = 0;
	held_at = held_ns = 0;
	memset(&recorded, 0, sizeof(recorded));
	memset(&role, 0, sizeof(role));
	memset(&bench, 0, sizeof(bench));
	bench.rate = RATE;
	role.b = &bench;
	role.n = MESSAGES;
	role.spins_max = ROLE_SPINS_ALONE;
	role.latency = &recorded;
}

/* ---- the schedule ---- */

START_TEST(due_times_are_exact_at_any_rate)
{
	static const uint64_t rates[] = {1,	 3,	  7,	    1000,      1001,
					 999983, 1000000, 30000001, 999999999, PACE_RATE_MAX};
	const uint64_t rate = rates[_i], start = 123456789;
	struct pace p;
	uint64_t i;

	pace_start(&p, start, rate);
	for (i = 0; i < 3000000; i++) {
		/* in two steps, as the product outgrows 64 bits */
		uint64_t want =
			i / rate * UINT64_C(1000000000) + i % rate * UINT64_C(1000000000) / rate;

		if (p.due != start + want)
			ck_abort_msg("message %llu at %llu/s", (unsigned long long)i,
				     (unsigned long long)rate);
		pace_next(&p);
	}
}
END_TEST

START_TEST(without_a_rate_all_are_due_at_once)
{
	struct pace p;
	int i;

	pace_start(&p, 55, 0);
	for (i = 0; i < 1000; i++) {
		ck_assert_uint_eq(p.due, 55);
		pace_next(&p);
	}
}
END_TEST

/* ---- what is recorded ---- */

START_TEST(undisturbed_response_and_service_are_alike)
{
	run();
	ck_assert_uint_le(hist_at(&recorded.response, 990000), 400);
	ck_assert_uint_ge(hist_at(&recorded.response, 500000), TRANSFER_NS);
	ck_assert_uint_le(hist_at(&recorded.service, 990000), 400);
	ck_assert_uint_le(recorded.service.max, recorded.response.max);
	ck_assert_uint_eq(recorded.until, seen[MESSAGES - 1]);
	/* as many in the time as were meant to be */
	ck_assert_uint_ge(recorded.until - recorded.from, (MESSAGES - 1) * MS / 1000);
	ck_assert_uint_le(recorded.until - recorded.from, MESSAGES * MS / 1000 + 1000);
}
END_TEST

/* Ten of five hundred milliseconds. A closed loop sends next to nothing in that time, so next to none of
 * its values knows of it; here every message that was due meanwhile does. */
START_TEST(a_stalled_reader_is_in_the_response_time_of_all_it_delayed)
{
	uint64_t late = 0, i;

	stall_from = 200 * MS;
	stall_until = 210 * MS;
	run();
	ck_assert_uint_ge(recorded.response.max, 10 * MS - MS / 100);
	ck_assert_uint_ge(hist_at(&recorded.response, 990000), 4 * MS);
	ck_assert_uint_le(hist_at(&recorded.response, 990000), 7 * MS);
	ck_assert_uint_le(hist_at(&recorded.service, 990000), MS / 20);
	for (i = 0; i < MESSAGES; i++)
		late += seen[i] - stamp[i].due > MS / 10;
	ck_assert_uint_ge(late, 9900); /* a message per microsecond */
}
END_TEST

START_TEST(a_sender_held_up_catches_up_and_skips_nothing)
{
	const uint64_t start = now + 20 + FLOW_LEAD_NS;
	uint64_t i;

	held_at = 1000;
	held_ns = 10 * MS;
	run();
	for (i = 0; i < MESSAGES; i++) {
		ck_assert_uint_eq(stamp[i].due, start + i * 1000);
		ck_assert_uint_ge(stamp[i].sent, stamp[i].due);
	}
	/* on time again, long before the end */
	ck_assert_uint_le(stamp[20000].sent - stamp[20000].due, 100);
	ck_assert_uint_ge(hist_at(&recorded.response, 990000), 4 * MS);
	ck_assert_uint_le(hist_at(&recorded.service, 990000), MS / 20);
}
END_TEST

START_TEST(what_cannot_keep_up_falls_behind_further_and_further)
{
	bench.rate = 20 * RATE; /* one per 50 ns; the reader takes 100 */
	run();
	ck_assert_uint_ge(recorded.until - recorded.from, (MESSAGES - 1) * SERVICE_NS);
	ck_assert_uint_ge(recorded.response.max, MESSAGES / 2 * SERVICE_NS - MS);
	ck_assert_uint_ge(hist_at(&recorded.response, 500000), MESSAGES / 5 * SERVICE_NS);
	ck_assert_uint_le(recorded.service.max, (PLACES + 2) * SERVICE_NS);
}
END_TEST

START_TEST(nothing_is_seen_before_it_was_sent)
{
	ck_assert_uint_eq(flow_between(100, 130), 30);
	ck_assert_uint_eq(flow_between(100, 100), 0);
	ck_assert_uint_eq(flow_between(130, 100), 0);
}
END_TEST

/* ---- the clock ---- */

START_TEST(the_counter_serves_when_processor_and_kernel_say_so)
{
	const char *good = "flags\t\t: fpu tsc rdtscp constant_tsc nonstop_tsc avx\n";

	ck_assert_int_eq(clock_counter_serves(good, "tsc\n"), 1);
	ck_assert_int_eq(clock_counter_serves(good, "kvm-clock\n"), 0);
	ck_assert_int_eq(clock_counter_serves(good, "hpet\n"), 0);
	ck_assert_int_eq(clock_counter_serves(good, "tsc-early\n"), 0);
	ck_assert_int_eq(clock_counter_serves(good, ""), 0);
	ck_assert_int_eq(clock_counter_serves("flags : tsc rdtscp constant_tsc\n", "tsc"), 0);
	ck_assert_int_eq(clock_counter_serves("flags : tsc constant_tsc nonstop_tsc\n", "tsc"), 0);
	ck_assert_int_eq(clock_counter_serves("flags : rdtscp xconstant_tsc nonstop_tsc\n", "tsc"),
			 0);
	ck_assert_int_eq(clock_counter_serves("", "tsc"), 0);
}
END_TEST

START_TEST(exchanges_narrow_the_offset_from_both_sides)
{
	int64_t low = INT64_MIN, high = INT64_MAX;

	clock_narrow(1000, 1600, 1200, &low, &high); /* the other is 400 to 600 ahead */
	ck_assert_int_eq(low, 400);
	ck_assert_int_eq(high, 600);
	clock_narrow(2000, 2550, 2500, &low, &high); /* slow on the way back: 50 to 550 */
	ck_assert_int_eq(low, 400);
	ck_assert_int_eq(high, 550);
	clock_narrow(3000, 3700, 3200, &low, &high); /* slow on the way there: 500 to 700 */
	ck_assert_int_eq(low, 500);
	ck_assert_int_eq(high, 550);
	low = INT64_MIN;
	high = INT64_MAX;
	clock_narrow(1000, 400, 1200, &low, &high); /* behind */
	ck_assert_int_eq(low, -800);
	ck_assert_int_eq(high, -600);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bench_flow");
	TCase *tc = tcase_create("flow");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_loop_test(tc, due_times_are_exact_at_any_rate, 0, 10);
	tcase_add_test(tc, without_a_rate_all_are_due_at_once);
	tcase_add_test(tc, undisturbed_response_and_service_are_alike);
	tcase_add_test(tc, a_stalled_reader_is_in_the_response_time_of_all_it_delayed);
	tcase_add_test(tc, a_sender_held_up_catches_up_and_skips_nothing);
	tcase_add_test(tc, what_cannot_keep_up_falls_behind_further_and_further);
	tcase_add_test(tc, nothing_is_seen_before_it_was_sent);
	tcase_add_test(tc, the_counter_serves_when_processor_and_kernel_say_so);
	tcase_add_test(tc, exchanges_narrow_the_offset_from_both_sides);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
