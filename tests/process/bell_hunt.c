/* The hunt for a lost wake-up: sleepers and ringers in different processes, on real futexes, with
 * nothing that would mend a loss. Liveness checks are off, so a sleeper that misses its ring sleeps
 * for ever, and the watchdog ends the test. Ringers wait a random moment, so that their ring meets
 * the sleeper anywhere between its last look and its sleep. */
#include "proc.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <weir/wait.h>

#define SLEEPS 100000u /* altogether, unless the machine is too busy for that */
#define HUNT_NS UINT64_C(10000000000)
#define RINGERS 3

struct side {
	struct weir_bell_shm bell;
	uint32_t word WEIR_ALIGNED(WEIR_LINE); /* what is published on it */
	uint64_t sleeps WEIR_ALIGNED(WEIR_LINE);
};

static struct shared {
	struct side side[2];
	struct side ringer[RINGERS]; /* word: published by the ringer */
	struct side reply[RINGERS];  /* word: what of it was answered */
	uint32_t stop;
	uint32_t fenced; /* ringers use fences of their own, as on a kernel without membarrier */
} * sh;

static uint64_t seed;

/* When a hunt may end although it has not seen all its sleeps. */
static weir_ns hunt_end(void)
{
	return proc_now() + (proc_slow() ? 40u : 1u) * HUNT_NS;
}

static uint32_t chance(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32) % n;
}

static void dawdle(void)
{
	uint32_t n = chance(4) != 0 ? chance(4000) : chance(60000), i;

	for (i = 0; i < n; i++)
		__asm__("" : "+r"(i));
}

static void no_yield(void *ctx)
{
	(void)ctx; /* the peer would publish meanwhile, and there would be nothing to sleep for */
}

/* The system's environment, but straight to sleep. */
static const struct weir_env *hasty(void)
{
	static struct weir_env env;

	env = *weir_env_system();
	env.yield = no_yield;
	return &env;
}

/* Sleeps until the word is `want`; returns how often. */
static uint64_t sleep_until(struct weir_bell_shm *bell, const uint32_t *word, uint32_t want,
			    uint32_t flags)
{
	const struct weir_wait how = {
		.strategy = WEIR_WAIT_PARK, .spins = 1, .check_ns = WEIR_NS_NEVER, .env = hasty()};
	struct weir_waiter wt;

	weir_waiter_init(&wt, &how, bell, flags);
	while (weir_load_acquire32(word) != want)
		NEED_OK(weir_waiter_step(&wt));
	return wt.sleeps;
}

static void wait_for(struct side *s, uint32_t want)
{
	/* several may sleep here: an estimate, one of them can overwrite another's */
	weir_count64(&s->sleeps, sleep_until(&s->bell, &s->word, want, 0));
}

static void publish(struct side *s, uint32_t value, int registered)
{
	weir_store_release32(&s->word, value);
	weir_bell_ring(&s->bell, registered);
}

static int enrol(uint64_t id)
{
	seed = UINT64_C(0x9e3779b97f4a7c15) * (id + 1);
	return sh->fenced ? 0 : weir_bell_register();
}

/* ---- two who sleep and ring in turn ---- */

static void answer(void *arg)
{
	int registered = enrol(1);
	uint32_t i;

	(void)arg;
	for (i = 1;; i++) {
		if (i % 1024 == 0)
			proc_watchdog();
		wait_for(&sh->side[0], i);
		if (weir_load_relaxed32(&sh->stop))
			return;
		dawdle();
		publish(&sh->side[1], i, registered);
	}
}

static void hunt_in_turn(uint32_t fenced, uint64_t sleeps)
{
	weir_ns end = hunt_end();
	int registered;
	uint32_t i;
	pid_t pid;

	memset(sh, 0, sizeof(*sh));
	sh->fenced = fenced;
	pid = proc_fork(answer, NULL);
	registered = enrol(0);
	for (i = 1;; i++) {
		if (i % 1024 == 0)
			proc_watchdog();
		if (sh->side[1].sleeps >= sleeps || proc_now() >= end)
			weir_store_relaxed32(&sh->stop, 1);
		dawdle();
		publish(&sh->side[0], i, registered);
		if (weir_load_relaxed32(&sh->stop))
			break;
		wait_for(&sh->side[1], i);
	}
	NEED(proc_reap(pid) == 0);
	printf("%s: %u rounds, %llu and %llu sleeps\n", fenced ? "own fences" : "membarrier", i,
	       (unsigned long long)sh->side[0].sleeps, (unsigned long long)sh->side[1].sleeps);
}

/* ---- several ringers on one bell ---- */

/* Publishes on its own word, rings the common bell, and sleeps until it is answered. */
static void ring_and_wait(void *arg)
{
	const int k = (int)((struct side *)arg - sh->ringer);
	int registered = enrol((uint64_t)k + 2);
	uint32_t i;

	for (i = 1;; i++) {
		if (i % 1024 == 0)
			proc_watchdog();
		dawdle();
		weir_store_release32(&sh->ringer[k].word, i);
		weir_bell_ring(&sh->side[0].bell, registered);
		wait_for(&sh->reply[k], i);
		if (weir_load_relaxed32(&sh->stop))
			return;
	}
}

/* Answers everything that is there; whether there was anything. */
static int answer_all(int registered)
{
	int any = 0, k;

	for (k = 0; k < RINGERS; k++) {
		uint32_t v = weir_load_acquire32(&sh->ringer[k].word);

		if (v == weir_load_relaxed32(&sh->reply[k].word))
			continue;
		publish(&sh->reply[k], v, registered);
		any = 1;
	}
	return any;
}

static void hunt_with_many_ringers(uint64_t sleeps)
{
	const struct weir_wait how = {
		.strategy = WEIR_WAIT_PARK, .spins = 1, .check_ns = WEIR_NS_NEVER, .env = hasty()};
	weir_ns end = hunt_end();
	struct weir_waiter wt;
	uint64_t slept = 0, rounds;
	pid_t pid[RINGERS];
	int registered, status = 0, k;

	memset(sh, 0, sizeof(*sh));
	for (k = 0; k < RINGERS; k++)
		pid[k] = proc_fork(ring_and_wait, &sh->ringer[k]);
	registered = enrol(0);
	for (rounds = 0; slept < sleeps && proc_now() < end; rounds++) {
		if (rounds % 1024 == 0)
			proc_watchdog();
		weir_waiter_init(&wt, &how, &sh->side[0].bell, 0);
		while (!answer_all(registered))
			NEED_OK(weir_waiter_step(&wt));
		slept += wt.sleeps;
	}
	/* each leaves at its next answer; its next ring may be needed for that */
	weir_store_relaxed32(&sh->stop, 1);
	for (k = 0; k < RINGERS; k++) {
		while (waitpid(pid[k], &status, WNOHANG) == 0) {
			(void)answer_all(registered);
			sched_yield();
		}
		NEED(status == 0);
	}
	printf("%d ringers: %llu rounds, %llu sleeps\n", RINGERS, (unsigned long long)rounds,
	       (unsigned long long)slept);
}

/* ---- several sleepers on one bell ---- */

static void sleep_and_reply(void *arg)
{
	const int k = (int)((struct side *)arg - sh->reply);
	int registered = enrol((uint64_t)k + 2);
	uint32_t i;

	for (i = 1;; i++) {
		if (i % 1024 == 0)
			proc_watchdog();
		wait_for(&sh->side[0], i);
		if (weir_load_relaxed32(&sh->stop))
			return;
		if (chance(2))
			dawdle();
		publish(&sh->reply[k], i, registered);
	}
}

/* One ring is for all of them. */
static void hunt_with_many_sleepers(uint64_t sleeps)
{
	weir_ns end = hunt_end();
	pid_t pid[RINGERS];
	int registered, k;
	uint32_t i;

	memset(sh, 0, sizeof(*sh));
	for (k = 0; k < RINGERS; k++)
		pid[k] = proc_fork(sleep_and_reply, &sh->reply[k]);
	registered = enrol(0);
	for (i = 1;; i++) {
		if (i % 1024 == 0)
			proc_watchdog();
		if (sh->side[0].sleeps >= sleeps || proc_now() >= end)
			weir_store_relaxed32(&sh->stop, 1);
		dawdle();
		publish(&sh->side[0], i, registered);
		if (weir_load_relaxed32(&sh->stop))
			break;
		for (k = 0; k < RINGERS; k++)
			wait_for(&sh->reply[k], i);
	}
	for (k = 0; k < RINGERS; k++)
		NEED(proc_reap(pid[k]) == 0);
	printf("%d sleepers: %u rounds, %llu sleeps or more\n", RINGERS, i,
	       (unsigned long long)sh->side[0].sleeps);
}

/* ---- Dekker's moment itself ---- */

static int no_fence(void *ctx)
{
	(void)ctx;
	return 0;
}

static void short_pause(void)
{
	uint32_t n = chance(64), i;

	for (i = 0; i < n; i++)
		__asm__("" : "+r"(i));
}

static void ring_at_once(void *arg)
{
	int registered = enrol(9);
	uint32_t i;

	(void)arg;
	for (i = 1;; i++) {
		while (weir_load_acquire32(&sh->side[1].word) != i)
			if (weir_load_relaxed32(&sh->stop))
				return;
		short_pause();
		publish(&sh->side[0], i, registered);
		weir_store_release32(&sh->reply[0].word, i);
	}
}

/* Announcement and publication at the same moment, without sleeping: how often did the sleeper miss
 * the publication and the ringer the announcement? */
static uint64_t meet(const struct weir_env *env, uint32_t rounds, weir_ns end, uint32_t *done)
{
	const struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .spins = 1, .env = env};
	struct side *s = &sh->side[0];
	struct weir_waiter wt;
	uint64_t missed = 0;
	uint32_t i, seq;
	int saw;

	for (i = *done + 1; i <= *done + rounds && proc_now() < end; i++) {
		weir_waiter_init(&wt, &how, &s->bell, 0);
		NEED(weir_waiter_step(&wt) == WEIR_OK && weir_waiter_step(&wt) >= WEIR_OK);
		seq = weir_load_relaxed32(&s->bell.seq);
		weir_store_release32(&sh->side[1].word, i);
		short_pause();
		NEED(weir_waiter_step(&wt) == WEIR_OK && wt.armed);
		saw = weir_load_acquire32(&s->word) == i;
		while (weir_load_acquire32(&sh->reply[0].word) != i)
			;
		missed += !saw && weir_load_relaxed32(&s->bell.seq) == seq;
		weir_bell_ring(&s->bell, 0);
	}
	*done = i - 1;
	return missed;
}

static void both_cannot_miss(uint32_t fenced)
{
	struct weir_env env = *hasty(), bare = *hasty();
	uint32_t done = 0;
	uint64_t missed;
	pid_t pid;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return; /* two polls on one processor only take turns */
	memset(sh, 0, sizeof(*sh));
	sh->fenced = fenced;
	bare.heavy_fence = no_fence;
	proc_watchdog();
	pid = proc_fork(ring_at_once, NULL);
	NEED(meet(&env, 200000, proc_now() + HUNT_NS / 5, &done) == 0);
	printf("%s: %u meetings, none missed by both\n", fenced ? "own fences" : "membarrier",
	       done);
	/* the control: without the sleeper's fence the same does happen */
	missed = meet(&bare, 200000, proc_now() + HUNT_NS / 5, &done);
	printf("  without the fence: %llu missed by both\n", (unsigned long long)missed);
	weir_store_relaxed32(&sh->stop, 1);
	NEED(proc_reap(pid) == 0);
}

/* ---- sleepers that depend on no ring ---- */

/* As a sandbox may do it: membarrier(2) is refused from now on. */
static int refuse_membarrier(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void answer_from_a_sandbox(void *arg)
{
	uint32_t i;

	(void)arg;
	if (!refuse_membarrier()) {
		proc_set(&sh->reply[0].word, 77);
		return;
	}
	proc_set(&sh->reply[0].word, 1);
	NEED(weir_bell_register() == 0);
	NEED(weir_env_system()->heavy_fence(weir_env_system()->ctx) < 0);
	for (i = 1; i <= 300; i++) {
		wait_for(&sh->side[0], i);
		publish(&sh->side[1], i, 0);
	}
}

static void answer_from_a_read_only_region(void *arg)
{
	const struct weir_region *made = arg;
	struct weir_region r;
	struct weir_span obj;
	struct side *s;
	uint32_t i;

	NEED_OK(weir_region_open_fd(&r, made->fd, WEIR_REGION_RDONLY, NULL));
	NEED_OK(weir_region_find(&r, WEIR_KIND_BELL, "b", &obj));
	s = obj.ptr;
	for (i = 1; i <= 300; i++) {
		(void)sleep_until(&s->bell, &s->word, i, WEIR_WAITER_READONLY);
		publish(&sh->side[1], i, 0);
	}
	weir_region_close(&r);
}

static void the_sandboxed_get_there(void)
{
	int registered = enrol(0);
	uint32_t i, step;
	pid_t pid;

	memset(sh, 0, sizeof(*sh));
	proc_watchdog();
	pid = proc_fork(answer_from_a_sandbox, NULL);
	while ((step = weir_load_acquire32(&sh->reply[0].word)) == 0)
		sched_yield();
	for (i = 1; step == 1 && i <= 300; i++) {
		dawdle();
		publish(&sh->side[0], i, registered);
		wait_for(&sh->side[1], i);
	}
	NEED(proc_reap(pid) == 0);
}

static void readers_get_there(void)
{
	struct weir_region_config cfg = {
		.struct_size = sizeof(cfg), .max_objects = 1, .payload_bytes = sizeof(struct side)};
	int registered = enrol(0);
	struct weir_region r;
	struct weir_span obj;
	uint32_t i;
	pid_t pid;

	proc_watchdog();
	memset(sh, 0, sizeof(*sh));
	NEED_OK(weir_region_create_memfd(&r, "bell", &cfg, NULL));
	NEED_OK(weir_region_add(&r, WEIR_KIND_BELL, "b", sizeof(struct side), &obj, NULL));
	NEED_OK(weir_region_publish(&r, NULL));
	pid = proc_fork(answer_from_a_read_only_region, &r);
	for (i = 1; i <= 300; i++) {
		dawdle();
		publish(obj.ptr, i, registered);
		wait_for(&sh->side[1], i);
	}
	NEED(proc_reap(pid) == 0);
	weir_region_close(&r);
}

/* ---- death ---- */

static void sleep_for_ever(void *arg)
{
	(void)arg;
	wait_for(&sh->side[0], UINT32_MAX);
}

/* Sleepers are killed while asleep: the flag they leave is cleared by one ring, and the one who
 * sleeps beside them is woken all the same. */
static void sleepers_die(void)
{
	const struct timespec nap = {0, 2000000};
	uint32_t i;
	pid_t pid;

	memset(sh, 0, sizeof(*sh));
	for (i = 0; i < 20; i++) {
		pid = proc_fork(sleep_for_ever, NULL);
		while (!weir_bell_asked(&sh->side[0].bell))
			sched_yield();
		if (i % 2)
			nanosleep(&nap, NULL);
		NEED(kill(pid, SIGKILL) == 0);
		NEED(proc_reap(pid) == 128 + SIGKILL);
		NEED(weir_bell_asked(&sh->side[0].bell));
		NEED(weir_load_relaxed32(&sh->side[0].bell.seq) == i);
		weir_bell_ring(&sh->side[0].bell, 0);
		NEED(!weir_bell_asked(&sh->side[0].bell));
		weir_bell_ring(&sh->side[0].bell, 0);
		NEED(weir_load_relaxed32(&sh->side[0].bell.seq) == i + 1);
	}
}

static void publish_until_killed(void *arg)
{
	int registered = enrol(7);
	uint32_t i;

	(void)arg;
	for (i = weir_load_relaxed32(&sh->side[0].word) + 1;; i++)
		publish(&sh->side[0], i, registered);
}

/* A ringer is killed anywhere, also between clearing the flag and waking: with the usual liveness
 * checks the sleeper finds what was published, whoever should have rung. */
static void ringers_die(void)
{
	const struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .spins = 1, .env = hasty()};
	struct weir_waiter wt;
	uint32_t seen = 0, i;
	pid_t pid;
	int rc;

	memset(sh, 0, sizeof(*sh));
	for (i = 0; i < 100; i++) {
		proc_watchdog();
		pid = proc_fork(publish_until_killed, NULL);
		weir_waiter_init(&wt, &how, &sh->side[0].bell, 0);
		while (weir_load_acquire32(&sh->side[0].word) == seen) {
			rc = weir_waiter_step(&wt);
			NEED(rc == WEIR_OK || rc == WEIR_CHECK_LIVENESS);
		}
		dawdle();
		NEED(kill(pid, SIGKILL) == 0);
		NEED(proc_reap(pid) == 128 + SIGKILL);
		seen = weir_load_acquire32(&sh->side[0].word);
		/* whatever state the bell was left in, the next ringer's ring arrives */
	}
}

int main(void)
{
	uint64_t sleeps = proc_slow() ? SLEEPS * 20u : SLEEPS;

	sh = proc_shared(sizeof(*sh)).ptr;
	proc_watchdog();
	setvbuf(stdout, NULL, _IOLBF, 0);
	hunt_in_turn(0, sleeps / 2);
	hunt_in_turn(1, sleeps / 4);
	hunt_with_many_ringers(sleeps / 4);
	hunt_with_many_sleepers(sleeps / 4);
	both_cannot_miss(0);
	both_cannot_miss(1);
	the_sandboxed_get_there();
	readers_get_there();
	sleepers_die();
	ringers_die();
	munmap(sh, sizeof(*sh));
	return 0;
}
