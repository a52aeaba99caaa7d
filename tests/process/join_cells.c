/* Two streams publish in cells at full speed, each through many epochs, while one thread joins them:
 * what the join knows of an input is always of one publish, and no output is ready on anything else.
 * Threads, so that ThreadSanitizer sees it too, and processes (E25). */
#include "proc.h"

#include <weir/join.h>

#define STREAMS 2u
#define FRAMES 1000u /* of each epoch */

static struct weir_join_cell_shm *cell;
static uint32_t *stop;
static uint32_t *enough; /* the join has seen that many outputs ready */

/* In epoch e, frame s has the time e * 10^6 + s in its descriptor and 500 more in its slot. */
static void publish_all_day(void *arg)
{
	uint32_t *which = arg;
	struct weir_join_cell_writer w;
	uint64_t epoch = 0, s, t, epochs = proc_slow() ? 20000 : 500;

	NEED_OK(weir_join_cell_open(&w, &cell[*which], WEIR_MERGE_MONOTONIC));
	while (epoch < epochs || weir_load_acquire32(enough) == 0) {
		epoch++;
		for (s = epoch % 7; s < FRAMES;
		     s += 7) { /* which frames there are tells the epoch */
			t = epoch * 1000000u + s;
			NEED_OK(weir_join_cell_publish(&w, epoch, s, t, t + 500));
		}
	}
	proc_set(&stop[*which], 1);
}

static void whole(const struct weir_join *j, uint32_t stream, uint64_t *epoch)
{
	struct weir_join_input_info i;

	NEED_OK(weir_join_input(j, stream, &i));
	if (!i.has_epoch)
		return;
	NEED(i.has_sequence && i.epoch >= *epoch);
	NEED(i.sequence < FRAMES && i.sequence % 7 == i.epoch % 7);
	NEED(i.time[stream - 1] == i.epoch * 1000000u + i.sequence + (stream - 1) * 500u);
	NEED(i.rejected[0] == 0 && i.rejected[1] == 0);
	*epoch = i.epoch;
}

static void join_all_day(void *arg)
{
	struct weir_merge_rule r[] = {weir_merge_rule_offset_ns(1, WEIR_MERGE_FRAME_DESCRIPTOR, 0),
				      weir_merge_rule_offset_ns(2, WEIR_MERGE_SLOT_HEADER, 0)};
	struct weir_merge_map m = weir_merge_map_timestamp(9, 1, WEIR_MERGE_MONOTONIC, r, STREAMS);
	struct weir_join_config c = {.struct_size = sizeof(c),
				     .out = 9,
				     .mode = WEIR_JOIN_TIMESTAMP,
				     .flags = WEIR_JOIN_ANY_ORDER,
				     .max_rules = STREAMS,
				     .max_bindings = STREAMS};
	uint64_t epoch[STREAMS] = {0, 0}, seen = 0, out, last = 0;
	struct weir_join_input_info a, b;
	struct weir_span mem;
	struct weir_join j;
	uint32_t i;

	(void)arg;
	NEED_OK(weir_join_bytes(&c, &mem.len, NULL));
	mem.ptr = aligned_alloc(WEIR_LINE, mem.len);
	NEED(mem.ptr != NULL && weir_join_init(&j, &c, mem, NULL) == WEIR_OK);
	NEED(weir_join_apply(&j, &m, 0, NULL) == WEIR_JOIN_OK);
	for (i = 0; i < STREAMS; i++)
		NEED_OK(weir_join_bind_cell(&j, i + 1, &cell[i]));
	while (weir_load_acquire32(&stop[0]) == 0 || weir_load_acquire32(&stop[1]) == 0) {
		weir_join_refresh(&j, 0);
		for (i = 0; i < STREAMS; i++)
			whole(&j, i + 1, &epoch[i]);
		if (weir_join_ready_upto(&j, 0, &out) != WEIR_OK)
			continue;
		NEED(weir_join_input(&j, 1, &a) == WEIR_OK &&
		     weir_join_input(&j, 2, &b) == WEIR_OK);
		NEED(out == (a.time[0] < b.time[1] ? a.time[0] : b.time[1]));
		NEED(weir_join_ready(&j, out, 0, NULL) && !weir_join_ready(&j, out + 1, 0, NULL));
		NEED(out >= last);
		seen += out != last;
		last = out;
		if (seen == 1000)
			proc_set(enough, 1);
	}
	free(mem.ptr);
}

static void *publisher_thread(void *arg)
{
	publish_all_day(arg);
	return NULL;
}

static void begin(void)
{
	memset(cell, 0, STREAMS * sizeof(*cell));
	proc_set(&stop[0], 0);
	proc_set(&stop[1], 0);
	proc_set(enough, 0);
}

int main(void)
{
	static uint32_t which[STREAMS] = {0, 1};
	pthread_t thread[STREAMS];
	pid_t pid[STREAMS];
	uint32_t i;

	proc_watchdog();
	cell = proc_shared(STREAMS * sizeof(*cell)).ptr;
	stop = proc_shared(3 * sizeof(*stop)).ptr;
	enough = stop + STREAMS;
	begin();
	for (i = 0; i < STREAMS; i++)
		NEED(pthread_create(&thread[i], NULL, publisher_thread, &which[i]) == 0);
	join_all_day(NULL);
	for (i = 0; i < STREAMS; i++)
		NEED(pthread_join(thread[i], NULL) == 0);
	begin();
	for (i = 0; i < STREAMS; i++)
		pid[i] = proc_fork(publish_all_day, &which[i]);
	join_all_day(NULL);
	for (i = 0; i < STREAMS; i++)
		NEED(proc_reap(pid[i]) == 0);
	printf("ok - no output of two publishes\n");
	return 0;
}
