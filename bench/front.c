/*
 * Every bench as a row of google-benchmark: for its JSON, its filters, its compare.py. The driver
 * takes the time, so rows use manual time. What this front end does not do is the plan: no
 * interleaving of peers, no machine probe, no dropped rounds, no ratios.
 */
#include "front.h"

#include <stdio.h>
#include <stdlib.h>

#include "gbench.h"
#include "native.h"
#include "plan.h"
#include "preflight.h"

#define BATCH_NS 10e6 /* what one call of a bench should take */

struct front {
	struct bench_env *env;
	const struct bench *b;
	uint64_t batch; /* 0: not calibrated yet */
	int failed;
};

static void set_rates(struct gb_state *st, const struct bench *b)
{
	if (b->flags & BENCH_TIME)
		return;
	gb_items(st, gb_iterations(st));
	if (b->size > 0)
		gb_bytes(st, gb_iterations(st) * (int64_t)b->size);
}

static void fail(struct gb_state *st, struct front *f)
{
	gb_fail(st, f->env->error);
	f->failed = 1;
}

static void row(struct gb_state *st, void *ctx)
{
	struct front *f = ctx;
	struct bench_sample s;
	uint64_t involuntary = 0, heap = 0;

	if (f->batch == 0)
		f->batch = plan_calibrate(f->env, f->b, BATCH_NS);
	if (f->batch == 0)
		fail(st, f);
	while (gb_next(st, (int64_t)f->batch)) {
		double ns = f->b->run(f->env, f->b, f->batch, &s);

		if (ns < 0) {
			fail(st, f);
			break;
		}
		gb_time(st, bench_ns_of(f->b, ns, &s));
		involuntary += s.involuntary;
		heap += s.allocs;
	}
	gb_allocs(st, heap);
	gb_counter(st, "inv.sw/op", (double)involuntary, GB_PER_ITERATION);
	set_rates(st, f->b);
}

int front_run(struct bench_env *env, const struct context *c, int argc, char **argv)
{
	struct front *front = calloc(bench_count(), sizeof(*front));
	char name[160];
	int failed = 0;
	size_t i;

	if (front == NULL || gb_init(&argc, argv) != 0) {
		free(front);
		return 2;
	}
	for (i = 0; i < c->n; i++)
		gb_context(c->fact[i].key, c->fact[i].value);
	gb_context("noise", preflight_noise());
	for (i = 0; i < bench_count(); i++) {
		front[i].env = env;
		front[i].b = bench_at(i);
		bench_full_name(front[i].b, name, sizeof(name));
		gb_manual_time(gb_register(name, row, &front[i]));
	}
	native_register(env);
	gb_run();
	gb_shutdown();
	for (i = 0; i < bench_count(); i++)
		failed |= front[i].failed;
	free(front);
	return failed;
}
