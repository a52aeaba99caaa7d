/* The CPU quota of the control group we are in, and of those above it: version 2 and version 1. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <stdlib.h>
#include <string.h>

#include "preflight_read.h"

#define CGROUP "/sys/fs/cgroup"

enum { NO_QUOTA = 0, QUOTA = 1, GARBAGE = -1 };

static int is_cpu_controller(const char *names)
{
	return strcmp(names, "cpu") == 0 || strcmp(names, "cpu,cpuacct") == 0 ||
	       strcmp(names, "cpuacct,cpu") == 0;
}

/* Path of our group: the line that has no controllers (version 2), or "cpu" among them. 0, or -1. */
static int group_of(const struct preflight_machine *m, int version, char *out, size_t cap)
{
	char full[READ_PATH], *line = NULL, *path, *names;
	size_t have = 0;
	int rc = -1;
	FILE *f;

	read_path(m, "/proc/self/cgroup", full, sizeof(full));
	f = fopen(full, "re");
	while (f != NULL && rc != 0 && getline(&line, &have, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		names = strchr(line, ':');
		path = names != NULL ? strchr(names + 1, ':') : NULL;
		if (path == NULL || path[1] != '/')
			continue;
		*path++ = '\0';
		names++;
		if (version == 2 ? strcmp(line, "0:") == 0 : is_cpu_controller(names)) {
			snprintf(out, cap, "%s", path);
			rc = 0;
		}
	}
	free(line);
	if (f != NULL)
		fclose(f);
	return rc;
}

/* CPUs that the group at path may use. NO_QUOTA also where it has no such file. */
static int quota_v2(const struct preflight_machine *m, const char *path, double *cpus)
{
	char line[READ_LINE], *end, *rest;
	double quota, period;

	if (read_line(m, line, sizeof(line), CGROUP "%s/cpu.max", path) != 0 ||
	    strncmp(line, "max", 3) == 0)
		return NO_QUOTA;
	quota = strtod(line, &end);
	period = strtod(end, &rest);
	if (end == line || rest == end || !(quota > 0) || !(period > 0))
		return GARBAGE;
	*cpus = quota / period;
	return QUOTA;
}

static int quota_v1(const struct preflight_machine *m, const char *path, double *cpus)
{
	static const char *const mounts[] = {"cpu", "cpu,cpuacct"};
	static const char at[] = CGROUP "/%s%s/cpu.cfs_%s_us";
	long quota, period;
	unsigned i;

	for (i = 0; i < 2; i++) {
		if (!read_exists(m, at, mounts[i], path, "quota"))
			continue;
		if (read_number(m, &quota, at, mounts[i], path, "quota") != 0 ||
		    read_number(m, &period, at, mounts[i], path, "period") != 0 || period <= 0)
			return GARBAGE;
		if (quota < 0)
			return NO_QUOTA;
		*cpus = (double)quota / (double)period;
		return QUOTA;
	}
	return NO_QUOTA;
}

/* The smallest quota from the group up to the root. */
static int smallest(const struct preflight_machine *m, int version, double *cpus)
{
	char path[READ_PATH / 2], *cut;
	int rc, found = NO_QUOTA;
	double v = 0;

	if (group_of(m, version, path, sizeof(path)) != 0)
		return NO_QUOTA;
	for (;;) {
		if (strcmp(path, "/") == 0)
			path[0] = '\0';
		rc = (version == 2 ? quota_v2 : quota_v1)(m, path, &v);
		if (rc == GARBAGE)
			return GARBAGE;
		if (rc == QUOTA && (found == NO_QUOTA || v < *cpus)) {
			*cpus = v;
			found = QUOTA;
		}
		cut = strrchr(path, '/');
		if (cut == NULL)
			return found;
		*cut = '\0';
	}
}

void check_quota(const struct preflight_machine *m, struct preflight_check *c)
{
	double cpus = 0, v = 0;
	int two = smallest(m, 2, &cpus), one = smallest(m, 1, &v);

	if (one == QUOTA && (two != QUOTA || v < cpus))
		cpus = v;
	if (!read_exists(m, "/proc/self/cgroup"))
		check_say(c, PREFLIGHT_UNKNOWN, "/proc/self/cgroup is not there");
	else if (!read_exists(m, CGROUP))
		check_say(c, PREFLIGHT_UNKNOWN, CGROUP " is not there");
	else if (one == GARBAGE || two == GARBAGE)
		check_say(c, PREFLIGHT_UNKNOWN, "a quota below " CGROUP " makes no sense");
	else if (one == NO_QUOTA && two == NO_QUOTA)
		check_say(c, PREFLIGHT_OK, "none");
	else
		check_say(c,
			  cpus < 2	   ? PREFLIGHT_FAIL
			  : cpus < m->cpus ? PREFLIGHT_WARN
					   : PREFLIGHT_OK,
			  "%.2f CPUs for %u used", cpus, m->cpus);
}
