/* SPDX-License-Identifier: BSD-2-Clause */
/* The BTF of modules, which goes on where the kernel's ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "api/kd.h"
#include "base/math.h"
#include "build_btf.h"
#include "flat_memory.h"
#include "os/linux/linux.h"
#include "os/module_types.h"
#include "test_live_root.h"

static struct kvmi_err err;

/* Names of types of the kernel, and of strings in it. */
struct base {
	struct btf_build b;
	uint32_t	 i32, list, word;
};

/* The kernel: what a module's types refer to, and struct btf_module. */
static void
build_base(struct base *k)
{
	uint32_t ptr, chars, chr;

	btf_start(&k->b, false);
	k->i32 = btf_int(&k->b, "int", 4, INT_SIGNED);
	btf_int(&k->b, "long unsigned int", 8, INT_UNSIGNED);
	chr = btf_int(&k->b, "char", 1, INT_SIGNED);
	ptr = btf_type(&k->b, NULL, K_PTR, false, 0, 0);
	chars = btf_array(&k->b, chr, 56);
	k->list = btf_type(&k->b, "list_head", K_STRUCT, false, 2, 16);
	btf_member(&k->b, "next", ptr, 0);
	btf_member(&k->b, "prev", ptr, 64);
	btf_type(&k->b, "btf_module", K_STRUCT, false, 2, 32);
	btf_member(&k->b, "list", k->list, 64);
	btf_member(&k->b, "btf", ptr, 192);
	btf_type(&k->b, "btf", K_STRUCT, false, 3, 128);
	btf_member(&k->b, "data", ptr, 0);
	btf_member(&k->b, "data_size", k->i32, 64);
	btf_member(&k->b, "name", chars, 128);
	btf_type(&k->b, "mode", K_ENUM, false, 1, 4);
	btf_value(&k->b, "MODE_OF_KERNEL", 7);
	k->word = btf_string(&k->b, "named_by_the_kernel");
}

/*
 * A module's: the structure "device" of size bytes, one of its members with
 * a name among the kernel's strings, all with types of the kernel's.
 */
static struct bytes
build_split(const struct base *k, uint32_t size)
{
	struct btf_build b;
	uint32_t id;

	btf_start_split(&b, &k->b);
	id = btf_type(&b, "thing", K_TYPEDEF, false, 0, k->list);
	btf_type(&b, "device", K_STRUCT, false, 3, size);
	btf_member(&b, "number", k->i32, 0);
	btf_member(&b, "things", id, 64);
	btf_u32(&b, k->word);
	btf_u32(&b, k->i32);
	btf_u32(&b, 256);
	btf_type(&b, "module_mode", K_ENUM, true, 1, 4);
	btf_value(&b, "MODE_OF_MODULE", (uint32_t)-3);
	return (btf_finish(&b));
}

static struct kvmi_types *
open_split(const struct bytes *b, struct kvmi_types *base, int *ret)
{
	uint8_t *p = bytes_exact(b, b->len);
	struct kvmi_types *t = NULL;

	*ret = kvmi_btf_open_split(&(struct kvmi_blob){ p, b->len, p },
	    base, &t, &err);
	if (*ret != 0)
		free(p);
	return (t);
}

static struct kvmi_types *
open_base(struct base *k)
{
	struct bytes b = btf_finish(&k->b);
	uint8_t *p = bytes_exact(&b, b.len);
	struct kvmi_types *t = NULL;

	assert_int_equal(kvmi_btf_open(&(struct kvmi_blob){ p, b.len, p }, &t,
	    &err), 0);
	bytes_free(&b);
	return (t);
}

static void
test_split(void **state)
{
	static const struct {
		const char *type, *path;
		uint64_t off, size;
	} row[] = {
		{ "device", "number", 0, 4 },
		{ "device", "things", 8, 16 },
		{ "device", "things.prev", 16, 8 },
		{ "device", "named_by_the_kernel", 32, 4 },
		{ "thing", "next", 0, 8 },
		{ "list_head", "prev", 8, 8 },
	};
	struct base k;
	struct bytes mod;
	struct kvmi_types *base, *t;
	struct kvmi_member m;
	int64_t v;
	int r;

	(void)state;
	build_base(&k);
	mod = build_split(&k, 40);
	base = open_base(&k);
	t = open_split(&mod, base, &r);
	assert_int_equal(r, 0);
	for (size_t i = 0; i < KVMI_COUNT(row); i++)
		if (kvmi_type_member(t, row[i].type, row[i].path, &m, &err) !=
		    0 || m.off != row[i].off || m.size != row[i].size)
			fail_msg("%s.%s: %s", row[i].type, row[i].path,
			    err.text);
	assert_int_equal(kvmi_type_enumerator(t, "MODE_OF_KERNEL", &v, &err),
	    0);
	assert_int_equal(v, 7);
	assert_int_equal(kvmi_type_enumerator(t, "MODE_OF_MODULE", &v, &err),
	    0);
	assert_int_equal(v, -3);
	assert_int_equal(kvmi_type_member(base, "device", "number", &m, &err),
	    KVMI_ENOENT);
	kvmi_types_close(t);

	mod.p[mod.len - 1] = 'x';
	open_split(&mod, base, &r);
	assert_int_equal(r, KVMI_EFORMAT);
	bytes_free(&mod);
	kvmi_types_close(base);
}

/* Nothing that a module's BTF says leads outside of it or of the kernel's. */
static void
test_corrupted(void **state)
{
	static const uint8_t with[] = { 0x00, 0x01, 0x7f, 0xff };
	struct base k;
	struct bytes mod;
	struct kvmi_types *base, *t;
	struct kvmi_member m;
	int64_t v;
	int r;

	(void)state;
	build_base(&k);
	mod = build_split(&k, 40);
	base = open_base(&k);
	for (size_t i = 0; i < mod.len; i++) {
		uint8_t byte = mod.p[i];

		for (size_t j = 0; j < KVMI_COUNT(with); j++) {
			mod.p[i] = with[j];
			t = open_split(&mod, base, &r);
			if (r != 0)
				continue;
			kvmi_type_member(t, "device", "things.prev", &m, &err);
			kvmi_type_member(t, "device", "named_by_the_kernel",
			    &m, &err);
			kvmi_type_enumerator(t, "MODE_OF_MODULE", &v, &err);
			kvmi_types_close(t);
		}
		mod.p[i] = byte;
	}
	for (size_t len = 0; len < mod.len; len++) {
		struct bytes cut = mod;

		cut.len = len;
		open_split(&cut, base, &r);
		assert_int_not_equal(r, 0);
	}
	/* A big-endian one of a little-endian kernel. */
	bytes_poke(&mod, 0, 0x9feb, 2);
	open_split(&mod, base, &r);
	assert_int_equal(r, KVMI_EFORMAT);
	bytes_free(&mod);
	kvmi_types_close(base);
}

struct walk {
	kvm_t	*kd;
	char	 names[256];
	int	 left;			/* stop after so many */
};

static int
see_member(const char *name, const struct kvm_member *m, void *arg)
{
	struct walk *w = arg;
	struct kvm_member same;

	/* The descriptor is of use meanwhile. */
	assert_int_equal(kvm_type_member(w->kd, "device", name, &same), 0);
	assert_int_equal(same.kb_off, m->kb_off);
	assert_int_equal(same.kb_size, m->kb_size);
	strcat(strcat(w->names, name), " ");
	return (--w->left > 0);
}

static void
check_walk(kvm_t *kd)
{
	struct walk all = { .kd = kd, .left = 9 };
	struct walk two = { .kd = kd, .left = 2 };

	assert_int_equal(kvm_walk_members(kd, "device", see_member, &all), 3);
	assert_string_equal(all.names, "number things named_by_the_kernel ");
	assert_int_equal(kvm_walk_members(kd, "device", see_member, &two), 2);
	assert_string_equal(two.names, "number things ");
	assert_int_equal(kvm_walk_members(kd, "int", see_member, &two), 0);
	assert_int_equal(kvm_walk_members(kd, "nothing", see_member, &two),
	    -1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_NOSYMBOL);
	assert_int_equal(kvm_walk_members(kd, NULL, see_member, &two), -1);
}

/* What kvm_type_*() says of the two modules, "alpha" and "be_ta". */
static void
check_api(kvm_t *kd)
{
	static const struct {
		const char *name;
		uint64_t size;		/* 0: it is not found, because: */
		const char *why;
	} row[] = {
		{ "device", 40, NULL },
		{ "alpha:device", 40, NULL },
		{ "be_ta:device", 48, NULL },
		{ "be-ta:device", 48, NULL },
		{ "be_ta:list_head", 16, NULL },
		{ "list_head", 16, NULL },
		{ "be_t:device", 0, "be_t: no module with types of its own" },
		{ "be_tas:device", 0, "be_tas: no module" },
		{ "alpha:nothing", 0, "module alpha: no type nothing" },
		{ ":device", 0, "no module" },
		{ "nothing", 0, "no type nothing" },
		{ "", 0, "no type" },
	};
	struct kvm_member m;
	uint64_t size;
	int64_t v;

	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		int r = kvm_type_size(kd, row[i].name, &size);

		if (row[i].size != 0 ? r != 0 || size != row[i].size :
		    r != -1 || kvm_errkind(kd) != KVM_ERR_NOSYMBOL ||
		    strstr(kvm_geterr(kd), row[i].why) == NULL)
			fail_msg("%s: %s", row[i].name, kvm_geterr(kd));
	}
	assert_int_equal(kvm_type_member(kd, "device", "things", &m), 0);
	assert_int_equal(m.kb_off, 8);
	assert_int_equal(m.kb_size, 16);
	assert_int_equal(m.kb_count, 1);
	assert_int_equal(kvm_type_member(kd, "list_head", "next", &m), 0);
	assert_true(m.kb_pointer);
	assert_int_equal(kvm_type_member(kd, "device", "nothing", &m), -1);
	assert_non_null(strstr(kvm_geterr(kd), "no member device.nothing"));
	assert_int_equal(kvm_type_member(kd, "device", NULL, &m), -1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_INVAL);
	assert_int_equal(kvm_type_size(kd, NULL, &size), -1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_INVAL);
	assert_int_equal(kvm_type_enumerator(kd, "MODE_OF_MODULE", &v), 0);
	assert_int_equal(v, -3);
	assert_int_equal(kvm_type_enumerator(kd, "NOTHING", &v), -1);
	check_walk(kd);
}

static void
kd_init(struct __kvm *kd, struct kvmi_kernel *k)
{
	kd->kernel = k;
	kd->kernel->opts = &kd->opts;
	assert_int_equal(kvmi_threads_init(&kd->threads), 0);
	pthread_mutex_init(&k->lock, NULL);
	k->types_status = 1;
}

static void
kd_done(struct __kvm *kd)
{
	kvmi_module_types_free(kd->kernel->module_types);
	kvmi_types_close(kd->kernel->types);
	pthread_mutex_destroy(&kd->kernel->lock);
	kvmi_threads_deinit(&kd->threads);
}

static void
test_live(void **state)
{
	struct __kvm kd = { 0 };
	struct bytes b[3];
	struct base k;
	struct root r;

	(void)state;
	build_base(&k);
	b[1] = build_split(&k, 40);
	b[2] = build_split(&k, 48);
	b[0] = btf_finish(&k.b);
	root_init(&r);
	root_bytes(&r, "sys/kernel/btf/vmlinux", b[0].p, b[0].len);
	root_bytes(&r, "sys/kernel/btf/be_ta", b[2].p, b[2].len);
	root_file(&r, "sys/kernel/btf/broken", "no BTF");
	root_open(&r, false);
	kd_init(&kd, &r.k);
	assert_int_equal(kvm_type_size(&kd, "device", &(uint64_t){ 0 }), 0);
	assert_int_equal(kvm_damage(&kd, NULL), 1);
	kd_done(&kd);
	root_deinit(&r);

	memset(&kd, 0, sizeof(kd));
	root_init(&r);
	root_bytes(&r, "sys/kernel/btf/vmlinux", b[0].p, b[0].len);
	root_bytes(&r, "sys/kernel/btf/alpha", b[1].p, b[1].len);
	root_open(&r, false);
	kd_init(&kd, &r.k);
	assert_int_equal(kvm_type_size(&kd, "alpha:device", &(uint64_t){ 0 }),
	    0);
	/* Found once: what is loaded later is not seen. */
	root_bytes(&r, "sys/kernel/btf/be_ta", b[2].p, b[2].len);
	assert_int_equal(kvm_type_size(&kd, "be_ta:device", &(uint64_t){ 0 }),
	    -1);
	kd_done(&kd);
	root_deinit(&r);
	for (size_t i = 0; i < KVMI_COUNT(b); i++)
		bytes_free(&b[i]);
}

#define HEAD	0x1000
#define MODULE(i) (0x2000 + 0x100 * (uint64_t)(i))
#define BTF(i)	(0x3000 + 0x100 * (uint64_t)(i))
#define DATA(i)	(0x4000 + 0x1000 * (uint64_t)(i))

static int
resolve(const char *name, kvaddr_t *addr)
{
	*addr = HEAD;
	return (strcmp(name, "btf_modules") == 0 ? 0 : -1);
}

/* Two modules in memory, and with broken a third, whose data are nowhere. */
static void
fill_memory(struct bytes *mem, const struct bytes *b, bool broken)
{
	static const char *const name[] = { "alpha", "be_ta", "broken" };
	unsigned int n = broken ? 3 : 2;

	bytes_fill(mem, 0, 0x8000);
	for (unsigned int i = 0; i < n; i++) {
		uint64_t here = MODULE(i) + 8, last = i == 0 ? HEAD :
		    MODULE(i - 1) + 8;

		bytes_poke(mem, last, here, 8);
		bytes_poke(mem, here + 8, last, 8);
		bytes_poke(mem, here, HEAD, 8);
		bytes_poke(mem, HEAD + 8, here, 8);
		bytes_poke(mem, MODULE(i) + 24, BTF(i), 8);
		bytes_poke(mem, BTF(i), i < 2 ? DATA(i) : 0x100000, 8);
		bytes_poke(mem, BTF(i) + 8, i < 2 ? b[i].len : 100, 4);
		memcpy(mem->p + BTF(i) + 16, name[i], strlen(name[i]));
		if (i < 2)
			memcpy(mem->p + DATA(i), b[i].p, b[i].len);
	}
}

static void
check_dump(bool broken)
{
	struct __kvm kd = { .opts.ko_resolver = resolve };
	struct kvmi_kernel k = { .arch = &kvmi_arch_x86_64,
		.os = &kvmi_os_linux };
	struct bytes mem = { 0 }, file = { 0 }, b[2];
	struct base base;

	build_base(&base);
	b[0] = build_split(&base, 40);
	b[1] = build_split(&base, 48);
	kd_init(&kd, &k);
	k.syms_status = KVMI_ENOTSUP;
	k.types = open_base(&base);
	k.types_status = 0;
	fill_memory(&mem, b, broken);
	flat_open(&k, &mem, &file);
	if (broken) {
		assert_int_equal(kvm_type_size(&kd, "device",
		    &(uint64_t){ 0 }), 0);
		assert_int_equal(kvm_damage(&kd, NULL), 1);
	}
	check_api(&kd);
	kd_done(&kd);
	kvmi_image_close(k.img);
	bytes_free(&mem);
	bytes_free(&file);
	bytes_free(&b[0]);
	bytes_free(&b[1]);
}

static void
test_dump(void **state)
{
	(void)state;
	check_dump(false);
	check_dump(true);
}

/* Kernels that have no such list have no types of modules. */
static void
test_dump_without(void **state)
{
	struct __kvm kd = { 0 };
	struct kvmi_linux l = { 0 };
	struct kvmi_kernel k = { .arch = &kvmi_arch_x86_64,
		.os = &kvmi_os_linux, .priv = &l };
	struct base base;
	uint64_t size;

	(void)state;
	build_base(&base);
	kd_init(&kd, &k);
	k.syms_status = KVMI_ENOENT;
	k.types = open_base(&base);
	k.types_status = 0;
	assert_int_equal(kvm_type_size(&kd, "device", &size), -1);
	assert_int_equal(kvm_errkind(&kd), KVM_ERR_NOSYMBOL);
	assert_int_equal(kvm_type_size(&kd, "list_head", &size), 0);
	kd_done(&kd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_corrupted),
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_dump),
		cmocka_unit_test(test_dump_without),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
