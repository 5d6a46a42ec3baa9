/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel stack of a thread; how it is followed, the architecture knows. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/math.h"
#include "os/linux/linux.h"

/* Where the types do not tell. */
#define DEFAULT_STACK	16384
#define MAX_STACK	(UINT64_C(1) << 20)

/* THREAD_SIZE, the same for all threads of a kernel. */
static uint64_t
stack_size(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	const uint64_t *made = kvmi_linux_once(k->priv, KVMI_ONCE_STACK);
	struct kvmi_types *t;
	uint64_t size, *keep;

	if (made != NULL)
		return (*made);
	if (kvmi_kernel_types(k, cx, &t) != 0 || kvmi_type_size(t,
	    "thread_union", &size, &cx->err) != 0 || size == 0 ||
	    size > MAX_STACK)
		size = DEFAULT_STACK;
	keep = malloc(sizeof(*keep));
	if (keep != NULL) {
		*keep = size;
		kvmi_linux_once_set(k->priv, KVMI_ONCE_STACK, keep);
	}
	return (size);
}

int
kvmi_linux_stack_of(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, uint64_t *start, uint64_t *end)
{
	*start = ki->ki_kstack;
	if (!kvmi_add(*start, stack_size(k, cx), end))
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "thread %" PRId32
		    ": stack at 0x%" PRIx64, ki->ki_tid, *start));
	return (0);
}

int
kvmi_linux_stack_end(struct kvmi_cx *cx, const struct kinfo_proc *ki, int r)
{
	if (r < 0) {
		kvmi_wrap(&cx->err, r, "stack of thread %" PRId32,
		    ki->ki_tid);
		kvmi_damage(cx);
	}
	return (0);
}

int
kvmi_linux_stack(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, kvm_walk_stack_cb_t *cb, void *closure,
    size_t *n)
{
	const struct kvmi_linux *l = k->priv;

	/* A thread that has exited gave its stack back. */
	if (ki->ki_kstack == 0 && ki->ki_stat == SZOMB)
		return (0);
	if (l->arch->stack == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: stacks of %s "
		    "are not supported", k->img->src->name, k->arch->name));
	return (l->arch->stack(k, cx, ki, cb, closure, n));
}
