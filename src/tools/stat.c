/* weir stat: a region's objects; of a session its members and rings. */
#include <errno.h>
#include <stdio.h>

#include <weir/session.h>

#include "tool.h"

/* ---- a ring and those who read it ---- */

static void print_reader(const struct weir_region *r, uint32_t slot, const weir_pos *leading,
			 const struct weir_progress_record *rec)
{
	char who[TOOL_TEXT];

	printf("  reader %u: %s, %s, handled %llu messages%s", slot, tool_owner(r, rec->owner, who),
	       weir_progress_state_name((unsigned)rec->state),
	       (ull)(rec->sequence - rec->join_sequence), rec->evicted ? ", evicted" : "");
	if (leading != NULL)
		printf(", %llu bytes behind", (ull)(*leading - rec->delivered));
	if (rec->lost_messages != 0)
		printf(", lost %llu messages", (ull)rec->lost_messages);
	printf("\n");
}

/* Those who are behind `leading`; all who are there when that is NULL. */
static void print_readers(const struct weir_region *r, const struct weir_span *table,
			  const weir_pos *leading)
{
	struct weir_progress_record rec;
	struct weir_progress t;
	struct weir_error err = {.what = "?"};
	char text[256];
	uint32_t i;
	int rc;

	if (weir_progress_attach(&t, *table, &err) != WEIR_OK) {
		(void)weir_error_format(&err, text, sizeof(text));
		printf("  readers: %s\n", text);
		return;
	}
	for (i = 0; i < t.slots; i++) {
		rc = weir_progress_read(&t, i, &rec);
		if (rc != WEIR_OK)
			printf("  reader %u: %s\n", i, weir_error_text(rc));
		else if (rec.owner != 0 &&
			 (leading == NULL || weir_pos_diff(*leading, rec.delivered) > 0))
			print_reader(r, i, leading, &rec);
	}
}

/* Returns its leading position, or 0 when it is none. */
static weir_pos print_ring(const struct weir_region *r, const struct weir_span *mem)
{
	struct weir_ring_stats st = {.struct_size = sizeof(st)};
	const struct weir_ring_shm *ring = mem->ptr;
	struct weir_error err = {.what = "?"};
	char text[256], who[TOOL_TEXT];

	if (!tool_ring(mem, &err) || weir_ring_read_stats(ring, &st) != WEIR_OK) {
		(void)weir_error_format(&err, text, sizeof(text));
		printf("%s\n", text);
		return 0;
	}
	printf("%llu bytes, writer %s, %llu messages, %llu bytes sent, %llu times full",
	       (ull)ring->capacity, tool_owner(r, weir_ring_writer_owner(ring), who),
	       (ull)st.messages, (ull)st.bytes, (ull)st.full);
	if (st.evictions != 0)
		printf(", %llu evictions", (ull)st.evictions);
	printf("\n");
	return weir_ring_leading(ring);
}

/* ---- a session ---- */

static void print_member(const struct weir_region *r, const struct weir_watch *w, uint32_t slot)
{
	char who[TOOL_TEXT], name[WEIR_SESSION_BARRIER_NAME], shown[WEIR_SESSION_BARRIER_NAME];
	struct weir_watch_barrier b;
	struct weir_watch_member m;

	if (weir_watch_read_member(w, slot, &m) != WEIR_OK || m.owner == 0)
		return;
	printf("member %u: %s, %s%s%s", slot, tool_owner(r, m.owner, who),
	       m.epoch != 0				? "counted"
	       : (m.flags & WEIR_SESSION_OBSERVER) != 0 ? "observer"
							: "not counted",
	       (m.flags & WEIR_SESSION_QUIET) != 0 ? ", quiet" : "",
	       slot == WEIR_SESSION_COORDINATOR ? ", coordinator" : "");
	if (m.waiting != 0 && weir_watch_read_barrier(w, m.waiting - 1u, name, &b) == WEIR_OK)
		printf(", waits in %s", tool_clean(name, shown, sizeof(shown)));
	printf("\n");
}

static void print_session_ring(const struct weir_region *r, const struct weir_watch *w, uint32_t i)
{
	struct weir_watch_member m;
	struct weir_span ring, table;
	weir_pos leading;

	if (weir_watch_read_member(w, i, &m) != WEIR_OK || (m.owner == 0 && m.messages == 0))
		return;
	printf("ring %u: ", i);
	if (tool_part(r, WEIR_KIND_RING, "ring", i, &ring) != WEIR_OK) {
		printf("missing\n");
		return;
	}
	leading = print_ring(r, &ring);
	if (tool_part(r, WEIR_KIND_PROGRESS, "progress", i, &table) == WEIR_OK)
		print_readers(r, &table, &leading);
	else
		printf("  readers: missing\n");
}

static int print_session(const struct weir_region *r, const char *name, const struct weir_watch *w)
{
	struct weir_watch_session s;
	char who[TOOL_TEXT];
	weir_ns now = tool_now();
	uint32_t i;

	weir_watch_read_session(w, &s);
	printf("session %s: coordinator %s%s, %u of %u members\n", name,
	       tool_owner(r, s.coordinator, who), s.closed ? ", closed" : "", s.active, w->members);
	printf("rings of %llu bytes, liveness every %.1f ms", (ull)w->ring_capacity,
	       (double)w->liveness_ns / 1e6);
	if (s.stamp != 0 && now > s.stamp)
		printf(", last busy %.1f ms ago", (double)(now - s.stamp) / 1e6);
	printf("\n");
	for (i = 0; i < w->members; i++)
		print_member(r, w, i);
	for (i = 0; i < w->members; i++)
		print_session_ring(r, w, i);
	tool_barriers(r, w);
	if (s.closed || weir_region_owner_state(r, s.coordinator) == WEIR_OWNER_DEAD)
		return TOOL_DEAD;
	return TOOL_OK;
}

/* ---- any region ---- */

static void print_object(const struct weir_region *r, const struct weir_region_entry *e)
{
	char name[WEIR_REGION_OBJECT_NAME];

	printf("object %s: %s, %zu bytes\n", tool_clean(e->name, name, sizeof(name)),
	       tool_kind(e->kind), e->mem.len);
	if (e->kind == WEIR_KIND_RING) {
		printf("  ");
		(void)print_ring(r, &e->mem);
	} else if (e->kind == WEIR_KIND_PROGRESS) {
		print_readers(r, &e->mem, NULL);
	}
}

static int print_objects(const struct weir_region *r, const char *name)
{
	struct weir_region_entry e;
	uint32_t i;
	int rc = WEIR_OK;

	printf("region %s\n", name);
	for (i = 0; i < WEIR_REGION_OBJECTS_MAX; i++) {
		rc = weir_region_object(r, i, &e);
		if (rc != WEIR_OK)
			break;
		print_object(r, &e);
	}
	if (rc == WEIR_OK || rc == -ENOENT)
		return TOOL_OK;
	tool_say("%s: %s", name, weir_error_text(rc));
	return TOOL_DAMAGED;
}

int tool_stat(const struct weir_region *r, const char *name)
{
	struct weir_watch w;
	struct weir_error err = {.what = "?"};
	struct weir_span obj;
	char text[256];

	if (weir_watch_open(&w, r, &err) == WEIR_OK)
		return print_session(r, name, &w);
	if (weir_region_find(r, WEIR_KIND_SESSION, "session", &obj) == -ENOENT)
		return print_objects(r, name);
	(void)weir_error_format(&err, text, sizeof(text));
	tool_say("%s: %s", name, text);
	return TOOL_DAMAGED;
}
