/*
 * The driver: pinned threads or forked processes that start together on one shared word.
 *
 * google-benchmark synchronises its threads at the ends of a loop only, knows no processes and pins
 * nothing; so this part is ours, and hands totals to whoever reports them.
 *
 * All words that roles share live in a control block that is mapped MAP_SHARED before any fork, so
 * threads and processes run the very same code at the very same addresses. Each role's result has
 * lines of its own. The process that measures stays off the CPUs while a run is timed: the roles
 * are threads of a child, or a child each, and it waits for them to end.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "control.h"
#include "latency.h"
#include "realtime.h"
#include "watch.h"

#define WATCH_MORE_NS INT64_C(2000000000) /* one that cannot is ended */

struct job { /* one role */
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

static void team_member(void *arg, unsigned i)
{
	struct job *job = arg;

	thread_main(&job[i]);
}

/* The caller is role 0; pinned last, lest the others inherit it. */
static void run_threads(struct job *job, unsigned roles)
{
	unsigned i, started;
	int rc;

	for (started = 1; started < roles; started++) {
		rc = pthread_create(&job[started].thread, NULL, thread_main, &job[started]);
		if (rc != 0) {
			role_fail(&job->role, "cannot start role %u: %s", started, strerror(rc));
			break;
		}
	}
	if (!role_stopped(&job->role))
		thread_main(job);
	for (i = 1; i < started; i++)
		pthread_join(job[i].thread, NULL);
}

/* A child's page tables do not hold the shared mapping yet: fill them before the clock runs. */
void driver_populate(uint8_t *p, size_t len)
{
	size_t at;

#ifdef MADV_POPULATE_WRITE
	if (madvise(p, len, MADV_POPULATE_WRITE) == 0)
		return;
#endif
	for (at = 0; at < len; at += 4096)
		__atomic_fetch_add(p + at, 0, __ATOMIC_RELAXED);
}

/* Filling page tables, and emptying them when the child ends, takes longer than the probe does. */
static size_t arena_bytes(const struct bench *b)
{
	if (b->flags & BENCH_SMALL)
		return 4096;
	return BENCH_ARENA_BYTES + (b->flags & BENCH_LATENCY ? BENCH_LATENCY_BYTES : 0);
}

/* A child: one role, or with threads all of them. */
static pid_t start_process(struct bench_env *env, const struct bench *b, struct job *job,
			   unsigned roles, const sigset_t *mask)
{
	const pid_t parent = getpid();
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	/* what a terminal tells all of its processes is for the parent, with which we die */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	sigprocmask(SIG_SETMASK, mask, NULL);
	if (env->count_calls)
		watch_stop_here();
	if (realtime_in_child(env) != 0) {
		role_fail(&job->role, "%s", env->error);
		_exit(0);
	}
	driver_populate(env->arena, arena_bytes(b));
	driver_populate((uint8_t *)env->ctl, sizeof(struct control));
	if (b->flags & BENCH_PROCS)
		thread_main(job);
	else if (b->team != NULL)
		b->team(roles, team_member, job);
	else
		run_threads(job, roles);
	_exit(0);
}

static int cpu_of(const struct bench_env *env, const struct bench *b, unsigned i)
{
	if (b->flags & BENCH_EQUALS)
		return env->cpu[i % env->cpus];
	/* role 0 has the first CPU to itself when there are two or more */
	return i == 0 || env->cpus == 1 ? env->cpu[0] : env->cpu[1 + (i - 1) % (env->cpus - 1)];
}

static uint32_t shares_cpu(const struct bench_env *env, const struct bench *b, unsigned i,
			   unsigned roles)
{
	unsigned k;

	for (k = 0; k < roles; k++)
		if (k != i && cpu_of(env, b, k) == cpu_of(env, b, i))
			return 1;
	return 0;
}

static int64_t limit_of(const struct bench_env *env)
{
	return driver_now() + driver_limit_ns(env);
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
	job->role.latency = latency_pair_of(env->arena, b, i);
	job->role.source = (const uint8_t *)env->ctl->source;
	job->role.deadline = limit_of(env);
	job->cpu = cpu_of(env, b, i);
	job->role.shared_cpu = shares_cpu(env, b, i, roles);
	job->role.spins_max = job->role.shared_cpu ? ROLE_SPINS_SHARED : ROLE_SPINS_ALONE;
}

static double total(struct bench_env *env, const struct bench *b, unsigned roles, uint64_t n,
		    double calls, struct bench_sample *out)
{
	struct control *ctl = env->ctl;
	int64_t t0 = ctl->result[0].t0, t1 = ctl->result[0].t1;
	uint64_t received = 0, waited = 0;
	unsigned i;

	for (i = 0; i < roles; i++) {
		const struct result *r = &ctl->result[i];

		if (control_load(&ctl->failed.word) == 0 && control_load(&r->done) == 0)
			snprintf(ctl->failed.text, sizeof(ctl->failed.text),
				 "role %u did not finish", i);
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
		out->lost += r->lost;
		out->evicted += r->evicted;
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
	out->calls = calls;
	out->ns = (double)(t1 - t0);
	out->waiting = out->ns > 0 ? (double)waited / out->ns / roles : 0;
	return out->ns;
}

static void start_all(struct bench_env *env, const struct bench *b, struct job *job, unsigned roles,
		      struct watch *w, const sigset_t *mask)
{
	const unsigned children = b->flags & BENCH_PROCS ? roles : 1;

	for (w->n = 0; w->n < children; w->n++) {
		w->pid[w->n] = start_process(env, b, &job[w->n], roles, mask);
		if (w->pid[w->n] < 0) {
			role_fail(&job->role, "cannot start role %u: %s", w->n, strerror(errno));
			break;
		}
	}
	if (env->count_calls)
		watch_trace(w);
}

/* Not of roles that share a CPU, where one that spins never lets the other run; nor under a tracer, which
 * is not real-time and would see to the calls of one that yields for ever. */
static int fifo_of(const struct bench_env *env, unsigned roles)
{
	return driver_oversubscribed(env, roles - 1) || env->count_calls ? 0 : env->fifo;
}

double driver_run(struct bench_env *env, const struct bench *b, role_fn first, role_fn others,
		  unsigned roles, uint64_t n, struct bench_sample *out)
{
	struct job job[ROLE_MAX];
	sigset_t set, before;
	struct watch w;
	unsigned i;

	memset(out, 0, sizeof(*out));
	memset(env->ctl, 0, offsetof(struct control, source));
	latency_clear(env, b);
	env->ctl->ready.word = env->ctl->risen.word = roles - 1;
	for (i = 0; i < roles; i++) {
		init_role(env, b, i, roles, n, &job[i]);
		job[i].role.fifo = fifo_of(env, roles);
		job[i].fn = i == 0 ? first : others;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &before);
	memset(&w, 0, sizeof(w));
	w.ctl = env->ctl;
	w.stop = env->stop;
	w.limit = limit_of(env) + WATCH_MORE_NS;
	w.beside = env->beside;
	w.beside_arg = env->beside_arg;
	start_all(env, b, job, roles, &w, &before);
	watch_wait(&w);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return total(env, b, roles, n, w.traced ? (double)w.calls : (double)NAN, out);
}
