/* weir/ring_run.h - storey flow: many records of a ring by one call, where they are alike.
 * Needs: base, atomic, ring. */
#ifndef WEIR_RING_RUN_H
#define WEIR_RING_RUN_H

#include <weir/atomic.h>
#include <weir/base.h>
#include <weir/ring.h>

/*
 * Runs. A run is records of one length and one kind that lie behind one another without a gap: what
 * a stream of equal messages consists of. The bytes are those of single records. Whoever claims by
 * runs may be read record by record and the other way round, and both may be mixed at will.
 *
 * What it saves: with one stride for all of them, where the next header lies does not depend on what
 * the header before it says, so the processor looks at many of them at a time; and the limits, the
 * stamp of the handle and the look for a lap are paid once per run. Where neighbours differ a run has
 * one record, and costs what weir_ring_poll() costs. But with max > 1 it looks at a header behind
 * what it hands out, where the writer may just be writing: who answers one message at a time polls
 * singly.
 *
 *	rc = weir_ring_poll_run(&r, 32, &v, &n);
 *	for (i = 0; rc == WEIR_OK && i < n; i++)
 *		use(v.ptr + i * weir_ring_stride(v.len), v.len);
 */

WEIR_BEGIN

/* From one record's payload to the next one's in a run, bytes. */
WEIR_INLINE uint64_t weir_ring_stride(uint32_t len)
{
	return weir_priv_ring_need(len);
}

WEIR_API WEIR_CHECK int weir_priv_ring_claim_run_slow(struct weir_ring_writer *w, uint32_t kind,
						      uint32_t len, uint32_t max,
						      enum weir_ring_policy policy,
						      struct weir_ring_room *first,
						      uint32_t *count);

/* Makes room for up to `max` records of len bytes, as many as there is room for at once: up to what
 * is known to be free, to the end of the buffer, and to a quarter of the ring per commit. Payload i
 * goes to first->ptr + i * weir_ring_stride(len). *count of them are claimed, all of which the
 * next weir_ring_commit() publishes.
 *	WEIR_OK   *count is 1 .. max. Fewer than max does not mean that there is no room for more
 *	-EINVAL   also for max == 0
 * Else as weir_ring_claim(), of a single record; then nothing is claimed. Lock-free. */
WEIR_INLINE WEIR_CHECK int weir_ring_claim_run(struct weir_ring_writer *w, uint32_t kind,
					       uint32_t len, uint32_t max,
					       enum weir_ring_policy policy,
					       struct weir_ring_room *first, uint32_t *count)
{
	uint64_t need = weir_priv_ring_need(len), bytes = need * max;
	weir_pos at = w->claimed;
	uint64_t word = WEIR_PRIV_RING_COMMITTED | WEIR_U64(kind) << 32 | len;
	struct weir_ring_room slow;
	uint64_t i, lines;
	uint8_t *record;
	int rc;

	/* as weir_ring_claim(); with that length and 32 bits of count nothing overflows */
	if (WEIR_UNLIKELY(max == 0 || len > w->max_len || kind > WEIR_RING_KIND_MAX ||
			  weir_pos_diff(at + bytes, w->fast_end) > 0 ||
			  (policy != WEIR_RING_LOSSY && (!w->gated || policy > WEIR_RING_LOSSY)))) {
		rc = weir_priv_ring_claim_run_slow(w, kind, len, max, policy, &slow, &max);
		if (rc == WEIR_OK) {
			*first = slow;
			*count = max;
		}
		return rc;
	}
	record = w->data + (at & w->mask);
	lines = ((at & 63u) + bytes) >> 6;
	for (i = 1; i <= lines; i++)
		weir_prefetch_write(w->data + ((at + (i << 6) + w->ahead) & w->mask));
	i = 0;
	if (at == w->committed) {
		w->head = word;
		i = need;
	}
	/* relaxed: nobody looks here before the first header of the batch is released */
	for (; i < bytes; i += need)
		weir_store_relaxed64(weir_priv_ring_word(record, i), word);
	w->claimed = at + bytes;
	w->messages += max;
	first->ptr = record + WEIR_RING_HEADER;
	first->len = len;
	first->kind = kind;
	first->at = at;
	*count = max;
	return WEIR_OK;
}

/* Hands out the next record and those alike right behind it, up to `max` (0 counts as 1), and moves
 * on behind them. *first is the first of them; of *count, record i has
 *	payload first->ptr + i * weir_ring_stride(first->len), position first->at + i * the same,
 *	number first->seq + i, and the kind and length of the first.
 * As weir_ring_poll(): WEIR_OK *first and *count are set; WEIR_EMPTY, WEIR_LAPPED, WEIR_CLOSED,
 * -EBADMSG, -ENOTCONN. A run ends at the end of the buffer too, so fewer than max does not mean that
 * there are no more. Bounded: it looks at the headers of the run
 * and, if that is shorter than max, at one more. Wait-free. */
WEIR_INLINE WEIR_CHECK int weir_ring_poll_run(struct weir_ring_reader *r, uint32_t max,
					      struct weir_ring_view *first, uint32_t *count)
{
	weir_pos at = r->next;
	uint64_t off = at & r->mask, end, stop;
	/* RING.PUB acquire: pairs with weir_ring_commit() */
	uint64_t word = weir_load_acquire64(WEIR_CPTR(uint64_t, r->data + off));
	uint64_t need = weir_priv_ring_need(WEIR_U32(word & UINT32_MAX));
	uint64_t last = r->mask + 1u - need; /* where such a record can begin at the latest */
	const uint8_t *data = r->data;
	struct weir_ring_view slow;
	uint32_t n = 1;
	int rc;

	if (WEIR_UNLIKELY(word >> 62 != 2u || need > r->max_need || off > last))
		goto single;
	/* one limit for both; need is bounded by the ring, so 64 bits hold it */
	stop = max > 1 ? off + (max - 1u) * need : off;
	if (stop > last)
		stop = last;
	/* RING.PUB acquire, each: the header behind a record is 0, or a record's that is complete */
	for (end = off + need; end <= stop; end += need, n++)
		if (weir_load_acquire64(WEIR_CPTR(uint64_t, data + end)) != word)
			break;
	/* RING.LAP acquire, as in weir_ring_poll(): once for all headers, which were loaded before.
	 * What is overwritten first is the first of them. */
	if (WEIR_UNLIKELY(weir_pos_diff(weir_load_relaxed64(&r->shm->oldest), at) > 0))
		goto single;
	first->ptr = r->data + off + WEIR_RING_HEADER;
	first->len = WEIR_U32(word & UINT32_MAX);
	first->kind = WEIR_U32(word >> 32) & WEIR_RING_KIND_MAX;
	first->at = at;
	first->end = at + need;
	first->seq = r->seq;
	r->seq += n;
	r->next = at + (end - off);
	*count = n;
	return WEIR_OK;
single:
	rc = weir_priv_ring_poll_slow(r, &slow);
	if (rc == WEIR_OK) {
		*first = slow;
		*count = 1;
	}
	return rc;
}

/* After using a run of a ring whose writer may not wait for this reader: were all of its records
 * intact all the time? WEIR_OK, or WEIR_LAPPED: forget all of them; all count as lost. Once per run.
 * Wait-free. */
WEIR_API WEIR_CHECK int weir_ring_check_run(struct weir_ring_reader *r,
					    const struct weir_ring_view *first, uint32_t count);

WEIR_END
#endif
