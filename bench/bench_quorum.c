/*
 * The quorum as a pure machine: an event goes in, its answer comes out. It should cost the same
 * whatever the number of participants; what it costs more at 1024 is memory.
 */
#include <stdio.h>
#include <string.h>

#include <weir/quorum.h>

#include "driver.h"

#define PARTICIPANTS_MAX 1024u
#define OUT 9u

/* arrive: participants arrive one after the other, the last one opens the gate; then a new epoch of
 * the output begins the next round, shared among them. attach: a request while the gate is open.
 * attach-wait: as arrive, but each asks to attach first; when the gate opens their requests are
 * granted, by ticks, shared too, where the last arrival does not do it. */
struct scene {
	struct weir_quorum q;
	struct weir_quorum_event e, epoch, tick;
	struct weir_quorum_action action[WEIR_QUORUM_ACTIONS_MAX];
	uint64_t storage[64 * 1024];
} BENCH_ALIGNED;

static uint32_t id_of(uint32_t i)
{
	return 5000 + 13 * i;
}

static int set_scene(struct role *me, struct scene *s)
{
	const uint32_t n = me->b->batch;
	/* producers of stream 1 and consumers by turns, and all of them */
	const struct weir_quorum_criterion criteria[] = {
		{WEIR_QUORUM_PRODUCER, 1, n / 2, 0},
		{WEIR_QUORUM_CONSUMER, WEIR_QUORUM_ANY, n / 2, 0},
		{WEIR_QUORUM_ANY, WEIR_QUORUM_ANY, n, 0}};
	struct weir_quorum_config cfg;
	struct weir_span mem = {s->storage, sizeof(s->storage)};
	int rc;

	memset(s, 0, sizeof(*s));
	memset(&cfg, 0, sizeof(cfg));
	cfg.struct_size = sizeof(cfg);
	cfg.out_stream = OUT;
	cfg.participants = cfg.requests = n;
	cfg.criteria = criteria;
	cfg.ncriteria = 3;
	cfg.epochs = WEIR_QUORUM_EPOCH_OUTPUT;
	cfg.loss = WEIR_QUORUM_HOLD;
	cfg.shut = WEIR_QUORUM_WAIT;
	cfg.seed = 1;
	cfg.timeout_ns = WEIR_NS_NEVER;
	cfg.retry_ns = 1000;
	cfg.stale_ns = WEIR_NS_NEVER;
	cfg.retry_limit = UINT32_MAX;
	rc = weir_quorum_init(&s->q, &cfg, mem, 0, NULL);
	s->epoch.kind = WEIR_QUORUM_EPOCH;
	s->tick.kind = WEIR_QUORUM_TICK;
	return rc == WEIR_OK ? 0 : role_fail(me, "weir_quorum_init: %s", weir_error_name(rc));
}

/* One event of which the first action is that answer, if there is one. */
BENCH_INLINE int step(struct role *me, struct scene *s, const struct weir_quorum_event *e,
		      weir_ns now, uint32_t want)
{
	uint32_t n = 0;
	int rc = weir_quorum_step(&s->q, e, now, s->action, WEIR_QUORUM_ACTIONS_MAX, &n);

	if (BENCH_UNLIKELY(rc != WEIR_OK || n == 0 || s->action[0].answer != want))
		return role_fail(me, "weir_quorum_step: %s, %u actions, answer %s",
				 weir_error_name(rc), n,
				 weir_quorum_answer_name(s->action[0].answer));
	return 0;
}

BENCH_INLINE int arrive(struct role *me, struct scene *s, uint32_t i, weir_ns now)
{
	s->e.kind = WEIR_QUORUM_ARRIVE;
	s->e.id = id_of(i);
	s->e.role = i % 2 == 0 ? WEIR_QUORUM_PRODUCER : WEIR_QUORUM_CONSUMER;
	s->e.stream = 1 + i % 2;
	s->e.epoch = 1;
	return step(me, s, &s->e, now, WEIR_QUORUM_ACCEPTED);
}

BENCH_INLINE int attach(struct role *me, struct scene *s, uint32_t i, weir_ns now, uint32_t want)
{
	s->e.kind = WEIR_QUORUM_ATTACH;
	s->e.id = id_of(i);
	s->e.correlation = (int64_t)now;
	return step(me, s, &s->e, now, want);
}

/* RESET, and then the answer. */
BENCH_INLINE int next_round(struct role *me, struct scene *s, weir_ns now)
{
	uint32_t n = 0;
	int rc;

	s->epoch.epoch++;
	rc = weir_quorum_step(&s->q, &s->epoch, now, s->action, WEIR_QUORUM_ACTIONS_MAX, &n);
	if (BENCH_UNLIKELY(rc != WEIR_OK || n != 2 || s->action[0].kind != WEIR_QUORUM_RESET))
		return role_fail(me, "no new round: %s, %u actions", weir_error_name(rc), n);
	return 0;
}

/* The requests that have not been answered yet. */
BENCH_INLINE int answer_rest(struct role *me, struct scene *s, weir_ns now)
{
	while (weir_quorum_next_ns(&s->q) <= now)
		if (step(me, s, &s->tick, now, WEIR_QUORUM_GRANTED) != 0)
			return -1;
	return 0;
}

BENCH_INLINE int rounds(struct role *me, int asking)
{
	struct scene *s = (struct scene *)(void *)me->arena;
	const uint32_t all = me->b->batch;
	uint64_t i;
	uint32_t k;

	if (set_scene(me, s) != 0 || role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i += all) {
		for (k = 0; asking && k < all; k++)
			if (attach(me, s, k, i, WEIR_QUORUM_PENDING) != 0)
				return -1;
		for (k = 0; k < all; k++)
			if (arrive(me, s, k, i) != 0)
				return -1;
		if (answer_rest(me, s, i) != 0 || next_round(me, s, i) != 0)
			return -1;
	}
	role_done(me, i);
	return s->q.stats.ready == me->n / all && s->q.stats.granted == (asking ? me->n : 0)
		       ? 0
		       : role_fail(me, "ready %llu times, granted %llu",
				   (unsigned long long)s->q.stats.ready,
				   (unsigned long long)s->q.stats.granted);
}

static int arriving(struct role *me)
{
	return rounds(me, 0);
}

static int waiting(struct role *me)
{
	return rounds(me, 1);
}

static int attaching(struct role *me)
{
	struct scene *s = (struct scene *)(void *)me->arena;
	uint32_t k;
	uint64_t i;

	if (set_scene(me, s) != 0)
		return -1;
	for (k = 0; k < me->b->batch; k++)
		if (arrive(me, s, k, 0) != 0)
			return -1;
	if (role_start(me) != 0)
		return -1;
	for (i = 0, k = 0; i < me->n; i++) {
		if (attach(me, s, k, i, WEIR_QUORUM_GRANTED) != 0)
			return -1;
		if (++k == me->b->batch)
			k = 0;
	}
	role_done(me, i);
	return s->q.stats.granted == me->n
		       ? 0
		       : role_fail(me, "granted %llu", (unsigned long long)s->q.stats.granted);
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n,
		  struct bench_sample *out)
{
	return driver_run(env, b,
			  strncmp(b->name, "arrive", 6) == 0	? arriving
			  : strncmp(b->name, "attach/", 7) == 0 ? attaching
								: waiting,
			  NULL, 1, n, out);
}

static void add(const char *what, uint32_t participants, uint32_t flags)
{
	struct bench b;

	memset(&b, 0, sizeof(b));
	b.group = "quorum";
	b.who = "weir";
	b.unit = strcmp(what, "attach-wait") == 0 ? "participant" : "event";
	b.flags = BENCH_TIME | flags;
	b.batch = participants;
	b.run = run;
	snprintf(b.name, sizeof(b.name), "%s/%u", what, (unsigned)participants);
	if (participants > 2)
		snprintf(b.ref, sizeof(b.ref), "quorum/%s/2/weir", what);
	bench_add(&b);
}

void bench_add_quorum(void)
{
	static const char *const what[] = {"arrive", "attach", "attach-wait"};
	static const uint32_t participants[] = {2, 64, PARTICIPANTS_MAX};
	unsigned i, k;

	for (k = 0; k < 3; k++)
		for (i = 0; i < 3; i++)
			add(what[k], participants[i],
			    k == 0 && participants[i] == PARTICIPANTS_MAX ? 0 : BENCH_FULL);
}
