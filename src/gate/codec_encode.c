/* From messages to bytes, of version 1. What the decoder would refuse is refused here, with the same
 * reasons in the same order, before anything is written. */
#include <string.h>

#include "codec_internal.h"

size_t weir_codec_map_length(enum weir_merge_kind kind, uint32_t n_rules)
{
	unsigned k =
		kind == WEIR_MERGE_SEQUENCE ? WEIR_CODEC_SEQUENCE_MAP : WEIR_CODEC_TIMESTAMP_MAP;

	if ((kind != WEIR_MERGE_SEQUENCE && kind != WEIR_MERGE_TIMESTAMP) ||
	    n_rules > WEIR_MERGE_RULES_MAX)
		return 0;
	return WEIR_CODEC_HEADER + codec_shape[k].block + WEIR_CODEC_GROUP_HEADER +
	       (size_t)n_rules * codec_rule_bytes(k);
}

static enum weir_merge_kind map_kind(unsigned kind)
{
	return kind == WEIR_CODEC_SEQUENCE_MAP ? WEIR_MERGE_SEQUENCE : WEIR_MERGE_TIMESTAMP;
}

size_t weir_codec_length(const struct weir_codec_message *m)
{
	if (m->kind >= WEIR_CODEC_KIND_COUNT)
		return 0;
	if (codec_is_map(m->kind))
		return weir_codec_map_length(map_kind(m->kind), m->map.n_rules);
	return WEIR_CODEC_HEADER + (size_t)codec_shape[m->kind].block + codec_shape[m->kind].tail +
	       codec_data_length(m);
}

/* The first fault of the message, and which rule it is about. */
static enum weir_codec_reason check(const struct weir_codec_message *m, uint32_t *rule)
{
	enum weir_codec_reason why;

	*rule = 0;
	if (!codec_is_map(m->kind)) {
		why = codec_check_root(m);
		return why == WEIR_CODEC_OK ? codec_check_data(m) : why;
	}
	if (m->map.kind != (uint32_t)map_kind(m->kind))
		return WEIR_CODEC_KIND;
	return (enum weir_codec_reason)weir_merge_map_check(&m->map, rule);
}

/* Absent values fall on the nulls of 32 bits by themselves, but for the offset. */
static void store_sequence_rule(uint8_t *p, const struct weir_merge_rule *r)
{
	put32(p, r->input);
	p[4] = (uint8_t)r->type;
	put32(p + 5, r->offset == WEIR_MERGE_NO_OFFSET ? UINT32_C(0x80000000)
						       : (uint32_t)(uint64_t)r->offset);
	put32(p + 9, (uint32_t)r->window);
}

static void store_timestamp_rule(uint8_t *p, const struct weir_merge_rule *r)
{
	put32(p, r->input);
	p[4] = (uint8_t)r->type;
	p[5] = (uint8_t)r->source;
	put64(p + 6, (uint64_t)r->offset);
	put64(p + 14, r->window);
}

static void store_rules(uint8_t *p, const struct weir_codec_message *m)
{
	uint32_t i, bytes = codec_rule_bytes(m->kind);

	put16(p, bytes);
	put16(p + 2, m->map.n_rules);
	p += WEIR_CODEC_GROUP_HEADER;
	for (i = 0; i < m->map.n_rules; i++, p += bytes) {
		if (m->kind == WEIR_CODEC_SEQUENCE_MAP)
			store_sequence_rule(p, &m->map.rule[i]);
		else
			store_timestamp_rule(p, &m->map.rule[i]);
	}
}

int weir_codec_encode(const struct weir_codec_message *m, void *buf, size_t cap, size_t *len,
		      struct weir_error *err)
{
	uint8_t *p = (uint8_t *)buf;
	enum weir_codec_reason why;
	size_t bytes;
	uint32_t rule;

	if (m->kind >= WEIR_CODEC_KIND_COUNT)
		return weir_error_set(err, -EINVAL, "codec: kind", m->kind,
				      WEIR_CODEC_KIND_COUNT - 1u);
	why = check(m, &rule);
	if (why != WEIR_CODEC_OK)
		return weir_error_set(err, -EINVAL, weir_codec_reason_text(why), rule, why);
	bytes = weir_codec_length(m);
	if (cap < bytes)
		return weir_error_set(err, -ENOBUFS, "codec: room for the message", cap, bytes);
	put16(p, codec_shape[m->kind].block);
	put16(p + 2, codec_shape[m->kind].id);
	put16(p + 4, codec_shape[m->kind].schema);
	put16(p + 6, 1);
	codec_shape[m->kind].store(p + WEIR_CODEC_HEADER, m);
	if (codec_is_map(m->kind))
		store_rules(p + WEIR_CODEC_HEADER + codec_shape[m->kind].block, m);
	else
		codec_store_data(p + WEIR_CODEC_HEADER + codec_shape[m->kind].block, m);
	*len = bytes;
	return WEIR_OK;
}

struct weir_codec_message weir_codec_of_map(const struct weir_merge_map *map)
{
	struct weir_codec_message m;

	memset(&m, 0, sizeof(m));
	m.kind = map->kind == WEIR_MERGE_SEQUENCE ? WEIR_CODEC_SEQUENCE_MAP
						  : WEIR_CODEC_TIMESTAMP_MAP;
	m.map = *map;
	return m;
}

struct weir_codec_message weir_codec_ask(enum weir_merge_kind kind, uint32_t out,
					 uint64_t epoch)
{
	struct weir_codec_message m;

	memset(&m, 0, sizeof(m));
	m.kind = kind == WEIR_MERGE_SEQUENCE ? WEIR_CODEC_SEQUENCE_REQUEST
					     : WEIR_CODEC_TIMESTAMP_REQUEST;
	m.request.out = out;
	m.request.epoch = epoch;
	return m;
}
