/* A driver: what it is sent, and what is due.
 *
 * Every message costs O(1) expected. What may cost more, telling the gates who came and went, is
 * queued and done in units of at most DRIVER_UNIT messages, as many per step as the caller has room
 * for; likewise expiry and announcements. So a step is bounded by the caller, whatever happens at
 * once, and weir_driver_next_ns() says that more is due.
 *
 * Leases stand in LIVE in the order of their last sign of life and all last equally long, so the
 * first expires first. Only TICK looks for them: a driver that was stopped reads the keepalives that
 * lie in its queue before it decides that there were none. */
#include <string.h>

#include "driver_internal.h"

#define FOR_DRIVER                                                                                 \
	(WEIR_CODEC_BIT(WEIR_CODEC_ATTACH) | WEIR_CODEC_BIT(WEIR_CODEC_DETACH) |                   \
	 WEIR_CODEC_BIT(WEIR_CODEC_KEEPALIVE) | WEIR_CODEC_BIT(WEIR_CODEC_FRAME))

struct weir_driver_lease *driver_lease_at(const struct weir_driver *d, uint32_t i)
{
	return WEIR_PTR(struct weir_driver_lease, quorum_table_at(&d->leases, i));
}

struct weir_driver_lease *driver_waiting(const struct weir_driver *d, uint32_t client)
{
	uint32_t i = quorum_table_find(&d->waiting, client);

	return i == QUORUM_NONE
		       ? NULL
		       : WEIR_PTR(struct weir_driver_lease, quorum_table_at(&d->waiting, i));
}

struct weir_driver_stream *driver_stream_at(const struct weir_driver *d, uint32_t i)
{
	return WEIR_PTR(struct weir_driver_stream, quorum_table_at(&d->streams, i));
}

struct weir_driver_stream *driver_stream(const struct weir_driver *d, uint32_t id)
{
	uint32_t i = quorum_table_find(&d->streams, id);

	return i == QUORUM_NONE ? NULL : driver_stream_at(d, i);
}

const struct weir_driver_lease *weir_driver_find_lease(const struct weir_driver *d, uint32_t client)
{
	uint32_t i = quorum_table_find(&d->leases, client);

	return i == QUORUM_NONE ? NULL : driver_lease_at(d, i);
}

const struct weir_driver_stream *weir_driver_find_stream(const struct weir_driver *d,
							 uint32_t stream)
{
	return driver_stream(d, stream);
}

/* ---- attaching ---- */

/* What is wrong with the request by itself. */
static enum weir_driver_refusal judge_values(const struct weir_codec_attach *a)
{
	if (a->stream == 0 || a->client == 0)
		return WEIR_DRIVER_ZERO;
	if (a->role < WEIR_CODEC_ROLE_PRODUCER || a->role > WEIR_CODEC_ROLE_AUTHORITY)
		return WEIR_DRIVER_ROLE;
	if (a->publish_mode != WEIR_CODEC_REQUIRE_EXISTING &&
	    a->publish_mode != WEIR_CODEC_EXISTING_OR_CREATE &&
	    a->publish_mode != WEIR_CODEC_NO_MODE)
		return WEIR_DRIVER_PUBLISH_MODE;
	return a->hugepages > 2 ? WEIR_DRIVER_HUGEPAGES : WEIR_DRIVER_NONE;
}

/* What is wrong with it for such a stream. */
static enum weir_driver_refusal judge_fit(const struct weir_codec_attach *a,
					  const struct weir_driver_stream_config *c)
{
	if (a->layout_version != 0 && a->layout_version != c->layout_version)
		return WEIR_DRIVER_LAYOUT;
	if (a->node != WEIR_CODEC_NO_U32 && a->node != c->node)
		return WEIR_DRIVER_NODE;
	return a->hugepages == 2 && c->hugepages == 0 ? WEIR_DRIVER_NO_HUGEPAGES : WEIR_DRIVER_NONE;
}

/* The stream, which may be created, or why there is none for the request. */
static struct weir_driver_stream *stream_for(struct weir_driver *d,
					     const struct weir_codec_attach *a,
					     enum weir_driver_refusal *why)
{
	struct weir_driver_stream *s = driver_stream(d, a->stream);
	int creates = s == NULL && d->creates && a->publish_mode == WEIR_CODEC_EXISTING_OR_CREATE;
	struct weir_driver_stream_config config = d->created;

	if (s == NULL && !creates) {
		*why = WEIR_DRIVER_NO_STREAM;
		return NULL;
	}
	*why = judge_fit(a, s != NULL ? &s->config : &config);
	if (*why == WEIR_DRIVER_NONE && creates && d->n_streams == d->streams.cap)
		*why = WEIR_DRIVER_NO_ROOM;
	if (*why != WEIR_DRIVER_NONE || s != NULL)
		return s;
	config.id = a->stream;
	d->stats.created++;
	return driver_new_stream(d, &config);
}

static int is_gated(const struct weir_driver_stream *s, uint32_t role)
{
	uint32_t roles =
		s->config.gated != 0 ? s->config.gated : WEIR_DRIVER_ROLE(WEIR_CODEC_ROLE_CONSUMER);

	return s->config.gate != NULL && (roles & WEIR_DRIVER_ROLE(role)) != 0;
}

/* A client that has a lease, or waits for one: NONE if it may go on with its request. */
static enum weir_driver_refusal judge_client(const struct weir_driver *d,
					     const struct weir_codec_attach *a)
{
	const struct weir_driver_lease *w = driver_waiting(d, a->client);

	if (weir_driver_find_lease(d, a->client) != NULL)
		return WEIR_DRIVER_CLIENT;
	if (w != NULL)
		return w->stream == a->stream && w->role == a->role ? WEIR_DRIVER_NONE
								    : WEIR_DRIVER_CLIENT;
	return d->leases.live + d->waiting.live == d->leases.cap ? WEIR_DRIVER_NO_ROOM
								 : WEIR_DRIVER_NONE;
}

static int is_repeat(const struct weir_driver_lease *l, const struct weir_codec_attach *a)
{
	return l != NULL && l->correlation == a->correlation && l->stream == a->stream &&
	       l->role == a->role;
}

static void on_attach(struct weir_driver *d, const struct weir_codec_attach *a,
		      struct driver_out *o)
{
	const struct weir_driver_lease *l = weir_driver_find_lease(d, a->client);
	enum weir_driver_refusal why = d->over ? WEIR_DRIVER_OVER : judge_values(a);
	struct weir_driver_stream *s = NULL;

	d->stats.attaches++;
	if (why == WEIR_DRIVER_NONE && is_repeat(l, a)) {
		d->stats.repeats++;
		driver_answer_ok(d, driver_stream(d, l->stream), l, o);
		return;
	}
	if (why == WEIR_DRIVER_NONE)
		why = judge_client(d, a);
	if (why == WEIR_DRIVER_NONE)
		s = stream_for(d, a, &why);
	if (why == WEIR_DRIVER_NONE)
		why = driver_taken(s, a->role);
	if (why != WEIR_DRIVER_NONE)
		driver_refuse(d, a->correlation, a->stream, why, o);
	else if (is_gated(s, a->role))
		driver_gate_attach(d, s, a, o);
	else
		driver_grant(d, s, a, o);
}

/* ---- the other messages ---- */

static void on_detach(struct weir_driver *d, const struct weir_codec_detach *x,
		      struct driver_out *o)
{
	uint32_t i = quorum_table_find(&d->leases, x->client);
	const struct weir_driver_lease *l = i == QUORUM_NONE ? NULL : driver_lease_at(d, i);
	enum weir_driver_refusal why = WEIR_DRIVER_NONE;
	struct weir_codec_detached *a = &driver_say(o, WEIR_CODEC_DETACHED)->detached;

	d->stats.detaches++;
	if (l == NULL || l->lease != x->lease || l->stream != x->stream || l->role != x->role)
		why = WEIR_DRIVER_NO_LEASE;
	a->correlation = x->correlation;
	a->code = why == WEIR_DRIVER_NONE ? WEIR_CODEC_CODE_OK : WEIR_CODEC_CODE_REJECTED;
	a->text.at = weir_driver_refusal_text(why);
	a->text.len = (uint32_t)strlen(a->text.at);
	if (why == WEIR_DRIVER_NONE)
		driver_end(d, i, WEIR_CODEC_END_DETACHED, o);
	else
		d->stats.rejected++;
}

/* A keepalive of a lease that is no more: its holder has missed that, and is told again. Not if it
 * was a producer's and there is another: others would take that for the end of the new one. */
static void tell_stranger(struct weir_driver *d, const struct weir_codec_keepalive *k,
			  struct driver_out *o)
{
	const struct weir_driver_stream *s = driver_stream(d, k->stream);
	struct weir_codec_revoked *r;

	d->stats.strangers++;
	if (k->role == WEIR_CODEC_ROLE_PRODUCER && s != NULL && s->producer != 0)
		return;
	r = &driver_say(o, WEIR_CODEC_REVOKED)->revoked;
	r->time_ns = d->now;
	r->lease = k->lease;
	r->stream = k->stream;
	r->client = k->client;
	r->role = k->role;
	r->reason = WEIR_CODEC_END_REVOKED;
}

static void on_keepalive(struct weir_driver *d, const struct weir_codec_keepalive *k,
			 struct driver_out *o)
{
	uint32_t i = quorum_table_find(&d->leases, k->client);
	struct weir_driver_lease *l = i == QUORUM_NONE ? NULL : driver_lease_at(d, i);

	d->stats.keepalives++;
	if (l == NULL || l->lease != k->lease) {
		tell_stranger(d, k, o);
	} else if (l->stream != k->stream || l->role != k->role) {
		d->stats.strangers++;
	} else {
		l->expires = driver_later(d->now, d->lease_ns);
		quorum_table_move(&d->leases, i, LIVE);
	}
}

static void on_frame(struct weir_driver *d, const struct weir_codec_frame *f)
{
	const struct weir_driver_stream *s = driver_stream(d, f->stream);
	uint32_t i;

	d->stats.frames++;
	if (s == NULL || s->producer == 0 || f->epoch != s->epoch)
		return;
	i = quorum_table_find(&d->leases, s->producer);
	if (driver_lease_at(d, i)->arrived)
		return;
	driver_lease_at(d, i)->arrived = 1;
	driver_notify(d, driver_lease_at(d, i), 1);
}

/* What was not decoded: merge maps are other people's, and only counted. */
static void pass_over(struct weir_driver *d, const struct weir_driver_event *e,
		      enum weir_codec_reason why)
{
	const uint8_t *p = WEIR_CPTR(uint8_t, e->bytes);

	if (why != WEIR_CODEC_SCHEMA && why != WEIR_CODEC_TEMPLATE)
		d->stats.malformed++;
	else if (((uint32_t)p[4] | (uint32_t)p[5] << 8) == WEIR_CODEC_SCHEMA_MERGE)
		d->stats.maps++;
	else
		d->stats.others++;
}

static void on_bytes(struct weir_driver *d, const struct weir_driver_event *e, struct driver_out *o)
{
	struct weir_codec_message m;
	enum weir_codec_reason why = weir_codec_decode(e->bytes, e->len, FOR_DRIVER, NULL, 0, &m);

	d->stats.messages++;
	if (why != WEIR_CODEC_OK)
		pass_over(d, e, why);
	else if (m.kind == WEIR_CODEC_ATTACH)
		driver_is_busy(d) ? (void)d->stats.busy++ : on_attach(d, &m.attach, o);
	else if (m.kind == WEIR_CODEC_DETACH)
		driver_is_busy(d) ? (void)d->stats.busy++ : on_detach(d, &m.detach, o);
	else if (m.kind == WEIR_CODEC_KEEPALIVE)
		on_keepalive(d, &m.keepalive, o);
	else
		driver_is_busy(d) ? (void)d->stats.busy++ : on_frame(d, &m.frame);
}

/* ---- what is due ---- */

static void shut_down(struct weir_driver *d, uint32_t reason, struct driver_out *o)
{
	struct weir_codec_shutdown *m;
	uint32_t i;

	if (d->over)
		return;
	m = &driver_say(o, WEIR_CODEC_SHUTDOWN)->shutdown;
	m->time_ns = d->now;
	m->reason = reason;
	driver_gate_close(d);
	while (d->leases.live != 0)
		quorum_table_drop(&d->leases, d->leases.head[LIVE]);
	while (d->waiting.live != 0)
		quorum_table_drop(&d->waiting, d->waiting.head[LIVE]);
	for (i = 0; i < d->n_streams; i++) {
		driver_stream_at(d, i)->producer = 0;
		driver_stream_at(d, i)->authority = 0;
		driver_stream_at(d, i)->consumers = 0;
	}
	d->over = 1;
}

static void expire(struct weir_driver *d, struct driver_out *o)
{
	while (driver_has_room(o) && d->leases.live != 0 && !driver_is_busy(d) &&
	       driver_lease_at(d, d->leases.head[LIVE])->expires <= d->now)
		driver_end(d, d->leases.head[LIVE], WEIR_CODEC_END_EXPIRED, o);
}

static void announce(struct weir_driver *d, struct driver_out *o)
{
	if (d->announced >= d->n_streams && d->now >= d->announce_at) {
		d->announced = 0;
		d->announce_at = driver_later(d->now, d->announce_ns);
	}
	while (d->announced < d->n_streams && driver_has_room(o))
		driver_announce(d, driver_stream_at(d, d->announced++), o);
}

static int check(const struct weir_driver *d, const struct weir_driver_event *e, uint32_t cap)
{
	if (e->kind >= WEIR_DRIVER_EVENT_COUNT)
		return -EINVAL;
	if (e->kind == WEIR_DRIVER_SHUTDOWN && e->reason > 254)
		return -EINVAL;
	if (cap < WEIR_DRIVER_MESSAGES_MAX)
		return -ENOBUFS;
	if (e->kind == WEIR_DRIVER_REVOKE && weir_driver_find_lease(d, e->client) == NULL)
		return -ENOENT;
	return e->kind == WEIR_DRIVER_REVOKE && driver_is_busy(d) ? -EAGAIN : WEIR_OK;
}

int weir_driver_step(struct weir_driver *d, const struct weir_driver_event *e, weir_ns now,
		     struct weir_codec_message *out, uint32_t cap, uint32_t *n)
{
	struct driver_out o = {out, 0, cap};
	int rc = check(d, e, cap);

	if (rc != WEIR_OK)
		return rc;
	if (now > d->now)
		d->now = now;
	if (e->kind == WEIR_DRIVER_BYTES)
		on_bytes(d, e, &o);
	else if (e->kind == WEIR_DRIVER_REVOKE)
		driver_end(d, quorum_table_find(&d->leases, e->client), WEIR_CODEC_END_REVOKED, &o);
	else if (e->kind == WEIR_DRIVER_SHUTDOWN)
		shut_down(d, e->reason, &o);
	if (!d->over) {
		if (e->kind == WEIR_DRIVER_TICK)
			expire(d, &o);
		driver_gate_work(d, &o);
		announce(d, &o);
	}
	*n = o.n;
	return WEIR_OK;
}

weir_ns weir_driver_next_ns(const struct weir_driver *d)
{
	weir_ns next = d->announce_at, t;

	if (d->over)
		return WEIR_NS_NEVER;
	if (d->announced < d->n_streams)
		return d->now;
	if (d->leases.live != 0) {
		t = driver_lease_at(d, d->leases.head[LIVE])->expires;
		next = t < next ? t : next;
	}
	t = driver_gate_next(d);
	return t < next ? t : next;
}
