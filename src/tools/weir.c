/* weir - looks at regions and sessions from outside. */
#define _GNU_SOURCE

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/wait.h>

#include "tool.h"

#define DIRECTORY "/dev/shm"
#define FILE_PREFIX "weir."

static const char usage[] =
	"Usage: weir stat NAME                          what a session or region is doing\n"
	"       weir top [-n SECONDS] [-c ROUNDS] NAME  the same of a session, with rates\n"
	"       weir check NAME                         verify its headers and geometry\n"
	"       weir list                               regions that are there\n"
	"       weir gc [PREFIX]                        remove those that nobody has attached\n"
	"       weir help                               this text\n"
	"Exit status: 0 well; 1 damaged; 2 usage, no such region, or not ours to open;\n"
	"3 a process died that it depends on.\n";

/* ---- shared ---- */

weir_ns tool_now(void)
{
	const struct weir_env *env = weir_env_system();

	return env->now(env->ctx);
}

void tool_say(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)fputs("weir: ", stderr);
	(void)vfprintf(stderr, format, ap);
	(void)fputc('\n', stderr);
	va_end(ap);
}

static int status_of(int rc)
{
	return rc == -EBADMSG || rc == -EPROTO ? TOOL_DAMAGED : TOOL_USAGE;
}

int tool_open(struct weir_region *r, const char *name)
{
	struct weir_error err = {.what = "?"};
	char text[256];
	int rc = weir_region_open(r, name, WEIR_REGION_RDONLY, &err);

	if (rc == WEIR_OK)
		return TOOL_OK;
	(void)weir_error_format(&err, text, sizeof(text));
	tool_say("%s: %s", name, text);
	return status_of(rc);
}

const char *tool_owner(const struct weir_region *r, weir_owner who, char out[TOOL_TEXT])
{
	static const char *const state[] = {"dead", "alive", "of another namespace"};

	if (who == 0)
		(void)snprintf(out, TOOL_TEXT, "nobody");
	else
		(void)snprintf(out, TOOL_TEXT, "pid %u %s", weir_owner_pid(who),
			       state[weir_region_owner_state(r, who) % 3u]);
	return out;
}

const char *tool_clean(const char *text, char *out, size_t cap)
{
	size_t i;

	for (i = 0; i + 1u < cap && text[i] != '\0'; i++)
		out[i] = text[i] < ' ' || text[i] > '~' ? '?' : text[i];
	out[i] = '\0';
	return out;
}

const char *tool_kind(uint32_t kind)
{
	switch (kind) {
	case WEIR_KIND_RING:
		return "ring";
	case WEIR_KIND_PROGRESS:
		return "progress";
	case WEIR_KIND_BELL:
		return "bell";
	case WEIR_KIND_STATS:
		return "stats";
	case WEIR_KIND_SESSION:
		return "session";
	case WEIR_KIND_BARRIER:
		return "barrier";
	default:
		return kind >= WEIR_KIND_USER ? "user" : "?";
	}
}

int tool_ring(const struct weir_span *mem, struct weir_error *err)
{
	struct weir_ring_reader r;
	int rc;

	memset(&r, 0, sizeof(r));
	rc = weir_ring_reader_attach(&r, *mem, WEIR_RING_NEWEST, WEIR_RING_READONLY, err);
	return rc == WEIR_OK || rc == -EAGAIN; /* a busy writer: the geometry was in order */
}

int tool_part(const struct weir_region *r, enum weir_kind kind, const char *what, uint32_t i,
	      struct weir_span *mem)
{
	char name[WEIR_REGION_OBJECT_NAME];

	(void)snprintf(name, sizeof(name), "%s.%u", what, i);
	return weir_region_find(r, kind, name, mem);
}

/* ---- list, gc ---- */

static uint32_t count_objects(const struct weir_region *r)
{
	struct weir_region_entry e;
	uint32_t n = 0;

	while (n < WEIR_REGION_OBJECTS_MAX && weir_region_object(r, n, &e) == WEIR_OK)
		n++;
	return n;
}

static void list_one(const char *name)
{
	struct weir_error err = {.what = "?"};
	struct weir_watch_session s;
	struct weir_watch w;
	struct weir_region r;
	char text[256], who[TOOL_TEXT], shown[WEIR_REGION_NAME_MAX + 1u];

	(void)tool_clean(name, shown, sizeof(shown));
	if (weir_region_open(&r, name, WEIR_REGION_RDONLY, &err) != WEIR_OK) {
		(void)weir_error_format(&err, text, sizeof(text));
		printf("%s: %s\n", shown, text);
		return;
	}
	if (weir_watch_open(&w, &r, NULL) == WEIR_OK) {
		weir_watch_read_session(&w, &s);
		printf("%s: session, %u of %u members, coordinator %s%s\n", shown, s.active,
		       w.members, tool_owner(&r, s.coordinator, who), s.closed ? ", closed" : "");
	} else {
		printf("%s: region, %u objects\n", shown, count_objects(&r));
	}
	weir_region_close(&r);
}

static int is_region(const struct dirent *d)
{
	return strncmp(d->d_name, FILE_PREFIX, strlen(FILE_PREFIX)) == 0;
}

static int list(void)
{
	struct dirent **entry;
	int n = scandir(DIRECTORY, &entry, is_region, alphasort), i;

	if (n < 0) {
		tool_say("%s: %s", DIRECTORY, strerror(errno));
		return TOOL_USAGE;
	}
	for (i = 0; i < n; i++) {
		list_one(entry[i]->d_name + strlen(FILE_PREFIX));
		free(entry[i]);
	}
	free(entry);
	return TOOL_OK;
}

static void tell_gc(void *ctx, const char *name, int removed)
{
	char shown[WEIR_REGION_NAME_MAX + 1u];

	(void)ctx;
	printf("%s: %s\n", tool_clean(name, shown, sizeof(shown)), removed ? "removed" : "in use");
}

static int gc(const char *prefix)
{
	int rc = weir_region_gc(prefix, tell_gc, NULL);

	if (rc < 0) {
		tool_say("%s: %s", prefix, weir_error_text(rc));
		return TOOL_USAGE;
	}
	printf("%d removed\n", rc);
	return TOOL_OK;
}

/* ---- the command line ---- */

static int misuse(void)
{
	(void)fputs(usage, stderr);
	return TOOL_USAGE;
}

static int with_region(const char *name,
		       int (*command)(const struct weir_region *r, const char *name))
{
	struct weir_region r;
	int rc = tool_open(&r, name);

	if (rc != TOOL_OK)
		return rc;
	rc = command(&r, name);
	weir_region_close(&r);
	return rc;
}

static int parse_seconds(const char *text, unsigned *out)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || v == 0 || v > 86400)
		return -1;
	*out = (unsigned)v;
	return 0;
}

/* Options before or after the name. */
static int top(int argc, char **argv)
{
	unsigned seconds = 1, rounds = 0;
	int c;

	opterr = 0;
	while ((c = getopt(argc, argv, "n:c:")) != -1)
		if ((c != 'n' && c != 'c') ||
		    parse_seconds(optarg, c == 'n' ? &seconds : &rounds) != 0)
			return misuse();
	return argc - optind == 1 ? tool_top(argv[optind], seconds, rounds) : misuse();
}

static int run(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";

	if (strcmp(command, "help") == 0 || strcmp(command, "--help") == 0) {
		(void)fputs(usage, stdout);
		return TOOL_OK;
	}
	if (strcmp(command, "list") == 0 && argc == 2)
		return list();
	if (strcmp(command, "gc") == 0 && argc <= 3)
		return gc(argc == 3 ? argv[2] : "");
	if (strcmp(command, "stat") == 0 && argc == 3)
		return with_region(argv[2], tool_stat);
	if (strcmp(command, "check") == 0 && argc == 3)
		return with_region(argv[2], tool_check);
	if (strcmp(command, "top") == 0)
		return top(argc - 1, argv + 1);
	return misuse();
}

int main(int argc, char **argv)
{
	int rc = run(argc, argv);

	if (fflush(stdout) != 0) {
		tool_say("standard output: %s", strerror(errno));
		return TOOL_USAGE;
	}
	return rc;
}
