/* Where and from what a run was made: what two reports must have in common to be compared. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "context.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#include "alloc.h"
#include "flags.h"
#include "gbench.h"
#include "preflight_read.h"
#include "realtime.h"
#include "revision.h"

#ifndef BENCH_CFLAGS
#define BENCH_CFLAGS "unknown"
#endif
#ifndef BENCH_CXXFLAGS
#define BENCH_CXXFLAGS "unknown"
#endif
#ifndef BENCH_PEER_VERSIONS
#define BENCH_PEER_VERSIONS "unknown"
#endif

static void add(struct context *c, const char *key, const char *value, const char *warning)
{
	struct context_fact *f;

	if (c->n == CONTEXT_MAX)
		return;
	f = &c->fact[c->n++];
	f->key = key;
	flags_copy(f->value, sizeof(f->value), value[0] != '\0' ? value : "unknown");
	f->warning = warning;
}

/* ---- the machine, by what does not say whose it is ---- */

static uint64_t mix(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return hash;
}

/* Tells machines apart without naming one: the machine's own id is hashed together with this
 * program's name, so that it cannot be looked up, nor compared with other programs' hashes of it. An
 * image that was copied has its id copied, so the CPUs count too. */
static void add_fingerprint(struct context *c, const struct preflight_machine *m)
{
	char text[READ_LINE];
	uint64_t hash = mix(0xcbf29ce484222325u, "weir-bench");

	read_line(m, text, sizeof(text), "/etc/machine-id");
	hash = mix(hash, text);
	read_key(m, "/proc/cpuinfo", "model name", text, sizeof(text));
	hash = mix(hash, text);
	read_line(m, text, sizeof(text), "/sys/devices/system/cpu/present");
	snprintf(text, sizeof(text), "%016" PRIx64, mix(hash, text));
	add(c, "machine", text, NULL);
}

static void add_machine(struct context *c, const struct preflight_machine *m)
{
	char text[READ_LINE], cpus[64];
	struct utsname uts;
	int is;

	add_fingerprint(c, m);
	if (read_key(m, "/proc/cpuinfo", "model name", text, sizeof(text)) != 0)
		read_key(m, "/proc/cpuinfo", "CPU part", text, sizeof(text));
	add(c, "cpu", text, NULL);
	read_key(m, "/proc/cpuinfo", "microcode", text, sizeof(text));
	add(c, "microcode", text, NULL);
	list_used(m, NULL, cpus, sizeof(cpus));
	add(c, "cpus_used", cpus, NULL);
	read_line(m, text, sizeof(text), "/sys/devices/system/cpu/online");
	add(c, "cpus_online", text, NULL);
	if (uname(&uts) == 0) {
		snprintf(text, sizeof(text), "%.60s %.60s %.60s", uts.sysname, uts.release,
			 uts.machine);
		add(c, "kernel", text, NULL);
	}
	is = read_virtual(m, text, sizeof(text));
	add(c, "hypervisor", is < 0 ? "unknown" : is > 0 ? "yes" : "no", NULL);
}

/* ---- settings that make two reports comparable or not; the preflight judges them ---- */

/* The word in brackets: "always [madvise] never". */
static const char *chosen(const char *line, char *buf, size_t cap)
{
	const char *from = strchr(line, '['), *to = from != NULL ? strchr(from, ']') : NULL;

	snprintf(buf, cap, "%.*s", to != NULL ? (int)(to - from - 1) : 0,
		 to != NULL ? from + 1 : "");
	return buf;
}

/* That of all used CPUs, or "mixed". */
static void add_governor(struct context *c, const struct preflight_machine *m)
{
	static const char path[] = "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor";
	char first[64] = "", other[64];
	unsigned i;

	for (i = 0; i < m->cpus; i++) {
		read_line(m, other, sizeof(other), path, m->cpu[i]);
		if (i == 0)
			memcpy(first, other, sizeof(first));
		else if (strcmp(first, other) != 0)
			memcpy(first, "mixed", sizeof("mixed"));
	}
	add(c, "governor", first, NULL);
}

static void add_settings(struct context *c, const struct preflight_machine *m)
{
	char line[READ_LINE], word[64];

	add_governor(c, m);
	read_line(m, line, sizeof(line), "/sys/devices/system/cpu/intel_pstate/no_turbo");
	add(c, "no_turbo", line, NULL);
	read_line(m, line, sizeof(line), "/sys/devices/system/cpu/cpufreq/boost");
	add(c, "boost", line, NULL);
	read_line(m, line, sizeof(line), "/sys/devices/system/cpu/smt/active");
	add(c, "smt", line, NULL);
	read_line(m, line, sizeof(line),
		  "/sys/devices/system/clocksource/clocksource0/current_clocksource");
	add(c, "clocksource", line, NULL);
	read_line(m, line, sizeof(line), "/sys/kernel/mm/transparent_hugepage/shmem_enabled");
	add(c, "thp_shmem", chosen(line, word, sizeof(word)), NULL);
	read_line(m, line, sizeof(line), "/proc/sys/kernel/numa_balancing");
	add(c, "numa_balancing", line, NULL);
	read_line(m, line, sizeof(line), "/sys/devices/system/cpu/isolated");
	add(c, "isolated_cpus", line[0] != '\0' ? line : "none", NULL);
}

/* What was asked for, so it makes two reports unlike. */
static void add_realtime(struct context *c, const struct bench_env *env)
{
	char text[32];

	realtime_name(env, text, sizeof(text));
	add(c, "scheduler", text, NULL);
	add(c, "memory_locked", env->locked ? "yes" : "no", NULL);
}

static void add_build(struct context *c)
{
	char text[64] = "";

#if defined(__clang__)
	add(c, "compiler", __VERSION__, NULL);
#elif defined(__GNUC__)
	add(c, "compiler", "gcc " __VERSION__, NULL);
#else
	add(c, "compiler", "unknown", NULL);
#endif
#ifdef __GLIBC__
	snprintf(text, sizeof(text), "glibc %s", gnu_get_libc_version());
#endif
	add(c, "libc", text, NULL);
	add(c, "cflags", BENCH_CFLAGS,
	    flags_optimise(BENCH_CFLAGS) ? NULL : "built without optimisation");
	add(c, "cxx_compiler", gb_compiler(), NULL);
	add(c, "cxxflags", BENCH_CXXFLAGS,
	    flags_alike(BENCH_CFLAGS, BENCH_CXXFLAGS)
		    ? NULL
		    : "not optimised like the library: configure with CXXFLAGS like CFLAGS");
	add(c, "peers", BENCH_PEER_VERSIONS, NULL);
	add(c, "revision", BENCH_REVISION, NULL);
	add(c, "heap_calls", alloc_counted() ? "counted" : "not counted", NULL);
}

/* Options that say where to, not what: they name folders, and nothing that was measured. */
static int names_a_file(const char *word)
{
	return strncmp(word, "--report", 8) == 0 || strncmp(word, "--json", 6) == 0;
}

/* What weir-bench would have to be told to do this again. */
static void add_arguments(struct context *c)
{
	char line[900] = "", text[sizeof(c->fact[0].value)] = "";
	FILE *f = fopen("/proc/self/cmdline", "r");
	size_t n = f != NULL ? fread(line, 1, sizeof(line) - 1, f) : 0, used = 0, at;

	if (f != NULL)
		fclose(f);
	for (at = strlen(line) + 1; at < n; at += strlen(line + at) + 1) {
		const char *word = line + at;

		if (!names_a_file(word)) /* no more than line[] has, and text[] is larger */
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
						 used > 0 ? " " : "", word);
		else if (strchr(word, '=') == NULL)
			at += strlen(word) + 1;
	}
	add(c, "arguments", text[0] != '\0' ? text : "none", NULL);
}

void context_read(struct context *c, const struct bench_env *env)
{
	const struct preflight_machine m = {.root = "", .cpu = env->cpu, .cpus = env->cpus};
	time_t now = time(NULL);
	struct tm tm;
	char text[64] = "";

	memset(c, 0, sizeof(*c));
	if (gmtime_r(&now, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	add(c, "date", text, NULL);
	add_arguments(c);
	add_machine(c, &m);
	add_settings(c, &m);
	add_realtime(c, env);
	add_build(c);
}
