/* Inputs for fuzz_codec.c, for whoever has no fuzzer: messages of every kind with random contents,
 * damaged where it hurts: at the fields, in lengths and counts, by cutting and adding. WEIR_SEED
 * repeats a run, WEIR_SLOW makes it longer. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_codec.h"

#define INPUTS 300000u
#define MANY (FUZZ_RULES + 20u) /* rules */

static uint64_t seed, state, at;

struct shape {
	unsigned schema, id, block;
};

static const struct shape shape[] = {
#define X(name, word, schema, id, block) {schema, id, block},
	WEIR_CODEC_KINDS(X)
#undef X
};

#define MUST(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                 \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static size_t number(const uint8_t *p)
{
	return (size_t)p[0] | (size_t)p[1] << 8;
}

static uint64_t chance(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % n;
}

static uint64_t any(void)
{
	uint64_t hi = chance(UINT64_C(1) << 32);

	return (hi << 32 | chance(UINT64_C(1) << 32)) >> chance(64);
}

static struct weir_merge_rule any_rule(enum weir_merge_kind kind)
{
	enum weir_merge_source source =
		chance(2) ? WEIR_MERGE_FRAME_DESCRIPTOR : WEIR_MERGE_SLOT_HEADER;
	uint32_t input = (uint32_t)chance(UINT32_MAX);
	int64_t sign = chance(2) ? 1 : -1;

	if (kind == WEIR_MERGE_SEQUENCE)
		return chance(2) ? weir_merge_rule_offset(input, sign * (int64_t)(any() >> 33))
				 : weir_merge_rule_window(input, 1 + (any() >> 33));
	return chance(2) ? weir_merge_rule_offset_ns(input, source, sign * (int64_t)(any() >> 1))
			 : weir_merge_rule_window_ns(input, source, 1 + (any() >> 1));
}

static struct weir_codec_message any_map(enum weir_merge_kind kind)
{
	static struct weir_merge_rule rules[MANY];
	uint32_t i, n = (uint32_t)(chance(8) == 0 ? chance(MANY) : chance(4));
	struct weir_merge_map map;

	for (i = 0; i < n; i++)
		rules[i] = any_rule(kind);
	if (kind == WEIR_MERGE_SEQUENCE)
		map = weir_merge_map_sequence((uint32_t)chance(UINT32_MAX), any() >> 1, rules, n);
	else
		map = weir_merge_map_timestamp((uint32_t)chance(UINT32_MAX), any() >> 1,
					       WEIR_MERGE_MONOTONIC, rules, n);
	if (chance(2))
		map.stale_ns = any();
	if (chance(2))
		map.lateness_ns = any();
	return weir_codec_of_map(&map);
}

/* An answer with all that it needs, or nearly. */
static size_t any_answer(uint8_t *p)
{
	static uint8_t bytes[FUZZ_ROOM];
	struct weir_codec_region pool[3];
	struct weir_codec_message m;
	uint32_t i, n = (uint32_t)(1 + chance(3)), slots = (uint32_t)chance(65536);
	size_t len = 0;

	memset(&m, 0, sizeof(m));
	memset(pool, 0, sizeof(pool));
	m.kind = chance(4) == 0 ? WEIR_CODEC_DETACHED : WEIR_CODEC_ATTACHED;
	m.detached.correlation = (int64_t)any();
	if (m.kind == WEIR_CODEC_DETACHED) {
		m.detached.text.at = "because";
		m.detached.text.len = (uint32_t)chance(8);
		MUST(weir_codec_encode(&m, p, FUZZ_ROOM, &len, NULL) == WEIR_OK);
		return len;
	}
	for (i = 0; i < n; i++) {
		pool[i].uri.at = "place";
		pool[i].uri.len = (uint32_t)(1 + chance(5));
		pool[i].nslots = slots;
		pool[i].stride = (uint32_t)chance(65536);
		pool[i].id = (uint32_t)chance(65535);
	}
	MUST(weir_codec_regions_make(bytes, sizeof(bytes), "here", pool, n, &m.attached.regions,
				     NULL) == WEIR_OK);
	m.attached.code = (int32_t)chance(2);
	m.attached.header_nslots = slots;
	m.attached.header_slot_bytes = WEIR_CODEC_SLOT_BYTES;
	MUST(weir_codec_encode(&m, p, FUZZ_ROOM, &len, NULL) == WEIR_OK);
	return len;
}

/* Bytes of a message with random contents. Those without rules: all that fits in the block. */
static size_t any_message(uint8_t *p)
{
	unsigned i, kind = (unsigned)chance(WEIR_CODEC_KIND_COUNT + 4);
	const struct shape *k = &shape[kind < WEIR_CODEC_KIND_COUNT ? kind : 2 * (kind % 2)];
	struct weir_codec_message m;
	size_t len = 0;

	if (k == &shape[WEIR_CODEC_SEQUENCE_MAP] || k == &shape[WEIR_CODEC_TIMESTAMP_MAP]) {
		m = any_map(k == &shape[WEIR_CODEC_SEQUENCE_MAP] ? WEIR_MERGE_SEQUENCE
								 : WEIR_MERGE_TIMESTAMP);
		MUST(weir_codec_encode(&m, p, FUZZ_ROOM, &len, NULL) == WEIR_OK);
		return len;
	}
	if (k == &shape[WEIR_CODEC_ATTACHED] || k == &shape[WEIR_CODEC_DETACHED])
		return any_answer(p);
	p[0] = (uint8_t)k->block;
	p[1] = 0;
	p[2] = (uint8_t)k->id;
	p[3] = 0;
	p[4] = (uint8_t)k->schema;
	p[5] = (uint8_t)(k->schema >> 8);
	p[6] = 1;
	p[7] = 0;
	for (i = 8; i < 8 + k->block; i++)
		p[i] = (uint8_t)chance(255);
	if (k == &shape[WEIR_CODEC_POOL])
		p[8 + 24] = (uint8_t)(1 + chance(2)); /* the clock */
	return 8 + k->block;
}

/* Where fields begin and end, or anywhere. */
static size_t somewhere(const uint8_t *p, size_t len)
{
	size_t rules = 12 + (size_t)((size_t)p[0] | (size_t)p[1] << 8),
	       each = rules <= len ? number(p + rules - 4) : 0;

	switch (chance(5)) {
	case 0:
		return 2 * chance(4);
	case 1:
		return 8 + 4 * chance(8);
	case 2:
		return rules - 4 + 2 * chance(2);
	case 3:
		return each == 0 ? chance(len + 1) : rules + each * chance(4) + chance(each);
	default:
		return chance(len + 1);
	}
}

static size_t damage(uint8_t *p, size_t len)
{
	static const uint64_t telling[] = {0,
					   1,
					   2,
					   3,
					   12,
					   13,
					   14,
					   20,
					   21,
					   22,
					   23,
					   29,
					   0x7f,
					   0x80,
					   0xff,
					   0x100,
					   0x7fff,
					   0x8000,
					   0xfffe,
					   0xffff,
					   0x7fffffff,
					   0x80000000,
					   0xfffffffe,
					   0xffffffff,
					   INT64_MAX,
					   UINT64_C(1) << 63,
					   UINT64_MAX - 1,
					   UINT64_MAX};
	static const unsigned widths[] = {1, 1, 2, 4, 8};
	size_t where = somewhere(p, len), n;
	uint64_t value = telling[chance(sizeof(telling) / sizeof(telling[0]))];
	unsigned i, width = widths[chance(5)];

	switch (chance(8)) {
	case 0:
		return where < len ? where : len; /* cut */
	case 1:
		n = chance(64);
		n = len + n > FUZZ_ROOM ? FUZZ_ROOM - len : n;
		memset(p + len, chance(2) ? 0xff : (int)chance(256), n); /* add */
		return len + n;
	case 2:
		if (where < len)
			p[where] ^= (uint8_t)(1u << chance(8));
		return len;
	case 3:
		if (where < len) { /* a byte more in between: a longer block, if a length fits */
			n = len < FUZZ_ROOM ? len : FUZZ_ROOM - 1;
			memmove(p + where + 1, p + where, n - where);
			p[chance(2) ? 0 : where]++;
			return n + 1;
		}
		return len;
	default:
		for (i = 0; i < width && where + i < len; i++)
			p[where + i] = (uint8_t)(value >> (8 * i));
		return len;
	}
}

int main(void)
{
	static uint8_t bytes[FUZZ_ROOM];
	const char *s = getenv("WEIR_SEED"), *slow = getenv("WEIR_SLOW");
	uint64_t i, n, count = slow != NULL && slow[0] != '\0' ? 20 * INPUTS : INPUTS;
	size_t len;

	seed = s != NULL ? strtoull(s, NULL, 0) : 903;
	state = seed * 2654435769u + 1;
	for (at = 0; at < count; at++) {
		len = any_message(bytes);
		n = chance(4);
		for (i = 0; i < n && len > 8; i++)
			len = damage(bytes, len);
		LLVMFuzzerTestOneInput(bytes, len);
	}
	for (i = 0; i < WEIR_CODEC_REASON_COUNT; i++) {
		printf("%s %" PRIu64 "\n", weir_codec_reason_name((unsigned)i), fuzz_reasons[i]);
		/* the last of the map's own are a join's, or cannot come from bytes */
		if (i < WEIR_CODEC_PARAM_RANGE || i >= WEIR_CODEC_VERSION)
			MUST(fuzz_reasons[i] > 0);
	}
	return 0;
}
