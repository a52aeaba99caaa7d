/* Walking a table of counter descriptions over a snapshot. */
#include <string.h>

#include <weir/stats.h>

void weir_stats_visit(const struct weir_stat_desc *desc, uint32_t n, const void *snapshot,
		      size_t snapshot_bytes, weir_stat_fn fn, void *ctx)
{
	const uint8_t *from = snapshot;
	uint64_t value;
	uint32_t i;

	for (i = 0; i < n; i++) {
		/* in this order nothing can wrap */
		if (snapshot_bytes < sizeof(value) ||
		    desc[i].offset > snapshot_bytes - sizeof(value))
			continue;
		memcpy(&value, from + desc[i].offset, sizeof(value));
		fn(ctx, &desc[i], value);
	}
}
