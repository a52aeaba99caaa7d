/* SCHED_FIFO and locked memory. See realtime.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "realtime.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define BEYOND_NS INT64_C(1000000000) /* after a role gives up, before driver.c ends it */

static int set_policy(int policy, int priority)
{
	struct sched_param param;

	memset(&param, 0, sizeof(param));
	param.sched_priority = priority;
	return sched_setscheduler(0, policy, &param);
}

/* -1: not known. */
static int get_policy(int *priority)
{
	struct sched_param param;

	memset(&param, 0, sizeof(param));
	if (sched_getparam(0, &param) != 0)
		return -1;
	*priority = param.sched_priority;
	return sched_getscheduler(0);
}

static void limit_name(__rlimit_resource_t which, unsigned unit, const char *suffix, char *buf,
		       size_t cap)
{
	struct rlimit r;

	if (getrlimit(which, &r) != 0)
		snprintf(buf, cap, "not known");
	else if (r.rlim_cur == RLIM_INFINITY)
		snprintf(buf, cap, "unlimited");
	else
		snprintf(buf, cap, "%llu%s", (unsigned long long)r.rlim_cur / unit, suffix);
}

static int try_fifo(struct bench_env *env)
{
	int priority = 0, policy = get_policy(&priority);
	char limit[32];

	if (policy >= 0 && set_policy(SCHED_FIFO, env->fifo) == 0) {
		if (set_policy(policy, priority) == 0)
			return 0;
		snprintf(env->error, sizeof(env->error), "--fifo %d: cannot be taken back: %s",
			 env->fifo, strerror(errno));
		return -1;
	}
	limit_name(RLIMIT_RTPRIO, 1, "", limit, sizeof(limit));
	snprintf(env->error, sizeof(env->error),
		 "--fifo %d: %s: it wants CAP_SYS_NICE, or an RLIMIT_RTPRIO (ulimit -r) of %d, "
		 "which is %s",
		 env->fifo, strerror(errno), env->fifo, limit);
	return -1;
}

static int try_lock(struct bench_env *env)
{
	char limit[32];

	if (mlockall(MCL_CURRENT | MCL_FUTURE) == 0)
		return munlockall();
	limit_name(RLIMIT_MEMLOCK, 1024, " KiB", limit, sizeof(limit));
	snprintf(env->error, sizeof(env->error),
		 "--mlock: %s: it wants CAP_IPC_LOCK, or a larger RLIMIT_MEMLOCK (ulimit -l), which "
		 "is %s",
		 strerror(errno), limit);
	return -1;
}

int realtime_try(struct bench_env *env)
{
	if (env->fifo > 0 && try_fifo(env) != 0)
		return -1;
	return env->locked && try_lock(env) != 0 ? -1 : 0;
}

int realtime_in_child(struct bench_env *env)
{
	const rlim_t us = (rlim_t)((driver_limit_ns(env) + BEYOND_NS) / 1000);
	const struct rlimit r = {us, us};

	if (env->fifo > 0 && setrlimit(RLIMIT_RTTIME, &r) != 0) {
		snprintf(env->error, sizeof(env->error), "RLIMIT_RTTIME: %s", strerror(errno));
		return -1;
	}
	/* a child does not inherit it */
	if (env->locked && mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
		snprintf(env->error, sizeof(env->error), "mlockall: %s", strerror(errno));
		return -1;
	}
	return 0;
}

int realtime_rise(struct role *me)
{
	me->policy = get_policy(&me->priority);
	if (me->policy >= 0 && set_policy(SCHED_FIFO, me->fifo) == 0)
		return 0;
	return role_fail(me, "role %u cannot become SCHED_FIFO %d: %s", me->index, me->fifo,
			 strerror(errno));
}

void realtime_fall(struct role *me)
{
	if (set_policy(me->policy, me->priority) != 0)
		role_fail(me, "role %u stays SCHED_FIFO %d: %s", me->index, me->fifo,
			  strerror(errno));
}

int realtime_leaves_out(const struct bench_env *env, const struct bench *b)
{
	if (b->flags & BENCH_FOREIGN)
		return env->fifo > 0 || env->locked;
	return env->fifo > 0 && driver_oversubscribed(env, b->readers);
}

void realtime_name(const struct bench_env *env, char *buf, size_t cap)
{
	int priority = env->fifo, policy = env->fifo > 0 ? SCHED_FIFO : get_policy(&priority);

	if (policy == SCHED_FIFO || policy == SCHED_RR)
		snprintf(buf, cap, "%s %d", policy == SCHED_FIFO ? "fifo" : "rr", priority);
	else
		snprintf(buf, cap, "%s",
			 policy == SCHED_OTHER	 ? "other"
			 : policy == SCHED_BATCH ? "batch"
			 : policy == SCHED_IDLE	 ? "idle"
						 : "unknown");
}
