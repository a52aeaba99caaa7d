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

static int written[FORMS];

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

/* ---- a file, whole or not at all ---- */

struct target {
	char path[PATH_MAX], beside[PATH_MAX]; /* beside[0] 0: nothing to be renamed */
	FILE *f;
};

/* A new file beside the old one, or the old one itself where that cannot be: a pipe, a device, a
 * folder in which nothing can be made. */
static int target_open(struct target *t, const char *path)
{
	struct stat st;
	int fd = -1, there, n;

	if (realpath(path, t->path) == NULL) /* a link leads to what is replaced */
		snprintf(t->path, sizeof(t->path), "%s", path);
	there = stat(t->path, &st) == 0;
	n = snprintf(t->beside, sizeof(t->beside), "%s.%ld", t->path, (long)getpid());
	if (n < (int)sizeof(t->beside) && (!there || S_ISREG(st.st_mode)))
		fd = open(t->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd >= 0 && there &&
	    ((fchown(fd, st.st_uid, st.st_gid) != 0 && st.st_uid != geteuid()) ||
	     fchmod(fd, st.st_mode & 07777) != 0)) {
		close(fd);
		unlink(t->beside);
		fd = -1;
	}
	if (fd < 0)
		t->beside[0] = '\0';
	t->f = fd >= 0 ? fdopen(fd, "w") : fopen(t->path, "we");
	if (t->f == NULL && fd >= 0)
		close(fd);
	return t->f != NULL ? 0 : -1;
}

static int target_close(struct target *t)
{
	int bad = ferror(t->f);

	bad |= fclose(t->f);
	if (t->beside[0] == '\0')
		return bad;
	if (!bad && rename(t->beside, t->path) == 0)
		return 0;
	unlink(t->beside);
	return -1;
}

static int write_file(const char *path, report_fn report, const struct plan *p,
		      const struct context *c)
{
	struct target t;

	if (target_open(&t, path) != 0)
		return refuse(path);
	report(t.f, p, c);
	if (target_close(&t) != 0) {
		fprintf(stderr, "weir-bench: %s: not written\n", path);
		return -1;
	}
	return 0;
}

/* ---- all of them ---- */

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

/* Those of the Markdown, or the others; which of them are written. */
static int write_forms(const struct output *o, const struct plan *p, const struct context *c,
		       int markdown)
{
	char path[PATH_MAX];
	unsigned i;
	int rc = 0;

	for (i = 0; i < FORMS; i++) {
		if ((forms[i].report == report_markdown) != markdown)
			continue;
		written[i] = path_of(o, &forms[i], path) == 0 &&
			     write_file(path, forms[i].report, p, c) == 0;
		if (!written[i])
			rc = -1;
	}
	return rc;
}

int output_figures(const struct output *o, const struct plan *p, const struct context *c)
{
	return write_forms(o, p, c, 0);
}

static void say_written(const struct output *o)
{
	const char *before = "\nwritten: ";
	char path[PATH_MAX];
	unsigned i;

	for (i = 0; i < FORMS; i++)
		if (written[i] && path_of(o, &forms[i], path) == 0) {
			printf("%s%s", before, path);
			before = ", ";
		}
	/* empty: there was nothing for it */
	if (o->folder && rmdir(o->prefix) != 0) {
		printf("%s%s/", before, o->prefix);
		before = ", ";
	}
	if (before[0] == ',')
		putchar('\n');
}

int output_views(const struct output *o, const struct plan *p, const struct context *c)
{
	int rc = 0;

	fflush(stdout); /* what follows may take its time */
	if (o->folder)
		rc = write_folder(o, p, c);
	if (write_forms(o, p, c, 1) != 0)
		rc = -1;
	say_written(o);
	return rc;
}
