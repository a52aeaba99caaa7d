/* weir check: is what a region says of itself in order? Opening it has verified its header and
 * directory; here come the objects, and how those of a session fit together. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/session.h>

#include "tool.h"

struct findings {
	const struct weir_region *region;
	const char *name;
	uint32_t damaged;
	uint32_t dead;
	uint32_t objects;
};

static void damage(struct findings *f, const char *what, const char *why)
{
	char shown[WEIR_REGION_OBJECT_NAME];

	printf("%s: damaged: %s: %s\n", f->name, tool_clean(what, shown, sizeof(shown)), why);
	f->damaged++;
}

static void damage_error(struct findings *f, const char *what, const struct weir_error *err)
{
	char text[256];

	(void)weir_error_format(err, text, sizeof(text));
	damage(f, what, text);
}

static void look_at_owner(struct findings *f, const char *what, const char *role, weir_owner who)
{
	char shown[WEIR_REGION_OBJECT_NAME];

	if (who == 0 || weir_region_owner_state(f->region, who) != WEIR_OWNER_DEAD)
		return;
	printf("%s: dead: %s: %s, pid %u\n", f->name, tool_clean(what, shown, sizeof(shown)), role,
	       weir_owner_pid(who));
	f->dead++;
}

/* ---- rings ---- */

/* The records that are there, as an unregistered reader meets them: each length is checked by the
 * ring. At most as many as fit, so that a busy writer does not keep us. */
static void walk(struct findings *f, const char *name, struct weir_ring_reader *r, uint64_t max)
{
	struct weir_ring_view v;
	int rc = WEIR_OK;

	while (max-- != 0 && (rc == WEIR_OK || rc == WEIR_LAPPED))
		rc = weir_ring_poll(r, &v);
	if (rc < 0)
		damage(f, name, weir_error_text(rc));
}

static void check_ring(struct findings *f, const char *name, const struct weir_span *mem)
{
	struct weir_error err = {.what = "?"};
	struct weir_ring_reader r;
	int rc;

	memset(&r, 0, sizeof(r));
	rc = weir_ring_reader_attach(&r, *mem, WEIR_RING_OLDEST, WEIR_RING_READONLY, &err);
	if (rc == -EAGAIN)
		return; /* its writer is too fast for us: the geometry is in order */
	if (rc != WEIR_OK) {
		damage_error(f, name, &err);
		return;
	}
	/* the mask was checked: capacity - 1 of memory that is there */
	walk(f, name, &r, (r.mask + 1u) / WEIR_RING_HEADER);
	look_at_owner(f, name, "writer", weir_ring_writer_owner(mem->ptr));
}

/* ---- progress tables ---- */

static void check_slot(struct findings *f, const char *name, const struct weir_progress *t,
		       uint32_t i)
{
	struct weir_progress_record rec;
	int rc = weir_progress_read(t, i, &rec);

	if (rc == -EAGAIN)
		return; /* being written, or its owner died while writing: reclaiming mends it */
	if (rc != WEIR_OK) {
		damage(f, name, weir_error_text(rc));
		return;
	}
	if ((unsigned)rec.state > WEIR_PROGRESS_DEAD)
		damage(f, name, "a reader's state");
	else if (weir_pos_diff(rec.delivered, rec.join) < 0 ||
		 weir_pos_diff(rec.observed, rec.delivered) < 0)
		damage(f, name, "a reader's positions");
	look_at_owner(f, name, "reader", rec.owner);
}

static void check_progress(struct findings *f, const char *name, const struct weir_span *mem)
{
	struct weir_error err = {.what = "?"};
	struct weir_progress t;
	uint32_t i;

	if (weir_progress_attach(&t, *mem, &err) != WEIR_OK) {
		damage_error(f, name, &err);
		return;
	}
	for (i = 0; i < t.slots; i++)
		check_slot(f, name, &t, i);
}

static void check_objects(struct findings *f)
{
	struct weir_region_entry e;
	uint32_t i;
	int rc = WEIR_OK;

	for (i = 0; i < WEIR_REGION_OBJECTS_MAX; i++) {
		rc = weir_region_object(f->region, i, &e);
		if (rc != WEIR_OK)
			break;
		if (e.kind == WEIR_KIND_RING)
			check_ring(f, e.name, &e.mem);
		else if (e.kind == WEIR_KIND_PROGRESS)
			check_progress(f, e.name, &e.mem);
		f->objects++;
	}
	if (rc != WEIR_OK && rc != -ENOENT)
		damage(f, "directory", weir_error_text(rc));
}

/* ---- a session ---- */

static void check_member(struct findings *f, const struct weir_watch *w, uint32_t i)
{
	struct weir_span ring, table;
	struct weir_watch_member m;
	struct weir_progress t;
	char what[TOOL_TEXT];

	(void)snprintf(what, sizeof(what), "member %u", i);
	if (tool_part(f->region, WEIR_KIND_RING, "ring", i, &ring) != WEIR_OK)
		damage(f, what, "it has no ring");
	else if (ring.len < sizeof(struct weir_ring_shm) ||
		 WEIR_CPTR(struct weir_ring_shm, ring.ptr)->capacity != w->ring_capacity)
		damage(f, what, "its ring has another size");
	if (tool_part(f->region, WEIR_KIND_PROGRESS, "progress", i, &table) != WEIR_OK)
		damage(f, what, "it has no progress table");
	else if (weir_progress_attach(&t, table, NULL) == WEIR_OK && t.slots < w->members)
		damage(f, what, "its progress table is too small");
	if (weir_watch_read_member(w, i, &m) != WEIR_OK)
		return;
	if (m.waiting > w->n_barriers)
		damage(f, what, "it waits in a barrier that is none");
	if ((m.flags & ~(WEIR_SESSION_QUIET | WEIR_SESSION_OBSERVER)) != 0)
		damage(f, what, "its flags");
	if (i != WEIR_SESSION_COORDINATOR)
		look_at_owner(f, what, "process", m.owner);
}

static int outside(const struct weir_group_set *set, uint32_t members)
{
	return members < WEIR_GROUP_MAX && weir_group_set_next(set, members) != WEIR_GROUP_MAX;
}

static void check_barrier(struct findings *f, const struct weir_watch *w, uint32_t i)
{
	struct weir_watch_barrier b;
	char what[TOOL_TEXT];
	int rc = weir_watch_read_barrier(w, i, NULL, &b);

	/* EAGAIN: a coordinator that writes, or that died while it wrote and is found dead itself */
	if (rc == -ENOENT || rc == -EAGAIN)
		return;
	(void)snprintf(what, sizeof(what), "barrier %u", i);
	if (rc != WEIR_OK)
		damage(f, what, weir_error_text(rc));
	else if (b.state >= WEIR_BARRIER_STATE_COUNT || b.mode > WEIR_BARRIER_PROCESSING ||
		 b.policy > WEIR_BARRIER_FAIL || b.members > w->members)
		damage(f, what, "its state");
	else if (outside(&b.frozen, w->members) || outside(&b.arrived, w->members) ||
		 outside(&b.missing, w->members))
		damage(f, what, "its members");
}

static void check_session(struct findings *f, const struct weir_watch *w)
{
	struct weir_watch_session s;
	uint32_t i;

	weir_watch_read_session(w, &s);
	if (s.active > w->members)
		damage(f, "session", "it counts more members than it has");
	for (i = 0; i < w->members; i++)
		check_member(f, w, i);
	for (i = 0; i < w->n_barriers; i++)
		check_barrier(f, w, i);
	look_at_owner(f, "session", "coordinator", s.coordinator);
	if (s.closed) {
		printf("%s: dead: session: closed by its coordinator\n", f->name);
		f->dead++;
	}
}

int tool_check(const struct weir_region *r, const char *name)
{
	struct findings f = {.region = r, .name = name};
	struct weir_error err = {.what = "?"};
	struct weir_span obj;
	struct weir_watch w;

	check_objects(&f);
	if (weir_watch_open(&w, r, &err) == WEIR_OK)
		check_session(&f, &w);
	else if (weir_region_find(r, WEIR_KIND_SESSION, "session", &obj) == WEIR_OK)
		damage_error(&f, "session", &err);
	if (f.damaged != 0)
		return TOOL_DAMAGED;
	if (f.dead != 0)
		return TOOL_DEAD;
	printf("%s: well: %u objects\n", name, f.objects);
	return TOOL_OK;
}
