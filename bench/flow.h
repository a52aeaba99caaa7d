/* bench/flow.h - messages at a fixed rate: the loops of both sides of any transport. C and C++. */
#ifndef BENCH_FLOW_H
#define BENCH_FLOW_H

#include "latency.h"
#include "pace.h"

/*
 * An open loop. A message carries when it was due and when its sending began. Response time runs
 * from due to seen, service time from sent to seen: what lies between them is the time that the message
 * stood in line before its sender, behind those that could not go out earlier. A sender that was held
 * up sends what has become due at once; it neither skips a message nor moves the schedule, so a stall
 * is in the response time of every message that it delayed.
 *
 * put() waits until the message is in, take() looks once: 1 there was one, 0 there was none, -1 give
 * up.
 */
struct flow_stamp { /* the second and the third word of the message */
	uint64_t due, sent;
};

typedef int (*flow_put_fn)(struct role *me, void *end, uint64_t seq, const struct flow_stamp *s);
typedef int (*flow_take_fn)(struct role *me, void *end, uint64_t seq, struct flow_stamp *s);

#define FLOW_BYTES 64u	    /* a message */
#define FLOW_LEAD_NS 20000u /* from the start until the first message is due */

#ifndef FLOW_CLOCK /* a test has one of its own */
#define FLOW_CLOCK() clock_ns()
#endif

/* CPUs' clocks may be a few ns apart; nothing is seen before it was sent. */
BENCH_INLINE uint64_t flow_between(uint64_t from, uint64_t to)
{
	return (int64_t)(to - from) > 0 ? to - from : 0;
}

BENCH_INLINE void flow_account(struct latency_pair *pair, const struct flow_stamp *s, uint64_t seen)
{
	hist_record(&pair->response, flow_between(s->due, seen));
	hist_record(&pair->service, flow_between(s->sent, seen));
}

BENCH_INLINE int flow_send(struct role *me, flow_put_fn put, void *end)
{
	struct flow_stamp s;
	struct pace pace;
	uint64_t i;

	if (role_start(me) != 0)
		return -1;
	pace_start(&pace, FLOW_CLOCK() + FLOW_LEAD_NS, me->b->rate);
	for (i = 0; i < me->n; i++) {
		s.due = pace.due;
		while ((s.sent = FLOW_CLOCK()) < s.due)
			if (role_spin(me) != 0)
				return -1;
		if (put(me, end, i, &s) != 0)
			return -1;
		pace_next(&pace);
	}
	role_done(me, i);
	return 0;
}

BENCH_INLINE int flow_receive(struct role *me, flow_take_fn take, void *end)
{
	struct flow_stamp s = {0, 0};
	uint64_t i = 0, seen = 0;
	int rc;

	if (role_start(me) != 0)
		return -1;
	while (i < me->n) {
		rc = take(me, end, i, &s);
		if (BENCH_UNLIKELY(rc < 0 || (rc == 0 && role_idle(me) != 0)))
			return -1;
		if (rc == 0)
			continue;
		seen = FLOW_CLOCK();
		flow_account(me->latency, &s, seen);
		if (i++ == 0)
			me->latency->from = s.due;
	}
	me->latency->until = seen;
	role_done(me, i);
	return 0;
}

#endif
