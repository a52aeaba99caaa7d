/* Reads a report for comparison. See compare.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"

#define ROUNDS_MAX 1024u

static int bad(const struct side *s, const char *where, const char *what)
{
	fprintf(stderr, "weir-bench-compare: %s: %s: %s\n", s->path, where, what);
	return -1;
}

static int bad_row(const struct side *s, size_t i, const char *what)
{
	char where[32];

	snprintf(where, sizeof(where), "rows[%zu]", i);
	return bad(s, where, what);
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int has_flag(const json_t *row, const char *name)
{
	const json_t *flags = json_object_get(row, "flags");
	size_t i;

	for (i = 0; i < json_array_size(flags); i++) {
		const char *flag = json_string_value(json_array_get(flags, i));

		if (flag != NULL && strcmp(flag, name) == 0)
			return 1;
	}
	return 0;
}

/* ---- samples ---- */

static int read_sample(const struct side *s, size_t i, const json_t *sample, struct side_row *row)
{
	const json_t *round = json_object_get(sample, "round"),
		     *ns = json_object_get(sample, "ns_per_op"),
		     *kept = json_object_get(sample, "kept");
	json_int_t at = json_integer_value(round);

	if (!json_is_integer(round) || at < 0 || at >= (json_int_t)ROUNDS_MAX)
		return bad_row(s, i, "a sample's round is no whole number from 0 to 1023");
	if (!json_is_number(ns) || json_number_value(ns) <= 0)
		return bad_row(s, i, "a sample's ns_per_op is no number above 0");
	if (!json_is_boolean(kept))
		return bad_row(s, i, "a sample's kept is neither true nor false");
	if ((uint32_t)at >= row->rounds)
		row->rounds = (uint32_t)at + 1;
	if (json_is_true(kept))
		row->ns[at] = json_number_value(ns);
	return 0;
}

static int read_samples(const struct side *s, size_t i, const json_t *json, struct side_row *row)
{
	const json_t *samples = json_object_get(json, "samples");
	size_t k;

	if (!json_is_array(samples))
		return bad_row(s, i, "samples is no array");
	row->ns = malloc(3 * ROUNDS_MAX * sizeof(*row->ns));
	if (row->ns == NULL)
		return bad_row(s, i, "no memory");
	row->kept = row->ns + ROUNDS_MAX;
	row->ratio = row->kept + ROUNDS_MAX;
	for (k = 0; k < ROUNDS_MAX; k++)
		row->ns[k] = (double)NAN;
	for (k = 0; k < json_array_size(samples); k++)
		if (read_sample(s, i, json_array_get(samples, k), row) != 0)
			return -1;
	for (k = 0; k < row->rounds; k++)
		if (!isnan(row->ns[k]))
			row->kept[row->n++] = row->ns[k];
	return 0;
}

/* ---- rows ---- */

static int same_row(const struct side_row *a, const struct side_row *b)
{
	return strcmp(a->group, b->group) == 0 && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->who, b->who) == 0;
}

/* Rows of different pairs of CPUs are different rows: the group says which. */
static void name_pair(json_t *json)
{
	const char *group = text_of(json, "group");
	const char *kind = text_of(json_object_get(json, "pair"), "kind");
	char text[160];

	if (group == NULL || kind == NULL)
		return;
	snprintf(text, sizeof(text), "%s (%s)", group, kind);
	json_object_set_new(json, "group", json_string(text));
}

static int read_row(struct side *s, size_t i, json_t *json)
{
	struct side_row *row = &s->row[i];
	const char *judged_on;
	size_t k;

	name_pair(json);
	row->group = text_of(json, "group");
	row->name = text_of(json, "name");
	row->who = text_of(json, "who");
	s->rows++;
	if (row->group == NULL || row->name == NULL || row->who == NULL)
		return bad_row(s, i, "group, name or who is missing or no text");
	if (!json_is_array(json_object_get(json, "flags")))
		return bad_row(s, i, "flags is no array");
	row->error = text_of(json, "error");
	judged_on = text_of(json, "judged_on");
	row->disturbed = judged_on != NULL && strcmp(judged_on, "all") == 0;
	row->judged = has_flag(json, "peer") && !has_flag(json, "work-sharing");
	row->ours = !has_flag(json, "peer") && !has_flag(json, "limit");
	row->part = has_flag(json, "part");
	for (k = 0; k < i; k++)
		if (same_row(&s->row[k], row))
			return bad_row(s, i, "the same group, name and who as an earlier row");
	return read_samples(s, i, json, row);
}

static int read_rows(struct side *s)
{
	const json_t *rows = json_object_get(s->json, "rows");
	size_t i, n = json_array_size(rows);
	int lines = 0;

	if (!json_is_array(rows))
		return bad(s, "rows", "missing, or no array");
	s->row = calloc(n + 1, sizeof(*s->row));
	if (s->row == NULL)
		return bad(s, "rows", "no memory");
	for (i = 0; i < n; i++) {
		if (read_row(s, i, json_array_get(rows, i)) != 0)
			return -1;
		lines |= has_flag(json_array_get(rows, i), "reads-all-lines");
	}
	s->read = lines ? "lines" : "ends";
	return 0;
}

/* ---- the document ---- */

static int read_version(struct side *s)
{
	const json_t *version = json_object_get(s->json, "version");
	const char *schema = text_of(s->json, "schema");
	char what[96];
	json_int_t is;

	if (schema == NULL || strcmp(schema, "weir-bench") != 0)
		return bad(s, "schema", "not \"weir-bench\": this is no report of weir-bench");
	is = json_integer_value(version);
	s->version = (int)is;
	if (json_is_integer(version) && is >= COMPARE_VERSION_OLDEST &&
	    is <= COMPARE_VERSION_NEWEST)
		return 0;
	snprintf(what, sizeof(what), "%lld is not among those read here, %d to %d", (long long)is,
		 COMPARE_VERSION_OLDEST, COMPARE_VERSION_NEWEST);
	return bad(s, "version", json_is_integer(version) ? what : "missing, or no whole number");
}

int side_read(struct side *s, const char *path)
{
	const json_t *probe, *full;
	json_error_t error;
	char where[32];

	memset(s, 0, sizeof(*s));
	s->path = path;
	s->json = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (s->json == NULL) {
		snprintf(where, sizeof(where), "line %d", error.line);
		return bad(s, error.line > 0 ? where : "not read", error.text);
	}
	if (read_version(s) != 0)
		return -1;
	s->context = json_object_get(s->json, "context");
	if (!json_is_object(s->context))
		return bad(s, "context", "missing, or no object");
	s->shared =
		json_is_true(json_object_get(json_object_get(s->json, "plan"), "oversubscribed"));
	full = json_object_get(json_object_get(s->json, "plan"), "full");
	s->full = json_is_boolean(full) ? json_is_true(full) : -1;
	probe = json_object_get(json_object_get(s->json, "probe_ns"), "median");
	s->probe = json_is_number(probe) ? json_number_value(probe) : (double)NAN;
	return read_rows(s);
}

void side_free(struct side *s)
{
	uint32_t i;

	for (i = 0; i < s->rows; i++)
		free(s->row[i].ns);
	free(s->row);
	json_decref(s->json);
	memset(s, 0, sizeof(*s));
}

/* ---- are they alike? ---- */

static unsigned differs(FILE *f, const char *what, const char *a, const char *b)
{
	if (strcmp(a, b) == 0)
		return 0;
	fprintf(f, "  %s: \"%s\" in OLD, \"%s\" in NEW\n", what, a, b);
	return 1;
}

static const char *fact(const struct side *s, const char *key)
{
	const char *text = text_of(s->context, key);

	return text != NULL ? text : "(not said)";
}

/* What a report says that was made before there was a choice. */
static const char *fact_or(const struct side *s, const char *key, const char *before)
{
	const char *text = text_of(s->context, key);

	return text != NULL ? text : before;
}

/* "Linux 6.1.0-18-amd64 x86_64" up to the second number: updates within a series are alike. */
static const char *kernel_series(const struct side *s, char *buf, size_t cap)
{
	const char *text = fact(s, "kernel"), *dot = strchr(text, '.');
	size_t len = dot != NULL ? (size_t)(dot + 1 - text) + strspn(dot + 1, "0123456789") : 0;

	snprintf(buf, cap, "%.*s", dot != NULL ? (int)len : (int)cap - 1, text);
	return buf;
}

static const char *plan_name(int full)
{
	return full < 0 ? "(not said)" : full ? "full" : "quick";
}

unsigned side_differences(FILE *f, const struct side *a, const struct side *b)
{
	static const char *const facts[] = {
		"machine",	  "cpu",       "microcode",	"cpus_used",
		"hypervisor",	  "compiler",  "cflags",	"cxx_compiler",
		"cxxflags",	  "peers",     "libc",		"governor",
		"no_turbo",	  "boost",     "smt",		"clocksource",
		"numa_balancing", "thp_shmem", "isolated_cpus", "heap_calls",
	};
	char version[2][16], kernel[2][64];
	unsigned n = 0, i;

	for (i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		n += differs(f, facts[i], fact(a, facts[i]), fact(b, facts[i]));
	n += differs(f, "scheduler", fact_or(a, "scheduler", "other"),
		     fact_or(b, "scheduler", "other"));
	n += differs(f, "memory_locked", fact_or(a, "memory_locked", "no"),
		     fact_or(b, "memory_locked", "no"));
	n += differs(f, "kernel", kernel_series(a, kernel[0], sizeof(kernel[0])),
		     kernel_series(b, kernel[1], sizeof(kernel[1])));
	n += differs(f, "what readers look at", a->read, b->read);
	n += differs(f, "CPUs", a->shared ? "one for all roles" : "as dealt out",
		     b->shared ? "one for all roles" : "as dealt out");
	n += differs(f, "plan", plan_name(a->full), plan_name(b->full));
	snprintf(version[0], sizeof(version[0]), "%d", a->version);
	snprintf(version[1], sizeof(version[1]), "%d", b->version);
	return n + differs(f, "version of the schema", version[0], version[1]);
}
