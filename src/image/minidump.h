/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FreeBSD minidumps embed the kernel's page tables; what the header says of
 * them is shown to whoever translates (os/freebsd/minidump_space.c).
 */
#ifndef KVMI_MINIDUMP_H
#define KVMI_MINIDUMP_H

#include "image/image.h"

struct kvmi_minidump {
	char		 arch[24];	/* FreeBSD's name, from the magic */
	uint32_t	 version;
	uint64_t	 kernbase;	/* lowest address the page tables cover */
	uint64_t	 dmap_start;	/* direct map */
	uint64_t	 dmap_end;	/* one past */
	uint64_t	 dmap_pa;	/* physical address of dmap_start */
	unsigned int	 pt_level;	/* level of the entries in the section */
	uint32_t	 entry_size;
	uint64_t	 pt_off;	/* the section in the file */
	uint64_t	 pt_len;
	uint64_t	 msgbuf_off;
	uint32_t	 msgbuf_len;
};

/* NULL when img is no minidump. */
const struct kvmi_minidump *kvmi_minidump(const struct kvmi_image *img);

#endif
