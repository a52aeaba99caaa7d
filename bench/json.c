/* The report as JSON. */
#include <inttypes.h>
#include <math.h>

#include "alloc.h"
#include "jsonw.h"
#include "latency_report.h"
#include "preflight.h"
#include "report.h"
#include "report_part.h"
#include "study.h"

#define SCHEMA_VERSION 2

const struct report_flag report_flag[REPORT_FLAGS] = {
	{BENCH_PEER, "peer"},	    {BENCH_SHARING, "work-sharing"},  {BENCH_LIMIT, "limit"},
	{BENCH_PROCS, "processes"}, {BENCH_LINES, "reads-all-lines"}, {BENCH_SPINS, "spins"},
	{BENCH_PART, "part"},	    {BENCH_LATENCY, "latency"},	      {BENCH_OPEN, "open-loop"},
	{BENCH_LOSSY, "lossy"},	    {BENCH_STAMPS, "stamps"},
};

static void flag_names(FILE *f, uint32_t flags)
{
	const char *comma = "";
	unsigned i;

	fputs("\"flags\": [", f);
	for (i = 0; i < REPORT_FLAGS; i++)
		if (flags & report_flag[i].flag) {
			fputs(comma, f);
			jsonw_text(f, report_flag[i].name);
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
		jsonw_key_number(f, "ns_per_op", s->ns_per_op, ", ");
		jsonw_key_number(f, "probe_before_ns", s->before, ", ");
		jsonw_key_number(f, "probe_after_ns", s->after, ", ");
		jsonw_key_number(f, "waiting", s->waiting, ", ");
		jsonw_key_number(f, "stolen", s->stolen, ", ");
		fprintf(f, "\"kept\": %s, ",
			plan_keep(p, row)[r] ? "true" : "false");
		fprintf(f,
			"\"allocs\": %" PRIu64 ", \"voluntary_switches\": %" PRIu64
			", \"involuntary_switches\": %" PRIu64 ", \"faults\": %" PRIu64
			", \"lost\": %" PRIu64,
			s->allocs, s->voluntary, s->involuntary, s->faults, s->lost);
		if (row->b->evicts)
			fprintf(f, ", \"evicted\": %" PRIu64, s->evicted);
		fputc('}', f);
		comma = ",";
	}
	fputs("]\n", f);
}

static void pair(FILE *f, const struct plan *p)
{
	fputs("\"pair\": {", f);
	jsonw_key_text(f, "kind", p->opt.pair, ", ");
	fprintf(f, "\"cpus\": [%d, %d]}", p->env->cpu[0], p->env->cpu[1]);
}

static void one_row(FILE *f, const struct plan *p, const struct plan_row *row)
{
	const struct bench *b = row->b;

	fputs("    {", f);
	jsonw_key_text(f, "group", b->group, ", ");
	jsonw_key_text(f, "name", b->name, ", ");
	jsonw_key_text(f, "who", b->who, ",\n      ");
	jsonw_key_text(f, "unit", b->unit, ", ");
	flag_names(f, b->flags);
	if (p->opt.pair != NULL) {
		fputs("      ", f);
		pair(f, p);
		fputs(",\n", f);
	}
	fprintf(f,
		"      \"size\": %u, \"batch\": %u, \"readers\": %u, \"ops_per_sample\": %" PRIu64
		",\n      ",
		(unsigned)b->size, (unsigned)b->batch, (unsigned)b->readers, row->n);
	if (row->error[0] != '\0')
		jsonw_key_text(f, "error", row->error, ",\n      ");
	jsonw_spread(f, "ns_per_op", &row->ns, ",\n      ");
	jsonw_spread(f, "times_best_peer", &row->ratio, ",\n      ");
	if (row->best_peer != NULL)
		jsonw_key_text(f, "best_peer", row->best_peer, ",\n      ");
	jsonw_key_text(f, "ref", b->ref, ",\n      ");
	jsonw_spread(f, "times_ref", &row->ref, ", ");
	fprintf(f, "\"ref_is_limit\": %s,\n      ", row->ref_is_limit ? "true" : "false");
	jsonw_spread(f, "lost", &row->lost, ",\n      ");
	if (row->b->evicts)
		fprintf(f, "\"evicted\": %" PRIu64 ",\n      ", row->evicted);
	jsonw_spread(f, "drain_ns_per_op", &row->drain, ",\n      ");
	jsonw_spread(f, "rest_ns_per_op", &row->rest, ",\n      ");
	latency_json(f, p, row, "\n      ");
	fprintf(f, "\"dropped_rounds\": %u, ", (unsigned)row->dropped);
	fprintf(f, "\"judged_on\": \"%s\", ", row->disturbed ? "all" : "kept");
	jsonw_key_number(f, "allocs_per_op", alloc_counted() ? row->allocs_per_op : (double)NAN,
			 ", ");
	jsonw_key_number(f, "syscalls_per_op", row->calls_per_op, ", ");
	jsonw_key_number(f, "sleeps_per_op", row->sleeps_per_op, ", ");
	jsonw_key_number(f, "switches_per_op", row->switches_per_op, ",\n");
	samples(f, p, row);
	fputs("    }", f);
}

static void about_plan(FILE *f, const struct plan *p)
{
	fprintf(f, "\"rounds\": %u, \"rounds_planned\": %u, ", (unsigned)p->rounds,
		(unsigned)p->opt.rounds);
	jsonw_key_number(f, "sample_ms", p->opt.sample_ns / 1e6, ",\n  ");
	jsonw_spread(f, "probe_ns", &p->probe, ",\n  ");
	jsonw_key_number(f, "waiting", p->waiting, ",\n");
}

/* What was asked for. */
static void chosen(FILE *f, const struct plan_options *o)
{
	fprintf(f, "\"plan\": {\"full\": %s, \"seed\": %" PRIu64 ", ",
		o->full ? "true" : "false", o->seed);
	if (o->filter != NULL)
		jsonw_key_text(f, "filter", o->filter, ", ");
	fprintf(f, "\"threads\": %s, \"processes\": %s, \"oversubscribed\": %s,\n    ",
		o->modes == PLAN_PROCESSES ? "false" : "true",
		o->modes == PLAN_THREADS ? "false" : "true", o->oversubscribed ? "true" : "false");
	fprintf(f, "\"spin\": %s, \"yield\": %s, \"park\": %s},\n  ",
		o->ways == 0 || o->ways & BENCH_SPIN ? "true" : "false",
		o->ways == 0 || o->ways & BENCH_YIELD ? "true" : "false",
		o->ways == 0 || o->ways & BENCH_PARK ? "true" : "false");
}

/* A plan each; what stands outside is of the first. */
static void pairs(FILE *f, const struct plan *p)
{
	const char *comma = "";

	fputs("  \"pairs\": [", f);
	for (; p != NULL; p = p->next) {
		fprintf(f, "%s\n  {", comma);
		about_plan(f, p);
		fputs("  ", f);
		pair(f, p);
		fputc('}', f);
		comma = ",";
	}
	fputs("],\n", f);
}

void report_json(FILE *f, const struct plan *p, const struct context *c)
{
	const char *comma = "\n    ";
	unsigned i;

	fprintf(f, "{\n  \"schema\": \"weir-bench\",\n  \"version\": %d,\n  \"context\": {",
		SCHEMA_VERSION);
	for (i = 0; i < c->n; i++) {
		fputs(i > 0 ? ",\n    " : "\n    ", f);
		jsonw_key_text(f, c->fact[i].key, c->fact[i].value, "");
	}
	fputs("\n  },\n  \"cautions\": [", f);
	for (i = 0; i < c->n; i++)
		if (c->fact[i].warning != NULL) {
			fputs(comma, f);
			jsonw_text(f, c->fact[i].warning);
			comma = ",\n    ";
		}
	comma = "\n";
	fputs("],\n  ", f);
	preflight_json(f);
	fprintf(f, ",\n  \"interrupted\": %s,\n  ", plan_interrupted(p) ? "true" : "false");
	chosen(f, &p->opt);
	about_plan(f, p);
	if (p->opt.pair != NULL)
		pairs(f, p);
	fputs("  \"rows\": [", f);
	for (; p != NULL; p = p->next)
		for (i = 0; i < p->rows; i++) {
			fputs(comma, f);
			one_row(f, p, &p->row[i]);
			comma = ",\n";
		}
	fputs("\n  ],\n  \"studies\": ", f);
	study_json_all(f);
	fputs("\n}\n", f);
}
