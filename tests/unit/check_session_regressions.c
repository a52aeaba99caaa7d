/* Sessions: what was once wrong, each shown by hand-polling. */
#define _GNU_SOURCE

#include "session_fixture.h"
#include "session_priv.h"

static struct weir_barrier_result result_of(struct yard *y, uint32_t slot, uint32_t id, int want)
{
	struct weir_barrier_result r;
	int rc = weir_session_barrier_test(y->s[slot], id, &r);

	ck_assert_msg(rc == want, "slot %u: %s, wanted %s", slot, weir_error_name(rc),
		      weir_error_name(want));
	return r;
}

static void own_name(char *name, size_t cap, const char *what)
{
	ck_assert_int_gt(snprintf(name, cap, "weir-test-%s-%d", what, (int)getpid()), 0);
}

/* ---- a slot's next tenant ---- */

START_TEST(a_late_tenant_s_cancel_is_its_own_affair)
{
	struct weir_barrier_result r;
	struct yard y;
	uint32_t id;

	yard_open(&y, 3);
	id = yard_barrier(&y, "b");
	yard_begin(&y, 1, id, RENDEZVOUS, 0);
	yard_settle(&y);
	yard_leave(&y, 1);
	yard_settle(&y);
	ck_assert_uint_eq(weir_session_slot(yard_attach(&y, 0)), 1);
	yard_settle(&y);
	yard_begin(&y, 1, id, RENDEZVOUS, 0); /* held: generation 1 has begun without it */
	yard_settle(&y);
	ck_assert_int_eq(weir_session_barrier_cancel(y.s[1], id), WEIR_OK);
	yard_settle(&y);
	yard_expect(&y, 1, id, -ECANCELED, 0);
	yard_leave(&y, 1);
	yard_settle(&y);
	yard_begin(&y, 0, id, RENDEZVOUS, 0);
	yard_begin(&y, 2, id, RENDEZVOUS, 0);
	yard_settle(&y);
	r = result_of(&y, 2, id, WEIR_DEPARTED);
	ck_assert_uint_eq(r.generation, 1);
	ck_assert_uint_eq(r.arrived, 3);
	yard_expect(&y, 0, id, WEIR_DEPARTED, 1);
	yard_close(&y);
}
END_TEST

START_TEST(a_late_tenant_is_nobody_s_sink)
{
	uint32_t id, other;
	struct yard y;

	yard_open(&y, 3);
	id = yard_barrier(&y, "b");
	other = yard_barrier(&y, "other");
	yard_begin(&y, 1, id, PROCESSING, 0);
	yard_settle(&y);
	yard_leave(&y, 1);
	yard_settle(&y);
	ck_assert_uint_eq(weir_session_slot(yard_attach(&y, 0)), 1);
	yard_settle(&y);
	yard_begin(&y, 1, other, RENDEZVOUS, 0); /* it serves from now on, but not yet */
	yard_send(&y, 2, 1);
	yard_begin(&y, 0, id, PROCESSING, 0);
	yard_begin(&y, 2, id, PROCESSING, 0);
	while (yard_poll(&y, 0) == WEIR_OK || yard_poll(&y, 2) == WEIR_OK)
		;
	yard_expect(&y, 0, id, WEIR_DEPARTED, 1);
	yard_expect(&y, 2, id, WEIR_DEPARTED, 1);
	yard_close(&y);
}
END_TEST

START_TEST(an_uncounted_tenant_is_not_released_by_its_predecessor_s_result)
{
	struct weir_barrier_result r;
	struct weir_session *late;
	uint32_t id;
	struct yard y;

	yard_open(&y, 2);
	id = yard_barrier(&y, "b");
	yard_begin_all(&y, id, DELIVERY);
	yard_settle(&y);
	yard_expect_all(&y, id, WEIR_OK, 1);
	yard_leave(&y, 1);
	yard_settle(&y);
	late = yard_attach(&y, 0);
	yard_send(&y, 1, 1);
	yard_begin(&y, 1, id, DELIVERY, 0);
	y.s[0]->shm->closed = 1; /* before it was ever counted */
	ck_assert_int_eq(weir_session_poll(late, y.f.now), -ENOTCONN);
	ck_assert_int_eq(weir_session_barrier_test(late, id, &r), -ENOTCONN);
	ck_assert_uint_eq(r.generation, 0);
	yard_close(&y);
}
END_TEST

/* Its ring still bears the name of a dead predecessor, whom this one cannot see to be dead. */
START_TEST(a_slot_with_a_busy_ring_is_passed_over)
{
	struct weir_session_config cfg = yard_config(4);
	struct weir_session *s;
	weir_owner dead;
	struct yard y;
	uint32_t id;

	yard_create(&y, &cfg);
	dead = yard_corpse(&y, 1, 0, NULL, NULL);
	yard_bury(&y, dead);
	yard_settle(&y);
	ck_assert_uint_eq(member_of(y.s[0], 1)->owner, 0);
	y.f.dead = 0;
	s = yard_attach(&y, 0);
	ck_assert_uint_eq(weir_session_slot(s), 2);
	ck_assert_uint_eq(member_of(y.s[0], 1)->owner, 0);
	yard_settle(&y);
	id = yard_barrier(&y, "b");
	yard_begin_all(&y, id, PROCESSING);
	yard_settle(&y);
	yard_expect_all(&y, id, WEIR_OK, 1);
	yard_close(&y);
}
END_TEST

START_TEST(a_successor_keeps_its_name)
{
	struct weir_session_config cfg = yard_config(2);
	struct weir_session *first, *second, *m;
	char name[64];

	own_name(name, sizeof(name), "successor");
	ck_assert_int_eq(weir_session_create(&first, name, &cfg, NULL, NULL), WEIR_OK);
	ck_assert_int_eq(weir_region_unlink(name), WEIR_OK);
	ck_assert_int_eq(weir_session_create(&second, name, &cfg, NULL, NULL), WEIR_OK);
	ck_assert_int_eq(weir_session_close(first), WEIR_OK);
	ck_assert_int_eq(weir_session_attach(&m, name, NULL, NULL), WEIR_OK);
	ck_assert_int_eq(weir_session_close(m), WEIR_OK);
	ck_assert_int_eq(weir_session_close(second), WEIR_OK);
	ck_assert_int_eq(weir_session_attach(&m, name, NULL, NULL), -ENOENT);
}
END_TEST

/* ---- losses ---- */

static void open_lossy(struct yard *y)
{
	struct weir_session_config cfg = yard_config(2);
	struct weir_session_options opt;

	yard_create(y, &cfg);
	opt = yard_options(y, 0);
	opt.policy = WEIR_RING_LOSSY;
	ck_assert_int_eq(
		weir_session_attach_region(&y->s[1], weir_session_region(y->s[0]), &opt, NULL),
		WEIR_OK);
	yard_settle(y);
}

START_TEST(lost_before_the_capture_is_told_once)
{
	struct weir_barrier_result r;
	uint32_t id, fence;
	struct yard y;

	open_lossy(&y);
	id = yard_barrier(&y, "b");
	yard_send(&y, 1, 1000);
	yard_settle(&y);
	ck_assert_uint_gt(yard_stats(&y, 0).lost, 0);
	yard_begin_all(&y, id, DELIVERY);
	yard_settle(&y);
	r = result_of(&y, 1, id, WEIR_LOST);
	ck_assert_int_eq(weir_group_set_has(&r.sinks, 0), 1);
	yard_expect(&y, 0, id, WEIR_LOST, 1);
	for (fence = 2; fence < 5; fence++) {
		yard_send(&y, 1, 3);
		yard_begin_all(&y, id, DELIVERY);
		yard_settle(&y);
		yard_expect_all(&y, id, WEIR_OK, fence);
	}
	yard_send(&y, 1, 1000); /* and again */
	yard_settle(&y);
	yard_begin_all(&y, id, DELIVERY);
	yard_settle(&y);
	yard_expect_all(&y, id, WEIR_LOST, fence);
	yard_close(&y);
}
END_TEST

START_TEST(lost_while_draining_is_told_once)
{
	uint32_t id, fence;
	struct yard y;

	open_lossy(&y);
	id = yard_barrier(&y, "b");
	yard_send(&y, 1, 40);
	yard_begin_all(&y, id, DELIVERY);
	weir_session_serve_arrivals(y.s[0]); /* captured, and nothing handled */
	ck_assert_uint_eq(y.s[0]->charge[id].draining, 1);
	yard_send(&y, 1, 1000);
	yard_settle(&y);
	yard_expect_all(&y, id, WEIR_LOST, 1);
	for (fence = 2; fence < 5; fence++) {
		yard_send(&y, 1, 3);
		yard_begin_all(&y, id, DELIVERY);
		yard_settle(&y);
		yard_expect_all(&y, id, WEIR_OK, fence);
	}
	yard_close(&y);
}
END_TEST

/* ---- time ---- */

START_TEST(liveness_has_a_range)
{
	static const weir_ns bad[] = {WEIR_NS_NEVER, WEIR_NS_NEVER - 1u,
				      UINT64_C(3600000000000) + 1u};
	struct weir_session_config cfg = yard_config(2);
	struct weir_session *s = NULL;
	uint32_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cfg.liveness_ns = bad[i];
		ck_assert_int_eq(weir_session_create(&s, NULL, &cfg, NULL, NULL), -EINVAL);
		ck_assert_ptr_null(s);
	}
	cfg.liveness_ns = UINT64_C(3600000000000);
	ck_assert_int_eq(weir_session_create(&s, NULL, &cfg, NULL, NULL), WEIR_OK);
	ck_assert_int_eq(weir_session_close(s), WEIR_OK);
}
END_TEST

START_TEST(a_poll_that_ends_a_generation_did_something)
{
	uint32_t id;
	struct yard y;

	yard_open(&y, 2);
	id = yard_barrier(&y, "b");
	yard_begin(&y, 1, id, RENDEZVOUS, 100);
	yard_settle(&y);
	y.f.now = 99;
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_EMPTY);
	y.f.now = 100;
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	ck_assert_uint_eq(y.s[0]->shm->stamp, 100);
	yard_expect(&y, 1, id, -ETIMEDOUT, 1);
	yard_close(&y);
}
END_TEST

/* The drain set of many members is looked at once a poll and not after each record. */
START_TEST(work_in_a_poll_is_bounded)
{
	enum { MEMBERS = 40, EACH = 20 };
	struct weir_session_config cfg = yard_config(MEMBERS);
	struct weir_session *m[MEMBERS];
	uint64_t polls, looks, word = 0;
	uint32_t i, k, id;
	struct yard y;

	yard_create(&y, &cfg);
	for (i = 1; i < MEMBERS; i++)
		ck_assert_int_eq(weir_session_attach_region(&m[i], weir_session_region(y.s[0]), NULL,
							    NULL),
				 WEIR_OK);
	m[0] = y.s[0];
	yard_coordinate(&y);
	id = yard_barrier(&y, "b");
	for (i = 1; i < MEMBERS; i++)
		for (k = 0; k < EACH; k++)
			ck_assert_int_eq(weir_session_send(m[i], 1, &word, sizeof(word)), WEIR_OK);
	for (i = 0; i < MEMBERS; i++)
		ck_assert_int_eq(weir_session_barrier_begin(m[i], id, PROCESSING, CONTINUE, 0),
				 WEIR_OK);
	polls = yard_stats(&y, 0).polls;
	for (k = 0; k < EACH * MEMBERS; k++)
		(void)yard_poll(&y, 0);
	ck_assert_uint_eq(yard_stats(&y, 0).unhandled, EACH * (MEMBERS - 1));
	polls = yard_stats(&y, 0).polls - polls;
	looks = y.s[0]->charge[id].drain.stats.polls;
	ck_assert_uint_eq(y.s[0]->charge[id].draining, 1); /* nobody else has served */
	ck_assert_uint_gt(looks, 0);
	ck_assert_uint_le(looks, polls);
	for (i = 1; i < MEMBERS; i++)
		ck_assert_int_eq(weir_session_close(m[i]), WEIR_OK);
	yard_close(&y);
}
END_TEST

/* ---- who is told what ---- */

START_TEST(observers_are_not_behind)
{
	struct weir_watch_behind behind[8];
	uint32_t id, n, i;
	struct yard y;

	yard_open(&y, 3);
	yard_leave(&y, 2);
	yard_settle(&y);
	ck_assert_uint_eq(weir_session_slot(yard_attach(&y, WEIR_SESSION_OBSERVER)), 2);
	yard_settle(&y);
	id = yard_barrier(&y, "b");
	yard_send(&y, 1, 1);
	yard_settle(&y); /* the observer has served once */
	yard_send(&y, 1, 1);
	yard_begin(&y, 1, id, PROCESSING, 0);
	(void)yard_poll(&y, 0);
	ck_assert_int_eq(weir_watch_read_behind(&y.watch, id, behind, 8, &n), WEIR_OK);
	for (i = 0; i < n; i++)
		ck_assert_uint_ne(behind[i].sink, 2);
	yard_close(&y);
}
END_TEST

START_TEST(a_strategy_that_is_none_makes_no_arrival)
{
	struct weir_wait how = {.strategy = (enum weir_wait_strategy)9};
	uint32_t id;
	struct yard y;

	yard_open(&y, 2);
	id = yard_barrier(&y, "b");
	ck_assert_int_eq(weir_session_barrier(y.s[1], id, RENDEZVOUS, CONTINUE, &how, NULL), -EINVAL);
	yard_expect(&y, 1, id, -EINVAL, 0);
	ck_assert_uint_eq(yard_stats(&y, 1).arrivals, 0);
	yard_begin_all(&y, id, RENDEZVOUS);
	yard_settle(&y);
	yard_expect_all(&y, id, WEIR_OK, 1);
	yard_close(&y);
}
END_TEST

/* ---- other processes ---- */

static int nobody_knows(void *ctx, weir_owner who)
{
	(void)ctx;
	(void)who;
	return (int)WEIR_OWNER_UNKNOWN;
}

/* A member in another process, which nobody can see from here. by: the name it attaches by; NULL: over
 * the region, so without the region's lock. It lives until `gate` is closed. */
static pid_t unseen(struct yard *y, const char *by, int *gate)
{
	const struct weir_region *region = weir_session_region(y->s[0]);
	int up[2], down[2];
	pid_t pid;
	char c;

	ck_assert_int_eq(pipe(up), 0);
	ck_assert_int_eq(pipe(down), 0);
	fflush(stdout);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct weir_session *s;
		int rc = by != NULL ? weir_session_attach(&s, by, NULL, NULL)
				    : weir_session_attach_region(&s, region, NULL, NULL);

		close(down[1]);
		_exit(rc == WEIR_OK && write(up[1], "x", 1) == 1 && read(down[0], &c, 1) == 0 ? 0
											      : 1);
	}
	close(up[1]);
	close(down[0]);
	ck_assert_int_eq(read(up[0], &c, 1), 1);
	close(up[0]);
	*gate = down[1];
	return pid;
}

static void reap(pid_t pid, int gate)
{
	int status;

	close(gate);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

static void pass_liveness(struct yard *y, uint32_t n)
{
	for (; n != 0; n--) {
		y->f.now += 2u * LIVENESS_NS;
		yard_coordinate(y);
	}
}

START_TEST(unknown_and_without_a_lock_is_alive)
{
	struct weir_session_config cfg = yard_config(3);
	char name[64];
	pid_t locked, bare;
	int gate[2];
	struct yard y;

	own_name(name, sizeof(name), "unknown");
	memset(&y, 0, sizeof(y));
	y.f.now = 1;
	y.env = fake_env(&y.f);
	y.env.owner_state = nobody_knows;
	{
		struct weir_session_options opt = yard_options(&y, 0);

		ck_assert_int_eq(weir_session_create(&y.s[0], name, &cfg, &opt, NULL), WEIR_OK);
	}
	bare = unseen(&y, NULL, &gate[0]);
	locked = unseen(&y, name, &gate[1]);
	pass_liveness(&y, 5);
	ck_assert_uint_eq(weir_session_members(y.s[0]), 3);
	ck_assert_uint_eq(yard_stats(&y, 0).deaths, 0);
	reap(locked, gate[1]); /* the lock goes with it, and tells */
	pass_liveness(&y, 5);
	ck_assert_uint_eq(weir_session_members(y.s[0]), 2);
	ck_assert_uint_eq(yard_stats(&y, 0).deaths, 1);
	reap(bare, gate[0]);
	yard_close(&y);
}
END_TEST

/* Every call says no. */
static int refused(struct weir_session *s, uint32_t id)
{
	struct weir_ring_room room;
	uint32_t other;

	weir_session_commit(s);
	weir_session_abort(s);
	return weir_session_poll(s, 1) == -ENOTCONN && weir_session_wait(s, NULL) == -ENOTCONN &&
	       weir_session_wait_members(s, 2, NULL) < 0 &&
	       weir_session_send(s, 1, "x", 1) == -ENOTCONN &&
	       weir_session_send_wait(s, 1, "x", 1, NULL) == -ENOTCONN &&
	       weir_session_claim(s, 1, 1, &room) == -ENOTCONN &&
	       weir_session_barrier_open(s, "c", &other, NULL) == -ENOTCONN &&
	       weir_session_barrier_begin(s, id, RENDEZVOUS, CONTINUE, 0) == -ENOTCONN &&
	       weir_session_barrier(s, id, RENDEZVOUS, CONTINUE, NULL, NULL) == -ENOTCONN &&
	       weir_session_barrier_test(s, id, NULL) == -EINVAL &&
	       weir_session_barrier_cancel(s, id) == -EINVAL &&
	       weir_session_members(s) == 0 && weir_session_close(s) == -ENOTCONN;
}

START_TEST(a_child_s_calls_are_refused_and_harm_nothing)
{
	uint32_t id;
	int status;
	struct yard y;
	pid_t pid;

	yard_open(&y, 3);
	id = yard_barrier(&y, "b");
	yard_begin(&y, 1, id, DELIVERY, 0);
	yard_settle(&y);
	fflush(stdout);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(refused(y.s[1], id) && refused(y.s[0], id) ? 0 : 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(weir_session_members(y.s[0]), 3);
	yard_send(&y, 1, 3);
	yard_begin(&y, 0, id, DELIVERY, 0);
	yard_begin(&y, 2, id, DELIVERY, 0);
	yard_settle(&y);
	yard_expect_all(&y, id, WEIR_OK, 1);
	ck_assert_uint_eq(yard_stats(&y, 0).unhandled, 3);
	yard_close(&y);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("session regressions");
	TCase *t = tcase_create("tenants");

	tcase_add_test(t, a_late_tenant_s_cancel_is_its_own_affair);
	tcase_add_test(t, a_late_tenant_is_nobody_s_sink);
	tcase_add_test(t, an_uncounted_tenant_is_not_released_by_its_predecessor_s_result);
	tcase_add_test(t, a_slot_with_a_busy_ring_is_passed_over);
	tcase_add_test(t, a_successor_keeps_its_name);
	suite_add_tcase(s, t);
	t = tcase_create("losses and time");
	tcase_add_test(t, lost_before_the_capture_is_told_once);
	tcase_add_test(t, lost_while_draining_is_told_once);
	tcase_add_test(t, liveness_has_a_range);
	tcase_add_test(t, a_poll_that_ends_a_generation_did_something);
	tcase_add_test(t, work_in_a_poll_is_bounded);
	suite_add_tcase(s, t);
	t = tcase_create("who is told, and who is there");
	tcase_add_test(t, observers_are_not_behind);
	tcase_add_test(t, a_strategy_that_is_none_makes_no_arrival);
	tcase_add_test(t, unknown_and_without_a_lock_is_alive);
	tcase_add_test(t, a_child_s_calls_are_refused_and_harm_nothing);
	suite_add_tcase(s, t);
	return yard_run(s);
}
