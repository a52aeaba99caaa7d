/* Checks of the CPUs that are measured on: how fast they run, and who else runs there. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <dirent.h>
#include <string.h>

#include "preflight_read.h"

#define CPUS_MAX 64u	/* of which one is told from another */
#define IDLE_DEEP_US 20 /* an exit from idle that is seen in a wake-up */

static unsigned looked_at(const struct preflight_machine *m)
{
	return m->cpus < CPUS_MAX ? m->cpus : CPUS_MAX;
}

void check_cpus(const struct preflight_machine *m, struct preflight_check *c)
{
	char list[64];

	list_used(m, NULL, list, sizeof(list));
	if (m->cpus == 0)
		check_say(c, PREFLIGHT_UNKNOWN, "not known");
	else if (m->cpus == 1)
		check_say(c, PREFLIGHT_FAIL, "1 (%s)", list);
	else
		check_say(c, PREFLIGHT_OK, "%u (%s)", m->cpus, list);
}

/* What every figure of two roles depends on most. */
void check_relation(const struct preflight_machine *m, struct preflight_check *c)
{
	char memory[32] = "";

	if (m->node >= 0)
		snprintf(memory, sizeof(memory), "; memory on node %d", m->node);
	if (m->cpus == 1)
		check_say(c, PREFLIGHT_OK, "there is but one");
	else if (m->cpus == 0 || m->relation == NULL)
		check_say(c, PREFLIGHT_UNKNOWN, "what they are to each other is not known");
	else
		check_say(c, m->apart ? PREFLIGHT_WARN : PREFLIGHT_OK, "%d and %d: %s%s", m->cpu[0],
			  m->cpu[1], m->relation, memory);
}

/* ---- how fast they run ---- */

static const char *who_decides(const struct preflight_machine *m)
{
	char what[READ_LINE];

	return read_virtual(m, what, sizeof(what)) == 1 ? "the host decides"
							: "the firmware decides";
}

static int is_one_of(const char *s, const char *const *of)
{
	for (; *of != NULL; of++)
		if (strcmp(s, *of) == 0)
			return 1;
	return 0;
}

void check_governor(const struct preflight_machine *m, struct preflight_check *c)
{
	static const char *const names[] = {"powersave", "ondemand",  "conservative",
					    "schedutil", "userspace", "performance",
					    NULL};
	unsigned i, n = looked_at(m), slow = 0, none = 0, odd = 0;
	unsigned char is_slow[CPUS_MAX] = {0};
	char name[32], first[32] = "", list[64];

	for (i = 0; i < n; i++) {
		if (read_line(m, name, sizeof(name),
			      "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor",
			      m->cpu[i]) != 0) {
			none++;
		} else if (!is_one_of(name, names)) {
			odd++;
		} else if (strcmp(name, "performance") != 0) {
			is_slow[i] = 1;
			if (slow++ == 0)
				snprintf(first, sizeof(first), "%s", name);
		}
	}
	list_used(m, is_slow, list, sizeof(list));
	if (slow > 0 && slow == n)
		check_say(c, PREFLIGHT_WARN, "%s", first);
	else if (slow > 0)
		check_say(c, PREFLIGHT_WARN, "%s on CPU %s", first, list);
	else if (odd > 0)
		check_say(c, PREFLIGHT_UNKNOWN, "not a governor's name on %u of %u CPUs", odd, n);
	else if (none > 0)
		check_say(c, PREFLIGHT_UNKNOWN, "no frequency driver on %u of %u CPUs: %s", none, n,
			  who_decides(m));
	else
		check_say(c, PREFLIGHT_OK, "performance");
}

void check_turbo(const struct preflight_machine *m, struct preflight_check *c)
{
	long v;

	if (read_number(m, &v, "/sys/devices/system/cpu/intel_pstate/no_turbo") == 0 &&
	    (v == 0 || v == 1)) {
		check_say(c, v == 1 ? PREFLIGHT_OK : PREFLIGHT_WARN, v == 1 ? "off" : "on");
		check_mend(c, "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo");
	} else if (read_number(m, &v, "/sys/devices/system/cpu/cpufreq/boost") == 0 &&
		   (v == 0 || v == 1)) {
		check_say(c, v == 0 ? PREFLIGHT_OK : PREFLIGHT_WARN, v == 0 ? "off" : "on");
		check_mend(c, "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost");
	} else {
		check_say(c, PREFLIGHT_UNKNOWN, "no switch for it: %s", who_decides(m));
	}
}

/* The deepest idle state a CPU may enter; us of its exit, -1: none is known. */
static long deepest(const struct preflight_machine *m, int cpu, char *name, size_t cap)
{
	static const char dir[] = "/sys/devices/system/cpu/cpu%d/cpuidle/state%u/%s";
	long us, off, most = -1;
	char text[32];
	unsigned i;

	for (i = 0; i < 16; i++) {
		if (read_number(m, &us, dir, cpu, i, "latency") != 0)
			break;
		if (read_number(m, &off, dir, cpu, i, "disable") == 0 && off != 0)
			continue;
		if (us < most || us < 0)
			continue;
		most = us;
		read_line(m, text, sizeof(text), dir, cpu, i, "name");
		snprintf(name, cap, "%s", text[0] != '\0' ? text : "unnamed");
	}
	return most;
}

void check_idle(const struct preflight_machine *m, struct preflight_check *c)
{
	unsigned i, n = looked_at(m);
	char name[32] = "", worst[32] = "";
	long us, most = -1;

	for (i = 0; i < n; i++) {
		us = deepest(m, m->cpu[i], name, sizeof(name));
		if (us > most) {
			most = us;
			memcpy(worst, name, sizeof(worst));
		}
	}
	if (most < 0)
		check_say(c, PREFLIGHT_UNKNOWN, "no idle driver: %s", who_decides(m));
	else
		check_say(c, most > IDLE_DEEP_US ? PREFLIGHT_WARN : PREFLIGHT_OK,
			  "up to %s, %ld us to leave", worst, most);
}

/* ---- who else runs there ---- */

/* The first used CPU of each core, as a list for --cpus. */
static void one_of_each(const struct preflight_machine *m, const unsigned char *second,
			struct preflight_check *c)
{
	unsigned char first[CPUS_MAX];
	char list[64];
	unsigned i;

	for (i = 0; i < looked_at(m); i++)
		first[i] = !second[i];
	if (list_used(m, first, list, sizeof(list)) > 1)
		check_mend(c, "weir-bench --cpus %s", list);
	else
		check_mend(c, "weir-bench --cpus with CPUs of another core, see lscpu -e");
}

void check_smt(const struct preflight_machine *m, struct preflight_check *c)
{
	unsigned char second[CPUS_MAX] = {0};
	unsigned i, k, n = looked_at(m), unknown = 0, unused = 0, twice = 0;
	char siblings[READ_LINE], worst[32] = "";

	for (i = 0; i < n; i++) {
		if (read_line(m, siblings, sizeof(siblings),
			      "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
			      m->cpu[i]) != 0 ||
		    list_has(siblings, m->cpu[i]) != 1) {
			unknown++;
			continue;
		}
		for (k = 0; k < i && list_has(siblings, m->cpu[k]) == 0; k++)
			;
		if (k < i) {
			second[i] = 1;
			if (twice++ == 0)
				snprintf(worst, sizeof(worst), "%d and %d", m->cpu[k], m->cpu[i]);
		}
		unused += list_count(siblings) > 1;
	}
	if (twice > 0) {
		check_say(c, PREFLIGHT_WARN, "CPUs %s share a core%s", worst,
			  twice > 1 ? ", others too" : "");
		one_of_each(m, second, c);
	} else if (unknown > 0) {
		check_say(c, PREFLIGHT_UNKNOWN, "siblings of %u of %u CPUs are not told", unknown,
			  n);
	} else {
		check_say(c, PREFLIGHT_OK,
			  unused > 0 ? "each core once; keep their siblings idle"
				     : "each core once");
	}
}

/* Are all used CPUs in the list of that file? */
static void all_in(const struct preflight_machine *m, struct preflight_check *c, const char *path)
{
	char list[READ_LINE], used[40];
	unsigned i, n = looked_at(m), in = 0;
	int has;

	list_used(m, NULL, used, sizeof(used));
	check_mend(c,
		   "boot with isolcpus=managed_irq,domain,%s nohz_full=%s rcu_nocbs=%s; then "
		   "taskset -c %s weir-bench",
		   used, used, used, used);
	if (read_line(m, list, sizeof(list), "%s", path) != 0) {
		check_say(c, PREFLIGHT_UNKNOWN, "%s is not there", path);
		return;
	}
	if (strstr(list, "null") != NULL) /* an empty mask, as some kernels print it */
		list[0] = '\0';
	for (i = 0; i < n; i++) {
		has = list_has(list, m->cpu[i]);
		if (has < 0) {
			check_say(c, PREFLIGHT_UNKNOWN, "not a list of CPUs: %.60s", list);
			return;
		}
		in += (unsigned)has;
	}
	check_say(c, in == n ? PREFLIGHT_OK : PREFLIGHT_WARN, "%.100s",
		  list[0] != '\0' ? list : "none");
}

void check_isolated(const struct preflight_machine *m, struct preflight_check *c)
{
	all_in(m, c, "/sys/devices/system/cpu/isolated");
}

void check_nohz(const struct preflight_machine *m, struct preflight_check *c)
{
	all_in(m, c, "/sys/devices/system/cpu/nohz_full");
}

/* ---- what they are ---- */

#define CLOCK "/sys/devices/system/clocksource/clocksource0/"

void check_clocksource(const struct preflight_machine *m, struct preflight_check *c)
{
	static const char *const good[] = {"tsc",
					   "kvm-clock",
					   "arch_sys_counter",
					   "timebase",
					   "riscv_clocksource",
					   "tod",
					   "hyperv_clocksource_tsc_page",
					   NULL};
	static const char *const bad[] = {
		"hpet", "acpi_pm", "jiffies", "refined-jiffies", "pit", "hyperv_clocksource_msr",
		NULL};
	char name[64], all[READ_LINE];

	if (read_line(m, name, sizeof(name), CLOCK "current_clocksource") != 0)
		check_say(c, PREFLIGHT_UNKNOWN, CLOCK "current_clocksource is not there");
	else
		check_say(c,
			  is_one_of(name, good)	 ? PREFLIGHT_OK
			  : is_one_of(name, bad) ? PREFLIGHT_WARN
						 : PREFLIGHT_UNKNOWN,
			  "%s", name[0] != '\0' ? name : "none");
	read_line(m, all, sizeof(all), CLOCK "available_clocksource");
	if (strstr(all, "tsc") != NULL)
		check_mend(c, "echo tsc | sudo tee " CLOCK "current_clocksource");
	else
		check_mend(c, "boot with clocksource=tsc tsc=reliable, if the TSC is");
}

void check_hypervisor(const struct preflight_machine *m, struct preflight_check *c)
{
	char what[READ_LINE];
	int is = read_virtual(m, what, sizeof(what));

	if (is < 0)
		check_say(c, PREFLIGHT_UNKNOWN, "neither CPU flags nor firmware tell");
	else if (is == 0)
		check_say(c, PREFLIGHT_OK, "none");
	else
		check_say(c, PREFLIGHT_WARN, "%.100s", what[0] != '\0' ? what : "yes");
}

void check_battery(const struct preflight_machine *m, struct preflight_check *c)
{
	static const char supplies[] = "/sys/class/power_supply";
	char path[READ_PATH], line[32];
	int found = 0, drains = 0;
	const struct dirent *e;
	DIR *d;

	read_path(m, supplies, path, sizeof(path));
	d = opendir(path);
	if (d == NULL) {
		check_say(c, PREFLIGHT_UNKNOWN, "%s is not there", supplies);
		return;
	}
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' ||
		    read_line(m, line, sizeof(line), "%s/%.64s/type", supplies, e->d_name) != 0 ||
		    strcmp(line, "Battery") != 0)
			continue;
		found = 1;
		if (read_line(m, line, sizeof(line), "%s/%.64s/status", supplies, e->d_name) == 0)
			drains |= strcmp(line, "Discharging") == 0;
	}
	closedir(d);
	check_say(c, drains ? PREFLIGHT_WARN : PREFLIGHT_OK,
		  drains  ? "discharging"
		  : found ? "not in use"
			  : "none");
}
