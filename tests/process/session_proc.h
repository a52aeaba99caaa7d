/* session_proc.h - what the process tests of sessions share beyond proc.h. */
#ifndef WEIR_SESSION_PROC_H
#define WEIR_SESSION_PROC_H

#include "proc.h"

#include <weir/session.h>
#include <weir/watch.h>

static inline weir_ns proc_soon(uint64_t ms)
{
	return proc_now() + ms * UINT64_C(1000000);
}

/* A deadline that is not reached unless something hangs. */
static inline weir_ns proc_patience(void)
{
	const char *ms = getenv("WEIR_PATIENCE_MS");

	return proc_soon(ms != NULL ? strtoull(ms, NULL, 0) : 60000);
}

/* Of the session that the process `pid` and its children share. */
static inline void proc_session_name(char *name, size_t cap, pid_t pid)
{
	NEED(snprintf(name, cap, "weir-test-%d", (int)pid) > 0);
}

/* splitmix64 */
static inline uint64_t proc_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

#endif
