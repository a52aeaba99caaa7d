/* weir/drain.h - storey flow: wait until what was sent before a cut has been handled.
 * Needs: base, atomic, error, stats, wait, progress. */
#ifndef WEIR_DRAIN_H
#define WEIR_DRAIN_H

#include <errno.h>

#include <weir/base.h>
#include <weir/error.h>
#include <weir/progress.h>
#include <weir/stats.h>
#include <weir/wait.h>

/*
 * A target asks: has this reader handled everything that the ring's writer published before the
 * cut? It is captured once: one coherent record of the reader (its epoch e0, delivered d0), and
 *
 *	backlog = cut - d0                          signed; <= 0 is drained already
 *
 * and it is satisfied when, in the same epoch, `delivered` has advanced by the backlog since d0.
 * The delta is taken from `delivered` of the very snapshot it is compared with. Taken from what
 * the reader has merely been handed it would end while a handler still runs; taken from two
 * separate reads it could wait for traffic that never comes.
 *
 * A set is driven by polling; the caller owns its storage. One thread per set.
 */

WEIR_BEGIN

enum weir_drain_why {
	WEIR_DRAIN_WAITING = 0, /* not yet */
	WEIR_DRAIN_ALREADY = 1, /* drained when captured */
	WEIR_DRAIN_REACHED = 2, /* drained while waited for */
	WEIR_DRAIN_DORMANT = 3, /* has not served yet: skipped */
	WEIR_DRAIN_LOST = 4,    /* passed the cut, but not every record before it was handled */
	WEIR_DRAIN_LEFT = 5,    /* stopped below the cut */
	WEIR_DRAIN_DIED = 6     /* its process died below the cut */
};

struct weir_drain_target {
	const struct weir_progress *table;
	uint64_t tag; /* the caller's */
	uint64_t epoch;
	weir_owner owner;
	weir_pos cut;
	weir_pos from; /* d0 */
	uint64_t sequence_from;
	uint64_t lost_bytes_from;
	uint64_t lost_messages_from;
	uint64_t backlog;       /* bytes owed at capture */
	uint64_t remaining;     /* bytes owed at the last look */
	uint64_t lost_bytes;    /* of the reader, between capture and the look that ended the wait */
	uint64_t lost_messages; /* likewise */
	uint32_t slot;
	uint32_t why;   /* enum weir_drain_why */
	uint32_t state; /* enum weir_progress_state at the last look */
	uint32_t flags; /* private */
};

struct weir_drain_stats {
	uint32_t struct_size;
	uint32_t reserved;
	uint64_t targets;         /* captured, the dormant ones included */
	uint64_t already;         /* drained at capture */
	uint64_t dormant;         /* skipped and never seen to serve */
	uint64_t waited;          /* had a backlog at capture */
	uint64_t largest_backlog; /* bytes, over the targets waited for */
	uint64_t polls;
	uint64_t sleeps;
	uint64_t wait_ns; /* from the first poll to the one that ended it */
	uint64_t lost_bytes, lost_messages;
	uint64_t left, died;
};
extern WEIR_API const struct weir_stat_desc weir_drain_stat_desc[];
extern WEIR_API const uint32_t weir_drain_stat_count;

#define WEIR_DRAIN_COUNT_DORMANT 1u /* dormant readers owe from the start */

/* Targets are kept as [unfinished | dormant | finished]: a poll looks at no finished one. The order
 * inside the array therefore changes; use `tag` and `slot` to tell them apart. */
struct weir_drain {
	struct weir_drain_target *target;
	uint32_t cap;
	uint32_t n;
	uint32_t open;    /* [0, open) unfinished */
	uint32_t dormant; /* [open, open + dormant) */
	uint32_t flags;
	uint32_t cancelled;
	uint32_t ended;
	uint32_t reserved;
	weir_ns first_poll;
	struct weir_drain_stats stats;
};

/* An empty set on the caller's storage of `cap` targets; flags: WEIR_DRAIN_*. Wait-free. */
WEIR_API void weir_drain_init(struct weir_drain *d, struct weir_drain_target *storage, uint32_t cap,
			      uint32_t flags);

/* Captures one reader for the cut `cut` of the ring that `table` belongs to. The table handle must
 * outlive the set. A slot that was never used is no target.
 * WEIR_OK; -EINVAL no such slot; -ENOBUFS storage full. A record that cannot be read untorn now is
 * captured by a later poll. A reader that had left or died before is a target all the same, and
 * ends as LEFT or DIED unless it had passed the cut. Bounded. */
WEIR_API WEIR_CHECK int weir_drain_add(struct weir_drain *d, const struct weir_progress *table,
				       uint32_t slot, weir_pos cut, uint64_t tag);

/* Captures every reader that is attached to the table now; all of them or, with -ENOBUFS, none.
 * O(slots ever used). */
WEIR_API WEIR_CHECK int weir_drain_add_all(struct weir_drain *d, const struct weir_progress *table,
					   weir_pos cut, uint64_t tag);

/* One look at every unfinished target. now: for the statistics, ns. Never blocks; O(unfinished).
 *	WEIR_PENDING     some target is not drained
 *	WEIR_OK          all drained (dormant ones skipped)
 *	WEIR_LOST        all past the cut, but some reader lost records: see the targets
 *	WEIR_DEPARTED    the rest drained; some reader left below the cut
 *	-EOWNERDEAD      the rest drained; some reader died below the cut
 *	-ECANCELED       weir_drain_cancel() was called
 * The worst one wins, in the order: cancelled, died, lost, departed. */
WEIR_API WEIR_CHECK int weir_drain_poll(struct weir_drain *d, weir_ns now);

/* Tells the set that the process `who` is dead: its targets below their cuts end as DIED. */
WEIR_API void weir_drain_owner_died(struct weir_drain *d, weir_owner who);

/* Asks env about the owner of every unfinished target, and does the above for the dead ones. System
 * calls through env. Returns how many targets died. */
WEIR_API uint32_t weir_drain_check_owners(struct weir_drain *d, const struct weir_env *env);

/* The next poll or wait returns -ECANCELED. Same thread. */
WEIR_API void weir_drain_cancel(struct weir_drain *d);

/* Blocks until poll would not say PENDING, with these additions:
 *	-EDEADLK         an unfinished target is served by the calling thread itself (it is in
 *	                 self[]): at once
 *	WEIR_PARKED      the caller serves readers (nself > 0) and only readers remain that are
 *	                 inside such a wait themselves: go back to serving and poll, do not wait in
 *	                 a circle
 *	-ETIMEDOUT       the deadline passed: the unfinished targets, each with its `remaining`, are
 *	                 target[0 .. open)
 *	-ECANCELED       also by *how->cancel
 * self: the progress slots that the calling thread serves (nself may be 0); they say PARKED during
 * the wait. Sleeps on the bell of the first unfinished target's table, in slices of at most 1 ms
 * when the targets are in several tables. */
WEIR_API WEIR_CHECK int weir_drain_wait(struct weir_drain *d,
					struct weir_progress_writer *const *self, uint32_t nself,
					const struct weir_wait *how);

/* The plain form, for three counters of elsewhere: the value `progress` must reach, which is
 * progress + (leading - reading), saturating at 0 backlog. What it cannot promise: `reading` runs
 * ahead of what is handled by whatever is being handled at this moment, and three separate reads
 * are not one snapshot; so the result may be reached too early. Prefer the set. Wait-free. */
WEIR_API uint64_t weir_drain_plain_target(uint64_t leading, uint64_t reading, uint64_t progress);

/* "REACHED" and so on; "?" for a number that is none. */
WEIR_API const char *weir_drain_why_name(unsigned why);

WEIR_END
#endif
