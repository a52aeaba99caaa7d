/* One table for what calls return: the lists in weir/error.h, and nothing beside them. */
#include <errno.h>

#include <weir/error.h>

const char *weir_error_name(int code)
{
	switch (code) {
#define OUTCOME(name, value, text)                                                                 \
	case value:                                                                                \
		return #name;
#define ERROR(name, text)                                                                          \
	case -name:                                                                                \
		return #name;
		WEIR_OUTCOMES(OUTCOME)
		WEIR_ERRORS(ERROR)
#undef OUTCOME
#undef ERROR
	default:
		return "?";
	}
}

const char *weir_error_text(int code)
{
	switch (code) {
#define OUTCOME(name, value, text)                                                                 \
	case value:                                                                                \
		return text;
#define ERROR(name, text)                                                                          \
	case -name:                                                                                \
		return text;
		WEIR_OUTCOMES(OUTCOME)
		WEIR_ERRORS(ERROR)
#undef OUTCOME
#undef ERROR
	default:
		return "not a code of this library";
	}
}

int weir_error_set(struct weir_error *e, int code, const char *what, uint64_t value, uint64_t limit)
{
	if (e != NULL) {
		e->what = what;
		e->value = value;
		e->limit = limit;
		e->code = code;
		e->reserved = 0;
	}
	return code;
}

/* Text that grows past the end of its buffer: `len` goes on counting. */
struct sink {
	char *buf;
	size_t cap;
	size_t len;
};

static void put_char(struct sink *s, char c)
{
	if (s->len + 1 < s->cap)
		s->buf[s->len] = c;
	s->len++;
}

static void put_text(struct sink *s, const char *text)
{
	while (*text != '\0')
		put_char(s, *text++);
}

static void put_number(struct sink *s, uint64_t n)
{
	char digit[20]; /* 2^64-1 has twenty */
	unsigned i = 0;

	do {
		digit[i++] = (char)('0' + n % 10u);
		n /= 10u;
	} while (n != 0);
	while (i > 0)
		put_char(s, digit[--i]);
}

size_t weir_error_format(const struct weir_error *e, char *buf, size_t cap)
{
	struct sink s = {.buf = buf, .cap = cap};

	if (e != NULL) {
		if (e->what != NULL) {
			put_text(&s, e->what);
			put_text(&s, ": ");
		}
		put_text(&s, weir_error_text(e->code));
		put_text(&s, " (value ");
		put_number(&s, e->value);
		put_text(&s, ", limit ");
		put_number(&s, e->limit);
		put_char(&s, ')');
	}
	if (cap > 0)
		buf[s.len < cap ? s.len : cap - 1] = '\0';
	return s.len;
}
