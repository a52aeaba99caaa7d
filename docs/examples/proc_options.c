/* The command line. */
#define _GNU_SOURCE

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "join_proc.h"

enum { SECONDS = 256, RATES, STALE, LATENESS, KILL, RESTART, CSV, HELP };

#define MS_MIN 10u
#define MS_MAX 60000u
#define SECONDS_MAX 86400u

static const struct option known[] = {
	{"seconds", required_argument, NULL, SECONDS},
	{"rates", required_argument, NULL, RATES},
	{"stale-ms", required_argument, NULL, STALE},
	{"lateness-ms", required_argument, NULL, LATENESS},
	{"kill", required_argument, NULL, KILL},
	{"restart-after", required_argument, NULL, RESTART},
	{"csv", no_argument, NULL, CSV},
	{"help", no_argument, NULL, HELP},
	{NULL, 0, NULL, 0},
};

static const char help[] =
	"Usage: join_proc [OPTION]...\n"
	"Three processes look at the CPU, memory and network counters in /proc, each at its own\n"
	"rate; a fourth joins what they send by time, one row for each look at the CPU.\n"
	"\n"
	"  --seconds S          run so long (0.1 .. 86400; until Ctrl-C)\n"
	"  --rates CPU,MEM,NET  ms between two looks (10 .. 60000 each; 100,250,500)\n"
	"  --lateness-ms N      an input may be so far behind a row (0 .. 60000; 250)\n"
	"  --stale-ms N         an input that is silent for longer is not waited for\n"
	"                       (the slowest rate .. 600000; three times that)\n"
	"  --kill NAME@S        kill cpu, mem or net S seconds after the start; up to 16 times\n"
	"  --restart-after S    start what has died again after S seconds (0.1 .. 86400; never)\n"
	"  --csv                rows as comma-separated values, everything else to stderr\n"
	"  --help               this text\n"
	"\n"
	"cpu: percent of all processors in use. mem: MiB that are not available. rx, tx: KiB/s of\n"
	"all interfaces but loopback. skew: how much older than the row its oldest part is.\n"
	"epochs: of cpu, mem and net, one more after each restart. -: absent.\n"
	"Exit status: 0; 1 something went wrong; 2 the command line is wrong.\n";

/* A whole number of ms at the beginning of text; *end is what follows it. */
static int parse_ms(const char *option, const char *text, char **end, uint64_t least, uint64_t most,
		    weir_ns *value)
{
	int digits;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, end, 10);
	digits = (int)(*end - text);
	if (*text < '0' || *text > '9' || (**end != '\0' && **end != ',')) {
		complain("%s: '%.*s' is not a number", option, (int)strcspn(text, ","), text);
		return 2;
	}
	if (errno != 0 || n < least || n > most) {
		complain("%s: %.*s is out of range (%llu .. %llu)", option, digits, text,
			 (unsigned long long)least, (unsigned long long)most);
		return 2;
	}
	*value = n * NS_PER_MS;
	return 0;
}

static int parse_one_ms(const char *option, const char *text, uint64_t least, uint64_t most,
			weir_ns *value)
{
	char *end;
	int rc = parse_ms(option, text, &end, least, most, value);

	if (rc == 0 && *end != '\0') {
		complain("%s: '%s' is not a number", option, text);
		rc = 2;
	}
	return rc;
}

/* Seconds with a fraction: 2, 0.5. */
static int parse_seconds(const char *option, const char *text, double least, weir_ns *value)
{
	char *end;
	double s = strtod(text, &end);

	if (strspn(text, "0123456789.") != strlen(text) || end == text || *end != '\0') {
		complain("%s: '%s' is not a number of seconds", option, text);
		return 2;
	}
	if (s < least || s > SECONDS_MAX) {
		complain("%s: %s is out of range (%g .. %u)", option, text, least, SECONDS_MAX);
		return 2;
	}
	*value = (weir_ns)(s * (double)NS_PER_S);
	return 0;
}

static int parse_rates(const char *text, struct options *opt)
{
	const char *rest = text;
	char *end;
	uint32_t i;

	for (i = 0; i < INPUTS; i++) {
		int rc = parse_ms("--rates", rest, &end, MS_MIN, MS_MAX, &opt->period[i]);

		if (rc != 0)
			return rc;
		if ((*end == ',') != (i + 1u < INPUTS)) {
			complain("--rates: '%s' is not three numbers: cpu,mem,net", text);
			return 2;
		}
		rest = end + 1;
	}
	return 0;
}

static int later(const void *a, const void *b)
{
	weir_ns x = ((const struct kill *)a)->after, y = ((const struct kill *)b)->after;

	return (x > y) - (x < y);
}

static int parse_kill(const char *text, struct options *opt)
{
	const char *at = strchr(text, '@');
	size_t len = at != NULL ? (size_t)(at - text) : strlen(text);
	struct kill k = {.input = 0};
	int rc;

	while (k.input < INPUTS &&
	       (strlen(input_name[k.input]) != len || strncmp(text, input_name[k.input], len) != 0))
		k.input++;
	if (k.input == INPUTS) {
		complain("--kill: '%.*s' is none of cpu, mem, net", (int)len, text);
		return 2;
	}
	if (at == NULL) {
		complain("--kill: '%s' does not say when: %s@SECONDS", text, text);
		return 2;
	}
	if (opt->n_kills == KILLS_MAX) {
		complain("--kill: more than %u are too many", KILLS_MAX);
		return 2;
	}
	rc = parse_seconds("--kill", at + 1, 0.0, &k.after);
	if (rc == 0)
		opt->kill[opt->n_kills++] = k;
	return rc;
}

/* What getopt_long() did not understand: it leaves it to us to find out what that was. */
static int refuse(int c, char **argv)
{
	const char *word = argv[optind - 1];

	if (c == ':')
		complain("%s: a value is missing", word);
	else if (optopt >= SECONDS)
		complain("%s: this option takes no value", word);
	else if (optopt != 0)
		complain("unknown option '-%c' (see --help)", optopt);
	else
		complain("unknown option '%s' (see --help)", word);
	return 2;
}

static int parse_option(int c, char **argv, struct options *opt)
{
	switch (c) {
	case SECONDS:
		return parse_seconds("--seconds", optarg, 0.1, &opt->seconds);
	case RATES:
		return parse_rates(optarg, opt);
	case STALE:
		return parse_one_ms("--stale-ms", optarg, 1, 600000, &opt->stale);
	case LATENESS:
		return parse_one_ms("--lateness-ms", optarg, 0, MS_MAX, &opt->lateness);
	case KILL:
		return parse_kill(optarg, opt);
	case RESTART:
		return parse_seconds("--restart-after", optarg, 0.1, &opt->restart_after);
	case CSV:
		opt->csv = 1;
		return 0;
	case HELP:
		(void)fputs(help, stdout);
		return -1;
	default:
		return refuse(c, argv);
	}
}

/* What is wrong only together with something else. */
static int check_together(struct options *opt)
{
	uint32_t i, slowest = 0;

	for (i = 1; i < INPUTS; i++)
		if (opt->period[i] > opt->period[slowest])
			slowest = i;
	if (opt->stale == 0)
		opt->stale = 3u * opt->period[slowest];
	if (opt->stale >= opt->period[slowest])
		return 0;
	complain("--stale-ms: %llu is shorter than the %llu ms between two looks at %s",
		 (unsigned long long)(opt->stale / NS_PER_MS),
		 (unsigned long long)(opt->period[slowest] / NS_PER_MS), input_name[slowest]);
	return 2;
}

int parse_options(int argc, char **argv, struct options *opt)
{
	int c, rc;

	*opt = (struct options){.period = {100 * NS_PER_MS, 250 * NS_PER_MS, 500 * NS_PER_MS},
				.seconds = WEIR_NS_NEVER,
				.lateness = 250 * NS_PER_MS,
				.restart_after = WEIR_NS_NEVER};
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", known, NULL)) != -1) {
		rc = parse_option(c, argv, opt);
		if (rc != 0)
			return rc;
	}
	if (optind != argc) {
		complain("'%s': no argument is expected (see --help)", argv[optind]);
		return 2;
	}
	qsort(opt->kill, opt->n_kills, sizeof(opt->kill[0]), later);
	return check_together(opt);
}
