/*
 * The supervisor of a run. The roles live in children of the bench process, which sleeps meanwhile:
 * a side that crashes, or waits for ever inside a library that knows no deadline, fails its row and
 * leaves the rest of the run alone.
 *
 * For one untimed run per row it traces them as well and counts their system calls. A tracer slows
 * every call down, so counts of what sleeps or yields are what they are under that; that a row makes
 * no calls at all is exact.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include "watch.h"

#define STOP_LIMIT_NS INT64_C(1000000000)
#define SYSCALL_STOP (SIGTRAP | 0x80)
#define TRACE_OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL)

static void fail(struct watch *w, const char *what, unsigned i, const char *detail)
{
	char who[32] = "the process of all roles";

	if (w->n > 1)
		snprintf(who, sizeof(who), "role %u", i);
	if (__atomic_exchange_n(&w->ctl->failed.word, 1, __ATOMIC_ACQ_REL) == 0)
		snprintf(w->ctl->failed.text, sizeof(w->ctl->failed.text), "%s %s%s", who, what,
			 detail);
	control_store(&w->ctl->stop.word, 1);
}

static void kill_all(const struct watch *w)
{
	unsigned i;

	for (i = 0; i < w->n; i++)
		if (w->pid[i] > 0)
			kill(w->pid[i], SIGKILL);
}

/* ---- system calls ---- */

void watch_stop_here(void)
{
	raise(SIGSTOP);
}

void watch_trace(struct watch *w)
{
	unsigned i;
	int st;

	w->traced = 1;
	for (i = 0; i < w->n; i++) {
		while (waitpid(w->pid[i], &st, WUNTRACED) < 0 && errno == EINTR)
			;
		if (!WIFSTOPPED(st)) {
			w->pid[i] = 0;
			fail(w, "died", i, " before it began");
		} else if (ptrace(PTRACE_SEIZE, w->pid[i], NULL,
				  (void *)(uintptr_t)TRACE_OPTIONS) != 0) {
			w->traced = 0;
		}
	}
	for (i = 0; i < w->n; i++)
		if (w->pid[i] > 0)
			kill(w->pid[i], SIGCONT);
}

/* Between the start and its own end, and not in the harness's way of waiting. */
static int is_timed(struct control *ctl, const struct result *r)
{
	return control_load(&ctl->go.word) != 0 && r->t1 == 0 && control_load(&r->idle) == 0;
}

/* Every call stops twice: on its way in, which counts, and out. */
static void count_call(struct watch *w, pid_t tid)
{
	unsigned i;

	for (i = 0; i < ROLE_MAX; i++) {
		struct result *r = &w->ctl->result[i];

		if (r->tid != tid)
			continue;
		r->in_call = !r->in_call;
		if (r->in_call && is_timed(w->ctl, r))
			w->calls++;
	}
}

/* A thread stopped: see why, and let it go on. */
static void step(struct watch *w, pid_t tid, int st)
{
	int sig = WSTOPSIG(st), event = st >> 16;

	if (sig == SYSCALL_STOP) {
		count_call(w, tid);
		sig = 0;
	} else if (event != 0) {
		sig = 0;
	}
	ptrace(PTRACE_SYSCALL, tid, NULL, (void *)(uintptr_t)sig);
}

/* ---- waiting ---- */

/* A process, or a traced thread, has changed. */
static void changed(struct watch *w, pid_t pid, int st)
{
	unsigned i;

	if (WIFSTOPPED(st)) {
		step(w, pid, st);
		return;
	}
	for (i = 0; i < w->n; i++)
		if (w->pid[i] == pid)
			break;
	if (i == w->n)
		return; /* a thread's end */
	w->pid[i] = 0;
	if (WIFSIGNALED(st))
		fail(w, "died: ", i, strsignal(WTERMSIG(st)));
	else if (WEXITSTATUS(st) != 0)
		fail(w, "died", i, "");
	if (WIFSIGNALED(st) || WEXITSTATUS(st) != 0)
		kill_all(w);
}

static int left(const struct watch *w)
{
	unsigned i;

	for (i = 0; i < w->n; i++)
		if (w->pid[i] > 0)
			return (int)i + 1;
	return 0;
}

/* The caller's handler, or the end of the program. */
static void deliver(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(sig);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* Sleeps until a child, or the user, says something. */
static void sleep_until(int64_t when)
{
	int64_t ns = when - driver_now();
	struct timespec ts;
	sigset_t set;
	int sig;

	ns = ns < 1000 ? 1000 : ns;
	ts.tv_sec = (time_t)(ns / 1000000000);
	ts.tv_nsec = (long)(ns % 1000000000);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sig = sigtimedwait(&set, NULL, &ts);
	if (sig == SIGINT || sig == SIGTERM || sig == SIGHUP)
		deliver(sig);
}

/* Once the user has had enough, what takes longer counts as hung. */
static void heed_stop(struct watch *w)
{
	const int64_t limit = driver_now() + STOP_LIMIT_NS;

	if (w->stop == NULL || *w->stop == 0)
		return;
	w->stop = NULL;
	w->limit = limit < w->limit ? limit : w->limit;
}

/* Until when nothing is to be done unless somebody says something. */
static int64_t next_look(const struct watch *w, int hung)
{
	const int64_t limit = hung ? driver_now() + 100000000 : w->limit;
	const int64_t beside = w->beside != NULL && !hung ? w->beside(w->beside_arg) : limit;

	return beside < limit ? beside : limit;
}

void watch_wait(struct watch *w)
{
	int who, st, hung = 0;
	pid_t pid;

	while ((who = left(w)) != 0) {
		pid = waitpid(-1, &st, WNOHANG | __WALL);
		if (pid > 0) {
			changed(w, pid, st);
		} else if (pid < 0 && errno != EINTR) {
			fail(w, "is gone", (unsigned)who - 1, "");
			return;
		} else if (!hung && driver_now() > w->limit) {
			hung = 1;
			fail(w, "did not end in time: killed", (unsigned)who - 1, "");
			kill_all(w);
		} else {
			heed_stop(w);
			sleep_until(next_look(w, hung));
		}
	}
}
