/* Join agents: the cycle, and the wait around it.
 *
 * A cycle has one time, and a bound on each of its parts: `limit` messages of each transport,
 * `limit` sent, one request, `outputs` outputs. What is left is for the next, and next_ns says so. */
#include "join_agent_priv.h"

void join_agent_transport_said(struct weir_join_agent *a, uint32_t which, int rc)
{
	struct weir_join_agent_event e = {
		.kind = WEIR_JOIN_AGENT_TRANSPORT_ERROR, .value = which, .code = rc};
	int code = rc < 0 ? rc : 0, before = a->transport_code[which];

	a->transport_code[which] = code;
	a->stats.transport_errors += rc < 0;
	if (code != 0 && code != before)
		join_agent_raise(a, &e);
}

int join_agent_offer(struct weir_join_agent *a, const void *buf, size_t len)
{
	int rc = a->transport[0].offer(a->transport[0].ctx, buf, len);

	join_agent_transport_said(a, a->n_transports, rc);
	return rc;
}

static uint32_t poll_all(struct weir_join_agent *a)
{
	uint32_t i, did = 0;
	int rc;

	for (i = 0; i < a->n_transports && !join_agent_over(a); i++) {
		const struct weir_transport *t = &a->transport[i];

		if (t->poll == NULL)
			continue;
		rc = t->poll(t->ctx, join_agent_receive, a, a->cfg.limit, a->now);
		join_agent_transport_said(a, i, rc);
		if (rc <= 0)
			continue;
		did += (uint32_t)rc;
		if ((uint32_t)rc >= a->cfg.limit) /* there may be more */
			a->has |= (uint32_t)AGAIN;
	}
	return did;
}

static uint32_t work_as_stage(struct weir_join_agent *a)
{
	uint32_t did = 0;

	if (a->join.n_bindings != 0) {
		did += weir_join_refresh(&a->join, a->now);
		join_agent_check_map(a, 0, 0);
	}
	if (!join_agent_over(a))
		did += join_agent_request(a);
	if (!join_agent_over(a))
		did += join_agent_outputs(a);
	return did;
}

int weir_join_agent_do_work(struct weir_join_agent *a, weir_ns now)
{
	uint32_t did;

	if (join_agent_over(a))
		return -ECANCELED;
	if (a->busy != 0)
		return -EDEADLK;
	join_agent_enter(a, now);
	a->stats.cycles++;
	a->has &= ~(uint32_t)AGAIN;
	did = poll_all(a);
	if (join_agent_is(a, WEIR_JOIN_AGENT_AUTHORITY) && !join_agent_over(a))
		did += join_agent_serve(a);
	if (join_agent_is(a, WEIR_JOIN_AGENT_STAGE) && !join_agent_over(a))
		did += work_as_stage(a);
	join_agent_leave(a);
	return did < INT32_MAX ? (int)did : INT32_MAX;
}

weir_ns weir_join_agent_next_ns(const struct weir_join_agent *a)
{
	weir_ns next = WEIR_NS_NEVER;

	if (join_agent_over(a))
		return next;
	if ((a->has & (uint32_t)(AGAIN | LOOK)) != 0 || a->n_answers != 0)
		return a->now;
	if (join_agent_is(a, WEIR_JOIN_AGENT_AUTHORITY))
		next = a->announce_at;
	if (!join_agent_is(a, WEIR_JOIN_AGENT_STAGE))
		return next;
	if ((a->has & (uint32_t)(MAPPED | GAVE_UP | KNOWN)) == (uint32_t)KNOWN && a->ask_at < next)
		next = a->ask_at;
	if (a->cfg.on_output != NULL && a->until < next)
		next = a->until;
	return next;
}

/* ---- waiting ---- */

struct watch {
	uint64_t generation; /* of the map that was there first */
	int has;
};

/* 0, or -ESTALE. */
static int watch_map(const struct weir_join_agent *a, struct watch *w)
{
	if (a->join.state != WEIR_JOIN_STATUS_OK)
		return w->has ? -ESTALE : 0;
	if (w->has)
		return w->generation == a->join.generation ? 0 : -ESTALE;
	w->generation = a->join.generation;
	w->has = 1;
	return 0;
}

/* WEIR_PENDING, or what the wait ends with. */
static int look(struct weir_join_agent *a, uint64_t out, struct watch *w,
                struct weir_join_verdict *v)
{
	struct weir_join_verdict mine;
	int rc;

	if (join_agent_over(a))
		return -ECANCELED;
	rc = watch_map(a, w);
	if (rc < 0)
		return rc;
	if (!join_agent_gate(a))
		return WEIR_PENDING;
	v = v != NULL ? v : &mine;
	if (weir_join_ready(&a->join, out, a->now, v))
		return WEIR_OK;
	return v->status == WEIR_JOIN_STATUS_OUTPUT_REGRESSED ? -EINVAL : WEIR_PENDING;
}

int weir_join_agent_wait_ready(struct weir_join_agent *a, uint64_t out, const struct weir_wait *how,
                               struct weir_join_verdict *v)
{
	const struct weir_env *env = how != NULL && how->env != NULL ? how->env : weir_env_system();
	weir_ns deadline = how != NULL && how->deadline != 0 ? how->deadline : WEIR_NS_NEVER;
	struct watch w = {0, 0};
	struct weir_waiter wt;
	weir_ns now;
	int did, rc;

	if (!join_agent_is(a, WEIR_JOIN_AGENT_STAGE))
		return -EINVAL;
	(void)watch_map(a, &w);
	weir_waiter_init(&wt, how, a->bell, WEIR_WAITER_READONLY);
	for (;;) {
		now = env->now(env->ctx);
		did = weir_join_agent_do_work(a, now);
		if (did < 0)
			return did;
		rc = look(a, out, &w, v);
		if (rc != WEIR_PENDING)
			return rc;
		if (now >= deadline && deadline != WEIR_NS_NEVER) /* busy, and yet too late */
			return -ETIMEDOUT;
		if (did > 0)
			weir_waiter_reset(&wt);
		rc = weir_waiter_step(&wt);
		if (rc < 0)
			return rc;
	}
}
