/* The list of benches, and the cases that every transport of a group is run in. See bench.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define LIST_MAX 2048u

static struct bench list[LIST_MAX];
static size_t count;

void bench_add(const struct bench *b)
{
	if (count == LIST_MAX)
		abort();
	list[count++] = *b;
}

size_t bench_count(void)
{
	return count;
}

const struct bench *bench_at(size_t i)
{
	return &list[i];
}

void bench_mark_all(uint32_t flags)
{
	size_t i;

	for (i = 0; i < count; i++)
		list[i].flags |= flags;
}

int bench_spins_in_vain(const struct bench *b, unsigned cpus)
{
	return (b->flags & BENCH_SPINS) && b->readers + 1 > cpus;
}

int bench_stamps_in_vain(const struct bench *b, unsigned cpus)
{
	return (b->flags & BENCH_STAMPS) && bench_spins_in_vain(b, cpus);
}

int bench_is_quick(const struct bench *b, unsigned cpus)
{
	return !(b->flags & BENCH_FULL) && !bench_spins_in_vain(b, cpus);
}

void bench_full_name(const struct bench *b, char *buf, size_t cap)
{
	snprintf(buf, cap, "%s/%s/%s", b->group, b->name, b->who);
}

int bench_matches(const char *filter, const char *name)
{
	size_t len;

	for (; filter != NULL && *filter != '\0'; filter += len + (filter[len] == ',')) {
		len = strcspn(filter, ",");
		if (len > 0 && memmem(name, strlen(name), filter, len) != NULL)
			return 1;
	}
	return filter == NULL;
}

static const char *size_name(uint32_t size)
{
	return size == 8 ? "8B" : size == 64 ? "64B" : "1KiB";
}

static void ring_case_name(const struct bench_ring_case *c, uint32_t flags, char *buf, size_t cap)
{
	static const char *const skew[] = {"", "/slow-writer", "/slow-reader"};

	snprintf(buf, cap, "1to%u/%s/%s/%s%s", (unsigned)c->readers, size_name(c->size),
		 c->batch > 1 ? "batch32" : "single", flags & BENCH_PROCS ? "processes" : "threads",
		 skew[c->skew]);
}

/* What the quick plan takes of the matrix: every size, both commits, one reader on threads; the
 * rest at 64 B only, and two readers at 8 B, where there is a work-sharing queue to show. */
static int ring_case_is_quick(const struct bench_ring_case *c)
{
	if (c->skew != BENCH_EVEN)
		return 0;
	if (c->readers == 1)
		return c->size == 64 || !(c->flags & BENCH_PROCS);
	if ((c->flags & BENCH_PROCS) || c->readers > 4)
		return 0;
	return c->size == 64 || (c->size == 8 && c->readers == 2 && c->batch == 1);
}

static void add_ring_case(const struct bench_ring_case *c, const char *who, uint32_t flags,
			  double (*run)(struct bench_env *, const struct bench *, uint64_t,
					struct bench_sample *))
{
	struct bench b;
	struct bench_ring_case plain = *c;
	char name[64];

	memset(&b, 0, sizeof(b));
	b.group = "ring";
	b.who = who;
	b.unit = "message";
	b.flags = flags | c->flags | (ring_case_is_quick(c) ? 0 : BENCH_FULL);
	b.size = c->size;
	b.batch = c->batch;
	b.readers = c->readers;
	b.skew = c->skew;
	b.run = run;
	ring_case_name(c, b.flags, b.name, sizeof(b.name));
	if (!(flags & BENCH_PEER) && (c->flags & BENCH_PROCS)) {
		plain.flags = 0; /* processes against threads, for our own */
		ring_case_name(&plain, 0, name, sizeof(name));
		snprintf(b.ref, sizeof(b.ref), "ring/%s/%s", name, who);
	} else if (c->readers == 1) {
		snprintf(b.ref, sizeof(b.ref), "limits/stream/%s", size_name(c->size));
	}
	bench_add(&b);
}

static uint32_t full_when(int wanted)
{
	return wanted == BENCH_WANTS_FULL ? BENCH_FULL : 0;
}

int bench_ring_consumer_case(const struct bench_ring_case *c)
{
	if (c->readers != 1 || c->batch != 1 || c->skew != BENCH_EVEN)
		return 0;
	return c->size == 64 && !(c->flags & BENCH_PROCS) ? 1 : BENCH_WANTS_FULL;
}

static void add_wanted(const struct bench_ring_case *c, const char *who, uint32_t flags, int wanted,
		       double (*run)(struct bench_env *, const struct bench *, uint64_t,
				     struct bench_sample *))
{
	if (wanted)
		add_ring_case(c, who, flags | full_when(wanted), run);
}

void bench_add_ring_cases(const char *who, uint32_t flags,
			  int (*wants)(const struct bench_ring_case *c),
			  double (*run)(struct bench_env *, const struct bench *, uint64_t,
					struct bench_sample *))
{
	static const uint32_t readers[] = {1, 2, 4, 8}, size[] = {8, 64, 1024},
			      batch[] = {1, BENCH_BATCH};
	struct bench_ring_case c;
	unsigned r, s, p, k;

	for (r = 0; r < 4; r++)
		for (s = 0; s < 3; s++)
			for (p = 0; p < 2; p++)
				for (k = 0; k < 6; k++) {
					c.readers = readers[r];
					c.size = size[s];
					c.flags = p != 0 ? BENCH_PROCS : 0;
					c.batch = batch[k % 2];
					c.skew = (enum bench_skew)(k / 2);
					/* eight: to see how it goes on, at one size on threads */
					if (c.readers > 4 && (c.size != 64 || p != 0))
						continue;
					/* out of balance: one reader on threads tells all */
					if (c.skew != BENCH_EVEN && (r != 0 || p != 0))
						continue;
					if (p != 0 && (flags & BENCH_THREADS))
						continue;
					add_wanted(&c, who, flags, wants(&c), run);
				}
}

void bench_add_progress_cases(const char *who, uint32_t flags,
			      double (*run)(struct bench_env *, const struct bench *, uint64_t,
					    struct bench_sample *))
{
	static const char *const name[] = {"publish/quiet", "read/quiet", "read/back-to-back"};
	struct bench b;
	unsigned i;

	for (i = 0; i < 3; i++) {
		memset(&b, 0, sizeof(b));
		b.group = "progress";
		b.who = who;
		b.unit = i == 0 ? "publish" : "read";
		b.flags = flags | BENCH_TIME | BENCH_FREE;
		b.batch = 1;
		b.run = run;
		snprintf(b.name, sizeof(b.name), "%s", name[i]);
		bench_add(&b);
	}
}

void bench_add_roundtrip_cases(const char *who, uint32_t flags,
			       double (*run)(struct bench_env *, const struct bench *, uint64_t,
					     struct bench_sample *))
{
	static const uint32_t size[] = {8, 64, 1024};
	struct bench b;
	unsigned s, p;

	for (s = 0; s < 3; s++)
		for (p = 0; p < (flags & BENCH_THREADS ? 1u : 2u); p++) {
			memset(&b, 0, sizeof(b));
			b.group = "roundtrip";
			b.who = who;
			b.unit = "round trip";
			b.flags = flags | BENCH_TIME | (p != 0 ? BENCH_PROCS : 0);
			if (size[s] != 64 || (p != 0 && (flags & BENCH_PEER)))
				b.flags |= BENCH_FULL;
			b.size = size[s];
			b.batch = 1;
			b.readers = 1;
			b.run = run;
			snprintf(b.name, sizeof(b.name), "%s/%s", size_name(size[s]),
				 p != 0 ? "processes" : "threads");
			snprintf(b.ref, sizeof(b.ref), "limits/pingpong/two-lines");
			bench_add(&b);
		}
}

/* What the quick plan takes: spinning on threads wherever there are CPUs enough, the other ways of
 * waiting at one size each where they are the one to choose. */
static int meet_case_is_quick(uint32_t parties, enum bench_way way, uint32_t flags)
{
	if (flags & BENCH_PROCS)
		return parties == 2 && way != BENCH_YIELD;
	return way == BENCH_SPIN || (way == BENCH_YIELD && (parties == 4 || parties == 16)) ||
	       (way == BENCH_PARK && parties == 2);
}

static void meet_case_name(uint32_t parties, enum bench_way way, uint32_t flags, char *buf,
			   size_t cap)
{
	snprintf(buf, cap, "%u/%s/%s", (unsigned)parties,
		 flags & BENCH_PROCS ? "processes" : "threads",
		 way == BENCH_SPIN    ? "spin"
		 : way == BENCH_YIELD ? "yield"
				      : "park");
}

static void add_meet_case(const struct bench_meeter *m, uint32_t parties, enum bench_way way,
			  uint32_t flags)
{
	struct bench b;
	char name[64];

	memset(&b, 0, sizeof(b));
	b.group = "rendezvous";
	b.who = m->who;
	b.unit = "generation";
	b.flags = m->flags | flags | BENCH_TIME | BENCH_EQUALS;
	b.flags |= way == BENCH_SPIN ? BENCH_SPINS : 0;
	b.flags |= meet_case_is_quick(parties, way, flags) ? 0 : BENCH_FULL;
	b.batch = 1;
	b.readers = parties - 1;
	b.way = way;
	b.team = m->team;
	b.run = m->run;
	meet_case_name(parties, way, flags, b.name, sizeof(b.name));
	if (!(m->flags & BENCH_PEER) && (flags & BENCH_PROCS)) {
		meet_case_name(parties, way, 0, name, sizeof(name));
		snprintf(b.ref, sizeof(b.ref), "rendezvous/%s/%s", name, m->who);
	} else if (parties == 2 && way == BENCH_SPIN) {
		snprintf(b.ref, sizeof(b.ref), "limits/pingpong/one-line");
	}
	bench_add(&b);
}

void bench_add_meet_cases(const struct bench_meeter *m)
{
	static const enum bench_way ways[] = {BENCH_SPIN, BENCH_YIELD, BENCH_PARK};
	uint32_t parties;
	unsigned w;

	for (parties = 2; parties <= 16; parties *= 2)
		for (w = 0; w < 3; w++) {
			if (!(m->ways & ways[w]) ||
			    (ways[w] == BENCH_SPIN && m->spin_parties != 0 &&
			     parties > m->spin_parties))
				continue;
			if (!(m->flags & BENCH_PROCS))
				add_meet_case(m, parties, ways[w], 0);
			if (m->processes)
				add_meet_case(m, parties, ways[w],
					      BENCH_PROCS | full_when(m->processes));
		}
}

/* ---- fences ---- */

/* What the quick plan takes: the delivery fence beside the protocol written by hand; all of its
 * parts where it is taken apart; the rest of the matrix tells little more. */
static int fence_case_is_quick(const struct bench *b)
{
	const int delivery = strcmp(b->who, "weir-delivery") == 0 || (b->flags & BENCH_PEER);

	if (b->readers != 1 || b->way == BENCH_SPIN || b->burst == 1 || b->burst == 1024)
		return 0;
	if (b->way == BENCH_PARK || (b->flags & BENCH_PROCS))
		return delivery && b->burst == 16 && b->way == BENCH_YIELD;
	return delivery || b->burst == 16 || strcmp(b->who, "weir-rendezvous") == 0;
}

static void fence_case_name(const struct bench *b, uint32_t flags, uint32_t burst, char *buf,
			    size_t cap)
{
	snprintf(buf, cap, "%u/%s/%s/burst-%u", (unsigned)b->readers + 1,
		 flags & BENCH_PROCS ? "processes" : "threads",
		 b->way == BENCH_SPIN	 ? "spin"
		 : b->way == BENCH_YIELD ? "yield"
					 : "park",
		 (unsigned)burst);
}

static void add_fence_case(struct bench *b)
{
	char name[64];

	b->flags |= b->way == BENCH_SPIN ? BENCH_SPINS : 0;
	b->flags |= fence_case_is_quick(b) ? 0 : BENCH_FULL;
	fence_case_name(b, b->flags, b->burst, b->name, sizeof(b->name));
	if (!(b->flags & BENCH_PEER) && (b->flags & BENCH_PROCS)) {
		fence_case_name(b, 0, b->burst, name, sizeof(name));
		snprintf(b->ref, sizeof(b->ref), "fence/%s/%s", name, b->who);
	}
	if (b->flags & BENCH_DRAINS) {
		fence_case_name(b, b->flags, 0, name, sizeof(name));
		snprintf(b->less[0], sizeof(b->less[0]), "fence/%s/weir-rendezvous", name);
		if (b->burst != 0)
			snprintf(b->less[1], sizeof(b->less[1]), "fence/%s/weir-transfer", b->name);
	}
	bench_add(b);
}

void bench_add_fence_cases(const char *who, uint32_t flags, uint32_t ways,
			   double (*run)(struct bench_env *, const struct bench *, uint64_t,
					 struct bench_sample *))
{
	static const uint32_t burst[] = {0, 1, 16, 1024};
	static const enum bench_way way[] = {BENCH_YIELD, BENCH_PARK, BENCH_SPIN};
	struct bench b;
	unsigned i, p, w, parties;

	for (parties = 2; parties <= 4; parties += 2)
		for (w = 0; w < 3; w++)
			for (p = 0; p < 2; p++)
				for (i = 0; i < 4; i++) {
					/* four: one case, and what it is taken apart into */
					if (!(ways & way[w]) ||
					    (parties == 4 && (w != 0 || p != 0 || i % 2 != 0)) ||
					    (burst[i] == 0 && strcmp(who, "weir-transfer") == 0))
						continue;
					memset(&b, 0, sizeof(b));
					b.group = "fence";
					b.who = who;
					b.unit = "generation";
					b.flags = flags | BENCH_TIME | BENCH_EQUALS;
					b.flags |= p != 0 ? BENCH_PROCS : 0;
					b.size = 64;
					b.batch = 1;
					b.burst = burst[i];
					b.readers = parties - 1;
					b.way = way[w];
					b.run = run;
					add_fence_case(&b);
				}
}
