/* Join agents: outputs, deadlines, waiting, and what loss and disorder must not do. */
#define _GNU_SOURCE
#include "agent_fixture.h"

#include <pthread.h>
#include <unistd.h>

static void pair_frames(struct site *s, uint64_t seq, weir_ns now)
{
	frame(s, 1, 1, seq, now);
	frame(s, 2, 1, seq, now);
}

START_TEST(outputs_in_order_each_once)
{
	struct link *l = link_make(WEIR_JOIN_SEQUENCE);
	uint32_t i;

	l->stage.cfg.outputs = 4;
	site_open(&l->stage);
	site_open(&l->authority);
	give_pair(&l->stage, 1, WEIR_MERGE_NO_TIMEOUT, 0);
	frame(&l->stage, 1, 1, 9, 0);
	work(&l->stage, 0);
	ck_assert_uint_eq(l->stage.raised, 0);
	frame(&l->stage, 2, 1, 5, 0);
	work(&l->stage, 0);
	ck_assert_uint_eq(l->stage.n_out, 4); /* a cycle's worth, */
	ck_assert_uint_eq(weir_join_agent_next_ns(&l->stage.a), 0);
	work(&l->stage, 0);
	work(&l->stage, 0);
	ck_assert_uint_eq(l->stage.n_out, 6); /* and the rest */
	for (i = 0; i < 6; i++)
		ck_assert_uint_eq(l->stage.out[i], i);
	ck_assert_uint_eq(weir_join_agent_next_ns(&l->stage.a), WEIR_NS_NEVER);
	ck_assert_uint_eq(l->stage.a.join.stats.commits, 6);
	link_close(l);
}
END_TEST

START_TEST(not_now_and_never)
{
	struct link *l = link_open(WEIR_JOIN_SEQUENCE);
	uint32_t i;

	give_pair(&l->stage, 1, WEIR_MERGE_NO_TIMEOUT, 0);
	pair_frames(&l->stage, 1, 0);
	l->stage.reply = WEIR_JOIN_AGENT_LATER;
	for (i = 0; i < 3; i++)
		work(&l->stage, i);
	ck_assert_uint_eq(l->stage.raised, 3); /* the same one, once a cycle */
	ck_assert_uint_eq(l->stage.a.next, 0);
	l->stage.reply = WEIR_JOIN_AGENT_PASS;
	work(&l->stage, 4);
	ck_assert_uint_eq(l->stage.a.stats.passed, 2);
	ck_assert_uint_eq(l->stage.a.join.stats.commits, 0);
	l->stage.reply = WEIR_JOIN_AGENT_TAKEN;
	ck_assert_int_eq(weir_join_agent_seek(&l->stage.a, 1), -EINVAL);
	ck_assert_int_eq(weir_join_agent_seek(&l->stage.a, 7), WEIR_OK);
	pair_frames(&l->stage, 7, 5);
	work(&l->stage, 5);
	ck_assert_uint_eq(l->stage.n_out, 1);
	ck_assert_uint_eq(l->stage.out[0], 7);
	link_close(l);
}
END_TEST

START_TEST(map_that_changes_under_an_output)
{
	struct link *l = link_open(WEIR_JOIN_SEQUENCE);
	struct weir_merge_rule r = weir_merge_rule_offset(1, 0);
	struct weir_merge_map m = weir_merge_map_sequence(OUT, 1, &r, 1);

	give_pair(&l->stage, 1, WEIR_MERGE_NO_TIMEOUT, 0);
	pair_frames(&l->stage, 0, 0);
	l->stage.new_map = &m;
	work(&l->stage, 0);
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_OUTPUT_VOID], 1);
	ck_assert_uint_eq(l->stage.a.stats.outputs, 0);
	work(&l->stage, 1);
	ck_assert_uint_eq(l->stage.n_out, 2); /* raised again, under the new map */
	ck_assert_uint_eq(l->stage.out[1], 0);
	ck_assert_uint_eq(l->stage.a.stats.outputs, 1);
	link_close(l);
}
END_TEST

START_TEST(begins_where_it_has_seen_all)
{
	struct link *l = link_make(WEIR_JOIN_SEQUENCE);

	l->stage.cfg.flags |= WEIR_JOIN_AGENT_FROM_SEEN;
	site_open(&l->stage);
	site_open(&l->authority);
	give_pair(&l->stage, 1, WEIR_MERGE_NO_TIMEOUT, 0);
	frame(&l->stage, 1, 1, 105, 0);
	frame(&l->stage, 2, 1, 103, 0);
	work(&l->stage, 0);
	ck_assert_uint_eq(l->stage.n_out, 0); /* 103 and 104 of stream 1 were never seen */
	frame(&l->stage, 2, 1, 106, 0);
	frame(&l->stage, 1, 1, 106, 0);
	work(&l->stage, 0);
	ck_assert_uint_eq(l->stage.n_out, 2);
	ck_assert_uint_eq(l->stage.out[0], 105);
	link_close(l);
}
END_TEST

START_TEST(outputs_that_cannot_be_are_passed_over)
{
	struct weir_join_input_config in = {.stream = 2, .slots = 8};
	struct link *l = link_make(WEIR_JOIN_SEQUENCE);
	struct weir_merge_rule r[2] = {weir_merge_rule_offset(1, -1000000),
	                               weir_merge_rule_window(2, 5)};
	struct weir_merge_map m = weir_merge_map_sequence(OUT, 1, r, 2);

	l->stage.join.input = &in;
	l->stage.join.n_inputs = 1;
	site_open(&l->stage);
	site_open(&l->authority);
	put_map(&l->stage.a, &m, 0);
	frame(&l->stage, 1, 1, 3, 0);
	frame(&l->stage, 2, 1, 1000001, 0);
	work(&l->stage, 0);
	/* ring 2 holds 999994 and later: windows of 5 are whole from 999998 on */
	ck_assert_uint_eq(l->stage.n_out, 2);
	ck_assert_uint_eq(l->stage.out[0], 1000000);
	ck_assert_uint_eq(l->stage.a.stats.skipped, 1000000);
	frame(&l->stage, 1, 1, 1000, 0);
	frame(&l->stage, 2, 1, 1000500, 0);
	work(&l->stage, 0);
	ck_assert_uint_eq(l->stage.out[2], 1000497);
	ck_assert_uint_eq(l->stage.n_out, 6);
	link_close(l);
}
END_TEST

START_TEST(waits_for_the_quorum)
{
	struct link *l = link_make(WEIR_JOIN_SEQUENCE);
	struct weir_codec_message m;

	l->stage.cfg.flags |= WEIR_JOIN_AGENT_AWAIT_READY;
	site_open(&l->stage);
	site_open(&l->authority);
	give_pair(&l->stage, 1, WEIR_MERGE_NO_TIMEOUT, 0);
	pair_frames(&l->stage, 0, 0);
	work(&l->stage, 0);
	ck_assert_uint_eq(l->stage.n_out, 0);
	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_READY;
	m.ready.out = OUT;
	m.ready.epoch = 1;
	m.ready.round = 3;
	m.ready.time_ns = WEIR_MERGE_TIME_NULL;
	tell(&l->stage, &m, 0);
	tell(&l->stage, &m, 0);
	work(&l->stage, 0);
	ck_assert_uint_eq(l->stage.n_out, 1);
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_READY], 1);
	ck_assert_uint_eq(l->stage.last[WEIR_JOIN_AGENT_READY].value, 3);
	m.ready.epoch = 2; /* and a newer epoch of the output needs its own map */
	tell(&l->stage, &m, 0);
	ck_assert_uint_eq(l->stage.events[WEIR_JOIN_AGENT_MAP_ENDED], 1);
	link_close(l);
}
END_TEST

/* ---- time ---- */

START_TEST(stale_input_and_its_wake_up)
{
	struct link *l = link_open(WEIR_JOIN_SEQUENCE);
	weir_ns next;

	give_pair(&l->stage, 1, 100, 0);
	pair_frames(&l->stage, 0, 0);
	frame(&l->stage, 1, 1, 1, 50);
	work(&l->stage, 50);
	ck_assert_uint_eq(l->stage.n_out, 1);
	next = weir_join_agent_next_ns(&l->stage.a);
	ck_assert_uint_eq(next, 101); /* stream 2 came at 0 */
	work(&l->stage, next - 1u);
	ck_assert_uint_eq(l->stage.n_out, 1);
	work(&l->stage, next);
	ck_assert_uint_eq(l->stage.n_out, 2);
	ck_assert_uint_eq(l->stage.a.stats.absent, 1);
	link_close(l);
}
END_TEST

START_TEST(budget_of_sequences)
{
	struct link *l = link_make(WEIR_JOIN_SEQUENCE);

	l->stage.cfg.budget_ns = 100;
	site_open(&l->stage);
	site_open(&l->authority);
	give_pair(&l->stage, 1, WEIR_MERGE_NO_TIMEOUT, 0);
	frame(&l->stage, 1, 1, 0, 10); /* 0 begins at 10, 1 and 2 at 50 */
	work(&l->stage, 10);
	frame(&l->stage, 1, 1, 2, 50);
	work(&l->stage, 50);
	ck_assert_uint_eq(weir_join_agent_next_ns(&l->stage.a), 110);
	work(&l->stage, 109);
	ck_assert_uint_eq(l->stage.n_out, 0);
	work(&l->stage, 110);
	ck_assert_uint_eq(l->stage.n_out, 1);
	ck_assert_uint_eq(l->stage.stale[0], 1);
	ck_assert_uint_eq(weir_join_agent_next_ns(&l->stage.a), 150);
	work(&l->stage, 150); /* each by its own beginning: both at once */
	ck_assert_uint_eq(l->stage.n_out, 3);
	ck_assert_uint_eq(l->stage.a.stats.overdue, 3);
	frame(&l->stage, 2, 1, 1, 160); /* what came too late is counted */
	ck_assert_uint_gt(l->stage.a.join.stats.late, 0);
	link_close(l);
}
END_TEST

START_TEST(proposals_of_times)
{
	struct link *l = link_make(WEIR_JOIN_TIMESTAMP);
	struct weir_merge_rule r[2] = {weir_merge_rule_offset_ns(1, FD, 0),
	                               weir_merge_rule_offset_ns(2, FD, 0)};
	struct weir_merge_map m = weir_merge_map_timestamp(OUT, 1, MONO, r, 2);
	struct weir_join_agent_proposal p[] = {{.out = 100, .clock = MONO},
	                                       {.out = 200},
	                                       {.out = 150}, /* goes back */
	                                       {.out = 300, .clock = REAL},
	                                       {.out = 400, .deadline = 450}};

	l->stage.cfg.proposals = 2;
	l->stage.cfg.budget_ns = 1000;
	site_open(&l->stage);
	site_open(&l->authority);
	put_map(&l->stage.a, &m, 0);
	pool(&l->stage, 1, 1, MONO, 0);
	pool(&l->stage, 2, 1, MONO, 0);
	ck_assert_int_eq(weir_join_agent_propose(&l->stage.a, &p[0], 0), WEIR_OK);
	ck_assert_int_eq(weir_join_agent_propose(&l->stage.a, &p[1], 0), WEIR_OK);
	ck_assert_int_eq(weir_join_agent_propose(&l->stage.a, &p[2], 0), WEIR_FULL);
	timed(&l->stage, 1, 0, 250, 0);
	timed(&l->stage, 2, 0, 150, 0);
	work(&l->stage, 0);
	ck_assert_uint_eq(l->stage.n_out, 1);
	ck_assert_uint_eq(weir_join_agent_next_ns(&l->stage.a), 1200); /* 200 + budget */
	timed(&l->stage, 2, 1, 210, 1);
	l->stage.wish = p + 2;
	l->stage.n_wish = 3;
	work(&l->stage, 1);
	ck_assert_uint_eq(l->stage.n_out, 2);
	ck_assert_uint_eq(l->stage.out[1], 200);
	ck_assert_uint_eq(l->stage.a.stats.refused, 2);
	ck_assert_uint_eq(l->stage.last[WEIR_JOIN_AGENT_OUTPUT_REFUSED].value,
	                  WEIR_JOIN_STATUS_CLOCK);
	ck_assert_uint_eq(weir_join_agent_next_ns(&l->stage.a), 450);
	timed(&l->stage, 1, 1, 400, 2);
	work(&l->stage, 449);
	ck_assert_uint_eq(l->stage.n_out, 2);
	work(&l->stage, 450);
	ck_assert_uint_eq(l->stage.n_out, 3);
	ck_assert_uint_eq(l->stage.stale[2], 1);
	ck_assert_int_eq(weir_join_agent_seek(&l->stage.a, 1), -EINVAL);
	link_close(l);
}
END_TEST

START_TEST(latest_takes_either_kind_of_map)
{
	struct link *l = link_open(WEIR_JOIN_LATEST);
	struct weir_join_agent_proposal p = {.out = 7};

	ck_assert_int_eq(weir_join_agent_propose(&l->stage.a, &p, 0), WEIR_OK);
	work(&l->stage, 0);
	work(&l->stage, 10 * MS);
	ck_assert_uint_eq(l->stage.a.stats.requests, 2);
	ck_assert_uint_eq(l->up.slot[0].bytes[2], 2); /* template: sequence ... */
	ck_assert_uint_eq(l->up.slot[1].bytes[2], 4); /* ... then timestamp */
	give_pair(&l->stage, 1, WEIR_MERGE_NO_TIMEOUT, 0);
	frame(&l->stage, 1, 1, 70, 0);
	work(&l->stage, 11 * MS);
	ck_assert_uint_eq(l->stage.n_out, 0);
	frame(&l->stage, 2, 1, 3, 0);
	work(&l->stage, 11 * MS);
	ck_assert_uint_eq(l->stage.n_out, 1);
	ck_assert_uint_eq(l->stage.out[0], 7);
	link_close(l);
}
END_TEST

/* ---- loss, repeats, disorder: an oracle that keeps what was really handed over ---- */

struct oracle {
	uint64_t newest[3]; /* of each stream, + 1 */
	uint64_t expected;
};

static struct oracle oracle;

static void check_output(struct site *s, const struct weir_join_verdict *v)
{
	(void)s;
	ck_assert_uint_eq(v->out, oracle.expected); /* in order, each once */
	ck_assert_uint_gt(oracle.newest[1], v->out);
	ck_assert_uint_gt(oracle.newest[2], v->out);
	oracle.expected++;
}

struct tap {
	weir_transport_fn fn;
	void *fn_ctx;
	struct lossy_end *end;
};

static void tapped(void *ctx, const void *buf, size_t len, weir_ns now)
{
	struct tap *t = ctx;
	struct weir_codec_message m;

	if (weir_codec_decode(buf, len, WEIR_CODEC_BIT(WEIR_CODEC_FRAME), NULL, 0, &m) ==
	            WEIR_CODEC_OK &&
	    m.frame.seq + 1u > oracle.newest[m.frame.stream])
		oracle.newest[m.frame.stream] = m.frame.seq + 1u;
	t->fn(t->fn_ctx, buf, len, now);
}

static int tap_poll(void *ctx, weir_transport_fn fn, void *fn_ctx, uint32_t limit, weir_ns now)
{
	struct tap *t = ctx;

	t->fn = fn;
	t->fn_ctx = fn_ctx;
	return lossy_poll(t->end, fn != NULL ? tapped : NULL, t, limit, now);
}

static int tap_offer(void *ctx, const void *buf, size_t len)
{
	struct tap *t = ctx;

	return lossy_offer(t->end, buf, len);
}

static void send_frame(struct lossy_queue *q, uint32_t stream, uint64_t seq)
{
	struct weir_codec_message m = frame_of(stream, 1, seq, WEIR_MERGE_TIME_NULL);
	uint8_t bytes[64];
	size_t len;

	ck_assert_int_eq(weir_codec_encode(&m, bytes, sizeof(bytes), &len, NULL), WEIR_OK);
	ck_assert_int_eq(lossy_send(q, bytes, len), WEIR_OK);
}

START_TEST(disorder_makes_no_output_early)
{
	struct link *l = link_make(WEIR_JOIN_SEQUENCE);
	struct tap tap = {NULL, NULL, &l->stage.end};
	uint64_t seq[3] = {0};
	weir_ns now;

	memset(&oracle, 0, sizeof(oracle));
	lossy_init(&l->up, (uint64_t)_i);
	lossy_init(&l->down, (uint64_t)_i + 1000u);
	l->up.drop = l->down.drop = 200;
	l->up.repeat = l->down.repeat = 300;
	l->up.reorder = l->down.reorder = 500;
	l->up.delay = l->down.delay = 20 * MS;
	l->stage.cfg.control = (struct weir_transport){tap_poll, tap_offer, &tap};
	l->stage.watch = check_output;
	site_open(&l->stage);
	site_open(&l->authority);
	for (now = 0; now < 1000 * MS; now += MS) {
		uint32_t stream = (uint32_t)(lossy_random(&l->up) % 3u);

		if (now == 100 * MS)
			hold_pair(l, 1, now);
		if (stream != 0)
			send_frame(&l->down, stream, seq[stream]++);
		l->down.now = l->up.now = now;
		both(l, now);
	}
	l->down.drop = 0;
	send_frame(&l->down, 1, seq[1]);
	send_frame(&l->down, 2, seq[2]);
	for (; now < 1100 * MS; now += MS)
		both(l, now);
	/* and nothing is missing: all that the slower input allows */
	ck_assert_uint_eq(oracle.expected, (seq[1] < seq[2] ? seq[1] : seq[2]) + 1u);
	ck_assert_uint_eq(l->stage.a.stats.outputs, oracle.expected);
	ck_assert_uint_gt(l->down.dropped, 50);
	ck_assert_uint_gt(l->down.repeated, 50);
	link_close(l);
}
END_TEST

/* ---- waiting ---- */

struct other {
	struct lossy_queue *down;
	struct weir_bell_shm *bell;
	uint32_t *word;
};

static void *cancel_soon(void *arg)
{
	struct other *o = arg;

	usleep(20000);
	weir_store_relaxed32(o->word, 1); /* relaxed: a wish */
	return NULL;
}

START_TEST(wait_ready_on_the_real_clock)
{
	static const enum weir_wait_strategy all[] = {WEIR_WAIT_SPIN, WEIR_WAIT_BACKOFF,
	                                              WEIR_WAIT_YIELD, WEIR_WAIT_PARK};
	const struct weir_env *env = weir_env_system();
	struct link *l = link_make(WEIR_JOIN_SEQUENCE);
	struct weir_wait how = {.strategy = all[_i]};
	struct weir_join_verdict v;
	uint32_t word = 0;
	struct other o = {NULL, NULL, &word};
	pthread_t t;

	l->stage.cfg.on_output = NULL;
	site_open(&l->stage);
	site_open(&l->authority);
	how.deadline = env->now(env->ctx) + 5 * MS;
	ck_assert_int_eq(weir_join_agent_wait_ready(&l->stage.a, 3, &how, &v), -ETIMEDOUT);
	ck_assert_uint_ge(env->now(env->ctx), how.deadline); /* never early */
	ck_assert_uint_ge(l->stage.a.stats.requests, 1);     /* it worked meanwhile */
	give_pair(&l->stage, 1, WEIR_MERGE_NO_TIMEOUT, 0);
	send_frame(&l->down, 1, 3);
	send_frame(&l->down, 2, 4);
	how.deadline = 0;
	ck_assert_int_eq(weir_join_agent_wait_ready(&l->stage.a, 3, &how, &v), WEIR_OK);
	ck_assert_uint_eq(v.out, 3);
	ck_assert_int_eq(weir_join_agent_commit(&l->stage.a, 3, v.generation), WEIR_OK);
	ck_assert_uint_eq(l->stage.a.next, 4);
	ck_assert_int_eq(weir_join_agent_wait_ready(&l->stage.a, 2, &how, &v), -EINVAL);
	how.cancel = &word;
	ck_assert_int_eq(pthread_create(&t, NULL, cancel_soon, &o), 0);
	ck_assert_int_eq(weir_join_agent_wait_ready(&l->stage.a, 9, &how, &v), -ECANCELED);
	ck_assert_int_eq(pthread_join(t, NULL), 0);
	ck_assert_int_eq(weir_join_agent_wait_ready(&l->authority.a, 9, &how, &v), -EINVAL);
	ck_assert_int_eq(weir_join_agent_commit(&l->authority.a, 0, 0), -EINVAL);
	link_close(l);
}
END_TEST

static void send_map(struct lossy_queue *q, uint64_t stale)
{
	struct weir_merge_rule r[2];
	struct weir_merge_map m = pair_map(r, 1, stale);
	struct weir_codec_message msg = weir_codec_of_map(&m);
	uint8_t bytes[64];
	size_t len;

	ck_assert_int_eq(weir_codec_encode(&msg, bytes, sizeof(bytes), &len, NULL), WEIR_OK);
	lossy_put(q, bytes, len);
}

START_TEST(wait_ends_when_the_map_changes)
{
	struct link *l = link_make(WEIR_JOIN_SEQUENCE);
	struct weir_wait how = {.strategy = WEIR_WAIT_YIELD};
	struct weir_join_verdict v;

	l->stage.cfg.on_output = NULL;
	site_open(&l->stage);
	site_open(&l->authority);
	give_pair(&l->stage, 1, 500, 0);
	send_map(&l->down, 500); /* the same: no change */
	send_map(&l->down, 600);
	ck_assert_int_eq(weir_join_agent_wait_ready(&l->stage.a, 0, &how, &v), -ESTALE);
	ck_assert_uint_eq(l->stage.a.stats.map_repeats, 1);
	/* even if the output would be ready now: what was pending belongs to the old map */
	send_map(&l->down, 700);
	send_frame(&l->down, 1, 0);
	send_frame(&l->down, 2, 0);
	ck_assert_int_eq(weir_join_agent_wait_ready(&l->stage.a, 0, &how, &v), -ESTALE);
	ck_assert_int_eq(weir_join_agent_wait_ready(&l->stage.a, 0, &how, &v), WEIR_OK);
	link_close(l);
}
END_TEST

static int endless(void *ctx, weir_transport_fn fn, void *fn_ctx, uint32_t limit, weir_ns now)
{
	(void)ctx;
	(void)limit;
	if (fn != NULL)
		fn(fn_ctx, "not for us", 10, now);
	return 1;
}

START_TEST(a_busy_wait_ends_too)
{
	struct link *l = link_make(WEIR_JOIN_SEQUENCE);
	const struct weir_env *env = weir_env_system();
	struct weir_wait how = {.strategy = WEIR_WAIT_SPIN};

	l->stage.cfg.on_output = NULL;
	l->stage.cfg.control.poll = endless;
	site_open(&l->stage);
	site_open(&l->authority);
	how.deadline = env->now(env->ctx) + 2 * MS;
	ck_assert_int_eq(weir_join_agent_wait_ready(&l->stage.a, 0, &how, NULL), -ETIMEDOUT);
	link_close(l);
}
END_TEST

START_TEST(close_ends_a_wait)
{
	struct link *l = link_make(WEIR_JOIN_SEQUENCE);
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK};

	l->stage.cfg.on_output = NULL;
	l->stage.close_on = WEIR_JOIN_AGENT_REQUEST_SENT;
	site_open(&l->stage);
	site_open(&l->authority);
	ck_assert_int_eq(weir_join_agent_wait_ready(&l->stage.a, 0, &how, NULL), -ECANCELED);
	link_close(l);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("join_agent_outputs");
	TCase *t = tcase_create("outputs");

	tcase_add_test(t, outputs_in_order_each_once);
	tcase_add_test(t, not_now_and_never);
	tcase_add_test(t, map_that_changes_under_an_output);
	tcase_add_test(t, begins_where_it_has_seen_all);
	tcase_add_test(t, outputs_that_cannot_be_are_passed_over);
	tcase_add_test(t, waits_for_the_quorum);
	tcase_add_test(t, stale_input_and_its_wake_up);
	tcase_add_test(t, budget_of_sequences);
	tcase_add_test(t, proposals_of_times);
	tcase_add_test(t, latest_takes_either_kind_of_map);
	suite_add_tcase(s, t);
	t = tcase_create("links");
	tcase_add_loop_test(t, disorder_makes_no_output_early, 0, 12);
	tcase_add_loop_test(t, wait_ready_on_the_real_clock, 0, 4);
	tcase_add_test(t, wait_ends_when_the_map_changes);
	tcase_add_test(t, a_busy_wait_ends_too);
	tcase_add_test(t, close_ends_a_wait);
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
