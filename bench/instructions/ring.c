/*
 * The ring, written and read by one thread. Writing is claim, one word of payload, commit; reading is
 * poll and a look at one word. The gated rows write into an empty ring with one registered reader,
 * and never fill it: the question to the readers once per eighth of the ring is in them, and so are
 * the marks; the lossy ones go round, so the end of the buffer is in them too.
 */
#include <string.h>

#include <weir/region.h>
#include <weir/ring.h>

#include "cases.h"

#define CAPACITY (256u << 10)
#define TABLE_AT (512u << 10)
#define BATCH 32u

static struct weir_progress table;
static struct weir_ring_writer writer;
static struct weir_ring_reader reader;

static void set(uint32_t size, uint64_t rounds)
{
	struct weir_ring_config cfg;
	uint8_t *arena = count_arena(2 * (size_t)TABLE_AT);
	struct weir_span ring = {arena, TABLE_AT}, readers = {arena + TABLE_AT, TABLE_AT};

	(void)size;
	(void)rounds;
	memset(&cfg, 0, sizeof(cfg));
	cfg.struct_size = sizeof(cfg);
	cfg.capacity = CAPACITY;
	COUNT_MUST(weir_ring_format(ring, &cfg, NULL) == WEIR_OK);
	COUNT_MUST(weir_progress_format(readers, 8, NULL) == WEIR_OK);
	COUNT_MUST(weir_progress_attach(&table, readers, NULL) == WEIR_OK);
	COUNT_MUST(weir_ring_writer_attach(&writer, ring, &table, weir_owner_self(), NULL, NULL) ==
		   WEIR_OK);
	COUNT_MUST(weir_ring_join(&reader, ring, &table, WEIR_PROGRESS_SLOT_ANY, WEIR_RING_OLDEST,
				  weir_owner_self(), NULL) == WEIR_OK);
}

/* size is a constant where this is called. */
static inline __attribute__((always_inline)) void put(uint32_t size, enum weir_ring_policy policy,
						      uint32_t batch, uint64_t rounds)
{
	struct weir_ring_room room;
	uint64_t i;
	uint32_t k;

	for (i = 0; i < rounds; i++) {
		for (k = 0; k < batch; k++) {
			COUNT_MUST(weir_ring_claim(&writer, 1, size, policy, &room) == WEIR_OK);
			memcpy(room.ptr, &i, sizeof(i));
		}
		weir_ring_commit(&writer);
	}
}

static void gated(uint32_t size, uint64_t rounds)
{
	if (size == 8)
		put(8, WEIR_RING_GATED, 1, rounds);
	else if (size == 64)
		put(64, WEIR_RING_GATED, 1, rounds);
	else
		put(1024, WEIR_RING_GATED, 1, rounds);
}

static void lossy(uint32_t size, uint64_t rounds)
{
	if (size == 8)
		put(8, WEIR_RING_LOSSY, 1, rounds);
	else if (size == 64)
		put(64, WEIR_RING_LOSSY, 1, rounds);
	else
		put(1024, WEIR_RING_LOSSY, 1, rounds);
}

static void batch(uint32_t size, uint64_t rounds)
{
	(void)size;
	put(64, WEIR_RING_GATED, BATCH, rounds);
}

static void send(uint32_t size, uint64_t rounds)
{
	uint64_t word[8] = {0}, i;

	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_ring_send(&writer, 1, word, size, WEIR_RING_GATED) == WEIR_OK);
}

/* As many messages of 64 bytes as the run will read. */
static void set_full(uint32_t size, uint64_t rounds)
{
	set(size, rounds);
	put(64, WEIR_RING_GATED, 1, rounds * size);
}

static inline __attribute__((always_inline)) uint64_t take(void)
{
	struct weir_ring_view v;
	uint64_t word;

	COUNT_MUST(weir_ring_poll(&reader, &v) == WEIR_OK);
	memcpy(&word, v.ptr, sizeof(word));
	return word;
}

/* size: messages between two deliveries */
static void deliver(uint32_t size, uint64_t rounds)
{
	uint64_t i, sum = 0;
	uint32_t k;

	for (i = 0; i < rounds; i++) {
		for (k = 0; k < size; k++)
			sum += take();
		weir_ring_deliver(&reader, i);
	}
	COUNT_MUST(sum != 1);
}

static void poll_empty(uint32_t size, uint64_t rounds)
{
	struct weir_ring_view v;
	uint64_t i;

	(void)size;
	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_ring_poll(&reader, &v) == WEIR_EMPTY);
}

static int handle(void *ctx, const struct weir_ring_view *v)
{
	uint64_t word;

	memcpy(&word, v->ptr, sizeof(word));
	*(uint64_t *)ctx += word;
	return 0;
}

static void dispatch(uint32_t size, uint64_t rounds)
{
	uint64_t i, sum = 0;
	uint32_t n;

	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_ring_dispatch(&reader, handle, &sum, size, i, &n) == WEIR_OK &&
			   n == size);
}

/* Two runs of a gated case fit the ring; a lossy one goes round as often as it likes. */
static const struct count_case cases[] = {
	{"ring claim+commit 8 B gated", "a record published", set, gated, 8, 1, 4096},
	{"ring claim+commit 64 B gated", "a record published", set, gated, 64, 1, 1024},
	{"ring claim+commit 1 KiB gated", "a record published", set, gated, 1024, 1, 120},
	{"ring claim+commit 8 B lossy", "a record published", set, lossy, 8, 1, 16384},
	{"ring claim+commit 64 B lossy", "a record published", set, lossy, 64, 1, 4096},
	{"ring claim+commit 1 KiB lossy", "a record published", set, lossy, 1024, 1, 1024},
	{"ring commit of 32", "a record of 64 B, one of 32 that a commit publishes", set, batch, 0,
	 BATCH, 32},
	{"ring send 64 B", "a record claimed, copied and published", set, send, 64, 1, 1024},
	{"ring poll+deliver", "a record of 64 B taken and given back", set_full, deliver, 1, 1,
	 1024},
	{"ring poll, deliver per 32", "a record of 64 B, one of 32 that are given back", set_full,
	 deliver, 32, 32, 32},
	{"ring dispatch 32", "a record of 64 B given to a handler, one of 32", set_full, dispatch,
	 32, 32, 32},
	{"ring poll empty", "a look that finds nothing", set, poll_empty, 0, 1, 1024},
};
const struct count_table count_ring = COUNT_TABLE(cases);
