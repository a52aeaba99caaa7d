/* bench/clock.h - the clock of what is timed one by one. C and C++. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <time.h>

#include "bench.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The time stamp counter, where the processor says that it runs at one rate whatever the CPU does
 * (constant_tsc, nonstop_tsc), where the kernel has found the CPUs' counters in step (its clock
 * source is tsc), and where two calibrations agree; otherwise CLOCK_MONOTONIC. All processes forked
 * after clock_init() read the same time.
 */
struct clock_scale {
	int counter;	/* nonzero: the counter is read */
	uint64_t base;	/* ticks at 0 ns */
	uint64_t scale; /* ns per tick, times 2^32 */
	double cost_ns; /* one reading, on an idle pipeline */
};

extern struct clock_scale clock_scale;

/* Once per program, later calls do nothing; takes some 20 ms. Before the roles are started. */
void clock_init(void);
const char *clock_name(void); /* "tsc" or "clock_gettime" */

/* What clock_init() wants of the processor and of the kernel: the text of a "flags" line, and the name of
 * the clock source. Pure. */
int clock_counter_serves(const char *flags, const char *source);

/* By how many ns the second CPU's clock may be ahead of the first's, at least and at most: an exchange
 * of messages cannot have taken less than no time in either direction. 0, or -1 when there is one
 * CPU, or the run failed (env->error). */
int clock_offset(struct bench_env *env, int64_t *low, int64_t *high);

/* Narrows [*low, *high] by one exchange: sent and back in one clock's time, `there` in the other's.
 * Pure. */
BENCH_INLINE void clock_narrow(uint64_t sent, uint64_t there, uint64_t back, int64_t *low,
			       int64_t *high)
{
	const int64_t least = (int64_t)(there - back), most = (int64_t)(there - sent);

	*low = least > *low ? least : *low;
	*high = most < *high ? most : *high;
}

#if defined(__x86_64__)
/* After all that stands before it. */
BENCH_INLINE uint64_t clock_ticks(void)
{
	uint32_t low, high, aux;

	__asm__ __volatile__("rdtscp" : "=a"(low), "=d"(high), "=c"(aux)::"memory");
	(void)aux;
	return (uint64_t)high << 32 | low;
}
#endif

BENCH_INLINE uint64_t clock_monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Nanoseconds since some time before the roles were started. */
BENCH_INLINE uint64_t clock_ns(void)
{
#if defined(__x86_64__)
	__extension__ typedef unsigned __int128 wide;

	if (BENCH_LIKELY(clock_scale.counter))
		return (uint64_t)((wide)(clock_ticks() - clock_scale.base) * clock_scale.scale >>
				  32);
#endif
	return clock_monotonic();
}

#ifdef __cplusplus
}
#endif
#endif
