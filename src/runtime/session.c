/* Sessions: create, attach, leave.
 *
 * A slot has one tenant at a time: SESSION.CLAIM, a compare-and-swap on its owner, gives it, and
 * the coordinator gives it back once nothing of the tenant is left. What a tenant does between the
 * two is in an order that lets it die anywhere: it reads (progress slots) and writes (ring) under
 * its own identity, which is how its death is found, whether it was ever counted or not. */
#define _GNU_SOURCE

#include "session_setup.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- taking part ---- */

static int take_slot(struct weir_session *s, uint32_t m)
{
	uint32_t high;

	/* first, so that the coordinator looks after a tenant that dies right after the next step */
	do
		high = weir_load_relaxed32(&s->shm->high); /* relaxed: only grows, by CAS */
	while (high <= m && !weir_cas32(&s->shm->high, high, m + 1u));
	/* SESSION.CLAIM acquire: pairs with vacate(); the last tenant's traces are gone */
	if (!weir_cas64(&member_of(s, m)->owner, 0, s->owner))
		return 0;
	s->slot = m;
	return 1;
}

static int join_ring(struct weir_session *s, uint32_t i, struct weir_error *err)
{
	struct weir_span ring, table;
	int rc = weir_session_part(s->region, WEIR_KIND_RING, "ring", i, &ring);

	if (rc == WEIR_OK)
		rc = weir_session_part(s->region, WEIR_KIND_PROGRESS, "progress", i, &table);
	if (rc != WEIR_OK)
		return weir_error_set(err, rc, "session: ring or progress table of slot", i,
				      s->members);
	rc = weir_progress_attach(&s->table[i], table, err);
	if (rc == WEIR_OK && s->table[i].slots < s->members)
		rc = weir_error_set(err, -EBADMSG, "session: slots of a progress table",
				    s->table[i].slots, s->members);
	if (rc != WEIR_OK)
		return rc;
	if (i == s->slot)
		rc = weir_ring_writer_attach(&s->writer, ring, &s->table[i], s->owner, s->env, err);
	else if (!(s->flags & WEIR_SESSION_QUIET))
		rc = weir_ring_join(&s->reader[i], ring, &s->table[i], s->slot, WEIR_RING_NEWEST,
				    s->owner, err);
	return rc == WEIR_RECOVERED ? WEIR_OK : rc;
}

static void leave_rings(struct weir_session *s)
{
	weir_ns now = s->env->now(s->env->ctx);
	uint32_t i;

	/* relaxed beyond its own order: a sender that still rings us does no harm */
	(void)weir_fetch_and64(&s->shm->listeners[s->slot / 64u],
			       ~(UINT64_C(1) << (s->slot % 64u)));
	for (i = 0; i < s->members; i++)
		weir_ring_leave(&s->reader[i], now);
	weir_ring_writer_detach(&s->writer);
}

static void request(struct weir_session *s, uint64_t what)
{
	/* SESSION.REQUEST release: pairs with weir_session_coordinate(); everything done so far */
	weir_store_release64(&member_of(s, s->slot)->request, what);
	(void)weir_fetch_or64(&s->shm->requests[s->slot / 64u], UINT64_C(1) << (s->slot % 64u));
	ring_bell_of(s, WEIR_SESSION_COORDINATOR);
}

/* Joins every ring and asks to be counted. On failure the slot is free again. */
static int enter(struct weir_session *s, struct weir_error *err)
{
	struct weir_session_member_shm *me = member_of(s, s->slot);
	uint32_t i;
	int rc = WEIR_OK;

	/* relaxed: SESSION.REQUEST carries them */
	weir_store_relaxed32(&me->flags,
			     s->flags | (s->region->owner == s->owner ? MEMBER_LOCKED : 0));
	weir_store_relaxed32(&me->waiting, 0);
	weir_store_relaxed64(&me->wake_name, 0);
	for (i = 0; rc == WEIR_OK && i < s->members; i++)
		rc = join_ring(s, i, err);
	if (rc != WEIR_OK) {
		leave_rings(s);
		weir_store_release64(&me->owner, 0); /* SESSION.CLAIM release: never counted */
		return rc;
	}
	for (i = 0; i < s->n_barriers; i++) /* relaxed: the last tenant's, ordered by SESSION.CLAIM */
		s->mine[i].count = weir_load_relaxed64(&arrival_of(s, i, s->slot)->count);
	if (!(s->flags & WEIR_SESSION_QUIET))
		(void)weir_fetch_or64(&s->shm->listeners[s->slot / 64u],
				      UINT64_C(1) << (s->slot % 64u));
	if (is_coordinator(s))
		weir_session_admit(s, s->slot);
	else
		request(s, REQUEST_JOIN);
	return WEIR_OK;
}

/* ---- the handle ---- */

/* Memory for it: the caller's, or a mapping of our own. A forked child finds that mapping empty,
 * and so every call refuses it; only the region in front of it stays, for the child to attach
 * over. */
struct storage {
	struct weir_region *region;
	struct weir_span handle;
	void *mapping;
	size_t mapping_len;
};

static int given_storage(const struct weir_span *given, size_t need, struct storage *st,
			 struct weir_error *err)
{
	uint8_t *base = given->ptr;

	if ((uintptr_t)base % WEIR_LINE != 0)
		return weir_error_set(err, -EINVAL, "session: alignment of the storage",
				      (uintptr_t)base % WEIR_LINE, 0);
	if (given->len < SESSION_LEAD + need)
		return weir_error_set(err, -ENOBUFS, "session: storage", given->len,
				      SESSION_LEAD + need);
	memset(base, 0, SESSION_LEAD + need);
	st->region = WEIR_PTR(struct weir_region, base);
	st->handle.ptr = base + SESSION_LEAD;
	st->handle.len = need;
	st->mapping = NULL;
	return WEIR_OK;
}

static int map_storage(size_t need, struct storage *st, struct weir_error *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), len = page + (need + page - 1u) / page * page;
	uint8_t *base = mmap(NULL, len, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (base == MAP_FAILED)
		return weir_error_set(err, -ENOMEM, "session: bytes for the handle", len, 0);
	/* an old kernel cannot: then a child that uses the handle is not found out */
	(void)madvise(base + page, len - page, MADV_WIPEONFORK);
	st->region = WEIR_PTR(struct weir_region, base);
	st->handle.ptr = base + page;
	st->handle.len = len - page;
	st->mapping = base;
	st->mapping_len = len;
	return WEIR_OK;
}

/* A handle bound to the session in `region`, not yet in a slot. own: the region goes with the
 * handle from now on. */
static int make_handle(struct weir_session **out, const struct weir_region *region, int own,
		       const struct weir_session_options *o, int coordinator,
		       struct weir_error *err)
{
	static const struct weir_span nowhere = {NULL, 0};
	struct weir_session *s;
	struct storage st = {0};
	struct geometry g;
	struct plan p;
	weir_owner owner = weir_owner_self();
	size_t need;
	int rc = weir_session_bind(region, &g, err);

	if (rc != WEIR_OK)
		return rc;
	if (owner == 0)
		return weir_error_set(err, -EOPNOTSUPP, "session: /proc cannot be read", 0, 0);
	memset(&p, 0, sizeof(p));
	p.members = g.members;
	p.barriers = g.n_barriers;
	p.targets = coordinator ? g.targets : 0; /* a coordinator has just written them itself */
	need = weir_session_lay_out(nowhere, &p, o, coordinator, &s);
	rc = o->storage.ptr != NULL ? given_storage(&o->storage, need, &st, err)
				    : map_storage(need, &st, err);
	if (rc != WEIR_OK)
		return rc;
	(void)weir_session_lay_out(st.handle, &p, o, coordinator, &s);
	s->mapping = st.mapping;
	s->mapping_len = st.mapping_len;
	if (own) {
		s->own_region = st.region;
		*s->own_region = *region;
	}
	s->region = own ? s->own_region : region;
	s->shm = g.shm;
	s->barriers = g.barriers;
	s->members = g.members;
	s->n_barriers = g.n_barriers;
	s->targets = g.targets;
	s->liveness_ns = g.liveness_ns;
	s->coordinator = g.coordinator;
	s->env = o->env;
	s->owner = owner;
	s->flags = o->flags;
	s->kinds = o->kinds;
	s->batch = o->batch;
	s->policy = o->policy;
	s->registered = weir_bell_register();
	s->stats.struct_size = sizeof(s->stats);
	s->magic = SESSION_MAGIC;
	*out = s;
	return WEIR_OK;
}

/* The region is closed by whoever opened it. */
static void drop_handle(struct weir_session *s)
{
	s->magic = 0;
	if (s->mapping != NULL)
		(void)munmap(s->mapping, s->mapping_len); /* s itself lies in it */
}

int weir_session_create(struct weir_session **out, const char *name,
			const struct weir_session_config *cfg,
			const struct weir_session_options *opt, struct weir_error *err)
{
	struct weir_session_options o;
	struct weir_session *s;
	struct weir_region region;
	struct plan p;
	int rc = weir_session_plan(cfg, &p, err);

	if (rc == WEIR_OK)
		rc = weir_session_choose(opt, &o, err);
	if (rc == WEIR_OK && o.flags & WEIR_SESSION_QUIET)
		rc = weir_error_set(err, -EINVAL, "session: flags of a coordinator", o.flags,
				    WEIR_SESSION_OBSERVER);
	if (rc == WEIR_OK && o.slot != 0)
		rc = weir_error_set(err, -EINVAL, "session: the coordinator's slot", o.slot, 0);
	if (rc == WEIR_OK)
		rc = name != NULL ? weir_region_create(&region, name, &p.region, err)
				  : weir_region_create_anonymous(&region, &p.region, err);
	if (rc != WEIR_OK)
		return rc;
	rc = weir_session_fill(&region, &p, weir_owner_self(), err);
	if (rc == WEIR_OK)
		rc = make_handle(&s, &region, 1, &o, 1, err);
	if (rc != WEIR_OK) {
		weir_region_close(&region);
		return rc;
	}
	rc = weir_session_init_charges(s);
	if (rc == WEIR_OK && !take_slot(s, WEIR_SESSION_COORDINATOR))
		rc = weir_error_set(err, -EBADMSG, "session: the coordinator's slot", 0, 0);
	if (rc == WEIR_OK)
		rc = enter(s, err);
	if (rc == WEIR_OK)
		rc = weir_region_publish(s->own_region, err);
	if (rc != WEIR_OK) {
		drop_handle(s);
		weir_region_close(&region);
		return rc;
	}
	*out = s;
	return WEIR_OK;
}

static int enter_wanted(struct weir_session *s, uint32_t wanted, struct weir_error *err)
{
	if (wanted >= s->members)
		return weir_error_set(err, -EINVAL, "session: slot", wanted, s->members - 1u);
	if (!take_slot(s, wanted))
		return weir_error_set(
			err, -EBUSY, "session: slot is held by pid",
			weir_owner_pid(weir_load_relaxed64(&member_of(s, wanted)->owner)), wanted);
	return enter(s, err);
}

/* A slot whose ring cannot be used is passed over: its writer is dead and nobody here can tell, or
 * it is damaged. */
static int enter_any(struct weir_session *s, struct weir_error *err)
{
	int rc = -ENOSPC;
	uint32_t m;

	for (m = 1; m < s->members && rc != WEIR_OK; m++)
		if (weir_load_relaxed64(&member_of(s, m)->owner) == 0 && take_slot(s, m))
			rc = enter(s, err);
	if (rc == -ENOSPC)
		return weir_error_set(err, rc, "session: members", s->members, s->members);
	return rc;
}

static int attach(struct weir_session **out, const struct weir_region *region, int own,
		  const struct weir_session_options *o, struct weir_error *err)
{
	struct weir_session *s;
	int rc;

	if (region->flags & WEIR_REGION_RDONLY)
		return weir_error_set(err, -EROFS, "session: flags of the region", region->flags, 0);
	rc = make_handle(&s, region, own, o, 0, err);
	if (rc != WEIR_OK)
		return rc;
	/* SESSION.CLOSE acquire: pairs with weir_session_close() */
	if (weir_load_acquire32(&s->shm->closed) != 0 ||
	    weir_session_is_dead(s, WEIR_SESSION_COORDINATOR, s->coordinator))
		rc = weir_error_set(err, -ENOTCONN, "session: coordinator's pid",
				    weir_owner_pid(s->coordinator), 0);
	if (rc == WEIR_OK)
		rc = o->slot != 0 ? enter_wanted(s, o->slot, err) : enter_any(s, err);
	if (rc != WEIR_OK) {
		drop_handle(s);
		return rc;
	}
	*out = s;
	return WEIR_OK;
}

int weir_session_attach_region(struct weir_session **out, const struct weir_region *region,
			       const struct weir_session_options *opt, struct weir_error *err)
{
	struct weir_session_options o;
	int rc = weir_session_choose(opt, &o, err);

	return rc == WEIR_OK ? attach(out, region, 0, &o, err) : rc;
}

int weir_session_attach(struct weir_session **out, const char *name,
			const struct weir_session_options *opt, struct weir_error *err)
{
	struct weir_session_options o;
	struct weir_region region;
	int rc = weir_session_choose(opt, &o, err);

	if (rc == WEIR_OK)
		rc = weir_region_open(&region, name, 0, err);
	if (rc != WEIR_OK)
		return rc;
	rc = attach(out, &region, 1, &o, err);
	if (rc != WEIR_OK)
		weir_region_close(&region);
	return rc;
}

/* The session's name, unless somebody has given it to another region meanwhile. */
static void remove_name(const struct weir_session *s)
{
	struct weir_region now;
	int ours;

	if (s->region->name[0] == '\0' ||
	    weir_region_open(&now, s->region->name, WEIR_REGION_RDONLY, NULL) != WEIR_OK)
		return;
	ours = now.incarnation == s->region->incarnation;
	weir_region_close(&now);
	if (ours && weir_region_unlink(s->region->name) != WEIR_OK)
		return; /* somebody else has removed it */
}

int weir_session_close(struct weir_session *s)
{
	struct weir_region region;
	uint32_t m;

	if (s == NULL)
		return WEIR_OK;
	if (s->magic != SESSION_MAGIC)
		return -ENOTCONN;
	if (s->busy)
		return -EDEADLK;
	leave_rings(s);
	weir_session_close_fd(s);
	if (is_coordinator(s)) {
		/* SESSION.CLOSE release: pairs with attach() and check_coordinator() */
		weir_store_release32(&s->shm->closed, 1);
		for (m = 1; m < used_slots(s); m++)
			ring_bell_of(s, m);
		remove_name(s);
	} else {
		request(s, REQUEST_LEAVE);
	}
	memset(&region, 0, sizeof(region));
	region.fd = -1;
	if (s->own_region != NULL)
		region = *s->own_region;
	drop_handle(s);
	weir_region_close(&region);
	return WEIR_OK;
}

/* ---- small things ---- */

uint32_t weir_session_slot(const struct weir_session *s)
{
	return s->slot;
}

const struct weir_region *weir_session_region(const struct weir_session *s)
{
	return s->region;
}

uint32_t weir_session_members(const struct weir_session *s)
{
	if (s->magic != SESSION_MAGIC)
		return 0; /* a forked child's */
	/* SESSION.ACTIVE acquire: pairs with tell_all(); who is counted can be met */
	return weir_load_acquire32(&s->shm->active);
}
