/* Drain sets in one thread: each line of the table of special cases, and the statistics. */
#include "flow_fixture.h"
#include "often.h"

struct yard {
	struct bed b;
	struct weir_ring_reader r[4];
	struct weir_drain d;
	struct weir_drain_target t[8];
};

static void yard_open(struct yard *y, uint32_t readers)
{
	uint32_t i;

	memset(y, 0, sizeof(*y));
	bed_open(&y->b, 4096, 0, 4);
	for (i = 0; i < readers; i++)
		ck_assert_int_eq(weir_ring_join(&y->r[i], y->b.ring, &y->b.table, i,
						WEIR_RING_OLDEST, ME + i, NULL),
				 WEIR_OK);
	weir_drain_init(&y->d, y->t, 8, 0);
}

static void yard_close(struct yard *y)
{
	uint32_t i;

	for (i = 0; i < 4; i++)
		if (y->r[i].shm != NULL)
			weir_ring_leave(&y->r[i], 0);
	bed_close(&y->b);
}

static void send(struct yard *y, int n)
{
	for (; n > 0; n--)
		ck_assert_int_eq(bed_send(&y->b, 8, WEIR_RING_GATED), WEIR_OK);
}

/* Takes n records without having handled them: observed runs ahead of delivered. */
static void take(struct yard *y, uint32_t i, int n)
{
	struct weir_ring_view v;

	for (; n > 0; n--)
		ck_assert_int_eq(weir_ring_poll(&y->r[i], &v), WEIR_OK);
}

static void handle(struct yard *y, uint32_t i, int n)
{
	take(y, i, n);
	weir_ring_deliver(&y->r[i], 1);
}

static weir_pos cut(struct yard *y)
{
	return weir_ring_writer_leading(&y->b.w);
}

static struct weir_drain_target *of_slot(struct yard *y, uint32_t slot)
{
	uint32_t i;

	for (i = 0; i < y->d.n; i++)
		if (y->t[i].slot == slot)
			return &y->t[i];
	ck_abort_msg("no target for slot %u", slot);
	return NULL;
}

START_TEST(waits_for_handled_not_for_handed_out)
{
	struct yard y;

	yard_open(&y, 1);
	handle(&y, 0, 0);
	send(&y, 3);
	take(&y, 0, 1);
	weir_progress_publish(&y.r[0].progress, 0, y.r[0].next, 0, 1); /* handed out, not handled */
	ck_assert_int_eq(weir_drain_add(&y.d, &y.b.table, 0, cut(&y), 7), WEIR_OK);
	ck_assert_uint_eq(y.t[0].backlog, 48);
	ck_assert_int_eq(weir_drain_poll(&y.d, 10), WEIR_PENDING);
	take(&y, 0, 2);
	weir_progress_publish(&y.r[0].progress, 32, y.r[0].next, 2, 2);
	ck_assert_int_eq(weir_drain_poll(&y.d, 20), WEIR_PENDING); /* the last is being handled */
	ck_assert_uint_eq(y.t[0].remaining, 16);
	send(&y, 5); /* later traffic: the cut does not move */
	weir_progress_publish(&y.r[0].progress, 48, y.r[0].next, 3, 3);
	ck_assert_int_eq(weir_drain_poll(&y.d, 30), WEIR_OK);
	ck_assert_uint_eq(y.t[0].why, WEIR_DRAIN_REACHED);
	ck_assert_uint_eq(y.t[0].tag, 7);
	ck_assert_uint_eq(y.d.stats.targets, 1);
	ck_assert_uint_eq(y.d.stats.waited, 1);
	ck_assert_uint_eq(y.d.stats.largest_backlog, 48);
	ck_assert_uint_eq(y.d.stats.polls, 3);
	ck_assert_uint_eq(y.d.stats.wait_ns, 20);
	yard_close(&y);
}
END_TEST

START_TEST(drained_already_and_beyond_the_cut)
{
	struct yard y;

	yard_open(&y, 2);
	send(&y, 3);
	handle(&y, 0, 3);
	handle(&y, 1, 0);
	ck_assert_int_eq(weir_drain_add_all(&y.d, &y.b.table, cut(&y), 0), WEIR_OK);
	ck_assert_uint_eq(y.d.stats.already, 1);
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_PENDING);
	send(&y, 3);
	handle(&y, 1, 6); /* jumps past the cut */
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_OK);
	ck_assert_uint_eq(of_slot(&y, 0)->why, WEIR_DRAIN_ALREADY);
	ck_assert_uint_eq(of_slot(&y, 1)->why, WEIR_DRAIN_REACHED);
	yard_close(&y);
}
END_TEST

START_TEST(vacant_slots_are_no_targets)
{
	struct yard y;

	yard_open(&y, 0);
	ck_assert_int_eq(weir_drain_add(&y.d, &y.b.table, 3, 100, 0), WEIR_OK);
	ck_assert_int_eq(weir_drain_add(&y.d, &y.b.table, 4, 100, 0), -EINVAL);
	ck_assert_int_eq(weir_drain_add_all(&y.d, &y.b.table, 100, 0), WEIR_OK);
	ck_assert_uint_eq(y.d.n, 0);
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_OK);
	yard_close(&y);
}
END_TEST

START_TEST(dormant_readers_are_skipped_until_they_serve)
{
	struct yard y;

	yard_open(&y, 3);
	send(&y, 2);
	handle(&y, 0, 0);
	ck_assert_int_eq(weir_drain_add_all(&y.d, &y.b.table, cut(&y), 0), WEIR_OK);
	ck_assert_uint_eq(y.d.stats.dormant, 2);
	ck_assert_uint_eq(y.d.stats.targets, 3);
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_PENDING);
	handle(&y, 2, 1); /* begins to serve while the set is pending: owes the rest */
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_PENDING);
	handle(&y, 0, 2);
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_PENDING);
	ck_assert_uint_eq(y.d.open, 1);
	ck_assert_uint_eq(y.d.stats.dormant, 1);
	ck_assert_uint_eq(of_slot(&y, 2)->backlog, 32);
	ck_assert_uint_eq(of_slot(&y, 2)->remaining, 16);
	handle(&y, 2, 1);
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_OK); /* and the other never served */
	ck_assert_uint_eq(of_slot(&y, 1)->why, WEIR_DRAIN_DORMANT);
	yard_close(&y);
}
END_TEST

START_TEST(dormant_readers_count_when_asked)
{
	struct yard y;

	yard_open(&y, 1);
	weir_drain_init(&y.d, y.t, 8, WEIR_DRAIN_COUNT_DORMANT);
	send(&y, 2);
	ck_assert_int_eq(weir_drain_add_all(&y.d, &y.b.table, cut(&y), 0), WEIR_OK);
	ck_assert_uint_eq(y.d.stats.dormant, 0);
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_PENDING);
	handle(&y, 0, 2);
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_OK);
	yard_close(&y);
}
END_TEST

START_TEST(late_joiners_owe_only_what_follows)
{
	struct yard y;

	yard_open(&y, 0);
	send(&y, 5);
	ck_assert_int_eq(
		weir_ring_join(&y.r[0], y.b.ring, &y.b.table, 0, WEIR_RING_NEWEST, ME, NULL),
		WEIR_OK);
	handle(&y, 0, 0);
	ck_assert_int_eq(weir_drain_add(&y.d, &y.b.table, 0, cut(&y), 0), WEIR_OK);
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_OK);
	ck_assert_uint_eq(y.t[0].why, WEIR_DRAIN_ALREADY);
	send(&y, 1);
	weir_drain_init(&y.d, y.t, 8, 0);
	ck_assert_int_eq(weir_drain_add(&y.d, &y.b.table, 0, cut(&y), 0), WEIR_OK);
	ck_assert_uint_eq(y.t[0].backlog, 16);
	yard_close(&y);
}
END_TEST

START_TEST(those_who_leave_are_listed)
{
	struct yard y;

	yard_open(&y, 2);
	handle(&y, 0, 0);
	handle(&y, 1, 0);
	send(&y, 2);
	ck_assert_int_eq(weir_drain_add_all(&y.d, &y.b.table, cut(&y), 0), WEIR_OK);
	handle(&y, 0, 2);
	weir_ring_leave(&y.r[0], 0); /* beyond the cut: drained */
	handle(&y, 1, 1);
	weir_ring_leave(&y.r[1], 0);
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_DEPARTED);
	ck_assert_uint_eq(of_slot(&y, 0)->why, WEIR_DRAIN_REACHED);
	ck_assert_uint_eq(of_slot(&y, 1)->why, WEIR_DRAIN_LEFT);
	ck_assert_uint_eq(of_slot(&y, 1)->remaining, 16);
	ck_assert_uint_eq(y.d.stats.left, 1);
	/* named explicitly, one that had left before counts too; in bulk it does not */
	weir_drain_init(&y.d, y.t, 8, 0);
	ck_assert_int_eq(weir_drain_add_all(&y.d, &y.b.table, cut(&y), 0), WEIR_OK);
	ck_assert_uint_eq(y.d.n, 0);
	/* a successor that has taken the slot and not yet published shows the old record */
	y.b.table.slot[1].owner = OTHER;
	ck_assert_int_eq(weir_drain_add_all(&y.d, &y.b.table, cut(&y), 0), WEIR_OK);
	ck_assert_uint_eq(y.d.n, 0);
	y.b.table.slot[1].owner = 0;
	ck_assert_int_eq(weir_drain_add(&y.d, &y.b.table, 1, cut(&y), 0), WEIR_OK);
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_DEPARTED);
	yard_close(&y);
}
END_TEST

START_TEST(the_dead_are_named_by_liveness)
{
	struct yard y;
	struct fake f = {.dead = ME + 1};
	struct weir_env env = fake_env(&f);

	yard_open(&y, 3);
	handle(&y, 0, 0);
	handle(&y, 1, 0);
	handle(&y, 2, 0);
	send(&y, 2);
	ck_assert_int_eq(weir_drain_add_all(&y.d, &y.b.table, cut(&y), 0), WEIR_OK);
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_PENDING); /* silence is not death */
	ck_assert_uint_eq(weir_drain_check_owners(&y.d, &env), 1);
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_PENDING);
	weir_drain_owner_died(&y.d, ME + 2);
	weir_drain_owner_died(&y.d, 0);
	handle(&y, 0, 2);
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), -EOWNERDEAD);
	ck_assert_uint_eq(of_slot(&y, 1)->why, WEIR_DRAIN_DIED);
	ck_assert_uint_eq(of_slot(&y, 2)->why, WEIR_DRAIN_DIED);
	ck_assert_uint_eq(y.d.stats.died, 2);
	ck_assert_int_eq(weir_progress_reclaim(&y.b.table, 1, ME + 1, OTHER), WEIR_OK);
	weir_drain_init(&y.d, y.t, 8, 0);
	ck_assert_int_eq(weir_drain_add(&y.d, &y.b.table, 1, cut(&y), 0), WEIR_OK);
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), -EOWNERDEAD);
	memset(&y.r[1], 0, sizeof(y.r[1]));
	yard_close(&y);
}
END_TEST

START_TEST(who_passed_the_cut_before_it_died_is_drained)
{
	struct yard y;

	yard_open(&y, 1);
	handle(&y, 0, 0);
	send(&y, 2);
	ck_assert_int_eq(weir_drain_add(&y.d, &y.b.table, 0, cut(&y), 0), WEIR_OK);
	handle(&y, 0, 2);
	weir_drain_owner_died(&y.d, ME);
	ck_assert_int_eq(weir_drain_poll(&y.d, 5), WEIR_OK);
	ck_assert_uint_eq(y.t[0].why, WEIR_DRAIN_REACHED);
	ck_assert_int_eq(weir_drain_poll(&y.d, 900), WEIR_OK);
	ck_assert_uint_eq(y.d.stats.wait_ns, 0); /* it ended then, not now */
	yard_close(&y);
}
END_TEST

START_TEST(a_torn_record_remembers_whom_it_meant)
{
	struct yard y;

	yard_open(&y, 1);
	handle(&y, 0, 0);
	send(&y, 2);
	y.b.table.slot[0].version++; /* dies in the middle of a publish */
	ck_assert_int_eq(weir_drain_add(&y.d, &y.b.table, 0, cut(&y), 0), WEIR_OK);
	ck_assert_int_eq(weir_progress_reclaim(&y.b.table, 0, ME, OTHER), WEIR_OK);
	memset(&y.r[0], 0, sizeof(y.r[0]));
	ck_assert_int_eq(
		weir_ring_join(&y.r[0], y.b.ring, &y.b.table, 0, WEIR_RING_NEWEST, OTHER, NULL),
		WEIR_OK);
	handle(&y, 0, 0);
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_LOST);
	yard_close(&y);
}
END_TEST

START_TEST(a_death_that_somebody_else_cleared_up_is_seen)
{
	struct yard y;

	yard_open(&y, 1);
	handle(&y, 0, 0);
	send(&y, 2);
	ck_assert_int_eq(weir_drain_add(&y.d, &y.b.table, 0, cut(&y), 0), WEIR_OK);
	ck_assert_int_eq(weir_progress_reclaim(&y.b.table, 0, ME, OTHER), WEIR_OK);
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), -EOWNERDEAD);
	memset(&y.r[0], 0, sizeof(y.r[0]));
	yard_close(&y);
}
END_TEST

START_TEST(losses_across_the_cut_are_reported_exactly)
{
	struct yard y;
	struct weir_ring_view v;
	uint64_t lost;
	int i;

	yard_open(&y, 1);
	handle(&y, 0, 0);
	send(&y, 4);
	ck_assert_int_eq(weir_drain_add(&y.d, &y.b.table, 0, cut(&y), 0), WEIR_OK);
	for (i = 0; i < 400; i++)
		ck_assert_int_eq(bed_send(&y.b, 8, WEIR_RING_LOSSY), WEIR_OK);
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_PENDING);
	ck_assert_int_eq(weir_ring_poll(&y.r[0], &v), WEIR_LAPPED);
	lost = y.r[0].lost_messages;
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_LOST);
	ck_assert_uint_eq(y.t[0].why, WEIR_DRAIN_LOST);
	ck_assert_uint_eq(y.t[0].lost_messages, lost);
	ck_assert_uint_eq(y.t[0].lost_bytes, y.r[0].lost_bytes);
	ck_assert_uint_eq(y.d.stats.lost_messages, lost);
	yard_close(&y);
}
END_TEST

START_TEST(epochs_are_never_compared)
{
	struct yard y;

	yard_open(&y, 1);
	handle(&y, 0, 0);
	send(&y, 4);
	handle(&y, 0, 1);
	ck_assert_int_eq(weir_drain_add(&y.d, &y.b.table, 0, cut(&y), 0), WEIR_OK);
	weir_ring_leave(&y.r[0], 0);
	if (_i == 0) { /* comes back at the oldest: answers for everything, captured again */
		ck_assert_int_eq(weir_ring_join(&y.r[0], y.b.ring, &y.b.table, 0, WEIR_RING_OLDEST,
						OTHER, NULL),
				 WEIR_OK);
		handle(&y, 0, 2);
		ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_PENDING);
		ck_assert_uint_eq(y.t[0].remaining, 32);
		handle(&y, 0, 2);
		ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_OK);
	} else { /* comes back at the newest: what lies between is handled by nobody */
		ck_assert_int_eq(weir_ring_join(&y.r[0], y.b.ring, &y.b.table, 0, WEIR_RING_NEWEST,
						OTHER, NULL),
				 WEIR_OK);
		handle(&y, 0, 0);
		ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_LOST);
		ck_assert_uint_eq(y.t[0].lost_messages, 3);
		ck_assert_uint_eq(y.t[0].lost_bytes, 48);
	}
	yard_close(&y);
}
END_TEST

START_TEST(a_torn_record_is_captured_later)
{
	struct yard y;

	yard_open(&y, 1);
	handle(&y, 0, 0);
	send(&y, 1);
	y.b.table.slot[0].version++;
	ck_assert_int_eq(weir_drain_add(&y.d, &y.b.table, 0, cut(&y), 0), WEIR_OK);
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_PENDING);
	y.b.table.slot[0].version--;
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_PENDING);
	ck_assert_uint_eq(y.t[0].backlog, 16);
	y.b.table.slot[0].version++;
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_PENDING);
	y.b.table.slot[0].version--;
	handle(&y, 0, 1);
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_OK);
	yard_close(&y);
}
END_TEST

START_TEST(a_dead_owner_of_a_torn_record_ends_the_wait)
{
	struct yard y;
	struct fake f = {.dead = ME};
	struct weir_env env = fake_env(&f);

	yard_open(&y, 1);
	handle(&y, 0, 0);
	send(&y, 1);
	y.b.table.slot[0].version++;
	ck_assert_int_eq(weir_drain_add(&y.d, &y.b.table, 0, cut(&y), 0), WEIR_OK);
	ck_assert_uint_eq(weir_drain_check_owners(&y.d, &env), 1);
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), -EOWNERDEAD);
	memset(&y.r[0], 0, sizeof(y.r[0]));
	yard_close(&y);
}
END_TEST

START_TEST(storage_is_all_or_nothing)
{
	struct yard y;

	yard_open(&y, 3);
	weir_drain_init(&y.d, y.t, 2, 0);
	ck_assert_int_eq(weir_drain_add_all(&y.d, &y.b.table, 0, 0), -ENOBUFS);
	ck_assert_uint_eq(y.d.n, 0);
	ck_assert_int_eq(weir_drain_add(&y.d, &y.b.table, 0, 0, 0), WEIR_OK);
	ck_assert_int_eq(weir_drain_add(&y.d, &y.b.table, 1, 0, 0), WEIR_OK);
	ck_assert_int_eq(weir_drain_add(&y.d, &y.b.table, 2, 0, 0), -ENOBUFS);
	ck_assert_uint_eq(y.d.n, 2);
	yard_close(&y);
}
END_TEST

START_TEST(cancel_wins)
{
	struct yard y;

	yard_open(&y, 1);
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), WEIR_OK);
	weir_drain_cancel(&y.d);
	ck_assert_int_eq(weir_drain_poll(&y.d, 1), -ECANCELED);
	yard_close(&y);
}
END_TEST

/* Many targets in random states, against a list that is looked through from the start each time. */
START_TEST(zones_keep_every_target_once)
{
	struct bed b;
	struct weir_ring_reader r[16];
	struct weir_drain d;
	struct weir_drain_target t[16];
	uint64_t rnd = (uint64_t)_i + 3;
	uint32_t i, round;

	bed_open(&b, 65536, 0, 16);
	for (i = 0; i < 16; i++)
		ck_assert_int_eq(
			weir_ring_join(&r[i], b.ring, &b.table, i, WEIR_RING_OLDEST, ME, NULL),
			WEIR_OK);
	for (i = 0; i < 200; i++)
		ck_assert_int_eq(bed_send(&b, 8, WEIR_RING_GATED), WEIR_OK);
	for (i = 0; i < 16; i++)
		if (lcg(&rnd) % 2)
			weir_ring_deliver(&r[i], 0);
	weir_drain_init(&d, t, 16, 0);
	for (i = 0; i < 16; i++)
		ck_assert_int_eq(weir_drain_add(&d, &b.table, i, b.w.committed, i), WEIR_OK);
	for (round = 0; round < 10000; round++) {
		struct weir_ring_view v;
		uint32_t seen = 0, open = 0, dormant = 0;
		int rc;

		i = lcg(&rnd) % 16;
		if (lcg(&rnd) % 8 == 0)
			HOLDS(weir_ring_poll(&r[i], &v) >= WEIR_OK);
		if (r[i].next != 0)
			weir_ring_deliver(&r[i], 0);
		rc = weir_drain_poll(&d, round);
		for (i = 0; i < 16; i++) {
			struct weir_progress_record p;

			seen |= 1u << t[i].tag;
			SAME(weir_progress_read(&b.table, (uint32_t)t[i].tag, &p), WEIR_OK);
			dormant += t[i].why == WEIR_DRAIN_DORMANT;
			open += t[i].why == WEIR_DRAIN_WAITING;
			HOLDS(i >= d.open || t[i].why == WEIR_DRAIN_WAITING);
			HOLDS(t[i].why != WEIR_DRAIN_WAITING || p.delivered < t[i].cut);
			HOLDS(t[i].why != WEIR_DRAIN_REACHED || p.delivered >= t[i].cut);
		}
		SAME(seen, 0xffff);
		SAME(open, d.open);
		SAME(dormant, d.dormant);
		SAME(dormant, d.stats.dormant);
		SAME(rc, open ? WEIR_PENDING : WEIR_OK);
		if (rc == WEIR_OK)
			break;
	}
	for (i = 0; i < 16; i++)
		weir_ring_leave(&r[i], 0);
	bed_close(&b);
}
END_TEST

START_TEST(the_plain_form_saturates)
{
	ck_assert_uint_eq(weir_drain_plain_target(315, 315, 0), 0);
	ck_assert_uint_eq(weir_drain_plain_target(1546, 1500, 1362), 1408);
	ck_assert_uint_eq(weir_drain_plain_target(10, 20, 5), 5); /* reading passed leading */
	ck_assert_uint_eq(weir_drain_plain_target(4, UINT64_MAX - 3, 5), 13);
}
END_TEST

START_TEST(names_and_stats_are_complete)
{
	uint32_t i;

	for (i = 0; i <= WEIR_DRAIN_DIED; i++)
		ck_assert_str_ne(weir_drain_why_name(i), "?");
	ck_assert_str_eq(weir_drain_why_name(WEIR_DRAIN_DIED + 1), "?");
	ck_assert_uint_eq(weir_drain_stat_count, (sizeof(struct weir_drain_stats) - 8) / 8);
	for (i = 0; i < weir_drain_stat_count; i++)
		ck_assert_uint_eq(weir_drain_stat_desc[i].offset, 8 + 8 * i);
}
END_TEST

/* ---- the blocking call, in a scripted environment ---- */

static void serve_on_park(void *arg)
{
	struct yard *y = arg;

	handle(y, 0, 1);
}

START_TEST(wait_sleeps_until_it_is_delivered)
{
	struct yard y;
	struct fake f = {.now = 1, .tick = 1};
	struct weir_env env = fake_env(&f);
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .env = &env};

	yard_open(&y, 1);
	handle(&y, 0, 0);
	send(&y, 3);
	f.on_park = serve_on_park;
	f.arg = &y;
	ck_assert_int_eq(weir_drain_add(&y.d, &y.b.table, 0, cut(&y), 0), WEIR_OK);
	ck_assert_int_eq(weir_drain_wait(&y.d, NULL, 0, &how), WEIR_OK);
	ck_assert_uint_eq(f.parks, 3);
	ck_assert_uint_eq(y.d.stats.sleeps, 3);
	yard_close(&y);
}
END_TEST

START_TEST(wait_ends_at_the_deadline_with_the_list)
{
	struct yard y;
	struct fake f = {.now = 1000, .tick = 1};
	struct weir_env env = fake_env(&f);
	struct weir_wait how = {.strategy = (enum weir_wait_strategy)_i, .env = &env};

	how.deadline = 50000000;
	yard_open(&y, 2);
	handle(&y, 0, 0);
	handle(&y, 1, 0);
	send(&y, 3);
	handle(&y, 1, 3);
	f.tick = 1000;
	ck_assert_int_eq(weir_drain_add_all(&y.d, &y.b.table, cut(&y), 0), WEIR_OK);
	ck_assert_int_eq(weir_drain_wait(&y.d, NULL, 0, &how), -ETIMEDOUT);
	ck_assert_uint_ge(f.now, 50000000);
	ck_assert_uint_eq(y.d.open, 1);
	ck_assert_uint_eq(y.t[0].slot, 0);
	ck_assert_uint_eq(y.t[0].remaining, 48);
	handle(&y, 0, 3); /* the set is still good */
	ck_assert_int_eq(weir_drain_poll(&y.d, f.now), WEIR_OK);
	yard_close(&y);
}
END_TEST

START_TEST(wait_refuses_to_wait_for_itself)
{
	struct yard y;
	struct fake f = {.now = 1, .tick = 1};
	struct weir_env env = fake_env(&f);
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .env = &env};
	struct weir_progress_writer *self[1];
	struct weir_progress_record rec;

	yard_open(&y, 2);
	handle(&y, 0, 0);
	handle(&y, 1, 0);
	send(&y, 1);
	self[0] = &y.r[0].progress;
	ck_assert_int_eq(weir_drain_add_all(&y.d, &y.b.table, cut(&y), 0), WEIR_OK);
	ck_assert_int_eq(weir_drain_wait(&y.d, self, 1, &how), -EDEADLK);
	ck_assert_uint_eq(f.parks, 0);
	handle(&y, 0, 1); /* done serving: the other one may be waited for, unless it waits too */
	weir_progress_park(&y.r[1].progress, 1);
	ck_assert_int_eq(weir_drain_wait(&y.d, self, 1, &how), WEIR_PARKED);
	ck_assert_int_eq(weir_progress_read(&y.b.table, 0, &rec), WEIR_OK);
	ck_assert_int_eq(rec.state, WEIR_PROGRESS_ACTIVE);
	handle(&y, 1, 1);
	ck_assert_int_eq(weir_drain_wait(&y.d, self, 1, &how), WEIR_OK);
	yard_close(&y);
}
END_TEST

START_TEST(wait_notices_death_and_cancel)
{
	struct yard y;
	struct fake f = {.now = 1, .tick = 1, .dead = ME};
	struct weir_env env = fake_env(&f);
	uint32_t cancel = 0;
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .env = &env, .cancel = &cancel};

	yard_open(&y, 1);
	handle(&y, 0, 0);
	send(&y, 1);
	ck_assert_int_eq(weir_drain_add_all(&y.d, &y.b.table, cut(&y), 0), WEIR_OK);
	cancel = 1;
	ck_assert_int_eq(weir_drain_wait(&y.d, NULL, 0, &how), -ECANCELED);
	cancel = 0;
	ck_assert_int_eq(weir_drain_wait(&y.d, NULL, 0, &how), -EOWNERDEAD);
	memset(&y.r[0], 0, sizeof(y.r[0]));
	yard_close(&y);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("drain");
	TCase *t = tcase_create("poll");
	TCase *w = tcase_create("wait");
	SRunner *run;
	int failed;

	tcase_add_test(t, waits_for_handled_not_for_handed_out);
	tcase_add_test(t, drained_already_and_beyond_the_cut);
	tcase_add_test(t, vacant_slots_are_no_targets);
	tcase_add_test(t, dormant_readers_are_skipped_until_they_serve);
	tcase_add_test(t, dormant_readers_count_when_asked);
	tcase_add_test(t, late_joiners_owe_only_what_follows);
	tcase_add_test(t, those_who_leave_are_listed);
	tcase_add_test(t, the_dead_are_named_by_liveness);
	tcase_add_test(t, who_passed_the_cut_before_it_died_is_drained);
	tcase_add_test(t, a_torn_record_remembers_whom_it_meant);
	tcase_add_test(t, a_death_that_somebody_else_cleared_up_is_seen);
	tcase_add_test(t, losses_across_the_cut_are_reported_exactly);
	tcase_add_loop_test(t, epochs_are_never_compared, 0, 2);
	tcase_add_test(t, a_torn_record_is_captured_later);
	tcase_add_test(t, a_dead_owner_of_a_torn_record_ends_the_wait);
	tcase_add_test(t, storage_is_all_or_nothing);
	tcase_add_test(t, cancel_wins);
	tcase_add_loop_test(t, zones_keep_every_target_once, 0, 8);
	tcase_add_test(t, the_plain_form_saturates);
	tcase_add_test(t, names_and_stats_are_complete);
	tcase_add_test(w, wait_sleeps_until_it_is_delivered);
	tcase_add_loop_test(w, wait_ends_at_the_deadline_with_the_list, 0, 4);
	tcase_add_test(w, wait_refuses_to_wait_for_itself);
	tcase_add_test(w, wait_notices_death_and_cancel);
	suite_add_tcase(s, t);
	suite_add_tcase(s, w);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed == 0 ? 0 : 1;
}
