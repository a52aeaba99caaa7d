/* A table of places on the caller's storage: an index by id, and two lists that share the places.
 * A place is in exactly one list. LIVE is what the owner works with, the oldest first. IDLE is the
 * rest: in a table of participants those who are remembered, the longest remembered first, behind
 * places that were never used; in one of requests places without an id. So room is made by taking
 * the first. Every operation is O(1), the look-up by id expected so. */
#ifndef WEIR_SRC_GATE_QUORUM_TABLE_H
#define WEIR_SRC_GATE_QUORUM_TABLE_H

#include <weir/quorum.h>

#define QUORUM_NONE UINT32_MAX

enum quorum_list { LIVE, IDLE };

/* Buckets for cap places, a power of two. */
uint32_t quorum_table_buckets(uint32_t cap);

void quorum_table_init(struct weir_priv_quorum_table *t, void *base, size_t stride, uint32_t cap,
		       uint32_t *bucket, uint64_t seed);

struct weir_priv_quorum_link *quorum_table_at(const struct weir_priv_quorum_table *t, uint32_t i);

/* The place of that id, or QUORUM_NONE; and whether a place is in LIVE. */
uint32_t quorum_table_find(const struct weir_priv_quorum_table *t, uint32_t id);
int quorum_table_is_live(const struct weir_priv_quorum_table *t, uint32_t i);

/* The first place of IDLE under a new id, or QUORUM_NONE; it stays in IDLE. *forgot: whether the
 * place remembered another id. */
uint32_t quorum_table_take(struct weir_priv_quorum_table *t, uint32_t id, int *forgot);

/* To the end of that list. */
void quorum_table_move(struct weir_priv_quorum_table *t, uint32_t i, enum quorum_list to);

/* To IDLE, and its id is forgotten. */
void quorum_table_drop(struct weir_priv_quorum_table *t, uint32_t i);

/* All of LIVE to the end of IDLE, in their order. */
void quorum_table_retire(struct weir_priv_quorum_table *t);

#endif
