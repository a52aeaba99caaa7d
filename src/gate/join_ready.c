/* The verdict on one output: one pass over the rules.
 *
 * READY has one source, reached(): the cursor has been seen and is not below what the rule needs,
 * and that sum is exact because lo and hi have been looked at before. A rule that is not READY
 * blocks unless its input is stale or optional, and at least min_present rules are READY, so no
 * output is ready on nothing.
 *
 * A verdict depends on the output, on what has been told (each such change counts up `changes`),
 * and on time only through aged(): it holds until the first age that is not yet over its limit
 * will be. So the last one can be given again before that. */
#include "join_priv.h"

#include <string.h>

static weir_ns add(weir_ns a, weir_ns b)
{
	return a <= UINT64_MAX - b ? a + b : UINT64_MAX;
}

int weir_priv_join_aged(const struct weir_join *j, const struct weir_priv_join_input *i,
			weir_ns *until)
{
	weir_ns since = i->advanced, limit = i->stale_ns;

	if ((j->cfg.flags & WEIR_JOIN_NEVER_STALE) != 0 || limit == WEIR_MERGE_NO_TIMEOUT)
		return 0;
	if ((i->has & LOST) != 0)
		return 1;
	if ((i->has & HAS_ADVANCED) == 0) {
		if (j->cfg.startup_grace == 0)
			return 0;
		since = j->applied;
		limit = j->cfg.startup_grace;
	}
	if (j->now - since > limit)
		return 1;
	since = add(add(since, limit), 1);
	if (since < *until)
		*until = since;
	return 0;
}

uint64_t weir_priv_join_kept_from(const struct weir_priv_join_rule *r,
				  const struct weir_priv_join_input *i)
{
	uint64_t oldest;

	if ((i->has & SEEN(0)) == 0 || i->observed[0] < i->slots)
		return 0;
	oldest = i->observed[0] - i->slots + 1;
	return oldest + r->back; /* both below 2^63 */
}

/* What a rule says once the input has come as far as it needs. */
static enum weir_join_rule_verdict reached(const struct weir_join *j,
					   const struct weir_priv_join_rule *r,
					   const struct weir_priv_join_input *i, uint64_t out,
					   uint64_t need)
{
	if (r->in_ring && out < weir_priv_join_kept_from(r, i))
		return WEIR_JOIN_RULE_UNREACHABLE;
	if ((j->cfg.flags & WEIR_JOIN_PROCESSED) != 0 &&
	    ((i->has & DONE(r->cursor)) == 0 || i->processed[r->cursor] < need))
		return WEIR_JOIN_RULE_MISSING;
	return WEIR_JOIN_RULE_READY;
}

static enum weir_join_rule_verdict judge_latest(struct weir_join *j,
						const struct weir_priv_join_rule *r,
						const struct weir_priv_join_input *i, int overdue)
{
	int aged = weir_priv_join_aged(j, i, &j->verdict.until);
	uint32_t there = i->has & (SEEN(r->cursor) | INVALIDATED(r->cursor));

	if (aged)
		return WEIR_JOIN_RULE_STALE;
	if (there == SEEN(r->cursor))
		return WEIR_JOIN_RULE_READY;
	return overdue ? WEIR_JOIN_RULE_STALE : WEIR_JOIN_RULE_MISSING;
}

static enum weir_join_rule_verdict judge(struct weir_join *j, const struct weir_priv_join_rule *r,
					 uint64_t out, int overdue)
{
	const struct weir_priv_join_input *i = &j->input[r->input];
	uint64_t need;

	if ((i->has & REJECTED(r->cursor)) != 0)
		return WEIR_JOIN_RULE_REJECTED;
	if (j->cfg.mode == WEIR_JOIN_LATEST)
		return judge_latest(j, r, i, overdue);
	if (out < r->lo)
		return WEIR_JOIN_RULE_NOT_YET;
	if (out > r->hi)
		return WEIR_JOIN_RULE_UNREACHABLE;
	need = out + r->add;
	need = need > r->late ? need - r->late : 0;
	if ((i->has & SEEN(r->cursor)) != 0 && i->observed[r->cursor] >= need)
		return reached(j, r, i, out, need);
	if (weir_priv_join_aged(j, i, &j->verdict.until) || overdue)
		return WEIR_JOIN_RULE_STALE;
	return WEIR_JOIN_RULE_MISSING;
}

static int in_window(const struct weir_join *j, const struct weir_priv_join_rule *r, uint64_t out)
{
	const struct weir_priv_join_input *i = &j->input[r->input];
	uint64_t newest = i->observed[r->cursor], top = out + r->add;

	return j->cfg.mode != WEIR_JOIN_LATEST && (i->has & SEEN(r->cursor)) != 0 && out >= r->lo &&
	       out <= r->hi && newest <= top && top - newest <= r->back;
}

/* The masks of up to 64 rules, and which of these are required. */
struct word {
	uint64_t is[WEIR_JOIN_RULE_VERDICT_COUNT + 1];
	uint64_t required;
};

/* n rules from `first` on, one by one. */
static void judge_each(struct weir_join *j, uint32_t first, uint32_t n, uint64_t out, int overdue,
		       struct word *w)
{
	const struct weir_priv_join_rule *r = &j->rule[first], *end = r + n;
	uint64_t bit = (uint64_t)1 << (first % 64u);

	for (; r < end; r++, bit <<= 1) {
		w->is[judge(j, r, out, overdue)] |= bit;
		if (in_window(j, r, out))
			w->is[WEIR_JOIN_RULE_VERDICT_COUNT] |= bit;
		if ((j->input[r->input].flags & WEIR_JOIN_INPUT_OPTIONAL) == 0)
			w->required |= bit;
	}
}

/* The same where a cursor that is enough is all there is to READY, as it is where rules may be calm;
 * what is not ready that way is judged like any other. */
static void judge_plain(struct weir_join *j, uint32_t first, uint32_t n, uint64_t out, int overdue,
			struct word *w)
{
	const struct weir_priv_join_rule *r = &j->rule[first], *end = r + n;
	uint64_t bit = (uint64_t)1 << (first % 64u), ready = 0, window = 0, required = 0;

	for (; r < end; r++, first++, bit <<= 1) {
		const struct weir_priv_join_input *i = &j->input[r->input];
		uint64_t newest = i->observed[r->cursor], top = out + r->add;
		uint64_t back =
			newest <= top ? top - newest : UINT64_MAX; /* which is no lateness */

		/* observed, and not rejected */
		if (WEIR_UNLIKELY((i->has >> r->cursor & (SEEN(0) | REJECTED(0))) != SEEN(0) ||
				  out < r->lo || out > r->hi || r->in_ring ||
				  (newest <= top && back > r->late))) {
			judge_each(j, first, 1, out, overdue, w);
			continue;
		}
		ready |= bit;
		if (back <= r->back) /* nor a window */
			window |= bit;
		if ((i->flags & WEIR_JOIN_INPUT_OPTIONAL) == 0)
			required |= bit;
	}
	w->is[WEIR_JOIN_RULE_READY] |= ready;
	w->is[WEIR_JOIN_RULE_VERDICT_COUNT] |= window;
	w->required |= required;
}

/* The same in blocks, without a look at those that are calm. */
static void judge_blocks(struct weir_join *j, uint32_t first, uint32_t n, uint64_t out, int overdue,
			 struct word *w)
{
	uint32_t end = first + n, size;
	uint64_t all;

	for (; first < end; first += size) {
		size = end - first < CALM_BLOCK ? end - first : CALM_BLOCK;
		all = (UINT64_MAX >> (64u - size)) << (first % 64u);
		if (weir_priv_join_is_calm(j, &j->calm[1u + first / CALM_BLOCK], out)) {
			w->is[WEIR_JOIN_RULE_READY] |= all;
			continue;
		}
		judge_plain(j, first, size, out, overdue, w);
		if ((w->is[WEIR_JOIN_RULE_READY] & ~w->is[WEIR_JOIN_RULE_VERDICT_COUNT] & all) ==
		    all)
			weir_priv_join_calm_block(j, first, size, out);
	}
}

static uint32_t ones(uint64_t w)
{
	if ((w & (w - 1u)) == 0) /* none or one, as in most words that are not all of a kind */
		return w != 0;
	return (uint32_t)__builtin_popcountll(w);
}

/* Up to 64 rules from `first` on: one word of each mask. Returns those that block. */
static uint64_t judge_word(struct weir_join *j, uint32_t first, uint64_t out, int overdue, int calm)
{
	struct weir_join_verdict *v = &j->verdict;
	uint32_t n = v->n_rules - first < 64u ? v->n_rules - first : 64u, kind;
	const size_t step = j->mask_words;
	uint64_t *mask = j->mask + first / 64u;
	struct word w = {.required = 0};

	if (calm)
		judge_blocks(j, first, n, out, overdue, &w);
	else
		judge_each(j, first, n, out, overdue, &w);
	/* READY are those that are nothing else */
	mask[0] = w.is[WEIR_JOIN_RULE_READY];
	for (kind = 1; kind < WEIR_JOIN_RULE_VERDICT_COUNT; kind++) {
		mask += step;
		*mask = w.is[kind];
		if (w.is[kind] != 0) {
			v->count[kind] += ones(w.is[kind]);
			n -= ones(w.is[kind]);
		}
	}
	mask[step] = w.is[kind];
	v->count[WEIR_JOIN_RULE_READY] += n;
	return w.required & ~(w.is[WEIR_JOIN_RULE_READY] | w.is[WEIR_JOIN_RULE_STALE]);
}

/* The masks lie where they lie, unless the join has been moved. */
static void point(struct weir_join *j)
{
	struct weir_join_verdict *v = &j->verdict;
	uint32_t kind;

	if (v->mask[0] == j->mask)
		return;
	for (kind = 0; kind < WEIR_JOIN_RULE_VERDICT_COUNT; kind++)
		v->mask[kind] = j->mask + (size_t)kind * j->mask_words;
	v->in_window = j->mask + (size_t)kind * j->mask_words;
}

void weir_priv_join_judge(struct weir_join *j, uint64_t out, int overdue)
{
	struct weir_join_verdict *v = &j->verdict;
	uint64_t blocked = 0;
	int calm = weir_priv_join_may_calm(j);
	uint32_t n, kind;

	v->status = WEIR_JOIN_STATUS_OK;
	v->out = out;
	v->generation = j->generation;
	v->until = WEIR_NS_NEVER;
	v->n_rules = j->map.n_rules;
	v->words = (v->n_rules + 63u) / 64u;
	for (kind = 0; kind < WEIR_JOIN_RULE_VERDICT_COUNT; kind++)
		v->count[kind] = 0;
	point(j);
	for (n = 0; n < v->n_rules; n += 64)
		blocked |= judge_word(j, n, out, overdue, calm);
	v->ready = blocked == 0 && v->count[WEIR_JOIN_RULE_READY] >= j->cfg.min_present;
	weir_priv_join_calm_all(j, out);
}

int weir_priv_join_regressed(const struct weir_join *j, uint64_t out)
{
	int ordered = (j->cfg.flags & WEIR_JOIN_ANY_ORDER) == 0 && j->cfg.mode != WEIR_JOIN_LATEST;

	if ((j->cfg.flags & WEIR_JOIN_CONSUME_ONCE) != 0 && (j->has & COMMITTED) != 0 &&
	    out <= j->committed)
		return 1;
	return ordered && (j->has & LAST_OUT) != 0 && out < j->last_out;
}

/* A verdict without a look at the rules. */
static int without(const struct weir_join *j, uint64_t out, enum weir_join_status status,
		   struct weir_join_verdict *v)
{
	if (v != NULL) {
		memset(v, 0, sizeof(*v));
		v->status = (uint32_t)status;
		v->out = out;
		v->generation = j->generation;
		v->until = WEIR_NS_NEVER;
	}
	return 0;
}

/* `verdict` is that of `out`, as long as nothing changes and until then. */
static void remember(struct weir_join *j, uint64_t out, weir_ns until)
{
	j->verdict_out = out;
	j->verdict_until = until;
	j->verdict_change = j->changes;
}

/* Gives `verdict`, as that of `out`. What is copied has been stored long ago, and what differs is
 * stored elsewhere: a wide load that has to wait for a narrow store costs more than all the rest. */
static inline int give(struct weir_join *j, uint64_t out, weir_ns until,
		       struct weir_join_verdict *v)
{
	if (v != NULL) {
		*v = j->verdict;
		v->out = out;
		v->until = until;
	}
	if (j->verdict.ready) {
		j->stats.ready++;
		if (j->cfg.mode != WEIR_JOIN_LATEST)
			weir_priv_join_raise_watermark(j, out);
	}
	return (int)j->verdict.ready;
}

/* Whether `verdict` is that of `out` as well: nothing has changed, or all rules are calm. */
static inline int known(struct weir_join *j, uint64_t out)
{
	if (j->verdict_change == j->changes && j->verdict_out == out && j->now < j->verdict_until) {
		j->stats.unchanged++;
		return 1;
	}
	if (!weir_priv_join_is_calm(j, &j->calm[0], out))
		return 0;
	remember(j, out, WEIR_NS_NEVER);
	return 1;
}

/* Looks at the rules. Apart, like what follows, so that what is known needs no stack. */
static __attribute__((noinline)) int look(struct weir_join *j, uint64_t out, weir_ns deadline,
					  struct weir_join_verdict *v)
{
	weir_priv_join_judge(j, out, j->now >= deadline && deadline != WEIR_NS_NEVER);
	remember(j, out, j->verdict.until);
	if (deadline != WEIR_NS_NEVER) {
		j->verdict_change = 0;
		if (j->now < deadline && deadline < j->verdict_until)
			j->verdict_until = deadline;
	}
	return give(j, out, j->verdict_until, v);
}

static __attribute__((noinline)) int evaluate(struct weir_join *j, uint64_t out, weir_ns deadline,
					      struct weir_join_verdict *v)
{
	if (j->state != WEIR_JOIN_STATUS_OK)
		return without(j, out, (enum weir_join_status)j->state, v);
	if (weir_priv_join_regressed(j, out)) {
		j->stats.outputs_regressed++;
		return without(j, out, WEIR_JOIN_STATUS_OUTPUT_REGRESSED, v);
	}
	j->last_out = out;
	j->has |= LAST_OUT;
	if (deadline == WEIR_NS_NEVER && known(j, out))
		return give(j, out, j->verdict_until, v);
	return look(j, out, deadline, v);
}

/* Outputs in order: evaluate() says the same, after more looks. */
int weir_join_ready(struct weir_join *j, uint64_t out, weir_ns now, struct weir_join_verdict *v)
{
	weir_priv_join_tick(j, now);
	j->stats.evaluations++;
	if (WEIR_UNLIKELY(j->state != WEIR_JOIN_STATUS_OK || (j->has & LAST_OUT) == 0 ||
			  out < j->last_out || (j->cfg.flags & WEIR_JOIN_CONSUME_ONCE) != 0))
		return evaluate(j, out, WEIR_NS_NEVER, v);
	j->last_out = out;
	if (!known(j, out))
		return look(j, out, WEIR_NS_NEVER, v);
	return give(j, out, j->verdict_until, v);
}

int weir_join_ready_by(struct weir_join *j, uint64_t out, weir_ns deadline, weir_ns now,
		       struct weir_join_verdict *v)
{
	weir_priv_join_tick(j, now);
	j->stats.evaluations++;
	return evaluate(j, out, deadline, v);
}

int weir_join_ready_in(struct weir_join *j, uint64_t out, enum weir_merge_clock clock, weir_ns now,
		       struct weir_join_verdict *v)
{
	if (j->state != WEIR_JOIN_STATUS_OK || j->map.kind != WEIR_MERGE_TIMESTAMP ||
	    j->map.clock == (uint32_t)clock)
		return weir_join_ready(j, out, now, v);
	weir_priv_join_tick(j, now);
	j->stats.evaluations++;
	j->stats.outputs_clock++;
	return without(j, out, WEIR_JOIN_STATUS_CLOCK, v);
}
