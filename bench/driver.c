/*
 * The two-role driver: pinned threads or forked processes that start together on one shared word.
 *
 * google-benchmark synchronises its threads at the ends of a loop only, knows no processes and pins
 * nothing; so this part is ours, and hands totals to whoever reports them.
 *
 * All words that roles share live in a control block that is mapped MAP_SHARED before any fork, so
 * threads and processes run the very same code at the very same addresses. Each role's result has
 * lines of its own. The harness itself stays off the CPUs while a run is timed: its main thread is
 * role 0.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control.h"

#define RUN_LIMIT_NS INT64_C(10000000000) /* a run that takes longer hangs */

struct job { /* one role, as a thread */
	struct role role;
	role_fn fn;
	int cpu;
	pthread_t thread;
};

static int pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

/* ---- threads and processes ---- */

static void *thread_main(void *arg)
{
	struct job *job = arg;

	if (pin(job->cpu) != 0)
		role_fail(&job->role, "cannot pin to CPU %d", job->cpu);
	else
		(void)job->fn(&job->role);
	return NULL;
}

/* A child's page tables do not hold the shared mapping yet: fill them before the clock runs. */
static void populate(uint8_t *p, size_t len)
{
	size_t at;

#ifdef MADV_POPULATE_WRITE
	if (madvise(p, len, MADV_POPULATE_WRITE) == 0)
		return;
#endif
	for (at = 0; at < len; at += 4096)
		__atomic_fetch_add(p + at, 0, __ATOMIC_RELAXED);
}

static pid_t start_process(struct job *job)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	signal(SIGINT, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	populate(job->role.arena, BENCH_ARENA_BYTES);
	populate((uint8_t *)job->role.ctl, sizeof(struct control));
	thread_main(job);
	_exit(0);
}

static void init_role(struct bench_env *env, const struct bench *b, unsigned i, unsigned roles,
		      uint64_t n, struct job *job)
{
	memset(job, 0, sizeof(*job));
	job->role.index = i;
	job->role.n = n;
	job->role.b = b;
	job->role.skew = (uint32_t)b->skew;
	job->role.lines = b->flags & BENCH_LINES;
	job->role.arena = env->arena;
	job->role.ctl = env->ctl;
	job->role.source = (const uint8_t *)env->ctl->source;
	job->role.deadline = driver_now() + RUN_LIMIT_NS;
	/* role 0 has the first CPU to itself when there are two or more */
	job->cpu = i == 0 || env->cpus == 1 ? env->cpu[0] : env->cpu[1 + (i - 1) % (env->cpus - 1)];
	job->role.shared_cpu = env->cpus == 1 ? roles > 1 : i != 0 && roles > env->cpus;
	job->role.spins_max = job->role.shared_cpu ? ROLE_SPINS_SHARED : ROLE_SPINS_ALONE;
}

int driver_oversubscribed(const struct bench_env *env, unsigned readers)
{
	return readers + 1 > env->cpus;
}

static double total(struct bench_env *env, const struct bench *b, unsigned roles, uint64_t n,
		    struct bench_sample *out)
{
	struct control *ctl = env->ctl;
	int64_t t0 = ctl->result[0].t0, t1 = ctl->result[0].t1;
	uint64_t received = 0, waited = 0;
	unsigned i;

	for (i = 0; i < roles; i++) {
		const struct result *r = &ctl->result[i];

		if (control_load(&ctl->failed.word) == 0 && control_load(&r->done) == 0)
			snprintf(ctl->failed.text, sizeof(ctl->failed.text), "role %u died", i);
		else if (control_load(&ctl->failed.word) == 0 && i > 0 &&
			 !(b->flags & (BENCH_SHARING | BENCH_FREE)) && r->ops != n)
			snprintf(ctl->failed.text, sizeof(ctl->failed.text),
				 "role %u has %llu of %llu messages", i, (unsigned long long)r->ops,
				 (unsigned long long)n);
		if (ctl->failed.text[0] != '\0')
			break;
		if (!(b->flags & BENCH_FREE)) {
			t0 = r->t0 < t0 ? r->t0 : t0;
			t1 = r->t1 > t1 ? r->t1 : t1;
		}
		received += i > 0 ? r->ops : 0;
		out->allocs += r->allocs;
		out->voluntary += r->voluntary;
		out->involuntary += r->involuntary;
		out->faults += r->faults;
		waited += r->waited;
	}
	if (ctl->failed.text[0] == '\0' && ctl->result[0].ops != n)
		snprintf(ctl->failed.text, sizeof(ctl->failed.text), "role 0 did %llu of %llu",
			 (unsigned long long)ctl->result[0].ops, (unsigned long long)n);
	if (ctl->failed.text[0] == '\0' && (b->flags & BENCH_SHARING) && received != n)
		snprintf(ctl->failed.text, sizeof(ctl->failed.text), "%llu of %llu arrived",
			 (unsigned long long)received, (unsigned long long)n);
	if (ctl->failed.text[0] != '\0') {
		snprintf(env->error, sizeof(env->error), "%s", ctl->failed.text);
		return -1;
	}
	out->ops = n;
	out->value = ctl->value;
	out->ns = (double)(t1 - t0);
	out->waiting = out->ns > 0 ? (double)waited / out->ns / roles : 0;
	return out->ns;
}

double driver_run(struct bench_env *env, const struct bench *b, role_fn first, role_fn others,
		  unsigned roles, uint64_t n, struct bench_sample *out)
{
	struct control *ctl = env->ctl;
	struct job job[ROLE_MAX];
	pid_t pid[ROLE_MAX];
	unsigned i, started = 1;
	cpu_set_t before;
	int known = sched_getaffinity(0, sizeof(before), &before) == 0;

	memset(out, 0, sizeof(*out));
	memset(ctl, 0, offsetof(struct control, source));
	ctl->ready.word = roles - 1;
	for (i = 0; i < roles; i++) {
		init_role(env, b, i, roles, n, &job[i]);
		job[i].fn = i == 0 ? first : others;
	}
	if (pin(job[0].cpu) != 0)
		role_fail(&job[0].role, "cannot pin to CPU %d", job[0].cpu);
	for (; started < roles && !role_stopped(&job[0].role); started++) {
		int rc;

		if (b->flags & BENCH_PROCS)
			rc = (pid[started] = start_process(&job[started])) > 0 ? 0 : errno;
		else
			rc = pthread_create(&job[started].thread, NULL, thread_main, &job[started]);
		if (rc != 0) {
			role_fail(&job[0].role, "cannot start role %u: %s", started, strerror(rc));
			break;
		}
	}
	if (!role_stopped(&job[0].role))
		(void)first(&job[0].role);
	for (i = 1; i < started; i++)
		if (b->flags & BENCH_PROCS)
			while (waitpid(pid[i], NULL, 0) < 0 && errno == EINTR)
				;
		else
			pthread_join(job[i].thread, NULL);
	if (known) /* what comes next may want all of them */
		(void)sched_setaffinity(0, sizeof(before), &before);
	return total(env, b, roles, n, out);
}

/* ---- set up ---- */

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
	mem = mmap(NULL, BENCH_ARENA_BYTES + bytes, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (mem == MAP_FAILED) {
		snprintf(env->error, sizeof(env->error), "mmap: %s", strerror(errno));
		return -1;
	}
	env->arena = mem;
	env->ctl = (struct control *)(void *)(mem + BENCH_ARENA_BYTES);
	for (i = 0; i < sizeof(env->ctl->source) / sizeof(env->ctl->source[0]); i++)
		env->ctl->source[i] = MSG_WORD;
	return 0;
}

void driver_fini(struct bench_env *env)
{
	size_t bytes = (sizeof(struct control) + 4095u) & ~(size_t)4095u;

	if (env->arena != NULL)
		munmap(env->arena, BENCH_ARENA_BYTES + bytes);
	env->arena = NULL;
}
