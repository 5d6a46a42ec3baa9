/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of modules of a Linux dump, in the layouts it has had. */
#include "api/kd.h"
#include "os/linux/linux.h"
#include "flat_memory.h"

#define SIZE	0x10000
#define HEAD	0x2000
#define MODULE(i) (0x4000 + (uint64_t)(i) * 0x200)
#define N_MODULES 3

/* Offsets of members: name is at 24 of 56 bytes, the list at 8. */
enum style { PARTS, LAYOUT, PLAIN, OTHER };

static const struct {
	const char	*path;
	enum style	 style;
	uint64_t	 off;
} members[] = {
	{ "mem[0].base", PARTS, 0x80 },
	{ "mem[0].size", PARTS, 0x88 },
	{ "mem[1].size", PARTS, 0x98 },
	{ "core_layout.base", LAYOUT, 0xa0 },
	{ "core_layout.size", LAYOUT, 0xa8 },
	{ "init_layout.size", LAYOUT, 0xac },
	{ "module_core", PLAIN, 0xb0 },
	{ "core_size", PLAIN, 0xb8 },
	{ "init_size", PLAIN, 0xbc },
};

static enum style style;

static int
fake_member(struct kvmi_types *t, const char *type, const char *path,
    struct kvmi_member *ret, struct kvmi_err *err)
{
	(void)t;
	*ret = (struct kvmi_member){ .size = 8, .count = 1 };
	assert_string_equal(type, "module");
	if (strcmp(path, "list") == 0) {
		ret->off = 8;
		return (0);
	}
	if (strcmp(path, "name") == 0) {
		*ret = (struct kvmi_member){ .off = 24, .size = 56,
			.count = 56 };
		return (0);
	}
	if (strcmp(path, "state") == 0) {
		ret->size = 4;
		return (0);
	}
	for (size_t i = 0; i < KVMI_COUNT(members); i++)
		if (strcmp(path, members[i].path) == 0 &&
		    members[i].style == style) {
			ret->off = members[i].off;
			if (strstr(path, "size") != NULL)
				ret->size = 4;
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

struct world {
	struct __kvm	 kd;
	struct kvmi_kernel k;
	struct kvmi_arch arch;
	struct kvmi_types types;
	struct bytes	 mem, file;
};

static void
link_node(struct world *w, uint64_t a, uint64_t b)
{
	bytes_poke(&w->mem, (size_t)a, b, 8);
	bytes_poke(&w->mem, (size_t)b + 8, a, 8);
}

static void
world_init(struct world *w)
{
	*w = (struct world){ .types.ops = &fake_ops };
	w->kd.opts = (struct kvm_options){ .ko_resolver = resolve };
	w->k.types = &w->types;
	flat_init(&w->k, &w->arch, &kvmi_os_linux, &w->kd.opts, 8, false);
	w->kd.kernel = &w->k;
	assert_int_equal(kvmi_threads_init(&w->kd.threads), 0);
	bytes_fill(&w->mem, 0, SIZE);
	link_node(w, HEAD, MODULE(0) + 8);
	for (unsigned int i = 0; i < N_MODULES; i++) {
		link_node(w, MODULE(i) + 8, i + 1 < N_MODULES ?
		    MODULE(i + 1) + 8 : HEAD);
		memcpy(w->mem.p + MODULE(i) + 24, "mod", 3);
		w->mem.p[MODULE(i) + 27] = (uint8_t)('a' + i);
		for (size_t j = 0; j < KVMI_COUNT(members); j++)
			bytes_poke(&w->mem, MODULE(i) + members[j].off,
			    strstr(members[j].path, "size") != NULL ?
			    0x100 + i : 0xa000 + 0x100 * i,
			    strstr(members[j].path, "size") != NULL ? 4 : 8);
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
	flat_done(&w->k, &w->mem, &w->file);
	kvmi_threads_deinit(&w->kd.threads);
}

static int
see(const struct kvm_module *m, void *arg)
{
	char *text = arg;

	sprintf(text + strlen(text), "%s 0x%" PRIx64 "+0x%" PRIx64 "|",
	    m->km_name, m->km_addr, m->km_size);
	return (1);
}

static void
test_layouts(void **state)
{
	static const char sum[] = "moda 0xa000+0x200|modb 0xa100+0x202|"
	    "modc 0xa200+0x204|";

	(void)state;
	for (style = PARTS; style < OTHER; style++) {
		char text[256] = "";
		struct world w;

		world_init(&w);
		world_open(&w);
		assert_int_equal(kvm_walk_modules(&w.kd, see, text), 3);
		assert_string_equal(text, sum);
		assert_int_equal(kvm_damage(&w.kd, NULL), 0);
		world_done(&w);
	}
}

/* As /proc/modules, which leaves out what is just being read in. */
static void
test_states(void **state)
{
	static const struct {
		const char	*name;
		uint32_t	 state;
		int		 n;
	} row[] = {
		{ "live", 0, 3 }, { "coming", 1, 3 }, { "going", 2, 3 },
		{ "unformed", 3, 2 },
	};

	(void)state;
	style = PARTS;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		char text[256] = "";
		struct world w;

		world_init(&w);
		bytes_poke(&w.mem, MODULE(1), row[i].state, 4);
		world_open(&w);
		UTIL_EQ(row[i].name, kvm_walk_modules(&w.kd, see, text),
		    row[i].n);
		UTIL_TRUE(row[i].name, (strstr(text, "modb") != NULL) ==
		    (row[i].n == 3));
		world_done(&w);
	}
}

/* A kernel that can load none has no list of them; others are asked to tell. */
static void
test_none(void **state)
{
	(void)state;
	style = OTHER;
	for (int listed = 0; listed < 2; listed++) {
		char text[256] = "";
		struct kvmi_linux l = { .arch = &kvmi_linux_x86_64 };
		struct kvmi_err err;
		struct world w;

		world_init(&w);
		w.kd.opts.ko_resolver = NULL;
		w.k.priv = &l;
		world_open(&w);
		assert_int_equal(kvmi_symtab_create(&w.k.syms, &err), 0);
		w.k.syms_status = 0;
		assert_int_equal(kvmi_symtab_add(w.k.syms, listed ?
		    "saved_command_line" : "printk", listed ? 18 : 6, "",
		    0x1000, 0, 'D', &err), 0);
		UTIL_EQ("none", kvm_walk_modules(&w.kd, see, text),
		    listed ? 0 : -1);
		kvmi_symtab_destroy(w.k.syms);
		world_done(&w);
	}
}

static void
test_broken(void **state)
{
	char text[256] = "";
	struct world w;

	(void)state;
	style = PARTS;
	world_init(&w);
	/* Forwards it ends behind the first, backwards before the last. */
	bytes_poke(&w.mem, MODULE(1) + 8, SIZE, 8);
	world_open(&w);
	assert_int_equal(kvm_walk_modules(&w.kd, see, text), 3);
	assert_int_equal(kvm_damage(&w.kd, NULL), 1);
	world_done(&w);
	style = OTHER;
	world_init(&w);
	world_open(&w);
	assert_int_equal(kvm_walk_modules(&w.kd, see, text), -1);
	assert_int_equal(kvm_errkind(&w.kd), KVM_ERR_NOSYMBOL);
	world_done(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_broken),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
