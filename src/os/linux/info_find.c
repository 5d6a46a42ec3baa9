/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a kernel's VMCOREINFO is: in a file, a note of the container, where the
 * kernel says (s390x's lowcore), at the variable that the kernel image names,
 * or on any page of memory.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/linux/attach.h"

#define PAGE			4096
#define MAX_VMCOREINFO		65536

/* A VMCOREINFO note: header, padded name, text. */
#define NOTE_TEXT		24
#define HEAD			(NOTE_TEXT + 16)	/* by which it is known */
#define TEXTS			8	/* without a header, as many are tried */

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
int
kvmi_linux_info_from_file(struct kvmi_linux *l, const char *path,
    struct kvmi_err *err)
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
int
kvmi_linux_info_from_container(struct kvmi_kernel *k, struct kvmi_linux *l,
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

/* Is there a VMCOREINFO note at the start of this page? */
static bool
looks_like_note(const uint8_t *p, size_t len, bool *big_endian)
{
	bool big;

	if (len < HEAD || memcmp(p + 12, "VMCOREINFO", 11) != 0)
		return (false);
	big = kvmi_get32(p, true) == 11;
	if (kvmi_get32(p, big) != 11 || kvmi_get32(p + 8, big) != 0 ||
	    !kvmi_vmcoreinfo_plausible(p + NOTE_TEXT, len - NOTE_TEXT))
		return (false);
	*big_endian = big;
	return (true);
}

/* KVMI_ENOTMINE: no note at pa. */
static int
note_at(struct kvmi_kernel *k, struct kvmi_linux *l, uint64_t pa,
    struct kvmi_cx *cx)
{
	uint8_t head[HEAD];
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
	return (r);
}

/* The text alone, which is in no more than a page. */
static int
text_at(struct kvmi_kernel *k, struct kvmi_linux *l, uint64_t pa,
    struct kvmi_cx *cx)
{
	char text[PAGE];
	size_t done;

	kvmi_image_read(k->img, pa, text, sizeof(text), &done, &cx->err);
	if (!kvmi_vmcoreinfo_plausible(text, done))
		return (KVMI_ENOTMINE);
	return (set_info(l, text, done, &cx->err));
}

/* Where that leads, of a note or of the text alone. */
static int
try_at(struct kvmi_kernel *k, struct kvmi_linux *l, uint64_t pa,
    struct kvmi_cx *cx)
{
	int r = note_at(k, l, pa, cx);

	if (r == KVMI_ENOTMINE)
		r = text_at(k, l, pa, cx);
	snprintf(l->info_where, sizeof(l->info_where), "memory, physical 0x%"
	    PRIx64, pa);
	return (r == 0 ? kvmi_linux_use_info(k, l, cx) : r);
}

/* What a search of all memory comes by. */
struct found {
	uint64_t	text_pa[TEXTS];
	size_t		n;
	uint64_t	cut_pa;		/* of what leads to what is lost */
};

static int
try_page(struct kvmi_kernel *k, struct kvmi_linux *l, uint64_t pa,
    struct kvmi_cx *cx, struct found *f)
{
	int r;

	k->space.ops = NULL;
	r = try_at(k, l, pa, cx);
	if (kvmi_linux_is_cut(k, r) && f->cut_pa == UINT64_MAX)
		f->cut_pa = pa;
	return (r);
}

/*
 * A note at the start of the page is tried at once, as it tells of a crash; the
 * text that it is made of (vmcoreinfo_data) where there is none.
 */
static int
look_at(struct kvmi_kernel *k, struct kvmi_linux *l, uint64_t pa,
    struct kvmi_cx *cx, struct found *f)
{
	uint8_t head[HEAD];
	size_t done;
	bool big;

	if (kvmi_image_read(k->img, pa, head, sizeof(head), &done,
	    &cx->err) != 0)
		return (KVMI_ENOTMINE);
	if (looks_like_note(head, sizeof(head), &big))
		return (try_page(k, l, pa, cx, f));
	if (f->n < TEXTS && kvmi_vmcoreinfo_plausible(head, sizeof(head)))
		f->text_pa[f->n++] = pa;
	return (KVMI_ENOTMINE);
}

/* The last resort: it is page aligned, somewhere in memory. */
static int
scan_memory(struct kvmi_kernel *k, struct kvmi_linux *l, struct kvmi_cx *cx)
{
	struct found f = { .cut_pa = UINT64_MAX };
	uint64_t pa = 0;

	while (pa < k->img->max_pa) {
		struct kvmi_extent e;

		if (kvmi_image_locate(k->img, pa, &e, &cx->err) != 0)
			return (KVMI_ENOTMINE);
		if (e.state != KVMI_STORED || e.zero) {
			if (!kvmi_add(e.start, e.len, &pa) ||
			    !kvmi_round_up(pa, PAGE, &pa))
				break;
			continue;
		}
		if (look_at(k, l, pa, cx, &f) == 0)
			return (0);
		pa += PAGE;
	}
	for (size_t i = 0; i < f.n; i++)
		if (try_page(k, l, f.text_pa[i], cx, &f) == 0)
			return (0);
	/* None of them leads to its kernel; one may be of what is lost. */
	if (f.cut_pa != UINT64_MAX &&
	    kvmi_linux_is_cut(k, try_at(k, l, f.cut_pa, cx)))
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
	return (r == 0 ? kvmi_linux_use_info(k, l, cx) : r);
}

/* Without a note.  A kernel that has no VMCOREINFO at all is still usable. */
int
kvmi_linux_find_kernel(struct kvmi_kernel *k, struct kvmi_linux *l,
    struct kvmi_cx *cx)
{
	struct kvmi_paging found;
	uint64_t pa;
	int r = KVMI_ENOTMINE;

	/* That of a note which was refused says nothing of this one. */
	k->space.ops = NULL;
	if (l->arch != NULL && l->arch->note_pa != NULL &&
	    l->arch->note_pa(k, cx, &pa) == 0 &&
	    ((r = try_at(k, l, pa, cx)) == 0 || kvmi_linux_is_cut(k, r)))
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
int
kvmi_linux_replace_info(struct kvmi_kernel *k, struct kvmi_linux *l,
    struct kvmi_cx *cx)
{
	struct kvmi_err why = cx->err;
	int r;

	kvmi_vmcoreinfo_deinit(&l->info);
	r = kvmi_linux_find_kernel(k, l, cx);
	if (r == 0 && l->info.len != 0) {
		snprintf(k->img->note, sizeof(k->img->note), "the dump's own "
		    "VMCOREINFO is not of the kernel in it; one found in "
		    "memory is used");
		return (0);
	}
	cx->err = why;
	return (why.code);
}
