/* SPDX-License-Identifier: BSD-2-Clause */
/* FreeBSD kernels in minidumps and full dumps. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/minidump.h"
#include "os/freebsd/freebsd.h"
#include "os/freebsd/full.h"

static const struct kvmi_minidump *
minidump_of(const struct kvmi_kernel *k)
{
	return (kvmi_minidump(k->img));
}

/*
 * The kernel file belongs to the dump when its build id is in memory where
 * the file says.  A page that was not dumped proves nothing.
 */
static int
check_exec(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	uint16_t machine = kvmi_elf_machine(k->exec);
	struct kvmi_buildid id;
	uint8_t there[64];
	char want[129], have[129];

	if (machine != k->arch->elf_machine)
		return (kvmi_fail(&cx->err, KVMI_EMISMATCH, "%s is a kernel for "
		    "ELF machine %u, but %s is a dump of FreeBSD/%s (machine "
		    "%u)", k->exec_name, machine, k->img->src->name,
		    k->arch->freebsd, k->arch->elf_machine));
	if (kvmi_elf_buildid(k->exec, &id, &cx->err) != 0 || id.note_va == 0)
		return (0);
	if (kvmi_kread(k, cx, id.note_va, there, id.len) != 0 ||
	    memcmp(there, id.bytes, id.len) == 0)
		return (0);
	kvmi_hex(want, id.bytes, id.len);
	kvmi_hex(have, there, id.len);
	return (kvmi_fail(&cx->err, KVMI_EMISMATCH, "%s (build id %s) is not "
	    "the kernel of %s, which has %s at 0x%" PRIx64, k->exec_name, want,
	    k->img->src->name, have, id.note_va));
}

static int
attach_minidump(struct kvmi_kernel *k)
{
	const struct kvmi_minidump *m = minidump_of(k);

	if (m == NULL)
		return (KVMI_ENOTMINE);
	k->arch = k->img->arch;
	k->big_endian = k->img->big_endian;
	k->kerndisp = m->kerndisp;
	k->space = (struct kvmi_space){ .img = k->img, .arg = m,
		.ops = &kvmi_freebsd_minidump_space,
		.paging = { .arch = k->arch,
			.big_endian = m->pt_big_endian } };
	return (0);
}

static int
freebsd_attach(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	int r = attach_minidump(k);

	if (r == KVMI_ENOTMINE)
		r = kvmi_freebsd_attach_full(k, cx);
	return (r == 0 && k->exec != NULL ? check_exec(k, cx) : r);
}

static void
freebsd_detach(struct kvmi_kernel *k)
{
	(void)k;
}

static int
freebsd_symbols(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_symtab **t, char *where, size_t where_len)
{
	if (k->exec == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: a FreeBSD dump "
		    "does not hold its symbols; give the kernel file as "
		    "namelist (-N /boot/kernel/kernel)", k->img->src->name));
	snprintf(where, where_len, "%s", k->exec_name);
	return (kvmi_elf_symbols(k->exec, k->kerndisp, *t, &cx->err));
}

static int
freebsd_types(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_types **ret)
{
	(void)ret;
	return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: structure layouts of "
	    "FreeBSD kernels are not read yet", k->img->src->name));
}

static int
freebsd_procs(struct kvmi_kernel *k, struct kvmi_cx *cx, int op, int arg,
    bool threads, struct kvmi_procs *out)
{
	(void)op;
	(void)arg;
	(void)threads;
	(void)out;
	return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: processes of FreeBSD "
	    "dumps are not read yet", k->img->src->name));
}

/* Give the lines of the message buffer one by one. */
static int
freebsd_log(struct kvmi_kernel *k, struct kvmi_cx *cx, kvm_walk_log_cb_t *cb,
    void *closure, size_t *n)
{
	const struct kvmi_minidump *m = minidump_of(k);
	struct kvmi_blob blob;
	size_t at = 0;
	int r;

	if (m == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: the message "
		    "buffer of full dumps is not read yet",
		    k->img->src->name));
	r = kvmi_src_blob(k->img->src, m->msgbuf_off, m->msgbuf_len,
	    "message buffer", &blob, &cx->err);
	if (r != 0)
		return (r);
	while (at < blob.len) {
		const uint8_t *p = blob.p + at;
		const uint8_t *nl = memchr(p, '\n', blob.len - at);
		size_t len = nl != NULL ? (size_t)(nl - p) : blob.len - at;
		struct kvm_logrec rec = { .kl_seq = *n,
			.kl_text = (const char *)p, .kl_len = len,
			.kl_level = -1 };

		at += len + 1;
		/* A ring that never filled up has NULs before its text. */
		while (rec.kl_len > 0 && *rec.kl_text == '\0') {
			rec.kl_text++;
			rec.kl_len--;
		}
		if (rec.kl_len == 0 && nl == NULL)
			break;
		(*n)++;
		if (cb(&rec, closure) == 0)
			break;
	}
	kvmi_blob_release(&blob);
	return (0);
}

/* A NUL-terminated string variable of the kernel file's symbols. */
static void
string_symbol(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *name,
    char *buf, size_t len)
{
	uint64_t va;

	if (kvmi_kernel_addr(k, cx, name, &va) != 0 ||
	    kvmi_space_string(&k->space, cx, va, buf, len) != 0)
		buf[0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
}

static void
freebsd_facts(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_facts *f)
{
	struct kvmi_buildid id;

	f->info.ki_arch = k->arch->freebsd;
	f->info.ki_page_size = 1u << k->arch->page_shift;
	if (k->exec == NULL)
		return;
	string_symbol(k, cx, "osrelease", f->release, sizeof(f->release));
	string_symbol(k, cx, "version", f->version, sizeof(f->version));
	if (kvmi_elf_buildid(k->exec, &id, &cx->err) == 0)
		kvmi_hex(f->buildid, id.bytes, id.len);
}

const struct kvmi_os_ops kvmi_os_freebsd = {
	.name = "FreeBSD",
	.attach = freebsd_attach,
	.detach = freebsd_detach,
	.symbols = freebsd_symbols,
	.types = freebsd_types,
	.procs = freebsd_procs,
	.log = freebsd_log,
	.facts = freebsd_facts,
	.walk_pages = kvmi_freebsd_walk_pages,
};
