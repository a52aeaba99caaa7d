/* Many leases and a driver on a wire that loses, repeats, delays and reorders, and that is full now
 * and then. Whatever happens on the way: no stream has two producers in one epoch, everybody gets
 * its turn, and when the wire is mended all that want a lease and can have one hold it. Then the
 * driver goes down and comes back, and they hold leases of higher epochs. WEIR_SEED repeats a run. */
#include <string.h>

#include <weir/driver_agent.h>
#include <weir/lease.h>

#include "driver_fixture.h"
#include "walk.h"

#define CLIENTS 8u
#define WIRE 4096u
#define BYTES 256u

struct packet {
	int there;
	weir_ns at;
	size_t len;
	uint8_t bytes[BYTES];
};

struct wire {
	struct packet packet[WIRE];
	int bad, full;
};

static struct wire up, down;
static struct weir_lease lease[CLIENTS];
static uint64_t held[CLIENTS], producers[10], grants, losses;
static weir_ns now;

static void put(struct wire *w, const void *bytes, size_t len)
{
	uint32_t i;

	MUST(len <= BYTES);
	for (i = 0; i < WIRE; i++)
		if (!w->packet[i].there)
			break;
	MUST(i < WIRE);
	w->packet[i].there = 1;
	w->packet[i].at = now + (w->bad ? chance(60) : 0);
	w->packet[i].len = len;
	memcpy(w->packet[i].bytes, bytes, len);
}

static void send_on(struct wire *w, const void *bytes, size_t len)
{
	if (w->bad && chance(5) == 0)
		return;
	put(w, bytes, len);
	if (w->bad && chance(8) == 0)
		put(w, bytes, len);
}

/* ---- the driver's end ---- */

static int poll_up(void *ctx, weir_transport_fn fn, void *fn_ctx, uint32_t limit, weir_ns t)
{
	struct wire *w = ctx;
	uint32_t i, n = 0;

	for (i = 0; i < WIRE && n < limit && fn != NULL; i++)
		if (w->packet[i].there && w->packet[i].at <= t) {
			w->packet[i].there = 0;
			fn(fn_ctx, w->packet[i].bytes, w->packet[i].len, t);
			n++;
		}
	return (int)n;
}

static int offer_down(void *ctx, const void *bytes, size_t len)
{
	(void)ctx;
	if (down.full && chance(3) != 0)
		return WEIR_FULL;
	send_on(&down, bytes, len);
	return WEIR_OK;
}

/* ---- the clients' end ---- */

static void acts(uint32_t i, const struct weir_lease_action *a)
{
	uint8_t bytes[BYTES];
	size_t len;

	if (a->kind == WEIR_LEASE_SEND) {
		MUST(weir_codec_encode(&a->message, bytes, sizeof(bytes), &len, NULL) == WEIR_OK);
		send_on(&up, bytes, len);
	} else if (a->kind == WEIR_LEASE_GRANTED) {
		/* an epoch is granted to one producer, whoever else believes to be one */
		if (lease[i].config.role == WEIR_CODEC_ROLE_PRODUCER && held[i] != a->lease) {
			MUST(a->epoch > producers[lease[i].config.stream]);
			producers[lease[i].config.stream] = a->epoch;
		}
		held[i] = a->lease;
		grants++;
	} else if (a->kind == WEIR_LEASE_LOST) {
		losses++;
	}
}

static void step(uint32_t i, uint32_t kind, const struct weir_codec_message *m)
{
	struct weir_lease_event e = {.kind = kind, .message = m};
	struct weir_lease_action a[WEIR_LEASE_ACTIONS_MAX];
	uint32_t j, n;

	MUST(weir_lease_step(&lease[i], &e, now, a, WEIR_LEASE_ACTIONS_MAX, &n) == WEIR_OK);
	for (j = 0; j < n; j++)
		acts(i, &a[j]);
}

static void clients_hear(void)
{
	struct weir_codec_message m;
	uint32_t i, k;

	for (k = 0; k < WIRE; k++) {
		struct packet *p = &down.packet[k];

		if (!p->there || p->at > now)
			continue;
		MUST(weir_codec_decode(p->bytes, p->len, WEIR_CODEC_ALL, NULL, 0, &m) ==
		     WEIR_CODEC_OK);
		for (i = 0; i < CLIENTS; i++)
			step(i, WEIR_LEASE_MESSAGE, &m);
		p->there = 0;
	}
	for (i = 0; i < CLIENTS; i++)
		step(i, WEIR_LEASE_TICK, NULL);
}

static void make_clients(void)
{
	struct weir_lease_config c;
	uint32_t i;

	for (i = 0; i < CLIENTS; i++) {
		memset(&c, 0, sizeof(c));
		c.struct_size = sizeof(c);
		c.stream = i < 2 ? 1 : i < 4 ? 2 : 9;
		c.client = 100 + i;
		c.role = i < 4	  ? WEIR_CODEC_ROLE_PRODUCER
			 : i == 4 ? WEIR_CODEC_ROLE_AUTHORITY
				  : WEIR_CODEC_ROLE_CONSUMER;
		c.publish_mode = WEIR_CODEC_NO_MODE;
		c.node = WEIR_CODEC_NO_U32;
		c.keepalive_ns = KEEPALIVE;
		c.timeout_ns = WEIR_NS_NEVER;
		c.retry_ns = 20;
		c.retry_max_ns = 200;
		c.silence_ns = 10 * ANNOUNCE;
		c.correlation = (int64_t)(i * 1000000 + 1);
		MUST(weir_lease_init(&lease[i], &c, now, NULL) == WEIR_OK);
		step(i, WEIR_LEASE_START, NULL);
	}
}

static void make_driver(uint64_t incarnation)
{
	static const uint32_t ids[] = {1, 2, 9};
	struct weir_driver_config c = driver_config(4, 16);
	struct weir_driver_stream_config s;
	uint32_t i;

	c.incarnation = incarnation;
	MUST(make_gate(WEIR_QUORUM_WAIT, WEIR_QUORUM_EPOCH_OUTPUT, 2000) == WEIR_OK);
	MUST(weir_driver_init(&driver, &c, (struct weir_span){driver_room, sizeof(driver_room)},
			      now, NULL) == WEIR_OK);
	for (i = 0; i < 3; i++) {
		s = stream_config(ids[i]);
		s.gate = ids[i] == 9 ? &gate : NULL;
		MUST(weir_driver_add(&driver, &s, now, NULL) == WEIR_OK);
	}
}

static void run(struct weir_driver_agent *a, weir_ns for_ns)
{
	weir_ns end = now + for_ns;

	for (; now < end; now += 1 + chance(9), at = now) {
		if (a != NULL && chance(3) != 0)
			MUST(weir_driver_agent_do_work(a, 4 + (uint32_t)chance(20), now) >= 0);
		clients_hear();
		if (up.bad && chance(300) == 0) { /* one leaves, or begins again */
			uint32_t i = (uint32_t)chance(CLIENTS);

			step(i,
			     lease[i].state == WEIR_LEASE_IDLE ? WEIR_LEASE_START : WEIR_LEASE_STOP,
			     NULL);
		}
	}
}

/* All that want a lease hold it, but for the second producers. */
static void all_hold(void)
{
	uint32_t i, n[10] = {0};

	for (i = 0; i < CLIENTS; i++) {
		const struct weir_driver_lease *l = weir_driver_find_lease(&driver, 100 + i);

		if (lease[i].state != WEIR_LEASE_ATTACHED) {
			MUST(i < 4 && lease[i].state == WEIR_LEASE_ATTACHING && l == NULL);
			continue;
		}
		MUST(l != NULL && l->lease == lease[i].lease);
		n[lease[i].config.stream] += i < 4;
	}
	MUST(n[1] == 1 && n[2] == 1);
}

/* Those who were about to leave have left before they begin again. */
static void mend(struct weir_driver_agent *a)
{
	uint32_t i;

	up.bad = down.bad = down.full = 0;
	run(a, 1000);
	for (i = 0; i < CLIENTS; i++)
		step(i, WEIR_LEASE_START, NULL);
}

int main(void)
{
	static _Alignas(8) struct weir_codec_message box[WEIR_DRIVER_MESSAGES_MAX + 7];
	static uint8_t scratch[BYTES];
	struct weir_transport t = {poll_up, offer_down, &up};
	struct weir_span room = {box, sizeof(box)}, bytes = {scratch, sizeof(scratch)};
	struct weir_driver_agent a;
	const char *s = getenv("WEIR_SEED");
	uint64_t before;

	seed = s != NULL ? strtoull(s, NULL, 0) : 1;
	state = seed * 2654435769u + 1;
	now = 1;
	make_driver(5000);
	room.len = WEIR_DRIVER_MESSAGES_MAX * sizeof(box[0]) - 1;
	MUST(weir_driver_agent_init(&a, &driver, &t, room, bytes, NULL) == -ENOBUFS);
	room.len = sizeof(box);
	MUST(weir_driver_agent_init(&a, &driver, &t, room, bytes, NULL) == WEIR_OK);
	up.bad = down.bad = down.full = 1;
	make_clients();
	run(&a, 200000);
	MUST(grants > 50 && losses > 20 && driver.stats.expired > 20 && driver.stats.repeats > 0);
	MUST(a.stats.full > 0 && a.stats.unsent == 0);
	mend(&a);
	run(&a, 5000);
	all_hold();
	/* down in good order: everybody hears of it, and nobody is answered for a while */
	MUST(weir_driver_agent_shutdown(&a, 0, now) == WEIR_OK);
	MUST(weir_driver_agent_queued(&a) == 0);
	weir_driver_agent_close(&a);
	MUST(weir_driver_agent_do_work(&a, 1, now) == -ECANCELED);
	before = producers[1];
	clients_hear();
	MUST(lease[4].state == WEIR_LEASE_ATTACHING);
	run(NULL, 1000);
	make_driver(before + 1000000);
	MUST(weir_driver_agent_init(&a, &driver, &t, room, bytes, NULL) == WEIR_OK);
	run(&a, 5000);
	all_hold();
	MUST(producers[1] > before + 1000000);
	/* down without a word: the next life does not know the leases, and says so */
	make_driver(producers[1] + 1000000);
	before = producers[1];
	run(&a, 5000);
	all_hold();
	MUST(producers[1] > before);
	printf("%" PRIu64 " grants, %" PRIu64 " losses\n", grants, losses);
	return 0;
}
