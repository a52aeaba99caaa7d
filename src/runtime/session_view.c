/* Sessions: the coordinator's record of each barrier, under a version, for those who look from
 * outside; and the result of its last generation, under another, for those who were in it: that
 * one is written at releases alone, so it can be read while the next generation goes on. A reader
 * that meets a version which does not change and is odd has met a coordinator that died while
 * writing: it says -EAGAIN, as for a busy one, and the identity tells which. */
#include "session_priv.h"

#include <string.h>

#define TRIES 64
#define VIEW_WORDS (sizeof(struct weir_watch_barrier) / 8u)
#define RESULT_WORDS (sizeof(struct weir_barrier_result) / 8u)
WEIR_ASSERT_LAYOUT(sizeof(struct weir_watch_barrier) % 8u == 0);
WEIR_ASSERT_LAYOUT(sizeof(struct weir_barrier_result) % 8u == 0);

static void compose(const struct charge *c, struct weir_watch_barrier *v)
{
	memset(v, 0, sizeof(*v));
	v->generation = c->b.generation;
	v->state = c->b.state;
	v->mode = c->b.mode;
	v->policy = c->b.policy;
	v->members = c->b.members;
	v->since = c->b.since;
	v->opened = c->b.opened;
	v->deadline = c->b.deadline;
	if (c->b.state != WEIR_BARRIER_IDLE) {
		v->frozen = c->b.frozen;
		v->arrived = c->b.arrived;
		v->missing = weir_barrier_missing(&c->b);
	}
	v->result = c->b.result;
	v->stats = c->b.stats;
	v->stats.struct_size = sizeof(v->stats);
	v->drain = c->drained;
	v->n_behind = c->n_behind;
	memcpy(v->behind, c->behind, sizeof(v->behind));
}

static void publish(uint64_t *at, uint64_t *words, const uint64_t *from, uint32_t n)
{
	uint64_t version = weir_load_relaxed64(at) | 1u;
	uint32_t i;

	/* SESSION.VIEW odd: relaxed, the release fence keeps the words below behind it */
	weir_store_relaxed64(at, version);
	weir_fence_release();
	for (i = 0; i < n; i++)
		weir_store_relaxed64(&words[i], from[i]); /* relaxed: under the version */
	/* SESSION.VIEW release: pairs with look() */
	weir_store_release64(at, version + 1u);
}

static int look(const uint64_t *at, const uint64_t *words, uint64_t *to, uint32_t n)
{
	uint64_t version;
	uint32_t i;
	int tries;

	for (tries = 0; tries < TRIES; tries++) {
		/* SESSION.VIEW acquire: pairs with publish() */
		version = weir_load_acquire64(at);
		for (i = 0; i < n; i++)
			to[i] = weir_load_relaxed64(&words[i]); /* relaxed: validated below */
		weir_fence_acquire(); /* SESSION.VIEW: the words before the second look */
		if ((version & 1u) == 0 && weir_load_relaxed64(at) == version)
			return WEIR_OK;
	}
	return -EAGAIN;
}

void weir_session_publish_view(struct charge *c)
{
	struct weir_session_barrier_shm *b = barrier_of(c->s, c->id);
	struct weir_watch_barrier v;
	uint64_t word[VIEW_WORDS];

	c->changed = 0;
	compose(c, &v);
	memcpy(word, &v, sizeof(word));
	publish(&b->version, b->view, word, VIEW_WORDS);
}

void weir_session_publish_result(struct charge *c)
{
	struct weir_session_barrier_shm *b = barrier_of(c->s, c->id);
	uint64_t word[RESULT_WORDS];

	memcpy(word, &c->b.result, sizeof(word));
	publish(&b->result_version, b->result, word, RESULT_WORDS);
}

int weir_session_read_view(const struct weir_session_barrier_shm *b, struct weir_watch_barrier *out)
{
	uint64_t word[VIEW_WORDS];
	int rc = look(&b->version, b->view, word, VIEW_WORDS);

	if (rc == WEIR_OK)
		memcpy(out, word, sizeof(*out));
	return rc;
}

int weir_session_read_result(const struct weir_session_barrier_shm *b,
			     struct weir_barrier_result *out)
{
	uint64_t word[RESULT_WORDS];
	int rc = look(&b->result_version, b->result, word, RESULT_WORDS);

	if (rc == WEIR_OK)
		memcpy(out, word, sizeof(*out));
	return rc;
}
