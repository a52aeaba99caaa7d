/* bench/context.h - where and from what a run was made. */
#ifndef BENCH_CONTEXT_H
#define BENCH_CONTEXT_H

#include "bench.h"

#define CONTEXT_MAX 32u

struct context_fact {
	const char *key;
	char value[1024];
	const char *warning; /* what is wrong with it and how to mend it, or NULL */
};

struct context {
	struct context_fact fact[CONTEXT_MAX];
	unsigned n;
};

/* Reads /proc and /sys. Unknown facts are "unknown". */
void context_read(struct context *c, const struct bench_env *env);

#endif
