/* Reads and searches the topology. See topology.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "topology.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef BENCH_HAVE_HWLOC
#include <hwloc.h>
#endif

static const struct {
	const char *name, *what;
} kinds[TOPOLOGY_KINDS] = {
	{"smt", "two hardware threads of a core"},
	{"core", "two cores that share a last-level cache"},
	{"socket", "two packages"},
	{"numa", "two NUMA nodes"},
};

const char *topology_name(enum topology_kind kind)
{
	return kinds[kind].name;
}

const char *topology_what(enum topology_kind kind)
{
	return kinds[kind].what;
}

/* ---- choosing ---- */

static int are_same(int a, int b)
{
	return a >= 0 && a == b;
}

static int differ(int a, int b)
{
	return a >= 0 && b >= 0 && a != b;
}

static int no_cache_known(const struct topology_cpu *a, const struct topology_cpu *b)
{
	return a->cache < 0 && b->cache < 0;
}

static int is_pair(const struct topology_cpu *a, const struct topology_cpu *b,
		   enum topology_kind kind)
{
	switch (kind) {
	case TOPOLOGY_SMT:
		return a->core == b->core;
	case TOPOLOGY_CORE:
		return a->core != b->core && are_same(a->package, b->package) &&
		       (are_same(a->cache, b->cache) || no_cache_known(a, b));
	case TOPOLOGY_SOCKET:
		return differ(a->package, b->package);
	case TOPOLOGY_NUMA:
		return differ(a->node, b->node);
	default:
		return 0;
	}
}

int topology_pair(const struct topology *t, enum topology_kind kind, int cpu[2])
{
	int found = -1;
	size_t i, k;

	for (i = 0; i < t->cpus; i++)
		for (k = i + 1; k < t->cpus; k++) {
			const struct topology_cpu *a = &t->cpu[i], *b = &t->cpu[k];
			int best = kind == TOPOLOGY_NUMA   ? are_same(a->package, b->package)
				   : kind == TOPOLOGY_CORE ? are_same(a->cache, b->cache)
							   : 1;

			if (!is_pair(a, b, kind) || (found == 0 && !best))
				continue;
			cpu[0] = a->cpu;
			cpu[1] = b->cpu;
			found = 0;
			if (best)
				return 0;
		}
	return found;
}

/* How good b is beside a: a core of its own first, then what they have in common. */
static int nearness(const struct topology_cpu *a, const struct topology_cpu *b)
{
	return 4 * are_same(a->cache, b->cache) + 2 * are_same(a->node, b->node) +
	       are_same(a->package, b->package);
}

static const struct topology_cpu *find(const struct topology *t, int cpu)
{
	size_t i;

	for (i = 0; i < t->cpus; i++)
		if (t->cpu[i].cpu == cpu)
			return &t->cpu[i];
	return NULL;
}

/* -1: it is taken. */
static int value_of(const struct topology *t, const struct topology_cpu *c, const int *taken,
		    unsigned n)
{
	int own_core = 1;
	unsigned i;

	for (i = 0; i < n; i++) {
		if (taken[i] == c->cpu)
			return -1;
		own_core &= find(t, taken[i])->core != c->core;
	}
	return 8 * own_core + nearness(find(t, taken[0]), c);
}

unsigned topology_order(const struct topology *t, int *cpu, unsigned max)
{
	int pair[2], value, most;
	unsigned n = 0;
	size_t i;

	if (t->cpus == 0 || max == 0)
		return 0;
	cpu[n++] = topology_pair(t, TOPOLOGY_CORE, pair) == 0 ? pair[0] : t->cpu[0].cpu;
	for (; n < max && n < t->cpus; n++)
		for (most = -1, i = 0; i < t->cpus; i++) {
			value = value_of(t, &t->cpu[i], cpu, n);
			if (value > most) {
				most = value;
				cpu[n] = t->cpu[i].cpu;
			}
		}
	return n;
}

const char *topology_relation(const struct topology *t, int a, int b, int *apart)
{
	const struct topology_cpu *x = find(t, a), *y = find(t, b);

	*apart = 0;
	if (x == NULL || y == NULL)
		return NULL;
	*apart = differ(x->package, y->package) || differ(x->node, y->node);
	if (x->core == y->core)
		return kinds[TOPOLOGY_SMT].what;
	if (differ(x->package, y->package))
		return kinds[TOPOLOGY_SOCKET].what;
	if (differ(x->node, y->node))
		return kinds[TOPOLOGY_NUMA].what;
	if (are_same(x->cache, y->cache))
		return kinds[TOPOLOGY_CORE].what;
	if (differ(x->cache, y->cache))
		return "two cores without a cache in common";
	return "two cores, their caches not known";
}

static int begin(struct topology *t, const cpu_set_t *may)
{
	memset(t, 0, sizeof(*t));
	t->cpu = calloc((size_t)CPU_COUNT(may) + 1, sizeof(*t->cpu));
	if (t->cpu != NULL)
		return 0;
	snprintf(t->error, sizeof(t->error), "no memory for %d CPUs", CPU_COUNT(may));
	return -1;
}

void topology_free(struct topology *t)
{
	free(t->cpu);
	t->cpu = NULL;
	t->cpus = 0;
}

/* ---- from files ---- */

/* The number a file begins with; -1: there is none. Of a list of CPUs it is the lowest. */
static int number_in(const char *path)
{
	FILE *f = fopen(path, "re");
	int n;

	if (f == NULL)
		return -1;
	if (fscanf(f, "%d", &n) != 1)
		n = -1;
	fclose(f);
	return n;
}

/* Data or unified caches of the highest level; the lowest CPU that shares one stands for it. */
static int cache_of(const char *dir)
{
	int i, level, highest = 0, cache = -1;
	char path[512], type[16];
	FILE *f;

	for (i = 0; i < 16; i++) {
		snprintf(path, sizeof(path), "%s/cache/index%d/level", dir, i);
		level = number_in(path);
		if (level <= highest)
			continue;
		snprintf(path, sizeof(path), "%s/cache/index%d/type", dir, i);
		f = fopen(path, "re");
		if (f != NULL && (fscanf(f, "%15s", type) != 1 || strcmp(type, "Instruction") == 0))
			level = 0;
		if (f != NULL)
			fclose(f);
		if (level <= highest)
			continue;
		snprintf(path, sizeof(path), "%s/cache/index%d/shared_cpu_list", dir, i);
		highest = level;
		cache = number_in(path);
	}
	return cache;
}

/* A CPU's folder has a link to its node. */
static int node_of(const char *dir)
{
	char path[512];
	int node;

	for (node = 0; node < 1024; node++) {
		snprintf(path, sizeof(path), "%s/node%d", dir, node);
		if (access(path, F_OK) == 0)
			return node;
	}
	return 0; /* a kernel without NUMA */
}

static int read_cpu(struct topology *t, int cpu, const char *root)
{
	struct topology_cpu *c = &t->cpu[t->cpus];
	char dir[400], path[512];

	snprintf(dir, sizeof(dir), "%s/cpu/cpu%d", root, cpu);
	c->cpu = cpu;
	snprintf(path, sizeof(path), "%s/topology/thread_siblings_list", dir);
	c->core = number_in(path);
	if (c->core < 0) {
		snprintf(t->error, sizeof(t->error), "%.200s: %s", path,
			 errno != 0 ? strerror(errno) : "no number");
		return -1;
	}
	snprintf(path, sizeof(path), "%s/topology/physical_package_id", dir);
	c->package = number_in(path);
	c->cache = cache_of(dir);
	c->node = node_of(dir);
	t->cpus++;
	return 0;
}

int topology_read_files(struct topology *t, const cpu_set_t *may, const char *root)
{
	int cpu;

	if (begin(t, may) != 0)
		return -1;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		errno = 0;
		if (CPU_ISSET((size_t)cpu, may) && read_cpu(t, cpu, root) != 0) {
			topology_free(t);
			return -1;
		}
	}
	return 0;
}

/* ---- by hwloc ---- */

#ifdef BENCH_HAVE_HWLOC
/* The outermost cache around a CPU; -1: none is known. */
static int outermost_cache(hwloc_obj_t pu)
{
	hwloc_obj_t o, cache = NULL;

	for (o = pu; o != NULL; o = o->parent)
		if (hwloc_obj_type_is_dcache(o->type))
			cache = o;
	/* the lowest CPU in it stands for it: indices are unique within a level only */
	return cache != NULL ? hwloc_bitmap_first(cache->cpuset) : -1;
}

static int index_of(hwloc_topology_t hw, hwloc_obj_type_t type, hwloc_obj_t pu, int none)
{
	hwloc_obj_t o = hwloc_get_ancestor_obj_by_type(hw, type, pu);

	return o != NULL ? (int)o->logical_index : none;
}

static void take_all(struct topology *t, hwloc_topology_t hw, const cpu_set_t *may)
{
	hwloc_obj_t pu = NULL;
	unsigned cpu;

	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		struct topology_cpu *c = &t->cpu[t->cpus];

		pu = CPU_ISSET(cpu, may) ? hwloc_get_pu_obj_by_os_index(hw, cpu) : NULL;
		if (pu == NULL)
			continue;
		c->cpu = (int)cpu;
		c->core = index_of(hw, HWLOC_OBJ_CORE, pu, (int)(CPU_SETSIZE + cpu));
		c->package = index_of(hw, HWLOC_OBJ_PACKAGE, pu, -1);
		c->cache = outermost_cache(pu);
		c->node = hwloc_bitmap_first(pu->nodeset);
		t->cpus++;
	}
}

int topology_read(struct topology *t, const cpu_set_t *may, const char *root)
{
	hwloc_topology_t hw;

	(void)root;
	if (begin(t, may) != 0)
		return -1;
	errno = 0;
	if (hwloc_topology_init(&hw) != 0) {
		snprintf(t->error, sizeof(t->error), "hwloc: %s", strerror(errno));
		topology_free(t);
		return -1;
	}
	if (hwloc_topology_load(hw) == 0)
		take_all(t, hw, may);
	else
		snprintf(t->error, sizeof(t->error), "hwloc: %s", strerror(errno));
	hwloc_topology_destroy(hw);
	if (t->error[0] == '\0')
		return 0;
	topology_free(t);
	return -1;
}
#else
int topology_read(struct topology *t, const cpu_set_t *may, const char *root)
{
	return topology_read_files(t, may, root);
}
#endif
