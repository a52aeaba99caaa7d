/* Attach requests: waiting, tries, and what ends the wait.
 *
 * Requests stand in LIVE in the order of their first try, and all have the same patience, so the
 * first of LIVE times out first. settle() is the only end of a wait but for WITHDRAW; it takes the
 * request out of the table, so none is answered twice. */
#include "quorum_internal.h"

static struct quorum_request *request(const struct weir_quorum *q, uint32_t i)
{
	return WEIR_PTR(struct quorum_request, quorum_table_at(&q->requests, i));
}

/* The answer to request i, which ends it. */
static void settle(struct weir_quorum *q, uint32_t i, enum weir_quorum_answer what,
		   struct quorum_out *o)
{
	const struct quorum_request *r = request(q, i);
	struct weir_quorum_action *a = quorum_answer(q, o, r->link.id, what);

	a->correlation = r->correlation;
	a->attempts = r->attempts;
	quorum_table_drop(&q->requests, i);
}

static void put_off(struct weir_quorum *q, const struct quorum_request *r, struct quorum_out *o)
{
	struct weir_quorum_action *a = quorum_answer(q, o, r->link.id, WEIR_QUORUM_PENDING);

	a->correlation = r->correlation;
	a->attempts = r->attempts;
	a->retry_at = r->retry_at;
}

/* A request that does not wait here: the answer, with advice. */
static void turn_away(struct weir_quorum *q, const struct weir_quorum_event *e,
		      enum weir_quorum_answer what, struct quorum_out *o)
{
	struct weir_quorum_action *a = quorum_answer(q, o, e->id, what);

	a->correlation = e->correlation;
	a->attempts = 1;
	a->retry_at = quorum_later(q->now, q->retry_ns);
}

static void first_try(struct weir_quorum *q, const struct weir_quorum_event *e,
		      struct quorum_out *o)
{
	struct quorum_request *r;
	uint32_t i;
	int forgot;

	q->stats.requests++;
	if (q->shut == WEIR_QUORUM_REFUSE) {
		turn_away(q, e, WEIR_QUORUM_REFUSED, o);
		return;
	}
	i = quorum_table_take(&q->requests, e->id, &forgot);
	if (i == QUORUM_NONE) {
		turn_away(q, e, WEIR_QUORUM_NO_ROOM, o);
		return;
	}
	quorum_table_move(&q->requests, i, LIVE);
	r = request(q, i);
	r->correlation = e->correlation;
	r->first = q->now;
	r->retry_at = quorum_later(q->now, q->retry_ns);
	r->attempts = 1;
	put_off(q, r, o);
}

static int timed_out(const struct weir_quorum *q, const struct quorum_request *r)
{
	return q->timeout_ns != WEIR_NS_NEVER && q->now - r->first >= q->timeout_ns;
}

void quorum_attach_shut(struct weir_quorum *q, const struct weir_quorum_event *e,
			struct quorum_out *o)
{
	uint32_t i = quorum_table_find(&q->requests, e->id);
	struct quorum_request *r;

	if (i == QUORUM_NONE) {
		first_try(q, e, o);
		return;
	}
	r = request(q, i);
	r->correlation = e->correlation;
	if (timed_out(q, r)) {
		settle(q, i, WEIR_QUORUM_TIMEOUT, o);
	} else if (q->now < r->retry_at) {
		q->stats.early++;
		put_off(q, r, o);
	} else if (q->retry_limit != UINT32_MAX && r->attempts >= q->retry_limit) {
		settle(q, i, WEIR_QUORUM_TIMEOUT, o);
	} else {
		r->attempts++;
		r->retry_at = quorum_later(q->now, q->retry_ns);
		put_off(q, r, o);
	}
}

/* An answer at once; a request of the same id that was waiting is the same request. */
static void answer_now(struct weir_quorum *q, const struct weir_quorum_event *e,
		       enum weir_quorum_answer what, struct quorum_out *o)
{
	uint32_t i = quorum_table_find(&q->requests, e->id);
	struct weir_quorum_action *a;

	if (i != QUORUM_NONE) {
		request(q, i)->correlation = e->correlation;
		request(q, i)->attempts++;
		settle(q, i, what, o);
		return;
	}
	q->stats.requests++;
	a = quorum_answer(q, o, e->id, what);
	a->correlation = e->correlation;
	a->attempts = 1;
}

void quorum_attach_open(struct weir_quorum *q, const struct weir_quorum_event *e,
			struct quorum_out *o)
{
	answer_now(q, e, WEIR_QUORUM_GRANTED, o);
}

void quorum_attach_over(struct weir_quorum *q, const struct weir_quorum_event *e,
			struct quorum_out *o)
{
	answer_now(q, e, WEIR_QUORUM_CLOSED, o);
}

void quorum_withdraw(struct weir_quorum *q, const struct weir_quorum_event *e, struct quorum_out *o)
{
	uint32_t i = quorum_table_find(&q->requests, e->id);

	if (i == QUORUM_NONE) {
		quorum_answer(q, o, e->id, WEIR_QUORUM_STRANGER);
		return;
	}
	q->stats.withdrawn++;
	settle(q, i, WEIR_QUORUM_ACCEPTED, o);
}

void quorum_settle_waiting(struct weir_quorum *q, enum weir_quorum_answer what,
			   struct quorum_out *o)
{
	uint32_t n;

	for (n = 0; n < WEIR_QUORUM_BATCH && q->requests.live != 0; n++)
		settle(q, q->requests.head[LIVE], what, o);
}

void quorum_settle_timed_out(struct weir_quorum *q, struct quorum_out *o)
{
	uint32_t n, i;

	for (n = 0; n < WEIR_QUORUM_BATCH; n++) {
		i = q->requests.head[LIVE];
		if (i == QUORUM_NONE || !timed_out(q, request(q, i)))
			return;
		settle(q, i, WEIR_QUORUM_TIMEOUT, o);
	}
}

weir_ns quorum_requests_next(const struct weir_quorum *q)
{
	uint32_t i = q->requests.head[LIVE];

	return i == QUORUM_NONE ? WEIR_NS_NEVER : quorum_later(request(q, i)->first, q->timeout_ns);
}
