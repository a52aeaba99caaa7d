/* join_proc - one row of a machine's CPU, memory and network use, from three processes that look
 * at different rates and may die.
 *
 *	cpu, every 100 ms --.
 *	mem, every 250 ms ----> the parent: joins them, one row for each frame of cpu
 *	net, every 500 ms --'
 *
 * The question of this example is what belongs together. Each *producer* reads its counters from
 * /proc when it is time, and sends a frame: a descriptor that says which stream it is, which epoch,
 * and when it was taken, and behind it the values. A row is wanted for the time of each frame of
 * cpu; it needs what mem and net had to say then, which comes later, or never.
 *
 * 1. The session (weir/session.h) carries the frames. The parent is its coordinator and handles
 *    messages; the producers attach over the region that they inherit, read nothing, and only send.
 *
 * 2. The codec (weir/codec.h) makes the descriptor's bytes and reads them, as any other program
 *    would that knows the format.
 *
 * 3. The join (weir/join.h) is told of every frame's time, and asked whether a row may go out. Its
 *    map has one rule per input, a window: the frames of the last so many ms before the row. A row
 *    is ready when each input has come as far as the row's time, less the *lateness*. An input that
 *    has been silent for longer than the *stale* timeout is not waited for: the row goes out
 *    without it, and says so. Nobody else is held up meanwhile: frames and rows are kept.
 *
 * A producer that is killed thus goes stale, and rows keep coming. When it is started again it has
 * a higher *epoch*: the join forgets all that it knew of the old one's frames, and what it was
 * given by two lives of a producer is never mixed.
 *
 * Try: join_proc --kill mem@2 --restart-after 3, or kill one by hand (jp-cpu, jp-mem and jp-net in
 * ps), or stop one and let it go on. A producer that is cpu leaves its part to the clock.
 *
 * The memory is one anonymous region made before the forks, so nothing is left behind, whoever is
 * killed. This file has the processes and the loop; proc_joiner.c the join; proc_producer.c the
 * producers; the rest (proc_source.c, proc_options.c, proc_report.c) has little to do with weir. */
#define _GNU_SOURCE

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "join_proc.h"

/* A producer's slot is free for the next one a moment after its death, so a few are spare. */
#define MEMBERS (1u + 2u * INPUTS)
#define LOOK_NS (50 * NS_PER_MS) /* between two looks at the children */

struct child {
	pid_t pid; /* 0: not running */
	uint64_t epoch;
	weir_ns restart; /* WEIR_NS_NEVER: not to be started */
};

struct job {
	struct options opt;
	struct weir_region region; /* what children attach to: a copy of the session's handle */
	struct weir_session *session;
	struct joiner joiner;
	struct child child[INPUTS];
	uint32_t killed; /* of opt.kill, in the order of their times */
	weir_ns began;
	weir_ns end;
};

static uint32_t interrupted; /* set by signals; ends waits */

static void on_signal(int sig)
{
	(void)sig;
	weir_store_relaxed32(&interrupted, 1); /* relaxed: a flag, in the thread that reads it */
}

/* ---- the processes ---- */

/* The child does not outlive its parent, has a name of its own in ps(1), and leaves Ctrl-C to the
 * parent, who ends it. */
static pid_t fork_producer(const struct job *job, uint32_t i)
{
	pid_t parent = getpid(), pid;
	char name[16];

	(void)fflush(NULL);
	pid = fork();
	if (pid != 0)
		return pid;
	(void)snprintf(name, sizeof(name), "jp-%s", input_name[i]);
	(void)prctl(PR_SET_NAME, name);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_DFL);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1); /* it was gone before we asked */
	_exit(run_producer(&job->region, i, job->child[i].epoch, job->opt.period[i]));
}

static void start(struct job *job, uint32_t i, weir_ns now)
{
	struct child *c = &job->child[i];

	c->restart = WEIR_NS_NEVER;
	c->epoch++;
	c->pid = fork_producer(job, i);
	if (c->pid < 0) {
		complain("%s: fork: %s", input_name[i], strerror(errno));
		c->pid = 0;
	} else if (c->epoch > 1) {
		complain("%.3f s: %s is started again, epoch %llu",
			 (double)(now - job->began) / (double)NS_PER_S, input_name[i],
			 (unsigned long long)c->epoch);
	}
}

static void reap(struct job *job, weir_ns now)
{
	double at = (double)(now - job->began) / (double)NS_PER_S;
	uint32_t i;
	int status;

	for (i = 0; i < INPUTS; i++) {
		struct child *c = &job->child[i];

		if (c->pid == 0 || waitpid(c->pid, &status, WNOHANG) != c->pid)
			continue;
		c->pid = 0;
		if (job->opt.restart_after != WEIR_NS_NEVER)
			c->restart = now + job->opt.restart_after;
		if (WIFSIGNALED(status))
			complain("%.3f s: %s was killed by signal %d", at, input_name[i],
				 WTERMSIG(status));
		else
			complain("%.3f s: %s ended with status %d", at, input_name[i],
				 WEXITSTATUS(status));
	}
}

/* --kill and --restart-after, and who has died. Returns when to look again. */
static weir_ns keep_schedule(struct job *job, weir_ns now)
{
	weir_ns next = job->end < now + LOOK_NS ? job->end : now + LOOK_NS;
	uint32_t i;

	for (; job->killed < job->opt.n_kills; job->killed++) {
		const struct kill *k = &job->opt.kill[job->killed];
		weir_ns when = job->began + k->after;

		if (when > now) {
			next = when < next ? when : next;
			break;
		}
		if (job->child[k->input].pid != 0)
			(void)kill(job->child[k->input].pid, SIGKILL);
	}
	reap(job, now);
	for (i = 0; i < INPUTS; i++) {
		if (job->child[i].restart <= now)
			start(job, i, now);
		if (job->child[i].restart < next)
			next = job->child[i].restart;
	}
	return next;
}

static void end_children(struct job *job)
{
	uint32_t i;

	for (i = 0; i < INPUTS; i++)
		if (job->child[i].pid != 0)
			(void)kill(job->child[i].pid, SIGKILL); /* nothing of theirs to save */
	for (i = 0; i < INPUTS; i++)
		while (job->child[i].pid != 0 && waitpid(job->child[i].pid, NULL, 0) < 0 &&
		       errno == EINTR)
			continue;
}

/* ---- the session ---- */

static int make_session(struct job *job)
{
	struct weir_session_config cfg = {
		.struct_size = sizeof(cfg), .members = MEMBERS, .barriers = 1};
	struct weir_error err = {.what = "?"};
	int rc;

	if (weir_owner_self() == 0) {
		complain("cannot tell who is alive: /proc is not mounted");
		return -EOPNOTSUPP;
	}
	rc = weir_session_create(&job->session, NULL, &cfg, NULL, &err);
	if (rc == WEIR_OK)
		rc = weir_session_on(job->session, KIND_SAMPLE, joiner_on_sample, &job->joiner);
	if (rc != WEIR_OK)
		return complain_weir("the session", rc, &err);
	job->region = *weir_session_region(job->session);
	return WEIR_OK;
}

/* Serves, makes rows, and sleeps until something comes or is due. */
static int run(struct job *job)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .cancel = &interrupted};
	weir_ns now = now_ns();
	int rc = WEIR_OK;

	/* relaxed: see on_signal() */
	while (now < job->end && weir_load_relaxed32(&interrupted) == 0 && !ferror(stdout)) {
		how.deadline = keep_schedule(job, now);
		if (job->joiner.next < how.deadline)
			how.deadline = job->joiner.next;
		rc = weir_session_wait(job->session, &how);
		while (rc == WEIR_OK) /* all that has come, before any of it is judged by its age */
			rc = weir_session_poll(job->session, now_ns());
		if (rc < 0 && rc != -ETIMEDOUT && rc != -ECANCELED)
			return complain_weir("the session", rc, NULL);
		now = now_ns();
		joiner_make_rows(&job->joiner, now);
	}
	return WEIR_OK;
}

static void catch_signals(void)
{
	struct sigaction act = {.sa_handler = on_signal};

	(void)sigaction(SIGINT, &act, NULL);
	(void)sigaction(SIGTERM, &act, NULL);
}

int main(int argc, char **argv)
{
	static struct job job;
	uint32_t i;
	int rc = parse_options(argc, argv, &job.opt);

	if (rc != 0)
		return rc < 0 ? 0 : rc;
	catch_signals();
	if (make_session(&job) != WEIR_OK)
		return 1;
	job.began = now_ns();
	job.end = job.opt.seconds == WEIR_NS_NEVER ? WEIR_NS_NEVER : job.began + job.opt.seconds;
	rc = joiner_init(&job.joiner, &job.opt, job.began);
	if (rc == WEIR_OK) {
		print_header(&job.opt);
		for (i = 0; i < INPUTS; i++)
			start(&job, i, job.began);
		rc = run(&job);
	}
	end_children(&job);
	rc = rc == WEIR_OK ? print_summary(&job.joiner, now_ns()) : 1;
	joiner_free(&job.joiner);
	(void)weir_session_close(job.session);
	return rc;
}
