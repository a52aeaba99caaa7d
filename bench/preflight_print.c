/* The checks as a table on a terminal, as Markdown, and as JSON. */
#include <math.h>

#include "jsonw.h"
#include "preflight.h"

static int is_wrong(const struct preflight_check *c)
{
	return c->status == PREFLIGHT_WARN || c->status == PREFLIGHT_FAIL;
}

void preflight_print(FILE *f, const struct preflight *p, int all)
{
	unsigned i;

	for (i = 0; i < p->n; i++) {
		const struct preflight_check *c = &p->check[i];

		if (!all && c->status == PREFLIGHT_OK)
			continue;
		fprintf(f, "  %-7s  %-14s  %s\n", preflight_status_name(c->status), c->name,
			c->value);
		if (!is_wrong(c))
			continue;
		fprintf(f, "%27s%s\n", "", c->why);
		if (c->mend[0] != '\0')
			fprintf(f, "%27s-> %s\n", "", c->mend);
	}
}

void preflight_print_names(FILE *f, const struct preflight *p)
{
	const char *before = ";";
	unsigned i;

	fprintf(f, "  preflight: %u OK", preflight_count(p, PREFLIGHT_OK));
	for (i = 0; i < p->n; i++)
		if (p->check[i].status != PREFLIGHT_OK) {
			fprintf(f, "%s %s %s", before, p->check[i].name,
				preflight_status_name(p->check[i].status));
			before = ",";
		}
	if (preflight_count(p, PREFLIGHT_OK) < p->n)
		fputs("; --preflight says why, and what mends it", f);
	fputc('\n', f);
}

/* A cell: '|' would end it. */
static void cell(FILE *f, const char *s, const char *quote)
{
	fprintf(f, " %s", quote);
	for (; *s != '\0'; s++) {
		if (*s == '|')
			fputc('\\', f);
		fputc(*s, f);
	}
	fprintf(f, "%s |", quote);
}

void preflight_print_markdown(FILE *f, const struct preflight *p)
{
	unsigned i;

	fputs("| check | status | value | why it matters | what mends it "
	      "|\n|---|---|---|---|---|\n",
	      f);
	for (i = 0; i < p->n; i++) {
		const struct preflight_check *c = &p->check[i];
		int mend = is_wrong(c) && c->mend[0] != '\0';

		fputc('|', f);
		cell(f, c->name, "");
		cell(f, preflight_status_name(c->status), "");
		cell(f, c->value, "");
		cell(f, is_wrong(c) ? c->why : "", "");
		cell(f, mend ? c->mend : "", mend ? "`" : "");
		fputc('\n', f);
	}
}

/* ---- the time between the first look and the last ---- */

struct passed { /* NaN: not known */
	double seconds, own_seconds;
	double steal, busy; /* share of the CPUs' time */
	double switches, preempted, throttled;
};

static double change(uint64_t a, uint64_t b, int known)
{
	return known && b >= a ? (double)(b - a) : (double)NAN;
}

static void passed_of(const struct preflight *p, struct passed *out)
{
	const struct preflight_counts *a = &p->begin, *b = &p->last;
	int stat = a->have & b->have & PREFLIGHT_HAVE_STAT;
	double ticks = change(a->ticks, b->ticks, stat && b->ticks > a->ticks);

	out->seconds = (double)(b->now_ns - a->now_ns) / 1e9;
	out->own_seconds = change(a->own_ns, b->own_ns, 1) / 1e9;
	out->steal = change(a->steal, b->steal, stat) / ticks;
	out->busy = change(a->busy, b->busy, stat) / ticks;
	out->switches = change(a->switches, b->switches, stat);
	out->preempted = change(a->own_preempted, b->own_preempted, 1);
	out->throttled =
		change(a->throttled, b->throttled, a->have & b->have & PREFLIGHT_HAVE_THERMAL);
}

static void put_percent(FILE *f, double share)
{
	if (isnan(share))
		fputc('?', f);
	else
		fprintf(f, "%.1f", share * 100);
}

void preflight_print_run(FILE *f, const struct preflight *p, const char *bullet)
{
	struct passed v;

	passed_of(p, &v);
	fprintf(f, "%sover %.1f s these CPUs were busy for ", bullet, v.seconds);
	put_percent(f, v.busy);
	fputs(" % and stolen for ", f);
	put_percent(f, v.steal);
	fprintf(f,
		" %%; weir-bench had %.1f s of CPU time and %.0f involuntary context switches, its "
		"yields among them\n",
		v.own_seconds, v.preempted);
}

static void noise_json(FILE *f, const struct preflight *p)
{
	char line[PREFLIGHT_NOISE];
	struct passed v;

	passed_of(p, &v);
	preflight_noise_of(p, line, sizeof(line));
	fputs("  \"noise\": {", f);
	jsonw_key_text(f, "line", line, ",\n    ");
	jsonw_key_number(f, "seconds", v.seconds, ", ");
	jsonw_key_number(f, "steal", v.steal, ", ");
	jsonw_key_number(f, "busy", v.busy, ", ");
	jsonw_key_number(f, "own_cpu_seconds", v.own_seconds, ",\n    ");
	jsonw_key_number(f, "context_switches", v.switches, ", ");
	jsonw_key_number(f, "own_involuntary_switches", v.preempted, ", ");
	jsonw_key_number(f, "throttled", v.throttled, "}");
}

void preflight_print_json(FILE *f, const struct preflight *p)
{
	unsigned i;

	fputs("\"preflight\": [", f);
	for (i = 0; i < p->n; i++) {
		const struct preflight_check *c = &p->check[i];

		fputs(i > 0 ? ",\n    {" : "\n    {", f);
		jsonw_key_text(f, "name", c->name, ", ");
		jsonw_key_text(f, "status", preflight_status_name(c->status), ", ");
		jsonw_key_text(f, "value", c->value, ",\n      ");
		jsonw_key_text(f, "why", c->why, ",\n      ");
		jsonw_key_text(f, "mend", c->mend, "}");
	}
	fputs("\n  ],\n", f);
	noise_json(f, p);
}
