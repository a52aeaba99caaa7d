/* google-benchmark from C. Sees the benchmark library and our C headers, nothing else. */
#include "gbench.h"

#include <benchmark/benchmark.h>

#include "alloc.h"

struct gb_state {
	benchmark::State *st;
	uint64_t calls; /* of the heap: before the loop, then in it */
	bool begun, told, failed;
};

namespace
{

benchmark::internal::Benchmark *bench_of(struct gb_bench *b)
{
	return reinterpret_cast<benchmark::internal::Benchmark *>(b);
}

struct gb_bench *wrap(benchmark::internal::Benchmark *b)
{
	return reinterpret_cast<struct gb_bench *>(b);
}

void run_row(benchmark::State &st, gb_fn fn, void *ctx)
{
	struct gb_state state = {&st, 0, false, false, false};

	fn(&state, ctx);
	if (!state.failed && alloc_counted())
		st.counters["allocs/op"] = benchmark::Counter(static_cast<double>(state.calls),
							      benchmark::Counter::kAvgIterations);
}

} // namespace

extern "C" {

int gb_init(int *argc, char **argv)
{
	benchmark::Initialize(argc, argv);
	return benchmark::ReportUnrecognizedArguments(*argc, argv) ? -1 : 0;
}

const char *gb_compiler(void)
{
#if defined(__GNUC__) && !defined(__clang__)
	return "gcc " __VERSION__;
#elif defined(__VERSION__)
	return __VERSION__;
#else
	return "unknown";
#endif
}

void gb_context(const char *key, const char *value)
{
	benchmark::AddCustomContext(key, value);
}

unsigned gb_run(void)
{
	return static_cast<unsigned>(benchmark::RunSpecifiedBenchmarks());
}

void gb_shutdown(void)
{
	benchmark::Shutdown();
}

struct gb_bench *gb_register(const char *name, gb_fn fn, void *ctx)
{
	return wrap(benchmark::RegisterBenchmark(
		name, [fn, ctx](benchmark::State &st) { run_row(st, fn, ctx); }));
}

struct gb_bench *gb_arg(struct gb_bench *b, int64_t arg)
{
	return wrap(bench_of(b)->Arg(arg));
}

struct gb_bench *gb_args(struct gb_bench *b, const int64_t *arg, unsigned n)
{
	return wrap(bench_of(b)->Args(std::vector<int64_t>(arg, arg + n)));
}

struct gb_bench *gb_range(struct gb_bench *b, int64_t from, int64_t to)
{
	return wrap(bench_of(b)->Range(from, to));
}

struct gb_bench *gb_threads(struct gb_bench *b, int threads)
{
	return wrap(bench_of(b)->Threads(threads));
}

struct gb_bench *gb_thread_range(struct gb_bench *b, int from, int to)
{
	return wrap(bench_of(b)->ThreadRange(from, to));
}

struct gb_bench *gb_manual_time(struct gb_bench *b)
{
	return wrap(bench_of(b)->UseManualTime());
}

int gb_next(struct gb_state *st, int64_t batch)
{
	bool more = st->st->KeepRunningBatch(batch > 0 ? batch : 1) && !st->failed;

	/* the first call starts google-benchmark's own clock: from here on */
	if (!st->begun || (!more && !st->told))
		st->calls = alloc_calls() - st->calls;
	st->begun = true;
	return more;
}

int64_t gb_get_arg(const struct gb_state *st, unsigned i)
{
	return st->st->range(i);
}

int gb_thread(const struct gb_state *st)
{
	return st->st->thread_index();
}

int64_t gb_iterations(const struct gb_state *st)
{
	return st->st->iterations();
}

void gb_time(struct gb_state *st, double ns)
{
	st->st->SetIterationTime(ns / 1e9);
}

void gb_allocs(struct gb_state *st, uint64_t calls)
{
	st->calls = calls;
	st->told = true;
}

void gb_items(struct gb_state *st, int64_t items)
{
	st->st->SetItemsProcessed(items);
}

void gb_bytes(struct gb_state *st, int64_t bytes)
{
	st->st->SetBytesProcessed(bytes);
}

void gb_label(struct gb_state *st, const char *text)
{
	st->st->SetLabel(text);
}

void gb_fail(struct gb_state *st, const char *why)
{
	st->failed = true;
	st->st->SkipWithError(why);
}

void gb_counter(struct gb_state *st, const char *name, double value, enum gb_kind kind)
{
	benchmark::Counter::Flags flags = kind == GB_RATE ? benchmark::Counter::kIsRate
					  : kind == GB_PER_ITERATION
						  ? benchmark::Counter::kAvgIterations
						  : benchmark::Counter::kDefaults;

	st->st->counters[name] = benchmark::Counter(value, flags);
}
}
