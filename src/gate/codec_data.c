/* What follows the root blocks of answers: pools, places and texts, each a length and its bytes.
 *
 * Regions stay as they are on the wire: one walk judges them, wherever they come from, and nobody
 * has to bring room for their parts. The walk compares with what is left before it loads, and a
 * length with its bound before it is added to anything, so no sum can wrap. */
#include <string.h>

#include "codec_internal.h"

#define POOL_BYTES 10u
#define NOTHING (WEIR_CODEC_GROUP_HEADER + 4u) /* bytes of no pools and an empty place */

/* The bytes still to be walked. */
struct rest {
	const uint8_t *p;
	size_t left;
};

static void pass(struct rest *r, size_t n)
{
	r->p += n;
	r->left -= n;
}

static enum weir_codec_reason take_text(struct rest *r, uint32_t max, struct weir_codec_text *text)
{
	uint32_t len;

	if (r->left < 4)
		return WEIR_CODEC_TRUNCATED_DATA;
	len = get32(r->p);
	pass(r, 4);
	if (len > max)
		return WEIR_CODEC_DATA_LONG;
	if (len > r->left)
		return WEIR_CODEC_TRUNCATED_DATA;
	text->at = WEIR_CPTR(char, r->p);
	text->len = len;
	text->reserved = 0;
	pass(r, len);
	return WEIR_CODEC_OK;
}

static enum weir_codec_reason take_pool(struct rest *r, uint32_t block,
					struct weir_codec_region *pool)
{
	if (r->left < block)
		return WEIR_CODEC_TRUNCATED_DATA;
	memset(pool, 0, sizeof(*pool));
	pool->id = get16(r->p);
	pool->nslots = get32(r->p + 2);
	pool->stride = get32(r->p + 6);
	pass(r, block);
	if (pool->id == UINT16_MAX || pool->nslots == UINT32_MAX || pool->stride == UINT32_MAX)
		return WEIR_CODEC_REQUIRED_NULL;
	return take_text(r, WEIR_CODEC_URI_MAX, &pool->uri);
}

static enum weir_codec_reason take_group(struct rest *r, uint32_t *block, uint32_t *n)
{
	if (r->left < WEIR_CODEC_GROUP_HEADER)
		return WEIR_CODEC_TRUNCATED_GROUP_HEADER;
	*block = get16(r->p);
	*n = get16(r->p + 2);
	if (*n == UINT16_MAX)
		return WEIR_CODEC_GROUP_COUNT;
	if (*n > 0 && *block < POOL_BYTES)
		return WEIR_CODEC_GROUP_BLOCK_SHORT;
	if (*n > WEIR_CODEC_POOLS_MAX)
		return WEIR_CODEC_CAPACITY;
	pass(r, WEIR_CODEC_GROUP_HEADER);
	return WEIR_CODEC_OK;
}

/* Regions from the front of r. *whole: there are pools of so many slots, and all is named. */
static enum weir_codec_reason take_regions(struct rest *r, uint32_t nslots,
					   struct weir_codec_regions *regions, int *whole)
{
	const uint8_t *start = r->p;
	struct weir_codec_region pool;
	struct weir_codec_text header = {NULL, 0, 0};
	uint32_t i, block, n;
	enum weir_codec_reason why = take_group(r, &block, &n);

	*whole = 1;
	for (i = 0; why == WEIR_CODEC_OK && i < n; i++) {
		why = take_pool(r, block, &pool);
		*whole &= why == WEIR_CODEC_OK && pool.uri.len != 0 && pool.nslots == nslots;
	}
	if (why == WEIR_CODEC_OK)
		why = take_text(r, WEIR_CODEC_URI_MAX, &header);
	if (why != WEIR_CODEC_OK)
		return why;
	*whole &= n != 0 && header.len != 0;
	regions->at = start;
	regions->len = (uint32_t)(r->p - start);
	regions->pools = n;
	return WEIR_CODEC_OK;
}

enum weir_codec_reason codec_load_data(const uint8_t *p, size_t left, struct weir_codec_message *m)
{
	struct rest r = {p, left};
	struct weir_codec_attached *a = &m->attached;
	enum weir_codec_reason why = WEIR_CODEC_OK;
	struct weir_codec_text *text = &m->detached.text;
	int whole = 1;

	if (m->kind == WEIR_CODEC_ATTACHED) {
		text = &a->text;
		why = take_regions(&r, a->header_nslots, &a->regions, &whole);
	}
	if (why == WEIR_CODEC_OK)
		why = take_text(&r, WEIR_CODEC_TEXT_MAX, text);
	if (why != WEIR_CODEC_OK)
		return why;
	m->consumed += left - r.left;
	return m->kind == WEIR_CODEC_ATTACHED && a->code == WEIR_CODEC_CODE_OK && !whole
		       ? WEIR_CODEC_INCOMPLETE
		       : WEIR_CODEC_OK;
}

static enum weir_codec_reason check_regions(const struct weir_codec_attached *a)
{
	static const uint8_t none[NOTHING] = {POOL_BYTES};
	struct weir_codec_regions again;
	struct rest r = {none, sizeof(none)};
	enum weir_codec_reason why;
	int whole;

	if (a->regions.len != 0) {
		r.p = WEIR_CPTR(uint8_t, a->regions.at);
		r.left = a->regions.len;
	}
	why = take_regions(&r, a->header_nslots, &again, &whole);
	if (why != WEIR_CODEC_OK)
		return why;
	if (r.left != 0)
		return WEIR_CODEC_DATA_LONG;
	if (a->text.len > WEIR_CODEC_TEXT_MAX)
		return WEIR_CODEC_DATA_LONG;
	return a->code == WEIR_CODEC_CODE_OK && !whole ? WEIR_CODEC_INCOMPLETE : WEIR_CODEC_OK;
}

enum weir_codec_reason codec_check_data(const struct weir_codec_message *m)
{
	if (m->kind == WEIR_CODEC_ATTACHED)
		return check_regions(&m->attached);
	if (m->kind == WEIR_CODEC_DETACHED && m->detached.text.len > WEIR_CODEC_TEXT_MAX)
		return WEIR_CODEC_DATA_LONG;
	return WEIR_CODEC_OK;
}

size_t codec_data_length(const struct weir_codec_message *m)
{
	const struct weir_codec_regions *regions = &m->attached.regions;

	if (m->kind == WEIR_CODEC_ATTACHED)
		return (regions->len != 0 ? regions->len : NOTHING) + (size_t)4 +
		       m->attached.text.len;
	return m->kind == WEIR_CODEC_DETACHED ? (size_t)4 + m->detached.text.len : 0;
}

static void put_text(uint8_t *p, const struct weir_codec_text *text)
{
	put32(p, text->len);
	if (text->len != 0)
		memcpy(p + 4, text->at, text->len);
}

void codec_store_data(uint8_t *p, const struct weir_codec_message *m)
{
	const struct weir_codec_regions *regions = &m->attached.regions;

	if (m->kind == WEIR_CODEC_DETACHED)
		put_text(p, &m->detached.text);
	if (m->kind != WEIR_CODEC_ATTACHED)
		return;
	if (regions->len == 0) {
		memset(p, 0, NOTHING);
		put16(p, POOL_BYTES);
		p += NOTHING;
	} else {
		memcpy(p, regions->at, regions->len);
		p += regions->len;
	}
	put_text(p, &m->attached.text);
}

static int refuse(struct weir_error *err, const char *what, uint64_t value, uint64_t limit)
{
	return weir_error_set(err, -EINVAL, what, value, limit);
}

static int check_pool(const struct weir_codec_region *pool, struct weir_error *err)
{
	if (pool->id >= UINT16_MAX)
		return refuse(err, "codec: id of a pool", pool->id, UINT16_MAX - 1u);
	if (pool->nslots == UINT32_MAX)
		return refuse(err, "codec: slots of a pool", pool->nslots, UINT32_MAX - 1u);
	if (pool->stride == UINT32_MAX)
		return refuse(err, "codec: stride of a pool", pool->stride, UINT32_MAX - 1u);
	if (pool->uri.len > WEIR_CODEC_URI_MAX)
		return refuse(err, "codec: place of a pool", pool->uri.len, WEIR_CODEC_URI_MAX);
	return WEIR_OK;
}

static void put_regions(uint8_t *p, const struct weir_codec_text *header,
			const struct weir_codec_region *pool, uint32_t n)
{
	uint32_t i;

	put16(p, POOL_BYTES);
	put16(p + 2, n);
	p += WEIR_CODEC_GROUP_HEADER;
	for (i = 0; i < n; i++) {
		put16(p, pool[i].id);
		put32(p + 2, pool[i].nslots);
		put32(p + 6, pool[i].stride);
		put_text(p + POOL_BYTES, &pool[i].uri);
		p += POOL_BYTES + 4u + pool[i].uri.len;
	}
	put_text(p, header);
}

int weir_codec_regions_make(void *buf, size_t cap, const char *header_uri,
			    const struct weir_codec_region *pool, uint32_t n,
			    struct weir_codec_regions *regions, struct weir_error *err)
{
	struct weir_codec_text header = {header_uri, 0, 0};
	size_t bytes = header_uri == NULL ? 0 : strlen(header_uri);
	uint32_t i;
	int rc;

	if (n > WEIR_CODEC_POOLS_MAX)
		return refuse(err, "codec: pools", n, WEIR_CODEC_POOLS_MAX);
	if (bytes > WEIR_CODEC_URI_MAX)
		return refuse(err, "codec: place of the headers", bytes, WEIR_CODEC_URI_MAX);
	header.len = (uint32_t)bytes;
	bytes += NOTHING;
	for (i = 0; i < n; i++) {
		rc = check_pool(&pool[i], err);
		if (rc != WEIR_OK)
			return rc;
		bytes += POOL_BYTES + 4u + pool[i].uri.len;
	}
	if (cap < bytes)
		return weir_error_set(err, -ENOBUFS, "codec: room for regions", cap, bytes);
	put_regions(WEIR_PTR(uint8_t, buf), &header, pool, n);
	regions->at = buf;
	regions->len = (uint32_t)bytes;
	regions->pools = n;
	return WEIR_OK;
}

int weir_codec_regions_pool(const struct weir_codec_regions *regions, uint32_t i,
			    struct weir_codec_region *pool)
{
	struct rest r = {WEIR_CPTR(uint8_t, regions->at), regions->len};
	uint32_t at, block, n;

	if (i >= regions->pools || take_group(&r, &block, &n) != WEIR_CODEC_OK || i >= n)
		return -EINVAL;
	for (at = 0; at <= i; at++)
		if (take_pool(&r, block, pool) != WEIR_CODEC_OK)
			return -EINVAL;
	return WEIR_OK;
}

struct weir_codec_text weir_codec_regions_header(const struct weir_codec_regions *regions)
{
	struct rest r = {WEIR_CPTR(uint8_t, regions->at), regions->len};
	struct weir_codec_text header = {NULL, 0, 0};
	struct weir_codec_region pool;
	uint32_t i, block, n;

	if (take_group(&r, &block, &n) != WEIR_CODEC_OK)
		return header;
	for (i = 0; i < n; i++)
		if (take_pool(&r, block, &pool) != WEIR_CODEC_OK)
			return header;
	if (take_text(&r, WEIR_CODEC_URI_MAX, &header) != WEIR_CODEC_OK)
		header.len = 0;
	return header;
}
