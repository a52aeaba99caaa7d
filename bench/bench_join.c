/*
 * The join: whether an output may be made, asked of 1 to 1024 inputs with a rule each. Every
 * question is about another output, but in the rows "unchanged". What the join is told, and what it
 * reads for itself, is in bench_join_tell.c; whom it is compared with, in peers/join_loops.c and
 * peers/join_cursors.c.
 */
#include <stdio.h>
#include <string.h>

#include "bench_join.h"

struct join_scene *join_set(struct role *me, enum weir_join_mode mode, size_t room)
{
	struct join_scene *s = (struct join_scene *)(void *)me->arena;
	struct weir_span mem = {me->arena + sizeof(*s), BENCH_ARENA_BYTES - sizeof(*s) - room};
	const int by_time = mode == WEIR_JOIN_TIMESTAMP;
	struct weir_join_config cfg;
	uint32_t i, k;
	int rc;

	memset(s, 0, sizeof(*s));
	memset(&cfg, 0, sizeof(cfg));
	cfg.struct_size = sizeof(cfg);
	cfg.out = JOIN_OUT;
	cfg.mode = mode;
	cfg.max_rules = me->b->size;
	cfg.max_bindings = me->b->size;
	for (k = 0; k < 2; k++) {
		for (i = 0; i < me->b->size; i++) {
			s->rule[k][i] = join_rule(i, by_time);
			if (s->rule[k][i].type == WEIR_MERGE_OFFSET)
				s->rule[k][i].offset += k;
		}
		s->map[k] = by_time ? weir_merge_map_timestamp(JOIN_OUT, JOIN_EPOCH,
							       WEIR_MERGE_MONOTONIC, s->rule[k],
							       me->b->size)
				    : weir_merge_map_sequence(JOIN_OUT, JOIN_EPOCH, s->rule[k],
							      me->b->size);
		s->map[k].stale_ns = JOIN_STALE_NS;
		s->map[k].lateness_ns = by_time ? JOIN_LATE : WEIR_MERGE_NO_LATENESS;
	}
	join_pick(s->pick, me->b->size);
	rc = weir_join_init(&s->j, &cfg, mem, NULL);
	if (rc == WEIR_OK && weir_join_apply(&s->j, &s->map[0], 0, NULL) != WEIR_JOIN_OK)
		rc = -EINVAL;
	if (rc != WEIR_OK)
		role_fail(me, "set up: %s", weir_error_name(rc));
	return rc == WEIR_OK ? s : NULL;
}

int join_tell_all(struct role *me, struct join_scene *s, uint64_t value, uint64_t last)
{
	enum weir_join_answer a = WEIR_JOIN_OK;
	uint32_t i;

	for (i = 0; i < me->b->size && a == WEIR_JOIN_OK; i++) {
		uint64_t v = i + 1 < me->b->size ? value : last;

		if (s->j.cfg.mode == WEIR_JOIN_TIMESTAMP)
			a = weir_join_observe_time(&s->j, join_stream(i), JOIN_EPOCH,
						   WEIR_MERGE_FRAME_DESCRIPTOR, v,
						   WEIR_MERGE_MONOTONIC, 0);
		else
			a = weir_join_observe(&s->j, join_stream(i), JOIN_EPOCH, v, 0);
	}
	return a == WEIR_JOIN_OK ? 0 : role_fail(me, "set up: %s", weir_join_answer_name(a));
}

/* One question per operation: outputs rise by `by`; all are ready, or miss one input. */
BENCH_INLINE int ask_all(struct role *me, enum weir_join_mode mode, uint64_t by, int ready)
{
	const uint64_t ahead = JOIN_FIRST + me->n + JOIN_AHEAD;
	struct join_scene *s = join_set(me, mode, 0);
	uint64_t i, out = JOIN_FIRST;

	if (s == NULL || join_tell_all(me, s, ahead, ready ? ahead : 1) != 0 || role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++, out += by)
		if (BENCH_UNLIKELY(weir_join_ready(&s->j, out, i, &s->v) != ready ||
				   s->v.count[WEIR_JOIN_RULE_MISSING] != (uint32_t)!ready))
			return role_fail(me, "%u rules missing",
					 s->v.count[WEIR_JOIN_RULE_MISSING]);
	role_done(me, i);
	return s->j.stats.unchanged == (by == 0 ? me->n - 1 : 0)
		       ? 0
		       : role_fail(me, "%llu verdicts were given again",
				   (unsigned long long)s->j.stats.unchanged);
}

/* The last input is the slowest: each of its frames makes one more output ready. */
int join_follow(struct role *me)
{
	const uint64_t ahead = JOIN_FIRST + me->n + JOIN_AHEAD;
	struct join_scene *s = join_set(me, WEIR_JOIN_SEQUENCE, 0);
	const uint32_t stream = join_stream(me->b->size - 1);
	const uint64_t lead = join_lead(me->b->size - 1);
	uint64_t i;

	if (s == NULL || join_tell_all(me, s, ahead, 1) != 0 || role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++)
		if (BENCH_UNLIKELY(weir_join_observe(&s->j, stream, JOIN_EPOCH,
						     JOIN_FIRST + lead + i, i) != WEIR_JOIN_OK ||
				   !weir_join_ready(&s->j, JOIN_FIRST + i, i, &s->v)))
			return role_fail(me, "%u rules missing",
					 s->v.count[WEIR_JOIN_RULE_MISSING]);
	role_done(me, i);
	return s->v.count[WEIR_JOIN_RULE_READY] == me->b->size ? 0 : role_fail(me, "not all");
}

int join_ready(struct role *me)
{
	return ask_all(me, WEIR_JOIN_SEQUENCE, 1, 1);
}

int join_miss(struct role *me)
{
	return ask_all(me, WEIR_JOIN_SEQUENCE, 1, 0);
}

int join_unchanged(struct role *me)
{
	return ask_all(me, WEIR_JOIN_SEQUENCE, 0, 1);
}

int join_ready_time(struct role *me)
{
	return ask_all(me, WEIR_JOIN_TIMESTAMP, 1, 1);
}

int join_latest(struct role *me)
{
	return ask_all(me, WEIR_JOIN_LATEST, 1, 1);
}

int join_upto(struct role *me)
{
	const uint64_t at = JOIN_FIRST + JOIN_AHEAD;
	struct join_scene *s = join_set(me, WEIR_JOIN_SEQUENCE, 0);
	uint64_t i, out, want = at - (me->b->size < 3 ? me->b->size - 1 : 2);

	if (s == NULL || join_tell_all(me, s, at, at) != 0 || role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++)
		if (BENCH_UNLIKELY(weir_join_ready_upto(&s->j, i, &out) != WEIR_OK || out != want))
			return role_fail(me, "not ready up to %llu", (unsigned long long)want);
	role_done(me, i);
	return 0;
}

int join_select(struct role *me)
{
	struct join_scene *s = join_set(me, WEIR_JOIN_LATEST, 0);
	struct weir_join_frame f;
	uint32_t rule = 0;
	uint64_t i;

	if (s == NULL || join_tell_all(me, s, JOIN_FIRST, JOIN_FIRST) != 0 || role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		if (BENCH_UNLIKELY(weir_join_select(&s->j, rule, &f) != WEIR_OK ||
				   f.stream != join_stream(rule) || f.sequence != JOIN_FIRST))
			return role_fail(me, "rule %u selects another frame", rule);
		if (++rule == me->b->size)
			rule = 0;
	}
	role_done(me, i);
	return 0;
}

/* ---- the rows ---- */

enum { IN1 = 1, IN2 = 2, IN8 = 4, IN64 = 8, IN1024 = 16, ALL = 31 };
/* Not a limit: a join that remembers its verdict does less than any minimum takes. */
#define PLAIN (BENCH_LIMIT | BENCH_PLAIN)
static const uint32_t inputs_of[] = {1, 2, 8, 64, JOIN_INPUTS_MAX};

static const struct row {
	const char *name, *who, *unit;
	uint32_t flags;
	uint32_t inputs; /* for how many there is a row */
	uint32_t quick;	 /* and in the quick plan */
	role_fn role;
	const char *ref; /* a full name; "/who": of the same case; NULL: none */
} rows[] = {
	{"ready", "weir", "verdict", 0, ALL, IN2 | IN64, join_ready, "/cursors"},
	{"ready", "hashing", "verdict", BENCH_PEER, ALL, IN64, hashing_ready, NULL},
	{"ready", "indexed", "verdict", BENCH_PEER, ALL, IN64, indexed_ready, NULL},
	{"ready", "cursors", "verdict", PLAIN, ALL, IN64, cursors_ready, NULL},
	{"miss", "weir", "verdict", 0, ALL, 0, join_miss, "/cursors"},
	{"miss", "hashing", "verdict", BENCH_PEER, ALL, 0, hashing_miss, NULL},
	{"miss", "indexed", "verdict", BENCH_PEER, ALL, 0, indexed_miss, NULL},
	{"miss", "cursors", "verdict", PLAIN, ALL, 0, cursors_miss, NULL},
	{"follow", "weir", "frame", 0, ALL, IN64, join_follow, "/cursors"},
	{"follow", "hashing", "frame", BENCH_PEER, ALL, 0, hashing_follow, NULL},
	{"follow", "indexed", "frame", BENCH_PEER, ALL, IN64, indexed_follow, NULL},
	{"follow", "cursors", "frame", PLAIN, ALL, 0, cursors_follow, NULL},
	{"unchanged", "weir", "verdict", 0, ALL, IN1024, join_unchanged, "join/unchanged/1/weir"},
	{"unchanged", "hashing", "verdict", BENCH_PEER, ALL, 0, hashing_unchanged, NULL},
	{"unchanged", "indexed", "verdict", BENCH_PEER, ALL, 0, indexed_unchanged, NULL},
	{"ready-upto", "weir", "call", 0, ALL, 0, join_upto, "/cursors"},
	{"ready-upto", "cursors", "call", PLAIN, ALL, 0, cursors_upto, NULL},
	{"ready-time", "weir", "verdict", 0, ALL, 0, join_ready_time, NULL},
	{"ready-time", "hashing", "verdict", BENCH_PEER, ALL, 0, hashing_ready_time, NULL},
	{"ready-time", "indexed", "verdict", BENCH_PEER, ALL, 0, indexed_ready_time, NULL},
	{"latest", "weir", "verdict", 0, ALL, 0, join_latest, NULL},
	{"latest-select", "weir", "call", 0, IN2 | IN64 | IN1024, 0, join_select, NULL},
	{"observe", "weir", "frame", 0, ALL, IN64, join_observe, "/cursors"},
	{"observe", "hashing", "frame", BENCH_PEER, ALL, IN64, hashing_observe, NULL},
	{"observe", "cursors", "frame", PLAIN, ALL, 0, cursors_observe, NULL},
	{"observe-time", "weir", "frame", 0, ALL, 0, join_observe_time, NULL},
	{"observe-time", "hashing", "frame", BENCH_PEER, ALL, 0, hashing_observe_time, NULL},
	{"apply-new", "weir", "map", 0, ALL, 0, join_apply_new, NULL},
	{"apply-same", "weir", "map", 0, ALL, 0, join_apply_same, NULL},
	{"cells-new", "weir", "cell", 0, ALL & ~IN1, 0, join_cells_new, NULL},
	{"cells-idle", "weir", "cell", 0, ALL & ~IN1, 0, join_cells_idle, NULL},
	{"progress-new", "weir", "record", 0, ALL & ~IN1, 0, join_progress_new, NULL},
	{"progress-idle", "weir", "record", 0, ALL & ~IN1, 0, join_progress_idle, NULL},
};

/* Rows whose operation is one of as many records as there are inputs. */
static int is_shared(const struct row *r)
{
	return r->unit[0] == 'r' || strcmp(r->unit, "cell") == 0;
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n,
		  struct bench_sample *out)
{
	const size_t len = strcspn(b->name, "/");
	const struct row *r = rows;

	while (strlen(r->name) != len || strncmp(r->name, b->name, len) != 0 ||
	       strcmp(r->who, b->who) != 0)
		r++;
	return driver_run(env, b, r->role, NULL, 1, n, out);
}

static void add(const struct row *r, uint32_t inputs, uint32_t flags)
{
	struct bench b;

	memset(&b, 0, sizeof(b));
	b.group = "join";
	b.who = r->who;
	b.unit = r->unit;
	b.flags = BENCH_TIME | r->flags | flags;
	b.size = inputs;
	b.batch = is_shared(r) ? inputs : 1;
	b.run = run;
	snprintf(b.name, sizeof(b.name), "%s/%u", r->name, (unsigned)inputs);
	if (r->ref != NULL && r->ref[0] == '/')
		snprintf(b.ref, sizeof(b.ref), "join/%s%s", b.name, r->ref);
	else if (r->ref != NULL && inputs > 1)
		snprintf(b.ref, sizeof(b.ref), "%s", r->ref);
	bench_add(&b);
}

void bench_add_join(void)
{
	unsigned i, k;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (k = 0; k < 5; k++)
			if (rows[i].inputs & (1u << k))
				add(&rows[i], inputs_of[k],
				    rows[i].quick & (1u << k) ? 0 : BENCH_FULL);
}
