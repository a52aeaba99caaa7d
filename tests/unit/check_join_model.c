/* A small world, walked through: two inputs, three sequences, two epochs, four maps, time. Every run
 * of a few events is tried under every policy, and in each state every output is judged.
 *
 * The oracle knows nothing but the log of events. For each question it looks through the log anew:
 * which map is in force and since when, which frames count, the highest of them and when it came
 * first. Then: never ready without rules that hold, generations that only rise, the largest ready
 * output found by asking for all of them, and from every state frames enough lead to readiness.
 *
 * The second part asks joins with all options at random, and near the ends of their numbers,
 * whether ready_upto() is what asking for every output says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/join.h>

#define OUTS 6u
#define DEPTH_MAX 8u
#define TIMEOUT 10u
#define TICK 6u
#define NONE (-1)

static unsigned long states, verdicts, ready_ones, wrong;

static void fault(const char *what, unsigned long a, unsigned long b)
{
	if (wrong++ < 10)
		printf("%s: %lu, the oracle says %lu\n", what, a, b);
}

/* ---- the world ---- */

static const struct weir_merge_rule rules[][2] = {
	/* 1+0, 2-1 */
	{{0, UINT64_MAX, 1, WEIR_MERGE_OFFSET, 0}, {-1, UINT64_MAX, 2, WEIR_MERGE_OFFSET, 0}},
	/* 1 window 2, 2+1 */
	{{INT64_MIN, 2, 1, WEIR_MERGE_WINDOW, 0}, {1, UINT64_MAX, 2, WEIR_MERGE_OFFSET, 0}},
	/* 2+0 alone */
	{{0, UINT64_MAX, 2, WEIR_MERGE_OFFSET, 0}, {0, 0, 0, 0, 0}},
};
static const struct chart {
	uint64_t epoch;
	uint32_t rules, n;
} charts[] = {{1, 0, 2}, {1, 1, 2}, {1, 2, 1}, {2, 0, 2}};
#define CHARTS 4u

struct event {
	enum { FRAME, MAP, TIME } kind;
	uint32_t what; /* input, or map */
	uint64_t epoch, sequence;
	uint64_t now;
};
static struct event events[2 * 2 * 3 + CHARTS + 1];
static uint32_t n_events;

static void make_events(void)
{
	uint32_t in, e, s;

	for (in = 1; in <= 2; in++)
		for (e = 1; e <= 2; e++)
			for (s = 0; s < 3; s++)
				events[n_events++] = (struct event){FRAME, in, e, s, 0};
	for (in = 0; in < CHARTS; in++)
		events[n_events++] = (struct event){MAP, in, charts[in].epoch, 0, 0};
	events[n_events++] = (struct event){TIME, 0, 0, 0, 0};
}

/* ---- the oracle ---- */

struct log {
	struct event e[DEPTH_MAX];
	uint32_t n;
	uint32_t policy;
};

static int lists(int map, uint32_t input)
{
	uint32_t i;

	for (i = 0; map != NONE && i < charts[map].n; i++) {
		if (rules[charts[map].rules][i].input == input)
			return 1;
	}
	return 0;
}

/* The highest epoch of an input's frames that count among the events from..to. */
static uint64_t epoch_among(const struct log *l, const char *counts, uint32_t from, uint32_t to,
			    uint32_t input)
{
	uint64_t e = 0;
	uint32_t i;

	for (i = from; i < to; i++) {
		if (counts[i] && l->e[i].kind == FRAME && l->e[i].what == input &&
		    l->e[i].epoch > e)
			e = l->e[i].epoch;
	}
	return e;
}

/* The map in force at the end, and in counts[] which frames it may use. */
static int history(const struct log *l, char *counts)
{
	int map = NONE;
	uint64_t map_epoch = 0; /* of the last map that was not given up */
	uint32_t i, k;

	memset(counts, 0, DEPTH_MAX);
	for (i = 0; i < l->n; i++) {
		const struct event *e = &l->e[i];
		uint64_t had;

		if (e->kind == MAP && e->epoch >= map_epoch) {
			for (k = 0; k < i; k++) {
				if (e->epoch != map_epoch || !lists((int)e->what, l->e[k].what))
					counts[k] = 0;
			}
			map = (int)e->what;
			map_epoch = e->epoch;
		}
		if (e->kind != FRAME || !lists(map, e->what))
			continue;
		had = epoch_among(l, counts, 0, i, e->what);
		counts[i] = !(l->policy == WEIR_JOIN_EPOCH_MATCH && e->epoch < map_epoch);
		if ((l->policy == WEIR_JOIN_EPOCH_MATCH && e->epoch > map_epoch) ||
		    (l->policy == WEIR_JOIN_EPOCH_ANY_INPUT && had != 0 && e->epoch > had)) {
			map = NONE;
			map_epoch = 0;
			memset(counts, 0, DEPTH_MAX);
		}
	}
	return map;
}

static enum weir_join_rule_verdict oracle_rule(const struct log *l, const char *counts,
					       const struct weir_merge_rule *r, int64_t out,
					       uint64_t now)
{
	uint64_t epoch = epoch_among(l, counts, 0, l->n, r->input), since = 0;
	int64_t highest = -1, need = r->type == WEIR_MERGE_OFFSET ? out + r->offset : out;
	uint32_t i;

	for (i = 0; i < l->n; i++) {
		const struct event *e = &l->e[i];

		if (counts[i] && e->kind == FRAME && e->what == r->input && e->epoch == epoch &&
		    (int64_t)e->sequence > highest) {
			highest = (int64_t)e->sequence;
			since = e->now;
		}
	}
	if (need < 0 || (r->type == WEIR_MERGE_WINDOW && out + 1 < (int64_t)r->window))
		return WEIR_JOIN_RULE_NOT_YET;
	if (highest >= need)
		return WEIR_JOIN_RULE_READY;
	return highest >= 0 && now > since + TIMEOUT ? WEIR_JOIN_RULE_STALE
						     : WEIR_JOIN_RULE_MISSING;
}

/* ---- both, side by side ---- */

struct world {
	struct weir_join j;
	char *mem;
	size_t bytes;
	struct log log;
	uint64_t now;
};

static struct weir_merge_map map_of(uint32_t chart, uint64_t epoch)
{
	struct weir_merge_map m =
		weir_merge_map_sequence(9, epoch, rules[charts[chart].rules], charts[chart].n);

	m.stale_ns = TIMEOUT;
	return m;
}

static void check_state(struct world *w)
{
	uint64_t out, largest = UINT64_MAX, got = 0;
	char counts[DEPTH_MAX];
	int map = history(&w->log, counts), rc;
	struct weir_join_verdict v;
	uint32_t i, present, blocked;

	states++;
	for (out = 0; out < OUTS; out++) {
		weir_join_ready(&w->j, out, w->now, &v);
		verdicts++;
		if ((v.status == WEIR_JOIN_STATUS_OK) != (map != NONE)) {
			fault("status", v.status, (unsigned long)map);
			return;
		}
		if (map == NONE) {
			if (v.ready)
				fault("ready without a map", 1, 0);
			continue;
		}
		present = blocked = 0;
		for (i = 0; i < charts[map].n; i++) {
			enum weir_join_rule_verdict is =
				oracle_rule(&w->log, counts, &rules[charts[map].rules][i],
					    (int64_t)out, w->now);

			if (weir_join_rule(&v, i) != is)
				fault("verdict", (unsigned long)weir_join_rule(&v, i),
				      (unsigned long)is);
			present += is == WEIR_JOIN_RULE_READY;
			blocked += is != WEIR_JOIN_RULE_READY && is != WEIR_JOIN_RULE_STALE;
		}
		if (v.ready != (blocked == 0 && present > 0))
			fault("ready", v.ready, !v.ready);
		if (v.ready) {
			largest = out;
			ready_ones++;
		}
	}
	rc = weir_join_ready_upto(&w->j, w->now, &got);
	if ((rc == WEIR_OK) != (largest != UINT64_MAX) || (rc == WEIR_OK && got != largest))
		fault("ready_upto", rc == WEIR_OK ? got : 99, largest);
}

static void happen(struct world *w, const struct event *e)
{
	struct weir_merge_map m;
	struct event *to = &w->log.e[w->log.n++];
	uint64_t generation = w->j.generation;
	char counts[DEPTH_MAX];
	int before, after;

	*to = *e;
	w->log.n--;
	before = history(&w->log, counts);
	w->log.n++;
	if (e->kind == TIME)
		w->now += TICK;
	to->now = w->now;
	after = history(&w->log, counts);
	if (e->kind == FRAME) {
		weir_join_observe(&w->j, e->what, e->epoch, e->sequence, w->now);
	} else if (e->kind == MAP) {
		m = map_of(e->what, e->epoch);
		weir_join_apply(&w->j, &m, w->now, NULL);
	}
	if (w->j.generation < generation || (before != after) > (w->j.generation != generation))
		fault("generation", w->j.generation, generation);
}

/* Whatever has been: a newer map and frames for it, and the output is ready. */
static void check_live(struct world *w)
{
	struct weir_merge_map m = map_of(0, 7);

	if (weir_join_apply(&w->j, &m, w->now, NULL) != WEIR_JOIN_OK)
		fault("a newer map is refused", 1, 0);
	weir_join_observe(&w->j, 1, 7, 5, w->now);
	weir_join_observe(&w->j, 2, 7, 4, w->now);
	if (!weir_join_ready(&w->j, 5, w->now, NULL))
		fault("not ready with everything there", 0, 1);
}

static void walk(struct world *w, uint32_t depth, char *saved)
{
	struct world before = *w;
	uint32_t i;

	memcpy(saved, w->mem, w->bytes);
	check_state(w);
	for (i = 0; depth > 0 && i < n_events; i++) {
		*w = before;
		memcpy(w->mem, saved, w->bytes);
		happen(w, &events[i]);
		walk(w, depth - 1, saved + w->bytes);
	}
	*w = before;
	memcpy(w->mem, saved, w->bytes);
	check_live(w);
	*w = before;
	memcpy(w->mem, saved, w->bytes);
}

/* From what has come already: nothing, a map, a map and a frame of each input. */
static void walk_from(uint32_t policy, uint32_t prefix, uint32_t depth)
{
	static const struct event first[] = {
		{MAP, 0, 1, 0, 0}, {FRAME, 1, 1, 1, 0}, {FRAME, 2, 1, 1, 0}};
	struct weir_join_config c;
	struct weir_span mem;
	struct world w;
	char *saved;
	uint32_t i;

	memset(&c, 0, sizeof(c));
	memset(&w, 0, sizeof(w));
	c.struct_size = sizeof(c);
	c.out = 9;
	c.mode = WEIR_JOIN_SEQUENCE;
	c.epoch_policy = policy;
	c.flags = WEIR_JOIN_ANY_ORDER;
	c.max_rules = 2;
	if (weir_join_bytes(&c, &w.bytes, NULL) != WEIR_OK)
		exit(99);
	w.mem = aligned_alloc(WEIR_LINE, w.bytes);
	saved = malloc(w.bytes * (depth + 1));
	mem.ptr = w.mem;
	mem.len = w.bytes;
	if (saved == NULL || weir_join_init(&w.j, &c, mem, NULL) != WEIR_OK)
		exit(99);
	w.log.policy = policy;
	for (i = 0; i < prefix; i++)
		happen(&w, &first[i]);
	walk(&w, depth, saved);
	free(saved);
	free(w.mem);
}

static void walk_all(uint32_t depth)
{
	uint32_t policy;

	make_events();
	for (policy = 0; policy <= WEIR_JOIN_EPOCH_MATCH; policy++) {
		walk_from(policy, 0, depth);
		walk_from(policy, 1, depth);
		walk_from(policy, 3, depth);
	}
}

/* ---- ready_upto against asking for every output ---- */

static uint64_t seed = 88172645463325252u;

static uint32_t draw(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 33) % n;
}

#define SPAN 60u

/* Around `base`, and never beyond the highest number. */
static uint64_t near(uint64_t base)
{
	uint64_t v = base + draw(30);

	return v < base ? UINT64_MAX - 1 : v;
}

static struct weir_merge_rule draw_rule(int timed)
{
	struct weir_merge_rule r;

	if (draw(3) != 0)
		r = weir_merge_rule_offset(1 + draw(4), (int64_t)draw(25) - 12);
	else
		r = weir_merge_rule_window(1 + draw(4), 1 + draw(12));
	if (timed)
		r.source = (uint16_t)(1 + draw(2));
	return r;
}

static void feed(struct weir_join *j, int timed, uint64_t base)
{
	uint32_t input = 1 + draw(4), source = 1 + draw(2);
	uint64_t v = near(base), now = j->now + draw(8);

	if (timed && draw(3) != 0)
		weir_join_observe_time(
			j, input, 1, (enum weir_merge_source)source, v,
			draw(60) == 0 ? WEIR_MERGE_REALTIME_SYNCED : WEIR_MERGE_MONOTONIC, now);
	else if (timed)
		weir_join_processed_time(j, input, 1, (enum weir_merge_source)source, v);
	else if (draw(3) != 0)
		weir_join_observe(j, input, 1, v & WEIR_MERGE_SEQ_MAX, now);
	else
		weir_join_processed(j, input, 1, v & WEIR_MERGE_SEQ_MAX);
	if (draw(40) == 0)
		weir_join_lost(j, input);
}

static void compare(struct weir_join *j, uint64_t base)
{
	uint64_t lo = base > SPAN ? base - SPAN : 0, found = UINT64_MAX, out, got = 0;
	uint64_t hi = lo <= UINT64_MAX - 3 * SPAN ? lo + 3 * SPAN : UINT64_MAX;
	int rc = weir_join_ready_upto(j, j->now, &got), some = 0;

	for (out = lo;; out++) {
		if (weir_join_ready(j, out, j->now, NULL)) {
			found = out;
			some = 1;
		}
		if (out == hi)
			break;
	}
	verdicts++;
	ready_ones += (unsigned long)some;
	if (some ? rc != WEIR_OK || got != found : rc == WEIR_OK && got >= lo)
		fault("ready_upto", rc == WEIR_OK ? got : 99, found);
}

static void random_join(void)
{
	static const uint64_t bases[] = {0, 0, 20, WEIR_MERGE_SEQ_MAX - 20, UINT64_MAX - 35};
	struct weir_join_input_config in[4];
	struct weir_merge_rule r[5];
	struct weir_join_config c;
	struct weir_merge_map m;
	struct weir_span mem;
	struct weir_join j;
	int timed = (int)draw(2);
	uint64_t base = bases[draw(timed ? 5 : 4)];
	uint32_t i, n = 1 + draw(5);

	memset(&c, 0, sizeof(c));
	memset(in, 0, sizeof(in));
	for (i = 0; i < 4; i++) {
		in[i].stream = i + 1;
		in[i].flags = draw(3) == 0 ? WEIR_JOIN_INPUT_OPTIONAL : 0u;
		in[i].slots = draw(3) == 0 ? 1 + draw(20) : 0;
	}
	c.struct_size = sizeof(c);
	c.out = 9;
	c.mode = timed ? WEIR_JOIN_TIMESTAMP : WEIR_JOIN_SEQUENCE;
	c.flags = WEIR_JOIN_ANY_ORDER | (draw(2) ? WEIR_JOIN_PROCESSED : 0u) |
		  (draw(3) == 0 ? WEIR_JOIN_STRICT_WINDOW : 0u);
	c.max_rules = 5;
	c.min_present = draw(4);
	c.startup_grace = draw(2) ? 5 : 0;
	c.input = in;
	c.n_inputs = 4;
	if (weir_join_bytes(&c, &mem.len, NULL) != WEIR_OK)
		exit(99);
	mem.ptr = aligned_alloc(WEIR_LINE, mem.len);
	if (mem.ptr == NULL || weir_join_init(&j, &c, mem, NULL) != WEIR_OK)
		exit(99);
	for (i = 0; i < n; i++)
		r[i] = draw_rule(timed);
	m = weir_merge_map_sequence(9, 1, r, n);
	if (timed)
		m = weir_merge_map_timestamp(9, 1, WEIR_MERGE_MONOTONIC, r, n);
	m.stale_ns = draw(4) != 0 ? draw(20) : WEIR_MERGE_NO_TIMEOUT;
	m.lateness_ns = draw(2) ? draw(20) : WEIR_MERGE_NO_LATENESS;
	if (weir_join_apply(&j, &m, 0, NULL) != WEIR_JOIN_OK)
		fault("a good map is refused", 1, 0);
	for (i = 0; i < 20; i++) {
		feed(&j, timed, base);
		compare(&j, base);
	}
	free(mem.ptr);
}

int main(void)
{
	int slow = getenv("WEIR_SLOW") != NULL;
	uint32_t i, n = slow ? 20000 : 1500;

	walk_all(slow ? 4 : 3);
	printf("walk: %lu states, %lu verdicts, %lu ready, %lu wrong\n", states, verdicts,
	       ready_ones, wrong);
	if (ready_ones == 0)
		wrong++;
	verdicts = ready_ones = 0;
	for (i = 0; i < n; i++)
		random_join();
	printf("random: %lu joins, %lu questions, %lu with an answer, %lu wrong\n",
	       (unsigned long)n, verdicts, ready_ones, wrong);
	return wrong != 0 || ready_ones == 0;
}
