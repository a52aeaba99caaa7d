/* What is observed of the inputs.
 *
 * An input belongs to one epoch, that of the first frame seen. The epoch is compared before
 * anything else, so no cursor ever mixes two: an older frame changes nothing, a newer one clears
 * the input first. The age of an input begins anew with an advance and with nothing else. */
#include "join_priv.h"

#include <string.h>

/* Where the answers are counted; 0: they are not. */
#define AT(name) offsetof(struct weir_join_stats, name)
static const uint16_t counter[WEIR_JOIN_ANSWER_COUNT] = {
	[WEIR_JOIN_OK] = AT(frames),
	[WEIR_JOIN_EPOCH_RESET] = AT(epoch_resets),
	[WEIR_JOIN_REGRESSED] = AT(regressed),
	[WEIR_JOIN_BAD_SEQ] = AT(bad_seq),
	[WEIR_JOIN_NOT_TRACKED] = AT(not_tracked),
	[WEIR_JOIN_OLD_EPOCH] = AT(old_epoch),
	[WEIR_JOIN_MAP_INVALIDATED] = AT(maps_ended),
	[WEIR_JOIN_NULL_TIME] = AT(null_times),
	[WEIR_JOIN_REJECTED_CLOCK] = AT(rejected_clock),
	[WEIR_JOIN_REJECTED_ORDER] = AT(rejected_order),
};

static enum weir_join_answer count(struct weir_join *j, enum weir_join_answer a)
{
	if (counter[a] != 0)
		++*WEIR_PTR(uint64_t, (char *)&j->stats + counter[a]);
	return a;
}

/* Input n, that a frame of that epoch belongs to. OK or EPOCH_RESET, else *in is of no use. */
static enum weir_join_answer admit(struct weir_join *j, uint32_t n, uint64_t epoch,
				   struct weir_priv_join_input **in)
{
	int active = j->state == WEIR_JOIN_STATUS_OK;
	int match = active && j->cfg.epoch_policy == WEIR_JOIN_EPOCH_MATCH;
	struct weir_priv_join_input *i = &j->input[n];
	int newer;

	if (j->state == WEIR_JOIN_STATUS_CLOSED)
		return WEIR_JOIN_CLOSED;
	if (n == j->n_inputs || !(active || (i->flags & WEIR_JOIN_INPUT_WARM) != 0))
		return WEIR_JOIN_NOT_TRACKED;
	if ((i->has & HAS_EPOCH) == 0) {
		if (match && epoch < j->epoch)
			return WEIR_JOIN_OLD_EPOCH;
		i->epoch = epoch;
		i->has |= HAS_EPOCH;
	}
	if (epoch < i->epoch)
		return WEIR_JOIN_OLD_EPOCH;
	newer = epoch > i->epoch;
	if (newer) {
		weir_priv_join_clear(j, i);
		i->epoch = epoch;
		j->changes++;
	}
	if ((match && epoch > j->epoch) ||
	    (newer && active && j->cfg.epoch_policy == WEIR_JOIN_EPOCH_ANY_INPUT)) {
		weir_priv_join_end_map(j, WEIR_JOIN_STATUS_NO_MAP);
		return WEIR_JOIN_MAP_INVALIDATED;
	}
	*in = i;
	return newer ? WEIR_JOIN_EPOCH_RESET : WEIR_JOIN_OK;
}

/* Input n takes a frame of that epoch for this cursor with nothing to be said: admit() would answer
 * OK, the cursor has been seen, and neither move() nor advance() would find anything to do but to
 * step(). Where epochs have to match, that of an input which has one is the map's: take() saw to those
 * it found, and of all that came since, an older one was refused and a newer one ended the map. */
static inline int settled(const struct weir_join *j, uint32_t n, uint64_t epoch, uint32_t c)
{
	const struct weir_priv_join_input *i = &j->input[n];
	const uint32_t want = HAS_EPOCH | HAS_ADVANCED | SEEN(c);
	const uint32_t not = FORGONE(c) | INVALIDATED(0) | INVALIDATED(1) | INVALIDATED(2) | LOST;

	return j->state == WEIR_JOIN_STATUS_OK && n != j->n_inputs && i->epoch == epoch &&
	       (i->has & (want | not )) == want;
}

static inline enum weir_join_answer step(struct weir_join *j, struct weir_priv_join_input *i,
					 uint32_t c, uint64_t value)
{
	i->observed[c] = value;
	i->advanced = j->now;
	j->changes++;
	j->stats.frames++;
	return WEIR_JOIN_OK;
}

/* The cursor comes to `value`, which is not below it; `newer`: above it, or the first. */
static void move(struct weir_join *j, struct weir_priv_join_input *i, uint32_t c, uint64_t value,
		 int newer)
{
	uint32_t gone = INVALIDATED(0) | INVALIDATED(1) | INVALIDATED(2);

	if ((j->cfg.flags & WEIR_JOIN_REVIVE_ON_REPEAT) == 0)
		gone = newer ? INVALIDATED(c) : 0;
	i->has = (i->has & ~gone) | SEEN(c);
	i->observed[c] = value;
	if (newer && (i->has & FORGONE(c)) != 0 && value <= i->forgone[c])
		j->stats.late++;
	j->changes++;
}

static void advance(struct weir_join *j, struct weir_priv_join_input *i)
{
	i->advanced = j->now;
	i->has = (i->has & ~LOST) | HAS_ADVANCED;
}

static enum weir_join_answer observe(struct weir_join *j, uint32_t n, uint64_t epoch,
				     uint64_t sequence)
{
	struct weir_priv_join_input *i;
	enum weir_join_answer a;
	int newer, revived;

	if (sequence > WEIR_MERGE_SEQ_MAX && j->state != WEIR_JOIN_STATUS_CLOSED)
		return WEIR_JOIN_BAD_SEQ;
	a = admit(j, n, epoch, &i);
	if (a != WEIR_JOIN_OK && a != WEIR_JOIN_EPOCH_RESET)
		return a;
	if ((i->has & SEEN(0)) != 0 && sequence < i->observed[0])
		return WEIR_JOIN_REGRESSED;
	newer = (i->has & SEEN(0)) == 0 || sequence > i->observed[0];
	revived =
		(j->cfg.flags & WEIR_JOIN_REVIVE_ON_REPEAT) != 0 && (i->has & INVALIDATED(0)) != 0;
	if ((i->has & SEEN(0)) == 0)
		i->min_sequence = sequence;
	if (newer || revived) {
		move(j, i, 0, sequence, newer);
		advance(j, i);
	} else {
		j->stats.repeats++;
	}
	return a;
}

/* Apart, so that what goes before it needs no stack. */
static __attribute__((noinline)) enum weir_join_answer observe_counted(struct weir_join *j,
								       uint32_t n, uint64_t epoch,
								       uint64_t sequence)
{
	return count(j, observe(j, n, epoch, sequence));
}

enum weir_join_answer weir_join_observe(struct weir_join *j, uint32_t stream, uint64_t epoch,
					uint64_t sequence, weir_ns now)
{
	const uint32_t n = weir_priv_join_find(j, stream);

	weir_priv_join_tick(j, now);
	if (WEIR_LIKELY(settled(j, n, epoch, 0) && sequence > j->input[n].observed[0] &&
			sequence <= WEIR_MERGE_SEQ_MAX))
		return step(j, &j->input[n], 0, sequence);
	return observe_counted(j, n, epoch, sequence);
}

void weir_priv_join_reject(struct weir_join *j, struct weir_priv_join_input *i, uint32_t cursor,
			   enum weir_join_answer why)
{
	weir_priv_join_calm_drop(j);
	i->has |= REJECTED(cursor);
	i->rejected[cursor] = (uint32_t)why;
	j->changes++;
}

/* Without a map a time is kept in whatever clock it comes, the last one's. */
static int right_clock(const struct weir_join *j, struct weir_priv_join_input *i, uint32_t c,
		       uint32_t clock)
{
	if (j->state == WEIR_JOIN_STATUS_OK)
		return clock == j->map.clock;
	if ((i->has & SEEN(c)) != 0 && i->clock[c] != clock)
		i->has &= ~(SEEN(c) | REJECTED(c));
	return clock == WEIR_MERGE_MONOTONIC || clock == WEIR_MERGE_REALTIME_SYNCED;
}

static enum weir_join_answer observe_time(struct weir_join *j, uint32_t n, uint64_t epoch,
					  uint32_t c, uint64_t t, uint32_t clock)
{
	struct weir_priv_join_input *i;
	enum weir_join_answer a = admit(j, n, epoch, &i);

	if (a != WEIR_JOIN_OK && a != WEIR_JOIN_EPOCH_RESET)
		return a;
	if (c == 0 || c >= CURSORS ||
	    (j->state == WEIR_JOIN_STATUS_OK && (i->sources & SEEN(c)) == 0))
		return WEIR_JOIN_NOT_TRACKED;
	if (t == WEIR_MERGE_TIME_NULL)
		return WEIR_JOIN_NULL_TIME;
	if (!right_clock(j, i, c, clock)) {
		weir_priv_join_reject(j, i, c, WEIR_JOIN_REJECTED_CLOCK);
		return WEIR_JOIN_REJECTED_CLOCK;
	}
	if ((i->has & SEEN(c)) != 0 && t < i->observed[c]) {
		weir_priv_join_reject(j, i, c, WEIR_JOIN_REJECTED_ORDER);
		return WEIR_JOIN_REJECTED_ORDER;
	}
	i->clock[c] = clock;
	move(j, i, c, t, (i->has & SEEN(c)) == 0 || t > i->observed[c]);
	advance(j, i);
	return a;
}

static __attribute__((noinline)) enum weir_join_answer observe_time_counted(
	struct weir_join *j, uint32_t n, uint64_t epoch, uint32_t c, uint64_t t, uint32_t clock)
{
	return count(j, observe_time(j, n, epoch, c, t, clock));
}

enum weir_join_answer weir_join_observe_time(struct weir_join *j, uint32_t stream, uint64_t epoch,
					     enum weir_merge_source source, uint64_t time,
					     enum weir_merge_clock clock, weir_ns now)
{
	const uint32_t n = weir_priv_join_find(j, stream), c = (uint32_t)source;
	struct weir_priv_join_input *i = &j->input[n];

	weir_priv_join_tick(j, now);
	if (WEIR_LIKELY(c - 1 < CURSORS - 1 && settled(j, n, epoch, c) &&
			(i->sources & SEEN(c)) != 0 && time >= i->observed[c] &&
			time != WEIR_MERGE_TIME_NULL && (uint32_t)clock == j->map.clock)) {
		i->clock[c] = (uint32_t)clock;
		return step(j, i, c, time);
	}
	return observe_time_counted(j, n, epoch, c, time, (uint32_t)clock);
}

/* ---- the stage's own cursors, and what it finds out ---- */

static enum weir_join_answer processed(struct weir_join *j, uint32_t stream, uint64_t epoch,
				       uint32_t c, uint64_t value)
{
	uint32_t n = weir_priv_join_find(j, stream);
	struct weir_priv_join_input *i = &j->input[n];

	if (j->state == WEIR_JOIN_STATUS_CLOSED)
		return WEIR_JOIN_CLOSED;
	if (n == j->n_inputs || (i->has & HAS_EPOCH) == 0 || i->epoch != epoch || c >= CURSORS)
		return WEIR_JOIN_NOT_TRACKED;
	if ((i->has & DONE(c)) != 0 && value <= i->processed[c])
		return WEIR_JOIN_OK;
	i->processed[c] = value;
	i->has |= DONE(c);
	j->changes++;
	return WEIR_JOIN_OK;
}

enum weir_join_answer weir_join_processed(struct weir_join *j, uint32_t stream, uint64_t epoch,
					  uint64_t sequence)
{
	return processed(j, stream, epoch, 0, sequence);
}

enum weir_join_answer weir_join_processed_time(struct weir_join *j, uint32_t stream, uint64_t epoch,
					       enum weir_merge_source source, uint64_t time)
{
	if (source != WEIR_MERGE_FRAME_DESCRIPTOR && source != WEIR_MERGE_SLOT_HEADER)
		return WEIR_JOIN_NOT_TRACKED;
	return processed(j, stream, epoch, (uint32_t)source, time);
}

static enum weir_join_answer mark(struct weir_join *j, uint32_t stream, uint32_t bits)
{
	uint32_t n = weir_priv_join_find(j, stream);

	if (j->state == WEIR_JOIN_STATUS_CLOSED)
		return WEIR_JOIN_CLOSED;
	if (n == j->n_inputs)
		return WEIR_JOIN_NOT_TRACKED;
	j->input[n].has |= bits;
	j->changes++;
	return WEIR_JOIN_OK;
}

enum weir_join_answer weir_join_invalidate(struct weir_join *j, uint32_t stream)
{
	return mark(j, stream, INVALIDATED(0) | INVALIDATED(1) | INVALIDATED(2));
}

enum weir_join_answer weir_join_lost(struct weir_join *j, uint32_t stream)
{
	return mark(j, stream, LOST);
}

int weir_join_input(const struct weir_join *j, uint32_t stream, struct weir_join_input_info *info)
{
	uint32_t n = weir_priv_join_find(j, stream), c;
	const struct weir_priv_join_input *i = &j->input[n];
	uint32_t gone = INVALIDATED(0) | INVALIDATED(1) | INVALIDATED(2);

	if (n == j->n_inputs)
		return -ENOENT;
	memset(info, 0, sizeof(*info));
	info->has_epoch = (i->has & HAS_EPOCH) != 0;
	info->has_sequence = (i->has & SEEN(0)) != 0;
	info->has_processed = (i->has & DONE(0)) != 0;
	info->has_advanced = (i->has & HAS_ADVANCED) != 0;
	info->epoch = i->epoch;
	info->sequence = i->observed[0];
	info->min_sequence = i->min_sequence;
	info->processed = i->processed[0];
	info->advanced = i->advanced;
	info->valid = (i->has & gone) == 0;
	info->optional = (i->flags & WEIR_JOIN_INPUT_OPTIONAL) != 0;
	for (c = 1; c < CURSORS; c++) {
		info->time[c - 1] = WEIR_MERGE_TIME_NULL;
		info->processed_time[c - 1] = WEIR_MERGE_TIME_NULL;
		if ((i->has & SEEN(c)) != 0)
			info->time[c - 1] = i->observed[c];
		if ((i->has & DONE(c)) != 0)
			info->processed_time[c - 1] = i->processed[c];
		if ((i->has & REJECTED(c)) != 0)
			info->rejected[c - 1] = i->rejected[c];
	}
	return WEIR_OK;
}
