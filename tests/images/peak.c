/* SPDX-License-Identifier: BSD-2-Clause */
#include "peak.h"

#include <malloc.h>
#include <sys/types.h>

/*
 * Signed: what libc itself allocated, as strdup() does, is seen only when it
 * is freed.
 */
static ssize_t live, peak, base;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t m);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t m);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);

static void *
counted(void *p)
{
	if (p == NULL)
		return (NULL);
	live += (ssize_t)malloc_usable_size(p);
	if (live > peak)
		peak = live;
	return (p);
}

void *
__wrap_malloc(size_t n)
{
	return (counted(__real_malloc(n)));
}

void *
__wrap_calloc(size_t n, size_t m)
{
	return (counted(__real_calloc(n, m)));
}

void *
__wrap_realloc(void *p, size_t n)
{
	ssize_t before = p != NULL ? (ssize_t)malloc_usable_size(p) : 0;
	void *q = __real_realloc(p, n);

	if (q == NULL)
		return (NULL);
	live -= before;
	return (counted(q));
}

void
__wrap_free(void *p)
{
	if (p != NULL)
		live -= (ssize_t)malloc_usable_size(p);
	__real_free(p);
}

void
peak_reset(void)
{
	base = peak = live;
}

size_t
peak_bytes(void)
{
	return ((size_t)(peak - base));
}
