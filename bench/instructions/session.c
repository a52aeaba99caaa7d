/*
 * Sessions: all members on one thread. The time handed to the polls stands still, so the look at who
 * is alive is in none of them, and nobody sleeps: no system call is in any row.
 */
#include <string.h>

#include <weir/session.h>
#include <weir/watch.h>

#include "cases.h"

#define MEMBERS 9u

static struct weir_session *session[MEMBERS];
static uint32_t members, barrier;
static uint64_t handled;
static weir_ns now;

static int handle(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	(void)ctx;
	(void)s;
	handled += m->len;
	return 0;
}

static int handle_run(void *ctx, struct weir_session *s, const struct weir_session_msg *m, uint32_t n,
		      uint64_t stride)
{
	(void)ctx;
	(void)s;
	(void)stride;
	handled += n * (uint64_t)m->len;
	return 0;
}

static void settle(void)
{
	uint32_t i, busy;

	do
		for (i = busy = 0; i < members; i++)
			busy += weir_session_poll(session[i], now) == WEIR_OK;
	while (busy);
}

/* A session of `size` members, of which each has a slot. */
static void set(uint32_t size, uint64_t rounds)
{
	struct weir_session_options opt;
	struct weir_session_config cfg;
	uint32_t i;

	(void)rounds;
	while (members != 0)
		COUNT_MUST(weir_session_close(session[--members]) == WEIR_OK);
	memset(&cfg, 0, sizeof(cfg));
	memset(&opt, 0, sizeof(opt));
	cfg.struct_size = sizeof(cfg);
	cfg.members = size;
	cfg.barriers = 1;
	cfg.ring_capacity = 256u << 10;
	opt.struct_size = sizeof(opt);
	COUNT_MUST(weir_session_create(&session[0], NULL, &cfg, &opt, NULL) == WEIR_OK);
	for (i = 1; i < size; i++)
		COUNT_MUST(weir_session_attach_region(&session[i], weir_session_region(session[0]),
						      &opt, NULL) == WEIR_OK);
	members = size;
	now = weir_session_next_ns(session[0]);
	settle();
	settle();
	COUNT_MUST(weir_session_members(session[0]) == size);
	for (i = 0; i < size; i++)
		COUNT_MUST(weir_session_on(session[i], 1, handle, NULL) == WEIR_OK &&
			   weir_session_barrier_open(session[i], "b", &barrier, NULL) == WEIR_OK);
}

static void idle_of(uint32_t which, uint64_t rounds)
{
	uint64_t i;

	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_session_poll(session[which], now) == WEIR_EMPTY);
}

static void idle(uint32_t size, uint64_t rounds)
{
	(void)size;
	idle_of(0, rounds);
}

static void idle_member(uint32_t size, uint64_t rounds)
{
	(void)size;
	idle_of(1, rounds);
}

static void send(uint32_t size, uint64_t rounds)
{
	uint64_t word[8] = {0}, i;

	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_session_send(session[size - 1], 1, word, sizeof(word)) == WEIR_OK);
}

/* 32 messages of the member's to the coordinator's handler, per round. */
static void set_sent(uint32_t size, uint64_t rounds)
{
	set(size, rounds);
	send(size, 32 * rounds);
}

static void set_sent_runs(uint32_t size, uint64_t rounds)
{
	set_sent(size, rounds);
	COUNT_MUST(weir_session_on_run(session[0], 1, handle_run, NULL) == WEIR_OK);
}

static void serve(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	handled = 0;
	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_session_poll(session[0], now) == WEIR_OK);
	COUNT_MUST(handled == rounds * 32 * 64);
}

static void meet(uint32_t size, uint64_t rounds, enum weir_barrier_mode mode, uint32_t burst)
{
	uint64_t i;
	uint32_t k;
	int rc;

	for (i = 0; i < rounds; i++) {
		send(size, burst);
		for (k = 0; k < size; k++)
			COUNT_MUST(weir_session_barrier_begin(session[k], barrier, mode,
							      WEIR_BARRIER_FAIL,
							      WEIR_NS_NEVER) == WEIR_OK);
		for (k = 0; k < size;) {
			rc = weir_session_barrier_test(session[k], barrier, NULL);
			COUNT_MUST(rc == WEIR_OK || rc == WEIR_PENDING);
			if (rc == WEIR_OK)
				k++;
			else
				COUNT_MUST(weir_session_poll(session[0], now) >= 0 &&
					   weir_session_poll(session[size - 1], now) >= 0);
		}
	}
}

static void rendezvous(uint32_t size, uint64_t rounds)
{
	meet(size, rounds, WEIR_BARRIER_RENDEZVOUS, 0);
}

static void fence(uint32_t size, uint64_t rounds)
{
	meet(size, rounds, WEIR_BARRIER_DELIVERY, 1);
}

static void counters(uint32_t size, uint64_t rounds)
{
	struct weir_session_stats st;
	uint64_t i;

	(void)size;
	st.struct_size = sizeof(st);
	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_session_read_stats(session[0], &st) == WEIR_OK);
}

static void look(uint32_t size, uint64_t rounds)
{
	struct weir_watch_session out;
	struct weir_watch w;
	uint64_t i;

	(void)size;
	COUNT_MUST(weir_watch_open(&w, weir_session_region(session[0]), NULL) == WEIR_OK);
	for (i = 0; i < rounds; i++) {
		weir_watch_read_session(&w, &out);
		COUNT_MUST(out.active == 2);
	}
}

static const struct count_case cases[] = {
	{"session poll idle/2", "the coordinator's poll, 2 members that are still", set, idle, 2, 1,
	 64},
	{"session poll idle/8", "of 8", set, idle, 8, 1, 64},
	{"session poll idle member/8", "a member's poll, of 8", set, idle_member, 8, 1, 64},
	{"session send 64 B/1", "a message to 1 listener", set, send, 2, 1, 512},
	{"session send 64 B/8", "a message to 8", set, send, 9, 1, 512},
	{"session serve 32", "a message of 64 B given to its handler, one of 32 of a poll",
	 set_sent, serve, 2, 32, 16},
	{"session serve runs 32", "a handler of runs instead", set_sent_runs, serve, 2, 32, 16},
	{"session rendezvous/2", "a generation of 2, polls and all", set, rendezvous, 2, 1, 32},
	{"session fence/2", "a delivery fence of 2 after one message, polls and all", set, fence, 2,
	 1, 32},
	{"session read_stats", "the counters of one participant", set, counters, 2, 1, 64},
	{"watch read_session", "a session looked at from outside", set, look, 2, 1, 64},
};
const struct count_table count_session = COUNT_TABLE(cases);
