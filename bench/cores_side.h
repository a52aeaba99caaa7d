/* bench/cores_side.h - one of the two threads at a pair of CPUs. For cores_run.c, cores_trips.c. */
#ifndef BENCH_CORES_SIDE_H
#define BENCH_CORES_SIDE_H

#include <weir/progress.h>
#include <weir/rendezvous.h>
#include <weir/ring.h>

#include "cores.h"
#include "driver.h"

#define CORES_RING_BYTES (16u << 10)
#define CORES_AREA_BYTES (32u << 10) /* a ring with its header */
#define CORES_TABLE_BYTES (4u << 10)

struct cores_word {
	uint64_t word;
} BENCH_ALIGNED;

/* Private memory of the child, fresh for every visit. */
struct cores_area {
	struct cores_word line[CORES_LINES];
	struct cores_word number[2]; /* of the checked generations */
	uint8_t meeting[512] BENCH_ALIGNED;
	uint8_t table[3][CORES_TABLE_BYTES] BENCH_ALIGNED; /* of the two rings; of the records */
	uint8_t ring[2][CORES_AREA_BYTES] BENCH_ALIGNED;
};

struct cores_batch;

/* One role at one pair. */
struct cores_side {
	struct role *me;
	struct cores_batch *batch;
	struct cores_area *area;
	struct cores_job *job;
	uint64_t step; /* meetings so far */
	uint64_t *line;
	int waited; /* descriptor: how long this thread wanted a CPU */
	struct weir_ring_writer w;
	struct weir_ring_reader r;
	struct weir_progress table[3];
	struct weir_progress_writer mine BENCH_ALIGNED;
	struct weir_rendezvous barrier;
	struct weir_wait how;
};

/* n round trips, or generations, of which `from` have been made: on both sides alike. Nonzero: the
 * run has failed. */
typedef int (*cores_part)(struct cores_side *s, uint64_t from, uint64_t n);
int cores_line_trips(struct cores_side *s, uint64_t from, uint64_t n);
int cores_ring_trips(struct cores_side *s, uint64_t from, uint64_t n);
int cores_progress_trips(struct cores_side *s, uint64_t from, uint64_t n);
int cores_generations(struct cores_side *s, uint64_t from, uint64_t n);

/* Some more generations, that prove that the barrier waits. */
int cores_check_barrier(struct cores_side *s);

#endif
