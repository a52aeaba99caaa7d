/* Tables. See table.h. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

int table_make(struct table *t, const char *const *heading, int columns, int texts, uint32_t rows)
{
	int i;

	t->rows = 1;
	t->cap = rows + 1;
	t->columns = columns;
	t->texts = texts;
	memset(t->goes, 0, sizeof(t->goes));
	t->row = calloc(t->cap, sizeof(*t->row));
	if (t->row == NULL)
		return -1;
	for (i = 0; i < columns; i++)
		snprintf(t->row[0][i], TABLE_CELL, "%s", heading[i] != NULL ? heading[i] : "");
	return 0;
}

void table_head(struct table *t, int column, const char *const *heading, int columns)
{
	int i;

	for (i = 0; i < columns; i++)
		snprintf(t->row[0][column + i], TABLE_CELL, "%s", heading[i]);
}

void table_free(struct table *t)
{
	free(t->row);
	t->row = NULL;
}

char (*table_row(struct table *t))[TABLE_CELL]
{
	return t->rows < t->cap ? t->row[t->rows++] : NULL;
}

static int says_something(const struct table *t, int column)
{
	uint32_t i;

	for (i = 1; i < t->rows; i++)
		if (column < t->texts ||
		    (t->row[i][column][0] != '\0' && strcmp(t->row[i][column], "-") != 0))
			return 1;
	return 0;
}

/* ---- as text ---- */

/* How it is fitted in. */
struct layout {
	int width[TABLE_COLUMNS]; /* 0: not shown */
	int first;		  /* column: those before it have lines of their own */
	int split;		  /* headings are of two lines */
};

/* Where a heading's second line begins: so that it gets as narrow as can be. */
static int split_at(const char *heading)
{
	const int all = (int)strlen(heading);
	int i, best = all, least = all;

	for (i = 0; i < all; i++) {
		const int rest = all - i - (heading[i] == ' ');

		if ((heading[i] == ' ' || heading[i] == '/') && (i > rest ? i : rest) < least) {
			least = i > rest ? i : rest;
			best = i;
		}
	}
	return best;
}

static int heading_width(const char *heading, int split)
{
	const int all = (int)strlen(heading), at = split_at(heading);
	const int rest = all - at - (heading[at] == ' ');

	return !split ? all : at > rest ? at : rest;
}

static int measure(const struct table *t, struct layout *l)
{
	int c, total = 2 * l->first;
	uint32_t i;

	for (c = l->first; c < t->columns; c++) {
		if (l->width[c] == 0)
			continue;
		l->width[c] = heading_width(t->row[0][c], l->split && c >= t->texts);
		for (i = 1; i < t->rows; i++)
			if ((int)strlen(t->row[i][c]) > l->width[c])
				l->width[c] = (int)strlen(t->row[i][c]);
		total += l->width[c] + 2;
	}
	return total - 2;
}

/* The column that is to go next; -1: none. */
static int least(const struct table *t, const struct layout *l)
{
	int c, least = -1;

	for (c = l->first; c < t->columns; c++)
		if (l->width[c] != 0 && t->goes[c] != 0 &&
		    (least < 0 || t->goes[c] < t->goes[least]))
			least = c;
	return least;
}

static void fit(const struct table *t, struct layout *l)
{
	int c;

	memset(l, 0, sizeof(*l));
	for (c = 0; c < t->columns; c++)
		l->width[c] = says_something(t, c);
	if (measure(t, l) <= TABLE_WIDTH)
		return;
	l->first = t->texts > 1;
	if (measure(t, l) <= TABLE_WIDTH)
		return;
	l->split = 1;
	while (measure(t, l) > TABLE_WIDTH && (c = least(t, l)) >= 0)
		l->width[c] = 0;
}

/* A line of cells, nothing at its end. */
static void print_line(FILE *f, const struct table *t, const struct layout *l,
		       const char *(*text_of)(const struct table *t, int c, char *buf),
		       char (*row)[TABLE_CELL])
{
	int c, pad = 2 * l->first;

	for (c = l->first; c < t->columns; c++) {
		char buf[TABLE_CELL];
		const char *text = text_of != NULL ? text_of(t, c, buf) : row[c];
		const int len = (int)strlen(text);

		if (l->width[c] == 0)
			continue;
		if (len > 0)
			fprintf(f, "%*s%s", pad + (c < t->texts ? 0 : l->width[c] - len), "", text);
		if (len == 0)
			pad += l->width[c] + 2;
		else
			pad = 2 + (c < t->texts ? l->width[c] - len : 0);
	}
	fputc('\n', f);
}

static const char *upper_line(const struct table *t, int c, char *buf)
{
	snprintf(buf, TABLE_CELL, "%.*s", c < t->texts ? 0 : split_at(t->row[0][c]), t->row[0][c]);
	return buf;
}

static const char *lower_line(const struct table *t, int c, char *buf)
{
	const char *heading = t->row[0][c],
		   *rest = heading + (c < t->texts ? 0 : split_at(heading));

	snprintf(buf, TABLE_CELL, "%s", rest + (*rest == ' '));
	return buf;
}

static void print_missing(FILE *f, const struct table *t, const struct layout *l)
{
	const char *before = "  not shown, for the width of this table, but in the Markdown: ";
	int c;

	for (c = l->first; c < t->columns; c++)
		if (l->width[c] == 0 && says_something(t, c)) {
			fprintf(f, "%s%s", before, t->row[0][c]);
			before = ", ";
		}
	if (before[0] == ',')
		fputc('\n', f);
}

static void print_text(FILE *f, const struct table *t)
{
	struct layout l;
	uint32_t i;

	fit(t, &l);
	if (l.split) {
		print_line(f, t, &l, upper_line, NULL);
		print_line(f, t, &l, lower_line, NULL);
	}
	for (i = l.split ? 1 : 0; i < t->rows; i++) {
		if (l.first == 1 && i > 0 && t->row[i][0][0] != '\0')
			fprintf(f, "%s\n", t->row[i][0]);
		print_line(f, t, &l, NULL, t->row[i]);
	}
	print_missing(f, t, &l);
}

/* ---- as Markdown ---- */

static void print_markdown(FILE *f, const struct table *t)
{
	uint32_t i;
	int c;

	for (i = 0; i < t->rows; i++) {
		for (c = 0; c < t->columns; c++)
			if (says_something(t, c))
				fprintf(f, "| %s ", t->row[i][c]);
		fprintf(f, "|\n");
		for (c = 0; i == 0 && c < t->columns; c++)
			if (says_something(t, c))
				fprintf(f, c < t->texts ? "|---" : "|---:");
		if (i == 0)
			fprintf(f, "|\n");
	}
}

void table_cell(FILE *f, const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr("|\\<", *text) != NULL)
			fputc('\\', f);
		fputc(*text, f);
	}
}

void table_print(FILE *f, const struct table *t, int markdown)
{
	(markdown ? print_markdown : print_text)(f, t);
}
