/* SPDX-License-Identifier: BSD-2-Clause */
/* FreeBSD's textdumps: what the kernel's debugger printed, and no memory. */
#ifndef KVMI_TEXTDUMP_H
#define KVMI_TEXTDUMP_H

#include "image/image.h"

/* Is the image one?  Its files are img->files. */
bool kvmi_textdump(const struct kvmi_image *img);

/* A file of it, whole; KVMI_ENOENT when there is none of that name. */
int kvmi_textdump_file(struct kvmi_image *img, const char *name,
    struct kvmi_blob *ret, struct kvmi_err *err);

#endif
