/* bench/flags.h - what a compiler was told. */
#ifndef BENCH_FLAGS_H
#define BENCH_FLAGS_H

#include <stddef.h>

/* The last word of flags that begins with option, as the last one counts for a compiler; "": none. */
void flags_last(const char *flags, const char *option, char *buf, size_t cap);

/* Are a and b told the same of how to optimise, and for which CPU? */
int flags_alike(const char *a, const char *b);
int flags_optimise(const char *flags);

/* Copies text; of what does not fit the end is replaced by a hash of the whole, so that texts that
 * differ do so here too. */
void flags_copy(char *buf, size_t cap, const char *text);

#endif
