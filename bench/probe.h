/* bench/probe.h - what state the machine is in right now. */
#ifndef BENCH_PROBE_H
#define BENCH_PROBE_H

#include "bench.h"

/* Round trip over one cache line between the first two CPUs of the run, ns: the median of some
 * chunks of about a millisecond in all. 0 when there is one CPU only; NaN when it failed. */
double probe_machine(struct bench_env *env);

#endif
