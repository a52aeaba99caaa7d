/* What the parts of a driver share. */
#ifndef WEIR_SRC_GATE_DRIVER_INTERNAL_H
#define WEIR_SRC_GATE_DRIVER_INTERNAL_H

#include <weir/driver.h>

#include "quorum_table.h"

/* The messages of the step under way. */
struct driver_out {
	struct weir_codec_message *m;
	uint32_t n, cap;
};

/* A step of a gate answers WEIR_QUORUM_BATCH + 1 requests at most, each with an answer and, of a
 * producer, an announcement; and says READY. Two such units make up a step of the driver at least:
 * one for the event, one for what is due. */
#define DRIVER_UNIT (2u * (WEIR_QUORUM_BATCH + 1u) + 1u)
WEIR_ASSERT_LAYOUT(WEIR_DRIVER_MESSAGES_MAX >= 2u * DRIVER_UNIT);

static inline int driver_has_room(const struct driver_out *o)
{
	return o->cap - o->n >= DRIVER_UNIT;
}

/* A lease on that place of the stream, and an asked-for one that waits, by client; or NULL. */
struct weir_driver_lease *driver_lease_at(const struct weir_driver *d, uint32_t i);
struct weir_driver_lease *driver_waiting(const struct weir_driver *d, uint32_t client);
struct weir_driver_stream *driver_stream_at(const struct weir_driver *d, uint32_t i);
struct weir_driver_stream *driver_stream(const struct weir_driver *d, uint32_t id);

struct weir_codec_message *driver_say(struct driver_out *o, enum weir_codec_kind kind);

/* -EINVAL and so on as weir_driver_add(); the values alone, without a driver. */
int driver_check_stream(const struct weir_driver_stream_config *c, struct weir_error *err);
struct weir_driver_stream *driver_new_stream(struct weir_driver *d,
					     const struct weir_driver_stream_config *c);

/* The next epoch of a stream. */
void driver_raise(struct weir_driver *d, struct weir_driver_stream *s);
void driver_announce(struct weir_driver *d, const struct weir_driver_stream *s,
		     struct driver_out *o);
weir_ns driver_later(weir_ns t, weir_ns by);

/* Whether the stream has no room for that role. */
enum weir_driver_refusal driver_taken(const struct weir_driver_stream *s, uint32_t role);

/* A lease, or why not, and the answer; the client must have none. */
void driver_grant(struct weir_driver *d, struct weir_driver_stream *s,
		  const struct weir_codec_attach *a, struct driver_out *o);
void driver_answer_ok(struct weir_driver *d, const struct weir_driver_stream *s,
		      const struct weir_driver_lease *l, struct driver_out *o);
void driver_refuse(struct weir_driver *d, int64_t correlation, uint32_t stream,
		   enum weir_driver_refusal why, struct driver_out *o);

/* Ends the lease of place i: says so, and announces the stream if it was the producer's. */
void driver_end(struct weir_driver *d, uint32_t i, enum weir_codec_end why, struct driver_out *o);

/* Whether there is a way to tell the gates that somebody comes or goes; and telling them. */
int driver_is_busy(const struct weir_driver *d);
void driver_notify(struct weir_driver *d, const struct weir_driver_lease *l, int arrives);

/* An attach request to a stream with a gate. */
void driver_gate_attach(struct weir_driver *d, struct weir_driver_stream *s,
			const struct weir_codec_attach *a, struct driver_out *o);

/* What the gates have to be told and asked, as far as there is room; and when that is due. */
void driver_gate_work(struct weir_driver *d, struct driver_out *o);
weir_ns driver_gate_next(const struct weir_driver *d);
void driver_gate_close(struct weir_driver *d);

#endif
