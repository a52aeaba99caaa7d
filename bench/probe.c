/*
 * The probe. A shared machine changes under a benchmark: two virtual CPUs may sit on one core now
 * and on two sockets in a second. The round trip of one cache line tells, and takes a millisecond;
 * it is taken before and after every sample, with the same two pinned CPUs, and samples taken in an
 * unusual state are dropped, see stats_outlying(). The median of chunks is taken so that one
 * preemption during the probe does not look like a state.
 */
#include "probe.h"

#include <math.h>

#include "driver.h"
#include "stats.h"

#define CHUNKS 8u
#define CHUNK_TRIPS 500u

static int trips(struct role *me, uint64_t *word, uint64_t from, uint64_t n)
{
	uint64_t i;

	for (i = from; i < from + n; i++) {
		__atomic_store_n(word, 2 * i + 1, __ATOMIC_RELEASE);
		while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != 2 * i + 2)
			if (role_spin(me) != 0)
				return -1;
	}
	return 0;
}

static int ping(struct role *me)
{
	uint64_t *word = (uint64_t *)(void *)me->arena;
	double chunk[CHUNKS];
	int64_t t0, t1;
	uint32_t i;

	if (role_start(me) != 0)
		return -1;
	t0 = driver_now();
	for (i = 0; i < CHUNKS; i++) {
		if (trips(me, word, (uint64_t)i * CHUNK_TRIPS, CHUNK_TRIPS) != 0)
			return -1;
		t1 = driver_now();
		chunk[i] = (double)(t1 - t0) / CHUNK_TRIPS;
		t0 = t1;
	}
	role_done(me, me->n);
	role_value(me, stats_median(chunk, CHUNKS));
	return 0;
}

static int pong(struct role *me)
{
	uint64_t *word = (uint64_t *)(void *)me->arena;
	uint64_t i;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != 2 * i + 1)
			if (role_spin(me) != 0)
				return -1;
		__atomic_store_n(word, 2 * i + 2, __ATOMIC_RELEASE);
	}
	role_done(me, me->n);
	return 0;
}

double probe_machine(struct bench_env *env)
{
	static const struct bench probe = {
		.group = "probe",
		.who = "probe",
		.unit = "round trip",
		.name = "line",
		.flags = BENCH_SMALL,
	};
	struct bench_sample s;

	if (env->cpus < 2)
		return 0;
	*(uint64_t *)(void *)env->arena = 0;
	if (driver_run(env, &probe, ping, pong, 2, (uint64_t)CHUNKS * CHUNK_TRIPS, &s) < 0)
		return (double)NAN;
	return s.value;
}
