/* bench/topology.h - how the CPUs of this machine lie to each other, and pairs of them to measure. */
#ifndef BENCH_TOPOLOGY_H
#define BENCH_TOPOLOGY_H

#include <sched.h>
#include <stddef.h>

enum topology_kind {
	TOPOLOGY_SMT,    /* two hardware threads of one core */
	TOPOLOGY_CORE,   /* two cores that share their last-level cache */
	TOPOLOGY_SOCKET, /* two packages */
	TOPOLOGY_NUMA,   /* two NUMA nodes, of one package where there are such */
	TOPOLOGY_KINDS
};

/* Where one CPU is. Equal numbers are the same thing; numbers of cores and caches are unique in the
 * machine. Negative: not known, and equal to nothing; cores always are known. */
struct topology_cpu {
	int cpu; /* as the kernel numbers it */
	int core, cache, package, node;
};

struct topology {
	struct topology_cpu *cpu; /* by number */
	size_t cpus;
	char error[256];
};

const char *topology_name(enum topology_kind kind); /* "smt" ... */
const char *topology_what(enum topology_kind kind); /* "two hardware threads of a core" ... */

/* Finds out about the CPUs in *may: by hwloc, if built with it, otherwise from the files below `root`,
 * as /sys/devices/system. 0; -1: t->error says why. */
int topology_read(struct topology *t, const cpu_set_t *may, const char *root);
int topology_read_files(struct topology *t, const cpu_set_t *may, const char *root);
void topology_free(struct topology *t);

/* The first such pair, lower number first. Where no cache is known, as in some virtual machines, two
 * cores of one package are as good. 0; -1: the machine has none. */
int topology_pair(const struct topology *t, enum topology_kind kind, int cpu[2]);

/* The CPUs in the order in which roles are to have them: two cores that share a last-level cache, the
 * others by how near they are to the first, and second threads of cores last. How many, at most max. */
unsigned topology_order(const struct topology *t, int *cpu, unsigned max);

/* What two CPUs are to each other; *apart: they are in two packages or nodes. */
const char *topology_relation(const struct topology *t, int a, int b, int *apart);

#endif
