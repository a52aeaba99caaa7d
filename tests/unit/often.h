/* often.h - assertions for loops of millions. Each of Check's own leaves a mark in a file, which
 * costs more than what is tested; these are silent until they fail. */
#ifndef WEIR_TESTS_OFTEN_H
#define WEIR_TESTS_OFTEN_H

#include <stdint.h>

#include <check.h>

#define HOLDS(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			ck_abort_msg("%s", #cond);                                                 \
	} while (0)

/* Two integers, shown as 64-bit ones. */
#define SAME(a, b)                                                                                 \
	do {                                                                                       \
		uint64_t a_ = (uint64_t)(a), b_ = (uint64_t)(b);                                   \
		if (a_ != b_)                                                                      \
			ck_abort_msg("%s is %lld, %s is %lld", #a, (long long)a_, #b,              \
				     (long long)b_);                                               \
	} while (0)

#endif
