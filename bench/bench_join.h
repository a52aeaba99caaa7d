/* bench/bench_join.h - what the rows of group "join" share: rules, streams, and who is asked. */
#ifndef BENCH_JOIN_H
#define BENCH_JOIN_H

#include <weir/join.h>

#include "driver.h"

#define JOIN_INPUTS_MAX 1024u
#define JOIN_OUT 9u
#define JOIN_EPOCH 5u
#define JOIN_FIRST 16u /* output; every rule is past its beginning there */
#define JOIN_AHEAD 16u /* that far beyond the last output an input must be for any rule */
#define JOIN_LATE 3u   /* lateness of timestamp maps */
/* A timeout that never passes; that it has not has to be looked at. */
#define JOIN_STALE_NS UINT64_C(3600000000000)
#define JOIN_PICKS 4096u

/* Streams are numbers from anywhere. */
BENCH_INLINE uint32_t join_stream(uint32_t input)
{
	return 1000 + 7 * input;
}

/* How far ahead of the output the rule below wants its input. */
BENCH_INLINE uint64_t join_lead(uint32_t input)
{
	return input % 4 == 3 ? 0 : input % 4;
}

/* One rule per input: three offsets, then a window of four, and so on. */
static inline struct weir_merge_rule join_rule(uint32_t input, int by_time)
{
	const uint32_t stream = join_stream(input), k = input % 4;

	if (by_time)
		return k == 3 ? weir_merge_rule_window_ns(stream, WEIR_MERGE_FRAME_DESCRIPTOR, 4)
			      : weir_merge_rule_offset_ns(stream, WEIR_MERGE_FRAME_DESCRIPTOR, k);
	return k == 3 ? weir_merge_rule_window(stream, 4) : weir_merge_rule_offset(stream, k);
}

/* Fills pick[] with streams in no order that a branch predictor could learn. */
static inline void join_pick(uint32_t *pick, uint32_t inputs)
{
	uint64_t z = 1;
	uint32_t i;

	for (i = 0; i < JOIN_PICKS; i++) {
		z = z * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		pick[i] = join_stream((uint32_t)((z >> 33) % inputs));
	}
}

/* A join in the arena, behind it what it is told with, and its storage. */
struct join_scene {
	struct weir_join j;
	struct weir_join_verdict v;
	struct weir_merge_map map[2]; /* alike but for their rules */
	struct weir_merge_rule rule[2][JOIN_INPUTS_MAX];
	uint32_t pick[JOIN_PICKS];
} BENCH_ALIGNED;

/* A join with a map over b->size inputs, of which nothing has been observed. NULL with the role
 * failed. `room` bytes at the arena's end are left alone. */
struct join_scene *join_set(struct role *me, enum weir_join_mode mode, size_t room);

/* All inputs come to `value`, the last one to `last`. 0 or -1. */
int join_tell_all(struct role *me, struct join_scene *s, uint64_t value, uint64_t last);

/* Roles, by what they measure and whose it is. */
int join_ready(struct role *me);
int join_miss(struct role *me);
int join_follow(struct role *me);
int join_unchanged(struct role *me);
int join_upto(struct role *me);
int join_ready_time(struct role *me);
int join_latest(struct role *me);
int join_select(struct role *me);
int join_observe(struct role *me);
int join_observe_time(struct role *me);
int join_apply_new(struct role *me);
int join_apply_same(struct role *me);
int join_cells_new(struct role *me);
int join_cells_idle(struct role *me);
int join_progress_new(struct role *me);
int join_progress_idle(struct role *me);

/* peers/join_loops.c: a look-up by stream for each rule; states found when the map came.
 * peers/join_cursors.c: nothing but cursors. */
int hashing_ready(struct role *me);
int hashing_miss(struct role *me);
int hashing_follow(struct role *me);
int hashing_unchanged(struct role *me);
int hashing_ready_time(struct role *me);
int hashing_observe(struct role *me);
int hashing_observe_time(struct role *me);
int indexed_ready(struct role *me);
int indexed_miss(struct role *me);
int indexed_follow(struct role *me);
int indexed_unchanged(struct role *me);
int indexed_ready_time(struct role *me);
int cursors_ready(struct role *me);
int cursors_miss(struct role *me);
int cursors_follow(struct role *me);
int cursors_upto(struct role *me);
int cursors_observe(struct role *me);

#endif
