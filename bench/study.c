/* The list of studies. See study.h. */
#include "study.h"

#include <unistd.h>

enum { STUDIES_MAX = 8 };

static const struct study *list[STUDIES_MAX];
static size_t count;

void study_add(const struct study *s)
{
	if (count < STUDIES_MAX)
		list[count++] = s;
}

size_t study_count(void)
{
	return count;
}

const struct study *study_at(size_t i)
{
	return list[i];
}

void study_progress(const struct study_run *r, const char *what)
{
	(void)r;
	if (!isatty(STDOUT_FILENO))
		return;
	printf("\r\033[K%s", what);
	fflush(stdout);
}
