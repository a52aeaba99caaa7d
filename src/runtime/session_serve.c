/* Sessions: a batch of one ring, given to handlers.
 *
 * The records are polled by runs, and what they have in common (kind, length, handler, the fence
 * that waits for one of them) is looked up once for each. docs/design/session.md, Runs, says why an
 * ordinary handler cannot tell, and what a handler of runs is promised.
 *
 * While a run is given, the reader's position stands behind it. It is read where progress is
 * published and where a loss is counted, and both set it to the record in question first; handlers
 * cannot reach the reader. */
#include "session_priv.h"

#include <weir/ring_run.h>

static const struct handler *handler_of(const struct weir_session *s, uint32_t kind)
{
	const struct handler *h;

	if (WEIR_UNLIKELY(kind >= s->kinds))
		return &s->other;
	h = &s->handler[kind];
	return h->fn != NULL || h->run != NULL ? h : &s->other;
}

/* Behind n records of the run that begins with *v. */
static void stand_behind(struct weir_ring_reader *r, const struct weir_ring_view *v,
			 uint64_t stride, uint32_t n)
{
	r->next = v->at + n * stride;
	r->seq = v->seq + n;
}

/* The reader stands behind the record at `at`, which was overtaken. */
static int lapped(struct weir_ring_reader *r, struct weir_ring_view *v, weir_pos at)
{
	v->at = at;
	v->end = r->next;
	return weir_ring_check(r, v);
}

/* Records to an ordinary handler, each as if it had been polled just now. The look for a lap behind
 * the handler of one is the look before that of the next: what `oldest` has not passed with this
 * record it has not passed with those behind it. Returns WEIR_OK or WEIR_LAPPED; *n: those that were
 * given and stayed intact. */
static int give_singly(struct feed *f, const struct handler *h, struct weir_ring_view *v,
		       uint64_t stride, uint32_t *n)
{
	struct weir_ring_reader *r = f->r;
	struct weir_session *s = f->s;
	weir_pos at = v->at;
	uint32_t i = 0;
	int stop;

	s->rehandled = 0;
	for (;;) {
		stop = h->fn(h->ctx, s, &f->m);
		s->stats.handled++;
		weir_fence_acquire(); /* RING.LAP acquire, as in weir_ring_check() */
		if (WEIR_UNLIKELY(weir_pos_diff(weir_load_relaxed64(&r->shm->oldest), at) > 0)) {
			stand_behind(r, v, stride, i + 1u);
			*n = i;
			return lapped(r, v, at);
		}
		if (++i == *n || stop != 0 || s->post_user != 0 || s->rehandled ||
		    weir_session_called(s))
			break;
		if (WEIR_UNLIKELY(weir_bell_asked(r->progress.bell))) {
			stand_behind(r, v, stride, i);
			weir_ring_deliver(r, s->now);
		}
		at += stride;
		f->m.ptr += stride;
		f->m.at = at;
		f->m.seq++;
	}
	f->stopped = stop != 0;
	stand_behind(r, v, stride, i);
	*n = i;
	return WEIR_OK;
}

/* What cannot be published before one call returns, of large records, too. */
static uint32_t eighth(const struct weir_ring_reader *r, uint64_t stride, uint32_t n)
{
	return WEIR_LIKELY(n * stride <= r->max_need) ? n : (uint32_t)(r->max_need / stride);
}

/* All of them at once; likewise, but for a lap all or none. Of a kind that nobody handles nothing
 * but the headers counts, which were intact. */
static int give_at_once(struct feed *f, const struct handler *h, const struct weir_ring_view *v,
			uint64_t stride, uint32_t *n)
{
	uint32_t given = *n;
	int rc;

	stand_behind(f->r, v, stride, given);
	if (h->run == NULL) {
		f->s->stats.unhandled += given;
		return WEIR_OK;
	}
	f->stopped = h->run(h->ctx, f->s, &f->m, given, stride) != 0;
	f->s->stats.handled += given;
	rc = weir_ring_check_run(f->r, v, given);
	if (rc != WEIR_OK)
		*n = 0;
	return rc;
}

/* A run to its handler, as far as a fence's cut. */
static int give(struct feed *f, struct weir_ring_view *v, uint32_t *n)
{
	const uint64_t stride = weir_ring_stride(v->len);
	struct weir_session *s = f->s;
	const struct handler *h = handler_of(s, v->kind);

	if (WEIR_UNLIKELY(s->draining != NULL))
		*n = weir_session_up_to_cut(s, f->m.from, v->at, stride, *n);
	f->m.ptr = v->ptr;
	f->m.len = v->len;
	f->m.kind = v->kind;
	f->m.seq = v->seq;
	f->m.at = v->at;
	if (WEIR_LIKELY(h->fn != NULL))
		return give_singly(f, h, v, stride, n);
	*n = eighth(f->r, stride, *n);
	return give_at_once(f, h, v, stride, n);
}

/* Is something due that is not to wait until the batch is full? */
static int is_due(const struct feed *f, weir_pos from)
{
	const struct weir_session *s = f->s;

	return f->stopped || s->post_user != 0 || weir_session_called(s) ||
	       (s->draining != NULL && weir_session_reaches_cut(s, f->m.from, from, f->r->next));
}

int weir_session_take(struct feed *f, uint32_t max, uint32_t *handled)
{
	struct weir_ring_reader *r = f->r;
	struct weir_ring_view v;
	uint32_t n = 0, run, given;
	int rc = WEIR_EMPTY;

	/* The first record is handled before anything is looked at behind it, where the sender may just
	 * be writing: what it answers must not wait for that. Then by runs, short ones: what the
	 * processor fetches of one while the one before is handled would wait for all of a long one */
	while (n < max) {
		run = f->taken == 0 ? 1u : WEIR_SESSION_RUN_MAX;
		if (run > max - n)
			run = max - n;
		rc = weir_ring_poll_run(r, run, &v, &given);
		if (rc == WEIR_OK) {
			weir_pos from = v.at;

			rc = give(f, &v, &given);
			n += given;
			f->taken += given;
			if (rc == WEIR_OK && is_due(f, from))
				break;
		}
		if (rc != WEIR_OK)
			break;
		if (weir_bell_asked(r->progress.bell))
			weir_ring_deliver(r, f->s->now);
	}
	/* the one publish point: every way out comes through here */
	if (weir_priv_ring_unpublished(r))
		weir_ring_deliver(r, f->s->now);
	*handled = n;
	return n != 0 && (rc == WEIR_EMPTY || rc == WEIR_CLOSED) ? WEIR_OK : rc;
}
