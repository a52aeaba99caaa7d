/* How far a dispatch looks ahead of its handlers, by the hook before each atomic step: nowhere before
 * the first of them has run, and in runs of 64 records at most later. */
#include <weir/ring.h>

#include "proc.h"

#define RECORDS 1000u
#define STRIDE 32u /* of 24 bytes and their header */

static const uint8_t *first, *last; /* headers; the furthest that was looked at */
static uint32_t handled, furthest;

void weir_explore_step(enum weir_explore_kind kind, const volatile void *word)
{
	const uint8_t *at = (const uint8_t *)word;

	if (kind == WEIR_EXPLORE_LOAD && first != NULL && at >= first &&
	    at < first + RECORDS * STRIDE && at > last)
		last = at;
}

static int handle(void *ctx, const struct weir_ring_view *v)
{
	const uint8_t *header = (const uint8_t *)v->ptr - WEIR_RING_HEADER;
	uint32_t ahead = last > header ? (uint32_t)(last - header) / STRIDE : 0;

	(void)ctx;
	NEED(handled != 0 || ahead == 0);
	NEED(ahead < 64);
	furthest = ahead > furthest ? ahead : furthest;
	handled++;
	return 0;
}

int main(void)
{
	struct weir_ring_config shape = {.struct_size = sizeof(shape), .capacity = 1u << 16};
	struct weir_ring_writer w;
	struct weir_ring_reader r;
	struct weir_ring_room room;
	struct weir_span m;
	uint32_t i, n;
	size_t bytes;

	NEED_OK(weir_ring_bytes(&shape, &bytes, NULL));
	m = proc_shared(bytes);
	NEED_OK(weir_ring_format(m, &shape, NULL));
	NEED_OK(weir_ring_writer_attach(&w, m, NULL, 1, NULL, NULL));
	NEED_OK(weir_ring_reader_attach(&r, m, WEIR_RING_OLDEST, 0, NULL));
	for (i = 0; i < RECORDS; i++) {
		NEED_OK(weir_ring_claim(&w, 1, 24, WEIR_RING_LOSSY, &room));
		if (i == 0)
			first = last = (const uint8_t *)room.ptr - WEIR_RING_HEADER;
		weir_ring_commit(&w);
	}
	last = first;
	NEED_OK(weir_ring_dispatch(&r, handle, NULL, UINT32_MAX, 0, &n));
	NEED(n == RECORDS && handled == RECORDS && furthest == 63);
	printf("ok - %u records, at most %u ahead\n", n, furthest);
	return 0;
}
