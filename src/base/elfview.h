/* SPDX-License-Identifier: BSD-2-Clause */
/* An ELF file as libelf sees it, handed to whoever reads its sections. */
#ifndef KVMI_ELFVIEW_H
#define KVMI_ELFVIEW_H

#include "base/src.h"

struct Elf;

struct kvmi_elf_view {
	struct Elf	*elf;		/* owned by whoever was given it */
	void		*copy;		/* its bytes, to be freed; NULL: p */
	struct kvmi_src	*src;		/* the file, not owned */
	const uint8_t	*p;
	size_t		 len;
};

#endif
