/* Regions that the kernel holds: names, descriptors, permissions, room; and every call of theirs to
 * the system failing in turn. */
#define _FILE_OFFSET_BITS 64
#undef _FORTIFY_SOURCE /* it would put its own functions in the place of those below */
#include <check.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/error.h>
#include <weir/region.h>

/* ---- the system, failing on demand ----
 *
 * These definitions stand before libc's for everything linked statically here. The call number
 * `fail_at` (counted from 1) fails with `fail_with`; 0 lets all pass. */

static unsigned fail_at, calls, interrupts;
static int fail_with;
static int watching; /* only calls made while this is set count */
static void (*after_open)(void); /* once, when the next open() has succeeded */

static int fails(void)
{
	return watching && ++calls == fail_at;
}

#define REAL(ret, name, params)                                                                    \
	static ret(*real) params;                                                                  \
	if (real == NULL)                                                                          \
		*(void **)&real = dlsym(RTLD_NEXT, name)

#define FAILING(ret, call, symbol, params, args, fail)                                             \
	ret call params;                                                                           \
	ret call params                                                                            \
	{                                                                                          \
		REAL(ret, symbol, params);                                                         \
		if (fails()) {                                                                     \
			errno = fail_with;                                                         \
			return fail;                                                               \
		}                                                                                  \
		return real args;                                                                  \
	}

FAILING(void *, mmap, "mmap64", (void *a, size_t n, int p, int f, int fd, off_t o),
	(a, n, p, f, fd, o), MAP_FAILED)
FAILING(int, fstat, "fstat64", (int fd, struct stat *st), (fd, st), -1)
FAILING(int, stat, "stat64", (const char *path, struct stat *st), (path, st), -1)
FAILING(int, fchmod, "fchmod", (int fd, mode_t m), (fd, m), -1)
FAILING(int, memfd_create, "memfd_create", (const char *name, unsigned f), (name, f), -1)
FAILING(int, linkat, "linkat", (int a, const char *b, int c, const char *d, int e), (a, b, c, d, e),
	-1)
FAILING(int, madvise, "madvise", (void *a, size_t n, int x), (a, n, x), -1)
FAILING(ssize_t, read, "read", (int fd, void *buf, size_t n), (fd, buf, n), -1)
FAILING(int, fstatvfs, "fstatvfs64", (int fd, struct statvfs *s), (fd, s), -1)

int open(const char *path, int flags, ...)
{
	REAL(int, "open64", (const char *, int, ...));
	void (*then)(void) = after_open;
	mode_t mode = 0;
	va_list list;
	int fd;

	if (flags & (O_CREAT | __O_TMPFILE)) {
		va_start(list, flags);
		mode = va_arg(list, mode_t);
		va_end(list);
	}
	if (fails()) {
		errno = fail_with;
		return -1;
	}
	fd = real(path, flags, mode);
	if (then != NULL && fd >= 0) {
		after_open = NULL;
		then();
	}
	return fd;
}

int fcntl(int fd, int cmd, ...)
{
	REAL(int, "fcntl64", (int, int, ...));
	va_list list;
	void *arg;

	va_start(list, cmd);
	arg = va_arg(list, void *);
	va_end(list);
	if (fails()) {
		errno = fail_with;
		return -1;
	}
	return real(fd, cmd, arg);
}

int posix_fallocate(int fd, off_t at, off_t n)
{
	REAL(int, "posix_fallocate64", (int, off_t, off_t));
	if (watching && interrupts > 0) {
		interrupts--;
		return EINTR;
	}
	return fails() ? fail_with : real(fd, at, n);
}

/* ---- tools ---- */

static char prefix[32]; /* of all names made here */

static const char *named(const char *rest)
{
	static char buf[8][WEIR_REGION_NAME_MAX + 1];
	static unsigned turn;
	char *name = buf[turn++ % 8];

	snprintf(name, sizeof(buf[0]), "%s%s", prefix, rest);
	return name;
}

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "/dev/shm/weir.%s", name);
	return path;
}

static struct weir_region_config config(uint64_t payload)
{
	return (struct weir_region_config){.struct_size = sizeof(struct weir_region_config),
					   .max_objects = 2,
					   .payload_bytes = payload};
}

static unsigned open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/* Lines of /proc/self/maps that a region could have made. */
static unsigned mappings(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];
	unsigned n = 0;

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f) != NULL)
		n += strstr(line, "/dev/shm") != NULL || strstr(line, "memfd:") != NULL ||
		     strstr(line, "/dev/zero") != NULL;
	fclose(f);
	return n;
}

/* Names that begin like ours. */
static unsigned names(void)
{
	DIR *d = opendir("/dev/shm");
	struct dirent *e;
	unsigned n = 0;

	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d)) != NULL)
		n += strncmp(e->d_name, "weir.", 5) == 0 &&
		     strncmp(e->d_name + 5, prefix, strlen(prefix)) == 0;
	closedir(d);
	return n;
}

static void publish(struct weir_region *r, const char *name, uint32_t mode)
{
	struct weir_region_config cfg = config(256);
	struct weir_span obj;

	cfg.mode = mode;
	ck_assert_int_eq(weir_region_create(r, name, &cfg, NULL), WEIR_OK);
	ck_assert_int_eq(weir_region_add(r, WEIR_KIND_USER, "x", 256, &obj, NULL), WEIR_OK);
	ck_assert_int_eq(weir_region_publish(r, NULL), WEIR_OK);
}

/* Runs fn in a child; its exit status, or 128 + the signal. */
static int in_child(int (*fn)(void *), void *arg)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(fn(arg));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- life of a named region ---- */

START_TEST(a_name_appears_when_it_is_published)
{
	struct weir_region r, a, ro;
	struct weir_region_config cfg = config(256);
	const char *name = named("life");
	struct weir_span x, y;
	struct weir_error e;

	ck_assert_int_eq(weir_region_create(&r, name, &cfg, &e), WEIR_OK);
	ck_assert_uint_eq(names(), 0);
	ck_assert_int_eq(weir_region_open(&a, name, 0, &e), -ENOENT);
	ck_assert_int_eq(weir_region_add(&r, WEIR_KIND_USER, "x", 256, &x, NULL), WEIR_OK);
	ck_assert_int_eq(weir_region_publish(&r, &e), WEIR_OK);
	ck_assert_uint_eq(names(), 1);
	ck_assert_int_eq(weir_region_publish(&r, &e), -EROFS);

	ck_assert_int_eq(weir_region_open(&a, name, 0, &e), WEIR_OK);
	ck_assert_int_eq(weir_region_open(&ro, name, WEIR_REGION_RDONLY, &e), WEIR_OK);
	ck_assert_uint_eq(a.incarnation, r.incarnation);
	ck_assert_str_eq(a.name, name);
	ck_assert_int_eq(weir_region_find(&a, WEIR_KIND_USER, "x", &y), WEIR_OK);
	ck_assert_ptr_ne(x.ptr, y.ptr);
	memset(y.ptr, 0x5a, y.len);
	ck_assert_int_eq(memcmp(x.ptr, y.ptr, 256), 0);
	ck_assert_int_eq(weir_region_find(&ro, WEIR_KIND_USER, "x", &y), WEIR_OK);
	ck_assert_int_eq(memcmp(x.ptr, y.ptr, 256), 0);
	/* it is the kernel that keeps the read-only mapping from becoming another */
	ck_assert_int_eq(mprotect(ro.base, ro.len, PROT_READ | PROT_WRITE), -1);
	ck_assert_int_eq(errno, EACCES);
	ck_assert_int_eq(mprotect(a.base, a.len, PROT_READ | PROT_WRITE), 0);

	ck_assert_int_eq(weir_region_unlink(name), WEIR_OK);
	ck_assert_int_eq(weir_region_unlink(name), -ENOENT);
	ck_assert_int_eq(weir_region_open(&ro, name, 0, &e), -ENOENT);
	ck_assert_int_eq(((char *)y.ptr)[0], 0x5a); /* who has it keeps it */
	weir_region_close(&a);
	weir_region_close(&ro);
	weir_region_close(&r);
	weir_region_close(&r);
	ck_assert_int_eq(r.fd, -1);
}
END_TEST

START_TEST(closing_nothing_closes_nothing)
{
	struct weir_region r;
	unsigned before = open_files();

	memset(&r, 0, sizeof(r)); /* its fd is 0: standard input */
	weir_region_close(&r);
	ck_assert_uint_eq(open_files(), before);
	ck_assert_int_eq(weir_region_create_anonymous(&r, &(struct weir_region_config){0}, NULL),
			 -EINVAL);
	weir_region_close(&r);
	ck_assert_uint_eq(open_files(), before);
}
END_TEST

START_TEST(a_taken_name_changes_nothing)
{
	struct weir_region r, second;
	struct weir_region_config cfg = config(256);
	const char *name = named("taken");
	struct weir_span obj;
	struct weir_error e;

	publish(&r, name, 0);
	ck_assert_int_eq(weir_region_create(&second, name, &cfg, &e), WEIR_OK);
	ck_assert_int_eq(weir_region_publish(&second, &e), -EEXIST);
	ck_assert_int_eq(e.code, -EEXIST);
	/* still being built, and still without a name */
	ck_assert_int_eq(weir_region_add(&second, WEIR_KIND_USER, "late", 8, &obj, NULL), WEIR_OK);
	ck_assert_int_eq(weir_region_publish(&second, &e), -EEXIST);
	ck_assert_int_eq(weir_region_unlink(name), WEIR_OK);
	ck_assert_int_eq(weir_region_publish(&second, &e), WEIR_OK);
	weir_region_close(&r);
	ck_assert_int_eq(weir_region_open(&r, name, 0, &e), WEIR_OK);
	ck_assert_int_eq(weir_region_find(&r, WEIR_KIND_USER, "late", &obj), WEIR_OK);
	ck_assert_int_eq(weir_region_unlink(name), WEIR_OK);
	weir_region_close(&r);
	weir_region_close(&second);
}
END_TEST

static struct weir_region successor;

static void replace(void)
{
	struct weir_region_config cfg = config(256);

	ck_assert_int_eq(weir_region_unlink(named("old")), WEIR_OK);
	ck_assert_int_eq(weir_region_create(&successor, named("old"), &cfg, NULL), WEIR_OK);
	ck_assert_int_eq(weir_region_publish(&successor, NULL), WEIR_OK);
}

static void just_remove(void)
{
	ck_assert_int_eq(weir_region_unlink(named("old")), WEIR_OK);
}

/* Between open() and the lock the name goes to another region, or to none. */
START_TEST(a_name_may_change_hands_while_it_is_opened)
{
	struct weir_region r, a;
	unsigned before;

	publish(&r, named("old"), 0);
	weir_region_close(&r);
	before = open_files();
	after_open = replace;
	ck_assert_int_eq(weir_region_open(&a, named("old"), 0, NULL), WEIR_OK);
	ck_assert_uint_eq(a.incarnation, successor.incarnation);
	weir_region_close(&a);
	weir_region_close(&successor);
	after_open = just_remove;
	ck_assert_int_eq(weir_region_open(&a, named("old"), 0, NULL), -ENOENT);
	ck_assert_uint_eq(open_files(), before);
}
END_TEST

START_TEST(the_mode_is_the_one_asked_for)
{
	const uint32_t modes[] = {0, 0600, 0640, 0666, 0777};
	const mode_t masks[] = {0, 077, 0777};
	struct weir_region r;
	struct stat st;
	size_t i, k;
	mode_t old = umask(0);

	for (i = 0; i < 5; i++)
		for (k = 0; k < 3; k++) {
			umask(masks[k]);
			publish(&r, named("mode"), modes[i]);
			ck_assert_int_eq(stat(path_of(named("mode")), &st), 0);
			ck_assert_uint_eq(st.st_mode & 07777, modes[i] != 0 ? modes[i] : 0600);
			/* every byte has its block */
			ck_assert_uint_ge((uint64_t)st.st_blocks * 512, r.len);
			ck_assert_uint_eq((uint64_t)st.st_size, r.len);
			weir_region_close(&r);
			ck_assert_int_eq(weir_region_unlink(named("mode")), WEIR_OK);
		}
	umask(old);
}
END_TEST

START_TEST(names_are_checked_everywhere)
{
	static const char longest[] =
		"0123456789012345678901234567890123456789012345678901234567890123";
	const char *const bad[] = {"", "a/b", "a b", "\xc3\xa4", "a\n", NULL, longest};
	struct weir_region_config cfg = config(1);
	struct weir_region r;
	struct weir_error e;
	size_t i;

	for (i = 0; i < 7; i++) {
		int want = bad[i] == longest ? -ENAMETOOLONG : -EINVAL;

		ck_assert_int_eq(weir_region_create(&r, bad[i], &cfg, &e), want);
		ck_assert_int_eq(weir_region_create_memfd(&r, bad[i], &cfg, &e), want);
		ck_assert_int_eq(weir_region_open(&r, bad[i], 0, &e), want);
		ck_assert_int_eq(weir_region_unlink(bad[i]), want);
		if (i != 0) /* "" is a prefix of all */
			ck_assert_int_eq(weir_region_gc(bad[i], NULL, NULL), want);
	}
	ck_assert_int_eq(weir_region_create_memfd(&r, longest + 1, &cfg, &e), WEIR_OK);
	weir_region_close(&r);
	ck_assert_int_eq(weir_region_open(&r, named("x"), 2, &e), -EINVAL);
}
END_TEST

/* ---- what else may have the name ---- */

static void file_of(const char *name, const void *bytes, size_t n, off_t size)
{
	int fd = open(path_of(name), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq((int)write(fd, bytes, n), (int)n);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	close(fd);
}

START_TEST(files_that_are_no_regions_are_refused)
{
	const char *name = named("file"), *from = named("from");
	struct weir_region r, a;
	struct weir_error e;
	uint8_t image[4096];
	unsigned before;
	off_t n;

	publish(&r, from, 0);
	ck_assert_uint_lt(r.len, sizeof(image));
	memcpy(image, r.base, r.len);
	before = open_files();
	for (n = 0; n < (off_t)r.len; n += 64) { /* cut: never SIGBUS */
		file_of(name, image, (size_t)n, n);
		ck_assert_int_eq(weir_region_open(&a, name, 0, &e), -EBADMSG);
	}
	file_of(name, image, r.len, (off_t)r.len + 128);
	ck_assert_int_eq(weir_region_open(&a, name, 0, &e), -EBADMSG);
	ck_assert_uint_eq(e.value, r.len + 128);
	file_of(name, image, r.len, (off_t)r.len);
	ck_assert_int_eq(weir_region_open(&a, name, 0, &e), WEIR_OK);
	weir_region_close(&a);
	file_of(name, "", 0, 4096); /* zeroes: nobody is about to finish this */
	ck_assert_int_eq(weir_region_open(&a, name, 0, &e), -EBADMSG);
	file_of(name, "garbage", 7, 4096);
	ck_assert_int_eq(weir_region_open(&a, name, 0, &e), -EPROTO);
	ck_assert_int_eq(unlink(path_of(name)), 0);

	ck_assert_int_eq(mkfifo(path_of(name), 0600), 0);
	ck_assert_int_eq(weir_region_open(&a, name, 0, &e), -EBADMSG);
	ck_assert_int_eq(weir_region_open(&a, name, WEIR_REGION_RDONLY, &e), -EBADMSG);
	ck_assert_int_eq(weir_region_unlink(name), -EBADMSG);
	ck_assert_int_eq(unlink(path_of(name)), 0);
	ck_assert_int_eq(mkdir(path_of(name), 0700), 0);
	ck_assert_int_eq(weir_region_open(&a, name, WEIR_REGION_RDONLY, &e), -EBADMSG);
	ck_assert_int_eq(weir_region_open(&a, name, 0, &e), -EBADMSG);
	ck_assert_int_eq(weir_region_unlink(name), -EBADMSG);
	ck_assert_int_eq(rmdir(path_of(name)), 0);
	ck_assert_int_eq(symlink("weir.elsewhere", path_of(name)), 0);
	ck_assert_int_eq(weir_region_open(&a, name, 0, &e), -EBADMSG);
	ck_assert_int_eq(weir_region_unlink(name), -EBADMSG);
	ck_assert_int_eq(unlink(path_of(name)), 0);
	ck_assert_uint_eq(open_files(), before);
	ck_assert_int_eq(weir_region_unlink(from), WEIR_OK);
	weir_region_close(&r);
}
END_TEST

/* Exit status: the number of the first thing that is not as it should be. */
static int as_another_user(void *arg)
{
	struct weir_region r;
	struct weir_error e;

	(void)arg;
	if (setgid(65534) < 0 || setuid(65534) < 0)
		return 77;
	if (weir_region_open(&r, named("mine"), 0, &e) != -EACCES || e.value != 0600 ||
	    e.limit != 0600)
		return 1;
	if (weir_region_open(&r, named("mine"), WEIR_REGION_RDONLY, &e) != -EACCES ||
	    e.limit != 0400)
		return 2;
	if (weir_region_open(&r, named("readable"), 0, &e) != -EACCES || e.value != 0644)
		return 3;
	if (weir_region_open(&r, named("readable"), WEIR_REGION_RDONLY, &e) != WEIR_OK)
		return 4;
	weir_region_close(&r);
	if (weir_region_unlink(named("mine")) != -EACCES ||
	    weir_region_unlink(named("readable")) != -EACCES)
		return 5;
	return weir_region_gc(prefix, NULL, NULL) == 0 ? 0 : 6;
}

START_TEST(permissions_are_the_file_s)
{
	struct weir_region a, b;
	int rc;

	if (geteuid() != 0)
		return;
	publish(&a, named("mine"), 0);
	publish(&b, named("readable"), 0644);
	rc = in_child(as_another_user, NULL);
	ck_assert(rc == 0 || rc == 77);
	ck_assert_int_eq(weir_region_unlink(named("mine")), WEIR_OK);
	ck_assert_int_eq(weir_region_unlink(named("readable")), WEIR_OK);
	weir_region_close(&a);
	weir_region_close(&b);
}
END_TEST

/* ---- descriptors, and no file at all ---- */

START_TEST(a_memfd_cannot_be_resized)
{
	struct weir_region r, a;
	struct weir_region_config cfg = config(4096);
	struct weir_error e;
	unsigned before = open_files();

	ck_assert_int_eq(weir_region_create_memfd(&r, named("memfd"), &cfg, &e), WEIR_OK);
	ck_assert_int_eq(weir_region_open_fd(&a, r.fd, 0, &e), -EAGAIN);
	ck_assert_int_eq(weir_region_publish(&r, &e), WEIR_OK);
	ck_assert_int_eq(weir_region_publish(&r, &e), -EROFS);
	ck_assert_int_eq(ftruncate(r.fd, 0), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(ftruncate(r.fd, 1 << 20), -1);
	ck_assert_int_eq(fcntl(r.fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	ck_assert_int_eq(weir_region_open_fd(&a, r.fd, WEIR_REGION_RDONLY, &e), WEIR_OK);
	ck_assert_int_ne(a.fd, r.fd);
	ck_assert_int_eq(mprotect(a.base, a.len, PROT_READ | PROT_WRITE), -1);
	weir_region_close(&a);
	ck_assert_int_ge(fcntl(r.fd, F_GETFD), 0);
	ck_assert_int_eq(weir_region_open_fd(&a, r.fd, 0, &e), WEIR_OK);
	weir_region_close(&a);
	{ /* one that can never be sealed could be cut under us: refused before it is looked at */
		int hostile = memfd_create("hostile", MFD_CLOEXEC);

		ck_assert_int_ge(hostile, 0);
		ck_assert_int_eq(ftruncate(hostile, 1 << 16), 0);
		ck_assert_int_eq(weir_region_open_fd(&a, hostile, 0, &e), -EBADMSG);
		ck_assert_uint_eq(e.limit, F_SEAL_SHRINK);
		(void)close(hostile);
	}
	ck_assert_int_eq(weir_region_open_fd(&a, -1, 0, &e), -EINVAL);
	ck_assert_int_eq(weir_region_open_fd(&a, 900, 0, &e), -EINVAL);
	ck_assert_int_eq(weir_region_open_fd(&a, r.fd, 4, &e), -EINVAL);
	weir_region_close(&r);
	ck_assert_uint_eq(open_files(), before);
}
END_TEST

static int write_in_child(void *arg)
{
	struct weir_span *obj = arg;

	memset(obj->ptr, 0x33, obj->len);
	return 0;
}

START_TEST(an_anonymous_region_is_shared_with_children)
{
	struct weir_region r;
	struct weir_region_config cfg = config(300000);
	struct weir_span obj;
	struct weir_error e;
	unsigned before = mappings();

	ck_assert_int_eq(weir_region_create_anonymous(&r, &cfg, &e), WEIR_OK);
	ck_assert_int_eq(r.fd, -1);
	ck_assert_int_eq(weir_region_add(&r, WEIR_KIND_USER, "x", 300000, &obj, &e), WEIR_OK);
	ck_assert_int_eq(weir_region_publish(&r, &e), WEIR_OK);
	ck_assert_int_eq(weir_region_publish(&r, &e), -EROFS);
	ck_assert_int_eq(in_child(write_in_child, &obj), 0);
	ck_assert_int_eq(((uint8_t *)obj.ptr)[299999], 0x33);
	ck_assert_int_eq(weir_region_owner_state(&r, weir_owner_self()), WEIR_OWNER_ALIVE);
	weir_region_close(&r);
	ck_assert_uint_eq(mappings(), before);
}
END_TEST

/* ---- room ---- */

static int beyond_the_limit(void *arg)
{
	struct rlimit limit = {.rlim_cur = 65536, .rlim_max = 65536};
	struct weir_region_config cfg = config(65536);
	struct weir_region r;
	struct weir_error e;

	(void)arg;
	if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
		return 77;
	if (weir_region_create(&r, named("limit"), &cfg, &e) != -ENOSPC || e.limit != 65536)
		return 1;
	if (weir_region_create_memfd(&r, named("limit"), &cfg, &e) != -ENOSPC)
		return 2;
	cfg.payload_bytes = 60000;
	return weir_region_create(&r, named("limit"), &cfg, &e) == WEIR_OK ? 0 : 3;
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ok;

	if (fd < 0)
		return 0;
	ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return ok;
}

/* A mount namespace; when that is not permitted, one inside a user namespace of ours. */
static int own_mounts(void)
{
	char uid[64], gid[64];

	snprintf(uid, sizeof(uid), "0 %u 1", (unsigned)geteuid());
	snprintf(gid, sizeof(gid), "0 %u 1", (unsigned)getegid());
	if (unshare(CLONE_NEWNS) == 0)
		return 1;
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
	       write_text("/proc/self/setgroups", "deny") &&
	       write_text("/proc/self/gid_map", gid) && write_text("/proc/self/uid_map", uid);
}

/* A file system of one megabyte in the place of /dev/shm, where that is allowed. */
static int in_a_small_world(void *arg)
{
	struct weir_region_config cfg = config(2 << 20);
	struct weir_region a, b;
	struct weir_error e;
	struct statvfs fs;
	int rc;

	(void)arg;
	if (!own_mounts() || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("weir", "/dev/shm", "tmpfs", 0, "size=1m") < 0)
		return 77;
	if (weir_region_create(&a, named("big"), &cfg, &e) != -ENOSPC || e.limit != 1 << 20)
		return 1;
	cfg.payload_bytes = 700000;
	if (weir_region_create(&a, named("half"), &cfg, &e) != WEIR_OK)
		return 2;
	memset(a.base + 1024, 1, 700000 - 1024); /* all of it is there: no SIGBUS */
	if (weir_region_create(&b, named("half"), &cfg, &e) != -ENOSPC)
		return 3;
	/* the same found out by the kernel, when nobody could tell beforehand */
	watching = 1;
	for (fail_with = ENOSYS, fail_at = 1, rc = WEIR_OK; fail_at < 40; fail_at++) {
		calls = 0;
		rc = weir_region_create(&b, named("half"), &cfg, &e);
		if (rc == WEIR_OK)
			return 4;
	}
	watching = 0;
	weir_region_close(&a);
	if (statvfs("/dev/shm", &fs) < 0 || fs.f_bfree != fs.f_blocks)
		return 5;
	return weir_region_create(&b, named("half"), &cfg, &e) == WEIR_OK ? 0 : 6;
}

START_TEST(too_little_room_is_said_at_once)
{
	struct weir_region_config cfg = config(1);
	struct weir_region r;
	struct weir_error e;
	struct statvfs fs;
	int rc;

	ck_assert_int_eq(statvfs("/dev/shm", &fs), 0);
	if (fs.f_blocks != 0) {
		cfg.payload_bytes = (uint64_t)fs.f_blocks * fs.f_frsize + 1;
		ck_assert_int_eq(weir_region_create(&r, named("all"), &cfg, &e), -ENOSPC);
		ck_assert_str_eq(e.what, "region bytes: file system");
	}
	cfg.payload_bytes = UINT64_C(1) << 60; /* no place in the address space either */
	rc = weir_region_create_memfd(&r, named("sky"), &cfg, &e);
	ck_assert(rc == -ENOMEM || rc == -ENOSPC);
	ck_assert_int_eq(weir_region_create_anonymous(&r, &cfg, &e), -ENOMEM);
	rc = in_child(beyond_the_limit, NULL);
	ck_assert(rc == 0 || rc == 77);
	rc = in_child(in_a_small_world, NULL);
	ck_assert(rc == 0 || rc == 77);
	ck_assert_uint_eq(names(), 0);
}
END_TEST

START_TEST(a_busy_timer_does_not_stop_the_allocation)
{
	struct weir_region_config cfg = config(9 << 20);
	struct weir_region r;

	watching = 1;
	fail_at = calls = 0;
	interrupts = 10;
	ck_assert_int_eq(weir_region_create(&r, named("signals"), &cfg, NULL), WEIR_OK);
	watching = 0;
	ck_assert_uint_eq(interrupts, 0);
	weir_region_close(&r);
}
END_TEST

/* ---- every call fails once ---- */

static struct weir_region published;

static int do_create(struct weir_region *r, struct weir_error *e)
{
	struct weir_region_config cfg = config(8192);

	return weir_region_create(r, named("nth"), &cfg, e);
}

static int do_memfd(struct weir_region *r, struct weir_error *e)
{
	struct weir_region_config cfg = config(8192);

	return weir_region_create_memfd(r, named("nth"), &cfg, e);
}

static int do_anonymous(struct weir_region *r, struct weir_error *e)
{
	struct weir_region_config cfg = config(8192);

	return weir_region_create_anonymous(r, &cfg, e);
}

static int do_open(struct weir_region *r, struct weir_error *e)
{
	return weir_region_open(r, published.name, 0, e);
}

static int do_open_fd(struct weir_region *r, struct weir_error *e)
{
	return weir_region_open_fd(r, published.fd, WEIR_REGION_RDONLY, e);
}

static int (*const setups[])(struct weir_region *, struct weir_error *) = {
	do_create, do_memfd, do_anonymous, do_open, do_open_fd,
};
static const int causes[] = {EMFILE, ENFILE, ENOMEM, ENOSPC, EACCES, EPERM, EIO, EAGAIN, ENOLCK};

/* One call of one set-up fails: either the library does without (a part of /proc), or it returns a
 * code of its table and has taken nothing. Returns whether a call was there to fail. */
static int fail_once(int (*setup)(struct weir_region *, struct weir_error *), unsigned n, int cause)
{
	struct weir_region r, before;
	struct weir_error e = {.what = NULL};
	unsigned files = open_files(), maps = mappings(), there = names();
	int rc;

	memset(&before, 0x77, sizeof(before));
	r = before;
	calls = 0;
	fail_at = n;
	fail_with = cause;
	watching = 1;
	rc = setup(&r, &e);
	watching = 0;
	if (rc == WEIR_OK) {
		/* want of descriptors or memory must not make an attachment that nobody answers for */
		if (setup != do_anonymous && (cause == EMFILE || cause == ENFILE || cause == ENOMEM))
			ck_assert_uint_eq(r.owner, weir_owner_self());
		weir_region_close(&r);
	} else {
		ck_assert_int_lt(rc, 0);
		ck_assert_str_ne(weir_error_name(rc), "?");
		ck_assert_int_eq(e.code, rc);
		ck_assert_ptr_nonnull(e.what);
		ck_assert_int_eq(memcmp(&r, &before, sizeof(r)), 0);
	}
	ck_assert_uint_eq(open_files(), files);
	ck_assert_uint_eq(mappings(), maps);
	ck_assert_uint_eq(names(), there);
	return calls >= n;
}

START_TEST(nothing_is_left_whichever_call_fails)
{
	size_t c;
	unsigned n;

	publish(&published, named("published"), 0);
	for (c = 0; c < sizeof(causes) / sizeof(causes[0]); c++)
		for (n = 1; fail_once(setups[_i], n, causes[c]); n++)
			ck_assert_uint_lt(n, 100);
	ck_assert_uint_gt(n, 2); /* the calls do come through here */
	ck_assert_int_eq(weir_region_unlink(published.name), WEIR_OK);
	weir_region_close(&published);
}
END_TEST

/* publish() takes nothing, but must leave it all as it was; _i: named, memfd. */
START_TEST(publishing_fails_without_a_trace)
{
	struct weir_region_config cfg = config(8192);
	struct weir_region r, before;
	struct weir_span obj;
	uint8_t *copy;
	unsigned n;
	int rc;

	ck_assert_int_eq((_i ? weir_region_create_memfd : weir_region_create)(&r, named("pub"),
									       &cfg, NULL),
			 WEIR_OK);
	copy = malloc(r.len);
	for (n = 1;; n++) {
		before = r;
		memcpy(copy, r.base, r.len);
		calls = 0;
		fail_at = n;
		fail_with = EACCES;
		watching = 1;
		rc = weir_region_publish(&r, NULL);
		watching = 0;
		if (rc == WEIR_OK)
			break;
		ck_assert_int_eq(rc, -EACCES);
		ck_assert_int_eq(memcmp(copy, r.base, r.len), 0);
		ck_assert_int_eq(memcmp(&before, &r, sizeof(r)), 0);
		ck_assert_uint_eq(names(), 0);
		ck_assert_int_eq(weir_region_add(&r, WEIR_KIND_USER, "x", 8, &obj, NULL),
				 n == 1 ? WEIR_OK : -EEXIST);
	}
	ck_assert_uint_eq(n, 2);
	free(copy);
	weir_region_close(&r);
	ck_assert_int_eq(weir_region_unlink(named("pub")), _i ? -ENOENT : WEIR_OK);
}
END_TEST

/* The real limit this time, and many times. */
START_TEST(a_thousand_failures_leak_nothing)
{
	struct weir_region_config cfg = config(8192);
	struct rlimit limit, none;
	struct weir_region r;
	struct weir_error e;
	unsigned before, i;

	publish(&published, named("published"), 0);
	before = open_files();
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 3;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (i = 0; i < 1000; i++) {
		ck_assert_int_eq(weir_region_create(&r, named("emfile"), &cfg, &e), -EMFILE);
		ck_assert_int_eq(weir_region_create_memfd(&r, named("emfile"), &cfg, &e), -EMFILE);
		ck_assert_int_eq(weir_region_open(&r, published.name, 0, &e), -EMFILE);
		ck_assert_int_eq(weir_region_open_fd(&r, published.fd, 0, &e), -EMFILE);
		ck_assert_int_eq(weir_region_unlink(published.name), -EMFILE);
		ck_assert_int_eq(weir_region_gc(prefix, NULL, NULL), -EMFILE);
	}
	ck_assert_uint_eq(weir_owner_self(), 0);
	ck_assert_int_eq(weir_owner_state(published.owner), WEIR_OWNER_UNKNOWN);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_uint_eq(open_files(), before);
	ck_assert_int_eq(weir_region_unlink(published.name), WEIR_OK);
	weir_region_close(&published);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("region_map");
	TCase *t = tcase_create("region_map");
	SRunner *run;
	int failed;

	snprintf(prefix, sizeof(prefix), "unit%ld.", (long)getpid());
	tcase_add_test(t, a_name_appears_when_it_is_published);
	tcase_add_test(t, closing_nothing_closes_nothing);
	tcase_add_test(t, a_taken_name_changes_nothing);
	tcase_add_test(t, a_name_may_change_hands_while_it_is_opened);
	tcase_add_test(t, the_mode_is_the_one_asked_for);
	tcase_add_test(t, names_are_checked_everywhere);
	tcase_add_test(t, files_that_are_no_regions_are_refused);
	tcase_add_test(t, permissions_are_the_file_s);
	tcase_add_test(t, a_memfd_cannot_be_resized);
	tcase_add_test(t, an_anonymous_region_is_shared_with_children);
	tcase_add_test(t, too_little_room_is_said_at_once);
	tcase_add_test(t, a_busy_timer_does_not_stop_the_allocation);
	tcase_add_loop_test(t, nothing_is_left_whichever_call_fails, 0,
			    sizeof(setups) / sizeof(setups[0]));
	tcase_add_loop_test(t, publishing_fails_without_a_trace, 0, 2);
	tcase_add_test(t, a_thousand_failures_leak_nothing);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	/* what failed tests have left; there is nothing otherwise */
	return weir_region_gc(prefix, NULL, NULL) == 0 && failed == 0 ? 0 : 1;
}
