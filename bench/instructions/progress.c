/* Progress records, the drain over them, and the counters' descriptions. */
#include <string.h>

#include <weir/drain.h>
#include <weir/progress.h>
#include <weir/region.h>
#include <weir/stats.h>

#include "cases.h"

#define SLOTS 64u
#define TABLE_BYTES (64u << 10)

static struct weir_progress table;
static struct weir_progress_writer owner[SLOTS];
static struct weir_drain drain;
static struct weir_drain_target target[SLOTS];

/* size slots, each at `at` */
static void set_at(uint32_t size, weir_pos at)
{
	struct weir_span mem = {count_arena(TABLE_BYTES), TABLE_BYTES};
	uint32_t i;

	COUNT_MUST(weir_progress_format(mem, size, NULL) == WEIR_OK);
	COUNT_MUST(weir_progress_attach(&table, mem, NULL) == WEIR_OK);
	for (i = 0; i < size; i++) {
		COUNT_MUST(weir_progress_claim(&table, i, weir_owner_self(), 0, 0, &owner[i],
					       NULL) >= 0);
		weir_progress_publish(&owner[i], at, at, at, 0);
	}
}

static void set(uint32_t size, uint64_t rounds)
{
	(void)rounds;
	set_at(size, 8);
}

static void publish(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	for (i = 0; i < rounds; i++)
		weir_progress_publish(&owner[0], 8 * i, 8 * i, i, i);
}

static void read_one(uint32_t size, uint64_t rounds)
{
	struct weir_progress_record rec;
	uint64_t i;

	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_progress_read(&table, size - 1, &rec) == WEIR_OK &&
			   rec.delivered == 8);
}

static void read_hot(uint32_t size, uint64_t rounds)
{
	struct weir_progress_hot hot;
	uint64_t i;

	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_progress_read_hot(&table, size - 1, &hot) == WEIR_OK &&
			   hot.delivered == 8);
}

static void floor_of(uint32_t size, uint64_t rounds)
{
	weir_pos floor;
	uint64_t i;

	(void)size;
	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_progress_floor(&table, &floor, NULL) == WEIR_OK && floor == 8);
}

static const struct count_case cases[] = {
	{"progress publish", "one's own record published", set, publish, 1, 1, 1024},
	{"progress read quiet", "one's own record read, nobody publishing", set, read_one, 1, 1,
	 1024},
	{"progress read of a table's last slot", "the record of slot 63 read", set, read_one, SLOTS,
	 1, 1024},
	{"progress read hot line", "the record's hot line alone", set, read_hot, 1, 1, 1024},
	{"progress floor/2", "the slowest of 2 readers", set, floor_of, 2, 1, 1024},
	{"progress floor/64", "the slowest of 64 readers", set, floor_of, 64, 1, 256},
};
const struct count_table count_progress = COUNT_TABLE(cases);

/* ---- the drain ---- */

static void begin_at(uint32_t size, weir_pos cut)
{
	weir_drain_init(&drain, target, size, 0);
	COUNT_MUST(weir_drain_add_all(&drain, &table, cut, 0) == WEIR_OK);
}

static void set_pending(uint32_t size, uint64_t rounds)
{
	set(size, rounds);
	begin_at(size, UINT64_MAX / 4);
}

static void begin_behind(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	for (i = 0; i < rounds; i++)
		begin_at(size, 16);
}

static void begin_drained(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	for (i = 0; i < rounds; i++) {
		begin_at(size, 8);
		COUNT_MUST(weir_drain_poll(&drain, i) == WEIR_OK);
	}
}

/* Every reader publishes that it is there, and the next look sees it. */
static void reached(uint32_t size, uint64_t rounds)
{
	uint64_t i;
	uint32_t k;

	for (i = 2; i < rounds + 2; i++) {
		begin_at(size, 8 * i);
		for (k = 0; k < size; k++)
			weir_progress_publish(&owner[k], 8 * i, 8 * i, i, 0);
		COUNT_MUST(weir_drain_poll(&drain, i) == WEIR_OK);
	}
}

static void pending(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	for (i = 0; i < rounds; i++)
		COUNT_MUST(weir_drain_poll(&drain, i) == WEIR_PENDING);
}

static void delta(uint32_t size, uint64_t rounds)
{
	uint64_t i;

	(void)size;
	for (i = 2; i < rounds + 2; i++) {
		weir_progress_publish(&owner[0], 8 * i, 8 * i, i, 0);
		COUNT_MUST(weir_drain_poll(&drain, i) == WEIR_PENDING);
	}
}

static void visited(void *ctx, const struct weir_stat_desc *desc, uint64_t value)
{
	(void)desc;
	*(uint64_t *)ctx += value;
}

static void visit(uint32_t size, uint64_t rounds)
{
	uint64_t i, sum = 0;

	(void)size;
	for (i = 0; i < rounds; i++)
		weir_stats_visit(weir_drain_stat_desc, weir_drain_stat_count, &drain.stats,
				 sizeof(drain.stats), visited, &sum);
	COUNT_MUST(sum != 1);
}

static const struct count_case drain_cases[] = {
	{"drain begin/4", "4 readers captured that are behind", set, begin_behind, 4, 1, 256},
	{"drain begin+poll drained/4",
	 "4 captured that are past the cut, and the look that says so", set, begin_drained, 4, 1,
	 256},
	{"drain begin+publish+poll/4", "4 captured, each publishes, the look that sees it", set,
	 reached, 4, 1, 256},
	{"drain poll pending/4", "a look at 4 that are behind", set_pending, pending, 4, 1, 256},
	{"drain poll pending/64", "a look at 64 that are behind", set_pending, pending, 64, 1, 64},
	{"drain publish+poll delta/4", "one of 4 comes closer, and a look", set_pending, delta, 4,
	 1, 256},
	{"stats visit", "all counters of a drain told to a function", set_pending, visit, 4, 1, 64},
};
const struct count_table count_drain = COUNT_TABLE(drain_cases);
