/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Find the Linux kernel in an image.  Its VMCOREINFO says all (info_find.c has
 * where that is), and is believed when what it says leads to that kernel.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "os/linux/attach.h"
#include "os/linux/cpus.h"
#include "os/linux/linear.h"

static const struct kvmi_linux_arch *const linux_arch_table[] = {
	&kvmi_linux_x86_64,
	&kvmi_linux_i386,
	&kvmi_linux_arm,
	&kvmi_linux_arm64,
	&kvmi_linux_riscv64,
	&kvmi_linux_ppc64,
	&kvmi_linux_s390x,
	&kvmi_linux_loongarch64,
};

/* The architecture: the container's word, or the size of register notes. */
static const struct kvmi_arch *
find_arch(const struct kvmi_image *img)
{
	struct kvmi_note n;
	size_t pos = 0;

	if (img->arch != NULL)
		return (img->arch);
	while (kvmi_note_next(&img->notes, img->big_endian, &pos, &n))
		if (kvmi_note_is(&n, "CORE", 1))
			return (kvmi_arch_by_prstatus(n.descsz));
	return (NULL);
}

#define MIN_PAGE	4096
#define MAX_PAGE	(1u << 20)

uint64_t
kvmi_linux_page_size(const struct kvmi_linux *l)
{
	uint64_t usual = UINT64_C(1) << l->arch->arch->page_shift, size;
	char text[32];

	if (!kvmi_vmcoreinfo_get(&l->info, "PAGESIZE", text, sizeof(text)))
		return (usual);
	size = strtoull(text, NULL, 10);
	return (kvmi_is_pow2(size) && size >= MIN_PAGE && size <= MAX_PAGE ?
	    size : usual);
}

int
kvmi_linux_uts(struct kvmi_kernel *k, struct kvmi_cx *cx, unsigned int i,
    char buf[65])
{
	struct kvmi_linux *l = k->priv;
	uint64_t va, off = 4;
	int r;

	r = kvmi_kernel_addr(k, cx, "init_uts_ns", &va);
	if (r != 0)
		return (r);
	/* Before 5.11 the name lay behind a kref and there was no key. */
	kvmi_vmcoreinfo_offset(&l->info, "uts_namespace.name", &off);
	r = kvmi_kread(k, cx, va + off + (uint64_t)i * 65, buf, 65);
	buf[64] = '\0';
	return (r);
}

/* The translation is right when it leads to the release that was promised. */
static int
verify(struct kvmi_kernel *k, struct kvmi_linux *l, struct kvmi_cx *cx)
{
	char want[65], have[65];
	uint64_t va, off = 4;
	int r;

	if (!kvmi_vmcoreinfo_symbol(&l->info, "init_uts_ns", &va))
		return (0);
	kvmi_vmcoreinfo_offset(&l->info, "uts_namespace.name", &off);
	kvmi_vmcoreinfo_get(&l->info, "OSRELEASE", want, sizeof(want));
	r = kvmi_kread(k, cx, va + off + 2 * 65, have, sizeof(have));
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "%s: init_uts_ns",
		    k->img->src->name));
	have[64] = '\0';
	if (strcmp(want, have) != 0)
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "%s: VMCOREINFO says "
		    "release %s, but init_uts_ns at 0x%" PRIx64 " reads \"%s\": "
		    "the page tables are not that kernel's",
		    k->img->src->name, want, va, have));
	return (0);
}

/*
 * The byte order of a kernel whose machine runs either: the name of the
 * machine tells.  A container's may be another.
 */
static bool
says_order(struct kvmi_kernel *k, const struct kvmi_linux *l,
    struct kvmi_cx *cx)
{
	static const struct {
		const char	*machine;
		bool		 big_endian;
	} row[] = {
		{ "ppc64le", false }, { "ppc64", true },
		{ "aarch64", false }, { "aarch64_be", true },
	};
	uint64_t va, off = 4;
	char name[65];

	kvmi_vmcoreinfo_offset(&l->info, "uts_namespace.name", &off);
	if (!kvmi_vmcoreinfo_symbol(&l->info, "init_uts_ns", &va) ||
	    kvmi_kread(k, cx, va + off + 4 * 65, name, sizeof(name)) != 0)
		return (k->big_endian);
	name[64] = '\0';
	for (size_t i = 0; i < KVMI_COUNT(row); i++)
		if (strcmp(name, row[i].machine) == 0)
			return (row[i].big_endian);
	return (k->big_endian);
}

static int
use_tables(struct kvmi_kernel *k, struct kvmi_linux *l, struct kvmi_cx *cx)
{
	int r;

	free(l->direct);
	l->direct = NULL;
	r = l->arch->from_vmcoreinfo(k, l, cx);
	if (r != 0)
		return (r);
	kvmi_space_flush(cx);
	r = verify(k, l, cx);
	if (r != KVMI_ETRUNC || !kvmi_linux_use_told(k, l))
		return (r);
	kvmi_space_flush(cx);
	return (verify(k, l, cx));
}

static int
use_info_as(struct kvmi_kernel *k, struct kvmi_linux *l,
    const struct kvmi_linux_arch *arch, struct kvmi_cx *cx)
{
	bool big;
	int r;

	l->arch = arch;
	k->arch = arch->arch;
	r = use_tables(k, l, cx);
	if (r != 0 || (big = says_order(k, l, cx)) == k->big_endian)
		return (r);
	/* Variables may have been read on the way to the tables. */
	k->big_endian = big;
	return (use_tables(k, l, cx));
}

/* Raw memory does not name its machine: it is the one whose tables fit. */
int
kvmi_linux_use_info(struct kvmi_kernel *k, struct kvmi_linux *l,
    struct kvmi_cx *cx)
{
	uint64_t va;

	if (l->arch != NULL)
		return (use_info_as(k, l, l->arch, cx));
	for (size_t i = 0; i < KVMI_COUNT(linux_arch_table) &&
	    kvmi_vmcoreinfo_symbol(&l->info, "init_uts_ns", &va); i++) {
		if (use_info_as(k, l, linux_arch_table[i], cx) == 0)
			return (0);
		kvmi_symtab_destroy(l->early);
		l->early = NULL;
	}
	l->arch = NULL;
	k->arch = NULL;
	k->space.ops = NULL;
	return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: its VMCOREINFO fits the "
	    "page tables of no architecture that is known here",
	    k->img->src->name));
}

/* Cut short: what is left says which kernel it was. */
bool
kvmi_linux_is_cut(const struct kvmi_kernel *k, int r)
{
	return (r == KVMI_ETRUNC && k->space.ops != NULL);
}

static int
linux_attach(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	const char *file = k->opts != NULL ? k->opts->ko_vmcoreinfo : NULL;
	struct kvmi_linux *l = calloc(1, sizeof(*l));
	int r;

	k->priv = l;
	if (l == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "out of memory"));
	k->space = (struct kvmi_space){ .img = k->img };
	k->arch = find_arch(k->img);
	for (size_t i = 0; i < KVMI_COUNT(linux_arch_table); i++)
		if (linux_arch_table[i]->arch == k->arch)
			l->arch = linux_arch_table[i];
	k->big_endian = k->img->big_endian;
	r = file != NULL ? kvmi_linux_info_from_file(l, file, &cx->err) :
	    kvmi_linux_info_from_container(k, l, &cx->err);
	if (file != NULL && r != 0)
		return (r);
	if (l->arch == NULL && k->arch != NULL)
		return (r == KVMI_ENOTMINE ? r : kvmi_fail(&cx->err,
		    KVMI_ENOTSUP, "%s: a Linux dump of %s, which is not "
		    "supported", k->img->src->name, k->arch->name));
	if (r == 0) {
		r = kvmi_linux_use_info(k, l, cx);
		if (r == KVMI_EFORMAT && file == NULL)
			r = kvmi_linux_replace_info(k, l, cx);
		if (kvmi_linux_is_cut(k, r))
			r = 0;
	} else if (r == KVMI_ENOTMINE)
		r = kvmi_linux_find_kernel(k, l, cx);
	if (r == 0 && k->exec != NULL)
		r = kvmi_linux_check_exec(k, l, cx);
	return (r);
}

static void
linux_detach(struct kvmi_kernel *k)
{
	struct kvmi_linux *l = k->priv;

	if (l == NULL)
		return;
	kvmi_symtab_destroy(l->early);
	kvmi_vmcoreinfo_deinit(&l->info);
	free(l->direct);
	kvmi_linux_once_deinit(l);
	free(l);
	k->priv = NULL;
}

static int
linux_early_symbol(struct kvmi_kernel *k, const char *name, uint64_t *ret)
{
	struct kvmi_linux *l = k->priv;

	/* These two are printed as the value of a pointer of that name. */
	if (strcmp(name, "mem_section") == 0 || strcmp(name, "vmemmap") == 0)
		return (KVMI_ENOENT);
	return (kvmi_vmcoreinfo_symbol(&l->info, name, ret) ? 0 : KVMI_ENOENT);
}

static void
linux_dump_facts(struct kvmi_kernel *k, struct kvmi_dump_facts *ret)
{
	const struct kvmi_linux *l = k->priv;
	int64_t base;

	ret->vmcoreinfo = l->info.text;
	ret->vmcoreinfo_len = l->info.len;
	if (kvmi_vmcoreinfo_number(&l->info, "phys_base", &base))
		ret->phys_base = (uint64_t)base;
}

const struct kvmi_os_ops kvmi_os_linux = {
	.name = "Linux",
	.attach = linux_attach,
	.detach = linux_detach,
	.early_symbol = linux_early_symbol,
	.symbols = kvmi_linux_symbols,
	.module_symbols = kvmi_linux_module_symbols,
	.types = kvmi_linux_types,
	.module_types = kvmi_linux_module_types,
	.procs = kvmi_linux_procs,
	.log = kvmi_linux_log,
	.loadavg = kvmi_linux_loadavg,
	.cptime = kvmi_linux_cptime,
	.swaps = kvmi_linux_swaps,
	.cpus = kvmi_linux_cpus,
	.pcpu = kvmi_linux_pcpu,
	.zpcpu = kvmi_linux_zpcpu,
	.strings = kvmi_linux_strings,
	.uread = kvmi_linux_uread,
	.modules = kvmi_linux_modules,
	.stack = kvmi_linux_stack,
	.regs = kvmi_linux_regs,
	.panic_cpu = kvmi_linux_panic_cpu,
	.panic_thread = kvmi_linux_panic_thread,
	.dump_facts = linux_dump_facts,
	.page_kinds = kvmi_linux_page_kinds,
	.facts = kvmi_linux_facts,
	.walk_pages = kvmi_linux_walk_pages,
};
