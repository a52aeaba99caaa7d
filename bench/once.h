/* bench/once.h - every row once, untimed: do its messages arrive? */
#ifndef BENCH_ONCE_H
#define BENCH_ONCE_H

#include "plan.h"

/* Runs each row that the plan would choose once: a ring for a few laps, others for a few hundred
 * operations. Says which, and which failed; how many did, or -1 when nothing matches. Ends early
 * when *stop is not 0. */
int once_run(struct bench_env *env, const struct plan_options *opt,
	     const volatile sig_atomic_t *stop);

#endif
