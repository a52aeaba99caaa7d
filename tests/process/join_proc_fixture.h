/* join_proc_fixture.h - what the process tests of a whole join share: producers and viewers with
 * their leases, an authority and a stage. join_proc_scene.h has the driver. */
#ifndef WEIR_JOIN_PROC_FIXTURE_H
#define WEIR_JOIN_PROC_FIXTURE_H

#include "session_proc.h"

#include <sys/prctl.h>

#include <weir/driver_agent.h>
#include <weir/join_agent.h>
#include <weir/lease.h>

#define OUT 9u
#define KIND 3u
#define MS UINT64_C(1000000)
#define ACTORS 8u

/* What the processes of one test tell each other besides messages. */
struct board {
	const struct weir_region *region;
	uint32_t goal[3]; /* frames that the producer of stream 1, 2 may send */
	uint32_t map;	  /* which one the authority holds; 0: none */
	uint32_t held;	  /* which one it does hold */
	uint32_t quit;
	uint32_t attached[ACTORS], refused[ACTORS]; /* by who */
	/* of the stage, after each of its cycles */
	uint32_t outputs, requests, maps, ended, old;
	uint32_t heard[3]; /* the newest frame of stream 1, 2: its sequence + 1 */
	uint64_t epoch[3]; /* that of its map, or 0; the newest of stream 1, 2 */
};

/* Somebody on the session: a lease, and perhaps an agent. */
struct actor {
	struct board *board;
	uint32_t who, stream, role;
	/* what a test asks of it, set before it starts; all may be 0 */
	uint32_t burst;	     /* frames that it sends in a cycle; 0: one */
	weir_ns announce_ns; /* of an authority; 0: 20 ms */
	void *data;
	void (*opened)(struct actor *a);
	void (*fill)(struct actor *a, struct weir_codec_frame *f);
	void (*heard)(struct actor *a, const struct weir_codec_message *m, weir_ns now);
	void (*map_of)(uint32_t which, struct weir_merge_map *m, struct weir_merge_rule r[2]);
	/* its own */
	struct weir_session *session;
	struct weir_transport_session t;
	struct weir_transport deaf; /* sends; messages come by weir_join_agent_message() */
	struct weir_lease lease;
	struct weir_join_agent agent;
	int has_agent;
	uint64_t out_epoch;
	uint64_t next, next_epoch; /* output */
	uint32_t frames[3];	   /* heard */
	uint64_t epochs[3];
};

static inline void nap(void)
{
	const struct timespec t = {0, 200000};

	nanosleep(&t, NULL);
}

static inline void lease_step(struct actor *a, uint32_t kind, const struct weir_codec_message *m,
			      weir_ns now)
{
	struct weir_lease_event e = {.kind = kind, .message = m};
	struct weir_lease_action act[WEIR_LEASE_ACTIONS_MAX];
	uint8_t bytes[128];
	uint32_t i, n;
	size_t len;

	NEED_OK(weir_lease_step(&a->lease, &e, now, act, WEIR_LEASE_ACTIONS_MAX, &n));
	for (i = 0; i < n; i++) {
		if (act[i].kind == WEIR_LEASE_REFUSED)
			proc_set(&a->board->refused[a->who], a->board->refused[a->who] + 1);
		if (act[i].kind != WEIR_LEASE_SEND)
			continue;
		NEED_OK(weir_codec_encode(&act[i].message, bytes, sizeof(bytes), &len, NULL));
		NEED(a->t.transport.offer(a->t.transport.ctx, bytes, len) >= 0);
	}
	proc_set(&a->board->attached[a->who], a->lease.state == WEIR_LEASE_ATTACHED);
}

static inline void note_epoch(struct actor *a, uint32_t stream, uint64_t epoch)
{
	if (epoch <= a->epochs[stream])
		return;
	a->epochs[stream] = epoch;
	a->frames[stream] = 0;
}

/* How far streams have come, in their newest epoch. */
static inline void note(struct actor *a, const struct weir_codec_message *m)
{
	uint32_t stream = m->kind == WEIR_CODEC_POOL ? m->pool.stream : m->frame.stream;

	if ((m->kind != WEIR_CODEC_POOL && m->kind != WEIR_CODEC_FRAME) || stream == 0 ||
	    stream > 2)
		return;
	note_epoch(a, stream, m->kind == WEIR_CODEC_POOL ? m->pool.epoch : m->frame.epoch);
	if (m->kind == WEIR_CODEC_FRAME && m->frame.epoch == a->epochs[stream])
		a->frames[stream] = (uint32_t)m->frame.seq + 1u;
}

static inline void hear(void *ctx, const void *buf, size_t len, weir_ns now)
{
	struct actor *a = ctx;
	struct weir_codec_message m;
	uint32_t accept = WEIR_CODEC_ALL & ~WEIR_CODEC_MERGE;

	int known = weir_codec_decode(buf, len, accept, NULL, 0, &m) == WEIR_CODEC_OK;

	if (known) {
		lease_step(a, WEIR_LEASE_MESSAGE, &m, now);
		if (m.kind == WEIR_CODEC_POOL && m.pool.stream == OUT)
			a->out_epoch = m.pool.epoch;
		note(a, &m);
	}
	if (a->has_agent)
		NEED_OK(weir_join_agent_message(&a->agent, buf, len, now));
	if (known && a->heard != NULL)
		a->heard(a, &m, now);
}

static inline void enter(struct actor *a)
{
	struct weir_session_options opt = {.struct_size = sizeof(opt)};
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = proc_patience()};
	struct weir_lease_config c = {.struct_size = sizeof(c),
				      .stream = a->stream,
				      .client = 100 + a->who,
				      .role = a->role,
				      .publish_mode = WEIR_CODEC_NO_MODE,
				      .node = WEIR_CODEC_NO_U32,
				      .keepalive_ns = 50 * MS,
				      .timeout_ns = WEIR_NS_NEVER,
				      .retry_ns = 5 * MS,
				      .retry_max_ns = 20 * MS,
				      .silence_ns = WEIR_NS_NEVER,
				      .correlation = (int64_t)getpid() << 20};

	NEED(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0); /* a test that fails leaves nobody */
	NEED_OK(weir_session_attach_region(&a->session, a->board->region, &opt, NULL));
	NEED_OK(weir_session_wait_members(a->session, 2, &how));
	NEED_OK(weir_transport_session_open(&a->t, a->session, KIND, 0, NULL));
	if (a->opened != NULL)
		a->opened(a);
	NEED_OK(weir_lease_init(&a->lease, &c, proc_now(), NULL));
	lease_step(a, WEIR_LEASE_START, NULL, proc_now());
}

static inline int work(struct actor *a)
{
	weir_ns now = proc_now();

	NEED(a->t.transport.poll(a->t.transport.ctx, hear, a, 64, now) >= 0);
	lease_step(a, WEIR_LEASE_TICK, NULL, now);
	if (a->has_agent)
		NEED(weir_join_agent_do_work(&a->agent, now) >= 0);
	nap();
	return weir_load_acquire32(&a->board->quit) == 0;
}

static inline void leave(struct actor *a)
{
	if (a->has_agent)
		weir_join_agent_close(&a->agent);
	weir_transport_session_close(&a->t);
	NEED_OK(weir_session_close(a->session));
}

/* ---- roles ---- */

static inline int may_send(const struct actor *a, uint32_t seq)
{
	return a->role == WEIR_CODEC_ROLE_PRODUCER && a->lease.state == WEIR_LEASE_ATTACHED &&
	       seq < weir_load_acquire32(&a->board->goal[a->stream]);
}

static inline void participant(void *arg)
{
	struct actor *a = arg;
	struct weir_codec_message m;
	uint8_t bytes[64];
	size_t len;
	uint32_t seq = 0, n;

	enter(a);
	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_FRAME;
	m.frame.stream = a->stream;
	m.frame.meta_version = WEIR_CODEC_NO_META;
	m.frame.time_ns = WEIR_MERGE_TIME_NULL;
	while (work(a)) {
		n = a->burst != 0 ? a->burst : 1;
		for (; n > 0 && may_send(a, seq); n--) {
			m.frame.epoch = a->lease.epoch;
			m.frame.seq = seq;
			if (a->fill != NULL)
				a->fill(a, &m.frame);
			NEED_OK(weir_codec_encode(&m, bytes, sizeof(bytes), &len, NULL));
			seq += a->t.transport.offer(a->t.transport.ctx, bytes, len) == WEIR_OK;
		}
	}
	leave(a);
}

static inline int no_poll(void *ctx, weir_transport_fn fn, void *fn_ctx, uint32_t limit,
			  weir_ns now)
{
	(void)ctx, (void)fn, (void)fn_ctx, (void)limit, (void)now;
	return 0;
}

static inline void open_agent(struct actor *a, struct weir_join_agent_config *cfg)
{
	struct weir_span mem;

	a->deaf = a->t.transport;
	a->deaf.poll = no_poll;
	cfg->control = a->deaf;
	cfg->ctx = a;
	NEED_OK(weir_join_agent_bytes(cfg, &mem.len, NULL));
	mem = proc_shared(mem.len);
	NEED_OK(weir_join_agent_init(&a->agent, cfg, mem, NULL));
	a->has_agent = 1;
}

static inline void pair_map(uint32_t which, struct weir_merge_map *m, struct weir_merge_rule r[2])
{
	(void)which;
	r[0] = weir_merge_rule_offset(1, 0);
	r[1] = weir_merge_rule_offset(2, 0);
	*m = weir_merge_map_sequence(OUT, 1, r, 2);
}

/* Holds the map that the board asks for, in the newest epoch of the output. */
static inline void authority(void *arg)
{
	struct actor *a = arg;
	struct weir_merge_rule r[2];
	struct weir_join_agent_config cfg = {.struct_size = sizeof(cfg),
					     .roles = WEIR_JOIN_AGENT_AUTHORITY,
					     .announce_ns = a->announce_ns != 0 ? a->announce_ns
										: 20 * MS};
	struct weir_merge_map m = {0};
	uint32_t which = 0;

	enter(a);
	open_agent(a, &cfg);
	while (work(a)) {
		uint32_t wanted = weir_load_acquire32(&a->board->map);

		if (wanted == which && (wanted == 0 || a->out_epoch == m.epoch)) {
			proc_set(&a->board->held, which); /* and announced, since it worked */
			continue;
		}
		if (which != 0)
			NEED_OK(weir_join_agent_release(&a->agent, (enum weir_merge_kind)m.kind,
							OUT, m.epoch));
		which = a->out_epoch != 0 ? wanted : 0;
		if (which != 0) {
			(a->map_of != NULL ? a->map_of : pair_map)(which, &m, r);
			m.epoch = a->out_epoch;
			NEED_OK(weir_join_agent_hold(&a->agent, &m, proc_now(), NULL));
		}
	}
	leave(a);
}

/* The rest of a stage: it has a role, an output and a callback. */
static inline void run_stage(struct actor *a, struct weir_join_config *join,
			     struct weir_join_agent_config *cfg)
{
	struct board *b = a->board;
	uint32_t i;
	int more;

	join->struct_size = sizeof(*join);
	join->out = OUT;
	join->max_rules = 4;
	cfg->struct_size = sizeof(*cfg);
	cfg->roles |= WEIR_JOIN_AGENT_STAGE;
	cfg->outputs = 4096; /* all that are ready, in one cycle */
	cfg->join = join;
	enter(a);
	open_agent(a, cfg);
	do {
		more = work(a);
		proc_set(&b->requests, (uint32_t)a->agent.stats.requests);
		proc_set(&b->maps, (uint32_t)a->agent.stats.maps);
		proc_set(&b->ended, (uint32_t)a->agent.stats.maps_ended);
		proc_set(&b->old, (uint32_t)a->agent.stats.old_frames);
		weir_store_release64(&b->epoch[0], a->agent.join.state == WEIR_JOIN_STATUS_OK
							   ? a->agent.join.map.epoch
							   : 0);
		for (i = 1; i < 3; i++) {
			weir_store_release64(&b->epoch[i], a->epochs[i]);
			proc_set(&b->heard[i], a->frames[i]);
		}
	} while (more);
	leave(a);
}

#endif
