/* The distributions that a plan keeps, a histogram per round. See plan.h. */
#include <stdio.h>
#include <stdlib.h>

#include "latency.h"
#include "plan.h"

int latency_make(struct plan_row *row)
{
	if (!(row->b->flags & BENCH_LATENCY))
		return 0;
	row->latency = calloc(1, sizeof(*row->latency));
	if (row->latency == NULL)
		return -1;
	if (row->b->flags & BENCH_OPEN)
		row->service = calloc(1, sizeof(*row->service));
	return (row->b->flags & BENCH_OPEN) && row->service == NULL ? -1 : 0;
}

static struct hist *new_round(struct distribution *d, uint32_t round)
{
	if (d != NULL)
		d->round[round] = calloc(1, sizeof(*d->round[round]));
	return d != NULL ? d->round[round] : NULL;
}

int latency_take(struct plan *p, struct plan_row *row, uint32_t round, double *ns)
{
	struct hist *response, *service;

	if (row->latency == NULL)
		return 0;
	response = new_round(row->latency, round);
	service = new_round(row->service, round);
	if (response == NULL || (row->service != NULL && service == NULL)) {
		snprintf(p->env->error, sizeof(p->env->error), "no memory for a histogram");
		return -1;
	}
	if (latency_collect(p->env, row->b, row->n, response, service) != 0)
		return -1;
	*ns = (double)hist_at(response, LATENCY_P50);
	*ns = *ns > 0 ? *ns : 1; /* CPUs' clocks may be apart by more than it took */
	return 0;
}

void latency_look_at_clocks(struct plan *p)
{
	uint32_t i;

	for (i = 0; i < p->rows; i++)
		if (p->row[i].b->flags & (BENCH_OPEN | BENCH_STAMPS)) {
			p->clocks_known =
				clock_offset(p->env, &p->clocks_low, &p->clocks_high) == 0;
			p->env->error[0] = '\0'; /* not any row's */
			return;
		}
}

static void free_one(struct distribution *d)
{
	uint32_t r;

	for (r = 0; d != NULL && r < STATS_ROUNDS_MAX; r++)
		free(d->round[r]);
	free(d);
}

void latency_free(struct plan_row *row)
{
	free_one(row->latency);
	free_one(row->service);
	row->latency = row->service = NULL;
}
