/*
 * POSIX message queues as peers: a message per mq_send() and mq_receive(). The kernel limits how many
 * messages a queue holds (/proc/sys/fs/mqueue/msg_max, commonly 10), so this one is as deep as that,
 * up to 256 KiB. A queue's name exists for as long as it takes to open it. Where the kernel has none
 * to give there are no rows.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <mqueue.h>
#include <sys/stat.h>

#include "kernel.h"

static struct kernel_queues queues;

static long limit(const char *path, long otherwise)
{
	FILE *f = fopen(path, "re");
	long v;

	if (f == NULL)
		return otherwise;
	if (fscanf(f, "%ld", &v) != 1 || v < 1)
		v = otherwise;
	fclose(f);
	return v;
}

/* A queue without a name, or -1. */
static int open_queue(uint32_t size, int flags)
{
	const long most = (long)(BENCH_RING_BYTES / size);
	struct mq_attr attr;
	char name[64];
	mqd_t q;

	memset(&attr, 0, sizeof(attr));
	attr.mq_maxmsg = limit("/proc/sys/fs/mqueue/msg_max", 10);
	if (attr.mq_maxmsg > most)
		attr.mq_maxmsg = most;
	attr.mq_msgsize = (long)size;
	snprintf(name, sizeof(name), "/weir-bench-%ld-%lld", (long)getpid(),
		 (long long)driver_now());
	q = mq_open(name, O_CREAT | O_EXCL | O_RDWR | flags, S_IRUSR | S_IWUSR, &attr);
	if (q != (mqd_t)-1)
		mq_unlink(name);
	return (int)q;
}

static int open_queues(struct bench_env *env, unsigned count, uint32_t size, int flags)
{
	unsigned i;

	kernel_none_open(&queues);
	for (i = 0; i < count; i++) {
		queues.q[i].in = queues.q[i].out = open_queue(size, flags);
		if (queues.q[i].in < 0) {
			kernel_error(env, "mq_open");
			kernel_close(&queues);
			return -1;
		}
	}
	return 0;
}

BENCH_INLINE int put(struct role *me, void *end, size_t size, uint64_t seq)
{
	struct kernel_end *e = end;

	msg_number(me, e->msg, seq);
	while (mq_send((mqd_t)e->fd, (const char *)e->msg, size, 0) != 0)
		if (kernel_again(me, "mq_send") != 0)
			return -1;
	return 0;
}

BENCH_INLINE int take(struct role *me, void *end, size_t size, uint64_t seq)
{
	struct kernel_end *e = end;
	ssize_t did;

	while ((did = mq_receive((mqd_t)e->fd, (char *)e->msg, size, NULL)) < 0)
		if (kernel_again(me, "mq_receive") != 0)
			return -1;
	if (did != (ssize_t)size)
		return role_fail(me, "message %llu has %zd bytes", (unsigned long long)seq, did);
	return msg_differs(me, e->msg, size, seq) ? role_bad_message(me, seq, e->msg) : 0;
}

KERNEL_ENDS(mq, put, take)

static int writer(struct role *me)
{
	return MSG_BY_SIZE(mq_write, me);
}

static int reader(struct role *me)
{
	return MSG_BY_SIZE(mq_read, me);
}

static double run_with(struct bench_env *env, const struct bench *b, uint64_t n,
		       struct bench_sample *out, int flags)
{
	const int trip = strcmp(b->group, "ring") != 0;
	double ns;

	if (open_queues(env, trip ? 2 : 1, b->size, flags) != 0)
		return -1;
	ns = driver_run(env, b, trip ? mq_tripper : writer, trip ? mq_tripper : reader, 2, n, out);
	kernel_close(&queues);
	return ns;
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n,
		  struct bench_sample *out)
{
	return run_with(env, b, n, out, O_NONBLOCK);
}

static double run_blocking(struct bench_env *env, const struct bench *b, uint64_t n,
			   struct bench_sample *out)
{
	return run_with(env, b, n, out, 0);
}

void bench_add_posix_mq(void)
{
	int q = open_queue(MSG_MAX, 0);

	if (q < 0)
		return;
	mq_close((mqd_t)q);
	bench_add_ring_cases("posix_mq", BENCH_PEER, kernel_wants_single, run);
	bench_add_roundtrip_cases("posix_mq", BENCH_PEER, run);
	bench_add_roundtrip_cases("posix_mq-blocking", BENCH_PEER | BENCH_FULL, run_blocking);
	bench_add_latency_cases("posix_mq", BENCH_PEER | BENCH_FULL, run);
	bench_add_latency_cases("posix_mq-blocking", BENCH_PEER | BENCH_FULL, run_blocking);
}
