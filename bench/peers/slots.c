/*
 * A limit for the lossy ring: the broadcast one writes by hand when all messages have one size. Slots
 * in a circle, each with a version that is odd while it is written; a reader looks at the version,
 * at the message, and at the version again. It knows no lengths, kinds or batches, no readers that
 * are waited for, nobody who sleeps, and no writer that died, and finds out what it lost from the
 * version alone.
 */
#include <string.h>

#include "../driver.h"
#include "../msg.h"

/* A slot is its version and the payload; so many fit into what every queue has. */
#define SLOT_BYTES(size) (sizeof(uint64_t) + (size))
#define SLOTS(size) (BENCH_RING_BYTES / SLOT_BYTES(size))

/* Message number i is being written, or is there. 0: neither ever. */
#define WRITING(i) (2 * (i) + 1)
#define WRITTEN(i) (2 * (i) + 2)

BENCH_INLINE uint64_t *slot_of(uint8_t *arena, uint64_t at, size_t size)
{
	return (uint64_t *)(void *)(arena + at * SLOT_BYTES(size));
}

BENCH_INLINE int write_slots(struct role *me, size_t size)
{
	uint64_t i, at, *version;

	if (role_start(me) != 0)
		return -1;
	for (i = at = 0; i < me->n; i++) {
		version = slot_of(me->arena, at, size);
		__atomic_store_n(version, WRITING(i), __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_RELEASE); /* before the payload */
		msg_write(me, version + 1, size, i);
		__atomic_store_n(version, WRITTEN(i), __ATOMIC_RELEASE);
		at = at + 1 == SLOTS(size) ? 0 : at + 1;
	}
	role_done(me, i);
	return 0;
}

/* Where to go on when the slot of message i has a later one: an eighth of a circle into what should
 * still be there. */
BENCH_INLINE uint64_t after_lap(uint64_t version, size_t size)
{
	return (version - 1) / 2 + 1 - SLOTS(size) + SLOTS(size) / 8;
}

BENCH_INLINE int read_slots(struct role *me, size_t size)
{
	uint64_t i = 0, lost = 0, seen, next, *version;
	int bad;

	if (role_start(me) != 0)
		return -1;
	while (i < me->n) {
		version = slot_of(me->arena, i % SLOTS(size), size);
		seen = __atomic_load_n(version, __ATOMIC_ACQUIRE);
		if (seen < WRITTEN(i)) {
			if (role_idle(me) != 0)
				return -1;
			continue;
		}
		bad = seen == WRITTEN(i) && msg_differs(me, version + 1, size, i) != 0;
		__atomic_thread_fence(__ATOMIC_ACQUIRE); /* the payload before the second look */
		seen = __atomic_load_n(version, __ATOMIC_RELAXED);
		if (BENCH_LIKELY(seen == WRITTEN(i))) {
			if (BENCH_UNLIKELY(bad))
				return role_bad_message(me, i, version + 1);
			i++;
			continue;
		}
		next = after_lap(seen, size);
		lost += next - i;
		i = next;
	}
	role_lost(me, lost);
	role_done(me, i);
	return 0;
}

static int writer(struct role *me)
{
	return MSG_BY_SIZE(write_slots, me);
}

static int reader(struct role *me)
{
	return MSG_BY_SIZE(read_slots, me);
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n,
		  struct bench_sample *out)
{
	memset(env->arena, 0, BENCH_RING_BYTES);
	return driver_run(env, b, writer, reader, 1 + b->readers, n, out);
}

void bench_add_slots(void)
{
	bench_add_lossy_cases("slots", BENCH_LIMIT, 0, run);
}
