/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a Linux image's symbols are. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "os/linux/linux.h"
#include "sym/exports.h"

/* Above what any kernel image or its tables take. */
#define MAX_IMAGE	(UINT64_C(256) << 20)
#define DEFAULT_IMAGE	(UINT64_C(64) << 20)
#define MAX_SYMS	(UINT64_C(1) << 24)

/* A stretch of kernel memory to look into. */
struct window {
	struct kvmi_window w;
	uint8_t		*copy;		/* NULL: it points into the image */
	size_t		 cap;		/* of the copy */
};

/* A copy has room for a multiple of it. */
#define COPY_STEP	((size_t)1 << 20)

/*
 * The kernel image is contiguous in physical memory too, so often one pointer
 * serves for all of it.  NULL: it does not.
 */
static const uint8_t *
window_ptr(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    uint64_t len)
{
	uint64_t first = 0, run;
	struct kvmi_extent e;
	const uint8_t *p;

	for (uint64_t at = va; at < va + len;) {
		struct kvmi_mapping m;
		int r = k->space.ops->translate(&k->space, at, &m, &cx->err);

		if (r == 0 && at == va)
			first = m.pa + (va - m.va);
		/* Memory that was freed after boot is no longer mapped. */
		if ((r != 0 && (r != KVMI_ENOTMAPPED || at == va)) ||
		    (r == 0 && m.pa - first != m.va - va))
			return (NULL);
		if (m.va + m.len <= at)
			return (NULL);
		at = m.va + m.len;
	}
	if (kvmi_image_locate(k->img, first, &e, &cx->err) != 0)
		return (NULL);
	p = kvmi_image_ptr(k->img, &e, first, &run);
	return (p != NULL && run >= len ? p : NULL);
}

/* On to the next stretch before end that is stored; false: there is none. */
static bool
next_stored(struct kvmi_kernel *k, uint64_t *at, uint64_t end, uint64_t *len)
{
	for (uint64_t rest; *at < end; *at += rest) {
		struct kvmi_mapping m;
		struct kvmi_extent e = { .state = KVMI_ABSENT };
		int r = k->space.ops->translate(&k->space, *at, &m, NULL);
		uint64_t pa = m.pa + (*at - m.va);

		rest = kvmi_min(m.va + m.len - *at, end - *at);
		if (r == 0 && kvmi_image_locate(k->img, pa, &e, NULL) == 0)
			rest = kvmi_min(rest, e.start + e.len - pa);
		*len = rest;
		if (rest == 0 || e.state == KVMI_STORED)
			return (rest != 0);
	}
	return (false);
}

/* Let a copy have len bytes, the new ones zeros; false: no memory. */
static bool
window_grow(struct window *w, size_t len)
{
	size_t cap = len / COPY_STEP * COPY_STEP + COPY_STEP;
	uint8_t *p;

	if (len >= w->cap) {
		p = realloc(w->copy, cap);
		if (p == NULL)
			return (false);
		w->copy = p;
		w->cap = cap;
		w->w.p = p;
	}
	memset(w->copy + w->w.len, 0, len - w->w.len);
	w->w.len = len;
	return (true);
}

static void
window_close(struct window *w)
{
	free(w->copy);
}

/*
 * A copy up to the last byte of [va, va + len) that is stored: small kernels,
 * and images that lack most of theirs, have less.
 */
static int
window_copy(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    uint64_t len, struct window *w)
{
	uint64_t at = va, n;
	size_t done;
	bool room;

	w->w.len = 0;
	for (room = window_grow(w, 0);
	    room && next_stored(k, &at, va + len, &n); at += n) {
		room = window_grow(w, (size_t)(at + n - va));
		if (room)
			kvmi_space_read(&k->space, cx, at, w->copy + (at - va),
			    (size_t)n, &done);
	}
	if (room)
		return (0);
	free(w->copy);
	return (kvmi_fail(&cx->err, KVMI_ENOMEM,
	    "no memory for a copy of the kernel image"));
}

/* Of [va, va + len) what is stored at its start, if nothing else is; or 0. */
static uint64_t
stored_start(struct kvmi_kernel *k, uint64_t va, uint64_t len)
{
	uint64_t at = va, n, more;

	if (!next_stored(k, &at, va + len, &n) || at != va)
		return (0);
	at += n;
	return (next_stored(k, &at, va + len, &more) ? 0 : n);
}

/*
 * [va, va + len), with holes as zeros where it is copied.  Of a dump that ends
 * before it does, what there is.
 */
static int
window_open(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    uint64_t len, struct window *ret)
{
	const uint8_t *direct;

	*ret = (struct window){ .w = { .len = (size_t)len, .va = va,
		.big_endian = k->big_endian,
		.pointer_size = k->arch->pointer_size } };
	direct = window_ptr(k, cx, va, len);
	if (direct == NULL) {
		len = kvmi_min(len, MAX_IMAGE);
		ret->w.len = (size_t)stored_start(k, va, len);
		if (ret->w.len != 0)
			direct = window_ptr(k, cx, va, ret->w.len);
	}
	if (direct == NULL)
		return (window_copy(k, cx, va, len, ret));
	ret->w.p = direct;
	return (0);
}

/* What was decoded from a file that was cut meanwhile counts for nothing. */
static int
window_check(struct kvmi_kernel *k, struct kvmi_cx *cx, const struct window *w,
    int r)
{
	int lost = kvmi_src_check_lost(k->img->src, w->w.p, w->w.len,
	    &cx->err);

	return (lost != 0 ? lost : r);
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
	struct window w;
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
	r = window_open(k, cx, first, end - first +
	    n * k->arch->pointer_size + 4096, &w);
	if (r != 0)
		return (r);
	r = kvmi_kallsyms_decode(&w.w, ks, "_stext", stext, t, &cx->err);
	r = window_check(k, cx, &w, r);
	window_close(&w);
	return (r);
}

/* The tables lie in the first part of an image, so most need no more. */
#define FIRST_PART	(UINT64_C(32) << 20)

static int
decode_window(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    uint64_t len, uint64_t stext, struct kvmi_symtab *t)
{
	struct kvmi_kallsyms ks;
	struct window w;
	size_t from = 0;
	int r;

	r = window_open(k, cx, va, len, &w);
	if (r != 0)
		return (r);
	do {
		r = kvmi_kallsyms_find(&w.w, from, &from, &ks, &cx->err);
		if (r != 0)
			break;
		r = kvmi_kallsyms_decode(&w.w, &ks, "_stext", stext, t,
		    &cx->err);
	} while (r != 0);
	r = window_check(k, cx, &w, r);
	window_close(&w);
	return (r);
}

static int
decode_found(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    uint64_t len, uint64_t stext, struct kvmi_symtab *t)
{
	int r = KVMI_ENOENT;

	len = kvmi_min(len, MAX_IMAGE);
	if (len > FIRST_PART)
		r = decode_window(k, cx, va, FIRST_PART, stext, t);
	if (r != 0)
		r = decode_window(k, cx, va, len, stext, t);
	if (r == KVMI_ENOMEM || r == KVMI_ETRUNC || r == 0)
		return (r);
	return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: no kallsyms in the "
	    "kernel image (0x%" PRIx64 ", %" PRIu64 " bytes); give the kernel "
	    "file (vmlinux) as the second argument", k->img->src->name, va,
	    len));
}

/* Where the kernel image is, as far as that was found; false: nowhere. */
static bool
image_of(const struct kvmi_linux *l, uint64_t *va, uint64_t *len)
{
	*va = l->image_va;
	*len = l->image_len;
	if (*va != 0 || l->stext == 0)
		return (*va != 0);
	/* That of s390 may begin at 0. */
	*va = l->stext & ~UINT64_C(0x1fffff);
	*len = DEFAULT_IMAGE;
	return (true);
}

int
kvmi_linux_kallsyms(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_symtab *t)
{
	struct kvmi_linux *l = k->priv;
	struct kvmi_kallsyms ks;
	uint64_t va, len;

	if (known_arrays(&l->info, &ks))
		return (decode_known(k, cx, &ks, l->stext, t));
	if (!image_of(l, &va, &len))
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP,
		    "%s: the kernel image was not found", k->img->src->name));
	return (decode_found(k, cx, va, len, l->stext, t));
}

static bool
has_symbol(struct kvmi_symtab *t, const char *name)
{
	struct kvmi_sym sym;
	struct kvmi_err ignored;

	return (kvmi_symtab_by_name(t, name, &sym, &ignored) == 0);
}

/*
 * A kernel without CONFIG_KALLSYMS_ALL lists functions, but it exports some of
 * its variables to modules.  When that table is not found there are just none.
 */
static void
add_exports(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_symtab *t)
{
	struct kvmi_linux *l = k->priv;
	uint64_t va, len, uts;
	struct window w;

	if (has_symbol(t, "init_task") || !has_symbol(t, "schedule"))
		return;
	if (!kvmi_vmcoreinfo_symbol(&l->info, "init_uts_ns", &uts) ||
	    !image_of(l, &va, &len) || len == 0 ||
	    window_open(k, cx, va, kvmi_min(len, MAX_IMAGE), &w) != 0)
		return;
	kvmi_exports_add(&w.w, "init_uts_ns", uts, t, &cx->err);
	window_close(&w);
}

/* System.map says nothing of whose it is: what is known of the image tells. */
static int
map_symbols(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_symtab *t)
{
	struct kvmi_linux *l = k->priv;
	uint64_t linked, there;

	if (l->stext != 0 && kvmi_sysmap_symbol(k->sysmap, "_stext", &linked))
		k->kerndisp = (int64_t)(l->stext - linked);
	if (kvmi_vmcoreinfo_symbol(&l->info, "init_uts_ns", &there) &&
	    (!kvmi_sysmap_symbol(k->sysmap, "init_uts_ns", &linked) ||
	    linked + (uint64_t)k->kerndisp != there))
		return (kvmi_fail(&cx->err, KVMI_EMISMATCH, "%s is not the "
		    "System.map of %s: init_uts_ns is at 0x%" PRIx64
		    " there, here at 0x%" PRIx64, k->opts->ko_execfile,
		    k->img->src->name, there, linked +
		    (uint64_t)k->kerndisp));
	return (kvmi_sysmap_symbols(k->sysmap, k->kerndisp, t, &cx->err));
}

int
kvmi_linux_symbols(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_symtab **t, char *where, size_t where_len)
{
	struct kvmi_linux *l = k->priv;
	int r;

	if (k->exec != NULL || k->sysmap != NULL)
		snprintf(where, where_len, "%s", k->opts->ko_execfile);
	if (k->sysmap != NULL)
		return (map_symbols(k, cx, *t));
	if (k->exec != NULL) {
		r = kvmi_elf_symbols(k->exec, k->kerndisp, *t, &cx->err);
		/* A vmlinux without symbols still has its own kallsyms. */
		if (r != KVMI_ENOENT &&
		    (r != 0 || kvmi_symtab_count(*t) != 0))
			return (r);
	}
	snprintf(where, where_len, "kallsyms in the image");
	if (l->early != NULL) {
		kvmi_symtab_destroy(*t);
		*t = l->early;
		l->early = NULL;
		r = 0;
	} else
		r = kvmi_linux_kallsyms(k, cx, *t);
	if (r == 0)
		add_exports(k, cx, *t);
	return (r);
}

int
kvmi_linux_variables(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	struct kvmi_err before = cx->err;
	uint64_t va;

	/* Every kernel has these; the second is a variable none exports. */
	if (kvmi_kernel_addr(k, cx, "schedule", &va) != 0 ||
	    kvmi_kernel_addr(k, cx, "saved_command_line", &va) !=
	    KVMI_ENOENT) {
		cx->err = before;
		return (0);
	}
	return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "the kernel lists its "
	    "functions and what it exports, but no other variables (no "
	    "CONFIG_KALLSYMS_ALL); give the kernel file (vmlinux) as the "
	    "second argument"));
}
