/* What happens while we look: steal, others on our CPUs, heat. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "preflight_read.h"

#define STEAL_HIGH 1.0 /* % of the CPUs' time */
#define STEAL_TOO_HIGH 25.0
#define OTHERS_HIGH 5.0

/* Columns of /proc/stat; what comes after is in user and nice already. */
enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, FIELDS };

static int is_used(const struct preflight_machine *m, long cpu)
{
	unsigned i;

	for (i = 0; i < m->cpus; i++)
		if (m->cpu[i] == cpu)
			return 1;
	return 0;
}

/* A line "cpu3 1 2 3 ...". 1: it was one of ours, 0: it was not, -1: it makes no sense. */
static int add_cpu(const struct preflight_machine *m, const char *line, struct preflight_counts *c)
{
	unsigned long long v[FIELDS] = {0};
	char *end;
	long cpu = strtol(line + 3, &end, 10);
	unsigned i;

	if (end == line + 3 || !is_used(m, cpu))
		return 0;
	for (i = 0; i < FIELDS; i++) {
		const char *from = end;

		v[i] = strtoull(from, &end, 10);
		if (end == from)
			break;
	}
	if (i <= IDLE)
		return -1;
	for (i = 0; i < FIELDS; i++)
		c->ticks += v[i];
	c->busy += v[USER] + v[NICE] + v[SYSTEM] + v[IRQ] + v[SOFTIRQ];
	c->steal += v[STEAL];
	return 1;
}

static void read_stat(const struct preflight_machine *m, struct preflight_counts *c)
{
	char path[READ_PATH], *line = NULL;
	unsigned found = 0;
	size_t have = 0;
	int rc, bad = 0;
	FILE *f;

	read_path(m, "/proc/stat", path, sizeof(path));
	f = fopen(path, "re");
	while (f != NULL && getline(&line, &have, f) > 0) {
		if (strncmp(line, "cpu", 3) == 0 && line[3] != ' ') {
			rc = add_cpu(m, line, c);
			bad |= rc < 0;
			found += rc > 0;
		} else if (strncmp(line, "ctxt ", 5) == 0) {
			c->switches = strtoull(line + 5, NULL, 10);
		}
	}
	free(line);
	if (f != NULL)
		fclose(f);
	if (!bad && found > 0 && found == m->cpus)
		c->have |= PREFLIGHT_HAVE_STAT;
}

static void read_thermal(const struct preflight_machine *m, struct preflight_counts *c)
{
	static const char at[] = "/sys/devices/system/cpu/cpu%d/thermal_throttle/%s_throttle_count";
	static const char *const kinds[] = {"core", "package"};
	unsigned i, k;
	long v;

	for (i = 0; i < m->cpus; i++)
		for (k = 0; k < 2; k++)
			if (read_number(m, &v, at, m->cpu[i], kinds[k]) == 0 && v >= 0) {
				c->throttled += (uint64_t)v;
				c->have |= PREFLIGHT_HAVE_THERMAL;
			}
}

static uint64_t ns_of(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_usec * 1000u;
}

static void read_own(struct preflight_counts *c)
{
	struct rusage ru[2];
	unsigned i;

	memset(ru, 0, sizeof(ru));
	getrusage(RUSAGE_SELF, &ru[0]);
	getrusage(RUSAGE_CHILDREN, &ru[1]);
	for (i = 0; i < 2; i++) {
		c->own_ns += ns_of(&ru[i].ru_utime) + ns_of(&ru[i].ru_stime);
		c->own_preempted += (uint64_t)ru[i].ru_nivcsw;
	}
}

void counts_read(const struct preflight_machine *m, struct preflight_counts *c)
{
	struct timespec ts;

	memset(c, 0, sizeof(*c));
	clock_gettime(CLOCK_MONOTONIC, &ts);
	c->now_ns = (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
	read_stat(m, c);
	read_thermal(m, c);
	read_own(c);
}

/* ---- judging the time between two looks ---- */

/* Ticks that passed; 0: they cannot be compared. */
static uint64_t passed(const struct preflight *p)
{
	const struct preflight_counts *a = &p->begin, *b = &p->last;

	if (!(a->have & b->have & PREFLIGHT_HAVE_STAT) || b->ticks <= a->ticks ||
	    b->busy < a->busy || b->steal < a->steal)
		return 0;
	return b->ticks - a->ticks;
}

static double seconds(const struct preflight *p)
{
	return (double)(p->last.now_ns - p->begin.now_ns) / 1e9;
}

void check_steal(const struct preflight *p, struct preflight_check *c)
{
	uint64_t ticks = passed(p);
	double share;

	if (ticks == 0) {
		check_say(c, PREFLIGHT_UNKNOWN, "/proc/stat does not tell");
		return;
	}
	share = 100 * (double)(p->last.steal - p->begin.steal) / (double)ticks;
	check_say(c,
		  share > STEAL_TOO_HIGH ? PREFLIGHT_FAIL
		  : share > STEAL_HIGH	 ? PREFLIGHT_WARN
					 : PREFLIGHT_OK,
		  "%.1f %% of %.1f s", share, seconds(p));
}

/* Ticks are what the kernel's timer saw, our own time is exact: the difference may be a little
 * below 0. */
void check_others(const struct preflight *p, struct preflight_check *c)
{
	uint64_t ticks = passed(p);
	long hz = sysconf(_SC_CLK_TCK);
	double share;

	if (ticks == 0 || hz <= 0) {
		check_say(c, PREFLIGHT_UNKNOWN, "/proc/stat does not tell");
		return;
	}
	share = (double)(p->last.busy - p->begin.busy) -
		(double)(p->last.own_ns - p->begin.own_ns) / 1e9 * (double)hz;
	share = share > 0 ? 100 * share / (double)ticks : 0;
	check_say(c, share > OTHERS_HIGH ? PREFLIGHT_WARN : PREFLIGHT_OK, "%.1f %% of %.1f s",
		  share, seconds(p));
}

void check_thermal(const struct preflight *p, struct preflight_check *c)
{
	const struct preflight_counts *a = &p->begin, *b = &p->last;

	if (!(a->have & b->have & PREFLIGHT_HAVE_THERMAL) || b->throttled < a->throttled)
		check_say(c, PREFLIGHT_UNKNOWN, "no counters of it");
	else if (b->throttled > a->throttled)
		check_say(c, PREFLIGHT_WARN, "throttled %llu times in %.1f s",
			  (unsigned long long)(b->throttled - a->throttled), seconds(p));
	else
		check_say(c, PREFLIGHT_OK, "not throttled in %.1f s, %llu times since boot",
			  seconds(p), (unsigned long long)b->throttled);
}
