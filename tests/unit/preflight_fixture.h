/* tests/unit/preflight_fixture.h - made-up machines: trees of /proc and /sys in a directory. */
#ifndef PREFLIGHT_FIXTURE_H
#define PREFLIGHT_FIXTURE_H

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preflight.h"
#include "preflight_read.h"

#define OK PREFLIGHT_OK
#define WARN PREFLIGHT_WARN
#define FAIL PREFLIGHT_FAIL
#define UNKNOWN PREFLIGHT_UNKNOWN

#define CPU "/sys/devices/system/cpu/"
#define CLOCK "/sys/devices/system/clocksource/clocksource0/"
#define KERNEL "/proc/sys/kernel/"
#define THP "/sys/kernel/mm/transparent_hugepage/"

#define MAYBE_UNUSED __attribute__((unused))

/* In the build directory, one for each program; what a test that failed has left is taken away by
 * the next. */
static const char root[] = PREFLIGHT_TREE;
static const int used_cpus[] = {2, 3};
static struct preflight_machine machine;
static struct preflight p;
static uint64_t shm_free;

static int space(const char *path, uint64_t *size, uint64_t *avail)
{
	if (access(path, F_OK) != 0)
		return -1;
	*size = 8ull << 30;
	*avail = shm_free;
	return 0;
}

static void put(const char *path, const char *text)
{
	char full[256], *at;
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (at = strchr(full + strlen(root) + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdir(full, 0777);
		*at = '/';
	}
	f = fopen(full, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

/* A file or a folder, if it is there. */
static void drop(const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s%s", root, path);
	if (access(full, F_OK) == 0)
		ck_assert_int_eq(nftw(full, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void put_cpu(int cpu, const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), CPU "cpu%d/%s", cpu, file);
	put(path, text);
}

/* Four cores with two threads each, 0-7; 2 and 3 are measured on and kept free of everything. */
static void good_cpus(void)
{
	char text[32];
	int cpu;

	for (cpu = 2; cpu <= 3; cpu++) {
		put_cpu(cpu, "cpufreq/scaling_governor", "performance\n");
		snprintf(text, sizeof(text), "%d,%d\n", cpu, cpu + 4);
		put_cpu(cpu, "topology/thread_siblings_list", text);
		put_cpu(cpu, "cpuidle/state0/name", "POLL\n");
		put_cpu(cpu, "cpuidle/state0/latency", "0\n");
		put_cpu(cpu, "cpuidle/state1/name", "C1\n");
		put_cpu(cpu, "cpuidle/state1/latency", "1\n");
		put_cpu(cpu, "cpuidle/state1/disable", "0\n");
		put_cpu(cpu, "cpuidle/state2/name", "C6\n");
		put_cpu(cpu, "cpuidle/state2/latency", "133\n");
		put_cpu(cpu, "cpuidle/state2/disable", "1\n");
		put_cpu(cpu, "thermal_throttle/core_throttle_count", "3\n");
		put_cpu(cpu, "thermal_throttle/package_throttle_count", "4\n");
	}
	put(CPU "intel_pstate/no_turbo", "1\n");
	put(CPU "isolated", "2-3,6-7\n");
	put(CPU "nohz_full", "2-3\n");
	put(CLOCK "current_clocksource", "tsc\n");
	put(CLOCK "available_clocksource", "tsc hpet acpi_pm \n");
	put("/proc/cpuinfo", "processor\t: 0\nmodel name\t: Made Up\nflags\t\t: fpu vme tsc\n");
	put("/sys/class/dmi/id/sys_vendor", "Dell Inc.\n");
	put("/sys/class/dmi/id/product_name", "PowerEdge R750\n");
	put("/sys/class/power_supply/.keep", "");
}

static const char quiet_stat[] = "cpu  9 9 9 9 9 9 9 9 0 0\n"
				 "cpu0 9 9 9 9 9 9 9 9 0 0\n"
				 "cpu2 100 0 100 1000 0 0 0 0 0 0\n"
				 "cpu3 100 0 100 1000 0 0 0 0 0 0\n"
				 "intr 5 0 0\nctxt 1000\n";
/* 200 ticks later, of the two CPUs together */
static const char still_quiet[] = "cpu2 100 0 100 1100 0 0 0 0 0 0\n"
				  "cpu3 100 0 100 1100 0 0 0 0 0 0\nctxt 1200\n";

static void good_system(void)
{
	put("/proc/stat", quiet_stat);
	put("/proc/loadavg", "0.05 0.10 0.20 1/300 1234\n");
	put("/proc/pressure/cpu", "some avg10=0.10 avg60=0.00 avg300=0.00 total=5\n");
	put("/proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n");
	put("/proc/self/cgroup", "0::/user.slice/me.scope\n");
	put("/sys/fs/cgroup/user.slice/me.scope/cpu.max", "max 100000\n");
	put("/sys/fs/cgroup/user.slice/cpu.max", "max 100000\n");
	put("/proc/self/stat", "77 (weir) bench) R 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0 0 0 "
			       "0 0 0 0 0 0 0 0 0 0 0 17 2 0 0 0 0 0\n");
	put("/proc/self/personality", "00000000\n");
	put(KERNEL "sched_autogroup_enabled", "0\n");
	put(KERNEL "sched_rt_runtime_us", "-1\n");
	put(KERNEL "sched_rt_period_us", "1000000\n");
	put(KERNEL "yama/ptrace_scope", "1\n");
	put(KERNEL "randomize_va_space", "0\n");
	put(KERNEL "numa_balancing", "0\n");
	put("/sys/devices/system/node/online", "0-1\n");
	put(THP "shmem_enabled", "always within_size advise [never] deny force\n");
	put("/proc/meminfo", "MemTotal: 16000000 kB\nMemAvailable: 12000000 kB\nSwapTotal: 0 kB\n"
			     "SwapFree: 0 kB\nHugePages_Total: 8\nHugePages_Free: 8\n"
			     "Hugepagesize: 2048 kB\n");
	put("/dev/shm/.keep", "");
	shm_free = 4ull << 30;
}

/* In the name is what ends a name. The policy is SCHED_FIFO. */
static const char realtime_stat[] =
	"77 (weir) 0 0) R 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0 0 0 "
	"0 0 0 0 0 0 0 0 0 0 0 17 5 50 1 0 0 0\n";

MAYBE_UNUSED static void make_laptop(void)
{
	int cpu;

	for (cpu = 2; cpu <= 3; cpu++) {
		put_cpu(cpu, "cpufreq/scaling_governor", "powersave\n");
		put_cpu(cpu, "topology/thread_siblings_list", "2-3\n");
		put_cpu(cpu, "cpuidle/state2/disable", "0\n");
	}
	put(CPU "intel_pstate/no_turbo", "0\n");
	put(CPU "isolated", "\n");
	put(CPU "nohz_full", "  (null)\n");
	put("/proc/loadavg", "2.31 1.00 0.50 1/300 1234\n");
	put("/sys/class/power_supply/AC/type", "Mains\n");
	put("/sys/class/power_supply/BAT0/type", "Battery\n");
	put("/sys/class/power_supply/BAT0/status", "Discharging\n");
	put(KERNEL "randomize_va_space", "2\n");
	put(KERNEL "sched_autogroup_enabled", "1\n");
	put(KERNEL "sched_rt_runtime_us", "950000\n");
}

static void set_up(void)
{
	drop("");
	ck_assert_int_eq(mkdir(root, 0777), 0);
	memset(&machine, 0, sizeof(machine));
	machine.root = root;
	machine.cpu = used_cpus;
	machine.cpus = 2;
	machine.space = space;
	machine.relation = "two cores that share a last-level cache";
	machine.node = -1;
	good_cpus();
	good_system();
}

static void tear_down(void)
{
	drop("");
}

/* Both looks, with that /proc/stat at the second. */
static void look(const char *stat_then)
{
	put("/proc/stat", quiet_stat);
	preflight_look(&p, &machine);
	put("/proc/stat", stat_then);
	preflight_look_again(&p, &machine);
}

static void look_quiet(void)
{
	look(still_quiet);
}

/* value: a part of it, or NULL. */
static void expect(const char *name, enum preflight_status status, const char *value)
{
	const struct preflight_check *c = preflight_find(&p, name);

	ck_assert_ptr_nonnull(c);
	ck_assert_msg(c->status == status, "%s is %s: %s", name, preflight_status_name(c->status),
		      c->value);
	if (value != NULL)
		ck_assert_msg(strstr(c->value, value) != NULL, "%s: '%s' lacks '%s'", name,
			      c->value, value);
}

/* This one, and all others are OK. */
static void expect_only(const char *name, enum preflight_status status, const char *value)
{
	unsigned i;

	expect(name, status, value);
	for (i = 0; i < p.n; i++)
		if (strcmp(p.check[i].name, name) != 0)
			expect(p.check[i].name, OK, NULL);
	if (status != UNKNOWN)
		ck_assert_str_ne(preflight_find(&p, name)->mend, "");
}

MAYBE_UNUSED static void expect_mend(const char *name, const char *mend)
{
	const struct preflight_check *c = preflight_find(&p, name);

	ck_assert_ptr_nonnull(c);
	ck_assert_msg(strstr(c->mend, mend) != NULL, "%s: '%s' lacks '%s'", name, c->mend, mend);
}

#endif
