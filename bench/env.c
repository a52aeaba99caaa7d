/* The CPUs and the memory of a run. See driver.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "control.h"

#define MAPPED_BYTES (BENCH_ARENA_BYTES + BENCH_LATENCY_BYTES)

int driver_oversubscribed(const struct bench_env *env, unsigned readers)
{
	return readers + 1 > env->cpus;
}

/* "--cpus 'LIST': why". Returns -1. */
static int refuse(struct bench_env *env, const char *text, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(struct bench_env *env, const char *text, const char *format, ...)
{
	int n = snprintf(env->error, sizeof(env->error), "--cpus '%.60s': ", text);
	va_list ap;

	va_start(ap, format);
	vsnprintf(env->error + n, sizeof(env->error) - (size_t)n, format, ap);
	va_end(ap);
	return -1;
}

/* All that we may use, as far as there is room. */
static int take_all(struct bench_env *env, const cpu_set_t *may)
{
	int cpu;

	for (cpu = 0; cpu < CPU_SETSIZE && env->cpus < BENCH_CPUS_MAX; cpu++)
		if (CPU_ISSET((size_t)cpu, may))
			env->cpu[env->cpus++] = cpu;
	return 0;
}

static int take_cpu(struct bench_env *env, const cpu_set_t *may, const char *text, long cpu)
{
	unsigned i;

	if (cpu >= CPU_SETSIZE || !CPU_ISSET((size_t)cpu, may))
		return refuse(env, text, "this process may not use CPU %ld", cpu);
	for (i = 0; i < env->cpus; i++)
		if (env->cpu[i] == (int)cpu)
			return refuse(env, text, "CPU %ld is named twice", cpu);
	if (env->cpus == BENCH_CPUS_MAX)
		return refuse(env, text, "more than %u CPUs", BENCH_CPUS_MAX);
	env->cpu[env->cpus++] = (int)cpu;
	return 0;
}

/* A number without sign or space. -1: none; *end is where it ends. */
static long number(const char *text, char **end)
{
	long n;

	*end = (char *)(uintptr_t)text;
	if (*text < '0' || *text > '9')
		return -1;
	n = strtol(text, end, 10);
	return n > INT_MAX ? INT_MAX : n;
}

/* "0,2-5": in that order. */
static int parse_cpus(struct bench_env *env, const char *text)
{
	const char *at = text;
	long cpu, last;
	cpu_set_t may;
	char *end;

	CPU_ZERO(&may);
	if (sched_getaffinity(0, sizeof(may), &may) != 0)
		return refuse(env, text != NULL ? text : "", "%s", strerror(errno));
	if (text == NULL)
		return take_all(env, &may);
	for (;; at = end + 1) {
		cpu = last = number(at, &end);
		if (cpu >= 0 && *end == '-')
			last = number(end + 1, &end);
		if (cpu < 0 || last < 0 || (*end != '\0' && *end != ','))
			return refuse(env, text, "a list like 0,2-5 is wanted");
		if (last < cpu)
			return refuse(env, text, "%ld-%ld is no range", cpu, last);
		for (; cpu <= last; cpu++)
			if (take_cpu(env, &may, text, cpu) != 0)
				return -1;
		if (*end == '\0')
			return 0;
	}
}

int driver_init(struct bench_env *env, const char *cpus)
{
	size_t bytes = (sizeof(struct control) + 4095u) & ~(size_t)4095u;
	uint8_t *mem;
	size_t i;

	memset(env, 0, sizeof(*env));
	if (parse_cpus(env, cpus) != 0)
		return -1;
	mem = mmap(NULL, MAPPED_BYTES + bytes, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (mem == MAP_FAILED) {
		snprintf(env->error, sizeof(env->error), "mmap: %s", strerror(errno));
		return -1;
	}
	env->arena = mem;
	env->ctl = (struct control *)(void *)(mem + MAPPED_BYTES);
	for (i = 0; i < sizeof(env->ctl->source) / sizeof(env->ctl->source[0]); i++)
		env->ctl->source[i] = MSG_WORD;
	return 0;
}

void driver_fini(struct bench_env *env)
{
	size_t bytes = (sizeof(struct control) + 4095u) & ~(size_t)4095u;

	if (env->arena != NULL)
		munmap(env->arena, MAPPED_BYTES + bytes);
	env->arena = NULL;
}
