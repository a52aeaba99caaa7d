/* bench/wrap.h - notes on a terminal: lines of a width that can be read. */
#ifndef BENCH_WRAP_H
#define BENCH_WRAP_H

#include <stddef.h>
#include <stdio.h>

enum { WRAP_WIDTH = 100 };

struct wrap {
	FILE *to, *notes;
	char *text;
	size_t len;
};

/* Where to write notes that are to come out at `to`. As Markdown, or without memory, that is `to`
 * itself. */
FILE *wrap_open(struct wrap *w, FILE *to, int markdown);

/* Writes them, broken at spaces where they are longer than WRAP_WIDTH; what follows is indented by
 * two more than the line was. Words are never broken. */
void wrap_close(struct wrap *w);

#endif
