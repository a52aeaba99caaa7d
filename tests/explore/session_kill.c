/* Sessions whose processes are killed at any atomic step: a member anywhere between its attach and
 * its close, the coordinator anywhere in the polls of a fence. Those who stay are all told the same,
 * nobody waits for ever, and nothing of the dead one stays behind. */
#define _GNU_SOURCE

#include "explore.h"

#define POLLS 60u
#define FLOOD 1000u /* messages: several times the ring */

static uint64_t step_now, step_last;

static void kill_at(enum weir_explore_kind kind, const volatile void *word)
{
	(void)kind;
	(void)word;
	if (++step_now == step_last)
		raise(SIGKILL);
}

static void arm(uint64_t n)
{
	step_now = 0;
	step_last = n;
	at_step = kill_at;
}

/* What a killed child comes to, and what one that reached its end. */
static int was_killed(pid_t pid)
{
	int rc = proc_reap(pid);

	NEED(rc == 0 || rc == 128 + SIGKILL);
	return rc != 0;
}

/* ---- what each test looks at ---- */

struct outcome {
	int rc;
	struct weir_barrier_result r;
};

/* Polls all, those in `who` until they know. */
static void await(struct weir_session *const *all, uint32_t n, uint32_t who, uint32_t id,
		  struct outcome *out)
{
	uint32_t i, p, open = who;

	for (p = 0; p < POLLS && open != 0; p++)
		for (i = 0; i < n; i++) {
			(void)explore_poll(all[i]);
			if ((open >> i & 1u) == 0)
				continue;
			out[i].rc = weir_session_barrier_test(all[i], id, &out[i].r);
			if (out[i].rc != WEIR_PENDING)
				open &= ~(1u << i);
		}
	NEED(open == 0);	/* somebody's wait does not end */
	for (i = 0; i < n; i++) /* one word for each arrival */
		if (who >> i & 1u)
			NEED(weir_session_barrier_test(all[i], id, NULL) == -EINVAL);
}

static void same(const struct outcome *a, const struct outcome *b)
{
	NEED(a->rc == b->rc);
	NEED(a->r.generation == b->r.generation);
	NEED(a->r.outcome == b->r.outcome);
}

/* A gated sender that was never evicted comes through, as long as the others serve. */
static void flood(struct weir_session *from, struct weir_session *const *all, uint32_t n)
{
	uint64_t word = 0;
	uint32_t i, k, tries = 0;

	for (k = 0; k < FLOOD; k++) {
		int rc = weir_session_send(from, DATA, &word, sizeof(word));

		if (rc == WEIR_OK) {
			tries = 0;
			continue;
		}
		NEED(rc == WEIR_FULL);
		NEED(++tries < POLLS); /* blocked for ever */
		k--;
		for (i = 0; i < n; i++)
			(void)explore_poll(all[i]);
	}
}

/* ---- a member ---- */

static void member(uint64_t n, uint32_t id, enum weir_barrier_mode mode,
		   const struct weir_region *region)
{
	struct weir_session_options opt = {.struct_size = sizeof(opt)};
	struct weir_session *s;
	int rc;

	arm(n);
	NEED_OK(weir_session_attach_region(&s, region, &opt, NULL));
	explore_send(s);
	(void)explore_poll(s);
	explore_begin(s, id, mode);
	(void)explore_poll(s);
	rc = weir_session_barrier_test(s, id, NULL);
	NEED(rc == WEIR_PENDING);
	NEED_OK(weir_session_close(s));
	at_step = NULL;
}

/* Slot 2 of 3 was the victim's; the others are 0 and 1. Returns the polls it took. */
static void nothing_left(struct weir_session *c, struct weir_session *b)
{
	uint32_t p;

	for (p = 0; p < POLLS; p++) {
		(void)explore_poll(c);
		(void)explore_poll(b);
		if (member_of(c, 2)->owner == 0 && weir_session_members(c) == 2)
			return;
	}
	NEED(0); /* the slot is lost */
}

/* The new tenant of slot 2 meets the others. The victim may have opened that generation; then the new
 * one is in the next. */
static void all_meet(struct weir_session *const *all, uint32_t id, enum weir_barrier_mode mode)
{
	struct outcome out[3];
	uint32_t i;

	for (i = 0; i < 3; i++)
		explore_begin(all[i], id, mode);
	await(all, 3, 3, id, out);
	same(&out[0], &out[1]);
	NEED(out[0].r.generation == 2);
	NEED(out[0].rc == WEIR_OK || out[0].rc == WEIR_DEPARTED);
	if (out[0].rc == WEIR_DEPARTED) {
		explore_begin(all[0], id, mode);
		explore_begin(all[1], id, mode);
		await(all, 3, 3, id, out);
		same(&out[0], &out[1]);
		NEED(out[0].rc == WEIR_OK && out[0].r.generation == 3);
	}
	await(all, 3, 4, id, out);
	same(&out[0], &out[2]);
	NEED(weir_group_set_count(&out[2].r.released) == 3);
}

/* early: a generation is open when it attaches, so it is not in that one. */
static int kill_member(uint64_t n, enum weir_barrier_mode mode, int early)
{
	struct weir_session *all[3] = {explore_create(NULL, 3)};
	const struct weir_region *region = weir_session_region(all[0]);
	uint32_t id = explore_barrier(all[0]);
	struct outcome out[3];
	pid_t pid;
	int killed;

	all[1] = explore_attach(all[0], 1);
	(void)explore_poll(all[0]);
	explore_send(all[0]);
	if (early)
		explore_begin(all[0], id, mode);
	(void)explore_poll(all[0]);
	pid = fork();
	NEED(pid >= 0);
	if (pid == 0) {
		member(n, id, mode, region);
		_exit(0);
	}
	explore_send(all[1]);
	killed = was_killed(pid);
	if (!early)
		explore_begin(all[0], id, mode);
	explore_begin(all[1], id, mode);
	await(all, 2, 3, id, out);
	same(&out[0], &out[1]);
	NEED(out[0].r.generation == 1);
	NEED(out[0].rc == WEIR_OK || out[0].rc == WEIR_DEPARTED || out[0].rc == WEIR_LOST);
	flood(all[1], all, 2);
	nothing_left(all[0], all[1]);
	/* its place is as good as new */
	all[2] = explore_attach(all[0], 2);
	NEED(all[2] != NULL);
	(void)explore_poll(all[0]);
	explore_send(all[2]);
	all_meet(all, id, mode);
	flood(all[2], all, 3);
	NEED_OK(weir_session_close(all[2]));
	NEED_OK(weir_session_close(all[1]));
	NEED_OK(weir_session_close(all[0]));
	return killed;
}

/* ---- the coordinator ---- */

static void tell(int fd)
{
	NEED(write(fd, "x", 1) == 1);
}

static void hear(int fd)
{
	char c;

	NEED(read(fd, &c, 1) == 1);
}

/* Fences with two others; in between one of them leaves and a third comes, if `move`. */
static void coordinator(const char *name, uint64_t n, enum weir_barrier_mode mode, int up, int down)
{
	struct weir_session *s = explore_create(name, 4);
	uint32_t id = explore_barrier(s), i;

	tell(up);
	hear(down); /* two have attached */
	(void)explore_poll(s);
	NEED(weir_session_members(s) == 3);
	tell(up);
	hear(down); /* they have arrived, and served */
	arm(n);
	explore_begin(s, id, mode);
	for (i = 0; i < 6; i++)
		(void)explore_poll(s);
	at_step = NULL;
}

enum { STAY, LEAVE, COME, MOVES };

static int kill_coordinator(uint64_t n, enum weir_barrier_mode mode, int move)
{
	int up[2], down[2], killed;
	struct weir_session *m[3];
	struct outcome out[2];
	char name[40];
	uint32_t id, i, n_left;
	pid_t pid;

	proc_session_name(name, sizeof(name), getpid());
	NEED(pipe(up) == 0 && pipe(down) == 0);
	pid = fork();
	NEED(pid >= 0);
	if (pid == 0) {
		coordinator(name, n, mode, up[1], down[0]);
		_exit(0);
	}
	hear(up[0]);
	explore_now = proc_now();
	for (i = 0; i < 2; i++)
		NEED_OK(weir_session_attach(&m[i], name, NULL, NULL));
	NEED_OK(weir_region_unlink(name)); /* nobody else is to come, and it may be killed */
	id = explore_barrier(m[0]);
	tell(down[1]);
	hear(up[0]);
	for (i = 0; i < 2; i++)
		explore_send(m[i]);
	for (i = 0; i < 2; i++) {
		explore_begin(m[i], id, mode);
		(void)explore_poll(m[i]);
	}
	n_left = move == STAY ? 2 : move == LEAVE ? 1 : 3;
	if (move == LEAVE)
		NEED_OK(weir_session_close(m[1]));
	if (move == COME)
		m[2] = explore_attach(m[0], 0);
	NEED(move != COME || m[2] != NULL);
	tell(down[1]);
	killed = was_killed(pid);
	await(m, n_left, move == LEAVE ? 1 : 3, id, out);
	if (move != LEAVE)
		same(&out[0], &out[1]);
	NEED(out[0].rc == -ENOTCONN || out[0].rc == (move == LEAVE ? WEIR_DEPARTED : WEIR_OK));
	NEED(out[0].rc < 0 || out[0].r.generation == 1);
	flood(m[0], m, n_left);
	if (move == COME)
		NEED_OK(weir_session_close(m[2]));
	if (move != LEAVE)
		NEED_OK(weir_session_close(m[1]));
	NEED_OK(weir_session_close(m[0]));
	for (i = 0; i < 2; i++) {
		close(up[i]);
		close(down[i]);
	}
	return killed;
}

/* ---- */

int main(void)
{
	uint64_t stride = explore_stride(), from = explore_from(), n;
	enum weir_barrier_mode mode;
	int move, early;

	proc_watchdog();
	for (mode = WEIR_BARRIER_RENDEZVOUS; mode <= WEIR_BARRIER_PROCESSING; mode++) {
		for (early = 0; early < 2; early++) {
			for (n = from; kill_member(n, mode, early); n += stride)
				;
			NEED(n > 300);
			printf("member, mode %d: %d steps\n", (int)mode, (int)n);
		}
	}
	for (move = STAY; move < MOVES; move++) {
		mode = WEIR_BARRIER_PROCESSING;
		for (n = from; kill_coordinator(n, mode, move); n += stride)
			;
		NEED(n > 100);
		printf("coordinator, move %d: %d steps\n", move, (int)n);
	}
	return 0;
}
