/*
 * OpenMP's barrier as a peer, by the runtime that comes with the compiler. Its threads are its own: the
 * team is made anew for each sample, pinned like all others, and only the barriers are timed. It looks
 * for a while and then sleeps, as its environment variables say (OMP_WAIT_POLICY); none is set here.
 * The file is compiled with the compiler's OpenMP flag.
 */
#include <omp.h>

#include <stddef.h>

#include "../meet.h"

static int meet(struct role *me, void *party)
{
	(void)me;
	(void)party;
#pragma omp barrier
	return 0;
}

static int role(struct role *me)
{
	return meet_loop(me, meet, NULL);
}

static void team(unsigned roles, void (*body)(void *arg, unsigned i), void *arg)
{
	omp_set_dynamic(0);
#pragma omp parallel num_threads((int)roles)
	body(arg, (unsigned)omp_get_thread_num());
	/* the role ends without the runtime's own end, and libomp has a segment in /dev/shm */
	(void)omp_pause_resource_all(omp_pause_hard);
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n,
		  struct bench_sample *out)
{
	meet_clear(env);
	return driver_run(env, b, role, role, meet_parties(b), n, out);
}

void bench_add_openmp(void)
{
	static const struct bench_meeter m = {
#ifdef __clang__
		.who = "libomp",
#else
		.who = "libgomp",
#endif
		.flags = BENCH_PEER,
		.ways = BENCH_YIELD | BENCH_PARK,
		.team = team,
		.run = run,
	};

	bench_add_meet_cases(&m);
	bench_add_release_cases(&m);
}
