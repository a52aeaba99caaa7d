/* The rows of group "latency", so that every transport is timed in the same cases. See bench.h. */
#include <stdio.h>
#include <string.h>

#include "bench.h"

static uint64_t rate = BENCH_RATE;

void bench_set_rate(uint64_t per_second)
{
	rate = per_second;
}

uint64_t bench_rate(void)
{
	return rate;
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
	b->run = run;
	bench_add(b);
}

/* A closed loop: on the asker's clock, a request of `batch` messages. */
static void add_trip(const char *who, uint32_t flags, uint32_t size, uint32_t batch,
		     uint32_t readers,
		     double (*run)(struct bench_env *, const struct bench *, uint64_t,
				   struct bench_sample *))
{
	char to[16] = "";
	struct bench b;

	memset(&b, 0, sizeof(b));
	b.unit = "round trip";
	b.size = size;
	b.batch = batch;
	b.readers = readers;
	if (readers > 1)
		snprintf(to, sizeof(to), "1to%u/", (unsigned)readers);
	snprintf(b.name, sizeof(b.name), "roundtrip/%s%s%s/%s", to,
		 size == 8    ? "8B"
		 : size == 64 ? "64B"
			      : "1KiB",
		 batch > 1 ? "/batch32" : "", flags & BENCH_PROCS ? "processes" : "threads");
	/* 64 B, one message and one reader tell how transports compare; the rest, how it grows */
	b.flags = size != 64 || batch > 1 || readers > 1 ? BENCH_FULL : 0;
	add(&b, who, flags, run);
}

void bench_add_latency_cases(const char *who, uint32_t flags,
			     double (*run)(struct bench_env *, const struct bench *, uint64_t,
					   struct bench_sample *))
{
	static const uint32_t size[] = {64, 8, 1024};
	unsigned s;

	for (s = 0; s < 3; s++) {
		add_trip(who, flags, size[s], 1, 1, run);
		/* of the peers' processes rows there is little to learn, least by size */
		if (!(flags & BENCH_THREADS) && (size[s] == 64 || !(flags & BENCH_PEER)))
			add_trip(who, flags | BENCH_PROCS, size[s], 1, 1, run);
	}
}

void bench_add_trip_cases(const char *who, uint32_t flags, uint32_t batch, uint32_t readers,
			  double (*run)(struct bench_env *, const struct bench *, uint64_t,
					struct bench_sample *))
{
	static const uint32_t size[] = {8, 64, 1024};
	unsigned s;

	for (s = 0; s < 3; s++)
		add_trip(who, flags, size[s], batch, readers, run);
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
		b.size = 64;
		b.batch = 1;
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
