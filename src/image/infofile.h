/* SPDX-License-Identifier: BSD-2-Clause */
/* info.N, which savecore(8) writes beside vmcore.N: its dump header as text. */
#ifndef KVMI_INFOFILE_H
#define KVMI_INFOFILE_H

#include "base/src.h"

/* Decode its text; lines that are not known are passed over. */
void kvmi_infofile_parse(const char *text, size_t len, struct kvmi_told *ret);

/*
 * Read the file that belongs to the dump core.  false: there is none; it is
 * never an error.  name becomes what it is called.
 */
bool kvmi_infofile_read(const char *core, struct kvmi_told *ret, char *name,
    size_t name_len);

/*
 * A dump that ends in zeros may have been saved without them: put them back
 * where the file is said to be good and longer.  *src is replaced then.  What
 * does not fit is added to note.
 */
int kvmi_infofile_apply(struct kvmi_src **src, struct kvmi_told *info,
    char *note, size_t note_len, struct kvmi_err *err);

#endif
