/* The command line. See options.h. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void usage(FILE *f)
{
	fputs("usage: weir-bench [options]\n"
	      "  --quick           the small matrix, under two minutes (default)\n"
	      "  --full            the whole matrix, longer samples, more rounds\n"
	      "  --filter TEXT     only what has TEXT in its name, see --list; alternatives are\n"
	      "                    separated by commas, or given by further --filter\n"
	      "  --list            names only\n"
	      "  --repeat N        how often each bench is sampled, at most 64; --rounds is the "
	      "same\n"
	      "  --cpus A,B[,...]  the writer's CPU, then the others'\n"
	      "  --seed N          of the order within each round\n"
	      "  --read ends|lines what readers look at: first and last word, or every line\n"
	      "  --report PREFIX   write PREFIX.md, PREFIX.json and so on, and the folder PREFIX;\n"
	      "                    default bench-report\n"
	      "  --json FILE       instead of PREFIX.json\n"
	      "  --markdown FILE   instead of PREFIX.md\n"
	      "  --help\n"
	      "  --version\n"
	      "  --benchmark_...   any google-benchmark option: its runner instead of ours\n"
	      "Interrupt it, and it reports what is done so far.\n",
	      f);
}

static int misuse(const char *option, const char *value, const char *limit)
{
	fprintf(stderr, "weir-bench: %s '%s': %s\n", option, value, limit);
	return -1;
}

static int parse_number(const char *text, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 0);
	return errno != 0 || end == text || *end != '\0' || *text < '0' || *text > '9' || *out > max
		       ? -1
		       : 0;
}

static void set_full(struct plan_options *opt, int full)
{
	opt->full = full;
	opt->rounds = full ? 21 : 15;
	opt->sample_ns = full ? 100e6 : 40e6;
	opt->budget_ns = full ? 3600e9 : 100e9;
}

enum {
	QUICK,
	FULL,
	FILTER,
	LIST,
	REPEAT,
	CPUS,
	SEED,
	READ,
	REPORT,
	JSON,
	MARKDOWN,
	HELP,
	SHOW_VERSION
};

static const struct option long_options[] = {
	{"quick", no_argument, NULL, QUICK},
	{"full", no_argument, NULL, FULL},
	{"filter", required_argument, NULL, FILTER},
	{"list", no_argument, NULL, LIST},
	{"repeat", required_argument, NULL, REPEAT},
	{"rounds", required_argument, NULL, REPEAT},
	{"cpus", required_argument, NULL, CPUS},
	{"seed", required_argument, NULL, SEED},
	{"read", required_argument, NULL, READ},
	{"report", required_argument, NULL, REPORT},
	{"json", required_argument, NULL, JSON},
	{"markdown", required_argument, NULL, MARKDOWN},
	{"help", no_argument, NULL, HELP},
	{"version", no_argument, NULL, SHOW_VERSION},
	{NULL, 0, NULL, 0},
};

static int add_filter(struct options *o, const char *text)
{
	size_t len = strlen(o->filter);

	if (text[strspn(text, ",")] == '\0')
		return misuse("--filter", text, "a part of a name is wanted");
	if (len + strlen(text) + 2 > sizeof(o->filter))
		return misuse("--filter", text, "all filters together: at most 1000 characters");
	snprintf(o->filter + len, sizeof(o->filter) - len, "%s%s", len > 0 ? "," : "", text);
	o->plan.filter = o->filter;
	return 0;
}

static int set_path(const char *option, const char *value, const char **out)
{
	if (*value == '\0')
		return misuse(option, value, "a name is wanted");
	*out = value;
	return 0;
}

static int set_option(struct options *o, int c, uint64_t *repeat)
{
	switch (c) {
	case QUICK:
	case FULL:
		set_full(&o->plan, c == FULL);
		return 0;
	case FILTER:
		return add_filter(o, optarg);
	case LIST:
		o->list = 1;
		return 0;
	case REPEAT:
		if (parse_number(optarg, STATS_ROUNDS_MAX / 2, repeat) != 0 || *repeat == 0)
			return misuse("--repeat", optarg, "a number from 1 to 64 is wanted");
		return 0;
	case CPUS:
		o->cpus = optarg;
		return 0;
	case SEED:
		if (parse_number(optarg, UINT64_MAX, &o->plan.seed) != 0)
			return misuse("--seed", optarg, "a number of at most 64 bits is wanted");
		return 0;
	case READ:
		o->lines = strcmp(optarg, "lines") == 0;
		if (!o->lines && strcmp(optarg, "ends") != 0)
			return misuse("--read", optarg, "'ends' or 'lines' is wanted");
		return 0;
	case REPORT:
		return set_path("--report", optarg, &o->output.prefix);
	case JSON:
		return set_path("--json", optarg, &o->output.json);
	case MARKDOWN:
		return set_path("--markdown", optarg, &o->output.markdown);
	default:
		usage(stderr);
		return -1;
	}
}

int options_parse(int argc, char **argv, struct options *o)
{
	uint64_t repeat = 0;
	int c;

	memset(o, 0, sizeof(*o));
	set_full(&o->plan, 0);
	o->plan.seed = 1;
	o->output.prefix = "bench-report";
	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (c == HELP)
			usage(stdout);
		else if (c == SHOW_VERSION)
			puts("weir-bench " BENCH_VERSION);
		else if (set_option(o, c, &repeat) != 0)
			return -1;
		if (c == HELP || c == SHOW_VERSION)
			return 1;
	}
	if (optind < argc)
		return misuse("argument", argv[optind], "only options are known");
	if (repeat > 0)
		o->plan.rounds = (uint32_t)repeat;
	return 0;
}
