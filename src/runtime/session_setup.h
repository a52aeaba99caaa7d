/* Between session.c and session_setup.c: what a config and options come to. */
#ifndef WEIR_SESSION_SETUP_H
#define WEIR_SESSION_SETUP_H

#include "session_priv.h"

/* What stands before the handle in its storage: the region. */
#define SESSION_LEAD ((sizeof(struct weir_region) + WEIR_LINE - 1u) / WEIR_LINE * WEIR_LINE)

struct plan {
	struct weir_region_config region;
	struct weir_ring_config ring;
	size_t ring_bytes;
	size_t table_bytes;
	uint64_t targets;
	weir_ns liveness_ns;
	uint32_t members;
	uint32_t barriers;
};

/* Check, and put the defaults in. */
int weir_session_plan(const struct weir_session_config *cfg, struct plan *p,
		      struct weir_error *err);
int weir_session_choose(const struct weir_session_options *opt, struct weir_session_options *o,
			struct weir_error *err);

/* How many bytes the handle takes; with mem.ptr not NULL (zeroed, long enough) lays it out there. */
size_t weir_session_lay_out(struct weir_span mem, const struct plan *p,
			    const struct weir_session_options *o, int coordinator,
			    struct weir_session **out);

/* The objects of a session, in a region that is formatted and not sealed. */
int weir_session_fill(struct weir_region *r, const struct plan *p, weir_owner owner,
		      struct weir_error *err);

#endif
