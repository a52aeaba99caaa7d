/*
 * What a join is told: frames one by one, maps, and records of other threads that it looks at. Here
 * the same thread writes the records, so that the figure is the join's work and not the way of a
 * cache line; the writing is part of the -new rows.
 */
#include <string.h>

#include <weir/join_cell.h>
#include <weir/progress.h>
#include <weir/region.h>

#include "bench_join.h"

int join_observe(struct role *me)
{
	struct join_scene *s = join_set(me, WEIR_JOIN_SEQUENCE, 0);
	enum weir_join_answer a;
	uint64_t i;

	if (s == NULL || role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		a = weir_join_observe(&s->j, s->pick[i % JOIN_PICKS], JOIN_EPOCH, i + 1, i);
		if (BENCH_UNLIKELY(a != WEIR_JOIN_OK))
			return role_fail(me, "weir_join_observe: %s", weir_join_answer_name(a));
	}
	role_done(me, i);
	return 0;
}

int join_observe_time(struct role *me)
{
	struct join_scene *s = join_set(me, WEIR_JOIN_TIMESTAMP, 0);
	enum weir_join_answer a;
	uint64_t i;

	if (s == NULL || role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		a = weir_join_observe_time(&s->j, s->pick[i % JOIN_PICKS], JOIN_EPOCH,
					   WEIR_MERGE_FRAME_DESCRIPTOR, i + 1, WEIR_MERGE_MONOTONIC,
					   i);
		if (BENCH_UNLIKELY(a != WEIR_JOIN_OK))
			return role_fail(me, "weir_join_observe_time: %s",
					 weir_join_answer_name(a));
	}
	role_done(me, i);
	return 0;
}

/* ---- maps ---- */

BENCH_INLINE int apply(struct role *me, uint32_t other, enum weir_join_answer want)
{
	struct join_scene *s = join_set(me, WEIR_JOIN_SEQUENCE, 0);
	enum weir_join_answer a;
	uint64_t i;

	if (s == NULL || join_tell_all(me, s, JOIN_FIRST, JOIN_FIRST) != 0 || role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		a = weir_join_apply(&s->j, &s->map[(i + 1) & other], i, NULL);
		if (BENCH_UNLIKELY(a != want))
			return role_fail(me, "weir_join_apply: %s", weir_join_answer_name(a));
	}
	role_done(me, i);
	return 0;
}

/* By turns, two maps of one epoch over the same inputs, whose offsets differ. */
int join_apply_new(struct role *me)
{
	return apply(me, 1, WEIR_JOIN_OK);
}

int join_apply_same(struct role *me)
{
	return apply(me, 0, WEIR_JOIN_NO_CHANGE);
}

/* ---- records ---- */

#define TABLE_BYTES (2u << 20)

struct records { /* at the arena's end */
	struct weir_join_cell_shm cell[JOIN_INPUTS_MAX];
	struct weir_join_cell_writer cell_writer[JOIN_INPUTS_MAX];
	struct weir_progress table;
	struct weir_progress_writer slot_writer[JOIN_INPUTS_MAX];
	uint8_t memory[TABLE_BYTES] BENCH_ALIGNED;
} BENCH_ALIGNED;

static struct records *records_of(struct role *me)
{
	_Static_assert(sizeof(struct records) + sizeof(struct join_scene) < BENCH_ARENA_BYTES / 2,
		       "arena");
	return (struct records *)(void *)(me->arena + BENCH_ARENA_BYTES - sizeof(struct records));
}

BENCH_INLINE int publish_cells(struct role *me, struct records *r, uint64_t sequence)
{
	uint32_t i;

	for (i = 0; i < me->b->size; i++)
		if (BENCH_UNLIKELY(weir_join_cell_publish(&r->cell_writer[i], JOIN_EPOCH, sequence,
							  WEIR_MERGE_TIME_NULL,
							  WEIR_MERGE_TIME_NULL) != WEIR_OK))
			return role_fail(me, "a cell was not published");
	return 0;
}

BENCH_INLINE int publish_progress(struct role *me, struct records *r, uint64_t sequence)
{
	uint32_t i;

	for (i = 0; i < me->b->size; i++)
		weir_progress_publish(&r->slot_writer[i], 8 * sequence, 8 * sequence, sequence, 0);
	return 0;
}

static int bind_cells(struct role *me, struct join_scene *s, struct records *r)
{
	uint32_t i;
	int rc = WEIR_OK;

	memset(r->cell, 0, sizeof(r->cell));
	for (i = 0; i < me->b->size && rc == WEIR_OK; i++) {
		rc = weir_join_cell_open(&r->cell_writer[i], &r->cell[i], WEIR_MERGE_MONOTONIC);
		if (rc == WEIR_OK)
			rc = weir_join_bind_cell(&s->j, join_stream(i), &r->cell[i]);
	}
	return rc == WEIR_OK ? 0 : role_fail(me, "cells: %s", weir_error_name(rc));
}

static int bind_progress(struct role *me, struct join_scene *s, struct records *r)
{
	struct weir_span mem = {r->memory, TABLE_BYTES};
	weir_owner self = weir_owner_self();
	uint32_t i;
	int rc;

	memset(r->memory, 0, TABLE_BYTES);
	rc = weir_progress_format(mem, me->b->size, NULL);
	if (rc >= 0)
		rc = weir_progress_attach(&r->table, mem, NULL);
	for (i = 0; i < me->b->size && rc >= 0; i++) {
		rc = weir_progress_claim(&r->table, i, self, 0, 0, &r->slot_writer[i], NULL);
		if (rc >= 0)
			rc = weir_join_bind_progress(&s->j, join_stream(i), &r->table, i);
	}
	return rc >= 0 ? 0 : role_fail(me, "progress: %s", weir_error_name(rc));
}

typedef int (*records_fn)(struct role *me, struct records *r, uint64_t sequence);

/* An operation is a record: with news, it is published and taken in; else it is looked at. */
BENCH_INLINE int refresh(struct role *me, struct join_scene *s, records_fn publish, int news)
{
	const uint32_t want = news ? me->b->size : 0;
	struct records *r = records_of(me);
	uint64_t i;

	if (publish(me, r, 1) != 0 || weir_join_refresh(&s->j, 0) != me->b->size)
		return role_fail(me, "the records are not there");
	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i += me->b->batch) {
		if (news && publish(me, r, i + 2) != 0)
			return -1;
		if (BENCH_UNLIKELY(weir_join_refresh(&s->j, i) != want))
			return role_fail(me, "not %u records with news", want);
	}
	role_done(me, i);
	return 0;
}

static int cells(struct role *me, int news)
{
	struct join_scene *s = join_set(me, WEIR_JOIN_SEQUENCE, sizeof(struct records));

	if (s == NULL || bind_cells(me, s, records_of(me)) != 0)
		return -1;
	return refresh(me, s, publish_cells, news);
}

static int progress(struct role *me, int news)
{
	struct join_scene *s = join_set(me, WEIR_JOIN_SEQUENCE, sizeof(struct records));

	if (s == NULL || bind_progress(me, s, records_of(me)) != 0)
		return -1;
	return refresh(me, s, publish_progress, news);
}

int join_cells_new(struct role *me)
{
	return cells(me, 1);
}

int join_cells_idle(struct role *me)
{
	return cells(me, 0);
}

int join_progress_new(struct role *me)
{
	return progress(me, 1);
}

int join_progress_idle(struct role *me)
{
	return progress(me, 0);
}
