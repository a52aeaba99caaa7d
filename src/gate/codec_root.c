/* The root blocks, field by field: offsets as the schemas have them, which leave no gaps. A null in
 * a required field is refused; so is a clock domain that nobody can compare times in. Other numbers
 * whose meaning a later version may extend (why a lease was revoked, a role) are handed on as they
 * come: that it was revoked is what counts. */
#include "codec_internal.h"

#define NULL32 UINT32_MAX
#define NULL64 UINT64_MAX
#define NULL8 255u

static void load_map(const uint8_t *p, struct weir_codec_message *m)
{
	m->map.out = get32(p);
	m->map.epoch = get64(p + 4);
	m->map.stale_ns = get64(p + 12);
	m->map.lateness_ns = WEIR_MERGE_NO_LATENESS;
	m->map.kind = WEIR_MERGE_SEQUENCE;
}

static void store_map(uint8_t *p, const struct weir_codec_message *m)
{
	put32(p, m->map.out);
	put64(p + 4, m->map.epoch);
	put64(p + 12, m->map.stale_ns);
}

static void load_timestamp_map(const uint8_t *p, struct weir_codec_message *m)
{
	load_map(p, m);
	m->map.kind = WEIR_MERGE_TIMESTAMP;
	m->map.clock = p[20];
	m->map.lateness_ns = get64(p + 21);
}

static void store_timestamp_map(uint8_t *p, const struct weir_codec_message *m)
{
	store_map(p, m);
	p[20] = (uint8_t)m->map.clock;
	put64(p + 21, m->map.lateness_ns);
}

static void load_request(const uint8_t *p, struct weir_codec_message *m)
{
	m->request.out = get32(p);
	m->request.epoch = get64(p + 4);
}

static void store_request(uint8_t *p, const struct weir_codec_message *m)
{
	put32(p, m->request.out);
	put64(p + 4, m->request.epoch);
}

static void load_frame(const uint8_t *p, struct weir_codec_message *m)
{
	m->frame.stream = get32(p);
	m->frame.epoch = get64(p + 4);
	m->frame.seq = get64(p + 12);
	m->frame.time_ns = get64(p + 20);
	m->frame.meta_version = get32(p + 28);
	m->frame.trace_id = get64(p + 32);
	if (m->frame.trace_id == NULL64) /* some senders' null */
		m->frame.trace_id = WEIR_CODEC_NO_TRACE;
}

static void store_frame(uint8_t *p, const struct weir_codec_message *m)
{
	put32(p, m->frame.stream);
	put64(p + 4, m->frame.epoch);
	put64(p + 12, m->frame.seq);
	put64(p + 20, m->frame.time_ns);
	put32(p + 28, m->frame.meta_version);
	put64(p + 32, m->frame.trace_id);
}

static void load_pool(const uint8_t *p, struct weir_codec_message *m)
{
	m->pool.stream = get32(p);
	m->pool.producer = get32(p + 4);
	m->pool.epoch = get64(p + 8);
	m->pool.time_ns = get64(p + 16);
	m->pool.clock = p[24];
	m->pool.layout_version = get32(p + 25);
	m->pool.header_nslots = get32(p + 29);
	m->pool.header_slot_bytes = (uint16_t)get16(p + 33);
}

static void store_pool(uint8_t *p, const struct weir_codec_message *m)
{
	put32(p, m->pool.stream);
	put32(p + 4, m->pool.producer);
	put64(p + 8, m->pool.epoch);
	put64(p + 16, m->pool.time_ns);
	p[24] = (uint8_t)m->pool.clock;
	put32(p + 25, m->pool.layout_version);
	put32(p + 29, m->pool.header_nslots);
	put16(p + 33, m->pool.header_slot_bytes);
	put16(p + 35, 10); /* no pools, whose block has 10 bytes; and an empty place after them */
	put16(p + 37, 0);
	put32(p + 39, 0);
}

static void load_shutdown(const uint8_t *p, struct weir_codec_message *m)
{
	m->shutdown.time_ns = get64(p);
	m->shutdown.reason = p[8];
}

static void store_shutdown(uint8_t *p, const struct weir_codec_message *m)
{
	put64(p, m->shutdown.time_ns);
	p[8] = (uint8_t)m->shutdown.reason;
	put32(p + 9, 0); /* no message for people */
}

static void load_revoked(const uint8_t *p, struct weir_codec_message *m)
{
	m->revoked.time_ns = get64(p);
	m->revoked.lease = get64(p + 8);
	m->revoked.stream = get32(p + 16);
	m->revoked.client = get32(p + 20);
	m->revoked.role = p[24];
	m->revoked.reason = p[25];
}

static void store_revoked(uint8_t *p, const struct weir_codec_message *m)
{
	put64(p, m->revoked.time_ns);
	put64(p + 8, m->revoked.lease);
	put32(p + 16, m->revoked.stream);
	put32(p + 20, m->revoked.client);
	p[24] = (uint8_t)m->revoked.role;
	p[25] = (uint8_t)m->revoked.reason;
	put32(p + 26, 0); /* no message for people */
}

static void load_ready(const uint8_t *p, struct weir_codec_message *m)
{
	m->ready.out = get32(p);
	m->ready.epoch = get64(p + 4);
	m->ready.round = get64(p + 12);
	m->ready.time_ns = get64(p + 20);
	m->ready.participants = get32(p + 28);
}

static void store_ready(uint8_t *p, const struct weir_codec_message *m)
{
	put32(p, m->ready.out);
	put64(p + 4, m->ready.epoch);
	put64(p + 12, m->ready.round);
	put64(p + 20, m->ready.time_ns);
	put32(p + 28, m->ready.participants);
}

enum {
#define X(name, word, schema, id, block)                                                           \
	SCHEMA_##name = schema, ID_##name = id, BLOCK_##name = block,
	WEIR_CODEC_KINDS(X)
#undef X
};

#define SHAPE(name, tail, load, store)                                                             \
	[WEIR_CODEC_##name] = {SCHEMA_##name, ID_##name, BLOCK_##name, tail, load, store}

const struct codec_shape codec_shape[WEIR_CODEC_KIND_COUNT] = {
	SHAPE(SEQUENCE_MAP, 0, load_map, store_map),
	SHAPE(SEQUENCE_REQUEST, 0, load_request, store_request),
	SHAPE(TIMESTAMP_MAP, 0, load_timestamp_map, store_timestamp_map),
	SHAPE(TIMESTAMP_REQUEST, 0, load_request, store_request),
	SHAPE(FRAME, 0, load_frame, store_frame),
	SHAPE(POOL, 8, load_pool, store_pool),
	SHAPE(SHUTDOWN, 4, load_shutdown, store_shutdown),
	SHAPE(REVOKED, 4, load_revoked, store_revoked),
	SHAPE(READY, 0, load_ready, store_ready),
	SHAPE(ATTACH, 0, codec_load_attach, codec_store_attach),
	SHAPE(ATTACHED, 0, codec_load_attached, codec_store_attached),
	SHAPE(DETACH, 0, codec_load_detach, codec_store_detach),
	SHAPE(DETACHED, 0, codec_load_detached, codec_store_detached),
	SHAPE(KEEPALIVE, 0, codec_load_keepalive, codec_store_keepalive),
};

static int lacks_required(const struct weir_codec_message *m)
{
	switch (m->kind) {
	case WEIR_CODEC_SEQUENCE_MAP:
	case WEIR_CODEC_TIMESTAMP_MAP:
		return m->map.out == NULL32 || m->map.epoch == NULL64;
	case WEIR_CODEC_SEQUENCE_REQUEST:
	case WEIR_CODEC_TIMESTAMP_REQUEST:
		return m->request.out == NULL32 || m->request.epoch == NULL64;
	case WEIR_CODEC_FRAME:
		return m->frame.stream == NULL32 || m->frame.epoch == NULL64 ||
		       m->frame.seq == NULL64;
	case WEIR_CODEC_POOL:
		return m->pool.stream == NULL32 || m->pool.producer == NULL32 ||
		       m->pool.epoch == NULL64 || m->pool.time_ns == NULL64;
	case WEIR_CODEC_SHUTDOWN:
		return m->shutdown.time_ns == NULL64 || m->shutdown.reason >= NULL8;
	case WEIR_CODEC_REVOKED:
		return m->revoked.time_ns == NULL64 || m->revoked.lease == NULL64 ||
		       m->revoked.stream == NULL32 || m->revoked.client == NULL32 ||
		       m->revoked.role >= NULL8 || m->revoked.reason >= NULL8;
	case WEIR_CODEC_ATTACH:
	case WEIR_CODEC_ATTACHED:
	case WEIR_CODEC_DETACH:
	case WEIR_CODEC_DETACHED:
	case WEIR_CODEC_KEEPALIVE:
		return codec_lease_lacks(m);
	default:
		return m->ready.out == NULL32 || m->ready.epoch == NULL64 ||
		       m->ready.round == NULL64 || m->ready.participants == NULL32;
	}
}

static int clock_is_known(uint32_t clock)
{
	return clock == WEIR_MERGE_MONOTONIC || clock == WEIR_MERGE_REALTIME_SYNCED;
}

enum weir_codec_reason codec_check_root(const struct weir_codec_message *m)
{
	if (lacks_required(m))
		return WEIR_CODEC_REQUIRED_NULL;
	if (m->kind == WEIR_CODEC_TIMESTAMP_MAP && !clock_is_known(m->map.clock))
		return WEIR_CODEC_CLOCK_DOMAIN;
	if (m->kind == WEIR_CODEC_POOL && !clock_is_known(m->pool.clock))
		return WEIR_CODEC_CLOCK_DOMAIN;
	if (m->kind == WEIR_CODEC_ATTACHED && codec_attached_lacks(&m->attached))
		return WEIR_CODEC_INCOMPLETE;
	return WEIR_CODEC_OK;
}
