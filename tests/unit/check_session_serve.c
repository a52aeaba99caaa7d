/* Sessions: handlers, post-handlers, sending, and what blocks. */
#define _GNU_SOURCE

#include "session_fixture.h"

/* What a handler saw, in order. */
struct seen {
	struct weir_session_msg last;
	uint32_t n;
	uint32_t stop; /* returned */
	uint64_t word;
};

static int look(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	struct seen *seen = ctx;

	(void)s;
	seen->last = *m;
	seen->n++;
	if (m->len == sizeof(seen->word))
		memcpy(&seen->word, m->ptr, sizeof(seen->word));
	return (int)seen->stop;
}

START_TEST(dispatch_by_kind)
{
	struct seen two = {.n = 0}, other = {.n = 0};
	uint64_t word = 77;
	struct yard y;

	yard_open(&y, 3);
	ck_assert_int_eq(weir_session_on(y.s[0], 2, look, &two), WEIR_OK);
	ck_assert_int_eq(weir_session_on(y.s[0], 7, look, &two), WEIR_OK);
	ck_assert_int_eq(weir_session_on(y.s[0], 8, look, &two), -EINVAL);
	yard_send(&y, 2, 1);
	ck_assert_int_eq(weir_session_send(y.s[2], 2, &word, 8), WEIR_OK);
	y.f.now = 55;
	yard_settle(&y);
	ck_assert_uint_eq(two.n, 1);
	ck_assert_uint_eq(two.last.kind, 2);
	ck_assert_uint_eq(two.last.from, 2);
	ck_assert_uint_eq(two.last.len, 8);
	ck_assert_uint_eq(two.last.seq, 1); /* the second of its ring */
	ck_assert_uint_eq(two.last.at, 16);
	ck_assert_uint_eq(two.last.now, 55);
	ck_assert_uint_eq(two.word, 77);
	ck_assert_uint_eq(yard_stats(&y, 0).handled, 1);
	ck_assert_uint_eq(yard_stats(&y, 0).unhandled, 1);
	weir_session_on_other(y.s[0], look, &other);
	ck_assert_int_eq(weir_session_send(y.s[1], WEIR_RING_KIND_MAX, NULL, 0), WEIR_OK);
	ck_assert_int_eq(weir_session_send(y.s[1], 2, &word, 8), WEIR_OK);
	yard_settle(&y);
	ck_assert_uint_eq(other.n, 1);
	ck_assert_uint_eq(other.last.kind, WEIR_RING_KIND_MAX);
	ck_assert_uint_eq(other.last.from, 1);
	ck_assert_uint_eq(other.last.len, 0);
	ck_assert_uint_eq(two.n, 2);
	ck_assert_int_eq(weir_session_on(y.s[0], 2, NULL, NULL), WEIR_OK);
	ck_assert_int_eq(weir_session_send(y.s[1], 2, &word, 8), WEIR_OK);
	yard_settle(&y);
	ck_assert_uint_eq(two.n, 2);
	ck_assert_uint_eq(other.n, 2);
	/* the others read it all too, and nothing comes back to its sender */
	ck_assert_uint_eq(yard_stats(&y, 1).unhandled, 2);
	ck_assert_uint_eq(yard_stats(&y, 2).unhandled, 3);
	ck_assert_uint_eq(yard_stats(&y, 1).sent, 3);
	yard_close(&y);
}
END_TEST

START_TEST(turns_at_a_ring)
{
	struct weir_session_config cfg = yard_config(3);
	struct weir_session_options opt;
	struct seen seen = {.n = 0};
	struct yard y;

	yard_create(&y, &cfg);
	opt = yard_options(&y, 0);
	opt.batch = 3;
	ck_assert_int_eq(
		weir_session_attach_region(&y.s[1], weir_session_region(y.s[0]), &opt, NULL),
		WEIR_OK);
	(void)yard_attach(&y, 0);
	yard_settle(&y);
	weir_session_on_other(y.s[1], look, &seen);
	yard_send(&y, 0, 8);
	yard_send(&y, 2, 1);
	ck_assert_int_eq(yard_poll(&y, 1), WEIR_OK);
	ck_assert_uint_eq(seen.n, 4); /* three, then the other ring's */
	ck_assert_uint_eq(seen.last.from, 2);
	seen.stop = 1;
	ck_assert_int_eq(yard_poll(&y, 1), WEIR_OK);
	ck_assert_uint_eq(seen.n, 5); /* it ends the turn, and has been handled */
	seen.stop = 0;
	yard_settle(&y);
	ck_assert_uint_eq(seen.n, 9);
	ck_assert_int_eq(yard_poll(&y, 1), WEIR_EMPTY);
	yard_close(&y);
}
END_TEST

START_TEST(quiet_and_observing)
{
	struct weir_session_config cfg = yard_config(4);
	struct seen seen = {.n = 0}, none = {.n = 0};
	uint32_t n = 0, id;
	struct yard y;

	yard_create(&y, &cfg);
	(void)yard_attach(&y, WEIR_SESSION_QUIET);
	(void)yard_attach(&y, WEIR_SESSION_OBSERVER);
	yard_settle(&y);
	weir_session_on_other(y.s[1], look, &none);
	weir_session_on_other(y.s[2], look, &seen);
	id = yard_barrier(&y, "b");
	ck_assert_int_eq(weir_session_barrier_begin(y.s[2], id, RENDEZVOUS, CONTINUE, 0), -EPERM);
	yard_begin(&y, 0, id, PROCESSING, 0);
	yard_begin(&y, 1, id, PROCESSING, 0);
	yard_settle(&y);
	yard_expect(&y, 0, id, WEIR_OK, 1);
	yard_expect(&y, 1, id, WEIR_OK, 1);
	/* the observer is waited for by who sends gated, the quiet one is not */
	while (weir_session_send(y.s[0], 1, &n, 4) == WEIR_OK)
		n++;
	ck_assert_uint_gt(n, 100);
	ck_assert_uint_le(n, 256);
	ck_assert_int_eq(yard_poll(&y, 1), WEIR_EMPTY);
	ck_assert_int_eq(weir_session_send(y.s[0], 1, &n, 4), WEIR_FULL);
	ck_assert_uint_eq(yard_stats(&y, 0).full, 2);
	while (yard_poll(&y, 2) == WEIR_OK)
		;
	ck_assert_uint_eq(seen.n, n);
	ck_assert_uint_eq(none.n, 0);
	ck_assert_int_eq(weir_session_send(y.s[0], 1, &n, 4), WEIR_OK);
	ck_assert_int_eq(weir_session_send(y.s[1], 1, &n, 4), WEIR_OK); /* it sends */
	yard_settle(&y);
	ck_assert_uint_eq(seen.n, n + 2u);
	yard_close(&y);
}
END_TEST

/* ---- post-handlers ---- */

struct chore {
	struct yard *y;
	uint32_t ran;
	uint32_t again;
	weir_pos delivered; /* of the coordinator in ring 1, when it ran last */
	weir_ns now;
	uint32_t order[8];
	uint32_t tag;
};

static void run(void *ctx, struct weir_session *s, weir_ns now)
{
	struct chore *c = ctx;
	struct weir_progress table;
	struct weir_progress_record rec;
	struct weir_span mem;

	c->ran++;
	c->now = now;
	ck_assert_int_eq(weir_region_find(weir_session_region(s), WEIR_KIND_PROGRESS, "progress.1",
					  &mem),
			 WEIR_OK);
	ck_assert_int_eq(weir_progress_attach(&table, mem, NULL), WEIR_OK);
	ck_assert_int_eq(weir_progress_read(&table, 0, &rec), WEIR_OK);
	c->delivered = rec.delivered;
	if (c->again)
		ck_assert_int_eq(weir_session_defer(s, run, c), WEIR_OK);
}

static int put_off(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	struct chore *c = ctx;
	uint32_t ran = c->ran;

	(void)m;
	ck_assert_int_eq(weir_session_defer(s, run, c), WEIR_OK);
	ck_assert_uint_eq(c->ran, ran);
	return 1; /* one a turn */
}

START_TEST(deferred_until_the_progress_is_published)
{
	struct chore c = {.ran = 0};
	struct yard y;

	yard_open(&y, 2);
	weir_session_on_other(y.s[0], put_off, &c);
	yard_send(&y, 1, 3);
	y.f.now = 9;
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	ck_assert_uint_eq(c.ran, 1);
	ck_assert_uint_eq(c.delivered, 16);
	ck_assert_uint_eq(c.now, 9);
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	ck_assert_uint_eq(c.delivered, 32);
	yard_settle(&y);
	ck_assert_uint_eq(c.ran, 3);
	ck_assert_uint_eq(c.delivered, 48);
	ck_assert_uint_eq(yard_stats(&y, 0).posts, 3);
	yard_close(&y);
}
END_TEST

struct numbered {
	uint32_t *n; /* how many ran before */
	uint32_t mine;
};

static void in_order(void *ctx, struct weir_session *s, weir_ns now)
{
	struct numbered *me = ctx;

	(void)s;
	(void)now;
	ck_assert_uint_eq(me->mine, *me->n);
	++*me->n;
}

START_TEST(deferred_in_order_and_bounded)
{
	struct weir_session_config cfg = yard_config(1);
	struct numbered who[5];
	struct chore c = {.again = 1};
	struct weir_session_options opt;
	uint32_t n = 0, i, round;
	struct yard y;

	memset(&y, 0, sizeof(y));
	y.env = fake_env(&y.f);
	opt = yard_options(&y, 0);
	opt.deferred = 5;
	cfg.members = 2; /* ring 1 is looked at */
	ck_assert_int_eq(weir_session_create(&y.s[0], NULL, &cfg, &opt, NULL), WEIR_OK);
	for (round = 0; round < 7; round++) {
		n = 0;
		for (i = 0; i < 5; i++) {
			who[i].n = &n;
			who[i].mine = i;
			ck_assert_int_eq(weir_session_defer(y.s[0], in_order, &who[i]), WEIR_OK);
		}
		ck_assert_int_eq(weir_session_defer(y.s[0], in_order, &who[0]), -ENOBUFS);
		ck_assert_uint_eq(n, 0);
		ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK); /* also without any message */
		ck_assert_uint_eq(n, 5);
		ck_assert_int_eq(yard_poll(&y, 0), WEIR_EMPTY);
	}
	/* what one defers in its turn comes next time, and does not hold the poll up */
	ck_assert_int_eq(weir_session_defer(y.s[0], run, &c), WEIR_OK);
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	ck_assert_uint_ge(c.ran, 1);
	ck_assert_uint_le(c.ran, 2);
	c.again = 0;
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_EMPTY);
	yard_close(&y);
}
END_TEST

/* ---- what would wait for itself ---- */

static uint32_t refused;

static void try_all(struct weir_session *s)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_SPIN};
	struct weir_barrier_result r;
	uint64_t word = 0;

	ck_assert_int_eq(weir_session_poll(s, 1), -EDEADLK);
	ck_assert_int_eq(weir_session_wait(s, &how), -EDEADLK);
	ck_assert_int_eq(weir_session_wait_members(s, 1, &how), -EDEADLK);
	ck_assert_int_eq(weir_session_send_wait(s, 3, &word, 8, &how), -EDEADLK);
	ck_assert_int_eq(weir_session_barrier(s, 0, RENDEZVOUS, CONTINUE, &how, &r), -EDEADLK);
	ck_assert_int_eq(weir_session_barrier(s, 0, DELIVERY, CONTINUE, NULL, NULL), -EDEADLK);
	ck_assert_int_eq(weir_session_barrier_test(s, 0, NULL), -EINVAL); /* none was begun */
	ck_assert_int_eq(weir_session_close(s), -EDEADLK);
	refused++;
}

static void try_post(void *ctx, struct weir_session *s, weir_ns now)
{
	(void)ctx;
	(void)now;
	try_all(s);
}

static int try_handler(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	uint64_t word = 5;

	try_all(s);
	ck_assert_int_eq(weir_session_defer(s, try_post, ctx), WEIR_OK);
	if (m->kind == 1) /* these are allowed */
		ck_assert_int_eq(weir_session_send(s, 2, &word, 8), WEIR_OK);
	return 0;
}

START_TEST(no_waiting_in_handlers)
{
	struct yard y;

	refused = 0;
	yard_open(&y, 2);
	(void)yard_barrier(&y, "b");
	weir_session_on_other(y.s[0], try_handler, NULL);
	weir_session_on_other(y.s[1], try_handler, NULL);
	yard_send(&y, 1, 2);
	yard_settle(&y);
	ck_assert_uint_eq(refused, 8); /* two there, two back, each with a post-handler */
	ck_assert_uint_eq(yard_stats(&y, 0).sent, 2);
	ck_assert_uint_eq(yard_stats(&y, 1).sent, 2);
	yard_close(&y);
}
END_TEST

/* ---- sending ---- */

START_TEST(claims)
{
	struct weir_ring_room room;
	struct seen seen = {.n = 0};
	struct yard y;

	yard_open(&y, 2);
	weir_session_on_other(y.s[0], look, &seen);
	ck_assert_int_eq(weir_session_claim(y.s[1], 3, 505, &room), -EMSGSIZE);
	ck_assert_int_eq(weir_session_claim(y.s[1], WEIR_RING_KIND_MAX + 1u, 8, &room), -EINVAL);
	ck_assert_int_eq(weir_session_send(y.s[1], 1, &room, 505), -EMSGSIZE);
	ck_assert_int_eq(weir_session_claim(y.s[1], 3, 504, &room), WEIR_OK);
	weir_session_abort(y.s[1]);
	weir_session_commit(y.s[1]); /* nothing is claimed */
	yard_settle(&y);
	ck_assert_uint_eq(seen.n, 0);
	ck_assert_uint_eq(yard_stats(&y, 1).sent, 0);
	ck_assert_int_eq(weir_session_claim(y.s[1], 3, 8, &room), WEIR_OK);
	memset(room.ptr, 1, 8);
	ck_assert_int_eq(weir_session_claim(y.s[1], 4, 8, &room), WEIR_OK);
	memset(room.ptr, 2, 8);
	weir_session_commit(y.s[1]);
	yard_settle(&y);
	ck_assert_uint_eq(seen.n, 2);
	ck_assert_uint_eq(seen.last.kind, 4);
	ck_assert_uint_eq(seen.word, UINT64_C(0x0202020202020202));
	ck_assert_uint_eq(yard_stats(&y, 1).sent, 1); /* one commit */
	yard_close(&y);
}
END_TEST

static void serve_others(void *arg)
{
	struct yard *y = arg;

	(void)yard_poll(y, 0);
}

START_TEST(no_room)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = 5000};
	struct seen seen = {.n = 0};
	uint32_t n = 0, cancel = 1;
	struct yard y;

	yard_open(&y, 2);
	weir_session_on_other(y.s[0], look, &seen);
	while (weir_session_send(y.s[1], 1, &n, 4) == WEIR_OK)
		n++;
	ck_assert_int_eq(weir_session_send_wait(y.s[1], 1, &n, 4, &how), -ETIMEDOUT);
	ck_assert_uint_ge(y.f.now, 5000);
	how.deadline = 0;
	how.cancel = &cancel;
	ck_assert_int_eq(weir_session_send_wait(y.s[1], 1, &n, 4, &how), -ECANCELED);
	how.cancel = NULL;
	ck_assert_uint_eq(seen.n, 0);
	y.f.on_park = serve_others; /* the reader gets on while we sleep */
	y.f.arg = &y;
	ck_assert_int_eq(weir_session_send_wait(y.s[1], 1, &n, 4, &how), WEIR_OK);
	ck_assert_uint_gt(yard_stats(&y, 1).sleeps, 0);
	ck_assert_int_eq(weir_session_send_wait(y.s[1], 1, &n, 505, &how), -EMSGSIZE);
	yard_settle(&y);
	ck_assert_uint_eq(seen.n, n + 1u);
	ck_assert_uint_eq(yard_stats(&y, 1).sent, n + 1u);
	yard_close(&y);
}
END_TEST

START_TEST(lossy_by_choice)
{
	struct weir_session_config cfg = yard_config(2);
	struct seen seen = {.n = 0};
	struct weir_session_options opt;
	uint64_t i, lost;
	struct yard y;

	yard_create(&y, &cfg);
	opt = yard_options(&y, 0);
	opt.policy = WEIR_RING_LOSSY;
	ck_assert_int_eq(
		weir_session_attach_region(&y.s[1], weir_session_region(y.s[0]), &opt, NULL),
		WEIR_OK);
	yard_settle(&y);
	weir_session_on_other(y.s[0], look, &seen);
	for (i = 0; i < 1000; i++)
		ck_assert_int_eq(weir_session_send(y.s[1], 1, &i, sizeof(i)), WEIR_OK);
	yard_settle(&y);
	lost = yard_stats(&y, 0).lost;
	ck_assert_uint_gt(lost, 0);
	ck_assert_uint_eq(seen.n + lost, 1000);
	ck_assert_int_eq(weir_session_send(y.s[1], 1, &i, sizeof(i)), WEIR_OK);
	yard_settle(&y);
	ck_assert_uint_eq(seen.word, 1000); /* it goes on at the newest */
	ck_assert_uint_eq(seen.n + lost, 1001);
	ck_assert_uint_eq(yard_stats(&y, 0).broken, 0);
	yard_close(&y);
}
END_TEST

/* ---- waiting ---- */

static void send_one(void *arg)
{
	struct yard *y = arg;

	if (y->f.parks == 3)
		yard_send(y, 0, 1);
}

START_TEST(waiting_serves)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = 3u * LIVENESS_NS};
	struct seen seen = {.n = 0};
	uint32_t cancel = 1;
	struct yard y;

	yard_open(&y, 2);
	weir_session_on_other(y.s[1], look, &seen);
	ck_assert_int_eq(weir_session_wait(y.s[1], &how), -ETIMEDOUT);
	ck_assert_uint_ge(y.f.now, 3u * LIVENESS_NS); /* beyond looks at who is alive */
	ck_assert_uint_lt(y.f.now, 5u * LIVENESS_NS);
	how.deadline = WEIR_NS_NEVER;
	how.cancel = &cancel;
	ck_assert_int_eq(weir_session_wait(y.s[1], &how), -ECANCELED);
	how.cancel = NULL;
	y.f.parks = 0;
	y.f.on_park = send_one;
	y.f.arg = &y;
	ck_assert_int_eq(weir_session_wait(y.s[1], &how), WEIR_OK);
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_uint_eq(y.f.parks, 3);
	how.strategy = WEIR_WAIT_SPIN;
	how.deadline = y.f.now; /* passed, but there is something to do */
	yard_send(&y, 0, 1);
	ck_assert_int_eq(weir_session_wait(y.s[1], &how), WEIR_OK);
	ck_assert_int_eq(weir_session_wait(y.s[1], &how), -ETIMEDOUT);
	yard_close(&y);
}
END_TEST

START_TEST(when_a_poll_is_due)
{
	uint32_t id;
	struct yard y;

	yard_open(&y, 2);
	id = yard_barrier(&y, "b");
	y.f.now = 10u * LIVENESS_NS;
	yard_settle(&y);
	ck_assert_uint_eq(weir_session_next_ns(y.s[1]), 11u * LIVENESS_NS);
	ck_assert_uint_eq(weir_session_next_ns(y.s[0]), 11u * LIVENESS_NS);
	yard_begin(&y, 1, id, RENDEZVOUS, 10u * LIVENESS_NS + 7u);
	yard_settle(&y);
	ck_assert_uint_eq(weir_session_next_ns(y.s[0]), 10u * LIVENESS_NS + 7u);
	ck_assert_uint_eq(weir_session_next_ns(y.s[1]), 11u * LIVENESS_NS);
	yard_begin(&y, 0, id, RENDEZVOUS, 0);
	yard_settle(&y);
	yard_expect_all(&y, id, WEIR_OK, 1);
	ck_assert_uint_eq(weir_session_next_ns(y.s[0]), 11u * LIVENESS_NS);
	yard_close(&y);
}
END_TEST

START_TEST(counters)
{
	struct weir_session_stats st = {.struct_size = 8};
	struct yard y;
	uint32_t i;

	yard_open(&y, 2);
	ck_assert_int_eq(weir_session_read_stats(y.s[0], &st), -EINVAL);
	ck_assert_uint_eq(st.struct_size, 8);
	ck_assert_uint_gt(yard_stats(&y, 0).polls, 0);
	ck_assert_uint_eq(yard_stats(&y, 0).joins, 2);
	ck_assert_uint_eq(weir_session_stat_count, (sizeof(st) - 8u) / 8u);
	for (i = 0; i < weir_session_stat_count; i++) {
		ck_assert_uint_eq(weir_session_stat_desc[i].offset, 8u + 8u * i);
		ck_assert_ptr_nonnull(weir_session_stat_desc[i].name);
	}
	yard_close(&y);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("session: serving");
	TCase *t = tcase_create("handlers");

	tcase_add_test(t, dispatch_by_kind);
	tcase_add_test(t, turns_at_a_ring);
	tcase_add_test(t, quiet_and_observing);
	tcase_add_test(t, deferred_until_the_progress_is_published);
	tcase_add_test(t, deferred_in_order_and_bounded);
	tcase_add_test(t, no_waiting_in_handlers);
	suite_add_tcase(s, t);
	t = tcase_create("sending");
	tcase_add_test(t, claims);
	tcase_add_test(t, no_room);
	tcase_add_test(t, lossy_by_choice);
	suite_add_tcase(s, t);
	t = tcase_create("waiting");
	tcase_add_test(t, waiting_serves);
	tcase_add_test(t, when_a_poll_is_due);
	tcase_add_test(t, counters);
	suite_add_tcase(s, t);
	return yard_run(s);
}
