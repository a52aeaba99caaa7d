/* The loop around a round, with nothing in it: taken off every round of the other cases. */
#include "cases.h"

static void set(uint32_t size, uint64_t rounds)
{
	(void)size;
	(void)rounds;
}

static void run(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	for (i = 0; i < rounds; i++)
		__asm__ __volatile__("" : : "r"(i) : "memory");
}

static const struct count_case cases[] = {
	{"(loop)", "the loop around a round", set, run, 0, 1, 4096},
};
const struct count_table count_loop = COUNT_TABLE(cases);
