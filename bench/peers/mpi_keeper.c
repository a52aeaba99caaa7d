/*
 * The keeper of an MPI's ranks: what must not be left behind, whatever ends first.
 *
 *	bench -> keeper -> launcher -> ranks
 *
 * The keeper is to the bench what a role is elsewhere: a child that watch.c looks after. It is told
 * when the bench is gone, ends the launcher then, or when time is up, and removes the folder that both
 * keep their files in. The launcher dies with the keeper, and each rank watches the launcher.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../driver.h"
#include "mpi.h"

#define KEEPER_LIMIT_NS INT64_C(12000000000) /* as for any role */
#define GRACE_NS INT64_C(1000000000)	     /* for a launcher that is told to end */

/* ---- the folder ---- */

int mpi_make_folder(struct mpi_job *j)
{
	snprintf(j->folder, sizeof(j->folder), "/dev/shm/weir-bench-mpi-XXXXXX");
	if (mkdtemp(j->folder) != NULL)
		return 0;
	snprintf(j->folder, sizeof(j->folder), "/tmp/weir-bench-mpi-XXXXXX");
	return mkdtemp(j->folder) != NULL ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	(void)remove(path);
	return 0;
}

void mpi_remove_folder(const struct mpi_job *j)
{
	(void)nftw(j->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int mpi_open_in_folder(const struct mpi_job *j, const char *name, int flags)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", j->folder, name);
	return open(path, flags | O_CLOEXEC, 0600);
}

/* ---- the launcher ---- */

static void add_args(struct mpi_job *j, const char *const *arg)
{
	for (; *arg != NULL && j->args < MPI_ARGS_MAX - 1; arg++)
		j->argv[j->args++] = (char *)(uintptr_t)*arg;
	j->argv[j->args] = NULL;
}

/* Shared memory only, all on this machine, as many ranks as asked for, each where it pins itself. */
static void openmpi_args(struct mpi_job *j)
{
	const char *const plain[] = {j->mpi->launcher,
				     "--oversubscribe",
				     "--bind-to",
				     "none",
				     "--mca",
				     "plm",
				     "isolated",
				     "--mca",
				     "pml",
				     "ob1",
				     "--mca",
				     "btl",
				     "self,vader",
				     "--mca",
				     "btl_vader_backing_directory",
				     j->folder,
				     "--mca",
				     "orte_tmpdir_base",
				     j->folder,
				     "--mca",
				     "mpi_yield_when_idle",
				     j->yields,
				     NULL};
	static const char *const as_root[] = {"--allow-run-as-root", NULL};

	add_args(j, plain);
	if (geteuid() == 0)
		add_args(j, as_root);
}

static void mpich_args(struct mpi_job *j)
{
	const char *const plain[] = {
		j->mpi->launcher, "-launcher",	     "fork", "-bind-to", "none", "-genv",
		"UCX_TLS",	  "self,sysv,posix", NULL};

	add_args(j, plain);
}

static void common_args(struct mpi_job *j)
{
	const char *const arg[] = {"-np",     j->parties, j->ranks_path, j->generations,
				   j->checks, j->self,	  j->cpus,	 NULL};

	add_args(j, arg);
}

static void redirect(const struct mpi_job *j)
{
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int out = mpi_open_in_folder(j, "out", O_WRONLY | O_CREAT | O_TRUNC);
	int err = mpi_open_in_folder(j, "err", O_WRONLY | O_CREAT | O_TRUNC);

	if (in < 0 || out < 0 || err < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(126);
}

/* In the keeper's child: becomes the launcher. */
static void launch(struct mpi_job *j, pid_t keeper, const sigset_t *mask)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != keeper)
		_exit(1);
	sigprocmask(SIG_SETMASK, mask, NULL);
	redirect(j);
	snprintf(j->self, sizeof(j->self), "%ld", (long)getpid());
	if (j->mpi->is_openmpi)
		openmpi_args(j);
	else
		mpich_args(j);
	common_args(j);
	execv(j->mpi->launcher, j->argv);
	fprintf(stderr, "%s: %s\n", j->mpi->launcher, strerror(errno));
	_exit(127);
}

/* ---- the keeper ---- */

/* Until the child has ended (its status), a signal asks for the end, or `until`: -1. */
static int wait_for(pid_t child, int64_t until)
{
	struct timespec ts;
	sigset_t set;
	int64_t ns;
	int st;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	for (;;) {
		if (waitpid(child, &st, WNOHANG) == child)
			return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
		ns = until - driver_now();
		if (ns <= 0)
			return -1;
		ts.tv_sec = (time_t)(ns / 1000000000);
		ts.tv_nsec = (long)(ns % 1000000000);
		if (sigtimedwait(&set, NULL, &ts) == SIGTERM)
			return -1;
	}
}

/* Ends with the launcher's status; 124: time was up, or the bench is gone. */
void mpi_keep(struct mpi_job *j, pid_t bench, const sigset_t *mask)
{
	pid_t keeper = getpid(), launcher;
	sigset_t term;
	int status;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)setsid(); /* an interrupt from the terminal is the bench's alone */
	if (getppid() != bench)
		raise(SIGTERM);
	launcher = fork();
	if (launcher == 0)
		launch(j, keeper, mask);
	if (launcher < 0)
		_exit(125);
	status = wait_for(launcher, driver_now() + KEEPER_LIMIT_NS);
	if (status < 0) {
		kill(launcher, SIGTERM);
		if (wait_for(launcher, driver_now() + GRACE_NS) < 0)
			kill(launcher, SIGKILL);
		status = 124;
	}
	if (getppid() != bench)
		mpi_remove_folder(j);
	_exit(status);
}
