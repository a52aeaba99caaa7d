/* Opening regions that others have made: whole or not at all.
 *
 * The order is: open, lock, look, map, attach. Locking comes first because from then on gc leaves
 * the file alone; a file that has lost its name by then was being removed, and the name stands for
 * nothing, or for a successor. Nothing is believed of the file but what fstat() says, until
 * weir_region_attach() has checked the rest. */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weir/region.h>

#include "region_priv.h"

#define OPEN_TRIES 4

int weir_region_take_locks(int fd, weir_owner *owner, struct weir_error *err)
{
	int rc = weir_region_self(owner);

	if (rc < 0)
		return weir_region_error(err, -rc, "region: reading who we are");
	rc = weir_region_lock(fd, F_RDLCK, REGION_LOCK_PRESENCE);
	if (rc == -EBUSY)
		return weir_error_set(err, -ENOENT, "region: being removed", 0, 0);
	if (rc == 0)
		rc = weir_region_lock_owner(fd, *owner);
	if (rc < 0)
		return weir_error_set(err, -EOPNOTSUPP, "region: liveness lock", 0, 0);
	return WEIR_OK;
}

int weir_region_map(int fd, size_t len, int prot, void **base, struct weir_error *err)
{
	*base = mmap(NULL, len, prot, MAP_SHARED, fd, 0);
	if (*base == MAP_FAILED)
		return weir_region_error(err, errno, "region: mapping");
	return WEIR_OK;
}

/* The file is a region of exactly its own length. */
static int attach_file(struct weir_region *r, struct weir_span mem, uint32_t flags, int named,
		       struct weir_error *err)
{
	int rc = weir_region_attach(r, mem, flags, err);

	/* a name is given to sealed regions only, and a file is as long as its region */
	if (rc == -ENOBUFS || (rc == -EAGAIN && named)) {
		if (err != NULL)
			err->code = -EBADMSG;
		return -EBADMSG;
	}
	if (rc == WEIR_OK && r->len != mem.len)
		return weir_error_set(err, -EBADMSG, "region file: bytes", mem.len, r->len);
	return rc;
}

/* A file without a name is whoever's it was sent by: unless it is sealed against shrinking, cutting it
 * would kill us with SIGBUS. A publisher seals it; until then it is not ready. */
static int check_seals(int fd, struct weir_error *err)
{
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals >= 0 && (seals & F_SEAL_SHRINK) != 0)
		return WEIR_OK;
	return weir_error_set(err, seals >= 0 && (seals & F_SEAL_SEAL) == 0 ? -EAGAIN : -EBADMSG,
			      "region memfd: seals, without that against shrinking",
			      seals >= 0 ? (uint64_t)seals : 0, F_SEAL_SHRINK);
}

/* Locks the file and finds out how long it is. */
static int look_at_file(int fd, int named, size_t *len, weir_owner *owner, struct weir_error *err)
{
	struct stat st;
	int rc;

	if (fstat(fd, &st) < 0)
		return weir_region_error(err, errno, "region file: status");
	if (!S_ISREG(st.st_mode))
		return weir_error_set(err, -EBADMSG, "region file: not a regular one", st.st_mode,
				      S_IFREG);
	rc = weir_region_take_locks(fd, owner, err);
	if (rc < 0)
		return rc;
	/* once more: from now on gc stays away, so what has a name now keeps it */
	if (fstat(fd, &st) < 0)
		return weir_region_error(err, errno, "region file: status");
	if (named && st.st_nlink == 0)
		return weir_error_set(err, -ENOENT, "region: removed", 0, 1);
	rc = !named && st.st_nlink == 0 ? check_seals(fd, err) : WEIR_OK;
	if (rc < 0)
		return rc;
	if (st.st_size < (off_t)REGION_HEADER || (uint64_t)st.st_size > PTRDIFF_MAX)
		return weir_error_set(err, -EBADMSG, "region file: bytes", (uint64_t)st.st_size,
				      REGION_HEADER);
	*len = (size_t)st.st_size;
	return WEIR_OK;
}

/* On success *r has the descriptor; on failure it is still the caller's. */
static int open_in(struct weir_region *r, int fd, const char *name, uint32_t flags,
		   struct weir_error *err)
{
	int prot = (flags & WEIR_REGION_RDONLY) != 0 ? PROT_READ : PROT_READ | PROT_WRITE;
	struct weir_region got;
	struct weir_span mem;
	weir_owner owner;
	int rc;

	rc = look_at_file(fd, name != NULL, &mem.len, &owner, err);
	if (rc < 0)
		return rc;
	rc = weir_region_map(fd, mem.len, prot, &mem.ptr, err);
	if (rc < 0)
		return rc;
	rc = attach_file(&got, mem, flags, name != NULL, err);
	if (rc < 0) {
		(void)munmap(mem.ptr, mem.len);
		return rc;
	}
	got.fd = fd;
	got.mapped = 1;
	got.owner = owner;
	got.flags |= name != NULL ? REGION_NAMED : 0;
	if (name != NULL)
		memcpy(got.name, name, strlen(name) + 1);
	*r = got;
	return WEIR_OK;
}

static int open_mode(uint32_t flags)
{
	/* O_NONBLOCK: something else may have the name, a fifo say */
	return ((flags & WEIR_REGION_RDONLY) != 0 ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOCTTY |
	       O_NONBLOCK;
}

static int open_failed(const char *path, int e, uint32_t flags, struct weir_error *err)
{
	struct stat st;

	if (e == EACCES && stat(path, &st) == 0)
		return weir_error_set(err, -EACCES, "region: mode, and mode needed",
				      st.st_mode & 07777u,
				      (flags & WEIR_REGION_RDONLY) != 0 ? 0400 : 0600);
	if (e == ELOOP || e == ENXIO || e == EISDIR || e == ENODEV)
		return weir_error_set(err, -EBADMSG, "region file: not a regular one", (uint64_t)e,
				      0);
	return weir_region_error(err, e, "region: opening");
}

static int check_flags(uint32_t flags, struct weir_error *err)
{
	if ((flags & ~WEIR_REGION_RDONLY) != 0)
		return weir_error_set(err, -EINVAL, "region flags", flags, WEIR_REGION_RDONLY);
	return WEIR_OK;
}

/* Once more when what we opened was gone before we had locked it: a successor may have the name. */
int weir_region_open(struct weir_region *r, const char *name, uint32_t flags,
		     struct weir_error *err)
{
	char path[REGION_PATH_MAX];
	int fd, tries, rc;

	rc = check_flags(flags, err);
	if (rc == WEIR_OK)
		rc = weir_region_check_name(name, 1, err);
	if (rc < 0)
		return rc;
	weir_region_path(path, name);
	for (tries = 0; tries < OPEN_TRIES; tries++) {
		fd = open(path, open_mode(flags) | O_NOFOLLOW);
		if (fd < 0)
			return open_failed(path, errno, flags, err);
		rc = open_in(r, fd, name, flags, err);
		if (rc == WEIR_OK)
			return WEIR_OK;
		(void)close(fd);
		if (rc != -ENOENT)
			return rc;
	}
	return rc;
}

int weir_region_open_fd(struct weir_region *r, int fd, uint32_t flags, struct weir_error *err)
{
	char path[REGION_FD_PATH_MAX];
	int own, rc;

	rc = check_flags(flags, err);
	if (rc < 0)
		return rc;
	if (fd < 0 || fcntl(fd, F_GETFD) < 0)
		return weir_error_set(err, -EINVAL, "region: descriptor", (uint64_t)fd, 0);
	weir_region_fd_path(path, fd);
	own = open(path, open_mode(flags));
	if (own < 0 && errno == ENOENT)
		return weir_error_set(err, -EOPNOTSUPP, "region: reopening needs /proc", 0, 0);
	if (own < 0)
		return open_failed(path, errno, flags, err);
	rc = open_in(r, own, NULL, flags, err);
	if (rc < 0)
		(void)close(own);
	return rc;
}

void weir_region_close(struct weir_region *r)
{
	if (r->mapped) {
		(void)munmap(r->base, r->len);
		if (r->fd >= 0)
			(void)close(r->fd);
	}
	*r = (struct weir_region){.fd = -1};
}
