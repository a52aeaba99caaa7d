/*
 * Instructions per call. Under callgrind each case leaves two parts of the profile, named
 * "CALL/n" and "CALL/2n"; the table that goes with them is on standard output, one line a case:
 * rounds, operations of a round, call, what an operation is, separated by tabs. The first case is the
 * loop itself. Without valgrind it only runs the cases, which check themselves. Arguments: a text,
 * for only those cases that have it in their names; and a number, for running them so often without
 * a word to callgrind, which then can be asked where the instructions are.
 *
 * tests/check-instructions starts it and reads both.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <valgrind/callgrind.h>

#include "cases.h"

static const struct count_table *const tables[] = {
	&count_loop,	  &count_ring,	&count_progress, &count_drain,	&count_meet,	&count_join,
	&count_join_tell, &count_codec, &count_quorum,	 &count_driver, &count_session,
};

_Noreturn void count_died(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
	exit(1);
}

uint8_t *count_arena(size_t clear)
{
	static uint8_t arena[COUNT_ARENA] WEIR_ALIGNED(4096);

	memset(arena, 0, clear);
	return arena;
}

static void count(const struct count_case *c, uint64_t rounds, const char *mark)
{
	char name[96];

	snprintf(name, sizeof(name), "%s/%s", c->call, mark);
	c->set(c->size, rounds);
	CALLGRIND_TOGGLE_COLLECT;
	c->run(c->size, rounds);
	CALLGRIND_TOGGLE_COLLECT;
	CALLGRIND_DUMP_STATS_AT(name);
}

static void profile(const struct count_case *c, long often)
{
	while (often-- > 0) {
		c->set(c->size, c->rounds);
		c->run(c->size, c->rounds);
	}
}

int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : "";
	const long often = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	const struct count_case *c;
	size_t t, i;

	for (t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (i = 0; i < tables[t]->n; i++) {
			c = &tables[t]->c[i];
			if (often > 0 && strstr(c->call, only) != NULL)
				profile(c, often);
			if (often > 0 || (tables[t] != &count_loop && strstr(c->call, only) == NULL))
				continue;
			count(c, c->rounds, "n");
			count(c, 2 * c->rounds, "2n");
			printf("%llu\t%u\t%s\t%s\n", (unsigned long long)c->rounds,
			       (unsigned)c->per, c->call, c->what);
		}
	return fflush(stdout) == 0 ? 0 : 1;
}
