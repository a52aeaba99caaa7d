/* What a soak came to: a table, and what to know about it. See soak.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "alloc.h"
#include "clock.h"
#include "soak.h"
#include "table.h"
#include "wrap.h"

enum { WORST = 5 };

/* ---- tables ---- */

enum column {
	WHEN,
	MESSAGES,
	P50,
	P99,
	P999,
	P9999,
	MAXIMUM,
	WRITER_GAP,
	READER_GAP,
	GAPS,
	GAPS_SHARE,
	LOST,
	SWITCHES,
	STOLEN,
	COLUMNS
};

static const char *const heading[COLUMNS] = {
	[WHEN] = "when",
	[MESSAGES] = "messages",
	[P50] = "response p50 ns",
	[P99] = "p99",
	[P999] = "p99.9",
	[P9999] = "p99.99",
	[MAXIMUM] = "max",
	[WRITER_GAP] = "writer's CPU: longest gap ns",
	[READER_GAP] = "reader's CPU: longest gap ns",
	[GAPS] = "gaps",
	[GAPS_SHARE] = "gaps %",
	[LOST] = "lost",
	[SWITCHES] = "switches",
	[STOLEN] = "steal %",
};

static void put(char *cell, double v)
{
	if (isnan(v))
		snprintf(cell, TABLE_CELL, "-");
	else
		snprintf(cell, TABLE_CELL, "%.0f", v);
}

static void put_percentile(char *cell, const struct hist *h, uint32_t ppm)
{
	put(cell, hist_tells(h, ppm) ? (double)hist_at(h, ppm) : (double)NAN);
}

static double seconds_of(const struct soak *s)
{
	double ns = 0;
	uint32_t i;

	for (i = 0; i < s->seconds; i++)
		ns += (double)s->second[i].ns;
	return ns / 1e9;
}

static double longest_gap(const struct soak *s, unsigned side)
{
	uint64_t most = 0;
	uint32_t i;

	for (i = 0; i < s->seconds; i++)
		if (s->second[i].gaps[side].longest > most)
			most = s->second[i].gaps[side].longest;
	return (double)most;
}

static void fill_all(const struct soak *s, char (*cell)[TABLE_CELL])
{
	const struct hist *w = &s->gaps[SOAK_WRITER], *r = &s->gaps[SOAK_READER];
	double stolen = 0;
	uint32_t i;

	for (i = 0; i < s->seconds; i++)
		stolen += s->second[i].stolen / s->seconds;
	snprintf(cell[WHEN], TABLE_CELL, "%.4g seconds", seconds_of(s));
	put(cell[MESSAGES], (double)s->messages);
	put_percentile(cell[P50], &s->response, 500000);
	put_percentile(cell[P99], &s->response, 990000);
	put_percentile(cell[P999], &s->response, 999000);
	put_percentile(cell[P9999], &s->response, 999900);
	put(cell[MAXIMUM], (double)s->response.max);
	put(cell[WRITER_GAP], longest_gap(s, SOAK_WRITER));
	put(cell[READER_GAP], longest_gap(s, SOAK_READER));
	put(cell[GAPS], (double)(w->count + r->count));
	snprintf(cell[GAPS_SHARE], TABLE_CELL, "%.3g",
		 100 * (double)(w->sum + r->sum) / (2e9 * seconds_of(s)));
	put(cell[LOST], (double)s->lost);
	put(cell[SWITCHES], (double)(s->voluntary + s->involuntary));
	snprintf(cell[STOLEN], TABLE_CELL, "%.3g", 100 * stolen);
}

static void fill_median(const struct soak *s, char (*cell)[TABLE_CELL])
{
	const size_t w = offsetof(struct soak_second, gaps) +
			 offsetof(struct soak_gaps, longest); /* of the writer, the first */

	snprintf(cell[WHEN], TABLE_CELL, "median of seconds");
	put(cell[MESSAGES], soak_median(s, offsetof(struct soak_second, messages)));
	put(cell[P50], soak_median(s, offsetof(struct soak_second, p50)));
	put(cell[P99], soak_median(s, offsetof(struct soak_second, p99)));
	put(cell[MAXIMUM], soak_median(s, offsetof(struct soak_second, max)));
	put(cell[WRITER_GAP], soak_median(s, w));
	put(cell[READER_GAP], soak_median(s, w + sizeof(struct soak_gaps)));
	put(cell[LOST], soak_median(s, offsetof(struct soak_second, lost)));
	put(cell[SWITCHES], soak_median(s, offsetof(struct soak_second, switches)));
}

static void fill_second(const struct soak *s, uint32_t i, char (*cell)[TABLE_CELL])
{
	const struct soak_second *t = &s->second[i];

	if (i < s->asked)
		snprintf(cell[WHEN], TABLE_CELL, "second %u%s", (unsigned)i,
			 soak_is_explained(t) ? "" : " *");
	else
		snprintf(cell[WHEN], TABLE_CELL, "after the end");
	put(cell[MESSAGES], (double)t->messages);
	put(cell[P50], (double)t->p50);
	put(cell[P99], (double)t->p99);
	put(cell[MAXIMUM], (double)t->max);
	put(cell[WRITER_GAP], (double)t->gaps[SOAK_WRITER].longest);
	put(cell[READER_GAP], (double)t->gaps[SOAK_READER].longest);
	put(cell[GAPS], (double)(t->gaps[SOAK_WRITER].count + t->gaps[SOAK_READER].count));
	snprintf(cell[GAPS_SHARE], TABLE_CELL, "%.3g",
		 t->ns == 0 ? 0
			    : 50 * (double)(t->gaps[SOAK_WRITER].ns + t->gaps[SOAK_READER].ns) /
				      (double)t->ns);
	put(cell[LOST], (double)t->lost);
	put(cell[SWITCHES], (double)t->switches);
	snprintf(cell[STOLEN], TABLE_CELL, "%.3g", 100 * t->stolen);
}

static void table(FILE *f, const struct soak *s, int markdown)
{
	uint32_t worst[WORST], n, i;
	struct table t;

	if (table_make(&t, heading, COLUMNS, WHEN + 1, WORST + 2) != 0)
		return;
	t.goes[STOLEN] = 1;
	t.goes[P9999] = 2;
	t.goes[GAPS] = 3;
	fill_all(s, table_row(&t));
	fill_median(s, table_row(&t));
	n = soak_worst(s, worst, WORST);
	for (i = 0; i < n; i++)
		fill_second(s, worst[i], table_row(&t));
	table_print(f, &t, markdown);
	table_free(&t);
}

/* ---- notes ---- */

static void about_rate(FILE *f, const struct soak *s, const char *bullet)
{
	const double achieved = (double)s->messages / seconds_of(s);

	fprintf(f,
		"%s%" PRIu64 " messages of 64 B a second, one way from CPU %d to CPU %d, between "
		"%s: %.2f %% of that arrived%s\n",
		bullet, s->rate, s->cpu[SOAK_WRITER], s->cpu[SOAK_READER],
		s->processes ? "processes" : "threads", 100 * achieved / (double)s->rate,
		achieved < 0.99 * (double)s->rate ? ": behind, so the times are those of a queue"
						  : "");
	fprintf(f,
		"%ssent %" PRIu64 ", received %" PRIu64 ", lost %" PRIu64 "; heap calls %" PRIu64
		"%s; context switches %" PRIu64 " voluntary, %" PRIu64 " not; wait %.2f %%\n",
		bullet, s->sent, s->messages, s->lost, s->allocs,
		alloc_counted() ? "" : " (not counted)", s->voluntary, s->involuntary,
		100 * s->waiting);
}

static void about_gaps(FILE *f, const struct soak *s, const char *bullet)
{
	uint32_t of, explained;

	soak_explained(s, &of, &explained);
	fprintf(f,
		"%sgaps are the machine's: between two readings of the clock in either loop lie "
		"at most two calls of the library, none that waits; from %u ns on they are "
		"counted\n",
		bullet, SOAK_GAP_NS);
	fprintf(f,
		"%sin %u of %u seconds the longest response time is within the longest gap "
		"of either CPU, added up, and the p50; elsewhere (*) gaps followed on each other, "
		"or the ring took the time\n",
		bullet, (unsigned)explained, (unsigned)of);
	fprintf(f,
		"%slooking after it took %.3g ms of a CPU, of these where there are no "
		"others\n",
		bullet, s->own_cpu_ns / 1e6);
	if (s->seconds <= s->asked / 2 || seconds_of(s) < 60)
		fprintf(f, "%s%.4g seconds are no soak: what happens once a minute is not in it\n",
			bullet, seconds_of(s));
	if (s->clocks_known)
		fprintf(f,
			"%sone way: the second CPU's clock (%s, %.1f ns a reading) is ahead by "
			"%" PRId64 "..%" PRId64 " ns, and times are uncertain by that\n",
			bullet, clock_name(), clock_scale.cost_ns, s->clocks_low, s->clocks_high);
}

void soak_report(FILE *f, const struct soak *s, int markdown)
{
	const char *bullet = markdown ? "* " : "  ";
	struct wrap w;

	table(f, s, markdown);
	if (markdown)
		fputc('\n', f);
	f = wrap_open(&w, f, markdown);
	if (s->failure[0] != '\0')
		fprintf(f, "%sFAILED: %s\n", bullet, s->failure);
	about_rate(f, s, bullet);
	about_gaps(f, s, bullet);
	wrap_close(&w);
}
