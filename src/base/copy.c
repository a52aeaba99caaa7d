/* The copy that may race with a lossy writer.
 *
 * What is copied can be overwritten meanwhile, and then it is thrown away: the caller validates
 * afterwards and acts on nothing before. So no byte of it needs an order, and what would be wrong
 * about memcpy() is only that the language calls the overlap undefined. Builds that look at the
 * language's rules (ThreadSanitizer, the schedule explorer) get the same copy as relaxed atomics:
 * words where both sides are aligned, as records are, and bytes at the end and everywhere else.
 * The product uses memcpy(), because the processors' copies move at least whole bytes and the
 * function boundary keeps the compiler from looking at the source twice. */
#include <string.h>

#include <weir/atomic.h>

#if defined(WEIR_TSAN) || defined(WEIR_EXPLORE)

__attribute__((noinline)) void weir_copy_racy(void *dst, const void *src, size_t len)
{
	const uint8_t *from = src;
	uint8_t *to = dst;
	size_t i = 0;

	if (((uintptr_t)from | (uintptr_t)to) % sizeof(uint64_t) == 0)
		for (; len - i >= sizeof(uint64_t); i += sizeof(uint64_t))
			/* relaxed, both: the caller's fences order them and its check decides */
			weir_store_relaxed64(WEIR_PTR(uint64_t, to + i),
					     weir_load_relaxed64(WEIR_CPTR(uint64_t, from + i)));
	for (; i < len; i++)
		weir_priv_store8(to + i, weir_priv_load8(from + i));
}

#else

__attribute__((noinline)) void weir_copy_racy(void *dst, const void *src, size_t len)
{
	if (len > 0)
		memcpy(dst, src, len);
}

#endif
