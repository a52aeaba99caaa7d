/* Where a curve of latency over load bends. See load.h. */
#include <math.h>

#include "load.h"

static int keeps_up(const struct load_point *p)
{
	return !isnan(p->achieved) && !isnan(p->p99) && p->achieved >= LOAD_KEEPS_UP * p->rate;
}

static const struct load_point *floor_of(const struct load_point *p, unsigned n)
{
	const struct load_point *least = NULL;
	unsigned i;

	for (i = 0; i < n; i++)
		if (keeps_up(&p[i]) && (least == NULL || p[i].p99 < least->p99))
			least = &p[i];
	return least;
}

double load_floor(const struct load_point *p, unsigned n)
{
	const struct load_point *least = floor_of(p, n);

	return least != NULL ? least->p99 : (double)NAN;
}

int load_floor_is_noise(const struct load_point *p, unsigned n)
{
	const struct load_point *least = floor_of(p, n);

	return least != NULL && least->p99 > LOAD_TAIL * least->p50;
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
