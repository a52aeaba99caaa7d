/* weir/merge_map.h - storey gate: which inputs an output is joined from, and by which rules.
 * Needs: base. */
#ifndef WEIR_MERGE_MAP_H
#define WEIR_MERGE_MAP_H

#include <weir/base.h>

/*
 * A merge map says for one output stream, in one epoch of it, what has to be there before output x
 * may be attempted: one rule per input and need, all of which must hold. Maps of both kinds are one
 * struct. What is absent holds the null value below, as on the wire, so a map that is decoded and
 * encoded again has the same bytes. Plain values: nothing here is shared or allocated.
 */

WEIR_BEGIN

enum weir_merge_kind {
	WEIR_MERGE_SEQUENCE = 1, /* x, offsets and windows count frames */
	WEIR_MERGE_TIMESTAMP = 2 /* x, offsets and windows are ns in the map's clock domain */
};

enum weir_merge_rule_type {
	WEIR_MERGE_OFFSET = 0, /* the input has reached x + offset */
	WEIR_MERGE_WINDOW = 1  /* the input has reached x, and x is at least one window from 0 */
};

/* Where a time comes from. 0 in the rules of a sequence map. */
enum weir_merge_source {
	WEIR_MERGE_FRAME_DESCRIPTOR = 1, /* announced with the frame */
	WEIR_MERGE_SLOT_HEADER = 2       /* read from the frame's own header */
};

enum weir_merge_clock { WEIR_MERGE_MONOTONIC = 1, WEIR_MERGE_REALTIME_SYNCED = 2 };

#define WEIR_MERGE_RULES_MAX 65534u          /* 65535 is the null of the count */
#define WEIR_MERGE_NO_OFFSET INT64_MIN       /* of either kind */
#define WEIR_MERGE_NO_WINDOW UINT64_MAX      /* of either kind */
#define WEIR_MERGE_NO_TIMEOUT UINT64_MAX     /* stale_ns */
#define WEIR_MERGE_NO_LATENESS UINT64_MAX    /* lateness_ns: counts as 0 */
#define WEIR_MERGE_STREAM_NULL UINT32_MAX    /* no stream has it */
#define WEIR_MERGE_EPOCH_NULL UINT64_MAX     /* no stream has it */
#define WEIR_MERGE_TIME_NULL UINT64_MAX      /* the frame carries no time */
#define WEIR_MERGE_SEQ_MAX (UINT64_MAX >> 1) /* one bit of a slot's word says "committed" */

/* Offsets and windows of a sequence rule have 32 bits; the lowest offset of each kind is its null. */
#define WEIR_MERGE_SEQ_OFFSET_MAX INT32_MAX
#define WEIR_MERGE_SEQ_WINDOW_MAX (UINT32_MAX - 1u)

/* Why a message, a rule or a map is refused, in the order in which it is looked at: the reason is
 * that of the first fault. The first part is for decoders; the middle, rule by rule, is
 * weir_merge_rule_check(); the last is what only a join refuses. */
#define WEIR_MERGE_REASONS(X)                                                                      \
	X(OK, "nothing is wrong")                                                                  \
	X(SHORT_HEADER, "shorter than a message header")                                           \
	X(SCHEMA, "another schema: not a merge map message")                                       \
	X(TEMPLATE, "another template: not a merge map message")                                   \
	X(BLOCK_SHORT, "the root block is shorter than its fields")                                \
	X(TRUNCATED_BLOCK, "the message ends in the root block")                                   \
	X(REQUIRED_NULL, "a required field holds its null value")                                  \
	X(CLOCK_DOMAIN, "no such clock domain")                                                    \
	X(TRUNCATED_GROUP_HEADER, "the message ends before the rules' header")                     \
	X(GROUP_COUNT, "the number of rules is null")                                              \
	X(GROUP_BLOCK_SHORT, "the rules are shorter than their fields")                            \
	X(TRUNCATED_RULES, "the message ends within the rules")                                    \
	X(CAPACITY, "more rules than there is room for")                                           \
	X(RULE_TYPE, "no such rule type")                                                          \
	X(TIMESTAMP_SOURCE, "no such source of time")                                              \
	X(PARAM_MISSING, "the rule lacks the parameter of its type")                               \
	X(PARAM_CONFLICT, "the rule has the parameter of the other type as well")                  \
	X(WINDOW_ZERO, "the window is empty")                                                      \
	X(PARAM_RANGE, "the parameter does not fit a sequence rule")                               \
	X(KIND, "neither a sequence nor a timestamp map")                                          \
	X(ZERO_STREAM, "stream 0")                                                                 \
	X(EMPTY_RULES, "no rule: it would always be ready")

enum weir_merge_reason {
#define WEIR_PRIV_X(name, text) WEIR_MERGE_##name,
	WEIR_MERGE_REASONS(WEIR_PRIV_X)
#undef WEIR_PRIV_X
		WEIR_MERGE_REASON_COUNT
};

struct weir_merge_rule {
	int64_t offset;  /* or WEIR_MERGE_NO_OFFSET; frames or ns */
	uint64_t window; /* or WEIR_MERGE_NO_WINDOW; frames or ns */
	uint32_t input;  /* stream */
	uint16_t type;   /* enum weir_merge_rule_type */
	uint16_t source; /* enum weir_merge_source; timestamp maps only, else not looked at */
};

struct weir_merge_map {
	uint32_t kind;        /* enum weir_merge_kind */
	uint32_t out;         /* output stream */
	uint64_t epoch;       /* of the output stream */
	uint64_t stale_ns;    /* or WEIR_MERGE_NO_TIMEOUT */
	uint64_t lateness_ns; /* or WEIR_MERGE_NO_LATENESS; timestamp maps only */
	uint32_t clock;       /* enum weir_merge_clock; timestamp maps only */
	uint32_t n_rules;
	const struct weir_merge_rule *rule; /* the caller's */
};

/* Maps and rules from code. Anything may be passed: whether it is right, the checks say. */
WEIR_API struct weir_merge_rule weir_merge_rule_offset(uint32_t input, int64_t offset);
WEIR_API struct weir_merge_rule weir_merge_rule_window(uint32_t input, uint64_t window);
WEIR_API struct weir_merge_rule weir_merge_rule_offset_ns(uint32_t input,
							  enum weir_merge_source source,
							  int64_t offset);
WEIR_API struct weir_merge_rule weir_merge_rule_window_ns(uint32_t input,
							  enum weir_merge_source source,
							  uint64_t window);

/* Without a stale timeout and without lateness: set them in the result. */
WEIR_API struct weir_merge_map weir_merge_map_sequence(uint32_t out, uint64_t epoch,
						       const struct weir_merge_rule *rule,
						       uint32_t n_rules);
WEIR_API struct weir_merge_map weir_merge_map_timestamp(uint32_t out, uint64_t epoch,
							enum weir_merge_clock clock,
							const struct weir_merge_rule *rule,
							uint32_t n_rules);

/* One rule of a map of that kind, as decoders judge it, in this order: REQUIRED_NULL (the stream),
 * RULE_TYPE, TIMESTAMP_SOURCE, PARAM_MISSING, PARAM_CONFLICT, WINDOW_ZERO, PARAM_RANGE. O(1). */
WEIR_API enum weir_merge_reason weir_merge_rule_check(enum weir_merge_kind kind,
						      const struct weir_merge_rule *r);

/* A map as decoders judge it: KIND, REQUIRED_NULL (output stream, epoch), CLOCK_DOMAIN, GROUP_COUNT,
 * then the rules in order. A map without rules and stream 0 pass: they can be sent.
 * *rule (may be NULL): which rule it is about, or n_rules. O(rules). */
WEIR_API enum weir_merge_reason weir_merge_map_check(const struct weir_merge_map *m,
						     uint32_t *rule);

/* A map as a join judges it: the same, then ZERO_STREAM (output, inputs) and EMPTY_RULES. */
WEIR_API enum weir_merge_reason weir_merge_map_check_join(const struct weir_merge_map *m,
							  uint32_t *rule);

/* 1 when both say the same in every field their kind has, else 0: the same bytes on the wire.
 * No lateness and a lateness of 0 differ. O(rules). */
WEIR_API int weir_merge_map_equal(const struct weir_merge_map *a, const struct weir_merge_map *b);

/* The words of the list above, without prefix, and its texts; "?" for a number that is none. */
WEIR_API const char *weir_merge_reason_name(unsigned reason);
WEIR_API const char *weir_merge_reason_text(unsigned reason);

WEIR_END
#endif
