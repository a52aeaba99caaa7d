/* What the distributions of a plan come to: those of the kept rounds merged, and compared round by
 * round at two of their percentiles. See plan.h. */
#include <math.h>
#include <string.h>

#include "plan.h"

enum { PEERS_MAX = 64 }; /* more than any case has rows */

/* A percentile, round by round. */
static void series_at(const struct distribution *d, uint32_t ppm, uint32_t rounds, double *v)
{
	uint32_t r;

	for (r = 0; r < rounds; r++)
		v[r] = d != NULL && d->round[r] != NULL && d->round[r]->count > 0
			       ? (double)hist_at(d->round[r], ppm)
			       : (double)NAN;
}

static void judge_one(struct distribution *d, const uint8_t *keep, uint32_t rounds)
{
	double v[STATS_ROUNDS_MAX];
	uint32_t r;

	hist_reset(&d->all);
	for (r = 0; r < rounds; r++)
		if (keep[r] && d->round[r] != NULL)
			hist_merge(&d->all, d->round[r]);
	series_at(d, LATENCY_P50, rounds, v);
	stats_spread_of(v, keep, rounds, &d->p50);
	series_at(d, LATENCY_P99, rounds, v);
	stats_spread_of(v, keep, rounds, &d->p99);
	memset(&d->p99_ratio, 0, sizeof(d->p99_ratio));
}

/* A percentile, of the rounds that were kept. */
static void kept_at(const struct plan *p, const struct plan_row *row, uint32_t ppm, double *v)
{
	const uint8_t *keep = plan_keep(p, row);
	uint32_t r;

	series_at(row->latency, ppm, p->rounds, v);
	for (r = 0; r < p->rounds; r++)
		if (!keep[r])
			v[r] = (double)NAN;
}

/* Ours against the peer that is best at this percentile. */
static void compare(const struct plan *p, const struct plan_row *row, uint32_t ppm,
		    struct stats_spread *out)
{
	static double ns[PEERS_MAX][STATS_ROUNDS_MAX]; /* large; one thread */
	double ours[STATS_ROUNDS_MAX], ratio[STATS_ROUNDS_MAX];
	const double *others[PEERS_MAX];
	uint32_t i, n = 0;

	for (i = 0; i < p->rows && n < PEERS_MAX; i++) {
		const struct plan_row *peer = &p->row[i];

		if (peer->set != row->set || !(peer->b->flags & BENCH_PEER) ||
		    (peer->b->flags & BENCH_SHARING) || peer->latency == NULL)
			continue;
		kept_at(p, peer, ppm, ns[n]);
		others[n] = ns[n];
		n++;
	}
	kept_at(p, row, ppm, ours);
	(void)stats_best(ours, others, n, p->rounds, ratio);
	stats_spread_of(ratio, NULL, p->rounds, out);
}

void judge_latency(struct plan *p, struct plan_row *row)
{
	const uint8_t *keep = plan_keep(p, row);

	if (row->latency == NULL)
		return;
	judge_one(row->latency, keep, p->rounds);
	if (row->service != NULL)
		judge_one(row->service, keep, p->rounds);
	if (row->b->flags & (BENCH_PEER | BENCH_LIMIT | BENCH_PART))
		return;
	compare(p, row, LATENCY_P99, &row->latency->p99_ratio);
}
