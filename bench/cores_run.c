/*
 * Visits to pairs of CPUs. One run of the driver makes many of them: its two roles move from pair to
 * pair, meet there, and measure. For each pair the first role gets fresh pages by touching them, so
 * that they lie on its node, and each visit takes another line of them: one fixed line would show the
 * way to its place in the last-level cache, the same for all pairs, instead of the way between CPUs.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <weir/region.h>

#include "control.h"
#include "cores_side.h"

#define WARM_TRIPS 8u
#define YIELD_EVERY 1024u /* looks, between measurements: the other may need this CPU to get away */

/* In the arena: what to do, and where the two are. */
struct cores_batch {
	struct cores_word at[2];
	double slice_ns;
	uint32_t jobs, done;
	struct cores_job job[CORES_JOBS_MAX];
};

/* Mapped by the process that measures, touched by its children only. */
static struct cores_area *area;

/* ---- a visit ---- */

/* Both are here when either goes on. */
static int settle(struct cores_side *s)
{
	struct cores_word *at = s->batch->at;
	const uint32_t self = s->me->index;
	uint32_t looks = 0;

	__atomic_store_n(&at[self].word, ++s->step, __ATOMIC_RELEASE);
	while (__atomic_load_n(&at[1 - self].word, __ATOMIC_ACQUIRE) < s->step) {
		if (role_idle(s->me) != 0)
			return -1;
		if (++looks % YIELD_EVERY == 0)
			sched_yield();
	}
	return 0;
}

static int go_to(struct cores_side *s, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0)
		return role_fail(s->me, "cannot pin to CPU %d", cpu);
	return 0;
}

static struct weir_span span(uint8_t *p, size_t len)
{
	struct weir_span mem = {p, len};

	return mem;
}

/* The first role's: fresh pages, on its node, with everything that will be used. */
static int format(struct cores_side *s)
{
	struct weir_ring_config cfg;
	struct cores_area *a = s->area;
	unsigned i;
	int rc = 0;

	(void)munlock(a, sizeof(*a)); /* --mlock: what is locked cannot be given back */
	if (madvise(a, sizeof(*a), MADV_DONTNEED) != 0)
		return role_fail(s->me, "madvise: no fresh pages");
	memset(a, 0, sizeof(*a));
	memset(&cfg, 0, sizeof(cfg));
	cfg.struct_size = sizeof(cfg);
	cfg.capacity = CORES_RING_BYTES;
	for (i = 0; i < 2 && rc >= 0; i++)
		rc = weir_ring_format(span(a->ring[i], CORES_AREA_BYTES), &cfg, NULL);
	for (i = 0; i < 3 && rc >= 0; i++)
		rc = weir_progress_format(span(a->table[i], CORES_TABLE_BYTES), 2, NULL);
	if (rc >= 0)
		rc = weir_rendezvous_format(span(a->meeting, sizeof(a->meeting)), 2, NULL);
	return rc < 0 ? role_fail(s->me, "format: %s", weir_error_name(rc)) : 0;
}

static int attach(struct cores_side *s)
{
	const unsigned self = s->me->index;
	struct cores_area *a = s->area;
	unsigned i;
	int rc = 0;

	s->line = &a->line[s->job->line % CORES_LINES].word;
	for (i = 0; i < 3 && rc >= 0; i++)
		rc = weir_progress_attach(&s->table[i], span(a->table[i], CORES_TABLE_BYTES), NULL);
	if (rc >= 0)
		rc = weir_ring_writer_attach(&s->w, span(a->ring[self], CORES_AREA_BYTES),
					     &s->table[self], weir_owner_self(), NULL, NULL);
	if (rc >= 0)
		rc = weir_ring_join(&s->r, span(a->ring[1 - self], CORES_AREA_BYTES),
				    &s->table[1 - self], WEIR_PROGRESS_SLOT_ANY, WEIR_RING_OLDEST,
				    weir_owner_self(), NULL);
	if (rc >= 0)
		rc = weir_progress_claim(&s->table[2], self, weir_owner_self(), 0, 0, &s->mine,
					 NULL);
	if (rc >= 0)
		rc = weir_rendezvous_attach(&s->barrier, span(a->meeting, sizeof(a->meeting)), self,
					    NULL);
	return rc < 0 ? role_fail(s->me, "attach: %s", weir_error_name(rc)) : 0;
}

static void detach(struct cores_side *s)
{
	weir_progress_stop(&s->mine, 0);
	weir_ring_leave(&s->r, 0);
	weir_ring_writer_detach(&s->w);
}

/* How long this thread has wanted a CPU so far, ns; 0 where the kernel does not say. */
static double waited_ns(const struct cores_side *s)
{
	char text[96], *space;
	ssize_t n = s->waited >= 0 ? pread(s->waited, text, sizeof(text) - 1, 0) : 0;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	space = strchr(text, ' ');
	return space != NULL ? strtod(space, NULL) : 0;
}

/* ns of a round trip; role 0's clock is the one that counts. */
static int measure(struct cores_side *s, cores_part part, uint64_t from, uint64_t n, double *ns)
{
	int64_t t0;

	if (settle(s) != 0 || part(s, from, WARM_TRIPS) != 0)
		return -1;
	if (s->me->index != 0)
		return part(s, from + WARM_TRIPS, n);
	t0 = driver_now();
	if (part(s, from + WARM_TRIPS, n) != 0)
		return -1;
	*ns = (double)(driver_now() - t0) / (double)n;
	return 0;
}

static int measure_all(struct cores_side *s)
{
	static const cores_part part[CORES_WHATS] = {cores_line_trips, cores_ring_trips,
						     cores_progress_trips, cores_generations};
	const uint32_t *n = s->job->trips;
	struct cores_visit *got = &s->job->got;
	int k;

	for (k = 0; k < CORES_WHATS; k++)
		if (n[k] > 0 && measure(s, part[k], 0, n[k], &got->ns[k]) != 0)
			return -1;
	if (n[CORES_BARRIER] > 0 && cores_check_barrier(s) != 0)
		return -1;
	return measure(s, cores_line_trips, WARM_TRIPS + n[CORES_LINE], n[CORES_LINE],
		       &got->line_after);
}

/* Both add up what they waited, one after the other. */
static int visit(struct cores_side *s)
{
	const uint32_t self = s->me->index;
	double waited;
	int64_t t0;

	if (go_to(s, s->job->cpu[self]) != 0 || settle(s) != 0 || (self == 0 && format(s) != 0) ||
	    settle(s) != 0 || attach(s) != 0)
		return -1;
	t0 = driver_now();
	waited = waited_ns(s);
	if (measure_all(s) != 0)
		return -1;
	waited = (waited_ns(s) - waited) / (double)(driver_now() - t0) / 2;
	if (self == 0)
		s->job->got.waiting = waited;
	if (settle(s) != 0)
		return -1;
	if (self == 1)
		s->job->got.waiting += waited;
	detach(s);
	return settle(s);
}

static int visits(struct role *me)
{
	static _Thread_local struct cores_side s;
	int64_t end;

	memset(&s, 0, sizeof(s));
	s.me = me;
	s.batch = (struct cores_batch *)(void *)me->arena;
	s.area = area;
	s.how.strategy = WEIR_WAIT_SPIN;
	s.how.cancel = &me->ctl->stop.word;
	s.waited = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	if (role_start(me) != 0)
		return -1;
	end = driver_now() + (int64_t)s.batch->slice_ns;
	/* the first role decides; the other learns it at the next meeting */
	for (s.job = s.batch->job;; s.job++) {
		if (me->index == 0 && s.job > s.batch->job &&
		    (driver_now() > end || s.job == s.batch->job + s.batch->jobs))
			s.batch->jobs = 0;
		if (settle(&s) != 0)
			return -1;
		if (s.batch->jobs == 0)
			break;
		if (visit(&s) != 0)
			return -1;
		if (me->index == 0)
			s.batch->done++;
	}
	if (s.waited >= 0)
		close(s.waited);
	role_done(me, me->n);
	return 0;
}

/* Pages as small as they come: huge ones would be on the node of whoever had them first. */
static int map_area(struct bench_env *env)
{
	void *p;

	if (area != NULL)
		return 0;
	p = mmap(NULL, sizeof(*area), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		snprintf(env->error, sizeof(env->error), "mmap: no memory for a pair of CPUs");
		return -1;
	}
	(void)madvise(p, sizeof(*area), MADV_NOHUGEPAGE);
	area = p;
	return 0;
}

static void halve(struct cores_visit *v)
{
	v->ns[CORES_LINE] /= 2;
	v->ns[CORES_RING] /= 2;
	v->ns[CORES_PROGRESS] /= 2;
	v->line_after /= 2;
}

int cores_visit(struct bench_env *env, struct cores_job *job, uint32_t jobs, double slice_ns)
{
	static const struct bench cores = {
		.group = "cores",
		.who = "weir",
		.unit = "visit",
		.name = "pairs",
		.flags = BENCH_FREE,
	};
	struct cores_batch *b = (struct cores_batch *)(void *)env->arena;
	struct bench_env two = *env;
	struct bench_sample out;
	uint32_t i;
	int k;

	_Static_assert(sizeof(struct cores_batch) <= BENCH_ARENA_BYTES,
		       "the batch lies in the arena");
	if (map_area(env) != 0)
		return -1;
	memset(b, 0, offsetof(struct cores_batch, job));
	b->slice_ns = slice_ns;
	b->jobs = jobs;
	for (i = 0; i < jobs; i++) {
		for (k = 0; k < CORES_WHATS; k++)
			job[i].got.ns[k] = (double)NAN;
		b->job[i] = job[i];
	}
	two.cpus = 2;
	two.cpu[0] = job[0].cpu[0];
	two.cpu[1] = job[0].cpu[1];
	if (driver_run(&two, &cores, visits, visits, 2, jobs, &out) < 0) {
		snprintf(env->error, sizeof(env->error), "%s", two.error);
		return -1;
	}
	for (i = 0; i < b->done; i++) {
		job[i] = b->job[i];
		halve(&job[i].got);
	}
	return (int)b->done;
}
