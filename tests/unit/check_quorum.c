/* Quorums: the legality table cell by cell, what configurations are refused, and the limits that a
 * random walk does not reach. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <weir/quorum.h>

struct yard {
	struct weir_quorum_config cfg;
	struct weir_quorum_criterion criterion[2];
	struct weir_quorum q;
	struct weir_quorum_action out[WEIR_QUORUM_ACTIONS_MAX];
	uint32_t n;
	void *storage;
};

static void configure(struct yard *y)
{
	memset(y, 0, sizeof(*y));
	y->criterion[0].role = WEIR_QUORUM_PRODUCER;
	y->criterion[0].stream = 1;
	y->criterion[0].count = 1;
	y->criterion[1].role = WEIR_QUORUM_PRODUCER;
	y->criterion[1].stream = 2;
	y->criterion[1].count = 1;
	y->cfg.struct_size = sizeof(y->cfg);
	y->cfg.out_stream = 9;
	y->cfg.participants = 40;
	y->cfg.requests = 30;
	y->cfg.ncriteria = 2;
	y->cfg.criteria = y->criterion;
	y->cfg.epochs = WEIR_QUORUM_EPOCH_OUTPUT;
	y->cfg.loss = WEIR_QUORUM_REVOKE;
	y->cfg.epoch = 5;
	y->cfg.timeout_ns = 100;
	y->cfg.retry_ns = 10;
	y->cfg.retry_limit = 4;
	y->cfg.stale_ns = 50;
}

static void start(struct yard *y)
{
	struct weir_span s;

	ck_assert_int_eq(weir_quorum_bytes(&y->cfg, &s.len, NULL), WEIR_OK);
	free(y->storage);
	y->storage = s.ptr = malloc(s.len);
	ck_assert_ptr_nonnull(s.ptr);
	ck_assert_int_eq(weir_quorum_init(&y->q, &y->cfg, s, 0, NULL), WEIR_OK);
}

static int step(struct yard *y, unsigned kind, uint32_t id, uint32_t stream, uint64_t epoch,
		weir_ns now)
{
	struct weir_quorum_event e;

	memset(&e, 0, sizeof(e));
	e.kind = kind;
	e.id = id;
	e.role = WEIR_QUORUM_PRODUCER;
	e.stream = stream;
	e.epoch = epoch;
	e.correlation = -(int64_t)id;
	return weir_quorum_step(&y->q, &e, now, y->out, WEIR_QUORUM_ACTIONS_MAX, &y->n);
}

static void must_step(struct yard *y, unsigned kind, uint32_t id, uint32_t stream, uint64_t epoch,
		      weir_ns now)
{
	ck_assert_int_eq(step(y, kind, id, stream, epoch, now), WEIR_OK);
}

/* The first answer is that, and `last` the last action's kind. */
static void said(const struct yard *y, unsigned answer, unsigned last)
{
	uint32_t i = 0;

	ck_assert_uint_gt(y->n, 0);
	while (i < y->n && y->out[i].kind != WEIR_QUORUM_ANSWER)
		i++;
	ck_assert_uint_lt(i, y->n);
	ck_assert_str_eq(weir_quorum_answer_name(y->out[i].answer),
			 weir_quorum_answer_name(answer));
	ck_assert_str_eq(weir_quorum_action_name(y->out[y->n - 1].kind),
			 weir_quorum_action_name(last));
}

/* Participant 1 of stream 1 is in, in every state; participant 2 makes the difference. */
static void in_state(struct yard *y, unsigned state)
{
	configure(y);
	start(y);
	must_step(y, WEIR_QUORUM_ARRIVE, 1, 1, 7, 1);
	if (state == WEIR_QUORUM_OPEN || state == WEIR_QUORUM_LOST)
		must_step(y, WEIR_QUORUM_ARRIVE, 2, 2, 8, 1);
	if (state == WEIR_QUORUM_LOST)
		must_step(y, WEIR_QUORUM_DEPART, 2, 0, 8, 1);
	if (state == WEIR_QUORUM_OVER)
		must_step(y, WEIR_QUORUM_CLOSE, 0, 0, 0, 1);
	ck_assert_uint_eq(y->q.state, state);
}

struct cell {
	unsigned to;
	uint32_t actions;
	unsigned answer; /* of the first action, when there is one */
	unsigned last;	 /* kind of the last */
};

/* Participant 2 of stream 2 in epoch 8: arrives, is seen, departs, ... in each state. */
START_TEST(every_cell_of_the_table)
{
#define C(to, actions, answer, last)                                                               \
	{                                                                                          \
		WEIR_QUORUM_##to, actions, WEIR_QUORUM_##answer, WEIR_QUORUM_##last                \
	}
	static const struct cell want[WEIR_QUORUM_STATE_COUNT][WEIR_QUORUM_EVENT_COUNT] = {
		/* ARRIVE, SEEN, DEPART, ATTACH, WITHDRAW, EPOCH, CLOSE, TICK */
		{C(OPEN, 2, ACCEPTED, READY), C(FORMING, 1, STRANGER, ANSWER),
		 C(FORMING, 1, STRANGER, ANSWER), C(FORMING, 1, PENDING, ANSWER),
		 C(FORMING, 1, STRANGER, ANSWER), C(FORMING, 2, ACCEPTED, ANSWER),
		 C(OVER, 0, ACCEPTED, ANSWER), C(FORMING, 1, ACCEPTED, OVERDUE)},
		{C(OPEN, 1, ALREADY, ANSWER), C(OPEN, 1, ACCEPTED, ANSWER),
		 C(LOST, 2, ACCEPTED, REVOKED), C(OPEN, 1, GRANTED, ANSWER),
		 C(OPEN, 1, STRANGER, ANSWER), C(FORMING, 2, ACCEPTED, ANSWER),
		 C(OVER, 0, ACCEPTED, ANSWER), C(LOST, 3, ACCEPTED, REVOKED)},
		{C(OPEN, 2, ACCEPTED, RESTORED), C(LOST, 1, STRANGER, ANSWER),
		 C(LOST, 1, STRANGER, ANSWER), C(LOST, 1, PENDING, ANSWER),
		 C(LOST, 1, STRANGER, ANSWER), C(FORMING, 2, ACCEPTED, ANSWER),
		 C(OVER, 0, ACCEPTED, ANSWER), C(LOST, 1, ACCEPTED, OVERDUE)},
		{C(OVER, 1, CLOSED, ANSWER), C(OVER, 1, CLOSED, ANSWER), C(OVER, 1, CLOSED, ANSWER),
		 C(OVER, 1, CLOSED, ANSWER), C(OVER, 1, STRANGER, ANSWER),
		 C(OVER, 1, CLOSED, ANSWER), C(OVER, 0, ACCEPTED, ANSWER),
		 C(OVER, 0, ACCEPTED, ANSWER)},
	};
	unsigned kind = (unsigned)_i % WEIR_QUORUM_EVENT_COUNT;
	const struct cell *c = &want[(unsigned)_i / WEIR_QUORUM_EVENT_COUNT][kind];
	struct weir_quorum before;
	struct weir_quorum_event e;
	struct yard y;

	in_state(&y, (unsigned)_i / WEIR_QUORUM_EVENT_COUNT);
	before = y.q;
	memset(&e, 0, sizeof(e));
	e.kind = kind;
	e.role = WEIR_QUORUM_PRODUCER;
	e.stream = 2;
	y.n = 99;
	ck_assert_int_eq(weir_quorum_step(&y.q, &e, 9, y.out, WEIR_QUORUM_ACTIONS_MAX - 1, &y.n),
			 -ENOBUFS);
	ck_assert_uint_eq(y.n, 99);
	ck_assert_mem_eq(&y.q, &before, sizeof(before));
	must_step(&y, kind, 2, 2, 8, kind == WEIR_QUORUM_TICK ? 52 : 51);
	ck_assert_str_eq(weir_quorum_state_name(y.q.state), weir_quorum_state_name(c->to));
	ck_assert_uint_eq(y.n, c->actions);
	if (y.n > 0 && kind == WEIR_QUORUM_TICK)
		ck_assert_uint_eq(y.out[y.n - 1].kind, c->last);
	else if (y.n > 0)
		said(&y, c->answer, c->last);
	free(y.storage);
}
END_TEST

START_TEST(bad_events_change_nothing)
{
	struct weir_quorum before;
	struct weir_quorum_event e;
	struct yard y;

	in_state(&y, WEIR_QUORUM_OPEN);
	before = y.q;
	ck_assert_int_eq(step(&y, WEIR_QUORUM_ARRIVE, 3, 0, 1, 9), -EINVAL);
	ck_assert_int_eq(step(&y, WEIR_QUORUM_EVENT_COUNT, 3, 1, 1, 9), -EINVAL);
	memset(&e, 0, sizeof(e));
	e.kind = WEIR_QUORUM_ARRIVE;
	e.stream = 1;
	for (e.role = 0; e.role < 8; e.role += 4)
		ck_assert_int_eq(
			weir_quorum_step(&y.q, &e, 9, y.out, WEIR_QUORUM_ACTIONS_MAX, &y.n),
			-EINVAL);
	ck_assert_mem_eq(&y.q, &before, sizeof(before));
	free(y.storage);
}
END_TEST

static void refused(const struct yard *y, const char *what, uint64_t value)
{
	struct weir_error err;
	size_t bytes = 77;

	memset(&err, 0, sizeof(err));
	ck_assert_int_eq(weir_quorum_bytes(&y->cfg, &bytes, &err), -EINVAL);
	ck_assert_uint_eq(bytes, 77);
	ck_assert_str_eq(err.what, what);
	ck_assert_uint_eq(err.value, value);
	ck_assert_int_eq(err.code, -EINVAL);
}

#define REFUSED(field, bad, name)                                                                  \
	do {                                                                                       \
		configure(&y);                                                                     \
		y.cfg.field = bad;                                                                 \
		refused(&y, "quorum: " name, bad);                                                 \
	} while (0)

START_TEST(refuses_configurations)
{
	struct yard y;

	REFUSED(struct_size, 8, "config struct_size");
	REFUSED(out_stream, 0, "out_stream");
	REFUSED(participants, 0, "participants");
	REFUSED(participants, WEIR_QUORUM_MAX + 1, "participants");
	REFUSED(requests, 0, "requests");
	REFUSED(requests, WEIR_QUORUM_MAX + 1, "requests");
	REFUSED(epochs, 0, "epochs");
	REFUSED(epochs, 4, "epochs");
	REFUSED(loss, 2, "loss");
	REFUSED(shut, 2, "shut");
	REFUSED(timeout_ns, 0, "timeout_ns");
	REFUSED(retry_ns, 0, "retry_ns");
	REFUSED(retry_limit, 0, "retry_limit");
	REFUSED(ncriteria, 0, "ncriteria");
	REFUSED(ncriteria, WEIR_QUORUM_CRITERIA_MAX + 1, "ncriteria");
	configure(&y);
	y.criterion[1].role = 4;
	refused(&y, "quorum: role of a criterion", 4);
	configure(&y);
	y.criterion[1].count = 0;
	refused(&y, "quorum: count of a criterion", 0);
	y.criterion[1].count = 41;
	refused(&y, "quorum: count of a criterion", 41);
	configure(&y);
	y.cfg.stale_ns = 0;
	start(&y);
	free(y.storage);
}
END_TEST

START_TEST(refuses_storage)
{
	struct weir_quorum before;
	struct weir_span s;
	uint64_t *mem;
	struct yard y;

	configure(&y);
	ck_assert_int_eq(weir_quorum_bytes(&y.cfg, &s.len, NULL), WEIR_OK);
	mem = malloc(s.len + 8);
	ck_assert_ptr_nonnull(mem);
	memset(&y.q, 0x5a, sizeof(y.q));
	before = y.q;
	s.ptr = (char *)mem + 4;
	ck_assert_int_eq(weir_quorum_init(&y.q, &y.cfg, s, 0, NULL), -EINVAL);
	s.ptr = mem;
	s.len--;
	ck_assert_int_eq(weir_quorum_init(&y.q, &y.cfg, s, 0, NULL), -ENOBUFS);
	ck_assert_mem_eq(&y.q, &before, sizeof(before));
	s.len++;
	ck_assert_int_eq(weir_quorum_init(&y.q, &y.cfg, s, 0, NULL), WEIR_OK);
	free(mem);
}
END_TEST

/* More waiters than a step may answer: the first at once, the rest when TICK is due, now. */
START_TEST(waiters_are_answered_in_batches)
{
	uint32_t i, answered;
	struct yard y;

	configure(&y);
	y.cfg.stale_ns = WEIR_NS_NEVER;
	start(&y);
	for (i = 0; i < 20; i++)
		must_step(&y, WEIR_QUORUM_ATTACH, 100 + i, 0, 0, i);
	ck_assert_uint_eq(weir_quorum_next_ns(&y.q), 100);
	must_step(&y, WEIR_QUORUM_ARRIVE, 1, 1, 1, 20);
	must_step(&y, WEIR_QUORUM_ARRIVE, 2, 2, 1, 21);
	ck_assert_uint_eq(y.n, 2 + WEIR_QUORUM_BATCH);
	ck_assert_uint_eq(y.out[1].kind, WEIR_QUORUM_READY);
	for (answered = 0; answered < 20;) {
		for (i = 0; i < y.n; i++) {
			if (y.out[i].answer != WEIR_QUORUM_GRANTED)
				continue;
			ck_assert_uint_eq(y.out[i].id, 100 + answered);
			ck_assert_int_eq(y.out[i].correlation, -(int64_t)(100 + answered));
			answered++;
		}
		ck_assert_uint_eq(weir_quorum_next_ns(&y.q), answered < 20 ? 21 : WEIR_NS_NEVER);
		must_step(&y, WEIR_QUORUM_TICK, 0, 0, 0, 21);
	}
	ck_assert_uint_eq(y.n, 0);
	ck_assert_uint_eq(y.q.stats.granted, 20);
	free(y.storage);
}
END_TEST

/* The most that a step can have to say: a batch of silent ones, the loss, a batch of timeouts. */
START_TEST(the_longest_list_of_actions)
{
	uint32_t i;
	struct yard y;

	configure(&y);
	y.criterion[0].count = 12;
	y.criterion[1].count = 12;
	y.cfg.timeout_ns = 1;
	start(&y);
	for (i = 0; i < 24; i++)
		must_step(&y, WEIR_QUORUM_ARRIVE, i, 1 + i % 2, 1, 1);
	ck_assert_uint_eq(y.q.state, WEIR_QUORUM_OPEN);
	must_step(&y, WEIR_QUORUM_DEPART, 0, 0, 1, 2);
	ck_assert_uint_eq(y.q.state, WEIR_QUORUM_LOST);
	for (i = 0; i < 20; i++)
		must_step(&y, WEIR_QUORUM_ATTACH, i, 0, 0, 3);
	must_step(&y, WEIR_QUORUM_ARRIVE, 0, 1, 1, 3);
	ck_assert_uint_eq(y.q.state, WEIR_QUORUM_OPEN);
	ck_assert_uint_eq(y.n, 2 + WEIR_QUORUM_BATCH);
	must_step(&y, WEIR_QUORUM_TICK, 0, 0, 0, 90);
	/* silent: 8, and revoked: the rest of the requests wait, and have waited too long */
	ck_assert_uint_eq(y.n, WEIR_QUORUM_ACTIONS_MAX);
	for (i = 0; i < WEIR_QUORUM_BATCH; i++)
		ck_assert_uint_eq(y.out[i].kind, WEIR_QUORUM_OVERDUE);
	ck_assert_uint_eq(y.out[i].kind, WEIR_QUORUM_REVOKED);
	for (i++; i < y.n; i++)
		ck_assert_uint_eq(y.out[i].answer, WEIR_QUORUM_TIMEOUT);
	ck_assert_uint_le(weir_quorum_next_ns(&y.q), 90);
	free(y.storage);
}
END_TEST

/* The gate does not open on the strength of somebody who is overdue, though nobody ticked. */
START_TEST(the_overdue_open_nothing)
{
	struct yard y;

	in_state(&y, WEIR_QUORUM_FORMING);
	must_step(&y, WEIR_QUORUM_ARRIVE, 2, 2, 8, 52);
	said(&y, WEIR_QUORUM_ACCEPTED, WEIR_QUORUM_ANSWER);
	ck_assert_uint_eq(y.q.state, WEIR_QUORUM_FORMING);
	ck_assert_uint_le(weir_quorum_next_ns(&y.q), 52);
	must_step(&y, WEIR_QUORUM_SEEN, 1, 0, 7, 52);
	said(&y, WEIR_QUORUM_ACCEPTED, WEIR_QUORUM_READY);
	free(y.storage);
}
END_TEST

START_TEST(exactly_the_age_is_not_overdue)
{
	struct yard y;

	in_state(&y, WEIR_QUORUM_FORMING);
	ck_assert_uint_eq(weir_quorum_next_ns(&y.q), 52);
	must_step(&y, WEIR_QUORUM_TICK, 0, 0, 0, 51);
	ck_assert_uint_eq(y.n, 0);
	must_step(&y, WEIR_QUORUM_TICK, 0, 0, 0, 52);
	ck_assert_uint_eq(y.n, 1);
	ck_assert_uint_eq(y.out[0].id, 1);
	free(y.storage);
}
END_TEST

/* The tries of one request, until the limit; then it is a new one. */
START_TEST(tries_are_counted)
{
	struct yard y;
	uint32_t i;

	configure(&y);
	start(&y);
	for (i = 0; i < 4; i++) {
		must_step(&y, WEIR_QUORUM_ATTACH, 3, 0, 0, 10 * i);
		said(&y, WEIR_QUORUM_PENDING, WEIR_QUORUM_ANSWER);
		ck_assert_uint_eq(y.out[0].attempts, i + 1);
		ck_assert_uint_eq(y.out[0].retry_at, 10 * i + 10);
		must_step(&y, WEIR_QUORUM_ATTACH, 3, 0, 0, 10 * i + 9);
		said(&y, WEIR_QUORUM_PENDING, WEIR_QUORUM_ANSWER);
		ck_assert_uint_eq(y.out[0].attempts, i + 1);
		ck_assert_uint_eq(y.out[0].retry_at, 10 * i + 10);
	}
	must_step(&y, WEIR_QUORUM_ATTACH, 3, 0, 0, 40);
	said(&y, WEIR_QUORUM_TIMEOUT, WEIR_QUORUM_ANSWER);
	ck_assert_int_eq(y.out[0].code, -ETIMEDOUT);
	ck_assert_uint_eq(y.q.stats.early, 4);
	must_step(&y, WEIR_QUORUM_ATTACH, 3, 0, 0, 41);
	ck_assert_uint_eq(y.out[0].attempts, 1);
	ck_assert_uint_eq(y.q.stats.requests, 2);
	free(y.storage);
}
END_TEST

/* READY is said once per round, whatever comes and goes, under both policies. */
START_TEST(ready_once_per_round)
{
	uint32_t ready = 0, i, k;
	struct yard y;

	configure(&y);
	y.cfg.loss = (uint32_t)_i;
	y.cfg.stale_ns = WEIR_NS_NEVER;
	start(&y);
	for (i = 0; i < 30; i++) {
		if (i % 10 == 9)
			must_step(&y, WEIR_QUORUM_EPOCH, 0, 0, 10 + i, i);
		must_step(&y, WEIR_QUORUM_ARRIVE, 1, 1, i, i);
		must_step(&y, WEIR_QUORUM_ARRIVE, 2, 2, i, i);
		for (k = 0; k < y.n; k++)
			ready += y.out[k].kind == WEIR_QUORUM_READY;
		ck_assert_uint_eq(y.q.state, WEIR_QUORUM_OPEN);
		must_step(&y, WEIR_QUORUM_DEPART, 1, 0, UINT64_MAX, i);
		ck_assert_uint_eq(y.q.state, _i ? WEIR_QUORUM_LOST : WEIR_QUORUM_OPEN);
	}
	ck_assert_uint_eq(y.q.stats.ready, 4);
	ck_assert_uint_eq(y.q.round, 4);
	ck_assert_uint_eq(ready, 4);
	free(y.storage);
}
END_TEST

START_TEST(at_the_largest_size)
{
	uint32_t i;
	struct yard y;

	configure(&y);
	y.cfg.participants = y.cfg.requests = WEIR_QUORUM_MAX;
	y.cfg.stale_ns = y.cfg.timeout_ns = WEIR_NS_NEVER;
	y.criterion[0].count = WEIR_QUORUM_MAX / 2;
	y.criterion[1].count = WEIR_QUORUM_MAX / 2;
	start(&y);
	for (i = 0; i < WEIR_QUORUM_MAX; i++) {
		ck_assert_uint_eq(y.q.state, WEIR_QUORUM_FORMING);
		must_step(&y, WEIR_QUORUM_ATTACH, i * 65537u, 0, 0, 1);
		must_step(&y, WEIR_QUORUM_ARRIVE, i * 65536u + 5u, 1 + i % 2, 1, 1);
	}
	ck_assert_uint_eq(y.q.state, WEIR_QUORUM_OPEN);
	must_step(&y, WEIR_QUORUM_ARRIVE, 12345, 1, 1, 1);
	said(&y, WEIR_QUORUM_NO_ROOM, WEIR_QUORUM_ANSWER);
	for (i = 0; i < WEIR_QUORUM_MAX; i++)
		ck_assert_ptr_nonnull(weir_quorum_find(&y.q, i * 65536u + 5u));
	free(y.storage);
}
END_TEST

START_TEST(every_counter_is_described)
{
	uint32_t i;

	ck_assert_uint_eq(8 + 8 * weir_quorum_stat_count, sizeof(struct weir_quorum_stats));
	for (i = 0; i < weir_quorum_stat_count; i++)
		ck_assert_uint_eq(weir_quorum_stat_desc[i].offset, 8 + 8 * i);
	ck_assert_str_eq(weir_quorum_state_name(WEIR_QUORUM_OVER), "OVER");
	ck_assert_str_eq(weir_quorum_state_name(WEIR_QUORUM_STATE_COUNT), "?");
	ck_assert_str_eq(weir_quorum_event_name(WEIR_QUORUM_TICK), "TICK");
	ck_assert_str_eq(weir_quorum_event_name(WEIR_QUORUM_EVENT_COUNT), "?");
	ck_assert_str_eq(weir_quorum_answer_name(WEIR_QUORUM_CLOSED), "CLOSED");
	ck_assert_str_eq(weir_quorum_answer_name(WEIR_QUORUM_ANSWER_COUNT), "?");
	ck_assert_str_eq(weir_quorum_action_name(WEIR_QUORUM_OVERDUE), "OVERDUE");
	ck_assert_str_eq(weir_quorum_action_name(WEIR_QUORUM_ACTION_COUNT), "?");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("quorum");
	TCase *t = tcase_create("quorum");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, every_cell_of_the_table, 0,
			    WEIR_QUORUM_STATE_COUNT * WEIR_QUORUM_EVENT_COUNT);
	tcase_add_test(t, bad_events_change_nothing);
	tcase_add_test(t, refuses_configurations);
	tcase_add_test(t, refuses_storage);
	tcase_add_test(t, waiters_are_answered_in_batches);
	tcase_add_test(t, the_longest_list_of_actions);
	tcase_add_test(t, the_overdue_open_nothing);
	tcase_add_test(t, exactly_the_age_is_not_overdue);
	tcase_add_test(t, tries_are_counted);
	tcase_add_loop_test(t, ready_once_per_round, 0, 2);
	tcase_add_test(t, at_the_largest_size);
	tcase_add_test(t, every_counter_is_described);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
