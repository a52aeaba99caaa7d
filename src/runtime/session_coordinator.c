/* Sessions: what the coordinator owes the members, in each of its polls: requests to be counted or to
 * leave, arrivals, deadlines, deaths.
 *
 * Bits are taken before what they stand for is looked at, so nothing is missed: what is written
 * after the look comes with a bit that is still set. Requests are served after the bits of arrivals
 * were taken and before those are fed: a member that was told of an attach before it arrived
 * (whichever way it was told) is not fed before that attach is counted. */
#include "session_priv.h"

#include <string.h>

int weir_session_init_charges(struct weir_session *s)
{
	uint32_t i;
	int rc = weir_group_init(&s->group, s->member, s->members);

	for (i = 0; i < s->n_barriers && rc == WEIR_OK; i++) {
		struct charge *c = &s->charge[i];

		c->s = s;
		c->id = i;
		rc = weir_barrier_init(&c->b, &s->group, c->cut, s->members);
		c->drained.struct_size = sizeof(c->drained);
	}
	s->next_deadline = WEIR_NS_NEVER;
	return rc;
}

/* ---- members ---- */

static void tell_all(struct weir_session *s)
{
	uint32_t m;

	/* SESSION.ACTIVE release: pairs with weir_session_members() */
	weir_store_release32(&s->shm->active, weir_group_set_count(&s->group.active));
	for (m = 0; m < used_slots(s); m++)
		ring_bell_of(s, m);
	s->did = 1;
}

void weir_session_admit(struct weir_session *s, uint32_t m)
{
	struct weir_session_member_shm *member = member_of(s, m);
	uint64_t epoch;
	uint32_t i;

	uint32_t flags = weir_load_relaxed32(&member->flags); /* relaxed: after SESSION.REQUEST */

	if (flags & WEIR_SESSION_OBSERVER)
		return;
	if (weir_group_join(&s->group, m, weir_load_relaxed64(&member->owner), &epoch) != WEIR_OK)
		return; /* counted already */
	weir_group_set_remove(&s->quiet, m);
	if (flags & WEIR_SESSION_QUIET)
		weir_group_set_add(&s->quiet, m);
	for (i = 0; i < s->n_barriers; i++)
		weir_store_relaxed64(&arrival_of(s, i, m)->next, s->charge[i].b.generation + 1u);
	weir_store_relaxed64(&member->epoch, epoch);
	s->stats.joins++;
	tell_all(s);
}

/* Its place in the tables of all rings, which a dead reader cannot give back itself. */
static void reclaim(struct weir_session *s, uint32_t m, weir_owner dead)
{
	uint32_t i;

	for (i = 0; i < s->members; i++)
		if (i != m && weir_progress_reclaim(&s->table[i], m, dead, s->owner) != WEIR_OK)
			continue; /* it had left that one, or never joined it */
}

static void vacate(struct weir_session *s, uint32_t m)
{
	struct weir_session_member_shm *member = member_of(s, m);
	uint32_t i;

	/* relaxed: released by the owner; no generation is the next tenant's before it is counted */
	for (i = 0; i < s->n_barriers; i++) {
		weir_store_relaxed64(&arrival_of(s, i, m)->ended, 0);
		weir_store_relaxed64(&arrival_of(s, i, m)->next, 0);
	}
	(void)weir_fetch_and64(&s->shm->listeners[m / 64u], ~(UINT64_C(1) << (m % 64u)));
	weir_store_relaxed64(&member->request, REQUEST_NONE);
	weir_store_relaxed64(&member->epoch, 0);
	weir_store_relaxed32(&member->waiting, 0);
	/* SESSION.CLAIM release: pairs with take_slot() */
	weir_store_release64(&member->owner, 0);
}

static int leave_group(struct weir_session *s, uint32_t m, uint64_t epoch, weir_owner dead)
{
	int rc = dead != 0 ? weir_group_died(&s->group, m, epoch)
			   : weir_group_gone(&s->group, m, epoch);

	return rc == WEIR_OK ? weir_group_vacate(&s->group, m, epoch) : rc;
}

/* dead: its owner, or 0 when it leaves. */
static void retire(struct weir_session *s, uint32_t m, weir_owner dead)
{
	uint64_t epoch = s->member[m].epoch;
	int counted = weir_group_set_has(&s->group.active, m);
	uint32_t i;

	for (i = 0; i < s->n_barriers; i++) {
		if (counted)
			weir_session_feed(&s->charge[i], m); /* what it did before it went counts */
		/* no arrival of its own is left for the next tenant to answer for */
		s->charge[i].fed[m] = weir_load_relaxed64(&arrival_of(s, i, m)->count);
	}
	if (counted && leave_group(s, m, epoch, dead) == WEIR_OK) {
		/* out of the group first: a generation that opens now is not to wait for it */
		for (i = 0; i < s->n_barriers; i++)
			weir_session_depart(&s->charge[i], m, dead);
		s->stats.deaths += dead != 0;
		s->stats.leaves += dead == 0;
	}
	if (dead != 0)
		reclaim(s, m, dead);
	vacate(s, m);
	tell_all(s);
}

void weir_session_hear(struct weir_session *s, uint32_t m)
{
	uint64_t request;

	if (m >= s->members || m == s->slot)
		return;
	/* SESSION.REQUEST acquire: pairs with request() */
	request = weir_load_acquire64(&member_of(s, m)->request);
	if (request == REQUEST_JOIN || request == REQUEST_LEAVE)
		weir_session_admit(s, m); /* who joined, arrived and left meanwhile did arrive */
	if (request == REQUEST_LEAVE)
		retire(s, m, 0);
}

static void serve_requests(struct weir_session *s)
{
	uint32_t words = (used_slots(s) + 63u) / 64u, w;

	for (w = 0; w < words; w++) {
		uint64_t bits;

		/* SESSION.REQUEST acquire: pairs with request() */
		if (weir_load_acquire64(&s->shm->requests[w]) == 0)
			continue;
		for (bits = weir_exchange64(&s->shm->requests[w], 0); bits != 0; bits &= bits - 1u)
			weir_session_hear(s, w * 64u + (uint32_t)__builtin_ctzll(bits));
	}
}

/* ---- arrivals ---- */

static void serve_barrier(struct weir_session *s, uint32_t id)
{
	struct weir_session_barrier_shm *b = barrier_of(s, id);
	uint32_t words = (used_slots(s) + 63u) / 64u, w;

	for (w = 0; w < words; w++) {
		uint64_t bits;

		if (weir_load_relaxed64(&b->arrived[w]) == 0)
			continue; /* relaxed: what comes now sets the barrier's bit again */
		bits = weir_exchange64(&b->arrived[w], 0);
		serve_requests(s);
		for (; bits != 0; bits &= bits - 1u) {
			uint32_t m = w * 64u + (uint32_t)__builtin_ctzll(bits);

			if (m < s->members)
				weir_session_feed(&s->charge[id], m);
		}
	}
	weir_session_feed_held(&s->charge[id]);
	s->did = 1;
}

void weir_session_serve_arrivals(struct weir_session *s)
{
	uint64_t bits;

	if (!weir_session_called(s))
		return;
	for (bits = weir_exchange64(&s->shm->dirty, 0); bits != 0; bits &= bits - 1u) {
		uint32_t id = (uint32_t)__builtin_ctzll(bits);

		if (id < s->n_barriers)
			serve_barrier(s, id);
	}
}

/* ---- time ---- */

/* A look at one process costs some ten system calls: so many at a time. */
#define LOOKS 32u

static void look_for_deaths(struct weir_session *s)
{
	uint32_t n = used_slots(s), looks = n < LOOKS ? n : LOOKS;

	if (s->now < s->next_liveness)
		return;
	s->next_liveness = s->now + s->liveness_ns;
	for (; looks != 0; looks--) {
		uint32_t m = s->next_look < n ? s->next_look : 0;
		/* relaxed: an identity; the tenant cannot change but through us */
		weir_owner who = weir_load_relaxed64(&member_of(s, m)->owner);

		s->next_look = m + 1u;
		if (m == s->slot || who == 0 || who == s->owner || !weir_session_is_dead(s, m, who))
			continue;
		weir_session_hear(s, m); /* it may have asked before it died */
		if (weir_load_relaxed64(&member_of(s, m)->owner) == who)
			retire(s, m, who);
	}
}

void weir_session_settle(struct weir_session *s)
{
	uint32_t i;

	s->changed = 0;
	s->next_deadline = WEIR_NS_NEVER;
	for (i = 0; i < s->n_barriers; i++) {
		struct charge *c = &s->charge[i];
		weir_ns at = weir_barrier_next_ns(&c->b);

		if (at < s->next_deadline)
			s->next_deadline = at;
		if (c->changed)
			weir_session_publish_view(c);
	}
}

void weir_session_coordinate(struct weir_session *s)
{
	uint32_t i;

	weir_session_serve_arrivals(s);
	serve_requests(s);
	look_for_deaths(s);
	if (s->now >= s->next_deadline)
		for (i = 0; i < s->n_barriers; i++)
			weir_session_tick(&s->charge[i]);
	if (s->changed)
		weir_session_settle(s);
	if (s->did) /* relaxed: for those who look from outside */
		weir_store_relaxed64(&s->shm->stamp, s->now);
}
