/*
 * The drain waiter. Over four readers: to capture them, to look at four that are not there yet, and
 * the whole of it: capture, each reader publishes, a look that says drained. And what capture and look
 * cost per target, from 2 to 1024 of them.
 */
#include <stdio.h>
#include <string.h>

#include <weir/drain.h>
#include <weir/progress.h>
#include <weir/region.h>

#include "driver.h"

#define READERS 4u /* of the rows whose operation is a call */
#define READERS_MAX 1024u
#define TABLE_BYTES (2u << 20)

enum what { CAPTURE, PENDING, WHOLE };

struct scene { /* in the arena, behind the table */
	struct weir_drain d;
	struct weir_progress t;
	uint32_t readers;
	struct weir_progress_writer w[READERS_MAX];
	struct weir_drain_target target[READERS_MAX];
} BENCH_ALIGNED;

static uint32_t readers_of(const struct bench *b)
{
	return b->batch > 1 ? b->batch : READERS;
}

static int set_scene(struct role *me, struct scene *s)
{
	struct weir_span mem = {me->arena, TABLE_BYTES};
	weir_owner self = weir_owner_self();
	uint32_t i;
	int rc = weir_progress_attach(&s->t, mem, NULL);

	s->readers = readers_of(me->b);
	for (i = 0; rc >= 0 && i < s->readers; i++) {
		rc = weir_progress_claim(&s->t, i, self, 0, 0, &s->w[i], NULL);
		if (rc >= 0)
			weir_progress_publish(&s->w[i], 0, 0, 0, 0);
	}
	return rc < 0 ? role_fail(me, "weir_progress_claim: %s", weir_error_name(rc)) : 0;
}

static int capture(struct role *me, struct scene *s, weir_pos cut)
{
	int rc;

	weir_drain_init(&s->d, s->target, s->readers, 0);
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
	for (k = 0; k < s->readers; k++)
		weir_progress_publish(&s->w[k], 8 * (i + 1), 8 * (i + 1), i + 1, 0);
	return look(me, s, WEIR_OK);
}

static int role(struct role *me)
{
	enum what what = strncmp(me->b->name, "capture-publish", 15) == 0 ? WHOLE
			 : strncmp(me->b->name, "capture", 7) == 0        ? CAPTURE
									  : PENDING;
	struct scene *s = (struct scene *)(void *)(me->arena + TABLE_BYTES);
	uint64_t i;

	_Static_assert(TABLE_BYTES + sizeof(*s) <= BENCH_ARENA_BYTES, "arena");
	if (set_scene(me, s) != 0 || capture(me, s, 8) != 0 || role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i += me->b->batch) /* n is a multiple of it */
		if (step(me, s, what, i) != 0)
			return -1;
	role_done(me, i);
	return s->d.n == s->readers ? 0 : role_fail(me, "%u targets", s->d.n);
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n,
		  struct bench_sample *out)
{
	struct weir_span mem = {env->arena, TABLE_BYTES};
	int rc;

	memset(env->arena, 0, TABLE_BYTES);
	rc = weir_progress_format(mem, readers_of(b), NULL);
	if (rc < 0) {
		snprintf(env->error, sizeof(env->error), "format: %s", weir_error_name(rc));
		return -1;
	}
	return driver_run(env, b, role, NULL, 1, n, out);
}

static void add(const char *name, uint32_t targets, uint32_t flags)
{
	struct bench b;

	memset(&b, 0, sizeof(b));
	b.group = "drain";
	b.who = "weir";
	b.unit = targets > 0 ? "target" : "call";
	b.flags = BENCH_TIME | flags;
	b.batch = targets > 0 ? targets : 1;
	b.run = run;
	if (targets > 0)
		snprintf(b.name, sizeof(b.name), "%s/%u", name, (unsigned)targets);
	else
		snprintf(b.name, sizeof(b.name), "%s", name);
	if (targets > 2)
		snprintf(b.ref, sizeof(b.ref), "drain/%s/2/weir", name);
	bench_add(&b);
}

void bench_add_drain(void)
{
	static const char *const name[] = {"capture/4", "poll-pending/4", "capture-publish-poll/4"};
	static const char *const each[] = {"capture-per-target", "poll-per-target"};
	static const uint32_t targets[] = {2, 8, 64, 256, READERS_MAX};
	unsigned i, k;

	for (i = 0; i < 3; i++)
		add(name[i], 0, 0);
	for (k = 0; k < 2; k++)
		for (i = 0; i < 5; i++)
			add(each[k], targets[i],
			    targets[i] == 8 || targets[i] == 256 ? BENCH_FULL : 0);
}
