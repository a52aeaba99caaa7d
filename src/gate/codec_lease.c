/* The root blocks of leases: asking, answering, keeping alive, giving back. Roles, modes and codes
 * are handed on as they come; what to say to an unknown one is the driver's decision. */
#include "codec_internal.h"

#define NULL8 255u

void codec_load_attach(const uint8_t *p, struct weir_codec_message *m)
{
	m->attach.correlation = (int64_t)get64(p);
	m->attach.stream = get32(p + 8);
	m->attach.client = get32(p + 12);
	m->attach.role = p[16];
	m->attach.layout_version = get32(p + 17);
	m->attach.publish_mode = p[21];
	m->attach.hugepages = p[22];
	m->attach.node = get32(p + 23);
}

void codec_store_attach(uint8_t *p, const struct weir_codec_message *m)
{
	put64(p, (uint64_t)m->attach.correlation);
	put32(p + 8, m->attach.stream);
	put32(p + 12, m->attach.client);
	p[16] = (uint8_t)m->attach.role;
	put32(p + 17, m->attach.layout_version);
	p[21] = (uint8_t)m->attach.publish_mode;
	p[22] = (uint8_t)m->attach.hugepages;
	put32(p + 23, m->attach.node);
}

void codec_load_attached(const uint8_t *p, struct weir_codec_message *m)
{
	m->attached.correlation = (int64_t)get64(p);
	m->attached.code = (int32_t)get32(p + 8);
	m->attached.lease = get64(p + 12);
	m->attached.expiry_ns = get64(p + 20);
	m->attached.stream = get32(p + 28);
	m->attached.epoch = get64(p + 32);
	m->attached.layout_version = get32(p + 40);
	m->attached.header_nslots = get32(p + 44);
	m->attached.header_slot_bytes = get16(p + 48);
	m->attached.node = get32(p + 50);
}

void codec_store_attached(uint8_t *p, const struct weir_codec_message *m)
{
	put64(p, (uint64_t)m->attached.correlation);
	put32(p + 8, (uint32_t)m->attached.code);
	put64(p + 12, m->attached.lease);
	put64(p + 20, m->attached.expiry_ns);
	put32(p + 28, m->attached.stream);
	put64(p + 32, m->attached.epoch);
	put32(p + 40, m->attached.layout_version);
	put32(p + 44, m->attached.header_nslots);
	put16(p + 48, m->attached.header_slot_bytes);
	put32(p + 50, m->attached.node);
}

void codec_load_detach(const uint8_t *p, struct weir_codec_message *m)
{
	m->detach.correlation = (int64_t)get64(p);
	m->detach.lease = get64(p + 8);
	m->detach.stream = get32(p + 16);
	m->detach.client = get32(p + 20);
	m->detach.role = p[24];
}

void codec_store_detach(uint8_t *p, const struct weir_codec_message *m)
{
	put64(p, (uint64_t)m->detach.correlation);
	put64(p + 8, m->detach.lease);
	put32(p + 16, m->detach.stream);
	put32(p + 20, m->detach.client);
	p[24] = (uint8_t)m->detach.role;
}

void codec_load_detached(const uint8_t *p, struct weir_codec_message *m)
{
	m->detached.correlation = (int64_t)get64(p);
	m->detached.code = (int32_t)get32(p + 8);
}

void codec_store_detached(uint8_t *p, const struct weir_codec_message *m)
{
	put64(p, (uint64_t)m->detached.correlation);
	put32(p + 8, (uint32_t)m->detached.code);
}

void codec_load_keepalive(const uint8_t *p, struct weir_codec_message *m)
{
	m->keepalive.lease = get64(p);
	m->keepalive.stream = get32(p + 8);
	m->keepalive.client = get32(p + 12);
	m->keepalive.role = p[16];
	m->keepalive.time_ns = get64(p + 17);
}

void codec_store_keepalive(uint8_t *p, const struct weir_codec_message *m)
{
	put64(p, m->keepalive.lease);
	put32(p + 8, m->keepalive.stream);
	put32(p + 12, m->keepalive.client);
	p[16] = (uint8_t)m->keepalive.role;
	put64(p + 17, m->keepalive.time_ns);
}

static int attach_lacks(const struct weir_codec_attach *a)
{
	return a->correlation == INT64_MIN || a->stream == UINT32_MAX || a->client == UINT32_MAX ||
	       a->role >= NULL8 || a->layout_version == UINT32_MAX ||
	       a->publish_mode > WEIR_CODEC_NO_MODE || a->hugepages >= NULL8;
}

int codec_lease_lacks(const struct weir_codec_message *m)
{
	switch (m->kind) {
	case WEIR_CODEC_ATTACH:
		return attach_lacks(&m->attach);
	case WEIR_CODEC_ATTACHED:
		return m->attached.correlation == INT64_MIN || m->attached.code == INT32_MIN ||
		       m->attached.header_slot_bytes > WEIR_CODEC_NO_U16;
	case WEIR_CODEC_DETACH:
		return m->detach.correlation == INT64_MIN || m->detach.lease == UINT64_MAX ||
		       m->detach.stream == UINT32_MAX || m->detach.client == UINT32_MAX ||
		       m->detach.role >= NULL8;
	case WEIR_CODEC_DETACHED:
		return m->detached.correlation == INT64_MIN || m->detached.code == INT32_MIN;
	default:
		return m->keepalive.lease == UINT64_MAX || m->keepalive.stream == UINT32_MAX ||
		       m->keepalive.client == UINT32_MAX || m->keepalive.role >= NULL8 ||
		       m->keepalive.time_ns == UINT64_MAX;
	}
}

int codec_attached_lacks(const struct weir_codec_attached *a)
{
	return a->code == WEIR_CODEC_CODE_OK &&
	       (a->lease == WEIR_CODEC_NO_U64 || a->expiry_ns == WEIR_CODEC_NO_U64 ||
		a->epoch == WEIR_CODEC_NO_U64 || a->stream == WEIR_CODEC_NO_U32 ||
		a->layout_version == WEIR_CODEC_NO_U32 || a->header_nslots == WEIR_CODEC_NO_U32 ||
		a->node == WEIR_CODEC_NO_U32 || a->header_slot_bytes != WEIR_CODEC_SLOT_BYTES);
}
