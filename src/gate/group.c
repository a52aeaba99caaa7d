/* Membership: a table of slots, each a small machine, and the set of those that are ACTIVE.
 *
 * g->active holds member i exactly when member[i].state is ACTIVE: set_state() is the only place
 * that changes either. The epoch is compared before the state, so that a late word about an
 * earlier tenant of the slot is never taken for one about the present tenant. */
#include <weir/group.h>

#include <string.h>

enum event { JOIN, LEAVE, GO, DIE, VACATE, EVENTS };

#define NO WEIR_MEMBER_STATE_COUNT
#define TO(name) WEIR_MEMBER_##name

/* The state that follows; NO: not allowed. */
static const uint8_t legal[WEIR_MEMBER_STATE_COUNT][EVENTS] = {
	/*                      JOIN        LEAVE         GO        DIE       VACATE */
	[WEIR_MEMBER_VACANT] = {TO(ACTIVE), NO, NO, NO, NO},
	[WEIR_MEMBER_ACTIVE] = {NO, TO(DRAINING), TO(GONE), TO(DEAD), NO},
	[WEIR_MEMBER_DRAINING] = {NO, NO, TO(GONE), TO(DEAD), NO},
	[WEIR_MEMBER_GONE] = {NO, NO, NO, NO, TO(VACANT)},
	[WEIR_MEMBER_DEAD] = {NO, NO, NO, NO, TO(VACANT)},
};

int weir_group_init(struct weir_group *g, struct weir_member *storage, uint32_t cap)
{
	if (cap == 0 || cap > WEIR_GROUP_MAX)
		return -EINVAL;
	memset(g, 0, sizeof(*g));
	memset(storage, 0, cap * sizeof(*storage));
	g->member = storage;
	g->cap = cap;
	return WEIR_OK;
}

static void set_state(struct weir_group *g, uint32_t slot, uint32_t to)
{
	g->member[slot].state = to;
	g->member[slot].view = ++g->view;
	if (to == WEIR_MEMBER_ACTIVE)
		weir_group_set_add(&g->active, slot);
	else
		weir_group_set_remove(&g->active, slot);
}

static int change(struct weir_group *g, uint32_t slot, uint64_t epoch, enum event e)
{
	uint32_t to;

	if (slot >= g->cap)
		return -EINVAL;
	if (g->member[slot].epoch != epoch)
		return -ESTALE;
	to = legal[g->member[slot].state][e];
	if (to == NO)
		return -EINVAL;
	set_state(g, slot, to);
	return WEIR_OK;
}

int weir_group_join(struct weir_group *g, uint32_t slot, weir_owner owner, uint64_t *epoch)
{
	if (slot >= g->cap || owner == 0)
		return -EINVAL;
	if (legal[g->member[slot].state][JOIN] == NO)
		return -EBUSY;
	g->member[slot].owner = owner;
	*epoch = ++g->member[slot].epoch;
	set_state(g, slot, legal[g->member[slot].state][JOIN]);
	return WEIR_OK;
}

int weir_group_leave(struct weir_group *g, uint32_t slot, uint64_t epoch)
{
	return change(g, slot, epoch, LEAVE);
}

int weir_group_gone(struct weir_group *g, uint32_t slot, uint64_t epoch)
{
	return change(g, slot, epoch, GO);
}

int weir_group_died(struct weir_group *g, uint32_t slot, uint64_t epoch)
{
	return change(g, slot, epoch, DIE);
}

int weir_group_vacate(struct weir_group *g, uint32_t slot, uint64_t epoch)
{
	int rc = change(g, slot, epoch, VACATE);

	if (rc == WEIR_OK)
		g->member[slot].owner = 0;
	return rc;
}

uint32_t weir_group_next(const struct weir_group *g, uint32_t from, enum weir_member_state state)
{
	while (from < g->cap && g->member[from].state != (uint32_t)state)
		from++;
	return from < g->cap ? from : g->cap;
}

const char *weir_member_state_name(unsigned state)
{
	static const char *const name[] = {
#define X(n) #n,
		WEIR_MEMBER_STATES(X)
#undef X
	};

	return state < WEIR_MEMBER_STATE_COUNT ? name[state] : "?";
}

int weir_group_set_has(const struct weir_group_set *s, uint32_t member)
{
	return member < WEIR_GROUP_MAX && (s->word[member / 64u] >> (member % 64u) & 1u) != 0;
}

void weir_group_set_add(struct weir_group_set *s, uint32_t member)
{
	if (member < WEIR_GROUP_MAX)
		s->word[member / 64u] |= (uint64_t)1 << (member % 64u);
}

void weir_group_set_remove(struct weir_group_set *s, uint32_t member)
{
	if (member < WEIR_GROUP_MAX)
		s->word[member / 64u] &= ~((uint64_t)1 << (member % 64u));
}

uint32_t weir_group_set_count(const struct weir_group_set *s)
{
	uint32_t i, n = 0;

	for (i = 0; i < WEIR_GROUP_MAX / 64u; i++)
		n += (uint32_t)__builtin_popcountll(s->word[i]);
	return n;
}

uint32_t weir_group_set_next(const struct weir_group_set *s, uint32_t from)
{
	uint32_t i = from / 64u;
	uint64_t w;

	if (from >= WEIR_GROUP_MAX)
		return WEIR_GROUP_MAX;
	w = s->word[i] & (UINT64_MAX << (from % 64u));
	while (w == 0) {
		if (++i == WEIR_GROUP_MAX / 64u)
			return WEIR_GROUP_MAX;
		w = s->word[i];
	}
	return i * 64u + (uint32_t)__builtin_ctzll(w);
}
