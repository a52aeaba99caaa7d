/* A join over payloads in small rings, with everybody a process of one session: frames that are
 * overwritten before or while they are read are dropped, never torn, and the join goes on. */
#define _GNU_SOURCE

#include "join_proc_scene.h"

#define GRACE 400u /* nobody's lease expires here */

static struct scene sc;

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
	open_cast(&sc, slot_stage, r);
	proc_set(&r->goal, 1);
	while (outputs(&sc) < end) {
		uint32_t goal = weir_load_acquire32(&r->goal);

		want(&sc, goal, goal);
		drive(&sc.d);
	}
	/* each round: 1 read lapped; 7 frames overwritten; the 4 newest whole, but for that one */
	NEED(r->lapped == ROUNDS && r->dropped == ROUNDS * 14u && r->ok == ROUNDS * 7u + 2u);
	want(&sc, end + RACE, end + RACE);
	until(&sc.d, &sc.b->outputs, end + RACE);
	close_scene(&sc);
	NEED(r->ok + r->dropped + r->lapped == 2u * (end + RACE));
	NEED(r->ok >= ROUNDS * 7u + 2u + 2u * SLOTS); /* nobody overwrites the last ones */
}

int main(void)
{
	proc_watchdog();
	i5_overwrite();
	return 0;
}
