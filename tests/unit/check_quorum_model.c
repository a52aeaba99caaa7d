/* A random walk of quorums against an oracle: plain arrays by id, recounted at every step.
 *
 * The oracle says for each event the whole list of actions, field by field. It has no lists, no
 * index and no counts: who is the longest silent, who waits first and whose memory goes when room
 * is needed, it finds by looking at everybody. WEIR_SEED repeats a walk. */
#include <string.h>

#include <weir/quorum.h>

#include "walk.h"

#define IDS 12u
#define PLACES 5u
#define WAITERS 10u
#define CRITERIA 4u
#define STEPS 12000u

struct person {
	int live, known;
	uint32_t role, stream;
	uint64_t epoch, round, order; /* order: of entering LIVE's end, or of becoming idle */
	weir_ns seen;
};

struct waiter {
	int waits;
	int64_t correlation;
	weir_ns first, retry_at;
	uint64_t order;
	uint32_t attempts;
};

static struct person person[IDS];
static struct waiter waiter[IDS];
static struct weir_quorum_config cfg;
static uint64_t epoch, rounds, order;
static weir_ns now;
static unsigned gate;
static struct weir_quorum_action want[64];
static uint32_t wants;
static uint64_t seen_actions[WEIR_QUORUM_ACTION_COUNT], seen_answers[WEIR_QUORUM_ANSWER_COUNT];
static uint64_t ready_in_round;

static const struct weir_quorum_criterion criteria[CRITERIA] = {
	{.role = WEIR_QUORUM_PRODUCER, .stream = 1, .count = 1},
	{.role = WEIR_QUORUM_PRODUCER, .stream = WEIR_QUORUM_ANY, .count = 2},
	{.role = WEIR_QUORUM_ANY, .stream = 2, .count = 1},
	{.role = WEIR_QUORUM_ANY, .stream = WEIR_QUORUM_ANY, .count = 3},
};

static uint32_t count(int live)
{
	uint32_t i, n = 0;

	for (i = 0; i < IDS; i++)
		n += person[i].known && (person[i].live != 0) == live;
	return n;
}

static uint32_t lacking(uint32_t c)
{
	uint32_t i, n = 0;

	for (i = 0; i < IDS; i++)
		n += person[i].live != 0 &&
		     (criteria[c].role == 0 || criteria[c].role == person[i].role) &&
		     (criteria[c].stream == 0 || criteria[c].stream == person[i].stream);
	return n < criteria[c].count ? criteria[c].count - n : 0;
}

static int holds(void)
{
	uint32_t c, lacks = 0;

	for (c = 0; c < CRITERIA; c++)
		lacks += lacking(c);
	return lacks == 0;
}

static int silent(const struct person *p)
{
	return p->live && cfg.stale_ns != WEIR_NS_NEVER && now > p->seen &&
	       now - p->seen > cfg.stale_ns;
}

static int patience_ends(const struct waiter *w)
{
	return cfg.timeout_ns != WEIR_NS_NEVER && now >= w->first + cfg.timeout_ns;
}

static struct weir_quorum_action *expect(unsigned kind, uint32_t id)
{
	struct weir_quorum_action *a = &want[wants++];

	memset(a, 0, sizeof(*a));
	a->kind = kind;
	a->id = id;
	a->epoch = epoch;
	a->round = rounds;
	a->participants = count(1);
	return a;
}

static struct weir_quorum_action *say(uint32_t id, unsigned answer, int code)
{
	struct weir_quorum_action *a = expect(WEIR_QUORUM_ANSWER, id);

	a->answer = answer;
	a->code = code;
	return a;
}

static void end_wait(uint32_t id, unsigned answer, int code)
{
	struct weir_quorum_action *a = say(id, answer, code);

	a->correlation = waiter[id].correlation;
	a->attempts = waiter[id].attempts;
	waiter[id].waits = 0;
}

static void reset(void)
{
	uint32_t i, oldest;

	do { /* from now on remembered, in the order in which they were heard of */
		oldest = IDS;
		for (i = 0; i < IDS; i++)
			if (person[i].live &&
			    (oldest == IDS || person[i].order < person[oldest].order))
				oldest = i;
		if (oldest != IDS) {
			person[oldest].live = 0;
			person[oldest].order = ++order;
		}
	} while (oldest != IDS);
	rounds++;
	gate = WEIR_QUORUM_FORMING;
	ready_in_round = 0;
	expect(WEIR_QUORUM_RESET, 0);
}

/* Room for one more; 0: none. */
static int make_room(void)
{
	uint32_t i, oldest = IDS;

	if (count(1) + count(0) < PLACES)
		return 1;
	for (i = 0; i < IDS; i++)
		if (person[i].known && !person[i].live &&
		    (oldest == IDS || person[i].order < person[oldest].order))
			oldest = i;
	if (oldest == IDS)
		return 0;
	memset(&person[oldest], 0, sizeof(person[oldest]));
	return 1;
}

static void arrive(const struct weir_quorum_event *e)
{
	struct person *p = &person[e->id];
	int same = p->known && p->role == e->role && p->stream == e->stream;

	if (p->live && !same) {
		say(e->id, WEIR_QUORUM_CONFLICT, -EBUSY);
		return;
	}
	if ((same && e->epoch < p->epoch) ||
	    (cfg.epochs == WEIR_QUORUM_EPOCH_MATCH && e->epoch < epoch)) {
		say(e->id, WEIR_QUORUM_OLD_EPOCH, -ESTALE);
		return;
	}
	if (cfg.epochs == WEIR_QUORUM_EPOCH_MATCH && e->epoch > epoch) {
		say(e->id, WEIR_QUORUM_NEWER_EPOCH, -EAGAIN);
		return;
	}
	if (p->live && e->epoch == p->epoch) {
		p->seen = now;
		p->order = ++order;
		say(e->id, WEIR_QUORUM_ALREADY, WEIR_OK);
		return;
	}
	if (cfg.epochs == WEIR_QUORUM_EPOCH_ANY && same && p->round == rounds &&
	    e->epoch > p->epoch)
		reset();
	if (!p->known && !make_room()) {
		say(e->id, WEIR_QUORUM_NO_ROOM, -ENOSPC);
		return;
	}
	p->known = p->live = 1;
	p->role = e->role;
	p->stream = e->stream;
	p->epoch = e->epoch;
	p->round = rounds;
	p->seen = now;
	p->order = ++order;
	say(e->id, WEIR_QUORUM_ACCEPTED, WEIR_OK);
}

static void depart_or_seen(const struct weir_quorum_event *e)
{
	struct person *p = &person[e->id];

	if (!p->live) {
		say(e->id, WEIR_QUORUM_STRANGER, -ENOTCONN);
	} else if (e->epoch < p->epoch) {
		say(e->id, WEIR_QUORUM_OLD_EPOCH, -ESTALE);
	} else if (e->kind == WEIR_QUORUM_SEEN && e->epoch > p->epoch) {
		say(e->id, WEIR_QUORUM_STRANGER, -ENOTCONN);
	} else {
		p->order = ++order;
		if (e->kind == WEIR_QUORUM_SEEN)
			p->seen = now;
		else
			p->live = 0;
		say(e->id, WEIR_QUORUM_ACCEPTED, WEIR_OK);
	}
}

static uint32_t waiting(void)
{
	uint32_t i, n = 0;

	for (i = 0; i < IDS; i++)
		n += waiter[i].waits != 0;
	return n;
}

static void attach_shut(const struct weir_quorum_event *e)
{
	struct waiter *w = &waiter[e->id];
	struct weir_quorum_action *a;

	if (!w->waits && (cfg.shut == WEIR_QUORUM_REFUSE || waiting() == cfg.requests)) {
		if (cfg.shut == WEIR_QUORUM_REFUSE)
			a = say(e->id, WEIR_QUORUM_REFUSED, -EAGAIN);
		else
			a = say(e->id, WEIR_QUORUM_NO_ROOM, -ENOSPC);
		a->correlation = e->correlation;
		a->attempts = 1;
		a->retry_at = now + cfg.retry_ns;
		return;
	}
	w->correlation = e->correlation;
	if (w->waits &&
	    (patience_ends(w) || (now >= w->retry_at && w->attempts >= cfg.retry_limit))) {
		end_wait(e->id, WEIR_QUORUM_TIMEOUT, -ETIMEDOUT);
		return;
	}
	if (!w->waits) {
		w->attempts = 0;
		w->first = now;
		w->order = ++order;
		w->retry_at = now;
	}
	if (now >= w->retry_at) {
		w->attempts++;
		w->retry_at = now + cfg.retry_ns;
	}
	w->waits = 1;
	a = say(e->id, WEIR_QUORUM_PENDING, WEIR_PENDING);
	a->correlation = e->correlation;
	a->attempts = w->attempts;
	a->retry_at = w->retry_at;
}

static void attach(const struct weir_quorum_event *e)
{
	struct waiter *w = &waiter[e->id];

	if (gate == WEIR_QUORUM_FORMING || gate == WEIR_QUORUM_LOST) {
		attach_shut(e);
		return;
	}
	w->attempts = w->waits ? w->attempts + 1 : 1;
	w->correlation = e->correlation;
	if (gate == WEIR_QUORUM_OPEN)
		end_wait(e->id, WEIR_QUORUM_GRANTED, WEIR_OK);
	else
		end_wait(e->id, WEIR_QUORUM_CLOSED, -ECANCELED);
}

static void withdraw(const struct weir_quorum_event *e)
{
	if (waiter[e->id].waits)
		end_wait(e->id, WEIR_QUORUM_ACCEPTED, WEIR_OK);
	else
		say(e->id, WEIR_QUORUM_STRANGER, -ENOTCONN);
}

static void new_epoch(const struct weir_quorum_event *e)
{
	if (e->epoch < epoch) {
		say(e->id, WEIR_QUORUM_OLD_EPOCH, -ESTALE);
	} else if (e->epoch == epoch) {
		say(e->id, WEIR_QUORUM_ALREADY, WEIR_OK);
	} else {
		epoch = e->epoch;
		reset();
		say(e->id, WEIR_QUORUM_ACCEPTED, WEIR_OK);
	}
}

/* The participant that has been silent for the longest, too long; or IDS. */
static uint32_t longest_silent(void)
{
	uint32_t i, oldest = IDS;

	for (i = 0; i < IDS; i++)
		if (silent(&person[i]) && (oldest == IDS || person[i].order < person[oldest].order))
			oldest = i;
	return oldest;
}

static uint32_t first_waiter(void)
{
	uint32_t i, first = IDS;

	for (i = 0; i < IDS; i++)
		if (waiter[i].waits && (first == IDS || waiter[i].order < waiter[first].order))
			first = i;
	return first;
}

static void tick(void)
{
	uint32_t n, i;

	for (n = 0; n < WEIR_QUORUM_BATCH && (i = longest_silent()) != IDS; n++) {
		person[i].live = 0;
		person[i].order = ++order;
		expect(WEIR_QUORUM_OVERDUE, i);
	}
}

static void gate_moves(void)
{
	if ((gate == WEIR_QUORUM_FORMING || gate == WEIR_QUORUM_LOST) && holds() &&
	    longest_silent() == IDS) {
		expect(gate == WEIR_QUORUM_FORMING ? WEIR_QUORUM_READY : WEIR_QUORUM_RESTORED, 0);
		ready_in_round += gate == WEIR_QUORUM_FORMING;
		MUST(ready_in_round == 1);
		gate = WEIR_QUORUM_OPEN;
	} else if (gate == WEIR_QUORUM_OPEN && !holds() && cfg.loss == WEIR_QUORUM_REVOKE) {
		expect(WEIR_QUORUM_REVOKED, 0);
		gate = WEIR_QUORUM_LOST;
	}
}

static void waiters_move(unsigned kind)
{
	uint32_t n, i;

	for (n = 0; n < WEIR_QUORUM_BATCH && (i = first_waiter()) != IDS; n++) {
		if (gate == WEIR_QUORUM_OPEN)
			end_wait(i, WEIR_QUORUM_GRANTED, WEIR_OK);
		else if (gate == WEIR_QUORUM_OVER)
			end_wait(i, WEIR_QUORUM_CLOSED, -ECANCELED);
		else if (kind == WEIR_QUORUM_TICK && patience_ends(&waiter[i]))
			end_wait(i, WEIR_QUORUM_TIMEOUT, -ETIMEDOUT);
		else
			return;
	}
}

static void oracle(const struct weir_quorum_event *e)
{
	wants = 0;
	if (e->kind == WEIR_QUORUM_CLOSE)
		gate = WEIR_QUORUM_OVER;
	else if (e->kind == WEIR_QUORUM_ATTACH)
		attach(e);
	else if (e->kind == WEIR_QUORUM_WITHDRAW)
		withdraw(e);
	else if (gate == WEIR_QUORUM_OVER && e->kind != WEIR_QUORUM_TICK)
		say(e->id, WEIR_QUORUM_CLOSED, -ECANCELED);
	else if (gate == WEIR_QUORUM_OVER)
		;
	else if (e->kind == WEIR_QUORUM_ARRIVE)
		arrive(e);
	else if (e->kind == WEIR_QUORUM_EPOCH)
		new_epoch(e);
	else if (e->kind == WEIR_QUORUM_TICK)
		tick();
	else
		depart_or_seen(e);
	gate_moves();
	waiters_move(e->kind);
}

static weir_ns next_due(void)
{
	weir_ns next = WEIR_NS_NEVER;
	uint32_t i;

	for (i = 0; i < IDS; i++) {
		if (waiter[i].waits && (gate == WEIR_QUORUM_OPEN || gate == WEIR_QUORUM_OVER))
			return now;
		if (waiter[i].waits && cfg.timeout_ns != WEIR_NS_NEVER &&
		    waiter[i].first + cfg.timeout_ns < next)
			next = waiter[i].first + cfg.timeout_ns;
		if (gate != WEIR_QUORUM_OVER && person[i].live && cfg.stale_ns != WEIR_NS_NEVER &&
		    person[i].seen + cfg.stale_ns + 1 < next)
			next = person[i].seen + cfg.stale_ns + 1;
	}
	return next;
}

static struct weir_quorum_event random_event(void)
{
	static const uint8_t often[] = {WEIR_QUORUM_ARRIVE, WEIR_QUORUM_ARRIVE, WEIR_QUORUM_ARRIVE,
					WEIR_QUORUM_SEEN,   WEIR_QUORUM_SEEN,	WEIR_QUORUM_ATTACH,
					WEIR_QUORUM_ATTACH, WEIR_QUORUM_ATTACH, WEIR_QUORUM_TICK,
					WEIR_QUORUM_TICK};
	struct weir_quorum_event e;

	memset(&e, 0, sizeof(e));
	e.kind = chance(6) == 0 ? (uint32_t)chance(WEIR_QUORUM_EVENT_COUNT)
				: often[chance(sizeof(often))];
	if (e.kind == WEIR_QUORUM_CLOSE && chance(40) != 0)
		e.kind = WEIR_QUORUM_TICK;
	e.id = (uint32_t)chance(e.kind == WEIR_QUORUM_ATTACH ? IDS : 8);
	e.role = 1 + (e.id & 1) + (chance(30) == 0);
	e.stream = 1 + e.id / 2 % 2 + (chance(40) == 0);
	e.epoch = epoch + (chance(10) == 0) - (chance(12) == 0 && epoch > 0);
	if (e.kind == WEIR_QUORUM_DEPART && chance(2) == 0)
		e.epoch = UINT64_MAX;
	if (e.kind == WEIR_QUORUM_SEEN && chance(4) != 0)
		e.epoch = person[e.id].epoch;
	e.correlation = (int64_t)at - 1000;
	return e;
}

static void compare(const struct weir_quorum *q, const struct weir_quorum_action *got, uint32_t n)
{
	uint32_t i;

	MUST(n == wants);
	MUST(n <= WEIR_QUORUM_ACTIONS_MAX);
	for (i = 0; i < n; i++) {
		MUST(memcmp(&got[i], &want[i], sizeof(*got)) == 0);
		seen_actions[got[i].kind]++;
		if (got[i].kind == WEIR_QUORUM_ANSWER)
			seen_answers[got[i].answer]++;
	}
	MUST(q->state == gate);
	MUST(q->round == rounds && q->epoch == epoch);
	MUST(weir_quorum_next_ns(q) == next_due());
	for (i = 0; i < CRITERIA; i++)
		MUST(weir_quorum_missing(q, i) == lacking(i));
	for (i = 0; i < IDS; i++) {
		const struct weir_quorum_participant *p = weir_quorum_find(q, i);

		MUST((p != NULL) == person[i].live);
		if (p != NULL)
			MUST(p->epoch == person[i].epoch && p->seen == person[i].seen);
	}
}

static void walk(uint32_t variant)
{
	static uint64_t storage[4096];
	struct weir_span span = {.ptr = storage, .len = sizeof(storage)};
	struct weir_quorum_action got[WEIR_QUORUM_ACTIONS_MAX];
	struct weir_quorum_event e;
	struct weir_quorum q;
	weir_ns passed;
	uint32_t n;

	memset(&cfg, 0, sizeof(cfg));
	cfg.struct_size = sizeof(cfg);
	cfg.out_stream = 9;
	cfg.participants = PLACES;
	cfg.requests = WAITERS;
	cfg.ncriteria = CRITERIA;
	cfg.criteria = criteria;
	cfg.epochs = 1 + variant % 3;
	cfg.loss = variant / 3 % 2;
	cfg.shut = variant / 6 % 4 == 3;
	cfg.timeout_ns = variant / 6 % 4 == 1 ? WEIR_NS_NEVER : 40;
	cfg.stale_ns = variant / 6 % 4 == 2 ? WEIR_NS_NEVER : 60;
	cfg.retry_ns = 7;
	cfg.retry_limit = 3;
	cfg.epoch = epoch = 3;
	cfg.seed = seed;
	memset(person, 0, sizeof(person));
	memset(waiter, 0, sizeof(waiter));
	rounds = 1;
	now = 0;
	gate = WEIR_QUORUM_FORMING;
	ready_in_round = 0;
	MUST(weir_quorum_init(&q, &cfg, span, now, NULL) == WEIR_OK);
	for (at = 0; at < STEPS; at++) {
		passed = chance(4) == 0 ? chance(20) : chance(2);
		now += passed;
		e = random_event();
		oracle(&e);
		/* an earlier time than the latest counts as that */
		MUST(weir_quorum_step(&q, &e, passed == 0 ? chance(now + 1) : now, got,
				      WEIR_QUORUM_ACTIONS_MAX, &n) == WEIR_OK);
		compare(&q, got, n);
		if (gate == WEIR_QUORUM_OVER && chance(20) == 0)
			break;
	}
}

int main(void)
{
	const char *s = getenv("WEIR_SEED");
	uint32_t variant, again;
	unsigned i;

	seed = s != NULL ? strtoull(s, NULL, 0) : 20240229;
	state = seed * 2654435769u + 1;
	for (again = 0; again < 6; again++)
		for (variant = 0; variant < 24; variant++)
			walk(variant);
	for (i = 0; i < WEIR_QUORUM_ACTION_COUNT; i++) {
		printf("%s %" PRIu64 "\n", weir_quorum_action_name(i), seen_actions[i]);
		MUST(seen_actions[i] > 0);
	}
	for (i = 0; i < WEIR_QUORUM_ANSWER_COUNT; i++) {
		printf("%s %" PRIu64 "\n", weir_quorum_answer_name(i), seen_answers[i]);
		MUST(seen_answers[i] > 0);
	}
	return 0;
}
