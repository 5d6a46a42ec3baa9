/* SPDX-License-Identifier: BSD-2-Clause */
/* FreeBSD kernels in minidumps and full dumps. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "image/minidump.h"
#include "os/freebsd/freebsd.h"
#include "os/freebsd/full.h"

/*
 * One of these is in any kernel file, also without debug information: it keeps
 * its dynamic symbols.  A file without symbols can be anything.
 */
static bool
has_kernel_symbols(struct kvmi_elf *exec)
{
	static const char *const known[] = { "version", "kernbase", "allproc",
		"msgbufp" };
	struct kvmi_err ignored;
	uint64_t va;

	for (size_t i = 0; i < KVMI_COUNT(known); i++)
		if (kvmi_elf_symbol(exec, known[i], &va, &ignored) == 0)
			return (true);
	return (!kvmi_elf_has_symtab(exec));
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
		    "%u)", k->opts->ko_execfile, machine, k->img->src->name,
		    kvmi_arch_freebsd_name(k->arch, k->big_endian),
		    k->arch->elf_machine));
	/* A full dump was found by the file's symbols, a minidump was not. */
	if (k->img->minidump != NULL && !has_kernel_symbols(k->exec))
		return (kvmi_fail(&cx->err, KVMI_EMISMATCH, "%s: not a kernel "
		    "of FreeBSD: it has symbols, but not version, kernbase, "
		    "allproc or msgbufp; wanted /boot/kernel/kernel or "
		    "kernel.debug", k->opts->ko_execfile));
	if (kvmi_elf_buildid(k->exec, &id, &cx->err) != 0 || id.note_va == 0)
		return (0);
	if (kvmi_kread(k, cx, id.note_va, there, id.len) != 0 ||
	    memcmp(there, id.bytes, id.len) == 0)
		return (0);
	kvmi_hex(want, id.bytes, id.len);
	kvmi_hex(have, there, id.len);
	return (kvmi_fail(&cx->err, KVMI_EMISMATCH, "%s (build id %s) is not "
	    "the kernel of %s, which has %s at 0x%" PRIx64,
	    k->opts->ko_execfile, want, k->img->src->name, have, id.note_va));
}

static int
attach_minidump(struct kvmi_kernel *k)
{
	const struct kvmi_minidump *m = k->img->minidump;

	if (m == NULL)
		return (KVMI_ENOTMINE);
	k->arch = k->img->arch;
	k->big_endian = k->img->big_endian;
	k->kerndisp = m->kerndisp;
	k->space = (struct kvmi_space){ .img = k->img, .arg = m,
		.ops = &kvmi_freebsd_minidump_space,
		.paging = { .arch = k->arch,
			.big_endian = m->pt_big_endian,
			.direct = k->arch->direct,
			.ndirect = k->arch->ndirect } };
	return (0);
}

static int
freebsd_attach(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	int r = attach_minidump(k);

	if (r == KVMI_ENOTMINE)
		r = kvmi_freebsd_attach_full(k, cx);
	if (r == 0 && k->exec != NULL)
		r = check_exec(k, cx);
	return (r == 0 ? kvmi_freebsd_find_debug(k, cx) : r);
}

static void
freebsd_detach(struct kvmi_kernel *k)
{
	free(k->priv);
	k->priv = NULL;
}

const struct kvmi_os_ops kvmi_os_freebsd = {
	.name = "FreeBSD",
	.attach = freebsd_attach,
	.detach = freebsd_detach,
	.symbols = kvmi_freebsd_symbols,
	.types = kvmi_freebsd_types,
	.set_symbol = kvmi_freebsd_set_symbol,
	.set_cpu = kvmi_freebsd_set_cpu,
	.set_vnet = kvmi_freebsd_set_vnet,
	.procs = kvmi_freebsd_procs,
	.log = kvmi_freebsd_log,
	.loadavg = kvmi_freebsd_loadavg,
	.cptime = kvmi_freebsd_cptime,
	.swaps = kvmi_freebsd_swaps,
	.cpus = kvmi_freebsd_cpus,
	.pcpu = kvmi_freebsd_pcpu,
	.zpcpu = kvmi_freebsd_zpcpu,
	.strings = kvmi_freebsd_strings,
	.uread = kvmi_freebsd_uread,
	.stack = kvmi_freebsd_stack,
	.regs = kvmi_freebsd_regs,
	.panic_cpu = kvmi_freebsd_panic_cpu,
	.panic_thread = kvmi_freebsd_panic_thread,
	.modules = kvmi_freebsd_modules,
	.facts = kvmi_freebsd_facts,
	.walk_pages = kvmi_freebsd_walk_pages,
};
