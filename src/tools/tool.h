/* tool.h - what the commands of weir(1) share. All of them open regions read-only and write to none;
 * what they read may be damaged, so every number is checked before it counts or indexes anything. */
#ifndef WEIR_TOOL_H
#define WEIR_TOOL_H

#include <weir/region.h>
#include <weir/ring.h>
#include <weir/watch.h>

/* Exit status. */
enum { TOOL_OK = 0, TOOL_DAMAGED = 1, TOOL_USAGE = 2, TOOL_DEAD = 3 };

#define TOOL_TEXT 64u

typedef unsigned long long ull;

/* weir.c */
weir_ns tool_now(void);
void tool_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Opens read-only, or says why not; returns an exit status. */
int tool_open(struct weir_region *r, const char *name);
/* "pid 12 alive", "nobody" */
const char *tool_owner(const struct weir_region *r, weir_owner who, char out[TOOL_TEXT]);
/* At most cap - 1 characters; those that would upset a terminal become '?'. */
const char *tool_clean(const char *text, char *out, size_t cap);
const char *tool_kind(uint32_t kind);
/* 1 when the object is a ring whose geometry fits in its memory. */
int tool_ring(const struct weir_span *mem, struct weir_error *err);
/* "ring.3" or "progress.3" of a session. */
int tool_part(const struct weir_region *r, enum weir_kind kind, const char *what, uint32_t i,
	      struct weir_span *mem);

/* stat.c: prints one region, a session or not; returns an exit status */
int tool_stat(const struct weir_region *r, const char *name);
/* barriers.c */
void tool_barriers(const struct weir_region *r, const struct weir_watch *w);
/* top.c: repeats with rates until the session ends; rounds 0: for ever */
int tool_top(const char *name, unsigned seconds, unsigned rounds);
/* check.c: verifies a region; returns an exit status */
int tool_check(const struct weir_region *r, const char *name);

#endif
