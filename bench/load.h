/* bench/load.h - the study "load": response time over the rate of messages, up to the knee. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdio.h>

#include "hist.h"
#include "stats.h"

/* ---- the knee. Pure ---- */

#define LOAD_KEEPS_UP 0.99 /* of the intended rate: below, less comes out than goes in */
#define LOAD_TAIL 10.0     /* times the floor's p99: above, messages stand in line */

/* One step of the sweep; NaN: not measured. Rates ascend. */
struct load_point {
	double rate, achieved, p50, p99;
};

/* The floor: the lowest p99 of the points that keep up. NaN: none does. */
double load_floor(const struct load_point *p, unsigned n);
/* 1 when the floor is above LOAD_TAIL times its own p50: then the tail was nowhere the transport's,
 * and a knee by LOAD_TAIL times the floor tells little. */
int load_floor_is_noise(const struct load_point *p, unsigned n);

/*
 * The highest rate that is kept up with (LOAD_KEEPS_UP) at a p99 of at most LOAD_TAIL times the floor's,
 * before the curve has failed to do so twice in a row: one bad point among good ones is a
 * disturbance, two are the knee. The index; -1 when there is none: even the lowest rates fail.
 */
int load_knee(const struct load_point *p, unsigned n);

/* ---- what was measured ---- */

enum { LOAD_STEPS_MAX = 28, LOAD_FLOWS_MAX = 3, LOAD_ROUNDS_MAX = 64 };

/* The rounds of one transport at one rate: those that were quiet for all transports, or when there
 * are none, all. Dropped for one, dropped for all: none is shown at its best moments. */
struct load_step {
	double rate;
	struct hist response, service;
	uint64_t messages, allocs, switches, faults; /* all sides */
	double achieved[LOAD_ROUNDS_MAX], p99[LOAD_ROUNDS_MAX];
	uint32_t rounds;
	int disturbed; /* no round was quiet */
};

struct load_curve {
	const char *who;
	double capacity; /* messages per second with no schedule */
	int failed;      /* what was measured before is kept */
	struct load_step step[LOAD_STEPS_MAX];
	struct load_point point[LOAD_STEPS_MAX]; /* medians over the rounds */
	unsigned measured; /* steps that have rounds, the first ones */
	int knee;          /* index; -1: none */
};

struct load {
	struct load_curve curve[LOAD_FLOWS_MAX];
	unsigned curves, steps;
	int clocks_known;
	int64_t clocks_low, clocks_high; /* ns, see clock_offset() */
	unsigned failed;   /* peers; they may be in no curve */
	char failure[256]; /* the first of them, and why */
};

void load_report(FILE *f, const struct load *l, int markdown);
void load_json(FILE *f, const struct load *l);
/* dir/load.csv. 0, or -1 with errno. */
int load_csv(const struct load *l, const char *dir);

/* Adds the study. After the benches: it takes its transports from the rows at a fixed rate. */
void load_add(void);

#endif
