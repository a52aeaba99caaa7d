/* bench/options.h - the command line of weir-bench. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "output.h"

struct options {
	struct plan_options plan;
	struct output output;
	const char *cpus;
	uint32_t pairs;   /* a bit for each enum topology_kind */
	double sample_ns; /* 0: not given */
	int list, preflight, lines;
	uint32_t soak; /* seconds; 0: none */
	int fifo;   /* 0: not given */
	int locked; /* --mlock */
	int check; /* every row once, no figures */
	char filter[1024]; /* all --filter, with commas between them */
};

/* 0: go on; 1: done (--help); -1: misuse, stderr says what. */
int options_parse(int argc, char **argv, struct options *o);

#endif
