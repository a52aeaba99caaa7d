/* The system's environment for blocking calls: clock, futex, membarrier, yield, liveness. */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <weir/region.h>
#include <weir/wait.h>

#include "os.h"

#define NS_PER_S UINT64_C(1000000000)

/* What SYS_futex takes: two longs on every architecture that has it under this number. */
struct futex_time {
	long sec;
	long nsec;
};

static weir_ns system_now(void *ctx)
{
	struct timespec t;

	(void)ctx;
	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail with this clock */
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* Shared futexes throughout (no FUTEX_PRIVATE_FLAG): sleeper and ringer are different processes.
 * FUTEX_WAIT_BITSET takes an absolute CLOCK_MONOTONIC time, so a signal does not stretch the wait.
 * All four ways to return are one to the caller, who looks again: woken, or for no reason (0);
 * the word had changed (EAGAIN); a signal (EINTR); the deadline (ETIMEDOUT). */
static void system_park(void *ctx, const uint32_t *word, uint32_t seen, weir_ns deadline)
{
	struct futex_time t, *until = NULL;

	(void)ctx;
	if (deadline / NS_PER_S < (uint64_t)LONG_MAX) {
		t.sec = (long)(deadline / NS_PER_S);
		t.nsec = (long)(deadline % NS_PER_S);
		if (deadline != WEIR_NS_NEVER)
			until = &t;
	}
	(void)syscall(SYS_futex, word, FUTEX_WAIT_BITSET, seen, until, NULL,
		      FUTEX_BITSET_MATCH_ANY);
}

void weir_os_futex_wake(const uint32_t *word)
{
	(void)syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static int system_heavy_fence(void *ctx)
{
	(void)ctx;
	/* BELL.DEKKER announce: one full fence in each running thread of each registered process,
	 * and one here; pairs with weir_bell_ring() */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0) == 0)
		return 0;
	weir_fence_full();
	return -EOPNOTSUPP;
}

/* The registration is the kernel's, per address space: nothing to remember here. */
int weir_bell_register(void)
{
	return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0;
}

static void system_yield(void *ctx)
{
	(void)ctx;
	(void)sched_yield();
}

static int system_owner_state(void *ctx, weir_owner who)
{
	(void)ctx;
	return (int)weir_owner_state(who);
}

const struct weir_env *weir_env_system(void)
{
	static const struct weir_env env = {
		.now = system_now,
		.park = system_park,
		.heavy_fence = system_heavy_fence,
		.yield = system_yield,
		.owner_state = system_owner_state,
	};

	return &env;
}
