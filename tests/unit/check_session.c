/* Sessions: what can be asked for, who gets in, and how a slot passes on. */
#define _GNU_SOURCE

#include "session_fixture.h"

struct refusal {
	struct weir_session_config cfg;
	const char *what;
	uint64_t value, limit;
};

#define SIZE ((uint32_t)sizeof(struct weir_session_config))
#define CFG(...) {.struct_size = SIZE, __VA_ARGS__}

START_TEST(every_field_of_the_config_is_checked)
{
	static const struct refusal want[] = {
		{{.struct_size = SIZE - 8u}, "session: config size", SIZE - 8u, SIZE},
		{CFG(.members = 1025), "session: members", 1025, 1024},
		{CFG(.members = UINT32_MAX), "session: members", UINT32_MAX, 1024},
		{CFG(.barriers = 65), "session: barriers", 65, 64},
		{CFG(.members = 4, .targets = 3), "session: targets", 3, 4},
		{CFG(.members = 4, .targets = 17), "session: targets", 17, 16},
		{CFG(.ring_capacity = 2048), "ring: capacity", 2048, 4096},
		{CFG(.ring_capacity = 5000), "ring: capacity is no power of two", 5000, 0},
		{CFG(.mode = 0400), "region config: mode", 0400, 0600},
	};
	const struct refusal *w = &want[_i];
	struct weir_session *s = NULL;
	struct weir_error err;
	size_t region = 7, storage = 8;

	ck_assert_int_eq(weir_session_bytes(&w->cfg, NULL, &region, &storage, &err), -EINVAL);
	ck_assert_str_eq(err.what, w->what);
	ck_assert_uint_eq(err.value, w->value);
	if (w->limit != 0)
		ck_assert_uint_eq(err.limit, w->limit);
	ck_assert_uint_eq(region, 7);
	ck_assert_uint_eq(storage, 8);
	ck_assert_int_eq(weir_session_create(&s, NULL, &w->cfg, NULL, NULL), -EINVAL);
	ck_assert_ptr_null(s);
}
END_TEST

struct choice {
	struct weir_session_options opt;
	const char *what;
	uint64_t value, limit;
};

#define OPT_SIZE ((uint32_t)sizeof(struct weir_session_options))
#define OPT(...) {.struct_size = OPT_SIZE, __VA_ARGS__}

START_TEST(every_option_is_checked)
{
	static const struct choice want[] = {
		{{.struct_size = 8}, "session: options size", 8, OPT_SIZE},
		{OPT(.flags = 4), "session: flags", 4, 3},
		{OPT(.kinds = 65537), "session: kinds", 65537, 65536},
		{OPT(.deferred = 65537), "session: deferred", 65537, 65536},
		{OPT(.policy = 3), "session: policy", 3, 2},
	};
	const struct choice *w = &want[_i];
	struct weir_session *s = NULL;
	struct weir_error err;
	struct yard y;

	ck_assert_int_eq(weir_session_bytes(NULL, &w->opt, NULL, NULL, &err), -EINVAL);
	ck_assert_str_eq(err.what, w->what);
	ck_assert_uint_eq(err.value, w->value);
	ck_assert_uint_eq(err.limit, w->limit);
	ck_assert_int_eq(weir_session_create(&s, NULL, NULL, &w->opt, NULL), -EINVAL);
	yard_open(&y, 2);
	ck_assert_int_eq(weir_session_attach_region(&s, weir_session_region(y.s[0]), &w->opt, NULL),
			 -EINVAL);
	ck_assert_ptr_null(s);
	yard_close(&y);
}
END_TEST

START_TEST(what_a_coordinator_cannot_be)
{
	struct weir_session_options opt = OPT(.flags = WEIR_SESSION_QUIET);
	struct weir_session *s = NULL;
	struct weir_error err;

	ck_assert_int_eq(weir_session_create(&s, NULL, NULL, &opt, &err), -EINVAL);
	ck_assert_int_eq(err.code, -EINVAL);
	opt.flags = 0;
	opt.slot = 1;
	ck_assert_int_eq(weir_session_create(&s, NULL, NULL, &opt, &err), -EINVAL);
	ck_assert_uint_eq(err.value, 1);
	ck_assert_ptr_null(s);
}
END_TEST

START_TEST(defaults_and_limits_are_allowed)
{
	struct weir_session_config cfg = CFG(.members = 1024, .barriers = 64, .targets = 1024);
	struct weir_session_options opt = OPT(.kinds = 65536, .deferred = 65536, .flags = 3);
	size_t small, large, region;
	struct weir_session *s;
	struct weir_watch w;

	ck_assert_int_eq(weir_session_bytes(NULL, NULL, NULL, NULL, NULL), WEIR_OK);
	ck_assert_int_eq(weir_session_bytes(NULL, NULL, &region, &small, NULL), WEIR_OK);
	ck_assert_int_eq(weir_session_bytes(&cfg, &opt, NULL, &large, NULL), WEIR_OK);
	ck_assert_uint_gt(large, small);
	ck_assert_int_eq(weir_session_create(&s, NULL, NULL, NULL, NULL), WEIR_OK);
	ck_assert_uint_eq(weir_session_slot(s), WEIR_SESSION_COORDINATOR);
	ck_assert_uint_eq(weir_session_region(s)->len, region);
	ck_assert_int_eq(weir_watch_open(&w, weir_session_region(s), NULL), WEIR_OK);
	ck_assert_uint_eq(w.members, 8);
	ck_assert_uint_eq(w.n_barriers, 16);
	ck_assert_uint_eq(w.ring_capacity, 65536);
	ck_assert_uint_eq(w.liveness_ns, 25000000);
	ck_assert_uint_eq(weir_session_members(s), 1);
	ck_assert_int_eq(weir_session_close(s), WEIR_OK);
	ck_assert_int_eq(weir_session_close(NULL), WEIR_OK);
}
END_TEST

/* ---- memory of the caller ---- */

static int in_span(const void *p, struct weir_span span)
{
	return (const uint8_t *)p >= (const uint8_t *)span.ptr &&
	       (const uint8_t *)p < (const uint8_t *)span.ptr + span.len;
}

START_TEST(storage_of_the_caller)
{
	struct weir_session_config cfg = yard_config(2);
	struct weir_session_options opt = OPT(.kinds = 3);
	struct weir_session *s = NULL, *m = NULL;
	struct weir_span mem, own;
	struct weir_error err;
	size_t need;

	ck_assert_int_eq(weir_session_bytes(&cfg, &opt, NULL, &need, NULL), WEIR_OK);
	mem = bed_alloc(need + 8u);
	own = bed_alloc(need);
	opt.storage = mem;
	opt.storage.len = need - 1u;
	ck_assert_int_eq(weir_session_create(&s, NULL, &cfg, &opt, &err), -ENOBUFS);
	ck_assert_str_eq(err.what, "session: storage");
	ck_assert_uint_eq(err.value, need - 1u);
	ck_assert_uint_eq(err.limit, need);
	opt.storage.ptr = (uint8_t *)mem.ptr + 8;
	opt.storage.len = need;
	ck_assert_int_eq(weir_session_create(&s, NULL, &cfg, &opt, &err), -EINVAL);
	ck_assert_str_eq(err.what, "session: alignment of the storage");
	ck_assert_uint_eq(err.value, 8);
	ck_assert_ptr_null(s);
	memset(mem.ptr, 0xff, mem.len); /* whatever was there */
	opt.storage = own;
	ck_assert_int_eq(weir_session_create(&s, NULL, &cfg, &opt, &err), WEIR_OK);
	ck_assert(in_span(s, own));
	opt.storage = mem;
	ck_assert_int_eq(weir_session_attach_region(&m, weir_session_region(s), &opt, &err),
			 WEIR_OK);
	ck_assert(in_span(m, mem));
	ck_assert_int_eq(weir_session_poll(s, 1), WEIR_OK);
	ck_assert_uint_eq(weir_session_members(m), 2);
	ck_assert_int_eq(weir_session_close(m), WEIR_OK);
	ck_assert_int_eq(weir_session_close(s), WEIR_OK);
	free(mem.ptr);
	free(own.ptr);
}
END_TEST

/* ---- names ---- */

static const char *own_name(char *buf, size_t len)
{
	snprintf(buf, len, "check-session-%ld", (long)getpid());
	return buf;
}

START_TEST(by_name)
{
	struct weir_session_config cfg = yard_config(3);
	struct weir_session *s, *m, *none = NULL;
	char name[64];

	own_name(name, sizeof(name));
	ck_assert_int_eq(weir_session_attach(&none, name, NULL, NULL), -ENOENT);
	ck_assert_int_eq(weir_session_create(&s, name, &cfg, NULL, NULL), WEIR_OK);
	ck_assert_int_eq(weir_session_create(&none, name, &cfg, NULL, NULL), -EEXIST);
	ck_assert_int_eq(weir_session_attach(&m, name, NULL, NULL), WEIR_OK);
	ck_assert_uint_eq(weir_session_slot(m), 1);
	ck_assert_ptr_ne(weir_session_region(m)->base, weir_session_region(s)->base);
	ck_assert_int_eq(weir_session_close(s), WEIR_OK);
	ck_assert_int_eq(weir_session_attach(&none, name, NULL, NULL), -ENOENT);
	ck_assert_ptr_null(none);
	/* who has it mapped keeps it, and is told */
	ck_assert_int_eq(weir_session_poll(m, 1), -ENOTCONN);
	ck_assert_int_eq(weir_session_close(m), WEIR_OK);
}
END_TEST

START_TEST(what_is_no_session)
{
	struct weir_region_config cfg = {
		.struct_size = sizeof(cfg), .max_objects = 2, .payload_bytes = 4096};
	struct weir_session *s = NULL;
	struct weir_region r;
	struct weir_error err;
	struct weir_span obj;
	struct yard y;
	uint32_t *word;

	ck_assert_int_eq(weir_region_create_anonymous(&r, &cfg, NULL), WEIR_OK);
	ck_assert_int_eq(weir_region_add(&r, WEIR_KIND_USER, "session", 64, &obj, NULL), WEIR_OK);
	ck_assert_int_eq(weir_region_publish(&r, NULL), WEIR_OK);
	ck_assert_int_eq(weir_session_attach_region(&s, &r, NULL, &err), -EPROTO);
	weir_region_close(&r);

	yard_open(&y, 2);
	ck_assert_int_eq(weir_region_find(weir_session_region(y.s[0]), WEIR_KIND_SESSION, "session",
					  &obj),
			 WEIR_OK);
	word = obj.ptr;
	word[0] ^= 1u; /* magic, members, barriers */
	ck_assert_int_eq(weir_session_attach_region(&s, weir_session_region(y.s[0]), NULL, &err),
			 -EPROTO);
	ck_assert_str_eq(err.what, "session: magic");
	word[0] ^= 1u;
	word[2] = 1u << 20;
	ck_assert_int_eq(weir_session_attach_region(&s, weir_session_region(y.s[0]), NULL, &err),
			 -EBADMSG);
	ck_assert_str_eq(err.what, "session: members");
	word[2] = 2;
	word[3] = 64;
	ck_assert_int_eq(weir_session_attach_region(&s, weir_session_region(y.s[0]), NULL, &err),
			 -EBADMSG);
	ck_assert_str_eq(err.what, "session: barriers");
	word[3] = 3;
	ck_assert_ptr_null(s);
	yard_close(&y);
}
END_TEST

START_TEST(a_read_only_mapping_is_refused)
{
	struct weir_session_config cfg = yard_config(2);
	struct weir_session *s, *none = NULL;
	struct weir_region r;
	char name[64];
	int rc;

	ck_assert_int_eq(weir_session_create(&s, own_name(name, sizeof(name)), &cfg, NULL, NULL),
			 WEIR_OK);
	ck_assert_int_eq(weir_region_open(&r, name, WEIR_REGION_RDONLY, NULL), WEIR_OK);
	rc = weir_session_attach_region(&none, &r, NULL, NULL);
	ck_assert_int_lt(rc, 0);
	ck_assert_ptr_null(none);
	weir_region_close(&r);
	ck_assert_int_eq(weir_session_close(s), WEIR_OK);
}
END_TEST

/* ---- slots ---- */

START_TEST(slots_are_given_out_and_come_back)
{
	struct weir_session_config cfg = yard_config(4);
	struct weir_session_options opt;
	struct weir_session *s = NULL;
	struct weir_error err;
	struct yard y;

	yard_create(&y, &cfg);
	opt = yard_options(&y, 0);
	opt.slot = 2;
	ck_assert_int_eq(
		weir_session_attach_region(&y.s[2], weir_session_region(y.s[0]), &opt, &err),
		WEIR_OK);
	ck_assert_uint_eq(weir_session_slot(y.s[2]), 2);
	ck_assert_int_eq(weir_session_attach_region(&s, weir_session_region(y.s[0]), &opt, &err),
			 -EBUSY);
	ck_assert_uint_eq(err.value, (uint64_t)getpid());
	opt.slot = 4;
	ck_assert_int_eq(weir_session_attach_region(&s, weir_session_region(y.s[0]), &opt, &err),
			 -EINVAL);
	ck_assert_uint_eq(err.value, 4);
	ck_assert_uint_eq(err.limit, 3);
	ck_assert_uint_eq(weir_session_slot(yard_attach(&y, 0)), 1);
	ck_assert_uint_eq(weir_session_slot(yard_attach(&y, 0)), 3);
	opt.slot = 0;
	ck_assert_int_eq(weir_session_attach_region(&s, weir_session_region(y.s[0]), &opt, &err),
			 -ENOSPC);
	ck_assert_uint_eq(err.limit, 4);
	ck_assert_ptr_null(s);
	ck_assert_uint_eq(weir_session_members(y.s[0]), 1); /* nobody has been looked at yet */
	ck_assert_int_eq(yard_poll(&y, 0), WEIR_OK);
	ck_assert_uint_eq(weir_session_members(y.s[3]), 4);
	yard_leave(&y, 2);
	ck_assert_int_eq(weir_session_attach_region(&s, weir_session_region(y.s[0]), &opt, &err),
			 -ENOSPC); /* the coordinator gives it back */
	yard_settle(&y);
	ck_assert_uint_eq(weir_session_members(y.s[0]), 3);
	ck_assert_uint_eq(weir_session_slot(yard_attach(&y, 0)), 2);
	yard_settle(&y);
	ck_assert_uint_eq(weir_session_members(y.s[0]), 4);
	ck_assert_uint_eq(yard_stats(&y, 0).joins, 5);
	ck_assert_uint_eq(yard_stats(&y, 0).leaves, 1);
	yard_close(&y);
}
END_TEST

static int count(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	(void)s;
	(void)m;
	++*(uint32_t *)ctx;
	return 0;
}

START_TEST(a_new_tenant_begins_afresh)
{
	struct weir_watch_member before, after;
	uint32_t n0 = 0, n2 = 0, id, round;
	struct yard y;

	yard_open(&y, 3);
	id = yard_barrier(&y, "b");
	weir_session_on_other(y.s[0], count, &n0);
	for (round = 1; round <= 20; round++) {
		ck_assert_int_eq(weir_watch_read_member(&y.watch, 2, &before), WEIR_OK);
		yard_begin_all(&y, id, DELIVERY);
		yard_settle(&y);
		yard_expect_all(&y, id, WEIR_OK, round);
		yard_send(&y, 2, 2); /* what was sent stays readable */
		yard_send(&y, 1, 1); /* not for the next tenant */
		yard_leave(&y, 2);
		yard_settle(&y);
		ck_assert_uint_eq(n0, 3u * round);
		ck_assert_ptr_eq(yard_attach(&y, 0), y.s[2]);
		weir_session_on_other(y.s[2], count, &n2);
		yard_settle(&y);
		ck_assert_int_eq(weir_watch_read_member(&y.watch, 2, &after), WEIR_OK);
		ck_assert_uint_gt(after.epoch, before.epoch);
		ck_assert_uint_eq(n2, 0);
	}
	yard_close(&y);
}
END_TEST

START_TEST(attached_and_gone_between_two_polls)
{
	struct yard y;

	yard_open(&y, 2);
	yard_leave(&y, 1);
	yard_settle(&y);
	(void)yard_attach(&y, 0);
	yard_leave(&y, 1);
	yard_settle(&y);
	ck_assert_uint_eq(weir_session_members(y.s[0]), 1);
	ck_assert_uint_eq(yard_stats(&y, 0).joins, 3);
	ck_assert_uint_eq(yard_stats(&y, 0).leaves, 2);
	ck_assert_uint_eq(weir_session_slot(yard_attach(&y, 0)), 1);
	yard_close(&y);
}
END_TEST

START_TEST(who_is_counted)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = 500};
	struct weir_session_config cfg = yard_config(4);
	uint32_t cancel = 1;
	struct yard y;

	yard_create(&y, &cfg);
	(void)yard_attach(&y, WEIR_SESSION_OBSERVER);
	(void)yard_attach(&y, WEIR_SESSION_QUIET);
	yard_settle(&y);
	ck_assert_uint_eq(weir_session_members(y.s[1]), 2); /* coordinator and the quiet one */
	ck_assert_int_eq(weir_session_wait_members(y.s[1], 2, NULL), WEIR_OK);
	ck_assert_int_eq(weir_session_wait_members(y.s[1], 5, &how), -EINVAL);
	ck_assert_int_eq(weir_session_wait_members(y.s[1], 3, &how), -ETIMEDOUT);
	ck_assert_uint_ge(y.f.now, 500);
	how.deadline = WEIR_NS_NEVER;
	how.cancel = &cancel;
	ck_assert_int_eq(weir_session_wait_members(y.s[1], 3, &how), -ECANCELED);
	how.strategy = (enum weir_wait_strategy)9;
	ck_assert_int_eq(weir_session_wait_members(y.s[1], 3, &how), -EINVAL);
	yard_close(&y);
}
END_TEST

START_TEST(alone)
{
	struct weir_session_config cfg = yard_config(1);
	struct weir_barrier_result r;
	struct weir_session *s = NULL;
	struct yard y;
	uint32_t id;

	yard_create(&y, &cfg);
	ck_assert_int_eq(weir_session_attach_region(&s, weir_session_region(y.s[0]), NULL, NULL),
			 -ENOSPC);
	id = yard_barrier(&y, "alone");
	yard_send(&y, 0, 3);
	ck_assert_int_eq(weir_session_barrier(y.s[0], id, PROCESSING, FAIL, NULL, &r), WEIR_OK);
	ck_assert_uint_eq(r.generation, 1);
	ck_assert_uint_eq(r.members, 1);
	yard_close(&y);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("session");
	TCase *t = tcase_create("setup");

	tcase_add_loop_test(t, every_field_of_the_config_is_checked, 0, 9);
	tcase_add_loop_test(t, every_option_is_checked, 0, 5);
	tcase_add_test(t, what_a_coordinator_cannot_be);
	tcase_add_test(t, defaults_and_limits_are_allowed);
	tcase_add_test(t, storage_of_the_caller);
	tcase_add_test(t, by_name);
	tcase_add_test(t, what_is_no_session);
	tcase_add_test(t, a_read_only_mapping_is_refused);
	suite_add_tcase(s, t);
	t = tcase_create("slots");
	tcase_add_test(t, slots_are_given_out_and_come_back);
	tcase_add_test(t, a_new_tenant_begins_afresh);
	tcase_add_test(t, attached_and_gone_between_two_polls);
	tcase_add_test(t, who_is_counted);
	tcase_add_test(t, alone);
	suite_add_tcase(s, t);
	return yard_run(s);
}
