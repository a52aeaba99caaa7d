/* The curves of the study "load": tables, JSON, CSV. See load.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "alloc.h"
#include "cell.h"
#include "clock.h"
#include "csvw.h"
#include "jsonw.h"
#include "load.h"
#include "table.h"
#include "wrap.h"

/* ---- tables ---- */

enum column {
	WHO,
	RATE,
	ACHIEVED,
	P50,
	P99,
	P999,
	MAXIMUM,
	P99_MEDIAN,
	SERVICE_P50,
	SERVICE_P99,
	SERVICE_P999,
	SERVICE_MAX,
	ALLOCS,
	SWITCHES,
	FAULTS,
	ROUNDS,
	REMARK,
	COLUMNS
};

static const char *const heading[COLUMNS] = {
	[WHO] = "who",
	[RATE] = "M/s",
	[ACHIEVED] = "achieved %",
	[P50] = "response p50 ns",
	[P99] = "p99",
	[P999] = "p99.9",
	[MAXIMUM] = "max",
	[P99_MEDIAN] = "p99 of rounds",
	[SERVICE_P50] = "service p50 ns",
	[SERVICE_P99] = "service p99",
	[SERVICE_P999] = "service p99.9",
	[SERVICE_MAX] = "service max",
	[ALLOCS] = "allocs/op",
	[SWITCHES] = "switches/op",
	[FAULTS] = "faults/op",
	[ROUNDS] = "rounds",
	[REMARK] = "remark",
};

static void put_percentiles(const struct hist *h, char (*cell)[TABLE_CELL])
{
	static const uint32_t ppm[] = {500000, 990000, 999000, 1000000};
	unsigned i;

	for (i = 0; i < 4; i++)
		if (hist_tells(h, ppm[i]))
			snprintf(cell[i], TABLE_CELL, "%" PRIu64, hist_at(h, ppm[i]));
		else
			snprintf(cell[i], TABLE_CELL, "-");
}

/* Per message, all sides. System calls are counted in the rows of group "latency". */
static void put_costs(const struct load_step *s, char (*cell)[TABLE_CELL])
{
	const double n = (double)s->messages;

	cell_count(cell[ALLOCS], alloc_counted() ? (double)s->allocs / n : (double)NAN);
	if (s->switches > 0)
		cell_count(cell[SWITCHES], (double)s->switches / n);
	if (s->faults > CELL_FAULTS_LEAST * (uint64_t)s->rounds)
		cell_count(cell[FAULTS], (double)s->faults / n);
}

static void fill(const struct load_curve *c, unsigned i, char (*cell)[TABLE_CELL])
{
	const struct load_step *s = &c->step[i];

	snprintf(cell[WHO], TABLE_CELL, "%s", c->who);
	snprintf(cell[RATE], TABLE_CELL, "%.3f", s->rate / 1e6);
	snprintf(cell[ACHIEVED], TABLE_CELL, "%.1f", 100 * c->point[i].achieved / s->rate);
	put_percentiles(&s->response, cell + P50);
	snprintf(cell[P99_MEDIAN], TABLE_CELL, "%.0f", c->point[i].p99);
	put_percentiles(&s->service, cell + SERVICE_P50);
	put_costs(s, cell);
	snprintf(cell[ROUNDS], TABLE_CELL, "%u%s", (unsigned)s->rounds, s->disturbed ? " !" : "");
	snprintf(cell[REMARK], TABLE_CELL, "%s",
		 c->knee >= 0 && (unsigned)c->knee == i		  ? "knee"
		 : c->point[i].achieved < LOAD_KEEPS_UP * s->rate ? "behind"
								  : "");
}

/* Was a step disturbed that the knee rests on: one before it, itself, or the two behind? */
static int knee_is_disturbed(const struct load_curve *c)
{
	unsigned i;

	for (i = 0; i < c->measured && (int)i < c->knee + 3; i++)
		if (c->step[i].disturbed)
			return 1;
	return 0;
}

static void report_knee(FILE *f, const struct load_curve *c, unsigned steps, const char *bullet)
{
	fprintf(f, "%s%s: capacity %.2f M/s; ", bullet, c->who, c->capacity / 1e6);
	if (c->failed)
		fputs("failed in between; ", f);
	if (c->knee < 0) {
		fputs("no knee: the lowest rates failed already; a machine that is not quiet does "
		      "that\n",
		      f);
		return;
	}
	fprintf(f, "knee at %s%.2f M/s, %.0f %% of that; lowest p99 %.0f ns%s\n",
		(unsigned)c->knee + 1 == steps ? "no less than " : "", c->point[c->knee].rate / 1e6,
		100 * c->point[c->knee].rate / c->capacity, load_floor(c->point, c->measured),
		knee_is_disturbed(c) ? "; disturbed, so an indication only" : "");
	if (load_floor_is_noise(c->point, c->measured))
		fprintf(f,
			"%scaution, %s: even the lowest p99 is more than %.0f times its p50, so "
			"others "
			"who had the CPUs made it, and %.0f times that is no measure of a queue: "
			"this "
			"knee tells little\n",
			bullet, c->who, LOAD_TAIL, LOAD_TAIL);
}

static void notes(FILE *f, const struct load *l, const char *bullet)
{
	unsigned c;

	if (l->failed > 0)
		fprintf(f, "%s%s%s\n", bullet, l->failure, l->failed > 1 ? ", and others" : "");
	for (c = 0; c < l->curves; c++)
		report_knee(f, &l->curve[c], l->steps, bullet);
	fprintf(f,
		"%sknee: the highest rate kept up with to %.0f %% at a p99 of at most %.0f x the "
		"lowest, before two steps in a row fail that; both as medians over the rounds "
		"(achieved %%, p99 of rounds)\n",
		bullet, LOAD_KEEPS_UP * 100, LOAD_TAIL);
	fprintf(f,
		"%spercentiles are of all messages of the step; response counts from when a "
		"message "
		"was due, service from when its sending began; capacity is of the same loops, "
		"which "
		"read the clock (%s, %.1f ns) on both sides for each message\n",
		bullet, clock_name(), clock_scale.cost_ns);
	if (l->clocks_known)
		fprintf(f,
			"%sone way: the second CPU's clock is ahead by %" PRId64 "..%" PRId64
			" ns, and times are uncertain by that\n",
			bullet, l->clocks_low, l->clocks_high);
	fprintf(f,
		"%sa round in which a transport was disturbed is dropped for all of them; rounds "
		"with ! were all disturbed: others had the CPUs for more than %.0f %% of "
		"the time. On virtual or shared CPUs the tail is theirs\n",
		bullet, STATS_WAIT_HIGH * 100);
}

void load_report(FILE *f, const struct load *l, int markdown)
{
	struct table t;
	struct wrap w;
	unsigned c, i;

	if (table_make(&t, heading, COLUMNS, WHO + 1, LOAD_FLOWS_MAX * LOAD_STEPS_MAX) != 0)
		return;
	t.goes[SERVICE_P999] = 1;
	t.goes[SERVICE_MAX] = 2;
	t.goes[MAXIMUM] = 3;
	t.goes[SWITCHES] = 4;
	t.goes[SERVICE_P99] = 5;
	for (c = 0; c < l->curves; c++)
		for (i = 0; i < l->curve[c].measured; i++)
			fill(&l->curve[c], i, table_row(&t));
	table_print(f, &t, markdown);
	table_free(&t);
	if (markdown)
		fputc('\n', f);
	notes(wrap_open(&w, f, markdown), l, markdown ? "* " : "  ");
	wrap_close(&w);
}

/* ---- JSON ---- */

static void json_hist(FILE *f, const char *key, const struct hist *h, const char *end)
{
	fprintf(f,
		"\"%s\": {\"count\": %" PRIu64 ", \"p50\": %" PRIu64 ", \"p90\": %" PRIu64
		", \"p99\": %" PRIu64 ", \"p99_9\": %" PRIu64 ", \"p99_99\": %" PRIu64
		", \"max\": %" PRIu64 "}%s",
		key, h->count, hist_at(h, 500000), hist_at(h, 900000), hist_at(h, 990000),
		hist_at(h, 999000), hist_at(h, 999900), h->max, end);
}

static void json_curve(FILE *f, const struct load_curve *c)
{
	unsigned i;

	fputs("\n      {", f);
	jsonw_key_text(f, "who", c->who, ", ");
	jsonw_key_number(f, "capacity_per_s", c->capacity, ", ");
	jsonw_key_number(f, "knee_per_s", c->knee < 0 ? (double)NAN : c->point[c->knee].rate, ", ");
	jsonw_key_number(f, "floor_p99_ns", load_floor(c->point, c->measured), ", ");
	fprintf(f, "\"floor_is_noise\": %s, \"failed\": %s,\n       ",
		load_floor_is_noise(c->point, c->measured) ? "true" : "false",
		c->failed ? "true" : "false");
	fputs("\"points\": [", f);
	for (i = 0; i < c->measured; i++) {
		const struct load_step *s = &c->step[i];

		fputs(i > 0 ? ",\n        {" : "\n        {", f);
		jsonw_key_number(f, "rate_per_s", s->rate, ", ");
		jsonw_key_number(f, "achieved_per_s", c->point[i].achieved, ", ");
		jsonw_key_number(f, "p99_median_ns", c->point[i].p99, ", ");
		fprintf(f, "\"rounds\": %u, \"judged_on\": \"%s\",\n         ", (unsigned)s->rounds,
			s->disturbed ? "all" : "kept");
		json_hist(f, "response", &s->response, ",\n         ");
		json_hist(f, "service", &s->service, "}");
	}
	fputs("]}", f);
}

void load_json(FILE *f, const struct load *l)
{
	unsigned c;

	fputc('[', f);
	for (c = 0; c < l->curves; c++) {
		json_curve(f, &l->curve[c]);
		fputs(c + 1 < l->curves ? "," : "", f);
	}
	fputc(']', f);
}

/* ---- CSV ---- */

int load_csv(const struct load *l, const char *dir)
{
	char path[PATH_MAX];
	unsigned c, i;
	FILE *f;
	int bad;

	if (snprintf(path, sizeof(path), "%s/load.csv", dir) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	f = fopen(path, "we");
	if (f == NULL)
		return -1;
	fputs("transport,rate_per_s,achieved_per_s,p50_ns,p90_ns,p99_ns,p999_ns,max_ns,"
	      "service_p99_ns,knee,p99_median_ns\n",
	      f);
	for (c = 0; c < l->curves; c++)
		for (i = 0; i < l->curve[c].measured; i++) {
			const struct load_step *s = &l->curve[c].step[i];

			csvw_text(f, l->curve[c].who, ',');
			csvw_number(f, s->rate, ',');
			csvw_number(f, l->curve[c].point[i].achieved, ',');
			csvw_count(f, hist_at(&s->response, 500000), ',');
			csvw_count(f, hist_at(&s->response, 900000), ',');
			csvw_count(f, hist_at(&s->response, 990000), ',');
			csvw_count(f, hist_at(&s->response, 999000), ',');
			csvw_count(f, s->response.max, ',');
			csvw_count(f, hist_at(&s->service, 990000), ',');
			csvw_count(f, (int)i == l->curve[c].knee, ',');
			csvw_number(f, l->curve[c].point[i].p99, '\n');
		}
	bad = ferror(f);
	return fclose(f) != 0 || bad ? -1 : 0;
}
