/* Reading the arguments of scenarios: numbers are integers or decimal strings. */
#ifndef WEIR_TESTS_SCENARIO_ARGS_H
#define WEIR_TESTS_SCENARIO_ARGS_H

#include <jansson.h>
#include <stdint.h>

#include <weir/join.h>

/* The first thing that is wrong with a scenario. */
struct scenario_fault {
	int failed;
	char text[200];
};

void scenario_fail(struct scenario_fault *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Nothing but an object with these keys; the list ends with NULL. */
void scenario_known(struct scenario_fault *f, const char *what, json_t *o,
		    const char *const *known);

/* 1: absent, or null. */
int scenario_null(const json_t *v);

uint64_t scenario_uint(struct scenario_fault *f, const char *what, const json_t *v, uint64_t max);
int64_t scenario_int(struct scenario_fault *f, const char *what, const json_t *v);
int scenario_bool(struct scenario_fault *f, const char *what, const json_t *v, int otherwise);

/* The argument of new; the caller sets max_rules before. */
void scenario_config(struct scenario_fault *f, json_t *o, struct weir_join_config *c);

/* The argument of apply; rule: room for its rules. */
void scenario_map(struct scenario_fault *f, json_t *o, struct weir_merge_map *m,
		  struct weir_merge_rule *rule);

#endif
