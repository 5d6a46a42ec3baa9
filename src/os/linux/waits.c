/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * As get_wchan() of the kernel: the first return address on the stack that is
 * neither the scheduler's nor a lock's (in_sched_functions(), kernel/sched).
 */
#include "os/linux/waits.h"

#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "os/linux/linux.h"

#define CACHED	64

struct range {
	uint64_t	start, end;
};

struct named {
	uint64_t	 pc;
	char		 name[WMESGLEN];
};

struct kvmi_linux_waits {
	struct kvmi_kernel *k;
	struct kvmi_cx	*cx;
	struct range	 skipped[2];
	struct named	 cache[CACHED];	/* by a part of the address */
};

static void
find_range(struct kvmi_linux_waits *w, struct range *r, const char *start,
    const char *end)
{
	if (kvmi_kernel_addr(w->k, w->cx, start, &r->start) != 0 ||
	    kvmi_kernel_addr(w->k, w->cx, end, &r->end) != 0)
		*r = (struct range){ 0 };
}

int
kvmi_linux_waits_open(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_linux_waits **ret)
{
	const struct kvmi_linux *l = k->priv;
	struct kvmi_linux_waits *w;

	if (l->arch->stack == NULL)
		return (KVMI_ENOTSUP);
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "out of memory"));
	w->k = k;
	w->cx = cx;
	find_range(w, &w->skipped[0], "__sched_text_start",
	    "__sched_text_end");
	find_range(w, &w->skipped[1], "__lock_text_start", "__lock_text_end");
	*ret = w;
	return (0);
}

void
kvmi_linux_waits_close(struct kvmi_linux_waits *w)
{
	free(w);
}

struct search {
	const struct kvmi_linux_waits *w;
	uint64_t	 pc;		/* what was found; 0: nothing yet */
};

static int
look(const struct kvm_frame *f, void *arg)
{
	struct search *s = arg;

	for (size_t i = 0; i < KVMI_COUNT(s->w->skipped); i++)
		if (f->kf_pc >= s->w->skipped[i].start &&
		    f->kf_pc < s->w->skipped[i].end)
			return (1);
	s->pc = f->kf_pc;
	return (0);
}

/* The function that calls, before pc, with as much of its name as fits. */
static const char *
name_of(struct kvmi_linux_waits *w, uint64_t pc)
{
	struct named *n = &w->cache[pc / 4 % CACHED];
	struct kvmi_sym sym;

	if (n->pc == pc)
		return (n->name);
	if (kvmi_symbol_at(w->k, w->cx, pc - 1, &sym) != 0)
		return ("");
	n->pc = pc;
	memset(n->name, 0, sizeof(n->name));
	memcpy(n->name, sym.name, strnlen(sym.name, sizeof(n->name)));
	return (n->name);
}

void
kvmi_linux_wait(struct kvmi_linux_waits *w, struct kinfo_proc *ki)
{
	unsigned int damage = w->cx->damage;
	struct search s = { .w = w };
	size_t n = 0;
	int r;

	r = kvmi_linux_stack(w->k, w->cx, ki, look, &s, &n);
	/* A stack that breaks costs this field, and is no damage of a list. */
	w->cx->damage = damage;
	if (damage == 0)
		w->cx->damage_why[0] = '\0';
	if (r == 0 && s.pc != 0)
		memcpy(ki->ki_wmesg, name_of(w, s.pc), WMESGLEN);
}
