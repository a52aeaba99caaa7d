/* What a compiler was told. See flags.h. */
#include "flags.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BLANKS " \t\n"
#define FLAG_MAX 128u

void flags_last(const char *flags, const char *option, char *buf, size_t cap)
{
	buf[0] = '\0';
	for (flags += strspn(flags, BLANKS); *flags != '\0'; flags += strspn(flags, BLANKS)) {
		const size_t len = strcspn(flags, BLANKS);

		if (strncmp(flags, option, strlen(option)) == 0)
			snprintf(buf, cap, "%.*s", (int)len, flags);
		flags += len;
	}
}

int flags_alike(const char *a, const char *b)
{
	static const char *const option[] = {"-O", "-march=", "-mcpu=", "-mtune="};
	char in_a[FLAG_MAX], in_b[FLAG_MAX];
	unsigned i;

	for (i = 0; i < sizeof(option) / sizeof(option[0]); i++) {
		flags_last(a, option[i], in_a, sizeof(in_a));
		flags_last(b, option[i], in_b, sizeof(in_b));
		if (strcmp(in_a, in_b) != 0)
			return 0;
	}
	return 1;
}

int flags_optimise(const char *flags)
{
	char level[FLAG_MAX];

	flags_last(flags, "-O", level, sizeof(level));
	return level[0] != '\0' && strcmp(level, "-O0") != 0;
}

void flags_copy(char *buf, size_t cap, const char *text)
{
	const size_t len = strlen(text), end = sizeof(" ... 0123456789abcdef");
	uint64_t hash = 0xcbf29ce484222325u;
	size_t i;

	if (len < cap || cap < end) {
		snprintf(buf, cap, "%s", text);
		return;
	}
	for (i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
	snprintf(buf, cap, "%.*s ... %016" PRIx64, (int)(cap - end), text, hash);
}
