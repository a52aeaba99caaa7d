/* Sessions whose processes die, stop and leave, at every place of a fence: those who stay learn it by
 * name, agree on it, and nobody waits for ever. */
#define _GNU_SOURCE

#include "session_proc.h"

#define MARKER 1u

/* What the processes of one test tell each other beside the session. */
struct board {
	uint32_t step;
	uint32_t last; /* generation of again_and_again() */
	uint32_t reached[4];
	uint32_t outcome[4]; /* as int */
	struct weir_barrier_result result[4];
};

struct cast {
	const struct weir_region *region;
	struct board *board;
	enum weir_barrier_mode mode;
	enum weir_barrier_policy policy;
	uint32_t who;	/* 1 .. */
	uint32_t where; /* it dies */
};

enum { IN_BURST, BEFORE_ARRIVING, AFTER_ARRIVING, WHILE_DRAINING, PLACES };

static struct board *make_board(void)
{
	return proc_shared(sizeof(struct board)).ptr;
}

static struct weir_session *enter(const struct cast *c, uint32_t members)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = proc_patience()};
	struct weir_session *s;

	NEED_OK(weir_session_attach_region(&s, c->region, NULL, NULL));
	NEED_OK(weir_session_wait_members(s, members, &how));
	return s;
}

static struct weir_session *coordinate(uint32_t members, uint64_t ring)
{
	struct weir_session_config cfg = {.struct_size = sizeof(cfg),
					  .members = members,
					  .barriers = 4,
					  .ring_capacity = ring};
	struct weir_session *s;

	NEED_OK(weir_session_create(&s, NULL, &cfg, NULL, NULL));
	return s;
}

static void gather(struct weir_session *s, uint32_t n)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = proc_patience()};

	NEED_OK(weir_session_wait_members(s, n, &how));
}

static uint32_t barrier_named(struct weir_session *s, const char *name)
{
	uint32_t id;

	NEED_OK(weir_session_barrier_open(s, name, &id, NULL));
	return id;
}

static int meet(struct weir_session *s, const struct cast *c, const char *name, uint64_t ms,
		struct weir_barrier_result *r)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK,
				.deadline = ms != 0 ? proc_soon(ms) : proc_patience()};

	return weir_session_barrier(s, barrier_named(s, name), c->mode, c->policy, &how, r);
}

/* ---- a worker dies: in its burst, before and after arriving, and while it is waited for ---- */

static void victim(void *arg)
{
	const struct cast *c = arg;
	struct weir_session *s = enter(c, 3);
	uint32_t i, id = barrier_named(s, "fence");

	proc_until(&c->board->step, 1);
	for (i = 0; i < 8; i++) {
		NEED_OK(weir_session_send(s, MARKER, &i, sizeof(i)));
		if (c->where == IN_BURST && i == 4)
			raise(SIGKILL);
	}
	if (c->where == BEFORE_ARRIVING)
		raise(SIGKILL);
	NEED_OK(weir_session_barrier_begin(s, id, c->mode, c->policy, 0));
	if (c->where == AFTER_ARRIVING)
		raise(SIGKILL);
	proc_set(&c->board->reached[1], 1);
	pause(); /* has arrived and serves nothing: as a sink it is behind */
}

static void bystander(void *arg)
{
	const struct cast *c = arg;
	struct weir_session *s = enter(c, 3);
	uint32_t i;
	int rc;

	if (c->where == WHILE_DRAINING) /* what is sent from now on the victim will not handle */
		proc_until(&c->board->reached[1], 1);
	for (i = 0; i < 8; i++)
		NEED_OK(weir_session_send(s, MARKER, &i, sizeof(i)));
	if (c->where == AFTER_ARRIVING)
		proc_until(&c->board->step, 2);
	rc = meet(s, c, "fence", 0, &c->board->result[c->who]);
	c->board->outcome[c->who] = (uint32_t)rc;
	proc_set(&c->board->reached[c->who], 2);
	/* the session goes on without the dead one */
	NEED_OK(meet(s, c, "after", 0, NULL));
	NEED_OK(weir_session_close(s));
}

static int count_marker(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	uint32_t *seen = ctx;

	(void)s;
	seen[m->from]++;
	return 0;
}

static void serve_until(struct weir_session *s, const uint32_t *word, uint32_t value)
{
	while (weir_load_acquire32(word) != value) {
		struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = proc_soon(5)};
		int rc = weir_session_wait(s, &how);

		NEED(rc == WEIR_OK || rc == -ETIMEDOUT);
	}
}

static void await_death(struct weir_session *s)
{
	struct weir_session_stats st = {.struct_size = sizeof(st)};
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = proc_patience()};

	do
		NEED_OK(weir_session_wait(s, &how));
	while (weir_session_read_stats(s, &st) == WEIR_OK && st.deaths == 0);
}

static void worker_dies(enum weir_barrier_mode mode, enum weir_barrier_policy policy,
			uint32_t where)
{
	struct weir_session *s = coordinate(4, 0);
	struct board *board = make_board();
	struct cast c[3] = {{0}};
	struct weir_barrier_result *r = &board->result[0];
	struct weir_session_stats st = {.struct_size = sizeof(st)};
	uint32_t seen[4] = {0}, i, dead, id;
	pid_t pid[3];
	int rc;

	for (i = 1; i < 3; i++) {
		c[i] = (struct cast){weir_session_region(s), board, mode, policy, i, where};
		pid[i] = proc_fork(i == 1 ? victim : bystander, &c[i]);
	}
	NEED_OK(weir_session_on(s, MARKER, count_marker, seen));
	gather(s, 3);
	c[0] = c[1];
	id = barrier_named(s, "fence");
	/* the generation is open, with all three in it, before anybody dies */
	NEED_OK(weir_session_barrier_begin(s, id, mode, policy, proc_patience()));
	NEED_OK(weir_session_poll(s, proc_now()));
	proc_set(&board->step, 1);
	if (where == WHILE_DRAINING) {
		struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = proc_soon(200)};
		struct weir_watch w;
		struct weir_watch_behind b[4];
		uint32_t n = 0;

		/* it hangs as long as the victim lives, and everybody can see on whom */
		proc_until(&board->reached[1], 1);
		while (weir_session_wait(s, &how) != -ETIMEDOUT)
			NEED(weir_session_barrier_test(s, id, NULL) == WEIR_PENDING);
		NEED_OK(weir_watch_open(&w, weir_session_region(s), NULL));
		NEED_OK(weir_watch_read_behind(&w, id, b, 4, &n));
		for (i = 0; i < n && i < 4; i++)
			NEED(b[i].remaining > 0 && b[i].ring != b[i].sink);
		NEED(n == 1 || n == 2);
		NEED(kill(pid[1], SIGKILL) == 0);
	}
	NEED(proc_reap(pid[1]) == 128 + SIGKILL);
	if (where == AFTER_ARRIVING) { /* the last one arrives when the death is known */
		await_death(s);
		proc_set(&board->step, 2);
	}
	rc = meet(s, &c[0], "fence", 0, r);
	serve_until(s, &board->reached[2], 2);
	/* all agree, and the dead one is named; who came when it was over is told that, and the same
	 * result */
	NEED((int)board->outcome[2] == rc ||
	     (policy == WEIR_BARRIER_FAIL && (int)board->outcome[2] == -ESTALE));
	NEED(memcmp(r, &board->result[2], sizeof(*r)) == 0);
	NEED(rc == (policy == WEIR_BARRIER_FAIL ? -EOWNERDEAD : WEIR_DEPARTED));
	dead = weir_group_set_next(&r->dead, 0);
	NEED(dead >= 1 && dead <= 2 && weir_group_set_count(&r->dead) == 1);
	NEED(!weir_group_set_has(&r->released, dead));
	NEED(r->arrived == (where == IN_BURST || where == BEFORE_ARRIVING ? 2u : 3u) ||
	     policy == WEIR_BARRIER_FAIL);
	if (rc == WEIR_DEPARTED) /* it opened: then what both had sent was handled, and no less */
		NEED(seen[1] + seen[2] == (where == IN_BURST ? 13u : 16u));
	NEED_OK(meet(s, &c[0], "after", 0, NULL));
	NEED(proc_reap(pid[2]) == 0);
	NEED(weir_session_read_stats(s, &st) == WEIR_OK && st.deaths == 1);
	NEED_OK(weir_session_close(s));
}

/* ---- a slot of the dead is used again ---- */

static void passer_by(void *arg)
{
	const struct cast *c = arg;
	struct weir_session *s = enter(c, 2);

	NEED(weir_session_slot(s) == 1);
	NEED_OK(weir_session_send(s, MARKER, &c->who, sizeof(c->who)));
	NEED_OK(meet(s, c, "fence", 0, NULL));
	raise(SIGKILL);
}

static void slot_is_used_again(void)
{
	struct weir_session *s = coordinate(2, 4096);
	struct cast c = {weir_session_region(s),
			 make_board(),
			 WEIR_BARRIER_PROCESSING,
			 WEIR_BARRIER_FAIL,
			 1,
			 0};
	uint32_t seen[2] = {0}, i;

	NEED_OK(weir_session_on(s, MARKER, count_marker, seen));
	for (i = 0; i < 6; i++) {
		struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = proc_patience()};
		pid_t pid = proc_fork(passer_by, &c);

		gather(s, 2);
		NEED_OK(meet(s, &c, "fence", 0, NULL));
		NEED(seen[1] == i + 1u);
		NEED(proc_reap(pid) == 128 + SIGKILL);
		while (weir_session_members(s) != 1)
			NEED_OK(weir_session_wait(s, &how));
	}
	NEED_OK(weir_session_close(s));
}

/* ---- the coordinator dies, or is stopped ---- */

static void coordinator_process(void *arg)
{
	const struct cast *c = arg;
	struct weir_session_config cfg = {
		.struct_size = sizeof(cfg), .members = 4, .liveness_ns = 5000000};
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = proc_patience()};
	struct weir_session_options opt = {.struct_size = sizeof(opt),
					   .flags = WEIR_SESSION_OBSERVER};
	struct weir_session *s;
	char name[64];

	proc_session_name(name, sizeof(name), getppid());
	NEED_OK(weir_session_create(&s, name, &cfg, &opt, NULL));
	proc_set(&c->board->step, 1);
	for (;;)
		NEED(weir_session_wait(s, &how) != -ETIMEDOUT);
}

static void waiter(void *arg)
{
	const struct cast *c = arg;
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = proc_patience()};
	struct weir_session *s;
	struct weir_barrier_result r;
	char name[64];
	int rc;

	proc_session_name(name, sizeof(name), getppid());
	NEED_OK(weir_session_attach(&s, name, NULL, NULL));
	NEED_OK(weir_session_wait_members(s, 2, &how));
	proc_set(&c->board->reached[c->who], 1);
	if (c->where == 0) { /* alone at "never": only the coordinator's death ends it */
		rc = meet(s, c, c->who == 1 ? "never" : "nor this", 0, &r);
		NEED(rc == -ENOTCONN);
		NEED(weir_session_barrier_begin(s, 0, c->mode, c->policy, 0) == -ENOTCONN);
		NEED(weir_session_attach(&s, name, NULL, NULL) == -ENOTCONN);
		return;
	}
	proc_until(&c->board->step, 2); /* the coordinator is stopped */
	rc = meet(s, c, "fence", 50, &r);
	NEED(rc == -ETIMEDOUT && r.generation == 0); /* nobody has decided: the arrival stands */
	proc_set(&c->board->reached[c->who], 2);
	proc_until(&c->board->step, 3); /* it runs again */
	rc = meet(s, c, "fence", 0, &c->board->result[c->who]);
	c->board->outcome[c->who] = (uint32_t)rc;
	NEED_OK(weir_session_close(s));
}

static void coordinator_gone(int stopped)
{
	struct board *board = make_board();
	struct cast c[3] = {{0}};
	char name[64];
	pid_t pid[3];
	uint32_t i;

	proc_session_name(name, sizeof(name), getpid());
	for (i = 0; i < 3; i++) {
		c[i] = (struct cast){NULL,
				     board,
				     WEIR_BARRIER_DELIVERY,
				     WEIR_BARRIER_FAIL,
				     i,
				     (uint32_t)stopped};
		pid[i] = proc_fork(i == 0 ? coordinator_process : waiter, &c[i]);
		if (i == 0)
			proc_until(&board->step, 1);
	}
	proc_until(&board->reached[1], 1);
	proc_until(&board->reached[2], 1);
	if (stopped) {
		NEED(kill(pid[0], SIGSTOP) == 0);
		proc_set(&board->step, 2);
		proc_until(&board->reached[1], 2);
		proc_until(&board->reached[2], 2);
		nanosleep(&(struct timespec){1, 0}, NULL);
		NEED(kill(pid[0], SIGCONT) == 0);
		proc_set(&board->step, 3);
	} else {
		nanosleep(&(struct timespec){0, 20000000}, NULL);
		NEED(kill(pid[0], SIGKILL) == 0);
	}
	NEED(proc_reap(pid[1]) == 0);
	NEED(proc_reap(pid[2]) == 0);
	if (stopped) { /* whatever it decided, both were told the same */
		NEED(board->outcome[1] == board->outcome[2]);
		NEED(memcmp(&board->result[1], &board->result[2], sizeof(board->result[1])) == 0);
		NEED(kill(pid[0], SIGKILL) == 0);
	}
	NEED(proc_reap(pid[0]) == 128 + SIGKILL);
	NEED(weir_region_gc(name, NULL, NULL) == 1);
}

/* ---- two fences entered in opposite orders; one name used again and again ---- */

static void crosser(void *arg)
{
	const struct cast *c = arg;
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK};
	struct weir_session *s = enter(c, 3);
	uint32_t id[2] = {barrier_named(s, "left"), barrier_named(s, "right")}, i, k;

	for (i = 0; i < 50; i++) {
		how.deadline = proc_patience();
		for (k = 0; k < 2; k++)
			NEED_OK(weir_session_barrier_begin(s, id[(k + c->who) % 2u], c->mode,
							   c->policy, how.deadline));
		for (k = 0; k < 2; k++)
			NEED_OK(weir_session_barrier(s, id[(k + c->who) % 2u], c->mode, c->policy,
						     &how, NULL));
	}
	if (weir_session_slot(s) != 0)
		NEED_OK(weir_session_close(s));
}

static void opposite_orders(enum weir_barrier_mode mode)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK};
	struct weir_session *s = coordinate(3, 0);
	struct cast c[3] = {{0}};
	uint32_t i, k, id[2] = {barrier_named(s, "left"), barrier_named(s, "right")};
	pid_t pid[3];

	for (i = 1; i < 3; i++) {
		c[i] = (struct cast){weir_session_region(s), NULL, mode, WEIR_BARRIER_FAIL, i, 0};
		pid[i] = proc_fork(crosser, &c[i]);
	}
	gather(s, 3);
	for (i = 0; i < 50; i++) {
		how.deadline = proc_patience();
		for (k = 0; k < 2; k++)
			NEED_OK(weir_session_barrier(s, id[k], mode, WEIR_BARRIER_FAIL, &how,
						     NULL));
	}
	for (i = 1; i < 3; i++)
		NEED(proc_reap(pid[i]) == 0);
	NEED_OK(weir_session_close(s));
}

#define FEW 1000u		      /* generations, however slow the machine is */
#define WHILE_NS UINT64_C(8000000000) /* and on, up to as many as were asked for */

/* Until the coordinator has said which generation is the last: before it arrived there, so all who
 * were released know. Returns how many there were. */
static uint32_t again_and_again(struct weir_session *s, const struct cast *c)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_YIELD};
	weir_ns end = proc_now() + WHILE_NS;
	struct weir_barrier_result r;
	uint32_t id = barrier_named(s, "again"), i = 0;

	do {
		i++;
		how.deadline = proc_patience();
		NEED_OK(weir_session_send_wait(s, MARKER, &i, sizeof(i), &how));
		if (c->who == 0 &&
		    (i == c->where || (i >= FEW && !proc_slow() && proc_now() > end)))
			c->board->last = i; /* a plain store: the barrier orders it */
		NEED_OK(weir_session_barrier(s, id, c->mode, WEIR_BARRIER_FAIL, &how, &r));
		NEED(r.generation == i);
	} while (c->board->last != i);
	return i;
}

static void repeater(void *arg)
{
	const struct cast *c = arg;
	struct weir_session *s = enter(c, 3);

	(void)again_and_again(s, c);
	NEED_OK(weir_session_close(s));
}

static void immediate_reuse(enum weir_barrier_mode mode, uint32_t n)
{
	struct weir_session *s = coordinate(3, 0);
	struct cast c = {weir_session_region(s), make_board(), mode, WEIR_BARRIER_FAIL, 1, n};
	uint32_t seen[3] = {0};
	pid_t pid[2];
	uint32_t i;

	NEED_OK(weir_session_on(s, MARKER, count_marker, seen));
	for (i = 0; i < 2; i++)
		pid[i] = proc_fork(repeater, &c);
	gather(s, 3);
	c.who = 0;
	n = again_and_again(s, &c);
	while (mode == WEIR_BARRIER_RENDEZVOUS && seen[1] + seen[2] != 2u * n)
		NEED(weir_session_poll(s, proc_now()) >= 0); /* met, and not done yet */
	NEED(seen[1] == n && seen[2] == n);
	for (i = 0; i < 2; i++)
		NEED(proc_reap(pid[i]) == 0);
	NEED_OK(weir_session_close(s));
	munmap(c.board, sizeof(*c.board));
}

/* ---- names ---- */

static void names(void)
{
	struct weir_session *s, *other, *m;
	struct weir_error err;
	char name[64];

	proc_session_name(name, sizeof(name), getpid());
	NEED(weir_session_attach(&m, name, NULL, &err) == -ENOENT);
	NEED_OK(weir_session_create(&s, name, NULL, NULL, NULL));
	NEED(weir_session_create(&other, name, NULL, NULL, &err) == -EEXIST);
	NEED_OK(weir_session_attach(&m, name, NULL, NULL));
	NEED_OK(weir_session_close(m));
	NEED_OK(weir_session_attach(&m, name, NULL, NULL));
	NEED_OK(weir_session_close(s)); /* takes the name along */
	NEED(weir_session_attach(&other, name, NULL, &err) == -ENOENT);
	NEED(weir_session_poll(m, proc_now()) == -ENOTCONN);
	NEED_OK(weir_session_close(m));
	NEED(weir_region_gc(name, NULL, NULL) == 0);
}

int main(void)
{
	uint32_t where;

	proc_watchdog();
	names();
	for (where = 0; where < PLACES; where++) {
		enum weir_barrier_mode mode =
			where == WHILE_DRAINING ? WEIR_BARRIER_PROCESSING : WEIR_BARRIER_DELIVERY;

		worker_dies(mode, WEIR_BARRIER_CONTINUE, where);
		worker_dies(mode, WEIR_BARRIER_FAIL, where);
	}
	slot_is_used_again();
	coordinator_gone(0);
	coordinator_gone(1);
	opposite_orders(WEIR_BARRIER_DELIVERY);
	opposite_orders(WEIR_BARRIER_PROCESSING);
	immediate_reuse(WEIR_BARRIER_RENDEZVOUS, 10000);
	immediate_reuse(WEIR_BARRIER_PROCESSING, 10000);
	immediate_reuse(WEIR_BARRIER_DELIVERY, proc_slow() ? 1000000 : 100000);
	return 0;
}
