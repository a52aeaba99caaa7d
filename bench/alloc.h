/* bench/alloc.h - how often this thread has called the heap. C and C++. */
#ifndef BENCH_ALLOC_H
#define BENCH_ALLOC_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Heap calls of the calling thread so far, frees included. Stays 0 where alloc_counted() is 0. */
uint64_t alloc_calls(void);

/* 0 when the heap could not be interposed: not glibc, or a sanitizer owns it. */
int alloc_counted(void);

#ifdef __cplusplus
}
#endif
#endif
