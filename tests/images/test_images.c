/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every image that tests/mkimage makes, against its expectations: whole,
 * broken on purpose, and cut short.
 *
 * usage: test_images good|bad|cut DIRECTORY [PREFIX...]
 */
#include <kvm.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../mkimage/pattern.h"
#include "api/kd.h"
#include "base/math.h"
#include "expect.h"
#include "image/minidump.h"
#include "peak.h"
#include "use_state.h"

#define PAGE	4096
#define READS	10000
#define MAX_LEN	65536

/* Per stretch: the large ones are sampled. */
#define MAX_PAGES 600

/* No image may keep us longer; what does hangs. */
#define PATIENCE 300

static int failures, shown;	/* in all; of the image at hand */
static size_t checks;

static bool
expect_true(bool ok, const char *image, const char *what, uint64_t at,
    const char *why)
{
	checks++;
	if (ok)
		return (true);
	failures++;
	if (shown++ < 5)
		printf("%s: %s at 0x%" PRIx64 ": %s\n", image, what, at, why);
	return (false);
}

static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state);
}

static bool
is_split(const char *image)
{
	return (strstr(image, "linux-kdump-split") != NULL);
}

/*
 * Where part of a dump is missing, be it in other files, beyond the end, or
 * never written, what is not there may be lost rather than left out.
 */
static bool
may_be_lost(const char *image, const struct expect *e)
{
	return (is_split(image) || strstr(image, "-incomplete") != NULL ||
	    expect_fact(e, "truncated") != NULL);
}

/* One read against the expectations.  cut: the file is incomplete. */
static void
check_read(const char *image, const struct expect *e, kvm_t *kd, uint64_t va,
    size_t len, bool cut)
{
	static uint8_t buf[MAX_LEN];
	enum what then;
	size_t good;
	ssize_t n;

	if (va + len < va || !expect_read(e, va, len, &good, &then))
		return;
	n = kvm_read2(kd, va, buf, len);
	expect_true(n <= (ssize_t)len, image, "count", va, "too many");
	if (n > 0)
		expect_true((size_t)n <= good && expect_right(e, va, buf,
		    (size_t)n), image, "wrong bytes", va,
		    "not what was written");
	else if (n < 0)
		expect_true(kvm_geterr(kd)[0] != '\0', image, "read", va,
		    "no reason");
	if (cut)
		return;
	if (good == len) {
		expect_true(n == (ssize_t)len, image, "read", va,
		    kvm_geterr(kd));
		return;
	}
	/* At the end of what there is the count is short. */
	if (n == (ssize_t)good && then == NOTINDUMP &&
	    may_be_lost(image, e) && kvm_errkind(kd) == KVM_ERR_TRUNCATED)
		return;
	if (!expect_true(n == -1, image, "read of a hole", va + good,
	    "it succeeded"))
		return;
	expect_true(kvm_errkind(kd) == (then == NOTMAPPED ?
	    KVM_ERR_NOTMAPPED : KVM_ERR_NOTINDUMP), image,
	    then == NOTMAPPED ? "not mapped" : "not in dump", va + good,
	    kvm_geterr(kd));
	n = kvm_read_partial(kd, va, buf, len);
	expect_true(n == (ssize_t)good && expect_right(e, va, buf, good),
	    image, "partial read", va, kvm_geterr(kd));
}

/* Both ends of each page of each stretch, and where they meet. */
static void
check_pages(const char *image, const struct expect *e, kvm_t *kd)
{
	for (size_t i = 0; i < e->virt.n; i++) {
		const struct stretch *s = &e->virt.v[i];
		uint64_t step = s->len / PAGE > MAX_PAGES ?
		    s->len / MAX_PAGES & ~(uint64_t)(PAGE - 1) : PAGE;

		for (uint64_t in = 0; in < s->len; in += step) {
			check_read(image, e, kd, s->start + in, 8, false);
			check_read(image, e, kd, s->start + in + PAGE - 1, 1,
			    false);
			check_read(image, e, kd, s->start + in + PAGE - 3, 7,
			    false);
		}
		check_read(image, e, kd, s->start + s->len - 1, 1, false);
		check_read(image, e, kd, s->start + s->len - 4, 8, false);
	}
}

static void
check_random(const char *image, const struct expect *e, kvm_t *kd, int reads,
    bool cut)
{
	uint64_t rnd = 0x2545f4914f6cdd1d;

	for (int i = 0; i < reads && e->virt.n > 0; i++) {
		const struct stretch *s = &e->virt.v[next_random(&rnd) %
		    e->virt.n];
		uint64_t in = next_random(&rnd) % s->len;
		size_t len = 1 + next_random(&rnd) % (i % 8 == 0 ? MAX_LEN :
		    256);

		check_read(image, e, kd, s->start + in, len, cut);
	}
}

static void
check_words(const char *image, const struct expect *e, kvm_t *kd)
{
	for (size_t i = 0; i < e->nword; i++) {
		uint64_t v = 0;

		expect_true(kvm_read2(kd, e->word[i].va, &v, e->word[i].size) ==
		    (ssize_t)e->word[i].size && v == e->word[i].value, image,
		    "word", e->word[i].va, kvm_geterr(kd));
	}
}

/* What the container says of a physical address. */
static void
check_state(const char *image, const struct expect *e, struct kvmi_image *img,
    const struct stretch *s, uint64_t pa)
{
	struct kvmi_err err = { 0 };
	struct kvmi_extent x;
	int r = kvmi_image_locate(img, pa, &x, &err);

	if (s->what != PRESENT && may_be_lost(image, e) &&
	    (r == KVMI_ETRUNC || (r == 0 && x.state == KVMI_LOST)))
		return;
	if (!expect_true(r == 0, image, "locate", pa, err.text))
		return;
	expect_true(pa - x.start < x.len, image, "extent", pa, "not of it");
	/* A page that begins before its range does is not in the bitmap. */
	if (strstr(image, "fbsd-v3-ranges") != NULL && pa / PAGE == 0x40000)
		return;
	expect_true((s->what == PRESENT) == (x.state == KVMI_STORED) &&
	    (s->what == EXCLUDED) == (x.state == KVMI_EXCLUDED) &&
	    (s->what == ABSENT) == (x.state == KVMI_ABSENT), image,
	    s->what == PRESENT ? "present" : s->what == EXCLUDED ?
	    "excluded" : "absent", pa, "it is said to be otherwise");
}

static void
check_physical_read(const char *image, const struct expect *e,
    struct kvmi_image *img, const struct stretch *s, uint64_t in, size_t len)
{
	static uint8_t buf[MAX_LEN];
	uint64_t pa = s->start + in;
	struct kvmi_err err = { 0 };
	size_t done;
	int r;

	if (len > s->len - in)
		len = (size_t)(s->len - in);
	r = kvmi_image_read(img, pa, buf, len, &done, &err);
	if (s->what != PRESENT) {
		expect_true(r == KVMI_ENOTINDUMP || (r == KVMI_ETRUNC &&
		    may_be_lost(image, e)), image, "physical hole", pa,
		    err.text);
		return;
	}
	if (!expect_true(r == 0 && done == len, image, "physical read", pa,
	    err.text))
		return;
	for (size_t i = 0; i < len;) {
		size_t step = PAGE - (pa + i) % PAGE;

		if (step > len - i)
			step = len - i;
		if (expect_find(&e->planted, pa + i) == NULL)
			expect_true(mkimage_differs(buf + i, step, pa + i) ==
			    step, image, "physical bytes", pa + i,
			    "not what was written");
		i += step;
	}
}

/*
 * The key that all encrypted images were made for lies beside them; what raw
 * memory lacks is a fact.
 */
static struct kvm_options
options_for(const char *image, const struct expect *e)
{
	static char key[4200];
	struct kvm_options o = KVM_OPTIONS_INIT;

	snprintf(key, sizeof(key), "%.*sfbsd-encrypted.pem",
	    (int)(strrchr(image, '/') + 1 - image), image);
	o.ko_key = key;
	o.ko_raw = expect_fact(e, "raw");
	return (o);
}

static struct kvmi_image *
open_container(const char *image, const struct expect *e,
    struct kvmi_err *err)
{
	const struct kvm_options o = options_for(image, e);
	struct kvmi_image *img;
	struct kvmi_src *src;
	int fd = open(image, O_RDONLY);

	return (fd >= 0 && kvmi_file_open(fd, image, &src, err) == 0 &&
	    kvmi_image_open(src, &o, &img, err) == 0 ? img : NULL);
}

/* Below the public interface: also images that have no kernel to find. */
static void
check_physical(const char *image, const struct expect *e)
{
	struct kvmi_err err = { 0 };
	struct kvmi_image *img = open_container(image, e, &err);
	uint64_t rnd = 99, present = 0;

	if (!expect_true(img != NULL, image, "open", 0, err.text))
		return;
	for (size_t i = 0; i < e->phys.n; i++) {
		const struct stretch *s = &e->phys.v[i];
		uint64_t step = s->len / PAGE > MAX_PAGES ? s->len / MAX_PAGES :
		    PAGE;

		present += s->what == PRESENT ? s->len : 0;
		for (uint64_t in = 0; in < s->len; in += step) {
			check_state(image, e, img, s, s->start + in);
			check_physical_read(image, e, img, s, in, 1);
		}
		check_state(image, e, img, s, s->start + s->len - 1);
		for (int n = 0; n < 20; n++)
			check_physical_read(image, e, img, s,
			    next_random(&rnd) % s->len,
			    1 + next_random(&rnd) % MAX_LEN);
	}
	if (img->ops->count != NULL && img->ops->count(img, &err) == 0 &&
	    !may_be_lost(image, e))
		expect_true(img->pages_present == expect_number(e, "pages",
		    present / PAGE), image, "pages present",
		    img->pages_present, "not that many");
	kvmi_image_close(img);
}

static void
check_physical_api(const char *image, const struct expect *e, kvm_t *kd)
{
	uint8_t buf[64];

	for (size_t i = 0; i < e->phys.n; i++) {
		const struct stretch *s = &e->phys.v[i];
		size_t n = s->len < sizeof(buf) ? (size_t)s->len :
		    sizeof(buf);

		if (s->what != PRESENT) {
			expect_true(kvm_read_phys(kd, s->start, buf, n) ==
			    -1 && (kvm_errkind(kd) == KVM_ERR_NOTINDUMP ||
			    (kvm_errkind(kd) == KVM_ERR_TRUNCATED &&
			    may_be_lost(image, e))), image, "kvm_read_phys",
			    s->start, kvm_geterr(kd));
			continue;
		}
		expect_true(kvm_read_phys(kd, s->start, buf, n) ==
		    (ssize_t)n && (expect_find(&e->planted, s->start) !=
		    NULL || mkimage_differs(buf, n, s->start) == n), image,
		    "kvm_read_phys", s->start, kvm_geterr(kd));
	}
}

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
	m = kvmi_minidump(kd->kernel->img);
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

struct walk {
	const char	*image;
	const struct expect *e;
	int		 fd;
	uint64_t	 covered;	/* bytes, by each address they have */
	uint64_t	 last;
	uint64_t	 direct;	/* end of the last that has no other */
	unsigned int	 left;		/* mappings, before we have enough */
	bool		 stopped;
};

/* What lies at offset kp_offset of the file is the page. */
static void
check_offset(const struct walk *w, const struct kvm_page *p,
    const struct stretch *s)
{
	uint8_t buf[64];

	if (p->kp_offset < 0 || s->what != MAP)
		return;
	expect_true(pread(w->fd, buf, sizeof(buf), p->kp_offset) ==
	    sizeof(buf) && mkimage_differs(buf, sizeof(buf), p->kp_paddr) ==
	    sizeof(buf), w->image, "kp_offset", p->kp_paddr,
	    "the page is not there");
}

/* A mapping as walked, against the lines that it overlaps. */
static void
check_mapping(struct walk *w, const struct kvm_page *p, uint64_t va,
    bool rights)
{
	for (uint64_t in = 0; in < p->kp_len;) {
		const struct stretch *s = expect_find(&w->e->virt, va + in);
		uint64_t part;

		if (s == NULL)
			return;
		part = s->start + s->len - (va + in);
		if (part > p->kp_len - in)
			part = p->kp_len - in;
		expect_true(s->what != NOTMAPPED, w->image, "walked", va + in,
		    "not mapped");
		if (s->what == MAP || s->what == SPECIAL) {
			const char want[] = {
				p->kp_prot & VM_PROT_READ ? 'r' : '-',
				p->kp_prot & VM_PROT_WRITE ? 'w' : '-',
				p->kp_prot & VM_PROT_EXECUTE ? 'x' : '-', 0 };

			expect_true(p->kp_paddr + in == s->pa +
			    (va + in - s->start), w->image, "walked", va + in,
			    "another page");
			if (rights)
				expect_true(strcmp(want, s->rights) == 0,
				    w->image, "rights", va + in, want);
			w->covered += part;
			if (in == 0)
				check_offset(w, p, s);
		}
		in += part;
	}
}

static int
on_page(struct kvm_page *p, void *arg)
{
	struct walk *w = arg;

	expect_true(p->kp_version == LIBKVM_WALK_PAGES_VERSION &&
	    p->kp_len > 0, w->image, "kvm_page", p->kp_paddr, "malformed");
	if (p->kp_kmap_vaddr != 0) {
		expect_true(p->kp_kmap_vaddr >= w->last ||
		    expect_fact(w->e, "unordered") != NULL, w->image, "walked",
		    p->kp_kmap_vaddr, "out of order");
		w->last = p->kp_kmap_vaddr;
		check_mapping(w, p, p->kp_kmap_vaddr, true);
	}
	if (p->kp_kmap_vaddr == 0) {
		expect_true(p->kp_dmap_vaddr >= w->direct, w->image, "walked",
		    p->kp_dmap_vaddr, "again, or out of order");
		w->direct = p->kp_dmap_vaddr + p->kp_len;
	}
	if (p->kp_dmap_vaddr != 0)
		check_mapping(w, p, p->kp_dmap_vaddr, p->kp_kmap_vaddr == 0);
	w->stopped = --w->left == 0;
	return (!w->stopped);
}

/* A callback that has seen enough ends the walk. */
static int
stop_at_third(struct kvm_page *p, void *arg)
{
	(void)p;
	return (++*(unsigned int *)arg < 3);
}

static void
check_stopped(const char *image, kvm_t *kd)
{
	unsigned int n = 0;
	int r = kvm_walk_pages(kd, stop_at_third, &n);

	expect_true(r == (n < 3) && n <= 3, image, "stopped walk", n,
	    "goes on");
}

static void
check_walk(const char *image, const struct expect *e, kvm_t *kd)
{
	struct walk w = { .image = image, .e = e, .left = 2000000,
		.fd = open(image, O_RDONLY) };
	uint64_t mapped = 0;
	int r = kvm_walk_pages(kd, on_page, &w);

	close(w.fd);
	for (size_t i = 0; i < e->virt.n; i++)
		if (e->virt.v[i].what == MAP || e->virt.v[i].what == SPECIAL)
			mapped += e->virt.v[i].len;
	if (w.stopped || strstr(image, "selfref") != NULL)
		return;
	expect_true(r == 1, image, "kvm_walk_pages", 0, kvm_geterr(kd));
	check_stopped(image, kd);
	/* A page with two addresses was counted for each. */
	expect_true(w.covered >= mapped - expect_number(e, "unwalked", 0),
	    image, "walked", w.covered,
	    "less than is mapped");
}

static int
count_record(const struct kvm_logrec *rec, void *arg)
{
	unsigned int *sum = arg;

	for (size_t i = 0; i < rec->kl_len; i++)
		*sum += (unsigned char)rec->kl_text[i];
	return (1);
}

static int
count_page(struct kvm_page *page, void *arg)
{
	(void)page;
	return (++*(unsigned int *)arg < 20000);
}

/* Reads and translations all over: whatever comes of it, it ends. */
static void
use_memory(const char *image, kvm_t *kd)
{
	unsigned int sum = 0;
	uint64_t buf, len;
	kpaddr_t pa;

	kvm_walk_pages(kd, count_page, &sum);
	for (uint64_t va = 0; va < UINT64_C(1) << 40; va = va * 3 + 4096) {
		if (kvm_read2(kd, va, &buf, sizeof(buf)) < 0)
			expect_true(kvm_geterr(kd)[0] != '\0', image, "read",
			    va, "no reason");
		kvm_read2(kd, -va, &buf, sizeof(buf));
		kvm_read_phys(kd, va, &buf, sizeof(buf));
		kvm_read_phys(kd, -va, &buf, sizeof(buf));
		kvm_vtophys(kd, -va, &pa, &len);
	}
}

/* The calls that do much by themselves as well. */
static void
use_all(const char *image, kvm_t *kd)
{
	struct kvm_nlist nl[] = { { .n_name = "init_task" },
		{ .n_name = "_version" }, { 0 } };
	struct kvm_symbol sym;
	unsigned int sum = 0;
	const char *bad;
	int cnt = 0;

	if (kvm_walk_log(kd, count_record, &sum) < 0)
		expect_true(kvm_geterr(kd)[0] != '\0', image, "kvm_walk_log",
		    0, "no reason");
	if (kvm_getprocs(kd, KERN_PROC_ALL, 0, &cnt) == NULL)
		expect_true(kvm_geterr(kd)[0] != '\0', image, "kvm_getprocs",
		    0, "no reason");
	if (kvm_nlist2(kd, nl) < 0)
		expect_true(kvm_geterr(kd)[0] != '\0', image, "kvm_nlist2", 0,
		    "no reason");
	if (kvm_symbol_by_addr(kd, UINT64_C(0xffffffff81000000), &sym) < 0)
		expect_true(kvm_geterr(kd)[0] != '\0', image,
		    "kvm_symbol_by_addr", 0, "no reason");
	use_memory(image, kd);
	expect_true(kvm_getinfo(kd) != NULL, image, "info", 0, "");
	bad = use_state(kd);
	expect_true(bad == NULL, image, bad, 0, "no reason");
}

static kvm_t *
open_image(const char *image, const struct expect *e, const char *path,
    char *why)
{
	struct kvm_options o = options_for(image, e);
	const char *name = expect_fact(e, "kernel");
	char kernel[4200];
	struct stat st;

	if (name != NULL)
		snprintf(kernel, sizeof(kernel), "%.*s%s",
		    (int)(strrchr(image, '/') + 1 - image), image, name);
	else
		snprintf(kernel, sizeof(kernel), "%s.elf", image);
	o.ko_execfile = stat(kernel, &st) == 0 ? kernel : NULL;
	o.ko_corefile = path;
	return (kvm_open_with(&o, why));
}

static void
check_good(const char *image, const struct expect *e)
{
	char why[2048] = "";
	kvm_t *kd = open_image(image, e, image, why);

	check_physical(image, e);
	/* What has no kernel to find, and a member without page tables. */
	if (expect_number(e, "rootknown", 1) == 0 || is_split(image)) {
		if (kd == NULL)
			expect_true(why[0] != '\0', image, "open", 0,
			    "no reason");
		else
			kvm_close(kd);
		return;
	}
	if (!expect_true(kd != NULL, image, "open", 0, why))
		return;
	check_facts(image, e, kd);
	check_uts(image, e, kd);
	check_pages(image, e, kd);
	check_random(image, e, kd, READS, false);
	check_words(image, e, kd);
	check_physical_api(image, e, kd);
	check_symbols(image, e, kd);
	check_kernel_file(image, kd);
	check_types(image, e, kd);
	check_procs(image, e, kd);
	check_threads(image, kd);
	check_walk(image, e, kd);
	use_all(image, kd);
	expect_true(kvm_close(kd) == 0, image, "close", 0, "");
}

/* Anything but a crash, a hang, a silent failure or bytes that are wrong. */
static void
check_bad(const char *image, const struct expect *e)
{
	char why[2048] = "";
	kvm_t *kd = open_image(image, e, image, why);

	if (kd == NULL) {
		expect_true(why[0] != '\0', image, "open", 0, "no reason");
		return;
	}
	check_random(image, e, kd, 500, true);
	use_all(image, kd);
	kvm_close(kd);
}

/* A copy in memory that can be cut; the holes stay holes. */
static int
copy_of(const char *image, off_t *size)
{
	int in = open(image, O_RDONLY), out = memfd_create("cut", MFD_CLOEXEC);
	static uint8_t buf[1 << 20];
	off_t at = 0, end;
	struct stat st;

	if (in < 0 || out < 0 || fstat(in, &st) != 0 ||
	    ftruncate(out, st.st_size) != 0)
		abort();
	while ((at = lseek(in, at, SEEK_DATA)) >= 0) {
		end = lseek(in, at, SEEK_HOLE);
		while (at < end) {
			size_t n = end - at < (off_t)sizeof(buf) ?
			    (size_t)(end - at) : sizeof(buf);

			if (pread(in, buf, n, at) != (ssize_t)n ||
			    pwrite(out, buf, n, at) != (ssize_t)n)
				abort();
			at += (off_t)n;
		}
	}
	close(in);
	*size = st.st_size;
	return (out);
}

#define CUTS	220

static int
descending(const void *a, const void *b)
{
	const off_t *x = a, *y = b;

	return ((*x < *y) - (*x > *y));
}

/* Where to cut: around the sections' boundaries, and anywhere. */
static size_t
choose_cuts(const char *image, const struct expect *e, off_t size,
    off_t cut[CUTS])
{
	struct kvmi_err err;
	struct kvmi_image *img = open_container(image, e, &err);
	const struct kvmi_minidump *m;
	struct kvmi_extent x;
	uint64_t rnd = 7;
	size_t n = 0;

	for (off_t i = 0; i < 20; i++)
		for (off_t d = -1; d <= 1; d++)
			cut[n++] = i * PAGE + d;
	for (off_t d = 1; d < 4; d++)
		cut[n++] = size - d;
	m = img != NULL ? kvmi_minidump(img) : NULL;
	for (off_t d = -1; d <= 1 && m != NULL; d++) {
		cut[n++] = (off_t)m->pt_off + d;
		cut[n++] = (off_t)(m->pt_off + m->pt_len) + d;
		cut[n++] = (off_t)m->msgbuf_off + d;
	}
	/* Pages of the dump begin and end at these. */
	for (int i = 0; i < 40 && img != NULL; i++) {
		uint64_t pa = next_random(&rnd) % (img->max_pa + 1);

		if (kvmi_image_locate(img, pa, &x, &err) != 0 ||
		    x.state != KVMI_STORED)
			continue;
		for (off_t d = -1; d <= 1; d++)
			cut[n++] = (off_t)img->src->ops->file_off(img->src,
			    x.off) + d;
	}
	while (n < CUTS)
		cut[n++] = (off_t)(next_random(&rnd) % (uint64_t)size);
	kvmi_image_close(img);
	qsort(cut, n, sizeof(*cut), descending);
	return (n);
}

/* The work whose memory is measured, on a whole image and on a cut one. */
static size_t
use_cut(const char *image, const char *path, const struct expect *e, off_t len)
{
	char why[2048] = "";
	kvm_t *kd;

	peak_reset();
	kd = open_image(image, e, path, why);
	if (kd == NULL) {
		expect_true(why[0] != '\0', image, "open", (uint64_t)len,
		    "no reason");
		return (peak_bytes());
	}
	/* Records that later ones would have overridden look like any other. */
	if (strstr(image, "-overlap") == NULL)
		check_random(image, e, kd, 50, true);
	use_all(image, kd);
	kvm_close(kd);
	return (peak_bytes());
}

static void
check_cut(const char *image, const struct expect *e)
{
	off_t size, cut[CUTS];
	int fd = copy_of(image, &size);
	size_t whole, n = choose_cuts(image, e, size, cut);
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	whole = use_cut(image, path, e, size);
	/* From the longest on, so that one copy does for all. */
	for (size_t i = 0; i < n; i++) {
		size_t peak;

		if (cut[i] < 0 || cut[i] >= size ||
		    ftruncate(fd, cut[i]) != 0)
			continue;
		peak = use_cut(image, path, e, cut[i]);
		/* Small kernels that lack pages are copied to be searched. */
		expect_true(peak <= 2 * whole + (1 << 20), image, "memory",
		    peak, "more than twice what the whole image takes");
	}
	close(fd);
}

#define FLIPS		150
#define FLIPS_PER_USE	8
#define SMALL		(512 << 10)

typedef void use_fn(const char *image, kvm_t *kd);

/* Overwrite, use, put back. */
static void
use_bent(const char *image, const struct expect *e, int fd, off_t at,
    const void *with, size_t len, use_fn *use)
{
	char path[40], why[2048] = "";
	uint8_t was[8];
	kvm_t *kd;

	if (pread(fd, was, len, at) != (ssize_t)len ||
	    pwrite(fd, with, len, at) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	alarm(PATIENCE);
	kd = open_image(image, e, path, why);
	if (kd == NULL)
		expect_true(why[0] != '\0', image, "open", (uint64_t)at,
		    "no reason");
	else {
		use(image, kd);
		kvm_close(kd);
	}
	if (pwrite(fd, was, len, at) != (ssize_t)len)
		abort();
}

/* Set a field in the headers of a dump device alike, and its parity right. */
static void
put_field(int fd, const off_t *header, size_t n, off_t field, uint32_t value)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t was, parity;

		if (pread(fd, &was, 4, header[i] + field) != 4 ||
		    pread(fd, &parity, 4, header[i] + 508) != 4)
			abort();
		parity ^= was ^ value;
		if (pwrite(fd, &value, 4, header[i] + field) != 4 ||
		    pwrite(fd, &parity, 4, header[i] + 508) != 4)
			abort();
	}
}

/* struct kerneldumpheader, before and behind a dump (sys/sys/kerneldump.h). */
static size_t
find_headers(int fd, off_t size, off_t *header, size_t max)
{
	char magic[8];
	size_t n = 0;

	for (off_t at = 0; at + 512 <= size && n < max; at += 512)
		if (pread(fd, magic, 8, at) == 8 &&
		    memcmp(magic, "FreeBSD ", 8) == 0)
			header[n++] = at;
	return (n);
}

static void
bend_headers(const char *image, const struct expect *e, int fd, off_t size)
{
	static const uint32_t value[] = { 0, UINT32_MAX, 1, 1u << 24 };
	off_t header[8];
	size_t n = find_headers(fd, size, header, 8);

	/* From behind the magic up to the texts. */
	for (off_t at = 20; n > 0 && at < 128; at += 4)
		for (size_t v = 0; v < 4; v++) {
			uint32_t was;

			if (pread(fd, &was, 4, header[0] + at) != 4)
				abort();
			put_field(fd, header, n, at, value[v]);
			/* Nothing more is bent: it is used as it is. */
			use_bent(image, e, fd, 0, "", 0, use_all);
			put_field(fd, header, n, at, was);
		}
}

/* Where the root of the page tables is in the file, or 0. */
static off_t
root_offset(const char *image, const struct expect *e)
{
	char why[2048] = "";
	kvm_t *kd = open_image(image, e, image, why);
	struct kvmi_extent x;
	off_t off = 0;

	if (kd == NULL)
		return (0);
	if (kd->kernel->space.paging.root_pa != 0 &&
	    kvmi_image_locate(kd->kernel->img, kd->kernel->space.paging.root_pa,
	    &x, NULL) == 0 && x.state == KVMI_STORED && x.codec == NULL)
		off = (off_t)kd->kernel->img->src->ops->file_off(
		    kd->kernel->img->src, x.off +
		    (kd->kernel->space.paging.root_pa - x.start));
	kvm_close(kd);
	return (off);
}

/* Where the fields of a container's headers are, if not all at its start. */
static const struct fields {
	const char	*prefix;
	off_t		 begin, end;
} fields_table[] = {
	/* Main header and sub header of a kdump. */
	{ "linux-kdump", 404, 464 },
	{ "linux-kdump", 4096, 4096 + 128 },
	/* Up to the note of VMCOREINFO. */
	{ "linux-s390", 8, 160 },
	{ "linux-mem", 0, 128 },
	{ "linux-flat", 16, 40 },
	{ "linux-flat", 4096, 4096 + 160 },
	{ "", 16, 160 },
};

/* Each field of four or eight bytes at its extremes. */
static void
bend_fields(const char *image, const struct expect *e, int fd, off_t begin,
    off_t end)
{
	static const uint8_t with[][8] = { { 0 }, { 255, 255, 255, 255, 255,
		255, 255, 255 }, { 1 }, { 0, 0, 0, 1 } };

	for (off_t at = begin; at < end; at += 4) {
		for (size_t i = 0; i < KVMI_COUNT(with); i++)
			use_bent(image, e, fd, at, with[i], 4, use_all);
		if (at % 8 == 0)
			use_bent(image, e, fd, at, with[1], 8,
			    use_all);
	}
}

static void
bend_all_fields(const char *image, const struct expect *e, int fd)
{
	const char *name = strrchr(image, '/') + 1;
	bool found = false;

	for (size_t i = 0; i < KVMI_COUNT(fields_table); i++) {
		const struct fields *f = &fields_table[i];

		if (strncmp(name, f->prefix, strlen(f->prefix)) != 0 ||
		    (found && f->prefix[0] == '\0'))
			continue;
		found = true;
		bend_fields(image, e, fd, f->begin, f->end);
	}
}

static void
flip(const char *image, const struct expect *e, int fd, off_t at,
    uint64_t *rnd, use_fn *use)
{
	uint8_t byte;

	if (pread(fd, &byte, 1, at) != 1)
		return;
	byte ^= (uint8_t)(1u << next_random(rnd) % 8);
	use_bent(image, e, fd, at, &byte, 1, use);
}

/*
 * Each field of the headers at its extremes, and bits flipped in bitmaps and
 * page tables: $KVM_FLIPS of them, where time is no matter.
 */
static void
check_bent(const char *image, const struct expect *e)
{
	const char *many = getenv("KVM_FLIPS");
	long flips = many != NULL ? atol(many) : FLIPS;
	off_t size, tables, root = root_offset(image, e);
	int fd = copy_of(image, &size);
	struct kvmi_err err;
	struct kvmi_image *img = open_container(image, e, &err);
	const struct kvmi_minidump *m = img != NULL ? kvmi_minidump(img) : NULL;
	uint64_t rnd = 11;

	/*
	 * Of a minidump up to its pages; of what has records all along, or is
	 * small, all of it; of others the headers.
	 */
	tables = m != NULL ? (off_t)(m->pt_off + m->pt_len) :
	    size <= SMALL ? size : PAGE;
	bend_all_fields(image, e, fd);
	bend_headers(image, e, fd, size);
	for (long i = 0; i < flips; i++) {
		/* The tables of a full dump follow its root, as a rule. */
		off_t at = root != 0 && i % 2 == 0 ? root + (off_t)(
		    next_random(&rnd) % (16 * PAGE)) :
		    (off_t)(next_random(&rnd) % (uint64_t)tables);

		/* What bitmaps and tables lead to is soon looked at. */
		flip(image, e, fd, at, &rnd, i % FLIPS_PER_USE == 0 ? use_all :
		    use_memory);
	}
	kvmi_image_close(img);
	close(fd);
}

/* Tables and kernel files are other tests' affair. */
static bool
applies(const char *name, int argc, char **argv)
{
	static const char *const other[] = { "kallsyms-", "btf-",
		"bad-kallsyms", "bad-btf", "fbsd-elf-", "bad-fbsd-elf-" };
	size_t len = strlen(name);

	if ((len > 4 && strcmp(name + len - 4, ".elf") == 0) ||
	    strcmp(name, "linux-kdump-split") == 0)
		return (false);
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		if (strncmp(name, other[i], strlen(other[i])) == 0)
			return (false);
	for (int i = 3; i < argc; i++)
		if (strncmp(name, argv[i], strlen(argv[i])) == 0)
			return (true);
	return (argc == 3);
}

int
main(int argc, char **argv)
{
	size_t images = 0;
	struct dirent *d;
	DIR *dir;

	if (argc < 3 || (dir = opendir(argv[2])) == NULL) {
		fprintf(stderr, "usage: test_images good|bad|cut|bent DIR "
		    "[PREFIX...]\n");
		return (2);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((d = readdir(dir)) != NULL) {
		char path[4096];
		struct expect e;

		snprintf(path, sizeof(path), "%s/%s", argv[2], d->d_name);
		if (!applies(d->d_name, argc, argv) || !expect_load(&e, path))
			continue;
		if (e.bad == (strcmp(argv[1], "bad") == 0)) {
			images++;
			shown = 0;
			alarm(e.bad ? PATIENCE / 5 : PATIENCE);
			if (argv[1][0] == 'g')
				check_good(path, &e);
			else if (e.bad)
				check_bad(path, &e);
			else if (argv[1][0] == 'c')
				check_cut(path, &e);
			else
				check_bent(path, &e);
		}
		expect_unload(&e);
	}
	closedir(dir);
	printf("%zu images, %zu checks, %d failed\n", images, checks,
	    failures);
	return (failures != 0 || images == 0);
}
