/* Records that other threads write, taken in as frames.
 *
 * Each record is read once per refresh, whole: its own seqlock gives epoch, sequence and times of
 * one moment. What it held last is remembered together with the generation, so a new map sees the
 * frames again that came before it. Frames in between are skipped, which cursors do not notice;
 * that a time went back is told by the record itself. */
#include "join_priv.h"

static struct weir_priv_join_binding *next_binding(struct weir_join *j, uint32_t stream)
{
	struct weir_priv_join_binding *b = &j->binding[j->n_bindings++];
	static const struct weir_priv_join_binding none;

	*b = none;
	b->stream = stream;
	b->generation = UINT64_MAX;
	return b;
}

static int may_bind(const struct weir_join *j, uint32_t stream)
{
	if (stream == 0 || stream == WEIR_MERGE_STREAM_NULL)
		return -EINVAL;
	return j->n_bindings < j->cfg.max_bindings ? WEIR_OK : -ENOSPC;
}

int weir_join_bind_cell(struct weir_join *j, uint32_t stream, const struct weir_join_cell_shm *cell)
{
	int rc = may_bind(j, stream);

	if (cell == NULL)
		return -EINVAL;
	if (rc == WEIR_OK)
		next_binding(j, stream)->cell = cell;
	return rc;
}

int weir_join_bind_progress(struct weir_join *j, uint32_t stream, const struct weir_progress *table,
			    uint32_t slot)
{
	struct weir_priv_join_binding *b;
	int rc = may_bind(j, stream);

	if (table == NULL || slot >= table->slots)
		return -EINVAL;
	if (rc == WEIR_OK) {
		b = next_binding(j, stream);
		b->table = *table;
		b->slot = slot;
	}
	return rc;
}

/* Whether times of that source are of use. */
static int wanted(const struct weir_join *j, uint32_t stream, uint32_t cursor)
{
	uint32_t n = weir_priv_join_find(j, stream);

	if (n == j->n_inputs)
		return 0;
	return j->state != WEIR_JOIN_STATUS_OK || (j->input[n].sources & SEEN(cursor)) != 0;
}

static void take_cell(struct weir_join *j, uint32_t stream, const struct weir_join_cell *cell)
{
	enum weir_join_answer a;
	uint32_t c, n;

	a = weir_join_observe(j, stream, cell->epoch, cell->sequence, j->now);
	if (a != WEIR_JOIN_OK && a != WEIR_JOIN_EPOCH_RESET)
		return;
	for (c = 1; c < CURSORS; c++) {
		if (!wanted(j, stream, c))
			continue;
		weir_join_observe_time(j, stream, cell->epoch, (enum weir_merge_source)c,
				       cell->time[c - 1], (enum weir_merge_clock)cell->clock,
				       j->now);
		n = weir_priv_join_find(j, stream);
		if ((cell->flags & ((uint32_t)WEIR_JOIN_CELL_SEEN << c)) != 0)
			weir_priv_join_reject(j, &j->input[n], c, WEIR_JOIN_REJECTED_ORDER);
	}
}

static uint32_t refresh_cell(struct weir_join *j, struct weir_priv_join_binding *b)
{
	struct weir_join_cell cell;

	if (weir_join_cell_read(b->cell, &cell) != WEIR_OK) {
		j->stats.torn++;
		return 0;
	}
	if (cell.version == b->version && b->generation == j->generation)
		return 0;
	b->version = cell.version;
	b->generation = j->generation;
	if (cell.flags == 0)
		return 0;
	take_cell(j, b->stream, &cell);
	return 1;
}

/* The reader has handled something itself: what lay before it when it joined does not count. */
static int has_handled(const struct weir_progress_record *rec)
{
	return rec->state != WEIR_PROGRESS_VACANT && rec->state != WEIR_PROGRESS_DORMANT &&
	       rec->sequence > rec->join_sequence;
}

static uint32_t refresh_progress(struct weir_join *j, struct weir_priv_join_binding *b)
{
	struct weir_progress_record rec;
	enum weir_join_answer a;

	if (weir_progress_read(&b->table, b->slot, &rec) != WEIR_OK) {
		j->stats.torn++;
		return 0;
	}
	if (rec.epoch == b->epoch && rec.sequence == b->sequence &&
	    (uint32_t)rec.state == b->state && b->generation == j->generation)
		return 0;
	b->epoch = rec.epoch;
	b->sequence = rec.sequence;
	b->state = (uint32_t)rec.state;
	b->generation = j->generation;
	if (!has_handled(&rec))
		return 0;
	a = weir_join_observe(j, b->stream, rec.epoch, rec.sequence - 1, j->now);
	if (a == WEIR_JOIN_OK || a == WEIR_JOIN_EPOCH_RESET) {
		weir_join_processed(j, b->stream, rec.epoch, rec.sequence - 1);
		if (rec.state == WEIR_PROGRESS_STOPPED || rec.state == WEIR_PROGRESS_DEAD)
			weir_join_lost(j, b->stream);
	}
	return 1;
}

uint32_t weir_join_refresh(struct weir_join *j, weir_ns now)
{
	uint32_t n, news = 0;

	weir_priv_join_tick(j, now);
	for (n = 0; n < j->n_bindings && j->state != WEIR_JOIN_STATUS_CLOSED; n++) {
		struct weir_priv_join_binding *b = &j->binding[n];

		news += b->cell != NULL ? refresh_cell(j, b) : refresh_progress(j, b);
	}
	return news;
}
