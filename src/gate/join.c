/* The join's storage, and what is neither map, input nor verdict.
 *
 * All arrays lie in the caller's memory, laid out by one function that both counts the bytes and
 * sets the pointers, so the two cannot differ. Nothing grows: the configuration gives the most
 * rules, and inputs are at most those that the rules and the configuration name. */
#include "join_priv.h"

#include <string.h>

/* What is being laid out: offsets from base; with base NULL, nothing but the length. */
struct layout {
	char *base;
	size_t len;
};

static void *place(struct layout *l, size_t n, size_t size)
{
	void *p = l->base != NULL ? l->base + l->len : NULL;

	l->len += (n * size + WEIR_LINE - 1u) / WEIR_LINE * WEIR_LINE;
	return p;
}

static size_t lay_out(struct weir_join *j, const struct weir_join_config *cfg, void *mem)
{
	struct layout l = {.base = mem};
	size_t rules = cfg->max_rules, inputs = rules + cfg->n_inputs;
	size_t words = (rules + 63u) / 64u;
	uint32_t bits = 1;

	while ((size_t)1 << bits < 2u * inputs)
		bits++;
	j->map_rule = place(&l, rules, sizeof(*j->map_rule));
	j->rule = place(&l, rules, sizeof(*j->rule));
	j->input = place(&l, inputs, sizeof(*j->input));
	j->spare = place(&l, inputs, sizeof(*j->spare));
	j->stream = place(&l, inputs, sizeof(*j->stream));
	j->spare_stream = place(&l, inputs, sizeof(*j->spare_stream));
	j->hint = place(&l, (size_t)2 << bits, sizeof(*j->hint));
	j->hint_shift = 32u - bits;
	j->order = place(&l, inputs, sizeof(*j->order));
	j->edge = place(&l, 3u * rules, sizeof(*j->edge));
	j->binding = place(&l, cfg->max_bindings, sizeof(*j->binding));
	j->mask = place(&l, words * (WEIR_JOIN_RULE_VERDICT_COUNT + 1u), sizeof(*j->mask));
	j->calm = place(&l, 1u + (rules + CALM_BLOCK - 1u) / CALM_BLOCK, sizeof(*j->calm));
	j->cfg.input = place(&l, cfg->n_inputs, sizeof(*cfg->input));
	j->mask_words = (uint32_t)words;
	return l.len;
}

static int check_input(const struct weir_join_input_config *in, struct weir_error *err)
{
	if (in->stream == 0 || in->stream == WEIR_MERGE_STREAM_NULL)
		return weir_error_set(err, -EINVAL, "stream of an input", in->stream, 1);
	if ((in->flags & ~(uint32_t)WEIR_JOIN_INPUT_FLAGS_ALL) != 0)
		return weir_error_set(err, -EINVAL, "flags of an input", in->flags,
				      WEIR_JOIN_INPUT_FLAGS_ALL);
	return WEIR_OK;
}

static int check(const struct weir_join_config *cfg, struct weir_error *err)
{
	uint32_t i;
	int rc = WEIR_OK;

	if (cfg->struct_size != sizeof(*cfg))
		return weir_error_set(err, -EINVAL, "struct_size", cfg->struct_size, sizeof(*cfg));
	if (cfg->out == 0 || cfg->out == WEIR_MERGE_STREAM_NULL)
		return weir_error_set(err, -EINVAL, "output stream", cfg->out, 1);
	if (cfg->mode < WEIR_JOIN_SEQUENCE || cfg->mode > WEIR_JOIN_LATEST)
		return weir_error_set(err, -EINVAL, "mode", cfg->mode, WEIR_JOIN_LATEST);
	if (cfg->epoch_policy > WEIR_JOIN_EPOCH_MATCH)
		return weir_error_set(err, -EINVAL, "epoch_policy", cfg->epoch_policy,
				      WEIR_JOIN_EPOCH_MATCH);
	if ((cfg->flags & ~WEIR_JOIN_FLAGS_ALL) != 0)
		return weir_error_set(err, -EINVAL, "flags", cfg->flags, WEIR_JOIN_FLAGS_ALL);
	if (cfg->max_rules == 0 || cfg->max_rules > WEIR_MERGE_RULES_MAX)
		return weir_error_set(err, -EINVAL, "max_rules", cfg->max_rules,
				      WEIR_MERGE_RULES_MAX);
	if (cfg->min_present > cfg->max_rules)
		return weir_error_set(err, -EINVAL, "min_present", cfg->min_present,
				      cfg->max_rules);
	if (cfg->n_inputs > WEIR_MERGE_RULES_MAX)
		return weir_error_set(err, -EINVAL, "n_inputs", cfg->n_inputs,
				      WEIR_MERGE_RULES_MAX);
	for (i = 0; i < cfg->n_inputs && rc == WEIR_OK; i++)
		rc = check_input(&cfg->input[i], err);
	return rc;
}

int weir_join_bytes(const struct weir_join_config *cfg, size_t *bytes, struct weir_error *err)
{
	struct weir_join j;
	int rc = check(cfg, err);

	if (rc == WEIR_OK)
		*bytes = lay_out(&j, cfg, NULL);
	return rc;
}

static int less_config(const void *array, uint32_t a, uint32_t b)
{
	const struct weir_join_input_config *in = array;

	return in[a].stream < in[b].stream;
}

static void swap_config(void *array, uint32_t a, uint32_t b)
{
	struct weir_join_input_config *in = array, t = in[a];

	in[a] = in[b];
	in[b] = t;
}

/* Copies the configuration of inputs in order of their streams. */
static int copy_inputs(struct weir_join *j, const struct weir_join_config *cfg,
		       struct weir_join_input_config *to, struct weir_error *err)
{
	uint32_t i;

	if (cfg->n_inputs > 0)
		memcpy(to, cfg->input, cfg->n_inputs * sizeof(*to));
	weir_priv_join_sort(to, cfg->n_inputs, less_config, swap_config);
	for (i = 1; i < cfg->n_inputs; i++) {
		if (to[i].stream == to[i - 1].stream)
			return weir_error_set(err, -EINVAL, "two configurations of one stream",
					      to[i].stream, 1);
	}
	j->cfg = *cfg;
	j->cfg.input = to;
	if (j->cfg.min_present == 0)
		j->cfg.min_present = 1;
	return WEIR_OK;
}

/* Those that are observed without a map are inputs from the start. */
static void warm_inputs(struct weir_join *j)
{
	const struct weir_join_input_config *in;
	uint32_t i;

	for (i = 0; i < j->cfg.n_inputs; i++) {
		in = &j->cfg.input[i];
		if ((in->flags & WEIR_JOIN_INPUT_WARM) == 0)
			continue;
		memset(&j->input[j->n_inputs], 0, sizeof(*j->input));
		j->input[j->n_inputs].flags = in->flags;
		j->stream[j->n_inputs++] = in->stream;
	}
	weir_priv_join_hint(j, NULL, 0);
}

int weir_join_init(struct weir_join *j, const struct weir_join_config *cfg, struct weir_span mem,
		   struct weir_error *err)
{
	struct weir_join made;
	size_t need;
	int rc = weir_join_bytes(cfg, &need, err);

	if (rc != WEIR_OK)
		return rc;
	if (mem.ptr == NULL || (uintptr_t)mem.ptr % WEIR_LINE != 0)
		return weir_error_set(err, -EINVAL, "alignment of the storage",
				      (uintptr_t)mem.ptr % WEIR_LINE, WEIR_LINE);
	if (mem.len < need)
		return weir_error_set(err, -ENOBUFS, "storage", mem.len, need);
	memset(&made, 0, sizeof(made));
	lay_out(&made, cfg, mem.ptr);
	memset(mem.ptr, 0, need);
	rc = copy_inputs(&made, cfg, (struct weir_join_input_config *)(uintptr_t)made.cfg.input,
			 err);
	if (rc != WEIR_OK)
		return rc;
	made.state = WEIR_JOIN_STATUS_NO_MAP;
	made.changes = 1;
	made.calm_round = 1;
	made.stats.struct_size = sizeof(made.stats);
	warm_inputs(&made);
	*j = made;
	return WEIR_OK;
}

void weir_join_close(struct weir_join *j)
{
	if (j->state != WEIR_JOIN_STATUS_CLOSED)
		weir_priv_join_end_map(j, WEIR_JOIN_STATUS_CLOSED);
}

/* ---- outputs that have been made ---- */

/* Inputs that were left out: what they bring of that output from now on is late. */
static void forgo(struct weir_join *j, uint64_t out)
{
	const struct weir_priv_join_rule *r;
	struct weir_priv_join_input *in;
	uint64_t need;
	uint32_t n = 0;

	while ((n = weir_join_next(&j->verdict, WEIR_JOIN_RULE_STALE, n)) < j->map.n_rules) {
		r = &j->rule[n++];
		in = &j->input[r->input];
		need = out + r->add;
		need = need > r->late ? need - r->late : 0;
		if ((in->has & FORGONE(r->cursor)) == 0 || need > in->forgone[r->cursor])
			in->forgone[r->cursor] = need;
		in->has |= FORGONE(r->cursor);
	}
}

int weir_join_commit(struct weir_join *j, uint64_t out, uint64_t generation)
{
	const struct weir_join_verdict *v = &j->verdict;

	if (j->state != WEIR_JOIN_STATUS_OK || generation != j->generation) {
		j->stats.stale_commits++;
		return -ESTALE;
	}
	if ((j->cfg.flags & WEIR_JOIN_CONSUME_ONCE) != 0 && (j->has & COMMITTED) != 0 &&
	    out <= j->committed)
		return -EEXIST;
	if ((j->has & COMMITTED) == 0 || out > j->committed) {
		j->committed = out;
		j->has |= COMMITTED;
		j->changes++;
	}
	if (j->cfg.mode != WEIR_JOIN_LATEST && v->generation == generation && v->out == out &&
	    v->count[WEIR_JOIN_RULE_STALE] > 0)
		forgo(j, out);
	j->stats.commits++;
	return WEIR_OK;
}

int weir_join_watermark(const struct weir_join *j, uint64_t *out)
{
	if ((j->has & WATERMARK) == 0)
		return WEIR_EMPTY;
	*out = j->watermark;
	return WEIR_OK;
}
