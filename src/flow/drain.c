/* Drain waiters: delta-based targets on delivery-progress records.
 *
 * Safety. A target ends as REACHED only when one coherent record (PROG.SEQ) of the epoch that was
 * captured shows that `delivered` advanced by the backlog since the captured d0. Both numbers come
 * from the same counter of the same owner, `delivered` is published after the handlers returned,
 * and cut - d0 was fixed at capture: so everything before the cut has been handled. The comparison
 * is a signed difference of at most a ring's worth of bytes: wrap-safe.
 *
 * A record of another epoch is never compared. If the new owner's join position lies beyond d0,
 * the records between are handled by nobody: LOST. Otherwise it answers for all of them, and the
 * target is captured again from its record.
 *
 * Liveness. Every look that is not final leaves the target where it is; it ends by progress, by
 * STOPPED or DEAD in the record, by a verdict on its owner, by cancel, or by the caller's deadline.
 * A torn record is a look that saw nothing. Wake-ups: the waiter arms the table's bell before the
 * poll that finds nothing (BELL.DEKKER), and every publish rings it after the record.
 *
 * Capture order. The record is read first and the cut is given by the caller, who took it from the
 * writer's own leading position: a cut read before the record is at most too small for what the
 * caller meant, never too large for the reader. */
#include <weir/drain.h>

#include <string.h>

#include <weir/region.h>

#define UNCAPTURED 1u /* the record could not be read yet */

void weir_drain_init(struct weir_drain *d, struct weir_drain_target *storage, uint32_t cap,
		     uint32_t flags)
{
	memset(d, 0, sizeof(*d));
	d->target = storage;
	d->cap = cap;
	d->flags = flags;
	d->stats.struct_size = sizeof(d->stats);
}

static void swap(struct weir_drain *d, uint32_t a, uint32_t b)
{
	struct weir_drain_target t = d->target[a];

	d->target[a] = d->target[b];
	d->target[b] = t;
}

/* Moves an unfinished or dormant target behind both zones. */
static void finish(struct weir_drain *d, uint32_t i, enum weir_drain_why why)
{
	struct weir_drain_target *t = &d->target[i];

	t->why = (uint32_t)why;
	if (why != WEIR_DRAIN_LEFT && why != WEIR_DRAIN_DIED)
		t->remaining = 0;
	d->stats.already += why == WEIR_DRAIN_ALREADY;
	d->stats.left += why == WEIR_DRAIN_LEFT;
	d->stats.died += why == WEIR_DRAIN_DIED;
	d->stats.lost_bytes += t->lost_bytes;
	d->stats.lost_messages += t->lost_messages;
	if (i < d->open) {
		swap(d, i, --d->open);
		swap(d, d->open, d->open + d->dormant);
	} else {
		swap(d, i, d->open + --d->dormant);
	}
}

/* d0 and what depends on it, from one coherent record. */
static void capture(struct weir_drain_target *t, const struct weir_progress_record *rec)
{
	int64_t backlog = weir_pos_diff(t->cut, rec->delivered);

	t->epoch = rec->epoch;
	t->owner = rec->owner;
	t->from = rec->delivered;
	t->sequence_from = rec->sequence;
	t->lost_bytes_from = rec->lost_bytes;
	t->lost_messages_from = rec->lost_messages;
	t->backlog = backlog > 0 ? (uint64_t)backlog : 0;
	t->remaining = t->backlog;
	t->state = (uint32_t)rec->state;
	t->flags &= ~UNCAPTURED;
}

static void count_waited(struct weir_drain *d, const struct weir_drain_target *t)
{
	d->stats.waited++;
	if (t->backlog > d->stats.largest_backlog)
		d->stats.largest_backlog = t->backlog;
}

/* The slot has a new owner since the capture. Returns 1 when the target is lost. */
static int restarted(struct weir_drain_target *t, const struct weir_progress_record *rec)
{
	int64_t gap = weir_pos_diff(rec->join, t->from);

	if (gap > 0) {
		int64_t owed = weir_pos_diff(t->cut, t->from);

		t->lost_bytes = (uint64_t)(gap < owed ? gap : owed);
		/* exact when it rejoined at or before the cut; otherwise up to where it rejoined */
		t->lost_messages = rec->join_sequence - t->sequence_from;
		return 1;
	}
	capture(t, rec);
	t->lost_bytes_from = 0; /* all of this epoch's losses lie behind d0 */
	t->lost_messages_from = 0;
	return 0;
}

/* One look at one captured, serving target: at the hot line alone, while the epoch is the same. */
static enum weir_drain_why judge(struct weir_drain_target *t)
{
	struct weir_progress_hot hot;
	struct weir_progress_record rec;
	uint32_t state;
	int64_t advanced;

	if (weir_progress_read_hot(t->table, t->slot, &hot) != WEIR_OK)
		return WEIR_DRAIN_WAITING; /* torn: this look saw nothing */
	if (hot.epoch_state >> 8 != t->epoch) {
		if (weir_progress_read(t->table, t->slot, &rec) != WEIR_OK)
			return WEIR_DRAIN_WAITING;
		if (restarted(t, &rec))
			return WEIR_DRAIN_LOST;
		if (weir_progress_read_hot(t->table, t->slot, &hot) != WEIR_OK ||
		    hot.epoch_state >> 8 != t->epoch)
			return WEIR_DRAIN_WAITING;
	}
	state = (uint32_t)(hot.epoch_state & 0xffu);
	t->state = state;
	advanced = weir_pos_diff(hot.delivered, t->from);
	if (advanced >= (int64_t)t->backlog) {
		t->lost_bytes = hot.lost_bytes - t->lost_bytes_from;
		t->lost_messages = hot.lost_messages - t->lost_messages_from;
		return t->lost_bytes != 0 ? WEIR_DRAIN_LOST : WEIR_DRAIN_REACHED;
	}
	if (advanced > 0)
		t->remaining = t->backlog - (uint64_t)advanced;
	if (state == WEIR_PROGRESS_STOPPED)
		return WEIR_DRAIN_LEFT;
	if (state >= WEIR_PROGRESS_DEAD) /* dead, or damaged beyond belief */
		return WEIR_DRAIN_DIED;
	return WEIR_DRAIN_WAITING;
}

/* A fresh target at the end of the open zone: decides what it is. */
static void classify(struct weir_drain *d, uint32_t i, const struct weir_progress_record *rec)
{
	struct weir_drain_target *t = &d->target[i];

	capture(t, rec);
	if (rec->state == WEIR_PROGRESS_DORMANT && !(d->flags & WEIR_DRAIN_COUNT_DORMANT)) {
		t->why = WEIR_DRAIN_DORMANT;
		d->stats.dormant++;
		swap(d, i, --d->open); /* the border moves: it is the first of the dormant now */
		d->dormant++;
		return;
	}
	if (t->backlog == 0) {
		finish(d, i, WEIR_DRAIN_ALREADY);
		return;
	}
	count_waited(d, t);
	if (rec->state == WEIR_PROGRESS_STOPPED)
		finish(d, i, WEIR_DRAIN_LEFT);
	else if (rec->state == WEIR_PROGRESS_DEAD)
		finish(d, i, WEIR_DRAIN_DIED);
}

static void add(struct weir_drain *d, const struct weir_progress *table, uint32_t slot,
		weir_pos cut, uint64_t tag, const struct weir_progress_record *rec)
{
	uint32_t i = d->open;

	/* make a place at the border of the open zone */
	if (d->n != d->open + d->dormant)
		d->target[d->n] = d->target[d->open + d->dormant];
	if (d->dormant != 0)
		d->target[d->open + d->dormant] = d->target[d->open];
	memset(&d->target[i], 0, sizeof(d->target[i]));
	d->target[i].table = table;
	d->target[i].slot = slot;
	d->target[i].cut = cut;
	d->target[i].tag = tag;
	d->target[i].flags = UNCAPTURED;
	if (rec == NULL) { /* single words do not tear: who it is that we could not read */
		const struct weir_progress_slot_shm *s = &table->slot[slot];
		uint64_t epoch_state = weir_load_acquire64(&s->epoch_state);

		d->target[i].epoch = epoch_state >> 8;
		d->target[i].state = (uint32_t)(epoch_state & 0xffu);
		d->target[i].owner = weir_load_relaxed64(&s->owner);
		d->target[i].from = weir_load_relaxed64(&s->delivered);
		d->target[i].sequence_from = weir_load_relaxed64(&s->sequence);
	}
	d->open++;
	d->n++;
	d->stats.targets++;
	if (rec != NULL)
		classify(d, i, rec);
}

/* bulk: only readers that are attached; one that has just taken a slot may still show the last
 * record of the one before, and owes nothing that was published before it joined. */
static int add_slot(struct weir_drain *d, const struct weir_progress *table, uint32_t slot,
		    weir_pos cut, uint64_t tag, int bulk)
{
	struct weir_progress_record rec;
	int rc = weir_progress_read(table, slot, &rec);

	if (rc == -EINVAL)
		return rc;
	if (rc == WEIR_OK && (rec.state == WEIR_PROGRESS_VACANT ||
			      (bulk && (rec.state == WEIR_PROGRESS_STOPPED ||
					rec.state == WEIR_PROGRESS_DEAD))))
		return WEIR_OK;
	if (d->n == d->cap)
		return -ENOBUFS;
	add(d, table, slot, cut, tag, rc == WEIR_OK ? &rec : NULL);
	return WEIR_OK;
}

int weir_drain_add(struct weir_drain *d, const struct weir_progress *table, uint32_t slot,
		   weir_pos cut, uint64_t tag)
{
	return add_slot(d, table, slot, cut, tag, 0);
}

int weir_drain_add_all(struct weir_drain *d, const struct weir_progress *table, weir_pos cut,
		       uint64_t tag)
{
	uint32_t high = weir_load_relaxed32(&table->shm->high); /* relaxed: see progress.c, used() */
	uint32_t n = high < table->slots ? high : table->slots, i, live = 0;
	uint64_t held[WEIR_PROGRESS_SLOTS_MAX / 64u] = {0};

	/* relaxed: who attaches while we look is no target either way */
	for (i = 0; i < n; i++)
		if (weir_load_relaxed64(&table->slot[i].owner) != 0) {
			held[i / 64u] |= UINT64_C(1) << (i % 64u);
			live++;
		}
	if (live > d->cap - d->n)
		return -ENOBUFS;
	for (i = 0; i < n; i++) {
		if (!(held[i / 64u] >> (i % 64u) & 1u))
			continue; /* exactly those counted: there is room for each */
		if (add_slot(d, table, i, cut, tag, 1) < 0)
			return -ENOBUFS;
	}
	return WEIR_OK;
}

static int verdict(const struct weir_drain *d)
{
	uint32_t i;
	int rc = WEIR_OK;

	if (d->cancelled)
		return -ECANCELED;
	if (d->open != 0)
		return WEIR_PENDING;
	if (d->stats.died != 0)
		return -EOWNERDEAD;
	for (i = d->dormant; i < d->n; i++) {
		if (d->target[i].why == WEIR_DRAIN_LOST)
			return WEIR_LOST;
		if (d->target[i].why == WEIR_DRAIN_LEFT)
			rc = WEIR_DEPARTED;
	}
	return rc;
}

/* A dormant reader that has begun to serve owes what lies between its join position and the cut. */
static int begun(struct weir_drain_target *t)
{
	struct weir_progress_record rec;

	if (weir_progress_read(t->table, t->slot, &rec) != WEIR_OK ||
	    (rec.state != WEIR_PROGRESS_ACTIVE && rec.state != WEIR_PROGRESS_PARKED))
		return 0; /* still asleep, or gone without having served */
	t->epoch = rec.epoch;
	t->owner = rec.owner;
	t->from = rec.join;
	t->sequence_from = rec.join_sequence;
	t->lost_bytes_from = 0;
	t->lost_messages_from = 0;
	t->why = WEIR_DRAIN_WAITING;
	t->backlog = weir_pos_diff(t->cut, rec.join) > 0 ? t->cut - rec.join : 0;
	t->remaining = t->backlog;
	return 1;
}

static void wake_dormant(struct weir_drain *d)
{
	uint32_t i = d->open;

	while (i < d->open + d->dormant) {
		if (!begun(&d->target[i])) {
			i++;
			continue;
		}
		d->stats.dormant--;
		if (d->target[i].backlog == 0) {
			finish(d, i, WEIR_DRAIN_ALREADY); /* another one now stands at i */
			continue;
		}
		count_waited(d, &d->target[i]);
		swap(d, i, d->open); /* what comes to i has been looked at */
		d->open++;
		d->dormant--;
		i++;
	}
}

/* Is the reader that an uncaptured target meant gone, with records below the cut unhandled? */
static int replaced(struct weir_drain_target *t, const struct weir_progress_record *rec)
{
	return rec->epoch != t->epoch && weir_pos_diff(t->cut, t->from) > 0 &&
	       (t->state == WEIR_PROGRESS_DORMANT || t->state == WEIR_PROGRESS_ACTIVE ||
		t->state == WEIR_PROGRESS_PARKED) &&
	       weir_pos_diff(rec->join, t->from) > 0 && restarted(t, rec);
}

int weir_drain_poll(struct weir_drain *d, weir_ns now)
{
	uint32_t i;
	int rc;

	if (d->first_poll == 0)
		d->first_poll = now;
	d->stats.polls++;
	if (d->open != 0 && d->dormant != 0)
		wake_dormant(d);
	for (i = d->open; i-- > 0;) {
		struct weir_drain_target *t = &d->target[i];
		struct weir_progress_record rec;
		enum weir_drain_why why;

		if (t->flags & UNCAPTURED) {
			if (weir_progress_read(t->table, t->slot, &rec) != WEIR_OK)
				continue;
			if (replaced(t, &rec))
				finish(d, i, WEIR_DRAIN_LOST);
			else
				classify(d, i, &rec);
			continue;
		}
		why = judge(t);
		if (why != WEIR_DRAIN_WAITING)
			finish(d, i, why);
	}
	rc = verdict(d);
	if (rc != WEIR_PENDING && !d->ended++)
		d->stats.wait_ns = now - d->first_poll;
	return rc;
}

/* The owner is dead: what it published last stands; below the cut it DIED. */
static uint32_t bury(struct weir_drain *d, uint32_t i)
{
	struct weir_drain_target *t = &d->target[i];
	weir_owner was = t->owner;
	enum weir_drain_why why = WEIR_DRAIN_WAITING;

	if (!(t->flags & UNCAPTURED)) {
		why = judge(t);
		if (why == WEIR_DRAIN_WAITING && t->owner != was)
			return 0; /* captured again from a successor */
	}
	finish(d, i, why == WEIR_DRAIN_WAITING ? WEIR_DRAIN_DIED : why);
	return why == WEIR_DRAIN_WAITING || why == WEIR_DRAIN_DIED;
}

void weir_drain_owner_died(struct weir_drain *d, weir_owner who)
{
	uint32_t i;

	for (i = d->open; i-- > 0;)
		if (who != 0 && d->target[i].owner == who)
			(void)bury(d, i);
}

uint32_t weir_drain_check_owners(struct weir_drain *d, const struct weir_env *env)
{
	uint32_t i, died = 0;

	for (i = d->open; i-- > 0;) {
		struct weir_drain_target *t = &d->target[i];
		/* relaxed: an identity; an uncaptured target has no other source for it */
		weir_owner who = t->owner != 0
					 ? t->owner
					 : weir_load_relaxed64(&t->table->slot[t->slot].owner);

		if (who == 0 || env->owner_state(env->ctx, who) != (int)WEIR_OWNER_DEAD)
			continue;
		died += bury(d, i);
	}
	return died;
}

void weir_drain_cancel(struct weir_drain *d)
{
	d->cancelled = 1;
}
