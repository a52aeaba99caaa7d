/* The list of studies, and what is done with all of them. See study.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "study.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"
#include "jsonw.h"

enum { STUDIES_MAX = 8 };

static struct entry {
	const struct study *study;
	int chosen, ran;
	int failed; /* parts of it */
	char error[160]; /* "": did not fail */
} list[STUDIES_MAX];
static size_t count;
/* of the one that runs */
static int64_t ends;
static double after; /* seconds of those that come after it */

void study_add(const struct study *s)
{
	if (count == STUDIES_MAX)
		abort();
	list[count++].study = s;
}

size_t study_count(void)
{
	return count;
}

const struct study *study_at(size_t i)
{
	return list[i].study;
}

/* ---- choosing ---- */

/* Calls each() with every listed name the filter matches, all of them when it matches the study's
 * own name. How many. */
static size_t for_matches(const struct study *s, const char *filter,
			  void (*each)(FILE *f, const char *name), FILE *f)
{
	const int all = bench_matches(filter, s->name);
	char *text = NULL, *line, *next;
	size_t len = 0, n = 0;
	FILE *mem = open_memstream(&text, &len);

	if (mem == NULL)
		return 0;
	if (s->list != NULL)
		s->list(mem);
	if (fclose(mem) != 0)
		return 0;
	for (line = text; (next = strchr(line, '\n')) != NULL; line = next + 1) {
		*next = '\0';
		if (!all && !bench_matches(filter, line))
			continue;
		n++;
		if (each != NULL)
			each(f, line);
	}
	free(text);
	return n;
}

int study_wants(const struct study_run *r, const struct study *s, const char *name)
{
	return bench_matches(r->filter, s->name) || bench_matches(r->filter, name);
}

size_t study_choose(const char *filter)
{
	size_t i, n = 0;

	for (i = 0; i < count; i++) {
		const struct study *s = list[i].study;

		list[i].chosen =
			bench_matches(filter, s->name) || for_matches(s, filter, NULL, NULL) > 0;
		n += (size_t)list[i].chosen;
	}
	return n;
}

static double seconds_of(const struct study *s, int full)
{
	return full ? s->seconds_full : s->seconds_quick;
}

double study_seconds(int full)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < count; i++)
		sum += list[i].chosen && !list[i].ran ? seconds_of(list[i].study, full) : 0;
	return sum;
}

static void print_name(FILE *f, const char *name)
{
	fprintf(f, "%s  (study)\n", name);
}

void study_list(FILE *f, const char *filter)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (for_matches(list[i].study, filter, print_name, f) == 0 &&
		    bench_matches(filter, list[i].study->name))
			print_name(f, list[i].study->name);
}

/* ---- running ---- */

void study_progress(const struct study_run *r, const char *what)
{
	double left = (double)(ends - driver_now()) / 1e9;

	(void)r;
	if (!isatty(STDOUT_FILENO))
		return;
	printf("\r\033[K%-14s %3.0f s left  %s", "study", (left > 0 ? left : 0) + after, what);
	fflush(stdout);
}

static void run_one(struct entry *e, struct study_run *r)
{
	if (!isatty(STDOUT_FILENO))
		printf("%-14s %3.0f s left  %s\n", "study", r->seconds + after, e->study->name);
	fflush(stdout);
	ends = driver_now() + (int64_t)(r->seconds * 1e9);
	study_progress(r, e->study->name);
	r->env->error[0] = '\0';
	e->ran = 1;
	e->failed = e->study->run(r);
	if (e->failed >= 0)
		return;
	if (*r->stop != 0) {
		snprintf(e->error, sizeof(e->error), "interrupted before it had anything");
		return;
	}
	snprintf(e->error, sizeof(e->error), "%s",
		 r->env->error[0] != '\0' ? r->env->error : "failed");
	fprintf(stderr, "%sFAILED %s: %s\n", isatty(STDOUT_FILENO) ? "\n" : "", e->study->name,
		e->error);
}

unsigned study_run_all(const struct study_run *all)
{
	struct study_run r = *all;
	unsigned failed = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		if (!list[i].chosen || *r.stop != 0)
			continue;
		r.seconds = seconds_of(list[i].study, r.full);
		after = study_seconds(r.full) - r.seconds;
		run_one(&list[i], &r);
		if (list[i].failed > 0)
			failed += (unsigned)list[i].failed;
		failed += list[i].error[0] != '\0' && *r.stop == 0;
	}
	if (isatty(STDOUT_FILENO))
		printf("\r\033[K");
	return failed;
}

/* ---- results ---- */

void study_report_all(FILE *f, int markdown)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (!list[i].ran)
			continue;
		fprintf(f, markdown ? "\n## %s\n\n" : "\n%s\n", list[i].study->name);
		if (list[i].error[0] != '\0')
			fprintf(f, "%sno result: %s\n", markdown ? "* " : "  ", list[i].error);
		else if (list[i].study->report != NULL)
			list[i].study->report(f, markdown);
	}
}

void study_json_all(FILE *f)
{
	const char *comma = "";
	size_t i;

	fputc('{', f);
	for (i = 0; i < count; i++) {
		if (!list[i].ran)
			continue;
		fprintf(f, "%s\n    ", comma);
		comma = ",";
		jsonw_text(f, list[i].study->name);
		fputs(": ", f);
		if (list[i].error[0] != '\0') {
			fputc('{', f);
			jsonw_key_text(f, "error", list[i].error, "}");
		} else if (list[i].study->json != NULL) {
			list[i].study->json(f);
		} else {
			fputs("null", f);
		}
	}
	fputs("\n  }", f);
}

int study_files_all(const char *dir)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < count; i++)
		if (list[i].ran && list[i].error[0] == '\0' && list[i].study->files != NULL &&
		    list[i].study->files(dir) != 0)
			rc = -1;
	return rc;
}
