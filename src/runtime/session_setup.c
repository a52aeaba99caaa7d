/* Sessions: sizes, the region's contents, and the handle's memory. */
#include "session_setup.h"

#include <string.h>

#define DEFAULT_MEMBERS 8u
#define DEFAULT_BARRIERS 16u
#define DEFAULT_RING 65536u
#define DEFAULT_LIVENESS_NS UINT64_C(25000000)
#define DEFAULT_KINDS 64u
#define DEFAULT_DEFERRED 64u
#define DEFAULT_BATCH 32u
#define TABLE_MAX 65536u
#define TARGETS_DEFAULT 65536u
#define LIVENESS_MAX_NS UINT64_C(3600000000000)

static uint64_t round_up(uint64_t bytes)
{
	return (bytes + WEIR_LINE - 1u) / WEIR_LINE * WEIR_LINE;
}

static int in_range(struct weir_error *err, const char *what, uint64_t value, uint64_t low,
		    uint64_t high)
{
	if (value >= low && value <= high)
		return WEIR_OK;
	return weir_error_set(err, -EINVAL, what, value, value < low ? low : high);
}

int weir_session_plan(const struct weir_session_config *cfg, struct plan *p,
		      struct weir_error *err)
{
	static const struct weir_session_config zero = {.struct_size = sizeof(zero)};
	struct weir_ring_config ring = {.struct_size = sizeof(ring)};
	uint64_t square;
	int rc;

	memset(p, 0, sizeof(*p));
	if (cfg == NULL)
		cfg = &zero;
	if (cfg->struct_size != sizeof(*cfg))
		return weir_error_set(err, -EINVAL, "session: config size", cfg->struct_size,
				      sizeof(*cfg));
	p->members = cfg->members != 0 ? cfg->members : DEFAULT_MEMBERS;
	p->barriers = cfg->barriers != 0 ? cfg->barriers : DEFAULT_BARRIERS;
	ring.capacity = cfg->ring_capacity != 0 ? cfg->ring_capacity : DEFAULT_RING;
	p->ring = ring;
	p->liveness_ns = cfg->liveness_ns != 0 ? cfg->liveness_ns : DEFAULT_LIVENESS_NS;
	rc = in_range(err, "session: members", p->members, 1, WEIR_SESSION_MEMBERS_MAX);
	if (rc == WEIR_OK)
		rc = in_range(err, "session: barriers", p->barriers, 1,
			      WEIR_SESSION_BARRIERS_MAX);
	if (rc == WEIR_OK)
		rc = in_range(err, "session: liveness_ns", p->liveness_ns, 1, LIVENESS_MAX_NS);
	if (rc != WEIR_OK)
		return rc;
	square = (uint64_t)p->members * p->members;
	p->targets = cfg->targets != 0       ? cfg->targets
		     : square <= TARGETS_DEFAULT ? square
						 : p->members;
	rc = in_range(err, "session: targets", p->targets, p->members, square);
	if (rc == WEIR_OK)
		rc = weir_ring_bytes(&ring, &p->ring_bytes, err);
	if (rc == WEIR_OK)
		rc = weir_progress_bytes(p->members, &p->table_bytes, err);
	if (rc != WEIR_OK)
		return rc;
	p->region.struct_size = sizeof(p->region);
	p->region.mode = cfg->mode;
	p->region.max_objects = 2u + 2u * p->members;
	p->region.payload_bytes =
		round_up(session_bytes(p->members)) +
		round_up(p->barriers * barrier_bytes(p->members)) +
		p->members * (round_up(p->ring_bytes) + round_up(p->table_bytes));
	return WEIR_OK;
}

int weir_session_choose(const struct weir_session_options *opt, struct weir_session_options *o,
			struct weir_error *err)
{
	int rc;

	memset(o, 0, sizeof(*o));
	if (opt != NULL)
		*o = *opt;
	if (opt != NULL && opt->struct_size != sizeof(*opt))
		return weir_error_set(err, -EINVAL, "session: options size", opt->struct_size,
				      sizeof(*opt));
	if (o->kinds == 0)
		o->kinds = DEFAULT_KINDS;
	if (o->deferred == 0)
		o->deferred = DEFAULT_DEFERRED;
	if (o->batch == 0)
		o->batch = DEFAULT_BATCH;
	if (o->env == NULL)
		o->env = weir_env_system();
	rc = in_range(err, "session: flags", o->flags, 0,
		      WEIR_SESSION_QUIET | WEIR_SESSION_OBSERVER);
	if (rc == WEIR_OK)
		rc = in_range(err, "session: kinds", o->kinds, 1, TABLE_MAX);
	if (rc == WEIR_OK)
		rc = in_range(err, "session: deferred", o->deferred, 1, TABLE_MAX);
	if (rc == WEIR_OK)
		rc = in_range(err, "session: policy", o->policy, WEIR_RING_GATED, WEIR_RING_LOSSY);
	return rc;
}

/* ---- the handle's memory: measured with base NULL, then laid out in the same order ---- */

struct arena {
	uint8_t *base;
	uint64_t used;
};

static void *take(struct arena *a, uint64_t n, size_t each)
{
	void *p = a->base != NULL ? a->base + a->used : NULL;

	a->used += round_up(n * each);
	return p;
}

static void lay_out_charges(struct arena *a, const struct plan *p, struct weir_session *s)
{
	uint32_t i;

	s->member = take(a, p->members, sizeof(*s->member));
	s->charge = take(a, p->barriers, sizeof(*s->charge));
	for (i = 0; i < p->barriers; i++) {
		struct charge scratch, *c = a->base != NULL ? &s->charge[i] : &scratch;

		c->cut = take(a, p->members, sizeof(*c->cut));
		c->fed = take(a, p->members, sizeof(*c->fed));
		c->target = take(a, p->targets, sizeof(*c->target));
		c->lost = take(a, p->targets, sizeof(*c->lost));
	}
}

size_t weir_session_lay_out(struct weir_span mem, const struct plan *p,
			    const struct weir_session_options *o, int coordinator,
			    struct weir_session **out)
{
	struct arena a = {mem.ptr, 0};
	struct weir_session scratch, *s = take(&a, 1, sizeof(*s));

	*out = s;
	if (s == NULL)
		s = &scratch;
	s->table = take(&a, p->members, sizeof(*s->table));
	s->reader = take(&a, p->members, sizeof(*s->reader));
	s->handler = take(&a, o->kinds, sizeof(*s->handler));
	s->post_cap = o->deferred + p->barriers;
	s->post = take(&a, s->post_cap, sizeof(*s->post));
	s->mine = take(&a, p->barriers, sizeof(*s->mine));
	if (coordinator)
		lay_out_charges(&a, p, s);
	return a.used;
}

int weir_session_bytes(const struct weir_session_config *cfg,
		       const struct weir_session_options *opt, size_t *region, size_t *storage,
		       struct weir_error *err)
{
	static const struct weir_span nowhere = {NULL, 0};
	struct weir_session_options o;
	struct weir_session *unused;
	struct plan p;
	size_t bytes;
	int rc = weir_session_plan(cfg, &p, err);

	if (rc == WEIR_OK)
		rc = weir_session_choose(opt, &o, err);
	if (rc == WEIR_OK)
		rc = weir_region_bytes(&p.region, &bytes, err);
	if (rc != WEIR_OK)
		return rc;
	if (region != NULL)
		*region = bytes;
	if (storage != NULL)
		*storage = SESSION_LEAD + weir_session_lay_out(nowhere, &p, &o, 1, &unused);
	return WEIR_OK;
}

/* ---- the region's contents ---- */

static void part_name(const char *what, uint32_t i, char name[WEIR_REGION_OBJECT_NAME])
{
	char digits[10];
	size_t n = strlen(what), k = 0;

	memcpy(name, what, n);
	name[n++] = '.';
	do
		digits[k++] = (char)('0' + i % 10u);
	while ((i /= 10u) != 0);
	while (k != 0)
		name[n++] = digits[--k];
	name[n] = '\0';
}

int weir_session_part(const struct weir_region *region, enum weir_kind kind, const char *what,
		      uint32_t i, struct weir_span *obj)
{
	char name[WEIR_REGION_OBJECT_NAME];

	part_name(what, i, name);
	return weir_region_find(region, kind, name, obj);
}

static int add_member(struct weir_region *r, const struct plan *p, uint32_t i,
		      struct weir_error *err)
{
	char name[WEIR_REGION_OBJECT_NAME];
	struct weir_span obj;
	int rc;

	part_name("ring", i, name);
	rc = weir_region_add(r, WEIR_KIND_RING, name, p->ring_bytes, &obj, err);
	if (rc == WEIR_OK)
		rc = weir_ring_format(obj, &p->ring, err);
	part_name("progress", i, name);
	if (rc == WEIR_OK)
		rc = weir_region_add(r, WEIR_KIND_PROGRESS, name, p->table_bytes, &obj, err);
	if (rc == WEIR_OK)
		rc = weir_progress_format(obj, p->members, err);
	return rc;
}

int weir_session_fill(struct weir_region *r, const struct plan *p, weir_owner owner,
		      struct weir_error *err)
{
	struct weir_session_shm *shm;
	struct weir_span obj;
	uint32_t i;
	int rc;

	rc = weir_region_add(r, WEIR_KIND_SESSION, "session", session_bytes(p->members), &obj,
			     err);
	if (rc != WEIR_OK)
		return rc;
	shm = obj.ptr;
	shm->members = p->members;
	shm->barriers = p->barriers;
	shm->ring_capacity = p->ring.capacity;
	shm->liveness_ns = p->liveness_ns;
	shm->targets = p->targets;
	shm->coordinator = owner;
	shm->magic = SESSION_MAGIC; /* plain stores: nobody can attach before REGION.SEAL */
	rc = weir_region_add(r, WEIR_KIND_BARRIER, "barriers",
			     p->barriers * barrier_bytes(p->members), &obj, err);
	for (i = 0; rc == WEIR_OK && i < p->members; i++)
		rc = add_member(r, p, i, err);
	return rc;
}

int weir_session_bind(const struct weir_region *region, struct geometry *g, struct weir_error *err)
{
	struct weir_span obj;
	int rc = weir_region_find(region, WEIR_KIND_SESSION, "session", &obj);

	if (rc == -ENOENT)
		return weir_error_set(err, -EPROTO, "session: the region holds none", 0, 0);
	if (rc != WEIR_OK)
		return weir_error_set(err, rc, "session: its object", 0, 0);
	g->shm = obj.ptr;
	if (obj.len < sizeof(*g->shm) || g->shm->magic != SESSION_MAGIC)
		return weir_error_set(err, -EPROTO, "session: magic",
				      obj.len < sizeof(*g->shm) ? 0 : g->shm->magic,
				      SESSION_MAGIC);
	g->members = weir_load_relaxed32(&g->shm->members); /* relaxed: constant since the seal */
	g->n_barriers = weir_load_relaxed32(&g->shm->barriers);
	g->targets = weir_load_relaxed64(&g->shm->targets);
	g->ring_capacity = weir_load_relaxed64(&g->shm->ring_capacity);
	g->liveness_ns = weir_load_relaxed64(&g->shm->liveness_ns);
	g->coordinator = weir_load_relaxed64(&g->shm->coordinator);
	if (g->liveness_ns == 0 || g->liveness_ns > LIVENESS_MAX_NS)
		return weir_error_set(err, -EBADMSG, "session: liveness_ns", g->liveness_ns,
				      LIVENESS_MAX_NS);
	if (g->members == 0 || g->members > WEIR_SESSION_MEMBERS_MAX ||
	    obj.len < session_bytes(g->members))
		return weir_error_set(err, -EBADMSG, "session: members", g->members,
				      WEIR_SESSION_MEMBERS_MAX);
	rc = weir_region_find(region, WEIR_KIND_BARRIER, "barriers", &obj);
	if (rc != WEIR_OK || g->n_barriers == 0 || g->n_barriers > WEIR_SESSION_BARRIERS_MAX ||
	    obj.len < g->n_barriers * barrier_bytes(g->members))
		return weir_error_set(err, -EBADMSG, "session: barriers", g->n_barriers,
				      WEIR_SESSION_BARRIERS_MAX);
	g->barriers = obj.ptr;
	return WEIR_OK;
}
