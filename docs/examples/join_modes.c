/* join_modes - what a join (weir/join.h) says, and when, in its three modes.
 *
 * A camera is stream 1, a microphone is stream 2, and the output is stream 9. A *merge map* has a
 * rule for each input. The join is told what has come, and asked whether an output may be made:
 *
 *	ready		the rule holds
 *	missing		the input has not come that far
 *	stale		the same, and silent for longer than the timeout: the output goes out without
 *	not yet		the output is too early for its window, whatever the input does
 *
 * Each line below says what has happened, which output is asked for, and the expected answer; the
 * program prints the answer it got, and exits with 1 if one is another than expected.
 *
 * The join has no clock and waits for nobody: the time is an argument, here in round numbers. */
#include <stdio.h>
#include <string.h>

#include <weir/join.h>

enum { CAMERA = 1, MIC = 2, OUT = 9 };

#define MS UINT64_C(1000000)
#define TIMEOUT (100 * MS)

static uint8_t memory[8192] WEIR_ALIGNED(WEIR_LINE);
static int wrong;

static const char *word(unsigned verdict)
{
	static const char *const words[WEIR_JOIN_RULE_VERDICT_COUNT] = {
		"ready", "missing", "not yet", "unreachable", "stale", "rejected"};

	return words[verdict];
}

/* "no: camera ready, mic missing" */
static void answer(const struct weir_join_verdict *v, char *text, size_t cap)
{
	if (v->status != WEIR_JOIN_STATUS_OK)
		(void)snprintf(text, cap, "no: %s", weir_join_status_name(v->status));
	else
		(void)snprintf(text, cap, "%s: camera %s, mic %s", v->ready ? "yes" : "no",
			       word(weir_join_rule(v, 0)), word(weir_join_rule(v, 1)));
}

/* Asks for an output at a time, and compares the answer. */
static void ask(struct weir_join *j, const char *event, uint64_t out, weir_ns now,
		const char *expected)
{
	struct weir_join_verdict v;
	char text[80];

	(void)weir_join_ready(j, out, now, &v);
	answer(&v, text, sizeof(text));
	printf("  %-46s  %s\n", event, text);
	if (strcmp(text, expected) == 0)
		return;
	printf("  %-46s  %s\n", "EXPECTED:", expected);
	wrong = 1;
}

/* A call that must have said that. */
static void must(const char *what, enum weir_join_answer got, enum weir_join_answer expected)
{
	if (got == expected)
		return;
	printf("  %s: %s instead of %s\n", what, weir_join_answer_name(got),
	       weir_join_answer_name(expected));
	wrong = 1;
}

/* A join of that mode, in the program's only piece of memory, with a map of two rules. */
static int begin(struct weir_join *j, enum weir_join_mode mode, const struct weir_merge_map *map)
{
	struct weir_join_config cfg = {
		.struct_size = sizeof(cfg), .out = OUT, .mode = mode, .max_rules = 2};
	struct weir_span mem = {memory, sizeof(memory)};
	int rc = weir_join_init(j, &cfg, mem, NULL);

	if (rc != WEIR_OK) {
		printf("  the join: %s\n", weir_error_text(rc));
		wrong = 1;
		return 0;
	}
	ask(j, "no map yet", 0, 0, "no: NO_MAP");
	must("the map", weir_join_apply(j, map, 0, NULL), WEIR_JOIN_OK);
	return 1;
}

/* Outputs are numbers. The camera has to be two frames ahead; the last four of the mic are used. */
static void sequence(void)
{
	struct weir_merge_rule rule[] = {weir_merge_rule_offset(CAMERA, 2),
					 weir_merge_rule_window(MIC, 4)};
	struct weir_merge_map map = weir_merge_map_sequence(OUT, 1, rule, 2);
	struct weir_join j;
	uint64_t lo, hi;

	printf("sequence: output x from frame x + 2 of the camera, x - 3 to x of the mic\n");
	map.stale_ns = TIMEOUT;
	if (!begin(&j, WEIR_JOIN_SEQUENCE, &map))
		return;
	ask(&j, "nothing has come, output 0", 0, 0, "no: camera missing, mic not yet");
	must("camera 5", weir_join_observe(&j, CAMERA, 1, 5, 10 * MS), WEIR_JOIN_OK);
	must("mic 3", weir_join_observe(&j, MIC, 1, 3, 10 * MS), WEIR_JOIN_OK);
	ask(&j, "camera at 5, mic at 3, output 2", 2, 10 * MS, "no: camera ready, mic not yet");
	ask(&j, "output 3", 3, 10 * MS, "yes: camera ready, mic ready");
	if (weir_join_window(&j, 1, 3, &lo, &hi) == WEIR_OK)
		printf("  %-46s  frames %u to %u of the mic\n", "made from", (unsigned)lo,
		       (unsigned)hi);
	ask(&j, "output 4", 4, 10 * MS, "no: camera missing, mic missing");
	must("camera 6", weir_join_observe(&j, CAMERA, 1, 6, 20 * MS), WEIR_JOIN_OK);
	ask(&j, "camera at 6, output 4", 4, 20 * MS, "no: camera ready, mic missing");
	ask(&j, "100 ms after the mic's last", 4, 110 * MS, "no: camera ready, mic missing");
	ask(&j, "and a nanosecond", 4, 110 * MS + 1, "yes: camera ready, mic stale");
	ask(&j, "an earlier output again", 3, 111 * MS, "no: OUTPUT_REGRESSED");
	must("mic 4", weir_join_observe(&j, MIC, 1, 4, 112 * MS), WEIR_JOIN_OK);
	ask(&j, "the mic is back at 4, output 4", 4, 112 * MS, "yes: camera ready, mic ready");
}

/* A frame of that time, from that source, has come at `now`; both in ms. */
static enum weir_join_answer at(struct weir_join *j, uint32_t stream, enum weir_merge_source source,
				uint64_t ms, uint64_t now)
{
	return weir_join_observe_time(j, stream, 1, source, ms * MS, WEIR_MERGE_MONOTONIC,
				      now * MS);
}

/* Outputs are times. The camera says in its frame descriptors when, the mic in the headers of
 * its slots. An input may be 15 ms behind the output and still count. */
static void timestamp(void)
{
	struct weir_merge_rule rule[] = {
		weir_merge_rule_offset_ns(CAMERA, WEIR_MERGE_FRAME_DESCRIPTOR, 0),
		weir_merge_rule_window_ns(MIC, WEIR_MERGE_SLOT_HEADER, 40 * MS)};
	struct weir_merge_map map = weir_merge_map_timestamp(OUT, 1, WEIR_MERGE_MONOTONIC, rule, 2);
	struct weir_join j;

	printf("timestamp: output t from both inputs at t, 40 ms of the mic, lateness 15 ms\n");
	map.stale_ns = TIMEOUT;
	map.lateness_ns = 15 * MS;
	if (!begin(&j, WEIR_JOIN_TIMESTAMP, &map))
		return;
	ask(&j, "nothing has come, output 39", 39 * MS, 39 * MS, "no: camera missing, mic not yet");
	must("camera 50", at(&j, CAMERA, WEIR_MERGE_FRAME_DESCRIPTOR, 50, 50), WEIR_JOIN_OK);
	must("a descriptor of the mic", at(&j, MIC, WEIR_MERGE_FRAME_DESCRIPTOR, 40, 50),
	     WEIR_JOIN_NOT_TRACKED);
	ask(&j, "camera at 50, a descriptor of the mic at 40", 50 * MS, 50 * MS,
	    "no: camera ready, mic missing");
	must("mic 40", at(&j, MIC, WEIR_MERGE_SLOT_HEADER, 40, 51), WEIR_JOIN_OK);
	ask(&j, "mic's slot at 40, output 50", 50 * MS, 51 * MS, "yes: camera ready, mic ready");
	ask(&j, "output 55", 55 * MS, 55 * MS, "yes: camera ready, mic ready");
	ask(&j, "output 56", 56 * MS, 56 * MS, "no: camera ready, mic missing");
	ask(&j, "100 ms later the mic is stale, output 56", 56 * MS, 151 * MS,
	    "no: camera ready, mic missing");
	ask(&j, "and a nanosecond", 56 * MS, 151 * MS + 1, "yes: camera ready, mic stale");
	ask(&j, "output 66, for which nothing is there", 66 * MS, 152 * MS,
	    "no: camera stale, mic stale");
}

/* The newest frame of each input, whatever the output is called. */
static void latest(void)
{
	struct weir_merge_rule rule[] = {weir_merge_rule_offset(CAMERA, 0),
					 weir_merge_rule_offset(MIC, 0)};
	struct weir_merge_map map = weir_merge_map_sequence(OUT, 1, rule, 2);
	struct weir_join_frame f;
	struct weir_join j;

	printf("latest: the newest frame of each input\n");
	map.stale_ns = TIMEOUT;
	if (!begin(&j, WEIR_JOIN_LATEST, &map))
		return;
	must("camera 7", weir_join_observe(&j, CAMERA, 1, 7, 10 * MS), WEIR_JOIN_OK);
	ask(&j, "camera at 7", 0, 10 * MS, "no: camera ready, mic missing");
	must("mic 90", weir_join_observe(&j, MIC, 1, 90, 20 * MS), WEIR_JOIN_OK);
	ask(&j, "mic at 90", 0, 20 * MS, "yes: camera ready, mic ready");
	if (weir_join_select(&j, 0, &f) == WEIR_OK)
		printf("  %-46s  frame %u\n", "the camera's newest", (unsigned)f.sequence);
	must("camera gone", weir_join_invalidate(&j, CAMERA), WEIR_JOIN_OK);
	ask(&j, "camera's 7 was overwritten while it was read", 0, 21 * MS,
	    "no: camera missing, mic ready");
	must("camera 7 again", weir_join_observe(&j, CAMERA, 1, 7, 22 * MS), WEIR_JOIN_OK);
	ask(&j, "7 is announced again, and still gone", 0, 22 * MS,
	    "no: camera missing, mic ready");
	must("camera 8", weir_join_observe(&j, CAMERA, 1, 8, 30 * MS), WEIR_JOIN_OK);
	ask(&j, "camera at 8", 0, 30 * MS, "yes: camera ready, mic ready");
	ask(&j, "101 ms after the mic's last frame", 0, 121 * MS, "yes: camera ready, mic stale");
	ask(&j, "and the camera's", 0, 131 * MS, "no: camera stale, mic stale");
}

int main(void)
{
	sequence();
	timestamp();
	latest();
	printf("%s\n", wrong ? "NOT as expected" : "all as expected");
	return wrong;
}
