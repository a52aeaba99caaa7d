/* Which clock it is, its rate, and how far two CPUs' clocks may be apart. See clock.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "clock.h"

#include <stdio.h>
#include <string.h>

#include "driver.h"

#define SPAN_NS 10000000u /* of one of two calibrations */
#define PAIR_TRIES 9u
#define RATES_AGREE 2e-4 /* of two calibrations */
#define COST_BATCH 256u
#define COST_BATCHES 16u
#define EXCHANGES 4000u

struct clock_scale clock_scale;

const char *clock_name(void)
{
	return clock_scale.counter ? "tsc" : "clock_gettime";
}

static int has_word(const char *text, const char *word)
{
	const size_t len = strlen(word);
	const char *at = text;

	for (; (at = strstr(at, word)) != NULL; at += len)
		if ((at == text || at[-1] == ' ' || at[-1] == '\t' || at[-1] == ':') &&
		    (at[len] == '\0' || at[len] == ' ' || at[len] == '\n'))
			return 1;
	return 0;
}

int clock_counter_serves(const char *flags, const char *source)
{
	return has_word(flags, "constant_tsc") && has_word(flags, "nonstop_tsc") &&
	       has_word(flags, "rdtscp") && has_word(source, "tsc");
}

#if defined(__x86_64__)
/* The first line of a file that begins with `start`, or "". */
static void read_line(const char *path, const char *start, char *buf, int cap)
{
	FILE *f = fopen(path, "re");

	buf[0] = '\0';
	if (f == NULL)
		return;
	while (fgets(buf, cap, f) != NULL && strncmp(buf, start, strlen(start)) != 0)
		buf[0] = '\0';
	fclose(f);
}

/* One moment in both clocks: of some tries the one that took least. */
static void read_pair(uint64_t *ns, uint64_t *ticks)
{
	uint64_t least = UINT64_MAX, before, at, after;
	unsigned i;

	for (i = 0; i < PAIR_TRIES; i++) {
		before = clock_monotonic();
		at = clock_ticks();
		after = clock_monotonic();
		if (after - before < least) {
			least = after - before;
			*ns = before + least / 2;
			*ticks = at;
		}
	}
}

static double rate_between(const uint64_t *ns, const uint64_t *ticks)
{
	return ticks[1] > ticks[0] ? (double)(ns[1] - ns[0]) / (double)(ticks[1] - ticks[0]) : 0;
}

static void calibrate(void)
{
	uint64_t ns[3] = {0, 0, 0}, ticks[3] = {0, 0, 0}, until;
	double rate[2], whole;
	int i;

	read_pair(&ns[0], &ticks[0]);
	for (i = 0; i < 2; i++) {
		until = ns[i] + SPAN_NS;
		while (clock_monotonic() < until)
			bench_pause();
		read_pair(&ns[i + 1], &ticks[i + 1]);
		rate[i] = rate_between(&ns[i], &ticks[i]);
	}
	if (rate[0] <= 0 || rate[1] / rate[0] > 1 + RATES_AGREE ||
	    rate[0] / rate[1] > 1 + RATES_AGREE)
		return;
	whole = (double)(ns[2] - ns[0]) / (double)(ticks[2] - ticks[0]);
	clock_scale.base = ticks[0];
	clock_scale.scale = (uint64_t)(whole * 4294967296.0);
	clock_scale.counter = 1;
}

static void choose(void)
{
	static char flags[8192];
	char source[32];

	read_line("/proc/cpuinfo", "flags", flags, (int)sizeof(flags));
	read_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", "", source,
		  (int)sizeof(source));
	if (clock_counter_serves(flags, source))
		calibrate();
}
#else
static void choose(void)
{
}
#endif

void clock_init(void)
{
	uint64_t before, took, least = UINT64_MAX, sink = 0;
	unsigned i, k;

	if (clock_scale.cost_ns > 0)
		return;
	choose();
	for (i = 0; i < COST_BATCHES; i++) {
		before = clock_ns();
		for (k = 0; k < COST_BATCH; k++)
			sink |= clock_ns();
		took = clock_ns() - before;
		least = took < least ? took : least;
	}
	clock_scale.cost_ns = (double)least / COST_BATCH + (sink == 0);
}

/* ---- two CPUs' clocks ---- */

struct exchange {
	struct {
		uint64_t turn;
	} ask BENCH_ALIGNED;
	struct {
		uint64_t turn, there;
	} reply BENCH_ALIGNED;
	struct {
		int64_t low, high;
	} bound BENCH_ALIGNED;
};

static struct exchange *exchange_of(uint8_t *arena)
{
	return (struct exchange *)(void *)arena;
}

static int ask(struct role *me)
{
	struct exchange *x = exchange_of(me->arena);
	int64_t low = INT64_MIN, high = INT64_MAX;
	uint64_t i, sent, back;

	if (role_start(me) != 0)
		return -1;
	for (i = 1; i <= me->n; i++) {
		sent = clock_ns();
		__atomic_store_n(&x->ask.turn, i, __ATOMIC_RELEASE);
		while (__atomic_load_n(&x->reply.turn, __ATOMIC_ACQUIRE) != i)
			if (role_spin(me) != 0)
				return -1;
		back = clock_ns();
		clock_narrow(sent, x->reply.there, back, &low, &high);
	}
	x->bound.low = low;
	x->bound.high = high;
	role_done(me, me->n);
	return 0;
}

static int answer(struct role *me)
{
	struct exchange *x = exchange_of(me->arena);
	uint64_t i;

	if (role_start(me) != 0)
		return -1;
	for (i = 1; i <= me->n; i++) {
		while (__atomic_load_n(&x->ask.turn, __ATOMIC_ACQUIRE) != i)
			if (role_spin(me) != 0)
				return -1;
		x->reply.there = clock_ns();
		__atomic_store_n(&x->reply.turn, i, __ATOMIC_RELEASE);
	}
	role_done(me, me->n);
	return 0;
}

int clock_offset(struct bench_env *env, int64_t *low, int64_t *high)
{
	static const struct bench clocks = {
		.group = "clock",
		.who = "offset",
		.unit = "exchange",
		.name = "offset",
	};
	struct bench_sample s;

	if (env->cpus < 2) {
		snprintf(env->error, sizeof(env->error), "one CPU has one clock");
		return -1;
	}
	clock_init();
	memset(env->arena, 0, sizeof(struct exchange));
	if (driver_run(env, &clocks, ask, answer, 2, EXCHANGES, &s) < 0)
		return -1;
	*low = exchange_of(env->arena)->bound.low;
	*high = exchange_of(env->arena)->bound.high;
	return 0;
}
