/*
 * The rendezvous: what a generation costs, from 2 to 16 parties, on threads and processes, waiting by
 * spinning, by yielding, and asleep. Every party arrives and waits by the one call there is for it.
 */
#include <stdio.h>
#include <string.h>

#include <weir/rendezvous.h>

#include "meet.h"

struct party {
	struct weir_rendezvous r;
	struct weir_wait how;
};

static struct weir_span mem_of(uint8_t *arena)
{
	struct weir_span s = {arena, MEET_BYTES};

	return s;
}

static int meet(struct role *me, void *party)
{
	struct party *p = party;
	int rc = weir_rendezvous_wait(&p->r, &p->how);

	return rc != WEIR_OK ? role_fail(me, "weir_rendezvous_wait: %s", weir_error_name(rc)) : 0;
}

static int role(struct role *me)
{
	struct party p;
	int rc;

	memset(&p, 0, sizeof(p));
	p.how.strategy = me->b->way == BENCH_SPIN    ? WEIR_WAIT_SPIN
			 : me->b->way == BENCH_YIELD ? WEIR_WAIT_YIELD
						     : WEIR_WAIT_PARK;
	rc = weir_rendezvous_attach(&p.r, mem_of(me->arena), me->index, NULL);
	if (rc < 0)
		return role_fail(me, "weir_rendezvous_attach: %s", weir_error_name(rc));
	return meet_loop(me, meet, &p);
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n,
		  struct bench_sample *out)
{
	int rc;

	meet_clear(env);
	rc = weir_rendezvous_format(mem_of(env->arena), meet_parties(b), NULL);
	if (rc < 0) {
		snprintf(env->error, sizeof(env->error), "format: %s", weir_error_name(rc));
		return -1;
	}
	return driver_run(env, b, role, role, meet_parties(b), n, out);
}

void bench_add_rendezvous(void)
{
	static const struct bench_meeter weir = {
		.who = "weir",
		.ways = BENCH_SPIN | BENCH_YIELD | BENCH_PARK,
		.processes = 1,
		.run = run,
	};

	bench_add_meet_cases(&weir);
	bench_add_release_cases(&weir);
}
