/* weir/atomic.h - storey base: ordered access to plain aligned words. Needs: base. */
#ifndef WEIR_ATOMIC_H
#define WEIR_ATOMIC_H

#include <weir/base.h>

/*
 * The one place where memory ordering is spelt. Public structs hold plain uint32_t and uint64_t;
 * every shared access goes through a name that carries its order. A shared word is always
 * accessed with the same width. The compiler builtins are valid in C11 and C++17 and visible to
 * ThreadSanitizer.
 *
 * Second back end, for tests only: with WEIR_EXPLORE defined each access first calls
 * weir_explore_step(), which hands control to a schedule explorer. The library is never shipped
 * built that way.
 *
 * All functions here are wait-free except the read-modify-write ones, which are lock-free. Words
 * must be naturally aligned.
 */

WEIR_BEGIN

#ifdef WEIR_EXPLORE
enum weir_explore_kind {
	WEIR_EXPLORE_LOAD = 0,
	WEIR_EXPLORE_STORE = 1,
	WEIR_EXPLORE_RMW = 2,
	WEIR_EXPLORE_FENCE = 3
};
void weir_explore_step(enum weir_explore_kind kind, const volatile void *word);
#define WEIR_PRIV_STEP(kind, p) weir_explore_step(WEIR_EXPLORE_##kind, p)
#else
#define WEIR_PRIV_STEP(kind, p) ((void)0)
#endif

/* Loads. relaxed: the value alone. acquire: whatever the storing side wrote before its release
 * store of this value is visible to what follows here. */
WEIR_INLINE uint64_t weir_load_relaxed64(const uint64_t *p)
{
	WEIR_PRIV_STEP(LOAD, p);
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

WEIR_INLINE uint64_t weir_load_acquire64(const uint64_t *p)
{
	WEIR_PRIV_STEP(LOAD, p);
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

WEIR_INLINE uint32_t weir_load_relaxed32(const uint32_t *p)
{
	WEIR_PRIV_STEP(LOAD, p);
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

WEIR_INLINE uint32_t weir_load_acquire32(const uint32_t *p)
{
	WEIR_PRIV_STEP(LOAD, p);
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

/* Stores. release: everything this thread read or wrote before is ordered before the store. */
WEIR_INLINE void weir_store_relaxed64(uint64_t *p, uint64_t v)
{
	WEIR_PRIV_STEP(STORE, p);
	__atomic_store_n(p, v, __ATOMIC_RELAXED);
}

WEIR_INLINE void weir_store_release64(uint64_t *p, uint64_t v)
{
	WEIR_PRIV_STEP(STORE, p);
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

WEIR_INLINE void weir_store_relaxed32(uint32_t *p, uint32_t v)
{
	WEIR_PRIV_STEP(STORE, p);
	__atomic_store_n(p, v, __ATOMIC_RELAXED);
}

WEIR_INLINE void weir_store_release32(uint32_t *p, uint32_t v)
{
	WEIR_PRIV_STEP(STORE, p);
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

/* Compare and swap, acquire and release on success, acquire on failure. Returns nonzero when the
 * word held `expected` and now holds `desired`. For slow paths (claiming a slot or a ring). */
WEIR_INLINE int weir_cas64(uint64_t *p, uint64_t expected, uint64_t desired)
{
	WEIR_PRIV_STEP(RMW, p);
	return __atomic_compare_exchange_n(p, &expected, desired, 0, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

WEIR_INLINE int weir_cas32(uint32_t *p, uint32_t expected, uint32_t desired)
{
	WEIR_PRIV_STEP(RMW, p);
	return __atomic_compare_exchange_n(p, &expected, desired, 0, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

/* Add, acquire and release; returns the value before. For words with several writers. */
WEIR_INLINE uint64_t weir_fetch_add64(uint64_t *p, uint64_t n)
{
	WEIR_PRIV_STEP(RMW, p);
	return __atomic_fetch_add(p, n, __ATOMIC_ACQ_REL);
}

WEIR_INLINE uint32_t weir_fetch_add32(uint32_t *p, uint32_t n)
{
	WEIR_PRIV_STEP(RMW, p);
	return __atomic_fetch_add(p, n, __ATOMIC_ACQ_REL);
}

/* Sets of bits with several writers: or-ing in and taking all; acquire and release; return the value
 * before. */
WEIR_INLINE uint64_t weir_fetch_or64(uint64_t *p, uint64_t bits)
{
	WEIR_PRIV_STEP(RMW, p);
	return __atomic_fetch_or(p, bits, __ATOMIC_ACQ_REL);
}

WEIR_INLINE uint64_t weir_fetch_and64(uint64_t *p, uint64_t bits)
{
	WEIR_PRIV_STEP(RMW, p);
	return __atomic_fetch_and(p, bits, __ATOMIC_ACQ_REL);
}

WEIR_INLINE uint64_t weir_exchange64(uint64_t *p, uint64_t v)
{
	WEIR_PRIV_STEP(RMW, p);
	return __atomic_exchange_n(p, v, __ATOMIC_ACQ_REL);
}

/* Fences, for the three shapes where an order on one operation cannot say it: the seqlocks (the
 * payload words are relaxed) and Dekker's store-then-load. */
WEIR_INLINE void weir_fence_acquire(void)
{
	WEIR_PRIV_STEP(FENCE, 0);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
}

WEIR_INLINE void weir_fence_release(void)
{
	WEIR_PRIV_STEP(FENCE, 0);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

WEIR_INLINE void weir_fence_full(void)
{
	WEIR_PRIV_STEP(FENCE, 0);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Asks for the cache line in a state in which it can be written, and does not wait for it. Any
 * address; never faults. Compilers turn __builtin_prefetch(p, 1) into a plain read prefetch unless
 * told of a CPU that has more; every x86-64 decodes PREFETCHW, the oldest as a no-op. */
WEIR_INLINE void weir_prefetch_write(const void *p)
{
#if defined(__x86_64__)
	__asm__ __volatile__("prefetchw %0" : : "m"(*WEIR_CPTR(char, p)));
#else
	__builtin_prefetch(p, 1, 3);
#endif
}

/* Counter with one writer: a load and a store, never a locked instruction. Others may read it
 * relaxed at any time. */
WEIR_INLINE void weir_count64(uint64_t *p, uint64_t n)
{
	WEIR_PRIV_STEP(STORE, p);
	__atomic_store_n(p, __atomic_load_n(p, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

/* Single bytes, for the ends of weir_copy_racy() alone: relaxed, because nothing is concluded from
 * them before the caller has validated the whole copy. */
WEIR_INLINE uint8_t weir_priv_load8(const uint8_t *p)
{
	WEIR_PRIV_STEP(LOAD, p);
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

WEIR_INLINE void weir_priv_store8(uint8_t *p, uint8_t v)
{
	WEIR_PRIV_STEP(STORE, p);
	__atomic_store_n(p, v, __ATOMIC_RELAXED);
}

/* The one deliberate race of the library: bytes that a lossy writer may be overwriting. Copies
 * `len` bytes; the caller must validate afterwards (weir_ring_check()) and act on none of them
 * before. Both pointers 8-byte aligned lets the race be expressed in words, which ThreadSanitizer
 * builds use; other builds are memcpy. Wait-free. */
WEIR_API void weir_copy_racy(void *dst, const void *src, size_t len);

WEIR_END
#endif
