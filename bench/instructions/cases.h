/* bench/instructions/cases.h - calls whose instructions are counted: a table of them per file. */
#ifndef BENCH_INSTRUCTIONS_CASES_H
#define BENCH_INSTRUCTIONS_CASES_H

#include <stddef.h>
#include <stdint.h>

#include <weir/base.h>

/*
 * set() makes everything anew and is not counted; run() does `rounds` rounds, each of `per`
 * operations, and is counted with n and with 2n of them, each time after a set(). What it does apart
 * from the rounds is the same both times and falls out of the difference.
 *
 * One thread, fixed numbers, no clock: the same count every time.
 */
struct count_case {
	const char *call; /* the row's name */
	const char *what; /* one operation, in words */
	void (*set)(uint32_t size, uint64_t rounds);
	void (*run)(uint32_t size, uint64_t rounds);
	uint32_t size; /* bytes, inputs, members: as the file likes */
	uint32_t per;
	uint64_t rounds; /* n */
};

struct count_table {
	const struct count_case *c;
	size_t n;
};
extern const struct count_table count_loop, count_ring, count_progress, count_drain, count_meet,
	count_join, count_join_tell, count_codec, count_quorum, count_driver, count_session;

#define COUNT_TABLE(cases)                                                                         \
	{                                                                                          \
		cases, sizeof(cases) / sizeof((cases)[0])                                          \
	}

/* Ends the program: what has not done its work must not be counted. */
_Noreturn void count_died(const char *file, int line, const char *what);
#define COUNT_MUST(cond)                                                                           \
	do {                                                                                       \
		if (WEIR_UNLIKELY(!(cond)))                                                        \
			count_died(__FILE__, __LINE__, #cond);                                     \
	} while (0)

/* Memory for one case at a time; the first `clear` bytes are zeroed. */
#define COUNT_ARENA (8u << 20)
uint8_t *count_arena(size_t clear);

#endif
