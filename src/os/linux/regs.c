/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers: of CPUs from the NT_PRSTATUS notes of the image, of a thread that
 * does not run from the frame it was switched away with.
 */
#include <inttypes.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/linux/linux.h"

/*
 * struct elf_prstatus (include/linux/elfcore.h): its longs and times have the
 * size of a pointer.
 */
static inline size_t
prstatus_pid(const struct kvmi_kernel *k)
{
	return (k->arch->pointer_size == 8 ? 32 : 24);
}

static inline size_t
prstatus_regs(const struct kvmi_kernel *k)
{
	return (k->arch->pointer_size == 8 ? 112 : 72);
}

#define NT_PRSTATUS	1

void
kvmi_linux_reg_add(struct kvmi_regs *out, const char *name, uint64_t value)
{
	if (out->n < KVMI_MAX_REGS)
		out->v[out->n++] = (struct kvm_reg){ .kr_name = name,
			.kr_value = value };
}

uint64_t
kvmi_linux_reg_get(const struct kvmi_regs *regs, const char *name)
{
	for (size_t i = 0; i < regs->n; i++)
		if (strcmp(regs->v[i].kr_name, name) == 0)
			return (regs->v[i].kr_value);
	return (0);
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
		    prstatus_pid(k), be) == tid)
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
	const struct kvmi_linux *l = k->priv;
	const struct kvmi_linux_reg *reg = l->arch->regs;
	struct kvmi_note n;
	int r = find_note(k, cx, cpu, tid, &n);

	if (r != 0)
		return (r);
	for (; reg->name != NULL; reg++)
		if (kvmi_inside(prstatus_regs(k) + reg->off, reg->size,
		    n.descsz))
			kvmi_linux_reg_add(out, reg->name, kvmi_get_uint(
			    n.desc + prstatus_regs(k) + reg->off, reg->size,
			    k->img->big_endian));
	return (0);
}

int
kvmi_linux_regs(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, uint32_t cpu, struct kvmi_regs *out)
{
	const struct kvmi_linux *l = k->priv;

	if (l->arch->regs == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: registers of %s "
		    "are not supported", k->img->src->name, k->arch->name));
	if (ki == NULL)
		return (running_regs(k, cx, cpu, -1, out));
	if (ki->ki_oncpu >= 0)
		return (running_regs(k, cx, (uint32_t)ki->ki_oncpu, ki->ki_tid,
		    out));
	return (l->arch->saved_regs == NULL ? 0 : l->arch->saved_regs(k, cx,
	    ki->ki_tdaddr, out));
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
