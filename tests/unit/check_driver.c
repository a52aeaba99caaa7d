/* The driver, rule by rule. check_driver_gate.c has those of gates. */
#include "driver_checks.h"

START_TEST(a_producer_raises_the_epoch)
{
	uint64_t before;

	begin(NULL);
	before = epoch(1);
	ck_assert_uint_gt(before, 5000);
	ck_assert_int_eq(attaches(7, 1, P, 10), WEIR_CODEC_CODE_OK);
	ck_assert_uint_eq(n_said, 2);
	ck_assert_uint_gt(epoch(1), before);
	ck_assert_uint_eq(said[0].attached.epoch, epoch(1));
	ck_assert_uint_eq(said[0].attached.expiry_ns, 10 + KEEPALIVE * GRACE);
	ck_assert_uint_eq(said[1].kind, WEIR_CODEC_POOL);
	ck_assert_uint_eq(said[1].pool.epoch, epoch(1));
	ck_assert_uint_eq(said[1].pool.producer, 7);
	before = epoch(2);
	ck_assert_int_eq(attaches(8, 2, C, 10), WEIR_CODEC_CODE_OK);
	ck_assert_int_eq(attaches(9, 2, A, 10), WEIR_CODEC_CODE_OK);
	ck_assert_uint_eq(n_said, 1);
	ck_assert_uint_eq(epoch(2), before);
	ck_assert_int_eq(attaches(10, 2, P, 900000), WEIR_CODEC_CODE_OK);
	ck_assert_uint_eq(epoch(2), 900000); /* the time, when that is more */
}
END_TEST

START_TEST(one_producer_one_lease)
{
	uint64_t first;

	begin(NULL);
	attaches(7, 1, P, 10);
	first = said[0].attached.lease;
	ck_assert_int_eq(attaches(8, 1, P, 11), WEIR_CODEC_CODE_REJECTED);
	is_refused(WEIR_DRIVER_PRODUCER);
	ck_assert_int_eq(attaches(7, 1, P, 12), WEIR_CODEC_CODE_OK); /* a repeat, same answer */
	ck_assert_uint_eq(n_said, 1);
	ck_assert_uint_eq(said[0].attached.lease, first);
	ck_assert_int_eq(attaches(7, 2, P, 13), WEIR_CODEC_CODE_REJECTED);
	is_refused(WEIR_DRIVER_CLIENT);
	attaches(9, 1, A, 14);
	ck_assert_int_eq(attaches(10, 1, A, 15), WEIR_CODEC_CODE_REJECTED);
	is_refused(WEIR_DRIVER_AUTHORITY);
	ck_assert_uint_eq(driver.stats.granted, 2);
	ck_assert_uint_eq(driver.stats.repeats, 1);
	ck_assert_uint_eq(driver.stats.rejected, 3);
}
END_TEST

START_TEST(what_is_wrong_with_a_request)
{
	struct weir_codec_message m;
	uint32_t i;

	begin(NULL);
	ck_assert_int_eq(attaches(0, 1, P, 1), WEIR_CODEC_CODE_INVALID_PARAMS);
	is_refused(WEIR_DRIVER_ZERO);
	ck_assert_int_eq(attaches(1, 0, P, 1), WEIR_CODEC_CODE_INVALID_PARAMS);
	ck_assert_int_eq(attaches(1, 1, 0, 1), WEIR_CODEC_CODE_INVALID_PARAMS);
	is_refused(WEIR_DRIVER_ROLE);
	ck_assert_int_eq(attaches(1, 1, 4, 1), WEIR_CODEC_CODE_INVALID_PARAMS);
	ck_assert_int_eq(attaches(1, 5, P, 1), WEIR_CODEC_CODE_REJECTED);
	is_refused(WEIR_DRIVER_NO_STREAM);
	m = attach_request(1, 1, P, 1);
	m.attach.publish_mode = 3;
	ck_assert_int_eq(tell(&m, 1), WEIR_OK);
	is_refused(WEIR_DRIVER_PUBLISH_MODE);
	m = attach_request(1, 1, P, 1);
	m.attach.hugepages = 3;
	ck_assert_int_eq(tell(&m, 1), WEIR_OK);
	is_refused(WEIR_DRIVER_HUGEPAGES);
	m.attach.hugepages = 2;
	ck_assert_int_eq(tell(&m, 1), WEIR_OK);
	is_refused(WEIR_DRIVER_NO_HUGEPAGES);
	m = attach_request(1, 1, P, 1);
	m.attach.layout_version = 2;
	ck_assert_int_eq(tell(&m, 1), WEIR_OK);
	is_refused(WEIR_DRIVER_LAYOUT);
	m = attach_request(1, 1, P, 1);
	m.attach.node = 3;
	ck_assert_int_eq(tell(&m, 1), WEIR_OK);
	is_refused(WEIR_DRIVER_NODE);
	ck_assert_ptr_null(weir_driver_find_lease(&driver, 1));
	for (i = 1; i <= 8; i++)
		ck_assert_int_eq(attaches(i, 1, C, 1), WEIR_CODEC_CODE_OK);
	ck_assert_int_eq(attaches(9, 1, C, 1), WEIR_CODEC_CODE_REJECTED);
	is_refused(WEIR_DRIVER_NO_ROOM);
}
END_TEST

START_TEST(detaching)
{
	struct weir_driver_lease l;
	uint64_t before;

	begin(NULL);
	attaches(7, 1, P, 10);
	l = *weir_driver_find_lease(&driver, 7);
	before = epoch(1);
	l.lease++;
	ck_assert_int_eq(tell_detach(&l, 5, 20), WEIR_OK);
	ck_assert_uint_eq(n_said, 1);
	ck_assert_uint_eq(said[0].kind, WEIR_CODEC_DETACHED);
	ck_assert_int_eq(said[0].detached.code, WEIR_CODEC_CODE_REJECTED);
	l.lease--;
	ck_assert_int_eq(tell_detach(&l, 6, 20), WEIR_OK);
	ck_assert_uint_eq(n_said, 3);
	ck_assert_int_eq(said[0].detached.correlation, 6);
	ck_assert_int_eq(said[0].detached.code, WEIR_CODEC_CODE_OK);
	ck_assert_uint_eq(said[1].kind, WEIR_CODEC_REVOKED);
	ck_assert_uint_eq(said[1].revoked.reason, WEIR_CODEC_END_DETACHED);
	ck_assert_uint_eq(said[2].kind, WEIR_CODEC_POOL);
	ck_assert_uint_gt(said[2].pool.epoch, before);
	ck_assert_uint_eq(said[2].pool.producer, 0);
	ck_assert_int_eq(attaches(8, 1, P, 21), WEIR_CODEC_CODE_OK);
}
END_TEST

/* Revoked, then announced with the higher epoch; once. */
START_TEST(expiry)
{
	uint64_t lease, before;

	begin(NULL);
	attaches(7, 1, P, 0);
	lease = said[0].attached.lease;
	attaches(8, 1, C, 50);
	ck_assert_int_eq(tell_keepalive(7, lease, 1, P, 200), WEIR_OK);
	ck_assert_uint_eq(n_said, 0);
	before = epoch(1);
	ck_assert_uint_eq(weir_driver_next_ns(&driver), 350);
	ck_assert_int_eq(happens(WEIR_DRIVER_TICK, 0, 349), WEIR_OK);
	ck_assert_uint_eq(n_said, 0);
	ck_assert_int_eq(happens(WEIR_DRIVER_TICK, 0, 350), WEIR_OK);
	ck_assert_uint_eq(n_said, 1);
	ck_assert_uint_eq(said[0].revoked.client, 8);
	ck_assert_uint_eq(epoch(1), before);
	/* overdue, but no tick yet: a late keepalive counts */
	ck_assert_int_eq(tell_keepalive(7, lease, 1, P, 500), WEIR_OK);
	ck_assert_uint_eq(n_said, 0);
	ck_assert_int_eq(happens(WEIR_DRIVER_TICK, 0, 800), WEIR_OK);
	ck_assert_uint_eq(n_said, 2);
	ck_assert_uint_eq(said[0].kind, WEIR_CODEC_REVOKED);
	ck_assert_uint_eq(said[0].revoked.lease, lease);
	ck_assert_uint_eq(said[0].revoked.reason, WEIR_CODEC_END_EXPIRED);
	ck_assert_uint_eq(said[0].revoked.role, P);
	ck_assert_uint_eq(said[1].kind, WEIR_CODEC_POOL);
	ck_assert_uint_gt(said[1].pool.epoch, before);
	ck_assert_int_eq(happens(WEIR_DRIVER_TICK, 0, 801), WEIR_OK);
	ck_assert_uint_eq(n_said, 0);
	/* who missed that is told again, unless there is another producer */
	ck_assert_int_eq(tell_keepalive(7, lease, 1, P, 802), WEIR_OK);
	ck_assert_uint_eq(n_said, 1);
	ck_assert_uint_eq(said[0].revoked.reason, WEIR_CODEC_END_REVOKED);
	attaches(9, 1, P, 803);
	ck_assert_int_eq(tell_keepalive(7, lease, 1, P, 804), WEIR_OK);
	ck_assert_uint_eq(n_said, 0);
	ck_assert_uint_eq(driver.stats.expired, 2);
	ck_assert_uint_eq(driver.stats.strangers, 2);
}
END_TEST

START_TEST(revoking_and_shutting_down)
{
	struct weir_codec_message out[CAP];
	struct weir_driver_event e = {.kind = WEIR_DRIVER_TICK};
	uint32_t n;

	begin(NULL);
	attaches(7, 1, P, 0);
	ck_assert_int_eq(happens(WEIR_DRIVER_REVOKE, 8, 1), -ENOENT);
	ck_assert_int_eq(happens(WEIR_DRIVER_REVOKE, 7, 1), WEIR_OK);
	ck_assert_uint_eq(n_said, 2);
	ck_assert_uint_eq(said[0].revoked.reason, WEIR_CODEC_END_REVOKED);
	ck_assert_int_eq(weir_driver_step(&driver, &e, 1, out, CAP - 1, &n), -ENOBUFS);
	e.kind = WEIR_DRIVER_EVENT_COUNT;
	ck_assert_int_eq(weir_driver_step(&driver, &e, 1, out, CAP, &n), -EINVAL);
	attaches(7, 1, P, 2);
	ck_assert_int_eq(happens(WEIR_DRIVER_SHUTDOWN, 0, 3), WEIR_OK);
	ck_assert_uint_eq(n_said, 1);
	ck_assert_uint_eq(said[0].kind, WEIR_CODEC_SHUTDOWN);
	ck_assert_ptr_null(weir_driver_find_lease(&driver, 7));
	ck_assert_uint_eq(weir_driver_next_ns(&driver), WEIR_NS_NEVER);
	ck_assert_int_eq(happens(WEIR_DRIVER_SHUTDOWN, 0, 3), WEIR_OK);
	ck_assert_uint_eq(n_said, 0);
	ck_assert_int_eq(attaches(8, 1, P, 4), WEIR_CODEC_CODE_REJECTED);
	is_refused(WEIR_DRIVER_OVER);
}
END_TEST

START_TEST(a_later_life_has_higher_epochs)
{
	struct weir_driver_config c = driver_config(4, 8);
	struct weir_driver_stream_config s = stream_config(1);
	uint64_t before, lease;

	begin(NULL);
	attaches(7, 1, P, 0);
	lease = said[0].attached.lease;
	before = epoch(1);
	c.incarnation = before + 10;
	ck_assert_int_eq(weir_driver_init(&driver, &c,
					  (struct weir_span){driver_room, sizeof(driver_room)}, 0,
					  NULL),
			 WEIR_OK);
	ck_assert_int_eq(weir_driver_add(&driver, &s, 0, NULL), WEIR_OK);
	ck_assert_uint_gt(epoch(1), before);
	ck_assert_int_eq(happens(WEIR_DRIVER_TICK, 0, 0), WEIR_OK);
	ck_assert_int_eq(tell_keepalive(7, lease, 1, P, 1), WEIR_OK);
	ck_assert_uint_eq(n_said, 1);
	ck_assert_uint_eq(said[0].kind, WEIR_CODEC_REVOKED);
}
END_TEST

START_TEST(announcements_come_again)
{
	begin(NULL);
	ck_assert_uint_eq(weir_driver_next_ns(&driver), ANNOUNCE);
	ck_assert_int_eq(happens(WEIR_DRIVER_TICK, 0, ANNOUNCE - 1), WEIR_OK);
	ck_assert_uint_eq(n_said, 0);
	ck_assert_int_eq(happens(WEIR_DRIVER_TICK, 0, ANNOUNCE), WEIR_OK);
	ck_assert_uint_eq(n_said, 3);
	ck_assert_int_eq(happens(WEIR_DRIVER_TICK, 0, 10 * ANNOUNCE), WEIR_OK);
	ck_assert_uint_eq(n_said, 3);
	ck_assert_uint_eq(weir_driver_next_ns(&driver), 11 * ANNOUNCE);
}
END_TEST

START_TEST(creating_streams)
{
	struct weir_driver_config c = driver_config(1, 8);
	struct weir_driver_stream_config s = stream_config(1);
	struct weir_codec_message m = attach_request(7, 77, P, 1);

	c.created = &s;
	ck_assert_int_eq(weir_driver_init(&driver, &c,
					  (struct weir_span){driver_room, sizeof(driver_room)}, 0,
					  NULL),
			 WEIR_OK);
	m.attach.publish_mode = WEIR_CODEC_REQUIRE_EXISTING;
	ck_assert_int_eq(tell(&m, 1), WEIR_OK);
	is_refused(WEIR_DRIVER_NO_STREAM);
	m.attach.publish_mode = WEIR_CODEC_EXISTING_OR_CREATE;
	ck_assert_int_eq(tell(&m, 1), WEIR_OK);
	ck_assert_int_eq(said[0].attached.code, WEIR_CODEC_CODE_OK);
	ck_assert_uint_eq(said[0].attached.stream, 77);
	ck_assert_ptr_nonnull(weir_driver_find_stream(&driver, 77));
	m.attach.client = 8;
	m.attach.stream = 78;
	ck_assert_int_eq(tell(&m, 1), WEIR_OK);
	ck_assert_int_eq(said[0].attached.code, WEIR_CODEC_CODE_REJECTED);
	ck_assert_ptr_null(weir_driver_find_stream(&driver, 78));
}
END_TEST

/* Merge maps leave no trace but a count. */
START_TEST(maps_are_other_peoples)
{
	struct weir_merge_rule rule = weir_merge_rule_offset(1, 0);
	struct weir_merge_map map = weir_merge_map_sequence(9, 1, &rule, 1);
	struct weir_codec_message m = weir_codec_of_map(&map);
	struct weir_driver before;

	begin(NULL);
	before = driver;
	ck_assert_int_eq(tell(&m, 1), WEIR_OK);
	ck_assert_uint_eq(n_said, 0);
	m = weir_codec_ask(WEIR_MERGE_SEQUENCE, 9, 1);
	ck_assert_int_eq(tell(&m, 1), WEIR_OK);
	ck_assert_uint_eq(n_said, 0);
	ck_assert_uint_eq(driver.stats.maps, 2);
	driver.stats = before.stats;
	driver.now = before.now;
	ck_assert_mem_eq(&driver, &before, sizeof(before));
}
END_TEST

START_TEST(misuse)
{
	struct weir_driver_config c = driver_config(2, 8);
	struct weir_driver_stream_config s = stream_config(1), bad;
	struct weir_span room = {driver_room, sizeof(driver_room)};
	struct weir_error err;
	size_t bytes;

	c.grace = 0;
	ck_assert_int_eq(weir_driver_bytes(&c, &bytes, &err), -EINVAL);
	c = driver_config(0, 8);
	ck_assert_int_eq(weir_driver_bytes(&c, &bytes, &err), -EINVAL);
	c = driver_config(2, WEIR_DRIVER_MAX + 1);
	ck_assert_int_eq(weir_driver_bytes(&c, &bytes, &err), -EINVAL);
	c = driver_config(2, 8);
	c.incarnation = UINT64_MAX;
	ck_assert_int_eq(weir_driver_bytes(&c, &bytes, &err), -EINVAL);
	c = driver_config(2, 8);
	bad = s;
	bad.regions.len = 0;
	c.created = &bad;
	ck_assert_int_eq(weir_driver_bytes(&c, &bytes, &err), -EINVAL);
	c.created = NULL;
	ck_assert_int_eq(weir_driver_bytes(&c, &bytes, &err), WEIR_OK);
	room.len = bytes - 1;
	ck_assert_int_eq(weir_driver_init(&driver, &c, room, 0, &err), -ENOBUFS);
	room.len = bytes;
	ck_assert_int_eq(weir_driver_init(&driver, &c, room, 0, &err), WEIR_OK);
	ck_assert_int_eq(weir_driver_add(&driver, &bad, 0, &err), -EINVAL);
	bad = s;
	bad.header_nslots = 16; /* than its pools have */
	ck_assert_int_eq(weir_driver_add(&driver, &bad, 0, &err), -EINVAL);
	bad = s;
	bad.clock = 3;
	ck_assert_int_eq(weir_driver_add(&driver, &bad, 0, &err), -EINVAL);
	bad = s;
	bad.gated = 1;
	ck_assert_int_eq(weir_driver_add(&driver, &bad, 0, &err), -EINVAL);
	ck_assert_int_eq(make_gate(WEIR_QUORUM_WAIT, WEIR_QUORUM_EPOCH_ANY, 1), WEIR_OK);
	bad = s;
	bad.gate = &gate; /* of stream 9 */
	ck_assert_int_eq(weir_driver_add(&driver, &bad, 0, &err), -EINVAL);
	ck_assert_int_eq(weir_driver_add(&driver, &s, 0, &err), WEIR_OK);
	ck_assert_int_eq(weir_driver_add(&driver, &s, 0, &err), -EEXIST);
	s.id = 2;
	ck_assert_int_eq(weir_driver_add(&driver, &s, 0, &err), WEIR_OK);
	s.id = 3;
	ck_assert_int_eq(weir_driver_add(&driver, &s, 0, &err), -ENOSPC);
	ck_assert_str_eq(weir_driver_event_name(WEIR_DRIVER_REVOKE), "REVOKE");
	ck_assert_str_eq(weir_driver_event_name(99), "?");
	ck_assert_str_eq(weir_driver_refusal_name(WEIR_DRIVER_OVER), "OVER");
	ck_assert_str_eq(weir_driver_refusal_text(99), "?");
	ck_assert_uint_eq(weir_driver_stat_count,
			  (sizeof(struct weir_driver_stats) - 8) / sizeof(uint64_t));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("driver");
	TCase *t = tcase_create("driver");
	SRunner *run;
	int failed;

	tcase_add_test(t, a_producer_raises_the_epoch);
	tcase_add_test(t, one_producer_one_lease);
	tcase_add_test(t, what_is_wrong_with_a_request);
	tcase_add_test(t, detaching);
	tcase_add_test(t, expiry);
	tcase_add_test(t, revoking_and_shutting_down);
	tcase_add_test(t, a_later_life_has_higher_epochs);
	tcase_add_test(t, announcements_come_again);
	tcase_add_test(t, creating_streams);
	tcase_add_test(t, maps_are_other_peoples);
	tcase_add_test(t, misuse);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed == 0 ? 0 : 1;
}
