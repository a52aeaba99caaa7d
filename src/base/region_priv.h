/* region_priv.h - storey base: what the region's source files share. */
#ifndef WEIR_REGION_PRIV_H
#define WEIR_REGION_PRIV_H

#include <sys/types.h>

#include <weir/base.h>
#include <weir/region.h>

#define REGION_HEADER sizeof(struct weir_region_shm)
#define REGION_ENTRY sizeof(struct weir_region_entry_shm)
#define REGION_WORD sizeof(uint64_t)

/* Private bits of weir_region.flags, above the public ones. */
#define REGION_BUILDING 0x100u /* formatted, not sealed: objects may be added */
#define REGION_NAMED 0x200u    /* gets, or has, a name in REGION_DIR */
#define REGION_MEMFD 0x400u

#define REGION_DIR "/dev/shm"
#define REGION_PREFIX "weir."
#define REGION_PREFIX_LEN 5u
#define REGION_FD_PATH_MAX sizeof("/proc/self/fd/2147483647")
#define REGION_PATH_MAX (sizeof(REGION_DIR "/" REGION_PREFIX) + WEIR_REGION_NAME_MAX)

static inline struct weir_region_shm *region_header(const struct weir_region *r)
{
	return WEIR_PTR(struct weir_region_shm, r->base);
}

/* To the next whole line. The callers see to it that it cannot wrap. */
static inline uint64_t region_round_up(uint64_t n)
{
	return (n + (WEIR_LINE - 1u)) & ~(uint64_t)(WEIR_LINE - 1u);
}

/* Where the objects begin: not stored in the handle, because it follows from what is. */
static inline uint64_t region_payload_off(uint64_t dir_off, uint32_t max_objects)
{
	return region_round_up(dir_off + max_objects * REGION_ENTRY);
}

/* ---- region.c ---- */

/* Copies words out of shared memory, each fetched exactly once, whatever others write meanwhile.
 * `bytes` is a multiple of eight. */
void weir_region_fetch(void *to, const void *from, size_t bytes);

/* Copies words into shared memory. */
void weir_region_store(void *to, const void *from, size_t bytes);

/* Tells whether the 64 bit word is the first of a region in this machine's byte order. */
int weir_region_is_magic(uint64_t word);

/* Takes back weir_region_seal() while nobody else can have seen it. */
void weir_region_unseal(struct weir_region *r);

/* ---- region_open.c ---- */

/* The two locks of an attachment, on a new open file. *owner is in whose name; 0 or an error. */
int weir_region_take_locks(int fd, weir_owner *owner, struct weir_error *err);

/* Maps the whole file, shared. */
int weir_region_map(int fd, size_t len, int prot, void **base, struct weir_error *err);

/* ---- region_lock.c: bytes far beyond the data; they are part of the layout ---- */

#define REGION_LOCK_PRESENCE 0 /* read-locked by everyone attached, write-locked by gc */
#define REGION_LOCK_NAME 1     /* write-locked by whoever is removing the name */

/* Locks (F_RDLCK, F_WRLCK) one byte without blocking. -EBUSY somebody holds it otherwise,
 * -EOPNOTSUPP the file system has no such locks. */
int weir_region_lock(int fd, short type, int byte);

/* Read-locks the byte that stands for `who`. 0 or as above; nothing to do for who 0. */
int weir_region_lock_owner(int fd, weir_owner who);

/* 1 somebody else's descriptor holds the byte of `who`, 0 nobody's does, negative cannot tell. */
int weir_region_owner_locked(int fd, weir_owner who);

/* ---- region_name.c ---- */

/* 1 to WEIR_REGION_NAME_MAX letters, digits, '.', '_', '-'. 0, -EINVAL, -ENAMETOOLONG. */
int weir_region_check_name(const char *name, size_t min, struct weir_error *err);

/* Writes the path of a checked name into REGION_PATH_MAX bytes. */
void weir_region_path(char *path, const char *name);

/* Writes the path under which the kernel knows a descriptor into REGION_FD_PATH_MAX bytes. */
void weir_region_fd_path(char *path, int fd);

/* One of the library's codes for an errno value; err gets `what` and the raw value. */
int weir_region_error(struct weir_error *err, int e, const char *what);

/* ---- region_owner.c ---- */

/* weir_owner_self() with its reasons: 0 and *who, which is 0 without /proc; -EMFILE, -ENOMEM. */
int weir_region_self(weir_owner *who);

/* What a header says about its making. */
struct region_stamp {
	weir_owner creator;
	uint64_t boot;
	uint64_t incarnation; /* nanoseconds since 1970, never 0 */
};
void weir_region_stamp(struct region_stamp *stamp);

/* FNV-1a, 64 bits: finds damage, not malice. Every step is a bijection of the state, so inputs
 * that differ in one byte never collide. */
#define REGION_DIGEST_START UINT64_C(0xcbf29ce484222325)
uint64_t weir_region_digest(uint64_t state, const void *bytes, size_t n);

#endif
