/*
 * What it costs to evict a reader. An episode, on two CPUs in turn: a registered reader stands still;
 * the writer sends more than the ring holds, and from where the reader is in its way on, it is waited
 * for no longer; it comes back, learns what it lost, is waited for again, and reads what is left. Every
 * message counts as received, whole, or as lost, together they must be all that were sent, and the
 * ring must have counted one eviction per episode: anything else fails the row.
 *
 * Rows: the whole episode; of it the claim that evicts, after one that found the reader in the way;
 * and the way back, from the reader's first look until it has its first whole record, readmitted.
 * "weir-lossy" does the same by a writer that waits for nobody and a reader that nobody knows.
 */
#include <stdio.h>

#include "latency.h"
#include "pair.h"

#define OVER_BYTES 64u	/* a message */
#define OVER_SENT 4096u /* messages per episode: a ring, and an eighth */

enum over_what { OVER_EPISODE, OVER_CLAIM, OVER_RETURN };

/* Whose turn it is: the number of the episode that the writer, the reader has done its part of. */
struct turns {
	uint64_t over BENCH_ALIGNED;
	uint64_t back BENCH_ALIGNED;
};

static struct turns *turns_of(uint8_t *arena)
{
	return (struct turns *)(void *)(arena + BENCH_ARENA_BYTES - sizeof(struct turns));
}

static int await(struct role *me, const uint64_t *turn, uint64_t episode)
{
	while (__atomic_load_n(turn, __ATOMIC_ACQUIRE) != episode)
		if (role_idle(me) != 0)
			return -1;
	return 0;
}

static void hand_over(uint64_t *turn, uint64_t episode)
{
	__atomic_store_n(turn, episode, __ATOMIC_RELEASE);
}

/* ---- the writer ---- */

/* The reader is in the way: it is evicted. */
static __attribute__((noinline)) int claim_over(struct role *me, struct weir_ring_writer *w,
						struct weir_ring_room *room, int timed)
{
	const uint64_t begun = timed ? latency_begin(me) : 0;
	const int rc = weir_ring_claim(w, 1, OVER_BYTES, WEIR_RING_EVICT, room);

	if (timed)
		latency_end(me, begun);
	return rc;
}

BENCH_INLINE int put(struct role *me, struct weir_ring_writer *w, uint64_t seq,
		     enum weir_ring_policy policy, int timed)
{
	struct weir_ring_room room;
	int rc;

	rc = weir_ring_claim(w, 1, OVER_BYTES, policy == WEIR_RING_EVICT ? WEIR_RING_GATED : policy,
			     &room);
	if (BENCH_UNLIKELY(rc == WEIR_FULL && policy == WEIR_RING_EVICT))
		rc = claim_over(me, w, &room, timed);
	if (BENCH_UNLIKELY(rc != WEIR_OK))
		return role_fail(me, "weir_ring_claim: %s", weir_error_name(rc));
	msg_write(me, room.ptr, OVER_BYTES, seq);
	weir_ring_commit(w);
	return 0;
}

/* Does the ring say what was done to its readers? */
static int account(struct role *me, const struct weir_ring_writer *w, uint64_t evictions)
{
	const uint64_t counted = pair_evictions(w);

	if (counted != evictions)
		return role_fail(me, "%llu evictions, not %llu", (unsigned long long)counted,
				 (unsigned long long)evictions);
	role_evicted(me, counted);
	return 0;
}

BENCH_INLINE int go_over(struct role *me, enum weir_ring_policy policy, enum over_what what)
{
	struct turns *t = turns_of(me->arena);
	struct weir_ring_writer w;
	struct weir_progress table;
	uint64_t i, k, begun = 0;

	if (pair_write(me, 0, &table, &w) != 0 || role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		if (what == OVER_EPISODE)
			begun = latency_begin(me);
		for (k = 0; k < OVER_SENT; k++)
			if (put(me, &w, i * OVER_SENT + k, policy, what == OVER_CLAIM) != 0)
				return -1;
		hand_over(&t->over, i + 1);
		if (await(me, &t->back, i + 1) != 0)
			return -1;
		if (what == OVER_EPISODE)
			latency_end(me, begun);
	}
	if (account(me, &w, policy == WEIR_RING_EVICT ? i : 0) != 0)
		return -1;
	role_done(me, i);
	weir_ring_writer_detach(&w);
	return 0;
}

/* ---- the reader ---- */

/* Until it has a whole record again: it was overtaken, as the writer goes over everything. */
static int come_back(struct role *me, struct weir_ring_reader *r, uint64_t *had, int timed)
{
	const struct weir_progress_slot_shm *s = r->progress.slot;
	const uint64_t before = *had, lost = r->lost_messages;
	const uint64_t begun = timed ? latency_begin(me) : 0;

	while (*had == before)
		if (pair_take_or_lose(me, r, OVER_BYTES, had) < 0)
			return -1;
	if (timed)
		latency_end(me, begun);
	if (r->lost_messages == lost)
		return role_fail(me, "role %u lost nothing", me->index);
	if (s != NULL &&
	    s->evicted != s->readmitted) /* ours, and the writer's, which stands still */
		return role_fail(me, "role %u has not been readmitted", me->index);
	return 0;
}

static int read_rest(struct role *me, struct weir_ring_reader *r, uint64_t end, uint64_t *had)
{
	uint64_t delivered = r->seq;
	int rc;

	while (r->seq < end) {
		rc = pair_take_or_lose(me, r, OVER_BYTES, had);
		if (BENCH_UNLIKELY(rc < 0 || (rc == 0 && role_idle(me) != 0)))
			return -1;
		if (r->seq - delivered >= BENCH_BATCH) {
			weir_ring_deliver(r, 0);
			delivered = r->seq;
		}
	}
	weir_ring_deliver(r, 0);
	return 0;
}

BENCH_INLINE int stand_still(struct role *me, enum weir_ring_policy policy, enum over_what what)
{
	struct turns *t = turns_of(me->arena);
	struct weir_ring_reader r;
	uint64_t i, had = 0;

	if ((policy == WEIR_RING_EVICT ? pair_read(me, 0, &r) : pair_follow(me, 0, &r)) != 0 ||
	    role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		if (await(me, &t->over, i + 1) != 0 ||
		    come_back(me, &r, &had, what == OVER_RETURN) != 0 ||
		    read_rest(me, &r, (i + 1) * OVER_SENT, &had) != 0)
			return -1;
		hand_over(&t->back, i + 1);
	}
	role_lost(me, r.lost_messages);
	role_done(me, i);
	if (pair_accounts(me, &r, had, me->n * OVER_SENT) != 0)
		return -1;
	weir_ring_leave(&r, 0);
	return 0;
}

/* ---- the rows; role 0 records ---- */

#define OVER_ROLE(name, side, policy, what)                                                        \
	static int name(struct role *me)                                                           \
	{                                                                                          \
		return side(me, policy, what);                                                     \
	}

OVER_ROLE(episode_writer, go_over, WEIR_RING_EVICT, OVER_EPISODE)
OVER_ROLE(episode_reader, stand_still, WEIR_RING_EVICT, OVER_EPISODE)
OVER_ROLE(claim_writer, go_over, WEIR_RING_EVICT, OVER_CLAIM)
OVER_ROLE(return_reader, stand_still, WEIR_RING_EVICT, OVER_RETURN)
OVER_ROLE(lossy_writer, go_over, WEIR_RING_LOSSY, OVER_EPISODE)
OVER_ROLE(lossy_reader, stand_still, WEIR_RING_LOSSY, OVER_EPISODE)
OVER_ROLE(lossy_return_reader, stand_still, WEIR_RING_LOSSY, OVER_RETURN)

static double run(struct bench_env *env, const struct bench *b, role_fn first, role_fn other,
		  uint64_t n, struct bench_sample *out)
{
	if (pair_format(env, 1) != 0)
		return -1;
	memset(turns_of(env->arena), 0, sizeof(struct turns));
	return driver_run(env, b, first, other, 2, n, out);
}

#define OVER_RUN(name, first, other)                                                               \
	static double name(struct bench_env *env, const struct bench *b, uint64_t n,               \
			   struct bench_sample *out)                                               \
	{                                                                                          \
		return run(env, b, first, other, n, out);                                          \
	}

OVER_RUN(run_episode, episode_writer, episode_reader)
OVER_RUN(run_claim, claim_writer, episode_reader)
OVER_RUN(run_return, return_reader, episode_writer)
OVER_RUN(run_lossy, lossy_writer, lossy_reader)
OVER_RUN(run_lossy_return, lossy_return_reader, lossy_writer)

static void add(const char *name, const char *who, const char *unit, uint32_t flags,
		double (*run_row)(struct bench_env *, const struct bench *, uint64_t,
				  struct bench_sample *))
{
	const char *mode = flags & BENCH_PROCS ? "processes" : "threads";
	struct bench b;

	memset(&b, 0, sizeof(b));
	b.group = "evict";
	b.who = who;
	b.unit = unit;
	b.flags = flags | BENCH_TIME | BENCH_LATENCY | BENCH_LOSSY | BENCH_FULL;
	b.size = OVER_BYTES;
	b.batch = 1;
	b.burst = OVER_SENT;
	b.readers = 1;
	b.evicts = strcmp(who, "weir") == 0;
	b.run = run_row;
	snprintf(b.name, sizeof(b.name), "%s/64B/%s", name, mode);
	if (b.evicts && strcmp(name, "claim") != 0)
		snprintf(b.ref, sizeof(b.ref), "evict/%s/weir-lossy", b.name);
	bench_add(&b);
}

void bench_add_evict(void)
{
	const uint32_t flags[] = {0, BENCH_PROCS};
	unsigned i;

	_Static_assert(OVER_SENT * (OVER_BYTES + WEIR_RING_HEADER) >
			       BENCH_RING_BYTES + BENCH_RING_BYTES / WEIR_RING_MARKS,
		       "nothing that the reader had is left");
	for (i = 0; i < 2; i++) {
		add("episode", "weir", "episode", flags[i], run_episode);
		add("episode", "weir-lossy", "episode", flags[i], run_lossy);
		add("claim", "weir", "claim", flags[i], run_claim);
		add("return", "weir", "return", flags[i], run_return);
		add("return", "weir-lossy", "return", flags[i], run_lossy_return);
	}
}
