/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Images: containers of physical memory.  A container says where the bytes of
 * a physical address are stored; everything else (pointers into the mapping,
 * decompression, caching, reads across extents) is done once, in image.c.
 * This layer knows no operating system; notes are bytes to it, but for those of
 * our own (own_note.c).
 *
 * To add a container: a file with a const struct kvmi_image_ops at its end, a
 * line in image_table.c, cases in tests/mkimage, a fuzz target's seed, a row
 * in README's table.
 */
#ifndef KVMI_IMAGE_H
#define KVMI_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "kvm.h"
#include "arch/arch.h"
#include "base/src.h"
#include "codec/codec.h"

enum kvmi_state {
	KVMI_STORED,		/* the bytes are in the file */
	KVMI_EXCLUDED,		/* memory that was left out of the dump */
	KVMI_ABSENT,		/* the machine has no such memory */
	KVMI_LOST,		/* not written, or the file ends before */
};

/* A run of physical (or virtual) memory in one state. */
struct kvmi_extent {
	uint64_t	 start;		/* address of the first byte */
	uint64_t	 len;
	enum kvmi_state	 state;
	bool		 zero;		/* stored as nothing: all zeros */
	const struct kvmi_codec *codec;	/* NULL: stored as it is */
	uint64_t	 off;		/* in the source */
	uint32_t	 stored_len;	/* with a codec: len is then one block */
	const char	*why;		/* it is lost or excluded; or NULL */
};

struct kvmi_image;

struct kvmi_magic {
	uint16_t	off;
	uint16_t	len;		/* 0 ends the list */
	const char	*bytes;
};

struct kvmi_image_ops {
	const char	*name;
	struct kvmi_magic magic[4];	/* any of them */
	/* Where a magic number at the start is not all; NULL: it is. */
	bool (*recognise)(struct kvmi_src *src);
	uint32_t	 min_size;
	bool		 shares_pages;	/* several may lie in one place */
	bool		 any_content;	/* a wrapper that takes whatever there is */
	/*
	 * A wrapper yields another source, and recognition starts again on
	 * it; it owns the given one from then on.
	 */
	int (*wrap)(struct kvmi_src *src, const struct kvm_options *o,
	    struct kvmi_src **ret, struct kvmi_err *err);
	/*
	 * Fill img.  0; KVMI_ENOTMINE to let the next try; another error
	 * means "mine, but broken".  close is called in every case.
	 */
	int (*open)(struct kvmi_image *img, struct kvmi_err *err);
	/* The extent that pa lies in.  Errors: the container is broken. */
	int (*locate)(struct kvmi_image *img, uint64_t pa,
	    struct kvmi_extent *ret, struct kvmi_err *err);
	/* The same by kernel virtual address, for images that have no other. */
	int (*locate_va)(struct kvmi_image *img, uint64_t va,
	    struct kvmi_extent *ret, struct kvmi_err *err);
	/*
	 * The stretch around va, and where in memory it starts; NULL: the
	 * image does not tell.  KVMI_ENOENT: it does not for this one.
	 */
	int (*va_to_pa)(struct kvmi_image *img, uint64_t va, uint64_t *start,
	    uint64_t *len, uint64_t *pa);
	/* Count img->pages_present and pages_excluded, when asked for. */
	int (*count)(struct kvmi_image *img, struct kvmi_err *err);
	void (*close)(struct kvmi_image *img);
};

/* A program header of FreeBSD: where the kernel lies. */
struct kvmi_dump_delta {
	bool		 there;
	uint64_t	 va;
	uint64_t	 pa;
	uint64_t	 align;
};

/* A file of a container that holds files. */
struct kvmi_file {
	char		 name[101];
	uint64_t	 off;
	uint64_t	 len;
};

struct kvmi_cache;
struct kvmi_minidump;

/* Every CPU leaves a note of less than 4 KiB; this is for 16384 of them. */
#define KVMI_MAX_NOTES	(64u << 20)

struct kvmi_image {
	const struct kvmi_image_ops *ops;
	struct kvmi_src	*src;
	struct kvmi_cache *cache;	/* frames of decompressed blocks */
	void		*priv;
	const struct kvm_options *opts;	/* while it is being opened */

	/* What the container says; each may be missing or wrong. */
	char		 format[192];	/* for people, with version and variant */
	const struct kvmi_arch *arch;
	bool		 big_endian;	/* of the container's own fields */
	uint32_t	 block_size;	/* of compressed blocks, at most */
	uint64_t	 max_pa;	/* end of the highest stored range */
	uint64_t	 ram_bytes;	/* 0: unknown */
	uint64_t	 pages_present;	/* of block_size or 4096 bytes; see count */
	uint64_t	 pages_excluded;
	int64_t		 timestamp;
	bool		 truncated;
	bool		 incomplete;
	bool		 live;		/* /proc/kcore */
	uint16_t	 elf_machine;	/* of ELF cores */
	uint8_t		 elf_osabi;
	bool		 virtual_segments;	/* no physical addresses */
	struct kvmi_dump_delta delta;
	struct kvmi_minidump *minidump;	/* of FreeBSD; NULL: none */
	char		 release[65];	/* utsname fields of a kdump header */
	char		 nodename[65];
	char		 version[193];
	char		 panic[193];
	struct kvmi_told told;	/* from headers around it, and info.N */
	char		 note[512];	/* what does not fit together */
	struct kvmi_blob notes;		/* ELF notes, 4-byte aligned records */
	struct kvmi_blob vmcoreinfo;	/* text, when it is not in a note */
	struct kvmi_file *files;	/* of a container without memory */
	size_t		 nfiles;
};

/*
 * Recognise and open; img owns src from then on, also on failure.  o is for
 * the wrappers and may be NULL.
 */
int kvmi_image_open(struct kvmi_src *src, const struct kvm_options *o,
    struct kvmi_image **ret, struct kvmi_err *err);
int kvmi_image_close(struct kvmi_image *img);

/*
 * Replace *src by what is in the wrappers that say so at their start.  On
 * failure it is NULL or still there.
 */
int kvmi_image_unwrap(struct kvmi_src **src, const struct kvm_options *o,
    struct kvmi_err *err);

/* Does a file that can be opened begin like this? */
bool kvmi_image_begins(struct kvmi_src *src);

/*
 * Several files as one source that can be opened; it owns them, also on
 * failure.
 */
int kvmi_image_join(struct kvmi_src **v, size_t n,
    const struct kvm_options *o, struct kvmi_src **ret, struct kvmi_err *err);

/* The extent of pa, never empty, and containing pa. */
int kvmi_image_locate(struct kvmi_image *img, uint64_t pa,
    struct kvmi_extent *ret, struct kvmi_err *err);

/* A pointer to the byte at addr of a stored, plain extent, or NULL. */
const uint8_t *kvmi_image_ptr(struct kvmi_image *img,
    const struct kvmi_extent *e, uint64_t addr, uint64_t *run);

/* Copy len bytes that lie inside the extent. */
int kvmi_extent_read(struct kvmi_image *img, const struct kvmi_extent *e,
    uint64_t addr, void *buf, size_t len, struct kvmi_err *err);

/* Copy len bytes of physical memory; *done tells how far it got. */
int kvmi_image_read(struct kvmi_image *img, uint64_t pa, void *buf,
    size_t len, size_t *done, struct kvmi_err *err);

/* kvmi_image_read() in the shape a page walk wants. */
int kvmi_image_read_phys(void *img, uint64_t pa, void *buf, size_t len,
    struct kvmi_err *err);

/* All of a file; release with kvmi_blob_release(). */
int kvmi_image_file(struct kvmi_image *img, const struct kvmi_file *f,
    struct kvmi_blob *ret, struct kvmi_err *err);

/* One ELF note of the image. */
struct kvmi_note {
	const char	*name;		/* not NUL-terminated beyond namesz */
	uint32_t	 namesz;
	uint32_t	 type;
	const uint8_t	*desc;
	uint32_t	 descsz;
};

/* Iterate: *pos starts at 0; false at the end.  Damaged records are skipped. */
bool kvmi_note_next(const struct kvmi_blob *notes, bool big_endian,
    size_t *pos, struct kvmi_note *ret);
bool kvmi_note_is(const struct kvmi_note *n, const char *name, uint32_t type);

/* Turn a state that is not KVMI_STORED into an error with a text. */
int kvmi_state_fail(const struct kvmi_image *img, const struct kvmi_extent *e,
    uint64_t pa, struct kvmi_err *err);

#endif
