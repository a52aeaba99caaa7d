/* Looking at a session from outside: reads only, and trusts nothing it reads. */
#include "session_priv.h"

#include <string.h>

static const struct weir_session_shm *session_of(const struct weir_watch *w)
{
	return w->session;
}

static const struct weir_session_barrier_shm *watched(const struct weir_watch *w, uint32_t id)
{
	const uint8_t *base = w->barriers;

	return WEIR_CPTR(struct weir_session_barrier_shm, base + id * barrier_bytes(w->members));
}

int weir_watch_open(struct weir_watch *w, const struct weir_region *region, struct weir_error *err)
{
	struct geometry g;
	int rc = weir_session_bind(region, &g, err);

	if (rc != WEIR_OK)
		return rc;
	memset(w, 0, sizeof(*w));
	w->region = region;
	w->session = g.shm;
	w->barriers = g.barriers;
	w->members = g.members;
	w->n_barriers = g.n_barriers;
	w->ring_capacity = g.ring_capacity;
	w->liveness_ns = g.liveness_ns;
	return WEIR_OK;
}

/* relaxed, here and below: numbers for a person; nothing is concluded from their order */
void weir_watch_read_session(const struct weir_watch *w, struct weir_watch_session *out)
{
	const struct weir_session_shm *s = session_of(w);

	out->coordinator = weir_load_relaxed64(&s->coordinator);
	out->stamp = weir_load_relaxed64(&s->stamp);
	out->active = weir_load_relaxed32(&s->active);
	out->closed = weir_load_relaxed32(&s->closed);
}

static const struct weir_ring_shm *ring_of(const struct weir_watch *w, uint32_t m)
{
	struct weir_span ring;

	if (weir_session_part(w->region, WEIR_KIND_RING, "ring", m, &ring) != WEIR_OK ||
	    ring.len < sizeof(struct weir_ring_shm))
		return NULL;
	return ring.ptr;
}

int weir_watch_read_member(const struct weir_watch *w, uint32_t slot, struct weir_watch_member *out)
{
	const struct weir_session_member_shm *m;
	const struct weir_ring_shm *ring;

	if (slot >= w->members)
		return -EINVAL;
	m = WEIR_CPTR(struct weir_session_member_shm, session_of(w) + 1) + slot;
	ring = ring_of(w, slot);
	memset(out, 0, sizeof(*out));
	out->owner = weir_load_relaxed64(&m->owner);
	out->epoch = weir_load_relaxed64(&m->epoch);
	out->flags = weir_load_relaxed32(&m->flags) & ~MEMBER_LOCKED;
	out->waiting = weir_load_relaxed32(&m->waiting);
	if (ring != NULL) {
		out->leading = weir_ring_leading(ring) - ring->origin;
		out->messages = weir_load_relaxed64(&ring->messages);
	}
	return WEIR_OK;
}

int weir_watch_read_barrier(const struct weir_watch *w, uint32_t id, char *name,
		       struct weir_watch_barrier *out)
{
	const struct weir_session_barrier_shm *b;
	uint64_t word[WEIR_SESSION_BARRIER_NAME / 8u];
	uint32_t i;

	if (id >= w->n_barriers)
		return -EINVAL;
	b = watched(w, id);
	/* SESSION.NAME acquire: pairs with write_name() */
	if (weir_load_relaxed64(&b->id) == 0 || weir_load_acquire32(&b->named) == 0)
		return -ENOENT;
	if (name != NULL) {
		for (i = 0; i < WEIR_SESSION_BARRIER_NAME / 8u; i++)
			word[i] = weir_load_relaxed64(&b->name[i]);
		memcpy(name, word, sizeof(word));
		name[WEIR_SESSION_BARRIER_NAME - 1u] = '\0';
	}
	return weir_session_read_view(b, out);
}

/* Is this sink behind the cut? */
static int behind(const struct weir_progress *table, uint32_t sink, weir_pos cut,
		  uint64_t *remaining)
{
	struct weir_progress_record rec;

	if (weir_progress_read(table, sink, &rec) != WEIR_OK ||
	    (rec.state != WEIR_PROGRESS_ACTIVE && rec.state != WEIR_PROGRESS_PARKED))
		return 0;
	if (weir_pos_diff(cut, rec.delivered) <= 0)
		return 0;
	*remaining = cut - rec.delivered;
	return 1;
}

/* As the coordinator has it: itself, and in a processing fence the members that have arrived. */
static int may_be_sink(const struct weir_watch_barrier *view, uint32_t m)
{
	return m == WEIR_SESSION_COORDINATOR || (view->mode == WEIR_BARRIER_PROCESSING &&
						 weir_group_set_has(&view->arrived, m));
}

static int behind_in_ring(const struct weir_watch *w, uint32_t ring,
			  const struct weir_watch_barrier *view, weir_pos cut,
			  struct weir_watch_behind *out, uint32_t cap, uint32_t *n)
{
	struct weir_progress table;
	struct weir_span mem;
	uint64_t remaining;
	uint32_t sink;

	if (weir_session_part(w->region, WEIR_KIND_PROGRESS, "progress", ring, &mem) != WEIR_OK ||
	    weir_progress_attach(&table, mem, NULL) != WEIR_OK)
		return -EBADMSG;
	for (sink = 0; sink < w->members && sink < table.slots; sink++) {
		if (sink == ring || !may_be_sink(view, sink) || !behind(&table, sink, cut, &remaining))
			continue;
		if (*n < cap) {
			out[*n].ring = ring;
			out[*n].sink = sink;
			out[*n].remaining = remaining;
		}
		++*n;
	}
	return WEIR_OK;
}

int weir_watch_read_behind(const struct weir_watch *w, uint32_t id, struct weir_watch_behind *out,
		      uint32_t cap, uint32_t *n)
{
	struct weir_watch_barrier view;
	uint32_t m;
	int rc = weir_watch_read_barrier(w, id, NULL, &view);

	if (rc != WEIR_OK)
		return rc;
	*n = 0;
	if (view.state == WEIR_BARRIER_IDLE || view.mode == WEIR_BARRIER_RENDEZVOUS)
		return WEIR_OK;
	for (m = weir_group_set_next(&view.arrived, 0); m < w->members && rc == WEIR_OK;
	     m = weir_group_set_next(&view.arrived, m + 1u)) {
		const struct weir_session_arrival_shm *a =
			WEIR_CPTR(struct weir_session_arrival_shm, watched(w, id) + 1) + m;

		rc = behind_in_ring(w, m, &view, weir_load_relaxed64(&a->cut), out, cap, n);
	}
	return rc;
}
