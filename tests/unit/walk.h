/* walk.h - what the random walks share: a seed that can be given again, chance, and a condition that
 * must hold at every step. Plain programs; WEIR_SEED=n walks that one alone. */
#ifndef WEIR_WALK_H
#define WEIR_WALK_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t seed, state, at; /* `at`: the step, for the message */

#define MUST(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			printf("%s:%d: step %" PRIu64 " of WEIR_SEED=%" PRIu64 ": %s\n", __FILE__, \
			       __LINE__, at, seed, #cond);                                         \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

/* 0 .. n-1 (xorshift64: state must not be 0) */
static uint64_t chance(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % n;
}

#endif
