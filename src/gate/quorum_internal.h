/* What the parts of a quorum share. */
#ifndef WEIR_SRC_GATE_QUORUM_INTERNAL_H
#define WEIR_SRC_GATE_QUORUM_INTERNAL_H

#include "quorum_table.h"

struct quorum_request {
	struct weir_priv_quorum_link link;
	int64_t correlation; /* of the latest try */
	weir_ns first;	     /* try */
	weir_ns retry_at;    /* a try before that is not counted */
	uint32_t attempts;
	uint32_t reserved;
};

/* The actions of the step under way. */
struct quorum_out {
	struct weir_quorum_action *a;
	uint32_t n;
};

struct weir_quorum_action *quorum_act(const struct weir_quorum *q, struct quorum_out *o,
				      enum weir_quorum_action_kind kind, uint32_t id);
struct weir_quorum_action *quorum_answer(struct weir_quorum *q, struct quorum_out *o, uint32_t id,
					 enum weir_quorum_answer what);

/* t + by, or WEIR_NS_NEVER. */
weir_ns quorum_later(weir_ns t, weir_ns by);

/* ATTACH while the gate is shut, open, and closed for good. */
void quorum_attach_shut(struct weir_quorum *q, const struct weir_quorum_event *e,
			struct quorum_out *o);
void quorum_attach_open(struct weir_quorum *q, const struct weir_quorum_event *e,
			struct quorum_out *o);
void quorum_attach_over(struct weir_quorum *q, const struct weir_quorum_event *e,
			struct quorum_out *o);
void quorum_withdraw(struct weir_quorum *q, const struct weir_quorum_event *e,
		     struct quorum_out *o);

/* Answers the oldest requests, WEIR_QUORUM_BATCH at most: `what` to any, or TIMEOUT to those whose
 * time has come. */
void quorum_settle_waiting(struct weir_quorum *q, enum weir_quorum_answer what,
			   struct quorum_out *o);
void quorum_settle_timed_out(struct weir_quorum *q, struct quorum_out *o);

/* When the oldest request times out; WEIR_NS_NEVER: none does. */
weir_ns quorum_requests_next(const struct weir_quorum *q);

#endif
