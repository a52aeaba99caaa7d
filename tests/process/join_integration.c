/* A driver, two producers, an authority, a stage and a viewer as processes of one session. A viewer
 * of the gated output is refused until both producers have attached; there is no output without a
 * map, and with one exactly those that both inputs reach; a second producer is refused, and changes
 * nothing; one that is killed loses its lease, and its stream is announced in a higher epoch, before
 * another may take its place; a driver that goes and comes back has everybody attach again, and there
 * is no output before a fresh map. */
#define _GNU_SOURCE

#include "join_proc_scene.h"

#define GRACE 40u /* time enough on a busy machine */

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
	struct weir_join_config join = {.mode = WEIR_JOIN_SEQUENCE};
	struct weir_join_agent_config cfg = {.on_output = on_output};

	run_stage(a, &join, &cfg);
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
	open_driver(d, s, GRACE);
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

	proc_watchdog();
	NEED_OK(weir_session_create(&s, NULL, &sc, NULL, NULL));
	b->region = weir_session_region(s);
	open_driver(&d, s, GRACE);

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
	NEED_OK(weir_session_close(s));
	return 0;
}
