/*
 * Pairs of unix sockets as peers. "unix-stream" is a stream of bytes, written and read like a pipe, a
 * message or 32 per call. "unix-seqpacket" keeps messages apart, by send() and recv(), or
 * sendmmsg() and recvmmsg() for up to 32. The send buffer is asked to be 256 KiB; the kernel counts
 * what it needs per message against it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <sys/socket.h>

#include "kernel.h"

static struct kernel_queues queues;

static int open_pairs(struct bench_env *env, unsigned count, int type)
{
	const int bytes = (int)BENCH_RING_BYTES / 2; /* the kernel doubles it */
	int fd[2];
	unsigned i;

	kernel_none_open(&queues);
	for (i = 0; i < count; i++) {
		if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fd) != 0) {
			kernel_error(env, "socketpair");
			kernel_close(&queues);
			return -1;
		}
		queues.q[i].in = fd[0];
		queues.q[i].out = fd[1];
		(void)setsockopt(fd[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	}
	return 0;
}

/* ---- streams ---- */

KERNEL_ENDS(stream_socket, stream_put, stream_take)

BENCH_INLINE int write_batches(struct role *me, size_t size)
{
	return stream_write_batches(me, queues.q[0].out, size);
}

BENCH_INLINE int read_batches(struct role *me, size_t size)
{
	return stream_read_batches(me, queues.q[0].in, size);
}

static int stream_writer(struct role *me)
{
	return me->b->batch > 1 ? MSG_BY_SIZE(write_batches, me)
				: MSG_BY_SIZE(stream_socket_write, me);
}

static int stream_reader(struct role *me)
{
	return me->b->batch > 1 ? MSG_BY_SIZE(read_batches, me)
				: MSG_BY_SIZE(stream_socket_read, me);
}

/* ---- packets ---- */

BENCH_INLINE int packet_put(struct role *me, void *end, size_t size, uint64_t seq)
{
	struct kernel_end *e = end;

	msg_number(me, e->msg, seq);
	while (send(e->fd, e->msg, size, 0) != (ssize_t)size)
		if (kernel_again(me, "send") != 0)
			return -1;
	return 0;
}

BENCH_INLINE int packet_take(struct role *me, void *end, size_t size, uint64_t seq)
{
	struct kernel_end *e = end;
	ssize_t did;

	while ((did = recv(e->fd, e->msg, sizeof(e->msg), 0)) < 0)
		if (kernel_again(me, "recv") != 0)
			return -1;
	if (did != (ssize_t)size)
		return role_fail(me, "message %llu has %zd bytes", (unsigned long long)seq, did);
	return msg_differs(me, e->msg, size, seq) ? role_bad_message(me, seq, e->msg) : 0;
}

KERNEL_ENDS(packet, packet_put, packet_take)

struct batch {
	struct mmsghdr header[BENCH_BATCH];
	struct iovec piece[BENCH_BATCH];
	uint64_t msg[BENCH_BATCH * MSG_MAX / sizeof(uint64_t)];
};

static void set_batch(struct role *me, struct batch *b, size_t size)
{
	unsigned k;

	memset(b->header, 0, sizeof(b->header));
	for (k = 0; k < BENCH_BATCH; k++) {
		b->piece[k].iov_base = (uint8_t *)b->msg + k * size;
		b->piece[k].iov_len = size;
		b->header[k].msg_hdr.msg_iov = &b->piece[k];
		b->header[k].msg_hdr.msg_iovlen = 1;
		msg_prepare(me, b->piece[k].iov_base, size);
	}
}

/* n is a multiple of BENCH_BATCH: the plan sees to it. */
BENCH_INLINE int send_batches(struct role *me, size_t size)
{
	struct batch b;
	uint64_t i = 0;
	unsigned k;
	int did;

	set_batch(me, &b, size);
	if (role_start(me) != 0)
		return -1;
	while (i < me->n) {
		for (k = 0; k < BENCH_BATCH; k++, i++)
			msg_number(me, b.piece[k].iov_base, i);
		for (k = 0; k < BENCH_BATCH; k += (unsigned)did) {
			did = sendmmsg(queues.q[0].out, b.header + k, BENCH_BATCH - k, 0);
			if (did >= 0)
				continue;
			if (kernel_again(me, "sendmmsg") != 0)
				return -1;
			did = 0;
		}
	}
	role_done(me, i);
	return 0;
}

BENCH_INLINE int receive_batches(struct role *me, size_t size)
{
	struct batch b;
	uint64_t i = 0;
	int k, did;

	set_batch(me, &b, size);
	if (role_start(me) != 0)
		return -1;
	while (i < me->n) {
		did = recvmmsg(queues.q[0].in, b.header, BENCH_BATCH, MSG_DONTWAIT, NULL);
		if (did < 0 && kernel_again(me, "recvmmsg") != 0)
			return -1;
		for (k = 0; k < did; k++, i++)
			if (b.header[k].msg_len != size ||
			    msg_differs(me, b.piece[k].iov_base, size, i))
				return role_bad_message(me, i, b.piece[k].iov_base);
	}
	role_done(me, i);
	return 0;
}

static int packet_writer(struct role *me)
{
	return me->b->batch > 1 ? MSG_BY_SIZE(send_batches, me) : MSG_BY_SIZE(packet_write, me);
}

static int packet_reader(struct role *me)
{
	return me->b->batch > 1 ? MSG_BY_SIZE(receive_batches, me) : MSG_BY_SIZE(packet_read, me);
}

/* ---- rows ---- */

#define RUN(name, count, type, first, others)                                                      \
	static double name(struct bench_env *env, const struct bench *b, uint64_t n,               \
			   struct bench_sample *out)                                               \
	{                                                                                          \
		double ns;                                                                         \
                                                                                                   \
		if (open_pairs(env, count, type) != 0)                                             \
			return -1;                                                                 \
		ns = driver_run(env, b, first, others, 2, n, out);                                 \
		kernel_close(&queues);                                                             \
		return ns;                                                                         \
	}

RUN(stream_ring, 1, SOCK_STREAM | SOCK_NONBLOCK, stream_writer, stream_reader)
RUN(stream_trip, 2, SOCK_STREAM | SOCK_NONBLOCK, stream_socket_tripper, stream_socket_tripper)
RUN(stream_trip_blocking, 2, SOCK_STREAM, stream_socket_tripper, stream_socket_tripper)
RUN(packet_ring, 1, SOCK_SEQPACKET | SOCK_NONBLOCK, packet_writer, packet_reader)
RUN(packet_trip_nonblocking, 2, SOCK_SEQPACKET | SOCK_NONBLOCK, packet_tripper, packet_tripper)
RUN(packet_trip_blocking, 2, SOCK_SEQPACKET, packet_tripper, packet_tripper)

void bench_add_unix_socket(void)
{
	const uint32_t full = BENCH_PEER | BENCH_FULL;

	bench_add_ring_cases("unix-stream", BENCH_PEER, kernel_wants, stream_ring);
	bench_add_ring_cases("unix-seqpacket", BENCH_PEER, kernel_wants, packet_ring);
	bench_add_roundtrip_cases("unix-stream", BENCH_PEER, stream_trip);
	bench_add_roundtrip_cases("unix-stream-blocking", full, stream_trip_blocking);
	bench_add_roundtrip_cases("unix-seqpacket", full, packet_trip_nonblocking);
	bench_add_roundtrip_cases("unix-seqpacket-blocking", full, packet_trip_blocking);
	bench_add_latency_cases("unix-stream", BENCH_PEER | BENCH_FULL, stream_trip);
	bench_add_latency_cases("unix-stream-blocking", full, stream_trip_blocking);
	bench_add_latency_cases("unix-seqpacket", full, packet_trip_nonblocking);
	bench_add_latency_cases("unix-seqpacket-blocking", full, packet_trip_blocking);
}
