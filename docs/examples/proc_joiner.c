/* The join: which rows are wanted, when each may go out, and what is in it.
 *
 * CPU drives the output: each of its frames wants a row for the frame's time. A row waits until the
 * join says that it is ready, and rows go out in the order of their times. If CPU itself is silent
 * for longer than the stale timeout, the clock wants rows in its place, one per period. */
#define _GNU_SOURCE

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "join_proc.h"

const char *const input_name[INPUTS] = {"cpu", "mem", "net"};

/* ---- the join ---- */

/* One rule per input: its frames of the last `window` before the output. A frame of every period
 * lies in it, even when the row goes out without waiting for the last of them (the lateness). */
static enum weir_join_answer apply_map(struct joiner *jn, weir_ns now)
{
	struct weir_merge_rule rule[INPUTS] = {{0}};
	struct weir_merge_map map =
		weir_merge_map_timestamp(OUT_STREAM, 1, WEIR_MERGE_MONOTONIC, rule, INPUTS);
	uint32_t i;

	for (i = 0; i < INPUTS; i++)
		rule[i] = weir_merge_rule_window_ns(i + 1u, WEIR_MERGE_FRAME_DESCRIPTOR,
						    jn->opt->period[i] + jn->opt->lateness);
	map.stale_ns = jn->opt->stale;
	map.lateness_ns = jn->opt->lateness;
	return weir_join_apply(&jn->join, &map, now, NULL);
}

int joiner_init(struct joiner *jn, const struct options *opt, weir_ns now)
{
	struct weir_join_config cfg = {.struct_size = sizeof(cfg),
				       .out = OUT_STREAM,
				       .mode = WEIR_JOIN_TIMESTAMP,
				       .max_rules = INPUTS,
				       .startup_grace = opt->stale};
	struct weir_error err = {.what = "?"};
	struct weir_span mem;
	int rc = weir_join_bytes(&cfg, &mem.len, &err);

	memset(jn, 0, sizeof(*jn));
	jn->opt = opt;
	jn->began = jn->heard = jn->last = now;
	if (rc == WEIR_OK) {
		mem.len = (mem.len + WEIR_LINE - 1u) / WEIR_LINE * WEIR_LINE;
		mem.ptr = jn->storage = aligned_alloc(WEIR_LINE, mem.len);
		rc = mem.ptr == NULL ? -ENOMEM : weir_join_init(&jn->join, &cfg, mem, &err);
	}
	if (rc != WEIR_OK)
		return complain_weir("the join", rc, &err);
	return apply_map(jn, now) == WEIR_JOIN_OK ? WEIR_OK : -EINVAL;
}

void joiner_free(struct joiner *jn)
{
	free(jn->storage);
}

/* ---- what comes in ---- */

static void want(struct joiner *jn, uint64_t time)
{
	if (time <= jn->last)
		return; /* rows were made by the clock up to there */
	if (jn->tail - jn->head == HISTORY) {
		jn->head++;
		jn->total.dropped++;
	}
	jn->wanted[jn->tail++ % HISTORY] = time;
	jn->last = time;
}

static void keep(struct input *in, uint64_t epoch, uint64_t time, const uint8_t *payload)
{
	struct frame *f;

	if (epoch != in->epoch)
		in->n = 0;
	in->epoch = epoch;
	f = &in->frame[in->n++ % HISTORY];
	f->time = time;
	memcpy(&f->sample, payload, sizeof(f->sample));
}

/* Called by the session for each message, in place. Bytes of another process are not trusted: the
 * codec checks the descriptor, the join its epoch and time. */
int joiner_on_sample(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	struct joiner *jn = ctx;
	struct weir_codec_message d;
	const struct weir_codec_frame *f = &d.frame;
	enum weir_join_answer answer;

	(void)s;
	if (weir_codec_decode(m->ptr, m->len, WEIR_CODEC_BIT(WEIR_CODEC_FRAME), NULL, 0, &d) !=
		    WEIR_CODEC_OK ||
	    m->len - d.consumed != sizeof(struct sample) || f->stream == 0 || f->stream > INPUTS)
		return 0;
	answer = weir_join_observe_time(&jn->join, f->stream, f->epoch, WEIR_MERGE_FRAME_DESCRIPTOR,
					f->time_ns, WEIR_MERGE_MONOTONIC, m->now);
	if (answer != WEIR_JOIN_OK && answer != WEIR_JOIN_EPOCH_RESET)
		return 0; /* of an epoch that has ended, or out of order */
	keep(&jn->input[f->stream - 1u], f->epoch, f->time_ns, m->ptr + d.consumed);
	if (f->stream == CPU + 1u) {
		jn->heard = m->now;
		want(jn, f->time_ns);
	}
	return 0;
}

/* ---- what goes out ---- */

/* The newest frame in [lo, hi], or NULL. */
static const struct frame *newest(const struct input *in, uint64_t lo, uint64_t hi)
{
	uint64_t first = in->n > HISTORY ? in->n - HISTORY : 0, n;

	for (n = in->n; n > first; n--) {
		const struct frame *f = &in->frame[(n - 1u) % HISTORY];

		if (f->time <= hi)
			return f->time >= lo ? f : NULL;
	}
	return NULL;
}

/* Tells when an input comes and goes, once each. */
static void tell(struct joiner *jn, const struct row *row, uint32_t i)
{
	struct input *in = &jn->input[i];
	double at = (double)(row->time - jn->began) / (double)NS_PER_S;

	if (in->present && row->frame[i] == NULL)
		complain("%.3f s: %s is absent: %s", at, input_name[i],
			 row->stale[i] ? "stale" : "nothing in its window");
	else if (!in->present && row->frame[i] != NULL)
		complain("%.3f s: %s is there, epoch %llu", at, input_name[i],
			 (unsigned long long)in->epoch);
	in->present = row->frame[i] != NULL;
}

static void make_row(struct joiner *jn, uint64_t time, const struct weir_join_verdict *v)
{
	struct row row = {.time = time};
	uint32_t i, absent = 0;
	uint64_t lo, hi;

	if (weir_join_commit(&jn->join, time, v->generation) != WEIR_OK)
		return; /* the map has changed meanwhile: the row is void */
	for (i = 0; i < INPUTS; i++) {
		row.stale[i] = weir_join_rule(v, i) == WEIR_JOIN_RULE_STALE;
		if (!row.stale[i] && weir_join_window(&jn->join, i, time, &lo, &hi) == WEIR_OK)
			row.frame[i] = newest(&jn->input[i], lo, hi);
		if (row.frame[i] != NULL && time - row.frame[i]->time > row.skew)
			row.skew = time - row.frame[i]->time;
		jn->total.absent[i] += row.frame[i] == NULL;
		absent += row.frame[i] == NULL;
		tell(jn, &row, i);
	}
	jn->total.rows++;
	jn->total.complete += absent == 0;
	if (row.skew > jn->total.skew)
		jn->total.skew = row.skew;
	print_row(jn, &row);
}

/* CPU has been silent for too long: the clock stands in for it, from where CPU left off. */
static void drive(struct joiner *jn, weir_ns now)
{
	weir_ns stale = jn->opt->stale, period = jn->opt->period[CPU];

	if (now - jn->heard <= stale || jn->head != jn->tail)
		return;
	if (now - jn->last > 2u * stale + period)
		jn->last = now - stale; /* this process was stopped: no rows for that time */
	if (now - jn->last > period)
		want(jn, jn->last + period);
}

static weir_ns next_drive(const struct joiner *jn)
{
	weir_ns stale = jn->heard + jn->opt->stale, tick = jn->last + jn->opt->period[CPU];

	return 1u + (stale > tick ? stale : tick);
}

/* Every row that is ready. An output that waits for nobody, and yet is not ready, never will be:
 * too early after the boot for its window, or everything is stale. */
void joiner_make_rows(struct joiner *jn, weir_ns now)
{
	struct weir_join_verdict v;

	jn->next = WEIR_NS_NEVER;
	for (drive(jn, now); jn->head != jn->tail; drive(jn, now)) {
		uint64_t time = jn->wanted[jn->head % HISTORY];

		if (weir_join_ready(&jn->join, time, now, &v))
			make_row(jn, time, &v);
		else if (v.count[WEIR_JOIN_RULE_MISSING] != 0)
			break;
		else
			jn->total.dropped++;
		jn->head++;
	}
	if (jn->head != jn->tail)
		jn->next = v.until;
	else
		jn->next = next_drive(jn);
}
