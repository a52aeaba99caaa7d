/* Rendezvous: a barrier without a coordinator.
 *
 * Up to 8 parties, each has a word in one 64-byte line and stores the number of the generation it
 * arrives in; everyone looks at all words. No word ever has two writers, nothing is reset, and a
 * party cannot be lapped: to arrive in generation g + 1 it must have seen every word at g or more.
 * So words differ by at most one, and "all >= g" means that all have arrived in g. One line
 * carries arrival and release, so two parties pay for two transfers of it and nothing else.
 *
 * With more parties the line would be fought over and the look would be long: one counter of all
 * arrivals since the beginning. Generation g is complete when it reaches g * parties. It cannot
 * run ahead of a look: nobody arrives in g + 1 before g was complete, and then "count >= g *
 * parties" stays true for ever.
 *
 * MEET.WORD. Each arrival is a release (store, or read-modify-write: the additions form one release
 * sequence); each look that finds the generation complete has acquired all of them. So everything
 * written before any arrival happens before whatever follows any completed look.
 *
 * Sleeping. There is no distinguished last arrival with words: two that arrive at once may each
 * miss the other's store and both go on waiting. But some look of a party that is awake finds the
 * generation complete, and every completed look rings. A party that is about to sleep announces
 * itself, fences, and looks (BELL.DEKKER): if it still finds words missing, then the missing
 * parties' stores come later, and those parties look after they have stored; they find it complete
 * or wait themselves, and the last to look before all sleep would have found it complete. */
#include <weir/rendezvous.h>

#include <string.h>

#define MAGIC UINT64_C(0x5445454d72696577) /* "weirMEET", little endian */

static int check_span(struct weir_span mem, struct weir_error *err)
{
	if (mem.ptr == NULL || (uintptr_t)mem.ptr % WEIR_LINE != 0)
		return weir_error_set(err, -EINVAL, "rendezvous: address modulo the line",
				      (uintptr_t)mem.ptr % WEIR_LINE, 0);
	if (mem.len < sizeof(struct weir_rendezvous_shm))
		return weir_error_set(err, -ENOBUFS, "rendezvous: bytes", mem.len,
				      sizeof(struct weir_rendezvous_shm));
	return WEIR_OK;
}

int weir_rendezvous_format(struct weir_span mem, uint32_t parties, struct weir_error *err)
{
	struct weir_rendezvous_shm *shm = mem.ptr;
	int rc = check_span(mem, err);

	if (rc != WEIR_OK)
		return rc;
	if (parties == 0 || parties > WEIR_RENDEZVOUS_PARTIES_MAX)
		return weir_error_set(err, -EINVAL, "rendezvous: parties", parties,
				      WEIR_RENDEZVOUS_PARTIES_MAX);
	shm->parties = parties;
	/* MEET.FORMAT release: pairs with weir_rendezvous_attach() */
	weir_store_release64(&shm->magic, MAGIC);
	return WEIR_OK;
}

int weir_rendezvous_attach(struct weir_rendezvous *r, struct weir_span mem, uint32_t party,
			   struct weir_error *err)
{
	struct weir_rendezvous_shm *shm = mem.ptr;
	uint64_t magic, arrived;
	uint32_t parties;
	int rc = check_span(mem, err);

	if (rc != WEIR_OK)
		return rc;
	/* MEET.FORMAT acquire: pairs with weir_rendezvous_format() */
	magic = weir_load_acquire64(&shm->magic);
	if (magic != MAGIC)
		return weir_error_set(err, -EPROTO, "rendezvous: magic", magic, MAGIC);
	parties = weir_load_relaxed32(&shm->parties); /* constant; checked in the copy */
	if (parties == 0 || parties > WEIR_RENDEZVOUS_PARTIES_MAX)
		return weir_error_set(err, -EBADMSG, "rendezvous: parties", parties,
				      WEIR_RENDEZVOUS_PARTIES_MAX);
	if (party >= parties)
		return weir_error_set(err, -EINVAL, "rendezvous: party", party, parties - 1u);
	/* relaxed: only tells whether this is the beginning */
	arrived = weir_load_relaxed64(
		&shm->arrived[parties <= WEIR_RENDEZVOUS_FLAGS_MAX ? party : 0]);
	if (parties <= WEIR_RENDEZVOUS_FLAGS_MAX ? arrived != 0 : arrived >= parties)
		return weir_error_set(err, -EBUSY, "rendezvous: arrivals", arrived, 0);
	memset(r, 0, sizeof(*r));
	r->shm = shm;
	r->parties = parties;
	r->party = party;
	r->registered = weir_bell_register();
	return WEIR_OK;
}

#define FUTILE 4u     /* waits in a row that had to yield, until spinning first is left out */
#define TRY_AGAIN 16u /* every so many generations it is not */

/* Parties that share CPUs find out that looking for a while before they yield never helps: whom they
 * wait for cannot run meanwhile. Only where the caller left the number of looks to us. */
static int spins_in_vain(const struct weir_rendezvous *r, const struct weir_wait *how)
{
	return how != NULL && how->strategy == WEIR_WAIT_YIELD && how->spins == 0 &&
	       r->futile >= FUTILE && r->generation % TRY_AGAIN != 0;
}

static int wait_for_all(struct weir_rendezvous *r, struct weir_waiter *wt)
{
	int rc;

	do {
		rc = weir_waiter_step(wt);
		if (rc < 0)
			return rc;
	} while (weir_rendezvous_test(r) != WEIR_OK);
	return WEIR_OK;
}

int weir_rendezvous_wait(struct weir_rendezvous *r, const struct weir_wait *how)
{
	struct weir_waiter wt;
	struct weir_wait shorter;
	int rc, vain;

	weir_rendezvous_arrive(r);
	if (weir_rendezvous_test(r) == WEIR_OK)
		return WEIR_OK;
	vain = spins_in_vain(r, how);
	if (vain) {
		shorter = *how;
		shorter.spins = 1;
		how = &shorter;
	}
	weir_waiter_init(&wt, how, &r->shm->bell, 0);
	rc = wait_for_all(r, &wt);
	if (!vain && rc == WEIR_OK) /* a wait that gave up says nothing of its generation */
		r->futile = wt.yields != 0 ? r->futile + (r->futile < FUTILE) : 0;
	return rc;
}

uint32_t weir_rendezvous_missing(const struct weir_rendezvous *r, uint32_t *party, uint32_t cap)
{
	uint32_t i, n = 0;

	if (r->generation == r->met)
		return 0;
	if (r->parties > WEIR_RENDEZVOUS_FLAGS_MAX) {
		/* relaxed: a number for people */
		int64_t left = weir_pos_diff(r->target, weir_load_relaxed64(&r->shm->arrived[0]));

		return left > 0 ? (uint32_t)left : 0;
	}
	for (i = 0; i < r->parties; i++) {
		if (weir_pos_diff(weir_load_relaxed64(&r->shm->arrived[i]), r->generation) >= 0)
			continue;
		if (n < cap)
			party[n] = i;
		n++;
	}
	return n;
}
