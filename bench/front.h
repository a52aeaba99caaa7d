/* bench/front.h - the list of benches as google-benchmark rows. */
#ifndef BENCH_FRONT_H
#define BENCH_FRONT_H

#include "context.h"

/* Registers every bench that the list has, full ones included, with manual time, and runs those
 * that google-benchmark's own options in argv choose. Exit status. */
int front_run(struct bench_env *env, const struct context *c, int argc, char **argv);

#endif
