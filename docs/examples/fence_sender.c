/* The sender: streams one file through its ring, and compares at the end of each chunk. */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/drain.h>
#include <weir/progress.h>

#include "fence_files.h"

#define BATCH 64u   /* records per commit */
#define READ 65536u /* bytes, beyond the largest record */

struct sender {
	struct weir_ring_writer w;
	struct weir_progress table;
	const struct job *job;
	const struct stream *st;
	struct sums sum;
	uint64_t checked; /* lines at the last check */
	uint64_t checks;
	uint64_t disagreed;
	uint64_t largest_backlog;
	weir_pos seen; /* the collector's position at the last time-out */
	uint32_t batch;
	int registered; /* what weir_bell_register() said */
};

/* Publishes what was claimed, and wakes the collector, who sleeps on one bell for all rings. */
static void commit(struct sender *s)
{
	weir_ring_commit(&s->w);
	weir_bell_ring(&s->job->control->work, s->registered);
	s->batch = 0;
}

/* ---- waiting ----
 *
 * The deadline is one for progress: whoever waits for a slow collector goes on waiting, whoever
 * waits for one that does not move at all (a stopped process is alive) gives up with -ETIMEDOUT. */

static struct weir_wait patiently(const struct sender *s)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK};

	how.deadline = now_ns() + s->job->opt.timeout_s * UINT64_C(1000000000);
	return how;
}

static int collector_moved(struct sender *s)
{
	struct weir_progress_record rec;

	if (weir_progress_read(&s->table, 0, &rec) != WEIR_OK || rec.delivered == s->seen)
		return 0;
	s->seen = rec.delivered;
	return 1;
}

/* Room for one record. While it waits the library looks after dead readers, and no longer waits
 * for them: a killed collector cannot block us here, and the next check finds it dead. */
static int claim(struct sender *s, uint32_t kind, uint32_t len, struct weir_ring_room *room)
{
	int rc = weir_ring_claim(&s->w, kind, len, WEIR_RING_GATED, room);

	if (rc == -ENOBUFS) { /* a batch may fill a quarter of the ring */
		commit(s);
		rc = weir_ring_claim(&s->w, kind, len, WEIR_RING_GATED, room);
	}
	if (rc != WEIR_FULL)
		return rc;
	commit(s); /* what the collector does not see it cannot make room for */
	do {
		struct weir_wait how = patiently(s);

		rc = weir_ring_claim_wait(&s->w, kind, len, WEIR_RING_GATED, 0, &how, room);
	} while (rc == -ETIMEDOUT && collector_moved(s));
	return rc;
}

/* The fence: returns WEIR_OK when the collector has handled everything before `cut`.
 *
 * One target, the one reader of the ring. COUNT_DORMANT: a collector that has joined but not served
 * yet owes everything; by default a drain does not wait for readers that may never begin. */
static int drain(struct sender *s, weir_pos cut)
{
	struct weir_drain_target target[1];
	struct weir_drain d;
	int rc;

	weir_drain_init(&d, target, 1, WEIR_DRAIN_COUNT_DORMANT);
	rc = weir_drain_add(&d, &s->table, 0, cut, 0);
	if (rc < 0)
		return rc;
	do {
		struct weir_wait how = patiently(s);

		rc = weir_drain_wait(&d, NULL, 0, &how);
	} while (rc == -ETIMEDOUT && collector_moved(s));
	if (d.stats.largest_backlog > s->largest_backlog)
		s->largest_backlog = d.stats.largest_backlog;
	return rc <= 0 ? rc : -ENOTCONN; /* it left, which it does not do before we close */
}

/* Without a drain nothing else would tell. */
static int collector_gone(const struct sender *s)
{
	struct weir_progress_record rec;

	if (weir_progress_read(&s->table, 0, &rec) != WEIR_OK)
		return WEIR_OK; /* torn: it is publishing just now */
	return rec.state == WEIR_PROGRESS_DEAD ? -EOWNERDEAD : WEIR_OK;
}

/* ---- the check ---- */

static void publish_counts(const struct sender *s)
{
	struct tally_shm *t = s->st->tally;

	/* relaxed: the parent shows them, and takes them for final only after waitpid() */
	sums_publish(&t->sent, &s->sum);
	weir_store_relaxed64(&t->checks, s->checks);
	weir_store_relaxed64(&t->disagreed, s->disagreed);
	weir_store_relaxed64(&t->largest_backlog, s->largest_backlog);
}

/* Do both sides agree at this instant?
 *
 * Why the words of the tally are the right ones after a drain, although they are plain relaxed
 * stores and loads: in the collector they are stored by the handler, and the handler returns before
 * the library publishes `delivered` with a release store. The drain has ended because this process
 * loaded that (or a later) publication with an acquire load. So the tally of every record before
 * the cut is visible here. And it is not the tally of any later record, because there is none: the
 * next one is sent by this very function's caller. Without the drain neither half holds. */
static int check(struct sender *s)
{
	struct sums theirs;
	int rc;

	commit(s);
	if (s->job->opt.drain)
		rc = drain(s, weir_ring_writer_leading(&s->w));
	else
		rc = collector_gone(s);
	if (rc != WEIR_OK)
		return rc;
	theirs = sums_look(&s->st->tally->handled);
	s->checks++;
	s->disagreed += !sums_equal(&s->sum, &theirs);
	s->checked = s->sum.lines;
	publish_counts(s);
	return WEIR_OK;
}

/* ---- the file ---- */

static int send_record(struct sender *s, uint32_t kind, const uint8_t *p, uint32_t len)
{
	struct weir_ring_room room;
	int rc = claim(s, kind, len, &room);

	if (rc != WEIR_OK)
		return rc;
	memcpy(room.ptr, p, len);
	sums_add(&s->sum, p, len, kind);
	if (++s->batch == BATCH)
		commit(s);
	return s->sum.lines - s->checked == s->job->opt.chunk ? check(s) : WEIR_OK;
}

/* How much of p[0 .. have) is the next record; 0: that depends on what follows. A PART is as large
 * as a record may be, and never the end of its line. */
static uint32_t next_record(const uint8_t *p, size_t have, int eof, uint32_t max, uint32_t *kind)
{
	const uint8_t *newline = memchr(p, '\n', have < max ? have : max);

	*kind = KIND_LINE;
	if (newline != NULL)
		return (uint32_t)(newline - p) + 1u;
	if (have > max) {
		*kind = KIND_PART;
		return max;
	}
	return eof ? (uint32_t)have : 0;
}

/* Sends what is complete in p[0 .. have); *used says how much that was. */
static int send_records(struct sender *s, const uint8_t *p, size_t have, int eof, size_t *used)
{
	uint32_t max = largest_record(&s->job->opt), kind, len;
	int rc = WEIR_OK;

	*used = 0;
	while (rc == WEIR_OK && *used < have) {
		len = next_record(p + *used, have - *used, eof, max, &kind);
		if (len == 0)
			break;
		rc = send_record(s, kind, p + *used, len);
		*used += len;
	}
	commit(s); /* the next read may take its time: a pipe, a terminal */
	return rc;
}

static int send_file(struct sender *s, int fd, uint8_t *buf, size_t cap)
{
	size_t have = 0, used;
	ssize_t n;
	int rc;

	do {
		n = read(fd, buf + have, cap - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		have += (size_t)n;
		rc = send_records(s, buf, have, n == 0, &used);
		if (rc != WEIR_OK)
			return rc;
		have -= used;
		memmove(buf, buf + used, have);
	} while (n != 0);
	/* the rest of a chunk; and one check at least, of an empty file too */
	return s->sum.lines != s->checked || s->checks == 0 ? check(s) : WEIR_OK;
}

static int open_and_send(struct sender *s)
{
	size_t cap = largest_record(&s->job->opt) + (size_t)READ;
	int fd = open(s->st->path, O_RDONLY | O_CLOEXEC), rc = -ENOMEM;
	uint8_t *buf;

	if (fd < 0)
		return -errno;
	buf = malloc(cap);
	if (buf != NULL)
		rc = send_file(s, fd, buf, cap);
	free(buf);
	(void)close(fd);
	return rc;
}

static void explain(const struct sender *s, int rc)
{
	if (rc == -ETIMEDOUT)
		complain("%s: the collector has handled nothing for %llu s", s->st->path,
			 (unsigned long long)s->job->opt.timeout_s);
	else if (rc == -EOWNERDEAD)
		complain("%s: the collector died after %llu lines had been sent", s->st->path,
			 (unsigned long long)s->sum.lines);
	else
		complain("%s: %s", s->st->path, strerror(-rc));
}

int run_sender(const struct job *job, const struct stream *st)
{
	struct sender s = {.job = job, .st = st, .registered = weir_bell_register()};
	weir_ns began = now_ns();
	int rc;

	rc = weir_progress_attach(&s.table, st->table, NULL);
	if (rc == WEIR_OK)
		rc = weir_ring_writer_attach(&s.w, st->ring, &s.table, weir_owner_self(), NULL,
					     NULL);
	if (rc == WEIR_OK)
		rc = open_and_send(&s);
	if (rc != WEIR_OK)
		explain(&s, rc);
	publish_counts(&s);
	weir_store_relaxed64(&st->tally->ns, now_ns() - began);
	weir_store_relaxed64(&st->tally->sender_end, rc == WEIR_OK ? DONE : (uint64_t)rc);
	weir_ring_close(&s.w); /* the collector gets WEIR_CLOSED after the last record */
	weir_bell_ring(&job->control->work, s.registered);
	return rc != WEIR_OK;
}
