/* weir/join_cell.h - storey gate: how far a stream has come, one record for all who join it.
 * Needs: base, atomic, error, merge_map. */
#ifndef WEIR_JOIN_CELL_H
#define WEIR_JOIN_CELL_H

#include <errno.h>

#include <weir/atomic.h>
#include <weir/base.h>
#include <weir/error.h>
#include <weir/merge_map.h>

/*
 * A seqlock with one writer, in shared memory or not: epoch, sequence and both times of the newest
 * frame, always of one moment. Readers see the newest only, so the writer checks for all of them
 * that times do not go back. The ordering argument stands at the top of src/gate/join_cell.c.
 */

WEIR_BEGIN

#define WEIR_JOIN_CELL_TRIES 64 /* looks of one read before it gives up */

/* Bits of `flags`. */
enum weir_join_cell_flags {
	WEIR_JOIN_CELL_SEEN = 1u,       /* a frame of this epoch has been published */
	WEIR_JOIN_CELL_DISORDER_1 = 2u, /* a descriptor's time went back in this epoch */
	WEIR_JOIN_CELL_DISORDER_2 = 4u  /* a slot header's did */
};

/* All zero is an empty cell. */
struct weir_join_cell_shm {
	uint64_t version; /* odd while the words below are being written */
	uint64_t epoch;
	uint64_t sequence;
	uint64_t time[2]; /* by source - 1; or WEIR_MERGE_TIME_NULL */
	uint32_t clock;   /* enum weir_merge_clock */
	uint32_t flags;   /* enum weir_join_cell_flags */
	uint64_t reserved[10];
} WEIR_ALIGNED(WEIR_LINE);
WEIR_ASSERT_LAYOUT(sizeof(struct weir_join_cell_shm) == WEIR_LINE);

/* The writer's side; process-local, one thread. */
struct weir_join_cell_writer {
	struct weir_join_cell_shm *shm;
	uint64_t epoch;
	uint64_t sequence;
	uint64_t time[2];
	uint32_t clock;
	uint32_t flags;
};

/* One coherent snapshot. */
struct weir_join_cell {
	uint64_t version;
	uint64_t epoch;
	uint64_t sequence;
	uint64_t time[2];
	uint32_t clock;
	uint32_t flags; /* 0: nothing has been published */
};

/* Begins to write a cell, where its last writer left off; a record that one left torn is mended.
 * clock: of all times. -EINVAL: NULL, alignment, no such clock. Wait-free. */
WEIR_API WEIR_CHECK int weir_join_cell_open(struct weir_join_cell_writer *w,
					    struct weir_join_cell_shm *shm,
					    enum weir_merge_clock clock);

/* The next frame. Times may be WEIR_MERGE_TIME_NULL: then the last one of that source stays.
 * WEIR_OK; -ESTALE: an older epoch, or an older sequence of this one; -EINVAL: a sequence above
 * WEIR_MERGE_SEQ_MAX or no epoch. A time that goes back is not published: its source is marked as
 * out of order until the epoch changes. Wait-free: a handful of plain stores. */
WEIR_API WEIR_CHECK int weir_join_cell_publish(struct weir_join_cell_writer *w, uint64_t epoch,
					       uint64_t sequence, uint64_t descriptor_time,
					       uint64_t slot_time);

/* A coherent snapshot. WEIR_OK; -EAGAIN: no untorn look within WEIR_JOIN_CELL_TRIES, *c is as it
 * was. Bounded; reads only; any thread or process. */
WEIR_API WEIR_CHECK int weir_join_cell_read(const struct weir_join_cell_shm *shm,
					    struct weir_join_cell *c);

WEIR_END
#endif
