/* weir stat: the barriers of a session: where each of them is, who is missing, who is behind. */
#include <errno.h>
#include <stdio.h>

#include <weir/session.h>

#include "tool.h"

#define BEHIND 32u /* that are named */

static double ms_since(weir_ns then, weir_ns now)
{
	return now > then ? (double)(now - then) / 1e6 : 0.0;
}

static const char *mode_name(uint64_t mode)
{
	static const char *const name[] = {"?", "rendezvous", "delivery", "processing"};

	return mode < 4u ? name[mode] : "?";
}

/* " slot 2 (pid 12 alive)" of each; a bit for a slot that is none is not looked at. */
static void print_members(const struct weir_region *r, const struct weir_watch *w, const char *what,
			  const struct weir_group_set *set)
{
	struct weir_watch_member m;
	char who[TOOL_TEXT];
	uint32_t i = weir_group_set_next(set, 0);

	if (i >= w->members)
		return;
	printf("  %s:", what);
	for (; i < w->members; i = weir_group_set_next(set, i + 1u))
		if (weir_watch_read_member(w, i, &m) == WEIR_OK)
			printf(" slot %u (%s)", i, tool_owner(r, m.owner, who));
	printf("\n");
}

static void print_one_behind(const struct weir_region *r, const struct weir_watch *w,
			     const struct weir_watch_behind *b)
{
	struct weir_watch_member m;
	char who[TOOL_TEXT];

	if (weir_watch_read_member(w, b->sink, &m) != WEIR_OK)
		return;
	printf("  behind: slot %u (%s) by %llu bytes of ring %u\n", b->sink,
	       tool_owner(r, m.owner, who), (ull)b->remaining, b->ring);
}

static void print_behind(const struct weir_region *r, const struct weir_watch *w, uint32_t id)
{
	struct weir_watch_behind b[BEHIND];
	uint32_t n = 0, i;
	int rc = weir_watch_read_behind(w, id, b, BEHIND, &n);

	if (rc != WEIR_OK) {
		printf("  behind: %s\n", weir_error_text(rc));
		return;
	}
	for (i = 0; i < n && i < BEHIND; i++)
		print_one_behind(r, w, &b[i]);
	if (n > BEHIND)
		printf("  behind: %u more\n", n - BEHIND);
}

static void print_open(const struct weir_region *r, const struct weir_watch *w, uint32_t id,
		       const struct weir_watch_barrier *b)
{
	weir_ns now = tool_now();

	printf("  since: %.1f ms, opened %.1f ms ago", ms_since(b->since, now),
	       ms_since(b->opened, now));
	if (b->deadline != WEIR_NS_NEVER)
		printf(", %.1f ms to its deadline", ms_since(now, b->deadline));
	printf("\n");
	print_members(r, w, "arrived", &b->arrived);
	print_members(r, w, "missing", &b->missing);
	print_behind(r, w, id);
}

static void print_last(const struct weir_region *r, const struct weir_watch *w,
		       const struct weir_watch_barrier *b)
{
	const struct weir_barrier_result *e = &b->result;
	uint32_t i;

	if (e->generation == 0)
		return;
	printf("  last: generation %llu, %s, %u of %u arrived, %s after %.3f ms\n",
	       (ull)e->generation, mode_name(e->mode), e->arrived, e->members,
	       weir_error_name(e->outcome), ms_since(e->opened, e->released_at));
	if (e->outcome == WEIR_OK)
		return;
	print_members(r, w, "last missing", &e->missing);
	print_members(r, w, "last left", &e->left);
	print_members(r, w, "last dead", &e->dead);
	print_members(r, w, "last sinks", &e->sinks);
	for (i = 0; i < b->n_behind && i < WEIR_WATCH_BEHIND; i++)
		print_one_behind(r, w, &b->behind[i]);
}

static void print_stat(void *ctx, const struct weir_stat_desc *d, uint64_t value)
{
	const char *group = ctx;

	if (value != 0)
		printf("  %s %s: %llu %s\n", group, d->name, (ull)value, d->unit);
}

static void print_stats(const struct weir_watch_barrier *b)
{
	static char barrier[] = "barrier", drain[] = "drain";

	weir_stats_visit(weir_barrier_stat_desc, weir_barrier_stat_count, &b->stats,
			 sizeof(b->stats), print_stat, barrier);
	weir_stats_visit(weir_drain_stat_desc, weir_drain_stat_count, &b->drain, sizeof(b->drain),
			 print_stat, drain);
}

static void print_barrier(const struct weir_region *r, const struct weir_watch *w, uint32_t id)
{
	char name[WEIR_SESSION_BARRIER_NAME], shown[WEIR_SESSION_BARRIER_NAME];
	struct weir_watch_barrier b;
	int rc = weir_watch_read_barrier(w, id, name, &b);

	if (rc == -ENOENT)
		return;
	if (rc != WEIR_OK) {
		printf("barrier %u: %s\n", id, weir_error_text(rc));
		return;
	}
	printf("barrier %u: %s, %s, generation %llu", id, tool_clean(name, shown, sizeof(shown)),
	       weir_barrier_state_name(b.state < WEIR_BARRIER_STATE_COUNT ? (unsigned)b.state
									  : UINT32_MAX),
	       (ull)b.generation);
	if (b.state != WEIR_BARRIER_IDLE)
		printf(", %s, %llu members, on death %s", mode_name(b.mode), (ull)b.members,
		       b.policy == WEIR_BARRIER_FAIL ? "fail" : "continue");
	printf("\n");
	if (b.state != WEIR_BARRIER_IDLE)
		print_open(r, w, id, &b);
	print_last(r, w, &b);
	print_stats(&b);
}

void tool_barriers(const struct weir_region *r, const struct weir_watch *w)
{
	uint32_t i;

	for (i = 0; i < w->n_barriers; i++)
		print_barrier(r, w, i);
}
