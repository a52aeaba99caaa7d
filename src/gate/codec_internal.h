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

#endif
