/* bench/preflight_read.h - reads /proc and /sys below a root. For preflight*.c and context.c. */
#ifndef BENCH_PREFLIGHT_READ_H
#define BENCH_PREFLIGHT_READ_H

#include <stddef.h>

#include "preflight.h"

#define READ_PATH 512u
#define READ_LINE 256u

/* First line of a file, without its end; bytes that are no printable ASCII become '?'. 0; -1 when it
 * cannot be read, and "". */
int read_line(const struct preflight_machine *m, char *buf, size_t cap, const char *path, ...)
	__attribute__((format(printf, 4, 5)));

/* The number that the first line consists of. 0, or -1. */
int read_number(const struct preflight_machine *m, long *out, const char *path, ...)
	__attribute__((format(printf, 3, 4)));

/* The rest of the first line that begins with key, without blanks and ':' before it. 0, or -1. */
int read_key(const struct preflight_machine *m, const char *path, const char *key, char *buf,
	     size_t cap);

int read_exists(const struct preflight_machine *m, const char *path, ...)
	__attribute__((format(printf, 2, 3)));
void read_path(const struct preflight_machine *m, const char *path, char *buf, size_t cap);

/* "0-3,8": is it among them, how many are they? -1: that is no such list. */
int list_has(const char *list, int cpu);
int list_count(const char *list);
/* The used CPUs as such a list, those of which which[] is nonzero; NULL: all. Returns how many. */
unsigned list_used(const struct preflight_machine *m, const unsigned char *which, char *buf,
		   size_t cap);

/* 1 virtual, 0 not, -1 not known; what: by whom, or "". */
int read_virtual(const struct preflight_machine *m, char *what, size_t cap);

/* ---- for the checks ---- */

typedef void (*preflight_fn)(const struct preflight_machine *m, struct preflight_check *c);

void check_say(struct preflight_check *c, enum preflight_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void check_mend(struct preflight_check *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* preflight_cpu.c */
void check_cpus(const struct preflight_machine *m, struct preflight_check *c);
void check_relation(const struct preflight_machine *m, struct preflight_check *c);
void check_governor(const struct preflight_machine *m, struct preflight_check *c);
void check_turbo(const struct preflight_machine *m, struct preflight_check *c);
void check_idle(const struct preflight_machine *m, struct preflight_check *c);
void check_smt(const struct preflight_machine *m, struct preflight_check *c);
void check_isolated(const struct preflight_machine *m, struct preflight_check *c);
void check_nohz(const struct preflight_machine *m, struct preflight_check *c);
void check_clocksource(const struct preflight_machine *m, struct preflight_check *c);
void check_hypervisor(const struct preflight_machine *m, struct preflight_check *c);
void check_battery(const struct preflight_machine *m, struct preflight_check *c);

/* preflight_system.c */
void check_load(const struct preflight_machine *m, struct preflight_check *c);
void check_pressure(const struct preflight_machine *m, struct preflight_check *c);
void check_autogroup(const struct preflight_machine *m, struct preflight_check *c);
void check_realtime(const struct preflight_machine *m, struct preflight_check *c);
void check_tracing(const struct preflight_machine *m, struct preflight_check *c);

/* preflight_cgroup.c */
void check_quota(const struct preflight_machine *m, struct preflight_check *c);

/* preflight_memory.c */
void check_memory(const struct preflight_machine *m, struct preflight_check *c);
void check_swap(const struct preflight_machine *m, struct preflight_check *c);
void check_shm(const struct preflight_machine *m, struct preflight_check *c);
void check_thp(const struct preflight_machine *m, struct preflight_check *c);
void check_hugepages(const struct preflight_machine *m, struct preflight_check *c);
void check_aslr(const struct preflight_machine *m, struct preflight_check *c);
void check_numa(const struct preflight_machine *m, struct preflight_check *c);

/* preflight_counts.c: of the time between two looks */
void counts_read(const struct preflight_machine *m, struct preflight_counts *c);
void check_steal(const struct preflight *p, struct preflight_check *c);
void check_others(const struct preflight *p, struct preflight_check *c);
void check_thermal(const struct preflight *p, struct preflight_check *c);

#endif
