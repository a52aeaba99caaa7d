/*
 * The two sides of a soak: they read the clock on every turn of their loops, and account by the second.
 * See soak_sides.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "soak_sides.h"

#include <string.h>
#include <sys/resource.h>

#include "control.h"
#include "flow.h"
#include "pair.h"

struct soak_shared *soak_shared;

/* ---- accounts ---- */

static void switches(uint64_t *voluntary, uint64_t *involuntary)
{
	struct rusage ru;

	memset(&ru, 0, sizeof(ru));
	getrusage(RUSAGE_THREAD, &ru);
	*voluntary = (uint64_t)ru.ru_nvcsw;
	*involuntary = (uint64_t)ru.ru_nivcsw;
}

static void begin(struct soak_account *a, unsigned side, uint64_t start)
{
	uint64_t voluntary, involuntary;

	switches(&voluntary, &involuntary);
	soak_begin(a, soak_shared, side, start, voluntary, involuntary);
	a->last = clock_ns();
}

static void end(struct soak_account *a)
{
	uint64_t voluntary, involuntary;

	switches(&voluntary, &involuntary);
	soak_end(a, clock_ns(), voluntary, involuntary);
}

/* Once a second; its own time is no gap. */
static void turn(struct soak_account *a, uint64_t now)
{
	uint64_t voluntary, involuntary;

	switches(&voluntary, &involuntary);
	soak_turn(a, now, voluntary, involuntary);
}

/* A gap counts where it ends, as messages do where they are seen. */
BENCH_INLINE uint64_t look(struct soak_account *a)
{
	const uint64_t now = clock_ns();

	if (BENCH_LIKELY(now < a->next)) {
		soak_gap(a, now);
		return now;
	}
	turn(a, now);
	soak_gap(a, now);
	a->last = clock_ns();
	return now;
}

static int stopped(void)
{
	return control_load(&soak_shared->stop.word) != 0;
}

/* ---- the writer ---- */

/* 1: there is no room, and the time is over. */
static int put(struct role *me, struct soak_account *a, struct weir_ring_writer *w, uint64_t seq,
	       const struct flow_stamp *s, uint64_t until)
{
	struct weir_ring_room room;
	int rc;

	while (BENCH_UNLIKELY((rc = weir_ring_claim(w, 1, FLOW_BYTES, WEIR_RING_GATED, &room)) !=
			      WEIR_OK)) {
		if (rc != WEIR_FULL)
			return role_fail(me, "weir_ring_claim: %s", weir_error_name(rc));
		if (role_idle(me) != 0)
			return -1;
		if (look(a) >= until || stopped())
			return 1;
	}
	msg_write(me, room.ptr, FLOW_BYTES, seq);
	memcpy((uint8_t *)room.ptr + sizeof(seq), s, sizeof(*s));
	weir_ring_commit(w);
	return 0;
}

static int send_all(struct role *me, struct soak_account *a, struct weir_ring_writer *w)
{
	const uint64_t until = a->start + soak_shared->last * SOAK_SECOND_NS;
	struct flow_stamp s;
	struct pace pace;
	uint64_t i;
	int rc = 0;

	pace_start(&pace, a->start, me->b->rate);
	for (i = 0; rc == 0 && pace.due < until && !stopped(); i++) {
		s.due = pace.due;
		while ((s.sent = look(a)) < s.due)
			if (role_spin(me) != 0)
				return -1;
		if (s.sent >= until)
			break;
		rc = put(me, a, w, i, &s, until);
		if (rc < 0)
			return -1;
		if (rc > 0)
			break;
		soak_shared->sent.messages = i + 1; /* each time: should this role die */
		pace_next(&pace);
	}
	control_store(&soak_shared->sent.done, 1);
	return 0;
}

int soak_writer(struct role *me)
{
	struct soak_account a;
	struct weir_ring_writer w;
	struct weir_progress table;

	driver_populate((uint8_t *)soak_shared, sizeof(*soak_shared));
	if (pair_write(me, 0, &table, &w) != 0 || role_start(me) != 0)
		return -1;
	begin(&a, SOAK_WRITER, clock_ns() + FLOW_LEAD_NS);
	__atomic_store_n(&soak_shared->start.at, a.start, __ATOMIC_RELEASE);
	if (send_all(me, &a, &w) != 0)
		return -1;
	end(&a);
	role_done(me, me->n);
	weir_ring_writer_detach(&w);
	return 0;
}

/* ---- the reader ---- */

struct reading {
	struct weir_ring_reader r;
	struct soak_account a;
	uint64_t next;	  /* message */
	uint64_t pending; /* read, but not said to be */
};

static void deliver(struct reading *in)
{
	if (in->pending > 0)
		weir_ring_deliver(&in->r, 0);
	in->pending = 0;
}

/* One that is missing is counted, one that comes again or is wrong ends the run. */
static int check(struct role *me, struct reading *in, const struct weir_ring_view *v)
{
	uint64_t seq = 0;

	if (v->len == FLOW_BYTES)
		memcpy(&seq, v->ptr, sizeof(seq));
	if (BENCH_UNLIKELY(v->len != FLOW_BYTES || seq < in->next ||
			   msg_differs(me, v->ptr, FLOW_BYTES, seq) != 0))
		return role_bad_message(me, in->next, v->ptr);
	in->a.half->lost += seq - in->next;
	in->next = seq + 1;
	return 0;
}

/* 1 there was one, 0 there was none, -1 give up. Space goes back as in the rows. */
static int take(struct role *me, struct reading *in, struct flow_stamp *s)
{
	struct weir_ring_view v;
	int rc;

	if (in->pending == BENCH_BATCH)
		deliver(in);
	rc = weir_ring_poll(&in->r, &v);
	if (rc == WEIR_EMPTY) {
		deliver(in);
		return 0;
	}
	if (BENCH_UNLIKELY(rc != WEIR_OK))
		return role_fail(me, "weir_ring_poll: %s", weir_error_name(rc));
	if (BENCH_UNLIKELY(check(me, in, &v) != 0))
		return -1;
	memcpy(s, (const uint8_t *)v.ptr + sizeof(uint64_t), sizeof(*s));
	in->pending++;
	return 1;
}

static int receive_all(struct role *me, struct reading *in)
{
	struct flow_stamp s = {0, 0};
	uint32_t done;
	uint64_t now;
	int rc;

	for (;;) {
		done = control_load(&soak_shared->sent.done);
		rc = take(me, in, &s);
		if (BENCH_UNLIKELY(rc < 0 || (rc == 0 && role_idle(me) != 0)))
			return -1;
		now = look(&in->a);
		if (rc > 0) {
			hist_record(in->a.response, flow_between(s.due, now));
			hist_record(&soak_shared->service, flow_between(s.sent, now));
		} else if (done) {
			in->a.half->lost += soak_shared->sent.messages - in->next;
			return 0;
		}
	}
}

int soak_reader(struct role *me)
{
	struct reading in;
	uint64_t start;

	memset(&in, 0, sizeof(in));
	driver_populate((uint8_t *)soak_shared, sizeof(*soak_shared));
	if (pair_read(me, 0, &in.r) != 0 || role_start(me) != 0)
		return -1;
	while ((start = __atomic_load_n(&soak_shared->start.at, __ATOMIC_ACQUIRE)) == 0)
		if (role_idle(me) != 0)
			return -1;
	begin(&in.a, SOAK_READER, start);
	if (receive_all(me, &in) != 0)
		return -1;
	end(&in.a);
	role_done(me, me->n);
	deliver(&in);
	weir_ring_leave(&in.r, 0);
	return 0;
}
