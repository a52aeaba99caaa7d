/* join_proc_scene.h - the driver, which a test's first process is, and the beginning and end of one
 * test. Whoever waits for something that happens waits in until(), and so drives. */
#ifndef WEIR_JOIN_PROC_SCENE_H
#define WEIR_JOIN_PROC_SCENE_H

#include "join_proc_fixture.h"

/* ---- the driver ---- */

struct driver {
	struct weir_driver d;
	struct weir_driver_agent a;
	struct weir_quorum gate;
	struct weir_transport_session t;
	uint8_t places[64], scratch[512];
};

static inline void open_gate(struct weir_quorum *q)
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

	NEED_OK(weir_quorum_init(q, &c, proc_shared(1u << 16), proc_now(), NULL));
}

static inline void open_driver(struct driver *d, struct weir_session *s, uint32_t grace)
{
	struct weir_driver_config c = {.struct_size = sizeof(c),
				       .streams = 4,
				       .leases = 16,
				       .grace = grace, /* of 50 ms */
				       .keepalive_ns = 50 * MS,
				       .announce_ns = 20 * MS};
	struct weir_codec_region pool = {.uri = {"p", 1, 0}, .nslots = 8, .stride = 64};
	struct weir_driver_stream_config sc = {
		.clock = WEIR_MERGE_MONOTONIC, .layout_version = 1, .header_nslots = 8};
	struct weir_span scratch = {d->scratch, sizeof(d->scratch)};
	uint32_t i;

	NEED_OK(weir_codec_regions_make(d->places, sizeof(d->places), "h", &pool, 1, &sc.regions,
					NULL));
	open_gate(&d->gate);
	NEED_OK(weir_driver_init(&d->d, &c, proc_shared(1u << 18), proc_now(), NULL));
	for (i = 0; i < 3; i++) {
		sc.id = i == 0 ? OUT : i;
		sc.gate = i == 0 ? &d->gate : NULL;
		NEED_OK(weir_driver_add(&d->d, &sc, proc_now(), NULL));
	}
	NEED_OK(weir_transport_session_open(&d->t, s, KIND, 0, NULL));
	NEED_OK(weir_driver_agent_init(&d->a, &d->d, &d->t.transport, proc_shared(1u << 16),
				       scratch, NULL));
}

static inline void drive(struct driver *d)
{
	siginfo_t child = {0};

	NEED(waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == 0 || errno == ECHILD);
	NEED(child.si_pid == 0 || child.si_code != CLD_EXITED || child.si_status == 0);
	NEED(weir_driver_agent_do_work(&d->a, 64, proc_now()) >= 0);
	nap();
}

/* Drives until *word is at least that, or for so many cycles. */
static inline void until(struct driver *d, const uint32_t *word, uint32_t value)
{
	weir_ns end = proc_patience();

	while (weir_load_acquire32(word) < value) {
		NEED(proc_now() < end);
		drive(d);
	}
}

static inline void cycles(struct driver *d, uint32_t n)
{
	while (n-- > 0)
		drive(d);
}

static inline pid_t start(struct board *b, struct actor *a, uint32_t who, uint32_t stream,
			  uint32_t role, void (*body)(void *))
{
	a->board = b;
	a->who = who;
	a->stream = stream;
	a->role = role;
	return proc_fork(body, a);
}

static inline uint64_t epoch_of(const struct driver *d, uint32_t stream)
{
	return weir_driver_find_stream(&d->d, stream)->epoch;
}

/* ---- one test ---- */

struct scene {
	struct board *b;
	struct weir_session *s;
	struct driver d;
	struct actor a[ACTORS];
	pid_t pid[ACTORS];
};

static inline void open_scene(struct scene *sc, uint32_t grace)
{
	struct weir_session_config cfg = {.struct_size = sizeof(cfg), .members = 12};

	memset(sc, 0, sizeof(*sc));
	sc->b = proc_shared(sizeof(*sc->b)).ptr;
	NEED_OK(weir_session_create(&sc->s, NULL, &cfg, NULL, NULL));
	sc->b->region = weir_session_region(sc->s);
	open_driver(&sc->d, sc->s, grace);
}

/* Starts actor `who` and drives until it has its lease. */
static inline void enlist(struct scene *sc, uint32_t who, uint32_t stream, uint32_t role,
			  void (*body)(void *))
{
	sc->pid[who] = start(sc->b, &sc->a[who], who, stream, role, body);
	until(&sc->d, &sc->b->attached[who], 1);
}

static inline void close_scene(struct scene *sc)
{
	uint32_t i;

	proc_set(&sc->b->quit, 1);
	for (i = 0; i < ACTORS; i++) {
		if (sc->pid[i] != 0)
			NEED(proc_reap(sc->pid[i]) == 0);
	}
	weir_driver_agent_close(&sc->d.a);
	weir_transport_session_close(&sc->d.t);
	NEED_OK(weir_session_close(sc->s));
	munmap(sc->b, sizeof(*sc->b));
}

static inline void want(struct scene *sc, uint32_t one, uint32_t two)
{
	proc_set(&sc->b->goal[1], one);
	proc_set(&sc->b->goal[2], two);
}

/* The stage has heard that much and raised what is ready by it. */
static inline void until_heard(struct scene *sc, uint32_t one, uint32_t two)
{
	until(&sc->d, &sc->b->heard[1], one);
	until(&sc->d, &sc->b->heard[2], two);
}

static inline uint32_t outputs(const struct scene *sc)
{
	return weir_load_acquire32(&sc->b->outputs);
}

static inline int taken(struct actor *a)
{
	proc_set(&a->board->outputs, a->board->outputs + 1);
	return WEIR_JOIN_AGENT_TAKEN;
}

/* The stage has a map of the output's present epoch: what it sees before does not count. */
static inline void until_mapped(struct scene *sc)
{
	weir_ns end = proc_patience();

	while (weir_load_acquire64(&sc->b->epoch[0]) != epoch_of(&sc->d, OUT)) {
		NEED(proc_now() < end);
		drive(&sc->d);
	}
}

/* Two producers, an authority that holds map 1, and a stage. */
static inline void open_cast(struct scene *sc, void (*stage)(void *), void *data)
{
	sc->a[3].data = data;
	enlist(sc, 1, 1, WEIR_CODEC_ROLE_PRODUCER, participant);
	enlist(sc, 2, 2, WEIR_CODEC_ROLE_PRODUCER, participant);
	enlist(sc, 4, OUT, WEIR_CODEC_ROLE_AUTHORITY, authority);
	enlist(sc, 3, OUT, WEIR_CODEC_ROLE_PRODUCER, stage);
	proc_set(&sc->b->map, 1);
	until_mapped(sc);
}

#endif
