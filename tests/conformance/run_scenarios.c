/* Replays files of join scenarios against the library.
 *
 *      run_scenarios FILE.json...
 *
 * A scenario is {name, origin, steps}, a step {op, args, expect}; README.md has the words. Whatever
 * is not known, an op, a field, a value out of range, fails the scenario, as a wrong answer does.
 * The last line is "N passed, N failed"; the exit status is 1 if any failed. */
#include "scenario_args.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run {
	struct scenario_fault fault;
	struct weir_join join;
	void *storage;
	uint32_t max_rules;
	int made;
};

static const char *op_new(struct run *r, json_t *args)
{
	struct weir_join_config c;
	struct weir_span mem;
	struct weir_error e;
	size_t bytes;

	memset(&c, 0, sizeof(c));
	c.max_rules = r->max_rules;
	scenario_config(&r->fault, json_array_get(args, 0), &c);
	if (r->fault.failed)
		return "?";
	if (weir_join_bytes(&c, &bytes, &e) != WEIR_OK) {
		scenario_fail(&r->fault, "refused: %s", e.what);
		return "?";
	}
	free(r->storage);
	r->storage = aligned_alloc(WEIR_LINE, bytes);
	mem.ptr = r->storage;
	mem.len = bytes;
	r->made = r->storage != NULL && weir_join_init(&r->join, &c, mem, &e) == WEIR_OK;
	if (!r->made)
		scenario_fail(&r->fault, "cannot be made");
	return "OK";
}

static const char *op_apply(struct run *r, json_t *args)
{
	struct weir_merge_rule *rule = calloc(r->max_rules, sizeof(*rule));
	struct weir_merge_map m;
	const char *got = "?";

	if (rule == NULL)
		abort();
	scenario_map(&r->fault, json_array_get(args, 0), &m, rule);
	if (!r->fault.failed)
		got = weir_join_answer_name(weir_join_apply(&r->join, &m, 0, NULL));
	free(rule);
	return got;
}

/* ---- the rest ---- */

struct words {
	uint64_t a[6];
};

/* Arguments that are all numbers; a null among them is the null of its type. */
static struct words numbers(struct run *r, json_t *args, size_t n, const char *const *name,
			    const uint64_t *limit)
{
	struct words w;
	size_t i;

	memset(&w, 0, sizeof(w));
	for (i = 0; i < n; i++) {
		json_t *v = json_array_get(args, i);

		w.a[i] = json_is_null(v) && (strcmp(name[i], "time") == 0) ? WEIR_MERGE_TIME_NULL
			 : json_is_null(v) && (strcmp(name[i], "clock") == 0)
				 ? 0
				 : scenario_uint(&r->fault, name[i], v, limit[i]);
	}
	return w;
}

static const uint64_t streams[] = {UINT32_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
static const uint64_t times[] = {UINT32_MAX, UINT64_MAX, UINT32_MAX,
				 UINT64_MAX, UINT32_MAX, UINT64_MAX};

static const char *op_set_epoch(struct run *r, json_t *args)
{
	static const char *const name[] = {"epoch"};
	struct words w = numbers(r, args, 1, name, &streams[1]);

	return r->fault.failed ? "?" : weir_join_answer_name(weir_join_set_epoch(&r->join, w.a[0]));
}

static const char *op_obs(struct run *r, json_t *args)
{
	static const char *const name[] = {"stream", "epoch", "seq", "now"};
	struct words w = numbers(r, args, 4, name, streams);

	if (r->fault.failed)
		return "?";
	return weir_join_answer_name(
		weir_join_observe(&r->join, (uint32_t)w.a[0], w.a[1], w.a[2], w.a[3]));
}

static const char *op_obs_t(struct run *r, json_t *args)
{
	static const char *const name[] = {"stream", "epoch", "source", "time", "clock", "now"};
	struct words w = numbers(r, args, 6, name, times);

	if (r->fault.failed)
		return "?";
	return weir_join_answer_name(weir_join_observe_time(&r->join, (uint32_t)w.a[0], w.a[1],
							    (enum weir_merge_source)w.a[2], w.a[3],
							    (enum weir_merge_clock)w.a[4], w.a[5]));
}

static const char *op_proc(struct run *r, json_t *args)
{
	static const char *const name[] = {"stream", "epoch", "seq"};
	struct words w = numbers(r, args, 3, name, streams);

	if (r->fault.failed)
		return "?";
	return weir_join_answer_name(
		weir_join_processed(&r->join, (uint32_t)w.a[0], w.a[1], w.a[2]));
}

static const char *op_proc_t(struct run *r, json_t *args)
{
	static const char *const name[] = {"stream", "epoch", "source", "time"};
	struct words w = numbers(r, args, 4, name, times);

	if (r->fault.failed)
		return "?";
	return weir_join_answer_name(weir_join_processed_time(
		&r->join, (uint32_t)w.a[0], w.a[1], (enum weir_merge_source)w.a[2], w.a[3]));
}

static const char *op_inval(struct run *r, json_t *args)
{
	static const char *const name[] = {"stream"};
	struct words w = numbers(r, args, 1, name, streams);

	if (r->fault.failed)
		return "?";
	return weir_join_answer_name(weir_join_invalidate(&r->join, (uint32_t)w.a[0]));
}

/* The list of one verdict is what the scenario says: in order, and there only if not empty. */
static void compare_list(struct run *r, const struct weir_join_verdict *v,
			 enum weir_join_rule_verdict which, const char *name, json_t *want)
{
	uint32_t rule = 0, i, n = v->count[which];

	if (want == NULL && n == 0)
		return;
	if (want == NULL || !json_is_array(want) || json_array_size(want) != n || n == 0) {
		scenario_fail(&r->fault, "%s: %u rules, the first is %u", name, n,
			      n > 0 ? weir_join_next(v, which, 0) : 0);
		return;
	}
	for (i = 0; i < n; i++, rule++) {
		rule = weir_join_next(v, which, rule);
		if (scenario_uint(&r->fault, name, json_array_get(want, i), UINT32_MAX) != rule)
			scenario_fail(&r->fault, "%s: rule %u is among them", name, rule);
	}
}

static const char *op_ready(struct run *r, json_t *args, json_t *want)
{
	static const char *const known[] = {"ready", "status",   "missing",     "not_yet",
					    "stale", "rejected", "unreachable", NULL};
	static const char *const name[] = {"out", "now"};
	struct words w = numbers(r, args, 2, name, &streams[1]);
	struct weir_join_verdict v;
	const char *status;
	json_t *ready;
	int got;

	scenario_known(&r->fault, "expect", want, known);
	if (r->fault.failed)
		return NULL;
	got = weir_join_ready(&r->join, w.a[0], w.a[1], &v);
	status = weir_join_status_name(v.status);
	ready = json_object_get(want, "ready");
	if (!json_is_boolean(ready) || json_is_true(ready) != got || got != (int)v.ready)
		scenario_fail(&r->fault, "ready: %s", got ? "true" : "false");
	if (!json_is_string(json_object_get(want, "status")) ||
	    strcmp(json_string_value(json_object_get(want, "status")), status) != 0)
		scenario_fail(&r->fault, "status: %s", status);
	compare_list(r, &v, WEIR_JOIN_RULE_MISSING, "missing", json_object_get(want, "missing"));
	compare_list(r, &v, WEIR_JOIN_RULE_NOT_YET, "not_yet", json_object_get(want, "not_yet"));
	compare_list(r, &v, WEIR_JOIN_RULE_STALE, "stale", json_object_get(want, "stale"));
	compare_list(r, &v, WEIR_JOIN_RULE_REJECTED, "rejected", json_object_get(want, "rejected"));
	compare_list(r, &v, WEIR_JOIN_RULE_UNREACHABLE, "unreachable",
		     json_object_get(want, "unreachable"));
	return NULL;
}

static const struct op {
	const char *name;
	size_t n_args;
	const char *(*run)(struct run *r, json_t *args);
	const char *answers; /* between blanks */
} ops[] = {
	{"new", 1, op_new, " OK "},
	{"apply", 1, op_apply,
	 " OK NO_CHANGE INVALID WRONG_STREAM WRONG_KIND OLD_EPOCH EPOCH_MISMATCH "},
	{"set_epoch", 1, op_set_epoch, " OK SAME "},
	{"obs", 4, op_obs,
	 " OK EPOCH_RESET REGRESSED BAD_SEQ NOT_TRACKED OLD_EPOCH MAP_INVALIDATED "},
	{"obs_t", 6, op_obs_t,
	 " OK EPOCH_RESET NOT_TRACKED OLD_EPOCH MAP_INVALIDATED NULL_TIME REJECTED_CLOCK "
	 "REJECTED_ORDER REGRESSED BAD_SEQ "},
	{"proc", 3, op_proc, " OK NOT_TRACKED "},
	{"proc_t", 4, op_proc_t, " OK NOT_TRACKED "},
	{"inval", 1, op_inval, " OK NOT_TRACKED "},
	{"ready", 2, NULL, NULL},
};

static void check_answer(struct run *r, const struct op *op, const char *got, json_t *want)
{
	char word[64];

	if (r->fault.failed)
		return;
	snprintf(word, sizeof(word), " %s ", json_is_string(want) ? json_string_value(want) : "");
	if (strlen(word) < 3 || strstr(op->answers, word) == NULL)
		scenario_fail(&r->fault, "no such answer is known");
	else if (strcmp(json_string_value(want), got) != 0)
		scenario_fail(&r->fault, "%s", got);
}

static void run_step(struct run *r, json_t *step)
{
	static const char *const known[] = {"op", "args", "expect", NULL};
	json_t *args = json_object_get(step, "args"), *want = json_object_get(step, "expect");
	const char *name = json_string_value(json_object_get(step, "op"));
	size_t i, n = sizeof(ops) / sizeof(ops[0]);

	scenario_known(&r->fault, "step", step, known);
	for (i = 0; i < n && (name == NULL || strcmp(ops[i].name, name) != 0); i++)
		;
	if (i == n)
		scenario_fail(&r->fault, "no such op is known");
	else if (!json_is_array(args) || json_array_size(args) != ops[i].n_args)
		scenario_fail(&r->fault, "%s takes %zu arguments", name, ops[i].n_args);
	else if (ops[i].run != op_new && !r->made)
		scenario_fail(&r->fault, "%s before new", name);
	if (r->fault.failed)
		return;
	if (ops[i].run == NULL)
		op_ready(r, args, want);
	else
		check_answer(r, &ops[i], ops[i].run(r, args), want);
}

/* Room for the largest map there is in the scenario. */
static uint32_t most_rules(json_t *steps)
{
	size_t i, n, most = 1;

	for (i = 0; i < json_array_size(steps); i++) {
		json_t *args = json_object_get(json_array_get(steps, i), "args");

		n = json_array_size(json_object_get(json_array_get(args, 0), "rules"));
		if (n > most)
			most = n;
	}
	return most > WEIR_MERGE_RULES_MAX ? WEIR_MERGE_RULES_MAX : (uint32_t)most;
}

/* 1: it passed. */
static int run_scenario(json_t *scenario)
{
	static const char *const known[] = {"name", "origin", "steps", NULL};
	json_t *steps = json_object_get(scenario, "steps");
	const char *name = json_string_value(json_object_get(scenario, "name"));
	struct run r;
	size_t i;

	memset(&r, 0, sizeof(r));
	r.max_rules = most_rules(steps);
	scenario_known(&r.fault, "scenario", scenario, known);
	if (!json_is_array(steps) || json_array_size(steps) == 0)
		scenario_fail(&r.fault, "no steps");
	for (i = 0; !r.fault.failed && i < json_array_size(steps); i++)
		run_step(&r, json_array_get(steps, i));
	free(r.storage);
	if (r.fault.failed)
		printf("%s: step %zu: %s\n", name != NULL ? name : "?", i > 0 ? i - 1 : 0,
		       r.fault.text);
	return !r.fault.failed;
}

int main(int argc, char **argv)
{
	unsigned long passed = 0, failed = 0;
	json_error_t e;
	json_t *file;
	size_t n;
	int i;

	for (i = 1; i < argc; i++) {
		file = json_load_file(argv[i], JSON_REJECT_DUPLICATES, &e);
		if (!json_is_array(file) || json_array_size(file) == 0) {
			printf("%s: %s\n", argv[i], file == NULL ? e.text : "no list of scenarios");
			failed++;
		}
		for (n = 0; n < json_array_size(file); n++) {
			if (run_scenario(json_array_get(file, n)))
				passed++;
			else
				failed++;
		}
		json_decref(file);
	}
	if (argc < 2)
		fprintf(stderr, "usage: run_scenarios FILE.json...\n");
	printf("%lu passed, %lu failed\n", passed, failed);
	return failed != 0 || argc < 2;
}
