/* ring_internal.h - storey flow: what the ring's three source files share. */
#ifndef WEIR_RING_INTERNAL_H
#define WEIR_RING_INTERNAL_H

#include <weir/ring.h>

/* Geometry copied out of shared memory and checked. */
struct ring_geometry {
	uint64_t capacity;
	uint64_t origin;
	uint32_t chunk_shift;
	uint32_t data_off;
};

int weir_ring_check_geometry(struct weir_span mem, struct ring_geometry *g, struct weir_error *err);

/* Counts the records in [from, to), two commit boundaries at most half a ring apart. WEIR_OK, or
 * -EBADMSG when the headers do not lead from one to the other: damaged, or being overwritten. */
int weir_ring_walk(const uint8_t *data, uint64_t mask, weir_pos from, weir_pos to,
		   uint64_t *records);

/* ring_reader.c: losses of a registered reader go into its record, so that drains can tell. */
void weir_ring_publish_loss(struct weir_ring_reader *r);

/* The environment of a blocking call; NULL is the plain way to wait, as in weir_waiter_init(). */
static inline const struct weir_env *ring_env(const struct weir_wait *how)
{
	return how != NULL && how->env != NULL ? how->env : weir_env_system();
}

static inline struct weir_ring_mark_shm *ring_mark(struct weir_ring_shm *shm, uint32_t chunk_shift,
						   weir_pos pos)
{
	return &shm->mark[(pos >> chunk_shift) & (WEIR_RING_MARKS - 1u)];
}

#endif
