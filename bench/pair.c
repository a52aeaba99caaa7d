/* A weir ring with its progress table in the arena. See pair.h. */
#include "pair.h"

#include <stdio.h>
#include <string.h>

#define PAIR_BYTES (1u << 20)
#define TABLE_BYTES (64u << 10)
#define TABLE_SLOTS 8u

static struct weir_span ring_of(uint8_t *arena, unsigned i)
{
	struct weir_span s = {arena + (size_t)i * PAIR_BYTES, PAIR_BYTES - TABLE_BYTES};

	return s;
}

static struct weir_span table_of(uint8_t *arena, unsigned i)
{
	struct weir_span s = {arena + (size_t)(i + 1) * PAIR_BYTES - TABLE_BYTES, TABLE_BYTES};

	return s;
}

int pair_format(struct bench_env *env, unsigned pairs)
{
	struct weir_ring_config cfg;
	struct weir_error err;
	unsigned i;
	int rc;

	memset(&cfg, 0, sizeof(cfg));
	cfg.struct_size = sizeof(cfg);
	cfg.capacity = BENCH_RING_BYTES;
	memset(env->arena, 0, (size_t)pairs * PAIR_BYTES);
	for (i = 0; i < pairs; i++) {
		rc = weir_ring_format(ring_of(env->arena, i), &cfg, &err);
		if (rc == 0)
			rc = weir_progress_format(table_of(env->arena, i), TABLE_SLOTS, &err);
		if (rc < 0) {
			weir_error_format(&err, env->error, sizeof(env->error));
			return -1;
		}
	}
	return 0;
}

static int fail(struct role *me, const char *what, int rc, const struct weir_error *err)
{
	char text[96];

	weir_error_format(err, text, sizeof(text));
	return role_fail(me, "%s: %s, %s", what, weir_error_name(rc), text);
}

int pair_write(struct role *me, unsigned i, struct weir_progress *table, struct weir_ring_writer *w)
{
	struct weir_error err;
	int rc = weir_progress_attach(table, table_of(me->arena, i), &err);

	if (rc == 0)
		rc = weir_ring_writer_attach(w, ring_of(me->arena, i), table, weir_owner_self(),
					     NULL, &err);
	return rc < 0 ? fail(me, "weir_ring_writer_attach", rc, &err) : 0;
}

int pair_read(struct role *me, unsigned i, struct weir_ring_reader *r)
{
	struct weir_progress table;
	struct weir_error err;
	int rc = weir_progress_attach(&table, table_of(me->arena, i), &err);

	if (rc == 0)
		rc = weir_ring_join(r, ring_of(me->arena, i), &table, WEIR_PROGRESS_SLOT_ANY,
				    WEIR_RING_OLDEST, weir_owner_self(), &err);
	return rc < 0 ? fail(me, "weir_ring_join", rc, &err) : 0;
}

int pair_follow(struct role *me, unsigned i, struct weir_ring_reader *r)
{
	struct weir_error err;
	int rc = weir_ring_reader_attach(r, ring_of(me->arena, i), WEIR_RING_OLDEST, 0, &err);

	return rc < 0 ? fail(me, "weir_ring_reader_attach", rc, &err) : 0;
}

int pair_accounts(struct role *me, const struct weir_ring_reader *r, uint64_t had, uint64_t sent)
{
	if (had + r->lost_messages == sent)
		return 0;
	return role_fail(me, "role %u: %llu received and %llu lost of %llu", me->index,
			 (unsigned long long)had, (unsigned long long)r->lost_messages,
			 (unsigned long long)sent);
}

uint64_t pair_evictions(const struct weir_ring_writer *w)
{
	struct weir_ring_stats s;

	memset(&s, 0, sizeof(s));
	s.struct_size = sizeof(s);
	return weir_ring_read_stats(w->shm, &s) == WEIR_OK ? s.evictions : UINT64_MAX;
}
