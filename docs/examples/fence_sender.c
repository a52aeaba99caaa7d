/* A sender: streams one file through its ring, and meets the others at the end of each chunk. */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/atomic.h>

#include "fence_files.h"

#define BATCH 64u   /* messages per commit */
#define READ 65536u /* bytes, beyond the largest message */

struct sender {
	struct weir_session *session;
	const struct job *job;
	const struct stream *st;
	struct sums sum;
	uint64_t checked; /* lines at the last check */
	uint64_t checks;
	uint64_t disagreed;
	uint64_t largest_backlog;
	uint32_t barrier;
	uint32_t beats; /* of the collector, at the last time-out */
	uint32_t batch;
};

static void commit(struct sender *s)
{
	weir_session_commit(s->session); /* publishes what was claimed, and wakes the collector */
	s->batch = 0;
}

/* ---- waiting ----
 *
 * Who waits for a slow collector goes on waiting, and so does who waits for another sender. Who
 * waits for a collector that does not move at all (a stopped process is alive) gives up with
 * -ETIMEDOUT. One that died ends every wait at a fence with -ENOTCONN. */

static struct weir_wait patiently(const struct sender *s)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK};

	how.deadline = now_ns() + s->job->opt.timeout_s * UINT64_C(1000000000);
	return how;
}

static int collector_moved(struct sender *s)
{
	uint32_t beats = weir_load_relaxed32(&s->job->control->beats); /* relaxed: does it rise? */
	int moved = beats != s->beats;

	s->beats = beats;
	return moved;
}

/* No room: waits for it, and sends by copying. */
static int put_slowly(struct sender *s, uint32_t kind, const uint8_t *p, uint32_t len)
{
	int rc;

	commit(s); /* what the collector does not see it cannot make room for */
	do {
		struct weir_wait how = patiently(s);

		rc = weir_session_send_wait(s->session, kind, p, len, &how);
	} while (rc == -ETIMEDOUT && collector_moved(s));
	return rc;
}

/* One message, in place where it will be read; a commit makes it visible. */
static int put(struct sender *s, uint32_t kind, const uint8_t *p, uint32_t len)
{
	struct weir_ring_room room;
	int rc = weir_session_claim(s->session, kind, len, &room);

	if (rc == -ENOBUFS) { /* a batch may fill a quarter of the ring */
		commit(s);
		rc = weir_session_claim(s->session, kind, len, &room);
	}
	if (rc == WEIR_FULL)
		return put_slowly(s, kind, p, len);
	if (rc == WEIR_OK)
		memcpy(room.ptr, p, len);
	return rc;
}

/* The fence. Everything committed so far is what must be handled before it opens.
 *
 * The generation has no deadline: it lasts as long as the slowest file needs. This wait has one,
 * and what has not been decided by then stands, and is waited for again. CONTINUE: a sender that
 * was killed is not waited for; its death makes the outcome WEIR_DEPARTED, as a sender's leaving
 * does, and concerns nobody else. */
static int meet(struct sender *s)
{
	enum weir_barrier_mode mode =
		s->job->opt.fence ? WEIR_BARRIER_DELIVERY : WEIR_BARRIER_RENDEZVOUS;
	int rc = weir_session_barrier_begin(s->session, s->barrier, mode, WEIR_BARRIER_CONTINUE,
					    WEIR_NS_NEVER);

	if (rc != WEIR_OK)
		return rc;
	do {
		struct weir_wait how = patiently(s);

		rc = weir_session_barrier(s->session, s->barrier, mode, WEIR_BARRIER_CONTINUE, &how,
					  NULL);
	} while (rc == -ETIMEDOUT && collector_moved(s));
	return rc == WEIR_DEPARTED ? WEIR_OK : rc;
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

static void note_backlog(struct sender *s)
{
	/* relaxed: bytes of a moment; it only rises, up to what has been sent */
	uint64_t owed = s->sum.bytes - weir_load_relaxed64(&s->st->tally->handled.bytes);

	if (owed > s->largest_backlog)
		s->largest_backlog = owed;
}

/* Do both sides agree at this instant?
 *
 * Why the words of the tally are the right ones after a fence, although they are plain relaxed
 * stores and loads: in the collector they are stored by the handler, before the session counts the
 * message as handled. The fence opens when all messages before the arrivals count so, and tells
 * each member by a release store, which weir_session_barrier() loads with acquire. So the tally of
 * every message before the fence is visible here. And it is not the tally of any later one: the
 * next is sent by this very function's caller. After a rendezvous only the second half holds. */
static int check(struct sender *s)
{
	struct sums theirs;
	int rc;

	commit(s);
	note_backlog(s);
	rc = meet(s);
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

static int send_message(struct sender *s, uint32_t kind, const uint8_t *p, uint32_t len)
{
	int rc = put(s, kind, p, len);

	if (rc != WEIR_OK)
		return rc;
	sums_add(&s->sum, p, len, kind);
	if (++s->batch == BATCH)
		commit(s);
	return s->sum.lines - s->checked == s->job->opt.chunk ? check(s) : WEIR_OK;
}

/* How much of p[0 .. have) is the next message; 0: that depends on what follows. A PART is as large
 * as a message may be, and never the end of its line. */
static uint32_t next_message(const uint8_t *p, size_t have, int eof, uint32_t max, uint32_t *kind)
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
static int send_messages(struct sender *s, const uint8_t *p, size_t have, int eof, size_t *used)
{
	uint32_t max = largest_message(&s->job->opt), kind, len;
	int rc = WEIR_OK;

	*used = 0;
	while (rc == WEIR_OK && *used < have) {
		len = next_message(p + *used, have - *used, eof, max, &kind);
		if (len == 0)
			break;
		rc = send_message(s, kind, p + *used, len);
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
		rc = send_messages(s, buf, have, n == 0, &used);
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
	size_t cap = largest_message(&s->job->opt) + (size_t)READ;
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
	unsigned long long lines = s->sum.lines, timeout = s->job->opt.timeout_s;

	if (rc == -ETIMEDOUT)
		complain("%s: the collector has not moved for %llu s", s->st->path, timeout);
	else if (rc == -ENOTCONN)
		complain("%s: the collector died after %llu lines had been sent", s->st->path,
			 lines);
	else if (rc == WEIR_LOST)
		complain("%s: messages were lost", s->st->path);
	else
		complain("%s: %s", s->st->path, strerror(-rc));
}

/* A quiet member: it sends and meets, and reads nothing. Its slot tells the collector which file
 * its messages are of. */
static int attach(struct sender *s, uint32_t i)
{
	struct weir_session_options opt = {.struct_size = sizeof(opt)};
	int rc;

	opt.flags = WEIR_SESSION_QUIET;
	opt.slot = i + 1u;
	rc = weir_session_attach_region(&s->session, &s->job->session, &opt, NULL);
	if (rc == WEIR_OK)
		rc = weir_session_barrier_open(s->session, BARRIER, &s->barrier, NULL);
	return rc;
}

int run_sender(const struct job *job, uint32_t i)
{
	struct sender s = {.job = job, .st = &job->stream[i]};
	weir_ns began = now_ns();
	int rc = attach(&s, i);

	if (rc == WEIR_OK)
		rc = open_and_send(&s);
	if (rc != WEIR_OK)
		explain(&s, rc);
	publish_counts(&s);
	weir_store_relaxed64(&s.st->tally->ns, now_ns() - began);
	weir_store_relaxed64(&s.st->tally->end, (uint64_t)(rc == WEIR_OK ? DONE : rc));
	(void)weir_session_close(s.session); /* the others no longer wait for this one */
	return rc != WEIR_OK;
}
