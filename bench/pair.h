/* bench/pair.h - a weir ring with its progress table in the arena, as the weir benches use it. */
#ifndef BENCH_PAIR_H
#define BENCH_PAIR_H

#include <weir/progress.h>
#include <weir/region.h>
#include <weir/ring.h>
#include <weir/ring_run.h>

#include "driver.h"
#include "msg.h"

/* Formats `pairs` rings of BENCH_RING_BYTES and their tables. 0, or -1 with env->error set. */
int pair_format(struct bench_env *env, unsigned pairs);

/* By a role before role_start(): become writer of ring i, gated; or join it as a reader. 0, or -1
 * with the role failed. table must outlive *w. */
int pair_write(struct role *me, unsigned i, struct weir_progress *table,
	       struct weir_ring_writer *w);
int pair_read(struct role *me, unsigned i, struct weir_ring_reader *r);
/* Or follow it without being waited for. */
int pair_follow(struct role *me, unsigned i, struct weir_ring_reader *r);

/* Is all that was sent received or lost? 0, or -1 with the role failed. For a reader that may lose. */
int pair_accounts(struct role *me, const struct weir_ring_reader *r, uint64_t had, uint64_t sent);
/* How often the ring's writers have evicted a reader. */
uint64_t pair_evictions(const struct weir_ring_writer *w);

/* Claims room for one message, which it fills; commits what is there whenever it has to wait. The
 * caller commits. */
BENCH_INLINE int pair_put(struct role *me, struct weir_ring_writer *w, size_t size, uint64_t seq)
{
	struct weir_ring_room room;
	int rc;

	while (BENCH_UNLIKELY(
		(rc = weir_ring_claim(w, 1, (uint32_t)size, WEIR_RING_GATED, &room)) != WEIR_OK)) {
		if (rc != WEIR_FULL)
			return role_fail(me, "weir_ring_claim: %s", weir_error_name(rc));
		weir_ring_commit(w);
		if (role_idle(me) != 0)
			return -1;
	}
	msg_write(me, room.ptr, size, seq);
	return 0;
}

/* Claims and fills as many as there is room for, up to `want`. How many; -1 give up. */
BENCH_INLINE int pair_put_run(struct role *me, struct weir_ring_writer *w, size_t size,
			      uint64_t seq, uint32_t want)
{
	const uint64_t stride = weir_ring_stride((uint32_t)size);
	struct weir_ring_room room;
	uint32_t i, n = 0;
	int rc;

	while (BENCH_UNLIKELY((rc = weir_ring_claim_run(w, 1, (uint32_t)size, want, WEIR_RING_GATED,
							&room, &n)) != WEIR_OK)) {
		if (rc != WEIR_FULL)
			return role_fail(me, "weir_ring_claim_run: %s", weir_error_name(rc));
		weir_ring_commit(w);
		if (role_idle(me) != 0)
			return -1;
	}
	for (i = 0; i < n; i++)
		msg_write(me, room.ptr + i * stride, size, seq + i);
	return (int)n;
}

/* Looks for the next message and checks it. 1 there was one, 0 there was none, -1 give up. */
BENCH_INLINE int pair_take(struct role *me, struct weir_ring_reader *r, size_t size, uint64_t seq)
{
	struct weir_ring_view v;
	int rc = weir_ring_poll(r, &v);

	if (BENCH_UNLIKELY(rc != WEIR_OK)) {
		if (rc != WEIR_EMPTY)
			return role_fail(me, "weir_ring_poll: %s", weir_error_name(rc));
		return 0;
	}
	if (BENCH_UNLIKELY(v.len != size || msg_differs(me, v.ptr, size, seq) != 0))
		return role_bad_message(me, seq, v.ptr);
	return 1;
}

/* The same where the writer may not wait for this reader: the message is handled in place and then
 * has to have been intact all the time. 1 there was one, 0 there was none, -1 give up. What is lost
 * is counted in *r, and not in *had. */
BENCH_INLINE int pair_take_or_lose(struct role *me, struct weir_ring_reader *r, size_t size,
				   uint64_t *had)
{
	struct weir_ring_view v;
	int rc = weir_ring_poll(r, &v), bad;

	if (rc == WEIR_EMPTY)
		return 0;
	if (rc == WEIR_LAPPED)
		return 1;
	if (BENCH_UNLIKELY(rc != WEIR_OK))
		return role_fail(me, "weir_ring_poll: %s", weir_error_name(rc));
	bad = v.len != size || msg_differs(me, v.ptr, size, v.seq) != 0;
	rc = weir_ring_check(r, &v);
	if (rc == WEIR_LAPPED)
		return 1;
	if (BENCH_UNLIKELY(rc != WEIR_OK))
		return role_fail(me, "weir_ring_check: %s", weir_error_name(rc));
	if (BENCH_UNLIKELY(bad))
		return role_bad_message(me, v.seq, v.ptr);
	(*had)++;
	return 1;
}

#endif
