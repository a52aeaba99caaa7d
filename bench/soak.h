/* bench/soak.h - the study "soak": one rate for a long time, second by second. */
#ifndef BENCH_SOAK_H
#define BENCH_SOAK_H

#include <stdio.h>

#include "hist.h"
#include "options.h"
#include "stats.h"

#define SOAK_SECONDS_MAX 86400u
#define SOAK_SECOND_NS UINT64_C(1000000000)
/* Between two readings of the clock, in a loop whose turn takes a tenth of that: from here on it is
 * a gap. */
#define SOAK_GAP_NS 1000u

/* ---- what the two sides leave for whoever looks after them ---- */

enum { SOAK_WRITER, SOAK_READER, SOAK_SIDES };

/* Seconds that wait to be collected; a side that is so far ahead goes on in the last of them, and one
 * that was stopped for longer gets back to the second that it is as they are collected. */
enum { SOAK_SLOTS = 32 };
#define SOAK_OVER UINT64_MAX

struct soak_gaps {
	uint64_t count, ns; /* gaps, and their sum */
	uint64_t longest;   /* of all that lies between two readings */
};

/* One side's account of a second. */
struct soak_half {
	uint64_t second; /* and 1; 0: nothing is here */
	uint64_t ns; /* how long it lasted: less than a second at the ends, more after a stall */
	uint64_t lost;
	uint64_t voluntary, involuntary; /* context switches */
	struct soak_gaps gaps;
};

struct soak_side {
	uint64_t
		turned; /* seconds before this one will not change any more; SOAK_OVER: none will */
	uint64_t ended; /* then: seconds before this one have been */
	struct soak_half half[SOAK_SLOTS];
	struct hist gaps; /* of the whole run */
} BENCH_ALIGNED;

/* Mapped shared before any fork, zeroed. */
struct soak_shared {
	struct {
		uint64_t at; /* when the first message is due; 0: not yet known */
	} start BENCH_ALIGNED;
	struct {
		uint32_t word; /* 1: end */
	} stop BENCH_ALIGNED;
	struct {
		uint64_t seconds; /* collected: their slots are free */
	} taken BENCH_ALIGNED;
	struct {
		uint64_t messages;
		uint32_t done; /* no more will be sent */
	} sent BENCH_ALIGNED;
	uint64_t last; /* all that comes after the end is put into this second */
	struct soak_side side[SOAK_SIDES];
	struct hist response[SOAK_SLOTS]; /* of the reader, by the second in which it saw them */
	struct hist service;
};

/* How a side keeps its account. Private to it. */
struct soak_account {
	struct soak_shared *shared;
	unsigned side;
	uint64_t start;
	uint64_t from;			 /* of the second at hand */
	uint64_t next;			 /* where it ends */
	uint64_t last;			 /* reading of the clock */
	uint64_t voluntary, involuntary; /* at `from` */
	struct soak_half *half;
	struct hist *response;
};

/* From `start` on; context switches so far. Pure, as all below: the clock is the caller's. */
void soak_begin(struct soak_account *a, struct soak_shared *shared, unsigned side, uint64_t start,
		uint64_t voluntary, uint64_t involuntary);
/* It is a->next or later: closes the second, opens the one that `now` lies in. */
void soak_turn(struct soak_account *a, uint64_t now, uint64_t voluntary, uint64_t involuntary);
/* Closes the last one. */
void soak_end(struct soak_account *a, uint64_t now, uint64_t voluntary, uint64_t involuntary);

/* What lies between the reading before and this one. */
BENCH_INLINE void soak_gap(struct soak_account *a, uint64_t now)
{
	const uint64_t gap = now - a->last;
	struct soak_gaps *g = &a->half->gaps;

	a->last = now;
	if (BENCH_UNLIKELY(gap > g->longest))
		g->longest = gap;
	if (BENCH_UNLIKELY(gap >= SOAK_GAP_NS)) {
		g->count++;
		g->ns += gap;
		hist_record(&a->shared->side[a->side].gaps, gap);
	}
}

/* ---- what was measured ---- */

struct soak_second {
	uint64_t messages, p50, p99, max; /* response time, ns; of no message: 0 */
	uint64_t lost;
	uint64_t ns; /* how long it lasted for the reader */
	struct soak_gaps gaps[SOAK_SIDES];
	uint64_t switches;
	double stolen; /* share of the time that the host had, over the line printed */
};

struct soak {
	uint32_t asked;	  /* seconds */
	uint32_t seconds; /* done */
	uint32_t cap;
	struct soak_second *second;
	uint64_t rate, sent, messages, lost;
	int processes;
	int cpu[SOAK_SIDES];
	struct hist response, service, gaps[SOAK_SIDES];
	uint64_t allocs, voluntary, involuntary, faults;
	double waiting;	   /* share of the sides' time without a CPU */
	double own_cpu_ns; /* what looking after them took */
	int clocks_known;
	int64_t clocks_low, clocks_high; /* see clock_offset() */
	char failure[160];		 /* "": none */
};

/* Takes the seconds that both sides have left behind, and frees their slots. into: their response
 * times as well, may be NULL. How many; the first of them is s->second[s->seconds before]. */
uint32_t soak_collect(struct soak *s, struct soak_shared *shared, struct hist *into);

/* The longest response time is no longer than the longest gaps of both CPUs, added up, and what is
 * usual in that second (its p50): the CPUs explain it. */
int soak_is_explained(const struct soak_second *t);

/* Seconds in which there were messages, and those of them that are explained. */
void soak_explained(const struct soak *s, uint32_t *of, uint32_t *explained);

/* The seconds with the longest response times, the worst first. How many. */
uint32_t soak_worst(const struct soak *s, uint32_t *index, uint32_t n);

/* Of the seconds' values at an offset in struct soak_second, uint64_t each, the median; seconds
 * without messages do not count. NaN: none. */
double soak_median(const struct soak *s, size_t offset);

/* Would real-time sides keep every CPU of the machine for the whole run? Nothing could end it. The
 * kernel's limit of their share, sched_rt_runtime_us: -1, there is none. */
int soak_takes_all(int fifo, long cpus_online, long runtime_us);

/* ---- results ---- */

void soak_report(FILE *f, const struct soak *s, int markdown);
void soak_json(FILE *f, const struct soak *s);
/* dir/soak.csv and the .hgrm. 0, or -1 with errno. */
int soak_files(const struct soak *s, const char *dir);

/* Adds the study, as o asks for it. 0; -1: it cannot be run here, stderr says why. */
int soak_add(const struct bench_env *env, const struct options *o);

#endif
