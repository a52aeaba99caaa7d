/* The acceptance scenario: a coordinator and workers, all of them members. In each iteration they
 * meet at "start"; each worker sends a burst of markers and enters the fence; the coordinator's
 * handler is slow. When the coordinator comes out of the fence it must have handled the burst of
 * every worker, whole and in order. With a rendezvous in the fence's place that does not hold, and
 * the test insists on seeing that too: a scenario that cannot show the gap proves nothing. */
#define _GNU_SOURCE

#include "session_proc.h"

#define MARKER 1u

enum delay { DELAY_NONE, DELAY_FIXED, DELAY_RANDOM };

struct scene {
	const char *name;
	enum weir_barrier_mode mode;
	uint32_t workers;
	uint32_t iterations;
	uint32_t burst;
	enum delay delay;
	uint32_t delay_us;
	uint64_t ring;
	int threads;
	int dormant; /* an extra member that attaches and never serves */
	int gap;     /* must show, instead of must not */
};

struct marker {
	uint32_t worker;
	uint32_t iteration;
	uint64_t running;
};

struct stage {
	const struct scene *sc;
	const struct weir_region *region;
	uint64_t *handled;
	uint32_t worker;
};

/* ---- the coordinator's handler ---- */

struct tally {
	const struct scene *sc;
	uint32_t iteration;
	uint32_t seen[64];    /* in this iteration, by worker */
	uint64_t running[64]; /* next expected, ever */
	uint64_t total;
	uint64_t random;
};

static void nap_us(uint32_t us)
{
	const struct timespec t = {us / 1000000u, (long)(us % 1000000u) * 1000};

	if (us != 0)
		nanosleep(&t, NULL);
}

static int on_marker(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	struct tally *t = ctx;
	struct marker k;

	NEED(m->len == sizeof(k) && m->kind == MARKER);
	memcpy(&k, m->ptr, sizeof(k));
	if (t->sc->delay == DELAY_FIXED)
		nap_us(t->sc->delay_us);
	else if (t->sc->delay == DELAY_RANDOM)
		nap_us((uint32_t)(proc_random(&t->random) % t->sc->delay_us));
	NEED(k.worker < t->sc->workers && k.running == t->running[k.worker]);
	t->running[k.worker]++;
	if (!t->sc->gap)
		NEED(k.iteration == t->iteration);
	if (k.iteration == t->iteration)
		t->seen[k.worker]++;
	t->total++;
	/* waiting here would wait for oneself: refused at once, whatever for */
	if (t->total == 3) {
		NEED(weir_session_barrier(s, 0, t->sc->mode, WEIR_BARRIER_FAIL, NULL, NULL) ==
		     -EDEADLK);
		NEED(weir_session_poll(s, m->now) == -EDEADLK);
		NEED(weir_session_wait(s, NULL) == -EDEADLK);
		NEED(weir_session_close(s) == -EDEADLK);
	}
	return 0;
}

/* ---- a worker ---- */

/* In a processing fence the workers are sinks too, and slow ones. What each has handled is there for
 * all to see: who is released holds everybody to it. */
struct share {
	const struct scene *sc;
	uint64_t *handled; /* by worker */
	uint64_t random;
	uint32_t worker;
};

static int on_share(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	struct share *h = ctx;

	(void)s;
	(void)m;
	if (h->sc->delay == DELAY_FIXED) /* still at it when the coordinator has long finished */
		nap_us(h->sc->delay_us * 5u);
	else if (h->sc->delay == DELAY_RANDOM)
		nap_us((uint32_t)(proc_random(&h->random) % h->sc->delay_us));
	/* relaxed: the fence is what must make it visible */
	weir_count64(&h->handled[h->worker], 1);
	return 0;
}

static void all_have_handled(const struct scene *sc, const uint64_t *handled, uint32_t iterations)
{
	uint32_t w;

	for (w = 0; w < sc->workers && sc->mode == WEIR_BARRIER_PROCESSING; w++)
		NEED(weir_load_relaxed64(&handled[w]) >=
		     (uint64_t)(sc->workers - 1u) * sc->burst * iterations);
}

static void work(const struct scene *sc, struct weir_session *s, uint32_t worker, uint64_t *handled)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK};
	uint32_t start, fence, i, b;
	struct marker k = {worker, 0, 0};
	struct share h = {sc, handled, worker, worker};

	if (sc->mode == WEIR_BARRIER_PROCESSING)
		NEED_OK(weir_session_on(s, MARKER, on_share, &h));
	NEED_OK(weir_session_barrier_open(s, "start", &start, NULL));
	NEED_OK(weir_session_barrier_open(s, "fence", &fence, NULL));
	/* who arrives earlier than others attach opens a generation without them */
	how.deadline = proc_patience();
	NEED_OK(weir_session_wait_members(s, sc->workers + 1u, &how));
	for (i = 0; i < sc->iterations; i++) {
		how.deadline = proc_patience();
		NEED_OK(weir_session_barrier(s, start, WEIR_BARRIER_RENDEZVOUS, WEIR_BARRIER_FAIL,
					     &how, NULL));
		for (b = 0; b < sc->burst; b++) {
			k.iteration = i;
			NEED_OK(weir_session_send_wait(s, MARKER, &k, sizeof(k), &how));
			k.running++;
			if ((b + worker + i) % 3u == 0 && sc->delay == DELAY_FIXED)
				nap_us(200);
		}
		NEED_OK(weir_session_barrier(s, fence, sc->mode, WEIR_BARRIER_FAIL, &how, NULL));
		all_have_handled(sc, handled, i + 1u);
	}
}

static void *worker_body(void *arg)
{
	const struct stage *st = arg;
	struct weir_session *s;

	NEED_OK(weir_session_attach_region(&s, st->region, NULL, NULL));
	work(st->sc, s, st->worker, st->handled);
	NEED_OK(weir_session_close(s));
	return NULL;
}

static void worker_process(void *arg)
{
	worker_body(arg);
}

static void dormant_process(void *arg)
{
	const struct stage *st = arg;
	struct weir_session_options opt = {.struct_size = sizeof(opt),
					   .flags = WEIR_SESSION_OBSERVER};
	struct weir_session *s;

	NEED_OK(weir_session_attach_region(&s, st->region, &opt, NULL));
	pause(); /* reads nothing, ever; ended by the coordinator */
}

/* ---- the coordinator ---- */

static void check_statistics(const struct scene *sc, struct weir_session *s, uint32_t fence)
{
	struct weir_watch w;
	struct weir_watch_barrier v;
	char name[WEIR_SESSION_BARRIER_NAME];
	uint64_t whole = (uint64_t)sc->workers * sc->iterations;

	NEED_OK(weir_watch_open(&w, weir_session_region(s), NULL));
	NEED_OK(weir_watch_read_barrier(&w, fence, name, &v));
	NEED(strcmp(name, "fence") == 0);
	NEED(v.stats.generations == sc->iterations && v.result.generation == sc->iterations);
	NEED(v.stats.arrivals == whole + sc->iterations);
	NEED(v.result.outcome == WEIR_OK && v.result.members == sc->workers + 1u);
	if (sc->mode == WEIR_BARRIER_RENDEZVOUS) {
		NEED(v.drain.targets == 0);
		return;
	}
	/* it did record targets, and it did wait for what was not handled yet */
	NEED(v.drain.targets == (sc->mode == WEIR_BARRIER_DELIVERY
					 ? whole
					 : whole * sc->workers + whole)); /* nor the dormant */
	if (sc->delay == DELAY_FIXED && sc->burst > 1) {
		NEED(v.drain.waited > 0 && v.drain.largest_backlog > sizeof(struct marker));
		NEED(v.stats.drain_ns > 0 && v.drain.wait_ns > 0);
	}
	NEED(v.drain.dormant == 0);
}

/* Returns the number of iterations in which something was missing at the fence. */
static uint32_t coordinate(const struct scene *sc, struct weir_session *s, const uint64_t *handled)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK};
	struct tally t = {.sc = sc, .random = 7};
	uint32_t start, fence, i, w, gaps = 0;

	NEED_OK(weir_session_on(s, MARKER, on_marker, &t));
	NEED_OK(weir_session_barrier_open(s, "start", &start, NULL));
	NEED_OK(weir_session_barrier_open(s, "fence", &fence, NULL));
	how.deadline = proc_patience();
	NEED_OK(weir_session_wait_members(s, sc->workers + 1u, &how));
	for (i = 0; i < sc->iterations; i++) {
		int whole = 1;

		how.deadline = proc_patience();
		t.iteration = i;
		memset(t.seen, 0, sizeof(t.seen));
		NEED_OK(weir_session_barrier(s, start, WEIR_BARRIER_RENDEZVOUS, WEIR_BARRIER_FAIL,
					     &how, NULL));
		NEED_OK(weir_session_barrier(s, fence, sc->mode, WEIR_BARRIER_FAIL, &how, NULL));
		all_have_handled(sc, handled, i + 1u);
		for (w = 0; w < sc->workers; w++)
			whole = whole && t.seen[w] == sc->burst;
		gaps += !whole;
	}
	if (!sc->gap)
		NEED(t.total == (uint64_t)sc->workers * sc->iterations * sc->burst);
	check_statistics(sc, s, fence);
	return gaps;
}

static void play(const struct scene *sc)
{
	struct weir_session_config cfg = {.struct_size = sizeof(cfg), .ring_capacity = sc->ring};
	struct weir_session *s;
	struct stage st[64];
	pthread_t thread[64];
	pid_t pid[64], dormant = 0;
	uint64_t *handled = proc_shared(4096).ptr;
	uint32_t i, gaps;

	cfg.members = sc->workers + 2u;
	cfg.barriers = 2;
	NEED_OK(weir_session_create(&s, NULL, &cfg, NULL, NULL));
	for (i = 0; i < sc->workers; i++) {
		st[i].sc = sc;
		st[i].region = weir_session_region(s);
		st[i].handled = handled;
		st[i].worker = i;
	}
	if (sc->dormant)
		dormant = proc_fork(dormant_process, &st[0]);
	for (i = 0; i < sc->workers; i++) {
		if (sc->threads)
			NEED(pthread_create(&thread[i], NULL, worker_body, &st[i]) == 0);
		else
			pid[i] = proc_fork(worker_process, &st[i]);
	}
	gaps = coordinate(sc, s, handled);
	for (i = 0; i < sc->workers; i++) {
		if (sc->threads)
			NEED(pthread_join(thread[i], NULL) == 0);
		else
			NEED(proc_reap(pid[i]) == 0);
	}
	if (dormant != 0) {
		NEED(kill(dormant, SIGKILL) == 0);
		NEED(proc_reap(dormant) == 128 + SIGKILL);
	}
	NEED_OK(weir_session_close(s));
	munmap(handled, 4096);
	if (sc->gap)
		NEED(gaps > 0); /* fails before ... */
	else
		NEED(gaps == 0); /* ... and passes after */
	printf("%-28s %2u workers x %3u x %4u: gap in %u iterations\n", sc->name, sc->workers,
	       sc->iterations, sc->burst, gaps);
	fflush(stdout);
}

#define R WEIR_BARRIER_RENDEZVOUS
#define D WEIR_BARRIER_DELIVERY
#define P WEIR_BARRIER_PROCESSING

static const struct scene quick[] = {
	{"rendezvous shows the gap", R, 2, 4, 8, DELAY_FIXED, 12000, 0, 0, 0, 1},
	{"rendezvous, threads", R, 2, 4, 8, DELAY_FIXED, 12000, 0, 1, 0, 1},
	{"delivery", D, 2, 4, 8, DELAY_FIXED, 12000, 0, 0, 0, 0},
	{"delivery, threads", D, 2, 4, 8, DELAY_FIXED, 2000, 0, 1, 0, 0},
	{"processing", P, 2, 8, 8, DELAY_FIXED, 1500, 0, 0, 0, 0},
	{"delivery, dormant", D, 2, 4, 8, DELAY_FIXED, 2000, 0, 0, 1, 0},
	{"processing, dormant", P, 2, 4, 8, DELAY_FIXED, 2000, 0, 0, 1, 0},
	{"no delay", D, 2, 200, 8, DELAY_NONE, 0, 0, 0, 0, 0},
	{"no delay, processing", P, 2, 100, 8, DELAY_NONE, 0, 0, 0, 0, 0},
	{"random delay", D, 2, 16, 8, DELAY_RANDOM, 2000, 0, 0, 0, 0},
	{"random delay, processing", P, 3, 16, 4, DELAY_RANDOM, 1000, 0, 0, 0, 0},
	{"one marker", D, 2, 16, 1, DELAY_FIXED, 1000, 0, 0, 0, 0},
	{"burst of 64", D, 2, 4, 64, DELAY_FIXED, 200, 0, 0, 0, 0},
	{"burst that fills the ring", D, 2, 3, 400, DELAY_FIXED, 100, 4096, 0, 0, 0},
	{"fills the ring, processing", P, 2, 3, 400, DELAY_NONE, 0, 4096, 0, 0, 0},
	{"one worker", D, 1, 16, 8, DELAY_FIXED, 500, 0, 0, 0, 0},
	{"8 workers", D, 8, 4, 8, DELAY_FIXED, 200, 0, 0, 0, 0},
	{"32 workers", D, 32, 2, 4, DELAY_FIXED, 100, 0, 0, 0, 0},
	{"8 workers, processing", P, 8, 4, 4, DELAY_RANDOM, 200, 0, 0, 0, 0},
};

/* As the scenario is written down: 16 iterations, 8 markers, 12 ms each. */
static const struct scene whole = {
	"the whole scenario", D, 2, 16, 8, DELAY_FIXED, 12000, 0, 0, 0, 0};

int main(void)
{
	uint32_t i, repeats = proc_slow() ? 100 : 1;

	proc_watchdog();
	for (i = 0; i < sizeof(quick) / sizeof(quick[0]); i++)
		play(&quick[i]);
	for (i = 0; i < repeats; i++)
		play(&whole);
	return 0;
}
