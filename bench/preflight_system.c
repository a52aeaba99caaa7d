/* Checks of the scheduler and of what else runs. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <stdlib.h>
#include <string.h>

#include "preflight_read.h"

#define LOAD_HIGH 0.7
#define CPU_PRESSURE_HIGH 10.0 /* %, of the last ten seconds */
#define MEMORY_PRESSURE_HIGH 1.0

#define SETTINGS "/proc/sys/kernel/"

void check_load(const struct preflight_machine *m, struct preflight_check *c)
{
	char line[READ_LINE], *end;
	double load;

	read_line(m, line, sizeof(line), "/proc/loadavg");
	load = strtod(line, &end);
	if (end == line || *end != ' ' || !(load >= 0) || load > 1e6)
		check_say(c, PREFLIGHT_UNKNOWN, "/proc/loadavg does not tell");
	else
		check_say(c, load > LOAD_HIGH ? PREFLIGHT_WARN : PREFLIGHT_OK, "%.2f", load);
}

/* avg10 of "some", %; negative: not told. */
static double pressure(const struct preflight_machine *m, const char *of)
{
	char line[READ_LINE], *at, *end;
	double v;

	if (read_line(m, line, sizeof(line), "/proc/pressure/%s", of) != 0 ||
	    strncmp(line, "some ", 5) != 0 || (at = strstr(line, "avg10=")) == NULL)
		return -1;
	v = strtod(at + 6, &end);
	return end == at + 6 || !(v >= 0 && v <= 100) ? -1 : v;
}

void check_pressure(const struct preflight_machine *m, struct preflight_check *c)
{
	double cpu = pressure(m, "cpu"), memory = pressure(m, "memory");

	if (cpu < 0 || memory < 0)
		check_say(c, PREFLIGHT_UNKNOWN, "/proc/pressure does not tell");
	else
		check_say(c,
			  cpu > CPU_PRESSURE_HIGH || memory > MEMORY_PRESSURE_HIGH ? PREFLIGHT_WARN
										   : PREFLIGHT_OK,
			  "CPU %.1f %%, memory %.1f %%", cpu, memory);
}

void check_autogroup(const struct preflight_machine *m, struct preflight_check *c)
{
	long v;

	if (read_number(m, &v, SETTINGS "sched_autogroup_enabled") != 0 || v < 0 || v > 1)
		check_say(c, PREFLIGHT_UNKNOWN, SETTINGS "sched_autogroup_enabled does not tell");
	else
		check_say(c, v != 0 ? PREFLIGHT_WARN : PREFLIGHT_OK, v != 0 ? "on" : "off");
}

/* The scheduling policy of this process: the 41st field of its stat. The second is its name, which
 * may have anything in it. */
static int policy(const struct preflight_machine *m)
{
	char line[1024], *at;
	unsigned i;

	if (read_line(m, line, sizeof(line), "/proc/self/stat") != 0 ||
	    (at = strrchr(line, ')')) == NULL)
		return -1;
	for (i = 2; i < 41; i++) {
		at = strchr(at + 1, ' ');
		if (at == NULL)
			return -1;
	}
	return at[1] >= '0' && at[1] <= '9' ? atoi(at + 1) : -1;
}

void check_realtime(const struct preflight_machine *m, struct preflight_check *c)
{
	long runtime, period;
	int how = policy(m);

	if (read_number(m, &runtime, SETTINGS "sched_rt_runtime_us") != 0 ||
	    read_number(m, &period, SETTINGS "sched_rt_period_us") != 0 || runtime < -1)
		check_say(c, PREFLIGHT_UNKNOWN, SETTINGS "sched_rt_runtime_us does not tell");
	else if (runtime == -1 || runtime >= period)
		check_say(c, PREFLIGHT_OK, "off");
	else if (m->realtime || how == 1 || how == 2) /* SCHED_FIFO, SCHED_RR */
		check_say(c, PREFLIGHT_WARN, "%ld of %ld us, and we are real-time", runtime,
			  period);
	else
		check_say(c, PREFLIGHT_OK, "%ld of %ld us; we are not real-time", runtime, period);
}

/* 0 and 1 let a process trace its children; 2 wants a capability, 3 forbids it to all. */
void check_tracing(const struct preflight_machine *m, struct preflight_check *c)
{
	long v;

	if (!read_exists(m, "/proc/sys/kernel"))
		check_say(c, PREFLIGHT_UNKNOWN, "/proc/sys is not there");
	else if (!read_exists(m, SETTINGS "yama/ptrace_scope"))
		check_say(c, PREFLIGHT_OK, "allowed: no Yama");
	else if (read_number(m, &v, SETTINGS "yama/ptrace_scope") != 0 || v < 0 || v > 3)
		check_say(c, PREFLIGHT_UNKNOWN, SETTINGS "yama/ptrace_scope does not tell");
	else
		check_say(c, v >= 2 ? PREFLIGHT_WARN : PREFLIGHT_OK, "%s: ptrace_scope %ld",
			  v == 3   ? "forbidden"
			  : v == 2 ? "needs CAP_SYS_PTRACE"
				   : "allowed",
			  v);
}
