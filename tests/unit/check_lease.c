/* A participant's lease, rule by rule. */
#include <check.h>
#include <string.h>

#include <weir/lease.h>

static struct weir_lease lease;
static struct weir_lease_action did[WEIR_LEASE_ACTIONS_MAX];
static uint32_t n_did;

static struct weir_lease_config config(uint32_t role)
{
	struct weir_lease_config c = {.struct_size = sizeof(c),
				      .stream = 1,
				      .client = 7,
				      .role = role,
				      .publish_mode = WEIR_CODEC_NO_MODE,
				      .node = WEIR_CODEC_NO_U32,
				      .keepalive_ns = 100,
				      .timeout_ns = 1000,
				      .retry_ns = 10,
				      .retry_max_ns = 40,
				      .silence_ns = 3000,
				      .correlation = 50};

	return c;
}

static void begin(uint32_t role)
{
	struct weir_lease_config c = config(role);

	ck_assert_int_eq(weir_lease_init(&lease, &c, 0, NULL), WEIR_OK);
	ck_assert_uint_eq(lease.state, WEIR_LEASE_IDLE);
	ck_assert_uint_eq(weir_lease_next_ns(&lease), WEIR_NS_NEVER);
}

static void happens(uint32_t kind, weir_ns now)
{
	struct weir_lease_event e = {.kind = kind};

	ck_assert_int_eq(weir_lease_step(&lease, &e, now, did, 2, &n_did), WEIR_OK);
}

static void hears(const struct weir_codec_message *m, weir_ns now)
{
	struct weir_lease_event e = {.kind = WEIR_LEASE_MESSAGE, .message = m};

	ck_assert_int_eq(weir_lease_step(&lease, &e, now, did, 2, &n_did), WEIR_OK);
}

static void answered(int64_t correlation, int32_t code, weir_ns now)
{
	struct weir_codec_message m;

	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_ATTACHED;
	m.attached.correlation = correlation;
	m.attached.code = code;
	m.attached.stream = 1;
	m.attached.lease = 33;
	m.attached.epoch = 44;
	hears(&m, now);
}

static void revoked(uint64_t which, weir_ns now)
{
	struct weir_codec_message m;

	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_REVOKED;
	m.revoked.lease = which;
	m.revoked.client = 7;
	m.revoked.reason = WEIR_CODEC_END_EXPIRED;
	hears(&m, now);
}

static void announced(uint64_t epoch, uint32_t producer, weir_ns now)
{
	struct weir_codec_message m;

	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_POOL;
	m.pool.stream = 1;
	m.pool.epoch = epoch;
	m.pool.producer = producer;
	hears(&m, now);
}

/* Exactly one action, of that kind. */
static void only(enum weir_lease_action_kind kind)
{
	ck_assert_uint_eq(n_did, 1);
	ck_assert_uint_eq(did[0].kind, (uint32_t)kind);
}

static void sent(enum weir_codec_kind kind)
{
	only(WEIR_LEASE_SEND);
	ck_assert_uint_eq(did[0].message.kind, (uint32_t)kind);
}

static void attach(uint32_t role)
{
	begin(role);
	happens(WEIR_LEASE_START, 0);
	sent(WEIR_CODEC_ATTACH);
	answered(50, WEIR_CODEC_CODE_OK, 5);
	only(WEIR_LEASE_GRANTED);
	ck_assert_uint_eq(did[0].lease, 33);
	ck_assert_uint_eq(did[0].epoch, 44);
	ck_assert_uint_eq(did[0].message.attached.lease, 33);
	ck_assert_uint_eq(lease.state, WEIR_LEASE_ATTACHED);
}

/* The same request at growing intervals, and then no more. */
START_TEST(asks_again)
{
	static const weir_ns when[] = {10, 30, 70, 110, 150};
	unsigned i;

	begin(WEIR_CODEC_ROLE_PRODUCER);
	happens(WEIR_LEASE_START, 0);
	sent(WEIR_CODEC_ATTACH);
	ck_assert_int_eq(did[0].message.attach.correlation, 50);
	ck_assert_uint_eq(did[0].message.attach.client, 7);
	for (i = 0; i < 5; i++) {
		ck_assert_uint_eq(weir_lease_next_ns(&lease), when[i]);
		happens(WEIR_LEASE_TICK, when[i] - 1);
		ck_assert_uint_eq(n_did, 0);
		happens(WEIR_LEASE_TICK, when[i]);
		sent(WEIR_CODEC_ATTACH);
		ck_assert_int_eq(did[0].message.attach.correlation, 50);
	}
	happens(WEIR_LEASE_TICK, 1000);
	only(WEIR_LEASE_GAVE_UP);
	ck_assert_uint_eq(lease.state, WEIR_LEASE_FAILED);
	answered(50, WEIR_CODEC_CODE_OK, 1001);
	ck_assert_uint_eq(n_did, 0);
	happens(WEIR_LEASE_START, 1002);
	sent(WEIR_CODEC_ATTACH);
	ck_assert_int_eq(did[0].message.attach.correlation, 51);
}
END_TEST

START_TEST(refusals)
{
	begin(WEIR_CODEC_ROLE_PRODUCER);
	happens(WEIR_LEASE_START, 0);
	answered(49, WEIR_CODEC_CODE_REJECTED, 1); /* somebody else's */
	ck_assert_uint_eq(n_did, 0);
	answered(50, WEIR_CODEC_CODE_REJECTED, 1);
	only(WEIR_LEASE_REFUSED);
	ck_assert_int_eq(did[0].code, WEIR_CODEC_CODE_REJECTED);
	happens(WEIR_LEASE_TICK, 21);
	sent(WEIR_CODEC_ATTACH);
	ck_assert_int_eq(did[0].message.attach.correlation, 51);
	/* an OK that the refusal overtook counts */
	answered(50, WEIR_CODEC_CODE_OK, 22);
	only(WEIR_LEASE_GRANTED);
	begin(WEIR_CODEC_ROLE_PRODUCER);
	happens(WEIR_LEASE_START, 0);
	answered(50, WEIR_CODEC_CODE_INVALID_PARAMS, 1);
	only(WEIR_LEASE_REFUSED);
	ck_assert_uint_eq(lease.state, WEIR_LEASE_FAILED);
	ck_assert_uint_eq(weir_lease_next_ns(&lease), WEIR_NS_NEVER);
}
END_TEST

START_TEST(keeps_alive)
{
	attach(WEIR_CODEC_ROLE_CONSUMER);
	answered(50, WEIR_CODEC_CODE_OK, 6); /* a repeat */
	ck_assert_uint_eq(n_did, 0);
	ck_assert_uint_eq(weir_lease_next_ns(&lease), 105);
	happens(WEIR_LEASE_TICK, 104);
	ck_assert_uint_eq(n_did, 0);
	happens(WEIR_LEASE_TICK, 105);
	sent(WEIR_CODEC_KEEPALIVE);
	ck_assert_uint_eq(did[0].message.keepalive.lease, 33);
	ck_assert_uint_eq(did[0].message.keepalive.time_ns, 105);
	announced(44, 3, 106);
	ck_assert_uint_eq(n_did, 0);
	announced(45, 3, 106);
	only(WEIR_LEASE_EPOCH);
	ck_assert_uint_eq(did[0].epoch, 45);
	announced(44, 3, 107);
	ck_assert_uint_eq(n_did, 0);
}
END_TEST

START_TEST(losing_it)
{
	struct weir_codec_message m;

	attach(WEIR_CODEC_ROLE_PRODUCER);
	revoked(34, 6);
	ck_assert_uint_eq(n_did, 0);
	revoked(33, 6);
	only(WEIR_LEASE_LOST);
	ck_assert_int_eq(did[0].code, WEIR_CODEC_END_EXPIRED);
	revoked(33, 6);
	ck_assert_uint_eq(n_did, 0);
	happens(WEIR_LEASE_TICK, 16);
	sent(WEIR_CODEC_ATTACH);
	ck_assert_int_eq(did[0].message.attach.correlation, 51);
	answered(50, WEIR_CODEC_CODE_OK, 17); /* of the lease that is lost */
	ck_assert_uint_eq(n_did, 0);

	attach(WEIR_CODEC_ROLE_PRODUCER);
	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_SHUTDOWN;
	hears(&m, 6);
	only(WEIR_LEASE_LOST);
	ck_assert_int_eq(did[0].code, WEIR_LEASE_LOST_SHUTDOWN);

	attach(WEIR_CODEC_ROLE_PRODUCER);
	announced(45, 7, 6); /* still ours */
	only(WEIR_LEASE_EPOCH);
	announced(46, 0, 6);
	only(WEIR_LEASE_LOST);
	ck_assert_int_eq(did[0].code, WEIR_LEASE_LOST_SUCCESSOR);

	attach(WEIR_CODEC_ROLE_PRODUCER);
	happens(WEIR_LEASE_TICK, 3004);
	sent(WEIR_CODEC_KEEPALIVE);
	happens(WEIR_LEASE_TICK, 3005);
	only(WEIR_LEASE_LOST);
	ck_assert_int_eq(did[0].code, WEIR_LEASE_LOST_SILENCE);
}
END_TEST

START_TEST(giving_back)
{
	struct weir_codec_message m;

	attach(WEIR_CODEC_ROLE_PRODUCER);
	happens(WEIR_LEASE_STOP, 10);
	sent(WEIR_CODEC_DETACH);
	ck_assert_uint_eq(did[0].message.detach.lease, 33);
	happens(WEIR_LEASE_TICK, 20);
	sent(WEIR_CODEC_DETACH);
	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_DETACHED;
	m.detached.correlation = 50;
	hears(&m, 21);
	ck_assert_uint_eq(n_did, 0);
	m.detached.correlation = 51;
	hears(&m, 21);
	only(WEIR_LEASE_ENDED);
	ck_assert_uint_eq(lease.state, WEIR_LEASE_IDLE);
	attach(WEIR_CODEC_ROLE_PRODUCER);
	happens(WEIR_LEASE_STOP, 10);
	revoked(33, 11);
	only(WEIR_LEASE_ENDED);
	attach(WEIR_CODEC_ROLE_PRODUCER);
	happens(WEIR_LEASE_STOP, 10);
	happens(WEIR_LEASE_TICK, 1010);
	only(WEIR_LEASE_ENDED);
	begin(WEIR_CODEC_ROLE_PRODUCER);
	happens(WEIR_LEASE_START, 0);
	happens(WEIR_LEASE_STOP, 1);
	only(WEIR_LEASE_ENDED);
	happens(WEIR_LEASE_STOP, 2);
	ck_assert_uint_eq(n_did, 0);
}
END_TEST

START_TEST(misuse)
{
	struct weir_lease_config c = config(WEIR_CODEC_ROLE_PRODUCER);
	struct weir_lease_event e = {.kind = WEIR_LEASE_MESSAGE};
	struct weir_error err;

	c.stream = 0;
	ck_assert_int_eq(weir_lease_init(&lease, &c, 0, &err), -EINVAL);
	ck_assert_str_eq(err.what, "lease: stream");
	c = config(4);
	ck_assert_int_eq(weir_lease_init(&lease, &c, 0, &err), -EINVAL);
	c = config(1);
	c.retry_max_ns = 9;
	ck_assert_int_eq(weir_lease_init(&lease, &c, 0, &err), -EINVAL);
	c = config(1);
	c.correlation = -1;
	ck_assert_int_eq(weir_lease_init(&lease, &c, 0, &err), -EINVAL);
	begin(1);
	ck_assert_int_eq(weir_lease_step(&lease, &e, 0, did, 2, &n_did), -EINVAL);
	e.kind = WEIR_LEASE_TICK;
	ck_assert_int_eq(weir_lease_step(&lease, &e, 0, did, 1, &n_did), -ENOBUFS);
	e.kind = WEIR_LEASE_EVENT_COUNT;
	ck_assert_int_eq(weir_lease_step(&lease, &e, 0, did, 2, &n_did), -EINVAL);
	ck_assert_str_eq(weir_lease_state_name(WEIR_LEASE_FAILED), "FAILED");
	ck_assert_str_eq(weir_lease_event_name(WEIR_LEASE_STOP), "STOP");
	ck_assert_str_eq(weir_lease_action_name(WEIR_LEASE_GAVE_UP), "GAVE_UP");
	ck_assert_str_eq(weir_lease_action_name(99), "?");
	ck_assert_uint_eq(weir_lease_stat_count,
			  (sizeof(struct weir_lease_stats) - 8) / sizeof(uint64_t));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lease");
	TCase *t = tcase_create("lease");
	SRunner *run;
	int failed;

	tcase_add_test(t, asks_again);
	tcase_add_test(t, refusals);
	tcase_add_test(t, keeps_alive);
	tcase_add_test(t, losing_it);
	tcase_add_test(t, giving_back);
	tcase_add_test(t, misuse);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed == 0 ? 0 : 1;
}
