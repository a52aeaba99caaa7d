/* Frames find their inputs, whatever maps came before and however streams are numbered.
 *
 * The join is told of streams that its map has, had, or never had, in epochs that are, were, or are
 * to come, and what it knows is compared with a list. Streams come close together, far apart, and
 * chosen so that all have hints in one place; maps grow, shrink and take other streams. */
#include "join_fixture.h"

#define STREAMS 120u
#define RULES 40u
#define WARM 3u
#define STEPS 4000u

struct known {
	uint32_t stream;
	uint32_t in_map;
	uint32_t warm;
	uint32_t seen;
	uint64_t epoch, sequence;
};

struct walk {
	struct yard y;
	struct weir_join_input_config warm[WARM];
	struct known all[STREAMS];
	uint64_t map_epoch;
	int has_map;
};

static uint64_t seed;

static uint32_t dice(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 11) % n;
}

/* Number k of a way to number streams; never 0. */
static uint32_t numbered(int way, uint32_t k)
{
	switch (way) {
	case 0:
		return 1 + k;
	case 1:
		return 1000 + 7 * k;
	case 2:
		return UINT32_C(0x01000193) * (k + 1); /* all over, odd factor: each once */
	default:
		/* times 2654435769, whose inverse this is, the result is k + 1: the upper bits, which
		 * say where the hint is, are the same for all */
		return UINT32_C(340573321) * (k + 1);
	}
}

static int is_input(const struct walk *w, const struct known *k)
{
	return k->warm || (w->has_map && k->in_map);
}

static void compare(const struct walk *w)
{
	struct weir_join_input_info info;
	const struct known *k;
	uint32_t i;
	int rc;

	for (i = 0; i < STREAMS; i++) {
		k = &w->all[i];
		rc = weir_join_input(&w->y.j, k->stream, &info);
		ck_assert_int_eq(rc, k->in_map || k->warm ? WEIR_OK : -ENOENT);
		if (rc != WEIR_OK)
			continue;
		ck_assert_uint_eq(info.has_sequence, k->seen);
		if (k->seen) {
			ck_assert_uint_eq(info.sequence, k->sequence);
			ck_assert_uint_eq(info.epoch, k->epoch);
		}
	}
}

static void new_map(struct walk *w)
{
	struct weir_merge_rule rule[RULES];
	uint32_t n = 0, most = 1 + dice(RULES), i;

	for (i = 0; i < STREAMS; i++) {
		w->all[i].in_map = dice(STREAMS) < most + 10 && n < most;
		if (w->all[i].in_map)
			rule[n++] = weir_merge_rule_offset(w->all[i].stream, (int64_t)dice(3));
		else if (!w->all[i].warm)
			w->all[i].seen = 0; /* forgotten, should it come back */
	}
	if (n == 0) {
		w->all[0].in_map = 1;
		rule[n++] = weir_merge_rule_offset(w->all[0].stream, 0);
	}
	if (dice(10) == 0) { /* everything is forgotten */
		w->map_epoch++;
		for (i = 0; i < STREAMS; i++)
			w->all[i].seen = 0;
	}
	if (sequence_map(&w->y, rule, n, w->map_epoch, NONE) != WEIR_JOIN_NO_CHANGE)
		ck_assert_uint_eq(w->y.j.map.n_rules, n);
	w->has_map = 1;
}

static void bad_map(struct walk *w)
{
	want(sequence_map(&w->y, NULL, 0, w->map_epoch, NONE), WEIR_JOIN_INVALID);
	w->has_map = 0;
}

static void tell(struct walk *w)
{
	struct known *k = &w->all[dice(STREAMS)];
	uint64_t epoch = k->seen ? k->epoch : 50, sequence = k->seen ? k->sequence + 1 : 5;
	enum weir_join_answer a = WEIR_JOIN_OK;
	uint32_t how = dice(20);

	if (how == 0 && k->seen) {
		epoch--;
		a = WEIR_JOIN_OLD_EPOCH;
	} else if (how == 1 && k->seen) {
		epoch++;
		sequence = dice(9);
		a = WEIR_JOIN_EPOCH_RESET;
	} else if (how == 2 && k->seen) {
		sequence -= 2;
		a = WEIR_JOIN_REGRESSED;
	} else if (how == 3) {
		sequence = SEQ_MAX + 1;
		a = WEIR_JOIN_BAD_SEQ;
	}
	if (!is_input(w, k) && a != WEIR_JOIN_BAD_SEQ)
		a = WEIR_JOIN_NOT_TRACKED;
	want(weir_join_observe(&w->y.j, k->stream, epoch, sequence, 0), a);
	if (a == WEIR_JOIN_OK || a == WEIR_JOIN_EPOCH_RESET) {
		k->seen = 1;
		k->epoch = epoch;
		k->sequence = sequence;
	}
}

START_TEST(walks)
{
	struct weir_join_config c = config_of(WEIR_JOIN_SEQUENCE, 0);
	static struct walk w;
	uint32_t i, what;

	seed = 88172645463325252u + (uint64_t)_i;
	memset(&w, 0, sizeof(w));
	for (i = 0; i < STREAMS; i++)
		w.all[i].stream = numbered(_i % 4, i);
	for (i = 0; i < WARM && _i >= 4; i++) {
		w.all[9 * i].warm = 1;
		w.warm[i].stream = w.all[9 * i].stream;
		w.warm[i].flags = WEIR_JOIN_INPUT_WARM;
	}
	w.map_epoch = 1;
	c.max_rules = RULES;
	c.input = w.warm;
	c.n_inputs = _i >= 4 ? WARM : 0;
	make(&w.y, &c);
	compare(&w);
	for (i = 0; i < STEPS; i++) {
		what = dice(60);
		if (what == 0)
			new_map(&w);
		else if (what == 1 && dice(4) == 0)
			bad_map(&w);
		else
			tell(&w);
		if (what < 4)
			compare(&w);
	}
	done(&w.y);
}
END_TEST

/* The walk's last way of numbering is what it says. */
START_TEST(inverse)
{
	ck_assert_uint_eq(UINT32_C(340573321) * UINT32_C(2654435769), 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("join_hints");
	TCase *tc = tcase_create("walks");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, walks, 0, 8);
	tcase_add_test(tc, inverse);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
