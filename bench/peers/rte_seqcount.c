/*
 * DPDK's rte_seqcount as a peer for progress records, with eight and with seven words of payload, like
 * ck_sequence. Copying is its user's, and plain. Its reader retries for as long as it takes. Only its
 * header is used, whose calls DPDK still calls experimental; the file is compiled with DPDK's own flags.
 */
#define ALLOW_EXPERIMENTAL_API 1
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wundef"
#include <rte_seqcount.h>
#pragma GCC diagnostic pop

#include <string.h>

#include "record.h"

struct record {
	rte_seqcount_t lock;
	uint64_t word[RECORD_WORDS];
} BENCH_ALIGNED;

static void init(uint8_t *arena)
{
	rte_seqcount_init(&((struct record *)(void *)arena)->lock);
}

BENCH_INLINE void publish(void *record, unsigned words, uint64_t v)
{
	struct record *r = record;

	rte_seqcount_write_begin(&r->lock);
	record_fill(r->word, words, v);
	rte_seqcount_write_end(&r->lock);
}

BENCH_INLINE void copy(const void *record, unsigned words, uint64_t *word)
{
	const struct record *r = record;
	uint32_t version;

	do {
		version = rte_seqcount_read_begin(&r->lock);
		memcpy(word, r->word, words * sizeof(*word));
	} while (rte_seqcount_read_retry(&r->lock, version));
}

RECORD_RUN(two_lines, RECORD_WORDS, init, publish, copy)
RECORD_RUN(one_line, RECORD_WORDS_OF_LINE, init, publish, copy)

void bench_add_rte_seqcount(void)
{
	bench_add_progress_cases("rte_seqcount", BENCH_PEER, run_two_lines);
	bench_add_progress_cases("rte_seqcount-56B", BENCH_PEER, run_one_line);
}
