/* A stage, an authority and two producers as processes of one session. The outputs are exact: in
 * order, each once, none before both inputs have come to it. A producer is killed: its input goes
 * stale and outputs go on without it; another one takes its place, and it is there again. */
#define _GNU_SOURCE

#include "session_proc.h"

#include <weir/codec.h>
#include <weir/join_agent.h>

#define OUT 9u
#define KIND 3u
#define PHASE 200u
#define MS UINT64_C(1000000)

struct board {
	const struct weir_region *region;
	uint32_t goal[3];  /* frames that producer 1, 2 may send; by incarnation */
	uint32_t from[3];  /* where it begins */
	uint32_t epoch[3]; /* of its stream */
	uint32_t policy;   /* the map that the authority holds: 0 none, 1 no timeout, 2 with one */
	uint32_t quit;
};

struct cast {
	struct board *board;
	uint32_t who;
};

static void nap(void)
{
	const struct timespec t = {0, 200000};

	nanosleep(&t, NULL);
}

static struct weir_session *enter(const struct board *b, uint32_t flags)
{
	struct weir_session_options opt = {.struct_size = sizeof(opt), .flags = flags};
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = proc_patience()};
	struct weir_session *s;

	NEED_OK(weir_session_attach_region(&s, b->region, &opt, NULL));
	NEED_OK(weir_session_wait_members(s, 2, &how));
	return s;
}

/* ---- producers ---- */

static void send(struct weir_session *s, const struct weir_codec_message *m)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = proc_patience()};
	uint8_t bytes[64];
	size_t len;

	NEED_OK(weir_codec_encode(m, bytes, sizeof(bytes), &len, NULL));
	NEED_OK(weir_session_send_wait(s, KIND, bytes, (uint32_t)len, &how));
}

static void produce(void *arg)
{
	const struct cast *c = arg;
	struct board *b = c->board;
	struct weir_session *s = enter(b, WEIR_SESSION_QUIET);
	struct weir_codec_message m;
	uint32_t seq = b->from[c->who];

	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_FRAME;
	m.frame.stream = c->who;
	m.frame.epoch = b->epoch[c->who];
	m.frame.meta_version = WEIR_CODEC_NO_META;
	m.frame.time_ns = WEIR_MERGE_TIME_NULL;
	while (weir_load_acquire32(&b->quit) == 0) {
		if (seq == weir_load_acquire32(&b->goal[c->who])) {
			nap();
			continue;
		}
		m.frame.seq = seq++;
		send(s, &m);
		if (seq % 7u == c->who)
			send(s, &m); /* a repeat now and then */
	}
	NEED_OK(weir_session_close(s));
}

/* ---- the authority ---- */

static void open_agent(struct weir_join_agent *a, struct weir_join_agent_config *cfg)
{
	struct weir_span mem;

	NEED_OK(weir_join_agent_bytes(cfg, &mem.len, NULL));
	mem = proc_shared(mem.len);
	NEED_OK(weir_join_agent_init(a, cfg, mem, NULL));
}

static void hold(struct weir_join_agent *a, uint32_t policy)
{
	struct weir_merge_rule r[2] = {weir_merge_rule_offset(1, 0), weir_merge_rule_offset(2, 0)};
	struct weir_merge_map m = weir_merge_map_sequence(OUT, 1, r, 2);

	if (policy == 2)
		m.stale_ns = 20 * MS;
	NEED_OK(weir_join_agent_hold(a, &m, proc_now(), NULL));
}

static void authority(void *arg)
{
	const struct cast *c = arg;
	struct weir_session *s = enter(c->board, 0);
	struct weir_join_agent_config cfg = {.struct_size = sizeof(cfg),
					     .roles = WEIR_JOIN_AGENT_AUTHORITY,
					     .announce_ns = 20 * MS};
	struct weir_transport_session t;
	struct weir_join_agent a;
	uint32_t policy = 0;

	NEED_OK(weir_transport_session_open(&t, s, KIND, 0, NULL));
	cfg.control = t.transport;
	open_agent(&a, &cfg);
	while (weir_load_acquire32(&c->board->quit) == 0) {
		if (weir_load_acquire32(&c->board->policy) != policy) {
			policy = weir_load_acquire32(&c->board->policy);
			hold(&a, policy);
		}
		NEED(weir_join_agent_do_work(&a, proc_now()) >= 0);
		nap();
	}
	NEED(a.stats.announced != 0);
	weir_join_agent_close(&a);
	weir_transport_session_close(&t);
	NEED_OK(weir_session_close(s));
}

/* ---- the stage ---- */

struct stage {
	struct weir_session *s;
	struct weir_transport_session t;
	struct weir_join_agent a;
	uint64_t next;
	uint64_t absent;
	uint32_t maps;
};

static int on_output(void *ctx, struct weir_join_agent *a, const struct weir_join_verdict *v,
		     weir_ns now)
{
	struct stage *st = ctx;
	struct weir_join_input_info info;

	(void)now;
	NEED(v->out == st->next); /* in order, each once */
	NEED(weir_join_input(&a->join, 1, &info) == WEIR_OK && info.sequence >= v->out);
	if (v->count[WEIR_JOIN_RULE_STALE] == 0)
		NEED(weir_join_input(&a->join, 2, &info) == WEIR_OK && info.sequence >= v->out);
	else
		NEED(weir_join_rule(v, 1) == WEIR_JOIN_RULE_STALE);
	st->absent += v->count[WEIR_JOIN_RULE_STALE];
	st->next++;
	return WEIR_JOIN_AGENT_TAKEN;
}

static void on_event(void *ctx, struct weir_join_agent *a, const struct weir_join_agent_event *e)
{
	struct stage *st = ctx;

	(void)a;
	st->maps += e->kind == WEIR_JOIN_AGENT_MAP;
}

static void run_until(struct stage *st, const uint64_t *outputs, uint64_t n, uint32_t maps)
{
	weir_ns end = proc_patience();

	while (*outputs < n || st->maps < maps) {
		weir_ns now = proc_now();

		NEED(now < end);
		if (weir_join_agent_do_work(&st->a, now) == 0)
			nap();
	}
}

static void open_stage(struct stage *st, uint32_t flags)
{
	struct weir_session_config scfg = {.struct_size = sizeof(scfg), .members = 6};
	struct weir_join_config join = {.struct_size = sizeof(join),
					.out = OUT,
					.mode = WEIR_JOIN_SEQUENCE,
					.max_rules = 4};
	struct weir_join_agent_config cfg = {.struct_size = sizeof(cfg),
					     .roles = WEIR_JOIN_AGENT_STAGE,
					     .flags = WEIR_JOIN_AGENT_EPOCH_KNOWN,
					     .epoch = 1,
					     .join = &join,
					     .on_output = on_output,
					     .on_event = on_event,
					     .ctx = st};
	struct weir_error err;

	memset(st, 0, sizeof(*st));
	NEED_OK(weir_session_create(&st->s, NULL, &scfg, NULL, NULL));
	NEED(weir_transport_session_open(&st->t, st->s, 1000000, 0, &err) == -EINVAL);
	NEED(weir_transport_session_open(&st->t, st->s, KIND, 8, &err) == -EINVAL);
	NEED_OK(weir_transport_session_open(&st->t, st->s, KIND, flags, &err));
	cfg.control = st->t.transport;
	open_agent(&st->a, &cfg);
}

static void set_goals(struct board *b, uint32_t one, uint32_t two)
{
	proc_set(&b->goal[1], one);
	proc_set(&b->goal[2], two);
}

static void exact_and_stale(void)
{
	struct board *b = proc_shared(sizeof(*b)).ptr;
	struct stage st;
	struct cast c[3];
	pid_t pid[3];
	uint32_t i;

	open_stage(&st, 0);
	b->region = weir_session_region(st.s);
	b->epoch[1] = b->epoch[2] = 1;
	for (i = 0; i < 3; i++) {
		c[i] = (struct cast){b, i};
		pid[i] = proc_fork(i == 0 ? authority : produce, &c[i]);
	}
	set_goals(b, PHASE, PHASE / 2u); /* frames come before there is a map */
	for (i = 0; i < 20; i++) {
		NEED(weir_join_agent_do_work(&st.a, proc_now()) >= 0);
		nap();
	}
	NEED(st.next == 0 && st.a.stats.requests >= 1);
	proc_set(&b->policy, 1);
	run_until(&st, &st.next, 0, 1);
	set_goals(b, 2u * PHASE, 2u * PHASE);
	run_until(&st, &st.next, 2u * PHASE, 1);
	NEED(st.absent == 0);

	NEED(kill(pid[2], SIGKILL) == 0);
	NEED(proc_reap(pid[2]) == 128 + SIGKILL);
	proc_set(&b->policy, 2);
	run_until(&st, &st.next, 0, 2);
	set_goals(b, 3u * PHASE, 2u * PHASE);
	run_until(&st, &st.next, 3u * PHASE, 2);
	NEED(st.absent == PHASE);

	proc_set(&b->policy, 1);
	run_until(&st, &st.next, 0, 3);
	b->from[2] = 3u * PHASE;
	b->epoch[2] = 2;
	pid[2] = proc_fork(produce, &c[2]);
	set_goals(b, 4u * PHASE, 4u * PHASE);
	run_until(&st, &st.next, 4u * PHASE, 3);
	NEED(st.absent == PHASE && st.next == 4u * PHASE);
	NEED(st.a.stats.outputs == 4u * PHASE && st.a.stats.absent == PHASE);
	NEED(st.a.stats.malformed == 0 && st.t.dropped == 0);

	proc_set(&b->quit, 1);
	for (i = 0; i < 3; i++)
		NEED(proc_reap(pid[i]) == 0);
	weir_join_agent_close(&st.a);
	weir_transport_session_close(&st.t);
	weir_transport_session_close(&st.t);
	NEED_OK(weir_session_close(st.s));
}

/* The application polls the session, and the agent is called from there. */
static void passive(void)
{
	struct board *b = proc_shared(sizeof(*b)).ptr;
	struct stage st;
	struct cast c[3];
	pid_t pid[3];
	uint32_t i;
	int rc;

	open_stage(&st, WEIR_TRANSPORT_PASSIVE);
	b->region = weir_session_region(st.s);
	b->epoch[1] = b->epoch[2] = 1;
	b->policy = 1;
	for (i = 0; i < 3; i++) {
		c[i] = (struct cast){b, i};
		pid[i] = proc_fork(i == 0 ? authority : produce, &c[i]);
	}
	while (st.maps == 0 || st.next < PHASE) {
		weir_ns now = proc_now();

		rc = weir_join_agent_do_work(&st.a, now);
		NEED(rc >= 0);
		if (st.maps != 0)
			set_goals(b, PHASE, PHASE);
		rc = weir_session_poll(st.s, now);
		NEED(rc >= 0);
		if (rc == WEIR_EMPTY)
			nap();
	}
	NEED(st.absent == 0 && st.a.stats.frames >= 2u * PHASE);
	weir_join_agent_close(&st.a); /* what comes now is nobody's */
	set_goals(b, PHASE + 1u, PHASE);
	while (st.t.dropped == 0)
		NEED(weir_session_poll(st.s, proc_now()) >= 0);
	proc_set(&b->quit, 1);
	for (i = 0; i < 3; i++)
		NEED(proc_reap(pid[i]) == 0);
	weir_transport_session_close(&st.t);
	NEED_OK(weir_session_close(st.s));
}

int main(void)
{
	proc_watchdog();
	exact_and_stale();
	passive();
	return 0;
}
