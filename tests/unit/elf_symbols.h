/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel files with the symbols of build_elf.h, opened and compared. */
#ifndef ELF_SYMBOLS_H
#define ELF_SYMBOLS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "build_elf.h"
#include "sym/elf_file.h"

static struct kvmi_err err;

static struct elf_sym sym64[KVMI_COUNT(symbols)];
static struct elf_sym sym32[KVMI_COUNT(symbols)];

static const struct elf_spec x86_64 = {
	.name = "x86-64", .class = ELFCLASS64, .type = ET_EXEC,
	.machine = EM_X86_64, .base = BASE64, .sym = sym64,
	.n_sym = KVMI_COUNT(sym64),
};

static inline int
setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(symbols); i++) {
		sym64[i] = sym32[i] = symbols[i].sym;
		sym64[i].value += symbols[i].in_image ? BASE64 : 0;
		sym32[i].value += symbols[i].in_image ? BASE32 : 0;
	}
	return (0);
}

static inline int
open_bytes(const void *p, size_t len, struct kvmi_elf **ret)
{
	struct kvmi_src *src;

	assert_int_equal(kvmi_mem_open(p, len, "vmlinux", &src, &err), 0);
	return (kvmi_elf_open(src, ret, &err));
}

static inline struct kvmi_elf *
must_open(const struct bytes *b)
{
	struct kvmi_elf *e = NULL;

	if (open_bytes(b->p, b->len, &e) != 0)
		fail_msg("%s", err.text);
	return (e);
}

static inline struct kvmi_symtab *
new_symtab(void)
{
	struct kvmi_symtab *t = NULL;

	assert_int_equal(kvmi_symtab_create(&t, &err), 0);
	return (t);
}

static inline void
check_symbols(struct kvmi_elf *e, const struct elf_spec *spec, int64_t disp)
{
	struct kvmi_symtab *t = new_symtab();
	size_t n = 0;

	if (kvmi_elf_symbols(e, disp, t, &err) != 0)
		fail_msg("%s: %s", spec->name, err.text);
	for (size_t i = 0; i < spec->n_sym; i++) {
		struct kvmi_sym s;
		uint64_t want = spec->sym[i].value;

		if (symbols[i].letter == 0)
			continue;
		if (symbols[i].in_image)
			want += (uint64_t)disp;
		if (spec->class == ELFCLASS32)
			want = (uint32_t)want;
		if (n == kvmi_symtab_count(t))
			fail_msg("%s: only %zu symbols", spec->name, n);
		kvmi_symtab_get(t, n++, &s);
		if (strcmp(s.name, spec->sym[i].name) != 0 ||
		    s.addr != want || s.size != spec->sym[i].size ||
		    s.letter != symbols[i].letter || s.module[0] != '\0')
			fail_msg("%s: %" PRIx64 " %" PRIu64 " %c %s, not %"
			    PRIx64 " %c %s", spec->name, s.addr, s.size,
			    s.letter, s.name, want, symbols[i].letter,
			    spec->sym[i].name);
	}
	if (n != kvmi_symtab_count(t))
		fail_msg("%s: %zu symbols", spec->name, kvmi_symtab_count(t));
	kvmi_symtab_destroy(t);
}

#endif
