/* A quorum driven by the bytes of messages, as a control plane would: producers announce their
 * pools, a lease is revoked, consumers ask to attach, and that the join is ready is said in bytes.
 * The gate of stream 9 needs the producers of streams 1 and 2. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <weir/codec.h>
#include <weir/quorum.h>

struct plane {
	struct weir_quorum q;
	struct weir_quorum_action out[WEIR_QUORUM_ACTIONS_MAX];
	uint32_t n;
	uint64_t storage[8192];
	uint8_t sent[64]; /* the latest announcement that the join is ready */
	size_t sent_len;
	unsigned announced;
};

static void start(struct plane *p, uint32_t epochs, uint32_t shut)
{
	static const struct weir_quorum_criterion both[] = {
		{.role = WEIR_QUORUM_PRODUCER, .stream = 1, .count = 1},
		{.role = WEIR_QUORUM_PRODUCER, .stream = 2, .count = 1}};
	struct weir_quorum_config cfg;
	struct weir_span s = {.ptr = p->storage, .len = sizeof(p->storage)};

	memset(p, 0, sizeof(*p));
	memset(&cfg, 0, sizeof(cfg));
	cfg.struct_size = sizeof(cfg);
	cfg.out_stream = 9;
	cfg.participants = cfg.requests = 16;
	cfg.ncriteria = 2;
	cfg.criteria = both;
	cfg.epochs = epochs;
	cfg.loss = WEIR_QUORUM_REVOKE;
	cfg.shut = shut;
	cfg.epoch = 77;
	cfg.timeout_ns = cfg.stale_ns = WEIR_NS_NEVER;
	cfg.retry_ns = 10;
	cfg.retry_limit = UINT32_MAX;
	ck_assert_int_eq(weir_quorum_init(&p->q, &cfg, s, 0, NULL), WEIR_OK);
}

static void announce(struct plane *p, const struct weir_quorum_action *a)
{
	struct weir_codec_message m;

	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_READY;
	m.ready.out = p->q.out_stream;
	m.ready.epoch = a->epoch;
	m.ready.round = a->round;
	m.ready.time_ns = WEIR_MERGE_TIME_NULL;
	m.ready.participants = a->participants;
	ck_assert_int_eq(weir_codec_encode(&m, p->sent, sizeof(p->sent), &p->sent_len, NULL),
			 WEIR_OK);
	p->announced++;
}

static void event(struct plane *p, const struct weir_quorum_event *e, weir_ns now)
{
	uint32_t i;

	ck_assert_int_eq(weir_quorum_step(&p->q, e, now, p->out, WEIR_QUORUM_ACTIONS_MAX, &p->n),
			 WEIR_OK);
	for (i = 0; i < p->n; i++)
		if (p->out[i].kind == WEIR_QUORUM_READY)
			announce(p, &p->out[i]);
}

static void on_message(struct plane *p, const void *buf, size_t len, weir_ns now)
{
	struct weir_quorum_event e;
	struct weir_codec_message m;

	ck_assert_int_eq(weir_codec_decode(buf, len, WEIR_CODEC_ALL, NULL, 0, &m), WEIR_CODEC_OK);
	memset(&e, 0, sizeof(e));
	e.role = WEIR_QUORUM_PRODUCER;
	if (m.kind == WEIR_CODEC_POOL) {
		e.kind = WEIR_QUORUM_ARRIVE;
		e.id = m.pool.producer;
		e.stream = m.pool.stream;
		e.epoch = m.pool.epoch;
	} else if (m.kind == WEIR_CODEC_REVOKED) {
		e.kind = WEIR_QUORUM_DEPART;
		e.id = m.revoked.client;
		e.epoch = UINT64_MAX;
	} else {
		ck_assert_uint_eq(m.kind, WEIR_CODEC_SHUTDOWN);
		e.kind = WEIR_QUORUM_CLOSE;
	}
	event(p, &e, now);
}

static void send(struct plane *p, const struct weir_codec_message *m, weir_ns now)
{
	uint8_t buf[64];
	size_t len;

	ck_assert_int_eq(weir_codec_encode(m, buf, sizeof(buf), &len, NULL), WEIR_OK);
	on_message(p, buf, len, now);
}

static void pool(struct plane *p, uint32_t producer, uint32_t stream, uint64_t epoch, weir_ns now)
{
	struct weir_codec_message m;

	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_POOL;
	m.pool.producer = producer;
	m.pool.stream = stream;
	m.pool.epoch = epoch;
	m.pool.time_ns = now;
	m.pool.clock = WEIR_MERGE_MONOTONIC;
	send(p, &m, now);
}

static void revoke(struct plane *p, uint32_t client, weir_ns now)
{
	struct weir_codec_message m;

	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_REVOKED;
	m.revoked.time_ns = now;
	m.revoked.client = client;
	m.revoked.role = 1;
	m.revoked.reason = 2;
	send(p, &m, now);
}

static unsigned attach(struct plane *p, uint32_t client, weir_ns now)
{
	struct weir_quorum_event e;

	memset(&e, 0, sizeof(e));
	e.kind = WEIR_QUORUM_ATTACH;
	e.id = client;
	event(p, &e, now);
	ck_assert_uint_eq(p->out[0].kind, WEIR_QUORUM_ANSWER);
	return p->out[0].answer;
}

static void said_ready(const struct plane *p, unsigned times, uint64_t round)
{
	struct weir_codec_message m;

	ck_assert_uint_eq(p->announced, times);
	ck_assert_int_eq(weir_codec_decode(p->sent, p->sent_len, WEIR_CODEC_BIT(WEIR_CODEC_READY),
					   NULL, 0, &m),
			 WEIR_CODEC_OK);
	ck_assert_uint_eq(m.ready.out, 9);
	ck_assert_uint_eq(m.ready.epoch, 77);
	ck_assert_uint_eq(m.ready.round, round);
	ck_assert_uint_eq(m.ready.participants, 2);
}

START_TEST(attaching_waits_for_both_producers)
{
	struct plane *p = malloc(sizeof(*p));

	ck_assert_ptr_nonnull(p);
	start(p, WEIR_QUORUM_EPOCH_OUTPUT, WEIR_QUORUM_WAIT);
	ck_assert_uint_eq(attach(p, 20, 1), WEIR_QUORUM_PENDING);
	pool(p, 10, 1, 1000, 2);
	ck_assert_uint_eq(attach(p, 21, 3), WEIR_QUORUM_PENDING);
	ck_assert_uint_eq(p->announced, 0);
	pool(p, 11, 2, 2000, 4);
	said_ready(p, 1, 1);
	ck_assert_uint_eq(p->n, 4); /* accepted, ready, and both who waited */
	ck_assert_uint_eq(p->out[2].id, 20);
	ck_assert_uint_eq(p->out[2].answer, WEIR_QUORUM_GRANTED);
	ck_assert_uint_eq(p->out[3].id, 21);
	ck_assert_uint_eq(attach(p, 22, 5), WEIR_QUORUM_GRANTED);
	free(p);
}
END_TEST

START_TEST(or_is_refused)
{
	struct plane *p = malloc(sizeof(*p));

	ck_assert_ptr_nonnull(p);
	start(p, WEIR_QUORUM_EPOCH_OUTPUT, WEIR_QUORUM_REFUSE);
	ck_assert_uint_eq(attach(p, 20, 1), WEIR_QUORUM_REFUSED);
	ck_assert_uint_eq(p->out[0].retry_at, 11);
	pool(p, 10, 1, 1000, 2);
	pool(p, 11, 2, 2000, 4);
	ck_assert_uint_eq(p->n, 2);
	ck_assert_uint_eq(attach(p, 20, 11), WEIR_QUORUM_GRANTED);
	free(p);
}
END_TEST

/* A producer dies and comes back in a newer epoch. */
START_TEST(a_restarted_producer)
{
	struct plane *p = malloc(sizeof(*p));
	int any = _i == WEIR_QUORUM_EPOCH_ANY;

	ck_assert_ptr_nonnull(p);
	start(p, (uint32_t)_i, WEIR_QUORUM_WAIT);
	pool(p, 10, 1, 1000, 1);
	pool(p, 11, 2, 2000, 2);
	said_ready(p, 1, 1);
	revoke(p, 11, 3);
	ck_assert_uint_eq(p->out[p->n - 1].kind, WEIR_QUORUM_REVOKED);
	ck_assert_uint_eq(attach(p, 20, 4), WEIR_QUORUM_PENDING);
	pool(p, 11, 2, 1999, 5); /* a late word of before */
	ck_assert_uint_eq(p->out[0].answer, WEIR_QUORUM_OLD_EPOCH);
	pool(p, 11, 2, 3000, 6);
	if (any) { /* a new round: the other one has to announce itself again */
		ck_assert_uint_eq(p->out[0].kind, WEIR_QUORUM_RESET);
		ck_assert_uint_eq(p->n, 2);
		said_ready(p, 1, 1);
		pool(p, 10, 1, 1000, 7);
		said_ready(p, 2, 2);
	} else { /* the same round: open again, and not announced again */
		ck_assert_uint_eq(p->out[1].kind, WEIR_QUORUM_RESTORED);
		said_ready(p, 1, 1);
	}
	ck_assert_uint_eq(p->out[p->n - 1].id, 20);
	ck_assert_uint_eq(p->out[p->n - 1].answer, WEIR_QUORUM_GRANTED);
	free(p);
}
END_TEST

START_TEST(the_driver_goes_down)
{
	struct plane *p = malloc(sizeof(*p));
	struct weir_codec_message m;

	ck_assert_ptr_nonnull(p);
	start(p, WEIR_QUORUM_EPOCH_ANY, WEIR_QUORUM_WAIT);
	ck_assert_uint_eq(attach(p, 20, 1), WEIR_QUORUM_PENDING);
	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_SHUTDOWN;
	send(p, &m, 2);
	ck_assert_uint_eq(p->n, 1);
	ck_assert_uint_eq(p->out[0].id, 20);
	ck_assert_uint_eq(p->out[0].answer, WEIR_QUORUM_CLOSED);
	ck_assert_uint_eq(attach(p, 20, 3), WEIR_QUORUM_CLOSED);
	pool(p, 10, 1, 1000, 4);
	ck_assert_uint_eq(p->out[0].answer, WEIR_QUORUM_CLOSED);
	free(p);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("quorum_messages");
	TCase *t = tcase_create("quorum_messages");
	SRunner *run;
	int failed;

	tcase_add_test(t, attaching_waits_for_both_producers);
	tcase_add_test(t, or_is_refused);
	tcase_add_loop_test(t, a_restarted_producer, WEIR_QUORUM_EPOCH_OUTPUT,
			    WEIR_QUORUM_EPOCH_ANY + 1);
	tcase_add_test(t, the_driver_goes_down);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed == 0 ? 0 : 1;
}
