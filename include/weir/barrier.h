/* weir/barrier.h - storey gate: one named barrier or fence, as its coordinator decides it.
 * Needs: base, error, stats, group. */
#ifndef WEIR_BARRIER_H
#define WEIR_BARRIER_H

#include <errno.h>

#include <weir/base.h>
#include <weir/error.h>
#include <weir/group.h>
#include <weir/stats.h>

/*
 * Members arrive; when the last one has, the generation either opens (rendezvous) or the caller is
 * told to drain everything the members had published when they arrived (fences), and it opens when
 * the caller says that this is done. Pure: an event and the time go in, actions come out; no system
 * call, clock or allocation. One thread per barrier.
 */

WEIR_BEGIN

enum weir_barrier_mode {
	WEIR_BARRIER_RENDEZVOUS = 1, /* opens when everybody has arrived */
	WEIR_BARRIER_DELIVERY = 2,   /* and what they sent before has been handled by the sinks */
	WEIR_BARRIER_PROCESSING = 3  /* and all members are sinks */
};

enum weir_barrier_policy {
	WEIR_BARRIER_CONTINUE = 0, /* go on without a member that died */
	WEIR_BARRIER_FAIL = 1      /* a death ends the generation with -EOWNERDEAD */
};

#define WEIR_BARRIER_STATES(X)                                                                     \
	X(IDLE)      /* nobody has arrived since the last release */                               \
	X(GATHERING) /* some have */                                                               \
	X(DRAINING)  /* all have; the caller drains */

#define WEIR_BARRIER_EVENTS(X)                                                                     \
	X(ARRIVE)  /* member, generation, mode, policy, cut, deadline */                           \
	X(LEAVE)   /* member: begins to leave the group */                                         \
	X(DIED)    /* member */                                                                    \
	X(DRAINED) /* generation, outcome, sinks */                                                \
	X(CANCEL)  /* generation */                                                                \
	X(TICK)    /* nothing but time: the only event that looks at the deadline */

#define WEIR_BARRIER_ANSWERS(X)                                                                    \
	X(ACCEPTED, WEIR_OK)                                                                       \
	X(ALREADY, WEIR_OK)    /* a repeat: changed nothing */                                     \
	X(STALE, -ESTALE)      /* of a generation that has ended */                                \
	X(EARLY, -EAGAIN)      /* of a generation that cannot be entered yet */                    \
	X(STRANGER, -ENOTCONN) /* not, or no longer, a member of this generation */                \
	X(MIXED, -EPROTO)      /* another mode than the first arrival's: out of this generation */

#define WEIR_BARRIER_ACTIONS(X)                                                                    \
	X(ANSWER)         /* to member: answer, code, and the generation it can enter next */      \
	X(RECORD_TARGETS) /* drain up to cut[m] for every m in arrived, then send DRAINED */       \
	X(RELEASE)        /* publish result and wake those in result.released */

enum weir_barrier_state {
#define WEIR_PRIV_X(name) WEIR_BARRIER_##name,
	WEIR_BARRIER_STATES(WEIR_PRIV_X)
#undef WEIR_PRIV_X
		WEIR_BARRIER_STATE_COUNT
};

enum weir_barrier_event_kind {
#define WEIR_PRIV_X(name) WEIR_BARRIER_##name,
	WEIR_BARRIER_EVENTS(WEIR_PRIV_X)
#undef WEIR_PRIV_X
		WEIR_BARRIER_EVENT_COUNT
};

enum weir_barrier_answer {
#define WEIR_PRIV_X(name, code) WEIR_BARRIER_##name,
	WEIR_BARRIER_ANSWERS(WEIR_PRIV_X)
#undef WEIR_PRIV_X
		WEIR_BARRIER_ANSWER_COUNT
};

enum weir_barrier_action_kind {
#define WEIR_PRIV_X(name) WEIR_BARRIER_##name,
	WEIR_BARRIER_ACTIONS(WEIR_PRIV_X)
#undef WEIR_PRIV_X
		WEIR_BARRIER_ACTION_COUNT
};

struct weir_barrier_event {
	uint32_t kind; /* enum weir_barrier_event_kind */
	uint32_t member;
	uint64_t generation;
	uint32_t mode;    /* enum weir_barrier_mode */
	uint32_t policy;  /* enum weir_barrier_policy; the first arrival's counts */
	weir_pos cut;     /* leading position of the member's own ring when it arrived */
	weir_ns deadline; /* the first arrival's counts; WEIR_NS_NEVER for none */
	int32_t outcome;  /* WEIR_OK, WEIR_LOST, WEIR_DEPARTED or -EOWNERDEAD, as the drain ended */
	uint32_t reserved;
	struct weir_group_set sinks; /* those that lost, left or died, for the result */
};

struct weir_barrier_action {
	uint32_t kind;   /* enum weir_barrier_action_kind */
	uint32_t member; /* of an ANSWER */
	uint64_t generation;
	uint32_t answer; /* enum weir_barrier_answer */
	int32_t code;    /* of an ANSWER: WEIR_OK or why not; of a RELEASE: the outcome */
};

/* The most actions that one step can have. */
#define WEIR_BARRIER_ACTIONS_MAX 2u

struct weir_barrier_result {
	uint64_t generation; /* 0: none has ended yet */
	uint64_t view;       /* of the group when the membership was frozen */
	weir_ns opened;      /* first arrival */
	weir_ns released_at;
	int32_t outcome; /* see weir_barrier_step() */
	uint32_t mode;
	uint32_t policy;
	uint32_t phase;   /* enum weir_barrier_state in which it ended */
	uint32_t members; /* frozen */
	uint32_t arrived; /* of these, the ones that arrived, whatever became of them */
	struct weir_group_set released; /* arrived, and neither left nor died */
	struct weir_group_set missing;  /* had not arrived, and neither left nor died */
	struct weir_group_set left;
	struct weir_group_set dead;
	struct weir_group_set mixed; /* came with another mode */
	struct weir_group_set sinks; /* as DRAINED said */
};

struct weir_barrier_stats {
	uint32_t struct_size;
	uint32_t reserved;
	uint64_t generations; /* ended */
	uint64_t arrivals;    /* accepted */
	uint64_t repeats, stale, early, strangers, mixed_mode;
	uint64_t departures, deaths; /* of members of an open generation */
	uint64_t timeouts, cancels, abandoned;
	uint64_t late; /* DRAINED or CANCEL of a generation that had ended */
	uint64_t gather_ns, drain_ns;
	uint64_t largest_gather_ns, largest_drain_ns;
};
extern WEIR_API const struct weir_stat_desc weir_barrier_stat_desc[];
extern WEIR_API const uint32_t weir_barrier_stat_count;

struct weir_barrier {
	const struct weir_group *group;
	weir_pos *cut;       /* by member; valid for those in arrived */
	uint64_t generation; /* the open one, or the last that ended */
	uint64_t view;
	weir_ns now;   /* the latest seen */
	weir_ns since; /* entered the state */
	weir_ns opened;
	weir_ns deadline;
	uint32_t state; /* enum weir_barrier_state */
	uint32_t mode;
	uint32_t policy;
	uint32_t members; /* frozen */
	uint32_t awaited; /* frozen, not arrived, not departed */
	uint32_t waiting; /* arrived, not departed */
	uint32_t n_arrived;
	uint32_t reserved;
	struct weir_group_set frozen, arrived, left, dead, mixed;
	struct weir_barrier_result result; /* of the last generation that ended */
	struct weir_barrier_stats stats;
};

/* A barrier for the members of g. cut: caller's storage of one position per slot of g; n, how many.
 * Both must outlive the barrier. -EINVAL: n is smaller than g->cap. Wait-free. */
WEIR_API WEIR_CHECK int weir_barrier_init(struct weir_barrier *b, const struct weir_group *g,
					  weir_pos *cut, uint32_t n);

/* One event. now: ns; an earlier one than the latest seen is taken as that. out: room for cap
 * actions, of which *n are written. An ARRIVE has exactly one ANSWER, first. Of the results:
 *      WEIR_OK         everybody arrived and stayed, and the drain said OK
 *      WEIR_DEPARTED   open, but a member left, died or came with another mode, or a sink left, or
 *                      died under WEIR_BARRIER_CONTINUE: see the sets
 *      WEIR_LOST       open, but a sink lost records
 *      -EOWNERDEAD     a member or a sink died, under WEIR_BARRIER_FAIL
 *      -ETIMEDOUT      the deadline passed: phase, missing
 *      -ECANCELED      cancelled, or nobody was left to be released
 * Returns WEIR_OK; -EINVAL: no such event, member, mode, policy or drain outcome, or a DRAINED or
 * CANCEL of a generation that is not that far; -ENOBUFS: cap is below WEIR_BARRIER_ACTIONS_MAX.
 * ARRIVE, LEAVE and DIED are O(1), but when a generation opens or ends: O(words of a set). */
WEIR_API WEIR_CHECK int weir_barrier_step(struct weir_barrier *b,
					  const struct weir_barrier_event *e, weir_ns now,
					  struct weir_barrier_action *out, uint32_t cap,
					  uint32_t *n);

/* When TICK is due: the open generation's deadline, or WEIR_NS_NEVER. Wait-free. */
WEIR_API weir_ns weir_barrier_next_ns(const struct weir_barrier *b);

/* Who is still expected in the open generation; empty when there is none. O(words). */
WEIR_API struct weir_group_set weir_barrier_missing(const struct weir_barrier *b);

/* The words of the lists above, without prefix; "?" for a number that is none. */
WEIR_API const char *weir_barrier_state_name(unsigned state);
WEIR_API const char *weir_barrier_event_name(unsigned kind);
WEIR_API const char *weir_barrier_answer_name(unsigned answer);
WEIR_API const char *weir_barrier_action_name(unsigned kind);

WEIR_END
#endif
