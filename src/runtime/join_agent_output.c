/* Join agents: outputs, and the proposals of timestamp and latest mode.
 *
 * The application says which outputs it wants; they wait in a queue, and the first is raised when
 * the join says that it is ready. One that no map rule will ever allow is refused. With a deadline
 * an output goes out with what is there once that has come. */
#include "join_agent_priv.h"

struct weir_priv_join_agent_pending *join_agent_pending(const struct weir_join_agent *a, uint32_t i)
{
	return &a->pending[(a->pending_head + i) % a->cfg.proposals];
}

void join_agent_drop_first(struct weir_join_agent *a)
{
	a->pending_head = (a->pending_head + 1u) % a->cfg.proposals;
	a->n_pending--;
}

int join_agent_gate(const struct weir_join_agent *a)
{
	if ((a->cfg.flags & (uint32_t)WEIR_JOIN_AGENT_AWAIT_READY) == 0)
		return 1;
	return (a->has & (uint32_t)QUORATE) != 0 && (a->has & (uint32_t)MAPPED) != 0 &&
	       a->ready_epoch == a->join.map.epoch;
}

/* ---- raising ---- */

int join_agent_required(const struct weir_join_agent *a, const struct weir_merge_rule *r,
                        struct weir_join_input_info *info)
{
	return weir_join_input(&a->join, r->input, info) == WEIR_OK && !info->optional;
}

int join_agent_put(struct weir_join_agent *a, const struct weir_join_verdict *v, int overdue)
{
	struct weir_join_agent_event e = {.kind = WEIR_JOIN_AGENT_OUTPUT_VOID, .out = v->out};
	uint64_t out = v->out, generation = v->generation;
	int absent = v->count[WEIR_JOIN_RULE_STALE] != 0, reply;

	a->busy++;
	reply = a->cfg.on_output(a->cfg.ctx, a, v, a->now);
	join_agent_leave(a);
	if (join_agent_over(a))
		return 0;
	if (reply == WEIR_JOIN_AGENT_PASS) {
		a->stats.passed++;
		return 1;
	}
	if (reply != WEIR_JOIN_AGENT_TAKEN) {
		a->stats.later++;
		a->has |= (uint32_t)(LOOK | AGAIN);
		return 0;
	}
	if (weir_join_commit(&a->join, out, generation) != WEIR_OK) {
		a->stats.voided++;
		a->has |= (uint32_t)LOOK;
		join_agent_raise(a, &e);
		return 0;
	}
	a->stats.outputs++;
	a->stats.absent += (unsigned)absent;
	a->stats.overdue += (unsigned)overdue;
	return 1;
}

int join_agent_hopeless(const struct weir_join_agent *a, const struct weir_join_verdict *v)
{
	static const enum weir_join_rule_verdict never[] = {WEIR_JOIN_RULE_NOT_YET,
	                                                    WEIR_JOIN_RULE_UNREACHABLE};
	struct weir_join_input_info info;
	uint32_t k, n;

	for (k = 0; k < 2; k++) {
		for (n = weir_join_next(v, never[k], 0); n < v->n_rules;
		     n = weir_join_next(v, never[k], n + 1u)) {
			if (join_agent_required(a, &a->join.map.rule[n], &info))
				return 1;
		}
	}
	return 0;
}

int join_agent_judge(struct weir_join_agent *a, uint64_t out, weir_ns deadline, int *overdue,
                     struct weir_join_verdict *v)
{
	int ready = weir_join_ready(&a->join, out, a->now, v);

	*overdue = 0;
	if (ready || v->status != WEIR_JOIN_STATUS_OK || deadline == WEIR_NS_NEVER)
		return ready;
	*overdue = a->now >= deadline;
	return weir_join_ready_by(&a->join, out, deadline, a->now, v);
}

/* ---- proposals ---- */

static weir_ns deadline_of(const struct weir_join_agent *a,
                           const struct weir_join_agent_proposal *p)
{
	uint32_t clock = p->clock;

	if (p->deadline != 0)
		return p->deadline;
	if (a->cfg.budget_ns == 0)
		return WEIR_NS_NEVER;
	if (clock == 0 && a->join.state == WEIR_JOIN_STATUS_OK &&
	    a->join.cfg.mode == WEIR_JOIN_TIMESTAMP)
		clock = a->join.map.clock;
	return join_agent_later(clock == WEIR_MERGE_MONOTONIC ? p->out : a->now, a->cfg.budget_ns);
}

int weir_join_agent_propose(struct weir_join_agent *a, const struct weir_join_agent_proposal *p,
                            weir_ns now)
{
	struct weir_priv_join_agent_pending *at;

	if (join_agent_over(a))
		return -ECANCELED;
	if (!join_agent_is(a, WEIR_JOIN_AGENT_STAGE) || a->join.cfg.mode == WEIR_JOIN_SEQUENCE)
		return -EINVAL;
	if (a->n_pending == a->cfg.proposals)
		return WEIR_FULL;
	if (now > a->now)
		a->now = now;
	at = join_agent_pending(a, a->n_pending++);
	at->out = p->out;
	at->clock = p->clock;
	at->deadline = deadline_of(a, p);
	a->has |= (uint32_t)LOOK;
	return WEIR_OK;
}

static int pull(struct weir_join_agent *a)
{
	struct weir_join_agent_proposal p = {0};
	int rc;

	if (a->n_pending != 0)
		return 1;
	if (a->cfg.propose == NULL)
		return 0;
	a->busy++;
	rc = a->cfg.propose(a->cfg.ctx, a, a->now, &p);
	join_agent_leave(a);
	if (rc == WEIR_OK && !join_agent_over(a))
		rc = weir_join_agent_propose(a, &p, a->now);
	a->has &= ~(uint32_t)LOOK; /* it is looked at right now */
	return rc >= 0 && !join_agent_over(a) && a->n_pending != 0;
}

static void refuse(struct weir_join_agent *a, uint64_t out, uint32_t status)
{
	struct weir_join_agent_event e = {
		.kind = WEIR_JOIN_AGENT_OUTPUT_REFUSED, .out = out, .value = status};

	join_agent_drop_first(a);
	a->stats.refused++;
	join_agent_raise(a, &e);
}

static uint32_t as_proposed(struct weir_join_agent *a)
{
	struct weir_join_verdict v;
	uint32_t n;
	int overdue, ready;

	for (n = 0; (a->has & (uint32_t)MAPPED) != 0 && join_agent_gate(a) && pull(a); n++) {
		struct weir_priv_join_agent_pending *p = join_agent_pending(a, 0);

		if (n == a->cfg.outputs) {
			a->has |= (uint32_t)(LOOK | AGAIN);
			return n;
		}
		ready = 0;
		if (p->clock == 0 || a->join.map.kind != WEIR_MERGE_TIMESTAMP ||
		    p->clock == a->join.map.clock)
			ready = join_agent_judge(a, p->out, p->deadline, &overdue, &v);
		else
			(void)weir_join_ready_in(&a->join, p->out, (enum weir_merge_clock)p->clock,
			                         a->now, &v);
		if (ready) {
			if (!join_agent_put(a, &v, overdue))
				return n;
			join_agent_drop_first(a); /* still the first: proposals are added behind */
		} else if (v.status != WEIR_JOIN_STATUS_OK || join_agent_hopeless(a, &v)) {
			refuse(a, p->out, v.status);
		} else {
			a->until = v.until;
			return n;
		}
	}
	return n;
}

/* Nothing has happened since outputs were looked at last: then they need no other look. */
static int idle(const struct weir_join_agent *a)
{
	return a->changes == a->join.changes && (a->has & (uint32_t)LOOK) == 0 &&
	       a->now < a->until && (a->cfg.propose == NULL || a->n_pending != 0);
}

uint32_t join_agent_outputs(struct weir_join_agent *a)
{
	uint32_t n;

	if (a->cfg.on_output == NULL || idle(a))
		return 0;
	a->has &= ~(uint32_t)LOOK;
	a->until = WEIR_NS_NEVER;
	n = a->join.cfg.mode == WEIR_JOIN_SEQUENCE ? join_agent_in_sequence(a) : as_proposed(a);
	a->changes = a->join.changes;
	return n;
}
