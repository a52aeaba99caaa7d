/* The words and the counters of join agents, from the list that makes the enum. */
#include <weir/join_agent.h>

#define WORD(name) #name,

const char *weir_join_agent_event_name(unsigned kind)
{
	static const char *const name[] = {WEIR_JOIN_AGENT_EVENTS(WORD)};

	return kind < WEIR_JOIN_AGENT_EVENT_COUNT ? name[kind] : "?";
}

#define STAT(name, unit, help)                                                                     \
	{                                                                                          \
#name, unit, help, (uint32_t)offsetof(struct weir_join_agent_stats, name), 0       \
	}

const struct weir_stat_desc weir_join_agent_stat_desc[] = {
	STAT(cycles, "calls", "of do_work"),
	STAT(messages, "messages", "that came"),
	STAT(foreign, "messages", "for somebody else, by schema, template or role"),
	STAT(malformed, "messages", "that could not be decoded"),
	STAT(others, "messages", "of other outputs, epochs or kinds of map"),
	STAT(frames, "messages", "that announced a frame"),
	STAT(old_frames, "frames", "ignored: of an epoch below the highest of their stream"),
	STAT(clock_unknown, "frames", "whose time was not used: no clock was announced"),
	STAT(announcements, "messages", "that announced a stream"),
	STAT(old_announcements, "messages", "ignored: too old, or of an earlier epoch"),
	STAT(streams_full, "messages", "about a stream for which there was no room"),
	STAT(maps, "maps", "applied"),
	STAT(map_repeats, "maps", "announced again without a change"),
	STAT(maps_refused, "maps", "refused: bad or too large"),
	STAT(maps_ended, "maps", "ended by an epoch"),
	STAT(requests, "requests", "for a map, sent"),
	STAT(request_full, "requests", "not sent for want of room"),
	STAT(gave_up, "times", "no map came after so many requests"),
	STAT(asked, "requests", "received"),
	STAT(unknown, "requests", "received for a map that is not held; no answer"),
	STAT(answered, "maps", "sent because somebody had asked"),
	STAT(announced, "maps", "sent because they were due"),
	STAT(announce_full, "maps", "not sent for want of room"),
	STAT(outputs, "outputs", "committed"),
	STAT(absent, "outputs", "committed without some input"),
	STAT(overdue, "outputs", "committed without some input because of their deadline"),
	STAT(later, "outputs", "raised, and put off by the application"),
	STAT(passed, "outputs", "raised, and passed over by the application"),
	STAT(voided, "outputs", "made, but the map had changed"),
	STAT(skipped, "outputs", "that can never be ready"),
	STAT(refused, "proposals", "that can never be ready"),
	STAT(revoked, "messages", "that ended a lease"),
	STAT(shutdowns, "messages", "that the driver goes down"),
	STAT(readies, "messages", "that the join may begin"),
	STAT(transport_errors, "calls", "that a transport refused"),
};
const uint32_t weir_join_agent_stat_count =
	sizeof(weir_join_agent_stat_desc) / sizeof(weir_join_agent_stat_desc[0]);
