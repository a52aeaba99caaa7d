/* Maps and epochs.
 *
 * A map is judged, then copied and compiled: nothing of the caller's is kept. The inputs of the
 * next map are put together in the spare array, from the old ones where the stream goes on, and
 * the two change places; both are in order of the streams, so one walk over them suffices. */
#include "join_priv.h"

#include <string.h>

void weir_priv_join_clear(struct weir_join *j, struct weir_priv_join_input *i)
{
	weir_priv_join_calm_drop(j);
	i->has &= HAS_EPOCH;
}

void weir_priv_join_end_map(struct weir_join *j, enum weir_join_status state)
{
	uint32_t i;

	weir_priv_join_calm_drop(j);
	j->state = (uint32_t)state;
	j->has &= (uint32_t)PINNED;
	j->generation++;
	j->changes++;
	for (i = 0; i < j->n_inputs; i++)
		j->input[i].has = 0;
}

enum weir_join_answer weir_join_set_epoch(struct weir_join *j, uint64_t epoch)
{
	int ours = j->state == WEIR_JOIN_STATUS_OK && j->epoch == epoch;

	if (j->state == WEIR_JOIN_STATUS_CLOSED)
		return WEIR_JOIN_CLOSED;
	if ((j->has & PINNED) != 0 && j->pinned == epoch)
		return WEIR_JOIN_SAME;
	j->pinned = epoch;
	j->has |= PINNED;
	if (ours)
		return WEIR_JOIN_SAME;
	if (j->state == WEIR_JOIN_STATUS_OK)
		j->stats.maps_ended++;
	weir_priv_join_end_map(j, WEIR_JOIN_STATUS_NO_MAP);
	return WEIR_JOIN_OK;
}

/* ---- the inputs of the next map ---- */

/* The streams of the rules, and those that are observed anyway, in order and each once. */
static uint32_t gather(struct weir_join *j, const struct weir_merge_map *m)
{
	uint32_t n = 0, kept = 0, i;

	for (i = 0; i < m->n_rules; i++)
		j->order[n++] = m->rule[i].input;
	for (i = 0; i < j->cfg.n_inputs; i++) {
		if ((j->cfg.input[i].flags & WEIR_JOIN_INPUT_WARM) != 0)
			j->order[n++] = j->cfg.input[i].stream;
	}
	weir_priv_join_sort_streams(j->order, n);
	for (i = 0; i < n; i++) {
		if (kept == 0 || j->spare_stream[kept - 1] != j->order[i])
			j->spare_stream[kept++] = j->order[i];
	}
	return kept;
}

/* What the map says of an input that goes on, or begins. */
static void prepare(const struct weir_join *j, const struct weir_merge_map *m,
		    struct weir_priv_join_input *in)
{
	uint32_t c;

	in->stale_ns = (in->flags & WEIR_JOIN_INPUT_TIMEOUT) != 0 ? in->own_stale_ns : m->stale_ns;
	in->sources = 0;
	for (c = 1; c < CURSORS; c++) {
		in->has &= ~REJECTED(c);
		if (m->kind == WEIR_MERGE_TIMESTAMP && (in->has & SEEN(c)) != 0 &&
		    in->clock[c] != m->clock)
			in->has &= ~(SEEN(c) | DONE(c) | FORGONE(c) | INVALIDATED(c));
	}
	if (j->cfg.epoch_policy == WEIR_JOIN_EPOCH_MATCH && (in->has & HAS_EPOCH) != 0 &&
	    in->epoch != m->epoch)
		in->has = 0;
}

static void take_inputs(struct weir_join *j, const struct weir_merge_map *m)
{
	const struct weir_join_input_config *cfg = j->cfg.input, *end = cfg + j->cfg.n_inputs;
	struct weir_priv_join_input *in = j->spare;
	uint32_t n = gather(j, m), old = 0, i, *streams = j->stream;

	for (i = 0; i < n; i++, in++) {
		uint32_t stream = j->spare_stream[i];

		while (old < j->n_inputs && j->stream[old] < stream)
			old++;
		while (cfg < end && cfg->stream < stream)
			cfg++;
		if (old < j->n_inputs && j->stream[old] == stream)
			*in = j->input[old];
		else
			memset(in, 0, sizeof(*in));
		if (cfg < end && cfg->stream == stream) {
			in->flags = cfg->flags;
			in->slots = cfg->slots;
			in->own_stale_ns = cfg->stale_ns;
		}
		prepare(j, m, in);
	}
	in = j->input;
	j->input = j->spare;
	j->spare = in;
	j->stream = j->spare_stream;
	j->spare_stream = streams;
	old = j->n_inputs;
	j->n_inputs = n;
	weir_priv_join_hint(j, streams, old);
}

/* ---- the rules ---- */

/* Where the outputs lie for which value + add is exact and below the ceiling. */
static void bound(struct weir_priv_join_rule *r, int64_t offset, uint64_t ceiling)
{
	r->add = (uint64_t)offset;
	if (offset >= 0) {
		r->lo = 0;
		r->hi = ceiling - r->add;
	} else {
		r->lo = 0 - r->add;
		r->hi = ceiling <= UINT64_MAX - r->lo ? ceiling + r->lo : UINT64_MAX;
	}
}

static void compile(struct weir_join *j, const struct weir_merge_rule *from,
		    struct weir_priv_join_rule *r)
{
	int by_time =
		j->map.kind == WEIR_MERGE_TIMESTAMP &&
		(j->cfg.mode != WEIR_JOIN_LATEST || (j->cfg.flags & WEIR_JOIN_LATEST_BY_TIME) != 0);

	memset(r, 0, sizeof(*r));
	r->input = weir_priv_join_find(j, from->input);
	r->cursor = by_time ? (uint8_t)from->source : 0;
	if (j->map.kind == WEIR_MERGE_TIMESTAMP)
		j->input[r->input].sources |= SEEN(from->source);
	if (by_time && j->map.lateness_ns != WEIR_MERGE_NO_LATENESS)
		r->late = j->map.lateness_ns;
	if (from->type == WEIR_MERGE_OFFSET) {
		bound(r, from->offset, by_time ? WEIR_MERGE_TIME_NULL - 1u : WEIR_MERGE_SEQ_MAX);
		r->back = r->late;
		return;
	}
	r->in_ring = j->cfg.mode == WEIR_JOIN_SEQUENCE && j->input[r->input].slots != 0;
	r->back = by_time ? from->window : from->window - 1u;
	r->lo = r->back;
	r->hi = by_time ? UINT64_MAX : WEIR_MERGE_SEQ_MAX;
	if ((j->cfg.flags & WEIR_JOIN_STRICT_WINDOW) != 0 && r->late > r->back)
		r->late = r->back;
}

/* What is odd about the map: it is taken all the same. */
static uint32_t warnings(const struct weir_join *j)
{
	uint32_t w = j->map.n_rules < j->cfg.min_present ? WEIR_JOIN_WARN_COUNT : 0, i;
	const struct weir_merge_rule *r;

	for (i = 0; i < j->map.n_rules && j->cfg.mode != WEIR_JOIN_LATEST; i++) {
		r = &j->map_rule[i];
		if (r->input == j->cfg.out && (r->type == WEIR_MERGE_WINDOW || r->offset >= 0))
			w |= WEIR_JOIN_WARN_SELF;
	}
	return w;
}

static void take(struct weir_join *j, const struct weir_merge_map *m)
{
	uint32_t i;

	weir_priv_join_calm_drop(j);
	take_inputs(j, m);
	memmove(j->map_rule, m->rule, m->n_rules * sizeof(*m->rule));
	j->map = *m;
	j->map.rule = j->map_rule;
	for (i = 0; i < m->n_rules; i++)
		compile(j, &j->map_rule[i], &j->rule[i]);
	j->state = WEIR_JOIN_STATUS_OK;
	j->epoch = m->epoch;
	j->has |= (uint32_t)EPOCH;
	j->applied = j->now;
	j->generation++;
	j->changes++;
}

/* ---- what is said to a map ---- */

static int right_kind(const struct weir_join *j, const struct weir_merge_map *m)
{
	switch (j->cfg.mode) {
	case WEIR_JOIN_SEQUENCE:
		return m->kind != WEIR_MERGE_TIMESTAMP;
	case WEIR_JOIN_TIMESTAMP:
		return m->kind == WEIR_MERGE_TIMESTAMP;
	default:
		return m->kind == WEIR_MERGE_TIMESTAMP ||
		       (j->cfg.flags & WEIR_JOIN_LATEST_BY_TIME) == 0;
	}
}

/* Whether the map is ours to judge; OK: it is. */
static enum weir_join_answer sift(struct weir_join *j, const struct weir_merge_map *m)
{
	if (j->state == WEIR_JOIN_STATUS_CLOSED)
		return WEIR_JOIN_CLOSED;
	if (m->out != j->cfg.out) {
		j->stats.maps_other++;
		return WEIR_JOIN_WRONG_STREAM;
	}
	if ((j->has & PINNED) != 0 && m->epoch != j->pinned) {
		j->stats.maps_old++;
		return WEIR_JOIN_EPOCH_MISMATCH;
	}
	if ((j->has & (PINNED | EPOCH)) == EPOCH && m->epoch < j->epoch) {
		j->stats.maps_old++;
		return WEIR_JOIN_OLD_EPOCH;
	}
	if (j->state == WEIR_JOIN_STATUS_OK && weir_merge_map_equal(m, &j->map)) {
		j->stats.map_repeats++;
		return WEIR_JOIN_NO_CHANGE;
	}
	if (!right_kind(j, m)) {
		j->stats.maps_other++;
		return WEIR_JOIN_WRONG_KIND;
	}
	if (m->n_rules > j->cfg.max_rules) {
		j->stats.maps_capacity++;
		return WEIR_JOIN_CAPACITY;
	}
	return WEIR_JOIN_OK;
}

static enum weir_join_answer refuse(struct weir_join *j)
{
	j->stats.maps_invalid++;
	if (j->state == WEIR_JOIN_STATUS_OK && (j->cfg.flags & WEIR_JOIN_KEEP_LAST_GOOD) != 0)
		return WEIR_JOIN_INVALID;
	j->state = WEIR_JOIN_STATUS_INVALID;
	j->generation++;
	j->changes++;
	return WEIR_JOIN_INVALID;
}

enum weir_join_answer weir_join_apply(struct weir_join *j, const struct weir_merge_map *m,
				      weir_ns now, struct weir_join_fault *fault)
{
	struct weir_join_fault f = {.rule = m->n_rules};
	enum weir_join_answer a = sift(j, m);

	if (a == WEIR_JOIN_OK) {
		f.reason = (uint32_t)weir_merge_map_check_join(m, &f.rule);
		weir_priv_join_tick(j, now);
		if (f.reason != WEIR_MERGE_OK) {
			a = refuse(j);
		} else {
			if ((j->has & EPOCH) != 0 && m->epoch != j->epoch)
				weir_priv_join_end_map(j, WEIR_JOIN_STATUS_NO_MAP);
			take(j, m);
			f.warnings = warnings(j);
			j->stats.maps++;
		}
	}
	if (fault != NULL)
		*fault = f;
	return a;
}
