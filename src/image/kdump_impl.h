/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of kdump share. */
#ifndef KVMI_KDUMP_IMPL_H
#define KVMI_KDUMP_IMPL_H

#include "base/rank.h"
#include "image/image.h"

#define KVMI_KDUMP_DESC	24		/* bytes of a page descriptor */
#define UTS_LEN		65

struct kdump_header {
	bool		 is64;		/* width of the main header */
	bool		 big_endian;
	int32_t		 version;
	char		 uts[6][UTS_LEN];
	uint64_t	 sec;
	uint32_t	 status;
	uint32_t	 block_size;
	uint32_t	 sub_hdr_size;
	uint32_t	 bitmap_blocks;
	uint64_t	 max_mapnr;
};

struct kdump_sub {
	uint64_t	 phys_base;	/* of machines where it counts */
	int32_t		 dump_level;
	int32_t		 split;
	uint64_t	 start_pfn, end_pfn;
	uint64_t	 off_vmcoreinfo, size_vmcoreinfo;
	uint64_t	 off_note, size_note;
};

/* The pages whose descriptors are in one file; or in none that was given. */
struct kdump_member {
	uint64_t	 start_pfn, end_pfn;
	uint64_t	 off;		/* of the file in the source */
	uint64_t	 first_rank;	/* of its first page */
	char		 missing[128];	/* "": it is there */
};

struct kdump {
	struct kdump_header h;
	struct kdump_sub sub;
	struct kvmi_rank stored;	/* bitmap 2 */
	bool		 one_bitmap;
	uint64_t	 base_pa;	/* of page 0 */
	uint64_t	 ram_off;	/* bitmap 1 in the file */
	uint64_t	 desc_off;	/* in each member */
	struct kdump_member *member;	/* in order, all pages together */
	size_t		 nmembers;
};

/* Everything before the page descriptors. */
static inline uint64_t
kvmi_kdump_header_blocks(const struct kdump_header *h)
{
	return (1 + (uint64_t)h->sub_hdr_size + h->bitmap_blocks);
}

/* The headers of the file that begins at off. */
int kvmi_kdump_header(struct kvmi_image *img, uint64_t off,
    struct kdump_header *h, struct kdump_sub *sub, struct kvmi_err *err);

/* Fill member from the files that there are; the bitmap is indexed. */
int kvmi_kdump_members(struct kvmi_image *img, struct kdump *k,
    struct kvmi_err *err);

/* How many pages the i-th member has. */
uint64_t kvmi_kdump_count(const struct kdump *k, size_t i);

/* How many pages are in the files that there are. */
uint64_t kvmi_kdump_pages(const struct kdump *k);

const struct kdump_member *kvmi_kdump_member(const struct kdump *k,
    uint64_t pfn);

#endif
