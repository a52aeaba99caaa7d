/* A transport over a session: one kind of message, broadcast.
 *
 * The receiver is called from the session's handler, so a message lies where its sender has put it
 * and is not copied. Sending within a handler is allowed; waiting is not, and nothing here does. */
#include <weir/session.h>
#include <weir/transport.h>

#include <string.h>

static int on_message(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	struct weir_transport_session *t = ctx;

	(void)s;
	if (t->fn == NULL) {
		t->dropped++;
		return 0;
	}
	t->taken++;
	t->fn(t->fn_ctx, m->ptr, m->len, m->now);
	return t->limit != 0 && t->taken >= t->limit;
}

static int count_of(uint32_t n)
{
	return n < INT32_MAX ? (int)n : INT32_MAX;
}

static int poll_session(void *ctx, weir_transport_fn fn, void *fn_ctx, uint32_t limit, weir_ns now)
{
	struct weir_transport_session *t = ctx;
	uint32_t passed = t->taken;
	int rc;

	t->fn = fn;
	t->fn_ctx = fn_ctx;
	if (fn == NULL || t->session == NULL)
		return 0;
	t->taken = 0;
	if ((t->flags & WEIR_TRANSPORT_PASSIVE) != 0)
		return count_of(passed);
	t->limit = limit;
	rc = weir_session_poll(t->session, now);
	t->limit = 0;
	passed = t->taken;
	t->taken = 0;
	return passed > 0 || rc >= 0 ? count_of(passed) : rc;
}

static int offer_session(void *ctx, const void *buf, size_t len)
{
	const struct weir_transport_session *t = ctx;

	if (t->session == NULL)
		return -ENOTCONN;
	return len <= UINT32_MAX ? weir_session_send(t->session, t->kind, buf, (uint32_t)len)
	                         : -EMSGSIZE;
}

int weir_transport_session_open(struct weir_transport_session *t, struct weir_session *s,
                                uint32_t kind, uint32_t flags, struct weir_error *err)
{
	if ((flags & ~WEIR_TRANSPORT_PASSIVE) != 0)
		return weir_error_set(err, -EINVAL, "transport: flags", flags,
		                      WEIR_TRANSPORT_PASSIVE);
	if (weir_session_on(s, kind, on_message, t) != WEIR_OK)
		return weir_error_set(err, -EINVAL, "transport: kind", kind, 0);
	memset(t, 0, sizeof(*t));
	t->transport.poll = poll_session;
	t->transport.offer = offer_session;
	t->transport.ctx = t;
	t->session = s;
	t->kind = kind;
	t->flags = flags;
	return WEIR_OK;
}

void weir_transport_session_close(struct weir_transport_session *t)
{
	if (t->session == NULL)
		return;
	t->fn = NULL;
	if (weir_session_on(t->session, t->kind, NULL, NULL) == WEIR_OK)
		t->session = NULL; /* it was one of the session's kinds, so it still is */
}
