/* Every peer that configure found. */
#include "../bench.h"

void bench_add_peers(void)
{
	bench_add_ack_barrier();
	bench_add_slots();
	bench_add_ck_ring();
	bench_add_ck_sequence();
	bench_add_pthread_barrier();
#ifdef BENCH_HAVE_LIBCK
	bench_add_ck_barrier();
#endif
#ifdef BENCH_HAVE_STD_BARRIER
	bench_add_std_barrier();
#endif
#ifdef BENCH_HAVE_OPENMP
	bench_add_openmp();
#endif
#if defined(BENCH_OPENMPI) || defined(BENCH_MPICH)
	bench_add_mpi();
#endif
#ifdef BENCH_HAVE_BOOST
	bench_add_boost();
#endif
#ifdef BENCH_HAVE_DPDK
	bench_add_rte();
	bench_add_rte_seqcount();
#endif
#ifdef BENCH_HAVE_READERWRITERQUEUE
	bench_add_readerwriterqueue();
#endif
#ifdef BENCH_HAVE_CONCURRENTQUEUE
	bench_add_concurrentqueue();
#endif
#ifdef BENCH_HAVE_ATOMICQUEUE
	bench_add_atomic_queue();
#endif
#ifdef BENCH_HAVE_URCU
	bench_add_wfcqueue();
#endif
	bench_add_pipe();
	bench_add_unix_socket();
	bench_add_posix_mq();
	bench_add_eventfd();
}
