/* The matrix of CPU pairs as CSV and as JSON. See cores.h. */
#include <math.h>

#include "cores.h"
#include "jsonw.h"

static const struct stats_spread *cell_of(const struct cores *c, uint32_t a, uint32_t b, int what)
{
	const struct cores_pair *p = cores_pair_of(c, a, b);

	return p != NULL && p->cell[what].n > 0 ? &p->cell[what] : NULL;
}

void cores_csv(FILE *f, const struct cores *c, int what)
{
	const struct stats_spread *cell;
	uint32_t a, b;

	fputs("cpu", f);
	for (b = 0; b < c->cpus; b++)
		fprintf(f, ",%d", c->place[b].cpu);
	for (a = 0; a < c->cpus; a++) {
		fprintf(f, "\n%d", c->place[a].cpu);
		for (b = 0; b < c->cpus; b++) {
			cell = cell_of(c, a, b, what);
			if (cell != NULL)
				fprintf(f, ",%.2f", cell->median);
			else
				fputc(',', f);
		}
	}
	fputc('\n', f);
}

void cores_csv_pairs(FILE *f, const struct cores *c)
{
	uint32_t i;
	int k;

	fputs("first,answers,distance,what,median_ns,min_ns,max_ns,visits,kept,disturbed\n", f);
	for (i = 0; i < c->pairs; i++)
		for (k = 0; k < CORES_WHATS; k++) {
			const struct cores_pair *p = &c->pair[i];

			if (p->cell[k].n == 0)
				continue;
			fprintf(f, "%d,%d,%s,%s,%.2f,%.2f,%.2f,%u,%u,%u\n", c->place[p->a].cpu,
				c->place[p->b].cpu, cores_class_name[p->apart], cores_what_name[k],
				p->cell[k].median, p->cell[k].min, p->cell[k].max,
				(unsigned)p->visits, (unsigned)p->cell[k].n,
				(unsigned)p->disturbed);
		}
}

/* ---- JSON ---- */

enum part { MEDIAN, MIN, MAX };

static void json_matrix(FILE *f, const struct cores *c, int what, enum part part)
{
	static const char *const name[] = {"median", "min", "max"};
	const struct stats_spread *cell;
	uint32_t a, b;

	fprintf(f, ", \"%s\": [", name[part]);
	for (a = 0; a < c->cpus; a++) {
		fputs(a > 0 ? ",\n      [" : "\n      [", f);
		for (b = 0; b < c->cpus; b++) {
			fputs(b > 0 ? "," : "", f);
			cell = cell_of(c, a, b, what);
			if (cell == NULL)
				fputs("null", f);
			else
				fprintf(f, "%.2f",
					part == MEDIAN ? cell->median
					: part == MIN  ? cell->min
						       : cell->max);
		}
		fputc(']', f);
	}
	fputc(']', f);
}

static uint32_t samples(const struct cores *c, int what)
{
	uint32_t i, n = 0;

	for (i = 0; i < c->pairs; i++)
		n += c->pair[i].cell[what].n;
	return n;
}

static void json_matrices(FILE *f, const struct cores *c)
{
	const char *comma = "";
	int k;

	fputs("\n    \"matrices\": [", f);
	for (k = 0; k < CORES_WHATS && c->cpus <= CORES_JSON_MAX; k++) {
		if (!(c->wanted & 1u << k))
			continue;
		fprintf(f, "%s\n    {", comma);
		jsonw_key_text(f, "what", cores_what_name[k], ", ");
		jsonw_key_text(f, "unit", k == CORES_BARRIER ? "ns per generation" : "ns one way",
			       ", ");
		fprintf(f, "\"samples\": %u", (unsigned)samples(c, k));
		json_matrix(f, c, k, MEDIAN);
		json_matrix(f, c, k, MIN);
		json_matrix(f, c, k, MAX);
		fputc('}', f);
		comma = ",";
	}
	fputc(']', f);
}

static void json_disturbed(FILE *f, const struct cores *c)
{
	const char *comma = "";
	uint32_t i;

	fputs(",\n    \"disturbed\": [", f);
	for (i = 0; i < c->pairs; i++) {
		const struct cores_pair *p = &c->pair[i];

		if (!p->disturbed || p->cell[CORES_LINE].n == 0)
			continue;
		fprintf(f, "%s[%d,%d]", comma, c->place[p->a].cpu, c->place[p->b].cpu);
		comma = ",";
	}
	fputc(']', f);
}

void cores_json(FILE *f, const struct cores *c)
{
	uint32_t i;

	fputs("{\"cpus\": [", f);
	for (i = 0; i < c->cpus; i++)
		fprintf(f, "%s%d", i > 0 ? "," : "", c->place[i].cpu);
	fprintf(f,
		"], \"cpus_usable\": %u, \"pairs\": %u, \"pairs_all\": %u, "
		"\"repeats_planned\": %u, \"repeats\": %u,",
		(unsigned)c->cpus_all, (unsigned)c->pairs, (unsigned)c->pairs_all,
		(unsigned)c->repeats, (unsigned)c->passes);
	json_matrices(f, c);
	json_disturbed(f, c);
	fputc('}', f);
}
