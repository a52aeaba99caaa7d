/* weir/group.h - storey gate: who is a member, as the coordinator sees it. Needs: base,
 * error. */
#ifndef WEIR_GROUP_H
#define WEIR_GROUP_H

#include <errno.h>

#include <weir/base.h>
#include <weir/error.h>

/*
 * A table of members on the caller's storage, and sets of them. Pure: no system call, clock or
 * allocation; one thread per group. Every change raises the view by one; every join raises the
 * epoch of its slot, and what is said of a member names the epoch it is said of.
 */

WEIR_BEGIN

#define WEIR_GROUP_MAX 1024u /* members */

#define WEIR_MEMBER_STATES(X)                                                                      \
	X(VACANT)   /* nobody */                                                                   \
	X(ACTIVE)   /* takes part */                                                               \
	X(DRAINING) /* has announced that it leaves: takes part in nothing new */                  \
	X(GONE)     /* has left */                                                                 \
	X(DEAD)     /* its process died */

enum weir_member_state {
#define WEIR_PRIV_X(name) WEIR_MEMBER_##name,
	WEIR_MEMBER_STATES(WEIR_PRIV_X)
#undef WEIR_PRIV_X
		WEIR_MEMBER_STATE_COUNT
};

/* Member i is bit i % 64 of word i / 64. A value: copy it, compare it. All zero is empty. */
struct weir_group_set {
	uint64_t word[WEIR_GROUP_MAX / 64u];
};

struct weir_member {
	weir_owner owner; /* the caller's token; several members may share one */
	uint64_t epoch;   /* of the slot: 0 before the first join */
	uint64_t view;    /* of the last change */
	uint32_t state;   /* enum weir_member_state */
	uint32_t reserved;
};

struct weir_group {
	struct weir_member *member;
	uint32_t cap;
	uint32_t reserved;
	uint64_t view; /* 0 in an empty group; one more at every change */
	struct weir_group_set active;
};

/* An empty group on the caller's `cap` slots. -EINVAL: cap is 0 or above WEIR_GROUP_MAX. O(cap). */
WEIR_API WEIR_CHECK int weir_group_init(struct weir_group *g, struct weir_member *storage,
					uint32_t cap);

/* The changes. WEIR_OK; -EINVAL no such slot, owner 0, or the state does not allow it; -ESTALE the
 * epoch is not the slot's. All O(1).
 * join: VACANT -> ACTIVE, -EBUSY otherwise; *epoch is the new one
 * leave: ACTIVE -> DRAINING
 * gone: ACTIVE, DRAINING -> GONE
 * died: ACTIVE, DRAINING -> DEAD
 * vacate: GONE, DEAD -> VACANT, once everybody who knows the member has been told */
WEIR_API WEIR_CHECK int weir_group_join(struct weir_group *g, uint32_t slot, weir_owner owner,
					uint64_t *epoch);
WEIR_API WEIR_CHECK int weir_group_leave(struct weir_group *g, uint32_t slot, uint64_t epoch);
WEIR_API WEIR_CHECK int weir_group_gone(struct weir_group *g, uint32_t slot, uint64_t epoch);
WEIR_API WEIR_CHECK int weir_group_died(struct weir_group *g, uint32_t slot, uint64_t epoch);
WEIR_API WEIR_CHECK int weir_group_vacate(struct weir_group *g, uint32_t slot, uint64_t epoch);

/* The first slot >= from in that state, or cap. O(cap). */
WEIR_API uint32_t weir_group_next(const struct weir_group *g, uint32_t from,
				  enum weir_member_state state);

/* "ACTIVE" and so on; "?" for a number that is none. */
WEIR_API const char *weir_member_state_name(unsigned state);

/* Sets. Members from WEIR_GROUP_MAX on are in none, and adding or removing them does nothing.
 * O(1), but for count and next: O(words). */
WEIR_API int weir_group_set_has(const struct weir_group_set *s, uint32_t member); /* 1 or 0 */
WEIR_API void weir_group_set_add(struct weir_group_set *s, uint32_t member);
WEIR_API void weir_group_set_remove(struct weir_group_set *s, uint32_t member);
WEIR_API uint32_t weir_group_set_count(const struct weir_group_set *s);
/* The first member >= from in the set, or WEIR_GROUP_MAX. */
WEIR_API uint32_t weir_group_set_next(const struct weir_group_set *s, uint32_t from);

WEIR_END
#endif
