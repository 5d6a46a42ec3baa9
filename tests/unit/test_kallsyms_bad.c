/* SPDX-License-Identifier: BSD-2-Clause */
/* kallsyms that are cut or wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kallsyms_check.h"

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
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_corrupted),
		cmocka_unit_test(test_bad_counts),
		cmocka_unit_test(test_bad_arguments),
		cmocka_unit_test(test_wrong_markers),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_endless_name),
	};

	return (cmocka_run_group_tests_name("kallsyms_bad", tests, NULL, NULL));
}
