/* weir/join.h - storey gate: whether an output may be made from what its inputs have brought.
 * Needs: base, error, stats, merge_map, join_cell, progress. */
#ifndef WEIR_JOIN_H
#define WEIR_JOIN_H

#include <errno.h>

#include <weir/base.h>
#include <weir/error.h>
#include <weir/join_cell.h>
#include <weir/merge_map.h>
#include <weir/progress.h>
#include <weir/stats.h>

/*
 * The join of one output stream: it is given merge maps and told what has been observed of the
 * inputs, and says of any output whether it may be attempted now. Pure: every call carries what it
 * needs, the time too; nothing is waited for, nothing allocated after weir_join_init(). An earlier
 * `now` than the latest seen is taken as that. One thread per join; what other threads observe is
 * bound as records and read by weir_join_refresh().
 *
 * The rules are exact: docs/design/join.md has them in one table.
 */

WEIR_BEGIN

enum weir_join_mode {
	WEIR_JOIN_SEQUENCE = 1,  /* outputs are numbers; sequence maps */
	WEIR_JOIN_TIMESTAMP = 2, /* outputs are times; timestamp maps */
	WEIR_JOIN_LATEST = 3     /* the newest frame of each input; maps of both kinds */
};

/* What a newer epoch of an input does, beyond forgetting all that was known of the input. */
enum weir_join_epoch_policy {
	WEIR_JOIN_EPOCH_OUTPUT = 0,    /* nothing: only the output's epoch asks for a new map */
	WEIR_JOIN_EPOCH_ANY_INPUT = 1, /* drops the map: alignment is gone. For sequence joins */
	WEIR_JOIN_EPOCH_MATCH = 2      /* all epochs are the map's: a higher one drops the map */
};

enum weir_join_flags {
	WEIR_JOIN_PROCESSED = 1u,       /* the stage's own cursors must have come as far, too */
	WEIR_JOIN_LATEST_BY_TIME = 2u,  /* latest mode: time, not sequence, says what is newest */
	WEIR_JOIN_NEVER_STALE = 4u,     /* timeouts are ignored: an input that is behind blocks */
	WEIR_JOIN_ANY_ORDER = 8u,       /* outputs may be asked for in any order */
	WEIR_JOIN_CONSUME_ONCE = 16u,   /* a committed output, and those before, are over */
	WEIR_JOIN_STRICT_WINDOW = 32u,  /* lateness reaches no further back than a rule's window */
	WEIR_JOIN_KEEP_LAST_GOOD = 64u, /* an invalid map does not end the one in force */
	WEIR_JOIN_REVIVE_ON_REPEAT = 128u /* latest: an announcement of the invalidated frame
					   * re-validates it, else only a newer frame counts */
};
#define WEIR_JOIN_FLAGS_ALL 255u

enum weir_join_input_flags {
	WEIR_JOIN_INPUT_OPTIONAL = 1u, /* its rules never block; READY ones count as present */
	WEIR_JOIN_INPUT_WARM = 2u,     /* observed without a map, too */
	WEIR_JOIN_INPUT_TIMEOUT = 4u   /* stale_ns counts, not the map's timeout */
};
#define WEIR_JOIN_INPUT_FLAGS_ALL 7u

/* What a join is, or why it has no verdict. */
#define WEIR_JOIN_STATUSES(X)                                                                      \
	X(OK)               /* a map is in force */                                                \
	X(NO_MAP)           /* none has come, or its epoch has ended */                            \
	X(INVALID)          /* the last one was bad */                                             \
	X(OUTPUT_REGRESSED) /* the output lies before one asked for earlier: this call only */     \
	X(CLOCK)            /* the output's time is of another clock domain: this call only */     \
	X(CLOSED)

/* What is said of one rule. */
#define WEIR_JOIN_VERDICTS(X)                                                                      \
	X(READY)                                                                                   \
	X(MISSING)     /* the input has not come that far */                                       \
	X(NOT_YET)     /* the output is too early for the rule, whatever the input does */         \
	X(UNREACHABLE) /* no input can come that far, or what is needed has been overwritten */    \
	X(STALE)       /* missing, and silent for longer than the timeout: goes on without it */   \
	X(REJECTED)    /* the input has sent times of another clock, or out of order */

/* What a call that tells the join something answers. */
#define WEIR_JOIN_ANSWERS(X)                                                                       \
	X(OK)                                                                                      \
	X(NO_CHANGE)       /* map: the one in force, announced again */                            \
	X(SAME)            /* epoch: it is that already */                                         \
	X(INVALID)         /* map: bad, and nothing is ready until a good one comes */             \
	X(WRONG_STREAM)    /* map: of another output */                                            \
	X(WRONG_KIND)      /* map: not of this mode */                                             \
	X(EPOCH_MISMATCH)  /* map: not of the epoch that has been set */                           \
	X(CAPACITY)        /* map: more rules than max_rules; nothing has changed */               \
	X(OLD_EPOCH)       /* map or frame: of an epoch that has ended; ignored */                 \
	X(EPOCH_RESET)     /* frame: first of a new epoch; what was known of the input is gone */  \
	X(MAP_INVALIDATED) /* frame: of an epoch that ends the map; see the policy */              \
	X(NOT_TRACKED)     /* frame: of no input of the map in force */                            \
	X(REGRESSED)       /* frame: an older sequence; ignored */                                 \
	X(BAD_SEQ)         /* frame: above WEIR_MERGE_SEQ_MAX; ignored */                          \
	X(NULL_TIME)       /* frame: carries no time */                                            \
	X(REJECTED_CLOCK)  /* frame: time of another domain: the source is rejected */             \
	X(REJECTED_ORDER)  /* frame: time went back: the source is rejected */                     \
	X(CLOSED)

enum weir_join_status {
#define WEIR_PRIV_X(name) WEIR_JOIN_STATUS_##name,
	WEIR_JOIN_STATUSES(WEIR_PRIV_X)
#undef WEIR_PRIV_X
		WEIR_JOIN_STATUS_COUNT
};

enum weir_join_rule_verdict {
#define WEIR_PRIV_X(name) WEIR_JOIN_RULE_##name,
	WEIR_JOIN_VERDICTS(WEIR_PRIV_X)
#undef WEIR_PRIV_X
		WEIR_JOIN_RULE_VERDICT_COUNT
};

enum weir_join_answer {
#define WEIR_PRIV_X(name) WEIR_JOIN_##name,
	WEIR_JOIN_ANSWERS(WEIR_PRIV_X)
#undef WEIR_PRIV_X
		WEIR_JOIN_ANSWER_COUNT
};

/* What is known of a stream beforehand; local, never on the wire. */
struct weir_join_input_config {
	uint32_t stream;   /* not 0 */
	uint32_t flags;    /* enum weir_join_input_flags */
	uint64_t stale_ns; /* with WEIR_JOIN_INPUT_TIMEOUT; WEIR_MERGE_NO_TIMEOUT: never stale */
	uint64_t slots;    /* frames its ring holds; 0: unknown, and then windows are not checked */
};

struct weir_join_config {
	uint32_t struct_size;
	uint32_t out;          /* output stream, not 0 */
	uint32_t mode;         /* enum weir_join_mode */
	uint32_t epoch_policy; /* enum weir_join_epoch_policy */
	uint32_t flags;        /* enum weir_join_flags */
	uint32_t max_rules;    /* 1..WEIR_MERGE_RULES_MAX */
	uint32_t min_present;  /* rules that must be READY; 0 means 1, at most max_rules */
	uint32_t max_bindings; /* records for weir_join_refresh() */
	weir_ns startup_grace; /* an input never seen is stale that long after its map; 0: never */
	const struct weir_join_input_config *input; /* copied by weir_join_init() */
	uint32_t n_inputs;                          /* of these; at most WEIR_MERGE_RULES_MAX */
	uint32_t reserved;
};

/* What weir_join_ready() found. The masks lie in the join's storage, rule i is bit i % 64 of word
 * i / 64, and are those of the latest verdict only; NULL when there is none (status is not OK). */
struct weir_join_verdict {
	uint32_t ready;  /* 1 or 0 */
	uint32_t status; /* enum weir_join_status */
	uint64_t out;
	uint64_t generation; /* for weir_join_commit() */
	weir_ns until;       /* time alone changes nothing before it; WEIR_NS_NEVER */
	uint32_t n_rules;
	uint32_t words; /* of each mask */
	uint32_t count[WEIR_JOIN_RULE_VERDICT_COUNT];
	const uint64_t *mask[WEIR_JOIN_RULE_VERDICT_COUNT];
	const uint64_t *in_window; /* the newest frame lies in the rule's window of this output */
};

/* What was wrong with a map, and what is odd about one that was taken. */
struct weir_join_fault {
	uint32_t reason;   /* enum weir_merge_reason */
	uint32_t rule;     /* the rule it is about, or n_rules */
	uint32_t warnings; /* enum weir_join_warnings */
	uint32_t reserved;
};

enum weir_join_warnings {
	WEIR_JOIN_WARN_SELF = 1u, /* an output that needs itself can never be ready */
	WEIR_JOIN_WARN_COUNT = 2u /* fewer rules than min_present: never ready */
};

/* The newest frame of an input, as a latest join selects it. */
struct weir_join_frame {
	uint64_t epoch;
	uint64_t sequence; /* valid with has_sequence */
	uint64_t time;     /* of the rule's source; WEIR_MERGE_TIME_NULL: none */
	uint32_t stream;
	uint32_t has_sequence;
};

/* One input, for people and tests. */
struct weir_join_input_info {
	uint64_t epoch; /* valid with has_epoch */
	uint64_t sequence, processed,
		min_sequence;                /* valid with has_...; min: first of the epoch */
	uint64_t time[2], processed_time[2]; /* by source - 1; WEIR_MERGE_TIME_NULL: none */
	weir_ns advanced;                    /* when it last did; valid with has_advanced */
	uint32_t has_epoch, has_sequence, has_processed, has_advanced;
	uint32_t rejected[2]; /* by source - 1: 0, or WEIR_JOIN_REJECTED_CLOCK, _ORDER */
	uint32_t valid;       /* its newest frame has not been invalidated */
	uint32_t optional;
};

struct weir_join_stats {
	uint32_t struct_size;
	uint32_t reserved;
	uint64_t evaluations, unchanged, ready, commits, stale_commits;
	uint64_t maps, map_repeats, maps_invalid, maps_other, maps_old, maps_capacity;
	uint64_t maps_ended;
	uint64_t frames, repeats, regressed, bad_seq, old_epoch, epoch_resets, not_tracked;
	uint64_t null_times, rejected_clock, rejected_order, late;
	uint64_t outputs_regressed, outputs_clock, torn;
};
extern WEIR_API const struct weir_stat_desc weir_join_stat_desc[];
extern WEIR_API const uint32_t weir_join_stat_count;

/* Parts of a join; see src/gate/join_priv.h. */
struct weir_priv_join_rule;
struct weir_priv_join_input;
struct weir_priv_join_edge;
struct weir_priv_join_binding;
struct weir_priv_join_calm;

struct weir_join {
	struct weir_join_config cfg; /* min_present at least 1; input: the copy, sorted */
	/* the map in force, or what is left of it; rule: the copy */
	struct weir_merge_map map;
	struct weir_merge_rule *map_rule;
	struct weir_priv_join_rule *rule;
	/* by stream, in order; `spare` takes the next map's */
	struct weir_priv_join_input *input, *spare;
	uint32_t *stream, *spare_stream;
	uint32_t *hint;  /* where a stream may stand; see weir_priv_join_find() */
	uint32_t *order; /* room to sort in */
	struct weir_priv_join_edge *edge;
	struct weir_priv_join_binding *binding;
	uint64_t *mask; /* of each verdict, then in_window */
	uint32_t n_inputs, n_bindings;
	uint32_t mask_words; /* of each mask, at max_rules */
	uint32_t state;      /* OK, NO_MAP, INVALID or CLOSED */
	uint32_t has;        /* which of the following have been set */
	uint32_t hint_shift;
	uint64_t pinned, epoch, last_out, committed, watermark;
	uint64_t generation;
	uint64_t changes;        /* of anything that a verdict depends on */
	uint64_t verdict_change; /* `changes` when `verdict` was found, if it was */
	uint64_t verdict_out;    /* the output that was found so last */
	weir_ns verdict_until;
	struct weir_priv_join_calm *calm; /* outputs known to be ready; see join_calm.c */
	uint64_t calm_round;
	weir_ns now, applied;
	struct weir_join_verdict verdict;
	struct weir_join_stats stats;
};

/* How much storage a join of this configuration needs. -EINVAL: the first field that is out of
 * range. Wait-free. */
WEIR_API WEIR_CHECK int weir_join_bytes(const struct weir_join_config *cfg, size_t *bytes,
					struct weir_error *err);

/* A join without a map, on the caller's storage, which outlives it: WEIR_LINE-aligned, any
 * contents. -EINVAL as above, two configurations of one stream, or the alignment; -ENOBUFS.
 * O(storage). */
WEIR_API WEIR_CHECK int weir_join_init(struct weir_join *j, const struct weir_join_config *cfg,
				       struct weir_span mem, struct weir_error *err);

/* ---- maps and epochs ---- */

/* A map has been announced; it is judged and copied. One that a decoder refused is passed with
 * n_rules 0. fault (may be NULL): why it is INVALID, and warnings. OK, NO_CHANGE, INVALID,
 * WRONG_STREAM, WRONG_KIND, OLD_EPOCH, EPOCH_MISMATCH, CAPACITY, CLOSED. NO_CHANGE is O(rules),
 * OK is O(rules * log rules). */
WEIR_API enum weir_join_answer weir_join_apply(struct weir_join *j, const struct weir_merge_map *m,
					       weir_ns now, struct weir_join_fault *fault);

/* The output stream is in that epoch: only its maps count from now on. OK: a map of another epoch
 * is over, and everything is forgotten; SAME; CLOSED. O(inputs). */
WEIR_API enum weir_join_answer weir_join_set_epoch(struct weir_join *j, uint64_t epoch);

/* Over for good: every verdict says CLOSED, every call answers it. */
WEIR_API void weir_join_close(struct weir_join *j);

/* ---- inputs ---- */

/* A frame of `stream` has been announced. OK, EPOCH_RESET, REGRESSED, BAD_SEQ, NOT_TRACKED,
 * OLD_EPOCH, MAP_INVALIDATED, CLOSED. O(log inputs). */
WEIR_API enum weir_join_answer weir_join_observe(struct weir_join *j, uint32_t stream,
						 uint64_t epoch, uint64_t sequence, weir_ns now);

/* A frame's time, from that source, in that clock domain. The same, and NULL_TIME, REJECTED_CLOCK,
 * REJECTED_ORDER; never REGRESSED or BAD_SEQ. O(log inputs). */
WEIR_API enum weir_join_answer weir_join_observe_time(struct weir_join *j, uint32_t stream,
						      uint64_t epoch, enum weir_merge_source source,
						      uint64_t time, enum weir_merge_clock clock,
						      weir_ns now);

/* The stage has consumed the input's frames up to there. Only of the input's own epoch: OK or
 * NOT_TRACKED. An earlier value is OK and changes nothing. O(log inputs). */
WEIR_API enum weir_join_answer weir_join_processed(struct weir_join *j, uint32_t stream,
						   uint64_t epoch, uint64_t sequence);
WEIR_API enum weir_join_answer weir_join_processed_time(struct weir_join *j, uint32_t stream,
							uint64_t epoch,
							enum weir_merge_source source,
							uint64_t time);

/* The frame that was selected could not be read: absent until a newer one is announced. OK or
 * NOT_TRACKED. O(log inputs). */
WEIR_API enum weir_join_answer weir_join_invalidate(struct weir_join *j, uint32_t stream);

/* The input's producer has gone: where there is a timeout, it has passed, until the input advances.
 * OK or NOT_TRACKED. O(log inputs). */
WEIR_API enum weir_join_answer weir_join_lost(struct weir_join *j, uint32_t stream);

/* Observe `stream` in a record that other threads write. -EINVAL: stream 0, NULL or no such slot;
 * -ENOSPC: max_bindings are bound. A stream may have several. In a progress record, `sequence` - 1
 * is the last frame, observed and processed, and its epoch is that of the slot. */
WEIR_API WEIR_CHECK int weir_join_bind_cell(struct weir_join *j, uint32_t stream,
					    const struct weir_join_cell_shm *cell);
WEIR_API WEIR_CHECK int weir_join_bind_progress(struct weir_join *j, uint32_t stream,
						const struct weir_progress *table, uint32_t slot);

/* Looks at every bound record once and takes in what is new, as the calls above would. Returns how
 * many had something new. O(bindings * log inputs). */
WEIR_API uint32_t weir_join_refresh(struct weir_join *j, weir_ns now);

/* ---- outputs ---- */

/* May output `out` be attempted now? Returns v->ready. v may be NULL. Remembers `out`: unless told
 * WEIR_JOIN_ANY_ORDER an earlier one is OUTPUT_REGRESSED from then on (latest mode: any). O(1) when
 * nothing has happened since the last verdict, else O(rules). */
WEIR_API int weir_join_ready(struct weir_join *j, uint64_t out, weir_ns now,
			     struct weir_join_verdict *v);

/* The same for an output time of which the clock domain is known; CLOCK if it is not the map's. */
WEIR_API int weir_join_ready_in(struct weir_join *j, uint64_t out, enum weir_merge_clock clock,
				weir_ns now, struct weir_join_verdict *v);

/* The same, and from `deadline` on what is MISSING counts as STALE: the output goes out with what
 * is there. Decisions that depend on it are the caller's to repeat: not remembered. */
WEIR_API int weir_join_ready_by(struct weir_join *j, uint64_t out, weir_ns deadline, weir_ns now,
				struct weir_join_verdict *v);

/* The largest output for which weir_join_ready() would say so now, also as to order. WEIR_OK;
 * WEIR_EMPTY: none is. In latest mode it is UINT64_MAX or none. O(rules), with stale or optional
 * inputs O(rules * log rules). */
WEIR_API WEIR_CHECK int weir_join_ready_upto(struct weir_join *j, weir_ns now, uint64_t *out);

/* The largest output that has ever been found ready in this epoch; never moves back in it.
 * WEIR_OK or WEIR_EMPTY. Wait-free. */
WEIR_API WEIR_CHECK int weir_join_watermark(const struct weir_join *j, uint64_t *out);

/* The stage has made `out`, on a verdict of that generation. -ESTALE: the map has changed since;
 * the output is void. With WEIR_JOIN_CONSUME_ONCE outputs up to it are OUTPUT_REGRESSED from now
 * on, and committing one again is -EEXIST. Wait-free, but O(rules) if inputs were stale. */
WEIR_API WEIR_CHECK int weir_join_commit(struct weir_join *j, uint64_t out, uint64_t generation);

/* The newest frame of the input of rule `rule`. WEIR_OK; WEIR_EMPTY: none, invalidated or rejected;
 * -EINVAL: no such rule. O(1). */
WEIR_API WEIR_CHECK int weir_join_select(const struct weir_join *j, uint32_t rule,
					 struct weir_join_frame *f);

/* Which frames (sequence maps) or times (timestamp maps) output `out` uses of a rule's input: from
 * *lo to *hi, both included. WEIR_OK; WEIR_EMPTY: the output is NOT_YET or UNREACHABLE; -EINVAL: no
 * such rule. O(1). */
WEIR_API WEIR_CHECK int weir_join_window(const struct weir_join *j, uint32_t rule, uint64_t out,
					 uint64_t *lo, uint64_t *hi);

/* By how many outputs (or ns) the input is ahead of the slowest required one that is not stale:
 * advice for those who feed it, nothing is held up. WEIR_OK; WEIR_EMPTY: it, or another, has not
 * been seen; -EINVAL: not an input; latest mode. O(rules). */
WEIR_API WEIR_CHECK int weir_join_ahead(const struct weir_join *j, uint32_t stream, uint64_t *by);

/* WEIR_OK or -ENOENT: not an input. O(log inputs). */
WEIR_API WEIR_CHECK int weir_join_input(const struct weir_join *j, uint32_t stream,
					struct weir_join_input_info *info);

/* ---- words ---- */

/* The verdict of a rule out of the masks. The status must be OK, the rule one of the map. */
WEIR_API enum weir_join_rule_verdict weir_join_rule(const struct weir_join_verdict *v,
						    uint32_t rule);
/* The first rule >= from with that verdict, or n_rules. */
WEIR_API uint32_t weir_join_next(const struct weir_join_verdict *v,
				 enum weir_join_rule_verdict verdict, uint32_t from);

/* The words of the lists above, without prefix; "?" for a number that is none. */
WEIR_API const char *weir_join_status_name(unsigned status);
WEIR_API const char *weir_join_verdict_name(unsigned verdict);
WEIR_API const char *weir_join_answer_name(unsigned answer);

WEIR_END
#endif
