/* Runs at full speed: one writer that claims by runs of changing length, and readers that take runs
 * and single records, registered and not. Every byte of every record that counts is checked. */
#include <sched.h>

#include <weir/ring_run.h>

#include "proc.h"

#define READERS 3u

static struct channel c;
static uint64_t records;
static uint32_t ready[READERS];

/* Changes rarely, so that runs are long, and at no multiple of anything. */
static uint32_t length_of(uint64_t seq)
{
	uint64_t h = (seq / 301u + 1u) * UINT64_C(0x9e3779b97f4a7c15) >> 40;

	return h % 16 == 0 ? 600u : 8u * (1u + (uint32_t)(h % 12u));
}

static uint64_t word_of(uint64_t seq, uint32_t i)
{
	return (seq + 1) * UINT64_C(0xbf58476d1ce4e5b9) + i;
}

static int intact(const uint8_t *p, uint64_t seq, uint32_t len)
{
	uint64_t got;
	uint32_t i;

	if (len != length_of(seq))
		return 0;
	for (i = 0; i * 8u < len; i++) {
		memcpy(&got, p + i * 8u, sizeof(got));
		if (got != word_of(seq, i))
			return 0;
	}
	return 1;
}

static void *writer(void *arg)
{
	struct weir_ring_writer w;
	struct weir_ring_room room;
	uint64_t buf[75], seq = 0, x = 1;
	uint32_t i, k, n, len, want;
	int rc;

	(void)arg;
	NEED_OK(weir_ring_writer_attach(&w, c.ring, &c.table, weir_owner_self(), NULL, NULL));
	while (seq < records) {
		x = x * UINT64_C(6364136223846793005) + 1;
		len = length_of(seq);
		for (want = 1; want < 1u + (uint32_t)(x >> 58); want++)
			if (seq + want == records || length_of(seq + want) != len)
				break;
		rc = weir_ring_claim_run(&w, len, len, want, WEIR_RING_GATED, &room, &n);
		if (rc != WEIR_OK) {
			NEED(rc == WEIR_FULL || rc == -ENOBUFS);
			weir_ring_commit(&w);
			sched_yield();
			continue;
		}
		NEED(n >= 1 && n <= want);
		for (k = 0; k < n; k++, seq++) {
			for (i = 0; i * 8u < len; i++)
				buf[i] = word_of(seq, i);
			weir_copy_racy(room.ptr + k * weir_ring_stride(len), buf, len);
		}
		if ((x >> 40) % 4u != 0)
			weir_ring_commit(&w);
	}
	weir_ring_commit(&w);
	weir_ring_close(&w);
	return NULL;
}

/* One run or one record, as the reader is told. How many; 0 with nothing there, -1 at the end. */
static int take(struct weir_ring_reader *r, int singly, struct weir_ring_view *v)
{
	uint32_t n = 1;
	int rc = singly ? weir_ring_poll(r, v) : weir_ring_poll_run(r, 100, v, &n);

	if (rc == WEIR_OK)
		return (int)n;
	NEED(rc == WEIR_EMPTY || rc == WEIR_CLOSED || rc == WEIR_LAPPED);
	return rc == WEIR_CLOSED ? -1 : 0;
}

static void *registered(void *arg)
{
	const uint32_t me = *(uint32_t *)arg;
	struct weir_ring_reader r;
	struct weir_ring_view v;
	uint64_t got = 0;
	int k, n;

	NEED_OK(weir_ring_join(&r, c.ring, &c.table, me, WEIR_RING_OLDEST, weir_owner_self(),
			       NULL));
	proc_set(&ready[me], 1);
	while ((n = take(&r, me == 1, &v)) >= 0) {
		for (k = 0; k < n; k++, got++) {
			NEED(v.seq + (uint64_t)k == got && v.kind == length_of(got));
			NEED(intact(v.ptr + (uint64_t)k * weir_ring_stride(v.len), got, v.len));
		}
		if (n == 0 || got % 8u == 0)
			weir_ring_deliver(&r, got);
		if (n == 0)
			sched_yield();
	}
	NEED(got == records && r.lost_messages == 0);
	weir_ring_leave(&r, 0);
	return NULL;
}

/* Waited for by nobody: copies a run, checks it, and believes it only then. */
static void *unregistered(void *arg)
{
	static uint64_t copy[75 * 100];
	const uint32_t me = *(uint32_t *)arg;
	struct weir_ring_reader r;
	struct weir_ring_view v;
	uint64_t got = 0;
	uint32_t k, n;
	int rc;

	NEED_OK(weir_ring_reader_attach(&r, c.ring, WEIR_RING_OLDEST, 0, NULL));
	proc_set(&ready[me], 1);
	while ((rc = take(&r, 0, &v)) >= 0) {
		n = (uint32_t)rc;
		if (n == 0)
			continue;
		NEED(v.seq == got + r.lost_messages);
		NEED(v.len <= sizeof(copy) / 100);
		for (k = 0; k < n; k++)
			weir_copy_racy((uint8_t *)copy + k * v.len,
				       v.ptr + k * weir_ring_stride(v.len), v.len);
		if (weir_ring_check_run(&r, &v, n) != WEIR_OK)
			continue;
		for (k = 0; k < n; k++, got++)
			NEED(intact((const uint8_t *)copy + k * v.len, v.seq + k, v.len));
	}
	NEED(got + r.lost_messages == records);
	printf("ok - not registered: %llu of %llu records\n", (unsigned long long)got,
	       (unsigned long long)records);
	return NULL;
}

int main(void)
{
	uint32_t index[READERS] = {0, 1, 2}, i;
	pthread_t thread[READERS], w;

	proc_watchdog();
	records = proc_slow() ? 30000000 : 600000;
	channel_open(&c, 65536, UINT64_C(0) - 500000, 16);
	for (i = 0; i < READERS; i++)
		NEED(pthread_create(&thread[i], NULL, i == 2 ? unregistered : registered,
				    &index[i]) == 0);
	for (i = 0; i < READERS; i++)
		proc_until(&ready[i], 1);
	NEED(pthread_create(&w, NULL, writer, NULL) == 0);
	NEED(pthread_join(w, NULL) == 0);
	for (i = 0; i < READERS; i++)
		NEED(pthread_join(thread[i], NULL) == 0);
	printf("ok - registered, by runs and singly: %llu records\n", (unsigned long long)records);
	channel_close(&c);
	return 0;
}
