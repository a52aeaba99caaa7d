/* Join agents: maps, requests, authorities, streams, life. Outputs: check_join_agent_outputs.c. */
#include "agent_fixture.h"

/* ---- asking ---- */

START_TEST(asks_at_once_and_ever_more_slowly)
{
	struct link *l = link_open(WEIR_JOIN_SEQUENCE);
	weir_ns at[16], now;
	uint32_t n = 0;

	for (now = 0; now <= 4000 * MS; now += MS) {
		uint32_t before = l->stage.events[WEIR_JOIN_AGENT_REQUEST_SENT];

		work(&l->stage, now);
		if (l->stage.events[WEIR_JOIN_AGENT_REQUEST_SENT] != before)
			at[n++] = now;
	}
	ck_assert_uint_eq(n, 10);
	ck_assert_uint_eq(at[0], 0);
	ck_assert_uint_eq(at[1], 10 * MS);
	ck_assert_uint_eq(at[2], 30 * MS);
	ck_assert_uint_eq(at[6], 630 * MS);
	ck_assert_uint_eq(at[7], 1270 * MS);
	ck_assert_uint_eq(at[8], 2270 * MS);
	ck_assert_uint_eq(at[9], 3270 * MS);
	ck_assert_uint_eq(weir_join_agent_next_ns(&l->stage.a), 4270 * MS);
	ck_assert_uint_eq(l->up.sent, 10);
	link_close(l);
}
END_TEST

START_TEST(map_comes_after_three_lost_requests)
{
	struct link *l = link_open(WEIR_JOIN_SEQUENCE);
	weir_ns now;

	hold_pair(l, 1, 0);
	l->up.drop_next = 3;
	l->down.drop_next = 1; /* and what was announced unasked */
	for (now = 0; now < 200 * MS && l->stage.events[WEIR_JOIN_AGENT_MAP] == 0; now += MS)
		both(l, now);
	ck_assert_uint_eq(now, 71 * MS); /* 0, 10, 30 lost; 70 answered */
	ck_assert_uint_eq(l->stage.a.stats.requests, 4);
	ck_assert_uint_eq(l->authority.a.stats.asked, 1);
	ck_assert_uint_eq(l->authority.a.stats.answered, 1);
	for (; now < 900 * MS; now += MS)
		both(l, now);
	ck_assert_uint_eq(l->stage.a.stats.requests, 4);
	link_close(l);
}
END_TEST

START_TEST(gives_up_and_can_be_told_to_go_on)
{
	struct link *l = link_make(WEIR_JOIN_SEQUENCE);
	weir_ns now;

	l->stage.cfg.request_limit = 3;
	site_open(&l->stage);
	site_open(&l->authority);
	for (now = 0; now < 1000 * MS; now += MS)
		work(&l->stage, now);
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_REQUEST_SENT], 3);
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_GAVE_UP], 1);
	ck_assert_uint_eq(l->stage.last[WEIR_JOIN_AGENT_GAVE_UP].value, 3);
	ck_assert_uint_eq(weir_join_agent_next_ns(&l->stage.a), WEIR_NS_NEVER);
	weir_join_agent_ask(&l->stage.a, now);
	work(&l->stage, now);
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_REQUEST_SENT], 4);
	give_pair(&l->stage, 1, WEIR_MERGE_NO_TIMEOUT, now); /* taken all the same */
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_MAP], 1);
	link_close(l);
}
END_TEST

START_TEST(no_room_is_no_request)
{
	struct link *l = link_open(WEIR_JOIN_SEQUENCE);
	weir_ns now;

	l->up.full = 1;
	for (now = 0; now < 5 * MS; now += MS)
		work(&l->stage, now);
	ck_assert_uint_eq(l->stage.a.stats.requests, 0);
	ck_assert_uint_eq(l->stage.a.stats.request_full, 5);
	ck_assert_uint_eq(weir_join_agent_next_ns(&l->stage.a), 4 * MS); /* at once */
	l->up.full = 0;
	work(&l->stage, now);
	ck_assert_uint_eq(l->stage.a.stats.requests, 1);
	link_close(l);
}
END_TEST

START_TEST(asks_for_no_epoch_that_it_does_not_know)
{
	struct link *l = link_make(WEIR_JOIN_SEQUENCE);

	l->stage.cfg.flags = 0;
	site_open(&l->stage);
	site_open(&l->authority);
	work(&l->stage, 0);
	ck_assert_uint_eq(l->up.sent, 0);
	ck_assert_uint_eq(weir_join_agent_next_ns(&l->stage.a), WEIR_NS_NEVER);
	pool(&l->stage, OUT, 5, MONO, 1); /* the output's own announcement tells it */
	work(&l->stage, 1);
	ck_assert_uint_eq(l->up.sent, 1);
	ck_assert_uint_eq(l->stage.last[WEIR_JOIN_AGENT_EPOCH].epoch, 5);
	ck_assert_uint_eq(l->stage.last[WEIR_JOIN_AGENT_REQUEST_SENT].epoch, 5);
	pool(&l->stage, OUT, 4, MONO, 1); /* older: no */
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_EPOCH], 1);
	link_close(l);
}
END_TEST

/* ---- authority ---- */

START_TEST(announces_at_its_cadence)
{
	struct link *l = link_open(WEIR_JOIN_SEQUENCE);
	struct weir_join before;
	weir_ns now;

	hold_pair(l, 1, 0);
	for (now = 0; now < 5000 * MS; now += 10 * MS) {
		work(&l->authority, now);
		ck_assert_uint_gt(weir_join_agent_next_ns(&l->authority.a), now);
		work(&l->stage, now);
		if (now == 10 * MS)
			frame(&l->stage, 1, 1, 4, now);
		if (now == 20 * MS)
			before = l->stage.a.join;
	}
	ck_assert_uint_eq(l->authority.a.stats.announced, 5);
	ck_assert_uint_eq(l->stage.a.stats.maps, 1);
	ck_assert_uint_eq(l->stage.a.stats.map_repeats, 4);
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_MAP], 1);
	ck_assert_uint_eq(before.generation, l->stage.a.join.generation);
	ck_assert_uint_eq(before.changes, l->stage.a.join.changes);
	ck_assert_mem_eq(before.map.rule, l->stage.a.join.map.rule, 2 * sizeof(*before.map.rule));
	link_close(l);
}
END_TEST

START_TEST(answers_for_exactly_that_pair)
{
	struct link *l = link_open(WEIR_JOIN_SEQUENCE);
	struct weir_codec_message ask = weir_codec_ask(WEIR_MERGE_SEQUENCE, OUT, 3);

	hold_pair(l, 1, 0);
	hold_pair(l, 4, 0);
	hold_pair(l, 2, 0);
	work(&l->authority, 0);
	ck_assert_uint_eq(l->down.sent, 1); /* only the newest is announced */
	ck_assert_uint_eq(l->down.slot[0].bytes[12], 4);
	tell(&l->authority, &ask, 1);
	work(&l->authority, 1);
	ask = weir_codec_ask(WEIR_MERGE_TIMESTAMP, OUT, 4);
	tell(&l->authority, &ask, 1);
	ask = weir_codec_ask(WEIR_MERGE_SEQUENCE, OUT + 1u, 4);
	tell(&l->authority, &ask, 1);
	work(&l->authority, 1);
	ck_assert_uint_eq(l->down.sent, 1); /* silence */
	ck_assert_uint_eq(l->authority.a.stats.unknown, 3);
	ask = weir_codec_ask(WEIR_MERGE_SEQUENCE, OUT, 2);
	tell(&l->authority, &ask, 1);
	tell(&l->authority, &ask, 1); /* two who ask in one cycle hear one answer */
	ck_assert_uint_le(weir_join_agent_next_ns(&l->authority.a), 1);
	work(&l->authority, 1);
	ck_assert_uint_eq(l->down.sent, 2);
	weir_join_agent_set_epoch(&l->stage.a, 77, 1); /* takes what has come, wants none of it */
	work(&l->stage, 1);
	ck_assert_int_eq(weir_join_agent_release(&l->authority.a, WEIR_MERGE_SEQUENCE, OUT, 4),
	                 WEIR_OK);
	ck_assert_int_eq(weir_join_agent_release(&l->authority.a, WEIR_MERGE_SEQUENCE, OUT, 4),
	                 -ENOENT);
	tell(&l->authority, &ask, 2);
	work(&l->authority, 2); /* the one that moved is still right */
	ck_assert_uint_eq(l->authority.a.stats.answered, 2);
	weir_join_agent_set_epoch(&l->stage.a, 2, 2);
	work(&l->stage, 2);
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_MAP], 1);
	ck_assert_uint_eq(l->stage.last[WEIR_JOIN_AGENT_MAP].epoch, 2);
	link_close(l);
}
END_TEST

START_TEST(holds_what_there_is_room_for)
{
	struct link *l = link_make(WEIR_JOIN_SEQUENCE);
	struct weir_merge_rule r[3];
	struct weir_merge_map m = pair_map(r, 1, WEIR_MERGE_NO_TIMEOUT);
	struct weir_error err;

	l->authority.cfg.maps = 2;
	l->authority.cfg.map_rules = 2;
	site_open(&l->stage);
	site_open(&l->authority);
	hold_pair(l, 1, 0);
	hold_pair(l, 2, 0);
	hold_pair(l, 1, 0); /* again: replaced */
	m.epoch = 3;
	ck_assert_int_eq(weir_join_agent_hold(&l->authority.a, &m, 0, &err), -ENOSPC);
	r[2] = r[1];
	m.epoch = 2;
	m.n_rules = 3;
	ck_assert_int_eq(weir_join_agent_hold(&l->authority.a, &m, 0, &err), -ENOBUFS);
	m.n_rules = 0;
	ck_assert_int_eq(weir_join_agent_hold(&l->authority.a, &m, 0, &err), -EINVAL);
	ck_assert_uint_eq(err.limit, WEIR_MERGE_EMPTY_RULES);
	m.n_rules = 2;
	ck_assert_int_eq(weir_join_agent_hold(&l->stage.a, &m, 0, &err), -EINVAL);
	ck_assert_uint_eq(l->authority.a.n_held, 2);
	link_close(l);
}
END_TEST

START_TEST(both_roles_in_one_agent)
{
	struct link *l = link_make(WEIR_JOIN_SEQUENCE);

	l->stage.cfg.roles = WEIR_JOIN_AGENT_STAGE | WEIR_JOIN_AGENT_AUTHORITY;
	site_open(&l->stage);
	site_open(&l->authority);
	free(l->authority.mem);
	l->authority.mem = NULL;
	l->authority.a = l->stage.a; /* not used again */
	{
		struct weir_merge_rule r[2];
		struct weir_merge_map m = pair_map(r, 2, WEIR_MERGE_NO_TIMEOUT);

		ck_assert_int_eq(weir_join_agent_hold(&l->stage.a, &m, 0, NULL), WEIR_OK);
	}
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_MAP], 0); /* the epoch is 1 */
	weir_join_agent_set_epoch(&l->stage.a, 2, 0);
	work(&l->stage, 0);
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_MAP], 1); /* and nobody was asked */
	ck_assert_uint_eq(l->stage.a.stats.requests, 0);
	link_close(l);
}
END_TEST

/* ---- maps and epochs ---- */

START_TEST(older_maps_are_ignored_and_newer_epochs_need_one)
{
	struct link *l = link_open(WEIR_JOIN_SEQUENCE);

	weir_join_agent_set_epoch(&l->stage.a, 5, 0);
	give_pair(&l->stage, 4, WEIR_MERGE_NO_TIMEOUT, 0);
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_MAP], 0);
	give_pair(&l->stage, 5, WEIR_MERGE_NO_TIMEOUT, 0);
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_MAP], 1);
	give_pair(&l->stage, 4, WEIR_MERGE_NO_TIMEOUT, 0);
	ck_assert_uint_eq(l->stage.a.join.map.epoch, 5);
	ck_assert_uint_eq(l->stage.a.stats.others, 2);
	work(&l->stage, 0);
	ck_assert_uint_eq(l->stage.a.stats.requests, 0);
	pool(&l->stage, OUT, 6, MONO, 1);
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_MAP_ENDED], 1);
	frame(&l->stage, 1, 1, 0, 1);
	frame(&l->stage, 2, 1, 0, 1);
	work(&l->stage, 1);
	ck_assert_uint_eq(l->stage.n_out, 0);
	ck_assert_uint_eq(l->stage.last[WEIR_JOIN_AGENT_REQUEST_SENT].epoch, 6);
	give_pair(&l->stage, 6, WEIR_MERGE_NO_TIMEOUT, 1);
	frame(&l->stage, 1, 1, 0, 1);
	frame(&l->stage, 2, 1, 0, 1);
	work(&l->stage, 1);
	ck_assert_uint_eq(l->stage.n_out, 1);
	link_close(l);
}
END_TEST

START_TEST(bad_map_blocks_and_is_not_asked_for_in_a_loop)
{
	struct link *l = link_open(WEIR_JOIN_SEQUENCE);
	uint8_t bytes[64];
	struct weir_merge_rule r[2];
	struct weir_merge_map m = pair_map(r, 1, WEIR_MERGE_NO_TIMEOUT);
	struct weir_codec_message msg = weir_codec_of_map(&m);
	weir_ns now;
	size_t len;

	give_pair(&l->stage, 1, WEIR_MERGE_NO_TIMEOUT, 0);
	ck_assert_int_eq(weir_codec_encode(&msg, bytes, sizeof(bytes), &len, NULL), WEIR_OK);
	ck_assert_int_eq(weir_join_agent_message(&l->stage.a, bytes, len - 1u, 0), WEIR_OK);
	ck_assert_uint_eq(l->stage.a.join.state,
	                  WEIR_JOIN_STATUS_OK); /* cut short: no map at all */
	bytes[len - 9u] = 7;                    /* type of the last rule */
	ck_assert_int_eq(weir_join_agent_message(&l->stage.a, bytes, len, 0), WEIR_OK);
	ck_assert_uint_eq(l->stage.a.join.state, WEIR_JOIN_STATUS_INVALID);
	ck_assert_uint_eq(l->stage.last[WEIR_JOIN_AGENT_MAP_INVALID].value, WEIR_CODEC_RULE_TYPE);
	for (now = 0; now < 100 * MS; now += MS) {
		work(&l->stage, now);
		ck_assert_int_eq(weir_join_agent_message(&l->stage.a, bytes, len, now), WEIR_OK);
		ck_assert(now != 0 || l->stage.a.stats.requests == 0);
	}
	ck_assert_uint_eq(l->stage.a.stats.requests, 4); /* 10, 20, 40, 80 */
	ck_assert_uint_eq(l->stage.a.stats.malformed, 102);
	bytes[8] = 10; /* of another output: no concern of ours */
	give_pair(&l->stage, 1, WEIR_MERGE_NO_TIMEOUT, now);
	ck_assert_int_eq(weir_join_agent_message(&l->stage.a, bytes, len, now), WEIR_OK);
	ck_assert_uint_eq(l->stage.a.join.state, WEIR_JOIN_STATUS_OK);
	link_close(l);
}
END_TEST

START_TEST(too_large_a_map_changes_nothing)
{
	struct link *l = link_open(WEIR_JOIN_SEQUENCE);
	struct weir_merge_rule r[9];
	struct weir_merge_map m;
	uint32_t i;

	give_pair(&l->stage, 1, WEIR_MERGE_NO_TIMEOUT, 0);
	for (i = 0; i < 9; i++)
		r[i] = weir_merge_rule_offset(i + 1u, 0);
	m = weir_merge_map_sequence(OUT, 1, r, 9);
	put_map(&l->stage.a, &m, 0);
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_MAP_CAPACITY], 1);
	ck_assert_uint_eq(l->stage.a.join.state, WEIR_JOIN_STATUS_OK);
	ck_assert_uint_eq(l->stage.a.join.map.n_rules, 2);
	link_close(l);
}
END_TEST

/* ---- streams ---- */

static void time_map(struct site *s, weir_ns now)
{
	struct weir_merge_rule r[2] = {weir_merge_rule_offset_ns(1, FD, 0),
	                               weir_merge_rule_offset_ns(2, FD, 0)};
	struct weir_merge_map m = weir_merge_map_timestamp(OUT, 1, MONO, r, 2);

	put_map(&s->a, &m, now);
}

START_TEST(times_count_in_the_clock_that_was_announced)
{
	struct link *l = link_open(WEIR_JOIN_TIMESTAMP);
	struct weir_join_input_info info;
	struct weir_codec_message newer;

	time_map(&l->stage, 0);
	timed(&l->stage, 1, 0, 100, 0);
	ck_assert_uint_eq(l->stage.a.stats.clock_unknown, 1); /* in which clock? */
	ck_assert_int_eq(weir_join_input(&l->stage.a.join, 1, &info), WEIR_OK);
	ck_assert_uint_eq(info.time[0], WEIR_MERGE_TIME_NULL);
	pool(&l->stage, 1, 1, MONO, 0);
	pool(&l->stage, 2, 1, REAL, 0);
	timed(&l->stage, 1, 1, 101, 0);
	timed(&l->stage, 1, 2, WEIR_MERGE_TIME_NULL, 0); /* no time: no cursor moves */
	ck_assert_int_eq(weir_join_input(&l->stage.a.join, 1, &info), WEIR_OK);
	ck_assert_uint_eq(info.time[0], 101);
	ck_assert_uint_eq(info.sequence, 2);
	timed(&l->stage, 2, 0, 101, 0);
	timed(&l->stage, 2, 1, 102, 0);
	ck_assert_int_eq(weir_join_input(&l->stage.a.join, 2, &info), WEIR_OK);
	ck_assert_uint_eq(info.rejected[0], WEIR_JOIN_REJECTED_CLOCK);
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_INPUT_REJECTED], 1); /* told once */
	ck_assert_uint_eq(l->stage.last[WEIR_JOIN_AGENT_INPUT_REJECTED].stream, 2);
	timed(&l->stage, 1, 1, 50, 0); /* an old frame that comes late is no disorder of times */
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_INPUT_REJECTED], 1);
	timed(&l->stage, 1, 3, 50, 0); /* a newer one is */
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_INPUT_REJECTED], 2);
	newer = frame_of(1, 2, 0, 500); /* who knows the clock of the next epoch? */
	tell(&l->stage, &newer, 0);
	ck_assert_uint_eq(l->stage.a.stats.clock_unknown, 2);
	link_close(l);
}
END_TEST

START_TEST(announced_before_the_map_and_slot_times)
{
	struct link *l = link_open(WEIR_JOIN_TIMESTAMP);
	struct weir_merge_rule r[1] = {weir_merge_rule_offset_ns(1, WEIR_MERGE_SLOT_HEADER, 0)};
	struct weir_merge_map m = weir_merge_map_timestamp(OUT, 1, MONO, r, 1);
	uint32_t i;

	for (i = 100; i < 200; i++)
		pool(&l->stage, i, 1, MONO, 0); /* of no concern, and more than there is room for */
	ck_assert_uint_gt(l->stage.a.stats.streams_full, 0);
	put_map(&l->stage.a, &m, 0);
	pool(&l->stage, 1, 1, MONO, 0); /* an input has room at their expense */
	frame(&l->stage, 1, 1, 0, 0);
	ck_assert_int_eq(weir_join_agent_slot_time(&l->stage.a, 1, 1, 77, 0), WEIR_JOIN_OK);
	ck_assert_int_eq(weir_join_agent_slot_time(&l->stage.a, 1, 0, 78, 0), WEIR_JOIN_OLD_EPOCH);
	ck_assert_int_eq(weir_join_agent_slot_time(&l->stage.a, 1, 1, 76, 0),
	                 WEIR_JOIN_REJECTED_ORDER);
	link_close(l);
}
END_TEST

START_TEST(newer_epoch_of_an_input)
{
	struct link *l = link_make(WEIR_JOIN_SEQUENCE);

	l->stage.join.epoch_policy = WEIR_JOIN_EPOCH_ANY_INPUT;
	site_open(&l->stage);
	site_open(&l->authority);
	give_pair(&l->stage, 1, WEIR_MERGE_NO_TIMEOUT, 0);
	frame(&l->stage, 1, 10, 0, 0);
	frame(&l->stage, 2, 20, 0, 0);
	work(&l->stage, 0);
	ck_assert_uint_eq(l->stage.n_out, 1);
	pool(&l->stage, 2, 21, MONO, 1); /* before any frame of it */
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_MAP_ENDED], 1);
	ck_assert_uint_eq(l->stage.last[WEIR_JOIN_AGENT_MAP_ENDED].stream, 2);
	work(&l->stage, 1);
	ck_assert_uint_eq(l->stage.a.stats.requests, 1);
	give_pair(&l->stage, 1, WEIR_MERGE_NO_TIMEOUT, 1);
	frame(&l->stage, 1, 10, 1, 1);
	frame(&l->stage, 2, 20, 5, 1); /* of the dead producer: must not count */
	work(&l->stage, 1);
	ck_assert_uint_eq(l->stage.n_out, 1);
	ck_assert_uint_eq(l->stage.a.stats.old_frames, 1);
	frame(&l->stage, 2, 21, 1, 1);
	work(&l->stage, 1);
	ck_assert_uint_eq(l->stage.n_out, 2);
	ck_assert_uint_eq(l->stage.out[1], 1);
	link_close(l);
}
END_TEST

START_TEST(lost_input_is_stale_until_it_is_back)
{
	struct link *l = link_open(WEIR_JOIN_SEQUENCE);

	give_pair(&l->stage, 1, 1000 * MS, 0);
	frame(&l->stage, 1, 1, 0, 0);
	frame(&l->stage, 2, 1, 0, 0);
	frame(&l->stage, 1, 1, 1, 0);
	work(&l->stage, 0);
	ck_assert_uint_eq(l->stage.n_out, 1);
	lease_void(&l->stage, 2, 1);
	lease_void(&l->stage, 2, 1);
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_INPUT_LOST], 1);
	work(&l->stage, 1);
	ck_assert_uint_eq(l->stage.n_out, 2); /* at once, not after the timeout */
	ck_assert_uint_eq(l->stage.stale[1], 1);
	pool(&l->stage, 2, 2, MONO, 2); /* its next epoch is announced: still no frame */
	frame(&l->stage, 1, 1, 2, 2);
	work(&l->stage, 2);
	ck_assert_uint_eq(l->stage.n_out, 3);
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_INPUT_BACK], 0);
	frame(&l->stage, 2, 2, 3, 3);
	frame(&l->stage, 1, 1, 3, 3);
	work(&l->stage, 3);
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_INPUT_BACK], 1);
	ck_assert_uint_eq(l->stage.n_out, 4);
	ck_assert_uint_eq(l->stage.stale[3], 0);
	link_close(l);
}
END_TEST

START_TEST(shutdown_of_the_driver)
{
	struct link *l = link_open(WEIR_JOIN_SEQUENCE);
	struct weir_codec_message m;

	give_pair(&l->stage, 1, 1000 * MS, 0);
	frame(&l->stage, 1, 1, 0, 0);
	frame(&l->stage, 2, 1, 0, 0);
	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_SHUTDOWN;
	tell(&l->stage, &m, 1);
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_INPUT_LOST], 2);
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_SHUTDOWN], 1);
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_MAP_ENDED], 1);
	work(&l->stage, 2);
	ck_assert_uint_eq(l->stage.n_out, 0);
	ck_assert_uint_eq(l->stage.a.stats.requests, 0);   /* of which epoch? */
	give_pair(&l->stage, 1, WEIR_MERGE_NO_TIMEOUT, 3); /* not fresh */
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_MAP], 1);
	give_pair(&l->stage, 2, WEIR_MERGE_NO_TIMEOUT, 3);
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_MAP], 2);
	frame(&l->stage, 1, 2, 0, 3);
	frame(&l->stage, 2, 2, 0, 3);
	work(&l->stage, 3);
	ck_assert_uint_eq(l->stage.n_out, 1);
	link_close(l);
}
END_TEST

/* ---- life ---- */

START_TEST(configurations)
{
	struct link *l = link_make(WEIR_JOIN_SEQUENCE);
	struct weir_join_agent_config c = l->stage.cfg;
	struct weir_join_agent_stats st = {.struct_size = sizeof(st)};
	struct weir_join_agent a;
	struct weir_span mem;
	size_t n;

#define REFUSED(field, value)                                                                      \
	do {                                                                                       \
		c = l->stage.cfg;                                                                  \
		c.field = (value);                                                                 \
		ck_assert_int_eq(weir_join_agent_bytes(&c, &n, NULL), -EINVAL);                    \
	} while (0)
	REFUSED(struct_size, 0);
	REFUSED(roles, 0);
	REFUSED(roles, 4);
	REFUSED(flags, 1024);
	REFUSED(join, NULL);
	REFUSED(map_rules, 65535);
	REFUSED(control.offer, NULL);
	REFUSED(retry_max_ns, 5);
	ck_assert_int_eq(weir_join_agent_bytes(&l->stage.cfg, &n, NULL), WEIR_OK);
	mem.ptr = aligned_alloc(WEIR_LINE, n);
	mem.len = n - 1u;
	ck_assert_int_eq(weir_join_agent_init(&a, &l->stage.cfg, mem, NULL), -ENOBUFS);
	mem.len = n;
	ck_assert_int_eq(weir_join_agent_init(&a, &l->stage.cfg, mem, NULL), WEIR_OK);
	st.struct_size = 1;
	ck_assert_int_eq(weir_join_agent_read_stats(&a, &st), -EINVAL);
	ck_assert_uint_eq(weir_join_agent_stat_count, (sizeof(st) - 8u) / 8u);
	ck_assert_str_eq(weir_join_agent_event_name(WEIR_JOIN_AGENT_GAVE_UP), "GAVE_UP");
	ck_assert_str_eq(weir_join_agent_event_name(WEIR_JOIN_AGENT_EVENT_COUNT), "?");
	free(mem.ptr);
	l->stage.mem = l->authority.mem = NULL;
	link_close(l);
}
END_TEST

START_TEST(close_is_final)
{
	struct link *l = link_open(WEIR_JOIN_SEQUENCE);
	struct weir_wait how = {.strategy = WEIR_WAIT_SPIN};

	give_pair(&l->stage, 1, WEIR_MERGE_NO_TIMEOUT, 0);
	frame(&l->stage, 1, 1, 5, 0);
	frame(&l->stage, 2, 1, 5, 0);
	l->stage.close_in_output = 1;
	ck_assert_int_ge(weir_join_agent_do_work(&l->stage.a, 0), 0);
	ck_assert_uint_eq(l->stage.n_out, 1); /* of six */
	weir_join_agent_close(&l->stage.a);
	weir_join_agent_close(&l->stage.a);
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_CLOSED], 1);
	ck_assert_uint_eq(l->stage.end.forgotten, 1);
	ck_assert_int_eq(weir_join_agent_do_work(&l->stage.a, 1), -ECANCELED);
	ck_assert_int_eq(weir_join_agent_message(&l->stage.a, "", 0, 1), -ECANCELED);
	ck_assert_int_eq(weir_join_agent_wait_ready(&l->stage.a, 9, &how, NULL), -ECANCELED);
	ck_assert_int_eq(weir_join_agent_seek(&l->stage.a, 9), -ECANCELED);
	ck_assert_int_eq(weir_join_agent_commit(&l->stage.a, 9, 1), -ECANCELED);
	ck_assert_int_eq(weir_join_agent_set_epoch(&l->stage.a, 2, 1), WEIR_JOIN_CLOSED);
	ck_assert_uint_eq(weir_join_agent_next_ns(&l->stage.a), WEIR_NS_NEVER);
	ck_assert_uint_eq(l->stage.after_close, 0);
	link_close(l);
}
END_TEST

START_TEST(close_on_any_event)
{
	int kind;

	for (kind = 0; kind < WEIR_JOIN_AGENT_EVENT_COUNT; kind++) {
		struct link *l = link_open(WEIR_JOIN_SEQUENCE);
		struct weir_merge_rule r[2];
		struct weir_merge_map m = pair_map(r, 1, 1000);
		struct weir_codec_message msg = weir_codec_of_map(&m), out;
		uint8_t bytes[64];
		size_t len;

		l->stage.close_on = kind;
		memset(&out, 0, sizeof(out));
		out.kind = WEIR_CODEC_SHUTDOWN;
		ck_assert_int_eq(weir_codec_encode(&msg, bytes, sizeof(bytes), &len, NULL), 0);
		lossy_put(&l->down, bytes, len);
		ck_assert_int_eq(weir_codec_encode(&out, bytes, sizeof(bytes), &len, NULL), 0);
		lossy_put(&l->down, bytes, len);
		l->stage.end.error = -EIO;
		(void)!weir_join_agent_do_work(&l->stage.a, 0);
		(void)!weir_join_agent_do_work(&l->stage.a, 1);
		ck_assert_uint_eq(l->stage.after_close, 0);
		ck_assert_uint_eq(l->stage.end.forgotten, (unsigned)l->stage.closed);
		ck_assert_uint_eq(l->stage.end.inside, 0); /* not while it is being polled */
		link_close(l);
	}
}
END_TEST

START_TEST(transport_errors_are_told_once)
{
	struct link *l = link_open(WEIR_JOIN_SEQUENCE);
	weir_ns now;

	l->stage.end.error = -ENOTCONN;
	for (now = 0; now < 10; now++)
		work(&l->stage, now);
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_TRANSPORT_ERROR], 1);
	ck_assert_int_eq(l->stage.last[WEIR_JOIN_AGENT_TRANSPORT_ERROR].code, -ENOTCONN);
	ck_assert_uint_eq(l->stage.a.stats.transport_errors, 10);
	link_close(l);
}
END_TEST

START_TEST(garbage_is_counted)
{
	struct link *l = link_open(WEIR_JOIN_SEQUENCE);
	struct lossy_queue *q = &l->down;
	uint8_t bytes[96];
	uint32_t i, k;
	struct weir_join_agent_stats *st = &l->stage.a.stats;

	give_pair(&l->stage, 1, WEIR_MERGE_NO_TIMEOUT, 0);
	for (i = 0; i < 100000; i++) {
		size_t len = lossy_random(q) % sizeof(bytes);

		for (k = 0; k < sizeof(bytes); k++)
			bytes[k] = (uint8_t)lossy_random(q);
		if (i % 2u != 0 && len >= 8u) { /* one of our schemas, some template */
			static const uint16_t schema[] = {900, 901, 903, 1903};
			uint16_t s = schema[lossy_random(q) % 4u];

			bytes[0] = (uint8_t)(lossy_random(q) % 64u);
			bytes[1] = 0;
			bytes[2] = (uint8_t)(lossy_random(q) % 12u);
			bytes[3] = 0;
			bytes[4] = (uint8_t)s;
			bytes[5] = (uint8_t)(s >> 8);
			bytes[6] = 1;
			bytes[7] = 0;
		}
		ck_assert_int_eq(weir_join_agent_message(&l->stage.a, bytes, len, i), WEIR_OK);
		if (i % 100u == 0)
			work(&l->stage, i);
	}
	ck_assert_uint_eq(st->messages, 100001);
	ck_assert_uint_gt(st->foreign, 40000);
	ck_assert_uint_gt(st->malformed, 5000);
	ck_assert_uint_eq(st->messages, st->foreign + st->malformed + st->maps + st->map_repeats +
	                                        st->frames + st->announcements + st->revoked +
	                                        st->shutdowns + st->others + st->readies);
	ck_assert_uint_eq(l->stage.n_out, 0);
	link_close(l);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("join_agent");
	TCase *t = tcase_create("maps");

	tcase_add_test(t, asks_at_once_and_ever_more_slowly);
	tcase_add_test(t, map_comes_after_three_lost_requests);
	tcase_add_test(t, gives_up_and_can_be_told_to_go_on);
	tcase_add_test(t, no_room_is_no_request);
	tcase_add_test(t, asks_for_no_epoch_that_it_does_not_know);
	tcase_add_test(t, announces_at_its_cadence);
	tcase_add_test(t, answers_for_exactly_that_pair);
	tcase_add_test(t, holds_what_there_is_room_for);
	tcase_add_test(t, both_roles_in_one_agent);
	tcase_add_test(t, older_maps_are_ignored_and_newer_epochs_need_one);
	tcase_add_test(t, bad_map_blocks_and_is_not_asked_for_in_a_loop);
	tcase_add_test(t, too_large_a_map_changes_nothing);
	suite_add_tcase(s, t);
	t = tcase_create("streams");
	tcase_add_test(t, times_count_in_the_clock_that_was_announced);
	tcase_add_test(t, announced_before_the_map_and_slot_times);
	tcase_add_test(t, newer_epoch_of_an_input);
	tcase_add_test(t, lost_input_is_stale_until_it_is_back);
	tcase_add_test(t, shutdown_of_the_driver);
	suite_add_tcase(s, t);
	t = tcase_create("life");
	tcase_add_test(t, configurations);
	tcase_add_test(t, close_is_final);
	tcase_add_test(t, close_on_any_event);
	tcase_add_test(t, transport_errors_are_told_once);
	tcase_add_test(t, garbage_is_counted);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	SRunner *r = srunner_create(suite());
	int failed;

	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
