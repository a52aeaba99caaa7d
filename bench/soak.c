/*
 * The study "soak": weir's ring at one rate for as long as asked, 64 B one way between the first two
 * CPUs, on an open schedule (pace.h). Both sides read the clock on every turn of their loops, and a
 * gap between two readings is the CPU's: in between lie at most two calls of the library, none
 * that waits. So what happened to the CPUs is known beside what happened to the messages, of the
 * same moment.
 *
 * It is one run. The sides account by the second, in shared memory, and whoever looks after them
 * comes for the seconds now and then; where the CPUs of the run are all there are, it takes one of them
 * for some tens of microseconds each time.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "soak.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "control.h"
#include "flow.h"
#include "pair.h"
#include "preflight_read.h"
#include "soak_sides.h"
#include "steal.h"
#include "study.h"

#define EACH_SECOND_UNTIL 30u	   /* seconds: longer runs come for their seconds every ten */
#define LATE_NS INT64_C(100000000) /* behind the second's end, so that it is there */
#define GRACE_NS INT64_C(20000000000)

static struct soak *soak;
static struct study study;

/* ---- beside them ---- */

struct watching {
	const struct study_run *r;
	int64_t next, step;
	struct steal steal; /* at the line before */
};

static double own_cpu_ns(void)
{
	struct rusage ru;

	memset(&ru, 0, sizeof(ru));
	getrusage(RUSAGE_SELF, &ru);
	return 1e9 * (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
	       1e3 * (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec);
}

static void print_line(uint32_t from, const struct hist *h)
{
	uint64_t longest[SOAK_SIDES] = {0, 0}, lost = 0;
	uint32_t i;
	unsigned k;

	for (i = from; i < soak->seconds; i++) {
		const struct soak_second *t = &soak->second[i];

		for (k = 0; k < SOAK_SIDES; k++)
			if (t->gaps[k].longest > longest[k])
				longest[k] = t->gaps[k].longest;
		lost += t->lost;
	}
	printf("%s%5u s  %.3g M messages  p50 %.3g us  p99 %.3g us  max %.4g us  gaps of CPU %d "
	       "%.4g us, CPU %d %.4g us  lost %llu\n",
	       isatty(STDOUT_FILENO) ? "\r\033[K" : "",
	       (unsigned)(soak->seconds < soak->asked ? soak->seconds : soak->asked),
	       (double)h->count / 1e6, (double)hist_at(h, 500000) / 1e3,
	       (double)hist_at(h, 990000) / 1e3, (double)h->max / 1e3, soak->cpu[SOAK_WRITER],
	       (double)longest[SOAK_WRITER] / 1e3, soak->cpu[SOAK_READER],
	       (double)longest[SOAK_READER] / 1e3, (unsigned long long)lost);
	fflush(stdout);
}

/* What has been left since; a line for it. */
static void collect(struct watching *w)
{
	static struct hist step; /* large; one thread */
	const uint32_t from = soak->seconds;
	struct steal now;
	uint32_t i;

	hist_reset(&step);
	if (soak_collect(soak, soak_shared, &step) == 0)
		return;
	steal_look(soak->cpu, SOAK_SIDES, &now);
	for (i = from; i < soak->seconds; i++)
		soak->second[i].stolen = steal_share(&w->steal, &now, sysconf(_SC_CLK_TCK));
	w->steal = now;
	print_line(from, &step);
}

static int64_t beside(void *arg)
{
	struct watching *w = arg;
	const int64_t now = driver_now();

	if (*w->r->stop != 0)
		control_store(&soak_shared->stop.word, 1);
	if (now >= w->next) {
		collect(w);
		w->next += (1 + (now - w->next) / w->step) * w->step;
	}
	return w->next;
}

/* ---- a run ---- */

static int make(struct bench_env *env)
{
	unsigned i;

	soak->cap = soak->asked + 1;
	soak->second = calloc(soak->cap, sizeof(*soak->second));
	soak_shared = mmap(NULL, sizeof(*soak_shared), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (soak->second == NULL || soak_shared == MAP_FAILED) {
		snprintf(env->error, sizeof(env->error), "no memory for %u seconds",
			 (unsigned)soak->asked);
		return -1;
	}
	driver_populate((uint8_t *)soak->second, soak->cap * sizeof(*soak->second));
	soak_shared->last = soak->asked;
	for (i = 0; i < SOAK_SIDES; i++)
		soak->cpu[i] = env->cpu[i];
	soak->clocks_known = clock_offset(env, &soak->clocks_low, &soak->clocks_high) == 0;
	env->error[0] = '\0'; /* that is not what failed */
	return pair_format(env, 1);
}

/* What is left of the second in which nothing happened any more says nothing. */
static void drop_empty_end(void)
{
	if (soak->seconds > soak->asked && soak->second[soak->asked].messages == 0 &&
	    soak->second[soak->asked].lost == 0)
		soak->seconds--;
}

static int finish(const struct study_run *r, double ns, const struct bench_sample *s)
{
	unsigned i;

	soak->sent = soak_shared->sent.messages;
	hist_merge(&soak->service, &soak_shared->service);
	for (i = 0; i < SOAK_SIDES; i++)
		hist_merge(&soak->gaps[i], &soak_shared->side[i].gaps);
	munmap(soak_shared, sizeof(*soak_shared));
	drop_empty_end();
	if (soak->seconds == 0)
		return -1;
	soak->allocs = s->allocs;
	soak->voluntary = s->voluntary;
	soak->involuntary = s->involuntary;
	soak->faults = s->faults;
	soak->waiting = s->waiting;
	if (ns < 0 && *r->stop == 0)
		snprintf(soak->failure, sizeof(soak->failure), "%s", r->env->error);
	else if (soak->lost > 0)
		snprintf(soak->failure, sizeof(soak->failure), "%llu messages were lost",
			 (unsigned long long)soak->lost);
	if (soak->failure[0] != '\0')
		fprintf(stderr, "FAILED soak: %s\n", soak->failure);
	return soak->failure[0] != '\0';
}

static int run(const struct study_run *r)
{
	static const struct bench bench = {
		.group = "soak",
		.who = "weir",
		.unit = "message",
		.name = "soak",
		.flags = BENCH_FREE,
		.size = FLOW_BYTES,
		.batch = 1,
		.readers = 1,
	};
	struct bench b = bench;
	struct bench_env env = *r->env;
	struct bench_sample sample;
	struct watching w;
	double ns, before;

	clock_init();
	if (make(&env) != 0) {
		snprintf(r->env->error, sizeof(r->env->error), "%s", env.error);
		return -1;
	}
	b.rate = soak->rate;
	b.flags |= soak->processes ? BENCH_PROCS : 0;
	memset(&w, 0, sizeof(w));
	w.r = r;
	w.step = (soak->asked <= EACH_SECOND_UNTIL ? 1 : 10) * (int64_t)SOAK_SECOND_NS;
	w.next = driver_now() + w.step + LATE_NS;
	steal_look(soak->cpu, SOAK_SIDES, &w.steal);
	env.limit_ns = (int64_t)(soak->asked * SOAK_SECOND_NS) + GRACE_NS;
	env.beside = beside;
	env.beside_arg = &w;
	before = own_cpu_ns();
	ns = driver_run(&env, &b, soak_writer, soak_reader, SOAK_SIDES, 1, &sample);
	collect(&w);
	soak->own_cpu_ns = own_cpu_ns() - before;
	snprintf(r->env->error, sizeof(r->env->error), "%s", env.error);
	return finish(r, ns, &sample);
}

/* ---- the study ---- */

static void report(FILE *f, int markdown)
{
	soak_report(f, soak, markdown);
}

static void json(FILE *f)
{
	soak_json(f, soak);
}

static int files(const char *dir)
{
	return soak_files(soak, dir);
}

static struct study study = {
	.name = "soak",
	.run = run,
	.report = report,
	.json = json,
	.files = files,
};

/* Not known: as the kernel has it unless told otherwise, less than all. */
static long runtime_us(void)
{
	const struct preflight_machine m = {.root = ""};
	long us;

	return read_number(&m, &us, "/proc/sys/kernel/sched_rt_runtime_us") == 0 ? us : 0;
}

int soak_add(const struct bench_env *env, const struct options *o)
{
	if (env->cpus < SOAK_SIDES) {
		fprintf(stderr,
			"weir-bench: --soak '%u': two CPUs are wanted, there is %u to use\n",
			(unsigned)o->soak, env->cpus);
		return -1;
	}
	if (soak_takes_all(o->fifo, sysconf(_SC_NPROCESSORS_ONLN), runtime_us())) {
		fprintf(stderr,
			"weir-bench: --soak '%u': not with --fifo on a machine of two CPUs without "
			"real-time throttling (kernel.sched_rt_runtime_us is -1): nothing could "
			"end it\n",
			(unsigned)o->soak);
		return -1;
	}
	soak = calloc(1, sizeof(*soak));
	if (soak == NULL) {
		fprintf(stderr, "weir-bench: --soak '%u': no memory\n", (unsigned)o->soak);
		return -1;
	}
	soak->asked = o->soak;
	soak->rate = bench_rate();
	soak->processes = o->plan.modes == PLAN_PROCESSES;
	study.seconds_quick = study.seconds_full = o->soak;
	study_add(&study);
	return 0;
}
