/* Readers join and leave at the oldest record while a gated writer runs at full speed: what a
 * registered reader is owed is never overwritten, from its very first record on (RING.JOIN). */
#include "proc.h"

#include <sched.h>

static struct channel ch;
static uint32_t *stop;

static void *write_on(void *arg)
{
	struct weir_ring_writer w;
	uint64_t word = 0;

	(void)arg;
	NEED_OK(weir_ring_writer_attach(&w, ch.ring, &ch.table, weir_owner_self(), NULL, NULL));
	while (weir_load_acquire32(stop) == 0) {
		uint32_t len = 8 + (uint32_t)(word % 5) * 8;
		struct weir_ring_room room;
		int rc = weir_ring_claim(&w, 1, len, WEIR_RING_GATED, &room);

		NEED(rc == WEIR_OK || rc == WEIR_FULL);
		if (rc == WEIR_FULL) {
			sched_yield();
			continue;
		}
		memcpy(room.ptr, &word, sizeof(word));
		weir_ring_commit(&w);
		word++;
	}
	weir_ring_close(&w);
	return NULL;
}

/* Joins, reads a little from where it joined, leaves. */
static void join_often(uint64_t joins)
{
	uint64_t i, joined = 0;

	for (i = 0; i < joins; i++) {
		struct weir_ring_reader r;
		struct weir_ring_view v;
		uint32_t n = 1 + (uint32_t)(i % 7);
		int rc = weir_ring_join(&r, ch.ring, &ch.table, WEIR_PROGRESS_SLOT_ANY,
					i % 5 == 0 ? WEIR_RING_NEWEST : WEIR_RING_OLDEST,
					weir_owner_self(), NULL);

		if (rc == -EAGAIN) /* no starting point found: nothing was promised */
			continue;
		NEED_OK(rc);
		joined++;
		while (n != 0) {
			uint64_t word;

			rc = weir_ring_poll(&r, &v);
			if (rc == WEIR_EMPTY) {
				sched_yield();
				continue;
			}
			NEED_OK(rc); /* and not WEIR_LAPPED */
			memcpy(&word, v.ptr, sizeof(word));
			NEED(word == v.seq && v.len == 8 + word % 5 * 8);
			if (i % 3 == 0)
				weir_ring_deliver(&r, 1);
			else
				NEED_OK(weir_ring_check(&r, &v));
			n--;
		}
		weir_ring_leave(&r, 1);
	}
	NEED(joined > joins / 2);
}

static void *join_thread(void *arg)
{
	(void)arg;
	join_often(proc_slow() ? 1000000 : 10000);
	return NULL;
}

int main(void)
{
	pthread_t writer, joiner[2];
	int i;

	proc_watchdog();
	channel_open(&ch, 4096, UINT64_C(0) - 100000, 4);
	stop = proc_shared(sizeof(*stop)).ptr;
	NEED(pthread_create(&writer, NULL, write_on, NULL) == 0);
	for (i = 0; i < 2; i++)
		NEED(pthread_create(&joiner[i], NULL, join_thread, NULL) == 0);
	for (i = 0; i < 2; i++)
		NEED(pthread_join(joiner[i], NULL) == 0);
	proc_set(stop, 1);
	NEED(pthread_join(writer, NULL) == 0);
	channel_close(&ch);
	printf("ok - joins\n");
	return 0;
}
