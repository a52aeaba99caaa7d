/* The rendezvous with all its parties on one thread, the barrier's machine, and groups. */
#include <string.h>

#include <weir/barrier.h>
#include <weir/group.h>
#include <weir/rendezvous.h>

#include "cases.h"

#define PARTIES 16u
#define MEMBERS 64u

static struct weir_rendezvous party[PARTIES];

static void set_parties(uint32_t size, uint64_t rounds)
{
	struct weir_span mem = {count_arena(4096), 4096};
	uint32_t i;

	(void)rounds;
	COUNT_MUST(weir_rendezvous_format(mem, size, NULL) == WEIR_OK);
	for (i = 0; i < size; i++)
		COUNT_MUST(weir_rendezvous_attach(&party[i], mem, i, NULL) == WEIR_OK);
}

static void meet(uint32_t size, uint64_t rounds)
{
	uint64_t i;
	uint32_t k;

	for (i = 0; i < rounds; i++) {
		for (k = 0; k < size; k++)
			weir_rendezvous_arrive(&party[k]);
		for (k = 0; k < size; k++)
			COUNT_MUST(weir_rendezvous_test(&party[k]) == WEIR_OK);
	}
}

static void not_met(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	weir_rendezvous_arrive(&party[0]);
	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_rendezvous_test(&party[0]) == WEIR_PENDING);
}

/* ---- the barrier as a machine ---- */

static struct weir_group group;
static struct weir_barrier barrier;
static struct weir_member member[MEMBERS];
static weir_pos cut[MEMBERS];
static uint64_t epoch[MEMBERS];

static void set_members(uint32_t size, uint64_t rounds)
{
	uint32_t i;

	(void)rounds;
	COUNT_MUST(weir_group_init(&group, member, size) == WEIR_OK);
	for (i = 0; i < size; i++)
		COUNT_MUST(weir_group_join(&group, i, i + 1, &epoch[i]) == WEIR_OK);
	COUNT_MUST(weir_barrier_init(&barrier, &group, cut, size) == WEIR_OK);
}

static void step(struct weir_barrier_event *e, weir_ns now, uint32_t want)
{
	struct weir_barrier_action out[WEIR_BARRIER_ACTIONS_MAX];
	uint32_t n;

	COUNT_MUST(weir_barrier_step(&barrier, e, now, out, WEIR_BARRIER_ACTIONS_MAX, &n) ==
			   WEIR_OK &&
		   n > 0 && out[n - 1].kind == want);
}

static void generations(uint32_t size, uint64_t rounds, uint32_t mode, uint32_t at_last)
{
	struct weir_barrier_event arrive, drained;
	uint64_t i;
	uint32_t k;

	memset(&arrive, 0, sizeof(arrive));
	memset(&drained, 0, sizeof(drained));
	arrive.kind = WEIR_BARRIER_ARRIVE;
	arrive.mode = mode;
	arrive.deadline = WEIR_NS_NEVER;
	drained.kind = WEIR_BARRIER_DRAINED;
	for (i = 1; i <= rounds; i++) {
		arrive.generation = drained.generation = i;
		for (k = 0; k < size; k++) {
			arrive.member = k;
			arrive.cut = 64 * i + k;
			step(&arrive, i, k + 1 < size ? (uint32_t)WEIR_BARRIER_ANSWER : at_last);
		}
		if (at_last == WEIR_BARRIER_RECORD_TARGETS)
			step(&drained, i, WEIR_BARRIER_RELEASE);
	}
}

static void meeting(uint32_t size, uint64_t rounds)
{
	generations(size, rounds, WEIR_BARRIER_RENDEZVOUS, WEIR_BARRIER_RELEASE);
}

static void fence(uint32_t size, uint64_t rounds)
{
	generations(size, rounds, WEIR_BARRIER_DELIVERY, WEIR_BARRIER_RECORD_TARGETS);
}

/* Arrives again: answered, and nothing is changed. */
static void repeat(uint32_t size, uint64_t rounds)
{
	struct weir_barrier_event e;
	uint64_t i;

	(void)size;
	memset(&e, 0, sizeof(e));
	e.kind = WEIR_BARRIER_ARRIVE;
	e.mode = WEIR_BARRIER_RENDEZVOUS;
	e.deadline = WEIR_NS_NEVER;
	e.generation = 1;
	for (i = 0; i < rounds; i++)
		step(&e, i, WEIR_BARRIER_ANSWER);
}

/* ---- groups ---- */

static void come_and_go(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	for (i = 0; i < rounds; i++) {
		COUNT_MUST(weir_group_gone(&group, 3, epoch[3]) == WEIR_OK);
		COUNT_MUST(weir_group_vacate(&group, 3, epoch[3]) == WEIR_OK);
		COUNT_MUST(weir_group_join(&group, 3, 4, &epoch[3]) == WEIR_OK);
	}
}

static void walk(uint32_t size, uint64_t rounds)
{
	uint64_t i;
	uint32_t k, n;

	for (i = 0; i < rounds; i++) {
		for (k = n = 0; (k = weir_group_set_next(&group.active, k)) < size; k++)
			n++;
		COUNT_MUST(n == size);
	}
}

static void set_ops(uint32_t size, uint64_t rounds)
{
	struct weir_group_set s;
	uint64_t i;

	memset(&s, 0, sizeof(s));
	for (i = 0; i < rounds; i++) {
		weir_group_set_add(&s, (uint32_t)i % size);
		COUNT_MUST(weir_group_set_has(&s, (uint32_t)i % size));
		weir_group_set_remove(&s, (uint32_t)i % size);
	}
	COUNT_MUST(weir_group_set_count(&s) == 0);
}

static const struct count_case cases[] = {
	{"rendezvous arrive+test/2", "one of 2 parties arrives, and finds that all have",
	 set_parties, meet, 2, 2, 512},
	{"rendezvous arrive+test/8", "one of 8", set_parties, meet, 8, 8, 128},
	{"rendezvous arrive+test/16", "one of 16, which share a count", set_parties, meet, 16, 16,
	 64},
	{"rendezvous test pending/8", "a look of one of 8, nobody else there", set_parties, not_met,
	 8, 1, 512},
	{"barrier arrive/2", "one arrival of a rendezvous of 2, the release shared", set_members,
	 meeting, 2, 2, 256},
	{"barrier arrive/64", "one of 64", set_members, meeting, 64, 64, 16},
	{"barrier fence/8", "one arrival at a delivery fence of 8, the rest shared", set_members,
	 fence, 8, 8, 64},
	{"barrier arrive again", "an arrival that is answered: has been counted", set_members,
	 repeat, 8, 1, 256},
	{"group gone+vacate+join", "a member leaves, and another comes", set_members, come_and_go,
	 8, 1, 256},
	{"group set next/64", "one member of 64 found, in order", set_members, walk, 64, 64, 16},
	{"group set add+has+remove", "all three", set_members, set_ops, 64, 1, 256},
};
const struct count_table count_meet = COUNT_TABLE(cases);
