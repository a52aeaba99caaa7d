/* Which outputs find nothing but READY, remembered for blocks of rules.
 *
 * A stage that catches up asks for one output after the other while most inputs are far ahead. A
 * block of rules is calm for the outputs [lo, hi) if for each of them every rule of it is READY
 * and none has its newest frame in its window. It is found for an output for which that is so: a
 * rule stays so as long as the output is not below r->lo, not above r->hi, and out + add is below
 * the cursor. Then the cursor is enough even without lateness, and the window, which ends at
 * out + add, does not reach the newest frame.
 *
 * What makes such a rule anything else, and what becomes of the range:
 * - another output: the range says for which it holds;
 * - a cursor that goes back or is no longer SEEN: cursors only move up (an older sequence is
 *   REGRESSED, an older time rejects) until weir_priv_join_clear(), weir_priv_join_end_map() or
 *   the inputs of another map; all three drop. A time in another clock makes a cursor unseen only
 *   while there is no map, so before the next one is taken;
 * - a source that is rejected: weir_priv_join_reject() drops;
 * - other rules or inputs: taking a map drops;
 * - what a ring still holds rises with the cursor: blocks with such a rule are never calm;
 * - the stage's own cursors may lag anywhere: with WEIR_JOIN_PROCESSED nothing is calm;
 * - latest mode has no cursor to compare, and frames are invalidated: nothing is calm.
 * Age, loss and deadlines are asked only where the cursor is not enough; a frame that was
 * invalidated, in latest mode only. Whether an input is optional matters to rules that are not
 * READY, min_present and the lateness, also a strict one, are part of the configuration and of the
 * map. Order of outputs and what was committed are looked at before. An advance can only widen.
 *
 * calm[0] is the whole join. It is renewed by each verdict that looks at the rules, so where it
 * holds the masks and counts of the last one are the right ones, all READY. A range counts only in
 * the round in which it was found: to drop all is to begin another. */
#include "join_priv.h"

void weir_priv_join_calm_block(struct weir_join *j, uint32_t first, uint32_t n, uint64_t out)
{
	struct weir_priv_join_calm *c = &j->calm[1u + first / CALM_BLOCK];
	const struct weir_priv_join_rule *r = &j->rule[first], *end = r + n;
	uint64_t lo = 0, more = UINT64_MAX, top, newest;

	for (; r < end; r++) {
		top = out + r->add;
		newest = j->input[r->input].observed[r->cursor];
		if (r->in_ring || newest <= top)
			return;
		if (newest - top < more)
			more = newest - top;
		if (r->hi - out < more)
			more = r->hi - out;
		if (r->lo > lo)
			lo = r->lo;
	}
	c->lo = lo;
	c->hi = out + more;
	c->round = j->calm_round;
}

void weir_priv_join_calm_all(struct weir_join *j, uint64_t out)
{
	struct weir_priv_join_calm all = {.hi = UINT64_MAX, .round = j->calm_round};
	const struct weir_priv_join_calm *c = &j->calm[1];
	uint32_t n;

	j->calm[0].round = 0;
	if (j->verdict.count[WEIR_JOIN_RULE_READY] < j->map.n_rules || !weir_priv_join_may_calm(j))
		return;
	for (n = 0; n < j->map.n_rules; n += CALM_BLOCK, c++) {
		if (!weir_priv_join_is_calm(j, c, out))
			return;
		if (c->lo > all.lo)
			all.lo = c->lo;
		if (c->hi < all.hi)
			all.hi = c->hi;
	}
	j->calm[0] = all;
}
