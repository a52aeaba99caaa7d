/* A writer is killed between claim and commit; a reader is killed while it holds a view. The others
 * go on, and know whom they lost. */
#include "proc.h"

static struct {
	uint32_t step; /* what the victim has reached */
	uint32_t go;
} * shared;

static struct channel ch;

static void park_here(uint32_t step)
{
	proc_set(&shared->step, step);
	for (;;)
		pause();
}

static void kill_and_reap(pid_t pid)
{
	NEED(kill(pid, SIGKILL) == 0);
	NEED(proc_reap(pid) == 128 + SIGKILL);
}

static uint64_t payload(uint64_t seq)
{
	return seq * UINT64_C(0x9e3779b97f4a7c15);
}

static void send_one(struct weir_ring_writer *w)
{
	uint64_t v = payload(w->messages);

	NEED_OK(weir_ring_send(w, 1, &v, sizeof(v), WEIR_RING_GATED));
}

static void writer_dies(void *arg)
{
	struct weir_ring_writer w;
	struct weir_ring_room room;
	int i;

	(void)arg;
	NEED_OK(weir_ring_writer_attach(&w, ch.ring, &ch.table, weir_owner_self(), NULL, NULL));
	for (i = 0; i < 100; i++)
		send_one(&w);
	NEED_OK(weir_ring_claim(&w, 1, 8, WEIR_RING_GATED, &room));
	memset(room.ptr, 0xff, 8);
	NEED_OK(weir_ring_claim(&w, 1, 400, WEIR_RING_GATED, &room));
	memset(room.ptr, 0xff, 300);
	park_here(1);
}

static void writer_between_claim_and_commit(void)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK};
	struct weir_ring_reader r;
	struct weir_ring_view v;
	struct weir_ring_writer w;
	struct weir_error e;
	uint64_t i;
	pid_t pid;

	channel_open(&ch, 4096, 0, 2);
	shared->step = 0;
	pid = proc_fork(writer_dies, NULL);
	NEED_OK(weir_ring_join(&r, ch.ring, &ch.table, 0, WEIR_RING_OLDEST, weir_owner_self(),
			       NULL));
	proc_until(&shared->step, 1);
	/* stopped is not dead */
	NEED(kill(pid, SIGSTOP) == 0);
	NEED(weir_ring_writer_attach(&w, ch.ring, &ch.table, weir_owner_self(), NULL, &e) ==
	     -EBUSY);
	NEED(e.value == (uint64_t)pid);
	for (i = 0; i < 100; i++) {
		uint64_t got;

		NEED_OK(weir_ring_poll_wait(&r, &v, &how));
		memcpy(&got, v.ptr, sizeof(got));
		NEED(v.seq == i && got == payload(i));
	}
	weir_ring_deliver(&r, 1);
	how.deadline = proc_now() + 60000000;
	NEED(weir_ring_poll_wait(&r, &v, &how) == -ETIMEDOUT);
	NEED(proc_now() >= how.deadline);
	kill_and_reap(pid);
	how.deadline = 0;
	NEED(weir_ring_poll_wait(&r, &v, &how) == -EOWNERDEAD);
	NEED(weir_ring_writer_attach(&w, ch.ring, &ch.table, weir_owner_self(), NULL, &e) ==
	     WEIR_RECOVERED);
	NEED(w.messages == 100);
	for (i = 100; i < 3000; i++) { /* the sequence has no gap, through many laps */
		uint64_t got;

		send_one(&w);
		NEED_OK(weir_ring_poll_wait(&r, &v, &how));
		memcpy(&got, v.ptr, sizeof(got));
		NEED(v.seq == i && got == payload(i));
		weir_ring_deliver(&r, 1);
	}
	weir_ring_leave(&r, 1);
	weir_ring_close(&w);
	channel_close(&ch);
}

/* A zombie is dead: the successor need not wait for its parent. */
static void writer_is_a_zombie(void)
{
	struct weir_ring_writer w;
	siginfo_t info;
	pid_t pid;

	channel_open(&ch, 4096, 0, 2);
	shared->step = 0;
	pid = proc_fork(writer_dies, NULL);
	proc_until(&shared->step, 1);
	NEED(kill(pid, SIGKILL) == 0);
	NEED(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0);
	NEED(weir_ring_writer_attach(&w, ch.ring, &ch.table, weir_owner_self(), NULL, NULL) ==
	     WEIR_RECOVERED);
	NEED(proc_reap(pid) == 128 + SIGKILL);
	weir_ring_writer_detach(&w);
	channel_close(&ch);
}

static void reader_dies(void *arg)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK};
	struct weir_ring_reader r;
	struct weir_ring_view v;

	(void)arg;
	NEED_OK(weir_ring_join(&r, ch.ring, &ch.table, 1, WEIR_RING_OLDEST, weir_owner_self(),
			       NULL));
	weir_ring_deliver(&r, 1);
	proc_set(&shared->step, 1);
	NEED_OK(weir_ring_poll_wait(&r, &v, &how));
	park_here(2); /* holds a view, and with it the ring */
}

static void reader_holding_a_view(void)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK};
	struct weir_ring_writer w;
	struct weir_ring_reader r;
	struct weir_ring_view v;
	struct weir_ring_room room;
	struct weir_drain d;
	struct weir_drain_target t[2];
	struct weir_progress_record rec;
	uint64_t i;
	pid_t pid;

	channel_open(&ch, 4096, 0, 2);
	shared->step = 0;
	NEED_OK(weir_ring_writer_attach(&w, ch.ring, &ch.table, weir_owner_self(), NULL, NULL));
	NEED_OK(weir_ring_join(&r, ch.ring, &ch.table, 0, WEIR_RING_OLDEST, weir_owner_self(),
			       NULL));
	pid = proc_fork(reader_dies, NULL);
	proc_until(&shared->step, 1);
	send_one(&w);
	proc_until(&shared->step, 2);
	weir_drain_init(&d, t, 2, 0);
	NEED_OK(weir_drain_add(&d, &ch.table, 1, weir_ring_writer_leading(&w), 0));
	for (i = 1; weir_ring_claim(&w, 1, 8, WEIR_RING_GATED, &room) == WEIR_OK; i++) {
		weir_ring_abort(&w);
		send_one(&w);
		NEED_OK(weir_ring_poll(&r, &v));
		weir_ring_deliver(&r, 1);
	}
	/* alive, if slow: the gated writer waits, and so does the drain */
	how.deadline = proc_now() + 60000000;
	NEED(weir_ring_claim_wait(&w, 1, 8, WEIR_RING_GATED, 0, &how, &room) == -ETIMEDOUT);
	how.deadline = proc_now() + 60000000;
	NEED(weir_drain_wait(&d, NULL, 0, &how) == -ETIMEDOUT);
	NEED(d.open == 1 && t[0].slot == 1 && t[0].remaining == 16);
	kill_and_reap(pid);
	how.deadline = 0;
	NEED(weir_drain_wait(&d, NULL, 0, &how) == -EOWNERDEAD);
	NEED(t[0].why == WEIR_DRAIN_DIED && weir_owner_pid(t[0].owner) == (uint32_t)pid);
	/* the writer finds it dead, frees its slot, and goes on */
	NEED_OK(weir_ring_claim_wait(&w, 1, 8, WEIR_RING_GATED, 0, &how, &room));
	weir_ring_abort(&w);
	NEED_OK(weir_progress_read(&ch.table, 1, &rec));
	NEED(rec.state == WEIR_PROGRESS_DEAD && rec.owner == 0);
	while (weir_ring_poll(&r, &v) == WEIR_OK) /* the other reader missed nothing */
		;
	NEED(r.lost_messages == 0 && r.seq == w.messages);
	weir_ring_leave(&r, 1);
	weir_ring_close(&w);
	channel_close(&ch);
}

/* Evicted after patience, in real time, while stopped; finds out when it goes on. */
static void reader_stopped_and_evicted(void)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK};
	struct weir_ring_writer w;
	struct weir_ring_room room;
	struct weir_progress_record rec;
	weir_ns before;
	pid_t pid;

	channel_open(&ch, 4096, 0, 2);
	shared->step = 0;
	NEED_OK(weir_ring_writer_attach(&w, ch.ring, &ch.table, weir_owner_self(), NULL, NULL));
	pid = proc_fork(reader_dies, NULL);
	proc_until(&shared->step, 1);
	send_one(&w);
	proc_until(&shared->step, 2);
	NEED(kill(pid, SIGSTOP) == 0);
	while (weir_ring_claim(&w, 1, 8, WEIR_RING_GATED, &room) == WEIR_OK) {
		weir_ring_abort(&w);
		send_one(&w);
	}
	before = proc_now();
	NEED_OK(weir_ring_claim_wait(&w, 1, 8, WEIR_RING_EVICT, 30000000, &how, &room));
	NEED(proc_now() - before >= 30000000); /* not early */
	NEED_OK(weir_progress_read(&ch.table, 1, &rec));
	NEED(rec.evicted == 1 && rec.state == WEIR_PROGRESS_ACTIVE);
	weir_ring_commit(&w);
	kill_and_reap(pid);
	weir_ring_close(&w);
	channel_close(&ch);
}

int main(void)
{
	proc_watchdog();
	shared = proc_shared(4096).ptr;
	writer_between_claim_and_commit();
	writer_is_a_zombie();
	reader_holding_a_view();
	reader_stopped_and_evicted();
	printf("ok - deaths\n");
	return 0;
}
