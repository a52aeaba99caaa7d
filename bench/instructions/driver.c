/* The driver's machine and a participant's lease. */
#include <string.h>

#include <weir/driver.h>
#include <weir/lease.h>

#include "cases.h"

#define ROOM (256u << 10)
#define FAR UINT64_C(1000000000) /* that long, nothing is due */

static struct weir_driver driver;
static struct weir_lease lease;
static struct weir_codec_message said[WEIR_DRIVER_MESSAGES_MAX];
static uint8_t places[256], bytes[1024];
static size_t length;
static uint32_t n_said;

static void encode(const struct weir_codec_message *m)
{
	COUNT_MUST(weir_codec_encode(m, bytes, sizeof(bytes), &length, NULL) == WEIR_OK);
}

static void tell(weir_ns now)
{
	struct weir_driver_event e;

	memset(&e, 0, sizeof(e));
	e.kind = WEIR_DRIVER_BYTES;
	e.bytes = bytes;
	e.len = length;
	COUNT_MUST(weir_driver_step(&driver, &e, now, said, WEIR_DRIVER_MESSAGES_MAX, &n_said) ==
		   WEIR_OK);
}

static struct weir_codec_message attach_request(uint32_t client)
{
	struct weir_codec_message m;

	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_ATTACH;
	m.attach.correlation = 1;
	m.attach.stream = 1;
	m.attach.client = client;
	m.attach.role = WEIR_CODEC_ROLE_CONSUMER;
	m.attach.publish_mode = WEIR_CODEC_NO_MODE;
	m.attach.node = WEIR_CODEC_NO_U32;
	return m;
}

/* A driver of one stream with `size` consumers; the bytes are those of the last one's request. */
static void set(uint32_t size, uint64_t rounds)
{
	struct weir_codec_region pool = {.uri = {"pool", 4, 0}, .nslots = 8, .stride = 64};
	struct weir_span mem = {count_arena(ROOM), ROOM};
	struct weir_driver_stream_config stream;
	struct weir_driver_config cfg;
	struct weir_codec_message m;
	uint32_t i;

	(void)rounds;
	memset(&cfg, 0, sizeof(cfg));
	cfg.struct_size = sizeof(cfg);
	cfg.streams = 4;
	cfg.leases = 64;
	cfg.grace = 3;
	cfg.keepalive_ns = cfg.announce_ns = FAR;
	cfg.incarnation = 5000;
	cfg.seed = 1;
	COUNT_MUST(weir_driver_init(&driver, &cfg, mem, 0, NULL) == WEIR_OK);
	memset(&stream, 0, sizeof(stream));
	stream.id = 1;
	stream.clock = WEIR_MERGE_MONOTONIC;
	stream.layout_version = 1;
	stream.header_nslots = 8;
	COUNT_MUST(weir_codec_regions_make(places, sizeof(places), "ring", &pool, 1,
					   &stream.regions, NULL) == WEIR_OK);
	COUNT_MUST(weir_driver_add(&driver, &stream, 0, NULL) == WEIR_OK);
	for (i = 1; i <= size; i++) {
		m = attach_request(i);
		encode(&m);
		tell(1);
		COUNT_MUST(said[0].kind == WEIR_CODEC_ATTACHED && said[0].attached.code == 0);
	}
}

static void set_keepalive(uint32_t size, uint64_t rounds)
{
	struct weir_codec_message m;

	set(size, rounds);
	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_KEEPALIVE;
	m.keepalive.lease = weir_driver_find_lease(&driver, size)->lease;
	m.keepalive.stream = 1;
	m.keepalive.client = size;
	m.keepalive.role = WEIR_CODEC_ROLE_CONSUMER;
	encode(&m);
}

static void set_frame(uint32_t size, uint64_t rounds)
{
	struct weir_codec_message m;

	set(size, rounds);
	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_FRAME;
	m.frame.stream = 1;
	m.frame.epoch = 1;
	m.frame.time_ns = WEIR_MERGE_TIME_NULL;
	m.frame.meta_version = WEIR_CODEC_NO_META;
	encode(&m);
}

/* The same bytes again and again: a repeated request is answered with the same lease. */
static void steps(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	for (i = 0; i < rounds; i++)
		tell(2 + i);
}

static void tick(uint32_t size, uint64_t rounds)
{
	struct weir_driver_event e;
	uint64_t i;

	(void)size;
	memset(&e, 0, sizeof(e));
	e.kind = WEIR_DRIVER_TICK;
	for (i = 0; i < rounds; i++) {
		COUNT_MUST(weir_driver_step(&driver, &e, 2 + i, said, WEIR_DRIVER_MESSAGES_MAX,
					    &n_said) == WEIR_OK &&
			   n_said == 0);
		COUNT_MUST(weir_driver_next_ns(&driver) > FAR);
	}
}

/* ---- a lease ---- */

static void lease_step(uint32_t kind, const struct weir_codec_message *m, weir_ns now,
		       uint32_t actions)
{
	struct weir_lease_event e = {.kind = kind, .message = m};
	struct weir_lease_action did[WEIR_LEASE_ACTIONS_MAX];
	uint32_t n;

	COUNT_MUST(weir_lease_step(&lease, &e, now, did, WEIR_LEASE_ACTIONS_MAX, &n) == WEIR_OK &&
		   n == actions);
}

static void set_lease(uint32_t size, uint64_t rounds)
{
	struct weir_lease_config c = {.struct_size = sizeof(c),
				      .stream = 1,
				      .client = 7,
				      .role = WEIR_CODEC_ROLE_CONSUMER,
				      .publish_mode = WEIR_CODEC_NO_MODE,
				      .node = WEIR_CODEC_NO_U32,
				      .keepalive_ns = 100,
				      .timeout_ns = 1000,
				      .retry_ns = 10,
				      .retry_max_ns = 40,
				      .silence_ns = WEIR_NS_NEVER,
				      .correlation = 50};
	struct weir_codec_message m;

	(void)size;
	(void)rounds;
	COUNT_MUST(weir_lease_init(&lease, &c, 0, NULL) == WEIR_OK);
	lease_step(WEIR_LEASE_START, NULL, 0, 1);
	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_ATTACHED;
	m.attached.correlation = 50;
	m.attached.stream = 1;
	m.attached.lease = 33;
	m.attached.epoch = 44;
	lease_step(WEIR_LEASE_MESSAGE, &m, 0, 1);
	COUNT_MUST(lease.state == WEIR_LEASE_ATTACHED);
}

static void renew(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	for (i = 1; i <= rounds; i++)
		lease_step(WEIR_LEASE_TICK, NULL, 100 * i, 1);
}

static void quiet(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	for (i = 1; i <= rounds; i++)
		lease_step(WEIR_LEASE_TICK, NULL, 0, 0);
}

static const struct count_case cases[] = {
	{"driver attach again", "a request that had its answer, answered again", set, steps, 8, 1,
	 64},
	{"driver keepalive", "a sign of life of one of 8 clients", set_keepalive, steps, 8, 1, 64},
	{"driver frame", "a frame descriptor of a stream", set_frame, steps, 8, 1, 64},
	{"driver tick idle", "nothing is due, and when something is", set, tick, 8, 1, 64},
	{"lease renew", "a tick that is due: a sign of life is to be sent", set_lease, renew, 0, 1,
	 64},
	{"lease tick idle", "a tick that is not due", set_lease, quiet, 0, 1, 64},
};
const struct count_table count_driver = COUNT_TABLE(cases);
