/* bench/study.h - a measurement that is not one number per row: a matrix, a curve. */
#ifndef BENCH_STUDY_H
#define BENCH_STUDY_H

#include <signal.h>
#include <stdio.h>

#include "bench.h"

/* What a study may use, and for how long. */
struct study_run {
	struct bench_env *env;
	const char *filter; /* part of a name, or NULL; the study's own name matched it, or it did */
	int full;
	uint64_t seed;
	double seconds; /* to keep within; see driver_now() */
	const volatile sig_atomic_t *stop; /* nonzero: end with what is done so far */
};

/* Studies keep their results to themselves, from run() until the program ends. Hooks other than
 * run() are called only after a run() that returned 0, and say what is done if it was stopped. */
struct study {
	const char *name; /* its title in the report, its key in the JSON, what --filter looks at */
	/* Adds the names that --list shows and --filter knows, a line each. */
	void (*list)(FILE *f);
	double seconds_quick, seconds_full;
	/* 0; -1: failed, env->error says why */
	int (*run)(const struct study_run *r);
	void (*report)(FILE *f, int markdown);
	void (*json)(FILE *f); /* one JSON value */
	/* Its data, for plots and for others: files in the folder dir. 0, or -1 with errno. */
	int (*files)(const char *dir);
};

/* Keeps the pointer. */
void study_add(const struct study *s);
size_t study_count(void);
const struct study *study_at(size_t i);

/* Says on a terminal what is being done, or nothing when stdout is none. */
void study_progress(const struct study_run *r, const char *what);

#endif
