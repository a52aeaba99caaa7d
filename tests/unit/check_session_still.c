/* Sessions: rings in which nothing happens are passed over, and nothing else is. */
#define _GNU_SOURCE

#include "session_fixture.h"

static int count(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	(void)s;
	(void)m;
	++*(uint32_t *)ctx;
	return 0;
}

static uint32_t state_of(struct yard *y, uint32_t slot)
{
	struct weir_progress_record rec;
	struct weir_progress table;
	struct weir_span mem;

	ck_assert_int_eq(weir_region_find(weir_session_region(y->s[0]), WEIR_KIND_PROGRESS,
					  "progress.0", &mem),
			 WEIR_OK);
	ck_assert_int_eq(weir_progress_attach(&table, mem, NULL), WEIR_OK);
	ck_assert_int_eq(weir_progress_read(&table, slot, &rec), WEIR_OK);
	return rec.state;
}

START_TEST(who_polls_serves_though_nothing_came)
{
	struct yard y;

	yard_open(&y, 2);
	yard_leave(&y, 1);
	yard_settle(&y);
	(void)yard_attach(&y, 0);
	ck_assert_uint_eq(state_of(&y, 1), WEIR_PROGRESS_DORMANT);
	(void)yard_poll(&y, 1);
	ck_assert_uint_eq(state_of(&y, 1), WEIR_PROGRESS_ACTIVE);
	yard_close(&y);
}
END_TEST

START_TEST(overtaken_to_where_the_sender_stands)
{
	struct weir_session_config cfg = yard_config(2);
	struct weir_session_options opt;
	uint32_t seen = 0;
	struct yard y;

	yard_create(&y, &cfg);
	opt = yard_options(&y, 0);
	opt.policy = WEIR_RING_LOSSY;
	ck_assert_int_eq(
		weir_session_attach_region(&y.s[1], weir_session_region(y.s[0]), &opt, NULL),
		WEIR_OK);
	yard_settle(&y);
	weir_session_on_other(y.s[0], count, &seen);
	yard_send(&y, 1, 4096 / 16); /* once around: nothing is written where the reader stands */
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	ck_assert_uint_eq(seen, 0);
	ck_assert_uint_eq(yard_stats(&y, 0).lost, 4096 / 16);
	yard_close(&y);
}
END_TEST

START_TEST(an_arrival_waits_for_no_message)
{
	uint32_t seen = 0, id;
	struct yard y;

	yard_open(&y, 3);
	id = yard_barrier(&y, "b");
	weir_session_on_other(y.s[0], count, &seen);
	yard_send(&y, 2, 5);
	yard_begin_all(&y, id, RENDEZVOUS);
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK); /* ring 1 comes first, and is still */
	ck_assert_uint_eq(seen, 0);
	yard_expect_all(&y, id, WEIR_OK, 1);
	yard_settle(&y);
	ck_assert_uint_eq(seen, 5);
	yard_close(&y);
}
END_TEST

static void no_message_yet(void *ctx, struct weir_session *s, weir_ns now)
{
	uint32_t *seen = ctx;

	(void)s;
	(void)now;
	ck_assert_uint_eq(*seen, 0);
	*seen = 100;
}

START_TEST(what_was_deferred_waits_for_no_message)
{
	uint32_t seen = 0;
	struct yard y;

	yard_open(&y, 3);
	weir_session_on_other(y.s[0], count, &seen);
	yard_send(&y, 2, 5);
	ck_assert_int_eq(weir_session_defer(y.s[0], no_message_yet, &seen), WEIR_OK);
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	ck_assert_uint_eq(seen, 105);
	yard_close(&y);
}
END_TEST

/* All rings have their turn from wherever the last poll ended. */
START_TEST(turns_go_around)
{
	uint32_t seen = 0, id, i;
	struct yard y;

	yard_open(&y, 4);
	id = yard_barrier(&y, "b");
	weir_session_on_other(y.s[0], count, &seen);
	for (i = 1; i <= 6; i++) {
		yard_begin_all(&y, id, RENDEZVOUS);
		yard_coordinate(&y); /* ends polls at one ring or another */
		yard_expect_all(&y, id, WEIR_OK, i);
		yard_send(&y, 1 + i % 3u, 1);
		ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
		ck_assert_uint_eq(seen, i);
	}
	yard_close(&y);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("session_still");
	TCase *t = tcase_create("still");

	tcase_add_test(t, who_polls_serves_though_nothing_came);
	tcase_add_test(t, overtaken_to_where_the_sender_stands);
	tcase_add_test(t, an_arrival_waits_for_no_message);
	tcase_add_test(t, what_was_deferred_waits_for_no_message);
	tcase_add_test(t, turns_go_around);
	suite_add_tcase(s, t);
	return yard_run(s);
}
