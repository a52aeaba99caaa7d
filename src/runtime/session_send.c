/* Sessions: handlers, sending, counters. */
#include "session_priv.h"

#include <string.h>

/* ---- handlers ---- */

static int set_handler(struct weir_session *s, uint32_t kind, weir_session_handler fn,
		       weir_session_run_handler run, void *ctx)
{
	struct handler h = {fn, run, ctx};

	if (kind >= s->kinds)
		return -EINVAL;
	s->handler[kind] = h;
	s->rehandled = 1;
	return WEIR_OK;
}

int weir_session_on(struct weir_session *s, uint32_t kind, weir_session_handler fn, void *ctx)
{
	return set_handler(s, kind, fn, NULL, ctx);
}

int weir_session_on_run(struct weir_session *s, uint32_t kind, weir_session_run_handler fn,
			void *ctx)
{
	return set_handler(s, kind, NULL, fn, ctx);
}

void weir_session_on_other(struct weir_session *s, weir_session_handler fn, void *ctx)
{
	s->other.fn = fn;
	s->other.ctx = ctx;
	s->rehandled = 1;
}

/* ---- sending ---- */

int weir_session_claim(struct weir_session *s, uint32_t kind, uint32_t len,
		       struct weir_ring_room *room)
{
	int rc;

	if (s->magic != SESSION_MAGIC)
		return -ENOTCONN; /* a forked child's */
	rc = weir_ring_claim(&s->writer, kind, len, (enum weir_ring_policy)s->policy, room);
	if (WEIR_UNLIKELY(rc == WEIR_FULL))
		s->stats.full++;
	return rc;
}

/* Rings the bell of everyone who reads. Who enters the set while we look has joined our ring before;
 * before it sleeps it orders its bit against our commit, as it does its bell's flag. */
static void wake_listeners(struct weir_session *s)
{
	uint32_t words, w;

	if (!s->registered)
		weir_fence_full(); /* BELL.DEKKER publish side, for the sets read before the bells */
	words = (used_slots(s) + 63u) / 64u;
	for (w = 0; w < words; w++) {
		/* relaxed: a stale bit costs one look at a bell, a missing one is explained above */
		uint64_t bits = weir_load_relaxed64(&s->shm->listeners[w]);

		for (; bits != 0; bits &= bits - 1u) {
			uint32_t m = w * 64u + (uint32_t)__builtin_ctzll(bits);

			if (m != s->slot && m < s->members)
				ring_bell_of(s, m);
		}
	}
}

void weir_session_commit(struct weir_session *s)
{
	weir_pos before;

	if (s->magic != SESSION_MAGIC)
		return; /* a forked child's */
	before = weir_ring_writer_leading(&s->writer);
	weir_ring_commit(&s->writer);
	if (weir_ring_writer_leading(&s->writer) == before)
		return;
	s->stats.sent++;
	wake_listeners(s);
}

void weir_session_abort(struct weir_session *s)
{
	if (s->magic == SESSION_MAGIC)
		weir_ring_abort(&s->writer);
}

int weir_session_send(struct weir_session *s, uint32_t kind, const void *payload, uint32_t len)
{
	struct weir_ring_room room;
	int rc = weir_session_claim(s, kind, len, &room);

	if (rc != WEIR_OK)
		return rc;
	if (len != 0)
		weir_copy_racy(room.ptr, payload, len);
	weir_session_commit(s);
	return WEIR_OK;
}

struct parcel {
	const void *payload;
	uint32_t kind;
	uint32_t len;
};

static int room_made(struct weir_session *s, void *arg)
{
	const struct parcel *p = arg;
	int rc = weir_session_send(s, p->kind, p->payload, p->len);

	return rc == WEIR_FULL ? WEIR_PENDING : rc; /* who makes room rings our bell */
}

int weir_session_send_wait(struct weir_session *s, uint32_t kind, const void *payload, uint32_t len,
			   const struct weir_wait *how)
{
	struct parcel p = {payload, kind, len};
	int rc;

	if (s->busy)
		return -EDEADLK;
	rc = weir_session_send(s, kind, payload, len);
	return rc == WEIR_FULL ? weir_session_block(s, room_made, &p, how) : rc;
}

int weir_session_read_stats(const struct weir_session *s, struct weir_session_stats *out)
{
	if (out->struct_size != sizeof(*out))
		return -EINVAL;
	*out = s->stats;
	out->struct_size = sizeof(*out);
	return WEIR_OK;
}

#define STAT(field, unit, help)                                                                    \
	{                                                                                          \
		#field, unit, help, (uint32_t)offsetof(struct weir_session_stats, field), 0        \
	}
const struct weir_stat_desc weir_session_stat_desc[] = {
	STAT(polls, "calls", "of this member"),
	STAT(handled, "records", "given to a handler"),
	STAT(unhandled, "records", "of a kind without a handler"),
	STAT(sent, "commits", "published"),
	STAT(full, "claims", "refused for want of room"),
	STAT(posts, "calls", "post-handlers run"),
	STAT(lost, "records", "lost to the policy of their senders"),
	STAT(broken, "rings", "left because they are damaged"),
	STAT(sleeps, "calls", "sleeps of blocking calls"),
	STAT(arrivals, "arrivals", "begun by this member"),
	STAT(joins, "members", "counted in by the coordinator"),
	STAT(leaves, "members", "that left"),
	STAT(deaths, "members", "whose process died"),
	STAT(held, "arrivals", "kept for the next generation"),
};
const uint32_t weir_session_stat_count =
	sizeof(weir_session_stat_desc) / sizeof(weir_session_stat_desc[0]);
