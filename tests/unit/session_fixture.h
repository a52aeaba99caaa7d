/* session_fixture.h - a session whose members are handles in one thread, polled by hand. */
#ifndef WEIR_SESSION_FIXTURE_H
#define WEIR_SESSION_FIXTURE_H

#include "flow_fixture.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/session.h>
#include <weir/watch.h>

#define HANDLES 8u
#define LIVENESS_NS 1000000u

#define RENDEZVOUS WEIR_BARRIER_RENDEZVOUS
#define DELIVERY WEIR_BARRIER_DELIVERY
#define PROCESSING WEIR_BARRIER_PROCESSING
#define CONTINUE WEIR_BARRIER_CONTINUE
#define FAIL WEIR_BARRIER_FAIL

struct yard {
	struct fake f;
	struct weir_env env;
	struct weir_session_config cfg;
	struct weir_session *s[HANDLES]; /* by slot; NULL: not a member of ours */
	struct weir_watch watch;
};

static inline struct weir_session_config yard_config(uint32_t members)
{
	struct weir_session_config cfg = {.struct_size = sizeof(cfg),
					  .members = members,
					  .barriers = 3,
					  .ring_capacity = 4096,
					  .liveness_ns = LIVENESS_NS};

	return cfg;
}

static inline struct weir_session_options yard_options(struct yard *y, uint32_t flags)
{
	struct weir_session_options opt = {
		.struct_size = sizeof(opt), .flags = flags, .kinds = 8, .env = &y->env};

	return opt;
}

/* A session with a coordinator and nobody else. */
static inline void yard_create(struct yard *y, const struct weir_session_config *cfg)
{
	struct weir_session_options opt;

	memset(y, 0, sizeof(*y));
	y->f.now = 1;
	y->env = fake_env(&y->f);
	y->cfg = *cfg;
	opt = yard_options(y, 0);
	ck_assert_int_eq(weir_session_create(&y->s[0], NULL, cfg, &opt, NULL), WEIR_OK);
	ck_assert_int_eq(weir_watch_open(&y->watch, weir_session_region(y->s[0]), NULL), WEIR_OK);
}

static inline struct weir_session *yard_attach(struct yard *y, uint32_t flags)
{
	struct weir_session_options opt = yard_options(y, flags);
	struct weir_session *s;

	ck_assert_int_eq(weir_session_attach_region(&s, weir_session_region(y->s[0]), &opt, NULL),
			 WEIR_OK);
	ck_assert_ptr_null(y->s[weir_session_slot(s)]);
	y->s[weir_session_slot(s)] = s;
	return s;
}

static inline int yard_poll(struct yard *y, uint32_t slot)
{
	int rc = weir_session_poll(y->s[slot], y->f.now);

	ck_assert_msg(rc == WEIR_OK || rc == WEIR_EMPTY, "poll of %u: %d", slot, rc);
	return rc;
}

/* The coordinator alone, until there is nothing that it can do. */
static inline void yard_coordinate(struct yard *y)
{
	while (yard_poll(y, 0) == WEIR_OK)
		;
}

/* Everybody, until nobody has anything to do. */
static inline void yard_settle(struct yard *y)
{
	uint32_t i, rounds;
	int did = 1;

	for (rounds = 0; did; rounds++) {
		ck_assert_uint_lt(rounds, 1000);
		did = 0;
		for (i = 0; i < HANDLES; i++)
			if (y->s[i] != NULL && yard_poll(y, i) == WEIR_OK)
				did = 1;
	}
}

/* A coordinator and members in slots 1 .. n-1, all counted. */
static inline void yard_open(struct yard *y, uint32_t n)
{
	struct weir_session_config cfg = yard_config(n);
	uint32_t i;

	yard_create(y, &cfg);
	for (i = 1; i < n; i++)
		(void)yard_attach(y, 0);
	yard_settle(y);
	ck_assert_uint_eq(weir_session_members(y->s[0]), n);
}

static inline void yard_leave(struct yard *y, uint32_t slot)
{
	ck_assert_int_eq(weir_session_close(y->s[slot]), WEIR_OK);
	y->s[slot] = NULL;
}

static inline void yard_close(struct yard *y)
{
	uint32_t i;

	for (i = HANDLES; i-- > 0;)
		if (y->s[i] != NULL)
			yard_leave(y, i);
}

static inline void yard_send(struct yard *y, uint32_t slot, uint32_t n)
{
	uint64_t word = slot;

	while (n-- != 0)
		ck_assert_int_eq(weir_session_send(y->s[slot], 1, &word, sizeof(word)), WEIR_OK);
}

static inline uint32_t yard_barrier(struct yard *y, const char *name)
{
	uint32_t id = 99;

	ck_assert_int_eq(weir_session_barrier_open(y->s[0], name, &id, NULL), WEIR_OK);
	return id;
}

static inline void yard_begin(struct yard *y, uint32_t slot, uint32_t id,
			      enum weir_barrier_mode mode, weir_ns deadline)
{
	ck_assert_int_eq(weir_session_barrier_begin(y->s[slot], id, mode, CONTINUE, deadline),
			 WEIR_OK);
}

static inline void yard_begin_all(struct yard *y, uint32_t id, enum weir_barrier_mode mode)
{
	uint32_t i;

	for (i = 0; i < HANDLES; i++)
		if (y->s[i] != NULL)
			yard_begin(y, i, id, mode, 0);
}

/* Tests that this member's arrival has that outcome, in that generation. */
static inline void yard_expect(struct yard *y, uint32_t slot, uint32_t id, int want,
			       uint64_t generation)
{
	struct weir_barrier_result r;
	int rc = weir_session_barrier_test(y->s[slot], id, &r);

	ck_assert_msg(rc == want, "slot %u: %s, wanted %s", slot, weir_error_name(rc),
		      weir_error_name(want));
	if (want != WEIR_PENDING && want != -EINVAL)
		ck_assert_uint_eq(r.generation, generation);
}

static inline void yard_expect_all(struct yard *y, uint32_t id, int want, uint64_t generation)
{
	uint32_t i;

	for (i = 0; i < HANDLES; i++)
		if (y->s[i] != NULL)
			yard_expect(y, i, id, want, generation);
}

static inline struct weir_watch_barrier yard_view(struct yard *y, uint32_t id)
{
	struct weir_watch_barrier v;

	ck_assert_int_eq(weir_watch_read_barrier(&y->watch, id, NULL, &v), WEIR_OK);
	return v;
}

static inline struct weir_session_stats yard_stats(struct yard *y, uint32_t slot)
{
	struct weir_session_stats st = {.struct_size = sizeof(st)};

	ck_assert_int_eq(weir_session_read_stats(y->s[slot], &st), WEIR_OK);
	return st;
}

/* A member in another process, which dies where `act` ends. Its slot stays taken; the identity that
 * holds it is returned. */
static inline weir_owner yard_corpse(struct yard *y, uint32_t slot, uint32_t flags,
				     int (*act)(struct weir_session *s, void *arg), void *arg)
{
	struct weir_session_options opt = yard_options(y, flags);
	/* before the fork: the child finds the handle wiped, and the region not */
	const struct weir_region *region = weir_session_region(y->s[0]);
	struct weir_watch_member m;
	int status;
	pid_t pid;

	opt.slot = slot;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct weir_session *s;

		if (weir_session_poll(y->s[0], 1) != -ENOTCONN ||
		    weir_session_close(y->s[0]) != -ENOTCONN)
			_exit(1);
		if (weir_session_attach_region(&s, region, &opt, NULL) != WEIR_OK)
			_exit(1);
		_exit(act != NULL && act(s, arg) != 0 ? 2 : 0);
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(weir_watch_read_member(&y->watch, slot, &m), WEIR_OK);
	ck_assert_uint_ne(m.owner, 0);
	return m.owner;
}

/* From now on that process is dead, and the time has come to look. */
static inline void yard_bury(struct yard *y, weir_owner who)
{
	y->f.dead = who;
	y->f.now += 2u * LIVENESS_NS;
}

static inline int yard_run(Suite *suite)
{
	SRunner *r = srunner_create(suite);
	int failed;

	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}

#endif
