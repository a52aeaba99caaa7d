/* The collector: one reader on each ring, served in turns by one thread. */
#define _GNU_SOURCE

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <weir/progress.h>
#include <weir/region.h>

#include "fence_files.h"

#define TURN 256u                    /* records of one ring before the next has its turn */
#define CHECK_NS UINT64_C(100000000) /* between two looks at who is alive */

struct inbox {
	struct weir_ring_reader r;
	struct weir_progress table;
	const struct job *job;
	const struct stream *st;
	struct sums sum;
};

/* ---- the handler ---- */

static void dawdle(uint64_t us)
{
	struct timespec t = {(time_t)(us / 1000000u), (long)(us % 1000000u) * 1000};

	if (us != 0)
		(void)nanosleep(&t, NULL);
}

/* Called by weir_ring_dispatch() for each record, in place: v->ptr points into the ring and stays
 * valid until the progress is published, which dispatch does after we return. */
static int handle(void *ctx, const struct weir_ring_view *v)
{
	struct inbox *in = ctx;

	dawdle(in->job->opt.slow_us);
	sums_add(&in->sum, v->ptr, v->len, v->kind);
	/* relaxed: carried by the release of the progress that follows; see check() in
	 * fence_sender.c */
	sums_publish(&in->st->tally->handled, &in->sum);
	return 0;
}

/* ---- one ring ---- */

static int join(struct inbox *in, const struct job *job, const struct stream *st)
{
	struct weir_error err = {.what = "?"};
	char text[256];
	int rc;

	in->job = job;
	in->st = st;
	rc = weir_progress_attach(&in->table, st->table, &err);
	if (rc == WEIR_OK)
		rc = weir_ring_join(&in->r, st->ring, &in->table, 0, WEIR_RING_OLDEST,
				    weir_owner_self(), &err);
	if (rc < 0) {
		(void)weir_error_format(&err, text, sizeof(text));
		complain("the collector: %s: %s", st->path, text);
	}
	return rc;
}

static void leave(struct inbox *in, uint64_t end, weir_ns now)
{
	/* relaxed: the parent looks after waitpid() */
	weir_store_relaxed64(&in->st->tally->collector_end, end);
	weir_ring_leave(&in->r, now);
}

/* Returns WEIR_OK when something was handled, WEIR_EMPTY when there was nothing; otherwise the
 * stream is at its end. */
static int take_turn(struct inbox *in, weir_ns now)
{
	uint32_t max = in->job->opt.slow_us != 0 ? 1 : TURN;
	int rc = weir_ring_dispatch(&in->r, handle, in, max, now, NULL);

	if (rc == WEIR_OK || rc == WEIR_EMPTY)
		return rc;
	if (rc != WEIR_CLOSED)
		complain("%s: the collector cannot go on: %s", in->st->path, weir_error_text(rc));
	leave(in, rc == WEIR_CLOSED ? DONE : FAILED, now);
	return rc;
}

/* A sender that was killed did not close its ring. Its identity is still in the ring, and says so:
 * pid and start time, so that a new process with the old pid is not taken for it. What it had
 * committed is all there is, and is handled to the end. */
static int sender_died(struct inbox *in, weir_ns now)
{
	weir_owner who = weir_ring_writer_owner(in->st->ring.ptr);
	int rc;

	if (who == 0 || weir_owner_state(who) != WEIR_OWNER_DEAD)
		return 0; /* not begun, ended, or alive */
	do
		rc = take_turn(in, now);
	while (rc == WEIR_OK);
	if (rc != WEIR_EMPTY)
		return 1; /* it had closed the ring before it died */
	complain("%s: sender died (pid %u), %llu lines arrived", in->st->path, weir_owner_pid(who),
		 (unsigned long long)in->sum.lines);
	leave(in, SENDER_DIED, now);
	return 1;
}

/* ---- all rings ---- */

/* One round over the streams that are not at their end. Returns 0 when all rings were empty. */
static int serve(struct inbox **in, uint32_t *open, weir_ns *next_check)
{
	weir_ns now = now_ns();
	int liveness = now >= *next_check, busy = 0;
	uint32_t i = 0;

	if (liveness)
		*next_check = now + CHECK_NS;
	while (i < *open) {
		int rc = take_turn(in[i], now);

		busy |= rc != WEIR_EMPTY;
		if (rc == WEIR_EMPTY && liveness && sender_died(in[i], now))
			busy = rc = WEIR_CLOSED;
		if (rc == WEIR_OK || rc == WEIR_EMPTY)
			i++;
		else
			in[i] = in[--*open];
	}
	return busy;
}

/* Nothing in any ring: spin a little, yield, then sleep. Nobody can sleep on many bells, so the
 * senders ring one for all of them, besides those of their rings. The waiter announces itself on
 * it before the round that finds nothing; a sender that commits later finds the announcement. */
static int serve_all(struct inbox **in, uint32_t open, struct weir_bell_shm *work)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .check_ns = CHECK_NS};
	weir_ns next_check = now_ns() + CHECK_NS;
	struct weir_waiter wt;
	int rc = WEIR_OK;

	weir_waiter_init(&wt, &how, work, 0);
	while (open != 0 && rc >= 0) {
		if (serve(in, &open, &next_check))
			weir_waiter_reset(&wt);
		else
			rc = weir_waiter_step(&wt);
	}
	return rc < 0 ? rc : WEIR_OK;
}

int run_collector(const struct job *job)
{
	struct inbox *inbox = aligned_alloc(WEIR_LINE, job->n * sizeof(*inbox));
	struct inbox **in = calloc(job->n, sizeof(struct inbox *));
	uint32_t i;
	int rc = inbox != NULL && in != NULL ? WEIR_OK : -ENOMEM;

	for (i = 0; rc == WEIR_OK && i < job->n; i++) {
		memset(&inbox[i], 0, sizeof(inbox[i]));
		in[i] = &inbox[i];
		rc = join(in[i], job, &job->stream[i]);
	}
	if (rc == WEIR_OK) {
		/* release: pairs with await_collector(); all rings have their reader now */
		weir_store_release32(&job->control->ready, 1);
		weir_bell_ring(&job->control->joined, weir_bell_register());
		rc = serve_all(in, job->n, &job->control->work);
	}
	free(in);
	free(inbox);
	return rc != WEIR_OK;
}
