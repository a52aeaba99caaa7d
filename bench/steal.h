/* bench/steal.h - for how long the host had the CPUs that a sample was taken on. */
#ifndef BENCH_STEAL_H
#define BENCH_STEAL_H

#include <stdint.h>

struct steal {
	int64_t now;   /* driver_now() */
	int64_t ticks; /* stolen since boot, of all the CPUs looked at; -1: not known */
	unsigned cpus;
};

/* Of these CPUs, now. */
void steal_look(const int *cpu, unsigned cpus, struct steal *s);
/* From text as /proc/stat has it. Ticks, or -1. */
int64_t steal_in(const char *text, const int *cpu, unsigned cpus);

/* Which share of the CPUs' time was stolen between two looks, 0 to 1; 0: not known. The kernel counts
 * in ticks, ten milliseconds mostly: of a short sample it says nothing, or a lot. */
double steal_share(const struct steal *from, const struct steal *to, long ticks_per_second);

#endif
