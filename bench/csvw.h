/* bench/csvw.h - writes CSV as it comes: commas, quotes where RFC 4180 wants them, lines end in \n.
 * A number that does not exist is an empty field. */
#ifndef BENCH_CSVW_H
#define BENCH_CSVW_H

#include <stdint.h>
#include <stdio.h>

#include "stats.h"

void csvw_text(FILE *f, const char *s, char end); /* end: ',' or '\n' */
void csvw_number(FILE *f, double v, char end);
void csvw_count(FILE *f, uint64_t v, char end);
void csvw_spread(FILE *f, const struct stats_spread *s, char end); /* median,min,max */

#endif
