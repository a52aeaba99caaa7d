/* A comparison as a table and a summary. See compare.h. */
#include <math.h>
#include <string.h>

#include "compare.h"

static const char *const verdict_name[] = {"same",   "faster", "SLOWER",
					   "unsure", "FAILED", "no figures"};

static int row_width(const struct comparison *c, int all)
{
	int width = 3;
	uint32_t i;

	for (i = 0; i < c->rows; i++) {
		const struct side_row *a = c->row[i].a;
		int len = (int)(strlen(a->group) + strlen(a->name) + strlen(a->who) + 2);

		if ((all || (a->ours && c->row[i].verdict != SAME)) && len > width)
			width = len;
	}
	return width;
}

/* "x" and the peer that the ratio is to, or "ns". */
static const char *figure_of(const struct pair_row *row, char *buf, size_t cap)
{
	if (row->by == FIGURE_NS)
		return "ns";
	snprintf(buf, cap, "x %s", row->peer != NULL ? row->peer->who : "peer");
	return buf;
}

static int figure_width(const struct comparison *c)
{
	char figure[64];
	int width = 6;
	uint32_t i;

	for (i = 0; i < c->rows; i++) {
		int len = (int)strlen(figure_of(&c->row[i], figure, sizeof(figure)));

		if (len > width)
			width = len;
	}
	return width;
}

static void print_row(FILE *f, const struct pair_row *row, int width, int figure)
{
	const struct pair_figure *x = row->by == FIGURE_RATIO ? &row->ratio : &row->ns;
	char name[256], buf[64];
	const char *unit = figure_of(row, buf, sizeof(buf));

	snprintf(name, sizeof(name), "%s/%s/%s", row->a->group, row->a->name, row->a->who);
	if (isnan(x->test.p)) {
		fprintf(f, "%-*s  %-*s  %9s  %9s  %6s  %8s  %6s  %s\n", width, name, figure, unit,
			"-", "-", "-", "-", "-", verdict_name[row->verdict]);
		return;
	}
	fprintf(f, "%-*s  %-*s  %9.4g  %9.4g  %6.3f  %8.2g  %+6.2f  %s\n", width, name, figure,
		unit, x->old_median, x->new_median, x->times, x->p, x->test.delta,
		row->a->ours ? verdict_name[row->verdict] : "(control)");
}

static void print_table(FILE *f, const struct comparison *c, int all)
{
	int width = row_width(c, all), figure = figure_width(c), head = 0;
	uint32_t i;

	for (i = 0; i < c->rows; i++) {
		const struct pair_row *row = &c->row[i];

		if (!all && (!row->a->ours || row->verdict == SAME))
			continue;
		if (!head++)
			fprintf(f, "%-*s  %-*s  %9s  %9s  %6s  %8s  %6s  %s\n", width, "row",
				figure, "figure", "OLD", "NEW", "x time", "p", "delta", "verdict");
		print_row(f, row, width, figure);
	}
	if (head)
		fputs("x time: how much longer NEW takes, above 1 is slower; p: corrected; delta: "
		      "1 when NEW was slower in every pair of rounds, -1 faster in every\n\n",
		      f);
}

static void print_method(FILE *f, const struct comparison *c)
{
	static const char *const correction[] = {"uncorrected", "Holm", "Benjamini-Hochberg"};
	uint32_t i, ratios = 0;

	for (i = 0; i < c->rows; i++)
		ratios += c->row[i].a->ours && c->row[i].by == FIGURE_RATIO &&
			  c->row[i].verdict != NOTHING;
	fprintf(f,
		"%u rows of ours: %u by their ratio, round by round, to one peer that both reports "
		"have (in OLD the best), %u by ns%s; "
		"a difference counts above %g %% and with p < %g (Mann-Whitney, %s over %u "
		"tests)\n",
		(unsigned)c->tests, (unsigned)ratios, (unsigned)(c->tests - ratios),
		c->opt.normalise ? " over the probe" : "", c->opt.threshold * 100, c->opt.alpha,
		correction[c->opt.correction], (unsigned)c->tests);
}

static void print_drift(FILE *f, const struct comparison *c)
{
	if (!isnan(c->a->probe) && !isnan(c->b->probe))
		fprintf(f, "the machine's probe: %.0f ns in OLD, %.0f ns in NEW\n", c->a->probe,
			c->b->probe);
	if (c->controls > 0)
		fprintf(f,
			"peers and limits, which no change of ours touches, take %.3f x the time "
			"(median of %u rows): differences in ns of that size are the machine's\n",
			c->control, (unsigned)c->controls);
}

void compare_print(FILE *f, const struct comparison *c, int all)
{
	print_table(f, c, all);
	print_method(f, c);
	print_drift(f, c);
	if (c->only_a + c->only_b > 0)
		fprintf(f, "not compared: %u rows only in OLD, %u only in NEW\n",
			(unsigned)c->only_a, (unsigned)c->only_b);
	if (c->of[UNSURE] > 0)
		fprintf(f, "unsure: apart in nearly every pair of rounds, but too few rounds for "
			   "so many tests, or never quiet; weir-bench with --repeat 21 and a "
			   "--filter tells more\n");
	fprintf(f, "%u slower, %u faster, %u same", (unsigned)c->of[SLOWER],
		(unsigned)c->of[FASTER], (unsigned)c->of[SAME]);
	if (c->of[UNSURE] > 0)
		fprintf(f, ", %u unsure", (unsigned)c->of[UNSURE]);
	if (c->of[FAILED] > 0)
		fprintf(f, ", %u failed in NEW", (unsigned)c->of[FAILED]);
	if (c->of[NOTHING] > 0)
		fprintf(f, ", %u without figures", (unsigned)c->of[NOTHING]);
	fputc('\n', f);
}
