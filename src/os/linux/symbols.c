/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a Linux image's symbols and types are. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "os/linux/linux.h"

/* Above what any kernel image or its tables take. */
#define MAX_IMAGE	(UINT64_C(256) << 20)
#define DEFAULT_IMAGE	(UINT64_C(64) << 20)
#define MAX_BTF		(UINT64_C(256) << 20)
#define MAX_SYMS	(UINT64_C(1) << 24)

/* Copy [va, va + len), with holes as zeros, into memory to be freed. */
static int
copy_window(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    uint64_t len, struct kvmi_window *ret)
{
	uint8_t *p;
	uint64_t at = 0;

	if (len > MAX_IMAGE || (p = calloc(1, (size_t)len)) == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "no memory for %"
		    PRIu64 " bytes of the kernel image", len));
	while (at < len) {
		size_t done;

		kvmi_space_read(&k->space, cx, va + at, p + at,
		    (size_t)(len - at), &done);
		at += done;
		if (at < len)	/* step over the page that is missing */
			at = ((va + at + 4096) & ~UINT64_C(4095)) - va;
	}
	*ret = (struct kvmi_window){ .p = p, .len = (size_t)len, .va = va,
		.big_endian = k->big_endian,
		.pointer_size = k->arch->pointer_size };
	return (0);
}

/* Linux 6.0 and later say where the arrays are. */
static bool
known_arrays(const struct kvmi_vmcoreinfo *v, struct kvmi_kallsyms *ret)
{
	*ret = (struct kvmi_kallsyms){ 0 };
	kvmi_vmcoreinfo_symbol(v, "kallsyms_relative_base",
	    &ret->relative_base);
	kvmi_vmcoreinfo_symbol(v, "kallsyms_addresses", &ret->addresses);
	kvmi_vmcoreinfo_symbol(v, "kallsyms_offsets", &ret->offsets);
	return (kvmi_vmcoreinfo_symbol(v, "kallsyms_names", &ret->names) &&
	    kvmi_vmcoreinfo_symbol(v, "kallsyms_num_syms", &ret->num_syms) &&
	    kvmi_vmcoreinfo_symbol(v, "kallsyms_token_table",
	    &ret->token_table) &&
	    kvmi_vmcoreinfo_symbol(v, "kallsyms_token_index",
	    &ret->token_index));
}

static int
decode_known(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kvmi_kallsyms *ks, uint64_t stext, struct kvmi_symtab *t)
{
	const uint64_t at[] = { ks->names, ks->num_syms, ks->token_table,
		ks->token_index, ks->offsets, ks->relative_base,
		ks->addresses };
	uint64_t first = UINT64_MAX, end = 0, n;
	struct kvmi_window w;
	int r;

	for (size_t i = 0; i < KVMI_COUNT(at); i++) {
		if (at[i] == 0)
			continue;
		if (at[i] < first)
			first = at[i];
		if (at[i] > end)
			end = at[i];
	}
	r = kvmi_kread_uint(k, cx, ks->num_syms, 4, &n);
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "kallsyms_num_syms"));
	if (n > MAX_SYMS || end - first > MAX_IMAGE / 2)
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "kallsyms of %" PRIu64
		    " symbols from 0x%" PRIx64 " to 0x%" PRIx64, n, first,
		    end));
	/* The array that comes last has at most a pointer per symbol. */
	r = copy_window(k, cx, first, end - first +
	    n * k->arch->pointer_size + 4096, &w);
	if (r != 0)
		return (r);
	r = kvmi_kallsyms_decode(&w, ks, "_stext", stext, t, &cx->err);
	free((void *)(uintptr_t)w.p);
	return (r);
}

static int
decode_found(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    uint64_t len, uint64_t stext, struct kvmi_symtab *t)
{
	struct kvmi_kallsyms ks;
	struct kvmi_window w;
	size_t from = 0;
	int r;

	r = copy_window(k, cx, va, kvmi_min(len, MAX_IMAGE), &w);
	if (r != 0)
		return (r);
	do {
		r = kvmi_kallsyms_find(&w, from, &from, &ks, &cx->err);
		if (r != 0)
			break;
		r = kvmi_kallsyms_decode(&w, &ks, "_stext", stext, t,
		    &cx->err);
	} while (r != 0);
	free((void *)(uintptr_t)w.p);
	if (r != 0)
		return (kvmi_fail(&cx->err, KVMI_ENOENT, "%s: no kallsyms in "
		    "the kernel image (0x%" PRIx64 ", %" PRIu64 " bytes); give "
		    "the kernel file (vmlinux) as the second argument",
		    k->img->src->name, va, len));
	return (0);
}

int
kvmi_linux_kallsyms(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_symtab *t)
{
	struct kvmi_linux *l = k->priv;
	struct kvmi_kallsyms ks;
	uint64_t va = l->image_va, len = l->image_len;

	if (known_arrays(&l->info, &ks))
		return (decode_known(k, cx, &ks, l->stext, t));
	if (va == 0 && l->stext == 0)
		return (kvmi_fail(&cx->err, KVMI_ENOENT,
		    "%s: the kernel image was not found", k->img->src->name));
	if (va == 0) {
		va = l->stext & ~UINT64_C(0x1fffff);
		len = DEFAULT_IMAGE;
	}
	return (decode_found(k, cx, va, len, l->stext, t));
}

int
kvmi_linux_symbols(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_symtab **t, char *where, size_t where_len)
{
	struct kvmi_linux *l = k->priv;
	int r;

	if (k->exec != NULL) {
		snprintf(where, where_len, "%s", k->exec_name);
		r = kvmi_elf_symbols(k->exec, k->kerndisp, *t, &cx->err);
		/* A vmlinux without symbols still has its own kallsyms. */
		if (r != 0 || kvmi_symtab_count(*t) != 0)
			return (r);
	}
	snprintf(where, where_len, "kallsyms in the image");
	if (l->early != NULL) {
		kvmi_symtab_destroy(*t);
		*t = l->early;
		l->early = NULL;
		return (0);
	}
	return (kvmi_linux_kallsyms(k, cx, *t));
}

int
kvmi_linux_types(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_types **ret)
{
	uint64_t start, stop;
	uint8_t *p;
	int r;

	r = kvmi_kernel_addr(k, cx, "__start_BTF", &start);
	if (r == 0)
		r = kvmi_kernel_addr(k, cx, "__stop_BTF", &stop);
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "%s: no type information in the "
		    "image (a kernel without CONFIG_DEBUG_INFO_BTF)",
		    k->img->src->name));
	if (stop <= start || stop - start > MAX_BTF)
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "%s: BTF from 0x%"
		    PRIx64 " to 0x%" PRIx64, k->img->src->name, start, stop));
	p = malloc((size_t)(stop - start));
	if (p == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM,
		    "no memory for %" PRIu64 " bytes of BTF", stop - start));
	r = kvmi_kread(k, cx, start, p, (size_t)(stop - start));
	if (r == 0)
		r = kvmi_btf_open(p, (size_t)(stop - start), ret, &cx->err);
	if (r != 0) {
		free(p);
		return (kvmi_wrap(&cx->err, r, "BTF at 0x%" PRIx64, start));
	}
	snprintf((*ret)->where, sizeof((*ret)->where), "BTF in the image");
	return (0);
}
