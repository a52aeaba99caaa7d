/* Join agents: an authority.
 *
 * A map is encoded once, when it comes into the authority's hands, and sent as it is. Who asks is
 * answered after the polls of a cycle: a hundred who ask in one get one answer, which all of them
 * hear, and a request is never answered with more than one map. */
#include "join_agent_priv.h"

#include <string.h>

static uint8_t *bytes_of(const struct weir_join_agent *a, uint32_t i)
{
	return a->held_bytes + (size_t)i * a->held_stride;
}

static uint32_t find(const struct weir_join_agent *a, uint32_t kind, uint32_t out, uint64_t epoch)
{
	uint32_t i;

	for (i = 0; i < a->n_held; i++) {
		if (a->held[i].kind == kind && a->held[i].out == out && a->held[i].epoch == epoch)
			break;
	}
	return i;
}

const uint8_t *join_agent_held(const struct weir_join_agent *a, enum weir_merge_kind kind,
                               uint32_t out, uint64_t epoch, size_t *len)
{
	uint32_t i = find(a, (uint32_t)kind, out, epoch);

	if (i == a->n_held)
		return NULL;
	*len = a->held[i].len;
	return bytes_of(a, i);
}

/* Of each output and kind the newest epoch is announced; when the next announcement is due. */
static void plan(struct weir_join_agent *a)
{
	uint32_t i;

	a->announce_at = WEIR_NS_NEVER;
	for (i = 0; i < a->n_held; i++) {
		if (a->held[i].newest && a->held[i].at < a->announce_at)
			a->announce_at = a->held[i].at;
	}
}

/* The newest epoch of that output and kind, again, after a map of it has come or gone. */
static void mark_newest(struct weir_join_agent *a, uint32_t kind, uint32_t out)
{
	struct weir_priv_join_agent_held *newest = NULL;
	uint32_t i;

	for (i = 0; i < a->n_held; i++) {
		struct weir_priv_join_agent_held *h = &a->held[i];

		if (h->kind != kind || h->out != out)
			continue;
		h->newest = 0;
		if (newest == NULL || h->epoch > newest->epoch)
			newest = h;
	}
	if (newest != NULL)
		newest->newest = 1;
	plan(a);
}

int weir_join_agent_hold(struct weir_join_agent *a, const struct weir_merge_map *m, weir_ns now,
                         struct weir_error *err)
{
	struct weir_codec_message msg;
	struct weir_priv_join_agent_held *h;
	enum weir_merge_reason why;
	uint32_t i, rule;
	int rc;

	if (join_agent_over(a))
		return weir_error_set(err, -ECANCELED, "join agent: closed", 0, 0);
	if (!join_agent_is(a, WEIR_JOIN_AGENT_AUTHORITY))
		return weir_error_set(err, -EINVAL, "join agent: no authority", a->cfg.roles,
		                      WEIR_JOIN_AGENT_AUTHORITY);
	why = weir_merge_map_check_join(m, &rule);
	if (why != WEIR_MERGE_OK)
		return weir_error_set(err, -EINVAL, weir_merge_reason_text((unsigned)why), rule,
		                      (uint64_t)why);
	if (m->n_rules > a->cfg.map_rules)
		return weir_error_set(err, -ENOBUFS, "join agent: map_rules", m->n_rules,
		                      a->cfg.map_rules);
	i = find(a, m->kind, m->out, m->epoch);
	if (i == a->cfg.maps)
		return weir_error_set(err, -ENOSPC, "join agent: maps", (uint64_t)i + 1u,
		                      a->cfg.maps);
	h = &a->held[i];
	msg = weir_codec_of_map(m);
	rc = weir_codec_encode(&msg, bytes_of(a, i), a->held_stride, &h->len, err);
	if (rc != WEIR_OK)
		return rc;
	join_agent_enter(a, now);
	if (i == a->n_held) {
		a->n_held++;
		h->answer = 0;
		h->kind = m->kind;
		h->out = m->out;
		h->epoch = m->epoch;
	}
	h->at = a->now;
	mark_newest(a, m->kind, m->out);
	/* what it sends does not come back to it */
	if (join_agent_is(a, WEIR_JOIN_AGENT_STAGE) && m->out == a->join.cfg.out)
		join_agent_on_map(a, m, WEIR_CODEC_OK);
	join_agent_leave(a);
	return WEIR_OK;
}

int weir_join_agent_release(struct weir_join_agent *a, enum weir_merge_kind kind, uint32_t out,
                            uint64_t epoch)
{
	uint32_t i = find(a, (uint32_t)kind, out, epoch), last;

	if (i == a->n_held)
		return -ENOENT;
	last = --a->n_held;
	a->n_answers -= a->held[i].answer;
	if (i != last) {
		a->held[i] = a->held[last];
		memcpy(bytes_of(a, i), bytes_of(a, last), a->held[last].len);
	}
	mark_newest(a, (uint32_t)kind, out);
	return WEIR_OK;
}

void join_agent_on_request(struct weir_join_agent *a, enum weir_merge_kind kind,
                           const struct weir_codec_request *r)
{
	uint32_t i = find(a, (uint32_t)kind, r->out, r->epoch);

	a->stats.asked++;
	if (i == a->n_held) {
		a->stats.unknown++;
		return;
	}
	a->n_answers += a->held[i].answer == 0;
	a->held[i].answer = 1;
}

/* Sends it if somebody has asked, or it is due. 1: sent, 0: nothing to do, -1: no room. */
static int serve(struct weir_join_agent *a, uint32_t i)
{
	struct weir_priv_join_agent_held *h = &a->held[i], was = *h;
	int due = h->newest && a->now >= h->at, rc;

	if (!due && !h->answer)
		return 0;
	rc = join_agent_offer(a, bytes_of(a, i), h->len);
	/* its event may have had a map released: the places move */
	i = find(a, was.kind, was.out, was.epoch);
	if (i == a->n_held)
		return 1;
	h = &a->held[i];
	if (rc == WEIR_FULL) {
		a->stats.announce_full++;
		a->has |= (uint32_t)AGAIN;
		return -1;
	}
	if (due) {
		h->at = join_agent_later(h->at, a->cfg.announce_ns);
		if (h->at <= a->now) /* not what was missed while nobody worked */
			h->at = join_agent_later(a->now, a->cfg.announce_ns);
	}
	if (rc == WEIR_OK) {
		a->stats.announced += (unsigned)due;
		a->stats.answered += h->answer;
	}
	a->n_answers -= h->answer;
	h->answer = 0;
	return 1;
}

uint32_t join_agent_serve(struct weir_join_agent *a)
{
	uint32_t i, sent = 0, n = a->n_held;
	int rc = 0;

	if (a->n_answers == 0 && a->now < a->announce_at)
		return 0;
	for (i = 0; i < n && rc >= 0 && !join_agent_over(a); i++) {
		if (sent == a->cfg.limit) {
			a->has |= (uint32_t)AGAIN;
			break;
		}
		a->held_turn = (a->held_turn + 1u) % n;
		rc = serve(a, a->held_turn);
		sent += rc > 0;
		n = a->n_held < n ? a->n_held : n; /* a callback may have released some */
		if (n == 0)
			break;
	}
	plan(a);
	return sent;
}
