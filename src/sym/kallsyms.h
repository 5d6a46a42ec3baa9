/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux kallsyms: the symbol table inside the kernel image itself.  Pure
 * functions over copies of its bytes (kernel/kallsyms.c and
 * scripts/kallsyms.c of Linux define the format).
 */
#ifndef KVMI_KALLSYMS_H
#define KVMI_KALLSYMS_H

#include "sym/sym.h"

/* A copy of kernel memory. */
struct kvmi_window {
	const uint8_t	*p;
	size_t		 len;
	uint64_t	 va;
	bool		 big_endian;
	uint8_t		 pointer_size;
};

/* Addresses of the arrays; 0: unknown, derive it. */
struct kvmi_kallsyms {
	uint64_t	names, num_syms, markers, token_table, token_index;
	uint64_t	offsets, relative_base, addresses;
};

/*
 * Find the arrays in a window over the image's read-only data.  from is where
 * to look on (0 at first, then the previous *next), because look-alikes exist:
 * only decoding tells.  KVMI_ENOENT at the end.
 */
int kvmi_kallsyms_find(const struct kvmi_window *w, size_t from, size_t *next,
    struct kvmi_kallsyms *ret, struct kvmi_err *err);

/*
 * Decode all symbols into t.  anchor names a symbol whose address is known
 * (anchor_va; 0: unknown) and so decides between address encodings; with none
 * known the encoding is chosen that puts _stext inside the window.
 * All arrays must lie inside the window.
 */
int kvmi_kallsyms_decode(const struct kvmi_window *w,
    const struct kvmi_kallsyms *k, const char *anchor, uint64_t anchor_va,
    struct kvmi_symtab *t, struct kvmi_err *err);

#endif
