/*
 * std::barrier of C++20 as a peer. libstdc++'s looks some times, yields some times, and then sleeps;
 * it keeps part of itself on the heap, so it is run between threads only. The file is C++20; to the
 * harness it shows the same C face as every other barrier.
 */
#include <barrier>
#include <cstddef>
#include <new>

#include "../meet.h"

namespace
{

struct alignas(BENCH_LINE) place {
	std::barrier<> barrier;

	explicit place(uint32_t parties) : barrier(static_cast<std::ptrdiff_t>(parties))
	{
	}
};

int meet(struct role *, void *party)
{
	static_cast<place *>(party)->barrier.arrive_and_wait();
	return 0;
}

int role_of_all(struct role *me)
{
	return meet_loop(me, meet, me->arena);
}

double run(struct bench_env *env, const struct bench *b, uint64_t n, struct bench_sample *out)
{
	static_assert(sizeof(place) <= MEET_BYTES, "arena");
	place *p;
	double ns;

	meet_clear(env);
	p = new (env->arena) place(meet_parties(b));
	ns = driver_run(env, b, role_of_all, role_of_all, meet_parties(b), n, out);
	p->~place();
	return ns;
}

} // namespace

extern "C" void bench_add_std_barrier(void)
{
	static const struct bench_meeter m = {
		"std::barrier", BENCH_PEER, BENCH_YIELD | BENCH_PARK, 0, nullptr, run, 0,
	};

	bench_add_meet_cases(&m);
	bench_add_release_cases(&m);
}
