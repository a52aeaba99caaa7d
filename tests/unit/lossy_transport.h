/* A transport in memory that drops, repeats, delays and reorders messages, as its seed says.
 * Bounded: what does not fit is dropped. One direction; two make a link. */
#ifndef WEIR_TESTS_LOSSY_TRANSPORT_H
#define WEIR_TESTS_LOSSY_TRANSPORT_H

#include <stdint.h>
#include <string.h>

#include <weir/transport.h>

#define LOSSY_SLOTS 256u
#define LOSSY_BYTES 2048u

struct lossy_message {
	weir_ns due;
	uint64_t order; /* among those that are due */
	uint32_t len;
	uint32_t used;
	uint8_t bytes[LOSSY_BYTES];
};

struct lossy_queue {
	uint64_t random, count;
	uint32_t drop, repeat, reorder; /* in 1024 */
	weir_ns delay;                  /* at most */
	uint32_t drop_next;             /* so many, for certain */
	uint32_t full;                  /* refuse, as if there were no room */
	uint64_t sent, dropped, repeated;
	weir_ns now;
	struct lossy_message slot[LOSSY_SLOTS];
};

/* One end of a link: polls one queue, offers on the other. */
struct lossy_end {
	struct weir_transport transport;
	struct lossy_queue *in, *out;
	uint64_t polls, forgotten;
	uint64_t inside; /* forgotten within a poll */
	uint32_t polling;
	int error; /* what poll answers, if not 0 */
};

/* splitmix64 */
static inline uint64_t lossy_random(struct lossy_queue *q)
{
	uint64_t z = q->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static inline int lossy_chance(struct lossy_queue *q, uint32_t of_1024)
{
	return lossy_random(q) % 1024u < of_1024;
}

static inline void lossy_put(struct lossy_queue *q, const void *buf, size_t len)
{
	struct lossy_message *m = q->slot;

	while (m < q->slot + LOSSY_SLOTS && m->used)
		m++;
	if (m == q->slot + LOSSY_SLOTS || len > LOSSY_BYTES) {
		q->dropped++;
		return;
	}
	m->used = 1;
	m->len = (uint32_t)len;
	m->due = q->now + (q->delay != 0 ? lossy_random(q) % (q->delay + 1u) : 0);
	m->order = q->count++;
	if (lossy_chance(q, q->reorder))
		m->order -= m->order < 8u ? m->order : lossy_random(q) % 8u;
	memcpy(m->bytes, buf, len);
}

static inline int lossy_send(struct lossy_queue *q, const void *buf, size_t len)
{
	if (q->full)
		return WEIR_FULL;
	q->sent++;
	if (q->drop_next != 0) {
		q->drop_next--;
		q->dropped++;
		return WEIR_OK;
	}
	if (lossy_chance(q, q->drop)) {
		q->dropped++;
		return WEIR_OK;
	}
	lossy_put(q, buf, len);
	if (lossy_chance(q, q->repeat)) {
		q->repeated++;
		lossy_put(q, buf, len);
	}
	return WEIR_OK;
}

/* The next that is due, or NULL. */
static inline struct lossy_message *lossy_next(struct lossy_queue *q)
{
	struct lossy_message *best = NULL;
	uint32_t i;

	for (i = 0; i < LOSSY_SLOTS; i++) {
		struct lossy_message *m = &q->slot[i];

		if (m->used && m->due <= q->now &&
		    (best == NULL || m->due < best->due ||
		     (m->due == best->due && m->order < best->order)))
			best = m;
	}
	return best;
}

static inline int lossy_poll(void *ctx, weir_transport_fn fn, void *fn_ctx, uint32_t limit,
                             weir_ns now)
{
	struct lossy_end *e = ctx;
	struct lossy_message *m;
	uint32_t n = 0;

	if (fn == NULL) {
		e->forgotten++;
		e->inside += e->polling;
		return 0;
	}
	e->polls++;
	if (now > e->in->now)
		e->in->now = now;
	for (; n < limit && (m = lossy_next(e->in)) != NULL; n++) {
		uint8_t bytes[LOSSY_BYTES];
		uint32_t len = m->len;

		memcpy(bytes, m->bytes, len); /* fn may send, and take the slot */
		m->used = 0;
		e->polling = 1;
		fn(fn_ctx, bytes, len, now);
		e->polling = 0;
		memset(bytes, 0xee, len); /* who keeps a pointer reads this */
	}
	return n == 0 && e->error != 0 ? e->error : (int)n;
}

static inline int lossy_offer(void *ctx, const void *buf, size_t len)
{
	struct lossy_end *e = ctx;

	return lossy_send(e->out, buf, len);
}

static inline void lossy_init(struct lossy_queue *q, uint64_t seed)
{
	memset(q, 0, sizeof(*q));
	q->random = seed;
}

static inline void lossy_end_init(struct lossy_end *e, struct lossy_queue *in,
                                  struct lossy_queue *out)
{
	memset(e, 0, sizeof(*e));
	e->transport.poll = lossy_poll;
	e->transport.offer = lossy_offer;
	e->transport.ctx = e;
	e->in = in;
	e->out = out;
}

#endif
