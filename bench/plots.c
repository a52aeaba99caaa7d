/* Pictures of a run. See plots.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "plots.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plots_data.h"
#include "plots_text.h"

static const struct plot {
	const char *name; /* of its script and pictures */
	const char *caption;
	const char *data;				  /* files that must be there, a pattern */
	unsigned (*write)(FILE *f, const struct plan *p); /* NULL: a study writes them */
	const char *const *script;
} plots[] = {
	{"overview", "Every ratio to the best peer: median and range over the rounds", "ratios.csv",
	 plots_ratios, plot_overview},
	{"throughput", "Rings, one writer and one reader on threads, by message size",
	 "throughput.csv", plots_throughput, plot_throughput},
	{"latency", "Latency by percentile", "latency.csv", NULL, plot_latency},
	{"load", "Response time against load", "load.csv", NULL, plot_load},
	{"soak", "One rate for a long time, and what the CPUs did meanwhile", "soak.csv", NULL,
	 plot_soak},
	{"barriers", "Barriers by parties and way of waiting", "barriers.csv", plots_barriers,
	 plot_barriers},
	{"cores", "What two CPUs do to each other", "cores-*.csv", NULL, plot_cores},
};
enum { PLOTS = sizeof(plots) / sizeof(plots[0]) };

static const char *const forms[] = {"svg", "png"};
enum { FORMS = sizeof(forms) / sizeof(forms[0]) };

static int made[PLOTS];
static const char *seen_from = ".";

/* "dir/name.suffix"; -1: too long. */
static int path_of(char *path, const char *dir, const char *name, const char *suffix)
{
	if (snprintf(path, PATH_MAX, "%s/%s%s", dir, name, suffix) < PATH_MAX)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

/* How many files match; forget: and removes them. The folder's name is no pattern. */
static unsigned matching(const char *dir, const char *pattern, int forget)
{
	DIR *in = opendir(dir);
	const struct dirent *e;
	unsigned n = 0;

	while (in != NULL && (e = readdir(in)) != NULL) {
		if (fnmatch(pattern, e->d_name, FNM_PERIOD) != 0)
			continue;
		n++;
		if (forget)
			unlinkat(dirfd(in), e->d_name, 0);
	}
	if (in != NULL)
		closedir(in);
	return n;
}

void plots_clear(const char *dir)
{
	char path[PATH_MAX];
	unsigned i, k;

	matching(dir, "*.hgrm", 1);
	for (i = 0; i < PLOTS; i++) {
		matching(dir, plots[i].data, 1);
		for (k = 0; k <= FORMS; k++) {
			snprintf(path, sizeof(path), "%s.%s", plots[i].name,
				 k < FORMS ? forms[k] : "gp");
			matching(dir, path, 1);
		}
	}
}

/* ---- data and scripts ---- */

static int finish(FILE *f)
{
	const int bad = ferror(f);

	return fclose(f) != 0 || bad ? -1 : 0;
}

static int write_data(const struct plot *plot, const char *dir, const struct plan *p)
{
	char path[PATH_MAX];
	unsigned n;
	FILE *f;

	if (path_of(path, dir, plot->data, "") != 0 || (f = fopen(path, "we")) == NULL)
		return -1;
	n = plot->write(f, p);
	if (finish(f) != 0)
		return -1;
	return n == 0 ? unlink(path) : 0;
}

static const char *fact(const struct context *c, const char *key)
{
	unsigned i;

	for (i = 0; i < c->n; i++)
		if (strcmp(c->fact[i].key, key) == 0)
			return c->fact[i].value;
	return "unknown";
}

static void quoted(FILE *f, const char *s)
{
	for (; *s != '\0'; s++)
		if (*s == '\'')
			fputs("''", f);
		else if ((unsigned char)*s >= 0x20)
			fputc(*s, f);
}

static void lines(FILE *f, const char *const *line)
{
	for (; *line != NULL; line++)
		fprintf(f, "%s\n", *line);
}

static int write_script(const struct plot *plot, const char *dir, const struct context *c)
{
	char path[PATH_MAX];
	FILE *f;

	if (path_of(path, dir, plot->name, ".gp") != 0 || (f = fopen(path, "we")) == NULL)
		return -1;
	fprintf(f, "# gnuplot %s.gp, in this folder, makes %s.svg and %s.png\n", plot->name,
		plot->name, plot->name);
	fputs("machine = '", f);
	quoted(f, fact(c, "cpu"));
	fputs(", CPUs ", f);
	quoted(f, fact(c, "cpus_used"));
	fputs(", ", f);
	quoted(f, fact(c, "date"));
	fprintf(f, "'\nname = '%s'\n", plot->name);
	lines(f, plot_common);
	lines(f, plot->script);
	return finish(f);
}

/* ---- gnuplot ---- */

#define GNUPLOT_SECONDS 30u /* a plot takes one or two */
#define TOOK_TOO_LONG 128

static void become_gnuplot(const char *dir, const char *script)
{
	char program[] = "gnuplot";
	char name[64];
	char *argv[] = {program, name, NULL};
	int null = open("/dev/null", O_RDWR);

	snprintf(name, sizeof(name), "%s.gp", script);
	alarm(GNUPLOT_SECONDS); /* execvp() keeps it */
	/* its warnings are about fonts that are not there */
	if (null >= 0 && chdir(dir) == 0 && dup2(null, STDIN_FILENO) >= 0 &&
	    dup2(null, STDOUT_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0)
		execvp(argv[0], argv);
	_exit(127);
}

/* Its exit status; 127: there is none; TOOK_TOO_LONG. */
static int run_gnuplot(const char *dir, const char *script)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		become_gnuplot(dir, script);
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	if (pid > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		return TOOK_TOO_LONG;
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int plots_make(const char *dir, const struct plan *p, const struct context *c, char *says,
	       size_t cap)
{
	unsigned i, scripts = 0;
	int status = 0;
	char svg[64];

	says[0] = '\0';
	for (i = 0; i < PLOTS; i++) {
		made[i] = 0;
		if (plots[i].write != NULL && write_data(&plots[i], dir, p) != 0)
			return -1;
		if (matching(dir, plots[i].data, 0) == 0)
			continue;
		if (write_script(&plots[i], dir, c) != 0)
			return -1;
		scripts++;
		if (status != 127 && status != TOOK_TOO_LONG)
			status = run_gnuplot(dir, plots[i].name);
		snprintf(svg, sizeof(svg), "%s.svg", plots[i].name);
		made[i] = matching(dir, svg, 0) > 0;
		if (status == TOOK_TOO_LONG && says[0] == '\0')
			snprintf(says, cap, "gnuplot took longer than %u s: cd %s && gnuplot %s.gp",
				 GNUPLOT_SECONDS, dir, plots[i].name);
		else if (status != 0 && status != 127 && status != TOOK_TOO_LONG)
			snprintf(says, cap, "gnuplot failed: cd %s && gnuplot %s.gp says why", dir,
				 plots[i].name);
	}
	if (status == 127)
		snprintf(says, cap,
			 "no gnuplot here, so no plots: cd %s && gnuplot *.gp makes them where it "
			 "is",
			 dir);
	return scripts > 0 || says[0] == '\0' ? 0 : -1;
}

unsigned plots_made(void)
{
	unsigned i, n = 0;

	for (i = 0; i < PLOTS; i++)
		n += made[i] != 0;
	return n;
}

void plots_seen_from(const char *folder)
{
	seen_from = folder;
}

void plots_markdown(FILE *f)
{
	unsigned i;

	if (plots_made() == 0)
		return;
	fputs("\n## Plots\n", f);
	for (i = 0; i < PLOTS; i++)
		if (made[i])
			fprintf(f, "\n%s:\n\n![%s](<%s/%s.svg>)\n", plots[i].caption, plots[i].name,
				seen_from, plots[i].name);
}
