/* progress_internal.h - storey flow: what the two files of progress records share. */
#ifndef WEIR_PROGRESS_INTERNAL_H
#define WEIR_PROGRESS_INTERNAL_H

#include <weir/progress.h>

static inline uint64_t pack(uint64_t epoch, unsigned state)
{
	return epoch << 8 | state;
}

#endif
