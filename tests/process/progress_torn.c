/* A publisher at full speed, readers that check a relation between all words of every snapshot they
 * are given: a torn record would break it. Threads, so that ThreadSanitizer sees it too, and
 * processes. */
#include "proc.h"

static struct weir_progress table;
static uint32_t *stop;	 /* the publisher has finished */
static uint32_t *enough; /* the reader has seen this many different records: it was there */

static void publish_all_day(void *arg)
{
	struct weir_progress_writer w;
	uint64_t k = 0, n = proc_slow() ? 200000000 : 4000000;

	(void)arg;
	NEED_OK(weir_progress_claim(&table, 0, weir_owner_self(), 0, 0, &w, NULL));
	weir_progress_publish(&w, 0, 0, 0, 0);
	while (k < n || weir_load_acquire32(enough) == 0) {
		k++;
		if (k % 1024 == 0) { /* the out-of-line form, with losses */
			w.delivered = k * 3;
			w.observed = k * 5;
			w.sequence = k * 7;
			w.lost_bytes = k / 1024;
			w.lost_messages = k / 1024 * 2;
			weir_progress_publish_all(&w, k * 11);
		} else {
			weir_progress_publish(&w, k * 3, k * 5, k * 7, k * 11);
		}
	}
	proc_set(stop, 1);
	weir_progress_stop(&w, k * 11);
}

static void look_all_day(void)
{
	struct weir_progress_record r;
	uint64_t seen = 0, last = 0, epoch = 0, k;

	while (weir_load_acquire32(stop) == 0) {
		int rc = weir_progress_read(&table, 0, &r);

		if (rc == -EAGAIN)
			continue;
		NEED_OK(rc);
		k = r.sequence / 7;
		NEED(r.delivered == k * 3 && r.observed == k * 5 && r.sequence == k * 7);
		NEED(r.stamp == k * 11 && r.lost_bytes == k / 1024 &&
		     r.lost_messages == k / 1024 * 2);
		if (r.epoch !=
		    epoch) { /* the publisher of the phase before has left its last one */
			epoch = r.epoch;
			last = 0;
		}
		NEED(k >= last); /* and time does not run backwards */
		seen += k != last;
		last = k;
		if (seen == 1000)
			proc_set(enough, 1);
	}
}

static void *publisher_thread(void *arg)
{
	publish_all_day(arg);
	return NULL;
}

static void *reader_thread(void *arg)
{
	(void)arg;
	look_all_day();
	return NULL;
}

static void reader_process(void *arg)
{
	(void)arg;
	look_all_day();
}

int main(void)
{
	struct weir_span mem;
	pthread_t thread[2];
	pid_t pid;
	size_t n;

	proc_watchdog();
	NEED_OK(weir_progress_bytes(2, &n, NULL));
	mem = proc_shared(n);
	NEED_OK(weir_progress_format(mem, 2, NULL));
	NEED_OK(weir_progress_attach(&table, mem, NULL));
	stop = proc_shared(2 * sizeof(*stop)).ptr;
	enough = stop + 1;
	NEED(pthread_create(&thread[0], NULL, reader_thread, NULL) == 0);
	NEED(pthread_create(&thread[1], NULL, publisher_thread, NULL) == 0);
	NEED(pthread_join(thread[1], NULL) == 0 && pthread_join(thread[0], NULL) == 0);
	proc_set(stop, 0);
	proc_set(enough, 0);
	pid = proc_fork(reader_process, NULL);
	publish_all_day(NULL);
	NEED(proc_reap(pid) == 0);
	printf("ok - no torn record\n");
	return 0;
}
