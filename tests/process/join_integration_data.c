/* What a stage makes of its inputs, with everybody a process of one session: one that joins late
 * begins with the first output it can have seen all of; a producer that begins again ends the map,
 * and no output mixes two of its epochs; an input that pauses is absent and comes back; frames that
 * are overwritten before they are read are dropped, never torn, and the join goes on. */
#define _GNU_SOURCE

#include "join_proc_fixture.h"

#define PRODUCER WEIR_CODEC_ROLE_PRODUCER
#define GRACE 400u /* nobody's lease expires here */

static struct scene sc;

static void want(uint32_t one, uint32_t two)
{
	proc_set(&sc.b->goal[1], one);
	proc_set(&sc.b->goal[2], two);
}

/* The stage has heard that much and raised what is ready by it. */
static void until_heard(uint32_t one, uint32_t two)
{
	until(&sc.d, &sc.b->heard[1], one);
	until(&sc.d, &sc.b->heard[2], two);
}

static uint32_t outputs(void)
{
	return weir_load_acquire32(&sc.b->outputs);
}

static struct weir_join_input_info input(const struct weir_join_agent *agent, uint32_t stream)
{
	struct weir_join_input_info info;

	NEED(weir_join_input(&agent->join, stream, &info) == WEIR_OK);
	return info;
}

static int taken(struct actor *a)
{
	proc_set(&a->board->outputs, a->board->outputs + 1);
	return WEIR_JOIN_AGENT_TAKEN;
}

/* Two producers, an authority that holds map 1, and a stage. */
static void open_cast(void (*stage)(void *), void *data)
{
	sc.a[3].data = data;
	enlist(&sc, 1, 1, PRODUCER, participant);
	enlist(&sc, 2, 2, PRODUCER, participant);
	enlist(&sc, 4, OUT, WEIR_CODEC_ROLE_AUTHORITY, authority);
	proc_set(&sc.b->map, 1);
	enlist(&sc, 3, OUT, PRODUCER, stage);
	until(&sc.d, &sc.b->maps, 1); /* first: what is seen before it does not count */
}

/* ---- I2 ---- */

static int late_output(void *ctx, struct weir_join_agent *agent, const struct weir_join_verdict *v,
		       weir_ns now)
{
	struct actor *a = ctx;

	(void)now;
	NEED(v->out == 130u + a->next++);
	NEED(input(agent, 1).sequence >= v->out && input(agent, 2).sequence >= v->out);
	return taken(a);
}

static void late_stage(void *arg)
{
	struct weir_join_config join = {.mode = WEIR_JOIN_SEQUENCE};
	struct weir_join_agent_config cfg = {.flags = WEIR_JOIN_AGENT_FROM_SEEN,
					     .on_output = late_output};

	run_stage(arg, &join, &cfg);
	NEED(((struct actor *)arg)->agent.stats.requests >= 1);
}

static void sent(struct actor *a, struct weir_codec_frame *f)
{
	proc_set(&((uint32_t *)a->data)[a->stream], (uint32_t)f->seq + 1u);
}

static void i2_late_join(void)
{
	uint32_t *far = proc_shared(3 * sizeof(*far)).ptr;

	open_scene(&sc, GRACE);
	sc.a[1].data = sc.a[2].data = far;
	sc.a[1].fill = sc.a[2].fill = sent;
	enlist(&sc, 1, 1, PRODUCER, participant);
	enlist(&sc, 2, 2, PRODUCER, participant);
	enlist(&sc, 4, OUT, WEIR_CODEC_ROLE_AUTHORITY, authority);
	proc_set(&sc.b->map, 1);
	want(100, 130);
	until(&sc.d, &far[1], 100);
	until(&sc.d, &far[2], 130);
	until(&sc.d, &sc.b->held, 1);
	cycles(&sc.d, 20);
	enlist(&sc, 3, OUT, PRODUCER, late_stage);
	until(&sc.d, &sc.b->maps, 1);
	cycles(&sc.d, 50);
	NEED(outputs() == 0);
	want(140, 130);
	until_heard(140, 0);
	NEED(outputs() == 0); /* of one input nothing has been seen */
	want(140, 131);
	until_heard(140, 131);
	NEED(outputs() == 1);
	want(145, 150);
	until_heard(145, 150);
	NEED(outputs() == 15);
	close_scene(&sc);
}

/* ---- I3, the data's part ---- */

struct lives {
	uint64_t epoch[2]; /* of stream 2: of its first producer, of its second */
};

static int any_input_output(void *ctx, struct weir_join_agent *agent,
			    const struct weir_join_verdict *v, weir_ns now)
{
	struct actor *a = ctx;
	struct lives *l = a->data;
	uint32_t second = v->out >= 100;
	struct weir_join_input_info one = input(agent, 1), two = input(agent, 2);

	(void)now;
	NEED(v->out == a->next++);
	NEED(one.epoch == a->epochs[1] && one.sequence >= v->out);
	NEED(two.epoch == weir_load_acquire64(&l->epoch[second]));
	NEED(two.sequence >= v->out - (second ? 100u : 0u));
	return taken(a);
}

static void any_input_stage(void *arg)
{
	struct weir_join_config join = {.mode = WEIR_JOIN_SEQUENCE,
					.epoch_policy = WEIR_JOIN_EPOCH_ANY_INPUT};
	struct weir_join_agent_config cfg = {.on_output = any_input_output};

	run_stage(arg, &join, &cfg);
}

/* The second map aligns the second producer, which begins at 0, with output 100. */
static void realigned(uint32_t which, struct weir_merge_map *m, struct weir_merge_rule r[2])
{
	r[0] = weir_merge_rule_offset(1, 0);
	r[1] = weir_merge_rule_offset(2, which == 1 ? 0 : -100);
	*m = weir_merge_map_sequence(OUT, 1, r, 2);
}

/* A frame of the producer that is gone, far ahead. */
static void send_ghost(uint64_t epoch)
{
	struct weir_codec_message m = {.kind = WEIR_CODEC_FRAME};
	uint8_t bytes[64];
	size_t len;

	m.frame.stream = 2;
	m.frame.epoch = epoch;
	m.frame.seq = 1000000;
	m.frame.meta_version = WEIR_CODEC_NO_META;
	m.frame.time_ns = WEIR_MERGE_TIME_NULL;
	NEED(weir_codec_encode(&m, bytes, sizeof(bytes), &len, NULL) == WEIR_OK);
	while (sc.d.t.transport.offer(sc.d.t.transport.ctx, bytes, len) != WEIR_OK)
		drive(&sc.d);
}

static void i3_restart_drops_the_map(void)
{
	struct lives *l = proc_shared(sizeof(*l)).ptr;
	uint32_t maps;

	open_scene(&sc, GRACE);
	sc.a[4].map_of = realigned;
	open_cast(any_input_stage, l);
	weir_store_release64(&l->epoch[0], epoch_of(&sc.d, 2));
	want(100, 100);
	until_heard(100, 100);
	NEED(outputs() == 100 && weir_load_acquire32(&sc.b->ended) == 0);

	proc_set(&sc.b->map, 0); /* the old map would come again */
	while (weir_load_acquire32(&sc.b->held) != 0)
		drive(&sc.d);
	cycles(&sc.d, 20);
	maps = weir_load_acquire32(&sc.b->maps);
	NEED(kill(sc.pid[2], SIGKILL) == 0);
	NEED(proc_reap(sc.pid[2]) == 128 + SIGKILL);
	sc.pid[2] = 0;
	want(150, 0);
	NEED(weir_driver_agent_revoke(&sc.d.a, 102, proc_now()) == WEIR_OK);
	until(&sc.d, &sc.b->ended, 1);
	enlist(&sc, 5, 2, PRODUCER, participant);
	NEED(epoch_of(&sc.d, 2) > l->epoch[0]);
	weir_store_release64(&l->epoch[1], epoch_of(&sc.d, 2));
	while (weir_load_acquire64(&sc.b->epoch[2]) != l->epoch[1])
		drive(&sc.d);
	want(150, 120); /* as if aligned: nobody knows */
	until_heard(150, 120);
	cycles(&sc.d, 20);
	NEED(outputs() == 100);

	proc_set(&sc.b->map, 2);
	until(&sc.d, &sc.b->maps, maps + 1);
	want(200, 130);
	until_heard(200, 130);
	NEED(outputs() == 200);
	send_ghost(l->epoch[0]);
	want(260, 130);
	until(&sc.d, &sc.b->old, 1);
	until_heard(260, 130);
	NEED(outputs() == 230 && weir_load_acquire32(&sc.b->ended) == 1);
	close_scene(&sc);
}

/* ---- I4 ---- */

struct presence {
	uint8_t absent[200];
};

static int stale_output(void *ctx, struct weir_join_agent *agent, const struct weir_join_verdict *v,
			weir_ns now)
{
	struct actor *a = ctx;
	struct presence *p = a->data;
	struct weir_join_input_info two = input(agent, 2);
	int absent = weir_join_rule(v, 1) == WEIR_JOIN_RULE_STALE;

	NEED(v->out == a->next++ && v->out < sizeof(p->absent));
	NEED(weir_join_rule(v, 0) == WEIR_JOIN_RULE_READY && input(agent, 1).sequence >= v->out);
	if (absent)
		NEED(two.sequence < v->out && now - two.advanced > 50 * MS);
	else
		NEED(weir_join_rule(v, 1) == WEIR_JOIN_RULE_READY && two.sequence >= v->out);
	p->absent[v->out] = (uint8_t)absent;
	return taken(a);
}

/* Only the second input is ever stale, so that a busy machine changes nothing. */
static void stale_stage(void *arg)
{
	struct weir_join_input_config one = {
		.stream = 1, .flags = WEIR_JOIN_INPUT_TIMEOUT, .stale_ns = WEIR_MERGE_NO_TIMEOUT};
	struct weir_join_config join = {.mode = WEIR_JOIN_SEQUENCE, .input = &one, .n_inputs = 1};
	struct weir_join_agent_config cfg = {.on_output = stale_output};

	run_stage(arg, &join, &cfg);
}

static void with_timeout(uint32_t which, struct weir_merge_map *m, struct weir_merge_rule r[2])
{
	pair_map(which, m, r);
	m->stale_ns = 50 * MS;
}

static void i4_stale_and_back(void)
{
	struct presence *p = proc_shared(sizeof(*p)).ptr;
	weir_ns resume;
	uint32_t i;

	open_scene(&sc, GRACE);
	sc.a[4].map_of = with_timeout;
	open_cast(stale_stage, p);
	want(0, 100);
	until_heard(0, 100);
	want(100, 100);
	until(&sc.d, &sc.b->outputs, 100);
	resume = proc_soon(200);
	want(150, 100);
	until(&sc.d, &sc.b->outputs, 150);
	while (proc_now() < resume)
		drive(&sc.d);
	want(180, 100);
	until(&sc.d, &sc.b->outputs, 180);
	want(180, 200);
	until_heard(180, 200);
	NEED(outputs() == 180);
	want(200, 200);
	until(&sc.d, &sc.b->outputs, 200);
	close_scene(&sc);
	for (i = 0; i < 200; i++)
		NEED(p->absent[i] == (i >= 100 && i < 180));
}

/* ---- I5 ---- */

#define SLOTS 4u
#define WORDS 64u
#define ROUND 11u /* frames: the one that is being read, and ten more */
#define ROUNDS 20u
#define RACE 4000u

/* A seqlock: 2 * seq + 1 while frame seq is written, then one more. */
struct slot {
	uint64_t version;
	uint64_t word[WORDS];
};

struct rings {
	struct slot slot[2][SLOTS];
	uint32_t written[2]; /* frames */
	uint32_t goal;	     /* that the stage asks for */
	uint32_t ok, dropped, lapped;
};

static uint64_t word_of(uint32_t stream, uint64_t seq, uint32_t i)
{
	uint64_t state = (seq << 8 | stream) + ((uint64_t)i << 40);

	return proc_random(&state);
}

static void write_slot(struct actor *a, struct weir_codec_frame *f)
{
	struct rings *r = a->data;
	uint32_t n = f->stream - 1u, i;
	struct slot *s = &r->slot[n][f->seq % SLOTS];

	if (r->written[n] > f->seq) /* only the message is sent again */
		return;
	weir_store_relaxed64(&s->version, 2u * f->seq + 1u);
	weir_fence_release();
	for (i = 0; i < WORDS; i++)
		weir_store_relaxed64(&s->word[i], word_of(f->stream, f->seq, i));
	weir_store_release64(&s->version, 2u * f->seq + 2u);
	proc_set(&r->written[n], (uint32_t)f->seq + 1u);
}

static void copy(uint64_t *to, const struct slot *s, uint32_t from, uint32_t end)
{
	for (; from < end; from++)
		to[from] = weir_load_relaxed64(&s->word[from]);
}

/* One attempt; `sleep`: in its middle the stage lets both producers go on for ten frames. */
static void read_slot(struct rings *r, uint32_t stream, uint64_t seq, int sleep)
{
	const struct slot *s = &r->slot[stream - 1u][seq % SLOTS];
	uint64_t word[WORDS], version = weir_load_acquire64(&s->version);
	uint32_t i;

	if (version != 2u * seq + 2u) {
		r->dropped++;
		return;
	}
	copy(word, s, 0, WORDS / 2u);
	if (sleep) {
		proc_set(&r->goal, (uint32_t)seq + 1u + ROUND);
		proc_until(&r->written[0], (uint32_t)seq + 1u + ROUND);
		proc_until(&r->written[1], (uint32_t)seq + 1u + ROUND);
	}
	copy(word, s, WORDS / 2u, WORDS);
	weir_fence_acquire();
	if (weir_load_relaxed64(&s->version) != version) {
		r->lapped++;
		return;
	}
	for (i = 0; i < WORDS; i++)
		NEED(word[i] == word_of(stream, seq, i));
	r->ok++;
}

static int slot_output(void *ctx, struct weir_join_agent *agent, const struct weir_join_verdict *v,
		       weir_ns now)
{
	struct actor *a = ctx;
	struct rings *r = a->data;
	uint32_t sleep = 0;

	(void)agent, (void)now;
	NEED(v->out == a->next++);
	if (v->out % ROUND == 0 && v->out < ROUND * ROUNDS) /* the newest: nobody writes now */
		sleep = 1u + (uint32_t)(v->out / ROUND) % 2u;
	read_slot(r, 3u - (sleep != 0 ? sleep : 2u), v->out, 0);
	read_slot(r, sleep != 0 ? sleep : 2u, v->out, sleep != 0);
	return taken(a);
}

static void slot_stage(void *arg)
{
	struct weir_join_config join = {.mode = WEIR_JOIN_SEQUENCE};
	struct weir_join_agent_config cfg = {.on_output = slot_output};

	run_stage(arg, &join, &cfg);
}

static void i5_overwrite(void)
{
	struct rings *r = proc_shared(sizeof(*r)).ptr;
	uint32_t end = ROUND * ROUNDS + 1u;

	open_scene(&sc, GRACE);
	sc.a[1].data = sc.a[2].data = r;
	sc.a[1].fill = sc.a[2].fill = write_slot;
	sc.a[1].burst = sc.a[2].burst = 8;
	open_cast(slot_stage, r);
	proc_set(&r->goal, 1);
	while (outputs() < end) {
		uint32_t goal = weir_load_acquire32(&r->goal);

		want(goal, goal);
		drive(&sc.d);
	}
	/* each round: 1 read lapped; 7 frames overwritten; the 4 newest whole, but for that one */
	NEED(r->lapped == ROUNDS && r->dropped == ROUNDS * 14u && r->ok == ROUNDS * 7u + 2u);
	want(end + RACE, end + RACE);
	until(&sc.d, &sc.b->outputs, end + RACE);
	close_scene(&sc);
	NEED(r->ok + r->dropped + r->lapped == 2u * (end + RACE));
	NEED(r->ok >= ROUNDS * 7u + 2u + 2u * SLOTS); /* nobody overwrites the last ones */
}

int main(void)
{
	proc_watchdog(120);
	i2_late_join();
	i3_restart_drops_the_map();
	i4_stale_and_back();
	i5_overwrite();
	return 0;
}
