/* bench/jsonw.h - writes JSON as it comes: no document in memory. Numbers that do not exist or are not
 * finite are null. `end` is written behind the value: a comma, a newline. */
#ifndef BENCH_JSONW_H
#define BENCH_JSONW_H

#include <stdio.h>

#include "stats.h"

/* A byte that is no UTF-8 becomes the character of that number. */
void jsonw_text(FILE *f, const char *s);
void jsonw_key_text(FILE *f, const char *key, const char *s, const char *end);
void jsonw_key_number(FILE *f, const char *key, double v, const char *end);
void jsonw_spread(FILE *f, const char *key, const struct stats_spread *s, const char *end);

#endif
