/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FreeBSD minidumps embed the kernel's page tables; what the header says of
 * them is shown to whoever translates (os/freebsd/minidump_space.c).
 */
#ifndef KVMI_MINIDUMP_H
#define KVMI_MINIDUMP_H

#include "image/image.h"

#define KVMI_MINIDUMP_HEADER	256	/* bytes of it that mean something */

struct kvmi_minidump {
	char		 arch[24];	/* FreeBSD's name, from the magic */
	uint32_t	 version;
	const struct kvmi_arch *machine;
	bool		 big_endian;
	struct kvmi_src	*src;		/* all offsets are of this */
	uint64_t	 header_off;
	bool		 noted;		/* see own_note.h */
	unsigned int	 page_shift;	/* of the unit of everything below */
	uint64_t	 kernbase;	/* lowest address the page tables cover */
	uint64_t	 dmap_start;	/* direct map */
	uint64_t	 dmap_end;	/* one past */
	uint64_t	 dmap_pa;	/* physical address of dmap_start */
	unsigned int	 pt_level;	/* level of the entries in the section */
	uint64_t	 pt_base;	/* address that the first entry maps */
	bool		 pt_big_endian;
	uint64_t	 pt_off;	/* the section in the file */
	uint32_t	 pt_len;
	uint64_t	 msgbuf_off;
	uint32_t	 msgbuf_len;
	uint32_t	 avail_len;
	uint32_t	 bitmap_len;
	unsigned int	 bitmap_word;	/* see kvmi_rank_init() */
	bool		 pt_packed;	/* pages follow the tables unaligned */

	/* powerpc64 */
	bool		 hashed;	/* the section is a hash table */
	bool		 dmap_large;	/* the direct map is of 16 MiB pages */
	uint64_t	 kernend;
	int64_t		 kerndisp;
};

/* Read and check the header, at header_off in src (minidump_header.c). */
int kvmi_minidump_header(struct kvmi_src *src, struct kvmi_minidump *m,
    struct kvmi_err *err);

#endif
