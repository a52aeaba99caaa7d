/* Configurations and maps of scenarios. */
#include "scenario_args.h"

#include <string.h>

static int one_of(struct scenario_fault *f, const char *what, json_t *v, const char *const *word)
{
	int i;

	for (i = 0; json_is_string(v) && word[i] != NULL; i++) {
		if (strcmp(json_string_value(v), word[i]) == 0)
			return i;
	}
	scenario_fail(f, "%s: no such word", what);
	return 0;
}

void scenario_config(struct scenario_fault *f, json_t *o, struct weir_join_config *c)
{
	static const char *const known[] = {"out",          "mode",        "processed",
					    "latest_time",  "allow_stale", "min_present",
					    "epoch_policy", "order",       NULL};
	static const char *const modes[] = {"seq", "ts", "latest", NULL};
	static const char *const policies[] = {"output", "any_input", "match", NULL};
	json_t *v;

	scenario_known(f, "new", o, known);
	c->struct_size = sizeof(*c);
	/* the model takes a frame that is announced once more for a re-validation */
	c->flags = WEIR_JOIN_REVIVE_ON_REPEAT;
	c->out = (uint32_t)scenario_uint(f, "out", json_object_get(o, "out"), UINT32_MAX);
	c->mode =
		WEIR_JOIN_SEQUENCE + (uint32_t)one_of(f, "mode", json_object_get(o, "mode"), modes);
	if ((v = json_object_get(o, "epoch_policy")) != NULL)
		c->epoch_policy = (uint32_t)one_of(f, "epoch_policy", v, policies);
	if ((v = json_object_get(o, "min_present")) != NULL)
		c->min_present = (uint32_t)scenario_uint(f, "min_present", v, WEIR_MERGE_RULES_MAX);
	if (scenario_bool(f, "processed", json_object_get(o, "processed"), 0))
		c->flags |= WEIR_JOIN_PROCESSED;
	if (scenario_bool(f, "latest_time", json_object_get(o, "latest_time"), 0))
		c->flags |= WEIR_JOIN_LATEST_BY_TIME;
	if (!scenario_bool(f, "allow_stale", json_object_get(o, "allow_stale"), 1))
		c->flags |= WEIR_JOIN_NEVER_STALE;
	if (!scenario_bool(f, "order", json_object_get(o, "order"), 1))
		c->flags |= WEIR_JOIN_ANY_ORDER;
	if (c->max_rules < c->min_present)
		c->max_rules = c->min_present;
}

static void read_rule(struct scenario_fault *f, json_t *o, struct weir_merge_rule *rule)
{
	static const char *const known[] = {"in", "type", "src", "off", "win", NULL};
	json_t *v;

	scenario_known(f, "rule", o, known);
	rule->input = (uint32_t)scenario_uint(f, "in", json_object_get(o, "in"), UINT32_MAX);
	rule->type = (uint16_t)scenario_uint(f, "type", json_object_get(o, "type"), UINT16_MAX);
	v = json_object_get(o, "src");
	rule->source = scenario_null(v) ? 0 : (uint16_t)scenario_uint(f, "src", v, UINT16_MAX);
	v = json_object_get(o, "off");
	rule->offset = scenario_null(v) ? WEIR_MERGE_NO_OFFSET : scenario_int(f, "off", v);
	v = json_object_get(o, "win");
	rule->window =
		scenario_null(v) ? WEIR_MERGE_NO_WINDOW : scenario_uint(f, "win", v, UINT64_MAX);
}

void scenario_map(struct scenario_fault *f, json_t *o, struct weir_merge_map *m,
		  struct weir_merge_rule *rule)
{
	static const char *const known[] = {"kind",  "out",  "epoch", "stale",
					    "clock", "late", "rules", NULL};
	static const char *const kinds[] = {"seq", "ts", NULL};
	json_t *rules = json_object_get(o, "rules"), *v;
	uint32_t i;

	scenario_known(f, "map", o, known);
	if (!json_is_array(rules))
		scenario_fail(f, "rules: not a list");
	*m = weir_merge_map_sequence(
		(uint32_t)scenario_uint(f, "out", json_object_get(o, "out"), UINT32_MAX),
		scenario_uint(f, "epoch", json_object_get(o, "epoch"), UINT64_MAX), rule,
		(uint32_t)json_array_size(rules));
	m->kind = WEIR_MERGE_SEQUENCE +
		  (uint32_t)one_of(f, "kind", json_object_get(o, "kind"), kinds);
	v = json_object_get(o, "stale");
	if (!scenario_null(v))
		m->stale_ns = scenario_uint(f, "stale", v, UINT64_MAX);
	v = json_object_get(o, "late");
	if (!scenario_null(v))
		m->lateness_ns = scenario_uint(f, "late", v, UINT64_MAX);
	v = json_object_get(o, "clock");
	if (!scenario_null(v))
		m->clock = (uint32_t)scenario_uint(f, "clock", v, UINT32_MAX);
	for (i = 0; i < m->n_rules; i++)
		read_rule(f, json_array_get(rules, i), &rule[i]);
}
