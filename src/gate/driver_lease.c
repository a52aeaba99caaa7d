/* Leases: granting, answering, ending, and the epochs that follow from it.
 *
 * One producer per stream: s->producer is set by driver_grant() alone, after driver_taken(), and
 * cleared by driver_end() alone. One end per lease: driver_end() takes the place out of the table.
 * Epochs rise strictly: driver_raise() is the only one to store an epoch. */
#include <string.h>

#include "driver_internal.h"

weir_ns driver_later(weir_ns t, weir_ns by)
{
	return by > WEIR_NS_NEVER - t ? WEIR_NS_NEVER : t + by;
}

struct weir_codec_message *driver_say(struct driver_out *o, enum weir_codec_kind kind)
{
	struct weir_codec_message *m = &o->m[o->n++];

	memset(m, 0, sizeof(*m));
	m->kind = (uint32_t)kind;
	return m;
}

void driver_raise(struct weir_driver *d, struct weir_driver_stream *s)
{
	uint64_t above = s->epoch > d->incarnation ? s->epoch : d->incarnation;

	s->epoch = above + 1u > d->now ? above + 1u : d->now;
	s->epoch_due = s->config.gate != NULL;
	d->stats.epochs++;
}

void driver_announce(struct weir_driver *d, const struct weir_driver_stream *s,
		     struct driver_out *o)
{
	struct weir_codec_pool *p = &driver_say(o, WEIR_CODEC_POOL)->pool;

	p->stream = s->config.id;
	p->producer = s->producer;
	p->epoch = s->epoch;
	p->time_ns = d->now;
	p->clock = s->config.clock;
	p->layout_version = s->config.layout_version;
	p->header_nslots = s->config.header_nslots;
	p->header_slot_bytes = WEIR_CODEC_SLOT_BYTES;
	d->stats.announces++;
}

static struct weir_codec_text text_of(enum weir_driver_refusal why)
{
	struct weir_codec_text text = {weir_driver_refusal_text(why), 0, 0};

	text.len = (uint32_t)strlen(text.at);
	return text;
}

static int32_t code_of(enum weir_driver_refusal why)
{
	static const int32_t code[] = {
#define X(name, value, text) value,
		WEIR_DRIVER_REFUSALS(X)
#undef X
	};

	return code[why];
}

void driver_refuse(struct weir_driver *d, int64_t correlation, uint32_t stream,
		   enum weir_driver_refusal why, struct driver_out *o)
{
	struct weir_codec_attached *a = &driver_say(o, WEIR_CODEC_ATTACHED)->attached;
	uint64_t *const count[] = {[WEIR_CODEC_CODE_UNSUPPORTED] = &d->stats.unsupported,
				   [WEIR_CODEC_CODE_INVALID_PARAMS] = &d->stats.invalid,
				   [WEIR_CODEC_CODE_REJECTED] = &d->stats.rejected};

	a->correlation = correlation;
	a->code = code_of(why);
	a->lease = WEIR_CODEC_NO_U64;
	a->expiry_ns = WEIR_CODEC_NO_U64;
	a->epoch = WEIR_CODEC_NO_U64;
	a->stream = stream;
	a->layout_version = WEIR_CODEC_NO_U32;
	a->header_nslots = WEIR_CODEC_NO_U32;
	a->header_slot_bytes = WEIR_CODEC_NO_U16;
	a->node = WEIR_CODEC_NO_U32;
	a->text = text_of(why);
	(*count[a->code])++;
}

void driver_answer_ok(struct weir_driver *d, const struct weir_driver_stream *s,
		      const struct weir_driver_lease *l, struct driver_out *o)
{
	struct weir_codec_attached *a = &driver_say(o, WEIR_CODEC_ATTACHED)->attached;

	(void)d;
	a->correlation = l->correlation;
	a->code = WEIR_CODEC_CODE_OK;
	a->lease = l->lease;
	a->expiry_ns = l->expires;
	a->epoch = s->epoch;
	a->stream = s->config.id;
	a->layout_version = s->config.layout_version;
	a->header_nslots = s->config.header_nslots;
	a->header_slot_bytes = WEIR_CODEC_SLOT_BYTES;
	a->node = s->config.node;
	a->regions = s->config.regions;
}

enum weir_driver_refusal driver_taken(const struct weir_driver_stream *s, uint32_t role)
{
	if (role == WEIR_CODEC_ROLE_PRODUCER && s->producer != 0)
		return WEIR_DRIVER_PRODUCER;
	if (role == WEIR_CODEC_ROLE_AUTHORITY && s->authority != 0)
		return WEIR_DRIVER_AUTHORITY;
	return WEIR_DRIVER_NONE;
}

static void take_part(struct weir_driver *d, struct weir_driver_stream *s, uint32_t role,
		      uint32_t client)
{
	if (role == WEIR_CODEC_ROLE_CONSUMER) {
		s->consumers++;
	} else if (role == WEIR_CODEC_ROLE_AUTHORITY) {
		s->authority = client;
	} else {
		s->producer = client;
		driver_raise(d, s);
	}
}

void driver_grant(struct weir_driver *d, struct weir_driver_stream *s,
		  const struct weir_codec_attach *a, struct driver_out *o)
{
	enum weir_driver_refusal why = driver_taken(s, a->role);
	struct weir_driver_lease *l;
	int forgot;
	uint32_t i = QUORUM_NONE;

	if (why == WEIR_DRIVER_NONE) {
		i = quorum_table_take(&d->leases, a->client, &forgot);
		why = i == QUORUM_NONE ? WEIR_DRIVER_NO_ROOM : WEIR_DRIVER_NONE;
	}
	if (why != WEIR_DRIVER_NONE) {
		driver_refuse(d, a->correlation, a->stream, why, o);
		return;
	}
	quorum_table_move(&d->leases, i, LIVE);
	take_part(d, s, a->role, a->client);
	l = driver_lease_at(d, i);
	l->lease = ++d->last_lease;
	l->epoch = s->epoch;
	l->correlation = a->correlation;
	l->expires = driver_later(d->now, d->lease_ns);
	l->stream = s->config.id;
	l->role = a->role;
	l->arrived =
		a->role != WEIR_CODEC_ROLE_PRODUCER || s->config.arrival == WEIR_DRIVER_ON_ATTACH;
	d->stats.granted++;
	driver_answer_ok(d, s, l, o);
	if (a->role == WEIR_CODEC_ROLE_PRODUCER)
		driver_announce(d, s, o);
	if (l->arrived)
		driver_notify(d, l, 1);
}

void driver_end(struct weir_driver *d, uint32_t i, enum weir_codec_end why, struct driver_out *o)
{
	const struct weir_driver_lease *l = driver_lease_at(d, i);
	struct weir_driver_stream *s = driver_stream(d, l->stream);
	struct weir_codec_revoked *r = &driver_say(o, WEIR_CODEC_REVOKED)->revoked;
	uint64_t *const count[] = {[WEIR_CODEC_END_DETACHED] = &d->stats.detached,
				   [WEIR_CODEC_END_EXPIRED] = &d->stats.expired,
				   [WEIR_CODEC_END_REVOKED] = &d->stats.revoked};

	r->time_ns = d->now;
	r->lease = l->lease;
	r->stream = l->stream;
	r->client = l->link.id;
	r->role = l->role;
	r->reason = (uint32_t)why;
	(*count[why])++;
	if (l->arrived)
		driver_notify(d, l, 0);
	if (l->role == WEIR_CODEC_ROLE_CONSUMER) {
		s->consumers--;
	} else if (l->role == WEIR_CODEC_ROLE_AUTHORITY) {
		s->authority = 0;
	} else {
		s->producer = 0;
		driver_raise(d, s);
		driver_announce(d, s, o);
	}
	quorum_table_drop(&d->leases, i);
}
