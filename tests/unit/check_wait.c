/* The waiter, step by step in a scripted world, and the bell against the real kernel. */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <weir/region.h>
#include <weir/wait.h>

#define MS UINT64_C(1000000)

/* ---- a world with a clock that moves when told ---- */

struct world {
	struct weir_env env;
	weir_ns now;
	weir_ns per_read; /* the clock moves by this with every reading */
	int fence_rc;
	unsigned reads, parks, fences, yields;
	/* the last park() */
	const uint32_t *word;
	uint32_t seen;
	weir_ns until;
	weir_ns early; /* how long before `until` park() returns */
	void (*on_fence)(struct world *w);
	struct weir_bell_shm bell;
};

static weir_ns world_now(void *ctx)
{
	struct world *w = ctx;
	weir_ns t = w->now;

	w->reads++;
	w->now += w->per_read;
	return t;
}

static void world_park(void *ctx, const uint32_t *word, uint32_t seen, weir_ns deadline)
{
	struct world *w = ctx;

	w->parks++;
	w->word = word;
	w->seen = seen;
	w->until = deadline;
	if (*word == seen && w->now < deadline - w->early && deadline != WEIR_NS_NEVER)
		w->now = deadline - w->early;
}

static int world_fence(void *ctx)
{
	struct world *w = ctx;

	w->fences++;
	if (w->on_fence != NULL)
		w->on_fence(w);
	return w->fence_rc;
}

static void world_yield(void *ctx)
{
	struct world *w = ctx;

	w->yields++;
}

static int world_owner_state(void *ctx, weir_owner who)
{
	(void)ctx;
	(void)who;
	return (int)WEIR_OWNER_ALIVE;
}

static struct world *world(void)
{
	struct world *w;

	ck_assert_int_eq(posix_memalign((void **)&w, WEIR_LINE, sizeof(*w)), 0);
	memset(w, 0, sizeof(*w));
	w->env = (struct weir_env){.now = world_now,
				   .park = world_park,
				   .heavy_fence = world_fence,
				   .yield = world_yield,
				   .owner_state = world_owner_state,
				   .ctx = w};
	w->now = 1000;
	return w;
}

static struct weir_wait how(struct world *w, enum weir_wait_strategy strategy)
{
	return (struct weir_wait){.strategy = strategy, .env = &w->env};
}

/* Steps until the waiter has announced itself. */
static void step_until_armed(struct weir_waiter *wt)
{
	unsigned i;

	for (i = 0; !wt->armed; i++) {
		ck_assert_uint_lt(i, 1000);
		ck_assert_int_eq(weir_waiter_step(wt), WEIR_OK);
	}
}

/* ---- stages ---- */

START_TEST(pure_spinning_reads_no_clock)
{
	struct world *w = world();
	struct weir_wait h = how(w, WEIR_WAIT_SPIN);
	struct weir_waiter wt;
	unsigned i;

	weir_waiter_init(&wt, &h, &w->bell, 0);
	for (i = 0; i < 63; i++)
		ck_assert_int_eq(weir_waiter_step(&wt), WEIR_OK);
	ck_assert_uint_eq(w->reads, 0);
	ck_assert_uint_eq(wt.started, 0);
	for (; i < 640; i++)
		ck_assert_int_eq(weir_waiter_step(&wt), WEIR_OK);
	ck_assert_uint_eq(w->reads, 10);
	ck_assert_uint_eq(wt.started, 1000);
	ck_assert_uint_eq(w->yields + w->parks + w->fences, 0);
	free(w);
}
END_TEST

START_TEST(each_strategy_goes_through_its_stages)
{
	struct world *w = world();
	struct weir_wait h = how(w, WEIR_WAIT_YIELD);
	struct weir_waiter wt;
	unsigned i;

	h.spins = 5;
	weir_waiter_init(&wt, &h, &w->bell, 0);
	for (i = 0; i < 5; i++)
		ck_assert_int_eq(weir_waiter_step(&wt), WEIR_OK);
	ck_assert_uint_eq(w->yields, 0);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(weir_waiter_step(&wt), WEIR_OK);
	ck_assert_uint_eq(w->yields, 3);
	ck_assert_uint_eq(wt.yields, 3);

	weir_waiter_reset(&wt);
	for (i = 0; i < 5; i++)
		ck_assert_int_eq(weir_waiter_step(&wt), WEIR_OK);
	ck_assert_uint_eq(w->yields, 3);

	h.strategy = WEIR_WAIT_BACKOFF;
	weir_waiter_init(&wt, &h, NULL, 0);
	w->reads = 0;
	for (i = 0; i < 30; i++)
		ck_assert_int_eq(weir_waiter_step(&wt), WEIR_OK);
	ck_assert_uint_eq(w->reads, 25); /* each long pause may pass the deadline */
	ck_assert_uint_eq(w->yields, 3);

	h.strategy = WEIR_WAIT_PARK;
	weir_waiter_init(&wt, &h, &w->bell, 0);
	step_until_armed(&wt);
	ck_assert_uint_gt(wt.yields, 0);
	ck_assert_uint_eq(w->parks, 0);
	ck_assert_int_ge(weir_waiter_step(&wt), WEIR_OK);
	ck_assert_uint_eq(w->parks, 1);
	ck_assert_uint_eq(wt.sleeps, 1);
	free(w);
}
END_TEST

START_TEST(without_a_bell_parking_is_yielding)
{
	struct world *w = world();
	struct weir_wait h = how(w, WEIR_WAIT_PARK);
	struct weir_waiter wt;
	unsigned i;

	h.spins = 1;
	weir_waiter_init(&wt, &h, NULL, 0);
	for (i = 0; i < 100; i++)
		ck_assert_int_eq(weir_waiter_step(&wt), WEIR_OK);
	ck_assert_uint_eq(w->yields, 99);
	ck_assert_uint_eq(w->parks + w->fences, 0);
	free(w);
}
END_TEST

START_TEST(a_strange_strategy_is_refused)
{
	struct world *w = world();
	struct weir_wait h = how(w, (enum weir_wait_strategy)4);
	struct weir_waiter wt;

	weir_waiter_init(&wt, &h, &w->bell, 0);
	ck_assert_int_eq(weir_waiter_step(&wt), -EINVAL);
	ck_assert_uint_eq(wt.looks, 0);
	free(w);
}
END_TEST

START_TEST(no_how_is_all_zero)
{
	struct weir_waiter wt;
	unsigned i;

	weir_waiter_init(&wt, NULL, NULL, 0);
	ck_assert_ptr_eq(wt.env, weir_env_system());
	for (i = 0; i < 200; i++)
		ck_assert_int_ge(weir_waiter_step(&wt), WEIR_OK);
}
END_TEST

/* The count of looks does not come round to the first stage. */
START_TEST(the_last_stage_is_for_good)
{
	struct world *w = world();
	struct weir_wait h = how(w, WEIR_WAIT_YIELD);
	struct weir_waiter wt;
	unsigned i;

	weir_waiter_init(&wt, &h, NULL, 0);
	wt.looks = UINT32_MAX - 3;
	for (i = 0; i < 500; i++)
		ck_assert_int_eq(weir_waiter_step(&wt), WEIR_OK);
	ck_assert_uint_eq(w->yields, 500);
	h.strategy = WEIR_WAIT_SPIN;
	weir_waiter_init(&wt, &h, NULL, 0);
	wt.looks = UINT32_MAX - 3;
	w->reads = 0;
	for (i = 0; i < 640; i++)
		ck_assert_int_eq(weir_waiter_step(&wt), WEIR_OK);
	ck_assert_uint_ge(w->reads, 9);
	free(w);
}
END_TEST

/* ---- time ---- */

/* _i: strategy + 4 * kind of park. Never early: a look was granted after the clock had passed the
 * deadline. Never late: not more than the looks between two readings of the clock after that. */
START_TEST(the_deadline_is_neither_early_nor_late)
{
	const weir_ns deadlines[] = {1, 1000, 1001, 5 * MS, 10 * MS + 1000, 10 * MS + 1001, 77 * MS};
	const weir_ns steps[] = {0, 1, 999, MS / 3, 3 * MS, 200 * MS};
	size_t d, p;

	for (d = 0; d < sizeof(deadlines) / sizeof(deadlines[0]); d++)
		for (p = 0; p < sizeof(steps) / sizeof(steps[0]); p++) {
			struct world *w = world();
			struct weir_wait h = how(w, (enum weir_wait_strategy)(_i % 4));
			struct weir_waiter wt;
			unsigned n, after = 0;
			int rc;

			h.deadline = deadlines[d];
			w->per_read = steps[p];
			w->early = _i / 4 ? 1 : 0;
			weir_waiter_init(&wt, &h, &w->bell, 0);
			for (n = 0;; n++) {
				weir_ns before = w->now;

				if (n == 100000)
					ck_abort_msg("no time-out");
				if (steps[p] < MS / 3 && n % 8 == 7)
					w->now += MS / 2; /* time passes between looks too */
				rc = weir_waiter_step(&wt);
				if (rc < 0)
					break;
				if (rc != WEIR_OK && rc != WEIR_CHECK_LIVENESS)
					ck_abort_msg("step returned %d", rc);
				after += before > h.deadline;
			}
			ck_assert_int_eq(rc, -ETIMEDOUT);
			ck_assert_uint_ge(w->now, h.deadline);
			ck_assert_uint_le(after, 65);
			ck_assert_int_eq(weir_waiter_step(&wt), -ETIMEDOUT);
			if (w->parks > 0)
				ck_assert_uint_le(w->until, h.deadline);
			free(w);
		}
}
END_TEST

/* Sleeping to the deadline is not yet a time-out: what came in at the last moment is found. */
START_TEST(after_sleeping_to_the_deadline_there_is_one_more_look)
{
	struct world *w = world();
	struct weir_wait h = how(w, WEIR_WAIT_PARK);
	struct weir_waiter wt;

	h.spins = 1;
	h.deadline = 2 * MS;
	weir_waiter_init(&wt, &h, &w->bell, 0);
	step_until_armed(&wt);
	ck_assert_int_eq(weir_waiter_step(&wt), WEIR_OK);
	ck_assert_uint_eq(w->parks, 1);
	ck_assert_uint_eq(w->until, h.deadline);
	ck_assert_uint_eq(w->now, h.deadline);
	ck_assert_int_eq(weir_waiter_step(&wt), -ETIMEDOUT);
	ck_assert_uint_eq(w->parks, 1);
	free(w);
}
END_TEST

/* The deadline passes between announcing and sleeping: no sleep, one look, time-out. */
START_TEST(nobody_sleeps_past_the_deadline)
{
	struct world *w = world();
	struct weir_wait h = how(w, WEIR_WAIT_PARK);
	struct weir_waiter wt;

	h.spins = 1;
	h.deadline = 2 * MS;
	weir_waiter_init(&wt, &h, &w->bell, 0);
	step_until_armed(&wt);
	w->now = 2 * MS;
	ck_assert_int_eq(weir_waiter_step(&wt), WEIR_OK);
	ck_assert_uint_eq(w->parks, 0);
	ck_assert_int_eq(weir_waiter_step(&wt), -ETIMEDOUT);
	free(w);
}
END_TEST

START_TEST(no_deadline_never_expires)
{
	const weir_ns none[] = {0, WEIR_NS_NEVER};
	unsigned i, k;

	for (k = 0; k < 2; k++) {
		struct world *w = world();
		struct weir_wait h = how(w, WEIR_WAIT_YIELD);
		struct weir_waiter wt;

		h.deadline = none[k];
		h.check_ns = WEIR_NS_NEVER;
		h.spins = 1;
		w->per_read = UINT64_MAX / 50;
		weir_waiter_init(&wt, &h, NULL, 0);
		for (i = 0; i < 45; i++)
			ck_assert_int_eq(weir_waiter_step(&wt), WEIR_OK);
		w->per_read = 0;
		w->now = UINT64_MAX;
		ck_assert_int_eq(weir_waiter_step(&wt), WEIR_OK);
		ck_assert_int_eq(weir_waiter_step(&wt), WEIR_OK);
		free(w);
	}
}
END_TEST

START_TEST(liveness_is_asked_for_at_its_interval)
{
	struct world *w = world();
	struct weir_wait h = how(w, WEIR_WAIT_PARK);
	struct weir_waiter wt;
	weir_ns last;
	unsigned asked = 0, n;
	int rc;

	h.spins = 1;
	h.check_ns = 3 * MS;
	h.deadline = 31 * MS;
	weir_waiter_init(&wt, &h, &w->bell, 0);
	for (last = w->now, n = 0; (rc = weir_waiter_step(&wt)) >= 0; n++) {
		ck_assert_uint_lt(n, 1000);
		if (w->parks > 0)
			ck_assert_uint_le(w->until, last + h.check_ns);
		if (rc != WEIR_CHECK_LIVENESS)
			continue;
		ck_assert_uint_eq(w->now - last, h.check_ns);
		last = w->now;
		asked++;
	}
	ck_assert_int_eq(rc, -ETIMEDOUT);
	ck_assert_uint_eq(asked, 10);
	/* the default: 10 ms */
	h.check_ns = 0;
	weir_waiter_init(&wt, &h, &w->bell, 0);
	h.deadline = 0;
	step_until_armed(&wt);
	last = w->now;
	ck_assert_int_eq(weir_waiter_step(&wt), WEIR_CHECK_LIVENESS);
	ck_assert_uint_eq(w->now - last, 10 * MS);
	free(w);
}
END_TEST

START_TEST(cancel_ends_it_at_the_next_step)
{
	int s;

	for (s = 0; s < 4; s++) {
		struct world *w = world();
		struct weir_wait h = how(w, (enum weir_wait_strategy)s);
		struct weir_waiter wt;
		uint32_t cancel = 0;
		int i;

		h.cancel = &cancel;
		h.check_ns = WEIR_NS_NEVER;
		h.spins = 1;
		weir_waiter_init(&wt, &h, &w->bell, 0);
		for (i = 0; i < 20; i++)
			ck_assert_int_eq(weir_waiter_step(&wt), WEIR_OK);
		if (w->parks > 0) /* nobody rings for a cancel word */
			ck_assert_uint_le(w->until, w->now + 10 * MS);
		cancel = 1;
		ck_assert_int_eq(weir_waiter_step(&wt), -ECANCELED);
		free(w);
	}
}
END_TEST

/* ---- the bell ---- */

static void somebody_rings(struct world *w)
{
	ck_assert_uint_eq(w->bell.waiting, 1); /* stored before the fence */
	weir_bell_ring(&w->bell, 1);
}

START_TEST(announcing_is_snapshot_flag_fence)
{
	struct world *w = world();
	struct weir_wait h = how(w, WEIR_WAIT_PARK);
	struct weir_waiter wt;

	h.spins = 1;
	w->bell.seq = 41;
	w->on_fence = somebody_rings;
	weir_waiter_init(&wt, &h, &w->bell, 0);
	step_until_armed(&wt);
	ck_assert_uint_eq(w->fences, 1);
	ck_assert_uint_eq(wt.seen, 41); /* taken before that ring */
	ck_assert_uint_eq(w->bell.seq, 42);
	ck_assert_int_eq(weir_bell_asked(&w->bell), 0);
	/* the ring that cleared the flag cannot be slept through */
	ck_assert_int_eq(weir_waiter_step(&wt), WEIR_OK);
	ck_assert_uint_eq(w->parks, 1);
	ck_assert_ptr_eq(w->word, &w->bell.seq);
	ck_assert_uint_eq(w->seen, 41);
	free(w);
}
END_TEST

START_TEST(a_dead_sleeper_costs_one_ring)
{
	struct world *w = world();
	struct weir_wait h = how(w, WEIR_WAIT_PARK);
	struct weir_waiter dead;

	weir_waiter_init(&dead, &h, &w->bell, 0);
	step_until_armed(&dead); /* and is never heard of again */
	ck_assert_int_ne(weir_bell_asked(&w->bell), 0);
	weir_bell_ring(&w->bell, 1);
	ck_assert_int_eq(weir_bell_asked(&w->bell), 0);
	ck_assert_uint_eq(w->bell.seq, 1);
	weir_bell_ring(&w->bell, 1);
	weir_bell_ring(&w->bell, 0);
	ck_assert_uint_eq(w->bell.seq, 1);
	free(w);
}
END_TEST

/* A ringer that died after it had cleared the flag: nobody will ring, so the sleep ends by itself
 * and the sleeper announces itself again. */
START_TEST(a_dead_ringer_costs_one_interval)
{
	struct world *w = world();
	struct weir_wait h = how(w, WEIR_WAIT_PARK);
	struct weir_waiter wt;
	weir_ns start;

	h.spins = 1;
	h.check_ns = 4 * MS;
	weir_waiter_init(&wt, &h, &w->bell, 0);
	step_until_armed(&wt);
	start = wt.started;
	w->bell.waiting = 0;
	ck_assert_int_eq(weir_waiter_step(&wt), WEIR_CHECK_LIVENESS);
	ck_assert_uint_eq(w->now, start + 4 * MS);
	ck_assert_uint_eq(w->bell.waiting, 0);
	step_until_armed(&wt);
	ck_assert_uint_eq(w->bell.waiting, 1);
	free(w);
}
END_TEST

START_TEST(who_cannot_order_the_ringers_sleeps_in_slices)
{
	struct world *w = world();
	struct weir_wait h = how(w, WEIR_WAIT_PARK);
	struct weir_waiter wt;

	h.spins = 1;
	w->fence_rc = -EOPNOTSUPP;
	weir_waiter_init(&wt, &h, &w->bell, 0);
	step_until_armed(&wt);
	ck_assert_uint_eq(w->bell.waiting, 1);
	ck_assert_int_eq(weir_waiter_step(&wt), WEIR_OK);
	ck_assert_uint_eq(w->now, 1000 + MS);
	/* it may be able to the next time */
	w->fence_rc = 0;
	step_until_armed(&wt);
	ck_assert_int_eq(weir_waiter_step(&wt), WEIR_CHECK_LIVENESS);
	ck_assert_uint_eq(w->now, 1000 + 10 * MS);
	free(w);
}
END_TEST

START_TEST(a_read_only_waiter_writes_nothing)
{
	struct world *w = world();
	struct weir_wait h = how(w, WEIR_WAIT_PARK);
	struct weir_waiter wt;
	/* a mapping that really is read-only: a store would end the test */
	struct weir_bell_shm *bell = mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned i;

	ck_assert_ptr_ne(bell, MAP_FAILED);
	h.spins = 1;
	weir_waiter_init(&wt, &h, bell, WEIR_WAITER_READONLY);
	for (i = 0; i < 5; i++) {
		weir_ns before;

		step_until_armed(&wt);
		before = w->now;
		ck_assert_int_eq(weir_waiter_step(&wt), WEIR_OK);
		ck_assert_uint_eq(w->now, before + MS);
	}
	ck_assert_uint_eq(w->fences, 0);
	/* the same in the real world: futex(2) sleeps on a read-only page */
	h.env = weir_env_system();
	weir_waiter_init(&wt, &h, bell, WEIR_WAITER_READONLY);
	step_until_armed(&wt);
	ck_assert_int_ge(weir_waiter_step(&wt), WEIR_OK);
	ck_assert_uint_eq(wt.sleeps, 1);
	munmap(bell, 4096);
	free(w);
}
END_TEST

/* ---- the system's environment ---- */

START_TEST(the_system_clock_is_monotonic)
{
	const struct weir_env *env = weir_env_system();
	struct timespec t;
	weir_ns a, b;

	a = env->now(env->ctx);
	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &t), 0);
	b = env->now(env->ctx);
	ck_assert_uint_ge((uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec, a);
	ck_assert_uint_ge(b, (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec);
}
END_TEST

/* Each of these would hang (and be ended by Check) if park() took the wrong kind of time, or slept
 * although the word differs. */
START_TEST(the_system_parks_no_longer_than_told)
{
	const struct weir_env *env = weir_env_system();
	uint32_t word = 5;

	env->park(env->ctx, &word, 4, WEIR_NS_NEVER);
	env->park(env->ctx, &word, 4, UINT64_MAX - 1);
	env->park(env->ctx, &word, 5, 0);
	env->park(env->ctx, &word, 5, 1);
	env->park(env->ctx, &word, 5, env->now(env->ctx) - MS);
	env->park(env->ctx, &word, 5, env->now(env->ctx) + 3 * MS);
	env->yield(env->ctx);
	ck_assert_int_eq(env->owner_state(env->ctx, weir_owner_self()), WEIR_OWNER_ALIVE);
	ck_assert_int_eq(env->owner_state(env->ctx, 0), WEIR_OWNER_DEAD);
}
END_TEST

START_TEST(registering_and_fencing_agree)
{
	const struct weir_env *env = weir_env_system();
	int registered = weir_bell_register();

	ck_assert(registered == 0 || registered == 1);
	ck_assert_int_eq(weir_bell_register(), registered);
	if (registered)
		ck_assert_int_eq(env->heavy_fence(env->ctx), 0);
	else
		ck_assert_int_le(env->heavy_fence(env->ctx), 0);
}
END_TEST

struct pair {
	struct weir_bell_shm bell;
	uint32_t word WEIR_ALIGNED(WEIR_LINE);
	int registered;
};

static void *publish(void *arg)
{
	struct pair *p = arg;
	const struct weir_env *env = weir_env_system();
	uint32_t i;

	for (i = 1; i <= 200; i++) {
		/* ring only when somebody waits: each of these rings is needed */
		while (!weir_bell_asked(&p->bell))
			env->yield(env->ctx);
		weir_store_release32(&p->word, i);
		weir_bell_ring(&p->bell, p->registered);
		while (weir_load_acquire32(&p->word) == i)
			env->yield(env->ctx);
	}
	return NULL;
}

/* Two threads and the kernel; no liveness check would mend a lost wake-up. _i: registered or not. */
START_TEST(sleepers_are_woken)
{
	struct weir_wait h = {.strategy = WEIR_WAIT_PARK, .spins = 1, .check_ns = WEIR_NS_NEVER};
	struct weir_waiter wt;
	struct pair *p;
	pthread_t t;
	uint32_t i;

	ck_assert_int_eq(posix_memalign((void **)&p, WEIR_LINE, sizeof(*p)), 0);
	memset(p, 0, sizeof(*p));
	p->registered = _i ? weir_bell_register() : 0;
	ck_assert_int_eq(pthread_create(&t, NULL, publish, p), 0);
	for (i = 1; i <= 200; i++) {
		weir_waiter_init(&wt, &h, &p->bell, 0);
		while (weir_load_acquire32(&p->word) != i)
			ck_assert_int_eq(weir_waiter_step(&wt), WEIR_OK);
		weir_store_release32(&p->word, 0);
	}
	ck_assert_int_eq(pthread_join(t, NULL), 0);
	free(p);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("wait");
	TCase *t = tcase_create("wait");
	SRunner *run;
	int failed;

	tcase_add_test(t, pure_spinning_reads_no_clock);
	tcase_add_test(t, each_strategy_goes_through_its_stages);
	tcase_add_test(t, without_a_bell_parking_is_yielding);
	tcase_add_test(t, a_strange_strategy_is_refused);
	tcase_add_test(t, no_how_is_all_zero);
	tcase_add_test(t, the_last_stage_is_for_good);
	tcase_add_loop_test(t, the_deadline_is_neither_early_nor_late, 0, 8);
	tcase_add_test(t, after_sleeping_to_the_deadline_there_is_one_more_look);
	tcase_add_test(t, nobody_sleeps_past_the_deadline);
	tcase_add_test(t, no_deadline_never_expires);
	tcase_add_test(t, liveness_is_asked_for_at_its_interval);
	tcase_add_test(t, cancel_ends_it_at_the_next_step);
	tcase_add_test(t, announcing_is_snapshot_flag_fence);
	tcase_add_test(t, a_dead_sleeper_costs_one_ring);
	tcase_add_test(t, a_dead_ringer_costs_one_interval);
	tcase_add_test(t, who_cannot_order_the_ringers_sleeps_in_slices);
	tcase_add_test(t, a_read_only_waiter_writes_nothing);
	tcase_add_test(t, the_system_clock_is_monotonic);
	tcase_add_test(t, the_system_parks_no_longer_than_told);
	tcase_add_test(t, registering_and_fencing_agree);
	tcase_add_loop_test(t, sleepers_are_woken, 0, 2);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed == 0 ? 0 : 1;
}
