/* Every row once, untimed. See once.h. */
#include "once.h"

#include <stdio.h>
#include <string.h>

#include "latency.h"
#include "realtime.h"

#define LAPS 3u		/* of a ring: its end is passed, and passed again */
#define OPERATIONS 512u /* of what has no end to pass */
#define READS 262144u	/* of records that somebody writes meanwhile */

static uint64_t operations_of(const struct bench *b)
{
	if (strcmp(b->group, "ring") == 0)
		return (uint64_t)LAPS * BENCH_RING_BYTES / b->size;
	if (b->flags & BENCH_FREE)
		return READS;
	return b->batch > OPERATIONS ? b->batch : OPERATIONS;
}

/* Parties that spin and share a CPU take a time slice of the scheduler per operation. */
static int is_chosen(const struct bench_env *env, const struct plan_options *opt,
		     const struct bench *b)
{
	if (!plan_asked_for(opt, b) || (!opt->full && !bench_is_quick(b, env->cpus)))
		return 0;
	if (realtime_leaves_out(env, b))
		return 0;
	return !(b->flags & BENCH_SPINS) || b->readers + 1 <= env->cpus;
}

/* Of what is timed one by one, each operation? */
static int recorded(struct bench_env *env, const struct bench *b)
{
	return !(b->flags & BENCH_LATENCY) ||
	       latency_collect(env, b, operations_of(b), NULL, NULL) == 0;
}

static int passes(struct bench_env *env, const struct bench *b)
{
	struct bench_sample s;
	char name[160];

	bench_full_name(b, name, sizeof(name));
	env->error[0] = '\0';
	if (b->run(env, b, operations_of(b), &s) >= 0 && recorded(env, b)) {
		printf("ok %s\n", name);
		return 1;
	}
	printf("FAILED %s: %s\n", name, env->error[0] != '\0' ? env->error : "failed");
	return 0;
}

int once_run(struct bench_env *env, const struct plan_options *opt,
	     const volatile sig_atomic_t *stop)
{
	unsigned ran = 0, failed = 0;
	size_t i;

	for (i = 0; i < bench_count() && *stop == 0; i++)
		if (is_chosen(env, opt, bench_at(i))) {
			ran++;
			failed += !passes(env, bench_at(i));
			fflush(stdout);
		}
	printf("%u rows, %u failed\n", ran, failed);
	return ran == 0 ? -1 : (int)failed;
}
