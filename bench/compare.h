/* bench/compare.h - two reports, matched row by row and judged. For the program compare. */
#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "ranks.h"

#define COMPARE_VERSION_OLDEST 1 /* schema versions that are read */
#define COMPARE_VERSION_NEWEST 2

/* ---- one report ---- */

struct side_row {
	const char *group, *name, *who;
	const char *error; /* why it failed, or NULL */
	int ours;	   /* neither a peer nor a limit of the machine */
	int part;	   /* of what the peers do: in no ratio to them */
	int judged;	   /* a peer that ratios are taken against */
	int disturbed;	   /* never quiet: judged on all its rounds, an indication only */
	uint32_t rounds;   /* elements of ns: rounds that were not kept, or not taken, are NaN */
	double *ns;
	uint32_t n;
	double *kept;  /* n, ns of the rounds that count */
	double *ratio; /* room for as many as there are rounds: see pair_row */
};

struct side {
	const char *path;
	json_t *json; /* what the strings point into */
	const json_t *context;
	int version;
	const char *read; /* "lines" or "ends", what readers look at */
	int full;	  /* -1: not said */
	int shared;	  /* all roles had one CPU */
	double probe;	  /* ns; NaN: none */
	struct side_row *row;
	uint32_t rows;
};

/* 0; -1: not to be read, or no report; stderr says why. */
int side_read(struct side *s, const char *path);
void side_free(struct side *s);

/* Prints what of the two contexts differs and makes figures incomparable. How many. */
unsigned side_differences(FILE *f, const struct side *a, const struct side *b);

/* ---- both ---- */

enum verdict {
	SAME,	 /* no difference that is both real and large enough */
	FASTER,	 /* of NEW */
	SLOWER,	 /* of NEW */
	UNSURE,	 /* large enough, but from too few rounds, or disturbed ones, to call it real */
	FAILED,	 /* NEW failed where OLD did not */
	NOTHING, /* no figures on one side */
};

enum figure { FIGURE_AUTO, FIGURE_NS, FIGURE_RATIO };

struct compare_options {
	double threshold; /* relative: 0.05 */
	double alpha;
	enum ranks_correction correction;
	enum figure by;
	int normalise; /* by the probe */
};

/* A row that is in both. `times`: how much longer NEW takes than OLD. */
struct pair_figure {
	double old_median, new_median;
	double times;
	struct ranks_test test;
	double p; /* corrected */
};

struct pair_row {
	const struct side_row *a, *b;
	/* what the ratios are to, the same in both: of the peers that both have, the one that is
	 * closest to this row in OLD, or ahead of it by most; NULL: there is none */
	const struct side_row *peer;
	uint32_t old_ratios, new_ratios; /* elements of a->ratio, b->ratio */
	struct pair_figure ns, ratio;	 /* ratio.test of NaN: none */
	enum figure by;			 /* which of them decides */
	enum verdict verdict;
};

struct comparison {
	struct compare_options opt;
	const struct side *a, *b;
	struct pair_row *row;
	uint32_t rows, only_a, only_b;
	uint32_t tests;		  /* rows of ours with figures: what p is corrected for */
	uint32_t of[NOTHING + 1]; /* verdicts over rows of ours */
	double control;		  /* median of `times` over peers and limits; NaN: none */
	uint32_t controls;
};

/* 0; -1: no memory. */
int compare_make(struct comparison *c, const struct side *a, const struct side *b,
		 const struct compare_options *opt);
void compare_free(struct comparison *c);
void compare_print(FILE *f, const struct comparison *c, int all);

#endif
