/*
 * The ring whose writer waits for nobody. It overwrites what readers have not had, and they say how
 * much that was: each message counts as received, whole, or as lost, and together they must be all
 * that were sent. Readers follow unregistered, handle a record in place and then ask whether it was
 * intact all the time; what was not intact must not be looked at for its content, so a wrong word
 * fails the run only in a record that was.
 *
 * And the ring whose writer waits, but not for ever: a registered reader that has been in the way
 * for PATIENCE_NS is evicted. Readers do and count the same; how many were evicted is counted, too.
 */
#include <stdio.h>

#include "pair.h"

BENCH_INLINE int lossy_write(struct role *me, size_t size)
{
	const uint32_t mask = me->b->batch - 1; /* 1 or BENCH_BATCH */
	struct weir_ring_room room;
	struct weir_ring_writer w;
	struct weir_progress table;
	uint64_t i;
	int rc;

	if (pair_write(me, 0, &table, &w) != 0 || role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		rc = weir_ring_claim(&w, 1, (uint32_t)size, WEIR_RING_LOSSY, &room);
		if (BENCH_UNLIKELY(rc != WEIR_OK))
			return role_fail(me, "weir_ring_claim: %s", weir_error_name(rc));
		msg_write(me, room.ptr, size, i);
		if ((i & mask) == mask)
			weir_ring_commit(&w);
	}
	weir_ring_commit(&w);
	role_done(me, i);
	weir_ring_writer_detach(&w);
	return 0;
}

BENCH_INLINE int lossy_read(struct role *me, size_t size)
{
	struct weir_ring_reader r;
	uint64_t had = 0;
	int rc;

	if (pair_follow(me, 0, &r) != 0 || role_start(me) != 0)
		return -1;
	while (r.seq < me->n) {
		rc = pair_take_or_lose(me, &r, size, &had);
		if (BENCH_UNLIKELY(rc < 0 || (rc == 0 && role_idle(me) != 0)))
			return -1;
	}
	role_lost(me, r.lost_messages);
	role_done(me, r.seq);
	return pair_accounts(me, &r, had, me->n);
}

static int writer(struct role *me)
{
	return MSG_BY_SIZE(lossy_write, me);
}

static int reader(struct role *me)
{
	return MSG_BY_SIZE(lossy_read, me);
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n,
		  struct bench_sample *out)
{
	if (pair_format(env, 1) != 0)
		return -1;
	return driver_run(env, b, writer, reader, 1 + b->readers, n, out);
}

/* ---- evicting ---- */

#define PATIENCE_NS 10000000u /* some time slices of a scheduler */

BENCH_INLINE int evict_write(struct role *me, size_t size)
{
	const uint32_t mask = me->b->batch - 1; /* 1 or BENCH_BATCH */
	struct weir_wait how = {.strategy = me->shared_cpu ? WEIR_WAIT_YIELD : WEIR_WAIT_SPIN};
	struct weir_ring_room room;
	struct weir_ring_writer w;
	struct weir_progress table;
	uint64_t i;
	int rc;

	if (pair_write(me, 0, &table, &w) != 0 || role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		rc = weir_ring_claim_wait(&w, 1, (uint32_t)size, WEIR_RING_EVICT, PATIENCE_NS, &how,
					  &room);
		if (BENCH_UNLIKELY(rc != WEIR_OK))
			return role_fail(me, "weir_ring_claim_wait: %s", weir_error_name(rc));
		msg_write(me, room.ptr, size, i);
		if ((i & mask) == mask)
			weir_ring_commit(&w);
	}
	weir_ring_commit(&w);
	role_evicted(me, pair_evictions(&w));
	role_done(me, i);
	weir_ring_writer_detach(&w);
	return 0;
}

BENCH_INLINE int evict_read(struct role *me, size_t size)
{
	struct weir_ring_reader r;
	uint64_t had = 0, delivered = 0;
	int rc;

	if (pair_read(me, 0, &r) != 0 || role_start(me) != 0)
		return -1;
	while (r.seq < me->n) {
		rc = pair_take_or_lose(me, &r, size, &had);
		if (BENCH_UNLIKELY(rc < 0))
			return -1;
		if (r.seq - delivered >= BENCH_BATCH || (rc == 0 && r.seq != delivered)) {
			weir_ring_deliver(&r, 0);
			delivered = r.seq;
		}
		if (rc == 0 && role_idle(me) != 0)
			return -1;
	}
	weir_ring_deliver(&r, 0);
	role_lost(me, r.lost_messages);
	role_done(me, r.seq);
	if (pair_accounts(me, &r, had, me->n) != 0)
		return -1;
	weir_ring_leave(&r, 0);
	return 0;
}

static int evicting_writer(struct role *me)
{
	return MSG_BY_SIZE(evict_write, me);
}

static int evicted_reader(struct role *me)
{
	return MSG_BY_SIZE(evict_read, me);
}

static double run_evict(struct bench_env *env, const struct bench *b, uint64_t n,
			struct bench_sample *out)
{
	if (pair_format(env, 1) != 0)
		return -1;
	return driver_run(env, b, evicting_writer, evicted_reader, 1 + b->readers, n, out);
}

/* ---- the cases ---- */

static const char *size_name(uint32_t size)
{
	return size == 8 ? "8B" : size == 64 ? "64B" : "1KiB";
}

/* In the quick plan: 64 B on threads, one reader in both ways of committing, two in one. */
static int is_quick(const struct bench *b)
{
	return b->size == 64 && !(b->flags & BENCH_PROCS) &&
	       (b->readers == 1 || (b->readers == 2 && b->batch == 1));
}

static void add_case(struct bench *b, const char *policy)
{
	const char *batch = b->batch > 1 ? "batch32" : "single",
		   *mode = b->flags & BENCH_PROCS ? "processes" : "threads";

	snprintf(b->name, sizeof(b->name), "1to%u/%s/%s/%s/%s", (unsigned)b->readers,
		 size_name(b->size), batch, mode, policy);
	if (!(b->flags & BENCH_LIMIT)) /* the writer that waits, in the same case */
		snprintf(b->ref, sizeof(b->ref), "ring/1to%u/%s/%s/%s/%s", (unsigned)b->readers,
			 size_name(b->size), batch, mode, b->who);
	b->flags |= is_quick(b) && !b->evicts ? 0 : BENCH_FULL;
	bench_add(b);
}

void bench_add_lossy_cases(const char *who, uint32_t flags, int batched,
			   double (*run_case)(struct bench_env *, const struct bench *, uint64_t,
					      struct bench_sample *))
{
	static const uint32_t readers[] = {1, 2, 4}, size[] = {8, 64, 1024};
	unsigned r, s, k;
	struct bench b;

	for (r = 0; r < 3; r++)
		for (s = 0; s < 3; s++)
			for (k = 0; k < (batched ? 4u : 2u); k++) {
				memset(&b, 0, sizeof(b));
				b.group = "ring";
				b.who = who;
				b.unit = "message";
				b.flags = flags | BENCH_LOSSY | (k % 2 != 0 ? BENCH_PROCS : 0);
				b.size = size[s];
				b.batch = k / 2 != 0 ? BENCH_BATCH : 1;
				b.readers = readers[r];
				b.run = run_case;
				add_case(&b, "lossy");
			}
}

/* 64 B, one reader and two. */
static void add_evicting(void)
{
	struct bench b;
	unsigned k;

	for (k = 0; k < 8; k++) {
		memset(&b, 0, sizeof(b));
		b.group = "ring";
		b.who = "weir";
		b.unit = "message";
		b.flags = BENCH_LOSSY | (k & 1u ? BENCH_PROCS : 0);
		b.size = 64;
		b.batch = k & 2u ? BENCH_BATCH : 1;
		b.readers = k & 4u ? 2 : 1;
		b.evicts = 1;
		b.run = run_evict;
		add_case(&b, "evict");
	}
}

void bench_add_lossy(void)
{
	bench_add_lossy_cases("weir", 0, 1, run);
	add_evicting();
}
