/*
 * What a session costs when nothing happens, and what sending costs, on one thread: a poll that finds
 * nothing, by member slots that were never used and by slots whose members sit still; a message sent,
 * by listeners whose bells are looked at; a member that comes and goes. The sender's policy is lossy,
 * so that nobody's reading is in that time.
 */
#include <stdio.h>
#include <string.h>

#include <weir/session.h>

#include "driver.h"
#include "msg.h"

#define SIZE 64u
#define SLOTS_MAX 64u

struct scene {
	struct weir_session *s[SLOTS_MAX]; /* the coordinator first */
	uint32_t n;
};

static int begin(struct role *me, struct scene *sc, uint32_t slots, uint32_t used)
{
	struct weir_session_config cfg;
	struct weir_session_options opt;
	struct weir_wait how = {.strategy = WEIR_WAIT_SPIN};
	int rc;

	memset(sc, 0, sizeof(*sc));
	memset(&cfg, 0, sizeof(cfg));
	memset(&opt, 0, sizeof(opt));
	cfg.struct_size = sizeof(cfg);
	cfg.members = slots;
	cfg.barriers = 1;
	opt.struct_size = sizeof(opt);
	rc = weir_session_create(&sc->s[0], NULL, &cfg, &opt, NULL);
	sc->n = rc == WEIR_OK;
	opt.policy = WEIR_RING_LOSSY;
	for (; rc == WEIR_OK && sc->n < used; sc->n++)
		rc = weir_session_attach_region(&sc->s[sc->n], weir_session_region(sc->s[0]), &opt,
						NULL);
	if (rc == WEIR_OK)
		rc = weir_session_wait_members(sc->s[0], used, &how);
	return rc != WEIR_OK ? role_fail(me, "set up: %s", weir_error_name(rc)) : 0;
}

static int end(struct role *me, struct scene *sc)
{
	int rc = WEIR_OK;

	while (sc->n != 0 && rc == WEIR_OK)
		rc = weir_session_close(sc->s[--sc->n]);
	return rc != WEIR_OK ? role_fail(me, "close: %s", weir_error_name(rc)) : 0;
}

static int is(const struct bench *b, const char *what)
{
	return strstr(b->name, what) != NULL;
}

/* The time given is the same in all polls, as in a loop that reads its clock now and then: what is
 * due every liveness interval is in none of them. */
static int polls(struct role *me)
{
	const uint32_t used = is(me->b, "unused") ? 1 : me->b->batch;
	struct weir_session *s;
	struct scene sc;
	uint64_t i;
	weir_ns now;
	int rc;

	if (begin(me, &sc, me->b->batch, used) != 0)
		return -1;
	s = sc.s[is(me->b, "member") ? 1 : 0];
	now = weir_session_next_ns(s);
	do
		rc = weir_session_poll(s, now); /* what is due, and what came with setting up */
	while (rc == WEIR_OK);
	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		rc = weir_session_poll(s, now);
		if (BENCH_UNLIKELY(rc != WEIR_EMPTY))
			return role_fail(me, "weir_session_poll: %s", weir_error_name(rc));
	}
	role_done(me, i);
	return end(me, &sc);
}

/* From the last slot, to all others. */
static int sends(struct role *me)
{
	const uint32_t listeners = me->b->batch;
	struct weir_session *s;
	uint64_t word[SIZE / 8u], i;
	struct scene sc;
	int rc;

	if (begin(me, &sc, listeners + 1u, listeners + 1u) != 0)
		return -1;
	s = sc.s[listeners];
	msg_prepare(me, word, SIZE);
	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		msg_number(me, word, i);
		rc = weir_session_send(s, 1, word, SIZE);
		if (BENCH_UNLIKELY(rc != WEIR_OK))
			return role_fail(me, "weir_session_send: %s", weir_error_name(rc));
	}
	role_done(me, i);
	return end(me, &sc);
}

/* Serves until the coordinator counts n members. */
static int count_to(struct role *me, struct weir_session *s, uint32_t n)
{
	int rc = WEIR_OK;

	while (weir_session_members(s) != n && (rc == WEIR_OK || rc == WEIR_EMPTY)) {
		rc = weir_session_poll(s, (weir_ns)driver_now());
		if (BENCH_UNLIKELY(rc == WEIR_EMPTY && role_spin(me) != 0))
			return -1;
	}
	return rc != WEIR_OK && rc != WEIR_EMPTY
		       ? role_fail(me, "weir_session_poll: %s", weir_error_name(rc))
		       : 0;
}

/* A member comes, is counted, goes, and is counted no longer. */
static int attaches(struct role *me)
{
	const uint32_t used = is(me->b, "unused") ? 1 : me->b->batch - 1u;
	const struct weir_session_options opt = {.struct_size = sizeof(opt)};
	struct weir_session *s;
	struct scene sc;
	uint64_t i;
	int rc;

	if (begin(me, &sc, me->b->batch, used) != 0)
		return -1;
	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		rc = weir_session_attach_region(&s, weir_session_region(sc.s[0]), &opt, NULL);
		if (BENCH_UNLIKELY(rc != WEIR_OK))
			return role_fail(me, "weir_session_attach_region: %s", weir_error_name(rc));
		if (count_to(me, sc.s[0], used + 1u) != 0)
			return -1;
		rc = weir_session_close(s);
		if (BENCH_UNLIKELY(rc != WEIR_OK))
			return role_fail(me, "weir_session_close: %s", weir_error_name(rc));
		if (count_to(me, sc.s[0], used) != 0)
			return -1;
	}
	role_done(me, i);
	return end(me, &sc);
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n,
		  struct bench_sample *out)
{
	return driver_run(env, b,
			  is(b, "send")	    ? sends
			  : is(b, "attach") ? attaches
					    : polls,
			  NULL, 1, n, out);
}

static void add(const char *what, uint32_t n, uint32_t size, uint32_t flags)
{
	struct bench b;

	memset(&b, 0, sizeof(b));
	b.group = "session";
	b.who = "weir";
	b.unit = size != 0 ? "message" : strstr(what, "attach") != NULL ? "member" : "poll";
	b.flags = BENCH_TIME | flags;
	b.size = size;
	b.batch = n; /* slots, listeners */
	b.run = run;
	snprintf(b.name, sizeof(b.name), "%s/%u", what, (unsigned)n);
	if (n > 2)
		snprintf(b.ref, sizeof(b.ref), "session/%s/%u/weir",
			 strcmp(what, "attach/used") == 0 ? "attach/unused" : what,
			 size != 0 ? 1u : 2u);
	bench_add(&b);
}

void bench_add_session(void)
{
	static const uint32_t slots[] = {2, 8, 64}, listeners[] = {1, 2, 8};
	unsigned i;

	for (i = 0; i < 3; i++)
		add("poll/unused", slots[i], 0, i == 2 ? 0 : BENCH_FULL);
	for (i = 0; i < 3; i++)
		add("poll/used", slots[i], 0, i == 1 ? BENCH_FULL : 0);
	for (i = 0; i < 3; i++)
		add("poll/member", slots[i], 0, BENCH_FULL);
	for (i = 0; i < 3; i++)
		add("attach/unused", slots[i], 0, i == 0 ? 0 : BENCH_FULL);
	for (i = 1; i < 3; i++)
		add("attach/used", slots[i], 0, i == 2 ? 0 : BENCH_FULL);
	for (i = 0; i < 3; i++)
		add("send", listeners[i], SIZE, i == 1 ? BENCH_FULL : 0);
}
