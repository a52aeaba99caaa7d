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
#include <sys/syscall.h>
#include <unistd.h>

#include "control.h"
#include "topology.h"

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
static int parse_cpus(struct bench_env *env, const cpu_set_t *may, const char *text)
{
	const char *at = text;
	long cpu, last;
	char *end;

	for (;; at = end + 1) {
		cpu = last = number(at, &end);
		if (cpu >= 0 && *end == '-')
			last = number(end + 1, &end);
		if (cpu < 0 || last < 0 || (*end != '\0' && *end != ','))
			return refuse(env, text, "a list like 0,2-5 is wanted");
		if (last < cpu)
			return refuse(env, text, "%ld-%ld is no range", cpu, last);
		for (; cpu <= last; cpu++)
			if (take_cpu(env, may, text, cpu) != 0)
				return -1;
		if (*end == '\0')
			return 0;
	}
}

/* A machine with more possible CPUs than a cpu_set_t holds wants a larger set; those beyond are not
 * used. */
int driver_usable_cpus(cpu_set_t *may)
{
	size_t cpus = CPU_SETSIZE, bytes;
	cpu_set_t *all;
	int rc;

	CPU_ZERO(may);
	if (sched_getaffinity(0, sizeof(*may), may) == 0 || errno != EINVAL)
		return CPU_COUNT(may) > 0 ? 0 : -1;
	do {
		cpus *= 2;
		bytes = CPU_ALLOC_SIZE(cpus);
		all = CPU_ALLOC(cpus);
		if (all == NULL)
			return -1;
		CPU_ZERO_S(bytes, all);
		rc = sched_getaffinity(0, bytes, all);
		memcpy(may, all, sizeof(*may));
		CPU_FREE(all);
	} while (rc != 0 && errno == EINVAL && cpus < 1u << 20);
	return rc;
}

/* All that we may use, as far as there is room. */
static int take_all(struct bench_env *env, const struct topology *t, const cpu_set_t *may)
{
	int cpu;

	env->cpus = topology_order(t, env->cpu, BENCH_CPUS_MAX);
	if (env->cpus > 0)
		return 0;
	for (cpu = 0; cpu < CPU_SETSIZE && env->cpus < BENCH_CPUS_MAX; cpu++)
		if (CPU_ISSET((size_t)cpu, may))
			env->cpu[env->cpus++] = cpu;
	return 0;
}

static int choose_cpus(struct bench_env *env, const char *text)
{
	struct topology t;
	cpu_set_t may;
	int rc;

	if (driver_usable_cpus(&may) != 0)
		return refuse(env, text != NULL ? text : "", "%s", strerror(errno));
	if (topology_read(&t, &may, "/sys/devices/system") != 0)
		memset(&t, 0, sizeof(t));
	env->named = text != NULL;
	rc = text != NULL ? parse_cpus(env, &may, text) : take_all(env, &t, &may);
	if (rc == 0 && env->cpus > 1)
		env->relation = topology_relation(&t, env->cpu[0], env->cpu[1], &env->apart);
	topology_free(&t);
	return rc;
}

/* ---- memory ---- */

static size_t mapped_bytes(void)
{
	return MAPPED_BYTES + ((sizeof(struct control) + 4095u) & ~(size_t)4095u);
}

/* -1: not known. */
static int node_of(void *page)
{
	int node = -1;

#ifdef SYS_move_pages
	if (syscall(SYS_move_pages, 0, 1ul, &page, NULL, &node, 0) != 0)
		return -1;
#endif
	return node >= 0 ? node : -1;
}

/* Pages come from the node of the CPU that touches them first. */
static void *map_near(int cpu)
{
	cpu_set_t before, here;
	int moved;
	void *mem;

	CPU_ZERO(&here);
	CPU_SET((size_t)cpu, &here);
	moved = driver_usable_cpus(&before) == 0 && sched_setaffinity(0, sizeof(here), &here) == 0;
	mem = mmap(NULL, mapped_bytes(), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (moved)
		sched_setaffinity(0, sizeof(before), &before);
	return mem;
}

int driver_map(struct bench_env *env)
{
	uint8_t *mem = map_near(env->cpu[0]);
	size_t i;

	env->arena = NULL;
	if (mem == MAP_FAILED) {
		snprintf(env->error, sizeof(env->error), "mmap: %s", strerror(errno));
		return -1;
	}
	env->arena = mem;
	env->node = node_of(mem);
	env->ctl = (struct control *)(void *)(mem + MAPPED_BYTES);
	for (i = 0; i < sizeof(env->ctl->source) / sizeof(env->ctl->source[0]); i++)
		env->ctl->source[i] = MSG_WORD;
	return 0;
}

int driver_init(struct bench_env *env, const char *cpus)
{
	memset(env, 0, sizeof(*env));
	return choose_cpus(env, cpus) != 0 ? -1 : driver_map(env);
}

void driver_fini(struct bench_env *env)
{
	if (env->arena != NULL)
		munmap(env->arena, mapped_bytes());
	env->arena = NULL;
}
