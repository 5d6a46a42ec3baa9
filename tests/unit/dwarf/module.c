/* SPDX-License-Identifier: BSD-2-Clause */
/* A module: where its symbols land is what test_modules.c checks. */
int mod_data = 1;
int mod_bss[16] __attribute__((aligned(64)));
const char mod_rodata[40] = "x";
int mod_percpu __attribute__((section("set_pcpu"))) = 7;
static char mod_local[3] __attribute__((used)) = "ab";
extern void kernel_text(void);

int
mod_first(void)
{
	return (mod_data);
}

int
mod_second(void)
{
	return (mod_local[0] + mod_bss[1]);
}
