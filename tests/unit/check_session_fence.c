/* Sessions: barriers and fences, polled by hand: when they open, and when not. */
#define _GNU_SOURCE

#include "session_fixture.h"

START_TEST(names)
{
	static const char longest[] = "0123456789012345678901234567890"; /* 31 */
	uint32_t id = 99, other = 99;
	struct weir_error err;
	char name[64];
	struct yard y;

	yard_open(&y, 3);
	ck_assert_int_eq(weir_session_barrier_open(y.s[1], "one", &id, NULL), WEIR_OK);
	ck_assert_int_eq(weir_session_barrier_open(y.s[2], longest, &other, NULL), WEIR_OK);
	ck_assert_uint_ne(id, other);
	ck_assert_uint_eq(yard_barrier(&y, "one"), id);
	ck_assert_uint_eq(yard_barrier(&y, longest), other);
	ck_assert_int_eq(weir_session_barrier_open(y.s[0], "", &id, &err), -EINVAL);
	memset(name, 'x', sizeof(name));
	name[32] = '\0';
	ck_assert_int_eq(weir_session_barrier_open(y.s[0], name, &id, &err), -ENAMETOOLONG);
	ck_assert_uint_eq(err.value, 32);
	ck_assert_uint_eq(err.limit, 31);
	(void)yard_barrier(&y, "three");
	ck_assert_int_eq(weir_session_barrier_open(y.s[1], "four", &other, &err), -ENOSPC);
	ck_assert_uint_eq(err.limit, 3);
	ck_assert_uint_eq(yard_barrier(&y, "one"), id); /* the taken ones are still to be had */
	yard_close(&y);
}
END_TEST

START_TEST(what_begin_refuses)
{
	struct weir_session_config cfg = yard_config(3);
	struct weir_session *s;
	uint32_t id;
	struct yard y;

	cfg.targets = 8; /* of 9 */
	yard_create(&y, &cfg);
	s = yard_attach(&y, 0);
	yard_settle(&y);
	ck_assert_int_eq(weir_session_barrier_begin(s, 0, RENDEZVOUS, FAIL, 0), -EINVAL);
	id = yard_barrier(&y, "b");
	ck_assert_int_eq(weir_session_barrier_begin(s, 3, RENDEZVOUS, FAIL, 0), -EINVAL);
	ck_assert_int_eq(weir_session_barrier_begin(s, UINT32_MAX, RENDEZVOUS, FAIL, 0), -EINVAL);
	ck_assert_int_eq(weir_session_barrier_begin(s, id, (enum weir_barrier_mode)0, FAIL, 0),
			 -EINVAL);
	ck_assert_int_eq(weir_session_barrier_begin(s, id, (enum weir_barrier_mode)4, FAIL, 0),
			 -EINVAL);
	ck_assert_int_eq(weir_session_barrier_begin(s, id, DELIVERY,
						    (enum weir_barrier_policy)2, 0),
			 -EINVAL);
	ck_assert_int_eq(weir_session_barrier_begin(s, id, PROCESSING, FAIL, 0), -ENOBUFS);
	ck_assert_int_eq(weir_session_barrier_test(s, id, NULL), -EINVAL);
	ck_assert_int_eq(weir_session_barrier_test(s, 99, NULL), -EINVAL);
	ck_assert_int_eq(weir_session_barrier_cancel(s, id), -EINVAL);
	ck_assert_int_eq(weir_session_barrier_cancel(s, 99), -EINVAL);
	ck_assert_uint_eq(yard_stats(&y, 1).arrivals, 0);
	yard_settle(&y);
	ck_assert_uint_eq(yard_view(&y, id).generation, 0); /* and nothing has happened */
	yard_begin(&y, 1, id, DELIVERY, 0);
	ck_assert_int_eq(weir_session_barrier_begin(s, id, DELIVERY, FAIL, 0), -EBUSY);
	yard_begin(&y, 1, yard_barrier(&y, "c"), RENDEZVOUS, 0); /* another one */
	yard_begin(&y, 0, id, DELIVERY, 0);
	yard_settle(&y);
	ck_assert_int_eq(weir_session_barrier_begin(s, id, DELIVERY, FAIL, 0), -EBUSY);
	yard_expect_all(&y, id, WEIR_OK, 1);
	ck_assert_int_eq(weir_session_barrier_test(s, id, NULL), -EINVAL); /* told already */
	yard_begin(&y, 1, id, DELIVERY, 0);
	yard_close(&y);
}
END_TEST

/* ---- the three modes: 2 is slow to serve, then 0, the coordinator, is ---- */

static void all_but(struct yard *y, uint32_t slot)
{
	uint32_t i, round;

	for (round = 0; round < 40; round++)
		for (i = 0; i < HANDLES; i++)
			if (y->s[i] != NULL && i != slot)
				(void)yard_poll(y, i);
}

static int nothing(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	(void)ctx;
	(void)s;
	(void)m;
	return 0;
}

START_TEST(rendezvous_waits_for_nobody_s_handlers)
{
	struct yard y;
	uint32_t id;

	yard_open(&y, 3);
	weir_session_on_other(y.s[0], nothing, NULL);
	id = yard_barrier(&y, "b");
	yard_send(&y, 1, 20);
	yard_begin_all(&y, id, RENDEZVOUS);
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	yard_expect_all(&y, id, WEIR_OK, 1);
	ck_assert_uint_lt(yard_stats(&y, 0).handled, 20); /* the gap */
	ck_assert_uint_eq(yard_stats(&y, 2).unhandled, 0);
	yard_close(&y);
}
END_TEST

START_TEST(delivery_waits_for_the_coordinator_s)
{
	uint32_t id, polls;
	struct yard y;

	yard_open(&y, 3);
	weir_session_on_other(y.s[0], nothing, NULL);
	id = yard_barrier(&y, "b");
	yard_send(&y, 1, 20);
	yard_send(&y, 2, 5);
	yard_begin_all(&y, id, DELIVERY);
	yard_send(&y, 1, 3); /* behind the cut */
	for (polls = 0; yard_stats(&y, 0).handled < 25; polls++) {
		ck_assert_uint_lt(polls, 100);
		yard_expect_all(&y, id, WEIR_PENDING, 0);
		ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	}
	ck_assert_uint_gt(polls, 1);
	(void)yard_poll(&y, 0);
	yard_expect_all(&y, id, WEIR_OK, 1);
	ck_assert_uint_eq(yard_stats(&y, 2).unhandled, 0); /* who is no sink is not waited for */
	ck_assert_uint_ge(yard_view(&y, id).drain.waited, 1);
	yard_close(&y);
}
END_TEST

START_TEST(processing_waits_for_everybody_s)
{
	struct yard y;
	uint32_t id;

	yard_open(&y, 4);
	id = yard_barrier(&y, "b");
	yard_send(&y, 1, 20);
	yard_send(&y, 0, 7); /* the coordinator's own count as well */
	yard_begin_all(&y, id, PROCESSING);
	all_but(&y, 2);
	yard_expect_all(&y, id, WEIR_PENDING, 0);
	ck_assert_uint_eq(yard_view(&y, id).state, WEIR_BARRIER_DRAINING);
	ck_assert_uint_eq(yard_stats(&y, 3).unhandled, 27);
	while (yard_poll(&y, 2) == WEIR_OK)
		;
	yard_expect_all(&y, id, WEIR_PENDING, 0); /* it is the coordinator that decides */
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	yard_expect_all(&y, id, WEIR_OK, 1);
	ck_assert_uint_eq(yard_stats(&y, 2).unhandled, 27);
	yard_close(&y);
}
END_TEST

START_TEST(a_fence_waits_for_the_handler_that_runs)
{
	struct weir_barrier_result r;
	struct yard y;
	uint32_t id;

	/* handed out is not handled: the last message is in its handler's hands in the poll below */
	yard_open(&y, 2);
	id = yard_barrier(&y, "b");
	yard_send(&y, 1, 1);
	yard_begin_all(&y, id, DELIVERY);
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	ck_assert_int_eq(weir_session_barrier_test(y.s[1], id, &r), WEIR_OK);
	ck_assert_uint_eq(r.mode, DELIVERY);
	ck_assert_uint_eq(r.members, 2);
	ck_assert_uint_eq(r.arrived, 2);
	ck_assert_uint_eq(weir_group_set_count(&r.released), 2);
	ck_assert_uint_eq(weir_group_set_count(&r.missing), 0);
	yard_close(&y);
}
END_TEST

/* Who arrives serves, even if it has looked at none of the rings yet. */
START_TEST(processing_counts_a_member_that_arrives_before_its_first_poll)
{
	struct weir_session_config cfg = yard_config(3);
	struct yard y;
	uint32_t id;

	yard_create(&y, &cfg);
	(void)yard_attach(&y, 0);
	yard_settle(&y); /* 1 serves the rings there are */
	id = yard_barrier(&y, "b");
	(void)yard_attach(&y, 0);
	all_but(&y, 1);
	ck_assert_uint_eq(weir_session_members(y.s[0]), 3);
	yard_send(&y, 2, 5);
	yard_begin_all(&y, id, PROCESSING);
	all_but(&y, 1);
	ck_assert_uint_eq(yard_stats(&y, 1).unhandled, 0);
	yard_expect_all(&y, id, WEIR_PENDING, 0);
	yard_settle(&y);
	ck_assert_uint_eq(yard_stats(&y, 1).unhandled, 5);
	yard_expect_all(&y, id, WEIR_OK, 1);
	yard_close(&y);
}
END_TEST

struct intrusion {
	struct yard *y;
	uint32_t id;
	uint32_t handled;
};

static int count(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	struct intrusion *in = ctx;

	(void)s;
	in->handled += m->from == 2;
	return 0;
}

/* A member attaches, sends and arrives while the coordinator is in the middle of a poll. */
static int intrude(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	struct intrusion *in = ctx;

	(void)m;
	(void)yard_attach(in->y, 0);
	yard_send(in->y, 2, 4);
	yard_begin(in->y, 2, in->id, DELIVERY, 0);
	ck_assert_int_eq(weir_session_barrier_begin(s, in->id, DELIVERY, CONTINUE, 0), WEIR_OK);
	return 0;
}

START_TEST(delivery_counts_a_ring_that_came_in_the_middle_of_a_poll)
{
	struct weir_session_config cfg = yard_config(3);
	struct intrusion in = {.handled = 0};
	struct yard y;
	uint32_t i;

	yard_create(&y, &cfg);
	(void)yard_attach(&y, 0);
	yard_settle(&y);
	in.y = &y;
	in.id = yard_barrier(&y, "b");
	weir_session_on_other(y.s[0], count, &in);
	ck_assert_int_eq(weir_session_on(y.s[0], 5, intrude, &in), WEIR_OK);
	yard_begin(&y, 1, in.id, DELIVERY, 0);
	ck_assert_int_eq(weir_session_send(y.s[1], 5, NULL, 0), WEIR_OK);
	for (i = 0; weir_session_barrier_test(y.s[2] != NULL ? y.s[2] : y.s[1], in.id, NULL) ==
		    WEIR_PENDING;
	     i++) {
		ck_assert_uint_lt(i, 100);
		ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	}
	ck_assert_uint_eq(in.handled, 4);
	yard_close(&y);
}
END_TEST

START_TEST(arriving_in_a_handler)
{
	struct weir_session_config cfg = yard_config(3);
	struct intrusion in = {.handled = 0};
	struct yard y;

	yard_create(&y, &cfg);
	(void)yard_attach(&y, 0);
	yard_settle(&y);
	in.y = &y;
	in.id = yard_barrier(&y, "b");
	ck_assert_int_eq(weir_session_on(y.s[0], 5, intrude, &in), WEIR_OK);
	ck_assert_int_eq(weir_session_send(y.s[1], 5, NULL, 0), WEIR_OK);
	yard_settle(&y);
	yard_expect(&y, 0, in.id, WEIR_PENDING, 0);
	yard_begin(&y, 1, in.id, DELIVERY, 0);
	yard_settle(&y);
	yard_expect_all(&y, in.id, WEIR_OK, 1);
	yard_close(&y);
}
END_TEST

/* ---- generations ---- */

START_TEST(ten_thousand_generations)
{
	static const enum weir_barrier_mode mode[] = {RENDEZVOUS, DELIVERY, PROCESSING};
	struct weir_watch_barrier v;
	uint64_t sent = 0, g;
	struct yard y;
	uint32_t id, i;

	yard_open(&y, 3);
	id = yard_barrier(&y, "b");
	for (g = 1; g <= 10000; g++) {
		enum weir_barrier_mode m = mode[g % 3u];
		uint32_t first = (uint32_t)(g % 3u);

		for (i = 0; i < (uint32_t)(g % 5u); i++, sent++)
			yard_send(&y, 1, 1);
		for (i = 0; i < 3; i++) {
			yard_begin(&y, (first + i) % 3u, id, m, 0);
			if (g % 7u == i)
				yard_settle(&y);
		}
		for (i = 0; weir_session_barrier_test(y.s[0], id, NULL) == WEIR_PENDING; i++) {
			ck_assert_uint_lt(i, 100);
			ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
			(void)yard_poll(&y, 2);
		}
		if (m != RENDEZVOUS)
			ck_assert_uint_eq(yard_stats(&y, 0).unhandled, sent);
		if (m == PROCESSING)
			ck_assert_uint_eq(yard_stats(&y, 2).unhandled, sent);
		yard_expect(&y, 1, id, WEIR_OK, g);
		yard_expect(&y, 2, id, WEIR_OK, g);
	}
	v = yard_view(&y, id);
	ck_assert_uint_eq(v.stats.generations, 10000);
	ck_assert_uint_eq(v.stats.arrivals, 30000);
	ck_assert_uint_eq(v.stats.stale + v.stats.early + v.stats.repeats, 0);
	ck_assert_uint_eq(yard_stats(&y, 1).arrivals, 10000);
	yard_close(&y);
}
END_TEST

START_TEST(barriers_are_apart)
{
	uint32_t a, b;
	struct yard y;

	yard_open(&y, 2);
	a = yard_barrier(&y, "a");
	b = yard_barrier(&y, "b");
	yard_begin(&y, 0, a, RENDEZVOUS, 0);
	yard_begin(&y, 1, b, RENDEZVOUS, 0);
	yard_settle(&y);
	yard_expect(&y, 0, a, WEIR_PENDING, 0);
	yard_expect(&y, 1, b, WEIR_PENDING, 0);
	yard_begin(&y, 1, a, RENDEZVOUS, 0);
	yard_settle(&y);
	yard_expect_all(&y, a, WEIR_OK, 1);
	yard_expect(&y, 1, b, WEIR_PENDING, 0);
	yard_begin(&y, 0, b, RENDEZVOUS, 0);
	yard_settle(&y);
	yard_expect_all(&y, b, WEIR_OK, 1);
	yard_close(&y);
}
END_TEST

START_TEST(another_mode)
{
	struct weir_barrier_result r;
	struct yard y;
	uint32_t id;

	yard_open(&y, 3);
	id = yard_barrier(&y, "b");
	yard_begin(&y, 0, id, DELIVERY, 0);
	yard_settle(&y);
	yard_begin(&y, 1, id, RENDEZVOUS, 0);
	yard_settle(&y);
	yard_expect(&y, 1, id, -EPROTO, 0);
	yard_begin(&y, 1, id, DELIVERY, 0); /* it is out of this one, and kept for the next */
	yard_settle(&y);
	ck_assert_uint_eq(yard_stats(&y, 0).held, 1);
	yard_begin(&y, 2, id, DELIVERY, 0);
	yard_settle(&y);
	yard_expect(&y, 1, id, WEIR_PENDING, 0);
	ck_assert_int_eq(weir_session_barrier_test(y.s[0], id, &r), WEIR_DEPARTED);
	ck_assert_int_eq(weir_group_set_has(&r.mixed, 1), 1);
	ck_assert_int_eq(weir_group_set_has(&r.released, 1), 0);
	yard_expect(&y, 2, id, WEIR_DEPARTED, 1);
	yard_begin(&y, 0, id, DELIVERY, 0);
	yard_begin(&y, 2, id, DELIVERY, 0);
	yard_settle(&y);
	yard_expect_all(&y, id, WEIR_OK, 2);
	yard_close(&y);
}
END_TEST

START_TEST(who_attaches_late_is_kept_for_the_next)
{
	struct weir_session_config cfg = yard_config(3);
	struct yard y;
	uint32_t id;

	yard_create(&y, &cfg);
	(void)yard_attach(&y, 0);
	yard_settle(&y);
	id = yard_barrier(&y, "b");
	yard_begin(&y, 0, id, RENDEZVOUS, 0);
	yard_settle(&y);
	(void)yard_attach(&y, 0);
	yard_begin(&y, 2, id, RENDEZVOUS, 0); /* before it is even counted */
	yard_settle(&y);
	ck_assert_uint_eq(yard_view(&y, id).members, 2);
	ck_assert_uint_eq(yard_stats(&y, 0).held, 1);
	yard_begin(&y, 1, id, RENDEZVOUS, 0);
	yard_settle(&y);
	yard_expect(&y, 0, id, WEIR_OK, 1);
	yard_expect(&y, 1, id, WEIR_OK, 1);
	yard_expect(&y, 2, id, WEIR_PENDING, 0);
	ck_assert_uint_eq(yard_view(&y, id).generation, 2); /* its arrival has opened it */
	yard_begin(&y, 0, id, RENDEZVOUS, 0);
	yard_begin(&y, 1, id, RENDEZVOUS, 0);
	yard_settle(&y);
	yard_expect_all(&y, id, WEIR_OK, 2);
	yard_close(&y);
}
END_TEST

START_TEST(who_asks_before_an_arrival_is_in)
{
	struct weir_session_config cfg = yard_config(3);
	struct yard y;
	uint32_t id;

	yard_create(&y, &cfg);
	(void)yard_attach(&y, 0);
	yard_settle(&y);
	id = yard_barrier(&y, "b");
	(void)yard_attach(&y, 0); /* then the first arrival, in one poll of the coordinator */
	yard_begin(&y, 0, id, RENDEZVOUS, 0);
	yard_begin(&y, 1, id, RENDEZVOUS, 0);
	yard_settle(&y);
	yard_expect(&y, 0, id, WEIR_PENDING, 0);
	ck_assert_uint_eq(yard_view(&y, id).members, 3);
	yard_begin(&y, 2, id, RENDEZVOUS, 0);
	yard_settle(&y);
	yard_expect_all(&y, id, WEIR_OK, 1);
	yard_close(&y);
}
END_TEST

/* ---- blocking ---- */

struct helper {
	struct yard *y;
	uint32_t id;
	uint32_t begun;
};

static void meet(void *arg)
{
	struct helper *h = arg;
	uint32_t i;

	if (h->y->f.parks >= 3 && !h->begun++)
		for (i = 0; i < 3; i += 2)
			yard_begin(h->y, i, h->id, PROCESSING, 0);
	(void)yard_poll(h->y, 0);
	(void)yard_poll(h->y, 2);
}

START_TEST(blocking_serves)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK};
	struct weir_barrier_result r;
	struct weir_watch_member m;
	struct helper h = {.begun = 0};
	struct yard y;

	yard_open(&y, 3);
	h.y = &y;
	h.id = yard_barrier(&y, "b");
	y.f.on_park = meet;
	y.f.arg = &h;
	yard_send(&y, 2, 50);
	yard_send(&y, 1, 2);
	ck_assert_int_eq(weir_session_barrier(y.s[1], h.id, PROCESSING, FAIL, &how, &r), WEIR_OK);
	ck_assert_uint_eq(r.generation, 1);
	ck_assert_uint_eq(yard_stats(&y, 1).unhandled, 50);
	ck_assert_uint_eq(yard_stats(&y, 2).unhandled, 2);
	ck_assert_int_eq(weir_watch_read_member(&y.watch, 1, &m), WEIR_OK);
	ck_assert_uint_eq(m.waiting, 0);
	yard_expect(&y, 0, h.id, WEIR_OK, 1);
	yard_close(&y);
}
END_TEST

START_TEST(undecided_in_time)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = 1000};
	struct weir_barrier_result r = {.generation = 99};
	struct helper h = {.begun = 0};
	uint32_t cancel = 1;
	struct yard y;

	yard_open(&y, 3);
	h.y = &y;
	h.begun = 1; /* nobody else arrives */
	h.id = yard_barrier(&y, "b");
	/* the coordinator does not run: the arrival stands */
	ck_assert_int_eq(weir_session_barrier(y.s[1], h.id, PROCESSING, FAIL, &how, &r),
			 -ETIMEDOUT);
	ck_assert_uint_eq(r.generation, 0);
	ck_assert_int_eq(weir_session_barrier_begin(y.s[1], h.id, PROCESSING, FAIL, 0), -EBUSY);
	how.cancel = &cancel;
	how.deadline = 0;
	ck_assert_int_eq(weir_session_barrier(y.s[1], h.id, PROCESSING, FAIL, &how, &r),
			 -ECANCELED);
	ck_assert_uint_eq(r.generation, 0);
	how.cancel = NULL;
	y.f.on_park = meet; /* it runs again: its verdict is that the generation was too late */
	y.f.arg = &h;
	ck_assert_int_eq(weir_session_barrier(y.s[1], h.id, PROCESSING, FAIL, &how, &r),
			 -ETIMEDOUT);
	ck_assert_uint_eq(r.generation, 1);
	ck_assert_uint_eq(yard_stats(&y, 1).arrivals, 1);
	yard_close(&y);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("session: fences");
	TCase *t = tcase_create("arriving");

	tcase_add_test(t, names);
	tcase_add_test(t, what_begin_refuses);
	tcase_add_test(t, arriving_in_a_handler);
	suite_add_tcase(s, t);
	t = tcase_create("modes");
	tcase_add_test(t, rendezvous_waits_for_nobody_s_handlers);
	tcase_add_test(t, delivery_waits_for_the_coordinator_s);
	tcase_add_test(t, processing_waits_for_everybody_s);
	tcase_add_test(t, a_fence_waits_for_the_handler_that_runs);
	tcase_add_test(t, processing_counts_a_member_that_arrives_before_its_first_poll);
	tcase_add_test(t, delivery_counts_a_ring_that_came_in_the_middle_of_a_poll);
	suite_add_tcase(s, t);
	t = tcase_create("generations");
	tcase_add_test(t, ten_thousand_generations);
	tcase_add_test(t, barriers_are_apart);
	tcase_add_test(t, another_mode);
	tcase_add_test(t, who_attaches_late_is_kept_for_the_next);
	tcase_add_test(t, who_asks_before_an_arrival_is_in);
	suite_add_tcase(s, t);
	t = tcase_create("blocking");
	tcase_add_test(t, blocking_serves);
	tcase_add_test(t, undecided_in_time);
	suite_add_tcase(s, t);
	return yard_run(s);
}
