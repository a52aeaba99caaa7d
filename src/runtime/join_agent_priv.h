/* What the parts of a join agent share. */
#ifndef WEIR_JOIN_AGENT_PRIV_H
#define WEIR_JOIN_AGENT_PRIV_H

#include <weir/codec.h>
#include <weir/join_agent.h>

/* Bits of `has`. */
enum {
	CLOSED = 1,
	DETACHED = 2, /* the transports have forgotten us */
	KNOWN = 4,    /* epoch is that of the output */
	VOIDED = 8,   /* epoch was, and only a newer one will be */
	MAPPED = 16,  /* as the join was last seen */
	GAVE_UP = 32, /* asking */
	NEXT = 64,    /* next */
	NEXT_EPOCH = 128,
	QUORATE = 256, /* ready_epoch, ready_round */
	LOOK = 512,    /* at the outputs, though the join has not changed */
	AGAIN = 1024   /* work is left for the next cycle */
};

/* What is known of a stream besides what its input in the join knows. */
struct weir_priv_join_agent_stream {
	uint64_t epoch;     /* the highest; valid with has_epoch */
	uint64_t rejection; /* generation of the map and ... */
	uint64_t rejected;  /* ... epoch in which a rejection was raised last */
	uint64_t lost_at;   /* its sequence when it was lost */
	uint32_t stream;
	uint8_t clock; /* in `epoch`; 0: not announced */
	uint8_t has_epoch;
	uint8_t lost;
	uint8_t has_lost_at;
};

/* A proposal; or in sequence mode, outputs up to `out` have begun by `deadline` - budget. */
struct weir_priv_join_agent_pending {
	uint64_t out;
	weir_ns deadline;
	uint32_t clock;
	uint32_t reserved;
};

/* A map that an authority holds, in its bytes. */
struct weir_priv_join_agent_held {
	uint64_t epoch;
	weir_ns at; /* of the next announcement */
	size_t len;
	uint32_t out;
	uint32_t kind;
	uint32_t newest; /* of its output and kind */
	uint32_t answer; /* somebody has asked */
};

#define KIND_BIT_MAPS                                                                              \
	(WEIR_CODEC_BIT(WEIR_CODEC_SEQUENCE_MAP) | WEIR_CODEC_BIT(WEIR_CODEC_TIMESTAMP_MAP))
#define KIND_BIT_REQUESTS                                                                          \
	(WEIR_CODEC_BIT(WEIR_CODEC_SEQUENCE_REQUEST) | WEIR_CODEC_BIT(WEIR_CODEC_TIMESTAMP_REQUEST))

static inline int join_agent_is(const struct weir_join_agent *a, enum weir_join_agent_roles role)
{
	return (a->cfg.roles & (uint32_t)role) != 0;
}

static inline int join_agent_over(const struct weir_join_agent *a)
{
	return (a->has & (uint32_t)CLOSED) != 0;
}

static inline weir_ns join_agent_later(weir_ns t, weir_ns by)
{
	return by > WEIR_NS_NEVER - t ? WEIR_NS_NEVER : t + by;
}

/* Around everything that may call back. Time does not run backwards. */
void join_agent_enter(struct weir_join_agent *a, weir_ns now);
void join_agent_leave(struct weir_join_agent *a);

void join_agent_raise(struct weir_join_agent *a, const struct weir_join_agent_event *e);

/* weir_transport.offer of the control transport, with its error counted. */
int join_agent_offer(struct weir_join_agent *a, const void *buf, size_t len);
void join_agent_transport_said(struct weir_join_agent *a, uint32_t which, int rc);

/* A message, decoded and taken in. */
void join_agent_receive(void *ctx, const void *buf, size_t len, weir_ns now);

/* ---- streams ---- */

struct weir_priv_join_agent_stream *join_agent_stream_find(const struct weir_join_agent *a,
                                                           uint32_t stream);
/* The same, and makes one; NULL: there is no room for it. */
struct weir_priv_join_agent_stream *join_agent_stream_get(struct weir_join_agent *a,
                                                          uint32_t stream);

void join_agent_on_frame(struct weir_join_agent *a, const struct weir_codec_frame *f);
void join_agent_on_pool(struct weir_join_agent *a, const struct weir_codec_pool *p);
void join_agent_on_revoked(struct weir_join_agent *a, const struct weir_codec_revoked *r);
void join_agent_on_shutdown(struct weir_join_agent *a, const struct weir_codec_shutdown *s);

/* ---- maps ---- */

/* A map has come; refused: what the decoder says of it, or WEIR_CODEC_OK. */
void join_agent_on_map(struct weir_join_agent *a, const struct weir_merge_map *m,
                       enum weir_codec_reason refused);
void join_agent_on_ready(struct weir_join_agent *a, const struct weir_codec_ready *r);
enum weir_join_answer join_agent_set_epoch(struct weir_join_agent *a, uint64_t epoch);

/* Something has been told to the join: if that ended the map, asks for another. */
void join_agent_check_map(struct weir_join_agent *a, uint32_t stream, uint64_t epoch);
uint32_t join_agent_request(struct weir_join_agent *a);

/* ---- authority ---- */

void join_agent_on_request(struct weir_join_agent *a, enum weir_merge_kind kind,
                           const struct weir_codec_request *r);
uint32_t join_agent_serve(struct weir_join_agent *a);
/* The bytes of the map that is held, or NULL. */
const uint8_t *join_agent_held(const struct weir_join_agent *a, enum weir_merge_kind kind,
                               uint32_t out, uint64_t epoch, size_t *len);

/* ---- outputs ---- */

/* A new map: below which output nothing can be ready, and where to go on. */
void join_agent_place(struct weir_join_agent *a);
uint32_t join_agent_outputs(struct weir_join_agent *a);
uint32_t join_agent_in_sequence(struct weir_join_agent *a);
/* 1: outputs may be attempted, as far as JoinBarrierReady goes. */
int join_agent_gate(const struct weir_join_agent *a);

struct weir_priv_join_agent_pending *join_agent_pending(const struct weir_join_agent *a,
                                                        uint32_t i);
void join_agent_drop_first(struct weir_join_agent *a);

/* 1: the rule must hold; *info is its input. */
int join_agent_required(const struct weir_join_agent *a, const struct weir_merge_rule *r,
                        struct weir_join_input_info *info);
/* 1: some rule that must hold says that this output will never do. */
int join_agent_hopeless(const struct weir_join_agent *a, const struct weir_join_verdict *v);
/* 1: ready, or made so by its deadline, and then *overdue. */
int join_agent_judge(struct weir_join_agent *a, uint64_t out, weir_ns deadline, int *overdue,
                     struct weir_join_verdict *v);
/* Raises a ready output. 1: on with the next one; 0: enough for this cycle. */
int join_agent_put(struct weir_join_agent *a, const struct weir_join_verdict *v, int overdue);

#endif
