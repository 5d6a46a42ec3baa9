/* SPDX-License-Identifier: BSD-2-Clause */
/* The text of loaded modules, with the tables to unwind it. */
#ifndef KVMI_MODULE_TEXT_H
#define KVMI_MODULE_TEXT_H

#include "os/kernel.h"
#include "os/linux/orc.h"

struct kvmi_linux_module {
	char		 name[64];
	uint64_t	 text;
	uint64_t	 etext;
	struct kvmi_orc_table orc;
};

/* The module whose text va is in.  KVMI_ENOENT: none's. */
int kvmi_linux_module_at(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t va, struct kvmi_linux_module *ret);

#endif
