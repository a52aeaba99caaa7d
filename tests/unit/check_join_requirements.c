/* What a join leaves to the stage: reading slots. A ring of four slots written here stands for the
 * data plane: one attempt for each read, a drop when the slot is in progress or has changed. The
 * join neither waits for a slot nor keeps it from being overwritten, in any mode. */
#include <sys/mman.h>

#include "join_fixture.h"

#define SLOTS 4u
#define IN_PROGRESS 1u /* an odd commit word */

static const struct weir_merge_rule by_sequence[] = {{.input = 1, .window = WEIR_MERGE_NO_WINDOW}};

/* The commit word is twice the sequence, or odd while the slot is being written. */
struct slot {
	uint64_t commit;
	uint64_t value;
};

struct plane {
	struct slot *slot;
	uint64_t attempts;
	uint64_t drops;
	uint64_t written;
	uint64_t overwrites_at; /* while that sequence is read, the producer laps it once */
};

static void plane_open(struct plane *p)
{
	memset(p, 0, sizeof(*p));
	p->overwrites_at = NONE;
	p->slot = mmap(NULL, SLOTS * sizeof(*p->slot), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(p->slot, MAP_FAILED);
}

static void plane_close(struct plane *p)
{
	ck_assert_int_eq(munmap(p->slot, SLOTS * sizeof(*p->slot)), 0);
}

static void produce(struct plane *p, uint64_t sequence)
{
	struct slot *s = &p->slot[sequence % SLOTS];

	s->commit = 2u * sequence | IN_PROGRESS;
	s->value = 100u * sequence;
	s->commit = 2u * sequence;
	p->written++;
}

/* One attempt: 1 and the value, or 0 and a drop. */
static int read_once(struct plane *p, uint64_t sequence, uint64_t *value)
{
	const struct slot *s = &p->slot[sequence % SLOTS];
	uint64_t before = s->commit, copy = s->value;

	p->attempts++;
	if (sequence == p->overwrites_at)
		produce(p, sequence + SLOTS);
	if (before != 2u * sequence || s->commit != before) {
		p->drops++;
		return 0;
	}
	*value = copy;
	return 1;
}

/* A join in mode `mode` with one input, and frame `sequence` of it announced. */
static void announced(struct yard *y, uint32_t mode, uint64_t sequence)
{
	struct weir_merge_rule t[] = {weir_merge_rule_offset_ns(1, FD, 0)};

	open_join(y, mode, 0);
	if (mode == WEIR_JOIN_TIMESTAMP) {
		want(time_map(y, t, 1, 0, NONE), WEIR_JOIN_OK);
		at_time(y, 1, sequence, 0);
	} else {
		take(y, by_sequence, 1);
		frame(y, 1, sequence, 0);
	}
}

static const uint32_t modes[] = {WEIR_JOIN_SEQUENCE, WEIR_JOIN_TIMESTAMP, WEIR_JOIN_LATEST};

START_TEST(r04_r33_r57_r72_a_slot_in_progress_holds_nobody)
{
	struct plane p;
	struct yard y;
	uint64_t value;

	plane_open(&p);
	p.slot[10 % SLOTS].commit = 2u * 10u | IN_PROGRESS;
	ck_assert_int_eq(mprotect(p.slot, SLOTS * sizeof(*p.slot), PROT_NONE), 0);
	announced(&y, modes[_i], 10);
	ck_assert_int_eq(ready(&y, 10, 0), 1);
	ck_assert_int_eq(mprotect(p.slot, SLOTS * sizeof(*p.slot), PROT_READ), 0);
	ck_assert_int_eq(read_once(&p, 10, &value), 0);
	ck_assert_uint_eq(p.attempts, 1);
	ck_assert_int_eq(ready(&y, 10, 0), 1);
	done(&y);
	plane_close(&p);
}
END_TEST

START_TEST(r05_r35_r59_one_attempt_and_a_drop_that_the_join_does_not_see)
{
	struct plane p;
	struct yard y;
	uint64_t value = 7, generation, until;

	plane_open(&p);
	produce(&p, 10);
	announced(&y, modes[_i], 10);
	ck_assert_int_eq(ready(&y, 10, 0), 1);
	generation = y.v.generation;
	until = upto(&y, 0);
	p.overwrites_at = 10;
	ck_assert_int_eq(read_once(&p, 10, &value), 0);
	ck_assert_uint_eq(value, 7);
	ck_assert_uint_eq(p.attempts, 1);
	ck_assert_uint_eq(p.drops, 1);
	ck_assert_int_eq(ready(&y, 10, 0), 1);
	ck_assert_uint_eq(y.v.generation, generation);
	ck_assert_uint_eq(upto(&y, 0), until);
	done(&y);
	plane_close(&p);
}
END_TEST

START_TEST(r34_r58_r72_a_ready_output_stops_no_producer)
{
	struct plane p;
	struct yard y;
	uint64_t s, value;

	plane_open(&p);
	produce(&p, 10);
	announced(&y, modes[_i], 10);
	ck_assert_int_eq(ready(&y, 10, 0), 1);
	for (s = 11; s <= 10 + 3 * SLOTS; s++)
		produce(&p, s);
	ck_assert_uint_eq(p.written, 1 + 3 * SLOTS);
	ck_assert_int_eq(read_once(&p, 10, &value), 0);
	ck_assert_int_eq(read_once(&p, 10 + 3 * SLOTS, &value), 1);
	ck_assert_uint_eq(value, 100 * (10 + 3 * SLOTS));
	ck_assert_int_eq(weir_join_commit(&y.j, 10, y.v.generation), WEIR_OK);
	done(&y);
	plane_close(&p);
}
END_TEST

START_TEST(r16_a_window_is_read_as_far_as_it_is_still_there)
{
	struct weir_merge_rule r[] = {weir_merge_rule_window(1, 5)};
	uint64_t s, lo, hi, value, delivered = 0;
	struct plane p;
	struct yard y;

	plane_open(&p);
	for (s = 0; s <= 10; s++)
		produce(&p, s);
	open_join(&y, WEIR_JOIN_SEQUENCE, 0);
	take(&y, r, 1);
	frame(&y, 1, 10, 0);
	ck_assert_int_eq(ready(&y, 10, 0), 1);
	ck_assert_int_eq(weir_join_window(&y.j, 0, 10, &lo, &hi), WEIR_OK);
	ck_assert_uint_eq(lo, 6);
	ck_assert_uint_eq(hi, 10);
	for (s = lo; s <= hi; s++) {
		int got = read_once(&p, s, &value);

		ck_assert_int_eq(got, s != 6);
		delivered += (uint64_t)got;
	}
	ck_assert_uint_eq(delivered, 4);
	ck_assert_uint_eq(p.attempts, 5);
	done(&y);
	plane_close(&p);
}
END_TEST

START_TEST(r06_r71_asking_needs_no_map_and_old_frames_count)
{
	uint64_t generation;
	struct yard y;
	uint32_t i;

	announced(&y, WEIR_JOIN_LATEST, 10);
	ck_assert_int_eq(ready(&y, 0, 0), 1);
	generation = y.v.generation;
	for (i = 0; i < 1000; i++) {
		if (i % 100 == 0)
			want(sequence_map(&y, by_sequence, 1, 1, NONE), WEIR_JOIN_NO_CHANGE);
		ck_assert_int_eq(ready(&y, i, (weir_ns)1 << 61), 1);
		ck_assert_uint_eq(y.v.generation, generation);
	}
	done(&y);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("join requirements");
	TCase *t = tcase_create("slots of the stage");
	SRunner *run;
	int failed;

	tcase_add_loop_test(t, r04_r33_r57_r72_a_slot_in_progress_holds_nobody, 0, 3);
	tcase_add_loop_test(t, r05_r35_r59_one_attempt_and_a_drop_that_the_join_does_not_see, 0, 3);
	tcase_add_loop_test(t, r34_r58_r72_a_ready_output_stops_no_producer, 0, 3);
	tcase_add_test(t, r16_a_window_is_read_as_far_as_it_is_still_there);
	tcase_add_test(t, r06_r71_asking_needs_no_map_and_old_frames_count);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed == 0 ? 0 : 1;
}
