/*
 * Progress records: what a reader pays to say how far it is, and what others pay to look, with
 * nobody publishing and with an owner that publishes back to back, the worst case for a seqlock.
 */
#include <stdio.h>
#include <string.h>

#include <weir/progress.h>
#include <weir/region.h>

#include "driver.h"

#define SLOTS 8u
#define TABLE_BYTES (64u << 10)

static struct weir_span table_mem(uint8_t *arena)
{
	struct weir_span s = {arena, TABLE_BYTES};

	return s;
}

static int attach(struct role *me, struct weir_progress *t)
{
	int rc = weir_progress_attach(t, table_mem(me->arena), NULL);

	return rc < 0 ? role_fail(me, "weir_progress_attach: %s", weir_error_name(rc)) : 0;
}

static int claim(struct role *me, const struct weir_progress *t, struct weir_progress_writer *w)
{
	int rc = weir_progress_claim(t, 0, weir_owner_self(), 0, 0, w, NULL);

	return rc < 0 ? role_fail(me, "weir_progress_claim: %s", weir_error_name(rc)) : 0;
}

/* Publishes n times; n = 0: until told to stop. */
BENCH_INLINE int publish_loop(struct role *me, uint64_t n)
{
	struct weir_progress_writer w BENCH_ALIGNED;
	struct weir_progress t;
	uint64_t i;

	if (attach(me, &t) != 0 || claim(me, &t, &w) != 0)
		return -1;
	weir_progress_publish(&w, 0, 0, 0, 0);
	if (role_start(me) != 0)
		return -1;
	for (i = 0; n > 0 ? i < n : !role_stopped(me); i++)
		weir_progress_publish(&w, i, i, i, i);
	role_done(me, i);
	weir_progress_stop(&w, i);
	return 0;
}

static int publisher(struct role *me)
{
	return publish_loop(me, me->n);
}

static int fire(struct role *me)
{
	return publish_loop(me, 0);
}

static int reading(struct role *me)
{
	struct weir_progress_writer w BENCH_ALIGNED;
	struct weir_progress_hot rec;
	struct weir_progress t;
	uint64_t i, bad = 0;
	int rc, quiet = strstr(me->b->name, "quiet") != NULL;

	if (attach(me, &t) != 0 || (quiet && claim(me, &t, &w) != 0))
		return -1;
	if (quiet)
		weir_progress_publish(&w, 7, 7, 7, 7);
	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		/* -EAGAIN: a bounded number of looks were all torn; the retries are in the time */
		while ((rc = weir_progress_read_hot(&t, 0, &rec)) == -EAGAIN)
			;
		if (rc != WEIR_OK)
			return role_fail(me, "weir_progress_read_hot: %s", weir_error_name(rc));
		bad |= (rec.delivered ^ rec.observed) | (rec.delivered ^ rec.sequence) |
		       (rec.delivered ^ rec.stamp);
	}
	role_done(me, i);
	role_stop_others(me);
	return bad == 0 ? 0 : role_fail(me, "a torn record was read");
}

double bench_run_progress(struct bench_env *env, const struct bench *b, role_fn by_publisher,
			  role_fn by_reader, role_fn by_fire, uint64_t n, struct bench_sample *out)
{
	const int quiet = strstr(b->name, "quiet") != NULL;

	if (strncmp(b->name, "publish", 7) == 0)
		return driver_run(env, b, by_publisher, NULL, 1, n, out);
	return driver_run(env, b, by_reader, quiet ? NULL : by_fire, quiet ? 1 : 2, n, out);
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n,
		  struct bench_sample *out)
{
	int rc;

	memset(env->arena, 0, TABLE_BYTES);
	rc = weir_progress_format(table_mem(env->arena), SLOTS, NULL);
	if (rc < 0) {
		snprintf(env->error, sizeof(env->error), "format: %s", weir_error_name(rc));
		return -1;
	}
	return bench_run_progress(env, b, publisher, reading, fire, n, out);
}

void bench_add_progress(void)
{
	bench_add_progress_cases("weir", 0, run);
}
