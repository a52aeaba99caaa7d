/* The command line. */
#define _GNU_SOURCE

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fence_files.h"

enum { CHUNK = 256, RING, SLOW_US, TIMEOUT, RENDEZVOUS, QUIET, HELP };

static const struct option known[] = {
	{"chunk", required_argument, NULL, CHUNK},
	{"ring", required_argument, NULL, RING},
	{"slow-us", required_argument, NULL, SLOW_US},
	{"timeout", required_argument, NULL, TIMEOUT},
	{"rendezvous", no_argument, NULL, RENDEZVOUS},
	{"quiet", no_argument, NULL, QUIET},
	{"help", no_argument, NULL, HELP},
	{NULL, 0, NULL, 0},
};

static const char help[] =
	"Usage: fence_files [OPTION]... FILE...\n"
	"Streams each FILE through shared memory, one process per file, to a collector process.\n"
	"After every chunk all of them meet in a fence, and compare lines, bytes and CRC-32.\n"
	"\n"
	"  --chunk LINES    lines between two checks (1 .. 1000000000; 1000)\n"
	"  --ring BYTES     size of each ring, a power of two (4096 .. 67108864; 262144)\n"
	"  --rendezvous     meet without waiting until all that was sent has been handled\n"
	"  --slow-us N      the collector takes N us longer for each message (0 .. 10000; 0)\n"
	"  --timeout SECONDS\n"
	"                   give up on a collector that does not move for so long\n"
	"                   (1 .. 86400; 60)\n"
	"  --quiet          only errors and the verdict\n"
	"  --help           this text\n"
	"\n"
	"backlog: most bytes that were sent and not handled when a sender arrived.\n"
	"Exit status: 0 every file arrived and every check agreed (with --rendezvous, whatever\n"
	"they said); 1 some file or process failed, or a check disagreed; 2 the command line\n"
	"is wrong.\n";

static int parse_number(const char *option, const char *text, uint64_t least, uint64_t most,
			uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != 0) {
		complain("%s: '%s' is not a number", option, text);
		return 2;
	}
	if (errno != 0 || *value < least || *value > most) {
		complain("%s: %s is out of range (%llu .. %llu)", option, text,
			 (unsigned long long)least, (unsigned long long)most);
		return 2;
	}
	return 0;
}

static int parse_ring(const char *text, uint64_t *value)
{
	uint64_t least = WEIR_RING_CAPACITY_MIN, most = UINT64_C(1) << 26;
	int rc = parse_number("--ring", text, least, most, value);

	if (rc == 0 && (*value & (*value - 1u)) != 0) {
		complain("--ring: %s is not a power of two (%llu .. %llu)", text,
			 (unsigned long long)least, (unsigned long long)most);
		rc = 2;
	}
	return rc;
}

/* What getopt_long() did not understand: it leaves it to us to find out what that was. */
static int refuse(int c, char **argv)
{
	const char *word = argv[optind - 1];

	if (c == ':')
		complain("%s: a value is missing", word);
	else if (optopt >= CHUNK)
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
	case CHUNK:
		return parse_number("--chunk", optarg, 1, 1000000000, &opt->chunk);
	case RING:
		return parse_ring(optarg, &opt->ring);
	case SLOW_US:
		return parse_number("--slow-us", optarg, 0, 10000, &opt->slow_us);
	case TIMEOUT:
		return parse_number("--timeout", optarg, 1, 86400, &opt->timeout_s);
	case RENDEZVOUS:
		opt->fence = 0;
		return 0;
	case QUIET:
		opt->quiet = 1;
		return 0;
	case HELP:
		(void)fputs(help, stdout);
		return -1;
	default:
		return refuse(c, argv);
	}
}

int parse_options(int argc, char **argv, struct options *opt)
{
	int c, rc;

	*opt = (struct options){.chunk = 1000, .ring = 262144, .timeout_s = 60, .fence = 1};
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", known, NULL)) != -1) {
		rc = parse_option(c, argv, opt);
		if (rc != 0)
			return rc;
	}
	if (optind == argc) {
		complain("no file given (see --help)");
		return 2;
	}
	if ((unsigned)(argc - optind) > MAX_FILES) {
		complain("%d files are too many (at most %u)", argc - optind, MAX_FILES);
		return 2;
	}
	return 0;
}
