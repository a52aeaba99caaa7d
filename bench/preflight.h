/* bench/preflight.h - what of this machine disturbs measurements, and the command that mends it. */
#ifndef BENCH_PREFLIGHT_H
#define BENCH_PREFLIGHT_H

#include <stdint.h>
#include <stdio.h>

#define PREFLIGHT_MAX 32u
#define PREFLIGHT_NOISE 400u /* bytes that hold the line of preflight_noise_of() */

enum preflight_status { PREFLIGHT_OK, PREFLIGHT_WARN, PREFLIGHT_FAIL, PREFLIGHT_UNKNOWN };

/* Where to look. All files are read below root, "" on a live machine. */
struct preflight_machine {
	const char *root;
	const int *cpu; /* those that are measured on */
	unsigned cpus;
	/* Bytes of the file system at path, and those that are free. 0, or -1: no such path. NULL:
	 * statvfs(). */
	int (*space)(const char *path, uint64_t *size, uint64_t *avail);
	const char *relation; /* of the first two CPUs to each other; NULL: not known */
	int apart;	      /* they are in two packages or nodes */
	int node;	      /* where the memory is that they share; -1: not known */
	int realtime;	      /* what is measured is going to be SCHED_FIFO */
};

struct preflight_check {
	const char *name;
	const char *why; /* it matters */
	enum preflight_status status;
	int noisy;	 /* not OK: one sample differs from the next, see preflight_noise_of() */
	char value[128]; /* with its unit */
	char mend[256];	 /* the command; "": there is none */
};

/* Counters of the CPUs that are measured on, summed up, and of our own processes. */
struct preflight_counts {
	int have; /* PREFLIGHT_HAVE_... */
	int64_t now_ns;
	uint64_t ticks;		/* of all kinds, idle too */
	uint64_t busy, steal;	/* ticks */
	uint64_t switches;	/* of the whole machine */
	uint64_t own_ns;	/* CPU time of this process and the children that have ended */
	uint64_t own_preempted; /* their involuntary context switches; a yield is one too */
	uint64_t throttled;	/* times that heat made the cores slower */
};
enum { PREFLIGHT_HAVE_STAT = 1, PREFLIGHT_HAVE_THERMAL = 2 };

struct preflight {
	struct preflight_check check[PREFLIGHT_MAX];
	unsigned n;
	struct preflight_counts begin, last;
};

/* All checks. Those of what changes with time (steal, others, thermal) are UNKNOWN until
 * preflight_look_again(), which judges the time since preflight_look(); it may be called again. */
void preflight_look(struct preflight *p, const struct preflight_machine *m);
void preflight_look_again(struct preflight *p, const struct preflight_machine *m);

const struct preflight_check *preflight_find(const struct preflight *p, const char *name);
unsigned preflight_count(const struct preflight *p, enum preflight_status status);
const char *preflight_status_name(enum preflight_status status);

/* "noisy: steal 4.1 % of 92.0 s, load 2.31, governor powersave"; "" when nothing is. */
void preflight_noise_of(const struct preflight *p, char *buf, size_t cap);

void preflight_print(FILE *f, const struct preflight *p, int all); /* 0: only what is not OK */
/* A line: how many are OK, and the names of those that are not. */
void preflight_print_names(FILE *f, const struct preflight *p);
/* A line: what happened between the first look and the last, in numbers. */
void preflight_print_run(FILE *f, const struct preflight *p, const char *bullet);
void preflight_print_markdown(FILE *f, const struct preflight *p);
/* Two members of an object: "preflight": [...], "noise": {...}. */
void preflight_print_json(FILE *f, const struct preflight *p);

/* ---- this machine, this run; see preflight_run.c ---- */

struct bench_env;

void preflight_begin(const struct bench_env *env); /* takes a fifth of a second */
void preflight_end(void);			   /* the rest of the run is judged as well */
int preflight_main(const struct bench_env *env); /* --preflight: the table; 0, 1 when one is FAIL */
void preflight_warn(FILE *f);			 /* what is not OK, before measuring */
const char *preflight_noise(void);
void preflight_report(FILE *f, int markdown);
void preflight_json(FILE *f);

#endif
