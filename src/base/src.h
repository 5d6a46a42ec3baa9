/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A byte source: a file, or a wrapper that presents another byte order of a
 * file (flattened, compressed).  Readers ask for a pointer first and copy
 * only when there is none.
 */
#ifndef KVMI_SRC_H
#define KVMI_SRC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * A mapped file.  When the file is cut short, or its disk fails, under the
 * mapping, the bus guard (busguard.c) puts zero pages in place of the lost
 * ones and notes where: whoever used a pointer into the mapping asks
 * kvmi_map_lost() afterwards.
 */
struct kvmi_map {
	const uint8_t	*base;
	size_t		 len;
	_Atomic size_t	 lost_start;	/* SIZE_MAX: nothing was lost */
	_Atomic size_t	 lost_end;
};

/* Has any mapping of this process ever lost anything?  (busguard.c) */
extern _Atomic bool kvmi_lost_ever
    __attribute__((visibility("hidden")));

static inline bool
kvmi_map_lost(const struct kvmi_map *m)
{
	/* Asked behind the bytes in question, not before them. */
	atomic_thread_fence(memory_order_acquire);
	return (m != NULL &&
	    atomic_load_explicit(&m->lost_end, memory_order_relaxed) != 0);
}

/*
 * What FreeBSD's dump header says of the content, on a device or as text in
 * info.N; "" and 0: nothing.
 */
struct kvmi_told {
	bool		 there;
	int64_t		 time;		/* of the dump */
	uint64_t	 length;	/* of the dump as it is stored */
	uint64_t	 extent;	/* reserved for it on the device */
	uint32_t	 header_version;
	uint32_t	 arch_version;
	uint32_t	 block_size;
	uint32_t	 key_size;
	uint32_t	 parity;
	uint32_t	 bounds;
	char		 magic[21];
	char		 arch[13];
	char		 compression[8];
	char		 status[8];	/* as savecore(8) saw it */
	char		 device[64];
	char		 hostname[65];
	char		 version[193];	/* of the kernel, its first line */
	char		 panic[193];
};

struct kvmi_src;

struct kvmi_src_ops {
	/*
	 * A pointer to the byte at off, valid until close, and in *run how
	 * many bytes follow in one piece; NULL when there is no such pointer.
	 */
	const uint8_t *(*map)(struct kvmi_src *s, uint64_t off, uint64_t *run);
	/* Copy n bytes; off + n <= size has been checked. */
	int (*read)(struct kvmi_src *s, uint64_t off, void *buf, size_t n,
	    struct kvmi_err *err);
	/* Where off lies in the file itself; -1: in no one place. */
	int64_t (*file_off)(struct kvmi_src *s, uint64_t off);
	int (*close)(struct kvmi_src *s);
};

struct kvmi_src {
	const struct kvmi_src_ops *ops;
	const char	*name;		/* path, for messages; owned */
	uint64_t	 size;
	uint64_t	 backed;	/* of a wrapper: bytes stored; 0: all */
	struct kvmi_map	*map;		/* NULL: not mapped */
	const char	*wrapping;	/* "flattened"; NULL: plain */
	bool		 decoded;	/* from a compressed file */
	const char	*damage;	/* why it is truncated; NULL: unknown */
	const struct kvmi_told *told;	/* by a wrapper; NULL: nothing */
	bool		 volatile_;	/* changes while we look: never cache */
	bool		 truncated;	/* the wrapper saw its end missing */
	bool		 gaps_lost;	/* its gaps are not zeros but missing */
	const uint64_t	*parts;		/* where each of several files begins */
	const char *const *part_names;
	size_t		 nparts;	/* 0: it is one */
};

/* map and file_off of a source whose bytes are made when they are read. */
const uint8_t *kvmi_src_no_map(struct kvmi_src *s, uint64_t off,
    uint64_t *run);
int64_t kvmi_src_no_file_off(struct kvmi_src *s, uint64_t off);

/* Open a file by descriptor, which the source then owns, also on failure. */
int kvmi_file_open(int fd, const char *name, struct kvmi_src **ret,
    struct kvmi_err *err);

/* The same by path; a pipe is refused, not waited for. */
int kvmi_path_open(const char *path, int flags, struct kvmi_src **ret,
    struct kvmi_err *err);

/* A source over memory that outlives it (tests, fuzzing, in-memory ELF). */
int kvmi_mem_open(const void *p, size_t len, const char *name,
    struct kvmi_src **ret, struct kvmi_err *err);

/*
 * Are there n bytes at off, and at all?  A wrapper may present a large file
 * that is mostly nothing: what is taken from it whole must be stored.
 */
int kvmi_src_check(struct kvmi_src *s, uint64_t off, uint64_t n,
    const char *what, struct kvmi_err *err);

/* n bytes at off or an error that says what was wanted. */
int kvmi_src_read(struct kvmi_src *s, uint64_t off, void *buf, size_t n,
    const char *what, struct kvmi_err *err);

/* The same at *at, which is moved behind them; and a number of so many bytes. */
int kvmi_src_take(struct kvmi_src *s, uint64_t *at, void *buf, size_t n,
    const char *what, struct kvmi_err *err);
int kvmi_src_take_uint(struct kvmi_src *s, uint64_t *at, unsigned int size,
    bool big_endian, const char *what, uint64_t *ret, struct kvmi_err *err);

/* A pointer to all of [off, off + n), or NULL when there is none. */
const uint8_t *kvmi_src_ptr(struct kvmi_src *s, uint64_t off, uint64_t n);

/*
 * [off, off + n) in memory: mapped when possible, else allocated and read.
 * Release with kvmi_blob_release().
 */
struct kvmi_blob {
	const uint8_t	*p;
	size_t		 len;
	void		*owned;
};
int kvmi_src_blob(struct kvmi_src *s, uint64_t off, uint64_t n,
    const char *what, struct kvmi_blob *ret, struct kvmi_err *err);
void kvmi_blob_release(struct kvmi_blob *b);

/* Were bytes behind p lost?  Then an error that says how. */
int kvmi_src_check_lost(struct kvmi_src *s, const uint8_t *p, size_t n,
    struct kvmi_err *err);

int kvmi_src_close(struct kvmi_src *s);

#endif
