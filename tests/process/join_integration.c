/* A driver, two producers, an authority, a stage and a viewer as processes of one session. A viewer
 * of the gated output is refused until both producers have attached; there is no output without a
 * map, and with one exactly those that both inputs reach; a second producer is refused, and changes
 * nothing; one that is killed loses its lease, and its stream is announced in a higher epoch, before
 * another may take its place; a driver that goes and comes back has everybody attach again, and there
 * is no output before a fresh map. */
#define _GNU_SOURCE

#include "session_proc.h"

#include <weir/driver_agent.h>
#include <weir/join_agent.h>
#include <weir/lease.h>

#define OUT 9u
#define KIND 3u
#define MS UINT64_C(1000000)

struct board {
	const struct weir_region *region;
	uint32_t goal[3]; /* frames that the producer of stream 1, 2 may send */
	uint32_t map, quit;
	uint32_t attached[8], refused[8]; /* by who */
	uint32_t outputs, requests, maps;
};

/* Somebody on the session: a lease, and perhaps an agent. */
struct actor {
	struct board *board;
	uint32_t who, stream, role;
	struct weir_session *session;
	struct weir_transport_session t;
	struct weir_transport deaf; /* sends; messages come by weir_join_agent_message() */
	struct weir_lease lease;
	struct weir_join_agent agent;
	int has_agent;
	uint64_t out_epoch;
	uint64_t next, next_epoch; /* output */
};

static void nap(void)
{
	const struct timespec t = {0, 200000};

	nanosleep(&t, NULL);
}

static void lease_step(struct actor *a, uint32_t kind, const struct weir_codec_message *m,
		       weir_ns now)
{
	struct weir_lease_event e = {.kind = kind, .message = m};
	struct weir_lease_action act[WEIR_LEASE_ACTIONS_MAX];
	uint8_t bytes[128];
	uint32_t i, n;
	size_t len;

	NEED(weir_lease_step(&a->lease, &e, now, act, WEIR_LEASE_ACTIONS_MAX, &n) == WEIR_OK);
	for (i = 0; i < n; i++) {
		if (act[i].kind == WEIR_LEASE_REFUSED)
			proc_set(&a->board->refused[a->who], a->board->refused[a->who] + 1);
		if (act[i].kind != WEIR_LEASE_SEND)
			continue;
		NEED(weir_codec_encode(&act[i].message, bytes, sizeof(bytes), &len, NULL) ==
		     WEIR_OK);
		NEED(a->t.transport.offer(a->t.transport.ctx, bytes, len) >= 0);
	}
	proc_set(&a->board->attached[a->who], a->lease.state == WEIR_LEASE_ATTACHED);
}

static void hear(void *ctx, const void *buf, size_t len, weir_ns now)
{
	struct actor *a = ctx;
	struct weir_codec_message m;
	uint32_t accept = WEIR_CODEC_ALL & ~WEIR_CODEC_MERGE;

	if (weir_codec_decode(buf, len, accept, NULL, 0, &m) == WEIR_CODEC_OK) {
		lease_step(a, WEIR_LEASE_MESSAGE, &m, now);
		if (m.kind == WEIR_CODEC_POOL && m.pool.stream == OUT)
			a->out_epoch = m.pool.epoch;
	}
	if (a->has_agent)
		NEED(weir_join_agent_message(&a->agent, buf, len, now) == WEIR_OK);
}

static void enter(struct actor *a)
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

	NEED(weir_session_attach_region(&a->session, a->board->region, &opt, NULL) == WEIR_OK);
	NEED(weir_session_wait_members(a->session, 2, &how) == WEIR_OK);
	NEED(weir_transport_session_open(&a->t, a->session, KIND, 0, NULL) == WEIR_OK);
	NEED(weir_lease_init(&a->lease, &c, proc_now(), NULL) == WEIR_OK);
	lease_step(a, WEIR_LEASE_START, NULL, proc_now());
}

static int work(struct actor *a)
{
	weir_ns now = proc_now();

	NEED(a->t.transport.poll(a->t.transport.ctx, hear, a, 64, now) >= 0);
	lease_step(a, WEIR_LEASE_TICK, NULL, now);
	if (a->has_agent)
		NEED(weir_join_agent_do_work(&a->agent, now) >= 0);
	nap();
	return weir_load_acquire32(&a->board->quit) == 0;
}

static void leave(struct actor *a)
{
	if (a->has_agent)
		weir_join_agent_close(&a->agent);
	weir_transport_session_close(&a->t);
	NEED(weir_session_close(a->session) == WEIR_OK);
}

/* ---- roles ---- */

static void participant(void *arg)
{
	struct actor *a = arg;
	struct weir_codec_message m;
	uint8_t bytes[64];
	size_t len;
	uint32_t seq = 0;

	enter(a);
	memset(&m, 0, sizeof(m));
	m.kind = WEIR_CODEC_FRAME;
	m.frame.stream = a->stream;
	m.frame.meta_version = WEIR_CODEC_NO_META;
	m.frame.time_ns = WEIR_MERGE_TIME_NULL;
	while (work(a)) {
		if (a->role != WEIR_CODEC_ROLE_PRODUCER || a->lease.state != WEIR_LEASE_ATTACHED ||
		    seq == weir_load_acquire32(&a->board->goal[a->stream]))
			continue;
		m.frame.epoch = a->lease.epoch;
		m.frame.seq = seq;
		NEED(weir_codec_encode(&m, bytes, sizeof(bytes), &len, NULL) == WEIR_OK);
		seq += a->t.transport.offer(a->t.transport.ctx, bytes, len) == WEIR_OK;
	}
	leave(a);
}

static int no_poll(void *ctx, weir_transport_fn fn, void *fn_ctx, uint32_t limit, weir_ns now)
{
	(void)ctx, (void)fn, (void)fn_ctx, (void)limit, (void)now;
	return 0;
}

static void open_agent(struct actor *a, struct weir_join_agent_config *cfg)
{
	struct weir_span mem;

	a->deaf = a->t.transport;
	a->deaf.poll = no_poll;
	cfg->control = a->deaf;
	cfg->ctx = a;
	NEED(weir_join_agent_bytes(cfg, &mem.len, NULL) == WEIR_OK);
	mem = proc_shared(mem.len);
	NEED(weir_join_agent_init(&a->agent, cfg, mem, NULL) == WEIR_OK);
	a->has_agent = 1;
}

static void authority(void *arg)
{
	struct actor *a = arg;
	struct weir_merge_rule r[2] = {weir_merge_rule_offset(1, 0), weir_merge_rule_offset(2, 0)};
	struct weir_join_agent_config cfg = {.struct_size = sizeof(cfg),
					     .roles = WEIR_JOIN_AGENT_AUTHORITY,
					     .announce_ns = 20 * MS};
	struct weir_merge_map m;
	uint64_t held = 0;

	enter(a);
	open_agent(a, &cfg);
	while (work(a)) {
		if (weir_load_acquire32(&a->board->map) == 0 || a->out_epoch == held)
			continue;
		held = a->out_epoch;
		m = weir_merge_map_sequence(OUT, held, r, 2);
		NEED(weir_join_agent_hold(&a->agent, &m, proc_now(), NULL) == WEIR_OK);
	}
	leave(a);
}

static int on_output(void *ctx, struct weir_join_agent *agent, const struct weir_join_verdict *v,
		     weir_ns now)
{
	struct actor *a = ctx;

	(void)now;
	if (agent->epoch != a->next_epoch) { /* begins anew */
		NEED(agent->epoch > a->next_epoch && v->out == 0);
		a->next_epoch = agent->epoch;
		a->next = 0;
	}
	NEED(v->out == a->next++); /* in order, each once */
	proc_set(&a->board->outputs, a->board->outputs + 1);
	return WEIR_JOIN_AGENT_TAKEN;
}

static void stage(void *arg)
{
	struct actor *a = arg;
	struct weir_join_config join = {.struct_size = sizeof(join),
					.out = OUT,
					.mode = WEIR_JOIN_SEQUENCE,
					.max_rules = 4};
	struct weir_join_agent_config cfg = {.struct_size = sizeof(cfg),
					     .roles = WEIR_JOIN_AGENT_STAGE,
					     .join = &join,
					     .on_output = on_output};

	enter(a);
	open_agent(a, &cfg);
	while (work(a)) {
		proc_set(&a->board->requests, (uint32_t)a->agent.stats.requests);
		proc_set(&a->board->maps, (uint32_t)a->agent.stats.maps);
	}
	leave(a);
}

/* ---- the driver, and what happens ---- */

struct driver {
	struct weir_driver d;
	struct weir_driver_agent a;
	struct weir_quorum gate;
	struct weir_transport_session t;
	uint8_t places[64], scratch[512];
};

static void open_gate(struct weir_quorum *q)
{
	static const struct weir_quorum_criterion both[] = {
		{.role = WEIR_QUORUM_PRODUCER, .stream = 1, .count = 1},
		{.role = WEIR_QUORUM_PRODUCER, .stream = 2, .count = 1}};
	struct weir_quorum_config c = {.struct_size = sizeof(c),
				       .out_stream = OUT,
				       .participants = 16,
				       .requests = 16,
				       .ncriteria = 2,
				       .criteria = both,
				       .epochs = WEIR_QUORUM_EPOCH_OUTPUT,
				       .shut = WEIR_QUORUM_REFUSE,
				       .timeout_ns = 1000 * MS,
				       .retry_ns = MS,
				       .retry_limit = UINT32_MAX,
				       .stale_ns = WEIR_NS_NEVER};

	NEED(weir_quorum_init(q, &c, proc_shared(1u << 16), proc_now(), NULL) == WEIR_OK);
}

static void open_driver(struct driver *d, struct weir_session *s)
{
	struct weir_driver_config c = {.struct_size = sizeof(c),
				       .streams = 4,
				       .leases = 16,
				       .grace = 40, /* time enough on a busy machine */
				       .keepalive_ns = 50 * MS,
				       .announce_ns = 20 * MS};
	struct weir_codec_region pool = {.uri = {"p", 1, 0}, .nslots = 8, .stride = 64};
	struct weir_driver_stream_config sc = {
		.clock = WEIR_MERGE_MONOTONIC, .layout_version = 1, .header_nslots = 8};
	struct weir_span scratch = {d->scratch, sizeof(d->scratch)};
	uint32_t i;

	NEED(weir_codec_regions_make(d->places, sizeof(d->places), "h", &pool, 1, &sc.regions,
				     NULL) == WEIR_OK);
	open_gate(&d->gate);
	NEED(weir_driver_init(&d->d, &c, proc_shared(1u << 18), proc_now(), NULL) == WEIR_OK);
	for (i = 0; i < 3; i++) {
		sc.id = i == 0 ? OUT : i;
		sc.gate = i == 0 ? &d->gate : NULL;
		NEED(weir_driver_add(&d->d, &sc, proc_now(), NULL) == WEIR_OK);
	}
	NEED(weir_transport_session_open(&d->t, s, KIND, 0, NULL) == WEIR_OK);
	NEED(weir_driver_agent_init(&d->a, &d->d, &d->t.transport, proc_shared(1u << 16), scratch,
				    NULL) == WEIR_OK);
}

static void drive(struct driver *d)
{
	NEED(weir_driver_agent_do_work(&d->a, 64, proc_now()) >= 0);
	nap();
}

/* Drives until *word is at least that, or for so many cycles. */
static void until(struct driver *d, const uint32_t *word, uint32_t value)
{
	weir_ns end = proc_patience();

	while (weir_load_acquire32(word) < value) {
		NEED(proc_now() < end);
		drive(d);
	}
}

static void cycles(struct driver *d, uint32_t n)
{
	while (n-- > 0)
		drive(d);
}

static pid_t start(struct board *b, struct actor *a, uint32_t who, uint32_t stream, uint32_t role,
		   void (*body)(void *))
{
	memset(a, 0, sizeof(*a));
	a->board = b;
	a->who = who;
	a->stream = stream;
	a->role = role;
	return proc_fork(body, a);
}

static uint64_t epoch_of(const struct driver *d, uint32_t stream)
{
	return weir_driver_find_stream(&d->d, stream)->epoch;
}

/* The driver goes without a word and comes back: everybody attaches again, epochs are higher, and
 * there is no output before a map of the new epoch. */
static void restart(struct driver *d, struct weir_session *s, struct board *b)
{
	uint64_t before = epoch_of(d, OUT);
	uint32_t i, outputs, maps;

	proc_set(&b->map, 0);
	cycles(d, 100);
	weir_driver_agent_close(&d->a);
	weir_transport_session_close(&d->t);
	open_driver(d, s);
	NEED(epoch_of(d, OUT) > before);
	outputs = weir_load_acquire32(&b->outputs);
	maps = weir_load_acquire32(&b->maps);
	for (i = 0; i < 6; i++) {
		weir_ns end = proc_patience();
		uint32_t client = 100 + (i == 2 ? 6 : i);

		if (i == 1 || i == 5) /* one of the two */
			continue;
		while (weir_driver_find_lease(&d->d, client) == NULL) {
			NEED(proc_now() < end);
			drive(d);
		}
	}
	proc_set(&b->goal[1], 100);
	proc_set(&b->goal[2], 100);
	cycles(d, 200);
	NEED(weir_load_acquire32(&b->outputs) == outputs);
	proc_set(&b->map, 1);
	until(d, &b->maps, maps + 1);
	proc_set(&b->goal[1], 1000);
	proc_set(&b->goal[2], 1000);
	until(d, &b->outputs, outputs + 1);
}

int main(void)
{
	struct weir_session_config sc = {.struct_size = sizeof(sc), .members = 12};
	struct board *b = proc_shared(sizeof(*b)).ptr;
	static struct driver d;
	static struct actor a[8];
	struct weir_session *s;
	pid_t pid[8];
	uint64_t before;
	uint32_t i;

	proc_watchdog(120);
	NEED(weir_session_create(&s, NULL, &sc, NULL, NULL) == WEIR_OK);
	b->region = weir_session_region(s);
	open_driver(&d, s);

	pid[0] = start(b, &a[0], 0, OUT, WEIR_CODEC_ROLE_CONSUMER, participant); /* the viewer */
	until(&d, &b->refused[0], 1);
	pid[1] = start(b, &a[1], 1, 1, WEIR_CODEC_ROLE_PRODUCER, participant);
	until(&d, &b->attached[1], 1);
	i = weir_load_acquire32(&b->refused[0]);
	until(&d, &b->refused[0], i + 1);
	NEED(weir_load_acquire32(&b->attached[0]) == 0 && d.d.stats.ready == 0);
	pid[2] = start(b, &a[2], 2, 2, WEIR_CODEC_ROLE_PRODUCER, participant);
	until(&d, &b->attached[2], 1);
	until(&d, &b->attached[0], 1);
	NEED(d.d.stats.ready == 1);

	pid[3] = start(b, &a[3], 3, OUT, WEIR_CODEC_ROLE_PRODUCER, stage);
	pid[4] = start(b, &a[4], 4, OUT, WEIR_CODEC_ROLE_AUTHORITY, authority);
	until(&d, &b->attached[3], 1);
	until(&d, &b->attached[4], 1);
	until(&d, &b->requests, 1);
	cycles(&d, 100);
	NEED(weir_load_acquire32(&b->outputs) == 0);
	proc_set(&b->map, 1);
	until(&d, &b->maps, 1); /* first: what is seen before it does not count */
	proc_set(&b->goal[1], 10);
	proc_set(&b->goal[2], 5);
	until(&d, &b->outputs, 5);
	cycles(&d, 100);
	NEED(weir_load_acquire32(&b->outputs) == 5);

	pid[5] = start(b, &a[5], 5, 1, WEIR_CODEC_ROLE_PRODUCER, participant);
	before = epoch_of(&d, 1);
	until(&d, &b->refused[5], 2);
	NEED(weir_load_acquire32(&b->attached[5]) == 0 && epoch_of(&d, 1) == before);
	proc_set(&b->goal[2], 8);
	until(&d, &b->outputs, 8);

	before = epoch_of(&d, 2);
	NEED(kill(pid[2], SIGKILL) == 0);
	NEED(proc_reap(pid[2]) == 128 + SIGKILL);
	pid[2] = start(b, &a[6], 6, 2, WEIR_CODEC_ROLE_PRODUCER, participant);
	until(&d, &b->attached[6], 1);
	NEED(d.d.stats.expired >= 1 && weir_load_acquire32(&b->refused[6]) >= 1);
	NEED(epoch_of(&d, 2) > before + 1); /* once for the end, once for the beginning */

	restart(&d, s, b);

	proc_set(&b->quit, 1);
	for (i = 0; i < 6; i++)
		NEED(proc_reap(pid[i]) == 0);
	weir_driver_agent_close(&d.a);
	weir_transport_session_close(&d.t);
	NEED(weir_session_close(s) == WEIR_OK);
	return 0;
}
