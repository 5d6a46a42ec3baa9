/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FreeBSD's dump header: struct kerneldumpheader of sys/sys/kerneldump.h, of
 * 512 bytes, in versions 1 to 4.  It is big-endian on every machine.
 */
#ifndef KVMI_DUMPHEADER_H
#define KVMI_DUMPHEADER_H

#include "base/src.h"

#define KVMI_DUMPHEADER_SIZE	512

enum { KVMI_DUMP_PLAIN, KVMI_DUMP_GZIP, KVMI_DUMP_ZSTD };

struct kvmi_dumpheader {
	bool		 text;		/* a textdump */
	bool		 cleared;	/* savecore(8) has fetched it */
	uint32_t	 version;
	uint32_t	 arch_version;
	uint64_t	 length;	/* of the dump as it is stored */
	uint64_t	 extent;	/* reserved for it on the device */
	uint64_t	 time;
	uint32_t	 key_size;	/* 0: not encrypted */
	uint32_t	 block_size;
	uint32_t	 parity;
	uint8_t		 compression;	/* KVMI_DUMP_* */
	char		 arch[13];
	char		 hostname[65];
	char		 kernel[193];	/* the kernel's version, with newlines */
	char		 panic[193];
};

/* Do the bytes begin like a header? */
bool kvmi_dumpheader_is(const uint8_t *h);

/*
 * Decode the header h, which was found at at in the file name.  A cleared one
 * is an ordinary one but for its mark.
 */
int kvmi_dumpheader_decode(const uint8_t *h, const char *name, uint64_t at,
    struct kvmi_dumpheader *ret, struct kvmi_err *err);

/* As savecore(8) calls them. */
const char *kvmi_dumpheader_compression(uint8_t c);
const char *kvmi_dumpheader_magic(const struct kvmi_dumpheader *h);

/* What it says, for who opens the dump. */
void kvmi_dumpheader_told(const struct kvmi_dumpheader *h,
    struct kvmi_told *ret);

#endif
