/*
 * One rank of an MPI barrier's row: built once per MPI, started by its launcher, which mpi.c starts.
 *
 *	mpi-NAME GENERATIONS CHECKS LAUNCHER CPU[,CPU...]
 *
 * Each rank pins itself, all meet a few times so that they are connected, and then GENERATIONS times
 * under the clock. As with every barrier here, they go on meeting after that (CHECKS times) and each
 * proves that nobody was let through early: see meet.h. Rank 0 prints one line for all.
 *
 * A rank must not outlive its launcher, whatever ended that: a thread watches the process LAUNCHER.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* its header is no C11 that -Wpedantic knows */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wundef"
#include <mpi.h>
#pragma GCC diagnostic pop

#include "../alloc.h"
#include "../bench.h"

struct number { /* the generation that a rank is in */
	uint64_t number;
} BENCH_ALIGNED;

struct rank {
	uint64_t generations, checks;
	int me, ranks;
	int cpu[BENCH_CPUS_MAX];
	int cpus;
	MPI_Win win;
	struct number *number[BENCH_CPUS_MAX];
};

enum { ALLOCS, VOLUNTARY, INVOLUNTARY, FAULTS, WAITED, SUMS };

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void fail(const struct rank *r, const char *why)
{
	fprintf(stderr, "rank %d: %s\n", r->me, why);
	MPI_Abort(MPI_COMM_WORLD, 1);
	_exit(1);
}

/* ---- the end of the launcher is the end ---- */

static void *watch_launcher(void *arg)
{
	const pid_t launcher = *(const pid_t *)arg;
	struct pollfd p = {.fd = -1, .events = POLLIN};

#ifdef SYS_pidfd_open
	p.fd = (int)syscall(SYS_pidfd_open, launcher, 0);
#endif
	for (;;) {
		if (p.fd >= 0)
			(void)poll(&p, 1, -1);
		else
			(void)poll(NULL, 0, 100);
		if (p.revents != 0 || kill(launcher, 0) != 0)
			_exit(1);
	}
	return NULL;
}

/* Before MPI: its signals are not for this thread. */
static int start_watching(const pid_t *launcher)
{
	sigset_t all, before;
	pthread_t thread;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	rc = pthread_create(&thread, NULL, watch_launcher, (void *)(uintptr_t)launcher);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

/* ---- what it cost ---- */

static uint64_t waited_ns(void)
{
	unsigned long long ran = 0, waited = 0;
	FILE *f = fopen("/proc/thread-self/schedstat", "re");

	if (f == NULL)
		return 0;
	if (fscanf(f, "%llu %llu", &ran, &waited) != 2)
		waited = 0;
	fclose(f);
	return waited;
}

static void usage_of(uint64_t *sum)
{
	struct rusage ru;

	memset(&ru, 0, sizeof(ru));
	getrusage(RUSAGE_THREAD, &ru);
	sum[VOLUNTARY] = (uint64_t)ru.ru_nvcsw;
	sum[INVOLUNTARY] = (uint64_t)ru.ru_nivcsw;
	sum[FAULTS] = (uint64_t)(ru.ru_minflt + ru.ru_majflt);
	sum[WAITED] = waited_ns();
}

/* ---- the generations ---- */

static void timed(struct rank *r, int64_t *t0, int64_t *t1, uint64_t *sum)
{
	uint64_t before[SUMS], i;
	unsigned k;

	usage_of(before);
	MPI_Barrier(MPI_COMM_WORLD);
	before[ALLOCS] = alloc_calls();
	*t0 = now();
	for (i = 0; i < r->generations; i++)
		MPI_Barrier(MPI_COMM_WORLD);
	*t1 = now();
	sum[ALLOCS] = alloc_calls();
	usage_of(sum);
	for (k = 0; k < SUMS; k++)
		sum[k] -= before[k];
}

/* Memory that all ranks share. */
static void share_numbers(struct rank *r)
{
	struct number *mine;
	MPI_Aint bytes;
	int i, unit;

	if (MPI_Win_allocate_shared((MPI_Aint)sizeof(*mine), (int)sizeof(*mine), MPI_INFO_NULL,
				    MPI_COMM_WORLD, &mine, &r->win) != MPI_SUCCESS)
		fail(r, "no memory to share");
	mine->number = 0;
	for (i = 0; i < r->ranks; i++)
		MPI_Win_shared_query(r->win, i, &bytes, &unit, &r->number[i]);
	MPI_Barrier(MPI_COMM_WORLD);
}

static void check(struct rank *r)
{
	char why[64];
	uint64_t k;
	int i;

	for (k = 1; k <= r->checks; k++) {
		__atomic_store_n(&r->number[r->me]->number, k, __ATOMIC_RELAXED);
		MPI_Barrier(MPI_COMM_WORLD);
		for (i = 0; i < r->ranks; i++)
			if (__atomic_load_n(&r->number[i]->number, __ATOMIC_RELAXED) - k > 1) {
				snprintf(why, sizeof(why), "left before rank %d came", i);
				fail(r, why);
			}
	}
}

static void run(struct rank *r)
{
	uint64_t sum[SUMS], all[SUMS];
	int64_t t0, t1, first = 0, last = 0;
	int i;

	share_numbers(r);
	for (i = 0; (uint64_t)i < r->checks; i++) /* they connect */
		MPI_Barrier(MPI_COMM_WORLD);
	timed(r, &t0, &t1, sum);
	check(r);
	MPI_Reduce(&t0, &first, 1, MPI_INT64_T, MPI_MIN, 0, MPI_COMM_WORLD);
	MPI_Reduce(&t1, &last, 1, MPI_INT64_T, MPI_MAX, 0, MPI_COMM_WORLD);
	MPI_Reduce(sum, all, SUMS, MPI_UINT64_T, MPI_SUM, 0, MPI_COMM_WORLD);
	if (r->me == 0)
		printf("met %llu ns %lld allocs %llu voluntary %llu involuntary %llu faults %llu "
		       "waited %llu\n",
		       (unsigned long long)r->generations, (long long)(last - first),
		       (unsigned long long)all[ALLOCS], (unsigned long long)all[VOLUNTARY],
		       (unsigned long long)all[INVOLUNTARY], (unsigned long long)all[FAULTS],
		       (unsigned long long)all[WAITED]);
	MPI_Win_free(&r->win);
}

static int parse_cpus(struct rank *r, const char *text)
{
	char *end;

	for (r->cpus = 0; r->cpus < (int)BENCH_CPUS_MAX; text = end + 1) {
		r->cpu[r->cpus++] = (int)strtol(text, &end, 10);
		if (*end == '\0' && end != text)
			return 0;
		if (*end != ',')
			break;
	}
	return -1;
}

static int pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

int main(int argc, char **argv)
{
	static pid_t launcher;
	struct rank r;
	int level;

	memset(&r, 0, sizeof(r));
	if (argc != 5 || parse_cpus(&r, argv[4]) != 0 || (launcher = atoi(argv[3])) <= 0) {
		fprintf(stderr, "usage: %s GENERATIONS CHECKS LAUNCHER CPU[,CPU...]\n", argv[0]);
		return 2;
	}
	r.generations = strtoull(argv[1], NULL, 10);
	r.checks = strtoull(argv[2], NULL, 10);
	if (start_watching(&launcher) != 0)
		return 1;
	MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
	MPI_Comm_rank(MPI_COMM_WORLD, &r.me);
	MPI_Comm_size(MPI_COMM_WORLD, &r.ranks);
	if (r.ranks > (int)BENCH_CPUS_MAX)
		fail(&r, "too many ranks");
	if (pin(r.cpu[r.me % r.cpus]) != 0)
		fail(&r, "cannot pin itself");
	run(&r);
	MPI_Finalize();
	return 0;
}
