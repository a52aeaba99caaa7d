/*
 * The delivery fence as an application has it: a coordinator and members, each of them a session of
 * its own. Per generation every member sends a burst and enters the barrier, and the coordinator's
 * handler reads every message, one by one or by runs. The same with each mode of the barrier; and the burst alone, where
 * the next one waits for an answer of the application's instead of a barrier ("transfer").
 *
 * Nobody may be ahead of what he was promised: in a fence's rows the coordinator looks after every
 * generation whether all of its bursts were handled, in a processing fence's the members do too.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <weir/session.h>
#include <weir/watch.h>

#include "meet.h"
#include "msg.h"

#define SIZE 64u
#define RUN_BATCH 256u /* of the side that takes runs */
#define WARM 4u        /* generations before the clock runs */

enum { KIND_MESSAGE = 1, KIND_LAST = 2, KIND_ANSWER = 3, KINDS = 4 };

/* At the start of the arena: how members find the session. */
struct door {
	uint32_t open;
	uint32_t left; /* members that are out again */
	char name[56];
	const struct weir_region *region; /* for threads */
} BENCH_ALIGNED;

struct side {
	struct role *me;
	struct weir_session *s;
	struct weir_wait how;
	uint32_t fence, last; /* barriers: the measured one, and one to end with */
	uint32_t transfer;
	uint32_t runs; /* the handler takes runs */
	enum weir_barrier_mode mode;
	uint64_t sent;
	uint64_t handled;
	uint64_t expected;       /* at least so many by now */
	uint64_t answers;        /* to this member */
	uint64_t wrong;          /* messages */
	uint64_t want[ROLE_MAX]; /* number of the next message, by sender */
};

static struct door *door_of(uint8_t *arena)
{
	return (struct door *)(void *)arena;
}

static int failed(struct role *me, const char *what, int rc)
{
	return role_fail(me, "%s: %s", what, weir_error_name(rc));
}

/* ---- handlers ---- */

/* Every word of it is added up. */
static uint64_t is_wrong(const uint8_t *ptr, uint64_t seq)
{
	uint64_t word[SIZE / 8u], sum = 0;
	uint32_t i;

	memcpy(word, ptr, SIZE);
	for (i = 0; i < SIZE / 8u; i++)
		sum += word[i];
	return sum != seq + (SIZE / 8u - 1u) * MSG_WORD;
}

static int on_message(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	struct side *p = ctx;
	uint64_t from = m->from;

	p->handled++;
	if (m->len != SIZE || m->from >= ROLE_MAX) {
		p->wrong++;
		return 0;
	}
	p->wrong += is_wrong(m->ptr, p->want[m->from]++);
	if (m->kind == KIND_LAST && p->me->index == 0 &&
	    weir_session_send(s, KIND_ANSWER, &from, sizeof(from)) != WEIR_OK)
		p->wrong++;
	return 0;
}

static int on_run(void *ctx, struct weir_session *s, const struct weir_session_msg *first,
		  uint32_t count, uint64_t stride)
{
	struct side *p = ctx;
	uint64_t seq, wrong = 0;
	uint32_t i;

	(void)s;
	p->handled += count;
	if (first->len != SIZE || first->from >= ROLE_MAX) {
		p->wrong += count;
		return 0;
	}
	seq = p->want[first->from];
	for (i = 0; i < count; i++)
		wrong += is_wrong(first->ptr + i * stride, seq + i);
	p->want[first->from] = seq + count;
	p->wrong += wrong;
	return 0;
}

static int on_answer(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	struct side *p = ctx;
	uint64_t to;

	memcpy(&to, m->ptr, sizeof(to));
	p->answers += to == weir_session_slot(s);
	return 0;
}

/* ---- one generation ---- */

static int send_burst(struct side *p)
{
	const uint32_t burst = p->me->b->burst;
	struct weir_ring_room room;
	uint8_t copy[SIZE];
	uint32_t i, kind;
	int rc;

	for (i = 1; i <= burst; i++) {
		kind = p->transfer && i == burst ? KIND_LAST : KIND_MESSAGE;
		rc = weir_session_claim(p->s, kind, SIZE, &room);
		if (BENCH_LIKELY(rc == WEIR_OK)) {
			msg_write(p->me, room.ptr, SIZE, p->sent++);
			if (i % BENCH_BATCH == 0 || i == burst)
				weir_session_commit(p->s);
			continue;
		}
		if (rc == WEIR_FULL) {
			weir_session_commit(p->s);
			msg_write(p->me, copy, SIZE, p->sent++);
			rc = weir_session_send_wait(p->s, kind, copy, SIZE, &p->how);
		}
		if (rc != WEIR_OK)
			return failed(p->me, "send", rc);
	}
	return 0;
}

static int await(struct side *p, const uint64_t *count, uint64_t least)
{
	int rc;

	while (*count < least) {
		rc = weir_session_wait(p->s, &p->how);
		if (BENCH_UNLIKELY(rc != WEIR_OK))
			return failed(p->me, "weir_session_wait", rc);
	}
	return 0;
}

static int enter(struct side *p, uint32_t id, enum weir_barrier_mode mode)
{
	int rc = weir_session_barrier(p->s, id, mode, WEIR_BARRIER_FAIL, &p->how, NULL);

	return BENCH_UNLIKELY(rc != WEIR_OK) ? failed(p->me, "weir_session_barrier", rc) : 0;
}

/* Has this side handled what the mode promises it? */
static int is_served(const struct side *p)
{
	if (p->mode == WEIR_BARRIER_RENDEZVOUS ||
	    (p->mode == WEIR_BARRIER_DELIVERY && p->me->index != 0))
		return 1;
	return p->handled >= p->expected;
}

static int meet(struct role *me, void *side)
{
	struct side *p = side;

	p->expected += (uint64_t)me->b->burst * (me->b->readers - (me->index != 0));
	if (me->index != 0 && send_burst(p) != 0)
		return -1;
	if (p->transfer)
		return me->index == 0 ? await(p, &p->handled, p->expected)
				      : await(p, &p->answers, p->sent / me->b->burst);
	if (enter(p, p->fence, p->mode) != 0)
		return -1;
	return BENCH_LIKELY(is_served(p))
		       ? 0
		       : role_fail(me, "role %u left the fence with %llu of %llu messages handled",
				   me->index, (unsigned long long)p->handled,
				   (unsigned long long)p->expected);
}

/* ---- getting in and out ---- */

static int create(struct side *p)
{
	struct weir_session_config cfg;
	struct weir_session_options opt;
	struct role *me = p->me;
	struct door *door = door_of(me->arena);
	int rc;

	memset(&cfg, 0, sizeof(cfg));
	memset(&opt, 0, sizeof(opt));
	cfg.struct_size = sizeof(cfg);
	cfg.members = meet_parties(me->b);
	cfg.barriers = 2;
	cfg.ring_capacity = BENCH_RING_BYTES;
	opt.struct_size = sizeof(opt);
	opt.kinds = KINDS;
	opt.batch = p->runs ? RUN_BATCH : 0;
	rc = weir_session_create(&p->s, me->b->flags & BENCH_PROCS ? door->name : NULL, &cfg, &opt,
				 NULL);
	if (rc != WEIR_OK)
		return failed(me, "weir_session_create", rc);
	door->region = weir_session_region(p->s);
	__atomic_store_n(&door->open, 1, __ATOMIC_RELEASE);
	return 0;
}

static int attach(struct side *p)
{
	struct weir_session_options opt;
	struct role *me = p->me;
	struct door *door = door_of(me->arena);
	int rc;

	memset(&opt, 0, sizeof(opt));
	opt.struct_size = sizeof(opt);
	opt.kinds = KINDS;
	opt.slot = me->index;
	while (__atomic_load_n(&door->open, __ATOMIC_ACQUIRE) == 0)
		if (role_idle(me) != 0)
			return -1;
	rc = me->b->flags & BENCH_PROCS
		     ? weir_session_attach(&p->s, door->name, &opt, NULL)
		     : weir_session_attach_region(&p->s, door->region, &opt, NULL);
	return rc != WEIR_OK ? failed(me, "weir_session_attach", rc) : 0;
}

static void set_mode(struct side *p)
{
	const struct bench *b = p->me->b;

	p->transfer = strcmp(b->who, "weir-transfer") == 0;
	p->runs = strcmp(b->who, "weir-delivery-run") == 0;
	p->mode = p->runs || strcmp(b->who, "weir-delivery") == 0 ? WEIR_BARRIER_DELIVERY
		  : strcmp(b->who, "weir-processing") == 0	  ? WEIR_BARRIER_PROCESSING
								  : WEIR_BARRIER_RENDEZVOUS;
	p->how.strategy = b->way == BENCH_SPIN    ? WEIR_WAIT_SPIN
			  : b->way == BENCH_YIELD ? WEIR_WAIT_YIELD
						  : WEIR_WAIT_PARK;
}

static int set_up(struct side *p)
{
	struct weir_wait patient = {.strategy = WEIR_WAIT_PARK};
	struct role *me = p->me;
	const struct weir_region *region;
	uint32_t i;
	int rc;

	set_mode(p);
	if ((me->index == 0 ? create(p) : attach(p)) != 0)
		return -1;
	region = weir_session_region(p->s);
	driver_populate(region->base, region->len);
	rc = p->runs ? weir_session_on_run(p->s, KIND_MESSAGE, on_run, p)
		     : weir_session_on(p->s, KIND_MESSAGE, on_message, p);
	if (rc == WEIR_OK)
		rc = weir_session_on(p->s, KIND_LAST, on_message, p);
	if (rc == WEIR_OK)
		rc = weir_session_on(p->s, KIND_ANSWER, on_answer, p);
	if (rc == WEIR_OK)
		rc = weir_session_barrier_open(p->s, "fence", &p->fence, NULL);
	if (rc == WEIR_OK)
		rc = weir_session_barrier_open(p->s, "last", &p->last, NULL);
	if (rc == WEIR_OK)
		rc = weir_session_wait_members(p->s, meet_parties(me->b), &patient);
	if (rc != WEIR_OK)
		return failed(me, "set up", rc);
	for (i = 0; i < WARM; i++)
		if (meet(me, p) != 0)
			return -1;
	return 0;
}

/* ns in drains so far, as anybody can read it. */
static int read_drain(struct side *p, uint64_t *ns)
{
	struct weir_watch_barrier v;
	struct weir_watch w;
	int rc = weir_watch_open(&w, weir_session_region(p->s), NULL);

	if (rc == WEIR_OK)
		rc = weir_watch_read_barrier(&w, p->fence, NULL, &v);
	*ns = v.stats.drain_ns;
	return rc != WEIR_OK ? failed(p->me, "weir_watch_barrier", rc) : 0;
}

/* Everything that was sent has arrived once, in order and whole. */
static int finish(struct side *p)
{
	struct role *me = p->me;
	struct door *door = door_of(me->arena);
	int rc;

	if (enter(p, p->last, WEIR_BARRIER_PROCESSING) != 0)
		return -1;
	if (p->wrong != 0 || p->handled != p->expected)
		return role_fail(me, "role %u has %llu of %llu messages, %llu wrong", me->index,
				 (unsigned long long)p->handled, (unsigned long long)p->expected,
				 (unsigned long long)p->wrong);
	if (me->index == 0) /* the threads' mapping is the coordinator's */
		while (__atomic_load_n(&door->left, __ATOMIC_ACQUIRE) != me->b->readers)
			if (role_idle(me) != 0)
				return -1;
	rc = weir_session_close(p->s);
	__atomic_fetch_add(&door->left, me->index != 0, __ATOMIC_RELEASE);
	return rc != WEIR_OK ? failed(me, "weir_session_close", rc) : 0;
}

static int role(struct role *me)
{
	struct side p;
	uint64_t i, before = 0, after = 0;

	memset(&p, 0, sizeof(p));
	p.me = me;
	if (set_up(&p) != 0)
		return -1;
	if (me->index == 0 && !p.transfer && read_drain(&p, &before) != 0)
		return -1;
	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++)
		if (BENCH_UNLIKELY(meet(me, &p) != 0))
			return -1;
	role_done(me, i);
	if (me->index == 0 && !p.transfer && read_drain(&p, &after) != 0)
		return -1;
	if (me->index == 0)
		role_value(me, (double)(after - before) / (double)me->n);
	if (!p.transfer && meet_check(me, meet, &p) != 0)
		return -1;
	return finish(&p);
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n,
		  struct bench_sample *out)
{
	struct door *door = door_of(env->arena);
	double ns;

	meet_clear(env);
	snprintf(door->name, sizeof(door->name), "weir-bench-%ld", (long)getpid());
	ns = driver_run(env, b, role, role, meet_parties(b), n, out);
	if (ns < 0 && (b->flags & BENCH_PROCS) && weir_region_unlink(door->name) < 0)
		return ns; /* its coordinator got as far as removing it */
	return ns;
}

void bench_add_fence(void)
{
	const uint32_t all = BENCH_SPIN | BENCH_YIELD | BENCH_PARK;

	bench_add_fence_cases("weir-delivery", BENCH_DRAINS, all, run);
	bench_add_fence_cases("weir-delivery-run", BENCH_DRAINS, all, run);
	bench_add_fence_cases("weir-processing", BENCH_DRAINS, all, run);
	bench_add_fence_cases("weir-rendezvous", BENCH_PART, all, run);
	bench_add_fence_cases("weir-transfer", BENCH_PART, all, run);
}
