/* Which pairs of CPUs the bench chooses, on machines made up by hwloc or of files. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "topology.h"

static void all_cpus(cpu_set_t *may, int first, int last)
{
	CPU_ZERO(may);
	for (; first <= last; first++)
		CPU_SET((size_t)first, may);
}

/* "a,b", or "none". */
static const char *pair(const struct topology *t, enum topology_kind kind)
{
	static char text[32];
	int cpu[2];

	if (topology_pair(t, kind, cpu) != 0)
		return "none";
	snprintf(text, sizeof(text), "%d,%d", cpu[0], cpu[1]);
	return text;
}

static void expect(const struct topology *t, const char *smt, const char *core, const char *socket,
		   const char *numa)
{
	ck_assert_str_eq(pair(t, TOPOLOGY_SMT), smt);
	ck_assert_str_eq(pair(t, TOPOLOGY_CORE), core);
	ck_assert_str_eq(pair(t, TOPOLOGY_SOCKET), socket);
	ck_assert_str_eq(pair(t, TOPOLOGY_NUMA), numa);
}

/* "0,1,2" */
static const char *order(const struct topology *t, unsigned max)
{
	static char text[64];
	unsigned i, n;
	size_t at = 0;
	int cpu[16];

	n = topology_order(t, cpu, max);
	text[0] = '\0';
	for (i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%d", i > 0 ? "," : "",
				       cpu[i]);
	return text;
}

/* ---- hwloc ---- */

#ifdef BENCH_HAVE_HWLOC
static const struct {
	const char *machine;
	int first, last; /* CPUs we may use */
	const char *smt, *core, *socket, *numa;
} machines[] = {
	/* two packages, each a node of four cores with two threads */
	{"pack:2 [numa] l3:1 core:4 pu:2", 0, 15, "0,1", "0,2", "0,8", "0,8"},
	/* the same, held to part of it */
	{"pack:2 [numa] l3:1 core:4 pu:2", 1, 15, "2,3", "1,2", "1,8", "1,8"},
	{"pack:2 [numa] l3:1 core:4 pu:2", 7, 8, "none", "none", "7,8", "7,8"},
	{"pack:2 [numa] l3:1 core:4 pu:2", 3, 3, "none", "none", "none", "none"},
	/* one package of two nodes, no threads: nodes share a socket */
	{"pack:1 node:2 l3:1 core:4 pu:1", 0, 7, "none", "0,1", "none", "0,4"},
	/* two packages of two nodes: the node next door is in the same package */
	{"pack:2 node:2 l3:1 core:2 pu:1", 0, 7, "none", "0,1", "0,4", "0,2"},
	/* last-level caches of two cores: 0,1 share one; 0,2 do not */
	{"pack:1 l3:4 core:2 pu:1", 0, 7, "none", "0,1", "none", "none"},
	{"pack:1 l3:4 core:1 pu:1", 0, 3, "none", "none", "none", "none"},
	/* the outermost cache counts: private second level, shared third */
	{"pack:1 l3:1 l2:4 core:1 pu:1", 0, 3, "none", "0,1", "none", "none"},
	/* no cache is known, as in some virtual machines: the package is what they share */
	{"pack:2 core:2 pu:1", 0, 3, "none", "0,1", "0,2", "none"},
	/* the threads of a core come last in the numbering of many machines */
	{"pack:1 l3:1 core:4 pu:2(indexes=0,4,1,5,2,6,3,7)", 0, 7, "0,4", "0,1", "none", "none"},
};

START_TEST(pairs_of_made_up_machines)
{
	struct topology t;
	cpu_set_t may;

	setenv("HWLOC_SYNTHETIC", machines[_i].machine, 1);
	all_cpus(&may, machines[_i].first, machines[_i].last);
	ck_assert_int_eq(topology_read(&t, &may, "/nowhere"), 0);
	ck_assert_uint_eq(t.cpus, (size_t)(machines[_i].last - machines[_i].first + 1));
	expect(&t, machines[_i].smt, machines[_i].core, machines[_i].socket, machines[_i].numa);
	topology_free(&t);
	unsetenv("HWLOC_SYNTHETIC");
}
END_TEST

static const struct {
	const char *machine;
	int first, last;
	unsigned max;
	const char *order;
	const char *relation; /* of the first two */
	int apart;
} orders[] = {
	/* threads of one core have the lowest numbers: not the first two */
	{"pack:1 l3:1 core:3 pu:2", 0, 5, 16, "0,2,4,1,3,5",
	 "two cores that share a last-level cache", 0},
	/* packages in turn: CPU 1 is in the other one */
	{"pack:2 l3:1 core:2 pu:1(indexes=0,2,1,3)", 0, 3, 16, "0,2,1,3",
	 "two cores that share a last-level cache", 0},
	/* the first CPU has no neighbour left: begin where there are two */
	{"pack:2 l3:1 core:3 pu:1", 2, 5, 16, "3,4,5,2", "two cores that share a last-level cache",
	 0},
	/* the next core of the same package before one of another; no more than there is room for */
	{"pack:2 l3:2 core:2 pu:1", 0, 7, 5, "0,1,2,3,4", "two cores that share a last-level cache",
	 0},
	{"pack:2 l3:1 core:1 pu:1", 0, 1, 16, "0,1", "two packages", 1},
	{"pack:1 node:2 l3:1 core:1 pu:1", 0, 1, 16, "0,1", "two NUMA nodes", 1},
	{"pack:1 l3:1 core:1 pu:2", 0, 1, 16, "0,1", "two hardware threads of a core", 0},
	{"pack:1 l3:2 core:1 pu:1", 0, 1, 16, "0,1", "two cores without a cache in common", 0},
	{"pack:1 core:2 pu:1", 0, 1, 16, "0,1", "two cores, their caches not known", 0},
};

START_TEST(two_cores_that_share_a_cache_come_first)
{
	struct topology t;
	cpu_set_t may;
	int apart;

	setenv("HWLOC_SYNTHETIC", orders[_i].machine, 1);
	all_cpus(&may, orders[_i].first, orders[_i].last);
	ck_assert_int_eq(topology_read(&t, &may, "/nowhere"), 0);
	ck_assert_str_eq(order(&t, orders[_i].max), orders[_i].order);
	ck_assert_str_eq(topology_relation(&t, atoi(orders[_i].order),
					   atoi(strchr(orders[_i].order, ',') + 1), &apart),
			 orders[_i].relation);
	ck_assert_int_eq(apart, orders[_i].apart);
	topology_free(&t);
	unsetenv("HWLOC_SYNTHETIC");
}
END_TEST
#endif

/* ---- files ---- */

static char root[64];

static void put(const char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A file below root with its folders. */
static void put(const char *text, const char *format, ...)
{
	char path[256], *slash;
	va_list ap;
	FILE *f;
	int n = snprintf(path, sizeof(path), "%s/", root);

	va_start(ap, format);
	vsnprintf(path + n, sizeof(path) - (size_t)n, format, ap);
	va_end(ap);
	for (slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	f = fopen(path, "we");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

static void made_up_cpu(int cpu, const char *threads, const char *package, const char *cache,
			int node)
{
	put(threads, "cpu/cpu%d/topology/thread_siblings_list", cpu);
	put(package, "cpu/cpu%d/topology/physical_package_id", cpu);
	put("1\n", "cpu/cpu%d/cache/index0/level", cpu);
	put("Data\n", "cpu/cpu%d/cache/index0/type", cpu);
	put(threads, "cpu/cpu%d/cache/index0/shared_cpu_list", cpu);
	put("3\n", "cpu/cpu%d/cache/index1/level", cpu);
	put("Unified\n", "cpu/cpu%d/cache/index1/type", cpu);
	put(cache, "cpu/cpu%d/cache/index1/shared_cpu_list", cpu);
	put("", "cpu/cpu%d/node%d/cpulist", cpu, node);
}

static void make_root(void)
{
	snprintf(root, sizeof(root), "/tmp/check_bench_topology.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
}

static void remove_root(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(pairs_from_files)
{
	struct topology t;
	cpu_set_t may;

	made_up_cpu(0, "0,4\n", "0\n", "0-1,4-5\n", 0);
	made_up_cpu(1, "1,5\n", "0\n", "0-1,4-5\n", 0);
	made_up_cpu(2, "2\n", "0\n", "2\n", 1);
	made_up_cpu(3, "3\n", "1\n", "3\n", 2);
	made_up_cpu(4, "0,4\n", "0\n", "0-1,4-5\n", 0);
	made_up_cpu(5, "1,5\n", "0\n", "0-1,4-5\n", 0);
	all_cpus(&may, 0, 5);
	ck_assert_int_eq(topology_read_files(&t, &may, root), 0);
	ck_assert_uint_eq(t.cpus, 6);
	expect(&t, "0,4", "0,1", "0,3", "0,2");
	topology_free(&t);
	all_cpus(&may, 1, 3);
	ck_assert_int_eq(topology_read_files(&t, &may, root), 0);
	expect(&t, "none", "none", "1,3", "1,2");
	topology_free(&t);
}
END_TEST

/* Neither caches nor packages are known: two such CPUs have nothing in common that we know of. */
START_TEST(what_is_not_known_is_not_shared)
{
	struct topology t;
	cpu_set_t may;
	int apart;

	put("0\n", "cpu/cpu0/topology/thread_siblings_list");
	put("1\n", "cpu/cpu1/topology/thread_siblings_list");
	all_cpus(&may, 0, 1);
	ck_assert_int_eq(topology_read_files(&t, &may, root), 0);
	expect(&t, "none", "none", "none", "none");
	ck_assert_str_eq(topology_relation(&t, 0, 1, &apart), "two cores, their caches not known");
	ck_assert_ptr_null(topology_relation(&t, 0, 2, &apart));
	ck_assert_str_eq(order(&t, 16), "0,1");
	topology_free(&t);
	/* two of a package that do share one are taken before two that may */
	made_up_cpu(2, "2\n", "0\n", "2-3\n", 0);
	made_up_cpu(3, "3\n", "0\n", "2-3\n", 0);
	put("0\n", "cpu/cpu0/topology/physical_package_id");
	put("0\n", "cpu/cpu1/topology/physical_package_id");
	all_cpus(&may, 0, 3);
	ck_assert_int_eq(topology_read_files(&t, &may, root), 0);
	expect(&t, "none", "2,3", "none", "none");
	topology_free(&t);
}
END_TEST

START_TEST(what_files_do_not_say_is_an_error)
{
	struct topology t;
	cpu_set_t may;

	all_cpus(&may, 0, 0);
	ck_assert_int_eq(topology_read_files(&t, &may, root), -1);
	ck_assert_ptr_nonnull(strstr(t.error, "cpu0/topology/thread_siblings_list"));
	put("none\n", "cpu/cpu0/topology/thread_siblings_list");
	ck_assert_int_eq(topology_read_files(&t, &may, root), -1);
	ck_assert_ptr_nonnull(strstr(t.error, "no number"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench_topology");
	TCase *tc;
	SRunner *sr;
	int failed;

#ifdef BENCH_HAVE_HWLOC
	tc = tcase_create("hwloc");
	tcase_add_loop_test(tc, pairs_of_made_up_machines, 0,
			    (int)(sizeof(machines) / sizeof(machines[0])));
	tcase_add_loop_test(tc, two_cores_that_share_a_cache_come_first, 0,
			    (int)(sizeof(orders) / sizeof(orders[0])));
	suite_add_tcase(s, tc);
#endif
	tc = tcase_create("files");
	tcase_add_checked_fixture(tc, make_root, remove_root);
	tcase_add_test(tc, pairs_from_files);
	tcase_add_test(tc, what_is_not_known_is_not_shared);
	tcase_add_test(tc, what_files_do_not_say_is_an_error);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
