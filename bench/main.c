/* weir-bench: runs the benches by a plan of its own, or as rows of google-benchmark. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "driver.h"
#include "front.h"
#include "load.h"
#include "once.h"
#include "preflight.h"
#include "realtime.h"
#include "soak.h"
#include "study.h"
#include "suite.h"

static volatile sig_atomic_t interrupted;

/* The first one ends the sample at hand, a second one the program; its children die with it. */
static void on_interrupt(int sig)
{
	if (interrupted) {
		signal(sig, SIG_DFL);
		raise(sig);
	}
	interrupted = sig;
}

static void add_all(void)
{
	study_add_cores();
	bench_add_limits();
	bench_add_ring();
	bench_add_block();
	bench_add_lossy();
	bench_add_roundtrip();
	bench_add_trip();
	bench_add_latency();
	bench_add_progress();
	bench_add_rendezvous();
	bench_add_barrier();
	bench_add_join();
	bench_add_quorum();
	bench_add_codec();
	bench_add_drain();
	bench_add_evict();
	bench_add_region();
	bench_add_session();
	bench_add_wakeup();
	bench_add_wakeup_kernel();
	bench_add_fence();
	bench_add_peers();
	load_add();
}

static void list(const struct plan_options *o)
{
	char name[160];
	size_t i;

	for (i = 0; i < bench_count(); i++) {
		if (!plan_asked_for(o, bench_at(i)))
			continue;
		bench_full_name(bench_at(i), name, sizeof(name));
		printf("%s%s\n", name, bench_at(i)->flags & BENCH_FULL ? "  (full)" : "");
	}
	study_list(stdout, o->filter);
}

static void catch_signals(void)
{
	struct sigaction act, before;

	memset(&act, 0, sizeof(act));
	act.sa_handler = on_interrupt;
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN) /* nohup(1) */
		sigaction(SIGHUP, &act, NULL);
}

static void go_on(int sig)
{
	(void)sig;
}

/* Whoever reads what is printed may have seen enough: the files are for others. A handler, for what
 * is ignored stays so in programs that are started. */
static void survive_readers(void)
{
	struct sigaction act;

	memset(&act, 0, sizeof(act));
	act.sa_handler = go_on;
	sigaction(SIGPIPE, &act, NULL);
}

static int run(struct bench_env *env, struct options *o, const struct context *c)
{
	struct suite s;
	unsigned failed;
	int rc;

	catch_signals();
	survive_readers();
	if (suite_make(&s, env, o) != 0)
		return 2;
	o->output.folder = 1;
	if (output_check(&o->output) != 0) {
		suite_free(&s);
		return 2;
	}
	preflight_warn(stdout);
	failed = suite_run(&s, &interrupted);
	preflight_end();
	rc = output_figures(&o->output, &s.plan[0], c) != 0 ? 2 : 0;
	report_text(stdout, &s.plan[0], c);
	if (output_views(&o->output, &s.plan[0], c) != 0)
		rc = 2;
	if (interrupted)
		printf("interrupted: reported what was done\n");
	if (failed > 0) {
		fprintf(stderr, "weir-bench: %u bench%s FAILED\n", failed, failed > 1 ? "es" : "");
		rc = 1;
	}
	suite_free(&s);
	return rc != 0 ? rc : interrupted ? 128 + interrupted : 0;
}

/* Exit status. */
static int check(struct bench_env *env, const struct options *o)
{
	int failed;

	catch_signals();
	failed = once_run(env, &o->plan, &interrupted);
	if (failed < 0) {
		fprintf(stderr,
			"weir-bench: nothing matches --filter '%s'; --list shows the names\n",
			o->plan.filter);
		return 2;
	}
	return failed > 0 ? 1 : interrupted ? 128 + interrupted : 0;
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
		list(&o.plan);
		return 0;
	}
	if (driver_init(&env, o.cpus) != 0) {
		fprintf(stderr, "weir-bench: %s\n", env.error);
		return 2;
	}
	env.fifo = o.fifo;
	env.locked = o.locked;
	if (o.preflight) {
		rc = preflight_main(&env);
		driver_fini(&env);
		return rc;
	}
	if (o.soak > 0 && soak_add(&env, &o) != 0) {
		driver_fini(&env);
		return 2;
	}
	if (realtime_try(&env) != 0) {
		fprintf(stderr, "weir-bench: %s\n", env.error);
		driver_fini(&env);
		return 2;
	}
	context_read(&context, &env);
	if (o.check) {
		rc = check(&env, &o);
		driver_fini(&env);
		return rc;
	}
	preflight_begin(&env);
	rc = google ? front_run(&env, &context, argc, argv) : run(&env, &o, &context);
	driver_fini(&env);
	return rc;
}
