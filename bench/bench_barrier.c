/*
 * The barrier as a pure machine: events go in and actions come out on one thread, so this is what a
 * coordinator's own work comes to. An arrival should cost the same whatever the number of members. "scanning" is no library but what one writes first: a table of
 * members, looked through at every arrival to see who is missing.
 */
#include <stdio.h>
#include <string.h>

#include <weir/barrier.h>

#include "driver.h"

/* arrival: one ARRIVE of a rendezvous, the openings shared among them. generation: of a delivery
 * fence, from the first arrival through the cuts of all members to the release. */
struct scene {
	struct weir_group group;
	struct weir_barrier barrier;
	struct weir_barrier_event arrive, drained;
	struct weir_barrier_action action[WEIR_BARRIER_ACTIONS_MAX];
	uint64_t now;
	weir_pos cuts; /* of all members, added up: somebody has to look at them */
	struct weir_member member[WEIR_GROUP_MAX];
	weir_pos cut[WEIR_GROUP_MAX];
} BENCH_ALIGNED;

static int is_fence(const struct bench *b)
{
	return strncmp(b->name, "generation", 10) == 0;
}

static int set_scene(struct role *me, struct scene *s)
{
	const uint32_t members = me->b->size;
	uint64_t epoch;
	uint32_t i;
	int rc;

	memset(s, 0, sizeof(*s));
	rc = weir_group_init(&s->group, s->member, members);
	for (i = 0; rc == WEIR_OK && i < members; i++)
		rc = weir_group_join(&s->group, i, i + 1, &epoch);
	if (rc == WEIR_OK)
		rc = weir_barrier_init(&s->barrier, &s->group, s->cut, members);
	if (rc != WEIR_OK)
		return role_fail(me, "set up: %s", weir_error_name(rc));
	s->arrive.kind = WEIR_BARRIER_ARRIVE;
	s->arrive.mode = is_fence(me->b) ? WEIR_BARRIER_DELIVERY : WEIR_BARRIER_RENDEZVOUS;
	s->arrive.deadline = WEIR_NS_NEVER;
	s->drained.kind = WEIR_BARRIER_DRAINED;
	return 0;
}

/* One event; the last of its actions must be `want`. */
BENCH_INLINE int step(struct role *me, struct scene *s, const struct weir_barrier_event *e,
		      uint32_t want)
{
	uint32_t n = 0;
	int rc = weir_barrier_step(&s->barrier, e, ++s->now, s->action, WEIR_BARRIER_ACTIONS_MAX,
				   &n);

	if (BENCH_UNLIKELY(rc != WEIR_OK || n == 0 || s->action[n - 1].kind != want))
		return role_fail(me, "weir_barrier_step: %s, %u actions, the last is no %s",
				 weir_error_name(rc), n, weir_barrier_action_name(want));
	return 0;
}

BENCH_INLINE int arrive(struct role *me, struct scene *s, uint32_t member, uint64_t generation,
			uint32_t at_last)
{
	s->arrive.member = member;
	s->arrive.generation = generation;
	s->arrive.cut = generation * 64 + member;
	return step(me, s, &s->arrive, member + 1 == me->b->size ? at_last : WEIR_BARRIER_ANSWER);
}

static int arrivals(struct role *me)
{
	struct scene *s = (struct scene *)(void *)me->arena;
	uint64_t i, generation = 1;
	uint32_t member = 0;

	if (set_scene(me, s) != 0 || role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		if (arrive(me, s, member, generation, WEIR_BARRIER_RELEASE) != 0)
			return -1;
		if (++member == me->b->size) {
			member = 0;
			generation++;
		}
	}
	role_done(me, i);
	return s->barrier.stats.generations == me->n / me->b->size
		       ? 0
		       : role_fail(me, "%llu generations",
				   (unsigned long long)s->barrier.stats.generations);
}

static int generations(struct role *me)
{
	struct scene *s = (struct scene *)(void *)me->arena;
	uint32_t member;
	uint64_t i;

	if (set_scene(me, s) != 0 || role_start(me) != 0)
		return -1;
	for (i = 1; i <= me->n; i++) {
		for (member = 0; member < me->b->size; member++)
			if (arrive(me, s, member, i, WEIR_BARRIER_RECORD_TARGETS) != 0)
				return -1;
		for (member = weir_group_set_next(&s->barrier.arrived, 0); member < WEIR_GROUP_MAX;
		     member = weir_group_set_next(&s->barrier.arrived, member + 1))
			s->cuts += s->barrier.cut[member];
		s->drained.generation = i;
		if (step(me, s, &s->drained, WEIR_BARRIER_RELEASE) != 0)
			return -1;
	}
	role_done(me, me->n);
	return s->barrier.result.outcome == WEIR_OK && s->cuts != 0
		       ? 0
		       : role_fail(me, "outcome %s", weir_error_name(s->barrier.result.outcome));
}

/* ---- what one writes first ---- */

struct scan_member {
	uint64_t arrived_in; /* generation */
	weir_pos cut;
	uint32_t active;
	uint32_t reserved;
};

struct scan {
	uint64_t generation; /* open */
	uint32_t members;
	weir_pos cuts;
	struct scan_member member[WEIR_GROUP_MAX];
} BENCH_ALIGNED;

/* Who is missing after this arrival; UINT32_MAX: it was of no use. */
static __attribute__((noinline)) uint32_t scan_arrive(struct scan *s, uint32_t member,
						      uint64_t generation, weir_pos cut)
{
	uint32_t i, missing = 0;

	if (member >= s->members || !s->member[member].active || generation != s->generation ||
	    s->member[member].arrived_in == generation)
		return UINT32_MAX;
	s->member[member].arrived_in = generation;
	s->member[member].cut = cut;
	for (i = 0; i < s->members; i++)
		missing += s->member[i].active && s->member[i].arrived_in != generation;
	if (missing == 0)
		s->generation++;
	return missing;
}

static int scanning(struct role *me)
{
	struct scan *s = (struct scan *)(void *)me->arena;
	const uint64_t n = is_fence(me->b) ? me->n * me->b->size : me->n;
	uint32_t member = 0, missing, k;
	uint64_t i, generation = 1;

	memset(s, 0, sizeof(*s));
	s->generation = 1;
	s->members = me->b->size;
	for (k = 0; k < s->members; k++)
		s->member[k].active = 1;
	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < n; i++) {
		missing = scan_arrive(s, member, generation, generation * 64 + member);
		if (missing != s->members - 1 - member)
			return role_fail(me, "%u are missing after member %u", missing, member);
		if (++member < s->members)
			continue;
		for (k = 0; is_fence(me->b) && k < s->members; k++)
			s->cuts += s->member[k].cut;
		member = 0;
		generation++;
	}
	role_done(me, me->n);
	return 0;
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n,
		  struct bench_sample *out)
{
	return driver_run(env, b,
			  b->flags & BENCH_PEER ? scanning
			  : is_fence(b)         ? generations
						: arrivals,
			  NULL, 1, n, out);
}

static void add(const char *what, const char *who, uint32_t members, uint32_t flags)
{
	struct bench b;

	memset(&b, 0, sizeof(b));
	b.group = "barrier";
	b.who = who;
	b.unit = what;
	b.flags = BENCH_TIME | flags;
	if (members == 8 || members == 256 || (strcmp(what, "generation") == 0 && members != 64))
		b.flags |= BENCH_FULL;
	b.size = members;
	b.batch = 1;
	b.run = run;
	snprintf(b.name, sizeof(b.name), "%s/%u", what, (unsigned)members);
	if (strcmp(what, "arrival") == 0 && members > 2)
		snprintf(b.ref, sizeof(b.ref), "barrier/arrival/2/%s", who);
	bench_add(&b);
}

void bench_add_barrier(void)
{
	static const uint32_t members[] = {2, 8, 64, 256, WEIR_GROUP_MAX};
	static const char *const what[] = {"arrival", "generation"};
	unsigned i, k;

	for (k = 0; k < 2; k++)
		for (i = 0; i < 5; i++) {
			add(what[k], "weir", members[i], 0);
			add(what[k], "scanning", members[i], BENCH_PEER);
		}
}
