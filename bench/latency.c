/* What roles recorded, taken out of shared memory. See latency.h. */
#include "latency.h"

#include <stdio.h>
#include <string.h>

_Static_assert(LATENCY_READERS * sizeof(struct latency_pair) <= BENCH_LATENCY_BYTES, "room");

/* How many roles of b record. */
static unsigned recorders(const struct bench *b)
{
	return b->flags & BENCH_OPEN ? b->readers : 1;
}

void latency_clear(struct bench_env *env, const struct bench *b)
{
	if (!(b->flags & BENCH_LATENCY))
		return;
	clock_init();
	memset(env->arena + BENCH_ARENA_BYTES, 0, BENCH_LATENCY_BYTES);
}

static int is_complete(struct bench_env *env, const struct hist *h, const char *what, uint64_t n)
{
	if (h->count == n)
		return 1;
	snprintf(env->error, sizeof(env->error), "%llu of %llu %s times were recorded",
		 (unsigned long long)h->count, (unsigned long long)n, what);
	return 0;
}

int latency_collect(struct bench_env *env, const struct bench *b, uint64_t n, struct hist *response,
		    struct hist *service)
{
	const struct latency_pair *pair;
	unsigned i;

	for (i = 0; i < recorders(b); i++) {
		pair = latency_pair_at(env->arena, i);
		if (!is_complete(env, &pair->response, "response", n) ||
		    ((b->flags & BENCH_OPEN) && !is_complete(env, &pair->service, "service", n)))
			return -1;
		if (response != NULL)
			hist_merge(response, &pair->response);
		if (service != NULL)
			hist_merge(service, &pair->service);
	}
	return 0;
}
