/* SPDX-License-Identifier: BSD-2-Clause */
/* Members of the structures that processes are read from. */
#include "os/freebsd/lister.h"

#include <inttypes.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"

static void
failed(struct kvmi_freebsd_lister *x, uint64_t base,
    enum kvmi_freebsd_member id, int r)
{
	if (x->damaged == base)
		return;
	x->damaged = base;
	kvmi_wrap(&x->cx->err, r, "%s at 0x%" PRIx64,
	    kvmi_freebsd_member_name(id), base);
	kvmi_damage(x->cx);
}

uint64_t
kvmi_lget(struct kvmi_freebsd_lister *x, uint64_t base,
    enum kvmi_freebsd_member id)
{
	uint64_t v;
	int r;

	if (base == 0)
		return (0);
	r = kvmi_freebsd_get(x->k, x->cx, base, &x->l.m[id], &v);
	if (r != 0)
		failed(x, base, id, r);
	return (v);
}

uint64_t
kvmi_lget_in(struct kvmi_freebsd_lister *x, uint64_t base,
    enum kvmi_freebsd_member outer, enum kvmi_freebsd_member id)
{
	uint64_t v;
	int r;

	if (base == 0 || x->l.m[outer].size == 0)
		return (0);
	r = kvmi_freebsd_get(x->k, x->cx, base + x->l.m[outer].off,
	    &x->l.m[id], &v);
	if (r != 0)
		failed(x, base, outer, r);
	return (v);
}

void
kvmi_lister_name(struct kvmi_freebsd_lister *x, uint64_t base,
    enum kvmi_freebsd_member id, char *buf, size_t len)
{
	const struct kvmi_member *m = &x->l.m[id];
	char copy[256];
	int r;

	memset(buf, 0, len);
	if (base == 0 || m->size == 0)
		return;
	r = kvmi_space_string(&x->k->space, x->cx, base + m->off, copy,
	    (size_t)kvmi_min(m->size, sizeof(copy) - 1) + 1);
	if (r != 0)
		failed(x, base, id, r);
	else
		memcpy(buf, copy, strnlen(copy, len - 1));
}

void
kvmi_lister_string(struct kvmi_freebsd_lister *x, uint64_t base,
    enum kvmi_freebsd_member id, char *buf, size_t len)
{
	uint64_t va = kvmi_lget(x, base, id);
	char copy[256];
	int r;

	memset(buf, 0, len);
	if (va == 0)
		return;
	r = kvmi_space_string(&x->k->space, x->cx, va, copy,
	    (size_t)kvmi_min(len, sizeof(copy)));
	if (r != 0)
		failed(x, base, id, r);
	else
		memcpy(buf, copy, strnlen(copy, len - 1));
}

/* sigset_t (sys/_sigset.h): four words of 32 bits on any machine. */
void
kvmi_lister_signals(struct kvmi_freebsd_lister *x, uint64_t base,
    enum kvmi_freebsd_member id, struct kvm_sigset *set)
{
	const struct kvmi_member *m = &x->l.m[id];
	uint8_t raw[sizeof(set->__bits)];
	int r;

	if (base == 0 || m->size != sizeof(raw))
		return;
	r = kvmi_kread(x->k, x->cx, base + m->off, raw, sizeof(raw));
	if (r != 0) {
		failed(x, base, id, r);
		return;
	}
	for (unsigned int i = 0; i < KVMI_COUNT(set->__bits); i++)
		set->__bits[i] |= kvmi_get32(raw + 4 * i, x->k->big_endian);
}
