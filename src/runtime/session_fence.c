/* Sessions: one barrier in the coordinator's hands. The machine in gate/barrier decides; this file
 * gives it events and carries its actions out.
 *
 * Why nobody is released twice. A reply carries the count of the arrival it answers. A member
 * writes its next arrival only after that reply, and `fed` is the arrival the machine has had. */
#include "session_priv.h"

#include <string.h>

static void changed(struct charge *c)
{
	c->changed = 1;
	c->s->changed = 1;
}

static void reply(struct charge *c, uint32_t m, uint64_t ended, int code, uint64_t next)
{
	struct weir_session_arrival_shm *a = arrival_of(c->s, c->id, m);

	/* relaxed: released by `replied` */
	weir_store_relaxed64(&a->ended, ended);
	weir_store_relaxed64(&a->next, next);
	weir_store_relaxed64(&a->code, (uint64_t)(int64_t)code);
	/* SESSION.REPLY release: pairs with weir_session_barrier_test(); and all that those did who
	 * have arrived, and the handlers of what they sent */
	weir_store_release64(&a->replied, c->fed[m]);
	if (m == c->s->slot)
		c->s->enough = 1;
	else
		ring_bell_of(c->s, m);
}

/* ---- releasing ---- */

static void release(struct charge *c)
{
	const struct weir_barrier_result *r = &c->b.result;
	uint32_t m;

	weir_session_note_behind(c);
	if (c->draining)
		weir_session_stop_draining(c);
	c->ended = 1;
	c->s->did = 1;
	weir_session_publish_view(c);
	weir_session_publish_result(c); /* before the replies: who is released can read why */
	for (m = weir_group_set_next(&r->released, 0); m < c->s->members;
	     m = weir_group_set_next(&r->released, m + 1u))
		reply(c, m, r->generation, r->outcome, r->generation + 1u);
}

/* ---- events ---- */

static void answer(struct charge *c, const struct weir_barrier_action *a, uint64_t generation)
{
	switch ((enum weir_barrier_answer)a->answer) {
	case WEIR_BARRIER_ACCEPTED:
	case WEIR_BARRIER_ALREADY:
		break; /* the release will tell */
	case WEIR_BARRIER_STALE:
		/* one arrival, one generation: several may have ended without it, and each is told */
		reply(c, a->member, generation, a->code, generation + 1u);
		break;
	case WEIR_BARRIER_MIXED:
		reply(c, a->member, 0, a->code, a->generation);
		break;
	case WEIR_BARRIER_EARLY:
	case WEIR_BARRIER_STRANGER:
	default:
		if (!weir_group_set_has(&c->s->group.active, a->member)) { /* not counted */
			reply(c, a->member, 0, -EPERM, a->generation);
			break;
		}
		weir_group_set_add(&c->held, a->member);
		c->s->stats.held++;
	}
}

void weir_session_step(struct charge *c, const struct weir_barrier_event *e)
{
	struct weir_barrier_action act[WEIR_BARRIER_ACTIONS_MAX];
	uint32_t n = 0, i;
	int rc = weir_barrier_step(&c->b, e, c->s->now, act, WEIR_BARRIER_ACTIONS_MAX, &n);

	if (rc != WEIR_OK && e->kind == WEIR_BARRIER_ARRIVE)
		reply(c, e->member, 0, rc, e->generation); /* a mode or policy that is none */
	changed(c);
	for (i = 0; rc == WEIR_OK && i < n; i++) {
		if (act[i].kind == WEIR_BARRIER_ANSWER)
			answer(c, &act[i], e->generation);
		else if (act[i].kind == WEIR_BARRIER_RECORD_TARGETS)
			weir_session_record_targets(c);
		else
			release(c);
	}
}

static void arrive(struct charge *c, uint32_t m)
{
	const struct weir_session *s = c->s;
	struct weir_session_arrival_shm *a = arrival_of(s, c->id, m);
	struct weir_barrier_event e;

	memset(&e, 0, sizeof(e));
	e.kind = WEIR_BARRIER_ARRIVE;
	e.member = m;
	/* relaxed: SESSION.ARRIVE has ordered the line before its count */
	e.generation = weir_load_relaxed64(&a->generation);
	if (e.generation == 0)
		e.generation = weir_load_relaxed64(&a->next); /* ours */
	e.mode = weir_load_relaxed32(&a->mode);
	e.policy = weir_load_relaxed32(&a->policy);
	e.cut = weir_load_relaxed64(&a->cut);
	e.deadline = weir_load_relaxed64(&a->deadline);
	if (e.mode == WEIR_BARRIER_PROCESSING &&
	    s->targets < (uint64_t)s->members * s->members) {
		reply(c, m, 0, -ENOBUFS, e.generation);
		return;
	}
	weir_session_step(c, &e);
}


void weir_session_feed(struct charge *c, uint32_t m)
{
	struct weir_session_arrival_shm *a = arrival_of(c->s, c->id, m);
	uint64_t count, cancel;

	if (!weir_group_set_has(&c->s->group.active, m))
		weir_session_hear(c->s, m); /* who arrives has asked to be counted before */
	/* SESSION.ARRIVE acquire: pairs with weir_session_barrier_begin() */
	count = weir_load_acquire64(&a->count);
	if (count != c->fed[m]) {
		c->fed[m] = count;
		arrive(c, m);
	}
	/* SESSION.ARRIVE acquire: pairs with weir_session_barrier_cancel() */
	cancel = weir_load_acquire64(&a->cancel);
	if (cancel != c->fed[m])
		return;
	if (weir_group_set_has(&c->held, m)) {
		uint64_t knows = weir_load_relaxed64(&a->generation);

		weir_group_set_remove(&c->held, m);
		reply(c, m, 0, -ECANCELED, knows != 0 ? knows : weir_load_relaxed64(&a->next));
	} else if (weir_session_takes_part(c, m)) {
		struct weir_barrier_event e;

		memset(&e, 0, sizeof(e));
		e.kind = WEIR_BARRIER_CANCEL;
		e.generation = c->b.generation;
		weir_session_step(c, &e);
	}
}

void weir_session_feed_held(struct charge *c)
{
	struct weir_group_set held;
	uint32_t m;

	while (c->ended) { /* the held ones may end the next one too */
		c->ended = 0;
		held = c->held;
		memset(&c->held, 0, sizeof(c->held));
		for (m = weir_group_set_next(&held, 0); m < c->s->members;
		     m = weir_group_set_next(&held, m + 1u))
			arrive(c, m);
	}
}

void weir_session_tick(struct charge *c)
{
	struct weir_barrier_event e;

	if (weir_barrier_next_ns(&c->b) > c->s->now)
		return;
	memset(&e, 0, sizeof(e));
	e.kind = WEIR_BARRIER_TICK;
	weir_session_step(c, &e);
	weir_session_feed_held(c);
}

void weir_session_depart(struct charge *c, uint32_t m, weir_owner dead)
{
	struct weir_barrier_event e;

	weir_group_set_remove(&c->held, m);
	memset(&e, 0, sizeof(e));
	e.kind = dead != 0 ? WEIR_BARRIER_DIED : WEIR_BARRIER_LEAVE;
	e.member = m;
	weir_session_step(c, &e);
	if (c->draining) /* what it had handled is seen before its slot has another tenant */
		(void)(weir_drain_poll(&c->drain, c->s->now) == WEIR_PENDING);
	if (c->draining && dead != 0)
		weir_drain_owner_died(&c->drain, dead);
	weir_session_feed_held(c);
}
