/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel stack of a thread, by the frame pointers that FreeBSD keeps. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/math.h"
#include "os/freebsd/freebsd.h"
#include "os/freebsd/layout.h"
#include "os/freebsd/regs.h"

/* KSTACK_PAGES is 4 to 8. */
#define MAX_STACK_PAGES	256

struct walk {
	struct kvmi_kernel *k;
	struct kvmi_cx	*cx;
	const struct kvmi_freebsd_machine *m;
	struct kvmi_symtab *syms;
	struct kvmi_types *t;
	uint64_t	 pc;		/* looked for in modules */
	char		*name;
};

static bool
is_text(char letter)
{
	int c = toupper((unsigned char)letter);

	return (c == 'T' || c == 'W' || c == 'I');
}

static int
take_module(const struct kvm_module *m, void *arg)
{
	struct walk *w = arg;

	if (w->pc < m->km_addr || w->pc - m->km_addr >= m->km_size)
		return (1);
	memcpy(w->name, m->km_name, strnlen(m->km_name, 63));
	return (0);
}

/* A module whose file was not found has no symbols. */
static bool
in_module(struct walk *w, uint64_t pc, char name[64])
{
	unsigned int damage = w->cx->damage;
	size_t n;

	w->pc = pc;
	w->name = name;
	kvmi_freebsd_modules(w->k, w->cx, take_module, w, &n);
	w->cx->damage = damage;
	return (name[0] != '\0');
}

static int
text(void *arg, uint64_t pc, char module[64])
{
	struct walk *w = arg;
	struct kvmi_sym s;

	memset(module, 0, 64);
	if (kvmi_symtab_by_addr(w->syms, pc, &s, &w->cx->err) == 0 &&
	    is_text(s.letter) && (s.size == 0 || pc - s.addr < s.size)) {
		memcpy(module, s.module, strnlen(s.module, 63));
		return (0);
	}
	if (in_module(w, pc, module))
		return (0);
	return (kvmi_fail(&w->cx->err, KVMI_EFORMAT, "0x%" PRIx64 " is in no "
	    "function of the kernel or its modules", pc));
}

static int
tf_member(struct walk *w, uint64_t tf, const char *spelling, uint64_t *ret)
{
	struct kvmi_member m;
	int r = kvmi_type_first(w->t, spelling, &m, &w->cx->err);

	return (r == 0 ? kvmi_freebsd_get(w->k, w->cx, tf, &m, ret) : r);
}

/* struct trapframe is where the entry code left the registers. */
static int
interrupted(struct walk *w, struct kvmi_frame *f)
{
	const struct kvmi_freebsd_machine *m = w->m;
	uint64_t tf = f->sp, size, mode;
	int r = 0;

	if (m->tf_below_fp) {
		r = kvmi_type_size(w->t, "trapframe", &size, &w->cx->err);
		tf = f->fp - size;
	}
	if (r == 0)
		r = tf_member(w, tf, m->tf_mode, &mode);
	if (r == 0 && (mode & m->mode_mask) == m->mode_user)
		return (KVMI_FRAMES_USER);
	if (r == 0)
		r = tf_member(w, tf, m->tf_pc, &f->pc);
	if (r == 0)
		r = tf_member(w, tf, m->tf_sp, &f->sp);
	if (r == 0)
		r = tf_member(w, tf, m->tf_fp, &f->fp);
	f->interrupted = true;
	return (r == 0 ? 1 : kvmi_wrap(&w->cx->err, r, "trapframe at 0x%"
	    PRIx64, tf));
}

static int
entry(void *arg, struct kvmi_frame *f)
{
	struct walk *w = arg;
	const struct kvmi_freebsd_entry *e = w->m->entry;
	struct kvmi_sym s;

	if (f->interrupted || kvmi_symtab_by_addr(w->syms, f->pc - 1, &s,
	    &w->cx->err) != 0 || s.module[0] != '\0')
		return (0);
	while (e->prefix != NULL && strncmp(s.name, e->prefix,
	    strlen(e->prefix)) != 0)
		e++;
	if (e->prefix == NULL)
		return (0);
	return (e->user ? KVMI_FRAMES_USER : interrupted(w, f));
}

/* td_kstack and its pages. */
static int
find_stack(struct walk *w, uint64_t td, struct kvmi_frames *fr)
{
	struct kvmi_member m;
	uint64_t pages = 0;
	int r;

	r = kvmi_type_member(w->t, "thread", "td_kstack", &m, &w->cx->err);
	if (r == 0)
		r = kvmi_freebsd_get(w->k, w->cx, td, &m, &fr->stack);
	if (r == 0)
		r = kvmi_type_member(w->t, "thread", "td_kstack_pages", &m,
		    &w->cx->err);
	if (r == 0)
		r = kvmi_freebsd_get(w->k, w->cx, td, &m, &pages);
	if (r == 0 && (pages == 0 || pages > MAX_STACK_PAGES ||
	    !kvmi_add(fr->stack, pages << w->k->arch->page_shift,
	    &fr->stack_end)))
		r = kvmi_fail(&w->cx->err, KVMI_EFORMAT, "a stack of %" PRId64
		    " pages at 0x%" PRIx64, (int64_t)pages, fr->stack);
	return (r);
}

int
kvmi_freebsd_stack(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, kvm_walk_stack_cb_t *cb, void *closure,
    size_t *n)
{
	struct walk w = { .k = k, .cx = cx,
		.m = kvmi_freebsd_machine(k->arch) };
	struct kvmi_frames fr = { .k = k, .cx = cx, .text = text,
		.entry = entry, .arg = &w };
	struct kvmi_regs regs = { .n = 0 };
	struct kvmi_frame f;
	int r;

	if (w.m == NULL || w.m->abi == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: stacks of "
		    "FreeBSD/%s are not supported", k->img->src->name,
		    kvmi_arch_freebsd_name(k->arch, k->big_endian)));
	/* A zombie has none any more. */
	if (ki->ki_tdaddr == 0)
		return (0);
	fr.abi = w.m->abi;
	r = kvmi_kernel_symtab(k, cx, &w.syms);
	if (r == 0)
		r = kvmi_kernel_types(k, cx, &w.t);
	if (r == 0)
		r = kvmi_freebsd_regs(k, cx, ki, 0, &regs);
	if (r == 0)
		r = find_stack(&w, ki->ki_tdaddr, &fr);
	if (r != 0)
		return (r);
	f = (struct kvmi_frame){ .pc = kvmi_freebsd_reg(&regs, w.m->pc),
		.sp = kvmi_freebsd_reg(&regs, w.m->sp),
		.fp = kvmi_freebsd_reg(&regs, w.m->fp) };
	r = kvmi_frames_walk(&fr, &f, cb, closure, n);
	if (r < 0) {
		kvmi_wrap(&cx->err, r, "stack of thread %" PRId32,
		    ki->ki_tid);
		kvmi_damage(cx);
	}
	return (0);
}
