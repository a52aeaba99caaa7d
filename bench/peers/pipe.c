/*
 * A pipe as a peer: a stream of bytes through the kernel, 256 KiB of it where the kernel allows. One
 * write() per message and one read(), or per 32.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "kernel.h"

static struct kernel_queues queues;

static int open_pipes(struct bench_env *env, unsigned count, int flags)
{
	int fd[2];
	unsigned i;

	kernel_none_open(&queues);
	for (i = 0; i < count; i++) {
		if (pipe2(fd, O_CLOEXEC | flags) != 0) {
			kernel_error(env, "pipe2");
			kernel_close(&queues);
			return -1;
		}
		queues.q[i].in = fd[0];
		queues.q[i].out = fd[1];
		(void)fcntl(fd[1], F_SETPIPE_SZ, (int)BENCH_RING_BYTES);
	}
	return 0;
}

KERNEL_ENDS(pipe, stream_put, stream_take)

BENCH_INLINE int write_batches(struct role *me, size_t size)
{
	return stream_write_batches(me, queues.q[0].out, size);
}

BENCH_INLINE int read_batches(struct role *me, size_t size)
{
	return stream_read_batches(me, queues.q[0].in, size);
}

static int writer(struct role *me)
{
	return me->b->batch > 1 ? MSG_BY_SIZE(write_batches, me) : MSG_BY_SIZE(pipe_write, me);
}

static int reader(struct role *me)
{
	return me->b->batch > 1 ? MSG_BY_SIZE(read_batches, me) : MSG_BY_SIZE(pipe_read, me);
}

static double run_ring(struct bench_env *env, const struct bench *b, uint64_t n,
		       struct bench_sample *out)
{
	double ns;

	if (open_pipes(env, 1, O_NONBLOCK) != 0)
		return -1;
	ns = driver_run(env, b, writer, reader, 2, n, out);
	kernel_close(&queues);
	return ns;
}

static double run_trip_with(struct bench_env *env, const struct bench *b, uint64_t n,
			    struct bench_sample *out, int flags)
{
	double ns;

	if (open_pipes(env, 2, flags) != 0)
		return -1;
	ns = driver_run(env, b, pipe_tripper, pipe_tripper, 2, n, out);
	kernel_close(&queues);
	return ns;
}

static double run_trip(struct bench_env *env, const struct bench *b, uint64_t n,
		       struct bench_sample *out)
{
	return run_trip_with(env, b, n, out, O_NONBLOCK);
}

static double run_trip_blocking(struct bench_env *env, const struct bench *b, uint64_t n,
				struct bench_sample *out)
{
	return run_trip_with(env, b, n, out, 0);
}

void bench_add_pipe(void)
{
	bench_add_ring_cases("pipe", BENCH_PEER, kernel_wants, run_ring);
	bench_add_roundtrip_cases("pipe", BENCH_PEER, run_trip);
	bench_add_roundtrip_cases("pipe-blocking", BENCH_PEER | BENCH_FULL, run_trip_blocking);
	bench_add_latency_cases("pipe", BENCH_PEER | BENCH_FULL, run_trip);
	bench_add_latency_cases("pipe-blocking", BENCH_PEER | BENCH_FULL, run_trip_blocking);
}
