/* A random walk of a driver against an oracle: plain arrays by client and by stream. Requests are
 * right, wrong, late and repeated; time stands still, goes on and leaps. After every step: each
 * message is one that the oracle expects, in its order; no stream has two producers; epochs rise
 * strictly; every lease ends once; READY is said once per round; there are no more messages than
 * allowed. WEIR_SEED repeats a walk. */

#include "driver_fixture.h"
#include "walk.h"

#define CLIENTS 12u
#define ROOM 8u /* leases */
#define STEPS 40000u

struct client {
	int has;
	uint64_t lease;
	uint32_t stream, role;
	int64_t correlation;
	weir_ns expires;
	int waits;
	uint32_t wait_stream, wait_role;
	uint64_t order; /* of the last sign of life */
};

static struct client client[CLIENTS + 1];
static uint64_t epoch[10], ended, granted, revoked, order, ready_epoch,
	ready_round;
static uint64_t readies;
static weir_ns now;
static int64_t correlation;

static uint32_t holder(uint32_t stream, uint32_t role)
{
	uint32_t i, found = 0;

	for (i = 1; i <= CLIENTS; i++)
		if (client[i].has && client[i].stream == stream && client[i].role == role) {
			MUST(found == 0 || role == WEIR_CODEC_ROLE_CONSUMER);
			found = i;
		}
	return found;
}

static uint32_t places_taken(void)
{
	uint32_t i, n = 0;

	for (i = 1; i <= CLIENTS; i++)
		n += (uint32_t)(client[i].has || client[i].waits);
	return n;
}

/* What the oracle would say to a request; -1: that depends on the gate. */
static int verdict(const struct weir_codec_attach *a)
{
	const struct client *c = &client[a->client];

	if (a->stream == 0 || a->client == 0 || a->role < 1 || a->role > 3)
		return WEIR_CODEC_CODE_INVALID_PARAMS;
	if (c->has)
		return c->correlation == a->correlation && c->stream == a->stream &&
				       c->role == a->role
			       ? WEIR_CODEC_CODE_OK
			       : WEIR_CODEC_CODE_REJECTED;
	if (c->waits && (c->wait_stream != a->stream || c->wait_role != a->role))
		return WEIR_CODEC_CODE_REJECTED;
	if ((!c->waits && places_taken() == ROOM) || epoch[a->stream] == 0)
		return WEIR_CODEC_CODE_REJECTED;
	if (a->role != WEIR_CODEC_ROLE_CONSUMER && holder(a->stream, a->role) != 0)
		return WEIR_CODEC_CODE_REJECTED;
	return a->stream == 9 && a->role == WEIR_CODEC_ROLE_CONSUMER ? -1 : WEIR_CODEC_CODE_OK;
}

/* ---- what the driver says, taken into the oracle ---- */

static void saw_grant(const struct weir_codec_attached *m, const struct weir_codec_attach *asked)
{
	uint32_t i, who = asked != NULL && asked->correlation == m->correlation ? asked->client : 0;
	struct client *c;

	for (i = 1; i <= CLIENTS && who == 0; i++)
		if (client[i].waits && client[i].correlation == m->correlation)
			who = i;
	MUST(who != 0);
	c = &client[who];
	if (c->has) { /* a repeat */
		MUST(c->lease == m->lease && c->correlation == m->correlation);
		return;
	}
	c->stream = c->waits ? c->wait_stream : asked->stream;
	c->role = c->waits ? c->wait_role : asked->role;
	MUST(m->stream == c->stream);
	MUST(c->role == WEIR_CODEC_ROLE_CONSUMER || holder(c->stream, c->role) == 0);
	MUST(m->lease > granted);
	if (c->role == WEIR_CODEC_ROLE_PRODUCER) {
		MUST(m->epoch > epoch[c->stream]);
		epoch[c->stream] = m->epoch;
	}
	MUST(m->epoch == epoch[c->stream]);
	MUST(m->epoch > 5000);
	granted = m->lease;
	c->has = 1;
	c->waits = 0;
	c->lease = m->lease;
	c->correlation = m->correlation;
	c->expires = now + KEEPALIVE * GRACE;
	MUST(m->expiry_ns == c->expires);
	c->order = ++order;
}

static void saw_refusal(const struct weir_codec_attached *m)
{
	uint32_t i;

	for (i = 1; i <= CLIENTS; i++)
		if (client[i].waits && client[i].correlation == m->correlation)
			client[i].waits = 0;
}

/* The end of a lease: the oldest that is overdue, when it is said to have expired. */
static void saw_end(const struct weir_codec_revoked *m, const struct weir_codec_message *next)
{
	struct client *c = &client[m->client];
	uint32_t i;

	MUST(c->has && c->lease == m->lease && c->role == m->role && c->stream == m->stream);
	if (m->reason == WEIR_CODEC_END_EXPIRED) {
		MUST(c->expires <= now);
		for (i = 1; i <= CLIENTS; i++)
			MUST(!client[i].has || client[i].order >= c->order);
	}
	c->has = 0;
	ended++;
	if (m->role != WEIR_CODEC_ROLE_PRODUCER)
		return;
	MUST(next != NULL && next->kind == WEIR_CODEC_POOL && next->pool.stream == m->stream);
	MUST(next->pool.epoch > epoch[m->stream] && next->pool.producer == 0);
	epoch[m->stream] = next->pool.epoch;
}

static void saw_ready(const struct weir_codec_ready *m)
{
	MUST(m->out == 9 && m->epoch == epoch[9]);
	MUST(m->epoch > ready_epoch || (m->epoch == ready_epoch && m->round > ready_round));
	MUST(holder(1, WEIR_CODEC_ROLE_PRODUCER) != 0 && holder(2, WEIR_CODEC_ROLE_PRODUCER) != 0);
	ready_epoch = m->epoch;
	ready_round = m->round;
	readies++;
}

static void take_in(const struct weir_codec_attach *asked, uint64_t stranger)
{
	uint32_t i;

	MUST(n_said <= CAP);
	for (i = 0; i < n_said; i++) {
		const struct weir_codec_message *m = &said[i];
		static uint8_t bytes[512];
		size_t len;

		MUST(weir_codec_encode(m, bytes, sizeof(bytes), &len, NULL) == WEIR_OK);
		if (m->kind == WEIR_CODEC_ATTACHED && m->attached.code == WEIR_CODEC_CODE_OK)
			saw_grant(&m->attached, asked);
		else if (m->kind == WEIR_CODEC_ATTACHED)
			saw_refusal(&m->attached);
		else if (m->kind == WEIR_CODEC_REVOKED && m->revoked.lease == stranger)
			MUST(m->revoked.reason == WEIR_CODEC_END_REVOKED);
		else if (m->kind == WEIR_CODEC_REVOKED)
			saw_end(&m->revoked, i + 1 < n_said ? m + 1 : NULL);
		else if (m->kind == WEIR_CODEC_POOL)
			MUST(m->pool.epoch == epoch[m->pool.stream] &&
			     m->pool.producer == holder(m->pool.stream, WEIR_CODEC_ROLE_PRODUCER));
		else if (m->kind == WEIR_CODEC_READY)
			saw_ready(&m->ready);
		else
			MUST(m->kind == WEIR_CODEC_DETACHED);
	}
}

/* ---- what happens ---- */

static void ask(void)
{
	static const uint32_t streams[] = {1, 1, 2, 2, 9, 9, 9, 5, 0};
	uint32_t who = (uint32_t)chance(CLIENTS + (chance(20) == 0));
	uint32_t role = chance(30) == 0 ? 4 : (uint32_t)(1 + chance(3));
	struct weir_codec_message m =
		attach_request(who + (chance(50) != 0), streams[chance(9)], role, ++correlation);
	int want;

	if (m.attach.client > CLIENTS)
		m.attach.client = CLIENTS;
	if (chance(4) == 0 && client[m.attach.client].has) { /* again */
		m.attach.correlation = client[m.attach.client].correlation;
		m.attach.stream = client[m.attach.client].stream;
		m.attach.role = client[m.attach.client].role;
	}
	want = verdict(&m.attach);
	if (want == -1) {
		client[m.attach.client].waits = 1;
		client[m.attach.client].wait_stream = m.attach.stream;
		client[m.attach.client].wait_role = m.attach.role;
		client[m.attach.client].correlation = m.attach.correlation;
	}
	MUST(tell(&m, now) == WEIR_OK);
	if (want != -1) {
		MUST(n_said > 0 && said[0].kind == WEIR_CODEC_ATTACHED);
		MUST(said[0].attached.code == want);
		MUST(said[0].attached.correlation == m.attach.correlation);
	}
	take_in(&m.attach, 0);
}

static void leave(void)
{
	uint32_t who = (uint32_t)(1 + chance(CLIENTS));
	struct weir_driver_lease l;
	int right = client[who].has && chance(4) != 0;

	memset(&l, 0, sizeof(l));
	l.link.id = who;
	l.lease = client[who].lease + (right ? 0 : 1);
	l.stream = client[who].stream;
	l.role = client[who].role;
	MUST(tell_detach(&l, 1, now) == WEIR_OK);
	MUST(said[0].kind == WEIR_CODEC_DETACHED);
	MUST(said[0].detached.code == (right ? WEIR_CODEC_CODE_OK : WEIR_CODEC_CODE_REJECTED));
	MUST(!right || (said[1].kind == WEIR_CODEC_REVOKED &&
			said[1].revoked.reason == WEIR_CODEC_END_DETACHED));
	take_in(NULL, 0);
	MUST(!right || !client[who].has);
}

static void live(void)
{
	uint32_t who = (uint32_t)(1 + chance(CLIENTS));
	struct client *c = &client[who];
	int right = c->has && chance(8) != 0;
	uint64_t lease = right ? c->lease : granted + 1000;

	if (right) {
		c->expires = now + KEEPALIVE * GRACE;
		c->order = ++order;
	}
	MUST(tell_keepalive(who, lease, c->stream, c->role, now) == WEIR_OK);
	take_in(NULL, right ? 0 : lease);
}

static void revoke(void)
{
	uint32_t who = (uint32_t)(1 + chance(CLIENTS));
	int rc = happens(WEIR_DRIVER_REVOKE, who, now);

	MUST(rc == (client[who].has ? WEIR_OK : -ENOENT));
	if (rc != WEIR_OK)
		return;
	revoked++;
	MUST(said[0].kind == WEIR_CODEC_REVOKED && said[0].revoked.client == who);
	take_in(NULL, 0);
}

/* After a tick, and as many as are due, nobody overdue is left. */
static void wait_a_while(void)
{
	uint32_t i, n = 0;

	now += chance(20) == 0 ? chance(2000) : chance(60);
	do {
		MUST(happens(WEIR_DRIVER_TICK, 0, now) == WEIR_OK);
		take_in(NULL, 0);
		MUST(n++ < 100);
	} while (weir_driver_next_ns(&driver) <= now);
	for (i = 1; i <= CLIENTS; i++)
		MUST(!client[i].has || client[i].expires > now);
}

static void begin(uint32_t shut, uint32_t epochs)
{
	struct weir_driver_config c = driver_config(4, ROOM);
	struct weir_driver_stream_config s;
	static const uint32_t ids[] = {1, 2, 9};
	uint32_t i;

	memset(client, 0, sizeof(client));
	memset(epoch, 0, sizeof(epoch));
	ready_epoch = ready_round = granted = 0;
	c.seed = state;
	MUST(make_gate(shut, epochs, 500) == WEIR_OK);
	MUST(weir_driver_init(&driver, &c, (struct weir_span){driver_room, sizeof(driver_room)},
			      now, NULL) == WEIR_OK);
	for (i = 0; i < 3; i++) {
		s = stream_config(ids[i]);
		s.gate = ids[i] == 9 ? &gate : NULL;
		MUST(weir_driver_add(&driver, &s, now, NULL) == WEIR_OK);
		epoch[ids[i]] = weir_driver_find_stream(&driver, ids[i])->epoch;
	}
}

static void walk(uint32_t shut, uint32_t epochs)
{
	uint64_t i;

	begin(shut, epochs);
	ended = revoked = 0;
	for (i = 0; i < STEPS; i++, at++) {
		switch (chance(10)) {
		case 0:
		case 1:
		case 2:
			ask();
			break;
		case 3:
			if (chance(3) == 0)
				leave();
			break;
		case 4:
			if (chance(5) == 0)
				revoke();
			break;
		case 5:
			wait_a_while();
			break;
		default:
			live();
		}
		MUST(ended == driver.stats.detached + driver.stats.expired + driver.stats.revoked);
	}
	MUST(driver.stats.expired > 100 && driver.stats.detached > 100 && revoked > 100);
	MUST(driver.stats.ready > 10);
	printf("granted %" PRIu64 ", expired %" PRIu64 ", detached %" PRIu64 ", revoked %" PRIu64
	       ", rejected %" PRIu64 ", ready %" PRIu64 "\n",
	       driver.stats.granted, driver.stats.expired, driver.stats.detached,
	       driver.stats.revoked, driver.stats.rejected, driver.stats.ready);
}

int main(void)
{
	const char *s = getenv("WEIR_SEED");

	seed = s != NULL ? strtoull(s, NULL, 0) : 901;
	state = seed * 2654435769u + 1;
	walk(WEIR_QUORUM_WAIT, WEIR_QUORUM_EPOCH_OUTPUT);
	walk(WEIR_QUORUM_REFUSE, WEIR_QUORUM_EPOCH_ANY);
	walk(WEIR_QUORUM_WAIT, WEIR_QUORUM_EPOCH_ANY);
	MUST(readies > 0);
	return 0;
}
