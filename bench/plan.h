/* bench/plan.h - which benches run how often in which order, and what their samples come to. */
#ifndef BENCH_PLAN_H
#define BENCH_PLAN_H

#include <signal.h>
#include <stddef.h>

#include "bench.h"
#include "hist.h"
#include "stats.h"

enum plan_mode { PLAN_THREADS = 1, PLAN_PROCESSES = 2 };

struct plan_options {
	const char *filter; /* see bench_matches() */
	uint32_t modes;     /* enum plan_mode; 0: all */
	uint32_t ways;      /* enum bench_way; 0: all */
	int oversubscribed; /* all roles are to share one CPU: none that spins */
	const char *pair;   /* what the two CPUs of env are to each other; NULL: not asked */
	int full;           /* benches with BENCH_FULL as well, longer samples */
	uint32_t rounds;
	uint64_t seed;
	double sample_ns; /* what one sample should take; less when time is short */
	double budget_ns; /* no round begins after this, the first few aside */
};

struct plan_sample {
	double ns_per_op;     /* with BENCH_LATENCY the p50 of its operations. NaN: not taken */
	double before, after; /* probes */
	double waiting;       /* share of the roles' time */
	double stolen;        /* share of their CPUs' time that the host had; 0 when not known */
	double value;         /* struct bench_sample's */
	uint64_t allocs, voluntary, involuntary, faults, lost, evicted;
};

/* What p->keep says of a row's sample in a round; 0: dropped. */
enum { KEPT = 1, KEPT_DISTURBED = 2 };

#define LATENCY_P50 500000u /* as hist_at() has them */
#define LATENCY_P99 990000u

/* What was recorded for a bench with BENCH_LATENCY. */
struct distribution {
	struct hist *round[STATS_ROUNDS_MAX]; /* NULL: not taken */
	/* by plan_judge() */
	struct hist all;              /* the kept rounds merged */
	struct stats_spread p50, p99; /* of each kept round */
	struct stats_spread p99_ratio; /* to the peer that is best at it */
};

/* One bench of the plan with all it has measured. */
struct plan_row {
	const struct bench *b;
	uint32_t set; /* rows of equal set are compared with each other */
	uint64_t n;   /* operations per sample */
	double sample_ns; /* which are to take so long */
	double overhead_ns; /* what a sample takes beside its own time, the probe excepted */
	struct plan_sample sample[STATS_ROUNDS_MAX];
	struct distribution *latency; /* NULL: none */
	struct distribution *service; /* of an open loop: without the wait before the sender */
	char error[160]; /* "": did not fail */
	/* by plan_judge() */
	struct stats_spread ns;    /* per operation */
	struct stats_spread ratio; /* times faster than the best peer; n = 0: none */
	const char *best_peer;     /* which one that is; NULL: none */
	int ratio_disturbed;       /* of ratio: too few rounds were quiet on both sides */
	int ref_disturbed;	   /* of ref likewise */
	struct stats_spread ref;   /* times the speed of what b->ref names; n = 0: none */
	uint32_t ref_is_limit;     /* that is what the machine can do */
	struct stats_spread drain; /* value, of rows with BENCH_DRAINS; n = 0: none */
	struct stats_spread lost;  /* share of the messages, of rows with BENCH_LOSSY; n = 0: none */
	uint64_t evicted;          /* readers, in the kept rounds, of rows that do so */
	struct stats_spread rest;  /* ns without those of the rows in b->less; n = 0: none */
	uint32_t disturbed;        /* too few rounds were quiet: judged on all of them */
	uint32_t dropped;          /* rounds in which its sample was disturbed */
	double allocs_per_op;
	double calls_per_op;  /* system calls, of a run that was not timed; NaN: not counted */
	double sleeps_per_op; /* voluntary context switches, all rounds */
	double switches_per_op; /* context switches of both kinds, all rounds */
	double waiting;       /* median share of the roles' time without a CPU, over all rounds */
};

struct plan {
	struct bench_env *env;
	struct plan_options opt;
	const volatile sig_atomic_t *stop; /* nonzero: end with what is done so far */
	struct plan_row *row;
	uint32_t *order; /* rows, set by set */
	uint32_t rows, sets;
	uint32_t rounds;     /* done or begun */
	uint32_t whole;      /* of these, over all rows: the others are extra ones */
	uint32_t rounds_fit; /* likely to be done in time */
	double most_ns;      /* a sample is to take no longer, however much time there is */
	uint32_t failed;
	uint32_t left_out;   /* they spin and would share CPUs */
	uint32_t left_out_stamps; /* the same, in the full plan as well */
	uint32_t not_as_asked; /* cannot be SCHED_FIFO, or have no locked memory, as was asked for */
	uint32_t not_of_two; /* left out of a plan for a pair of CPUs */
	uint64_t random; /* state of what shuffles */
	int64_t started;
	int64_t calibrated;  /* when that was done; 0: not yet */
	uint64_t steps_done; /* rows calibrated, then samples taken */
	double after_s;      /* what comes after the plan will take this long */
	double probe_last;
	double usual;     /* probe, as of the rounds before this one; 0: not known */
	uint8_t *goes_on; /* sets that are in the extra round at hand */
	int clocks_known; /* there are one-way rows, and the CPUs' clocks were compared */
	int64_t clocks_low, clocks_high; /* how far the second one's may be ahead, ns */
	/* by plan_judge() */
	struct stats_spread probe;
	double waiting;    /* median over the rows that need not share CPUs */
	uint8_t *keep;     /* by plan_judge(): [row][STATS_ROUNDS_MAX] */
	double *scratch;   /* [row][STATS_ROUNDS_MAX] */
	struct plan *next; /* the next pair of CPUs; NULL: this was the last or only plan */
};

/* A sample costs about that more, processes and the probe, until it has been measured. */
#define PLAN_OVERHEAD_NS 5e6
/* Calibrating a row, and counting its system calls, takes as long as so many samples. */
#define PLAN_CALIBRATION 4u
#define PLAN_LEAST_SAMPLE_NS 5e6
/* Rows of slow operations: so many of them, but no longer than that. */
#define PLAN_LEAST_OPS 200.0
#define PLAN_SLOW_SAMPLE_NS 8e6

/* By name, mode and way of waiting? A row that knows no such distinction always is. */
int plan_asked_for(const struct plan_options *o, const struct bench *b);

/* Chooses the rows, maybe none. 0; -1: no memory, stderr says so. */
int plan_make(struct plan *p, struct bench_env *env, const struct plan_options *opt);

/* What it will take, or what is left of it, as far as can be told. */
double plan_seconds(const struct plan *p);

/* Finds out how many operations make a sample, then measures round by round. */
void plan_run(struct plan *p);

/* Drops rounds, takes medians and ratios. May be called again after more rounds. */
void plan_judge(struct plan *p);

/* Of the rows that are compared with each other, the fewest rounds that both of two have kept; of a
 * set without comparisons, the fewest that a row has. UINT32_MAX: every row has failed. */
uint32_t plan_common_rounds(const struct plan *p, uint32_t set);
/* Has it fewer than so many, and would more rounds help? Not where it is hardly ever quiet, and no more
 * than twice the rounds that were asked for. */
int plan_lacks_rounds(const struct plan *p, uint32_t set, uint32_t wanted);
/* Of a set, those that have not failed. */
uint32_t plan_rows_of(const struct plan *p, uint32_t set);
/* The median of the probes behind all samples so far; 0 of none. */
double plan_usual_probe(const struct plan *p);

/* On a terminal, the row at hand; elsewhere a line per round. With the seconds that are left. */
void plan_progress(const struct plan *p, const char *what, const struct plan_row *row);
void plan_progress_line(const struct plan *p, const char *what);

int plan_interrupted(const struct plan *p);
void plan_free(struct plan *p);

/* A row's distributions: room for them; those of a round just run (0, or -1 with env->error), *ns
 * becomes their p50 if there are any; what they come to; and letting go of them. And before the first round, the clocks of one-way rows. */
int latency_make(struct plan_row *row);
int latency_take(struct plan *p, struct plan_row *row, uint32_t round, double *ns);
void judge_latency(struct plan *p, struct plan_row *row);
void latency_free(struct plan_row *row);
void latency_look_at_clocks(struct plan *p);

/* Operations that make one sample of b last about sample_ns; 0 when it failed, env->error says why.
 * A multiple of b->batch. */
uint64_t plan_calibrate(struct bench_env *env, const struct bench *b, double sample_ns);
/* hasty: in as few runs as possible. *overhead_ns: what a run takes beside its own time. */
uint64_t plan_calibrate_row(struct bench_env *env, const struct bench *b, double sample_ns,
			    int hasty, double *overhead_ns);

/* So many operations times factor, as far as b allows; for rows at a fixed rate, those of sample_ns. */
uint64_t plan_scaled(const struct bench *b, uint64_t n, double sample_ns, double factor);

/* How long a sample of a row is to be, when those of others last sample_ns and n operations do. */
double plan_sample_of(uint64_t n, double sample_ns);

/* How long samples may be when a round of so many rows is to take round_ns, of which fixed_ns are
 * overhead. */
double plan_fitting_sample(double round_ns, double fixed_ns, double rows, double most_ns);

/* STATS_ROUNDS_MAX of KEPT, KEPT_DISTURBED or 0: what counts of the row's samples. */
BENCH_INLINE uint8_t *plan_keep(const struct plan *p, const struct plan_row *row)
{
	return p->keep + (size_t)(row - p->row) * STATS_ROUNDS_MAX;
}

#endif
