/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the types of a Linux kernel are: BTF, DWARF, or the tasks themselves. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "os/linux/infer.h"
#include "os/linux/linux.h"

/* Above what any kernel has. */
#define MAX_BTF		(UINT64_C(256) << 20)
#define MAX_IMAGE	(UINT64_C(64) << 20)
#define PAGE		4096

#define BTF_MAGIC	0xeb9f
#define BTF_HEADER	24

/* Of the kernel file that was given. */
static int
types_of_file(struct kvmi_kernel *k, struct kvmi_types **ret,
    struct kvmi_err *err)
{
	const char *name = strrchr(k->opts->ko_execfile, '/');
	struct kvmi_elf_view view;
	int r = kvmi_elf_dwarf(k->exec, &view, err);

	if (r == 0)
		r = kvmi_dwarf_open(&view, ret, err);
	if (r == 0)
		snprintf((*ret)->where, sizeof((*ret)->where), "%s of %s",
		    (*ret)->ops->name, name == NULL ? k->opts->ko_execfile :
		    name + 1);
	return (r);
}

/* BTF in [start, stop). */
static int
types_of_image(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t start,
    uint64_t stop, struct kvmi_types **ret)
{
	struct kvmi_blob bytes = { 0 };
	int r;

	if (stop <= start || stop - start > MAX_BTF)
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "%s: BTF from 0x%"
		    PRIx64 " to 0x%" PRIx64, k->img->src->name, start, stop));
	r = kvmi_space_blob(&k->space, cx, start, stop - start, &bytes);
	if (r == 0)
		r = kvmi_btf_open(&bytes, ret, &cx->err);
	if (r != 0) {
		kvmi_blob_release(&bytes);
		return (kvmi_wrap(&cx->err, r, "BTF at 0x%" PRIx64, start));
	}
	snprintf((*ret)->where, sizeof((*ret)->where), "BTF in the image");
	return (0);
}

/* A header of BTF as pahole writes it (include/uapi/linux/btf.h); its length. */
static uint64_t
btf_length(const uint8_t *p, bool be)
{
	uint64_t types = kvmi_get32(p + 12, be),
	    strings = kvmi_get32(p + 20, be);

	return (kvmi_get16(p, be) == BTF_MAGIC && p[2] == 1 && p[3] == 0 &&
	    kvmi_get32(p + 4, be) == BTF_HEADER && kvmi_get32(p + 8, be) == 0 &&
	    types != 0 && kvmi_get32(p + 16, be) == types && strings != 0 ?
	    BTF_HEADER + types + strings : 0);
}

/*
 * BTF whose place no symbol tells lies somewhere in the image.  KVMI_ENOENT:
 * there is none, or not of a kernel.
 */
static int
types_by_content(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_types **ret)
{
	const struct kvmi_linux *l = k->priv;
	uint64_t va = l->stext & ~UINT64_C(0xfff), end = va + MAX_IMAGE, size,
	    left = MAX_BTF;	/* of headers there may be a million */
	uint8_t *page = malloc(PAGE + BTF_HEADER);
	int r = KVMI_ENOENT;

	for (; l->stext != 0 && va < end && r == KVMI_ENOENT && page != NULL;
	    va += PAGE) {
		size_t done;

		kvmi_space_read(&k->space, cx, va, page, PAGE + BTF_HEADER,
		    &done);
		for (size_t at = 0; at + BTF_HEADER <= done && at < PAGE &&
		    r == KVMI_ENOENT; at += 4) {
			uint64_t len = btf_length(page + at, k->big_endian);

			if (len == 0 || len > left)
				continue;
			left -= len;
			if (types_of_image(k, cx, va + at, va + at + len,
			    ret) != 0)
				continue;
			r = kvmi_type_size(*ret, "task_struct", &size,
			    &cx->err);
			if (r != 0)
				kvmi_types_close(*ret);
		}
	}
	free(page);
	return (r);
}

/* The last resort, and why it does not help. */
static int
types_of_tasks(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_types **ret)
{
	struct kvmi_err why;
	int r = kvmi_linux_infer(k, cx, ret);

	if (r == 0 || r == KVMI_ENOMEM)
		return (r);
	why = cx->err;
	return (kvmi_fail(&cx->err, KVMI_ENOENT, "%s: no type information in "
	    "the image (a kernel without CONFIG_DEBUG_INFO_BTF), and %s; a "
	    "vmlinux with DWARF as the second argument has it",
	    k->img->src->name, why.text));
}

int
kvmi_linux_types(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_types **ret)
{
	uint64_t start, stop;
	int r;

	r = kvmi_kernel_addr(k, cx, "__start_BTF", &start);
	if (r == 0)
		r = kvmi_kernel_addr(k, cx, "__stop_BTF", &stop);
	if (r == 0)
		return (types_of_image(k, cx, start, stop, ret));
	if (r == KVMI_ENOENT && k->exec != NULL)
		r = types_of_file(k, ret, &cx->err);
	if (r == KVMI_ENOENT && kvmi_linux_variables(k, cx) != 0 &&
	    types_by_content(k, cx, ret) == 0)
		return (0);
	if (r == KVMI_ENOENT)
		return (types_of_tasks(k, cx, ret));
	return (r == 0 ? 0 : kvmi_wrap(&cx->err, r, "%s: no type information",
	    k->img->src->name));
}
