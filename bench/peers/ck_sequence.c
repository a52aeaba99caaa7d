/*
 * Concurrency Kit's ck_sequence as a peer for progress records: eight words of payload behind a
 * sequence lock, laid out as a user would, lock first; and seven, which is what fits into one line of
 * 64 bytes with the lock, as weir's record does. ck_sequence leaves copying to its user and promises
 * nothing about it; the words are copied plainly, its cheapest use. Its reader retries for as long as
 * it takes: there is no bounded form.
 */
#include <ck_sequence.h>

#include <string.h>

#include "../driver.h"

#define WORDS 8u
#define WORDS_OF_LINE 7u

struct record {
	ck_sequence_t lock;
	uint64_t word[WORDS];
} BENCH_ALIGNED;

static struct record *record(const struct role *me)
{
	return (struct record *)(void *)me->arena;
}

BENCH_INLINE void publish(struct record *r, unsigned words, uint64_t v)
{
	unsigned i;

	ck_sequence_write_begin(&r->lock);
	for (i = 0; i < words; i++)
		r->word[i] = v + i;
	ck_sequence_write_end(&r->lock);
}

/* Publishes n times; n = 0: until told to stop. */
BENCH_INLINE int publish_loop(struct role *me, unsigned words, uint64_t n)
{
	struct record *r = record(me);
	uint64_t i;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; n > 0 ? i < n : !role_stopped(me); i++)
		publish(r, words, i);
	role_done(me, i);
	return 0;
}

BENCH_INLINE int read_loop(struct role *me, unsigned words)
{
	const struct record *r = record(me);
	struct record copy;
	unsigned version, k;
	uint64_t i, bad = 0;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		do {
			version = ck_sequence_read_begin(&r->lock);
			memcpy(copy.word, (const void *)r->word, words * sizeof(copy.word[0]));
		} while (ck_sequence_read_retry(&r->lock, version));
		for (k = 1; k < words; k++)
			bad |= copy.word[k] ^ (copy.word[0] + k);
	}
	role_done(me, i);
	role_stop_others(me);
	return bad == 0 ? 0 : role_fail(me, "a torn record was read");
}

#define ROLES(name, words)                                                                         \
	static int publisher_##name(struct role *me)                                               \
	{                                                                                          \
		return publish_loop(me, words, me->n);                                             \
	}                                                                                          \
	static int fire_##name(struct role *me)                                                    \
	{                                                                                          \
		return publish_loop(me, words, 0);                                                 \
	}                                                                                          \
	static int reading_##name(struct role *me)                                                 \
	{                                                                                          \
		return read_loop(me, words);                                                       \
	}                                                                                          \
	static double run_##name(struct bench_env *env, const struct bench *b, uint64_t n,         \
				 struct bench_sample *out)                                         \
	{                                                                                          \
		struct record *r = (struct record *)(void *)env->arena;                            \
                                                                                                   \
		ck_sequence_init(&r->lock);                                                        \
		publish(r, words, 0);                                                              \
		return bench_run_progress(env, b, publisher_##name, reading_##name, fire_##name,   \
					  n, out);                                                 \
	}

ROLES(two_lines, WORDS)
ROLES(one_line, WORDS_OF_LINE)

void bench_add_ck_sequence(void)
{
	bench_add_progress_cases("ck_sequence", BENCH_PEER, run_two_lines);
	bench_add_progress_cases("ck_sequence-56B", BENCH_PEER, run_one_line);
}
