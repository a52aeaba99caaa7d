/* One writer, 2 and 8 readers, threads and processes, every byte of every record checked: nothing
 * lost, repeated, torn or reordered on gated rings; exact loss counts on lossy ones. 10^6 records
 * in the fast lane, 10^8 in the slow one. */
#include "proc.h"

struct stream {
	struct channel c;
	uint64_t records;
	uint32_t readers;
	uint32_t lossy;
	uint32_t threads;
	uint32_t joined; /* shared by threads only */
	enum weir_wait_strategy strategy;
	const char *name;
};

struct shared {
	uint32_t ready[16];
	uint64_t published;
};
static struct shared *shared;

static uint32_t length_of(uint64_t seq)
{
	uint64_t h = seq * UINT64_C(0x9e3779b97f4a7c15);

	h >>= 40;
	return h % 64 == 0 ? (uint32_t)(h % 1500) : 8u + (uint32_t)(h % 57);
}

static uint64_t word_of(uint64_t seq, uint32_t i)
{
	return (seq + 1) * UINT64_C(0xbf58476d1ce4e5b9) + i;
}

static void fill(uint64_t *buf, uint64_t seq, uint32_t len)
{
	uint32_t i;

	for (i = 0; i * 8u < len; i++)
		buf[i] = word_of(seq, i);
}

static int intact(const uint8_t *p, uint64_t seq, uint32_t len)
{
	uint32_t i;

	if (len != length_of(seq))
		return 0;
	for (i = 0; i * 8u < len; i++) {
		uint64_t want = word_of(seq, i), got = 0;
		uint32_t n = len - i * 8u < 8u ? len - i * 8u : 8u;

		memcpy(&got, p + i * 8u, n);
		if (memcmp(&got, &want, n) != 0)
			return 0;
	}
	return 1;
}

static void write_all(struct stream *s)
{
	struct weir_wait how = {.strategy = s->strategy};
	struct weir_ring_writer w;
	uint64_t buf[200], seq = 0, x = 1;

	NEED_OK(weir_ring_writer_attach(&w, s->c.ring, &s->c.table, weir_owner_self(), NULL, NULL));
	while (seq < s->records) {
		uint64_t batch;

		x = x * UINT64_C(6364136223846793005) + 1;
		for (batch = x >> 61; batch-- != 0 && seq < s->records; seq++) {
			uint32_t len = length_of(seq);
			struct weir_ring_room room;
			enum weir_ring_policy policy = s->lossy ? WEIR_RING_LOSSY : WEIR_RING_GATED;

			NEED_OK(weir_ring_claim_wait(&w, len, len, policy, 0, &how, &room));
			fill(buf, seq, len);
			weir_copy_racy(room.ptr, buf, len);
		}
		if (x >> 40 & 0xff)
			weir_ring_commit(&w);
		else if (w.claimed != w.committed) { /* change of mind: written again, the same */
			seq -= w.messages - w.committed_messages;
			weir_ring_abort(&w);
		}
	}
	weir_ring_commit(&w);
	weir_store_release64(&shared->published, w.messages);
	NEED(w.messages == s->records);
	weir_ring_close(&w);
}

static void read_all(struct stream *s, uint32_t index)
{
	struct weir_wait how = {.strategy = s->strategy};
	struct weir_ring_reader r;
	struct weir_ring_view v;
	uint64_t got = 0, copy[200];
	int rc;

	if (s->lossy)
		NEED_OK(weir_ring_reader_attach(&r, s->c.ring, WEIR_RING_OLDEST, 0, NULL));
	else
		NEED_OK(weir_ring_join(&r, s->c.ring, &s->c.table, index, WEIR_RING_OLDEST,
				       weir_owner_self(), NULL));
	proc_set(&shared->ready[index], 1);
	for (;;) {
		rc = weir_ring_poll(&r, &v);
		if (rc == WEIR_EMPTY) {
			weir_ring_deliver(&r, got); /* never wait with something undelivered */
			rc = weir_ring_poll_wait(&r, &v, &how);
		}
		if (rc == WEIR_CLOSED)
			break;
		if (rc == WEIR_LAPPED && s->lossy)
			continue;
		NEED_OK(rc);
		NEED(v.seq == got + r.lost_messages);
		if (s->lossy) {
			rc = weir_ring_copy(&r, &v, copy, sizeof(copy));
			if (rc == WEIR_LAPPED)
				continue;
			NEED_OK(rc);
			NEED(intact((const uint8_t *)copy, v.seq, v.len));
		} else {
			NEED(intact(v.ptr, v.seq, v.len));
			NEED(v.kind == v.len);
			if (got % 64 == 63)
				weir_ring_deliver(&r, got);
		}
		got++;
	}
	NEED(got + r.lost_messages == weir_load_acquire64(&shared->published));
	if (!s->lossy)
		NEED(r.lost_messages == 0 && r.laps == 0 && got == s->records);
	weir_ring_leave(&r, 0);
}

static void reader_process(void *arg)
{
	struct stream *s = arg;

	read_all(s, s->joined);
}

static void *reader_thread(void *arg)
{
	struct stream *s = arg;

	read_all(s, weir_fetch_add32(&s->joined, 1));
	return NULL;
}

static void run(struct stream s)
{
	pthread_t thread[16];
	pid_t pid[16];
	uint32_t i;

	memset(shared, 0, sizeof(*shared));
	channel_open(&s.c, s.lossy ? 16384 : 65536, UINT64_C(0) - 500000, 16);
	for (i = 0; i < s.readers; i++) {
		if (s.threads) {
			NEED(pthread_create(&thread[i], NULL, reader_thread, &s) == 0);
		} else {
			s.joined = i;
			pid[i] = proc_fork(reader_process, &s);
		}
	}
	for (i = 0; i < s.readers; i++)
		proc_until(&shared->ready[i], 1);
	write_all(&s);
	for (i = 0; i < s.readers; i++) {
		if (s.threads)
			NEED(pthread_join(thread[i], NULL) == 0);
		else
			NEED(proc_reap(pid[i]) == 0);
	}
	printf("ok - %s: %u readers, %llu records\n", s.name, s.readers,
	       (unsigned long long)s.records);
	fflush(stdout);
	channel_close(&s.c);
}

int main(void)
{
	uint64_t n = proc_slow() ? 100000000 : 1000000;

	proc_watchdog();
	shared = proc_shared(sizeof(*shared)).ptr;
	run((struct stream){.name = "gated, threads, yield",
			    .records = n,
			    .readers = 2,
			    .threads = 1,
			    .strategy = WEIR_WAIT_YIELD});
	run((struct stream){.name = "gated, processes, park",
			    .records = n,
			    .readers = 2,
			    .strategy = WEIR_WAIT_PARK});
	run((struct stream){.name = "gated, processes, park",
			    .records = n / 10,
			    .readers = 8,
			    .strategy = WEIR_WAIT_PARK});
	run((struct stream){.name = "gated, threads, park",
			    .records = n / 10,
			    .readers = 8,
			    .threads = 1,
			    .strategy = WEIR_WAIT_PARK});
	run((struct stream){.name = "lossy, threads, yield",
			    .records = n,
			    .readers = 2,
			    .threads = 1,
			    .lossy = 1,
			    .strategy = WEIR_WAIT_YIELD});
	run((struct stream){.name = "lossy, processes, yield",
			    .records = n,
			    .readers = 3,
			    .lossy = 1,
			    .strategy = WEIR_WAIT_YIELD});
	return 0;
}
