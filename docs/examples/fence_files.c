/* fence_files - sends text files through shared memory, and proves at every fence that all of it
 * has been handled.
 *
 * One process per file, the *sender*, streams the lines of the file to one *collector* process.
 * After every chunk of lines the two compare how many lines and bytes they have seen and the
 * CRC-32 over them. The question of this example is *when* they may do so.
 *
 *	sender 0 --> ring 0 --.            each ring has a progress table with one slot,
 *	sender 1 --> ring 1 ----> collector     in which the collector says how far it is
 *	sender 2 --> ring 2 --'
 *
 * 1. The request ring (weir/ring.h) carries records from one writer to any number of readers, here
 *    one. The sender claims room, writes the line in place, and commits a batch of lines with one
 *    store. It claims GATED: with no room left it waits for the collector, so that nothing is lost.
 *
 * 2. The progress record (weir/progress.h) is where the collector publishes how far it has
 *    *handled* the ring: its handler has returned for everything before `delivered`. That is more
 *    than having taken a record out of the ring: an empty ring does not mean finished work. The
 *    same number tells the sender which space it may use again.
 *
 * 3. The drain (weir/drain.h) waits for that number. The sender takes the position behind its last
 *    commit, the *cut*, and waits until the collector's `delivered` has come so far. It is woken
 *    by the collector's publication, and learns it when the collector dies instead.
 *
 * After a drain the two sums must be equal *at that instant*, every time. With --no-drain the same
 * comparison is made without waiting, and mostly finds the collector behind: nothing was lost, but
 * "sent" is not "handled". --slow-us makes that plain to see.
 *
 * The memory is one anonymous region made before the forks. It has no name, so that there is none
 * to clean up: whichever of the processes are killed, and in whatever order, the kernel frees it
 * with the last of them. A named region that is unlinked after everybody has attached would leave
 * its name behind if the program were killed in between; it is what unrelated processes need, and
 * these are parent and children. That all live and die together takes one line, PR_SET_PDEATHSIG.
 *
 * fence_sender.c and fence_collector.c are the two sides; this file sets up and watches; the rest
 * (fence_options.c, fence_sums.c, fence_report.c) has little to do with weir. */
#define _GNU_SOURCE

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/progress.h>

#include "fence_files.h"

#define SHOW_MS 100 /* between two looks at the progress */

/* ---- the region: a control block, and per file a ring, its progress table and a tally ---- */

static int complain_weir(const char *doing, const struct weir_error *err)
{
	char text[256];

	(void)weir_error_format(err, text, sizeof(text));
	complain("%s: %s", doing, text);
	return err->code;
}

static int add_object(struct job *job, enum weir_kind kind, const char *what, uint32_t i,
		      size_t bytes, struct weir_span *obj, struct weir_error *err)
{
	char name[WEIR_REGION_OBJECT_NAME];

	(void)snprintf(name, sizeof(name), "%s.%u", what, i);
	return weir_region_add(&job->region, kind, name, bytes, obj, err);
}

static int add_stream(struct job *job, uint32_t i, const struct weir_ring_config *ring,
		      size_t ring_bytes, size_t table_bytes, struct weir_error *err)
{
	struct stream *st = &job->stream[i];
	struct weir_span tally;
	int rc;

	rc = add_object(job, WEIR_KIND_RING, "ring", i, ring_bytes, &st->ring, err);
	if (rc == WEIR_OK)
		rc = weir_ring_format(st->ring, ring, err);
	if (rc == WEIR_OK)
		rc = add_object(job, WEIR_KIND_PROGRESS, "progress", i, table_bytes, &st->table,
				err);
	if (rc == WEIR_OK)
		rc = weir_progress_format(st->table, 1, err);
	if (rc == WEIR_OK)
		rc = add_object(job, WEIR_KIND_USER, "tally", i, sizeof(struct tally_shm), &tally,
				err);
	if (rc == WEIR_OK)
		st->tally = tally.ptr;
	return rc;
}

static uint64_t round_up(size_t bytes)
{
	return (bytes + WEIR_LINE - 1u) / WEIR_LINE * WEIR_LINE;
}

/* Every span that the processes use is found here, before the forks. Unrelated processes would open
 * the region by its name and ask weir_region_find() for "ring.0" and so on. */
static int make_region(struct job *job)
{
	struct weir_region_config cfg = {.struct_size = sizeof(cfg)};
	struct weir_ring_config ring = {.struct_size = sizeof(ring), .capacity = job->opt.ring};
	struct weir_span control;
	struct weir_error err = {.what = "?"};
	size_t ring_bytes, table_bytes;
	uint32_t i;
	int rc;

	rc = weir_ring_bytes(&ring, &ring_bytes, &err);
	if (rc == WEIR_OK)
		rc = weir_progress_bytes(1, &table_bytes, &err);
	if (rc < 0)
		return complain_weir("the rings", &err);
	cfg.max_objects = 1u + 3u * job->n;
	cfg.payload_bytes = round_up(sizeof(struct control_shm)) +
			    job->n * (round_up(ring_bytes) + round_up(table_bytes) +
				      round_up(sizeof(struct tally_shm)));
	rc = weir_region_create_anonymous(&job->region, &cfg, &err);
	if (rc == WEIR_OK)
		rc = add_object(job, WEIR_KIND_USER, "control", 0, sizeof(struct control_shm),
				&control, &err);
	for (i = 0; rc == WEIR_OK && i < job->n; i++)
		rc = add_stream(job, i, &ring, ring_bytes, table_bytes, &err);
	if (rc == WEIR_OK)
		rc = weir_region_publish(&job->region, &err);
	if (rc < 0)
		return complain_weir("the shared memory", &err);
	job->control = control.ptr;
	return WEIR_OK;
}

/* ---- the processes ---- */

/* As fork(). The child does not outlive its parent, and has a name of its own in ps(1). */
static pid_t fork_named(const char *name)
{
	pid_t parent = getpid(), pid;

	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_NAME, name);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1); /* it was gone before we asked */
	}
	return pid;
}

static int reap_collector(struct job *job, int flags)
{
	int status;

	if (job->collector == 0 || waitpid(job->collector, &status, flags) != job->collector)
		return 0;
	job->collector = 0;
	job->collector_ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	if (WIFSIGNALED(status))
		complain("the collector was killed by signal %d", WTERMSIG(status));
	return 1;
}

/* The senders start when the collector has joined all rings: before that, a ring would have no
 * reader to wait for, and a drain no target. */
static int await_collector(struct job *job)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK};
	struct weir_waiter wt;

	weir_waiter_init(&wt, &how, &job->control->joined, 0);
	/* acquire: pairs with the release in run_collector() */
	while (weir_load_acquire32(&job->control->ready) == 0) {
		int rc = weir_waiter_step(&wt);

		if (rc < 0)
			return rc;
		if (rc == WEIR_CHECK_LIVENESS && reap_collector(job, WNOHANG))
			return -EOWNERDEAD;
	}
	return WEIR_OK;
}

static int start_collector(struct job *job)
{
	job->collector = fork_named("ff-collector");
	if (job->collector == 0)
		_exit(run_collector(job));
	if (job->collector < 0) {
		job->collector = 0;
		complain("fork: %s", strerror(errno));
		return -1;
	}
	return await_collector(job);
}

/* A sender that never came to be the writer of its ring can neither close it nor be found dead by
 * its identity in it. The parent becomes the writer in its place, and ends the stream. */
static void close_in_place(struct job *job, const struct stream *st)
{
	struct weir_ring_writer w;

	if (weir_ring_writer_attach(&w, st->ring, NULL, weir_owner_self(), NULL, NULL) >= 0)
		weir_ring_close(&w);
	weir_bell_ring(&job->control->work, weir_bell_register());
}

static void start_sender(struct job *job, uint32_t i)
{
	struct stream *st = &job->stream[i];
	char name[32];
	int why;

	(void)snprintf(name, sizeof(name), "ff-sender-%u", i);
	st->pid = fork_named(name);
	if (st->pid == 0)
		_exit(run_sender(job, st));
	if (st->pid > 0)
		return;
	why = errno;
	complain("%s: fork: %s", st->path, strerror(why));
	/* relaxed: this process alone looks at the sender's half from now on */
	weir_store_relaxed64(&st->tally->sender_end, (uint64_t)-why);
	st->pid = 0;
	job->ended++;
	close_in_place(job, st);
}

static void reap_senders(struct job *job)
{
	uint32_t i;

	for (i = 0; i < job->n; i++) {
		struct stream *st = &job->stream[i];
		int status;

		if (st->pid == 0 || waitpid(st->pid, &status, WNOHANG) != st->pid)
			continue;
		st->pid = 0;
		job->ended++;
		st->killed = WIFSIGNALED(status);
		/* relaxed: waitpid() has ordered everything that the child did before this */
		if (weir_load_relaxed64(&st->tally->sender_end) == RUNNING &&
		    weir_ring_writer_owner(st->ring.ptr) == 0)
			close_in_place(job, st);
	}
}

/* Until all children are gone. Nobody is restarted or killed: the sender whose collector has died,
 * and the collector whose sender has died, find that out by themselves. */
static void watch(struct job *job)
{
	const struct timespec interval = {0, SHOW_MS * 1000000L};
	sigset_t child;

	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	for (;;) {
		reap_senders(job);
		(void)reap_collector(job, WNOHANG);
		if (job->ended == job->n && job->collector == 0)
			break;
		show_progress(job, 0);
		(void)sigtimedwait(&child, NULL, &interval); /* blocked since main() */
	}
	job->took = now_ns() - job->began;
	show_progress(job, 1);
}

static int run(struct job *job)
{
	uint32_t i;

	if (weir_owner_self() == 0) {
		complain("cannot tell who is alive: /proc is not mounted");
		return 1;
	}
	if (make_region(job) != WEIR_OK)
		return 1;
	if (start_collector(job) != WEIR_OK) {
		(void)reap_collector(job, 0);
		complain("no collector, nothing sent");
		return 1;
	}
	job->began = now_ns();
	for (i = 0; i < job->n; i++)
		start_sender(job, i);
	watch(job);
	return print_report(job);
}

int main(int argc, char **argv)
{
	struct job job = {.n = 0};
	sigset_t child;
	uint32_t i;
	int rc = parse_options(argc, argv, &job.opt);

	if (rc != 0)
		return rc < 0 ? 0 : rc;
	job.n = (uint32_t)(argc - optind);
	job.stream = calloc(job.n, sizeof(*job.stream));
	if (job.stream == NULL) {
		complain("%s", strerror(errno));
		return 1;
	}
	for (i = 0; i < job.n; i++)
		job.stream[i].path = argv[optind + (int)i];
	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &child, NULL); /* for sigtimedwait() in watch() */
	sums_init();
	rc = run(&job);
	weir_region_close(&job.region);
	free(job.stream);
	return rc;
}
