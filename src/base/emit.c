/* The inline functions of storey base as symbols: for debuggers, other languages, and callers that
 * take an address. `extern inline` makes this the one place that emits them, from the same bodies
 * that everybody else inlines. */
#define WEIR_INLINE extern inline __attribute__((visibility("default")))

#include <weir/atomic.h>
#include <weir/base.h>
#include <weir/error.h>
#include <weir/region.h>
#include <weir/stats.h>
#include <weir/wait.h>
