/*
 * The fence one writes first, out of parts that are there: a ring to the coordinator and one back per
 * member, the last message of a burst says so, the coordinator answers it, and who has been answered
 * enters a pthread_barrier. The coordinator enters it when it has answered all. An empty burst is a
 * message that says only that.
 *
 * The rings, their commits (by 32), the bells and the way of waiting for a message are the ones that
 * the session uses, so that what differs is the protocol.
 */
#include <pthread.h>

#include <stdio.h>
#include <string.h>

#include <weir/wait.h>

#include "../meet.h"
#include "../pair.h"

#define SIZE 64u
#define PLACE (6u << 20) /* in the arena: behind six rings, and more than four parties is not asked */

enum { KIND_MESSAGE = 1, KIND_LAST = 2, KIND_EMPTY = 3, KIND_ANSWER = 4 };

struct place {
	pthread_barrier_t barrier BENCH_ALIGNED;
	struct weir_bell_shm bell[4]; /* by role */
} BENCH_ALIGNED;

struct line { /* to one other side */
	struct weir_progress table;
	struct weir_ring_writer w;
	struct weir_ring_reader r;
	uint64_t seq; /* of the next message here */
	uint64_t answered;
};

struct side {
	struct role *me;
	struct place *place;
	struct weir_wait how;
	struct line line[3]; /* by member - 1; a member has the first */
	uint64_t generation;
	int registered;
};

static struct place *place_of(uint8_t *arena)
{
	return (struct place *)(void *)(arena + PLACE);
}

/* ---- messages ---- */

static int put(struct side *p, struct line *l, uint32_t kind, uint32_t size, uint64_t seq)
{
	struct weir_ring_room room;
	int rc = weir_ring_claim(&l->w, kind, size, WEIR_RING_GATED, &room);

	if (BENCH_UNLIKELY(rc != WEIR_OK))
		return role_fail(p->me, "weir_ring_claim: %s", weir_error_name(rc));
	msg_write(p->me, room.ptr, size, seq);
	return 0;
}

static void commit(struct side *p, struct line *l, uint32_t to)
{
	weir_ring_commit(&l->w);
	weir_bell_ring(&p->place->bell[to], p->registered);
}

static int send_burst(struct side *p)
{
	const uint32_t burst = p->me->b->burst;
	struct line *l = &p->line[0];
	uint32_t i;

	if (burst == 0 && put(p, l, KIND_EMPTY, 8, 0) != 0)
		return -1;
	for (i = 1; i <= burst; i++) {
		if (put(p, l, i == burst ? KIND_LAST : KIND_MESSAGE, SIZE, l->seq++) != 0)
			return -1;
		if (i % BENCH_BATCH == 0 && i != burst)
			commit(p, l, 0);
	}
	commit(p, l, 0);
	return 0;
}

static int is_right(const uint8_t *ptr, uint32_t len, uint64_t seq)
{
	uint64_t word[SIZE / 8u], sum = 0;
	uint32_t i;

	if (len != SIZE)
		return 0;
	memcpy(word, ptr, SIZE);
	for (i = 0; i < SIZE / 8u; i++)
		sum += word[i];
	return sum == seq + (SIZE / 8u - 1u) * MSG_WORD;
}

/* Takes what is there, a batch at most. Messages taken; -1 give up. */
static int take(struct side *p, struct line *l, uint32_t from)
{
	struct weir_ring_view v;
	int rc, n = 0;

	while (n < (int)BENCH_BATCH && (rc = weir_ring_poll(&l->r, &v)) == WEIR_OK) {
		n++;
		if (v.kind <= KIND_LAST && !is_right(v.ptr, v.len, l->seq++))
			return role_bad_message(p->me, l->seq - 1, v.ptr);
		l->answered += v.kind != KIND_MESSAGE;
		if (v.kind != KIND_LAST && v.kind != KIND_EMPTY)
			continue;
		if (put(p, l, KIND_ANSWER, 8, 0) != 0)
			return -1;
		commit(p, l, from);
	}
	if (n > 0)
		weir_ring_deliver(&l->r, 0);
	return n;
}

/* ---- one generation ---- */

/* Takes until all lines have had this generation's answer, given or received. */
static int serve(struct side *p)
{
	const uint32_t lines = p->me->index == 0 ? p->me->b->readers : 1;
	struct weir_waiter wt;
	uint32_t i, open;
	int rc, taken;

	weir_waiter_init(&wt, &p->how, &p->place->bell[p->me->index], 0);
	for (;;) {
		taken = 0;
		for (i = open = 0; i < lines; i++) {
			rc = take(p, &p->line[i], p->me->index == 0 ? i + 1 : 0);
			if (BENCH_UNLIKELY(rc < 0))
				return -1;
			taken += rc;
			open += p->line[i].answered < p->generation;
		}
		if (open == 0)
			return 0;
		if (taken > 0) {
			weir_waiter_reset(&wt);
			continue;
		}
		rc = weir_waiter_step(&wt);
		if (BENCH_UNLIKELY(rc < 0))
			return role_fail(p->me, "weir_waiter_step: %s", weir_error_name(rc));
	}
}

static int meet(struct role *me, void *side)
{
	struct side *p = side;
	int rc;

	p->generation++;
	if ((me->index != 0 && send_burst(p) != 0) || serve(p) != 0)
		return -1;
	rc = pthread_barrier_wait(&p->place->barrier);
	if (rc != 0 && rc != PTHREAD_BARRIER_SERIAL_THREAD)
		return role_fail(me, "pthread_barrier_wait: %s", strerror(rc));
	return 0;
}

/* ---- getting in and out ---- */

static int set_up(struct side *p)
{
	struct role *me = p->me;
	const uint32_t lines = me->index == 0 ? me->b->readers : 1;
	uint32_t i, up, out, in;

	p->place = place_of(me->arena);
	p->how.strategy = me->b->way == BENCH_YIELD ? WEIR_WAIT_YIELD : WEIR_WAIT_PARK;
	p->registered = weir_bell_register();
	for (i = 0; i < lines; i++) {
		up = 2u * (me->index == 0 ? i : me->index - 1u);
		out = me->index == 0 ? up + 1u : up;
		in = me->index == 0 ? up : up + 1u;
		if (pair_write(me, out, &p->line[i].table, &p->line[i].w) != 0 ||
		    pair_read(me, in, &p->line[i].r) != 0)
			return -1;
	}
	return 0;
}

static int role(struct role *me)
{
	struct side p;

	memset(&p, 0, sizeof(p));
	p.me = me;
	if (set_up(&p) != 0)
		return -1;
	return meet_loop(me, meet, &p);
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n,
		  struct bench_sample *out)
{
	struct place *p = place_of(env->arena);
	pthread_barrierattr_t attr;
	int rc;

	meet_clear(env);
	if (pair_format(env, 2u * b->readers) != 0)
		return -1;
	memset(p, 0, sizeof(*p));
	pthread_barrierattr_init(&attr);
	pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	rc = pthread_barrier_init(&p->barrier, &attr, meet_parties(b));
	pthread_barrierattr_destroy(&attr);
	if (rc != 0) {
		snprintf(env->error, sizeof(env->error), "pthread_barrier_init: %s", strerror(rc));
		return -1;
	}
	return driver_run(env, b, role, role, meet_parties(b), n, out);
}

void bench_add_ack_barrier(void)
{
	bench_add_fence_cases("ack+pthread_barrier", BENCH_PEER, BENCH_YIELD | BENCH_PARK, run);
}
