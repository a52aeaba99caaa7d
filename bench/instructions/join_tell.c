/* What a join is told: frames, maps, and records of others, which this thread writes itself. */
#include <string.h>

#include <weir/join_cell.h>
#include <weir/progress.h>
#include <weir/region.h>

#include "join.h"

#define PICKS 256u
#define TABLE_BYTES (64u << 10)

static uint32_t pick[PICKS]; /* streams, in no order */
static struct weir_join_cell_shm cell[JOIN_INPUTS];
static struct weir_join_cell_writer cell_writer[JOIN_INPUTS];
static struct weir_progress table;
static struct weir_progress_writer slot[JOIN_INPUTS];

static void set_mode(enum weir_join_mode mode, uint32_t size)
{
	uint64_t z = 1;
	uint32_t i;

	join_make(mode, size);
	for (i = 0; i < PICKS; i++) {
		z = z * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		pick[i] = join_stream((uint32_t)((z >> 33) % size));
	}
}

static void set(uint32_t size, uint64_t rounds)
{
	(void)rounds;
	set_mode(WEIR_JOIN_SEQUENCE, size);
	join_tell(size, JOIN_FIRST, JOIN_FIRST);
}

static void set_time(uint32_t size, uint64_t rounds)
{
	(void)rounds;
	set_mode(WEIR_JOIN_TIMESTAMP, size);
	join_tell(size, JOIN_FIRST, JOIN_FIRST);
}

static void observe(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_join_observe(&join, pick[i % PICKS], JOIN_EPOCH, JOIN_FAR + i, i) ==
			   WEIR_JOIN_OK);
}

/* Frames of one input after the other's, as a poll over rings meets them. */
static void observe_run(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_join_observe(&join, join_stream((uint32_t)(i / 32) % size),
					     JOIN_EPOCH, JOIN_FAR + i, i) == WEIR_JOIN_OK);
}

static void observe_time(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_join_observe_time(&join, pick[i % PICKS], JOIN_EPOCH,
						  WEIR_MERGE_FRAME_DESCRIPTOR, JOIN_FAR + i,
						  WEIR_MERGE_MONOTONIC, i) == WEIR_JOIN_OK);
}

static void stranger(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_join_observe(&join, 1001, JOIN_EPOCH, JOIN_FAR + i, i) ==
			   WEIR_JOIN_NOT_TRACKED);
}

static void processed(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_join_processed(&join, pick[i % PICKS], JOIN_EPOCH, i) ==
			   WEIR_JOIN_OK);
}

static void apply_new(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_join_apply(&join, &join_map[(i + 1) & 1], i, NULL) == WEIR_JOIN_OK);
}

static void apply_same(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_join_apply(&join, &join_map[0], i, NULL) == WEIR_JOIN_NO_CHANGE);
}

/* ---- records ---- */

static void set_cells(uint32_t size, uint64_t rounds)
{
	uint32_t i;

	set(size, rounds);
	memset(cell, 0, sizeof(cell));
	for (i = 0; i < size; i++) {
		COUNT_MUST(weir_join_cell_open(&cell_writer[i], &cell[i], WEIR_MERGE_MONOTONIC) ==
			   WEIR_OK);
		COUNT_MUST(weir_join_bind_cell(&join, join_stream(i), &cell[i]) == WEIR_OK);
	}
}

static void set_slots(uint32_t size, uint64_t rounds)
{
	struct weir_span mem = {count_arena(0) + COUNT_ARENA / 2, TABLE_BYTES};
	uint32_t i;

	(void)rounds;
	set_mode(WEIR_JOIN_SEQUENCE, size); /* in the epoch of the slots */
	memset(mem.ptr, 0, TABLE_BYTES);
	COUNT_MUST(weir_progress_format(mem, size, NULL) == WEIR_OK);
	COUNT_MUST(weir_progress_attach(&table, mem, NULL) == WEIR_OK);
	for (i = 0; i < size; i++) {
		COUNT_MUST(weir_progress_claim(&table, i, weir_owner_self(), 0, 0, &slot[i],
					       NULL) >= 0);
		COUNT_MUST(weir_join_bind_progress(&join, join_stream(i), &table, i) == WEIR_OK);
	}
}

static void publish_cell(uint32_t i, uint64_t sequence)
{
	COUNT_MUST(weir_join_cell_publish(&cell_writer[i], JOIN_EPOCH, sequence,
					  WEIR_MERGE_TIME_NULL, WEIR_MERGE_TIME_NULL) == WEIR_OK);
}

static void publish(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	for (i = 0; i < rounds; i++)
		publish_cell(0, i);
}

static void cells_new(uint32_t size, uint64_t rounds)
{
	uint64_t i;
	uint32_t k;

	for (i = 0; i < rounds; i++) {
		for (k = 0; k < size; k++)
			publish_cell(k, JOIN_FAR + i);
		COUNT_MUST(weir_join_refresh(&join, i) == size);
	}
}

static void slots_new(uint32_t size, uint64_t rounds)
{
	uint64_t i;
	uint32_t k;

	for (i = 1; i <= rounds; i++) {
		for (k = 0; k < size; k++)
			weir_progress_publish(&slot[k], 8 * i, 8 * i, JOIN_FAR + i, 0);
		COUNT_MUST(weir_join_refresh(&join, i) == size);
	}
}

static void idle(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	(void)weir_join_refresh(&join, 0);
	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_join_refresh(&join, i) == 0);
}

static const struct count_case cases[] = {
	{"join observe/2", "a frame of some input of 2", set, observe, 2, 1, 256},
	{"join observe/8", "of 8", set, observe, 8, 1, 256},
	{"join observe/64", "of 64", set, observe, 64, 1, 256},
	{"join observe in runs/64", "of 64, 32 frames of each in a row", set, observe_run, 64, 1,
	 2048},
	{"join observe stranger/64", "a frame of no input of 64", set, stranger, 64, 1, 256},
	{"join observe_time/8", "a frame's time, of 8", set_time, observe_time, 8, 1, 256},
	{"join processed/8", "the stage's own cursor, of 8", set, processed, 8, 1, 256},
	{"join apply new/8", "a map of 8 rules over the same inputs", set, apply_new, 8, 1, 64},
	{"join apply same/8", "the map of 8 rules announced again", set, apply_same, 8, 1, 64},
	{"join cell publish", "a frame published for others", set_cells, publish, 1, 1, 256},
	{"join refresh cells/8", "a cell published and taken in, of 8", set_cells, cells_new, 8, 8,
	 32},
	{"join refresh cells idle/8", "a cell looked at, nothing new", set_cells, idle, 8, 8, 32},
	{"join refresh progress/8", "a record published and taken in, of 8", set_slots, slots_new,
	 8, 8, 32},
	{"join refresh progress idle/8", "a record looked at, nothing new", set_slots, idle, 8, 8,
	 32},
};
const struct count_table count_join_tell = COUNT_TABLE(cases);
