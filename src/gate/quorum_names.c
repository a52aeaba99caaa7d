/* What a quorum says: the words and the counters, from the lists that make the enums, and the
 * actions. */
#include <string.h>

#include "quorum_internal.h"

#define WORD(name) #name,
#define WORD2(name, code) #name,

const char *weir_quorum_state_name(unsigned state)
{
	static const char *const name[] = {WEIR_QUORUM_STATES(WORD)};

	return state < WEIR_QUORUM_STATE_COUNT ? name[state] : "?";
}

const char *weir_quorum_event_name(unsigned kind)
{
	static const char *const name[] = {WEIR_QUORUM_EVENTS(WORD)};

	return kind < WEIR_QUORUM_EVENT_COUNT ? name[kind] : "?";
}

const char *weir_quorum_answer_name(unsigned answer)
{
	static const char *const name[] = {WEIR_QUORUM_ANSWERS(WORD2)};

	return answer < WEIR_QUORUM_ANSWER_COUNT ? name[answer] : "?";
}

const char *weir_quorum_action_name(unsigned kind)
{
	static const char *const name[] = {WEIR_QUORUM_ACTIONS(WORD)};

	return kind < WEIR_QUORUM_ACTION_COUNT ? name[kind] : "?";
}

weir_ns quorum_later(weir_ns t, weir_ns by)
{
	return by > WEIR_NS_NEVER - t ? WEIR_NS_NEVER : t + by;
}

struct weir_quorum_action *quorum_act(const struct weir_quorum *q, struct quorum_out *o,
				      enum weir_quorum_action_kind kind, uint32_t id)
{
	struct weir_quorum_action *a = &o->a[o->n++];

	memset(a, 0, sizeof(*a));
	a->kind = (uint32_t)kind;
	a->id = id;
	a->epoch = q->epoch;
	a->round = q->round;
	a->participants = q->participants.live;
	return a;
}

struct weir_quorum_action *quorum_answer(struct weir_quorum *q, struct quorum_out *o, uint32_t id,
					 enum weir_quorum_answer what)
{
	static const int code[] = {
#define X(name, value) value,
		WEIR_QUORUM_ANSWERS(X)
#undef X
	};
	struct weir_quorum_stats *s = &q->stats;
	uint64_t elsewhere; /* counted where it is decided */
	uint64_t *count[WEIR_QUORUM_ANSWER_COUNT] = {
		[WEIR_QUORUM_ACCEPTED] = &elsewhere,
		[WEIR_QUORUM_ALREADY] = &s->repeats,
		[WEIR_QUORUM_GRANTED] = &s->granted,
		[WEIR_QUORUM_PENDING] = &elsewhere,
		[WEIR_QUORUM_REFUSED] = &s->refused,
		[WEIR_QUORUM_TIMEOUT] = &s->timeouts,
		[WEIR_QUORUM_OLD_EPOCH] = &s->old_epochs,
		[WEIR_QUORUM_NEWER_EPOCH] = &s->newer_epochs,
		[WEIR_QUORUM_CONFLICT] = &s->conflicts,
		[WEIR_QUORUM_STRANGER] = &s->strangers,
		[WEIR_QUORUM_NO_ROOM] = &s->no_room,
		[WEIR_QUORUM_CLOSED] = &s->closed,
	};
	struct weir_quorum_action *a = quorum_act(q, o, WEIR_QUORUM_ANSWER, id);

	elsewhere = 0;
	a->answer = (uint32_t)what;
	a->code = code[what];
	(*count[what])++;
	return a;
}

#define STAT(name, unit, help)                                                                     \
	{                                                                                          \
#name, unit, help, (uint32_t)offsetof(struct weir_quorum_stats, name), 0           \
	}

const struct weir_stat_desc weir_quorum_stat_desc[] = {
	STAT(arrivals, "arrivals", "accepted"),
	STAT(repeats, "events", "that were repeats"),
	STAT(departures, "participants", "that left"),
	STAT(overdue, "participants", "that gave no sign of life for too long"),
	STAT(forgotten, "participants", "whose last epoch was forgotten to make room"),
	STAT(old_epochs, "events", "refused: a newer epoch is known"),
	STAT(newer_epochs, "arrivals", "refused: newer than the output's epoch"),
	STAT(conflicts, "arrivals", "refused: the id takes part with another role or stream"),
	STAT(strangers, "events", "about somebody who does not take part or does not wait"),
	STAT(no_room, "events", "refused: the storage is in use"),
	STAT(requests, "requests", "first tries to attach"),
	STAT(granted, "requests", "granted"),
	STAT(refused, "requests", "refused because the gate was shut"),
	STAT(timeouts, "requests", "that waited or asked too long"),
	STAT(early, "tries", "before their time; not counted against the limit"),
	STAT(withdrawn, "requests", "withdrawn while they waited"),
	STAT(closed, "events", "refused: the quorum was over"),
	STAT(rounds, "rounds", "begun"),
	STAT(ready, "rounds", "in which the join became ready"),
	STAT(revoked, "times", "the open gate shut for lack of participants"),
	STAT(restored, "times", "it opened again"),
	STAT(forming_ns, "ns", "from the beginning of a round until it was ready"),
	STAT(largest_forming_ns, "ns", "of one round, from its beginning until it was ready"),
};
const uint32_t weir_quorum_stat_count =
	sizeof(weir_quorum_stat_desc) / sizeof(weir_quorum_stat_desc[0]);
