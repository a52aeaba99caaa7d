/* Sessions: handlers that take runs, and what ordinary ones do not notice of runs. */
#define _GNU_SOURCE

#include "session_fixture.h"

#include <weir/ring_run.h>

#include "../../src/runtime/session_priv.h"

#define MANY 400u

/* What handlers saw, in order, and what they do about it. */
struct seen {
	struct yard *y;
	struct weir_session_msg last; /* the first of the last call */
	uint32_t calls;
	uint32_t count[MANY]; /* by call */
	uint32_t n;	      /* messages */
	uint64_t word[MANY];
	uint64_t seq[MANY];
	weir_pos at[MANY];
	uint32_t act_at; /* the call in which act() is called, from 1 */
	void (*act)(struct seen *seen, struct weir_session *s);
	int returns; /* of that call */
};

static int take(struct seen *seen, struct weir_session *s, const struct weir_session_msg *m,
		uint32_t count, uint64_t stride)
{
	uint32_t i;

	ck_assert_uint_ge(count, 1);
	ck_assert_uint_le(count, WEIR_SESSION_RUN_MAX);
	ck_assert_uint_eq(stride, weir_ring_stride(m->len));
	ck_assert_uint_le(seen->n + count, MANY);
	seen->last = *m;
	for (i = 0; i < count; i++, seen->n++) {
		memcpy(&seen->word[seen->n], m->ptr + i * stride, sizeof(uint64_t));
		seen->seq[seen->n] = m->seq + i;
		seen->at[seen->n] = m->at + i * stride;
	}
	seen->count[seen->calls++] = count;
	if (seen->calls != seen->act_at)
		return 0;
	if (seen->act != NULL)
		seen->act(seen, s);
	return seen->returns;
}

static int take_run(void *ctx, struct weir_session *s, const struct weir_session_msg *first,
		    uint32_t count, uint64_t stride)
{
	return take(ctx, s, first, count, stride);
}

static int take_one(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	return take(ctx, s, m, 1, weir_ring_stride(m->len));
}

/* n messages of `len` bytes, of which the first word counts on from `word`. */
static void send_words(struct yard *y, uint32_t slot, uint32_t kind, uint32_t len, uint64_t word,
		       uint32_t n)
{
	uint8_t bytes[256];

	memset(bytes, 0, sizeof(bytes));
	for (; n != 0; n--, word++) {
		memcpy(bytes, &word, sizeof(word));
		ck_assert_int_eq(weir_session_send(y->s[slot], kind, bytes, len), WEIR_OK);
	}
}

/* Message i of all that were seen is message i of its ring, at the right place. */
static void expect_words(const struct seen *seen, uint32_t n, uint64_t stride)
{
	uint32_t i;

	ck_assert_uint_eq(seen->n, n);
	for (i = 0; i < n; i++) {
		ck_assert_uint_eq(seen->word[i], i);
		ck_assert_uint_eq(seen->seq[i], i);
		if (stride != 0)
			ck_assert_uint_eq(seen->at[i], i * stride);
	}
}

static void on_run(struct yard *y, uint32_t slot, uint32_t kind, struct seen *seen)
{
	seen->y = y;
	ck_assert_int_eq(weir_session_on_run(y->s[slot], kind, take_run, seen), WEIR_OK);
}

/* How far `slot` has told the sender that it has handled the sender's ring. */
static weir_pos delivered(struct yard *y, uint32_t sender, uint32_t slot)
{
	struct weir_progress_record rec;
	struct weir_progress table;
	struct weir_span mem;
	char name[32];

	snprintf(name, sizeof(name), "progress.%u", sender);
	ck_assert_int_eq(
		weir_region_find(weir_session_region(y->s[0]), WEIR_KIND_PROGRESS, name, &mem),
		WEIR_OK);
	ck_assert_int_eq(weir_progress_attach(&table, mem, NULL), WEIR_OK);
	ck_assert_int_eq(weir_progress_read(&table, slot, &rec), WEIR_OK);
	return rec.delivered;
}

/* ---- what a run is ---- */

START_TEST(equal_neighbours_make_a_run)
{
	static const uint32_t want[] = {1, 8, 8, 3, 2, 5};
	struct seen seen = {.n = 0}, other = {.n = 0};
	struct yard y;

	yard_open(&y, 3);
	on_run(&y, 0, 1, &seen);
	weir_session_on_other(y.s[0], take_one, &other);
	ck_assert_int_eq(weir_session_on_run(y.s[0], 8, take_run, &seen), -EINVAL);
	send_words(&y, 1, 1, 8, 0, 20);
	send_words(&y, 1, 1, 16, 20, 2); /* of another length */
	send_words(&y, 1, 2, 16, 22, 1); /* of another kind */
	send_words(&y, 1, 1, 8, 23, 5);
	y.f.now = 55;
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	ck_assert_uint_eq(seen.calls, sizeof(want) / sizeof(want[0]));
	ck_assert_mem_eq(seen.count, want, sizeof(want));
	ck_assert_uint_eq(seen.n, 27);
	ck_assert_uint_eq(other.n, 1);
	ck_assert_uint_eq(other.word[0], 22);
	ck_assert_uint_eq(seen.word[26], 27);
	ck_assert_uint_eq(seen.seq[26], 27);
	ck_assert_uint_eq(seen.at[26], 20 * 16 + 3 * 24 + 4 * 16);
	ck_assert_uint_eq(seen.last.kind, 1);
	ck_assert_uint_eq(seen.last.from, 1);
	ck_assert_uint_eq(seen.last.len, 8);
	ck_assert_uint_eq(seen.last.now, 55);
	ck_assert_uint_eq(yard_stats(&y, 0).handled, 28);
	ck_assert_uint_eq(delivered(&y, 1, 0), 20 * 16 + 3 * 24 + 5 * 16);
	yard_close(&y);
}
END_TEST

START_TEST(around_the_end_of_the_buffer)
{
	struct seen seen = {.n = 0};
	uint32_t i;
	struct yard y;

	yard_open(&y, 2);
	on_run(&y, 0, 1, &seen);
	for (i = 0; i < MANY / 10u; i++) {
		send_words(&y, 1, 1, 24, 10u * i, 10);
		yard_settle(&y);
	}
	expect_words(&seen, MANY, 0);
	ck_assert_uint_lt(seen.calls, MANY / 2u);
	yard_close(&y);
}
END_TEST

START_TEST(no_more_than_the_batch_and_an_eighth_of_the_ring)
{
	static const uint32_t want[] = {1, 4, 1, 4, 1, 1}, large[] = {1, 2, 2, 1};
	struct weir_session_config cfg = yard_config(2);
	struct weir_session_options opt;
	struct seen seen = {.n = 0};
	struct yard y;

	yard_create(&y, &cfg);
	opt = yard_options(&y, 0);
	opt.batch = 5;
	ck_assert_int_eq(
		weir_session_attach_region(&y.s[1], weir_session_region(y.s[0]), &opt, NULL),
		WEIR_OK);
	yard_settle(&y);
	on_run(&y, 1, 1, &seen);
	send_words(&y, 0, 1, 8, 0, 12);
	ck_assert_int_eq(yard_poll(&y, 1), WEIR_OK);
	ck_assert_uint_eq(seen.n, 5);
	yard_settle(&y);
	ck_assert_uint_eq(seen.calls, sizeof(want) / sizeof(want[0]));
	ck_assert_mem_eq(seen.count, want, sizeof(want));
	/* 512 bytes of 4096: two of 208 */
	seen.calls = 0;
	ck_assert_int_eq(weir_session_on_run(y.s[1], 1, NULL, NULL), WEIR_OK);
	ck_assert_int_eq(weir_session_on_run(y.s[0], 1, take_run, &seen), WEIR_OK);
	send_words(&y, 1, 1, 200, 12, 6);
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	ck_assert_uint_eq(seen.calls, sizeof(large) / sizeof(large[0]));
	ck_assert_mem_eq(seen.count, large, sizeof(large));
	ck_assert_uint_eq(seen.word[17], 17);
	yard_close(&y);
}
END_TEST

/* ---- what ends a batch ---- */

START_TEST(nonzero_ends_the_turn_behind_the_run)
{
	struct seen seen = {.act_at = 2, .returns = 1}, two = {.n = 0};
	struct yard y;

	yard_open(&y, 3);
	on_run(&y, 0, 1, &seen);
	on_run(&y, 0, 2, &two);
	send_words(&y, 1, 1, 8, 0, 20);
	send_words(&y, 2, 2, 8, 0, 3);
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	ck_assert_uint_eq(seen.n, 9); /* all of the second run have been handled */
	ck_assert_uint_eq(delivered(&y, 1, 0), 9 * 16);
	ck_assert_uint_eq(yard_stats(&y, 0).handled, 9 + 3);
	ck_assert_uint_eq(two.n, 3);
	yard_settle(&y);
	expect_words(&seen, 20, 16);
	yard_close(&y);
}
END_TEST

static void see_progress(void *ctx, struct weir_session *s, weir_ns now)
{
	struct seen *seen = ctx;

	(void)s;
	(void)now;
	ck_assert_uint_eq(seen->n, 9);
	ck_assert_uint_eq(delivered(seen->y, 1, 0), 9 * 16);
	seen->act_at = 0;
}

static void defer(struct seen *seen, struct weir_session *s)
{
	ck_assert_uint_eq(delivered(seen->y, 1, 0), 0); /* nothing of it counts yet */
	ck_assert_int_eq(weir_session_defer(s, see_progress, seen), WEIR_OK);
}

START_TEST(a_deferral_runs_behind_the_run)
{
	struct seen seen = {.act_at = 2, .act = defer};
	struct yard y;

	yard_open(&y, 2);
	on_run(&y, 0, 1, &seen);
	send_words(&y, 1, 1, 8, 0, 20);
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	ck_assert_uint_eq(seen.act_at, 0);
	ck_assert_uint_eq(seen.n, 20); /* and the turn went on */
	yard_settle(&y);
	expect_words(&seen, 20, 16);
	yard_close(&y);
}
END_TEST

static void arrive(struct seen *seen, struct weir_session *s)
{
	(void)s;
	yard_begin(seen->y, 1, 0, RENDEZVOUS, 0);
}

START_TEST(an_arrival_waits_for_one_run)
{
	struct seen seen = {.act_at = 2, .act = arrive};
	struct yard y;

	yard_open(&y, 2);
	ck_assert_uint_eq(yard_barrier(&y, "b"), 0);
	on_run(&y, 0, 1, &seen);
	yard_begin(&y, 0, 0, RENDEZVOUS, 0);
	yard_coordinate(&y);
	send_words(&y, 1, 1, 8, 0, 30);
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	ck_assert_uint_eq(seen.n, 9);
	yard_expect_all(&y, 0, WEIR_OK, 1);
	yard_settle(&y);
	expect_words(&seen, 30, 16);
	yard_close(&y);
}
END_TEST

static void ask_nothing_that_waits(struct seen *seen, struct weir_session *s)
{
	uint64_t word = 0;

	ck_assert_int_eq(weir_session_poll(s, 1), -EDEADLK);
	ck_assert_int_eq(weir_session_wait(s, NULL), -EDEADLK);
	ck_assert_int_eq(weir_session_close(s), -EDEADLK);
	ck_assert_int_eq(weir_session_send_wait(s, 1, &word, 8, NULL), -EDEADLK);
	ck_assert_int_eq(weir_session_barrier(s, 0, RENDEZVOUS, FAIL, NULL, NULL), -EDEADLK);
	ck_assert_int_eq(weir_session_send(s, 1, &word, 8), WEIR_OK);
	yard_begin(seen->y, 0, 0, DELIVERY, 0);
}

START_TEST(no_waiting_in_runs)
{
	struct seen seen = {.act_at = 2, .act = ask_nothing_that_waits};
	struct yard y;

	yard_open(&y, 2);
	ck_assert_uint_eq(yard_barrier(&y, "b"), 0);
	on_run(&y, 0, 1, &seen);
	send_words(&y, 1, 1, 8, 0, 20);
	yard_begin(&y, 1, 0, DELIVERY, 0);
	yard_settle(&y);
	expect_words(&seen, 20, 16);
	yard_expect_all(&y, 0, WEIR_OK, 1);
	yard_close(&y);
}
END_TEST

/* An ordinary handler's message 4 lies in the middle of a run of eight, which it must not notice. */
static void see_four(void *ctx, struct weir_session *s, weir_ns now)
{
	struct seen *seen = ctx;

	(void)s;
	(void)now;
	ck_assert_uint_eq(seen->n, 4);
	ck_assert_uint_eq(delivered(seen->y, 1, 0), 4 * 16);
	seen->act_at = 0;
}

static void defer_four(struct seen *seen, struct weir_session *s)
{
	ck_assert_int_eq(weir_session_defer(s, see_four, seen), WEIR_OK);
}

static void amid_a_run(struct seen *seen, uint32_t n)
{
	struct yard y;

	yard_open(&y, 2);
	ck_assert_uint_eq(yard_barrier(&y, "b"), 0);
	seen->y = &y;
	seen->act_at = 4;
	ck_assert_int_eq(weir_session_on(y.s[0], 1, take_one, seen), WEIR_OK);
	send_words(&y, 1, 1, 8, 0, 20);
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	ck_assert_uint_eq(seen->n, n);
	ck_assert_uint_eq(delivered(&y, 1, 0), n * 16);
	yard_settle(&y);
	expect_words(seen, 20, 16);
	yard_close(&y);
}

START_TEST(single_messages_end_a_batch_amid_a_run)
{
	struct seen stops = {.returns = 1}, defers = {.act = defer_four}, calls = {.act = arrive};

	amid_a_run(&stops, 4);
	amid_a_run(&defers, 20); /* see_four() has run in between */
	ck_assert_uint_eq(defers.act_at, 0);
	amid_a_run(&calls, 4);
}
END_TEST

/* A turn has one first message, however many batches it is cut into. */
START_TEST(the_first_of_a_turn_alone)
{
	static const uint32_t want[] = {1, 8, 8, 3};
	struct seen seen = {.act_at = 2, .act = defer};
	struct yard y;

	yard_open(&y, 2);
	on_run(&y, 0, 1, &seen);
	send_words(&y, 1, 1, 8, 0, 20);
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	ck_assert_uint_eq(seen.calls, sizeof(want) / sizeof(want[0]));
	ck_assert_mem_eq(seen.count, want, sizeof(want));
	yard_close(&y);
}
END_TEST

/* ---- fences ---- */

/* The coordinator's fence opens when what was sent before is handled, and not a message later. */
static int at_the_cut(void *ctx, struct weir_session *s, const struct weir_session_msg *first,
		      uint32_t count, uint64_t stride)
{
	struct seen *seen = ctx;

	ck_assert(first->seq >= 30 || first->seq + count <= 30);
	ck_assert_uint_le(seen->n, first->seq);
	if (first->seq == 30)
		yard_expect_all(seen->y, 0, WEIR_OK, 1);
	else if (first->seq > 0 && first->seq < 30)
		yard_expect(seen->y, 1, 0, WEIR_PENDING, 0);
	return take(seen, s, first, count, stride);
}

static int one_at_the_cut(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	return at_the_cut(ctx, s, m, 1, weir_ring_stride(m->len));
}

static void fence_in_a_backlog(int runs, uint64_t shift)
{
	struct seen seen = {.n = 0};
	struct yard y;
	uint64_t cut;

	yard_open(&y, 2);
	ck_assert_uint_eq(yard_barrier(&y, "b"), 0);
	seen.y = &y;
	ck_assert_int_eq(runs ? weir_session_on_run(y.s[0], 1, at_the_cut, &seen)
			      : weir_session_on(y.s[0], 1, one_at_the_cut, &seen),
			 WEIR_OK);
	send_words(&y, 1, 1, 8, 0, 30);
	yard_begin(&y, 1, 0, DELIVERY, 0);
	cut = arrival_of(y.s[1], 0, 1)->cut;
	ck_assert_uint_eq(cut, 30 * 16);
	arrival_of(y.s[1], 0, 1)->cut = cut - shift;
	send_words(&y, 1, 1, 8, 30, 30);
	yard_begin(&y, 0, 0, DELIVERY, 0);
	yard_coordinate(&y);
	expect_words(&seen, 60, 16);
	ck_assert_uint_eq(yard_view(&y, 0).drain.waited, 1);
	yard_close(&y);
}

START_TEST(no_run_reaches_beyond_a_cut)
{
	fence_in_a_backlog(1, 0);
	fence_in_a_backlog(0, 0);
	fence_in_a_backlog(1, 3); /* a cut that no record ends at: hostile */
	fence_in_a_backlog(0, 3);
}
END_TEST

/* ---- progress ---- */

static void ask(struct seen *seen, struct weir_session *s)
{
	struct weir_bell_shm *bell = s->reader[1].progress.bell;

	ck_assert_uint_eq(delivered(seen->y, 1, 0), seen->calls == 3 ? 0 : 25u * 16u);
	weir_bell_ask(bell);
	seen->act = NULL;
}

static int took_and_published(void *ctx, struct weir_session *s,
			      const struct weir_session_msg *first, uint32_t count, uint64_t stride)
{
	struct seen *seen = ctx;

	if (seen->calls == seen->act_at) /* the call before has asked */
		ck_assert_uint_eq(delivered(seen->y, 1, 0), first->at);
	return take(seen, s, first, count, stride);
}

static int took_one_and_published(void *ctx, struct weir_session *s,
				  const struct weir_session_msg *m)
{
	return took_and_published(ctx, s, m, 1, weir_ring_stride(m->len));
}

START_TEST(published_behind_a_run_when_somebody_asks)
{
	struct seen seen = {.act_at = 3, .act = ask};
	struct yard y;

	yard_open(&y, 2);
	seen.y = &y;
	ck_assert_int_eq(weir_session_on_run(y.s[0], 1, took_and_published, &seen), WEIR_OK);
	send_words(&y, 1, 1, 8, 0, 25);
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	expect_words(&seen, 25, 16);
	/* and behind each message otherwise; the ask of before is answered */
	seen.calls = 0;
	seen.act = ask;
	y.s[0]->reader[1].progress.bell->waiting = 0;
	ck_assert_int_eq(weir_session_on(y.s[0], 1, took_one_and_published, &seen), WEIR_OK);
	seen.act_at = 2;
	send_words(&y, 1, 1, 8, 25, 25);
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	expect_words(&seen, 50, 16);
	yard_close(&y);
}
END_TEST

/* ---- losses ---- */

static void overtake(struct seen *seen, struct weir_session *s)
{
	(void)s;
	send_words(seen->y, 1, 1, 8, 1000, 300); /* more than the ring holds */
}

static void lose_in_a_handler(int runs, uint32_t call, uint32_t intact)
{
	struct weir_session_config cfg = yard_config(2);
	struct seen seen = {.act_at = call, .act = overtake};
	struct weir_session_options opt;
	struct yard y;
	uint64_t lost;

	yard_create(&y, &cfg);
	opt = yard_options(&y, 0);
	opt.policy = WEIR_RING_LOSSY;
	ck_assert_int_eq(
		weir_session_attach_region(&y.s[1], weir_session_region(y.s[0]), &opt, NULL),
		WEIR_OK);
	yard_settle(&y);
	seen.y = &y;
	ck_assert_int_eq(runs ? weir_session_on_run(y.s[0], 1, take_run, &seen)
			      : weir_session_on(y.s[0], 1, take_one, &seen),
			 WEIR_OK);
	send_words(&y, 1, 1, 8, 0, 20);
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	ck_assert_uint_eq(seen.calls, call); /* nothing that is gone was given */
	lost = yard_stats(&y, 0).lost;
	ck_assert_uint_eq(lost, seen.n - intact);
	seen.n = 0;
	yard_settle(&y); /* it goes on at the newest */
	ck_assert_uint_eq(intact + yard_stats(&y, 0).lost, 320);
	send_words(&y, 1, 1, 8, 7, 1);
	yard_settle(&y);
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_uint_eq(seen.seq[0], 320);
	yard_close(&y);
}

START_TEST(what_is_overtaken_is_lost)
{
	lose_in_a_handler(1, 2, 1); /* a run of eight, as a whole */
	lose_in_a_handler(0, 5, 4); /* in the middle of a run: that one */
	lose_in_a_handler(0, 9, 8);
}
END_TEST

/* ---- handlers set anew ---- */

static struct seen second;

static void replace(struct seen *seen, struct weir_session *s)
{
	(void)seen;
	ck_assert_int_eq(weir_session_on(s, 1, take_one, &second), WEIR_OK);
}

static void replace_by_runs(struct seen *seen, struct weir_session *s)
{
	(void)seen;
	ck_assert_int_eq(weir_session_on_run(s, 1, take_run, &second), WEIR_OK);
}

static void drop(struct seen *seen, struct weir_session *s)
{
	(void)seen;
	weir_session_on_other(s, take_one, &second);
	ck_assert_int_eq(weir_session_on(s, 1, NULL, NULL), WEIR_OK);
}

START_TEST(a_handler_set_anew_has_the_next_message)
{
	void (*const how[])(struct seen *, struct weir_session *) = {replace, replace_by_runs,
								     drop};
	struct seen first;
	struct yard y;
	uint32_t i;

	for (i = 0; i < 3; i++) {
		memset(&first, 0, sizeof(first));
		memset(&second, 0, sizeof(second));
		first.act_at = 4; /* in the middle of what lies there as one run */
		first.act = how[i];
		yard_open(&y, 2);
		ck_assert_int_eq(weir_session_on(y.s[0], 1, take_one, &first), WEIR_OK);
		send_words(&y, 1, 1, 8, 0, 20);
		ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
		ck_assert_uint_eq(first.n, 4);
		ck_assert_uint_eq(second.n, 16);
		ck_assert_uint_eq(second.word[0], 4);
		ck_assert_uint_eq(second.seq[15], 19);
		ck_assert_uint_eq(second.calls, i == 1 ? 2 : 16);
		yard_close(&y);
	}
}
END_TEST

static void drop_other(struct seen *seen, struct weir_session *s)
{
	(void)seen;
	weir_session_on_other(s, NULL, NULL);
}

static void nothing(void *ctx, struct weir_session *s, weir_ns now)
{
	(void)ctx;
	(void)s;
	(void)now;
}

START_TEST(handlers_taken_away)
{
	struct weir_session_config cfg = yard_config(2);
	struct weir_session_options opt;
	struct seen seen = {.act_at = 4, .act = drop_other}, gone = {.n = 0};
	struct yard y;

	yard_create(&y, &cfg);
	opt = yard_options(&y, 0);
	opt.kinds = 16; /* whole lines: what was deferred lies right behind the table */
	ck_assert_int_eq(
		weir_session_attach_region(&y.s[1], weir_session_region(y.s[0]), &opt, NULL),
		WEIR_OK);
	ck_assert_int_eq(weir_session_defer(y.s[1], nothing, NULL), WEIR_OK);
	yard_settle(&y);
	weir_session_on_other(y.s[1], take_one, &seen);
	send_words(&y, 0, opt.kinds, 8, 0, 20);
	yard_settle(&y);
	expect_words(&seen, 4, 16);
	ck_assert_uint_eq(yard_stats(&y, 1).handled, 4);
	ck_assert_uint_eq(yard_stats(&y, 1).unhandled, 16);
	/* one setter takes away what the other has set */
	on_run(&y, 1, 1, &gone);
	ck_assert_int_eq(weir_session_on(y.s[1], 1, NULL, NULL), WEIR_OK);
	ck_assert_int_eq(weir_session_on(y.s[1], 2, take_one, &gone), WEIR_OK);
	ck_assert_int_eq(weir_session_on_run(y.s[1], 2, NULL, NULL), WEIR_OK);
	send_words(&y, 0, 1, 8, 20, 5);
	send_words(&y, 0, 2, 8, 25, 5);
	yard_settle(&y);
	ck_assert_uint_eq(gone.n, 0);
	ck_assert_uint_eq(yard_stats(&y, 1).unhandled, 26);
	yard_close(&y);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("session_runs");
	TCase *t = tcase_create("runs");

	tcase_add_test(t, equal_neighbours_make_a_run);
	tcase_add_test(t, around_the_end_of_the_buffer);
	tcase_add_test(t, no_more_than_the_batch_and_an_eighth_of_the_ring);
	tcase_add_test(t, nonzero_ends_the_turn_behind_the_run);
	tcase_add_test(t, a_deferral_runs_behind_the_run);
	tcase_add_test(t, an_arrival_waits_for_one_run);
	tcase_add_test(t, no_waiting_in_runs);
	tcase_add_test(t, single_messages_end_a_batch_amid_a_run);
	tcase_add_test(t, the_first_of_a_turn_alone);
	tcase_add_test(t, no_run_reaches_beyond_a_cut);
	tcase_add_test(t, published_behind_a_run_when_somebody_asks);
	tcase_add_test(t, what_is_overtaken_is_lost);
	tcase_add_test(t, a_handler_set_anew_has_the_next_message);
	tcase_add_test(t, handlers_taken_away);
	suite_add_tcase(s, t);
	return yard_run(s);
}
