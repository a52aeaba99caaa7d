/* What is measured at a pair of CPUs: the loops of the groups limits, roundtrip, progress and
 * rendezvous, for two threads that do other things before and after. */
#include <errno.h>

#include "cores_side.h"
#include "pair.h"

#define CHECKED 4u /* generations that prove that the barrier waits */

BENCH_INLINE int wait_for(struct cores_side *s, uint64_t v)
{
	while (__atomic_load_n(s->line, __ATOMIC_ACQUIRE) != v)
		if (role_spin(s->me) != 0)
			return -1;
	return 0;
}

int cores_line_trips(struct cores_side *s, uint64_t from, uint64_t n)
{
	const int asks = s->me->index == 0;
	uint64_t i;

	for (i = from; i < from + n; i++) {
		if (asks)
			__atomic_store_n(s->line, 2 * i + 1, __ATOMIC_RELEASE);
		if (wait_for(s, asks ? 2 * i + 2 : 2 * i + 1) != 0)
			return -1;
		if (!asks)
			__atomic_store_n(s->line, 2 * i + 2, __ATOMIC_RELEASE);
	}
	return 0;
}

BENCH_INLINE int ring_put(struct cores_side *s, uint64_t i)
{
	if (pair_put(s->me, &s->w, sizeof(i), i) != 0)
		return -1;
	weir_ring_commit(&s->w);
	return 0;
}

BENCH_INLINE int ring_take(struct cores_side *s, uint64_t i)
{
	int rc;

	while ((rc = pair_take(s->me, &s->r, sizeof(i), i)) == 0)
		if (role_idle(s->me) != 0)
			return -1;
	return rc < 0 ? -1 : 0;
}

/* Each sends what it has to send, and then says that it has handled what came before. */
int cores_ring_trips(struct cores_side *s, uint64_t from, uint64_t n)
{
	const int asks = s->me->index == 0;
	uint64_t i;

	for (i = from; i < from + n; i++) {
		if (!asks && ring_take(s, i) != 0)
			return -1;
		if (ring_put(s, i) != 0)
			return -1;
		weir_ring_deliver(&s->r, 0);
		if (asks && ring_take(s, i) != 0)
			return -1;
	}
	return 0;
}

BENCH_INLINE int observe(struct cores_side *s, uint64_t i)
{
	const struct weir_progress *t = &s->table[2];
	struct weir_progress_hot rec;
	int rc;

	for (;;) {
		rc = weir_progress_read_hot(t, 1 - s->me->index, &rec);
		if (rc == WEIR_OK && rec.delivered == i)
			break;
		if (rc != WEIR_OK && rc != -EAGAIN)
			return role_fail(s->me, "weir_progress_read_hot: %s", weir_error_name(rc));
		if (role_idle(s->me) != 0)
			return -1;
	}
	if ((rec.observed ^ i) | (rec.sequence ^ i) | (rec.stamp ^ i))
		return role_fail(s->me, "a torn record was read");
	return 0;
}

int cores_progress_trips(struct cores_side *s, uint64_t from, uint64_t n)
{
	const int asks = s->me->index == 0;
	uint64_t i;

	for (i = from + 1; i <= from + n; i++) {
		if (!asks && observe(s, i) != 0)
			return -1;
		weir_progress_publish(&s->mine, i, i, i, i);
		if (asks && observe(s, i) != 0)
			return -1;
	}
	return 0;
}

static int meet(struct cores_side *s)
{
	int rc = weir_rendezvous_wait(&s->barrier, &s->how);

	return rc != WEIR_OK ? role_fail(s->me, "weir_rendezvous_wait: %s", weir_error_name(rc))
			     : 0;
}

int cores_generations(struct cores_side *s, uint64_t from, uint64_t n)
{
	uint64_t i;

	for (i = from; i < from + n; i++)
		if (meet(s) != 0)
			return -1;
	return 0;
}

/* Having met, nobody may see the other behind. See meet.h. */
int cores_check_barrier(struct cores_side *s)
{
	const uint32_t self = s->me->index;
	uint64_t k, seen;

	for (k = 1; k <= CHECKED; k++) {
		__atomic_store_n(&s->area->number[self].word, k, __ATOMIC_RELAXED);
		if (meet(s) != 0)
			return -1;
		seen = __atomic_load_n(&s->area->number[1 - self].word, __ATOMIC_RELAXED);
		if (seen - k > 1)
			return role_fail(s->me, "role %u left before the other came", self);
	}
	return 0;
}
