/* bench/pace.h - when message i is due at a fixed rate. Pure. C and C++. */
#ifndef BENCH_PACE_H
#define BENCH_PACE_H

#include "bench.h"

/*
 * The schedule stands before the first message: message i is due at start + floor(i * 10^9 / rate)
 * ns, exactly, whatever happened to those before it. Whoever is late sends what is due at once, one
 * after another, and skips nothing. Rate 0: all are due at the start.
 */
#define PACE_RATE_MAX UINT64_C(1000000000)

struct pace {
	uint64_t due;		    /* of the next message */
	uint64_t whole, rest, rate; /* the interval is whole + rest / rate ns */
	uint64_t part;		    /* what is due beyond `due`, in 1 / rate ns */
};

BENCH_INLINE void pace_start(struct pace *p, uint64_t start, uint64_t rate)
{
	p->due = start;
	p->part = 0;
	p->rate = rate > 0 ? rate : 1;
	p->whole = rate > 0 ? UINT64_C(1000000000) / rate : 0;
	p->rest = rate > 0 ? UINT64_C(1000000000) % rate : 0;
}

BENCH_INLINE void pace_next(struct pace *p)
{
	p->due += p->whole;
	p->part += p->rest;
	if (p->part >= p->rate) {
		p->part -= p->rate;
		p->due++;
	}
}

#endif
