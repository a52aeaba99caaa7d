/* weir/driver_agent.h - storey runtime: a driver on a transport. Needs: base, codec, driver, error,
 * stats, transport. */
#ifndef WEIR_DRIVER_AGENT_H
#define WEIR_DRIVER_AGENT_H

#include <errno.h>

#include <weir/base.h>
#include <weir/codec.h>
#include <weir/driver.h>
#include <weir/error.h>
#include <weir/stats.h>
#include <weir/transport.h>

/*
 * Hands a driver the messages of a transport, and sends what it answers. What the transport does not
 * take waits in a bounded outbox; while that is too full, messages are dropped unread, as if they
 * had been lost on the way, and clients ask again. No clock, no allocation. One thread.
 */

WEIR_BEGIN

struct weir_driver_agent_stats {
	uint32_t struct_size;
	uint32_t reserved;
	uint64_t cycles, received, dropped, sent, full, unsent;
};
extern WEIR_API const struct weir_stat_desc weir_driver_agent_stat_desc[];
extern WEIR_API const uint32_t weir_driver_agent_stat_count;

struct weir_driver_agent {
	struct weir_driver *driver;
	const struct weir_transport *transport;
	struct weir_codec_message *box; /* a ring of messages that wait to be sent */
	uint32_t box_cap, box_first, box_n;
	uint32_t closed;
	uint32_t postponed; /* full polls in a row */
	uint32_t reserved;
	struct weir_span scratch;
	weir_ns now;
	struct weir_driver_agent_stats stats;
};

/* driver, transport and storage are the caller's, outlive the agent and stay where they are. outbox:
 * aligned to 8 bytes, room for at least WEIR_DRIVER_MESSAGES_MAX messages of struct
 * weir_codec_message. scratch: room for the longest message in bytes, an answer with all regions.
 * -EINVAL: misaligned; -ENOBUFS: the outbox is too small. Wait-free. */
WEIR_API WEIR_CHECK int weir_driver_agent_init(struct weir_driver_agent *a,
					       struct weir_driver *driver,
					       const struct weir_transport *transport,
					       struct weir_span outbox, struct weir_span scratch,
					       struct weir_error *err);

/* One cycle: takes `limit` messages or thereabouts, does what is due, sends what can be sent. Returns
 * how many messages came and went, or -errno of the transport's poll, after doing the rest. What is
 * overdue is looked for when fewer than `limit` came, or `limit` did 16 times in a row: a keepalive
 * may be among those that lie there yet. -ECANCELED after the close. */
WEIR_API WEIR_CHECK int weir_driver_agent_do_work(struct weir_driver_agent *a, uint32_t limit,
						  weir_ns now);

/* A client's lease ends: it is known to be dead, or not wanted. As weir_driver_step(); -EAGAIN also
 * when the outbox is too full; -ECANCELED after the close. */
WEIR_API WEIR_CHECK int weir_driver_agent_revoke(struct weir_driver_agent *a, uint32_t client,
						 weir_ns now);

/* All leases end. -EAGAIN: the outbox is too full; -ECANCELED: closed. Go on with do_work until weir_driver_agent_queued()
 * is 0, if that shall be heard. */
WEIR_API WEIR_CHECK int weir_driver_agent_shutdown(struct weir_driver_agent *a, uint32_t reason,
						   weir_ns now);

/* Messages that wait to be sent. Wait-free. */
WEIR_API uint32_t weir_driver_agent_queued(const struct weir_driver_agent *a);

/* When the next cycle is due, but for messages that come; WEIR_NS_NEVER: not at all. O(gates). */
WEIR_API weir_ns weir_driver_agent_next_ns(const struct weir_driver_agent *a);

/* Lets go of the transport. Nothing is sent any more; repeats do nothing. */
WEIR_API void weir_driver_agent_close(struct weir_driver_agent *a);

WEIR_END
#endif
