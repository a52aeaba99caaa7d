/* Writes CSV as it comes. See csvw.h. */
#include "csvw.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

void csvw_text(FILE *f, const char *s, char end)
{
	if (strpbrk(s, ",\"\r\n") == NULL) {
		fprintf(f, "%s%c", s, end);
		return;
	}
	fputc('"', f);
	for (; *s != '\0'; s++) {
		if (*s == '"')
			fputc('"', f);
		fputc(*s, f);
	}
	fprintf(f, "\"%c", end);
}

void csvw_number(FILE *f, double v, char end)
{
	if (isfinite(v))
		fprintf(f, "%.9g", v);
	fputc(end, f);
}

void csvw_count(FILE *f, uint64_t v, char end)
{
	fprintf(f, "%" PRIu64 "%c", v, end);
}

void csvw_spread(FILE *f, const struct stats_spread *s, char end)
{
	csvw_number(f, s->n > 0 ? s->median : (double)NAN, ',');
	csvw_number(f, s->n > 0 ? s->min : (double)NAN, ',');
	csvw_number(f, s->n > 0 ? s->max : (double)NAN, end);
}
