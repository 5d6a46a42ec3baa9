/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Linux kernel of a version that no machine is booted with: memory that a
 * compiler laid out with its structures (tests/mkimage/linux_kernel), which is
 * an argument of the test.  What is expected is in its values.h.
 */
#ifndef LINUX_WORLD_H
#define LINUX_WORLD_H

#include <gelf.h>
#include <inttypes.h>

#include "../mkimage/linux_kernel/values.h"
#include "base/endian.h"
#include "flat_memory.h"
#include "os/linux/linux.h"
#include "typed_file.h"

#define SIZE	UINT64_C(0x80000)
#define NSEC	1000000000

struct world {
	const char	*name;
	struct kvmi_kernel k;
	struct kvmi_arch arch;
	struct kvmi_linux l;
	struct kvmi_cx	*cx;
	struct kvmi_elf	*elf;
	struct bytes	 mem, file;
	struct kvmi_procs procs;
};

static char **samples;
static int n_samples;

static const struct kvm_options no_options;

/* Copy the segments of the file to where they lie. */
static inline void
load(struct world *w)
{
	struct kvmi_src *src;
	const struct kvmi_blob *b = kvmi_elf_bytes(w->elf, &src);
	char *copy = malloc(b->len);
	GElf_Phdr ph;
	Elf *elf;

	assert_non_null(copy);
	memcpy(copy, b->p, b->len);
	elf_version(EV_CURRENT);
	elf = elf_memory(copy, b->len);
	assert_non_null(elf);
	bytes_fill(&w->mem, 0, SIZE);
	for (int i = 0; gelf_getphdr(elf, i, &ph) != NULL; i++) {
		if (ph.p_type != PT_LOAD)
			continue;
		assert_true(kvmi_inside(ph.p_vaddr, ph.p_memsz, SIZE));
		assert_true(kvmi_inside(ph.p_offset, ph.p_filesz, b->len));
		memcpy(w->mem.p + ph.p_vaddr, copy + ph.p_offset,
		    ph.p_filesz);
	}
	elf_end(elf);
	free(copy);
}

static inline uint64_t
address(struct world *w, const char *name)
{
	uint64_t va;

	if (kvmi_elf_symbol(w->elf, name, &va, &w->cx->err) != 0)
		return (0);
	return (va);
}

static inline bool
has(struct world *w, const char *member)
{
	struct kvmi_member m;

	return (kvmi_type_first(w->k.types, member, &m, &w->cx->err) == 0);
}

/* What the kernel tells of its log: keys of 56 bytes and their values. */
static inline size_t
add_numbers(struct world *w, char *text, size_t len, size_t size)
{
	uint64_t at = address(w, "vmcoreinfo");
	unsigned int ptr = w->k.arch->pointer_size;

	for (; at != 0 && w->mem.p[at] != '\0'; at += 56 + ptr)
		len += (size_t)snprintf(text + len, size - len, "%s=%" PRIu64
		    "\n", (const char *)w->mem.p + at,
		    kvmi_get_uint(w->mem.p + at + 56, ptr, w->k.big_endian));
	return (len);
}

static inline void
set_info(struct world *w)
{
	char text[4096] = "OSRELEASE=" V_RELEASE "\n";
	size_t len = strlen(text);

	/* The key came when the name's place changed. */
	if (!has(w, "uts_namespace.kref"))
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "OFFSET(uts_namespace.name)=0\n");
	len = add_numbers(w, text, len, sizeof(text));
	assert_true(kvmi_vmcoreinfo_init(&w->l.info, text, len));
}

static inline const struct kvmi_linux_arch *
linux_arch(const struct kvmi_arch *arch)
{
	static const struct kvmi_linux_arch *const table[] = {
		&kvmi_linux_x86_64, &kvmi_linux_i386, &kvmi_linux_arm,
		&kvmi_linux_ppc64, &kvmi_linux_s390x,
	};

	for (size_t i = 0; i < KVMI_COUNT(table); i++)
		if (table[i]->arch->elf_machine == arch->elf_machine)
			return (table[i]);
	fail_msg("%s", arch->name);
	return (NULL);
}

/* Take memory as it is now. */
static inline void
take(struct world *w)
{
	if (w->k.img != NULL) {
		kvmi_image_close(w->k.img);
		bytes_free(&w->file);
		kvmi_space_flush(w->cx);
	}
	kvmi_damage_reset(w->cx);
	flat_open(&w->k, &w->mem, &w->file);
	/* Where there are tables they are used. */
	if (address(w, "swapper_pg_dir") == 0)
		return;
	w->k.space.ops = &kvmi_space_paged;
	w->k.space.paging = (struct kvmi_paging){ .arch = w->k.arch,
		.root_pa = address(w, "swapper_pg_dir"), .levels = 4 };
}

static inline bool
make(struct world *w, const char *path)
{
	*w = (struct world){ .name = strrchr(path, '/') + 1 };
	if (!typed_file_open(path, &w->k, &w->arch, &w->elf))
		return (false);
	UTIL_STR(path, w->k.types->ops->name, strstr(path, ".btf") != NULL ?
	    "BTF" : "DWARF");
	w->cx = kvmi_cx_new();
	w->mem.big_endian = w->k.big_endian;
	w->k.os = &kvmi_os_linux;
	w->k.priv = &w->l;
	w->k.opts = &no_options;
	pthread_mutex_init(&w->k.lock, NULL);
	w->l.arch = linux_arch(w->k.arch);
	w->l.va.user_end = UINT64_C(1) << 47;
	assert_int_equal(kvmi_symtab_create(&w->k.syms, &w->cx->err), 0);
	assert_int_equal(kvmi_elf_symbols(w->elf, 0, w->k.syms, &w->cx->err),
	    0);
	load(w);
	set_info(w);
	take(w);
	return (true);
}

static inline void
done(struct world *w)
{
	free(w->procs.v);
	flat_done(&w->k, &w->mem, &w->file);
	kvmi_types_close(w->k.types);
	kvmi_symtab_destroy(w->k.syms);
	kvmi_elf_close(w->elf);
	kvmi_vmcoreinfo_deinit(&w->l.info);
	kvmi_linux_once_deinit(&w->l);
	kvmi_cx_free(w->cx);
}

static inline void
list(struct world *w, bool threads, size_t want)
{
	free(w->procs.v);
	w->procs = (struct kvmi_procs){ 0 };
	UTIL_EQ(w->name, kvmi_linux_procs(&w->k, w->cx, KERN_PROC_ALL, 0,
	    threads, &w->procs), 0);
	UTIL_EQ(w->name, w->cx->damage, 0);
	UTIL_EQ(w->name, w->procs.n, want);
}

#endif
