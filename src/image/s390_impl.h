/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of s390's stand-alone dumps share. */
#ifndef KVMI_S390_IMPL_H
#define KVMI_S390_IMPL_H

#include "image/image.h"

#define KVMI_S390_BLOCK		4096	/* of the disks that are dumped to */
#define KVMI_S390_VOLUMES	32	/* at most */

struct s390_header {
	bool		 extended;	/* segments, without what is zero */
	bool		 many_volumes;
	uint32_t	 version, len, arch, volume;
	uint64_t	 mem_len, tod, cpu;
	uint8_t		 packing;	/* of segments that are; 1: zlib */
	uint32_t	 entry_len;	/* what is compressed in one */
};

/* One of the files, or all there is. */
struct s390_volume {
	struct s390_header h;
	size_t		 file;		/* as they were given */
	uint64_t	 off, end;	/* in the source */
};

#define S390_PLAIN	UINT32_C(0x80000000)	/* of an entry: as it is */
#define S390_STORED	UINT8_MAX	/* not lost */

/* A stretch of memory. */
struct s390_piece {
	uint64_t	 start, len;
	uint64_t	 off;		/* in the source */
	uint64_t	 stored;	/* bytes from there on, if it was cut less */
	uint32_t	 entry, nentries;	/* nentries: it is compressed */
	uint8_t		 why;		/* it is lost: of s390.why */
};

struct s390 {
	struct s390_header h;		/* of the first volume */
	uint64_t	 end;		/* of memory */
	struct s390_piece *v;		/* in order; between them it is zero */
	size_t		 n, cap;
	/* Of each compressed piece where its entries are, and where it ends. */
	uint32_t	*entry;
	size_t		 nentries, cap_entries;
	uint64_t	 lost;		/* bytes that no file has */
	char		 why[2 * KVMI_S390_VOLUMES + 2][128];
	uint8_t		 nwhy;
};

/* The header that begins at off.  KVMI_ENOTMINE: there is none. */
int kvmi_s390_header(struct kvmi_image *img, uint64_t off,
    struct s390_header *h, struct kvmi_err *err);

/* Add a piece; one of no length is none. */
int kvmi_s390_add(struct s390 *s, const struct s390_piece *p,
    struct kvmi_err *err);

/* Memory up to end, from what is known on, is lost for that reason. */
int kvmi_s390_lose(struct s390 *s, uint64_t end, uint8_t why,
    struct kvmi_err *err);
uint8_t kvmi_s390_why(struct s390 *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Where memory is known up to. */
uint64_t kvmi_s390_at(const struct s390 *s);

/* Is there an end marker of this dump at off, in a file up to end? */
bool kvmi_s390_ends(struct kvmi_image *img, const struct s390_header *h,
    uint64_t off, uint64_t end);
/* The same; if not, mark the image and say why. */
bool kvmi_s390_finished(struct kvmi_image *img, const struct s390_header *h,
    uint64_t off, uint64_t end);

/*
 * How the segments of a volume end: with the last of the dump, with room for
 * no more, with the file, or with what is none.
 */
enum s390_chain_end {
	S390_LAST, S390_FULL, S390_CUT, S390_BROKEN,
	S390_MEMORY,			/* not even the first looks like one */
};

struct s390_chain {
	enum s390_chain_end end;
	uint64_t	 at;		/* where that is in the source */
	size_t		 n;		/* segments */
};

/*
 * Add the segments of a volume.  gap: why memory before the first is lost, or
 * S390_STORED.  That there is none is no error.
 */
int kvmi_s390_chain(struct kvmi_image *img, struct s390 *s,
    const struct s390_volume *vol, uint8_t gap, struct s390_chain *ret,
    struct kvmi_err *err);

/* Memory as it lies, on one volume. */
int kvmi_s390_linear(struct kvmi_image *img, struct s390 *s,
    struct kvmi_err *err);

/* All of a dump whose header is s->h, from all files. */
int kvmi_s390_volumes(struct kvmi_image *img, struct s390 *s,
    struct kvmi_err *err);

#endif
