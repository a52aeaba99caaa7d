/*
 * json_schema SCHEMA FILE: is FILE what SCHEMA says? Knows the keywords of JSON Schema, draft 07, that
 * bench/schema.json uses, and refuses any other, so that none can stand there unchecked. Exit status: 0
 * it is; 1 it is not, each fault on a line of its own; 2 misuse, or one of them cannot be used.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_LEN 512u
#define DEPTH_MAX 32

static const json_t *root;
static unsigned faults;
static int quiet; /* trying an alternative: faults are counted only */

static _Noreturn void unusable(const char *what, const char *which)
{
	fprintf(stderr, "json_schema: %s: %s\n", what, which);
	exit(2);
}

static void fault(const char *path, const char *what, const char *which)
{
	faults++;
	if (!quiet)
		printf("%s: %s %s\n", path[0] != '\0' ? path : "/", what, which);
}

static void check(const json_t *schema, const json_t *value, const char *path, int depth);

/* ---- keywords ---- */

static int is_type(const char *type, const json_t *value)
{
	if (strcmp(type, "object") == 0)
		return json_is_object(value);
	if (strcmp(type, "array") == 0)
		return json_is_array(value);
	if (strcmp(type, "string") == 0)
		return json_is_string(value);
	if (strcmp(type, "boolean") == 0)
		return json_is_boolean(value);
	if (strcmp(type, "null") == 0)
		return json_is_null(value);
	if (strcmp(type, "integer") == 0)
		return json_is_integer(value);
	if (strcmp(type, "number") == 0)
		return json_is_number(value);
	unusable("unknown type", type);
}

static void check_type(const json_t *type, const json_t *value, const char *path)
{
	char *text;
	size_t i;

	if (json_is_string(type) && is_type(json_string_value(type), value))
		return;
	for (i = 0; i < json_array_size(type); i++)
		if (is_type(json_string_value(json_array_get(type, i)), value))
			return;
	text = json_dumps(type, JSON_ENCODE_ANY);
	fault(path, "is not of type", text != NULL ? text : "?");
	free(text);
}

static void check_required(const json_t *required, const json_t *value, const char *path)
{
	size_t i;

	for (i = 0; json_is_object(value) && i < json_array_size(required); i++) {
		const char *key = json_string_value(json_array_get(required, i));

		if (json_object_get(value, key) == NULL)
			fault(path, "lacks", key);
	}
}

static void check_members(const json_t *schema, const json_t *value, const char *path, int depth)
{
	const json_t *known = json_object_get(schema, "properties"),
		     *others = json_object_get(schema, "additionalProperties");
	char at[PATH_LEN];
	const char *key;
	json_t *member;

	json_object_foreach((json_t *)value, key, member)
	{
		const json_t *s = json_object_get(known, key);

		snprintf(at, sizeof(at), "%s/%s", path, key);
		if (s == NULL)
			s = others;
		if (s != NULL)
			check(s, member, at, depth);
	}
}

static void check_items(const json_t *items, const json_t *value, const char *path, int depth)
{
	char at[PATH_LEN];
	size_t i;

	for (i = 0; i < json_array_size(value); i++) {
		snprintf(at, sizeof(at), "%s/%zu", path, i);
		check(items, json_array_get(value, i), at, depth);
	}
}

static void check_enum(const json_t *list, const json_t *value, const char *path)
{
	char *text;
	size_t i;

	for (i = 0; i < json_array_size(list); i++)
		if (json_equal(json_array_get(list, i), value))
			return;
	text = json_dumps(list, 0);
	fault(path, "is none of", text != NULL ? text : "?");
	free(text);
}

static void check_any(const json_t *list, const json_t *value, const char *path, int depth)
{
	const unsigned before = faults;
	const int was_quiet = quiet;
	size_t i;

	quiet = 1;
	for (i = 0; i < json_array_size(list); i++) {
		faults = before;
		check(json_array_get(list, i), value, path, depth);
		if (faults == before)
			break;
	}
	quiet = was_quiet;
	if (faults == before)
		return;
	faults = before;
	/* what is wrong with the last one, which is what was meant */
	check(json_array_get(list, json_array_size(list) - 1), value, path, depth);
}

static void check_ref(const char *ref, const json_t *value, const char *path, int depth)
{
	static const char prefix[] = "#/definitions/";
	const json_t *schema = NULL;

	if (ref != NULL && strncmp(ref, prefix, strlen(prefix)) == 0)
		schema =
			json_object_get(json_object_get(root, "definitions"), ref + strlen(prefix));
	if (schema == NULL)
		unusable("unknown $ref", ref != NULL ? ref : "no text");
	check(schema, value, path, depth);
}

/* 0: no keyword that is known. */
static int check_keyword(const char *key, const json_t *says, const json_t *value, const char *path,
			 int depth)
{
	if (strcmp(key, "type") == 0)
		check_type(says, value, path);
	else if (strcmp(key, "required") == 0)
		check_required(says, value, path);
	else if (strcmp(key, "items") == 0)
		check_items(says, value, path, depth);
	else if (strcmp(key, "enum") == 0)
		check_enum(says, value, path);
	else if (strcmp(key, "anyOf") == 0)
		check_any(says, value, path, depth);
	else if (strcmp(key, "$ref") == 0)
		check_ref(json_string_value(says), value, path, depth);
	else if (strcmp(key, "const") == 0 && !json_equal(says, value))
		fault(path, "is not", json_is_string(says) ? json_string_value(says) : key);
	else if (strcmp(key, "minimum") == 0 && json_is_number(value) &&
		 json_number_value(value) < json_number_value(says))
		fault(path, "is below its", key);
	else if (strcmp(key, "minItems") == 0 && json_is_array(value) &&
		 (json_int_t)json_array_size(value) < json_integer_value(says))
		fault(path, "is shorter than its", key);
	else
		return strcmp(key, "const") == 0 || strcmp(key, "minimum") == 0 ||
		       strcmp(key, "minItems") == 0;
	return 1;
}

/* Draft 07 looks at nothing beside $ref; here a description may stand there, and nothing else. */
static void check(const json_t *schema, const json_t *value, const char *path, int depth)
{
	static const char *const said[] = {"$schema",
					   "$id",
					   "title",
					   "description",
					   "definitions",
					   "properties",
					   "additionalProperties"};
	const char *key;
	json_t *says;
	size_t i;

	if (depth > DEPTH_MAX || !json_is_object(schema))
		unusable("no schema, or too deep", path);
	json_object_foreach((json_t *)schema, key, says)
	{
		for (i = 0; i < sizeof(said) / sizeof(said[0]); i++)
			if (strcmp(key, said[i]) == 0)
				break;
		if (i == sizeof(said) / sizeof(said[0]) &&
		    !check_keyword(key, says, value, path, depth + 1))
			unusable("unknown keyword", key);
	}
	check_members(schema, value, path, depth + 1);
}

static json_t *load(const char *path)
{
	json_error_t error;
	json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, &error);

	if (json == NULL) {
		fprintf(stderr, "json_schema: %s, line %d: %s\n", path, error.line, error.text);
		exit(2);
	}
	return json;
}

int main(int argc, char **argv)
{
	json_t *schema, *json;

	if (argc != 3) {
		fputs("usage: json_schema SCHEMA FILE\n", stderr);
		return 2;
	}
	root = schema = load(argv[1]);
	json = load(argv[2]);
	check(schema, json, "", 0);
	json_decref(json);
	json_decref(schema);
	return faults > 0;
}
