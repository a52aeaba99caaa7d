/* Sessions: a member's side of its barriers.
 *
 * One arrival per barrier at a time: its line is not written again before the coordinator has
 * answered it, so the words that go with a count are the words of that count. */
#include "session_priv.h"

#include <string.h>

#define GRACE_NS UINT64_C(5000000)

/* FNV-1a; never 0. Two names of one session with the same digest would share a barrier, unless one
 * is written when the other asks; 2^-64 a pair. */
static uint64_t digest(const char *name)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return h != 0 ? h : 1;
}

/* Writes the name behind the digest. All who do so write the same bytes, so a tenant that died in
 * between has left nothing to wait for. */
static void write_name(struct weir_session_barrier_shm *b, const uint64_t *word)
{
	uint32_t i;

	for (i = 0; i < WEIR_SESSION_BARRIER_NAME / 8u; i++)
		weir_store_relaxed64(&b->name[i], word[i]); /* relaxed: released by `named` */
	/* SESSION.NAME release: pairs with same_name() and weir_watch_read_barrier() */
	weir_store_release32(&b->named, 1);
}

static int same_name(const struct weir_session_barrier_shm *b, const uint64_t *word)
{
	uint32_t i;

	for (i = 0; i < WEIR_SESSION_BARRIER_NAME / 8u; i++)
		if (weir_load_relaxed64(&b->name[i]) != word[i])
			return 0;
	return 1;
}

int weir_session_barrier_open(struct weir_session *s, const char *name, uint32_t *id,
			      struct weir_error *err)
{
	uint64_t word[WEIR_SESSION_BARRIER_NAME / 8u] = {0}, key;
	size_t len = strlen(name);
	uint32_t i;

	if (s->magic != SESSION_MAGIC)
		return weir_error_set(err, -ENOTCONN, "session: handle", 0, 0);
	if (len == 0)
		return weir_error_set(err, -EINVAL, "session: length of a barrier's name", 0, 1);
	if (len >= WEIR_SESSION_BARRIER_NAME)
		return weir_error_set(err, -ENAMETOOLONG, "session: length of a barrier's name", len,
				      WEIR_SESSION_BARRIER_NAME - 1u);
	memcpy(word, name, len);
	key = digest(name);
	for (i = 0; i < s->n_barriers; i++) {
		struct weir_session_barrier_shm *b = barrier_of(s, i);

		/* taken in order and never given back: the first match is everybody's. Acquire
		 * inside; the digest alone decides */
		if (weir_load_relaxed64(&b->id) != key && !weir_cas64(&b->id, 0, key) &&
		    weir_load_relaxed64(&b->id) != key)
			continue;
		/* SESSION.NAME acquire: pairs with write_name() */
		if (weir_load_acquire32(&b->named) == 0)
			write_name(b, word);
		else if (!same_name(b, word))
			continue;
		*id = i;
		return WEIR_OK;
	}
	return weir_error_set(err, -ENOSPC, "session: barriers", s->n_barriers, s->n_barriers);
}

static void announce(struct weir_session *s, uint32_t id)
{
	/* the member's bit, then the barrier's: taken in the opposite order */
	(void)weir_fetch_or64(&barrier_of(s, id)->arrived[s->slot / 64u],
			      UINT64_C(1) << (s->slot % 64u));
	(void)weir_fetch_or64(&s->shm->dirty, UINT64_C(1) << id);
	ring_bell_of(s, WEIR_SESSION_COORDINATOR);
}

static int valid(const struct weir_session *s, uint32_t id, enum weir_barrier_mode mode,
		 enum weir_barrier_policy policy)
{
	if (s->magic != SESSION_MAGIC)
		return -ENOTCONN;
	if (id >= s->n_barriers || weir_load_relaxed64(&barrier_of(s, id)->id) == 0 ||
	    (unsigned)mode < WEIR_BARRIER_RENDEZVOUS || (unsigned)mode > WEIR_BARRIER_PROCESSING ||
	    (unsigned)policy > WEIR_BARRIER_FAIL)
		return -EINVAL;
	if (s->flags & WEIR_SESSION_OBSERVER)
		return -EPERM;
	if (s->mine[id].under_way)
		return -EBUSY;
	if (mode == WEIR_BARRIER_PROCESSING && s->targets < (uint64_t)s->members * s->members)
		return -ENOBUFS;
	return s->orphan ? -ENOTCONN : WEIR_OK;
}

int weir_session_barrier_begin(struct weir_session *s, uint32_t id, enum weir_barrier_mode mode,
			       enum weir_barrier_policy policy, weir_ns deadline)
{
	struct weir_session_arrival_shm *a;
	struct mine *mine;
	int rc = valid(s, id, mode, policy);

	if (rc != WEIR_OK)
		return rc;
	weir_session_serve(s);
	a = arrival_of(s, id, s->slot);
	mine = &s->mine[id];
	/* relaxed: released by the count */
	weir_store_relaxed64(&a->generation, mine->generation);
	weir_store_relaxed64(&a->cut, weir_ring_writer_leading(&s->writer));
	weir_store_relaxed64(&a->deadline, deadline != 0 ? deadline : WEIR_NS_NEVER);
	weir_store_relaxed32(&a->mode, (uint32_t)mode);
	weir_store_relaxed32(&a->policy, (uint32_t)policy);
	/* SESSION.ARRIVE release: pairs with weir_session_feed(); the line, and whatever this member
	 * wrote before it arrived */
	weir_store_release64(&a->count, ++mine->count);
	mine->under_way = 1;
	s->stats.arrivals++;
	announce(s, id);
	return WEIR_OK;
}

/* What is known of a generation: the coordinator's record, while it is the last. */
static void fill_result(const struct weir_session *s, uint32_t id, uint64_t generation, int code,
			struct weir_barrier_result *out)
{
	if (generation != 0 && weir_session_read_result(barrier_of(s, id), out) == WEIR_OK &&
	    out->generation == generation)
		return;
	memset(out, 0, sizeof(*out));
	out->generation = generation;
	out->outcome = code;
}

/* The coordinator died before it replied to this member: had it decided? It publishes its decision
 * before the first reply, so what anybody was told stands there. A member that was told of no
 * generation yet goes by the coordinator's words in its line: the one it may enter first, 0 if it
 * is not counted (vacate()), unless that reply had been begun. */
static int decided_before_death(const struct weir_session *s, uint32_t id,
				struct weir_barrier_result *r)
{
	const struct weir_session_arrival_shm *a = arrival_of(s, id, s->slot);
	uint64_t first = s->mine[id].generation;

	if (weir_session_read_result(barrier_of(s, id), r) != WEIR_OK ||
	    r->generation <= s->mine[id].last || !weir_group_set_has(&r->released, s->slot))
		return 0;
	if (first == 0 && weir_load_relaxed64(&a->ended) == r->generation)
		return 1; /* relaxed, both: who wrote them is dead */
	if (first == 0)
		first = weir_load_relaxed64(&a->next);
	return first != 0 && r->generation >= first;
}

static int test_orphan(struct weir_session *s, uint32_t id, struct weir_barrier_result *result)
{
	struct weir_barrier_result r;
	int code = -ENOTCONN;

	s->mine[id].under_way = 0;
	if (decided_before_death(s, id, &r)) {
		code = r.outcome;
		s->mine[id].last = r.generation;
		if (result != NULL)
			*result = r;
	} else if (result != NULL) {
		fill_result(s, id, 0, code, result);
	}
	return code;
}

int weir_session_barrier_test(struct weir_session *s, uint32_t id,
			      struct weir_barrier_result *result)
{
	struct weir_session_arrival_shm *a;
	struct mine *mine;
	uint64_t ended;
	int code;

	if (id >= s->n_barriers || !s->mine[id].under_way)
		return -EINVAL;
	a = arrival_of(s, id, s->slot);
	mine = &s->mine[id];
	/* SESSION.REPLY acquire: pairs with reply() */
	if (weir_load_acquire64(&a->replied) != mine->count)
		return s->orphan ? test_orphan(s, id, result) : WEIR_PENDING;
	code = (int)(int64_t)weir_load_relaxed64(&a->code); /* relaxed: `replied` orders all three */
	ended = weir_load_relaxed64(&a->ended);
	mine->generation = weir_load_relaxed64(&a->next);
	mine->under_way = 0;
	if (ended != 0)
		mine->last = ended;
	if (result != NULL)
		fill_result(s, id, ended, code, result);
	return code;
}

int weir_session_barrier_cancel(struct weir_session *s, uint32_t id)
{
	if (id >= s->n_barriers || !s->mine[id].under_way)
		return -EINVAL;
	/* SESSION.ARRIVE release: as a count; pairs with weir_session_feed() */
	weir_store_release64(&arrival_of(s, id, s->slot)->cancel, s->mine[id].count);
	announce(s, id);
	return WEIR_OK;
}

struct await {
	struct weir_barrier_result *result;
	uint32_t id;
};

static int decided(struct weir_session *s, void *arg)
{
	const struct await *w = arg;

	return weir_session_barrier_test(s, w->id, w->result);
}

int weir_session_barrier(struct weir_session *s, uint32_t id, enum weir_barrier_mode mode,
			 enum weir_barrier_policy policy, const struct weir_wait *how,
			 struct weir_barrier_result *result)
{
	struct weir_session_member_shm *me = member_of(s, s->slot);
	struct weir_wait patient = {.strategy = WEIR_WAIT_SPIN};
	struct await w = {result, id};
	int rc;

	if (s->busy)
		return -EDEADLK;
	if (how != NULL && (unsigned)how->strategy > WEIR_WAIT_PARK)
		return -EINVAL;
	if (how != NULL)
		patient = *how;
	/* the coordinator decides at the deadline: give its word the time to come */
	if (patient.deadline != 0 && patient.deadline < WEIR_NS_NEVER - GRACE_NS)
		patient.deadline += GRACE_NS;
	rc = weir_session_barrier_begin(s, id, mode, policy, how != NULL ? how->deadline : 0);
	if (rc != WEIR_OK && rc != -EBUSY)
		return rc;
	weir_store_relaxed32(&me->waiting, id + 1u); /* relaxed: for those who look from outside */
	rc = weir_session_block(s, decided, &w, &patient);
	weir_store_relaxed32(&me->waiting, 0);
	if (s->mine[id].under_way && result != NULL)
		memset(result, 0, sizeof(*result));
	return rc;
}
