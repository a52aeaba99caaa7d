/* One barrier: gather, drain, release.
 *
 * Safety. RELEASE with an outcome >= 0 has one source per mode: complete() for a rendezvous, which
 * runs when awaited == 0, and on_drained() for a fence, which runs only in DRAINING, entered by
 * complete() alone. awaited counts the frozen members that have neither arrived nor departed; each
 * member is taken out of it once, guarded by its bit in arrived or by departed(). Every release
 * goes through release(), which leads to IDLE, and IDLE releases nothing but a generation that its
 * own arrival opens: nobody is released twice.
 *
 * Liveness. Every open generation ends by its last arrival, departures, DRAINED, TICK, CANCEL, or
 * when nobody is left to be released: awaited == 0 and waiting == 0.
 *
 * A result is written in release() only, so a new generation never touches the last one's. */
#include <weir/barrier.h>

#include <string.h>

/* The actions of the step under way. */
struct out {
	struct weir_barrier_action *a;
	uint32_t n;
};

typedef void (*handler)(struct weir_barrier *b, const struct weir_barrier_event *e, struct out *o);

static struct weir_barrier_action *act(struct out *o, enum weir_barrier_action_kind kind,
				       uint64_t generation, int code)
{
	struct weir_barrier_action *a = &o->a[o->n++];

	memset(a, 0, sizeof(*a));
	a->kind = (uint32_t)kind;
	a->generation = generation;
	a->code = code;
	return a;
}

/* The only place where the state changes; accounts for the time in the one that ends. */
static void set_state(struct weir_barrier *b, enum weir_barrier_state to)
{
	uint64_t ns = b->now - b->since;

	if (b->state == WEIR_BARRIER_GATHERING) {
		b->stats.gather_ns += ns;
		if (ns > b->stats.largest_gather_ns)
			b->stats.largest_gather_ns = ns;
	} else if (b->state == WEIR_BARRIER_DRAINING) {
		b->stats.drain_ns += ns;
		if (ns > b->stats.largest_drain_ns)
			b->stats.largest_drain_ns = ns;
	}
	b->state = (uint32_t)to;
	b->since = b->now;
}

static int departed(const struct weir_barrier *b, uint32_t member)
{
	return weir_group_set_has(&b->left, member) || weir_group_set_has(&b->dead, member) ||
	       weir_group_set_has(&b->mixed, member);
}

/* In *to: those frozen members that departed neither way and have (want 1) or have not arrived. */
static void present(const struct weir_barrier *b, int want, struct weir_group_set *to)
{
	uint64_t here;
	uint32_t i;

	for (i = 0; i < WEIR_GROUP_MAX / 64u; i++) {
		here = b->frozen.word[i] & ~(b->left.word[i] | b->dead.word[i] | b->mixed.word[i]);
		to->word[i] = here & (want ? b->arrived.word[i] : ~b->arrived.word[i]);
	}
}

static void release(struct weir_barrier *b, int outcome, const struct weir_group_set *sinks,
		    struct out *o)
{
	struct weir_barrier_result *r = &b->result;

	if (outcome == WEIR_OK && b->members != b->awaited + b->waiting)
		outcome = WEIR_DEPARTED;
	memset(r, 0, sizeof(*r));
	r->generation = b->generation;
	r->view = b->view;
	r->opened = b->opened;
	r->released_at = b->now;
	r->outcome = outcome;
	r->mode = b->mode;
	r->policy = b->policy;
	r->phase = b->state;
	r->members = b->members;
	r->arrived = b->n_arrived;
	present(b, 1, &r->released);
	present(b, 0, &r->missing);
	r->left = b->left;
	r->dead = b->dead;
	r->mixed = b->mixed;
	if (sinks != NULL)
		r->sinks = *sinks;
	b->stats.generations++;
	b->deadline = WEIR_NS_NEVER;
	set_state(b, WEIR_BARRIER_IDLE);
	act(o, WEIR_BARRIER_RELEASE, r->generation, outcome);
}

static void abandon(struct weir_barrier *b, struct out *o)
{
	b->stats.abandoned++;
	release(b, -ECANCELED, NULL, o);
}

/* Nobody is awaited any more. */
static void complete(struct weir_barrier *b, struct out *o)
{
	if (b->waiting == 0) {
		abandon(b, o);
	} else if (b->mode == WEIR_BARRIER_RENDEZVOUS) {
		release(b, WEIR_OK, NULL, o);
	} else {
		set_state(b, WEIR_BARRIER_DRAINING);
		act(o, WEIR_BARRIER_RECORD_TARGETS, b->generation, WEIR_OK);
	}
}

static void answer(struct weir_barrier *b, const struct weir_barrier_event *e,
		   enum weir_barrier_answer what, struct out *o)
{
	static const int code[] = {
#define X(name, value) value,
		WEIR_BARRIER_ANSWERS(X)
#undef X
	};
	uint64_t *count[] = {&b->stats.arrivals, &b->stats.repeats,   &b->stats.stale,
			     &b->stats.early,    &b->stats.strangers, &b->stats.mixed_mode};
	int in = what == WEIR_BARRIER_ACCEPTED || what == WEIR_BARRIER_ALREADY;
	/* whether the open generation, if any, is closed to it */
	int next = b->state == WEIR_BARRIER_IDLE || !weir_group_set_has(&b->frozen, e->member) ||
		   weir_group_set_has(&b->arrived, e->member) || departed(b, e->member);
	struct weir_barrier_action *a =
		act(o, WEIR_BARRIER_ANSWER, in ? b->generation : b->generation + (next ? 1 : 0),
		    code[what]);

	a->member = e->member;
	a->answer = (uint32_t)what;
	(*count[what])++;
}

static void open_generation(struct weir_barrier *b, const struct weir_barrier_event *e)
{
	b->generation++;
	b->frozen = b->group->active;
	b->view = b->group->view;
	b->members = weir_group_set_count(&b->frozen);
	b->awaited = b->members;
	b->waiting = 0;
	b->n_arrived = 0;
	memset(&b->arrived, 0, sizeof(b->arrived));
	memset(&b->left, 0, sizeof(b->left));
	memset(&b->dead, 0, sizeof(b->dead));
	memset(&b->mixed, 0, sizeof(b->mixed));
	b->mode = e->mode;
	b->policy = e->policy;
	b->deadline = e->deadline;
	b->opened = b->now;
	set_state(b, WEIR_BARRIER_GATHERING);
}

/* What an arrival is worth in the open generation. */
static enum weir_barrier_answer judge(const struct weir_barrier *b,
				      const struct weir_barrier_event *e)
{
	if (e->generation < b->generation)
		return WEIR_BARRIER_STALE;
	if (e->generation > b->generation)
		return WEIR_BARRIER_EARLY;
	if (!weir_group_set_has(&b->frozen, e->member) || departed(b, e->member))
		return WEIR_BARRIER_STRANGER;
	if (weir_group_set_has(&b->arrived, e->member))
		return WEIR_BARRIER_ALREADY;
	return e->mode == b->mode ? WEIR_BARRIER_ACCEPTED : WEIR_BARRIER_MIXED;
}

static void on_arrive(struct weir_barrier *b, const struct weir_barrier_event *e, struct out *o)
{
	enum weir_barrier_answer what = judge(b, e);

	if (what == WEIR_BARRIER_ACCEPTED) {
		weir_group_set_add(&b->arrived, e->member);
		b->cut[e->member] = e->cut;
		b->n_arrived++;
		b->waiting++;
		b->awaited--;
	} else if (what == WEIR_BARRIER_MIXED) {
		weir_group_set_add(&b->mixed, e->member);
		b->awaited--;
	}
	answer(b, e, what, o);
	if ((what == WEIR_BARRIER_ACCEPTED || what == WEIR_BARRIER_MIXED) && b->awaited == 0)
		complete(b, o);
}

static void on_arrive_idle(struct weir_barrier *b, const struct weir_barrier_event *e,
			   struct out *o)
{
	if (e->generation <= b->generation) {
		answer(b, e, WEIR_BARRIER_STALE, o);
	} else if (e->generation > b->generation + 1) {
		answer(b, e, WEIR_BARRIER_EARLY, o);
	} else if (!weir_group_set_has(&b->group->active, e->member)) {
		answer(b, e, WEIR_BARRIER_STRANGER, o);
	} else {
		open_generation(b, e);
		on_arrive(b, e, o);
	}
}

/* A member of the open generation is gone: the count it was in is one less. */
static void uncount(struct weir_barrier *b, uint32_t member)
{
	if (weir_group_set_has(&b->arrived, member))
		b->waiting--;
	else
		b->awaited--;
}

/* What the open generation makes of a departure that does not end it by policy. */
static void go_on(struct weir_barrier *b, struct out *o)
{
	if (b->state == WEIR_BARRIER_GATHERING && b->awaited == 0)
		complete(b, o);
	else if (b->state == WEIR_BARRIER_DRAINING && b->waiting == 0)
		abandon(b, o);
}

static void on_leave(struct weir_barrier *b, const struct weir_barrier_event *e, struct out *o)
{
	if (!weir_group_set_has(&b->frozen, e->member) || departed(b, e->member))
		return;
	b->stats.departures++;
	weir_group_set_add(&b->left, e->member);
	uncount(b, e->member);
	go_on(b, o);
}

static void on_died(struct weir_barrier *b, const struct weir_barrier_event *e, struct out *o)
{
	if (!weir_group_set_has(&b->frozen, e->member) || departed(b, e->member))
		return;
	b->stats.deaths++;
	weir_group_set_add(&b->dead, e->member);
	uncount(b, e->member);
	if (b->policy == WEIR_BARRIER_FAIL)
		release(b, -EOWNERDEAD, NULL, o);
	else
		go_on(b, o);
}

static void on_drained(struct weir_barrier *b, const struct weir_barrier_event *e, struct out *o)
{
	int outcome = e->outcome;

	if (outcome == -EOWNERDEAD && b->policy == WEIR_BARRIER_CONTINUE)
		outcome = WEIR_DEPARTED;
	release(b, outcome, &e->sinks, o);
}

static void on_cancel(struct weir_barrier *b, const struct weir_barrier_event *e, struct out *o)
{
	(void)e;
	b->stats.cancels++;
	release(b, -ECANCELED, NULL, o);
}

static void on_tick(struct weir_barrier *b, const struct weir_barrier_event *e, struct out *o)
{
	(void)e;
	if (b->deadline == WEIR_NS_NEVER || b->now < b->deadline)
		return;
	b->stats.timeouts++;
	release(b, -ETIMEDOUT, NULL, o);
}

static void on_late(struct weir_barrier *b, const struct weir_barrier_event *e, struct out *o)
{
	(void)e;
	(void)o;
	b->stats.late++;
}

static void on_nothing(struct weir_barrier *b, const struct weir_barrier_event *e, struct out *o)
{
	(void)b;
	(void)e;
	(void)o;
}

/* NULL: not allowed. A DRAINED or CANCEL of an earlier generation never gets here: it is late. */
static const handler legal[WEIR_BARRIER_STATE_COUNT][WEIR_BARRIER_EVENT_COUNT] = {
	/* ARRIVE, LEAVE, DIED, DRAINED, CANCEL, TICK */
	[WEIR_BARRIER_IDLE] = {on_arrive_idle, on_nothing, on_nothing, on_late, on_late,
			       on_nothing},
	[WEIR_BARRIER_GATHERING] = {on_arrive, on_leave, on_died, NULL, on_cancel, on_tick},
	[WEIR_BARRIER_DRAINING] = {on_arrive, on_leave, on_died, on_drained, on_cancel, on_tick},
};

static int valid(const struct weir_barrier *b, const struct weir_barrier_event *e)
{
	switch (e->kind) {
	case WEIR_BARRIER_ARRIVE:
		return e->member < b->group->cap && e->mode >= WEIR_BARRIER_RENDEZVOUS &&
		       e->mode <= WEIR_BARRIER_PROCESSING && e->policy <= WEIR_BARRIER_FAIL;
	case WEIR_BARRIER_LEAVE:
	case WEIR_BARRIER_DIED:
		return e->member < b->group->cap;
	case WEIR_BARRIER_DRAINED:
		return e->generation <= b->generation &&
		       (e->outcome == WEIR_OK || e->outcome == WEIR_LOST ||
			e->outcome == WEIR_DEPARTED || e->outcome == -EOWNERDEAD);
	case WEIR_BARRIER_CANCEL:
		return e->generation <= b->generation;
	default:
		return e->kind == WEIR_BARRIER_TICK;
	}
}

int weir_barrier_step(struct weir_barrier *b, const struct weir_barrier_event *e, weir_ns now,
		      struct weir_barrier_action *out, uint32_t cap, uint32_t *n)
{
	struct out o = {.a = out};
	handler on;

	if (!valid(b, e))
		return -EINVAL;
	on = legal[b->state][e->kind];
	if ((e->kind == WEIR_BARRIER_DRAINED || e->kind == WEIR_BARRIER_CANCEL) &&
	    e->generation < b->generation)
		on = on_late;
	if (on == NULL)
		return -EINVAL;
	if (cap < WEIR_BARRIER_ACTIONS_MAX)
		return -ENOBUFS;
	if (now > b->now)
		b->now = now;
	on(b, e, &o);
	*n = o.n;
	return WEIR_OK;
}

int weir_barrier_init(struct weir_barrier *b, const struct weir_group *g, weir_pos *cut, uint32_t n)
{
	if (n < g->cap)
		return -EINVAL;
	memset(b, 0, sizeof(*b));
	b->group = g;
	b->cut = cut;
	b->deadline = WEIR_NS_NEVER;
	b->stats.struct_size = sizeof(b->stats);
	return WEIR_OK;
}

weir_ns weir_barrier_next_ns(const struct weir_barrier *b)
{
	return b->deadline;
}

struct weir_group_set weir_barrier_missing(const struct weir_barrier *b)
{
	struct weir_group_set s;

	memset(&s, 0, sizeof(s));
	if (b->state != WEIR_BARRIER_IDLE)
		present(b, 0, &s);
	return s;
}
