/* What the bench's preflight says of one thing that is wrong on a machine that is fine otherwise. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#define PREFLIGHT_TREE "check_bench_preflight_checks.tree"
#include "preflight_fixture.h"

static const struct single {
	const char *path, *text, *check;
	enum preflight_status status;
	const char *value;
} singles[] = {
	{CPU "cpu3/cpufreq/scaling_governor", "ondemand\n", "governor", WARN, "ondemand on CPU 3"},
	{CPU "cpu3/cpufreq/scaling_governor", "perform\n", "governor", UNKNOWN, "1 of 2"},
	{CPU "intel_pstate/no_turbo", "0\n", "turbo", WARN, "on"},
	{CPU "cpu3/cpuidle/state2/disable", "0\n", "idle states", WARN, "C6, 133 us"},
	{CPU "cpu2/cpuidle/state1/latency", "21\n", "idle states", WARN, "C1, 21 us"},
	{CPU "cpu2/cpuidle/state0/latency", "50\n", "idle states", WARN, "POLL, 50 us"},
	{CPU "cpu3/topology/thread_siblings_list", "2,3\n", "smt", WARN, "2 and 3"},
	{CPU "cpu3/topology/thread_siblings_list", "0,1\n", "smt", UNKNOWN, "1 of 2"},
	{CPU "isolated", "3\n", "isolated", WARN, "3"},
	{CPU "nohz_full", "0-2\n", "nohz_full", WARN, "0-2"},
	{CPU "nohz_full", "0-\n", "nohz_full", UNKNOWN, "0-"},
	{CLOCK "current_clocksource", "acpi_pm\n", "clocksource", WARN, "acpi_pm"},
	{CLOCK "current_clocksource", "hpet\n", "clocksource", WARN, "hpet"},
	{CLOCK "current_clocksource", "sundial\n", "clocksource", UNKNOWN, "sundial"},
	{"/sys/hypervisor/type", "xen\n", "hypervisor", WARN, "xen"},
	{"/proc/cpuinfo", "flags : fpu hypervisor\n", "hypervisor", WARN, "yes"},
	{"/proc/cpuinfo", "flags : fpu hypervisor2\n", "hypervisor", OK, "none"},
	{"/proc/loadavg", "0.71 0 0 1/2 3\n", "load", WARN, "0.71"},
	{"/proc/loadavg", "busy\n", "load", UNKNOWN, NULL},
	{"/proc/pressure/cpu", "some avg10=10.50 avg60=0\n", "pressure", WARN, "CPU 10.5 %"},
	{"/proc/pressure/memory", "some avg10=1.50 avg60=0\n", "pressure", WARN, "memory 1.5 %"},
	{"/sys/fs/cgroup/user.slice/cpu.max", "150000 100000\n", "quota", FAIL, "1.50 CPUs for 2"},
	{"/sys/fs/cgroup/user.slice/me.scope/cpu.max", "50 100\n", "quota", FAIL, "0.50 CPUs"},
	{"/sys/fs/cgroup/cpu.max", "100000 100000\n", "quota", FAIL, "1.00 CPUs"},
	{"/sys/fs/cgroup/cpu.max", "lots\n", "quota", UNKNOWN, NULL},
	{KERNEL "sched_autogroup_enabled", "1\n", "autogroup", WARN, "on"},
	{KERNEL "yama/ptrace_scope", "2\n", "tracing", WARN, "CAP_SYS_PTRACE"},
	{KERNEL "yama/ptrace_scope", "3\n", "tracing", WARN, "forbidden"},
	{KERNEL "randomize_va_space", "1\n", "aslr", WARN, "on"},
	{KERNEL "numa_balancing", "1\n", "numa balancing", WARN, "2 nodes"},
	{THP "shmem_enabled", "[within_size] never\n", "huge shm pages", WARN, "within_size"},
	{THP "shmem_enabled", "[always] never\n", "huge shm pages", WARN, "always"},
	{THP "shmem_enabled", "always [advise]\n", "huge shm pages", OK, "advise"},
	{THP "shmem_enabled", "always [some]\n", "huge shm pages", UNKNOWN, "some"},
	{"/sys/class/power_supply/B/type", "Battery\n", "battery", OK, "not in use"},
};

START_TEST(one_thing_wrong_is_said_of_one_check)
{
	const struct single *s = &singles[_i];

	put(s->path, s->text);
	look_quiet();
	expect_only(s->check, s->status, s->value);
}
END_TEST

static const struct memory_case {
	const char *avail, *swap, *pages, *check;
	enum preflight_status status;
	const char *value;
} memories[] = {
	{"500000 kB", "0 0", "0 0", "memory", WARN, "488 of 8789 MiB"},
	{"60000 kB", "0 0", "0 0", "memory", FAIL, "58 of"},
	{"500000 pages", "0 0", "0 0", "memory", UNKNOWN, NULL},
	{"5000000 kB", "900000 899999", "0 0", "swap", WARN, "1 of 878 MiB in use"},
	{"5000000 kB", "900000 900000", "0 0", "swap", OK, "0 of 878 MiB in use"},
	{"5000000 kB", "5 9", "0 0", "swap", UNKNOWN, NULL},
	{"5000000 kB", "9 9", "4 0", "huge pages", WARN, "0 of 4 free, 2048 KiB"},
	{"5000000 kB", "9 9", "4 1", "huge pages", OK, "1 of 4 free"},
	{"5000000 kB", "9 9", "4 5", "huge pages", UNKNOWN, NULL},
};

START_TEST(memory_is_judged_by_what_is_left)
{
	const struct memory_case *m = &memories[_i];
	unsigned swap[2], pages[2];
	char text[512];

	ck_assert_int_eq(sscanf(m->swap, "%u %u", &swap[0], &swap[1]), 2);
	ck_assert_int_eq(sscanf(m->pages, "%u %u", &pages[0], &pages[1]), 2);
	snprintf(text, sizeof(text),
		 "MemTotal: 9000000 kB\nMemAvailable: %s\nSwapTotal: %u kB\nSwapFree: %u kB\n"
		 "HugePages_Total: %u\nHugePages_Free: %u\nHugepagesize: 2048 kB\n",
		 m->avail, swap[0], swap[1], pages[0], pages[1]);
	put("/proc/meminfo", text);
	look_quiet();
	expect_only(m->check, m->status, m->value);
}
END_TEST

START_TEST(one_cpu_fails_and_none_is_not_known)
{
	machine.cpus = 1;
	look_quiet();
	expect_only("cpus", FAIL, "1 (2)");
	machine.cpus = 0;
	look_quiet();
	expect("cpus", UNKNOWN, NULL);
	expect("steal", UNKNOWN, NULL);
}
END_TEST

START_TEST(two_cpus_apart_are_warned_about)
{
	machine.node = 1;
	look_quiet();
	expect("first two", OK, "2 and 3: two cores that share a last-level cache; memory on node 1");
	machine.relation = "two packages";
	machine.apart = 1;
	look_quiet();
	expect_only("first two", WARN, "2 and 3: two packages");
}
END_TEST

START_TEST(the_first_thread_of_each_core_is_proposed)
{
	static const int cpus[] = {2, 6, 3, 7};

	machine.cpu = cpus;
	machine.cpus = 4;
	put_cpu(6, "topology/thread_siblings_list", "2,6\n");
	put_cpu(7, "topology/thread_siblings_list", "3,7\n");
	look_quiet();
	expect("smt", WARN, "2 and 6 share a core, others too");
	expect_mend("smt", "weir-bench --cpus 2,3");
}
END_TEST

START_TEST(boost_is_looked_at_where_there_is_no_pstate)
{
	drop(CPU "intel_pstate");
	put(CPU "cpufreq/boost", "0\n");
	look_quiet();
	expect_only("turbo", OK, "off");
	put(CPU "cpufreq/boost", "1\n");
	look_quiet();
	expect_only("turbo", WARN, "on");
	expect_mend("turbo", "echo 0 | sudo tee " CPU "cpufreq/boost");
}
END_TEST

START_TEST(an_arm_machine_is_known_by_its_firmware)
{
	put("/proc/cpuinfo", "processor : 0\nFeatures : fp asimd\n");
	look_quiet();
	expect_only("hypervisor", OK, "none");
	put("/sys/class/dmi/id/product_name", "KVM Virtual Machine\n");
	look_quiet();
	expect_only("hypervisor", WARN, "KVM Virtual Machine");
	drop("/sys/class/dmi");
	look_quiet();
	expect_only("hypervisor", UNKNOWN, NULL);
}
END_TEST

/* A machine's own maker is no hypervisor's name. */
START_TEST(a_hypervisor_has_the_name_that_its_firmware_says)
{
	put("/proc/cpuinfo", "flags : fpu hypervisor\n");
	put("/sys/class/dmi/id/sys_vendor", "VMware, Inc.\n");
	look_quiet();
	expect_only("hypervisor", WARN, "VMware, Inc. PowerEdge");
	put("/sys/class/dmi/id/sys_vendor", "Dell Inc.\n");
	look_quiet();
	ck_assert_str_eq(preflight_find(&p, "hypervisor")->value, "yes");
}
END_TEST

START_TEST(only_a_battery_discharges)
{
	put("/sys/class/power_supply/hub/type", "USB\n");
	put("/sys/class/power_supply/hub/status", "Discharging\n");
	look_quiet();
	expect_only("battery", OK, "none");
	put("/sys/class/power_supply/hub/type", "Battery\n");
	look_quiet();
	expect_only("battery", WARN, "discharging");
}
END_TEST

START_TEST(a_clock_that_cannot_be_chosen_is_asked_for_at_boot)
{
	put(CLOCK "current_clocksource", "hpet\n");
	look_quiet();
	expect_mend("clocksource", "echo tsc | sudo tee");
	put(CLOCK "available_clocksource", "hpet acpi_pm\n");
	look_quiet();
	expect_mend("clocksource", "boot with clocksource=tsc");
}
END_TEST

START_TEST(quotas_of_both_versions_count_and_the_smallest_decides)
{
	put("/proc/self/cgroup", "4:memory:/m\n2:cpu,cpuacct:/c/d\n0::/user.slice/me.scope\n");
	put("/sys/fs/cgroup/cpu,cpuacct/c/d/cpu.cfs_quota_us", "-1\n");
	put("/sys/fs/cgroup/cpu,cpuacct/c/d/cpu.cfs_period_us", "100000\n");
	look_quiet();
	expect_only("quota", OK, "none");
	put("/sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_quota_us", "400000\n");
	put("/sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_period_us", "100000\n");
	look_quiet();
	expect_only("quota", OK, "4.00 CPUs for 2 used");
	put("/sys/fs/cgroup/user.slice/cpu.max", "300000 100000\n");
	look_quiet();
	expect_only("quota", OK, "3.00 CPUs for 2 used");
	put("/sys/fs/cgroup/cpu.max", "700000 100000\n"); /* above it, and larger */
	look_quiet();
	expect_only("quota", OK, "3.00 CPUs for 2 used");
	put("/sys/fs/cgroup/cpu,cpuacct/c/d/cpu.cfs_quota_us", "150000\n");
	look_quiet();
	expect_only("quota", FAIL, "1.50 CPUs for 2 used");
	put("/sys/fs/cgroup/cpu,cpuacct/c/d/cpu.cfs_quota_us", "?\n");
	look_quiet();
	expect_only("quota", UNKNOWN, NULL);
}
END_TEST

START_TEST(a_quota_that_two_roles_fit_into_is_a_warning)
{
	static const int cpus[] = {2, 3, 2};

	machine.cpu = cpus;
	machine.cpus = 3;
	put("/sys/fs/cgroup/user.slice/cpu.max", "250000 100000\n");
	look_quiet();
	expect("quota", WARN, "2.50 CPUs for 3 used");
}
END_TEST

START_TEST(throttling_of_real_time_threads_matters_to_those)
{
	put(KERNEL "sched_rt_runtime_us", "950000\n");
	look_quiet();
	expect_only("rt throttling", OK, "not real-time");
	machine.realtime = 1; /* what it is going to start */
	look_quiet();
	expect_only("rt throttling", WARN, "we are real-time");
	machine.realtime = 0;
	put("/proc/self/stat", realtime_stat);
	look_quiet();
	expect_only("rt throttling", WARN, "we are real-time");
	put(KERNEL "sched_rt_runtime_us", "1000000\n");
	look_quiet();
	expect_only("rt throttling", OK, "off");
	put(KERNEL "sched_rt_runtime_us", "some\n");
	look_quiet();
	expect_only("rt throttling", UNKNOWN, NULL);
}
END_TEST

START_TEST(addresses_may_be_fixed_for_this_process_alone)
{
	put(KERNEL "randomize_va_space", "2\n");
	put("/proc/self/personality", "00040000\n");
	look_quiet();
	expect_only("aslr", OK, "off for this process");
}
END_TEST

START_TEST(numa_balancing_does_nothing_on_one_node)
{
	put(KERNEL "numa_balancing", "1\n");
	put("/sys/devices/system/node/online", "0\n");
	look_quiet();
	expect_only("numa balancing", OK, "one node");
}
END_TEST

START_TEST(tracing_is_allowed_where_nothing_forbids_it)
{
	drop(KERNEL "yama");
	look_quiet();
	expect_only("tracing", OK, "no Yama");
}
END_TEST

START_TEST(shared_memory_has_to_be_there_and_to_have_room)
{
	shm_free = 63u << 20;
	look_quiet();
	expect_only("/dev/shm", WARN, "63 of 8192 MiB free");
	shm_free = 15u << 20;
	look_quiet();
	expect_only("/dev/shm", FAIL, "15 of");
	drop("/dev/shm");
	look_quiet();
	expect_only("/dev/shm", FAIL, "not there");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench_preflight_checks");
	TCase *c = tcase_create("one thing");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_add_loop_test(c, one_thing_wrong_is_said_of_one_check, 0,
			    sizeof(singles) / sizeof(singles[0]));
	tcase_add_loop_test(c, memory_is_judged_by_what_is_left, 0,
			    sizeof(memories) / sizeof(memories[0]));
	tcase_add_test(c, one_cpu_fails_and_none_is_not_known);
	tcase_add_test(c, two_cpus_apart_are_warned_about);
	tcase_add_test(c, the_first_thread_of_each_core_is_proposed);
	tcase_add_test(c, boost_is_looked_at_where_there_is_no_pstate);
	tcase_add_test(c, an_arm_machine_is_known_by_its_firmware);
	tcase_add_test(c, a_hypervisor_has_the_name_that_its_firmware_says);
	tcase_add_test(c, only_a_battery_discharges);
	tcase_add_test(c, a_clock_that_cannot_be_chosen_is_asked_for_at_boot);
	tcase_add_test(c, quotas_of_both_versions_count_and_the_smallest_decides);
	tcase_add_test(c, a_quota_that_two_roles_fit_into_is_a_warning);
	tcase_add_test(c, throttling_of_real_time_threads_matters_to_those);
	tcase_add_test(c, addresses_may_be_fixed_for_this_process_alone);
	tcase_add_test(c, numa_balancing_does_nothing_on_one_node);
	tcase_add_test(c, tracing_is_allowed_where_nothing_forbids_it);
	tcase_add_test(c, shared_memory_has_to_be_there_and_to_have_room);
	suite_add_tcase(s, c);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
