/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of kernels of many versions, found, decoded and compared. */
#ifndef KALLSYMS_CHECK_H
#define KALLSYMS_CHECK_H

#include <inttypes.h>

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

static inline struct kvmi_symtab *
new_symtab(void)
{
	struct kvmi_symtab *t = NULL;

	assert_int_equal(kvmi_symtab_create(&t, &err), 0);
	return (t);
}

static inline void
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

static inline int
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

static inline void
must_decode(const struct ks_built *b, const struct kvmi_kallsyms *k,
    const char *anchor, uint64_t va, const char *row, const char *how)
{
	if (decode(b, k, anchor, va, row) != 0)
		fail_msg("%s, %s: %s", row, how, err.text);
}

static inline void
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

#endif
