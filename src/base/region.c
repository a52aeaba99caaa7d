/* The self-describing block: format, add, seal, attach, find. No system call but those behind the
 * creator's stamp; works on any memory.
 *
 * REGION.SEAL. Everything in header and directory is written before the state word becomes
 * "sealed" (release); attach looks at the state first (acquire) and at nothing else before it is
 * sealed, except the magic, which is a relaxed atomic. So somebody may try to attach while the
 * region is being formatted, and hears -EAGAIN.
 *
 * Peers are not trusted. Attach copies the header out of the mapping once, word by word with
 * atomic loads, so that neither a writer nor the compiler can make a later look see other values
 * than those checked. The handle keeps base, length, and where the directory is; whatever is read
 * after that is an entry's kind, offset and length, again fetched once and checked on each use.
 *
 * The fingerprint finds damage. It covers header and directory to the last byte of padding,
 * without the state (which changes last) and without itself. The state's values are far apart, so
 * that no few flipped bits turn one into the other. */
#include <errno.h>
#include <string.h>

#include <weir/atomic.h>
#include <weir/region.h>

#include "region_priv.h"

#define STATE_OPEN UINT64_C(0x6e65706f72696577)   /* "weiropen" */
#define STATE_SEALED UINT64_C(0x6c61657372696577) /* "weirseal" */
#define BYTE_ORDER_MARK UINT32_C(0x01020304)
#define HEADER_BYTES_MAX 65536u

#define HEADER REGION_HEADER
#define ENTRY REGION_ENTRY
#define WORD REGION_WORD
#define STATE_WORD (offsetof(struct weir_region_shm, state) / WORD)
#define FINGERPRINT_WORD (offsetof(struct weir_region_shm, fingerprint) / WORD)

/* The magic is "weirREGN", but a tool that scans memory or files for it must find regions and not
 * this program. So it is kept complemented, and an empty piece of assembler hides from the compiler
 * that it could do the sum itself. */
static uint64_t magic(void)
{
	uint64_t complement = ~UINT64_C(0x4e47455272696577);

	__asm__("" : "+r"(complement));
	return ~complement;
}

int weir_region_is_magic(uint64_t word)
{
	return word == magic();
}

/* Relaxed, both: the values are checked, not believed; their order is REGION.SEAL's business. */
void weir_region_fetch(void *to, const void *from, size_t bytes)
{
	const uint64_t *word = from;
	uint8_t *out = to;
	uint64_t v;
	size_t i;

	for (i = 0; i < bytes / WORD; i++) {
		v = weir_load_relaxed64(&word[i]);
		memcpy(out + i * WORD, &v, WORD);
	}
}

void weir_region_store(void *to, const void *from, size_t bytes)
{
	const uint8_t *in = from;
	uint64_t *word = to;
	uint64_t v;
	size_t i;

	for (i = 0; i < bytes / WORD; i++) {
		memcpy(&v, in + i * WORD, WORD);
		weir_store_relaxed64(&word[i], v);
	}
}

/* Header without state and fingerprint, then the directory up to the payload. */
static uint64_t fingerprint(const uint8_t *base, uint64_t header_bytes, uint64_t end)
{
	uint64_t digest = REGION_DIGEST_START, at, v;

	for (at = 0; at < end; at += WORD) {
		weir_region_fetch(&v, base + at, WORD);
		if (at < header_bytes && (at / WORD == STATE_WORD || at / WORD == FINGERPRINT_WORD))
			v = 0;
		digest = weir_region_digest(digest, &v, WORD);
	}
	return digest;
}

/* ---- making one ---- */

/* A longer struct than ours is fine as long as what we do not know is zero. */
static int check_unknown_fields(const struct weir_region_config *cfg, struct weir_error *err)
{
	const uint8_t *byte = (const uint8_t *)cfg;
	uint32_t i;

	if (cfg->struct_size < sizeof(*cfg) || cfg->struct_size > 4096)
		return weir_error_set(err, -EINVAL, "region config: struct_size", cfg->struct_size,
				      sizeof(*cfg));
	for (i = sizeof(*cfg); i < cfg->struct_size; i++)
		if (byte[i] != 0)
			return weir_error_set(err, -EINVAL, "region config: unknown field at byte",
					      i, sizeof(*cfg));
	if (cfg->reserved != 0)
		return weir_error_set(err, -EINVAL, "region config: reserved", cfg->reserved, 0);
	return WEIR_OK;
}

static int check_config(const struct weir_region_config *cfg, struct weir_error *err)
{
	/* what an object can be at most; so the sums below cannot wrap */
	const uint64_t most = (uint64_t)PTRDIFF_MAX -
			      region_payload_off(HEADER, WEIR_REGION_OBJECTS_MAX) - WEIR_LINE;
	int rc;

	if (cfg == NULL)
		return weir_error_set(err, -EINVAL, "region config: missing", 0, 0);
	rc = check_unknown_fields(cfg, err);
	if (rc < 0)
		return rc;
	if (cfg->max_objects == 0 || cfg->max_objects > WEIR_REGION_OBJECTS_MAX)
		return weir_error_set(err, -EINVAL, "region config: max_objects", cfg->max_objects,
				      WEIR_REGION_OBJECTS_MAX);
	if (cfg->payload_bytes == 0 || cfg->payload_bytes > most)
		return weir_error_set(err, -EINVAL, "region config: payload_bytes",
				      cfg->payload_bytes, most);
	if ((cfg->mode & ~0777u) != 0 || (cfg->mode != 0 && (cfg->mode & 0600u) != 0600u))
		return weir_error_set(err, -EINVAL, "region config: mode", cfg->mode, 0600);
	return WEIR_OK;
}

static uint64_t total_bytes(const struct weir_region_config *cfg)
{
	return region_payload_off(HEADER, cfg->max_objects) + region_round_up(cfg->payload_bytes);
}

int weir_region_bytes(const struct weir_region_config *cfg, size_t *bytes, struct weir_error *err)
{
	int rc = check_config(cfg, err);

	if (rc < 0)
		return rc;
	*bytes = (size_t)total_bytes(cfg);
	return WEIR_OK;
}

/* Where an outside tool finds what it needs. */
static void describe(struct weir_region_shm *h)
{
#define IN_HEADER(name, f)                                                                         \
	{name, offsetof(struct weir_region_shm, f), sizeof(h->f), 0, 1}
#define IN_ENTRY(name, f)                                                                          \
	{name, (uint32_t)(HEADER + offsetof(struct weir_region_entry_shm, f)),                     \
	 sizeof(((struct weir_region_entry_shm *)0)->f), ENTRY, h->dir_max}
	const struct weir_region_field_shm field[] = {
		IN_HEADER("state", state),
		IN_HEADER("total_bytes", total_bytes),
		IN_HEADER("dir_count", dir_count),
		IN_HEADER("incarnation", incarnation),
		IN_HEADER("boot", boot),
		IN_HEADER("creator", creator),
		IN_HEADER("fingerprint", fingerprint),
		IN_ENTRY("dir.name", name),
		IN_ENTRY("dir.kind", kind),
		IN_ENTRY("dir.offset", offset),
		IN_ENTRY("dir.bytes", bytes),
	};
#undef IN_HEADER
#undef IN_ENTRY
	_Static_assert(sizeof(field) <= sizeof(h->field), "the table has room");

	h->field_count = sizeof(field) / sizeof(field[0]);
	h->field_stride = sizeof(field[0]);
	memcpy(h->field, field, sizeof(field));
}

static int check_blank(const uint8_t *mem, uint64_t bytes, struct weir_error *err)
{
	uint64_t at, v;

	for (at = 0; at < bytes; at += WORD) {
		weir_region_fetch(&v, mem + at, WORD);
		if (v != 0)
			return weir_error_set(err, -EINVAL, "region memory: not zero at byte", at,
					      bytes);
	}
	return WEIR_OK;
}

static void write_header(uint8_t *mem, const struct weir_region_config *cfg, uint64_t *incarnation)
{
	struct weir_region_shm h;
	struct region_stamp stamp;

	weir_region_stamp(&stamp);
	memset(&h, 0, sizeof(h));
	h.magic = magic();
	h.byte_order = BYTE_ORDER_MARK;
	h.layout_major = WEIR_LAYOUT_MAJOR;
	h.state = STATE_OPEN;
	h.total_bytes = total_bytes(cfg);
	h.layout_minor = WEIR_LAYOUT_MINOR;
	h.header_bytes = HEADER;
	h.line_bytes = WEIR_LINE;
	h.word_bytes = sizeof(void *);
	h.dir_off = HEADER;
	h.dir_max = cfg->max_objects;
	h.dir_stride = ENTRY;
	h.payload_off = region_payload_off(HEADER, cfg->max_objects);
	h.payload_end = h.payload_off;
	h.incarnation = cfg->incarnation != 0 ? cfg->incarnation : stamp.incarnation;
	h.boot = stamp.boot;
	h.creator = stamp.creator;
	describe(&h);
	weir_region_store(mem, &h, sizeof(h));
	*incarnation = h.incarnation;
}

int weir_region_format(struct weir_region *r, struct weir_span mem,
		       const struct weir_region_config *cfg, struct weir_error *err)
{
	struct weir_region made = {.fd = -1, .flags = REGION_BUILDING};
	int rc = check_config(cfg, err);

	if (rc < 0)
		return rc;
	if (mem.ptr == NULL || (uintptr_t)mem.ptr % WEIR_LINE != 0)
		return weir_error_set(err, -EINVAL, "region memory: address modulo the line",
				      (uintptr_t)mem.ptr % WEIR_LINE, 0);
	if (mem.len < total_bytes(cfg))
		return weir_error_set(err, -ENOBUFS, "region memory: bytes", mem.len,
				      total_bytes(cfg));
	rc = check_blank(mem.ptr, region_payload_off(HEADER, cfg->max_objects), err);
	if (rc < 0)
		return rc;
	made.base = mem.ptr;
	made.len = total_bytes(cfg);
	made.dir_off = HEADER;
	made.max_objects = cfg->max_objects;
	write_header(made.base, cfg, &made.incarnation);
	*r = made;
	return WEIR_OK;
}

int weir_region_seal(struct weir_region *r)
{
	struct weir_region_shm *h = region_header(r);
	uint64_t end = region_payload_off(r->dir_off, r->max_objects);

	if ((r->flags & REGION_BUILDING) == 0)
		return -EROFS;
	/* relaxed: REGION.SEAL below carries it */
	weir_store_relaxed64(&h->fingerprint, fingerprint(r->base, HEADER, end));
	/* REGION.SEAL release: pairs with weir_region_attach() */
	weir_store_release64(&h->state, STATE_SEALED);
	r->flags &= ~REGION_BUILDING;
	return WEIR_OK;
}

void weir_region_unseal(struct weir_region *r)
{
	/* relaxed: nobody else can have the region open */
	weir_store_relaxed64(&region_header(r)->state, STATE_OPEN);
	weir_store_relaxed64(&region_header(r)->fingerprint, 0);
	r->flags |= REGION_BUILDING;
}

/* ---- attaching to one ---- */

/* Whether this is a sealed region of a layout we know, from what every layout has in its first
 * line. */
static int check_state(const struct weir_region_shm *shm, struct weir_error *err)
{
	/* REGION.SEAL acquire: pairs with weir_region_seal() */
	uint64_t state = weir_load_acquire64(&shm->state);
	/* relaxed: it decides which refusal is right; what follows is ordered by the state */
	uint64_t m = weir_load_relaxed64(&shm->magic);

	if (m == 0 && state == 0)
		return weir_error_set(err, -EAGAIN, "region: not formatted yet", 0, 0);
	if (m == __builtin_bswap64(magic()))
		return weir_error_set(err, -EPROTO, "region byte order: the other one", m, magic());
	if (m != magic())
		return weir_error_set(err, -EPROTO, "region magic", m, magic());
	if (state == STATE_OPEN || state == 0)
		return weir_error_set(err, -EAGAIN, "region: not sealed yet", 0, 0);
	if (state != STATE_SEALED)
		return weir_error_set(err, -EBADMSG, "region state", state, STATE_SEALED);
	return WEIR_OK;
}

/* What must be the same on both sides. */
static int check_protocol(const struct weir_region_shm *h, struct weir_error *err)
{
	if (h->byte_order != BYTE_ORDER_MARK)
		return weir_error_set(err, -EPROTO, "region byte order", h->byte_order,
				      BYTE_ORDER_MARK);
	if (h->layout_major != WEIR_LAYOUT_MAJOR)
		return weir_error_set(err, -EPROTO, "region layout major", h->layout_major,
				      WEIR_LAYOUT_MAJOR);
	if (h->line_bytes != WEIR_LINE)
		return weir_error_set(err, -EPROTO, "region line bytes", h->line_bytes, WEIR_LINE);
	if (h->word_bytes != sizeof(void *))
		return weir_error_set(err, -EPROTO, "region word bytes", h->word_bytes,
				      sizeof(void *));
	if (h->dir_stride != ENTRY)
		return weir_error_set(err, -EPROTO, "region directory stride", h->dir_stride,
				      ENTRY);
	return WEIR_OK;
}

/* Sizes and places, each bounded by what was checked before it, so no sum can wrap. */
static int check_geometry(const struct weir_region_shm *h, size_t len, struct weir_error *err)
{
	if (h->total_bytes % WEIR_LINE != 0 || h->total_bytes > (uint64_t)PTRDIFF_MAX)
		return weir_error_set(err, -EBADMSG, "region total bytes", h->total_bytes, len);
	if (h->total_bytes > len)
		return weir_error_set(err, -ENOBUFS, "region total bytes", h->total_bytes, len);
	if (h->header_bytes < HEADER || h->header_bytes % WEIR_LINE != 0 ||
	    h->header_bytes > HEADER_BYTES_MAX)
		return weir_error_set(err, -EBADMSG, "region header bytes", h->header_bytes,
				      HEADER);
	if (h->dir_off != h->header_bytes)
		return weir_error_set(err, -EBADMSG, "region directory offset", h->dir_off,
				      h->header_bytes);
	if (h->dir_max == 0 || h->dir_max > WEIR_REGION_OBJECTS_MAX)
		return weir_error_set(err, -EBADMSG, "region directory size", h->dir_max,
				      WEIR_REGION_OBJECTS_MAX);
	if (h->dir_count > h->dir_max)
		return weir_error_set(err, -EBADMSG, "region directory count", h->dir_count,
				      h->dir_max);
	if (h->payload_off != region_payload_off(h->dir_off, h->dir_max) ||
	    h->payload_off > h->total_bytes)
		return weir_error_set(err, -EBADMSG, "region payload offset", h->payload_off,
				      region_payload_off(h->dir_off, h->dir_max));
	if (h->payload_end < h->payload_off || h->payload_end > h->total_bytes)
		return weir_error_set(err, -EBADMSG, "region payload end", h->payload_end,
				      h->total_bytes);
	if (h->incarnation == 0)
		return weir_error_set(err, -EBADMSG, "region incarnation", 0, 1);
	return WEIR_OK;
}

int weir_region_attach(struct weir_region *r, struct weir_span mem, uint32_t flags,
		       struct weir_error *err)
{
	struct weir_region_shm h;
	uint64_t print;
	int rc;

	if (mem.ptr == NULL || (uintptr_t)mem.ptr % WEIR_LINE != 0)
		return weir_error_set(err, -EINVAL, "region memory: address modulo the line",
				      (uintptr_t)mem.ptr % WEIR_LINE, 0);
	if ((flags & ~WEIR_REGION_RDONLY) != 0)
		return weir_error_set(err, -EINVAL, "region flags", flags, WEIR_REGION_RDONLY);
	if (mem.len < HEADER)
		return weir_error_set(err, -ENOBUFS, "region memory: bytes", mem.len, HEADER);
	rc = check_state(mem.ptr, err);
	if (rc < 0)
		return rc;
	weir_region_fetch(&h, mem.ptr, sizeof(h));
	rc = check_protocol(&h, err);
	if (rc == WEIR_OK)
		rc = check_geometry(&h, mem.len, err);
	if (rc < 0)
		return rc;
	print = fingerprint(mem.ptr, h.header_bytes, h.payload_off);
	if (print != h.fingerprint)
		return weir_error_set(err, -EBADMSG, "region fingerprint", h.fingerprint, print);
	*r = (struct weir_region){.base = mem.ptr,
				  .len = h.total_bytes,
				  .incarnation = h.incarnation,
				  .dir_off = h.dir_off,
				  .max_objects = h.dir_max,
				  .flags = flags,
				  .fd = -1};
	return WEIR_OK;
}
