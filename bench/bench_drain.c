/*
 * The drain waiter over four readers: to capture them, to look at four that are not there yet, and
 * the whole of it: capture, each reader publishes, a look that says drained.
 */
#include <stdio.h>
#include <string.h>

#include <weir/drain.h>
#include <weir/progress.h>
#include <weir/region.h>

#include "driver.h"

#define READERS 4u
#define TABLE_BYTES (64u << 10)

enum what { CAPTURE, PENDING, WHOLE };

struct scene {
	struct weir_progress_writer w[READERS];
	struct weir_drain_target target[READERS];
	struct weir_drain d;
	struct weir_progress t;
} BENCH_ALIGNED;

static int set_scene(struct role *me, struct scene *s)
{
	struct weir_span mem = {me->arena, TABLE_BYTES};
	weir_owner self = weir_owner_self();
	uint32_t i;
	int rc = weir_progress_attach(&s->t, mem, NULL);

	for (i = 0; rc >= 0 && i < READERS; i++) {
		rc = weir_progress_claim(&s->t, i, self, 0, 0, &s->w[i], NULL);
		if (rc >= 0)
			weir_progress_publish(&s->w[i], 0, 0, 0, 0);
	}
	return rc < 0 ? role_fail(me, "weir_progress_claim: %s", weir_error_name(rc)) : 0;
}

static int capture(struct role *me, struct scene *s, weir_pos cut)
{
	int rc;

	weir_drain_init(&s->d, s->target, READERS, 0);
	rc = weir_drain_add_all(&s->d, &s->t, cut, 0);
	return rc != WEIR_OK ? role_fail(me, "weir_drain_add_all: %s", weir_error_name(rc)) : 0;
}

static int look(struct role *me, struct scene *s, int want)
{
	int rc = weir_drain_poll(&s->d, 1);

	return rc != want ? role_fail(me, "weir_drain_poll: %s", weir_error_name(rc)) : 0;
}

static int step(struct role *me, struct scene *s, enum what what, uint64_t i)
{
	uint32_t k;

	if (what == PENDING)
		return look(me, s, WEIR_PENDING);
	if (capture(me, s, 8 * (i + 1)) != 0)
		return -1;
	if (what == CAPTURE)
		return 0;
	for (k = 0; k < READERS; k++)
		weir_progress_publish(&s->w[k], 8 * (i + 1), 8 * (i + 1), i + 1, 0);
	return look(me, s, WEIR_OK);
}

static int role(struct role *me)
{
	enum what what = strncmp(me->b->name, "capture", 7) == 0 ? CAPTURE
			 : strncmp(me->b->name, "poll", 4) == 0  ? PENDING
								 : WHOLE;
	struct scene s;
	uint64_t i;

	if (set_scene(me, &s) != 0 || capture(me, &s, 8) != 0 || role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++)
		if (step(me, &s, what, i) != 0)
			return -1;
	role_done(me, i);
	return 0;
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n,
		  struct bench_sample *out)
{
	struct weir_span mem = {env->arena, TABLE_BYTES};
	int rc;

	memset(env->arena, 0, TABLE_BYTES);
	rc = weir_progress_format(mem, READERS, NULL);
	if (rc < 0) {
		snprintf(env->error, sizeof(env->error), "format: %s", weir_error_name(rc));
		return -1;
	}
	return driver_run(env, b, role, NULL, 1, n, out);
}

void bench_add_drain(void)
{
	static const char *const name[] = {"capture/4", "poll-pending/4", "capture-publish-poll/4"};
	struct bench b;
	unsigned i;

	for (i = 0; i < 3; i++) {
		memset(&b, 0, sizeof(b));
		b.group = "drain";
		b.who = "weir";
		b.unit = "call";
		b.flags = BENCH_TIME;
		b.batch = 1;
		b.run = run;
		snprintf(b.name, sizeof(b.name), "%s", name[i]);
		bench_add(&b);
	}
}
