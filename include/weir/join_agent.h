/* weir/join_agent.h - storey runtime: keeps a join fed, mapped and served.
 * Needs: base, error, stats, wait, merge_map, join, transport. */
#ifndef WEIR_JOIN_AGENT_H
#define WEIR_JOIN_AGENT_H

#include <errno.h>

#include <weir/base.h>
#include <weir/error.h>
#include <weir/join.h>
#include <weir/merge_map.h>
#include <weir/stats.h>
#include <weir/transport.h>
#include <weir/wait.h>

/*
 * An agent stands between transports and a join. As a *stage* it takes messages off its transports,
 * tells its join what they say, asks for the map when there is none, and raises outputs that have
 * become ready. As an *authority* it holds maps, announces them again and again, and answers those
 * who ask. One agent may be both.
 *
 * weir_join_agent_do_work() is one cycle: bounded work with one time, the caller's. No clock is
 * read, nothing waited for, nothing allocated; only weir_join_agent_wait_ready() loops. One thread
 * per agent. Callbacks run within do_work, or within whatever else told the agent something; they
 * may call everything here but do_work and wait_ready, close included.
 */

WEIR_BEGIN

enum weir_join_agent_roles { WEIR_JOIN_AGENT_STAGE = 1u, WEIR_JOIN_AGENT_AUTHORITY = 2u };

enum weir_join_agent_flags {
	WEIR_JOIN_AGENT_EPOCH_KNOWN = 1u,  /* config.epoch is that of the output */
	WEIR_JOIN_AGENT_FROM_SEEN = 2u,    /* sequence: begin with the first output of which all
					    * has been seen, not with config.first */
	WEIR_JOIN_AGENT_AWAIT_READY = 4u,  /* no output before JoinBarrierReady of its epoch */
	WEIR_JOIN_AGENT_ASSUME_CLOCK = 8u, /* times of streams without an announcement count in
					    * the map's clock, else not at all */
	WEIR_JOIN_AGENT_STRICT = 16u       /* WEIR_CODEC_STRICT */
};
#define WEIR_JOIN_AGENT_FLAGS_ALL 31u

/* X(name): what the event says of its fields; those not named are 0. */
#define WEIR_JOIN_AGENT_EVENTS(X)                                                                  \
	X(MAP)             /* applied: stream, epoch, value: warnings of it */                     \
	X(MAP_INVALID)     /* refused, and the join is blocked: stream, epoch, value: reason */    \
	X(MAP_CAPACITY)    /* refused, nothing changed: stream, epoch */                           \
	X(MAP_ENDED)       /* by an epoch: stream: whose, epoch: which */                          \
	X(EPOCH)           /* of the output has become known: stream, epoch */                     \
	X(REQUEST_SENT)    /* for a map: stream, epoch, value: how many so far */                  \
	X(GAVE_UP)         /* asking: stream, epoch, value: requests sent */                       \
	X(READY)           /* JoinBarrierReady: stream, epoch, value: round */                     \
	X(INPUT_LOST)      /* its lease is void: stream, value: reason; with SHUTDOWN one each */  \
	X(INPUT_BACK)      /* a frame of it has come since: stream, epoch */                       \
	X(INPUT_REJECTED)  /* stream, epoch, value: WEIR_JOIN_REJECTED_CLOCK or _ORDER */          \
	X(OUTPUT_LOST)     /* the lease of the output's producer is void: stream, value: reason */ \
	X(OUTPUT_REFUSED)  /* a proposal that can never be ready: out, value: the status */        \
	X(OUTPUT_VOID)     /* taken, but the map had changed: out */                               \
	X(SHUTDOWN)        /* of the driver: value: reason */                                      \
	X(TRANSPORT_ERROR) /* another than before: value: which, code: its -errno */               \
	X(CLOSED)          /* the last one */

enum weir_join_agent_event_kind {
#define WEIR_PRIV_X(name) WEIR_JOIN_AGENT_##name,
	WEIR_JOIN_AGENT_EVENTS(WEIR_PRIV_X)
#undef WEIR_PRIV_X
		WEIR_JOIN_AGENT_EVENT_COUNT
};

struct weir_join_agent_event {
	uint32_t kind; /* enum weir_join_agent_event_kind */
	uint32_t stream;
	uint64_t epoch;
	uint64_t out;
	uint64_t value;
	int32_t code;
	uint32_t reserved;
};

/* What the output callback answers. */
enum weir_join_agent_reply {
	WEIR_JOIN_AGENT_TAKEN = 0, /* made: it is committed on this verdict */
	WEIR_JOIN_AGENT_LATER = 1, /* not now: the same output is raised in the next cycle */
	WEIR_JOIN_AGENT_PASS = 2   /* will not be made: on with the next one, no commit */
};

/* An output that is asked for: a time, or in latest mode any number. */
struct weir_join_agent_proposal {
	uint64_t out;
	uint32_t clock; /* enum weir_merge_clock; 0: not checked */
	uint32_t reserved;
	weir_ns deadline; /* goes out with what is there from then on, on the clock of `now`; 0: by
			   * config.budget_ns */
};

struct weir_join_agent;

typedef void (*weir_join_agent_on_event)(void *ctx, struct weir_join_agent *a,
                                         const struct weir_join_agent_event *e);
/* v->out is ready. Returns enum weir_join_agent_reply. */
typedef int (*weir_join_agent_on_output)(void *ctx, struct weir_join_agent *a,
                                         const struct weir_join_verdict *v, weir_ns now);
/* Asked while no proposal waits. WEIR_OK: *p is one; WEIR_EMPTY. */
typedef int (*weir_join_agent_propose_fn)(void *ctx, struct weir_join_agent *a, weir_ns now,
                                          struct weir_join_agent_proposal *p);

/* Zero means the default, except in struct_size, roles, join and control. */
struct weir_join_agent_config {
	uint32_t struct_size;
	uint32_t roles;   /* enum weir_join_agent_roles */
	uint32_t flags;   /* enum weir_join_agent_flags */
	uint32_t limit;   /* messages of one transport, and messages sent, in a cycle; default 64 */
	uint32_t outputs; /* raised in a cycle; default 64 */
	uint32_t streams; /* of which epoch and clock are remembered; default, and least: as many
			   * as the join can have inputs */
	uint32_t proposals;     /* that wait at a time; default 16 */
	uint32_t maps;          /* authority: held; default 8 */
	uint32_t map_rules;     /* authority: of each; default join->max_rules, or 64 */
	uint32_t request_limit; /* before it gives up; default: never */
	weir_ns retry_ns;       /* from the first request to the second; then twice that ...;
			       * default 10 ms */
	weir_ns retry_max_ns;   /* ... and no longer than this; default 1 s */
	weir_ns announce_ns;    /* authority: between two announcements of a map; default 1 s */
	weir_ns budget_ns;      /* see docs/design/join_agent.md; default: no deadlines */
	weir_ns fresh_ns;       /* stream announcements on the monotonic clock older than this are
			       * ignored; default: none is */
	uint64_t epoch;         /* with WEIR_JOIN_AGENT_EPOCH_KNOWN */
	uint64_t first;         /* sequence: the first output of an epoch */
	const struct weir_join_config *join; /* stage; copied */
	struct weir_transport control;       /* maps and requests; what else comes is taken, too */
	const struct weir_transport *descriptors; /* more to poll, frames as a rule; copied */
	uint32_t n_descriptors;                   /* at most 65536 */
	uint32_t reserved;
	weir_join_agent_on_event on_event;   /* any of the three may be NULL */
	weir_join_agent_on_output on_output; /* NULL: nothing is raised; see wait_ready */
	weir_join_agent_propose_fn propose;
	void *ctx; /* of the three */
};

struct weir_join_agent_stats {
	uint32_t struct_size;
	uint32_t reserved;
	uint64_t cycles, messages, foreign, malformed, others;
	uint64_t frames, old_frames, clock_unknown;
	uint64_t announcements, old_announcements, streams_full;
	uint64_t maps, map_repeats, maps_refused, maps_ended;
	uint64_t requests, request_full, gave_up;
	uint64_t asked, unknown, answered, announced, announce_full;
	uint64_t outputs, absent, overdue, later, passed, voided, skipped, refused;
	uint64_t revoked, shutdowns, readies, transport_errors;
};
extern WEIR_API const struct weir_stat_desc weir_join_agent_stat_desc[];
extern WEIR_API const uint32_t weir_join_agent_stat_count;

/* Parts of an agent; see src/runtime/join_agent_priv.h. */
struct weir_priv_join_agent_stream;
struct weir_priv_join_agent_pending;
struct weir_priv_join_agent_held;

struct weir_join_agent {
	struct weir_join join; /* stage: for weir_join_processed(), _select(), _bind_cell() ... */
	struct weir_join_agent_config cfg; /* defaults filled in; join: NULL */
	struct weir_transport *transport;  /* control, then the others */
	int *transport_code;
	struct weir_bell_shm *bell; /* of wait_ready: whoever rings it wakes it */
	struct weir_merge_rule *rules;
	struct weir_priv_join_agent_stream *stream; /* in order */
	struct weir_priv_join_agent_pending *pending;
	struct weir_priv_join_agent_held *held;
	uint8_t *held_bytes;
	size_t held_stride;
	uint32_t n_streams, n_transports, n_pending, pending_head, n_held, held_turn;
	uint32_t n_answers, stream_turn, busy, has, ask_count;
	uint32_t reserved;
	weir_ns now, until;
	weir_ns ask_at, ask_wait;
	weir_ns announce_at;
	uint64_t epoch; /* of the output, if known */
	uint64_t ready_epoch, ready_round;
	uint64_t next, next_epoch; /* output, of that epoch */
	uint64_t sought;           /* times that `next` was set by the application */
	uint64_t floor;            /* below it no output can be ready */
	uint64_t changes;          /* the join's, when outputs were looked at last */
	struct weir_join_agent_stats stats;
};

/* ---- life ---- */

/* How much storage an agent of this configuration needs. -EINVAL: the first field that is out of
 * range. Wait-free. */
WEIR_API WEIR_CHECK int weir_join_agent_bytes(const struct weir_join_agent_config *cfg,
                                              size_t *bytes, struct weir_error *err);

/* An agent on the caller's storage, which outlives it: WEIR_LINE-aligned, any contents. *a stays
 * where it is. Sends and polls nothing yet. -EINVAL as above, or the alignment; -ENOBUFS.
 * O(storage). */
WEIR_API WEIR_CHECK int weir_join_agent_init(struct weir_join_agent *a,
                                             const struct weir_join_agent_config *cfg,
                                             struct weir_span mem, struct weir_error *err);

/* Over for good: event CLOSED, and no callback after it; transports are told to forget the agent;
 * whoever waits gets -ECANCELED. Repeats do nothing. Not from other threads: see wait_ready. */
WEIR_API void weir_join_agent_close(struct weir_join_agent *a);

/* ---- working ---- */

/* One cycle: polls, bound records, answers, announcements, a request if one is due, outputs.
 * Returns how many things it did, 0: nothing; -EDEADLK within a callback; -ECANCELED closed. A
 * transport's error is counted and raised, and the cycle goes on. */
WEIR_API WEIR_CHECK int weir_join_agent_do_work(struct weir_join_agent *a, weir_ns now);

/* When a cycle is due even if no message comes; a time that is past: at once. Wait-free. */
WEIR_API weir_ns weir_join_agent_next_ns(const struct weir_join_agent *a);

/* A message that came by other ways. WEIR_OK: it was taken, or counted as none of ours;
 * -ECANCELED. */
WEIR_API WEIR_CHECK int weir_join_agent_message(struct weir_join_agent *a, const void *buf,
                                                size_t len, weir_ns now);

/* The time in the header of a frame's own slot, for rules with WEIR_MERGE_SLOT_HEADER; in the clock
 * that the stream was announced with. As weir_join_observe_time(); NULL_TIME, too, if no clock is
 * known, and NOT_TRACKED without a stage. */
WEIR_API enum weir_join_answer weir_join_agent_slot_time(struct weir_join_agent *a, uint32_t stream,
                                                         uint64_t epoch, uint64_t time,
                                                         weir_ns now);

/* ---- stage ---- */

/* The output stream is in that epoch: only its maps count, and one is asked for if there is none.
 * Announcements of the output stream and JoinBarrierReady do the same, to newer epochs only. As
 * weir_join_set_epoch(); NOT_TRACKED: no stage. */
WEIR_API enum weir_join_answer weir_join_agent_set_epoch(struct weir_join_agent *a, uint64_t epoch,
                                                         weir_ns now);

/* Asks again, at once and as if for the first time, if there is no map and the epoch is known. */
WEIR_API void weir_join_agent_ask(struct weir_join_agent *a, weir_ns now);

/* Timestamp and latest mode: an output to be raised when it is ready, after those proposed before.
 * WEIR_OK; WEIR_FULL: config.proposals wait; -EINVAL: sequence mode, or no stage; -ECANCELED. */
WEIR_API WEIR_CHECK int weir_join_agent_propose(struct weir_join_agent *a,
                                                const struct weir_join_agent_proposal *p,
                                                weir_ns now);

/* Sequence mode: the next output to be raised is `out`. -EINVAL: it lies before the next one, or not
 * in sequence mode; -ECANCELED. */
WEIR_API WEIR_CHECK int weir_join_agent_seek(struct weir_join_agent *a, uint64_t out);

/* The stage has made `out`, which was not TAKEN in the callback, on a verdict of that generation. As
 * weir_join_commit(); -EINVAL: no stage; -ECANCELED. In sequence mode the next one to be raised is
 * the one after it. */
WEIR_API WEIR_CHECK int weir_join_agent_commit(struct weir_join_agent *a, uint64_t out,
                                               uint64_t generation);

/* Runs cycles, with the time of how->env, until `out` may be attempted; *v (may be NULL) is the
 * verdict, for weir_join_agent_commit(). For stages without on_output, which asks for outputs itself.
 *      WEIR_OK
 *      -ESTALE    the map has changed or ended since the wait began, or since the first one came
 *      -EINVAL    no stage, no such strategy, or the output is refused: v->status
 *      -ETIMEDOUT, -ECANCELED by *how->cancel or a close, -EDEADLK within a callback
 * WEIR_WAIT_PARK sleeps in slices of a millisecond at most, or until somebody rings a->bell. May
 * block. */
WEIR_API WEIR_CHECK int weir_join_agent_wait_ready(struct weir_join_agent *a, uint64_t out,
                                                   const struct weir_wait *how,
                                                   struct weir_join_verdict *v);

/* ---- authority ---- */

/* Holds a copy of the map under its output, epoch and kind; another under the same is replaced. It
 * is announced in the next cycle; of each output and kind only the newest epoch is announced again.
 * -EINVAL: bad (err: the reason's text, its rule), or no authority; -ENOBUFS: more than
 * config.map_rules; -ENOSPC: config.maps are held; -ECANCELED. O(maps + rules). */
WEIR_API WEIR_CHECK int weir_join_agent_hold(struct weir_join_agent *a,
                                             const struct weir_merge_map *m, weir_ns now,
                                             struct weir_error *err);

/* Holds it no more. -ENOENT: not held. O(maps). */
WEIR_API WEIR_CHECK int weir_join_agent_release(struct weir_join_agent *a,
                                                enum weir_merge_kind kind, uint32_t out,
                                                uint64_t epoch);

/* ---- looking ---- */

/* out->struct_size must be set: -EINVAL. Wait-free. */
WEIR_API WEIR_CHECK int weir_join_agent_read_stats(const struct weir_join_agent *a,
                                                   struct weir_join_agent_stats *out);

/* The words of the list of events; "?" for a number that is none. */
WEIR_API const char *weir_join_agent_event_name(unsigned kind);

WEIR_END
#endif
