/* Sessions: departures, deaths, deadlines, and damage. */
#define _GNU_SOURCE

#include "session_fixture.h"
#include "session_priv.h"

static int nothing(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	(void)ctx;
	(void)s;
	(void)m;
	return 0;
}

/* Everybody's result is the same one. */
static struct weir_barrier_result result_of(struct yard *y, uint32_t slot, uint32_t id, int want)
{
	struct weir_barrier_result r;
	int rc = weir_session_barrier_test(y->s[slot], id, &r);

	ck_assert_msg(rc == want, "slot %u: %s, wanted %s", slot, weir_error_name(rc),
		      weir_error_name(want));
	ck_assert_int_eq(r.outcome, want);
	return r;
}

/* ---- deadlines ---- */

START_TEST(deadline_while_gathering)
{
	struct weir_barrier_result r;
	struct yard y;
	uint32_t id;

	yard_open(&y, 4);
	id = yard_barrier(&y, "b");
	yard_begin(&y, 1, id, DELIVERY, 100);
	yard_settle(&y);
	yard_begin(&y, 0, id, DELIVERY, 50); /* the first arrival's counts */
	y.f.now = 99;
	yard_settle(&y);
	yard_expect(&y, 1, id, WEIR_PENDING, 0);
	y.f.now = 100;
	yard_settle(&y);
	r = result_of(&y, 1, id, -ETIMEDOUT);
	ck_assert_uint_eq(r.generation, 1);
	ck_assert_uint_eq(r.phase, WEIR_BARRIER_GATHERING);
	ck_assert_uint_eq(weir_group_set_count(&r.missing), 2);
	ck_assert_int_eq(weir_group_set_has(&r.missing, 2), 1);
	ck_assert_int_eq(weir_group_set_has(&r.missing, 3), 1);
	(void)result_of(&y, 0, id, -ETIMEDOUT);
	/* 2 comes too late for it, is told which one ended, and enters the next */
	yard_begin(&y, 2, id, DELIVERY, 0);
	yard_settle(&y);
	yard_expect(&y, 2, id, -ESTALE, 1);
	ck_assert_uint_eq(yard_view(&y, id).state, WEIR_BARRIER_IDLE);
	yard_begin(&y, 2, id, DELIVERY, 0);
	yard_settle(&y);
	ck_assert_uint_eq(yard_view(&y, id).generation, 2);
	yard_begin(&y, 0, id, DELIVERY, 0);
	yard_begin(&y, 1, id, DELIVERY, 0);
	yard_begin(&y, 3, id, DELIVERY, 0); /* of the generation before: 3 was never told */
	yard_settle(&y);
	yard_expect(&y, 3, id, -ESTALE, 1);
	yard_begin(&y, 3, id, DELIVERY, 0);
	yard_settle(&y);
	yard_expect_all(&y, id, WEIR_OK, 2);
	yard_close(&y);
}
END_TEST

START_TEST(deadline_while_draining)
{
	struct weir_watch_barrier v;
	struct weir_barrier_result r;
	struct yard y;
	uint32_t id;

	yard_open(&y, 3);
	id = yard_barrier(&y, "b");
	yard_send(&y, 1, 4);
	yard_begin(&y, 0, id, PROCESSING, 100);
	yard_begin(&y, 1, id, PROCESSING, 0);
	yard_begin(&y, 2, id, PROCESSING, 0);
	yard_coordinate(&y);
	y.f.now = 100;
	yard_coordinate(&y);
	r = result_of(&y, 1, id, -ETIMEDOUT);
	ck_assert_uint_eq(r.phase, WEIR_BARRIER_DRAINING);
	ck_assert_uint_eq(weir_group_set_count(&r.missing), 0);
	v = yard_view(&y, id);
	ck_assert_uint_eq(v.n_behind, 1);
	ck_assert_uint_eq(v.behind[0].ring, 1);
	ck_assert_uint_eq(v.behind[0].sink, 2);
	ck_assert_uint_eq(v.behind[0].remaining, 64);
	yard_expect(&y, 0, id, -ETIMEDOUT, 1);
	yard_expect(&y, 2, id, -ETIMEDOUT, 1);
	yard_begin_all(&y, id, RENDEZVOUS); /* the old drain has ended with it */
	yard_coordinate(&y);
	yard_expect_all(&y, id, WEIR_OK, 2);
	ck_assert_uint_eq(yard_view(&y, id).n_behind, 0);
	ck_assert_uint_eq(yard_view(&y, id).drain.targets, v.drain.targets);
	yard_begin_all(&y, id, PROCESSING);
	yard_settle(&y);
	yard_expect_all(&y, id, WEIR_OK, 3);
	yard_close(&y);
}
END_TEST

/* The deadline of a generation that opens at the very end of a poll. */
START_TEST(deadline_of_a_held_arrival)
{
	struct weir_session_config cfg = yard_config(4);
	struct yard y;
	uint32_t id;

	yard_create(&y, &cfg);
	(void)yard_attach(&y, 0);
	(void)yard_attach(&y, 0);
	yard_settle(&y);
	id = yard_barrier(&y, "b");
	yard_begin(&y, 0, id, DELIVERY, 0);
	yard_begin(&y, 1, id, DELIVERY, 0);
	yard_settle(&y);
	(void)yard_attach(&y, 0);
	yard_begin(&y, 3, id, RENDEZVOUS, 77);
	yard_settle(&y);
	yard_leave(&y, 2); /* the last that was missing: generation 1 drains, ends, and 3 is fed */
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	yard_expect(&y, 1, id, WEIR_DEPARTED, 1);
	ck_assert_uint_eq(weir_session_next_ns(y.s[0]), 77);
	ck_assert_uint_eq(yard_view(&y, id).generation, 2);
	ck_assert_uint_eq(yard_view(&y, id).state, WEIR_BARRIER_GATHERING);
	yard_close(&y);
}
END_TEST

/* ---- cancelling ---- */

START_TEST(cancelled)
{
	struct weir_barrier_result r;
	struct yard y;
	uint32_t id;

	yard_open(&y, 3);
	id = yard_barrier(&y, "b");
	yard_begin(&y, 0, id, DELIVERY, 0);
	yard_begin(&y, 1, id, DELIVERY, 0);
	ck_assert_int_eq(weir_session_barrier_cancel(y.s[1], id), WEIR_OK); /* in one go */
	ck_assert_int_eq(weir_session_barrier_cancel(y.s[1], id), WEIR_OK);
	yard_settle(&y);
	r = result_of(&y, 0, id, -ECANCELED);
	ck_assert_uint_eq(r.generation, 1);
	ck_assert_int_eq(weir_group_set_has(&r.missing, 2), 1);
	(void)result_of(&y, 1, id, -ECANCELED);
	yard_begin(&y, 2, id, DELIVERY, 0);
	yard_settle(&y);
	yard_expect(&y, 2, id, -ESTALE, 1);
	yard_send(&y, 1, 3); /* while draining */
	yard_begin_all(&y, id, PROCESSING);
	(void)yard_poll(&y, 0);
	yard_expect(&y, 1, id, WEIR_PENDING, 0);
	ck_assert_uint_eq(yard_view(&y, id).state, WEIR_BARRIER_DRAINING);
	ck_assert_int_eq(weir_session_barrier_cancel(y.s[2], id), WEIR_OK);
	(void)yard_poll(&y, 0);
	yard_expect_all(&y, id, -ECANCELED, 2);
	/* decided already: the wish comes too late and harms no later one */
	yard_begin_all(&y, id, RENDEZVOUS);
	(void)yard_poll(&y, 0);
	ck_assert_int_eq(weir_session_barrier_cancel(y.s[1], id), WEIR_OK);
	yard_expect_all(&y, id, WEIR_OK, 3);
	yard_begin(&y, 0, id, RENDEZVOUS, 0);
	yard_begin(&y, 2, id, RENDEZVOUS, 0);
	yard_settle(&y);
	yard_begin(&y, 1, id, RENDEZVOUS, 0);
	yard_settle(&y);
	yard_expect_all(&y, id, WEIR_OK, 4);
	ck_assert_uint_eq(yard_view(&y, id).stats.cancels, 2);
	yard_close(&y);
}
END_TEST

START_TEST(cancelled_while_it_is_held)
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
	yard_begin(&y, 2, id, RENDEZVOUS, 0);
	yard_settle(&y);
	ck_assert_int_eq(weir_session_barrier_cancel(y.s[2], id), WEIR_OK);
	yard_settle(&y);
	yard_expect(&y, 2, id, -ECANCELED, 0);
	yard_expect(&y, 0, id, WEIR_PENDING, 0); /* no affair of those who wait in this one */
	yard_begin(&y, 2, id, RENDEZVOUS, 0); /* again for the next */
	yard_settle(&y);
	yard_expect(&y, 2, id, WEIR_PENDING, 0);
	yard_begin(&y, 1, id, RENDEZVOUS, 0);
	yard_settle(&y);
	yard_expect(&y, 0, id, WEIR_OK, 1);
	yard_expect(&y, 1, id, WEIR_OK, 1);
	yard_begin(&y, 0, id, RENDEZVOUS, 0);
	yard_begin(&y, 1, id, RENDEZVOUS, 0);
	yard_settle(&y);
	yard_expect_all(&y, id, WEIR_OK, 2);
	yard_close(&y);
}
END_TEST

/* Held arrivals that nobody answers for any more open nothing: cancelled, or of the tenant before. */
START_TEST(held_and_given_up)
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
	yard_begin(&y, 2, id, RENDEZVOUS, 0);
	yard_settle(&y);
	if (_i == 0) {
		ck_assert_int_eq(weir_session_barrier_cancel(y.s[2], id), WEIR_OK);
	} else {
		yard_leave(&y, 2);
		yard_settle(&y);
		(void)yard_attach(&y, 0);
	}
	yard_settle(&y);
	yard_begin(&y, 1, id, RENDEZVOUS, 0);
	yard_settle(&y);
	yard_expect(&y, 0, id, WEIR_OK, 1);
	yard_expect(&y, 1, id, WEIR_OK, 1);
	ck_assert_uint_eq(yard_view(&y, id).generation, 1);
	ck_assert_uint_eq(yard_view(&y, id).state, WEIR_BARRIER_IDLE);
	yard_close(&y);
}
END_TEST

/* ---- leaving ---- */

START_TEST(leaving_before_and_after_arriving)
{
	struct weir_barrier_result r;
	struct yard y;
	uint32_t id;

	yard_open(&y, 4);
	id = yard_barrier(&y, "b");
	yard_send(&y, 2, 5);
	yard_begin(&y, 2, id, DELIVERY, 0);
	yard_leave(&y, 2); /* with its arrival under way and unseen */
	yard_begin(&y, 0, id, DELIVERY, 0);
	yard_begin(&y, 1, id, DELIVERY, 0);
	yard_settle(&y);
	yard_expect(&y, 0, id, WEIR_PENDING, 0);
	yard_leave(&y, 3);
	yard_settle(&y);
	r = result_of(&y, 0, id, WEIR_DEPARTED);
	ck_assert_uint_eq(r.members, 4);
	ck_assert_uint_eq(r.arrived, 3);
	ck_assert_int_eq(weir_group_set_has(&r.left, 2), 1);
	ck_assert_int_eq(weir_group_set_has(&r.left, 3), 1);
	ck_assert_uint_eq(weir_group_set_count(&r.released), 2);
	ck_assert_uint_eq(yard_stats(&y, 0).unhandled, 5); /* its messages counted too */
	yard_expect(&y, 1, id, WEIR_DEPARTED, 1);
	yard_begin_all(&y, id, DELIVERY);
	yard_settle(&y);
	yard_expect_all(&y, id, WEIR_OK, 2);
	yard_close(&y);
}
END_TEST

START_TEST(a_sink_leaves_while_draining)
{
	struct weir_barrier_result r;
	struct yard y;
	uint32_t id;

	yard_open(&y, 4);
	id = yard_barrier(&y, "b");
	yard_send(&y, 1, 3);
	yard_begin_all(&y, id, PROCESSING);
	yard_coordinate(&y);
	(void)yard_poll(&y, 3);
	yard_expect(&y, 1, id, WEIR_PENDING, 0);
	yard_leave(&y, 2); /* three messages unhandled */
	yard_settle(&y);
	r = result_of(&y, 1, id, WEIR_DEPARTED);
	ck_assert_int_eq(weir_group_set_has(&r.sinks, 2), 1);
	yard_close(&y);
}
END_TEST

START_TEST(nobody_is_left)
{
	struct weir_session_config cfg = yard_config(2);
	struct yard y;
	uint32_t id;

	/* the coordinator observes: the only member of the barrier leaves */
	memset(&y, 0, sizeof(y));
	y.env = fake_env(&y.f);
	{
		struct weir_session_options opt = yard_options(&y, WEIR_SESSION_OBSERVER);

		ck_assert_int_eq(weir_session_create(&y.s[0], NULL, &cfg, &opt, NULL), WEIR_OK);
		ck_assert_int_eq(weir_watch_open(&y.watch, weir_session_region(y.s[0]), NULL),
				 WEIR_OK);
	}
	(void)yard_attach(&y, 0);
	yard_settle(&y);
	ck_assert_uint_eq(weir_session_members(y.s[0]), 1);
	id = yard_barrier(&y, "b");
	yard_begin(&y, 1, id, DELIVERY, 0);
	yard_settle(&y);
	yard_expect(&y, 1, id, WEIR_OK, 1);
	yard_send(&y, 1, 3);
	yard_begin(&y, 1, id, DELIVERY, 0);
	yard_leave(&y, 1);
	yard_settle(&y);
	ck_assert_int_eq(yard_view(&y, id).result.outcome, -ECANCELED);
	ck_assert_uint_eq(weir_session_members(y.s[0]), 0);
	yard_close(&y);
}
END_TEST

/* ---- deaths ---- */

struct deed {
	uint32_t id;
	uint32_t send;
	uint32_t arrive;
	uint32_t poll;
};

static int act(struct weir_session *s, void *arg)
{
	const struct deed *d = arg;
	uint32_t i;

	if (d->poll && weir_session_poll(s, 1) < 0)
		return 1;
	for (i = 0; i < d->send; i++)
		if (weir_session_send(s, 1, &i, sizeof(i)) != WEIR_OK)
			return 1;
	return d->arrive && weir_session_barrier_begin(s, d->id, DELIVERY, CONTINUE, 0) != WEIR_OK;
}

static void die(enum weir_barrier_policy policy, uint32_t arrive, int want)
{
	struct weir_session_config cfg = yard_config(3);
	struct deed deed = {.send = 6, .arrive = arrive, .poll = 1};
	struct weir_barrier_result r;
	struct yard y;
	weir_owner who;

	yard_create(&y, &cfg);
	(void)yard_attach(&y, 0);
	yard_settle(&y);
	weir_session_on_other(y.s[0], nothing, NULL);
	deed.id = yard_barrier(&y, "b");
	who = yard_corpse(&y, 2, 0, act, &deed);
	yard_settle(&y);
	ck_assert_uint_eq(weir_session_members(y.s[0]), 3); /* nobody knows yet */
	ck_assert_int_eq(weir_session_barrier_begin(y.s[0], deed.id, DELIVERY, policy, 0), WEIR_OK);
	ck_assert_int_eq(weir_session_barrier_begin(y.s[1], deed.id, DELIVERY, policy, 0), WEIR_OK);
	yard_settle(&y);
	if (arrive) { /* all were there, and the coordinator has handled it all */
		r = result_of(&y, 1, deed.id, WEIR_OK);
		ck_assert_uint_eq(r.arrived, 3);
	} else {
		yard_expect(&y, 1, deed.id, WEIR_PENDING, 0);
	}
	yard_bury(&y, who);
	yard_settle(&y);
	ck_assert_uint_eq(weir_session_members(y.s[0]), 2);
	ck_assert_uint_eq(yard_stats(&y, 0).deaths, 1);
	ck_assert_uint_eq(yard_stats(&y, 0).handled, 6); /* what it sent stays readable */
	if (!arrive) {
		r = result_of(&y, 1, deed.id, want);
		ck_assert_int_eq(weir_group_set_has(&r.dead, 2), 1);
		ck_assert_uint_eq(weir_group_set_count(&r.released), 2);
	}
	yard_expect(&y, 0, deed.id, want, 1);
	/* its slot is free, and nobody waits for it in any ring */
	ck_assert_uint_eq(weir_session_slot(yard_attach(&y, 0)), 2);
	yard_settle(&y);
	yard_begin_all(&y, deed.id, PROCESSING);
	yard_settle(&y);
	yard_expect_all(&y, deed.id, WEIR_OK, 2);
	yard_close(&y);
}

START_TEST(dead_before_arriving)
{
	die(CONTINUE, 0, WEIR_DEPARTED);
}
END_TEST

START_TEST(dead_before_arriving_is_failure)
{
	die(FAIL, 0, -EOWNERDEAD);
}
END_TEST

START_TEST(dead_after_arriving)
{
	die(CONTINUE, 1, WEIR_OK);
}
END_TEST

/* The first arrival is that of a process that is dead already, and found dead in the same poll. */
START_TEST(dead_with_its_arrival_unseen)
{
	struct weir_session_config cfg = yard_config(3);
	struct deed deed = {.arrive = 1};
	struct weir_barrier_result r;
	struct yard y;

	yard_create(&y, &cfg);
	(void)yard_attach(&y, 0);
	yard_settle(&y);
	deed.id = yard_barrier(&y, "b");
	yard_bury(&y, yard_corpse(&y, 2, 0, act, &deed));
	yard_settle(&y);
	ck_assert_uint_eq(yard_view(&y, deed.id).generation, 1);
	yard_begin(&y, 0, deed.id, DELIVERY, 0);
	yard_begin(&y, 1, deed.id, DELIVERY, 0);
	yard_settle(&y);
	r = result_of(&y, 0, deed.id, WEIR_DEPARTED);
	ck_assert_uint_eq(r.arrived, 3);
	ck_assert_int_eq(weir_group_set_has(&r.dead, 2), 1);
	yard_close(&y);
}
END_TEST

static void sink_dies(enum weir_barrier_policy policy, int want)
{
	struct weir_session_config cfg = yard_config(3);
	struct deed deed = {.poll = 1};
	struct weir_barrier_result r;
	weir_owner who;
	struct yard y;

	yard_create(&y, &cfg);
	(void)yard_attach(&y, 0);
	yard_settle(&y);
	deed.id = yard_barrier(&y, "b");
	deed.arrive = 1;
	who = yard_corpse(&y, 2, 0, act, &deed);
	yard_settle(&y);
	ck_assert_int_eq(
		weir_session_barrier_begin(y.s[0], deed.id, DELIVERY, policy, 0), WEIR_OK);
	yard_begin(&y, 1, deed.id, DELIVERY, 0);
	yard_settle(&y);
	yard_expect_all(&y, deed.id, WEIR_OK, 1); /* a delivery fence does not wait for it */
	yard_send(&y, 1, 4);
	ck_assert_int_eq(
		weir_session_barrier_begin(y.s[0], deed.id, PROCESSING, policy, 0), WEIR_OK);
	yard_begin(&y, 1, deed.id, PROCESSING, 0);
	yard_settle(&y);
	yard_expect_all(&y, deed.id, WEIR_PENDING, 0);
	yard_bury(&y, who);
	yard_settle(&y);
	r = result_of(&y, 1, deed.id, want);
	ck_assert_int_eq(weir_group_set_has(&r.sinks, 2) | weir_group_set_has(&r.dead, 2), 1);
	yard_close(&y);
}

START_TEST(a_sink_dies)
{
	sink_dies(_i ? FAIL : CONTINUE, _i ? -EOWNERDEAD : WEIR_DEPARTED);
}
END_TEST

START_TEST(an_observer_is_nobody_s_sink)
{
	struct weir_session_config cfg = yard_config(3);
	uint32_t id;
	struct yard y;

	yard_create(&y, &cfg);
	(void)yard_attach(&y, 0);
	(void)yard_attach(&y, WEIR_SESSION_OBSERVER);
	yard_settle(&y);
	id = yard_barrier(&y, "b");
	yard_send(&y, 1, 4);
	ck_assert_int_eq(weir_session_barrier_begin(y.s[0], id, PROCESSING, FAIL, 0), WEIR_OK);
	yard_begin(&y, 1, id, PROCESSING, 0);
	(void)yard_poll(&y, 0);
	(void)yard_poll(&y, 1);
	(void)yard_poll(&y, 0);
	ck_assert_int_eq(weir_session_barrier_test(y.s[0], id, NULL), WEIR_OK);
	ck_assert_int_eq(weir_session_barrier_test(y.s[1], id, NULL), WEIR_OK);
	yard_close(&y);
}
END_TEST

START_TEST(dead_before_it_is_counted)
{
	struct weir_session_config cfg = yard_config(2);
	uint32_t n = 0;
	struct yard y;

	yard_create(&y, &cfg);
	yard_bury(&y, yard_corpse(&y, 1, 0, NULL, NULL));
	yard_settle(&y);
	ck_assert_uint_eq(weir_session_members(y.s[0]), 1);
	while (n < 1000 && weir_session_send(y.s[0], 1, &n, 4) == WEIR_OK)
		n++; /* nobody is in the way */
	ck_assert_uint_eq(n, 1000);
	ck_assert_uint_eq(weir_session_slot(yard_attach(&y, 0)), 1);
	yard_settle(&y);
	ck_assert_uint_eq(weir_session_members(y.s[0]), 2);
	yard_close(&y);
}
END_TEST

/* ---- the coordinator ---- */

static void own_name(char *buf, size_t len)
{
	snprintf(buf, len, "check-session-failure-%ld", (long)getpid());
}

START_TEST(the_coordinator_ends_it)
{
	struct weir_session_config cfg = yard_config(3);
	struct weir_session_options opt;
	struct weir_session *late = NULL;
	struct weir_barrier_result r;
	struct yard y;
	char name[64];
	uint32_t id;

	own_name(name, sizeof(name));
	memset(&y, 0, sizeof(y));
	y.f.now = 1;
	y.env = fake_env(&y.f);
	opt = yard_options(&y, 0);
	ck_assert_int_eq(weir_session_create(&y.s[0], name, &cfg, &opt, NULL), WEIR_OK);
	ck_assert_int_eq(weir_session_attach(&y.s[1], name, &opt, NULL), WEIR_OK);
	ck_assert_int_eq(weir_session_attach(&y.s[2], name, &opt, NULL), WEIR_OK);
	yard_settle(&y);
	id = yard_barrier(&y, "b");
	yard_begin(&y, 1, id, DELIVERY, 0);
	yard_settle(&y);
	yard_send(&y, 1, 2);
	yard_leave(&y, 0);
	ck_assert_int_eq(weir_session_poll(y.s[1], 2), -ENOTCONN);
	ck_assert_int_eq(weir_session_barrier_test(y.s[1], id, &r), -ENOTCONN);
	ck_assert_uint_eq(r.generation, 0);
	ck_assert_int_eq(r.outcome, -ENOTCONN);
	ck_assert_int_eq(weir_session_barrier_test(y.s[1], id, &r), -EINVAL);
	ck_assert_int_eq(weir_session_barrier_begin(y.s[1], id, DELIVERY, FAIL, 0), -ENOTCONN);
	ck_assert_int_eq(weir_session_barrier(y.s[1], id, DELIVERY, FAIL, NULL, &r), -ENOTCONN);
	ck_assert_int_eq(weir_session_wait(y.s[1], NULL), -ENOTCONN);
	ck_assert_int_eq(weir_session_wait_members(y.s[1], 4, NULL), -EINVAL);
	/* the members' rings go on */
	ck_assert_int_eq(weir_session_poll(y.s[2], 2), WEIR_OK);
	ck_assert_uint_eq(yard_stats(&y, 2).unhandled, 2);
	yard_send(&y, 2, 1);
	ck_assert_int_eq(weir_session_poll(y.s[1], 2), WEIR_OK);
	ck_assert_int_eq(weir_session_poll(y.s[1], 2), -ENOTCONN);
	ck_assert_int_eq(
		weir_session_attach_region(&late, weir_session_region(y.s[1]), &opt, NULL),
		-ENOTCONN);
	ck_assert_ptr_null(late);
	yard_close(&y);
}
END_TEST

START_TEST(the_coordinator_dies)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK};
	struct weir_session *late = NULL;
	struct weir_session_options opt;
	struct weir_barrier_result r;
	struct weir_error err;
	struct yard y;
	uint32_t id;

	yard_open(&y, 3);
	id = yard_barrier(&y, "b");
	yard_settle(&y);
	y.f.dead = weir_owner_self();
	ck_assert_int_eq(weir_session_poll(y.s[2], y.f.now), WEIR_EMPTY); /* not looked yet */
	ck_assert_int_eq(weir_session_barrier(y.s[1], id, RENDEZVOUS, FAIL, &how, &r), -ENOTCONN);
	ck_assert_uint_le(y.f.now, 3u * LIVENESS_NS);
	ck_assert_int_eq(r.outcome, -ENOTCONN);
	ck_assert_int_eq(weir_session_poll(y.s[2], y.f.now), -ENOTCONN);
	opt = yard_options(&y, 0);
	ck_assert_int_eq(
		weir_session_attach_region(&late, weir_session_region(y.s[0]), &opt, &err),
		-ENOTCONN);
	ck_assert_uint_eq(err.value, (uint64_t)getpid());
	y.f.dead = 0;
	yard_close(&y);
}
END_TEST

/* ---- damage ---- */

static struct weir_ring_shm *ring_of(struct yard *y, const char *name)
{
	struct weir_span mem;

	ck_assert_int_eq(
		weir_region_find(weir_session_region(y->s[0]), WEIR_KIND_RING, name, &mem),
		WEIR_OK);
	return mem.ptr;
}

static void break_ring(struct yard *y, uint32_t slot)
{
	struct weir_ring_shm *ring = ring_of(y, slot == 1 ? "ring.1" : "ring.2");
	weir_pos at = ring->leading;
	uint64_t *data = (uint64_t *)(void *)((uint8_t *)ring + ring->data_off);

	yard_send(y, slot, 2);
	data[at % 4096u / 8u] = UINT64_C(1) << 63 | 0xfffffff0u; /* longer than the ring */
}

START_TEST(a_damaged_ring_is_left)
{
	struct yard y;
	uint32_t id;

	yard_open(&y, 3);
	id = yard_barrier(&y, "b");
	yard_settle(&y);
	break_ring(&y, 2);
	yard_begin_all(&y, id, DELIVERY);
	yard_settle(&y);
	ck_assert_uint_eq(yard_stats(&y, 0).broken, 1);
	ck_assert_uint_eq(yard_stats(&y, 1).broken, 1);
	yard_expect_all(&y, id, WEIR_DEPARTED, 1); /* the fence tells */
	yard_send(&y, 1, 4);
	yard_settle(&y);
	ck_assert_uint_eq(yard_stats(&y, 0).unhandled, 4); /* the session goes on */
	ck_assert_uint_eq(yard_stats(&y, 2).unhandled, 4);
	yard_send(&y, 2, 1);
	yard_begin_all(&y, id, DELIVERY); /* and goes on telling */
	yard_settle(&y);
	yard_expect_all(&y, id, WEIR_DEPARTED, 2);
	yard_close(&y);
}
END_TEST

START_TEST(a_processing_fence_tells_of_a_damaged_ring)
{
	struct weir_barrier_result r;
	struct yard y;
	uint32_t id;

	yard_open(&y, 3);
	id = yard_barrier(&y, "b");
	break_ring(&y, 2);
	yard_settle(&y); /* the others have left it before anybody arrives */
	ck_assert_uint_eq(yard_stats(&y, 1).broken, 1);
	yard_send(&y, 2, 1);
	yard_begin_all(&y, id, PROCESSING);
	yard_settle(&y);
	r = result_of(&y, 2, id, WEIR_DEPARTED);
	ck_assert_int_eq(weir_group_set_has(&r.sinks, 1), 1);
	yard_close(&y);
}
END_TEST

/* What a member that has gone mad may write into its own line. */
struct poison {
	uint32_t mode, policy;
	uint64_t generation;
	uint64_t ahead; /* of the cut, beyond leading */
	int want;       /* for it */
	int others;
};

START_TEST(hostile_arrivals)
{
	static const struct poison poison[] = {
		{99, CONTINUE, 0, 0, -EINVAL, WEIR_PENDING},
		{DELIVERY, 99, 0, 0, -EINVAL, WEIR_PENDING},
		{0, 0, UINT64_MAX, 0, -EINVAL, WEIR_PENDING},
		{DELIVERY, CONTINUE, 0, UINT64_C(1) << 40, WEIR_OK, WEIR_OK},
		{DELIVERY, CONTINUE, 0, UINT64_C(1) << 63, WEIR_OK, WEIR_OK},
		{DELIVERY, CONTINUE, 0, UINT64_MAX, WEIR_OK, WEIR_OK},
		{PROCESSING, CONTINUE, 0, 0, -EPROTO, WEIR_PENDING},
		{DELIVERY, CONTINUE, 5, 0, WEIR_PENDING, WEIR_PENDING},
		{DELIVERY, CONTINUE, UINT64_MAX, 0, WEIR_PENDING, WEIR_PENDING},
	};
	const struct poison *p = &poison[_i];
	struct weir_session_arrival_shm *a;
	uint32_t id, i;
	struct yard y;

	yard_open(&y, 3);
	id = yard_barrier(&y, "b");
	yard_begin(&y, 0, id, DELIVERY, 0);
	yard_settle(&y);
	yard_send(&y, 1, 3);
	yard_begin(&y, 2, id, DELIVERY, 0);
	yard_begin(&y, 1, id, DELIVERY, 0);
	a = arrival_of(y.s[1], id, 1);
	a->mode = p->mode;
	a->policy = p->policy;
	a->generation = p->generation;
	a->cut += p->ahead;
	yard_settle(&y);
	yard_expect(&y, 1, id, p->want, p->want == WEIR_OK ? 1 : 0);
	if (p->want == -EPROTO) /* it is out, the rest has met */
		yard_expect(&y, 0, id, WEIR_DEPARTED, 1);
	else
		yard_expect(&y, 0, id, p->others, 1);
	/* bits that stand for nobody, and a request that is none */
	for (i = 0; i < SET_WORDS; i++)
		barrier_of(y.s[1], id)->arrived[i] = UINT64_MAX;
	y.s[1]->shm->dirty = UINT64_MAX;
	for (i = 0; i < SET_WORDS; i++)
		y.s[1]->shm->requests[i] = UINT64_MAX;
	member_of(y.s[1], 1)->request = 77;
	member_of(y.s[1], 0)->request = REQUEST_LEAVE; /* the coordinator goes by its own will */
	y.s[1]->shm->high = UINT32_MAX;
	yard_settle(&y);
	ck_assert_uint_eq(weir_session_members(y.s[0]), 3);
	member_of(y.s[1], 1)->request = REQUEST_LEAVE; /* the next round is without it */
	y.s[1]->shm->requests[0] |= 2u;
	yard_settle(&y);
	ck_assert_uint_eq(weir_session_members(y.s[0]), 2);
	if (p->others == WEIR_PENDING && p->want != -EPROTO) {
		yard_expect(&y, 0, id, WEIR_DEPARTED, 1);
		yard_expect(&y, 2, id, WEIR_DEPARTED, 1);
	} else {
		yard_expect(&y, 2, id, p->want == -EPROTO ? WEIR_DEPARTED : WEIR_OK, 1);
	}
	yard_begin(&y, 0, id, PROCESSING, 0);
	yard_begin(&y, 2, id, PROCESSING, 0);
	yard_settle(&y);
	yard_expect(&y, 0, id, WEIR_OK, 2);
	yard_expect(&y, 2, id, WEIR_OK, 2);
	yard_leave(&y, 1);
	yard_close(&y);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("session: failure");
	TCase *t = tcase_create("deadlines");

	tcase_add_test(t, deadline_while_gathering);
	tcase_add_test(t, deadline_while_draining);
	tcase_add_test(t, deadline_of_a_held_arrival);
	tcase_add_test(t, cancelled);
	tcase_add_test(t, cancelled_while_it_is_held);
	tcase_add_loop_test(t, held_and_given_up, 0, 2);
	suite_add_tcase(s, t);
	t = tcase_create("departures");
	tcase_add_test(t, leaving_before_and_after_arriving);
	tcase_add_test(t, a_sink_leaves_while_draining);
	tcase_add_test(t, nobody_is_left);
	tcase_add_test(t, dead_before_arriving);
	tcase_add_test(t, dead_before_arriving_is_failure);
	tcase_add_test(t, dead_after_arriving);
	tcase_add_test(t, dead_with_its_arrival_unseen);
	tcase_add_loop_test(t, a_sink_dies, 0, 2);
	tcase_add_test(t, an_observer_is_nobody_s_sink);
	tcase_add_test(t, dead_before_it_is_counted);
	tcase_add_test(t, the_coordinator_ends_it);
	tcase_add_test(t, the_coordinator_dies);
	suite_add_tcase(s, t);
	t = tcase_create("damage");
	tcase_add_test(t, a_damaged_ring_is_left);
	tcase_add_test(t, a_processing_fence_tells_of_a_damaged_ring);
	tcase_add_loop_test(t, hostile_arrivals, 0, 9);
	suite_add_tcase(s, t);
	return yard_run(s);
}
