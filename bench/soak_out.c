/* What a soak came to, for others: JSON, CSV, distributions. See soak.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>

#include "alloc.h"
#include "clock.h"
#include "csvw.h"
#include "jsonw.h"
#include "soak.h"

/* ---- JSON ---- */

static void json_hist(FILE *f, const char *key, const struct hist *h, const char *end)
{
	fprintf(f,
		"\"%s\": {\"count\": %" PRIu64 ", \"min\": %" PRIu64 ", \"p50\": %" PRIu64
		", \"p90\": %" PRIu64 ", \"p99\": %" PRIu64 ", \"p99_9\": %" PRIu64
		", \"p99_99\": %" PRIu64 ", \"max\": %" PRIu64 ", ",
		key, h->count, h->min, hist_at(h, 500000), hist_at(h, 900000), hist_at(h, 990000),
		hist_at(h, 999000), hist_at(h, 999900), h->max);
	jsonw_key_number(f, "mean", hist_mean(h), "}");
	fputs(end, f);
}

static const char *const side_name[SOAK_SIDES] = {"writer", "reader"};

static void json_side(FILE *f, const struct soak *s, unsigned i)
{
	fprintf(f, "\n        {\"side\": \"%s\", \"cpu\": %d, \"least_ns\": %u, ", side_name[i],
		s->cpu[i], SOAK_GAP_NS);
	fprintf(f, "\"total_ns\": %" PRIu64 ",\n         ", s->gaps[i].sum);
	json_hist(f, "gaps", &s->gaps[i], "}");
}

/* Percentiles of no message are null. */
static void json_time(FILE *f, const char *key, const struct soak_second *t, uint64_t ns)
{
	jsonw_key_number(f, key, t->messages > 0 ? (double)ns : (double)NAN, ", ");
}

static void json_second(FILE *f, const struct soak_second *t, uint32_t i)
{
	unsigned k;

	fprintf(f, "\n        {\"second\": %u, \"ns\": %" PRIu64 ", \"messages\": %" PRIu64 ", ",
		(unsigned)i, t->ns, t->messages);
	json_time(f, "p50_ns", t, t->p50);
	json_time(f, "p99_ns", t, t->p99);
	json_time(f, "max_ns", t, t->max);
	fprintf(f, "\"lost\": %" PRIu64 ", ", t->lost);
	for (k = 0; k < SOAK_SIDES; k++)
		fprintf(f,
			"\"%s_gap_ns\": %" PRIu64 ", \"%s_gaps\": %" PRIu64
			", \"%s_gaps_ns\": %" PRIu64 ", ",
			side_name[k], t->gaps[k].longest, side_name[k], t->gaps[k].count,
			side_name[k], t->gaps[k].ns);
	fprintf(f, "\"switches\": %" PRIu64 ", ", t->switches);
	jsonw_key_number(f, "stolen", t->stolen, "}");
}

void soak_json(FILE *f, const struct soak *s)
{
	uint32_t i, of, explained;

	soak_explained(s, &of, &explained);
	fprintf(f,
		"{\"rate_per_s\": %" PRIu64 ", \"size\": 64, \"processes\": %s, "
		"\"seconds_asked\": %u, \"seconds\": %u,\n      ",
		s->rate, s->processes ? "true" : "false", (unsigned)s->asked, (unsigned)s->seconds);
	if (s->failure[0] != '\0')
		jsonw_key_text(f, "failure", s->failure, ",\n      ");
	fprintf(f, "\"sent\": %" PRIu64 ", \"received\": %" PRIu64 ", \"lost\": %" PRIu64 ", ",
		s->sent, s->messages, s->lost);
	jsonw_key_number(f, "allocs", alloc_counted() ? (double)s->allocs : (double)NAN, ", ");
	fprintf(f,
		"\"voluntary_switches\": %" PRIu64 ", \"involuntary_switches\": %" PRIu64
		", \"faults\": %" PRIu64 ", ",
		s->voluntary, s->involuntary, s->faults);
	jsonw_key_number(f, "waiting", s->waiting, ", ");
	jsonw_key_number(f, "own_cpu_ns", s->own_cpu_ns, ",\n      ");
	fprintf(f, "\"seconds_with_messages\": %u, \"seconds_explained\": %u, ", (unsigned)of,
		(unsigned)explained);
	jsonw_key_text(f, "clock", clock_name(), ", ");
	jsonw_key_number(f, "clock_cost_ns", clock_scale.cost_ns, ",\n      ");
	if (s->clocks_known)
		fprintf(f,
			"\"clocks_apart_ns\": {\"min\": %" PRId64 ", \"max\": %" PRId64
			"},\n      ",
			s->clocks_low, s->clocks_high);
	json_hist(f, "response", &s->response, ",\n      ");
	json_hist(f, "service", &s->service, ",\n      \"sides\": [");
	for (i = 0; i < SOAK_SIDES; i++) {
		json_side(f, s, i);
		fputs(i + 1 < SOAK_SIDES ? "," : "],\n      \"timeline\": [", f);
	}
	for (i = 0; i < s->seconds; i++) {
		json_second(f, &s->second[i], i);
		fputs(i + 1 < s->seconds ? "," : "", f);
	}
	fputs("]}", f);
}

/* ---- files ---- */

static FILE *open_in(const char *dir, const char *name)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) < (int)sizeof(path))
		return fopen(path, "we");
	errno = ENAMETOOLONG;
	return NULL;
}

static int close_all_right(FILE *f)
{
	const int bad = ferror(f);

	return fclose(f) != 0 || bad ? -1 : 0;
}

static void csv_time(FILE *f, const struct soak_second *t, uint64_t ns)
{
	csvw_number(f, t->messages > 0 ? (double)ns : (double)NAN, ',');
}

static void csv_second(FILE *f, const struct soak_second *t, uint32_t i)
{
	unsigned k;

	csvw_count(f, i, ',');
	csvw_count(f, t->ns, ',');
	csvw_count(f, t->messages, ',');
	csv_time(f, t, t->p50);
	csv_time(f, t, t->p99);
	csv_time(f, t, t->max);
	csvw_count(f, t->lost, ',');
	for (k = 0; k < SOAK_SIDES; k++) {
		csvw_count(f, t->gaps[k].longest, ',');
		csvw_count(f, t->gaps[k].count, ',');
		csvw_count(f, t->gaps[k].ns, ',');
	}
	csvw_count(f, t->switches, ',');
	csvw_number(f, t->stolen, '\n');
}

static int write_csv(const struct soak *s, const char *dir)
{
	FILE *f = open_in(dir, "soak.csv");
	uint32_t i;

	if (f == NULL)
		return -1;
	fputs("second,ns,messages,p50_ns,p99_ns,max_ns,lost,"
	      "writer_gap_ns,writer_gaps,writer_gaps_ns,reader_gap_ns,reader_gaps,reader_gaps_ns,"
	      "switches,stolen\n",
	      f);
	for (i = 0; i < s->seconds; i++)
		csv_second(f, &s->second[i], i);
	return close_all_right(f);
}

static int write_hgrm(const struct hist *h, const char *dir, const char *name)
{
	FILE *f;

	if (h->count == 0)
		return 0;
	f = open_in(dir, name);
	if (f == NULL)
		return -1;
	hist_export(f, h);
	return close_all_right(f);
}

int soak_files(const struct soak *s, const char *dir)
{
	return write_csv(s, dir) != 0 || write_hgrm(&s->response, dir, "soak-response.hgrm") != 0 ||
			       write_hgrm(&s->service, dir, "soak-service.hgrm") != 0 ||
			       write_hgrm(&s->gaps[SOAK_WRITER], dir, "soak-writer-gaps.hgrm") !=
				       0 ||
			       write_hgrm(&s->gaps[SOAK_READER], dir, "soak-reader-gaps.hgrm") != 0
		       ? -1
		       : 0;
}
