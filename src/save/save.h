/* SPDX-License-Identifier: BSD-2-Clause */
/* Fetching a FreeBSD dump from its device into files, as savecore(8) does. */
#ifndef KVMI_SAVE_H
#define KVMI_SAVE_H

#include <stdio.h>

#include "kvm.h"
#include "image/dumpdev.h"

/*
 * A file that appears under its name when it is finished, or never.  Errors
 * are kept until then.
 */
struct kvmi_out {
	int		 dir;		/* the caller's */
	int		 fd;		/* -1: not open */
	char		 name[256];	/* NAME_MAX and a NUL */
	char		 tmp[288];
};

/* A file of mode 0600 in the directory dir, which stays the caller's. */
int kvmi_out_create(struct kvmi_out *out, int dir, const char *name,
    struct kvmi_err *err);

int kvmi_out_write(struct kvmi_out *out, const void *buf, size_t n,
    struct kvmi_err *err);

/* n bytes at off, the zeros among them as holes. */
int kvmi_out_sparse(struct kvmi_out *out, uint64_t off, const uint8_t *buf,
    size_t n, struct kvmi_err *err);

/* Give it its name; replace: also when there is such a file. */
int kvmi_out_finish(struct kvmi_out *out, bool replace,
    struct kvmi_err *err);

/* Remove what is not finished. */
void kvmi_out_drop(struct kvmi_out *out);

/* A symbolic link to target, in place of what has the name. */
int kvmi_out_link(int dir, const char *target, const char *name,
    struct kvmi_err *err);

/* The text of info.N. */
void kvmi_save_info(FILE *f, const struct kvmi_dumpheader *h,
    const char *device, unsigned int n);

/* Save the dump that src holds, which stays the caller's; path of the core. */
int kvmi_save(struct kvmi_src *src, const struct kvm_save_options *o,
    char *path, size_t path_len, struct kvmi_err *err);

#endif
