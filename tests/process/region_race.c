/* Regions between processes: creators that race for a name, creators that are killed, and gc beside
 * all of it. */
#include "proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define CREATORS 4
#define ROUNDS 200u

static char prefix[32];
static char name[WEIR_REGION_NAME_MAX + 1];

static struct shared {
	uint32_t go;
	uint32_t ready;
	uint32_t stop;
	uint32_t step;
	int32_t rc[CREATORS];
	uint64_t incarnation[CREATORS];
	uint64_t opened;
} * sh;

static const char *path_of(const char *n)
{
	static char path[128];

	snprintf(path, sizeof(path), "/dev/shm/weir.%s", n);
	return path;
}

static unsigned names(void)
{
	DIR *d = opendir("/dev/shm");
	struct dirent *e;
	unsigned n = 0;

	NEED(d != NULL);
	while ((e = readdir(d)) != NULL)
		n += strncmp(e->d_name, "weir.", 5) == 0 &&
		     strncmp(e->d_name + 5, prefix, strlen(prefix)) == 0;
	closedir(d);
	return n;
}

static unsigned open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	NEED(d != NULL);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/* A complete region: two objects, the second with a sum over the first. */
static void create(struct weir_region *r, uint64_t incarnation)
{
	struct weir_region_config cfg = {.struct_size = sizeof(cfg),
					 .max_objects = 2,
					 .payload_bytes = 65536 + 128,
					 .incarnation = incarnation};
	struct weir_span a, b;

	NEED_OK(weir_region_create(r, name, &cfg, NULL));
	NEED_OK(weir_region_add(r, WEIR_KIND_USER, "filled", 65536, &a, NULL));
	NEED_OK(weir_region_add(r, WEIR_KIND_USER, "sum", 8, &b, NULL));
	memset(a.ptr, (int)(incarnation & 0xff), a.len);
	memcpy(b.ptr, &incarnation, 8);
}

static void need_whole(const struct weir_region *r)
{
	struct weir_span a, b;
	uint64_t sum;

	NEED(weir_region_find(r, WEIR_KIND_USER, "filled", &a) == WEIR_OK && a.len == 65536);
	NEED(weir_region_find(r, WEIR_KIND_USER, "sum", &b) == WEIR_OK && b.len == 8);
	memcpy(&sum, b.ptr, 8);
	NEED(sum == r->incarnation);
	NEED(((uint8_t *)a.ptr)[0] == (uint8_t)sum && ((uint8_t *)a.ptr)[65535] == (uint8_t)sum);
}

/* ---- one name, several creators ---- */

static void race_for_the_name(void *arg)
{
	const int me = (int)((int32_t *)arg - sh->rc);
	struct weir_region r;
	uint32_t i;

	for (i = 1; i <= ROUNDS; i++) {
		create(&r, i * CREATORS + (uint64_t)me);
		(void)weir_fetch_add32(&sh->ready, 1);
		while (weir_load_acquire32(&sh->go) != i)
			sched_yield();
		sh->rc[me] = weir_region_publish(&r, NULL);
		sh->incarnation[me] = r.incarnation;
		(void)weir_fetch_add32(&sh->step, 1);
		while (weir_load_acquire32(&sh->step) != 0)
			sched_yield();
		weir_region_close(&r);
	}
}

static void exactly_one_gets_it(void)
{
	struct weir_region r;
	pid_t pid[CREATORS];
	uint32_t i;
	int k, won;

	memset(sh, 0, sizeof(*sh));
	for (k = 0; k < CREATORS; k++)
		pid[k] = proc_fork(race_for_the_name, &sh->rc[k]);
	for (i = 1; i <= ROUNDS; i++) {
		while (weir_load_acquire32(&sh->ready) != CREATORS)
			sched_yield();
		weir_store_relaxed32(&sh->ready, 0);
		weir_store_release32(&sh->go, i);
		while (weir_load_acquire32(&sh->step) != CREATORS)
			sched_yield();
		NEED_OK(weir_region_open(&r, name, 0, NULL));
		need_whole(&r);
		for (won = 0, k = 0; k < CREATORS; k++) {
			NEED(sh->rc[k] == WEIR_OK || sh->rc[k] == -EEXIST);
			won += sh->rc[k] == WEIR_OK && sh->incarnation[k] == r.incarnation;
			NEED((sh->rc[k] == WEIR_OK) == (sh->incarnation[k] == r.incarnation));
		}
		NEED(won == 1);
		weir_region_close(&r);
		NEED_OK(weir_region_unlink(name));
		weir_store_release32(&sh->step, 0);
	}
	for (k = 0; k < CREATORS; k++)
		NEED(proc_reap(pid[k]) == 0);
	NEED(names() == 0);
}

/* ---- creators that are killed ---- */

static void create_and_stop(void *arg)
{
	struct weir_region r;

	(void)arg;
	create(&r, 1);
	proc_set(&sh->step, 1);
	for (;;)
		pause();
}

static void killed_before_publishing_it_leaves_nothing(void)
{
	struct weir_region r;
	pid_t pid;

	memset(sh, 0, sizeof(*sh));
	pid = proc_fork(create_and_stop, NULL);
	proc_until(&sh->step, 1);
	NEED(names() == 0);
	NEED(weir_region_open(&r, name, 0, NULL) == -ENOENT);
	NEED(kill(pid, SIGKILL) == 0);
	NEED(proc_reap(pid) == 128 + SIGKILL);
	NEED(names() == 0);
	NEED(weir_region_gc(prefix, NULL, NULL) == 0);
}

static void create_for_ever(void *arg)
{
	struct weir_region r;
	uint64_t i;

	(void)arg;
	for (i = 1;; i++) {
		create(&r, i);
		(void)weir_fetch_add32(&sh->step, 1);
		NEED_OK(weir_region_publish(&r, NULL));
		weir_region_close(&r);
		NEED_OK(weir_region_unlink(name));
	}
}

/* Killed anywhere: the name is not there, or it is and stands for a whole region, which gc takes
 * away. */
static void killed_anywhere_it_leaves_a_whole_one_or_none(void)
{
	unsigned i, whole = 0, none = 0;
	struct weir_region r;
	struct timespec nap = {0, 0};
	pid_t pid;
	int rc;

	for (i = 0; i < ROUNDS; i++) {
		memset(sh, 0, sizeof(*sh));
		pid = proc_fork(create_for_ever, NULL);
		while (weir_load_acquire32(&sh->step) == 0)
			sched_yield();
		nap.tv_nsec = (long)(i * 7919u % 1000u) * 1000;
		nanosleep(&nap, NULL);
		NEED(kill(pid, SIGKILL) == 0);
		NEED(proc_reap(pid) == 128 + SIGKILL);
		rc = weir_region_open(&r, name, 0, NULL);
		NEED(rc == WEIR_OK || rc == -ENOENT);
		if (rc == WEIR_OK) {
			need_whole(&r);
			NEED(weir_region_gc(prefix, NULL, NULL) == 0); /* we have it */
			weir_region_close(&r);
		}
		NEED(weir_region_gc(prefix, NULL, NULL) == (rc == WEIR_OK));
		NEED(names() == 0);
		whole += rc == WEIR_OK;
		none += rc != WEIR_OK;
	}
	printf("killed creators: %u left a whole region, %u none\n", whole, none);
}

/* ---- gc ---- */

struct seen {
	unsigned removed, kept;
	char last[WEIR_REGION_NAME_MAX + 1];
};

static void see(void *ctx, const char *n, int removed)
{
	struct seen *s = ctx;

	NEED(strncmp(n, prefix, strlen(prefix)) == 0);
	s->removed += removed != 0;
	s->kept += removed == 0;
	snprintf(s->last, sizeof(s->last), "%s", n);
}

static void publish_and_leave(void *arg)
{
	const char *keep = arg;
	struct weir_region r;

	snprintf(name, sizeof(name), "%s", keep);
	create(&r, 77);
	NEED_OK(weir_region_publish(&r, NULL));
}

static void attach_and_stay(void *arg)
{
	struct weir_region r;

	NEED_OK(weir_region_open(&r, arg, WEIR_REGION_RDONLY, NULL));
	proc_set(&sh->step, 1);
	for (;;)
		pause();
}

static void inherit_and_stay(void *arg)
{
	(void)arg;
	proc_set(&sh->step, 2);
	for (;;)
		pause();
}

/* Dead, attached read-only, stopped, inherited by a child, and things that are not regions. */
static void gc_keeps_what_is_in_use(void)
{
	char dead[WEIR_REGION_NAME_MAX + 1], live[WEIR_REGION_NAME_MAX + 1];
	struct weir_region r;
	struct seen s = {0, 0, ""};
	pid_t holder, child;
	int fd;

	memset(sh, 0, sizeof(*sh));
	snprintf(dead, sizeof(dead), "%sdead", prefix);
	snprintf(live, sizeof(live), "%slive", prefix);
	NEED(proc_reap(proc_fork(publish_and_leave, dead)) == 0);
	NEED(proc_reap(proc_fork(publish_and_leave, live)) == 0);
	fd = open(path_of(name), O_CREAT | O_RDWR | O_CLOEXEC, 0600); /* no region */
	NEED(fd >= 0 && write(fd, "something", 9) == 9 && close(fd) == 0);
	holder = proc_fork(attach_and_stay, live);
	proc_until(&sh->step, 1);
	NEED(kill(holder, SIGSTOP) == 0);

	NEED(weir_region_gc("no-such-prefix", see, &s) == 0);
	NEED(s.removed + s.kept == 0);
	NEED(weir_region_gc(prefix, see, &s) == 1);
	NEED(s.removed == 1 && s.kept == 1);
	NEED(weir_region_open(&r, dead, 0, NULL) == -ENOENT);
	NEED_OK(weir_region_open(&r, live, 0, NULL));
	NEED(kill(holder, SIGKILL) == 0);
	NEED(proc_reap(holder) == 128 + SIGKILL);

	/* ours alone now; then only a child's that has inherited it */
	NEED(weir_region_gc(prefix, NULL, NULL) == 0);
	child = proc_fork(inherit_and_stay, NULL);
	proc_until(&sh->step, 2);
	weir_region_close(&r);
	NEED(weir_region_gc(prefix, NULL, NULL) == 0);
	NEED(kill(child, SIGKILL) == 0);
	NEED(proc_reap(child) == 128 + SIGKILL);
	NEED(weir_region_gc(prefix, see, &s) == 1);
	NEED(strcmp(s.last, live) == 0);
	NEED(names() == 1); /* what is no region was left alone */
	NEED(unlink(path_of(name)) == 0);
}

static void open_for_ever(void *arg)
{
	struct weir_region r, again;
	int rc;

	(void)arg;
	while (!weir_load_relaxed32(&sh->stop)) {
		rc = weir_region_open(&r, name, 0, NULL);
		NEED(rc == WEIR_OK || rc == -ENOENT);
		if (rc != WEIR_OK)
			continue;
		need_whole(&r);
		/* as long as we have it, it keeps its name */
		NEED_OK(weir_region_open(&again, name, WEIR_REGION_RDONLY, NULL));
		NEED(again.incarnation == r.incarnation);
		weir_region_close(&r);
		need_whole(&again);
		weir_region_close(&again);
		weir_count64(&sh->opened, 1);
	}
}

/* The parent makes regions and abandons them to gc; the others open what is there. */
static void gc_and_open_agree(void)
{
	const weir_ns end = proc_now() + UINT64_C(3000000000);
	struct weir_region r;
	unsigned removed = 0;
	pid_t pid[2];
	uint64_t i;
	int k, rc;

	memset(sh, 0, sizeof(*sh));
	for (k = 0; k < 2; k++)
		pid[k] = proc_fork(open_for_ever, NULL);
	for (i = 1; proc_now() < end; i++) {
		create(&r, i);
		NEED_OK(weir_region_publish(&r, NULL));
		weir_region_close(&r);
		do {
			rc = weir_region_gc(prefix, NULL, NULL);
			NEED(rc == 0 || rc == 1);
		} while (rc == 0);
		removed++;
	}
	weir_store_relaxed32(&sh->stop, 1);
	for (k = 0; k < 2; k++)
		NEED(proc_reap(pid[k]) == 0);
	printf("gc beside open: %u removed, %llu opened\n", removed,
	       (unsigned long long)sh->opened);
	NEED(names() == 0);
}

static void gc_for_ever(void *arg)
{
	struct seen s = {0, 0, ""};

	(void)arg;
	while (!weir_load_relaxed32(&sh->stop))
		NEED(weir_region_gc(prefix, see, &s) == 0);
	NEED(s.removed == 0);
}

/* The owner unlinks and makes anew all the time, and always has the current one attached: gc has
 * nothing to remove, least of all a successor whose predecessor it had looked at. */
static void gc_never_hits_a_successor(void)
{
	const weir_ns end = proc_now() + UINT64_C(3000000000);
	struct weir_region r, again;
	pid_t pid[2];
	uint64_t i;
	int k, rc;

	memset(sh, 0, sizeof(*sh));
	for (k = 0; k < 2; k++)
		pid[k] = proc_fork(gc_for_ever, NULL);
	for (i = 1; proc_now() < end; i++) {
		create(&r, i);
		NEED_OK(weir_region_publish(&r, NULL));
		NEED_OK(weir_region_open(&again, name, 0, NULL));
		NEED(again.incarnation == i);
		weir_region_close(&again);
		do /* gc may hold the right to the name for a moment */
			rc = weir_region_unlink(name);
		while (rc == -EBUSY);
		NEED_OK(rc);
		weir_region_close(&r);
	}
	weir_store_relaxed32(&sh->stop, 1);
	for (k = 0; k < 2; k++)
		NEED(proc_reap(pid[k]) == 0);
	printf("gc beside successors: %llu\n", (unsigned long long)i);
	NEED(names() == 0);
}

int main(void)
{
	unsigned files;

	setvbuf(stdout, NULL, _IOLBF, 0);
	sh = proc_shared(sizeof(*sh)).ptr;
	snprintf(prefix, sizeof(prefix), "race%ld.", (long)getpid());
	snprintf(name, sizeof(name), "%sx", prefix);
	files = open_files();
	proc_watchdog();
	exactly_one_gets_it();
	killed_before_publishing_it_leaves_nothing();
	killed_anywhere_it_leaves_a_whole_one_or_none();
	gc_keeps_what_is_in_use();
	gc_and_open_agree();
	gc_never_hits_a_successor();
	NEED(open_files() == files);
	munmap(sh, sizeof(*sh));
	return 0;
}
