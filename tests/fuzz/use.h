/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the targets do with what they opened, and what must always hold: an
 * extent holds its address, an error has a text, and the same question has
 * the same answer.
 */
#ifndef FUZZ_USE_H
#define FUZZ_USE_H

#include <stdlib.h>
#include <string.h>

#include "os/kernel.h"

#define FUZZ_EXTENTS	200
#define FUZZ_PAGES	2000
#define FUZZ_PROCS	20

/* Read twice: once from the file, then perhaps from the cache. */
static inline void
fuzz_read(struct kvmi_image *img, uint64_t pa)
{
	struct kvmi_err err = { 0 };
	uint8_t first[64], again[64];
	size_t done, done_again;
	int r = kvmi_image_read(img, pa, first, sizeof(first), &done, &err);

	if (done > sizeof(first) || (r == 0) != (done == sizeof(first)) ||
	    r > 0 || (r < 0 && err.text[0] == '\0'))
		abort();
	if (kvmi_image_read(img, pa, again, sizeof(again), &done_again,
	    &err) != r || done_again != done || memcmp(first, again,
	    done) != 0)
		abort();
}

static inline void
fuzz_use_image(struct kvmi_image *img)
{
	struct kvmi_err err;
	struct kvmi_extent e;
	struct kvmi_note n;
	uint64_t pa = 0;
	size_t pos = 0;

	for (int i = 0; i < FUZZ_EXTENTS; i++) {
		if (kvmi_image_locate(img, pa, &e, &err) != 0)
			break;
		if (e.len == 0 || pa < e.start || pa - e.start >= e.len)
			abort();
		fuzz_read(img, pa);
		fuzz_read(img, e.start + e.len - 32);
		if (e.start + e.len <= pa)
			break;
		pa = e.start + e.len;
	}
	for (uint64_t a = 1; a != 0; a <<= 1) {
		fuzz_read(img, a);
		fuzz_read(img, -a);
	}
	if (img->ops->count != NULL)
		img->ops->count(img, &err);
	while (kvmi_note_next(&img->notes, img->big_endian, &pos, &n))
		kvmi_note_is(&n, "VMCOREINFO", 0);
}

static inline int
fuzz_on_record(const struct kvm_logrec *rec, void *arg)
{
	/* Touch all of the text: it must lie inside something. */
	for (size_t i = 0; i < rec->kl_len; i++)
		*(unsigned int *)arg += (unsigned char)rec->kl_text[i];
	return (1);
}

static inline int
fuzz_on_page(struct kvm_page *page, void *arg)
{
	(void)page;
	return (++*(unsigned int *)arg < FUZZ_PAGES);
}

static inline void
fuzz_kread(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va)
{
	uint8_t cold[64], warm[64];
	size_t done, again;
	int r = kvmi_space_read(&k->space, cx, va, cold, sizeof(cold), &done);

	if (done > sizeof(cold) || (r == 0) != (done == sizeof(cold)) ||
	    (r != 0 && cx->err.text[0] == '\0'))
		abort();
	if (kvmi_space_read(&k->space, cx, va, warm, sizeof(warm), &again) !=
	    r || again != done || memcmp(cold, warm, done) != 0)
		abort();
}

/* A failure has a text, whatever was asked. */
static inline void
fuzz_outcome(const struct kvmi_cx *cx, int r)
{
	if (r > 0 || (r != 0 && cx->err.text[0] == '\0'))
		abort();
}

static inline void
fuzz_use_state(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	const struct kvmi_os_ops *os = k->os;
	uint64_t ticks[CPUSTATES], va, len;
	uint32_t running, max;
	struct kvmi_swaps swaps = { 0 };
	double avg[3];

	if (os->loadavg != NULL)
		fuzz_outcome(cx, os->loadavg(k, cx, avg));
	if (os->cptime != NULL)
		fuzz_outcome(cx, os->cptime(k, cx, ticks));
	if (os->swaps != NULL)
		fuzz_outcome(cx, os->swaps(k, cx, &swaps));
	free(swaps.v);
	if (os->cpus != NULL)
		fuzz_outcome(cx, os->cpus(k, cx, &running, &max));
	for (uint32_t cpu = 0; cpu <= INT32_MAX; cpu = cpu * 2 + 1) {
		if (os->pcpu != NULL)
			fuzz_outcome(cx, os->pcpu(k, cx, cpu, &va, &len));
		if (os->zpcpu != NULL)
			fuzz_outcome(cx, os->zpcpu(k, cx, 64, cpu, &va));
	}
}

static inline void
fuzz_use_process(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki)
{
	struct kvmi_strings s = { 0 };
	uint8_t buf[64];
	size_t done;

	for (int kind = KVMI_ARGV; kind <= KVMI_ENVV; kind++) {
		if (k->os->strings == NULL)
			break;
		fuzz_outcome(cx, k->os->strings(k, cx, ki,
		    (enum kvmi_strings_kind)kind, 100000, &s));
		free(s.p);
		s.p = NULL;
	}
	for (uint64_t a = 1; a != 0 && k->os->uread != NULL; a <<= 4)
		fuzz_outcome(cx, k->os->uread(k, cx, ki, a, buf, sizeof(buf),
		    &done));
}

static inline void
fuzz_use_kernel(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	struct kvmi_procs procs = { 0 };
	struct kvmi_facts *f = calloc(1, sizeof(*f));
	struct kvmi_symtab *t;
	struct kvmi_sym sym;
	unsigned int sum = 0;
	size_t n = 0;
	bool done;

	for (uint64_t a = 1; a != 0; a <<= 1) {
		fuzz_kread(k, cx, a);
		fuzz_kread(k, cx, -a);
	}
	kvmi_kernel_symbol(k, cx, "_init_task", &sym);
	if (kvmi_kernel_symtab(k, cx, &t) == 0)
		for (uint64_t a = 1; a != 0; a <<= 1)
			if (kvmi_symtab_by_addr(t, -a, &sym, &cx->err) == 0 &&
			    sym.addr > -a)
				abort();
	fuzz_use_state(k, cx);
	k->os->procs(k, cx, KERN_PROC_ALL, 0, true, &procs);
	for (size_t i = 0; i < procs.n && i < FUZZ_PROCS; i++)
		fuzz_use_process(k, cx, &procs.v[i]);
	k->os->log(k, cx, fuzz_on_record, &sum, &n);
	sum = 0;
	k->os->walk_pages(k, cx, fuzz_on_page, &sum, &done);
	if (f != NULL)
		k->os->facts(k, cx, f);
	free(f);
	free(procs.v);
}

/* img becomes the kernel's, or is closed. */
static inline void
fuzz_use_as_kernel(struct kvmi_image *img)
{
	struct kvmi_cx *cx = kvmi_cx_new();
	struct kvmi_kernel *k;

	if (cx == NULL)
		abort();
	if (kvmi_kernel_open(img, NULL, NULL, cx, &k) == 0) {
		fuzz_use_kernel(k, cx);
		kvmi_kernel_close(k);
	} else if (cx->err.text[0] == '\0') {
		abort();
	}
	kvmi_cx_free(cx);
}

/* NULL: it is none, for a reason. */
static inline struct kvmi_image *
fuzz_open(const void *p, size_t len)
{
	struct kvmi_err err = { 0 };
	struct kvmi_image *img;
	struct kvmi_src *src;

	if (kvmi_mem_open(p, len, "input", &src, &err) != 0)
		return (NULL);
	if (kvmi_image_open(src, NULL, &img, &err) == 0)
		return (img);
	if (err.text[0] == '\0')
		abort();
	return (NULL);
}

#endif
