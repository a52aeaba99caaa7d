/* A join by time, with everybody a process of one session: a camera gives the times of outputs and a
 * faster sensor fills windows. Every output has a sample of its window, and comes no earlier. */
#define _GNU_SOURCE

#include "join_proc_scene.h"

#define GRACE 400u /* nobody's lease expires here */

static struct scene sc;

/* ---- I8 ---- */

#define T0 (1000u * MS)
#define FRAMES 300u
#define SAMPLES 1997u /* the last but a moment before the last frame's window closes */
#define WINDOW (10u * MS)

static uint64_t camera_at(uint64_t seq)
{
	return T0 + seq * UINT64_C(33333333);
}

static uint64_t sample_at(uint64_t seq)
{
	return T0 - 20u * MS + seq * 5u * MS + seq * 7919u % 1000u * 1000u;
}

static void set_time(struct actor *a, struct weir_codec_frame *f)
{
	(void)a;
	f->time_ns = f->stream == 1 ? camera_at(f->seq) : sample_at(f->seq);
}

struct sensor {
	uint64_t sample[SAMPLES + 1u];
	uint32_t n;
};

/* A frame of the camera is an output to be made. */
static void on_frame(struct actor *a, const struct weir_codec_message *m, weir_ns now)
{
	struct weir_join_agent_proposal p = {.clock = WEIR_MERGE_MONOTONIC};
	struct sensor *s = a->data;

	if (m->kind != WEIR_CODEC_FRAME)
		return;
	if (m->frame.stream == 2) {
		NEED(s->n < SAMPLES);
		s->sample[s->n++] = m->frame.time_ns;
		return;
	}
	p.out = m->frame.time_ns;
	NEED_OK(weir_join_agent_propose(&a->agent, &p, now));
}

static int fused_output(void *ctx, struct weir_join_agent *agent, const struct weir_join_verdict *v,
			weir_ns now)
{
	struct actor *a = ctx;
	const struct sensor *s = a->data;
	uint64_t lo, hi;
	uint32_t i = s->n;

	(void)now;
	NEED(v->out == camera_at(a->next++));
	NEED_OK(weir_join_window(&agent->join, 1, v->out, &lo, &hi));
	NEED(lo == v->out - WINDOW && hi == v->out);
	while (i > 0 && s->sample[i - 1u] > v->out)
		i--;
	NEED(i > 0 && s->sample[i - 1u] >= v->out - WINDOW);
	NEED(i < s->n || (v->in_window[0] & 2u) != 0); /* the newest: the join says so, too */
	proc_set(&a->board->outputs, a->board->outputs + 1);
	return WEIR_JOIN_AGENT_TAKEN;
}

static void fusing_stage(void *arg)
{
	struct actor *a = arg;
	struct weir_join_config join = {.mode = WEIR_JOIN_TIMESTAMP};
	struct weir_join_agent_config cfg = {.proposals = FRAMES, .on_output = fused_output};

	run_stage(a, &join, &cfg);
	NEED(a->agent.stats.clock_unknown == 0 && a->agent.stats.refused == 0);
}

static void camera_and_sensor(uint32_t which, struct weir_merge_map *m, struct weir_merge_rule r[2])
{
	(void)which;
	r[0] = weir_merge_rule_offset_ns(1, WEIR_MERGE_FRAME_DESCRIPTOR, 0);
	r[1] = weir_merge_rule_window_ns(2, WEIR_MERGE_FRAME_DESCRIPTOR, WINDOW);
	*m = weir_merge_map_timestamp(OUT, 1, WEIR_MERGE_MONOTONIC, r, 2);
	m->lateness_ns = 10u * MS;
}

static void i8_timestamps(void)
{
	uint32_t i;

	open_scene(&sc, GRACE);
	for (i = 1; i < 3; i++) {
		sc.a[i].fill = set_time;
		sc.a[i].burst = i == 1 ? 2 : 8;
		enlist(&sc, i, i, WEIR_CODEC_ROLE_PRODUCER, participant);
	}
	sc.a[3].data = proc_shared(sizeof(struct sensor)).ptr;
	sc.a[3].heard = on_frame;
	sc.a[4].map_of = camera_and_sensor;
	enlist(&sc, 3, OUT, WEIR_CODEC_ROLE_PRODUCER, fusing_stage);
	enlist(&sc, 4, OUT, WEIR_CODEC_ROLE_AUTHORITY, authority);
	proc_set(&sc.b->map, 1);
	until_mapped(&sc);
	for (i = 1; i < 3; i++) { /* announced, and so the clock is known */
		while (weir_load_acquire64(&sc.b->epoch[i]) != epoch_of(&sc.d, i))
			drive(&sc.d);
	}
	proc_set(&sc.b->goal[1], 1);
	proc_set(&sc.b->goal[2], 2);
	until(&sc.d, &sc.b->heard[1], 1);
	until(&sc.d, &sc.b->heard[2], 2);
	NEED(weir_load_acquire32(&sc.b->outputs) == 0); /* no sample within the window */
	proc_set(&sc.b->goal[2], 3);
	until(&sc.d, &sc.b->outputs, 1);
	proc_set(&sc.b->goal[1], FRAMES);
	proc_set(&sc.b->goal[2], SAMPLES);
	until(&sc.d, &sc.b->outputs, FRAMES);
	close_scene(&sc);
}

int main(void)
{
	proc_watchdog();
	i8_timestamps();
	return 0;
}
