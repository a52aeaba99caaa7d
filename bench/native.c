/*
 * Rows that need neither roles nor pinning, so that google-benchmark's own loop, threads and ranges
 * serve them: one record read by several threads at a time, and regions of growing directories.
 */
#include "native.h"

#include <stdio.h>
#include <string.h>

#include <weir/progress.h>
#include <weir/region.h>

#include "gbench.h"

#define BATCH 1024
#define OBJECTS_MAX 1024
#define TABLE_BYTES (64u << 10)
#define REGION_BYTES (2u << 20)

/* At the end of the arena, which no other bench reaches: formatted once, read by all threads. */
static uint8_t *table_at(struct bench_env *env)
{
	return env->arena + BENCH_ARENA_BYTES - TABLE_BYTES;
}

static void read_quiet(struct gb_state *st, void *ctx)
{
	struct weir_span mem = {table_at(ctx), TABLE_BYTES};
	struct weir_progress_hot rec;
	struct weir_progress t;
	int i, rc = weir_progress_attach(&t, mem, NULL);

	if (rc < 0)
		gb_fail(st, weir_error_name(rc));
	while (gb_next(st, BATCH))
		for (i = 0; i < BATCH && rc >= 0; i++)
			rc = weir_progress_read_hot(&t, 0, &rec);
	gb_items(st, gb_iterations(st));
}

static int format_region(struct weir_span mem, unsigned objects)
{
	struct weir_region_config cfg;
	struct weir_region r;
	struct weir_span obj;
	char name[24];
	unsigned i;
	int rc;

	memset(mem.ptr, 0, mem.len);
	memset(&cfg, 0, sizeof(cfg));
	cfg.struct_size = sizeof(cfg);
	cfg.max_objects = objects;
	cfg.payload_bytes = (uint64_t)objects * 128u;
	rc = weir_region_format(&r, mem, &cfg, NULL);
	for (i = 0; rc >= 0 && i < objects; i++) {
		snprintf(name, sizeof(name), "object-%u", i);
		rc = weir_region_add(&r, WEIR_KIND_USER, name, 128, &obj, NULL);
	}
	return rc < 0 ? rc : weir_region_seal(&r);
}

/* One thread: formats its region itself. */
static void attach(struct gb_state *st, void *ctx)
{
	struct weir_span mem = {((struct bench_env *)ctx)->arena, REGION_BYTES};
	struct weir_region r;
	int rc = format_region(mem, (unsigned)gb_get_arg(st, 0));

	if (rc < 0)
		gb_fail(st, weir_error_name(rc));
	while (gb_next(st, 1))
		if (rc >= 0 && (rc = weir_region_attach(&r, mem, 0, NULL)) < 0)
			gb_fail(st, weir_error_name(rc));
}

void native_register(struct bench_env *env)
{
	struct weir_span mem = {table_at(env), TABLE_BYTES};
	struct weir_progress_writer w;
	struct weir_progress t;

	memset(mem.ptr, 0, mem.len);
	if (weir_progress_format(mem, 1, NULL) < 0 || weir_progress_attach(&t, mem, NULL) < 0 ||
	    weir_progress_claim(&t, 0, weir_owner_self(), 0, 0, &w, NULL) < 0)
		return;
	weir_progress_publish(&w, 8, 8, 1, 1);
	gb_thread_range(gb_register("native/progress-read/quiet", read_quiet, env), 1, 4);
	gb_range(gb_register("native/region-attach", attach, env), 1, OBJECTS_MAX);
}
