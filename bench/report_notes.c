/* What to know about the table of a group. See report_part.h. */
#include <string.h>

#include "cell.h"
#include "driver.h"
#include "latency_report.h"
#include "report_part.h"

/* ---- the verdict ---- */

enum { AHEAD, NO_DIFFERENCE, BEHIND, UNTOLD, VERDICTS };

static const char *const verdict_text[VERDICTS] = {
	[AHEAD] = "ahead of the best peer",
	[NO_DIFFERENCE] = "no difference seen",
	[BEHIND] = "behind",
	[UNTOLD] = "too few quiet rounds to tell",
};

/* VERDICTS: it is compared with nobody. */
static int verdict_of(const struct plan_row *row)
{
	if (row->ratio.n == 0)
		return VERDICTS;
	if (row->ratio_disturbed ||
	    (stats_side(&row->ratio, 1) != 0 && row->ratio.n < STATS_TELLING))
		return UNTOLD;
	return NO_DIFFERENCE - stats_side(&row->ratio, 1);
}

const char *report_verdict_word(const struct plan_row *row)
{
	static const char *const word[VERDICTS + 1] = {
		[AHEAD] = "ahead",   [NO_DIFFERENCE] = "none", [BEHIND] = "behind",
		[UNTOLD] = "untold", [VERDICTS] = "",
	};

	return word[verdict_of(row)];
}

enum { NAMED_MAX = 6 };

/* The rows with one verdict, the first of them by name. */
static void print_side(FILE *f, const struct plan *p, const char *group, int verdict, uint32_t of)
{
	uint32_t i, named = 0;

	fprintf(f, "%s in %u", verdict_text[verdict], (unsigned)of);
	for (i = 0; i < p->rows; i++) {
		const struct plan_row *row = &p->row[i];

		if (strcmp(row->b->group, group) != 0 || verdict_of(row) != verdict ||
		    named++ >= NAMED_MAX)
			continue;
		fprintf(f, "%s%s", named == 1 ? " (" : ", ", row->b->name);
		if (strcmp(row->b->who, "weir") != 0)
			fprintf(f, " %s", row->b->who);
		if (verdict != UNTOLD)
			fprintf(f, " %.2f", row->ratio.median);
	}
	fprintf(f, named > NAMED_MAX ? " and %u more)" : ")",
		(unsigned)(named > NAMED_MAX ? named - NAMED_MAX : 0));
}

/* In one sentence; nothing of a group without comparisons. */
static void print_verdict(FILE *f, const struct plan *p, const char *group, const char *bullet)
{
	uint32_t i, of[VERDICTS + 1] = {0};
	const char *comma = ": ";
	int v;

	for (i = 0; i < p->rows; i++)
		if (strcmp(p->row[i].b->group, group) == 0)
			of[verdict_of(&p->row[i])]++;
	if (of[AHEAD] + of[NO_DIFFERENCE] + of[BEHIND] + of[UNTOLD] == 0)
		return;
	fprintf(f, "%sverdict", bullet);
	for (v = 0; v < VERDICTS; v++) {
		if (of[v] == 0)
			continue;
		fputs(comma, f);
		print_side(f, p, group, v, of[v]);
		comma = "; ";
	}
	fputc('\n', f);
}

/* ---- references ---- */

/* Who stands in a row's own case and is what its "x ref" is against; NULL: not in that case. */
static const char *ref_in_case(const struct bench *b)
{
	char name[160];
	size_t len;

	bench_full_name(b, name, sizeof(name));
	len = strlen(name) - strlen(b->who);
	return strncmp(b->ref, name, len) == 0 ? b->ref + len : NULL;
}

static int same_ref(const struct bench *a, const struct bench *b)
{
	const char *in_a = ref_in_case(a), *in_b = ref_in_case(b);

	if (in_a != NULL && in_b != NULL)
		return strcmp(a->group, b->group) == 0 && strcmp(in_a, in_b) == 0;
	return strcmp(a->ref, b->ref) == 0;
}

static const char *ref_column(const struct plan_row *row)
{
	return row->ref_is_limit ? "x limit" : "x ref";
}

/* What "x ref" and "x limit" compare with: each reference once. Those of processes are all of one
 * kind, and those of lossy writers. */
static void explain_refs(FILE *f, const struct plan *p, const char *group, const char *bullet)
{
	uint32_t i, k;
	int same_case = 0, lossy = 0;

	for (i = 0; i < p->rows; i++) {
		const struct bench *b = p->row[i].b;

		if (p->row[i].ref.n == 0 || strcmp(b->group, group) != 0)
			continue;
		if ((b->flags & BENCH_LOSSY) && strcmp(group, "ring") == 0) {
			lossy = 1;
			continue;
		}
		if ((b->flags & BENCH_PROCS) && ref_in_case(b) == NULL &&
		    strncmp(b->ref, group, strlen(group)) == 0) {
			same_case = 1;
			continue;
		}
		for (k = 0; k < i; k++)
			if (p->row[k].ref.n > 0 && same_ref(p->row[k].b, b))
				break;
		if (k == i && ref_in_case(b) != NULL)
			fprintf(f, "%s%s of %s/%s and its like is against %s of the same case\n",
				bullet, ref_column(&p->row[i]), b->name, b->who, ref_in_case(b));
		else if (k == i)
			fprintf(f, "%s%s of %s/%s and its like is against %s\n", bullet,
				ref_column(&p->row[i]), b->name, b->who, b->ref);
	}
	if (same_case)
		fprintf(f, "%sx ref of our processes rows is against the same case on threads\n",
			bullet);
	if (lossy)
		fprintf(f, "%sx ref of lossy rows is against the writer that waits, same case\n",
			bullet);
}

/* The rates beside them need to be read with what was lost. */
static void explain_lost(FILE *f, const struct plan *p, const char *group, const char *bullet)
{
	uint32_t i;

	for (i = 0; i < p->rows; i++)
		if (p->row[i].lost.n > 0 && strcmp(p->row[i].b->group, group) == 0) {
			fprintf(f,
				"%slost %%: of all messages to all readers, those that a reader "
				"missed, and said so%s\n",
				bullet,
				latency_is_in(p, group) ? ""
							: "; ns/op is per message sent, M/s and "
							  "GB/s count what arrived");
			return;
		}
}

/* What "rest ns" is without. The rows of one group differ in their cases only: the first tells. */
static void explain_rest(FILE *f, const struct plan *p, const char *group, const char *bullet)
{
	uint32_t i;

	for (i = 0; i < p->rows; i++) {
		const struct bench *b = p->row[i].b;

		if (p->row[i].rest.n == 0 || strcmp(b->group, group) != 0)
			continue;
		fprintf(f, "%srest ns of %s/%s and its like is without %s%s%s\n", bullet, b->name,
			b->who, b->less[0], b->less[1][0] != '\0' ? " and " : "", b->less[1]);
		return;
	}
}

/* ---- what else ---- */

/* The signs before ratios, where there are any. */
static void explain_signs(FILE *f, const struct plan *p, const char *group, const char *bullet)
{
	int same = 0, few = 0;
	uint32_t i, k;

	for (i = 0; i < p->rows; i++) {
		const struct plan_row *row = &p->row[i];
		const char sign[] = {
			cell_sign(&row->ratio, row->ratio_disturbed),
			cell_sign(&row->ref, row->ref_disturbed),
			row->latency == NULL
				? (char)0
				: cell_sign(&row->latency->p99_ratio, row->ratio_disturbed),
		};

		for (k = 0; k < sizeof(sign) && strcmp(row->b->group, group) == 0; k++) {
			same |= sign[k] == '~';
			few |= sign[k] == '?';
		}
	}
	if (same)
		fprintf(f,
			"%s~: no difference seen: 1 lies within low..high, the ranks that hold the "
			"median 31 times in 32\n",
			bullet);
	if (few)
		fprintf(f, "%s?: fewer than %u rounds on one side, or none that was quiet\n",
			bullet, STATS_TELLING);
}

/* Those who publish one by one do not do the same in one thing. */
static void explain_single(FILE *f, const struct plan *p, const char *group, const char *bullet)
{
	uint32_t i;

	for (i = 0; i < p->rows; i++) {
		const struct bench *b = p->row[i].b;

		if (strcmp(b->group, group) != 0 || strcmp(group, "ring") != 0 || b->batch != 1 ||
		    (b->flags & (BENCH_PEER | BENCH_LOSSY)) || strcmp(b->who, "weir") != 0)
			continue;
		fprintf(f,
			"%ssingle: the reader of weir gives space back every 32 messages, those of "
			"weir-each and of the peers' single-element calls at every message; "
			"weir-run, "
			"boost-spsc-all, rte_ring-burst and wfcqueue-splice take what is there at "
			"once\n",
			bullet);
		return;
	}
}

/* Blocks are counted by their messages, and are less than so many messages. */
static void explain_blocks(FILE *f, const struct plan *p, const char *group, const char *bullet)
{
	uint32_t i;

	for (i = 0; i < p->rows; i++) {
		const struct bench *b = p->row[i].b;

		if (strcmp(b->group, group) != 0 || strcmp(b->who, "weir-block") != 0)
			continue;
		fprintf(f,
			"%sweir-block: one record holds 32 messages (two of 16 at 1 KiB); figures "
			"are per message, delivery, progress and loss are per record\n",
			bullet);
		return;
	}
}

void report_notes(FILE *f, const struct plan *p, const char *group, const char *bullet)
{
	uint32_t i;
	int shared = 0;

	for (i = 0; i < p->rows; i++) {
		const struct plan_row *row = &p->row[i];

		if (strcmp(row->b->group, group) != 0)
			continue;
		shared |= driver_oversubscribed(p->env, row->b->readers);
		if (row->error[0] != '\0')
			fprintf(f, "%s%s/%s FAILED: %s\n", bullet, row->b->name, row->b->who,
				row->error);
	}
	print_verdict(f, p, group, bullet);
	if (latency_is_in(p, group))
		latency_notes(f, p, group, bullet);
	explain_signs(f, p, group, bullet);
	explain_single(f, p, group, bullet);
	explain_blocks(f, p, group, bullet);
	explain_refs(f, p, group, bullet);
	explain_rest(f, p, group, bullet);
	explain_lost(f, p, group, bullet);
	if (shared)
		fprintf(f,
			"%s* oversubscribed: roles share a CPU; scaling over real cores is not "
			"measured\n",
			bullet);
}
