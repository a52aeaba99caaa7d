/* weir/lease.h - storey gate: a participant's side of a lease. Needs: base, codec, error, stats. */
#ifndef WEIR_LEASE_H
#define WEIR_LEASE_H

#include <errno.h>

#include <weir/base.h>
#include <weir/codec.h>
#include <weir/error.h>
#include <weir/stats.h>

/*
 * Attaches to a stream, keeps the lease alive, attaches again when it is lost, and gives it back.
 * Pure: an event and the time go in, actions come out: messages to be sent, and what has happened.
 * Messages may be lost, repeated and reordered on the way. One thread per lease.
 */

WEIR_BEGIN

#define WEIR_LEASE_STATES(X)                                                                       \
	X(IDLE)	     /* nothing is wanted */                                                       \
	X(ATTACHING) /* asks, again and again */                                                   \
	X(ATTACHED)  /* keeps alive */                                                             \
	X(DETACHING) /* gives back */                                                              \
	X(FAILED)    /* refused for good, or asked too long; START tries again */

#define WEIR_LEASE_EVENTS(X)                                                                       \
	X(START)   /* attach; nothing if that is under way */                                      \
	X(STOP)	   /* detach */                                                                    \
	X(MESSAGE) /* message: decoded; those of others are passed over */                         \
	X(TICK)	   /* nothing but time: the only event after which something is sent again */

#define WEIR_LEASE_ACTIONS(X)                                                                      \
	X(SEND)	   /* message */                                                                   \
	X(GRANTED) /* lease, epoch; message: the driver's answer, good as long as the event's */   \
	X(REFUSED) /* code: of the answer; asks again later, or FAILED */                          \
	X(GAVE_UP) /* not granted in time: FAILED */                                               \
	X(EPOCH)   /* epoch: of the stream has changed; the lease holds */                         \
	X(LOST)	   /* code: enum weir_lease_loss; asks for another lease */                        \
	X(ENDED)   /* has been given back, or nobody answers: IDLE */

enum weir_lease_state {
#define WEIR_PRIV_X(name) WEIR_LEASE_##name,
	WEIR_LEASE_STATES(WEIR_PRIV_X)
#undef WEIR_PRIV_X
		WEIR_LEASE_STATE_COUNT
};

enum weir_lease_event_kind {
#define WEIR_PRIV_X(name) WEIR_LEASE_##name,
	WEIR_LEASE_EVENTS(WEIR_PRIV_X)
#undef WEIR_PRIV_X
		WEIR_LEASE_EVENT_COUNT
};

enum weir_lease_action_kind {
#define WEIR_PRIV_X(name) WEIR_LEASE_##name,
	WEIR_LEASE_ACTIONS(WEIR_PRIV_X)
#undef WEIR_PRIV_X
		WEIR_LEASE_ACTION_COUNT
};

/* Why a lease is lost: 1 to 3 as in enum weir_codec_end, and others as they come; or */
enum weir_lease_loss {
	WEIR_LEASE_LOST_SHUTDOWN = 256, /* the driver went down */
	WEIR_LEASE_LOST_SILENCE = 257,	/* nothing was heard of the driver for silence_ns */
	WEIR_LEASE_LOST_SUCCESSOR =
		258 /* the stream was announced with another producer, or none */
};

struct weir_lease_config {
	uint32_t struct_size;
	uint32_t stream;	 /* not 0 */
	uint32_t client;	 /* not 0; of this lease alone */
	uint32_t role;		 /* enum weir_codec_role */
	uint32_t layout_version; /* or 0: any */
	uint32_t publish_mode;	 /* enum weir_codec_publish or WEIR_CODEC_NO_MODE */
	uint32_t hugepages;
	uint32_t node;	      /* or WEIR_CODEC_NO_U32 */
	weir_ns keepalive_ns; /* as the driver's; not 0 */
	weir_ns timeout_ns;   /* of attaching, and of detaching; WEIR_NS_NEVER: none */
	weir_ns retry_ns;     /* until a request is sent again; doubles each time; not 0 */
	weir_ns retry_max_ns; /* up to that; not below retry_ns */
	weir_ns silence_ns;   /* above the driver's announce_ns; WEIR_NS_NEVER: not looked at */
	int64_t correlation;  /* of the first request; others count on. Random, if the client's
				  earlier life may have messages under way; not negative */
};

struct weir_lease_event {
	uint32_t kind; /* enum weir_lease_event_kind */
	uint32_t reserved;
	const struct weir_codec_message *message;
};

struct weir_lease_action {
	uint32_t kind; /* enum weir_lease_action_kind */
	int32_t code;
	uint64_t lease;
	uint64_t epoch;
	struct weir_codec_message message;
};

/* The most actions that one step can have. */
#define WEIR_LEASE_ACTIONS_MAX 2u

struct weir_lease_stats {
	uint32_t struct_size;
	uint32_t reserved;
	uint64_t requests, granted, refused, gave_up, keepalives, lost, epochs, detaches;
};
extern WEIR_API const struct weir_stat_desc weir_lease_stat_desc[];
extern WEIR_API const uint32_t weir_lease_stat_count;

struct weir_lease {
	struct weir_lease_config config;
	uint32_t state; /* enum weir_lease_state */
	uint32_t reserved;
	uint64_t lease, epoch; /* ATTACHED, DETACHING: which, and the latest epoch of the stream */
	int64_t correlation;   /* of the request under way */
	int64_t first;	       /* correlation since START, or since the last lease was lost */
	weir_ns now;	       /* the latest seen */
	weir_ns since;	       /* the state began */
	weir_ns next;	       /* when something is sent again */
	weir_ns delay;	       /* until the try after the next */
	weir_ns heard;	       /* of the driver */
	struct weir_lease_stats stats;
};

/* In IDLE. -EINVAL: a value of cfg is out of range. Wait-free. */
WEIR_API WEIR_CHECK int weir_lease_init(struct weir_lease *l, const struct weir_lease_config *cfg,
					weir_ns now, struct weir_error *err);

/* One event. now: an earlier time than the latest seen is taken as that. out: room for cap actions,
 * of which *n are written. -EINVAL: no such event, or MESSAGE without one; -ENOBUFS: cap is below
 * WEIR_LEASE_ACTIONS_MAX. Wait-free. */
WEIR_API WEIR_CHECK int weir_lease_step(struct weir_lease *l, const struct weir_lease_event *e,
					weir_ns now, struct weir_lease_action *out, uint32_t cap,
					uint32_t *n);

/* When TICK is due; WEIR_NS_NEVER: not at all. Wait-free. */
WEIR_API weir_ns weir_lease_next_ns(const struct weir_lease *l);

/* The words of the lists above, without prefix; "?" for a number that is none. */
WEIR_API const char *weir_lease_state_name(unsigned state);
WEIR_API const char *weir_lease_event_name(unsigned kind);
WEIR_API const char *weir_lease_action_name(unsigned kind);

WEIR_END
#endif
