/* bench/watch.h - looks after the processes of a run from outside. For driver.c. */
#ifndef BENCH_WATCH_H
#define BENCH_WATCH_H

#include <signal.h>
#include <sys/types.h>

#include "control.h"

/* The processes of one run, children of the caller, which has SIGCHLD blocked, and SIGINT and SIGTERM,
 * lest they come between looking and sleeping. */
struct watch {
	pid_t pid[ROLE_MAX]; /* of role i, or of all roles: pid[0] */
	unsigned n;
	int64_t limit;                     /* driver_now() at which those that are left have hung */
	const volatile sig_atomic_t *stop; /* nonzero: soon; NULL: never */
	int64_t (*beside)(void *arg);      /* struct bench_env's */
	void *beside_arg;
	struct control *ctl;
	int traced;     /* watch_trace() has them, and watch_wait() counts */
	uint64_t calls; /* system calls inside the timed part, all roles, the harness's excepted */
};

/* A child to be traced stops itself before it does anything else. */
void watch_stop_here(void);

/* Takes up the children that stopped themselves, and sets them going. When this is forbidden they
 * go all the same, and traced stays 0. */
void watch_trace(struct watch *w);

/* Returns when all have ended. One that dies, or hangs, ends the others and fails the run: the
 * first message stands. */
void watch_wait(struct watch *w);

#endif
