/* SPDX-License-Identifier: BSD-2-Clause */
/* Symbols of the modules in a Linux dump: ELF's tables, sound and broken. */
#include "flat_memory.h"

#include "os/linux/linux.h"

#define SIZE	0x10000
#define HEAD	0x1000
#define MODULE	0x2000
#define KALLSYMS 0x3000
#define SYMTAB	0x4000
#define STRTAB	0x5000
#define TYPETAB	0x6000
#define NOWHERE	0xdead000

/* Offsets in units of a pointer; the name lies behind all of them. */
enum { AT_LIST = 1, AT_KALLSYMS = 3, AT_NAME = 8, AT_SYMTAB = 0, AT_NUM,
    AT_STRTAB, AT_TYPETAB };

static const struct {
	const char	*type, *path;
	unsigned int	 at;
} members[] = {
	{ "module", "list", AT_LIST }, { "module", "name", AT_NAME },
	{ "module", "kallsyms", AT_KALLSYMS },
	{ "mod_kallsyms", "symtab", AT_SYMTAB },
	{ "mod_kallsyms", "num_symtab", AT_NUM },
	{ "mod_kallsyms", "strtab", AT_STRTAB },
	{ "mod_kallsyms", "typetab", AT_TYPETAB },
};

/* info: the binding above, 1 is global; shndx 0: of another module. */
static const struct {
	const char	*name;
	uint64_t	 value, size;
	uint8_t		 info, shndx;
	char		 type;
	const char	*want;		/* NULL: left out */
} syms[] = {
	{ "", 0, 0, 0, 0, '?', NULL },
	{ "local", 0x8100, 0x10, 0x02, 1, 't', "t local 8100+10" },
	{ "global", 0x8200, 0x20, 0x12, 1, 't', "T global 8200+20" },
	{ "variable", 0x9000, 4, 0x01, 2, 'b', "b variable 9000+4" },
	{ "printk", 0, 0, 0x10, 0, 'U', NULL },
	{ "$x", 0x8100, 0, 0x00, 1, 't', NULL },
	{ ".LC0", 0x9100, 0, 0x00, 2, 'r', NULL },
	{ "odd", 0x9200, 0, 0x01, 2, '\1', "? odd 9200+0" },
};

struct world {
	struct kvmi_kernel k;
	struct kvmi_arch arch;
	struct kvmi_types types;
	struct kvm_options opts;
	struct kvmi_cx	*cx;
	struct bytes	 mem, file;
	unsigned int	 ptr;
	bool		 typetab;
};

static struct world *now;	/* for callbacks without an argument */

static int
fake_member(struct kvmi_types *t, const char *type, const char *path,
    struct kvmi_member *ret, struct kvmi_err *err)
{
	(void)t;
	for (size_t i = 0; i < KVMI_COUNT(members); i++) {
		if (strcmp(type, members[i].type) != 0 ||
		    strcmp(path, members[i].path) != 0 ||
		    (members[i].at == AT_TYPETAB &&
		    strcmp(path, "typetab") == 0 && !now->typetab))
			continue;
		*ret = (struct kvmi_member){ .count = 1,
			.off = members[i].at * now->ptr,
			.size = strcmp(path, "name") == 0 ? 56 :
			    strcmp(path, "num_symtab") == 0 ? 4 : now->ptr };
		return (0);
	}
	return (kvmi_fail(err, KVMI_ENOENT, "no member %s", path));
}

static int
resolve(const char *name, kvaddr_t *addr)
{
	*addr = HEAD;
	return (strcmp(name, "modules") == 0 ? 0 : -1);
}

static const struct kvmi_types_ops fake_ops = { .name = "fake",
	.member = fake_member };

static void
put_symbols(struct world *w)
{
	size_t size = w->ptr == 8 ? 24 : 16, name = 0;

	for (size_t i = 0; i < KVMI_COUNT(syms); i++) {
		size_t at = SYMTAB + i * size, wide = w->ptr == 8 ? 8 : 4;

		bytes_poke(&w->mem, at, name, 4);
		bytes_poke(&w->mem, at + (wide == 8 ? 4 : 12), w->typetab ?
		    syms[i].info : (uint8_t)syms[i].type, 1);
		bytes_poke(&w->mem, at + (wide == 8 ? 6 : 14), syms[i].shndx,
		    2);
		bytes_poke(&w->mem, at + (wide == 8 ? 8 : 4), syms[i].value,
		    w->ptr);
		bytes_poke(&w->mem, at + (wide == 8 ? 16 : 8), syms[i].size,
		    w->ptr);
		bytes_poke(&w->mem, TYPETAB + i, (uint8_t)syms[i].type, 1);
		memcpy(w->mem.p + STRTAB + name, syms[i].name,
		    strlen(syms[i].name) + 1);
		name += strlen(syms[i].name) + 1;
	}
}

static void
world_init(struct world *w, unsigned int ptr, bool big_endian, bool typetab)
{
	*w = (struct world){ .types.ops = &fake_ops, .ptr = ptr,
		.typetab = typetab, .mem.big_endian = big_endian };
	now = w;
	w->opts = (struct kvm_options){ .ko_resolver = resolve };
	w->k.types = &w->types;
	flat_init(&w->k, &w->arch, &kvmi_os_linux, &w->opts, ptr, big_endian);
	w->cx = kvmi_cx_new();
	bytes_fill(&w->mem, 0, SIZE);
	for (unsigned int i = 0; i < 2; i++) {
		bytes_poke(&w->mem, HEAD + i * ptr, MODULE + AT_LIST * ptr,
		    ptr);
		bytes_poke(&w->mem, MODULE + (AT_LIST + i) * ptr, HEAD, ptr);
	}
	memcpy(w->mem.p + MODULE + AT_NAME * ptr, "bridge", 6);
	bytes_poke(&w->mem, MODULE + AT_KALLSYMS * ptr, KALLSYMS, ptr);
	bytes_poke(&w->mem, KALLSYMS + AT_SYMTAB * ptr, SYMTAB, ptr);
	bytes_poke(&w->mem, KALLSYMS + AT_NUM * ptr, KVMI_COUNT(syms), 4);
	bytes_poke(&w->mem, KALLSYMS + AT_STRTAB * ptr, STRTAB, ptr);
	bytes_poke(&w->mem, KALLSYMS + AT_TYPETAB * ptr, TYPETAB, ptr);
	put_symbols(w);
}

static struct kvmi_symtab *
read_symbols(struct world *w)
{
	struct kvmi_symtab *t;

	assert_int_equal(kvmi_symtab_create(&t, &w->cx->err), 0);
	flat_open(&w->k, &w->mem, &w->file);
	kvmi_linux_module_symbols(&w->k, w->cx, t);
	kvmi_image_close(w->k.img);
	return (t);
}

static void
world_done(struct world *w)
{
	bytes_free(&w->file);
	bytes_free(&w->mem);
	pthread_mutex_destroy(&w->k.lock);
	kvmi_cx_free(w->cx);
}

static void
test_shapes(void **state)
{
	(void)state;
	for (unsigned int shape = 0; shape < 8; shape++) {
		struct kvmi_symtab *t;
		struct world w;
		size_t n = 0;

		world_init(&w, shape & 1 ? 4 : 8, shape & 2, shape & 4);
		t = read_symbols(&w);
		for (size_t i = 0; i < KVMI_COUNT(syms); i++) {
			struct kvmi_sym s;
			char text[64];

			if (syms[i].want == NULL)
				continue;
			UTIL_TRUE("there", n < kvmi_symtab_count(t));
			kvmi_symtab_get(t, n++, &s);
			snprintf(text, sizeof(text), "%c %s %" PRIx64 "+%"
			    PRIx64, w.typetab ? s.letter : syms[i].want[0],
			    s.name, s.addr, s.size);
			assert_string_equal(text, syms[i].want);
			assert_string_equal(s.module, "bridge");
		}
		UTIL_EQ("no more", kvmi_symtab_count(t), n);
		kvmi_symtab_destroy(t);
		world_done(&w);
	}
}

/* Whatever is broken: some symbols or none, and no others. */
static void
test_broken(void **state)
{
	static const struct {
		const char *name;
		uint64_t at, to;
		unsigned int size;
		size_t want;
	} row[] = {
		{ "kallsyms nowhere", MODULE + 24, NOWHERE, 8, 0 },
		{ "kallsyms at 0", MODULE + 24, UINT64_MAX, 8, 0 },
		{ "symtab nowhere", KALLSYMS, NOWHERE, 8, 0 },
		{ "symtab at the end", KALLSYMS, SIZE - 8, 8, 0 },
		{ "strtab nowhere", KALLSYMS + 16, NOWHERE, 8, 0 },
		{ "strtab at the end", KALLSYMS + 16, SIZE - 1, 8, 0 },
		{ "typetab nowhere", KALLSYMS + 24, NOWHERE, 8, 0 },
		{ "no symbols", KALLSYMS + 8, 0, 4, 0 },
		{ "one symbol", KALLSYMS + 8, 1, 4, 0 },
		{ "as many as fit in no memory", KALLSYMS + 8, UINT32_MAX, 4,
		    0 },
		{ "more than there are", KALLSYMS + 8, 0x20000, 4, 0 },
		{ "a name far away", SYMTAB + 24, UINT32_MAX, 4, 0 },
		{ "a name behind the strings", SYMTAB + 24, 0xb000, 4, 3 },
		{ "a list that ends nowhere", MODULE + 8, NOWHERE, 8, 4 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_symtab *t;
		struct world w;

		world_init(&w, 8, false, true);
		bytes_poke(&w.mem, row[i].at, row[i].to, row[i].size);
		t = read_symbols(&w);
		UTIL_EQ(row[i].name, kvmi_symtab_count(t), row[i].want);
		kvmi_symtab_destroy(t);
		world_done(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_broken),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
