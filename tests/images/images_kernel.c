/* SPDX-License-Identifier: BSD-2-Clause */
/* Facts, symbols, types, processes. */
#include "images.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/kd.h"
#include "image/minidump.h"

static void
same_text(const char *image, const char *what, const char *got,
    const char *want)
{
	if (want != NULL)
		expect_true(strcmp(got, want) == 0, image, what, 0, got);
}

static void
same_number(const char *image, const char *what, uint64_t got,
    const struct expect *e, const char *key)
{
	if (expect_fact(e, key) != NULL)
		expect_true(got == expect_number(e, key, 0), image, what, got,
		    "is another");
}

static void
check_facts(const char *image, const struct expect *e, kvm_t *kd)
{
	const struct kvm_info *i = kvm_getinfo(kd);
	const struct kvmi_minidump *m;
	const char *format = expect_fact(e, "format");
	const char *os = expect_fact(e, "os");
	char word[40];

	if (!expect_true(i != NULL, image, "kvm_getinfo", 0, ""))
		return;
	expect_true(strcasestr(i->ki_format, format) != NULL, image,
	    "format", 0, i->ki_format);
	if (expect_fact(e, "flattened") != NULL)
		expect_true(strstr(i->ki_format, "flattened") != NULL, image,
		    "format", 0, i->ki_format);
	if (strcmp(format, "kdump") == 0) {
		snprintf(word, sizeof(word), "v%" PRIu64,
		    expect_number(e, "version", 0));
		expect_true(strstr(i->ki_format, word) != NULL, image,
		    "version", 0, i->ki_format);
	}
	expect_true(strcasecmp(i->ki_os, os) == 0, image, "os", 0, i->ki_os);
	same_text(image, "arch", i->ki_arch, expect_fact(e, "arch"));
	if (strcasecmp(os, "linux") == 0)
		same_text(image, "release", i->ki_release,
		    expect_fact(e, "osrelease"));
	same_number(image, "levels", i->ki_paging_levels, e, "levels");
	if (strcasecmp(os, "linux") == 0) {
		same_number(image, "kernel offset", (uint64_t)i->ki_kerndisp, e,
		    "kernoffset");
		same_number(image, "root", kd->kernel->space.paging.root_pa,
		    e, "root");
	}
	expect_true(i->ki_truncated == expect_number(e, "truncated", 0) ||
	    is_split(image), image, "truncated", i->ki_truncated, "");
	expect_true(i->ki_page_size == expect_number(e, "pagesize", PAGE),
	    image, "page size", i->ki_page_size, "");
	expect_true((uint64_t)kvm_native(kd) == expect_number(e, "native",
	    strcasecmp(os, "linux") == 0), image, "kvm_native", 0, "");
	expect_true(kvm_kerndisp(kd) == i->ki_kerndisp, image,
	    "kvm_kerndisp", 0, "");
	m = kd->kernel->img->minidump;
	if (m == NULL)
		return;
	same_number(image, "version", m->version, e, "version");
	same_number(image, "kernbase", m->kernbase, e, "kernbase");
	same_number(image, "dmapbase", m->dmap_start, e, "dmapbase");
	same_number(image, "dmapend", m->dmap_end, e, "dmapend");
	same_number(image, "msgbufsize", m->msgbuf_len, e, "msgbufsize");
	same_number(image, "pmapsize", m->pt_len, e, "pmapsize");
	same_number(image, "pages", i->ki_pages_present, e, "pages");
}

static void
check_uts(const char *image, const struct expect *e, kvm_t *kd)
{
	const struct kvm_info *i = kvm_getinfo(kd);

	for (size_t n = 0; n < e->uts.n && i != NULL; n++) {
		const struct named *u = &e->uts.v[n];

		if (strcmp(u->name, "nodename") == 0)
			same_text(image, u->name, i->ki_hostname, u->text);
		else if (strcmp(u->name, "release") == 0)
			same_text(image, u->name, i->ki_release, u->text);
		else if (strcmp(u->name, "version") == 0)
			same_text(image, u->name, i->ki_version, u->text);
	}
}

/* Do several lines have this name?  Then which one is meant is a matter of rank. */
static bool
is_unique(const struct named_list *l, const struct named *s)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += strcmp(l->v[i].name, s->name) == 0;
	return (n == 1);
}

static void
check_symbol(const char *image, const struct named_list *l,
    const struct named *s, uint64_t disp, kvm_t *kd)
{
	struct kvm_nlist nl[] = { { .n_name = s->name }, { 0 } };
	char with[sizeof(s->name) + 1];
	struct kvm_symbol sym;

	if (s->letter == 'U' || !is_unique(l, s))
		return;
	expect_true(kvm_nlist2(kd, nl) == 0 && nl[0].n_type != 0 &&
	    nl[0].n_value == s->a + disp, image, s->name, nl[0].n_value,
	    kvm_geterr(kd));
	snprintf(with, sizeof(with), "_%s", s->name);
	nl[0].n_name = with;
	expect_true(kvm_nlist2(kd, nl) == 0 && nl[0].n_value == s->a + disp,
	    image, with, nl[0].n_value, kvm_geterr(kd));
	/* Single addresses that the notes give are no table. */
	if (l->n < 10)
		return;
	if (!expect_true(kvm_symbol_by_name(kd, s->name, &sym) == 0 &&
	    sym.ks_value == s->a + disp, image, s->name, s->a,
	    kvm_geterr(kd)))
		return;
	if (s->letter != '\0')
		expect_true(sym.ks_letter == s->letter, image, s->name, s->a,
		    "another letter");
}

static void
check_symbols(const char *image, const struct expect *e, kvm_t *kd)
{
	struct kvm_nlist none[] = { { .n_name = "no such symbol" }, { 0 } };

	for (size_t i = 0; i < e->sym.n; i++)
		check_symbol(image, &e->sym, &e->sym.v[i], 0, kd);
	for (size_t i = 0; i < e->ksym.n; i++) {
		const struct named *s = &e->ksym.v[i];
		struct kvm_symbol sym;

		check_symbol(image, &e->ksym, s, 0, kd);
		/* Others may have the same address, never one below it. */
		expect_true(kvm_symbol_by_addr(kd, s->a, &sym) == 0 ?
		    sym.ks_value == s->a : s->letter == 'A', image, s->name,
		    s->a, "not found by address");
	}
	if (e->ksym.n > 0)
		expect_true(kvm_nlist2(kd, none) == 1 && none[0].n_type == 0 &&
		    none[0].n_value == 0, image, "no such symbol", 0, "");
}

/* The kernel file's symbols, where the dump's kernel runs. */
static void
check_kernel_file(const char *image, kvm_t *kd)
{
	char kernel[4200];
	struct expect e;

	snprintf(kernel, sizeof(kernel), "%s.elf", image);
	if (!expect_load(&e, kernel))
		return;
	for (size_t i = 0; i < e.sym.n; i++)
		check_symbol(image, &e.sym, &e.sym.v[i],
		    (uint64_t)kvm_kerndisp(kd), kd);
	expect_unload(&e);
}

static void
check_types(const char *image, const struct expect *e, kvm_t *kd)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	struct kvmi_types *t;

	if (e->size.n == 0 || !expect_true(kvmi_kernel_types(kd->kernel, cx,
	    &t) == 0, image, "types", 0, cx->err.text))
		return;
	for (size_t i = 0; i < e->size.n; i++) {
		uint64_t size = 0;

		expect_true(kvmi_type_size(t, e->size.v[i].name, &size,
		    &cx->err) == 0 && size == e->size.v[i].a, image,
		    e->size.v[i].name, size, "another size");
	}
	for (size_t i = 0; i < e->member.n; i++) {
		const struct named *n = &e->member.v[i];
		struct kvmi_member m = { 0 };

		expect_true(kvmi_type_member(t, n->name, n->text, &m,
		    &cx->err) == 0 && m.off == n->a && m.size == n->b, image,
		    n->text, m.off, "elsewhere, or of another size");
	}
	for (size_t i = 0; i < e->enums.n; i++) {
		int64_t v = 0;

		expect_true(kvmi_type_enumerator(t, e->enums.v[i].name, &v,
		    &cx->err) == 0 && v == (int64_t)e->enums.v[i].a, image,
		    e->enums.v[i].name, (uint64_t)v, "another value");
	}
}

/* FreeBSD's processes, once they can be read. */
static void
check_procs(const char *image, const struct expect *e, kvm_t *kd)
{
	struct kinfo_proc *p;
	int cnt = 0;

	if (e->proc.n == 0)
		return;
	p = kvm_getprocs(kd, KERN_PROC_PROC, 0, &cnt);
	if (!expect_true(p != NULL, image, "kvm_getprocs", 0, kvm_geterr(kd)))
		return;
	expect_true((size_t)cnt == e->proc.n, image, "processes",
	    (uint64_t)cnt, "not that many");
	for (size_t i = 0; i < e->proc.n; i++) {
		bool found = false;

		for (int j = 0; j < cnt && !found; j++)
			found = (uint64_t)p[j].ki_pid == e->proc.v[i].a &&
			    p[j].ki_paddr == e->proc.v[i].b &&
			    strncmp(p[j].ki_comm, e->proc.v[i].name,
			    strlen(p[j].ki_comm)) == 0;
		expect_true(found, image, e->proc.v[i].name, e->proc.v[i].a,
		    "no such process");
	}
}

/* "thread PID TID ONCPU VA PCB NAME": all of them, and no more. */
static void
check_threads(const char *image, kvm_t *kd)
{
	char path[4200], line[256], name[64];
	struct kinfo_proc *p;
	int cnt = 0, lines = 0, pid, tid, oncpu;
	uint64_t va, pcb;
	FILE *f;

	snprintf(path, sizeof(path), "%s.expect", image);
	f = fopen(path, "r");
	p = kvm_getprocs(kd, KERN_PROC_ALL, 0, &cnt);
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		bool found = false;

		if (sscanf(line, "thread %d %d %d %" SCNx64 " %" SCNx64
		    " %63[^\n]", &pid, &tid, &oncpu, &va, &pcb, name) != 6)
			continue;
		lines++;
		for (int i = 0; p != NULL && i < cnt && !found; i++)
			found = p[i].ki_pid == pid && p[i].ki_tid == tid &&
			    p[i].ki_oncpu == oncpu && p[i].ki_tdaddr == va &&
			    p[i].ki_pcb == pcb && strncmp(p[i].ki_tdname, name,
			    strlen(p[i].ki_tdname)) == 0;
		expect_true(found, image, name, (uint64_t)tid,
		    "no such thread");
	}
	expect_true(lines == 0 || lines == cnt, image, "threads",
	    (uint64_t)cnt, "not that many");
	if (f != NULL)
		fclose(f);
}

void
check_kernel(const char *image, const struct expect *e, kvm_t *kd)
{
	check_facts(image, e, kd);
	check_uts(image, e, kd);
	check_symbols(image, e, kd);
	check_kernel_file(image, kd);
	check_types(image, e, kd);
	check_procs(image, e, kd);
	check_threads(image, kd);
}
