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

static void csv_lines(FILE *f, const struct plan_row *row, const char *what,
		      const struct distribution *d)
{
	char name[96];
	unsigned i;

	snprintf(name, sizeof(name), "%s%s", row->b->name, what);
	for (i = 0; i < sizeof(point) / sizeof(point[0]) && d->all.count > 0; i++) {
		csvw_text(f, name, ',');
		csvw_text(f, row->b->who, ',');
		csvw_text(f, point[i].text, ',');
		csvw_count(f, hist_at(&d->all, point[i].ppm), '\n');
	}
}

static int write_csv(const struct plan *p, const char *dir)
{
	FILE *f = open_in(dir, "latency.csv");
	uint32_t i;

	if (f == NULL)
		return -1;
	fputs("name,who,percentile,value_ns\n", f);
	for (i = 0; i < p->rows; i++) {
		if (p->row[i].latency != NULL)
			csv_lines(f, &p->row[i], "", p->row[i].latency);
		if (p->row[i].service != NULL)
			csv_lines(f, &p->row[i], "/service", p->row[i].service);
	}
	return close_all_right(f);
}

/* group-name-who, slashes and all else that a file's name should not have as dashes. */
static int write_hgrm(const struct plan_row *row, const char *what, const struct distribution *d,
		      const char *dir)
{
	char name[192], *c;
	size_t len;
	FILE *f;

	if (d == NULL || d->all.count == 0)
		return 0;
	bench_full_name(row->b, name, 160);
	len = strlen(name);
	snprintf(name + len, sizeof(name) - len, "%s", what);
	for (c = name; *c != '\0'; c++)
		if (strchr("/ \\:*?\"<>|", *c) != NULL)
			*c = '-';
	len = strlen(name);
	snprintf(name + len, sizeof(name) - len, ".hgrm");
	f = open_in(dir, name);
	if (f == NULL)
		return -1;
	hist_export(f, &d->all);
	return close_all_right(f);
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
	uint32_t i;

	if (!latency_is_in(p, NULL))
		return 0;
	for (i = 0; i < p->rows; i++)
		if (write_hgrm(&p->row[i], "", p->row[i].latency, dir) != 0 ||
		    write_hgrm(&p->row[i], "-service", p->row[i].service, dir) != 0)
			return -1;
	return write_csv(p, dir);
}
