/* bench/native.h - rows that google-benchmark times by itself. */
#ifndef BENCH_NATIVE_H
#define BENCH_NATIVE_H

#include "bench.h"

void native_register(struct bench_env *env);

#endif
