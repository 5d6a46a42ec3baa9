/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of CPUs from NT_PRSTATUS notes, of every architecture: each slot of
 * elf_gregset_t (the kernel's arch/.../include/asm/elf.h and ptrace.h) holds a
 * number of its own, and has to come back under its name.
 */
#include "util.h"

#include "base/thread.h"
#include "os/linux/linux.h"

#define NT_PRSTATUS	1
#define NT_S390_CTRS	0x304
#define NT_S390_PREFIX	0x305
#define CPUS		3

/* Names in the order of the slots; "-" is a slot without one of ours. */
static const struct machine {
	const char *name;
	const struct kvmi_linux_arch *arch;
	bool	 big_endian;
	const char *slots;
} machines[] = {
	{ "arm", &kvmi_linux_arm, false, "r0 r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 "
	    "fp ip sp lr pc cpsr orig_r0" },
	{ "arm64", &kvmi_linux_arm64, false, "x0 x1 x2 x3 x4 x5 x6 x7 x8 x9 "
	    "x10 x11 x12 x13 x14 x15 x16 x17 x18 x19 x20 x21 x22 x23 x24 x25 "
	    "x26 x27 x28 fp lr sp pc pstate" },
	{ "i386", &kvmi_linux_i386, false, "ebx ecx edx esi edi ebp eax ds es "
	    "fs gs orig_eax eip cs eflags esp ss" },
	{ "loongarch64", &kvmi_linux_loongarch64, false, "- ra tp sp a0 a1 a2 "
	    "a3 a4 a5 a6 a7 t0 t1 t2 t3 t4 t5 t6 t7 t8 u0 fp s0 s1 s2 s3 s4 "
	    "s5 s6 s7 s8 orig_a0 era badv" },
	{ "ppc64", &kvmi_linux_ppc64, true, "r0 r1 r2 r3 r4 r5 r6 r7 r8 r9 "
	    "r10 r11 r12 r13 r14 r15 r16 r17 r18 r19 r20 r21 r22 r23 r24 r25 "
	    "r26 r27 r28 r29 r30 r31 nip msr orig_r3 ctr link xer ccr - trap "
	    "dar dsisr" },
	{ "ppc64le", &kvmi_linux_ppc64, false, "r0 r1 - - - - - - - - - - - - "
	    "- - - - - - - - - - - - - - - - - r31 nip msr" },
	{ "riscv64", &kvmi_linux_riscv64, false, "pc ra sp gp tp t0 t1 t2 s0 "
	    "s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 "
	    "t4 t5 t6" },
	{ "s390x", &kvmi_linux_s390x, true, "psw_mask psw_addr r0 r1 r2 r3 r4 "
	    "r5 r6 r7 r8 r9 r10 r11 r12 r13 r14 r15 - - - - - - - - orig_r2" },
	{ "x86-64", &kvmi_linux_x86_64, false, "r15 r14 r13 r12 rbp rbx r11 "
	    "r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss "
	    "fs_base gs_base ds es fs gs" },
};

static const struct kvm_options no_symbols = { .ko_resolver = NULL };

struct world {
	struct kvmi_kernel k;
	struct kvmi_linux *l;
	struct kvmi_image img;
	struct kvmi_src	*src;		/* for the name in messages */
	struct kvmi_cx	*cx;
	struct bytes	 notes;
};

static uint64_t
value(const struct world *w, uint32_t cpu, unsigned int slot)
{
	uint64_t v = (cpu + 1) * UINT64_C(0x0101010101010100) + slot;

	return (w->k.arch->pointer_size == 8 ? v : (uint32_t)v);
}

/* As a kernel that crashes writes it: pr_pid is of the task that ran there. */
static void
put_prstatus(struct world *w, uint32_t cpu, size_t len)
{
	unsigned int word = w->k.arch->pointer_size;
	size_t regs = word == 8 ? 112 : 72;
	struct bytes d = { .big_endian = w->notes.big_endian };

	bytes_fill(&d, 0, w->k.arch->prstatus_size);
	bytes_poke(&d, word == 8 ? 32 : 24, 1000 + cpu, 4);
	for (unsigned int i = 0; regs + (i + 1) * word <= d.len; i++)
		bytes_poke(&d, regs + i * word, value(w, cpu, i), word);
	util_note(&w->notes, "CORE", 5, NT_PRSTATUS, d.p, (uint32_t)len);
	bytes_free(&d);
}

static void
put_control(struct world *w, uint32_t cpu)
{
	struct bytes d = { .big_endian = true };

	for (unsigned int i = 0; i < 16; i++)
		bytes_uint(&d, value(w, cpu, 0x80 + i), 8);
	util_note(&w->notes, "LINUX", 6, NT_S390_CTRS, d.p, (uint32_t)d.len);
	d.len = 0;
	bytes_uint(&d, 0x1000 * (cpu + 1), 4);
	util_note(&w->notes, "LINUX", 6, NT_S390_PREFIX, d.p, 4);
	bytes_free(&d);
}

static void
begin(struct world *w, const struct machine *m)
{
	*w = (struct world){ .cx = kvmi_cx_new(),
		.l = calloc(1, sizeof(*w->l)) };
	if (w->cx == NULL || w->l == NULL)
		abort();
	w->l->arch = m->arch;
	w->k.arch = m->arch->arch;
	w->k.priv = w->l;
	w->k.os = &kvmi_os_linux;
	w->k.opts = &no_symbols;
	w->k.syms_status = KVMI_ENOTSUP;
	pthread_mutex_init(&w->k.lock, NULL);
	w->k.img = &w->img;
	w->img.src = w->src = util_src("", 0, &(struct util_src_opts){ 0 });
	w->img.big_endian = w->k.big_endian = m->big_endian;
	w->notes.big_endian = m->big_endian;
}

static void
end(struct world *w)
{
	pthread_mutex_destroy(&w->k.lock);
	bytes_free(&w->notes);
	kvmi_src_close(w->src);
	kvmi_cx_free(w->cx);
	free(w->l);
}

static void
check_slots(const struct world *w, const struct machine *m, uint32_t cpu,
    const struct kvmi_regs *regs)
{
	char names[512], *save, *name;
	unsigned int slot = 0;

	snprintf(names, sizeof(names), "%s", m->slots);
	for (name = strtok_r(names, " ", &save); name != NULL;
	    name = strtok_r(NULL, " ", &save), slot++)
		if (strcmp(name, "-") != 0)
			UTIL_EQ(name, kvmi_linux_reg_get(regs, name),
			    value(w, cpu, slot));
}

static void
test_slots(void **state)
{
	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(machines); i++) {
		const struct machine *m = &machines[i];
		bool control = m->arch == &kvmi_linux_s390x;
		struct world w;

		begin(&w, m);
		for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
			put_prstatus(&w, cpu, w.k.arch->prstatus_size);
			if (control)
				put_control(&w, cpu);
		}
		w.img.notes = (struct kvmi_blob){ .p = w.notes.p,
			.len = w.notes.len };
		for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
			struct kvmi_regs regs = { .n = 0 };

			UTIL_FAILS(m->name, kvmi_linux_regs(&w.k, w.cx, NULL,
			    cpu, &regs), 0, &w.cx->err);
			check_slots(&w, m, cpu, &regs);
			if (!control)
				continue;
			UTIL_EQ("cr0", kvmi_linux_reg_get(&regs, "cr0"),
			    value(&w, cpu, 0x80));
			UTIL_EQ("cr13", kvmi_linux_reg_get(&regs, "cr13"),
			    value(&w, cpu, 0x8d));
			UTIL_EQ("prefix", kvmi_linux_reg_get(&regs, "prefix"),
			    0x1000 * (cpu + 1));
		}
		end(&w);
	}
}

/* No note of that CPU; a note too short to be one does not count. */
static void
test_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(machines); i++) {
		struct kvmi_regs regs = { .n = 0 };
		struct world w;

		begin(&w, &machines[i]);
		put_prstatus(&w, 0, w.k.arch->prstatus_size - 1);
		put_prstatus(&w, 1, w.k.arch->prstatus_size);
		w.img.notes = (struct kvmi_blob){ .p = w.notes.p,
			.len = w.notes.len };
		UTIL_FAILS(machines[i].name, kvmi_linux_regs(&w.k, w.cx, NULL,
		    0, &regs), 0, &w.cx->err);
		UTIL_EQ(machines[i].name, regs.v[0].kr_value & 0xff00,
		    0x200);
		UTIL_FAILS(machines[i].name, kvmi_linux_regs(&w.k, w.cx, NULL,
		    1, &regs), KVMI_ENOENT, &w.cx->err);
		end(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_none),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
