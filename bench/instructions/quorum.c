/* The quorum as a machine. */
#include <string.h>

#include <weir/quorum.h>

#include "cases.h"

#define PARTICIPANTS 64u
#define ROOM (256u << 10)

static struct weir_quorum quorum;
static struct weir_quorum_action action[WEIR_QUORUM_ACTIONS_MAX];

static void set(uint32_t size, uint64_t rounds)
{
	const struct weir_quorum_criterion criteria[] = {
		{WEIR_QUORUM_PRODUCER, 1, size / 2, 0},
		{WEIR_QUORUM_CONSUMER, WEIR_QUORUM_ANY, size / 2, 0},
		{WEIR_QUORUM_ANY, WEIR_QUORUM_ANY, size, 0}};
	struct weir_span mem = {count_arena(ROOM), ROOM};
	struct weir_quorum_config cfg;

	(void)rounds;
	memset(&cfg, 0, sizeof(cfg));
	cfg.struct_size = sizeof(cfg);
	cfg.out_stream = 9;
	cfg.participants = cfg.requests = PARTICIPANTS;
	cfg.criteria = criteria;
	cfg.ncriteria = 3;
	cfg.epochs = WEIR_QUORUM_EPOCH_OUTPUT;
	cfg.seed = 1;
	cfg.timeout_ns = cfg.stale_ns = WEIR_NS_NEVER;
	cfg.retry_ns = 1000;
	cfg.retry_limit = UINT32_MAX;
	COUNT_MUST(weir_quorum_init(&quorum, &cfg, mem, 0, NULL) == WEIR_OK);
}

static void step(uint32_t kind, uint32_t i, uint64_t epoch, weir_ns now, uint32_t answer)
{
	struct weir_quorum_event e;
	uint32_t n;

	memset(&e, 0, sizeof(e));
	e.kind = kind;
	e.id = 5000 + 13 * i;
	e.role = i % 2 == 0 ? WEIR_QUORUM_PRODUCER : WEIR_QUORUM_CONSUMER;
	e.stream = 1 + i % 2;
	e.epoch = epoch;
	e.correlation = (int64_t)now;
	COUNT_MUST(weir_quorum_step(&quorum, &e, now, action, WEIR_QUORUM_ACTIONS_MAX, &n) ==
			   WEIR_OK &&
		   n > 0 && action[0].answer == answer);
}

static void arrive_all(uint32_t size, weir_ns now)
{
	uint32_t k;

	for (k = 0; k < size; k++)
		step(WEIR_QUORUM_ARRIVE, k, 1, now, WEIR_QUORUM_ACCEPTED);
}

static void set_open(uint32_t size, uint64_t rounds)
{
	set(size, rounds);
	arrive_all(size, 0);
	COUNT_MUST(quorum.state == WEIR_QUORUM_OPEN);
}

static void arrive(uint32_t size, uint64_t rounds)
{
	struct weir_quorum_event e;
	uint64_t i;
	uint32_t n;

	memset(&e, 0, sizeof(e));
	e.kind = WEIR_QUORUM_EPOCH;
	for (i = 1; i <= rounds; i++) {
		arrive_all(size, i);
		e.epoch = i;
		COUNT_MUST(weir_quorum_step(&quorum, &e, i, action, WEIR_QUORUM_ACTIONS_MAX, &n) ==
				   WEIR_OK &&
			   n == 2);
	}
}

static void seen(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	for (i = 0; i < rounds; i++)
		step(WEIR_QUORUM_SEEN, (uint32_t)i % size, 1, i, WEIR_QUORUM_ACCEPTED);
}

static void attach(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	for (i = 0; i < rounds; i++)
		step(WEIR_QUORUM_ATTACH, (uint32_t)i % size, 1, i, WEIR_QUORUM_GRANTED);
}

static void next(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_quorum_next_ns(&quorum) == WEIR_NS_NEVER);
}

static const struct count_case cases[] = {
	{"quorum arrive/2", "one of 2 arrives, the round's beginning shared", set, arrive, 2, 2,
	 128},
	{"quorum arrive/64", "one of 64", set, arrive, 64, 64, 8},
	{"quorum seen/64", "a sign of life of one of 64", set_open, seen, 64, 1, 128},
	{"quorum attach/64", "a request while the gate is open", set_open, attach, 64, 1, 128},
	{"quorum next_ns", "when a tick is due", set_open, next, 64, 1, 128},
};
const struct count_table count_quorum = COUNT_TABLE(cases);
