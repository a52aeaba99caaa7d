/* Delivery-progress records, from the other side: the ring's writer, who needs the lowest position and
 * may stop waiting for a reader, and whoever mends the record of a dead one. The argument stands at
 * the top of progress.c. */
#include "progress_internal.h"

#include <weir/region.h>

/* Slots that scans must look at. Shared memory is not believed beyond the copied geometry. */
static uint32_t used(const struct weir_progress *t)
{
	/* relaxed: raised before the slot's owner word is looked at; ordered by PROG.OWN and by
	 * RING.JOIN where it matters */
	uint32_t high = weir_load_relaxed32(&t->shm->high);

	return high < t->slots ? high : t->slots;
}

static int attached(uint64_t epoch_state)
{
	unsigned state = (unsigned)(epoch_state & 0xffu);

	return state == WEIR_PROGRESS_DORMANT || state == WEIR_PROGRESS_ACTIVE ||
	       state == WEIR_PROGRESS_PARKED;
}

/* Must the ring's writer wait for this reader? */
static int holds(struct weir_progress_slot_shm *s)
{
	/* PROG.STATE acquire: pairs with weir_progress_publish_all() */
	if (!attached(weir_load_acquire64(&s->epoch_state)))
		return 0;
	/* relaxed: `evicted` is ours; a late view of `readmitted` is what RING.JOIN is for */
	return weir_load_relaxed64(&s->evicted) == weir_load_relaxed64(&s->readmitted);
}

int weir_progress_floor(const struct weir_progress *t, weir_pos *floor, uint32_t *which)
{
	uint32_t n = used(t), i;
	weir_pos lowest = 0;
	int found = 0;

	for (i = 0; i < n; i++) {
		weir_pos d;

		if (!holds(&t->slot[i]))
			continue;
		/* PROG.FREE acquire: pairs with weir_progress_publish() */
		d = weir_load_acquire64(&t->slot[i].delivered);
		if (found && weir_pos_diff(d, lowest) >= 0)
			continue;
		found = 1;
		lowest = d;
		if (which != NULL)
			*which = i;
	}
	if (!found)
		return WEIR_EMPTY;
	*floor = lowest;
	return WEIR_OK;
}

int weir_progress_evict(const struct weir_progress *t, uint32_t slot)
{
	struct weir_progress_slot_shm *s;
	uint64_t evicted;

	if (slot >= t->slots)
		return 0;
	s = &t->slot[slot];
	evicted = weir_load_relaxed64(&s->evicted); /* relaxed: only the ring's writer stores it */
	/* PROG.EVICT acquire: pairs with weir_priv_ring_readmit() */
	if (evicted != weir_load_acquire64(&s->readmitted))
		return 0;
	/* PROG.EVICT release: pairs with weir_ring_deliver(), which only needs to see it some day */
	weir_store_release64(&s->evicted, evicted + 1u);
	return 1;
}

int weir_progress_reclaim(const struct weir_progress *t, uint32_t slot, weir_owner dead,
			  weir_owner me)
{
	struct weir_progress_writer w;
	struct weir_progress_slot_shm *s;

	if (slot >= t->slots || dead == 0 || me == 0 || dead == me)
		return -EINVAL;
	s = &t->slot[slot];
	/* PROG.OWN acquire: from here on nobody else mends it; if we die, the next one sees us */
	if (!weir_cas64(&s->owner, dead, me))
		return -ESTALE;
	w.slot = s;
	w.bell = &t->shm->bell;
	w.version = (weir_load_relaxed64(&s->version) + 1u) & ~UINT64_C(1);
	/* relaxed: the dead owner's last words, perhaps of two publishes; each alone was valid, and
	 * `delivered` was stored only after its handlers returned */
	w.delivered = weir_load_relaxed64(&s->delivered);
	w.observed = weir_load_relaxed64(&s->observed);
	w.sequence = weir_load_relaxed64(&s->sequence);
	w.lost_bytes = weir_load_relaxed64(&s->lost_bytes);
	w.lost_messages = weir_load_relaxed64(&s->lost_messages);
	w.epoch_state = weir_load_relaxed64(&s->epoch_state);
	if (attached(w.epoch_state)) /* else it died before it had published anything */
		w.epoch_state = pack(w.epoch_state >> 8, WEIR_PROGRESS_DEAD);
	w.registered = weir_bell_register();
	weir_progress_publish_all(&w, weir_load_relaxed64(&s->stamp));
	/* PROG.OWN release: pairs with take_slot() */
	weir_store_release64(&s->owner, 0);
	return WEIR_OK;
}

uint32_t weir_progress_reap(const struct weir_progress *t, const struct weir_env *env,
			    weir_owner me)
{
	uint32_t n = used(t), reaped = 0, i;

	for (i = 0; i < n; i++) {
		/* relaxed: reclaim compares it again */
		weir_owner who = weir_load_relaxed64(&t->slot[i].owner);

		if (who == 0 || who == me ||
		    env->owner_state(env->ctx, who) != (int)WEIR_OWNER_DEAD)
			continue;
		if (weir_progress_reclaim(t, i, who, me) == WEIR_OK)
			reaped++;
	}
	return reaped;
}
