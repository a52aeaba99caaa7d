/* The request ring, readers' slow paths. The argument is at the top of ring.c. */
#include "ring_internal.h"

#include <string.h>

#include <ck_pr.h>

#include <weir/region.h>
#include <weir/ring_run.h>

#define RUN_MAX 64u /* records that a dispatch looks ahead */
#define TRIES 64 /* looks for a starting point while the writer keeps moving it */

/* The oldest position that stays readable, and its record number. */
static int find_oldest(const struct weir_ring_reader *r, weir_pos *pos, uint64_t *seq)
{
	struct weir_ring_shm *shm = (struct weir_ring_shm *)(uintptr_t)r->shm;
	int i;

	for (i = 0; i < TRIES; i++) {
		/* RING.STEP acquire: pairs with make_room(); a mark or header older than this step
		 * cannot be seen, a newer mark is found out below */
		weir_pos q = weir_load_acquire64(&shm->step);
		const struct weir_ring_mark_shm *m = ring_mark(shm, r->chunk_shift, q);
		weir_pos p = weir_load_relaxed64(&m->pos);
		uint64_t s = weir_load_relaxed64(&m->seq);

		weir_fence_acquire();
		if (p == q && q % 8u == 0 && weir_load_relaxed64(&shm->step) == q) {
			*pos = q;
			*seq = s;
			return WEIR_OK;
		}
		ck_pr_stall();
	}
	return -EAGAIN;
}

/* The position behind the newest record and its number: the last mark, and a walk from there. */
static int find_newest(const struct weir_ring_reader *r, weir_pos *pos, uint64_t *seq)
{
	struct weir_ring_shm *shm = (struct weir_ring_shm *)(uintptr_t)r->shm;
	int i;

	for (i = 0; i < TRIES; i++) {
		weir_pos lead = weir_ring_leading(shm); /* RING.LEAD acquire */
		const struct weir_ring_mark_shm *m = ring_mark(shm, r->chunk_shift, lead);
		weir_pos p = weir_load_relaxed64(&m->pos); /* relaxed: validated below */
		uint64_t s = weir_load_relaxed64(&m->seq), n = 0;
		int rc = weir_ring_walk(r->data, r->mask, p, lead, &n);

		weir_fence_acquire();
		if (rc == WEIR_OK && weir_pos_diff(weir_load_relaxed64(&shm->oldest), p) <= 0) {
			*pos = lead;
			*seq = s + n;
			return WEIR_OK;
		}
		ck_pr_stall();
	}
	return -EAGAIN;
}

static int find(const struct weir_ring_reader *r, weir_pos *pos, uint64_t *seq)
{
	return r->from == WEIR_RING_NEWEST ? find_newest(r, pos, seq) : find_oldest(r, pos, seq);
}

int weir_ring_reader_attach(struct weir_ring_reader *r, struct weir_span mem,
			    enum weir_ring_from from, uint32_t flags, struct weir_error *err)
{
	struct weir_ring_reader n;
	struct ring_geometry g;
	int rc = weir_ring_check_geometry(mem, &g, err);

	if (rc != WEIR_OK)
		return rc;
	if ((unsigned)from > WEIR_RING_NEWEST)
		return weir_error_set(err, -EINVAL, "ring: starting point", (uint64_t)from,
				      WEIR_RING_NEWEST);
	memset(&n, 0, sizeof(n));
	n.shm = mem.ptr;
	n.data = (const uint8_t *)mem.ptr + g.data_off;
	n.mask = g.capacity - 1u;
	n.max_need = g.capacity / 8u;
	n.chunk_shift = g.chunk_shift;
	n.from = (uint32_t)from;
	n.flags = flags;
	rc = find(&n, &n.next, &n.seq);
	if (rc != WEIR_OK)
		return weir_error_set(err, rc, "ring: looks for a starting point", TRIES, TRIES);
	*r = n;
	return WEIR_OK;
}

int weir_ring_join(struct weir_ring_reader *r, struct weir_span mem,
		   const struct weir_progress *table, uint32_t slot, enum weir_ring_from from,
		   weir_owner owner, struct weir_error *err)
{
	struct weir_ring_reader n;
	weir_pos pos;
	uint64_t seq;
	int rc = weir_ring_reader_attach(&n, mem, from, 0, err), i;

	if (rc != WEIR_OK)
		return rc;
	rc = weir_progress_claim(table, slot, owner, n.next, n.seq, &n.progress, err);
	if (rc != WEIR_OK)
		return rc;
	for (i = 0; i < TRIES; i++) {
		weir_fence_full(); /* RING.JOIN reader: the slot, then step */
		if (weir_pos_diff(weir_load_relaxed64(&n.shm->step), n.next) <= 0)
			break;
		/* a gated writer can have moved it once more before it saw the slot; a lossy one
		 * for ever, and then the first poll reports the lap */
		if (find(&n, &pos, &seq) == WEIR_OK && weir_pos_diff(pos, n.next) > 0) {
			n.next = pos;
			n.seq = seq;
			weir_progress_rejoin(&n.progress, n.next, n.seq, 0);
		}
	}
	*r = n;
	return WEIR_OK;
}

/* What a reader that has left looks at: nothing committed, and the slow path says -ENOTCONN. */
static const uint64_t nothing;

void weir_ring_leave(struct weir_ring_reader *r, weir_ns stamp)
{
	if (r->shm == NULL)
		return;
	weir_progress_stop(&r->progress, stamp);
	memset(r, 0, sizeof(*r));
	r->data = (const uint8_t *)&nothing;
}

void weir_ring_publish_loss(struct weir_ring_reader *r)
{
	struct weir_progress_writer *p = &r->progress;

	if (p->slot == NULL)
		return;
	p->lost_bytes = r->lost_bytes;
	p->lost_messages = r->lost_messages;
	if (weir_pos_diff(r->next, p->observed) > 0)
		p->observed = r->next;
	weir_progress_publish_all(p, weir_load_relaxed64(&p->slot->stamp));
}

void weir_priv_ring_readmit(struct weir_ring_reader *r)
{
	struct weir_progress_slot_shm *s = r->progress.slot;
	/* PROG.EVICT acquire: pairs with weir_progress_evict() */
	uint64_t evicted = weir_load_acquire64(&s->evicted);

	/* PROG.EVICT release: pairs with weir_progress_evict(); our position was published before */
	weir_store_release64(&s->readmitted, evicted);
	weir_fence_full(); /* RING.JOIN reader, as in weir_ring_join() */
	if (weir_pos_diff(weir_load_relaxed64(&r->shm->step), r->progress.delivered) > 0)
		/* the writer may be past its look at the slots: it owes us nothing yet. Either it
		 * overtakes us, or a later deliver finds the way clear */
		weir_store_relaxed64(&s->readmitted, evicted - 1u);
}

static int overtaken(const struct weir_ring_reader *r)
{
	return weir_pos_diff(weir_load_relaxed64(&r->shm->oldest), r->next) > 0;
}

/* Counts what was lost and goes to a new starting point. */
static int lapped(struct weir_ring_reader *r)
{
	struct weir_progress_writer *p = &r->progress;
	weir_pos pos;
	uint64_t seq;

	if (find(r, &pos, &seq) != WEIR_OK || weir_pos_diff(pos, r->next) <= 0)
		return WEIR_LAPPED; /* not counted yet: the next call tries again */
	r->lost_bytes += pos - r->next;
	r->lost_messages += seq - r->seq;
	r->laps++;
	r->next = pos;
	r->seq = seq;
	if (p->slot != NULL) {
		p->delivered = pos; /* nothing before it can be handled any more */
		p->sequence = seq;
		weir_ring_publish_loss(r);
		if (weir_load_relaxed64(&p->slot->evicted) !=
		    weir_load_relaxed64(&p->slot->readmitted))
			weir_priv_ring_readmit(r);
	}
	return WEIR_LAPPED;
}

/* The header does not make sense: overtaken while we looked, or a peer wrote where it must not. */
static int damaged(struct weir_ring_reader *r)
{
	weir_fence_acquire(); /* RING.LAP: the header, then oldest */
	if (overtaken(r))
		return lapped(r);
	r->rejected++;
	return -EBADMSG;
}

int weir_priv_ring_poll_slow(struct weir_ring_reader *r, struct weir_ring_view *v)
{
	int pads;

	if (r->shm == NULL)
		return -ENOTCONN;
	for (pads = 0; pads < 2; pads++) { /* padding is followed by a record, at the start */
		uint64_t off = r->next & r->mask, word, need;
		uint32_t closed;

		/* RING.CLOSE acquire: pairs with weir_ring_close(). Looked at before the header:
		 * closed and then nothing there means that nothing is left. */
		closed = weir_load_acquire32(&r->shm->closed);
		/* RING.PUB acquire: pairs with weir_ring_commit() */
		word = weir_load_acquire64(WEIR_CPTR(uint64_t, r->data + off));
		need = weir_priv_ring_need((uint32_t)word);
		if (overtaken(r)) /* RING.LAP acquire, as in weir_ring_poll() */
			return lapped(r);
		if (word == 0)
			return closed ? WEIR_CLOSED : WEIR_EMPTY;
		if (!(word & WEIR_PRIV_RING_COMMITTED) || need > r->max_need ||
		    off + need > r->mask + 1u)
			return damaged(r);
		if (!(word & WEIR_PRIV_RING_PAD)) {
			weir_priv_ring_hand_out(r, v, word, need);
			return WEIR_OK;
		}
		if (off + need != r->mask + 1u) /* padding ends where the buffer does */
			return damaged(r);
		r->next += need;
	}
	return damaged(r);
}

int weir_ring_check(struct weir_ring_reader *r, const struct weir_ring_view *v)
{
	if (r->shm == NULL)
		return -ENOTCONN;
	weir_fence_acquire(); /* RING.LAP acquire: the payload's loads, then oldest */
	if (weir_pos_diff(weir_load_relaxed64(&r->shm->oldest), v->at) <= 0)
		return WEIR_OK;
	r->lost_messages++;
	r->lost_bytes += v->end - v->at;
	weir_ring_publish_loss(r);
	return WEIR_LAPPED;
}

int weir_ring_copy(struct weir_ring_reader *r, const struct weir_ring_view *v, void *dst,
		   size_t cap)
{
	if (cap < v->len)
		return -ENOBUFS;
	weir_copy_racy(dst, v->ptr, v->len);
	return weir_ring_check(r, v);
}

void weir_ring_deliver_view(struct weir_ring_reader *r, const struct weir_ring_view *v,
			    weir_ns stamp)
{
	struct weir_progress_slot_shm *s = r->progress.slot;

	if (s == NULL || weir_pos_diff(v->end, r->progress.delivered) <= 0)
		return; /* not registered, or later ones were delivered already */
	weir_progress_publish(&r->progress, v->end, r->next, v->seq + 1u, stamp);
	if (weir_load_relaxed64(&s->evicted) != weir_load_relaxed64(&s->readmitted))
		weir_priv_ring_readmit(r);
}

/* One run, record by record, each as if it had been polled just now. The look for a lap after the
 * handler of one is the look before that of the next: what `oldest` has not passed with this record
 * it has not passed with those behind it. *n counts what was handled; nonzero *stop: the handler
 * has had enough. */
static int handle_run(struct weir_ring_reader *r, struct weir_ring_view *v, uint32_t run,
		      weir_ring_handler handle, void *ctx, weir_ns stamp, uint32_t *n, int *stop)
{
	const uint64_t stride = weir_ring_stride(v->len);
	const struct weir_bell_shm *bell = r->progress.bell;
	weir_pos at = v->at;

	for (;;) {
		uint64_t lost = r->lost_messages;

		r->next = at + stride;
		r->seq = v->seq + 1u;
		*stop = handle(ctx, v);
		if (!(r->flags & WEIR_PRIV_RING_DISPATCHING)) { /* it has left, and may have joined anew */
			++*n;
			*stop = 1;
			return WEIR_OK;
		}
		if (WEIR_UNLIKELY(r->lost_messages != lost))
			return WEIR_LAPPED; /* the handler has looked itself, and counted */
		weir_fence_acquire();	    /* RING.LAP acquire, as in weir_ring_check() */
		if (WEIR_UNLIKELY(weir_pos_diff(weir_load_relaxed64(&r->shm->oldest), at) > 0))
			return weir_ring_check(r, v);
		++*n;
		if (*stop)
			return WEIR_OK;
		if (bell != NULL && weir_bell_asked(bell))
			weir_ring_deliver(r, stamp);
		at += stride;
		if (--run == 0 || r->next != at) /* all, or the handler has moved on itself */
			return WEIR_OK;
		v->ptr += stride;
		v->at = at;
		v->end = at + stride;
		v->seq++;
	}
}

int weir_ring_dispatch(struct weir_ring_reader *r, weir_ring_handler handle, void *ctx,
		       uint32_t max, weir_ns stamp, uint32_t *handled)
{
	struct weir_ring_view v;
	uint32_t n = 0, run;
	int rc = WEIR_EMPTY, stop = 0;

	if (r->flags & WEIR_PRIV_RING_DISPATCHING)
		return -EDEADLK;
	r->flags |= WEIR_PRIV_RING_DISPATCHING;
	/* Runs that grow with what was there: the first record is handled before anything is looked
	 * at behind it, where the writer may just be writing. What it answers must not wait for that,
	 * and no handler for more than RUN_MAX headers. */
	while (n < max && !stop) {
		run = n < RUN_MAX ? n : RUN_MAX;
		rc = weir_ring_poll_run(r, run < max - n ? run : max - n, &v, &run);
		if (rc == WEIR_OK)
			rc = handle_run(r, &v, run, handle, ctx, stamp, &n, &stop);
		if (rc != WEIR_OK)
			break;
	}
	r->flags &= ~WEIR_PRIV_RING_DISPATCHING;
	/* the one publish point: every way out comes through here */
	if (weir_priv_ring_unpublished(r))
		weir_ring_deliver(r, stamp);
	if (handled != NULL)
		*handled = n;
	return n != 0 && (rc == WEIR_EMPTY || rc == WEIR_CLOSED) ? WEIR_OK : rc;
}

int weir_ring_poll_wait(struct weir_ring_reader *r, struct weir_ring_view *v,
			const struct weir_wait *how)
{
	const struct weir_env *env = ring_env(how);
	struct weir_bell_shm *bell;
	struct weir_waiter wt;
	int rc = weir_ring_poll(r, v);

	if (rc != WEIR_EMPTY)
		return rc;
	/* read-only readers only look at the bell: WEIR_WAITER_READONLY */
	bell = (struct weir_bell_shm *)(uintptr_t)&r->shm->bell;
	weir_waiter_init(&wt, how, bell, r->flags & WEIR_RING_READONLY ? WEIR_WAITER_READONLY : 0);
	for (;;) {
		weir_owner who;

		rc = weir_waiter_step(&wt);
		if (rc < 0)
			return rc;
		who = rc == WEIR_CHECK_LIVENESS ? weir_ring_writer_owner(r->shm) : 0;
		if (who != 0 && (env->owner_state(env->ctx, who) != (int)WEIR_OWNER_DEAD ||
				 weir_ring_writer_owner(r->shm) != who))
			who = 0; /* alive, or already succeeded */
		rc = weir_ring_poll(r, v);
		if (rc != WEIR_EMPTY)
			return rc;
		if (who != 0)
			return -EOWNERDEAD;
	}
}
