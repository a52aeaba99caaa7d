/*
 * Concurrency Kit's ck_sequence as a peer for progress records: eight words of payload behind a
 * sequence lock, laid out as a user would, lock first; and seven, which is what fits into one line of
 * 64 bytes with the lock, as weir's record does. ck_sequence leaves copying to its user and promises
 * nothing about it; the words are copied plainly, its cheapest use. Its reader retries for as long as
 * it takes: there is no bounded form.
 */
#include <ck_sequence.h>

#include <string.h>

#include "record.h"

struct record {
	ck_sequence_t lock;
	uint64_t word[RECORD_WORDS];
} BENCH_ALIGNED;

static void init(uint8_t *arena)
{
	ck_sequence_init(&((struct record *)(void *)arena)->lock);
}

BENCH_INLINE void publish(void *record, unsigned words, uint64_t v)
{
	struct record *r = record;

	ck_sequence_write_begin(&r->lock);
	record_fill(r->word, words, v);
	ck_sequence_write_end(&r->lock);
}

BENCH_INLINE void copy(const void *record, unsigned words, uint64_t *word)
{
	const struct record *r = record;
	unsigned version;

	do {
		version = ck_sequence_read_begin(&r->lock);
		memcpy(word, (const void *)r->word, words * sizeof(*word));
	} while (ck_sequence_read_retry(&r->lock, version));
}

RECORD_RUN(two_lines, RECORD_WORDS, init, publish, copy)
RECORD_RUN(one_line, RECORD_WORDS_OF_LINE, init, publish, copy)

void bench_add_ck_sequence(void)
{
	bench_add_progress_cases("ck_sequence", BENCH_PEER, run_two_lines);
	bench_add_progress_cases("ck_sequence-56B", BENCH_PEER, run_one_line);
}
