/* weir/driver.h - storey gate: streams, their epochs, and who holds a lease on them. Needs: base,
 * codec, error, quorum, stats. */
#ifndef WEIR_DRIVER_H
#define WEIR_DRIVER_H

#include <errno.h>

#include <weir/base.h>
#include <weir/codec.h>
#include <weir/error.h>
#include <weir/quorum.h>
#include <weir/stats.h>

/*
 * Clients attach to streams as producer, consumer or authority, and keep their leases alive. The
 * driver answers them, revokes what expires, and announces streams. The epoch of a stream rises
 * whenever its producer comes or goes, and is higher in every later life of the driver. A stream may
 * have a gate: a quorum that says when attaching is granted. Merge maps are neither kept nor passed
 * on. Pure: the bytes of a message and the time go in, messages come out; no system call, clock or
 * allocation. One thread per driver.
 */

WEIR_BEGIN

#define WEIR_DRIVER_MAX 32767u /* streams, and leases */

/* Why an attach or detach request is refused: name, code and text of the answer. */
#define WEIR_DRIVER_REFUSALS(X)                                                                    \
	X(NONE, WEIR_CODEC_CODE_OK, "")                                                            \
	X(ZERO, WEIR_CODEC_CODE_INVALID_PARAMS, "stream or client 0")                              \
	X(ROLE, WEIR_CODEC_CODE_INVALID_PARAMS, "no such role")                                    \
	X(PUBLISH_MODE, WEIR_CODEC_CODE_INVALID_PARAMS, "no such publish mode")                    \
	X(HUGEPAGES, WEIR_CODEC_CODE_INVALID_PARAMS, "no such policy of huge pages")               \
	X(NO_HUGEPAGES, WEIR_CODEC_CODE_UNSUPPORTED, "the stream has no huge pages")               \
	X(LAYOUT, WEIR_CODEC_CODE_UNSUPPORTED, "the stream has another layout version")            \
	X(NODE, WEIR_CODEC_CODE_UNSUPPORTED, "the stream is on another node")                      \
	X(NO_STREAM, WEIR_CODEC_CODE_REJECTED, "no such stream")                                   \
	X(CLIENT, WEIR_CODEC_CODE_REJECTED, "the client has a lease, or waits for one")            \
	X(PRODUCER, WEIR_CODEC_CODE_REJECTED, "the stream has a producer")                         \
	X(AUTHORITY, WEIR_CODEC_CODE_REJECTED, "the stream has an authority")                      \
	X(NO_ROOM, WEIR_CODEC_CODE_REJECTED, "no room for another lease or stream")                \
	X(NOT_READY, WEIR_CODEC_CODE_REJECTED, "the join is not ready: come again")                \
	X(TIMEOUT, WEIR_CODEC_CODE_REJECTED, "the join was not ready in time")                     \
	X(NO_LEASE, WEIR_CODEC_CODE_REJECTED, "no such lease")                                     \
	X(OVER, WEIR_CODEC_CODE_REJECTED, "the driver goes down")

#define WEIR_DRIVER_EVENTS(X)                                                                      \
	X(BYTES)    /* bytes: a message; what is not for the driver is passed over */              \
	X(REVOKE)   /* client: its lease ends */                                                   \
	X(SHUTDOWN) /* reason, as in ShmDriverShutdown: all leases end, for good */                \
	X(TICK)	    /* nothing but time: the only event that looks for what has expired */

enum weir_driver_refusal {
#define WEIR_PRIV_X(name, code, text) WEIR_DRIVER_##name,
	WEIR_DRIVER_REFUSALS(WEIR_PRIV_X)
#undef WEIR_PRIV_X
		WEIR_DRIVER_REFUSAL_COUNT
};

enum weir_driver_event_kind {
#define WEIR_PRIV_X(name) WEIR_DRIVER_##name,
	WEIR_DRIVER_EVENTS(WEIR_PRIV_X)
#undef WEIR_PRIV_X
		WEIR_DRIVER_EVENT_COUNT
};

/* When a producer counts as arrived at the gates. */
enum weir_driver_arrival {
	WEIR_DRIVER_ON_ATTACH = 0,
	WEIR_DRIVER_ON_FRAME = 1 /* with the first frame of its epoch that the driver hears of */
};

/* A role as a bit, for `gated`. */
#define WEIR_DRIVER_ROLE(role) (WEIR_U32(1) << (role))

struct weir_driver_stream_config {
	uint32_t id;		 /* not 0 */
	uint32_t clock;		 /* enum weir_merge_clock: of its times */
	uint32_t layout_version; /* what follows is told to those who attach */
	uint32_t header_nslots;
	uint32_t node;
	uint32_t hugepages;		   /* 1: it has them */
	struct weir_codec_regions regions; /* the caller's; must outlive the driver */
	uint32_t arrival;		   /* enum weir_driver_arrival */
	uint32_t gated; /* roles that pass the gate, WEIR_DRIVER_ROLE() of each; 0: consumers */
	struct weir_quorum *gate; /* the caller's, for this stream; or NULL. The driver steps it. */
};

struct weir_driver_config {
	uint32_t struct_size;
	uint32_t streams;     /* that there is room for: 1 to WEIR_DRIVER_MAX */
	uint32_t leases;      /* likewise, requests that wait included */
	uint32_t grace;	      /* keepalives that may be missing before a lease expires; not 0 */
	weir_ns keepalive_ns; /* from one keepalive to the next; not 0 */
	weir_ns announce_ns;  /* from one announcement of a stream to the next; not 0 */
	uint64_t incarnation; /* below 2^63; all epochs are above it and the time */
	uint64_t seed;	      /* of the indexes; random where ids come from strangers */
	const struct weir_driver_stream_config
		*created; /* for streams that clients may create, copied;
							    NULL: they may not */
};

struct weir_driver_event {
	uint32_t kind; /* enum weir_driver_event_kind */
	uint32_t client;
	uint32_t reason;
	uint32_t reserved;
	const void *bytes;
	size_t len;
};

/* The most messages that one step can have. */
#define WEIR_DRIVER_MESSAGES_MAX 48u

struct weir_driver_stats {
	uint32_t struct_size;
	uint32_t reserved;
	uint64_t messages, attaches, granted, repeats, waiting, invalid, unsupported, rejected;
	uint64_t detaches, keepalives, strangers, frames, maps, others, malformed, busy;
	uint64_t detached, expired, revoked, epochs, announces, ready, created;
};
extern WEIR_API const struct weir_stat_desc weir_driver_stat_desc[];
extern WEIR_API const uint32_t weir_driver_stat_count;

struct weir_driver_lease {
	struct weir_priv_quorum_link link; /* link.id: the client */
	uint64_t lease;
	uint64_t epoch; /* of the stream, when it was granted */
	int64_t correlation;
	weir_ns expires;
	uint32_t stream;
	uint32_t role;
	uint32_t arrived; /* at the gates */
	uint32_t reserved;
};

struct weir_driver_stream {
	struct weir_priv_quorum_link link; /* link.id: the stream */
	struct weir_driver_stream_config config;
	uint64_t epoch;
	uint32_t producer, authority; /* clients, or 0 */
	uint32_t consumers;
	uint32_t epoch_due; /* to be told to the gate */
	uint32_t resync;    /* the next lease that arrives again at the gate */
	uint32_t reserved;
};

struct weir_priv_driver_notice {
	uint64_t epoch;
	uint32_t client, role, stream;
	uint32_t arrives;
};

struct weir_driver {
	struct weir_priv_quorum_table streams, leases, waiting;
	struct weir_priv_driver_notice *notice; /* who has come or gone, for the gates; a ring */
	uint32_t *gate;				/* streams that have one */
	struct weir_driver_stream_config created;
	uint32_t n_notices, first_notice, max_notices;
	uint32_t notice_gate; /* the next that hears of the first notice */
	uint32_t n_gates, first_gate;
	uint32_t n_streams;
	uint32_t announced; /* of the round of announcements under way */
	uint32_t over, creates;
	uint64_t incarnation, last_lease;
	weir_ns now; /* the latest seen */
	weir_ns lease_ns, announce_ns, announce_at;
	struct weir_driver_stats stats;
};

/* The storage that cfg asks for. -EINVAL: a value of cfg is out of range. Wait-free. */
WEIR_API WEIR_CHECK int weir_driver_bytes(const struct weir_driver_config *cfg, size_t *bytes,
					  struct weir_error *err);

/* A driver without streams. storage: the caller's, aligned to 8 bytes, must outlive it and stay
 * where it is. -EINVAL as above, or misaligned; -ENOBUFS: shorter than weir_driver_bytes().
 * O(storage). */
WEIR_API WEIR_CHECK int weir_driver_init(struct weir_driver *d,
					 const struct weir_driver_config *cfg,
					 struct weir_span storage, weir_ns now,
					 struct weir_error *err);

/* One more stream, which the next step announces. -EINVAL: a value is out of range; regions lack
 * what an answer of OK needs; the gate is of another stream, wants equal epochs, or watches for
 * silence, which is for leases to do. -EEXIST: the stream is there. -ENOSPC: no room. O(regions). */
WEIR_API WEIR_CHECK int weir_driver_add(struct weir_driver *d,
					const struct weir_driver_stream_config *stream, weir_ns now,
					struct weir_error *err);

/* One event. now: an earlier time than the latest seen is taken as that. out: room for cap messages,
 * of which *n are to be sent, in their order; texts and regions in them are static or the caller's.
 * What is due is done as well, as far as there is room; the rest, when weir_driver_next_ns() says
 * so. Returns WEIR_OK; -EINVAL: no such event; -ENOBUFS: cap is below WEIR_DRIVER_MESSAGES_MAX;
 * -ENOENT: REVOKE of a client that has no lease; -EAGAIN: REVOKE while the gates have not heard of
 * too many who came and went: TICK first. O(1) expected, but for gates: O(criteria) per gate. */
WEIR_API WEIR_CHECK int weir_driver_step(struct weir_driver *d, const struct weir_driver_event *e,
					 weir_ns now, struct weir_codec_message *out, uint32_t cap,
					 uint32_t *n);

/* When TICK is due; WEIR_NS_NEVER: not at all. O(gates). */
WEIR_API weir_ns weir_driver_next_ns(const struct weir_driver *d);

/* The lease of a client, and a stream; NULL: none. Good until the next step. O(1) expected. */
WEIR_API const struct weir_driver_lease *weir_driver_find_lease(const struct weir_driver *d,
								uint32_t client);
WEIR_API const struct weir_driver_stream *weir_driver_find_stream(const struct weir_driver *d,
								  uint32_t stream);

/* The words of the lists above, without prefix, and the text of a refusal; "?" for a number that is
 * none. */
WEIR_API const char *weir_driver_event_name(unsigned kind);
WEIR_API const char *weir_driver_refusal_name(unsigned refusal);
WEIR_API const char *weir_driver_refusal_text(unsigned refusal);

WEIR_END
#endif
