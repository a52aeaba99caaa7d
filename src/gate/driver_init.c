/* A driver's configuration, its storage, and its streams. The storage holds streams, leases, those
 * that wait, notices, then the buckets of the three indexes and the list of gates. */
#include <string.h>

#include "codec_internal.h"
#include "driver_internal.h"

static int refuse(struct weir_error *err, const char *what, uint64_t value, uint64_t limit)
{
	return weir_error_set(err, -EINVAL, what, value, limit);
}

static int check_config(const struct weir_driver_config *c, struct weir_error *err)
{
	if (c->struct_size != sizeof(*c))
		return refuse(err, "driver: config struct_size", c->struct_size, sizeof(*c));
	if (c->streams == 0 || c->streams > WEIR_DRIVER_MAX)
		return refuse(err, "driver: streams", c->streams, WEIR_DRIVER_MAX);
	if (c->leases == 0 || c->leases > WEIR_DRIVER_MAX)
		return refuse(err, "driver: leases", c->leases, WEIR_DRIVER_MAX);
	if (c->grace == 0)
		return refuse(err, "driver: grace", 0, 1);
	if (c->keepalive_ns == 0 || c->keepalive_ns > (weir_ns)INT64_MAX / c->grace)
		return refuse(err, "driver: keepalive_ns", c->keepalive_ns,
			      (weir_ns)INT64_MAX / c->grace);
	if (c->announce_ns == 0)
		return refuse(err, "driver: announce_ns", 0, 1);
	if (c->incarnation > INT64_MAX)
		return refuse(err, "driver: incarnation", c->incarnation, INT64_MAX);
	return WEIR_OK;
}

/* Whether an answer of OK could be made of it: the encoder's own judgement. */
static int answers(const struct weir_driver_stream_config *c)
{
	struct weir_codec_message m;

	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_ATTACHED;
	m.attached.stream = c->id;
	m.attached.layout_version = c->layout_version;
	m.attached.header_nslots = c->header_nslots;
	m.attached.header_slot_bytes = WEIR_CODEC_SLOT_BYTES;
	m.attached.node = c->node;
	m.attached.regions = c->regions;
	return codec_check_root(&m) == WEIR_CODEC_OK && codec_check_data(&m) == WEIR_CODEC_OK;
}

static int check_gate(const struct weir_driver_stream_config *c, struct weir_error *err)
{
	const struct weir_quorum *q = c->gate;

	if (q == NULL)
		return WEIR_OK;
	if (q->out_stream != c->id)
		return refuse(err, "driver: stream of the gate", q->out_stream, c->id);
	if (q->epochs == WEIR_QUORUM_EPOCH_MATCH)
		return refuse(err, "driver: epochs of the gate", q->epochs, WEIR_QUORUM_EPOCH_ANY);
	if (q->stale_ns != WEIR_NS_NEVER)
		return refuse(err, "driver: stale_ns of the gate", q->stale_ns, WEIR_NS_NEVER);
	return WEIR_OK;
}

int driver_check_stream(const struct weir_driver_stream_config *c, struct weir_error *err)
{
	const uint32_t roles = WEIR_DRIVER_ROLE(WEIR_CODEC_ROLE_PRODUCER) |
			       WEIR_DRIVER_ROLE(WEIR_CODEC_ROLE_CONSUMER) |
			       WEIR_DRIVER_ROLE(WEIR_CODEC_ROLE_AUTHORITY);

	if (c->id == 0 || c->id == UINT32_MAX)
		return refuse(err, "driver: id of a stream", c->id, UINT32_MAX - 1u);
	if (c->clock != WEIR_MERGE_MONOTONIC && c->clock != WEIR_MERGE_REALTIME_SYNCED)
		return refuse(err, "driver: clock of a stream", c->clock,
			      WEIR_MERGE_REALTIME_SYNCED);
	if (c->hugepages > 1)
		return refuse(err, "driver: hugepages of a stream", c->hugepages, 1);
	if (c->arrival > WEIR_DRIVER_ON_FRAME)
		return refuse(err, "driver: arrival at a stream", c->arrival, WEIR_DRIVER_ON_FRAME);
	if ((c->gated & ~roles) != 0)
		return refuse(err, "driver: gated roles of a stream", c->gated, roles);
	if (!answers(c))
		return refuse(err, "driver: regions of a stream", c->regions.pools, c->regions.len);
	return check_gate(c, err);
}

static size_t max_notices(const struct weir_driver_config *c)
{
	return 2u * (size_t)c->leases + 64u;
}

int weir_driver_bytes(const struct weir_driver_config *cfg, size_t *bytes, struct weir_error *err)
{
	struct weir_driver_stream_config created;
	int rc = check_config(cfg, err);

	if (rc == WEIR_OK && cfg->created != NULL) {
		created = *cfg->created;
		created.id = 1;
		created.gate = NULL;
		rc = driver_check_stream(&created, err);
	}
	if (rc == WEIR_OK)
		*bytes = cfg->streams * sizeof(struct weir_driver_stream) +
			 (size_t)2 * cfg->leases * sizeof(struct weir_driver_lease) +
			 max_notices(cfg) * sizeof(struct weir_priv_driver_notice) +
			 sizeof(uint32_t) *
				 ((size_t)quorum_table_buckets(cfg->streams) +
				  (size_t)2 * quorum_table_buckets(cfg->leases) + cfg->streams);
	return rc;
}

static void lay_out(struct weir_driver *d, const struct weir_driver_config *c, unsigned char *at)
{
	unsigned char *streams = at,
		      *leases = streams + c->streams * sizeof(struct weir_driver_stream);
	unsigned char *waiting = leases + c->leases * sizeof(struct weir_driver_lease);
	unsigned char *notices = waiting + c->leases * sizeof(struct weir_driver_lease);
	uint32_t *bucket = WEIR_PTR(
		uint32_t, notices + max_notices(c) * sizeof(struct weir_priv_driver_notice));

	quorum_table_init(&d->streams, streams, sizeof(struct weir_driver_stream), c->streams,
			  bucket, c->seed);
	bucket += quorum_table_buckets(c->streams);
	quorum_table_init(&d->leases, leases, sizeof(struct weir_driver_lease), c->leases, bucket,
			  c->seed);
	bucket += quorum_table_buckets(c->leases);
	quorum_table_init(&d->waiting, waiting, sizeof(struct weir_driver_lease), c->leases, bucket,
			  c->seed);
	bucket += quorum_table_buckets(c->leases);
	d->gate = bucket;
	d->notice = WEIR_PTR(struct weir_priv_driver_notice, notices);
	d->max_notices = (uint32_t)max_notices(c);
}

int weir_driver_init(struct weir_driver *d, const struct weir_driver_config *cfg,
		     struct weir_span storage, weir_ns now, struct weir_error *err)
{
	size_t bytes;
	int rc = weir_driver_bytes(cfg, &bytes, err);

	if (rc != WEIR_OK)
		return rc;
	if ((uintptr_t)storage.ptr % 8u != 0)
		return refuse(err, "driver: storage is misaligned", (uintptr_t)storage.ptr % 8u, 0);
	if (storage.len < bytes)
		return weir_error_set(err, -ENOBUFS, "driver: storage", storage.len, bytes);
	memset(d, 0, sizeof(*d));
	lay_out(d, cfg, (unsigned char *)storage.ptr);
	if (cfg->created != NULL) {
		d->created = *cfg->created;
		d->created.gate = NULL;
		d->creates = 1;
	}
	d->incarnation = cfg->incarnation;
	d->last_lease = cfg->incarnation > now ? cfg->incarnation : now;
	d->now = now;
	d->lease_ns = cfg->keepalive_ns * cfg->grace;
	d->announce_ns = cfg->announce_ns;
	d->announce_at = now;
	d->stats.struct_size = sizeof(d->stats);
	return WEIR_OK;
}

/* There must be room. */
struct weir_driver_stream *driver_new_stream(struct weir_driver *d,
					     const struct weir_driver_stream_config *c)
{
	int forgot;
	uint32_t i = quorum_table_take(&d->streams, c->id, &forgot);
	struct weir_driver_stream *s = driver_stream_at(d, i);

	quorum_table_move(&d->streams, i, LIVE);
	s->config = *c;
	s->resync = UINT32_MAX;
	if (c->gate != NULL)
		d->gate[d->n_gates++] = i;
	d->n_streams++;
	driver_raise(d, s);
	return s;
}

int weir_driver_add(struct weir_driver *d, const struct weir_driver_stream_config *stream,
		    weir_ns now, struct weir_error *err)
{
	int rc = driver_check_stream(stream, err);

	if (rc != WEIR_OK)
		return rc;
	if (driver_stream(d, stream->id) != NULL)
		return weir_error_set(err, -EEXIST, "driver: stream", stream->id, d->n_streams);
	if (d->n_streams == d->streams.cap)
		return weir_error_set(err, -ENOSPC, "driver: streams", d->n_streams,
				      d->streams.cap);
	if (now > d->now)
		d->now = now;
	driver_new_stream(d, stream)->resync = 0; /* whoever holds a lease already */
	d->announced = UINT32_MAX;		  /* begin again, and now */
	d->announce_at = d->now;
	return WEIR_OK;
}
