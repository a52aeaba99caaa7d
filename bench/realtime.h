/* bench/realtime.h - roles that run under SCHED_FIFO, and memory that is locked. */
#ifndef BENCH_REALTIME_H
#define BENCH_REALTIME_H

#include "driver.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A role is real-time from when all are ready until its role_done(), never under a tracer, and only
 * where none of its run shares a CPU: one that spins for another on the same CPU would never let it run. The process that
 * measures is not, so it may have no CPU as long as roles have them all: the kernel itself ends a role
 * that has run for longer than a run may take.
 */

/* May env->fifo and env->locked be? Tries both, and takes them back. 0; -1: env->error says what is in
 * the way. */
int realtime_try(struct bench_env *env);

/* In a child, before its roles are started: the limit of its time, and its memory. 0, or -1 with
 * env->error. */
int realtime_in_child(struct bench_env *env);

/* The calling thread becomes what me->fifo says (0, or -1: the run has failed), and what it was. */
int realtime_rise(struct role *me);
void realtime_fall(struct role *me);

/* Are rows of this kind left out, since they cannot be run as was asked for? */
int realtime_leaves_out(const struct bench_env *env, const struct bench *b);

/* "other", "fifo 50" and their like: what roles are, or this process if that was not asked for. */
void realtime_name(const struct bench_env *env, char *buf, size_t cap);

#ifdef __cplusplus
}
#endif
#endif
