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
	t->row = calloc(t->cap, sizeof(*t->row));
	if (t->row == NULL)
		return -1;
	for (i = 0; i < columns; i++)
		snprintf(t->row[0][i], TABLE_CELL, "%s", heading[i]);
	return 0;
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

static void print_text(FILE *f, const struct table *t)
{
	int width[TABLE_COLUMNS], c, pad;
	uint32_t i;

	for (c = 0; c < t->columns; c++) {
		width[c] = 0;
		for (i = 0; i < t->rows && says_something(t, c); i++)
			if ((int)strlen(t->row[i][c]) > width[c])
				width[c] = (int)strlen(t->row[i][c]);
	}
	for (i = 0; i < t->rows; i++) {
		pad = 0; /* nothing at the end of a line */
		for (c = 0; c < t->columns; c++) {
			const int len = (int)strlen(t->row[i][c]);

			if (width[c] == 0)
				continue;
			if (len > 0)
				fprintf(f, "%*s%s", pad + (c < t->texts ? 0 : width[c] - len), "",
					t->row[i][c]);
			if (len == 0)
				pad += width[c] + 2;
			else
				pad = 2 + (c < t->texts ? width[c] - len : 0);
		}
		fputc('\n', f);
	}
}

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

void table_print(FILE *f, const struct table *t, int markdown)
{
	(markdown ? print_markdown : print_text)(f, t);
}
