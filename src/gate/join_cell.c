/* One stream's newest frame as a record: a seqlock with one writer.
 *
 * CELL.SEQ. The writer makes `version` odd (relaxed), a release fence, the words (relaxed), then
 * `version` even (release). A reader loads `version` (acquire), the words (relaxed), an acquire
 * fence, `version` again. If it saw a word of a later publish, the two fences make its second load
 * see that publish's odd version or a newer one, and the look is thrown away; if its first load saw
 * the even version of a publish, it sees all words of that one or newer. So two equal even versions
 * enclose one publish: an epoch is never seen with the sequence or the times of another.
 *
 * A reader does not wait for a writer that may be dead; it gives up after WEIR_JOIN_CELL_TRIES.
 * A writer that finds the version odd follows one that died in between: the words may be of two
 * publishes, so it says that there are none. */
#include <weir/join_cell.h>

/* All words, under `version`. */
static void store(struct weir_join_cell_writer *w)
{
	struct weir_join_cell_shm *s = w->shm;
	/* relaxed: nobody else writes it */
	uint64_t version = weir_load_relaxed64(&s->version);

	version += (version & 1u) != 0 ? 1 : 2;
	/* CELL.SEQ odd: relaxed, the release fence keeps the words below behind it */
	weir_store_relaxed64(&s->version, version - 1);
	weir_fence_release();
	/* relaxed: validated by the version */
	weir_store_relaxed64(&s->epoch, w->epoch);
	weir_store_relaxed64(&s->sequence, w->sequence);
	weir_store_relaxed64(&s->time[0], w->time[0]);
	weir_store_relaxed64(&s->time[1], w->time[1]);
	weir_store_relaxed32(&s->clock, w->clock);
	weir_store_relaxed32(&s->flags, w->flags);
	/* CELL.SEQ release: pairs with weir_join_cell_read() */
	weir_store_release64(&s->version, version);
}

int weir_join_cell_open(struct weir_join_cell_writer *w, struct weir_join_cell_shm *shm,
			enum weir_merge_clock clock)
{
	int torn;

	if (shm == NULL || (uintptr_t)shm % WEIR_LINE != 0 ||
	    (clock != WEIR_MERGE_MONOTONIC && clock != WEIR_MERGE_REALTIME_SYNCED))
		return -EINVAL;
	w->shm = shm;
	/* relaxed: there is one writer, and what its predecessor stored is passed on by whatever
	 * made this one its successor */
	torn = (weir_load_relaxed64(&shm->version) & 1u) != 0;
	w->epoch = weir_load_relaxed64(&shm->epoch);
	w->sequence = weir_load_relaxed64(&shm->sequence);
	w->time[0] = weir_load_relaxed64(&shm->time[0]);
	w->time[1] = weir_load_relaxed64(&shm->time[1]);
	w->clock = weir_load_relaxed32(&shm->clock);
	w->flags = weir_load_relaxed32(&shm->flags);
	if (w->flags != 0 && !torn && w->clock == (uint32_t)clock)
		return WEIR_OK;
	w->epoch = 0;
	w->sequence = 0;
	w->time[0] = WEIR_MERGE_TIME_NULL;
	w->time[1] = WEIR_MERGE_TIME_NULL;
	w->clock = (uint32_t)clock;
	w->flags = 0;
	store(w);
	return WEIR_OK;
}

static void set_time(struct weir_join_cell_writer *w, unsigned n, uint64_t time)
{
	if (time == WEIR_MERGE_TIME_NULL)
		return;
	if (w->time[n] != WEIR_MERGE_TIME_NULL && time < w->time[n])
		w->flags |= n == 0 ? WEIR_JOIN_CELL_DISORDER_1 : WEIR_JOIN_CELL_DISORDER_2;
	else
		w->time[n] = time;
}

int weir_join_cell_publish(struct weir_join_cell_writer *w, uint64_t epoch, uint64_t sequence,
			   uint64_t descriptor_time, uint64_t slot_time)
{
	int seen = (w->flags & WEIR_JOIN_CELL_SEEN) != 0;

	if (epoch == WEIR_MERGE_EPOCH_NULL || sequence > WEIR_MERGE_SEQ_MAX)
		return -EINVAL;
	if (seen && (epoch < w->epoch || (epoch == w->epoch && sequence < w->sequence)))
		return -ESTALE;
	if (!seen || epoch > w->epoch) {
		w->flags = WEIR_JOIN_CELL_SEEN;
		w->time[0] = WEIR_MERGE_TIME_NULL;
		w->time[1] = WEIR_MERGE_TIME_NULL;
	}
	w->epoch = epoch;
	w->sequence = sequence;
	set_time(w, 0, descriptor_time);
	set_time(w, 1, slot_time);
	store(w);
	return WEIR_OK;
}

/* One look; 0 when it was torn. */
static int look(const struct weir_join_cell_shm *s, struct weir_join_cell *c)
{
	/* CELL.SEQ acquire: pairs with weir_join_cell_publish() */
	c->version = weir_load_acquire64(&s->version);
	/* relaxed: validated by the second look at the version */
	c->epoch = weir_load_relaxed64(&s->epoch);
	c->sequence = weir_load_relaxed64(&s->sequence);
	c->time[0] = weir_load_relaxed64(&s->time[0]);
	c->time[1] = weir_load_relaxed64(&s->time[1]);
	c->clock = weir_load_relaxed32(&s->clock);
	c->flags = weir_load_relaxed32(&s->flags);
	weir_fence_acquire(); /* CELL.SEQ: the words before the second look */
	return (c->version & 1u) == 0 && weir_load_relaxed64(&s->version) == c->version;
}

int weir_join_cell_read(const struct weir_join_cell_shm *shm, struct weir_join_cell *c)
{
	struct weir_join_cell seen;
	int n;

	for (n = 0; n < WEIR_JOIN_CELL_TRIES; n++) {
		if (look(shm, &seen)) {
			*c = seen;
			return WEIR_OK;
		}
	}
	return -EAGAIN;
}
