/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of processes, through the page tables that are in the pmap of their
 * vmspace (sys/<arch>/include/pmap.h).
 */
#include "os/freebsd/user.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/math.h"
#include "os/freebsd/freebsd.h"
#include "os/freebsd/layout.h"

/* p_state (sys/proc.h), sv_flags (sys/sysent.h) */
#define PRS_ZOMBIE	2
#define SV_ILP32	0x000100

/* What a member that leads to the root of the tables is. */
enum root_kind {
	ROOT_PA,		/* its physical address, with other bits */
	ROOT_VA,		/* its address in the kernel */
	ROOT_SATP,		/* the register of RISC-V */
	ROOT_SEGMENTS,		/* powerpc's segment registers, for the hash */
};

static const struct root {
	const struct kvmi_arch *arch;
	const char	*member;
	enum root_kind	 kind;
	uint64_t	 mask;		/* of the address in it */
	unsigned int	 levels;	/* unless the kernel's are known */
} roots[] = {
	{ &kvmi_arch_x86_64, "vmspace.vm_pmap.pm_cr3", ROOT_PA,
	    UINT64_C(0x000ffffffffff000), 4 },
	{ &kvmi_arch_i386, "vmspace.vm_pmap.pm_pdir_nopae "
	    "vmspace.vm_pmap.pm_pdir", ROOT_VA, UINT64_MAX, 2 },
	{ &kvmi_arch_i386_pae, "vmspace.vm_pmap.pm_pdpt_pae "
	    "vmspace.vm_pmap.pm_pdpt", ROOT_VA, UINT64_MAX, 3 },
	{ &kvmi_arch_arm_v6, "vmspace.vm_pmap.pm_pt1", ROOT_VA, UINT64_MAX, 2 },
	/* An ASID is above the address, and a bit below it. */
	{ &kvmi_arch_arm64, "vmspace.vm_pmap.pm_ttbr", ROOT_PA,
	    UINT64_C(0x0000fffffffff000), 4 },
	{ &kvmi_arch_arm64_16k, "vmspace.vm_pmap.pm_ttbr", ROOT_PA,
	    UINT64_C(0x0000fffffffff000), 4 },
	{ &kvmi_arch_riscv64, "vmspace.vm_pmap.pm_satp", ROOT_SATP,
	    (UINT64_C(1) << 44) - 1, 3 },
	{ &kvmi_arch_mips, "vmspace.vm_pmap.pm_segtab", ROOT_VA, UINT64_MAX,
	    2 },
	{ &kvmi_arch_mips64, "vmspace.vm_pmap.pm_segtab", ROOT_VA, UINT64_MAX,
	    3 },
	{ &kvmi_arch_ppc, "vmspace.vm_pmap.pm_sr[0]", ROOT_SEGMENTS,
	    UINT64_C(0xfffff0), 0 },
	{ &kvmi_arch_ppc64, "vmspace.vm_pmap.pm_pml1", ROOT_VA, UINT64_MAX,
	    4 },
};

/* satp.MODE: 8 for Sv39, 9 for Sv48, 10 for Sv57. */
#define SATP_MODE(v)	((unsigned int)((v) >> 60))

static int
read_root(struct kvmi_kernel *k, struct kvmi_cx *cx, const struct root *t,
    struct kvmi_freebsd_user *u)
{
	struct kvmi_paging *p = &u->space.paging;
	struct kvmi_mapping map;
	struct kvmi_types *types;
	struct kvmi_member m;
	uint64_t v;
	int r;

	r = kvmi_kernel_types(k, cx, &types);
	if (r == 0)
		r = kvmi_type_first(types, t->member, &m, &cx->err);
	if (r == 0)
		r = kvmi_freebsd_get(k, cx, u->vmspace, &m, &v);
	if (r != 0)
		return (r);
	switch (t->kind) {
	case ROOT_PA:
		p->root_pa = v & t->mask;
		break;
	case ROOT_VA:
		r = kvmi_space_translate(&k->space, v, &map, &cx->err);
		if (r == 0)
			p->root_pa = map.pa + (v - map.va);
		break;
	case ROOT_SATP:
		p->root_pa = (v & t->mask) << 12;
		if (SATP_MODE(v) >= 8 && SATP_MODE(v) <= 10)
			p->levels = SATP_MODE(v) - 5;
		break;
	case ROOT_SEGMENTS:
		u->hpt = *(const struct kvmi_hpt *)k->space.arg;
		u->hpt.vsid = v & t->mask;
		u->space.arg = &u->hpt;
		if (u->hpt.vsid == 0)
			r = kvmi_fail(&cx->err, KVMI_EFORMAT, "no segments");
		break;
	}
	return (r);
}

static int
user_translate(const struct kvmi_space *s, uint64_t va,
    struct kvmi_mapping *ret, struct kvmi_err *err)
{
	int r = s->arg != NULL ?
	    kvmi_freebsd_hpt_translate(s, s->arg, va, ret, err) :
	    kvmi_walk(&s->paging, va, kvmi_image_read_phys, s->img, ret, err);

	if (r != KVMI_ENOTMAPPED)
		return (r);
	return (kvmi_fail(err, r, "user address 0x%" PRIx64 ": no page there "
	    "(never used, or swapped out, which its table does not tell)",
	    va));
}

static const struct kvmi_space_ops user_ops = {
	.translate = user_translate,
};

static int
absent(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	return (kvmi_fail(&cx->err, KVMI_ENOTINDUMP, "%s: in a dump of FreeBSD/%s "
	    "of this kind no memory of processes is found",
	    k->img->src->name,
	    kvmi_arch_freebsd_name(k->arch, k->big_endian)));
}

/* With a hash table, powerpc64 has the segments of a process in a tree. */
static int
check_hashed(struct kvmi_kernel *k, struct kvmi_cx *cx, const struct root *t)
{
	const struct kvmi_minidump *h = k->img->minidump;

	if (k->space.ops == &kvmi_space_segments || (h != NULL && h->hashed))
		return (absent(k, cx));
	if (k->space.ops != &kvmi_freebsd_hash_space ||
	    t->kind == ROOT_SEGMENTS)
		return (0);
	return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: memory of processes is "
	    "not found where powerpc64 has a hash table (their segments are "
	    "in pm_slb_tree_root)", k->img->src->name));
}

/* A process of a 32-bit ABI on a 64-bit machine. */
static void
find_pointer_size(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t proc,
    struct kvmi_freebsd_user *u)
{
	struct kvmi_member sysent, flags;
	struct kvmi_types *t;
	uint64_t va, v;

	u->pointer_size = k->arch->pointer_size;
	if (kvmi_kernel_types(k, cx, &t) == 0 &&
	    kvmi_type_member(t, "proc", "p_sysent", &sysent, &cx->err) == 0 &&
	    kvmi_type_member(t, "sysentvec", "sv_flags", &flags,
	    &cx->err) == 0 &&
	    kvmi_freebsd_get(k, cx, proc, &sysent, &va) == 0 &&
	    kvmi_freebsd_get(k, cx, va, &flags, &v) == 0 &&
	    (v & SV_ILP32) != 0)
		u->pointer_size = 4;
}

int
kvmi_freebsd_user_space(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t proc, uint64_t vmspace, struct kvmi_freebsd_user *u)
{
	const struct root *t = NULL;
	int r;

	for (size_t i = 0; i < KVMI_COUNT(roots) && t == NULL; i++)
		if (roots[i].arch == k->arch)
			t = &roots[i];
	if (t == NULL)
		return (absent(k, cx));
	r = check_hashed(k, cx, t);
	if (r != 0)
		return (r);
	*u = (struct kvmi_freebsd_user){ .proc = proc, .vmspace = vmspace,
		.space = { .ops = &user_ops, .img = k->img,
		.asid = kvmi_kernel_new_asid(k, cx),
		.paging = { .arch = k->arch,
		.big_endian = k->space.paging.big_endian,
		.user = true, .levels = k->space.paging.levels != 0 ?
		k->space.paging.levels : t->levels } } };
	r = read_root(k, cx, t, u);
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "page tables of the process"));
	find_pointer_size(k, cx, proc, u);
	return (0);
}

int
kvmi_freebsd_user_read(const struct kvmi_freebsd_user *u, struct kvmi_cx *cx,
    uint64_t va, void *buf, size_t len, size_t *done)
{
	uint64_t end = u->space.paging.arch->pointer_size == 8 ?
	    UINT64_C(1) << 63 : UINT64_C(1) << 32;

	*done = 0;
	if (!kvmi_inside(va, len, end))
		return (kvmi_fail(&cx->err, KVMI_ENOTMAPPED, "invalid user "
		    "address (0x%" PRIx64 ")", va));
	return (kvmi_space_read(&u->space, cx, va, buf, len, done));
}

static int
find_proc(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, uint64_t *ret)
{
	struct kvmi_procs p = { 0 };
	int r = 0;

	*ret = ki->ki_paddr;
	if (*ret == 0) {
		r = kvmi_freebsd_procs(k, cx, KERN_PROC_PID, ki->ki_pid,
		    false, &p);
		if (r == 0 && p.n > 0)
			*ret = p.v[0].ki_paddr;
	}
	free(p.v);
	return (r != 0 || *ret != 0 ? r : kvmi_fail(&cx->err, KVMI_EINVAL,
	    "no process %" PRId32, ki->ki_pid));
}

int
kvmi_freebsd_user_proc(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, uint64_t *proc, uint64_t *vmspace,
    bool *has)
{
	static const char *const spellings[] = { "proc.p_pid", "proc.p_flag",
		"proc.p_state", "proc.p_vmspace" };
	struct kvmi_member m[KVMI_COUNT(spellings)];
	uint64_t v[KVMI_COUNT(spellings)];
	struct kvmi_types *t;
	int r;

	*has = false;
	r = kvmi_kernel_types(k, cx, &t);
	if (r == 0)
		r = kvmi_type_members(t, spellings, KVMI_COUNT(m), m,
		    &cx->err);
	if (r == 0)
		r = find_proc(k, cx, ki, proc);
	for (size_t i = 0; i < KVMI_COUNT(m) && r == 0; i++)
		r = kvmi_freebsd_get(k, cx, *proc, &m[i], &v[i]);
	if (r == 0 && (int32_t)v[0] != ki->ki_pid)
		r = kvmi_fail(&cx->err, KVMI_EINVAL, "it is %" PRId32
		    "'s: was the process listed from this image?",
		    (int32_t)v[0]);
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "process %" PRId32, ki->ki_pid));
	*vmspace = v[3];
	*has = (v[1] & (P_KPROC | P_WEXIT)) == 0 && v[2] != PRS_ZOMBIE &&
	    *vmspace != 0;
	return (0);
}

int
kvmi_freebsd_uread(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, uint64_t va, void *buf, size_t len,
    size_t *done)
{
	struct kvmi_freebsd_user u;
	uint64_t proc, vmspace;
	bool has;
	int r;

	*done = 0;
	r = kvmi_freebsd_user_proc(k, cx, ki, &proc, &vmspace, &has);
	if (r != 0)
		return (r);
	if (!has)
		r = kvmi_fail(&cx->err, KVMI_ENOTMAPPED, "it has no memory of "
		    "its own: a kernel process, or it has ended");
	if (r == 0)
		r = kvmi_freebsd_user_space(k, cx, proc, vmspace, &u);
	if (r == 0)
		r = kvmi_freebsd_user_read(&u, cx, va, buf, len, done);
	return (r == 0 ? 0 : kvmi_wrap(&cx->err, r, "process %" PRId32,
	    ki->ki_pid));
}
