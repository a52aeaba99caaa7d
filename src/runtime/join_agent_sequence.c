/* Join agents: outputs of sequence mode.
 *
 * There is a next output, and it is raised when the join says that it is ready; then the one after
 * it. So outputs are in order and each is raised once, whatever the transports do to the messages:
 * an output depends on how far inputs have come, not on which message said so.
 *
 * An output that no map rule will ever allow is passed over by going to the first that can be ready:
 * below `floor` rules say NOT_YET, and a ring shorter than what has come since has overwritten
 * windows.
 *
 * Deadlines count from when the first input came to an output: the queue, which has no proposals in
 * this mode, keeps when the foremost input came how far. When it is full the newest entry stands for
 * a longer stretch, with the later time: an output is then late, not early. */
#include "join_agent_priv.h"

/* ---- where sequence mode stands ---- */

void join_agent_place(struct weir_join_agent *a)
{
	const struct weir_merge_rule *r = a->join.map.rule;
	struct weir_join_input_info info;
	uint64_t lo;
	uint32_t i;

	a->has |= (uint32_t)LOOK;
	if (a->join.cfg.mode != WEIR_JOIN_SEQUENCE)
		return;
	a->n_pending = 0;
	a->floor = 0;
	for (i = 0; i < a->join.map.n_rules; i++, r++) {
		if (r->type == WEIR_MERGE_WINDOW)
			lo = r->window - 1u;
		else
			lo = r->offset < 0 ? 0 - (uint64_t)r->offset : 0;
		if (lo > a->floor && join_agent_required(a, r, &info))
			a->floor = lo;
	}
	if ((a->has & (uint32_t)NEXT_EPOCH) != 0 && a->next_epoch != a->join.map.epoch)
		a->has &= ~(uint32_t)NEXT;
	a->next_epoch = a->join.map.epoch;
	a->has |= (uint32_t)NEXT_EPOCH;
	if ((a->has & (uint32_t)NEXT) == 0 &&
	    (a->cfg.flags & (uint32_t)WEIR_JOIN_AGENT_FROM_SEEN) == 0) {
		a->next = a->cfg.first;
		a->has |= (uint32_t)NEXT;
	}
}

/* The first output of which all frames were seen to come: of inputs that have come at all. */
static uint64_t first_seen(const struct weir_join_agent *a)
{
	const struct weir_merge_rule *r = a->join.map.rule;
	struct weir_join_input_info info;
	uint64_t first = a->floor, at;
	uint32_t i;

	for (i = 0; i < a->join.map.n_rules; i++, r++) {
		if (!join_agent_required(a, r, &info) || !info.has_sequence)
			continue;
		if (r->type == WEIR_MERGE_WINDOW)
			at = info.min_sequence + (r->window - 1u);
		else if (r->offset < 0)
			at = info.min_sequence + (0 - (uint64_t)r->offset);
		else
			at = info.min_sequence > (uint64_t)r->offset
			             ? info.min_sequence - (uint64_t)r->offset
			             : 0;
		if (at > first)
			first = at;
	}
	return first;
}

/* How many frames the ring of an input holds; 0: not known. The configuration is in order. */
static uint64_t slots_of(const struct weir_join_config *c, uint32_t stream)
{
	uint32_t lo = 0, hi = c->n_inputs;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2u;

		if (c->input[mid].stream < stream)
			lo = mid + 1u;
		else
			hi = mid;
	}
	return lo < c->n_inputs && c->input[lo].stream == stream ? c->input[lo].slots : 0;
}

/* The first output of which no window has been overwritten. */
static uint64_t first_kept(const struct weir_join_agent *a)
{
	const struct weir_merge_rule *r = a->join.map.rule;
	struct weir_join_input_info info;
	uint64_t first = a->floor, at, slots;
	uint32_t i;

	for (i = 0; i < a->join.map.n_rules; i++, r++) {
		if (r->type != WEIR_MERGE_WINDOW || !join_agent_required(a, r, &info) ||
		    !info.has_sequence)
			continue;
		slots = slots_of(&a->join.cfg, r->input);
		if (slots == 0 || info.sequence < slots)
			continue;
		at = info.sequence - slots + r->window;
		if (at > first)
			first = at;
	}
	return first;
}

/* How far the foremost input has come. WEIR_EMPTY: none has. */
static int foremost(const struct weir_join_agent *a, uint64_t *out)
{
	const struct weir_merge_rule *r = a->join.map.rule;
	struct weir_join_input_info info;
	int rc = WEIR_EMPTY;
	uint64_t at;
	uint32_t i;

	for (i = 0; i < a->join.map.n_rules; i++, r++) {
		if (weir_join_input(&a->join, r->input, &info) != WEIR_OK || !info.has_sequence)
			continue;
		at = info.sequence;
		if (r->type == WEIR_MERGE_OFFSET && r->offset > 0) {
			if (at < (uint64_t)r->offset)
				continue;
			at -= (uint64_t)r->offset;
		} else if (r->type == WEIR_MERGE_OFFSET) {
			at += 0 - (uint64_t)r->offset;
		}
		if (rc == WEIR_EMPTY || at > *out)
			*out = at;
		rc = WEIR_OK;
	}
	return rc;
}

static void note_begun(struct weir_join_agent *a)
{
	struct weir_priv_join_agent_pending *last;
	uint64_t out = 0;

	while (a->n_pending != 0 && join_agent_pending(a, 0)->out < a->next)
		join_agent_drop_first(a);
	if (foremost(a, &out) != WEIR_OK || out < a->next ||
	    (a->n_pending != 0 && join_agent_pending(a, a->n_pending - 1u)->out >= out))
		return;
	if (a->n_pending < a->cfg.proposals)
		a->n_pending++;
	else if (a->n_pending == 1u)
		return; /* the front's deadline stands: moved on with each frame it would never come */
	last = join_agent_pending(a, a->n_pending - 1u);
	last->out = out;
	last->deadline = join_agent_later(a->now, a->cfg.budget_ns);
}

/* ---- sequence mode ---- */

/* The next output can never be ready: on to one that can. 0: there is none yet. */
static int skip(struct weir_join_agent *a)
{
	uint64_t to = first_kept(a), upto;

	if (weir_join_ready_upto(&a->join, a->now, &upto) == WEIR_OK && upto > a->next)
		to = to > a->next && to <= upto ? to : upto;
	else if (to <= a->next || a->cfg.budget_ns == 0)
		return 0; /* else it is judged there, by its deadline */
	a->stats.skipped += to - a->next;
	a->next = to;
	return 1;
}

static int find_start(struct weir_join_agent *a)
{
	struct weir_join_verdict v;
	uint64_t first, upto;

	if ((a->has & (uint32_t)NEXT) == 0) {
		first = first_seen(a);
		if (weir_join_ready_upto(&a->join, a->now, &upto) != WEIR_OK || upto < first) {
			(void)weir_join_ready(&a->join, a->floor, a->now, &v);
			a->until = v.until;
			return 0;
		}
		a->next = first;
		a->has |= (uint32_t)NEXT;
	}
	if (a->next < a->floor) {
		a->stats.skipped += a->floor - a->next;
		a->next = a->floor;
	}
	return 1;
}

uint32_t join_agent_in_sequence(struct weir_join_agent *a)
{
	struct weir_join_verdict v;
	uint32_t n = 0;
	int overdue;

	while (!join_agent_over(a) && (a->has & (uint32_t)MAPPED) != 0 && join_agent_gate(a)) {
		weir_ns deadline = WEIR_NS_NEVER;

		if (!find_start(a))
			return n;
		if (n == a->cfg.outputs) {
			a->has |= (uint32_t)(LOOK | AGAIN);
			return n;
		}
		if (a->cfg.budget_ns != 0) {
			note_begun(a);
			if (a->n_pending != 0)
				deadline = join_agent_pending(a, 0)->deadline;
		}
		if (!join_agent_judge(a, a->next, deadline, &overdue, &v)) {
			a->until = v.until;
			if (v.status != WEIR_JOIN_STATUS_OK || !join_agent_hopeless(a, &v) ||
			    !skip(a))
				return n;
		} else {
			uint64_t was = a->next, epoch = a->next_epoch, sought = a->sought;

			if (!join_agent_put(a, &v, overdue))
				return n;
			/* unless it has sought, or taken in the map of another epoch */
			if (a->next == was && a->next_epoch == epoch && a->sought == sought)
				a->next = was + 1u;
		}
		n++;
	}
	return n;
}

int weir_join_agent_seek(struct weir_join_agent *a, uint64_t out)
{
	if (join_agent_over(a))
		return -ECANCELED;
	if (!join_agent_is(a, WEIR_JOIN_AGENT_STAGE) || a->join.cfg.mode != WEIR_JOIN_SEQUENCE ||
	    ((a->has & (uint32_t)NEXT) != 0 && out < a->next))
		return -EINVAL;
	a->next = out;
	a->sought++;
	a->has |= (uint32_t)(NEXT | LOOK);
	return WEIR_OK;
}

int weir_join_agent_commit(struct weir_join_agent *a, uint64_t out, uint64_t generation)
{
	int rc;

	if (join_agent_over(a))
		return -ECANCELED;
	if (!join_agent_is(a, WEIR_JOIN_AGENT_STAGE))
		return -EINVAL;
	rc = weir_join_commit(&a->join, out, generation);
	if (rc != WEIR_OK)
		return rc;
	a->stats.outputs++;
	if (a->join.cfg.mode == WEIR_JOIN_SEQUENCE && out != UINT64_MAX &&
	    ((a->has & (uint32_t)NEXT) == 0 || out >= a->next)) {
		a->next = out + 1u;
		a->has |= (uint32_t)(NEXT | LOOK);
	}
	return WEIR_OK;
}
