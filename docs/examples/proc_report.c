/* What people see: rows, errors and news, the summary. */
#define _GNU_SOURCE

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "join_proc.h"

typedef unsigned long long ull;

weir_ns now_ns(void)
{
	const struct weir_env *env = weir_env_system();

	return env->now(env->ctx);
}

/* One line in one write: several processes speak at the same time. */
void complain(const char *format, ...)
{
	char text[512];
	size_t n;
	va_list ap;

	n = (size_t)snprintf(text, sizeof(text), "join_proc: ");
	va_start(ap, format);
	(void)vsnprintf(text + n, sizeof(text) - n - 1, format, ap);
	va_end(ap);
	n = strlen(text);
	text[n] = '\n';
	if (write(STDERR_FILENO, text, n + 1) < 0)
		return; /* nobody to tell */
}

int complain_weir(const char *doing, int rc, const struct weir_error *err)
{
	char text[256];

	if (err == NULL || err->code == 0) {
		complain("%s: %s", doing, weir_error_text(rc));
		return rc;
	}
	(void)weir_error_format(err, text, sizeof(text));
	complain("%s: %s", doing, text);
	return rc;
}

/* ---- rows ---- */

/* The columns: which value of which input, as what. */
static const struct {
	uint32_t input, value;
	const char *head, *csv;
	int width;
} column[] = {
	{CPU, 0, "cpu %", "cpu_percent", 7},
	{MEM, 0, "mem MiB", "mem_mib", 10},
	{NET, 0, "rx KiB/s", "rx_kib_s", 10},
	{NET, 1, "tx KiB/s", "tx_kib_s", 10},
};
#define COLUMNS (sizeof(column) / sizeof(column[0]))

static void flush(void)
{
	if (fflush(stdout) != 0)
		complain("standard output: %s", strerror(errno));
}

void print_header(const struct options *opt)
{
	size_t c;
	uint32_t i;

	if (opt->csv) {
		printf("time_s");
		for (c = 0; c < COLUMNS; c++)
			printf(",%s", column[c].csv);
		printf(",skew_ms");
		for (i = 0; i < INPUTS; i++)
			printf(",%s_epoch", input_name[i]);
		printf("\n");
		flush();
		return;
	}
	printf("%9s", "time s");
	for (c = 0; c < COLUMNS; c++)
		printf(" %*s", column[c].width, column[c].head);
	printf(" %8s  epochs\n", "skew ms");
	flush();
}

static void print_csv(const struct joiner *jn, const struct row *row)
{
	size_t c;
	uint32_t i;

	printf("%.3f", (double)(row->time - jn->began) / (double)NS_PER_S);
	for (c = 0; c < COLUMNS; c++) {
		const struct frame *f = row->frame[column[c].input];

		if (f != NULL)
			printf(",%.1f", f->sample.value[column[c].value]);
		else
			printf(",");
	}
	printf(",%.1f", (double)row->skew / (double)NS_PER_MS);
	for (i = 0; i < INPUTS; i++) {
		if (row->frame[i] != NULL)
			printf(",%llu", (ull)jn->input[i].epoch);
		else
			printf(",");
	}
	printf("\n");
}

static void print_text(const struct joiner *jn, const struct row *row)
{
	size_t c;
	uint32_t i;

	printf("%9.3f", (double)(row->time - jn->began) / (double)NS_PER_S);
	for (c = 0; c < COLUMNS; c++) {
		const struct frame *f = row->frame[column[c].input];

		if (f != NULL)
			printf(" %*.1f", column[c].width, f->sample.value[column[c].value]);
		else
			printf(" %*s", column[c].width, "-");
	}
	printf(" %8.1f  ", (double)row->skew / (double)NS_PER_MS);
	for (i = 0; i < INPUTS; i++) {
		if (row->frame[i] != NULL)
			printf("%s%llu", i == 0 ? "" : " ", (ull)jn->input[i].epoch);
		else
			printf("%s-", i == 0 ? "" : " ");
	}
	printf("\n");
}

void print_row(const struct joiner *jn, const struct row *row)
{
	if (jn->opt->csv)
		print_csv(jn, row);
	else
		print_text(jn, row);
	flush();
}

int print_summary(const struct joiner *jn, weir_ns now)
{
	const struct totals *t = &jn->total;
	FILE *to = jn->opt->csv ? stderr : stdout;
	uint32_t i;

	(void)fprintf(to, "%llu rows in %.1f s, %llu complete; absent:", (ull)t->rows,
		      (double)(now - jn->began) / (double)NS_PER_S, (ull)t->complete);
	for (i = 0; i < INPUTS; i++)
		(void)fprintf(to, " %s %llu%s", input_name[i], (ull)t->absent[i],
			      i + 1u < INPUTS ? "," : "");
	(void)fprintf(to, "; largest skew %.0f ms", (double)t->skew / (double)NS_PER_MS);
	if (t->dropped != 0)
		(void)fprintf(to, "; %llu outputs dropped", (ull)t->dropped);
	(void)fprintf(to, "\n");
	return fflush(stdout) != 0 || ferror(stdout);
}
