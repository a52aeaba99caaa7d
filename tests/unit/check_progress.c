/* Delivery-progress records in one thread. */
#include "flow_fixture.h"

struct shelf {
	struct weir_span mem;
	struct weir_progress t;
};

static void shelf_open(struct shelf *s, uint32_t slots)
{
	size_t n;

	ck_assert_int_eq(weir_progress_bytes(slots, &n, NULL), WEIR_OK);
	s->mem = bed_alloc(n);
	ck_assert_int_eq(weir_progress_format(s->mem, slots, NULL), WEIR_OK);
	ck_assert_int_eq(weir_progress_attach(&s->t, s->mem, NULL), WEIR_OK);
}

START_TEST(geometry_is_checked)
{
	struct weir_error e;
	struct weir_span m, bad;
	struct weir_progress t;
	struct weir_progress_shm *shm;
	size_t n;

	ck_assert_int_eq(weir_progress_bytes(0, &n, &e), -EINVAL);
	ck_assert_int_eq(weir_progress_bytes(WEIR_PROGRESS_SLOTS_MAX + 1, &n, &e), -EINVAL);
	ck_assert_uint_eq(e.value, WEIR_PROGRESS_SLOTS_MAX + 1);
	ck_assert_uint_eq(e.limit, WEIR_PROGRESS_SLOTS_MAX);
	ck_assert_int_eq(weir_progress_bytes(3, &n, &e), WEIR_OK);
	ck_assert_uint_eq(n, sizeof(struct weir_progress_shm) +
				     3 * sizeof(struct weir_progress_slot_shm));
	m = bed_alloc(n);
	shm = m.ptr;
	ck_assert_int_eq(weir_progress_attach(&t, m, &e), -EPROTO);
	bad.ptr = (char *)m.ptr + 64;
	bad.len = n - 64;
	ck_assert_int_eq(weir_progress_format(bad, 3, &e), -EINVAL);
	bad.ptr = NULL;
	ck_assert_int_eq(weir_progress_format(bad, 3, &e), -EINVAL);
	bad.ptr = m.ptr;
	bad.len = n - 1;
	ck_assert_int_eq(weir_progress_format(bad, 3, &e), -ENOBUFS);
	ck_assert_int_eq(weir_progress_format(m, 3, &e), WEIR_OK);
	ck_assert_int_eq(weir_progress_attach(&t, bad, &e), -ENOBUFS);
	bad.len = 8;
	ck_assert_int_eq(weir_progress_attach(&t, bad, &e), -ENOBUFS);
	shm->slot_bytes = 128;
	ck_assert_int_eq(weir_progress_attach(&t, m, &e), -EPROTO);
	shm->slot_bytes = sizeof(struct weir_progress_slot_shm);
	shm->slots = 0;
	ck_assert_int_eq(weir_progress_attach(&t, m, &e), -EBADMSG);
	shm->slots = WEIR_PROGRESS_SLOTS_MAX + 1;
	ck_assert_int_eq(weir_progress_attach(&t, m, &e), -EBADMSG);
	shm->slots = 4;
	ck_assert_int_eq(weir_progress_attach(&t, m, &e), -ENOBUFS);
	free(m.ptr);
}
END_TEST

START_TEST(a_slot_goes_through_its_states)
{
	struct shelf s;
	struct weir_progress_writer w;
	struct weir_progress_record r;
	struct weir_error e;

	shelf_open(&s, 2);
	ck_assert_int_eq(weir_progress_read(&s.t, 2, &r), -EINVAL);
	ck_assert_int_eq(weir_progress_read(&s.t, 0, &r), WEIR_OK);
	ck_assert_int_eq(r.state, WEIR_PROGRESS_VACANT);
	ck_assert_int_eq(weir_progress_claim(&s.t, 0, 0, 0, 0, &w, &e), -EINVAL);
	ck_assert_int_eq(weir_progress_claim(&s.t, 2, ME, 0, 0, &w, &e), -EINVAL);
	ck_assert_uint_eq(e.limit, 1);
	ck_assert_int_eq(weir_progress_claim(&s.t, 1, ME, 800, 10, &w, &e), WEIR_OK);
	ck_assert_int_eq(weir_progress_read(&s.t, 1, &r), WEIR_OK);
	ck_assert_int_eq(r.state, WEIR_PROGRESS_DORMANT);
	ck_assert_uint_eq(r.owner, ME);
	ck_assert_uint_eq(r.epoch, 1);
	ck_assert_uint_eq(r.join, 800);
	ck_assert_uint_eq(r.join_sequence, 10);
	ck_assert_uint_eq(r.delivered, 800);
	ck_assert_uint_eq(r.observed, 800);
	weir_progress_publish(&w, 808, 816, 11, 5);
	ck_assert_int_eq(weir_progress_read(&s.t, 1, &r), WEIR_OK);
	ck_assert_int_eq(r.state, WEIR_PROGRESS_ACTIVE);
	ck_assert_uint_eq(r.delivered, 808);
	ck_assert_uint_eq(r.observed, 816);
	ck_assert_uint_eq(r.sequence, 11);
	ck_assert_uint_eq(r.stamp, 5);
	weir_progress_park(&w, 6);
	ck_assert_int_eq(weir_progress_read(&s.t, 1, &r), WEIR_OK);
	ck_assert_int_eq(r.state, WEIR_PROGRESS_PARKED);
	weir_progress_publish(&w, 816, 816, 12, 7); /* stays parked while it serves */
	ck_assert_int_eq(weir_progress_read(&s.t, 1, &r), WEIR_OK);
	ck_assert_int_eq(r.state, WEIR_PROGRESS_PARKED);
	weir_progress_resume(&w, 8);
	ck_assert_int_eq(weir_progress_read(&s.t, 1, &r), WEIR_OK);
	ck_assert_int_eq(r.state, WEIR_PROGRESS_ACTIVE);
	weir_progress_stop(&w, 9);
	weir_progress_stop(&w, 9);
	weir_progress_park(&w, 9);
	ck_assert_int_eq(weir_progress_read(&s.t, 1, &r), WEIR_OK);
	ck_assert_int_eq(r.state, WEIR_PROGRESS_STOPPED);
	ck_assert_uint_eq(r.owner, 0);
	ck_assert_uint_eq(r.delivered, 816);
	ck_assert_int_eq(weir_progress_claim(&s.t, 1, OTHER, 900, 20, &w, &e), WEIR_OK);
	ck_assert_int_eq(weir_progress_read(&s.t, 1, &r), WEIR_OK);
	ck_assert_uint_eq(r.epoch, 2);
	ck_assert_uint_eq(r.join, 900);
	free(s.mem.ptr);
}
END_TEST

START_TEST(slots_are_given_out_once)
{
	struct shelf s;
	struct weir_progress_writer w[3];
	struct weir_error e;

	shelf_open(&s, 2);
	ck_assert_int_eq(weir_progress_claim(&s.t, WEIR_PROGRESS_SLOT_ANY, ME, 0, 0, &w[0], &e),
			 WEIR_OK);
	ck_assert_uint_eq(w[0].index, 0);
	ck_assert_int_eq(weir_progress_claim(&s.t, 0, OTHER, 0, 0, &w[1], &e), -EBUSY);
	ck_assert_uint_eq(e.value, weir_owner_pid(ME));
	ck_assert_int_eq(weir_progress_claim(&s.t, WEIR_PROGRESS_SLOT_ANY, ME, 0, 0, &w[1], &e),
			 WEIR_OK);
	ck_assert_int_eq(weir_progress_claim(&s.t, WEIR_PROGRESS_SLOT_ANY, ME, 0, 0, &w[2], &e),
			 -ENOSPC);
	ck_assert_uint_eq(e.limit, 2);
	weir_progress_stop(&w[0], 0);
	ck_assert_int_eq(weir_progress_claim(&s.t, WEIR_PROGRESS_SLOT_ANY, ME, 0, 0, &w[2], &e),
			 WEIR_OK);
	ck_assert_uint_eq(w[2].index, 0);
	free(s.mem.ptr);
}
END_TEST

START_TEST(the_floor_is_that_of_those_who_count)
{
	struct shelf s;
	struct weir_progress_writer w[4];
	weir_pos floor = 1, base = _i ? UINT64_MAX - 63 : 0; /* around the wrap the second time */
	uint32_t which = 9;
	int i;

	shelf_open(&s, 6);
	ck_assert_int_eq(weir_progress_floor(&s.t, &floor, &which), WEIR_EMPTY);
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(weir_progress_claim(&s.t, (uint32_t)i, ME,
						     base + 40 * (weir_pos)(i + 1), 0, &w[i], NULL),
				 WEIR_OK);
	ck_assert_int_eq(weir_progress_floor(&s.t, &floor, &which), WEIR_OK);
	ck_assert_uint_eq(floor, base + 40); /* dormant ones hold their position */
	ck_assert_uint_eq(which, 0);
	ck_assert_int_eq(weir_progress_evict(&s.t, 0), 1);
	ck_assert_int_eq(weir_progress_evict(&s.t, 0), 0);
	ck_assert_int_eq(weir_progress_evict(&s.t, 99), 0);
	ck_assert_int_eq(weir_progress_floor(&s.t, &floor, &which), WEIR_OK);
	ck_assert_uint_eq(floor, base + 80);
	ck_assert_uint_eq(which, 1);
	weir_progress_stop(&w[1], 0);
	weir_progress_park(&w[2], 0);
	ck_assert_int_eq(weir_progress_floor(&s.t, &floor, NULL), WEIR_OK);
	ck_assert_uint_eq(floor, base + 120);
	weir_progress_stop(&w[2], 0);
	weir_progress_stop(&w[3], 0);
	floor = 7;
	ck_assert_int_eq(weir_progress_floor(&s.t, &floor, &which), WEIR_EMPTY);
	ck_assert_uint_eq(floor, 7);
	free(s.mem.ptr);
}
END_TEST

START_TEST(a_torn_record_is_reported_and_mended)
{
	struct shelf s;
	struct fake f = {.dead = ME};
	struct weir_env env = fake_env(&f);
	struct weir_progress_writer w, w2;
	struct weir_progress_record r, keep;

	shelf_open(&s, 2);
	ck_assert_int_eq(weir_progress_claim(&s.t, 0, ME, 0, 0, &w, NULL), WEIR_OK);
	weir_progress_publish(&w, 80, 96, 4, 1);
	ck_assert_int_eq(weir_progress_claim(&s.t, 1, OTHER, 0, 0, &w2, NULL), WEIR_OK);
	s.t.slot[0].version++; /* as if killed in the middle of a publish */
	s.t.slot[0].delivered = 88;
	memset(&r, 0x5a, sizeof(r));
	keep = r;
	ck_assert_int_eq(weir_progress_read(&s.t, 0, &r), -EAGAIN);
	ck_assert_int_eq(memcmp(&r, &keep, sizeof(r)), 0);
	ck_assert_int_eq(weir_progress_reclaim(&s.t, 0, OTHER, ME), -ESTALE);
	ck_assert_int_eq(weir_progress_reclaim(&s.t, 9, ME, OTHER), -EINVAL);
	ck_assert_int_eq(weir_progress_reclaim(&s.t, 0, 0, OTHER), -EINVAL);
	ck_assert_int_eq(weir_progress_reclaim(&s.t, 0, ME, 0), -EINVAL);
	ck_assert_int_eq(weir_progress_reclaim(&s.t, 0, ME, ME), -EINVAL);
	ck_assert_uint_eq(weir_progress_reap(&s.t, &env, OTHER), 1);
	ck_assert_uint_eq(weir_progress_reap(&s.t, &env, OTHER), 0);
	ck_assert_int_eq(weir_progress_read(&s.t, 0, &r), WEIR_OK);
	ck_assert_int_eq(r.state, WEIR_PROGRESS_DEAD);
	ck_assert_uint_eq(r.delivered, 88);
	ck_assert_uint_eq(r.owner, 0);
	ck_assert_uint_eq(s.t.slot[0].version % 2, 0);
	/* the next owner goes on from an even version, in a new epoch */
	ck_assert_int_eq(weir_progress_claim(&s.t, 0, OTHER, 88, 5, &w, NULL), WEIR_OK);
	ck_assert_int_eq(weir_progress_read(&s.t, 0, &r), WEIR_OK);
	ck_assert_uint_eq(r.epoch, 2);
	free(s.mem.ptr);
}
END_TEST

/* A reader of the record sees one publish or another, wherever the owner stands in it. */
START_TEST(no_prefix_of_a_publish_is_accepted)
{
	struct shelf s;
	struct weir_progress_writer w;
	struct weir_progress_record r;
	struct weir_progress_slot_shm *slot, before, after;
	uint64_t *from, *to, *live;
	size_t word;

	shelf_open(&s, 1);
	slot = &s.t.slot[0];
	ck_assert_int_eq(weir_progress_claim(&s.t, 0, ME, 0, 0, &w, NULL), WEIR_OK);
	weir_progress_publish(&w, 8, 16, 1, 100);
	before = *slot;
	weir_progress_publish(&w, 24, 32, 3, 200);
	after = *slot;
	from = &before.delivered;
	to = &after.delivered;
	live = &slot->delivered;
	for (word = 0; word <= 7; word++) { /* words [0, word) are new, the rest old */
		size_t k;

		for (k = 0; k < 7; k++)
			live[k] = k < word ? to[k] : from[k];
		slot->version = before.version + 1;
		ck_assert_int_eq(weir_progress_read(&s.t, 0, &r), -EAGAIN);
	}
	slot->version = after.version;
	ck_assert_int_eq(weir_progress_read(&s.t, 0, &r), WEIR_OK);
	ck_assert_uint_eq(r.delivered, 24);
	ck_assert_uint_eq(r.stamp, 200);
	free(s.mem.ptr);
}
END_TEST

START_TEST(damaged_words_are_not_believed)
{
	struct shelf s;
	struct weir_progress_writer w;
	struct weir_progress_record r;
	weir_pos floor;

	shelf_open(&s, 1);
	ck_assert_int_eq(weir_progress_claim(&s.t, 0, ME, 0, 0, &w, NULL), WEIR_OK);
	s.t.shm->high = UINT32_MAX; /* scans stay inside the table they copied */
	ck_assert_int_eq(weir_progress_floor(&s.t, &floor, NULL), WEIR_OK);
	s.t.slot[0].epoch_state = 0xff;
	ck_assert_int_eq(weir_progress_read(&s.t, 0, &r), WEIR_OK);
	ck_assert_int_eq(r.state, WEIR_PROGRESS_DEAD);
	ck_assert_int_eq(weir_progress_floor(&s.t, &floor, NULL), WEIR_EMPTY);
	free(s.mem.ptr);
}
END_TEST

START_TEST(states_have_names)
{
	ck_assert_str_eq(weir_progress_state_name(WEIR_PROGRESS_VACANT), "VACANT");
	ck_assert_str_eq(weir_progress_state_name(WEIR_PROGRESS_DORMANT), "DORMANT");
	ck_assert_str_eq(weir_progress_state_name(WEIR_PROGRESS_ACTIVE), "ACTIVE");
	ck_assert_str_eq(weir_progress_state_name(WEIR_PROGRESS_PARKED), "PARKED");
	ck_assert_str_eq(weir_progress_state_name(WEIR_PROGRESS_STOPPED), "STOPPED");
	ck_assert_str_eq(weir_progress_state_name(WEIR_PROGRESS_DEAD), "DEAD");
	ck_assert_str_eq(weir_progress_state_name(6), "?");
}
END_TEST

/* The dispatch loop publishes at its bottom, whatever way it leaves. */
struct count {
	uint64_t n;
	uint64_t stop_at;
	struct bed *bed;
	uint64_t delivered_inside;
};

static int counting(void *ctx, const struct weir_ring_view *v)
{
	struct count *c = ctx;
	struct weir_progress_record r;

	ck_assert(bed_verify(v->ptr, v->len, v->seq));
	ck_assert_int_eq(weir_progress_read(&c->bed->table, 0, &r), WEIR_OK);
	c->delivered_inside = r.delivered;
	ck_assert_int_le(weir_pos_diff(r.delivered, v->at), 0); /* never before its handler */
	return ++c->n == c->stop_at;
}

START_TEST(dispatch_publishes_on_every_way_out)
{
	struct bed b;
	struct weir_ring_reader r;
	struct weir_progress_record p;
	struct count c = {.bed = &b};
	uint32_t handled;
	int i;

	bed_open(&b, 4096, 0, 1);
	ck_assert_int_eq(weir_ring_join(&r, b.ring, &b.table, 0, WEIR_RING_OLDEST, ME, NULL),
			 WEIR_OK);
#define IDLE()                                                                                     \
	do {                                                                                       \
		ck_assert_int_eq(weir_progress_read(&b.table, 0, &p), WEIR_OK);                    \
		ck_assert_int_eq(p.state, WEIR_PROGRESS_ACTIVE);                                   \
		ck_assert_uint_eq(p.delivered, r.next);                                            \
		ck_assert_uint_eq(p.observed, r.next);                                             \
		ck_assert_uint_eq(p.sequence, r.seq);                                              \
	} while (0)
	/* nothing there: a dormant reader has served all the same */
	ck_assert_int_eq(weir_ring_dispatch(&r, counting, &c, 9, 1, &handled), WEIR_EMPTY);
	ck_assert_uint_eq(handled, 0);
	IDLE();
	for (i = 0; i < 10; i++)
		ck_assert_int_eq(bed_send(&b, 8, WEIR_RING_GATED), WEIR_OK);
	ck_assert_int_eq(weir_ring_dispatch(&r, counting, &c, 3, 1, &handled), WEIR_OK);
	ck_assert_uint_eq(handled, 3); /* the limit */
	IDLE();
	c.stop_at = 5;
	ck_assert_int_eq(weir_ring_dispatch(&r, counting, &c, 9, 1, &handled), WEIR_OK);
	ck_assert_uint_eq(handled, 2); /* the handler's word */
	IDLE();
	b.table.shm->bell.waiting = 1; /* somebody waits: after each record */
	c.delivered_inside = 0;
	ck_assert_int_eq(weir_ring_dispatch(&r, counting, &c, 9, 1, &handled), WEIR_OK);
	ck_assert_uint_eq(handled, 5);
	ck_assert_uint_eq(b.table.shm->bell.waiting, 0);
	IDLE();
	ck_assert_int_eq(bed_send(&b, 8, WEIR_RING_GATED), WEIR_OK);
	*(uint64_t *)(void *)(b.w.data + (b.w.committed & b.w.mask)) = 77; /* damaged behind it */
	ck_assert_int_eq(weir_ring_dispatch(&r, counting, &c, 9, 1, &handled), -EBADMSG);
	ck_assert_uint_eq(handled, 1);
	IDLE();
	*(uint64_t *)(void *)(b.w.data + (b.w.committed & b.w.mask)) = 0;
	for (i = 0; i < 400; i++)
		ck_assert_int_eq(bed_send(&b, 8, WEIR_RING_LOSSY), WEIR_OK);
	ck_assert_int_eq(weir_ring_dispatch(&r, counting, &c, 9, 1, &handled), WEIR_LAPPED);
	ck_assert_uint_eq(handled, 0);
	IDLE();
	ck_assert_uint_eq(p.lost_messages, r.lost_messages);
	ck_assert_uint_gt(p.lost_messages, 100);
	while (weir_ring_dispatch(&r, counting, &c, 1000, 1, NULL) == WEIR_OK)
		;
	weir_ring_close(&b.w);
	ck_assert_int_eq(weir_ring_dispatch(&r, counting, &c, 9, 1, &handled), WEIR_CLOSED);
	IDLE();
	ck_assert_uint_eq(r.lost_messages + c.n, 411);
	weir_ring_leave(&r, 0);
	bed_close(&b);
}
END_TEST

/* What handlers do to their reader. */
struct deed {
	struct weir_ring_reader *r;
	struct bed *bed;
	uint64_t copied;
	int what; /* 0 leave, 1 dispatch again, 2 be overtaken and copy */
	int rc;
};

static int doing(void *ctx, const struct weir_ring_view *v)
{
	struct deed *d = ctx;
	uint8_t copy[64];
	int i;

	if (d->what == 0)
		weir_ring_leave(d->r, 1);
	if (d->what == 1)
		d->rc = weir_ring_dispatch(d->r, doing, ctx, 1, 1, NULL);
	if (d->what == 2) {
		for (i = 0; d->rc == 0 && i < 300; i++)
			ck_assert_int_eq(bed_send(d->bed, 8, WEIR_RING_LOSSY), WEIR_OK);
		d->rc = 1; /* once is enough */
		d->copied += weir_ring_copy(d->r, v, copy, sizeof(copy)) == WEIR_OK;
	}
	return 0;
}

START_TEST(handlers_may_leave_and_copy_but_not_dispatch)
{
	struct bed b;
	struct weir_ring_reader r;
	struct weir_progress_record p;
	struct deed d = {.r = &r, .bed = &b, .what = _i};
	uint32_t handled;
	int rc;

	bed_open(&b, 4096, 0, 1);
	ck_assert_int_eq(weir_ring_join(&r, b.ring, &b.table, 0, WEIR_RING_OLDEST, ME, NULL),
			 WEIR_OK);
	ck_assert_int_eq(bed_send(&b, 8, WEIR_RING_GATED), WEIR_OK);
	ck_assert_int_eq(bed_send(&b, 8, WEIR_RING_GATED), WEIR_OK);
	rc = weir_ring_dispatch(&r, doing, &d, 9, 1, &handled);
	ck_assert_int_eq(weir_progress_read(&b.table, 0, &p), WEIR_OK);
	if (_i == 0) {
		ck_assert_int_eq(rc, WEIR_OK);
		ck_assert_uint_eq(handled, 1);
		ck_assert_int_eq(p.state, WEIR_PROGRESS_STOPPED);
		ck_assert_uint_eq(p.delivered, 0); /* left before its handler returned */
	} else if (_i == 1) {
		ck_assert_int_eq(d.rc, -EDEADLK);
		ck_assert_uint_eq(handled, 2);
		ck_assert_uint_eq(p.delivered, 32);
	} else {
		ck_assert_int_eq(rc, WEIR_LAPPED); /* lost once, counted once */
		do
			rc = weir_ring_dispatch(&r, doing, &d, 999, 1, NULL);
		while (rc != WEIR_EMPTY);
		ck_assert_uint_eq(d.copied + r.lost_messages, b.w.messages);
	}
	weir_ring_leave(&r, 0);
	bed_close(&b);
}
END_TEST

/* A claimer that dies half-way must not lend its numbers to the owner before. */
START_TEST(a_claim_changes_the_epoch_before_any_position)
{
	struct shelf s;
	struct weir_progress_writer w;
	struct weir_progress_record r;

	shelf_open(&s, 2);
	ck_assert_int_eq(weir_progress_claim(&s.t, 1, ME, 8, 1, &w, NULL), WEIR_OK);
	weir_progress_publish(&w, 16, 16, 2, 1);
	weir_progress_stop(&w, 1);
	s.t.slot[1].owner = OTHER; /* took the slot and died at once */
	ck_assert_int_eq(weir_progress_reclaim(&s.t, 1, OTHER, ME), WEIR_OK);
	ck_assert_int_eq(weir_progress_read(&s.t, 1, &r), WEIR_OK);
	ck_assert_int_eq(r.state, WEIR_PROGRESS_STOPPED); /* still the word of the one that left */
	ck_assert_uint_eq(r.epoch, 1);
	ck_assert_uint_eq(r.delivered, 16);
	weir_progress_park(&w, 1);
	ck_assert_int_eq(weir_progress_claim(&s.t, 1, ME, 24, 3, &w, NULL), WEIR_OK);
	weir_progress_park(&w, 1); /* dormant stays dormant */
	weir_progress_resume(&w, 1);
	ck_assert_int_eq(weir_progress_read(&s.t, 1, &r), WEIR_OK);
	ck_assert_int_eq(r.state, WEIR_PROGRESS_DORMANT);
	ck_assert_uint_eq(r.epoch, 2);
	free(s.mem.ptr);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("progress");
	TCase *t = tcase_create("progress");
	SRunner *run;
	int failed;

	tcase_add_test(t, geometry_is_checked);
	tcase_add_test(t, a_slot_goes_through_its_states);
	tcase_add_test(t, slots_are_given_out_once);
	tcase_add_loop_test(t, the_floor_is_that_of_those_who_count, 0, 2);
	tcase_add_test(t, a_torn_record_is_reported_and_mended);
	tcase_add_test(t, no_prefix_of_a_publish_is_accepted);
	tcase_add_test(t, damaged_words_are_not_believed);
	tcase_add_test(t, states_have_names);
	tcase_add_test(t, dispatch_publishes_on_every_way_out);
	tcase_add_loop_test(t, handlers_may_leave_and_copy_but_not_dispatch, 0, 3);
	tcase_add_test(t, a_claim_changes_the_epoch_before_any_position);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed == 0 ? 0 : 1;
}
