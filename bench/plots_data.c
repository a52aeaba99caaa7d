/* The rows as data for plots. See plots_data.h. */
#include "plots_data.h"

#include <string.h>

#include "csvw.h"
#include "report_part.h"

/* Each pair of CPUs has curves of its own. A name is one word. */
static const char *who_of(const struct plan *p, const char *who, char *buf, size_t cap)
{
	snprintf(buf, cap, "%s%s%s", who, p->opt.pair != NULL ? "@" : "",
		 p->opt.pair != NULL ? p->opt.pair : "");
	return buf;
}

/* Every ratio to the best peer, in the order of the tables. */
static unsigned ratios(FILE *f, const struct plan *p)
{
	uint32_t s, i;
	unsigned n = 0;
	char who[96];

	for (s = 0; s < p->sets; s++)
		for (i = 0; i < p->rows; i++) {
			const struct plan_row *row = &p->row[i];

			if (row->set != s || row->ratio.n == 0)
				continue;
			csvw_text(f, row->b->group, ',');
			csvw_text(f, row->b->name, ',');
			csvw_text(f, who_of(p, row->b->who, who, sizeof(who)), ',');
			csvw_spread(f, &row->ratio, ',');
			csvw_count(f, row->ratio.n, ',');
			csvw_text(f, report_verdict_word(row), ',');
			csvw_number(f, row->ratio.low, ',');
			csvw_number(f, row->ratio.high, '\n');
			n++;
		}
	return n;
}

/* One reader on threads, in balance; and what can be streamed at all. */
static int is_throughput(const struct bench *b)
{
	if (b->size == 0 || b->readers != 1 || b->skew != BENCH_EVEN ||
	    (b->flags & (BENCH_PROCS | BENCH_LOSSY)))
		return 0;
	return strcmp(b->group, "ring") == 0 ||
	       (strcmp(b->group, "limits") == 0 && strcmp(b->who, "prefetch") == 0);
}

static void throughput_line(FILE *f, const struct plan *p, const struct plan_row *row)
{
	const struct bench *b = row->b;
	char who[96];

	csvw_text(f, who_of(p, b->flags & BENCH_LIMIT ? "limit:stream" : b->who, who, sizeof(who)),
		  ',');
	csvw_count(f, b->size, ',');
	csvw_count(f, b->batch, ',');
	csvw_number(f, 1e9 / row->ns.median, ',');
	csvw_number(f, 1e9 / row->ns.max, ',');
	csvw_number(f, 1e9 / row->ns.min, ',');
	csvw_number(f, b->size / row->ns.median, ',');
	csvw_text(f,
		  b->flags & BENCH_PEER	   ? "peer"
		  : b->flags & BENCH_LIMIT ? "limit"
					   : "weir",
		  '\n');
}

static unsigned throughput(FILE *f, const struct plan *p)
{
	unsigned n = 0;
	uint32_t i;

	for (i = 0; i < p->rows; i++)
		if (is_throughput(p->row[i].b) && p->row[i].ns.n > 0) {
			throughput_line(f, p, &p->row[i]);
			n += strcmp(p->row[i].b->group, "ring") == 0;
		}
	return n;
}

static unsigned barriers(FILE *f, const struct plan *p)
{
	unsigned n = 0;
	uint32_t i;
	char who[96];

	for (i = 0; i < p->rows; i++) {
		const struct plan_row *row = &p->row[i];
		const struct bench *b = row->b;

		if (strcmp(b->group, "rendezvous") != 0 || row->ns.n == 0)
			continue;
		csvw_text(f, who_of(p, b->who, who, sizeof(who)), ',');
		csvw_count(f, b->readers + 1, ',');
		csvw_text(f,
			  b->way == BENCH_SPIN	  ? "spin"
			  : b->way == BENCH_YIELD ? "yield"
						  : "park",
			  ',');
		csvw_text(f, b->flags & BENCH_PROCS ? "processes" : "threads", ',');
		csvw_spread(f, &row->ns, ',');
		csvw_text(f, b->flags & BENCH_PEER ? "peer" : "weir", '\n');
		n++;
	}
	return n;
}

unsigned plots_ratios(FILE *f, const struct plan *p)
{
	unsigned n = 0;

	fputs("group,name,who,ratio_median,ratio_min,ratio_max,rounds,verdict,ratio_low,ratio_high\n", f);
	for (; p != NULL; p = p->next)
		n += ratios(f, p);
	return n;
}

unsigned plots_throughput(FILE *f, const struct plan *p)
{
	unsigned n = 0;

	fputs("transport,size,batch,per_s_median,per_s_min,per_s_max,gb_per_s,kind\n", f);
	for (; p != NULL; p = p->next)
		n += throughput(f, p);
	return n;
}

unsigned plots_barriers(FILE *f, const struct plan *p)
{
	unsigned n = 0;

	fputs("barrier,parties,way,on,ns_median,ns_min,ns_max,kind\n", f);
	for (; p != NULL; p = p->next)
		n += barriers(f, p);
	return n;
}
