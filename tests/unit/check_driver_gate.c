/* Streams with a gate: who waits, who is refused, and when that a join is ready is said. */
#include "driver_checks.h"

START_TEST(a_gate_that_refuses)
{
	ck_assert_int_eq(make_gate(WEIR_QUORUM_REFUSE, WEIR_QUORUM_EPOCH_OUTPUT, 1000), WEIR_OK);
	begin(&gate);
	ck_assert_int_eq(attaches(20, 9, C, 1), WEIR_CODEC_CODE_REJECTED);
	is_refused(WEIR_DRIVER_NOT_READY);
	ck_assert_int_eq(attaches(7, 1, P, 2), WEIR_CODEC_CODE_OK);
	ck_assert_int_eq(attaches(20, 9, C, 3), WEIR_CODEC_CODE_REJECTED);
	ck_assert_int_eq(attaches(8, 2, P, 4), WEIR_CODEC_CODE_OK);
	ck_assert_uint_eq(n_said, 3);
	ck_assert_uint_eq(said[2].kind, WEIR_CODEC_READY);
	ck_assert_uint_eq(said[2].ready.out, 9);
	ck_assert_uint_eq(said[2].ready.epoch, epoch(9));
	ck_assert_uint_eq(said[2].ready.participants, 2);
	ck_assert_int_eq(attaches(20, 9, C, 5), WEIR_CODEC_CODE_OK);
	ck_assert_uint_eq(n_said, 1);
	ck_assert_int_eq(attaches(21, 9, A, 6), WEIR_CODEC_CODE_OK);
	/* one producer goes: shut; another comes: open, and nothing is said twice */
	ck_assert_int_eq(happens(WEIR_DRIVER_REVOKE, 7, 7), WEIR_OK);
	ck_assert_int_eq(attaches(22, 9, C, 8), WEIR_CODEC_CODE_REJECTED);
	ck_assert_int_eq(attaches(7, 1, P, 9), WEIR_CODEC_CODE_OK);
	ck_assert_uint_eq(n_said, 2);
	ck_assert_int_eq(attaches(22, 9, C, 10), WEIR_CODEC_CODE_OK);
	/* a new epoch of the output: everybody is there again, and that is said once */
	ck_assert_int_eq(attaches(23, 9, P, 11), WEIR_CODEC_CODE_OK);
	ck_assert_uint_eq(n_said, 3);
	ck_assert_uint_eq(said[2].kind, WEIR_CODEC_READY);
	ck_assert_uint_eq(said[2].ready.epoch, epoch(9));
	ck_assert_uint_eq(driver.stats.ready, 2);
}
END_TEST

START_TEST(a_gate_at_which_one_waits)
{
	ck_assert_int_eq(make_gate(WEIR_QUORUM_WAIT, WEIR_QUORUM_EPOCH_OUTPUT, 1000), WEIR_OK);
	begin(&gate);
	ck_assert_int_eq(attaches(20, 9, C, 1), -1);
	ck_assert_int_eq(attaches(20, 9, C, 2), -1);
	ck_assert_int_eq(attaches(20, 1, C, 2), WEIR_CODEC_CODE_REJECTED);
	is_refused(WEIR_DRIVER_CLIENT);
	attaches(7, 1, P, 3);
	attaches(8, 2, P, 4);
	ck_assert_uint_eq(n_said, 4);
	ck_assert_uint_eq(said[2].kind, WEIR_CODEC_READY);
	ck_assert_uint_eq(said[3].kind, WEIR_CODEC_ATTACHED);
	ck_assert_int_eq(said[3].attached.correlation, 1020);
	ck_assert_int_eq(said[3].attached.code, WEIR_CODEC_CODE_OK);
	ck_assert_ptr_nonnull(weir_driver_find_lease(&driver, 20));
	/* and one whose time is over */
	ck_assert_int_eq(happens(WEIR_DRIVER_REVOKE, 8, 5), WEIR_OK);
	ck_assert_int_eq(attaches(21, 9, C, 6), -1);
	ck_assert_int_eq(happens(WEIR_DRIVER_TICK, 0, 1006), WEIR_OK);
	ck_assert_uint_eq(driver.waiting.live, 0);
	ck_assert_uint_eq(driver.stats.rejected, 2);
	ck_assert_ptr_null(weir_driver_find_lease(&driver, 21));
}
END_TEST

/* Arriving with the first frame of the epoch. */
START_TEST(arrival_by_frames)
{
	struct weir_driver_config c = driver_config(4, 8);
	struct weir_driver_stream_config s;
	struct weir_codec_message f;
	uint32_t id;

	ck_assert_int_eq(make_gate(WEIR_QUORUM_REFUSE, WEIR_QUORUM_EPOCH_ANY, 1000), WEIR_OK);
	ck_assert_int_eq(weir_driver_init(&driver, &c,
					  (struct weir_span){driver_room, sizeof(driver_room)}, 0,
					  NULL),
			 WEIR_OK);
	for (id = 1; id <= 3; id++) {
		s = stream_config(id == 3 ? 9 : id);
		s.arrival = WEIR_DRIVER_ON_FRAME;
		s.gate = id == 3 ? &gate : NULL;
		ck_assert_int_eq(weir_driver_add(&driver, &s, 0, NULL), WEIR_OK);
	}
	attaches(7, 1, P, 1);
	attaches(8, 2, P, 1);
	ck_assert_int_eq(attaches(20, 9, C, 1), WEIR_CODEC_CODE_REJECTED);
	memset(&f, 0, sizeof(f));
	f.kind = WEIR_CODEC_FRAME;
	for (id = 1; id <= 2; id++) {
		ck_assert_uint_eq(driver.stats.ready, 0);
		f.frame.stream = id;
		f.frame.epoch = epoch(id) - 1; /* of an earlier life */
		ck_assert_int_eq(tell(&f, 2), WEIR_OK);
		f.frame.epoch = epoch(id);
		ck_assert_int_eq(tell(&f, 2), WEIR_OK);
	}
	ck_assert_uint_eq(driver.stats.ready, 1);
	ck_assert_int_eq(attaches(20, 9, C, 3), WEIR_CODEC_CODE_OK);
	/* EPOCH_ANY: a producer that begins again begins a new round */
	ck_assert_int_eq(happens(WEIR_DRIVER_REVOKE, 7, 4), WEIR_OK);
	attaches(7, 1, P, 5);
	f.frame.stream = 1;
	f.frame.epoch = epoch(1);
	ck_assert_int_eq(tell(&f, 6), WEIR_OK);
	ck_assert_uint_eq(driver.stats.ready, 2);
	ck_assert_uint_eq(n_said, 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("driver_gate");
	TCase *t = tcase_create("driver_gate");
	SRunner *run;
	int failed;

	tcase_add_test(t, a_gate_that_refuses);
	tcase_add_test(t, a_gate_at_which_one_waits);
	tcase_add_test(t, arrival_by_frames);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed == 0 ? 0 : 1;
}
