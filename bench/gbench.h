/* bench/gbench.h - google-benchmark 1.7 from C. Implemented in gbench.cc, the harness's C++. */
#ifndef BENCH_GBENCH_H
#define BENCH_GBENCH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A C benchmark is a function that loops:
 *
 *	static void row(struct gb_state *st, void *ctx)
 *	{
 *		while (gb_next(st, batch))
 *			work(ctx, batch);
 *		gb_items(st, gb_iterations(st));
 *	}
 *
 *	gb_manual_time(gb_register("group/name", row, ctx));
 *
 * Every row gets the counter allocs/op: the heap calls of each thread between its first and its
 * last gb_next() (alloc.h), unless the row knows better and says so with gb_allocs().
 */

struct gb_state; /* one run, one thread of it */
struct gb_bench; /* what was registered, for the settings below */
typedef void (*gb_fn)(struct gb_state *st, void *ctx);

/* Takes google-benchmark's own options out of argv. 0, or -1 when others are left (they have been
 * named on stderr). Before gb_register(). */
int gb_init(int *argc, char **argv);
const char *gb_compiler(void); /* that of C++ */
void gb_context(const char *key, const char *value); /* goes into the JSON context */
unsigned gb_run(void); /* all that match --benchmark_filter; how many ran */
void gb_shutdown(void);

/* name is copied, ctx must outlive gb_run(). */
struct gb_bench *gb_register(const char *name, gb_fn fn, void *ctx);
/* Settings; each returns its argument. */
struct gb_bench *gb_arg(struct gb_bench *b, int64_t arg);
struct gb_bench *gb_args(struct gb_bench *b, const int64_t *arg, unsigned n);
struct gb_bench *gb_range(struct gb_bench *b, int64_t from, int64_t to);
struct gb_bench *gb_threads(struct gb_bench *b, int threads);
struct gb_bench *gb_thread_range(struct gb_bench *b, int from, int to);
struct gb_bench *gb_manual_time(struct gb_bench *b); /* gb_time() counts, not the clock */

/* Nonzero: do `batch` operations, then ask again. */
int gb_next(struct gb_state *st, int64_t batch);
int64_t gb_get_arg(const struct gb_state *st, unsigned i);
int gb_thread(const struct gb_state *st); /* 0 .. threads - 1 */
int64_t gb_iterations(const struct gb_state *st);

/* The time that the batch asked for last took. Once per batch, with gb_manual_time(). */
void gb_time(struct gb_state *st, double ns);
/* Heap calls of the whole row, where the work is done by other threads or processes. */
void gb_allocs(struct gb_state *st, uint64_t calls);
void gb_items(struct gb_state *st, int64_t items); /* shown per second */
void gb_bytes(struct gb_state *st, int64_t bytes); /* shown per second */
void gb_label(struct gb_state *st, const char *text);
/* Marks the row failed; the loop must still end (gb_next() says 0 from now on). */
void gb_fail(struct gb_state *st, const char *why);

enum gb_kind { GB_VALUE = 0, GB_RATE = 1, GB_PER_ITERATION = 2 };
void gb_counter(struct gb_state *st, const char *name, double value, enum gb_kind kind);

#ifdef __cplusplus
}
#endif
#endif
