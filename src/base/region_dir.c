/* A region's directory: adding objects while it is built, finding them afterwards. Every entry is
 * fetched once and checked against the handle's geometry on each use; see region.c. */
#include <errno.h>
#include <string.h>

#include <weir/atomic.h>
#include <weir/region.h>

#include "region_priv.h"

#define ENTRY REGION_ENTRY

static uint64_t *entry_at(const struct weir_region *r, uint64_t index)
{
	return WEIR_PTR(uint64_t, r->base + r->dir_off + index * ENTRY);
}

static uint64_t payload_off(const struct weir_region *r)
{
	return region_payload_off(r->dir_off, r->max_objects);
}

/* How many entries there are: the word is the creator's, the bound is ours. */
static int count_of(const struct weir_region *r, uint64_t *count)
{
	if (r->base == NULL)
		return -ENOTCONN;
	/* relaxed: constant since REGION.SEAL, or this thread's own */
	*count = weir_load_relaxed64(&region_header(r)->dir_count);
	return *count > r->max_objects ? -EBADMSG : WEIR_OK;
}

static int entry_is_sound(const struct weir_region *r, const struct weir_region_entry_shm *e)
{
	uint64_t from = payload_off(r);

	return e->kind != WEIR_KIND_ANY && e->name[0] != '\0' &&
	       memchr(e->name, '\0', sizeof(e->name)) != NULL && e->offset % WEIR_LINE == 0 &&
	       e->offset >= from && e->offset <= r->len && e->bytes != 0 &&
	       e->bytes <= r->len - e->offset;
}

/* The copy is checked, and only the copy is used. */
static int read_entry(const struct weir_region *r, uint64_t index, struct weir_region_entry_shm *e)
{
	weir_region_fetch(e, entry_at(r, index), sizeof(*e));
	return entry_is_sound(r, e) ? WEIR_OK : -EBADMSG;
}

static struct weir_span span_of(const struct weir_region *r, const struct weir_region_entry_shm *e)
{
	return (struct weir_span){.ptr = r->base + e->offset, .len = (size_t)e->bytes};
}

/* WEIR_OK and *e, -ENOENT, -EBADMSG, -ENOTCONN. */
static int search(const struct weir_region *r, uint32_t kind, const char *name,
		  struct weir_region_entry_shm *e)
{
	uint64_t i, count;
	int rc = count_of(r, &count);

	for (i = 0; rc == WEIR_OK && i < count; i++) {
		rc = read_entry(r, i, e);
		if (rc == WEIR_OK && (kind == WEIR_KIND_ANY || kind == e->kind) &&
		    strcmp(name, e->name) == 0)
			return WEIR_OK;
	}
	return rc < 0 ? rc : -ENOENT;
}

static int check_object(const struct weir_region *r, uint32_t kind, const char *name, size_t bytes,
			struct weir_error *err)
{
	size_t len = name != NULL ? strlen(name) : 0;

	if ((r->flags & REGION_BUILDING) == 0)
		return weir_error_set(err, -EROFS, "region: sealed or read-only", 0, 0);
	if (len == 0)
		return weir_error_set(err, -EINVAL, "region object: name is empty", 0, 1);
	if (len >= WEIR_REGION_OBJECT_NAME)
		return weir_error_set(err, -ENAMETOOLONG, "region object: name length", len,
				      WEIR_REGION_OBJECT_NAME - 1);
	if (kind == WEIR_KIND_ANY)
		return weir_error_set(err, -EINVAL, "region object: kind", kind, WEIR_KIND_RING);
	if (bytes == 0)
		return weir_error_set(err, -EINVAL, "region object: bytes", 0, 1);
	return WEIR_OK;
}

static void append(struct weir_region *r, uint64_t index, const struct weir_region_entry_shm *e)
{
	struct weir_region_shm *h = region_header(r);

	weir_region_store(entry_at(r, index), e, sizeof(*e));
	/* relaxed: nobody may conclude anything from these words before REGION.SEAL */
	weir_store_relaxed64(&h->payload_end, e->offset + region_round_up(e->bytes));
	weir_store_relaxed64(&h->dir_count, index + 1u);
}

int weir_region_add(struct weir_region *r, enum weir_kind kind, const char *name, size_t bytes,
		    struct weir_span *obj, struct weir_error *err)
{
	struct weir_region_entry_shm e, made = {.kind = (uint32_t)kind, .bytes = bytes};
	uint64_t count, end;
	int rc = check_object(r, (uint32_t)kind, name, bytes, err);

	if (rc < 0)
		return rc;
	rc = search(r, (uint32_t)kind, name, &e);
	if (rc == WEIR_OK)
		return weir_error_set(err, -EEXIST, "region object: kind and name", made.kind, 0);
	if (rc != -ENOENT || count_of(r, &count) < 0)
		return weir_error_set(err, -EBADMSG, "region directory", 0, r->max_objects);
	end = weir_load_relaxed64(&region_header(r)->payload_end); /* relaxed: this thread's own */
	if (end < payload_off(r) || end > r->len || end % WEIR_LINE != 0)
		return weir_error_set(err, -EBADMSG, "region payload end", end, r->len);
	if (count == r->max_objects)
		return weir_error_set(err, -ENOSPC, "region objects", count, r->max_objects);
	/* `end` and the length are whole lines: what fits before rounding fits after it */
	if (bytes > r->len - end)
		return weir_error_set(err, -ENOSPC, "region payload bytes", bytes, r->len - end);
	memcpy(made.name, name, strlen(name));
	made.offset = end;
	append(r, count, &made);
	*obj = span_of(r, &made);
	return WEIR_OK;
}

int weir_region_find(const struct weir_region *r, enum weir_kind kind, const char *name,
		     struct weir_span *obj)
{
	struct weir_region_entry_shm e;
	int rc = name != NULL ? search(r, (uint32_t)kind, name, &e) : -ENOENT;

	if (rc == WEIR_OK)
		*obj = span_of(r, &e);
	return rc;
}

int weir_region_object(const struct weir_region *r, uint32_t index, struct weir_region_entry *out)
{
	struct weir_region_entry_shm e;
	uint64_t count;
	int rc = count_of(r, &count);

	if (rc < 0)
		return rc;
	if (index >= count)
		return -ENOENT;
	rc = read_entry(r, index, &e);
	if (rc < 0)
		return rc;
	memcpy(out->name, e.name, sizeof(out->name));
	out->kind = e.kind;
	out->reserved = 0;
	out->mem = span_of(r, &e);
	return WEIR_OK;
}
