/* How many rounds of a set count, and what the machine is usually like. See plan.h. */
#include <math.h>

#include "plan.h"

#define TRIED 12u /* rounds; after them a set that has kept less than one in RARELY is given up */
#define RARELY 6u

static int is_ours(const struct plan_row *row)
{
	return !(row->b->flags & (BENCH_PEER | BENCH_LIMIT | BENCH_PART));
}

static int is_rival(const struct plan_row *row)
{
	return (row->b->flags & BENCH_PEER) && !(row->b->flags & BENCH_SHARING);
}

static int is_of(const struct plan_row *row, uint32_t set)
{
	return row->set == set && row->error[0] == '\0';
}

uint32_t plan_rows_of(const struct plan *p, uint32_t set)
{
	uint32_t i, n = 0;

	for (i = 0; i < p->rows; i++)
		n += is_of(&p->row[i], set) != 0;
	return n;
}

static uint32_t common(const struct plan *p, const struct plan_row *a, const struct plan_row *b)
{
	const uint8_t *in_a = plan_keep(p, a), *in_b = plan_keep(p, b);
	uint32_t r, n = 0;

	for (r = 0; r < p->rounds; r++)
		n += in_a[r] == KEPT && in_b[r] == KEPT;
	return n;
}

uint32_t plan_common_rounds(const struct plan *p, uint32_t set)
{
	uint32_t i, k, n, alone = UINT32_MAX, least = UINT32_MAX;

	for (i = 0; i < p->rows; i++) {
		if (!is_of(&p->row[i], set))
			continue;
		n = common(p, &p->row[i], &p->row[i]);
		alone = n < alone ? n : alone;
		for (k = 0; k < p->rows && is_ours(&p->row[i]); k++) {
			if (!is_of(&p->row[k], set) || !is_rival(&p->row[k]))
				continue;
			n = common(p, &p->row[i], &p->row[k]);
			least = n < least ? n : least;
		}
	}
	return least < UINT32_MAX ? least : alone;
}

static uint32_t taken(const struct plan *p, uint32_t set)
{
	uint32_t i, r, n, most = 0;

	for (i = 0; i < p->rows; i++) {
		for (n = r = 0; is_of(&p->row[i], set) && r < p->rounds; r++)
			n += isnan(p->row[i].sample[r].ns_per_op) ? 0 : 1;
		most = n > most ? n : most;
	}
	return most;
}

int plan_lacks_rounds(const struct plan *p, uint32_t set, uint32_t wanted)
{
	const uint32_t n = plan_common_rounds(p, set), of = taken(p, set);

	return n < wanted && of < 2 * p->opt.rounds && (of < TRIED || n * RARELY >= of);
}

double plan_usual_probe(const struct plan *p)
{
	uint32_t i, r, n = 0;

	for (i = 0; i < p->rows; i++)
		for (r = 0; r < p->rounds; r++) {
			const struct plan_sample *s = &p->row[i].sample[r];

			if (!isnan(s->ns_per_op) && !isnan(s->after))
				p->scratch[n++] = s->after;
		}
	return n > 0 ? stats_median(p->scratch, n) : 0;
}
