#include "scenario_args.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void scenario_fail(struct scenario_fault *f, const char *format, ...)
{
	va_list ap;

	if (f->failed)
		return;
	f->failed = 1;
	va_start(ap, format);
	vsnprintf(f->text, sizeof(f->text), format, ap);
	va_end(ap);
}

void scenario_known(struct scenario_fault *f, const char *what, json_t *o, const char *const *known)
{
	const char *key;
	json_t *v;
	int i;

	if (!json_is_object(o)) {
		scenario_fail(f, "%s: not an object", what);
		return;
	}
	json_object_foreach(o, key, v)
	{
		for (i = 0; known[i] != NULL && strcmp(known[i], key) != 0; i++)
			;
		if (known[i] == NULL)
			scenario_fail(f, "%s: no field %.100s is known", what, key);
	}
}

int scenario_null(const json_t *v)
{
	return v == NULL || json_is_null(v);
}

/* Digits, after a sign where one is allowed, and nothing else. */
static int is_decimal(const char *text, int sign)
{
	if (sign && *text == '-')
		text++;
	return *text != '\0' && strspn(text, "0123456789") == strlen(text);
}

uint64_t scenario_uint(struct scenario_fault *f, const char *what, const json_t *v, uint64_t max)
{
	uint64_t n = UINT64_MAX;
	int right = 0;

	errno = 0;
	if (json_is_integer(v)) {
		right = json_integer_value(v) >= 0;
		n = (uint64_t)json_integer_value(v);
	} else if (json_is_string(v) && is_decimal(json_string_value(v), 0)) {
		n = strtoull(json_string_value(v), NULL, 10);
		right = errno == 0;
	}
	if (!right || n > max)
		scenario_fail(f, "%s: not a number from 0 to %ju", what, (uintmax_t)max);
	return n;
}

int64_t scenario_int(struct scenario_fault *f, const char *what, const json_t *v)
{
	int64_t n = 0;
	int right = 0;

	errno = 0;
	if (json_is_integer(v)) {
		right = 1;
		n = json_integer_value(v);
	} else if (json_is_string(v) && is_decimal(json_string_value(v), 1)) {
		n = strtoll(json_string_value(v), NULL, 10);
		right = errno == 0;
	}
	if (!right)
		scenario_fail(f, "%s: not a number of 64 bits", what);
	return n;
}

int scenario_bool(struct scenario_fault *f, const char *what, const json_t *v, int otherwise)
{
	if (v == NULL)
		return otherwise;
	if (!json_is_boolean(v))
		scenario_fail(f, "%s: neither true nor false", what);
	return json_is_true(v);
}
