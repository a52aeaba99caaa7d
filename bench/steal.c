/* Reads the steal of /proc/stat. See steal.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "steal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"

#define COLUMN 8u	       /* user nice system idle iowait irq softirq steal */
#define TEXT_MAX (96u * 1024u) /* a thousand CPUs; they come first */

/* The last of the columns after "cpuN"; -1: there are not so many. */
static int64_t column(const char *at)
{
	unsigned long long v = 0;
	unsigned i;
	char *end;

	for (i = 0; i < COLUMN; i++, at = end) {
		v = *at == ' ' ? strtoull(at, &end, 10) : 0;
		if (*at != ' ' || end == at)
			return -1;
	}
	return (int64_t)(v & INT64_MAX);
}

int64_t steal_in(const char *text, const int *cpu, unsigned cpus)
{
	int64_t sum = 0, ticks;
	unsigned i, found = 0;
	const char *at;
	char *end;
	long n;

	for (at = text; strncmp(at, "cpu", 3) == 0; at++) {
		n = strtol(at + 3, &end, 10);
		for (i = 0; i < cpus && end != at + 3 && at[3] != ' '; i++) {
			if (cpu[i] != n)
				continue;
			ticks = column(end);
			if (ticks < 0)
				return -1;
			sum += ticks;
			found++;
		}
		at = strchr(at, '\n');
		if (at == NULL)
			break;
	}
	return found == cpus && cpus > 0 ? sum : -1;
}

void steal_look(const int *cpu, unsigned cpus, struct steal *s)
{
	static char text[TEXT_MAX];
	ssize_t did = 1;
	size_t len = 0;
	int fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);

	s->now = driver_now();
	s->cpus = cpus;
	while (fd >= 0 && did > 0 && len < sizeof(text) - 1) {
		did = read(fd, text + len, sizeof(text) - 1 - len);
		len += did > 0 ? (size_t)did : 0;
	}
	text[len] = '\0';
	s->ticks = steal_in(text, cpu, cpus);
	if (fd >= 0)
		close(fd);
}

double steal_share(const struct steal *from, const struct steal *to, long ticks_per_second)
{
	const double ns = (double)(to->now - from->now) * from->cpus;
	double share;

	if (from->ticks < 0 || to->ticks <= from->ticks || ticks_per_second <= 0 || !(ns > 0))
		return 0;
	share = (double)(to->ticks - from->ticks) * 1e9 / (double)ticks_per_second / ns;
	return share < 1 ? share : 1;
}
