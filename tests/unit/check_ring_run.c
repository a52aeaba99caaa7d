/* Runs of a ring in one thread: the same records as single claims and polls, and every way a run
 * ends. */
#include "flow_fixture.h"
#include "often.h"

#include <weir/ring_run.h>

static const weir_pos origins[] = {0, UINT64_C(0x100000000) - 20000, UINT64_MAX - 20007};
#define NORIGINS ((int)(sizeof(origins) / sizeof(origins[0])))
#define CAPACITY 8192u

/* What is in the ring, by number. */
struct model {
	uint32_t len[1u << 16];
	uint32_t kind[1u << 16];
	uint64_t written, read, delivered;
};

static void fill_run(struct model *m, const struct weir_ring_room *first, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++, m->written++) {
		bed_fill(first->ptr + i * weir_ring_stride(first->len), first->len, m->written);
		m->len[m->written] = first->len;
		m->kind[m->written] = first->kind;
	}
}

static void verify_run(struct model *m, const struct weir_ring_view *first, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++, m->read++) {
		ck_assert_uint_eq(first->seq + i, m->read);
		ck_assert_uint_lt(m->read, m->written);
		ck_assert_uint_eq(first->len, m->len[m->read]);
		ck_assert_uint_eq(first->kind, m->kind[m->read]);
		ck_assert(bed_verify(first->ptr + i * weir_ring_stride(first->len), first->len,
				     m->read));
	}
}

/* Claims and polls of both sorts, in any order; what is claimed is committed at random. */
START_TEST(runs_and_single_records_mix)
{
	static struct model m;
	struct bed b;
	struct weir_ring_reader r;
	struct weir_ring_room room;
	struct weir_ring_view v;
	uint64_t x = (uint64_t)_i + 1, runs = 0;
	uint32_t n, max, len, kind, step;
	int rc;

	memset(&m, 0, sizeof(m));
	bed_open(&b, CAPACITY, origins[_i], 1);
	SAME(weir_ring_join(&r, b.ring, &b.table, 0, WEIR_RING_OLDEST, ME, NULL), WEIR_OK);
	weir_ring_deliver(&r, 0);
	for (step = 0; m.written < 40000; step++) {
		len = lcg(&x) % 8 == 0 ? lcg(&x) % 1017 : 8 * (lcg(&x) % 4);
		kind = lcg(&x) % 3;
		max = 1 + lcg(&x) % 40;
		n = 1;
		rc = lcg(&x) % 4 == 0 ? weir_ring_claim(&b.w, kind, len, WEIR_RING_GATED, &room)
				      : weir_ring_claim_run(&b.w, kind, len, max, WEIR_RING_GATED,
							    &room, &n);
		ck_assert_uint_le(n, max);
		if (rc == WEIR_OK)
			fill_run(&m, &room, n);
		else
			HOLDS(rc == WEIR_FULL || rc == -ENOBUFS);
		SAME(b.w.messages, m.written);
		if (rc != WEIR_OK || lcg(&x) % 4 == 0)
			weir_ring_commit(&b.w);
		while (lcg(&x) % 4 != 0) {
			n = 1;
			rc = lcg(&x) % 4 == 0 ? weir_ring_poll(&r, &v)
					      : weir_ring_poll_run(&r, lcg(&x) % 50, &v, &n);
			if (rc == WEIR_EMPTY)
				break;
			SAME(rc, WEIR_OK);
			SAME(v.end - v.at, weir_ring_stride(v.len));
			verify_run(&m, &v, n);
			SAME(r.next, v.at + n * weir_ring_stride(v.len));
			runs += n > 1;
			SAME(weir_ring_check_run(&r, &v, n), WEIR_OK);
			if (lcg(&x) % 2 == 0)
				weir_ring_deliver(&r, 0);
		}
		if (rc == WEIR_EMPTY)
			weir_ring_deliver(&r, 0);
	}
	HOLDS(runs > 1000);
	bed_close(&b);
}
END_TEST

START_TEST(claims_are_refused_as_single_ones_are)
{
	struct bed b;
	struct weir_ring_room room;
	struct weir_ring_writer lossy;
	uint32_t n = 77, max = CAPACITY / 8 - WEIR_RING_HEADER;

	bed_open(&b, CAPACITY, 0, 1);
#define REFUSED(w, kind, len, many, policy, want)                                                  \
	do {                                                                                       \
		ck_assert_int_eq(weir_ring_claim_run(w, kind, len, many, policy, &room, &n),       \
				 want);                                                            \
		ck_assert_uint_eq(n, 77);                                                          \
		ck_assert_uint_eq((w)->messages, 0);                                               \
	} while (0)
	REFUSED(&b.w, 0, 8, 0, WEIR_RING_GATED, -EINVAL);
	REFUSED(&b.w, 0, max + 1, 2, WEIR_RING_GATED, -EMSGSIZE);
	REFUSED(&b.w, 0, UINT32_MAX, UINT32_MAX, WEIR_RING_GATED, -EMSGSIZE);
	REFUSED(&b.w, WEIR_RING_KIND_MAX + 1, 8, 2, WEIR_RING_GATED, -EINVAL);
	REFUSED(&b.w, 0, 8, 2, (enum weir_ring_policy)3, -EINVAL);
	ck_assert_uint_eq(b.w.claimed, b.w.committed);
	weir_ring_writer_detach(&b.w);
	REFUSED(&b.w, 0, 0, 1, WEIR_RING_GATED, -ENOTCONN);
	ck_assert_int_eq(weir_ring_writer_attach(&lossy, b.ring, NULL, ME, NULL, NULL), WEIR_OK);
	REFUSED(&lossy, 0, 8, 2, WEIR_RING_GATED, -EINVAL);
	ck_assert_int_eq(weir_ring_claim_run(&lossy, 0, 8, 2, WEIR_RING_LOSSY, &room, &n), WEIR_OK);
	ck_assert_uint_eq(n, 2);
	weir_ring_writer_detach(&lossy);
	bed_close(&b);
}
END_TEST

/* As many as fit: into a batch, before the end of the buffer, before a reader. */
START_TEST(a_claim_gets_what_there_is_room_for)
{
	const uint64_t stride = weir_ring_stride(24);
	struct bed b;
	struct weir_ring_reader r;
	struct weir_ring_room room;
	struct weir_ring_view v;
	uint32_t n, all = 0;
	int rc, ends = 0;

	bed_open(&b, CAPACITY, 0, 1);
	ck_assert_int_eq(weir_ring_join(&r, b.ring, &b.table, 0, WEIR_RING_OLDEST, ME, NULL),
			 WEIR_OK);
	weir_ring_deliver(&r, 0);
	ck_assert_int_eq(weir_ring_claim_run(&b.w, 0, 24, UINT32_MAX, WEIR_RING_GATED, &room, &n),
			 WEIR_OK);
	ck_assert_uint_eq(n, CAPACITY / 4 / stride);
	ck_assert_int_eq(weir_ring_claim_run(&b.w, 0, 24, 1, WEIR_RING_GATED, &room, &n), -ENOBUFS);
	ck_assert_int_eq(weir_ring_claim(&b.w, 0, 24, WEIR_RING_GATED, &room), -ENOBUFS);
	weir_ring_abort(&b.w);
	ck_assert_uint_eq(b.w.messages, 0);
	while ((rc = weir_ring_claim_run(&b.w, 0, 24, 10, WEIR_RING_GATED, &room, &n)) == WEIR_OK) {
		ck_assert_uint_le((room.at & b.w.mask) + n * stride, CAPACITY);
		ck_assert_uint_eq(b.w.claimed, room.at + n * stride);
		all += n;
		weir_ring_commit(&b.w);
	}
	ck_assert_int_eq(rc, WEIR_FULL);
	ck_assert_uint_ge(all * stride, CAPACITY - CAPACITY / 64 - 8 - stride);
	ck_assert_uint_le(all * stride, CAPACITY - 8);
	/* in the second lap, a record ends where the buffer does: runs stop there on both sides */
	for (all = 0; all < 4000;) {
		while ((rc = weir_ring_poll_run(&r, 7, &v, &n)) == WEIR_OK) {
			ck_assert_uint_le((v.at & r.mask) + n * stride, CAPACITY);
			ends += (v.at & r.mask) + n * stride == CAPACITY && n < 7;
		}
		ck_assert_int_eq(rc, WEIR_EMPTY);
		weir_ring_deliver(&r, 0);
		rc = weir_ring_claim_run(&b.w, 0, 24, 10, WEIR_RING_GATED, &room, &n);
		ck_assert_int_eq(rc, WEIR_OK);
		ck_assert_uint_le((room.at & b.w.mask) + n * stride, CAPACITY);
		all += n;
		weir_ring_commit(&b.w);
	}
	ck_assert_int_gt(ends, 2);
	bed_close(&b);
}
END_TEST

START_TEST(a_run_ends_where_records_differ)
{
	static const uint32_t kind[] = {1, 1, 1, 2, 2, 2, 2, 2}, len[] = {8, 8, 8, 8, 8, 9, 0, 0};
	static const uint32_t want[] = {2, 2, 1, 2}; /* after the first, at most 2 at a time */
	struct bed b;
	struct weir_ring_reader r;
	struct weir_ring_room room;
	struct weir_ring_view v;
	uint64_t seq = 1;
	uint32_t i, n = 9;

	bed_open(&b, CAPACITY, 0, 1);
	ck_assert_int_eq(weir_ring_join(&r, b.ring, &b.table, 0, WEIR_RING_OLDEST, ME, NULL),
			 WEIR_OK);
	ck_assert_int_eq(weir_ring_poll_run(&r, 5, &v, &n), WEIR_EMPTY);
	ck_assert_uint_eq(n, 9);
	for (i = 0; i < 8; i++) {
		ck_assert_int_eq(weir_ring_claim(&b.w, kind[i], len[i], WEIR_RING_GATED, &room),
				 WEIR_OK);
		if (i == 1) { /* alike, and not committed yet */
			ck_assert_int_eq(weir_ring_poll_run(&r, 5, &v, &n), WEIR_OK);
			ck_assert_uint_eq(v.seq, 0);
			ck_assert_uint_eq(n, 1);
		} else { /* the second and the third with one commit */
			weir_ring_commit(&b.w);
		}
	}
	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(weir_ring_poll_run(&r, 2, &v, &n), WEIR_OK);
		ck_assert_uint_eq(v.seq, seq);
		ck_assert_uint_eq(v.kind, kind[seq]);
		ck_assert_uint_eq(v.len, len[seq]);
		ck_assert_uint_eq(n, want[i]);
		seq += n;
	}
	ck_assert_int_eq(weir_ring_poll_run(&r, 2, &v, &n), WEIR_EMPTY);
	weir_ring_leave(&r, 0);
	ck_assert_int_eq(weir_ring_poll_run(&r, 2, &v, &n), -ENOTCONN);
	ck_assert_int_eq(weir_ring_check_run(&r, &v, 1), -ENOTCONN);
	bed_close(&b);
}
END_TEST

START_TEST(zero_counts_as_one)
{
	struct bed b;
	struct weir_ring_reader r;
	struct weir_ring_view v;
	uint32_t n;

	bed_open(&b, CAPACITY, 0, 1);
	ck_assert_int_eq(weir_ring_reader_attach(&r, b.ring, WEIR_RING_OLDEST, 0, NULL), WEIR_OK);
	ck_assert_int_eq(weir_ring_send(&b.w, 1, "12345678", 8, WEIR_RING_LOSSY), WEIR_OK);
	ck_assert_int_eq(weir_ring_send(&b.w, 1, "12345678", 8, WEIR_RING_LOSSY), WEIR_OK);
	ck_assert_int_eq(weir_ring_poll_run(&r, 0, &v, &n), WEIR_OK);
	ck_assert_uint_eq(n, 1);
	bed_close(&b);
}
END_TEST

static void send_lossy(struct bed *b, uint64_t n)
{
	for (; n != 0; n--)
		ck_assert_int_eq(weir_ring_send(&b->w, 5, "12345678", 8, WEIR_RING_LOSSY), WEIR_OK);
}

/* Overtaken before and after a run is handed out: what was not handled plus what was is all. */
START_TEST(laps_are_counted_exactly)
{
	struct bed b;
	struct weir_ring_reader r;
	struct weir_ring_view v;
	uint64_t x = (uint64_t)_i + 1, good = 0, step;
	uint32_t n, lapped = 0, overtaken = 0;
	int rc;

	bed_open(&b, CAPACITY, origins[_i], 1);
	SAME(weir_ring_reader_attach(&r, b.ring, WEIR_RING_OLDEST, 0, NULL), WEIR_OK);
	for (step = 0; step < 4000; step++) {
		send_lossy(&b, lcg(&x) % 200);
		rc = weir_ring_poll_run(&r, 1 + lcg(&x) % 100, &v, &n);
		if (rc == WEIR_EMPTY)
			continue;
		if (rc == WEIR_LAPPED) {
			overtaken++;
			continue;
		}
		SAME(rc, WEIR_OK);
		SAME(v.seq, good + r.lost_messages);
		if (lcg(&x) % 2 == 0)
			send_lossy(&b, 512 - n - lcg(&x) % 100);
		rc = weir_ring_check_run(&r, &v, n);
		SAME(rc, weir_pos_diff(bed_shm(&b)->oldest, v.at) > 0 ? WEIR_LAPPED : WEIR_OK);
		good += rc == WEIR_OK ? n : 0;
		lapped += rc == WEIR_LAPPED;
	}
	while ((rc = weir_ring_poll_run(&r, 64, &v, &n)) != WEIR_EMPTY)
		good += rc == WEIR_OK ? n : 0;
	SAME(good + r.lost_messages, b.w.messages);
	SAME(good * 16 + r.lost_bytes, b.w.committed - origins[_i]);
	HOLDS(lapped > 20);
	HOLDS(overtaken > 20);
	bed_close(&b);
}
END_TEST

/* A registered reader's losses stand in its record. */
START_TEST(losses_are_published)
{
	struct bed b;
	struct weir_ring_reader r;
	struct weir_ring_view v;
	struct weir_progress_record rec;
	uint32_t n;

	bed_open(&b, CAPACITY, 0, 1);
	ck_assert_int_eq(weir_ring_join(&r, b.ring, &b.table, 0, WEIR_RING_OLDEST, ME, NULL),
			 WEIR_OK);
	send_lossy(&b, 100);
	ck_assert_int_eq(weir_ring_poll_run(&r, 64, &v, &n), WEIR_OK);
	ck_assert_uint_eq(n, 64);
	send_lossy(&b, 600);
	ck_assert_int_eq(weir_ring_check_run(&r, &v, n), WEIR_LAPPED);
	ck_assert_int_eq(weir_progress_read(&b.table, 0, &rec), WEIR_OK);
	ck_assert_uint_eq(rec.lost_messages, 64);
	ck_assert_uint_eq(rec.lost_bytes, 64 * 16);
	bed_close(&b);
}
END_TEST

/* A damaged header ends the run before it and is found by the next poll. */
START_TEST(damage_inside_a_run_is_not_followed)
{
	static const uint64_t word[] = {UINT64_MAX, UINT64_C(1) << 63 | UINT32_MAX,
					UINT64_C(1) << 63 | CAPACITY, 1};
	struct bed b;
	struct weir_ring_reader r;
	struct weir_ring_view v;
	uint32_t n;

	bed_open(&b, CAPACITY, 0, 1);
	ck_assert_int_eq(weir_ring_join(&r, b.ring, &b.table, 0, WEIR_RING_OLDEST, ME, NULL),
			 WEIR_OK);
	send_lossy(&b, 10);
	*weir_priv_ring_word(b.w.data, UINT64_C(4) * 16) = word[_i];
	ck_assert_int_eq(weir_ring_poll_run(&r, 64, &v, &n), WEIR_OK);
	ck_assert_uint_eq(n, 4);
	ck_assert_int_eq(weir_ring_poll_run(&r, 64, &v, &n), -EBADMSG);
	ck_assert_uint_eq(r.rejected, 1);
	bed_close(&b);
}
END_TEST

/* Bytes behind the buffer look like more of the same, and a record says that it goes on there. */
START_TEST(nothing_goes_beyond_the_buffer)
{
	const uint64_t word = WEIR_PRIV_RING_COMMITTED | UINT64_C(5) << 32 | 8;
	struct weir_ring_config cfg = bed_config(CAPACITY, 0);
	struct weir_ring_writer w;
	struct weir_ring_reader r;
	struct weir_ring_view v;
	struct weir_span m;
	uint32_t n, all = 0;
	size_t bytes;
	int rc;

	ck_assert_int_eq(weir_ring_bytes(&cfg, &bytes, NULL), WEIR_OK);
	m = bed_alloc(bytes + 64);
	ck_assert_int_eq(weir_ring_format(m, &cfg, NULL), WEIR_OK);
	ck_assert_int_eq(weir_ring_writer_attach(&w, m, NULL, ME, NULL, NULL), WEIR_OK);
	ck_assert_int_eq(weir_ring_reader_attach(&r, m, WEIR_RING_OLDEST, 0, NULL), WEIR_OK);
	*weir_priv_ring_word(w.data, CAPACITY) = word;
	while (all < CAPACITY / 16) {
		ck_assert_int_eq(weir_ring_send(&w, 5, "12345678", 8, WEIR_RING_LOSSY), WEIR_OK);
		while ((rc = weir_ring_poll_run(&r, 64, &v, &n)) == WEIR_OK)
			all += n;
		ck_assert_int_eq(rc, WEIR_EMPTY);
	}
	ck_assert_uint_eq(all, CAPACITY / 16);
	ck_assert_uint_eq(r.next, CAPACITY);
	r.next = CAPACITY - 16; /* the last one says now that it is longer */
	*weir_priv_ring_word(w.data, CAPACITY - 16) = word + 8;
	ck_assert_int_eq(weir_ring_poll_run(&r, 64, &v, &n), -EBADMSG);
	weir_ring_writer_detach(&w);
	free(m.ptr);
}
END_TEST

/* Nothing is seen before the commit, and nothing after an abort. */
START_TEST(what_is_claimed_is_not_seen)
{
	struct bed b;
	struct weir_ring_reader r;
	struct weir_ring_room room;
	struct weir_ring_view v;
	uint32_t n;
	int drop;

	bed_open(&b, CAPACITY, 0, 1);
	ck_assert_int_eq(weir_ring_reader_attach(&r, b.ring, WEIR_RING_OLDEST, 0, NULL), WEIR_OK);
	for (drop = 1; drop >= 0; drop--) {
		ck_assert_int_eq(weir_ring_claim_run(&b.w, 0, 8, 5, WEIR_RING_LOSSY, &room, &n),
				 WEIR_OK);
		ck_assert_uint_eq(n, 5);
		ck_assert_int_eq(weir_ring_poll_run(&r, 9, &v, &n), WEIR_EMPTY);
		if (drop)
			weir_ring_abort(&b.w);
		ck_assert_int_eq(weir_ring_poll_run(&r, 9, &v, &n), WEIR_EMPTY);
	}
	weir_ring_commit(&b.w);
	ck_assert_int_eq(weir_ring_poll_run(&r, 9, &v, &n), WEIR_OK);
	ck_assert_uint_eq(n, 5);
	bed_close(&b);
}
END_TEST

/* ---- handlers and the run that they are in ---- */

/* Records that make one run. */
static void send_equal(struct bed *b, uint32_t n)
{
	struct weir_ring_room room;

	for (; n > 0; n--) {
		ck_assert_int_eq(weir_ring_claim(&b->w, 1, 24, WEIR_RING_GATED, &room), WEIR_OK);
		weir_ring_commit(&b->w);
	}
}

struct mover {
	struct weir_ring_reader *r;
	struct bed *to;
	uint32_t calls;
};

static int move_at_the_third(void *ctx, const struct weir_ring_view *v)
{
	struct mover *m = ctx;

	(void)v;
	if (++m->calls == 3) { /* the first of a run of two */
		weir_ring_leave(m->r, 0);
		ck_assert_int_eq(weir_ring_join(m->r, m->to->ring, &m->to->table, 0,
						WEIR_RING_NEWEST, ME, NULL),
				 WEIR_OK);
	}
	return 0;
}

/* The other ring stands where this one goes on: nothing but having left tells them apart. */
START_TEST(a_handler_that_joins_anew_ends_the_batch)
{
	struct bed a, b;
	struct weir_ring_reader r;
	struct mover m = {.r = &r, .to = &b};
	struct weir_ring_view v;
	uint32_t n;

	bed_open(&a, CAPACITY, 0, 1);
	bed_open(&b, CAPACITY, 0, 1);
	send_equal(&b, 3);
	ck_assert_int_eq(weir_ring_join(&r, a.ring, &a.table, 0, WEIR_RING_OLDEST, ME, NULL),
			 WEIR_OK);
	send_equal(&a, 6);
	ck_assert_int_eq(weir_ring_dispatch(&r, move_at_the_third, &m, 9, 1, &n), WEIR_OK);
	ck_assert_uint_eq(m.calls, 3);
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(weir_ring_poll(&r, &v), WEIR_EMPTY);
	send_equal(&b, 1);
	ck_assert_int_eq(weir_ring_poll(&r, &v), WEIR_OK);
	ck_assert_uint_eq(v.seq, 3);
	weir_ring_leave(&r, 0);
	bed_close(&a);
	bed_close(&b);
}
END_TEST

/* What a handler of a dispatch may do, at random. */
struct player {
	struct bed *b;
	struct weir_ring_reader *r;
	uint64_t x;
	uint64_t handled, taken; /* by the loop, and by the handler itself */
	uint64_t asked, overtaken;
	int lossy, counted, stopped;
};

/* As bed_send(), but all of one kind. */
static int send_alike(struct bed *b, uint32_t len, enum weir_ring_policy policy)
{
	struct weir_ring_room room;
	uint64_t seq = b->w.messages;
	int rc = weir_ring_claim(&b->w, 1, len, policy, &room);

	if (rc != WEIR_OK)
		return rc;
	bed_fill(room.ptr, len, seq);
	weir_ring_commit(&b->w);
	return WEIR_OK;
}

static int play(void *ctx, const struct weir_ring_view *v)
{
	struct player *p = ctx;
	struct weir_progress_record rec;
	struct weir_ring_view more;

	ck_assert(!p->stopped);
	ck_assert_uint_eq(v->seq, p->handled + p->taken + p->r->lost_messages);
	ck_assert_uint_eq(p->r->next, v->end);
	ck_assert_uint_eq(v->end - v->at, weir_ring_stride(v->len));
	ck_assert_ptr_eq(v->ptr, p->r->data + (v->at & p->r->mask) + WEIR_RING_HEADER);
	ck_assert(bed_verify(v->ptr, v->len, v->seq));
	ck_assert_int_eq(weir_progress_read(&p->b->table, 0, &rec), WEIR_OK);
	if (p->counted) { /* the one before was delivered at once */
		ck_assert(rec.delivered == v->at || (v->at & p->r->mask) == 0); /* padding */
		p->counted = 0;
	}
	if (lcg(&p->x) % 16 == 0) {
		p->b->table.shm->bell.waiting = 1; /* delivering rings, which takes it back */
		p->asked++;
		p->counted = !p->lossy;
	}
	if (lcg(&p->x) % 16 == 0 && weir_ring_poll(p->r, &more) == WEIR_OK) {
		ck_assert_uint_eq(more.seq, v->seq + 1u);
		p->taken++;
		p->counted = 0;
	}
	if (p->lossy && lcg(&p->x) % 64 == 0) {
		uint32_t n;

		for (n = 0; n < 300; n++)
			ck_assert_int_eq(send_alike(p->b, 8, WEIR_RING_LOSSY), WEIR_OK);
		if (weir_pos_diff(bed_shm(p->b)->oldest, v->at) > 0) {
			if (p->overtaken++ % 2 == 0) /* the loop looks, if the handler does not */
				ck_assert_int_eq(weir_ring_check(p->r, v), WEIR_LAPPED);
			return 0; /* not handled */
		}
	}
	p->handled++;
	p->stopped = lcg(&p->x) % 16 == 0;
	return p->stopped;
}

/* The loop takes runs, and its handler cannot tell. */
START_TEST(dispatch_gives_single_records)
{
	struct bed b;
	struct weir_ring_reader r;
	struct player p = {.b = &b, .r = &r, .x = (uint64_t)_i + 7, .lossy = _i % 2};
	enum weir_ring_policy policy = p.lossy ? WEIR_RING_LOSSY : WEIR_RING_GATED;
	uint64_t before;
	uint32_t step, n, k;
	int rc;

	bed_open(&b, CAPACITY, origins[_i / 2], 1);
	SAME(weir_ring_join(&r, b.ring, &b.table, 0, WEIR_RING_OLDEST, ME, NULL), WEIR_OK);
	for (step = 0; step < 3000; step++) {
		for (k = lcg(&p.x) % 60; k != 0; k--)
			if (send_alike(&b, lcg(&p.x) % 8 == 0 ? 40 : 8, policy) != WEIR_OK)
				break;
		p.counted = 0;
		p.stopped = 0;
		before = p.handled;
		rc = weir_ring_dispatch(&r, play, &p, 1 + lcg(&p.x) % 50, 1, &n);
		HOLDS(rc == WEIR_OK || rc == WEIR_EMPTY || (p.lossy && rc == WEIR_LAPPED));
		SAME(n, p.handled - before);
	}
	HOLDS(p.asked > 100);
	HOLDS(p.taken > 100);
	HOLDS(p.lossy ? p.overtaken > 10 : r.lost_messages == 0);
	bed_close(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ring_run");
	TCase *t = tcase_create("ring_run");
	SRunner *run;
	int failed;

	tcase_add_loop_test(t, runs_and_single_records_mix, 0, NORIGINS);
	tcase_add_test(t, claims_are_refused_as_single_ones_are);
	tcase_add_test(t, a_claim_gets_what_there_is_room_for);
	tcase_add_test(t, a_run_ends_where_records_differ);
	tcase_add_test(t, zero_counts_as_one);
	tcase_add_test(t, nothing_goes_beyond_the_buffer);
	tcase_add_test(t, what_is_claimed_is_not_seen);
	tcase_add_loop_test(t, laps_are_counted_exactly, 0, NORIGINS);
	tcase_add_test(t, losses_are_published);
	tcase_add_loop_test(t, damage_inside_a_run_is_not_followed, 0, 4);
	tcase_add_test(t, a_handler_that_joins_anew_ends_the_batch);
	tcase_add_loop_test(t, dispatch_gives_single_records, 0, 2 * NORIGINS);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed == 0 ? 0 : 1;
}
