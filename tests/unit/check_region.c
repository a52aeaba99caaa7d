/* Regions in plain memory: format, directory, attach; and what attach thinks of damage. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/atomic.h>
#include <weir/region.h>

/* Exactly `len` bytes, so that AddressSanitizer sees a read of one more. */
static struct weir_span memory(size_t len)
{
	struct weir_span m = {.len = len};

	ck_assert_int_eq(posix_memalign(&m.ptr, WEIR_LINE, len > 0 ? len : 1), 0);
	memset(m.ptr, 0, len);
	return m;
}

static struct weir_region_config config(uint32_t objects, uint64_t payload)
{
	return (struct weir_region_config){.struct_size = sizeof(struct weir_region_config),
					   .max_objects = objects,
					   .payload_bytes = payload};
}

static struct weir_span format(struct weir_region *r, uint32_t objects, uint64_t payload)
{
	struct weir_region_config cfg = config(objects, payload);
	struct weir_span m;
	size_t n;

	ck_assert_int_eq(weir_region_bytes(&cfg, &n, NULL), WEIR_OK);
	m = memory(n);
	ck_assert_int_eq(weir_region_format(r, m, &cfg, NULL), WEIR_OK);
	return m;
}

/* A sealed region with three objects. */
static struct weir_span sealed(struct weir_region *r)
{
	struct weir_span m = format(r, 5, 2000), obj;

	ck_assert_int_eq(weir_region_add(r, WEIR_KIND_RING, "a", 1, &obj, NULL), WEIR_OK);
	ck_assert_int_eq(weir_region_add(r, WEIR_KIND_RING, "b", 128, &obj, NULL), WEIR_OK);
	ck_assert_int_eq(weir_region_add(r, WEIR_KIND_USER, "a", 129, &obj, NULL), WEIR_OK);
	ck_assert_int_eq(weir_region_seal(r), WEIR_OK);
	return m;
}

/* ---- making ---- */

START_TEST(config_is_checked)
{
	static const struct {
		uint32_t size, objects;
		uint64_t payload;
		uint32_t mode, reserved;
		const char *what;
	} bad[] = {
		{0, 1, 1, 0, 0, "region config: struct_size"},
		{31, 1, 1, 0, 0, "region config: struct_size"},
		{4097, 1, 1, 0, 0, "region config: struct_size"},
		{32, 0, 1, 0, 0, "region config: max_objects"},
		{32, WEIR_REGION_OBJECTS_MAX + 1, 1, 0, 0, "region config: max_objects"},
		{32, 1, 0, 0, 0, "region config: payload_bytes"},
		{32, 1, UINT64_MAX, 0, 0, "region config: payload_bytes"},
		{32, 1, PTRDIFF_MAX, 0, 0, "region config: payload_bytes"},
		{32, 1, 1, 01600, 0, "region config: mode"},
		{32, 1, 1, 0400, 0, "region config: mode"},
		{32, 1, 1, 0, 1, "region config: reserved"},
	};
	struct weir_region_config cfg;
	struct weir_error e;
	size_t i, n = 77;

	ck_assert_uint_eq(sizeof(cfg), 32);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cfg = config(bad[i].objects, bad[i].payload);
		cfg.struct_size = bad[i].size;
		cfg.mode = bad[i].mode;
		cfg.reserved = bad[i].reserved;
		ck_assert_int_eq(weir_region_bytes(&cfg, &n, &e), -EINVAL);
		ck_assert_str_eq(e.what, bad[i].what);
		ck_assert_int_eq(e.code, -EINVAL);
	}
	ck_assert_int_eq(weir_region_bytes(NULL, &n, &e), -EINVAL);
	ck_assert_uint_eq(n, 77);
	cfg = config(WEIR_REGION_OBJECTS_MAX, 1);
	cfg.mode = 0644;
	ck_assert_int_eq(weir_region_bytes(&cfg, &n, &e), WEIR_OK);
	ck_assert_uint_eq(n, 512 + WEIR_REGION_OBJECTS_MAX * 64 + WEIR_LINE);
	cfg = config(1, WEIR_LINE + 1);
	ck_assert_int_eq(weir_region_bytes(&cfg, &n, &e), WEIR_OK);
	ck_assert_uint_eq(n, 512 + WEIR_LINE + 2 * WEIR_LINE);
}
END_TEST

/* A program built against a later header has a longer struct: fine while the rest is zero. */
START_TEST(longer_configs_must_not_ask_for_the_unknown)
{
	struct {
		struct weir_region_config cfg;
		uint64_t later;
	} next = {.cfg = config(1, 1)};
	struct weir_error e;
	size_t n;

	next.cfg.struct_size = sizeof(next);
	ck_assert_int_eq(weir_region_bytes(&next.cfg, &n, &e), WEIR_OK);
	next.later = 1;
	ck_assert_int_eq(weir_region_bytes(&next.cfg, &n, &e), -EINVAL);
	ck_assert_str_eq(e.what, "region config: unknown field at byte");
}
END_TEST

START_TEST(format_changes_nothing_when_it_fails)
{
	struct weir_region_config cfg = config(2, 256), none = config(0, 256);
	struct weir_region r, before;
	struct weir_span m, bad;
	struct weir_error e;
	size_t n;

	memset(&before, 0x5a, sizeof(before));
	r = before;
	ck_assert_int_eq(weir_region_bytes(&cfg, &n, NULL), WEIR_OK);
	m = memory(n);
	ck_assert_int_eq(weir_region_format(&r, m, &none, &e), -EINVAL);
	bad = m;
	bad.len--;
	ck_assert_int_eq(weir_region_format(&r, bad, &cfg, &e), -ENOBUFS);
	ck_assert_uint_eq(e.value, n - 1);
	ck_assert_uint_eq(e.limit, n);
	bad = (struct weir_span){(uint8_t *)m.ptr + 64, n};
	ck_assert_int_eq(weir_region_format(&r, bad, &cfg, &e), -EINVAL);
	bad = (struct weir_span){NULL, n};
	ck_assert_int_eq(weir_region_format(&r, bad, &cfg, &e), -EINVAL);
	((uint8_t *)m.ptr)[639] = 1; /* the last byte of the directory */
	ck_assert_int_eq(weir_region_format(&r, m, &cfg, &e), -EINVAL);
	ck_assert_str_eq(e.what, "region memory: not zero at byte");
	ck_assert_uint_eq(e.value, 632);
	((uint8_t *)m.ptr)[639] = 0;
	for (n = 0; n < m.len; n++)
		ck_assert_uint_eq(((uint8_t *)m.ptr)[n], 0);
	ck_assert_int_eq(memcmp(&r, &before, sizeof(r)), 0);
	ck_assert_int_eq(weir_region_format(&r, m, &cfg, &e), WEIR_OK);
	ck_assert_int_eq(weir_region_format(&r, m, &cfg, &e), -EINVAL); /* it is one already */
	free(m.ptr);
}
END_TEST

START_TEST(objects_are_added_until_it_is_full)
{
	struct weir_region r;
	struct weir_span m = format(&r, 4, 512), a, b, c;
	struct weir_error e;

	ck_assert_int_eq(weir_region_add(&r, WEIR_KIND_RING, "", 8, &a, &e), -EINVAL);
	ck_assert_int_eq(weir_region_add(&r, WEIR_KIND_RING, NULL, 8, &a, &e), -EINVAL);
	ck_assert_int_eq(weir_region_add(&r, WEIR_KIND_ANY, "x", 8, &a, &e), -EINVAL);
	ck_assert_int_eq(weir_region_add(&r, WEIR_KIND_RING, "x", 0, &a, &e), -EINVAL);
	ck_assert_int_eq(weir_region_add(&r, WEIR_KIND_RING, "thirty-two-characters-are-one-too", 8,
					 &a, &e),
			 -ENAMETOOLONG);
	ck_assert_int_eq(weir_region_add(&r, WEIR_KIND_RING, "thirty-one-characters-still-fit",
					 1, &a, &e),
			 WEIR_OK);
	ck_assert_uint_eq(a.len, 1);
	ck_assert_int_eq(weir_region_add(&r, WEIR_KIND_RING, "b", 129, &b, &e), WEIR_OK);
	ck_assert_uint_eq((uintptr_t)b.ptr, (uintptr_t)a.ptr + WEIR_LINE);
	ck_assert_int_eq(weir_region_add(&r, WEIR_KIND_RING, "b", 1, &c, &e), -EEXIST);
	ck_assert_int_eq(weir_region_add(&r, WEIR_KIND_RING, "c", 129, &c, &e), -ENOSPC);
	ck_assert_str_eq(e.what, "region payload bytes");
	ck_assert_uint_eq(e.limit, 128);
	ck_assert_int_eq(weir_region_add(&r, WEIR_KIND_RING, "c", SIZE_MAX, &c, &e), -ENOSPC);
	ck_assert_int_eq(weir_region_add(&r, WEIR_KIND_BELL, "b", 128, &c, &e), WEIR_OK);
	ck_assert_uint_eq((uintptr_t)c.ptr, (uintptr_t)b.ptr + 2 * WEIR_LINE);
	ck_assert_uint_eq((uintptr_t)c.ptr + c.len, (uintptr_t)m.ptr + m.len);
	ck_assert_int_eq(weir_region_add(&r, WEIR_KIND_BELL, "d", 1, &c, &e), -ENOSPC);
	free(m.ptr);
	m = format(&r, 1, 512);
	ck_assert_int_eq(weir_region_add(&r, WEIR_KIND_RING, "a", 1, &a, &e), WEIR_OK);
	ck_assert_int_eq(weir_region_add(&r, WEIR_KIND_RING, "b", 1, &a, &e), -ENOSPC);
	ck_assert_str_eq(e.what, "region objects");
	free(m.ptr);
}
END_TEST

START_TEST(sealing_ends_the_building)
{
	struct weir_region r, closed = {.fd = -1};
	struct weir_span m = sealed(&r), obj;
	struct weir_region other;

	ck_assert_int_eq(weir_region_add(&r, WEIR_KIND_RING, "z", 1, &obj, NULL), -EROFS);
	ck_assert_int_eq(weir_region_seal(&r), -EROFS);
	ck_assert_int_eq(weir_region_attach(&other, m, 0, NULL), WEIR_OK);
	ck_assert_int_eq(weir_region_add(&other, WEIR_KIND_RING, "z", 1, &obj, NULL), -EROFS);
	ck_assert_int_eq(weir_region_seal(&other), -EROFS);
	ck_assert_int_eq(weir_region_seal(&closed), -EROFS);
	ck_assert_int_eq(weir_region_add(&closed, WEIR_KIND_RING, "z", 1, &obj, NULL), -EROFS);
	ck_assert_int_eq(weir_region_find(&closed, WEIR_KIND_ANY, "z", &obj), -ENOTCONN);
	free(m.ptr);
}
END_TEST

/* ---- attaching ---- */

START_TEST(attach_finds_what_was_made)
{
	struct weir_region r, a;
	struct weir_span m = sealed(&r), obj, same;
	struct weir_region_entry entry;

	ck_assert_int_eq(weir_region_attach(&a, m, WEIR_REGION_RDONLY, NULL), WEIR_OK);
	ck_assert_uint_eq(a.incarnation, r.incarnation);
	ck_assert_uint_ne(a.incarnation, 0);
	ck_assert_int_eq(a.fd, -1);
	ck_assert_int_eq(weir_region_find(&a, WEIR_KIND_RING, "b", &obj), WEIR_OK);
	ck_assert_uint_eq(obj.len, 128);
	ck_assert_uint_eq((uintptr_t)obj.ptr % WEIR_LINE, 0);
	ck_assert_int_eq(weir_region_find(&a, WEIR_KIND_USER, "a", &obj), WEIR_OK);
	ck_assert_uint_eq(obj.len, 129);
	ck_assert_int_eq(weir_region_find(&a, WEIR_KIND_ANY, "a", &obj), WEIR_OK);
	ck_assert_uint_eq(obj.len, 1); /* the first in creation order */
	ck_assert_int_eq(weir_region_find(&a, WEIR_KIND_BELL, "a", &obj), -ENOENT);
	ck_assert_int_eq(weir_region_find(&a, WEIR_KIND_ANY, "aa", &obj), -ENOENT);
	ck_assert_int_eq(weir_region_find(&a, WEIR_KIND_ANY, "", &obj), -ENOENT);
	ck_assert_int_eq(weir_region_find(&a, WEIR_KIND_ANY, NULL, &obj), -ENOENT);
	ck_assert_int_eq(weir_region_object(&a, 2, &entry), WEIR_OK);
	ck_assert_str_eq(entry.name, "a");
	ck_assert_uint_eq(entry.kind, WEIR_KIND_USER);
	ck_assert_int_eq(weir_region_find(&a, WEIR_KIND_USER, "a", &same), WEIR_OK);
	ck_assert_ptr_eq(entry.mem.ptr, same.ptr);
	ck_assert_int_eq(weir_region_object(&a, 3, &entry), -ENOENT);
	ck_assert_int_eq(weir_region_object(&a, UINT32_MAX, &entry), -ENOENT);
	free(m.ptr);
}
END_TEST

START_TEST(attach_waits_for_the_seal)
{
	struct weir_region r, a = {.fd = 42};
	struct weir_span blank = memory(1024), m = format(&r, 1, 1);
	struct weir_error e;

	ck_assert_int_eq(weir_region_attach(&a, blank, 0, &e), -EAGAIN);
	ck_assert_int_eq(weir_region_attach(&a, m, 0, &e), -EAGAIN);
	/* the formatter's words arrive in any order: the magic without the state */
	((struct weir_region_shm *)blank.ptr)->magic = ((struct weir_region_shm *)m.ptr)->magic;
	ck_assert_int_eq(weir_region_attach(&a, blank, 0, &e), -EAGAIN);
	ck_assert_int_eq(weir_region_seal(&r), WEIR_OK);
	ck_assert_int_eq(weir_region_attach(&a, m, 2, &e), -EINVAL);
	m.ptr = (uint8_t *)m.ptr + 8;
	ck_assert_int_eq(weir_region_attach(&a, m, 0, &e), -EINVAL);
	m.ptr = (uint8_t *)m.ptr - 8;
	ck_assert_int_eq(a.fd, 42);
	ck_assert_int_eq(weir_region_attach(&a, m, 0, &e), WEIR_OK);
	free(m.ptr);
	free(blank.ptr);
}
END_TEST

/* A region with no more memory behind it than claimed: every length short of the whole. */
START_TEST(attach_reads_nothing_beyond_the_memory)
{
	struct weir_region r, a;
	struct weir_span m = sealed(&r), cut;
	struct weir_error e;
	size_t n;

	for (n = 0; n < m.len; n++) {
		cut = memory(n);
		memcpy(cut.ptr, m.ptr, n);
		ck_assert_int_eq(weir_region_attach(&a, cut, 0, &e), -ENOBUFS);
		free(cut.ptr);
	}
	ck_assert_int_eq(weir_region_attach(&a, m, 0, &e), WEIR_OK);
	free(m.ptr);
}
END_TEST

/* Whole fields replaced by values that a range check has to find, with both sides reported. */
START_TEST(attach_names_the_field_that_is_wrong)
{
#define AT(f) offsetof(struct weir_region_shm, f)
	static const struct {
		size_t at;
		unsigned width;
		uint64_t value;
		int code;
		const char *what;
	} bad[] = {
		{AT(magic), 8, 1, -EPROTO, "region magic"},
		{AT(byte_order), 4, 0x04030201, -EPROTO, "region byte order"},
		{AT(layout_major), 4, 2, -EPROTO, "region layout major"},
		{AT(state), 8, 1, -EBADMSG, "region state"},
		{AT(total_bytes), 8, 64, -EBADMSG, "region total bytes"},
		{AT(total_bytes), 8, UINT64_MAX, -EBADMSG, "region total bytes"},
		{AT(total_bytes), 8, 1 << 20, -ENOBUFS, "region total bytes"},
		{AT(header_bytes), 4, 384, -EBADMSG, "region header bytes"},
		{AT(header_bytes), 4, 0x80000000, -EBADMSG, "region header bytes"},
		{AT(line_bytes), 4, 64, -EPROTO, "region line bytes"},
		{AT(word_bytes), 4, 4, -EPROTO, "region word bytes"},
		{AT(dir_off), 8, UINT64_MAX - 127, -EBADMSG, "region directory offset"},
		{AT(dir_max), 4, 0, -EBADMSG, "region directory size"},
		{AT(dir_max), 4, 4097, -EBADMSG, "region directory size"},
		{AT(dir_max), 4, 4096, -EBADMSG, "region payload offset"},
		{AT(dir_stride), 4, 63, -EPROTO, "region directory stride"},
		{AT(dir_count), 8, 6, -EBADMSG, "region directory count"},
		{AT(payload_off), 8, 0, -EBADMSG, "region payload offset"},
		{AT(payload_end), 8, 0, -EBADMSG, "region payload end"},
		{AT(payload_end), 8, 1 << 20, -EBADMSG, "region payload end"},
		{AT(incarnation), 8, 0, -EBADMSG, "region incarnation"},
		{AT(incarnation), 8, 5, -EBADMSG, "region fingerprint"},
		{AT(fingerprint), 8, 5, -EBADMSG, "region fingerprint"},
	};
#undef AT
	struct weir_region r, a;
	struct weir_span m = sealed(&r);
	struct weir_error e;
	uint8_t keep[8];
	uint32_t narrow;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t *at = (uint8_t *)m.ptr + bad[i].at;

		memcpy(keep, at, 8);
		narrow = (uint32_t)bad[i].value;
		if (bad[i].width == 4)
			memcpy(at, &narrow, 4);
		else
			memcpy(at, &bad[i].value, 8);
		ck_assert_int_eq(weir_region_attach(&a, m, 0, &e), bad[i].code);
		ck_assert_str_eq(e.what, bad[i].what);
		ck_assert_int_eq(e.code, bad[i].code);
		memcpy(at, keep, 8);
		ck_assert_int_eq(weir_region_attach(&a, m, 0, &e), WEIR_OK);
	}
	free(m.ptr);
}
END_TEST

/* Two fields that agree with each other, but not with the memory: the directory would end behind
 * it, and the fingerprint would be taken over what is not there. */
START_TEST(attach_is_not_led_out_by_fields_that_agree)
{
	struct weir_region r, a;
	struct weir_span m = sealed(&r);
	struct weir_region_shm *shm = m.ptr;
	struct weir_error e;

	shm->dir_max = 4096;
	shm->payload_off = 512 + 4096 * 64;
	ck_assert_int_eq(weir_region_attach(&a, m, 0, &e), -EBADMSG);
	ck_assert_str_eq(e.what, "region payload offset");
	shm->payload_end = shm->payload_off;
	ck_assert_int_eq(weir_region_attach(&a, m, 0, &e), -EBADMSG);
	free(m.ptr);
}
END_TEST

/* A later minor layout, made by a later library, is accepted; its fingerprint covers it. */
START_TEST(attach_accepts_a_later_minor_layout)
{
	struct weir_region r, a;
	struct weir_span m = format(&r, 1, 1);
	struct weir_region_shm *shm = m.ptr;

	shm->layout_minor = 99;
	ck_assert_int_eq(weir_region_seal(&r), WEIR_OK);
	ck_assert_int_eq(weir_region_attach(&a, m, 0, NULL), WEIR_OK);
	free(m.ptr);
}
END_TEST

START_TEST(attach_knows_the_other_byte_order)
{
	struct weir_region r, a;
	struct weir_span m = sealed(&r);
	struct weir_region_shm *shm = m.ptr;
	uint64_t right = shm->magic;
	struct weir_error e;

	shm->magic = __builtin_bswap64(right);
	ck_assert_int_eq(weir_region_attach(&a, m, 0, &e), -EPROTO);
	ck_assert_str_eq(e.what, "region byte order: the other one");
	ck_assert_uint_eq(e.limit, right);
	free(m.ptr);
}
END_TEST

/* Every bit of header and directory, padding included: refused, with something named. */
START_TEST(no_flipped_bit_goes_unnoticed)
{
	struct weir_region r, a;
	struct weir_span m = sealed(&r);
	const size_t covered = 512 + 5 * 64 + 64; /* whole lines */
	struct weir_error e;
	size_t bit;
	int rc;

	for (bit = 0; bit < covered * 8; bit++) {
		uint8_t *byte = (uint8_t *)m.ptr + bit / 8;

		memset(&e, 0, sizeof(e));
		*byte = (uint8_t)(*byte ^ 1u << bit % 8);
		rc = weir_region_attach(&a, m, 0, &e);
		*byte = (uint8_t)(*byte ^ 1u << bit % 8);
		if ((rc != -EBADMSG && rc != -EPROTO && rc != -ENOBUFS) || e.what == NULL ||
		    e.code != rc)
			ck_abort_msg("bit %zu of byte %zu: %d", bit % 8, bit / 8, rc);
	}
	ck_assert_int_eq(weir_region_attach(&a, m, 0, &e), WEIR_OK);
	free(m.ptr);
}
END_TEST

/* Random damage over header and directory, with the fingerprint made right again as a hostile peer
 * would: whatever attach accepts, find and object stay inside the memory. */
START_TEST(a_hostile_directory_leads_nowhere_else)
{
	struct weir_region r, a;
	struct weir_span m = sealed(&r), work = memory(m.len), obj;
	struct weir_region_shm *shm = work.ptr;
	struct weir_region_entry entry;
	unsigned n, i, hits = 0, refused = 0;
	uint8_t *dir = (uint8_t *)work.ptr + 512;
	int rc;

	srand(4711);
	for (n = 0; n < 20000; n++) {
		memcpy(work.ptr, m.ptr, m.len);
		ck_assert_int_eq(weir_region_attach(&a, work, 0, NULL), WEIR_OK);
		/* after the attach: nothing protects these words any more */
		for (i = 0; i < 1 + n % 3; i++)
			dir[rand() % 192] = (uint8_t)rand();
		if (n % 7 == 0)
			shm->dir_count = (uint64_t)rand() % 8;
		for (i = 0; i < 8; i++) {
			rc = weir_region_object(&a, i, &entry);
			refused += rc == -EBADMSG;
			if (rc != WEIR_OK)
				continue;
			hits++;
			if ((uint8_t *)entry.mem.ptr < (uint8_t *)work.ptr + 896 ||
			    entry.mem.len > work.len ||
			    (uint8_t *)entry.mem.ptr + entry.mem.len >
				    (uint8_t *)work.ptr + work.len ||
			    memchr(entry.name, 0, sizeof(entry.name)) == NULL)
				ck_abort_msg("object %u leads out of the region", i);
		}
		rc = weir_region_find(&a, WEIR_KIND_ANY, "a", &obj);
		if (rc != WEIR_OK && rc != -ENOENT && rc != -EBADMSG)
			ck_abort_msg("find returned %d", rc);
	}
	ck_assert_uint_gt(hits, 0);
	ck_assert_uint_gt(refused, 0);
	free(m.ptr);
	free(work.ptr);
}
END_TEST

/* The same by hand, one word at a time, each after the attach. */
START_TEST(each_word_of_an_entry_is_checked)
{
	struct weir_region r, a;
	struct weir_span m = sealed(&r), obj;
	struct weir_region_shm *shm = m.ptr;
	struct weir_region_entry_shm *dir = WEIR_PTR(struct weir_region_entry_shm,
						     (uint8_t *)m.ptr + 512);
	const struct weir_region_entry_shm good = dir[1];
	struct weir_region_entry entry;
	int i;

	ck_assert_int_eq(weir_region_attach(&a, m, 0, NULL), WEIR_OK);
	for (i = 0; i < 9; i++) {
		switch (i) {
		case 0: memset(dir[1].name, 'x', sizeof(dir[1].name)); break;
		case 1: dir[1].name[0] = '\0'; break;
		case 2: dir[1].kind = WEIR_KIND_ANY; break;
		case 3: dir[1].offset += 8; break;
		case 4: dir[1].offset = 512; break; /* the directory itself */
		case 5: dir[1].offset = m.len; break;
		case 6: dir[1].offset = (uint64_t)0 - WEIR_LINE; break;
		case 7: dir[1].bytes = 0; break;
		case 8: dir[1].bytes = m.len - dir[1].offset + 1; break;
		}
		ck_assert_int_eq(weir_region_object(&a, 1, &entry), -EBADMSG);
		ck_assert_int_eq(weir_region_find(&a, WEIR_KIND_ANY, "b", &obj), -EBADMSG);
		ck_assert_int_eq(weir_region_find(&a, WEIR_KIND_USER, "a", &obj), -EBADMSG);
		ck_assert_int_eq(weir_region_object(&a, 0, &entry), WEIR_OK);
		dir[1] = good;
		ck_assert_int_eq(weir_region_object(&a, 1, &entry), WEIR_OK);
	}
	dir[1].bytes = m.len - dir[1].offset; /* to the very end */
	ck_assert_int_eq(weir_region_object(&a, 1, &entry), WEIR_OK);
	shm->dir_count = 6;
	ck_assert_int_eq(weir_region_object(&a, 0, &entry), -EBADMSG);
	shm->dir_count = UINT64_MAX;
	ck_assert_int_eq(weir_region_object(&a, 0, &entry), -EBADMSG);
	ck_assert_int_eq(weir_region_find(&a, WEIR_KIND_ANY, "zz", &obj), -EBADMSG);
	free(m.ptr);
}
END_TEST

/* A tool that knows the first line of the header and how a table entry looks finds everything. */
static const struct weir_region_field_shm *field(const struct weir_region_shm *h, const char *name)
{
	uint32_t i;

	for (i = 0; i < h->field_count; i++)
		if (strcmp(h->field[i].name, name) == 0)
			return &h->field[i];
	ck_abort_msg("no field %s", name);
	return NULL;
}

START_TEST(the_header_describes_itself)
{
	static const char *const all[] = {"state", "total_bytes", "dir_count", "incarnation",
					  "boot", "creator", "fingerprint"};
	struct weir_region r;
	struct weir_span m = sealed(&r), obj;
	const uint8_t *base = m.ptr;
	const struct weir_region_shm *h = m.ptr;
	const struct weir_region_field_shm *name = field(h, "dir.name"), *off, *f;
	uint64_t count, at, value;
	size_t i;

	ck_assert_uint_eq(h->field_stride, sizeof(*f));
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		f = field(h, all[i]);
		ck_assert_uint_eq(f->bytes, 8);
		ck_assert_uint_eq(f->count, 1);
		ck_assert_uint_le(f->offset + f->bytes, h->header_bytes);
	}
	memcpy(&value, base + field(h, "total_bytes")->offset, 8);
	ck_assert_uint_eq(value, m.len);
	memcpy(&value, base + field(h, "creator")->offset, 8);
	ck_assert_uint_eq(value, weir_owner_self());
	memcpy(&count, base + field(h, "dir_count")->offset, 8);
	ck_assert_uint_eq(count, 3);
	off = field(h, "dir.offset");
	ck_assert_uint_eq(off->stride, 64);
	ck_assert_uint_eq(off->count, 5);
	memcpy(&at, base + off->offset + 1 * off->stride, 8);
	ck_assert_str_eq((const char *)base + name->offset + 1 * name->stride, "b");
	ck_assert_int_eq(weir_region_find(&r, WEIR_KIND_ANY, "b", &obj), WEIR_OK);
	ck_assert_ptr_eq(obj.ptr, base + at);
	ck_assert_uint_eq(field(h, "dir.kind")->bytes, 4);
	ck_assert_uint_eq(field(h, "dir.bytes")->bytes, 8);
	free(m.ptr);
}
END_TEST

/* Whoever scans memory or files for the magic must find regions, not the program. */
START_TEST(the_magic_is_nowhere_in_the_program)
{
	struct weir_region r;
	struct weir_span m = sealed(&r);
	FILE *f = fopen("/proc/self/exe", "rb");
	uint8_t *program;
	long size;

	if (f == NULL)
		return;
	ck_assert_int_eq(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	ck_assert_int_gt(size, 0);
	rewind(f);
	program = malloc((size_t)size);
	ck_assert_uint_eq(fread(program, 1, (size_t)size, f), (size_t)size);
	ck_assert_ptr_null(memmem(program, (size_t)size, m.ptr, 8));
	fclose(f);
	free(program);
	free(m.ptr);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("region");
	TCase *t = tcase_create("region");
	SRunner *run;
	int failed;

	tcase_add_test(t, config_is_checked);
	tcase_add_test(t, longer_configs_must_not_ask_for_the_unknown);
	tcase_add_test(t, format_changes_nothing_when_it_fails);
	tcase_add_test(t, objects_are_added_until_it_is_full);
	tcase_add_test(t, sealing_ends_the_building);
	tcase_add_test(t, attach_finds_what_was_made);
	tcase_add_test(t, attach_waits_for_the_seal);
	tcase_add_test(t, attach_reads_nothing_beyond_the_memory);
	tcase_add_test(t, attach_names_the_field_that_is_wrong);
	tcase_add_test(t, attach_is_not_led_out_by_fields_that_agree);
	tcase_add_test(t, attach_accepts_a_later_minor_layout);
	tcase_add_test(t, attach_knows_the_other_byte_order);
	tcase_add_test(t, no_flipped_bit_goes_unnoticed);
	tcase_add_test(t, a_hostile_directory_leads_nowhere_else);
	tcase_add_test(t, each_word_of_an_entry_is_checked);
	tcase_add_test(t, the_header_describes_itself);
	tcase_add_test(t, the_magic_is_nowhere_in_the_program);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed == 0 ? 0 : 1;
}
