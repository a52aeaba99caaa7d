/* Merge maps as values: made, judged, compared.
 *
 * The order of the checks is part of the interface, so that every refusal has one reason. A null
 * value is never in range: the highest window and the lowest offset cannot be said on the wire, and
 * are absent here too. The fields that a kind lacks are neither judged nor compared. */
#include <weir/merge_map.h>

struct weir_merge_rule weir_merge_rule_offset(uint32_t input, int64_t offset)
{
	struct weir_merge_rule r = {.offset = offset,
				    .window = WEIR_MERGE_NO_WINDOW,
				    .input = input,
				    .type = WEIR_MERGE_OFFSET};

	return r;
}

struct weir_merge_rule weir_merge_rule_window(uint32_t input, uint64_t window)
{
	struct weir_merge_rule r = {.offset = WEIR_MERGE_NO_OFFSET,
				    .window = window,
				    .input = input,
				    .type = WEIR_MERGE_WINDOW};

	return r;
}

struct weir_merge_rule weir_merge_rule_offset_ns(uint32_t input, enum weir_merge_source source,
						 int64_t offset)
{
	struct weir_merge_rule r = weir_merge_rule_offset(input, offset);

	r.source = (uint16_t)source;
	return r;
}

struct weir_merge_rule weir_merge_rule_window_ns(uint32_t input, enum weir_merge_source source,
						 uint64_t window)
{
	struct weir_merge_rule r = weir_merge_rule_window(input, window);

	r.source = (uint16_t)source;
	return r;
}

struct weir_merge_map weir_merge_map_sequence(uint32_t out, uint64_t epoch,
					      const struct weir_merge_rule *rule, uint32_t n_rules)
{
	struct weir_merge_map m = {.kind = WEIR_MERGE_SEQUENCE,
				   .out = out,
				   .epoch = epoch,
				   .stale_ns = WEIR_MERGE_NO_TIMEOUT,
				   .lateness_ns = WEIR_MERGE_NO_LATENESS,
				   .n_rules = n_rules,
				   .rule = rule};

	return m;
}

struct weir_merge_map weir_merge_map_timestamp(uint32_t out, uint64_t epoch,
					       enum weir_merge_clock clock,
					       const struct weir_merge_rule *rule, uint32_t n_rules)
{
	struct weir_merge_map m = weir_merge_map_sequence(out, epoch, rule, n_rules);

	m.kind = WEIR_MERGE_TIMESTAMP;
	m.clock = (uint32_t)clock;
	return m;
}

/* The parameter of the rule's own type is there, that of the other type is not. */
static enum weir_merge_reason check_params(enum weir_merge_kind kind,
					   const struct weir_merge_rule *r)
{
	int offset = r->offset != WEIR_MERGE_NO_OFFSET;
	int window = r->window != WEIR_MERGE_NO_WINDOW;
	int is_offset = r->type == WEIR_MERGE_OFFSET;

	if (!(is_offset ? offset : window))
		return WEIR_MERGE_PARAM_MISSING;
	if (is_offset ? window : offset)
		return WEIR_MERGE_PARAM_CONFLICT;
	if (!is_offset && r->window == 0)
		return WEIR_MERGE_WINDOW_ZERO;
	if (kind != WEIR_MERGE_SEQUENCE)
		return WEIR_MERGE_OK;
	if (is_offset ? r->offset > WEIR_MERGE_SEQ_OFFSET_MAX ||
				r->offset < -(int64_t)WEIR_MERGE_SEQ_OFFSET_MAX
		      : r->window > WEIR_MERGE_SEQ_WINDOW_MAX)
		return WEIR_MERGE_PARAM_RANGE;
	return WEIR_MERGE_OK;
}

enum weir_merge_reason weir_merge_rule_check(enum weir_merge_kind kind,
					     const struct weir_merge_rule *r)
{
	if (r->input == WEIR_MERGE_STREAM_NULL)
		return WEIR_MERGE_REQUIRED_NULL;
	if (r->type != WEIR_MERGE_OFFSET && r->type != WEIR_MERGE_WINDOW)
		return WEIR_MERGE_RULE_TYPE;
	if (kind == WEIR_MERGE_TIMESTAMP && r->source != WEIR_MERGE_FRAME_DESCRIPTOR &&
	    r->source != WEIR_MERGE_SLOT_HEADER)
		return WEIR_MERGE_TIMESTAMP_SOURCE;
	return check_params(kind, r);
}

static enum weir_merge_reason check_head(const struct weir_merge_map *m)
{
	if (m->kind != WEIR_MERGE_SEQUENCE && m->kind != WEIR_MERGE_TIMESTAMP)
		return WEIR_MERGE_KIND;
	if (m->out == WEIR_MERGE_STREAM_NULL || m->epoch == WEIR_MERGE_EPOCH_NULL)
		return WEIR_MERGE_REQUIRED_NULL;
	if (m->kind == WEIR_MERGE_TIMESTAMP && m->clock != WEIR_MERGE_MONOTONIC &&
	    m->clock != WEIR_MERGE_REALTIME_SYNCED)
		return WEIR_MERGE_CLOCK_DOMAIN;
	if (m->n_rules > WEIR_MERGE_RULES_MAX)
		return WEIR_MERGE_GROUP_COUNT;
	return WEIR_MERGE_OK;
}

static void tell(uint32_t *rule, uint32_t i)
{
	if (rule != NULL)
		*rule = i;
}

enum weir_merge_reason weir_merge_map_check(const struct weir_merge_map *m, uint32_t *rule)
{
	enum weir_merge_reason why = check_head(m);
	uint32_t i = 0;

	tell(rule, m->n_rules);
	if (why != WEIR_MERGE_OK)
		return why;
	while (i < m->n_rules && why == WEIR_MERGE_OK)
		why = weir_merge_rule_check((enum weir_merge_kind)m->kind, &m->rule[i++]);
	if (why != WEIR_MERGE_OK)
		tell(rule, i - 1);
	return why;
}

enum weir_merge_reason weir_merge_map_check_join(const struct weir_merge_map *m, uint32_t *rule)
{
	enum weir_merge_reason why = weir_merge_map_check(m, rule);
	uint32_t i;

	if (why != WEIR_MERGE_OK)
		return why;
	if (m->out == 0)
		return WEIR_MERGE_ZERO_STREAM;
	for (i = 0; i < m->n_rules; i++) {
		if (m->rule[i].input == 0) {
			tell(rule, i);
			return WEIR_MERGE_ZERO_STREAM;
		}
	}
	return m->n_rules == 0 ? WEIR_MERGE_EMPTY_RULES : WEIR_MERGE_OK;
}

static int same_rule(uint32_t kind, const struct weir_merge_rule *a,
		     const struct weir_merge_rule *b)
{
	return a->input == b->input && a->type == b->type && a->offset == b->offset &&
	       a->window == b->window && (kind != WEIR_MERGE_TIMESTAMP || a->source == b->source);
}

int weir_merge_map_equal(const struct weir_merge_map *a, const struct weir_merge_map *b)
{
	uint32_t i;

	if (a->kind != b->kind || a->out != b->out || a->epoch != b->epoch ||
	    a->stale_ns != b->stale_ns || a->n_rules != b->n_rules)
		return 0;
	if (a->kind == WEIR_MERGE_TIMESTAMP &&
	    (a->clock != b->clock || a->lateness_ns != b->lateness_ns))
		return 0;
	for (i = 0; i < a->n_rules; i++) {
		if (!same_rule(a->kind, &a->rule[i], &b->rule[i]))
			return 0;
	}
	return 1;
}

const char *weir_merge_reason_name(unsigned reason)
{
	static const char *const name[] = {
#define X(n, text) #n,
		WEIR_MERGE_REASONS(X)
#undef X
	};

	return reason < WEIR_MERGE_REASON_COUNT ? name[reason] : "?";
}

const char *weir_merge_reason_text(unsigned reason)
{
	static const char *const text[] = {
#define X(n, t) t,
		WEIR_MERGE_REASONS(X)
#undef X
	};

	return reason < WEIR_MERGE_REASON_COUNT ? text[reason] : "?";
}
