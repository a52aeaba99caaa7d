/* bench/peers/record.h - the roles of records behind a sequence lock that is a peer's. C. */
#ifndef BENCH_RECORD_H
#define BENCH_RECORD_H

#include "../driver.h"

/*
 * `words` of payload, all written from one number. publish() writes them, copy() reads them until
 * they are whole. Both are constants where a loop is called, like the number of words, and inline.
 */
#define RECORD_WORDS 8u
#define RECORD_WORDS_OF_LINE 7u /* what fits one line of 64 bytes with the lock, as weir's does */

typedef void (*record_publish_fn)(void *record, unsigned words, uint64_t v);
typedef void (*record_copy_fn)(const void *record, unsigned words, uint64_t *word);

BENCH_INLINE void record_fill(uint64_t *word, unsigned words, uint64_t v)
{
	unsigned i;

	for (i = 0; i < words; i++)
		word[i] = v + i;
}

/* Publishes n times; n = 0: until told to stop. */
BENCH_INLINE int record_publish_loop(struct role *me, record_publish_fn publish, unsigned words,
				     uint64_t n)
{
	uint64_t i;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; n > 0 ? i < n : !role_stopped(me); i++)
		publish(me->arena, words, i);
	role_done(me, i);
	return 0;
}

BENCH_INLINE int record_read_loop(struct role *me, record_copy_fn copy, unsigned words)
{
	uint64_t word[RECORD_WORDS];
	uint64_t i, bad = 0;
	unsigned k;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		copy(me->arena, words, word);
		for (k = 1; k < words; k++)
			bad |= word[k] ^ (word[0] + k);
	}
	role_done(me, i);
	role_stop_others(me);
	return bad == 0 ? 0 : role_fail(me, "a torn record was read");
}

/* Defines run_NAME for records of `words` words; init(arena) comes first. */
#define RECORD_RUN(name, words, init, publish, copy)                                               \
	static int publisher_##name(struct role *me)                                               \
	{                                                                                          \
		return record_publish_loop(me, publish, words, me->n);                             \
	}                                                                                          \
	static int fire_##name(struct role *me)                                                    \
	{                                                                                          \
		return record_publish_loop(me, publish, words, 0);                                 \
	}                                                                                          \
	static int reading_##name(struct role *me)                                                 \
	{                                                                                          \
		return record_read_loop(me, copy, words);                                          \
	}                                                                                          \
	static double run_##name(struct bench_env *env, const struct bench *b, uint64_t n,         \
				 struct bench_sample *out)                                         \
	{                                                                                          \
		init(env->arena);                                                                  \
		publish(env->arena, words, 0);                                                     \
		return bench_run_progress(env, b, publisher_##name, reading_##name, fire_##name,   \
					  n, out);                                                 \
	}

#endif
