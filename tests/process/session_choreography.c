/* Random choreographies of a session: 2 to 16 processes send random bursts, handle at random speed,
 * and meet round after round under random names and modes; some leave, some are killed, some come
 * with the wrong mode. Beside the session they keep a ledger, and every release is held against it:
 *
 *	no fence opened before what was sent before it had been handled by its sinks;
 *	nobody was released twice from a generation, and all who were released were told the same;
 *	every wait ended.
 *
 * The seed is printed; WEIR_SEED=n plays that one alone. */
#define _GNU_SOURCE

#include "session_proc.h"

#define MEMBERS 16u
#define NAMES 4u
#define ROUNDS 40u
#define MESSAGE 3u

struct ledger {
	uint64_t handled[MEMBERS][MEMBERS];	       /* of k's messages, by j */
	uint64_t cut[NAMES][ROUNDS + 2u][MEMBERS];     /* sent by k when it arrived */
	uint64_t outcome[NAMES][ROUNDS + 2u][MEMBERS]; /* 0x100 + code, once */
	uint64_t checks[MEMBERS];		       /* comparisons that were made */
	uint64_t odd;				       /* outcomes that were not plain success */
	uint32_t begun;
};

struct play {
	struct ledger *ledger;
	const struct weir_region *region;
	uint64_t seed;
	uint32_t members;
	uint32_t who; /* 0: the coordinator */
};

struct actor {
	const struct play *p;
	struct weir_session *s;
	uint64_t random;
	uint64_t sent;
	uint64_t last[NAMES]; /* generation released from */
	uint32_t id[NAMES];
	uint32_t me;
	uint32_t lazy_us; /* at most, per message */
};

/* What all must do alike in a round. */
struct round {
	uint32_t name;
	enum weir_barrier_mode mode;
	enum weir_barrier_policy policy;
};

static struct round choose(uint64_t seed, uint32_t i)
{
	static const enum weir_barrier_mode modes[] = {
		WEIR_BARRIER_RENDEZVOUS, WEIR_BARRIER_DELIVERY, WEIR_BARRIER_PROCESSING,
		WEIR_BARRIER_PROCESSING};
	uint64_t state = seed * 1000003u + i, x = proc_random(&state);
	struct round r;

	r.name = (uint32_t)(x % NAMES);
	r.mode = modes[x >> 8 & 3u];
	r.policy = x >> 16 & 1u ? WEIR_BARRIER_FAIL : WEIR_BARRIER_CONTINUE;
	return r;
}

static int chance(struct actor *a, uint32_t one_in)
{
	return proc_random(&a->random) % one_in == 0;
}

static void nap_us(uint64_t us)
{
	const struct timespec t = {0, (long)us * 1000};

	if (us != 0)
		nanosleep(&t, NULL);
}

static int on_message(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	struct actor *a = ctx;
	uint64_t *count = &a->p->ledger->handled[m->from][a->me], number;

	(void)s;
	NEED(m->len == sizeof(number));
	memcpy(&number, m->ptr, sizeof(number));
	if (a->lazy_us != 0 && chance(a, 4))
		nap_us(proc_random(&a->random) % a->lazy_us);
	NEED(number == weir_load_relaxed64(count)); /* each once, in order */
	/* relaxed: the fence is what must make it visible */
	weir_store_relaxed64(count, number + 1u);
	return 0;
}

static int on_run(void *ctx, struct weir_session *s, const struct weir_session_msg *first,
		  uint32_t count, uint64_t stride)
{
	struct weir_session_msg m = *first;

	for (; count != 0; count--) {
		NEED(on_message(ctx, s, &m) == 0);
		m.ptr += stride;
		m.seq++;
		m.at += stride;
	}
	return 0;
}

static void burst(struct actor *a, uint32_t n)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = proc_patience()};

	for (; n != 0; n--) {
		NEED_OK(weir_session_send_wait(a->s, MESSAGE, &a->sent, sizeof(a->sent), &how));
		a->sent++;
	}
}

/* Everything that the sink j owes for this generation has been handled. */
static void check_sink(struct actor *a, const struct weir_barrier_result *r, uint32_t name,
		       uint32_t j)
{
	struct ledger *l = a->p->ledger;
	uint32_t k;

	for (k = weir_group_set_next(&r->released, 0); k < a->p->members;
	     k = weir_group_set_next(&r->released, k + 1u)) {
		if (k == j)
			continue;
		NEED(weir_load_relaxed64(&l->handled[k][j]) >=
		     weir_load_relaxed64(&l->cut[name][r->generation][k]));
		l->checks[a->me]++;
	}
}

static void check_release(struct actor *a, const struct weir_barrier_result *r, uint32_t name,
			  int rc)
{
	struct ledger *l = a->p->ledger;
	uint32_t j;

	NEED(r->generation > a->last[name] && r->generation <= ROUNDS);
	a->last[name] = r->generation;
	NEED(weir_load_relaxed64(&l->outcome[name][r->generation][a->me]) == 0);
	weir_store_relaxed64(&l->outcome[name][r->generation][a->me],
			     (uint64_t)(int64_t)(0x100 + rc));
	if (rc != WEIR_OK)
		(void)weir_fetch_add64(&l->odd, 1);
	if (rc < 0)
		return;
	if (r->members != 0) /* in detail: it is still the last that ended */
		NEED(weir_group_set_has(&r->released, a->me) && r->outcome == rc);
	if (r->mode == WEIR_BARRIER_DELIVERY)
		check_sink(a, r, name, 0);
	if (r->mode != WEIR_BARRIER_PROCESSING)
		return;
	for (j = weir_group_set_next(&r->released, 0); j < a->p->members;
	     j = weir_group_set_next(&r->released, j + 1u))
		check_sink(a, r, name, j);
}

/* Something hangs: who is missing, who is behind. */
static void explain(struct actor *a, const struct round *r, const struct weir_barrier_result *res,
		    int rc)
{
	struct weir_watch_barrier v;
	struct weir_watch w;
	uint32_t i;

	fprintf(stderr, "slot %u, name %u, mode %d: %s, generation %llu, phase %s, %u of %u\n",
		a->me, r->name, (int)r->mode, weir_error_name(rc),
		(unsigned long long)res->generation, weir_barrier_state_name(res->phase),
		res->arrived, res->members);
	if (weir_watch_open(&w, weir_session_region(a->s), NULL) != WEIR_OK ||
	    weir_watch_read_barrier(&w, a->id[r->name], NULL, &v) != WEIR_OK)
		return;
	for (i = 0; i < MEMBERS; i++)
		if (weir_group_set_has(&res->missing, i))
			fprintf(stderr, "  missing %u\n", i);
	for (i = 0; i < v.n_behind && i < WEIR_WATCH_BEHIND; i++)
		fprintf(stderr, "  %u is behind in ring %u by %llu\n", v.behind[i].sink,
			v.behind[i].ring, (unsigned long long)v.behind[i].remaining);
}

static void meet(struct actor *a, const struct round *r)
{
	struct weir_wait how = {.strategy = chance(a, 2) ? WEIR_WAIT_PARK : WEIR_WAIT_YIELD,
				.deadline = proc_patience()};
	enum weir_barrier_mode mode = r->mode;
	struct weir_barrier_result result;
	uint64_t next = a->last[r->name] + 1u;
	int rc;

	if (chance(a, 100)) /* misunderstood */
		mode = mode == WEIR_BARRIER_RENDEZVOUS ? WEIR_BARRIER_DELIVERY
						       : WEIR_BARRIER_RENDEZVOUS;
	weir_store_relaxed64(&a->p->ledger->cut[r->name][next][a->me], a->sent);
	rc = weir_session_barrier(a->s, a->id[r->name], mode, r->policy, &how, &result);
	if (rc == -ESTALE || rc == -EPROTO) { /* it went on without us */
		(void)weir_fetch_add64(&a->p->ledger->odd, 1);
		a->last[r->name] = next;
		return;
	}
	if (rc < 0 && rc != -EOWNERDEAD && rc != -ECANCELED)
		explain(a, r, &result, rc);
	NEED(rc == WEIR_OK || rc == WEIR_DEPARTED || rc == -EOWNERDEAD || rc == -ECANCELED);
	NEED(result.generation == next);
	check_release(a, &result, r->name, rc);
}

static void act(struct actor *a)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = proc_patience()};
	static const char *const name[NAMES] = {"north", "east", "south", "west"};
	uint32_t i;

	a->me = weir_session_slot(a->s);
	a->random = a->p->seed ^ (uint64_t)(a->me + 1u) << 32;
	a->lazy_us = chance(a, 2) ? 300 : 0;
	NEED_OK(chance(a, 2) ? weir_session_on_run(a->s, MESSAGE, on_run, a)
			     : weir_session_on(a->s, MESSAGE, on_message, a));
	for (i = 0; i < NAMES; i++)
		NEED_OK(weir_session_barrier_open(a->s, name[i], &a->id[i], NULL));
	NEED_OK(weir_session_wait_members(a->s, a->p->members, &how));
	/* nobody leaves before all have seen all */
	NEED_OK(weir_session_barrier_open(a->s, "begin", &i, NULL));
	NEED_OK(weir_session_barrier(a->s, i, WEIR_BARRIER_RENDEZVOUS, WEIR_BARRIER_FAIL, &how,
				     NULL));
	if (a->me == 0)
		proc_set(&a->p->ledger->begun, 1);
	for (i = 0; i < ROUNDS; i++) {
		struct round r = choose(a->p->seed, i);

		burst(a, (uint32_t)(proc_random(&a->random) % (chance(a, 8) ? 200u : 9u)));
		if (a->me != 0 && chance(a, 200))
			raise(SIGKILL);
		if (a->me != 0 && chance(a, 200))
			break;
		meet(a, &r);
	}
	if (a->me != 0)
		NEED_OK(weir_session_close(a->s));
}

static void actor_process(void *arg)
{
	struct actor a = {.p = arg};

	NEED_OK(weir_session_attach_region(&a.s, a.p->region, NULL, NULL));
	act(&a);
}

/* Kills one at an instant of its own choosing, and stops another for a while. */
struct fate {
	pid_t *pid;
	struct ledger *ledger;
	uint64_t random;
	uint32_t n;
};

static void fate_process(void *arg)
{
	struct fate *f = arg;
	pid_t stopped = f->pid[1 + proc_random(&f->random) % (f->n - 1u)];

	proc_until(&f->ledger->begun, 1);
	nap_us(proc_random(&f->random) % 20000u);
	NEED(kill(f->pid[1 + proc_random(&f->random) % (f->n - 1u)], SIGKILL) == 0);
	nap_us(proc_random(&f->random) % 20000u);
	NEED(kill(stopped, SIGSTOP) == 0);
	nap_us(50000);
	NEED(kill(stopped, SIGCONT) == 0);
}

/* The coordinator's part is over; the others may still need it. */
static void see_them_off(struct actor *a)
{
	while (weir_session_members(a->s) > 1) {
		struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = proc_patience()};

		NEED_OK(weir_session_wait(a->s, &how));
	}
}

static void check_agreement(const struct ledger *l)
{
	uint32_t n, g, m;

	for (n = 0; n < NAMES; n++)
		for (g = 0; g <= ROUNDS; g++) {
			uint64_t all = 0;

			for (m = 0; m < MEMBERS; m++) {
				uint64_t one = l->outcome[n][g][m];

				NEED(one == 0 || all == 0 || one == all);
				all = one != 0 ? one : all;
			}
		}
}

/* Returns how many comparisons were made: few, or none, where most have left early. */
static uint64_t perform(uint64_t seed)
{
	struct ledger *l = proc_shared(sizeof(*l)).ptr;
	uint64_t state = seed;
	struct play p = {l, NULL, seed, 2u + (uint32_t)(proc_random(&state) % (MEMBERS - 1u)), 0};
	struct weir_session_config cfg = {.struct_size = sizeof(cfg),
					  .members = p.members,
					  .barriers = NAMES + 1u,
					  .ring_capacity = 4096,
					  .liveness_ns = 5000000};
	struct actor a = {.p = &p};
	pid_t pid[MEMBERS];
	uint32_t i, killed = 0;
	uint64_t checks = 0;
	struct fate f = {pid, l, seed, p.members};
	pid_t fate = 0;

	fprintf(stderr, "seed %llu: ", (unsigned long long)seed);
	NEED_OK(weir_session_create(&a.s, NULL, &cfg, NULL, NULL));
	p.region = weir_session_region(a.s);
	for (i = 1; i < p.members; i++)
		pid[i] = proc_fork(actor_process, &p);
	if (seed % 3u == 0 && p.members > 2)
		fate = proc_fork(fate_process, &f);
	act(&a);
	see_them_off(&a);
	NEED(fate == 0 || proc_reap(fate) == 0); /* before those it may still kill are reaped */
	for (i = 1; i < p.members; i++) {
		int status = proc_reap(pid[i]);

		NEED(status == 0 || status == 128 + SIGKILL);
		killed += status != 0;
	}
	NEED_OK(weir_session_close(a.s));
	check_agreement(l);
	for (i = 0; i < MEMBERS; i++)
		checks += l->checks[i];
	fprintf(stderr, "%u members, %u killed, %llu checks, %llu odd outcomes\n", p.members,
		killed, (unsigned long long)checks, (unsigned long long)l->odd);
	munmap(l, sizeof(*l));
	return checks;
}

int main(void)
{
	const char *only = getenv("WEIR_SEED");
	uint64_t seed, n = proc_slow() ? 500 : 12, checks = 0;

	proc_watchdog();
	if (only != NULL) {
		(void)perform(strtoull(only, NULL, 0));
		return 0;
	}
	for (seed = 1; seed <= n; seed++)
		checks += perform(seed);
	checks += perform((uint64_t)proc_now());
	NEED(checks > 1000 * n); /* it did look */
	return 0;
}
