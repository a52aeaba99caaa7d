/*
 * The barriers of Open MPI and of MPICH as peers. Message passing brings a launcher of its own, so a
 * row starts one, which starts a rank per party (mpi_barrier.c); the ranks time themselves, and
 * starting them is in no figure. They talk over shared memory only. They spin, as MPI does. Open MPI
 * can yield its CPU meanwhile, its setting for more ranks than CPUs, so it has rows of that way, too;
 * MPICH's setting is without effect on this way of communicating. mpi_keeper.c looks after all of it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../control.h"
#include "../meet.h"
#include "../watch.h"
#include "mpi.h"

#define WATCH_LIMIT_NS INT64_C(15000000000) /* when the keeper itself hangs */

/* The first line of a file; empty when there is none. */
static void first_line(const struct mpi_job *j, const char *name, char *buf, size_t cap)
{
	int fd = mpi_open_in_folder(j, name, O_RDONLY);
	ssize_t did = fd >= 0 ? read(fd, buf, cap - 1) : -1;

	if (fd >= 0)
		close(fd);
	buf[did > 0 ? did : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
}

static int fail(struct bench_env *env, const struct mpi_job *j, const char *why)
{
	char line[112];

	first_line(j, "err", line, sizeof(line));
	snprintf(env->error, sizeof(env->error), "%s%s%s", why, line[0] != '\0' ? ": " : "", line);
	return -1;
}

static int parse(struct bench_env *env, const struct mpi_job *j, uint64_t n, unsigned parties,
		 struct bench_sample *out)
{
	unsigned long long met, allocs, voluntary, involuntary, faults, waited;
	char line[256];
	long long ns;

	first_line(j, "out", line, sizeof(line));
	if (sscanf(line,
		   "met %llu ns %lld allocs %llu voluntary %llu involuntary %llu faults %llu "
		   "waited %llu",
		   &met, &ns, &allocs, &voluntary, &involuntary, &faults, &waited) != 7)
		return fail(env, j, "the ranks did not say how it went");
	if (met != n || ns <= 0)
		return fail(env, j, "the ranks did not meet as often as they should");
	out->ops = n;
	out->ns = (double)ns;
	out->allocs = allocs;
	out->voluntary = voluntary;
	out->involuntary = involuntary;
	out->faults = faults;
	out->waiting = (double)waited / out->ns / parties;
	return 0;
}

static void set_job(struct mpi_job *j, const struct bench_env *env, const struct bench *b,
		    uint64_t n)
{
	const unsigned parties = meet_parties(b);
	const int slow = (b->flags & BENCH_SPINS) && parties > env->cpus;
	size_t at = 0;
	unsigned i;

	snprintf(j->parties, sizeof(j->parties), "%u", parties);
	snprintf(j->generations, sizeof(j->generations), "%llu", (unsigned long long)n);
	snprintf(j->checks, sizeof(j->checks), "%u", slow ? MEET_CHECKS_SLOW : MEET_CHECKS);
	j->yields = b->way == BENCH_YIELD ? "1" : "0";
	for (i = 0; i < env->cpus && at < sizeof(j->cpus); i++)
		at += (size_t)snprintf(j->cpus + at, sizeof(j->cpus) - at, "%s%d", i > 0 ? "," : "",
				       env->cpu[i]);
}

/* Runs the keeper under the eyes of watch.c. */
static void run_keeper(struct bench_env *env, struct mpi_job *j)
{
	const pid_t bench = getpid();
	sigset_t set, before;
	struct watch w;

	memset(env->ctl, 0, offsetof(struct control, source));
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &before);
	memset(&w, 0, sizeof(w));
	w.ctl = env->ctl;
	w.stop = env->stop;
	w.n = 1;
	w.limit = driver_now() + WATCH_LIMIT_NS;
	w.pid[0] = fork();
	if (w.pid[0] == 0)
		mpi_keep(j, bench, &before);
	if (w.pid[0] > 0)
		watch_wait(&w);
	else
		snprintf(env->ctl->failed.text, sizeof(env->ctl->failed.text), "fork: %s",
			 strerror(errno));
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static double run_job(struct bench_env *env, const struct bench *b, uint64_t n,
		      struct bench_sample *out, struct mpi_job *j)
{
	if (mpi_make_folder(j) != 0) {
		snprintf(env->error, sizeof(env->error), "no folder: %s", strerror(errno));
		return -1;
	}
	set_job(j, env, b, n);
	run_keeper(env, j);
	if (env->ctl->failed.text[0] != '\0')
		out->ns = fail(env, j, "the launcher failed, or ran out of time");
	else if (parse(env, j, n, meet_parties(b), out) != 0)
		out->ns = -1;
	mpi_remove_folder(j);
	return out->ns;
}

/* `name` in the folder this program lies in, or was to be found in before libtool moved it. */
static int beside(char *path, size_t cap, const char *name)
{
	ssize_t len = readlink("/proc/self/exe", path, cap - 1);
	char *slash;

	if (len <= 0)
		return -1;
	path[len] = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL && slash - path >= 6 && strncmp(slash - 6, "/.libs", 6) == 0)
		slash -= 6;
	if (slash == NULL)
		return -1;
	snprintf(slash + 1, cap - (size_t)(slash + 1 - path), "%s", name);
	return access(path, X_OK);
}

/* The program of the ranks: in the build tree, or installed. */
static int find_ranks(char *path, size_t cap, const struct mpi *mpi)
{
	if (beside(path, cap, mpi->ranks) == 0)
		return 0;
	snprintf(path, cap, "%s/%s", BENCH_LIBEXECDIR, mpi->ranks);
	return access(path, X_OK);
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n,
		  struct bench_sample *out, const struct mpi *mpi)
{
	struct mpi_job j;

	memset(out, 0, sizeof(*out));
	memset(&j, 0, sizeof(j));
	out->calls = (double)NAN; /* nobody traces the ranks */
	j.mpi = mpi;
	if (env->count_calls)
		return 0;
	if (find_ranks(j.ranks_path, sizeof(j.ranks_path), mpi) != 0) {
		snprintf(env->error, sizeof(env->error), "%s is gone", mpi->ranks);
		return -1;
	}
	return run_job(env, b, n, out, &j);
}

/* ---- rows ---- */

static void add(const char *who, const struct mpi *mpi,
		double (*fn)(struct bench_env *, const struct bench *, uint64_t,
			     struct bench_sample *))
{
	struct bench_meeter m;
	char path[512];
	cpu_set_t set;

	if (find_ranks(path, sizeof(path), mpi) != 0 || access(mpi->launcher, X_OK) != 0)
		return; /* not built, or the launcher is not installed here */
	memset(&m, 0, sizeof(m));
	m.who = who;
	m.flags = BENCH_PEER | BENCH_PROCS | BENCH_FOREIGN;
	m.ways = mpi->ways;
	m.processes = 1;
	/* more ranks than CPUs that never yield need seconds to start */
	m.spin_parties = driver_usable_cpus(&set) == 0 ? (uint32_t)CPU_COUNT(&set) : 2;
	m.run = fn;
	bench_add_meet_cases(&m);
}

#ifdef BENCH_OPENMPI
static const struct mpi openmpi = {BENCH_OPENMPI, "mpi-openmpi", 1, BENCH_SPIN | BENCH_YIELD};

static double run_openmpi(struct bench_env *env, const struct bench *b, uint64_t n,
			  struct bench_sample *out)
{
	return run(env, b, n, out, &openmpi);
}
#endif

#ifdef BENCH_MPICH
static const struct mpi mpich = {BENCH_MPICH, "mpi-mpich", 0, BENCH_SPIN};

static double run_mpich(struct bench_env *env, const struct bench *b, uint64_t n,
			struct bench_sample *out)
{
	return run(env, b, n, out, &mpich);
}
#endif

void bench_add_mpi(void)
{
#ifdef BENCH_OPENMPI
	add("openmpi", &openmpi, run_openmpi);
#endif
#ifdef BENCH_MPICH
	add("mpich", &mpich, run_mpich);
#endif
}
