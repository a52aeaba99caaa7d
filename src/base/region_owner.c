/* Whose it is: identities of processes, and whether they live.
 *
 * An identity is 30 bits of start time, 12 bits of place, 22 bits of pid. The pid alone would be
 * somebody else's after a while; the start time (clock ticks since boot, modulo 124 days at 100 Hz)
 * tells the two apart. Both mean something only in one place: the pid namespace (which numbers the
 * processes) and the time namespace (which shifts the start times that /proc shows). The place is
 * made of the low bits of both; an identity from another place is UNKNOWN, never compared. Two
 * pid namespaces look the same only when their numbers are a multiple of 4096 apart.
 *
 * The order of the questions makes races harmless. kill(pid, 0) says that somebody has the pid, or
 * that nobody has: then `who` is dead, for pids are not given back. If between that and reading
 * /proc the process dies and another gets the pid, the start time is the other's. A zombie has its
 * pid and start time but is dead, unless other threads of it go on. */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <weir/region.h>

#include "region_priv.h"

#define PID_BITS 22
#define PLACE_BITS 12
#define PID_MASK ((UINT64_C(1) << PID_BITS) - 1u)
#define PLACE_MASK ((UINT64_C(1) << PLACE_BITS) - 1u)
#define START_MASK ((UINT64_C(1) << 30) - 1u)

uint64_t weir_region_digest(uint64_t state, const void *bytes, size_t n)
{
	const uint8_t *byte = bytes;
	size_t i;

	for (i = 0; i < n; i++)
		state = (state ^ byte[i]) * UINT64_C(0x100000001b3);
	return state;
}

/* ---- /proc, read by hand ---- */

/* A whole small file, terminated. Its length, or -errno. */
static ssize_t read_small(const char *path, char *buf, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, cap - 1);
	if (n < 0)
		n = -errno;
	else
		buf[n] = '\0';
	(void)close(fd);
	return n;
}

struct proc_stat {
	uint64_t pid;
	uint64_t threads;
	uint64_t start;
	char state;
};

static const char *number(const char *p, uint64_t *n)
{
	*n = 0;
	while (*p >= '0' && *p <= '9')
		*n = *n * 10u + (uint64_t)(*p++ - '0');
	return p;
}

/* "pid (name) state ..."; the name may hold anything, so fields count from the last parenthesis:
 * 3 state, 20 threads, 22 start time. 0 or -EBADMSG. */
static int parse_stat(const char *text, struct proc_stat *out)
{
	const char *p = strrchr(text, ')');
	uint64_t value;
	int field;

	(void)number(text, &out->pid);
	if (p == NULL || p[1] != ' ' || p[2] == '\0')
		return -EBADMSG;
	out->state = p[2];
	p += 3;
	for (field = 4; field <= 22; field++) {
		if (*p != ' ')
			return -EBADMSG;
		p++;
		if (*p == '-')
			p++;
		p = number(p, &value);
		if (field == 20)
			out->threads = value;
	}
	out->start = value;
	return *p == ' ' || *p == '\n' ? 0 : -EBADMSG;
}

static int read_stat(const char *path, struct proc_stat *out)
{
	char text[1024]; /* to field 22 it has 500 at most */
	ssize_t n = read_small(path, text, sizeof(text));

	return n < 0 ? (int)n : parse_stat(text, out);
}

static void stat_path(char *path, uint32_t pid)
{
	char digit[10];
	unsigned n = 0;

	do {
		digit[n++] = (char)('0' + pid % 10u);
		pid /= 10u;
	} while (pid != 0);
	memcpy(path, "/proc/", 6);
	path += 6;
	while (n > 0)
		*path++ = digit[--n];
	memcpy(path, "/stat", 6);
}

/* ---- identity ---- */

/* What is not there is the same for everybody and counts as nothing; another failure may be of this
 * moment only, and must not make an identity that differs from the one of a moment ago. */
static int is_absent(int rc)
{
	return rc == -ENOENT || rc == -ENOTDIR || rc == -EACCES || rc == -EPERM;
}

/* Digest of the kernel's boot id; 0 or -errno. */
static int read_boot(uint64_t *digest)
{
	char text[64];
	ssize_t n = read_small("/proc/sys/kernel/random/boot_id", text, sizeof(text));

	*digest = REGION_DIGEST_START;
	if (n > 0)
		*digest = weir_region_digest(*digest, text, (size_t)n);
	return n >= 0 || is_absent((int)n) ? 0 : (int)n;
}

/* A namespace is its inode number. The thread's link, not the process's: that of a first thread which
 * has ended is gone, while the process lives. */
static int read_namespace(const char *path, uint64_t *inode)
{
	struct stat st;
	int rc = stat(path, &st) == 0 ? 0 : -errno;

	*inode = rc == 0 ? (uint64_t)st.st_ino : 0;
	return rc == 0 || is_absent(rc) ? 0 : rc;
}

/* Where pids and start times are what they are. Not hashed: the kernel numbers namespaces densely,
 * so the low bits keep those apart that live side by side. 0 or -errno. */
static int read_place(uint64_t *place)
{
	uint64_t pid_ns, time_ns = 0;
	int rc = read_namespace("/proc/thread-self/ns/pid", &pid_ns);

	if (rc == 0)
		rc = read_namespace("/proc/thread-self/ns/time", &time_ns);
	*place = (pid_ns ^ time_ns << PLACE_BITS / 2 ^ time_ns >> PLACE_BITS / 2) & PLACE_MASK;
	return rc;
}

static weir_owner compose(uint64_t start, uint64_t place, uint64_t pid)
{
	return (start & START_MASK) << (PID_BITS + PLACE_BITS) | place << PID_BITS |
	       (pid & PID_MASK);
}

int weir_region_self(weir_owner *who)
{
	struct proc_stat st;
	uint64_t place;
	int rc = read_stat("/proc/self/stat", &st);

	*who = 0;
	if (rc == 0)
		rc = read_place(&place);
	if (rc == -EMFILE || rc == -ENFILE)
		return -EMFILE;
	if (rc == -ENOMEM)
		return -ENOMEM;
	if (rc == 0)
		/* our own number for it: /proc may be mounted from another namespace */
		*who = compose(st.start, place, (uint64_t)getpid());
	return 0;
}

weir_owner weir_owner_self(void)
{
	weir_owner who;

	(void)weir_region_self(&who);
	return who;
}

uint32_t weir_owner_pid(weir_owner who)
{
	return (uint32_t)(who & PID_MASK);
}

/* ---- life ---- */

static int pid_is_free(uint32_t pid)
{
	return kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

static int is_over(const struct proc_stat *st)
{
	if (st->state == 'X' || st->state == 'x')
		return 1;
	/* a zombie with threads is a process whose first thread has ended */
	return st->state == 'Z' && st->threads <= 1;
}

enum weir_owner_state weir_owner_state(weir_owner who)
{
	uint32_t pid = weir_owner_pid(who);
	struct proc_stat st;
	uint64_t place;
	char path[32];
	int rc;

	if (who == 0)
		return WEIR_OWNER_DEAD;
	/* /proc must be there and number processes as we do */
	if (read_stat("/proc/self/stat", &st) < 0 || read_place(&place) < 0 ||
	    place != (who >> PID_BITS & PLACE_MASK))
		return WEIR_OWNER_UNKNOWN;
	if (who == compose(st.start, place, (uint64_t)getpid()))
		return WEIR_OWNER_ALIVE;
	if (pid == 0 || pid_is_free(pid)) /* no process has 0; kill(0) would mean our group */
		return WEIR_OWNER_DEAD;
	if (st.pid != (uint64_t)getpid())
		return WEIR_OWNER_UNKNOWN;
	stat_path(path, pid);
	rc = read_stat(path, &st);
	if (rc < 0) /* gone since, or hidden from us (hidepid) */
		return pid_is_free(pid) ? WEIR_OWNER_DEAD : WEIR_OWNER_UNKNOWN;
	if ((st.start & START_MASK) != who >> (PID_BITS + PLACE_BITS) || is_over(&st))
		return WEIR_OWNER_DEAD;
	return WEIR_OWNER_ALIVE;
}

enum weir_owner_state weir_region_owner_state(const struct weir_region *r, weir_owner who)
{
	enum weir_owner_state state = weir_owner_state(who);
	int locked;

	if (state != WEIR_OWNER_UNKNOWN || !r->mapped || r->fd < 0)
		return state;
	/* our own lock does not show, and we may have inherited it from `who` */
	if (who == r->owner)
		return WEIR_OWNER_UNKNOWN;
	locked = weir_region_owner_locked(r->fd, who);
	if (locked < 0)
		return WEIR_OWNER_UNKNOWN;
	return locked ? WEIR_OWNER_ALIVE : WEIR_OWNER_DEAD;
}

/* ---- what a header says about its making ---- */

void weir_region_stamp(struct region_stamp *stamp)
{
	struct timespec t = {0};

	(void)clock_gettime(CLOCK_REALTIME, &t);
	stamp->incarnation = (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
	if (stamp->incarnation == 0)
		stamp->incarnation = 1;
	(void)read_boot(&stamp->boot);
	stamp->creator = weir_owner_self();
}
