/*
 * What the machine can do: how long a cache line takes to the other CPU and back, and how fast
 * bytes stream from one CPU to the other through a buffer that both caches hold. No library here;
 * nothing that passes messages between these two CPUs can be expected to beat these rows by much.
 */
#include <stdio.h>
#include <string.h>

#include "driver.h"
#include "msg.h"

struct line {
	uint64_t word;
} BENCH_ALIGNED;

struct stream {
	struct line head; /* bytes written, stored by the writer once per chunk */
	struct line tail; /* bytes read, stored by the reader once per chunk */
	uint8_t data[BENCH_RING_BYTES] BENCH_ALIGNED;
};

#define CHUNK_BYTES 4096u
#define AHEAD_BYTES 1024u /* of the store: lines asked for in advance */

/* Asks for a line for writing. On plain x86-64 __builtin_prefetch(p, 1) becomes a prefetch for
 * *reading*, which brings the line in shared and makes the store wait for it once more; the
 * instruction itself is a no-op where a CPU lacks it. */
BENCH_INLINE void prefetch_for_write(const uint8_t *p)
{
#if defined(__x86_64__)
	__asm__ __volatile__("prefetchw %0" : : "m"(*p));
#else
	__builtin_prefetch(p, 1, 3);
#endif
}

static uint64_t look(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void say(uint64_t *word, uint64_t v)
{
	__atomic_store_n(word, v, __ATOMIC_RELEASE);
}

/* ---- ping-pong: both directions in one line, or each in its own ---- */

BENCH_INLINE int ping_on(struct role *me, uint64_t *ask, const uint64_t *reply)
{
	uint64_t i;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		say(ask, 2 * i + 1);
		while (look(reply) != 2 * i + 2)
			if (role_spin(me) != 0)
				return -1;
	}
	role_done(me, i);
	return 0;
}

BENCH_INLINE int pong_on(struct role *me, const uint64_t *ask, uint64_t *reply)
{
	uint64_t i;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		while (look(ask) != 2 * i + 1)
			if (role_spin(me) != 0)
				return -1;
		say(reply, 2 * i + 2);
	}
	role_done(me, i);
	return 0;
}

static struct line *lines(const struct role *me)
{
	return (struct line *)(void *)me->arena;
}

static int ping_one(struct role *me)
{
	return ping_on(me, &lines(me)[0].word, &lines(me)[0].word);
}

static int pong_one(struct role *me)
{
	return pong_on(me, &lines(me)[0].word, &lines(me)[0].word);
}

static int ping_two(struct role *me)
{
	return ping_on(me, &lines(me)[0].word, &lines(me)[1].word);
}

static int pong_two(struct role *me)
{
	return pong_on(me, &lines(me)[0].word, &lines(me)[1].word);
}

static double run_one(struct bench_env *env, const struct bench *b, uint64_t n,
		      struct bench_sample *out)
{
	memset(env->arena, 0, 4096);
	return driver_run(env, b, ping_one, pong_one, 2, n, out);
}

static double run_two(struct bench_env *env, const struct bench *b, uint64_t n,
		      struct bench_sample *out)
{
	memset(env->arena, 0, 4096);
	return driver_run(env, b, ping_two, pong_two, 2, n, out);
}

/* ---- streaming: message-sized pieces, no framing, positions told once per chunk ---- */

static struct stream *stream_of(uint8_t *arena)
{
	return (struct stream *)(void *)arena;
}

BENCH_INLINE int stream_out(struct role *me, size_t size, int prefetch)
{
	struct stream *s = stream_of(me->arena);
	uint64_t at = 0, limit = BENCH_RING_BYTES, i;
	size_t line;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++, at += size) {
		if (at % CHUNK_BYTES == 0) {
			say(&s->head.word, at);
			while (at + CHUNK_BYTES > limit) {
				limit = look(&s->tail.word) + BENCH_RING_BYTES;
				if (at + CHUNK_BYTES > limit && role_idle(me) != 0)
					return -1;
			}
		}
		/* once per line, however many messages share it */
		for (line = 0; prefetch && line < size && at % 64 == 0; line += 64)
			prefetch_for_write(s->data + (at + AHEAD_BYTES + line) % BENCH_RING_BYTES);
		msg_write(me, s->data + at % BENCH_RING_BYTES, size, i);
	}
	say(&s->head.word, at);
	role_done(me, i);
	return 0;
}

BENCH_INLINE int stream_in(struct role *me, size_t size)
{
	struct stream *s = stream_of(me->arena);
	uint64_t at = 0, head = 0, i;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++, at += size) {
		while (at + size > head) {
			head = look(&s->head.word);
			if (at + size > head && role_idle(me) != 0)
				return -1;
		}
		if (msg_differs(me, s->data + at % BENCH_RING_BYTES, size, i))
			return role_bad_message(me, i, s->data + at % BENCH_RING_BYTES);
		if ((at + size) % CHUNK_BYTES == 0)
			say(&s->tail.word, at + size);
	}
	role_done(me, i);
	return 0;
}

#define OUT_PLAIN(me, size) stream_out(me, size, 0)
#define OUT_AHEAD(me, size) stream_out(me, size, 1)

static int out_plain(struct role *me)
{
	return MSG_BY_SIZE(OUT_PLAIN, me);
}

static int out_ahead(struct role *me)
{
	return MSG_BY_SIZE(OUT_AHEAD, me);
}

static int in(struct role *me)
{
	return MSG_BY_SIZE(stream_in, me);
}

static void reset(struct bench_env *env)
{
	struct stream *s = stream_of(env->arena);

	s->head.word = 0;
	s->tail.word = 0;
}

static double run_plain(struct bench_env *env, const struct bench *b, uint64_t n,
			struct bench_sample *out)
{
	reset(env);
	return driver_run(env, b, out_plain, in, 2, n, out);
}

static double run_ahead(struct bench_env *env, const struct bench *b, uint64_t n,
			struct bench_sample *out)
{
	reset(env);
	return driver_run(env, b, out_ahead, in, 2, n, out);
}

static void add(const char *name, const char *who, uint32_t size, uint32_t flags,
		double (*run)(struct bench_env *, const struct bench *, uint64_t,
			      struct bench_sample *))
{
	struct bench b;

	memset(&b, 0, sizeof(b));
	b.group = "limits";
	b.who = who;
	b.unit = size > 0 ? "message" : "round trip";
	b.flags = BENCH_LIMIT | flags;
	b.size = size;
	b.batch = 1;
	b.readers = 1;
	b.run = run;
	snprintf(b.name, sizeof(b.name), "%s", name);
	bench_add(&b);
}

void bench_add_limits(void)
{
	add("pingpong", "one-line", 0, BENCH_TIME, run_one);
	add("pingpong", "two-lines", 0, BENCH_TIME, run_two);
	add("stream/8B", "plain", 8, 0, run_plain);
	add("stream/8B", "prefetch", 8, 0, run_ahead);
	add("stream/64B", "plain", 64, 0, run_plain);
	add("stream/64B", "prefetch", 64, 0, run_ahead);
	add("stream/1KiB", "plain", 1024, 0, run_plain);
	add("stream/1KiB", "prefetch", 1024, 0, run_ahead);
}
