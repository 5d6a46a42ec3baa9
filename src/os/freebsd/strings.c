/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arguments and environment of processes: proc_getargv() and proc_getenvv()
 * of sys/kern/kern_proc.c.  The kernel keeps short arguments, and what
 * setproctitle(3) made of them; all else is in the memory of the process.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/freebsd/freebsd.h"
#include "os/freebsd/layout.h"
#include "os/freebsd/user.h"

/* ARG_MAX of sys/syslimits.h: no vector has more pointers. */
#define MAX_POINTERS	(512u * 1024 / 4)
#define CHUNK		4096

struct reader {
	struct kvmi_kernel *k;
	struct kvmi_cx	*cx;
	struct kvmi_types *t;
	struct kvmi_freebsd_user u;
	size_t		 max;
	struct kvmi_strings *out;
	size_t		 cap;
};

static int
member(struct reader *x, uint64_t base, const char *spelling, uint64_t *ret)
{
	struct kvmi_member m;
	int r = kvmi_type_first(x->t, spelling, &m, &x->cx->err);

	return (r == 0 ? kvmi_freebsd_get(x->k, x->cx, base, &m, ret) : r);
}

static int
make_room(struct reader *x, size_t len)
{
	size_t cap = x->cap;
	char *p;

	while (cap < len + 1)
		cap = cap == 0 ? CHUNK : cap * 2;
	if (cap == x->cap)
		return (0);
	p = realloc(x->out->p, cap);
	if (p == NULL)
		return (kvmi_fail(&x->cx->err, KVMI_ENOMEM, "no memory for %zu "
		    "bytes of strings", len));
	x->out->p = p;
	x->cap = cap;
	return (0);
}

/* struct pargs. */
static int
copy_kept(struct reader *x, uint64_t args)
{
	struct kvmi_member m;
	uint64_t n = 0;
	int r;

	r = member(x, args, "pargs.ar_length", &n);
	if (r == 0)
		r = kvmi_type_member(x->t, "pargs", "ar_args", &m,
		    &x->cx->err);
	n = kvmi_min((uint32_t)n, x->max);
	if (r == 0)
		r = make_room(x, (size_t)n);
	if (r == 0)
		r = kvmi_kread(x->k, x->cx, args + m.off, x->out->p,
		    (size_t)n);
	if (r == 0)
		x->out->len = (size_t)n;
	return (r == 0 ? 0 : kvmi_wrap(&x->cx->err, r, "pargs at 0x%" PRIx64,
	    args));
}

/* PROC_PS_STRINGS(): below the top of the stack, which was fixed before. */
static int
ps_strings(struct reader *x, uint64_t *ret)
{
	uint64_t sysent, top, size;
	int r;

	r = member(x, x->u.proc, "proc.p_sysent", &sysent);
	if (r != 0)
		return (r);
	if ((member(x, x->u.vmspace, "vmspace.vm_stacktop", &top) == 0 ||
	    member(x, x->u.proc, "proc.p_stacktop", &top) == 0) && top != 0 &&
	    member(x, sysent, "sysentvec.sv_psstringssz", &size) == 0) {
		*ret = top - size;
		return (0);
	}
	return (member(x, sysent, "sysentvec.sv_psstrings", ret));
}

static int
user_read(struct reader *x, uint64_t va, void *buf, size_t len)
{
	size_t done;

	return (kvmi_freebsd_user_read(&x->u, x->cx, va, buf, len, &done));
}

static int
add_string(struct reader *x, uint64_t va)
{
	size_t n, len = 0;
	int r = 0;

	while (r == 0 && x->out->len < x->max && len == 0) {
		/* To the end of the page: the next one may not be there. */
		n = (size_t)kvmi_min(CHUNK - va % CHUNK,
		    x->max - x->out->len);
		r = make_room(x, x->out->len + n);
		if (r == 0)
			r = user_read(x, va, x->out->p + x->out->len, n);
		if (r != 0)
			break;
		len = strnlen(x->out->p + x->out->len, n);
		x->out->len += len < n ? len + 1 : n;
		va += n;
		len = len < n;
	}
	return (r);
}

/*
 * struct ps_strings (sys/exec.h): a pointer to the arguments, their number,
 * the same of the environment.
 */
static int
copy_vector(struct reader *x, uint64_t at, enum kvmi_strings_kind kind)
{
	unsigned int ptr = x->u.pointer_size;
	bool be = x->k->big_endian;
	uint8_t raw[4 * 8];
	uint64_t vector;
	uint32_t n;
	int r;

	r = user_read(x, at, raw, 4 * (size_t)ptr);
	if (r != 0)
		return (kvmi_wrap(&x->cx->err, r, "ps_strings"));
	if (kind == KVMI_ENVV)
		memcpy(raw, raw + 2 * ptr, 2 * (size_t)ptr);
	vector = kvmi_get_uint(raw, ptr, be);
	n = kvmi_get32(raw + ptr, be);
	if (n > MAX_POINTERS)
		return (kvmi_fail(&x->cx->err, KVMI_EFORMAT, "ps_strings at "
		    "0x%" PRIx64 ": %" PRIu32 " strings", at, n));
	for (uint32_t i = 0; i < n && r == 0 && x->out->len < x->max; i++) {
		r = user_read(x, vector + (uint64_t)i * ptr, raw, ptr);
		if (r == 0)
			r = add_string(x, kvmi_get_uint(raw, ptr, be));
	}
	return (r);
}

static int
copy_from_memory(struct reader *x, uint64_t proc, uint64_t vmspace,
    enum kvmi_strings_kind kind)
{
	uint64_t at;
	int r;

	r = kvmi_freebsd_user_space(x->k, x->cx, proc, vmspace, &x->u);
	if (r == 0)
		r = ps_strings(x, &at);
	/* A process that has executed nothing yet. */
	if (r == 0 && at == 0)
		return (0);
	return (r == 0 ? copy_vector(x, at, kind) : r);
}

int
kvmi_freebsd_strings(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, enum kvmi_strings_kind kind, size_t max,
    struct kvmi_strings *out)
{
	struct reader x = { .k = k, .cx = cx, .max = max, .out = out };
	uint64_t proc, vmspace, args = 0;
	bool has;
	int r;

	*out = (struct kvmi_strings){ 0 };
	r = kvmi_freebsd_user_proc(k, cx, ki, &proc, &vmspace, &has);
	if (r == 0)
		r = kvmi_kernel_types(k, cx, &x.t);
	if (r == 0 && kind == KVMI_ARGV)
		r = member(&x, proc, "proc.p_args", &args);
	if (r == 0 && args != 0)
		r = copy_kept(&x, args);
	else if (r == 0 && has)
		r = copy_from_memory(&x, proc, vmspace, kind);
	if (r == 0)
		return (0);
	free(out->p);
	*out = (struct kvmi_strings){ 0 };
	return (kvmi_wrap(&cx->err, r, "%s of process %" PRId32,
	    kind == KVMI_ARGV ? "arguments" : "environment", ki->ki_pid));
}
