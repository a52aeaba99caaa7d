/* Transcripts: tests/unit/transcripts/NAME.txt is played, and what comes out must be what it says.
 *
 *      # a comment
 *      > members 3                      a group of 3, all ACTIVE, and a new barrier
 *      > t=5 arrive m=0 g=1 mode=delivery policy=fail cut=7 deadline=90
 *      > t=6 drained g=1 outcome=lost sink=2
 *      > t=7 leave|died|vacate|join m=1     told to the group, then (leave, died) to the barrier
 *      > t=8 cancel g=1
 *      > t=9 tick
 *      > stats                          the counters that are not 0
 *
 * m=0-9 repeats the step and shows the last. What follows an input are its outputs. With
 * WEIR_ACCEPT_TRANSCRIPTS=1 the files are rewritten: read the difference before you believe it. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/barrier.h>

static const char *const names[] = {
	"rendezvous",
	"delivery",
	"processing",
	"mixed_mode",
	"repeat_stale_early",
	"join_while_open",
	"leave_before",
	"leave_while_draining",
	"death_continue",
	"death_fail",
	"death_after_arriving",
	"timeout_gathering",
	"timeout_draining",
	"cancel",
	"everybody_leaves",
	"immediate_reuse",
	"clock_backwards",
	"new_tenant",
	"members_1024",
};

static struct weir_member member[WEIR_GROUP_MAX];
static weir_pos cut[WEIR_GROUP_MAX];
static struct weir_group g;
static struct weir_barrier b;

struct text {
	char at[65536];
	size_t len;
};
static struct text got;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(got.at + got.len, sizeof(got.at) - got.len, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(got.at) - got.len) {
		puts("a transcript is too long");
		exit(99);
	}
	got.len += (size_t)n;
}

static void say_set(const char *name, const struct weir_group_set *s)
{
	uint32_t from = weir_group_set_next(s, 0), to;
	const char *comma = "";

	if (from == WEIR_GROUP_MAX)
		return;
	say(" %s={", name);
	for (; from < WEIR_GROUP_MAX; from = weir_group_set_next(s, to + 1), comma = ",") {
		for (to = from; weir_group_set_has(s, to + 1);)
			to++;
		say(to == from ? "%s%" PRIu32 : "%s%" PRIu32 "-%" PRIu32, comma, from, to);
	}
	say("}");
}

static void say_result(void)
{
	const struct weir_barrier_result *r = &b.result;

	say("  result g=%" PRIu64 " %s in %s view=%" PRIu64 " opened=%" PRIu64 " at=%" PRIu64
	    " arrived=%" PRIu32 "/%" PRIu32,
	    r->generation, weir_error_name(r->outcome), weir_barrier_state_name(r->phase), r->view,
	    r->opened, r->released_at, r->arrived, r->members);
	say_set("released", &r->released);
	say_set("missing", &r->missing);
	say_set("left", &r->left);
	say_set("dead", &r->dead);
	say_set("mixed", &r->mixed);
	say_set("sinks", &r->sinks);
	say("\n");
}

static void say_actions(const struct weir_barrier_action *a, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		say("%s%s", i != 0 ? "; " : "", weir_barrier_action_name(a[i].kind));
		if (a[i].kind == WEIR_BARRIER_ANSWER)
			say(" m=%" PRIu32 " %s", a[i].member,
			    weir_barrier_answer_name(a[i].answer));
		say(" g=%" PRIu64, a[i].generation);
		if (a[i].code != 0)
			say(" %s", weir_error_name(a[i].code));
	}
}

/* One step; shown unless it is one of many. */
static void step(const struct weir_barrier_event *e, weir_ns now, int show)
{
	struct weir_barrier_action a[WEIR_BARRIER_ACTIONS_MAX];
	uint32_t n = 0, i;
	int rc = weir_barrier_step(&b, e, now, a, WEIR_BARRIER_ACTIONS_MAX, &n), ended = 0;

	for (i = 0; i < n; i++)
		ended |= a[i].kind == WEIR_BARRIER_RELEASE;
	if (!show && rc == WEIR_OK && !ended)
		return;
	say("t=%" PRIu64 " %s -> %s [", now, weir_barrier_event_name(e->kind),
	    rc == WEIR_OK ? weir_barrier_state_name(b.state) : weir_error_name(rc));
	say_actions(a, n);
	say("]\n");
	if (ended)
		say_result();
}

static const char *value(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	return at != NULL ? at + strlen(key) : NULL;
}

static uint64_t number(const char *line, const char *key, uint64_t otherwise)
{
	const char *at = value(line, key);

	return at != NULL ? strtoull(at, NULL, 0) : otherwise;
}

static int starts(const char *text, const char *with)
{
	return text != NULL && strncmp(text, with, strlen(with)) == 0;
}

static void must(int rc, const char *line)
{
	if (rc == WEIR_OK)
		return;
	printf("the group refuses (%s): %s\n", weir_error_name(rc), line);
	exit(99);
}

static void members(uint32_t n)
{
	uint64_t epoch;
	uint32_t i;

	must(weir_group_init(&g, member, n), "members");
	for (i = 0; i < n; i++)
		must(weir_group_join(&g, i, 1, &epoch), "members");
	must(weir_barrier_init(&b, &g, cut, n), "members");
}

static struct weir_barrier_event parse(const char *line)
{
	const char *mode = value(line, " mode="), *outcome = value(line, " outcome=");
	struct weir_barrier_event e;

	memset(&e, 0, sizeof(e));
	e.member = (uint32_t)number(line, " m=", 0);
	e.generation = number(line, " g=", 0);
	e.cut = number(line, " cut=", 0);
	e.deadline = number(line, " deadline=", WEIR_NS_NEVER);
	e.mode = starts(mode, "delivery")     ? WEIR_BARRIER_DELIVERY
		 : starts(mode, "processing") ? WEIR_BARRIER_PROCESSING
					      : WEIR_BARRIER_RENDEZVOUS;
	e.policy =
		starts(value(line, " policy="), "fail") ? WEIR_BARRIER_FAIL : WEIR_BARRIER_CONTINUE;
	e.outcome = starts(outcome, "lost")   ? WEIR_LOST
		    : starts(outcome, "departed") ? WEIR_DEPARTED
		    : starts(outcome, "died")   ? -EOWNERDEAD
						  : WEIR_OK;
	if (value(line, " sink=") != NULL)
		weir_group_set_add(&e.sinks, (uint32_t)number(line, " sink=", 0));
	return e;
}

/* What is said of members is said to the group first. Returns whether the barrier hears of it. */
static int tell_group(const char *verb, uint32_t m, struct weir_barrier_event *e, const char *line)
{
	uint64_t epoch = m < g.cap ? g.member[m].epoch : 0;

	if (starts(verb, "join")) {
		must(weir_group_join(&g, m, 1, &epoch), line);
		return 0;
	}
	if (starts(verb, "vacate")) {
		must(weir_group_vacate(&g, m, epoch), line);
		return 0;
	}
	if (starts(verb, "leave")) {
		must(weir_group_leave(&g, m, epoch), line);
		e->kind = WEIR_BARRIER_LEAVE;
	} else {
		must(weir_group_died(&g, m, epoch), line);
		e->kind = WEIR_BARRIER_DIED;
	}
	return 1;
}

static void say_counter(void *ctx, const struct weir_stat_desc *d, uint64_t n)
{
	(void)ctx;
	if (n != 0)
		say(" %s=%" PRIu64, d->name, n);
}

static void say_stats(void)
{
	say("stats");
	weir_stats_visit(weir_barrier_stat_desc, weir_barrier_stat_count, &b.stats, sizeof(b.stats),
			 say_counter, NULL);
	say("\n");
}

static void play(const char *line)
{
	const char *verb = strchr(line, ' '), *dash = value(line, " m=");
	struct weir_barrier_event e = parse(line);
	weir_ns now = number(line, "t=", 0);
	uint32_t last = e.member;

	if (starts(line, "members ")) {
		members((uint32_t)strtoul(line + 8, NULL, 0));
		return;
	}
	if (starts(line, "stats")) {
		say_stats();
		return;
	}
	if (verb++ == NULL)
		must(-EINVAL, line);
	if (dash != NULL && dash[strspn(dash, "0123456789")] == '-')
		last = (uint32_t)strtoul(dash + strspn(dash, "0123456789") + 1, NULL, 0);
	for (; e.member <= last; e.member++) {
		if (starts(verb, "arrive"))
			e.kind = WEIR_BARRIER_ARRIVE;
		else if (starts(verb, "drained"))
			e.kind = WEIR_BARRIER_DRAINED;
		else if (starts(verb, "cancel"))
			e.kind = WEIR_BARRIER_CANCEL;
		else if (starts(verb, "tick"))
			e.kind = WEIR_BARRIER_TICK;
		else if (!starts(verb, "join") && !starts(verb, "leave") && !starts(verb, "died") &&
			 !starts(verb, "vacate"))
			must(-EINVAL, line);
		else if (!tell_group(verb, e.member, &e, line))
			continue;
		step(&e, now, e.member == last);
	}
}

static int compare(const char *name, const char *want)
{
	const char *w = want, *h = got.at;
	int line = 1;

	if (strcmp(want, got.at) == 0)
		return 0;
	for (; *w == *h; w++, h++)
		line += *w == '\n';
	printf("%s.txt differs in line %d\n---- the file says\n%s---- the barrier says\n%s", name,
	       line, want, got.at);
	return 1;
}

static int transcript(const char *name, int accept)
{
	static char want[sizeof(got.at)];
	const char *top = getenv("top_srcdir");
	char path[4096], line[512];
	size_t len = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/unit/transcripts/%s.txt", top != NULL ? top : ".",
		 name);
	f = fopen(path, "r");
	if (f == NULL) {
		printf("cannot read %s\n", path);
		exit(99);
	}
	got.len = 0;
	while (fgets(line, sizeof(line), f) != NULL) {
		if (len + strlen(line) >= sizeof(want))
			exit(99);
		memcpy(want + len, line, strlen(line) + 1);
		len += strlen(line);
		if (line[0] != '>' && line[0] != '#')
			continue;
		say("%s", line);
		if (starts(line, "> "))
			play(line + 2);
	}
	fclose(f);
	if (!accept)
		return compare(name, want);
	f = fopen(path, "w");
	if (f == NULL || fputs(got.at, f) < 0 || fclose(f) != 0)
		exit(99);
	return 0;
}

int main(void)
{
	int accept = getenv("WEIR_ACCEPT_TRANSCRIPTS") != NULL, faults = 0;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		faults += transcript(names[i], accept);
	printf("%zu transcripts, %d differ\n", i, faults);
	return faults != 0;
}
