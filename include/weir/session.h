/* weir/session.h - storey runtime: a coordinator and members that send, handle and meet in fences.
 * Needs: base, error, stats, wait, region, progress, ring, group, barrier. */
#ifndef WEIR_SESSION_H
#define WEIR_SESSION_H

#include <errno.h>

#include <weir/barrier.h>
#include <weir/base.h>
#include <weir/error.h>
#include <weir/group.h>
#include <weir/progress.h>
#include <weir/region.h>
#include <weir/ring.h>
#include <weir/stats.h>
#include <weir/wait.h>

/*
 * One process creates the session and is its coordinator; others attach by name, or over a region
 * that they inherited. Every member has a request ring that all others read. weir_session_poll()
 * hands messages to handlers by their kind, publishes how far this member has got, and runs what
 * handlers deferred. Blocking calls are loops around it: a member that waits goes on serving.
 *
 * Named barriers open when all members have arrived (rendezvous), and with a fence only when what
 * they had sent before has been *handled*: by the coordinator (delivery), or by everybody
 * (processing). The decision is the coordinator's, in its own poll; it dies: -ENOTCONN.
 *
 * A handle belongs to one thread; each thread that takes part attaches for itself. No thread is
 * created, nothing is allocated after create or attach, which map memory once. A forked child cannot
 * use its parent's handle: calls say -ENOTCONN (unless the caller brought the storage); it attaches.
 */

WEIR_BEGIN

#define WEIR_SESSION_MEMBERS_MAX WEIR_GROUP_MAX
#define WEIR_SESSION_BARRIERS_MAX 64u
#define WEIR_SESSION_BARRIER_NAME 32u /* bytes, with the terminator */
#define WEIR_SESSION_COORDINATOR 0u   /* the coordinator's slot */
#define WEIR_SESSION_RUN_MAX 8u       /* messages that one call of a handler gets at most */

struct weir_session; /* lives in memory that create and attach map, or the caller brings */

/* What the creator fixes for all. Zero means the default, except in struct_size. */
struct weir_session_config {
	uint32_t struct_size;   /* sizeof(struct weir_session_config) */
	uint32_t members;       /* slots, coordinator included, 1 .. _MEMBERS_MAX; default 8 */
	uint32_t barriers;      /* names, 1 .. _BARRIERS_MAX; default 16 */
	uint32_t targets;       /* a fence's drain targets, members .. members * members; the
				 * latter, which processing fences need, is the default up to 256
				 * members; then it is the former. Some 150 bytes each */
	uint64_t ring_capacity; /* bytes, as in weir_ring_config; default 65536 */
	weir_ns liveness_ns;    /* between two looks at who is alive, up to an hour; default 25 ms */
	uint32_t mode;          /* permission bits of the region; default 0600 */
	uint32_t reserved;
};

#define WEIR_SESSION_QUIET 1u    /* reads nothing: sends and meets, and is nobody's sink */
#define WEIR_SESSION_OBSERVER 2u /* takes no part in barriers: reads and sends, and no fence waits
				  * for it; the coordinator alone is a sink even so */

/* What each participant chooses for itself. Zero means the default, except in struct_size. */
struct weir_session_options {
	uint32_t struct_size; /* sizeof(struct weir_session_options) */
	uint32_t flags;       /* WEIR_SESSION_*; a coordinator is never quiet */
	uint32_t slot;        /* 0: any that is free */
	uint32_t kinds;       /* handlers for kinds 0 .. kinds-1, up to 65536; default 64 */
	uint32_t deferred;    /* post-handlers at a time, up to 65536; default 64 */
	uint32_t batch;       /* records of one ring before the next has its turn; default 32 */
	uint32_t policy;      /* enum weir_ring_policy of what it sends; default gated */
	uint32_t reserved;
	const struct weir_env *env; /* whom to ask for time and liveness; NULL: the system */
	struct weir_span storage;   /* memory for the handle, WEIR_LINE-aligned; empty: mapped */
};

/* A message in a handler's hands: valid until the handler returns. */
struct weir_session_msg {
	const uint8_t *ptr;
	uint32_t len;
	uint32_t kind;
	uint32_t from; /* slot of the sender; what one tenant sent may arrive after the next came */
	uint32_t reserved;
	uint64_t seq;  /* its number in the sender's ring */
	weir_pos at;
	weir_ns now; /* as given to the poll */
};

/* Nonzero ends the poll's turn at this ring; the message counts as handled all the same. */
typedef int (*weir_session_handler)(void *ctx, struct weir_session *s,
				    const struct weir_session_msg *m);
/* A run of them: `count` messages of one sender, kind and length, of which message i has its payload
 * at first->ptr + i * stride, its position likewise, and the number first->seq + i. All of them
 * count as handled when this returns; nonzero ends the poll's turn at this ring behind them. */
typedef int (*weir_session_run_handler)(void *ctx, struct weir_session *s,
					const struct weir_session_msg *first, uint32_t count,
					uint64_t stride);
typedef void (*weir_session_post)(void *ctx, struct weir_session *s, weir_ns now);

struct weir_session_stats {
	uint32_t struct_size;
	uint32_t reserved;
	uint64_t polls;
	uint64_t handled;   /* messages given to a handler */
	uint64_t unhandled; /* messages of a kind that has none: delivered all the same */
	uint64_t sent;      /* commits */
	uint64_t full;      /* claims refused for want of room */
	uint64_t posts;     /* post-handlers run */
	uint64_t lost;      /* messages lost to the lossy or evicting policy of their senders */
	uint64_t broken;    /* rings left because they are damaged */
	uint64_t sleeps;    /* of blocking calls */
	uint64_t arrivals;  /* begun by this member */
	/* the coordinator's */
	uint64_t joins, leaves, deaths;
	uint64_t held; /* arrivals kept for the next generation */
};
extern WEIR_API const struct weir_stat_desc weir_session_stat_desc[];
extern WEIR_API const uint32_t weir_session_stat_count;

/* ---- life ---- */

/* Bytes of the region that a session of this config needs, and of the handle that its coordinator
 * needs as `storage` (a member needs less); either pointer may be NULL. -EINVAL names the field.
 * Wait-free. */
WEIR_API WEIR_CHECK int weir_session_bytes(const struct weir_session_config *cfg,
					   const struct weir_session_options *opt,
					   size_t *region, size_t *storage, struct weir_error *err);

/* Makes a session and becomes its coordinator. name: of the region; NULL: an anonymous one, for
 * threads and forked children. cfg, opt may be NULL. -EINVAL names the field; -EEXIST the name is
 * taken; -ENOBUFS opt->storage is too short; else as weir_region_create(). System calls. */
WEIR_API WEIR_CHECK int weir_session_create(struct weir_session **s, const char *name,
					    const struct weir_session_config *cfg,
					    const struct weir_session_options *opt,
					    struct weir_error *err);

/* Becomes a member: takes a slot, joins the rings of all others from now on, and asks the
 * coordinator to be counted, which it is from its next poll on: in every barrier from the next
 * generation that opens. opt may be NULL. -ENOSPC all slots are taken, -EBUSY the wanted one is
 * (err: its pid), -ENOTCONN the coordinator is gone, -EPROTO no session, -EBADMSG a damaged one,
 * -EINVAL, -ENOBUFS, -EAGAIN a ring's writer laps too fast, else as weir_region_open(). System
 * calls; does not wait. */
WEIR_API WEIR_CHECK int weir_session_attach(struct weir_session **s, const char *name,
					    const struct weir_session_options *opt,
					    struct weir_error *err);

/* The same over a region that is mapped already and stays the caller's until after the close. -EROFS
 * it is mapped read-only. */
WEIR_API WEIR_CHECK int weir_session_attach_region(struct weir_session **s,
						   const struct weir_region *region,
						   const struct weir_session_options *opt,
						   struct weir_error *err);

/* Leaves. What was sent stays readable; an arrival under way still counts, but nobody waits for the
 * rest. The coordinator's close ends the session for all and removes its name. WEIR_OK, also for
 * NULL; -EDEADLK inside a handler or post-handler. The handle is gone afterwards. */
WEIR_API int weir_session_close(struct weir_session *s);

WEIR_API uint32_t weir_session_slot(const struct weir_session *s);
/* What it runs over. For a child to attach over, take it before the fork; it stays good there. */
WEIR_API const struct weir_region *weir_session_region(const struct weir_session *s);

/* Members that the coordinator counts now, itself included, observers not; 0 if the handle is a
 * parent's. Wait-free. */
WEIR_API uint32_t weir_session_members(const struct weir_session *s);

/* ---- serving ---- */

/* Who handles messages of this kind; NULL: nobody. -EINVAL kind >= options.kinds. */
WEIR_API WEIR_CHECK int weir_session_on(struct weir_session *s, uint32_t kind,
					weir_session_handler fn, void *ctx);

/* The same, several by one call where they lie right behind one another: up to WEIR_SESSION_RUN_MAX
 * and an eighth of the ring's bytes, in the coordinator never beyond what a fence waits for, and the
 * first of a ring's turn alone. A deferral and an arrival are looked at behind a run, not behind each
 * of its messages. Replaces the kind's handler, as weir_session_on() replaces it. */
WEIR_API WEIR_CHECK int weir_session_on_run(struct weir_session *s, uint32_t kind,
					    weir_session_run_handler fn, void *ctx);

/* Who handles all kinds that have no handler of their own. */
WEIR_API void weir_session_on_other(struct weir_session *s, weir_session_handler fn, void *ctx);

/* Runs fn on this thread after the current handler has returned and its progress is published;
 * outside a handler, in the next poll. -ENOBUFS options.deferred are waiting. Wait-free. */
WEIR_API WEIR_CHECK int weir_session_defer(struct weir_session *s, weir_session_post fn, void *ctx);

/* Serves once: at most options.batch messages of each ring, post-handlers, and what is due. now: ns,
 * on env's clock. Never blocks; a few system calls every liveness_ns.
 * WEIR_OK did something; WEIR_EMPTY nothing to do; -EDEADLK inside a handler or post-handler;
 * -ENOTCONN the coordinator is gone and there was nothing to do: members can still exchange
 * messages. */
WEIR_API WEIR_CHECK int weir_session_poll(struct weir_session *s, weir_ns now);

/* When a poll is due even if nothing arrives. Wait-free. */
WEIR_API weir_ns weir_session_next_ns(const struct weir_session *s);

/* For a loop around epoll(7) or poll(2). fd: becomes readable when there may be something to do; it
 * is the session's, made at the first call and closed with it; do not read from it. -EMFILE,
 * -EOPNOTSUPP, -ENOTCONN. System calls. */
WEIR_API WEIR_CHECK int weir_session_fd(struct weir_session *s, int *fd, struct weir_error *err);

/* Before the loop sleeps: empties fd, asks to be woken, and polls once more. WEIR_OK something was
 * done, an arrival was answered or members came or went: look, and arm again; WEIR_EMPTY sleep,
 * until fd is readable or weir_session_next_ns(); others as weir_session_poll(); -EINVAL
 * weir_session_fd() was not called. A few system calls. */
WEIR_API WEIR_CHECK int weir_session_arm(struct weir_session *s, weir_ns now);

/* Serves until something was done. WEIR_OK; -ETIMEDOUT, -ECANCELED, -EDEADLK, -ENOTCONN. May
 * block. */
WEIR_API WEIR_CHECK int weir_session_wait(struct weir_session *s, const struct weir_wait *how);

/* Serves until the coordinator counts at least n members. As weir_session_wait(); -EINVAL n is
 * larger than the session. */
WEIR_API WEIR_CHECK int weir_session_wait_members(struct weir_session *s, uint32_t n,
						  const struct weir_wait *how);

/* ---- sending ---- */

/* As weir_ring_claim(), commit, abort, on this member's own ring, with its policy; commit wakes the
 * readers that sleep. Nothing that a member sends comes back to itself. Allowed in handlers; a
 * handler that sends while a claim of its thread is open commits that with it. -ENOTCONN the handle
 * is a parent's. */
WEIR_API WEIR_CHECK int weir_session_claim(struct weir_session *s, uint32_t kind, uint32_t len,
					   struct weir_ring_room *room);
WEIR_API void weir_session_commit(struct weir_session *s);
WEIR_API void weir_session_abort(struct weir_session *s);

/* Claim, copy, commit. WEIR_OK; WEIR_FULL; errors of weir_ring_claim(). Lock-free, never waits. */
WEIR_API WEIR_CHECK int weir_session_send(struct weir_session *s, uint32_t kind,
					  const void *payload, uint32_t len);

/* The same, and serves while there is no room: two that wait for each other's room both go on.
 * Also -ETIMEDOUT, -ECANCELED, -EDEADLK. May block. */
WEIR_API WEIR_CHECK int weir_session_send_wait(struct weir_session *s, uint32_t kind,
					       const void *payload, uint32_t len,
					       const struct weir_wait *how);

/* ---- meeting ---- */

/* The barrier of that name, created on first use: *id is good in this session for every member.
 * -EINVAL empty, -ENAMETOOLONG, -ENOSPC the session has no free one. Lock-free. */
WEIR_API WEIR_CHECK int weir_session_barrier_open(struct weir_session *s, const char *name,
						  uint32_t *id, struct weir_error *err);

/* Arrives, with everything committed so far as what must be handled before a fence opens. Does not
 * wait; allowed in handlers. deadline: of the generation, should this be its first arrival.
 * WEIR_OK; -EBUSY this member's arrival is still under way; -EINVAL no such barrier, mode or policy;
 * -EPERM an observer; -ENOBUFS a processing fence, and config.targets is too small; -ENOTCONN. */
WEIR_API WEIR_CHECK int weir_session_barrier_begin(struct weir_session *s, uint32_t id,
						   enum weir_barrier_mode mode,
						   enum weir_barrier_policy policy,
						   weir_ns deadline);

/* What became of this member's arrival: WEIR_PENDING, or once the outcome, which is the same for
 * all who were released (see weir_barrier_step()), or what was said to this member alone:
 *      -ESTALE    the generation it would have belonged to has ended without it; the next
 *                 arrival is for the one after that
 *      -EPROTO    another mode than the first arrival's
 *      -EPERM     the coordinator does not count this member
 *      -ENOTCONN  the coordinator is gone
 *      -EINVAL    nothing is under way
 * result (may be NULL): how it ended in detail; only its generation and outcome are set when a
 * later generation has ended since. Wait-free but for a bounded number of looks. */
WEIR_API WEIR_CHECK int weir_session_barrier_test(struct weir_session *s, uint32_t id,
						  struct weir_barrier_result *result);

/* Asks to end the generation of this member's arrival: -ECANCELED for all in it. Then go on to
 * test. -EINVAL nothing is under way. Wait-free. */
WEIR_API WEIR_CHECK int weir_session_barrier_cancel(struct weir_session *s, uint32_t id);

/* Begins, unless an arrival is under way, and serves until it is decided. how->deadline is that of
 * the generation too, and the coordinator decides then; for its word this waits 5 ms longer. As
 * begin and test; also -EDEADLK inside a handler or post-handler, at once; -ECANCELED by
 * *how->cancel, and -ETIMEDOUT when no word came: then the arrival stands, result->generation is
 * 0, and the next call goes on waiting for it. -EINVAL also for a strategy that is none. May
 * block. */
WEIR_API WEIR_CHECK int weir_session_barrier(struct weir_session *s, uint32_t id,
					     enum weir_barrier_mode mode,
					     enum weir_barrier_policy policy,
					     const struct weir_wait *how,
					     struct weir_barrier_result *result);

/* ---- looking ---- */

/* This participant's counters. out->struct_size must be set: -EINVAL. Wait-free. */
WEIR_API WEIR_CHECK int weir_session_read_stats(const struct weir_session *s,
						struct weir_session_stats *out);

WEIR_END
#endif
