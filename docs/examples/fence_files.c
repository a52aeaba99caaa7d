/* fence_files - sends text files through shared memory, and proves at every fence that all of it
 * has been handled.
 *
 * One process per file, the *sender*, streams the lines of the file to one *collector* process.
 * After every chunk of lines the two compare how many lines and bytes they have seen and the
 * CRC-32 over them. The question of this example is *when* they may do so.
 *
 *	sender 1 --> ring 1 --.            the collector is the coordinator of a session,
 *	sender 2 --> ring 2 ----> collector     in slot 0; the senders are its other members
 *	sender 3 --> ring 3 --'
 *
 * 1. The session (weir/session.h) is one block of shared memory. Each member has a ring there, in
 *    which it sends: it claims room, writes the line in place, and commits a batch of lines with
 *    one store. With no room left it waits for the collector, so that nothing is lost. The
 *    collector gives a handler; the session calls it for each message, in place.
 *
 * 2. The fence is a named barrier, entered with WEIR_BARRIER_DELIVERY. It opens when all members
 *    have arrived *and* the collector has handled everything that they had sent before: its handler
 *    has returned. That is more than having taken a message out of a ring, and the collector's
 *    handlers go on running while the fence waits for them.
 *
 * 3. A fence is for all. After each chunk all senders meet in it, and so go forward together, a
 *    chunk at a time; a file that comes slowly, through a pipe say, holds up the others. Who has
 *    nothing left to send detaches, who is killed is found dead: from then on nobody waits for it.
 *    Who attaches while a fence is under way takes part in the next one.
 *
 * After a fence the two sums must be equal *at that instant*, every time. With --rendezvous the same
 * comparison is made when all have merely arrived, and mostly finds the collector behind: nothing was
 * lost, but "sent" is not "handled". --slow-us makes that plain to see.
 *
 * The session has a name for a moment only. The collector makes it under one; the parent, which
 * watches and reports, opens it and removes the name at once; the senders inherit the parent's
 * mapping and attach over that. From then on the kernel frees the memory with the last of the
 * processes, whichever of them are killed, and in whatever order. If all are killed in that very
 * moment, the next run finds the name and removes it: weir_region_gc(). That the processes live and
 * die together takes one line, PR_SET_PDEATHSIG.
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

#include <weir/atomic.h>

#include "fence_files.h"

#define SHOW_MS 100 /* between two looks at the progress */
#define PREFIX "fence-files-"

/* ---- the board: what the processes tell each other beside the session ---- */

static int add(struct job *job, const char *name, size_t bytes, void **at, struct weir_error *err)
{
	struct weir_span obj;
	int rc = weir_region_add(&job->board, WEIR_KIND_USER, name, bytes, &obj, err);

	if (rc == WEIR_OK)
		*at = obj.ptr;
	return rc;
}

/* Anonymous: all who use it are forked from here, and inherit it at the same address. */
static int make_board(struct job *job)
{
	struct weir_region_config cfg = {.struct_size = sizeof(cfg), .max_objects = 2};
	struct weir_error err = {.what = "?"};
	struct tally_shm *tally;
	void *at = NULL;
	uint32_t i;
	int rc;

	cfg.payload_bytes = sizeof(struct control_shm) + job->n * sizeof(*tally);
	rc = weir_region_create_anonymous(&job->board, &cfg, &err);
	if (rc == WEIR_OK)
		rc = add(job, "control", sizeof(struct control_shm), &at, &err);
	job->control = at;
	if (rc == WEIR_OK)
		rc = add(job, "tallies", job->n * sizeof(*tally), &at, &err);
	if (rc != WEIR_OK)
		return complain_weir("the shared memory", &err);
	tally = at;
	for (i = 0; i < job->n; i++)
		job->stream[i].tally = &tally[i];
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

/* Until the session is there. */
static int await_collector(struct job *job)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK};
	struct weir_waiter wt;

	weir_waiter_init(&wt, &how, &job->control->created, 0);
	/* acquire: pairs with the release in fence_collector.c */
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
	struct weir_error err = {.what = "?"};
	int rc;

	rc = weir_region_gc(PREFIX, NULL, NULL); /* of runs that were killed */
	if (rc < 0)
		complain("names of earlier runs: %s", weir_error_text(rc));
	(void)snprintf(job->name, sizeof(job->name), PREFIX "%d", (int)getpid());
	job->collector = fork_named("ff-collector");
	if (job->collector == 0)
		_exit(run_collector(job));
	if (job->collector < 0) {
		job->collector = 0;
		complain("fork: %s", strerror(errno));
		return -1;
	}
	rc = await_collector(job);
	if (rc == WEIR_OK) {
		rc = weir_region_open(&job->session, job->name, 0, &err);
		if (rc != WEIR_OK)
			(void)complain_weir("the session", &err);
	}
	if (weir_region_unlink(job->name) != WEIR_OK && rc == WEIR_OK)
		complain("%s: the name was removed by somebody else", job->name);
	return rc;
}

/* The collector ends when it knows that no sender is left, whether they left or never came. */
static void count_ended(struct job *job)
{
	job->ended++;
	/* release: pairs with serve() in fence_collector.c; waitpid() has ordered what they sent */
	weir_store_release32(&job->control->ended, job->ended);
}

static void start_sender(struct job *job, uint32_t i)
{
	struct stream *st = &job->stream[i];
	char name[32];
	int why;

	(void)snprintf(name, sizeof(name), "ff-sender-%u", i);
	st->pid = fork_named(name);
	if (st->pid == 0)
		_exit(run_sender(job, i));
	if (st->pid > 0)
		return;
	why = errno;
	complain("%s: fork: %s", st->path, strerror(why));
	/* relaxed: this process alone looks at the sender's half from now on */
	weir_store_relaxed64(&st->tally->end, (uint64_t)-why);
	st->pid = 0;
	count_ended(job);
}

static void reap_senders(struct job *job)
{
	uint32_t i;

	for (i = 0; i < job->n; i++) {
		struct stream *st = &job->stream[i];
		int status;

		if (st->pid == 0 || waitpid(st->pid, &status, WNOHANG) != st->pid)
			continue;
		st->killed = WIFSIGNALED(status);
		if (st->killed)
			complain("%s: sender died (pid %d)", st->path, (int)st->pid);
		st->pid = 0;
		count_ended(job);
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
	if (make_board(job) != WEIR_OK)
		return 1;
	if (start_collector(job) != WEIR_OK) {
		/* release: as in count_ended() */
		weir_store_release32(&job->control->ended, job->n);
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
	weir_region_close(&job.session);
	weir_region_close(&job.board);
	free(job.stream);
	return rc;
}
