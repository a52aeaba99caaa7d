/* Gates: what their quorums are told, and what becomes of their answers.
 *
 * Who has come or gone stands in a ring of notices; each gate whose criteria speak of such a role
 * and stream hears of it, in the order in which it happened. When a gate begins a new round, all who
 * hold a lease arrive again: `resync` walks over the places.
 *
 * The ring does not overflow. While it holds more than a lease for each place, driver_is_busy()
 * keeps out all that would add to it, but for requests that wait and are granted; of those there are
 * at most as many again. */
#include <string.h>

#include "driver_internal.h"

#define SCAN 64u /* places looked at per unit */

int driver_is_busy(const struct weir_driver *d)
{
	return d->n_notices >= d->leases.cap + 32u;
}

void driver_notify(struct weir_driver *d, const struct weir_driver_lease *l, int arrives)
{
	struct weir_priv_driver_notice *n;

	if (d->n_gates == 0)
		return;
	n = &d->notice[(d->first_notice + d->n_notices++) % d->max_notices];
	n->epoch = l->epoch;
	n->client = l->link.id;
	n->role = l->role;
	n->stream = l->stream;
	n->arrives = (uint32_t)arrives;
}

static int concerns(const struct weir_quorum *q, uint32_t role, uint32_t stream)
{
	uint32_t i;

	for (i = 0; i < q->ncriteria; i++) {
		const struct weir_quorum_criterion *c = &q->criterion[i];

		if ((c->role == WEIR_QUORUM_ANY || c->role == role) &&
		    (c->stream == WEIR_QUORUM_ANY || c->stream == stream))
			return 1;
	}
	return 0;
}

/* The request of a client that waits has come to its end. */
static void settle(struct weir_driver *d, struct weir_driver_stream *s,
		   const struct weir_quorum_action *a, struct driver_out *o)
{
	static const uint32_t why[WEIR_QUORUM_ANSWER_COUNT] = {
		[WEIR_QUORUM_REFUSED] = WEIR_DRIVER_NOT_READY,
		[WEIR_QUORUM_TIMEOUT] = WEIR_DRIVER_TIMEOUT,
		[WEIR_QUORUM_NO_ROOM] = WEIR_DRIVER_NO_ROOM,
		[WEIR_QUORUM_CLOSED] = WEIR_DRIVER_OVER,
	};
	const struct weir_driver_lease *w = driver_waiting(d, a->id);
	struct weir_codec_attach request;

	if (w == NULL || a->answer == WEIR_QUORUM_PENDING)
		return;
	memset(&request, 0, sizeof(request));
	request.correlation = w->correlation;
	request.stream = w->stream;
	request.client = a->id;
	request.role = w->role;
	quorum_table_drop(&d->waiting, quorum_table_find(&d->waiting, a->id));
	if (a->answer == WEIR_QUORUM_GRANTED)
		driver_grant(d, s, &request, o);
	else
		driver_refuse(d, request.correlation, request.stream,
			      (enum weir_driver_refusal)why[a->answer], o);
}

static void say_ready(struct weir_driver *d, const struct weir_driver_stream *s,
		      const struct weir_quorum_action *a, struct driver_out *o)
{
	struct weir_codec_ready *r = &driver_say(o, WEIR_CODEC_READY)->ready;

	r->epoch = a->epoch;
	r->round = a->round;
	r->time_ns = d->now;
	r->out = s->config.id;
	r->participants = a->participants;
	d->stats.ready++;
}

/* One event for the gate of s. What it answers to an arrival or a departure is of no interest. */
static void step(struct weir_driver *d, struct weir_driver_stream *s,
		 const struct weir_quorum_event *e, struct driver_out *o)
{
	struct weir_quorum_action a[WEIR_QUORUM_ACTIONS_MAX];
	int own = e->kind == WEIR_QUORUM_ARRIVE || e->kind == WEIR_QUORUM_DEPART ||
		  e->kind == WEIR_QUORUM_EPOCH;
	uint32_t i, n = 0;

	if (weir_quorum_step(s->config.gate, e, d->now, a, WEIR_QUORUM_ACTIONS_MAX, &n) != WEIR_OK)
		return;
	for (i = 0; i < n; i++) {
		if (a[i].kind == WEIR_QUORUM_READY)
			say_ready(d, s, &a[i], o);
		else if (a[i].kind == WEIR_QUORUM_RESET)
			s->resync = 0;
		else if (a[i].kind == WEIR_QUORUM_ANSWER && own)
			own = 0;
		else if (a[i].kind == WEIR_QUORUM_ANSWER)
			settle(d, s, &a[i], o);
	}
}

void driver_gate_attach(struct weir_driver *d, struct weir_driver_stream *s,
			const struct weir_codec_attach *a, struct driver_out *o)
{
	struct weir_quorum_event e = {
		.kind = WEIR_QUORUM_ATTACH, .id = a->client, .correlation = a->correlation};
	struct weir_driver_lease *w = driver_waiting(d, a->client);
	int forgot;

	if (w == NULL) {
		quorum_table_move(&d->waiting, quorum_table_take(&d->waiting, a->client, &forgot),
				  LIVE);
		w = driver_waiting(d, a->client);
		d->stats.waiting++;
	}
	w->stream = a->stream;
	w->role = a->role;
	w->correlation = a->correlation;
	step(d, s, &e, o);
}

/* ---- what is due ---- */

static void arrive(struct weir_driver *d, struct weir_driver_stream *s, uint32_t kind,
		   uint32_t client, uint32_t role, uint32_t stream, uint64_t epoch,
		   struct driver_out *o)
{
	struct weir_quorum_event e = {
		.kind = kind, .id = client, .role = role, .stream = stream, .epoch = epoch};

	step(d, s, &e, o);
}

/* The first notices to all gates that they concern. */
static void pass_notices(struct weir_driver *d, struct driver_out *o)
{
	while (d->n_notices != 0 && driver_has_room(o)) {
		struct weir_priv_driver_notice n = d->notice[d->first_notice];
		struct weir_driver_stream *s = driver_stream_at(d, d->gate[d->notice_gate]);

		if (++d->notice_gate == d->n_gates) {
			d->notice_gate = 0;
			d->first_notice = (d->first_notice + 1u) % d->max_notices;
			d->n_notices--;
		}
		if (concerns(s->config.gate, n.role, n.stream))
			arrive(d, s, n.arrives ? WEIR_QUORUM_ARRIVE : WEIR_QUORUM_DEPART, n.client,
			       n.role, n.stream, n.epoch, o);
	}
}

static void pass_epoch(struct weir_driver *d, struct weir_driver_stream *s, struct driver_out *o)
{
	struct weir_quorum_event e = {.kind = WEIR_QUORUM_EPOCH, .epoch = s->epoch};

	if (!s->epoch_due)
		return;
	s->epoch_due = 0;
	step(d, s, &e, o);
}

/* Some of those who hold leases arrive again. */
static void pass_leases(struct weir_driver *d, struct weir_driver_stream *s, struct driver_out *o)
{
	uint32_t looked;

	for (looked = 0; looked < SCAN && s->resync < d->leases.cap; looked++) {
		const struct weir_driver_lease *l = driver_lease_at(d, s->resync++);

		if (!l->link.known || !l->arrived || !concerns(s->config.gate, l->role, l->stream))
			continue;
		arrive(d, s, WEIR_QUORUM_ARRIVE, l->link.id, l->role, l->stream, l->epoch, o);
		return;
	}
}

static int is_due(const struct weir_driver *d, const struct weir_driver_stream *s)
{
	return s->epoch_due || s->resync < d->leases.cap ||
	       weir_quorum_next_ns(s->config.gate) <= d->now;
}

static void work_on(struct weir_driver *d, struct weir_driver_stream *s, struct driver_out *o)
{
	struct weir_quorum_event tick = {.kind = WEIR_QUORUM_TICK};

	if (driver_has_room(o))
		pass_epoch(d, s, o);
	while (driver_has_room(o) && s->resync < d->leases.cap)
		pass_leases(d, s, o);
	if (driver_has_room(o) && weir_quorum_next_ns(s->config.gate) <= d->now)
		step(d, s, &tick, o);
}

void driver_gate_work(struct weir_driver *d, struct driver_out *o)
{
	uint32_t i;

	if (d->n_gates == 0)
		return;
	/* an epoch first: who has come since then comes in it */
	for (i = 0; i < d->n_gates && driver_has_room(o); i++)
		pass_epoch(d, driver_stream_at(d, d->gate[i]), o);
	pass_notices(d, o);
	for (i = 0; i < d->n_gates && driver_has_room(o); i++) {
		uint32_t g = (d->first_gate + i) % d->n_gates;

		if (is_due(d, driver_stream_at(d, d->gate[g])))
			work_on(d, driver_stream_at(d, d->gate[g]), o);
	}
	d->first_gate = (d->first_gate + 1u) % d->n_gates;
}

weir_ns driver_gate_next(const struct weir_driver *d)
{
	weir_ns next = d->n_notices != 0 ? d->now : WEIR_NS_NEVER, t;
	uint32_t i;

	for (i = 0; i < d->n_gates; i++) {
		const struct weir_driver_stream *s = driver_stream_at(d, d->gate[i]);

		t = is_due(d, s) ? d->now : weir_quorum_next_ns(s->config.gate);
		next = t < next ? t : next;
	}
	return next;
}

void driver_gate_close(struct weir_driver *d)
{
	struct weir_quorum_event e = {.kind = WEIR_QUORUM_CLOSE};
	struct weir_quorum_action a[WEIR_QUORUM_ACTIONS_MAX];
	uint32_t i, n;
	int rc;

	for (i = 0; i < d->n_gates; i++) {
		/* those who wait hear of the shutdown instead */
		rc = weir_quorum_step(driver_stream_at(d, d->gate[i])->config.gate, &e, d->now, a,
				      WEIR_QUORUM_ACTIONS_MAX, &n);
		(void)rc;
	}
	d->n_notices = 0;
}
