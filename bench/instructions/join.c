/* What a join is asked. */
#include <string.h>

#include "join.h"

struct weir_join join;
struct weir_merge_map join_map[2];
static struct weir_merge_rule rule[2][JOIN_INPUTS];
static struct weir_join_verdict verdict;

static struct weir_merge_rule nth(uint32_t i, int by_time)
{
	const uint32_t stream = join_stream(i), k = i % 4;

	if (by_time)
		return k == 3 ? weir_merge_rule_window_ns(stream, WEIR_MERGE_FRAME_DESCRIPTOR, 4)
			      : weir_merge_rule_offset_ns(stream, WEIR_MERGE_FRAME_DESCRIPTOR, k);
	return k == 3 ? weir_merge_rule_window(stream, 4) : weir_merge_rule_offset(stream, k);
}

void join_make(enum weir_join_mode mode, uint32_t size)
{
	struct weir_span mem = {count_arena(0), COUNT_ARENA / 2};
	const int by_time = mode == WEIR_JOIN_TIMESTAMP;
	struct weir_join_config cfg;
	uint32_t i, k;

	memset(&cfg, 0, sizeof(cfg));
	cfg.struct_size = sizeof(cfg);
	cfg.out = 9;
	cfg.mode = mode;
	cfg.max_rules = cfg.max_bindings = size;
	for (k = 0; k < 2; k++) {
		for (i = 0; i < size; i++) {
			rule[k][i] = nth(i, by_time);
			if (rule[k][i].type == WEIR_MERGE_OFFSET)
				rule[k][i].offset += k;
		}
		join_map[k] = by_time ? weir_merge_map_timestamp(
						9, JOIN_EPOCH, WEIR_MERGE_MONOTONIC, rule[k], size)
				      : weir_merge_map_sequence(9, JOIN_EPOCH, rule[k], size);
		join_map[k].stale_ns = UINT64_C(3600000000000);
		join_map[k].lateness_ns = by_time ? 3 : WEIR_MERGE_NO_LATENESS;
	}
	COUNT_MUST(weir_join_init(&join, &cfg, mem, NULL) == WEIR_OK);
	COUNT_MUST(weir_join_apply(&join, &join_map[0], 0, NULL) == WEIR_JOIN_OK);
}

void join_tell(uint32_t size, uint64_t all, uint64_t last)
{
	uint32_t i;

	for (i = 0; i < size; i++) {
		uint64_t to = i + 1 < size ? all : last;

		if (join.cfg.mode == WEIR_JOIN_TIMESTAMP)
			COUNT_MUST(weir_join_observe_time(&join, join_stream(i), JOIN_EPOCH,
							  WEIR_MERGE_FRAME_DESCRIPTOR, to,
							  WEIR_MERGE_MONOTONIC, 0) == WEIR_JOIN_OK);
		else
			COUNT_MUST(weir_join_observe(&join, join_stream(i), JOIN_EPOCH, to, 0) ==
				   WEIR_JOIN_OK);
	}
}

static void set(uint32_t size, uint64_t rounds)
{
	(void)rounds;
	join_make(WEIR_JOIN_SEQUENCE, size);
	join_tell(size, JOIN_FAR, JOIN_FAR);
}

static void set_behind(uint32_t size, uint64_t rounds)
{
	(void)rounds;
	join_make(WEIR_JOIN_SEQUENCE, size);
	join_tell(size, JOIN_FAR, 1);
}

static void set_time(uint32_t size, uint64_t rounds)
{
	(void)rounds;
	join_make(WEIR_JOIN_TIMESTAMP, size);
	join_tell(size, JOIN_FAR, JOIN_FAR);
}

static void set_latest(uint32_t size, uint64_t rounds)
{
	(void)rounds;
	join_make(WEIR_JOIN_LATEST, size);
	join_tell(size, JOIN_FAR, JOIN_FAR);
}

static void ready(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_join_ready(&join, JOIN_FIRST + i, i, &verdict));
}

static void miss(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	for (i = 0; i < rounds; i++)
		COUNT_MUST(!weir_join_ready(&join, JOIN_FIRST + i, i, &verdict));
}

static void unchanged(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_join_ready(&join, JOIN_FIRST, i, &verdict));
}

static void follow(uint32_t size, uint64_t rounds)
{
	const uint32_t last = size - 1, stream = join_stream(last);
	const uint64_t lead = last % 4 == 3 ? 0 : last % 4;
	uint64_t i;

	for (i = 0; i < rounds; i++) {
		COUNT_MUST(weir_join_observe(&join, stream, JOIN_EPOCH, JOIN_FIRST + lead + i, i) ==
			   WEIR_JOIN_OK);
		COUNT_MUST(weir_join_ready(&join, JOIN_FIRST + i, i, &verdict));
	}
}

static void upto(uint32_t size, uint64_t rounds)
{
	uint64_t i, out;

	(void)size;
	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_join_ready_upto(&join, i, &out) == WEIR_OK);
}

static void latest_frame(uint32_t size, uint64_t rounds)
{
	struct weir_join_frame f;
	uint64_t i;

	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_join_select(&join, size - 1, &f) == WEIR_OK);
}

static void watermark(uint32_t size, uint64_t rounds)
{
	uint64_t i, out;

	(void)size;
	COUNT_MUST(weir_join_ready(&join, JOIN_FIRST, 0, &verdict));
	for (i = 0; i < rounds; i++) {
		COUNT_MUST(weir_join_watermark(&join, &out) == WEIR_OK);
		COUNT_MUST(weir_join_commit(&join, JOIN_FIRST, verdict.generation) == WEIR_OK);
	}
}

#define ASKED(name, what, set, run, n)                                                             \
	{name "/2", what " of 2 inputs", set, run, 2, 1, n},                                       \
		{name "/8", what " of 8", set, run, 8, 1, n},                                      \
	{                                                                                          \
		name "/64", what " of 64", set, run, 64, 1, n                                      \
	}

static const struct count_case cases[] = {
	ASKED("join ready", "a verdict on another output,", set, ready, 256),
	ASKED("join ready unchanged", "the same output again,", set, unchanged, 256),
	ASKED("join ready missing", "another output, the last input behind,", set_behind, miss,
	      256),
	ASKED("join follow", "a frame of the slowest input and the verdict,", set_behind, follow,
	      256),
	ASKED("join ready by time", "a verdict with lateness,", set_time, ready, 256),
	ASKED("join ready latest", "a verdict in latest mode,", set_latest, ready, 256),
	ASKED("join ready_upto", "the largest output that is ready,", set, upto, 256),
	{"join select", "the newest frame of a rule's input, of 8", set_latest, latest_frame, 8, 1,
	 256},
	{"join watermark+commit", "both, of 8 inputs", set, watermark, 8, 1, 256},
};
const struct count_table count_join = COUNT_TABLE(cases);
