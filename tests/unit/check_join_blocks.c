/* What a join remembers of blocks of rules changes no verdict.
 *
 * Random walks of frames, times, epochs, maps and questions, under all modes and options, with
 * numbers of rules around those of blocks and words. Before each question the join is copied,
 * storage and all, and the copy forgets what it remembered: it looks at every rule. Both must say
 * the same, masks and counts included, and both must call the largest ready output ready. */
#include "join_fixture.h"
#include "often.h"

#define RULES 200u
#define STEPS 1500u

static uint64_t seed;
static unsigned long all_ready, questions;

static uint64_t dice(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 11) % n;
}

struct walk {
	struct yard y;
	struct weir_join_input_config input[RULES];
	struct weir_merge_rule rule[RULES];
	uint32_t n;
	uint64_t epoch, map_epoch, out;
	weir_ns now;
};

/* ---- a copy that remembers nothing ---- */

#define MOVE(p)                                                                                    \
	((copy->j.p) = (void *)((char *)copy->mem + ((const char *)y->j.p - (char *)y->mem)))

static void copy_join(struct yard *copy, const struct yard *y)
{
	copy->mem = aligned_alloc(WEIR_LINE, y->bytes);
	HOLDS(copy->mem != NULL);
	memcpy(copy->mem, y->mem, y->bytes);
	copy->j = y->j;
	MOVE(map_rule);
	MOVE(rule);
	MOVE(input);
	MOVE(spare);
	MOVE(stream);
	MOVE(spare_stream);
	MOVE(hint);
	MOVE(order);
	MOVE(edge);
	MOVE(binding);
	MOVE(mask);
	MOVE(calm);
	MOVE(cfg.input);
	copy->j.map.rule = copy->j.map_rule;
	copy->j.calm_round++;
	copy->j.verdict_change = 0;
}

static void same_mask(const uint64_t *a, const uint64_t *b, uint32_t words)
{
	SAME(a == NULL, b == NULL);
	if (a != NULL)
		HOLDS(memcmp(a, b, words * sizeof(*a)) == 0);
}

static void same(const struct weir_join_verdict *a, const struct weir_join_verdict *b)
{
	uint32_t kind;

	SAME(a->ready, b->ready);
	SAME(a->status, b->status);
	SAME(a->out, b->out);
	SAME(a->generation, b->generation);
	SAME(a->until, b->until);
	SAME(a->n_rules, b->n_rules);
	SAME(a->words, b->words);
	HOLDS(memcmp(a->count, b->count, sizeof(a->count)) == 0);
	if (a->mask[0] != NULL)
		HOLDS(a->mask[0] != b->mask[0]); /* or nothing would be compared */
	for (kind = 0; kind < WEIR_JOIN_RULE_VERDICT_COUNT; kind++)
		same_mask(a->mask[kind], b->mask[kind], a->words);
	same_mask(a->in_window, b->in_window, a->words);
}

/* And leave the same behind, but for how often a verdict was given again. */
static void same_counters(const struct weir_join *a, const struct weir_join *b)
{
	uint64_t mark_a = 0, mark_b = 0;

	SAME(a->stats.evaluations, b->stats.evaluations);
	SAME(a->stats.ready, b->stats.ready);
	SAME(a->stats.outputs_regressed, b->stats.outputs_regressed);
	SAME(a->last_out, b->last_out);
	SAME(a->now, b->now);
	SAME(weir_join_watermark(a, &mark_a), weir_join_watermark(b, &mark_b));
	SAME(mark_a, mark_b);
}

static void ask(struct walk *w, uint64_t out, weir_ns deadline)
{
	struct weir_join_verdict v, plain;
	struct yard copy;
	uint64_t top, plain_top;
	int rc;

	copy_join(&copy, &w->y);
	if (deadline == WEIR_NS_NEVER)
		weir_join_ready(&w->y.j, out, w->now, &v);
	else
		weir_join_ready_by(&w->y.j, out, deadline, w->now, &v);
	weir_join_ready_by(&copy.j, out, deadline, w->now, &plain);
	same(&v, &plain);
	same_counters(&w->y.j, &copy.j);
	questions++;
	all_ready += v.n_rules > 0 && v.count[WEIR_JOIN_RULE_READY] == v.n_rules;
	rc = weir_join_ready_upto(&w->y.j, w->now, &top);
	SAME(rc, weir_join_ready_upto(&copy.j, w->now, &plain_top));
	if (rc == WEIR_OK) {
		SAME(top, plain_top);
		SAME(weir_join_ready(&copy.j, top, w->now, NULL), 1);
		if ((w->y.cfg.flags & WEIR_JOIN_ANY_ORDER) != 0)
			SAME(weir_join_ready(&w->y.j, top, w->now, NULL), 1);
	}
	if (v.ready && dice(4) == 0)
		(void)!weir_join_commit(&w->y.j, out, v.generation);
	free(copy.mem);
}

/* ---- the walk ---- */

static void apply(struct walk *w)
{
	int times = w->y.cfg.mode == WEIR_JOIN_TIMESTAMP ||
		    (w->y.cfg.flags & WEIR_JOIN_LATEST_BY_TIME) != 0;
	struct weir_merge_map m;
	uint32_t i;

	for (i = 0; i < w->n; i++) {
		w->rule[i] = (struct weir_merge_rule){(int64_t)dice(21) - 10, UINT64_MAX, i + 1,
						      WEIR_MERGE_OFFSET, times ? (uint8_t)FD : 0};
		if (dice(4) == 0)
			w->rule[i] = (struct weir_merge_rule){INT64_MIN, 1 + dice(8), i + 1,
							      WEIR_MERGE_WINDOW,
							      times ? (uint8_t)FD : 0};
	}
	m = times ? weir_merge_map_timestamp(OUT, w->map_epoch, MONO, w->rule, w->n)
		  : weir_merge_map_sequence(OUT, w->map_epoch, w->rule, w->n);
	m.stale_ns = dice(2) == 0 ? 50 : UINT64_MAX;
	if (times)
		m.lateness_ns = dice(2) == 0 ? 12 : UINT64_MAX;
	if (dice(12) == 0)
		m.n_rules = 0;
	weir_join_apply(&w->y.j, &m, w->now, NULL);
}

static void tell(struct walk *w, uint32_t stream, uint64_t value, uint64_t epoch)
{
	weir_join_observe(&w->y.j, stream, epoch, value, w->now);
	weir_join_observe_time(&w->y.j, stream, epoch, FD, value, MONO, w->now);
	weir_join_processed(&w->y.j, stream, epoch, value - dice(4));
	weir_join_processed_time(&w->y.j, stream, epoch, FD, value - dice(4));
}

static void tell_all(struct walk *w, uint64_t ahead)
{
	uint32_t i;

	for (i = 1; i <= w->n; i++)
		tell(w, i, w->out + ahead + dice(60), w->epoch);
}

/* What ends, or spoils, what was so. */
static void disturb(struct walk *w)
{
	uint32_t stream = 1 + (uint32_t)dice(w->n);

	switch (dice(8)) {
	case 0: /* one input begins anew, behind */
		tell(w, stream, w->out > 9 ? w->out - dice(9) : 9, w->epoch + 1);
		break;
	case 1:
		weir_join_observe_time(&w->y.j, stream, w->epoch, FD, w->out, REAL, w->now);
		break;
	case 2:
		weir_join_observe_time(&w->y.j, stream, w->epoch, FD, 1, MONO, w->now);
		break;
	case 3:
		weir_join_invalidate(&w->y.j, stream);
		break;
	case 4:
		weir_join_lost(&w->y.j, stream);
		break;
	case 5:
		weir_join_set_epoch(&w->y.j, ++w->map_epoch);
		if (w->y.cfg.epoch_policy == WEIR_JOIN_EPOCH_MATCH)
			w->epoch = w->map_epoch;
		break;
	case 6:
		w->now += dice(120);
		break;
	default:
		apply(w);
	}
}

static void recover(struct walk *w)
{
	if (w->y.j.state != WEIR_JOIN_STATUS_OK)
		apply(w);
	w->epoch += w->y.cfg.epoch_policy != WEIR_JOIN_EPOCH_MATCH && dice(3) == 0;
	apply(w);
	tell_all(w, 15);
}

static void step(struct walk *w)
{
	uint64_t what = dice(40), out = w->out;

	if (what == 0)
		disturb(w);
	else if (what == 1)
		recover(w);
	else if (what == 2)
		tell_all(w, 15);
	else if (what < 12)
		tell(w, 1 + (uint32_t)dice(w->n), w->out + dice(40), w->epoch);
	else if (what < 16)
		w->now += dice(9);
	if (what > 20)
		w->out += dice(4);
	out = dice(12) == 0 && w->out > 20 ? w->out - dice(20) : w->out + dice(3);
	if (dice(15) == 0) /* too early for some rules */
		out = dice(14);
	ask(w, out, dice(9) == 0 ? w->now + dice(30) : WEIR_NS_NEVER);
}

static void walk(uint32_t mode, uint32_t flags, uint32_t policy, uint32_t n, int mixed)
{
	struct walk w = {.n = n, .epoch = 1, .map_epoch = 1, .out = 30};
	struct weir_join_config c = config_of(mode, flags);
	uint32_t i;

	for (i = 0; i < n; i++) {
		w.input[i].stream = i + 1;
		if (mixed && dice(8) == 0)
			w.input[i].flags = (uint32_t)dice(4);
		if (mixed && dice(60) == 0)
			w.input[i].slots = 4 + dice(60);
	}
	c.max_rules = n;
	c.epoch_policy = policy;
	c.input = w.input;
	c.n_inputs = n;
	c.startup_grace = mixed ? 40 : 0;
	make(&w.y, &c);
	recover(&w);
	for (i = 0; i < STEPS / (1 + n / 16); i++)
		step(&w);
	done(&w.y);
}

START_TEST(walks)
{
	static const uint32_t sizes[] = {1, 2, 8, 15, 16, 17, 64, 65, 200};
	uint32_t mode, flags, policy;

	seed = 88172645463325252u + (uint64_t)_i;
	for (mode = WEIR_JOIN_SEQUENCE; mode <= WEIR_JOIN_LATEST; mode++)
		for (policy = 0; policy <= WEIR_JOIN_EPOCH_MATCH; policy++)
			for (flags = 0; flags <= WEIR_JOIN_FLAGS_ALL;
			     flags += 1 + (uint32_t)dice(40))
				walk(mode, flags, policy, sizes[_i], (int)dice(2));
	ck_assert_uint_gt(questions, 0);
	ck_assert_uint_gt(all_ready, questions / 100);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("join_blocks");
	TCase *tc = tcase_create("walks");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, walks, 0, 9);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
