/* A join among messages of all kinds, with everybody a process of one session: a hundred thousand
 * messages of four schemas and of none come on one stream, and the stage and the driver count each of
 * them once, as what it is. */
#define _GNU_SOURCE

#include "join_proc_scene.h"

#define GRACE 400u /* nobody's lease expires here */

static struct scene sc;

/* ---- I7 ---- */

#define SENDERS 2u
#define MESSAGES 50000u /* of each */
#define OTHER 77u	/* an output of which a map is held, in epoch 5 */

/* What has been sent, as the stage has to count it. maps: for its own output, valid. */
struct tally {
	uint64_t messages, foreign, malformed, frames, announcements, revoked, shutdowns, readies;
	uint64_t asked, unknown, others, maps;
};

struct mixed {
	struct tally sent[SENDERS + 1]; /* the last: by the driver */
	uint64_t by_stage;		/* messages */
	uint64_t taken;			/* messages, by the stage */
	struct weir_join_agent_stats stats;
};

struct sender {
	struct mixed *mixed;
	uint32_t which;
};

/* A message of that kind with whatever fields the encoder lets pass. */
static void fill(struct weir_codec_message *m, uint32_t kind, uint64_t *random,
		 struct weir_merge_rule rules[2])
{
	uint64_t x = proc_random(random), epoch = x >> 8 & 15u;
	uint32_t stream = (uint32_t)x & 7u ? 1u + (uint32_t)(x >> 32) % 3u : OUT;

	memset(m, 0, sizeof(*m));
	m->kind = kind;
	switch (kind) {
	case WEIR_CODEC_SEQUENCE_MAP:
		rules[0] = weir_merge_rule_offset(1, (int64_t)(x >> 40 & 15u));
		rules[1] = weir_merge_rule_window(2, 1u + (x >> 48 & 15u));
		m->map = weir_merge_map_sequence((x & 16u) != 0 ? OUT : OTHER, epoch, rules, 2);
		break;
	case WEIR_CODEC_TIMESTAMP_MAP:
		rules[0] = weir_merge_rule_offset_ns(1, WEIR_MERGE_SLOT_HEADER, 7);
		m->map = weir_merge_map_timestamp(OTHER, epoch, WEIR_MERGE_MONOTONIC, rules, 1);
		break;
	case WEIR_CODEC_SEQUENCE_REQUEST:
	case WEIR_CODEC_TIMESTAMP_REQUEST:
		m->request.out = (x & 16u) != 0 ? OUT : OTHER;
		m->request.epoch = epoch;
		break;
	case WEIR_CODEC_FRAME:
		m->frame.stream = stream;
		m->frame.epoch = epoch;
		m->frame.seq = x >> 20;
		m->frame.time_ns = x;
		break;
	case WEIR_CODEC_POOL:
		m->pool.stream = stream;
		m->pool.epoch = epoch;
		m->pool.time_ns = x >> 1;
		m->pool.clock = 1u + (uint32_t)(x >> 63);
		m->pool.header_nslots = 8;
		m->pool.header_slot_bytes = WEIR_CODEC_SLOT_BYTES;
		break;
	case WEIR_CODEC_READY:
		m->ready.out = (x & 16u) != 0 ? OUT : OTHER;
		m->ready.epoch = epoch;
		break;
	case WEIR_CODEC_REVOKED:
		m->revoked.stream = stream;
		m->revoked.role = 1u + (uint32_t)(x >> 61);
		m->revoked.reason = WEIR_CODEC_END_EXPIRED;
		break;
	case WEIR_CODEC_ATTACH:
		m->attach.stream = stream;
		m->attach.client = 1000u + (uint32_t)(x >> 40 & 63u);
		m->attach.role = 1u + (uint32_t)(x >> 61);
		m->attach.publish_mode = WEIR_CODEC_NO_MODE;
		m->attach.node = WEIR_CODEC_NO_U32;
		break;
	case WEIR_CODEC_ATTACHED:
		m->attached.code = WEIR_CODEC_CODE_REJECTED;
		m->attached.lease = m->attached.expiry_ns = m->attached.epoch = WEIR_CODEC_NO_U64;
		m->attached.stream = m->attached.node = WEIR_CODEC_NO_U32;
		m->attached.layout_version = m->attached.header_nslots = WEIR_CODEC_NO_U32;
		m->attached.header_slot_bytes = WEIR_CODEC_NO_U16;
		break;
	case WEIR_CODEC_DETACH:
	case WEIR_CODEC_KEEPALIVE:
		if (kind == WEIR_CODEC_DETACH)
			m->detach.stream = stream;
		else
			m->keepalive.stream = stream;
		break;
	default:
		break;
	}
}

static void count(struct tally *t, const struct weir_codec_message *m)
{
	t->messages++;
	switch (m->kind) {
	case WEIR_CODEC_SEQUENCE_MAP:
	case WEIR_CODEC_TIMESTAMP_MAP:
		t->maps += m->map.out == OUT;
		t->others += m->map.out != OUT;
		break;
	case WEIR_CODEC_SEQUENCE_REQUEST:
	case WEIR_CODEC_TIMESTAMP_REQUEST:
		t->asked++;
		t->unknown += m->kind != WEIR_CODEC_SEQUENCE_REQUEST || m->request.out != OTHER ||
			      m->request.epoch != 5;
		break;
	case WEIR_CODEC_FRAME:
		t->frames++;
		break;
	case WEIR_CODEC_POOL:
		t->announcements++;
		break;
	case WEIR_CODEC_REVOKED:
		t->revoked++;
		break;
	case WEIR_CODEC_SHUTDOWN:
		t->shutdowns++;
		break;
	case WEIR_CODEC_READY:
		t->readies += m->ready.out == OUT;
		t->others += m->ready.out != OUT;
		break;
	default:
		t->others++;
		break;
	}
}

/* Bytes that are no message: of no schema, of no template, too short, or a message cut off. */
static size_t garbage(uint8_t bytes[64], uint64_t *random, struct tally *t)
{
	uint64_t x = proc_random(random);
	uint32_t i, how = (uint32_t)x & 3u;
	size_t len = how == 2 ? 1u + (x >> 8) % 7u : 8u + (x >> 8) % 32u;

	for (i = 0; i < 64; i++)
		bytes[i] = (uint8_t)proc_random(random);
	bytes[5] = 3; /* a high byte: 900 is 0x384 */
	bytes[4] = how == 0 ? 0x11 : 0x84;
	bytes[3] = 0;
	bytes[2] = how == 1 ? 99 : 4;
	if (how == 3) { /* FrameDescriptor: 40 bytes, in version 1 */
		bytes[0] = 40, bytes[1] = 0;
		bytes[6] = 1, bytes[7] = 0;
	}
	t->messages++;
	t->foreign += how < 2;
	t->malformed += how >= 2;
	return len;
}

static void traffic(void *arg)
{
	const struct sender *me = arg;
	struct weir_session_options opt = {.struct_size = sizeof(opt), .flags = WEIR_SESSION_QUIET};
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = proc_patience()};
	struct tally *t = &me->mixed->sent[me->which];
	uint64_t random = 7u + me->which;
	struct weir_merge_rule rules[2];
	struct weir_codec_message m;
	struct weir_session *s;
	uint8_t bytes[256];
	uint32_t i, kind;
	size_t len;

	NEED(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
	NEED_OK(weir_session_attach_region(&s, sc.b->region, &opt, NULL));
	NEED_OK(weir_session_wait_members(s, 2, &how));
	for (i = 0; i < MESSAGES; i++) {
		kind = (uint32_t)(proc_random(&random) >> 32) % (WEIR_CODEC_KIND_COUNT + 3u);
		if (kind >= WEIR_CODEC_KIND_COUNT) {
			len = garbage(bytes, &random, t);
		} else {
			fill(&m, kind, &random, rules);
			NEED_OK(weir_codec_encode(&m, bytes, sizeof(bytes), &len, NULL));
			count(t, &m);
		}
		NEED_OK(weir_session_send_wait(s, KIND, bytes, (uint32_t)len, &how));
	}
	NEED_OK(weir_session_close(s));
}

static int (*really_offer)(void *ctx, const void *buf, size_t len);
static struct mixed *mixed;

static int offer_by_stage(void *ctx, const void *buf, size_t len)
{
	int rc = really_offer(ctx, buf, len);

	weir_store_release64(&mixed->by_stage, mixed->by_stage + (rc == WEIR_OK));
	return rc;
}

static int offer_by_driver(void *ctx, const void *buf, size_t len)
{
	struct weir_codec_message m;
	int rc = really_offer(ctx, buf, len);

	NEED(weir_codec_decode(buf, len, WEIR_CODEC_ALL & ~WEIR_CODEC_MERGE, NULL, 0, &m) ==
	     WEIR_CODEC_OK);
	if (rc == WEIR_OK)
		count(&mixed->sent[SENDERS], &m);
	return rc;
}

static void count_offers(struct actor *a)
{
	really_offer = a->t.transport.offer;
	a->t.transport.offer = offer_by_stage;
}

static int any_output(void *ctx, struct weir_join_agent *agent, const struct weir_join_verdict *v,
		      weir_ns now)
{
	(void)ctx, (void)agent, (void)v, (void)now;
	return WEIR_JOIN_AGENT_TAKEN;
}

static void mixed_stage(void *arg)
{
	struct actor *a = arg;
	struct weir_join_config join = {.struct_size = sizeof(join),
					.out = OUT,
					.mode = WEIR_JOIN_SEQUENCE,
					.max_rules = 4};
	struct weir_join_agent_config cfg = {.struct_size = sizeof(cfg),
					     .roles = WEIR_JOIN_AGENT_STAGE |
						      WEIR_JOIN_AGENT_AUTHORITY,
					     .join = &join,
					     .on_output = any_output};
	struct weir_merge_rule r = weir_merge_rule_offset(1, 0);
	struct weir_merge_map m = weir_merge_map_sequence(OTHER, 5, &r, 1);
	uint64_t taken;

	enter(a);
	open_agent(a, &cfg);
	NEED_OK(weir_join_agent_hold(&a->agent, &m, proc_now(), NULL));
	proc_set(&a->board->outputs, 1); /* it is there */
	do {
		taken = a->agent.stats.messages;
		weir_store_release64(&mixed->taken, taken);
	} while (work(a));
	NEED(a->agent.stats.messages == taken);
	mixed->stats = a->agent.stats;
	leave(a);
}

static void check_counters(const struct weir_join_agent_stats *s)
{
	struct tally all = {0};
	uint64_t *sum = &all.messages;
	uint32_t i, k;

	for (i = 0; i <= SENDERS; i++) {
		for (k = 0; k < sizeof(all) / sizeof(*sum); k++)
			sum[k] += (&mixed->sent[i].messages)[k];
	}
	NEED(s->messages == all.messages && all.messages >= SENDERS * MESSAGES);
	NEED(s->foreign == all.foreign && s->malformed == all.malformed);
	NEED(s->frames == all.frames && s->announcements == all.announcements);
	NEED(s->revoked == all.revoked && s->shutdowns == all.shutdowns);
	NEED(s->readies == all.readies);
	NEED(s->asked == all.asked && s->unknown == all.unknown);
	/* what becomes of a map for this output is a matter of epochs */
	NEED(s->others >= all.others);
	NEED(s->others + s->maps + s->map_repeats + s->maps_refused == all.others + all.maps);
}

static void i7_mixed_traffic(void)
{
	struct sender sender[SENDERS];
	pid_t pid[SENDERS];
	weir_ns end = proc_patience();
	uint64_t all;
	uint32_t i;

	mixed = proc_shared(sizeof(*mixed)).ptr;
	open_scene(&sc, GRACE);
	really_offer = sc.d.t.transport.offer;
	sc.d.t.transport.offer = offer_by_driver;
	sc.a[3].opened = count_offers;
	sc.pid[3] = start(sc.b, &sc.a[3], 3, OUT, WEIR_CODEC_ROLE_PRODUCER, mixed_stage);
	while (weir_load_acquire32(&sc.b->outputs) == 0) { /* serves; the driver is silent yet */
		NEED(proc_now() < end && weir_session_poll(sc.s, proc_now()) >= 0);
		nap();
	}
	for (i = 0; i < SENDERS; i++) {
		sender[i] = (struct sender){mixed, i};
		pid[i] = proc_fork(traffic, &sender[i]);
	}
	while (sc.d.a.stats.received < SENDERS * MESSAGES) {
		NEED(proc_now() < end);
		drive(&sc.d);
	}
	for (i = 0; i < SENDERS; i++)
		NEED(proc_reap(pid[i]) == 0);
	for (i = 0, all = 0; i <= SENDERS; i++)
		all += mixed->sent[i].messages;
	while (weir_load_acquire64(&mixed->taken) != all) { /* and sends no more */
		NEED(proc_now() < end);
		nap();
	}
	proc_set(&sc.b->quit, 1);
	NEED(proc_reap(sc.pid[3]) == 0);
	sc.pid[3] = 0;
	check_counters(&mixed->stats);
	cycles(&sc.d, 100);
	NEED(sc.d.a.stats.received + sc.d.t.dropped ==
	     SENDERS * MESSAGES + weir_load_acquire64(&mixed->by_stage));
	close_scene(&sc);
}

int main(void)
{
	proc_watchdog();
	i7_mixed_traffic();
	return 0;
}
