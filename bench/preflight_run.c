/* The preflight of this machine and this run. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <string.h>
#include <time.h>

#include "bench.h"
#include "preflight.h"

#define LOOK_NS 200000000 /* twenty of the kernel's ticks, at the least */

static struct preflight here;
static struct preflight_machine machine;
static int cpu[BENCH_CPUS_MAX];
static char noise[PREFLIGHT_NOISE];

void preflight_begin(const struct bench_env *env)
{
	const struct timespec look = {0, LOOK_NS};

	machine.root = "";
	memcpy(cpu, env->cpu, sizeof(cpu));
	machine.cpu = cpu;
	machine.cpus = env->cpus;
	machine.relation = env->relation;
	machine.apart = env->apart;
	machine.node = env->node;
	machine.realtime = env->fifo > 0;
	preflight_look(&here, &machine);
	nanosleep(&look, NULL);
	preflight_look_again(&here, &machine);
}

void preflight_end(void)
{
	preflight_look_again(&here, &machine);
}

int preflight_main(const struct bench_env *env)
{
	preflight_begin(env);
	preflight_print(stdout, &here, 1);
	printf("%u OK, %u WARN, %u FAIL, %u UNKNOWN\n", preflight_count(&here, PREFLIGHT_OK),
	       preflight_count(&here, PREFLIGHT_WARN), preflight_count(&here, PREFLIGHT_FAIL),
	       preflight_count(&here, PREFLIGHT_UNKNOWN));
	return preflight_count(&here, PREFLIGHT_FAIL) > 0;
}

void preflight_warn(FILE *f)
{
	if (preflight_count(&here, PREFLIGHT_OK) == here.n)
		return;
	fputs("preflight: what is not OK\n", f);
	preflight_print(f, &here, 0);
	fflush(f);
}

const char *preflight_noise(void)
{
	preflight_noise_of(&here, noise, sizeof(noise));
	return noise;
}

void preflight_report(FILE *f, int markdown)
{
	if (markdown) {
		fputs("\n### Preflight\n\n", f);
		preflight_print_markdown(f, &here);
	} else {
		preflight_print_names(f, &here);
	}
	preflight_print_run(f, &here, markdown ? "\n" : "  ");
}

void preflight_json(FILE *f)
{
	preflight_print_json(f, &here);
}
