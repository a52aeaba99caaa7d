/* bench/table.h - a table of short texts, on a terminal or as Markdown. */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include <stdint.h>
#include <stdio.h>

enum { TABLE_COLUMNS = 26, TABLE_CELL = 80, TABLE_WIDTH = 160 };

struct table {
	char (*row)[TABLE_COLUMNS][TABLE_CELL]; /* the first one is the heading */
	uint32_t rows, cap;
	int columns;
	int texts; /* so many columns on the left are text: always there, not set to the right */
	int goes[TABLE_COLUMNS]; /* which goes first when a terminal is too narrow; 0: none */
};

/* Room for the heading and so many rows, all empty. 0; -1: no memory. */
int table_make(struct table *t, const char *const *heading, int columns, int texts, uint32_t rows);
/* Headings of some columns, those from `column` on, which table_make() was given none for. */
void table_head(struct table *t, int column, const char *const *heading, int columns);
void table_free(struct table *t);
/* The next row's cells; NULL: there is no more room. */
char (*table_row(struct table *t))[TABLE_CELL];

/* A column that says nothing, "" or "-", in any row is left out. As text no line is wider than
 * TABLE_WIDTH: what stands in the first of several text columns gets lines of its own, headings get
 * two lines, and then columns go in the order of t->goes, which a line below says. */
void table_print(FILE *f, const struct table *t, int markdown);

/* What others have named, the CPU's maker say, as a cell of a table in Markdown. */
void table_cell(FILE *f, const char *text);

#endif
