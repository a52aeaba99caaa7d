/* Any bytes into the decoder: what libFuzzer calls (`make fuzz'), and what codec_inputs.c calls
 * without it.
 *
 * The bytes end at a page that must not be touched. What is said of them is compared with a second
 * opinion, written as plainly as possible; what is refused must have changed nothing; what is
 * decoded must mean the same after encoding and decoding again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz_codec.h"

uint64_t fuzz_reasons[WEIR_CODEC_REASON_COUNT];

static uint8_t *fence; /* the first byte that must not be touched */

#define MUST(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                 \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static void make_fence(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (FUZZ_ROOM + page - 1) / page * page;
	uint8_t *p =
		mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(p != MAP_FAILED);
	MUST(mprotect(p + room, page, PROT_NONE) == 0);
	fence = p + room;
}

/* ---- a second opinion ---- */

static uint64_t number(const uint8_t *p, unsigned bytes)
{
	return bytes == 0 ? 0 : number(p + 1, bytes - 1) << 8 | p[0];
}

static int is_null(const uint8_t *p, unsigned bytes)
{
	while (bytes > 0 && p[bytes - 1] == 0xff)
		bytes--;
	return bytes == 0;
}

struct known {
	unsigned schema, id, block;
	unsigned required[6][2]; /* offset and bytes, until one without bytes */
	unsigned clock;		 /* offset, or 0 */
	unsigned rule;		 /* bytes, or 0 */
};

static const struct known known[] = {
	{903, 1, 20, {{0, 4}, {4, 8}}, 0, 13},
	{903, 2, 12, {{0, 4}, {4, 8}}, 0, 0},
	{903, 3, 29, {{0, 4}, {4, 8}}, 20, 22},
	{903, 4, 12, {{0, 4}, {4, 8}}, 0, 0},
	{900, 4, 40, {{0, 4}, {4, 8}, {12, 8}}, 0, 0},
	{900, 1, 35, {{0, 4}, {4, 4}, {8, 8}, {16, 8}}, 24, 0},
	{901, 6, 9, {{0, 8}, {8, 1}}, 0, 0},
	{901, 7, 26, {{0, 8}, {8, 8}, {16, 4}, {20, 4}, {24, 1}, {25, 1}}, 0, 0},
	{1903, 1, 32, {{0, 4}, {4, 8}, {12, 8}, {28, 4}}, 0, 0},
	{901, 1, 27, {{8, 4}, {12, 4}, {16, 1}, {17, 4}, {22, 1}}, 0, 0},
	{901, 2, 54, {{0, 0}}, 0, 0},
	{901, 3, 25, {{8, 8}, {16, 4}, {20, 4}, {24, 1}}, 0, 0},
	{901, 4, 12, {{0, 0}}, 0, 0},
	{901, 5, 25, {{0, 8}, {8, 4}, {12, 4}, {16, 1}, {17, 8}}, 0, 0},
};

static enum weir_codec_reason rule_opinion(const uint8_t *p, unsigned bytes)
{
	unsigned width = bytes == 13 ? 4 : 8, first = bytes == 13 ? 5 : 6;
	int no_offset = number(p + first, width) == UINT64_C(1) << (8 * width - 1);
	int no_window = is_null(p + first + width, width);

	if (is_null(p, 4))
		return WEIR_CODEC_REQUIRED_NULL;
	if (p[4] > 1)
		return WEIR_CODEC_RULE_TYPE;
	if (bytes == 22 && p[5] != 1 && p[5] != 2)
		return WEIR_CODEC_TIMESTAMP_SOURCE;
	if (p[4] == 0 ? no_offset : no_window)
		return WEIR_CODEC_PARAM_MISSING;
	if (p[4] == 0 ? !no_window : !no_offset)
		return WEIR_CODEC_PARAM_CONFLICT;
	if (p[4] == 1 && number(p + first + width, width) == 0)
		return WEIR_CODEC_WINDOW_ZERO;
	return WEIR_CODEC_OK;
}

static enum weir_codec_reason group_opinion(const uint8_t *p, size_t size, unsigned bytes)
{
	enum weir_codec_reason why = WEIR_CODEC_OK;
	uint64_t i, n, each;

	if (size < 4)
		return WEIR_CODEC_TRUNCATED_GROUP_HEADER;
	each = number(p, 2);
	n = number(p + 2, 2);
	if (n == 65535)
		return WEIR_CODEC_GROUP_COUNT;
	if (n != 0 && each < bytes)
		return WEIR_CODEC_GROUP_BLOCK_SHORT;
	if (4 + n * each > size)
		return WEIR_CODEC_TRUNCATED_RULES;
	if (n > FUZZ_RULES)
		return WEIR_CODEC_CAPACITY;
	for (i = 0; i < n && why == WEIR_CODEC_OK; i++)
		why = rule_opinion(p + 4 + i * each, bytes);
	return why;
}

static int is_lowest(const uint8_t *p, unsigned bytes)
{
	return number(p, bytes) == UINT64_C(1) << (8 * bytes - 1);
}

/* Answers to requests: what is signed among the required, and what OK must have. */
static enum weir_codec_reason lease_opinion(const struct known *k, const uint8_t *p)
{
	static const unsigned full[][2] = {{12, 8}, {20, 8}, {28, 4}, {32, 8},
					   {40, 4}, {44, 4}, {50, 4}};
	unsigned i;

	if (k->schema != 901 || k->id > 4)
		return WEIR_CODEC_OK;
	if (is_lowest(p, 8) || (k->id % 2 == 0 && is_lowest(p + 8, 4)))
		return WEIR_CODEC_REQUIRED_NULL;
	if (k->id != 2 || number(p + 8, 4) != 0)
		return WEIR_CODEC_OK;
	for (i = 0; i < sizeof(full) / sizeof(full[0]); i++)
		if (is_null(p + full[i][0], full[i][1]))
			return WEIR_CODEC_INCOMPLETE;
	return number(p + 48, 2) == 256 ? WEIR_CODEC_OK : WEIR_CODEC_INCOMPLETE;
}

static enum weir_codec_reason text_opinion(const uint8_t *p, size_t size, size_t *at, uint64_t max,
					   uint64_t *len)
{
	if (size - *at < 4)
		return WEIR_CODEC_TRUNCATED_DATA;
	*len = number(p + *at, 4);
	if (*len > max)
		return WEIR_CODEC_DATA_LONG;
	if (size - *at - 4 < *len)
		return WEIR_CODEC_TRUNCATED_DATA;
	*at += 4 + (size_t)*len;
	return WEIR_CODEC_OK;
}

static enum weir_codec_reason pools_opinion(const uint8_t *p, size_t size, size_t *at,
					    uint64_t nslots, int *whole)
{
	enum weir_codec_reason why;
	uint64_t i, each, n, len;

	if (size - *at < 4)
		return WEIR_CODEC_TRUNCATED_GROUP_HEADER;
	each = number(p + *at, 2);
	n = number(p + *at + 2, 2);
	if (n == 65535)
		return WEIR_CODEC_GROUP_COUNT;
	if (n > 0 && each < 10)
		return WEIR_CODEC_GROUP_BLOCK_SHORT;
	if (n > 64)
		return WEIR_CODEC_CAPACITY;
	*whole = n > 0;
	for (i = 0, *at += 4; i < n; i++) {
		const uint8_t *q = p + *at;

		if (size - *at < each)
			return WEIR_CODEC_TRUNCATED_DATA;
		if (is_null(q, 2) || is_null(q + 2, 4) || is_null(q + 6, 4))
			return WEIR_CODEC_REQUIRED_NULL;
		*at += (size_t)each;
		why = text_opinion(p, size, at, 4096, &len);
		if (why != WEIR_CODEC_OK)
			return why;
		*whole &= len > 0 && number(q + 2, 4) == nslots;
	}
	why = text_opinion(p, size, at, 4096, &len);
	*whole &= why == WEIR_CODEC_OK && len > 0;
	return why;
}

/* What follows the root block, of which p is the beginning. */
static enum weir_codec_reason data_opinion(const struct known *k, const uint8_t *p, size_t size,
					   size_t at)
{
	enum weir_codec_reason why = WEIR_CODEC_OK;
	uint64_t len;
	int whole = 1;

	if (k->schema != 901 || (k->id != 2 && k->id != 4))
		return WEIR_CODEC_OK;
	if (k->id == 2)
		why = pools_opinion(p, size, &at, number(p + 44, 4), &whole);
	if (why == WEIR_CODEC_OK)
		why = text_opinion(p, size, &at, 1024, &len);
	if (why != WEIR_CODEC_OK)
		return why;
	return k->id == 2 && number(p + 8, 4) == 0 && !whole ? WEIR_CODEC_INCOMPLETE
							     : WEIR_CODEC_OK;
}

static enum weir_codec_reason body_opinion(const struct known *k, const uint8_t *p, size_t size,
					   int strict)
{
	uint64_t block = number(p, 2), version = number(p + 6, 2);
	enum weir_codec_reason why;
	unsigned i;

	if (version > 1 && (strict || k->schema == 901))
		return WEIR_CODEC_VERSION;
	if (block < k->block)
		return WEIR_CODEC_BLOCK_SHORT;
	if (8 + block > size)
		return WEIR_CODEC_TRUNCATED_BLOCK;
	for (i = 0; i < 6 && k->required[i][1] != 0; i++)
		if (is_null(p + 8 + k->required[i][0], k->required[i][1]))
			return WEIR_CODEC_REQUIRED_NULL;
	if (k->clock != 0 && p[8 + k->clock] != 1 && p[8 + k->clock] != 2)
		return WEIR_CODEC_CLOCK_DOMAIN;
	why = lease_opinion(k, p + 8);
	if (why != WEIR_CODEC_OK)
		return why;
	if (k->rule == 0)
		return data_opinion(k, p + 8, size - 8, (size_t)block);
	return group_opinion(p + 8 + block, size - 8 - (size_t)block, k->rule);
}

static enum weir_codec_reason opinion(const uint8_t *p, size_t size, uint32_t accept)
{
	enum weir_codec_reason why = WEIR_CODEC_SCHEMA;
	unsigned i;

	if (size < 8)
		return WEIR_CODEC_SHORT_HEADER;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if ((accept >> i & 1) == 0 || number(p + 4, 2) != known[i].schema)
			continue;
		why = WEIR_CODEC_TEMPLATE;
		if (number(p + 2, 2) == known[i].id)
			return body_opinion(&known[i], p, size, accept >> 31 != 0);
	}
	return why;
}

/* ---- what must hold for any bytes ---- */

static int all_are(const void *p, size_t n, uint8_t what)
{
	const uint8_t *b = p;

	while (n > 0 && b[n - 1] == what)
		n--;
	return n == 0;
}

static int same_text(const struct weir_codec_text *a, const struct weir_codec_text *b)
{
	return a->len == b->len && memcmp(a->at, b->at, a->len) == 0;
}

/* All but where the bytes lie. */
static int same_answer(struct weir_codec_attached a, struct weir_codec_attached b)
{
	if (a.regions.len != b.regions.len || !same_text(&a.text, &b.text) ||
	    memcmp(a.regions.at, b.regions.at, a.regions.len) != 0)
		return 0;
	a.regions.at = b.regions.at;
	a.text.at = b.text.at;
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static int same(const struct weir_codec_message *a, const struct weir_codec_message *b)
{
	if (a->kind != b->kind)
		return 0;
	if (a->kind == WEIR_CODEC_SEQUENCE_MAP || a->kind == WEIR_CODEC_TIMESTAMP_MAP)
		return weir_merge_map_equal(&a->map, &b->map);
	if (a->kind == WEIR_CODEC_ATTACHED)
		return same_answer(a->attached, b->attached);
	if (a->kind == WEIR_CODEC_DETACHED)
		return a->detached.correlation == b->detached.correlation &&
		       a->detached.code == b->detached.code &&
		       same_text(&a->detached.text, &b->detached.text);
	return memcmp(&a->map, &b->map, sizeof(a->map)) == 0;
}

/* m was decoded; whatever is decoded can be encoded, and means the same. */
static void there_and_back(const struct weir_codec_message *m)
{
	static uint8_t bytes[FUZZ_ROOM];
	static struct weir_merge_rule rules[FUZZ_RULES];
	struct weir_codec_message back;
	size_t len = 0;

	MUST(weir_codec_encode(m, bytes, sizeof(bytes), &len, NULL) == WEIR_OK);
	MUST(len == weir_codec_length(m));
	MUST(weir_codec_decode(bytes, len, WEIR_CODEC_ALL | WEIR_CODEC_STRICT, rules, FUZZ_RULES,
			       &back) == WEIR_CODEC_OK);
	MUST(same(m, &back));
}

static void look(const uint8_t *data, size_t size, uint32_t accept)
{
	static struct weir_merge_rule rules[FUZZ_RULES], less[FUZZ_RULES];
	struct weir_codec_message m, cut;
	enum weir_codec_reason why;
	uint8_t *p = fence - size;

	memcpy(p, data, size);
	memset(&m, 0xa5, sizeof(m));
	memset(rules, 0xa5, sizeof(rules));
	why = weir_codec_decode(p, size, accept, rules, FUZZ_RULES, &m);
	MUST(why == opinion(p, size, accept));
	MUST(memcmp(p, data, size) == 0);
	fuzz_reasons[why]++;
	if (why != WEIR_CODEC_OK) {
		MUST(all_are(&m, sizeof(m), 0xa5));
		MUST(all_are(rules, sizeof(rules), 0xa5));
		return;
	}
	MUST(m.consumed <= size);
	there_and_back(&m);
	/* what was not looked at does not count, and nothing can be spared */
	memmove(fence - m.consumed, p, m.consumed);
	if (m.kind == WEIR_CODEC_ATTACHED || m.kind == WEIR_CODEC_DETACHED)
		why = weir_codec_decode(fence - m.consumed, m.consumed, accept, rules, FUZZ_RULES,
					&m);
	MUST(weir_codec_decode(fence - m.consumed, m.consumed, accept, less, FUZZ_RULES, &cut) ==
	     WEIR_CODEC_OK);
	MUST(same(&m, &cut));
	memmove(fence - m.consumed + 1, fence - m.consumed, m.consumed - 1);
	MUST(weir_codec_decode(fence - m.consumed + 1, m.consumed - 1, accept, less, FUZZ_RULES,
			       &cut) != WEIR_CODEC_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (fence == NULL)
		make_fence();
	if (size > FUZZ_ROOM)
		return 0;
	look(data, size, WEIR_CODEC_ALL);
	look(data, size, WEIR_CODEC_MERGE);
	look(data, size, WEIR_CODEC_ALL | WEIR_CODEC_STRICT);
	return 0;
}
