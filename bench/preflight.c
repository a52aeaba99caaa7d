/* The list of checks. See preflight.h. */
#include "preflight.h"

#include <string.h>

#include "preflight_read.h"

typedef void (*later_fn)(const struct preflight *p, struct preflight_check *c);

static const struct entry {
	const char *name;
	int noisy;
	preflight_fn look;
	later_fn later; /* by preflight_look_again() */
	const char *why;
	const char *mend;
} entries[] = {
	{"cpus", 1, check_cpus, NULL,
	 "with one CPU both sides take turns: nothing here measures weir",
	 "taskset -c 0-1 weir-bench, or give the container two CPUs"},
	{"first two", 0, check_relation, NULL,
	 "CPUs that share no cache take some times as long to reach each other",
	 "weir-bench without --cpus takes two cores that share a cache, if there are such"},
	{"governor", 1, check_governor, NULL,
	 "the clock follows the load, late: first rounds are slow",
	 "sudo cpupower frequency-set -g performance"},
	{"turbo", 0, check_turbo, NULL,
	 "the clock depends on heat and on how many cores are busy: rows differ by their place",
	 ""},
	{"idle states", 0, check_idle, NULL,
	 "a CPU that sleeps deeply wakes up late: rows that park", "sudo cpupower idle-set -D 20"},
	{"smt", 1, check_smt, NULL, "two threads of one core share its units and its first cache",
	 ""},
	{"isolated", 0, check_isolated, NULL, "other work may be put on these CPUs at any time",
	 ""},
	{"nohz_full", 0, check_nohz, NULL,
	 "the timer's tick interrupts each CPU 100 to 1000 times a second", ""},
	{"clocksource", 1, check_clocksource, NULL,
	 "a clock that is read through a device takes a microsecond", ""},
	{"hypervisor", 0, check_hypervisor, NULL,
	 "virtual CPUs move about and stand still: only ratios within one run mean anything",
	 "run on the machine itself, or pin the virtual CPUs to cores of their own on the host"},
	{"steal", 1, NULL, check_steal, "the host ran something else on these CPUs",
	 "pin the virtual CPUs to cores of their own on the host (virsh vcpupin)"},
	{"others", 1, NULL, check_others, "other processes or interrupts ran on these CPUs",
	 "end what top -H shows, or take other CPUs: weir-bench --cpus A,B"},
	{"load", 1, check_load, NULL, "others were busy in the minute before",
	 "end what top shows; or wait a minute, the average forgets slowly"},
	{"pressure", 1, check_pressure, NULL, "somebody waits for CPUs or memory",
	 "end what top shows"},
	{"quota", 1, check_quota, NULL,
	 "the group is stopped for the rest of each period when it spins",
	 "docker update --cpus 0 CONTAINER; systemctl set-property UNIT CPUQuota="},
	{"autogroup", 0, check_autogroup, NULL,
	 "the CPU is shared out by terminals: nice has no effect, other terminals have",
	 "sudo sysctl kernel.sched_autogroup_enabled=0"},
	{"rt throttling", 0, check_realtime, NULL,
	 "real-time threads that spin are stopped for the rest of each period",
	 "sudo sysctl kernel.sched_rt_runtime_us=-1"},
	{"thermal", 1, NULL, check_thermal, "heat made the cores slower",
	 "cool the machine, or turn turbo off"},
	{"battery", 1, check_battery, NULL, "on battery the firmware saves power", "plug it in"},
	{"memory", 1, check_memory, NULL, "pages are taken away from us, or we are ended",
	 "end what ps -eo rss,comm --sort=-rss shows"},
	{"swap", 0, check_swap, NULL, "pages come from disk when they are touched",
	 "sudo swapoff -a && sudo swapon -a"},
	{"/dev/shm", 0, check_shm, NULL, "sessions between processes live there",
	 "sudo mount -t tmpfs -o size=1G tmpfs /dev/shm; docker run --shm-size 1g"},
	{"huge shm pages", 0, check_thp, NULL,
	 "shared memory on huge pages is a different machine, and is moved while we run",
	 "echo never | sudo tee /sys/kernel/mm/transparent_hugepage/shmem_enabled"},
	{"huge pages", 0, check_hugepages, NULL, "others hold all that were reserved",
	 "sudo sysctl vm.nr_hugepages=64"},
	{"aslr", 0, check_aslr, NULL, "addresses, and with them cache sets, differ from run to run",
	 "setarch -R weir-bench"},
	{"numa balancing", 1, check_numa, NULL, "pages are unmapped and moved while we run",
	 "sudo sysctl kernel.numa_balancing=0"},
	{"tracing", 0, check_tracing, NULL, "system calls cannot be counted: syscalls/op is ?",
	 "sudo sysctl kernel.yama.ptrace_scope=1"},
};

_Static_assert(sizeof(entries) / sizeof(entries[0]) <= PREFLIGHT_MAX, "room for each");

void preflight_look(struct preflight *p, const struct preflight_machine *m)
{
	unsigned i;

	memset(p, 0, sizeof(*p));
	p->n = sizeof(entries) / sizeof(entries[0]);
	for (i = 0; i < p->n; i++) {
		struct preflight_check *c = &p->check[i];

		c->name = entries[i].name;
		c->why = entries[i].why;
		c->noisy = entries[i].noisy;
		check_mend(c, "%s", entries[i].mend);
		check_say(c, PREFLIGHT_UNKNOWN, "not looked at yet");
		if (entries[i].look != NULL)
			entries[i].look(m, c);
	}
	counts_read(m, &p->begin);
	p->last = p->begin;
}

void preflight_look_again(struct preflight *p, const struct preflight_machine *m)
{
	unsigned i;

	counts_read(m, &p->last);
	for (i = 0; i < p->n; i++)
		if (entries[i].later != NULL)
			entries[i].later(p, &p->check[i]);
}

const struct preflight_check *preflight_find(const struct preflight *p, const char *name)
{
	unsigned i;

	for (i = 0; i < p->n; i++)
		if (strcmp(p->check[i].name, name) == 0)
			return &p->check[i];
	return NULL;
}

unsigned preflight_count(const struct preflight *p, enum preflight_status status)
{
	unsigned i, n = 0;

	for (i = 0; i < p->n; i++)
		n += p->check[i].status == status;
	return n;
}

const char *preflight_status_name(enum preflight_status status)
{
	static const char *const names[] = {"OK", "WARN", "FAIL", "UNKNOWN"};

	return names[status];
}

void preflight_noise_of(const struct preflight *p, char *buf, size_t cap)
{
	const char *before = "noisy: ";
	size_t at = 0;
	unsigned i;

	buf[0] = '\0';
	for (i = 0; i < p->n; i++) {
		const struct preflight_check *c = &p->check[i];

		if (!c->noisy || (c->status != PREFLIGHT_WARN && c->status != PREFLIGHT_FAIL))
			continue;
		if (at < cap)
			at += (size_t)snprintf(buf + at, cap - at, "%s%s %s", before, c->name,
					       c->value);
		before = ", ";
	}
}
