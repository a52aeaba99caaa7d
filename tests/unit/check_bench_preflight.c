/* What the bench's preflight says of made-up machines, of the time between two looks, and how. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#define PREFLIGHT_TREE "check_bench_preflight.tree"
#include "preflight_fixture.h"

static char noise[PREFLIGHT_NOISE];

/* ---- whole machines ---- */

START_TEST(a_machine_that_was_prepared_is_ok_in_all)
{
	unsigned i;

	look_quiet();
	ck_assert_uint_gt(p.n, 20);
	for (i = 0; i < p.n; i++)
		expect(p.check[i].name, OK, NULL);
	ck_assert_uint_eq(preflight_count(&p, OK), p.n);
	preflight_noise_of(&p, noise, sizeof(noise));
	ck_assert_str_eq(noise, "");
}
END_TEST

/* Whatever the kernel does not tell is not known, never OK; what has to be there and is not, fails. */
START_TEST(of_a_machine_without_files_nothing_is_known)
{
	unsigned i;

	drop("/proc");
	drop("/sys");
	drop("/dev");
	machine.relation = NULL;
	preflight_look(&p, &machine);
	preflight_look_again(&p, &machine);
	for (i = 0; i < p.n; i++)
		if (strcmp(p.check[i].name, "cpus") != 0 &&
		    strcmp(p.check[i].name, "/dev/shm") != 0)
			expect(p.check[i].name, UNKNOWN, NULL);
	expect("/dev/shm", FAIL, "not there");
	preflight_noise_of(&p, noise, sizeof(noise));
	ck_assert_str_eq(noise, "");
}
END_TEST

static unsigned next_garbage;

static int spoil_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	static const char *const garbage[] = {
		"",	   "\n",	"-\n", "99999999999999999999999999\n", "a:b:c:d\xff\x01[\n",
		"3-1,x\n", "-7 -7 -7\n"};
	FILE *f;

	(void)st;
	(void)ftw;
	if (kind != FTW_F)
		return 0;
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(garbage[next_garbage++ % (sizeof(garbage) / sizeof(garbage[0]))], f);
	return fclose(f);
}

/* Every sort of garbage in every file, in turn: nothing crashes, and nothing is believed but an
 * empty list of CPUs. */
START_TEST(of_a_machine_with_garbage_nothing_is_believed)
{
	unsigned i, turn;

	for (turn = 0; turn < 7; turn++) {
		next_garbage = turn;
		ck_assert_int_eq(nftw(root, spoil_one, 16, FTW_PHYS), 0);
		preflight_look(&p, &machine);
		preflight_look_again(&p, &machine);
		for (i = 0; i < p.n; i++) {
			const struct preflight_check *c = &p.check[i];
			const char *at;

			for (at = c->value; *at != '\0'; at++)
				ck_assert_msg(*at >= 0x20 && *at < 0x7f, "%s: %s", c->name,
					      c->value);
			ck_assert_msg(c->status != FAIL, "%s: %s", c->name, c->value);
			ck_assert_msg(c->status != WARN || strcmp(c->value, "none") == 0, "%s: %s",
				      c->name, c->value);
		}
	}
}
END_TEST

START_TEST(a_laptop_is_warned_about_and_told_what_to_do)
{
	make_laptop();
	look_quiet();
	expect("governor", WARN, "powersave");
	expect_mend("governor", "sudo cpupower frequency-set -g performance");
	expect("turbo", WARN, "on");
	expect_mend("turbo", "echo 1 | sudo tee " CPU "intel_pstate/no_turbo");
	expect("idle states", WARN, "C6, 133 us");
	expect("smt", WARN, "CPUs 2 and 3 share a core");
	expect_mend("smt", "lscpu");
	expect("isolated", WARN, "none");
	expect_mend("isolated", "isolcpus=managed_irq,domain,2,3 nohz_full=2,3");
	expect("nohz_full", WARN, "none");
	expect("battery", WARN, "discharging");
	expect("aslr", WARN, "on");
	expect("autogroup", WARN, "on");
	expect("rt throttling", OK, "950000 of 1000000 us");
	expect("hypervisor", OK, "none");
	ck_assert_uint_eq(preflight_count(&p, FAIL), 0);
	ck_assert_uint_eq(preflight_count(&p, UNKNOWN), 0);
	preflight_noise_of(&p, noise, sizeof(noise));
	ck_assert_str_eq(noise, "noisy: governor powersave, smt CPUs 2 and 3 share a core, "
				"load 2.31, battery discharging");
}
END_TEST

START_TEST(a_virtual_machine_says_who_decides_what_it_cannot_see)
{
	static const char *const absent[] = {"cpufreq", "cpuidle", "thermal_throttle"};
	char path[64];
	unsigned i;

	for (i = 0; i < 6; i++) {
		snprintf(path, sizeof(path), CPU "cpu%u/%s", 2 + i % 2, absent[i / 2]);
		drop(path);
	}
	drop(CPU "intel_pstate");
	put("/proc/cpuinfo", "flags\t\t: fpu vme tsc hypervisor sse2\n");
	put("/sys/class/dmi/id/sys_vendor", "QEMU\n");
	put(CLOCK "current_clocksource", "kvm-clock\n");
	look("cpu2 100 0 100 1095 0 0 0 5 0 0\ncpu3 100 0 100 1100 0 0 0 0 0 0\n");
	expect("governor", UNKNOWN, "no frequency driver on 2 of 2 CPUs: the host decides");
	expect("turbo", UNKNOWN, "the host decides");
	expect("idle states", UNKNOWN, "the host decides");
	expect("thermal", UNKNOWN, "no counters");
	expect("hypervisor", WARN, "QEMU");
	expect("clocksource", OK, "kvm-clock");
	expect("steal", WARN, "2.5 % of");
	preflight_noise_of(&p, noise, sizeof(noise));
	ck_assert_ptr_nonnull(strstr(noise, "noisy: steal 2.5 % of"));
}
END_TEST

START_TEST(a_machine_with_everything_wrong_is_ok_in_nothing)
{
	unsigned i;

	make_laptop();
	put("/proc/cpuinfo", "flags\t\t: fpu vme tsc hypervisor\n");
	put(CLOCK "current_clocksource", "hpet\n");
	put("/proc/pressure/cpu", "some avg10=55.00 avg60=0.00 avg300=0.00 total=5\n");
	put("/sys/fs/cgroup/user.slice/cpu.max", "50000 100000\n");
	put("/proc/self/stat", realtime_stat);
	put("/proc/meminfo", "MemTotal: 64000 kB\nMemAvailable: 12000 kB\nSwapTotal: 9000 kB\n"
			     "SwapFree: 0 kB\nHugePages_Total: 8\nHugePages_Free: 0\n"
			     "Hugepagesize: 2048 kB\n");
	put(KERNEL "yama/ptrace_scope", "3\n");
	put(KERNEL "numa_balancing", "1\n");
	put(THP "shmem_enabled", "[always] never\n");
	shm_free = 0;
	machine.apart = 1;
	preflight_look(&p, &machine);
	put("/proc/stat", "cpu2 150 0 100 1000 0 0 0 50 0 0\ncpu3 200 0 100 1000 0 0 0 0 0 0\n");
	put_cpu(2, "thermal_throttle/core_throttle_count", "4\n");
	preflight_look_again(&p, &machine);
	for (i = 0; i < p.n; i++)
		if (strcmp(p.check[i].name, "cpus") != 0)
			ck_assert_msg(p.check[i].status == WARN || p.check[i].status == FAIL,
				      "%s is %s: %s", p.check[i].name,
				      preflight_status_name(p.check[i].status), p.check[i].value);
	expect("steal", WARN, "25.0 %");
	expect("memory", FAIL, "11 of 62 MiB");
	expect("quota", FAIL, "0.50 CPUs for 2 used");
	expect("/dev/shm", FAIL, "0 of 8192 MiB free");
}
END_TEST

/* ---- what happens while we look ---- */

START_TEST(others_are_what_our_own_time_does_not_explain)
{
	const uint64_t tick_ns = 1000000000u / (uint64_t)sysconf(_SC_CLK_TCK);
	struct preflight_check c;

	look("cpu2 160 20 110 1010 0 0 0 0 0 0\ncpu3 100 0 100 1100 0 0 0 0 0 0\n");
	expect_only("others", WARN, "% of");
	memset(&c, 0, sizeof(c));
	p.last.own_ns = p.begin.own_ns + 75 * tick_ns; /* of 90 ticks, of 200 */
	check_others(&p, &c);
	ck_assert_int_eq(c.status, WARN);
	ck_assert_ptr_nonnull(strstr(c.value, "7.5 % of"));
	p.last.own_ns = p.begin.own_ns + 84 * tick_ns;
	check_others(&p, &c);
	ck_assert_int_eq(c.status, OK);
	ck_assert_ptr_nonnull(strstr(c.value, "3.0 % of"));
	p.last.own_ns = p.begin.own_ns + 95 * tick_ns; /* more than the timer saw */
	check_others(&p, &c);
	ck_assert_str_eq(c.value, "0.0 % of 0.0 s");
}
END_TEST

START_TEST(interrupts_count_as_others)
{
	look("cpu2 100 0 100 1080 0 10 10 0 0 0\ncpu3 100 0 100 1100 0 0 0 0 0 0\n");
	expect_only("others", WARN, NULL);
}
END_TEST

START_TEST(steal_is_of_the_cpus_that_are_used)
{
	look("cpu0 9 9 9 9 9 9 9 900 0 0\ncpu2 100 0 100 1099 0 0 0 1 0 0\n"
	     "cpu3 100 0 100 1100 0 0 0 0 0 0\n");
	expect("steal", OK, "0.5 %");
	put("/proc/stat", "cpu2 100 0 100 1000 0 0 0 90\ncpu3 100 0 100 1000 0 0 0 0\n");
	preflight_look(&p, &machine);
	put("/proc/stat", "cpu2 100 0 100 1099 0 0 0 91\ncpu3 100 0 100 1100 0 0 0 0\n");
	preflight_look_again(&p, &machine);
	expect("steal", OK, "0.5 %");
	look("cpu2 100 0 100 1097 0 0 0 3 0 0\ncpu3 100 0 100 1100 0 0 0 0 0 0\n");
	expect_only("steal", WARN, "1.5 %");
	look("cpu2 100 0 100 1040 0 0 0 60 0 0\ncpu3 100 0 100 1100 0 0 0 0 0 0\n");
	expect_only("steal", FAIL, "30.0 %");
}
END_TEST

START_TEST(counters_that_go_back_or_are_missing_tell_nothing)
{
	static const char *const stats[] = {
		"cpu2 1 0 1 1 0 0 0 0 0 0\ncpu3 1 0 1 1 0 0 0 0 0 0\n",
		"cpu2 100 0 90 1200 0 0 0 0 0 0\ncpu3 100 0 100 1100 0 0 0 0 0 0\n",
		"cpu2 100 0 100 900 0 0 0 0 0 0\ncpu3 100 0 100 900 0 0 0 0 0 0\n",
		"cpu2 900 0 100 9900 0 0 0 0 0 0\n",
		"cpu2 900 0 x\ncpu3 100 0 100 9900 0 0 0 0 0 0\n",
		"",
	};
	unsigned i;

	for (i = 0; i < sizeof(stats) / sizeof(stats[0]); i++) {
		look(stats[i]);
		expect("steal", UNKNOWN, NULL);
		expect("others", UNKNOWN, NULL);
	}
}
END_TEST

START_TEST(heat_is_what_it_did_while_we_looked)
{
	look_quiet();
	expect("thermal", OK, "14 times since boot");
	put("/proc/stat", quiet_stat);
	preflight_look(&p, &machine);
	put("/proc/stat", still_quiet);
	put_cpu(3, "thermal_throttle/package_throttle_count", "9\n");
	preflight_look_again(&p, &machine);
	expect_only("thermal", WARN, "throttled 5 times");
}
END_TEST

START_TEST(the_whole_run_is_judged_from_its_first_look)
{
	look("cpu2 100 0 100 1050 0 0 0 50 0 0\ncpu3 100 0 100 1100 0 0 0 0 0 0\n");
	expect("steal", WARN, "25.0 %");
	put("/proc/stat", "cpu2 100 0 100 9999 0 0 0 50 0 0\ncpu3 100 0 100 9999 0 0 0 0 0 0\n");
	preflight_look_again(&p, &machine);
	expect("steal", OK, "0.3 %");
}
END_TEST

/* ---- what is printed ---- */

static void print_wrong(FILE *f, const struct preflight *of)
{
	preflight_print(f, of, 0);
}

static void expect_printed(void (*print)(FILE *f, const struct preflight *p), const char *part,
			   int there)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(f);
	print(f, &p);
	fclose(f);
	ck_assert_msg((strstr(text, part) != NULL) == there, "'%s' in\n%s", part, text);
	free(text);
}

START_TEST(what_is_printed_has_the_command_and_not_what_is_ok)
{
	put("/proc/loadavg", "3.00 0 0 1/2 3\n");
	put(CPU "intel_pstate/no_turbo", "0\n");
	look_quiet();
	expect_printed(print_wrong, "WARN     load            3.00", 1);
	expect_printed(print_wrong, "-> end what top shows", 1);
	expect_printed(print_wrong, "governor", 0);
	expect_printed(preflight_print_names, "OK; turbo WARN, load WARN; --preflight", 1);
	/* a bar would end the cell */
	expect_printed(preflight_print_markdown, "`echo 1 \\| sudo tee", 1);
	expect_printed(preflight_print_markdown, "| governor | OK | performance |", 1);
}
END_TEST

START_TEST(json_has_each_check_and_the_noise_in_numbers)
{
	look("cpu2 100 0 100 1040 0 0 0 60 0 0\ncpu3 120 0 100 1080 0 0 0 0 0 0\nctxt 1500\n");
	expect_printed(preflight_print_json,
		       "\"preflight\": [\n    {\"name\": \"cpus\", \"status\": \"OK\", "
		       "\"value\": \"2 (2,3)\"",
		       1);
	expect_printed(preflight_print_json, "\"steal\": 0.3, \"busy\": 0.1, ", 1);
	expect_printed(preflight_print_json, "\"context_switches\": 500, ", 1);
	expect_printed(preflight_print_json, "\"line\": \"noisy: steal 30.0 % of", 1);
	drop("/proc/stat");
	preflight_look(&p, &machine);
	expect_printed(preflight_print_json, "\"steal\": null, ", 1);
}
END_TEST

START_TEST(a_line_of_noise_is_cut_where_its_room_ends)
{
	char small[PREFLIGHT_NOISE];
	unsigned i;

	memset(small, 'x', sizeof(small));
	make_laptop();
	look_quiet();
	preflight_noise_of(&p, small, 16);
	ck_assert_str_eq(small, "noisy: governor");
	for (i = 16; i < sizeof(small); i++)
		ck_assert_int_eq(small[i], 'x');
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench_preflight");
	TCase *c = tcase_create("machines, time, print");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_add_test(c, a_machine_that_was_prepared_is_ok_in_all);
	tcase_add_test(c, of_a_machine_without_files_nothing_is_known);
	tcase_add_test(c, of_a_machine_with_garbage_nothing_is_believed);
	tcase_add_test(c, a_laptop_is_warned_about_and_told_what_to_do);
	tcase_add_test(c, a_virtual_machine_says_who_decides_what_it_cannot_see);
	tcase_add_test(c, a_machine_with_everything_wrong_is_ok_in_nothing);
	tcase_add_test(c, others_are_what_our_own_time_does_not_explain);
	tcase_add_test(c, interrupts_count_as_others);
	tcase_add_test(c, steal_is_of_the_cpus_that_are_used);
	tcase_add_test(c, counters_that_go_back_or_are_missing_tell_nothing);
	tcase_add_test(c, heat_is_what_it_did_while_we_looked);
	tcase_add_test(c, the_whole_run_is_judged_from_its_first_look);
	tcase_add_test(c, what_is_printed_has_the_command_and_not_what_is_ok);
	tcase_add_test(c, json_has_each_check_and_the_noise_in_numbers);
	tcase_add_test(c, a_line_of_noise_is_cut_where_its_room_ends);
	suite_add_tcase(s, c);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
