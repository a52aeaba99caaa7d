/* What a stage makes of its inputs, with everybody a process of one session: one that joins late
 * begins with the first output it can have seen all of; a producer that begins again ends the map,
 * and no output mixes two of its epochs; an input that pauses is absent and comes back. */
#define _GNU_SOURCE

#include "join_proc_scene.h"

#define PRODUCER WEIR_CODEC_ROLE_PRODUCER
#define GRACE 400u /* nobody's lease expires here */

static struct scene sc;

static struct weir_join_input_info input(const struct weir_join_agent *agent, uint32_t stream)
{
	struct weir_join_input_info info;

	NEED_OK(weir_join_input(&agent->join, stream, &info));
	return info;
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
	sc.a[4].announce_ns = WEIR_NS_NEVER / 2u; /* once: who comes later must ask */
	enlist(&sc, 1, 1, PRODUCER, participant);
	enlist(&sc, 2, 2, PRODUCER, participant);
	enlist(&sc, 4, OUT, WEIR_CODEC_ROLE_AUTHORITY, authority);
	proc_set(&sc.b->map, 1);
	want(&sc, 100, 130);
	until(&sc.d, &far[1], 100);
	until(&sc.d, &far[2], 130);
	until(&sc.d, &sc.b->held, 1);
	/* as a consumer: as a producer of the output it would begin an epoch, with a new map */
	enlist(&sc, 3, 1, WEIR_CODEC_ROLE_CONSUMER, late_stage);
	until_mapped(&sc);
	cycles(&sc.d, 50);
	NEED(outputs(&sc) == 0);
	want(&sc, 140, 130);
	until_heard(&sc, 140, 0);
	NEED(outputs(&sc) == 0); /* of one input nothing has been seen */
	want(&sc, 140, 131);
	until_heard(&sc, 140, 131);
	NEED(outputs(&sc) == 1);
	want(&sc, 145, 150);
	until_heard(&sc, 145, 150);
	NEED(outputs(&sc) == 15);
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
	NEED_OK(weir_codec_encode(&m, bytes, sizeof(bytes), &len, NULL));
	while (sc.d.t.transport.offer(sc.d.t.transport.ctx, bytes, len) != WEIR_OK)
		drive(&sc.d);
}

static void i3_restart_drops_the_map(void)
{
	struct lives *l = proc_shared(sizeof(*l)).ptr;
	uint32_t maps, ended;

	open_scene(&sc, GRACE);
	sc.a[4].map_of = realigned;
	open_cast(&sc, any_input_stage, l);
	ended = weir_load_acquire32(&sc.b->ended);
	weir_store_release64(&l->epoch[0], epoch_of(&sc.d, 2));
	want(&sc, 100, 100);
	until_heard(&sc, 100, 100);
	NEED(outputs(&sc) == 100 && weir_load_acquire32(&sc.b->ended) == ended);

	proc_set(&sc.b->map, 0); /* the old map would come again */
	while (weir_load_acquire32(&sc.b->held) != 0)
		drive(&sc.d);
	cycles(&sc.d, 20);
	maps = weir_load_acquire32(&sc.b->maps);
	NEED(kill(sc.pid[2], SIGKILL) == 0);
	NEED(proc_reap(sc.pid[2]) == 128 + SIGKILL);
	sc.pid[2] = 0;
	want(&sc, 150, 0);
	NEED_OK(weir_driver_agent_revoke(&sc.d.a, 102, proc_now()));
	until(&sc.d, &sc.b->ended, ended + 1);
	enlist(&sc, 5, 2, PRODUCER, participant);
	NEED(epoch_of(&sc.d, 2) > l->epoch[0]);
	weir_store_release64(&l->epoch[1], epoch_of(&sc.d, 2));
	while (weir_load_acquire64(&sc.b->epoch[2]) != l->epoch[1])
		drive(&sc.d);
	want(&sc, 150, 120); /* as if aligned: nobody knows */
	until_heard(&sc, 150, 120);
	cycles(&sc.d, 20);
	NEED(outputs(&sc) == 100);

	proc_set(&sc.b->map, 2);
	until(&sc.d, &sc.b->maps, maps + 1);
	want(&sc, 200, 130);
	until_heard(&sc, 200, 130);
	NEED(outputs(&sc) == 200);
	send_ghost(l->epoch[0]);
	want(&sc, 260, 130);
	until(&sc.d, &sc.b->old, 1);
	until_heard(&sc, 260, 130);
	NEED(outputs(&sc) == 230 && weir_load_acquire32(&sc.b->ended) == ended + 1);
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
	open_cast(&sc, stale_stage, p);
	want(&sc, 0, 100);
	until_heard(&sc, 0, 100);
	want(&sc, 100, 100);
	until(&sc.d, &sc.b->outputs, 100);
	resume = proc_soon(200);
	want(&sc, 150, 100);
	until(&sc.d, &sc.b->outputs, 150);
	while (proc_now() < resume)
		drive(&sc.d);
	want(&sc, 180, 100);
	until(&sc.d, &sc.b->outputs, 180);
	want(&sc, 180, 200);
	until_heard(&sc, 180, 200);
	NEED(outputs(&sc) == 180);
	want(&sc, 200, 200);
	until(&sc.d, &sc.b->outputs, 200);
	close_scene(&sc);
	for (i = 0; i < 200; i++)
		NEED(p->absent[i] == (i >= 100 && i < 180));
}

int main(void)
{
	proc_watchdog();
	i2_late_join();
	i3_restart_drops_the_map();
	i4_stale_and_back();
	return 0;
}
