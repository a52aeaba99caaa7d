/* The barrier's legality table, cell by cell, and what transcripts do not show. */
#include <check.h>
#include <string.h>

#include <weir/barrier.h>

#define MEMBERS 3u

struct yard {
	struct weir_member member[MEMBERS];
	weir_pos cut[MEMBERS];
	struct weir_group g;
	struct weir_barrier b;
	struct weir_barrier_action out[WEIR_BARRIER_ACTIONS_MAX];
	uint32_t n;
};

static struct weir_barrier_event event(unsigned kind, uint32_t member, uint64_t generation)
{
	struct weir_barrier_event e;

	memset(&e, 0, sizeof(e));
	e.kind = kind;
	e.member = member;
	e.generation = generation;
	e.mode = WEIR_BARRIER_DELIVERY;
	e.deadline = 100;
	e.cut = 10 + member;
	return e;
}

static int step(struct yard *y, const struct weir_barrier_event *e, weir_ns now)
{
	return weir_barrier_step(&y->b, e, now, y->out, WEIR_BARRIER_ACTIONS_MAX, &y->n);
}

/* Generation 1 has ended; generation 2 is not open, gathers (0 is in), or drains. */
static void in_state(struct yard *y, unsigned state)
{
	struct weir_barrier_event e;
	uint64_t epoch;
	uint32_t i;

	memset(y, 0, sizeof(*y));
	ck_assert_int_eq(weir_group_init(&y->g, y->member, MEMBERS), WEIR_OK);
	for (i = 0; i < MEMBERS; i++)
		ck_assert_int_eq(weir_group_join(&y->g, i, 1, &epoch), WEIR_OK);
	ck_assert_int_eq(weir_barrier_init(&y->b, &y->g, y->cut, MEMBERS - 1), -EINVAL);
	ck_assert_int_eq(weir_barrier_init(&y->b, &y->g, y->cut, MEMBERS), WEIR_OK);
	for (i = 0; i < MEMBERS; i++) {
		e = event(WEIR_BARRIER_ARRIVE, i, 1);
		e.mode = WEIR_BARRIER_RENDEZVOUS;
		ck_assert_int_eq(step(y, &e, 1), WEIR_OK);
	}
	ck_assert_uint_eq(y->out[1].kind, WEIR_BARRIER_RELEASE);
	for (i = 0; i < MEMBERS; i++) {
		if (state == WEIR_BARRIER_DRAINING || (state == WEIR_BARRIER_GATHERING && i == 0)) {
			e = event(WEIR_BARRIER_ARRIVE, i, 2);
			ck_assert_int_eq(step(y, &e, 2), WEIR_OK);
		}
	}
	ck_assert_uint_eq(y->b.state, state);
	ck_assert_uint_eq(y->b.generation, state == WEIR_BARRIER_IDLE ? 1 : 2);
}

/* Member 1's event, or one of the present generation, 2; at t=50, or for TICK at the deadline. */
struct cell {
	int rc;
	unsigned to;
	uint32_t actions;
	unsigned last; /* kind of the last action */
};

START_TEST(every_cell_of_the_table)
{
#define ANSWER WEIR_BARRIER_ANSWER
#define RELEASE WEIR_BARRIER_RELEASE
	static const struct cell want[WEIR_BARRIER_STATE_COUNT][WEIR_BARRIER_EVENT_COUNT] = {
		/* ARRIVE, LEAVE, DIED, DRAINED, CANCEL, TICK */
		{{0, 1, 1, ANSWER},
		 {0, 0, 0, 0},
		 {0, 0, 0, 0},
		 {-EINVAL, 0, 0, 0},
		 {-EINVAL, 0, 0, 0},
		 {0, 0, 0, 0}},
		{{0, 1, 1, ANSWER},
		 {0, 1, 0, 0},
		 {0, 1, 0, 0},
		 {-EINVAL, 1, 0, 0},
		 {0, 0, 1, RELEASE},
		 {0, 0, 1, RELEASE}},
		{{0, 2, 1, ANSWER},
		 {0, 2, 0, 0},
		 {0, 2, 0, 0},
		 {0, 0, 1, RELEASE},
		 {0, 0, 1, RELEASE},
		 {0, 0, 1, RELEASE}},
	};
	unsigned state = (unsigned)_i / WEIR_BARRIER_EVENT_COUNT;
	unsigned kind = (unsigned)_i % WEIR_BARRIER_EVENT_COUNT;
	const struct cell *c = &want[state][kind];
	struct weir_barrier_event e = event(kind, 1, 2);
	struct weir_barrier before;
	struct yard y;

	in_state(&y, state);
	before = y.b;
	y.n = 99;
	ck_assert_int_eq(weir_barrier_step(&y.b, &e, 50, y.out, WEIR_BARRIER_ACTIONS_MAX - 1, &y.n),
			 c->rc == 0 ? -ENOBUFS : c->rc);
	ck_assert_uint_eq(y.n, 99);
	ck_assert_mem_eq(&y.b, &before, sizeof(before));
	ck_assert_int_eq(step(&y, &e, kind == WEIR_BARRIER_TICK ? 100 : 50), c->rc);
	if (c->rc != 0) {
		ck_assert_mem_eq(&y.b, &before, sizeof(before));
		return;
	}
	ck_assert_uint_eq(y.b.state, c->to);
	ck_assert_uint_eq(y.n, c->actions);
	if (y.n > 0)
		ck_assert_uint_eq(y.out[y.n - 1].kind, c->last);
}
END_TEST

/* What is late or far ahead, in every state. */
START_TEST(other_generations_change_nothing)
{
	struct weir_barrier_event e;
	struct weir_barrier before;
	struct yard y;

	in_state(&y, (unsigned)_i);
	e = event(WEIR_BARRIER_DRAINED, 0, 1);
	ck_assert_int_eq(step(&y, &e, 2), WEIR_OK);
	ck_assert_uint_eq(y.n, 0);
	e = event(WEIR_BARRIER_CANCEL, 0, 1);
	ck_assert_int_eq(step(&y, &e, 2), WEIR_OK);
	ck_assert_uint_eq(y.n, 0);
	ck_assert_uint_eq(y.b.stats.late, 2);
	ck_assert_uint_eq(y.b.state, (unsigned)_i);
	before = y.b;
	e.generation = 3;
	ck_assert_int_eq(step(&y, &e, 2), -EINVAL);
	e.kind = WEIR_BARRIER_DRAINED;
	ck_assert_int_eq(step(&y, &e, 2), -EINVAL);
	e.generation = y.b.generation;
	e.outcome = WEIR_PENDING;
	ck_assert_int_eq(step(&y, &e, 2), -EINVAL);
	e.kind = WEIR_BARRIER_EVENT_COUNT;
	ck_assert_int_eq(step(&y, &e, 2), -EINVAL);
	e = event(WEIR_BARRIER_ARRIVE, MEMBERS, 2);
	ck_assert_int_eq(step(&y, &e, 2), -EINVAL);
	e.kind = WEIR_BARRIER_LEAVE;
	ck_assert_int_eq(step(&y, &e, 2), -EINVAL);
	e.kind = WEIR_BARRIER_DIED;
	ck_assert_int_eq(step(&y, &e, 2), -EINVAL);
	e = event(WEIR_BARRIER_ARRIVE, 1, 2);
	e.mode = 0;
	ck_assert_int_eq(step(&y, &e, 2), -EINVAL);
	e.mode = 4;
	ck_assert_int_eq(step(&y, &e, 2), -EINVAL);
	e.mode = WEIR_BARRIER_DELIVERY;
	e.policy = 2;
	ck_assert_int_eq(step(&y, &e, 2), -EINVAL);
	ck_assert_mem_eq(&y.b, &before, sizeof(before));
}
END_TEST

START_TEST(the_first_cut_stays)
{
	struct weir_barrier_event e;
	struct yard y;

	in_state(&y, WEIR_BARRIER_GATHERING);
	e = event(WEIR_BARRIER_ARRIVE, 0, 2);
	e.cut = 999;
	ck_assert_int_eq(step(&y, &e, 3), WEIR_OK);
	ck_assert_uint_eq(y.out[0].answer, WEIR_BARRIER_ALREADY);
	ck_assert_uint_eq(y.cut[0], 10);
}
END_TEST

/* Every outcome of a drain under both policies. */
START_TEST(outcomes_of_the_drain)
{
	static const int from[] = {WEIR_OK, WEIR_LOST, WEIR_DEPARTED, -EOWNERDEAD};
	static const int to[][2] = {{WEIR_OK, WEIR_OK},
				    {WEIR_LOST, WEIR_LOST},
				    {WEIR_DEPARTED, WEIR_DEPARTED},
				    {WEIR_DEPARTED, -EOWNERDEAD}};
	struct weir_barrier_event e = event(WEIR_BARRIER_DRAINED, 0, 2);
	struct yard y;

	in_state(&y, WEIR_BARRIER_DRAINING);
	y.b.policy = (uint32_t)_i % 2;
	e.outcome = from[_i / 2];
	weir_group_set_add(&e.sinks, 2);
	ck_assert_int_eq(step(&y, &e, 7), WEIR_OK);
	ck_assert_int_eq(y.out[0].code, to[_i / 2][_i % 2]);
	ck_assert_int_eq(y.b.result.outcome, to[_i / 2][_i % 2]);
	ck_assert_mem_eq(&y.b.result.sinks, &e.sinks, sizeof(e.sinks));
	ck_assert_uint_eq(weir_group_set_count(&y.b.result.released), MEMBERS);
	ck_assert_uint_eq(y.b.stats.drain_ns, 5);
	ck_assert_uint_eq(y.b.stats.largest_drain_ns, 5);
	ck_assert_uint_eq(y.b.result.phase, WEIR_BARRIER_DRAINING);
	ck_assert_uint_eq(weir_barrier_next_ns(&y.b), WEIR_NS_NEVER);
}
END_TEST

START_TEST(asks_while_open)
{
	struct weir_group_set s;
	struct yard y;

	in_state(&y, (unsigned)_i);
	s = weir_barrier_missing(&y.b);
	ck_assert_uint_eq(s.word[0], _i == WEIR_BARRIER_GATHERING ? 6 : 0);
	ck_assert_uint_eq(weir_barrier_next_ns(&y.b),
			  _i == WEIR_BARRIER_IDLE ? WEIR_NS_NEVER : 100);
}
END_TEST

static void see(void *ctx, const struct weir_stat_desc *d, uint64_t value)
{
	uint64_t *sum = ctx;

	ck_assert_uint_eq(d->offset, 8 + 8 * value); /* in the order of the struct, each once */
	*sum += value;
}

START_TEST(names_and_stats_are_complete)
{
	union {
		struct weir_barrier_stats stats;
		uint64_t word[sizeof(struct weir_barrier_stats) / 8];
	} u;
	uint64_t sum = 0, n = weir_barrier_stat_count, i;

	ck_assert_uint_eq(sizeof(u), 8 + 8 * n);
	for (i = 0; i < n; i++)
		u.word[1 + i] = i;
	weir_stats_visit(weir_barrier_stat_desc, weir_barrier_stat_count, &u, sizeof(u), see, &sum);
	ck_assert_uint_eq(sum, n * (n - 1) / 2);
	ck_assert_str_eq(weir_barrier_state_name(WEIR_BARRIER_DRAINING), "DRAINING");
	ck_assert_str_eq(weir_barrier_state_name(WEIR_BARRIER_STATE_COUNT), "?");
	ck_assert_str_eq(weir_barrier_event_name(WEIR_BARRIER_TICK), "TICK");
	ck_assert_str_eq(weir_barrier_event_name(WEIR_BARRIER_EVENT_COUNT), "?");
	ck_assert_str_eq(weir_barrier_answer_name(WEIR_BARRIER_MIXED), "MIXED");
	ck_assert_str_eq(weir_barrier_answer_name(WEIR_BARRIER_ANSWER_COUNT), "?");
	ck_assert_str_eq(weir_barrier_action_name(WEIR_BARRIER_RELEASE), "RELEASE");
	ck_assert_str_eq(weir_barrier_action_name(WEIR_BARRIER_ACTION_COUNT), "?");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("barrier");
	TCase *t = tcase_create("barrier");
	SRunner *run;
	int failed;

	tcase_add_loop_test(t, every_cell_of_the_table, 0,
			    WEIR_BARRIER_STATE_COUNT * WEIR_BARRIER_EVENT_COUNT);
	tcase_add_loop_test(t, other_generations_change_nothing, 0, WEIR_BARRIER_STATE_COUNT);
	tcase_add_test(t, the_first_cut_stays);
	tcase_add_loop_test(t, outcomes_of_the_drain, 0, 8);
	tcase_add_loop_test(t, asks_while_open, 0, WEIR_BARRIER_STATE_COUNT);
	tcase_add_test(t, names_and_stats_are_complete);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed == 0 ? 0 : 1;
}
