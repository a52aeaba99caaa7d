/* weir-bench-compare: is the library slower than it was? Two reports of weir-bench say. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"

enum { EXIT_SAME = 0, EXIT_SLOWER = 1, EXIT_MISUSE = 2, EXIT_UNLIKE = 3 };

struct options {
	struct compare_options compare;
	int force, all;
};

static void usage(FILE *f)
{
	fputs("usage: weir-bench-compare [options] OLD.json NEW.json\n"
	      "  --threshold PCT            a smaller difference is none (default 5)\n"
	      "  --alpha P                  a larger corrected p is chance (default 0.01)\n"
	      "  --correction bh|holm|none  of p, for many rows (default bh)\n"
	      "  --by auto|ratio|ns         what decides (default: the ratio to the peer that is\n"
	      "                             best in OLD, of those in both; without one, ns)\n"
	      "  --normalise none|probe     divide ns by the machine's probe first\n"
	      "  --force                    compare reports of unlike machines or builds\n"
	      "  --all                      print every row, not only those that changed\n"
	      "Exit status: 0 nothing is slower, 1 something is, 2 misuse or unreadable, 3 the\n"
	      "reports are of unlike machines or builds.\n",
	      f);
}

/* A number with low < v <= high; 0, or -1 with the reason on stderr. */
static int number(const char *option, const char *text, double low, double high, double *out)
{
	char *end;

	errno = 0;
	*out = strtod(text, &end);
	if (errno == 0 && end != text && *end == '\0' && *out > low && *out <= high)
		return 0;
	fprintf(stderr, "weir-bench-compare: --%s %s: not a number above %g and up to %g\n", option,
		text, low, high);
	return -1;
}

/* The place of text among n names, or -1 with the reason on stderr. */
static int choice(const char *option, const char *text, const char *const *names, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (strcmp(text, names[i]) == 0)
			return i;
	fprintf(stderr, "weir-bench-compare: --%s %s: not one of", option, text);
	for (i = 0; i < n; i++)
		fprintf(stderr, "%s %s", i > 0 ? "," : "", names[i]);
	fputc('\n', stderr);
	return -1;
}

enum { THRESHOLD, ALPHA, CORRECTION, BY, NORMALISE, FORCE, ALL, HELP };

static int take_option(int c, const char *name, struct options *o)
{
	/* in the order of the enums they stand for */
	static const char *const corrections[] = {"none", "holm", "bh"},
				 *const figures[] = {"auto", "ns", "ratio"},
				 *const normalise[] = {"none", "probe"};
	double v;
	int at;

	switch (c) {
	case THRESHOLD:
		if (number(name, optarg, 0, 1000, &v) != 0)
			return -1;
		o->compare.threshold = v / 100;
		return 0;
	case ALPHA:
		return number(name, optarg, 0, 1, &o->compare.alpha);
	case CORRECTION:
		if ((at = choice(name, optarg, corrections, 3)) < 0)
			return -1;
		o->compare.correction = (enum ranks_correction)at;
		return 0;
	case BY:
		if ((at = choice(name, optarg, figures, 3)) < 0)
			return -1;
		o->compare.by = (enum figure)at;
		return 0;
	case NORMALISE:
		return (o->compare.normalise = choice(name, optarg, normalise, 2)) < 0 ? -1 : 0;
	case FORCE:
		o->force = 1;
		return 0;
	case ALL:
		o->all = 1;
		return 0;
	default:
		usage(stderr);
		return -1;
	}
}

/* 0 go on, 1 done (help), -1 misuse. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option names[] = {
		{"threshold", required_argument, NULL, THRESHOLD},
		{"alpha", required_argument, NULL, ALPHA},
		{"correction", required_argument, NULL, CORRECTION},
		{"by", required_argument, NULL, BY},
		{"normalise", required_argument, NULL, NORMALISE},
		{"force", no_argument, NULL, FORCE},
		{"all", no_argument, NULL, ALL},
		{"help", no_argument, NULL, HELP},
		{NULL, 0, NULL, 0},
	};
	int c, at = 0;

	memset(o, 0, sizeof(*o));
	o->compare.threshold = 0.05;
	o->compare.alpha = 0.01;
	o->compare.correction = RANKS_BH;
	while ((c = getopt_long(argc, argv, "", names, &at)) != -1) {
		if (c == HELP) {
			usage(stdout);
			return 1;
		}
		if (take_option(c, names[at].name, o) != 0)
			return -1;
	}
	if (argc - optind == 2)
		return 0;
	fprintf(stderr, "weir-bench-compare: %d files named, two are needed\n", argc - optind);
	usage(stderr);
	return -1;
}

static int are_alike(const struct side *a, const struct side *b, int force)
{
	static char text[65536];
	FILE *f = fmemopen(text, sizeof(text) - 1, "w");
	unsigned n = f != NULL ? side_differences(f, a, b) : 1;

	if (f != NULL)
		fclose(f);
	if (n == 0)
		return 1;
	fprintf(stderr, "weir-bench-compare: the reports are not of like runs:\n%s%s", text,
		force ? "  compared all the same (--force): ns say nothing about the library here\n"
		      : "  not compared; --force compares all the same\n");
	return force;
}

static int can_normalise(const struct side *a, const struct side *b)
{
	if (a->probe > 0 && b->probe > 0)
		return 1;
	fprintf(stderr, "weir-bench-compare: --normalise probe: %s has no probe\n",
		a->probe > 0 ? b->path : a->path);
	return 0;
}

static int compare(const struct side *a, const struct side *b, const struct options *o)
{
	struct comparison c;
	int rc = EXIT_MISUSE;

	if (!are_alike(a, b, o->force))
		return EXIT_UNLIKE;
	if (o->compare.normalise && !can_normalise(a, b))
		return EXIT_MISUSE;
	if (compare_make(&c, a, b, &o->compare) != 0) {
		fprintf(stderr, "weir-bench-compare: no memory\n");
	} else if (c.tests + c.of[FAILED] == 0) {
		fprintf(stderr,
			"weir-bench-compare: no row of ours has figures in both (%u rows in OLD, "
			"%u "
			"in NEW, %u in both)\n",
			(unsigned)a->rows, (unsigned)b->rows, (unsigned)c.rows);
	} else {
		compare_print(stdout, &c, o->all);
		rc = c.of[SLOWER] + c.of[FAILED] > 0 ? EXIT_SLOWER : EXIT_SAME;
	}
	compare_free(&c);
	return rc;
}

int main(int argc, char **argv)
{
	struct side a, b;
	struct options o;
	int rc = parse(argc, argv, &o);

	if (rc != 0)
		return rc < 0 ? EXIT_MISUSE : EXIT_SAME;
	memset(&b, 0, sizeof(b));
	rc = side_read(&a, argv[optind]) == 0 && side_read(&b, argv[optind + 1]) == 0
		     ? compare(&a, &b, &o)
		     : EXIT_MISUSE;
	side_free(&a);
	side_free(&b);
	return rc;
}
