/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing an image that was opened as another: which pages (pageset.c), read
 * and compressed by several threads (pool.c), in which format (kdump_write.c,
 * elf_write.c), to where (sink.c).
 */
#ifndef KVMI_CONVERT_H
#define KVMI_CONVERT_H

#include "os/kernel.h"
#include "save/save.h"

/* Which pages there are, and which are written. */
struct kvmi_pageset {
	unsigned int	 shift;		/* log2 of a page */
	uint64_t	 npages;	/* one past the last */
	uint64_t	*ram;		/* a bit each, least significant first */
	uint64_t	*have;		/* those that the image has not left out */
	uint64_t	*dump;
	uint64_t	 ndump;
};

/* shift: log2 of a page; exclude: KVM_EXCLUDE_*, without that of zeros. */
int kvmi_pageset_init(struct kvmi_pageset *s, struct kvmi_kernel *k,
    struct kvmi_cx *cx, unsigned int shift, int exclude);
void kvmi_pageset_deinit(struct kvmi_pageset *s);

/* After changes to dump. */
void kvmi_pageset_count(struct kvmi_pageset *s);

/* Dump again what was excluded in runs of less than min pages. */
void kvmi_pageset_fill_gaps(struct kvmi_pageset *s, uint64_t min);

/* Pages from first up to end are not dumped after all. */
void kvmi_pageset_drop(struct kvmi_pageset *s, uint64_t first, uint64_t end);

/* The run of pages from pfn on that are alike, and whether they are set. */
uint64_t kvmi_pageset_run(const struct kvmi_pageset *s, const uint64_t *bits,
    uint64_t pfn, bool *set);

/* A page as the image has it, with zeros where it ends within memory. */
int kvmi_pageset_read(const struct kvmi_pageset *s, struct kvmi_image *img,
    uint64_t pfn, uint8_t *buf, struct kvmi_err *err);

/*
 * Where bytes go: a file that may be written anywhere, or a flattened stream.
 * The file appears under its name when it is finished, or never.
 */
struct kvmi_sink {
	struct kvmi_out	 out;
	int		 fd;
	bool		 named;
	bool		 flattened;
};

int kvmi_sink_open(struct kvmi_sink *s, const struct kvm_convert_options *o,
    struct kvmi_err *err);
int kvmi_sink_put(struct kvmi_sink *s, uint64_t off, const void *buf,
    size_t n, struct kvmi_err *err);
/* The file has n bytes, the last of which may never have been put. */
int kvmi_sink_size(struct kvmi_sink *s, uint64_t n, struct kvmi_err *err);
int kvmi_sink_finish(struct kvmi_sink *s, bool replace, struct kvmi_err *err);
void kvmi_sink_drop(struct kvmi_sink *s);

/* A page that has been read, and compressed when that made it smaller. */
struct kvmi_packed {
	uint64_t	 pfn;
	const uint8_t	*p;
	uint32_t	 len;
	uint32_t	 flag;		/* of the codec; 0: plain */
	bool		 zero;
	bool		 lost;		/* the image has no bytes of it */
};

/* Called in the order of pages, by the thread that runs the pool. */
typedef int kvmi_packed_fn(void *arg, const struct kvmi_packed *page,
    struct kvmi_err *err);

struct kvmi_convert {
	struct kvmi_kernel *k;
	struct kvmi_cx	*cx;
	const struct kvm_convert_options *o;
	const struct kvmi_codec *codec;
	struct kvmi_pageset pages;
	struct kvmi_sink sink;
	const struct kvm_info *info;
	struct kvmi_dump_facts df;
	uint8_t		*notes;		/* with one of VMCOREINFO */
	size_t		 notes_len;
	size_t		 info_off;	/* of its text in there */
};

/*
 * Read and pack every page to be written; codec NULL: plain.  Pages that are
 * lost count as damage.
 */
int kvmi_pool_run(struct kvmi_convert *c, const struct kvmi_codec *codec,
    kvmi_packed_fn *fn, void *arg);

/* The image's notes and VMCOREINFO, for c->notes. */
int kvmi_convert_notes(struct kvmi_convert *c, struct kvmi_err *err);

int kvmi_convert_kdump(struct kvmi_convert *c, struct kvmi_err *err);
int kvmi_convert_elf(struct kvmi_convert *c, struct kvmi_err *err);

/* The whole of it; info is what kvm_getinfo() says. */
int kvmi_convert(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kvm_convert_options *o, const struct kvm_info *info);

#endif
