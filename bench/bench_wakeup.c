/*
 * How long a reader that sleeps takes to have what is published: from before the publication until the
 * reader knows. "weir" is a message of 64 B in a ring, its reader in weir_ring_poll_wait();
 * "weir-rendezvous" the last arrival at a meeting of two, the other party asleep in it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <weir/rendezvous.h>

#include "pair.h"
#include "wakeup.h"

static const struct weir_wait park = {.strategy = WEIR_WAIT_PARK};

/* ---- a ring ---- */

static int send_one(struct role *me, void *end, uint64_t i)
{
	struct weir_ring_writer *w = end;

	if (pair_put(me, w, WAKEUP_SIZE, i) != 0)
		return -1;
	weir_ring_commit(w);
	return 0;
}

static int receive_one(struct role *me, void *end, uint64_t i)
{
	struct weir_ring_reader *r = end;
	struct weir_ring_view v;
	int rc = weir_ring_poll_wait(r, &v, &park);

	if (BENCH_UNLIKELY(rc != WEIR_OK))
		return role_fail(me, "weir_ring_poll_wait: %s", weir_error_name(rc));
	if (BENCH_UNLIKELY(v.len != WAKEUP_SIZE || msg_differs(me, v.ptr, WAKEUP_SIZE, i) != 0))
		return role_bad_message(me, i, v.ptr);
	weir_ring_deliver(r, 0);
	return 0;
}

static int writer(struct role *me)
{
	struct weir_ring_writer w;
	struct weir_progress table;

	if (pair_write(me, 0, &table, &w) != 0 || wakeup_waker(me, send_one, &w) != 0)
		return -1;
	weir_ring_writer_detach(&w);
	return 0;
}

static int reader(struct role *me)
{
	struct weir_ring_reader r;

	if (pair_read(me, 0, &r) != 0 || wakeup_sleeper(me, receive_one, &r) != 0)
		return -1;
	weir_ring_leave(&r, 0);
	return 0;
}

static double run_ring(struct bench_env *env, const struct bench *b, uint64_t n,
		       struct bench_sample *out)
{
	if (pair_format(env, 1) != 0)
		return -1;
	return wakeup_run(env, b, writer, reader, n, out);
}

/* ---- a rendezvous ---- */

#define MEETING_BYTES (64u << 10)

static struct weir_span meeting(uint8_t *arena)
{
	struct weir_span s = {arena, MEETING_BYTES};

	return s;
}

static int meet(struct role *me, void *end, uint64_t i)
{
	int rc = weir_rendezvous_wait(end, &park);

	(void)i;
	return rc != WEIR_OK ? role_fail(me, "weir_rendezvous_wait: %s", weir_error_name(rc)) : 0;
}

static int party(struct role *me)
{
	struct weir_rendezvous r;
	int rc = weir_rendezvous_attach(&r, meeting(me->arena), me->index, NULL);

	if (rc < 0)
		return role_fail(me, "weir_rendezvous_attach: %s", weir_error_name(rc));
	return me->index == 0 ? wakeup_waker(me, meet, &r) : wakeup_sleeper(me, meet, &r);
}

static double run_rendezvous(struct bench_env *env, const struct bench *b, uint64_t n,
			     struct bench_sample *out)
{
	int rc;

	memset(env->arena, 0, MEETING_BYTES);
	rc = weir_rendezvous_format(meeting(env->arena), 2, NULL);
	if (rc < 0) {
		snprintf(env->error, sizeof(env->error), "format: %s", weir_error_name(rc));
		return -1;
	}
	return wakeup_run(env, b, party, party, n, out);
}

void bench_add_wakeup(void)
{
	wakeup_add("weir", 0, WAKEUP_SIZE, run_ring);
	wakeup_add("weir-rendezvous", BENCH_PART, 0, run_rendezvous);
}
