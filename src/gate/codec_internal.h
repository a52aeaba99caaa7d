/* What decoder and encoder share: bytes, the fields of the root blocks, and what is wrong with
 * them. */
#ifndef WEIR_SRC_GATE_CODEC_INTERNAL_H
#define WEIR_SRC_GATE_CODEC_INTERNAL_H

#include <weir/codec.h>

/* Loads and stores by bytes: right at any address and on any processor. */
static inline uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static inline uint32_t get32(const uint8_t *p)
{
	return get16(p) | get16(p + 2) << 16;
}

static inline uint64_t get64(const uint8_t *p)
{
	return (uint64_t)get32(p) | (uint64_t)get32(p + 4) << 32;
}

static inline void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v);
	put16(p + 2, v >> 16);
}

static inline void put64(uint8_t *p, uint64_t v)
{
	put32(p, (uint32_t)v);
	put32(p + 4, (uint32_t)(v >> 32));
}

/* A kind's place on the wire, and its root block. */
struct codec_shape {
	uint16_t schema, id, block;
	uint16_t tail; /* bytes after the root block that the encoder adds: empty groups and data */
	void (*load)(const uint8_t *p, struct weir_codec_message *m);
	void (*store)(uint8_t *p, const struct weir_codec_message *m);
};
extern const struct codec_shape codec_shape[WEIR_CODEC_KIND_COUNT];

#define CODEC_SEQUENCE_RULE 13u /* bytes */
#define CODEC_TIMESTAMP_RULE 22u

static inline int codec_is_map(unsigned kind)
{
	return kind == WEIR_CODEC_SEQUENCE_MAP || kind == WEIR_CODEC_TIMESTAMP_MAP;
}

static inline uint32_t codec_rule_bytes(unsigned kind)
{
	return kind == WEIR_CODEC_SEQUENCE_MAP ? CODEC_SEQUENCE_RULE : CODEC_TIMESTAMP_RULE;
}

/* The first fault of the root block's fields. */
enum weir_codec_reason codec_check_root(const struct weir_codec_message *m);

static inline int codec_has_data(unsigned kind)
{
	return kind == WEIR_CODEC_ATTACHED || kind == WEIR_CODEC_DETACHED;
}

/* What follows the root block of an answer, from p of `left` bytes: adds to m->consumed what it
 * took, and sets regions and text. */
enum weir_codec_reason codec_load_data(const uint8_t *p, size_t left, struct weir_codec_message *m);

/* The same for the encoder: the first fault, the bytes that it takes, and the bytes themselves. */
enum weir_codec_reason codec_check_data(const struct weir_codec_message *m);
size_t codec_data_length(const struct weir_codec_message *m);
void codec_store_data(uint8_t *p, const struct weir_codec_message *m);

/* The root blocks of leases. */
void codec_load_attach(const uint8_t *p, struct weir_codec_message *m);
void codec_store_attach(uint8_t *p, const struct weir_codec_message *m);
void codec_load_attached(const uint8_t *p, struct weir_codec_message *m);
void codec_store_attached(uint8_t *p, const struct weir_codec_message *m);
void codec_load_detach(const uint8_t *p, struct weir_codec_message *m);
void codec_store_detach(uint8_t *p, const struct weir_codec_message *m);
void codec_load_detached(const uint8_t *p, struct weir_codec_message *m);
void codec_store_detached(uint8_t *p, const struct weir_codec_message *m);
void codec_load_keepalive(const uint8_t *p, struct weir_codec_message *m);
void codec_store_keepalive(uint8_t *p, const struct weir_codec_message *m);

/* Whether a required field of such a message holds its null, or more than its width. */
int codec_lease_lacks(const struct weir_codec_message *m);
/* Whether an answer of OK has all the numbers it needs. */
int codec_attached_lacks(const struct weir_codec_attached *a);

#endif
