/* The rows as CSV: a line each, in the order of the JSON. */
#include <math.h>
#include <string.h>

#include "alloc.h"
#include "csvw.h"
#include "report.h"
#include "report_part.h"

static void flags(FILE *f, uint32_t set)
{
	char text[256] = "";
	size_t at = 0;
	unsigned i;

	for (i = 0; i < REPORT_FLAGS && at < sizeof(text); i++)
		if (set & report_flag[i].flag)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s",
					       at > 0 ? " " : "", report_flag[i].name);
	csvw_text(f, text, ',');
}

/* Of messages, those that arrived. What parties' times of leaving are apart is no rate of anything, nor
 * is the response time of what came at a rate that was given. */
static void rates(FILE *f, const struct plan_row *row)
{
	const int latency = (row->b->flags & BENCH_LATENCY) != 0,
		  rated = row->ns.n > 0 && !(row->b->flags & (BENCH_STAMPS | BENCH_OPEN));
	const double ns = row->ns.median,
		     had = row->lost.n > 0 && !latency ? 1 - row->lost.median : 1,
		     op = rated && ns > 0 ? had * 1e9 / ns : (double)NAN,
		     byte = row->b->size > 0 && !(row->b->flags & BENCH_TIME)
				    ? op * row->b->size / 1e9
				    : (double)NAN;

	csvw_number(f, op, ',');
	csvw_number(f, byte, ',');
}

static void one_row(FILE *f, const struct plan *p, const struct plan_row *row)
{
	const struct bench *b = row->b;
	const int failed = row->error[0] != '\0';

	csvw_text(f, b->group, ',');
	csvw_text(f, b->name, ',');
	csvw_text(f, b->who, ',');
	csvw_text(f, b->unit, ',');
	flags(f, b->flags);
	csvw_count(f, b->size, ',');
	csvw_count(f, b->batch, ',');
	csvw_count(f, b->readers, ',');
	csvw_spread(f, &row->ns, ',');
	rates(f, row);
	csvw_spread(f, &row->ratio, ',');
	csvw_text(f, b->ref, ',');
	csvw_number(f, row->ref.n > 0 ? row->ref.median : (double)NAN, ',');
	csvw_number(f, alloc_counted() && !failed ? row->allocs_per_op : (double)NAN, ',');
	csvw_number(f, row->calls_per_op, ',');
	csvw_number(f, failed ? (double)NAN : row->switches_per_op, ',');
	/* a row that lost one without being lossy has failed */
	csvw_number(f, failed ? (double)NAN : row->lost.n > 0 ? row->lost.median : 0, ',');
	csvw_count(f, row->ns.n, ',');
	csvw_count(f, row->dropped, ',');
	csvw_text(f, row->error, ',');
	csvw_text(f, p->opt.pair != NULL ? p->opt.pair : "", ',');
	csvw_number(f, p->opt.pair != NULL ? p->env->cpu[0] : (double)NAN, ',');
	csvw_number(f, p->opt.pair != NULL ? p->env->cpu[1] : (double)NAN, ',');
	csvw_text(f, row->best_peer != NULL ? row->best_peer : "", ',');
	csvw_number(f, b->evicts && !failed ? (double)row->evicted : (double)NAN, ',');
	csvw_number(f, row->ratio.n > 0 ? row->ratio.low : (double)NAN, ',');
	csvw_number(f, row->ratio.n > 0 ? row->ratio.high : (double)NAN, '\n');
}

void report_csv(FILE *f, const struct plan *p, const struct context *c)
{
	uint32_t i;

	(void)c;
	fputs("group,name,who,unit,flags,size,batch,readers,ns_median,ns_min,ns_max,ops_per_s,"
	      "gb_per_s,ratio_median,ratio_min,ratio_max,ref,ref_median,allocs_per_op,"
	      "syscalls_per_op,switches_per_op,lost_per_op,kept,dropped,error,"
	      "pair,cpu_a,cpu_b,best_peer,evicted,ratio_low,ratio_high\n",
	      f);
	for (; p != NULL; p = p->next)
		for (i = 0; i < p->rows; i++)
			one_row(f, p, &p->row[i]);
}
