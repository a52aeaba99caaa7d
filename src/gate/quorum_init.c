/* A quorum's configuration, and its storage: participants, requests, then the buckets of both. */
#include <string.h>

#include "quorum_internal.h"

static int refuse(struct weir_error *err, const char *what, uint64_t value, uint64_t limit)
{
	return weir_error_set(err, -EINVAL, what, value, limit);
}

static int check_numbers(const struct weir_quorum_config *c, struct weir_error *err)
{
	if (c->struct_size != sizeof(*c))
		return refuse(err, "quorum: config struct_size", c->struct_size, sizeof(*c));
	if (c->out_stream == 0)
		return refuse(err, "quorum: out_stream", 0, 1);
	if (c->participants == 0 || c->participants > WEIR_QUORUM_MAX)
		return refuse(err, "quorum: participants", c->participants, WEIR_QUORUM_MAX);
	if (c->requests == 0 || c->requests > WEIR_QUORUM_MAX)
		return refuse(err, "quorum: requests", c->requests, WEIR_QUORUM_MAX);
	if (c->epochs < WEIR_QUORUM_EPOCH_OUTPUT || c->epochs > WEIR_QUORUM_EPOCH_MATCH)
		return refuse(err, "quorum: epochs", c->epochs, WEIR_QUORUM_EPOCH_MATCH);
	if (c->loss > WEIR_QUORUM_REVOKE)
		return refuse(err, "quorum: loss", c->loss, WEIR_QUORUM_REVOKE);
	if (c->shut > WEIR_QUORUM_REFUSE)
		return refuse(err, "quorum: shut", c->shut, WEIR_QUORUM_REFUSE);
	if (c->timeout_ns == 0)
		return refuse(err, "quorum: timeout_ns", 0, 1);
	if (c->retry_ns == 0)
		return refuse(err, "quorum: retry_ns", 0, 1);
	if (c->retry_limit == 0)
		return refuse(err, "quorum: retry_limit", 0, 1);
	return WEIR_OK;
}

static int check_criteria(const struct weir_quorum_config *c, struct weir_error *err)
{
	uint32_t i;

	if (c->criteria == NULL || c->ncriteria == 0 || c->ncriteria > WEIR_QUORUM_CRITERIA_MAX)
		return refuse(err, "quorum: ncriteria", c->ncriteria, WEIR_QUORUM_CRITERIA_MAX);
	for (i = 0; i < c->ncriteria; i++) {
		if (c->criteria[i].role > WEIR_QUORUM_AUTHORITY)
			return refuse(err, "quorum: role of a criterion", c->criteria[i].role,
				      WEIR_QUORUM_AUTHORITY);
		if (c->criteria[i].count == 0 || c->criteria[i].count > c->participants)
			return refuse(err, "quorum: count of a criterion", c->criteria[i].count,
				      c->participants);
	}
	return WEIR_OK;
}

int weir_quorum_bytes(const struct weir_quorum_config *cfg, size_t *bytes, struct weir_error *err)
{
	int rc = check_numbers(cfg, err);

	if (rc == WEIR_OK)
		rc = check_criteria(cfg, err);
	if (rc == WEIR_OK)
		*bytes = cfg->participants * sizeof(struct weir_quorum_participant) +
			 cfg->requests * sizeof(struct quorum_request) +
			 sizeof(uint32_t) * ((size_t)quorum_table_buckets(cfg->participants) +
					     quorum_table_buckets(cfg->requests));
	return rc;
}

static void lay_out(struct weir_quorum *q, const struct weir_quorum_config *c, unsigned char *at)
{
	size_t participants = c->participants * sizeof(struct weir_quorum_participant);
	size_t requests = c->requests * sizeof(struct quorum_request);
	uint32_t *bucket = WEIR_PTR(uint32_t, at + participants + requests);

	quorum_table_init(&q->participants, at, sizeof(struct weir_quorum_participant),
			  c->participants, bucket, c->seed);
	quorum_table_init(&q->requests, at + participants, sizeof(struct quorum_request),
			  c->requests, bucket + quorum_table_buckets(c->participants), c->seed);
}

int weir_quorum_init(struct weir_quorum *q, const struct weir_quorum_config *cfg,
		     struct weir_span storage, weir_ns now, struct weir_error *err)
{
	size_t bytes;
	int rc = weir_quorum_bytes(cfg, &bytes, err);

	if (rc != WEIR_OK)
		return rc;
	if ((uintptr_t)storage.ptr % 8u != 0)
		return refuse(err, "quorum: storage is misaligned", (uintptr_t)storage.ptr % 8u, 0);
	if (storage.len < bytes)
		return weir_error_set(err, -ENOBUFS, "quorum: storage", storage.len, bytes);
	memset(q, 0, sizeof(*q));
	lay_out(q, cfg, (unsigned char *)storage.ptr);
	memcpy(q->criterion, cfg->criteria, cfg->ncriteria * sizeof(*cfg->criteria));
	q->ncriteria = cfg->ncriteria;
	q->unmet = cfg->ncriteria;
	q->state = WEIR_QUORUM_FORMING;
	q->epochs = cfg->epochs;
	q->loss = cfg->loss;
	q->shut = cfg->shut;
	q->out_stream = cfg->out_stream;
	q->retry_limit = cfg->retry_limit;
	q->epoch = cfg->epoch;
	q->round = 1;
	q->now = now;
	q->since = now;
	q->timeout_ns = cfg->timeout_ns;
	q->retry_ns = cfg->retry_ns;
	q->stale_ns = cfg->stale_ns;
	q->stats.struct_size = sizeof(q->stats);
	q->stats.rounds = 1;
	return WEIR_OK;
}
