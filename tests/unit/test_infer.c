/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is worked out from memory, piece by piece, of memory that was made up;
 * and BTF whose place no symbol tells.  Of real kernels tests/vm does both.
 */
#include "build_btf.h"
#include "infer_world.h"

/* The offset of a member; -1: it was not found. */
static int64_t
found(const struct world *w, const char *type, const char *path)
{
	for (size_t i = 0; i < w->x.n_rows; i++)
		if (strcmp(w->x.row[i].type, type) == 0 &&
		    strcmp(w->x.row[i].path, path) == 0)
			return ((int64_t)w->x.row[i].m.off);
	return (-1);
}

static bool
is_seven(struct kvmi_infer *x, uint64_t off)
{
	return (kvmi_infer_u32(x, 0, off) == 7);
}

/* Of two places that fit neither is taken. */
static void
test_only(void **state)
{
	uint64_t off = 5;
	struct world w;

	(void)state;
	make(&w);
	bytes_poke(&w.mem, TASK + 0x40, 7, 4);
	bytes_poke(&w.mem, TASK + 0x80, 7, 4);
	begin(&w);
	assert_false(kvmi_infer_only(&w.x, 0, 0x100, 4, is_seven, &off));
	assert_int_equal(off, 5);
	assert_false(kvmi_infer_only(&w.x, 0, 0x40, 4, is_seven, &off));
	assert_int_equal(off, 5);
	assert_true(kvmi_infer_only(&w.x, 0x3d, 0x80, 4, is_seven, &off));
	assert_int_equal(off, 0x40);
	done(&w);
}

/* When there is no room for one more, those that are there stay as they are. */
static void
test_rows(void **state)
{
	struct world w;

	(void)state;
	make(&w);
	begin(&w);
	for (unsigned int i = 0; i < KVMI_INFER_ROWS; i++)
		kvmi_infer_add(&w.x, "t", "number", i, 4, false);
	kvmi_infer_add_ptr(&w.x, "t", "pointer", 0);
	assert_int_equal(w.x.n_rows, KVMI_INFER_ROWS);
	assert_false(w.x.row[KVMI_INFER_ROWS - 1].m.is_pointer);
	done(&w);
}

/* start_code and what follows at that place of an mm_struct. */
static void
put_code(struct world *w, uint64_t off)
{
	static const uint64_t v[] = { 0x400000, 0x401000, 0x402000, 0x403000,
		0x500000, 0x501000, 0x7fff0000, 0x7fff1000, 0x7fff1010,
		0x7fff1010, 0x7fff1020, 33 };

	for (size_t i = 0; i < KVMI_COUNT(v); i++)
		bytes_poke(&w->mem, MM + off + 8 * i, v[i], 8);
	bytes_poke(&w->mem, TASK, MM, 8);
}

static void
test_mm(void **state)
{
	struct world w;

	(void)state;
	make(&w);
	put_code(&w, 0x140);
	begin(&w);
	kvmi_infer_mm(&w.x);
	assert_int_equal(found(&w, "mm_struct", "start_code"), 0x140);
	assert_int_equal(found(&w, "mm_struct", "env_end"), 0x190);
	done(&w);
	/* There is nothing before the beginning. */
	make(&w);
	put_code(&w, 0);
	begin(&w);
	kvmi_infer_mm(&w.x);
	assert_int_equal(w.x.n_rows, 0);
	done(&w);
}

static void
put_clock(struct world *w, int64_t ktime)
{
	int64_t now = 1700000000, sec = 100 - now, nsec = 5;

	bytes_poke(&w->mem, CLOCK + 40, (uint64_t)(100 * NSEC + nsec), 8);
	bytes_poke(&w->mem, CLOCK + 112, (uint64_t)now, 8);
	bytes_poke(&w->mem, CLOCK + 120, (uint64_t)ktime, 8);
	bytes_poke(&w->mem, CLOCK + 128, (uint64_t)sec, 8);
	bytes_poke(&w->mem, CLOCK + 136, (uint64_t)nsec, 8);
	bytes_poke(&w->mem, CLOCK + 144, (uint64_t)-(sec * NSEC + nsec), 8);
}

static void
test_clock(void **state)
{
	static const struct {
		uint64_t stext, tk_core;	/* 0: not known */
		int64_t	 ktime;
		bool	 found;
	} row[] = {
		{ 0x1000, 0, 100, true },
		{ 0x1000, 0, 101, true },
		{ 0x1000, 0, 102, false },
		{ 0x1000, 0, INT64_MIN, false },
		{ 0x6000, 0, 100, false },
		{ 0, CLOCK, 100, true },
		{ 0, CLOCK - 0x400, 100, false },
		/* At the very end: the search does not begin anew. */
		{ 0, UINT64_MAX - 0x2ff, 100, false },
	};
	uint64_t va;

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct world w;
		int r;

		make(&w);
		put_clock(&w, row[i].ktime);
		begin(&w);
		w.l.stext = row[i].stext;
		if (row[i].tk_core != 0)
			assert_int_equal(kvmi_symtab_add(w.k.syms, "tk_core", 7,
			    "", row[i].tk_core, 0, 'd', &w.cx->err), 0);
		r = kvmi_linux_variable(&w.k, w.cx, KVMI_ONCE_CLOCK, &va,
		    NULL);
		UTIL_EQ("clock", r, row[i].found ? 0 : KVMI_ENOTSUP);
		if (r == 0)
			UTIL_EQ("clock", va, CLOCK);
		done(&w);
	}
}

/* BTF of a structure with that name at va. */
static void
put_btf(struct world *w, uint64_t va, const char *name)
{
	struct btf_build b;
	struct bytes btf;
	uint32_t i32;

	btf_start(&b, false);
	i32 = btf_int(&b, "int", 4, INT_SIGNED);
	btf_type(&b, name, K_STRUCT, false, 1, 64);
	btf_member(&b, "pid", i32, 32);
	btf = btf_finish(&b);
	memcpy(w->mem.p + va, btf.p, btf.len);
	bytes_free(&btf);
}

/* A header of BTF that claims so much. */
static void
put_claim(struct world *w, uint64_t va, uint32_t len)
{
	const uint32_t v[] = { 0x0001eb9f, 24, 0, len / 2, len / 2, len / 2 };

	for (size_t i = 0; i < KVMI_COUNT(v); i++)
		bytes_poke(&w->mem, va + 4 * i, v[i], 4);
}

static void
test_btf_by_content(void **state)
{
	static const struct {
		uint64_t va;		/* of the kernel's; 0: there is none */
		uint64_t other;		/* of what is not; 0 */
		uint32_t claim;		/* of several before both; 0 */
	} row[] = {
		{ 0x2010, 0, 0 },
		{ 0x2ff0, 0, 0 },	/* the header lies across pages */
		{ 0x2010, 0x1100, 0 },
		{ 0x2010, 0x1100, 200u << 20 },
		{ 0x2010, 0x1100, 0xfffffffe },
		{ 0, 0x1100, 200u << 20 },
		{ 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_types *t = NULL;
		uint64_t size = 0;
		struct world w;
		int r;

		make(&w);
		w.l.stext = 0x1040;
		assert_int_equal(kvmi_symtab_add(w.k.syms, "schedule", 8, "",
		    0x1040, 0, 't', &w.cx->err), 0);
		for (uint64_t va = 0x1000; row[i].claim != 0 && va < 0x1100;
		    va += 24)
			put_claim(&w, va, row[i].claim);
		if (row[i].other != 0)
			put_btf(&w, row[i].other, "other");
		if (row[i].va != 0)
			put_btf(&w, row[i].va, "task_struct");
		begin(&w);
		r = kvmi_linux_types(&w.k, w.cx, &t);
		UTIL_EQ("types", r, row[i].va != 0 ? 0 : KVMI_ENOENT);
		if (r == 0) {
			UTIL_EQ("size", kvmi_type_size(t, "task_struct",
			    &size, &w.cx->err), 0);
			UTIL_EQ("size", size, 64);
			kvmi_types_close(t);
		} else {
			UTIL_TRUE(w.cx->err.text, strstr(w.cx->err.text,
			    "no type information") != NULL);
		}
		done(&w);
	}
}

/* struct swap_info_struct of 6.1, as the only one on its lists. */
static void
put_swap(uint8_t *mem, uint64_t va, int prio, uint64_t pages, uint64_t used)
{
	tasks_put(mem, va + 16, 0x53, 8);
	tasks_put(mem, va + 24, (uint64_t)(int64_t)prio, 2);
	tasks_put(mem, va + 32, (uint64_t)-prio, 4);
	tasks_list(mem, (uint64_t[]){ va + 40 }, 1);
	tasks_list(mem, (uint64_t[]){ va + 56 }, 1);
	tasks_put(mem, va + 76, pages + 1, 4);
	tasks_put(mem, va + 80, va, 8);
	tasks_put(mem, va + 160, pages, 4);
	tasks_put(mem, va + 164, used, 4);
}

/* What looks like a device but has not as many pages free is no other table. */
static void
test_swap_table(void **state)
{
	static const struct { uint64_t free; int want; } row[] = {
		{ 100, 0 }, { 99, KVMI_ENOTSUP },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct world w;
		uint64_t table;

		make(&w);
		bytes_fill(&w.mem, 0, TASKS_LEN - SIZE);
		put_swap(w.mem.p, 0x5000, -2, 128, 28);
		tasks_put(w.mem.p, 0x3040, 0x5000, 8);
		put_swap(w.mem.p, 0x5800, 0, 1, 0);
		tasks_put(w.mem.p, 0x2f00, 0x5800, 8);
		tasks_put(w.mem.p, 0x3000, row[i].free, 8);
		w.l.va.first = 0x1000;
		w.l.va.last = TASKS_LEN;
		w.l.stext = TASKS_STEXT;
		begin(&w);
		assert_int_equal(kvmi_symtab_add(w.k.syms, "nr_swap_pages", 13,
		    "", 0x3000, 0, 'D', &w.cx->err), 0);
		UTIL_EQ("swap", kvmi_linux_variable(&w.k, w.cx, KVMI_ONCE_SWAP,
		    &table, NULL), row[i].want);
		if (row[i].want == 0)
			UTIL_EQ("swap", table, 0x3040);
		done(&w);
	}
}

/* An s390's kernel begins at 0, where its exports are found too. */
static void
test_exports_at_zero(void **state)
{
	static const char info[] = "SYMBOL(init_uts_ns)=5000\n";
	static const char *const name[] = { "a_first", "init_uts_ns",
		"init_task", "z_last" };
	char where[64];
	struct kvmi_symtab *t;
	struct kvmi_sym sym;
	struct world w;

	(void)state;
	make(&w);
	for (unsigned int i = 0; i < KVMI_COUNT(name); i++) {
		uint64_t at = 0x3000 + 24 * i, text = 0x4000 + 64 * i;

		bytes_poke(&w.mem, at, 0x4f00 + 0x100 * i, 8);
		bytes_poke(&w.mem, at + 8, text, 8);
		strcpy((char *)w.mem.p + text, name[i]);
	}
	w.l.stext = 0x1000;
	assert_true(kvmi_vmcoreinfo_init(&w.l.info, info, sizeof(info) - 1));
	begin(&w);
	assert_int_equal(kvmi_symtab_create(&w.l.early, &w.cx->err), 0);
	assert_int_equal(kvmi_symtab_add(w.l.early, "schedule", 8, "", 0x1040,
	    0, 't', &w.cx->err), 0);
	assert_int_equal(kvmi_symtab_create(&t, &w.cx->err), 0);
	assert_int_equal(kvmi_linux_symbols(&w.k, w.cx, &t, where,
	    sizeof(where)), 0);
	assert_int_equal(kvmi_symtab_by_name(t, "init_task", &sym,
	    &w.cx->err), 0);
	assert_int_equal(sym.addr, 0x5100);
	kvmi_symtab_destroy(t);
	kvmi_vmcoreinfo_deinit(&w.l.info);
	done(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_mm),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_btf_by_content),
		cmocka_unit_test(test_swap_table),
		cmocka_unit_test(test_exports_at_zero),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
