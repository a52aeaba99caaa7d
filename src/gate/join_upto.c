/* The rules turned round: which outputs are ready, and which frames an output uses.
 *
 * For a given state a rule is READY for the outputs of one interval, [first, last]. A required
 * rule whose input is not stale allows nothing else, so all of those intersect in one pass. A
 * required rule whose input is stale allows besides what lies beyond all that was observed, but
 * not the gap in between where the stage's own cursor lags; an optional one allows everything.
 * Only READY rules count towards min_present. So where there are such rules, the ends of their
 * intervals are sorted and walked from above: between two ends nothing changes, and going down
 * within a stretch gains nothing, so the largest ready output is an end, or the top. */
#include "join_priv.h"

/* For which outputs a rule is what. */
struct reach {
	uint64_t first, last; /* READY; valid with some */
	uint64_t observed;    /* the input has come far enough up to here; valid with seen */
	int some, seen;
};

/* The outputs to choose from, and how many rules are READY for all of them. */
struct range {
	uint64_t lo, hi;
	uint32_t sure;
	uint32_t edges;
};

static uint64_t plus(uint64_t a, uint64_t b)
{
	return a <= UINT64_MAX - b ? a + b : UINT64_MAX;
}

/* The largest output for which a cursor at `value` is enough. 0: not even the first one is. */
static int upto(const struct weir_priv_join_rule *r, uint64_t value, uint64_t *out)
{
	uint64_t top = plus(value, r->late);

	if (r->add >> 63 != 0)
		*out = plus(top, 0 - r->add);
	else if (top >= r->add)
		*out = top - r->add;
	else
		return 0;
	if (*out > r->hi)
		*out = r->hi;
	return *out >= r->lo;
}

static struct reach reach_of(const struct weir_join *j, const struct weir_priv_join_rule *r)
{
	const struct weir_priv_join_input *i = &j->input[r->input];
	struct reach w = {.first = r->lo};
	uint64_t kept = r->in_ring ? weir_priv_join_kept_from(r, i) : 0, own;

	if ((i->has & REJECTED(r->cursor)) != 0 || (i->has & SEEN(r->cursor)) == 0)
		return w;
	w.seen = upto(r, i->observed[r->cursor], &w.observed);
	w.some = w.seen;
	w.last = w.observed;
	if (w.some && (j->cfg.flags & WEIR_JOIN_PROCESSED) != 0) {
		w.some = (i->has & DONE(r->cursor)) != 0 && upto(r, i->processed[r->cursor], &own);
		if (w.some && own < w.last)
			w.last = own;
	}
	if (kept > w.first)
		w.first = kept;
	if (w.some && w.first > w.last)
		w.some = 0;
	return w;
}

static void edge(struct weir_join *j, struct range *all, uint64_t at, int present, int forbidden)
{
	struct weir_priv_join_edge *e = &j->edge[all->edges++];

	e->at = at;
	e->present = present;
	e->forbidden = forbidden;
}

static void raise(struct range *all, uint64_t lo)
{
	if (lo > all->lo)
		all->lo = lo;
}

static void lower(struct range *all, uint64_t hi)
{
	if (hi < all->hi)
		all->hi = hi;
}

/* A stale, required rule. 0: it allows nothing. */
static int narrow_stale(struct weir_join *j, const struct weir_priv_join_rule *r,
			const struct reach *w, struct range *all)
{
	int hole = w->some && w->seen && w->observed > w->last;

	lower(all, r->hi);
	raise(all, w->some ? w->first : r->lo);
	if (!w->some && w->seen) {
		if (w->observed == UINT64_MAX)
			return 0;
		raise(all, w->observed + 1);
	}
	if (hole)
		edge(j, all, w->observed, 0, 1);
	if (w->some)
		edge(j, all, w->last, 1, hole ? -1 : 0);
	return 1;
}

/* Takes one rule into account. 0: nothing is ready. */
static int narrow(struct weir_join *j, const struct weir_priv_join_rule *r, struct range *all)
{
	const struct weir_priv_join_input *i = &j->input[r->input];
	struct reach w = reach_of(j, r);
	weir_ns until = WEIR_NS_NEVER;

	if ((i->flags & WEIR_JOIN_INPUT_OPTIONAL) != 0) {
		if (w.some)
			edge(j, all, w.last, 1, 0);
		if (w.some && w.first > 0)
			edge(j, all, w.first - 1, -1, 0);
		return 1;
	}
	if ((i->has & REJECTED(r->cursor)) != 0)
		return 0;
	if (weir_priv_join_aged(j, i, &until))
		return narrow_stale(j, r, &w, all);
	raise(all, w.first);
	lower(all, w.last);
	all->sure++;
	return w.some;
}

static int less_edge(const void *array, uint32_t a, uint32_t b)
{
	const struct weir_priv_join_edge *e = array;

	return e[a].at > e[b].at; /* from above */
}

static void swap_edge(void *array, uint32_t a, uint32_t b)
{
	struct weir_priv_join_edge *e = array, t = e[a];

	e[a] = e[b];
	e[b] = t;
}

/* From above, the first output at which nothing is forbidden and enough is present. */
static int sweep(struct weir_join *j, const struct range *all, uint64_t *out)
{
	int64_t present = all->sure, forbidden = 0;
	uint64_t at = all->hi;
	uint32_t n = 0;

	weir_priv_join_sort(j->edge, all->edges, less_edge, swap_edge);
	for (;;) {
		for (; n < all->edges && j->edge[n].at >= at; n++) {
			present += j->edge[n].present;
			forbidden += j->edge[n].forbidden;
		}
		if (forbidden == 0 && present >= (int64_t)j->cfg.min_present) {
			*out = at;
			return WEIR_OK;
		}
		if (n == all->edges || j->edge[n].at < all->lo)
			return WEIR_EMPTY;
		at = j->edge[n].at;
	}
}

static int find_upto(struct weir_join *j, uint64_t *out)
{
	struct range all = {.hi = UINT64_MAX};
	uint32_t n;

	for (n = 0; n < j->map.n_rules; n++) {
		if (!narrow(j, &j->rule[n], &all))
			return WEIR_EMPTY;
	}
	if (all.lo > all.hi)
		return WEIR_EMPTY;
	return sweep(j, &all, out);
}

int weir_join_ready_upto(struct weir_join *j, weir_ns now, uint64_t *out)
{
	uint64_t found;

	weir_priv_join_tick(j, now);
	if (j->state != WEIR_JOIN_STATUS_OK)
		return WEIR_EMPTY;
	if (j->cfg.mode == WEIR_JOIN_LATEST) {
		weir_priv_join_judge(j, UINT64_MAX, 0);
		j->verdict_out = UINT64_MAX;
		j->verdict_until = j->verdict.until;
		j->verdict_change = j->changes;
		if (!j->verdict.ready || weir_priv_join_regressed(j, UINT64_MAX))
			return WEIR_EMPTY;
		*out = UINT64_MAX;
		return WEIR_OK;
	}
	if (find_upto(j, &found) != WEIR_OK || weir_priv_join_regressed(j, found))
		return WEIR_EMPTY;
	weir_priv_join_raise_watermark(j, found);
	*out = found;
	return WEIR_OK;
}

/* ---- what an output uses ---- */

int weir_join_window(const struct weir_join *j, uint32_t rule, uint64_t out, uint64_t *lo,
		     uint64_t *hi)
{
	const struct weir_priv_join_rule *r;

	if (j->state != WEIR_JOIN_STATUS_OK || rule >= j->map.n_rules ||
	    j->cfg.mode == WEIR_JOIN_LATEST)
		return -EINVAL;
	r = &j->rule[rule];
	if (out < r->lo || out > r->hi)
		return WEIR_EMPTY;
	*hi = out + r->add;
	*lo = *hi > r->back ? *hi - r->back : 0;
	return WEIR_OK;
}

int weir_join_select(const struct weir_join *j, uint32_t rule, struct weir_join_frame *f)
{
	const struct weir_priv_join_input *i;
	const struct weir_priv_join_rule *r;
	uint32_t c;

	if (j->state != WEIR_JOIN_STATUS_OK || rule >= j->map.n_rules)
		return -EINVAL;
	r = &j->rule[rule];
	i = &j->input[r->input];
	c = r->cursor;
	if ((i->has & (SEEN(c) | INVALIDATED(c) | REJECTED(c))) != SEEN(c))
		return WEIR_EMPTY;
	f->stream = j->map_rule[rule].input;
	f->epoch = i->epoch;
	f->has_sequence = (i->has & SEEN(0)) != 0;
	f->sequence = f->has_sequence ? i->observed[0] : 0;
	f->time = WEIR_MERGE_TIME_NULL;
	if (j->map.kind == WEIR_MERGE_TIMESTAMP && (i->has & SEEN(j->map_rule[rule].source)) != 0)
		f->time = i->observed[j->map_rule[rule].source];
	return WEIR_OK;
}

int weir_join_ahead(const struct weir_join *j, uint32_t stream, uint64_t *by)
{
	uint64_t mine = UINT64_MAX, slowest = UINT64_MAX, at;
	uint32_t input = weir_priv_join_find(j, stream), n, found = 0;
	weir_ns until = WEIR_NS_NEVER;

	if (j->state != WEIR_JOIN_STATUS_OK || j->cfg.mode == WEIR_JOIN_LATEST ||
	    input == j->n_inputs)
		return -EINVAL;
	for (n = 0; n < j->map.n_rules; n++) {
		const struct weir_priv_join_rule *r = &j->rule[n];
		const struct weir_priv_join_input *i = &j->input[r->input];
		int counts = (i->flags & WEIR_JOIN_INPUT_OPTIONAL) == 0 &&
			     !weir_priv_join_aged(j, i, &until);

		if (r->input != input && !counts)
			continue;
		if ((i->has & SEEN(r->cursor)) == 0)
			return WEIR_EMPTY;
		if (!upto(r, i->observed[r->cursor], &at))
			at = 0;
		if (counts && at < slowest)
			slowest = at;
		if (r->input == input && at < mine)
			mine = at;
		found |= r->input == input;
	}
	if (!found)
		return -EINVAL;
	*by = mine > slowest ? mine - slowest : 0;
	return WEIR_OK;
}
