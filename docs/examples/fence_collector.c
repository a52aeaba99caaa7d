/* The collector: the session's coordinator, and the only one that reads. One thread serves the rings
 * of all senders in turns, counts who is a member, and decides when the fence opens. */
#define _GNU_SOURCE

#include <errno.h>
#include <string.h>
#include <time.h>

#include <weir/atomic.h>

#include "fence_files.h"

#define TURN 256u		     /* messages of one ring before the next has its turn */
#define BEAT_NS UINT64_C(10000000)   /* the longest it sleeps */
#define CHECK_NS UINT64_C(100000000) /* between two looks at who is alive */

struct inbox {
	const struct job *job;
	struct sums sum[MAX_FILES];
};

static void beat(const struct job *job)
{
	/* relaxed: the senders only ask whether it rises */
	weir_store_relaxed32(&job->control->beats, weir_load_relaxed32(&job->control->beats) + 1u);
}

static void dawdle(uint64_t us)
{
	struct timespec t = {(time_t)(us / 1000000u), (long)(us % 1000000u) * 1000};

	if (us != 0)
		(void)nanosleep(&t, NULL);
}

/* Called by the session for each message, in place: m->ptr points into the sender's ring and stays
 * valid until this returns. Only then does the message count as handled. */
static int handle(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	struct inbox *in = ctx;
	uint32_t i = m->from - 1u;

	(void)s;
	if (i >= in->job->n)
		return 0;
	dawdle(in->job->opt.slow_us);
	beat(in->job);
	sums_add(&in->sum[i], m->ptr, m->len, m->kind);
	/* relaxed: carried by the fence; see check() in fence_sender.c */
	sums_publish(&in->job->stream[i].tally->handled, &in->sum[i]);
	return 0;
}

/* The coordinator only observes: it handles what is sent, and is waited for by nobody. A sender that
 * was killed is found by its identity and taken out of the fence; that is the session's business. */
static int create(const struct job *job, struct inbox *in, struct weir_session **s)
{
	struct weir_session_config cfg = {.struct_size = sizeof(cfg), .barriers = 1};
	struct weir_session_options opt = {.struct_size = sizeof(opt), .batch = TURN};
	struct weir_error err = {.what = "?"};
	int rc;

	cfg.members = 1u + job->n;
	cfg.targets = cfg.members; /* one sink for each ring: the coordinator */
	cfg.ring_capacity = job->opt.ring;
	cfg.liveness_ns = CHECK_NS;
	opt.flags = WEIR_SESSION_OBSERVER;
	rc = weir_session_create(s, job->name, &cfg, &opt, &err);
	if (rc != WEIR_OK)
		return complain_weir("the session", &err);
	weir_session_on_other(*s, handle, in);
	/* release: pairs with await_collector() */
	weir_store_release32(&job->control->ready, 1);
	weir_bell_ring(&job->control->created, weir_bell_register());
	return WEIR_OK;
}

/* Until all senders are gone, and then nothing has come. The look at who is gone comes first: what a
 * sender had committed before it went is found by the turn after that look. */
static int serve(struct weir_session *s, const struct job *job)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK};
	uint32_t gone;
	int rc;

	do {
		/* acquire: pairs with count_ended() in fence_files.c */
		gone = weir_load_acquire32(&job->control->ended);
		how.deadline = now_ns() + BEAT_NS;
		rc = weir_session_wait(s, &how);
		beat(job);
	} while (rc == WEIR_OK || (rc == -ETIMEDOUT && gone != job->n));
	return rc == -ETIMEDOUT ? WEIR_OK : rc;
}

int run_collector(const struct job *job)
{
	static struct inbox in; /* all zero */
	struct weir_session_stats stats = {.struct_size = sizeof(stats)};
	struct weir_session *s;
	int rc;

	in.job = job;
	rc = create(job, &in, &s);
	if (rc != WEIR_OK)
		return 1;
	rc = serve(s, job);
	if (rc != WEIR_OK)
		complain("the collector cannot go on: %s", weir_error_text(rc));
	if (weir_session_read_stats(s, &stats) == WEIR_OK && stats.broken != 0)
		complain("%llu rings are damaged", (unsigned long long)stats.broken);
	(void)weir_session_close(s);
	return rc != WEIR_OK || stats.broken != 0;
}
