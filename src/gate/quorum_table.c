/* Places, an index by id, and two lists. The index is an array of buckets with chains of place
 * numbers through the places themselves, so that it never grows: there are as many links as places,
 * and a place that holds no id hangs in no chain. The hash is keyed with the caller's seed.
 *
 * A place is in LIVE when its era is the table's. Retiring all of LIVE is to hang its list behind
 * IDLE's and to begin a new era; nothing is walked. */
#include "quorum_table.h"

#include <string.h>

uint32_t quorum_table_buckets(uint32_t cap)
{
	uint32_t n = 1;

	while (n < cap)
		n *= 2u;
	return n;
}

struct weir_priv_quorum_link *quorum_table_at(const struct weir_priv_quorum_table *t, uint32_t i)
{
	return WEIR_PTR(struct weir_priv_quorum_link, t->base + (size_t)i * t->stride);
}

int quorum_table_is_live(const struct weir_priv_quorum_table *t, uint32_t i)
{
	return quorum_table_at(t, i)->era == t->era;
}

/* The finishing steps of a multiplicative mixer: every bit of id and seed reaches every bit. */
static uint32_t *bucket_of(const struct weir_priv_quorum_table *t, uint32_t id)
{
	uint64_t x = (t->seed ^ id) + UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return &t->bucket[(uint32_t)(x ^ (x >> 31)) & t->mask];
}

uint32_t quorum_table_find(const struct weir_priv_quorum_table *t, uint32_t id)
{
	uint32_t i = *bucket_of(t, id);

	while (i != QUORUM_NONE && quorum_table_at(t, i)->id != id)
		i = quorum_table_at(t, i)->chain;
	return i;
}

static void index_add(struct weir_priv_quorum_table *t, uint32_t i, uint32_t id)
{
	struct weir_priv_quorum_link *l = quorum_table_at(t, i);
	uint32_t *b = bucket_of(t, id);

	l->id = id;
	l->known = 1;
	l->chain = *b;
	*b = i;
}

static void index_remove(struct weir_priv_quorum_table *t, uint32_t i)
{
	struct weir_priv_quorum_link *l = quorum_table_at(t, i);
	uint32_t *at = bucket_of(t, l->id);

	while (*at != i)
		at = &quorum_table_at(t, *at)->chain;
	*at = l->chain;
	l->known = 0;
}

static void unlink_place(struct weir_priv_quorum_table *t, uint32_t i)
{
	struct weir_priv_quorum_link *l = quorum_table_at(t, i);
	enum quorum_list from = l->era == t->era ? LIVE : IDLE;

	if (l->prev == QUORUM_NONE)
		t->head[from] = l->next;
	else
		quorum_table_at(t, l->prev)->next = l->next;
	if (l->next == QUORUM_NONE)
		t->tail[from] = l->prev;
	else
		quorum_table_at(t, l->next)->prev = l->prev;
	if (from == LIVE)
		t->live--;
}

static void link_place(struct weir_priv_quorum_table *t, uint32_t i, enum quorum_list to)
{
	struct weir_priv_quorum_link *l = quorum_table_at(t, i);

	l->prev = t->tail[to];
	l->next = QUORUM_NONE;
	if (l->prev == QUORUM_NONE)
		t->head[to] = i;
	else
		quorum_table_at(t, l->prev)->next = i;
	t->tail[to] = i;
	l->era = to == LIVE ? t->era : 0;
	if (to == LIVE)
		t->live++;
}

void quorum_table_init(struct weir_priv_quorum_table *t, void *base, size_t stride, uint32_t cap,
		       uint32_t *bucket, uint64_t seed)
{
	uint32_t i;

	memset(t, 0, sizeof(*t));
	memset(base, 0, stride * cap);
	t->base = (unsigned char *)base;
	t->bucket = bucket;
	t->seed = seed;
	t->era = 1;
	t->stride = (uint32_t)stride;
	t->cap = cap;
	t->mask = quorum_table_buckets(cap) - 1u;
	t->head[LIVE] = t->tail[LIVE] = QUORUM_NONE;
	t->head[IDLE] = t->tail[IDLE] = QUORUM_NONE;
	for (i = 0; i <= t->mask; i++)
		bucket[i] = QUORUM_NONE;
	for (i = 0; i < cap; i++)
		link_place(t, i, IDLE);
}

uint32_t quorum_table_take(struct weir_priv_quorum_table *t, uint32_t id, int *forgot)
{
	uint32_t i = t->head[IDLE];

	if (i == QUORUM_NONE)
		return i;
	*forgot = quorum_table_at(t, i)->known != 0;
	if (*forgot)
		index_remove(t, i);
	index_add(t, i, id);
	return i;
}

void quorum_table_move(struct weir_priv_quorum_table *t, uint32_t i, enum quorum_list to)
{
	unlink_place(t, i);
	link_place(t, i, to);
}

void quorum_table_drop(struct weir_priv_quorum_table *t, uint32_t i)
{
	index_remove(t, i);
	quorum_table_move(t, i, IDLE);
}

void quorum_table_retire(struct weir_priv_quorum_table *t)
{
	if (t->live == 0)
		return;
	if (t->tail[IDLE] == QUORUM_NONE) {
		t->head[IDLE] = t->head[LIVE];
	} else {
		quorum_table_at(t, t->tail[IDLE])->next = t->head[LIVE];
		quorum_table_at(t, t->head[LIVE])->prev = t->tail[IDLE];
	}
	t->tail[IDLE] = t->tail[LIVE];
	t->head[LIVE] = t->tail[LIVE] = QUORUM_NONE;
	t->live = 0;
	t->era++;
}
