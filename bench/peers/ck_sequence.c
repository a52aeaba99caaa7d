/*
 * Concurrency Kit's ck_sequence as a peer for progress records: eight words of payload behind a
 * sequence lock, laid out as a user would, lock first. ck_sequence leaves copying to its user and
 * promises nothing about it; the words are copied plainly, its cheapest use. Its reader retries for
 * as long as it takes: there is no bounded form.
 */
#include <ck_sequence.h>

#include <stdio.h>
#include <string.h>

#include "../driver.h"

#define WORDS 8u

struct record {
	ck_sequence_t lock;
	uint64_t word[WORDS];
} BENCH_ALIGNED;

static struct record *record(const struct role *me)
{
	return (struct record *)(void *)me->arena;
}

BENCH_INLINE void publish(struct record *r, uint64_t v)
{
	unsigned i;

	ck_sequence_write_begin(&r->lock);
	for (i = 0; i < WORDS; i++)
		r->word[i] = v + i;
	ck_sequence_write_end(&r->lock);
}

static int publisher(struct role *me)
{
	struct record *r = record(me);
	uint64_t i;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++)
		publish(r, i);
	role_done(me, i);
	return 0;
}

static int fire(struct role *me)
{
	struct record *r = record(me);
	uint64_t i;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; !role_stopped(me); i++)
		publish(r, i);
	role_done(me, i);
	return 0;
}

static int reading(struct role *me)
{
	const struct record *r = record(me);
	struct record copy;
	unsigned version, k;
	uint64_t i, bad = 0;

	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		do {
			version = ck_sequence_read_begin(&r->lock);
			memcpy(copy.word, (const void *)r->word, sizeof(copy.word));
		} while (ck_sequence_read_retry(&r->lock, version));
		for (k = 1; k < WORDS; k++)
			bad |= copy.word[k] ^ (copy.word[0] + k);
	}
	role_done(me, i);
	role_stop_others(me);
	return bad == 0 ? 0 : role_fail(me, "a torn record was read");
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n,
		  struct bench_sample *out)
{
	struct record *r = (struct record *)(void *)env->arena;
	int quiet = strstr(b->name, "quiet") != NULL;

	ck_sequence_init(&r->lock);
	publish(r, 0);
	if (strncmp(b->name, "publish", 7) == 0)
		return driver_run(env, b, publisher, NULL, 1, n, out);
	return driver_run(env, b, reading, quiet ? NULL : fire, quiet ? 1 : 2, n, out);
}

void bench_add_ck_sequence(void)
{
	static const char *const name[] = {"publish/quiet", "read/quiet", "read/back-to-back"};
	struct bench b;
	unsigned i;

	for (i = 0; i < 3; i++) {
		memset(&b, 0, sizeof(b));
		b.group = "progress";
		b.who = "ck_sequence";
		b.unit = i == 0 ? "publish" : "read";
		b.flags = BENCH_PEER | BENCH_TIME | BENCH_FREE;
		b.batch = 1;
		b.run = run;
		snprintf(b.name, sizeof(b.name), "%s", name[i]);
		bench_add(&b);
	}
}
