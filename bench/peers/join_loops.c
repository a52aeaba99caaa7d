/*
 * Joins as one writes them first. "hashing" has a table from stream to state; at every question it
 * goes through its rules and looks each rule's stream up. "indexed" does the same, but found the states
 * when the map came. Both say what weir says of these rules: ready or not, and in lists which rules
 * are missing, stale or rejected; both look at epochs, timeouts, clocks and the order of outputs.
 * They do not remember a verdict, have no ready_upto, and know nothing of the stage's own cursors,
 * optional inputs, windows that were overwritten, or which newest frames lie in a window.
 */
#include <string.h>

#include "../bench_join.h"

#define SLOTS (2u * JOIN_INPUTS_MAX) /* a power of two; never more than half full */

struct state { /* of an input; stream 0: free */
	uint32_t stream;
	uint8_t seen;
	uint8_t rejected;
	uint8_t reserved[2];
	uint64_t epoch;
	uint64_t value; /* sequence, or time */
	weir_ns advanced;
};

struct rule {
	int64_t offset;
	uint64_t window;
	uint32_t stream;
	uint32_t is_window;
	struct state *state; /* for "indexed" */
};

struct loop {
	uint32_t rules, by_time, clock, has_last;
	uint64_t late, last_out;
	weir_ns timeout;
	/* the verdict */
	uint32_t missing, stale, rejected, reserved;
	uint32_t missing_of[JOIN_INPUTS_MAX], stale_of[JOIN_INPUTS_MAX],
		rejected_of[JOIN_INPUTS_MAX];
	struct rule rule[JOIN_INPUTS_MAX];
	struct state table[SLOTS];
	uint32_t pick[JOIN_PICKS];
} BENCH_ALIGNED;

BENCH_INLINE struct state *find(struct loop *p, uint32_t stream)
{
	uint32_t at = (stream * UINT32_C(2654435769)) >> 21;

	while (p->table[at].stream != stream && p->table[at].stream != 0)
		at = (at + 1) % SLOTS;
	return &p->table[at];
}

/* What a rule needs of its input for that output. 0: the output is too early. */
BENCH_INLINE int need(const struct loop *p, const struct rule *r, uint64_t out, uint64_t *value)
{
	if (r->is_window) {
		if (out < (p->by_time ? r->window : r->window - 1))
			return 0;
		*value = out;
	} else {
		if (r->offset < 0 && out < 0 - (uint64_t)r->offset)
			return 0;
		*value = out + (uint64_t)r->offset;
	}
	if (p->by_time)
		*value = *value > p->late ? *value - p->late : 0;
	return 1;
}

BENCH_INLINE int ask(struct loop *p, uint64_t out, weir_ns now, int hash)
{
	const struct state *in;
	uint64_t value;
	uint32_t i, present = 0;

	p->missing = p->stale = p->rejected = 0;
	if (p->has_last && out < p->last_out)
		return 0;
	p->last_out = out;
	p->has_last = 1;
	for (i = 0; i < p->rules; i++) {
		const struct rule *r = &p->rule[i];

		in = hash ? find(p, r->stream) : r->state;
		if (in->rejected)
			p->rejected_of[p->rejected++] = i;
		else if (!need(p, r, out, &value))
			p->missing_of[p->missing++] = i;
		else if (in->seen && in->value >= value)
			present++;
		else if (in->seen && p->timeout != WEIR_NS_NEVER && now - in->advanced > p->timeout)
			p->stale_of[p->stale++] = i;
		else
			p->missing_of[p->missing++] = i;
	}
	return p->missing == 0 && p->rejected == 0 && present > 0;
}

static __attribute__((noinline)) int ask_hashing(struct loop *p, uint64_t out, weir_ns now)
{
	return ask(p, out, now, 1);
}

static __attribute__((noinline)) int ask_indexed(struct loop *p, uint64_t out, weir_ns now)
{
	return ask(p, out, now, 0);
}

/* 1: taken. */
static __attribute__((noinline)) int observe(struct loop *p, uint32_t stream, uint64_t epoch,
					     uint64_t sequence, weir_ns now)
{
	struct state *in = find(p, stream);

	if (in->stream == 0 || (in->seen && epoch < in->epoch))
		return 0;
	if (in->seen && epoch == in->epoch && sequence <= in->value)
		return 0;
	in->epoch = epoch;
	in->value = sequence;
	in->advanced = now;
	in->seen = 1;
	return 1;
}

static __attribute__((noinline)) int observe_time(struct loop *p, uint32_t stream, uint64_t epoch,
						  uint64_t time, uint32_t clock, weir_ns now)
{
	struct state *in = find(p, stream);

	if (in->stream == 0 || (in->seen && epoch < in->epoch) || time == WEIR_MERGE_TIME_NULL)
		return 0;
	if (clock != p->clock || (in->seen && epoch == in->epoch && time < in->value)) {
		in->rejected = 1;
		return 0;
	}
	if (!in->seen || epoch > in->epoch)
		in->rejected = 0;
	in->epoch = epoch;
	in->value = time;
	in->advanced = now;
	in->seen = 1;
	return 1;
}

static struct loop *set_loop(struct role *me, int by_time)
{
	struct loop *p = (struct loop *)(void *)me->arena;
	uint32_t i;

	memset(p, 0, sizeof(*p));
	p->rules = me->b->size;
	p->by_time = (uint32_t)by_time;
	p->clock = WEIR_MERGE_MONOTONIC;
	p->late = JOIN_LATE;
	p->timeout = JOIN_STALE_NS;
	for (i = 0; i < p->rules; i++) {
		struct weir_merge_rule from = join_rule(i, by_time);

		p->rule[i].is_window = from.type == WEIR_MERGE_WINDOW;
		p->rule[i].offset = from.offset;
		p->rule[i].window = from.window;
		p->rule[i].stream = from.input;
		p->rule[i].state = find(p, from.input);
		p->rule[i].state->stream = from.input;
	}
	join_pick(p->pick, p->rules);
	return p;
}

static void tell_all(struct loop *p, uint64_t value, uint64_t last)
{
	uint32_t i;

	for (i = 0; i < p->rules; i++)
		observe(p, p->rule[i].stream, JOIN_EPOCH, i + 1 < p->rules ? value : last, 0);
}

typedef int (*ask_fn)(struct loop *p, uint64_t out, weir_ns now);

/* One question per operation: outputs rise by `by`; all say `ready`, or one rule is missing. */
BENCH_INLINE int ask_all(struct role *me, ask_fn fn, int by_time, uint64_t by, int ready)
{
	const uint64_t ahead = JOIN_FIRST + me->n + JOIN_AHEAD;
	struct loop *p = set_loop(me, by_time);
	uint64_t i, out = JOIN_FIRST;

	tell_all(p, ahead, ready ? ahead : 1);
	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++, out += by)
		if (BENCH_UNLIKELY(fn(p, out, i) != ready || p->missing != (uint32_t)!ready))
			return role_fail(me, "%u rules missing", p->missing);
	role_done(me, i);
	return 0;
}

BENCH_INLINE int follow(struct role *me, ask_fn fn)
{
	const uint64_t ahead = JOIN_FIRST + me->n + JOIN_AHEAD;
	const uint32_t stream = join_stream(me->b->size - 1);
	const uint64_t lead = join_lead(me->b->size - 1);
	struct loop *p = set_loop(me, 0);
	uint64_t i;

	tell_all(p, ahead, 1);
	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++)
		if (BENCH_UNLIKELY(!observe(p, stream, JOIN_EPOCH, JOIN_FIRST + lead + i, i) ||
				   !fn(p, JOIN_FIRST + i, i)))
			return role_fail(me, "%u rules missing", p->missing);
	role_done(me, i);
	return 0;
}

int hashing_follow(struct role *me)
{
	return follow(me, ask_hashing);
}

int indexed_follow(struct role *me)
{
	return follow(me, ask_indexed);
}

int hashing_ready(struct role *me)
{
	return ask_all(me, ask_hashing, 0, 1, 1);
}

int hashing_miss(struct role *me)
{
	return ask_all(me, ask_hashing, 0, 1, 0);
}

int hashing_unchanged(struct role *me)
{
	return ask_all(me, ask_hashing, 0, 0, 1);
}

int hashing_ready_time(struct role *me)
{
	return ask_all(me, ask_hashing, 1, 1, 1);
}

int indexed_ready(struct role *me)
{
	return ask_all(me, ask_indexed, 0, 1, 1);
}

int indexed_miss(struct role *me)
{
	return ask_all(me, ask_indexed, 0, 1, 0);
}

int indexed_unchanged(struct role *me)
{
	return ask_all(me, ask_indexed, 0, 0, 1);
}

int indexed_ready_time(struct role *me)
{
	return ask_all(me, ask_indexed, 1, 1, 1);
}

int hashing_observe(struct role *me)
{
	struct loop *p = set_loop(me, 0);
	uint64_t i;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++)
		if (BENCH_UNLIKELY(!observe(p, p->pick[i % JOIN_PICKS], JOIN_EPOCH, i + 1, i)))
			return role_fail(me, "a frame was not taken");
	role_done(me, i);
	return 0;
}

int hashing_observe_time(struct role *me)
{
	struct loop *p = set_loop(me, 1);
	uint64_t i;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++)
		if (BENCH_UNLIKELY(!observe_time(p, p->pick[i % JOIN_PICKS], JOIN_EPOCH, i + 1,
						 WEIR_MERGE_MONOTONIC, i)))
			return role_fail(me, "a frame was not taken");
	role_done(me, i);
	return 0;
}
