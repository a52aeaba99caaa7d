/* Watching: what a session looks like from outside, in each of its states. */
#define _GNU_SOURCE

#include "session_fixture.h"

START_TEST(binding)
{
	struct weir_region_config cfg = {
		.struct_size = sizeof(cfg), .max_objects = 1, .payload_bytes = 128};
	struct weir_watch w = {.members = 77};
	struct weir_region r;
	struct weir_error err;
	struct weir_span obj;
	struct yard y;
	uint32_t *word;

	memset(&r, 0, sizeof(r));
	ck_assert_int_eq(weir_watch_open(&w, &r, &err), -ENOTCONN);
	ck_assert_int_eq(weir_region_create_anonymous(&r, &cfg, NULL), WEIR_OK);
	ck_assert_int_eq(weir_region_publish(&r, NULL), WEIR_OK);
	ck_assert_int_eq(weir_watch_open(&w, &r, &err), -EPROTO);
	weir_region_close(&r);
	yard_open(&y, 3);
	ck_assert_uint_eq(y.watch.members, 3);
	ck_assert_uint_eq(y.watch.n_barriers, 3);
	ck_assert_uint_eq(y.watch.ring_capacity, 4096);
	ck_assert_uint_eq(y.watch.liveness_ns, LIVENESS_NS);
	ck_assert_int_eq(weir_region_find(weir_session_region(y.s[0]), WEIR_KIND_SESSION, "session",
					  &obj),
			 WEIR_OK);
	word = obj.ptr;
	word[2] = 0;
	ck_assert_int_eq(weir_watch_open(&w, weir_session_region(y.s[0]), &err), -EBADMSG);
	word[2] = 3;
	ck_assert_uint_eq(w.members, 77);
	yard_close(&y);
}
END_TEST

START_TEST(members_come_and_go)
{
	struct weir_session_config cfg = yard_config(4);
	struct weir_watch_session s;
	struct weir_watch_member m;
	struct yard y;

	yard_create(&y, &cfg);
	weir_watch_read_session(&y.watch, &s);
	ck_assert_uint_eq(s.coordinator, weir_owner_self());
	ck_assert_uint_eq(s.active, 1);
	ck_assert_uint_eq(s.closed, 0);
	ck_assert_int_eq(weir_watch_read_member(&y.watch, 4, &m), -EINVAL);
	ck_assert_int_eq(weir_watch_read_member(&y.watch, 1, &m), WEIR_OK);
	ck_assert_uint_eq(m.owner, 0);
	ck_assert_uint_eq(m.epoch, 0);
	(void)yard_attach(&y, WEIR_SESSION_QUIET);
	(void)yard_attach(&y, WEIR_SESSION_OBSERVER);
	ck_assert_int_eq(weir_watch_read_member(&y.watch, 1, &m), WEIR_OK);
	ck_assert_uint_eq(m.owner, weir_owner_self()); /* there, and not counted yet */
	ck_assert_uint_eq(m.epoch, 0);
	ck_assert_uint_eq(m.flags, WEIR_SESSION_QUIET);
	y.f.now = 44;
	yard_settle(&y);
	weir_watch_read_session(&y.watch, &s);
	ck_assert_uint_eq(s.active, 2);
	ck_assert_uint_eq(s.stamp, 44);
	ck_assert_int_eq(weir_watch_read_member(&y.watch, 1, &m), WEIR_OK);
	ck_assert_uint_eq(m.epoch, 1);
	ck_assert_int_eq(weir_watch_read_member(&y.watch, 2, &m), WEIR_OK);
	ck_assert_uint_eq(m.flags, WEIR_SESSION_OBSERVER);
	ck_assert_uint_eq(m.epoch, 0);
	yard_send(&y, 1, 3);
	ck_assert_int_eq(weir_watch_read_member(&y.watch, 1, &m), WEIR_OK);
	ck_assert_uint_eq(m.leading, 48);
	ck_assert_uint_eq(m.messages, 3);
	yard_leave(&y, 1);
	yard_settle(&y);
	ck_assert_int_eq(weir_watch_read_member(&y.watch, 1, &m), WEIR_OK);
	ck_assert_uint_eq(m.owner, 0);
	ck_assert_uint_eq(m.epoch, 0);
	ck_assert_uint_eq(m.messages, 3); /* of the ring, whose bytes stay */
	yard_close(&y);
}
END_TEST

/* ---- a barrier through all its states ---- */

START_TEST(a_barrier_in_each_state)
{
	struct weir_watch_behind behind[4];
	struct weir_watch_barrier v;
	char name[WEIR_SESSION_BARRIER_NAME];
	uint32_t id, n = 77;
	struct yard y;

	yard_open(&y, 3);
	ck_assert_int_eq(weir_watch_read_barrier(&y.watch, 3, NULL, &v), -EINVAL);
	ck_assert_int_eq(weir_watch_read_barrier(&y.watch, 0, NULL, &v), -ENOENT);
	ck_assert_int_eq(weir_watch_read_behind(&y.watch, 3, behind, 4, &n), -EINVAL);
	ck_assert_int_eq(weir_watch_read_behind(&y.watch, 0, behind, 4, &n), -ENOENT);
	ck_assert_uint_eq(n, 77);
	id = yard_barrier(&y, "the fence");
	memset(name, 'x', sizeof(name));
	ck_assert_int_eq(weir_watch_read_barrier(&y.watch, id, name, &v), WEIR_OK); /* never used */
	ck_assert_str_eq(name, "the fence");
	ck_assert_uint_eq(v.generation, 0);
	ck_assert_uint_eq(v.state, WEIR_BARRIER_IDLE);
	ck_assert_uint_eq(v.result.generation, 0);

	yard_send(&y, 1, 4);
	y.f.now = 10;
	yard_begin(&y, 1, id, PROCESSING, 1000);
	ck_assert_uint_eq(yard_view(&y, id).state, WEIR_BARRIER_IDLE); /* nobody has said so yet */
	yard_coordinate(&y);
	v = yard_view(&y, id);
	ck_assert_uint_eq(v.state, WEIR_BARRIER_GATHERING);
	ck_assert_uint_eq(v.generation, 1);
	ck_assert_uint_eq(v.mode, PROCESSING);
	ck_assert_uint_eq(v.policy, CONTINUE);
	ck_assert_uint_eq(v.members, 3);
	ck_assert_uint_eq(v.opened, 10);
	ck_assert_uint_eq(v.since, 10);
	ck_assert_uint_eq(v.deadline, 1000);
	ck_assert_uint_eq(weir_group_set_count(&v.frozen), 3);
	ck_assert_uint_eq(weir_group_set_count(&v.arrived), 1);
	ck_assert_uint_eq(weir_group_set_count(&v.missing), 2);
	ck_assert_int_eq(weir_group_set_has(&v.missing, 2), 1);

	y.f.now = 20;
	yard_begin(&y, 0, id, PROCESSING, 0);
	yard_begin(&y, 2, id, PROCESSING, 0);
	yard_coordinate(&y);
	v = yard_view(&y, id);
	ck_assert_uint_eq(v.state, WEIR_BARRIER_DRAINING);
	ck_assert_uint_eq(v.since, 20);
	ck_assert_uint_eq(weir_group_set_count(&v.missing), 0);
	ck_assert_int_eq(weir_watch_read_behind(&y.watch, id, behind, 4, &n), WEIR_OK);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(behind[0].ring, 1);
	ck_assert_uint_eq(behind[0].sink, 2);
	ck_assert_uint_eq(behind[0].remaining, 64);

	y.f.now = 30;
	yard_settle(&y);
	v = yard_view(&y, id);
	ck_assert_uint_eq(v.state, WEIR_BARRIER_IDLE);
	ck_assert_uint_eq(v.generation, 1);
	ck_assert_uint_eq(v.result.generation, 1);
	ck_assert_int_eq(v.result.outcome, WEIR_OK);
	ck_assert_uint_eq(v.result.released_at, 30);
	ck_assert_uint_eq(v.stats.generations, 1);
	ck_assert_uint_eq(v.stats.gather_ns, 10);
	ck_assert_uint_eq(v.stats.drain_ns, 10);
	ck_assert_uint_ge(v.drain.waited, 1);
	ck_assert_uint_eq(v.drain.largest_backlog, 64);
	ck_assert_uint_eq(weir_group_set_count(&v.arrived), 0);
	ck_assert_int_eq(weir_watch_read_behind(&y.watch, id, behind, 4, &n), WEIR_OK);
	ck_assert_uint_eq(n, 0);
	yard_close(&y);
}
END_TEST

START_TEST(who_is_behind)
{
	struct weir_watch_behind behind[16];
	uint32_t id, n, i;
	struct yard y;

	yard_open(&y, 5);
	id = yard_barrier(&y, "b");
	for (i = 1; i < 5; i++)
		yard_send(&y, i, i);
	for (i = 1; i < 5; i++)
		yard_begin(&y, i, id, PROCESSING, 0);
	yard_coordinate(&y); /* nobody else serves */
	ck_assert_int_eq(weir_watch_read_behind(&y.watch, id, behind, 16, &n), WEIR_OK);
	ck_assert_uint_eq(n, 12); /* four rings, each with three others */
	for (i = 0; i < n; i++) {
		ck_assert_uint_ne(behind[i].ring, behind[i].sink);
		ck_assert_uint_eq(behind[i].remaining, 16u * behind[i].ring);
	}
	memset(behind, 0, sizeof(behind));
	ck_assert_int_eq(weir_watch_read_behind(&y.watch, id, behind, 2, &n), WEIR_OK);
	ck_assert_uint_eq(n, 12); /* how many there are */
	ck_assert_uint_eq(behind[2].remaining, 0);
	ck_assert_int_eq(weir_watch_read_behind(&y.watch, id, NULL, 0, &n), WEIR_OK);
	ck_assert_uint_eq(n, 12);
	yard_send(&y, 1, 9); /* behind the cut: nobody's business */
	ck_assert_int_eq(weir_watch_read_behind(&y.watch, id, behind, 16, &n), WEIR_OK);
	ck_assert_uint_eq(n, 12);
	while (yard_poll(&y, 3) == WEIR_OK)
		;
	ck_assert_int_eq(weir_watch_read_behind(&y.watch, id, behind, 16, &n), WEIR_OK);
	ck_assert_uint_eq(n, 9);
	yard_close(&y);
}
END_TEST

static int nothing(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	(void)ctx;
	(void)s;
	(void)m;
	return 0;
}

START_TEST(delivery_is_the_coordinator_s)
{
	struct weir_watch_behind behind[4];
	uint32_t id, n;
	struct yard y;

	yard_open(&y, 3);
	id = yard_barrier(&y, "b");
	weir_session_on_other(y.s[0], nothing, NULL);
	yard_send(&y, 1, 9);
	yard_begin_all(&y, id, DELIVERY);
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK); /* one message, then the arrivals */
	ck_assert_uint_eq(yard_view(&y, id).state, WEIR_BARRIER_DRAINING);
	ck_assert_int_eq(weir_watch_read_behind(&y.watch, id, behind, 4, &n), WEIR_OK);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(behind[0].ring, 1);
	ck_assert_uint_eq(behind[0].sink, 0);
	ck_assert_uint_eq(behind[0].remaining, 16u * (9u - yard_stats(&y, 0).handled));
	yard_close(&y);
}
END_TEST

START_TEST(who_is_behind_by_mode)
{
	struct weir_watch_behind behind[4];
	uint32_t id, n;
	struct yard y;

	yard_open(&y, 3);
	id = yard_barrier(&y, "b");
	yard_begin(&y, 1, id, DELIVERY, 0);
	yard_coordinate(&y);
	yard_send(&y, 2, 2);
	yard_begin(&y, 2, id, DELIVERY, 0); /* the coordinator sleeps and has not seen it */
	ck_assert_int_eq(weir_watch_read_behind(&y.watch, id, behind, 4, &n), WEIR_OK);
	ck_assert_uint_eq(n, 0); /* of those that the coordinator knows */
	ck_assert_int_eq(weir_session_barrier_cancel(y.s[1], id), WEIR_OK);
	yard_settle(&y);
	yard_expect(&y, 1, id, -ECANCELED, 1);
	yard_expect(&y, 2, id, -ESTALE, 1); /* it was not in yet */
	yard_send(&y, 2, 2);
	yard_begin(&y, 1, id, RENDEZVOUS, 0);
	yard_begin(&y, 2, id, RENDEZVOUS, 0);
	yard_coordinate(&y);
	ck_assert_uint_eq(yard_view(&y, id).state, WEIR_BARRIER_GATHERING);
	ck_assert_int_eq(weir_watch_read_behind(&y.watch, id, behind, 4, &n), WEIR_OK);
	ck_assert_uint_eq(n, 0); /* a rendezvous waits for no handler */
	yard_close(&y);
}
END_TEST

/* ---- how it is looked at ---- */

START_TEST(read_only)
{
	struct weir_session_config cfg = yard_config(2);
	struct weir_watch_behind behind[2];
	struct weir_watch_session s;
	struct weir_watch_member m;
	struct weir_watch_barrier v;
	struct weir_session *c;
	struct weir_region r;
	struct weir_watch w;
	char name[64], text[WEIR_SESSION_BARRIER_NAME];
	uint32_t id, n;

	snprintf(name, sizeof(name), "check-watch-%ld", (long)getpid());
	ck_assert_int_eq(weir_session_create(&c, name, &cfg, NULL, NULL), WEIR_OK);
	ck_assert_int_eq(weir_session_barrier_open(c, "b", &id, NULL), WEIR_OK);
	ck_assert_int_eq(weir_region_open(&r, name, WEIR_REGION_RDONLY, NULL), WEIR_OK);
	ck_assert_int_eq(weir_watch_open(&w, &r, NULL), WEIR_OK);
	weir_watch_read_session(&w, &s);
	ck_assert_uint_eq(s.active, 1);
	ck_assert_int_eq(weir_watch_read_member(&w, 0, &m), WEIR_OK);
	ck_assert_uint_eq(m.epoch, 1);
	ck_assert_int_eq(weir_watch_read_barrier(&w, id, text, &v), WEIR_OK);
	ck_assert_int_eq(weir_session_barrier_begin(c, id, PROCESSING, FAIL, 0), WEIR_OK);
	ck_assert_int_eq(weir_session_poll(c, 1), WEIR_OK);
	ck_assert_int_eq(weir_watch_read_behind(&w, id, behind, 2, &n), WEIR_OK);
	ck_assert_int_eq(weir_watch_read_barrier(&w, id, text, &v), WEIR_OK);
	ck_assert_uint_eq(v.generation, 1);
	ck_assert_int_eq(weir_session_close(c), WEIR_OK);
	weir_watch_read_session(&w, &s); /* it is over, and can still be looked at */
	ck_assert_uint_eq(s.closed, 1);
	ck_assert_int_eq(weir_watch_read_barrier(&w, id, text, &v), WEIR_OK);
	ck_assert_uint_eq(v.result.generation, 1);
	weir_region_close(&r);
}
END_TEST

START_TEST(damaged)
{
	struct weir_watch_behind behind[4];
	struct weir_watch_barrier v;
	char name[WEIR_SESSION_BARRIER_NAME];
	uint64_t *version;
	struct weir_span obj;
	struct yard y;
	uint32_t id, n;

	yard_open(&y, 2);
	id = yard_barrier(&y, "b");
	yard_begin(&y, 1, id, DELIVERY, 0);
	yard_coordinate(&y);
	ck_assert_int_eq(weir_region_find(weir_session_region(y.s[0]), WEIR_KIND_BARRIER, "barriers",
					  &obj),
			 WEIR_OK);
	/* a name without an end, and a coordinator that died while it wrote */
	memset((uint8_t *)obj.ptr + 8, 'n', WEIR_SESSION_BARRIER_NAME);
	ck_assert_int_eq(weir_watch_read_barrier(&y.watch, id, name, &v), WEIR_OK);
	ck_assert_uint_eq(strlen(name), WEIR_SESSION_BARRIER_NAME - 1u);
	version = (uint64_t *)(void *)((uint8_t *)obj.ptr + 256);
	ck_assert_uint_eq(*version % 2u, 0);
	ck_assert_uint_gt(*version, 0);
	++*version;
	ck_assert_int_eq(weir_watch_read_barrier(&y.watch, id, name, &v), -EAGAIN);
	ck_assert_int_eq(weir_watch_read_behind(&y.watch, id, behind, 4, &n), -EAGAIN);
	++*version;
	ck_assert_int_eq(weir_watch_read_barrier(&y.watch, id, name, &v), WEIR_OK);
	ck_assert_int_eq(weir_region_find(weir_session_region(y.s[0]), WEIR_KIND_PROGRESS,
					  "progress.1", &obj),
			 WEIR_OK);
	*(uint64_t *)obj.ptr ^= 1u; /* its magic */
	ck_assert_int_eq(weir_watch_read_behind(&y.watch, id, behind, 4, &n), -EBADMSG);
	*(uint64_t *)obj.ptr ^= 1u;
	ck_assert_int_eq(weir_watch_read_behind(&y.watch, id, behind, 4, &n), WEIR_OK);
	yard_close(&y);
}
END_TEST

struct peek {
	struct yard *y;
	uint32_t waiting;
};

static void peek(void *arg)
{
	struct peek *p = arg;
	struct weir_watch_member m;

	ck_assert_int_eq(weir_watch_read_member(&p->y->watch, 1, &m), WEIR_OK);
	p->waiting = m.waiting;
}

START_TEST(blocked_is_seen)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = 100};
	struct peek p = {.waiting = 99};
	uint32_t id;
	struct yard y;

	yard_open(&y, 2);
	(void)yard_barrier(&y, "b");
	id = yard_barrier(&y, "c");
	p.y = &y;
	y.f.on_park = peek;
	y.f.arg = &p;
	ck_assert_int_eq(weir_session_wait(y.s[1], &how), -ETIMEDOUT);
	ck_assert_uint_eq(p.waiting, 0); /* in no barrier */
	how.deadline = 200;
	ck_assert_int_eq(weir_session_barrier(y.s[1], id, RENDEZVOUS, CONTINUE, &how, NULL),
			 -ETIMEDOUT);
	ck_assert_uint_eq(p.waiting, id + 1u);
	yard_close(&y);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("watch");
	TCase *t = tcase_create("watch");

	tcase_add_test(t, binding);
	tcase_add_test(t, members_come_and_go);
	tcase_add_test(t, a_barrier_in_each_state);
	tcase_add_test(t, who_is_behind);
	tcase_add_test(t, delivery_is_the_coordinator_s);
	tcase_add_test(t, who_is_behind_by_mode);
	tcase_add_test(t, read_only);
	tcase_add_test(t, damaged);
	tcase_add_test(t, blocked_is_seen);
	suite_add_tcase(s, t);
	return yard_run(s);
}
