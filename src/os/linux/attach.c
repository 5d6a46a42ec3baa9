/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Find the Linux kernel in an image.  Its VMCOREINFO says all: as a note, or
 * found by way of the CPUs' page tables, or by looking at every page.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/linux/cpus.h"
#include "os/linux/linear.h"
#include "os/linux/linux.h"

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

#define PAGE			4096
#define MAX_VMCOREINFO		65536

/* A VMCOREINFO note: header, padded name, text. */
#define NOTE_TEXT		24

static int
set_info(struct kvmi_linux *l, const void *text, size_t len,
    struct kvmi_err *err)
{
	kvmi_vmcoreinfo_deinit(&l->info);
	if (!kvmi_vmcoreinfo_init(&l->info, text, len))
		return (kvmi_fail(err, KVMI_ENOMEM, "no memory for VMCOREINFO"));
	return (0);
}

static void
from(struct kvmi_linux *l, const char *where, const char *what)
{
	snprintf(l->info_where, sizeof(l->info_where), "%s%.120s", where, what);
}

/* The file that the caller gave: the text, or a note with it. */
static int
info_from_file(struct kvmi_linux *l, const char *path, struct kvmi_err *err)
{
	char buf[MAX_VMCOREINFO], *text = buf;
	FILE *f = fopen(path, "re");
	size_t n;

	if (f == NULL)
		return (kvmi_fail_errno(err, "%s", path));
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	if (n > NOTE_TEXT && memcmp(buf + 12, "VMCOREINFO", 11) == 0) {
		text += NOTE_TEXT;
		n -= NOTE_TEXT;
	}
	if (!kvmi_vmcoreinfo_plausible(text, n))
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: no VMCOREINFO: wanted "
		    "lines of KEY=value that begin with OSRELEASE=", path));
	from(l, "", path);
	return (set_info(l, text, n, err));
}

/*
 * KVMI_ENOTMINE: the container has none.  QEMU copies the guest's own note as
 * it is among those in the order of the file.
 */
static int
info_from_container(struct kvmi_kernel *k, struct kvmi_linux *l,
    struct kvmi_err *err)
{
	from(l, "a note of the dump", "");
	for (int other = 0; other < 2; other++) {
		bool big = k->img->big_endian != (other == 1);
		struct kvmi_note n;
		size_t pos = 0;

		while (kvmi_note_next(&k->img->notes, big, &pos, &n)) {
			if (!kvmi_note_is(&n, "VMCOREINFO", 0) ||
			    !kvmi_vmcoreinfo_plausible(n.desc, n.descsz))
				continue;
			k->big_endian = big;
			return (set_info(l, n.desc, n.descsz, err));
		}
	}
	if (k->img->vmcoreinfo.len != 0 && kvmi_vmcoreinfo_plausible(
	    k->img->vmcoreinfo.p, k->img->vmcoreinfo.len))
		return (set_info(l, k->img->vmcoreinfo.p,
		    k->img->vmcoreinfo.len, err));
	return (KVMI_ENOTMINE);
}

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

uint64_t
kvmi_linux_page_size(const struct kvmi_linux *l)
{
	uint64_t usual = UINT64_C(1) << l->arch->arch->page_shift;
	char text[32];

	if (!kvmi_vmcoreinfo_get(&l->info, "PAGESIZE", text, sizeof(text)))
		return (usual);
	return (strtoull(text, NULL, 10));
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
static int
use_info(struct kvmi_kernel *k, struct kvmi_linux *l, struct kvmi_cx *cx)
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

/* Is there a VMCOREINFO note at the start of this page? */
static bool
looks_like_note(const uint8_t *p, size_t len, bool *big_endian)
{
	if (len < NOTE_TEXT + 16 || memcmp(p + 12, "VMCOREINFO", 11) != 0)
		return (false);
	*big_endian = kvmi_get32(p, true) == 11;
	return (kvmi_get32(p, *big_endian) == 11 &&
	    kvmi_get32(p + 8, *big_endian) == 0 &&
	    kvmi_vmcoreinfo_plausible(p + NOTE_TEXT, len - NOTE_TEXT));
}

/* The note at pa, if there is one. */
static int
try_note_at(struct kvmi_kernel *k, struct kvmi_linux *l, uint64_t pa,
    struct kvmi_cx *cx)
{
	uint8_t head[NOTE_TEXT + 16];
	uint32_t len;
	size_t done;
	char *text;
	int r;

	/* It has the byte order of its kernel, where a file's may be another. */
	if (kvmi_image_read(k->img, pa, head, sizeof(head), &done,
	    &cx->err) != 0 ||
	    !looks_like_note(head, sizeof(head), &k->big_endian))
		return (KVMI_ENOTMINE);
	len = kvmi_get32(head + 4, k->big_endian);
	if (len > MAX_VMCOREINFO || (text = malloc(len)) == NULL)
		return (KVMI_ENOTMINE);
	kvmi_image_read(k->img, pa + NOTE_TEXT, text, len, &done, &cx->err);
	r = set_info(l, text, done, &cx->err);
	free(text);
	snprintf(l->info_where, sizeof(l->info_where), "memory, physical 0x%"
	    PRIx64, pa);
	return (r == 0 ? use_info(k, l, cx) : r);
}

/* Cut short: what is left says which kernel it was. */
static bool
is_cut(const struct kvmi_kernel *k, int r)
{
	return (r == KVMI_ETRUNC && k->space.ops != NULL);
}

/* The last resort: the note is page aligned, somewhere in memory. */
static int
scan_memory(struct kvmi_kernel *k, struct kvmi_linux *l, struct kvmi_cx *cx)
{
	uint64_t pa = 0, cut_pa = UINT64_MAX;
	int r;

	while (pa < k->img->max_pa) {
		struct kvmi_extent e;

		if (kvmi_image_locate(k->img, pa, &e, &cx->err) != 0)
			return (KVMI_ENOTMINE);
		if (e.state != KVMI_STORED) {
			if (!kvmi_add(e.start, e.len, &pa) ||
			    !kvmi_round_up(pa, PAGE, &pa))
				break;
			continue;
		}
		k->space.ops = NULL;
		r = try_note_at(k, l, pa, cx);
		if (r == 0)
			return (0);
		if (is_cut(k, r) && cut_pa == UINT64_MAX)
			cut_pa = pa;
		pa += PAGE;
	}
	/* None of them leads to its kernel; one may be of what is lost. */
	if (cut_pa != UINT64_MAX && is_cut(k, try_note_at(k, l, cut_pa, cx)))
		return (0);
	kvmi_vmcoreinfo_deinit(&l->info);
	from(l, "", "");
	k->space.ops = NULL;
	return (KVMI_ENOTMINE);
}

int
kvmi_linux_early_symtab(struct kvmi_kernel *k, struct kvmi_linux *l,
    struct kvmi_cx *cx)
{
	int r;

	kvmi_symtab_destroy(l->early);
	l->early = NULL;
	r = kvmi_symtab_create(&l->early, &cx->err);
	if (r == 0)
		r = kvmi_linux_kallsyms(k, cx, l->early);
	if (r != 0) {
		kvmi_symtab_destroy(l->early);
		l->early = NULL;
	}
	return (r);
}

/*
 * The CPUs' page tables lead to the kernel image, its kallsyms name
 * vmcoreinfo_data, and that points to the text.
 */
static int
info_from_image(struct kvmi_kernel *k, struct kvmi_linux *l,
    struct kvmi_cx *cx)
{
	struct kvmi_sym sym;
	uint64_t ptr;
	size_t done;
	char *text;
	int r;

	r = kvmi_linux_early_symtab(k, l, cx);
	if (r != 0)
		return (r);
	r = kvmi_symtab_by_name(l->early, "vmcoreinfo_data", &sym, &cx->err);
	if (r == 0)
		r = kvmi_kread_ptr(k, cx, sym.addr, &ptr);
	if (r != 0 || (text = malloc(PAGE)) == NULL)
		return (KVMI_ENOTMINE);
	kvmi_space_read(&k->space, cx, ptr, text, PAGE, &done);
	r = KVMI_ENOTMINE;
	if (kvmi_vmcoreinfo_plausible(text, done))
		r = set_info(l, text, done, &cx->err);
	free(text);
	from(l, "memory, by the kernel's symbol vmcoreinfo_data", "");
	return (r == 0 ? use_info(k, l, cx) : r);
}

/* Without a note.  A kernel that has no VMCOREINFO at all is still usable. */
static int
find_kernel(struct kvmi_kernel *k, struct kvmi_linux *l, struct kvmi_cx *cx)
{
	struct kvmi_paging found;
	uint64_t pa;
	int r = KVMI_ENOTMINE;

	if (l->arch != NULL && l->arch->note_pa != NULL &&
	    l->arch->note_pa(k, cx, &pa) == 0 &&
	    ((r = try_note_at(k, l, pa, cx)) == 0 || is_cut(k, r)))
		return (0);
	r = KVMI_ENOTMINE;
	if (l->arch != NULL && l->arch->find != NULL)
		r = l->arch->find(k, l, cx);
	if (r != 0)
		return (r == KVMI_ENOTMINE ? scan_memory(k, l, cx) : r);
	found = k->space.paging;
	if (info_from_image(k, l, cx) == 0)
		return (0);
	if (scan_memory(k, l, cx) == 0)
		return (0);
	k->space.ops = &kvmi_space_paged;
	k->space.paging = found;
	kvmi_space_flush(cx);
	return (0);
}

/*
 * The container's VMCOREINFO leads nowhere: a hypervisor's, or that of a kernel
 * which ran before.  The one in memory is believed when it does better.
 */
static int
replace_info(struct kvmi_kernel *k, struct kvmi_linux *l, struct kvmi_cx *cx)
{
	struct kvmi_err why = cx->err;
	int r;

	kvmi_vmcoreinfo_deinit(&l->info);
	r = find_kernel(k, l, cx);
	if (r == 0 && l->info.len != 0) {
		snprintf(k->img->note, sizeof(k->img->note), "the dump's own "
		    "VMCOREINFO is not of the kernel in it; one found in "
		    "memory is used");
		return (0);
	}
	cx->err = why;
	return (why.code);
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
	r = file != NULL ? info_from_file(l, file, &cx->err) :
	    info_from_container(k, l, &cx->err);
	if (file != NULL && r != 0)
		return (r);
	if (l->arch == NULL && k->arch != NULL)
		return (r == KVMI_ENOTMINE ? r : kvmi_fail(&cx->err,
		    KVMI_ENOTSUP, "%s: a Linux dump of %s, which is not "
		    "supported", k->img->src->name, k->arch->name));
	if (r == 0) {
		r = use_info(k, l, cx);
		if (r == KVMI_EFORMAT && file == NULL)
			r = replace_info(k, l, cx);
		if (is_cut(k, r))
			r = 0;
	} else if (r == KVMI_ENOTMINE)
		r = find_kernel(k, l, cx);
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
