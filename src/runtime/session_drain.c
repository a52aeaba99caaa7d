/* Sessions: what a fence waits for.
 *
 * Why a fence does not open early. A cut is the arriving member's own leading position, written
 * before its arrival (SESSION.ARRIVE). The drain set is captured after the last arrival was taken,
 * from coherent records of the sinks, and DRAINED is sent when the set says so and at no other
 * place. A cut that a hostile member sets beyond what its ring has published is brought back to
 * that, or the wait would be for traffic that never comes; one set too low harms only itself.
 *
 * Who takes part serves. A drain skips readers that have never served (DORMANT), which for a member
 * of the generation would be a fence that opens early: so begin(), and the coordinator before it
 * captures, declare all readers of the caller ACTIVE first. */
#include "session_priv.h"

#include <string.h>

#define DRAIN_OFTEN 32u /* targets */

static void add_stats(struct weir_drain_stats *sum, const struct weir_drain_stats *one)
{
	sum->targets += one->targets;
	sum->already += one->already;
	sum->dormant += one->dormant;
	sum->waited += one->waited;
	if (one->largest_backlog > sum->largest_backlog)
		sum->largest_backlog = one->largest_backlog;
	sum->polls += one->polls;
	sum->sleeps += one->sleeps;
	sum->wait_ns += one->wait_ns;
	sum->lost_bytes += one->lost_bytes;
	sum->lost_messages += one->lost_messages;
	sum->left += one->left;
	sum->died += one->died;
}

static void send_drained(struct charge *c, int outcome)
{
	struct weir_barrier_event e;
	uint32_t i;

	memset(&e, 0, sizeof(e));
	e.kind = WEIR_BARRIER_DRAINED;
	e.generation = c->b.generation;
	e.sinks = c->lossy;
	if (weir_group_set_next(&c->lossy, 0) != WEIR_GROUP_MAX && outcome >= 0)
		outcome = WEIR_LOST; /* the worse of the two */
	e.outcome = outcome;
	for (i = 0; i < c->drain.n; i++) {
		const struct weir_drain_target *t = &c->drain.target[i];

		if (t->why == WEIR_DRAIN_LOST || t->why == WEIR_DRAIN_LEFT ||
		    t->why == WEIR_DRAIN_DIED)
			weir_group_set_add(&e.sinks, t->slot);
	}
	weir_session_step(c, &e);
	weir_session_feed_held(c);
}

/* The continuation: in each poll, and after the handler of the last record before a cut, until the
 * set is drained. */
static void drain_step(void *ctx, struct weir_session *s, weir_ns now)
{
	struct charge *c = ctx;
	int rc;

	c->queued = 0;
	if (!c->draining)
		return; /* the generation ended otherwise */
	/* a large set is looked at once a poll, not after every handler */
	if (c->drain.open > DRAIN_OFTEN && c->polled == s->stats.polls)
		rc = WEIR_PENDING;
	else
		rc = weir_drain_poll(&c->drain, now);
	c->polled = s->stats.polls;
	if (rc == WEIR_PENDING) {
		c->queued = 1;
		weir_session_continue(s, drain_step, c);
		return;
	}
	s->did = 1;
	send_drained(c, rc);
}

/* Is m, as it is now, one that has arrived in the open generation? A slot whose tenant departed
 * stays in `arrived`, and a new tenant has no part in that. */
int weir_session_takes_part(const struct charge *c, uint32_t m)
{
	return c->b.state != WEIR_BARRIER_IDLE && weir_group_set_has(&c->b.arrived, m) &&
	       !weir_group_set_has(&c->b.left, m) && !weir_group_set_has(&c->b.dead, m) &&
	       !weir_group_set_has(&c->b.mixed, m);
}

/* Whoever is to handle what was sent: in a processing fence every member of the generation that
 * reads, and always the coordinator. Observers are nobody's sinks. */
static int is_sink(const struct charge *c, uint32_t j)
{
	const struct weir_session *s = c->s;

	if (j == s->slot)
		return 1;
	return c->b.mode == WEIR_BARRIER_PROCESSING && weir_session_takes_part(c, j) &&
	       !weir_group_set_has(&s->quiet, j);
}

/* The cut of member m, as far as its ring goes. */
static weir_pos cut_of(const struct charge *c, uint32_t m)
{
	const struct weir_session *s = c->s;
	const struct weir_ring_shm *ring = m == s->slot ? s->writer.shm : s->reader[m].shm;
	weir_pos cut = c->b.cut[m];

	if (ring == NULL) /* damaged, and left: the record of our reader there says so */
		return cut;
	return weir_pos_diff(cut, weir_ring_leading(ring)) > 0 ? weir_ring_leading(ring) : cut;
}

/* Storage for fewer targets is that of delivery fences alone: one sink for each ring. */
static struct loss *loss_of(const struct charge *c, uint32_t m, uint32_t j)
{
	const struct weir_session *s = c->s;

	return &c->lost[s->targets < (uint64_t)s->members * s->members
				? m
				: (uint64_t)m * s->members + j];
}

static int read_loss(const struct charge *c, uint32_t m, uint32_t j, struct loss *now)
{
	struct weir_progress_hot hot;

	if (weir_progress_read_hot(&c->s->table[m], j, &hot) != WEIR_OK)
		return 0; /* torn: it will show in the next fence */
	now->epoch = hot.epoch_state >> 8;
	now->messages = hot.lost_messages;
	return 1;
}

/* Has reader j lost records of ring m since this barrier opened last? What was lost before the
 * targets are captured no drain can tell. */
static void note_losses(struct charge *c, uint32_t m, uint32_t j)
{
	const struct loss *before = loss_of(c, m, j);
	struct loss now;

	if (read_loss(c, m, j, &now) &&
	    now.messages > (now.epoch == before->epoch ? before->messages : 0))
		weir_group_set_add(&c->lossy, j);
}

/* The fence has opened, and told of all losses so far. */
static void settle_losses(struct charge *c)
{
	uint32_t i;

	for (i = 0; i < c->drain.n; i++) {
		const struct weir_drain_target *t = &c->drain.target[i];

		uint32_t m = (uint32_t)t->tag;

		(void)read_loss(c, m, t->slot, loss_of(c, m, t->slot));
	}
}

void weir_session_record_targets(struct charge *c)
{
	struct weir_session *s = c->s;
	struct weir_group_set sinks = c->b.arrived;
	uint32_t m, j;

	weir_session_serve(s);
	weir_drain_init(&c->drain, c->target, (uint32_t)s->targets, 0);
	memset(&c->lossy, 0, sizeof(c->lossy));
	if (c->b.mode != WEIR_BARRIER_PROCESSING)
		memset(&sinks, 0, sizeof(sinks));
	weir_group_set_add(&sinks, s->slot);
	for (m = weir_group_set_next(&c->b.arrived, 0); m < s->members;
	     m = weir_group_set_next(&c->b.arrived, m + 1u)) {
		weir_pos cut = cut_of(c, m);

		for (j = weir_group_set_next(&sinks, 0); j < s->members;
		     j = weir_group_set_next(&sinks, j + 1u)) {
			if (j == m || !is_sink(c, j))
				continue;
			note_losses(c, m, j);
			/* there is room: begin() and arrive() refuse a mode with more targets than
			 * storage. Should there be none, the fence says so */
			if (weir_drain_add(&c->drain, &s->table[m], j, cut, m) != WEIR_OK)
				weir_group_set_add(&c->lossy, j);
		}
	}
	c->draining = 1;
	c->next = s->draining;
	s->draining = c;
	if (!c->queued)
		weir_session_continue(s, drain_step, c);
	c->queued = 1;
}

/* Does a record that ends there complete what some fence waits for in that ring? */
int weir_session_reaches_cut(const struct weir_session *s, uint32_t ring, weir_pos at, weir_pos end)
{
	const struct charge *c;

	for (c = s->draining; c != NULL; c = c->next)
		if (weir_pos_diff(end, c->b.cut[ring]) >= 0 &&
		    weir_pos_diff(at, c->b.cut[ring]) < 0)
			return 1;
	return 0;
}

/* Of n records of that stride, those up to the first that completes what some fence waits for. */
uint32_t weir_session_up_to_cut(const struct weir_session *s, uint32_t ring, weir_pos at,
				uint64_t stride, uint32_t n)
{
	const struct charge *c;

	for (c = s->draining; c != NULL; c = c->next) {
		int64_t ahead = weir_pos_diff(c->b.cut[ring], at);

		if (ahead > 0 && (uint64_t)ahead < n * stride)
			n = (uint32_t)(((uint64_t)ahead + stride - 1u) / stride);
	}
	return n;
}

void weir_session_stop_draining(struct charge *c)
{
	struct charge **at = &c->s->draining;

	for (; *at != NULL; at = &(*at)->next)
		if (*at == c) {
			*at = c->next;
			break;
		}
	add_stats(&c->drained, &c->drain.stats);
	if (c->b.result.outcome >= 0)
		settle_losses(c);
	c->draining = 0;
}

void weir_session_note_behind(struct charge *c)
{
	uint32_t i;

	c->n_behind = 0;
	if (!c->draining)
		return;
	c->n_behind = c->drain.open;
	for (i = 0; i < c->drain.open && i < WEIR_WATCH_BEHIND; i++) {
		c->behind[i].ring = (uint32_t)c->drain.target[i].tag;
		c->behind[i].sink = c->drain.target[i].slot;
		c->behind[i].remaining = c->drain.target[i].remaining;
	}
}
