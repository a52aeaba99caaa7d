/* What the parts of the join share. */
#ifndef WEIR_JOIN_PRIV_H
#define WEIR_JOIN_PRIV_H

#include <weir/join.h>

/* Cursors of an input: 0 is the sequence, 1 and 2 are the times of that source. */
#define CURSORS 3u

/* Which parts of an input have been set. */
#define SEEN(c) (1u << (c))          /* observed[c] */
#define DONE(c) (8u << (c))          /* processed[c] */
#define FORGONE(c) (64u << (c))      /* forgone[c] */
#define INVALIDATED(c) (512u << (c)) /* the frame at observed[c] could not be read */
#define REJECTED(c) (4096u << (c))   /* for the reason in rejected[c] */
#define HAS_EPOCH (1u << 15)
#define HAS_ADVANCED (1u << 16)
#define LOST (1u << 17)

/* Which parts of a join have been set. */
enum { PINNED = 1, EPOCH = 2, LAST_OUT = 4, COMMITTED = 8, WATERMARK = 16 };

/* A rule made ready for use. Between lo and hi out + add is exact. */
struct weir_priv_join_rule {
	uint64_t lo;   /* outputs below it are NOT_YET */
	uint64_t hi;   /* outputs above it are UNREACHABLE */
	uint64_t add;  /* modulo 2^64 */
	uint64_t late; /* how far short of out + add the cursor may stay */
	uint64_t back; /* the window begins that far before out + add */
	uint32_t input;
	uint8_t cursor;
	uint8_t in_ring; /* a window, and how much the input's ring holds is known */
	uint16_t reserved;
};

/* What a verdict looks at first fills a 64-byte line. */
struct weir_priv_join_input {
	uint64_t observed[CURSORS];
	uint64_t processed[CURSORS];
	uint32_t has;
	uint32_t flags; /* enum weir_join_input_flags */
	weir_ns advanced;
	uint64_t stale_ns; /* in force */
	uint64_t slots;
	uint64_t epoch;
	uint64_t min_sequence;
	uint64_t forgone[CURSORS];  /* committed without it up to there */
	uint64_t own_stale_ns;      /* with WEIR_JOIN_INPUT_TIMEOUT */
	uint32_t clock[CURSORS];    /* in which observed[c] counts; [0] is not used */
	uint32_t rejected[CURSORS]; /* enum weir_join_answer; [0] is not used */
	uint32_t sources;           /* SEEN(c) of the rules on it */
} WEIR_ALIGNED(64);
WEIR_ASSERT_LAYOUT(offsetof(struct weir_priv_join_input, stale_ns) == 64u);

/* What changes when an output sinks below `at` + 1. */
struct weir_priv_join_edge {
	uint64_t at;
	int32_t present;
	int32_t forbidden;
};

struct weir_priv_join_binding {
	const struct weir_join_cell_shm *cell; /* or NULL: a progress record */
	struct weir_progress table;
	uint32_t slot;
	uint32_t stream;
	uint64_t version; /* what was taken in last: the cell's version, or the record's ... */
	uint64_t epoch;
	uint64_t sequence;
	uint64_t generation; /* ... under that map */
	uint32_t state;
	uint32_t reserved;
};

/* Outputs lo <= out < hi find a block of rules calm; see join_calm.c. */
#define CALM_BLOCK 16u
struct weir_priv_join_calm {
	uint64_t lo, hi;
	uint64_t round; /* it counts while that is calm_round */
};

typedef int (*weir_priv_join_less)(const void *array, uint32_t a, uint32_t b);
typedef void (*weir_priv_join_swap)(void *array, uint32_t a, uint32_t b);

/* Puts n elements in order, the least first; O(n log n) whatever they are. */
void weir_priv_join_sort(void *array, uint32_t n, weir_priv_join_less less,
			 weir_priv_join_swap swap);
void weir_priv_join_sort_streams(uint32_t *stream, uint32_t n);

/* The first of the two places that hints of a stream have. Knuth's multiplicative hash. */
static inline uint32_t *weir_priv_join_hints(const struct weir_join *j, uint32_t stream)
{
	return j->hint + 2 * (size_t)(stream * UINT32_C(2654435769) >> j->hint_shift);
}

/* Hints for all inputs, in place of those for the first `gone` streams of `old`. */
void weir_priv_join_hint(struct weir_join *j, const uint32_t *old, uint32_t gone);

/* Index of the input, or n_inputs, by halves. */
uint32_t weir_priv_join_search(const struct weir_join *j, uint32_t stream);

/* The same, where hinted first. A hint is the index of some input, whichever; one that is of another
 * stream, or was none, only costs the look. (Without inputs no stream but 0 can be met, at n_inputs.) */
static inline uint32_t weir_priv_join_find(const struct weir_join *j, uint32_t stream)
{
	const uint32_t *hint = weir_priv_join_hints(j, stream);
	uint32_t n = hint[0];

	n = j->stream[n] == stream ? n : hint[1];
	return WEIR_LIKELY(j->stream[n] == stream) ? n : weir_priv_join_search(j, stream);
}

/* The latest time there has been. */
static inline weir_ns weir_priv_join_tick(struct weir_join *j, weir_ns now)
{
	if (now > j->now)
		j->now = now;
	return j->now;
}

/* Drops all that is known to be calm. */
static inline void weir_priv_join_calm_drop(struct weir_join *j)
{
	j->calm_round++;
}

static inline int weir_priv_join_is_calm(const struct weir_join *j,
					 const struct weir_priv_join_calm *c, uint64_t out)
{
	return c->round == j->calm_round && out >= c->lo && out < c->hi;
}

/* Whether any block of rules can be calm. */
static inline int weir_priv_join_may_calm(const struct weir_join *j)
{
	return j->cfg.mode != WEIR_JOIN_LATEST && (j->cfg.flags & WEIR_JOIN_PROCESSED) == 0;
}

/* All rules of a block are READY for `out`, none in its window: until which output? */
void weir_priv_join_calm_block(struct weir_join *j, uint32_t first, uint32_t n, uint64_t out);

/* The same for all rules, out of the blocks and the verdict on `out`, just found. */
void weir_priv_join_calm_all(struct weir_join *j, uint64_t out);

/* The map is over: everything known of the epoch is forgotten. */
void weir_priv_join_end_map(struct weir_join *j, enum weir_join_status state);

/* Forgets the frames of an input, not its epoch. */
void weir_priv_join_clear(struct weir_join *j, struct weir_priv_join_input *i);

/* Marks a source of an input as rejected. */
void weir_priv_join_reject(struct weir_join *j, struct weir_priv_join_input *i, uint32_t cursor,
			   enum weir_join_answer why);

/* 1: the input has been silent for longer than its timeout. *until sinks to when it will have. */
int weir_priv_join_aged(const struct weir_join *j, const struct weir_priv_join_input *i,
			weir_ns *until);

/* The first output that finds the window of a rule whole in the input's ring; of in_ring ones. */
uint64_t weir_priv_join_kept_from(const struct weir_priv_join_rule *r,
				  const struct weir_priv_join_input *i);

/* A verdict of the rules alone: no look at the order of outputs, none at the cache. */
void weir_priv_join_judge(struct weir_join *j, uint64_t out, int overdue);

/* 1: `out` must not be asked for any more. */
int weir_priv_join_regressed(const struct weir_join *j, uint64_t out);

static inline void weir_priv_join_raise_watermark(struct weir_join *j, uint64_t out)
{
	if ((j->has & WATERMARK) == 0 || out > j->watermark)
		j->watermark = out;
	j->has |= (uint32_t)WATERMARK;
}

#endif
