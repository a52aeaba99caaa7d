/* Field by field, under the names that the vectors use: 64-bit values as decimal strings, what is
 * absent as null. */
#include "vector_message.h"

#include <inttypes.h>
#include <stdio.h>

static void put(json_t *o, const char *name, json_t *value)
{
	json_object_set_new(o, name, value);
}

static json_t *small(uint64_t v)
{
	return json_integer((json_int_t)v);
}

static json_t *large(uint64_t v)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, v);
	return json_string(text);
}

static json_t *large_or(uint64_t v, uint64_t absent)
{
	return v == absent ? json_null() : large(v);
}

static json_t *sequence_rule(const struct weir_merge_rule *r)
{
	json_t *o = json_object();

	put(o, "input_stream_id", small(r->input));
	put(o, "rule_type", small(r->type));
	put(o, "offset", r->offset == WEIR_MERGE_NO_OFFSET ? json_null() : json_integer(r->offset));
	put(o, "window_size", r->window == WEIR_MERGE_NO_WINDOW ? json_null() : small(r->window));
	return o;
}

static json_t *timestamp_rule(const struct weir_merge_rule *r)
{
	json_t *o = json_object();
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, r->offset);
	put(o, "input_stream_id", small(r->input));
	put(o, "rule_type", small(r->type));
	put(o, "timestamp_source", small(r->source));
	put(o, "offset_ns", r->offset == WEIR_MERGE_NO_OFFSET ? json_null() : json_string(text));
	put(o, "window_ns", large_or(r->window, WEIR_MERGE_NO_WINDOW));
	return o;
}

static void put_map(json_t *o, const struct weir_codec_message *m)
{
	const struct weir_merge_map *map = &m->map;
	json_t *rules = json_array();
	uint32_t i;

	put(o, "out_stream_id", small(map->out));
	put(o, "epoch", large(map->epoch));
	put(o, "stale_timeout_ns", large_or(map->stale_ns, WEIR_MERGE_NO_TIMEOUT));
	put(o, "rule_block_length", small(m->rule_length));
	if (map->kind == WEIR_MERGE_TIMESTAMP) {
		put(o, "clock_domain", small(map->clock));
		put(o, "lateness_ns", large_or(map->lateness_ns, WEIR_MERGE_NO_LATENESS));
		put(o, "effective_lateness_ns",
		    large(map->lateness_ns == WEIR_MERGE_NO_LATENESS ? 0 : map->lateness_ns));
	}
	for (i = 0; i < map->n_rules; i++)
		json_array_append_new(rules, map->kind == WEIR_MERGE_TIMESTAMP
						     ? timestamp_rule(&map->rule[i])
						     : sequence_rule(&map->rule[i]));
	put(o, "rules", rules);
}

static void put_frame(json_t *o, const struct weir_codec_frame *f)
{
	put(o, "stream_id", small(f->stream));
	put(o, "epoch", large(f->epoch));
	put(o, "seq", large(f->seq));
	put(o, "timestamp_ns", large_or(f->time_ns, WEIR_MERGE_TIME_NULL));
	put(o, "meta_version",
	    f->meta_version == WEIR_CODEC_NO_META ? json_null() : small(f->meta_version));
	put(o, "trace_id", large_or(f->trace_id, WEIR_CODEC_NO_TRACE));
}

static void put_pool(json_t *o, const struct weir_codec_pool *p)
{
	put(o, "stream_id", small(p->stream));
	put(o, "producer_id", small(p->producer));
	put(o, "epoch", large(p->epoch));
	put(o, "timestamp_ns", large(p->time_ns));
	put(o, "clock_domain", small(p->clock));
	put(o, "layout_version", small(p->layout_version));
	put(o, "header_nslots", small(p->header_nslots));
	put(o, "header_slot_bytes", small(p->header_slot_bytes));
}

static void put_revoked(json_t *o, const struct weir_codec_revoked *r)
{
	put(o, "timestamp_ns", large(r->time_ns));
	put(o, "lease_id", large(r->lease));
	put(o, "stream_id", small(r->stream));
	put(o, "client_id", small(r->client));
	put(o, "role", small(r->role));
	put(o, "reason", small(r->reason));
}

static void put_ready(json_t *o, const struct weir_codec_ready *r)
{
	put(o, "out_stream_id", small(r->out));
	put(o, "epoch", large(r->epoch));
	put(o, "round", large(r->round));
	put(o, "timestamp_ns", large_or(r->time_ns, WEIR_MERGE_TIME_NULL));
	put(o, "participants", small(r->participants));
}

json_t *vector_message(const struct weir_codec_message *m)
{
	json_t *o = json_object();

	put(o, "message", json_string(weir_codec_kind_name(m->kind)));
	put(o, "version", small(m->version));
	put(o, "block_length", small(m->block_length));
	put(o, "consumed", small(m->consumed));
	switch (m->kind) {
	case WEIR_CODEC_SEQUENCE_MAP:
	case WEIR_CODEC_TIMESTAMP_MAP:
		put_map(o, m);
		break;
	case WEIR_CODEC_SEQUENCE_REQUEST:
	case WEIR_CODEC_TIMESTAMP_REQUEST:
		put(o, "out_stream_id", small(m->request.out));
		put(o, "epoch", large(m->request.epoch));
		break;
	case WEIR_CODEC_FRAME:
		put_frame(o, &m->frame);
		break;
	case WEIR_CODEC_POOL:
		put_pool(o, &m->pool);
		break;
	case WEIR_CODEC_SHUTDOWN:
		put(o, "timestamp_ns", large(m->shutdown.time_ns));
		put(o, "reason", small(m->shutdown.reason));
		break;
	case WEIR_CODEC_REVOKED:
		put_revoked(o, &m->revoked);
		break;
	default:
		put_ready(o, &m->ready);
		break;
	}
	return o;
}
