/* weir/region.h - storey base: a self-describing block of shared memory, and whose it is.
 * Needs: base, atomic, error. */
#ifndef WEIR_REGION_H
#define WEIR_REGION_H

#include <weir/base.h>
#include <weir/error.h>

/*
 * A region is a header, a directory of named objects, and the objects. It works on any memory the
 * caller brings (size, format, add, seal; attach) and, on Linux, on mappings that this module
 * makes: named in /dev/shm, a memfd, or anonymous for fork().
 *
 * Created complete or not at all: a named region gets its name only when it is sealed; a creator
 * that is killed before leaves nothing behind. All its blocks exist from the start (no SIGBUS
 * later). Others can open it only with the right uid (mode 0600 unless asked otherwise).
 */

WEIR_BEGIN

#define WEIR_LAYOUT_MAJOR 1u /* bytes mean something else: attach refuses a different one */
#define WEIR_LAYOUT_MINOR 0u /* more objects or fields: attach accepts any */

#define WEIR_REGION_NAME_MAX 63u   /* characters in a region's name: letters, digits, . _ - */
#define WEIR_REGION_OBJECT_NAME 32 /* bytes for an object's name, with its terminator */
#define WEIR_REGION_OBJECTS_MAX 4096u

/* What an object is. Written into shared memory: never renumbered. */
enum weir_kind {
	WEIR_KIND_ANY = 0, /* in a search: whatever it is */
	WEIR_KIND_RING = 1,
	WEIR_KIND_PROGRESS = 2,
	WEIR_KIND_BELL = 3,
	WEIR_KIND_STATS = 4,
	WEIR_KIND_SESSION = 5,
	WEIR_KIND_BARRIER = 6,
	WEIR_KIND_USER = 1000 /* this and above: the application's own */
};

/*
 * The layout. Everything here is written by the creator before the seal and constant afterwards.
 * The first line of the header up to `total_bytes` keeps its place in every layout, so that any
 * version can tell what it has before it. `field` says where the rest is, for tools that do not
 * have this header file.
 */
struct weir_region_field_shm {
	char name[16];   /* "incarnation", "dir.name" ... */
	uint32_t offset; /* of the first one, from the start of the region */
	uint32_t bytes;  /* length of one */
	uint32_t stride; /* from one to the next; 0: there is one */
	uint32_t count;
};
WEIR_ASSERT_LAYOUT(sizeof(struct weir_region_field_shm) == 32);

#define WEIR_REGION_FIELDS 12u

struct weir_region_shm {
	uint64_t magic;      /* "weirREGN" in the creator's byte order */
	uint32_t byte_order; /* 0x01020304 in the creator's byte order */
	uint32_t layout_major;
	uint64_t state; /* REGION.SEAL: 0 blank, then open, then sealed */
	uint64_t total_bytes;
	uint32_t layout_minor;
	uint32_t header_bytes;
	uint32_t line_bytes; /* WEIR_LINE */
	uint32_t word_bytes; /* of a pointer on the creator's side */
	uint64_t dir_off;
	uint32_t dir_max;
	uint32_t dir_stride;
	uint64_t dir_count;
	uint64_t payload_off;
	uint64_t payload_end; /* end of the last object */
	uint64_t incarnation;
	uint64_t boot;        /* digest of the kernel's boot id when it was made */
	uint64_t creator;     /* weir_owner */
	uint64_t fingerprint; /* FNV-1a of header (without state and this) and directory */
	uint32_t field_count;
	uint32_t field_stride;
	struct weir_region_field_shm field[WEIR_REGION_FIELDS];
} WEIR_ALIGNED(WEIR_LINE);
WEIR_ASSERT_LAYOUT(sizeof(struct weir_region_shm) == 512);
WEIR_ASSERT_LAYOUT(offsetof(struct weir_region_shm, state) == 16);
WEIR_ASSERT_LAYOUT(offsetof(struct weir_region_shm, dir_off) == 48);
WEIR_ASSERT_LAYOUT(offsetof(struct weir_region_shm, payload_off) == 72);
WEIR_ASSERT_LAYOUT(offsetof(struct weir_region_shm, fingerprint) == 112);
WEIR_ASSERT_LAYOUT(offsetof(struct weir_region_shm, field) == WEIR_LINE);

/* One object in the directory. */
struct weir_region_entry_shm {
	char name[WEIR_REGION_OBJECT_NAME]; /* terminated */
	uint32_t kind;                      /* enum weir_kind */
	uint32_t reserved0;
	uint64_t offset; /* from the start of the region, a multiple of WEIR_LINE */
	uint64_t bytes;
	uint64_t reserved1;
};
WEIR_ASSERT_LAYOUT(sizeof(struct weir_region_entry_shm) == 64);
WEIR_ASSERT_LAYOUT(offsetof(struct weir_region_entry_shm, kind) == 32);
WEIR_ASSERT_LAYOUT(offsetof(struct weir_region_entry_shm, offset) == 40);
WEIR_ASSERT_LAYOUT(offsetof(struct weir_region_entry_shm, bytes) == 48);

struct weir_region_config {
	uint32_t struct_size;   /* sizeof(struct weir_region_config) */
	uint32_t max_objects;   /* 1 .. WEIR_REGION_OBJECTS_MAX */
	uint64_t payload_bytes; /* what the objects need together; each is rounded up to WEIR_LINE */
	uint64_t incarnation;   /* creator's choice, never reused; 0: one is made from the clock */
	uint32_t mode;          /* permission bits of the file, 0600 among them; 0: 0600 */
	uint32_t reserved;
};

/* Process-local handle. Fields are private. Copying it does not duplicate the mapping. */
struct weir_region {
	uint8_t *base;
	uint64_t len;
	uint64_t incarnation;
	uint64_t dir_off; /* copied and checked at attach, never read again from the mapping */
	uint32_t max_objects;
	uint32_t flags;
	int32_t fd; /* -1: not ours to close */
	uint32_t mapped;
	weir_owner owner; /* in whose name fd holds the liveness lock; 0: nobody's */
	char name[WEIR_REGION_NAME_MAX + 1u];
};

#define WEIR_REGION_RDONLY 1u /* map or treat as read-only */

/* ---- format and attach: pure, on memory the caller brings ---- */

/* Bytes that a region of this config needs, header and directory included.
 * -EINVAL: a field out of range (named in err). Wait-free. */
WEIR_API WEIR_CHECK int weir_region_bytes(const struct weir_region_config *cfg, size_t *bytes,
					  struct weir_error *err);

/* Writes header and empty directory. `mem` must be zeroed, WEIR_LINE-aligned and at least
 * weir_region_bytes() long. Not attachable before weir_region_seal().
 * -EINVAL config, alignment, or memory in use already; -ENOBUFS too short. One thread, nobody else
 * attached. */
WEIR_API WEIR_CHECK int weir_region_format(struct weir_region *r, struct weir_span mem,
					   const struct weir_region_config *cfg,
					   struct weir_error *err);

/* Reserves a zeroed, WEIR_LINE-aligned object. Only between format and seal.
 * -EINVAL name empty, kind 0 or no bytes; -ENAMETOOLONG; -EEXIST same kind and name; -ENOSPC
 * directory or payload full; -EROFS already sealed or read-only. */
WEIR_API WEIR_CHECK int weir_region_add(struct weir_region *r, enum weir_kind kind,
					const char *name, size_t bytes, struct weir_span *obj,
					struct weir_error *err);

/* Makes it attachable: fingerprint over geometry and directory, then the state word.
 * REGION.SEAL release: pairs with weir_region_attach(). -EROFS sealed already or read-only. */
WEIR_API WEIR_CHECK int weir_region_seal(struct weir_region *r);

/* Binds a handle to formatted memory; copies and checks the geometry.
 * -EAGAIN not sealed yet, -EPROTO magic, byte order or layout major (both sides in err), -EBADMSG
 * a field is out of range or the fingerprint differs (named), -ENOBUFS mem shorter than it says,
 * -EINVAL alignment or flags.
 * Reads only; works on a read-only mapping. */
WEIR_API WEIR_CHECK int weir_region_attach(struct weir_region *r, struct weir_span mem,
					   uint32_t flags, struct weir_error *err);

/* Finds an object by kind (or WEIR_KIND_ANY) and name; every offset is checked against the copied
 * geometry. -ENOENT, -EBADMSG an entry on the way points outside, -ENOTCONN not attached. */
WEIR_API WEIR_CHECK int weir_region_find(const struct weir_region *r, enum weir_kind kind,
					 const char *name, struct weir_span *obj);

struct weir_region_entry {
	char name[WEIR_REGION_OBJECT_NAME];
	uint32_t kind;
	uint32_t reserved;
	struct weir_span mem;
};

/* The object at `index` in creation order. -ENOENT past the last, -EBADMSG and -ENOTCONN as
 * above. */
WEIR_API WEIR_CHECK int weir_region_object(const struct weir_region *r, uint32_t index,
					   struct weir_region_entry *out);

/* ---- mappings: Linux, system calls ---- */

/* Creates and formats an invisible region: named (an unlinked file in /dev/shm that gets its name
 * at weir_region_publish()), memfd, or anonymous. All blocks are allocated here: -ENOSPC now,
 * never SIGBUS later. -EINVAL/-ENAMETOOLONG config or name, -EMFILE, -ENOMEM, -EACCES,
 * -EOPNOTSUPP. May block in the kernel. */
WEIR_API WEIR_CHECK int weir_region_create(struct weir_region *r, const char *name,
					   const struct weir_region_config *cfg,
					   struct weir_error *err);
WEIR_API WEIR_CHECK int weir_region_create_memfd(struct weir_region *r, const char *name,
						 const struct weir_region_config *cfg,
						 struct weir_error *err);
WEIR_API WEIR_CHECK int weir_region_create_anonymous(struct weir_region *r,
						     const struct weir_region_config *cfg,
						     struct weir_error *err);

/* Seals; a named region then appears under its name in one step, a memfd is sealed against
 * resizing. -EEXIST the name is taken (the region stays invisible and unsealed: nothing changed),
 * -EROFS published already, -EACCES, -ENOSPC, -EOPNOTSUPP. */
WEIR_API WEIR_CHECK int weir_region_publish(struct weir_region *r, struct weir_error *err);

/* Maps and attaches a published region. -ENOENT, -EACCES (err says which mode it has), -EBADMSG a
 * file that is shorter or longer than its header says, -EINVAL, -ENAMETOOLONG, -EMFILE, -ENOMEM,
 * -EOPNOTSUPP, and all of weir_region_attach() but -EAGAIN and -ENOBUFS. */
WEIR_API WEIR_CHECK int weir_region_open(struct weir_region *r, const char *name, uint32_t flags,
					 struct weir_error *err);

/* The same for a descriptor (memfd received over a socket or inherited). Reopens it, so the
 * caller's descriptor stays the caller's. -EAGAIN not published yet; -EBADMSG also for a file that has
 * no name and is not sealed against shrinking. A forked child that will be an
 * owner calls this (or weir_region_open()) itself: what it inherited holds its parent's lock. */
WEIR_API WEIR_CHECK int weir_region_open_fd(struct weir_region *r, int fd, uint32_t flags,
					    struct weir_error *err);

/* Unmaps and closes what the handle holds. The name stays. Safe on a zeroed or closed handle. */
WEIR_API void weir_region_close(struct weir_region *r);

/* Removes the name; those who have it mapped keep it. -ENOENT, -EACCES, -ENAMETOOLONG, -EINVAL,
 * -EBUSY somebody else is removing it at this moment, -EBADMSG it is no regular file. */
WEIR_API WEIR_CHECK int weir_region_unlink(const char *name);

/* Called for each region that gc looked at: removed is 1, or 0 when it is in use (or may not be
 * removed by us). Files that are not regions, or not ours to open, are passed over. */
typedef void (*weir_region_gc_fn)(void *ctx, const char *name, int removed);

/* Removes the named regions that begin with `prefix` (may be "") and that no process has attached,
 * by lock, in any pid namespace. Safe against a concurrent open: that one gets the region or
 * -ENOENT. fn may be NULL. Returns how many were removed, or -errno. */
WEIR_API WEIR_CHECK int weir_region_gc(const char *prefix, weir_region_gc_fn fn, void *ctx);

/* ---- whose it is ---- */

enum weir_owner_state {
	WEIR_OWNER_DEAD = 0,
	WEIR_OWNER_ALIVE = 1,
	WEIR_OWNER_UNKNOWN = 2 /* another pid namespace, no lock to ask: treat as alive */
};

/* This process: pid (22 bits), digest of where pid and start time mean something (12: pid and
 * time namespace), start time in ticks modulo 2^30. A forked child has another one. 0 when /proc
 * is not mounted, or cannot be read for want of descriptors. Several system calls. */
WEIR_API weir_owner weir_owner_self(void);

/* The pid inside an identity, for messages. Wait-free. */
WEIR_API uint32_t weir_owner_pid(weir_owner who);

/* DEAD when the pid is gone, a zombie, or started at another time than `who`; ALIVE when all
 * agree; a stopped process is alive, and so is one whose first thread ended before the others.
 * UNKNOWN for another pid namespace, and when /proc hides it. who 0 is DEAD.
 * Several system calls, never blocks on the other process. */
WEIR_API enum weir_owner_state weir_owner_state(weir_owner who);

/* As weir_owner_state(); what that leaves UNKNOWN is asked of the lock that every process which
 * attached with weir_region_create() or weir_region_open() holds on the region's file: decides all
 * cases for named and memfd regions. */
WEIR_API enum weir_owner_state weir_region_owner_state(const struct weir_region *r, weir_owner who);

WEIR_END
#endif
