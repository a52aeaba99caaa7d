/*
 * Which pairs of CPUs are looked at how often in which order, and what counts. See cores.h.
 *
 * A machine's state drifts, so every repeat goes over all pairs in an order of its own: a drift hits
 * all cells alike. Time is given beforehand and divided among the pairs; when it is too short for a
 * shortest visit of each, pairs are left out evenly over the distance classes, for the few pairs that
 * share a core tell as much as the many that share nothing.
 */
#include "cores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define VISIT_LEAST_NS 0.4e6 /* moving two threads, fresh memory, some dozen trips of each kind */
#define VISIT_MOST_NS 3e6    /* shorter than a time slice: most are left alone by others */
#define REPEATS_LEAST 3u
#define REPEATS_QUICK 21u
#define REPEATS_FULL 31u
#define PLANNED_SHARE 0.8 /* of the time; the rest is for repeating what was disturbed */
#define PAIRS_FEW 4096u   /* memory does not matter: they may be visited as often as it takes */
#define VISITS_ENOUGH 2u  /* quiet ones, that a median wants */

const char *const cores_what_name[CORES_WHATS] = {"line", "ring", "progress", "barrier"};
const char *const cores_what_text[CORES_WHATS] = {
	"a cache line to the other CPU, one way (half a round trip), ns",
	"weir ring, send to read, one way (half a round trip over two rings), ns",
	"weir progress record, publish to observe, one way (half a round trip), ns",
	"weir rendezvous of two, arrive to release, per generation, ns",
};
const char *const cores_class_name[CORES_CLASSES] = {
	"same core", "same cache", "same node", "same package", "other package",
};

void cores_divide(uint32_t pairs_all, double seconds, int full, struct cores_time *t)
{
	const double ns = seconds * 1e9 * PLANNED_SHARE;
	const double visits = floor(ns / VISIT_LEAST_NS);
	const uint32_t wanted = full ? REPEATS_FULL : REPEATS_QUICK;
	double repeats;

	t->pairs = pairs_all;
	if (visits < (double)pairs_all * REPEATS_LEAST)
		t->pairs = (uint32_t)(visits / REPEATS_LEAST);
	if (t->pairs < 2 && pairs_all >= 2)
		t->pairs = 2;
	repeats = t->pairs > 0 ? floor(visits / t->pairs) : 0;
	t->repeats = repeats < wanted ? (uint32_t)repeats : wanted;
	if (t->repeats < REPEATS_LEAST)
		t->repeats = REPEATS_LEAST;
	t->visit_ns = t->pairs > 0 ? ns / t->pairs / t->repeats : 0;
	if (t->visit_ns > VISIT_MOST_NS)
		t->visit_ns = VISIT_MOST_NS;
}

/* A number below 0 is none. */
static int same(int x, int y)
{
	return x >= 0 && x == y;
}

enum cores_class cores_distance(const struct topology_cpu *x, const struct topology_cpu *y)
{
	if (same(x->core, y->core))
		return CORES_SAME_CORE;
	if (x->node == y->node)
		return same(x->cache, y->cache) ? CORES_SAME_CACHE : CORES_SAME_NODE;
	return x->package == y->package ? CORES_SAME_PACKAGE : CORES_OTHER_PACKAGE;
}

/* splitmix64 */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* ---- choosing ---- */

/* Gives every class the same, and what a small one does not need to the others. */
static void share_out(const uint32_t *have, uint32_t most, uint32_t *take)
{
	uint32_t i, open, each, left = most;

	memset(take, 0, CORES_CLASSES * sizeof(*take));
	for (;;) {
		for (i = open = 0; i < CORES_CLASSES; i++)
			open += take[i] < have[i];
		if (open == 0 || left == 0)
			return;
		each = left / open > 0 ? left / open : 1;
		for (i = 0; i < CORES_CLASSES && left > 0; i++) {
			uint32_t more = have[i] - take[i];

			more = more < each ? more : each;
			more = more < left ? more : left;
			take[i] += more;
			left -= more;
		}
	}
}

static void add_pair(struct cores *c, uint32_t a, uint32_t b, enum cores_class apart)
{
	struct cores_pair *p = &c->pair[c->pairs++];

	p->a = (uint16_t)a;
	p->b = (uint16_t)b;
	p->apart = (uint8_t)apart;
}

/* Every pair left in a class has the same chance to be among those that are still wanted. */
static void choose(struct cores *c, uint32_t *have, uint32_t *take, uint64_t *random)
{
	enum cores_class k;
	uint32_t a, b;

	for (a = 0; a < c->cpus; a++)
		for (b = a + 1; b < c->cpus; b++) {
			k = cores_distance(&c->place[a], &c->place[b]);
			if (take[k] == have[k] || next_random(random) % have[k] < take[k]) {
				add_pair(c, a, b, k);
				add_pair(c, b, a, k);
				take[k]--;
			}
			have[k]--;
		}
}

static int by_place(const void *x, const void *y)
{
	const struct cores_pair *p = x, *q = y;

	return p->a != q->a ? (p->a < q->a ? -1 : 1) : (p->b > q->b) - (p->b < q->b);
}

static void forget_visits(struct cores *c)
{
	size_t i, n = (size_t)c->pairs * c->room;
	int k;

	for (i = 0; i < n; i++) {
		for (k = 0; k < CORES_WHATS; k++)
			c->visit[i].ns[k] = (double)NAN;
		c->visit[i].line_after = (double)NAN;
	}
}

int cores_choose(struct cores *c, uint32_t most, uint64_t *random)
{
	uint32_t have[CORES_CLASSES] = {0}, take[CORES_CLASSES];
	uint32_t a, b, i, n;

	c->pairs = 0;
	c->pairs_all = c->cpus * (c->cpus - 1);
	n = most < c->pairs_all ? most - most % 2 : c->pairs_all;
	for (a = 0; a < c->cpus; a++)
		for (b = a + 1; b < c->cpus; b++)
			have[cores_distance(&c->place[a], &c->place[b])]++;
	share_out(have, n / 2, take);
	c->pair = calloc(n, sizeof(*c->pair));
	c->order = calloc(n, sizeof(*c->order));
	c->room = n <= PAIRS_FEW ? CORES_REPEATS_MAX : 2 * c->repeats;
	c->visit = calloc((size_t)n * c->room, sizeof(*c->visit));
	if (c->pair == NULL || c->order == NULL || c->visit == NULL) {
		cores_free(c);
		return -1;
	}
	choose(c, have, take, random);
	qsort(c->pair, c->pairs, sizeof(*c->pair), by_place);
	for (i = 0; i < c->pairs; i++)
		c->order[i] = i;
	forget_visits(c);
	return 0;
}

void cores_free(struct cores *c)
{
	free(c->pair);
	free(c->order);
	free(c->visit);
	c->pair = NULL;
	c->order = NULL;
	c->visit = NULL;
	c->pairs = 0;
}

const struct cores_pair *cores_pair_of(const struct cores *c, uint32_t a, uint32_t b)
{
	const struct cores_pair key = {.a = (uint16_t)a, .b = (uint16_t)b};

	if (c->pairs == 0)
		return NULL;
	return bsearch(&key, c->pair, c->pairs, sizeof(key), by_place);
}

void cores_shuffle(struct cores *c, uint64_t *random)
{
	uint32_t i, k, swap;

	for (i = c->pairs; i > 1; i--) {
		k = (uint32_t)(next_random(random) % i);
		swap = c->order[k];
		c->order[k] = c->order[i - 1];
		c->order[i - 1] = swap;
	}
}

struct cores_visit *cores_next(struct cores *c, uint32_t i)
{
	struct cores_pair *p = &c->pair[i];

	if (p->visits == c->room)
		return NULL;
	return &c->visit[(size_t)i * c->room + p->visits++];
}

/* ---- judging ---- */

/* The pair's usual state is the median of its line over all visits. */
static uint32_t keep_quiet(const struct cores_pair *p, const struct cores_visit *v, uint8_t *keep)
{
	double line[CORES_REPEATS_MAX], usual;
	uint32_t r, n = 0, kept = 0;

	for (r = 0; r < p->visits; r++)
		if (!isnan(v[r].ns[CORES_LINE]))
			line[n++] = v[r].ns[CORES_LINE];
	usual = stats_median(line, n);
	for (r = 0; r < p->visits; r++) {
		keep[r] = !isnan(v[r].ns[CORES_LINE]) &&
			  !stats_outlying(v[r].ns[CORES_LINE], usual) &&
			  !stats_outlying(v[r].line_after, usual) &&
			  v[r].waiting <= STATS_WAIT_HIGH;
		kept += keep[r];
	}
	return kept;
}

static void judge_pair(struct cores_pair *p, const struct cores_visit *v)
{
	double ns[CORES_REPEATS_MAX];
	uint8_t keep[CORES_REPEATS_MAX];
	uint32_t r;
	int k;

	p->kept = keep_quiet(p, v, keep);
	p->disturbed = p->kept < VISITS_ENOUGH;
	for (k = 0; k < CORES_WHATS; k++) {
		for (r = 0; r < p->visits; r++)
			ns[r] = v[r].ns[k];
		stats_spread_of(ns, p->disturbed ? NULL : keep, p->visits, &p->cell[k]);
	}
}

void cores_judge(struct cores *c)
{
	uint32_t i;

	for (i = 0; i < c->pairs; i++)
		judge_pair(&c->pair[i], &c->visit[(size_t)i * c->room]);
}
