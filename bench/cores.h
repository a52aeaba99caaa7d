/* bench/cores.h - the matrix of CPU pairs: what is planned, measured and made of it. */
#ifndef BENCH_CORES_H
#define BENCH_CORES_H

#include <stdio.h>

#include "bench.h"
#include "stats.h"
#include "topology.h"

#define CORES_CPUS_MAX 512u
#define CORES_TABLE_MAX 16u /* CPUs whose whole matrix fits into a report */
#define CORES_JSON_MAX 128u /* CPUs whose matrices are in the JSON; beyond: in the CSV files */
#define CORES_REPEATS_MAX 62u

/* What is measured for every pair. One way: half a round trip. */
enum cores_what {
	CORES_LINE,     /* a cache line, no library; one way */
	CORES_RING,     /* weir ring, send to read, two rings; one way */
	CORES_PROGRESS, /* weir progress record, publish to observe, two records; one way */
	CORES_BARRIER,  /* weir rendezvous of two, per generation */
	CORES_WHATS
};
extern const char *const cores_what_name[CORES_WHATS];
extern const char *const cores_what_text[CORES_WHATS];

/* How far apart two CPUs are: the nearest thing that they share. */
enum cores_class {
	CORES_SAME_CORE,
	CORES_SAME_CACHE, /* of the last level */
	CORES_SAME_NODE,
	CORES_SAME_PACKAGE,
	CORES_OTHER_PACKAGE,
	CORES_CLASSES
};
extern const char *const cores_class_name[CORES_CLASSES];

/* One look at a pair, ns; NaN: not taken. The line is measured before and after the rest: the pair's
 * own probe. */
struct cores_visit {
	double ns[CORES_WHATS];
	double line_after;
	double waiting; /* share of the time in which a side wanted its CPU and had none */
};

/* An ordered pair: a touches the memory first, so that it lies on a's node, and asks; b answers. */
struct cores_pair {
	uint16_t a, b; /* indexes of places */
	uint8_t apart; /* enum cores_class */
	/* by cores_judge() */
	uint8_t disturbed; /* too few visits were quiet: judged on all of them */
	uint32_t visits, kept;
	struct stats_spread cell[CORES_WHATS];
};

struct cores {
	struct topology_cpu place[CORES_CPUS_MAX];
	uint32_t cpus;
	uint32_t cpus_all; /* that could have been used */
	char unknown[160]; /* why it is not known how they lie; "": it is */
	struct cores_pair *pair;
	uint32_t pairs;
	uint32_t pairs_all;        /* ordered; more than pairs: a sample was taken */
	uint32_t repeats;          /* planned */
	uint32_t passes;           /* made over all pairs, the last one perhaps in part */
	double visit_ns;           /* what a visit may take */
	unsigned wanted;           /* bits of enum cores_what; the line is always measured */
	uint32_t *order;           /* of the pairs in a repeat */
	struct cores_visit *visit; /* [pairs][room] */
	uint32_t room;             /* visits that a pair can have: twice the repeats */
};

/* ---- cores_plan.c: pure ---- */

/* How the time is divided. Never fewer than three repeats of a shortest visit: pairs are left out. */
struct cores_time {
	uint32_t pairs, repeats;
	double visit_ns;
};
void cores_divide(uint32_t pairs_all, double seconds, int full, struct cores_time *t);

enum cores_class cores_distance(const struct topology_cpu *x, const struct topology_cpu *y);

/* Fills c->pair from c->place and c->repeats: all ordered pairs, or when they are more than `most`
 * both orders of as many pairs of each class as fit evenly. Allocates. 0; -1: no memory. */
int cores_choose(struct cores *c, uint32_t most, uint64_t *random);
void cores_free(struct cores *c);

/* c->order anew, for the next repeat. */
void cores_shuffle(struct cores *c, uint64_t *random);

/* Next visit of pair i, to be filled; NULL: it has had all. */
struct cores_visit *cores_next(struct cores *c, uint32_t i);

/* Drops disturbed visits, takes medians. May be called again after more visits. */
void cores_judge(struct cores *c);

/* Pair of two indexes of places; NULL: not chosen. */
const struct cores_pair *cores_pair_of(const struct cores *c, uint32_t a, uint32_t b);

/* ---- cores_run.c ---- */

/* One visit to be made. */
struct cores_job {
	int32_t cpu[2];
	uint32_t trips[CORES_WHATS]; /* 0: not this one */
	uint32_t line;               /* which of the lines */
	struct cores_visit got;
};

#define CORES_JOBS_MAX 1024u
#define CORES_LINES 64u

/* Makes the visits in order, on two threads that move from pair to pair, until slice_ns have passed
 * or all are made. How many, at least one; -1: failed, env->error says why. */
int cores_visit(struct bench_env *env, struct cores_job *job, uint32_t jobs, double slice_ns);

/* ---- cores_out.c ---- */

void cores_report(FILE *f, const struct cores *c, int markdown);
void cores_json(FILE *f, const struct cores *c);
void cores_csv(FILE *f, const struct cores *c, int what); /* a matrix of medians */
void cores_csv_pairs(FILE *f, const struct cores *c);     /* a line per pair */

#endif
