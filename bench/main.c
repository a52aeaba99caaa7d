/* weir-bench: runs the benches by a plan of its own, or as rows of google-benchmark. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "front.h"
#include "plan.h"
#include "report.h"
#include "study.h"

struct options {
	struct plan_options plan;
	const char *cpus;
	const char *json, *markdown;
	int list, lines;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int sig)
{
	interrupted = sig;
}

static void usage(FILE *f)
{
	fputs("usage: weir-bench [options]\n"
	      "  --quick           the small matrix, under two minutes (default)\n"
	      "  --full            the whole matrix, longer samples, more rounds\n"
	      "  --filter TEXT     only benches whose group/name/who contains TEXT\n"
	      "  --list            names only\n"
	      "  --rounds N        how often each bench is sampled, at most 64\n"
	      "  --cpus A,B[,...]  the writer's CPU, then the others'\n"
	      "  --seed N          of the order within each round\n"
	      "  --read ends|lines what readers look at: first and last word, or every line\n"
	      "  --json FILE       default bench-report.json\n"
	      "  --markdown FILE   default bench-report.md\n"
	      "  --benchmark_...   any google-benchmark option: its runner instead of ours\n"
	      "Interrupt it, and it reports what is done so far.\n",
	      f);
}

static int parse_number(const char *text, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 0);
	return errno != 0 || end == text || *end != '\0' || *text == '-' || *out > max ? -1 : 0;
}

static void set_full(struct plan_options *opt, int full)
{
	opt->full = full;
	opt->rounds = full ? 21 : 15;
	opt->sample_ns = full ? 100e6 : 40e6;
	opt->budget_ns = full ? 3600e9 : 100e9;
}

enum { QUICK, FULL, FILTER, LIST, ROUNDS, CPUS, SEED, READ, JSON, MARKDOWN, HELP };

static const struct option long_options[] = {
	{"quick", no_argument, NULL, QUICK},
	{"full", no_argument, NULL, FULL},
	{"filter", required_argument, NULL, FILTER},
	{"list", no_argument, NULL, LIST},
	{"rounds", required_argument, NULL, ROUNDS},
	{"cpus", required_argument, NULL, CPUS},
	{"seed", required_argument, NULL, SEED},
	{"read", required_argument, NULL, READ},
	{"json", required_argument, NULL, JSON},
	{"markdown", required_argument, NULL, MARKDOWN},
	{"help", no_argument, NULL, HELP},
	{NULL, 0, NULL, 0},
};

/* 0 go on, 1 done (help), -1 misuse. */
static int parse(int argc, char **argv, struct options *o)
{
	uint64_t rounds = 0, v;
	int c;

	memset(o, 0, sizeof(*o));
	set_full(&o->plan, 0);
	o->plan.seed = 1;
	o->json = "bench-report.json";
	o->markdown = "bench-report.md";
	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case QUICK:
		case FULL:
			set_full(&o->plan, c == FULL);
			break;
		case FILTER:
			o->plan.filter = optarg;
			break;
		case LIST:
			o->list = 1;
			break;
		case ROUNDS:
			if (parse_number(optarg, STATS_ROUNDS_MAX / 2, &rounds) != 0 || rounds == 0)
				return -1;
			break;
		case CPUS:
			o->cpus = optarg;
			break;
		case SEED:
			if (parse_number(optarg, UINT64_MAX, &v) != 0)
				return -1;
			o->plan.seed = v;
			break;
		case READ:
			o->lines = strcmp(optarg, "lines") == 0;
			if (!o->lines && strcmp(optarg, "ends") != 0)
				return -1;
			break;
		case JSON:
			o->json = optarg;
			break;
		case MARKDOWN:
			o->markdown = optarg;
			break;
		case HELP:
			usage(stdout);
			return 1;
		default:
			return -1;
		}
	if (rounds > 0)
		o->plan.rounds = (uint32_t)rounds;
	return optind == argc ? 0 : -1;
}

static void add_all(void)
{
	bench_add_limits();
	bench_add_ring();
	bench_add_roundtrip();
	bench_add_progress();
	bench_add_rendezvous();
	bench_add_barrier();
	bench_add_join();
	bench_add_quorum();
	bench_add_codec();
	bench_add_drain();
	bench_add_region();
	bench_add_session();
	bench_add_fence();
	bench_add_ack_barrier();
	bench_add_ck_ring();
	bench_add_ck_sequence();
	bench_add_pthread_barrier();
#ifdef BENCH_HAVE_LIBCK
	bench_add_ck_barrier();
#endif
#ifdef BENCH_HAVE_STD_BARRIER
	bench_add_std_barrier();
#endif
#ifdef BENCH_HAVE_OPENMP
	bench_add_openmp();
#endif
#ifdef BENCH_HAVE_BOOST
	bench_add_boost();
#endif
#ifdef BENCH_HAVE_DPDK
	bench_add_rte();
#endif
}

static void list(const char *filter)
{
	char name[160];
	size_t i;

	for (i = 0; i < bench_count(); i++) {
		bench_full_name(bench_at(i), name, sizeof(name));
		if (filter == NULL || strstr(name, filter) != NULL)
			printf("%s%s\n", name, bench_at(i)->flags & BENCH_FULL ? "  (full)" : "");
	}
}

static int write_file(const char *path, const struct plan *p, const struct context *c,
		      void (*report)(FILE *, const struct plan *, const struct context *))
{
	FILE *f = fopen(path, "we");

	if (f == NULL) {
		fprintf(stderr, "weir-bench: %s: %s\n", path, strerror(errno));
		return -1;
	}
	report(f, p, c);
	if (ferror(f) | fclose(f)) {
		fprintf(stderr, "weir-bench: %s: not written\n", path);
		return -1;
	}
	return 0;
}

static int run_plan(struct bench_env *env, const struct options *o, const struct context *c)
{
	struct sigaction act;
	struct plan p;
	int rc = 0;

	if (plan_make(&p, env, &o->plan) != 0) {
		fprintf(stderr, "weir-bench: nothing matches\n");
		return 2;
	}
	memset(&act, 0, sizeof(act));
	act.sa_handler = on_interrupt;
	act.sa_flags = (int)SA_RESETHAND; /* a second one ends at once */
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	p.stop = &interrupted;
	plan_run(&p);
	plan_judge(&p);
	report_text(stdout, &p, c);
	if (write_file(o->json, &p, c, report_json) != 0 ||
	    write_file(o->markdown, &p, c, report_markdown) != 0)
		rc = 2;
	else
		printf("\nwritten: %s, %s\n", o->markdown, o->json);
	if (interrupted)
		printf("interrupted: reported what was done\n");
	if (p.failed > 0) {
		fprintf(stderr, "weir-bench: %u bench%s FAILED\n", (unsigned)p.failed,
			p.failed > 1 ? "es" : "");
		rc = 1;
	}
	plan_free(&p);
	return rc != 0 ? rc : interrupted ? 128 + interrupted : 0;
}

static int wants_google(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strncmp(argv[i], "--benchmark_", 12) == 0)
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	struct bench_env env;
	struct context context;
	struct options o;
	int rc = 0, google = wants_google(argc, argv);

	if (google)
		memset(&o, 0, sizeof(o));
	else if ((rc = parse(argc, argv, &o)) != 0) {
		if (rc < 0)
			usage(stderr);
		return rc < 0 ? 2 : 0;
	}
	add_all();
	if (o.lines)
		bench_mark_all(BENCH_LINES);
	if (o.list) {
		list(o.plan.filter);
		return 0;
	}
	if (driver_init(&env, o.cpus) != 0) {
		fprintf(stderr, "weir-bench: %s\n", env.error);
		return 2;
	}
	context_read(&context, &env);
	rc = google ? front_run(&env, &context, argc, argv) : run_plan(&env, &o, &context);
	driver_fini(&env);
	return rc;
}
