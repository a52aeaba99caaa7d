/* The inline functions of storey flow as symbols; see ../base/emit.c. The storey below comes first
 * and as plain `inline`: usable here, emitted in its own emit.c. */
#define WEIR_INLINE inline __attribute__((visibility("default")))

#include <weir/atomic.h>
#include <weir/base.h>
#include <weir/error.h>
#include <weir/region.h>
#include <weir/stats.h>
#include <weir/wait.h>

#undef WEIR_INLINE
#define WEIR_INLINE extern inline __attribute__((visibility("default")))

#include <weir/drain.h>
#include <weir/progress.h>
#include <weir/rendezvous.h>
#include <weir/ring.h>
#include <weir/ring_run.h>
