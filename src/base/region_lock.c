/* The liveness lock: bytes of the region's file, far beyond its data, that the kernel lets go of
 * when the last descriptor and mapping that came of one open() are gone, however the process ended.
 *
 * Every attachment read-locks two bytes: the presence byte, which keeps gc away, and the byte that
 * stands for its owner identity, which answers for it in another pid namespace. gc write-locks the
 * presence byte; whoever removes the name write-locks the name byte.
 *
 * Open-file-description locks, not POSIX record locks: those belong to the process, and closing any
 * other descriptor of the same file, by a library nobody has heard of, drops them all: a live
 * process would look dead, which frees what it still uses. The error of the OFD lock lies on the
 * safe side: a forked child shares its parent's, so a dead parent can look alive to those who have
 * only the lock to ask. Inside one pid namespace pid and start time decide instead, and there a
 * child keeps nobody alive. A child that will be an owner itself opens the region anew, and then
 * has a lock of its own.
 *
 * The offsets are part of the layout. They lie beyond any size a region can have: what the kernel
 * locks is numbers, not blocks. */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <weir/region.h>

#include "region_priv.h"

#define LOCK_BASE (INT64_C(1) << 62)
#define OWNER_BASE (LOCK_BASE + (INT64_C(1) << 61))
#define OWNER_MASK ((UINT64_C(1) << 61) - 1u)

_Static_assert(sizeof(off_t) == 8, "file offsets have 64 bits");

static struct flock one_byte(short type, off_t at)
{
	return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
}

static off_t owner_byte(weir_owner who)
{
	return (off_t)(OWNER_BASE + (int64_t)(who & OWNER_MASK));
}

static int set(int fd, short type, off_t at)
{
	struct flock l = one_byte(type, at);

	if (fcntl(fd, F_OFD_SETLK, &l) == 0)
		return 0;
	return errno == EAGAIN || errno == EACCES ? -EBUSY : -EOPNOTSUPP;
}

int weir_region_lock(int fd, short type, int byte)
{
	return set(fd, type, (off_t)(LOCK_BASE + byte));
}

int weir_region_lock_owner(int fd, weir_owner who)
{
	return who != 0 ? set(fd, F_RDLCK, owner_byte(who)) : 0;
}

int weir_region_owner_locked(int fd, weir_owner who)
{
	struct flock l = one_byte(F_WRLCK, owner_byte(who));

	if (fcntl(fd, F_OFD_GETLK, &l) < 0)
		return -EOPNOTSUPP;
	return l.l_type != F_UNLCK;
}
