/* A driver on a transport. The outbox holds messages as values: what they point to is the driver's
 * configuration or static, so they are encoded when they are sent, into one scratch buffer. A step
 * is taken only while the outbox has room for all that it may say. */
#include <limits.h>
#include <string.h>

#define POSTPONED_MAX 16u /* full polls in a row before time is looked at all the same */

#include <weir/driver_agent.h>

static int has_room(const struct weir_driver_agent *a)
{
	return a->box_cap - a->box_n >= WEIR_DRIVER_MESSAGES_MAX;
}

static int step(struct weir_driver_agent *a, const struct weir_driver_event *e)
{
	struct weir_codec_message m[WEIR_DRIVER_MESSAGES_MAX];
	uint32_t i, n = 0;
	int rc;

	if (!has_room(a))
		return -EAGAIN;
	rc = weir_driver_step(a->driver, e, a->now, m, WEIR_DRIVER_MESSAGES_MAX, &n);
	if (rc != WEIR_OK)
		return rc;
	for (i = 0; i < n; i++)
		a->box[(a->box_first + a->box_n++) % a->box_cap] = m[i];
	return WEIR_OK;
}

static uint32_t flush(struct weir_driver_agent *a)
{
	uint32_t sent = 0;

	while (a->box_n != 0) {
		size_t len = 0;
		int rc = weir_codec_encode(&a->box[a->box_first], a->scratch.ptr, a->scratch.len,
					   &len, NULL);

		if (rc == WEIR_OK)
			rc = a->transport->offer(a->transport->ctx, a->scratch.ptr, len);
		if (rc == WEIR_FULL) {
			a->stats.full++;
			break;
		}
		if (rc == WEIR_OK) {
			a->stats.sent++;
			sent++;
		} else {
			a->stats.unsent++;
		}
		a->box_first = (a->box_first + 1u) % a->box_cap;
		a->box_n--;
	}
	return sent;
}

static void on_message(void *ctx, const void *buf, size_t len, weir_ns now)
{
	struct weir_driver_agent *a = WEIR_PTR(struct weir_driver_agent, ctx);
	struct weir_driver_event e = {.kind = WEIR_DRIVER_BYTES, .bytes = buf, .len = len};

	if (a->closed)
		return;
	if (now > a->now)
		a->now = now;
	a->stats.received++;
	if (step(a, &e) == WEIR_OK)
		return;
	(void)flush(a); /* it needs room for its answers: make some */
	if (step(a, &e) != WEIR_OK)
		a->stats.dropped++;
}

int weir_driver_agent_init(struct weir_driver_agent *a, struct weir_driver *driver,
			   const struct weir_transport *transport, struct weir_span outbox,
			   struct weir_span scratch, struct weir_error *err)
{
	size_t least = WEIR_DRIVER_MESSAGES_MAX * sizeof(struct weir_codec_message);
	size_t cap = outbox.len / sizeof(struct weir_codec_message);

	if ((uintptr_t)outbox.ptr % 8u != 0)
		return weir_error_set(err, -EINVAL, "driver agent: outbox is misaligned",
				      (uintptr_t)outbox.ptr % 8u, 0);
	if (outbox.len < least)
		return weir_error_set(err, -ENOBUFS, "driver agent: outbox", outbox.len, least);
	memset(a, 0, sizeof(*a));
	a->driver = driver;
	a->transport = transport;
	a->box = WEIR_PTR(struct weir_codec_message, outbox.ptr);
	a->box_cap = cap > UINT32_MAX / 2u ? UINT32_MAX / 2u : (uint32_t)cap;
	a->scratch = scratch;
	a->stats.struct_size = sizeof(a->stats);
	return WEIR_OK;
}

int weir_driver_agent_do_work(struct weir_driver_agent *a, uint32_t limit, weir_ns now)
{
	struct weir_driver_event tick = {.kind = WEIR_DRIVER_TICK};
	uint32_t work;
	int got = 0;

	if (a->closed)
		return -ECANCELED;
	if (now > a->now)
		a->now = now;
	a->stats.cycles++;
	work = flush(a);
	if (has_room(a)) {
		got = a->transport->poll(a->transport->ctx, on_message, a, limit, a->now);
		if (a->closed)
			return got;
		/* keepalives that wait are read before leases expire, but not for ever: traffic that
		 * never ends does not keep the dead alive */
		if (got < 0 || (uint32_t)got < limit || ++a->postponed > POSTPONED_MAX) {
			a->postponed = 0;
			got = step(a, &tick) == -EINVAL ? -EINVAL : got;
		}
		work += flush(a);
	}
	if (got < 0)
		return got;
	work += (uint32_t)got;
	return work > INT_MAX ? INT_MAX : (int)work;
}

int weir_driver_agent_revoke(struct weir_driver_agent *a, uint32_t client, weir_ns now)
{
	struct weir_driver_event e = {.kind = WEIR_DRIVER_REVOKE, .client = client};
	int rc;

	if (a->closed)
		return -ECANCELED;
	if (now > a->now)
		a->now = now;
	rc = step(a, &e);
	flush(a);
	return rc;
}

int weir_driver_agent_shutdown(struct weir_driver_agent *a, uint32_t reason, weir_ns now)
{
	struct weir_driver_event e = {.kind = WEIR_DRIVER_SHUTDOWN, .reason = reason};
	int rc;

	if (a->closed)
		return -ECANCELED;
	if (now > a->now)
		a->now = now;
	rc = step(a, &e);
	flush(a);
	return rc;
}

uint32_t weir_driver_agent_queued(const struct weir_driver_agent *a)
{
	return a->box_n;
}

weir_ns weir_driver_agent_next_ns(const struct weir_driver_agent *a)
{
	return a->box_n != 0 ? a->now : weir_driver_next_ns(a->driver);
}

void weir_driver_agent_close(struct weir_driver_agent *a)
{
	int rc = a->closed ? 0 : a->transport->poll(a->transport->ctx, NULL, NULL, 0, a->now);

	(void)rc;
	a->closed = 1;
	a->box_n = 0;
}

#define STAT(name, unit, help)                                                                     \
	{                                                                                          \
#name, unit, help, (uint32_t)offsetof(struct weir_driver_agent_stats, name), 0     \
	}

const struct weir_stat_desc weir_driver_agent_stat_desc[] = {
	STAT(cycles, "cycles", "of work"),
	STAT(received, "messages", "that came"),
	STAT(dropped, "messages", "dropped because the outbox was too full"),
	STAT(sent, "messages", "sent"),
	STAT(full, "times", "the transport took no more"),
	STAT(unsent, "messages", "that the transport refused, or that did not fit the scratch"),
};
const uint32_t weir_driver_agent_stat_count =
	sizeof(weir_driver_agent_stat_desc) / sizeof(weir_driver_agent_stat_desc[0]);
