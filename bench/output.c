/* The files that a run leaves. See output.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "latency_report.h"
#include "plots.h"
#include "study.h"

typedef void (*report_fn)(FILE *, const struct plan *, const struct context *);

/* One file each, PREFIX and the suffix. */
static const struct form {
	const char *suffix;
	report_fn report;
} forms[] = {
	{".md", report_markdown},
	{".csv", report_csv},
	{".json", report_json},
};
enum { FORMS = sizeof(forms) / sizeof(forms[0]) };

/* -1: too long. */
static int path_of(const struct output *o, const struct form *form, char *path)
{
	const char *given = form->report == report_json	      ? o->json
			    : form->report == report_markdown ? o->markdown
							      : NULL;
	int n = given != NULL ? snprintf(path, PATH_MAX, "%s", given)
			      : snprintf(path, PATH_MAX, "%s%s", o->prefix, form->suffix);

	if (n < PATH_MAX)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

static int refuse(const char *path)
{
	fprintf(stderr, "weir-bench: cannot write %s: %s\n", path, strerror(errno));
	return -1;
}

static int check_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666), made = fd >= 0;

	if (!made && errno == EEXIST)
		fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return refuse(path);
	close(fd);
	if (made)
		unlink(path);
	return 0;
}

static int check_folder(const char *path)
{
	int fd;

	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		return refuse(path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* what exists may be a file */
	if (fd < 0 || faccessat(fd, ".", W_OK | X_OK, 0) != 0) {
		refuse(path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	close(fd);
	return 0;
}

int output_check(const struct output *o)
{
	char path[PATH_MAX];
	unsigned i;

	for (i = 0; i < FORMS; i++)
		if (path_of(o, &forms[i], path) != 0)
			return refuse(forms[i].suffix);
		else if (check_file(path) != 0)
			return -1;
	return o->folder ? check_folder(o->prefix) : 0;
}

static int write_file(const char *path, report_fn report, const struct plan *p,
		      const struct context *c)
{
	FILE *f = fopen(path, "we");

	if (f == NULL)
		return refuse(path);
	report(f, p, c);
	if (ferror(f) | fclose(f)) {
		fprintf(stderr, "weir-bench: %s: not written\n", path);
		return -1;
	}
	return 0;
}

/* Data of studies and rows, scripts, pictures. The Markdown, written later, shows them. */
static int write_folder(const struct output *o, const struct plan *p, const struct context *c)
{
	static char real[PATH_MAX];
	char says[PATH_MAX + 160];
	const char *last;

	plots_clear(o->prefix);
	if (study_files_all(o->prefix) != 0 || latency_files(p, o->prefix) != 0 ||
	    plots_make(o->prefix, p, c, says, sizeof(says)) != 0)
		return refuse(o->prefix);
	if (says[0] != '\0')
		printf("\n%s\n", says);
	/* beside PREFIX.md, but wherever another Markdown file is */
	last = strrchr(o->prefix, '/');
	plots_seen_from(o->markdown != NULL && realpath(o->prefix, real) != NULL ? real
			: last != NULL						 ? last + 1
										 : o->prefix);
	return 0;
}

int output_write(const struct output *o, const struct plan *p, const struct context *c)
{
	char path[PATH_MAX];
	unsigned i;
	int rc = 0;

	if (o->folder)
		rc = write_folder(o, p, c);
	for (i = 0; i < FORMS; i++)
		if (path_of(o, &forms[i], path) != 0 ||
		    write_file(path, forms[i].report, p, c) != 0)
			rc = -1;
		else
			printf("%s%s", i == 0 ? "\nwritten: " : ", ", path);
	if (o->folder && rmdir(o->prefix) != 0) /* empty: there was nothing for it */
		printf(", %s/", o->prefix);
	putchar('\n');
	return rc;
}
