/* The command line. See options.h. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "soak.h"
#include "topology.h"

static void usage(FILE *f)
{
	fputs("usage: weir-bench [options]\n"
	      "  --quick           the small matrix, under two minutes (default)\n"
	      "  --full            the whole matrix, longer samples, more rounds\n"
	      "  --filter TEXT     only what has TEXT in its name, see --list; alternatives are\n"
	      "                    separated by commas, or given by further --filter\n"
	      "  --list            names only\n"
	      "  --check           run each once, to see that its messages arrive; no figures\n"
	      "  --preflight       what of this machine disturbs measurements, and what mends it\n"
	      "  --repeat N        how often each bench is sampled, at most 64; --rounds is the "
	      "same\n"
	      "  --sample-ms N     how long a sample is to take, at most 1000; without it 40, "
	      "with\n"
	      "                    --full 100, and less when there are many\n"
	      "  --cpus LIST       CPUs to use, as 0,2-5: the writer's, then the others'\n"
	      "  --pairs KINDS     the rows of two roles, for each a pair of such CPUs: smt, "
	      "core,\n"
	      "                    socket, numa\n"
	      "  --mode MODES      threads, processes: only these, of rows that come as both;\n"
	      "                    oversubscribed: all roles on the first CPU, none that spins\n"
	      "  --wait WAYS       spin, yield, park: only these, of rows that wait in such ways\n"
	      "  --rate N          messages per second of the rows at a fixed rate; default "
	      "1000000\n"
	      "  --soak SECONDS    nothing but one stream at --rate for so long, second by second\n"
	      "  --fifo PRIO       SCHED_FIFO for what is measured, at a priority from 1 to 99; "
	      "without\n"
	      "                    the rows whose roles share a CPU\n"
	      "  --mlock           locks the memory of what is measured\n"
	      "  --seed N          of the order within each round\n"
	      "  --read ends|lines what readers look at: first and last word, or every line\n"
	      "  --report PREFIX   write PREFIX.md, PREFIX.json and so on, and the folder PREFIX;\n"
	      "                    default bench-report\n"
	      "  --json FILE       instead of PREFIX.json\n"
	      "  --markdown FILE   instead of PREFIX.md\n"
	      "  --help\n"
	      "  --version\n"
	      "  --benchmark_...   any google-benchmark option: its runner instead of ours\n"
	      "KINDS, MODES, WAYS: one, or some with commas between them.\n"
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
	opt->budget_ns = full ? 3600e9 : 110e9;
}

enum {
	QUICK,
	FULL,
	FILTER,
	LIST,
	CHECK,
	PREFLIGHT,
	REPEAT,
	SAMPLE,
	CPUS,
	PAIRS,
	MODE,
	WAIT,
	RATE,
	FIFO,
	MLOCK,
	SEED,
	SOAK,
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
	{"check", no_argument, NULL, CHECK},
	{"preflight", no_argument, NULL, PREFLIGHT},
	{"repeat", required_argument, NULL, REPEAT},
	{"rounds", required_argument, NULL, REPEAT},
	{"sample-ms", required_argument, NULL, SAMPLE},
	{"cpus", required_argument, NULL, CPUS},
	{"pairs", required_argument, NULL, PAIRS},
	{"mode", required_argument, NULL, MODE},
	{"wait", required_argument, NULL, WAIT},
	{"rate", required_argument, NULL, RATE},
	{"fifo", required_argument, NULL, FIFO},
	{"mlock", no_argument, NULL, MLOCK},
	{"seed", required_argument, NULL, SEED},
	{"soak", required_argument, NULL, SOAK},
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

struct word {
	const char *name;
	uint32_t bit;
};

#define OVERSUBSCRIBED 4u

static const struct word pairs[] = {
	{"smt", 1u << TOPOLOGY_SMT},
	{"core", 1u << TOPOLOGY_CORE},
	{"socket", 1u << TOPOLOGY_SOCKET},
	{"numa", 1u << TOPOLOGY_NUMA},
	{NULL, 0},
};
static const struct word modes[] = {
	{"threads", PLAN_THREADS},
	{"processes", PLAN_PROCESSES},
	{"oversubscribed", OVERSUBSCRIBED},
	{NULL, 0},
};
static const struct word ways[] = {
	{"spin", BENCH_SPIN},
	{"yield", BENCH_YIELD},
	{"park", BENCH_PARK},
	{NULL, 0},
};

/* Words with commas between them. */
static int parse_words(const char *option, const char *text, const struct word *words,
		       uint32_t *out)
{
	const char *at = text;
	const struct word *w;
	char known[80] = "";
	size_t len;

	for (w = words; w->name != NULL; w++)
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s",
			 w == words ? "known are " : ", ", w->name);
	for (;; at += len + 1) {
		len = strcspn(at, ",");
		for (w = words; w->name != NULL; w++)
			if (strlen(w->name) == len && strncmp(w->name, at, len) == 0)
				break;
		if (w->name == NULL)
			return misuse(option, text, known);
		*out |= w->bit;
		if (at[len] == '\0')
			return 0;
	}
}

static int set_mode(struct options *o, const char *text)
{
	uint32_t bits = 0;

	if (parse_words("--mode", text, modes, &bits) != 0)
		return -1;
	o->plan.oversubscribed |= (bits & OVERSUBSCRIBED) != 0;
	o->plan.modes |= bits & (PLAN_THREADS | PLAN_PROCESSES);
	return 0;
}

static int set_sample(struct options *o, const char *text)
{
	uint64_t ms;

	if (parse_number(text, 1000, &ms) != 0 || ms == 0)
		return misuse("--sample-ms", text, "a number from 1 to 1000 is wanted");
	o->sample_ns = 1e6 * (double)ms;
	return 0;
}

static int set_rate(const char *text)
{
	uint64_t rate;

	if (parse_number(text, BENCH_RATE_MOST, &rate) != 0 || rate < BENCH_RATE_LEAST)
		return misuse("--rate", text,
			      "messages per second, a number from 1000 to 100000000 is wanted");
	bench_set_rate(rate);
	return 0;
}

static int set_soak(struct options *o, const char *text)
{
	uint64_t seconds;

	if (parse_number(text, SOAK_SECONDS_MAX, &seconds) != 0 || seconds == 0)
		return misuse("--soak", text, "seconds, a number from 1 to 86400 is wanted");
	o->soak = (uint32_t)seconds;
	return 0;
}

/* It is a run of its own: what chooses or shapes rows is not heard there. */
static int check_soak(struct options *o, uint64_t repeat)
{
	const char *other = o->plan.filter != NULL   ? "--filter"
			    : o->pairs != 0	     ? "--pairs"
			    : o->plan.oversubscribed ? "--mode oversubscribed"
			    : o->plan.ways != 0	     ? "--wait"
			    : repeat > 0	     ? "--repeat"
			    : o->sample_ns > 0	     ? "--sample-ms"
			    : o->plan.full	     ? "--full"
			    : o->check		     ? "--check"
			    : o->list		     ? "--list"
			    : o->preflight	     ? "--preflight"
						     : NULL;
	char text[16];

	if (o->soak == 0)
		return 0;
	snprintf(text, sizeof(text), "%u", (unsigned)o->soak);
	if (other != NULL) {
		fprintf(stderr, "weir-bench: --soak '%s': not with %s: it runs no rows\n", text,
			other);
		return -1;
	}
	o->plan.filter = "soak"; /* the study, which is there only then */
	return 0;
}

static int set_fifo(struct options *o, const char *text)
{
	uint64_t priority;

	if (parse_number(text, 99, &priority) != 0 || priority == 0)
		return misuse("--fifo", text, "a priority from 1 to 99 is wanted");
	o->fifo = (int)priority;
	return 0;
}

static int set_option(struct options *o, int c, const char *word, uint64_t *repeat)
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
	case PREFLIGHT:
		o->preflight = 1;
		return 0;
	case CHECK:
		o->check = 1;
		return 0;
	case REPEAT:
		if (parse_number(optarg, STATS_ROUNDS_MAX / 2, repeat) != 0 || *repeat == 0)
			return misuse("--repeat", optarg, "a number from 1 to 64 is wanted");
		return 0;
	case SAMPLE:
		return set_sample(o, optarg);
	case PAIRS:
		return parse_words("--pairs", optarg, pairs, &o->pairs);
	case MODE:
		return set_mode(o, optarg);
	case WAIT:
		return parse_words("--wait", optarg, ways, &o->plan.ways);
	case CPUS:
		o->cpus = optarg;
		return 0;
	case RATE:
		return set_rate(optarg);
	case FIFO:
		return set_fifo(o, optarg);
	case MLOCK:
		o->locked = 1;
		return 0;
	case SEED:
		if (parse_number(optarg, UINT64_MAX, &o->plan.seed) != 0)
			return misuse("--seed", optarg, "a number of at most 64 bits is wanted");
		return 0;
	case SOAK:
		return set_soak(o, optarg);
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
	case ':':
		fprintf(stderr, "weir-bench: %s wants a value; see --help\n", word);
		return -1;
	default:
		fprintf(stderr, "weir-bench: '%s' is no option, or takes no value; see --help\n",
			word);
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
	while ((c = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
		if (c == HELP)
			usage(stdout);
		else if (c == SHOW_VERSION)
			puts("weir-bench " BENCH_VERSION);
		else if (set_option(o, c, argv[optind - 1], &repeat) != 0)
			return -1;
		if (c == HELP || c == SHOW_VERSION)
			return 1;
	}
	if (optind < argc)
		return misuse("argument", argv[optind], "only options are known");
	if (o->pairs != 0 && o->plan.oversubscribed)
		return misuse("--mode", "oversubscribed", "not with --pairs, which wants two CPUs");
	if (check_soak(o, repeat) != 0)
		return -1;
	if (o->fifo > 0 && o->plan.oversubscribed)
		return misuse("--mode", "oversubscribed",
			      "not with --fifo, which leaves out rows whose roles share a CPU");
	if (repeat > 0)
		o->plan.rounds = (uint32_t)repeat;
	if (o->sample_ns > 0)
		o->plan.sample_ns = o->sample_ns;
	return 0;
}
