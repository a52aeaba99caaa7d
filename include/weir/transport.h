/* weir/transport.h - storey runtime: how an agent gets and sends messages. Needs: base, error. */
#ifndef WEIR_TRANSPORT_H
#define WEIR_TRANSPORT_H

#include <errno.h>

#include <weir/base.h>
#include <weir/error.h>

/*
 * A transport carries whole messages, as bytes, between those who are on it. It may lose, repeat and
 * reorder them: whoever uses one is prepared for that. It is two functions and their context; the
 * one below sits on a session, and an application brings others in the same form. One thread.
 */

WEIR_BEGIN

/* Gets a message: `len` bytes at any address, valid until it returns. It may offer on the same
 * transport, and never waits. */
typedef void (*weir_transport_fn)(void *fn_ctx, const void *buf, size_t len, weir_ns now);

struct weir_transport {
	/* Hands messages that have come to fn, `limit` of them or thereabouts, with that `now`.
	 * Never blocks. Returns how many, or -errno. A transport that somebody else drives as well
	 * keeps fn and fn_ctx, and calls fn whenever a message comes. fn NULL: the one that was
	 * given is not called any more; this is allowed within fn. */
	int (*poll)(void *ctx, weir_transport_fn fn, void *fn_ctx, uint32_t limit, weir_ns now);
	/* Sends a copy. Never blocks. WEIR_OK; WEIR_FULL: not now; -errno. */
	int (*offer)(void *ctx, const void *buf, size_t len);
	void *ctx;
};

/* ---- over a session ---- */

struct weir_session;

#define WEIR_TRANSPORT_PASSIVE 1u /* the application polls the session, the transport does not */

/* Messages of one kind of a session: sent to all other members, and got from all. */
struct weir_transport_session {
	struct weir_transport transport; /* for those who use it */
	struct weir_session *session;
	weir_transport_fn fn;
	void *fn_ctx;
	uint32_t kind;
	uint32_t flags;
	uint32_t limit;   /* of the poll under way */
	uint32_t taken;   /* since the last poll began, or, when passive, returned */
	uint64_t dropped; /* messages that nobody wanted: before the first poll, after the last */
};

/* Becomes the handler of that kind. *t stays where it is until the close. A poll serves the whole
 * session, with all its handlers; once `limit` messages of this kind have been handed over, every
 * ring ends its turn after its next one. -EINVAL names the field. */
WEIR_API WEIR_CHECK int weir_transport_session_open(struct weir_transport_session *t,
                                                    struct weir_session *s, uint32_t kind,
                                                    uint32_t flags, struct weir_error *err);

/* Handles the kind no more. The session goes on; close before it is closed. Repeats do nothing. */
WEIR_API void weir_transport_session_close(struct weir_transport_session *t);

WEIR_END
#endif
