/* bench/msg.h - what is written into every message and looked at on the other side. C and C++. */
#ifndef BENCH_MSG_H
#define BENCH_MSG_H

#include <string.h>

#include "driver.h"

/*
 * The same work for every transport. A writer copies `size` bytes from a small source that stays in
 * its L1, with the message's sequence number in the first word. A reader compares the first word
 * with the number it expects and the last with what the source ends in; with --read lines one word
 * of each line in between as well. A wrong word ends the run as failed.
 *
 * `size` is a compile-time constant where these are called: the copies inline.
 */

#define MSG_MAX 1024u
#define MSG_WORD UINT64_C(0x7765697277656972) /* every word of the source but the first */
#define MSG_PAUSES 4u                         /* per message, for the side that is made slower */

BENCH_INLINE void msg_pace(const struct role *me, enum bench_skew side)
{
	unsigned i;

	if (BENCH_UNLIKELY(me->skew == (uint32_t)side))
		for (i = 0; i < MSG_PAUSES; i++)
			bench_pause();
}

BENCH_INLINE void msg_write(const struct role *me, void *dst, size_t size, uint64_t seq)
{
	msg_pace(me, BENCH_SLOW_WRITER);
	memcpy(dst, &seq, sizeof(seq));
	if (size > sizeof(seq))
		memcpy((uint8_t *)dst + sizeof(seq), me->source + sizeof(seq), size - sizeof(seq));
}

/* For queues that take a message by value: the caller's copy is filled once and gets a new number
 * per message, so that each message is copied once, into the queue, as with the others. */
BENCH_INLINE void msg_prepare(const struct role *me, void *dst, size_t size)
{
	memcpy(dst, me->source, size);
}

BENCH_INLINE void msg_number(const struct role *me, void *dst, uint64_t seq)
{
	msg_pace(me, BENCH_SLOW_WRITER);
	memcpy(dst, &seq, sizeof(seq));
}

/* 0 when the message is the one numbered seq. */
BENCH_INLINE uint64_t msg_differs(const struct role *me, const void *src, size_t size, uint64_t seq)
{
	const uint8_t *p = (const uint8_t *)src;
	uint64_t word, bad;
	size_t at;

	msg_pace(me, BENCH_SLOW_READER);
	memcpy(&word, p, sizeof(word));
	bad = word ^ seq;
	if (size > sizeof(word)) {
		memcpy(&word, p + size - sizeof(word), sizeof(word));
		bad |= word ^ MSG_WORD;
	}
	if (size > 128 && BENCH_UNLIKELY(me->lines))
		for (at = 64; at < size - 64; at += 64) {
			memcpy(&word, p + at, sizeof(word));
			bad |= word ^ MSG_WORD;
		}
	return bad;
}

/* Calls fn(me, size) with size as a constant. */
#define MSG_BY_SIZE(fn, me)                                                                        \
	((me)->b->size == 8 ? fn(me, 8) : (me)->b->size == 64 ? fn(me, 64) : fn(me, 1024))

#endif
