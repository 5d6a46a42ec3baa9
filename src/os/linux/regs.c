/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers: of CPUs from the NT_PRSTATUS notes of the image, of a thread that
 * does not run from the frame it was switched away with.
 */
#include <inttypes.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/linux/linux.h"

/* struct elf_prstatus of 64-bit machines (include/linux/elfcore.h). */
#define PRSTATUS_PID	32
#define PRSTATUS_REGS	112
#define NT_PRSTATUS	1

/* struct user_regs_struct (arch/x86/include/asm/user_64.h). */
static const char *const x86_64_regs[] = { "r15", "r14", "r13", "r12", "rbp",
	"rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi",
	"orig_rax", "rip", "cs", "eflags", "rsp", "ss", "fs_base", "gs_base",
	"ds", "es", "fs", "gs" };

/* Members of struct inactive_task_frame (arch/x86/include/asm/switch_to.h). */
static const struct { const char *member, *reg; } x86_64_saved[] = {
	{ "r15", "r15" }, { "r14", "r14" }, { "r13", "r13" }, { "r12", "r12" },
	{ "bx", "rbx" }, { "bp", "rbp" }, { "ret_addr", "rip" },
};

static void
add(struct kvmi_regs *out, const char *name, uint64_t value)
{
	if (out->n < KVMI_MAX_REGS)
		out->v[out->n++] = (struct kvm_reg){ .kr_name = name,
			.kr_value = value };
}

/* Notes that QEMU wrote are one for each CPU, in order. */
static bool
notes_by_cpu(struct kvmi_kernel *k)
{
	struct kvmi_note n;
	size_t pos = 0;

	while (kvmi_note_next(&k->img->notes, k->img->big_endian, &pos, &n))
		if (kvmi_note_is(&n, "QEMU", 0))
			return (true);
	return (false);
}

/*
 * The note of cpu, or else of the thread tid: a kernel that wrote the notes
 * itself leaves out those of CPUs that are off, but says who ran.  A tid of
 * -1 is none.
 */
static int
find_note(struct kvmi_kernel *k, struct kvmi_cx *cx, uint32_t cpu,
    int32_t tid, struct kvmi_note *ret)
{
	bool be = k->img->big_endian, by_cpu = tid < 0 || notes_by_cpu(k);
	uint32_t i = 0;
	size_t pos = 0;

	while (kvmi_note_next(&k->img->notes, be, &pos, ret)) {
		if (!kvmi_note_is(ret, "CORE", NT_PRSTATUS) ||
		    ret->descsz < k->arch->prstatus_size)
			continue;
		if (by_cpu ? i == cpu : (int32_t)kvmi_get32(ret->desc +
		    PRSTATUS_PID, be) == tid)
			return (0);
		i++;
	}
	return (kvmi_fail(&cx->err, KVMI_ENOENT, "%s: no registers of CPU %"
	    PRIu32 " in the image", k->img->src->name, cpu));
}

static int
running_regs(struct kvmi_kernel *k, struct kvmi_cx *cx, uint32_t cpu,
    int32_t tid, struct kvmi_regs *out)
{
	struct kvmi_note n;
	int r = find_note(k, cx, cpu, tid, &n);

	if (r != 0)
		return (r);
	for (size_t i = 0; i < KVMI_COUNT(x86_64_regs); i++)
		if (kvmi_inside(PRSTATUS_REGS + 8 * i, 8, n.descsz))
			add(out, x86_64_regs[i], kvmi_get64(n.desc +
			    PRSTATUS_REGS + 8 * i, k->img->big_endian));
	return (0);
}

static int
saved_regs(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t task,
    struct kvmi_regs *out)
{
	struct kvmi_member sp, m;
	struct kvmi_types *t;
	uint8_t frame[256];
	uint64_t at, size;
	int r = kvmi_kernel_types(k, cx, &t);

	if (r == 0)
		r = kvmi_type_member(t, "task_struct", "thread.sp", &sp,
		    &cx->err);
	if (r == 0)
		r = kvmi_type_size(t, "inactive_task_frame", &size, &cx->err);
	if (r != 0)
		return (kvmi_fail(&cx->err, r, "%s: how a thread is switched "
		    "away is not known: no struct inactive_task_frame",
		    k->img->src->name));
	if (size > sizeof(frame))
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "struct "
		    "inactive_task_frame of %" PRIu64 " bytes", size));
	r = kvmi_kread_ptr(k, cx, task + sp.off, &at);
	if (r == 0)
		r = kvmi_kread(k, cx, at, frame, (size_t)size);
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "saved registers of the task at "
		    "0x%" PRIx64, task));
	for (size_t i = 0; i < KVMI_COUNT(x86_64_saved); i++)
		if (kvmi_type_member(t, "inactive_task_frame",
		    x86_64_saved[i].member, &m, &cx->err) == 0)
			add(out, x86_64_saved[i].reg, kvmi_member_get(&m,
			    frame, (size_t)size, k->big_endian));
	add(out, "rsp", at + size);
	return (0);
}

int
kvmi_linux_regs(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, uint32_t cpu, struct kvmi_regs *out)
{
	if (k->arch != &kvmi_arch_x86_64)
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: registers of %s "
		    "are not supported", k->img->src->name, k->arch->name));
	if (ki == NULL)
		return (running_regs(k, cx, cpu, -1, out));
	if (ki->ki_oncpu >= 0)
		return (running_regs(k, cx, (uint32_t)ki->ki_oncpu, ki->ki_tid,
		    out));
	return (saved_regs(k, cx, ki->ki_tdaddr, out));
}

/* kernel/panic.c: panic_cpu is PANIC_CPU_INVALID, -1, until one panics. */
int
kvmi_linux_panic_cpu(struct kvmi_kernel *k, struct kvmi_cx *cx, int32_t *ret)
{
	uint64_t va, v;
	int r = kvmi_kernel_addr(k, cx, "panic_cpu", &va);

	if (r == 0)
		r = kvmi_kread_uint(k, cx, va, 4, &v);
	if (r == 0)
		*ret = (int32_t)v;
	return (r);
}
