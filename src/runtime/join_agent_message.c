/* Join agents: messages. Whatever the bytes are, they are counted as one of: foreign (for somebody
 * else), malformed, or one of those that follow.
 *
 * The decoder stores nothing of a map that it refuses. That a map for this output has come and is
 * bad must be known all the same: it blocks the join. So the output and the epoch, which every
 * version has in the same place, are looked up in the bytes; only for faults of content, since
 * bytes that end too early are no map. */
#include "join_agent_priv.h"

#include <string.h>

static uint32_t le16(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t le32(const uint8_t *p)
{
	return le16(p) | le16(p + 2) << 16;
}

static uint64_t le64(const uint8_t *p)
{
	return (uint64_t)le32(p) | (uint64_t)le32(p + 4) << 32;
}

static int of_content(enum weir_codec_reason why)
{
	switch ((unsigned)why) {
	case WEIR_CODEC_REQUIRED_NULL:
	case WEIR_CODEC_CLOCK_DOMAIN:
	case WEIR_CODEC_CAPACITY:
	case WEIR_CODEC_RULE_TYPE:
	case WEIR_CODEC_TIMESTAMP_SOURCE:
	case WEIR_CODEC_PARAM_MISSING:
	case WEIR_CODEC_PARAM_CONFLICT:
	case WEIR_CODEC_WINDOW_ZERO:
	case WEIR_CODEC_PARAM_RANGE:
		return 1;
	default:
		return 0;
	}
}

/* The bytes were refused for `why`, which comes after the header and the root block. */
static void on_bad_map(struct weir_join_agent *a, const uint8_t *p, enum weir_codec_reason why)
{
	struct weir_merge_map m;
	uint32_t template = le16(p + 2);

	if (!of_content(why) || le16(p + 4) != WEIR_CODEC_SCHEMA_MERGE ||
	    (template != 1u && template != 3u))
		return;
	memset(&m, 0, sizeof(m));
	m.kind = template == 1u ? WEIR_MERGE_SEQUENCE : WEIR_MERGE_TIMESTAMP;
	m.out = le32(p + WEIR_CODEC_HEADER);
	m.epoch = le64(p + WEIR_CODEC_HEADER + 4u);
	m.clock = WEIR_MERGE_MONOTONIC;
	m.rule = a->rules;
	join_agent_on_map(a, &m, why);
}

static void take(struct weir_join_agent *a, const struct weir_codec_message *m)
{
	switch (m->kind) {
	case WEIR_CODEC_SEQUENCE_MAP:
	case WEIR_CODEC_TIMESTAMP_MAP:
		join_agent_on_map(a, &m->map, WEIR_CODEC_OK);
		return;
	case WEIR_CODEC_SEQUENCE_REQUEST:
		join_agent_on_request(a, WEIR_MERGE_SEQUENCE, &m->request);
		return;
	case WEIR_CODEC_TIMESTAMP_REQUEST:
		join_agent_on_request(a, WEIR_MERGE_TIMESTAMP, &m->request);
		return;
	case WEIR_CODEC_FRAME:
		join_agent_on_frame(a, &m->frame);
		return;
	case WEIR_CODEC_POOL:
		join_agent_on_pool(a, &m->pool);
		return;
	case WEIR_CODEC_REVOKED:
		join_agent_on_revoked(a, &m->revoked);
		return;
	case WEIR_CODEC_SHUTDOWN:
		join_agent_on_shutdown(a, &m->shutdown);
		return;
	case WEIR_CODEC_READY:
		join_agent_on_ready(a, &m->ready);
		return;
	default:
		a->stats.others++;
		return;
	}
}

static uint32_t accepted(const struct weir_join_agent *a)
{
	uint32_t accept = 0;

	if (join_agent_is(a, WEIR_JOIN_AGENT_STAGE))
		accept |= WEIR_CODEC_ALL & ~KIND_BIT_REQUESTS;
	if (join_agent_is(a, WEIR_JOIN_AGENT_AUTHORITY))
		accept |= KIND_BIT_REQUESTS;
	if ((a->cfg.flags & (uint32_t)WEIR_JOIN_AGENT_STRICT) != 0)
		accept |= WEIR_CODEC_STRICT;
	return accept;
}

void join_agent_receive(void *ctx, const void *buf, size_t len, weir_ns now)
{
	struct weir_join_agent *a = ctx;
	uint32_t room = join_agent_is(a, WEIR_JOIN_AGENT_STAGE) ? a->join.cfg.max_rules : 0;
	struct weir_codec_message m;
	enum weir_codec_reason why;

	if (join_agent_over(a))
		return;
	join_agent_enter(a, now);
	a->stats.messages++;
	why = weir_codec_decode(buf, len, accepted(a), a->rules, room, &m);
	switch ((unsigned)why) {
	case WEIR_CODEC_OK:
		take(a, &m);
		break;
	case WEIR_CODEC_SCHEMA:
	case WEIR_CODEC_TEMPLATE:
		a->stats.foreign++;
		break;
	default:
		a->stats.malformed++;
		on_bad_map(a, buf, why);
		break;
	}
	join_agent_leave(a);
}

int weir_join_agent_message(struct weir_join_agent *a, const void *buf, size_t len, weir_ns now)
{
	if (join_agent_over(a))
		return -ECANCELED;
	join_agent_receive(a, buf, len, now);
	return WEIR_OK;
}
