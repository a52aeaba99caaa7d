/* Sessions: serving. One poll is batches, then post-handlers, then what the coordinator owes.
 *
 * Order in a poll. A handler's message is delivered (its progress published) before any
 * post-handler runs, because a queued post-handler ends the ring's batch, and
 * weir_session_take() publishes at the end of each. The last record before a fence's cut ends the
 * batch too, so that its drain is looked at when its handler has returned and not a batch later; and
 * so does an arrival: a barrier does not wait for a backlog unless it is a fence. A ring whose turn
 * would find, publish and serve nothing is passed over.
 *
 * Sleep. Everything that can end a blocking call is published before the sleeper's own bell is
 * rung: a message (weir_session_commit()), a reply or a change of the members (the coordinator), an
 * arrival or request (the members), progress on which the coordinator's fences wait (every poll
 * that handled something). The waiter arms the bell before the poll that finds nothing: BELL.DEKKER. */
#include "session_priv.h"

#include <string.h>

/* ---- rings ---- */

/* A damaged header: there is no way past it. Nobody waits for us there any more, and fences tell. */
static void leave_damaged(struct weir_session *s, uint32_t i)
{
	struct weir_ring_reader *r = &s->reader[i];

	s->stats.broken++;
	s->did = 1;
	weir_ring_leave(r, s->now);
	memset(r, 0, sizeof(*r));
}

/* Every liveness interval: rings that had to be left are joined again at their newest record, once
 * that can be found. What lies before is lost, at least one record. */
static void rejoin_rings(struct weir_session *s)
{
	struct weir_ring_reader *r;
	struct weir_span ring;
	uint32_t i;

	for (i = 0; i < used_slots(s) && !(s->flags & WEIR_SESSION_QUIET); i++) {
		r = &s->reader[i];
		if (i == s->slot || r->shm != NULL ||
		    weir_session_part(s->region, WEIR_KIND_RING, "ring", i, &ring) != WEIR_OK ||
		    weir_ring_join(r, ring, &s->table[i], s->slot, WEIR_RING_NEWEST, s->owner,
				   NULL) != WEIR_OK)
			continue;
		r->lost_messages = r->progress.lost_messages = 1;
		s->stats.lost++;
		weir_progress_publish_all(&r->progress, s->now);
	}
}

/* Up to `max` records. Returns how many were handled; 0 ends the ring's turn. */
static uint32_t serve_some(struct weir_session *s, struct feed *f, uint32_t max)
{
	uint64_t lost = f->r->lost_messages;
	uint32_t n;
	int rc = weir_session_take(f, max, &n);

	if (n != 0)
		ring_bell_of(s, f->m.from); /* its writer may wait for room */
	s->stats.lost += f->r->lost_messages - lost;
	if (n != 0 || rc == WEIR_LAPPED)
		s->did = 1;
	if (rc != -EBADMSG)
		return rc == WEIR_OK ? n : 0;
	leave_damaged(s, f->m.from);
	return 0;
}

static void run_posts(struct weir_session *s);

/* A ring's turn: a batch, with what is not to wait until its end in between. It ends early when this
 * member may be waiting for what has just been decided. */
static void serve_ring(struct weir_session *s, uint32_t i)
{
	uint32_t left = s->batch, n;
	struct feed f;

	f.s = s;
	f.r = &s->reader[i];
	f.taken = 0;
	f.stopped = 0;
	f.m.from = i;
	f.m.reserved = 0;
	f.m.now = s->now;
	do {
		n = serve_some(s, &f, left);
		left -= n;
		if (weir_session_called(s)) {
			weir_session_serve_arrivals(s);
			s->enough = 1;
		}
		if (s->post_n != 0)
			run_posts(s);
	} while (n != 0 && left != 0 && !f.stopped && !s->enough);
}

/* A registered reader says DORMANT until it publishes for the first time. */
void weir_session_serve(struct weir_session *s)
{
	uint32_t i;

	if (s->serving)
		return;
	s->serving = 1;
	for (i = 0; i < s->members; i++) {
		struct weir_progress_writer *p = &s->reader[i].progress;

		if (s->reader[i].shm != NULL) /* as it is: a handler may be at its first message */
			weir_progress_publish(p, p->delivered, p->observed, p->sequence,
					      s->env->now(s->env->ctx));
	}
}

/* ---- post-handlers ---- */

static void enqueue(struct weir_session *s, weir_session_post fn, void *ctx, int user)
{
	struct post *p = &s->post[(s->post_head + s->post_n++) % s->post_cap];

	p->fn = fn;
	p->ctx = ctx;
	p->user = user;
}

int weir_session_defer(struct weir_session *s, weir_session_post fn, void *ctx)
{
	if (s->post_user == s->post_cap - s->n_barriers)
		return -ENOBUFS;
	s->post_user++;
	enqueue(s, fn, ctx, 1);
	return WEIR_OK;
}

void weir_session_continue(struct weir_session *s, weir_session_post fn, void *ctx)
{
	enqueue(s, fn, ctx, 0); /* one a barrier at most: the queue has room for them all */
}

/* Those that wait now; what they defer in turn comes next time. */
static void run_posts(struct weir_session *s)
{
	uint32_t n = s->post_n;

	for (; n != 0; n--) {
		struct post p = s->post[s->post_head];

		s->post_head = (s->post_head + 1u) % s->post_cap;
		s->post_n--;
		if (p.user) {
			s->post_user--;
			s->stats.posts++;
			s->did = 1;
		}
		p.fn(p.ctx, s, s->now);
	}
}

/* ---- the poll ---- */

/* Most rings most of the time: what their turn would come to, without having it. */
static int has_no_turn(const struct weir_session *s, const struct weir_ring_reader *r)
{
	return r->shm == NULL ||
	       (weir_priv_ring_is_still(r) && s->post_n == 0 && !weir_session_called(s));
}

static void serve_rings(struct weir_session *s)
{
	uint32_t n = used_slots(s), m = s->first, i;

	for (i = 0; i < n && !s->enough; i++, m++) {
		if (m >= n) /* the one after where the last poll ended may be the first again */
			m = 0;
		if (!has_no_turn(s, &s->reader[m]))
			serve_ring(s, m);
		if (s->enough)
			s->first = m + 1u;
	}
	/* the coordinator's fences may wait for what was handled just now */
	if (s->did && !is_coordinator(s))
		ring_bell_of(s, WEIR_SESSION_COORDINATOR);
}

/* By identity; what that leaves open, in another pid namespace, by the region's lock, if the member
 * has taken it: who attached over an inherited mapping has not. */
int weir_session_is_dead(const struct weir_session *s, uint32_t m, weir_owner who)
{
	int state = s->env->owner_state(s->env->ctx, who);

	if (state == (int)WEIR_OWNER_UNKNOWN &&
	    weir_load_relaxed32(&member_of(s, m)->flags) & MEMBER_LOCKED)
		state = (int)weir_region_owner_state(s->region, who);
	return state == (int)WEIR_OWNER_DEAD;
}

static void check_coordinator(struct weir_session *s)
{
	/* SESSION.CLOSE acquire: pairs with weir_session_close() */
	if (weir_load_acquire32(&s->shm->closed) != 0)
		s->orphan = 1;
	if (s->now < s->next_liveness)
		return;
	s->next_liveness = s->now + s->liveness_ns;
	if (weir_session_is_dead(s, WEIR_SESSION_COORDINATOR, s->coordinator))
		s->orphan = 1;
	if (s->orphan) /* nobody else looks after dead readers of our ring any more */
		(void)weir_progress_reap(&s->table[s->slot], s->env, s->owner);
}

int weir_session_poll(struct weir_session *s, weir_ns now)
{
	if (s->magic != SESSION_MAGIC)
		return -ENOTCONN;
	if (s->busy)
		return -EDEADLK;
	s->busy = 1;
	s->did = 0;
	s->enough = 0;
	s->now = now;
	s->stats.polls++;
	if (now >= s->next_liveness)
		rejoin_rings(s);
	serve_rings(s);
	if (is_coordinator(s))
		weir_session_coordinate(s);
	else
		check_coordinator(s);
	if (s->post_n != 0)
		run_posts(s);
	if (s->changed) /* by a continuation */
		weir_session_settle(s);
	s->busy = 0;
	if (s->did)
		return WEIR_OK;
	return s->orphan ? -ENOTCONN : WEIR_EMPTY;
}

weir_ns weir_session_next_ns(const struct weir_session *s)
{
	return is_coordinator(s) && s->next_deadline < s->next_liveness ? s->next_deadline
									: s->next_liveness;
}

/* ---- blocking ---- */

/* `how` with the deadline drawn in to when this session has something to do. */
static struct weir_wait until(const struct weir_session *s, const struct weir_wait *how,
			      weir_ns *deadline)
{
	struct weir_wait w = {.strategy = WEIR_WAIT_SPIN};
	weir_ns next = weir_session_next_ns(s);

	if (how != NULL)
		w = *how;
	w.env = s->env;
	*deadline = w.deadline != 0 ? w.deadline : WEIR_NS_NEVER;
	w.deadline = next < *deadline ? next : *deadline;
	if (w.deadline == 0)
		w.deadline = 1; /* 0 would mean none */
	return w;
}

int weir_session_block(struct weir_session *s, int (*done)(struct weir_session *s, void *arg),
		       void *arg, const struct weir_wait *how)
{
	struct weir_bell_shm *bell = &member_of(s, s->slot)->bell;
	struct weir_waiter wt;
	struct weir_wait w;
	weir_ns deadline, now;
	int rc, fresh = 0;

	if (s->magic != SESSION_MAGIC)
		return -ENOTCONN;
	if (s->busy)
		return -EDEADLK;
	if (how != NULL && (unsigned)how->strategy > WEIR_WAIT_PARK)
		return -EINVAL;
	for (;;) {
		now = s->env->now(s->env->ctx);
		rc = weir_session_poll(s, now);
		if (rc == WEIR_OK)
			fresh = 0;
		rc = done(s, arg);
		if (rc != WEIR_PENDING)
			return rc;
		if (!fresh) {
			w = until(s, how, &deadline);
			weir_waiter_init(&wt, &w, bell, 0);
			fresh = 1;
			if (now >= deadline)
				return -ETIMEDOUT; /* busy, and yet too late */
		}
		rc = weir_waiter_step(&wt);
		s->stats.sleeps += wt.sleeps;
		wt.sleeps = 0;
		if (rc == -ETIMEDOUT) {
			if (now >= deadline)
				return rc;
			fresh = 0; /* something of the session's own is due */
		} else if (rc < 0) {
			return rc;
		}
	}
}

static int served(struct weir_session *s, void *arg)
{
	(void)arg;
	if (s->did)
		return WEIR_OK;
	return s->orphan ? -ENOTCONN : WEIR_PENDING;
}

int weir_session_wait(struct weir_session *s, const struct weir_wait *how)
{
	return weir_session_block(s, served, NULL, how);
}

static int enough(struct weir_session *s, void *arg)
{
	const uint32_t *n = arg;

	if (weir_session_members(s) >= *n)
		return WEIR_OK;
	return s->orphan ? -ENOTCONN : WEIR_PENDING;
}

int weir_session_wait_members(struct weir_session *s, uint32_t n, const struct weir_wait *how)
{
	if (!s->busy && n > s->members)
		return -EINVAL;
	return weir_session_block(s, enough, &n, how);
}
