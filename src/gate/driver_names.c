/* Words and counters of a driver, from the lists that make the enums. */
#include <weir/driver.h>

const char *weir_driver_event_name(unsigned kind)
{
	static const char *const name[] = {
#define X(n) #n,
		WEIR_DRIVER_EVENTS(X)
#undef X
	};

	return kind < WEIR_DRIVER_EVENT_COUNT ? name[kind] : "?";
}

const char *weir_driver_refusal_name(unsigned refusal)
{
	static const char *const name[] = {
#define X(n, code, text) #n,
		WEIR_DRIVER_REFUSALS(X)
#undef X
	};

	return refusal < WEIR_DRIVER_REFUSAL_COUNT ? name[refusal] : "?";
}

const char *weir_driver_refusal_text(unsigned refusal)
{
	static const char *const text[] = {
#define X(n, code, t) t,
		WEIR_DRIVER_REFUSALS(X)
#undef X
	};

	return refusal < WEIR_DRIVER_REFUSAL_COUNT ? text[refusal] : "?";
}

#define STAT(name, unit, help)                                                                     \
	{                                                                                          \
#name, unit, help, (uint32_t)offsetof(struct weir_driver_stats, name), 0           \
	}

const struct weir_stat_desc weir_driver_stat_desc[] = {
	STAT(messages, "messages", "taken in"),
	STAT(attaches, "requests", "to attach"),
	STAT(granted, "leases", "granted"),
	STAT(repeats, "requests", "to attach that were answered already"),
	STAT(waiting, "requests", "that were put to a gate"),
	STAT(invalid, "requests", "answered INVALID_PARAMS"),
	STAT(unsupported, "requests", "answered UNSUPPORTED"),
	STAT(rejected, "requests", "answered REJECTED"),
	STAT(detaches, "requests", "to detach"),
	STAT(keepalives, "messages", "that said that a client is alive"),
	STAT(strangers, "keepalives", "of a lease that is no more"),
	STAT(frames, "messages", "that announced a frame"),
	STAT(maps, "messages", "about merge maps, passed over"),
	STAT(others, "messages", "for somebody else"),
	STAT(malformed, "messages", "that could not be decoded"),
	STAT(busy, "messages", "dropped until the gates have heard who came and went"),
	STAT(detached, "leases", "given back"),
	STAT(expired, "leases", "expired"),
	STAT(revoked, "leases", "revoked by the caller"),
	STAT(epochs, "epochs", "begun"),
	STAT(announces, "messages", "that announced a stream"),
	STAT(ready, "messages", "that said that a join is ready"),
	STAT(created, "streams", "created by clients"),
};
const uint32_t weir_driver_stat_count =
	sizeof(weir_driver_stat_desc) / sizeof(weir_driver_stat_desc[0]);
