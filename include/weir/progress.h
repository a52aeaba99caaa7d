/* weir/progress.h - storey flow: how far each reader of a ring has handled it.
 * Needs: base, atomic, error, wait. */
#ifndef WEIR_PROGRESS_H
#define WEIR_PROGRESS_H

#include <errno.h>

#include <weir/atomic.h>
#include <weir/base.h>
#include <weir/error.h>
#include <weir/wait.h>

/*
 * A progress table has one slot per reader of one ring. A slot is a seqlock with one writer, the
 * reader's own thread; everybody else looks. What is looked at every few nanoseconds fits one
 * 64-byte line with its version; what is constant while a reader is attached sits in another.
 *
 *	observed    everything before it has been handed to the reader      (diagnostic)
 *	delivered   everything before it has been handled: handlers returned (frees space, ends drains)
 *
 * always join <= delivered <= observed <= the ring's leading position.
 *
 * Who may call what at the same time:
 *
 *	                claim  publish/state/stop  read/floor  reclaim
 *	claim             x            x               x          x      (any thread, any process)
 *	publish           x        one thread          x          -      (reclaim: only of a dead owner)
 *	read              x            x               x          x
 *
 * The ordering argument stands at the top of src/flow/progress.c.
 */

WEIR_BEGIN

/* Written into shared memory: never renumbered. */
enum weir_progress_state {
	WEIR_PROGRESS_VACANT = 0,  /* never used */
	WEIR_PROGRESS_DORMANT = 1, /* attached, its position is reserved, has not served yet */
	WEIR_PROGRESS_ACTIVE = 2,
	WEIR_PROGRESS_PARKED = 3,  /* its thread is inside a drain or fence wait */
	WEIR_PROGRESS_STOPPED = 4, /* left; the numbers are its last ones */
	WEIR_PROGRESS_DEAD = 5     /* its process died; the numbers are the last it published */
};

#define WEIR_PROGRESS_SLOTS_MAX 4096u
#define WEIR_PROGRESS_SLOT_ANY UINT32_MAX
#define WEIR_PROGRESS_TRIES 64 /* looks of one read before it reports -EAGAIN */

struct weir_progress_slot_shm {
	/* hot: exactly one 64-byte line. Owner's thread writes, under `version`. */
	uint64_t version;       /* odd while the words below are being written */
	uint64_t delivered;     /* also read alone, acquire, by the ring's writer */
	uint64_t observed;
	uint64_t sequence;      /* records before `delivered`, counted from the ring's origin */
	uint64_t lost_bytes;    /* in this epoch */
	uint64_t lost_messages; /* in this epoch */
	uint64_t stamp;         /* the owner's clock at the last publish, ns */
	uint64_t epoch_state;   /* epoch << 8 | enum weir_progress_state */
	uint64_t hot_reserved[8];
	/* cold: constant in an epoch, except the two eviction counts */
	uint64_t owner;         /* weir_owner; 0: free */
	uint64_t join;          /* first position it is responsible for; under `version` */
	uint64_t join_sequence; /* records before `join`; under `version` */
	uint64_t evicted;       /* ring's writer: evictions it has inflicted */
	uint64_t readmitted;    /* owner: evictions it has recovered from */
	uint64_t cold_reserved[11];
} WEIR_ALIGNED(WEIR_LINE);
WEIR_ASSERT_LAYOUT(sizeof(struct weir_progress_slot_shm) == 2u * WEIR_LINE);
WEIR_ASSERT_LAYOUT(offsetof(struct weir_progress_slot_shm, hot_reserved) == 64u);

struct weir_progress_shm {
	uint64_t magic;
	uint32_t slots;
	uint32_t slot_bytes;
	uint64_t reserved[14];
	uint32_t high; /* 1 + the highest slot ever claimed: scans stop there */
	uint32_t high_reserved[31];
	struct weir_bell_shm bell; /* rung after every publish while somebody waits */
	/* struct weir_progress_slot_shm[slots] follows */
} WEIR_ALIGNED(WEIR_LINE);
WEIR_ASSERT_LAYOUT(sizeof(struct weir_progress_shm) == 3u * WEIR_LINE);

/* Handle on a table; process-local, may be copied, needs no detach. */
struct weir_progress {
	struct weir_progress_shm *shm;
	struct weir_progress_slot_shm *slot;
	uint32_t slots; /* copied at attach */
	uint32_t reserved;
};

/* Handle on the one slot its holder owns. One thread. Not usable in a forked child. */
struct weir_progress_writer {
	struct weir_progress_slot_shm *slot; /* NULL: none */
	struct weir_bell_shm *bell;
	uint64_t version;
	uint64_t epoch_state; /* what the next publish will say */
	weir_pos delivered;
	weir_pos observed;
	uint64_t sequence;
	uint64_t lost_bytes;
	uint64_t lost_messages;
	weir_owner owner;
	uint32_t index;
	int32_t registered; /* what weir_bell_register() said */
};

/* One coherent snapshot. */
struct weir_progress_record {
	weir_owner owner;
	uint64_t epoch; /* rises by one at every claim of the slot; numbers of two epochs never mix */
	weir_pos join;
	uint64_t join_sequence;
	weir_pos delivered;
	weir_pos observed;
	uint64_t sequence;
	uint64_t lost_bytes;
	uint64_t lost_messages;
	weir_ns stamp;
	enum weir_progress_state state;
	uint32_t evicted; /* 1: the ring's writer no longer waits for it */
};

/* The part of a snapshot that lies in the hot line. */
struct weir_progress_hot {
	weir_pos delivered;
	weir_pos observed;
	uint64_t sequence;
	uint64_t lost_bytes;
	uint64_t lost_messages;
	weir_ns stamp;
	uint64_t epoch_state; /* epoch << 8 | enum weir_progress_state */
};

/* ---- the table ---- */

/* Bytes for a table of `slots` readers, 1..WEIR_PROGRESS_SLOTS_MAX. -EINVAL. Wait-free. */
WEIR_API WEIR_CHECK int weir_progress_bytes(uint32_t slots, size_t *bytes, struct weir_error *err);

/* Writes an empty table. mem: zeroed, WEIR_LINE-aligned. -EINVAL, -ENOBUFS. Before anyone attaches. */
WEIR_API WEIR_CHECK int weir_progress_format(struct weir_span mem, uint32_t slots,
					     struct weir_error *err);

/* Binds a handle; copies and checks the geometry. -EINVAL alignment, -ENOBUFS shorter than it says,
 * -EPROTO not a progress table or another slot size, -EBADMSG slots out of range. Reads only. */
WEIR_API WEIR_CHECK int weir_progress_attach(struct weir_progress *t, struct weir_span mem,
					     struct weir_error *err);

/* ---- the owner's side ---- */

/* Takes a slot for `owner` (not 0) with everything before `join` counted as handled; the record
 * says DORMANT until the first publish. slot: an index or WEIR_PROGRESS_SLOT_ANY.
 * -EINVAL, -EBUSY the wanted slot is held (err: its pid), -ENOSPC none free. A dead owner's slot is
 * not free before weir_progress_reclaim(). Lock-free, and one system call that registers the bell.
 * Most readers call weir_ring_join() instead. */
WEIR_API WEIR_CHECK int weir_progress_claim(const struct weir_progress *t, uint32_t slot,
					    weir_owner owner, weir_pos join, uint64_t join_sequence,
					    struct weir_progress_writer *w, struct weir_error *err);

/* Publishes every word of *w, out of line: after a change of state, join position or losses.
 * Wait-free. */
WEIR_API void weir_progress_publish_all(struct weir_progress_writer *w, weir_ns stamp);

/* Says PARKED when the owner's thread goes into a wait, and ACTIVE when it is back. Nothing on an
 * empty handle, nor for a DORMANT reader: to wait is not to serve. Wait-free. */
WEIR_API void weir_progress_park(struct weir_progress_writer *w, weir_ns stamp);
WEIR_API void weir_progress_resume(struct weir_progress_writer *w, weir_ns stamp);

/* Still DORMANT, moves the join position (a late joiner that found the ring moved on). Wait-free. */
WEIR_API void weir_progress_rejoin(struct weir_progress_writer *w, weir_pos join,
				   uint64_t join_sequence, weir_ns stamp);

/* Leaves: STOPPED with the last numbers, then frees the slot. The handle is empty afterwards; safe
 * on an empty one. Wait-free. */
WEIR_API void weir_progress_stop(struct weir_progress_writer *w, weir_ns stamp);

/* Publishes where the reader is. Call after the handlers of everything before `delivered` have
 * returned, and on every way out of a dispatch loop. Wait-free: a handful of plain stores, and one
 * load to see whether somebody waits. join <= delivered <= observed; neither ever moves back. */
WEIR_INLINE void weir_progress_publish(struct weir_progress_writer *w, weir_pos delivered,
				       weir_pos observed, uint64_t sequence, weir_ns stamp)
{
	struct weir_progress_slot_shm *s = w->slot;
	uint64_t v = w->version + 2;

	w->version = v;
	w->delivered = delivered;
	w->observed = observed;
	w->sequence = sequence;
	/* PROG.SEQ odd: relaxed, the release fence keeps the words below behind it */
	weir_store_relaxed64(&s->version, v - 1);
	weir_fence_release();
	/* PROG.FREE release: pairs with weir_progress_floor(); the handlers' loads of the payload
	 * are done before the ring's writer may overwrite it */
	weir_store_release64(&s->delivered, delivered);
	weir_store_relaxed64(&s->observed, observed);
	weir_store_relaxed64(&s->sequence, sequence);
	weir_store_relaxed64(&s->stamp, stamp);
	/* our own word: it changes with the first publish, and a load is cheaper than a store */
	if (WEIR_UNLIKELY(weir_load_relaxed64(&s->epoch_state) != w->epoch_state))
		weir_store_relaxed64(&s->epoch_state, w->epoch_state);
	/* PROG.SEQ release: pairs with weir_progress_read() */
	weir_store_release64(&s->version, v);
	weir_bell_ring(w->bell, w->registered);
}

/* ---- everybody else ---- */

WEIR_API WEIR_CHECK int weir_priv_progress_read_hot_slow(const struct weir_progress *t,
							  uint32_t slot,
							  struct weir_progress_hot *hot);

/* One look at the hot line; 0 when it was torn. *hot is then undefined. */
WEIR_INLINE int weir_priv_progress_look(const struct weir_progress_slot_shm *s,
					struct weir_progress_hot *hot)
{
	/* PROG.SEQ acquire: pairs with weir_progress_publish() */
	uint64_t version = weir_load_acquire64(&s->version);

	/* relaxed: validated by the second look at the version */
	hot->delivered = weir_load_relaxed64(&s->delivered);
	hot->observed = weir_load_relaxed64(&s->observed);
	hot->sequence = weir_load_relaxed64(&s->sequence);
	hot->lost_bytes = weir_load_relaxed64(&s->lost_bytes);
	hot->lost_messages = weir_load_relaxed64(&s->lost_messages);
	hot->stamp = weir_load_relaxed64(&s->stamp);
	hot->epoch_state = weir_load_relaxed64(&s->epoch_state);
	weir_fence_acquire(); /* PROG.SEQ: the words before the second look */
	return (version & 1u) == 0 && weir_load_relaxed64(&s->version) == version;
}

/* A coherent snapshot of the hot line alone: as weir_progress_read(), at the price of one cache
 * line. The state in it is as the owner wrote it, unchecked. */
WEIR_INLINE WEIR_CHECK int weir_progress_read_hot(const struct weir_progress *t, uint32_t slot,
						  struct weir_progress_hot *hot)
{
	if (WEIR_LIKELY(slot < t->slots && weir_priv_progress_look(&t->slot[slot], hot)))
		return WEIR_OK;
	return weir_priv_progress_read_hot_slow(t, slot, hot);
}

/* A coherent snapshot of a slot. WEIR_OK; -EINVAL no such slot; -EAGAIN no untorn look within
 * WEIR_PROGRESS_TRIES (a busy owner: try again; or one that died in the middle: ask for its
 * liveness). *rec is written only on WEIR_OK. `owner` and `evicted` have writers of their own and
 * may be of a neighbouring moment. Bounded; reads only; any thread or process. */
WEIR_API WEIR_CHECK int weir_progress_read(const struct weir_progress *t, uint32_t slot,
					   struct weir_progress_record *rec);

/* The lowest `delivered` of all readers that the ring's writer must wait for: DORMANT, ACTIVE and
 * PARKED ones that are not evicted. WEIR_OK, or WEIR_EMPTY when there is none. Uses single words
 * only, so never torn. O(slots ever used), lock-free.
 * which (may be NULL): the slot that holds it. */
WEIR_API WEIR_CHECK int weir_progress_floor(const struct weir_progress *t, weir_pos *floor,
					    uint32_t *which);

/* Ring's writer only: stops waiting for the reader in `slot`, until it comes back by a
 * weir_ring_deliver() in time, or by a poll that tells it what it lost. Idempotent until then:
 * returns 1 when this call evicted it, else 0. */
WEIR_API int weir_progress_evict(const struct weir_progress *t, uint32_t slot);

/* Frees the slot of an owner that is proven dead (weir_owner_state()): mends a record it left torn,
 * says DEAD, and frees the slot. `me`: the caller's identity; of several callers one does it.
 * WEIR_OK; -ESTALE the slot is not (any more) owned by `dead`; -EINVAL. Lock-free; may itself be
 * killed at any point and repeated by another. */
WEIR_API WEIR_CHECK int weir_progress_reclaim(const struct weir_progress *t, uint32_t slot,
					      weir_owner dead, weir_owner me);

/* Reclaims every slot whose owner `env` says is dead. Returns how many. For blocking calls, at
 * WEIR_CHECK_LIVENESS. System calls through env. */
WEIR_API uint32_t weir_progress_reap(const struct weir_progress *t, const struct weir_env *env,
				     weir_owner me);

/* "DORMANT" and so on; "?" for a number that is none. */
WEIR_API const char *weir_progress_state_name(unsigned state);

WEIR_END
#endif
