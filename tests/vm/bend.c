/* SPDX-License-Identifier: BSD-2-Clause */
#include "bend.h"

#include <sys/mman.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

uint8_t *
bend_pages(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va)
{
	size_t unit = (size_t)sysconf(_SC_PAGESIZE), size = 2 * unit;
	struct kvmi_mapping m;
	struct kvmi_extent e;
	const uint8_t *p;
	uint8_t *page, *copy = malloc(size);
	uint64_t run;

	if (copy == NULL || kvmi_space_translate(&k->space, va, &m,
	    &cx->err) != 0 || kvmi_image_locate(k->img, m.pa + (va - m.va),
	    &e, &cx->err) != 0 || e.state != KVMI_STORED || e.codec != NULL ||
	    (p = kvmi_image_ptr(k->img, &e, m.pa + (va - m.va), &run)) ==
	    NULL) {
		free(copy);
		return (NULL);
	}
	page = (uint8_t *)((uintptr_t)p & ~(uintptr_t)(unit - 1));
	memcpy(copy, page, size);
	if (mmap(page, size, PROT_READ | PROT_WRITE, MAP_PRIVATE |
	    MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		abort();
	memcpy(page, copy, size);
	free(copy);
	return (page + (p - page));
}

/* A member of the structure at va becomes v, if there is such a member. */
static void
bend(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_types *own,
    const char *member, uint64_t va, uint64_t v)
{
	struct kvmi_member m;
	uint8_t *p;

	if (kvmi_type_first(own, member, &m, &cx->err) == 0 &&
	    (p = bend_pages(k, cx, va + m.off)) != NULL)
		for (unsigned int i = 0; i < m.size; i++)
			p[k->big_endian ? m.size - 1 - i : i] =
			    (uint8_t)(v >> 8 * i);
}

static uint64_t
straight(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_types *own,
    const char *member, uint64_t va)
{
	struct kvmi_member m;
	uint64_t v = 0;

	if (kvmi_type_first(own, member, &m, &cx->err) == 0)
		kvmi_kread_member(k, cx, va, &m, &v);
	return (v);
}

void
bend_busy(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_types *own,
    const struct kinfo_proc *ki, int n)
{
	uint64_t mm = 0, code, v;

	for (int i = 3; i < n; i++) {
		uint64_t task = ki[i].ki_paddr;

		v = straight(k, cx, own, "task_struct.se.exec_start", task);
		bend(k, cx, own, "task_struct.se.exec_start", task, v - v / 8);
		if (ki[i].ki_vmspace != 0)
			mm = ki[i].ki_vmspace;
		else if (mm != 0 && i % 4 == 0 && ki[i].ki_stat != SZOMB) {
			bend(k, cx, own, "task_struct.mm", task, mm);
			bend(k, cx, own, "task_struct.active_mm", task, mm);
		}
		if (ki[i].ki_vmspace == 0 || i % 7 != 0)
			continue;
		code = straight(k, cx, own, "mm_struct.start_code", mm);
		bend(k, cx, own, "mm_struct.arg_start", mm, code + 16);
		bend(k, cx, own, "mm_struct.arg_end", mm, code + 48);
		if (k->arch->pointer_size == 8)
			bend(k, cx, own, "mm_struct.total_vm", mm,
			    UINT64_C(1) << 33);
	}
}
