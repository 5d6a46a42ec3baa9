/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FreeBSD's modules: the list in each word size and byte order, and symbols
 * of module files.  The argument is the folder of what dwarf/module made.
 */
#include <elf.h>
#include <fcntl.h>
#include <limits.h>

#include "api/kd.h"
#include "os/freebsd/freebsd.h"
#include "flat_memory.h"

#define SIZE	0x10000
#define VARS	0x3000
#define FILE_AT(i) (0x4000 + (uint64_t)(i) * 0x100)
#define NAME_AT(i) (0x5000 + (uint64_t)(i) * 0x100)
#define OBJECT_AT UINT64_C(0x81000000)
#define SHARED_AT UINT64_C(0x82000000)

static const char *made;

static const struct {
	const char	*name, *path;
	uint64_t	 addr, size;
} files[] = {
	{ "kernel", "/boot/kernel/kernel", 0x2000, 0x2000 },
	{ "object.ko", "/boot/kernel/object.ko", OBJECT_AT, 0x4000 },
	{ "shared.ko", "/boot/modules/shared.ko", SHARED_AT, 0x5000 },
	{ "absent.ko", "/boot/kernel/absent.ko", 0x83000000, 0x1000 },
};
#define N_FILES	(sizeof(files) / sizeof(files[0]))

static bool exported;		/* kld_off_*, from FreeBSD 11 on */

static int
resolve(const char *name, kvaddr_t *addr)
{
	static const char *const names[] = { "linker_files",
		"linker_kernel_file", "kld_off_next", "kld_off_filename",
		"kld_off_pathname", "kld_off_address" };

	for (size_t i = 0; i < KVMI_COUNT(names); i++)
		if (strcmp(name, names[i]) == 0 && (exported || i < 2)) {
			*addr = VARS + 8 * i;
			return (0);
		}
	return (-1);
}

struct world {
	struct __kvm	 kd;
	struct kvmi_kernel k;
	struct kvmi_arch arch;
	struct bytes	 mem, file;
	unsigned int	 ptr;
	char		 exec[PATH_MAX];
};

/* Where members are: shifted where the kernel says so. */
static uint64_t
member(const struct world *w, unsigned int i)
{
	const uint64_t at[] = { w->ptr == 8 ? 24 : 16, w->ptr == 8 ? 40 : 24,
		w->ptr == 8 ? 48 : 28, w->ptr == 8 ? 64 : 36 };

	return (at[i] + (exported ? 8 : 0));
}

static void
set(struct world *w, uint64_t at, uint64_t value, unsigned int size)
{
	bytes_poke(&w->mem, (size_t)at, value, size);
}

static void
world_init(struct world *w, unsigned int ptr, bool big_endian,
    bool with_offsets)
{
	*w = (struct world){ .ptr = ptr, .mem.big_endian = big_endian };
	exported = with_offsets;
	w->kd.opts = (struct kvm_options){ .ko_resolver = resolve };
	flat_init(&w->k, &w->arch, &kvmi_os_freebsd, &w->kd.opts, ptr,
	    big_endian);
	w->kd.kernel = &w->k;
	assert_int_equal(kvmi_threads_init(&w->kd.threads), 0);
	bytes_fill(&w->mem, 0, SIZE);
	set(w, VARS, FILE_AT(0), ptr);
	set(w, VARS + 8, FILE_AT(0), ptr);
	for (unsigned int i = 0; i < 4; i++)
		set(w, VARS + 16 + 8 * i, member(w, i), 4);
	for (unsigned int i = 0; i < N_FILES; i++) {
		set(w, FILE_AT(i) + member(w, 0), i + 1 < N_FILES ?
		    FILE_AT(i + 1) : 0, ptr);
		set(w, FILE_AT(i) + member(w, 1), NAME_AT(i), ptr);
		set(w, FILE_AT(i) + member(w, 2), NAME_AT(i) + 0x40, ptr);
		set(w, FILE_AT(i) + member(w, 3), files[i].addr, ptr);
		set(w, FILE_AT(i) + member(w, 3) + ptr, files[i].size, ptr);
		memcpy(w->mem.p + NAME_AT(i), files[i].name,
		    strlen(files[i].name) + 1);
		memcpy(w->mem.p + NAME_AT(i) + 0x40, files[i].path,
		    strlen(files[i].path) + 1);
	}
}

static void
world_open(struct world *w)
{
	flat_open(&w->k, &w->mem, &w->file);
}

static void
world_done(struct world *w)
{
	kvmi_symtab_destroy(w->k.syms);
	kvmi_elf_close(w->k.exec);
	flat_done(&w->k, &w->mem, &w->file);
	kvmi_threads_deinit(&w->kd.threads);
}

struct see {
	char	 text[1024];
	int	 left;		/* stop after so many; 0: never */
};

static int
see(const struct kvm_module *m, void *arg)
{
	struct see *s = arg;
	size_t n = strlen(s->text);

	snprintf(s->text + n, sizeof(s->text) - n, "%s %s 0x%" PRIx64 "+0x%"
	    PRIx64 "|", m->km_name, m->km_path, m->km_addr, m->km_size);
	return (--s->left != 0);
}

#define ALL	"object.ko /boot/kernel/object.ko 0x81000000+0x4000|" \
		"shared.ko /boot/modules/shared.ko 0x82000000+0x5000|" \
		"absent.ko /boot/kernel/absent.ko 0x83000000+0x1000|"

static void
test_list(void **state)
{
	(void)state;
	for (unsigned int shape = 0; shape < 8; shape++) {
		struct see s = { 0 };
		struct world w;

		world_init(&w, shape & 1 ? 4 : 8, shape & 2, shape & 4);
		world_open(&w);
		assert_int_equal(kvm_walk_modules(&w.kd, see, &s), 3);
		assert_string_equal(s.text, ALL);
		assert_int_equal(kvm_damage(&w.kd, NULL), 0);
		s = (struct see){ .left = 2 };
		assert_int_equal(kvm_walk_modules(&w.kd, see, &s), 2);
		world_done(&w);
	}
}

static void
test_broken(void **state)
{
	static const struct {
		const char *name;
		unsigned int file, member;
		uint64_t value;
		ssize_t n;
		unsigned int damage;
	} row[] = {
		{ "circle", 3, 0, FILE_AT(1), 3, 1 },
		{ "itself", 1, 0, FILE_AT(1), 1, 1 },
		{ "leads away", 2, 0, SIZE + 8, 2, 2 },
		{ "no name", 2, 1, 0, 3, 1 },
		{ "name elsewhere", 2, 1, SIZE, 3, 1 },
		{ "no path", 2, 2, 0, 3, 0 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct see s = { 0 };
		struct world w;

		world_init(&w, 8, false, true);
		set(&w, FILE_AT(row[i].file) + member(&w, row[i].member),
		    row[i].value, 8);
		world_open(&w);
		UTIL_EQ(row[i].name, kvm_walk_modules(&w.kd, see, &s),
		    row[i].n);
		UTIL_EQ(row[i].name, kvm_damage(&w.kd, NULL), row[i].damage);
		world_done(&w);
	}
}

/* The kernel's file is there too, and those of two modules beside it. */
static void
open_exec(struct world *w)
{
	struct kvmi_src *src;
	struct kvmi_err err;

	snprintf(w->exec, sizeof(w->exec), "%s/kernel", made);
	w->kd.opts.ko_resolver = NULL;
	w->kd.opts.ko_execfile = w->exec;
	w->k.syms_status = 1;
	assert_int_equal(kvmi_file_open(open(w->exec, O_RDONLY), w->exec, &src,
	    &err), 0);
	assert_int_equal(kvmi_elf_open(src, &w->k.exec, &err), 0);
	/* Its variables are where the linker put them. */
	for (unsigned int i = 0; i < 5; i++) {
		static const char *const names[] = { "linker_files",
			"kld_off_next", "kld_off_filename",
			"kld_off_pathname", "kld_off_address" };
		uint64_t va;

		assert_int_equal(kvmi_elf_symbol(w->k.exec, names[i], &va,
		    &err), 0);
		assert_true(va < SIZE - 8);
		set(w, va, i == 0 ? FILE_AT(0) : member(w, i - 1),
		    i == 0 ? 8 : 4);
	}
}

/* From the file, as the kernel's linker would: section by section. */
struct expect {
	uint64_t	addr;
	size_t		found;
};

static void
expect_object(const char *name, struct expect *ret)
{
	char path[PATH_MAX];
	Elf64_Ehdr eh;
	Elf64_Shdr sh[64];
	uint64_t at = OBJECT_AT, base[64] = { 0 };
	uint8_t *p = malloc(1 << 20);
	const Elf64_Sym *sym;
	FILE *f;

	snprintf(path, sizeof(path), "%s/object.ko", made);
	f = fopen(path, "rb");
	assert_non_null(f);
	assert_true(fread(p, 1, 1 << 20, f) > sizeof(eh));
	fclose(f);
	memcpy(&eh, p, sizeof(eh));
	memcpy(sh, p + eh.e_shoff, eh.e_shnum * sizeof(sh[0]));
	*ret = (struct expect){ 0 };
	for (unsigned int i = 0; i < eh.e_shnum; i++) {
		if ((sh[i].sh_type != SHT_PROGBITS &&
		    sh[i].sh_type != SHT_NOBITS) ||
		    (sh[i].sh_flags & SHF_ALLOC) == 0 || sh[i].sh_size == 0)
			continue;
		while (at % sh[i].sh_addralign != 0)
			at++;
		base[i] = at;
		at += sh[i].sh_size;
	}
	for (unsigned int i = 0; i < eh.e_shnum; i++) {
		if (sh[i].sh_type != SHT_SYMTAB)
			continue;
		sym = (const Elf64_Sym *)(const void *)(p + sh[i].sh_offset);
		for (size_t j = 0; j < sh[i].sh_size / sizeof(*sym); j++)
			if (strcmp((char *)p + sh[sh[i].sh_link].sh_offset +
			    sym[j].st_name, name) == 0) {
				ret->addr = base[sym[j].st_shndx] +
				    sym[j].st_value;
				ret->found++;
			}
	}
	free(p);
}

static void
check_symbol(struct world *w, const char *name)
{
	struct kvm_symbol s;
	struct expect want;

	expect_object(name, &want);
	UTIL_EQ(name, want.found, 1);
	UTIL_EQ(name, kvm_symbol_by_name(&w->kd, name, &s), 0);
	UTIL_EQ(name, s.ks_value, want.addr);
	UTIL_STR(name, s.ks_module, "object.ko");
}

static void
test_symbols(void **state)
{
	struct kvm_symbol s;
	struct world w;
	struct see out = { 0 };
	const char *why;

	(void)state;
	world_init(&w, 8, false, true);
	open_exec(&w);
	world_open(&w);
	check_symbol(&w, "mod_first");
	check_symbol(&w, "mod_second");
	check_symbol(&w, "mod_data");
	check_symbol(&w, "mod_bss");
	check_symbol(&w, "mod_rodata");
	check_symbol(&w, "mod_local");
	/* It lies where each CPU's set has it. */
	assert_int_equal(kvm_symbol_by_name(&w.kd, "mod_percpu", &s), 0);
	assert_string_equal(s.ks_module, "shared.ko");
	/* A shared object was loaded as a whole. */
	assert_int_equal(kvm_symbol_by_addr(&w.kd, SHARED_AT + 0x8000, &s), 0);
	assert_string_equal(s.ks_module, "shared.ko");
	assert_true(s.ks_value > SHARED_AT);
	assert_int_equal(kvm_symbol_by_name(&w.kd, "kernel_text", &s), 0);
	assert_string_equal(s.ks_module, "");
	assert_int_equal(kvm_damage(&w.kd, NULL), 0);
	/* The one without a file is told of. */
	assert_int_equal(kvm_walk_modules(&w.kd, see, &out), 3);
	assert_int_equal(kvm_damage(&w.kd, &why), 1);
	assert_non_null(strstr(why, "absent.ko: no such file in "));
	world_done(&w);
}

/* A file of another build does not fit into what was loaded. */
static void
test_misfit(void **state)
{
	struct kvm_symbol s;
	struct world w;

	(void)state;
	world_init(&w, 8, false, true);
	set(&w, FILE_AT(1) + member(&w, 3) + 8, 16, 8);
	open_exec(&w);
	world_open(&w);
	assert_int_equal(kvm_symbol_by_name(&w.kd, "mod_first", &s), 0);
	assert_string_equal(s.ks_module, "shared.ko");
	world_done(&w);
}

/* Names come from the image, and do not lead out of the directories. */
static void
test_names(void **state)
{
	static const char *const names[] = { "../kernel", "..", "/etc/passwd",
		"", "object.ko/" };

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(names); i++) {
		struct kvm_symbol s;
		struct world w;

		world_init(&w, 8, false, true);
		memcpy(w.mem.p + NAME_AT(1), names[i], strlen(names[i]) + 1);
		open_exec(&w);
		world_open(&w);
		w.kd.opts.ko_modules = "/nonexistent::/etc";
		UTIL_EQ(names[i], kvm_symbol_by_name(&w.kd, "mod_first", &s),
		    -1);
		world_done(&w);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_misfit),
		cmocka_unit_test(test_names),
	};

	if (argc != 2)
		return (2);
	made = argv[1];
	return (cmocka_run_group_tests(tests, NULL, util_report));
}
