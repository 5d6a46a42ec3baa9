/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_type_member(3): layouts of structures. */
#include <stdlib.h>

#include "api/kd.h"
#include "os/module_types.h"

struct question {
	const char	*path;
	struct kvmi_member member;
	uint64_t	 size;
	int64_t		 value;
	struct kvmi_member_list list;
	bool		 known;		/* the type is, but not its member: */
	struct kvmi_err	 why;
};

static int
ask(kvm_t *kd, const char *name, kvmi_ask_types_fn *fn, struct question *q)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	struct kvmi_err before;
	int r;

	if (cx == NULL)
		return (-1);
	before = cx->err;
	kvmi_damage_reset(cx);
	if (name == NULL)
		r = kvmi_fail(&cx->err, KVMI_EINVAL, "no name");
	else if (kd->kernel->os->types == NULL)
		r = kvmi_kd_lacks(kd->kernel, cx, "types");
	else
		r = kvmi_any_type(kd->kernel, cx, name, fn, q);
	if (r == KVMI_ENOENT && q->known)
		cx->err = q->why;
	return (kvmi_kd_end(kd, cx, &before, r));
}

static int
ask_size(struct kvmi_types *t, const char *name, void *arg,
    struct kvmi_err *err)
{
	struct question *q = arg;

	return (kvmi_type_size(t, name, &q->size, err));
}

int
kvm_type_size(kvm_t *kd, const char *type, uint64_t *size)
{
	struct question q = { 0 };
	int r = ask(kd, type, ask_size, &q);

	if (r == 0)
		*size = q.size;
	return (r);
}

static int
ask_member(struct kvmi_types *t, const char *name, void *arg,
    struct kvmi_err *err)
{
	struct question *q = arg;
	struct kvmi_err none;
	int r = kvmi_type_member(t, name, q->path, &q->member, err);

	if (r == KVMI_ENOENT && !q->known &&
	    kvmi_type_size(t, name, &q->size, &none) == 0) {
		q->known = true;
		q->why = *err;
	}
	return (r);
}

static struct kvm_member
public_member(const struct kvmi_member *m)
{
	return ((struct kvm_member){
		.kb_off = m->off,
		.kb_size = m->size,
		.kb_count = m->count,
		.kb_bit_off = m->bit_off,
		.kb_bit_size = m->bit_size,
		.kb_signed = m->is_signed,
		.kb_pointer = m->is_pointer,
	});
}

int
kvm_type_member(kvm_t *kd, const char *type, const char *path,
    struct kvm_member *member)
{
	struct question q = { .path = path };
	int r = ask(kd, path != NULL ? type : NULL, ask_member, &q);

	if (r == 0)
		*member = public_member(&q.member);
	return (r);
}

static int
ask_list(struct kvmi_types *t, const char *name, void *arg,
    struct kvmi_err *err)
{
	struct question *q = arg;

	q->list.n = 0;
	return (kvmi_type_list(t, name, &q->list, err));
}

/* The whole list comes first: cb may ask for types itself. */
ssize_t
kvm_walk_members(kvm_t *kd, const char *type, kvm_walk_members_cb_t *cb,
    void *closure)
{
	struct question q = { 0 };
	struct kvm_member m;
	size_t n = 0;
	int r = ask(kd, type, ask_list, &q);

	while (r == 0 && n < q.list.n) {
		m = public_member(&q.list.v[n].m);
		if (cb(q.list.v[n++].name, &m, closure) == 0)
			break;
	}
	free(q.list.v);
	return (r == 0 ? (ssize_t)n : r);
}

static int
ask_enumerator(struct kvmi_types *t, const char *name, void *arg,
    struct kvmi_err *err)
{
	struct question *q = arg;

	return (kvmi_type_enumerator(t, name, &q->value, err));
}

int
kvm_type_enumerator(kvm_t *kd, const char *name, int64_t *value)
{
	struct question q = { 0 };
	int r = ask(kd, name, ask_enumerator, &q);

	if (r == 0)
		*value = q.value;
	return (r);
}
