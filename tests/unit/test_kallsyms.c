/* SPDX-License-Identifier: BSD-2-Clause */
/* kallsyms as kernels have them, and where they are looked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kallsyms_check.h"

static void
test_all_kernels(void **state)
{
	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(kernels); i++) {
		struct ks_built b = { 0 };
		const char *row = kernels[i].name;
		struct kvmi_kallsyms k;

		ks_build(&kernels[i], &b);
		must_find(&b, 0, row);
		must_decode(&b, &b.k, "_stext", b.stext, row, "as found");
		must_decode(&b, &b.k, "sym_10_the_same_2", b.sym[10].addr,
		    row, "with another anchor");
		must_decode(&b, &b.k, NULL, 0, row, "without an anchor");
		must_decode(&b, &b.k, "unknown", 0, row,
		    "with an unknown anchor");
		k = b.k;
		k.markers = 0;
		must_decode(&b, &k, "_stext", b.stext, row, "without markers");
		must_decode(&b, &b.vmcoreinfo, "_stext", b.stext, row,
		    "as exported");
		must_decode(&b, &b.vmcoreinfo, NULL, 0, row,
		    "as exported, without an anchor");
		k = b.vmcoreinfo;
		k.relative_base = 0;
		must_decode(&b, &k, "_stext", b.stext, row,
		    "without the address of the base");
		ks_free(&b);
	}
}

/* Whatever lies before the window's first array. */
static void
test_unaligned_window(void **state)
{
	(void)state;
	for (size_t cut = 1; cut < 8; cut++) {
		struct ks_spec spec = kernels[9];
		struct ks_built b = { 0 };
		char row[64];

		spec.lead = 16;
		ks_build(&spec, &b);
		b.w.p += cut;
		b.w.va += cut;
		b.w.len -= cut;
		snprintf(row, sizeof(row), "window from byte %zu on", cut);
		must_find(&b, 0, row);
		must_decode(&b, &b.k, "_stext", b.stext, row, "found");
		ks_free(&b);
	}
}

static void
test_look_alikes(void **state)
{
	static const char digits[] = "0\0" "1\0" "2\0" "3\0" "4\0" "5\0" "6\0"
	    "7\0" "8\0" "9";
	struct ks_spec first = kernels[3], second = kernels[16];
	struct ks_built b = { 0 }, c = { 0 };
	struct kvmi_kallsyms k;
	size_t next = 0;

	(void)state;
	/* Digits, a whole table whose index is broken, then two good ones. */
	bytes_put(&b.b, digits, sizeof(digits));
	bytes_fill(&b.b, 0, 3000);
	first.lead = 8 - b.b.len % 8;
	ks_build(&first, &b);
	b.b.p[b.k.token_index - b.w.va + 2 * 0x80]++;
	first.lead = 0;
	bytes_align(&b.b, 4096);
	free(b.sym);
	b.k = b.vmcoreinfo = (struct kvmi_kallsyms){ 0 };
	ks_build(&first, &b);
	c.b = b.b;
	bytes_align(&c.b, 8);
	ks_build(&second, &c);
	b.w = c.w;
	assert_int_equal(kvmi_kallsyms_find(&b.w, 0, &next, &k, &err), 0);
	assert_memory_equal(&k, &b.k, sizeof(k));
	assert_int_equal(kvmi_kallsyms_find(&b.w, next, &next, &k, &err), 0);
	assert_memory_equal(&k, &c.k, sizeof(k));
	assert_int_equal(kvmi_kallsyms_find(&b.w, next, &next, &k, &err),
	    KVMI_ENOENT);
	free(b.sym);
	ks_free(&c);
}

static void
test_planted_look_alikes(void **state)
{
	const size_t len = 4 << 20;
	struct kvmi_window w = { .len = len, .va = VA64, .pointer_size = 8 };
	char *p = malloc(len);
	struct kvmi_kallsyms k;
	size_t next;

	(void)state;
	assert_non_null(p);
	for (size_t i = 0; i < len; i++)
		p[i] = i % 2 == 0 ? (char)('0' + i / 2 % 10) : '\0';
	w.p = (uint8_t *)p;
	assert_int_equal(kvmi_kallsyms_find(&w, 0, &next, &k, &err),
	    KVMI_EFORMAT);
	assert_non_null(strstr(err.text, "look-alikes"));
	free(p);
}

/* The base is where the image says, not where it usually is. */
static void
test_base_elsewhere(void **state)
{
	struct ks_built b = { 0 };
	size_t usual;

	(void)state;
	ks_build(&small, &b);
	usual = b.vmcoreinfo.relative_base - b.w.va;
	bytes_poke(&b.b, usual, 0x1234567, 8);
	bytes_poke(&b.b, b.b.len - 8, b.base, 8);
	b.vmcoreinfo.relative_base = b.w.va + b.b.len - 8;
	must_decode(&b, &b.vmcoreinfo, "_stext", b.stext, "base elsewhere",
	    "as exported");
	assert_int_equal(decode(&b, &b.k, "_stext", b.stext, NULL),
	    KVMI_EFORMAT);
	ks_free(&b);
}

/* The names come last, and end within a record. */
static void
test_names_at_the_end(void **state)
{
	static const struct {
		const char *name;
		const char *names;
		size_t len;
		uint32_t n;
		int want;
	} row[] = {
		{ "whole", "\7T_stext\2ta", 11, 2, 0 },
		{ "no second", "\7T_stext", 8, 2, KVMI_EFORMAT },
		{ "no tokens", "\7T_stext\2", 9, 2, KVMI_EFORMAT },
		{ "one token of two", "\7T_stext\2t", 10, 2, KVMI_EFORMAT },
		{ "half a length", "\7T_stext\x82", 9, 2, KVMI_EFORMAT },
		{ "long, no tokens", "\7T_stext\x82\0", 10, 2, KVMI_EFORMAT },
		{ "length of zero", "\7T_stext\0", 9, 2, KVMI_EFORMAT },
	};
	struct ks_spec spec = small;
	struct ks_built k = { 0 };

	(void)state;
	k.w.va = spec.va;
	ks_put_tokens(&spec, &k);
	k.k.num_syms = ks_label(&spec, &k);
	bytes_uint(&k.b, 0, 8);
	k.k.offsets = ks_label(&spec, &k);
	bytes_uint(&k.b, 0, 4);
	bytes_uint(&k.b, 16, 4);
	k.k.relative_base = ks_label(&spec, &k);
	bytes_uint(&k.b, spec.va, 8);
	k.k.names = ks_label(&spec, &k);
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		size_t len = k.b.len;
		uint8_t *exact;

		bytes_put(&k.b, row[i].names, row[i].len);
		bytes_poke(&k.b, k.k.num_syms - spec.va, row[i].n, 4);
		exact = bytes_exact(&k.b, k.b.len);
		k.w = (struct kvmi_window){
			.p = exact,
			.len = k.b.len,
			.va = spec.va,
			.pointer_size = 8,
		};
		if (decode(&k, &k.k, "_stext", spec.va, NULL) != row[i].want)
			fail_msg("%s: %s", row[i].name, err.text);
		free(exact);
		k.b.len = len;
	}
	ks_free(&k);
}

static void
test_anchors(void **state)
{
	struct ks_built b = { 0 };

	(void)state;
	ks_build(&small, &b);
	assert_int_equal(decode(&b, &b.k, "_stext", b.stext + 1, NULL),
	    KVMI_EFORMAT);
	assert_non_null(strstr(err.text, "puts _stext at 0xffffffff81001001"));
	assert_int_equal(decode(&b, &b.k, "_stex", b.stext, NULL),
	    KVMI_EFORMAT);
	assert_non_null(strstr(err.text, "is _stex"));
	assert_int_equal(decode(&b, &b.k, "_stextt", b.stext, NULL),
	    KVMI_EFORMAT);
	assert_int_equal(decode(&b, &b.k, "", b.stext, NULL), KVMI_EFORMAT);
	/* A per-CPU offset of zero is known, too: not as an address. */
	assert_int_equal(decode(&b, &b.k, "_percpu_1", 0x40, "percpu"), 0);
	/* Without an anchor, _stext has to be in the window. */
	bytes_poke(&b.b, b.vmcoreinfo.relative_base - b.w.va,
	    b.base + 0x40000000, 8);
	assert_int_equal(decode(&b, &b.k, NULL, 0, NULL), KVMI_EFORMAT);
	assert_non_null(strstr(err.text, "puts _stext between"));
	ks_free(&b);
}

/*
 * Symbols out of order are suspicious, not impossible: an anchor convinces,
 * being somewhere in the window does not.
 */
static void
test_out_of_order(void **state)
{
	struct ks_built b = { 0 };
	size_t off;

	(void)state;
	ks_build(&small, &b);
	off = b.vmcoreinfo.offsets - b.w.va + 4 * 299;
	b.sym[299].addr = b.base + 1;
	bytes_poke(&b.b, off, (uint64_t)-2, 4);
	assert_int_equal(decode(&b, &b.k, "_stext", b.stext, "anchor"), 0);
	assert_int_equal(decode(&b, &b.k, NULL, 0, NULL), KVMI_EFORMAT);
	ks_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_kernels),
		cmocka_unit_test(test_unaligned_window),
		cmocka_unit_test(test_look_alikes),
		cmocka_unit_test(test_planted_look_alikes),
		cmocka_unit_test(test_base_elsewhere),
		cmocka_unit_test(test_names_at_the_end),
		cmocka_unit_test(test_anchors),
		cmocka_unit_test(test_out_of_order),
	};

	return (cmocka_run_group_tests_name("kallsyms", tests, NULL, NULL));
}
