/* The words and the counters of barriers, from the lists that make the enums. */
#include <weir/barrier.h>

#define WORD(name) #name,
#define WORD2(name, code) #name,

const char *weir_barrier_state_name(unsigned state)
{
	static const char *const name[] = {WEIR_BARRIER_STATES(WORD)};

	return state < WEIR_BARRIER_STATE_COUNT ? name[state] : "?";
}

const char *weir_barrier_event_name(unsigned kind)
{
	static const char *const name[] = {WEIR_BARRIER_EVENTS(WORD)};

	return kind < WEIR_BARRIER_EVENT_COUNT ? name[kind] : "?";
}

const char *weir_barrier_answer_name(unsigned answer)
{
	static const char *const name[] = {WEIR_BARRIER_ANSWERS(WORD2)};

	return answer < WEIR_BARRIER_ANSWER_COUNT ? name[answer] : "?";
}

const char *weir_barrier_action_name(unsigned kind)
{
	static const char *const name[] = {WEIR_BARRIER_ACTIONS(WORD)};

	return kind < WEIR_BARRIER_ACTION_COUNT ? name[kind] : "?";
}

#define STAT(name, unit, help)                                                                     \
	{                                                                                          \
#name, unit, help, (uint32_t)offsetof(struct weir_barrier_stats, name), 0          \
	}

const struct weir_stat_desc weir_barrier_stat_desc[] = {
	STAT(generations, "generations", "that have ended"),
	STAT(arrivals, "arrivals", "accepted"),
	STAT(repeats, "arrivals", "that were repeats"),
	STAT(stale, "arrivals", "refused: of a generation that had ended"),
	STAT(early, "arrivals", "refused: of a generation to come"),
	STAT(strangers, "arrivals", "refused: not of a member of the generation"),
	STAT(mixed_mode, "arrivals", "refused: another mode than the first arrival's"),
	STAT(departures, "members", "that left an open generation"),
	STAT(deaths, "members", "that died in an open generation"),
	STAT(timeouts, "generations", "ended by the deadline"),
	STAT(cancels, "generations", "cancelled"),
	STAT(abandoned, "generations", "ended because nobody was left to be released"),
	STAT(late, "events", "for a generation that had ended"),
	STAT(gather_ns, "ns", "from first to last arrival"),
	STAT(drain_ns, "ns", "from last arrival to release"),
	STAT(largest_gather_ns, "ns", "of one generation, from first to last arrival"),
	STAT(largest_drain_ns, "ns", "of one generation, from last arrival to release"),
};
const uint32_t weir_barrier_stat_count =
	sizeof(weir_barrier_stat_desc) / sizeof(weir_barrier_stat_desc[0]);
