/* bench/peers/kernel.h - what the kernel's transports have in common. C. */
#ifndef BENCH_KERNEL_H
#define BENCH_KERNEL_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "../loops.h"
#include "../msg.h"

/*
 * Every role inherits the descriptors of queues that run() has opened; it closes them when the roles
 * have ended, and nothing has a name that could be left behind. Descriptors do not block, so that
 * whoever finds nothing waits like everybody else (role_idle()). In "-blocking" rows they do, and
 * the kernel puts the caller to sleep.
 */
struct kernel_queue {
	int in, out; /* -1: not open */
};

struct kernel_queues {
	struct kernel_queue q[2];
};

/* One side's end of a queue, and its copy of a message. */
struct kernel_end {
	int fd;
	uint64_t msg[MSG_MAX / sizeof(uint64_t)];
};

BENCH_INLINE void kernel_none_open(struct kernel_queues *k)
{
	memset(k, 0xff, sizeof(*k));
}

static inline void kernel_close(struct kernel_queues *k)
{
	unsigned i;

	for (i = 0; i < 2; i++) {
		if (k->q[i].in >= 0)
			close(k->q[i].in);
		if (k->q[i].out >= 0 && k->q[i].out != k->q[i].in)
			close(k->q[i].out);
	}
	kernel_none_open(k);
}

/* Returns -1. */
static inline int kernel_error(struct bench_env *env, const char *call)
{
	snprintf(env->error, sizeof(env->error), "%s: %s", call, strerror(errno));
	return -1;
}

/* A call has failed: 0 try it again, -1 give up. */
BENCH_INLINE int kernel_again(struct role *me, const char *call)
{
	if (errno == EAGAIN)
		return role_idle(me);
	return errno == EINTR ? 0 : role_fail(me, "%s: %s", call, strerror(errno));
}

/* ---- streams of bytes ---- */

BENCH_INLINE int stream_write(struct role *me, int fd, const void *buf, size_t len)
{
	const uint8_t *p = (const uint8_t *)buf;
	ssize_t did;

	while (len > 0) {
		did = write(fd, p, len);
		if (did > 0) {
			p += did;
			len -= (size_t)did;
		} else if (did == 0 || kernel_again(me, "write") != 0) {
			return did == 0 ? role_fail(me, "write: nothing written") : -1;
		}
	}
	return 0;
}

/* What is there, at most `max` bytes; waits for the first. 0: give up. */
BENCH_INLINE size_t stream_read_some(struct role *me, int fd, void *buf, size_t max)
{
	ssize_t did;

	for (;;) {
		did = read(fd, buf, max);
		if (did > 0)
			return (size_t)did;
		if (did == 0)
			role_fail(me, "read: the stream has ended");
		if (did == 0 || kernel_again(me, "read") != 0)
			return 0;
	}
}

BENCH_INLINE int stream_read(struct role *me, int fd, void *buf, size_t len)
{
	uint8_t *p = (uint8_t *)buf;
	size_t did;

	for (; len > 0; p += did, len -= did) {
		did = stream_read_some(me, fd, p, len);
		if (did == 0)
			return -1;
	}
	return 0;
}

/* A message per call: for loops.h. */
BENCH_INLINE int stream_put(struct role *me, void *end, size_t size, uint64_t seq)
{
	struct kernel_end *e = (struct kernel_end *)end;

	msg_number(me, e->msg, seq);
	return stream_write(me, e->fd, e->msg, size);
}

BENCH_INLINE int stream_take(struct role *me, void *end, size_t size, uint64_t seq)
{
	struct kernel_end *e = (struct kernel_end *)end;

	if (stream_read(me, e->fd, e->msg, size) != 0)
		return -1;
	return msg_differs(me, e->msg, size, seq) ? role_bad_message(me, seq, e->msg) : 0;
}

/* 32 messages per write; n is a multiple: the plan sees to it. */
BENCH_INLINE int stream_write_batches(struct role *me, int fd, size_t size)
{
	uint64_t msg[BENCH_BATCH * MSG_MAX / sizeof(uint64_t)];
	uint64_t i = 0;
	unsigned k;

	for (k = 0; k < BENCH_BATCH; k++)
		msg_prepare(me, (uint8_t *)msg + k * size, size);
	if (role_start(me) != 0)
		return -1;
	while (i < me->n) {
		for (k = 0; k < BENCH_BATCH; k++, i++)
			msg_number(me, (uint8_t *)msg + k * size, i);
		if (stream_write(me, fd, msg, BENCH_BATCH * size) != 0)
			return -1;
	}
	role_done(me, i);
	return 0;
}

/* Up to 32 messages per read; the beginning of another waits for the rest. */
BENCH_INLINE int stream_read_batches(struct role *me, int fd, size_t size)
{
	uint64_t msg[BENCH_BATCH * MSG_MAX / sizeof(uint64_t)];
	uint8_t *at, *buf = (uint8_t *)msg;
	size_t have = 0, did;
	uint64_t i = 0;

	if (role_start(me) != 0)
		return -1;
	while (i < me->n) {
		did = stream_read_some(me, fd, buf + have, BENCH_BATCH * size - have);
		if (did == 0)
			return -1;
		have += did;
		for (at = buf; have >= size; at += size, have -= size, i++)
			if (msg_differs(me, at, size, i))
				return role_bad_message(me, i, at);
		memmove(buf, at, have);
	}
	role_done(me, i);
	return 0;
}

/* The roles of a file whose queues are `queues`, streams: NAME_writer, NAME_reader, NAME_tripper. */
#define KERNEL_ENDS(name, put, take)                                                               \
	BENCH_INLINE int name##_write(struct role *me, size_t size)                                \
	{                                                                                          \
		struct kernel_end e = {.fd = queues.q[0].out};                                     \
                                                                                                   \
		msg_prepare(me, e.msg, size);                                                      \
		return loop_ring(me, put, &e, size);                                               \
	}                                                                                          \
	BENCH_INLINE int name##_read(struct role *me, size_t size)                                 \
	{                                                                                          \
		struct kernel_end e = {.fd = queues.q[0].in};                                      \
                                                                                                   \
		return loop_ring(me, take, &e, size);                                              \
	}                                                                                          \
	BENCH_INLINE int name##_trip(struct role *me, size_t size)                                 \
	{                                                                                          \
		struct kernel_end out = {.fd = queues.q[me->index].out};                           \
		struct kernel_end in = {.fd = queues.q[1 - me->index].in};                         \
                                                                                                   \
		msg_prepare(me, out.msg, size);                                                    \
		return loop_trip(me, put, &out, take, &in, size);                                  \
	}                                                                                          \
	static int name##_tripper(struct role *me)                                                 \
	{                                                                                          \
		return MSG_BY_SIZE(name##_trip, me);                                               \
	}

/* Kernel transports are a hundred times slower than the rest: the quick plan has the round trip. */
static inline int kernel_wants(const struct bench_ring_case *c)
{
	return c->readers == 1 && c->skew == BENCH_EVEN ? BENCH_WANTS_FULL : 0;
}

static inline int kernel_wants_single(const struct bench_ring_case *c)
{
	return c->batch == 1 ? kernel_wants(c) : 0;
}

#endif
