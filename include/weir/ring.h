/* weir/ring.h - storey flow: one writer broadcasts records to any number of readers.
 * Needs: base, atomic, error, stats, wait, progress. */
#ifndef WEIR_RING_H
#define WEIR_RING_H

#include <errno.h>

#include <weir/atomic.h>
#include <weir/base.h>
#include <weir/error.h>
#include <weir/progress.h>
#include <weir/stats.h>
#include <weir/wait.h>

/*
 * A request ring. Broadcast: *every* reader sees *every* record. (Concurrency Kit's "SPMC" means
 * that consumers compete; this is not that.) Records have 0 .. capacity/8 - 8 bytes, a 30-bit kind
 * for the application, and are handed out in place, without a copy, 8-byte aligned. Positions are
 * bytes in 64 bits and never wrap in a lifetime.
 *
 * What the writer does when the ring is full is said per claim:
 *
 *	WEIR_RING_GATED   wait for the slowest registered reader: claim says WEIR_FULL, nothing is lost
 *	WEIR_RING_EVICT   stop waiting for the readers that are in the way
 *	WEIR_RING_LOSSY   wait for nobody; readers that are overtaken learn exactly what they lost
 *
 * A reader that registers in the ring's progress table (weir_ring_join()) is waited for; one that
 * only attaches (weir_ring_reader_attach(), a read-only mapping is enough) is not.
 *
 * Who may call what: one thread per writer handle and one writer per ring at a time; one thread per
 * reader handle, any number of them. Handles are process-local: a forked child attaches anew.
 * Handles align themselves to WEIR_LINE; allocate them accordingly (aligned_alloc, static, stack).
 *
 * The ordering argument stands at the top of src/flow/ring.c.
 */

WEIR_BEGIN

#define WEIR_RING_CAPACITY_MIN 4096u              /* bytes */
#define WEIR_RING_CAPACITY_MAX (UINT64_C(1) << 34) /* bytes */
#define WEIR_RING_KIND_MAX 0x3fffffffu
#define WEIR_RING_MARKS 64u
#define WEIR_RING_HEADER 8u /* bytes in front of every record */

/* Record header, one word, at an 8-byte aligned position:
 * bit 63 committed, bit 62 padding, bits 61..32 kind, bits 31..0 payload length. 0: not committed. */
#define WEIR_PRIV_RING_COMMITTED (UINT64_C(1) << 63)
#define WEIR_PRIV_RING_PAD (UINT64_C(1) << 62)

enum weir_ring_policy { WEIR_RING_GATED = 0, WEIR_RING_EVICT = 1, WEIR_RING_LOSSY = 2 };
enum weir_ring_from { WEIR_RING_OLDEST = 0, WEIR_RING_NEWEST = 1 };

struct weir_ring_config {
	uint32_t struct_size; /* sizeof(struct weir_ring_config) */
	uint32_t reserved;
	uint64_t capacity; /* bytes, a power of two, WEIR_RING_CAPACITY_MIN .. _MAX */
	weir_pos origin;   /* first position, a multiple of 8; 0 unless a test wants to see a wrap */
};

struct weir_ring_mark_shm {
	uint64_t pos; /* the first commit that ended at or after this chunk's start ended here */
	uint64_t seq; /* records before pos, from the origin */
};

struct weir_ring_shm {
	/* constant after format */
	uint64_t magic;
	uint64_t capacity;
	uint64_t origin;
	uint32_t chunk_shift; /* capacity / WEIR_RING_MARKS, as a power of two */
	uint32_t data_off;
	uint64_t reserved[12];
	/* the writer's: stored at every commit, looked at rarely */
	uint64_t leading; /* after the last published byte */
	uint64_t messages;
	uint64_t padding; /* bytes of it, to the end of the buffer */
	uint64_t full;    /* claims refused for want of room */
	uint64_t aborts;
	uint64_t evictions;
	uint64_t writer_reserved[10];
	/* stored once per chunk, looked at by every reader at every record */
	uint64_t oldest; /* first position that may still be read */
	uint64_t step;   /* where it is about to go: the same, except while a gated writer asks */
	uint64_t oldest_reserved[14];
	/* who writes */
	uint64_t writer;     /* weir_owner; 0: nobody */
	uint64_t generation; /* writers so far */
	uint32_t closed;
	uint32_t control_reserved[27];
	struct weir_bell_shm bell; /* rung after a commit while somebody waits */
	struct weir_ring_mark_shm mark[WEIR_RING_MARKS];
	/* capacity bytes of records follow */
} WEIR_ALIGNED(WEIR_LINE);
WEIR_ASSERT_LAYOUT(sizeof(struct weir_ring_shm) == 5u * WEIR_LINE + 16u * WEIR_RING_MARKS);

struct weir_ring_writer {
	uint8_t *data;
	uint64_t mask;
	weir_pos claimed;   /* end of what is claimed */
	weir_pos committed; /* end of what is published */
	weir_pos fast_end;  /* a record that ends here or before needs no second thought */
	weir_pos next_mark; /* a commit that reaches it leaves a mark */
	uint64_t head;      /* header word of the first claimed record: published by commit */
	uint64_t messages;  /* published, plus those claimed */
	uint64_t ahead;     /* distance of the prefetch, bytes */
	struct weir_ring_shm *shm;
	uint32_t max_len;
	int32_t registered; /* what weir_bell_register() said */
	/* cold */
	const struct weir_progress *gate;
	weir_pos oldest;
	weir_pos limit;     /* the header behind the last record may end here; follows from oldest */
	uint64_t batch_max; /* bytes that may be claimed before a commit: a quarter of the ring */
	uint64_t generation;
	uint64_t committed_messages;
	weir_pos pad_at; /* last padding record claimed, and its size */
	uint64_t pad_len;
	weir_owner owner;
	uint32_t chunk_shift;
	uint32_t gated; /* 1: a table is bound */
} WEIR_ALIGNED(WEIR_LINE);

/* Where to write a claimed record. */
struct weir_ring_room {
	uint8_t *ptr; /* len bytes, 8-byte aligned */
	uint32_t len;
	uint32_t kind;
	weir_pos at; /* position of its header */
};

struct weir_ring_reader {
	const uint8_t *data;
	uint64_t mask;
	const struct weir_ring_shm *shm;
	weir_pos next; /* first byte not handed out yet */
	uint64_t seq;  /* number of the next record, from the ring's origin */
	uint64_t max_need;
	uint64_t lost_bytes; /* ring bytes, headers and padding included */
	uint64_t lost_messages;
	uint64_t laps;       /* times it was overtaken */
	uint64_t rejected;   /* damaged headers met */
	uint32_t chunk_shift;
	uint32_t from; /* enum weir_ring_from: where to go on after a lap */
	uint32_t flags;
	uint32_t reserved;
	struct weir_progress_writer progress; /* .slot NULL: not registered */
} WEIR_ALIGNED(WEIR_LINE);

/* A record in place. */
struct weir_ring_view {
	const uint8_t *ptr;
	uint32_t len;
	uint32_t kind;
	weir_pos at;  /* position of its header */
	weir_pos end; /* position after it */
	uint64_t seq; /* its number, from the ring's origin */
};

struct weir_ring_stats {
	uint32_t struct_size;
	uint32_t reserved;
	uint64_t messages, bytes, padding, full, aborts, evictions, writers;
};
extern WEIR_API const struct weir_stat_desc weir_ring_stat_desc[];
extern WEIR_API const uint32_t weir_ring_stat_count;

/* ---- memory ---- */

/* Bytes for a ring of this config. -EINVAL names the field. Wait-free. */
WEIR_API WEIR_CHECK int weir_ring_bytes(const struct weir_ring_config *cfg, size_t *bytes,
					struct weir_error *err);

/* Writes an empty ring. mem: zeroed, WEIR_LINE-aligned. -EINVAL, -ENOBUFS. Before anyone attaches. */
WEIR_API WEIR_CHECK int weir_ring_format(struct weir_span mem, const struct weir_ring_config *cfg,
					 struct weir_error *err);

/* ---- the writer ---- */

/* Becomes the ring's writer. gate: the table of the readers to wait for, or NULL when every claim
 * will be lossy; it must outlive the handle. owner: weir_owner_self(). env: whom to ask whether an
 * earlier writer is alive; NULL: the system.
 *	WEIR_OK         first writer, or the one before left
 *	WEIR_RECOVERED  the one before died: everything it committed stands, nothing else does
 *	-EBUSY          the writer is alive (err: its pid); also a second handle in the same process
 *	-EINVAL -ENOBUFS -EPROTO -EBADMSG   as weir_progress_attach()
 * Walks the last chunk of records; system calls. Clears `closed`. */
WEIR_API WEIR_CHECK int weir_ring_writer_attach(struct weir_ring_writer *w, struct weir_span mem,
						const struct weir_progress *gate, weir_owner owner,
						const struct weir_env *env, struct weir_error *err);

/* Leaves the ring to a successor; claimed records are dropped. Safe on a detached handle. */
WEIR_API void weir_ring_writer_detach(struct weir_ring_writer *w);

/* Ends the stream: readers get WEIR_CLOSED after the last record. Then as detach. */
WEIR_API void weir_ring_close(struct weir_ring_writer *w);

WEIR_API WEIR_CHECK int weir_priv_ring_claim_slow(struct weir_ring_writer *w, uint32_t kind,
						  uint32_t len, enum weir_ring_policy policy,
						  struct weir_ring_room *room);
WEIR_API void weir_priv_ring_mark(struct weir_ring_writer *w);

WEIR_INLINE uint64_t weir_priv_ring_need(uint32_t len)
{
	return (WEIR_U64(len) + WEIR_RING_HEADER + 7u) & ~UINT64_C(7);
}

WEIR_INLINE uint64_t *weir_priv_ring_word(uint8_t *data, uint64_t off)
{
	return WEIR_PTR(uint64_t, data + off);
}

/* Makes room for one record of len bytes behind what is already claimed. Nothing is visible before
 * weir_ring_commit(); several claims and one commit make a batch.
 *	WEIR_OK    *room is set: write room->len bytes at room->ptr, then commit or claim more
 *	WEIR_FULL  a registered reader still needs the space: commit what you have, try later. EVICT
 *	           says so too when readers join faster than it can evict them
 *	-EMSGSIZE  len > capacity/8 - 8
 *	-ENOBUFS   more than a quarter of the ring is claimed: commit first
 *	-EINVAL    kind > WEIR_RING_KIND_MAX, unknown policy, or GATED/EVICT without a table
 *	-ESTALE    another process has taken the ring over
 *	-EBADMSG   the ring's marks are damaged: a peer wrote where it must not
 *	-ENOTCONN  the handle has been detached
 * Lock-free, no system call; asks the readers once per 1/8 of the ring. For a LOSSY ring write the
 * payload with weir_copy_racy() if you want a formally race-free program. */
WEIR_INLINE WEIR_CHECK int weir_ring_claim(struct weir_ring_writer *w, uint32_t kind, uint32_t len,
					   enum weir_ring_policy policy, struct weir_ring_room *room)
{
	uint64_t need = weir_priv_ring_need(len);
	weir_pos at = w->claimed;
	uint64_t off = at & w->mask;
	uint64_t word = WEIR_PRIV_RING_COMMITTED | WEIR_U64(kind) << 32 | len;
	struct weir_ring_room slow; /* *room stays in registers where nobody else is shown it */
	uint64_t line;
	int rc;

	/* fast_end folds three limits into one: the room, the end of the buffer, the batch */
	if (WEIR_UNLIKELY(len > w->max_len || kind > WEIR_RING_KIND_MAX ||
			  weir_pos_diff(at + need, w->fast_end) > 0 ||
			  (policy != WEIR_RING_LOSSY && (!w->gated || policy > WEIR_RING_LOSSY)))) {
		rc = weir_priv_ring_claim_slow(w, kind, len, policy, &slow);
		if (rc == WEIR_OK)
			*room = slow;
		return rc;
	}
	/* each line once, well before it is written: the largest single lever there is */
	for (line = ((at & 63u) + need) >> 6; line != 0; line--)
		weir_prefetch_write(w->data + ((at + (line << 6) + w->ahead) & w->mask));
	if (at == w->committed)
		w->head = word;
	else /* relaxed: nobody looks here before the first header of the batch is released */
		weir_store_relaxed64(weir_priv_ring_word(w->data, off), word);
	w->claimed = at + need;
	w->messages++;
	room->ptr = w->data + off + WEIR_RING_HEADER;
	room->len = len;
	room->kind = kind;
	room->at = at;
	return WEIR_OK;
}

/* Publishes everything claimed since the last commit, in one step, and wakes who waits. Wait-free;
 * a system call only when somebody sleeps. Nothing claimed: does nothing. */
WEIR_INLINE void weir_ring_commit(struct weir_ring_writer *w)
{
	weir_pos end = w->claimed;

	if (WEIR_UNLIKELY(end == w->committed))
		return;
	/* the reader's next stop reads "not committed", whatever lay there a lap ago; relaxed: the
	 * release below carries it */
	weir_store_relaxed64(weir_priv_ring_word(w->data, end & w->mask), 0);
	/* RING.PUB release: pairs with weir_ring_poll(); payload and headers of the whole batch */
	weir_store_release64(weir_priv_ring_word(w->data, w->committed & w->mask), w->head);
	w->committed = end;
	w->committed_messages = w->messages;
	if (WEIR_UNLIKELY(weir_pos_diff(end, w->next_mark) >= 0))
		weir_priv_ring_mark(w);
	weir_store_relaxed64(&w->shm->messages, w->messages);
	/* RING.LEAD release: pairs with weir_ring_leading(); the records before it are committed */
	weir_store_release64(&w->shm->leading, end);
	weir_bell_ring(&w->shm->bell, w->registered);
}

/* Drops everything claimed since the last commit. Readers never know. Wait-free. */
WEIR_API void weir_ring_abort(struct weir_ring_writer *w);

/* Claim, copy, commit. As weir_ring_claim(); what was claimed before is committed with it. The copy
 * is weir_copy_racy(), so this is race-free on lossy rings too. */
WEIR_API WEIR_CHECK int weir_ring_send(struct weir_ring_writer *w, uint32_t kind, const void *payload,
				       uint32_t len, enum weir_ring_policy policy);

/* As weir_ring_claim(), but waits for room; what is claimed before it has to wait is committed (so
 * who rings a bell of his own after commits claims first, and waits only on WEIR_FULL). Slots of
 * dead readers are reclaimed: from then on nobody waits for them, and only a drain tells. EVICT:
 * the readers in the way are evicted once `patience` ns have passed (by how->env's clock); GATED
 * ignores patience. how may be NULL: spin. Also returns -ETIMEDOUT and -ECANCELED. May block. */
WEIR_API WEIR_CHECK int weir_ring_claim_wait(struct weir_ring_writer *w, uint32_t kind, uint32_t len,
					     enum weir_ring_policy policy, weir_ns patience,
					     const struct weir_wait *how,
					     struct weir_ring_room *room);

/* The writer's own leading position: after what it has committed. The cut to hand to a drain. */
WEIR_INLINE weir_pos weir_ring_writer_leading(const struct weir_ring_writer *w)
{
	return w->committed;
}

/* ---- readers ---- */

/* Follows a ring unregistered: the writer does not wait for this reader. Reads only, except that a
 * waiting reader sets the bell's flag: say WEIR_RING_READONLY when the mapping forbids that.
 * -EINVAL, -ENOBUFS, -EPROTO, -EBADMSG as weir_progress_attach(); -EAGAIN the writer laps faster
 * than the starting point can be found. */
#define WEIR_RING_READONLY 1u
#define WEIR_PRIV_RING_DISPATCHING 2u /* inside weir_ring_dispatch() */
WEIR_API WEIR_CHECK int weir_ring_reader_attach(struct weir_ring_reader *r, struct weir_span mem,
						enum weir_ring_from from, uint32_t flags,
						struct weir_error *err);

/* Registers in the ring's progress table as well: from its join position on, a gated writer never
 * overwrites what this reader has not delivered. slot: an index or WEIR_PROGRESS_SLOT_ANY.
 * As weir_ring_reader_attach() and weir_progress_claim(). */
WEIR_API WEIR_CHECK int weir_ring_join(struct weir_ring_reader *r, struct weir_span mem,
				       const struct weir_progress *table, uint32_t slot,
				       enum weir_ring_from from, weir_owner owner,
				       struct weir_error *err);

/* Leaves: what it was handed counts as delivered up to the last deliver call. stamp: now, ns. Safe
 * on a detached handle. */
WEIR_API void weir_ring_leave(struct weir_ring_reader *r, weir_ns stamp);

WEIR_API WEIR_CHECK int weir_priv_ring_poll_slow(struct weir_ring_reader *r,
						 struct weir_ring_view *v);

/* The record at r->next, whose header word has been checked. */
WEIR_INLINE void weir_priv_ring_hand_out(struct weir_ring_reader *r, struct weir_ring_view *v,
					 uint64_t word, uint64_t need)
{
	weir_pos at = r->next;

	v->ptr = r->data + (at & r->mask) + WEIR_RING_HEADER;
	v->len = WEIR_U32(word & UINT32_MAX);
	v->kind = WEIR_U32(word >> 32) & WEIR_RING_KIND_MAX;
	v->at = at;
	v->end = at + need;
	v->seq = r->seq++;
	r->next = at + need;
}

/* Hands out the next record and moves on.
 *	WEIR_OK      *v is set. On a gated ring it stays valid until it is delivered
 *	WEIR_EMPTY   nothing committed beyond this point
 *	WEIR_LAPPED  the writer overtook this reader: the loss is in lost_messages and lost_bytes,
 *	             the position has moved on; call again (when the writer laps faster than a new
 *	             position can be found, neither has changed yet)
 *	WEIR_CLOSED  the writer ended the stream and everything has been handed out
 *	-EBADMSG     a damaged header: no way past it on this ring (a peer wrote where it must not)
 *	-ENOTCONN    the reader has left (a handle that was never attached must not be polled)
 * Wait-free. Every length and index is checked before use. */
WEIR_INLINE WEIR_CHECK int weir_ring_poll(struct weir_ring_reader *r, struct weir_ring_view *v)
{
	weir_pos at = r->next;
	uint64_t off = at & r->mask;
	/* RING.PUB acquire: pairs with weir_ring_commit() */
	uint64_t word = weir_load_acquire64(WEIR_CPTR(uint64_t, r->data + off));
	uint64_t need = weir_priv_ring_need(WEIR_U32(word & UINT32_MAX));
	struct weir_ring_view slow; /* *v stays in registers where nobody else is shown it */
	int rc;

	/* RING.LAP acquire: the header was loaded before (acquire), so a header that was
	 * overwritten implies that this sees the `oldest` that allowed it. Relaxed is enough. */
	if (WEIR_UNLIKELY(word >> 62 != 2u || need > r->max_need || off + need > r->mask + 1u ||
			  weir_pos_diff(weir_load_relaxed64(&r->shm->oldest), at) > 0)) {
		rc = weir_priv_ring_poll_slow(r, &slow);
		if (rc == WEIR_OK)
			*v = slow;
		return rc;
	}
	weir_priv_ring_hand_out(r, v, word, need);
	return WEIR_OK;
}

/* After using a view of a ring whose writer may not wait for this reader: was the record intact all
 * the time? WEIR_OK, or WEIR_LAPPED: forget what you read; the record is counted as lost. Once per
 * view. Wait-free. */
WEIR_API WEIR_CHECK int weir_ring_check(struct weir_ring_reader *r, const struct weir_ring_view *v);

/* Copies the record out and checks it. WEIR_OK, WEIR_LAPPED, -ENOBUFS cap < v->len. Wait-free. */
WEIR_API WEIR_CHECK int weir_ring_copy(struct weir_ring_reader *r, const struct weir_ring_view *v,
				       void *dst, size_t cap);

WEIR_API void weir_priv_ring_readmit(struct weir_ring_reader *r);

/* Everything handed out so far has been handled. Publishes it, which frees the space and ends
 * drains. Call it on every way out of a dispatch loop. Wait-free. Does nothing for a reader that
 * is not registered. */
WEIR_INLINE void weir_ring_deliver(struct weir_ring_reader *r, weir_ns stamp)
{
	struct weir_progress_slot_shm *s = r->progress.slot;

	if (WEIR_UNLIKELY(s == NULL))
		return; /* not registered: nobody waits for this reader */
	weir_progress_publish(&r->progress, r->next, r->next, r->seq, stamp);
	/* relaxed: a hint that is looked at again next time */
	if (WEIR_UNLIKELY(weir_load_relaxed64(&s->evicted) != weir_load_relaxed64(&s->readmitted)))
		weir_priv_ring_readmit(r);
}

/* Has its record to say anything new: a position, or that a dormant reader now serves? */
WEIR_INLINE int weir_priv_ring_unpublished(const struct weir_ring_reader *r)
{
	const struct weir_progress_writer *p = &r->progress;

	return p->slot != NULL && (p->delivered != r->next || p->observed != r->next ||
				   weir_load_relaxed64(&p->slot->epoch_state) != p->epoch_state);
}

/* Would a dispatch find nothing and publish nothing? For those who look at many rings in turn. */
WEIR_INLINE int weir_priv_ring_is_still(const struct weir_ring_reader *r)
{
	/* relaxed, both: nothing is read on the strength of them; a record that comes while we look
	 * is found next time, and who has asked to be woken before is woken for it (BELL.DEKKER) */
	return weir_load_relaxed64(WEIR_CPTR(uint64_t, r->data + (r->next & r->mask))) == 0 &&
	       weir_pos_diff(weir_load_relaxed64(&r->shm->oldest), r->next) <= 0 &&
	       !weir_priv_ring_unpublished(r);
}

/* The same for *v and everything before it, while later views are still in use. */
WEIR_API void weir_ring_deliver_view(struct weir_ring_reader *r, const struct weir_ring_view *v,
				     weir_ns stamp);

/* A handler gets a record in place; nonzero ends the batch after it (it counts as handled). */
typedef int (*weir_ring_handler)(void *ctx, const struct weir_ring_view *v);

/* The dispatch loop, with the one publish point at its bottom: at most `max` records, each given to
 * `handle`, progress published after the batch, and after each record while somebody waits for it.
 * The reader may be registered or not. Does not block. The handler may leave the ring (which
 * ends the batch, though the reader may join one anew), or check the view; it must not deliver, and
 * a dispatch of the same reader inside it is refused. Where the writer may overtake, bytes can
 * change under the handler: it copies (weir_ring_copy()) first. A record that it copied intact may
 * still be overtaken before the look behind the handler: *handled decides, not the copy.
 *	WEIR_OK      at least one was handled      WEIR_EMPTY, WEIR_CLOSED  nothing to do
 *	WEIR_LAPPED  records were lost; those before were handled; call again
 *	-EDEADLK     inside a handler of the same reader: progress would be published before it
 *	             has returned
 *	-EBADMSG, -ENOTCONN  as weir_ring_poll()
 * *handled (may be NULL): how many. */
WEIR_API WEIR_CHECK int weir_ring_dispatch(struct weir_ring_reader *r, weir_ring_handler handle,
					   void *ctx, uint32_t max, weir_ns stamp,
					   uint32_t *handled);

/* As weir_ring_poll(), but waits. Also -ETIMEDOUT, -ECANCELED, and -EOWNERDEAD: the writer's process
 * died and nothing it committed is left. May block. */
WEIR_API WEIR_CHECK int weir_ring_poll_wait(struct weir_ring_reader *r, struct weir_ring_view *v,
					    const struct weir_wait *how);

/* ---- anybody ---- */

/* After the last published byte. RING.LEAD acquire: pairs with weir_ring_commit(). */
WEIR_INLINE weir_pos weir_ring_leading(const struct weir_ring_shm *shm)
{
	return weir_load_acquire64(&shm->leading);
}

/* The writer's identity, 0 when nobody writes. Relaxed inside: for messages and liveness. */
WEIR_API weir_owner weir_ring_writer_owner(const struct weir_ring_shm *shm);

/* Fills a snapshot of the counters; not coherent among each other. out->struct_size must be set. */
WEIR_API WEIR_CHECK int weir_ring_read_stats(const struct weir_ring_shm *shm,
					     struct weir_ring_stats *out);

WEIR_END
#endif
