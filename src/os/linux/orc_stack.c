/* SPDX-License-Identifier: BSD-2-Clause */
/* A kernel stack by ORC tables (arch/x86/kernel/unwind_orc.c). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "os/linux/linux.h"
#include "os/linux/module_text.h"
#include "os/linux/orc.h"
#include "os/linux/x86_caller.h"

/* A stack of 16 KiB has no more frames than that. */
#define MAX_FRAMES	1024
/* Exceptions, NMI and interrupts nest no deeper. */
#define MAX_SWITCHES	8

/* The same for all stacks of a kernel. */
struct tables {
	struct kvmi_orc	 orc;
	struct kvmi_orc_table table;
	uint64_t	 text, etext;
	uint64_t	 init, einit;	/* what only boots */
};

struct walk {
	struct kvmi_kernel *k;
	struct kvmi_cx	*cx;
	struct tables	 t;
	uint64_t	 stack, stack_end;
	unsigned int	 switches;
	struct kvmi_linux_module module;	/* the last one met */
};

static int
read_kernel(void *arg, uint64_t va, void *buf, size_t len,
    struct kvmi_err *err)
{
	struct walk *w = arg;

	(void)err;	/* w->cx's */
	if (va - w->stack < w->stack_end - w->stack)
		return (kvmi_space_glance(&w->k->space, w->cx, va, buf, len));
	return (kvmi_kread(w->k, w->cx, va, buf, len));
}

static const uint8_t *
map_kernel(void *arg, uint64_t va, size_t len)
{
	const struct walk *w = arg;

	return (kvmi_space_ptr(&w->k->space, w->cx, va, len));
}

static int
kernel_table(struct walk *w)
{
	struct kvmi_orc_table *table = &w->t.table;
	const struct { const char *name; uint64_t *va; } names[] = {
		{ "__start_orc_unwind_ip", &table->ips },
		{ "__start_orc_unwind", &table->entries },
		{ "__stop_orc_unwind", &table->n },
		{ "_stext", &w->t.text },
		{ "_etext", &w->t.etext },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < KVMI_COUNT(names); i++)
		r = kvmi_kernel_addr(w->k, w->cx, names[i].name, names[i].va);
	if (r != 0)
		return (kvmi_wrap(&w->cx->err, r, "%s: no ORC tables in the "
		    "image", w->k->img->src->name));
	if (table->n < table->entries)
		return (kvmi_fail(&w->cx->err, KVMI_EFORMAT, "%s: ORC tables "
		    "end before they start", w->k->img->src->name));
	table->n = (table->n - table->entries) / w->t.orc.entry_size;
	if (kvmi_kernel_addr(w->k, w->cx, "_sinittext", &w->t.init) != 0 ||
	    kvmi_kernel_addr(w->k, w->cx, "_einittext", &w->t.einit) != 0)
		w->t.init = w->t.einit = 0;
	return (0);
}

static int
make_tables(struct walk *w)
{
	struct kvmi_types *t;
	struct tables *made;
	int r;

	r = kvmi_kernel_types(w->k, w->cx, &t);
	if (r == 0)
		r = kvmi_orc_init(&w->t.orc, t, read_kernel, w, &w->cx->err);
	if (r == 0)
		r = kernel_table(w);
	if (r == 0)
		r = kvmi_orc_numbering(&w->t.orc, &w->t.table, &w->cx->err);
	/* Without memory for it, it is made again the next time. */
	if (r == 0 && (made = malloc(sizeof(*made))) != NULL) {
		*made = w->t;
		kvmi_linux_once_set(w->k->priv, KVMI_ONCE_ORC, made);
	}
	return (r);
}

static int
init(struct walk *w, struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki)
{
	const struct tables *made = kvmi_linux_once(k->priv, KVMI_ONCE_ORC);
	int r = 0;

	*w = (struct walk){ .k = k, .cx = cx };
	if (made != NULL)
		w->t = *made;
	else
		r = make_tables(w);
	w->t.orc.arg = w;
	w->t.orc.map = map_kernel;
	if (r == 0)
		r = kvmi_linux_stack_of(k, cx, ki, &w->stack, &w->stack_end);
	return (r);
}

static int
start(struct walk *w, const struct kinfo_proc *ki, struct kvmi_orc_state *s)
{
	struct kvmi_regs regs = { .n = 0 };
	int r = kvmi_linux_regs(w->k, w->cx, ki, 0, &regs);

	*s = (struct kvmi_orc_state){
		.ip = kvmi_linux_reg_get(&regs, "rip"),
		.sp = kvmi_linux_reg_get(&regs, "rsp"),
		.bp = kvmi_linux_reg_get(&regs, "rbp"),
		.r10 = kvmi_linux_reg_get(&regs, "r10"),
		.r13 = kvmi_linux_reg_get(&regs, "r13"),
		.dx = kvmi_linux_reg_get(&regs, "rdx"),
		.di = kvmi_linux_reg_get(&regs, "rdi"),
	};
	s->exact = s->full = ki->ki_oncpu >= 0;
	s->user = (kvmi_linux_reg_get(&regs, "cs") & 3) == 3;
	return (r);
}

static bool
on_own_stack(const struct walk *w, uint64_t sp)
{
	return (sp >= w->stack && sp <= w->stack_end);
}

/* Stacks are left upwards; only the thread's own is entered from another. */
static int
check(struct walk *w, uint64_t from, const struct kvmi_orc_state *s)
{
	struct kvmi_err *err = &w->cx->err;

	if (on_own_stack(w, from) && !on_own_stack(w, s->sp))
		return (kvmi_fail(err, KVMI_EFORMAT, "0x%" PRIx64 " is not on "
		    "the thread's stack", s->sp));
	if ((on_own_stack(w, from) || !on_own_stack(w, s->sp)) &&
	    s->sp <= from && ++w->switches > (on_own_stack(w, from) ? 0 :
	    MAX_SWITCHES))
		return (kvmi_fail(err, KVMI_EFORMAT, "the stack goes back from "
		    "0x%" PRIx64 " to 0x%" PRIx64, from, s->sp));
	return (0);
}

/* What unwinds s: the kernel's tables or, with *module, those of w->module. */
static int
choose(struct walk *w, const struct kvmi_orc_state *s, bool *module)
{
	uint64_t ip = s->exact ? s->ip : s->ip - 1;

	*module = (ip < w->t.text || ip >= w->t.etext) &&
	    (ip < w->t.init || ip >= w->t.einit);
	if (!*module || (ip >= w->module.text && ip < w->module.etext))
		return (0);
	return (kvmi_linux_module_at(w->k, w->cx, ip, &w->module));
}

static int
walk_frames(struct walk *w, struct kvmi_orc_state *s, kvm_walk_stack_cb_t *cb,
    void *closure, size_t *n)
{
	int r = 1;

	while (r == 1 && *n < MAX_FRAMES) {
		struct kvm_frame f = { .kf_pc = s->ip, .kf_sp = s->sp,
			.kf_flags = s->exact ? KVM_FRAME_INTERRUPTED : 0 };
		uint64_t from = s->sp;
		bool module;

		r = choose(w, s, &module);
		if (r != 0)
			return (r);
		if (module)
			memcpy(f.kf_module, w->module.name,
			    sizeof(f.kf_module));
		(*n)++;
		if (cb(&f, closure) == 0)
			return (0);
		r = kvmi_orc_step(&w->t.orc, module ? &w->module.orc :
		    &w->t.table, s, &w->cx->err);
		if (r == KVMI_ENOENT && on_own_stack(w, from) &&
		    kvmi_linux_x86_caller(w->k, w->cx, w->stack_end, s))
			r = 1;
		if (r == 1 && (r = check(w, from, s)) == 0)
			r = 1;
	}
	return (r == 1 ? kvmi_fail(&w->cx->err, KVMI_EFORMAT,
	    "more than %d frames", MAX_FRAMES) : r);
}

int
kvmi_linux_orc_stack(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, kvm_walk_stack_cb_t *cb, void *closure,
    size_t *n)
{
	struct kvmi_orc_state s;
	struct walk w;
	int r;

	r = init(&w, k, cx, ki);
	if (r == 0)
		r = start(&w, ki, &s);
	/* A program that was running has nothing on its kernel stack. */
	if (r != 0 || s.user)
		return (r);
	return (kvmi_linux_stack_end(cx, ki, walk_frames(&w, &s, cb, closure,
	    n)));
}
