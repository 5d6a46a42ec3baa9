/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel stack of a thread (arch/x86/kernel/unwind_orc.c). */
#include <inttypes.h>
#include <string.h>

#include "base/math.h"
#include "os/linux/linux.h"
#include "os/linux/module_text.h"
#include "os/linux/orc.h"

/* THREAD_SIZE where the types do not tell. */
#define DEFAULT_STACK	16384
#define MAX_STACK	(UINT64_C(1) << 20)
/* A stack of 16 KiB has no more frames than that. */
#define MAX_FRAMES	1024
/* Exceptions, NMI and interrupts nest no deeper. */
#define MAX_SWITCHES	8

struct walk {
	struct kvmi_kernel *k;
	struct kvmi_cx	*cx;
	struct kvmi_orc	 orc;
	struct kvmi_orc_table table;
	uint64_t	 text, etext;
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
	return (kvmi_kread(w->k, w->cx, va, buf, len));
}

static int
kernel_table(struct walk *w)
{
	const struct { const char *name; uint64_t *va; } names[] = {
		{ "__start_orc_unwind_ip", &w->table.ips },
		{ "__start_orc_unwind", &w->table.entries },
		{ "__stop_orc_unwind", &w->table.n },
		{ "_stext", &w->text },
		{ "_etext", &w->etext },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < KVMI_COUNT(names); i++)
		r = kvmi_kernel_addr(w->k, w->cx, names[i].name, names[i].va);
	if (r != 0)
		return (kvmi_wrap(&w->cx->err, r, "%s: no ORC tables in the "
		    "image", w->k->img->src->name));
	if (w->table.n < w->table.entries)
		return (kvmi_fail(&w->cx->err, KVMI_EFORMAT, "%s: ORC tables "
		    "end before they start", w->k->img->src->name));
	w->table.n = (w->table.n - w->table.entries) / w->orc.entry_size;
	return (0);
}

static int
init(struct walk *w, struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki)
{
	struct kvmi_types *t;
	uint64_t size;
	int r;

	*w = (struct walk){ .k = k, .cx = cx, .stack = ki->ki_kstack };
	if (k->arch != &kvmi_arch_x86_64)
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: stacks of %s "
		    "are not supported", k->img->src->name, k->arch->name));
	r = kvmi_kernel_types(k, cx, &t);
	if (r == 0)
		r = kvmi_orc_init(&w->orc, t, read_kernel, w, &cx->err);
	if (r == 0)
		r = kernel_table(w);
	if (r != 0)
		return (r);
	if (kvmi_type_size(t, "thread_union", &size, &cx->err) != 0 ||
	    size == 0 || size > MAX_STACK)
		size = DEFAULT_STACK;
	if (!kvmi_add(w->stack, size, &w->stack_end))
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "thread %" PRId32
		    ": stack at 0x%" PRIx64, ki->ki_tid, w->stack));
	return (0);
}

static int
start(struct walk *w, const struct kinfo_proc *ki, struct kvmi_orc_state *s)
{
	struct kvmi_regs regs = { .n = 0 };
	uint64_t cs = 0;
	const struct { const char *name; uint64_t *v; } wanted[] = {
		{ "rip", &s->ip }, { "rsp", &s->sp }, { "rbp", &s->bp },
		{ "r10", &s->r10 }, { "r13", &s->r13 }, { "rdx", &s->dx },
		{ "rdi", &s->di }, { "cs", &cs },
	};
	int r = kvmi_linux_regs(w->k, w->cx, ki, 0, &regs);

	*s = (struct kvmi_orc_state){ 0 };
	if (r != 0)
		return (r);
	for (size_t i = 0; i < regs.n; i++)
		for (size_t j = 0; j < KVMI_COUNT(wanted); j++)
			if (strcmp(regs.v[i].kr_name, wanted[j].name) == 0)
				*wanted[j].v = regs.v[i].kr_value;
	s->exact = s->full = ki->ki_oncpu >= 0;
	s->user = (cs & 3) == 3;
	return (0);
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

	*module = ip < w->text || ip >= w->etext;
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
		r = kvmi_orc_step(&w->orc, module ? &w->module.orc :
		    &w->table, s, &w->cx->err);
		if (r == 1 && (r = check(w, from, s)) == 0)
			r = 1;
	}
	return (r == 1 ? kvmi_fail(&w->cx->err, KVMI_EFORMAT,
	    "more than %d frames", MAX_FRAMES) : r);
}

int
kvmi_linux_stack(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, kvm_walk_stack_cb_t *cb, void *closure,
    size_t *n)
{
	struct kvmi_orc_state s;
	struct walk w;
	int r;

	/* A thread that has exited gave its stack back. */
	if (ki->ki_kstack == 0 && ki->ki_stat == SZOMB)
		return (0);
	r = init(&w, k, cx, ki);
	if (r == 0)
		r = start(&w, ki, &s);
	if (r != 0)
		return (r);
	/* A program that was running has nothing on its kernel stack. */
	if (s.user)
		return (0);
	r = walk_frames(&w, &s, cb, closure, n);
	if (r < 0) {
		kvmi_wrap(&cx->err, r, "stack of thread %" PRId32,
		    ki->ki_tid);
		kvmi_damage(cx);
	}
	return (0);
}
