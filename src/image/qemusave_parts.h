/* SPDX-License-Identifier: BSD-2-Clause */
/* Sections of QEMU's stream that come between those of the memory. */
#ifndef KVMI_IMAGE_QEMUSAVE_PARTS_H
#define KVMI_IMAGE_QEMUSAVE_PARTS_H

#include "base/src.h"

/* powerpc's hash table of pages: hw/ppc/spapr.c, htab_load(). */
int kvmi_qemusave_skip_htab(struct kvmi_src *src, uint64_t *at,
    struct kvmi_err *err);

/* Which pages s390's guest lets go: hw/s390x/s390-stattrib.c, cmma_load(). */
int kvmi_qemusave_skip_attributes(struct kvmi_src *src, uint64_t *at,
    struct kvmi_err *err);

#endif
