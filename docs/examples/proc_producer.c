/* A producer: looks at one source at its own rate, and sends what it has seen. */
#define _GNU_SOURCE

#include <errno.h>
#include <string.h>
#include <time.h>

#include "join_proc.h"

struct producer {
	struct weir_session *s;
	struct source src;
	struct weir_codec_message m; /* the frame's descriptor */
};

/* The descriptor's time is that of the look at /proc: what the join compares. */
static int send_sample(struct producer *p)
{
	uint8_t buf[DESCRIPTOR_MAX + sizeof(struct sample)];
	size_t len;
	int rc = weir_codec_encode(&p->m, buf, DESCRIPTOR_MAX, &len, NULL);

	if (rc != WEIR_OK)
		return rc;
	memcpy(buf + len, &p->src.sample, sizeof(p->src.sample));
	rc = weir_session_send(p->s, KIND_SAMPLE, buf, (uint32_t)(len + sizeof(p->src.sample)));
	p->m.frame.seq++;
	/* Full: the joiner has been behind for thousands of samples. This one is lost, and the
	 * producer does not wait: what it would send then would be old. */
	return rc == WEIR_FULL ? WEIR_OK : rc;
}

static void sleep_until(weir_ns t)
{
	struct timespec ts = {(time_t)(t / NS_PER_S), (long)(t % NS_PER_S)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		continue;
}

/* Until it is terminated, or the session is over. A quiet member reads no ring; its poll is for
 * the news that the coordinator has gone. */
static int produce(struct producer *p, weir_ns period)
{
	weir_ns now = now_ns(), next = now + period;
	int rc = WEIR_OK;

	if (p->src.input == MEM)
		next = now; /* the others are rates, which need a first look */
	else if (source_read(&p->src, now) < 0)
		return -EIO;
	while (rc >= 0) {
		sleep_until(next);
		now = now_ns();
		next += period;
		if (next <= now)
			next = now + period; /* it was stopped: what was missed stays missed */
		if (source_read(&p->src, now) < 0)
			return -EIO;
		p->m.frame.time_ns = now;
		rc = send_sample(p);
		if (rc == WEIR_OK)
			rc = weir_session_poll(p->s, now);
	}
	return rc == -ENOTCONN ? WEIR_OK : rc;
}

int run_producer(const struct weir_region *region, uint32_t input, uint64_t epoch, weir_ns period)
{
	static struct producer p;
	struct weir_session_options opt = {.struct_size = sizeof(opt),
					   .flags = WEIR_SESSION_QUIET | WEIR_SESSION_OBSERVER};
	struct weir_error err = {.what = "?"};
	int rc;

	p.src.input = input;
	p.m.kind = WEIR_CODEC_FRAME;
	p.m.frame.epoch = epoch;
	p.m.frame.stream = input + 1u;
	p.m.frame.trace_id = WEIR_CODEC_NO_TRACE;
	p.m.frame.meta_version = WEIR_CODEC_NO_META;
	rc = weir_session_attach_region(&p.s, region, &opt, &err);
	if (rc < 0) {
		(void)complain_weir(input_name[input], rc, &err);
		return 1;
	}
	rc = produce(&p, period);
	if (rc < 0)
		complain("%s: %s", input_name[input], strerror(-rc));
	(void)weir_session_close(p.s);
	return rc != WEIR_OK;
}
