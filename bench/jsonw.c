/* Writes JSON as it comes. See jsonw.h. */
#include "jsonw.h"

#include <math.h>

/* How many bytes of UTF-8 the character at s has; 0: that is none. */
static unsigned utf8_len(const unsigned char *s)
{
	/* the second byte's range shuts out what is too long, surrogates, and what is beyond Unicode */
	static const struct {
		unsigned char first, last, low, high, len;
	} lead[] = {
		{0x01, 0x7f, 0, 0, 1},	     {0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	unsigned i = 0, k;

	while (i < sizeof(lead) / sizeof(lead[0]) && (s[0] < lead[i].first || s[0] > lead[i].last))
		i++;
	if (i == sizeof(lead) / sizeof(lead[0]))
		return 0;
	if (lead[i].len > 1 && (s[1] < lead[i].low || s[1] > lead[i].high))
		return 0;
	for (k = 2; k < lead[i].len; k++)
		if ((s[k] & 0xc0) != 0x80)
			return 0;
	return lead[i].len;
}

void jsonw_text(FILE *f, const char *s)
{
	fputc('"', f);
	while (*s != '\0') {
		const unsigned len = utf8_len((const unsigned char *)s);

		if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if (len == 0 || (unsigned char)*s < 0x20)
			fprintf(f, "\\u%04x", (unsigned)(unsigned char)*s);
		else
			fprintf(f, "%.*s", (int)len, s);
		s += len > 0 ? len : 1;
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
	if (!isfinite(v))
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
	jsonw_key_number(f, "low", s->low, ", ");
	jsonw_key_number(f, "high", s->high, ", ");
	fprintf(f, "\"rounds\": %u}%s", (unsigned)s->n, end);
}
