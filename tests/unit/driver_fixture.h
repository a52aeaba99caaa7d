/* A driver with its storage, and requests as bytes. */
#ifndef WEIR_TESTS_DRIVER_FIXTURE_H
#define WEIR_TESTS_DRIVER_FIXTURE_H

#include <string.h>

#include <weir/driver.h>

#define KEEPALIVE 100u
#define GRACE 3u
#define ANNOUNCE 1000u
#define CAP WEIR_DRIVER_MESSAGES_MAX

static struct weir_driver driver;
static _Alignas(8) unsigned char driver_room[1u << 18], quorum_room[1u << 16];
static uint8_t places[256];
static struct weir_quorum gate;
static struct weir_codec_message said[CAP];
static uint32_t n_said;

static inline struct weir_driver_config driver_config(uint32_t streams, uint32_t leases)
{
	struct weir_driver_config c = {.struct_size = sizeof(c),
				       .streams = streams,
				       .leases = leases,
				       .grace = GRACE,
				       .keepalive_ns = KEEPALIVE,
				       .announce_ns = ANNOUNCE,
				       .incarnation = 5000,
				       .seed = 1};

	return c;
}

static inline struct weir_driver_stream_config stream_config(uint32_t id)
{
	struct weir_driver_stream_config c;
	struct weir_codec_region pool = {.uri = {"pool", 4, 0}, .nslots = 8, .stride = 64};
	int rc;

	memset(&c, 0, sizeof(c));
	c.id = id;
	c.clock = WEIR_MERGE_MONOTONIC;
	c.layout_version = 1;
	c.header_nslots = 8;
	rc = weir_codec_regions_make(places, sizeof(places), "ring", &pool, 1, &c.regions, NULL);
	if (rc != WEIR_OK)
		c.id = 0;
	return c;
}

/* One producer each on streams 1 and 2 before anybody attaches to stream 9. */
static inline int make_gate(uint32_t shut, uint32_t epochs, weir_ns timeout)
{
	static const struct weir_quorum_criterion both[] = {
		{.role = WEIR_QUORUM_PRODUCER, .stream = 1, .count = 1},
		{.role = WEIR_QUORUM_PRODUCER, .stream = 2, .count = 1}};
	struct weir_quorum_config c = {.struct_size = sizeof(c),
				       .out_stream = 9,
				       .participants = 16,
				       .requests = 16,
				       .ncriteria = 2,
				       .criteria = both,
				       .epochs = epochs,
				       .loss = WEIR_QUORUM_REVOKE,
				       .shut = shut,
				       .timeout_ns = timeout,
				       .retry_ns = 10,
				       .retry_limit = UINT32_MAX,
				       .stale_ns = WEIR_NS_NEVER};

	return weir_quorum_init(&gate, &c, (struct weir_span){quorum_room, sizeof(quorum_room)}, 0,
				NULL);
}

static inline struct weir_codec_message attach_request(uint32_t client, uint32_t stream,
						       uint32_t role, int64_t correlation)
{
	struct weir_codec_message m;

	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_ATTACH;
	m.attach.correlation = correlation;
	m.attach.stream = stream;
	m.attach.client = client;
	m.attach.role = role;
	m.attach.publish_mode = WEIR_CODEC_NO_MODE;
	m.attach.node = WEIR_CODEC_NO_U32;
	return m;
}

/* Any message to the driver, as bytes. */
static inline int tell(const struct weir_codec_message *m, weir_ns now)
{
	static uint8_t bytes[1024];
	struct weir_driver_event e = {.kind = WEIR_DRIVER_BYTES, .bytes = bytes};
	int rc = weir_codec_encode(m, bytes, sizeof(bytes), &e.len, NULL);

	return rc != WEIR_OK ? rc : weir_driver_step(&driver, &e, now, said, CAP, &n_said);
}

static inline int tell_detach(const struct weir_driver_lease *l, int64_t correlation, weir_ns now)
{
	struct weir_codec_message m;

	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_DETACH;
	m.detach.correlation = correlation;
	m.detach.lease = l->lease;
	m.detach.stream = l->stream;
	m.detach.client = l->link.id;
	m.detach.role = l->role;
	return tell(&m, now);
}

static inline int tell_keepalive(uint32_t client, uint64_t lease, uint32_t stream, uint32_t role,
				 weir_ns now)
{
	struct weir_codec_message m;

	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_KEEPALIVE;
	m.keepalive.lease = lease;
	m.keepalive.stream = stream;
	m.keepalive.client = client;
	m.keepalive.role = role;
	return tell(&m, now);
}

static inline int happens(uint32_t kind, uint32_t client, weir_ns now)
{
	struct weir_driver_event e = {.kind = kind, .client = client};

	return weir_driver_step(&driver, &e, now, said, CAP, &n_said);
}

#endif
