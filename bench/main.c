/* weir-bench: runs the benches by a plan of its own, or as rows of google-benchmark. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "driver.h"
#include "front.h"
#include "options.h"
#include "study.h"

static volatile sig_atomic_t interrupted;

static void on_interrupt(int sig)
{
	interrupted = sig;
}

static void add_all(void)
{
	bench_add_limits();
	bench_add_ring();
	bench_add_roundtrip();
	bench_add_latency();
	bench_add_progress();
	bench_add_rendezvous();
	bench_add_barrier();
	bench_add_join();
	bench_add_quorum();
	bench_add_codec();
	bench_add_drain();
	bench_add_region();
	bench_add_session();
	bench_add_fence();
	bench_add_ack_barrier();
	bench_add_ck_ring();
	bench_add_ck_sequence();
	bench_add_pthread_barrier();
#ifdef BENCH_HAVE_LIBCK
	bench_add_ck_barrier();
#endif
#ifdef BENCH_HAVE_STD_BARRIER
	bench_add_std_barrier();
#endif
#ifdef BENCH_HAVE_OPENMP
	bench_add_openmp();
#endif
#ifdef BENCH_HAVE_BOOST
	bench_add_boost();
#endif
#ifdef BENCH_HAVE_DPDK
	bench_add_rte();
#endif
}

static void list(const char *filter)
{
	char name[160];
	size_t i;

	for (i = 0; i < bench_count(); i++) {
		bench_full_name(bench_at(i), name, sizeof(name));
		if (bench_matches(filter, name))
			printf("%s%s\n", name, bench_at(i)->flags & BENCH_FULL ? "  (full)" : "");
	}
	study_list(stdout, filter);
}

static void catch_signals(void)
{
	struct sigaction act;

	memset(&act, 0, sizeof(act));
	act.sa_handler = on_interrupt;
	act.sa_flags = (int)SA_RESETHAND; /* a second one ends at once */
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
}

/* The rows, then the studies. How many failed. */
static unsigned measure(struct bench_env *env, struct plan *p, int studies)
{
	struct study_run all;
	unsigned failed = 0;

	if (p->rows > 0) {
		plan_run(p);
		plan_judge(p);
		failed = p->failed;
	}
	memset(&all, 0, sizeof(all));
	all.env = env;
	all.filter = p->opt.filter;
	all.full = p->opt.full;
	all.seed = p->opt.seed;
	all.stop = &interrupted;
	return failed + (studies && !interrupted ? study_run_all(&all) : 0);
}

static int run(struct bench_env *env, struct options *o, const struct context *c)
{
	struct plan p;
	unsigned failed;
	int studies = study_choose(o->plan.filter) > 0, rc = 0;

	o->plan.after_s = study_seconds(o->plan.full);
	o->plan.budget_ns -= 1e9 * o->plan.after_s;
	if (plan_make(&p, env, &o->plan) != 0 && !studies) {
		fprintf(stderr,
			"weir-bench: nothing matches --filter '%s'; --list shows the names\n",
			o->plan.filter);
		return 2;
	}
	o->output.folder = studies;
	if (output_check(&o->output) != 0) {
		plan_free(&p);
		return 2;
	}
	catch_signals();
	p.stop = &interrupted;
	failed = measure(env, &p, studies);
	report_text(stdout, &p, c);
	rc = output_write(&o->output, &p, c) != 0 ? 2 : 0;
	if (interrupted)
		printf("interrupted: reported what was done\n");
	if (failed > 0) {
		fprintf(stderr, "weir-bench: %u bench%s FAILED\n", failed, failed > 1 ? "es" : "");
		rc = 1;
	}
	plan_free(&p);
	return rc != 0 ? rc : interrupted ? 128 + interrupted : 0;
}

static int wants_google(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strncmp(argv[i], "--benchmark_", 12) == 0)
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	struct bench_env env;
	struct context context;
	struct options o;
	int rc = 0, google = wants_google(argc, argv);

	if (google)
		memset(&o, 0, sizeof(o));
	else if ((rc = options_parse(argc, argv, &o)) != 0)
		return rc < 0 ? 2 : 0;
	add_all();
	if (o.lines)
		bench_mark_all(BENCH_LINES);
	if (o.list) {
		list(o.plan.filter);
		return 0;
	}
	if (driver_init(&env, o.cpus) != 0) {
		fprintf(stderr, "weir-bench: %s\n", env.error);
		return 2;
	}
	context_read(&context, &env);
	rc = google ? front_run(&env, &context, argc, argv) : run(&env, &o, &context);
	driver_fini(&env);
	return rc;
}
