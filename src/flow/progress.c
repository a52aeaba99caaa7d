/* Delivery-progress records: a table of seqlocks, each with one writer.
 *
 * PROG.SEQ, the snapshot. The owner makes `version` odd (relaxed), a release fence, the words
 * (relaxed or release), then `version` even (release). A reader loads `version` (acquire), the
 * words (relaxed), an acquire fence, `version` again. If it saw any word of a later publish, the
 * release fence in front of that word and the reader's acquire fence behind it make the second
 * load see that publish's odd version or something newer, and the look is thrown away. If the
 * first load saw the even version of a publish, its acquire sees all that publish's words or newer
 * ones. So two equal even versions enclose the words of exactly one publish. The words are relaxed
 * atomics, not plain memory: no data race, and ThreadSanitizer agrees.
 *
 * Nobody waits for a writer inside a read: it gives up after WEIR_PROGRESS_TRIES looks, because
 * the writer may have died between the two versions. weir_progress_reclaim() mends such a record.
 *
 * PROG.FREE, the space. The ring's writer reads `delivered` alone (acquire), not the snapshot: one
 * aligned word cannot tear. The owner stores it (release) after its handlers' loads of the
 * payload, so what the writer stores into that space afterwards cannot be seen by them.
 *
 * PROG.OWN, the slot. `owner` is taken by compare-and-swap from 0 (claim) or from a dead owner's
 * identity (reclaim), so exactly one process is responsible for the words at any time; giving it
 * back is a release store of 0 that publishes the last record to the next claimant.
 *
 * Death between two stores. A reader that is found dead leaves single words, each true when it was
 * stored; so their order is part of the meaning. In a claim the join position comes first, then the
 * epoch, then `delivered`: no progress of the new owner ever stands under the epoch of the one
 * before, and whoever sees the new epoch sees where it begins. In a publish the
 * losses come before `delivered`: no position of a lap stands without them. `high` is raised before
 * a slot is taken: a scan finds whoever died right after.
 *
 * RING.JOIN, a new reader against a running writer: the slot is published, then a full fence, then
 * the joiner looks at the ring's `step`; the writer stores `step`, then a full fence, then looks at
 * the slots again. At least one of the two sees the other (ring.c has the rest). */
#include "progress_internal.h"

#include <ck_pr.h>

#include <weir/region.h>

#define MAGIC UINT64_C(0x474f525072696577) /* "weirPROG", little endian */

int weir_progress_bytes(uint32_t slots, size_t *bytes, struct weir_error *err)
{
	if (slots == 0 || slots > WEIR_PROGRESS_SLOTS_MAX)
		return weir_error_set(err, -EINVAL, "progress table: slots", slots,
				      WEIR_PROGRESS_SLOTS_MAX);
	*bytes = sizeof(struct weir_progress_shm) + slots * sizeof(struct weir_progress_slot_shm);
	return WEIR_OK;
}

static int check_span(struct weir_span mem, size_t bytes, struct weir_error *err)
{
	if (mem.ptr == NULL || (uintptr_t)mem.ptr % WEIR_LINE != 0)
		return weir_error_set(err, -EINVAL, "progress table: address modulo the line",
				      (uintptr_t)mem.ptr % WEIR_LINE, 0);
	if (mem.len < bytes)
		return weir_error_set(err, -ENOBUFS, "progress table: bytes", mem.len, bytes);
	return WEIR_OK;
}

int weir_progress_format(struct weir_span mem, uint32_t slots, struct weir_error *err)
{
	struct weir_progress_shm *shm = mem.ptr;
	size_t bytes = 0;
	int rc = weir_progress_bytes(slots, &bytes, err);

	if (rc == WEIR_OK)
		rc = check_span(mem, bytes, err);
	if (rc != WEIR_OK)
		return rc;
	shm->slots = slots;
	shm->slot_bytes = sizeof(struct weir_progress_slot_shm);
	weir_store_release64(&shm->magic, MAGIC);
	return WEIR_OK;
}

int weir_progress_attach(struct weir_progress *t, struct weir_span mem, struct weir_error *err)
{
	struct weir_progress_shm *shm = mem.ptr;
	uint64_t magic;
	uint32_t slots, slot_bytes;
	size_t bytes;
	int rc = check_span(mem, sizeof(*shm), err);

	if (rc != WEIR_OK)
		return rc;
	magic = weir_load_acquire64(&shm->magic);
	slots = weir_load_relaxed32(&shm->slots); /* constant after format; read once, then checked */
	slot_bytes = weir_load_relaxed32(&shm->slot_bytes);
	if (magic != MAGIC)
		return weir_error_set(err, -EPROTO, "progress table: magic", magic, MAGIC);
	if (slot_bytes != sizeof(struct weir_progress_slot_shm))
		return weir_error_set(err, -EPROTO, "progress table: slot bytes", slot_bytes,
				      sizeof(struct weir_progress_slot_shm));
	if (slots == 0 || slots > WEIR_PROGRESS_SLOTS_MAX)
		return weir_error_set(err, -EBADMSG, "progress table: slots", slots,
				      WEIR_PROGRESS_SLOTS_MAX);
	bytes = sizeof(*shm) + slots * sizeof(struct weir_progress_slot_shm);
	if (mem.len < bytes)
		return weir_error_set(err, -ENOBUFS, "progress table: bytes", mem.len, bytes);
	t->shm = shm;
	t->slot = WEIR_PTR(struct weir_progress_slot_shm, shm + 1);
	t->slots = slots;
	t->reserved = 0;
	return WEIR_OK;
}

static void raise_high(const struct weir_progress *t, uint32_t want)
{
	uint32_t high;

	while ((high = weir_load_acquire32(&t->shm->high)) < want)
		if (weir_cas32(&t->shm->high, high, want))
			break;
}

static int take_slot(const struct weir_progress *t, uint32_t slot, weir_owner owner, uint32_t *got,
		     struct weir_error *err)
{
	uint32_t i;

	if (slot != WEIR_PROGRESS_SLOT_ANY) {
		raise_high(t, slot + 1u); /* before the slot is taken: scans must find a dead taker */
		/* PROG.OWN acquire: pairs with the release in weir_progress_stop() and reclaim */
		if (!weir_cas64(&t->slot[slot].owner, 0, owner))
			return weir_error_set(
				err, -EBUSY, "progress table: slot is held by pid",
				weir_owner_pid(weir_load_relaxed64(&t->slot[slot].owner)), slot);
		*got = slot;
		return WEIR_OK;
	}
	for (i = 0; i < t->slots; i++)
		if (weir_load_relaxed64(&t->slot[i].owner) == 0) {
			raise_high(t, i + 1u);
			if (weir_cas64(&t->slot[i].owner, 0, owner)) {
				*got = i;
				return WEIR_OK;
			}
		}
	return weir_error_set(err, -ENOSPC, "progress table: slots in use", t->slots, t->slots);
}

int weir_progress_claim(const struct weir_progress *t, uint32_t slot, weir_owner owner,
			weir_pos join, uint64_t join_sequence, struct weir_progress_writer *w,
			struct weir_error *err)
{
	struct weir_progress_slot_shm *s;
	uint64_t epoch;
	uint32_t got = 0;
	int rc;

	if (owner == 0)
		return weir_error_set(err, -EINVAL, "progress table: owner", 0, 1);
	if (slot != WEIR_PROGRESS_SLOT_ANY && slot >= t->slots)
		return weir_error_set(err, -EINVAL, "progress table: slot", slot, t->slots - 1u);
	rc = take_slot(t, slot, owner, &got, err);
	if (rc != WEIR_OK)
		return rc;
	s = &t->slot[got];
	/* relaxed reads from here: we own the slot, and PROG.OWN gave us its last words */
	epoch = (weir_load_relaxed64(&s->epoch_state) >> 8) + 1u;
	w->slot = s;
	w->bell = &t->shm->bell;
	/* an owner that died in the middle leaves it odd: go on from the next even one */
	w->version = (weir_load_relaxed64(&s->version) + 1u) & ~UINT64_C(1);
	w->lost_bytes = 0;
	w->lost_messages = 0;
	w->owner = owner;
	w->index = got;
	w->registered = weir_bell_register();
	w->epoch_state = pack(epoch, WEIR_PROGRESS_DORMANT);
	weir_store_relaxed64(&s->readmitted, weir_load_relaxed64(&s->evicted));
	/* The epoch before `delivered`, and in a state that holds nobody: if we die in between, no
	 * progress of ours stands under the epoch of the owner before. */
	weir_store_relaxed64(&s->version, w->version + 1u);
	weir_fence_release();
	weir_store_relaxed64(&s->join, join);
	weir_store_release64(&s->epoch_state, pack(epoch, WEIR_PROGRESS_STOPPED));
	w->version += 2;
	weir_progress_rejoin(w, join, join_sequence, 0);
	return WEIR_OK;
}

void weir_progress_rejoin(struct weir_progress_writer *w, weir_pos join, uint64_t join_sequence,
			  weir_ns stamp)
{
	struct weir_progress_slot_shm *s = w->slot;

	w->delivered = join;
	w->observed = join;
	w->sequence = join_sequence;
	w->epoch_state = pack(w->epoch_state >> 8, WEIR_PROGRESS_DORMANT);
	/* the cold words change under an odd version too */
	w->version += 2;
	weir_store_relaxed64(&s->version, w->version - 1u);
	weir_fence_release();
	weir_store_relaxed64(&s->join, join);
	weir_store_relaxed64(&s->join_sequence, join_sequence);
	weir_progress_publish_all(w, stamp);
	/* the next publish is the first that serves */
	w->epoch_state = pack(w->epoch_state >> 8, WEIR_PROGRESS_ACTIVE);
}

void weir_progress_publish_all(struct weir_progress_writer *w, weir_ns stamp)
{
	struct weir_progress_slot_shm *s = w->slot;

	w->version += 2;
	weir_store_relaxed64(&s->version, w->version - 1u); /* PROG.SEQ odd */
	weir_fence_release();
	/* the losses first: whoever finds us dead in the middle must not see the position of a lap
	 * without them */
	weir_store_relaxed64(&s->lost_bytes, w->lost_bytes);
	weir_store_relaxed64(&s->lost_messages, w->lost_messages);
	/* PROG.FREE release: pairs with weir_progress_floor() */
	weir_store_release64(&s->delivered, w->delivered);
	weir_store_relaxed64(&s->observed, w->observed);
	weir_store_relaxed64(&s->sequence, w->sequence);
	weir_store_relaxed64(&s->stamp, stamp);
	/* PROG.STATE release: pairs with weir_progress_floor(); whoever sees the state may read the
	 * delivered word that goes with it */
	weir_store_release64(&s->epoch_state, w->epoch_state);
	/* PROG.SEQ release: pairs with weir_progress_read() */
	weir_store_release64(&s->version, w->version);
	weir_bell_ring(w->bell, w->registered);
}

static void set_state(struct weir_progress_writer *w, enum weir_progress_state state, weir_ns stamp)
{
	if (w->slot == NULL)
		return;
	w->epoch_state = pack(w->epoch_state >> 8, (unsigned)state);
	weir_progress_publish_all(w, stamp);
}

static int dormant(const struct weir_progress_writer *w)
{
	/* relaxed: our own word */
	return w->slot != NULL && (weir_load_relaxed64(&w->slot->epoch_state) & 0xffu) ==
					  WEIR_PROGRESS_DORMANT;
}

void weir_progress_park(struct weir_progress_writer *w, weir_ns stamp)
{
	if (!dormant(w)) /* to wait is not to serve */
		set_state(w, WEIR_PROGRESS_PARKED, stamp);
}

void weir_progress_resume(struct weir_progress_writer *w, weir_ns stamp)
{
	if (!dormant(w))
		set_state(w, WEIR_PROGRESS_ACTIVE, stamp);
}

void weir_progress_stop(struct weir_progress_writer *w, weir_ns stamp)
{
	if (w->slot == NULL)
		return;
	set_state(w, WEIR_PROGRESS_STOPPED, stamp);
	/* PROG.OWN release: pairs with the compare-and-swap in take_slot() */
	weir_store_release64(&w->slot->owner, 0);
	w->slot = NULL;
}

int weir_priv_progress_read_hot_slow(const struct weir_progress *t, uint32_t slot,
				     struct weir_progress_hot *hot)
{
	int i;

	if (slot >= t->slots)
		return -EINVAL;
	for (i = 1; i < WEIR_PROGRESS_TRIES; i++) {
		ck_pr_stall();
		if (weir_priv_progress_look(&t->slot[slot], hot))
			return WEIR_OK;
	}
	return -EAGAIN;
}

/* Both lines, under one version; 0 when torn. */
static int look(const struct weir_progress_slot_shm *s, struct weir_progress_record *rec)
{
	struct weir_progress_hot hot;
	/* PROG.SEQ acquire: pairs with weir_progress_publish_all() */
	uint64_t version = weir_load_acquire64(&s->version);

	/* relaxed: validated by the version, which is the same after the hot words as before */
	rec->owner = weir_load_relaxed64(&s->owner);
	rec->join = weir_load_relaxed64(&s->join);
	rec->join_sequence = weir_load_relaxed64(&s->join_sequence);
	rec->evicted = weir_load_relaxed64(&s->evicted) != weir_load_relaxed64(&s->readmitted);
	if (!weir_priv_progress_look(s, &hot) || weir_load_relaxed64(&s->version) != version)
		return 0;
	rec->delivered = hot.delivered;
	rec->observed = hot.observed;
	rec->sequence = hot.sequence;
	rec->lost_bytes = hot.lost_bytes;
	rec->lost_messages = hot.lost_messages;
	rec->stamp = hot.stamp;
	rec->epoch = hot.epoch_state >> 8;
	rec->state = (enum weir_progress_state)(hot.epoch_state & 0xffu);
	if (rec->state > WEIR_PROGRESS_DEAD) /* damaged: say so little that nobody relies on it */
		rec->state = WEIR_PROGRESS_DEAD;
	return 1;
}

int weir_progress_read(const struct weir_progress *t, uint32_t slot,
		       struct weir_progress_record *rec)
{
	struct weir_progress_record r;
	int i;

	if (slot >= t->slots)
		return -EINVAL;
	for (i = 0; i < WEIR_PROGRESS_TRIES; i++) {
		if (look(&t->slot[slot], &r)) {
			*rec = r;
			return WEIR_OK;
		}
		ck_pr_stall();
	}
	return -EAGAIN;
}

const char *weir_progress_state_name(unsigned state)
{
	static const char *const name[] = {"VACANT", "DORMANT", "ACTIVE",
					   "PARKED", "STOPPED", "DEAD"};

	return state < sizeof(name) / sizeof(name[0]) ? name[state] : "?";
}
