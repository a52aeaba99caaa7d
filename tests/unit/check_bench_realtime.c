/* SCHED_FIFO and locked memory: which rows go without, what is tried and taken back, what refuses. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <check.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "realtime.h"

static struct bench_env env;
static struct bench bench;
static struct role role;
static char why[160];

int driver_oversubscribed(const struct bench_env *e, unsigned readers)
{
	return readers + 1 > e->cpus;
}

int role_fail(struct role *me, const char *format, ...)
{
	va_list ap;

	(void)me;
	va_start(ap, format);
	vsnprintf(why, sizeof(why), format, ap);
	va_end(ap);
	return -1;
}

static void set_up(void)
{
	memset(&env, 0, sizeof(env));
	memset(&bench, 0, sizeof(bench));
	memset(&role, 0, sizeof(role));
	env.cpus = 2;
	why[0] = '\0';
}

/* KiB of this process that are locked. */
static long locked(void)
{
	char line[128];
	long n = -1;
	FILE *f = fopen("/proc/self/status", "r");

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "VmLck:", 6) == 0)
			n = atol(line + 6);
	fclose(f);
	return n;
}

START_TEST(without_the_options_nothing_is_left_out_and_nothing_changes)
{
	struct rlimit before, after;

	bench.readers = 15;
	ck_assert_int_eq(realtime_leaves_out(&env, &bench), 0);
	bench.flags = BENCH_FOREIGN | BENCH_SPINS;
	ck_assert_int_eq(realtime_leaves_out(&env, &bench), 0);
	ck_assert_int_eq(realtime_try(&env), 0);
	getrlimit(RLIMIT_RTTIME, &before);
	ck_assert_int_eq(realtime_in_child(&env), 0);
	getrlimit(RLIMIT_RTTIME, &after);
	ck_assert_uint_eq(before.rlim_cur, after.rlim_cur);
	ck_assert_int_eq(locked(), 0);
}
END_TEST

START_TEST(roles_that_share_a_cpu_are_never_real_time)
{
	env.fifo = 1;
	ck_assert_int_eq(realtime_leaves_out(&env, &bench), 0);
	bench.readers = 1;
	ck_assert_int_eq(realtime_leaves_out(&env, &bench), 0);
	bench.readers = 2; /* whether it spins or not */
	ck_assert_int_eq(realtime_leaves_out(&env, &bench), 1);
	env.cpus = 3;
	ck_assert_int_eq(realtime_leaves_out(&env, &bench), 0);
	env.cpus = 1;
	bench.readers = 1;
	ck_assert_int_eq(realtime_leaves_out(&env, &bench), 1);
}
END_TEST

START_TEST(what_a_launcher_starts_is_not_ours_to_change)
{
	bench.flags = BENCH_FOREIGN;
	bench.readers = 1;
	env.fifo = 1;
	ck_assert_int_eq(realtime_leaves_out(&env, &bench), 1);
	env.fifo = 0;
	env.locked = 1;
	ck_assert_int_eq(realtime_leaves_out(&env, &bench), 1);
	bench.flags = 0;
	bench.readers = 7; /* locked memory is no matter of CPUs */
	ck_assert_int_eq(realtime_leaves_out(&env, &bench), 0);
}
END_TEST

START_TEST(the_name_has_the_priority)
{
	char text[32];

	env.fifo = 42;
	realtime_name(&env, text, sizeof(text));
	ck_assert_str_eq(text, "fifo 42");
	env.fifo = 0;
	realtime_name(&env, text, sizeof(text));
	ck_assert_msg(sched_getscheduler(0) != SCHED_OTHER || strcmp(text, "other") == 0, "%s",
		      text);
}
END_TEST

/* Runs body in a child without the capabilities that would let it, if we have any. */
static int unprivileged(void (*body)(void))
{
	int st = -1;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		const struct rlimit none = {0, 0};

		if (setrlimit(RLIMIT_RTPRIO, &none) != 0 || setrlimit(RLIMIT_MEMLOCK, &none) != 0 ||
		    (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0))
			_exit(77);
		body();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &st, 0), pid);
	return WIFEXITED(st) ? WEXITSTATUS(st) : -1;
}

static void try_fifo_in_vain(void)
{
	env.fifo = 30;
	if (realtime_try(&env) == 0)
		_exit(1);
	if (strcmp(env.error, "--fifo 30: Operation not permitted: it wants CAP_SYS_NICE, or an "
			      "RLIMIT_RTPRIO (ulimit -r) of 30, which is 0") != 0)
		_exit(2);
	role.fifo = 30;
	if (realtime_rise(&role) == 0 ||
	    strcmp(why, "role 0 cannot become SCHED_FIFO 30: Operation not permitted") != 0)
		_exit(3);
}

static void try_lock_in_vain(void)
{
	env.locked = 1;
	if (realtime_try(&env) == 0)
		_exit(1);
	if (strstr(env.error, "--mlock: ") == NULL ||
	    strstr(env.error,
		   "CAP_IPC_LOCK, or a larger RLIMIT_MEMLOCK (ulimit -l), which is 0 KiB") == NULL)
		_exit(2);
	if (realtime_in_child(&env) == 0 || strncmp(env.error, "mlockall: ", 10) != 0)
		_exit(3);
}

START_TEST(a_refusal_names_what_is_in_the_way)
{
	int rc = unprivileged(try_fifo_in_vain);

	ck_assert_msg(rc == 0 || rc == 77, "--fifo: %d", rc);
	rc = unprivileged(try_lock_in_vain);
	ck_assert_msg(rc == 0 || rc == 77, "--mlock: %d", rc);
}
END_TEST

/* Where this process may not, the test before this one is all there is. */
START_TEST(a_role_rises_and_falls)
{
	const int before = sched_getscheduler(0);
	struct rlimit r;

	env.fifo = role.fifo = 1;
	if (before != SCHED_OTHER || realtime_try(&env) != 0)
		return;
	ck_assert_int_eq(sched_getscheduler(0), before);
	ck_assert_int_eq(realtime_rise(&role), 0);
	ck_assert_int_eq(sched_getscheduler(0), SCHED_FIFO);
	realtime_fall(&role);
	ck_assert_int_eq(sched_getscheduler(0), before);
	ck_assert_str_eq(why, "");
	/* the kernel ends what the harness cannot, for it may have no CPU */
	ck_assert_int_eq(realtime_in_child(&env), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_RTTIME, &r), 0);
	ck_assert_uint_gt(r.rlim_max, 10000000u);
	ck_assert_uint_lt(r.rlim_max, 12000000u);
}
END_TEST

START_TEST(a_run_that_may_take_longer_is_not_ended_before)
{
	struct rlimit r;

	env.fifo = 1;
	env.limit_ns = INT64_C(86420000000000); /* a day, and what a soak has on top */
	ck_assert_int_eq(realtime_in_child(&env), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_RTTIME, &r), 0);
	ck_assert_uint_gt(r.rlim_cur, UINT64_C(86420000000));
	ck_assert_uint_lt(r.rlim_max, UINT64_C(86422000000));
}
END_TEST

START_TEST(memory_is_locked_in_the_child_alone)
{
	env.locked = 1;
	if (realtime_try(&env) != 0)
		return;
	ck_assert_int_eq(locked(), 0);
	ck_assert_int_eq(realtime_in_child(&env), 0);
	ck_assert_int_gt(locked(), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bench_realtime");
	TCase *tc = tcase_create("realtime");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_test(tc, without_the_options_nothing_is_left_out_and_nothing_changes);
	tcase_add_test(tc, roles_that_share_a_cpu_are_never_real_time);
	tcase_add_test(tc, what_a_launcher_starts_is_not_ours_to_change);
	tcase_add_test(tc, the_name_has_the_priority);
	tcase_add_test(tc, a_refusal_names_what_is_in_the_way);
	tcase_add_test(tc, a_role_rises_and_falls);
	tcase_add_test(tc, a_run_that_may_take_longer_is_not_ended_before);
	tcase_add_test(tc, memory_is_locked_in_the_child_alone);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
