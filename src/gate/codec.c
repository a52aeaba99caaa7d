/* From bytes to messages, in one order: header, whose it is, version, root block, its fields, the
 * group's header, its size, room, the rules. The first fault is the reason.
 *
 * No read past the end: every block is compared with what is left of the bytes before anything of it
 * is loaded, and the size of the group is a product of two 16-bit numbers in 64 bits. A block that
 * is shorter than its fields is refused before that, so the fields lie in the block and the block
 * lies in the bytes.
 *
 * Nothing is stored on failure: the root goes to a message of our own, and the rules are gone
 * through twice, first to judge them, then to store them. */
#include <string.h>

#include "codec_internal.h"

/* The message under way: where its group begins, and how many rules it has. */
struct at {
	const uint8_t *p;
	size_t len; /* of all of it */
	size_t rules;
	uint32_t n_rules;
};

/* What kind the header says it is. */
static enum weir_codec_reason which(const struct at *at, uint32_t accept, uint32_t *kind)
{
	enum weir_codec_reason why = WEIR_CODEC_SCHEMA;
	uint32_t id = get16(at->p + 2), schema = get16(at->p + 4), k;

	for (k = 0; k < WEIR_CODEC_KIND_COUNT; k++) {
		if ((accept & WEIR_CODEC_BIT(k)) == 0 || codec_shape[k].schema != schema)
			continue;
		why = WEIR_CODEC_TEMPLATE;
		if (codec_shape[k].id != id)
			continue;
		*kind = k;
		return WEIR_CODEC_OK;
	}
	return why;
}

static enum weir_codec_reason load_root(struct at *at, uint32_t accept,
					struct weir_codec_message *m)
{
	const struct codec_shape *shape = &codec_shape[m->kind];

	m->block_length = (uint16_t)get16(at->p);
	m->version = (uint16_t)get16(at->p + 6);
	if (m->version > 1 &&
	    ((accept & WEIR_CODEC_STRICT) != 0 || shape->schema == WEIR_CODEC_SCHEMA_DRIVER))
		return WEIR_CODEC_VERSION;
	if (m->block_length < shape->block)
		return WEIR_CODEC_BLOCK_SHORT;
	if (at->len - WEIR_CODEC_HEADER < m->block_length)
		return WEIR_CODEC_TRUNCATED_BLOCK;
	shape->load(at->p + WEIR_CODEC_HEADER, m);
	m->consumed = WEIR_CODEC_HEADER + m->block_length;
	return codec_check_root(m);
}

static enum weir_codec_reason load_group(struct at *at, uint32_t cap, struct weir_codec_message *m)
{
	size_t left = at->len - m->consumed;
	const uint8_t *p = at->p + m->consumed;

	if (left < WEIR_CODEC_GROUP_HEADER)
		return WEIR_CODEC_TRUNCATED_GROUP_HEADER;
	left -= WEIR_CODEC_GROUP_HEADER;
	m->rule_length = get16(p);
	at->n_rules = get16(p + 2);
	if (at->n_rules > WEIR_MERGE_RULES_MAX)
		return WEIR_CODEC_GROUP_COUNT;
	if (at->n_rules > 0 && m->rule_length < codec_rule_bytes(m->kind))
		return WEIR_CODEC_GROUP_BLOCK_SHORT;
	if ((uint64_t)at->n_rules * m->rule_length > left)
		return WEIR_CODEC_TRUNCATED_RULES;
	if (at->n_rules > cap)
		return WEIR_CODEC_CAPACITY;
	at->rules = (size_t)m->consumed + WEIR_CODEC_GROUP_HEADER;
	m->consumed = at->rules + (uint64_t)at->n_rules * m->rule_length;
	return WEIR_CODEC_OK;
}

static void load_sequence_rule(const uint8_t *p, struct weir_merge_rule *r)
{
	uint32_t offset = get32(p + 5), window = get32(p + 9);

	r->input = get32(p);
	r->type = p[4];
	r->source = 0;
	r->offset = offset == UINT32_C(0x80000000) ? WEIR_MERGE_NO_OFFSET : (int32_t)offset;
	r->window = window == UINT32_MAX ? WEIR_MERGE_NO_WINDOW : window;
}

static void load_timestamp_rule(const uint8_t *p, struct weir_merge_rule *r)
{
	r->input = get32(p);
	r->type = p[4];
	r->source = p[5];
	r->offset = (int64_t)get64(p + 6);
	r->window = get64(p + 14);
}

static enum weir_codec_reason load_rules(const struct at *at, const struct weir_codec_message *m,
					 struct weir_merge_rule *rules)
{
	void (*load)(const uint8_t *, struct weir_merge_rule *) =
		m->kind == WEIR_CODEC_SEQUENCE_MAP ? load_sequence_rule : load_timestamp_rule;
	enum weir_merge_kind kind = (enum weir_merge_kind)m->map.kind;
	const uint8_t *p = at->p + at->rules;
	struct weir_merge_rule r;
	uint32_t i;

	for (i = 0; i < at->n_rules; i++) {
		enum weir_merge_reason why;

		load(p + (size_t)i * m->rule_length, &r);
		why = weir_merge_rule_check(kind, &r);
		if (why != WEIR_MERGE_OK)
			return (enum weir_codec_reason)why;
	}
	for (i = 0; i < at->n_rules; i++)
		load(p + (size_t)i * m->rule_length, &rules[i]);
	return WEIR_CODEC_OK;
}

enum weir_codec_reason weir_codec_decode(const void *buf, size_t len, uint32_t accept,
					 struct weir_merge_rule *rules, uint32_t cap,
					 struct weir_codec_message *m)
{
	struct at at = {.p = (const uint8_t *)buf, .len = len};
	struct weir_codec_message got;
	enum weir_codec_reason why;

	if (len < WEIR_CODEC_HEADER)
		return WEIR_CODEC_SHORT_HEADER;
	memset(&got, 0, sizeof(got));
	why = which(&at, accept, &got.kind);
	if (why == WEIR_CODEC_OK)
		why = load_root(&at, accept, &got);
	if (why == WEIR_CODEC_OK && codec_is_map(got.kind)) {
		why = load_group(&at, cap, &got);
		if (why == WEIR_CODEC_OK)
			why = load_rules(&at, &got, rules);
		got.map.n_rules = at.n_rules;
		got.map.rule = rules;
	} else if (why == WEIR_CODEC_OK && codec_has_data(got.kind)) {
		why = codec_load_data(at.p + got.consumed, at.len - (size_t)got.consumed, &got);
	}
	if (why == WEIR_CODEC_OK)
		*m = got;
	return why;
}
