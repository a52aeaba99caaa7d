/* Membership: every cell of its legality table, epochs, views, and sets at their edges. */
#include <check.h>
#include <string.h>

#include <weir/group.h>

enum { JOIN, LEAVE, GO, DIE, VACATE, EVENTS };

static int change(struct weir_group *g, int event, uint32_t slot, uint64_t epoch)
{
	uint64_t fresh;

	switch (event) {
	case JOIN:
		return weir_group_join(g, slot, 7, &fresh);
	case LEAVE:
		return weir_group_leave(g, slot, epoch);
	case GO:
		return weir_group_gone(g, slot, epoch);
	case DIE:
		return weir_group_died(g, slot, epoch);
	default:
		return weir_group_vacate(g, slot, epoch);
	}
}

/* Slot 1 of 3 in the state wanted, in its first epoch. */
static void in_state(struct weir_group *g, struct weir_member *m, unsigned state)
{
	uint64_t epoch;

	ck_assert_int_eq(weir_group_init(g, m, 3), WEIR_OK);
	ck_assert_int_eq(weir_group_join(g, 1, 7, &epoch), WEIR_OK);
	ck_assert_uint_eq(epoch, 1);
	if (state == WEIR_MEMBER_DRAINING)
		ck_assert_int_eq(weir_group_leave(g, 1, 1), WEIR_OK);
	if (state == WEIR_MEMBER_GONE || state == WEIR_MEMBER_VACANT)
		ck_assert_int_eq(weir_group_gone(g, 1, 1), WEIR_OK);
	if (state == WEIR_MEMBER_DEAD)
		ck_assert_int_eq(weir_group_died(g, 1, 1), WEIR_OK);
	if (state == WEIR_MEMBER_VACANT)
		ck_assert_int_eq(weir_group_vacate(g, 1, 1), WEIR_OK);
	ck_assert_uint_eq(m[1].state, state);
}

START_TEST(every_cell_of_the_table)
{
	static const int want[WEIR_MEMBER_STATE_COUNT][EVENTS] = {
		{WEIR_MEMBER_ACTIVE, -EINVAL, -EINVAL, -EINVAL, -EINVAL},
		{-EBUSY, WEIR_MEMBER_DRAINING, WEIR_MEMBER_GONE, WEIR_MEMBER_DEAD, -EINVAL},
		{-EBUSY, -EINVAL, WEIR_MEMBER_GONE, WEIR_MEMBER_DEAD, -EINVAL},
		{-EBUSY, -EINVAL, -EINVAL, -EINVAL, WEIR_MEMBER_VACANT},
		{-EBUSY, -EINVAL, -EINVAL, -EINVAL, WEIR_MEMBER_VACANT},
	};
	unsigned state = (unsigned)_i / EVENTS;
	int event = _i % EVENTS, cell = want[state][event], rc;
	struct weir_member m[3], before[3];
	struct weir_group g, was;

	in_state(&g, m, state);
	was = g;
	memcpy(before, m, sizeof(m));
	rc = change(&g, event, 1, 1);
	ck_assert_int_eq(rc, cell < 0 ? cell : WEIR_OK);
	if (cell < 0) {
		ck_assert_mem_eq(&g, &was, sizeof(g));
		ck_assert_mem_eq(m, before, sizeof(m));
		return;
	}
	ck_assert_uint_eq(m[1].state, (unsigned)cell);
	ck_assert_uint_eq(g.view, was.view + 1);
	ck_assert_uint_eq(m[1].view, g.view);
	ck_assert_uint_eq(m[1].epoch, event == JOIN ? 2 : 1);
	ck_assert_uint_eq(m[1].owner, cell == WEIR_MEMBER_VACANT ? 0 : 7);
	ck_assert_int_eq(weir_group_set_has(&g.active, 1), cell == WEIR_MEMBER_ACTIVE);
	ck_assert_uint_eq(weir_group_set_count(&g.active), cell == WEIR_MEMBER_ACTIVE);
}
END_TEST

START_TEST(a_word_about_an_earlier_tenant_is_stale)
{
	struct weir_member m[3], before[3];
	struct weir_group g;
	uint64_t epoch;
	int e;

	in_state(&g, m, WEIR_MEMBER_VACANT);
	ck_assert_int_eq(weir_group_join(&g, 1, 8, &epoch), WEIR_OK);
	ck_assert_uint_eq(epoch, 2);
	memcpy(before, m, sizeof(m));
	for (e = LEAVE; e < EVENTS; e++) {
		ck_assert_int_eq(change(&g, e, 1, 1), -ESTALE);
		ck_assert_int_eq(change(&g, e, 1, 3), -ESTALE);
	}
	for (e = JOIN; e < EVENTS; e++)
		ck_assert_int_eq(change(&g, e, 3, 0), -EINVAL);
	ck_assert_int_eq(weir_group_join(&g, 0, 0, &epoch), -EINVAL);
	ck_assert_mem_eq(m, before, sizeof(m));
	ck_assert_uint_eq(g.view, 4);
}
END_TEST

START_TEST(sizes_and_iteration)
{
	static struct weir_member m[WEIR_GROUP_MAX];
	struct weir_group g;
	uint64_t epoch;
	uint32_t i, n;

	ck_assert_int_eq(weir_group_init(&g, m, 0), -EINVAL);
	ck_assert_int_eq(weir_group_init(&g, m, WEIR_GROUP_MAX + 1), -EINVAL);
	ck_assert_int_eq(weir_group_init(&g, m, WEIR_GROUP_MAX), WEIR_OK);
	for (i = 0; i < WEIR_GROUP_MAX; i += 3)
		ck_assert_int_eq(weir_group_join(&g, i, 1, &epoch), WEIR_OK);
	for (i = weir_group_next(&g, 0, WEIR_MEMBER_ACTIVE), n = 0; i < g.cap;
	     i = weir_group_next(&g, i + 1, WEIR_MEMBER_ACTIVE), n++)
		ck_assert_uint_eq(i, 3 * n);
	ck_assert_uint_eq(n, 342);
	ck_assert_uint_eq(weir_group_set_count(&g.active), 342);
	ck_assert_uint_eq(weir_group_next(&g, 0, WEIR_MEMBER_VACANT), 1);
	ck_assert_uint_eq(weir_group_next(&g, 0, WEIR_MEMBER_DEAD), WEIR_GROUP_MAX);
	ck_assert_uint_eq(weir_group_next(&g, UINT32_MAX, WEIR_MEMBER_DEAD), WEIR_GROUP_MAX);
}
END_TEST

START_TEST(sets_at_their_edges)
{
	static const uint32_t in[] = {0, 1, 63, 64, 127, 640, 1023};
	const uint32_t n = sizeof(in) / sizeof(in[0]);
	struct weir_group_set s;
	uint32_t i, at = 0;

	memset(&s, 0, sizeof(s));
	ck_assert_uint_eq(weir_group_set_next(&s, 0), WEIR_GROUP_MAX);
	for (i = 0; i < n; i++)
		weir_group_set_add(&s, in[i]);
	weir_group_set_add(&s, 64);
	weir_group_set_add(&s, WEIR_GROUP_MAX);
	ck_assert_uint_eq(weir_group_set_count(&s), n);
	for (i = 0; i < n; i++, at++) {
		at = weir_group_set_next(&s, at);
		ck_assert_uint_eq(at, in[i]);
		ck_assert_int_eq(weir_group_set_has(&s, at), 1);
	}
	ck_assert_uint_eq(weir_group_set_next(&s, at), WEIR_GROUP_MAX);
	ck_assert_uint_eq(weir_group_set_next(&s, UINT32_MAX), WEIR_GROUP_MAX);
	ck_assert_int_eq(weir_group_set_has(&s, 2), 0);
	ck_assert_int_eq(weir_group_set_has(&s, WEIR_GROUP_MAX), 0);
	weir_group_set_remove(&s, 63);
	weir_group_set_remove(&s, 62);
	weir_group_set_remove(&s, UINT32_MAX);
	ck_assert_uint_eq(weir_group_set_count(&s), n - 1);
	ck_assert_uint_eq(weir_group_set_next(&s, 2), 64);
}
END_TEST

START_TEST(states_have_names)
{
	ck_assert_str_eq(weir_member_state_name(WEIR_MEMBER_VACANT), "VACANT");
	ck_assert_str_eq(weir_member_state_name(WEIR_MEMBER_DEAD), "DEAD");
	ck_assert_str_eq(weir_member_state_name(WEIR_MEMBER_STATE_COUNT), "?");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("group");
	TCase *t = tcase_create("group");
	SRunner *run;
	int failed;

	tcase_add_loop_test(t, every_cell_of_the_table, 0, WEIR_MEMBER_STATE_COUNT * EVENTS);
	tcase_add_test(t, a_word_about_an_earlier_tenant_is_stale);
	tcase_add_test(t, sizes_and_iteration);
	tcase_add_test(t, sets_at_their_edges);
	tcase_add_test(t, states_have_names);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed == 0 ? 0 : 1;
}
