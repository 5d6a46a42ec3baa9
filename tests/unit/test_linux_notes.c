/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose registers notes hold where CPUs are off, by who wrote them. */
#include <stdlib.h>

#include "flat_memory.h"
#include "os/linux/linux.h"

#define SIZE	0x2000
#define CPUS	8
#define RDI	112			/* in struct user_regs_struct */

static const struct {
	const char	*name;
	uint64_t	 at;
} variables[] = {
	{ "nr_cpu_ids", 0x100 },
	{ "__per_cpu_offset", 0x200 },
	{ "__cpu_possible_mask", 0x300 },
	{ "__cpu_online_mask", 0x310 },
	{ "__cpu_active_mask", 0x320 },
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

/* One for each CPU that is set in cpus, with its number in a register. */
static void
put_notes(struct bytes *notes, unsigned int cpus, uint32_t pid, size_t len)
{
	uint32_t n = 0;

	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		struct bytes d = { 0 };

		if ((cpus >> cpu & 1) == 0)
			continue;
		bytes_fill(&d, 0, len);
		bytes_poke(&d, 32, pid == 0 ? 0 : pid == 1 ? ++n : pid + cpu,
		    4);
		bytes_poke(&d, 112 + RDI, 100 + cpu, 8);
		util_note(notes, "CORE", 5, 1, d.p, (uint32_t)d.len);
		bytes_free(&d);
	}
}

static void
test_off(void **state)
{
	static const struct {
		const char	*name;
		unsigned int	 online, active, notes;
		uint32_t	 pid, cpu;
		uint64_t	 want;		/* 0: there are none */
	} row[] = {
		{ "all run", 0xff, 0xff, 0xff, 1000, 5, 105 },
		{ "those before", 0xd6, 0xd6, 0xd6, 1000, 2, 102 },
		{ "the last", 0xd6, 0xd6, 0xd6, 1000, 7, 107 },
		{ "off", 0xd6, 0xd6, 0xd6, 1000, 3, 0 },
		{ "stopped by the panic", 0x10, 0xd6, 0xd6, 1000, 6, 106 },
		{ "beyond", 0xff, 0xff, 0xff, 1000, 8, 0 },
		/* As many notes as no mask has: they are counted. */
		{ "one did not answer", 0xff, 0xff, 0x7f, 1000, 5, 105 },
		/* A hypervisor has one for each, whether it runs or not. */
		{ "a hypervisor's", 0x0f, 0x0f, 0xff, 1, 5, 105 },
		{ "a hypervisor's, as many", 0xf0, 0xf0, 0x0f, 1, 2, 102 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct bytes mem = { 0 }, file = { 0 }, notes = { 0 };
		struct kvmi_regs regs = { .n = 0 };
		struct kvmi_kernel k = { 0 };
		struct kvmi_linux *l = calloc(1, sizeof(*l));
		struct kvmi_cx *cx = kvmi_cx_new();
		struct kvmi_arch arch;
		int r;

		flat_init(&k, &arch, &kvmi_os_linux, &resolver, 8, false);
		k.priv = l;
		l->arch = &kvmi_linux_x86_64;
		bytes_fill(&mem, 0, SIZE);
		bytes_poke(&mem, 0x100, CPUS, 4);
		bytes_poke(&mem, 0x300, 0xff, 8);
		bytes_poke(&mem, 0x310, row[i].online, 8);
		bytes_poke(&mem, 0x320, row[i].active, 8);
		flat_open(&k, &mem, &file);
		put_notes(&notes, row[i].notes, row[i].pid,
		    arch.prstatus_size);
		k.img->notes = (struct kvmi_blob){ .p = notes.p,
			.len = notes.len };
		r = kvmi_linux_regs(&k, cx, NULL, row[i].cpu, &regs);
		UTIL_EQ(row[i].name, r, row[i].want == 0 ? KVMI_ENOENT : 0);
		if (r == 0)
			UTIL_EQ(row[i].name, kvmi_linux_reg_get(&regs, "rdi"),
			    row[i].want);
		k.img->notes = (struct kvmi_blob){ 0 };
		kvmi_image_close(k.img);
		pthread_mutex_destroy(&k.lock);
		kvmi_cx_free(cx);
		free(l);
		bytes_free(&mem);
		bytes_free(&file);
		bytes_free(&notes);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_off),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
