/* The request ring, writer's slow paths. The argument is at the top of ring.c. */
#include "ring_internal.h"

#include <string.h>

#include <weir/region.h>

#define PREFETCH_AHEAD 1024u /* bytes; see docs/design/ring.md for how it was chosen */

static weir_pos chunk_start(const struct weir_ring_writer *w, weir_pos pos)
{
	return pos >> w->chunk_shift << w->chunk_shift;
}

static uint64_t capacity(const struct weir_ring_writer *w)
{
	return w->mask + 1u;
}

void weir_priv_ring_mark(struct weir_ring_writer *w)
{
	do {
		struct weir_ring_mark_shm *m = ring_mark(w->shm, w->chunk_shift, w->next_mark);

		/* relaxed: readers validate a mark with RING.LAP; a successor rewrites them */
		weir_store_relaxed64(&m->pos, w->committed);
		weir_store_relaxed64(&m->seq, w->committed_messages);
		w->next_mark += UINT64_C(1) << w->chunk_shift;
	} while (weir_pos_diff(w->committed, w->next_mark) >= 0);
}

/* The first mark at or after pos. The marks are ours, but they lie where others may write. */
static int mark_after(const struct weir_ring_writer *w, weir_pos pos, weir_pos *mark)
{
	weir_pos start = chunk_start(w, pos + (UINT64_C(1) << w->chunk_shift) - 1u);
	/* relaxed: stored by this thread, or by a predecessor before it lost `writer` */
	weir_pos b = weir_load_relaxed64(&ring_mark(w->shm, w->chunk_shift, start)->pos);

	if (b % 8u != 0 || weir_pos_diff(b, start) < 0 || weir_pos_diff(w->committed, b) < 0)
		return -EBADMSG;
	*mark = b;
	return WEIR_OK;
}

static void set_oldest(struct weir_ring_writer *w, weir_pos b)
{
	w->oldest = b;
	/* a whole chunk less than capacity: the mark of b's own chunk must outlive b */
	w->limit = chunk_start(w, b) + capacity(w);
	/* RING.LAP release: pairs with weir_ring_poll(), weir_ring_check(); a relaxed store, and the
	 * fence orders it before all later stores of payload */
	weir_store_relaxed64(&w->shm->oldest, b);
	weir_fence_release();
}

/* Is every registered reader past b? Evicts those who are not, when told to. */
static int readers_past(struct weir_ring_writer *w, weir_pos b, enum weir_ring_policy policy,
			weir_pos *floor)
{
	uint32_t which = 0, tries;

	for (tries = 0; tries <= w->gate->slots; tries++) {
		*floor = w->committed;
		if (weir_progress_floor(w->gate, floor, &which) == WEIR_EMPTY ||
		    weir_pos_diff(*floor, b) >= 0)
			return 1;
		if (policy != WEIR_RING_EVICT)
			return 0;
		if (weir_progress_evict(w->gate, which))
			weir_count64(&w->shm->evictions, 1);
	}
	return 0;
}

/* Moves `oldest` so that a claim may end at `end`, header of the next record included. */
static int make_room(struct weir_ring_writer *w, weir_pos end, enum weir_ring_policy policy)
{
	weir_pos b, far, floor;
	int rc = mark_after(w, end - capacity(w), &b);

	if (rc != WEIR_OK)
		return rc;
	/* relaxed: a successor exists only after this process was found dead, so this is a guard
	 * against a caller that went on using a handle it had handed over */
	if (weir_load_relaxed64(&w->shm->generation) != w->generation)
		return -ESTALE;
	if (policy == WEIR_RING_LOSSY) {
		weir_store_release64(&w->shm->step, b);
		set_oldest(w, b);
		return WEIR_OK;
	}
	if (!readers_past(w, b, policy, &floor)) {
		weir_count64(&w->shm->full, 1);
		return WEIR_FULL;
	}
	/* further, if all readers are: the next claims then need not ask */
	if (mark_after(w, end - capacity(w) + capacity(w) / 8u, &far) == WEIR_OK &&
	    weir_pos_diff(floor, far) >= 0)
		b = far;
	/* RING.STEP release: pairs with find_oldest(); the marks and headers before it */
	weir_store_release64(&w->shm->step, b);
	weir_fence_full(); /* RING.JOIN writer: step, then the slots */
	if (!readers_past(w, b, policy, &floor)) {
		/* somebody has just joined below b: nothing has moved yet */
		weir_store_release64(&w->shm->step, w->oldest);
		weir_count64(&w->shm->full, 1);
		return WEIR_FULL;
	}
	set_oldest(w, b);
	return WEIR_OK;
}

static void put_header(struct weir_ring_writer *w, uint64_t word, uint64_t bytes)
{
	if (w->claimed == w->committed)
		w->head = word;
	else /* relaxed: reached only through the first header of the batch (RING.PUB) */
		weir_store_relaxed64(weir_priv_ring_word(w->data, w->claimed & w->mask), word);
	w->claimed += bytes;
}

/* How far the next claims may go by the fast path: within the room, the buffer and the batch. The
 * batch is counted from what is committed now; later commits only make that stricter than need be. */
static void set_fast_end(struct weir_ring_writer *w)
{
	weir_pos end = w->limit - WEIR_RING_HEADER;
	weir_pos wrap = (w->claimed | w->mask) + 1u;
	weir_pos batch = w->committed + w->batch_max;

	if (weir_pos_diff(wrap, end) < 0)
		end = wrap;
	if (weir_pos_diff(batch, end) < 0)
		end = batch;
	w->fast_end = end;
}

int weir_priv_ring_claim_slow(struct weir_ring_writer *w, uint32_t kind, uint32_t len,
			      enum weir_ring_policy policy, struct weir_ring_room *room)
{
	uint64_t need = weir_priv_ring_need(len), off = w->claimed & w->mask, pad = 0;
	weir_pos end;

	if (w->shm == NULL)
		return -ENOTCONN;
	if (len > w->max_len)
		return -EMSGSIZE;
	if (kind > WEIR_RING_KIND_MAX || (unsigned)policy > WEIR_RING_LOSSY ||
	    (policy != WEIR_RING_LOSSY && !w->gated))
		return -EINVAL;
	if (off + need > capacity(w))
		pad = capacity(w) - off;
	end = w->claimed + pad + need;
	if (end - w->committed > w->batch_max)
		return -ENOBUFS;
	if (weir_pos_diff(end + WEIR_RING_HEADER, w->limit) > 0) {
		int rc = make_room(w, end + WEIR_RING_HEADER, policy);

		if (rc != WEIR_OK)
			return rc;
	}
	if (pad != 0) {
		w->pad_at = w->claimed;
		w->pad_len = pad;
		weir_count64(&w->shm->padding, pad);
		put_header(w,
			   WEIR_PRIV_RING_COMMITTED | WEIR_PRIV_RING_PAD |
				   (pad - WEIR_RING_HEADER),
			   pad);
	}
	room->at = w->claimed;
	room->ptr = w->data + (w->claimed & w->mask) + WEIR_RING_HEADER;
	room->len = len;
	room->kind = kind;
	put_header(w, WEIR_PRIV_RING_COMMITTED | WEIR_U64(kind) << 32 | len, need);
	w->messages++;
	set_fast_end(w);
	return WEIR_OK;
}

void weir_ring_abort(struct weir_ring_writer *w)
{
	if (w->shm == NULL || w->claimed == w->committed)
		return;
	/* headers behind the first lie about in the buffer; none is reachable: the one at the
	 * leading position is still 0 (Z), and each commit puts a 0 at its own end */
	if (w->pad_len != 0 && weir_pos_diff(w->pad_at, w->committed) >= 0)
		weir_count64(&w->shm->padding, 0 - w->pad_len);
	w->pad_len = 0;
	w->claimed = w->committed;
	w->messages = w->committed_messages;
	set_fast_end(w); /* the wrap may lie ahead again */
	weir_count64(&w->shm->aborts, 1);
}

int weir_ring_send(struct weir_ring_writer *w, uint32_t kind, const void *payload, uint32_t len,
		   enum weir_ring_policy policy)
{
	struct weir_ring_room room;
	int rc = weir_ring_claim(w, kind, len, policy, &room);

	if (rc != WEIR_OK)
		return rc;
	weir_copy_racy(room.ptr, payload, len);
	weir_ring_commit(w);
	return WEIR_OK;
}

int weir_ring_claim_wait(struct weir_ring_writer *w, uint32_t kind, uint32_t len,
			 enum weir_ring_policy policy, weir_ns patience,
			 const struct weir_wait *how, struct weir_ring_room *room)
{
	enum weir_ring_policy first = policy == WEIR_RING_EVICT ? WEIR_RING_GATED : policy;
	const struct weir_env *env = ring_env(how);
	struct weir_wait mine = {.strategy = WEIR_WAIT_SPIN};
	struct weir_waiter wt;
	int rc = weir_ring_claim(w, kind, len, first, room), evict = 0;

	if (rc != WEIR_FULL)
		return rc;
	if (how != NULL)
		mine = *how;
	weir_ring_commit(w); /* or the readers could never make room for it */
	if (policy == WEIR_RING_EVICT && patience == 0)
		return weir_ring_claim(w, kind, len, policy, room);
	if (mine.deadline == 0)
		mine.deadline = WEIR_NS_NEVER;
	if (policy == WEIR_RING_EVICT) {
		weir_ns now = env->now(env->ctx), at = now + patience;

		if (at < now) /* overflow: more patience than time */
			at = WEIR_NS_NEVER;
		if (at < mine.deadline) {
			mine.deadline = at;
			evict = 1;
		}
	}
	weir_waiter_init(&wt, &mine, &w->gate->shm->bell, 0);
	for (;;) {
		rc = weir_ring_claim(w, kind, len, first, room);
		if (rc != WEIR_FULL)
			return rc;
		rc = weir_waiter_step(&wt);
		if (rc == -ETIMEDOUT && evict)
			return weir_ring_claim(w, kind, len, WEIR_RING_EVICT, room);
		if (rc < 0)
			return rc;
		if (rc == WEIR_CHECK_LIVENESS)
			(void)weir_progress_reap(w->gate, env, w->owner);
	}
}

/* What a writer that takes over finds: the committed end and its record number. Changes nothing. */
static int find_end(struct weir_ring_writer *w)
{
	struct weir_ring_shm *shm = w->shm;
	struct weir_ring_mark_shm *m;
	weir_pos lead, end;
	uint64_t records = 0;
	int rc;

	/* RING.LEAD acquire: pairs with the predecessor's commit */
	lead = weir_load_acquire64(&shm->leading);
	w->oldest = weir_load_relaxed64(&shm->oldest); /* relaxed: RING.OWN ordered it */
	if (lead % 8u != 0 || w->oldest % 8u != 0 || lead - w->oldest > capacity(w))
		return -EBADMSG;
	m = ring_mark(shm, w->chunk_shift, lead);
	rc = weir_ring_walk(w->data, w->mask, weir_load_relaxed64(&m->pos), lead, &records);
	if (rc != WEIR_OK)
		return rc;
	w->committed = lead;
	w->committed_messages = weir_load_relaxed64(&m->seq) + records;
	w->next_mark = chunk_start(w, lead) + (UINT64_C(1) << w->chunk_shift);
	/* committed, but its writer died before it could say so in `leading` */
	for (end = lead;;) {
		uint64_t off = end & w->mask;
		/* RING.PUB acquire: pairs with the predecessor's commit */
		uint64_t word = weir_load_acquire64(weir_priv_ring_word(w->data, off));
		uint64_t need = weir_priv_ring_need((uint32_t)word);

		if (word == 0)
			break;
		if (!(word & WEIR_PRIV_RING_COMMITTED) || off + need > capacity(w) ||
		    end + need - lead > w->batch_max)
			return -EBADMSG;
		w->committed_messages += !(word & WEIR_PRIV_RING_PAD);
		end += need;
	}
	w->claimed = end;
	return WEIR_OK;
}

static int take_writer(struct weir_ring_shm *shm, weir_owner owner, const struct weir_env *env,
		       struct weir_error *err)
{
	weir_owner cur = weir_load_acquire64(&shm->writer);

	if (cur != 0 && (cur == owner || env->owner_state(env->ctx, cur) != (int)WEIR_OWNER_DEAD))
		return weir_error_set(err, -EBUSY, "ring: has a live writer, pid",
				      weir_owner_pid(cur), 0);
	/* RING.OWN acquire: pairs with weir_ring_writer_detach(); one of several successors wins */
	if (!weir_cas64(&shm->writer, cur, owner))
		return weir_error_set(err, -EBUSY, "ring: another writer was faster, pid",
				      weir_owner_pid(weir_load_relaxed64(&shm->writer)), 0);
	return cur == 0 ? WEIR_OK : WEIR_RECOVERED;
}

int weir_ring_writer_attach(struct weir_ring_writer *w, struct weir_span mem,
			    const struct weir_progress *gate, weir_owner owner,
			    const struct weir_env *env, struct weir_error *err)
{
	struct weir_ring_writer n;
	struct ring_geometry g;
	int rc = weir_ring_check_geometry(mem, &g, err), found;

	if (rc != WEIR_OK)
		return rc;
	if (owner == 0)
		return weir_error_set(err, -EINVAL, "ring: owner", 0, 1);
	memset(&n, 0, sizeof(n));
	n.shm = mem.ptr;
	n.data = (uint8_t *)mem.ptr + g.data_off;
	n.mask = g.capacity - 1u;
	n.chunk_shift = g.chunk_shift;
	n.batch_max = g.capacity / 4u;
	n.max_len = (uint32_t)(g.capacity / 8u - WEIR_RING_HEADER);
	n.ahead = g.capacity / 8u < PREFETCH_AHEAD ? g.capacity / 8u : PREFETCH_AHEAD;
	n.gate = gate;
	n.gated = gate != NULL;
	n.owner = owner;
	rc = take_writer(n.shm, owner, env != NULL ? env : weir_env_system(), err);
	if (rc < 0)
		return rc;
	found = find_end(&n);
	if (found != WEIR_OK) {
		weir_pos lead = weir_load_relaxed64(&n.shm->leading);

		/* RING.OWN release: nothing was changed */
		weir_store_release64(&n.shm->writer, 0);
		return weir_error_set(err, found, "ring: records do not lead to", lead, n.oldest);
	}
	n.generation = weir_load_relaxed64(&n.shm->generation) + 1u;
	n.messages = n.committed_messages;
	n.registered = weir_bell_register();
	set_oldest(&n, n.oldest);
	weir_store_release64(&n.shm->step, n.oldest); /* a step the predecessor only asked for */
	if (n.claimed != n.committed) { /* finish the commit that was cut short */
		n.committed = n.claimed;
		if (weir_pos_diff(n.committed, n.next_mark) >= 0)
			weir_priv_ring_mark(&n);
		weir_store_relaxed64(&n.shm->messages, n.messages);
		weir_store_release64(&n.shm->leading, n.committed); /* RING.LEAD release */
	}
	weir_store_relaxed64(&n.shm->generation, n.generation);
	set_fast_end(&n);
	weir_store_release32(&n.shm->closed, 0); /* RING.CLOSE release: the stream goes on */
	*w = n;
	return rc;
}

/* Has nobody taken the ring over since? */
static int still_ours(const struct weir_ring_writer *w)
{
	return weir_load_acquire64(&w->shm->writer) == w->owner &&
	       weir_load_relaxed64(&w->shm->generation) == w->generation;
}

void weir_ring_writer_detach(struct weir_ring_writer *w)
{
	if (w->shm == NULL)
		return;
	weir_ring_abort(w);
	/* RING.OWN release: pairs with take_writer() */
	if (still_ours(w))
		(void)weir_cas64(&w->shm->writer, w->owner, 0);
	memset(w, 0, sizeof(*w));
}

void weir_ring_close(struct weir_ring_writer *w)
{
	if (w->shm == NULL)
		return;
	weir_ring_abort(w);
	/* RING.CLOSE release: pairs with weir_priv_ring_poll_slow(); all records come before it */
	if (still_ours(w)) {
		weir_store_release32(&w->shm->closed, 1);
		weir_bell_ring(&w->shm->bell, w->registered);
	}
	weir_ring_writer_detach(w);
}
