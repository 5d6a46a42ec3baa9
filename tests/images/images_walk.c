/* SPDX-License-Identifier: BSD-2-Clause */
/* Every mapping that kvm_walk_pages() gives, against those that were made. */
#include "images.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../mkimage/pattern.h"

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

void
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
