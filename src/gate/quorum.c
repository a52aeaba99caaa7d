/* A quorum: who takes part, whether that is enough, and what attach requests are told.
 *
 * Counting. have[i] is the number of LIVE participants whose bit i is set in `meets`, and unmet the
 * number of criteria with have < count. Only come() and go() change them, once each time a
 * participant enters or leaves LIVE; begin_round() empties LIVE and clears them. The criteria hold
 * exactly when unmet == 0: no step ever looks over the participants.
 *
 * READY has one source, judge(), on the way from FORMING to OPEN. FORMING is entered by init and by
 * begin_round() alone, which raises the round: so READY is said once per round at most. The gate
 * opens only while nobody that counts is overdue: the first of LIVE is the one seen longest ago,
 * since every sign of life moves a place to the end and `now` never goes back.
 */
#include <string.h>

#include "quorum_internal.h"

typedef void (*handler)(struct weir_quorum *q, const struct weir_quorum_event *e,
			struct quorum_out *o);

static struct weir_quorum_participant *participant(const struct weir_quorum *q, uint32_t i)
{
	return WEIR_PTR(struct weir_quorum_participant, quorum_table_at(&q->participants, i));
}

static uint64_t met_by(const struct weir_quorum *q, uint32_t role, uint32_t stream)
{
	uint64_t meets = 0;
	uint32_t i;

	for (i = 0; i < q->ncriteria; i++) {
		const struct weir_quorum_criterion *c = &q->criterion[i];

		if ((c->role == WEIR_QUORUM_ANY || c->role == role) &&
		    (c->stream == WEIR_QUORUM_ANY || c->stream == stream))
			meets |= UINT64_C(1) << i;
	}
	return meets;
}

static void come(struct weir_quorum *q, uint32_t i)
{
	uint64_t left;

	for (left = participant(q, i)->meets; left != 0; left &= left - 1u) {
		uint32_t c = (uint32_t)__builtin_ctzll(left);

		if (++q->have[c] == q->criterion[c].count)
			q->unmet--;
	}
	quorum_table_move(&q->participants, i, LIVE);
}

static void go(struct weir_quorum *q, uint32_t i)
{
	uint64_t left;

	for (left = participant(q, i)->meets; left != 0; left &= left - 1u) {
		uint32_t c = (uint32_t)__builtin_ctzll(left);

		if (q->have[c]-- == q->criterion[c].count)
			q->unmet++;
	}
	quorum_table_move(&q->participants, i, IDLE);
}

static void begin_round(struct weir_quorum *q, struct quorum_out *o)
{
	quorum_table_retire(&q->participants);
	memset(q->have, 0, sizeof(q->have));
	q->unmet = q->ncriteria;
	q->round++;
	q->since = q->now;
	q->state = WEIR_QUORUM_FORMING;
	q->stats.rounds++;
	quorum_act(q, o, WEIR_QUORUM_RESET, 0);
}

/* Of participant i, which the event names, in the same role and stream: is it another life? */
static int restarted(const struct weir_quorum *q, uint32_t i, const struct weir_quorum_event *e)
{
	const struct weir_quorum_participant *p = participant(q, i);

	return e->epoch > p->epoch && p->round == q->round;
}

static void refresh(struct weir_quorum *q, uint32_t i)
{
	participant(q, i)->seen = q->now;
	quorum_table_move(&q->participants, i, LIVE);
}

static void enter(struct weir_quorum *q, uint32_t i, const struct weir_quorum_event *e,
		  struct quorum_out *o)
{
	struct weir_quorum_participant *p = participant(q, i);

	p->epoch = e->epoch;
	p->round = q->round;
	p->seen = q->now;
	if (!quorum_table_is_live(&q->participants, i)) {
		p->role = e->role;
		p->stream = e->stream;
		p->meets = met_by(q, e->role, e->stream);
		come(q, i);
	} else {
		refresh(q, i);
	}
	q->stats.arrivals++;
	quorum_answer(q, o, e->id, WEIR_QUORUM_ACCEPTED);
}

static void on_arrive(struct weir_quorum *q, const struct weir_quorum_event *e,
		      struct quorum_out *o)
{
	uint32_t i = quorum_table_find(&q->participants, e->id);
	int live = i != QUORUM_NONE && quorum_table_is_live(&q->participants, i);
	int same = i != QUORUM_NONE && participant(q, i)->role == e->role &&
		   participant(q, i)->stream == e->stream;
	int forgot = 0;

	if (live && !same) {
		quorum_answer(q, o, e->id, WEIR_QUORUM_CONFLICT);
	} else if ((same && e->epoch < participant(q, i)->epoch) ||
		   (q->epochs == WEIR_QUORUM_EPOCH_MATCH && e->epoch < q->epoch)) {
		quorum_answer(q, o, e->id, WEIR_QUORUM_OLD_EPOCH);
	} else if (q->epochs == WEIR_QUORUM_EPOCH_MATCH && e->epoch > q->epoch) {
		quorum_answer(q, o, e->id, WEIR_QUORUM_NEWER_EPOCH);
	} else if (live && e->epoch == participant(q, i)->epoch) {
		refresh(q, i);
		quorum_answer(q, o, e->id, WEIR_QUORUM_ALREADY);
	} else {
		if (q->epochs == WEIR_QUORUM_EPOCH_ANY && same && restarted(q, i, e))
			begin_round(q, o);
		if (i == QUORUM_NONE)
			i = quorum_table_take(&q->participants, e->id, &forgot);
		q->stats.forgotten += (uint64_t)forgot;
		if (i == QUORUM_NONE)
			quorum_answer(q, o, e->id, WEIR_QUORUM_NO_ROOM);
		else
			enter(q, i, e, o);
	}
}

/* The live participant that the event is about, or QUORUM_NONE, which has been answered. */
static uint32_t the_live(struct weir_quorum *q, const struct weir_quorum_event *e,
			 struct quorum_out *o)
{
	uint32_t i = quorum_table_find(&q->participants, e->id);

	if (i == QUORUM_NONE || !quorum_table_is_live(&q->participants, i)) {
		quorum_answer(q, o, e->id, WEIR_QUORUM_STRANGER);
		return QUORUM_NONE;
	}
	if (e->epoch < participant(q, i)->epoch) {
		quorum_answer(q, o, e->id, WEIR_QUORUM_OLD_EPOCH);
		return QUORUM_NONE;
	}
	return i;
}

static void on_seen(struct weir_quorum *q, const struct weir_quorum_event *e, struct quorum_out *o)
{
	uint32_t i = the_live(q, e, o);

	if (i == QUORUM_NONE)
		return;
	if (e->epoch != participant(q, i)->epoch) { /* of a life that has not arrived */
		quorum_answer(q, o, e->id, WEIR_QUORUM_STRANGER);
		return;
	}
	refresh(q, i);
	quorum_answer(q, o, e->id, WEIR_QUORUM_ACCEPTED);
}

static void on_depart(struct weir_quorum *q, const struct weir_quorum_event *e,
		      struct quorum_out *o)
{
	uint32_t i = the_live(q, e, o);

	if (i == QUORUM_NONE)
		return;
	go(q, i);
	q->stats.departures++;
	quorum_answer(q, o, e->id, WEIR_QUORUM_ACCEPTED);
}

static void on_epoch(struct weir_quorum *q, const struct weir_quorum_event *e, struct quorum_out *o)
{
	if (e->epoch < q->epoch) {
		quorum_answer(q, o, e->id, WEIR_QUORUM_OLD_EPOCH);
	} else if (e->epoch == q->epoch) {
		quorum_answer(q, o, e->id, WEIR_QUORUM_ALREADY);
	} else {
		q->epoch = e->epoch;
		begin_round(q, o);
		quorum_answer(q, o, e->id, WEIR_QUORUM_ACCEPTED);
	}
}

/* ---- the gate ---- */

static int overdue(const struct weir_quorum *q)
{
	uint32_t i = q->participants.head[LIVE];

	return i != QUORUM_NONE && q->now - participant(q, i)->seen > q->stale_ns;
}

static void open_gate(struct weir_quorum *q, struct quorum_out *o)
{
	uint64_t ns = q->now - q->since;

	if (q->state == WEIR_QUORUM_FORMING) {
		q->stats.ready++;
		q->stats.forming_ns += ns;
		if (ns > q->stats.largest_forming_ns)
			q->stats.largest_forming_ns = ns;
		quorum_act(q, o, WEIR_QUORUM_READY, 0);
	} else {
		q->stats.restored++;
		quorum_act(q, o, WEIR_QUORUM_RESTORED, 0);
	}
	q->state = WEIR_QUORUM_OPEN;
}

static void judge(struct weir_quorum *q, struct quorum_out *o)
{
	int waiting = q->state == WEIR_QUORUM_FORMING || q->state == WEIR_QUORUM_LOST;

	if (waiting && q->unmet == 0 && !overdue(q)) {
		open_gate(q, o);
	} else if (q->state == WEIR_QUORUM_OPEN && q->unmet != 0 && q->loss == WEIR_QUORUM_REVOKE) {
		q->state = WEIR_QUORUM_LOST;
		q->stats.revoked++;
		quorum_act(q, o, WEIR_QUORUM_REVOKED, 0);
	}
	if (q->state == WEIR_QUORUM_OPEN)
		quorum_settle_waiting(q, WEIR_QUORUM_GRANTED, o);
	else if (q->state == WEIR_QUORUM_OVER)
		quorum_settle_waiting(q, WEIR_QUORUM_CLOSED, o);
}

static void on_tick(struct weir_quorum *q, const struct weir_quorum_event *e, struct quorum_out *o)
{
	uint32_t n, i;

	(void)e;
	for (n = 0; n < WEIR_QUORUM_BATCH && overdue(q); n++) {
		i = q->participants.head[LIVE];
		go(q, i);
		q->stats.overdue++;
		quorum_act(q, o, WEIR_QUORUM_OVERDUE, participant(q, i)->link.id);
	}
}

static void on_close(struct weir_quorum *q, const struct weir_quorum_event *e, struct quorum_out *o)
{
	(void)e;
	(void)o;
	q->state = WEIR_QUORUM_OVER;
}

static void on_closed(struct weir_quorum *q, const struct weir_quorum_event *e,
		      struct quorum_out *o)
{
	quorum_answer(q, o, e->id, WEIR_QUORUM_CLOSED);
}

static void on_nothing(struct weir_quorum *q, const struct weir_quorum_event *e,
		       struct quorum_out *o)
{
	(void)q;
	(void)e;
	(void)o;
}

/* Every event is allowed in every state; what an open gate changes is what requests are told. */
#define WHILE(attach)                                                                              \
	{                                                                                          \
		[WEIR_QUORUM_ARRIVE] = on_arrive, [WEIR_QUORUM_SEEN] = on_seen,                    \
		[WEIR_QUORUM_DEPART] = on_depart, [WEIR_QUORUM_ATTACH] = attach,                   \
		[WEIR_QUORUM_WITHDRAW] = quorum_withdraw, [WEIR_QUORUM_EPOCH] = on_epoch,          \
		[WEIR_QUORUM_CLOSE] = on_close, [WEIR_QUORUM_TICK] = on_tick                       \
	}

static const handler legal[WEIR_QUORUM_STATE_COUNT][WEIR_QUORUM_EVENT_COUNT] = {
	[WEIR_QUORUM_FORMING] = WHILE(quorum_attach_shut),
	[WEIR_QUORUM_OPEN] = WHILE(quorum_attach_open),
	[WEIR_QUORUM_LOST] = WHILE(quorum_attach_shut),
	[WEIR_QUORUM_OVER] = {on_closed, on_closed, on_closed, quorum_attach_over, quorum_withdraw,
			      on_closed, on_nothing, on_nothing},
};

static int valid(const struct weir_quorum_event *e)
{
	if (e->kind == WEIR_QUORUM_ARRIVE)
		return e->role >= WEIR_QUORUM_PRODUCER && e->role <= WEIR_QUORUM_AUTHORITY &&
		       e->stream != 0;
	return e->kind < WEIR_QUORUM_EVENT_COUNT;
}

int weir_quorum_step(struct weir_quorum *q, const struct weir_quorum_event *e, weir_ns now,
		     struct weir_quorum_action *out, uint32_t cap, uint32_t *n)
{
	struct quorum_out o = {.a = out};

	if (!valid(e))
		return -EINVAL;
	if (cap < WEIR_QUORUM_ACTIONS_MAX)
		return -ENOBUFS;
	if (now > q->now)
		q->now = now;
	legal[q->state][e->kind](q, e, &o);
	judge(q, &o);
	if (e->kind == WEIR_QUORUM_TICK &&
	    (q->state == WEIR_QUORUM_FORMING || q->state == WEIR_QUORUM_LOST))
		quorum_settle_timed_out(q, &o);
	*n = o.n;
	return WEIR_OK;
}

weir_ns weir_quorum_next_ns(const struct weir_quorum *q)
{
	weir_ns next = WEIR_NS_NEVER, t;
	uint32_t i = q->participants.head[LIVE];

	if (q->requests.live != 0 && (q->state == WEIR_QUORUM_OPEN || q->state == WEIR_QUORUM_OVER))
		return q->now;
	if (q->state == WEIR_QUORUM_OVER)
		return WEIR_NS_NEVER;
	if (i != QUORUM_NONE && q->stale_ns != WEIR_NS_NEVER)
		next = quorum_later(quorum_later(participant(q, i)->seen, q->stale_ns), 1);
	t = quorum_requests_next(q);
	return t < next ? t : next;
}

uint32_t weir_quorum_missing(const struct weir_quorum *q, uint32_t i)
{
	if (i >= q->ncriteria || q->have[i] >= q->criterion[i].count)
		return 0;
	return q->criterion[i].count - q->have[i];
}

const struct weir_quorum_participant *weir_quorum_find(const struct weir_quorum *q, uint32_t id)
{
	uint32_t i = quorum_table_find(&q->participants, id);

	if (i == QUORUM_NONE || !quorum_table_is_live(&q->participants, i))
		return NULL;
	return participant(q, i);
}
