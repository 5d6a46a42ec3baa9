/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each page is for: struct page (include/linux/mm_types.h), found through
 * the sections of physical memory (include/linux/mmzone.h) or, on machines
 * that have no sections, the array mem_map.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/linux/linux.h"

/* Of section_mem_map: the bits below the address (SECTION_MAP_LAST_BIT). */
#define SECTION_FLAGS	UINT64_C(0x3f)
#define SECTION_PRESENT	UINT64_C(1)

#define MAPPING_ANON	1		/* include/linux/page-flags.h */
#define MAX_ORDER	30
#define MAX_PAGE_STRUCT	512
#define AT_ONCE		512		/* structures that are read together */
#define TYPED		0xf0000000u	/* page_type holds a type, no count */

struct pages {
	struct kvmi_kernel *k;
	struct kvmi_cx	*cx;
	kvmi_page_kind_fn *fn;
	void		*arg;
	uint64_t	 size;		/* of struct page */
	struct kvmi_member flags, mapping, type, order, tail;
	uint64_t	 lru, private, head, slab;
	uint32_t	 buddy;
	/* What tells huge pages (hugetlbfs); of size 0 or 0: not there. */
	struct kvmi_member dtor;	/* up to 6.5, in the second page */
	int64_t		 huge_dtor;
	uint64_t	 huge_flag;	/* up to 6.8, in the second page */
	uint32_t	 huge_type;
	int		 compound;	/* kind of the one we are in; -1: none */
	uint8_t		 buf[AT_ONCE * MAX_PAGE_STRUCT];
};

/* A page flag's mask; 0: this kernel has none of that name. */
static uint64_t
flag(struct kvmi_types *t, struct kvmi_cx *cx, const char *name)
{
	int64_t bit;

	if (kvmi_type_enumerator(t, name, &bit, &cx->err) != 0 || bit < 0 ||
	    bit > 63)
		return (0);
	return (UINT64_C(1) << bit);
}

/*
 * Huge pages that a program has are its own, be they mapped or not
 * (Documentation/admin-guide/kdump/vmcoreinfo.rst).
 */
static void
find_huge(struct pages *p, const struct kvmi_vmcoreinfo *v,
    struct kvmi_types *t)
{
	int64_t n;

	if (kvmi_vmcoreinfo_number(v, "PAGE_HUGETLB_MAPCOUNT_VALUE", &n))
		p->huge_type = (uint32_t)n;
	if (kvmi_vmcoreinfo_number(v, "PG_hugetlb", &n) && n >= 0 && n < 64)
		p->huge_flag = UINT64_C(1) << n;
	if (!kvmi_vmcoreinfo_number(v, "HUGETLB_PAGE_DTOR", &p->huge_dtor) ||
	    kvmi_type_member(t, "page", "compound_dtor", &p->dtor,
	    &p->cx->err) != 0)
		p->dtor.size = 0;
}

static int
find_layout(struct pages *p, struct kvmi_linux *l)
{
	static const char *const names[] = { "page.flags.f page.flags",
		"page.mapping", "page.page_type page._mapcount",
		"page.private", "page.compound_head page.compound_info" };
	struct kvmi_member *const to[] = { &p->flags, &p->mapping, &p->type,
		&p->order, &p->tail };
	struct kvmi_err *err = &p->cx->err;
	struct kvmi_types *t;
	int64_t buddy;
	int r = kvmi_kernel_types(p->k, p->cx, &t);

	if (r == 0)
		r = kvmi_type_size(t, "page", &p->size, err);
	for (size_t i = 0; i < KVMI_COUNT(to) && r == 0; i++)
		r = kvmi_type_first(t, names[i], to[i], err);
	if (r != 0)
		return (kvmi_wrap(err, r, "the layout of struct page"));
	if (p->size == 0 || p->size > MAX_PAGE_STRUCT)
		return (kvmi_fail(err, KVMI_EFORMAT, "struct page has %" PRIu64
		    " bytes", p->size));
	p->lru = flag(t, p->cx, "PG_lru");
	p->private = flag(t, p->cx, "PG_private");
	p->head = flag(t, p->cx, "PG_head");
	p->slab = flag(t, p->cx, "PG_slab");
	if (p->lru == 0 || p->head == 0)
		return (kvmi_fail(err, KVMI_ENOTSUP, "the types of this kernel "
		    "do not name its page flags"));
	/* ~PG_buddy, or the type in the upper byte since 6.11. */
	if (!kvmi_vmcoreinfo_number(&l->info, "PAGE_BUDDY_MAPCOUNT_VALUE",
	    &buddy))
		return (kvmi_fail(err, KVMI_ENOTSUP, "VMCOREINFO has no "
		    "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE), by which free pages "
		    "are known"));
	p->buddy = (uint32_t)buddy;
	find_huge(p, &l->info, t);
	return (0);
}

static uint64_t
get(const struct pages *p, const struct kvmi_member *m, const uint8_t *page)
{
	return (kvmi_member_get(m, page, (size_t)p->size, p->k->big_endian));
}

/* next is the page behind, whose structure has more of a compound one. */
static bool
is_huge(const struct pages *p, const uint8_t *page, const uint8_t *next)
{
	if (p->huge_type != 0 &&
	    (uint32_t)get(p, &p->type, page) == p->huge_type)
		return (true);
	return ((get(p, &p->flags, page) & p->head) != 0 && next != NULL &&
	    (get(p, &p->tail, next) & 1) != 0 &&
	    ((get(p, &p->flags, next) & p->huge_flag) != 0 ||
	    (p->dtor.size != 0 &&
	    (int64_t)get(p, &p->dtor, next) == p->huge_dtor)));
}

/* One page by its structure; *n: how many pages that tells of. */
static int
kind_of(struct pages *p, const uint8_t *page, const uint8_t *next,
    uint64_t *n)
{
	uint64_t flags = get(p, &p->flags, page), order;
	uint64_t mapping = get(p, &p->mapping, page);
	uint32_t type = (uint32_t)get(p, &p->type, page);
	int kind = 0;

	*n = 1;
	/* As the page that it is a part of; where that is lost, it is kept. */
	if ((get(p, &p->tail, page) & 1) != 0)
		return (p->compound > 0 ? p->compound : 0);
	p->compound = -1;
	if (type == p->buddy) {
		order = get(p, &p->order, page);
		if (order <= MAX_ORDER)
			*n = UINT64_C(1) << order;
		return (KVM_EXCLUDE_FREE);
	}
	/* Slabs and page tables use the same words for other things. */
	if (is_huge(p, page, next))
		kind = KVM_EXCLUDE_USER;
	else if ((type & TYPED) == TYPED && type != UINT32_MAX &&
	    type < UINT32_MAX - 0xffff)
		kind = 0;
	else if ((flags & p->slab) != 0)
		kind = 0;
	else if ((mapping & MAPPING_ANON) != 0)
		kind = KVM_EXCLUDE_USER;
	else if ((flags & p->lru) != 0)
		kind = (flags & p->private) != 0 ? KVM_EXCLUDE_CACHE_PRIVATE :
		    KVM_EXCLUDE_CACHE;
	if ((flags & p->head) != 0)
		p->compound = kind;
	return (kind);
}

/* The structures of n pages from pfn on, which lie at va. */
static void
scan(struct pages *p, uint64_t pfn, uint64_t n, uint64_t va)
{
	uint64_t skip = 0;

	while (n > 0) {
		uint64_t step = kvmi_min(n, AT_ONCE);

		/* Without its structure a page is kept: zeros say nothing. */
		kvmi_kread_holes(p->k, p->cx, va, p->buf,
		    (size_t)(step * p->size), "page structures");
		for (uint64_t i = 0; i < step; i++) {
			const uint8_t *page = p->buf + i * p->size;
			uint64_t many;
			int kind;

			if (skip > 0) {
				skip--;
				continue;
			}
			kind = kind_of(p, page, i + 1 < step ? page + p->size :
			    NULL, &many);
			skip = many - 1;
			if (kind > 0)
				p->fn(p->arg, pfn + i, many, kind);
		}
		pfn += step;
		n -= step;
		va += step * p->size;
	}
}

/* SECTION_SIZE_BITS where VMCOREINFO lacks it: before 5.13. */
static const struct {
	const struct kvmi_arch *arch;
	int		 bits;
} old_section[] = {
	{ &kvmi_arch_x86_64, 27 },
	{ &kvmi_arch_arm64, 30 },
	{ &kvmi_arch_i386_pae, 29 },
	{ &kvmi_arch_i386, 26 },
	{ &kvmi_arch_ppc64, 24 },
	{ &kvmi_arch_riscv64, 27 },
};

static bool
section_bits(const struct pages *p, const struct kvmi_vmcoreinfo *v,
    int64_t *ret)
{
	if (kvmi_vmcoreinfo_number(v, "SECTION_SIZE_BITS", ret))
		return (true);
	for (size_t i = 0; i < KVMI_COUNT(old_section); i++)
		if (old_section[i].arch == p->k->arch) {
			*ret = old_section[i].bits;
			return (true);
		}
	return (false);
}

/* How physical memory is cut into sections. */
struct sections {
	uint64_t	 table;		/* of roots, or of all sections */
	bool		 extreme;	/* the table holds pointers to roots */
	uint64_t	 per_root, count, pages;
	uint64_t	 size;		/* of a section's structure */
	uint64_t	 map_off;
};

static bool
find_sections(struct pages *p, struct kvmi_linux *l, struct sections *s)
{
	const struct kvmi_vmcoreinfo *v = &l->info;
	uint64_t length;
	int64_t bits, max;
	unsigned int shift = p->k->arch->page_shift;
	char value[24];

	if (!kvmi_vmcoreinfo_size(v, "mem_section", &s->size) ||
	    !kvmi_vmcoreinfo_offset(v, "mem_section.section_mem_map",
	    &s->map_off) ||
	    !section_bits(p, v, &bits) ||
	    !kvmi_vmcoreinfo_number(v, "MAX_PHYSMEM_BITS", &max) ||
	    !kvmi_vmcoreinfo_get(v, "LENGTH(mem_section)", value,
	    sizeof(value)))
		return (false);
	/* A root is a page of them. */
	if (s->size == 0 || s->size > UINT64_C(1) << shift || bits <= shift ||
	    max <= bits || max > 56 || max - bits > 28)
		return (false);
	s->count = UINT64_C(1) << (max - bits);
	s->pages = UINT64_C(1) << (bits - shift);
	length = strtoull(value, NULL, 10);
	/* With CONFIG_SPARSEMEM_EXTREME there are as many roots as fill it. */
	s->per_root = (UINT64_C(1) << shift) / s->size;
	s->extreme = length < s->count;
	/* The symbol is printed as what it points to since it is a pointer. */
	return (kvmi_vmcoreinfo_symbol(v, "mem_section", &s->table));
}

/* The encoded address of the structures of section i; 0: none. */
static uint64_t
section_map(struct pages *p, const struct sections *s, uint64_t i)
{
	unsigned int word = p->k->arch->pointer_size;
	uint64_t at = s->table + i * s->size, map;

	if (s->extreme) {
		if (kvmi_kread_ptr(p->k, p->cx, s->table + i / s->per_root *
		    word, &at) != 0 || at == 0)
			return (0);
		at += i % s->per_root * s->size;
	}
	if (kvmi_kread_uint(p->k, p->cx, at + s->map_off, word, &map) != 0 ||
	    (map & SECTION_PRESENT) == 0)
		return (0);
	return (map & ~SECTION_FLAGS);
}

static void
scan_sections(struct pages *p, const struct sections *s)
{
	uint64_t end = p->k->img->max_pa >> p->k->arch->page_shift;
	uint64_t n = kvmi_min(s->count, end / s->pages + 1);

	for (uint64_t i = 0; i < n; i++) {
		uint64_t map = section_map(p, s, i), pfn = i * s->pages;

		/* A page of 1 GiB goes on in the next section. */
		if (map != 0)
			scan(p, pfn, kvmi_min(s->pages, end - pfn),
			    map + pfn * p->size);
		else
			p->compound = -1;
	}
}

int
kvmi_linux_page_kinds(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvmi_page_kind_fn *fn, void *arg)
{
	struct pages *p = calloc(1, sizeof(*p));
	struct sections s = { 0 };
	uint64_t map;
	int r;

	if (p == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "out of memory"));
	p->k = k;
	p->cx = cx;
	p->fn = fn;
	p->arg = arg;
	p->compound = -1;
	r = find_layout(p, k->priv);
	if (r == 0 && find_sections(p, k->priv, &s))
		scan_sections(p, &s);
	else if (r == 0 && kvmi_kernel_addr(k, cx, "mem_map", &map) == 0 &&
	    kvmi_kread_ptr(k, cx, map, &map) == 0)
		scan(p, 0, k->img->max_pa >> k->arch->page_shift, map);
	else if (r == 0)
		r = kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: neither the memory "
		    "sections nor mem_map of this kernel can be found",
		    k->img->src->name);
	free(p);
	return (r);
}
