/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/math.h"
#include "build_kallsyms.h"

#define VA64	UINT64_C(0xffffffff81000000)
#define VA32	UINT64_C(0xc0100000)

static struct kvmi_err err;

static const struct ks_spec kernels[] = {
	{ "2.6 absolute, wide counters", KS_NAMES_LAST, KS_ABSOLUTE, 8, false,
	    false, true, 0, 700, VA64, 24, false },
	{ "4.19 per-CPU, wide counters", KS_NAMES_LAST, KS_PERCPU, 8, false,
	    false, true, 0, 700, VA64, 8, false },
	{ "4.19 big endian, wide counters", KS_NAMES_LAST, KS_BASE, 8, true,
	    false, true, 0, 700, 0x100000, 16, false },
	{ "5.10 per-CPU", KS_NAMES_LAST, KS_PERCPU, 8, false, false, false, 0,
	    1000, VA64, 0, false },
	{ "5.10 base relative", KS_NAMES_LAST, KS_BASE, 8, false, false, false,
	    0, 1001, VA64, 4096, false },
	{ "5.10 big endian", KS_NAMES_LAST, KS_BASE, 8, true, false, false, 0,
	    999, 0x100000, 0, false },
	{ "5.10 32 bit", KS_NAMES_LAST, KS_BASE, 4, false, false, false, 0,
	    700, VA32, 4, false },
	{ "5.10 32 bit big endian", KS_NAMES_LAST, KS_BASE, 4, true, false,
	    false, 0, 700, 0x80100000, 4, false },
	{ "5.10 32 bit absolute", KS_NAMES_LAST, KS_ABSOLUTE, 4, false, false,
	    false, 0, 511, VA32, 4, false },
	{ "6.1 per-CPU", KS_SEQS, KS_PERCPU, 8, false, true, false, 0, 700,
	    VA64, 8, false },
	{ "6.1 seqs that need no padding", KS_SEQS, KS_PERCPU, 8, false, true,
	    false, 0, 512, VA64, 0, false },
	{ "6.1 one symbol in the last group", KS_SEQS, KS_PERCPU, 8, false,
	    true, false, 0, 513, VA64, 0, false },
	{ "6.1 base relative", KS_SEQS, KS_BASE, 8, false, true, false, 0, 2001,
	    VA64, 0, false },
	{ "6.1 big endian", KS_SEQS, KS_BASE, 8, true, true, false, 0, 701,
	    0x100000, 8, false },
	{ "6.1 32 bit", KS_SEQS, KS_BASE, 4, false, true, false, 0, 702, VA32,
	    4, false },
	{ "6.1 absolute", KS_SEQS, KS_ABSOLUTE, 8, false, true, false, 0, 703,
	    VA64, 8, false },
	{ "6.4 per-CPU", KS_NAMES_FIRST, KS_PERCPU, 8, false, true, false, 0,
	    700, VA64, 8, false },
	{ "6.4 absolute", KS_NAMES_FIRST, KS_ABSOLUTE, 8, false, true, false, 0,
	    701, VA64, 8, false },
	{ "6.11 base relative", KS_NAMES_FIRST, KS_BASE, 8, false, true, false,
	    0, 702, VA64, 8, false },
	{ "6.11 big endian", KS_NAMES_FIRST, KS_BASE, 8, true, true, false, 0,
	    703, 0x100000, 8, false },
	{ "6.11 32 bit", KS_NAMES_FIRST, KS_BASE, 4, false, true, false, 0, 705,
	    VA32, 4, false },
	{ "6.11 labels of 4", KS_NAMES_FIRST, KS_PERCPU, 8, false, true, false,
	    4, 706, VA64, 4, false },
	{ "7.0 place relative", KS_NAMES_FIRST, KS_PLACE, 8, false, true, false,
	    0, 700, VA64, 8, false },
	{ "7.0 labels of 4", KS_NAMES_FIRST, KS_PLACE, 8, false, true, false, 4,
	    701, VA64, 4, false },
	{ "7.0 labels of 4, odd", KS_NAMES_FIRST, KS_PLACE, 8, false, true,
	    false, 4, 702, VA64, 12, false },
	{ "7.0 big endian", KS_NAMES_FIRST, KS_PLACE, 8, true, true, false, 4,
	    703, 0x100000, 8, false },
	{ "7.0 32 bit relocatable", KS_NAMES_FIRST, KS_PLACE, 4, false, true,
	    false, 0, 704, VA32, 4, false },
	{ "7.0 32 bit", KS_NAMES_FIRST, KS_PLAIN32, 4, false, true, false, 0,
	    705, VA32, 4, false },
	{ "7.0 32 bit, split at 1 GiB", KS_NAMES_FIRST, KS_PLAIN32, 4, false,
	    true, false, 0, 705, 0x40100000, 0, false },
	{ "257 symbols", KS_NAMES_FIRST, KS_BASE, 8, false, true, false, 0, 257,
	    VA64, 0, false },
	{ "256 symbols", KS_NAMES_FIRST, KS_BASE, 8, false, true, false, 0, 256,
	    VA64, 0, false },
	{ "256 symbols, seqs", KS_SEQS, KS_PERCPU, 8, false, true, false, 0,
	    256, VA64, 0, false },
	{ "12 symbols, seqs", KS_SEQS, KS_BASE, 8, true, true, false, 0, 12,
	    VA64, 0, false },
	{ "12 symbols, wide", KS_NAMES_LAST, KS_BASE, 8, false, false, true, 0,
	    12, VA64, 0, false },
	{ "11 symbols, 32 bit", KS_SEQS, KS_BASE, 4, false, true, false, 0, 11,
	    VA32, 0, false },
	{ "2 GiB apart", KS_NAMES_FIRST, KS_BASE, 8, false, true, false, 0, 300,
	    0x100000, 0, false },
	{ "2 GiB apart, 32 bit", KS_NAMES_FIRST, KS_PLACE, 4, false, true,
	    false, 0, 300, 0x10100000, 0, false },
	{ "long last name", KS_SEQS, KS_PERCPU, 8, false, true, false, 0, 300,
	    VA64, 0, true },
	{ "long last name, labels of 4", KS_NAMES_FIRST, KS_PLACE, 8, false,
	    true, false, 4, 301, VA64, 0, true },
	{ "long last name, labels of 4, odd", KS_NAMES_FIRST, KS_PLACE, 8,
	    false, true, false, 4, 301, VA64, 4, true },
	{ "for two threads", KS_SEQS, KS_PERCPU, 8, false, true, false, 0,
	    40000, VA64, 0, false },
	{ "for two threads, odd, 32 bit", KS_NAMES_FIRST, KS_PLACE, 4, true,
	    true, false, 0, 40001, VA32, 0, false },
	{ "128 bytes last", KS_NAMES_LAST, KS_PERCPU, 8, false, false, false, 0,
	    300, VA64, 0, true },
};

/* The smallest, for what runs once for each of its bytes. */
static const struct ks_spec small = {
	"small", KS_SEQS, KS_PERCPU, 8, false, true, false, 0, 300, VA64, 0,
	false,
};

static struct kvmi_symtab *
new_symtab(void)
{
	struct kvmi_symtab *t = NULL;

	assert_int_equal(kvmi_symtab_create(&t, &err), 0);
	return (t);
}

static void
check_symbols(const char *row, const struct ks_built *b,
    const struct kvmi_symtab *t)
{
	struct kvmi_sym s;

	if (kvmi_symtab_count(t) != b->n)
		fail_msg("%s: %zu symbols, not %" PRIu32, row,
		    kvmi_symtab_count(t), b->n);
	for (uint32_t i = 0; i < b->n; i++) {
		kvmi_symtab_get(t, i, &s);
		if (s.addr != b->sym[i].addr || s.letter != (b->sym[i].addr <
		    0x1000 ? 'A' : b->sym[i].text[0]) ||
		    strcmp(s.name, b->sym[i].text + 1) != 0 ||
		    s.size != 0 || s.module[0] != '\0')
			fail_msg("%s: symbol %" PRIu32 " is %" PRIx64 " %c %s,"
			    " not %" PRIx64 " %s", row, i, s.addr, s.letter,
			    s.name, b->sym[i].addr, b->sym[i].text);
	}
}

static int
decode(const struct ks_built *b, const struct kvmi_kallsyms *k,
    const char *anchor, uint64_t va, const char *row)
{
	struct kvmi_symtab *t = new_symtab();
	int r;

	r = kvmi_kallsyms_decode(&b->w, k, anchor, va, t, &err);
	if (r == 0 && row != NULL)
		check_symbols(row, b, t);
	if (r != 0 && kvmi_symtab_count(t) != 0)
		fail_msg("%s: failed, but added symbols",
		    row == NULL ? "decode" : row);
	kvmi_symtab_destroy(t);
	return (r);
}

static void
must_decode(const struct ks_built *b, const struct kvmi_kallsyms *k,
    const char *anchor, uint64_t va, const char *row, const char *how)
{
	if (decode(b, k, anchor, va, row) != 0)
		fail_msg("%s, %s: %s", row, how, err.text);
}

static void
must_find(const struct ks_built *b, size_t from, const char *row)
{
	struct kvmi_kallsyms k;
	size_t next = 0;

	if (kvmi_kallsyms_find(&b->w, from, &next, &k, &err) != 0)
		fail_msg("%s: %s", row, err.text);
	if (memcmp(&k, &b->k, sizeof(k)) != 0)
		fail_msg("%s: names %" PRIx64 " not %" PRIx64 ", num_syms %"
		    PRIx64 " not %" PRIx64 ", markers %" PRIx64 " not %" PRIx64
		    ", tokens %" PRIx64 " not %" PRIx64 ", index %" PRIx64
		    " not %" PRIx64, row, k.names, b->k.names, k.num_syms,
		    b->k.num_syms, k.markers, b->k.markers, k.token_table,
		    b->k.token_table, k.token_index, b->k.token_index);
	if (next <= from)
		fail_msg("%s: the next search starts at %zu", row, next);
	if (kvmi_kallsyms_find(&b->w, next, &next, &k, &err) != KVMI_ENOENT)
		fail_msg("%s: found a second table", row);
}

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

/* The window ends everywhere; it is found whole or not at all. */
static void
test_truncated(void **state)
{
	size_t need, len, next, whole;
	struct ks_built b = { 0 };
	struct kvmi_kallsyms k;
	struct kvmi_window w;
	uint8_t *p;

	(void)state;
	ks_build(&small, &b);
	w = b.w;
	need = b.k.token_index + 512 - b.w.va;
	whole = b.w.len;
	for (len = 0; len <= whole; len++) {
		p = bytes_exact(&b.b, len);
		b.w.p = p;
		b.w.len = len;
		if ((kvmi_kallsyms_find(&b.w, 0, &next, &k, &err) == 0) !=
		    (len >= need))
			fail_msg("find in %zu bytes of %zu", len, need);
		if ((decode(&b, &b.k, "_stext", b.stext, "truncated") == 0) !=
		    (len >= need))
			fail_msg("decode in %zu bytes of %zu", len, need);
		decode(&b, &b.vmcoreinfo, NULL, 0, "truncated");
		free(p);
	}
	/* The same from its other end. */
	for (size_t cut = 1; cut < need; cut++) {
		b.w = w;
		p = malloc(whole - cut);
		assert_non_null(p);
		memcpy(p, w.p + cut, whole - cut);
		b.w.p = p;
		b.w.va += cut;
		b.w.len -= cut;
		kvmi_kallsyms_find(&b.w, 0, &next, &k, &err);
		if (decode(&b, &b.k, "_stext", b.stext, NULL) == 0)
			fail_msg("decode from byte %zu on", cut);
		free(p);
	}
	ks_free(&b);
}

/* Every byte wrong, twice: whatever comes of it stays inside the window. */
static void
test_corrupted(void **state)
{
	struct ks_built b = { 0 };
	struct kvmi_kallsyms k;
	size_t next;

	(void)state;
	ks_build(&small, &b);
	for (size_t i = 0; i < b.b.len; i++) {
		uint8_t byte = b.b.p[i];

		for (int j = 0; j < 2; j++) {
			b.b.p[i] = j == 0 ? 0xff : byte + 1;
			if (kvmi_kallsyms_find(&b.w, 0, &next, &k, &err) == 0)
				decode(&b, &k, NULL, 0, NULL);
			decode(&b, &b.k, "_stext", b.stext, NULL);
			decode(&b, &b.vmcoreinfo, "_stext", b.stext, NULL);
		}
		b.b.p[i] = byte;
	}
	ks_free(&b);
}

static void
test_bad_counts(void **state)
{
	static const struct {
		const char *name;
		uint64_t n;
		unsigned int size;
		const char *text;
	} row[] = {
		{ "none", 0, 8, "0 symbols do not fit" },
		{ "most in 32 bits", UINT32_MAX, 4,
		    "4294967295 symbols do not fit" },
		{ "most in 64 bits", UINT64_MAX, 8, "symbols do not fit" },
		{ "upper half only", UINT64_C(299) << 32, 8,
		    "symbols do not fit" },
		{ "one too many", 301, 4, "no reading of the 301 names" },
		{ "one too few", 299, 4, "no reading of the 299 names" },
		{ "half", 150, 4, "no reading of the 150 names" },
	};
	struct ks_built b = { 0 };
	struct kvmi_kallsyms k;
	size_t next;

	(void)state;
	ks_build(&small, &b);
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		bytes_poke(&b.b, b.k.num_syms - b.w.va, row[i].n, row[i].size);
		if (kvmi_kallsyms_find(&b.w, 0, &next, &k, &err) !=
		    KVMI_ENOENT)
			fail_msg("%s: found", row[i].name);
		if (decode(&b, &b.k, "_stext", b.stext, row[i].name) !=
		    KVMI_EFORMAT || strstr(err.text, row[i].text) == NULL)
			fail_msg("%s: %s", row[i].name, err.text);
	}
	ks_free(&b);
}

static void
test_bad_arguments(void **state)
{
	enum { NAMES, NUM_SYMS, MARKERS, TABLE, INDEX };
	static const struct {
		const char *name;
		int field;
		int64_t add;		/* 0: make it unknown */
		int want;
		const char *text;
	} row[] = {
		{ "no names", NAMES, 0, KVMI_EINVAL, "kallsyms_names" },
		{ "no num_syms", NUM_SYMS, 0, KVMI_EINVAL, "num_syms" },
		{ "no table", TABLE, 0, KVMI_EINVAL, "token_table" },
		{ "no index", INDEX, 0, KVMI_EINVAL, "token_index" },
		{ "names below", NAMES, -0x100000, KVMI_EFORMAT, "outside" },
		{ "names above", NAMES, 0x100000, KVMI_EFORMAT, "outside" },
		{ "num_syms above", NUM_SYMS, 0x100000, KVMI_EFORMAT,
		    "outside" },
		{ "markers above", MARKERS, 0x100000, KVMI_EFORMAT,
		    "outside" },
		{ "table above", TABLE, 0x100000, KVMI_EFORMAT, "outside" },
		{ "index above", INDEX, 0x100000, KVMI_EFORMAT, "outside" },
		{ "markers elsewhere", MARKERS, 4, KVMI_EFORMAT,
		    "agrees with the markers" },
		{ "markers far behind", MARKERS, 0x100, KVMI_EFORMAT,
		    "agrees with the markers" },
		{ "table elsewhere", TABLE, 1, KVMI_EFORMAT, "token table" },
		{ "index elsewhere", INDEX, 2, KVMI_EFORMAT, "token table" },
		{ "names elsewhere", NAMES, 1, KVMI_EFORMAT, "names" },
		{ "markers at the end", MARKERS, INT64_MAX, KVMI_EFORMAT,
		    "agrees with the markers" },
	};
	struct ks_built b = { 0 };
	uint8_t *exact;

	(void)state;
	ks_build(&small, &b);
	memset(b.b.p + b.b.len - 4, 0, 4);
	exact = bytes_exact(&b.b, b.b.len);
	b.w.p = exact;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_kallsyms k = b.k;
		uint64_t *field[] = { &k.names, &k.num_syms, &k.markers,
		    &k.token_table, &k.token_index };
		uint64_t *f = field[row[i].field];

		*f = row[i].add == 0 ? 0 : row[i].add == INT64_MAX ?
		    b.w.va + b.w.len - 4 : *f + (uint64_t)row[i].add;
		if (decode(&b, &k, "_stext", b.stext, row[i].name) !=
		    row[i].want || strstr(err.text, row[i].text) == NULL)
			fail_msg("%s: %s", row[i].name, err.text);
	}
	free(exact);
	ks_free(&b);
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

/* Markers that lie, where their place is not known for sure. */
static void
test_wrong_markers(void **state)
{
	static const struct {
		const char *name;
		size_t kernel;
	} row[] = {
		{ "lengths of one byte", 4 },
		{ "lengths of two bytes", 9 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct ks_built b = { 0 };

		ks_build(&kernels[row[i].kernel], &b);
		b.b.p[b.k.markers - b.w.va + 4]++;
		must_decode(&b, &b.vmcoreinfo, "_stext", b.stext, row[i].name,
		    "without markers");
		assert_int_equal(decode(&b, &b.k, "_stext", b.stext, NULL),
		    KVMI_EFORMAT);
		ks_free(&b);
	}
	/* Both readings make names then: which it is cannot be known. */
	for (size_t i = 0; i < KVMI_COUNT(kernels); i++) {
		struct ks_built b = { 0 };

		if (strcmp(kernels[i].name, "long last name") != 0)
			continue;
		ks_build(&kernels[i], &b);
		b.b.p[b.k.markers - b.w.va + 4]++;
		assert_int_equal(decode(&b, &b.vmcoreinfo, "_stext", b.stext,
		    NULL), KVMI_EFORMAT);
		assert_non_null(strstr(err.text, "agrees with their number"));
		ks_free(&b);
	}
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

/* One symbol of each kind of bad name at the end of good ones. */
static void
test_bad_names(void **state)
{
	static const struct {
		const char *name;
		uint8_t len;
		uint8_t first;
	} row[] = {
		{ "empty", 0, 'T' },
		{ "only a letter", 1, 'T' },
		{ "no letter", 0, '0' },
		{ "an empty token", 0, 0x05 },
	};
	struct ks_built b = { 0 };
	size_t last, len;
	uint8_t *p;

	(void)state;
	ks_build(&small, &b);
	/* The last record is where the markers begin, less its padding. */
	p = b.b.p + (b.k.names - b.w.va);
	for (last = 0, len = 0; len < 299; len++)
		last += p[last] >= 0x80 ? 2 + (size_t)(p[last] & 0x7f) +
		    ((size_t)p[last + 1] << 7) : p[last] + (size_t)1;
	p += last;
	len = p[0];
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		uint8_t first = p[1];

		p[1] = row[i].first;
		if (strcmp(row[i].name, "empty") == 0)
			p[0] = 0;
		if (row[i].len != 0)
			p[0] = row[i].len;
		b.k.markers = 0;
		if (decode(&b, &b.k, "_stext", b.stext, row[i].name) !=
		    KVMI_EFORMAT)
			fail_msg("%s: decoded", row[i].name);
		p[0] = (uint8_t)len;
		p[1] = first;
	}
	assert_int_equal(decode(&b, &b.k, "_stext", b.stext, "restored"), 0);
	ks_free(&b);
}

/* Tokens so long that a name of them would not end. */
static void
test_endless_name(void **state)
{
	struct bytes b = { 0 };
	struct kvmi_window w = { .va = VA64, .pointer_size = 8 };
	struct kvmi_kallsyms k = { 0 };
	struct kvmi_symtab *t = new_symtab();
	static const struct {
		const char *name;
		unsigned int tokens;	/* of 60 bytes each, after a letter */
		int want;
	} row[] = {
		{ "1021 bytes", 17, 0 },
		{ "1081 bytes", 18, KVMI_EFORMAT },
		{ "7501 bytes", 125, KVMI_EFORMAT },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		b.len = 0;
		k.num_syms = w.va + b.len;
		bytes_uint(&b, 2, 8);
		k.names = w.va + b.len;
		bytes_put(&b, "\7T_stext", 8);
		bytes_uint(&b, row[i].tokens + 1, 1);
		bytes_put(&b, "T", 1);
		bytes_fill(&b, 0x80, row[i].tokens);
		bytes_align(&b, 8);
		k.markers = w.va + b.len;
		bytes_uint(&b, 0, 8);
		k.token_table = w.va + b.len;
		for (unsigned int c = 0; c < 256; c++) {
			bytes_fill(&b, (uint8_t)(c == 0 ? 'x' : c < 0x80 ? c :
			    'x'), c == 0x80 ? 60 : 1);
			bytes_put(&b, "", 1);
		}
		bytes_align(&b, 8);
		k.token_index = w.va + b.len;
		for (unsigned int c = 0; c < 256; c++)
			bytes_uint(&b, c * 2 + (c > 0x80 ? 59 : 0), 2);
		k.offsets = w.va + b.len;
		bytes_uint(&b, 0, 4);
		bytes_uint(&b, 16, 4);
		k.relative_base = w.va + b.len;
		bytes_uint(&b, w.va, 8);
		w.p = b.p;
		w.len = b.len;
		if (kvmi_kallsyms_decode(&w, &k, "_stext", w.va, t, &err) !=
		    row[i].want)
			fail_msg("%s: %s", row[i].name, err.text);
	}
	assert_int_equal(kvmi_symtab_count(t), 2);
	kvmi_symtab_destroy(t);
	bytes_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_kernels),
		cmocka_unit_test(test_unaligned_window),
		cmocka_unit_test(test_look_alikes),
		cmocka_unit_test(test_planted_look_alikes),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_corrupted),
		cmocka_unit_test(test_bad_counts),
		cmocka_unit_test(test_bad_arguments),
		cmocka_unit_test(test_base_elsewhere),
		cmocka_unit_test(test_wrong_markers),
		cmocka_unit_test(test_names_at_the_end),
		cmocka_unit_test(test_anchors),
		cmocka_unit_test(test_out_of_order),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_endless_name),
	};

	return (cmocka_run_group_tests_name("kallsyms", tests, NULL, NULL));
}
