/* bench/instructions/join.h - a join over some inputs, for the cases of join.c and join_tell.c. */
#ifndef BENCH_INSTRUCTIONS_JOIN_H
#define BENCH_INSTRUCTIONS_JOIN_H

#include <weir/join.h>

#include "cases.h"

#define JOIN_INPUTS 64u
#define JOIN_EPOCH 5u
#define JOIN_FAR 1000000u /* beyond every output that is asked for */
#define JOIN_FIRST 16u

extern struct weir_join join;
extern struct weir_merge_map join_map[2]; /* alike but for their rules */

/* Streams are numbers from anywhere; these rise with the input as the benchmark's do. */
static inline uint32_t join_stream(uint32_t input)
{
	return 1000 + 7 * input;
}

/* A join of that mode with a map of `size` rules, three offsets and a window by turns; nothing has
 * been observed. */
void join_make(enum weir_join_mode mode, uint32_t size);
/* All inputs, and the last, come to there. */
void join_tell(uint32_t size, uint64_t all, uint64_t last);

#endif
