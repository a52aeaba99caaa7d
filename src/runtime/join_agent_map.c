/* Join agents: maps, the epoch of the output, and asking.
 *
 * MAPPED mirrors whether the join has a map. Whatever may end it is followed by check_map(), which
 * sees the difference and begins to ask. A map that is bad does not begin it anew: who answers with
 * a bad map would be asked again at once, for ever. */
#include "join_agent_priv.h"

#include <string.h>

static void begin_asking(struct weir_join_agent *a, weir_ns after)
{
	a->has &= ~(uint32_t)GAVE_UP;
	a->ask_count = 0;
	a->ask_wait = a->cfg.retry_ns;
	a->ask_at = join_agent_later(a->now, after);
}

void join_agent_check_map(struct weir_join_agent *a, uint32_t stream, uint64_t epoch)
{
	struct weir_join_agent_event e = {
		.kind = WEIR_JOIN_AGENT_MAP_ENDED, .stream = stream, .epoch = epoch};

	if ((a->has & (uint32_t)MAPPED) == 0 || a->join.state == WEIR_JOIN_STATUS_OK ||
	    join_agent_over(a))
		return;
	a->has &= ~(uint32_t)MAPPED;
	a->stats.maps_ended++;
	begin_asking(a, 0);
	join_agent_raise(a, &e);
}

/* ---- epochs ---- */

enum weir_join_answer join_agent_set_epoch(struct weir_join_agent *a, uint64_t epoch)
{
	struct weir_join_agent_event e = {
		.kind = WEIR_JOIN_AGENT_EPOCH, .stream = a->join.cfg.out, .epoch = epoch};
	enum weir_join_answer answer = weir_join_set_epoch(&a->join, epoch);
	int same = (a->has & (uint32_t)KNOWN) != 0 && a->epoch == epoch;

	if (answer == WEIR_JOIN_CLOSED || same)
		return answer;
	a->epoch = epoch;
	a->has = (a->has & ~(uint32_t)VOIDED) | (uint32_t)(KNOWN | LOOK);
	if ((a->has & (uint32_t)MAPPED) == 0)
		begin_asking(a, 0);
	join_agent_raise(a, &e);
	join_agent_check_map(a, a->join.cfg.out, epoch);
	return answer;
}

enum weir_join_answer weir_join_agent_set_epoch(struct weir_join_agent *a, uint64_t epoch,
                                                weir_ns now)
{
	enum weir_join_answer answer;

	if (join_agent_over(a))
		return WEIR_JOIN_CLOSED;
	if (!join_agent_is(a, WEIR_JOIN_AGENT_STAGE))
		return WEIR_JOIN_NOT_TRACKED;
	join_agent_enter(a, now);
	answer = join_agent_set_epoch(a, epoch);
	join_agent_leave(a);
	return answer;
}

void join_agent_on_ready(struct weir_join_agent *a, const struct weir_codec_ready *r)
{
	struct weir_join_agent_event e = {.kind = WEIR_JOIN_AGENT_READY,
	                                  .stream = r->out,
	                                  .epoch = r->epoch,
	                                  .value = r->round};
	int seen = (a->has & (uint32_t)QUORATE) != 0;

	if (r->out != a->join.cfg.out) {
		a->stats.others++;
		return;
	}
	a->stats.readies++;
	if (seen && (r->epoch < a->ready_epoch ||
	             (r->epoch == a->ready_epoch && r->round <= a->ready_round)))
		return;
	a->ready_epoch = r->epoch;
	a->ready_round = r->round;
	a->has |= (uint32_t)(QUORATE | LOOK);
	if ((a->has & (uint32_t)(KNOWN | VOIDED)) == 0 || r->epoch > a->epoch)
		(void)join_agent_set_epoch(a, r->epoch);
	join_agent_raise(a, &e);
}

/* ---- maps ---- */

static void applied(struct weir_join_agent *a, const struct weir_merge_map *m, uint32_t warnings)
{
	struct weir_join_agent_event e = {.kind = WEIR_JOIN_AGENT_MAP,
	                                  .stream = m->out,
	                                  .epoch = m->epoch,
	                                  .value = warnings};

	a->stats.maps++;
	a->has = (a->has & ~(uint32_t)(GAVE_UP | VOIDED)) | (uint32_t)(MAPPED | KNOWN);
	a->epoch = m->epoch;
	join_agent_place(a);
	join_agent_raise(a, &e);
}

static void invalid(struct weir_join_agent *a, const struct weir_merge_map *m, uint32_t reason)
{
	struct weir_join_agent_event e = {.kind = WEIR_JOIN_AGENT_MAP_INVALID,
	                                  .stream = m->out,
	                                  .epoch = m->epoch,
	                                  .value = reason};

	a->stats.maps_refused++;
	if ((a->has & (uint32_t)MAPPED) != 0 && a->join.state != WEIR_JOIN_STATUS_OK) {
		a->has &= ~(uint32_t)MAPPED;
		begin_asking(a, a->cfg.retry_ns);
	}
	join_agent_raise(a, &e);
}

static void too_large(struct weir_join_agent *a, const struct weir_merge_map *m)
{
	struct weir_join_agent_event e = {
		.kind = WEIR_JOIN_AGENT_MAP_CAPACITY, .stream = m->out, .epoch = m->epoch};

	a->stats.maps_refused++;
	join_agent_raise(a, &e);
}

void join_agent_on_map(struct weir_join_agent *a, const struct weir_merge_map *m,
                       enum weir_codec_reason refused)
{
	struct weir_join_fault fault;

	if (m->out != a->join.cfg.out) {
		a->stats.others += refused == WEIR_CODEC_OK;
		return;
	}
	if (refused == WEIR_CODEC_CAPACITY) {
		too_large(a, m);
		return;
	}
	if ((a->has & (uint32_t)VOIDED) != 0 && m->epoch > a->epoch && refused == WEIR_CODEC_OK)
		(void)join_agent_set_epoch(a, m->epoch);
	switch (weir_join_apply(&a->join, m, a->now, &fault)) {
	case WEIR_JOIN_OK:
		applied(a, m, fault.warnings);
		return;
	case WEIR_JOIN_NO_CHANGE:
		a->stats.map_repeats++;
		return;
	case WEIR_JOIN_INVALID:
		invalid(a, m, refused == WEIR_CODEC_OK ? fault.reason : (uint32_t)refused);
		return;
	case WEIR_JOIN_CAPACITY:
		too_large(a, m);
		return;
	default:
		a->stats.others += refused == WEIR_CODEC_OK;
		return;
	}
}

/* ---- asking ---- */

/* In latest mode either kind will do: each has its turn. */
static enum weir_merge_kind wanted(const struct weir_join_agent *a)
{
	const struct weir_join_config *c = &a->join.cfg;

	if (c->mode == WEIR_JOIN_TIMESTAMP || (c->flags & (uint32_t)WEIR_JOIN_LATEST_BY_TIME) != 0)
		return WEIR_MERGE_TIMESTAMP;
	return c->mode == WEIR_JOIN_LATEST && a->ask_count % 2u != 0 ? WEIR_MERGE_TIMESTAMP
	                                                             : WEIR_MERGE_SEQUENCE;
}

/* An authority asks itself first. */
static int own(struct weir_join_agent *a)
{
	uint32_t kind, room = a->join.cfg.max_rules;
	struct weir_codec_message m;
	const uint8_t *bytes;
	size_t len;

	for (kind = WEIR_MERGE_SEQUENCE; kind <= WEIR_MERGE_TIMESTAMP; kind++) {
		bytes = join_agent_held(a, (enum weir_merge_kind)kind, a->join.cfg.out, a->epoch,
		                        &len);
		if (bytes == NULL || weir_codec_decode(bytes, len, KIND_BIT_MAPS, a->rules, room,
		                                       &m) != WEIR_CODEC_OK)
			continue;
		join_agent_on_map(a, &m.map, WEIR_CODEC_OK);
		if ((a->has & (uint32_t)MAPPED) != 0)
			return 1;
	}
	return 0;
}

static uint32_t give_up(struct weir_join_agent *a)
{
	struct weir_join_agent_event e = {.kind = WEIR_JOIN_AGENT_GAVE_UP,
	                                  .stream = a->join.cfg.out,
	                                  .epoch = a->epoch,
	                                  .value = a->ask_count};

	a->has |= (uint32_t)GAVE_UP;
	a->stats.gave_up++;
	join_agent_raise(a, &e);
	return 1;
}

static uint32_t ask(struct weir_join_agent *a)
{
	struct weir_join_agent_event e = {
		.kind = WEIR_JOIN_AGENT_REQUEST_SENT, .stream = a->join.cfg.out, .epoch = a->epoch};
	struct weir_codec_message m = weir_codec_ask(wanted(a), a->join.cfg.out, a->epoch);
	uint8_t bytes[32];
	size_t len;
	int rc = weir_codec_encode(&m, bytes, sizeof(bytes), &len, NULL);

	if (rc == WEIR_OK)
		rc = join_agent_offer(a, bytes, len);
	if (rc == WEIR_FULL) { /* not asked: in the next cycle */
		a->stats.request_full++;
		a->has |= (uint32_t)AGAIN;
		return 0;
	}
	a->ask_at = join_agent_later(a->now, a->ask_wait);
	a->ask_wait =
		a->ask_wait > a->cfg.retry_max_ns / 2u ? a->cfg.retry_max_ns : a->ask_wait * 2u;
	if (rc != WEIR_OK)
		return 0;
	a->stats.requests++;
	e.value = ++a->ask_count;
	join_agent_raise(a, &e);
	return 1;
}

uint32_t join_agent_request(struct weir_join_agent *a)
{
	if ((a->has & (uint32_t)(MAPPED | GAVE_UP | KNOWN)) != (uint32_t)KNOWN ||
	    a->now < a->ask_at)
		return 0;
	if (own(a))
		return 1;
	if (a->cfg.request_limit != 0 && a->ask_count >= a->cfg.request_limit)
		return give_up(a);
	return ask(a);
}

void weir_join_agent_ask(struct weir_join_agent *a, weir_ns now)
{
	if (join_agent_over(a) || !join_agent_is(a, WEIR_JOIN_AGENT_STAGE))
		return;
	join_agent_enter(a, now);
	begin_asking(a, 0);
	join_agent_leave(a);
}
