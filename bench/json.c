/* The report as JSON: a few writers, no document in memory. Numbers that do not exist are null. */
#include <inttypes.h>
#include <math.h>

#include "alloc.h"
#include "report.h"

#define SCHEMA_VERSION 1

static void text(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			fprintf(f, "\\u%04x", (unsigned)(unsigned char)*s);
		else
			fputc(*s, f);
	}
	fputc('"', f);
}

static void key_text(FILE *f, const char *key, const char *s, const char *end)
{
	text(f, key);
	fputs(": ", f);
	text(f, s);
	fputs(end, f);
}

static void key_number(FILE *f, const char *key, double v, const char *end)
{
	text(f, key);
	if (isnan(v))
		fprintf(f, ": null%s", end);
	else
		fprintf(f, ": %.9g%s", v, end);
}

static void spread(FILE *f, const char *key, const struct stats_spread *s, const char *end)
{
	text(f, key);
	if (s->n == 0) {
		fprintf(f, ": null%s", end);
		return;
	}
	fputs(": {", f);
	key_number(f, "median", s->median, ", ");
	key_number(f, "min", s->min, ", ");
	key_number(f, "max", s->max, ", ");
	fprintf(f, "\"rounds\": %u}%s", (unsigned)s->n, end);
}

static void flag_names(FILE *f, uint32_t flags)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} names[] = {
		{BENCH_PEER, "peer"},
		{BENCH_SHARING, "work-sharing"},
		{BENCH_LIMIT, "limit"},
		{BENCH_PROCS, "processes"},
		{BENCH_LINES, "reads-all-lines"},
		{BENCH_SPINS, "spins"},
		{BENCH_PART, "part"},
	};
	const char *comma = "";
	unsigned i;

	fputs("\"flags\": [", f);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & names[i].flag) {
			fputs(comma, f);
			text(f, names[i].name);
			comma = ", ";
		}
	fputs("],\n", f);
}

static void samples(FILE *f, const struct plan *p, const struct plan_row *row)
{
	const char *comma = "";
	uint32_t r;

	fputs("      \"samples\": [", f);
	for (r = 0; r < p->rounds; r++) {
		const struct plan_sample *s = &row->sample[r];

		if (isnan(s->ns_per_op))
			continue;
		fprintf(f, "%s\n        {\"round\": %u, ", comma, (unsigned)r);
		key_number(f, "ns_per_op", s->ns_per_op, ", ");
		key_number(f, "probe_before_ns", s->before, ", ");
		key_number(f, "probe_after_ns", s->after, ", ");
		key_number(f, "waiting", s->waiting, ", ");
		fprintf(f, "\"kept\": %s, ",
			p->keep[(size_t)row->set * STATS_ROUNDS_MAX + r] ? "true" : "false");
		fprintf(f,
			"\"allocs\": %" PRIu64 ", \"voluntary_switches\": %" PRIu64
			", \"involuntary_switches\": %" PRIu64 ", \"faults\": %" PRIu64 "}",
			s->allocs, s->voluntary, s->involuntary, s->faults);
		comma = ",";
	}
	fputs("]\n", f);
}

static void one_row(FILE *f, const struct plan *p, const struct plan_row *row)
{
	const struct bench *b = row->b;

	fputs("    {", f);
	key_text(f, "group", b->group, ", ");
	key_text(f, "name", b->name, ", ");
	key_text(f, "who", b->who, ",\n      ");
	key_text(f, "unit", b->unit, ", ");
	flag_names(f, b->flags);
	fprintf(f,
		"      \"size\": %u, \"batch\": %u, \"readers\": %u, \"ops_per_sample\": %" PRIu64
		",\n      ",
		(unsigned)b->size, (unsigned)b->batch, (unsigned)b->readers, row->n);
	if (row->error[0] != '\0')
		key_text(f, "error", row->error, ",\n      ");
	spread(f, "ns_per_op", &row->ns, ",\n      ");
	spread(f, "times_best_peer", &row->ratio, ",\n      ");
	key_text(f, "ref", b->ref, ",\n      ");
	spread(f, "times_ref", &row->ref, ",\n      ");
	spread(f, "drain_ns_per_op", &row->drain, ",\n      ");
	spread(f, "rest_ns_per_op", &row->rest, ",\n      ");
	fprintf(f, "\"dropped_rounds\": %u, ", (unsigned)row->dropped);
	fprintf(f, "\"judged_on\": \"%s\", ", row->disturbed ? "all" : "kept");
	key_number(f, "allocs_per_op", alloc_counted() ? row->allocs_per_op : (double)NAN, ", ");
	key_number(f, "syscalls_per_op", row->calls_per_op, ", ");
	key_number(f, "sleeps_per_op", row->sleeps_per_op, ",\n");
	samples(f, p, row);
	fputs("    }", f);
}

void report_json(FILE *f, const struct plan *p, const struct context *c)
{
	unsigned i;

	fprintf(f, "{\n  \"schema\": \"weir-bench\",\n  \"version\": %d,\n  \"context\": {",
		SCHEMA_VERSION);
	for (i = 0; i < c->n; i++) {
		fputs(i > 0 ? ",\n    " : "\n    ", f);
		key_text(f, c->fact[i].key, c->fact[i].value, "");
	}
	fputs("\n  },\n  \"cautions\": [", f);
	{
		const char *comma = "";

		for (i = 0; i < c->n; i++)
			if (c->fact[i].warning != NULL) {
				fprintf(f, "%s\n    ", comma);
				text(f, c->fact[i].warning);
				comma = ",";
			}
	}
	fprintf(f, "],\n  \"rounds\": %u, \"rounds_planned\": %u,\n  ", (unsigned)p->rounds,
		(unsigned)p->opt.rounds);
	spread(f, "probe_ns", &p->probe, ",\n  ");
	key_number(f, "waiting", p->waiting, ",\n");
	fputs("  \"rows\": [\n", f);
	for (i = 0; i < p->rows; i++) {
		one_row(f, p, &p->row[i]);
		fputs(i + 1 < p->rows ? ",\n" : "\n", f);
	}
	fputs("  ]\n}\n", f);
}
