/* Runs of a ring: why they are nothing new.
 *
 * Writing. A run's headers are those that as many claims would have stored, at the same positions,
 * before the same commit. The fast path stays below fast_end as a single claim does, so a run never
 * reaches beyond the room, the end of the buffer or the batch.
 *
 * Reading. A poll of a run loads the headers that as many polls would have loaded, in the same
 * order, each with acquire (RING.PUB), and stops at the first that differs: at the leading position
 * that is the 0 of invariant Z. Where the next header lies is known from the length that was bounded
 * at the first one, and equal words say that it was right, so one check of the bounds does for all.
 *
 * Laps. Single polls look at `oldest` after each header; here it is looked at once, after the last
 * (RING.LAP). `oldest` never moves back, and a header of the run that was overwritten implies an
 * `oldest` beyond it, which is beyond the first record too: the look is the stricter one. The same
 * holds for the look after use, so it decides on a run as a whole. */
#include <weir/ring_run.h>

#include "ring_internal.h"

int weir_priv_ring_claim_run_slow(struct weir_ring_writer *w, uint32_t kind, uint32_t len,
				  uint32_t max, enum weir_ring_policy policy,
				  struct weir_ring_room *first, uint32_t *count)
{
	uint64_t need = weir_priv_ring_need(len), n, i;
	weir_pos end;
	int rc;

	if (max == 0)
		return -EINVAL;
	/* makes the room, pads, and finds all faults */
	rc = weir_priv_ring_claim_slow(w, kind, len, policy, first);
	if (rc != WEIR_OK)
		return rc;
	/* fast_end lies in the next lap already if that record ended where the buffer does */
	end = (first->at | w->mask) + 1u;
	if (weir_pos_diff(w->fast_end, end) < 0)
		end = w->fast_end;
	n = weir_pos_diff(end, w->claimed) > 0 ? (end - w->claimed) / need : 0;
	if (n > max - 1u)
		n = max - 1u;
	/* relaxed: reached only through the first header of the batch (RING.PUB) */
	for (i = 0; i < n; i++)
		weir_store_relaxed64(
			weir_priv_ring_word(w->data, (w->claimed & w->mask) + i * need),
			WEIR_PRIV_RING_COMMITTED | WEIR_U64(kind) << 32 | len);
	w->claimed += n * need;
	w->messages += n;
	*count = (uint32_t)n + 1u;
	return WEIR_OK;
}

int weir_ring_check_run(struct weir_ring_reader *r, const struct weir_ring_view *first,
			uint32_t count)
{
	if (r->shm == NULL)
		return -ENOTCONN;
	weir_fence_acquire(); /* RING.LAP acquire: the payloads' loads, then oldest */
	if (weir_pos_diff(weir_load_relaxed64(&r->shm->oldest), first->at) <= 0)
		return WEIR_OK;
	r->lost_messages += count;
	r->lost_bytes += count * weir_ring_stride(first->len);
	weir_ring_publish_loss(r);
	return WEIR_LAPPED;
}
