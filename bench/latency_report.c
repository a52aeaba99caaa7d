/* Distributions as a table, and as JSON. See latency_report.h. */
#include "latency_report.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cell.h"
#include "clock.h"
#include "jsonw.h"

#define CELL TABLE_CELL

enum column {
	CASE,
	WHO,
	P50,
	P50_RANGE,
	P90,
	P99,
	P999,
	MAXIMUM,
	BEST,
	RATIO,
	RATIO_RANGE,
	RATIO99,
	RATIO99_RANGE,
	LIMIT,
	REF,
	LOST,
	EVICTED,
	COSTS, /* enum cell_cost */
	WAITING = COSTS + CELL_COSTS,
	KEPT_DROPPED,
	COLUMNS
};

static const char *const heading[COLUMNS] = {
	[CASE] = "case",
	[WHO] = "who",
	[P50] = "p50 ns",
	[P50_RANGE] = "min..max",
	[P90] = "p90",
	[P99] = "p99",
	[P999] = "p99.9",
	[MAXIMUM] = "max",
	[BEST] = "best peer",
	[RATIO] = "x best peer p50",
	[RATIO_RANGE] = "x low..high",
	[RATIO99] = "x best peer p99",
	[RATIO99_RANGE] = "x low..high",
	[LIMIT] = "x limit",
	[REF] = "x ref",
	[LOST] = "lost %",
	[EVICTED] = "evicted",
	[WAITING] = "wait %",
	[KEPT_DROPPED] = "kept/dropped",
};

/* ---- the table ---- */

static void put_range(char *cell, double from, double to, const char *format)
{
	int n = snprintf(cell, CELL / 2, format, from);

	n += snprintf(cell + n, CELL / 4, "..");
	snprintf(cell + n, CELL / 4, format, to);
}

static void put_values(const struct distribution *d, char (*cell)[CELL])
{
	static const struct {
		enum column column;
		uint32_t ppm;
	} values[] = {
		{P50, LATENCY_P50}, {P90, 900000},	{P99, LATENCY_P99},
		{P999, 999000},	    {MAXIMUM, 1000000},
	};
	unsigned i;

	if (d->all.count == 0)
		return;
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (hist_tells(&d->all, values[i].ppm))
			snprintf(cell[values[i].column], CELL, "%" PRIu64,
				 hist_at(&d->all, values[i].ppm));
		else
			snprintf(cell[values[i].column], CELL, "-");
	if (d->p50.n > 0)
		put_range(cell[P50_RANGE], d->p50.min, d->p50.max, "%.0f");
}

static void put_ratio(const struct stats_spread *s, int disturbed, char *median, char *range)
{
	cell_comparison(median, s, disturbed);
	if (s->n > 0)
		put_range(range, s->low, s->high, "%.2f");
}

/* Does a percentile say something in every round? They are all of one length. */
static int tells_by_round(const struct distribution *d, uint32_t ppm)
{
	uint32_t r;

	for (r = 0; r < STATS_ROUNDS_MAX; r++)
		if (d->round[r] != NULL && d->round[r]->count > 0 && !hist_tells(d->round[r], ppm))
			return 0;
	return 1;
}

static void fill(const struct plan *p, const struct plan_row *row, int first_of_set,
		 char (*cell)[CELL])
{
	if (first_of_set)
		cell_case(cell[CASE], p, row);
	snprintf(cell[WHO], CELL, "%s", row->b->who);
	if (row->error[0] != '\0' || row->latency == NULL) {
		snprintf(cell[P50], CELL, "%s", row->error[0] != '\0' ? "FAILED" : "-");
		return;
	}
	put_values(row->latency, cell);
	if (row->best_peer != NULL)
		snprintf(cell[BEST], CELL, "%s", row->best_peer);
	put_ratio(&row->ratio, row->ratio_disturbed, cell[RATIO], cell[RATIO_RANGE]);
	if (tells_by_round(row->latency, LATENCY_P99))
		put_ratio(&row->latency->p99_ratio, row->ratio_disturbed, cell[RATIO99],
			  cell[RATIO99_RANGE]);
	cell_comparison(cell[row->ref_is_limit ? LIMIT : REF], &row->ref, row->ref_disturbed);
	if (row->lost.n > 0)
		cell_number(cell[LOST], row->lost.median * 100);
	cell_evicted(cell[EVICTED], row);
	cell_costs(cell + COSTS, p, row);
	if (!isnan(row->waiting))
		snprintf(cell[WAITING], CELL, "%.2f", row->waiting * 100);
	cell_kept(cell[KEPT_DROPPED], row);
}

static void fill_service(const struct plan_row *row, char (*cell)[CELL])
{
	snprintf(cell[WHO], CELL, "  %s, service", row->b->who);
	put_values(row->service, cell);
}

void latency_table(FILE *f, const struct plan *p, const char *group, int markdown)
{
	uint32_t i, s, set = UINT32_MAX;
	struct table t;

	if (table_make(&t, heading, COLUMNS, WHO + 1, 2 * p->rows) != 0)
		return;
	table_head(&t, COSTS, cell_cost_heading, CELL_COSTS);
	t.goes[P90] = 1;
	t.goes[COSTS + CELL_SWITCHES] = 2;
	t.goes[P50_RANGE] = 3;
	t.goes[RATIO99_RANGE] = 4;
	t.goes[BEST] = 5;
	t.goes[MAXIMUM] = 6;
	t.goes[RATIO_RANGE] = 7;
	t.goes[EVICTED] = 8;
	for (s = 0; s < p->sets; s++)
		for (i = 0; i < p->rows; i++) {
			const struct plan_row *row = &p->row[i];

			if (row->set != s || strcmp(row->b->group, group) != 0)
				continue;
			fill(p, row, set != s, table_row(&t));
			if (row->service != NULL && row->error[0] == '\0')
				fill_service(row, table_row(&t));
			set = s;
		}
	table_print(f, &t, markdown);
	table_free(&t);
}

/* ---- what to know about it ---- */

static int has_flag(const struct plan *p, const char *group, uint32_t flag)
{
	uint32_t i;

	for (i = 0; i < p->rows; i++)
		if ((p->row[i].b->flags & flag) && strcmp(p->row[i].b->group, group) == 0)
			return 1;
	return 0;
}

static void note_open(FILE *f, const char *bullet)
{
	fprintf(f,
		"%srate-N: N messages per second by a schedule that does not wait, one way; from "
		"when a message was due until it was seen, and as service from when its sending "
		"began\n",
		bullet);
}

static void note_stamps(FILE *f, const char *bullet)
{
	fprintf(f,
		"%sskew: from when the first party left a generation until the last had; late-T: "
		"one party, another each time, arrives T after it left the generation before, and "
		"time runs from its arrival until the last of the others has left\n",
		bullet);
}

/* What begins on one CPU's clock and ends on another's is as good as these are in step. */
static void note_clocks(FILE *f, const struct plan *p, const char *bullet)
{
	if (p->env->cpus < 2)
		return; /* which have one clock */
	if (!p->clocks_known)
		fprintf(f,
			"%sthe CPUs' clocks could not be compared: times between two CPUs are "
			"uncertain\n",
			bullet);
	else
		fprintf(f,
			"%sthe second CPU's clock is ahead by %" PRId64 "..%" PRId64
			" ns, by exchanges of lines before the run: times between two CPUs are "
			"uncertain by that\n",
			bullet, p->clocks_low, p->clocks_high);
	if (p->clocks_known && (p->clocks_low > 0 || p->clocks_high < 0))
		fprintf(f,
			"%scaution: these clocks are certainly apart; times between two CPUs are "
			"wrong by as much\n",
			bullet);
}

/* Has a row too few values for one of its percentiles? */
static int has_untold(const struct plan *p, const char *group)
{
	uint32_t i;

	for (i = 0; i < p->rows; i++) {
		const struct plan_row *row = &p->row[i];

		if (row->latency != NULL && row->latency->all.count > 0 &&
		    strcmp(row->b->group, group) == 0 &&
		    (!hist_tells(&row->latency->all, 999000) ||
		     !tells_by_round(row->latency, LATENCY_P99)))
			return 1;
	}
	return 0;
}

void latency_notes(FILE *f, const struct plan *p, const char *group, const char *bullet)
{
	fprintf(f,
		"%sns, of every operation of all kept rounds; min..max is of the rounds' p50; "
		"ratios "
		"are taken round by round, to the peer that is best at it; best peer is the one by "
		"p50\n",
		bullet);
	fprintf(f, "%sclock: %s, %.1f ns a reading: about that much is in each value\n", bullet,
		clock_name(), clock_scale.cost_ns);
	if (has_untold(p, group))
		fprintf(f,
			"%sa percentile beyond which lie fewer than %u values is left out: p99 "
			"wants "
			"%u of them, and its ratio as many in each round; p99.9 wants %u\n",
			bullet, HIST_BEYOND, 100 * HIST_BEYOND, 1000 * HIST_BEYOND);
	if (has_flag(p, group, BENCH_OPEN))
		note_open(f, bullet);
	if (has_flag(p, group, BENCH_STAMPS))
		note_stamps(f, bullet);
	if (has_flag(p, group, BENCH_OPEN | BENCH_STAMPS))
		note_clocks(f, p, bullet);
	fprintf(f,
		"%sp99 and above show who else had these CPUs, the scheduler or a hypervisor, as "
		"much as a library: clock/two-readings has no library in it; rounds are dropped as "
		"of all rows, so these are the tails of the quieter ones\n",
		bullet);
}

/* ---- JSON ---- */

static void json_values(FILE *f, const struct distribution *d)
{
	static const struct {
		const char *key;
		uint32_t ppm;
	} values[] = {
		{"p50", LATENCY_P50}, {"p90", 900000},	  {"p99", LATENCY_P99},
		{"p99_9", 999000},    {"p99_99", 999900},
	};
	unsigned i;

	fprintf(f, "\"count\": %" PRIu64 ", \"min\": %" PRIu64 ", ", d->all.count, d->all.min);
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		fprintf(f, "\"%s\": %" PRIu64 ", ", values[i].key, hist_at(&d->all, values[i].ppm));
	fprintf(f, "\"max\": %" PRIu64 ", ", d->all.max);
	jsonw_key_number(f, "mean", hist_mean(&d->all), ", ");
	jsonw_spread(f, "p50_of_rounds", &d->p50, ", ");
	jsonw_spread(f, "p99_of_rounds", &d->p99, "");
}

void latency_json(FILE *f, const struct plan *p, const struct plan_row *row, const char *end)
{
	if (row->latency == NULL)
		return;
	fputs("\"latency\": {", f);
	json_values(f, row->latency);
	fputs(", ", f);
	jsonw_spread(f, "p99_times_best_peer", &row->latency->p99_ratio, ", ");
	jsonw_key_text(f, "clock", clock_name(), ", ");
	jsonw_key_number(f, "clock_cost_ns", clock_scale.cost_ns, "");
	if (row->b->flags & BENCH_OPEN)
		fprintf(f, ", \"rate_per_s\": %" PRIu64, row->b->rate);
	if (row->b->late_ns > 0)
		fprintf(f, ", \"late_ns\": %" PRIu64, row->b->late_ns);
	if ((row->b->flags & (BENCH_OPEN | BENCH_STAMPS)) && p->clocks_known)
		fprintf(f, ", \"clocks_apart_ns\": {\"min\": %" PRId64 ", \"max\": %" PRId64 "}",
			p->clocks_low, p->clocks_high);
	fprintf(f, "},%s", end);
	if (row->service == NULL)
		return;
	fputs("\"service\": {", f);
	json_values(f, row->service);
	fprintf(f, "},%s", end);
}
