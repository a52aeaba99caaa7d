/* flow_fixture.h - a ring, its progress table and a scripted environment on the heap. */
#ifndef WEIR_FLOW_FIXTURE_H
#define WEIR_FLOW_FIXTURE_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <weir/drain.h>
#include <weir/region.h>
#include <weir/ring.h>

#define ME ((weir_owner)0x1111)
#define OTHER ((weir_owner)0x2222)

struct bed {
	struct weir_span ring;
	struct weir_span table_mem;
	struct weir_progress table;
	struct weir_ring_writer w;
};

static inline struct weir_span bed_alloc(size_t len)
{
	struct weir_span s;

	/* exactly len bytes behind an aligned start, so that AddressSanitizer sees one byte more */
	ck_assert_int_eq(posix_memalign(&s.ptr, WEIR_LINE, len), 0);
	memset(s.ptr, 0, len);
	s.len = len;
	return s;
}

static inline struct weir_ring_config bed_config(uint64_t capacity, weir_pos origin)
{
	struct weir_ring_config cfg = {.struct_size = sizeof(cfg)};

	cfg.capacity = capacity;
	cfg.origin = origin;
	return cfg;
}

static inline void bed_open(struct bed *b, uint64_t capacity, weir_pos origin, uint32_t slots)
{
	struct weir_ring_config cfg = bed_config(capacity, origin);
	size_t n;

	ck_assert_int_eq(weir_ring_bytes(&cfg, &n, NULL), WEIR_OK);
	b->ring = bed_alloc(n);
	ck_assert_int_eq(weir_ring_format(b->ring, &cfg, NULL), WEIR_OK);
	ck_assert_int_eq(weir_progress_bytes(slots, &n, NULL), WEIR_OK);
	b->table_mem = bed_alloc(n);
	ck_assert_int_eq(weir_progress_format(b->table_mem, slots, NULL), WEIR_OK);
	ck_assert_int_eq(weir_progress_attach(&b->table, b->table_mem, NULL), WEIR_OK);
	ck_assert_int_eq(weir_ring_writer_attach(&b->w, b->ring, &b->table, ME, NULL, NULL),
			 WEIR_OK);
}

static inline void bed_close(struct bed *b)
{
	weir_ring_writer_detach(&b->w);
	free(b->ring.ptr);
	free(b->table_mem.ptr);
}

static inline struct weir_ring_shm *bed_shm(struct bed *b)
{
	return b->ring.ptr;
}

/* Sends one record whose bytes all follow from its number. */
static inline void bed_fill(uint8_t *p, uint32_t len, uint64_t seq)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		p[i] = (uint8_t)(seq * 131u + i);
}

static inline int bed_verify(const uint8_t *p, uint32_t len, uint64_t seq)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		if (p[i] != (uint8_t)(seq * 131u + i))
			return 0;
	return 1;
}

static inline int bed_send(struct bed *b, uint32_t len, enum weir_ring_policy policy)
{
	struct weir_ring_room room;
	uint64_t seq = b->w.messages;
	int rc = weir_ring_claim(&b->w, (uint32_t)(seq & 0xffffu), len, policy, &room);

	if (rc != WEIR_OK)
		return rc;
	bed_fill(room.ptr, len, seq);
	weir_ring_commit(&b->w);
	return WEIR_OK;
}

/* An environment in which time is a counter and one process may be dead. */
struct fake {
	weir_ns now;
	weir_ns tick; /* added by every look at the clock */
	weir_owner dead;
	uint64_t parks;
	void (*on_park)(void *arg); /* called once a sleep begins */
	void *arg;
};

static inline weir_ns fake_now(void *ctx)
{
	struct fake *f = ctx;

	f->now += f->tick;
	return f->now;
}

static inline void fake_park(void *ctx, const uint32_t *word, uint32_t seen, weir_ns deadline)
{
	struct fake *f = ctx;

	f->parks++;
	if (f->on_park != NULL)
		f->on_park(f->arg);
	if (*word == seen && deadline != WEIR_NS_NEVER && f->now < deadline)
		f->now = deadline;
}

static inline int fake_fence(void *ctx)
{
	(void)ctx;
	return 0;
}

static inline void fake_yield(void *ctx)
{
	(void)ctx;
}

static inline int fake_owner_state(void *ctx, weir_owner who)
{
	struct fake *f = ctx;

	return who == f->dead ? (int)WEIR_OWNER_DEAD : (int)WEIR_OWNER_ALIVE;
}

static inline struct weir_env fake_env(struct fake *f)
{
	struct weir_env e = {fake_now, fake_park, fake_fence, fake_yield, fake_owner_state, f};

	return e;
}

static inline uint32_t lcg(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33);
}

#endif
