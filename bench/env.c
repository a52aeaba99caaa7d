/* The CPUs and the memory of a run. See driver.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <sched.h>
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

static int parse_cpus(struct bench_env *env, const char *text)
{
	cpu_set_t may;
	char *end;
	long cpu;

	CPU_ZERO(&may);
	if (sched_getaffinity(0, sizeof(may), &may) != 0)
		return -1;
	if (text == NULL) {
		for (cpu = 0; cpu < CPU_SETSIZE && env->cpus < BENCH_CPUS_MAX; cpu++)
			if (CPU_ISSET((size_t)cpu, &may))
				env->cpu[env->cpus++] = (int)cpu;
		return env->cpus > 0 ? 0 : -1;
	}
	for (;;) {
		cpu = strtol(text, &end, 10);
		if (end == text || cpu < 0 || cpu >= CPU_SETSIZE || !CPU_ISSET((size_t)cpu, &may) ||
		    env->cpus == BENCH_CPUS_MAX)
			return -1;
		env->cpu[env->cpus++] = (int)cpu;
		if (*end == '\0')
			return 0;
		if (*end != ',')
			return -1;
		text = end + 1;
	}
}

int driver_init(struct bench_env *env, const char *cpus)
{
	size_t bytes = (sizeof(struct control) + 4095u) & ~(size_t)4095u;
	uint8_t *mem;
	size_t i;

	memset(env, 0, sizeof(*env));
	if (parse_cpus(env, cpus) != 0) {
		snprintf(env->error, sizeof(env->error), "--cpus: not a list of CPUs we may use");
		return -1;
	}
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
