/* Writes JSON as it comes. See jsonw.h. */
#include "jsonw.h"

#include <math.h>

void jsonw_text(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			fprintf(f, "\\u%04x", (unsigned)(unsigned char)*s);
		else
			fputc(*s, f);
	}
	fputc('"', f);
}

void jsonw_key_text(FILE *f, const char *key, const char *s, const char *end)
{
	jsonw_text(f, key);
	fputs(": ", f);
	jsonw_text(f, s);
	fputs(end, f);
}

void jsonw_key_number(FILE *f, const char *key, double v, const char *end)
{
	jsonw_text(f, key);
	if (isnan(v))
		fprintf(f, ": null%s", end);
	else
		fprintf(f, ": %.9g%s", v, end);
}

void jsonw_spread(FILE *f, const char *key, const struct stats_spread *s, const char *end)
{
	jsonw_text(f, key);
	if (s->n == 0) {
		fprintf(f, ": null%s", end);
		return;
	}
	fputs(": {", f);
	jsonw_key_number(f, "median", s->median, ", ");
	jsonw_key_number(f, "min", s->min, ", ");
	jsonw_key_number(f, "max", s->max, ", ");
	fprintf(f, "\"rounds\": %u}%s", (unsigned)s->n, end);
}
