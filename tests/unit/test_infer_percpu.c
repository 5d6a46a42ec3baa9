/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The extent of per-CPU data, found in memory that has the allocator's variables
 * as releases have laid out struct pcpu_chunk.
 */
#include "flat_memory.h"

#include "os/linux/infer.h"

#define SIZE	0x9000
#define LINKED	0x1000		/* where per-CPU data is linked */
#define LEN	0x1234		/* how much is static */
#define BASE	0x4000		/* of the units */
#define UNIT	0x2000
#define VARS	0x2000
#define OFFSETS	0x2800		/* pcpu_unit_offsets */
#define KNOWN	0x2900		/* __per_cpu_offset */
#define NR_CPUS	0x2a00
#define MASK	0x2b00		/* of CPUs that there may be */
#define CHUNK	0x3000
#define MODULES	0x3200		/* the chunk of modules */

/* Offsets in struct pcpu_chunk; a pointer that is not there is 0. */
struct shape {
	unsigned int	base, data, immutable, pages;
};

static const struct shape shapes[] = {
	{ 0x40, 0x58, 0x64, 0x70 },	/* 4.14 to 5.1: first_bit */
	{ 0x38, 0x58, 0x60, 0x78 },	/* base_addr first, cgroups */
	{ 0x40, 0x58, 0x60, 0x6c },	/* since 6.18 */
	{ 0x100, 0x118, 0x120, 0x138 },	/* lines of 256 bytes */
};

struct world {
	struct kvmi_kernel k;
	struct kvmi_linux l;
	struct kvmi_arch arch;
	struct kvmi_cx	*cx;
	struct bytes	 mem, file;
};

static const struct kvm_options no_options = KVM_OPTIONS_INIT;

static void
add_symbol(struct world *w, const char *name, uint64_t va)
{
	assert_int_equal(kvmi_symtab_add(w->k.syms, name, strlen(name), "", va,
	    0, 'D', &w->cx->err), 0);
}

static void
put(struct world *w, uint64_t va, uint64_t v)
{
	bytes_poke(&w->mem, va, v, 8);
}

/* Memory of len bytes from start on is handed out. */
static void
put_chunk(struct world *w, const struct shape *s, uint64_t at, uint64_t start,
    uint64_t len)
{
	uint64_t base = start & ~UINT64_C(0xfff),
	    pages = (start + len + 0xfff - base) / 0x1000;

	for (unsigned int off = s->data - 32; off < s->data; off += 8)
		put(w, at + off, 0x3f40);	/* maps */
	put(w, at + s->base, base);
	bytes_poke(&w->mem, at + s->immutable, 1, 1);
	bytes_poke(&w->mem, at + s->immutable + 4, start - base, 4);
	bytes_poke(&w->mem, at + s->immutable + 8, base + pages * 0x1000 -
	    start - len, 4);
	bytes_poke(&w->mem, at + s->pages, pages, 4);
	bytes_poke(&w->mem, at + s->pages + 4, pages, 4);
}

/* first: the unit of CPU 0, of two. */
static void
make(struct world *w, const struct shape *s, unsigned int first)
{
	*w = (struct world){ 0 };
	bytes_fill(&w->mem, 0, SIZE);
	w->cx = kvmi_cx_new();
	assert_int_equal(kvmi_symtab_create(&w->k.syms, &w->cx->err), 0);
	flat_init(&w->k, &w->arch, &kvmi_os_linux, &no_options, 8, false);
	w->k.priv = &w->l;
	w->l.arch = &kvmi_linux_x86_64;
	w->l.va.first = 0x1000;
	w->l.va.last = SIZE;
	w->l.stext = LINKED;
	add_symbol(w, "kernel_cpustat", LINKED + 0x1200);
	add_symbol(w, "nr_cpu_ids", NR_CPUS);
	add_symbol(w, "__per_cpu_offset", KNOWN);
	put(w, NR_CPUS, 2);
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		uint64_t off = UNIT * (cpu ^ first);

		put(w, OFFSETS + 8 * cpu, off);
		put(w, KNOWN + 8 * cpu, BASE + off - LINKED);
	}
	put(w, VARS, CHUNK);
	put(w, VARS + 0x10, OFFSETS);
	put(w, VARS + 0x28, BASE);
	bytes_poke(&w->mem, VARS + 0x34, UNIT, 4);
	bytes_poke(&w->mem, VARS + 0x38, UNIT / 0x1000, 4);
	put_chunk(w, s, CHUNK, BASE + LEN, UNIT - LEN);
}

/* As memory is now: r, and where and how much. */
static void
expect(const char *what, struct world *w, int r)
{
	uint64_t start, len;

	flat_open(&w->k, &w->mem, &w->file);
	UTIL_EQ(what, kvmi_linux_variable(&w->k, w->cx, KVMI_ONCE_PERCPU,
	    &start, &len), r);
	if (r == 0) {
		UTIL_EQ(what, start, LINKED);
		UTIL_EQ(what, len, LEN);
	}
	flat_done(&w->k, &w->mem, &w->file);
	kvmi_symtab_destroy(w->k.syms);
	kvmi_linux_once_deinit(&w->l);
	kvmi_cx_free(w->cx);
}

static void
test_shapes(void **state)
{
	struct world w;

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(shapes); i++)
		for (unsigned int first = 0; first < 2; first++) {
			make(&w, &shapes[i], first);
			expect("shape", &w, 0);
			/* Modules have what comes first. */
			make(&w, &shapes[i], first);
			put_chunk(&w, &shapes[i], MODULES, BASE + LEN, 0x200);
			put_chunk(&w, &shapes[i], CHUNK, BASE + LEN + 0x200,
			    UNIT - LEN - 0x200);
			put(&w, VARS + 0x40, MODULES);
			expect("modules", &w, 0);
		}
}

static void
test_one_cpu(void **state)
{
	struct world w;

	(void)state;
	make(&w, &shapes[1], 0);
	put(&w, NR_CPUS, 1);
	expect("one CPU", &w, 0);
}

/* CPU 1 of 3 cannot be: it has no unit, and nothing in the arrays. */
static void
test_possible(void **state)
{
	struct world w;

	(void)state;
	for (unsigned int possible = 5; possible < 7; possible++) {
		unsigned int cpu = possible == 5 ? 0 : 1;

		make(&w, &shapes[1], 0);
		add_symbol(&w, "__cpu_possible_mask", MASK);
		add_symbol(&w, "__cpu_online_mask", MASK);
		add_symbol(&w, "__cpu_active_mask", MASK);
		put(&w, MASK, possible);
		put(&w, NR_CPUS, 3);
		for (unsigned int i = 0; i < 3; i++) {
			put(&w, OFFSETS + 8 * i, i == 2 ? UNIT : 0);
			put(&w, KNOWN + 8 * i, i == cpu ? BASE - LINKED :
			    i == 2 ? BASE + UNIT - LINKED : 0);
		}
		expect("a CPU that cannot be", &w, 0);
	}
}

/* The size of a unit stands there twice, and nothing else is found by it. */
static void
test_twice(void **state)
{
	struct world w;

	(void)state;
	make(&w, &shapes[1], 0);
	put(&w, VARS + 0x50, UNIT);
	expect("the size twice", &w, 0);
}

/* What cannot be a page's size is not what is taken for it. */
static void
test_page_size(void **state)
{
	static const char *const text[] = { "PAGESIZE=0\n", "PAGESIZE=1\n",
		"PAGESIZE=4095\n", "PAGESIZE=18446744073709551615\n" };
	struct world w;

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(text); i++) {
		make(&w, &shapes[1], 0);
		w.l.info = (struct kvmi_vmcoreinfo){ .text = (char *)(uintptr_t)text[i],
			.len = strlen(text[i]) };
		expect(text[i], &w, 0);
	}
}

/* Anything that does not fit, or fits twice, and nothing is said. */
static void
test_refused(void **state)
{
	static const struct {
		const char	*what;
		uint64_t	 va, v;
	} row[] = {
		{ "no chunk", VARS, 0 },
		{ "a chunk that is not there", VARS, 0x10000000 },
		{ "no offsets", VARS + 0x10, 0 },
		{ "offsets of other units", OFFSETS + 8, 0x1000 },
		{ "no base", VARS + 0x28, 0 },
		{ "another base", VARS + 0x28, BASE - 0x1000 },
		{ "two bases", VARS + 0x48, BASE + 0x1000 },
		{ "no size in pages", VARS + 0x38, 0 },
		{ "a chunk behind the unit", CHUNK + 0x38, BASE + UNIT },
		{ "a chunk that goes on", CHUNK + 0x78, 0x300000003 },
		{ "pages that are not there", CHUNK + 0x78, 0x100000003 },
		{ "what is known lies behind", CHUNK + 0x64, 0x100 },
		{ "a chunk made later", CHUNK + 0x60, 0x23400000000 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct world w;

		make(&w, &shapes[1], 0);
		put(&w, row[i].va, row[i].v);
		expect(row[i].what, &w, KVMI_ENOTSUP);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_one_cpu),
		cmocka_unit_test(test_possible),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_page_size),
		cmocka_unit_test(test_refused),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
