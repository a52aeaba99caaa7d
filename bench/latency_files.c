/* Distributions as files: for plotters, and for whoever reads CSV. See latency_report.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "csvw.h"
#include "latency_report.h"

/* The percentiles of latency.csv. */
static const struct {
	const char *text;
	uint32_t ppm;
} point[] = {
	{"0", 0},	    {"10", 100000},   {"25", 250000},	 {"50", 500000},
	{"75", 750000},	    {"90", 900000},   {"95", 950000},	 {"99", 990000},
	{"99.5", 995000},   {"99.9", 999000}, {"99.95", 999500}, {"99.99", 999900},
	{"99.999", 999990}, {"100", 1000000},
};

static FILE *open_in(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", dir, name);

	if (n >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return fopen(path, "we");
}

static int close_all_right(FILE *f)
{
	const int bad = ferror(f);

	return fclose(f) != 0 || bad ? -1 : 0;
}

/* "" or, of a plan on a pair of CPUs, "@A-B" behind a row's name. */
static void place_of(const struct plan *p, char *buf, size_t cap)
{
	buf[0] = '\0';
	if (p->opt.pair != NULL)
		snprintf(buf, cap, "@%d-%d", p->env->cpu[0], p->env->cpu[1]);
}

static void csv_lines(FILE *f, const struct plan_row *row, const char *place, const char *what,
		      const struct distribution *d)
{
	char name[128];
	unsigned i;

	if (d == NULL)
		return;
	snprintf(name, sizeof(name), "%s%s%s", row->b->name, what, place);
	for (i = 0; i < sizeof(point) / sizeof(point[0]) && d->all.count > 0; i++) {
		if (!hist_tells(&d->all, point[i].ppm))
			continue;
		csvw_text(f, name, ',');
		csvw_text(f, row->b->who, ',');
		csvw_text(f, point[i].text, ',');
		csvw_count(f, hist_at(&d->all, point[i].ppm), '\n');
	}
}

static int write_csv(const struct plan *p, const char *dir)
{
	FILE *f = open_in(dir, "latency.csv");
	char place[32];
	uint32_t i;

	if (f == NULL)
		return -1;
	fputs("name,who,percentile,value_ns\n", f);
	for (; p != NULL; p = p->next) {
		place_of(p, place, sizeof(place));
		for (i = 0; i < p->rows; i++) {
			csv_lines(f, &p->row[i], place, "", p->row[i].latency);
			csv_lines(f, &p->row[i], place, "/service", p->row[i].service);
		}
	}
	return close_all_right(f);
}

/* group-name-who, slashes and all else that a file's name should not have as dashes. */
static int write_hgrm(const struct plan_row *row, const char *place, const char *what,
		      const struct distribution *d, const char *dir)
{
	char full[160], name[256], *c;
	FILE *f;

	if (d == NULL || d->all.count == 0)
		return 0;
	bench_full_name(row->b, full, sizeof(full));
	snprintf(name, sizeof(name), "%s%s%s.hgrm", full, what, place);
	for (c = name; *c != '\0'; c++)
		if (strchr("/ \\:*?\"<>|@", *c) != NULL)
			*c = '-';
	f = open_in(dir, name);
	if (f == NULL)
		return -1;
	hist_export(f, &d->all);
	return close_all_right(f);
}

static int write_exports(const struct plan *p, const char *dir)
{
	char place[32];
	uint32_t i;

	for (; p != NULL; p = p->next) {
		place_of(p, place, sizeof(place));
		for (i = 0; i < p->rows; i++)
			if (write_hgrm(&p->row[i], place, "", p->row[i].latency, dir) != 0 ||
			    write_hgrm(&p->row[i], place, "-service", p->row[i].service, dir) != 0)
				return -1;
	}
	return 0;
}

int latency_is_in(const struct plan *p, const char *group)
{
	uint32_t i;

	for (i = 0; i < p->rows; i++)
		if (p->row[i].latency != NULL &&
		    (group == NULL || strcmp(p->row[i].b->group, group) == 0))
			return 1;
	return 0;
}

int latency_files(const struct plan *p, const char *dir)
{
	const struct plan *one = p;

	while (one != NULL && !latency_is_in(one, NULL))
		one = one->next;
	if (one == NULL)
		return 0;
	return write_exports(p, dir) != 0 ? -1 : write_csv(p, dir);
}
