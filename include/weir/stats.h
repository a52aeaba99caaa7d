/* weir/stats.h - storey base: naming counters so that a tool can print them. Needs: base. */
#ifndef WEIR_STATS_H
#define WEIR_STATS_H

#include <weir/base.h>

/*
 * Counters are always in the layout; only tools decide to look. A module with counters has a
 * struct weir_X_stats (a snapshot, first field struct_size), a weir_X_read_stats() that fills it,
 * and a table weir_X_stat_desc[] of weir_X_stat_count entries that describes each uint64_t of it.
 */

WEIR_BEGIN

struct weir_stat_desc {
	const char *name; /* as in the struct */
	const char *unit; /* "records", "bytes", "ns", "calls" ... */
	const char *help; /* one phrase */
	uint32_t offset;  /* of the uint64_t in the snapshot struct, bytes */
	uint32_t reserved;
};

typedef void (*weir_stat_fn)(void *ctx, const struct weir_stat_desc *desc, uint64_t value);

/* Calls fn once per described counter, in table order. A description whose counter lies outside
 * `snapshot_bytes` is passed over (an older snapshot against a newer table). Wait-free. */
WEIR_API void weir_stats_visit(const struct weir_stat_desc *desc, uint32_t n, const void *snapshot,
			       size_t snapshot_bytes, weir_stat_fn fn, void *ctx);

WEIR_END
#endif
