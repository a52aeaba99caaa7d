/* bench/study.h - a measurement that is not one number per row: a matrix, a curve. */
#ifndef BENCH_STUDY_H
#define BENCH_STUDY_H

#include <signal.h>
#include <stdio.h>

#include "bench.h"

/* What a study may use, and for how long. */
struct study_run {
	struct bench_env *env;
	const char *filter; /* as given, or NULL: see study_wants() */
	int full;
	uint64_t seed;
	double seconds;                    /* to keep within; see driver_now() */
	const volatile sig_atomic_t *stop; /* nonzero: end with what is done so far */
};

/* Studies keep their results to themselves, from run() until the program ends. Hooks other than
 * run() are called only after a run() that did not return -1, and say what is done if it was stopped. */
struct study {
	const char *name; /* its title in the report, its key in the JSON, what --filter looks at */
	/* Adds the names that --list shows and --filter knows, a line each. */
	void (*list)(FILE *f);
	double seconds_quick, seconds_full;
	/* How many parts of it failed, each said on stderr; -1: all of it, env->error says why */
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

/* For run(): was the study's own name asked for, or this one of its listed names? */
int study_wants(const struct study_run *r, const struct study *s, const char *name);

/* Says on a terminal what is being done and how long it may take, or nothing when stdout is none. */
void study_progress(const struct study_run *r, const char *what);

/* Each adds its study. */
void study_add_cores(void);

/* ---- all of them: for the runner and the report ---- */

/* Chooses those whose name, or one of whose listed names, the filter matches. How many. */
size_t study_choose(const char *filter);
double study_seconds(int full); /* the chosen ones' shares */
/* Prints the names that the filter matches. */
void study_list(FILE *f, const char *filter);
/* Runs the chosen ones, each within its share of *all; all->seconds is not looked at. How many failed. */
unsigned study_run_all(const struct study_run *all);
/* Sections of those that ran; of those that failed, why. */
void study_report_all(FILE *f, int markdown);
/* A JSON object, a member for each that ran. */
void study_json_all(FILE *f);
/* 0; -1: not all written, errno says why. */
int study_files_all(const char *dir);

#endif
