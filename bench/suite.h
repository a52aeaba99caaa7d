/* bench/suite.h - one run of the program: the plans, the studies, and in which order. */
#ifndef BENCH_SUITE_H
#define BENCH_SUITE_H

#include "options.h"
#include "topology.h"

struct suite {
	struct bench_env *env;
	struct bench_env at[TOPOLOGY_KINDS]; /* env of each plan: its CPUs */
	struct plan plan[TOPOLOGY_KINDS];    /* one, or one for each pair of CPUs; plan[0] always */
	const char *pair[TOPOLOGY_KINDS];    /* what its CPUs are to each other; NULL: not asked */
	unsigned plans;
	int studies; /* some are to run */
	const struct options *o;
};

/* Chooses what to run and where. 0; -1: nothing can be run, stderr says why. */
int suite_make(struct suite *s, struct bench_env *env, const struct options *o);

/* Measures, until *stop. How many benches and studies failed. */
unsigned suite_run(struct suite *s, const volatile sig_atomic_t *stop);

void suite_free(struct suite *s);

#endif
