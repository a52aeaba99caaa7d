/* No allocation on any hot path: the allocator is replaced and counts. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/drain.h>
#include <weir/region.h>
#include <weir/ring.h>

extern void *__libc_malloc(size_t n);
extern void __libc_free(void *p);
extern void *__libc_calloc(size_t n, size_t m);
extern void *__libc_realloc(void *p, size_t n);
extern void *__libc_memalign(size_t a, size_t n);

static volatile unsigned long calls; /* compilers believe that malloc() changes no variable */

void *malloc(size_t n)
{
	calls++;
	return __libc_malloc(n);
}

void free(void *p)
{
	calls++;
	__libc_free(p);
}

void *calloc(size_t n, size_t m)
{
	calls++;
	return __libc_calloc(n, m);
}

void *realloc(void *p, size_t n)
{
	calls++;
	return __libc_realloc(p, n);
}

void *aligned_alloc(size_t a, size_t n)
{
	calls++;
	return __libc_memalign(a, n);
}

static int failures;
static char arena[1 << 17] __attribute__((aligned(4096)));
static char region_memory[1 << 17] __attribute__((aligned(4096)));

static void expect_none(const char *what, unsigned long before)
{
	if (calls != before) {
		printf("not ok - %s: %lu calls of the allocator\n", what, calls - before);
		failures++;
	}
}

#define NONE(what, statement)                                                                      \
	do {                                                                                       \
		unsigned long before = calls;                                                      \
		statement;                                                                         \
		expect_none(what, before);                                                         \
	} while (0)

static int nothing(void *ctx, const struct weir_ring_view *v)
{
	(void)ctx;
	(void)v;
	return 0;
}

static void need(int got, int want, const char *what)
{
	if (got != want) {
		printf("not ok - %s: %d, wanted %d\n", what, got, want);
		failures++;
	}
}

static void ring_paths(void)
{
	struct weir_ring_config cfg = {.struct_size = sizeof(cfg), .capacity = 8192};
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = 1};
	struct weir_span ring = {arena, 65536}, table = {arena + 65536, 65536};
	struct weir_progress t;
	struct weir_progress_record rec;
	struct weir_ring_writer w;
	struct weir_ring_reader r;
	struct weir_ring_view v;
	struct weir_ring_room room;
	struct weir_drain d;
	struct weir_drain_target target[4];
	struct weir_error e;
	char text[128];
	uint64_t word = 7;
	int i;

	NONE("ring format", need(weir_ring_format(ring, &cfg, &e), WEIR_OK, "format"));
	NONE("progress format", need(weir_progress_format(table, 4, &e), WEIR_OK, "format"));
	NONE("progress attach", need(weir_progress_attach(&t, table, &e), WEIR_OK, "attach"));
	NONE("writer attach", need(weir_ring_writer_attach(&w, ring, &t, weir_owner_self(), NULL, &e),
				   WEIR_OK, "writer"));
	NONE("join", need(weir_ring_join(&r, ring, &t, 0, WEIR_RING_OLDEST, weir_owner_self(), &e),
			  WEIR_OK, "join"));
	for (i = 0; i < 5000; i++) {
		NONE("send", need(weir_ring_send(&w, 1, &word, 8, WEIR_RING_GATED), WEIR_OK, "send"));
		NONE("claim", need(weir_ring_claim(&w, 1, 100, WEIR_RING_GATED, &room), WEIR_OK,
				   "claim"));
		NONE("commit", weir_ring_commit(&w));
		NONE("poll", need(weir_ring_poll(&r, &v), WEIR_OK, "poll"));
		NONE("deliver", weir_ring_deliver(&r, 1));
		NONE("dispatch", need(weir_ring_dispatch(&r, nothing, NULL, 9, 1, NULL), WEIR_OK,
				      "dispatch"));
		NONE("read", need(weir_progress_read(&t, 0, &rec), WEIR_OK, "read"));
	}
	NONE("poll_wait", need(weir_ring_poll_wait(&r, &v, &how), -ETIMEDOUT, "poll_wait"));
	NONE("send", need(weir_ring_send(&w, 1, &word, 8, WEIR_RING_LOSSY), WEIR_OK, "send"));
	NONE("drain", {
		weir_drain_init(&d, target, 4, 0);
		need(weir_drain_add_all(&d, &t, weir_ring_writer_leading(&w), 0), WEIR_OK, "add");
		need(weir_drain_poll(&d, 1), WEIR_PENDING, "drain poll");
		need(weir_drain_wait(&d, NULL, 0, &how), -ETIMEDOUT, "drain wait");
	});
	NONE("error text", {
		need(weir_ring_writer_attach(&w, ring, &t, 0, NULL, &e), -EINVAL, "owner");
		(void)weir_error_format(&e, text, sizeof(text));
	});
	NONE("leave", weir_ring_leave(&r, 1));
	NONE("close", weir_ring_close(&w));
}

static void region_paths(void)
{
	struct weir_region_config cfg = {.struct_size = sizeof(cfg),
					 .max_objects = 4,
					 .payload_bytes = 4096,
					 .incarnation = 1};
	struct weir_span mem = {region_memory, sizeof(region_memory)}, obj;
	struct weir_region r, named;
	char name[64];

	NONE("region format", need(weir_region_format(&r, mem, &cfg, NULL), WEIR_OK, "format"));
	NONE("region add", need(weir_region_add(&r, WEIR_KIND_USER, "x", 64, &obj, NULL), WEIR_OK,
				"add"));
	NONE("region seal", need(weir_region_seal(&r), WEIR_OK, "seal"));
	NONE("region attach", need(weir_region_attach(&r, mem, 0, NULL), WEIR_OK, "attach"));
	NONE("region find", need(weir_region_find(&r, WEIR_KIND_USER, "x", &obj), WEIR_OK, "find"));
	snprintf(name, sizeof(name), "check-alloc-%u", weir_owner_pid(weir_owner_self()));
	NONE("region create", need(weir_region_create(&r, name, &cfg, NULL), WEIR_OK, "create"));
	NONE("region publish", need(weir_region_publish(&r, NULL), WEIR_OK, "publish"));
	NONE("region open", need(weir_region_open(&named, name, 0, NULL), WEIR_OK, "open"));
	NONE("region gc", need(weir_region_gc(name, NULL, NULL), 0, "gc"));
	NONE("region close", {
		weir_region_close(&named);
		weir_region_close(&r);
	});
	NONE("region unlink", need(weir_region_unlink(name), WEIR_OK, "unlink"));
}

int main(void)
{
	unsigned long before = calls;
	void *volatile p;

	p = malloc(10); /* the counter counts, or nothing below means anything */

	free(p);
	need(calls - before == 2, 1, "counting");
	ring_paths();
	region_paths();
	if (failures == 0)
		printf("ok - no allocation on any path\n");
	return failures != 0;
}
