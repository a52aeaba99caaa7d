/* weir/rendezvous.h - storey flow: threads or processes that only need to meet.
 * Needs: base, atomic, error, wait. */
#ifndef WEIR_RENDEZVOUS_H
#define WEIR_RENDEZVOUS_H

#include <errno.h>

#include <weir/atomic.h>
#include <weir/base.h>
#include <weir/error.h>
#include <weir/wait.h>

/*
 * A barrier on the caller's memory for a fixed number of parties, generation after generation. It
 * promises that everyone has arrived, and that what each party wrote before it arrived is visible
 * to all who leave; it promises nothing about messages: that is what fences are for.
 *
 * Nobody is counted out: if a party dies, the others' waits end by their deadlines, and the
 * rendezvous is not usable again. Liveness belongs to the session.
 *
 * One thread per party. The ordering argument stands at the top of src/flow/rendezvous.c.
 */

WEIR_BEGIN

#define WEIR_RENDEZVOUS_PARTIES_MAX 65536u
#define WEIR_RENDEZVOUS_FLAGS_MAX 8u /* up to here each party has a word of its own, in one line */

struct weir_rendezvous_shm {
	uint64_t magic;
	uint32_t parties;
	uint32_t reserved[29];
	/* The word of each party: the generation it has arrived in. With more parties than fit, the
	 * first word alone: arrivals in all generations together. */
	uint64_t arrived[WEIR_RENDEZVOUS_FLAGS_MAX];
	uint64_t arrived_reserved[8];
	struct weir_bell_shm bell;
} WEIR_ALIGNED(WEIR_LINE);
WEIR_ASSERT_LAYOUT(sizeof(struct weir_rendezvous_shm) == 3u * WEIR_LINE);

/* A party's handle; process-local. */
struct weir_rendezvous {
	struct weir_rendezvous_shm *shm;
	uint64_t generation; /* arrived in, or 0 */
	uint64_t met;        /* completed: generation - 1 while waiting, else generation */
	uint64_t target;     /* of the common count, with many parties */
	uint32_t parties;
	uint32_t party;
	int32_t registered; /* what weir_bell_register() said */
	uint32_t futile;    /* waits in a row in which looking alone was not enough */
} WEIR_ALIGNED(WEIR_LINE);

/* Writes a rendezvous for `parties`, 1..WEIR_RENDEZVOUS_PARTIES_MAX. mem: zeroed, WEIR_LINE-aligned,
 * sizeof(struct weir_rendezvous_shm) bytes. -EINVAL, -ENOBUFS. Before anyone attaches. */
WEIR_API WEIR_CHECK int weir_rendezvous_format(struct weir_span mem, uint32_t parties,
					       struct weir_error *err);

/* Becomes party `party`, 0..parties-1; each is taken by one thread, which the caller sees to. All
 * parties attach before the first arrives in generation 1, or none has arrived yet.
 * -EINVAL, -ENOBUFS, -EPROTO not a rendezvous, -EBADMSG damaged, -EBUSY this party has arrived
 * before: a successor cannot know where the others are. */
WEIR_API WEIR_CHECK int weir_rendezvous_attach(struct weir_rendezvous *r, struct weir_span mem,
					       uint32_t party, struct weir_error *err);

/* Arrives in the next generation; does not wait. Nothing when it has arrived and not yet met.
 * Wait-free. Everything written before is visible to those who meet it. */
WEIR_INLINE void weir_rendezvous_arrive(struct weir_rendezvous *r)
{
	if (r->generation != r->met)
		return;
	r->generation++;
	if (r->parties <= WEIR_RENDEZVOUS_FLAGS_MAX) {
		/* MEET.WORD release: pairs with weir_rendezvous_test() */
		weir_store_release64(&r->shm->arrived[r->party], r->generation);
	} else {
		r->target += r->parties;
		(void)weir_fetch_add64(&r->shm->arrived[0], 1); /* MEET.WORD release, the same */
	}
}

/* Has everyone arrived in the generation this party is in? WEIR_OK, also when it is in none;
 * WEIR_PENDING. Wait-free, O(parties) up to 8 parties, O(1) beyond. */
WEIR_INLINE WEIR_CHECK int weir_rendezvous_test(struct weir_rendezvous *r)
{
	uint32_t i;

	if (r->generation == r->met)
		return WEIR_OK;
	if (r->parties <= WEIR_RENDEZVOUS_FLAGS_MAX) {
		for (i = 0; i < r->parties; i++)
			/* MEET.WORD acquire: pairs with weir_rendezvous_arrive() */
			if (weir_pos_diff(weir_load_acquire64(&r->shm->arrived[i]),
					  r->generation) < 0)
				return WEIR_PENDING;
	} else if (weir_pos_diff(weir_load_acquire64(&r->shm->arrived[0]), r->target) < 0) {
		return WEIR_PENDING;
	}
	r->met = r->generation;
	/* whoever finds it complete wakes those who sleep: see rendezvous.c */
	weir_bell_ring(&r->shm->bell, r->registered);
	return WEIR_OK;
}

/* Arrives, if it has not, and waits. WEIR_OK; -ETIMEDOUT, -ECANCELED: it stays arrived, call again
 * to go on waiting for the same generation. May block. */
WEIR_API WEIR_CHECK int weir_rendezvous_wait(struct weir_rendezvous *r,
					     const struct weir_wait *how);

/* The parties that have not arrived in the caller's generation: writes up to cap of their numbers
 * and returns how many are missing; with more than 8 parties only the number is known, and none is
 * written. Wait-free. */
WEIR_API uint32_t weir_rendezvous_missing(const struct weir_rendezvous *r, uint32_t *party,
					  uint32_t cap);

WEIR_END
#endif
