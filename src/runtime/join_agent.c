/* Join agents: configuration, storage, life.
 *
 * Everything is in the caller's two pieces of memory. Callbacks may come from any depth and may
 * close the agent: whoever calls back counts `busy`, looks at CLOSED afterwards, and the one who
 * leaves last tells the transports, so that none is changed while it is being polled. */
#include "join_agent_priv.h"

#include <string.h>

#define MS UINT64_C(1000000)
#define DEFAULT_STREAMS 64u
#define TRANSPORTS_MAX 65536u

static uint32_t or32(uint32_t value, uint32_t usual)
{
	return value != 0 ? value : usual;
}

static weir_ns or_ns(weir_ns value, weir_ns usual)
{
	return value != 0 ? value : usual;
}

static struct weir_join_agent_config filled(const struct weir_join_agent_config *cfg)
{
	struct weir_join_agent_config c = *cfg;
	int stage = (c.roles & (uint32_t)WEIR_JOIN_AGENT_STAGE) != 0;
	uint32_t rules = stage ? c.join->max_rules : DEFAULT_STREAMS;

	c.limit = or32(c.limit, 64);
	c.outputs = or32(c.outputs, 64);
	if (stage && c.streams < rules + c.join->n_inputs)
		c.streams = rules + c.join->n_inputs;
	if (!stage)
		c.streams = 0;
	c.proposals = stage ? or32(c.proposals, 16) : 0;
	c.maps = (c.roles & (uint32_t)WEIR_JOIN_AGENT_AUTHORITY) != 0 ? or32(c.maps, 8) : 0;
	c.map_rules = c.maps != 0 ? or32(c.map_rules, rules) : 0;
	c.retry_ns = or_ns(c.retry_ns, 10u * MS);
	c.retry_max_ns = or_ns(c.retry_max_ns, 1000u * MS);
	c.announce_ns = or_ns(c.announce_ns, 1000u * MS);
	return c;
}

static int refuse(struct weir_error *err, const char *what, uint64_t value, uint64_t limit)
{
	return weir_error_set(err, -EINVAL, what, value, limit);
}

static int check(const struct weir_join_agent_config *c, struct weir_error *err)
{
	uint32_t roles = WEIR_JOIN_AGENT_STAGE | WEIR_JOIN_AGENT_AUTHORITY, i;
	size_t bytes;

	if (c->struct_size != sizeof(*c))
		return refuse(err, "join agent: struct_size", c->struct_size, sizeof(*c));
	if (c->roles == 0 || (c->roles & ~roles) != 0)
		return refuse(err, "join agent: roles", c->roles, roles);
	if ((c->flags & ~WEIR_JOIN_AGENT_FLAGS_ALL) != 0)
		return refuse(err, "join agent: flags", c->flags, WEIR_JOIN_AGENT_FLAGS_ALL);
	if (c->map_rules > WEIR_MERGE_RULES_MAX)
		return refuse(err, "join agent: map_rules", c->map_rules, WEIR_MERGE_RULES_MAX);
	if (c->retry_max_ns != 0 && c->retry_max_ns < or_ns(c->retry_ns, 10u * MS))
		return refuse(err, "join agent: retry_max_ns", c->retry_max_ns, c->retry_ns);
	if (c->control.offer == NULL)
		return refuse(err, "join agent: control.offer", 0, 1);
	if (c->n_descriptors > TRANSPORTS_MAX)
		return refuse(err, "join agent: n_descriptors", c->n_descriptors, TRANSPORTS_MAX);
	for (i = 0; i < c->n_descriptors; i++) {
		if (c->descriptors[i].poll == NULL)
			return refuse(err, "join agent: descriptors.poll", i, c->n_descriptors);
	}
	if ((c->roles & (uint32_t)WEIR_JOIN_AGENT_STAGE) == 0)
		return WEIR_OK;
	if (c->join == NULL)
		return refuse(err, "join agent: join", 0, 1);
	return weir_join_bytes(c->join, &bytes, err);
}

/* The next part of the storage; at NULL none is there, and it is only counted. */
static void *part(unsigned char *base, size_t *used, size_t each, size_t n)
{
	size_t at = *used;

	*used += (each * n + WEIR_LINE - 1u) / WEIR_LINE * WEIR_LINE;
	return base != NULL ? base + at : NULL;
}

/* c: with its defaults. Returns the bytes; `join` is where the join's own storage begins. */
static size_t lay_out(struct weir_join_agent *a, const struct weir_join_agent_config *c,
                      unsigned char *base, size_t join_bytes, void **join)
{
	size_t used = 0, seq = weir_codec_map_length(WEIR_MERGE_SEQUENCE, c->map_rules);
	size_t time = weir_codec_map_length(WEIR_MERGE_TIMESTAMP, c->map_rules);
	int stage = (c->roles & (uint32_t)WEIR_JOIN_AGENT_STAGE) != 0;
	uint32_t rules = stage ? c->join->max_rules : 0;

	a->n_transports = c->n_descriptors + 1u;
	a->held_stride = seq > time ? seq : time;
	a->bell = part(base, &used, sizeof(*a->bell), 1);
	a->transport = part(base, &used, sizeof(*a->transport), a->n_transports);
	a->transport_code = part(base, &used, sizeof(*a->transport_code), a->n_transports + 1u);
	a->rules = part(base, &used, sizeof(*a->rules), rules);
	a->stream = part(base, &used, sizeof(*a->stream), c->streams);
	a->pending = part(base, &used, sizeof(*a->pending), c->proposals);
	a->held = part(base, &used, sizeof(*a->held), c->maps);
	a->held_bytes = part(base, &used, a->held_stride, c->maps);
	*join = part(base, &used, 1, join_bytes);
	return used;
}

static int measure(const struct weir_join_agent_config *cfg, struct weir_join_agent *a,
                   unsigned char *base, size_t *bytes, struct weir_span *join,
                   struct weir_error *err)
{
	struct weir_join_agent_config c;
	int rc = check(cfg, err);

	join->len = 0;
	if (rc == WEIR_OK && cfg->join != NULL &&
	    (cfg->roles & (uint32_t)WEIR_JOIN_AGENT_STAGE) != 0)
		rc = weir_join_bytes(cfg->join, &join->len, err);
	if (rc != WEIR_OK)
		return rc;
	c = filled(cfg);
	*bytes = lay_out(a, &c, base, join->len, &join->ptr);
	a->cfg = c;
	return WEIR_OK;
}

int weir_join_agent_bytes(const struct weir_join_agent_config *cfg, size_t *bytes,
                          struct weir_error *err)
{
	struct weir_join_agent a;
	struct weir_span join;

	return measure(cfg, &a, NULL, bytes, &join, err);
}

int weir_join_agent_init(struct weir_join_agent *a, const struct weir_join_agent_config *cfg,
                         struct weir_span mem, struct weir_error *err)
{
	struct weir_join_agent made;
	struct weir_span join = {NULL, 0};
	size_t need = 0;
	int rc;

	memset(&made, 0, sizeof(made));
	rc = measure(cfg, &made, mem.ptr, &need, &join, err);
	if (rc != WEIR_OK)
		return rc;
	if (mem.ptr == NULL || (uintptr_t)mem.ptr % WEIR_LINE != 0)
		return refuse(err, "join agent: alignment of the storage",
		              (uintptr_t)mem.ptr % WEIR_LINE, WEIR_LINE);
	if (mem.len < need)
		return weir_error_set(err, -ENOBUFS, "join agent: storage", mem.len, need);
	memset(mem.ptr, 0, need - join.len);
	if (join.len != 0) {
		rc = weir_join_init(&made.join, cfg->join, join, err);
		if (rc != WEIR_OK)
			return rc;
	}
	made.transport[0] = cfg->control;
	if (cfg->n_descriptors != 0)
		memcpy(made.transport + 1, cfg->descriptors,
		       cfg->n_descriptors * sizeof(*cfg->descriptors));
	made.cfg.join = NULL;
	made.cfg.descriptors = NULL;
	made.stats.struct_size = sizeof(made.stats);
	made.until = made.announce_at = WEIR_NS_NEVER;
	made.ask_wait = made.cfg.retry_ns;
	*a = made;
	if (join_agent_is(a, WEIR_JOIN_AGENT_STAGE) &&
	    (cfg->flags & (uint32_t)WEIR_JOIN_AGENT_EPOCH_KNOWN) != 0) {
		a->epoch = cfg->epoch;
		a->has |= (uint32_t)KNOWN;
		(void)weir_join_set_epoch(&a->join, cfg->epoch);
	}
	return WEIR_OK;
}

void join_agent_enter(struct weir_join_agent *a, weir_ns now)
{
	a->busy++;
	if (now > a->now)
		a->now = now;
}

void join_agent_leave(struct weir_join_agent *a)
{
	uint32_t i;

	if (--a->busy != 0 || (a->has & (uint32_t)(CLOSED | DETACHED)) != (uint32_t)CLOSED)
		return;
	a->has |= (uint32_t)DETACHED;
	for (i = 0; i < a->n_transports; i++) {
		if (a->transport[i].poll != NULL)
			(void)a->transport[i].poll(a->transport[i].ctx, NULL, NULL, 0, a->now);
	}
}

void join_agent_raise(struct weir_join_agent *a, const struct weir_join_agent_event *e)
{
	if (a->cfg.on_event == NULL || join_agent_over(a))
		return;
	a->busy++;
	a->cfg.on_event(a->cfg.ctx, a, e);
	join_agent_leave(a);
}

void weir_join_agent_close(struct weir_join_agent *a)
{
	static const struct weir_join_agent_event closed = {.kind = WEIR_JOIN_AGENT_CLOSED};

	if (join_agent_over(a))
		return;
	if (join_agent_is(a, WEIR_JOIN_AGENT_STAGE))
		weir_join_close(&a->join);
	a->has |= (uint32_t)CLOSED;
	a->busy++;
	if (a->cfg.on_event != NULL)
		a->cfg.on_event(a->cfg.ctx, a, &closed);
	join_agent_leave(a);
}

int weir_join_agent_read_stats(const struct weir_join_agent *a, struct weir_join_agent_stats *out)
{
	if (out->struct_size != sizeof(*out))
		return -EINVAL;
	*out = a->stats;
	return WEIR_OK;
}
