/* Identities of processes: alive, stopped, zombie, gone, replaced, forked, in another pid namespace;
 * and the lock that answers where the pid cannot. */
#include "proc.h"

#include <sched.h>
#include <sys/syscall.h>

#define PLACE_BIT ((weir_owner)1 << 22) /* lowest bit of the digest of where it lives */
#define START_BIT ((weir_owner)1 << 34) /* lowest bit of the start time */

static char name[WEIR_REGION_NAME_MAX + 1];

static struct shared {
	uint32_t step;
	uint32_t go;
	uint64_t who;  /* the child's identity */
	uint64_t self; /* the parent's */
	uint64_t grandchild;
	int32_t inner[4]; /* what the child thinks of others */
} * sh;

static void stay(uint32_t step)
{
	proc_set(&sh->step, step);
	for (;;)
		pause();
}

static void live(void *arg)
{
	(void)arg;
	sh->who = weir_owner_self();
	stay(1);
}

static pid_t start(void (*body)(void *), void *arg)
{
	pid_t pid;

	memset(sh, 0, sizeof(*sh));
	sh->self = weir_owner_self();
	pid = proc_fork(body, arg);
	proc_until(&sh->step, 1);
	return pid;
}

static void kill_and_reap(pid_t pid)
{
	NEED(kill(pid, SIGKILL) == 0);
	NEED(proc_reap(pid) == 128 + SIGKILL);
}

/* Waits until the process is in one of these states, as /proc tells. */
static void until_state(pid_t pid, char state)
{
	const struct timespec nap = {0, 200000};
	char path[64], text[512];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	for (;;) {
		f = fopen(path, "r");
		NEED(f != NULL);
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
		text[n] = '\0';
		NEED(strrchr(text, ')') != NULL);
		if (strrchr(text, ')')[2] == state)
			return;
		nanosleep(&nap, NULL);
	}
}

/* Other threads of a killed process (sanitizers have one) may be on their way out for a moment. */
static void until_dead(weir_owner who)
{
	const struct timespec nap = {0, 200000};

	while (weir_owner_state(who) != WEIR_OWNER_DEAD)
		nanosleep(&nap, NULL);
}

/* ---- one pid namespace ---- */

static void myself(void)
{
	weir_owner me = weir_owner_self();

	NEED(me != 0);
	NEED(weir_owner_self() == me);
	NEED(weir_owner_pid(me) == (uint32_t)getpid());
	NEED(weir_owner_state(me) == WEIR_OWNER_ALIVE);
	NEED(weir_owner_state(0) == WEIR_OWNER_DEAD);
	NEED(weir_owner_state(me ^ START_BIT) == WEIR_OWNER_DEAD);
	NEED(weir_owner_state(me ^ PLACE_BIT) == WEIR_OWNER_UNKNOWN);
	NEED(weir_owner_state(me & ~(weir_owner)0x3fffff) == WEIR_OWNER_DEAD); /* pid 0 */
	NEED(weir_owner_state(me | 0x3fffff) == WEIR_OWNER_DEAD);	       /* no such pid */
}

/* A name that looks like the rest of the line it stands in. */
static void misleading_name(void *arg)
{
	FILE *f = fopen("/proc/self/comm", "w");

	(void)arg;
	if (f != NULL) {
		fputs("a) Z 1 (b) R 0", f);
		fclose(f);
	}
	live(NULL);
}

static void stages_of_a_life(void)
{
	pid_t pid = start(live, NULL);
	weir_owner who = sh->who;

	NEED(who != 0 && who != sh->self);
	NEED(weir_owner_pid(who) == (uint32_t)pid);
	NEED(weir_owner_state(who) == WEIR_OWNER_ALIVE);
	NEED(weir_owner_state(who ^ START_BIT) == WEIR_OWNER_DEAD); /* another had the pid */
	NEED(kill(pid, SIGSTOP) == 0);
	until_state(pid, 'T');
	NEED(weir_owner_state(who) == WEIR_OWNER_ALIVE);
	NEED(kill(pid, SIGKILL) == 0);
	until_state(pid, 'Z');
	NEED(kill(pid, 0) == 0); /* a bare pid would still be fooled */
	until_dead(who);
	NEED(proc_reap(pid) == 128 + SIGKILL);
	NEED(weir_owner_state(who) == WEIR_OWNER_DEAD);

	pid = start(misleading_name, NULL);
	NEED(weir_owner_state(sh->who) == WEIR_OWNER_ALIVE);
	kill_and_reap(pid);
	NEED(weir_owner_state(sh->who) == WEIR_OWNER_DEAD);
}

static void *second_thread(void *arg)
{
	(void)arg;
	until_state(getpid(), 'Z');
	NEED(weir_owner_self() == sh->who); /* it is still the same process */
	stay(1);
	return NULL;
}

/* The first thread ends, the process goes on: /proc says "zombie", and it is not dead. */
static void first_thread_ends(void *arg)
{
	pthread_t t;

	(void)arg;
	sh->who = weir_owner_self();
	NEED(pthread_create(&t, NULL, second_thread, NULL) == 0);
	pthread_exit(NULL);
}

static void a_process_without_its_first_thread_lives(void)
{
	pid_t pid = start(first_thread_ends, NULL);

	NEED(weir_owner_state(sh->who) == WEIR_OWNER_ALIVE);
	kill_and_reap(pid);
	NEED(weir_owner_state(sh->who) == WEIR_OWNER_DEAD);
}

/* ---- with a region, and its lock ---- */

static void publish(struct weir_region *r)
{
	struct weir_region_config cfg = {
		.struct_size = sizeof(cfg), .max_objects = 1, .payload_bytes = 128};

	NEED_OK(weir_region_create(r, name, &cfg, NULL));
	NEED_OK(weir_region_publish(r, NULL));
}

static void grandchild_stays(void *arg)
{
	(void)arg;
	stay(1);
}

static void open_fork_and_exit(void *arg)
{
	struct weir_region r;

	(void)arg;
	sh->who = weir_owner_self();
	NEED_OK(weir_region_open(&r, name, 0, NULL));
	sh->grandchild = (uint64_t)proc_fork(grandchild_stays, NULL);
	proc_until(&sh->step, 1);
}

/* The grandchild holds its parent's lock; the pid decides all the same. */
static void an_inherited_lock_keeps_nobody_alive(struct weir_region *r)
{
	pid_t pid;

	memset(sh, 0, sizeof(*sh));
	pid = proc_fork(open_fork_and_exit, NULL);
	NEED(proc_reap(pid) == 0);
	NEED(weir_owner_state(sh->who) == WEIR_OWNER_DEAD);
	NEED(weir_region_owner_state(r, sh->who) == WEIR_OWNER_DEAD);
	/* and those who have only the lock to ask err on the safe side, which gc does as well */
	NEED(kill((pid_t)sh->grandchild, SIGKILL) == 0);
}

static void what_the_lock_says(struct weir_region *r)
{
	struct weir_region_config cfg = {
		.struct_size = sizeof(cfg), .max_objects = 1, .payload_bytes = 128};
	weir_owner me = weir_owner_self();
	struct weir_region anonymous;

	NEED(weir_region_owner_state(r, 0) == WEIR_OWNER_DEAD);
	NEED(weir_region_owner_state(r, me) == WEIR_OWNER_ALIVE);
	NEED(weir_region_owner_state(r, me ^ START_BIT) == WEIR_OWNER_DEAD);
	/* of elsewhere, and nobody holds its lock */
	NEED(weir_region_owner_state(r, me ^ PLACE_BIT) == WEIR_OWNER_DEAD);
	/* no file, no lock, no answer */
	NEED_OK(weir_region_create_anonymous(&anonymous, &cfg, NULL));
	NEED(weir_region_owner_state(&anonymous, me ^ PLACE_BIT) == WEIR_OWNER_UNKNOWN);
	NEED(weir_region_owner_state(&anonymous, me) == WEIR_OWNER_ALIVE);
	weir_region_close(&anonymous);
}

/* ---- another pid namespace ---- */

static struct weir_region *inherited;

/* Process 1 of its namespace. /proc is still the one of the outer. */
static void live_inside(void *arg)
{
	struct weir_region r;

	(void)arg;
	NEED(getpid() == 1);
	sh->who = weir_owner_self();
	NEED(sh->who != 0 && weir_owner_pid(sh->who) == 1);
	NEED(weir_owner_state(sh->who) == WEIR_OWNER_ALIVE);
	if (((sh->who ^ sh->self) & 0xfff * PLACE_BIT) == 0)
		stay(78); /* one namespace in 4096 has the same digest */
	/* the parent's handle: the lock in it is the parent's, and shows nobody anything */
	sh->inner[0] = (int32_t)weir_region_owner_state(inherited, sh->self);
	NEED_OK(weir_region_open(&r, name, 0, NULL));
	sh->inner[1] = (int32_t)weir_owner_state(sh->self);
	sh->inner[2] = (int32_t)weir_region_owner_state(&r, sh->self);
	sh->inner[3] = (int32_t)weir_region_owner_state(&r, sh->who);
	stay(1);
}

static void live_in_a_namespace(void *arg)
{
	pid_t pid;

	(void)arg;
	if (unshare(CLONE_NEWPID) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) < 0) {
		proc_set(&sh->step, 77);
		_exit(77);
	}
	pid = proc_fork(live_inside, NULL);
	proc_until(&sh->go, 1); /* until told to end it */
	NEED(kill(pid, SIGKILL) == 0);
	NEED(proc_reap(pid) == 128 + SIGKILL);
	proc_set(&sh->step, 2);
	proc_until(&sh->go, 2);
}

static void in_another_namespace(struct weir_region *r)
{
	const struct timespec nap = {0, 200000};
	uint32_t step;
	pid_t pid;

	memset(sh, 0, sizeof(*sh));
	sh->self = weir_owner_self();
	inherited = r;
	pid = proc_fork(live_in_a_namespace, NULL);
	while ((step = weir_load_acquire32(&sh->step)) == 0)
		nanosleep(&nap, NULL);
	if (step == 77) {
		NEED(proc_reap(pid) == 77);
		puts("pid namespaces are not permitted here: that part was left out");
		return;
	}
	if (step == 78) {
		proc_set(&sh->go, 1);
		proc_until(&sh->step, 2);
		proc_set(&sh->go, 2);
		NEED(proc_reap(pid) == 0);
		in_another_namespace(r);
		return;
	}
	NEED(sh->inner[0] == WEIR_OWNER_UNKNOWN);
	NEED(sh->inner[1] == WEIR_OWNER_UNKNOWN);
	NEED(sh->inner[2] == WEIR_OWNER_ALIVE);
	NEED(sh->inner[3] == WEIR_OWNER_ALIVE);
	/* its pid is 1, and so is that of somebody here: never compared */
	NEED(weir_owner_pid(sh->who) == 1);
	NEED(weir_owner_state(sh->who) == WEIR_OWNER_UNKNOWN);
	NEED(weir_region_owner_state(r, sh->who) == WEIR_OWNER_ALIVE);
	NEED(weir_region_gc(name, NULL, NULL) == 0);
	proc_set(&sh->go, 1);
	proc_until(&sh->step, 2);
	NEED(weir_region_owner_state(r, sh->who) == WEIR_OWNER_DEAD);
	proc_set(&sh->go, 2);
	NEED(proc_reap(pid) == 0);
}

int main(void)
{
	struct weir_region r;

	sh = proc_shared(sizeof(*sh)).ptr;
	snprintf(name, sizeof(name), "owner%ld", (long)getpid());
	proc_watchdog();
	if (weir_owner_self() == 0)
		return 77; /* no /proc */
	myself();
	stages_of_a_life();
	a_process_without_its_first_thread_lives();
	publish(&r);
	what_the_lock_says(&r);
	an_inherited_lock_keeps_nobody_alive(&r);
	in_another_namespace(&r);
	NEED_OK(weir_region_unlink(name));
	weir_region_close(&r);
	munmap(sh, sizeof(*sh));
	return 0;
}
