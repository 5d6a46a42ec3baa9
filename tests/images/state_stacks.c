/* SPDX-License-Identifier: BSD-2-Clause */
/* "frame TID PC FUNCTION [interrupted]" lines, from the innermost out. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "state.h"

struct stack {
	struct state	*s;
	size_t		 at;		/* the next line */
	int32_t		 tid;
};

struct frame {
	int32_t		 tid;
	uint64_t	 pc;
	char		 name[64];
	char		 how[16];
};

static bool
parse(const char *line, struct frame *f)
{
	f->how[0] = '\0';
	return (sscanf(line, "frame %" SCNd32 " %" SCNx64 " %63s %15s",
	    &f->tid, &f->pc, f->name, f->how) >= 3);
}

/* The thread's next frame. */
static bool
next_frame(struct stack *w, struct frame *f)
{
	while (w->at < w->s->nline)
		if (parse(w->s->line[w->at++], f) && f->tid == w->tid)
			return (true);
	return (false);
}

static int
see_frame(const struct kvm_frame *f, void *arg)
{
	struct stack *w = arg;
	bool interrupted = (f->kf_flags & KVM_FRAME_INTERRUPTED) != 0;
	struct kvm_symbol sym = { .ks_name = "?" };
	struct frame want;

	if (!state_check(w->s, next_frame(w, &want), "thread %" PRId32
	    ": a frame more, at 0x%" PRIx64, w->tid, f->kf_pc))
		return (0);
	kvm_symbol_by_addr(w->s->kd, f->kf_pc, &sym);
	state_check(w->s, f->kf_pc == want.pc && interrupted ==
	    (want.how[0] == 'i') && strcmp(sym.ks_name, want.name) == 0,
	    "thread %" PRId32 ": 0x%" PRIx64 " in %s%s, not 0x%" PRIx64
	    " in %s %s", w->tid, f->kf_pc, sym.ks_name, interrupted ?
	    " interrupted" : "", want.pc, want.name, want.how);
	return (1);
}

static void
check_stack(struct state *s, const struct kinfo_proc *ki)
{
	struct stack w = { .s = s, .tid = ki->ki_tid };
	const char *why = "";
	struct frame more;

	if (!next_frame(&w, &more))
		return;
	w.at = 0;
	state_check(s, kvm_walk_stack(s->kd, ki, see_frame, &w) > 0,
	    "thread %" PRId32 ": %s", ki->ki_tid, kvm_geterr(s->kd));
	state_check(s, kvm_damage(s->kd, &why) == 0, "thread %" PRId32 ": %s",
	    ki->ki_tid, why);
	state_check(s, !next_frame(&w, &more), "thread %" PRId32
	    ": no frame of %s", ki->ki_tid, more.name);
}

void
state_stacks(struct state *s)
{
	struct kinfo_proc *ki;
	int n;

	ki = kvm_getprocs(s->kd, KERN_PROC_ALL | KERN_PROC_INC_THREAD, 0, &n);
	if (!state_check(s, ki != NULL, "kvm_getprocs: %s",
	    kvm_geterr(s->kd)))
		return;
	for (int i = 0; i < n; i++)
		check_stack(s, &ki[i]);
}
