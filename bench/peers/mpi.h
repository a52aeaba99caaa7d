/* bench/peers/mpi.h - starting an MPI's ranks, and leaving nothing of them behind. For mpi.c. */
#ifndef BENCH_MPI_H
#define BENCH_MPI_H

#include <signal.h>
#include <sys/types.h>

#include "../bench.h"

struct mpi {
	const char *launcher;
	const char *ranks; /* the program */
	int is_openmpi;
	uint32_t ways; /* enum bench_way */
};

#define MPI_ARGS_MAX 40u

struct mpi_job {
	const struct mpi *mpi;
	char folder[64]; /* what its launcher and ranks write */
	char ranks_path[512];
	char parties[16], generations[24], checks[16], self[24], cpus[8 * BENCH_CPUS_MAX];
	const char *yields; /* "1" or "0" */
	char *argv[MPI_ARGS_MAX];
	unsigned args;
};

/* A folder for a run; 0, or -1 with errno. */
int mpi_make_folder(struct mpi_job *j);
void mpi_remove_folder(const struct mpi_job *j);
int mpi_open_in_folder(const struct mpi_job *j, const char *name, int flags);

/* In a child of the process `bench`: runs the job, and ends. Status 0, the launcher's, or 124: time was
 * up, or the bench is gone. The launcher's files in the folder: "out", "err". mask: the launcher's. */
void mpi_keep(struct mpi_job *j, pid_t bench, const sigset_t *mask) __attribute__((noreturn));

#endif
