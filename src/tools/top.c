/* weir top: what a session did since the last look. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <weir/session.h>

#include "tool.h"

#define CLEAR "\033[H\033[2J"

struct look {
	weir_ns at;
	uint64_t messages[WEIR_SESSION_MEMBERS_MAX];
	uint64_t bytes[WEIR_SESSION_MEMBERS_MAX];
	uint64_t generations[WEIR_SESSION_BARRIERS_MAX];
};

static double rate(uint64_t now, uint64_t before, double seconds)
{
	return seconds > 0 && now > before ? (double)(now - before) / seconds : 0.0;
}

static void print_member(const struct weir_region *r, const struct weir_watch *w, uint32_t i,
			 struct look *new, const struct look *old, double seconds)
{
	char who[TOOL_TEXT], in[WEIR_SESSION_BARRIER_NAME], shown[WEIR_SESSION_BARRIER_NAME] = "-";
	struct weir_watch_barrier b;
	struct weir_watch_member m;

	if (weir_watch_read_member(w, i, &m) != WEIR_OK)
		return;
	new->messages[i] = m.messages;
	new->bytes[i] = m.leading;
	if (m.owner == 0)
		return;
	if (m.waiting != 0 && weir_watch_read_barrier(w, m.waiting - 1u, in, &b) == WEIR_OK)
		(void)tool_clean(in, shown, sizeof(shown));
	printf("%6u %-18s %14llu %12.0f %10.2f  %s\n", i, tool_owner(r, m.owner, who),
	       (ull)m.messages, rate(m.messages, old->messages[i], seconds),
	       rate(m.leading, old->bytes[i], seconds) / 1e6, shown);
}

static void print_barrier(const struct weir_watch *w, uint32_t i, struct look *new,
			  const struct look *old, double seconds)
{
	char name[WEIR_SESSION_BARRIER_NAME], shown[WEIR_SESSION_BARRIER_NAME];
	struct weir_watch_barrier b;

	if (weir_watch_read_barrier(w, i, name, &b) != WEIR_OK)
		return;
	new->generations[i] = b.stats.generations;
	printf("%-31s %-9s %14llu %12.1f %8u missing\n", tool_clean(name, shown, sizeof(shown)),
	       weir_barrier_state_name(b.state < WEIR_BARRIER_STATE_COUNT ? (unsigned)b.state
									  : UINT32_MAX),
	       (ull)b.stats.generations, rate(b.stats.generations, old->generations[i], seconds),
	       weir_group_set_count(&b.missing));
}

static void print_look(const struct weir_region *r, const struct weir_watch *w, struct look *new,
		       const struct look *old)
{
	double seconds = old->at != 0 && new->at > old->at ? (double)(new->at - old->at) / 1e9 : 0;
	uint32_t i;

	if (isatty(STDOUT_FILENO))
		(void)fputs(CLEAR, stdout);
	printf("%6s %-18s %14s %12s %10s  %s\n", "member", "process", "messages", "per s", "MB/s",
	       "waits in");
	for (i = 0; i < w->members; i++)
		print_member(r, w, i, new, old, seconds);
	printf("%-31s %-9s %14s %12s\n", "barrier", "state", "generations", "per s");
	for (i = 0; i < w->n_barriers; i++)
		print_barrier(w, i, new, old, seconds);
	(void)fflush(stdout);
}

static int ended(const struct weir_region *r, const struct weir_watch *w)
{
	struct weir_watch_session s;

	weir_watch_read_session(w, &s);
	return s.closed || weir_region_owner_state(r, s.coordinator) == WEIR_OWNER_DEAD;
}

/* look: the last one and the next, in turns. */
static int repeat(const struct weir_region *r, const struct weir_watch *w, struct look *look,
		  unsigned seconds, unsigned rounds)
{
	const struct timespec interval = {(time_t)seconds, 0};
	unsigned n;

	for (n = 0;; n++) {
		look[n % 2u].at = tool_now();
		print_look(r, w, &look[n % 2u], &look[(n + 1u) % 2u]);
		if (ended(r, w)) {
			printf("the session has ended\n");
			return TOOL_DEAD;
		}
		if (rounds != 0 && n + 1u == rounds)
			return TOOL_OK;
		(void)nanosleep(&interval, NULL);
	}
}

int tool_top(const char *name, unsigned seconds, unsigned rounds)
{
	struct weir_error err = {.what = "?"};
	struct weir_region r;
	struct weir_watch w;
	struct look *look;
	char text[256];
	int rc = tool_open(&r, name);

	if (rc != TOOL_OK)
		return rc;
	rc = weir_watch_open(&w, &r, &err);
	look = calloc(2, sizeof(*look));
	if (rc != WEIR_OK) {
		(void)weir_error_format(&err, text, sizeof(text));
		tool_say("%s: %s", name, text);
		rc = rc == -EBADMSG ? TOOL_DAMAGED : TOOL_USAGE;
	} else if (look == NULL) {
		tool_say("no memory");
		rc = TOOL_USAGE;
	} else {
		rc = repeat(&r, &w, look, seconds, rounds);
	}
	free(look);
	weir_region_close(&r);
	return rc;
}
