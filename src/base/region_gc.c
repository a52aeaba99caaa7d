/* Taking names away: from one region, or from all that nobody has attached.
 *
 * Whoever removes a name opens the file, write-locks its name byte, and looks whether the file
 * still has a name. While the byte is held nobody else who keeps to this removes that name, and
 * nobody can give it to another file as long as it is taken; so unlink() by name hits this very
 * file, never a successor that was published a moment ago.
 *
 * gc also write-locks the presence byte. Getting it means that nobody is attached, in whatever pid
 * namespace; holding it keeps newcomers out until the name is gone, and a newcomer that had opened
 * the file before sees that its last name is gone and takes the name for absent (open_in()). */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <weir/region.h>

#include "region_priv.h"

#define OPEN_FLAGS (O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW)

/* Takes the right to remove the file's name. 0, -EBUSY, -ENOENT it has none any more, -EBADMSG. */
static int take_name(int fd)
{
	struct stat st;
	int rc;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -EBADMSG;
	rc = weir_region_lock(fd, F_WRLCK, REGION_LOCK_NAME);
	if (rc < 0)
		return rc;
	if (fstat(fd, &st) < 0)
		return -EBADMSG;
	return st.st_nlink == 0 ? -ENOENT : 0;
}

int weir_region_unlink(const char *name)
{
	char path[REGION_PATH_MAX];
	int fd, rc;

	rc = weir_region_check_name(name, 1, NULL);
	if (rc < 0)
		return rc;
	weir_region_path(path, name);
	fd = open(path, O_RDWR | OPEN_FLAGS);
	if (fd < 0)
		return errno == ELOOP || errno == ENXIO || errno == EISDIR
			       ? -EBADMSG
			       : weir_region_error(NULL, errno, "");
	rc = take_name(fd);
	if (rc == 0 && unlink(path) < 0)
		rc = errno == EPERM ? -EACCES : weir_region_error(NULL, errno, "");
	(void)close(fd);
	return rc;
}

/* ---- gc ---- */

struct sweep {
	const char *prefix;
	weir_region_gc_fn fn;
	void *ctx;
	int removed;
};

/* Whether the file says that it is a region. Everything else with such a name is not ours. */
static int is_region(int fd)
{
	uint64_t first;

	return pread(fd, &first, sizeof(first), 0) == (ssize_t)sizeof(first) &&
	       weir_region_is_magic(first);
}

/* 1 removed, 0 in use. */
static int remove_unused(int fd, const char *path)
{
	if (take_name(fd) < 0 || weir_region_lock(fd, F_WRLCK, REGION_LOCK_PRESENCE) < 0)
		return 0;
	return unlink(path) == 0;
}

/* 0, or -EMFILE, -ENOMEM when looking further makes no sense. */
static int sweep_one(struct sweep *s, const char *name)
{
	char path[REGION_PATH_MAX];
	int fd, removed;

	weir_region_path(path, name);
	fd = open(path, O_RDWR | OPEN_FLAGS);
	if (fd < 0) /* gone, not ours, or not a file */
		return errno == EMFILE || errno == ENFILE ? -EMFILE : errno == ENOMEM ? -ENOMEM : 0;
	if (!is_region(fd)) {
		(void)close(fd);
		return 0;
	}
	removed = remove_unused(fd, path);
	(void)close(fd);
	s->removed += removed;
	if (s->fn != NULL)
		s->fn(s->ctx, name, removed);
	return 0;
}

/* The directory's name of a region, or NULL. */
static const char *region_of(const struct sweep *s, const char *entry)
{
	if (strncmp(entry, REGION_PREFIX, REGION_PREFIX_LEN) != 0)
		return NULL;
	entry += REGION_PREFIX_LEN;
	if (strncmp(entry, s->prefix, strlen(s->prefix)) != 0)
		return NULL;
	return weir_region_check_name(entry, 1, NULL) == WEIR_OK ? entry : NULL;
}

/* What SYS_getdents64 writes, name and padding following. */
struct entry {
	uint64_t inode;
	int64_t next;
	uint16_t bytes;
	uint8_t type;
};
#define ENTRY_NAME (offsetof(struct entry, type) + 1u)

/* getdents64() itself: opendir() would allocate. */
static int sweep_directory(struct sweep *s, int dir)
{
	_Alignas(struct entry) char buf[4096];
	struct entry e;
	const char *name;
	long n, at;
	int rc;

	for (;;) {
		n = syscall(SYS_getdents64, dir, buf, sizeof(buf));
		if (n <= 0)
			return n == 0 ? 0 : weir_region_error(NULL, errno, "");
		for (at = 0; at < n; at += e.bytes) {
			memcpy(&e, buf + at, ENTRY_NAME);
			name = region_of(s, buf + at + ENTRY_NAME);
			rc = name != NULL ? sweep_one(s, name) : 0;
			if (rc < 0)
				return rc;
		}
	}
}

int weir_region_gc(const char *prefix, weir_region_gc_fn fn, void *ctx)
{
	struct sweep s = {.prefix = prefix, .fn = fn, .ctx = ctx};
	int rc, dir;

	rc = weir_region_check_name(prefix, 0, NULL);
	if (rc < 0)
		return rc;
	dir = open(REGION_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? -EOPNOTSUPP : weir_region_error(NULL, errno, "");
	rc = sweep_directory(&s, dir);
	(void)close(dir);
	/* what has been removed stays removed, so it is reported */
	return rc < 0 && s.removed == 0 ? rc : s.removed;
}
