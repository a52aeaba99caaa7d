/* Where and from what a run was made, and what of it makes the numbers less worth. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "alloc.h"
#include "revision.h"

#ifndef BENCH_CFLAGS
#define BENCH_CFLAGS "unknown"
#endif

static void add(struct context *c, const char *key, const char *value, const char *warning)
{
	struct context_fact *f;

	if (c->n == CONTEXT_MAX)
		return;
	f = &c->fact[c->n++];
	f->key = key;
	snprintf(f->value, sizeof(f->value), "%s", value[0] != '\0' ? value : "unknown");
	f->warning = warning;
}

/* First line of a file, without its end. "" when it cannot be read. */
static const char *first_line(const char *path, char *buf, size_t cap)
{
	FILE *f = fopen(path, "re");

	buf[0] = '\0';
	if (f == NULL)
		return buf;
	if (fgets(buf, (int)cap, f) == NULL)
		buf[0] = '\0';
	fclose(f);
	buf[strcspn(buf, "\n")] = '\0';
	return buf;
}

/* The word in brackets: "always [madvise] never". */
static const char *chosen(const char *line, char *buf, size_t cap)
{
	const char *from = strchr(line, '['), *to = from != NULL ? strchr(from, ']') : NULL;

	snprintf(buf, cap, "%.*s", to != NULL ? (int)(to - from - 1) : 0,
		 to != NULL ? from + 1 : "");
	return buf;
}

/* Value of the first line of /proc/cpuinfo that begins with key. */
static int cpuinfo(const char *key, char *buf, size_t cap)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[4096];
	int found = 0;

	buf[0] = '\0';
	while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, key, strlen(key)) == 0 && strchr(line, ':') != NULL) {
			snprintf(buf, cap, "%s", strchr(line, ':') + 2);
			buf[strcspn(buf, "\n")] = '\0';
			found = 1;
		}
	if (f != NULL)
		fclose(f);
	return found;
}

static void add_machine(struct context *c, const struct bench_env *env)
{
	static char flags[4096];
	char text[256], cpus[64] = "";
	struct utsname uts;
	size_t at = 0;
	unsigned i;

	cpuinfo("model name", text, sizeof(text));
	add(c, "cpu", text, NULL);
	for (i = 0; i < env->cpus && at < sizeof(cpus); i++)
		at += (size_t)snprintf(cpus + at, sizeof(cpus) - at, "%s%d", i > 0 ? "," : "",
				       env->cpu[i]);
	add(c, "cpus_used", cpus,
	    env->cpus < 2
		    ? "one CPU: both sides take turns on it; nothing here measures the library"
		    : NULL);
	if (uname(&uts) == 0) {
		snprintf(text, sizeof(text), "%.60s %.60s %.60s", uts.sysname, uts.release,
			 uts.machine);
		add(c, "kernel", text, NULL);
	}
	cpuinfo("flags", flags, sizeof(flags));
	if (flags[0] == '\0')
		add(c, "hypervisor", "unknown", NULL);
	else if (strstr(flags, " hypervisor") != NULL)
		add(c, "hypervisor", "yes",
		    "virtual CPUs: only ratios within one run mean anything");
	else
		add(c, "hypervisor", "no", NULL);
}

static void add_settings(struct context *c)
{
	char line[256], word[64];
	double load = 0;

	first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", line, sizeof(line));
	add(c, "governor", line,
	    line[0] != '\0' && strcmp(line, "performance") != 0
		    ? "not performance: cpupower frequency-set -g performance"
		    : NULL);
	first_line("/sys/devices/system/cpu/intel_pstate/no_turbo", line, sizeof(line));
	add(c, "no_turbo", line, NULL);
	first_line("/sys/devices/system/cpu/smt/active", line, sizeof(line));
	add(c, "smt", line,
	    line[0] == '1' ? "SMT is on: choose CPUs of different cores with --cpus" : NULL);
	first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", line,
		   sizeof(line));
	add(c, "clocksource", line, NULL);
	first_line("/sys/kernel/mm/transparent_hugepage/shmem_enabled", line, sizeof(line));
	add(c, "thp_shmem", chosen(line, word, sizeof(word)), NULL);
	first_line("/proc/sys/kernel/numa_balancing", line, sizeof(line));
	add(c, "numa_balancing", line,
	    line[0] == '1' ? "pages may move while we run: sysctl kernel.numa_balancing=0" : NULL);
	first_line("/sys/devices/system/cpu/isolated", line, sizeof(line));
	add(c, "isolated_cpus", line[0] != '\0' ? line : "none", NULL);
	first_line("/proc/loadavg", line, sizeof(line));
	load = strtod(line, NULL);
	add(c, "loadavg", line, load > 0.7 ? "others were busy before this run" : NULL);
}

static void add_build(struct context *c)
{
#if defined(__clang__)
	add(c, "compiler", __VERSION__, NULL);
#elif defined(__GNUC__)
	add(c, "compiler", "gcc " __VERSION__, NULL);
#else
	add(c, "compiler", "unknown", NULL);
#endif
	add(c, "cflags", BENCH_CFLAGS,
	    strstr(BENCH_CFLAGS, "-O") == NULL || strstr(BENCH_CFLAGS, "-O0") != NULL
		    ? "built without optimisation"
		    : NULL);
	add(c, "revision", BENCH_REVISION, NULL);
	add(c, "heap_calls", alloc_counted() ? "counted" : "not counted", NULL);
}

void context_read(struct context *c, const struct bench_env *env)
{
	time_t now = time(NULL);
	struct tm tm;
	char text[64] = "";

	memset(c, 0, sizeof(*c));
	if (gmtime_r(&now, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	add(c, "date", text, NULL);
	add_machine(c, env);
	add_settings(c);
	add_build(c);
}
