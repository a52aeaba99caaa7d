/* bench/control.h - the block that all roles of a run share. For driver.c and role.c. */
#ifndef BENCH_CONTROL_H
#define BENCH_CONTROL_H

#include "driver.h"
#include "msg.h"

/* What one role did; on lines of its own. */
struct result {
	uint64_t ops;
	int64_t t0, t1;
	uint64_t allocs, voluntary, involuntary, faults;
	uint64_t waited; /* ns, runnable without a CPU */
	uint64_t lost;   /* messages */
	uint64_t evicted;
	uint32_t done;
	uint32_t idle; /* yields for the harness: see role_idle() */
	int32_t tid;
	int32_t in_call; /* of the tracer: see watch.c */
} BENCH_ALIGNED;

struct control_word {
	uint32_t word;
	char text[124]; /* of `failed` only */
} BENCH_ALIGNED;

/* Mapped shared before any fork, at the same address for all. */
struct control {
	struct control_word go;     /* 1: everybody starts */
	struct control_word stop;   /* 1: everybody ends */
	struct control_word ready;  /* roles that are not */
	struct control_word rise;   /* 1: everybody is ready, and becomes real-time if it is to */
	struct control_word risen;  /* roles that are not */
	struct control_word failed; /* 1: text says why */
	double value BENCH_ALIGNED;
	struct result result[ROLE_MAX];
	/* constant from here on */
	uint64_t source[MSG_MAX / sizeof(uint64_t)];
};

BENCH_INLINE uint32_t control_load(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

BENCH_INLINE void control_store(uint32_t *p, uint32_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

#endif
