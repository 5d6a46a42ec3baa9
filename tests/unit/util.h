/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the unit tests share: checks that name their table row, byte sources
 * that misbehave on request, and builders of small images.
 */
#ifndef UTIL_H
#define UTIL_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../mkimage/pattern.h"
#include "base/math.h"
#include "build_bytes.h"
#include "image/image.h"

#define UTIL_EQ(name, got, want) \
	util_eq(__FILE__, __LINE__, name, #got, (int64_t)(got), \
	    (int64_t)(want))
#define UTIL_TRUE(name, cond) \
	util_true(__FILE__, __LINE__, name, #cond, cond)
#define UTIL_STR(name, got, want) \
	util_str(__FILE__, __LINE__, name, #got, got, want)
/* A failure has to have a text. */
#define UTIL_FAILS(name, got, want, err) \
	util_fails(__FILE__, __LINE__, name, #got, got, want, err)

void util_eq(const char *file, int line, const char *name, const char *what,
    int64_t got, int64_t want);
void util_true(const char *file, int line, const char *name, const char *what,
    bool ok);
void util_str(const char *file, int line, const char *name, const char *what,
    const char *got, const char *want);
void util_fails(const char *file, int line, const char *name,
    const char *what, int got, int want, const struct kvmi_err *err);

/* Group teardown: print how many checks there were. */
int util_report(void **state);

uint64_t util_random(uint64_t *state);

/* A source over a copy of its own, which ends where its allocation does. */
struct util_src_opts {
	uint64_t	piece;		/* the most that map() gives; 0: nothing */
	uint64_t	reads;		/* read() fails after so many; 0: never */
	bool		live;
};
struct kvmi_src *util_src(const void *p, size_t len,
    const struct util_src_opts *o);

/* The same, mapped in one piece; cut to len. */
struct kvmi_src *util_bytes(const struct bytes *b, size_t len);

/* An unnamed file to map, shrink and close. */
int util_file(const void *p, size_t len);

/* Opened as the library opens files; fd stays the caller's. */
struct kvmi_src *util_file_src(int fd);

/* Open an image that must open. */
struct kvmi_image *util_image(const char *name, struct kvmi_src *src);

/*
 * Open the image in b so that each read of the file fails in its turn; how many
 * reads it takes to open it.
 */
uint64_t util_open_errors(const struct bytes *b);

/* Append an ELF note. */
void util_note(struct bytes *b, const char *name, uint32_t namesz,
    uint32_t type, const void *desc, uint32_t descsz);

struct util_phdr {
	uint32_t	type;		/* 1 load, 4 note */
	uint64_t	off, vaddr, paddr, filesz, memsz;
};

/* An ELF core's header, with the program headers right behind it. */
struct util_elf {
	bool		is32, big_endian;
	uint16_t	type;		/* 0: core */
	uint16_t	machine;	/* 0: x86-64 */
	uint32_t	flags;
};
void util_elf(struct bytes *b, const struct util_elf *e,
    const struct util_phdr *ph, size_t n);

/*
 * A kdump file of which each page is in one of these states.  Stored pages
 * hold the pattern of tests/mkimage.
 */
enum { UTIL_ABSENT, UTIL_EXCLUDED, UTIL_STORED };

/* What lies at physical page pfn; the pattern when it returns false. */
typedef bool util_page_fn(uint64_t pfn, uint8_t *page);

struct util_kdump {
	bool		 is32, padded, big_endian, one_bitmap, qemu_text;
	int32_t		 version;
	uint32_t	 block_size;	/* 0: 4096 */
	uint32_t	 flags;		/* codec */
	uint32_t	 status;	/* more of header.status */
	uint64_t	 npages;
	const uint8_t	*state;
	int32_t		 split;
	uint64_t	 start_pfn, end_pfn;
	const char	*info;		/* VMCOREINFO text */
	const char	*machine;	/* NULL: x86_64 */
	bool		 unnamed;	/* the kernel has no release */
	uint64_t	 phys_base;
	struct bytes	*notes;
	util_page_fn	*page;		/* NULL: the pattern throughout */
};
void util_kdump(struct bytes *b, const struct util_kdump *k);

/* Where things are in what util_kdump() made. */
struct util_kdump_layout {
	size_t	sub, bitmap1, bitmap2, desc, ndesc;
};
struct util_kdump_layout util_kdump_layout(const struct util_kdump *k);

/* A FreeBSD minidump. */
struct util_minidump {
	uint32_t	 version;
	const char	*magic;		/* NULL: amd64's */
	const uint64_t	*avail;		/* pairs, ended by two zeros */
	uint64_t	 npages;	/* bits of the bitmap, by dump_avail */
	const uint8_t	*stored;	/* a byte for each bit */
	const uint64_t	*entry;		/* of the page tables' section */
	size_t		 nentries;
	const char	*msgbuf;
	uint64_t	 kernbase, dmap_start, dmap_end;
};
void util_minidump(struct bytes *b, const struct util_minidump *m,
    util_page_fn *page);

/* Compress as kdump flag says; 0: not in this build. */
size_t util_compress(uint32_t flag, const void *src, size_t len, void *dst,
    size_t cap);

/*
 * Every stretch of [from, to] as locate() gives it: each holds what was asked
 * for and ends where the next begins.
 */
void util_walk_extents(const char *name, struct kvmi_image *img,
    uint64_t from, uint64_t to,
    void (*fn)(const char *name, struct kvmi_image *img,
    const struct kvmi_extent *e, void *arg), void *arg);

/* Read [pa, pa + len): right bytes, or an error of a kind that may be. */
bool util_read_right(struct kvmi_image *img, uint64_t pa, size_t len,
    int *code, struct kvmi_err *err);

#endif
