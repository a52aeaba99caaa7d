/* What people see: errors, the progress line, the closing table, the verdict. */
#define _GNU_SOURCE

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fence_files.h"

#define NAME_WIDTH 40u
#define CLEAR_LINE "\r\033[K"
#define LOG_NS UINT64_C(2000000000) /* between two progress lines that are not on a terminal */

typedef unsigned long long ull;

weir_ns now_ns(void)
{
	const struct weir_env *env = weir_env_system();

	return env->now(env->ctx);
}

/* One line in one write: several processes speak at the same time. */
void complain(const char *format, ...)
{
	char text[4096 + 512]; /* a path, and what is wrong with it */
	size_t n;
	va_list ap;

	n = (size_t)snprintf(text, sizeof(text), "%sfence_files: ",
			     isatty(STDERR_FILENO) ? CLEAR_LINE : "");
	va_start(ap, format);
	(void)vsnprintf(text + n, sizeof(text) - n - 1, format, ap);
	va_end(ap);
	n = strlen(text);
	text[n] = '\n';
	if (write(STDERR_FILENO, text, n + 1) < 0)
		return; /* nobody to tell */
}

int complain_weir(const char *doing, const struct weir_error *err)
{
	char text[256];

	(void)weir_error_format(err, text, sizeof(text));
	complain("%s: %s", doing, text);
	return err->code;
}

/* ---- while it runs ---- */

static struct tally_shm look(const struct stream *st)
{
	const struct tally_shm *t = st->tally;
	struct tally_shm copy = {.handled = sums_look(&t->handled), .sent = sums_look(&t->sent)};

	/* relaxed: for the eye while it runs; ordered by waitpid() when it is over */
	copy.end = weir_load_relaxed64(&t->end);
	copy.checks = weir_load_relaxed64(&t->checks);
	copy.disagreed = weir_load_relaxed64(&t->disagreed);
	copy.largest_backlog = weir_load_relaxed64(&t->largest_backlog);
	copy.ns = weir_load_relaxed64(&t->ns);
	return copy;
}

/* On a terminal one line that is written over; elsewhere a line now and then, and at the end. */
void show_progress(const struct job *job, int last)
{
	static weir_ns next;
	int tty = isatty(STDERR_FILENO);
	weir_ns now = now_ns();
	uint64_t lines = 0, bytes = 0, checks = 0;
	uint32_t i;

	if (next == 0)
		next = now + LOG_NS;
	if (job->opt.quiet || (!last && !tty && now < next))
		return;
	next = now + LOG_NS;
	for (i = 0; i < job->n; i++) {
		struct tally_shm t = look(&job->stream[i]);

		lines += t.handled.lines;
		bytes += t.handled.bytes;
		checks += t.checks;
	}
	(void)fprintf(stderr, "%s%u of %u files, %llu lines, %.1f MB handled, %llu checks%s",
		      tty ? CLEAR_LINE : "", job->ended, job->n, (ull)lines, (double)bytes / 1e6,
		      (ull)checks, tty && !last ? "" : "\n");
	(void)fflush(stderr);
}

/* ---- the table ---- */

/* How it went with one file, in a few words; *failed unless it is a disagreement. */
static const char *result_of(const struct job *job, const struct stream *st,
			     const struct tally_shm *t, int *failed, char *buf, size_t cap)
{
	int64_t end = (int64_t)t->end;

	*failed = 1;
	if (st->killed)
		return "sender died";
	if (end == -ENOTCONN)
		return "collector died";
	if (end == -ETIMEDOUT)
		return "collector stuck";
	if (end < 0)
		return strerror((int)-end);
	if (end != DONE)
		return "failed";
	if (!sums_equal(&t->sent, &t->handled))
		return job->collector_ok ? "sums differ" : "collector died";
	*failed = 0;
	if (t->disagreed == 0)
		return "ok";
	(void)snprintf(buf, cap, "%llu disagreed", (ull)t->disagreed);
	return buf;
}

/* The end of a path that is too long; bytes that would upset a terminal become '?'. */
static const char *short_name(const char *path, char out[NAME_WIDTH + 1])
{
	size_t len = strlen(path), i;

	if (len > NAME_WIDTH)
		path += len - NAME_WIDTH;
	(void)snprintf(out, NAME_WIDTH + 1, "%s", path);
	if (len > NAME_WIDTH)
		memcpy(out, "...", 3);
	for (i = 0; out[i] != 0; i++)
		if ((unsigned char)out[i] < ' ' || out[i] == 127)
			out[i] = '?';
	return out;
}

static int name_width(const struct job *job)
{
	size_t width = strlen("total"), len;
	uint32_t i;

	for (i = 0; i < job->n; i++) {
		len = strlen(job->stream[i].path);
		if (len > width)
			width = len;
	}
	return (int)(width < NAME_WIDTH ? width : NAME_WIDTH);
}

static void print_row(int width, const char *name, const struct tally_shm *t, const char *crc,
		      const char *result)
{
	double rate = t->ns != 0 ? (double)t->handled.bytes * 1e3 / (double)t->ns : 0.0;

	printf("%-*s %10llu %13llu %9s %8.1f %8llu %10llu%s%s\n", width, name,
	       (ull)t->handled.lines, (ull)t->handled.bytes, crc, rate, (ull)t->checks,
	       (ull)t->largest_backlog, *result != 0 ? "  " : "", result);
}

static void add_up(struct tally_shm *total, const struct tally_shm *t)
{
	total->handled.lines += t->handled.lines;
	total->handled.parts += t->handled.parts;
	total->handled.bytes += t->handled.bytes;
	total->checks += t->checks;
	total->disagreed += t->disagreed;
	if (t->largest_backlog > total->largest_backlog)
		total->largest_backlog = t->largest_backlog;
}

static uint32_t print_rows(const struct job *job, int width, struct tally_shm *total)
{
	char name[NAME_WIDTH + 1], crc[9], buf[64];
	uint32_t i, failures = 0;

	for (i = 0; i < job->n; i++) {
		const struct stream *st = &job->stream[i];
		struct tally_shm t = look(st);
		int failed;
		const char *result = result_of(job, st, &t, &failed, buf, sizeof(buf));

		failures += failed != 0;
		add_up(total, &t);
		(void)snprintf(crc, sizeof(crc), "%08x", (unsigned)t.handled.crc);
		if (!job->opt.quiet)
			print_row(width, short_name(st->path, name), &t, crc, result);
	}
	return failures;
}

static void print_verdict(const struct job *job, const struct tally_shm *total)
{
	if (total->handled.parts != 0 && !job->opt.quiet)
		printf("%llu messages more than lines: a line of more than %u bytes takes several\n",
		       (ull)total->handled.parts, largest_message(&job->opt));
	if (total->checks == 0)
		printf("no check was made\n");
	else if (total->disagreed == 0)
		printf("all %llu checks agreed\n", (ull)total->checks);
	else
		printf("%llu of %llu checks disagreed%s\n", (ull)total->disagreed,
		       (ull)total->checks,
		       job->opt.fence ? "" : ": a rendezvous is not a fence");
}

int print_report(const struct job *job)
{
	struct tally_shm total = {.ns = job->took};
	int width = name_width(job);
	char result[64] = "";
	uint32_t failures;

	if (!job->opt.quiet)
		printf("%-*s %10s %13s %9s %8s %8s %10s  %s\n", width, "file", "lines", "bytes",
		       "crc32", "MB/s", "checks", "backlog", "result");
	failures = print_rows(job, width, &total);
	if (failures != 0)
		(void)snprintf(result, sizeof(result), "%u of %u files failed", failures, job->n);
	if (!job->opt.quiet)
		print_row(width, "total", &total, "", result);
	print_verdict(job, &total);
	if (fflush(stdout) != 0) {
		complain("standard output: %s", strerror(errno));
		return 1;
	}
	return failures != 0 || !job->collector_ok || (total.disagreed != 0 && job->opt.fence);
}
