/* weir/error.h - storey base: what calls return, and how to say it to a person. Needs: base. */
#ifndef WEIR_ERROR_H
#define WEIR_ERROR_H

#include <weir/base.h>

/*
 * Every call that can fail returns int: zero and positive values are outcomes, listed here and
 * nowhere else; negative values are -errno and mean misuse or a broken environment. A call that
 * returns a negative value has changed nothing.
 */
#define WEIR_OUTCOMES(X)                                                                           \
	X(WEIR_OK, 0, "done")                                                                      \
	X(WEIR_EMPTY, 1, "nothing published beyond the reader's position")                         \
	X(WEIR_FULL, 2, "no room until a reader delivers more")                                    \
	X(WEIR_LAPPED, 3, "records were overwritten before they were read; the loss is counted")   \
	X(WEIR_CLOSED, 4, "the writer has closed the ring and everything in it has been read")     \
	X(WEIR_PENDING, 5, "not yet; call again")                                                  \
	X(WEIR_LOST, 6, "drained, but records before the cut were lost to some reader")            \
	X(WEIR_DEPARTED, 7, "done, but some reader or member left before its part was")             \
	X(WEIR_PARKED, 8, "only readers that wait themselves remain: go on by polling")            \
	X(WEIR_CHECK_LIVENESS, 9, "time to look whether the awaited process is still alive")       \
	X(WEIR_RECOVERED, 10, "done, in place of a process that died")

/* The negative values that calls of this library return, with the library's meaning of each. */
#define WEIR_ERRORS(X)                                                                             \
	X(EINVAL, "an argument is out of range")                                                   \
	X(EMSGSIZE, "the record is larger than the ring allows")                                   \
	X(ENOBUFS, "the caller's storage is too small")                                            \
	X(ENOSPC, "no free slot, or no space on the file system")                                  \
	X(EBUSY, "another live process holds it")                                                  \
	X(EEXIST, "the name is taken")                                                             \
	X(ENOENT, "no such name")                                                                  \
	X(EAGAIN, "not ready yet, or torn by a concurrent update: try again")                      \
	X(EPROTO, "layout, version or mode do not match")                                          \
	X(EBADMSG, "the shared memory is damaged")                                                 \
	X(EACCES, "permission denied")                                                             \
	X(EROFS, "the mapping is read-only")                                                       \
	X(ETIMEDOUT, "the deadline passed")                                                        \
	X(ECANCELED, "the caller cancelled it")                                                    \
	X(EDEADLK, "waiting here would wait for oneself")                                          \
	X(EOWNERDEAD, "a process died that it depended on")                                        \
	X(ESTALE, "a successor has taken over")                                                    \
	X(ENOTCONN, "not attached, or the coordinator is gone")                                    \
	X(ENAMETOOLONG, "the name is too long")                                                    \
	X(EOPNOTSUPP, "the file system or kernel cannot do it")                                    \
	X(EPERM, "operation not permitted")                                                        \
	X(ENOMEM, "no address space or memory")                                                    \
	X(EMFILE, "the process has too many open files")

WEIR_BEGIN

enum weir_outcome {
#define WEIR_PRIV_X(name, value, text) name = value,
	WEIR_OUTCOMES(WEIR_PRIV_X)
#undef WEIR_PRIV_X
		WEIR_OUTCOME_LAST_PLUS_ONE
};

/* What went wrong, in facts: which thing, which value it had, which value was the limit (or was
 * expected). Set only together with a negative return value; calls that take one accept NULL. */
struct weir_error {
	const char *what; /* static text, never NULL once set */
	uint64_t value;
	uint64_t limit;
	int32_t code; /* the same negative value the call returned */
	uint32_t reserved;
};

/* The symbol of a return value: "WEIR_LAPPED", "EBUSY"; "?" for one that is not in the tables.
 * Never NULL. Wait-free, any thread. */
WEIR_API const char *weir_error_name(int code);

/* One sentence for a return value, in this library's meaning of it. Never NULL. Wait-free. */
WEIR_API const char *weir_error_text(int code);

/* Writes "what: text (value V, limit L)" into buf, always terminated when cap > 0, cut when too
 * long. Returns the length the whole text has without the terminator. Wait-free. */
WEIR_API size_t weir_error_format(const struct weir_error *e, char *buf, size_t cap);

/* Fills *e when it is not NULL, and returns code: `return weir_error_set(e, -EINVAL, ...)`. */
WEIR_API int weir_error_set(struct weir_error *e, int code, const char *what, uint64_t value,
			    uint64_t limit);

WEIR_END
#endif
