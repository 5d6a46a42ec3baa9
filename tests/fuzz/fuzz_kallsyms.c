/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Input: a byte of flags (1: big endian, 2: 32 bit, 4: without an anchor),
 * then a window.  What is found is decoded; then the first 64 bytes are
 * taken for the addresses of arrays, as an image's notes would give them.  The
 * window is also searched for the table of exported symbols.
 */
#include <stdlib.h>
#include <string.h>

#include "sym/exports.h"

#define VA	UINT64_C(0xffffffff81000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct kvmi_err err;

static void
decode(const struct kvmi_window *w, const struct kvmi_kallsyms *k,
    uint64_t anchor_va)
{
	struct kvmi_symtab *t;
	struct kvmi_sym s, by;
	int r;

	if (kvmi_symtab_create(&t, &err) != 0)
		return;
	r = kvmi_kallsyms_decode(w, k, "_stext", anchor_va, t, &err);
	if (r != 0 && kvmi_symtab_count(t) != 0)
		abort();
	for (size_t i = 0; i < kvmi_symtab_count(t); i++) {
		kvmi_symtab_get(t, i, &s);
		if (strlen(s.name) > 1024)
			abort();
		r = kvmi_symtab_by_name(t, s.name, &by, &err);
		if (r == 0 ? strcmp(by.name, s.name) != 0 : r != KVMI_ENOENT)
			abort();
		r = kvmi_symtab_by_addr(t, s.addr, &by, &err);
		if (r == 0 ? by.addr > s.addr : r != KVMI_ENOENT)
			abort();
	}
	kvmi_symtab_destroy(t);
}

static void
export(const struct kvmi_window *w)
{
	struct kvmi_symtab *t;
	struct kvmi_sym s;

	if (kvmi_symtab_create(&t, &err) != 0)
		return;
	kvmi_exports_add(w, "init_uts_ns", w->va + 0x1000, t, &err);
	for (size_t i = 0; i < kvmi_symtab_count(t); i++) {
		kvmi_symtab_get(t, i, &s);
		if (strlen(s.name) > 1024)
			abort();
	}
	kvmi_symtab_destroy(t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kvmi_kallsyms k;
	struct kvmi_window w;
	uint64_t field[8], anchor_va;
	size_t from = 0;
	uint8_t *copy;

	if (size < 1 || size > 1 << 16)
		return (0);
	w = (struct kvmi_window){
		.len = size - 1,
		.va = (data[0] & 2) != 0 ? VA & UINT32_MAX : VA,
		.big_endian = (data[0] & 1) != 0,
		.pointer_size = (data[0] & 2) != 0 ? 4 : 8,
	};
	anchor_va = (data[0] & 4) != 0 ? 0 : w.va + 0x1000;
	copy = malloc(size);
	if (copy == NULL)
		return (0);
	memcpy(copy, data + 1, size - 1);
	w.p = copy;
	export(&w);
	for (int i = 0; i < 4 && kvmi_kallsyms_find(&w, from, &from, &k,
	    &err) == 0; i++)
		decode(&w, &k, anchor_va);
	if (w.len >= sizeof(field)) {
		memcpy(field, w.p, sizeof(field));
		for (size_t i = 0; i < 8; i++)
			if (field[i] != 0)
				field[i] = w.va + field[i] % (w.len + 16);
		k = (struct kvmi_kallsyms){
			.names = field[0],
			.num_syms = field[1],
			.markers = field[2],
			.token_table = field[3],
			.token_index = field[4],
			.offsets = field[5],
			.relative_base = field[6],
			.addresses = field[7],
		};
		decode(&w, &k, anchor_va);
	}
	free(copy);
	return (0);
}
