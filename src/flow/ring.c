/* The request ring: why it is right.
 *
 * Positions. A position is a byte count that only grows; its place in the buffer is pos & mask.
 * Records are 8-byte aligned: a header word, then the payload. A record does not straddle the end
 * of the buffer: a padding record fills what is left. All comparisons are signed differences.
 *
 * RING.PUB. The header is the commit word. Invariant Z: at every moment the header at the leading
 * position is 0. commit() stores 0 into the header that will be next, and only then the header of
 * the first record of the batch (release). A reader that stands at the leading position therefore
 * reads 0, whatever bytes lay there a lap ago, until a release store makes it the header of a
 * complete batch: payloads, inner headers and the terminating 0 are all ordered before it. The
 * inner headers are relaxed stores: a reader gets to them only through the first one.
 * One cache line crosses per record instead of two (a separate published counter would be the
 * second). `leading` is stored after that, in a line of the writer's own, for drains and joiners.
 *
 * RING.LAP. `oldest` is a commit boundary. Before the writer stores anything at a position p, it
 * has stored an oldest > p - capacity, followed by a fence: all records that share bytes with the
 * new one are declared gone before the first of their bytes changes. A reader loads the header
 * (acquire) and then `oldest`: if it saw a byte of the new lap, it sees the new oldest (fence to
 * acquire) and knows. After use of the payload the same once more with an acquire fence
 * (weir_ring_check()). Everything taken from an unvalidated header is bounded first.
 * `oldest` moves in steps, to marks, so the readers' copy of its line stays valid for a chunk.
 *
 * Marks. Chunk c of the position space is [c * chunk, (c+1) * chunk), chunk = capacity / 64.
 * mark[c mod 64] = {the end of the first commit that reached c * chunk, records before it}. A
 * commit that crosses chunk starts writes those marks after its header. Batches hold at most a
 * quarter of the ring, records an eighth; so every chunk start up to the leading position has its
 * mark, the mark lies less than a quarter + one chunk behind the start, and the mark of a chunk is
 * rewritten only by a commit 64 chunks later, when `oldest` has long passed it. If b is a mark's
 * position, then the mark of the chunk that b itself lies in is b as well (no commit ended in
 * between, or it would be that chunk's first). That is how a reader gets the record number that
 * belongs to a `step` it read: load step, load that mark, load step again; if it has not
 * moved, the mark was not being rewritten. Loss counts are differences of such numbers: exact.
 *
 * The gate. The policy decides only when `oldest` may move. Gated: not past the lowest
 * `delivered` of the registered readers (PROG.FREE in progress.c orders their loads before our
 * stores). The claim's fast path compares with a private limit = oldest + capacity; readers are
 * asked only when that is used up, once per eighth of the ring.
 *
 * RING.JOIN. A gated writer that wants to move `oldest` to b stores `step` = b first, full fence,
 * looks at the slots, and only then moves `oldest`; if somebody stands below b it puts `step` back.
 * A joining reader publishes its slot, full fence, looks at `step`. If it saw the old value, the
 * writer sees the slot and gives up the step; if it saw b, it joins at b or later (b is a mark,
 * readable whether the step is taken or not). Either way nothing that a registered reader is owed
 * is overwritten by a gated claim. `oldest` itself never moves back: a reader that polls while the
 * writer asks must not take the question for an answer. Starting points are therefore looked for
 * at `step`, laps are judged by `oldest`; oldest <= step always.
 *
 * Death of the writer. Everything of a claim is invisible before its header is released, and the
 * header at the leading position is 0 until then (Z), so readers see nothing of it. `oldest` was
 * stored before any old byte was touched and stays. The successor starts from the stored `leading`
 * and walks committed headers to the first 0: a writer that died between header, marks and
 * `leading` has that tail completed for it. The record count comes from the last mark and the
 * walk, never from a word that may lag. */
#include "ring_internal.h"

#define MAGIC UINT64_C(0x474e495272696577) /* "weirRING", little endian */

static uint32_t log2_of(uint64_t power_of_two)
{
	return (uint32_t)__builtin_ctzll(power_of_two);
}

static int check_capacity(uint64_t capacity, int code, struct weir_error *err)
{
	if (capacity < WEIR_RING_CAPACITY_MIN)
		return weir_error_set(err, code, "ring: capacity", capacity,
				      WEIR_RING_CAPACITY_MIN);
	if (capacity > WEIR_RING_CAPACITY_MAX)
		return weir_error_set(err, code, "ring: capacity", capacity,
				      WEIR_RING_CAPACITY_MAX);
	if ((capacity & (capacity - 1u)) != 0)
		return weir_error_set(err, code, "ring: capacity is no power of two", capacity,
				      UINT64_C(1) << (63 - __builtin_clzll(capacity)));
	return WEIR_OK;
}

int weir_ring_bytes(const struct weir_ring_config *cfg, size_t *bytes, struct weir_error *err)
{
	int rc;

	if (cfg->struct_size != sizeof(*cfg))
		return weir_error_set(err, -EINVAL, "ring: config struct_size", cfg->struct_size,
				      sizeof(*cfg));
	rc = check_capacity(cfg->capacity, -EINVAL, err);
	if (rc != WEIR_OK)
		return rc;
	if (cfg->origin % 8u != 0)
		return weir_error_set(err, -EINVAL, "ring: origin modulo 8", cfg->origin % 8u, 0);
	*bytes = sizeof(struct weir_ring_shm) + cfg->capacity;
	return WEIR_OK;
}

static int check_span(struct weir_span mem, size_t bytes, struct weir_error *err)
{
	if (mem.ptr == NULL || (uintptr_t)mem.ptr % WEIR_LINE != 0)
		return weir_error_set(err, -EINVAL, "ring: address modulo the line",
				      (uintptr_t)mem.ptr % WEIR_LINE, 0);
	if (mem.len < bytes)
		return weir_error_set(err, -ENOBUFS, "ring: bytes", mem.len, bytes);
	return WEIR_OK;
}

int weir_ring_format(struct weir_span mem, const struct weir_ring_config *cfg,
		     struct weir_error *err)
{
	struct weir_ring_shm *shm = mem.ptr;
	size_t bytes = 0;
	int rc = weir_ring_bytes(cfg, &bytes, err);

	if (rc == WEIR_OK)
		rc = check_span(mem, bytes, err);
	if (rc != WEIR_OK)
		return rc;
	shm->capacity = cfg->capacity;
	shm->origin = cfg->origin;
	shm->chunk_shift = log2_of(cfg->capacity / WEIR_RING_MARKS);
	shm->data_off = sizeof(*shm);
	shm->leading = cfg->origin;
	shm->oldest = cfg->origin;
	shm->step = cfg->origin;
	ring_mark(shm, shm->chunk_shift, cfg->origin)->pos = cfg->origin;
	/* RING.FORMAT release: pairs with weir_ring_check_geometry() */
	weir_store_release64(&shm->magic, MAGIC);
	return WEIR_OK;
}

int weir_ring_check_geometry(struct weir_span mem, struct ring_geometry *g, struct weir_error *err)
{
	const struct weir_ring_shm *shm = mem.ptr;
	uint64_t magic;
	int rc = check_span(mem, sizeof(*shm), err);

	if (rc != WEIR_OK)
		return rc;
	/* RING.FORMAT acquire: pairs with weir_ring_format(). The rest is constant after it, read
	 * once (relaxed) and checked in the copy. */
	magic = weir_load_acquire64(&shm->magic);
	if (magic != MAGIC)
		return weir_error_set(err, -EPROTO, "ring: magic", magic, MAGIC);
	g->capacity = weir_load_relaxed64(&shm->capacity);
	g->origin = weir_load_relaxed64(&shm->origin);
	g->chunk_shift = weir_load_relaxed32(&shm->chunk_shift);
	g->data_off = weir_load_relaxed32(&shm->data_off);
	rc = check_capacity(g->capacity, -EBADMSG, err);
	if (rc != WEIR_OK)
		return rc;
	if (g->chunk_shift != log2_of(g->capacity / WEIR_RING_MARKS))
		return weir_error_set(err, -EBADMSG, "ring: chunk shift", g->chunk_shift,
				      log2_of(g->capacity / WEIR_RING_MARKS));
	if (g->data_off != sizeof(*shm))
		return weir_error_set(err, -EPROTO, "ring: offset of the records", g->data_off,
				      sizeof(*shm));
	if (g->origin % 8u != 0)
		return weir_error_set(err, -EBADMSG, "ring: origin modulo 8", g->origin % 8u, 0);
	if (mem.len < sizeof(*shm) + g->capacity)
		return weir_error_set(err, -ENOBUFS, "ring: bytes", mem.len,
				      sizeof(*shm) + g->capacity);
	return WEIR_OK;
}

int weir_ring_walk(const uint8_t *data, uint64_t mask, weir_pos from, weir_pos to,
		   uint64_t *records)
{
	uint64_t n = 0;

	if (from % 8u != 0 || to - from >= (mask + 1u) / WEIR_RING_MARKS)
		return -EBADMSG;
	while (from != to) {
		uint64_t off = from & mask;
		/* relaxed: committed before `to` was published, which the caller acquired */
		uint64_t word = weir_load_relaxed64(WEIR_CPTR(uint64_t, data + off));
		uint64_t need = weir_priv_ring_need((uint32_t)word);

		if (!(word & WEIR_PRIV_RING_COMMITTED) || off + need > mask + 1u ||
		    need > to - from)
			return -EBADMSG;
		n += !(word & WEIR_PRIV_RING_PAD);
		from += need;
	}
	*records = n;
	return WEIR_OK;
}

weir_owner weir_ring_writer_owner(const struct weir_ring_shm *shm)
{
	return weir_load_relaxed64(&shm->writer); /* relaxed: identity alone */
}

#define STAT(field, unit, help)                                                                    \
	{                                                                                          \
		#field, unit, help, (uint32_t)offsetof(struct weir_ring_stats, field), 0           \
	}
const struct weir_stat_desc weir_ring_stat_desc[] = {
	STAT(messages, "records", "published since the origin"),
	STAT(bytes, "bytes", "published since the origin, headers and padding included"),
	STAT(padding, "bytes", "spent on not straddling the end of the buffer"),
	STAT(full, "calls", "claims refused because a reader still needed the space"),
	STAT(aborts, "calls", "claims given up"),
	STAT(evictions, "readers", "no longer waited for because they were in the way"),
	STAT(writers, "writers", "that have attached so far"),
};
const uint32_t weir_ring_stat_count = sizeof(weir_ring_stat_desc) / sizeof(weir_ring_stat_desc[0]);

int weir_ring_read_stats(const struct weir_ring_shm *shm, struct weir_ring_stats *out)
{
	if (out->struct_size != sizeof(*out))
		return -EINVAL;
	/* relaxed: counters of one writer; not coherent among each other, as documented */
	out->messages = weir_load_relaxed64(&shm->messages);
	out->bytes = weir_load_relaxed64(&shm->leading) - weir_load_relaxed64(&shm->origin);
	out->padding = weir_load_relaxed64(&shm->padding);
	out->full = weir_load_relaxed64(&shm->full);
	out->aborts = weir_load_relaxed64(&shm->aborts);
	out->evictions = weir_load_relaxed64(&shm->evictions);
	out->writers = weir_load_relaxed64(&shm->generation);
	return WEIR_OK;
}
