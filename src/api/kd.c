/* SPDX-License-Identifier: BSD-2-Clause */
#include "api/kd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct kvmi_cx *
kvmi_kd_enter(kvm_t *kd)
{
	struct kvmi_cx *cx;

	if (kd == NULL) {
		errno = EINVAL;
		return (NULL);
	}
	cx = kvmi_cx_get(&kd->threads);
	if (cx == NULL)
		errno = ENOMEM;
	return (cx);
}

void
kvmi_kd_name_memory(const kvm_t *kd, struct kvmi_cx *cx, int code)
{
	const char *name = kd->opts.ko_corefile;

	if (code == KVMI_ENOMEM && name != NULL &&
	    strncmp(cx->err.text, name, strlen(name)) != 0)
		kvmi_wrap(&cx->err, code, "%s", name);
}

int
kvmi_kd_fail(kvm_t *kd, struct kvmi_cx *cx, int code)
{
	kvmi_kd_name_memory(kd, cx, code);
	cx->err.code = code;
	/* BSD stores "invalid address" without printing it. */
	if (kd->errstr != NULL && code != KVMI_ENOTMAPPED &&
	    code != KVMI_ENOTINDUMP && code != KVMI_ESWAPPED)
		fprintf(stderr, "%s: %s\n", kd->errstr, cx->err.text);
	return (-1);
}

int
kvmi_kd_end(kvm_t *kd, struct kvmi_cx *cx, const struct kvmi_err *before,
    int code)
{
	if (code != 0)
		return (kvmi_kd_fail(kd, cx, code));
	kvmi_kd_restore(cx, before);
	return (0);
}

int
kvmi_kd_memory(kvm_t *kd, struct kvmi_cx *cx)
{
	struct kvmi_kernel *k = kd->kernel;

	if (k->os->memory == NULL)
		return (0);
	return (k->os->memory(k, cx));
}

int
kvmi_kd_lacks(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *what)
{
	return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s of this kernel (%s) "
	    "cannot be had", what, k->os->name));
}

int
kvmi_kd_dumps_only(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const char *what)
{
	if (!k->live)
		return (kvmi_kd_lacks(k, cx, what));
	return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s of the running kernel "
	    "cannot be had: they change while they are read; open a dump",
	    what));
}

char *
kvm_geterr(kvm_t *kd)
{
	static char none[] = "";
	struct kvmi_cx *cx;

	if (kd == NULL)
		return (none);
	cx = kvmi_cx_peek(&kd->threads);
	return (cx == NULL ? none : cx->err.text);
}

static enum kvm_errkind
errkind_of(int code)
{
	switch (code) {
	case KVMI_OK:
		return (KVM_ERR_NONE);
	case KVMI_ENOTMAPPED:
		return (KVM_ERR_NOTMAPPED);
	case KVMI_ENOTINDUMP:
		return (KVM_ERR_NOTINDUMP);
	case KVMI_ETRUNC:
		return (KVM_ERR_TRUNCATED);
	case KVMI_ESYS:
		return (KVM_ERR_IO);
	case KVMI_ENOTSUP:
		return (KVM_ERR_NOTSUP);
	case KVMI_EINVAL:
		return (KVM_ERR_INVAL);
	case KVMI_ENOMEM:
		return (KVM_ERR_NOMEM);
	case KVMI_ENOENT:
		return (KVM_ERR_NOSYMBOL);
	case KVMI_EMISMATCH:
		return (KVM_ERR_MISMATCH);
	case KVMI_EPERM:
		return (KVM_ERR_PERM);
	case KVMI_ESWAPPED:
		return (KVM_ERR_SWAPPED);
	default:
		return (KVM_ERR_BADIMAGE);
	}
}

enum kvm_errkind
kvm_errkind(kvm_t *kd)
{
	struct kvmi_cx *cx = kd == NULL ? NULL : kvmi_cx_peek(&kd->threads);

	return (cx == NULL ? KVM_ERR_NONE : errkind_of(cx->err.code));
}

unsigned int
kvm_damage(kvm_t *kd, const char **why)
{
	struct kvmi_cx *cx = kd == NULL ? NULL : kvmi_cx_peek(&kd->threads);

	if (why != NULL)
		*why = cx == NULL ? "" : cx->damage_why;
	return (cx == NULL ? 0 : cx->damage);
}
