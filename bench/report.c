/* Reports: the same tables and notes to the terminal and as Markdown. See report.h. */
#include "report.h"

#include <string.h>

#include "preflight.h"
#include "plots.h"
#include "report_part.h"
#include "study.h"
#include "wrap.h"
#include "table.h"

#define WAITING_TOO_MUCH 0.02 /* of the time, median over the rows */

static const char *group_after(const struct plan *p, const char *group)
{
	const char *last = NULL;
	uint32_t i, k;

	for (i = 0; i < p->rows; i++) {
		const char *g = p->row[i].b->group;

		for (k = 0; k < i && strcmp(p->row[k].b->group, g) != 0; k++)
			;
		if (k < i)
			continue;
		if (group == NULL || (last != NULL && strcmp(last, group) == 0))
			return g;
		last = g;
	}
	return NULL;
}

/* Where it ran and what was left out for that. */
static void about_place(FILE *f, const struct plan *p, const char *bullet)
{
	if (p->opt.pair != NULL)
		fprintf(f,
			"%sCPUs %d and %d (%s): %u rows that have not two roles are left out; of "
			"these CPUs:\n",
			bullet, p->env->cpu[0], p->env->cpu[1], p->opt.pair,
			(unsigned)p->not_of_two);
	if (p->opt.oversubscribed)
		fprintf(f, "%soversubscribed: all roles share CPU %d\n", bullet, p->env->cpu[0]);
	if (p->left_out > 0 && p->opt.oversubscribed)
		fprintf(f, "%s%u rows that spin are left out: nobody would give the CPU away\n",
			bullet, (unsigned)p->left_out);
	else if (p->left_out > 0)
		fprintf(f,
			"%s%u rows that spin with more roles than CPUs are left out of the quick "
			"plan: "
			"they measure the scheduler's time slice; --full has them\n",
			bullet, (unsigned)p->left_out);
	if (p->left_out_stamps > 0)
		fprintf(f,
			"%s%u rows that time how a barrier is left are left out: more roles than "
			"CPUs, "
			"and one that spins or is late would keep another from its CPU\n",
			bullet, (unsigned)p->left_out_stamps);
}

/* --fifo and --mlock. */
static void about_realtime(FILE *f, const struct plan *p, const char *bullet)
{
	const struct bench_env *env = p->env;

	if (env->fifo > 0)
		fprintf(f, "%sroles are SCHED_FIFO, priority %d, from start to end of a sample\n",
			bullet, env->fifo);
	if (env->locked)
		fprintf(f, "%sthe memory of roles is locked\n", bullet);
	if (p->not_as_asked > 0 && env->fifo > 0)
		fprintf(f,
			"%s%u rows are left out for --fifo: their roles would share a CPU, where "
			"one "
			"that spins never lets the other run, or a launcher starts them\n",
			bullet, (unsigned)p->not_as_asked);
	else if (p->not_as_asked > 0)
		fprintf(f, "%s%u rows are left out for --mlock: a launcher starts their roles\n",
			bullet, (unsigned)p->not_as_asked);
}

static void about_plan(FILE *f, const struct plan *p, const char *bullet)
{
	about_place(f, p, bullet);
	about_realtime(f, p, bullet);
	fprintf(f, "%s%u rounds, %u planned; samples of %.0f ms; ", bullet, (unsigned)p->rounds,
		(unsigned)p->opt.rounds, p->opt.sample_ns / 1e6);
	if (p->env->cpus > 1)
		fprintf(f, "machine probe (round trip of one line): median %.0f ns, %.0f..%.0f\n",
			p->probe.median, p->probe.min, p->probe.max);
	else
		fprintf(f, "one CPU, so no machine probe\n");
	fprintf(f,
		"%sa sample is dropped when a probe beside it is beyond %.1f x or below %.1f x "
		"that median, or others, or the host, had its CPUs for more than %.0f %% of the "
		"time; a ratio "
		"needs both of its samples\n",
		bullet, STATS_OUT_HIGH, STATS_OUT_LOW, STATS_WAIT_HIGH * 100);
	fprintf(f,
		"%srows with ! kept fewer than two samples and are judged on all of them: "
		"indications only\n",
		bullet);
	fprintf(f, "%sreaders look at %s of each message\n", bullet,
		p->rows > 0 && (p->row[0].b->flags & BENCH_LINES) ? "every line"
								  : "the first and last word");
	if (p->waiting > WAITING_TOO_MUCH)
		fprintf(f,
			"%scaution: others had these CPUs for %.0f %% of the time: what is left "
			"after "
			"dropping is little, and the rows with * are not to be trusted\n",
			bullet, p->waiting * 100);
}

static void summary(FILE *f, const struct plan *p, const struct context *c, const char *bullet)
{
	unsigned i;

	if (plan_interrupted(p))
		fprintf(f, "%sinterrupted: this is what was done\n", bullet);
	for (; p != NULL; p = p->next)
		if (p->rows > 0)
			about_plan(f, p, bullet);
	for (i = 0; i < c->n; i++)
		if (c->fact[i].warning != NULL)
			fprintf(f, "%scaution, %s = %s: %s\n", bullet, c->fact[i].key,
				c->fact[i].value, c->fact[i].warning);
}

static void group_title(FILE *f, const struct plan *p, const char *group, int markdown)
{
	fprintf(f, "\n%s%s", markdown ? "## " : "", group);
	if (p->opt.pair != NULL)
		fprintf(f, ", CPUs %d,%d (%s)", p->env->cpu[0], p->env->cpu[1], p->opt.pair);
	fputs(markdown ? "\n\n" : "\n", f);
}

/* The groups of one plan. */
static void groups(FILE *f, const struct plan *p, int markdown)
{
	const char *group = NULL, *bullet = markdown ? "* " : "  ";
	struct wrap w;

	while ((group = group_after(p, group)) != NULL) {
		group_title(f, p, group, markdown);
		report_table(f, p, group, markdown);
		if (markdown)
			fputc('\n', f);
		report_notes(wrap_open(&w, f, markdown), p, group, bullet);
		wrap_close(&w);
	}
}

static void report(FILE *f, const struct plan *p, const struct context *c, int markdown)
{
	const char *bullet = markdown ? "* " : "  ";
	const struct plan *one;
	struct wrap w;

	if (preflight_noise()[0] != '\0')
		fprintf(f, markdown ? "\n**%s**\n" : "\n%s\n", preflight_noise());
	if (markdown)
		plots_markdown(f);
	for (one = p; one != NULL; one = one->next)
		groups(f, one, markdown);
	study_report_all(f, markdown);
	fprintf(f, markdown ? "\n## About this run\n\n" : "\nabout this run\n");
	f = wrap_open(&w, f, markdown);
	summary(f, p, c, bullet);
	preflight_report(f, markdown);
	wrap_close(&w);
}

void report_text(FILE *f, const struct plan *p, const struct context *c)
{
	report(f, p, c, 0);
}

void report_markdown(FILE *f, const struct plan *p, const struct context *c)
{
	unsigned i;

	fprintf(f, "# weir benchmark report\n");
	report(f, p, c, 1);
	fprintf(f, "\n| | |\n|---|---|\n");
	for (i = 0; i < c->n; i++) {
		fprintf(f, "| %s | ", c->fact[i].key);
		table_cell(f, c->fact[i].value);
		fputs(" |\n", f);
	}
}
