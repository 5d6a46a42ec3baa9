/* SPDX-License-Identifier: BSD-2-Clause */
/* Variables of each CPU and network stack, in each word size and order. */
#include "api/kd.h"
#include "os/freebsd/freebsd.h"
#include "flat_memory.h"

#define SIZE	0x10000
#define VARS	0x2000
#define VNET(i)	(0x4000 + (uint64_t)(i) * 0x100)
#define VDATA(i) (0x6000 + (uint64_t)(i) * 0x1000)
#define PROC	UINT64_C(0x5000)
#define CPUDATA(i) (0x9000 + (uint64_t)(i) * 0x1000)

/* The sets, as linked: nothing is mapped there. */
#define VSTART	UINT64_C(0x80001000)
#define PSTART	UINT64_C(0x80002000)
#define SETLEN	0x100

static const struct {
	const char	*name;
	uint64_t	 addr;
} symbols[] = {
	{ "__start_set_vnet", VSTART },
	{ "__stop_set_vnet", VSTART + SETLEN },
	{ "__start_set_pcpu", PSTART },
	{ "__stop_set_pcpu", PSTART + SETLEN },
	{ "vnet_entry_ifnet", VSTART + 0x10 },
	{ "vnet_entry_past", VSTART + SETLEN },
	{ "vnet_entry_both", VSTART + 0x20 },
	{ "pcpu_entry_both", PSTART + 0x20 },
	{ "pcpu_entry_load", PSTART + 0x30 },
	{ "plain", 0x1234 },
	{ "vnet0", VARS },
	{ "mp_maxcpus", VARS + 8 },
	{ "dpcpu_off", VARS + 0x40 },
};

static const char *hidden;		/* a symbol that is not there */

static int
resolve(const char *name, kvaddr_t *addr)
{
	for (size_t i = 0; i < KVMI_COUNT(symbols); i++)
		if (strcmp(name, symbols[i].name) == 0 &&
		    (hidden == NULL || strcmp(name, hidden) != 0)) {
			*addr = symbols[i].addr;
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
};

static uint64_t
mask(const struct world *w, uint64_t v)
{
	return (w->ptr == 8 ? v : (uint32_t)v);
}

/* old: before vnet_state was added. */
static void
add_vnet(struct world *w, unsigned int i, bool old)
{
	unsigned int at = 2 * w->ptr + (old ? 12 : 16);

	at = (at + w->ptr - 1) / w->ptr * w->ptr;
	bytes_poke(&w->mem, VNET(i) + 2 * w->ptr, 0x5e4a6f28, 4);
	bytes_poke(&w->mem, VNET(i) + 2 * w->ptr + 4, 7, 4);
	bytes_poke(&w->mem, VNET(i) + at, VDATA(i), w->ptr);
	bytes_poke(&w->mem, VNET(i) + at + w->ptr, VDATA(i) - VSTART, w->ptr);
}

static void
world_init(struct world *w, unsigned int ptr, bool big_endian, bool old)
{
	*w = (struct world){ .ptr = ptr, .mem.big_endian = big_endian };
	hidden = NULL;
	w->kd.opts = (struct kvm_options){ .ko_resolver = resolve };
	flat_init(&w->k, &w->arch, &kvmi_os_freebsd, &w->kd.opts, ptr,
	    big_endian);
	w->kd.kernel = &w->k;
	assert_int_equal(kvmi_threads_init(&w->kd.threads), 0);
	bytes_fill(&w->mem, 0, SIZE);
	bytes_poke(&w->mem, VARS, VNET(0), ptr);
	bytes_poke(&w->mem, VARS + 8, 4, 4);
	/* CPU 2 is missing. */
	for (unsigned int i = 0; i < 4; i++)
		bytes_poke(&w->mem, VARS + 0x40 + i * ptr,
		    i == 2 ? 0 : CPUDATA(i) - PSTART, ptr);
	add_vnet(w, 0, old);
	add_vnet(w, 1, old);
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

/* 0: not found. */
static uint64_t
address(struct world *w, const char *name)
{
	struct kvm_nlist nl[2] = { { .n_name = name } };
	int missing = kvm_nlist2(&w->kd, nl);

	assert_true(missing == 0 || missing == 1);
	assert_int_equal(missing, nl[0].n_type == 0);
	return (nl[0].n_value);
}

static void
test_names(void **state)
{
	static const struct {
		const char *name;
		uint64_t want;
	} row[] = {
		{ "plain", 0x1234 },
		{ "_plain", 0x1234 },
		{ "ifnet", VDATA(0) + 0x10 },
		{ "_ifnet", VDATA(0) + 0x10 },
		{ "__ifnet", 0 },
		{ "past", VSTART + SETLEN },
		{ "both", VDATA(0) + 0x20 },	/* VNET comes first */
		{ "load", CPUDATA(0) + 0x30 },
		{ "_load", CPUDATA(0) + 0x30 },
		{ "none", 0 },
		{ "vnet_entry_ifnet", VSTART + 0x10 },	/* as it is */
	};

	(void)state;
	for (unsigned int shape = 0; shape < 8; shape++) {
		struct world w;

		world_init(&w, shape & 1 ? 4 : 8, shape & 2, shape & 4);
		world_open(&w);
		for (size_t i = 0; i < KVMI_COUNT(row); i++)
			UTIL_EQ(row[i].name, address(&w, row[i].name),
			    row[i].want);
		world_done(&w);
	}
}

static void
test_choices(void **state)
{
	(void)state;
	for (unsigned int shape = 0; shape < 4; shape++) {
		struct world w;

		world_init(&w, shape & 1 ? 4 : 8, shape & 2, false);
		world_open(&w);
		assert_int_equal(kvm_dpcpu_setcpu(&w.kd, 3), 0);
		assert_int_equal(address(&w, "load"),
		    mask(&w, CPUDATA(3) + 0x30));
		/* A refused choice leaves the last one. */
		assert_int_equal(kvm_dpcpu_setcpu(&w.kd, 2), -1);
		assert_string_equal(kvm_geterr(&w.kd),
		    "CPU 2: there is no such CPU");
		assert_int_equal(kvm_errkind(&w.kd), KVM_ERR_INVAL);
		assert_int_equal(kvm_dpcpu_setcpu(&w.kd, 4), -1);
		assert_string_equal(kvm_geterr(&w.kd),
		    "CPU 4: the kernel has room for 4");
		assert_int_equal(address(&w, "load"),
		    mask(&w, CPUDATA(3) + 0x30));
		/* What worked leaves the last error as it was. */
		assert_int_equal(kvm_vnet_select(&w.kd, VNET(1)), 0);
		assert_int_equal(kvm_dpcpu_setcpu(&w.kd, 3), 0);
		assert_string_equal(kvm_geterr(&w.kd),
		    "CPU 4: the kernel has room for 4");
		assert_int_equal(address(&w, "ifnet"), VDATA(1) + 0x10);
		assert_int_equal(kvm_vnet_select(&w.kd, VNET(2)), -1);
		assert_int_equal(kvm_errkind(&w.kd), KVM_ERR_BADIMAGE);
		assert_int_equal(kvm_vnet_select(&w.kd, SIZE + 8), -1);
		assert_int_equal(kvm_errkind(&w.kd), KVM_ERR_NOTMAPPED);
		assert_int_equal(address(&w, "ifnet"), VDATA(1) + 0x10);
		assert_int_equal(kvm_vnet_select(&w.kd, 0), 0);
		assert_int_equal(address(&w, "ifnet"), VDATA(0) + 0x10);
		world_done(&w);
	}
}

/* Without what a set needs its names are not found, and nothing else is. */
static void
test_missing(void **state)
{
	static const struct {
		const char *hidden;
		uint64_t ifnet, load;
	} row[] = {
		{ "__start_set_vnet", 0, CPUDATA(0) + 0x30 },
		{ "__stop_set_vnet", 0, CPUDATA(0) + 0x30 },
		{ "vnet0", 0, CPUDATA(0) + 0x30 },
		{ "dpcpu_off", VDATA(0) + 0x10, 0 },
		{ "mp_maxcpus", VDATA(0) + 0x10, 0 },
		{ "__stop_set_pcpu", VDATA(0) + 0x10, 0 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct world w;

		world_init(&w, 8, false, false);
		world_open(&w);
		hidden = row[i].hidden;
		UTIL_EQ(hidden, address(&w, "ifnet"), row[i].ifnet);
		UTIL_EQ(hidden, address(&w, "load"), row[i].load);
		UTIL_EQ(hidden, address(&w, "plain"), 0x1234);
		world_done(&w);
	}
}

/* No vnet0: the chain from proc0, by types. */
static int
fake_member(struct kvmi_types *t, const char *type, const char *path,
    struct kvmi_member *ret, struct kvmi_err *err)
{
	(void)t;
	*ret = (struct kvmi_member){ .size = 8, .count = 1 };
	if (strcmp(type, "proc") == 0 && strcmp(path, "p_ucred") == 0)
		ret->off = 0x10;
	else if (strcmp(type, "ucred") == 0 && strcmp(path, "cr_prison") == 0)
		ret->off = 0x20;
	else if (strcmp(type, "prison") == 0 && strcmp(path, "pr_vnet") == 0)
		ret->off = 0x30;
	else
		return (kvmi_fail(err, KVMI_ENOENT, "no member"));
	return (0);
}

static int
resolve_proc0(const char *name, kvaddr_t *addr)
{
	if (strcmp(name, "proc0") != 0)
		return (resolve(name, addr));
	*addr = PROC;
	return (0);
}

static void
test_chain(void **state)
{
	static const struct kvmi_types_ops ops = { .name = "fake",
		.member = fake_member };
	struct kvmi_types types = { .ops = &ops };
	struct world w;

	(void)state;
	for (unsigned int broken = 0; broken < 2; broken++) {
		world_init(&w, 8, false, false);
		w.kd.opts.ko_resolver = resolve_proc0;
		hidden = "vnet0";
		bytes_poke(&w.mem, PROC + 0x10, PROC + 0x100, 8);
		bytes_poke(&w.mem, PROC + 0x120, PROC + 0x200, 8);
		bytes_poke(&w.mem, PROC + 0x230, broken ? 0 : VNET(1), 8);
		world_open(&w);
		w.k.types = &types;
		w.k.types_status = 0;
		assert_int_equal(address(&w, "ifnet"),
		    broken ? 0 : VDATA(1) + 0x10);
		world_done(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_chain),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
