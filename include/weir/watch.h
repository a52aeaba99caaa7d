/* weir/watch.h - storey runtime: what a session is doing, seen from outside while it does it.
 * Needs: base, error, region, progress, drain, group, barrier. */
#ifndef WEIR_WATCH_H
#define WEIR_WATCH_H

#include <errno.h>

#include <weir/barrier.h>
#include <weir/base.h>
#include <weir/drain.h>
#include <weir/error.h>
#include <weir/group.h>
#include <weir/progress.h>
#include <weir/region.h>

/*
 * Reads a session's region and writes nothing: a read-only mapping will do, from any process that
 * may open it, whether the session runs, hangs or is dead. Every number is checked before it is
 * used; a damaged region gives wrong numbers or an error.
 */

WEIR_BEGIN

#define WEIR_WATCH_BEHIND 8u

/* Process-local. */
struct weir_watch {
	const struct weir_region *region;
	const void *session;
	const void *barriers;
	uint32_t members;
	uint32_t n_barriers;
	uint64_t ring_capacity;
	weir_ns liveness_ns;
};

struct weir_watch_session {
	weir_owner coordinator;
	weir_ns stamp;   /* of the coordinator's last poll that did something */
	uint32_t active; /* members counted */
	uint32_t closed; /* 1: the coordinator has ended it */
};

struct weir_watch_member {
	weir_owner owner; /* 0: the slot is free */
	uint64_t epoch;   /* of the coordinator's count; 0: not counted */
	uint32_t flags;   /* WEIR_SESSION_* */
	uint32_t waiting; /* 1 + the barrier it is blocked in; 0: none */
	uint64_t leading; /* bytes published in its ring */
	uint64_t messages;
};

/* One sink that has not handled everything before a cut. */
struct weir_watch_behind {
	uint32_t ring; /* whose messages */
	uint32_t sink; /* who has not handled them */
	uint64_t remaining; /* bytes */
};

/* What the coordinator last said of a barrier, as one coherent record. */
struct weir_watch_barrier {
	uint64_t generation; /* the open one, or the last that ended */
	uint64_t state;      /* enum weir_barrier_state */
	uint64_t mode;
	uint64_t policy;
	uint64_t members;
	weir_ns since; /* entered the state */
	weir_ns opened;
	weir_ns deadline;
	struct weir_group_set frozen, arrived, missing;
	struct weir_barrier_result result; /* of the last generation that ended */
	struct weir_barrier_stats stats;
	struct weir_drain_stats drain; /* of all generations; largest_backlog: of any */
	uint64_t n_behind;             /* targets unfinished when the last generation ended */
	struct weir_watch_behind behind[WEIR_WATCH_BEHIND]; /* the first of them */
};

/* Binds to a session's region, which must stay mapped. -EPROTO it is no session, or of another
 * layout; -EBADMSG damaged; -ENOTCONN not attached. Reads only. */
WEIR_API WEIR_CHECK int weir_watch_open(struct weir_watch *w, const struct weir_region *region,
					struct weir_error *err);

/* Wait-free. */
WEIR_API void weir_watch_read_session(const struct weir_watch *w, struct weir_watch_session *out);

/* -EINVAL no such slot. Wait-free. */
WEIR_API WEIR_CHECK int weir_watch_read_member(const struct weir_watch *w, uint32_t slot,
					  struct weir_watch_member *out);

/* The barrier at `id` and its name (WEIR_SESSION_BARRIER_NAME bytes; may be NULL). -EINVAL no such,
 * -ENOENT not in use, -EAGAIN the coordinator was writing at every look. Bounded. */
WEIR_API WEIR_CHECK int weir_watch_read_barrier(const struct weir_watch *w, uint32_t id, char *name,
					   struct weir_watch_barrier *out);

/* Who, at this moment, has not handled what the members of the open generation had sent before they
 * arrived: at most cap of them; *n is how many there are. Coordinator sinks only, or all, as the
 * mode says. -EINVAL, -ENOENT, -EAGAIN as above; -EBADMSG a damaged ring. O(members * members). */
WEIR_API WEIR_CHECK int weir_watch_read_behind(const struct weir_watch *w, uint32_t id,
					  struct weir_watch_behind *out, uint32_t cap, uint32_t *n);

WEIR_END
#endif
