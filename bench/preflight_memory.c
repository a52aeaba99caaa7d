/* Checks of the memory: how much of it, what pages, where. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "preflight_read.h"

#define MIB (1024u * 1024u)
#define MEMORY_LOW_MIB 512u
#define MEMORY_NONE_MIB 64u
#define SHM_LOW_MIB 64u
#define SHM_NONE_MIB 16u
#define NO_RANDOMIZE 0x0040000ul /* of personality(2) */

/* Kibibytes, or whatever is counted, of a line of /proc/meminfo. 0, or -1. */
static int meminfo(const struct preflight_machine *m, const char *key, uint64_t *out)
{
	char text[64], *end;

	if (read_key(m, "/proc/meminfo", key, text, sizeof(text)) != 0 || text[0] < '0' ||
	    text[0] > '9')
		return -1;
	*out = strtoull(text, &end, 10);
	return strcmp(end, " kB") != 0 && *end != '\0' ? -1 : 0;
}

void check_memory(const struct preflight_machine *m, struct preflight_check *c)
{
	uint64_t avail, total;

	if (meminfo(m, "MemAvailable", &avail) != 0 || meminfo(m, "MemTotal", &total) != 0) {
		check_say(c, PREFLIGHT_UNKNOWN, "/proc/meminfo does not tell");
		return;
	}
	avail /= 1024;
	check_say(c,
		  avail < MEMORY_NONE_MIB  ? PREFLIGHT_FAIL
		  : avail < MEMORY_LOW_MIB ? PREFLIGHT_WARN
					   : PREFLIGHT_OK,
		  "%llu of %llu MiB available", (unsigned long long)avail,
		  (unsigned long long)total / 1024);
}

void check_swap(const struct preflight_machine *m, struct preflight_check *c)
{
	uint64_t total, left;

	if (meminfo(m, "SwapTotal", &total) != 0 || meminfo(m, "SwapFree", &left) != 0 ||
	    left > total)
		check_say(c, PREFLIGHT_UNKNOWN, "/proc/meminfo does not tell");
	else if (total == 0)
		check_say(c, PREFLIGHT_OK, "none");
	else
		check_say(c, total > left ? PREFLIGHT_WARN : PREFLIGHT_OK,
			  "%llu of %llu MiB in use",
			  (unsigned long long)(total - left + 1023) / 1024,
			  (unsigned long long)total / 1024);
}

static int space_of(const char *path, uint64_t *size, uint64_t *avail)
{
	struct statvfs v;

	if (statvfs(path, &v) != 0)
		return -1;
	*size = (uint64_t)v.f_blocks * v.f_frsize;
	*avail = (uint64_t)v.f_bavail * v.f_frsize;
	return 0;
}

void check_shm(const struct preflight_machine *m, struct preflight_check *c)
{
	uint64_t size = 0, avail = 0;
	char path[READ_PATH];

	read_path(m, "/dev/shm", path, sizeof(path));
	if ((m->space != NULL ? m->space : space_of)(path, &size, &avail) != 0) {
		check_say(c, PREFLIGHT_FAIL, "/dev/shm is not there");
		return;
	}
	check_say(c,
		  avail < SHM_NONE_MIB * (uint64_t)MIB	? PREFLIGHT_FAIL
		  : avail < SHM_LOW_MIB * (uint64_t)MIB ? PREFLIGHT_WARN
							: PREFLIGHT_OK,
		  "%llu of %llu MiB free", (unsigned long long)avail / MIB,
		  (unsigned long long)size / MIB);
}

/* "always within_size advise [never]" */
void check_thp(const struct preflight_machine *m, struct preflight_check *c)
{
	static const char path[] = "/sys/kernel/mm/transparent_hugepage/shmem_enabled";
	char line[READ_LINE], *from, *to;

	if (read_line(m, line, sizeof(line), "%s", path) != 0 ||
	    (from = strchr(line, '[')) == NULL || (to = strchr(from, ']')) == NULL) {
		check_say(c, PREFLIGHT_UNKNOWN, "shmem_enabled does not tell");
		return;
	}
	*to = '\0';
	from++;
	if (strcmp(from, "never") == 0 || strcmp(from, "advise") == 0 || strcmp(from, "deny") == 0)
		check_say(c, PREFLIGHT_OK, "%s", from);
	else if (strcmp(from, "always") == 0 || strcmp(from, "within_size") == 0 ||
		 strcmp(from, "force") == 0)
		check_say(c, PREFLIGHT_WARN, "%s", from);
	else
		check_say(c, PREFLIGHT_UNKNOWN, "%.60s", from);
}

void check_hugepages(const struct preflight_machine *m, struct preflight_check *c)
{
	uint64_t total, left, kib;

	if (meminfo(m, "HugePages_Total", &total) != 0 ||
	    meminfo(m, "HugePages_Free", &left) != 0 || meminfo(m, "Hugepagesize", &kib) != 0 ||
	    left > total)
		check_say(c, PREFLIGHT_UNKNOWN, "/proc/meminfo does not tell");
	else if (total == 0)
		check_say(c, PREFLIGHT_OK, "none reserved; nothing here asks for them");
	else
		check_say(c, left == 0 ? PREFLIGHT_WARN : PREFLIGHT_OK,
			  "%llu of %llu free, %llu KiB each", (unsigned long long)left,
			  (unsigned long long)total, (unsigned long long)kib);
}

void check_aslr(const struct preflight_machine *m, struct preflight_check *c)
{
	char line[READ_LINE];
	long v;

	if (read_number(m, &v, "/proc/sys/kernel/randomize_va_space") != 0 || v < 0 || v > 2)
		check_say(c, PREFLIGHT_UNKNOWN, "randomize_va_space does not tell");
	else if (v == 0)
		check_say(c, PREFLIGHT_OK, "off");
	else if (read_line(m, line, sizeof(line), "/proc/self/personality") == 0 &&
		 (strtoul(line, NULL, 16) & NO_RANDOMIZE) != 0)
		check_say(c, PREFLIGHT_OK, "off for this process");
	else
		check_say(c, PREFLIGHT_WARN, "on");
}

void check_numa(const struct preflight_machine *m, struct preflight_check *c)
{
	char nodes[READ_LINE];
	long v;
	int n;

	if (read_number(m, &v, "/proc/sys/kernel/numa_balancing") != 0 || v < 0) {
		check_say(c, PREFLIGHT_UNKNOWN, "numa_balancing does not tell");
		return;
	}
	read_line(m, nodes, sizeof(nodes), "/sys/devices/system/node/online");
	n = list_count(nodes);
	if (v == 0)
		check_say(c, PREFLIGHT_OK, "off");
	else if (n == 1)
		check_say(c, PREFLIGHT_OK, "on; one node");
	else if (n > 1)
		check_say(c, PREFLIGHT_WARN, "on; %d nodes", n);
	else
		check_say(c, PREFLIGHT_WARN, "on");
}
