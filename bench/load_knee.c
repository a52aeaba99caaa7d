/* Where a curve of latency over load bends. See load.h. */
#include <math.h>

#include "load.h"

static int keeps_up(const struct load_point *p)
{
	return !isnan(p->achieved) && !isnan(p->p99) && p->achieved >= LOAD_KEEPS_UP * p->rate;
}

double load_floor(const struct load_point *p, unsigned n)
{
	double least = (double)NAN;
	unsigned i;

	for (i = 0; i < n; i++)
		if (keeps_up(&p[i]) && !(p[i].p99 >= least))
			least = p[i].p99;
	return least;
}

int load_knee(const struct load_point *p, unsigned n)
{
	const double most = LOAD_TAIL * load_floor(p, n);
	unsigned i, bad = 0;
	int knee = -1;

	for (i = 0; i < n && bad < 2; i++)
		if (keeps_up(&p[i]) && p[i].p99 <= most) {
			knee = (int)i;
			bad = 0;
		} else {
			bad++;
		}
	return knee;
}
