/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of files, by files that are known. */
#ifndef KVMI_INFER_PATH_H
#define KVMI_INFER_PATH_H

#include "os/linux/infer.h"

/* Are all n of them structures that lead to a name? */
bool kvmi_infer_are_files(struct kvmi_infer *x, const uint64_t *files,
    size_t n);

/* Note the members that do. */
void kvmi_infer_path(struct kvmi_infer *x, const uint64_t *files, size_t n);

#endif
