/* SPDX-License-Identifier: BSD-2-Clause */
#include "os/linux/frame_stack.h"

#include <string.h>

#include "base/math.h"

/* Kernel text as it runs, and what only boots. */
static const char *const text_names[][2] = {
	{ "_stext", "_etext" }, { "_sinittext", "_einittext" },
};

bool
kvmi_linux_frame_in(const struct kvmi_linux_frames *w, uint64_t pc,
    const char *name)
{
	struct kvmi_kernel *k = w->frames.k;
	struct kvmi_symtab *t;
	struct kvmi_sym sym;

	return (kvmi_kernel_symtab(k, w->frames.cx, &t) == 0 &&
	    kvmi_symtab_by_addr(t, pc, &sym, &w->frames.cx->err) == 0 &&
	    strncmp(sym.name, name, strlen(name)) == 0);
}

static int
find_text(struct kvmi_linux_frames *w)
{
	int r = 0;

	for (size_t i = 0; i < KVMI_COUNT(text_names) && r == 0; i++) {
		r = kvmi_kernel_addr(w->frames.k, w->frames.cx,
		    text_names[i][0], &w->text[i].start);
		if (r == 0)
			r = kvmi_kernel_addr(w->frames.k, w->frames.cx,
			    text_names[i][1], &w->text[i].end);
		/* The first is what matters. */
		if (i > 0)
			r = 0;
	}
	return (r);
}

static int
text(void *arg, uint64_t pc, char module[64])
{
	struct kvmi_linux_frames *w = arg;
	int r = 0;

	module[0] = '\0';
	for (size_t i = 0; i < KVMI_COUNT(w->text); i++)
		if (pc >= w->text[i].start && pc < w->text[i].end)
			return (0);
	if (pc < w->module.text || pc >= w->module.etext)
		r = kvmi_linux_module_at(w->frames.k, w->frames.cx, pc,
		    &w->module);
	if (r == 0)
		memcpy(module, w->module.name, sizeof(w->module.name));
	return (r);
}

static int
entry(void *arg, struct kvmi_frame *f)
{
	struct kvmi_linux_frames *w = arg;

	return (w->arch->entry(w, f));
}

int
kvmi_linux_frame_stack(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, const struct kvmi_linux_frames_arch *arch,
    kvm_walk_stack_cb_t *cb, void *closure, size_t *n)
{
	const struct kvmi_linux *l = k->priv;
	struct kvmi_linux_frames w = { .arch = arch, .frames = { .k = k,
		.cx = cx, .abi = arch->abi, .text = text, .entry = entry } };
	struct kvmi_regs regs = { .n = 0 };
	struct kvmi_frame f = { .interrupted = ki->ki_oncpu >= 0 };
	int r;

	w.frames.arg = &w;
	if (arch->pc_is_signed)
		w.frames.pc_ones = l->va.first;
	if (arch->user == NULL)
		w.frames.user_end = l->va.user_end;
	r = find_text(&w);
	if (r == 0)
		r = kvmi_linux_stack_of(k, cx, ki, &w.frames.stack,
		    &w.frames.stack_end);
	if (r == 0)
		r = kvmi_linux_regs(k, cx, ki, 0, &regs);
	if (r != 0)
		return (r);
	f.pc = kvmi_linux_reg_get(&regs, arch->pc);
	f.sp = kvmi_linux_reg_get(&regs, arch->sp);
	f.fp = kvmi_linux_reg_get(&regs, arch->fp);
	w.ra = kvmi_linux_reg_get(&regs, "ra");
	/* A program that was running has nothing on its kernel stack. */
	if (f.interrupted && (arch->user != NULL ? arch->user(&regs) :
	    f.pc < l->va.user_end || f.sp < l->va.user_end))
		return (0);
	return (kvmi_linux_stack_end(cx, ki, kvmi_frames_walk(&w.frames, &f,
	    cb, closure, n)));
}
