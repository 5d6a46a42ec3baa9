/* SPDX-License-Identifier: BSD-2-Clause */
/* Input: a kernel file, or a module's. */
#include <stdlib.h>
#include <string.h>

#include "sym/elf_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct kvmi_err err;

static void
ask(struct kvmi_elf *e)
{
	struct kvmi_buildid id;
	struct kvmi_symtab *t;
	struct kvmi_sym s;
	uint8_t buf[256];
	uint64_t v;

	kvmi_elf_machine(e);
	kvmi_elf_osabi(e);
	kvmi_elf_big_endian(e);
	if (kvmi_elf_buildid(e, &id, &err) == 0 &&
	    (id.len == 0 || id.len > sizeof(id.bytes)))
		abort();
	kvmi_elf_symbol(e, "_stext", &v, &err);
	if (kvmi_symtab_create(&t, &err) != 0)
		return;
	kvmi_elf_symbols(e, INT64_C(-0x1600000), t, &err);
	for (size_t i = 0; i < kvmi_symtab_count(t); i++) {
		kvmi_symtab_get(t, i, &s);
		kvmi_elf_read(e, s.addr, buf, i % sizeof(buf), &err);
	}
	kvmi_symtab_by_name(t, "_stext", &s, &err);
	kvmi_symtab_by_addr(t, UINT64_C(0xffffffff81000000), &s, &err);
	kvmi_symtab_destroy(t);
}

static void
ask_module(struct kvmi_elf *e)
{
	struct kvmi_symtab *t;
	const uint8_t *p;
	volatile uint32_t sum = 0;
	uint32_t link;
	size_t len;

	if (kvmi_symtab_create(&t, &err) != 0)
		return;
	kvmi_elf_module_symbols(e, UINT64_C(0xffffffff82000000), 0x100000,
	    "module", t, &err);
	kvmi_elf_module_symbols(e, UINT64_MAX - 0x1000, UINT64_MAX, "module",
	    t, &err);
	kvmi_symtab_destroy(t);
	/* All of it has to be there. */
	if (kvmi_elf_section(e, ".strtab", &p, &len, &link))
		for (size_t i = 0; i < len; i++)
			sum ^= p[i];
	(void)sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kvmi_src *src;
	struct kvmi_elf *e;
	uint8_t *copy;

	if (size > 1 << 18)
		return (0);
	copy = malloc(size == 0 ? 1 : size);
	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	if (kvmi_mem_open(copy, size, "fuzz", &src, &err) == 0 &&
	    kvmi_elf_open(src, &e, &err) == 0) {
		ask(e);
		kvmi_elf_close(e);
	}
	if (kvmi_mem_open(copy, size, "fuzz", &src, &err) == 0 &&
	    kvmi_elf_open_module(src, &e, &err) == 0) {
		ask_module(e);
		kvmi_elf_close(e);
	}
	free(copy);
	return (0);
}
