/* A random walk of group and barrier against an oracle: plain arrays, recounted at every step.
 *
 * The oracle knows of each generation who was frozen, came, left, died or was refused, and whether
 * DRAINED was said; from that alone it says whether this step must end the generation, how, and for
 * whom. WEIR_SEED repeats a walk. */
#include <string.h>

#include <weir/barrier.h>

#include "walk.h"

#define MEMBERS 6u
#define STEPS 100000u

struct oracle {
	uint64_t generation;
	int open, drains, drained;
	uint32_t mode, policy;
	weir_ns deadline, now;
	int frozen[MEMBERS], came[MEMBERS], left[MEMBERS], dead[MEMBERS], mixed[MEMBERS];
	weir_pos cut[MEMBERS];
};

static struct weir_member member[MEMBERS];
static weir_pos cut[MEMBERS];
static struct weir_group g;
static struct weir_barrier b;
static struct oracle o;
static uint64_t releases[16], answers[WEIR_BARRIER_ANSWER_COUNT];

static int out(uint32_t m)
{
	return o.left[m] || o.dead[m] || o.mixed[m];
}

static uint32_t missing(void)
{
	uint32_t m, n = 0;

	for (m = 0; m < MEMBERS; m++)
		n += o.frozen[m] && !o.came[m] && !out(m);
	return n;
}

static uint32_t present(void)
{
	uint32_t m, n = 0;

	for (m = 0; m < MEMBERS; m++)
		n += o.came[m] && !out(m);
	return n;
}

static uint32_t gone(void)
{
	uint32_t m, n = 0;

	for (m = 0; m < MEMBERS; m++)
		n += o.frozen[m] && out(m);
	return n;
}

/* What ARRIVE must be answered; opens and enters when it is to be accepted. */
static enum weir_barrier_answer arrive(const struct weir_barrier_event *e)
{
	uint64_t current = o.open ? o.generation : o.generation + 1;
	uint32_t m;

	if (e->generation != current)
		return e->generation < current ? WEIR_BARRIER_STALE : WEIR_BARRIER_EARLY;
	if (!o.open) {
		if (member[e->member].state != WEIR_MEMBER_ACTIVE)
			return WEIR_BARRIER_STRANGER;
		memset(o.came, 0, sizeof(o.came));
		memset(o.left, 0, sizeof(o.left));
		memset(o.dead, 0, sizeof(o.dead));
		memset(o.mixed, 0, sizeof(o.mixed));
		for (m = 0; m < MEMBERS; m++)
			o.frozen[m] = member[m].state == WEIR_MEMBER_ACTIVE;
		o.generation++;
		o.open = 1;
		o.drains = o.drained = 0;
		o.mode = e->mode;
		o.policy = e->policy;
		o.deadline = e->deadline;
	}
	if (!o.frozen[e->member] || out(e->member))
		return WEIR_BARRIER_STRANGER;
	if (o.came[e->member])
		return WEIR_BARRIER_ALREADY;
	if (e->mode != o.mode) {
		o.mixed[e->member] = 1;
		return WEIR_BARRIER_MIXED;
	}
	o.came[e->member] = 1;
	o.cut[e->member] = e->cut;
	return WEIR_BARRIER_ACCEPTED;
}

static void check_sets(void)
{
	const struct weir_barrier_result *r = &b.result;
	uint32_t m, came = 0, frozen = 0;

	for (m = 0; m < MEMBERS; m++) {
		MUST(weir_group_set_has(&r->released, m) == (o.came[m] && !out(m)));
		MUST(weir_group_set_has(&r->missing, m) == (o.frozen[m] && !o.came[m] && !out(m)));
		MUST(weir_group_set_has(&r->left, m) == o.left[m]);
		MUST(weir_group_set_has(&r->dead, m) == o.dead[m]);
		MUST(weir_group_set_has(&r->mixed, m) == o.mixed[m]);
		came += (uint32_t)o.came[m];
		frozen += (uint32_t)o.frozen[m];
	}
	MUST(r->arrived == came && r->members == frozen);
}

/* A release, against everything known. how: the outcome if it must not open, else 1. */
static void check_release(const struct weir_barrier_action *a, int how, int drain_outcome)
{
	int opened = a->code >= 0;

	MUST(o.open);
	MUST(a->generation == o.generation && b.result.generation == o.generation);
	MUST(a->code == b.result.outcome);
	check_sets();
	if (opened) {
		MUST(missing() == 0 && present() > 0);
		MUST(o.mode == WEIR_BARRIER_RENDEZVOUS || (o.drains && o.drained));
		MUST(!(drain_outcome == -EOWNERDEAD && o.policy == WEIR_BARRIER_FAIL));
		if (drain_outcome == WEIR_LOST)
			MUST(a->code == WEIR_LOST);
		else
			MUST((a->code == WEIR_OK) == (gone() == 0 && drain_outcome == WEIR_OK));
	} else {
		MUST(a->code == how);
	}
	o.open = 0;
	releases[opened ? 0 : -a->code % 15 + 1]++;
}

/* Plays e on the oracle: *answer, whether the generation must end, and how if it must not open. */
static int predict(const struct weir_barrier_event *e, enum weir_barrier_answer *answer, int *how)
{
	uint32_t m = e->member;
	int mine = o.open && e->generation == o.generation, hit = 0;

	*how = 1;
	switch (e->kind) {
	case WEIR_BARRIER_ARRIVE:
		*answer = arrive(e);
		break;
	case WEIR_BARRIER_LEAVE:
		hit = o.open && o.frozen[m] && !out(m);
		o.left[m] |= hit;
		break;
	case WEIR_BARRIER_DIED:
		hit = o.open && o.frozen[m] && !out(m);
		o.dead[m] |= hit;
		if (hit && o.policy == WEIR_BARRIER_FAIL)
			*how = -EOWNERDEAD;
		break;
	case WEIR_BARRIER_DRAINED:
		o.drained |= mine;
		if (mine && e->outcome == -EOWNERDEAD && o.policy == WEIR_BARRIER_FAIL)
			*how = -EOWNERDEAD;
		break;
	case WEIR_BARRIER_CANCEL:
		if (mine)
			*how = -ECANCELED;
		break;
	default:
		if (o.open && o.deadline != WEIR_NS_NEVER && o.now >= o.deadline)
			*how = -ETIMEDOUT;
	}
	if (!o.open)
		return 0;
	if (*how == 1 && missing() == 0 && present() == 0)
		*how = -ECANCELED;
	return *how != 1 || (missing() == 0 && (o.mode == WEIR_BARRIER_RENDEZVOUS || o.drained));
}

static void check_step(const struct weir_barrier_event *e, weir_ns now)
{
	struct weir_barrier_action a[WEIR_BARRIER_ACTIONS_MAX];
	enum weir_barrier_answer answer = WEIR_BARRIER_ANSWER_COUNT;
	struct weir_barrier_result last = b.result;
	int early = e->kind == WEIR_BARRIER_DRAINED && o.open && !o.drains &&
		    e->generation == o.generation;
	uint32_t n = 77, i = 0, m;
	int ends, records, how;

	if (early) {
		MUST(weir_barrier_step(&b, e, now, a, 2, &n) == -EINVAL);
		return;
	}
	if (now > o.now)
		o.now = now;
	ends = predict(e, &answer, &how);
	records = o.open && !ends && !o.drains && missing() == 0;
	MUST(weir_barrier_step(&b, e, now, a, 2, &n) == WEIR_OK);
	if (e->kind == WEIR_BARRIER_ARRIVE) {
		MUST(n > i && a[i].kind == WEIR_BARRIER_ANSWER);
		MUST(a[i].member == e->member && a[i].answer == (uint32_t)answer);
		answers[answer]++;
		i++;
	}
	MUST(n == i + (uint32_t)(ends || records));
	if (records) {
		MUST(a[i].kind == WEIR_BARRIER_RECORD_TARGETS && a[i].generation == o.generation);
		o.drains = 1;
		for (m = 0; m < MEMBERS; m++)
			MUST(weir_group_set_has(&b.arrived, m) == o.came[m] &&
			     (!o.came[m] || cut[m] == o.cut[m]));
	}
	if (ends) {
		MUST(a[i].kind == WEIR_BARRIER_RELEASE);
		check_release(&a[i], how, e->kind == WEIR_BARRIER_DRAINED ? e->outcome : WEIR_OK);
		MUST(b.result.generation == last.generation + 1);
	} else {
		MUST(memcmp(&last, &b.result, sizeof(last)) == 0);
	}
	MUST(b.generation == o.generation);
	MUST(b.state == (!o.open    ? WEIR_BARRIER_IDLE
			 : o.drains ? WEIR_BARRIER_DRAINING
				    : WEIR_BARRIER_GATHERING));
	MUST(weir_barrier_next_ns(&b) == (o.open ? o.deadline : WEIR_NS_NEVER));
}

/* Members come and go; the barrier hears of it. Returns whether there is an event to feed. */
static int churn(struct weir_barrier_event *e)
{
	uint32_t m = e->member;
	uint64_t epoch = member[m].epoch;
	int rc = WEIR_OK;

	if (member[m].state == WEIR_MEMBER_VACANT) {
		rc = weir_group_join(&g, m, 1, &epoch);
	} else if (member[m].state >= WEIR_MEMBER_GONE) {
		rc = weir_group_vacate(&g, m, epoch);
	} else if (chance(2) != 0) {
		rc = weir_group_died(&g, m, epoch);
		e->kind = WEIR_BARRIER_DIED;
	} else if (member[m].state == WEIR_MEMBER_ACTIVE) {
		rc = weir_group_leave(&g, m, epoch);
		e->kind = WEIR_BARRIER_LEAVE;
	} else {
		rc = weir_group_gone(&g, m, epoch);
	}
	MUST(rc == WEIR_OK);
	return e->kind == WEIR_BARRIER_DIED || e->kind == WEIR_BARRIER_LEAVE;
}

static void one_step(weir_ns *t)
{
	static const int outcomes[] = {WEIR_OK, WEIR_OK, WEIR_LOST, WEIR_DEPARTED, -EOWNERDEAD};
	struct weir_barrier_event e;
	uint64_t dice = chance(100);
	uint64_t current = o.open ? o.generation : o.generation + 1;

	memset(&e, 0, sizeof(e));
	e.member = (uint32_t)chance(MEMBERS);
	e.kind = WEIR_BARRIER_TICK;
	e.generation = current;
	*t += chance(8);
	if (dice < 60) {
		e.kind = WEIR_BARRIER_ARRIVE;
		e.mode = chance(12) != 0 ? 1 + (uint32_t)(current % 3) : 1 + (uint32_t)chance(3);
		e.policy = (uint32_t)chance(2);
		e.cut = chance(1000);
		e.deadline = chance(3) != 0 ? WEIR_NS_NEVER : *t + chance(200);
		if (chance(10) == 0)
			e.generation += chance(3) - 1;
	} else if (dice < 75) {
		e.kind = WEIR_BARRIER_DRAINED;
		e.generation = o.generation - (chance(10) == 0 && o.generation > 0);
		e.outcome = outcomes[chance(5)];
	} else if (dice < 77) {
		e.kind = WEIR_BARRIER_CANCEL;
		e.generation = o.generation;
	} else if (dice < 90 && !churn(&e)) {
		return;
	}
	check_step(&e, chance(20) == 0 ? *t / 2 : *t);
}

int main(void)
{
	const char *given = getenv("WEIR_SEED");
	weir_ns t = 1000;

	seed = given != NULL ? strtoull(given, NULL, 0) : 20240229u;
	state = seed != 0 ? seed : 1;
	printf("WEIR_SEED=%" PRIu64 "\n", seed);
	MUST(weir_group_init(&g, member, MEMBERS) == WEIR_OK);
	MUST(weir_barrier_init(&b, &g, cut, MEMBERS) == WEIR_OK);
	for (at = 0; at < STEPS; at++)
		one_step(&t);
	printf("%" PRIu64 " generations\n", o.generation);
	/* the walk was no idle one: each way of ending was taken */
	MUST(releases[0] > 100 && b.stats.timeouts > 100 && b.stats.cancels > 100);
	MUST(b.stats.abandoned > 10 && releases[EOWNERDEAD % 15 + 1] > 100);
	MUST(b.stats.arrivals == answers[WEIR_BARRIER_ACCEPTED]);
	MUST(b.stats.repeats == answers[WEIR_BARRIER_ALREADY] && b.stats.repeats > 100);
	MUST(b.stats.stale == answers[WEIR_BARRIER_STALE] && b.stats.stale > 100);
	MUST(b.stats.early == answers[WEIR_BARRIER_EARLY] && b.stats.early > 100);
	MUST(b.stats.strangers == answers[WEIR_BARRIER_STRANGER] && b.stats.strangers > 100);
	MUST(b.stats.mixed_mode == answers[WEIR_BARRIER_MIXED] && b.stats.mixed_mode > 100);
	MUST(b.stats.generations + (uint64_t)o.open == o.generation);
	return 0;
}
