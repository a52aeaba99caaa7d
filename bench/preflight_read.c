/* Reads /proc and /sys below a root. See preflight_read.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "preflight_read.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CPU_NUMBERS (1 << 20) /* more than any kernel has */

static void path_of(const struct preflight_machine *m, char *buf, size_t cap, const char *path,
		    va_list ap)
{
	int n = snprintf(buf, cap, "%s", m->root);

	if (n >= 0 && (size_t)n < cap)
		vsnprintf(buf + n, cap - (size_t)n, path, ap);
}

/* What a file holds may be anything, and values end up in JSON. */
static void clean(char *s)
{
	s[strcspn(s, "\n")] = '\0';
	for (; *s != '\0'; s++)
		if (*s == '\t')
			*s = ' ';
		else if (*s < 0x20 || *s > 0x7e)
			*s = '?';
}

static int first_line(const char *path, char *buf, size_t cap)
{
	FILE *f = fopen(path, "re");
	int ok;

	buf[0] = '\0';
	if (f == NULL)
		return -1;
	ok = fgets(buf, (int)cap, f) != NULL;
	ok = ok || !ferror(f); /* empty: a line without anything */
	fclose(f);
	if (!ok)
		buf[0] = '\0';
	clean(buf);
	return ok ? 0 : -1;
}

int read_line(const struct preflight_machine *m, char *buf, size_t cap, const char *path, ...)
{
	char full[READ_PATH];
	va_list ap;

	va_start(ap, path);
	path_of(m, full, sizeof(full), path, ap);
	va_end(ap);
	return first_line(full, buf, cap);
}

int read_number(const struct preflight_machine *m, long *out, const char *path, ...)
{
	char full[READ_PATH], line[READ_LINE], *end;
	va_list ap;

	va_start(ap, path);
	path_of(m, full, sizeof(full), path, ap);
	va_end(ap);
	if (first_line(full, line, sizeof(line)) != 0)
		return -1;
	errno = 0;
	*out = strtol(line, &end, 10);
	end += strspn(end, " ");
	return errno != 0 || end == line || *end != '\0' ? -1 : 0;
}

int read_key(const struct preflight_machine *m, const char *path, const char *key, char *buf,
	     size_t cap)
{
	char full[READ_PATH], *line = NULL;
	size_t have = 0, len = strlen(key);
	int rc = -1;
	FILE *f;

	buf[0] = '\0';
	read_path(m, path, full, sizeof(full));
	f = fopen(full, "re");
	while (f != NULL && rc != 0 && getline(&line, &have, f) > 0)
		if (strncmp(line, key, len) == 0 && strchr(" \t:", line[len]) != NULL) {
			snprintf(buf, cap, "%s", line + len + strspn(line + len, " \t:"));
			clean(buf);
			rc = 0;
		}
	free(line);
	if (f != NULL)
		fclose(f);
	return rc;
}

void read_path(const struct preflight_machine *m, const char *path, char *buf, size_t cap)
{
	snprintf(buf, cap, "%s%s", m->root, path);
}

int read_exists(const struct preflight_machine *m, const char *path, ...)
{
	char full[READ_PATH];
	va_list ap;

	va_start(ap, path);
	path_of(m, full, sizeof(full), path, ap);
	va_end(ap);
	return access(full, F_OK) == 0;
}

/* ---- lists of CPUs ---- */

/* Next range of the list. 1, 0 at its end, -1 when it is none. */
static int next_range(const char **list, long *from, long *to)
{
	char *end;

	if (**list == '\0')
		return 0;
	*from = strtol(*list, &end, 10);
	if (end == *list || *from < 0)
		return -1;
	*to = *from;
	if (*end == '-') {
		const char *second = end + 1;

		*to = strtol(second, &end, 10);
		if (end == second || *to < *from)
			return -1;
	}
	if ((*end != ',' && *end != '\0') || *to >= CPU_NUMBERS)
		return -1;
	*list = *end == ',' ? end + 1 : end;
	return 1;
}

int list_has(const char *list, int cpu)
{
	long from, to;
	int rc, found = 0;

	while ((rc = next_range(&list, &from, &to)) > 0)
		found |= cpu >= from && cpu <= to;
	return rc < 0 ? -1 : found;
}

int list_count(const char *list)
{
	long from, to, n = 0;
	int rc;

	while ((rc = next_range(&list, &from, &to)) > 0 && n < CPU_NUMBERS)
		n += to - from + 1;
	return rc < 0 ? -1 : (int)n;
}

unsigned list_used(const struct preflight_machine *m, const unsigned char *which, char *buf,
		   size_t cap)
{
	unsigned i, n = 0;
	size_t at = 0;

	buf[0] = '\0';
	for (i = 0; i < m->cpus; i++) {
		if (which != NULL && !which[i])
			continue;
		if (at < cap)
			at += (size_t)snprintf(buf + at, cap - at, "%s%d", n > 0 ? "," : "",
					       m->cpu[i]);
		n++;
	}
	return n;
}

/* ---- virtual or not ---- */

static int from_dmi(const struct preflight_machine *m, char *what, size_t cap)
{
	static const char *const makers[] = {"QEMU",
					     "KVM",
					     "VMware",
					     "VirtualBox",
					     "innotek",
					     "Xen",
					     "Bochs",
					     "Parallels",
					     "OpenStack",
					     "Google Compute Engine",
					     "Virtual Machine",
					     "HVM domU"};
	char vendor[64], product[64];
	unsigned i;

	if (read_line(m, vendor, sizeof(vendor), "/sys/class/dmi/id/sys_vendor") |
	    read_line(m, product, sizeof(product), "/sys/class/dmi/id/product_name"))
		return -1;
	snprintf(what, cap, "%s %s", vendor, product);
	for (i = 0; i < sizeof(makers) / sizeof(makers[0]); i++)
		if (strstr(what, makers[i]) != NULL)
			return 1;
	return 0;
}

int read_virtual(const struct preflight_machine *m, char *what, size_t cap)
{
	char flags[4096], padded[4100], type[32];
	int dmi = from_dmi(m, what, cap);

	if (dmi < 1)
		what[0] = '\0';
	if (read_line(m, type, sizeof(type), "/sys/hypervisor/type") == 0 && type[0] != '\0') {
		if (what[0] == '\0')
			snprintf(what, cap, "%s", type);
		return 1;
	}
	if (read_key(m, "/proc/cpuinfo", "flags", flags, sizeof(flags)) != 0 ||
	    strstr(flags, "fpu") == NULL)
		return dmi; /* no x86: the firmware's name is all there is */
	snprintf(padded, sizeof(padded), " %s ", flags);
	return strstr(padded, " hypervisor ") != NULL;
}

/* ---- for the checks ---- */

void check_say(struct preflight_check *c, enum preflight_status status, const char *format, ...)
{
	va_list ap;

	c->status = status;
	va_start(ap, format);
	vsnprintf(c->value, sizeof(c->value), format, ap);
	va_end(ap);
}

void check_mend(struct preflight_check *c, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(c->mend, sizeof(c->mend), format, ap);
	va_end(ap);
}
