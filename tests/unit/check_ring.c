/* The request ring in one thread: every outcome, every error, against a model. */
#include "flow_fixture.h"
#include "often.h"

static const weir_pos origins[] = {0, UINT64_C(0x100000000) - 20000, UINT64_MAX - 20007};
#define NORIGINS ((int)(sizeof(origins) / sizeof(origins[0])))

START_TEST(config_is_checked_by_field)
{
	struct weir_error e;
	struct weir_ring_config c = bed_config(8192, 0);
	size_t n;

	ck_assert_int_eq(weir_ring_bytes(&c, &n, &e), WEIR_OK);
	ck_assert_uint_eq(n, sizeof(struct weir_ring_shm) + 8192);
	c.struct_size--;
	ck_assert_int_eq(weir_ring_bytes(&c, &n, &e), -EINVAL);
	ck_assert_uint_eq(e.limit, sizeof(c));
	c = bed_config(WEIR_RING_CAPACITY_MIN / 2, 0);
	ck_assert_int_eq(weir_ring_bytes(&c, &n, &e), -EINVAL);
	ck_assert_uint_eq(e.value, WEIR_RING_CAPACITY_MIN / 2);
	ck_assert_uint_eq(e.limit, WEIR_RING_CAPACITY_MIN);
	c = bed_config(WEIR_RING_CAPACITY_MAX * 2, 0);
	ck_assert_int_eq(weir_ring_bytes(&c, &n, &e), -EINVAL);
	ck_assert_uint_eq(e.limit, WEIR_RING_CAPACITY_MAX);
	c = bed_config(12288, 0);
	ck_assert_int_eq(weir_ring_bytes(&c, &n, &e), -EINVAL);
	ck_assert_uint_eq(e.limit, 8192);
	c = bed_config(8192, 4);
	ck_assert_int_eq(weir_ring_bytes(&c, &n, &e), -EINVAL);
	ck_assert_uint_eq(e.value, 4);
}
END_TEST

START_TEST(memory_is_checked)
{
	struct weir_ring_config c = bed_config(4096, 0);
	struct weir_ring_writer w;
	struct weir_ring_reader r;
	struct weir_error e;
	struct weir_span m, bad;
	size_t n;

	ck_assert_int_eq(weir_ring_bytes(&c, &n, NULL), WEIR_OK);
	m = bed_alloc(n);
	bad.ptr = (char *)m.ptr + 8;
	bad.len = n - 8;
	ck_assert_int_eq(weir_ring_format(bad, &c, &e), -EINVAL);
	bad.ptr = m.ptr;
	bad.len = n - 1;
	ck_assert_int_eq(weir_ring_format(bad, &c, &e), -ENOBUFS);
	ck_assert_uint_eq(e.value, n - 1);
	ck_assert_uint_eq(e.limit, n);
	ck_assert_int_eq(weir_ring_reader_attach(&r, m, WEIR_RING_OLDEST, 0, &e), -EPROTO);
	ck_assert_int_eq(weir_ring_format(m, &c, &e), WEIR_OK);
	ck_assert_int_eq(weir_ring_reader_attach(&r, bad, WEIR_RING_OLDEST, 0, &e), -ENOBUFS);
	ck_assert_int_eq(weir_ring_reader_attach(&r, m, (enum weir_ring_from)7, 0, &e), -EINVAL);
	ck_assert_int_eq(weir_ring_writer_attach(&w, m, NULL, 0, NULL, &e), -EINVAL);
	free(m.ptr);
}
END_TEST

START_TEST(damaged_geometry_is_named)
{
	struct bed b;
	struct weir_ring_reader r;
	struct weir_error e;
	struct weir_ring_shm keep, *s;

	bed_open(&b, 4096, 0, 1);
	s = bed_shm(&b);
	keep = *s;
#define DAMAGE(field, value, want)                                                                 \
	do {                                                                                       \
		s->field = value;                                                                  \
		ck_assert_int_eq(weir_ring_reader_attach(&r, b.ring, WEIR_RING_OLDEST, 0, &e),     \
				 want);                                                            \
		ck_assert_int_eq(e.code, want);                                                    \
		ck_assert_ptr_nonnull(e.what);                                                     \
		s->field = keep.field;                                                             \
	} while (0)
	DAMAGE(magic, 1, -EPROTO);
	DAMAGE(capacity, 4097, -EBADMSG);
	DAMAGE(capacity, 8192, -EBADMSG);
	DAMAGE(capacity, 0, -EBADMSG);
	DAMAGE(chunk_shift, 9, -EBADMSG);
	DAMAGE(data_off, 0, -EPROTO);
	DAMAGE(origin, 3, -EBADMSG);
	DAMAGE(step, 4, -EAGAIN);
	s->capacity = 8192; /* consistent, but longer than the memory */
	s->chunk_shift = 7;
	ck_assert_int_eq(weir_ring_reader_attach(&r, b.ring, WEIR_RING_OLDEST, 0, &e), -ENOBUFS);
	bed_close(&b);
}
END_TEST

START_TEST(claim_refuses_by_name_and_changes_nothing)
{
	struct bed b;
	struct weir_ring_room room;
	struct weir_ring_writer lossy;
	uint32_t max = 4096 / 8 - WEIR_RING_HEADER;
	weir_pos before;

	bed_open(&b, 4096, 0, 1);
	before = b.w.claimed;
	ck_assert_int_eq(weir_ring_claim(&b.w, 0, max + 1, WEIR_RING_GATED, &room), -EMSGSIZE);
	ck_assert_int_eq(weir_ring_claim(&b.w, WEIR_RING_KIND_MAX + 1, 8, WEIR_RING_GATED, &room),
			 -EINVAL);
	ck_assert_int_eq(weir_ring_claim(&b.w, 0, 8, (enum weir_ring_policy)3, &room), -EINVAL);
	ck_assert_uint_eq(b.w.claimed, before);
	ck_assert_int_eq(weir_ring_claim(&b.w, WEIR_RING_KIND_MAX, max, WEIR_RING_GATED, &room),
			 WEIR_OK);
	ck_assert_int_eq(weir_ring_claim(&b.w, 0, max, WEIR_RING_GATED, &room), WEIR_OK);
	ck_assert_int_eq(weir_ring_claim(&b.w, 0, 0, WEIR_RING_GATED, &room), -ENOBUFS);
	weir_ring_abort(&b.w);
	ck_assert_uint_eq(b.w.claimed, before);
	ck_assert_uint_eq(b.w.messages, 0);
	weir_ring_writer_detach(&b.w);
	ck_assert_int_eq(weir_ring_claim(&b.w, 0, 0, WEIR_RING_GATED, &room), -ENOTCONN);
	ck_assert_int_eq(weir_ring_writer_attach(&lossy, b.ring, NULL, ME, NULL, NULL), WEIR_OK);
	ck_assert_int_eq(weir_ring_claim(&lossy, 0, 8, WEIR_RING_GATED, &room), -EINVAL);
	ck_assert_int_eq(weir_ring_claim(&lossy, 0, 8, WEIR_RING_EVICT, &room), -EINVAL);
	ck_assert_int_eq(weir_ring_claim(&lossy, 0, 8, WEIR_RING_LOSSY, &room), WEIR_OK);
	weir_ring_writer_detach(&lossy);
	bed_close(&b);
}
END_TEST

/* However a batch is built, it never holds more than a quarter of the ring. */
START_TEST(a_batch_is_bounded)
{
	struct bed b;
	struct weir_ring_room room;
	struct weir_ring_reader r;
	struct weir_ring_view v;
	int rc, n = 0, got = 0;

	bed_open(&b, 4096, 0, 1);
	ck_assert_int_eq(weir_ring_join(&r, b.ring, &b.table, 0, WEIR_RING_OLDEST, ME, NULL),
			 WEIR_OK);
	while ((rc = weir_ring_claim(&b.w, 1, 8, WEIR_RING_GATED, &room)) == WEIR_OK)
		n++;
	ck_assert_int_eq(rc, -ENOBUFS);
	ck_assert_int_eq(n, 4096 / 4 / 16);
	ck_assert_int_eq(weir_ring_poll(&r, &v), WEIR_EMPTY);
	weir_ring_commit(&b.w);
	while (weir_ring_poll(&r, &v) == WEIR_OK)
		got++;
	ck_assert_int_eq(got, n);
	ck_assert_int_eq(weir_ring_claim(&b.w, 1, 8, WEIR_RING_GATED, &room), WEIR_OK);
	weir_ring_leave(&r, 0);
	bed_close(&b);
}
END_TEST

/* Random claims, batches, aborts, polls and delivers of two readers, against a counting model. */
START_TEST(gated_readers_see_everything_in_order)
{
	struct bed b;
	struct weir_ring_reader r[2];
	struct weir_ring_view v;
	uint64_t next[2] = {0, 0}, rnd = (uint64_t)_i + 1, sent = 0, full = 0;
	uint32_t lens[4096];
	int step, k;

	bed_open(&b, 4096, origins[_i % NORIGINS], 4);
	for (k = 0; k < 2; k++)
		SAME(weir_ring_join(&r[k], b.ring, &b.table, WEIR_PROGRESS_SLOT_ANY,
				    WEIR_RING_OLDEST, ME, NULL),
		     WEIR_OK);
	for (step = 0; step < 60000; step++) {
		uint32_t what = lcg(&rnd) % 8;

		if (what < 4) {
			uint32_t batch = 1 + lcg(&rnd) % 4, i;
			uint64_t in_batch = 0;

			for (i = 0; i < batch; i++) {
				struct weir_ring_room room;
				uint32_t len = lcg(&rnd) % (lcg(&rnd) % 8 == 0 ? 505 : 40);
				int rc = weir_ring_claim(&b.w, len, len, WEIR_RING_GATED, &room);

				if (rc == WEIR_FULL) {
					full++;
					break;
				}
				if (rc == -ENOBUFS)
					break;
				SAME(rc, WEIR_OK);
				SAME((uintptr_t)room.ptr % 8, 0);
				bed_fill(room.ptr, len, sent + in_batch);
				lens[(sent + in_batch) % 4096] = len;
				in_batch++;
			}
			if (lcg(&rnd) % 10 == 0) {
				weir_ring_abort(&b.w);
			} else {
				weir_ring_commit(&b.w);
				sent += in_batch;
			}
			continue;
		}
		k = (int)(what & 1u);
		if (lcg(&rnd) % 3 == 0) {
			weir_ring_deliver(&r[k], 1);
			continue;
		}
		switch (weir_ring_poll(&r[k], &v)) {
		case WEIR_OK:
			HOLDS(next[k] < sent);
			SAME(v.seq, next[k]);
			SAME(v.len, lens[next[k] % 4096]);
			SAME(v.kind, v.len);
			HOLDS(bed_verify(v.ptr, v.len, v.seq));
			next[k]++;
			break;
		case WEIR_EMPTY:
			SAME(next[k], sent);
			break;
		default:
			ck_abort_msg("a gated reader lost something");
		}
	}
	HOLDS(full > 10);
	HOLDS(sent > 5000);
	SAME(bed_shm(&b)->messages, sent);
	for (k = 0; k < 2; k++) {
		SAME(r[k].laps, 0);
		weir_ring_leave(&r[k], 0);
	}
	bed_close(&b);
}
END_TEST

/* Nothing a registered reader has not delivered is ever changed, and the ring does fill up. */
START_TEST(a_gated_ring_fills_and_holds)
{
	struct bed b;
	struct weir_ring_reader r;
	struct weir_ring_view v;
	uint64_t n = 0, i;

	bed_open(&b, 4096, origins[_i], 1);
	ck_assert_int_eq(weir_ring_join(&r, b.ring, &b.table, 0, WEIR_RING_OLDEST, ME, NULL),
			 WEIR_OK);
	while (bed_send(&b, 24, WEIR_RING_GATED) == WEIR_OK)
		n++;
	/* all but the next header, and up to a chunk where the origin is not at its start */
	ck_assert_uint_ge(n * 32, 4096 - 64 - 32);
	ck_assert_int_eq(bed_send(&b, 24, WEIR_RING_GATED), WEIR_FULL);
	ck_assert_uint_ge(bed_shm(&b)->full, 1);
	for (i = 0; i < n; i++) { /* handed out is not delivered */
		ck_assert_int_eq(weir_ring_poll(&r, &v), WEIR_OK);
		ck_assert(bed_verify(v.ptr, 24, i));
	}
	ck_assert_int_eq(bed_send(&b, 24, WEIR_RING_GATED), WEIR_FULL);
	weir_ring_deliver(&r, 0);
	ck_assert_int_eq(bed_send(&b, 24, WEIR_RING_GATED), WEIR_OK);
	ck_assert_int_eq(weir_ring_poll(&r, &v), WEIR_OK);
	ck_assert_uint_eq(v.seq, n);
	weir_ring_leave(&r, 0);
	ck_assert_int_eq(bed_send(&b, 24, WEIR_RING_GATED), WEIR_OK);
	bed_close(&b);
}
END_TEST

START_TEST(deliver_view_frees_only_what_is_handled)
{
	struct bed b;
	struct weir_ring_reader r;
	struct weir_ring_view first, v;
	struct weir_progress_record rec;

	bed_open(&b, 4096, 0, 1);
	ck_assert_int_eq(weir_ring_join(&r, b.ring, &b.table, 0, WEIR_RING_OLDEST, ME, NULL),
			 WEIR_OK);
	ck_assert_int_eq(bed_send(&b, 8, WEIR_RING_GATED), WEIR_OK);
	ck_assert_int_eq(bed_send(&b, 8, WEIR_RING_GATED), WEIR_OK);
	ck_assert_int_eq(weir_ring_poll(&r, &first), WEIR_OK);
	ck_assert_int_eq(weir_ring_poll(&r, &v), WEIR_OK);
	weir_ring_deliver_view(&r, &first, 5);
	ck_assert_int_eq(weir_progress_read(&b.table, 0, &rec), WEIR_OK);
	ck_assert_uint_eq(rec.delivered, first.end);
	ck_assert_uint_eq(rec.observed, v.end);
	ck_assert_uint_eq(rec.sequence, 1);
	ck_assert_uint_eq(rec.stamp, 5);
	ck_assert_int_eq(rec.state, WEIR_PROGRESS_ACTIVE);
	weir_ring_deliver(&r, 6);
	weir_ring_deliver_view(&r, &first, 7); /* late: must not move back */
	ck_assert_int_eq(weir_progress_read(&b.table, 0, &rec), WEIR_OK);
	ck_assert_uint_eq(rec.delivered, v.end);
	weir_ring_leave(&r, 0);
	bed_close(&b);
}
END_TEST

START_TEST(lapped_readers_count_exactly_what_they_lost)
{
	struct bed b;
	struct weir_ring_reader r;
	struct weir_ring_view v;
	uint64_t rnd = 77 + (uint64_t)_i, got = 0, got_bytes = 0, sent = 0;
	enum weir_ring_from from = _i & 1 ? WEIR_RING_NEWEST : WEIR_RING_OLDEST;
	weir_pos start;
	int step, rc;

	bed_open(&b, 4096, origins[_i % NORIGINS], 1);
	SAME(weir_ring_reader_attach(&r, b.ring, from, 0, NULL), WEIR_OK);
	start = r.next;
	for (step = 0; step < 3000; step++) {
		uint32_t n = lcg(&rnd) % (lcg(&rnd) % 16 == 0 ? 400 : 12);

		for (; n != 0; n--, sent++)
			SAME(bed_send(&b, lcg(&rnd) % 120, WEIR_RING_LOSSY), WEIR_OK);
		for (n = lcg(&rnd) % 16; n != 0; n--) {
			rc = weir_ring_poll(&r, &v);
			if (rc == WEIR_EMPTY)
				break;
			if (rc == WEIR_LAPPED) {
				SAME(r.seq, got + r.lost_messages);
				continue;
			}
			SAME(rc, WEIR_OK);
			SAME(v.seq, got + r.lost_messages);
			HOLDS(bed_verify(v.ptr, v.len, v.seq));
			got++;
		}
	}
	while ((rc = weir_ring_poll(&r, &v)) != WEIR_EMPTY)
		got += rc == WEIR_OK;
	got_bytes = r.next - start - r.lost_bytes;
	HOLDS(r.laps > 20);
	SAME(got + r.lost_messages, sent);
	SAME(r.next, b.w.committed);
	HOLDS(got_bytes > 0);
	HOLDS(got_bytes < r.next - start);
	bed_close(&b);
}
END_TEST

START_TEST(a_view_overwritten_during_use_is_reported)
{
	struct bed b;
	struct weir_ring_reader r;
	struct weir_ring_view v;
	uint8_t copy[64];
	int i;

	bed_open(&b, 4096, 0, 1);
	ck_assert_int_eq(weir_ring_reader_attach(&r, b.ring, WEIR_RING_OLDEST, 0, NULL), WEIR_OK);
	ck_assert_int_eq(bed_send(&b, 64, WEIR_RING_LOSSY), WEIR_OK);
	ck_assert_int_eq(weir_ring_poll(&r, &v), WEIR_OK);
	ck_assert_int_eq(weir_ring_check(&r, &v), WEIR_OK);
	ck_assert_int_eq(weir_ring_copy(&r, &v, copy, 63), -ENOBUFS);
	ck_assert_int_eq(weir_ring_copy(&r, &v, copy, 64), WEIR_OK);
	ck_assert(bed_verify(copy, 64, 0));
	for (i = 0; i < 100; i++)
		ck_assert_int_eq(bed_send(&b, 64, WEIR_RING_LOSSY), WEIR_OK);
	ck_assert_int_eq(weir_ring_copy(&r, &v, copy, 64), WEIR_LAPPED);
	ck_assert_uint_eq(r.lost_messages, 1);
	ck_assert_uint_eq(r.lost_bytes, 72);
	bed_close(&b);
}
END_TEST

START_TEST(late_joiners_know_their_number)
{
	struct bed b;
	struct weir_ring_reader oldest, newest;
	struct weir_ring_view v;
	uint64_t rnd = 5;
	int i;

	bed_open(&b, 4096, origins[_i], 2);
	for (i = 0; i < 1000; i++) {
		ck_assert_int_eq(bed_send(&b, lcg(&rnd) % 200, WEIR_RING_LOSSY), WEIR_OK);
		if (i % 7 != 0)
			continue;
		ck_assert_int_eq(
			weir_ring_join(&newest, b.ring, &b.table, 0, WEIR_RING_NEWEST, ME, NULL),
			WEIR_OK);
		ck_assert_int_eq(weir_ring_poll(&newest, &v), WEIR_EMPTY);
		ck_assert_uint_eq(newest.seq, (uint64_t)i + 1);
		ck_assert_int_eq(
			weir_ring_join(&oldest, b.ring, &b.table, 1, WEIR_RING_OLDEST, ME, NULL),
			WEIR_OK);
		while (weir_ring_poll(&oldest, &v) == WEIR_OK)
			ck_assert(bed_verify(v.ptr, v.len, v.seq));
		ck_assert_uint_eq(oldest.seq, (uint64_t)i + 1);
		ck_assert_int_eq(bed_send(&b, 16, WEIR_RING_LOSSY), WEIR_OK);
		i++;
		ck_assert_int_eq(weir_ring_poll(&newest, &v), WEIR_OK);
		ck_assert_uint_eq(v.seq, (uint64_t)i);
		weir_ring_leave(&newest, 0);
		weir_ring_leave(&oldest, 0);
	}
	bed_close(&b);
}
END_TEST

START_TEST(closed_comes_after_the_last_record)
{
	struct bed b;
	struct weir_ring_reader r;
	struct weir_ring_view v;

	bed_open(&b, 4096, 0, 1);
	ck_assert_int_eq(weir_ring_join(&r, b.ring, &b.table, 0, WEIR_RING_OLDEST, ME, NULL),
			 WEIR_OK);
	ck_assert_int_eq(bed_send(&b, 8, WEIR_RING_GATED), WEIR_OK);
	weir_ring_close(&b.w);
	ck_assert_int_eq(weir_ring_poll(&r, &v), WEIR_OK);
	ck_assert_int_eq(weir_ring_poll(&r, &v), WEIR_CLOSED);
	ck_assert_int_eq(weir_ring_poll(&r, &v), WEIR_CLOSED);
	/* a later writer reopens the stream, in sequence */
	ck_assert_int_eq(weir_ring_writer_attach(&b.w, b.ring, &b.table, OTHER, NULL, NULL),
			 WEIR_OK);
	ck_assert_int_eq(weir_ring_poll(&r, &v), WEIR_EMPTY);
	ck_assert_int_eq(bed_send(&b, 8, WEIR_RING_GATED), WEIR_OK);
	ck_assert_int_eq(weir_ring_poll(&r, &v), WEIR_OK);
	ck_assert_uint_eq(v.seq, 1);
	weir_ring_leave(&r, 0);
	ck_assert_int_eq(weir_ring_poll(&r, &v), -ENOTCONN);
	weir_ring_leave(&r, 0);
	bed_close(&b);
}
END_TEST

START_TEST(one_writer_at_a_time_and_succession)
{
	struct bed b;
	struct fake f = {.dead = 0};
	struct weir_env env = fake_env(&f);
	struct weir_ring_writer second;
	struct weir_ring_reader r;
	struct weir_ring_view v;
	struct weir_ring_room room;
	struct weir_error e;
	uint64_t lead, i;

	bed_open(&b, 4096, origins[_i], 1);
	ck_assert_int_eq(weir_ring_join(&r, b.ring, &b.table, 0, WEIR_RING_OLDEST, OTHER, NULL),
			 WEIR_OK);
	ck_assert_int_eq(weir_ring_writer_attach(&second, b.ring, NULL, OTHER, &env, &e), -EBUSY);
	ck_assert_uint_eq(e.value, weir_owner_pid(ME));
	ck_assert_int_eq(weir_ring_writer_attach(&second, b.ring, NULL, ME, &env, &e), -EBUSY);
	for (i = 0; i < 300; i++) {
		if (bed_send(&b, (uint32_t)(i % 50), WEIR_RING_GATED) == WEIR_OK)
			continue;
		while (weir_ring_poll(&r, &v) == WEIR_OK)
			ck_assert(bed_verify(v.ptr, v.len, v.seq));
		weir_ring_deliver(&r, 0);
		i--;
	}
	/* dies between claim and commit ... */
	ck_assert_int_eq(weir_ring_claim(&b.w, 0, 40, WEIR_RING_LOSSY, &room), WEIR_OK);
	memset(room.ptr, 0xee, 40);
	lead = bed_shm(&b)->leading;
	f.dead = ME;
	ck_assert_int_eq(weir_ring_writer_attach(&second, b.ring, &b.table, OTHER, &env, &e),
			 WEIR_RECOVERED);
	ck_assert_uint_eq(second.committed, lead);
	ck_assert_uint_eq(second.messages, 300);
	/* the one that was taken over notices at its next look */
	ck_assert_uint_ne(second.generation, b.w.generation);
	while (weir_ring_poll(&r, &v) == WEIR_OK)
		ck_assert(bed_verify(v.ptr, v.len, v.seq));
	ck_assert_uint_eq(r.seq, 300);
	/* ... and the next one after the header of a batch, before it could say so in `leading` */
	ck_assert_int_eq(weir_ring_claim(&second, 0, 16, WEIR_RING_LOSSY, &room), WEIR_OK);
	bed_fill(room.ptr, 16, 300);
	ck_assert_int_eq(weir_ring_claim(&second, 0, 300, WEIR_RING_LOSSY, &room), WEIR_OK);
	bed_fill(room.ptr, 300, 301);
	lead = bed_shm(&b)->leading;
	weir_ring_commit(&second);
	bed_shm(&b)->leading = lead;
	bed_shm(&b)->messages = 300;
	f.dead = OTHER;
	memset(&b.w, 0, sizeof(b.w));
	ck_assert_int_eq(weir_ring_writer_attach(&b.w, b.ring, &b.table, ME, &env, &e),
			 WEIR_RECOVERED);
	ck_assert_uint_eq(b.w.messages, 302);
	ck_assert_uint_eq(bed_shm(&b)->leading, second.committed);
	while (weir_ring_poll(&r, &v) == WEIR_OK)
		ck_assert(bed_verify(v.ptr, v.len, v.seq));
	ck_assert_uint_eq(r.seq, 302);
	for (i = 0; i < 500; i++) { /* the marks it completed carry the next lap */
		ck_assert_int_eq(bed_send(&b, 33, WEIR_RING_GATED), WEIR_OK);
		ck_assert_int_eq(weir_ring_poll(&r, &v), WEIR_OK);
		ck_assert_uint_eq(v.seq, 302 + i);
		weir_ring_deliver(&r, 0);
	}
	bed_shm(&b)->generation++;
	for (i = 0; i < 500 && bed_send(&b, 33, WEIR_RING_LOSSY) == WEIR_OK; i++)
		;
	ck_assert_uint_lt(i, 500); /* -ESTALE when it next has to move `oldest` */
	weir_ring_leave(&r, 0);
	bed_close(&b);
}
END_TEST

START_TEST(who_was_taken_over_does_no_harm)
{
	struct bed b;
	struct fake f = {.dead = ME};
	struct weir_env env = fake_env(&f);
	struct weir_ring_writer second, third;
	struct weir_ring_reader r;
	struct weir_ring_view v;

	bed_open(&b, 4096, 0, 1);
	ck_assert_int_eq(weir_ring_writer_attach(&second, b.ring, NULL, OTHER, &env, NULL),
			 WEIR_RECOVERED);
	if (_i)
		weir_ring_close(&b.w);
	else
		weir_ring_writer_detach(&b.w);
	ck_assert_int_eq(weir_ring_writer_attach(&third, b.ring, NULL, 0x3333, &env, NULL), -EBUSY);
	ck_assert_int_eq(weir_ring_reader_attach(&r, b.ring, WEIR_RING_OLDEST, 0, NULL), WEIR_OK);
	ck_assert_int_eq(weir_ring_poll(&r, &v), WEIR_EMPTY);
	weir_ring_writer_detach(&second);
	bed_close(&b);
}
END_TEST

START_TEST(damaged_records_stop_a_successor)
{
	struct bed b;
	struct fake f = {.dead = ME};
	struct weir_env env = fake_env(&f);
	struct weir_ring_writer w;
	struct weir_error e;

	bed_open(&b, 4096, 0, 1);
	ck_assert_int_eq(bed_send(&b, 8, WEIR_RING_LOSSY), WEIR_OK);
	*(uint64_t *)(void *)(b.w.data) = 12345;
	ck_assert_int_eq(weir_ring_writer_attach(&w, b.ring, NULL, OTHER, &env, &e), -EBADMSG);
	bed_shm(&b)->leading = 3;
	ck_assert_int_eq(weir_ring_writer_attach(&w, b.ring, NULL, OTHER, &env, &e), -EBADMSG);
	bed_close(&b);
}
END_TEST

START_TEST(eviction_spares_the_others_and_is_found_out)
{
	struct bed b;
	struct weir_ring_reader slow, quick;
	struct weir_ring_view v;
	uint64_t sent = 0, lost_before;
	struct weir_progress_record rec;

	bed_open(&b, 4096, origins[_i], 2);
	ck_assert_int_eq(weir_ring_join(&slow, b.ring, &b.table, 0, WEIR_RING_OLDEST, ME, NULL),
			 WEIR_OK);
	ck_assert_int_eq(weir_ring_join(&quick, b.ring, &b.table, 1, WEIR_RING_OLDEST, ME, NULL),
			 WEIR_OK);
	for (; sent < 500; sent++) {
		int rc = bed_send(&b, 24, WEIR_RING_GATED);

		if (rc == WEIR_FULL)
			rc = bed_send(&b, 24, WEIR_RING_EVICT);
		ck_assert_int_eq(rc, WEIR_OK);
		ck_assert_int_eq(weir_ring_poll(&quick, &v), WEIR_OK);
		weir_ring_deliver(&quick, 0);
	}
	ck_assert_uint_eq(bed_shm(&b)->evictions, 1);
	ck_assert_uint_eq(quick.laps, 0);
	ck_assert_int_eq(weir_progress_read(&b.table, 0, &rec), WEIR_OK);
	ck_assert_uint_eq(rec.evicted, 1);
	ck_assert_int_eq(weir_ring_poll(&slow, &v), WEIR_LAPPED);
	lost_before = slow.lost_messages;
	ck_assert_uint_gt(lost_before, 300);
	ck_assert_int_eq(weir_progress_read(&b.table, 0, &rec), WEIR_OK);
	ck_assert_uint_eq(rec.evicted, 0);
	ck_assert_uint_eq(rec.lost_messages, lost_before);
	ck_assert_uint_eq(rec.delivered, slow.next);
	/* readmitted: it is waited for again */
	while (bed_send(&b, 24, WEIR_RING_GATED) == WEIR_OK) {
		ck_assert_int_eq(weir_ring_poll(&quick, &v), WEIR_OK);
		weir_ring_deliver(&quick, 0);
	}
	while (weir_ring_poll(&slow, &v) == WEIR_OK)
		ck_assert(bed_verify(v.ptr, v.len, v.seq));
	ck_assert_uint_eq(slow.lost_messages, lost_before);
	ck_assert_uint_eq(slow.seq, b.w.messages);
	weir_ring_leave(&slow, 0);
	weir_ring_leave(&quick, 0);
	bed_close(&b);
}
END_TEST

/* Evicted while it held views, but it had read far enough to lose nothing: readmitted by deliver. */
START_TEST(an_evicted_reader_that_catches_up_is_readmitted)
{
	struct bed b;
	struct weir_ring_reader r;
	struct weir_ring_view v;
	struct weir_progress_record rec;

	bed_open(&b, 4096, 0, 1);
	ck_assert_int_eq(weir_ring_join(&r, b.ring, &b.table, 0, WEIR_RING_OLDEST, ME, NULL),
			 WEIR_OK);
	while (bed_send(&b, 24, WEIR_RING_GATED) == WEIR_OK)
		ck_assert_int_eq(weir_ring_poll(&r, &v), WEIR_OK);
	ck_assert_int_eq(bed_send(&b, 24, WEIR_RING_EVICT), WEIR_OK);
	ck_assert_int_eq(weir_progress_read(&b.table, 0, &rec), WEIR_OK);
	ck_assert_uint_eq(rec.evicted, 1);
	weir_ring_deliver(&r, 0);
	ck_assert_int_eq(weir_progress_read(&b.table, 0, &rec), WEIR_OK);
	ck_assert_uint_eq(rec.evicted, 0);
	ck_assert_int_eq(weir_ring_poll(&r, &v), WEIR_OK);
	ck_assert_uint_eq(r.laps, 0);
	weir_ring_leave(&r, 0);
	bed_close(&b);
}
END_TEST

/* Whatever lies in the buffer, a reader stays inside it, and says so. */
START_TEST(hostile_bytes_do_no_harm)
{
	struct bed b;
	struct weir_ring_reader r;
	struct weir_ring_view v;
	uint64_t rnd = (uint64_t)_i + 99, word;
	uint32_t damaged = 0;
	int round, n, rc;

	bed_open(&b, 4096, 0, 1);
	for (round = 0; round < 2000; round++) {
		for (n = 0; n < 4096; n += 8) {
			word = (uint64_t)lcg(&rnd) << 33 ^ (uint64_t)lcg(&rnd) << 11 ^ lcg(&rnd);
			if (lcg(&rnd) % 2)
				word = (word & ~UINT64_C(0xffffffff)) | lcg(&rnd) % 700;
			if (lcg(&rnd) % 2)
				word |= WEIR_PRIV_RING_COMMITTED;
			memcpy(b.w.data + n, &word, 8);
		}
		bed_shm(&b)->leading = (uint64_t)lcg(&rnd) * 8;
		ck_assert_int_eq(weir_ring_reader_attach(&r, b.ring, WEIR_RING_OLDEST, 0, NULL),
				 WEIR_OK);
		for (n = 0; n < 1000; n++) {
			const uint8_t *end = (const uint8_t *)b.ring.ptr + b.ring.len;

			rc = weir_ring_poll(&r, &v);
			if (rc == -EBADMSG) {
				damaged++;
				break;
			}
			if (rc != WEIR_OK)
				break;
			ck_assert(v.ptr >= r.data && v.ptr + v.len <= end);
			ck_assert_uint_le(v.len, 4096 / 8 - 8);
		}
		rc = weir_ring_reader_attach(&r, b.ring, WEIR_RING_NEWEST, 0, NULL);
		ck_assert(rc == WEIR_OK || rc == -EAGAIN);
	}
	ck_assert_uint_gt(damaged, 100);
	bed_close(&b);
}
END_TEST

START_TEST(stats_are_described_and_true)
{
	struct bed b;
	struct weir_ring_stats s = {.struct_size = sizeof(s)};
	struct weir_ring_room room;
	uint32_t i, k;

	bed_open(&b, 4096, 800, 1);
	ck_assert_int_eq(bed_send(&b, 8, WEIR_RING_LOSSY), WEIR_OK);
	ck_assert_int_eq(weir_ring_claim(&b.w, 0, 8, WEIR_RING_LOSSY, &room), WEIR_OK);
	weir_ring_abort(&b.w);
	ck_assert_int_eq(weir_ring_read_stats(bed_shm(&b), &s), WEIR_OK);
	ck_assert_uint_eq(s.messages, 1);
	ck_assert_uint_eq(s.bytes, 16);
	ck_assert_uint_eq(s.aborts, 1);
	ck_assert_uint_eq(s.writers, 1);
	s.struct_size = 1;
	ck_assert_int_eq(weir_ring_read_stats(bed_shm(&b), &s), -EINVAL);
	ck_assert_uint_eq(weir_ring_stat_count, (sizeof(s) - 8) / 8);
	for (i = 0; i < weir_ring_stat_count; i++) {
		ck_assert_uint_le(weir_ring_stat_desc[i].offset, sizeof(s) - 8);
		for (k = 0; k < i; k++)
			ck_assert_uint_ne(weir_ring_stat_desc[i].offset,
					  weir_ring_stat_desc[k].offset);
	}
	bed_close(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ring");
	TCase *t = tcase_create("ring");
	SRunner *run;
	int failed;

	tcase_add_test(t, config_is_checked_by_field);
	tcase_add_test(t, memory_is_checked);
	tcase_add_test(t, damaged_geometry_is_named);
	tcase_add_test(t, claim_refuses_by_name_and_changes_nothing);
	tcase_add_test(t, a_batch_is_bounded);
	tcase_add_loop_test(t, gated_readers_see_everything_in_order, 0, 3 * NORIGINS);
	tcase_add_loop_test(t, a_gated_ring_fills_and_holds, 0, NORIGINS);
	tcase_add_test(t, deliver_view_frees_only_what_is_handled);
	tcase_add_loop_test(t, lapped_readers_count_exactly_what_they_lost, 0, 2 * NORIGINS);
	tcase_add_test(t, a_view_overwritten_during_use_is_reported);
	tcase_add_loop_test(t, late_joiners_know_their_number, 0, NORIGINS);
	tcase_add_test(t, closed_comes_after_the_last_record);
	tcase_add_loop_test(t, one_writer_at_a_time_and_succession, 0, NORIGINS);
	tcase_add_loop_test(t, who_was_taken_over_does_no_harm, 0, 2);
	tcase_add_test(t, damaged_records_stop_a_successor);
	tcase_add_loop_test(t, eviction_spares_the_others_and_is_found_out, 0, NORIGINS);
	tcase_add_test(t, an_evicted_reader_that_catches_up_is_readmitted);
	tcase_add_loop_test(t, hostile_bytes_do_no_harm, 0, 2);
	tcase_add_test(t, stats_are_described_and_true);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed == 0 ? 0 : 1;
}
