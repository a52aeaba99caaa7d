/* Join agents: what happens to streams.
 *
 * A frame carries an epoch and perhaps a time, but not the clock of that time: that is declared
 * when the stream is announced. The table here remembers, per stream, the highest epoch and the
 * clock declared in it, also while there is no map. A time whose clock is not known is not used: it
 * would be compared with times of another clock.
 *
 * A frame of an epoch below the highest is dropped here, even if the join has forgotten the epochs
 * of its inputs together with a map. */
#include "join_agent_priv.h"

#include <string.h>

/* Where the stream is, or belongs. */
static uint32_t place_of(const struct weir_join_agent *a, uint32_t stream)
{
	uint32_t lo = 0, hi = a->n_streams;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2u;

		if (a->stream[mid].stream < stream)
			lo = mid + 1u;
		else
			hi = mid;
	}
	return lo;
}

struct weir_priv_join_agent_stream *join_agent_stream_find(const struct weir_join_agent *a,
                                                           uint32_t stream)
{
	uint32_t i = place_of(a, stream);

	return i < a->n_streams && a->stream[i].stream == stream ? &a->stream[i] : NULL;
}

static int is_input(const struct weir_join_agent *a, uint32_t stream)
{
	struct weir_join_input_info info;

	return weir_join_input(&a->join, stream, &info) == WEIR_OK;
}

static void forget(struct weir_join_agent *a, uint32_t i)
{
	a->n_streams--;
	memmove(&a->stream[i], &a->stream[i + 1u], (a->n_streams - i) * sizeof(*a->stream));
}

/* Makes room for an input at the expense of a stream that is none: there is one, since there is
 * room for as many as the join can have. */
static int make_room(struct weir_join_agent *a)
{
	uint32_t i;

	for (i = 0; i < a->n_streams; i++) {
		uint32_t at = (a->stream_turn + i) % a->n_streams;

		if (is_input(a, a->stream[at].stream))
			continue;
		a->stream_turn = at;
		forget(a, at);
		return 1;
	}
	return 0;
}

struct weir_priv_join_agent_stream *join_agent_stream_get(struct weir_join_agent *a,
                                                          uint32_t stream)
{
	struct weir_priv_join_agent_stream *s = join_agent_stream_find(a, stream);
	uint32_t i;

	if (s != NULL)
		return s;
	if (a->n_streams == a->cfg.streams && (!is_input(a, stream) || !make_room(a))) {
		a->stats.streams_full++;
		return NULL;
	}
	i = place_of(a, stream);
	s = &a->stream[i];
	memmove(s + 1, s, (a->n_streams - i) * sizeof(*s));
	a->n_streams++;
	memset(s, 0, sizeof(*s));
	s->stream = stream;
	return s;
}

/* The stream is in that epoch, which is no older than the one known. */
static void enter_epoch(struct weir_priv_join_agent_stream *s, uint64_t epoch)
{
	if (s->has_epoch && s->epoch == epoch)
		return;
	s->has_epoch = 1;
	s->epoch = epoch;
	s->clock = 0;
}

/* ---- frames ---- */

static void rejected(struct weir_join_agent *a, struct weir_priv_join_agent_stream *s,
                     uint32_t stream, uint64_t epoch, enum weir_join_answer why)
{
	struct weir_join_agent_event e = {.kind = WEIR_JOIN_AGENT_INPUT_REJECTED,
	                                  .stream = stream,
	                                  .epoch = epoch,
	                                  .value = (uint64_t)why};

	if (s != NULL) {
		if (s->rejection == a->join.generation && s->rejected == epoch)
			return;
		s->rejection = a->join.generation;
		s->rejected = epoch;
	}
	join_agent_raise(a, &e);
}

static enum weir_merge_clock clock_of(const struct weir_join_agent *a,
                                      const struct weir_priv_join_agent_stream *s)
{
	if (s != NULL && s->clock != 0)
		return (enum weir_merge_clock)s->clock;
	if ((a->cfg.flags & (uint32_t)WEIR_JOIN_AGENT_ASSUME_CLOCK) == 0)
		return (enum weir_merge_clock)0;
	return a->join.state == WEIR_JOIN_STATUS_OK ? (enum weir_merge_clock)a->join.map.clock
	                                            : WEIR_MERGE_MONOTONIC;
}

static enum weir_join_answer feed_time(struct weir_join_agent *a, uint32_t stream, uint64_t epoch,
                                       enum weir_merge_source source, uint64_t time)
{
	struct weir_priv_join_agent_stream *s = join_agent_stream_find(a, stream);
	enum weir_merge_clock clock = clock_of(a, s);
	enum weir_join_answer answer;

	if (clock == 0 && time != WEIR_MERGE_TIME_NULL) {
		a->stats.clock_unknown++;
		return WEIR_JOIN_NULL_TIME;
	}
	answer = weir_join_observe_time(&a->join, stream, epoch, source, time, clock, a->now);
	if (answer == WEIR_JOIN_REJECTED_CLOCK || answer == WEIR_JOIN_REJECTED_ORDER)
		rejected(a, s, stream, epoch, answer);
	return answer;
}

/* Whether times of frames mean anything to the join. */
static int wants_times(const struct weir_join_agent *a)
{
	return a->join.state == WEIR_JOIN_STATUS_OK ? a->join.map.kind == WEIR_MERGE_TIMESTAMP
	                                            : a->join.cfg.mode != WEIR_JOIN_SEQUENCE;
}

static int came_back(const struct weir_priv_join_agent_stream *s, const struct weir_codec_frame *f)
{
	return s != NULL && s->lost &&
	       (!s->has_lost_at || f->epoch > s->epoch || f->seq > s->lost_at);
}

void join_agent_on_frame(struct weir_join_agent *a, const struct weir_codec_frame *f)
{
	struct weir_priv_join_agent_stream *s = join_agent_stream_find(a, f->stream);
	struct weir_join_agent_event back = {
		.kind = WEIR_JOIN_AGENT_INPUT_BACK, .stream = f->stream, .epoch = f->epoch};
	enum weir_join_answer answer;
	int is_back;

	a->stats.frames++;
	if (s != NULL && s->has_epoch && f->epoch < s->epoch) {
		a->stats.old_frames++;
		return;
	}
	answer = weir_join_observe(&a->join, f->stream, f->epoch, f->seq, a->now);
	if (answer != WEIR_JOIN_OK && answer != WEIR_JOIN_EPOCH_RESET &&
	    answer != WEIR_JOIN_MAP_INVALIDATED)
		return;
	is_back = came_back(s, f);
	s = s != NULL ? s : join_agent_stream_get(a, f->stream);
	if (s != NULL) {
		enter_epoch(s, f->epoch);
		if (is_back)
			s->lost = 0;
	}
	if (answer == WEIR_JOIN_MAP_INVALIDATED) {
		join_agent_check_map(a, f->stream, f->epoch);
		return;
	}
	if (wants_times(a))
		(void)feed_time(a, f->stream, f->epoch, WEIR_MERGE_FRAME_DESCRIPTOR, f->time_ns);
	if (is_back)
		join_agent_raise(a, &back);
}

enum weir_join_answer weir_join_agent_slot_time(struct weir_join_agent *a, uint32_t stream,
                                                uint64_t epoch, uint64_t time, weir_ns now)
{
	const struct weir_priv_join_agent_stream *s;
	enum weir_join_answer answer = WEIR_JOIN_OLD_EPOCH;

	if (join_agent_over(a))
		return WEIR_JOIN_CLOSED;
	if (!join_agent_is(a, WEIR_JOIN_AGENT_STAGE))
		return WEIR_JOIN_NOT_TRACKED;
	join_agent_enter(a, now);
	s = join_agent_stream_find(a, stream);
	if (s == NULL || !s->has_epoch || epoch >= s->epoch)
		answer = feed_time(a, stream, epoch, WEIR_MERGE_SLOT_HEADER, time);
	join_agent_check_map(a, stream, epoch);
	join_agent_leave(a);
	return answer;
}

/* ---- announcements, and what ends a stream ---- */

static int is_old(const struct weir_join_agent *a, const struct weir_codec_pool *p)
{
	return a->cfg.fresh_ns != 0 && p->clock == WEIR_MERGE_MONOTONIC &&
	       join_agent_later(p->time_ns, a->cfg.fresh_ns) < a->now;
}

void join_agent_on_pool(struct weir_join_agent *a, const struct weir_codec_pool *p)
{
	struct weir_priv_join_agent_stream *s;
	int known = (a->has & (uint32_t)(KNOWN | VOIDED)) != 0, newer;

	a->stats.announcements++;
	if (is_old(a, p)) {
		a->stats.old_announcements++;
		return;
	}
	if (p->stream == a->join.cfg.out && (!known || p->epoch > a->epoch))
		(void)join_agent_set_epoch(a, p->epoch);
	s = join_agent_over(a) ? NULL : join_agent_stream_get(a, p->stream);
	if (s == NULL)
		return;
	if (s->has_epoch && p->epoch < s->epoch) {
		a->stats.old_announcements++;
		return;
	}
	newer = !s->has_epoch || p->epoch > s->epoch;
	enter_epoch(s, p->epoch);
	s->clock = (uint8_t)p->clock;
	if (!newer)
		return;
	/* without a time: the join takes the epoch alone from it */
	(void)weir_join_observe_time(&a->join, p->stream, p->epoch, WEIR_MERGE_FRAME_DESCRIPTOR,
	                             WEIR_MERGE_TIME_NULL, (enum weir_merge_clock)p->clock, a->now);
	if (s->lost) { /* a newer epoch is no frame yet */
		s->has_lost_at = 0;
		(void)weir_join_lost(&a->join, p->stream);
	}
	join_agent_check_map(a, p->stream, p->epoch);
}

static void lose(struct weir_join_agent *a, uint32_t stream, uint64_t reason)
{
	struct weir_join_agent_event e = {
		.kind = WEIR_JOIN_AGENT_INPUT_LOST, .stream = stream, .value = reason};
	struct weir_priv_join_agent_stream *s;
	struct weir_join_input_info info;

	if (weir_join_lost(&a->join, stream) != WEIR_JOIN_OK ||
	    weir_join_input(&a->join, stream, &info) != WEIR_OK)
		return;
	s = join_agent_stream_get(a, stream);
	if (s != NULL) {
		int again = s->lost;

		s->lost = 1;
		s->has_lost_at = info.has_sequence != 0;
		s->lost_at = info.sequence;
		if (again)
			return;
	}
	join_agent_raise(a, &e);
}

void join_agent_on_revoked(struct weir_join_agent *a, const struct weir_codec_revoked *r)
{
	struct weir_join_agent_event e = {
		.kind = WEIR_JOIN_AGENT_OUTPUT_LOST, .stream = r->stream, .value = r->reason};

	a->stats.revoked++;
	if (r->role != 1u) /* consumers come and go */
		return;
	lose(a, r->stream, r->reason);
	if (r->stream == a->join.cfg.out)
		join_agent_raise(a, &e);
}

/* All leases are void, and all epochs will be higher: nothing goes on before a fresh map. */
void join_agent_on_shutdown(struct weir_join_agent *a, const struct weir_codec_shutdown *s)
{
	struct weir_join_agent_event e = {.kind = WEIR_JOIN_AGENT_SHUTDOWN, .value = s->reason};
	uint64_t generation = a->join.generation;
	uint32_t i;

	a->stats.shutdowns++;
	for (i = 0; a->join.state == WEIR_JOIN_STATUS_OK && generation == a->join.generation &&
	            i < a->join.map.n_rules;
	     i++)
		lose(a, a->join.map_rule[i].input, s->reason);
	if (join_agent_over(a))
		return;
	if ((a->has & (uint32_t)KNOWN) != 0) {
		a->has = (a->has & ~(uint32_t)KNOWN) | (uint32_t)VOIDED;
		(void)weir_join_set_epoch(&a->join, WEIR_MERGE_EPOCH_NULL); /* no map has it */
		join_agent_check_map(a, a->join.cfg.out, a->epoch);
	}
	join_agent_raise(a, &e);
}
