/* A participant's lease.
 *
 * A request keeps its correlation until it is answered, so that the driver can tell a repeat from a
 * second wish. After a refusal the next request has a new one; an OK is taken for any since `first`,
 * since the refusal may have overtaken it. An OK that is out of date costs one keepalive: the driver
 * answers it with a revocation. */
#include <string.h>

#include <weir/lease.h>

struct out {
	struct weir_lease_action *a;
	uint32_t n;
};

static weir_ns later(weir_ns t, weir_ns by)
{
	return by > WEIR_NS_NEVER - t ? WEIR_NS_NEVER : t + by;
}

static struct weir_lease_action *act(const struct weir_lease *l, struct out *o,
				     enum weir_lease_action_kind kind, int32_t code)
{
	struct weir_lease_action *a = &o->a[o->n++];

	memset(a, 0, sizeof(*a));
	a->kind = (uint32_t)kind;
	a->code = code;
	a->lease = l->lease;
	a->epoch = l->epoch;
	return a;
}

static void enter(struct weir_lease *l, enum weir_lease_state state, weir_ns next)
{
	l->state = (uint32_t)state;
	l->since = l->now;
	l->next = next;
	l->delay = l->config.retry_ns;
}

static void back_off(struct weir_lease *l)
{
	l->next = later(l->now, l->delay);
	l->delay = l->delay > l->config.retry_max_ns / 2 ? l->config.retry_max_ns : 2 * l->delay;
}

static void next_correlation(struct weir_lease *l)
{
	l->correlation = l->correlation == INT64_MAX ? 0 : l->correlation + 1;
}

/* ---- what is sent ---- */

static void send_attach(struct weir_lease *l, struct out *o)
{
	struct weir_codec_message *m = &act(l, o, WEIR_LEASE_SEND, 0)->message;

	m->kind = WEIR_CODEC_ATTACH;
	m->attach.correlation = l->correlation;
	m->attach.stream = l->config.stream;
	m->attach.client = l->config.client;
	m->attach.role = l->config.role;
	m->attach.layout_version = l->config.layout_version;
	m->attach.publish_mode = l->config.publish_mode;
	m->attach.hugepages = l->config.hugepages;
	m->attach.node = l->config.node;
	l->stats.requests++;
	back_off(l);
}

static void send_detach(struct weir_lease *l, struct out *o)
{
	struct weir_codec_message *m = &act(l, o, WEIR_LEASE_SEND, 0)->message;

	m->kind = WEIR_CODEC_DETACH;
	m->detach.correlation = l->correlation;
	m->detach.lease = l->lease;
	m->detach.stream = l->config.stream;
	m->detach.client = l->config.client;
	m->detach.role = l->config.role;
	l->stats.detaches++;
	back_off(l);
}

static void send_keepalive(struct weir_lease *l, struct out *o)
{
	struct weir_codec_message *m = &act(l, o, WEIR_LEASE_SEND, 0)->message;

	m->kind = WEIR_CODEC_KEEPALIVE;
	m->keepalive.lease = l->lease;
	m->keepalive.time_ns = l->now;
	m->keepalive.stream = l->config.stream;
	m->keepalive.client = l->config.client;
	m->keepalive.role = l->config.role;
	l->stats.keepalives++;
	l->next = later(l->now, l->config.keepalive_ns);
}

/* ---- what is heard ---- */

static void lose(struct weir_lease *l, int32_t why, struct out *o)
{
	if (l->state == WEIR_LEASE_DETACHING) {
		act(l, o, WEIR_LEASE_ENDED, 0);
		enter(l, WEIR_LEASE_IDLE, WEIR_NS_NEVER);
		return;
	}
	act(l, o, WEIR_LEASE_LOST, why);
	l->stats.lost++;
	next_correlation(l);
	l->first = l->correlation;
	enter(l, WEIR_LEASE_ATTACHING, later(l->now, l->config.retry_ns));
}

static void on_refusal(struct weir_lease *l, int32_t code, struct out *o)
{
	weir_ns delay = l->delay;

	act(l, o, WEIR_LEASE_REFUSED, code);
	l->stats.refused++;
	if (code == WEIR_CODEC_CODE_INVALID_PARAMS || code == WEIR_CODEC_CODE_UNSUPPORTED) {
		enter(l, WEIR_LEASE_FAILED, WEIR_NS_NEVER);
		return;
	}
	next_correlation(l);
	l->next = later(l->now, delay);
}

static void on_attached(struct weir_lease *l, const struct weir_codec_message *m, struct out *o)
{
	const struct weir_codec_attached *a = &m->attached;
	int wraps = l->first > l->correlation;
	int mine = wraps ? a->correlation >= l->first || a->correlation <= l->correlation
			 : a->correlation >= l->first && a->correlation <= l->correlation;

	if (l->state != WEIR_LEASE_ATTACHING || !mine || a->correlation < 0 ||
	    a->stream != l->config.stream)
		return;
	if (a->code != WEIR_CODEC_CODE_OK) {
		if (a->correlation == l->correlation)
			on_refusal(l, a->code, o);
		return;
	}
	l->lease = a->lease;
	l->epoch = a->epoch;
	l->heard = l->now;
	l->stats.granted++;
	enter(l, WEIR_LEASE_ATTACHED, later(l->now, l->config.keepalive_ns));
	act(l, o, WEIR_LEASE_GRANTED, 0)->message = *m;
}

static void on_pool(struct weir_lease *l, const struct weir_codec_pool *p, struct out *o)
{
	if (p->stream != l->config.stream || l->state != WEIR_LEASE_ATTACHED)
		return;
	l->heard = l->now;
	if (p->epoch <= l->epoch)
		return;
	if (l->config.role == WEIR_CODEC_ROLE_PRODUCER && p->producer != l->config.client) {
		lose(l, WEIR_LEASE_LOST_SUCCESSOR, o);
		return;
	}
	l->epoch = p->epoch;
	l->stats.epochs++;
	act(l, o, WEIR_LEASE_EPOCH, 0);
}

static int holds(const struct weir_lease *l)
{
	return l->state == WEIR_LEASE_ATTACHED || l->state == WEIR_LEASE_DETACHING;
}

static void on_message(struct weir_lease *l, const struct weir_codec_message *m, struct out *o)
{
	if (m->kind == WEIR_CODEC_ATTACHED) {
		on_attached(l, m, o);
	} else if (m->kind == WEIR_CODEC_POOL) {
		on_pool(l, &m->pool, o);
	} else if (m->kind == WEIR_CODEC_REVOKED) {
		if (holds(l) && m->revoked.lease == l->lease &&
		    m->revoked.client == l->config.client)
			lose(l, (int32_t)m->revoked.reason, o);
	} else if (m->kind == WEIR_CODEC_SHUTDOWN) {
		if (holds(l))
			lose(l, WEIR_LEASE_LOST_SHUTDOWN, o);
	} else if (m->kind == WEIR_CODEC_DETACHED) {
		if (l->state == WEIR_LEASE_DETACHING && m->detached.correlation == l->correlation)
			lose(l, 0, o);
	}
}

/* ---- what is wanted, and time ---- */

static void on_start(struct weir_lease *l, struct out *o)
{
	if (l->state != WEIR_LEASE_IDLE && l->state != WEIR_LEASE_FAILED)
		return;
	next_correlation(l);
	l->first = l->correlation;
	enter(l, WEIR_LEASE_ATTACHING, l->now);
	send_attach(l, o);
}

static void on_stop(struct weir_lease *l, struct out *o)
{
	if (l->state == WEIR_LEASE_ATTACHED) {
		next_correlation(l);
		enter(l, WEIR_LEASE_DETACHING, l->now);
		send_detach(l, o);
	} else if (l->state != WEIR_LEASE_DETACHING) {
		if (l->state == WEIR_LEASE_ATTACHING)
			act(l, o, WEIR_LEASE_ENDED, 0);
		enter(l, WEIR_LEASE_IDLE, WEIR_NS_NEVER);
	}
}

static int timed_out(const struct weir_lease *l)
{
	return l->now >= later(l->since, l->config.timeout_ns) &&
	       l->config.timeout_ns != WEIR_NS_NEVER;
}

static int is_silent(const struct weir_lease *l)
{
	return l->config.silence_ns != WEIR_NS_NEVER && l->now - l->heard >= l->config.silence_ns;
}

static void on_tick(struct weir_lease *l, struct out *o)
{
	if (l->state == WEIR_LEASE_ATTACHING && timed_out(l)) {
		act(l, o, WEIR_LEASE_GAVE_UP, 0);
		l->stats.gave_up++;
		enter(l, WEIR_LEASE_FAILED, WEIR_NS_NEVER);
	} else if (l->state == WEIR_LEASE_DETACHING && timed_out(l)) {
		lose(l, 0, o);
	} else if (l->state == WEIR_LEASE_ATTACHED && is_silent(l)) {
		lose(l, WEIR_LEASE_LOST_SILENCE, o);
	} else if (l->now < l->next) {
		return;
	} else if (l->state == WEIR_LEASE_ATTACHING) {
		send_attach(l, o);
	} else if (l->state == WEIR_LEASE_DETACHING) {
		send_detach(l, o);
	} else if (l->state == WEIR_LEASE_ATTACHED) {
		send_keepalive(l, o);
	}
}

int weir_lease_step(struct weir_lease *l, const struct weir_lease_event *e, weir_ns now,
		    struct weir_lease_action *out, uint32_t cap, uint32_t *n)
{
	struct out o = {out, 0};

	if (e->kind >= WEIR_LEASE_EVENT_COUNT ||
	    (e->kind == WEIR_LEASE_MESSAGE && e->message == NULL))
		return -EINVAL;
	if (cap < WEIR_LEASE_ACTIONS_MAX)
		return -ENOBUFS;
	if (now > l->now)
		l->now = now;
	if (e->kind == WEIR_LEASE_START)
		on_start(l, &o);
	else if (e->kind == WEIR_LEASE_STOP)
		on_stop(l, &o);
	else if (e->kind == WEIR_LEASE_MESSAGE)
		on_message(l, e->message, &o);
	else
		on_tick(l, &o);
	*n = o.n;
	return WEIR_OK;
}

weir_ns weir_lease_next_ns(const struct weir_lease *l)
{
	weir_ns end = l->state == WEIR_LEASE_ATTACHED ? later(l->heard, l->config.silence_ns)
						      : later(l->since, l->config.timeout_ns);

	if (l->state == WEIR_LEASE_IDLE || l->state == WEIR_LEASE_FAILED)
		return WEIR_NS_NEVER;
	return end < l->next ? end : l->next;
}
