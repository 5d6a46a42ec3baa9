/* SPDX-License-Identifier: BSD-2-Clause */
/* What pages are for, by their struct page; and sizes that make no sense. */
#include "flat_memory.h"

#include "build_btf.h"
#include "os/linux/linux.h"

#define SIZE	0x40000			/* of memory: 64 pages */
#define PAGES	UINT64_C(0x10000)	/* their structures */
#define SECTIONS UINT64_C(0x8000)
#define MEM_MAP	UINT64_C(0x9000)	/* the variable */
#define PAGE_SIZE 64			/* of a structure */
#define N_PAGES	(SIZE >> 12)
#define BUDDY	UINT32_C(0xffffff7f)	/* ~PG_buddy */

/* Bits of page.flags. */
enum { LRU = 5, HEAD = 6, PRIVATE = 11, SLAB = 9 };

/* Offsets of members. */
enum { FLAGS = 0, TAIL = 8, MAPPING = 24, PRIVATE_WORD = 40, TYPE = 48,
    DTOR = 52 };

struct world {
	struct kvmi_kernel k;
	struct kvmi_linux l;
	struct kvmi_cx	*cx;
	struct kvm_options opts;
	struct bytes	 mem, file;
};

static void
page_types(struct world *w, uint32_t size)
{
	struct btf_build b;
	struct bytes out;
	uint32_t u64, u32;
	uint8_t *p;

	btf_start(&b, false);
	u64 = btf_int(&b, "long unsigned int", 8, INT_UNSIGNED);
	u32 = btf_int(&b, "unsigned int", 4, INT_UNSIGNED);
	btf_type(&b, "pageflags", K_ENUM, false, 4, 4);
	btf_value(&b, "PG_lru", LRU);
	btf_value(&b, "PG_head", HEAD);
	btf_value(&b, "PG_private", PRIVATE);
	btf_value(&b, "PG_slab", SLAB);
	btf_type(&b, "page", K_STRUCT, false, 6, size);
	btf_member(&b, "flags", u64, FLAGS * 8);
	btf_member(&b, "compound_head", u64, TAIL * 8);
	btf_member(&b, "mapping", u64, MAPPING * 8);
	btf_member(&b, "private", u64, PRIVATE_WORD * 8);
	btf_member(&b, "_mapcount", u32, TYPE * 8);
	btf_member(&b, "compound_dtor", u32, DTOR * 8);
	out = btf_finish(&b);
	p = bytes_exact(&out, out.len);
	assert_int_equal(kvmi_btf_open(&(struct kvmi_blob){ p, out.len, p },
	    &w->k.types, &w->cx->err), 0);
	bytes_free(&out);
}

static int
resolve(const char *name, kvaddr_t *addr)
{
	*addr = MEM_MAP;
	return (strcmp(name, "mem_map") == 0 ? 0 : -1);
}

#define GOOD	"NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\n" \
	"SYMBOL(mem_section)=8000\nSIZE(mem_section)=16\n" \
	"OFFSET(mem_section.section_mem_map)=0\n" \
	"LENGTH(mem_section)=65536\n" \
	"NUMBER(MAX_PHYSMEM_BITS)=33\nNUMBER(SECTION_SIZE_BITS)=17\n"

/* What comes later in the note counts. */
static void
world_init(struct world *w, uint32_t page_size, const char *more)
{
	char note[1024];

	*w = (struct world){ .opts.ko_resolver = resolve };
	snprintf(note, sizeof(note), "%s%s", GOOD, more);
	assert_true(kvmi_vmcoreinfo_init(&w->l.info, note, strlen(note)));
	w->k.arch = &kvmi_arch_x86_64;
	w->k.os = &kvmi_os_linux;
	w->k.priv = &w->l;
	w->k.opts = &w->opts;
	w->k.syms_status = KVMI_ENOENT;
	w->cx = kvmi_cx_new();
	pthread_mutex_init(&w->k.lock, NULL);
	page_types(w, page_size);
	bytes_fill(&w->mem, 0, SIZE);
	/* Two sections of 32 pages each: the second's is where its own begin. */
	bytes_poke(&w->mem, SECTIONS, PAGES | 3, 8);
	bytes_poke(&w->mem, SECTIONS + 16, PAGES | 3, 8);
	bytes_poke(&w->mem, MEM_MAP, PAGES, 8);
	for (uint64_t i = 0; i < N_PAGES; i++)
		bytes_poke(&w->mem, PAGES + i * PAGE_SIZE + TYPE, UINT32_MAX,
		    4);
}

static void
set(struct world *w, uint64_t pfn, unsigned int member, uint64_t v)
{
	bytes_poke(&w->mem, PAGES + pfn * PAGE_SIZE + member, v,
	    member == TYPE || member == DTOR ? 4 : 8);
}

static void
world_done(struct world *w)
{
	flat_done(&w->k, &w->mem, &w->file);
	kvmi_types_close(w->k.types);
	kvmi_vmcoreinfo_deinit(&w->l.info);
	kvmi_cx_free(w->cx);
}

/* The kinds of the first 64 pages, a digit each, and what was told. */
struct seen {
	char	 kinds[N_PAGES + 1];
	uint64_t calls, last;
};

static void
see(void *arg, uint64_t pfn, uint64_t n, int kind)
{
	struct seen *s = arg;
	int digit = 0;

	while (kind > 1) {
		kind >>= 1;
		digit++;
	}
	s->calls++;
	s->last = pfn;
	for (uint64_t i = pfn; i < pfn + n && i < N_PAGES; i++)
		s->kinds[i] = (char)('0' + digit);
}

static int
ask(struct world *w, struct seen *s)
{
	*s = (struct seen){ 0 };
	memset(s->kinds, '.', N_PAGES);
	flat_open(&w->k, &w->mem, &w->file);
	return (kvmi_linux_page_kinds(&w->k, w->cx, see, s));
}

static char
digit_of(int kind)
{
	struct seen s = { 0 };

	see(&s, 0, 1, kind);
	return (s.kinds[0]);
}

static void
fill(struct world *w)
{
	set(w, 1, TYPE, BUDDY);				/* free, alone */
	set(w, 4, TYPE, BUDDY);				/* free, four */
	set(w, 4, PRIVATE_WORD, 2);
	set(w, 5, MAPPING, 0x1001);			/* of no meaning */
	set(w, 9, MAPPING, 0x1001);			/* anonymous */
	set(w, 10, FLAGS, 1 << LRU);			/* cache */
	set(w, 11, FLAGS, 1 << LRU | 1 << PRIVATE);
	set(w, 12, FLAGS, 1 << SLAB | 1 << LRU);	/* the kernel's */
	set(w, 13, MAPPING, 0x1001);			/* three together */
	set(w, 13, FLAGS, 1 << HEAD);
	set(w, 14, TAIL, 1);
	set(w, 15, TAIL, 1);
	set(w, 17, TAIL, 1);				/* of nothing */
	set(w, 18, TYPE, 0xf0000001);			/* page tables */
	set(w, 18, MAPPING, 0x1001);
	set(w, 40, FLAGS, 1 << LRU);			/* second section */
}

static void
check_kinds(const struct seen *s)
{
	static const struct { uint64_t pfn; int kind; } row[] = {
		{ 1, KVM_EXCLUDE_FREE }, { 4, KVM_EXCLUDE_FREE },
		{ 5, KVM_EXCLUDE_FREE }, { 7, KVM_EXCLUDE_FREE },
		{ 9, KVM_EXCLUDE_USER }, { 10, KVM_EXCLUDE_CACHE },
		{ 11, KVM_EXCLUDE_CACHE_PRIVATE }, { 13, KVM_EXCLUDE_USER },
		{ 14, KVM_EXCLUDE_USER }, { 15, KVM_EXCLUDE_USER },
		{ 40, KVM_EXCLUDE_CACHE },
	};
	char want[N_PAGES + 1] = "";

	memset(want, '.', N_PAGES);
	want[6] = digit_of(KVM_EXCLUDE_FREE);
	for (size_t i = 0; i < KVMI_COUNT(row); i++)
		want[row[i].pfn] = digit_of(row[i].kind);
	assert_string_equal(s->kinds, want);
}

static void
test_kinds(void **state)
{
	struct world w;
	struct seen s;

	(void)state;
	world_init(&w, PAGE_SIZE, "");
	fill(&w);
	assert_int_equal(ask(&w, &s), 0);
	check_kinds(&s);
	world_done(&w);
	/* Without sections: one array. */
	world_init(&w, PAGE_SIZE, "SIZE(mem_section)=0\n");
	fill(&w);
	assert_int_equal(ask(&w, &s), 0);
	check_kinds(&s);
	world_done(&w);
	/* With roots: a table of pointers. */
	world_init(&w, PAGE_SIZE, "SYMBOL(mem_section)=9100\n"
	    "LENGTH(mem_section)=256\n");
	fill(&w);
	bytes_poke(&w.mem, 0x9100, SECTIONS, 8);
	assert_int_equal(ask(&w, &s), 0);
	check_kinds(&s);
	world_done(&w);
}

/* Sizes that say more than there is. */
static void
test_bounds(void **state)
{
	static const struct {
		const char *name;
		uint32_t page_size;
		const char *note;
		uint64_t order;		/* of page 1, which is free */
		int r;
		const char *text;
	} row[] = {
		{ "order 6", 64, "", 6, 0, NULL },
		{ "order 30", 64, "", 30, 0, NULL },
		{ "order 31 is none", 64, "", 31, 0, NULL },
		{ "order 2^64 - 1", 64, "", UINT64_MAX, 0, NULL },
		{ "section larger than memory", 64,
		    "NUMBER(SECTION_SIZE_BITS)=54\n"
		    "NUMBER(MAX_PHYSMEM_BITS)=56\n", 0, 0, NULL },
		{ "smallest sections", 64, "NUMBER(SECTION_SIZE_BITS)=13\n"
		    "NUMBER(MAX_PHYSMEM_BITS)=41\n"
		    "LENGTH(mem_section)=268435456\n", 0, 0, NULL },
		{ "too many sections", 64, "NUMBER(SECTION_SIZE_BITS)=13\n"
		    "NUMBER(MAX_PHYSMEM_BITS)=42\n", 0, 0, NULL },
		{ "sections of no page", 64, "NUMBER(SECTION_SIZE_BITS)=12\n",
		    0, 0, NULL },
		{ "negative bits", 64, "NUMBER(SECTION_SIZE_BITS)=-1\n", 0, 0,
		    NULL },
		{ "sections larger than a page", 64,
		    "SIZE(mem_section)=4097\nLENGTH(mem_section)=256\n", 0,
		    0, NULL },
		{ "many sections in the table", 64,
		    "LENGTH(mem_section)=18446744073709551615\n", 0, 0, NULL },
		{ "struct page of nothing", 0, "", 0, KVMI_EFORMAT,
		    "struct page has 0 bytes" },
		{ "struct page of 513 bytes", 513, "", 0, KVMI_EFORMAT,
		    "struct page has 513 bytes" },
		{ "free pages are not known", 64,
		    "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=x\n", 0, KVMI_ENOTSUP,
		    "PAGE_BUDDY_MAPCOUNT_VALUE" },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct world w;
		struct seen s;
		int r;

		world_init(&w, row[i].page_size, row[i].note);
		set(&w, 1, TYPE, BUDDY);
		set(&w, 1, PRIVATE_WORD, row[i].order);
		r = ask(&w, &s);
		if (r != row[i].r || (row[i].text != NULL &&
		    strstr(w.cx->err.text, row[i].text) == NULL))
			fail_msg("%s: %d: %s", row[i].name, r,
			    w.cx->err.text);
		if (r == 0 && (s.calls == 0 || s.last >= N_PAGES ||
		    s.kinds[1] != digit_of(KVM_EXCLUDE_FREE) ||
		    s.kinds[0] != '.' || (s.kinds[2] == '.') !=
		    (row[i].order == 0 || row[i].order > 30)))
			fail_msg("%s: %s", row[i].name, s.kinds);
		world_done(&w);
	}
}

/* A page of 40 from page 16 on, of hugetlbfs, as kernels have told; or not. */
static void
test_huge(void **state)
{
	static const struct {
		const char *name, *note;
		uint32_t type, dtor;
		uint64_t flags;		/* of the second page */
		bool huge;
	} row[] = {
		{ "up to 6.5", "NUMBER(HUGETLB_PAGE_DTOR)=2\n", UINT32_MAX, 2,
		    0, true },
		{ "another kind", "NUMBER(HUGETLB_PAGE_DTOR)=2\n", UINT32_MAX,
		    1, 0, false },
		{ "up to 6.8", "NUMBER(PG_hugetlb)=8\n", UINT32_MAX, 0,
		    1 << 8, true },
		{ "another flag", "NUMBER(PG_hugetlb)=8\n", UINT32_MAX, 0,
		    1 << 7, false },
		{ "since 6.9", "NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)=-2049\n",
		    (uint32_t)-2049, 0, 0, true },
		{ "since 6.11", "NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)="
		    "-201326592\n", 0xf4000000, 0, 0, true },
		{ "another type", "NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)="
		    "-201326592\n", 0xf5000000, 0, 0, false },
		{ "not told", "", UINT32_MAX, 2, 1 << 8, false },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct world w;
		struct seen s;

		world_init(&w, PAGE_SIZE, row[i].note);
		set(&w, 16, FLAGS, 1 << HEAD);
		set(&w, 16, TYPE, row[i].type);
		set(&w, 17, FLAGS, row[i].flags);
		set(&w, 17, DTOR, row[i].dtor);
		for (uint64_t pfn = 17; pfn < 56; pfn++)
			set(&w, pfn, TAIL, 1);
		assert_int_equal(ask(&w, &s), 0);
		for (uint64_t pfn = 15; pfn < 57; pfn++)
			UTIL_EQ(row[i].name, s.kinds[pfn], row[i].huge &&
			    pfn >= 16 && pfn < 56 ?
			    digit_of(KVM_EXCLUDE_USER) : '.');
		world_done(&w);
	}
}

/* A part of a page whose head is lost has other things in its words. */
static void
test_headless(void **state)
{
	struct world w;
	struct seen s;

	(void)state;
	world_init(&w, PAGE_SIZE, "");
	set(&w, 16, FLAGS, 1 << LRU);
	for (uint64_t pfn = 17; pfn < 20; pfn++) {
		set(&w, pfn, TAIL, 1);
		set(&w, pfn, MAPPING, UINT32_MAX);
		set(&w, pfn, FLAGS, 1 << LRU);
	}
	assert_int_equal(ask(&w, &s), 0);
	UTIL_EQ("before", s.kinds[16], digit_of(KVM_EXCLUDE_CACHE));
	for (uint64_t pfn = 17; pfn < 20; pfn++)
		UTIL_EQ("headless", s.kinds[pfn], '.');
	world_done(&w);
}

/* Structures that are nowhere leave their pages as they are. */
static void
test_unmapped(void **state)
{
	struct world w;
	struct seen s;

	(void)state;
	world_init(&w, PAGE_SIZE, "");
	bytes_poke(&w.mem, SECTIONS, (UINT64_MAX & ~UINT64_C(0xfff)) | 3, 8);
	assert_int_equal(ask(&w, &s), 0);
	assert_int_equal(s.calls, 0);
	assert_true(w.cx->damage > 0);
	world_done(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_headless),
		cmocka_unit_test(test_unmapped),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
