/* Attaching to a region that is mapped already, and finding an object in it. */
#include <stdio.h>
#include <string.h>

#include <weir/region.h>

#include "driver.h"

#define OBJECTS 16u
#define REGION_BYTES (1u << 20)

static int attaches(struct role *me)
{
	struct weir_span mem = {me->arena, REGION_BYTES}, obj;
	struct weir_region r;
	int find = strcmp(me->b->name, "find/16") == 0;
	uint64_t i;
	int rc = weir_region_attach(&r, mem, 0, NULL);

	if (rc < 0)
		return role_fail(me, "weir_region_attach: %s", weir_error_name(rc));
	if (role_start(me) != 0)
		return -1;
	for (i = 0; i < me->n; i++) {
		rc = find ? weir_region_find(&r, WEIR_KIND_USER, "object-15", &obj)
			  : weir_region_attach(&r, mem, 0, NULL);
		if (rc < 0)
			return role_fail(me, "%s: %s", me->b->name, weir_error_name(rc));
	}
	role_done(me, i);
	return 0;
}

static int format(struct bench_env *env)
{
	struct weir_region_config cfg;
	struct weir_span mem = {env->arena, REGION_BYTES}, obj;
	struct weir_region r;
	struct weir_error err;
	char name[24];
	unsigned i;
	int rc;

	memset(env->arena, 0, REGION_BYTES);
	memset(&cfg, 0, sizeof(cfg));
	cfg.struct_size = sizeof(cfg);
	cfg.max_objects = OBJECTS;
	cfg.payload_bytes = OBJECTS * 1024u;
	rc = weir_region_format(&r, mem, &cfg, &err);
	for (i = 0; rc >= 0 && i < OBJECTS; i++) {
		snprintf(name, sizeof(name), "object-%u", i);
		rc = weir_region_add(&r, WEIR_KIND_USER, name, 1024, &obj, &err);
	}
	if (rc < 0) {
		weir_error_format(&err, env->error, sizeof(env->error));
		return -1;
	}
	return weir_region_seal(&r) < 0 ? -1 : 0;
}

static double run(struct bench_env *env, const struct bench *b, uint64_t n,
		  struct bench_sample *out)
{
	if (format(env) != 0)
		return -1;
	return driver_run(env, b, attaches, NULL, 1, n, out);
}

void bench_add_region(void)
{
	static const char *const name[] = {"attach/16", "find/16"};
	struct bench b;
	unsigned i;

	for (i = 0; i < 2; i++) {
		memset(&b, 0, sizeof(b));
		b.group = "region";
		b.who = "weir";
		b.unit = "call";
		b.flags = BENCH_TIME;
		b.batch = 1;
		b.run = run;
		snprintf(b.name, sizeof(b.name), "%s", name[i]);
		bench_add(&b);
	}
}
