/* The matrix of CPU pairs as tables. See cores.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cores.h"

#define SHADES 12u
#define SHADES_LEAST 2.0 /* times the fastest, that all of the shades stand for */
#define SHADE_DARK 234u  /* of the terminal's greys, which go up to 255 in steps of one */
#define SHADE_STEP 2u
#define SHADE_INK 244u /* from here on dark letters */

static int is_wanted(const struct cores *c, int what)
{
	return (c->wanted & 1u << what) != 0;
}

/* ---- over all pairs, or those of one class ---- */

struct summary {
	uint32_t pairs, disturbed, empty;
	struct stats_spread cell;
};

/* Median and range over the medians of the cells. apart CORES_CLASSES: all. */
static void summarize(const struct cores *c, int apart, int what, double *scratch,
		      struct summary *out)
{
	uint32_t i, n = 0;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < c->pairs; i++) {
		const struct cores_pair *p = &c->pair[i];

		if (apart != CORES_CLASSES && p->apart != apart)
			continue;
		out->pairs++;
		out->disturbed += p->disturbed;
		if (p->cell[what].n > 0)
			scratch[n++] = p->cell[what].median;
		else
			out->empty++;
	}
	out->cell.n = n;
	out->cell.median = stats_median(scratch, n);
	out->cell.min = n > 0 ? scratch[0] : (double)NAN; /* sorted by now */
	out->cell.max = n > 0 ? scratch[n - 1] : (double)NAN;
}

static void print_summary_row(FILE *f, const struct cores *c, int apart, double *scratch,
			      int markdown)
{
	struct summary s;
	char text[40];
	int k;

	summarize(c, apart, CORES_LINE, scratch, &s);
	if (s.pairs == 0)
		return;
	fprintf(f, markdown ? "| %s | %u " : "  %-14s %6u", cores_class_name[apart],
		(unsigned)s.pairs);
	for (k = 0; k < CORES_WHATS; k++) {
		if (!is_wanted(c, k))
			continue;
		summarize(c, apart, k, scratch, &s);
		if (s.cell.n > 0)
			snprintf(text, sizeof(text), "%.1f %.1f %.1f", s.cell.min, s.cell.median,
				 s.cell.max);
		else
			snprintf(text, sizeof(text), "-");
		fprintf(f, markdown ? "| %s " : "  %22s", text);
	}
	fputs(markdown ? "|\n" : "\n", f);
}

static void print_summary(FILE *f, const struct cores *c, double *scratch, int markdown)
{
	int k;

	fprintf(f, markdown ? "\n| pairs of the | pairs " : "\n  %-14s %6s", "pairs of the",
		"pairs");
	for (k = 0; k < CORES_WHATS; k++)
		if (is_wanted(c, k))
			fprintf(f, markdown ? "| %s " : "  %22s", cores_what_name[k]);
	fputs(markdown ? "|\n|---|---:" : "\n", f);
	for (k = 0; k < CORES_WHATS && markdown; k++)
		if (is_wanted(c, k))
			fputs("|---:", f);
	fputs(markdown ? "|\n" : "", f);
	for (k = 0; k < CORES_CLASSES; k++)
		print_summary_row(f, c, k, scratch, markdown);
	fprintf(f, "%smin, median, max over the medians of these pairs, ns\n",
		markdown ? "\n" : "  ");
}

/* ---- a whole matrix ---- */

/* Fast is bright. */
static void print_shaded(FILE *f, const struct stats_spread *all, double v, const char *text)
{
	const double range = fmax(log(all->max / all->min), log(SHADES_LEAST));
	unsigned dark = (unsigned)(log(v / all->min) / range * (SHADES - 1) + 0.5);
	unsigned grey = SHADE_DARK + (SHADES - 1 - dark) * SHADE_STEP - 2;

	fprintf(f, "\033[48;5;%um\033[38;5;%um%s\033[0m", grey, grey >= SHADE_INK ? 16u : 255u,
		text);
}

static void print_cell(FILE *f, const struct cores *c, uint32_t a, uint32_t b, int what,
		       const struct stats_spread *all, int markdown)
{
	const struct cores_pair *p = cores_pair_of(c, a, b);
	char number[24], text[24];

	if (a == b || p == NULL || p->cell[what].n == 0)
		snprintf(number, sizeof(number), "%s", a == b ? "" : "?");
	else
		snprintf(number, sizeof(number), "%.1f%s", p->cell[what].median,
			 p->disturbed ? "!" : "");
	snprintf(text, sizeof(text), "%7s", number);
	if (markdown)
		fprintf(f, "| %s ", number);
	else if (isatty(fileno(f)) && p != NULL && p->cell[what].n > 0)
		print_shaded(f, all, p->cell[what].median, text);
	else
		fputs(text, f);
}

static void print_matrix(FILE *f, const struct cores *c, int what, double *scratch, int markdown)
{
	struct summary all;
	uint32_t a, b;

	summarize(c, CORES_CLASSES, what, scratch, &all);
	fprintf(f, markdown ? "\n### %s\n\n%s\n\n| CPU " : "\n  %s: %s\n  %7s",
		cores_what_name[what], cores_what_text[what], "CPU");
	for (b = 0; b < c->cpus; b++)
		fprintf(f, markdown ? "| %d " : "%7d", c->place[b].cpu);
	fputs(markdown ? "|\n|---:" : "\n", f);
	for (b = 0; b < c->cpus && markdown; b++)
		fputs("|---:", f);
	fputs(markdown ? "|\n" : "", f);
	for (a = 0; a < c->cpus; a++) {
		fprintf(f, markdown ? "| %d " : "  %7d", c->place[a].cpu);
		for (b = 0; b < c->cpus; b++)
			print_cell(f, c, a, b, what, &all.cell, markdown);
		fputs(markdown ? "|\n" : "\n", f);
	}
}

static void print_notes(FILE *f, const struct cores *c, double *scratch, const char *bullet)
{
	struct summary s;

	summarize(c, CORES_CLASSES, CORES_LINE, scratch, &s);
	fprintf(f,
		"%srow: the CPU that touched the memory first, so that it lies on its node, and "
		"asks; column: the one that answers\n",
		bullet);
	fprintf(f,
		"%smedians of up to %u visits to each pair, in another order each time; dropped "
		"when the pair's line before or after was beyond %.1f x or below %.1f x its "
		"median, or others had the CPUs for more than %.0f %% of the time\n",
		bullet, (unsigned)c->room, STATS_OUT_HIGH, STATS_OUT_LOW, STATS_WAIT_HIGH * 100);
	if (s.disturbed - s.empty > 0)
		fprintf(f,
			"%spairs marked ! were never quiet, and are judged on all their visits: "
			"%u\n",
			bullet, (unsigned)(s.disturbed - s.empty));
	if (c->unknown[0] != '\0')
		fprintf(f, "%show these CPUs lie to each other is not known: %s\n", bullet,
			c->unknown);
	if (c->pairs < c->pairs_all)
		fprintf(f,
			"%stime for %u of %u pairs: a sample, as even over the distances as they "
			"allow; --full takes more\n",
			bullet, (unsigned)c->pairs, (unsigned)c->pairs_all);
	if (c->cpus < c->cpus_all)
		fprintf(f, "%sthe first %u of %u CPUs: no more fit\n", bullet, (unsigned)c->cpus,
			(unsigned)c->cpus_all);
	if (c->passes < c->repeats)
		fprintf(f, "%sonly %u of %u repeats: stopped, or out of time\n", bullet,
			(unsigned)c->passes, (unsigned)c->repeats);
	if (s.empty > 0)
		fprintf(f, "%spairs marked ? were not reached: %u\n", bullet, (unsigned)s.empty);
}

void cores_report(FILE *f, const struct cores *c, int markdown)
{
	const char *bullet = markdown ? "* " : "  ";
	double *scratch;
	int k;

	if (c->cpus < 2) {
		fprintf(f, "%sneeds two CPUs; this run has one\n", bullet);
		return;
	}
	scratch = calloc(c->pairs + 1, sizeof(*scratch));
	if (scratch == NULL)
		return;
	for (k = 0; k < CORES_WHATS; k++) {
		if (!is_wanted(c, k))
			continue;
		if (c->cpus <= CORES_TABLE_MAX)
			print_matrix(f, c, k, scratch, markdown);
		else
			fprintf(f, "%s%s: %s; cell by cell in cores-%s.csv\n", bullet,
				cores_what_name[k], cores_what_text[k], cores_what_name[k]);
	}
	print_summary(f, c, scratch, markdown);
	fputs(markdown ? "\n" : "", f);
	print_notes(f, c, scratch, bullet);
	free(scratch);
}
