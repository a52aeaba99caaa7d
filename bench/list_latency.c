/* The rows of group "latency", so that every transport is timed in the same cases. See bench.h. */
#include <stdio.h>
#include <string.h>

#include "bench.h"

static uint64_t rate = BENCH_RATE;

void bench_set_rate(uint64_t per_second)
{
	rate = per_second;
}

static void add(struct bench *b, const char *who, uint32_t flags,
		double (*run)(struct bench_env *, const struct bench *, uint64_t,
			      struct bench_sample *))
{
	b->group = "latency";
	b->who = who;
	b->flags |= flags | BENCH_TIME | BENCH_LATENCY;
	/* of the peers' processes rows there is little to learn */
	if ((b->flags & BENCH_PROCS) && (b->flags & BENCH_PEER))
		b->flags |= BENCH_FULL;
	b->size = 64;
	b->batch = 1;
	b->run = run;
	bench_add(b);
}

void bench_add_latency_cases(const char *who, uint32_t flags,
			     double (*run)(struct bench_env *, const struct bench *, uint64_t,
					   struct bench_sample *))
{
	struct bench b;
	unsigned p;

	for (p = 0; p < (flags & BENCH_THREADS ? 1u : 2u); p++) {
		memset(&b, 0, sizeof(b));
		b.unit = "round trip";
		b.readers = 1;
		b.flags = p != 0 ? BENCH_PROCS : 0;
		snprintf(b.name, sizeof(b.name), "roundtrip/64B/%s",
			 p != 0 ? "processes" : "threads");
		add(&b, who, flags, run);
	}
}

void bench_add_rate_cases(const char *who, uint32_t flags, uint32_t readers,
			  double (*run)(struct bench_env *, const struct bench *, uint64_t,
					struct bench_sample *))
{
	struct bench b;
	unsigned p;

	for (p = 0; p < (flags & BENCH_THREADS ? 1u : 2u); p++) {
		memset(&b, 0, sizeof(b));
		b.unit = "message";
		b.readers = readers;
		b.rate = rate;
		b.flags = BENCH_OPEN | (p != 0 ? BENCH_PROCS : 0);
		/* a sender that shares its CPU with readers does not keep to any rate */
		b.flags |= readers > 1 ? BENCH_SPINS : 0;
		snprintf(b.name, sizeof(b.name), "rate-%llu/1to%u/64B/%s", (unsigned long long)rate,
			 (unsigned)readers, p != 0 ? "processes" : "threads");
		add(&b, who, flags, run);
	}
}
