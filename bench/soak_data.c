/* The accounts of the two sides of a soak, and what they come to. See soak.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "soak.h"

/* ---- a side's account ---- */

static uint64_t second_of(const struct soak_account *a, uint64_t now)
{
	const uint64_t second = now > a->start ? (now - a->start) / SOAK_SECOND_NS : 0;

	return second < a->shared->last ? second : a->shared->last;
}

static void open_second(struct soak_account *a, uint64_t second, uint64_t from)
{
	a->half = &a->shared->side[a->side].half[second % SOAK_SLOTS];
	a->half->second = second + 1;
	a->response = &a->shared->response[second % SOAK_SLOTS];
	a->from = from;
	a->next = second == a->shared->last ? UINT64_MAX : a->start + (second + 1) * SOAK_SECOND_NS;
}

static void close_second(struct soak_account *a, uint64_t now, uint64_t voluntary,
			 uint64_t involuntary)
{
	a->half->ns = now - a->from;
	a->half->voluntary = voluntary - a->voluntary;
	a->half->involuntary = involuntary - a->involuntary;
	a->voluntary = voluntary;
	a->involuntary = involuntary;
}

void soak_begin(struct soak_account *a, struct soak_shared *shared, unsigned side, uint64_t start,
		uint64_t voluntary, uint64_t involuntary)
{
	memset(a, 0, sizeof(*a));
	a->shared = shared;
	a->side = side;
	a->start = a->last = start;
	a->voluntary = voluntary;
	a->involuntary = involuntary;
	open_second(a, 0, start);
}

/* All before `second` is complete. */
static void publish(struct soak_account *a, uint64_t second)
{
	__atomic_store_n(&a->shared->side[a->side].turned, second, __ATOMIC_RELEASE);
}

void soak_turn(struct soak_account *a, uint64_t now, uint64_t voluntary, uint64_t involuntary)
{
	const uint64_t taken = __atomic_load_n(&a->shared->taken.seconds, __ATOMIC_ACQUIRE);
	const uint64_t second = second_of(a, now), last = taken + SOAK_SLOTS - 1;
	const uint64_t to = second < last ? second : last;

	/* when nobody has come for the old ones, go on in this one */
	if (to >= a->half->second) {
		close_second(a, now, voluntary, involuntary);
		open_second(a, to, now);
		publish(a, to);
	}
	if (to < second) /* look again in the second after the one that it is */
		a->next = a->start + (second + 1) * SOAK_SECOND_NS;
}

void soak_end(struct soak_account *a, uint64_t now, uint64_t voluntary, uint64_t involuntary)
{
	close_second(a, now, voluntary, involuntary);
	a->shared->side[a->side].ended = a->half->second;
	publish(a, SOAK_OVER);
}

/* ---- collecting ---- */

static uint64_t complete(const struct soak_shared *shared)
{
	uint64_t least = SOAK_OVER, ended = 0, turned;
	unsigned i;

	for (i = 0; i < SOAK_SIDES; i++) {
		turned = __atomic_load_n(&shared->side[i].turned, __ATOMIC_ACQUIRE);
		least = turned < least ? turned : least;
		ended = shared->side[i].ended > ended ? shared->side[i].ended : ended;
	}
	return least == SOAK_OVER ? ended : least;
}

/* A side that was held up for seconds has no account of them: then there is nothing but zeroes. */
static void take_half(struct soak_second *t, struct soak_half *half, unsigned side, uint64_t second)
{
	if (half->second != second + 1)
		return;
	t->gaps[side] = half->gaps;
	t->switches += half->voluntary + half->involuntary;
	t->lost += half->lost;
	if (side == SOAK_READER)
		t->ns = half->ns;
	memset(half, 0, sizeof(*half));
}

static void take_second(struct soak *s, struct soak_shared *shared, uint64_t second,
			struct hist *into)
{
	struct hist *h = &shared->response[second % SOAK_SLOTS];
	struct soak_second *t = &s->second[s->seconds++];
	unsigned i;

	memset(t, 0, sizeof(*t));
	for (i = 0; i < SOAK_SIDES; i++)
		take_half(t, &shared->side[i].half[second % SOAK_SLOTS], i, second);
	t->messages = h->count;
	t->p50 = hist_at(h, 500000);
	t->p99 = hist_at(h, 990000);
	t->max = h->max;
	s->messages += t->messages;
	s->lost += t->lost;
	hist_merge(&s->response, h);
	if (into != NULL)
		hist_merge(into, h);
	hist_reset(h);
}

uint32_t soak_collect(struct soak *s, struct soak_shared *shared, struct hist *into)
{
	const uint64_t until = complete(shared);
	uint64_t second = shared->taken.seconds;
	uint32_t n = 0;

	for (; second < until && s->seconds < s->cap; second++, n++)
		take_second(s, shared, second, into);
	__atomic_store_n(&shared->taken.seconds, second, __ATOMIC_RELEASE);
	return n;
}

int soak_takes_all(int fifo, long cpus_online, long runtime_us)
{
	return fifo > 0 && runtime_us < 0 && cpus_online <= SOAK_SIDES;
}

/* ---- what it comes to ---- */

int soak_is_explained(const struct soak_second *t)
{
	return t->max <= t->gaps[SOAK_WRITER].longest + t->gaps[SOAK_READER].longest + t->p50;
}

void soak_explained(const struct soak *s, uint32_t *of, uint32_t *explained)
{
	uint32_t i;

	*of = *explained = 0;
	for (i = 0; i < s->seconds; i++)
		if (s->second[i].messages > 0) {
			(*of)++;
			*explained += soak_is_explained(&s->second[i]) != 0;
		}
}

uint32_t soak_worst(const struct soak *s, uint32_t *index, uint32_t n)
{
	uint32_t i, k, have = 0;

	for (i = 0; i < s->seconds; i++) {
		if (s->second[i].messages == 0)
			continue;
		for (k = have; k > 0 && s->second[index[k - 1]].max < s->second[i].max; k--)
			if (k < n)
				index[k] = index[k - 1];
		if (k < n)
			index[k] = i;
		have += have < n;
	}
	return have;
}

double soak_median(const struct soak *s, size_t offset)
{
	double *v = calloc(s->seconds > 0 ? s->seconds : 1, sizeof(*v)), median;
	uint64_t one;
	uint32_t i, n = 0;

	for (i = 0; v != NULL && i < s->seconds; i++)
		if (s->second[i].messages > 0) {
			memcpy(&one, (const char *)&s->second[i] + offset, sizeof(one));
			v[n++] = (double)one;
		}
	median = stats_median(v, n);
	free(v);
	return median;
}
