/* SPDX-License-Identifier: BSD-2-Clause */
#ifdef HAVE_LZMA
#include "image/stream_arena.h"

#include <sys/mman.h>

#include "image/stream.h"

#define ALIGN		((size_t)64)

static size_t
aligned(size_t n)
{
	return ((n + ALIGN - 1) & ~(ALIGN - 1));
}

static void *
arena_alloc(void *opaque, size_t n, size_t size)
{
	struct kvmi_arena *a = opaque;
	size_t len, end;

	if (__builtin_mul_overflow(n, size, &len) || len > KVMI_ARENA_ROOM)
		return (NULL);
	end = a->used + aligned(len);
	if (end > KVMI_ARENA_ROOM)
		return (NULL);
	a->last = a->used;
	a->used = end;
	return ((uint8_t *)a + a->last);
}

/* Only the newest piece comes back: the dictionary, mostly. */
static void
arena_free(void *opaque, void *p)
{
	struct kvmi_arena *a = opaque;

	if (p != NULL && p == (uint8_t *)a + a->last)
		a->used = a->last;
}

void *
kvmi_arena_create(void)
{
	void *mem = mmap(NULL, KVMI_ARENA_ROOM, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return (mem == MAP_FAILED ? NULL : mem);
}

void
kvmi_arena_destroy(void *mem)
{
	munmap(mem, KVMI_ARENA_ROOM);
}

void
kvmi_arena_reset(struct kvmi_arena *a, size_t len)
{
	a->used = aligned(len);
	a->last = 0;
	a->alloc = (lzma_allocator){ arena_alloc, arena_free, a };
	a->z = (lzma_stream)LZMA_STREAM_INIT;
	a->z.allocator = &a->alloc;
}

lzma_ret
kvmi_arena_code(struct kvmi_arena *a, struct kvmi_stream_io *io)
{
	lzma_stream *z = &a->z;
	lzma_ret r;

	z->next_in = io->in;
	z->avail_in = io->in_len;
	z->next_out = io->out;
	z->avail_out = io->out_len;
	r = lzma_code(z, LZMA_RUN);
	io->in = z->next_in;
	io->in_len = z->avail_in;
	io->out = z->next_out;
	io->out_len = z->avail_out;
	return (r == LZMA_BUF_ERROR ? LZMA_OK : r);
}

const char *
kvmi_lzma_why(lzma_ret r)
{
	switch (r) {
	case LZMA_MEM_ERROR:
	case LZMA_MEMLIMIT_ERROR:
		return ("its dictionary is larger than can be held (128 MiB)");
	case LZMA_OPTIONS_ERROR:
		return ("it has options that liblzma does not know");
	case LZMA_FORMAT_ERROR:
		return ("a header is malformed");
	case LZMA_DATA_ERROR:
		return ("the data or its checksum is wrong");
	default:
		return ("liblzma cannot go on");
	}
}
#endif
