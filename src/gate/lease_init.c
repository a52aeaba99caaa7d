/* A lease's configuration, words and counters. */
#include <string.h>

#include <weir/lease.h>

static int refuse(struct weir_error *err, const char *what, uint64_t value, uint64_t limit)
{
	return weir_error_set(err, -EINVAL, what, value, limit);
}

static int check(const struct weir_lease_config *c, struct weir_error *err)
{
	if (c->struct_size != sizeof(*c))
		return refuse(err, "lease: config struct_size", c->struct_size, sizeof(*c));
	if (c->stream == 0 || c->stream == UINT32_MAX)
		return refuse(err, "lease: stream", c->stream, UINT32_MAX - 1u);
	if (c->client == 0 || c->client == UINT32_MAX)
		return refuse(err, "lease: client", c->client, UINT32_MAX - 1u);
	if (c->role < WEIR_CODEC_ROLE_PRODUCER || c->role > WEIR_CODEC_ROLE_AUTHORITY)
		return refuse(err, "lease: role", c->role, WEIR_CODEC_ROLE_AUTHORITY);
	if (c->layout_version == UINT32_MAX)
		return refuse(err, "lease: layout_version", c->layout_version, UINT32_MAX - 1u);
	if (c->publish_mode != WEIR_CODEC_REQUIRE_EXISTING &&
	    c->publish_mode != WEIR_CODEC_EXISTING_OR_CREATE &&
	    c->publish_mode != WEIR_CODEC_NO_MODE)
		return refuse(err, "lease: publish_mode", c->publish_mode,
			      WEIR_CODEC_EXISTING_OR_CREATE);
	if (c->hugepages > 2)
		return refuse(err, "lease: hugepages", c->hugepages, 2);
	if (c->keepalive_ns == 0)
		return refuse(err, "lease: keepalive_ns", 0, 1);
	if (c->retry_ns == 0)
		return refuse(err, "lease: retry_ns", 0, 1);
	if (c->retry_max_ns < c->retry_ns)
		return refuse(err, "lease: retry_max_ns", c->retry_max_ns, c->retry_ns);
	if (c->correlation < 0)
		return refuse(err, "lease: correlation", (uint64_t)c->correlation, INT64_MAX);
	return WEIR_OK;
}

int weir_lease_init(struct weir_lease *l, const struct weir_lease_config *cfg, weir_ns now,
		    struct weir_error *err)
{
	int rc = check(cfg, err);

	if (rc != WEIR_OK)
		return rc;
	memset(l, 0, sizeof(*l));
	l->config = *cfg;
	l->state = WEIR_LEASE_IDLE;
	l->correlation = cfg->correlation == 0 ? INT64_MAX : cfg->correlation - 1;
	l->now = now;
	l->since = now;
	l->next = WEIR_NS_NEVER;
	l->delay = cfg->retry_ns;
	l->stats.struct_size = sizeof(l->stats);
	return WEIR_OK;
}

#define X(n) #n,

const char *weir_lease_state_name(unsigned state)
{
	static const char *const name[] = {WEIR_LEASE_STATES(X)};

	return state < WEIR_LEASE_STATE_COUNT ? name[state] : "?";
}

const char *weir_lease_event_name(unsigned kind)
{
	static const char *const name[] = {WEIR_LEASE_EVENTS(X)};

	return kind < WEIR_LEASE_EVENT_COUNT ? name[kind] : "?";
}

const char *weir_lease_action_name(unsigned kind)
{
	static const char *const name[] = {WEIR_LEASE_ACTIONS(X)};

	return kind < WEIR_LEASE_ACTION_COUNT ? name[kind] : "?";
}

#undef X

#define STAT(name, unit, help)                                                                     \
	{                                                                                          \
#name, unit, help, (uint32_t)offsetof(struct weir_lease_stats, name), 0            \
	}

const struct weir_stat_desc weir_lease_stat_desc[] = {
	STAT(requests, "messages", "that asked to attach"),
	STAT(granted, "leases", "got"),
	STAT(refused, "requests", "refused"),
	STAT(gave_up, "times", "not granted in time"),
	STAT(keepalives, "messages", "that said that we are alive"),
	STAT(lost, "leases", "lost"),
	STAT(epochs, "epochs", "of the stream that began during a lease"),
	STAT(detaches, "messages", "that gave a lease back"),
};
const uint32_t weir_lease_stat_count =
	sizeof(weir_lease_stat_desc) / sizeof(weir_lease_stat_desc[0]);
