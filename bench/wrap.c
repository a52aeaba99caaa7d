/* Lines broken at spaces. See wrap.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "wrap.h"

#include <stdlib.h>
#include <string.h>

FILE *wrap_open(struct wrap *w, FILE *to, int markdown)
{
	memset(w, 0, sizeof(*w));
	w->to = to;
	if (!markdown)
		w->notes = open_memstream(&w->text, &w->len);
	return w->notes != NULL ? w->notes : to;
}

/* How much of a line of len bytes comes on one line: up to the last space within the width, or if a
 * word is wider, up to its end. */
static size_t part_of(const char *line, size_t len, size_t width)
{
	size_t i, end = 0;

	if (len <= width)
		return len;
	for (i = strspn(line, " "); i < len && (i <= width || end == 0); i++)
		if (line[i] == ' ')
			end = i;
	return end > 0 ? end : len;
}

static void print_line(FILE *to, const char *line, size_t len)
{
	const size_t indent = strspn(line, " ") + 2;
	size_t part = part_of(line, len, WRAP_WIDTH);

	fprintf(to, "%.*s\n", (int)part, line);
	while (part < len) {
		line += part + 1;
		len -= part + 1;
		part = part_of(line, len, WRAP_WIDTH - indent);
		fprintf(to, "%*s%.*s\n", (int)indent, "", (int)part, line);
	}
}

void wrap_close(struct wrap *w)
{
	const char *line, *end;

	if (w->notes == NULL)
		return;
	fclose(w->notes);
	for (line = w->text; line != NULL && *line != '\0'; line = end + (*end == '\n')) {
		end = line + strcspn(line, "\n");
		print_line(w->to, line, (size_t)(end - line));
	}
	free(w->text);
}
