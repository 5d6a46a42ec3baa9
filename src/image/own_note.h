/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Notes of our own: what a file that was converted has to keep of the original
 * because nothing else says where the kernel's memory is.  Of a FreeBSD
 * minidump the header, the message buffer and the page tables, each as it was
 * in the file; of a full dump where the kernel lies.
 */
#ifndef KVMI_OWN_NOTE_H
#define KVMI_OWN_NOTE_H

#include "image/image.h"

/* How long the notes of img are; 0: it needs none, or has them. */
uint64_t kvmi_own_notes_len(const struct kvmi_image *img);

/* Write them in img's byte order. */
int kvmi_own_notes_put(const struct kvmi_image *img, uint8_t *to,
    struct kvmi_err *err);

/* What img's notes say becomes img->minidump and img->delta. */
int kvmi_own_notes_take(struct kvmi_image *img, struct kvmi_err *err);

/* Undo that. */
void kvmi_own_notes_drop(struct kvmi_image *img);

#endif
