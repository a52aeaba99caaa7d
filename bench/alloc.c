/*
 * Counts heap calls. The bench binary defines malloc and its like itself and passes each call on to
 * the C library under its internal name; every caller in the process, the library under test, the
 * peers and operator new included, comes through here. The count is per thread, so that it can be
 * read before and after a timed part without the other side's calls in it.
 *
 * Sanitizers bring a heap of their own: then nothing is interposed and alloc_counted() says so.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "alloc.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HEAP_IS_TAKEN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
	__has_feature(memory_sanitizer)
#define HEAP_IS_TAKEN 1
#endif
#endif

#if defined(__GLIBC__) && !defined(HEAP_IS_TAKEN)

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t align, size_t size);
extern void __libc_free(void *p);

static _Thread_local uint64_t calls;

uint64_t alloc_calls(void)
{
	return calls;
}

int alloc_counted(void)
{
	return 1;
}

void *malloc(size_t size)
{
	calls++;
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	calls++;
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	calls++;
	return __libc_realloc(p, size);
}

void *aligned_alloc(size_t align, size_t size)
{
	calls++;
	return __libc_memalign(align, size);
}

int posix_memalign(void **out, size_t align, size_t size)
{
	void *p;

	calls++;
	if (align % sizeof(void *) != 0 || (align & (align - 1)) != 0 || align == 0)
		return EINVAL;
	p = __libc_memalign(align, size);
	if (p == NULL)
		return ENOMEM;
	*out = p;
	return 0;
}

void free(void *p)
{
	calls++;
	__libc_free(p);
}

#else

uint64_t alloc_calls(void)
{
	return 0;
}

int alloc_counted(void)
{
	return 0;
}

#endif
