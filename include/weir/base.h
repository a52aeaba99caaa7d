/* weir/base.h - storey base: words that every other header uses. Needs: nothing. */
#ifndef WEIR_BASE_H
#define WEIR_BASE_H

#include <stddef.h>
#include <stdint.h>

/* Unit of false sharing. A constant of the shared layout, not of the machine: adjacent-line
 * prefetchers and 128-byte-line CPUs make 64 too small. */
#define WEIR_LINE 128u

/* "No deadline": 2^64-1 ns after the caller's clock started, 584 years. */
#define WEIR_NS_NEVER UINT64_MAX

#define WEIR_API __attribute__((visibility("default")))
#define WEIR_CHECK __attribute__((warn_unused_result))
#define WEIR_ALIGNED(n) __attribute__((aligned(n)))
#define WEIR_LIKELY(x) __builtin_expect(!!(x), 1)
#define WEIR_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Fast paths are inline here and emitted once as symbols by src/base/emit.c and its like,
 * which define WEIR_INLINE before including the header. */
#ifndef WEIR_INLINE
#if defined(__cplusplus) && __cplusplus >= 202002L
#define WEIR_INLINE inline
#else
#define WEIR_INLINE static inline __attribute__((unused))
#endif
#endif

#ifdef __cplusplus
#define WEIR_BEGIN extern "C" {
#define WEIR_END }
#define WEIR_PTR(T, p) (static_cast<T *>(static_cast<void *>(p)))
#define WEIR_CPTR(T, p) (static_cast<const T *>(static_cast<const void *>(p)))
#define WEIR_U32(x) (static_cast<uint32_t>(x))
#define WEIR_U64(x) (static_cast<uint64_t>(x))
#define WEIR_I64(x) (static_cast<int64_t>(x))
#define WEIR_ASSERT_LAYOUT(cond) static_assert(cond, #cond)
#else
#define WEIR_BEGIN
#define WEIR_END
#define WEIR_PTR(T, p) ((T *)(void *)(p))
#define WEIR_CPTR(T, p) ((const T *)(const void *)(p))
#define WEIR_U32(x) ((uint32_t)(x))
#define WEIR_U64(x) ((uint64_t)(x))
#define WEIR_I64(x) ((int64_t)(x))
#define WEIR_ASSERT_LAYOUT(cond) _Static_assert(cond, #cond)
#endif

WEIR_BEGIN

/* Nanoseconds on one monotonic clock of the caller's choosing. The library compares such values
 * and adds to them; only the blocking helpers read a clock, through struct weir_env. */
typedef uint64_t weir_ns;

/* Byte position in a ring. Starts anywhere, grows by what is published, is never reduced modulo
 * the capacity. Two positions are compared by signed difference, so 2^64 is no edge. */
typedef uint64_t weir_pos;

/* Identity of a process for as long as it lives, in one word: pid, start time and a digest of the
 * pid namespace (see weir_owner_self() in weir/region.h). 0 means nobody. */
typedef uint64_t weir_owner;

/* A piece of memory that the caller brings or that a region hands out. */
struct weir_span {
	void *ptr;
	size_t len; /* bytes */
};

/* Signed distance from b to a: positive when a lies after b. Right while the two are less than
 * 2^63 bytes apart. Wait-free. */
WEIR_INLINE int64_t weir_pos_diff(weir_pos a, weir_pos b)
{
	return WEIR_I64(a - b);
}

WEIR_END
#endif
