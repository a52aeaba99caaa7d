/* Making regions that the kernel holds: complete or not at all.
 *
 * A named region begins as a file without a name (O_TMPFILE). It gets all its blocks, its mode, its
 * locks, its header and its objects, is sealed, and then one linkat() gives it its name: there is
 * no moment at which somebody can open half of it, and a creator that dies before leaves nothing.
 * Sealing has to come first, because the name makes it visible; when the name is taken the seal is
 * broken again, which nobody can have seen.
 *
 * Each of the calls below takes everything it needs into locals and hands it to the caller's handle
 * at the end; on the way out of a failure it gives back what it took, in one place. */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <weir/region.h>

#include "region_priv.h"

#define ALLOCATE_STEP ((uint64_t)4 << 20)

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* What would fail later, said before anything is taken: a file size limit (which the kernel answers
 * with SIGXFSZ) and a file system too small (which would be filled to the brim on the way). */
static int check_room(int fd, uint64_t bytes, struct weir_error *err)
{
	struct rlimit limit;
	struct statvfs fs;
	uint64_t free_bytes;

	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
	    bytes > limit.rlim_cur)
		return weir_error_set(err, -ENOSPC, "region bytes: file size limit", bytes,
				      limit.rlim_cur);
	if (fstatvfs(fd, &fs) < 0 || fs.f_blocks == 0) /* 0: without a limit of its own */
		return WEIR_OK;
	free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (bytes > free_bytes)
		return weir_error_set(err, -ENOSPC, "region bytes: file system", bytes, free_bytes);
	return WEIR_OK;
}

/* All blocks, in steps: a signal makes the kernel undo the call it interrupts, and a caller with a
 * busy timer must get on nevertheless. */
static int allocate(int fd, uint64_t bytes, struct weir_error *err)
{
	uint64_t at, n;
	int e;

	for (at = 0; at < bytes; at += n) {
		n = bytes - at < ALLOCATE_STEP ? bytes - at : ALLOCATE_STEP;
		do
			e = posix_fallocate(fd, (off_t)at, (off_t)n);
		while (e == EINTR);
		if (e == ENOSPC)
			return weir_error_set(err, -ENOSPC, "region bytes: file system", bytes, at);
		if (e != 0)
			return weir_region_error(err, e, "region: allocating blocks");
	}
	return WEIR_OK;
}

/* On success *r has the descriptor; on failure it is still the caller's. */
static int create_in(struct weir_region *r, int fd, uint32_t flags, const char *name,
		     const struct weir_region_config *cfg, size_t bytes, struct weir_error *err)
{
	struct weir_region made;
	struct weir_span mem = {.len = bytes};
	weir_owner owner;
	int rc;

	rc = weir_region_take_locks(fd, &owner, err);
	if (rc == WEIR_OK && fchmod(fd, (mode_t)(cfg->mode != 0 ? cfg->mode : 0600u)) < 0)
		rc = weir_region_error(err, errno, "region: setting its mode");
	if (rc == WEIR_OK)
		rc = check_room(fd, bytes, err);
	if (rc == WEIR_OK) /* before the blocks: a size that has no place in memory fails here */
		rc = weir_region_map(fd, bytes, PROT_READ | PROT_WRITE, &mem.ptr, err);
	if (rc < 0)
		return rc;
	rc = allocate(fd, bytes, err);
	if (rc == WEIR_OK)
		rc = weir_region_format(&made, mem, cfg, err);
	if (rc < 0) {
		(void)munmap(mem.ptr, bytes);
		return rc;
	}
	made.flags |= flags;
	made.fd = fd;
	made.mapped = 1;
	made.owner = owner;
	memcpy(made.name, name, strlen(name) + 1);
	*r = made;
	return WEIR_OK;
}

/* ENOENT here is a system without REGION_DIR, EISDIR and EINVAL a kernel without O_TMPFILE. */
static int open_nameless(struct weir_error *err)
{
	int fd = open(REGION_DIR, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT || errno == ENOTDIR)
		return weir_error_set(err, -EOPNOTSUPP, "region: no " REGION_DIR, 0, 0);
	return weir_region_error(err, errno, "region: file in " REGION_DIR);
}

static int open_memfd(const char *name, struct weir_error *err)
{
	char full[REGION_PREFIX_LEN + WEIR_REGION_NAME_MAX + 1];
	int fd;

	memcpy(full, REGION_PREFIX, REGION_PREFIX_LEN);
	memcpy(full + REGION_PREFIX_LEN, name, strlen(name) + 1);
	fd = memfd_create(full, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd >= 0 ? fd : weir_region_error(err, errno, "region: memfd");
}

static int create_file(struct weir_region *r, uint32_t flags, const char *name,
		       const struct weir_region_config *cfg, struct weir_error *err)
{
	size_t bytes;
	int fd, rc;

	rc = weir_region_check_name(name, 1, err);
	if (rc == WEIR_OK)
		rc = weir_region_bytes(cfg, &bytes, err);
	if (rc < 0)
		return rc;
	fd = (flags & REGION_NAMED) != 0 ? open_nameless(err) : open_memfd(name, err);
	if (fd < 0)
		return fd;
	rc = create_in(r, fd, flags, name, cfg, bytes, err);
	if (rc < 0)
		(void)close(fd);
	return rc;
}

int weir_region_create(struct weir_region *r, const char *name,
		       const struct weir_region_config *cfg, struct weir_error *err)
{
	return create_file(r, REGION_NAMED, name, cfg, err);
}

int weir_region_create_memfd(struct weir_region *r, const char *name,
			     const struct weir_region_config *cfg, struct weir_error *err)
{
	return create_file(r, REGION_MEMFD, name, cfg, err);
}

int weir_region_create_anonymous(struct weir_region *r, const struct weir_region_config *cfg,
				 struct weir_error *err)
{
	struct weir_span mem;
	int rc = weir_region_bytes(cfg, &mem.len, err);

	if (rc < 0)
		return rc;
	mem.ptr = mmap(NULL, mem.len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (mem.ptr == MAP_FAILED)
		return weir_region_error(err, errno, "region: mapping");
	/* EINVAL: a kernel before 5.14, which has no way to say that a page is missing */
	if (madvise(mem.ptr, mem.len, MADV_POPULATE_WRITE) < 0 && errno != EINVAL)
		rc = weir_error_set(err, -ENOMEM, "region: allocating pages", mem.len, 0);
	if (rc == WEIR_OK)
		rc = weir_region_format(r, mem, cfg, err);
	if (rc < 0) {
		(void)munmap(mem.ptr, mem.len);
		return rc;
	}
	r->mapped = 1;
	return WEIR_OK;
}

/* ---- publish ---- */

static int give_name(const struct weir_region *r, struct weir_error *err)
{
	char from[REGION_FD_PATH_MAX], to[REGION_PATH_MAX];

	weir_region_fd_path(from, r->fd);
	weir_region_path(to, r->name);
	if (linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW) == 0)
		return WEIR_OK;
	/* without /proc; needs CAP_DAC_READ_SEARCH on most kernels */
	if (errno == ENOENT && linkat(r->fd, "", AT_FDCWD, to, AT_EMPTY_PATH) == 0)
		return WEIR_OK;
	if (errno == ENOENT)
		return weir_error_set(err, -EOPNOTSUPP, "region: naming it needs /proc", 0, 0);
	return weir_region_error(err, errno, "region: name");
}

int weir_region_publish(struct weir_region *r, struct weir_error *err)
{
	int rc;

	if ((r->flags & REGION_BUILDING) == 0)
		return weir_error_set(err, -EROFS, "region: published already", 0, 0);
	if ((r->flags & REGION_MEMFD) != 0 &&
	    fcntl(r->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return weir_region_error(err, errno, "region: sealing the memfd");
	rc = weir_region_seal(r);
	if (rc == WEIR_OK && (r->flags & REGION_NAMED) != 0) {
		rc = give_name(r, err);
		if (rc < 0)
			weir_region_unseal(r);
	}
	return rc;
}
