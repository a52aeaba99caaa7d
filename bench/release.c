/* What the times that parties of a barrier wrote come to. See release.h. */
#include "release.h"

_Static_assert(MEET_BYTES + (uint64_t)ROLE_MAX * RELEASE_STAMPS * sizeof(uint64_t) +
			       ROLE_MAX * BENCH_LINE <=
		       BENCH_ARENA_BYTES,
	       "the times lie between the barrier and meet.h's numbers");

/* From the first that left to the last. */
static uint64_t skew_of(uint8_t *arena, unsigned parties, uint64_t i)
{
	uint64_t first = release_stamps(arena, 0)[i], last = first, at;
	unsigned k;

	for (k = 1; k < parties; k++) {
		at = release_stamps(arena, k)[i];
		first = at < first ? at : first;
		last = at > last ? at : last;
	}
	return last - first;
}

/* From the late one's arrival until the last of the others had left. */
static uint64_t release_of(uint8_t *arena, unsigned parties, uint64_t i)
{
	const unsigned late = release_turn(i, parties);
	const uint64_t arrived = release_stamps(arena, late)[i];
	uint64_t last = arrived, at;
	unsigned k;

	for (k = 0; k < parties; k++) {
		at = release_stamps(arena, k)[i];
		last = at > last ? at : last;
	}
	return last - arrived;
}

void release_account(uint8_t *arena, const struct bench *b, uint64_t n, struct hist *h)
{
	const unsigned parties = b->readers + 1;
	uint64_t i;

	for (i = 0; i < n; i++)
		hist_record(h, b->late_ns > 0 ? release_of(arena, parties, i)
					      : skew_of(arena, parties, i));
}
