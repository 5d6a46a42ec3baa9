/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stacks by ORC tables through all that may be text: the kernel's, what only
 * boots, a module's, and what a module has while it is set up.
 */
#include "flat_memory.h"
#include "os/linux/linux.h"
#include "type/listed.h"

#define SIZE	0x10000
#define TEXT	UINT64_C(0x1000)
#define INIT	UINT64_C(0x2000)
#define MODULE_TEXT UINT64_C(0x3000)
#define MODULE_INIT UINT64_C(0x3800)
#define FREED	UINT64_C(0x4000)
#define IPS	UINT64_C(0x5000)
#define ENTRIES	UINT64_C(0x5100)
#define MODULE_IPS UINT64_C(0x5200)
#define MODULE_ENTRIES UINT64_C(0x5300)
#define TASK	UINT64_C(0x6000)
#define HEAD	UINT64_C(0x6700)
#define MODULE	UINT64_C(0x6800)
#define STACK	UINT64_C(0x8000)
#define STACK_LEN 0x4000

/* An entry's bits: the stack pointer leads to the caller, or nothing does. */
#define BY_SP	(5 | 2 << 8)
#define LAST	(1 << 8)

#define M(type, path, at, len) \
	{ type, path, { .off = (at), .size = (len), .count = 1 } }
#define BITS(path, at, len) { "orc_entry", path, { .off = 4, .size = 4, \
	.count = 1, .bit_off = (at), .bit_size = (len) } }

#define COMMON \
	M("orc_entry", "", 0, 6), \
	{ "orc_entry", "sp_offset", { .off = 0, .size = 2, .count = 1, \
	    .is_signed = true } }, \
	{ "orc_entry", "bp_offset", { .off = 2, .size = 2, .count = 1, \
	    .is_signed = true } }, \
	BITS("sp_reg", 0, 4), BITS("bp_reg", 4, 4), BITS("type", 8, 3), \
	M("thread_union", "", 0, STACK_LEN), \
	M("task_struct", "thread.sp", 8, 8), \
	M("inactive_task_frame", "", 0, 8), \
	M("inactive_task_frame", "ret_addr", 0, 8), \
	M("module", "list", 0, 16), M("module", "name", 16, 16), \
	M("module", "arch.orc_unwind_ip", 64, 8), \
	M("module", "arch.orc_unwind", 72, 8), \
	M("module", "arch.num_orcs", 80, 4)

static const struct kvmi_listed parts[] = { COMMON,
	M("module", "mem[0].base", 32, 8), M("module", "mem[0].size", 40, 4),
	M("module", "mem[4].base", 48, 8), M("module", "mem[4].size", 56, 4),
}, layouts[] = { COMMON, M("module", "core_layout.base", 32, 8),
	M("module", "core_layout.text_size", 40, 4),
	M("module", "init_layout.base", 48, 8),
	M("module", "init_layout.text_size", 56, 4),
};

static const struct {
	const char	*name;
	uint64_t	 at;
} variables[] = {
	{ "__start_orc_unwind_ip", IPS },
	{ "__start_orc_unwind", ENTRIES },
	{ "__stop_orc_unwind", ENTRIES + 3 * 6 },
	{ "_stext", TEXT }, { "_etext", INIT },
	{ "_sinittext", INIT }, { "_einittext", MODULE_TEXT },
	{ "modules", HEAD },
};

static int
resolve(const char *name, kvaddr_t *addr)
{
	for (size_t i = 0; i < KVMI_COUNT(variables); i++)
		if (strcmp(name, variables[i].name) == 0) {
			*addr = variables[i].at;
			return (0);
		}
	return (-1);
}

static const struct kvm_options resolver = { .ko_resolver = resolve };

struct world {
	struct kvmi_kernel k;
	struct kvmi_linux *l;
	struct kvmi_arch arch;
	struct kvmi_cx	*cx;
	struct bytes	 mem, file;
};

static void
put_entry(struct world *w, uint64_t ips, uint64_t entries, unsigned int i,
    uint64_t ip, unsigned int bits)
{
	bytes_poke(&w->mem, ips + 4 * i, ip - (ips + 4 * i), 4);
	bytes_poke(&w->mem, entries + 6 * i, 8, 2);
	bytes_poke(&w->mem, entries + 6 * i + 4, bits, 2);
}

static void
world_init(struct world *w, const struct kvmi_listed *types, size_t n)
{
	*w = (struct world){ .l = calloc(1, sizeof(*w->l)),
		.cx = kvmi_cx_new() };
	if (w->l == NULL || w->cx == NULL)
		abort();
	flat_init(&w->k, &w->arch, &kvmi_os_linux, &resolver, 8, false);
	w->k.priv = w->l;
	w->l->arch = &kvmi_linux_x86_64;
	assert_int_equal(kvmi_listed_open(types, n, "types", &w->k.types,
	    &w->cx->err), 0);
	w->k.types_status = 0;
	bytes_fill(&w->mem, 0, SIZE);
	put_entry(w, IPS, ENTRIES, 0, TEXT, BY_SP);
	put_entry(w, IPS, ENTRIES, 1, TEXT + 0x700, LAST);
	put_entry(w, IPS, ENTRIES, 2, INIT, BY_SP);
	put_entry(w, MODULE_IPS, MODULE_ENTRIES, 0, MODULE_TEXT, BY_SP);
	put_entry(w, MODULE_IPS, MODULE_ENTRIES, 1, MODULE_INIT, BY_SP);
	bytes_poke(&w->mem, HEAD, MODULE, 8);
	bytes_poke(&w->mem, HEAD + 8, MODULE, 8);
	bytes_poke(&w->mem, MODULE, HEAD, 8);
	bytes_poke(&w->mem, MODULE + 8, HEAD, 8);
	memcpy(w->mem.p + MODULE + 16, "mod", 3);
	bytes_poke(&w->mem, MODULE + 32, MODULE_TEXT, 8);
	bytes_poke(&w->mem, MODULE + 40, MODULE_INIT - MODULE_TEXT, 4);
	bytes_poke(&w->mem, MODULE + 48, MODULE_INIT, 8);
	bytes_poke(&w->mem, MODULE + 56, FREED - MODULE_INIT, 4);
	bytes_poke(&w->mem, MODULE + 64, MODULE_IPS, 8);
	bytes_poke(&w->mem, MODULE + 72, MODULE_ENTRIES, 8);
	bytes_poke(&w->mem, MODULE + 80, 2, 4);
	bytes_poke(&w->mem, TASK + 8, STACK + 0x3000, 8);
}

static void
world_done(struct world *w)
{
	kvmi_types_close(w->k.types);
	kvmi_linux_once_deinit(w->l);
	free(w->l);
	kvmi_cx_free(w->cx);
	kvmi_image_close(w->k.img);
	bytes_free(&w->file);
	bytes_free(&w->mem);
	pthread_mutex_destroy(&w->k.lock);
}

static int
see(const struct kvm_frame *f, void *arg)
{
	char *text = arg;

	sprintf(text + strlen(text), "%" PRIx64 "%s|", f->kf_pc,
	    f->kf_module);
	return (1);
}

/* The frames of the thread that was called from these. */
static void
check(const struct kvmi_listed *types, size_t n_types, const uint64_t *pc,
    size_t n, const char *want, unsigned int damage)
{
	const struct kinfo_proc ki = { .ki_tdaddr = TASK, .ki_kstack = STACK,
		.ki_oncpu = -1, .ki_tid = 7 };
	char text[256] = "";
	struct world w;
	size_t seen = 0;

	world_init(&w, types, n_types);
	for (size_t i = 0; i < n; i++)
		bytes_poke(&w.mem, STACK + 0x3000 + 8 * i, pc[i], 8);
	flat_open(&w.k, &w.mem, &w.file);
	UTIL_FAILS(want, kvmi_linux_stack(&w.k, w.cx, &ki, see, text, &seen),
	    0, &w.cx->err);
	UTIL_STR("frames", text, want);
	UTIL_EQ(want, w.cx->damage, damage);
	world_done(&w);
}

static void
test_texts(void **state)
{
	static const uint64_t all[] = { TEXT + 0x100, INIT + 0x10,
		MODULE_INIT + 0x10, MODULE_TEXT + 0x20, TEXT + 0x710 },
	    init[] = { TEXT + 0x100, INIT + 0xfff, TEXT + 0x710 },
	    freed[] = { TEXT + 0x100, FREED + 0x10, TEXT + 0x710 };

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		const struct kvmi_listed *t = i == 0 ? parts : layouts;

		check(t, KVMI_COUNT(parts), all, KVMI_COUNT(all),
		    "1100|2010|3810mod|3020mod|1710|", 0);
		check(t, KVMI_COUNT(parts), init, KVMI_COUNT(init),
		    "1100|2fff|1710|", 0);
		check(t, KVMI_COUNT(parts), freed, KVMI_COUNT(freed),
		    "1100|", 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
