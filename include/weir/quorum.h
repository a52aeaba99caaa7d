/* weir/quorum.h - storey gate: who may attach, and when a join is ready. Needs: base, error,
 * stats. */
#ifndef WEIR_QUORUM_H
#define WEIR_QUORUM_H

#include <errno.h>

#include <weir/base.h>
#include <weir/error.h>
#include <weir/stats.h>

/*
 * Participants arrive, with a role and the epoch of a stream; criteria say how many of which are
 * wanted. While all criteria hold the gate is open: attach requests are granted, and that the join
 * is ready is said once per round. Otherwise requests wait, with advice when to ask again, and time
 * out. Pure: an event and the time go in, actions come out; no system call, clock or allocation.
 * Every event costs O(criteria), whatever the number of participants. One thread per quorum.
 */

WEIR_BEGIN

#define WEIR_QUORUM_MAX 65534u /* participants, and requests */
#define WEIR_QUORUM_CRITERIA_MAX 64u
#define WEIR_QUORUM_BATCH 8u /* overdue participants, and waiting requests, settled per event */

/* Anybody: what a criterion may say in place of a role or a stream. */
#define WEIR_QUORUM_ANY 0u

enum weir_quorum_role {
	WEIR_QUORUM_PRODUCER = 1, /* as in the attach messages of schema 901 */
	WEIR_QUORUM_CONSUMER = 2,
	WEIR_QUORUM_AUTHORITY = 3 /* announces the map */
};

/* Whose epoch begins a new round, in which everybody has to arrive again. */
enum weir_quorum_epochs {
	WEIR_QUORUM_EPOCH_OUTPUT = 1, /* the output's alone, by event EPOCH */
	WEIR_QUORUM_EPOCH_ANY = 2,    /* and that of any participant of the round */
	WEIR_QUORUM_EPOCH_MATCH = 3   /* the output's, and participants must have the same */
};

/* What becomes of an open gate when the criteria do not hold any more. */
enum weir_quorum_loss {
	WEIR_QUORUM_HOLD = 0,  /* it stays open until the round ends */
	WEIR_QUORUM_REVOKE = 1 /* it shuts until they hold again */
};

/* What becomes of an attach request that meets a shut gate. */
enum weir_quorum_shut {
	WEIR_QUORUM_WAIT = 0,  /* it waits, and is granted when the gate opens */
	WEIR_QUORUM_REFUSE = 1 /* it is refused, with advice when to come again */
};

#define WEIR_QUORUM_STATES(X)                                                                      \
	X(FORMING) /* the criteria have not held yet in this round */                              \
	X(OPEN)    /* attach requests are granted */                                               \
	X(LOST)    /* was open; shut until the criteria hold again */                              \
	X(OVER)    /* closed for good */

#define WEIR_QUORUM_EVENTS(X)                                                                      \
	X(ARRIVE)   /* id, role, stream, epoch: takes part */                                      \
	X(SEEN)     /* id, epoch: a sign of life */                                                \
	X(DEPART)   /* id, epoch (UINT64_MAX: whichever): has left, or its lease was revoked */    \
	X(ATTACH)   /* id, correlation: asks to attach */                                          \
	X(WITHDRAW) /* id: asks no more */                                                         \
	X(EPOCH)    /* epoch: of the output */                                                     \
	X(CLOSE)    /* ends it */                                                                  \
	X(TICK)     /* nothing but time: the only event that looks for what is overdue */

#define WEIR_QUORUM_ANSWERS(X)                                                                     \
	X(ACCEPTED, WEIR_OK)                                                                       \
	X(ALREADY, WEIR_OK)      /* a repeat; a sign of life all the same */                       \
	X(GRANTED, WEIR_OK)      /* the request */                                                 \
	X(PENDING, WEIR_PENDING) /* the request waits; ask again at retry_at */                    \
	X(REFUSED, -EAGAIN)      /* the request; come again at retry_at */                         \
	X(TIMEOUT, -ETIMEDOUT)   /* the request has waited, or asked, too long */                  \
	X(OLD_EPOCH, -ESTALE)    /* a newer one is known */                                        \
	X(NEWER_EPOCH, -EAGAIN)  /* than the output's, which it has to match */                    \
	X(CONFLICT, -EBUSY)      /* the id takes part with another role or stream */               \
	X(STRANGER, -ENOTCONN)   /* does not take part in this round, or does not wait */          \
	X(NO_ROOM, -ENOSPC)      /* the storage is in use */                                       \
	X(CLOSED, -ECANCELED)    /* the quorum is over */

#define WEIR_QUORUM_ACTIONS(X)                                                                     \
	X(ANSWER)   /* to id: answer, code; of a request also correlation, retry_at, attempts */   \
	X(READY)    /* announce that the join is ready, for epoch and round: once per round */     \
	X(REVOKED)  /* the criteria do not hold any more, and the gate has shut */                 \
	X(RESTORED) /* they hold again, and it has opened; no second READY */                      \
	X(RESET)    /* a new round has begun: everybody has to arrive again */                     \
	X(OVERDUE)  /* id has given no sign of life for too long, and counts no more */

enum weir_quorum_state {
#define WEIR_PRIV_X(name) WEIR_QUORUM_##name,
	WEIR_QUORUM_STATES(WEIR_PRIV_X)
#undef WEIR_PRIV_X
		WEIR_QUORUM_STATE_COUNT
};

enum weir_quorum_event_kind {
#define WEIR_PRIV_X(name) WEIR_QUORUM_##name,
	WEIR_QUORUM_EVENTS(WEIR_PRIV_X)
#undef WEIR_PRIV_X
		WEIR_QUORUM_EVENT_COUNT
};

enum weir_quorum_answer {
#define WEIR_PRIV_X(name, code) WEIR_QUORUM_##name,
	WEIR_QUORUM_ANSWERS(WEIR_PRIV_X)
#undef WEIR_PRIV_X
		WEIR_QUORUM_ANSWER_COUNT
};

enum weir_quorum_action_kind {
#define WEIR_PRIV_X(name) WEIR_QUORUM_##name,
	WEIR_QUORUM_ACTIONS(WEIR_PRIV_X)
#undef WEIR_PRIV_X
		WEIR_QUORUM_ACTION_COUNT
};

/* At least `count` participants with that role and that stream. One may count for several. */
struct weir_quorum_criterion {
	uint32_t role;   /* enum weir_quorum_role, or WEIR_QUORUM_ANY */
	uint32_t stream; /* or WEIR_QUORUM_ANY */
	uint32_t count;  /* at least 1 */
	uint32_t reserved;
};

struct weir_quorum_config {
	uint32_t struct_size;
	uint32_t out_stream; /* what is attached to; not 0 */
	uint32_t participants, requests; /* that there is room for: 1 to WEIR_QUORUM_MAX */
	uint32_t ncriteria;              /* 1 to WEIR_QUORUM_CRITERIA_MAX */
	uint32_t epochs;                 /* enum weir_quorum_epochs */
	uint32_t loss;                   /* enum weir_quorum_loss */
	uint32_t shut;                   /* enum weir_quorum_shut */
	const struct weir_quorum_criterion *criteria; /* copied */
	uint64_t epoch;       /* of the output, as far as known */
	uint64_t seed;        /* of the index by id; random where ids come from strangers */
	weir_ns timeout_ns;   /* a request waits so long at most; WEIR_NS_NEVER: for ever */
	weir_ns retry_ns;     /* between two tries of a request; not 0 */
	weir_ns stale_ns;     /* without a sign of life for longer: overdue; WEIR_NS_NEVER: never */
	uint32_t retry_limit; /* tries of a request; UINT32_MAX: any number */
	uint32_t reserved;
};

struct weir_quorum_event {
	uint32_t kind; /* enum weir_quorum_event_kind */
	uint32_t id;
	uint32_t role; /* enum weir_quorum_role */
	uint32_t stream;
	uint64_t epoch;
	int64_t correlation;
};

struct weir_quorum_action {
	uint32_t kind; /* enum weir_quorum_action_kind */
	uint32_t id;
	uint32_t answer; /* enum weir_quorum_answer */
	int32_t code;    /* of an ANSWER: WEIR_OK, WEIR_PENDING or why not */
	uint64_t epoch;  /* of the output */
	uint64_t round;
	int64_t correlation; /* of a request: the last that was given */
	weir_ns retry_at;
	uint32_t attempts;
	uint32_t participants; /* that count, after the event */
};

/* The most actions that one step can have. */
#define WEIR_QUORUM_ACTIONS_MAX (2u * WEIR_QUORUM_BATCH + 1u)

struct weir_quorum_stats {
	uint32_t struct_size;
	uint32_t reserved;
	uint64_t arrivals, repeats, departures, overdue, forgotten;
	uint64_t old_epochs, newer_epochs, conflicts, strangers, no_room;
	uint64_t requests, granted, refused, timeouts, early, withdrawn, closed;
	uint64_t rounds, ready, revoked, restored;
	uint64_t forming_ns, largest_forming_ns;
};
extern WEIR_API const struct weir_stat_desc weir_quorum_stat_desc[];
extern WEIR_API const uint32_t weir_quorum_stat_count;

/* A place in a table and in one of its two lists. */
struct weir_priv_quorum_link {
	uint32_t id;
	uint32_t chain;      /* next of the same bucket */
	uint32_t prev, next; /* in the list */
	uint32_t known;      /* the id stands in the index */
	uint32_t reserved;
	uint64_t era; /* the table's: in the first list; otherwise in the second */
};

struct weir_priv_quorum_table {
	unsigned char *base;
	uint32_t *bucket;
	uint64_t seed;
	uint64_t era;
	uint32_t stride, cap, mask;
	uint32_t live; /* entries of the first list */
	uint32_t head[2], tail[2];
};

struct weir_quorum_participant {
	struct weir_priv_quorum_link link;
	uint64_t epoch;
	uint64_t round; /* in which it arrived last */
	uint64_t meets; /* bit i: criterion i */
	weir_ns seen;
	uint32_t role;
	uint32_t stream;
};

struct weir_quorum {
	struct weir_priv_quorum_table participants, requests;
	struct weir_quorum_criterion criterion[WEIR_QUORUM_CRITERIA_MAX];
	uint32_t have[WEIR_QUORUM_CRITERIA_MAX]; /* participants that meet it */
	uint32_t ncriteria;
	uint32_t unmet; /* criteria */
	uint32_t state; /* enum weir_quorum_state */
	uint32_t epochs, loss, shut;
	uint32_t out_stream, retry_limit;
	uint64_t epoch; /* of the output */
	uint64_t round; /* from 1 */
	weir_ns now;    /* the latest seen */
	weir_ns since;  /* the round began */
	weir_ns timeout_ns, retry_ns, stale_ns;
	struct weir_quorum_stats stats;
};

/* The storage that cfg asks for. -EINVAL: a value of cfg is out of range. Wait-free. */
WEIR_API WEIR_CHECK int weir_quorum_bytes(const struct weir_quorum_config *cfg, size_t *bytes,
					  struct weir_error *err);

/* A quorum with nobody in it, at the beginning of round 1. storage: the caller's, aligned to 8
 * bytes, must outlive it and stay where it is. -EINVAL as above, or misaligned; -ENOBUFS: shorter
 * than weir_quorum_bytes(). O(storage). */
WEIR_API WEIR_CHECK int weir_quorum_init(struct weir_quorum *q,
					 const struct weir_quorum_config *cfg,
					 struct weir_span storage, weir_ns now,
					 struct weir_error *err);

/* One event. now: ns; an earlier one than the latest seen is taken as that. out: room for cap
 * actions, of which *n are written. Every event but CLOSE and TICK has exactly one ANSWER about
 * itself; answers to requests that were waiting follow, WEIR_QUORUM_BATCH at most per event, the
 * oldest first: TICK again when weir_quorum_next_ns() says so. RESET comes before the answer,
 * READY, REVOKED and RESTORED after it. Returns WEIR_OK; -EINVAL: no such event or role, or stream
 * 0; -ENOBUFS: cap is below WEIR_QUORUM_ACTIONS_MAX. O(criteria). */
WEIR_API WEIR_CHECK int weir_quorum_step(struct weir_quorum *q, const struct weir_quorum_event *e,
					 weir_ns now, struct weir_quorum_action *out, uint32_t cap,
					 uint32_t *n);

/* When TICK is due: a participant becomes overdue, a request times out, or is to be answered at
 * once; WEIR_NS_NEVER: not at all. Wait-free. */
WEIR_API weir_ns weir_quorum_next_ns(const struct weir_quorum *q);

/* How many participants criterion i lacks; 0: none, or no such criterion. Wait-free. */
WEIR_API uint32_t weir_quorum_missing(const struct weir_quorum *q, uint32_t i);

/* The participant that takes part in this round under that id, or NULL. O(1) expected. */
WEIR_API const struct weir_quorum_participant *weir_quorum_find(const struct weir_quorum *q,
								uint32_t id);

/* The words of the lists above, without prefix; "?" for a number that is none. */
WEIR_API const char *weir_quorum_state_name(unsigned state);
WEIR_API const char *weir_quorum_event_name(unsigned kind);
WEIR_API const char *weir_quorum_answer_name(unsigned answer);
WEIR_API const char *weir_quorum_action_name(unsigned kind);

WEIR_END
#endif
