/* The rows of group "release", so that every barrier is timed in the same cases. See bench.h. */
#include <stdio.h>
#include <string.h>

#include "bench.h"

static const char *way_name(enum bench_way way)
{
	return way == BENCH_SPIN ? "spin" : way == BENCH_YIELD ? "yield" : "park";
}

/* The quick plan has no room for them: its samples are as short as they may be. */
static void add(const struct bench_meeter *m, const char *what, uint32_t parties,
		enum bench_way way, uint32_t flags, uint64_t late_ns)
{
	struct bench b;

	memset(&b, 0, sizeof(b));
	b.group = "release";
	b.who = m->who;
	b.unit = "generation";
	b.flags = m->flags | flags | BENCH_TIME | BENCH_EQUALS | BENCH_LATENCY | BENCH_STAMPS |
		  BENCH_FULL;
	/* one that is late keeps its CPU */
	b.flags |= way == BENCH_SPIN || late_ns > 0 ? BENCH_SPINS : 0;
	b.batch = 1;
	b.readers = parties - 1;
	b.way = way;
	b.late_ns = late_ns;
	b.team = m->team;
	b.run = m->run;
	snprintf(b.name, sizeof(b.name), "%s/%u/%s/%s", what, (unsigned)parties,
		 flags & BENCH_PROCS ? "processes" : "threads", way_name(way));
	bench_add(&b);
}

static void add_late(const struct bench_meeter *m, uint32_t parties, enum bench_way way)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} by[] = {
		{"late-1us", 1000},
		{"late-10us", 10000},
		{"late-100us", 100000},
		{"late-1ms", 1000000},
	};
	unsigned i;

	for (i = 0; i < sizeof(by) / sizeof(by[0]); i++)
		add(m, by[i].name, parties, way, 0, by[i].ns);
}

void bench_add_release_cases(const struct bench_meeter *m)
{
	static const enum bench_way ways[] = {BENCH_SPIN, BENCH_YIELD, BENCH_PARK};
	uint32_t parties;
	unsigned w;

	for (w = 0; w < 3; w++) {
		if (!(m->ways & ways[w]))
			continue;
		add(m, "skew", 2, ways[w], 0, 0);
		if (m->processes == 1)
			add(m, "skew", 2, ways[w], BENCH_PROCS, 0);
		add(m, "skew", 4, ways[w], 0, 0);
		for (parties = 8; parties <= 16 && ways[w] == BENCH_SPIN; parties *= 2)
			add(m, "skew", parties, ways[w], 0, 0);
		for (parties = 2; parties <= 4; parties += 2)
			add_late(m, parties, ways[w]);
	}
}
