/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * User memory of a Linux image: through the page tables of the process, with
 * what Linux keeps in the entries of pages that are not there.
 */
#include "os/linux/user.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/linux/taskflags.h"

/* MAX_SWAPFILES of include/linux/swap.h, less what is special in any build. */
#define MAX_SWAPFILES	29

enum { TASK_TGID_, TASK_FLAGS_, TASK_MM_, MM_PGD, MM_ARG_START, MM_ARG_END,
    MM_ENV_START, MM_ENV_END, MEMBERS };

static const char *const spellings[MEMBERS] = {
	[TASK_TGID_] = "task_struct.tgid",
	[TASK_FLAGS_] = "task_struct.flags",
	[TASK_MM_] = "task_struct.mm",
	[MM_PGD] = "mm_struct.pgd",
	[MM_ARG_START] = "mm_struct.arg_start",
	[MM_ARG_END] = "mm_struct.arg_end",
	[MM_ENV_START] = "mm_struct.env_start",
	[MM_ENV_END] = "mm_struct.env_end",
};

/* The walk ended at an entry without its present bit: what does it say? */
static int
explain(const struct kvmi_space *s, uint64_t va, struct kvmi_mapping *m,
    struct kvmi_err *err)
{
	const struct kvmi_linux_user *u = s->arg;
	unsigned int size = s->paging.arch->entry_size, type;
	uint8_t raw[8];
	uint64_t pa;
	int r;

	if (m->entry_pa == 0 || u->linux_->arch->absent == NULL)
		return (KVMI_ENOTMAPPED);
	pa = m->entry_pa;
	if (u->linux_->arch->linux_entry != NULL)
		pa = u->linux_->arch->linux_entry(&s->paging, pa, m->level);
	r = kvmi_image_read_phys(s->img, pa, raw, size, err);
	if (r == 0 && u->linux_->arch->indirect != NULL) {
		r = u->linux_->arch->indirect(s, u->linux_, va,
		    kvmi_get_uint(raw, size, s->paging.big_endian), m, err);
		if (r != KVMI_ENOTMINE)
			return (r);
		r = 0;
	}
	if (r != 0)
		return (r);
	switch (u->linux_->arch->absent(&s->paging, kvmi_get_uint(raw, size,
	    s->paging.big_endian), m->level, &pa, &type)) {
	case KVMI_ABSENT_KEPT:
		m->pa = pa & ~s->paging.clear_mask;
		m->prot = 0;
		return (0);
	case KVMI_ABSENT_SWAP:
		if (type < u->swap_devices)
			return (kvmi_fail(err, KVMI_ESWAPPED, "user address "
			    "0x%" PRIx64 ": swapped out, to device %u", va,
			    type));
		return (kvmi_fail(err, KVMI_ENOTMAPPED, "user address 0x%"
		    PRIx64 ": no page (it was being moved, was found broken "
		    "or is guarded: type %u of swap entry)", va, type));
	case KVMI_ABSENT_NONE:
		break;
	}
	return (kvmi_fail(err, KVMI_ENOTMAPPED, "invalid user address (0x%"
	    PRIx64 "): not mapped", va));
}

static int
user_translate(const struct kvmi_space *s, uint64_t va,
    struct kvmi_mapping *ret, struct kvmi_err *err)
{
	int r = kvmi_walk(&s->paging, va, kvmi_image_read_phys, s->img, ret,
	    err);

	return (r == KVMI_ENOTMAPPED ? explain(s, va, ret, err) : r);
}

static const struct kvmi_space_ops user_ops = {
	.translate = user_translate,
};

/* The task that ki tells of: by its address, or else by its number. */
static int
find_task(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, uint64_t task[2])
{
	struct kvmi_procs p = { 0 };
	int r;

	task[0] = ki->ki_paddr;
	task[1] = ki->ki_tdaddr;
	if (task[0] != 0)
		return (0);
	r = kvmi_linux_procs(k, cx, KERN_PROC_PID, ki->ki_pid, false, &p);
	if (r == 0 && p.n == 0)
		r = kvmi_fail(&cx->err, KVMI_EINVAL, "no process %" PRId32,
		    ki->ki_pid);
	if (r == 0) {
		task[0] = p.v[0].ki_paddr;
		task[1] = p.v[0].ki_tdaddr;
	}
	free(p.v);
	return (r);
}

static int
read_mm(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t mm,
    const struct kvmi_member m[MEMBERS], struct kvmi_linux_mm *ret)
{
	const struct { unsigned int id; uint64_t *to; } parts[] = {
		{ MM_PGD, &ret->pgd },
		{ MM_ARG_START, &ret->arg_start },
		{ MM_ARG_END, &ret->arg_end },
		{ MM_ENV_START, &ret->env_start },
		{ MM_ENV_END, &ret->env_end },
	};
	int r = 0;

	ret->va = mm;
	for (size_t i = 0; i < KVMI_COUNT(parts) && r == 0; i++)
		r = kvmi_kread_member(k, cx, mm, &m[parts[i].id],
		    parts[i].to);
	return (r == 0 ? 0 : kvmi_wrap(&cx->err, r, "mm_struct at 0x%" PRIx64,
	    mm));
}

int
kvmi_linux_mm(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, struct kvmi_linux_mm *ret, bool *has)
{
	struct kvmi_member m[MEMBERS];
	struct kvmi_types *t;
	uint64_t task[2], mm = 0, tgid, flags;
	int r;

	*has = false;
	r = kvmi_kernel_types(k, cx, &t);
	if (r == 0)
		r = kvmi_type_members(t, spellings, MEMBERS, m, &cx->err);
	if (r == 0)
		r = find_task(k, cx, ki, task);
	/* The first thread may have ended before the others. */
	for (size_t i = 0; i < 2 && r == 0 && mm == 0 && task[i] != 0; i++) {
		r = kvmi_kread_member(k, cx, task[i], &m[TASK_TGID_], &tgid);
		if (r == 0)
			r = kvmi_kread_member(k, cx, task[i], &m[TASK_FLAGS_],
			    &flags);
		/* A kernel thread's is another's, which it works for. */
		if (r == 0 && (flags & KVMI_PF_KTHREAD) == 0)
			r = kvmi_kread_member(k, cx, task[i], &m[TASK_MM_],
			    &mm);
		if (r == 0 && (int32_t)tgid != ki->ki_pid)
			r = kvmi_fail(&cx->err, KVMI_EINVAL, "it is %" PRId32
			    "'s: was the process listed from this image?",
			    (int32_t)tgid);
		if (r != 0)
			r = kvmi_wrap(&cx->err, r, "process %" PRId32
			    " (task_struct at 0x%" PRIx64 ")", ki->ki_pid,
			    task[i]);
	}
	if (r != 0 || mm == 0)
		return (r);
	*has = true;
	r = read_mm(k, cx, mm, m, ret);
	return (r == 0 ? 0 : kvmi_wrap(&cx->err, r, "process %" PRId32,
	    ki->ki_pid));
}

/* How many swap devices there ever were: higher types mean other things. */
static uint64_t
swap_devices(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	uint64_t va, n;

	if (kvmi_kernel_addr(k, cx, "nr_swapfiles", &va) != 0 ||
	    kvmi_kread_uint(k, cx, va, 4, &n) != 0)
		return (MAX_SWAPFILES);
	return (kvmi_min(n, MAX_SWAPFILES));
}

int
kvmi_linux_user_space(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kvmi_linux_mm *mm, struct kvmi_linux_user *u)
{
	const struct kvmi_linux *l = k->priv;
	struct kvmi_mapping m;
	int r;

	if (k->space.ops != &kvmi_space_paged)
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: an image "
		    "without page tables has no memory of processes",
		    k->img->src->name));
	r = kvmi_space_translate(&k->space, mm->pgd, &m, &cx->err);
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "page tables of the process "
		    "(pgd)"));
	*u = (struct kvmi_linux_user){ .space = k->space, .linux_ = l,
		.swap_devices = swap_devices(k, cx) };
	u->space.ops = &user_ops;
	u->space.arg = u;
	u->space.asid = kvmi_kernel_new_asid(k, cx);
	u->space.paging.root_pa = m.pa + (mm->pgd - m.va);
	return (l->arch->user == NULL ? 0 : l->arch->user(k, cx, mm->va,
	    &u->space.paging));
}

int
kvmi_linux_user_half(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t mm,
    struct kvmi_paging *p)
{
	(void)k;
	(void)cx;
	(void)mm;
	p->user = true;
	p->direct = NULL;
	p->ndirect = 0;
	return (0);
}

int
kvmi_linux_user_read(const struct kvmi_linux_user *u, struct kvmi_cx *cx,
    uint64_t va, void *buf, size_t len, size_t *done)
{
	*done = 0;
	/* Above lies the kernel, and the tables may be the same. */
	if (!kvmi_inside(va, len, u->linux_->va.user_end))
		return (kvmi_fail(&cx->err, KVMI_ENOTMAPPED, "invalid user "
		    "address (0x%" PRIx64 "): of the kernel's part", va));
	return (kvmi_space_read(&u->space, cx, va, buf, len, done));
}

int
kvmi_linux_uread(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, uint64_t va, void *buf, size_t len,
    size_t *done)
{
	struct kvmi_linux_user u;
	struct kvmi_linux_mm mm;
	bool has;
	int r;

	*done = 0;
	r = kvmi_linux_mm(k, cx, ki, &mm, &has);
	if (r == 0 && !has)
		r = kvmi_fail(&cx->err, KVMI_ENOTMAPPED, "process %" PRId32
		    " has no memory of its own: a kernel thread, or it has "
		    "ended", ki->ki_pid);
	if (r == 0)
		r = kvmi_linux_user_space(k, cx, &mm, &u);
	if (r == 0)
		r = kvmi_linux_user_read(&u, cx, va, buf, len, done);
	return (r == 0 || !has ? r : kvmi_wrap(&cx->err, r, "process %" PRId32,
	    ki->ki_pid));
}
